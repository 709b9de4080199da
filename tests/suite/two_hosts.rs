//! Two hosts on one database, at everything at once, and one of them dies in the middle: each thing once, budgets kept, nothing lost and
//! nothing told out of order.

use super::exactly_once::{CROWD, crowd, entries, id_of, settle};
use super::failing_offers::{TRAP, binding, failing};
use super::intake::event;
use super::quotes::{CLOCK, rule};
use super::webhooks::{deliveries, told, verify, webhook};
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::Saving;
use posthouse_tests::{Came, Campaigns, Client, Database, Options, Receiver, Reply, Server, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What a host held that died is taken by the other one after half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// An agency as it is reached through either host.
pub(super) struct Hosts {
    pub(super) servers: [Server; 2],
    pub(super) shops: [Campaigns; 2],
}

impl Hosts {
    pub(super) fn start() -> Self {
        let options = Options {
            clock: CLOCK,
            env: vec![("POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE", "true".into())],
        };
        let first = Server::start(Database::Postgres, options);
        let shop = Campaigns::new(&first.agency("pair"));
        shop.group("season", "stackable");
        let second = first.beside();
        let mut other = shop.clone();
        other.move_to(&second.base);
        Self {
            servers: [first, second],
            shops: [shop, other],
        }
    }

    /// The host that answers the `n`th of many.
    fn shop(&self, n: usize) -> &Campaigns {
        &self.shops[n % 2]
    }

    fn client(&self, n: usize) -> &Client {
        &self.shop(n).client
    }

    /// Starts hosts again at the same time.
    fn restart_at(&mut self, clock: &'static str) {
        std::thread::scope(|scope| {
            for server in &mut self.servers {
                scope.spawn(move || server.restart_at(clock));
            }
        });
        self.follow();
    }

    fn follow(&mut self) {
        for (shop, server) in self.shops.iter_mut().zip(&self.servers) {
            shop.move_to(&server.base);
        }
    }

    /// A batch of one code that can be used so often.
    fn code(&self, campaign: &str, uses: usize) -> String {
        let batch = json!({"label": "Fair", "count": 1, "uses": uses});
        let path = format!("/api/v1/campaigns/{campaign}/coupons");
        let made = self.client(0).post(&path, &batch).expect(201);
        made["codes"][0]["code"].as_str().unwrap().to_owned()
    }

    /// How many uses of a code are held, and how many are gone.
    fn uses(&self, code: &str) -> (i64, i64) {
        let found = self.client(0).post("/api/v1/coupons/look-up", &json!({"code": code}));
        let found = found.expect(200);
        (found["held"].as_i64().unwrap(), found["used"].as_i64().unwrap())
    }
}

#[test]
fn the_last_of_a_budget_and_of_a_coupon_is_sold_once() {
    let hosts = Hosts::start();
    let shop = hosts.shop(0);
    // ten times 7.01 and a fen less than the eleventh
    let budget = shop.plan(
        &rule(Saving::Amount(701)),
        1,
        json!({"budget": {"total": 701 * 11 - 1}}),
    );
    let campaign = shop.run("spring", &budget);
    let quotes = crowd(|n| hosts.shop(n).quote(None, 10_000, &[]));
    let holding: Vec<usize> = (0..CROWD).filter(|n| quotes[*n]["price"] == 9_299).collect();
    assert_eq!((holding.len(), shop.budget(&campaign)), (10, (7_010, 0)));
    // each of the ten is confirmed six times on both hosts
    let statuses = crowd(|n| {
        let quote = holding[n % 10];
        settle(
            hosts.shop(n / 10),
            &id_of(&quotes[quote]),
            "confirm",
            &format!("B-{quote}"),
        )
        .status
    });
    assert_eq!(statuses, [200; CROWD]);
    assert_eq!(shop.budget(&campaign), (0, 7_010));
    assert_eq!(hosts.shop(1).sum_of_entries(&campaign), (0, 7_010));
    shop.step(&campaign, "end");

    // one wants to confirm what the other one releases
    let campaign = shop.run(
        "summer",
        &shop.plan(&rule(Saving::Amount(7)), 2, json!({"needs_coupon": true})),
    );
    let code = hosts.code(&campaign, 5);
    let quotes = crowd(|n| hosts.shop(n).quote(None, 1_000, &[&code]));
    let holding: Vec<String> = quotes.iter().filter(|quote| quote["price"] == 993).map(id_of).collect();
    assert_eq!((holding.len(), hosts.uses(&code)), (5, (5, 0)));
    let answers = crowd(|n| {
        let how = ["confirm", "release"][n % 2];
        (
            n % 5,
            how,
            settle(hosts.shop(n), &holding[n % 5], how, &format!("S-{}", n % 5)).status,
        )
    });
    let mut confirmed = 0;
    for quote in 0..5 {
        let won: BTreeSet<&str> = answers
            .iter()
            .filter(|(of, _, status)| (*of, *status) == (quote, 200))
            .map(|(_, how, _)| *how)
            .collect();
        assert_eq!(won.len(), 1, "one of the two happens: {won:?}");
        confirmed += i64::from(won.contains("confirm"));
    }
    assert_eq!(hosts.uses(&code), (0, confirmed));
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((0, 7 * confirmed), (0, 7 * confirmed))
    );
}

/// What became of a seller's quotes, as far as it was told.
#[derive(Default)]
struct Sold {
    confirmed: Vec<String>,
    released: Vec<String>,
}

/// Quotes and settles until the host is gone or the shop closes.
fn sell(shop: &Campaigns, seller: usize, code: &str, closed: &AtomicBool, settled: &AtomicU64) -> Sold {
    let mut sold = Sold::default();
    let post = |path: &str, body: &Value| {
        let bytes = body.to_string();
        let sent = shop
            .client
            .try_send("POST", path, "application/json", bytes.as_bytes(), &[]);
        sent.ok().filter(|answer| matches!(answer.status, 200 | 201))
    };
    for n in 0.. {
        if closed.load(Ordering::Relaxed) {
            break;
        }
        let Some(answer) = post("/api/v1/quotes", &basket(None, 1_000, &[code])) else {
            break;
        };
        let quote = id_of(&answer.json());
        let confirms = (seller + n).is_multiple_of(3);
        let how = if confirms { "confirm" } else { "release" };
        if post(&format!("/api/v1/quotes/{quote}/{how}"), &json!({"booking_id": quote})).is_none() {
            break;
        }
        let kind = if confirms {
            &mut sold.confirmed
        } else {
            &mut sold.released
        };
        kind.push(quote);
        settled.fetch_add(1, Ordering::Relaxed);
    }
    sold
}

#[test]
fn a_host_that_dies_while_both_sell_leaves_the_totals_right() {
    let mut hosts = Hosts::start();
    // there is less than all of them want
    let total = 7 * 100 - 1;
    let plan = json!({"budget": {"total": total}, "needs_coupon": true, "keeps_coupons": true});
    let campaign = hosts
        .shop(0)
        .run("spring", &hosts.shop(0).plan(&rule(Saving::Amount(7)), 1, plan));
    let code = hosts.code(&campaign, 10_000);
    let mut told: Vec<Sold> = Vec::new();
    for _ in 0..3 {
        let (closed, settled) = (AtomicBool::new(false), AtomicU64::new(0));
        let Hosts { servers, shops } = &mut hosts;
        let until = |many: u64| {
            let before = settled.load(Ordering::Relaxed);
            eventually("quotes are settled", PATIENCE, || {
                (settled.load(Ordering::Relaxed) > before + many).then_some(())
            });
        };
        std::thread::scope(|scope| {
            let sellers: Vec<_> = (0..8)
                .map(|seller| {
                    let (shop, code, closed, settled) = (&shops[seller % 2], &code, &closed, &settled);
                    scope.spawn(move || sell(shop, seller, code, closed, settled))
                })
                .collect();
            let watching = scope.spawn(|| {
                let mut looks = 0;
                while !closed.load(Ordering::Relaxed) {
                    let (held, spent) = shops[0].budget(&campaign);
                    assert!(held + spent <= total, "{held} and {spent}");
                    looks += 1;
                }
                looks
            });
            until(60);
            servers[1].kill();
            // the other one goes on
            until(40);
            closed.store(true, Ordering::Relaxed);
            told.extend(sellers.into_iter().map(|seller| seller.join().unwrap()));
            assert!(watching.join().unwrap() > 0);
        });
        hosts.servers[1].restart();
        hosts.follow();
        check(&hosts, &campaign, &code, &told);
    }
    // until all is gone, and not a fen more
    let quotes = crowd(|n| hosts.shop(n).quote(None, 1_000, &[&code]));
    let mut more: Vec<_> = quotes.iter().map(|quote| quote["price"].as_i64()).collect();
    more.sort_unstable();
    more.dedup();
    assert_eq!(more.last(), Some(&Some(1_000)), "the budget ends");
    let (held, spent) = hosts.shop(0).budget(&campaign);
    assert_eq!(held + spent, 7 * 99);
    check(&hosts, &campaign, &code, &told);
}

/// Holds what was told against what is there, and every total against the quotes.
fn check(hosts: &Hosts, campaign: &str, code: &str, told: &[Sold]) {
    let shop = hosts.shop(1);
    let (mut states, mut sums, mut uses) = (BTreeMap::new(), (0, 0), (0, 0));
    for quote in shop.client.all("/api/v1/quotes") {
        let off = quote["list_price"].as_i64().unwrap() - quote["price"].as_i64().unwrap();
        let state = quote["state"].as_str().unwrap().to_owned();
        let (sum, used) = match state.as_str() {
            "open" => (&mut sums.0, &mut uses.0),
            "confirmed" => (&mut sums.1, &mut uses.1),
            _ => (&mut 0, &mut 0),
        };
        *sum += off;
        *used += i64::from(off > 0);
        states.insert(id_of(&quote), state);
    }
    for sold in told {
        assert!(sold.confirmed.iter().all(|quote| states[quote] == "confirmed"));
        assert!(sold.released.iter().all(|quote| states[quote] == "released"));
    }
    assert_eq!((shop.budget(campaign), shop.sum_of_entries(campaign)), (sums, sums));
    assert_eq!(hosts.uses(code), uses);
}

#[test]
fn holds_and_a_campaign_end_once_though_a_host_dies() {
    let mut hosts = Hosts::start();
    let window = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-15T04:20:00Z"});
    let changes = json!({"window": window, "needs_coupon": true, "keeps_coupons": true});
    let shop = hosts.shop(0);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(7)), 1, changes));
    let code = hosts.code(&campaign, 10_000);
    let receiver = Receiver::taking();
    let (hook, _) = webhook(hosts.client(0), &receiver.base, &["campaign.*"]);
    for _ in 0..5 {
        crowd(|n| hosts.shop(n).quote(None, 1_000, &[&code]));
    }
    let many = 5 * CROWD as i64;
    assert_eq!((shop.budget(&campaign), hosts.uses(&code)), ((7 * many, 0), (many, 0)));
    // a moment before they end, so that both hosts are at it at the same time
    for server in &mut hosts.servers {
        assert!(server.stop());
    }
    hosts.restart_at("fixed:2026-01-15T04:31:00Z");
    eventually("some have ended", PATIENCE, || {
        (hosts.shop(0).budget(&campaign).0 < 7 * many).then_some(())
    });
    hosts.servers[1].kill();
    eventually("all have ended", PATIENCE, || {
        (hosts.shop(0).budget(&campaign) == (0, 0)).then_some(())
    });
    let shop = hosts.shop(0);
    let expected: BTreeMap<String, usize> = [("release", many as usize), ("reserve", many as usize)]
        .map(|(kind, many)| (kind.to_owned(), many))
        .into();
    assert_eq!(entries(shop, &campaign), expected, "each once");
    assert_eq!((shop.sum_of_entries(&campaign), hosts.uses(&code)), ((0, 0), (0, 0)));
    let quotes = shop.client.all("/api/v1/quotes");
    assert!(quotes.iter().all(|quote| quote["state"] == "expired"));
    let ended = eventually("the campaign has ended", PATIENCE, || {
        let steps = shop.client.all(&format!("/api/v1/campaigns/{campaign}/history"));
        let ends: Vec<Value> = steps.into_iter().filter(|step| step["to"] == "ended").collect();
        (!ends.is_empty()).then_some(ends)
    });
    assert_eq!(ended.len(), 1, "{ended:?}");
    eventually("it is told", PATIENCE, || {
        deliveries(&shop.client, &hook, "pending").is_empty().then_some(())
    });
    let taken = receiver.taken();
    let ids: BTreeSet<&str> = taken
        .iter()
        .filter(|came| came.kind() == "campaign.ended")
        .map(Came::id)
        .collect();
    assert_eq!(ids.len(), 1, "under one id");
}

#[test]
fn two_hosts_that_see_a_rule_fail_go_back_once() {
    let mut hosts = Hosts::start();
    let shop = hosts.shop(0);
    let good = rule(Saving::Amount(100));
    let campaign = shop.run("spring", &shop.plan(&good, 1, json!({})));
    let digest = shop.client.admit(&good);
    for round in 0..4_i64 {
        let price = 7_000 + round;
        hosts.shop(0).amend(&campaign, &failing(price, TRAP));
        let revision = 2 * round + 2;
        eventually("the rule is in force", PATIENCE, || {
            (binding(hosts.shop(1), "spring")["revision"] == revision).then_some(())
        });
        // each host sees more than three faults in a row
        crowd(|n| hosts.shop(n).quote(None, price, &[]));
        if round == 3 {
            hosts.servers[1].kill();
        }
        let back = eventually("the last good rule is back", PATIENCE, || {
            let found = binding(hosts.shop(0), "spring");
            (found["revision"] != revision).then_some(found)
        });
        assert_eq!(
            (&back["revision"], &back["digest"]),
            (&json!(revision + 1), &json!(digest))
        );
        for shop in &hosts.shops[..if round == 3 { 1 } else { 2 }] {
            eventually("both go by it", PATIENCE, || {
                (shop.quote(None, price, &[])["price"] == price - 100).then_some(())
            });
        }
    }
    let client = hosts.client(0);
    let history = client.all("/api/v1/bindings/promotion/spring/history");
    let causes: Vec<&str> = history
        .iter()
        .rev()
        .map(|entry| entry["cause"].as_str().unwrap())
        .collect();
    let turns = ["activation", "breaker"].into_iter().cycle().take(8);
    assert_eq!(causes, ["activation"].into_iter().chain(turns).collect::<Vec<_>>());
    let steps = client.all("/api/v1/campaigns/spring/history");
    assert_eq!(steps.iter().filter(|step| step["action"] == "breaker").count(), 4);
}

const BOOKINGS: usize = 40;
const LIFE: [&str; 3] = ["booking.inquiry", "booking.confirmed", "booking.paid"];

/// Tells a host of a step of a booking; whether it has acknowledged it.
fn tell(client: &Client, round: usize, booking: usize, step: usize) -> bool {
    let (member, id) = (format!("M{booking}"), format!("B{round}-{booking}"));
    let told = event(
        LIFE[step],
        &format!("{id}-{step}"),
        "2026-01-15T09:00:00+08:00",
        &[("member_no", &member)],
        json!({"booking_id": id, "amount": 450_000}),
    );
    let body = json!({"events": [told]}).to_string();
    let sent = client.try_send("POST", "/api/v1/events", "application/json", body.as_bytes(), &[]);
    sent.is_ok_and(|answer| answer.status == 200)
}

/// The first time that each id came.
fn firsts(taken: &[Came]) -> Vec<Came> {
    let mut seen = BTreeSet::new();
    taken
        .iter()
        .filter(|came| seen.insert(came.id().to_owned()))
        .cloned()
        .collect()
}

#[test]
fn what_two_hosts_tell_is_told_once_and_in_order_and_a_host_that_dies_loses_nothing() {
    let mut hosts = Hosts::start();
    let receiver = Receiver::start(|_, _| {
        // as slow as others are
        std::thread::sleep(Duration::from_millis(2));
        Reply::Take
    });
    let (path, secret) = webhook(hosts.client(0), &receiver.base, &["booking.*"]);
    for round in 0..2 {
        let sent = AtomicU64::new(0);
        let Hosts { servers, shops } = &mut hosts;
        std::thread::scope(|scope| {
            for sender in 0..8 {
                let (shops, sent) = (&shops, &sent);
                scope.spawn(move || {
                    for booking in (sender..BOOKINGS).step_by(8) {
                        for step in 0..LIFE.len() {
                            // one host after the other; what the one that is gone did not acknowledge is sent to the other
                            let told = |host: usize| tell(&shops[host].client, round, booking, step);
                            assert!(told((booking + step) % 2) || told(0), "{round}, {booking}, {step}");
                            sent.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            if round == 1 {
                eventually("some were sent", PATIENCE, || {
                    (sent.load(Ordering::Relaxed) > 40).then_some(())
                });
                servers[1].kill();
            }
        });
        let client = hosts.client(0);
        eventually("everything is told", PATIENCE, || {
            deliveries(client, &path, "pending").is_empty().then_some(())
        });
        let taken = receiver.taken();
        taken.iter().for_each(|came| verify(&secret, came));
        if round == 0 {
            // nobody has died: each id once, which `told` looks at
            assert_eq!(taken.len(), BOOKINGS * LIFE.len());
        }
        let told = if round == 0 {
            told(&taken)
        } else {
            told(&firsts(&taken))
        };
        assert_eq!(told.len(), BOOKINGS * (round + 1));
        for (subject, kinds) in told {
            assert_eq!(kinds, LIFE, "{subject}");
        }
        let delivered = deliveries(client, &path, "delivered");
        assert_eq!(delivered.len(), BOOKINGS * LIFE.len() * (round + 1));
    }
}
