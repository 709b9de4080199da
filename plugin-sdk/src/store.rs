//! The columns of one fact inside the plugin: taken over from the host without copying, read block by block and row by row.

use std::ops::Range;

use crate::bindings::exports::posthouse::plugin::segmentation::{Column, Values};
use crate::bindings::posthouse::plugin::facts::Value;
use crate::description::FactKind;
use crate::values::{Day, Money, Text};

/// Rows of a block.
pub(crate) const BLOCK: usize = 64;

/// A value a column holds, whether it may be unknown or not.
pub trait Stored: Copy {
    /// Kind of the facts with such values.
    const KIND: FactKind;
    /// The column.
    type Store;
    /// A few rows of it.
    type Block<'c>: Copy;

    /// Takes the column over; `None` if it is of another kind or has not `rows` values.
    fn store(values: Values, rows: usize) -> Option<Self::Store>;
    /// Makes the block of these rows ready. It begins at a multiple of [`BLOCK`].
    fn turn(store: &mut Self::Store, to: Range<usize>);
    /// The block that begins at the row `from` and has `rows` rows.
    fn block(store: &Self::Store, from: usize, rows: usize) -> Self::Block<'_>;
    /// The value in one row of the block.
    fn get(block: Self::Block<'_>, row: usize) -> Self;
    /// The value, or nothing at all if the mask is nothing.
    fn masked(self, mask: i32) -> Self;
    /// The value that stands alone; `None` if it is of another kind.
    fn value(value: Value) -> Option<Self>;
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

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Unknown,
            Cell::Whole(value) => Self::Whole(value),
            Cell::Number(value) => Self::Number(value),
            Cell::Flag(value) => Self::Flag(value),
            Cell::Text(value) => Self::Text(value),
        }
    }
}

macro_rules! plain {
    ($type:ty, $kind:ident, $variant:ident, $inner:ty, $wrap:expr, $masked:expr, $value:pat => $read:expr, $cell:expr) => {
        impl Stored for $type {
            const KIND: FactKind = FactKind::$kind;
            type Store = Vec<$inner>;
            type Block<'c> = &'c [$inner];

            fn store(values: Values, rows: usize) -> Option<Self::Store> {
                match values {
                    Values::$variant(values) if values.len() == rows => Some(values),
                    _ => None,
                }
            }

            #[inline(always)]
            fn turn(_: &mut Self::Store, _: Range<usize>) {}

            #[inline(always)]
            fn block(store: &Self::Store, from: usize, rows: usize) -> Self::Block<'_> {
                &store[from..][..rows]
            }

            #[inline(always)]
            fn get(block: Self::Block<'_>, row: usize) -> Self {
                $wrap(block[row])
            }

            #[inline(always)]
            fn masked(self, mask: i32) -> Self {
                $masked(self, mask)
            }

            fn value(value: Value) -> Option<Self> {
                match value {
                    $value => $read,
                    _ => None,
                }
            }

            fn cell(self) -> Cell {
                $cell(self)
            }
        }
    };
}

plain!(
    i32,
    Count,
    S32s,
    i32,
    |value| value,
    |value, mask| value & mask,
    Value::Whole(value) => value.try_into().ok(),
    |value| Cell::Whole(i64::from(value))
);
plain!(
    Money,
    Money,
    S64s,
    i64,
    Money,
    |Money(value), mask| Money(value & i64::from(mask)),
    Value::Whole(value) => Some(Money(value)),
    |money: Money| Cell::Whole(money.0)
);
plain!(
    f64,
    Number,
    F64s,
    f64,
    |value| value,
    |value: f64, mask| f64::from_bits(value.to_bits() & i64::from(mask) as u64),
    Value::Number(value) => Some(value),
    Cell::Number
);
plain!(
    Day,
    Day,
    S32s,
    i32,
    Day,
    |Day(value), mask| Day(value & mask),
    Value::Whole(value) => value.try_into().ok().map(Day),
    |day: Day| Cell::Whole(i64::from(day.0))
);

/// A bit per row, least significant bit first; those of one block have a mask each.
#[derive(Debug)]
pub struct Bits {
    bits: Vec<u8>,
    block: Masks,
}

/// All ones for a set bit, nothing for another.
type Masks = [i32; BLOCK];

impl Bits {
    fn new(bits: Vec<u8>, rows: usize) -> Option<Self> {
        (bits.len() == rows.div_ceil(8)).then_some(Self {
            bits,
            block: [0; BLOCK],
        })
    }

    #[inline(always)]
    fn turn(&mut self, to: Range<usize>) {
        let bytes = &self.bits[to.start / 8..to.end.div_ceil(8)];
        for (byte, eight) in bytes.iter().zip(self.block.as_chunks_mut::<8>().0) {
            let byte = i32::from(*byte);
            *eight = [1, 2, 4, 8, 16, 32, 64, 128].map(|bit| -i32::from(byte & bit != 0));
        }
    }
}

impl Stored for bool {
    const KIND: FactKind = FactKind::Flag;
    type Store = Bits;
    type Block<'c> = &'c Masks;

    fn store(values: Values, rows: usize) -> Option<Self::Store> {
        match values {
            Values::Bits(bits) => Bits::new(bits, rows),
            _ => None,
        }
    }

    #[inline(always)]
    fn turn(store: &mut Self::Store, to: Range<usize>) {
        store.turn(to);
    }

    #[inline(always)]
    fn block(store: &Self::Store, _: usize, _: usize) -> Self::Block<'_> {
        &store.block
    }

    #[inline(always)]
    fn get(block: Self::Block<'_>, row: usize) -> Self {
        block[row] != 0
    }

    #[inline(always)]
    fn masked(self, mask: i32) -> Self {
        self & (mask != 0)
    }

    fn value(value: Value) -> Option<Self> {
        match value {
            Value::Flag(value) => Some(value),
            _ => None,
        }
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
    type Block<'c> = (&'c [u32], &'c [&'static str]);

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
    fn turn(_: &mut Self::Store, _: Range<usize>) {}

    #[inline(always)]
    fn block(store: &Self::Store, from: usize, rows: usize) -> Self::Block<'_> {
        (&store.codes[from..][..rows], &store.texts)
    }

    #[inline(always)]
    fn get((codes, texts): Self::Block<'_>, row: usize) -> Self {
        Text(texts[codes[row] as usize])
    }

    #[inline(always)]
    fn masked(self, _: i32) -> Self {
        self
    }

    fn value(value: Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(Text(value.leak())),
            _ => None,
        }
    }

    fn cell(self) -> Cell {
        Cell::Text(self.0.to_owned())
    }
}

/// A column whose values may be unknown.
#[derive(Debug)]
pub struct Nullable<S> {
    store: S,
    known: Bits,
}

/// A few rows of such a column: the values, and which of them are known.
pub(crate) type NullableBlock<'c, T> = (<T as Stored>::Block<'c>, &'c Masks);

impl<S> Nullable<S> {
    /// Makes the block of these rows ready.
    #[inline(always)]
    pub(crate) fn turn<T: Stored<Store = S>>(&mut self, to: Range<usize>) {
        T::turn(&mut self.store, to.clone());
        self.known.turn(to);
    }

    /// The block that begins at the row `from` and has `rows` rows.
    #[inline(always)]
    pub(crate) fn block<T: Stored<Store = S>>(&self, from: usize, rows: usize) -> NullableBlock<'_, T> {
        (T::block(&self.store, from, rows), &self.known.block)
    }
}

/// The value in one row of the block, `None` if unknown.
#[inline(always)]
pub(crate) fn get<T: Stored>((values, known): NullableBlock<'_, T>, row: usize) -> Option<T> {
    // Read first, ask later; and the mask is used twice, so that the compiler does not put off reading it until the rule asks
    // for the value: without that it could not read four at once.
    let (value, mask) = (T::get(values, row), known[row]);
    (mask != 0).then_some(value.masked(mask))
}

/// Takes over a column that must be known everywhere.
pub(crate) fn known<T: Stored>(column: Column, rows: usize) -> Option<T::Store> {
    let known = |valid: &[u8]| {
        let ones = valid.iter().take_while(|byte| **byte == u8::MAX).count();
        let more = valid.get(ones).map_or(0, |byte| byte.trailing_ones() as usize);
        valid.len() == rows.div_ceil(8) && 8 * ones + more >= rows
    };
    match &column.valid {
        Some(valid) if !known(valid) => None,
        _ => T::store(column.values, rows),
    }
}

/// Takes over a column that may have unknown values.
pub(crate) fn nullable<T: Stored>(column: Column, rows: usize) -> Option<Nullable<T::Store>> {
    let valid = column.valid.unwrap_or_else(|| vec![u8::MAX; rows.div_ceil(8)]);
    Some(Nullable {
        store: T::store(column.values, rows)?,
        known: Bits::new(valid, rows)?,
    })
}
