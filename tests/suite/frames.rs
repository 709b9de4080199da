//! The saved frame: a restart reads it, and nothing can tell but the time it takes.

use super::intake::{event, facts};
use super::segments::{CLOCK, bind, file, purchases};
use posthouse_tests::{Client, Database, Options, Server, plugins};
use serde_json::json;
use std::path::PathBuf;

on_both_engines!(a_restart_reads_the_saved_frame);

fn serve(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("frames");
    client.import("bookings", file(&purchases(300)).as_bytes());
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    (server, client)
}

fn call(client: &Client, from: usize) {
    let calls: Vec<_> = (from..from + 5)
        .map(|i| {
            let member = format!("C{}", i * 3);
            event(
                "contact.made",
                &format!("call-{i}"),
                "2026-01-14T09:00:00+08:00",
                &[("member_no", &member)],
                json!({}),
            )
        })
        .collect();
    assert_eq!(client.events(&calls)["accepted"], 5);
}

/// Whether the frame came from its file at the latest start.
fn from_file(server: &Server) -> bool {
    let log = std::fs::read_to_string(server.log()).unwrap();
    let line = log.lines().rfind(|line| line.contains("the frame is read"));
    line.unwrap_or_else(|| panic!("no frame was read: {log}"))
        .contains(r#""from_file":true"#)
}

fn saved(server: &Server) -> PathBuf {
    let folder = server.folder.path().join("data/frames");
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().expect("a frame was saved");
    assert_eq!(files.next(), None, "and nothing beside it");
    file
}

fn restart(server: &mut Server, client: &mut Client) {
    server.restart();
    client.base.clone_from(&server.base);
}

fn a_restart_reads_the_saved_frame(database: Database) {
    let (mut server, mut client) = serve(database);
    let look = |client: &Client| {
        // a run has followed everything there was
        client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
        (facts(client), client.segments_by_customer("rfm"))
    };
    let before = look(&client);
    assert!(server.stop());
    restart(&mut server, &mut client);
    assert!(look(&client) == before);
    assert!(from_file(&server));
    // what came after it was saved is read from the database
    call(&client, 0);
    let after = look(&client);
    assert!(after != before);
    server.kill();
    restart(&mut server, &mut client);
    assert!(look(&client) == after);
    assert!(from_file(&server));
    // a damaged file costs time and nothing else
    assert!(server.stop());
    let path = saved(&server);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, bytes).unwrap();
    restart(&mut server, &mut client);
    assert!(look(&client) == after);
    assert!(!from_file(&server));
    // a clock set back: what was folded for later days is folded again
    server.stop();
    server.restart_at("fixed:2026-01-14T04:00:00Z");
    client.base.clone_from(&server.base);
    assert!(look(&client).0["C0"]["recency-days"] != after.0["C0"]["recency-days"]);
    assert!(!from_file(&server));
}

#[test]
fn a_frame_of_another_past_is_not_taken() {
    let (mut server, mut client) = serve(Database::Sqlite);
    let before = facts(&client);
    assert!(server.stop());
    let database = server.folder.path().join("posthouse.db");
    let kept = std::fs::read(&database).unwrap();
    restart(&mut server, &mut client);
    call(&client, 0);
    assert!(facts(&client) != before);
    assert!(server.stop());
    // the backup comes back, and goes on differently up to the same change number
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(server.folder.path().join(format!("posthouse.db{suffix}")));
    }
    std::fs::write(&database, kept).unwrap();
    restart(&mut server, &mut client);
    assert!(facts(&client) == before);
    assert!(!from_file(&server));
}
