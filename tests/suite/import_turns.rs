//! Files of one agency do not keep those of another waiting, however many there are.

use posthouse_tests::{Client, Database, Options, Server};
use std::time::Duration;

on_both_engines!(a_small_file_is_imported_beside_many_large_ones);

/// Agencies with large files: as many as have one open at once.
const CROWD: usize = 4;
/// Large files of each.
const FILES: usize = 3;
/// Rows of each.
const ROWS: u32 = 60_000;
/// How many rows of theirs may land while one of somebody else's waits: fewer than the files have that are open when it comes. It is counted in
/// rows, as a turn takes as long as the machine needs.
const PATIENCE: i64 = (CROWD as i64 - 1) * ROWS as i64;

fn file(begin: &str, rows: u32) -> Vec<u8> {
    let rows: String = (0..rows).map(|row| format!("{begin}{row},Guest {row}\n")).collect();
    format!("member_no,name\n{rows}").into_bytes()
}

fn a_small_file_is_imported_beside_many_large_ones(database: Database) {
    let server = Server::start(database, Options::default());
    let crowd: Vec<Client> = (0..CROWD).map(|n| server.agency(&format!("crowd-{n}"))).collect();
    let newcomers = ["one", "two"].map(|slug| server.agency(slug));
    let mut large = Vec::new();
    for (number, client) in (0..FILES).flat_map(|number| crowd.iter().map(move |client| (number, client))) {
        let job = client.start_import("customers", &file(&format!("F{number}-"), ROWS));
        large.push((client, job.expect(202)["id"].as_str().unwrap().to_owned()));
    }
    let stand = || -> Vec<(String, i64)> {
        let jobs = large
            .iter()
            .map(|(client, id)| client.get(&format!("/api/v1/imports/{id}")).expect(200));
        jobs.map(|job| (job["state"].as_str().unwrap().to_owned(), job["rows"].as_i64().unwrap()))
            .collect()
    };
    let landed = || -> i64 { stand().iter().map(|(_, rows)| rows).sum() };
    for client in &newcomers {
        let before = landed();
        assert_eq!(client.import("customers", &file("N", 1))["accepted"], 1);
        let meanwhile = landed() - before;
        println!("{meanwhile} rows of large files, {before} before it");
        assert!(meanwhile < PATIENCE, "{meanwhile} rows of large files came first");
    }
    let under_way = stand().iter().filter(|(state, _)| state != "done").count();
    assert!(under_way >= CROWD, "files are still under way: {under_way}");
    // whoever had to let others before it goes on where it was, and every agency has its turns
    posthouse_tests::eventually("every agency has had its turn", Duration::from_secs(120), || {
        let first = &stand()[..CROWD];
        first.iter().all(|(_, rows)| *rows > 0).then_some(())
    });
    for (client, id) in &large {
        client
            .send("DELETE", &format!("/api/v1/imports/{id}"), "", &[])
            .expect(200);
    }
    for client in &crowd {
        let customers = client.get("/api/v1/customers?limit=1").expect(200);
        assert!(!customers["items"].as_array().unwrap().is_empty());
    }
}
