//! Campaigns whose rules fail: the quote goes on without them and says so, and a rule that keeps failing gives way to the last good one.

use super::quotes::{rule, start, start_with};
use posthouse_tests::campaigns::traced;
use posthouse_tests::guest::{PromotionGuest, Saving};
use posthouse_tests::{Campaigns, Database, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    a_rule_that_fails_gives_no_offer,
    a_rule_that_keeps_failing_gives_way,
    without_a_good_rule_the_campaign_is_silent,
    a_quote_asks_no_further_than_its_time,
    a_rule_that_takes_the_time_of_others_is_set_aside,
);

const PATIENCE: Duration = Duration::from_secs(30);

/// A rule that does `then` for things of this price, and takes 10 % off all others.
pub(super) fn failing(unit_price: i64, then: &str) -> Vec<u8> {
    PromotionGuest {
        name: format!("fails-at-{unit_price}"),
        before: PromotionGuest::at_price(unit_price, then),
        ..PromotionGuest::default()
    }
    .build()
}

pub(super) const TRAP: &str = "unreachable";

fn a_rule_that_fails_gives_no_offer(database: Database) {
    let (_server, shop) = start(database);
    shop.run("steady", &shop.plan(&rule(Saving::Amount(100)), 99, json!({})));
    let overspend = "(return (call $propose (i32.const 0) (i32.const 0) (i64.const 900000) (i32.const 0)))";
    for (priority, (key, then, code, outcome)) in (1..).zip([
        ("traps", TRAP, "rule_failed", "trap"),
        ("loops", "(loop $ever (br $ever))", "rule_failed", "out_of_fuel"),
        (
            "grows",
            "(drop (memory.grow (i32.const 10000)))",
            "rule_failed",
            "memory",
        ),
        (
            "talks-nonsense",
            "(return (call $propose (i32.const 7) (i32.const 1) (i64.const 500) (i32.const 0)))",
            "rule_failed",
            "bad_output",
        ),
        (
            "exaggerates",
            "(return (call $propose (i32.const 0) (i32.const 1) (i64.const 10001) (i32.const 0)))",
            "rule_failed",
            "bad_output",
        ),
        ("overspends", overspend, "over_budget", "answered"),
        (
            "refuses",
            "(return (call $refuse (i32.const 1024) (i32.const 8)))",
            "rule_failed",
            "refused",
        ),
    ]) {
        let price = 1_000_000 + i64::from(priority);
        let plan = shop.plan(&failing(price, then), priority, json!({"budget": {"total": 200_000}}));
        let campaign = shop.run(key, &plan);
        let quote = shop.quote(None, price, &[]);
        assert_eq!(traced(&quote, key), code, "{quote}");
        assert_eq!(traced(&quote, "steady"), "applied", "nobody else suffers");
        assert_eq!(quote["price"], price - 100);
        assert_eq!(shop.budget(&campaign), (0, 0));
        let path = format!("/api/v1/decisions?binding=promotion/{key}&outcome={outcome}");
        assert_eq!(shop.client.all(&path).len(), 1, "{key}");
        // the next basket is priced as ever
        let next = shop.quote(None, 500_000, &[]);
        assert_eq!(
            (traced(&next, key).as_str(), next["price"].as_i64()),
            ("applied", Some(449_900))
        );
        shop.step(&campaign, "end");
    }
}

/// Some divisions that wait for each other.
const SLOW: &str = "(loop $again
           (local.set $now (i64.div_u (i64.const -1) (i64.or (local.get $now) (i64.const 3))))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
         (local.set $i (i32.const 0))";

fn a_quote_asks_no_further_than_its_time(database: Database) {
    // one after the other, in the order of the campaigns
    let env = vec![
        ("POSTHOUSE_PLUGINS__THREADS", "1".into()),
        ("POSTHOUSE_PLUGINS__LIMITS__REQUEST_CPU_MS", "1".into()),
        ("POSTHOUSE_PLUGINS__LIMITS__REQUEST_MS", "60000".into()),
    ];
    let (_server, shop) = start_with(database, env);
    shop.run("slow", &shop.plan(&failing(7_777, SLOW), 1, json!({})));
    shop.run("after", &shop.plan(&rule(Saving::Amount(100)), 2, json!({})));
    let late = shop.quote(None, 7_777, &[]);
    assert_eq!(traced(&late, "slow"), "applied", "{late}");
    assert_eq!(traced(&late, "after"), "not_asked", "{late}");
    let decisions = shop.client.all("/api/v1/decisions?binding=promotion/after");
    assert_eq!(decisions.len(), 0, "nothing was decided");
    let slow = &shop.client.all("/api/v1/decisions?binding=promotion/slow")[0];
    let path = format!("/api/v1/decisions/{}", slow["id"].as_str().unwrap());
    let usage = shop.client.get(&path).expect(200)["usage"].clone();
    assert!(usage["cpu_micros"].as_u64().unwrap() > 1_000, "{usage}");
    assert_eq!(traced(&shop.quote(None, 5_000, &[]), "after"), "applied");
}

fn a_rule_that_takes_the_time_of_others_is_set_aside(database: Database) {
    let env = vec![
        ("POSTHOUSE_PLUGINS__THREADS", "1".into()),
        ("POSTHOUSE_PLUGINS__LIMITS__REQUEST_CPU_MS", "1".into()),
        ("POSTHOUSE_PLUGINS__LIMITS__REQUEST_MS", "60000".into()),
    ];
    let (_server, shop) = start_with(database, env);
    let slow = shop.run("slow", &shop.plan(&failing(7_777, SLOW), 1, json!({})));
    shop.run("after", &shop.plan(&rule(Saving::Amount(100)), 2, json!({})));
    let asked = |price: i64| {
        let quote = shop.quote(None, price, &[]);
        ["slow", "after"].map(|key| traced(&quote, key))
    };
    for _ in 0..4 {
        assert_eq!(asked(7_777), ["applied", "not_asked"]);
    }
    // a quote in which there is time enough: only those in a row count
    eventually("all have their time", PATIENCE, || {
        (asked(5_000) == ["applied", "applied"]).then_some(())
    });
    for _ in 0..4 {
        assert_eq!(asked(7_777), ["applied", "not_asked"]);
    }
    assert_eq!(binding(&shop, "slow")["set_aside"], Value::Null);
    let aside = eventually("the rule is set aside", PATIENCE, || {
        asked(7_777);
        let aside = binding(&shop, "slow")["set_aside"].clone();
        (!aside.is_null()).then_some(aside)
    });
    assert_eq!(aside["why"], "costing");
    assert_eq!(asked(7_777), ["set_aside", "applied"], "others have their time");
    assert_eq!(binding(&shop, "after")["set_aside"], Value::Null);
    assert_eq!(binding(&shop, "slow")["stale_since"], Value::Null, "it does not fail");
    // another rule is asked at once
    shop.amend(&slow, &rule(Saving::Amount(7)));
    assert_eq!(asked(7_777), ["applied", "applied"]);
}

pub(super) fn binding(shop: &Campaigns, key: &str) -> Value {
    shop.client
        .get(&format!("/api/v1/bindings/promotion/{key}"))
        .expect(200)
}

fn a_rule_that_keeps_failing_gives_way(database: Database) {
    let (_server, shop) = start(database);
    let good = rule(Saving::Amount(100));
    let campaign = shop.run("spring", &shop.plan(&good, 1, json!({})));
    shop.amend(&campaign, &failing(7_777, TRAP));
    assert_eq!(binding(&shop, "spring")["revision"], 2);
    for _ in 0..2 {
        assert_eq!(traced(&shop.quote(None, 7_777, &[]), "spring"), "rule_failed");
    }
    let marked = eventually("the binding is marked", PATIENCE, || {
        let found = binding(&shop, "spring");
        (!found["stale_since"].is_null()).then_some(found)
    });
    assert!(marked["stale_reason"].as_str().unwrap().contains("stopped"), "{marked}");
    // an answer in between counts: only faults in a row do
    shop.quote(None, 5_000, &[]);
    eventually("the mark is gone", PATIENCE, || {
        binding(&shop, "spring")["stale_since"].is_null().then_some(())
    });
    for _ in 0..3 {
        shop.quote(None, 7_777, &[]);
    }
    let back = eventually("the last good rule is back", PATIENCE, || {
        let found = binding(&shop, "spring");
        (found["revision"] == 3).then_some(found)
    });
    assert_eq!(back["digest"], json!(shop.client.admit(&good)));
    assert_eq!(back["stale_since"], Value::Null);
    let history = shop.client.all("/api/v1/bindings/promotion/spring/history");
    assert_eq!(
        (history[0]["cause"].as_str(), history[0]["restores"].as_i64()),
        (Some("breaker"), Some(1))
    );
    assert_eq!(history[0]["activated_by"], Value::Null);
    assert!(
        history[0]["note"].as_str().unwrap().contains("stopped"),
        "{}",
        history[0]
    );
    let steps = shop.client.all("/api/v1/campaigns/spring/history");
    assert_eq!(
        (&steps[0]["action"], &steps[0]["by"]),
        (&json!("breaker"), &Value::Null)
    );
    let note = steps[0]["note"].as_str().unwrap();
    assert!(
        note.contains("revision 1 is back in force") && note.contains("stopped"),
        "{note}"
    );
    assert_eq!(
        (&steps[0]["from"], &steps[0]["to"]),
        (&json!("running"), &json!("running"))
    );
    assert_eq!(shop.quote(None, 7_777, &[])["price"], 7_677);
    let logs = eventually("the log says how it failed", PATIENCE, || {
        let lines = shop.client.all("/api/v1/bindings/promotion/spring/logs");
        (lines.iter().filter(|line| line["level"] == "fault").count() == 5).then_some(lines)
    });
    assert!(logs.iter().all(|line| line["cause"] == "decision"), "{logs:?}");
    // the decisions of every revision are made again alike
    assert_eq!(shop.replay_all(), 7);
}

fn without_a_good_rule_the_campaign_is_silent(database: Database) {
    let (mut server, mut shop) = start(database);
    shop.run("spring", &shop.plan(&failing(7_777, TRAP), 1, json!({})));
    let marked = |shop: &Campaigns| {
        eventually("the binding is marked", PATIENCE, || {
            let since = binding(shop, "spring")["stale_since"].clone();
            (!since.is_null()).then_some(since)
        })
    };
    let fails = |shop: &Campaigns| {
        let quote = shop.quote(None, 7_777, &[]);
        assert_eq!(
            (traced(&quote, "spring").as_str(), quote["price"].as_i64()),
            ("rule_failed", Some(7_777))
        );
    };
    fails(&shop);
    let since = marked(&shop);
    for _ in 0..2 {
        fails(&shop);
    }
    eventually("the faults are in the log", PATIENCE, || {
        let lines = shop.client.all("/api/v1/bindings/promotion/spring/logs");
        (lines.iter().filter(|line| line["level"] == "fault").count() == 3).then_some(())
    });
    assert_eq!(marked(&shop), since, "it says since when the rule fails");
    // the third was one too many, and there is nothing to go back to: nobody asks for a while
    let aside = |shop: &Campaigns| {
        eventually("the rule is set aside", PATIENCE, || {
            let aside = binding(shop, "spring")["set_aside"].clone();
            (!aside.is_null()).then_some(aside)
        })
    };
    assert_eq!(aside(&shop)["why"], "failing");
    let silent = |shop: &Campaigns| {
        let quote = shop.quote(None, 5_000, &[]);
        assert_eq!(
            (traced(&quote, "spring").as_str(), &quote["price"]),
            ("set_aside", &json!(5_000))
        );
    };
    silent(&shop);
    let shown = |words: &[&str], language: &str| {
        let mut command = server.command(words);
        command
            .env("POSTHOUSE_URL", &server.base)
            .env("POSTHOUSE_API_KEY", &shop.client.key);
        String::from_utf8(command.env("LANG", language).output().unwrap().stdout).unwrap()
    };
    let said = shown(&["campaigns", "show", "spring"], "C");
    assert!(
        said.contains("rule set aside") && said.contains("it kept failing"),
        "{said}"
    );
    for words in [&["plugin", "list"][..], &["plugin", "logs", "promotion/spring"]] {
        let said = shown(words, "zh_CN.UTF-8");
        assert!(said.contains("promotion/spring 暂停询问至"), "{said}");
    }
    let doctor = shown(&["doctor", "--json"], "C");
    let doctor: Value = serde_json::from_str(&doctor).unwrap();
    assert_eq!(doctor["rules"][0]["binding"], "spring", "{doctor}");
    assert!(doctor["rules"][0]["set_aside_until"].is_string(), "{doctor}");
    let steps = shop.client.all("/api/v1/campaigns/spring/history");
    assert_eq!(
        (&steps[0]["action"], &steps[0]["by"]),
        (&json!("set-aside"), &Value::Null)
    );
    assert!(
        steps[0]["note"].as_str().unwrap().contains("no older revision"),
        "{}",
        steps[0]
    );
    assert!(
        shop.client
            .get("/metrics")
            .text
            .contains("posthouse_rules_set_aside_total")
    );
    // it is so for every run of the server, until somebody has it asked
    server.restart();
    shop.move_to(&server.base);
    silent(&shop);
    assert_eq!((marked(&shop), aside(&shop)["why"].as_str()), (since, Some("failing")));
    let again = shop
        .client
        .post("/api/v1/bindings/promotion/spring/ask-again", &json!({}));
    assert_eq!(again.expect(200)["set_aside"], Value::Null);
    assert_eq!(traced(&shop.quote(None, 5_000, &[]), "spring"), "applied");
    // another run of the server takes the mark away, though it has not set it
    eventually("the mark is gone", PATIENCE, || {
        binding(&shop, "spring")["stale_since"].is_null().then_some(())
    });
    assert_eq!(binding(&shop, "spring")["revision"], 1);
    let actions = shop.client.all("/api/v1/audit");
    let of_the_rule = actions
        .iter()
        .filter(|entry| entry["subject"] == "binding/promotion/spring");
    let of_the_rule: Vec<_> = of_the_rule.map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        of_the_rule,
        ["binding.ask-again", "binding.set-aside", "binding.activation"]
    );
    assert_eq!(
        shop.client
            .put("/api/v1/bindings/promotion/spring", &json!({"digest": "0".repeat(64)}))
            .problem(409),
        "amendment_needed"
    );
    let rollback = shop
        .client
        .post("/api/v1/bindings/promotion/spring/rollback", &json!({}));
    assert_eq!(rollback.problem(409), "nothing_to_restore");
    // a better one is put into force by an amendment, and the worse one can be had back at once
    let id = shop.client.all("/api/v1/campaigns")[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    shop.amend(&id, &rule(Saving::Amount(1)));
    assert_eq!(shop.quote(None, 7_777, &[])["price"], 7_776);
    let back = shop
        .client
        .post("/api/v1/bindings/promotion/spring/rollback", &json!({}))
        .expect(200);
    assert_eq!(
        (back["revision"].as_i64(), back["stale_since"].is_null()),
        (Some(3), true)
    );
    assert_eq!(traced(&shop.quote(None, 7_777, &[]), "spring"), "rule_failed");
    // an approved plan is in force with the rule it names, whatever was brought back meanwhile
    let mut plan = shop.client.get(&format!("/api/v1/campaigns/{id}")).expect(200)["plan"].clone();
    plan["budget"]["total"] = 500_000.into();
    shop.propose(&id, &json!({"plan": plan}));
    assert_eq!(binding(&shop, "spring")["revision"], 4);
    assert_eq!(shop.quote(None, 7_777, &[])["price"], 7_776);
    for (to, price, as_planned) in [(1, 7_777, false), (2, 7_776, true)] {
        let back = json!({"to": to});
        shop.client
            .post("/api/v1/bindings/promotion/spring/rollback", &back)
            .expect(200);
        assert_eq!(shop.quote(None, 7_777, &[])["price"], price);
        let campaign = shop.client.get("/api/v1/campaigns/spring").expect(200);
        assert_eq!(campaign["rule_in_force"]["as_planned"], as_planned);
    }
    server.restart();
    shop.move_to(&server.base);
    assert_eq!(shop.quote(None, 7_777, &[])["price"], 7_776);
}
