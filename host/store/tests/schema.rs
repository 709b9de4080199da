//! The tables of both engines: the same in every respect that either of them can tell, and keyed by their agency.

use posthouse_store::{Access, Store, Tx};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the tables of a database are, each fact a line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Schema {
    /// `table.column kind`, and whether it may be empty.
    columns: BTreeSet<String>,
    /// Columns of each primary and unique key, by table.
    keys: BTreeSet<(String, Vec<String>)>,
    /// Name and columns of each further index.
    indexes: BTreeSet<(String, Vec<String>)>,
    /// Columns that lead to columns of another table.
    foreign: BTreeSet<(String, Vec<String>, String)>,
    /// The words that the checks of a table name.
    checks: BTreeMap<String, BTreeSet<String>>,
}

/// A column's type by what it holds; SQLite has no type of its own for ids.
fn kind(name: &str) -> &str {
    match name {
        "uuid" | "bytea" => "blob",
        "real" => "double precision",
        "int" => "integer",
        other => other,
    }
}

/// Words in quotes.
fn quoted(text: &str) -> impl Iterator<Item = String> {
    text.split('\'').skip(1).step_by(2).map(str::to_owned)
}

/// The checks in a statement that creates a table.
fn checks_of(statement: &str) -> Vec<&str> {
    let begins = statement.match_indices("CHECK (").map(|(at, found)| at + found.len());
    begins
        .map(|from| {
            let mut open = 1;
            let end = statement[from..].find(|c| {
                open += i32::from(c == '(') - i32::from(c == ')');
                open == 0
            });
            &statement[from..from + end.expect("parentheses in pairs")]
        })
        .collect()
}

fn is_own(table: &str) -> bool {
    !table.starts_with("_sqlx") && !table.starts_with("sqlite_")
}

type Column = (String, String, String, bool);
/// Table, name, position and column of a key or an index, and whether it is unique.
type Indexed = (String, String, i64, Option<String>, bool);
/// Table, number of the key, column, other table and its column.
type Leading = (String, i64, String, String, String);

fn gather(columns: Vec<Column>, indexed: Vec<Indexed>, leading: Vec<Leading>, checks: Vec<(String, String)>) -> Schema {
    let mut schema = Schema::default();
    for (table, column, name, needed) in columns.into_iter().filter(|row| is_own(&row.0)) {
        let empty = if needed { "" } else { " or nothing" };
        schema
            .columns
            .insert(format!("{table}.{column} {}{empty}", kind(&name.to_lowercase())));
    }
    let mut by_name: BTreeMap<(String, String, bool), BTreeMap<i64, String>> = BTreeMap::new();
    for (table, name, at, column, unique) in indexed.into_iter().filter(|row| is_own(&row.0)) {
        let columns = by_name.entry((table, name, unique)).or_default();
        columns.insert(at, column.unwrap_or_else(|| "…".into()));
    }
    for ((table, name, unique), columns) in by_name {
        let columns = columns.into_values().collect();
        if unique {
            schema.keys.insert((table, columns));
        } else {
            schema.indexes.insert((name, columns));
        }
    }
    let mut by_number: BTreeMap<(String, i64, String), Vec<(String, String)>> = BTreeMap::new();
    for (table, number, from, other, to) in leading.into_iter().filter(|row| is_own(&row.0)) {
        by_number.entry((table, number, other)).or_default().push((from, to));
    }
    for ((table, _, other), mut pairs) in by_number {
        pairs.sort();
        let (from, to): (Vec<String>, Vec<String>) = pairs.into_iter().unzip();
        schema
            .foreign
            .insert((table, from, format!("{other}({})", to.join(", "))));
    }
    for (table, check) in checks.into_iter().filter(|row| is_own(&row.0)) {
        let mut words = quoted(&check).peekable();
        if words.peek().is_some() {
            schema.checks.entry(table).or_default().extend(words);
        }
    }
    schema
}

async fn of_sqlite(store: &Store) -> Schema {
    let Tx::Sqlite(mut c) = store.read(Access::Jobs).await.expect("a transaction") else {
        panic!("another engine");
    };
    let columns = sqlx::query_as(
        "SELECT m.name, i.name, i.type, i.\"notnull\" <> 0 FROM sqlite_master m, pragma_table_info(m.name) i WHERE m.type = 'table'",
    );
    let columns = columns.fetch_all(&mut *c).await.expect("columns");
    let indexed = sqlx::query_as(
        "SELECT m.name, l.name, i.seqno, i.name, l.\"unique\" <> 0
         FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE m.type = 'table'",
    );
    let mut indexed: Vec<Indexed> = indexed.fetch_all(&mut *c).await.expect("indexes");
    // a whole number that is a key by itself has no index
    let rows = sqlx::query_as(
        "SELECT m.name, 'row', 0, i.name, TRUE FROM sqlite_master m, pragma_table_info(m.name) i
         WHERE m.type = 'table' AND i.pk = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l WHERE l.origin = 'pk')",
    );
    indexed.extend(rows.fetch_all(&mut *c).await.expect("keys"));
    let leading = sqlx::query_as(
        "SELECT m.name, f.id, f.\"from\", f.\"table\", f.\"to\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    );
    let leading = leading.fetch_all(&mut *c).await.expect("foreign keys");
    let statements: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
            .fetch_all(&mut *c)
            .await
            .expect("statements");
    let checks = statements.iter().flat_map(|(table, statement)| {
        let checks = checks_of(statement).into_iter();
        checks.map(|check| (table.clone(), check.to_owned()))
    });
    gather(columns, indexed, leading, checks.collect())
}

async fn of_postgres(store: &Store) -> Schema {
    let Tx::Postgres(mut c) = store.read(Access::Agency(Uuid::nil())).await.expect("a transaction") else {
        panic!("another engine");
    };
    let columns = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL), a.attnotnull FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
    );
    let columns = columns.fetch_all(&mut *c).await.expect("columns");
    let indexed = sqlx::query_as(
        "SELECT t.relname::text, i.relname::text, k.at - 1, a.attname::text, x.indisunique FROM pg_index x
         JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
         CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY k (number, at)
         LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number AND k.number > 0
         WHERE t.relnamespace = 'public'::regnamespace",
    );
    let indexed = indexed.fetch_all(&mut *c).await.expect("indexes");
    let leading = sqlx::query_as(
        "SELECT t.relname::text, x.oid::bigint, a.attname::text, o.relname::text, b.attname::text FROM pg_constraint x
         JOIN pg_class t ON t.oid = x.conrelid JOIN pg_class o ON o.oid = x.confrelid
         CROSS JOIN LATERAL unnest(x.conkey, x.confkey) k (own, other)
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.own
         JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = k.other
         WHERE x.contype = 'f' AND t.relnamespace = 'public'::regnamespace",
    );
    let leading = leading.fetch_all(&mut *c).await.expect("foreign keys");
    let checks = sqlx::query_as(
        "SELECT t.relname::text, pg_get_constraintdef(x.oid) FROM pg_constraint x JOIN pg_class t ON t.oid = x.conrelid
         WHERE x.contype = 'c' AND t.relnamespace = 'public'::regnamespace",
    );
    let checks = checks.fetch_all(&mut *c).await.expect("checks");
    gather(columns, indexed, leading, checks)
}

async fn both() -> (Schema, Schema) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("schema.db").display());
    let sqlite = Store::open(&address).await.expect("SQLite opens");
    let postgres = Store::open(&posthouse_tests::postgres::database())
        .await
        .expect("PostgreSQL opens");
    (of_sqlite(&sqlite).await, of_postgres(&postgres).await)
}

fn same<T: Ord + Clone + std::fmt::Debug>(what: &str, sqlite: &BTreeSet<T>, postgres: &BTreeSet<T>) {
    assert!(sqlite.len() > 10, "{what}: {sqlite:?}");
    let only = |one: &BTreeSet<T>, other: &BTreeSet<T>| one.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(
        (only(sqlite, postgres), only(postgres, sqlite)),
        (Vec::new(), Vec::new()),
        "{what} of SQLite alone, and of PostgreSQL alone"
    );
}

#[tokio::test]
async fn both_engines_have_the_same_tables() {
    let (sqlite, postgres) = both().await;
    same("columns", &sqlite.columns, &postgres.columns);
    same("keys", &sqlite.keys, &postgres.keys);
    same("indexes", &sqlite.indexes, &postgres.indexes);
    same("foreign keys", &sqlite.foreign, &postgres.foreign);
    assert!(sqlite.checks.len() > 3, "{:?}", sqlite.checks);
    assert_eq!(sqlite.checks, postgres.checks);
}

/// Tables of the installation, which belong to no agency, and the list of agencies itself.
const NOBODYS: [&str; 3] = ["agency", "installation", "room_to_write"];

#[tokio::test]
async fn every_key_begins_with_its_agency_or_has_it() {
    let (sqlite, postgres) = both().await;
    for schema in [&sqlite, &postgres] {
        for (table, columns) in schema
            .keys
            .iter()
            .filter(|(table, _)| !NOBODYS.contains(&table.as_str()))
        {
            assert_eq!(columns[0], "agency_id", "a key of {table}: {columns:?}");
        }
        for (table, columns, other) in &schema.foreign {
            let to_agency = other == "agency(id)" && columns == &["agency_id"];
            let within = columns.iter().any(|column| column == "agency_id") && other.contains("agency_id");
            assert!(to_agency || within, "{table}{columns:?} leads to {other}");
        }
    }
}
