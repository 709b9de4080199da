//! An agency that lends itself to everything a plugin or a file can do to a server: rules that never end, that take long to compile, that ask for
//! memory, and files one after the other. Another agency's quotes go on as before, and what it takes is bounded.

use super::quotes::{CLOCK, rule};
use super::siege::{Attack, Siege};
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::{Guest, PromotionGuest, Saving, costly};
use posthouse_tests::{Campaigns, Client, Database, Options, Server};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Customers of the agency whose rules are asked about all of them.
const CUSTOMERS: u32 = 5_000;
/// Campaigns whose rules take as long as they may.
const CAMPAIGNS: i32 = 10;

/// Loads that wait for each other, all over the memory that a rule may have, as many as its fuel lasts for.
const CHASE: &str = "(drop (memory.grow (i32.const 240)))
    (loop $again
        (local.set $i (i32.load (i32.and (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223)) (i32.const 0xeffffc))))
        (br $again))";

fn customers(begin: &str, rows: u32) -> Vec<u8> {
    let rows: String = (0..rows).map(|row| format!("{begin}{row},Guest {row}\n")).collect();
    format!("member_no,name\n{rows}").into_bytes()
}

/// What so many senders do again and again, each with its number and the number of its turn.
fn again_and_again(stop: &AtomicBool, senders: usize, act: impl Fn(usize, usize) + Sync) {
    std::thread::scope(|scope| {
        for sender in 0..senders {
            let act = &act;
            scope.spawn(move || {
                for turn in 0.. {
                    act(sender, turn);
                    if stop.load(Relaxed) {
                        return;
                    }
                }
            });
        }
    });
}

/// Uploads until told to stop. Each is refused, or told to come later.
fn uploads(greedy: &Client, stop: &AtomicBool, components: &[Vec<u8>]) {
    again_and_again(stop, components.len(), |sender, _| {
        let answer = greedy.upload(&components[sender]);
        assert!(matches!(answer.status, 422 | 503), "{}", answer.text);
    });
}

#[test]
fn guests_under_torture() {
    let server = Server::start(
        Database::Sqlite,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let shop = Campaigns::new(&server.agency("shop"));
    shop.group("season", "stackable");
    shop.run("spring", &shop.plan(&rule(Saving::Amount(1)), 1, json!({})));
    let greedy = server.agency("greedy");
    let files: Vec<Vec<u8>> = (0..10).map(|file| customers(&format!("F{file}-"), 20_000)).collect();
    greedy.import("customers", &customers("C", CUSTOMERS));
    let slow = slow_campaigns(&greedy);
    let siege = Siege::of(&server, &shop.client);

    let looping: Vec<Vec<u8>> = (0..8)
        .map(|number| {
            Guest {
                version: format!("1.0.{number}"),
                before: "(loop $ever (br $ever))".into(),
                ..Guest::default()
            }
            .build()
        })
        .collect();
    let dear: Vec<Vec<u8>> = vec![
        // of so many that the fastest machine does not compile them within its limit
        costly::nested_loops(800, 1_000, 250),
        costly::written_out_tables(20, 20_000),
        costly::long_function(150_000),
    ];
    let schema = Guest {
        schema: costly::schema_of_patterns(300),
        ..Guest::default()
    };
    let golden = costly::with_golden(&costly::golden_of_rows(95_000));
    let large = [schema.build(), golden];
    let attacks: [(&str, Attack<'_>); 5] = [
        ("uploads that never end", &|stop| uploads(&greedy, stop, &looping)),
        ("uploads that are dear to compile", &|stop| {
            uploads(&greedy, stop, &dear)
        }),
        ("schemas and golden cases", &|stop| uploads(&greedy, stop, &large)),
        ("rules that take as long as they may", &|stop| {
            again_and_again(stop, 20, |_, _| {
                let answer = slow.post("/api/v1/quotes", &basket(None, 7_777, &[]));
                assert!(matches!(answer.status, 201 | 503), "{}", answer.text);
            });
        }),
        ("files", &|stop| import(&greedy, stop, &files)),
    ];
    for (name, attack) in attacks {
        let took = siege.withstand(name, attack);
        assert!(took.memory < 400 << 20, "{name}: {took:?}");
        assert!(took.disk < 400 << 20, "{name}: {took:?}");
    }
}

/// An agency's campaigns whose rules go through memory until their fuel is gone.
fn slow_campaigns(greedy: &Client) -> Client {
    let shop = Campaigns::new(greedy);
    shop.group("season", "stackable");
    for number in 1..=CAMPAIGNS {
        let guest = PromotionGuest {
            name: format!("slow-{number}"),
            before: PromotionGuest::at_price(7_777, CHASE),
            ..PromotionGuest::default()
        };
        shop.run(&format!("slow-{number}"), &shop.plan(&guest.build(), number, json!({})));
    }
    shop.client
}

/// Ten files at once, each again when it is done; none is left under way.
fn import(greedy: &Client, stop: &AtomicBool, files: &[Vec<u8>]) {
    again_and_again(stop, files.len(), |sender, _| {
        let answer = greedy.start_import("customers", &files[sender]);
        if answer.status == 202 {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/imports/{id}");
            while !stop.load(Relaxed) && greedy.get(&path).expect(200)["state"] != "done" {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            greedy.send("DELETE", &path, "", &[]);
        } else {
            assert!(matches!(answer.status, 409 | 503), "{}", answer.text);
        }
    });
}
