//! Files of one agency do not keep those of another waiting, however many there are.

use posthouse_tests::{Client, Database, Options, Server};
use std::time::{Duration, Instant};

on_both_engines!(a_small_file_is_imported_beside_many_large_ones);

/// Agencies with large files: as many as have one open at once.
const CROWD: usize = 4;
/// Large files of each.
const FILES: usize = 3;
/// How long a file of one row may take beside them: a matter of a second or two on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(15);

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
        let job = client.start_import("customers", &file(&format!("F{number}-"), 60_000));
        large.push((client, job.expect(202)["id"].as_str().unwrap().to_owned()));
    }
    let stand = || -> Vec<(String, i64)> {
        let jobs = large
            .iter()
            .map(|(client, id)| client.get(&format!("/api/v1/imports/{id}")).expect(200));
        jobs.map(|job| (job["state"].as_str().unwrap().to_owned(), job["rows"].as_i64().unwrap()))
            .collect()
    };
    for client in &newcomers {
        let began = Instant::now();
        assert_eq!(client.import("customers", &file("N", 1))["accepted"], 1);
        let took = began.elapsed();
        let waiting = stand().iter().filter(|(state, _)| state != "done").count();
        println!("{took:?} beside {waiting} large files");
        assert!(
            waiting >= CROWD * FILES / 2,
            "the large files are still under way: {waiting}"
        );
        assert!(took < PATIENCE, "{took:?} beside {waiting} large files");
    }
    // whoever had to let others before it goes on where it was, and every agency has its turns
    let begun = stand().iter().filter(|(_, rows)| *rows > 0).count();
    assert!(begun >= CROWD, "{begun}");
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
