//! What a basket costs: every campaign in the trace, groups, floors, budgets, and baskets that have no price.

use super::quotes::{customer, release, rule, start};
use posthouse_tests::Database;
use posthouse_tests::campaigns::{basket, traced};
use posthouse_tests::guest::{PromotionGuest, Saving};
use serde_json::{Value, json};

on_both_engines!(
    every_campaign_is_in_the_trace,
    groups_decide_who_goes_with_whom,
    prices_stay_above_their_floors,
    budgets_end_where_they_should,
    amended_budgets_count_at_once,
    what_no_json_keeps_is_refused,
    a_basket_that_cannot_be_priced_is_refused,
);

fn every_campaign_is_in_the_trace(database: Database) {
    let (_server, shop) = start(database);
    let rate = rule(Saving::Rate(500));
    let nothing = PromotionGuest {
        name: "nothing".into(),
        offers: vec![],
        ..PromotionGuest::default()
    };
    let often = json!({"facts": [{"fact": "trips-24m", "at_least": 5}]});
    let run = |key: &str, priority: i32, changes: Value| shop.run(key, &shop.plan(&rate, priority, changes));
    run("applies", 1, json!({}));
    run("in-shops", 2, json!({"places": ["shop"]}));
    run(
        "next-month",
        3,
        json!({"window": {"from": "2026-02-01", "to": "2026-03-01"}}),
    );
    run("for-regulars", 4, json!({"audience": often}));
    run("held-out", 5, json!({"holdout": 10_000}));
    run("with-coupon", 6, json!({"needs_coupon": true}));
    run("poor", 7, json!({"budget": {"total": 100}}));
    shop.run("silent", &shop.plan(&nothing.build(), 8, json!({})));
    let paused = run("paused", 9, json!({}));
    shop.step(&paused, "pause");
    let guest = customer(&shop.client, "M1");
    let quote = shop.quote(Some(&guest), 100_000, &[]);
    for (key, code) in [
        ("applies", "applied"),
        ("in-shops", "elsewhere"),
        ("next-month", "outside_window"),
        ("for-regulars", "not_in_audience"),
        ("held-out", "holdout"),
        ("with-coupon", "coupon_needed"),
        ("poor", "over_budget"),
        ("silent", "no_offer"),
    ] {
        assert_eq!(traced(&quote, key), code, "{key}");
    }
    assert_eq!(
        quote["trace"].as_array().unwrap().len(),
        8,
        "a paused campaign is not in force: {quote}"
    );
    assert_eq!(quote["price"], 95_000);
    let nobody = shop.quote(None, 100_000, &[]);
    for (key, code) in [
        ("applies", "applied"),
        ("for-regulars", "customer_needed"),
        ("held-out", "customer_needed"),
    ] {
        assert_eq!(traced(&nobody, key), code, "{key}");
    }
    shop.step(&paused, "resume");
    assert_eq!(shop.quote(Some(&guest), 100_000, &[])["price"], 90_000);
    shop.step(&paused, "end");
    assert_eq!(shop.quote(Some(&guest), 100_000, &[])["price"], 95_000);
    // decisions say what was told, and nothing that was not declared
    let decisions = shop.client.all(&format!(
        "/api/v1/decisions?customer_id={guest}&binding=promotion/applies"
    ));
    assert_eq!(decisions.len(), 3);
    let facts = &decisions[0]["input"]["request"]["facts"];
    assert_eq!(*facts, json!({"trips-24m": 0, "recency-days": null}));
    assert_eq!(
        decisions[0]["output"]["offers"],
        json!([{"line": 0, "rate": 500, "reason": "welcome"}])
    );
    assert!(shop.replay_all() > 8);
}

fn groups_decide_who_goes_with_whom(database: Database) {
    let (_server, shop) = start(database);
    let run = |key: &str, saving: Saving, priority: i32, group: &str| {
        let changes = json!({"stacking": {"group": group, "priority": priority}});
        shop.run(key, &shop.plan(&rule(saving), priority, changes))
    };
    run("ten", Saving::Rate(1_000), 10, "season");
    run("twenty", Saving::Rate(2_000), 20, "season");
    let price = |expected: i64| {
        let quote = shop.quote(None, 100_000, &[]);
        assert_eq!(quote["price"], expected, "{quote}");
        quote
    };
    price(70_000);
    run("better", Saving::Amount(9_000), 30, "best");
    run("worse", Saving::Amount(8_000), 25, "best");
    let quote = price(61_000);
    assert_eq!(
        (traced(&quote, "better").as_str(), traced(&quote, "worse").as_str()),
        ("applied", "not_best")
    );
    run("first", Saving::Rate(5_000), 40, "line");
    run("then", Saving::Rate(5_000), 50, "line");
    price(15_250);
    // one that goes alone, but does not stand first, does not go
    let late = run("late", Saving::Rate(100), 60, "alone");
    assert_eq!(traced(&price(15_250), "late"), "outranked");
    shop.step(&late, "end");
    run("early", Saving::Rate(100), 5, "alone");
    let quote = price(99_000);
    assert!(
        ["ten", "better", "then"]
            .into_iter()
            .all(|key| traced(&quote, key) == "outranked")
    );
    let text = quote["trace"][1]["text"]["zh-CN"].as_str().unwrap();
    assert!(text.contains("early"), "{text}");
}

/// More than any price, and as much as a rule may propose.
const LARGEST: i64 = 1_000_000_000_000_000;

fn prices_stay_above_their_floors(database: Database) {
    let (_server, shop) = start(database);
    let greedy = shop.plan(&rule(Saving::Amount(LARGEST)), 1, json!({"price_floor": 8_000}));
    shop.run("greedy", &greedy);
    let quote = shop.quote(None, 100_001, &[]);
    assert_eq!(quote["price"], 80_001, "rounded up");
    assert_eq!(
        (
            quote["adjustments"][0]["off"].as_i64(),
            quote["adjustments"][0]["asked"].as_i64()
        ),
        (Some(20_000), Some(LARGEST))
    );
    let mut costly = basket(None, 100_000, &[]);
    costly["lines"][0]["unit_cost"] = 93_000.into();
    let quote = shop.client.post("/api/v1/quotes", &costly).expect(201);
    assert_eq!(quote["price"], 93_000, "never below cost where it is known");
    let decision = quote["adjustments"][0]["decision"].as_str().unwrap();
    let decision = shop.client.get(&format!("/api/v1/decisions/{decision}"));
    assert!(
        !decision.text.contains("93000"),
        "what things cost is no rule's business: {}",
        decision.text
    );
    costly["lines"][0]["unit_cost"] = 200_000.into();
    let quote = shop.client.post("/api/v1/quotes", &costly).expect(201);
    assert_eq!(
        (quote["price"].as_i64(), traced(&quote, "greedy").as_str()),
        (Some(100_000), "at_floor")
    );
}

fn budgets_end_where_they_should(database: Database) {
    let (_server, shop) = start(database);
    let budget = json!({"budget": {"total": 2_500, "per_customer": 1_500, "per_day": 2_200}});
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, budget));
    let (one, other) = (customer(&shop.client, "M1"), customer(&shop.client, "M2"));
    let ask = |who: &str| traced(&shop.quote(Some(who), 10_000, &[]), "spring");
    assert_eq!(
        [ask(&one), ask(&one), ask(&one)],
        ["applied", "applied", "over_budget"],
        "two fit into 15.00"
    );
    assert_eq!(
        [ask(&other), ask(&other)],
        ["applied", "over_budget"],
        "three fit into a day's 22.00"
    );
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((2_100, 0), (2_100, 0))
    );
    let quotes = shop.client.all("/api/v1/quotes");
    let quote = quotes.iter().find(|quote| quote["price"] == 9_300).unwrap();
    release(&shop.client, quote).expect(200);
    assert_eq!(ask(&other), "applied", "what is let go can be had again");
}

fn amended_budgets_count_at_once(database: Database) {
    let (_server, shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    assert_eq!(traced(&shop.quote(None, 10_000, &[]), "spring"), "applied");
    let mut plan = shop.client.get("/api/v1/campaigns/spring").expect(200)["plan"].clone();
    plan["budget"]["total"] = 1_399.into();
    shop.propose(&campaign, &json!({"plan": plan}));
    assert_eq!(traced(&shop.quote(None, 10_000, &[]), "spring"), "over_budget");
    assert_eq!(shop.budget(&campaign), (700, 0));
    // who is held out is settled when it begins
    plan["holdout"] = 500.into();
    let refused = shop.client.post(
        "/api/v1/campaigns/spring/amendments",
        &json!({"plan": plan, "as_written": ["budget.total"]}),
    );
    assert_eq!(refused.problem(422), "holdout_settled");
}

fn what_no_json_keeps_is_refused(database: Database) {
    let (_server, shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let mut plan = shop.client.get("/api/v1/campaigns/spring").expect(200)["plan"].clone();
    for total in [9_007_199_254_740_993_i64, i64::MAX] {
        plan["budget"]["total"] = total.into();
        let path = format!("/api/v1/campaigns/{campaign}/amendments");
        assert_eq!(shop.client.post(&path, &json!({"plan": plan})).problem(422), "bad_plan");
        assert_eq!(shop.client.all(&path).len(), 0);
        let draft = json!({"key": "late", "type": "festival", "name": "Late", "plan": plan});
        assert_eq!(shop.client.post("/api/v1/campaigns", &draft).problem(422), "bad_plan");
    }
    // below zero and next to nothing is nothing: there is one zero, and a rule is told the same one again
    let number = json!({"kind": "number", "title": {"zh-CN": "数", "en": "Number"}, "sensitivity": "ordinary"});
    shop.client.put("/api/v1/attributes/mark", &number).expect(200);
    let signed = PromotionGuest {
        name: "signed".into(),
        facts: vec![("attr.mark".into(), "number", true)],
        reasons: vec![("sign".into(), "{attr.mark}".into())],
        before: "(if (i64.lt_s (i64.load offset=8 (local.get $facts)) (i64.const 0)) \
                 (then (return (call $propose (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0)))))"
            .into(),
        ..PromotionGuest::default()
    };
    shop.run("signed", &shop.plan(&signed.build(), 2, json!({})));
    for (n, mark) in ["-0", "-1e-400", "-2.5"].into_iter().enumerate() {
        let told =
            json!({"identities": [{"kind": "member_no", "value": format!("N{n}")}], "attributes": {"mark": mark}});
        let guest = shop.client.post("/api/v1/customers", &told).expect(201);
        let quote = shop.quote(guest["id"].as_str(), 10_000, &[]);
        let signed = quote["trace"][1]["off"].as_i64();
        assert_eq!(signed, Some(if mark == "-2.5" { 1 } else { 1_000 }), "{mark}: {quote}");
    }
}

fn a_basket_that_cannot_be_priced_is_refused(database: Database) {
    let (_server, shop) = start(database);
    let good = basket(None, 10_000, &[]);
    for (pointer, value, status, code) in [
        ("/lines", json!([]), 422, "bad_basket"),
        ("/lines/0/quantity", json!(0), 422, "bad_basket"),
        ("/lines/0/unit_price", json!(-1), 422, "bad_basket"),
        ("/lines/0/departs", json!("tomorrow"), 422, "bad_basket"),
        ("/lines/0/kind", json!("rocket"), 422, "bad_body"),
        ("/channel", json!(""), 422, "id_missing"),
        ("/codes", json!(vec!["x"; 11]), 422, "bad_basket"),
        ("/hold_minutes", json!(0), 422, "bad_basket"),
        (
            "/customer_id",
            json!("00000000-0000-7000-8000-000000000000"),
            404,
            "not_found",
        ),
    ] {
        let mut basket = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        basket.pointer_mut(parent).unwrap()[key] = value;
        assert_eq!(
            shop.client.post("/api/v1/quotes", &basket).problem(status),
            code,
            "{pointer}"
        );
    }
    assert_eq!(shop.client.all("/api/v1/quotes").len(), 0);
    // with no campaign the price is the list price
    let quote = shop.quote(None, 10_000, &[]);
    assert_eq!(
        (quote["price"].as_i64(), quote["trace"].as_array().map(Vec::len)),
        (Some(10_000), Some(0))
    );
    let nobody = "00000000-0000-7000-8000-000000000000";
    assert_eq!(
        shop.client.get(&format!("/api/v1/quotes/{nobody}")).problem(404),
        "not_found"
    );
    let confirm = shop
        .client
        .post(&format!("/api/v1/quotes/{nobody}/confirm"), &json!({"booking_id": "B"}));
    assert_eq!(confirm.problem(404), "not_found");
}
