//! The fact frame: the catalogue's columns of every customer, in memory, indexed by ordinal.
//!
//! What counts from a day is kept as that day, so that a new day changes no column by itself; columns that nothing feeds take
//! no room. After the catalogue's columns come those of the attributes the agency has defined.

use posthouse_domain::Day;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::catalogue::{self, ALL, CLV, FactKind, Value, View};
use posthouse_domain::clv::{Model, Purchases};
use posthouse_domain::facts::FactRow;
use std::collections::HashMap;
use std::sync::Arc;

/// Every customer's facts up to one change.
#[derive(Debug)]
pub struct Frame {
    /// The last change it has seen.
    pub(crate) change: i64,
    len: usize,
    columns: Vec<Cells>,
    attributes: Vec<Attribute>,
    /// The model behind the fact [`CLV`], which is worked out and not stored.
    model: Option<Model>,
}

/// A column of the agency's own.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    /// Key among the facts.
    pub(crate) key: String,
    pub(crate) kind: FactKind,
    /// Key of its values.
    stored: String,
}

impl Attribute {
    /// The column of a fact `attr.KEY`.
    pub(crate) fn of(key: &str, kind: FactKind) -> Self {
        Self {
            key: key.to_owned(),
            kind,
            stored: attribute::stored_key(key.strip_prefix(attribute::PREFIX).unwrap_or(key)),
        }
    }
}

/// One fact of every customer, as stored.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Nothing but zero (`true`) or unknown (`false`) so far.
    Constant { zero: bool },
    /// Counts, days, and days that relative facts count from.
    Narrow { values: Vec<i32>, valid: Bits },
    /// Money.
    Wide { values: Vec<i64>, valid: Bits },
    /// Fractions.
    Numbers { values: Vec<f64>, valid: Bits },
    /// Yes or no.
    Flags { values: Bits, valid: Bits },
    /// Texts by their number in the dictionary.
    Texts {
        codes: Vec<u32>,
        valid: Bits,
        dictionary: Dictionary,
    },
}

/// Every text of a column once.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    texts: Vec<Arc<str>>,
    codes: HashMap<Arc<str>, u32>,
}

impl Dictionary {
    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let (code, text) = (self.texts.len() as u32, Arc::<str>::from(text));
        self.texts.push(text.clone());
        self.codes.insert(text, code);
        code
    }

    /// The text of a code.
    pub(crate) fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize).map_or("", |text| text)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// Every text in the order of the codes.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// The dictionary of these texts.
    pub(crate) fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut made = Self::default();
        for text in texts {
            made.code(text);
        }
        made
    }
}

/// A bit per row, least significant bit first.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    set: usize,
}

impl Bits {
    fn grow(&mut self, rows: usize) {
        if self.bytes.len() < rows.div_ceil(8) {
            self.bytes.resize(rows.div_ceil(8), 0);
        }
    }

    fn put(&mut self, row: usize, bit: bool) {
        let (byte, mask) = (&mut self.bytes[row / 8], 1 << (row % 8));
        let was = *byte & mask != 0;
        match (was, bit) {
            (false, true) => (*byte, self.set) = (*byte | mask, self.set + 1),
            (true, false) => (*byte, self.set) = (*byte & !mask, self.set - 1),
            _ => {}
        }
    }

    /// Adds `rows` rows after those there are, a multiple of eight.
    pub(crate) fn append(&mut self, bytes: &[u8], rows: usize) {
        self.bytes.extend_from_slice(&bytes[..rows.div_ceil(8)]);
        if let (Some(last), used @ 1..) = (self.bytes.last_mut(), rows % 8) {
            *last &= (1 << used) - 1;
        }
        let added = &self.bytes[self.bytes.len() - rows.div_ceil(8)..];
        self.set += added.iter().map(|byte| byte.count_ones() as usize).sum::<usize>();
    }

    /// The bit of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> bool {
        self.bytes[row / 8] & (1 << (row % 8)) != 0
    }

    /// The bytes of rows `from..to`; `from` must be a multiple of eight.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &[u8] {
        debug_assert!(from.is_multiple_of(8));
        &self.bytes[from / 8..to.div_ceil(8)]
    }

    /// Whether every one of `rows` rows is set.
    pub(crate) fn all(&self, rows: usize) -> bool {
        self.set == rows
    }
}

impl Cells {
    /// A column of `rows` rows that holds nothing but its constant.
    fn made(kind: FactKind, zero: bool, rows: usize) -> Self {
        let mut valid = Bits::default();
        valid.grow(rows);
        if zero {
            (0..rows).for_each(|row| valid.put(row, true));
        }
        match kind {
            FactKind::Count | FactKind::Day => Self::Narrow {
                values: vec![0; rows],
                valid,
            },
            FactKind::Money => Self::Wide {
                values: vec![0; rows],
                valid,
            },
            FactKind::Number => Self::Numbers {
                values: vec![0.0; rows],
                valid,
            },
            FactKind::Flag => {
                let mut values = Bits::default();
                values.grow(rows);
                Self::Flags { values, valid }
            }
            FactKind::Text => Self::Texts {
                codes: vec![0; rows],
                valid,
                dictionary: Dictionary::default(),
            },
        }
    }

    fn grow(&mut self, rows: usize) {
        match self {
            Self::Constant { .. } => {}
            Self::Narrow { values, valid } => (values.resize(rows, 0), valid.grow(rows)).1,
            Self::Wide { values, valid } => (values.resize(rows, 0), valid.grow(rows)).1,
            Self::Numbers { values, valid } => (values.resize(rows, 0.0), valid.grow(rows)).1,
            Self::Flags { values, valid } => (values.grow(rows), valid.grow(rows)).1,
            Self::Texts { codes, valid, .. } => (codes.resize(rows, 0), valid.grow(rows)).1,
        }
    }

    fn put(&mut self, row: usize, value: Value<'_>) {
        let known = value != Value::Unknown;
        match (self, value) {
            (Self::Constant { .. }, _) => {}
            (Self::Narrow { values, valid }, value) => {
                // the fold only makes counts and days, which fit
                values[row] = if let Value::Whole(n) = value {
                    n.clamp(i32::MIN.into(), i32::MAX.into()) as i32
                } else {
                    0
                };
                valid.put(row, known);
            }
            (Self::Wide { values, valid }, value) => {
                values[row] = if let Value::Whole(n) = value { n } else { 0 };
                valid.put(row, known);
            }
            (Self::Numbers { values, valid }, value) => {
                values[row] = if let Value::Number(n) = value { n } else { 0.0 };
                valid.put(row, known);
            }
            (Self::Flags { values, valid }, value) => {
                values.put(row, value == Value::Flag(true));
                valid.put(row, known);
            }
            (
                Self::Texts {
                    codes,
                    valid,
                    dictionary,
                },
                value,
            ) => {
                codes[row] = if let Value::Text(text) = value {
                    dictionary.code(text)
                } else {
                    0
                };
                valid.put(row, known);
            }
        }
    }
}

impl Default for Frame {
    fn default() -> Self {
        let columns = ALL
            .iter()
            .map(|fact| Cells::Constant { zero: !fact.nullable })
            .collect();
        Self {
            change: 0,
            len: 0,
            columns,
            attributes: Vec::new(),
            model: None,
        }
    }
}

impl Frame {
    /// A frame of these columns, each of `len` rows: those of the catalogue in its order, then those of `attributes`.
    pub(crate) fn of(change: i64, len: usize, columns: Vec<Cells>, attributes: Vec<Attribute>) -> Self {
        Self {
            change,
            len,
            columns,
            attributes,
            model: None,
        }
    }

    /// Keeps columns for these attributes and no others. Returns the keys of values that new columns have to be filled with.
    pub(crate) fn define(&mut self, definitions: &[AttributeDef]) -> Vec<String> {
        let wanted: Vec<Attribute> = definitions
            .iter()
            .map(|definition| Attribute::of(&definition.fact_key(), definition.kind))
            .collect();
        let same = |a: &Attribute, b: &Attribute| a.key == b.key && a.kind == b.kind;
        let mut old: Vec<Option<Cells>> = self.columns.drain(ALL.len()..).map(Some).collect();
        let mut missing = Vec::new();
        for attribute in &wanted {
            let known = self.attributes.iter().position(|known| same(known, attribute));
            let cells = known.and_then(|position| old[position].take());
            self.columns.push(cells.unwrap_or_else(|| {
                missing.push(attribute.stored.clone());
                Cells::Constant { zero: false }
            }));
        }
        self.attributes = wanted;
        missing
    }

    /// Whether its columns are those of these attributes.
    pub(crate) fn has(&self, definitions: &[AttributeDef]) -> bool {
        self.attributes.len() == definitions.len()
            && definitions.iter().zip(&self.attributes).all(|(definition, own)| {
                definition.kind == own.kind && own.key.strip_prefix(attribute::PREFIX) == Some(definition.key.as_str())
            })
    }

    /// The position of a fact, of the catalogue or of the agency's own.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        catalogue::position(key).or_else(|| {
            let own = self.attributes.iter().position(|own| own.key == key)?;
            Some(ALL.len() + own)
        })
    }

    /// Every fact in the order of the columns: key and kind.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&str, FactKind)> {
        let own = self.attributes.iter().map(|own| (own.key.as_str(), own.kind));
        ALL.iter().map(|fact| (fact.key, fact.kind)).chain(own)
    }

    /// The kind of the fact at `position`, and how it is seen on a day.
    pub(crate) fn kind(&self, position: usize) -> (FactKind, View) {
        match ALL.get(position) {
            Some(fact) => (fact.kind, fact.view),
            None => (self.attributes[position - ALL.len()].kind, View::AsIs),
        }
    }

    /// How many customers it holds.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The column of the fact at `position` in the catalogue.
    pub(crate) fn cells(&self, position: usize) -> &Cells {
        &self.columns[position]
    }

    /// Makes room for ordinals below `rows`.
    pub fn grow(&mut self, rows: usize) {
        if rows <= self.len {
            return;
        }
        for (position, column) in self.columns.iter_mut().enumerate() {
            column.grow(rows);
            if ALL.get(position).is_some_and(|fact| !fact.nullable) {
                // a row that is not put yet counts as zero, not as unknown
                let old = self.len;
                if let Cells::Narrow { valid, .. } | Cells::Wide { valid, .. } | Cells::Numbers { valid, .. } = column {
                    (old..rows).for_each(|row| valid.put(row, true));
                }
            }
        }
        self.len = rows;
    }

    /// Puts one customer's facts.
    pub fn put(&mut self, ordinal: usize, row: &FactRow) {
        self.grow(ordinal + 1);
        let worth = self.worth(row).map_or(Value::Unknown, Value::Whole);
        let own = self.attributes.iter().map(|own| {
            let told = row.attributes.get(&own.stored);
            (
                own.kind,
                told.map_or(Value::Unknown, |text| attribute::value(own.kind, text)),
            )
        });
        let base = ALL.iter().map(|fact| {
            let value = if fact.key == CLV { worth } else { (fact.base)(row) };
            (fact.kind, value)
        });
        for (column, (kind, value)) in self.columns.iter_mut().zip(base.chain(own)) {
            if let Cells::Constant { zero } = *column {
                let constant = if zero {
                    value == Value::Whole(0)
                } else {
                    value == Value::Unknown
                };
                if constant {
                    continue;
                }
                *column = Cells::made(kind, zero, self.len);
            }
            column.put(ordinal, value);
        }
    }
}

impl Frame {
    /// What the model expects a customer to spend, by their row of facts.
    pub(crate) fn worth(&self, row: &FactRow) -> Option<i64> {
        Some(self.model?.worth(&Purchases::of(row)?))
    }

    /// What the model needs to know of everyone, by ordinal.
    pub(crate) fn purchases(&self) -> Vec<Option<Purchases>> {
        let columns = ["booking-days", "first-trip-days", "recency-days", "repeat-spend"].map(catalogue::position);
        let [Some(days), Some(first), Some(last), Some(spend)] = columns else {
            return vec![None; self.len];
        };
        let whole = |position, row| match self.stored(position, row) {
            Value::Whole(n) => Some(n),
            _ => None,
        };
        let of = |row| {
            Some(Purchases {
                repeats: (whole(days, row)? - 1).max(0) as u32,
                first_on: whole(first, row)? as Day,
                last_on: whole(last, row)? as Day,
                repeat_spend: whole(spend, row)?,
            })
        };
        (0..self.len).map(of).collect()
    }

    /// Takes over a new model, or none, with what everyone is worth by it, by ordinal.
    pub(crate) fn put_model(&mut self, model: Option<Model>, worths: &[Option<i64>]) {
        self.model = model;
        let Some(position) = catalogue::position(CLV) else {
            return;
        };
        let mut column = Cells::made(ALL[position].kind, false, self.len);
        for (row, worth) in worths.iter().enumerate() {
            column.put(row, worth.map_or(Value::Unknown, Value::Whole));
        }
        self.columns[position] = column;
    }

    /// One fact of one customer, as stored.
    pub(crate) fn stored(&self, position: usize, row: usize) -> Value<'_> {
        let known = |valid: &Bits, value| if valid.get(row) { value } else { Value::Unknown };
        match &self.columns[position] {
            Cells::Constant { zero: true } => Value::Whole(0),
            Cells::Constant { zero: false } => Value::Unknown,
            Cells::Narrow { values, valid } => known(valid, Value::Whole(values[row].into())),
            Cells::Wide { values, valid } => known(valid, Value::Whole(values[row])),
            Cells::Numbers { values, valid } => known(valid, Value::Number(values[row])),
            Cells::Flags { values, valid } => known(valid, Value::Flag(values.get(row))),
            Cells::Texts {
                codes,
                valid,
                dictionary,
            } => known(valid, Value::Text(dictionary.text(codes[row]))),
        }
    }

    /// One fact of one customer, seen on `today`.
    pub(crate) fn value(&self, position: usize, row: usize, today: Day) -> Value<'_> {
        match self.stored(position, row) {
            Value::Whole(stored) => Value::Whole(self.kind(position).1.apply(stored, today)),
            other => other,
        }
    }

    /// The same; unknown where the fact stands nowhere.
    pub(crate) fn value_at(&self, position: Option<usize>, row: usize, today: Day) -> Value<'_> {
        position.map_or(Value::Unknown, |position| self.value(position, row, today))
    }
}
