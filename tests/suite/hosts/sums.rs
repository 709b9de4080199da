//! What stands in the end: every key one quote, and every sum that of its quotes and of its entries.

use super::super::exactly_once::id_of;
use super::load::{Fate, Sold};
use super::{AFTER, BUDGETS, PATIENCE, Scene};
use posthouse_tests::eventually;
use posthouse_tests::postgres::sql;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

impl Scene {
    pub(super) fn check(&mut self, sold: &[Sold]) {
        self.holds_are_held();
        // a host that is not there yet may be ahead of the others, so all go on together
        for server in &mut self.servers {
            assert!(server.stop());
        }
        std::thread::scope(|scope| {
            for server in &mut self.servers {
                scope.spawn(move || server.restart_at(AFTER));
            }
        });
        for (host, server) in self.servers.iter().enumerate() {
            self.field.moved(host, server);
        }
        eventually("every hold has ended", PATIENCE, || {
            let open = sql(&self.database, "SELECT count(*) FROM quote WHERE state = 'open'");
            (open == "0").then_some(())
        });
        self.keys_made_one_quote_each(sold);
        self.sums_are_those_of_quotes(sold);
        self.entries_are_one_of_each();
        self.breakers_acted_once();
    }

    /// Held and spent of each campaign, as its quotes say.
    fn expected(&self) -> BTreeMap<String, (i64, i64)> {
        let mut sums: BTreeMap<String, (i64, i64)> = self.campaigns.iter().map(|id| (id.clone(), (0, 0))).collect();
        for quote in self.shop(0).client.all("/api/v1/quotes") {
            for one in quote["adjustments"].as_array().unwrap() {
                let sum = sums.get_mut(one["campaign"]["id"].as_str().unwrap()).unwrap();
                let off = one["off"].as_i64().unwrap();
                match quote["state"].as_str().unwrap() {
                    "open" => sum.0 += off,
                    "confirmed" => sum.1 += off,
                    _ => {}
                }
            }
        }
        sums
    }

    /// Held and spent of each campaign, as its counter says and as its entries come to.
    fn kept(&self) -> [BTreeMap<String, (i64, i64)>; 2] {
        let read = |statement: &str| {
            let rows = sql(&self.database, statement);
            let row = |row: &str| {
                let fields: Vec<&str> = row.split('|').collect();
                (
                    fields[0].to_owned(),
                    (fields[1].parse().unwrap(), fields[2].parse().unwrap()),
                )
            };
            let mut sums: BTreeMap<String, (i64, i64)> = rows.lines().map(row).collect();
            // what nobody has taken from has no counter yet
            for id in &self.campaigns {
                sums.entry(id.clone()).or_default();
            }
            sums
        };
        [
            read("SELECT owner, held, debited FROM ledger_counter WHERE kind = 'budget' AND place = 'total/'"),
            read("SELECT owner, sum(held), sum(debited) FROM ledger_entry WHERE kind = 'budget' GROUP BY owner"),
        ]
    }

    /// While some quotes are open; those with short holds may be ending at this moment.
    fn holds_are_held(&self) {
        let began = Instant::now();
        loop {
            let (expected, kept) = (self.expected(), self.kept());
            if kept.iter().all(|kept| *kept == expected) {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "quotes: {expected:?}; counters and entries: {kept:?}"
            );
        }
    }

    fn keys_made_one_quote_each(&self, sold: &[Sold]) {
        let quotes = self.shop(1).client.all("/api/v1/quotes");
        let states: BTreeMap<String, &str> = quotes
            .iter()
            .map(|quote| (id_of(quote), quote["state"].as_str().unwrap()))
            .collect();
        let told: BTreeMap<String, &str> = sold
            .iter()
            .map(|sold| {
                let state = match sold.fate {
                    Fate::Confirmed => "confirmed",
                    Fate::Released => "released",
                    Fate::Left => "expired",
                };
                (id_of(&sold.quote), state)
            })
            .collect();
        assert!(told.keys().eq(states.keys()) && told.len() == sold.len());
        let differ: Vec<_> = told
            .iter()
            .filter(|(id, state)| states[*id] != **state)
            .map(|(id, state)| (id, *state, states[id]))
            .collect();
        assert!(differ.is_empty(), "told one thing, and it is another: {differ:?}");
    }

    fn sums_are_those_of_quotes(&self, sold: &[Sold]) {
        let (expected, [counters, entries]) = (self.expected(), self.kept());
        assert_eq!((&counters, &entries), (&expected, &expected));
        assert!(expected.values().all(|(held, _)| *held == 0), "{expected:?}");
        for (id, (_, total)) in self.campaigns.iter().zip(BUDGETS) {
            assert!(expected[id].1 <= total);
        }
        assert!(
            sold.iter().any(|sold| sold.off("tight") == 0),
            "more was asked for than there is"
        );
        // every code has its own uses; together they are what was confirmed with a code
        let used = self.field.codes.iter().map(|code| {
            let found = self
                .shop(2)
                .client
                .post("/api/v1/coupons/look-up", &json!({"code": code}));
            let found = found.expect(200);
            assert_eq!(found["held"], 0, "{found}");
            let used = found["used"].as_i64().unwrap();
            let redeemed = sold.iter().filter(|sold| {
                let coupons = sold.quote["coupons"].as_array().unwrap();
                sold.fate == Fate::Confirmed
                    && coupons.iter().any(|one| {
                        let last = one["code"].as_str().unwrap().trim_start_matches('…');
                        one["state"] == "held" && code.ends_with(last)
                    })
            });
            assert_eq!(used, redeemed.count() as i64, "{found}");
            used
        });
        assert!(used.sum::<i64>() > 0, "somebody has redeemed a coupon");
    }

    /// What a quote took was freed or spent once.
    fn entries_are_one_of_each(&self) {
        let lives = sql(
            &self.database,
            "SELECT DISTINCT q.state, string_agg(e.movement, ' ' ORDER BY e.entry) FROM ledger_entry e \
             JOIN quote q ON q.id = e.cause_id WHERE e.kind = 'budget' GROUP BY q.state, e.cause_id, e.owner",
        );
        let lives: BTreeSet<&str> = lives.lines().collect();
        let expected = [
            "confirmed|reserve commit",
            "expired|reserve release",
            "released|reserve release",
        ];
        assert_eq!(lives, BTreeSet::from(expected));
    }

    /// Each revision that failed was taken back by one revision, and none that did not.
    fn breakers_acted_once(&self) {
        let mut history = self.shop(0).client.all("/api/v1/bindings/promotion/wide/history");
        history.reverse();
        let causes: Vec<&str> = history.iter().map(|entry| entry["cause"].as_str().unwrap()).collect();
        let count = |cause: &str| causes.iter().filter(|one| **one == cause).count();
        assert_eq!((count("breaker"), history.len()), (1, 5), "{causes:?}");
        for (before, entry) in history.iter().enumerate() {
            assert_eq!(entry["revision"], json!(before + 1));
        }
        let segments = self.shop(0).client.all("/api/v1/bindings/segmentation/sites/history");
        assert_eq!(segments.len(), 3, "{segments:?}");
    }
}
