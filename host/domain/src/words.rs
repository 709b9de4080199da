//! What is said to people, in both languages of the product.
//!
//! Whoever makes a message does not know who will read it: a row is rejected today and its reason read by somebody else tomorrow. So a
//! message is made in both languages at once, travels and is stored as [`Words`], and is cut down to one only where it is shown.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::Cell;
use std::fmt;

/// A language of the product.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, spoken where nobody asks for another.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

/// Longest `Accept-Language` that is read, and most ranges of it.
const LONGEST_HEADER: usize = 1_000;
const MOST_RANGES: usize = 50;

impl Language {
    /// Its tag, as in `Content-Language`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language that an `Accept-Language` asks for most, English if it asks for neither.
    pub fn accepted(header: &str) -> Self {
        let header = &header[..header.floor_char_boundary(LONGEST_HEADER)];
        let (mut en, mut zh, mut rest) = (None, None, None);
        for (place, range) in header.split(',').take(MOST_RANGES).enumerate() {
            let Some((tag, weight)) = weighed(range) else { continue };
            let slot = match tag {
                "*" => &mut rest,
                tag => match Self::of_tag(tag) {
                    Some(Self::En) => &mut en,
                    Some(Self::Zh) => &mut zh,
                    None => continue,
                },
            };
            // the best of `zh`, `zh-CN` and `zh-Hans` speaks for all of them; at equal weights whoever was named first
            let claim = (weight, usize::MAX - place);
            *slot = (*slot).max(Some(claim));
        }
        let rest = rest.map(|(weight, _)| (weight, 0));
        let wanted = |own: Option<(u16, usize)>| own.or(rest).filter(|(weight, _)| *weight > 0);
        if wanted(zh) > wanted(en) { Self::Zh } else { Self::En }
    }

    /// The language of a locale as in `LANG`: `zh_CN.UTF-8`, `en_GB`, `C`. `None` if it says nothing, or another language.
    pub fn of_locale(locale: &str) -> Option<Self> {
        match locale.split(['.', '@']).next().unwrap_or("") {
            "C" | "POSIX" => Some(Self::En),
            name => Self::of_tag(name),
        }
    }

    /// The language of a tag: `zh`, `zh-CN`, `zh_Hans`, `en-GB`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or("");
        if first.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if first.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }
}

/// A range of `Accept-Language` and its weight in thousandths.
fn weighed(range: &str) -> Option<(&str, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let mut weight = 1_000;
    for part in parts {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("q") {
            let value: f32 = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
            weight = (value * 1_000.0).round() as u16;
        }
    }
    Some((tag, weight))
}

/// A message in English and Simplified Chinese, made by [`words!`](crate::words!).
///
/// In JSON it is `{"en": "…", "zh-CN": "…"}`, or a plain string if both are the same; such a string is read back as both.
///
/// No string becomes one by itself, for it would have one language:
///
/// ```compile_fail
/// let words: posthouse_domain::Words = "not found".into();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    pub zh: String,
}

thread_local! {
    /// The language in which texts are being put together on this thread.
    static SPOKEN: Cell<Language> = const { Cell::new(Language::En) };
}

/// Runs `make` with every [`Words`] in it shown in `language`. What [`words!`](crate::words!) is made of.
pub fn speaking<R>(language: Language, make: impl FnOnce() -> R) -> R {
    struct Before(Language);
    impl Drop for Before {
        fn drop(&mut self) {
            SPOKEN.set(self.0);
        }
    }
    let _before = Before(SPOKEN.replace(language));
    make()
}

/// The language in which [`Words`] are shown on this thread: English but within [`speaking`].
pub fn spoken() -> Language {
    SPOKEN.get()
}

impl Words {
    /// A text that is the same in both languages: a name, a figure, what somebody else's program said.
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { zh: en.clone(), en }
    }

    /// What a thing says of itself in both languages.
    pub fn of(thing: &impl fmt::Display) -> Self {
        let text = |language| speaking(language, || thing.to_string());
        Self {
            en: text(Language::En),
            zh: text(Language::Zh),
        }
    }

    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }

    /// The text in one language.
    pub fn into_text(self, language: Language) -> String {
        match language {
            Language::En => self.en,
            Language::Zh => self.zh,
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty() && self.zh.is_empty()
    }

    /// Applies `change` to both languages.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            en: change(&self.en),
            zh: change(&self.zh),
        }
    }

    /// Several, one after the other, with `between` between them.
    pub fn join<'w>(all: impl IntoIterator<Item = &'w Words>, between: &Words) -> Self {
        let mut joined = Self::default();
        for (place, words) in all.into_iter().enumerate() {
            if place > 0 {
                joined.en.push_str(&between.en);
                joined.zh.push_str(&between.zh);
            }
            joined.en.push_str(&words.en);
            joined.zh.push_str(&words.zh);
        }
        joined
    }

    /// As it is kept in a column of text: plain if it is the same in both languages, otherwise JSON.
    pub fn to_stored(&self) -> String {
        if self.en == self.zh && !self.en.starts_with(STORED) {
            return self.en.clone();
        }
        let en = serde_json::Value::from(self.en.as_str());
        let zh = serde_json::Value::from(self.zh.as_str());
        format!("{STORED}{en},\"zh-CN\":{zh}}}")
    }

    /// Reads what [`to_stored`](Self::to_stored) wrote. Any other text is what was kept before messages had two languages.
    pub fn from_stored(text: &str) -> Self {
        let both = text.starts_with(STORED).then(|| serde_json::from_str(text).ok());
        both.flatten().unwrap_or_else(|| Self::same(text))
    }
}

/// How the two languages begin in a column of text.
const STORED: &str = r#"{"en":"#;

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get(spoken()))
    }
}

/// So that what fails can say so in words, where a mere string will not do.
impl std::error::Error for Words {}

/// The form with both languages.
#[derive(Serialize, Deserialize)]
struct Both<T> {
    en: T,
    #[serde(rename = "zh-CN")]
    zh: T,
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (en, zh) = (self.en.as_str(), self.zh.as_str());
        if en == zh {
            serializer.serialize_str(en)
        } else {
            Both { en, zh }.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self::same(text)),
            other => {
                let Both { en, zh } = serde_json::from_value(other).map_err(D::Error::custom)?;
                Ok(Self { en, zh })
            }
        }
    }
}

/// A message in both languages: `words!("{count} rows rejected", "{count} 行未通过")`.
///
/// Both texts are formats; what stands in braces is a variable in scope or named behind them: `words!("{n} rows", "{n} 行", n = rows.len())`.
/// Each may use what it needs and leave the rest. A [`Words`] in braces is shown in the language of the text around it, and so is
/// everything whose `Display` ends in one.
#[macro_export]
macro_rules! words {
    ($en:literal, $zh:literal $(, $name:ident = $value:expr)* $(,)?) => {
        match ($(&$value,)*) {
            ($($name,)*) => {
                $(let _ = &$name;)*
                $crate::Words {
                    en: $crate::words::speaking($crate::Language::En, || ::std::format!($en)),
                    zh: $crate::words::speaking($crate::Language::Zh, || ::std::format!($zh)),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_asked_for_most_is_spoken() {
        let zh = [
            "zh-CN",
            "zh",
            "ZH-Hans-CN",
            "zh-TW",
            "zh-CN,zh;q=0.9,en;q=0.8",
            "fr, zh;q=0.3, en;q=0.2",
            "en;q=0.4,zh-Hans;q=0.5",
            "en;q=0, *",
            "zh;q=0.1, zh-CN, en;q=0.9",
            "zh, en",
            "zh ; Q=1.000 , en ; q=0.999",
        ];
        let en = [
            "",
            "*",
            "en-US,en;q=0.9",
            "en-GB,zh;q=0.9",
            "en,zh",
            "fr,de",
            "fr, *;q=0.5",
            "zh;q=0",
            "zh;q=0, *",
            "zh;q=2",
            "zh;q=-1",
            "zh;q=NaN",
            "zh;q=x, en;q=0.1",
            "zhuang",
            ";;;,,,=",
        ];
        for header in zh {
            assert_eq!(Language::accepted(header), Language::Zh, "{header}");
        }
        for header in en {
            assert_eq!(Language::accepted(header), Language::En, "{header}");
        }
    }

    #[test]
    fn a_long_header_is_not_read_to_its_end() {
        let behind = format!("{}zh", "fr,".repeat(MOST_RANGES));
        assert_eq!(Language::accepted(&behind), Language::En);
        assert_eq!(Language::accepted(&format!("{}zh", "fr,".repeat(5))), Language::Zh);
        let multibyte = "语".repeat(LONGEST_HEADER);
        assert_eq!(Language::accepted(&multibyte), Language::En);
    }

    #[test]
    fn locales_name_a_language() {
        let read = |locale| Language::of_locale(locale);
        for zh in ["zh_CN.UTF-8", "zh_CN", "zh", "zh_TW.Big5", "zh_CN.GB18030@stroke"] {
            assert_eq!(read(zh), Some(Language::Zh), "{zh}");
        }
        for en in ["en_US.UTF-8", "en", "C", "POSIX", "C.UTF-8"] {
            assert_eq!(read(en), Some(Language::En), "{en}");
        }
        for other in ["", "de_DE.UTF-8", "zhx_CN", "."] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_message_is_put_together_in_both_languages() {
        let rows = 3;
        let inner = words!("{rows} rows", "{rows} 行");
        let outer = words!("rejected: {inner} of {of:?}", "未通过：{of:?} 的 {inner}", of = "a.csv");
        assert_eq!(outer.en, "rejected: 3 rows of \"a.csv\"");
        assert_eq!(outer.zh, "未通过：\"a.csv\" 的 3 行");
        assert_eq!(outer.to_string(), outer.en, "English where nobody asked");
        assert_eq!(Words::of(&outer), outer);
        let one_sided = words!("created", "已创建 {unused}", unused = 1);
        assert_eq!((one_sided.en.as_str(), one_sided.zh.as_str()), ("created", "已创建 1"));
    }

    #[test]
    fn what_ends_in_words_is_shown_in_the_language_around_it() {
        struct Trouble(Words);
        impl fmt::Display for Trouble {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let deep = &self.0;
                words!("trouble: {deep}", "问题：{deep}").fmt(f)
            }
        }
        let trouble = Trouble(words!("none", "无"));
        let said = words!("<{trouble}>", "<{trouble}>");
        assert_eq!((said.en.as_str(), said.zh.as_str()), ("<trouble: none>", "<问题：无>"));
    }

    #[test]
    fn a_panic_does_not_change_the_language() {
        let broken = std::panic::catch_unwind(|| speaking(Language::Zh, || panic!("on purpose")));
        assert!(broken.is_err());
        assert_eq!(words!("en", "zh").to_string(), "en");
    }

    #[test]
    fn lists_are_joined_by_what_each_language_puts_between() {
        let list = [words!("a", "甲"), words!("b", "乙"), words!("c", "丙")];
        let joined = Words::join(&list, &words!(", ", "、"));
        assert_eq!((joined.en.as_str(), joined.zh.as_str()), ("a, b, c", "甲、乙、丙"));
    }

    #[test]
    fn it_is_stored_in_both_languages_and_old_rows_are_read() {
        let said = words!("row {{1}}: \"x\"\n", "第 1 行：“x”");
        assert_eq!(Words::from_stored(&said.to_stored()), said);
        for plain in [
            "bad_phone: 12 digits",
            "",
            "{\"en\":",
            "{\"en\":1}",
            "{\"en\":\"x\",\"zh-CN\":\"x\"}",
        ] {
            let same = Words::same(plain);
            if !plain.contains("zh-CN") {
                assert_eq!(Words::from_stored(plain), same, "{plain}");
            }
            assert_eq!(Words::from_stored(&same.to_stored()), same, "{plain}");
        }
        assert_eq!(Words::same("plain").to_stored(), "plain");
        let json = serde_json::to_value(&said).unwrap();
        assert_eq!(json["zh-CN"], "第 1 行：“x”");
        assert_eq!(serde_json::from_value::<Words>(json).unwrap(), said);
        assert_eq!(
            serde_json::from_value::<Words>("old".into()).unwrap(),
            Words::same("old")
        );
        assert!(serde_json::from_value::<Words>(serde_json::json!({"en": "x"})).is_err());
        assert!(serde_json::from_value::<Words>(serde_json::json!(7)).is_err());
    }
}
