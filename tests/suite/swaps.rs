//! Two hundred swaps while events and runs go on: no request fails, nothing is decided by a mixture.

use super::intake::event;
use super::segments::{CLOCK, bind, file, purchases};
use posthouse_tests::{Database, Options, Server, plugins};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

on_both_engines!(two_hundred_swaps_under_load);

fn two_hundred_swaps_under_load(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("swaps");
    client.import("bookings", file(&purchases(500)).as_bytes());
    let component = plugins::packed("rfm");
    bind(&client, "value", &component, json!({}));
    let other = client.admit(&plugins::packed("sample"));
    let facts: Vec<Value> = client.get(&format!("/api/v1/plugins/{other}")).expect(200)["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["key"].clone())
        .collect();
    let rfm = client.admit(&component);
    let keys = |digest: &str| -> Vec<String> {
        let plugin = client.get(&format!("/api/v1/plugins/{digest}")).expect(200);
        plugin["segments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|segment| segment["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let (rfm_keys, other_keys) = (keys(&rfm), keys(&other));
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let (client, stop, sent) = (&client, &stop, &sent);
            scope.spawn(move || {
                for i in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let member = format!("C{}", (i * 7 + sender) % 520);
                    let one = event(
                        "booking.confirmed",
                        &format!("{sender}-{i}"),
                        "2026-01-14T09:00:00+08:00",
                        &[("member_no", &member)],
                        json!({"amount": 100 * i}),
                    );
                    let answer = client.events(&[one]);
                    assert_eq!(answer["accepted"], 1, "{answer}");
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let segments = client.get("/api/v1/segments").expect(200);
                let items = segments["items"].as_array().unwrap();
                let digest = items[0]["digest"].as_str().unwrap();
                let seen: Vec<&str> = items.iter().map(|item| item["key"].as_str().unwrap()).collect();
                assert_eq!(
                    seen,
                    if digest == rfm { &rfm_keys } else { &other_keys }
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>(),
                    "one rule at a time"
                );
                assert!(items.iter().all(|item| item["digest"] == digest));
                let members: u64 = items.iter().map(|item| item["count"].as_u64().unwrap()).sum();
                // RFM puts everyone somewhere, the other rule only those who have just come home
                assert_eq!(digest == rfm, members >= 500, "{items:?}");
            }
        });
        let swaps = scope.spawn(|| {
            for swap in 0..200u64 {
                let digest = if swap % 2 == 0 { &other } else { &rfm };
                let bound = client
                    .put(
                        "/api/v1/bindings/segmentation/value",
                        &json!({"digest": digest, "config": {}, "grant": facts}),
                    )
                    .expect(200);
                assert_eq!(
                    (bound["revision"].as_u64(), &bound["digest"]),
                    (Some(swap + 2), &json!(digest))
                );
            }
        });
        let result = swaps.join();
        stop.store(true, Ordering::Relaxed);
        result.unwrap();
    });
    assert!(sent.load(Ordering::Relaxed) > 50, "events went on meanwhile");
    // what stands after the storm is what a quiet run gives: nobody was decided by the other rule
    let run = client
        .post("/api/v1/segmentation/runs", &json!({"binding": "value"}))
        .expect(200);
    let run = if run["items"].is_array() {
        run["items"][0].clone()
    } else {
        run
    };
    let quiet = client.segments_by_customer("value");
    assert_eq!(quiet.len() as u64, run["customers"].as_u64().unwrap());
    let history = client.all("/api/v1/bindings/segmentation/value/history");
    assert_eq!(history.len(), 201);
    let again = client
        .post("/api/v1/segmentation/runs", &json!({"binding": "value"}))
        .expect(200);
    let again = if again["items"].is_array() {
        again["items"][0].clone()
    } else {
        again
    };
    assert_eq!(again["changed"], 0);
}
