//! Money and coupons under a crowd and under a power cut: each thing once, budgets kept to the fen, and every sum that of its entries.

use super::intake::event;
use super::quotes::{customer, rule, start};
use posthouse_tests::campaigns::{basket, traced};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Database, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

on_both_engines!(
    sixty_four_confirm_and_release_one_quote,
    sixty_four_want_the_last_of_a_budget,
    sixty_four_redeem_one_coupon,
    a_power_cut_leaves_the_totals_right,
    every_sum_is_that_of_its_entries,
);

pub(super) const CROWD: usize = 64;

/// What each of the crowd hears when all ask at once.
pub(super) fn crowd<T: Send>(ask: impl Fn(usize) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..CROWD)
            .map(|n| {
                let ask = &ask;
                scope.spawn(move || ask(n))
            })
            .collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    })
}

pub(super) fn settle(shop: &Campaigns, id: &str, how: &str, booking: &str) -> posthouse_tests::Answer {
    let path = format!("/api/v1/quotes/{id}/{how}");
    match how {
        "confirm" => shop.client.post(&path, &json!({"booking_id": booking})),
        _ => shop.client.send("POST", &path, "", &[]),
    }
}

pub(super) fn id_of(quote: &Value) -> String {
    quote["id"].as_str().unwrap().to_owned()
}

/// The kinds of the entries of a campaign.
pub(super) fn entries(shop: &Campaigns, campaign: &str) -> BTreeMap<String, usize> {
    let budget = shop
        .client
        .get(&format!("/api/v1/campaigns/{campaign}/budget?limit=1000"))
        .expect(200);
    assert_eq!(budget["next"], Value::Null);
    let mut kinds = BTreeMap::new();
    for entry in budget["entries"].as_array().unwrap() {
        *kinds.entry(entry["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

fn sixty_four_confirm_and_release_one_quote(database: Database) {
    let (_server, shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let quote = id_of(&shop.quote(None, 10_000, &[]));
    let statuses = crowd(|_| settle(&shop, &quote, "confirm", "B-1").status);
    assert_eq!(statuses, [200; CROWD]);
    assert_eq!(shop.budget(&campaign), (0, 700));

    let quote = id_of(&shop.quote(None, 10_000, &[]));
    let statuses = crowd(|_| settle(&shop, &quote, "release", "").status);
    assert_eq!(statuses, [200; CROWD]);
    assert_eq!(shop.budget(&campaign), (0, 700));

    // half want this and half want that: one of the two happens
    let quote = id_of(&shop.quote(None, 10_000, &[]));
    let answers = crowd(|n| settle(&shop, &quote, ["confirm", "release"][n % 2], "B-2"));
    let won = |how: usize| {
        answers
            .iter()
            .skip(how)
            .step_by(2)
            .filter(|answer| answer.status == 200)
            .count()
    };
    let state = shop.client.get(&format!("/api/v1/quotes/{quote}")).expect(200)["state"].clone();
    let confirmed = state == "confirmed";
    assert_eq!(
        [won(0), won(1)],
        if confirmed { [CROWD / 2, 0] } else { [0, CROWD / 2] },
        "{state}"
    );
    let spent = if confirmed { 1_400 } else { 700 };
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((0, spent), (0, spent))
    );
    let kinds = entries(&shop, &campaign);
    assert_eq!(kinds["reserve"], 3);
    assert_eq!(kinds["commit"] + kinds["release"], 3);
    // so does a booking that is called off sixty-four times
    let member = [("member_no", "M1")];
    let at = "2026-01-15T09:00:00+08:00";
    shop.client
        .events(&[event("booking.confirmed", "B-1", at, &member, json!({"amount": 9_300}))]);
    crowd(|n| {
        let data = json!({"booking_id": "B-1"});
        shop.client
            .events(&[event("booking.cancelled", &format!("c{n}"), at, &member, data)])
    });
    eventually("the budget comes back", Duration::from_secs(30), || {
        (shop.budget(&campaign) == (0, spent - 700)).then_some(())
    });
    assert_eq!(entries(&shop, &campaign)["return"], 1);
}

fn sixty_four_want_the_last_of_a_budget(database: Database) {
    let (_server, shop) = start(database);
    // ten times 7.01 and a fen less than the eleventh
    let budget = json!({"budget": {"total": 701 * 11 - 1}});
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(701)), 1, budget));
    let quotes = crowd(|_| shop.quote(None, 10_000, &[]));
    let mut codes: Vec<String> = quotes.iter().map(|quote| traced(quote, "spring")).collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes, ["applied", "over_budget"]);
    let holding: Vec<&Value> = quotes.iter().filter(|quote| quote["price"] == 9_299).collect();
    assert_eq!((holding.len(), shop.budget(&campaign)), (10, (7_010, 0)));
    let statuses = crowd(|n| settle(&shop, &id_of(&quotes[n]), "confirm", &format!("B-{n}")).status);
    assert_eq!(statuses, [200; CROWD]);
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((0, 7_010), (0, 7_010))
    );
}

fn sixty_four_redeem_one_coupon(database: Database) {
    let (_server, shop) = start(database);
    let plan = shop.plan(&rule(Saving::Amount(700)), 1, json!({"needs_coupon": true}));
    let campaign = shop.run("spring", &plan);
    let batch = json!({"label": "Fair", "count": 1, "uses": 5});
    let batch = shop
        .client
        .post(&format!("/api/v1/campaigns/{campaign}/coupons"), &batch)
        .expect(201);
    let code = batch["codes"][0]["code"].as_str().unwrap();
    let quotes = crowd(|_| shop.quote(None, 10_000, &[code]));
    let holding: Vec<String> = quotes
        .iter()
        .filter(|quote| quote["price"] == 9_300)
        .map(id_of)
        .collect();
    assert_eq!(holding.len(), 5);
    let look_up = || {
        let found = shop
            .client
            .post("/api/v1/coupons/look-up", &json!({"code": code}))
            .expect(200);
        (
            found["held"].as_i64().unwrap(),
            found["used"].as_i64().unwrap(),
            found["history"].as_array().unwrap().len(),
        )
    };
    assert_eq!(look_up(), (5, 0, 5));
    // each of the five is confirmed a dozen times, at once
    crowd(|n| settle(&shop, &holding[n % 5], "confirm", &format!("B-{}", n % 5)).expect(200));
    assert_eq!((look_up(), shop.budget(&campaign)), ((0, 5, 10), (0, 3_500)));
}

/// What became of the quotes of one sender, as far as it was told.
#[derive(Default)]
struct Told {
    confirmed: Vec<String>,
    released: Vec<String>,
    /// Asked for, without an answer.
    open: Vec<String>,
}

fn a_power_cut_leaves_the_totals_right(database: Database) {
    let (mut server, mut shop) = start(database);
    let budget = json!({"budget": {"total": 100_000_000}, "needs_coupon": true});
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(7)), 1, budget));
    let batch = json!({"label": "Fair", "count": 1, "uses": 10_000});
    let batch = shop
        .client
        .post(&format!("/api/v1/campaigns/{campaign}/coupons"), &batch)
        .expect(201);
    let code = batch["codes"][0]["code"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        let settled = AtomicU64::new(0);
        let told: Vec<Told> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..8)
                .map(|sender| {
                    let (shop, settled, code) = (shop.clone(), &settled, &code);
                    scope.spawn(move || send(&shop, sender, code, settled))
                })
                .collect();
            eventually("some quotes are settled", Duration::from_secs(60), || {
                (settled.load(Ordering::Relaxed) > 60).then_some(())
            });
            server.kill();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        server.restart();
        shop.move_to(&server.base);
        check(&shop, &campaign, &code, &told);
        // what was not answered is sent again, and what was answered too: both are done once
        for told in &told {
            for quote in &told.open {
                settle(&shop, quote, "release", "");
            }
            for quote in &told.confirmed {
                settle(&shop, quote, "confirm", quote).expect(200);
            }
        }
        check(&shop, &campaign, &code, &told);
    }
}

/// Quotes and settles until the server is gone.
fn send(shop: &Campaigns, sender: usize, code: &str, settled: &AtomicU64) -> Told {
    let mut told = Told::default();
    let post = |path: &str, body: &Value| {
        let sent = shop
            .client
            .try_send("POST", path, "application/json", body.to_string().as_bytes(), &[]);
        sent.ok().filter(|answer| matches!(answer.status, 200 | 201))
    };
    for n in 0.. {
        let Some(answer) = post("/api/v1/quotes", &basket(None, 1_000, &[code])) else {
            break;
        };
        let quote = id_of(&answer.json());
        let confirms = !(sender + n).is_multiple_of(3);
        let answer = if confirms {
            post(
                &format!("/api/v1/quotes/{quote}/confirm"),
                &json!({"booking_id": quote}),
            )
        } else {
            post(&format!("/api/v1/quotes/{quote}/release"), &json!({}))
        };
        match answer {
            Some(_) if confirms => told.confirmed.push(quote),
            Some(_) => told.released.push(quote),
            None => {
                told.open.push(quote);
                break;
            }
        }
        settled.fetch_add(1, Ordering::Relaxed);
    }
    told
}

/// Holds what was told against what is there, and every total against the quotes.
fn check(shop: &Campaigns, campaign: &str, code: &str, told: &[Told]) {
    let quotes = shop.client.all("/api/v1/quotes");
    let states: BTreeMap<String, &str> = quotes
        .iter()
        .map(|quote| (id_of(quote), quote["state"].as_str().unwrap()))
        .collect();
    for told in told {
        assert!(told.confirmed.iter().all(|quote| states[quote] == "confirmed"));
        assert!(told.released.iter().all(|quote| states[quote] == "released"));
    }
    let count = |state: &str| states.values().filter(|found| **found == state).count() as i64;
    let totals = (7 * count("open"), 7 * count("confirmed"));
    assert_eq!((shop.budget(campaign), shop.sum_of_entries(campaign)), (totals, totals));
    let found = shop
        .client
        .post("/api/v1/coupons/look-up", &json!({"code": code}))
        .expect(200);
    let coupon = (found["held"].as_i64().unwrap(), found["used"].as_i64().unwrap());
    assert_eq!(coupon, (count("open"), count("confirmed")));
}

/// Random steps, the same every time, with somebody who looks at the sums all the while.
fn every_sum_is_that_of_its_entries(database: Database) {
    let (mut server, mut shop) = start(database);
    let plan = |shop: &Campaigns, saving, priority: i32, total: i64| {
        shop.plan(
            &rule(saving),
            priority,
            json!({"budget": {"total": total, "per_customer": 4_000}}),
        )
    };
    let campaigns = [
        shop.run("amount", &plan(&shop, Saving::Amount(701), 1, 25_000)),
        shop.run("rate", &plan(&shop, Saving::Rate(333), 2, 1_000_000)),
    ];
    let guests: Vec<(String, String)> = (0..6)
        .map(|n| (format!("M{n}"), customer(&shop.client, &format!("M{n}"))))
        .collect();
    let mut random = 0x9e37_79b9_u64;
    let mut below = move |end: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    let clocks = [
        "fixed:2026-01-15T04:00:00Z",
        "fixed:2026-01-15T04:31:00Z",
        "fixed:2026-01-16T04:00:00Z",
    ];
    for (round, clock) in clocks.into_iter().enumerate() {
        if round > 0 {
            server.restart_at(clock);
            shop.move_to(&server.base);
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut looks = 0;
                while !done.load(Ordering::Relaxed) {
                    for campaign in &campaigns {
                        look(&shop, campaign);
                        looks += 1;
                    }
                }
                looks
            });
            let mut open: Vec<(usize, String)> = Vec::new();
            for step in 0..60 {
                match below(6) {
                    0..=2 => {
                        let guest = below(6) as usize;
                        let price = 1_000 + below(100_000) as i64;
                        open.push((guest, id_of(&shop.quote(Some(&guests[guest].1), price, &[]))));
                    }
                    3 | 4 if !open.is_empty() => {
                        let (guest, quote) = open.swap_remove(below(open.len() as u64) as usize);
                        let number = format!("R{round}-{step}");
                        settle(&shop, &quote, "confirm", &number).expect(200);
                        let member = guests[guest].0.as_str();
                        let tell = |kind: &str, data: Value| {
                            let mut data = data;
                            data["booking_id"] = number.clone().into();
                            let at = "2026-01-15T09:00:00+08:00";
                            event(kind, &format!("{kind}-{number}"), at, &[("member_no", member)], data)
                        };
                        shop.client
                            .events(&[tell("booking.confirmed", json!({"amount": 50_000}))]);
                        match below(3) {
                            0 => drop(shop.client.events(&[tell("booking.cancelled", json!({}))])),
                            1 => drop(
                                shop.client
                                    .events(&[tell("booking.refunded", json!({"amount": 12_345}))]),
                            ),
                            _ => {}
                        }
                    }
                    5 if !open.is_empty() => {
                        let (_, quote) = open.swap_remove(below(open.len() as u64) as usize);
                        settle(&shop, &quote, "release", "").expect(200);
                    }
                    _ => {}
                }
            }
            done.store(true, Ordering::Relaxed);
            assert!(looking.join().unwrap() > 10);
        });
    }
    // what open quotes hold, and what confirmed ones took less what came back, is what the budgets say
    let sums = || {
        let (mut held, mut spent) = (0, 0);
        for quote in shop.client.all("/api/v1/quotes") {
            let off = quote["list_price"].as_i64().unwrap() - quote["price"].as_i64().unwrap();
            match quote["state"].as_str().unwrap() {
                "open" => held += off,
                "confirmed" => spent += off - quote["returned"].as_i64().unwrap(),
                _ => {}
            }
        }
        (held, spent)
    };
    eventually("everything is settled", Duration::from_secs(30), || {
        let budgets = campaigns.iter().map(|campaign| shop.budget(campaign));
        let budgets = budgets.fold((0, 0), |sum, (held, spent)| (sum.0 + held, sum.1 + spent));
        (budgets == sums()).then_some(())
    });
    let kinds: usize = campaigns.iter().map(|campaign| entries(&shop, campaign).len()).sum();
    assert_eq!(kinds, 8, "every kind of movement happened in both campaigns");
}

/// One look: sums and entries from one moment.
pub(super) fn look(shop: &Campaigns, campaign: &str) {
    let budget = shop
        .client
        .get(&format!("/api/v1/campaigns/{campaign}/budget?limit=1000"))
        .expect(200);
    assert_eq!(budget["next"], Value::Null);
    for field in ["held", "spent"] {
        let entries = budget["entries"].as_array().unwrap().iter();
        let sum: i64 = entries.map(|entry| entry[field].as_i64().unwrap()).sum();
        assert_eq!(budget[field], sum, "{field}");
    }
    let taken = budget["held"].as_i64().unwrap() + budget["spent"].as_i64().unwrap();
    assert!(taken <= budget["total"].as_i64().unwrap(), "{budget}");
}
