//! Three hosts sell at once while everything that can happen to them happens: one is frozen, killed, started with nothing compiled, answers
//! to commits get lost, PostgreSQL is restarted, rules are swapped and fail. What was sold is exact, and whoever is well answers soon.
//!
//! Once each in every suite, in an order and at moments that a seed decides; `make torture` goes on with another seed each time.

mod load;
mod sums;

use super::failing_offers::{TRAP, binding, failing};
use super::quotes::{CLOCK, rule};
use super::segments::bind;
use super::torture::setting;
use load::{Dice, Field, Sold};
use posthouse_tests::guest::{Guest, Saving};
use posthouse_tests::postgres::{Cluster, sql};
use posthouse_tests::{Campaigns, Line, Options, Server, eventually};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// What everything costs that is sold here.
const PRICE: i64 = 1_000;
/// Two minutes after [`CLOCK`]: where a host is then, short holds of the others have ended.
const AHEAD: &str = "fixed:2026-01-15T04:02:00Z";
/// When every hold has ended.
const AFTER: &str = "fixed:2026-01-15T04:40:00Z";
/// Keys of the campaigns, and what may be taken off in all.
const BUDGETS: [(&str, i64); 4] = [
    ("tight", 7 * 60 - 1),
    ("coupon", 5 * 50 - 1),
    ("club", 100_000_000),
    ("wide", 100_000_000),
];

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    Freeze,
    Kill,
    ColdStart,
    LostCommits,
    Postgres,
    SwapRule,
    SwapSegments,
    Breaker,
}

const ACTS: [Act; 8] = [
    Act::Freeze,
    Act::Kill,
    Act::ColdStart,
    Act::LostCommits,
    Act::Postgres,
    Act::SwapRule,
    Act::SwapSegments,
    Act::Breaker,
];

#[test]
fn three_hosts_under_torture() {
    let asked = std::env::var_os("POSTHOUSE_TEST_TORTURE").is_some();
    let rounds = setting("POSTHOUSE_TEST_TORTURE", 1);
    let seed = setting("POSTHOUSE_TEST_SEED", 20_260_115);
    // in the suite others are at work on the same cores
    let bound = Duration::from_secs(if asked { 2 } else { 10 });
    let mut cluster = Cluster::start();
    for round in 0..rounds {
        let seed = seed.wrapping_add(round);
        println!("three hosts, round {round}, POSTHOUSE_TEST_SEED={seed}");
        let began = Instant::now();
        let mut scene = Scene::start(&cluster, bound);
        let sold = scene.play(&mut cluster, Dice::new(seed));
        scene.check(&sold);
        println!("  {} quotes in {:?}", sold.len(), began.elapsed());
    }
}

struct Scene {
    servers: [Server; 3],
    /// The database, without anything between.
    database: String,
    line: Line,
    /// At the first host's address of the beginning.
    shop: Campaigns,
    field: Field,
    /// Ids of the campaigns, in the order of [`BUDGETS`].
    campaigns: Vec<String>,
}

/// Everyone is in the second segment, or everyone in the first.
fn everyone(in_club: bool) -> Vec<u8> {
    Guest {
        name: format!("club-{in_club}"),
        segment: format!("(i32.const {})", i32::from(in_club)),
        ..Guest::default()
    }
    .build()
}

impl Scene {
    fn start(cluster: &Cluster, bound: Duration) -> Self {
        let database = cluster.database();
        let line = Line::to(&database);
        let options = Options {
            clock: CLOCK,
            ..Options::default()
        };
        let first = Server::start_on(line.url(), options);
        let [second, third] = [first.beside(), first.beside()];
        let shop = Campaigns::new(&first.agency("three"));
        shop.group("season", "stackable");
        let customers = (0..4).map(|n| super::quotes::customer(&shop.client, &format!("M{n}")));
        let customers = customers.collect();
        bind(&shop.client, "sites", &everyone(false), json!({}));
        let changes = [
            (7, json!({})),
            (5, json!({"needs_coupon": true})),
            (3, json!({"audience": {"segments": ["sites.frequent"]}})),
            (2, json!({})),
        ];
        let plans = (1..).zip(BUDGETS.into_iter().zip(changes));
        let campaigns: Vec<String> = plans
            .map(|(priority, ((key, total), (off, mut changes)))| {
                changes["budget"] = json!({"total": total});
                shop.run(key, &shop.plan(&rule(Saving::Amount(off)), priority, changes))
            })
            .collect();
        let batch = json!({"label": "Fair", "count": 8, "uses": 4});
        let batch = shop
            .client
            .post(&format!("/api/v1/campaigns/{}/coupons", campaigns[1]), &batch)
            .expect(201);
        let code = |code: &Value| code["code"].as_str().unwrap().to_owned();
        let codes = batch["codes"].as_array().unwrap().iter().map(code).collect();
        // whoever goes beyond a budget is refused by the database, and a request fails
        let limits = campaigns.iter().zip(BUDGETS);
        let limits: String = limits
            .map(|(id, (_, total))| format!(" WHEN '{id}' THEN {total}"))
            .collect();
        sql(
            &database,
            &format!(
                "ALTER TABLE ledger_counter ADD CHECK (kind <> 'budget' OR place <> 'total/' OR held + debited <= CASE owner{limits} END)"
            ),
        );
        let field = Field::new([&first, &second, &third], &shop.client.key, bound, customers, codes);
        Self {
            servers: [first, second, third],
            database,
            line,
            shop,
            field,
            campaigns,
        }
    }

    /// Sells while things happen; everything that was sold.
    fn play(&mut self, cluster: &mut Cluster, mut dice: Dice) -> Vec<Sold> {
        let mut acts = ACTS;
        for last in (1..acts.len()).rev() {
            acts.swap(last, dice.below(last as u64 + 1) as usize);
        }
        let field = self.field.clone();
        let sold = std::thread::scope(|scope| {
            let sellers: Vec<_> = (0..6)
                .map(|seller| {
                    let (field, dice) = (&field, Dice::new(dice.next()));
                    scope.spawn(move || {
                        let _fails = load::Fails(field);
                        field.sell(seller, dice)
                    })
                })
                .collect();
            let closes = load::Closes(&field);
            let mut sold = Vec::new();
            for act in acts {
                field.now(act);
                field.until_sold(2 + dice.below(20));
                let began = Instant::now();
                self.happen(act, cluster, &mut dice, &mut sold);
                println!("  {act:?} took {:?}", began.elapsed());
            }
            drop(closes);
            for seller in sellers {
                sold.extend(seller.join().unwrap());
            }
            sold
        });
        field.has_not_failed();
        field.say();
        sold
    }

    /// The shop as it is reached through a host.
    fn shop(&self, host: usize) -> Campaigns {
        let mut shop = self.shop.clone();
        shop.move_to(&self.field.base(host));
        shop
    }

    fn happen(&mut self, act: Act, cluster: &mut Cluster, dice: &mut Dice, sold: &mut Vec<Sold>) {
        let field = self.field.clone();
        let (one, other) = (dice.below(3) as usize, dice.below(2) as usize);
        let other = (one + 1 + other) % 3;
        let everybody = |many: u64| (0..3).for_each(|host| field.until_sold_by(host, many));
        match act {
            Act::Freeze => {
                field.disturb(one, || {
                    signal(self.servers[one].pid(), "-STOP");
                    field.until_sold_by((one + 1) % 3, 10);
                    field.until_sold_by((one + 2) % 3, 10);
                    signal(self.servers[one].pid(), "-CONT");
                    field.until_sold_by(one, 1);
                });
                everybody(3);
            }
            Act::Kill | Act::ColdStart => {
                field.disturb(one, || {
                    self.servers[one].kill();
                    field.until_sold_by((one + 1) % 3, 5);
                    field.until_sold_by((one + 2) % 3, 5);
                    if act == Act::ColdStart {
                        std::fs::remove_dir_all(self.servers[one].folder.path().join("data/cache")).unwrap();
                        self.servers[one].restart_at(AHEAD);
                    } else {
                        self.servers[one].restart();
                    }
                    field.moved(one, &self.servers[one]);
                });
                // it said that it is ready
                sold.extend((0..10).map(|_| field.sell_at_once(one, None)));
                everybody(3);
            }
            Act::LostCommits => {
                let before = self.line.lost();
                self.line.lose(4 + dice.below(4));
                everybody(5);
                eventually("answers to commits got lost", PATIENCE, || {
                    (self.line.lost() >= before + 5).then_some(())
                });
                self.line.lose(0);
            }
            Act::Postgres => {
                cluster.restart(dice.below(2) == 0);
                everybody(5);
            }
            Act::SwapRule => {
                let before = self.off(one, sold, "wide");
                self.shop(one).amend(&self.campaigns[3], &rule(Saving::Amount(13)));
                self.all_take(sold, "wide", 13);
                let path = "/api/v1/bindings/promotion/wide/rollback";
                self.shop(other).client.post(path, &json!({})).expect(200);
                self.all_take(sold, "wide", before);
            }
            Act::SwapSegments => {
                bind(&self.shop(one).client, "sites", &everyone(true), json!({}));
                self.all_take(sold, "club", 3);
                let path = "/api/v1/bindings/segmentation/sites/rollback";
                self.shop(other).client.post(path, &json!({})).expect(200);
                self.all_take(sold, "club", 0);
            }
            Act::Breaker => {
                let before = binding(&self.shop(one), "wide");
                let off = self.off(one, sold, "wide");
                self.shop(one).amend(&self.campaigns[3], &failing(PRICE, TRAP));
                let shop = self.shop(other);
                eventually("the last good rule is back", PATIENCE, || {
                    let now = binding(&shop, "wide");
                    (now["digest"] == before["digest"]).then_some(())
                });
                self.all_take(sold, "wide", off);
            }
        }
    }

    /// What a campaign takes off a basket of a host now.
    fn off(&self, host: usize, sold: &mut Vec<Sold>, key: &str) -> i64 {
        let customer = &self.field.customers[0];
        let one = self.field.sell_at_once(host, Some(customer));
        let off = one.off(key);
        sold.push(one);
        off
    }

    /// The next quote of every host goes by what is in force.
    fn all_take(&self, sold: &mut Vec<Sold>, key: &str, off: i64) {
        for host in 0..3 {
            assert_eq!(self.off(host, sold, key), off, "host {host} takes this off by {key}");
        }
    }
}

impl Drop for Scene {
    /// What the hosts complain of goes with their folders.
    fn drop(&mut self) {
        if std::thread::panicking() {
            for server in &self.servers {
                let log = std::fs::read_to_string(server.log()).unwrap_or_default();
                let told = log.lines().filter(|line| line.contains("ERROR"));
                told.take(20).for_each(|line| println!("{line}"));
            }
        }
    }
}

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.unwrap().success());
}
