//! What a plugin finds wrong: with settings, or with a call.

use crate::limits::Limits;
use crate::text::printable;
use posthouse_domain::{Localized, Words, words};
use serde::Serialize;

/// Problems of one answer that are told.
pub(crate) const TOLD: usize = 20;
/// Bytes of a path that are told.
const PATH_BYTES: usize = 200;

/// Something that a plugin finds wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where in the settings, as a JSON Pointer; empty for all of them, or for the call.
    pub path: String,
    /// What is wrong.
    pub text: Words,
}

impl Problem {
    /// As a guest says it, whatever it says.
    pub(crate) fn said(path: String, text: Localized) -> Self {
        let Localized { zh_cn: zh, en } = text;
        Self {
            path,
            text: Words { en, zh },
        }
    }

    /// It with the guest's texts cut and without what could move a cursor; one without a text says so.
    pub(crate) fn checked(self, limits: &Limits) -> Self {
        let text = match self.text.en.trim().is_empty() && self.text.zh.trim().is_empty() {
            true => words!("the plugin does not say why", "插件没有说明原因"),
            false => self.text.map(|text| printable(text, limits.refusal_bytes)),
        };
        Self {
            path: printable(&self.path, PATH_BYTES),
            text,
        }
    }

    /// All of them in one text.
    pub fn join(problems: &[Self]) -> Words {
        let problems: Vec<Words> = problems.iter().map(Self::words).collect();
        Words::join(&problems, &words!("; ", "；"))
    }

    /// It in a sentence, behind the place that it is about.
    pub fn words(&self) -> Words {
        let (path, text) = (&self.path, &self.text);
        match path.as_str() {
            "" => text.clone(),
            _ => words!("{path}: {text}", "{path}：{text}"),
        }
    }
}
