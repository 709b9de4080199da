//! What customers prefer: told by records, shown by survivorship.

use crate::error::Result;
use crate::intake::refold::source_kind as read_source_kind;
use crate::intake::source_kind;
use posthouse_domain::Record;
use posthouse_domain::event::BY_HAND;
use posthouse_domain::preference::{PreferenceKey, shown};
use posthouse_domain::profile::Strength;
use posthouse_store::Tx;
use posthouse_store::preferences::{self as store, PreferenceRow};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One value of one preference, with where it came from.
#[derive(Debug, Clone, Serialize)]
pub struct PreferenceView {
    /// Of what.
    pub key: String,
    /// Normal spelling.
    pub value: String,
    /// Who told.
    pub source: String,
    /// `declared`, `observed`, `third-party` or `inferred`.
    pub source_kind: String,
    /// When it was true, in ms since 1970.
    pub at: i64,
    /// How sure the source is, in per cent.
    pub confidence: Option<i32>,
    /// Whether it holds now; otherwise it was taken back or a later word took its place.
    pub shown: bool,
}

/// Every preference a customer ever told, by key.
pub(crate) async fn preferences_of(tx: &mut Tx, agency: Uuid, customer: Uuid) -> Result<Vec<PreferenceView>> {
    let rows = store::preferences_of(tx, agency, customer).await?;
    let words: Vec<_> = rows
        .iter()
        .map(|row| {
            let is_list = row.key.parse().is_ok_and(PreferenceKey::is_list);
            let value = (!row.value.is_empty()).then_some(row.value.as_str());
            let strength = Strength {
                at: row.at,
                source_kind: read_source_kind(&row.source_kind),
                received: row.received,
                by_hand: row.source == BY_HAND,
            };
            (row.key.as_str(), is_list, value, strength)
        })
        .collect();
    let shown = shown(&words);
    let view = |(row, shown): (PreferenceRow, bool)| PreferenceView {
        key: row.key,
        value: row.value,
        source: row.source,
        source_kind: row.source_kind,
        at: row.at,
        confidence: row.confidence,
        shown,
    };
    // what takes back is no preference
    Ok(rows
        .into_iter()
        .zip(shown)
        .filter(|(row, _)| !row.value.is_empty())
        .map(view)
        .collect())
}

/// The preferences of a batch of records, on their way to the database.
#[derive(Debug, Default)]
pub(crate) struct PreferenceRows(BTreeMap<(Uuid, &'static str, String, i64, String), PreferenceRow>);

impl PreferenceRows {
    /// Takes what a record says of its customer.
    pub(crate) fn add(&mut self, customer: Uuid, record: &Record, change: i64) {
        for told in &record.preferences {
            let value = told.value.clone().unwrap_or_default();
            let key = (
                customer,
                told.key.as_str(),
                value.clone(),
                told.at,
                record.source.clone(),
            );
            let row = PreferenceRow {
                customer_id: customer,
                key: told.key.as_str().into(),
                value,
                at: told.at,
                source: record.source.clone(),
                source_kind: source_kind(told.source_kind).into(),
                confidence: told.confidence,
                received: change,
            };
            self.0.insert(key, row);
        }
    }

    /// The rows to write.
    pub(crate) fn into_rows(self) -> Vec<PreferenceRow> {
        self.0.into_values().collect()
    }
}

/// What a record says its customer prefers, as JSON.
pub(crate) fn preferences(record: &Record) -> Vec<Value> {
    record
        .preferences
        .iter()
        .map(|told| {
            json!({"key": told.key.as_str(), "value": told.value, "at": told.at, "confidence": told.confidence,
                "source_kind": source_kind(told.source_kind)})
        })
        .collect()
}
