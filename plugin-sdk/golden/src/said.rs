use std::fmt;

/// What is said to an author, in both languages. The host shows the one that is asked for, the SDK's harness English.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

impl Said {
    /// The same behind where it belongs.
    pub(crate) fn behind(self, en: &str, zh: &str) -> Self {
        Self {
            en: format!("{en}{}", self.en),
            zh: format!("{zh}{}", self.zh),
        }
    }

    /// The same with more behind it.
    pub(crate) fn and(mut self, more: &Self) -> Self {
        self.en.push_str(&more.en);
        self.zh.push_str(&more.zh);
        self
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

impl From<Said> for String {
    fn from(said: Said) -> Self {
        said.en
    }
}

/// Both texts are formats.
macro_rules! said {
    ($en:literal, $zh:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match ($(&$value,)*) {
            ($($name,)*) => {
                $(let _ = &$name;)*
                $crate::Said {
                    en: ::std::format!($en),
                    zh: ::std::format!($zh),
                }
            }
        }
    };
}
pub(crate) use said;
