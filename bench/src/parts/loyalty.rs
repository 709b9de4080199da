//! Points: posted while bookings are imported and for what was booked before, another rule over all of it, and members who have earned a lot.

use super::seed::put_people;
use super::server::{Client, Server};
use super::{house, import, pages};
use crate::population::{DAY_MILLIS, NOW, TODAY, person};
use crate::report::{Row, grouped, median, millis, quantile, times};
use crate::{Plan, Result};
use posthouse_app::clock::SystemEntropy;
use posthouse_domain::loyalty::{Expiry, Lot, Wallet};
use posthouse_domain::time::day_text;
use posthouse_domain::{Day, Entropy};
use posthouse_store::loyalty::{self as store, EntryRow, LotRow, LotSource};
use posthouse_store::{Access, Store};
use rayon::prelude::*;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The rule.
pub(super) const RULE: &str = "points-and-tiers";
/// Bookings of so many days earn, and are previewed.
const DAYS: Day = 730;
/// Customers of one transaction.
const BATCH: u32 = 20_000;
/// Members with so many lines.
const LINES: [i64; 2] = [10_000, 50_000];
/// How often each page is asked for.
const ROUNDS: usize = 40;
/// Occasions that the house settles together; the table beside it does the same.
const TOGETHER: usize = 256;

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    while_importing(plan).await?;
    let folder = folder(plan, "loyalty")?;
    let key = seed(plan, &folder).await?;
    let server = Server::start_by_hand(&folder, &key, 0)?;
    let client = server.client();
    catch_up(&folder, &client, plan).await?;
    preview(&folder, &client, &server).await?;
    server.stop()?;
    let members = enrich(&folder).await?;
    let server = Server::start_by_hand(&folder, &key, 0)?;
    look(&server.client(), &members)?;
    server.stop()
}

fn folder(plan: &Plan, name: &str) -> Result<PathBuf> {
    let folder = plan.folder.join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Puts the rule into force.
fn bind(client: &Client, plan: &Plan) -> Result<()> {
    let plugin = client.upload(plan.packed(RULE)?)?;
    let rule = json!({"digest": plugin["digest"], "config": {}});
    client.send("PUT", "bindings/loyalty/main", &rule)?;
    Ok(())
}

/// Begins a programme whose bookings earn from a day on.
fn begin(client: &Client, since: Day) -> Result<()> {
    let terms = json!({"name": {"zh-CN": "积分", "en": "points"}, "enrol": "automatic", "since": day_text(since)});
    client.send("PUT", "loyalty/programme", &terms)?;
    Ok(())
}

async fn database(folder: &Path) -> Result<SqliteConnection> {
    Ok(SqliteConnection::connect(&house::address(folder)).await?)
}

/// How many occasions were settled, once nothing waits any more.
async fn settled(folder: &Path) -> Result<i64> {
    let mut connection = database(folder).await?;
    loop {
        let open = "SELECT EXISTS (SELECT 1 FROM loyalty_touched) OR EXISTS (SELECT 1 FROM loyalty_occasion WHERE state = 'waiting')";
        let (open,): (bool,) = sqlx::query_as(open).fetch_one(&mut connection).await?;
        if !open {
            let done = "SELECT count(*) FROM loyalty_occasion WHERE state = 'settled'";
            let (done,): (i64,) = sqlx::query_as(done).fetch_one(&mut connection).await?;
            connection.close().await?;
            return Ok(done);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Seconds of an import into a new agency, with a programme or without one; with it, the seconds until all was posted, and how many occasions.
async fn import(plan: &Plan, name: &str, with: bool) -> Result<(f64, f64, i64)> {
    let folder = folder(plan, name)?;
    let file = import::write_file(&folder, plan.import_rows)?;
    let store = Store::open(&house::address(&folder)).await?;
    let key = house::found(&store).await?;
    store.close().await;
    let server = Server::start_by_hand(&folder, &key, 0)?;
    if with {
        bind(&server.client(), plan)?;
        begin(&server.client(), TODAY - 3_650)?;
    }
    let began = Instant::now();
    let mut command = server.command(&["import", "bookings", "--json"])?;
    let output = command.arg(&file).stderr(Stdio::null()).output()?;
    let seconds = began.elapsed().as_secs_f64();
    let done: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(done["accepted"], plan.import_rows, "{done}");
    let (mut whole, mut occasions) = (seconds, 0);
    if with {
        occasions = settled(&folder).await?;
        whole = began.elapsed().as_secs_f64();
    }
    server.stop()?;
    Ok((seconds, whole, occasions))
}

async fn while_importing(plan: &Plan) -> Result<()> {
    let (bare, ..) = import(plan, "import-bare", false).await?;
    let (seconds, whole, occasions) = import(plan, "import-club", true).await?;
    Row {
        work: format!(
            "import of {} bookings into a new agency with a loyalty programme: {} occasions asked about and posted meanwhile; SQLite",
            grouped(plan.import_rows),
            grouped(occasions as u64)
        ),
        ours: format!(
            "{seconds:.1} s, all posted after {whole:.1} s: {} occasions/s",
            grouped((occasions as f64 / whole) as u64)
        ),
        beside: format!("the same import without a programme: {bare:.1} s"),
        ratio: format!("{} of it", times(whole / bare)),
        reach: String::new(),
        reached: None,
    }
    .print();
    Ok(())
}

/// An agency with its customers and bookings; its key.
async fn seed(plan: &Plan, folder: &Path) -> Result<String> {
    let store = Store::open(&house::address(folder)).await?;
    let key = house::found(&store).await?;
    let agency = only_agency(&store).await?;
    for from in (0..plan.customers).step_by(BATCH as usize) {
        let numbers = from..plan.customers.min(from + BATCH);
        let people = numbers.into_par_iter().map(person).map(|person| {
            let facts = person.facts();
            (person, facts)
        });
        let people = people.collect();
        let mut tx = store.write(Access::Agency(agency)).await?;
        put_people(&mut tx, agency, people).await?;
        tx.commit().await?;
    }
    store.close().await;
    Ok(key)
}

async fn only_agency(store: &Store) -> Result<Uuid> {
    let mut tx = store.read(Access::Jobs).await?;
    Ok(posthouse_store::team::agencies(&mut tx).await?.remove(0).id)
}

/// A programme begins, and everything booked in two years earns.
async fn catch_up(folder: &Path, client: &Client, plan: &Plan) -> Result<()> {
    bind(client, plan)?;
    let began = Instant::now();
    begin(client, TODAY - DAYS)?;
    let occasions = settled(folder).await?;
    let seconds = began.elapsed().as_secs_f64();
    let bare = bare_ledger(folder).await?;
    let rate = occasions as f64 / seconds;
    Row {
        work: format!(
            "a programme begins in an agency of {} customers: {} occasions asked about and posted, with tiers, statements and facts; SQLite",
            grouped(plan.customers),
            grouped(occasions as u64)
        ),
        ours: format!("{} occasions/s, {seconds:.1} s", grouped(rate as u64)),
        beside: format!(
            "a bare table of postings and one of balances, nobody asked, {TOGETHER} to a transaction: {} postings/s",
            grouped(bare as u64)
        ),
        ratio: format!("{:.2} × as fast", rate / bare),
        reach: "≥ 5,000/s".into(),
        reached: Some(rate >= 5_000.0),
    }
    .print();
    Ok(())
}

/// Postings per second of the plainest ledger: a row for each booking and a balance for each customer, as safe against a power cut as the house.
async fn bare_ledger(folder: &Path) -> Result<f64> {
    let mut house = database(folder).await?;
    let bookings = format!(
        "SELECT id, customer_id, amount FROM booking WHERE booked_on >= {} AND amount IS NOT NULL LIMIT 100000",
        TODAY - DAYS
    );
    let bookings: Vec<(String, Vec<u8>, i64)> = sqlx::query_as(AssertSqlSafe(bookings)).fetch_all(&mut house).await?;
    house.close().await?;
    let mut bare = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", folder.join("bare.db").display())).await?;
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE posting (booking TEXT PRIMARY KEY, customer BLOB, points BIGINT)",
        "CREATE TABLE balance (customer BLOB PRIMARY KEY, points BIGINT)",
    ] {
        sqlx::query(statement).execute(&mut bare).await?;
    }
    let began = Instant::now();
    for some in bookings.chunks(TOGETHER) {
        let mut tx = bare.begin().await?;
        for (booking, customer, amount) in some {
            sqlx::query("INSERT INTO posting VALUES ($1, $2, $3)")
                .bind(booking)
                .bind(customer)
                .bind(amount / 100)
                .execute(&mut *tx)
                .await?;
            sqlx::query(
                "INSERT INTO balance VALUES ($1, $2) ON CONFLICT (customer) DO UPDATE SET points = balance.points + excluded.points",
            )
            .bind(customer)
            .bind(amount / 100)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    bare.close().await?;
    Ok(bookings.len() as f64 / seconds)
}

/// Another rule is played over two years.
async fn preview(folder: &Path, client: &Client, server: &Server) -> Result<()> {
    let bound = client.get("bindings/loyalty/main")?;
    let config = json!({"multipliers": {"member": 100, "silver": 120, "gold": 150, "platinum": 200}});
    let asked = json!({"binding": "main", "digest": bound["digest"], "config": config, "days": DAYS});
    let began = Instant::now();
    let path = format!(
        "loyalty/previews/{}",
        client.post("loyalty/preview", &asked)?["id"]
            .as_str()
            .ok_or("no preview")?
    );
    let done = loop {
        let preview = client.get(&path)?;
        match preview["state"].as_str() {
            Some("done") => break preview,
            Some("waiting" | "running") => std::thread::sleep(Duration::from_millis(100)),
            _ => return Err(format!("{preview}").into()),
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let occasions = done["occasions"].as_i64().unwrap_or_default();
    let million = seconds * 1e6 / occasions as f64;
    let mut connection = database(folder).await?;
    let bare = Instant::now();
    let sums = format!(
        "SELECT booked_on / 30, sum(amount / 100), sum(amount / 100 * 12 / 10) FROM booking WHERE booked_on >= {} GROUP BY 1",
        TODAY - DAYS
    );
    let months: Vec<(i64, i64, i64)> = sqlx::query_as(AssertSqlSafe(sums)).fetch_all(&mut connection).await?;
    let bare = bare.elapsed().as_secs_f64();
    connection.close().await?;
    assert!(!months.is_empty());
    Row {
        work: format!(
            "preview of a loyalty rule over two years: {} occasions of {} members, both rules asked about each and about tiers; {:.0} MB at most",
            grouped(occasions as u64),
            grouped(done["members"].as_u64().unwrap_or_default()),
            server.peak()
        ),
        ours: format!("{seconds:.1} s; {million:.1} s a million"),
        beside: format!("one SQL select that adds up two prices of a point by month, without tiers: {:.0} ms", bare * 1e3),
        ratio: format!("{} of it", times(seconds / bare)),
        reach: "≤ 30 s a million".into(),
        reached: Some(million <= 30.0),
    }
    .print();
    Ok(())
}

/// Gives members so many more lines on their statements, a lot for every tenth; their ids.
async fn enrich(folder: &Path) -> Result<Vec<Uuid>> {
    let store = Store::open(&house::address(folder)).await?;
    let agency = only_agency(&store).await?;
    let mut tx = store.read(Access::Agency(agency)).await?;
    let first = store::played_behind(&mut tx, agency, Uuid::nil(), LINES.len() as i64).await?;
    let first: Vec<Uuid> = first.iter().map(|row| row.customer_id).collect();
    let members = store::members(&mut tx, agency, &first).await?;
    drop(tx);
    let mut ids = Vec::new();
    for (mut member, lines) in members.into_iter().zip(LINES) {
        let customer_id = member.customer_id;
        let (mut entries, mut lots) = (Vec::new(), Vec::new());
        for n in 1..=lines {
            let at = NOW - (lines - n) * DAY_MILLIS * i64::from(DAYS) / lines;
            let on_day = (at / DAY_MILLIS) as Day;
            member.entries += 1;
            member.available += 1;
            if n % 10 == 0 {
                let lot = Lot {
                    id: SystemEntropy.id(at),
                    wallet: Wallet::Points,
                    issued: 10,
                    waits: None,
                    expires: Expiry::On(TODAY + 900),
                    since: Some(on_day),
                    until: Some(TODAY + 900),
                    left: 10,
                    held: 0,
                    reversed: 0,
                    expired: 0,
                    charged: 0,
                    notices: 0,
                };
                let source = LotSource::default();
                lots.push(LotRow {
                    customer_id,
                    source,
                    lot,
                });
            }
            entries.push(EntryRow {
                customer_id,
                nth: member.entries,
                id: SystemEntropy.id(at),
                at,
                on_day,
                wallet: "points".into(),
                kind: "adjusted".into(),
                about_kind: "adjustment".into(),
                about: n.to_string(),
                pending: 0,
                available: 1,
                held: 0,
                owed: 0,
                pending_after: member.pending,
                available_after: member.available,
                held_after: member.held,
                owed_after: member.owed,
                lots: "[]".into(),
                binding: String::new(),
                reason: "null".into(),
                decision_id: None,
                actor_id: None,
            });
        }
        let mut tx = store.write(Access::Agency(agency)).await?;
        store::put(&mut tx, agency, std::slice::from_ref(&member)).await?;
        store::put_lots(&mut tx, agency, &lots).await?;
        store::insert_entries(&mut tx, agency, &entries).await?;
        tx.commit().await?;
        ids.push(customer_id);
    }
    store.close().await;
    Ok(ids)
}

fn look(client: &Client, members: &[Uuid]) -> Result<()> {
    while !client.ready()? {
        std::thread::sleep(Duration::from_millis(1));
    }
    let cookie = pages::sign_in(client)?;
    let measure = |path: &str, rounds: usize| -> Result<(f64, f64, usize)> {
        let mut size = client.page(&cookie, path)?.1;
        let mut took = Vec::new();
        for _ in 0..rounds {
            let (time, bytes) = client.page(&cookie, path)?;
            took.push(time);
            size = size.max(bytes);
        }
        Ok((median(&took), quantile(&took, 0.95), size))
    };
    let (beside, beside_slow, _) = measure("/settings", ROUNDS)?;
    for (id, lines) in members.iter().zip(LINES) {
        let page = measure(&format!("/members/{id}"), ROUNDS)?;
        let mut asked = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            client.get(&format!("members/{id}/ledger?limit=100"))?;
            asked.push(millis(began.elapsed()));
        }
        let file = measure(&format!("/members/{id}/statement.csv?from=2000-01-01"), 3)?;
        Row {
            work: format!("the page of a member with {} lines, a lot open for every tenth; SQLite", grouped(lines as u64)),
            ours: format!(
                "p50 {:.1} ms, p95 {:.1} ms, {} kB; a page of the statement by API {:.1} ms; all of it as a file {:.0} ms, {} kB",
                page.0,
                page.1,
                page.2 / 1024,
                median(&asked),
                file.0,
                grouped((file.2 / 1024) as u64)
            ),
            beside: format!("`/settings`, which reads no member: p50 {beside:.1} ms, p95 {beside_slow:.1} ms"),
            ratio: format!("{} of it", times(page.1 / beside_slow)),
            reach: "p95 ≤ 50 ms".into(),
            reached: Some(page.1 <= 50.0),
        }
        .print();
    }
    Ok(())
}
