//! The columns of the frame: one fact of every customer, in as little room as its kind allows.

use posthouse_domain::catalogue::{FactKind, Value};
use std::collections::HashMap;
use std::sync::Arc;

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
    pub(super) fn grow(&mut self, rows: usize) {
        if self.bytes.len() < rows.div_ceil(8) {
            self.bytes.resize(rows.div_ceil(8), 0);
        }
    }

    pub(super) fn put(&mut self, row: usize, bit: bool) {
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
    pub(super) fn made(kind: FactKind, zero: bool, rows: usize) -> Self {
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

    pub(super) fn grow(&mut self, rows: usize) {
        match self {
            Self::Constant { .. } => {}
            Self::Narrow { values, valid } => (values.resize(rows, 0), valid.grow(rows)).1,
            Self::Wide { values, valid } => (values.resize(rows, 0), valid.grow(rows)).1,
            Self::Numbers { values, valid } => (values.resize(rows, 0.0), valid.grow(rows)).1,
            Self::Flags { values, valid } => (values.grow(rows), valid.grow(rows)).1,
            Self::Texts { codes, valid, .. } => (codes.resize(rows, 0), valid.grow(rows)).1,
        }
    }

    pub(super) fn put(&mut self, row: usize, value: Value<'_>) {
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
