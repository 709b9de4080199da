//! Statements about many rows. Each has few texts, so that it stays prepared however many rows there are: on SQLite one for each power
//! of two, on PostgreSQL one, which takes its columns as arrays.

use crate::dialect::MOST_ROWS;
use crate::{Result, StoreError, Tx};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, FromRow};
use std::borrow::Cow;
use std::fmt::Write;
use uuid::Uuid;

/// Most rows of a statement on PostgreSQL.
const MOST_IN_ARRAYS: usize = 10_000;

/// A value on its way to the database. What is absent has its type all the same.
#[derive(Debug, Clone)]
pub(crate) enum Cell<'r> {
    Uuid(Option<Uuid>),
    Text(Option<Cow<'r, str>>),
    Int(Option<i32>),
    Long(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<&'r [u8]>),
}

macro_rules! cell_of {
    ($($from:ty => |$value:ident| $cell:expr),+ $(,)?) => {
        $(impl<'r> From<$from> for Cell<'r> {
            fn from($value: $from) -> Self {
                $cell
            }
        })+
    };
}

cell_of! {
    Uuid => |value| Self::Uuid(Some(value)),
    Option<Uuid> => |value| Self::Uuid(value),
    &'r str => |value| Self::Text(Some(Cow::Borrowed(value))),
    &'r String => |value| Self::Text(Some(Cow::Borrowed(value))),
    String => |value| Self::Text(Some(Cow::Owned(value))),
    Option<&'r str> => |value| Self::Text(value.map(Cow::Borrowed)),
    &'r Option<String> => |value| Self::Text(value.as_deref().map(Cow::Borrowed)),
    i32 => |value| Self::Int(Some(value)),
    Option<i32> => |value| Self::Int(value),
    i64 => |value| Self::Long(Some(value)),
    Option<i64> => |value| Self::Long(value),
    bool => |value| Self::Bool(Some(value)),
    &'r [u8] => |value| Self::Bytes(Some(value)),
    &'r Vec<u8> => |value| Self::Bytes(Some(value)),
    &'r Option<Vec<u8>> => |value| Self::Bytes(value.as_deref()),
}

/// The values of some rows, one row after the other.
#[derive(Debug, Default)]
pub(crate) struct Cells<'r>(Vec<Cell<'r>>);

impl<'r> Cells<'r> {
    /// Adds the next value of a row.
    pub(crate) fn push_bind(&mut self, value: impl Into<Cell<'r>>) -> &mut Self {
        self.0.push(value.into());
        self
    }

    fn bind<A: Arguments>(self, arguments: &mut A) -> Result<()>
    where
        Cell<'r>: Bind<A>,
    {
        for cell in self.0 {
            cell.bind(arguments).map_err(encoding)?;
        }
        Ok(())
    }
}

fn encoding(error: BoxDynError) -> StoreError {
    sqlx::Error::Encode(error).into()
}

trait Bind<A> {
    fn bind(self, arguments: &mut A) -> std::result::Result<(), BoxDynError>;
}

macro_rules! bind {
    ($($arguments:ty),+) => {
        $(impl Bind<$arguments> for Cell<'_> {
            fn bind(self, arguments: &mut $arguments) -> std::result::Result<(), BoxDynError> {
                match self {
                    Self::Uuid(value) => arguments.add(value),
                    Self::Text(value) => arguments.add(value),
                    Self::Int(value) => arguments.add(value),
                    Self::Long(value) => arguments.add(value),
                    Self::Bool(value) => arguments.add(value),
                    Self::Bytes(value) => arguments.add(value),
                }
            }
        })+
    };
}

bind!(SqliteArguments, PgArguments);

/// The same column of every row, for PostgreSQL.
enum Column<'r> {
    Uuid(Vec<Option<Uuid>>),
    Text(Vec<Option<Cow<'r, str>>>),
    Int(Vec<Option<i32>>),
    Long(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
    Bytes(Vec<Option<&'r [u8]>>),
}

impl<'r> Column<'r> {
    fn beginning_with(cell: Cell<'r>) -> Self {
        match cell {
            Cell::Uuid(value) => Self::Uuid(vec![value]),
            Cell::Text(value) => Self::Text(vec![value]),
            Cell::Int(value) => Self::Int(vec![value]),
            Cell::Long(value) => Self::Long(vec![value]),
            Cell::Bool(value) => Self::Bool(vec![value]),
            Cell::Bytes(value) => Self::Bytes(vec![value]),
        }
    }

    /// Adds the next row's cell.
    ///
    /// # Errors
    /// One of another type: the columns would no longer fit beside each other.
    fn push(&mut self, cell: Cell<'r>) -> Result<()> {
        match (self, cell) {
            (Self::Uuid(column), Cell::Uuid(value)) => column.push(value),
            (Self::Text(column), Cell::Text(value)) => column.push(value),
            (Self::Int(column), Cell::Int(value)) => column.push(value),
            (Self::Long(column), Cell::Long(value)) => column.push(value),
            (Self::Bool(column), Cell::Bool(value)) => column.push(value),
            (Self::Bytes(column), Cell::Bytes(value)) => column.push(value),
            _ => return Err(encoding("a column of two types".into())),
        }
        Ok(())
    }

    fn bind(self, arguments: &mut PgArguments) -> std::result::Result<(), BoxDynError> {
        match self {
            Self::Uuid(column) => arguments.add(column),
            Self::Text(column) => arguments.add(column),
            Self::Int(column) => arguments.add(column),
            Self::Long(column) => arguments.add(column),
            Self::Bool(column) => arguments.add(column),
            Self::Bytes(column) => arguments.add(column),
        }
    }
}

/// Binds rows as one array for each column, and adds `UNNEST($1, …)` to the text.
fn unnest(cells: Cells<'_>, width: usize, arguments: &mut PgArguments, text: &mut String) -> Result<()> {
    let mut columns: Vec<Column<'_>> = Vec::with_capacity(width);
    for (place, cell) in cells.0.into_iter().enumerate() {
        match columns.get_mut(place % width) {
            Some(column) => column.push(cell)?,
            None => columns.push(Column::beginning_with(cell)),
        }
    }
    let mut before = "UNNEST(";
    for column in columns {
        column.bind(arguments).map_err(encoding)?;
        let _ = write!(text, "{before}${}", arguments.len());
        before = ", ";
    }
    text.push(')');
    Ok(())
}

/// Adds `(?, …), …` for so many rows to the text.
fn placeholders(rows: usize, width: usize, text: &mut String) {
    text.reserve(rows * (3 * width + 2));
    for row in 0..rows {
        text.push_str(if row == 0 { "(?" } else { ", (?" });
        for _ in 1..width {
            text.push_str(", ?");
        }
        text.push(')');
    }
}

/// Writes rows: `head VALUES (…), … tail` on SQLite, `head SELECT * FROM UNNEST(…) tail` on PostgreSQL. `cells` adds the values of a row,
/// as many for each and of the same types.
pub(crate) async fn write<'r, T: Sync>(
    tx: &mut Tx,
    (head, width, tail): (&'static str, usize, &'static str),
    rows: &'r [T],
    cells: impl Fn(&mut Cells<'r>, &'r T) + Send + Sync,
) -> Result<()> {
    let collect = |rows: &'r [T]| {
        let mut all = Cells(Vec::with_capacity(rows.len() * width));
        for row in rows {
            cells(&mut all, row);
        }
        debug_assert_eq!(all.0.len(), rows.len() * width, "{head}");
        all
    };
    match tx {
        Tx::Sqlite(c) => {
            // the next statement is made ready while the one before runs in the connection's thread
            let ready = |rest: &mut &'r [T]| {
                if rest.is_empty() {
                    return Ok(None);
                }
                let count = (1 << rest.len().ilog2()).min(MOST_ROWS);
                let (now, later) = rest.split_at(count);
                *rest = later;
                let mut text = format!("{head} VALUES ");
                placeholders(count, width, &mut text);
                text.push(' ');
                text.push_str(tail);
                let mut arguments = SqliteArguments::default();
                arguments.reserve(count * width, 0);
                collect(now).bind(&mut arguments)?;
                Result::Ok(Some((text, arguments)))
            };
            let mut rest = rows;
            let mut next = ready(&mut rest)?;
            while let Some((text, arguments)) = next {
                let running = sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut **c);
                let (done, after) = tokio::join!(running, async { ready(&mut rest) });
                done?;
                next = after?;
            }
        }
        Tx::Postgres(c) => {
            for rows in rows.chunks(MOST_IN_ARRAYS) {
                let mut text = format!("{head} SELECT * FROM ");
                let mut arguments = PgArguments::default();
                unnest(collect(rows), width, &mut arguments, &mut text)?;
                text.push(' ');
                text.push_str(tail);
                sqlx::query_with(AssertSqlSafe(text), arguments)
                    .execute(&mut **c)
                    .await?;
            }
        }
    }
    Ok(())
}

/// All rows of a query about a list of keys: `head (the list) tail`. The head has its parameters, `$1` and so on, each once and in order;
/// `cells` adds the values of a key. An empty list finds nothing. Whoever needs an order sorts what comes: a long list is read in pieces, and
/// a planner that is asked for one reads a whole index in that order sooner than it looks the keys up.
pub(crate) async fn fetch<'k, R, T: Sync>(
    tx: &mut Tx,
    (head, tail): (&'static str, &'static str),
    parameters: &[Cell<'k>],
    keys: &'k [T],
    width: usize,
    cells: impl Fn(&mut Cells<'k>, &'k T) + Send + Sync,
) -> Result<Vec<R>>
where
    R: for<'a> FromRow<'a, SqliteRow> + for<'a> FromRow<'a, PgRow> + Send + Unpin,
{
    let collect = |keys: &'k [T], count: usize| {
        let mut all = Cells(parameters.to_vec());
        // a list that is not long enough says its last key again
        let padding = keys.last().into_iter().cycle();
        for key in keys.iter().chain(padding).take(count) {
            cells(&mut all, key);
        }
        debug_assert_eq!(all.0.len(), parameters.len() + count * width, "{head}");
        all
    };
    debug_assert!(!tail.contains("ORDER BY"), "{head} … {tail}");
    let mut found = Vec::new();
    match tx {
        Tx::Sqlite(c) => {
            for keys in keys.chunks(MOST_ROWS) {
                let count = keys.len().next_power_of_two();
                let mut text = head.to_owned();
                for number in 1..=parameters.len() {
                    text = text.replace(&format!("${number}"), "?");
                }
                if width == 1 {
                    text.push_str(" (?");
                    text.push_str(&", ?".repeat(count - 1));
                    text.push_str(") ");
                } else {
                    text.push_str(" (VALUES ");
                    placeholders(count, width, &mut text);
                    text.push_str(") ");
                }
                text.push_str(tail);
                let mut arguments = SqliteArguments::default();
                arguments.reserve(parameters.len() + count * width, 0);
                collect(keys, count).bind(&mut arguments)?;
                let query = sqlx::query_as_with(AssertSqlSafe(text), arguments);
                found.append(&mut query.fetch_all(&mut **c).await?);
            }
        }
        Tx::Postgres(c) => {
            for keys in keys.chunks(MOST_IN_ARRAYS) {
                let mut arguments = PgArguments::default();
                let mut list = collect(keys, keys.len());
                let rest = list.0.split_off(parameters.len());
                list.bind(&mut arguments)?;
                let mut text = String::with_capacity(head.len() + tail.len() + 40);
                match head.strip_suffix("IN") {
                    // each of them is looked up; of a list beside the table the planner knows nothing, and may read all of the table for it
                    Some(column) if width == 1 => {
                        text.push_str(column);
                        text.push_str("= ANY");
                        let mut list = String::new();
                        unnest(Cells(rest), width, &mut arguments, &mut list)?;
                        text.push_str(list.trim_start_matches("UNNEST"));
                    }
                    _ => {
                        text.push_str(head);
                        text.push_str(" (SELECT * FROM ");
                        unnest(Cells(rest), width, &mut arguments, &mut text)?;
                        text.push(')');
                    }
                }
                text.push(' ');
                text.push_str(tail);
                // planned anew for the length of this list: a plan that is kept would be one for tables that were empty
                let query = sqlx::query_as_with(AssertSqlSafe(text), arguments).persistent(false);
                found.append(&mut query.fetch_all(&mut **c).await?);
            }
        }
    }
    Ok(found)
}
