//! A database that was made by an earlier version goes on with this one.

use posthouse_store::{Access, Store, intake};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use std::borrow::Cow;
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);
const CUSTOMER: Uuid = Uuid::from_u128(2);

/// The tables of the first version.
fn first(mut migrator: Migrator) -> Migrator {
    let first = migrator.iter().filter(|migration| migration.version == 1).cloned();
    migrator.migrations = Cow::Owned(first.collect());
    migrator
}

/// An agency with one customer whose facts do not change by themselves; ids as the engine writes them.
fn rows(id: impl Fn(Uuid) -> String) -> [String; 3] {
    let (agency, customer) = (id(AGENCY), id(CUSTOMER));
    [
        format!("INSERT INTO agency VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"),
        format!("INSERT INTO customer VALUES ({agency}, {customer}, 0, '{{}}', '', 1, 1, 1, 1)"),
        format!("INSERT INTO fact VALUES ({agency}, 0, {customer}, 1, NULL, '{{\"trips_total\": 2}}')"),
    ]
}

/// Facts that came later are counted for everyone: all rows are due to be folded again.
async fn everyone_is_due(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let due = intake::due_customers(&mut tx, AGENCY, 1, 10).await.expect("who is due");
    assert_eq!(due, [CUSTOMER]);
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn rows_of_the_first_version_are_folded_again_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}?mode=rwc", folder.path().join("old.db").display());
    let pool = SqlitePool::connect(&address).await.expect("SQLite opens");
    first(sqlx::migrate!("../../migrations/sqlite"))
        .run(&pool)
        .await
        .expect("the first version");
    for sql in rows(|id| format!("x'{}'", id.simple())) {
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("a row");
    }
    pool.close().await;
    everyone_is_due(&address).await;
}

/// The owner of the tables is a plain user, as in the README: row-level security is forced on it as well.
#[tokio::test]
async fn rows_of_the_first_version_are_folded_again_on_postgres() {
    let url = posthouse_tests::postgres::database();
    let (server, name) = url.rsplit_once('/').expect("an address ends in a name");
    let host = server.rsplit_once('@').map_or("127.0.0.1", |(_, host)| host);
    posthouse_tests::postgres::sql(&url, "CREATE ROLE keeper LOGIN CREATEROLE");
    posthouse_tests::postgres::sql(&url, &format!("ALTER DATABASE \"{name}\" OWNER TO keeper"));
    posthouse_tests::postgres::sql(&url, "ALTER SCHEMA public OWNER TO keeper");
    let address = format!("postgres://keeper@{host}/{name}");
    // who may give the two roles to others was settled by whoever made them, perhaps for another database of the cluster
    for role in ["posthouse_agency", "posthouse_jobs"] {
        let give = format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN GRANT {role} TO keeper WITH ADMIN OPTION; END IF; END $$"
        );
        posthouse_tests::postgres::sql(&url, &give);
    }
    let pool = PgPool::connect(&address).await.expect("PostgreSQL opens");
    first(sqlx::migrate!("../../migrations/postgres"))
        .run(&pool)
        .await
        .expect("the first version");
    pool.close().await;
    for sql in rows(|id| format!("'{id}'")) {
        posthouse_tests::postgres::sql(&url, &sql);
    }
    everyone_is_due(&address).await;
}
