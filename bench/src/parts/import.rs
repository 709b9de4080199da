//! An agency's first import: a file of bookings, each matched to a customer by telephone, e-mail or member number.

use super::house;
use super::server::Server;
use crate::population::{Person, TODAY, Trip, person};
use crate::report::{Row, grouped, times};
use crate::{Plan, Result};
use posthouse_domain::time::day_text;
use posthouse_store::Store;
use sqlx::{Connection, PgConnection, SqliteConnection};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Rows the house lands together; the bare inserts share a transaction in the same way.
const TOGETHER: usize = 1_000;
/// Rows of a statement of the bare inserts.
const STATEMENT: usize = 500;

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    on(plan, None).await?;
    match &plan.postgres {
        Some(server) => on(plan, Some(server)).await,
        None => Ok(()),
    }
}

/// Imports into a new database, on SQLite or on this server of PostgreSQL.
async fn on(plan: &Plan, postgres: Option<&str>) -> Result<()> {
    let engine = if postgres.is_some() { "PostgreSQL" } else { "SQLite" };
    let folder = plan.folder.join(format!("import-{engine}"));
    std::fs::create_dir_all(&folder)?;
    let file = write_file(&folder, plan.import_rows)?;
    let (house, beside) = match postgres {
        None => (
            house::address(&folder),
            format!("sqlite:{}?mode=rwc", folder.join("bare.db").display()),
        ),
        Some(server) => (
            house::new_database(server, "house").await?,
            house::new_database(server, "bare").await?,
        ),
    };
    let store = Store::open(&house).await?;
    let key = house::found(&store).await?;
    store.close().await;
    let server = Server::start_on(&folder, &house, &key)?;
    // rules in force, so that segments follow the import as they do in a house at work
    server.bind(plan)?;

    let began = Instant::now();
    let mut command = server.command(&["import", "bookings", "--json"])?;
    let mut command = command
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peaks = Vec::new();
    while command.try_wait()?.is_none() {
        peaks.push(server.peak());
        std::thread::sleep(Duration::from_millis(100));
    }
    let seconds = began.elapsed().as_secs_f64();
    let output = command.wait_with_output()?;
    let done: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(done["accepted"], plan.import_rows, "{done}");
    // memory that grows with the rows would show between the first fifth, when everything is warm, and the end
    let peak = server.peak();
    let grown = peak - peaks.get(peaks.len() / 5).copied().unwrap_or(peak);
    server.stop()?;

    let bare = if postgres.is_some() {
        bare_inserts_postgres(&beside, &file).await?
    } else {
        bare_inserts_sqlite(&beside, &file).await?
    };
    let rows = f64::from(plan.import_rows);
    Row {
        work: format!(
            "import of {} bookings with identity matching on {engine}, into a new agency with three bindings; peak {peak:.0} MB, \
             {grown:.0} MB more than after a fifth of the rows",
            grouped(plan.import_rows)
        ),
        ours: format!("{seconds:.1} s, {} rows/s", grouped((rows / seconds) as u64)),
        beside: format!(
            "the same cells inserted into one table of the same engine, {} to a transaction: {bare:.2} s",
            grouped(TOGETHER as u64)
        ),
        ratio: format!("{} of it", times(seconds / bare)),
        reach: "≤ 60 s for 100,000, flat memory".into(),
        reached: Some(seconds <= 60.0 * rows / 100_000.0 && grown <= 64.0),
    }
    .print();
    Ok(())
}

/// The file, its rows in no order of customers.
pub(super) fn write_file(folder: &Path, rows: u32) -> Result<PathBuf> {
    let mut bookings: Vec<(u64, Person, Trip)> = Vec::new();
    for person in (0..).map(person) {
        for trip in &person.trips {
            // a fixed shuffle
            let place = (bookings.len() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bookings.push((place, person.clone(), trip.clone()));
        }
        if bookings.len() >= rows as usize {
            break;
        }
    }
    bookings.truncate(rows as usize);
    bookings.sort_by_key(|(place, ..)| *place);
    let mut text = String::from(
        "booking_id,external_id,customer_member_no,customer_phone,customer_email,customer_name,booked_at,product,destination,theme,\
         departs,returns,travellers,amount,cost,status,channel\n",
    );
    for (place, person, trip) in &bookings {
        // most rows name two of the three, so that identities have to be joined
        let member = if place % 3 == 0 {
            String::new()
        } else {
            person.member_no()
        };
        let phone = person.phone();
        let email = if place % 2 == 0 {
            format!("guest{}@example.com", person.number)
        } else {
            String::new()
        };
        let Trip { id, details } = trip;
        let day = |day: Option<i32>| day_text(day.unwrap_or(TODAY));
        let major = |minor: Option<i64>| format!("{:.2}", minor.unwrap_or(0) as f64 / 100.0);
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        writeln!(
            text,
            "{id},{id},{member},{phone},{email},{},{},{},{},{},{},{},{},{},{},confirmed,{}",
            person.name,
            day(details.booked_on),
            said(&details.product),
            said(&details.destination),
            said(&details.theme),
            day(details.departs_on),
            day(details.returns_on),
            details.travellers.unwrap_or(1),
            major(details.amount),
            major(details.cost),
            said(&details.channel),
        )?;
    }
    let path = folder.join("bookings.csv");
    std::fs::write(&path, &text)?;
    Ok(path)
}

/// Seconds for the same cells in one table, nothing matched and nothing counted, as safe against a power cut as the house.
macro_rules! bare_inserts {
    ($name:ident, $database:ty, $connection:ty, $prepare:expr) => {
        async fn $name(address: &str, file: &Path) -> Result<f64> {
            let mut connection = <$connection>::connect(address).await?;
            for statement in $prepare {
                sqlx::query(statement).execute(&mut connection).await?;
            }
            let began = Instant::now();
            let text = std::fs::read_to_string(file)?;
            let mut lines = text.lines();
            let columns = lines.next().unwrap_or_default().replace(',', " TEXT, ");
            let table = format!("CREATE TABLE booking ({columns} TEXT, PRIMARY KEY (booking_id))");
            sqlx::query(sqlx::AssertSqlSafe(table))
                .execute(&mut connection)
                .await?;
            let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
            for rows in rows.chunks(TOGETHER) {
                let mut transaction = connection.begin().await?;
                for rows in rows.chunks(STATEMENT) {
                    let mut query = sqlx::QueryBuilder::<$database>::new("INSERT INTO booking ");
                    query.push_values(rows, |mut row, cells| {
                        for cell in cells {
                            row.push_bind(*cell);
                        }
                    });
                    query.build().execute(&mut *transaction).await?;
                }
                transaction.commit().await?;
            }
            let seconds = began.elapsed().as_secs_f64();
            connection.close().await?;
            Ok(seconds)
        }
    };
}

bare_inserts!(
    bare_inserts_sqlite,
    sqlx::Sqlite,
    SqliteConnection,
    ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"]
);
bare_inserts!(bare_inserts_postgres, sqlx::Postgres, PgConnection, ["SELECT 1"]);
