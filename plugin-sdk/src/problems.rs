use crate::bindings::posthouse::plugin::types;

/// Something wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the settings, as a JSON Pointer: `/steps/1/rate`. Empty for what is about all of them.
    pub path: String,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
}

/// What is wrong with settings that their schema allows, for whoever writes them: each problem with its place and in both languages.
///
/// ```
/// # use posthouse_sdk::prelude::*;
/// # struct Settings { at_risk_days: i32, lost_days: i32 }
/// fn validate(settings: &Settings, problems: &mut Problems) {
///     if settings.lost_days <= settings.at_risk_days {
///         problems.at(
///             "/lost_days",
///             format!("应大于 at_risk_days，即 {}", settings.at_risk_days),
///             format!("has to be more than at_risk_days, {}", settings.at_risk_days),
///         );
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// A problem with the setting at this JSON Pointer.
    pub fn at(&mut self, path: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) {
        self.0.push(Problem {
            path: path.into(),
            zh: zh.into(),
            en: en.into(),
        });
    }

    /// A problem with how several settings go together.
    pub fn overall(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.at("", zh, en);
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for types::Problem {
    fn from(problem: Problem) -> Self {
        Self {
            path: problem.path,
            text: vec![("zh-CN".to_owned(), problem.zh), ("en".to_owned(), problem.en)],
        }
    }
}

/// What refuses a call: a host that does not send what was declared.
pub(crate) fn refusal(sentence: String) -> types::Problem {
    types::Problem {
        path: String::new(),
        text: vec![("en".to_owned(), sentence)],
    }
}
