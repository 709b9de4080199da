//! The columns of one fact inside the plugin: taken over from the host without copying, read row by row.

use crate::bindings::exports::posthouse::plugin::segmentation::{Column, Values};
use crate::description::FactKind;
use crate::values::{Day, Money, Text};

/// A value a column holds, whether it may be unknown or not.
pub trait Stored: Copy {
    /// Kind of the facts with such values.
    const KIND: FactKind;
    /// The column.
    type Store;

    /// Takes the column over; `None` if it is of another kind or has not `rows` values.
    fn store(values: Values, rows: usize) -> Option<Self::Store>;
    /// The value in one row below `rows`.
    fn get(store: &Self::Store, row: usize) -> Self;
    /// The value apart from any column.
    fn cell(self) -> Cell;
}

/// One value apart from any column, as harness and golden cases have them.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Unknown.
    Null,
    /// Count, money and day.
    Whole(i64),
    /// Number.
    Number(f64),
    /// Flag.
    Flag(bool),
    /// Text.
    Text(String),
}

macro_rules! plain {
    ($type:ty, $kind:ident, $variant:ident, $inner:ty, $wrap:expr, $cell:expr) => {
        impl Stored for $type {
            const KIND: FactKind = FactKind::$kind;
            type Store = Vec<$inner>;

            fn store(values: Values, rows: usize) -> Option<Self::Store> {
                match values {
                    Values::$variant(values) if values.len() == rows => Some(values),
                    _ => None,
                }
            }

            #[inline(always)]
            fn get(store: &Self::Store, row: usize) -> Self {
                $wrap(store[row])
            }

            fn cell(self) -> Cell {
                $cell(self)
            }
        }
    };
}

plain!(i32, Count, S32s, i32, |value| value, |value| Cell::Whole(i64::from(
    value
)));
plain!(Money, Money, S64s, i64, Money, |money: Money| Cell::Whole(money.0));
plain!(f64, Number, F64s, f64, |value| value, Cell::Number);
plain!(Day, Day, S32s, i32, Day, |day: Day| Cell::Whole(i64::from(day.0)));

impl Stored for bool {
    const KIND: FactKind = FactKind::Flag;
    type Store = Vec<u8>;

    fn store(values: Values, rows: usize) -> Option<Self::Store> {
        match values {
            Values::Bits(bits) if bits.len() == rows.div_ceil(8) => Some(bits),
            _ => None,
        }
    }

    #[inline(always)]
    fn get(store: &Self::Store, row: usize) -> Self {
        bit(store, row)
    }

    fn cell(self) -> Cell {
        Cell::Flag(self)
    }
}

/// A column of texts: the dictionary cut once per call, a code per row.
#[derive(Debug)]
pub struct TextStore {
    codes: Vec<u32>,
    texts: Vec<&'static str>,
}

impl Stored for Text {
    const KIND: FactKind = FactKind::Text;
    type Store = TextStore;

    fn store(values: Values, rows: usize) -> Option<Self::Store> {
        let Values::Strings(strings) = values else { return None };
        // The buffers of a call live as long as the instance, and that lives for one call: nothing is lost by never freeing.
        let bytes: &'static str = std::str::from_utf8(strings.bytes.leak()).ok()?;
        let texts: Vec<&'static str> = strings
            .offsets
            .windows(2)
            .map(|ends| bytes.get(ends[0] as usize..ends[1] as usize))
            .collect::<Option<_>>()?;
        let fits = strings.codes.len() == rows && strings.codes.iter().all(|code| (*code as usize) < texts.len());
        fits.then_some(TextStore {
            codes: strings.codes,
            texts,
        })
    }

    #[inline(always)]
    fn get(store: &Self::Store, row: usize) -> Self {
        Text(store.texts[store.codes[row] as usize])
    }

    fn cell(self) -> Cell {
        Cell::Text(self.0.to_owned())
    }
}

/// A column whose values may be unknown.
#[derive(Debug)]
pub struct Nullable<S> {
    store: S,
    valid: Option<Vec<u8>>,
}

impl<S> Nullable<S> {
    /// The value in one row, `None` if unknown.
    #[inline(always)]
    pub(crate) fn get<T: Stored<Store = S>>(&self, row: usize) -> Option<T> {
        match &self.valid {
            Some(valid) if !bit(valid, row) => None,
            _ => Some(T::get(&self.store, row)),
        }
    }
}

/// Takes over a column that must be known everywhere.
pub(crate) fn known<T: Stored>(column: Column, rows: usize) -> Option<T::Store> {
    if let Some(valid) = &column.valid
        && (valid.len() != rows.div_ceil(8) || !(0..rows).all(|row| bit(valid, row)))
    {
        return None;
    }
    T::store(column.values, rows)
}

/// Takes over a column that may have unknown values.
pub(crate) fn nullable<T: Stored>(column: Column, rows: usize) -> Option<Nullable<T::Store>> {
    if column
        .valid
        .as_ref()
        .is_some_and(|valid| valid.len() != rows.div_ceil(8))
    {
        return None;
    }
    Some(Nullable {
        store: T::store(column.values, rows)?,
        valid: column.valid,
    })
}

#[inline(always)]
fn bit(bits: &[u8], row: usize) -> bool {
    bits[row / 8] >> (row % 8) & 1 == 1
}
