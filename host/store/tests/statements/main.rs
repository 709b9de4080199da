//! The first wall between agencies: every statement says of every table that the rows it means are its agency's.

mod building;
mod examples;
mod grammar;
mod predicate;
mod sources;
mod tokens;
mod writes;

use posthouse_store::Store;
use sources::{Sources, Statement};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

/// Statements that mean the rows of more than one agency, or of none: how each begins, and why it may.
const EVERYBODY: &[(&str, &str)] = &[
    // what is the installation's
    ("INSERT INTO installation (", "the installation has one row"),
    (
        "SELECT key_check FROM installation WHERE id = 1",
        "the installation has one row",
    ),
    (
        "INSERT INTO room_to_write (",
        "what is written to know whether there is room is nobody's",
    ),
    (
        "DELETE FROM room_to_write WHERE id <= $1",
        "what is written to know whether there is room is nobody's",
    ),
    (
        "SELECT version, checksum FROM _sqlx_migrations",
        "which migrations were run is nobody's",
    ),
    (
        "SELECT count(*) FROM sqlite_master",
        "whether migrations were run is nobody's",
    ),
    ("SELECT name FROM pg_settings", "settings are the server's"),
    (
        "SELECT DISTINCT CAST(objid AS BIGINT) FROM pg_locks",
        "hosts go by clocks of one kind, whomever they serve",
    ),
    ("PRAGMA busy_timeout = 300", "how long a connection waits is its own"),
    // what an operator looks at before a start, and the list of agencies
    (
        "SELECT a.slug, c.kind, c.was, c.customer_id FROM normal_form_clash c JOIN agency a",
        "`doctor` looks at every agency; on PostgreSQL it asks for one after the other, behind the second wall",
    ),
    (
        "SELECT a.slug, b.extension_point, b.name, p.unopened, b.set_aside_until, b.stale_since FROM binding b JOIN agency a",
        "`doctor` looks at every agency's rules in the same way",
    ),
    ("SELECT id FROM agency ORDER BY slug", "`doctor` asks for every agency"),
    (
        "SELECT id, slug, name, time_zone, currency, country FROM agency ORDER BY slug",
        "a host serves every agency",
    ),
    (
        "SELECT id FROM agency WHERE slug = $1",
        "whoever signs in names the agency by its slug",
    ),
    (
        "SELECT agency_id FROM staff WHERE email = $1",
        "whoever signs in without naming an agency is looked for in all of them",
    ),
    (
        "SELECT agency_id FROM staff_identity WHERE issuer = $1",
        "whoever comes from a provider is looked for in the same way",
    ),
    // what hosts look for in every agency, as `Access::Jobs`
    (
        "SELECT DISTINCT b.agency_id FROM binding b JOIN counter c",
        "a host looks for agencies that are behind",
    ),
    (
        "SELECT DISTINCT b.agency_id, r.digest FROM binding b JOIN binding_revision r",
        "a host opens the rules of every agency before it is ready",
    ),
    (
        "WITH taken AS (SELECT agency_id, kind, key FROM job WHERE lane = $7 AND clock = $1",
        "a host takes the jobs that are due, whosever they are",
    ),
    (
        "SELECT due FROM job WHERE lane = $3 AND clock = $1",
        "a host sleeps until the next job is due, whosever it is",
    ),
    (
        "UPDATE job SET held_until = 0, host = NULL WHERE host IS NOT NULL",
        "the only host frees every job at its start",
    ),
    (
        "UPDATE job SET held_until = 0, host = NULL, attempts = attempts - 1 WHERE host = $1 AND lane = $2",
        "a host lets go of its own jobs, whosever they are",
    ),
    (
        "UPDATE job SET due = 0, version = version + 1 WHERE kind = $1 AND due > $2",
        "a clock that was set back brings forward every agency's",
    ),
];

/// What goes to the database and does not stand where it is sent, and why that is all right.
const HIDDEN: &[(&str, &str)] = &[
    (
        "lists.rs query_with AssertSqlSafe (text)",
        "what `write_rows!` is given, which is read where it stands",
    ),
    (
        "lists.rs query_as_with AssertSqlSafe (text)",
        "what `fetch_listed!` is given, which is read where it stands",
    ),
    (
        "checkpoint.rs query AssertSqlSafe (patience)",
        "a setting of the connection",
    ),
    ("checkpoint.rs query_as how", "SQLite's log, which has no agencies"),
    ("search.rs push & blocks", "a list of numbers"),
    ("search.rs push word.to_string ()", "a number"),
];

fn store() -> Sources {
    sources::read(&posthouse_tests::root().join("host/store/src"))
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_statement_names_its_agency() {
    let sources = store();
    let mut unused: Vec<&str> = EVERYBODY.iter().map(|(begins, _)| *begins).collect();
    let mut faulty = Vec::new();
    for Statement { place, text, given } in &sources.statements {
        let faults = predicate::faults(text, given);
        if faults.is_empty() {
            continue;
        }
        let text = plain(text);
        match EVERYBODY.iter().find(|(begins, _)| text.starts_with(begins)) {
            Some((begins, _)) => unused.retain(|known| known != begins),
            None => faulty.push(format!("{place}: {}\n    {text}\n    {given:?}", faults.join("; "))),
        }
    }
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
    assert!(unused.is_empty(), "exceptions that nothing needs: {unused:#?}");
    let places: std::collections::BTreeSet<&str> = sources.statements.iter().map(|s| s.place.as_str()).collect();
    assert!(places.len() > 250, "statements were found in {} places", places.len());
}

/// The check finds it out wherever a predicate is left out.
#[test]
fn no_predicate_can_be_left_out() {
    let (mut tried, mut unnoticed) = (0, Vec::new());
    for Statement { place, text, given } in &store().statements {
        if !predicate::faults(text, given).is_empty() {
            continue;
        }
        for (at, found) in text.match_indices("agency_id = ") {
            let (before, after) = (&text[..at], &text[at + found.len()..]);
            let without = format!("{before}agency_id <> {after}");
            tried += 1;
            if predicate::faults(&without, given).is_empty() {
                unnoticed.push(format!("{place}: {}", plain(&without)));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    assert!(tried > 200, "{tried} predicates");
}

#[test]
fn every_text_of_a_statement_is_read() {
    let sources = store();
    assert_eq!(
        sources.unread, [""; 0],
        "texts that look like a statement, in no way that is known here"
    );
    let expected: Vec<&str> = HIDDEN.iter().map(|(hidden, _)| *hidden).collect();
    let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(Vec::from_iter(sources.hidden), expected);
}

/// What is read here is what the store sends: both engines take each text.
#[tokio::test]
async fn both_engines_take_every_statement() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!("sqlite:{}", folder.path().join("statements.db").display());
    let sqlite = Store::open(&file).await.expect("SQLite opens");
    let postgres = Store::open(&posthouse_tests::postgres::database())
        .await
        .expect("PostgreSQL opens");
    let (Store::Sqlite { writer, .. }, Store::Postgres(pool)) = (&sqlite, &postgres) else {
        unreachable!("one of each")
    };
    let mut refused = Vec::new();
    for Statement { place, text, .. } in store().statements {
        let of_postgres = [
            "FOR UPDATE",
            "to_regclass",
            "pg_notify",
            "pg_settings",
            "pg_advisory",
            "pg_locks",
            "set_config",
            "clock_timestamp",
        ];
        let of_sqlite = ["sqlite_master", "PRAGMA"];
        if !of_postgres.iter().any(|word| text.contains(word)) {
            let explain = AssertSqlSafe(format!("EXPLAIN {text}"));
            if let Err(error) = writer.execute(explain).await {
                refused.push(format!("{place}: SQLite: {error}\n    {}", plain(&text)));
            }
        }
        if !of_sqlite.iter().any(|word| text.contains(word)) {
            let prepared = pool.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
            // some operators have to be told the types of their values, as the store does
            let is_untyped = |error: &sqlx::Error| {
                let code = error.as_database_error().and_then(|error| error.code());
                code.is_some_and(|code| code == "42883" || code == "42804")
            };
            if let Err(error) = prepared
                && !is_untyped(&error)
            {
                refused.push(format!("{place}: PostgreSQL: {error}\n    {}", plain(&text)));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    sqlite.close().await;
    postgres.close().await;
}
