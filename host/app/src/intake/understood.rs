//! A row in the words in which it was understood, for people who compare it with their file.

use super::files::reader::ReadRow;
use posthouse_domain::attribute::PREFIX;
use posthouse_domain::booking::BookingRecord;
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::money::{self, Currency};
use posthouse_domain::record::Body;
use posthouse_domain::row::FileKind;
use posthouse_domain::{AgencyTerms, Record, normal, time};
use serde::{Deserialize, Serialize};

/// Longest value shown, in characters.
const LONGEST: usize = 80;
/// Most fields of a row that are shown.
const MOST: usize = 60;

/// A row as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderstoodRow {
    /// Row of the file, the first being 1.
    pub row: i64,
    /// What it says. Fields that say nothing are left out.
    pub fields: Vec<UnderstoodField>,
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderstoodField {
    /// The field.
    pub field: String,
    /// Its value in words: `CNY 12,800.00`, `2025-02-12`, `+8613800138000`.
    pub value: String,
    /// In which column of the field it stands, the first being 1, if the file has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<i64>,
}

pub(super) fn row(kind: FileKind, row: &ReadRow, record: &Record, terms: &AgencyTerms) -> UnderstoodRow {
    let mut fields = Fields(Vec::new());
    fields.say("external_id", &record.external_id);
    for identity_kind in [IdentityKind::MemberNo, IdentityKind::Phone, IdentityKind::Email] {
        let field = kind.known_as(identity_kind);
        let mut columns = row.columns.iter().filter(|column| column.field == field).peekable();
        if columns.peek().is_none() {
            let known = record.identities.iter().find(|known| known.kind == identity_kind);
            fields.maybe(field, known.map(shown));
        }
        for column in columns {
            if let Ok(identity) = Identity::normalise(identity_kind, &column.text, &terms.country) {
                fields.add(field, &shown(&identity), Some(column.place));
            }
        }
    }
    match &record.body {
        Body::Booking(booking) => fields.booking(booking, record, terms),
        _ => fields.maybe("since", record.customer_since.map(time::day_text)),
    }
    for told in &record.attributes {
        match told.key.as_str() {
            "name" if kind == FileKind::Bookings => fields.say("customer_name", &told.value),
            key if kind.headers().contains(&key) => fields.say(key, &told.value),
            key => fields.say(&format!("{PREFIX}{}", key.replace('_', "-")), &told.value),
        }
    }
    UnderstoodRow {
        row: row.row_no,
        fields: fields.0,
    }
}

fn shown(identity: &Identity) -> String {
    match identity.kind {
        // what was dialled is understood as a number of some country
        IdentityKind::Phone => identity.value.clone(),
        _ => normal::visible(&identity.written),
    }
}

/// The currency of a row and its amount in it, in minor units.
pub(super) fn price(record: &Record, terms: &AgencyTerms) -> (Currency, Option<i64>) {
    let currency = text(record, "currency")
        .and_then(Currency::parse)
        .unwrap_or(terms.currency);
    match amount(record, "amount", currency) {
        Some(amount) => (currency, Some(amount)),
        // only what it is in the agency's books is said
        None => match amount(record, "amount_base", terms.currency) {
            Some(amount) => (terms.currency, Some(amount)),
            None => (currency, None),
        },
    }
}

fn text<'r>(record: &'r Record, field: &str) -> Option<&'r str> {
    record.data.get(field)?.as_str()
}

fn amount(record: &Record, field: &str, currency: Currency) -> Option<i64> {
    money::parse_major(text(record, field)?, currency).ok()
}

struct Fields(Vec<UnderstoodField>);

impl Fields {
    fn say(&mut self, field: &str, value: &str) {
        self.add(field, value, None);
    }

    fn add(&mut self, field: &str, value: &str, place: Option<i64>) {
        if self.0.len() < MOST && !value.is_empty() {
            self.0.push(UnderstoodField {
                field: field.to_owned(),
                value: value.chars().take(LONGEST).collect(),
                place,
            });
        }
    }

    fn maybe(&mut self, field: &str, value: Option<String>) {
        if let Some(value) = value {
            self.say(field, &value);
        }
    }

    fn booking(&mut self, booking: &BookingRecord, record: &Record, terms: &AgencyTerms) {
        let details = &booking.details;
        self.say("booking_id", &booking.booking_id);
        self.say("booked_at", &time::moment_text(record.occurred_at, terms.time_zone));
        self.say("status", booking.status.as_str());
        for (field, told) in [
            ("product", &details.product),
            ("destination", &details.destination),
            ("theme", &details.theme),
            ("channel", &details.channel),
        ] {
            self.maybe(field, told.clone());
        }
        self.maybe("departs", details.departs_on.map(time::day_text));
        self.maybe("returns", details.returns_on.map(time::day_text));
        self.maybe("travellers", details.travellers.map(|count| count.to_string()));
        let currency = text(record, "currency").and_then(Currency::parse);
        self.maybe("currency", currency.map(|currency| currency.to_string()));
        let currency = currency.unwrap_or(terms.currency);
        for (field, currency) in [
            ("amount", currency),
            ("cost", currency),
            ("amount_base", terms.currency),
        ] {
            let told = amount(record, field, currency);
            self.maybe(
                field,
                told.map(|minor| format!("{currency} {}", money::major_text(minor, currency))),
            );
        }
    }
}
