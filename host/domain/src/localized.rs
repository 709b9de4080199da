//! One text in the two languages of the product.

use serde::{Deserialize, Serialize};

/// A text in Simplified Chinese and English. In JSON: `{"zh-CN": "…", "en": "…"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Localized {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    pub zh_cn: String,
    /// English.
    pub en: String,
}

impl Localized {
    /// Both languages at once, Chinese first.
    pub fn new(zh_cn: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh_cn: zh_cn.into(),
            en: en.into(),
        }
    }

    /// Applies `change` to both languages.
    pub fn map(&self, mut change: impl FnMut(&str) -> String) -> Self {
        Self {
            zh_cn: change(&self.zh_cn),
            en: change(&self.en),
        }
    }
}
