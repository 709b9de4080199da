//! Facts of many customers as columns: borrowed ones for calls, owned ones that grow row by row.

use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, words};
use std::collections::HashMap;

/// One fact of every row of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// The values. Behind an unknown row stands zero or the first text.
    pub values: Values<'a>,
    /// A bit per row, least significant bit first, set where the value is known. `None` means all are known.
    pub valid: Option<&'a [u8]>,
}

/// The values of one column.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Counts and days.
    S32s(&'a [i32]),
    /// Money in minor units.
    S64s(&'a [i64]),
    /// Numbers, never NaN.
    F64s(&'a [f64]),
    /// Flags, a bit per row, least significant bit first.
    Bits(&'a [u8]),
    /// Texts: row `i` is `bytes[offsets[codes[i]] .. offsets[codes[i] + 1]]`.
    Strings {
        /// Per row, an index into the dictionary.
        codes: &'a [u32],
        /// Where each text begins, and where the last one ends.
        offsets: &'a [u32],
        /// All texts, one after the other, in UTF-8.
        bytes: &'a [u8],
    },
}

impl Column<'_> {
    /// Bytes that cross into the guest.
    pub fn size(&self) -> usize {
        let values = match self.values {
            Values::S32s(values) => size_of_val(values),
            Values::S64s(values) => size_of_val(values),
            Values::F64s(values) => size_of_val(values),
            Values::Bits(bits) => bits.len(),
            Values::Strings { codes, offsets, bytes } => size_of_val(codes) + size_of_val(offsets) + bytes.len(),
        };
        values + self.valid.map_or(0, <[u8]>::len)
    }

    /// Whether the column has the shape a fact of `kind` has in a chunk of `rows` rows; if not, what is wrong.
    /// Looks at lengths only: the values were made by the host.
    pub fn check(&self, kind: FactKind, rows: usize) -> Result<(), Words> {
        let bits = rows.div_ceil(8);
        let (stored, length, expected) = match self.values {
            Values::S32s(values) => (matches!(kind, FactKind::Count | FactKind::Day), values.len(), rows),
            Values::S64s(values) => (kind == FactKind::Money, values.len(), rows),
            Values::F64s(values) => (kind == FactKind::Number, values.len(), rows),
            Values::Bits(values) => (kind == FactKind::Flag, values.len(), bits),
            Values::Strings { codes, .. } => (kind == FactKind::Text, codes.len(), rows),
        };
        if !stored {
            return Err(words!(
                "the values are not stored as a {kind} is",
                "存储的值不是 {kind} 类型",
                kind = kind.as_str()
            ));
        }
        if length != expected {
            return Err(words!(
                "{length} entries for {rows} rows",
                "{rows} 行却有 {length} 个值"
            ));
        }
        match self.valid {
            Some(valid) if valid.len() != bits => Err(words!(
                "{bytes} bytes of validity for {rows} rows",
                "{rows} 行却有 {bytes} 字节的有效位",
                bytes = valid.len()
            )),
            _ => Ok(()),
        }
    }
}

impl Column<'_> {
    /// The value of one row.
    pub(crate) fn value(&self, row: usize) -> Value {
        let bit = |bits: &[u8]| bits[row / 8] >> (row % 8) & 1 == 1;
        if self.valid.is_some_and(|valid| !bit(valid)) {
            return Value::Null;
        }
        match self.values {
            Values::S32s(values) => Value::Int(values[row].into()),
            Values::S64s(values) => Value::Int(values[row]),
            Values::F64s(values) => Value::Number(values[row]),
            Values::Bits(bits) => Value::Flag(bit(bits)),
            Values::Strings { codes, offsets, bytes } => {
                let code = codes[row] as usize;
                let text = &bytes[offsets[code] as usize..offsets[code + 1] as usize];
                Value::Text(String::from_utf8_lossy(text).into_owned())
            }
        }
    }
}

/// One value of one customer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not known.
    Null,
    /// A count, a day or money.
    Int(i64),
    /// A number.
    Number(f64),
    /// A flag.
    Flag(bool),
    /// A text.
    Text(String),
}

impl Value {
    /// What stands for nothing where a fact cannot be unknown.
    pub fn zero(kind: FactKind) -> Self {
        match kind {
            FactKind::Count | FactKind::Money | FactKind::Day => Self::Int(0),
            FactKind::Number => Self::Number(0.0),
            FactKind::Flag => Self::Flag(false),
            FactKind::Text => Self::Text(String::new()),
        }
    }

    /// The value as a whole number, where it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }
}

/// An owned column that grows row by row.
#[derive(Debug, Clone)]
pub struct ColumnBuffer {
    data: Data,
    rows: usize,
    valid: Vec<u8>,
    nulls: usize,
}

#[derive(Debug, Clone)]
enum Data {
    S32s(Vec<i32>),
    S64s(Vec<i64>),
    F64s(Vec<f64>),
    Bits(Vec<u8>),
    Strings {
        codes: Vec<u32>,
        offsets: Vec<u32>,
        bytes: Vec<u8>,
        known: HashMap<String, u32>,
    },
}

impl ColumnBuffer {
    /// An empty column for facts of `kind`.
    pub fn new(kind: FactKind) -> Self {
        let data = match kind {
            FactKind::Count | FactKind::Day => Data::S32s(Vec::new()),
            FactKind::Money => Data::S64s(Vec::new()),
            FactKind::Number => Data::F64s(Vec::new()),
            FactKind::Flag => Data::Bits(Vec::new()),
            FactKind::Text => Data::Strings {
                codes: Vec::new(),
                offsets: vec![0],
                bytes: Vec::new(),
                known: HashMap::new(),
            },
        };
        Self {
            data,
            rows: 0,
            valid: Vec::new(),
            nulls: 0,
        }
    }

    /// Appends a row. A value of another kind counts as unknown; whole numbers are held to the column's range.
    pub fn push(&mut self, value: &Value) {
        let row = self.rows;
        self.rows += 1;
        if row.is_multiple_of(8) {
            self.valid.push(0);
        }
        let known = match (&mut self.data, value) {
            (Data::S32s(to), Value::Int(value)) => {
                to.push((*value).clamp(i32::MIN.into(), i32::MAX.into()) as i32);
                true
            }
            (Data::S64s(to), Value::Int(value)) => {
                to.push(*value);
                true
            }
            (Data::F64s(to), Value::Number(value)) => {
                to.push(*value);
                true
            }
            (Data::Bits(to), value) => {
                if row.is_multiple_of(8) {
                    to.push(0);
                }
                if *value == Value::Flag(true) {
                    to[row / 8] |= 1 << (row % 8);
                }
                matches!(value, Value::Flag(_))
            }
            (
                Data::Strings {
                    codes,
                    offsets,
                    bytes,
                    known,
                },
                Value::Text(text),
            ) => {
                let code = known.get(text).copied().unwrap_or_else(|| {
                    let code = known.len() as u32;
                    bytes.extend_from_slice(text.as_bytes());
                    offsets.push(bytes.len() as u32);
                    known.insert(text.clone(), code);
                    code
                });
                codes.push(code);
                true
            }
            (Data::S32s(to), _) => push_zero(to),
            (Data::S64s(to), _) => push_zero(to),
            (Data::F64s(to), _) => push_zero(to),
            (Data::Strings { codes, .. }, _) => push_zero(codes),
        };
        if known {
            self.valid[row / 8] |= 1 << (row % 8);
        } else {
            self.nulls += 1;
        }
    }

    /// The column for a call.
    pub fn as_column(&self) -> Column<'_> {
        let values = match &self.data {
            Data::S32s(values) => Values::S32s(values),
            Data::S64s(values) => Values::S64s(values),
            Data::F64s(values) => Values::F64s(values),
            Data::Bits(bits) => Values::Bits(bits),
            // the first text must exist, as unknown rows point at it
            Data::Strings { codes, offsets, .. } if offsets.len() == 1 && !codes.is_empty() => Values::Strings {
                codes,
                offsets: &[0, 0],
                bytes: &[],
            },
            Data::Strings {
                codes, offsets, bytes, ..
            } => Values::Strings { codes, offsets, bytes },
        };
        Column {
            values,
            valid: (self.nulls > 0).then_some(self.valid.as_slice()),
        }
    }
}

fn push_zero<T: Default>(to: &mut Vec<T>) -> bool {
    to.push(T::default());
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_and_texts() {
        let mut column = ColumnBuffer::new(FactKind::Text);
        column.push(&Value::Null);
        assert_eq!(column.as_column().check(FactKind::Text, 1), Ok(()));
        for text in ["上海", "北京", "上海"] {
            column.push(&Value::Text(text.into()));
        }
        let Column {
            values: Values::Strings { codes, offsets, bytes },
            valid,
        } = column.as_column()
        else {
            panic!("a text is stored as strings")
        };
        assert_eq!((codes, offsets, bytes.len()), (&[0, 0, 1, 0][..], &[0, 6, 12][..], 12));
        assert_eq!(valid, Some(&[0b1110][..]));
        assert_eq!(
            column.as_column().check(FactKind::Text, 5),
            Err(words!("4 entries for 5 rows", "5 行却有 4 个值"))
        );
        assert_eq!(
            column.as_column().check(FactKind::Count, 4),
            Err(words!(
                "the values are not stored as a count is",
                "存储的值不是 count 类型"
            ))
        );
    }

    #[test]
    fn flags_fill_bytes() {
        let mut column = ColumnBuffer::new(FactKind::Flag);
        for row in 0..9 {
            column.push(&Value::Flag(row % 2 == 0));
        }
        let Column {
            values: Values::Bits(bits),
            valid: None,
        } = column.as_column()
        else {
            panic!("all are known")
        };
        assert_eq!(bits, [0b0101_0101, 1]);
    }
}
