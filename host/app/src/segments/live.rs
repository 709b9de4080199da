//! What a host knows of an agency's segments between two looks at the database.

use super::classify::SegmentationRule;
use crate::error::{AppError, Result};
use crate::rules::call::without_its_words;
use posthouse_domain::{Localized, Words, words};
use posthouse_engine::{NONE, QuantileTable, SegmentDef};
use posthouse_store::plugins::BindingRow;
use posthouse_store::segments::RunRow;

/// What whoever holds the desk knows.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Whether the frame was ever read.
    pub(super) loaded: bool,
    /// The change up to which the frame was saved.
    pub(super) saved_change: Option<i64>,
}

/// A segment binding as this host knows it.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) row: BindingRow,
    /// The rule; none while its plugin cannot be opened, and then the last memberships stand.
    pub(crate) rule: Option<SegmentationRule>,
    /// The rule's segments, by index.
    pub(crate) segments: Vec<SegmentDef>,
    /// The run that made the memberships.
    pub(crate) run: RunRow,
    pub(crate) quantiles: Vec<QuantileTable>,
    /// Per ordinal, the index of the segment.
    pub(crate) classes: Vec<u16>,
    /// Customers whose facts changed since they were last classified.
    pub(crate) pending: Vec<u32>,
    /// Everything up to this change is classified or pending.
    pub(crate) seen_change: i64,
    /// Whether this host has counted one fault too many, and is to go back.
    pub(crate) tripped: bool,
    /// The last change it had seen when it failed.
    pub(crate) failed_change: i64,
}

impl Live {
    /// The index of a segment.
    pub(crate) fn index(&self, key: &str) -> Option<u16> {
        self.segments
            .iter()
            .position(|segment| segment.key == key)
            .map(|index| index as u16)
    }

    /// What the scores count, if the rule in force says.
    pub(crate) fn score_title(&self) -> Option<Localized> {
        self.rule.as_ref()?.plugin.score_title().cloned()
    }

    /// The key of a class.
    pub(crate) fn key(&self, class: u16) -> Option<&str> {
        self.segments
            .get(usize::from(class))
            .map(|segment| segment.key.as_str())
    }

    /// The rule, if its plugin can be opened.
    pub(crate) fn rule_in_force(&self) -> Result<SegmentationRule> {
        self.rule.clone().ok_or_else(|| {
            let reason = self.row.stale_reason.as_deref().map_or_else(
                || words!("its plugin cannot be opened", "插件无法打开"),
                |reason| without_its_words(&Words::from_stored(reason)),
            );
            AppError::conflict(
                "rule_not_available",
                words!(
                    "binding {name} has no rule that could run: {reason}",
                    "绑定 {name} 没有可运行的规则：{reason}",
                    name = self.row.name
                ),
            )
        })
    }

    /// The keys of the segments, by index.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.key.clone()).collect()
    }

    /// The class of a customer.
    pub(crate) fn class(&self, ordinal: usize) -> u16 {
        self.classes.get(ordinal).copied().unwrap_or(NONE)
    }

    pub(crate) fn set(&mut self, ordinal: usize, class: u16) {
        if self.classes.len() <= ordinal {
            self.classes.resize(ordinal + 1, NONE);
        }
        self.classes[ordinal] = class;
    }
}
