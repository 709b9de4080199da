//! A file of a million rows: memory stays flat, and the server goes on answering.
//!
//! On demand, because it takes minutes: `make million`, or `POSTHOUSE_TEST_MILLION=200000 cargo test -p posthouse-tests million` for fewer
//! rows.

use crate::files::memory;
use posthouse_tests::{Database, Options, Server};
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};

on_both_engines!(a_million_rows_with_flat_memory, a_million_rows_of_a_workbook);

/// How much the server may grow between the fifth part of the rows and all of them.
const MOST_GROWTH: u64 = 150 << 20;
/// How long the slowest answer may take meanwhile. Generous: the machine does nothing but import.
const MOST_PATIENCE: Duration = Duration::from_secs(10);

fn rows() -> Option<usize> {
    let asked = std::env::var("POSTHOUSE_TEST_MILLION").ok()?;
    Some(asked.parse().ok().filter(|rows| *rows > 1).unwrap_or(1_000_000))
}

/// Bookings of a fifth as many customers, as an office would export them; the last fifth of the rows has no id of its own.
fn file(rows: usize) -> String {
    let mut file = String::from("流水号,订单号,会员号,手机号,姓名,下单时间,目的地,出发日期,人数,订单金额,订单状态\r\n");
    for n in 0..rows {
        let customer = n.wrapping_mul(7_919) % (rows / 5).max(1);
        let id = if n < rows / 5 * 4 {
            format!("R{n}")
        } else {
            String::new()
        };
        let (month, day) = (n % 12 + 1, n % 28 + 1);
        writeln!(
            file,
            "{id},B{n},M{customer},138{customer:08},客人{customer},2025/{month}/{day} 10:30,云南,2026/{month}/{day},{}人,\"￥{},{:03}.50\",已付款\r",
            n % 6 + 1,
            n % 90 + 1,
            n % 1_000
        )
        .unwrap();
    }
    file
}

/// The same rows as a workbook.
fn workbook(rows: usize) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let text = file(rows);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    for (row, record) in (0..).zip(reader.records()) {
        for (column, cell) in (0..).zip(&record.unwrap()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn a_million_rows_with_flat_memory(database: Database) {
    lands(database, "big.csv", |rows| file(rows).into_bytes());
}

fn a_million_rows_of_a_workbook(database: Database) {
    lands(database, "big.xlsx", workbook);
}

/// Most memory so far of the child that reads a workbook for the server; nothing once it is gone.
fn child_memory(server: &Server) -> u64 {
    let listed = Command::new("ps")
        .args(["--ppid", &server.pid().to_string(), "-o", "pid=,args="])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let child = listed.lines().find(|line| line.contains("confined workbook"));
    let status = child
        .and_then(|line| line.split_whitespace().next())
        .and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

fn lands(database: Database, name: &str, file: impl Fn(usize) -> Vec<u8>) {
    let Some(rows) = rows() else {
        println!("set POSTHOUSE_TEST_MILLION=1 to import a million rows");
        return;
    };
    let server = Server::start(database, Options::default());
    let client = server.agency("big");
    let file = file(rows);
    println!("{database:?}, {name}: {rows} rows, {} MiB", file.len() >> 20);
    let began = Instant::now();
    let job = client.start_import_of("kind=bookings", name, &file, None).expect(202);
    println!("{database:?}: kept after {:.1?}", began.elapsed());
    drop(file);
    let mut child = 0;
    let path = format!("/api/v1/imports/{}", job["id"].as_str().unwrap());
    let (mut at_a_fifth, mut most, mut slowest, mut answers) = (None, 0, Duration::ZERO, 0);
    let job = loop {
        for path in ["/readyz", "/api/v1/customers?limit=20", "/api/v1/customers?q=M1"] {
            let asked = Instant::now();
            assert_eq!(client.get(path).status, 200, "{path} while importing");
            slowest = slowest.max(asked.elapsed());
            answers += 1;
        }
        let job = client.get(&path).expect(200);
        let done = job["rows"].as_u64().unwrap() as usize;
        let now = memory(&server, "VmRSS");
        child = child.max(child_memory(&server));
        if done >= rows / 5 {
            at_a_fifth.get_or_insert(now);
            most = most.max(now);
        }
        if matches!(job["state"].as_str(), Some("done" | "failed")) {
            break job;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let took = began.elapsed();
    assert_eq!(
        (job["state"].as_str(), job["accepted"].as_u64()),
        (Some("done"), Some(rows as u64)),
        "{job}"
    );
    let at_a_fifth = at_a_fifth.unwrap();
    println!(
        "{database:?}: {:.0} rows/s; {answers} answers meanwhile, the slowest after {slowest:.1?}; {} MiB at a fifth, at most {} MiB after it, peak {} MiB, its child {} MiB",
        rows as f64 / took.as_secs_f64(),
        at_a_fifth >> 20,
        most >> 20,
        memory(&server, "VmHWM") >> 20,
        child >> 20
    );
    let growth = most.saturating_sub(at_a_fifth);
    assert!(growth < MOST_GROWTH, "grown by {} MiB", growth >> 20);
    assert!(slowest < MOST_PATIENCE, "an answer took {slowest:?}");
}
