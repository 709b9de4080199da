//! What one host does to others on its database: one that is frozen in the middle of everything, and breakers that act at the same time.

use super::exactly_once::{id_of, settle};
use super::failing_offers::{TRAP, binding, failing};
use super::faults::{fragile, views};
use super::quotes::rule;
use super::segments::bind;
use super::two_hosts::Hosts;
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::{Guest, Saving};
use posthouse_tests::postgres::sql;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a healthy host's answer may take. It is a matter of 2 s on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(6);

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_frozen_host_silences_nobody() {
    let hosts = Hosts::start();
    let [healthy, other] = &hosts.shops;
    let budget = json!({"budget": {"total": 100_000_000}});
    let campaign = healthy.run("spring", &healthy.plan(&rule(Saving::Amount(7)), 1, budget));
    let (done, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut slowest = Duration::ZERO;
    std::thread::scope(|scope| {
        // everybody takes from the same budget
        for _ in 0..8 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let body = basket(None, 1_000, &[]).to_string();
                    // what a frozen host had begun may be ended by the database
                    let answer =
                        other
                            .client
                            .try_send("POST", "/api/v1/quotes", "application/json", body.as_bytes(), &[]);
                    assert!(answer.is_ok_and(|answer| matches!(answer.status, 201 | 503)));
                    sent.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 1..=5 {
            eventually("the other host is at work", Duration::from_secs(60), || {
                (sent.load(Ordering::SeqCst) > 40 * round).then_some(())
            });
            signal(hosts.servers[1].pid(), "-STOP");
            for number in 0..10 {
                let began = Instant::now();
                let quote = id_of(&healthy.quote(None, 1_000, &[]));
                settle(healthy, &quote, "confirm", &format!("B-{round}-{number}")).expect(200);
                assert_eq!(healthy.client.get("/readyz").status, 200);
                slowest = slowest.max(began.elapsed());
            }
            signal(hosts.servers[1].pid(), "-CONT");
        }
        done.store(true, Ordering::SeqCst);
    });
    println!("the slowest answer of the healthy host took {slowest:?}");
    assert!(slowest < PATIENCE, "the slowest took {slowest:?}");
    let quotes = healthy.client.all("/api/v1/quotes");
    let count = |state: &str| quotes.iter().filter(|quote| quote["state"] == state).count() as i64;
    let totals = (7 * count("open"), 7 * count("confirmed"));
    assert_eq!(
        (healthy.budget(&campaign), healthy.sum_of_entries(&campaign)),
        (totals, totals)
    );
    assert_eq!(count("confirmed"), 50);
}

/// What happened to a binding, the latest first: each revision with its cause.
fn history(client: &Client) -> Vec<(i64, String)> {
    let all = client.all("/api/v1/bindings/segmentation/sites/history");
    let entry = |entry: &Value| {
        (
            entry["revision"].as_i64().unwrap(),
            entry["cause"].as_str().unwrap().to_owned(),
        )
    };
    all.iter().map(entry).collect()
}

#[test]
fn a_breaker_takes_nobodys_choice_back() {
    let hosts = Hosts::start();
    let named = |name: &str| Guest {
        name: name.into(),
        segment: Guest::default().segment,
        ..fragile()
    };
    for number in 0..6 {
        let client = hosts.servers[0].agency(&format!("trips-{number}"));
        let mut other = client.clone();
        other.base.clone_from(&hosts.servers[1].base);
        client.events(&views("A", 0, 10));
        bind(&client, "sites", &named("good").build(), json!({}));
        bind(&client, "sites", &fragile().build(), json!({}));
        let digest = client.admit(&named("chosen").build());
        client.events(&views("A", 10, 531));
        for client in [&client, &other] {
            eventually("both see it fail", Duration::from_secs(60), || {
                let found = client.get("/api/v1/bindings/segmentation/sites").expect(200);
                (!found["stale_since"].is_null()).then_some(())
            });
        }
        let run = |client: &Client| {
            for _ in 0..2 {
                client.post("/api/v1/segmentation/runs", &json!({}));
            }
        };
        // the third fault on both hosts, and an operator who has seen enough
        let chosen = std::thread::scope(|scope| {
            scope.spawn(|| run(&client));
            scope.spawn(|| run(&other));
            let body = json!({"digest": digest, "config": {}, "mode": "active"});
            let put = client.send(
                "PUT",
                "/api/v1/bindings/segmentation/sites",
                "application/json",
                body.to_string().as_bytes(),
            );
            put.expect(200)["revision"].as_i64().unwrap()
        });
        let history = history(&client);
        assert_eq!(history[0], (chosen, "activation".to_owned()), "{history:?}");
        let trips = history.iter().filter(|(_, cause)| cause == "breaker").count();
        assert!(trips <= 1, "{history:?}");
    }
}

/// Faults in a row of a binding's rule, as all hosts have counted them.
fn faults(hosts: &Hosts, name: &str) -> String {
    let counted = format!("SELECT faults FROM binding WHERE name = '{name}'");
    sql(&hosts.servers[0].database, &counted)
}

#[test]
fn faults_of_an_offer_are_counted_over_all_hosts() {
    let hosts = Hosts::start();
    let [one, other] = &hosts.shops;
    let campaign = one.run("spring", &one.plan(&rule(Saving::Amount(7)), 1, json!({})));
    let good = binding(one, "spring")["digest"].clone();
    one.amend(&campaign, &failing(1_000, TRAP));
    for (shop, count) in [(one, "1"), (other, "2")] {
        shop.quote(None, 1_000, &[]);
        eventually("the fault is counted", Duration::from_secs(60), || {
            (faults(&hosts, "spring") == count).then_some(())
        });
    }
    other.quote(None, 2_000, &[]);
    eventually("an answer ends the row", Duration::from_secs(60), || {
        (faults(&hosts, "spring") == "0").then_some(())
    });
    assert_eq!(binding(one, "spring")["revision"], 2, "two faults are not too many");
    // two on one host and one on the other
    for shop in [one, other, one] {
        shop.quote(None, 1_000, &[]);
    }
    eventually("the last good rule is back", Duration::from_secs(60), || {
        (binding(other, "spring")["digest"] == good).then_some(())
    });
    let history = one.client.all("/api/v1/bindings/promotion/spring/history");
    let causes: Vec<_> = history.iter().map(|entry| &entry["cause"]).collect();
    assert_eq!(causes, ["breaker", "activation", "activation"]);
}

#[test]
fn a_fault_over_an_event_counts_once_wherever_it_is_met() {
    let hosts = Hosts::start();
    let client = hosts.servers[0].agency("trips");
    let mut other = client.clone();
    other.base.clone_from(&hosts.servers[1].base);
    let good = Guest {
        name: "good".into(),
        segment: Guest::default().segment,
        ..fragile()
    };
    client.events(&views("A", 0, 10));
    bind(&client, "sites", &good.build(), json!({}));
    bind(&client, "sites", &fragile().build(), json!({}));
    client.events(&views("A", 10, 531));
    for client in [&client, &other] {
        eventually("every host has met it", Duration::from_secs(60), || {
            let metrics = client.get("/metrics").text;
            metrics
                .contains("posthouse_rule_faults_total{extension_point=\"segmentation\"}")
                .then_some(())
        });
    }
    assert_eq!(faults(&hosts, "sites"), "1");
    let run = |client: &Client| client.post("/api/v1/segmentation/runs", &json!({}));
    assert!(run(&client).status >= 400);
    assert_eq!((faults(&hosts, "sites").as_str(), history(&client)[0].0), ("2", 2));
    assert!(run(&other).status >= 400);
    assert_eq!(history(&client)[0], (3, "breaker".to_owned()));
}

#[test]
fn a_host_with_another_kind_of_clock_is_refused() {
    for (mine, other) in [
        (Some("manual:2026-01-15"), "system"),
        (None, "fixed:2026-01-15"),
        (Some("fixed:2026-01-15"), "manual:2026-01-15"),
    ] {
        let options = Options {
            clock: mine,
            ..Options::default()
        };
        let first = Server::start(Database::Postgres, options);
        let mut second = first.beside();
        second.kill();
        let serve = |language: &str, clock: &str| {
            let mut command = second.command(&["serve", "--listen", "127.0.0.1:0", "--clock", clock, "--json"]);
            let output = command.env("LANG", language).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            (output.status.code(), String::from_utf8(said).unwrap())
        };
        let (exit, said) = serve("C", other);
        assert_eq!(exit, Some(1), "{said}");
        assert!(
            said.contains("other_clock") && said.contains("give all hosts the same clock"),
            "{said}"
        );
        let (exit, said) = serve("zh_CN.UTF-8", other);
        assert_eq!(exit, Some(1), "{said}");
        assert!(said.contains("请让所有主机使用同一种时钟"), "{said}");
        second.restart();
    }
}

#[test]
fn what_one_host_lets_in_the_others_open_at_once() {
    let hosts = Hosts::start();
    let opened = |host: usize| {
        let cache = hosts.servers[host].folder.path().join("data/cache");
        std::fs::read_dir(cache).map_or(0, |files| files.count())
    };
    let before = opened(1);
    // nobody asks the other host for anything
    hosts.shops[0].client.admit(&rule(Saving::Amount(77)));
    eventually("the other host has opened it", Duration::from_secs(60), || {
        (opened(1) > before).then_some(())
    });
}
