//! Rows of a file: from cells to a [`Record`].

mod hints;
mod kind;
mod optional;

pub use hints::decimal_comma;
pub use kind::{FileKind, may_repeat};
pub use optional::{LeftOut, is_optional};

use crate::booking::{BookingDetails, BookingRecord, BookingStatus};
use crate::event;
use crate::fields::{self, Prices};
use crate::identity::Identity;
use crate::money;
use crate::profile::{AttributeValue, SourceKind};
use crate::record::Body;
use crate::rejection::{check_id, quote};
use crate::time::{day_of, parse_instant};
use crate::words;
use crate::{AgencyTerms, Day, Instant, Record, Rejection, Words, attribute, canonical};
use serde_json::{Map, Value};
use std::cell::RefCell;

/// Where each understood header stands in a file.
#[derive(Debug, Clone)]
pub struct Layout {
    kind: FileKind,
    columns: Vec<(&'static str, usize)>,
    /// The agency's own attributes, by the key of their values.
    attributes: Vec<(String, usize)>,
    /// Headers that are not understood; their cells are kept out.
    pub ignored: Vec<String>,
}

impl Layout {
    /// Reads the header row.
    ///
    /// # Errors
    /// A header twice, or none by which a customer could be known, or no `booked_at` in bookings.
    pub fn read<'a>(kind: FileKind, headers: impl IntoIterator<Item = &'a str> + Clone) -> Result<Self, Rejection> {
        Self::of(kind, headers.clone(), headers)
    }

    /// The same with what each column means in `fields`, whatever its header is called in the file.
    ///
    /// # Errors
    /// As [`Self::read`]; what is missing is said with the headers as they are `written`.
    pub fn of<'f, 'w>(
        kind: FileKind,
        fields: impl IntoIterator<Item = &'f str>,
        written: impl IntoIterator<Item = &'w str>,
    ) -> Result<Self, Rejection> {
        let mut layout = Self {
            kind,
            columns: Vec::new(),
            attributes: Vec::new(),
            ignored: Vec::new(),
        };
        for (index, header) in fields.into_iter().enumerate() {
            let name = header.trim_start_matches('\u{feff}').trim().to_lowercase();
            if let Some(key) = attribute::of_header(header) {
                if layout.attributes.iter().any(|(other, _)| *other == key) {
                    return Err(Rejection::new(
                        "header_twice",
                        words!(
                            "the header {name} stands twice; remove or rename one",
                            "表头 {name} 出现两次；请删除或改名其中一个"
                        ),
                    ));
                }
                layout.attributes.push((key, index));
                continue;
            }
            match kind.headers().iter().find(|known| **known == name) {
                Some(known) if !may_repeat(known) && layout.columns.iter().any(|(other, _)| other == known) => {
                    return Err(Rejection::new(
                        "header_twice",
                        words!(
                            "the header {known} stands twice; remove or rename one",
                            "表头 {known} 出现两次；请删除或改名其中一个"
                        ),
                    ));
                }
                Some(known) => layout.columns.push((known, index)),
                None => layout.ignored.push(header.trim().to_owned()),
            }
        }
        let has = |name: &str| layout.columns.iter().any(|(known, _)| *known == name);
        let known_by = kind.known_by().map(|(name, _)| name);
        if !known_by.iter().any(|name| has(name)) {
            return Err(Rejection::new(
                "headers_missing",
                words!(
                    "the headers must have one of {known_by}; there are {written}",
                    "表头须有 {known_by} 之一；现有 {written}",
                    known_by = listed(known_by),
                    written = quoted(written)
                ),
            ));
        }
        if kind == FileKind::Bookings && !has("booked_at") {
            return Err(Rejection::new(
                "headers_missing",
                words!(
                    "the headers must have booked_at; there are {written}",
                    "表头须有 booked_at；现有 {written}",
                    written = quoted(written)
                ),
            ));
        }
        Ok(layout)
    }

    /// The hash of a row's normalised content, for rows without an id of their own.
    pub fn content_hash<'a>(&self, cell: impl Fn(usize) -> &'a str) -> String {
        let mut content: Vec<(&str, &str)> = self
            .columns
            .iter()
            .map(|(name, index)| (*name, cell(*index).trim()))
            .chain(
                self.attributes
                    .iter()
                    .map(|(key, index)| (key.as_str(), cell(*index).trim())),
            )
            .filter(|(_, value)| !value.is_empty())
            .collect();
        content.sort_unstable();
        // with its length a value cannot pass for a further column
        let lines = content
            .iter()
            .map(|(name, value)| format!("{name}={}:{value}\n", value.len()));
        canonical::digest(lines.collect::<String>())
    }

    /// Reads one row, without the optional cells that cannot be read. `content_id` is used where the row has no `external_id`; `now`
    /// is when rows about customers became known.
    ///
    /// # Errors
    /// The [`Rejection`] for the error file.
    pub fn record<'a>(
        &self,
        cell: impl Fn(usize) -> &'a str,
        content_id: &str,
        now: Instant,
        terms: &AgencyTerms,
    ) -> Result<(Record, Vec<LeftOut>), Rejection> {
        let row = Row {
            layout: self,
            cell,
            left_out: RefCell::default(),
        };
        let external_id = match row.text("external_id") {
            Some(id) => check_id("external_id", id)?,
            None => content_id.to_owned(),
        };
        let mut record = match self.kind {
            FileKind::Customers => row.customer(external_id, now, terms),
            FileKind::Bookings => row.booking(external_id, terms),
        }?;
        let left_out = row.left_out.into_inner();
        for cell in &left_out {
            record.data.remove(&cell.field);
        }
        Ok((record, left_out))
    }
}

/// The first headers of a file, in a message.
fn quoted<'w>(written: impl IntoIterator<Item = &'w str>) -> Words {
    let filled = written.into_iter().map(str::trim).filter(|header| !header.is_empty());
    listed(filled.take(30).map(quote))
}

fn listed(names: impl IntoIterator<Item = impl Into<String>>) -> Words {
    let names: Vec<Words> = names.into_iter().map(Words::same).collect();
    Words::join(&names, &words!(", ", "、"))
}

struct Row<'l, F> {
    layout: &'l Layout,
    cell: F,
    left_out: RefCell<Vec<LeftOut>>,
}

impl<'a, F: Fn(usize) -> &'a str> Row<'_, F> {
    /// The filled cells of a field, from the left.
    fn texts(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let columns = self.layout.columns.iter().filter(move |(known, _)| *known == name);
        columns
            .map(|(_, index)| (self.cell)(*index).trim())
            .filter(|text| !text.is_empty())
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.texts(name).next()
    }

    fn leave_out(&self, field: &str, why: Rejection) {
        let field = field.to_owned();
        self.left_out.borrow_mut().push(LeftOut { field, why });
    }

    /// What an optional cell says; nothing if it cannot be read.
    fn optional<T>(&self, name: &str, read: impl FnOnce(&'a str) -> Result<T, Rejection>) -> Option<T> {
        read(self.text(name)?).map_err(|why| self.leave_out(name, why)).ok()
    }

    fn short(&self, name: &str) -> Option<String> {
        // a cell may have several lines, and names one thing
        let one_line = |text: &str| -> String {
            let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().join(" ")
        };
        self.optional(name, |text| fields::short_text(name, &one_line(text)))
            .flatten()
    }

    fn data(&self) -> Map<String, Value> {
        let mut data = Map::new();
        for (name, index) in &self.layout.columns {
            let text = (self.cell)(*index).trim();
            if *name == "external_id" || text.is_empty() {
                continue;
            }
            // a second telephone is phone_2
            let others = (2..).map(|place| format!("{name}_{place}"));
            let mut free = std::iter::once((*name).to_owned()).chain(others);
            if let Some(free) = free.find(|key| !data.contains_key(key)) {
                data.insert(free, text.into());
            }
        }
        data
    }

    fn attribute(&self, found: &mut Vec<AttributeValue>, field: &str, key: &str, at: Instant) {
        self.optional(field, |text| {
            event::push_attribute(found, key, text, SourceKind::Declared, at).map_err(|why| match field {
                "birth_date" => why.with_hint(hints::date(field, text)),
                _ => why,
            })
        });
    }

    fn day(&self, field: &str, terms: &AgencyTerms) -> Option<Day> {
        self.optional(field, |text| {
            fields::booking_day(field, text, terms).map_err(|why| why.with_hint(hints::date(field, text)))
        })
    }

    /// The agency's own attributes.
    fn attributes(&self, found: &mut Vec<AttributeValue>, at: Instant) {
        for (key, index) in &self.layout.attributes {
            if let Err(why) = event::push_attribute(found, key, (self.cell)(*index), SourceKind::Declared, at) {
                self.leave_out(key, why);
            }
        }
    }

    /// By what the customer is known, and what is theirs besides.
    fn identities(&self, terms: &AgencyTerms) -> Result<(Vec<Identity>, Vec<Identity>), Rejection> {
        let known_by = self.layout.kind.known_by();
        event::check_number_of_identities(known_by.iter().map(|(name, _)| self.texts(name).count()).sum())?;
        let (mut found, mut further) = (Vec::new(), Vec::new());
        for (name, kind) in known_by {
            let mut values = self.texts(name);
            if let Some(value) = values.next() {
                event::push_identity(&mut found, kind, value, terms)?;
            }
            for value in values {
                event::push_identity(&mut further, kind, value, terms)?;
            }
        }
        further.retain(|identity| !found.iter().any(|other: &Identity| other.is(identity)));
        if found.is_empty() {
            return Err(Rejection::new(
                "identity_missing",
                words!(
                    "fill in one of {name}, so that the customer can be recognised",
                    "请填写 {name} 之一，以便识别客户",
                    name = listed(known_by.map(|(name, _)| name))
                ),
            ));
        }
        Ok((found, further))
    }

    fn customer(&self, external_id: String, now: Instant, terms: &AgencyTerms) -> Result<Record, Rejection> {
        let (identities, further) = self.identities(terms)?;
        let mut attributes = Vec::new();
        for key in [
            "name",
            "name_latin",
            "kind",
            "gender",
            "birth_date",
            "home_city",
            "language",
            "consent_marketing",
        ] {
            self.attribute(&mut attributes, key, key, now);
        }
        self.attributes(&mut attributes, now);
        let customer_since = self.day("since", terms);
        Ok(Record {
            source: "import:customers".into(),
            external_id,
            kind: "profile.updated".into(),
            occurred_at: now,
            on: customer_since.unwrap_or(day_of(now, terms.time_zone)),
            identities,
            further,
            attributes,
            preferences: Vec::new(),
            customer_since,
            body: Body::Profile,
            data: self.data(),
        })
    }

    fn booking(&self, external_id: String, terms: &AgencyTerms) -> Result<Record, Rejection> {
        let (identities, further) = self.identities(terms)?;
        let booked_at = self.text("booked_at").ok_or_else(|| {
            Rejection::new(
                "date_missing",
                words!(
                    "booked_at is empty; write it like 2026-01-15",
                    "booked_at 为空；请写成 2026-01-15 的形式"
                ),
            )
        })?;
        let occurred_at = parse_instant(booked_at, terms.time_zone)
            .ok_or_else(|| fields::no_date("booked_at", booked_at).with_hint(hints::date("booked_at", booked_at)))?;
        let on = day_of(occurred_at, terms.time_zone);
        let status = match self.text("status").map(str::to_lowercase) {
            None => BookingStatus::Confirmed,
            Some(word) => word.parse().map_err(|()| {
                let known = listed(BookingStatus::ALL.map(BookingStatus::as_str));
                Rejection::new(
                    "bad_status",
                    words!(
                        "status {word} is not known; known are {known}; empty means confirmed. A mapping can say under [status] which of them it is",
                        "状态 {word} 无法识别；可用的有 {known}；不填表示 confirmed（已确认）。也可以在映射的 [status] 中说明它是哪一种",
                        word = quote(&word)
                    ),
                )
            })?,
        };
        let booking_id = self
            .text("booking_id")
            .map_or_else(|| Ok(external_id.clone()), |id| check_id("booking_id", id))?;
        let currency = fields::currency(self.text("currency"), terms)?;
        let amount = |name, currency| -> Result<Option<i64>, Rejection> {
            self.text(name)
                .map(|text| {
                    let wrong = |e| fields::amount_error(name, text, e).with_hint(decimal_comma(text));
                    money::parse_major(text, currency).map_err(wrong)
                })
                .transpose()
        };
        let prices = Prices {
            amount: amount("amount", currency)?,
            cost: amount("cost", currency)?,
            currency,
            amount_base: amount("amount_base", terms.currency)?,
        };
        let (amount, cost) = prices.in_base(terms)?;
        let travellers = self.optional("travellers", |text| {
            fields::travellers(text.parse().map_err(|_| {
                Rejection::new(
                    "bad_travellers",
                    words!(
                        "travellers {text} must be a whole number between 1 and 10000",
                        "出行人数 {text} 应为 1 到 10000 的整数",
                        text = quote(text)
                    ),
                )
            })?)
        });
        let details = BookingDetails {
            booked_on: Some(on),
            product: self.short("product"),
            destination: self.short("destination"),
            theme: self.short("theme"),
            departs_on: self.day("departs", terms),
            returns_on: self.day("returns", terms),
            travellers,
            amount,
            cost,
            channel: self.short("channel"),
        };
        fields::check_order(&details)?;
        let mut attributes = Vec::new();
        self.attribute(&mut attributes, "customer_name", "name", occurred_at);
        self.attributes(&mut attributes, occurred_at);
        Ok(Record {
            source: "import:bookings".into(),
            external_id,
            kind: format!("booking.{}", status.as_str()),
            occurred_at,
            on,
            identities,
            further,
            attributes,
            preferences: Vec::new(),
            customer_since: None,
            body: Body::Booking(BookingRecord {
                booking_id,
                status,
                happened_at: None,
                on,
                details,
            }),
            data: self.data(),
        })
    }
}
