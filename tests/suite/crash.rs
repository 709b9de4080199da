//! Power cuts: nothing acknowledged is lost, nothing is doubled.

use super::intake::{event, facts};
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

on_both_engines!(
    an_import_survives_kill_9,
    acknowledged_events_survive_kill_9,
    a_polite_stop_answers_what_it_takes,
);

const CLOCK: Option<&str> = Some("fixed:2026-01-15T04:00:00Z");

fn an_import_survives_kill_9(database: Database) {
    let (mut server, mut client) = start(database);
    let rows = 12_000;
    let mut file = String::from("customer_member_no,customer_phone,booked_at,amount\n");
    for i in 0..rows {
        // no ids of their own, and many rows alike: what tells them apart must survive as well
        file += &format!(
            "M{},1391{:07},2025-{:02}-10,{}\n",
            i % 1500,
            i % 1500,
            1 + i % 3,
            100 + i % 2
        );
    }
    let first = client.start_import("bookings", file.as_bytes()).expect(202);
    for _ in 0..3 {
        let before = client.start_import("bookings", file.as_bytes()).expect(202);
        let id = before["id"].as_str().unwrap().to_owned();
        let moved = posthouse_tests::eventually("the import moves on", Duration::from_secs(60), || {
            let job = client.get(&format!("/api/v1/imports/{id}")).expect(200);
            let rows = job["rows"].as_i64().unwrap();
            (job["state"] == "done" || rows > before["rows"].as_i64().unwrap()).then_some(job)
        });
        server.kill();
        server.restart();
        client.base.clone_from(&server.base);
        if moved["state"] == "done" {
            break;
        }
    }
    let job = client.import("bookings", file.as_bytes());
    assert_eq!(
        (job["state"].as_str(), job["rows"].as_i64(), job["rejected"].as_i64()),
        (Some("done"), Some(rows), Some(0)),
        "{job}"
    );
    let job = client.imported(first["id"].as_str().unwrap());
    let found = ["customers_new", "customers_joined", "bookings_new", "bookings_changed"];
    assert_eq!(
        found.map(|key| job["report"][key].as_i64().unwrap()),
        [1_500, 0, rows, 0],
        "nobody is counted twice: {job}"
    );
    let all = facts(&client);
    assert_eq!(all.len(), 1500);
    let trips: i64 = all.values().map(|row| row["trips-total"].parse::<i64>().unwrap()).sum();
    let spend: i64 = all.values().map(|row| row["spend-total"].parse::<i64>().unwrap()).sum();
    assert_eq!((trips, spend), (rows, (0..rows).map(|i| 10_000 + (i % 2) * 100).sum()));
    assert_eq!(job["report"]["totals"][0]["amount"], spend);
    let again = client.import("bookings", file.as_bytes());
    assert_eq!(
        (again["accepted"].as_i64(), again["duplicates"].as_i64()),
        (Some(0), Some(rows))
    );
}

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("crash");
    (server, client)
}

fn call(id: &str) -> Value {
    let member = format!("S{}", &id[..1]);
    event(
        "contact.made",
        id,
        "2026-01-14T09:00:00+08:00",
        &[("member_no", &member)],
        json!({}),
    )
}

/// Eight senders, each with one event after the other, while the server is ended; gives what was acknowledged.
fn send_through(server: &mut Server, client: &Client, end: impl FnOnce(&mut Server)) -> Vec<String> {
    let sent = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let (client, sent) = (client.clone(), &sent);
                scope.spawn(move || {
                    let mut landed = Vec::new();
                    for i in 0.. {
                        let id = format!("{sender}-{i}");
                        let body = json!({"events": [call(&id)]}).to_string();
                        match client.try_send("POST", "/api/v1/events", "application/json", body.as_bytes(), &[]) {
                            Ok(answer) if answer.status == 200 => landed.push(id),
                            _ => break,
                        }
                        sent.fetch_add(1, Ordering::Relaxed);
                    }
                    landed
                })
            })
            .collect();
        posthouse_tests::eventually("some events have landed", Duration::from_secs(30), || {
            (sent.load(Ordering::Relaxed) > 100).then_some(())
        });
        end(server);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    })
}

fn acknowledged_events_survive_kill_9(database: Database) {
    let (mut server, mut client) = start(database);
    let acknowledged = send_through(&mut server, &client, Server::kill);
    server.restart();
    client.base.clone_from(&server.base);
    let again: Vec<_> = acknowledged.iter().map(|id| call(id)).collect();
    let mut known = 0;
    for batch in again.chunks(500) {
        known += client.events(batch)["duplicates"].as_u64().unwrap();
    }
    assert_eq!(
        known as usize,
        acknowledged.len(),
        "everything acknowledged is known after the cut"
    );
}

fn a_polite_stop_answers_what_it_takes(database: Database) {
    let (mut server, mut client) = start(database);
    let acknowledged = send_through(&mut server, &client, |server| assert!(server.stop()));
    server.restart();
    client.base.clone_from(&server.base);
    let landed: usize = facts(&client)
        .values()
        .map(|row| row["contacts-90d"].parse::<usize>().unwrap())
        .sum();
    assert_eq!(
        landed,
        acknowledged.len(),
        "what landed was acknowledged, and the other way round"
    );
}
