use std::ops::Range;

use crate::bindings::exports::posthouse::plugin::segmentation::Column;
use crate::bindings::posthouse::plugin::facts::Value;
use crate::description::{FactKind, FactUse};
use crate::store::{self, Cell, Nullable, Stored};
use crate::values::{Day, Money, Text};

/// The facts a rule reads, a field each. Derive it: `#[derive(Facts)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which facts it reads",
    label = "not a struct of facts",
    note = "write `#[derive(Facts)]` above a struct with one field per fact"
)]
pub trait Facts: Sized + 'static {
    /// What is read, in the order of the fields. This is projection and permission in one: the rule gets nothing else.
    const USES: &'static [FactUse];

    /// The columns of a call.
    #[doc(hidden)]
    type Columns;

    /// Takes the columns over, without copying.
    #[doc(hidden)]
    fn columns(columns: &mut Columns) -> Result<Self::Columns, String>;

    /// A few rows of them.
    #[doc(hidden)]
    type Block<'c>: Copy;

    /// Makes the block of these rows ready.
    #[doc(hidden)]
    fn turn(columns: &mut Self::Columns, to: Range<usize>);

    /// The block that begins at the row `from` and has `rows` rows.
    #[doc(hidden)]
    fn block(columns: &Self::Columns, from: usize, rows: usize) -> Self::Block<'_>;

    /// One row of the block.
    #[doc(hidden)]
    fn row(block: Self::Block<'_>, row: usize) -> Self;

    /// The facts of one customer, where a call is about one.
    #[doc(hidden)]
    fn values(values: &mut Values) -> Result<Self, String>;

    /// The values in the order of the fields.
    #[doc(hidden)]
    fn cells(&self) -> Vec<Cell>;
}

/// Nothing is read of the customer.
impl Facts for () {
    const USES: &'static [FactUse] = &[];
    type Columns = ();
    type Block<'c> = ();

    fn columns(_: &mut Columns) -> Result<Self::Columns, String> {
        Ok(())
    }

    fn turn((): &mut Self::Columns, _: Range<usize>) {}

    fn block((): &Self::Columns, _: usize, _: usize) -> Self::Block<'_> {}

    fn row((): Self::Block<'_>, _: usize) -> Self {}

    fn values(_: &mut Values) -> Result<Self, String> {
        Ok(())
    }

    fn cells(&self) -> Vec<Cell> {
        Vec::new()
    }
}

/// A type that can hold a fact: `i32`, [`Money`], `f64`, `bool`, [`Day`], [`Text`], and `Option` around each of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a fact",
    label = "no kind of fact has this type",
    note = "use `i32` for a count, `Money`, `f64` for a number, `bool` for a flag, `Day` or `Text`, in `Option<…>` if it can be unknown"
)]
pub trait Fact: Sized + 'static {
    /// The kind of fact the type stands for.
    const KIND: FactKind;
    /// Whether it can say that a value is unknown.
    const NULLABLE: bool;

    /// The column of a call.
    #[doc(hidden)]
    type Column;

    /// Takes the column over; `None` if it is not what was declared.
    #[doc(hidden)]
    fn column(column: Column, rows: usize) -> Option<Self::Column>;

    /// A few rows of it.
    #[doc(hidden)]
    type Block<'c>: Copy;

    /// Makes the block of these rows ready.
    #[doc(hidden)]
    fn turn(column: &mut Self::Column, to: Range<usize>);

    /// The block that begins at the row `from` and has `rows` rows.
    #[doc(hidden)]
    fn block(column: &Self::Column, from: usize, rows: usize) -> Self::Block<'_>;

    /// The value in one row of the block.
    #[doc(hidden)]
    fn read(block: Self::Block<'_>, row: usize) -> Self;

    /// The value that stands alone; `None` if it is not what was declared.
    #[doc(hidden)]
    fn value(value: Value) -> Option<Self>;

    /// The value apart from its column.
    #[doc(hidden)]
    fn cell(&self) -> Cell;
}

macro_rules! fact {
    ($($type:ty),*) => {$(
        impl Fact for $type {
            const KIND: FactKind = <$type as Stored>::KIND;
            const NULLABLE: bool = false;
            type Column = <$type as Stored>::Store;
            type Block<'c> = <$type as Stored>::Block<'c>;

            fn column(column: Column, rows: usize) -> Option<Self::Column> {
                store::known::<$type>(column, rows)
            }

            #[inline(always)]
            fn turn(column: &mut Self::Column, to: Range<usize>) {
                <$type as Stored>::turn(column, to);
            }

            #[inline(always)]
            fn block(column: &Self::Column, from: usize, rows: usize) -> Self::Block<'_> {
                <$type as Stored>::block(column, from, rows)
            }

            #[inline(always)]
            fn read(block: Self::Block<'_>, row: usize) -> Self {
                <$type as Stored>::get(block, row)
            }

            fn value(value: Value) -> Option<Self> {
                <$type as Stored>::value(value)
            }

            fn cell(&self) -> Cell {
                Stored::cell(*self)
            }
        }

        impl Fact for Option<$type> {
            const KIND: FactKind = <$type as Stored>::KIND;
            const NULLABLE: bool = true;
            type Column = Nullable<<$type as Stored>::Store>;
            type Block<'c> = store::NullableBlock<'c, $type>;

            fn column(column: Column, rows: usize) -> Option<Self::Column> {
                store::nullable::<$type>(column, rows)
            }

            #[inline(always)]
            fn turn(column: &mut Self::Column, to: Range<usize>) {
                column.turn::<$type>(to);
            }

            #[inline(always)]
            fn block(column: &Self::Column, from: usize, rows: usize) -> Self::Block<'_> {
                column.block::<$type>(from, rows)
            }

            #[inline(always)]
            fn read(block: Self::Block<'_>, row: usize) -> Self {
                store::get::<$type>(block, row)
            }

            fn value(value: Value) -> Option<Self> {
                match value {
                    Value::Unknown => Some(None),
                    known => <$type as Stored>::value(known).map(Some),
                }
            }

            fn cell(&self) -> Cell {
                self.map_or(Cell::Null, Stored::cell)
            }
        }
    )*};
}

fact!(i32, Money, f64, bool, Day, Text);

/// The columns of a call on their way into the plugin, in the declared order.
#[derive(Debug)]
pub struct Columns {
    rows: usize,
    columns: std::vec::IntoIter<Column>,
}

impl Columns {
    /// The columns as the host sent them. There have to be as many as facts were declared.
    pub(crate) fn new(columns: Vec<Column>, rows: usize, uses: &[FactUse]) -> Result<Self, String> {
        if columns.len() != uses.len() {
            return Err(format!("{} columns for {} declared facts", columns.len(), uses.len()));
        }
        Ok(Self {
            rows,
            columns: columns.into_iter(),
        })
    }

    /// The next one, for the fact with this key.
    pub fn next<T: Fact>(&mut self, key: &str) -> Result<T::Column, String> {
        self.columns
            .next()
            .and_then(|column| T::column(column, self.rows))
            .ok_or_else(|| format!("the column of `{key}` is not what the plugin declared"))
    }
}

/// The values of a call on their way into the plugin, in the declared order.
#[derive(Debug)]
pub struct Values(std::vec::IntoIter<Value>);

impl Values {
    /// The values as the host sent them. There have to be as many as facts were declared.
    pub(crate) fn new(values: Vec<Value>, uses: &[FactUse]) -> Result<Self, String> {
        if values.len() != uses.len() {
            return Err(format!("{} values for {} declared facts", values.len(), uses.len()));
        }
        Ok(Self(values.into_iter()))
    }

    /// The next one, for the fact with this key.
    pub fn next<T: Fact>(&mut self, key: &str) -> Result<T, String> {
        self.0
            .next()
            .and_then(T::value)
            .ok_or_else(|| format!("the value of `{key}` is not what the plugin declared"))
    }
}

/// A type that can hold the segment of another rule: `Option<Text>`, because a customer may be in none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the segment of another rule",
    label = "a segment is an `Option<Text>`",
    note = "`segment.…` holds the key of the customer's segment, and is unknown for those who are in none"
)]
pub trait SegmentKey {}

impl SegmentKey for Option<Text> {}

/// Proof for the compiler that a field can hold a segment.
pub const fn holds_a_segment<T: SegmentKey>() {}
