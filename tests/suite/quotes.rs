//! A quote's life: priced, held, confirmed or let go, and given back with its booking.

use super::intake::event;
use posthouse_tests::campaigns::{basket, traced};
use posthouse_tests::guest::{PromotionGuest, Saving};
use posthouse_tests::{Campaigns, Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    a_quote_is_held_confirmed_and_given_back,
    what_is_paid_back_in_part_gives_back_its_share,
    holds_end_by_themselves,
    every_campaign_is_in_the_trace,
    groups_decide_who_goes_with_whom,
    prices_stay_above_their_floors,
    budgets_end_where_they_should,
    coupons_from_batch_to_revocation,
    a_basket_that_cannot_be_priced_is_refused,
    amended_budgets_count_at_once,
    what_no_json_keeps_is_refused,
    another_customers_booking_gives_nothing_back,
);

pub(crate) const CLOCK: Option<&str> = Some("fixed:2026-01-15T04:00:00Z");

/// A server with an agency whose groups are there.
pub(crate) fn start(database: Database) -> (Server, Campaigns) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let campaigns = Campaigns::new(&server.agency("quotes"));
    for (key, mode) in [
        ("season", "stackable"),
        ("alone", "exclusive"),
        ("best", "best-of"),
        ("line", "ordered"),
    ] {
        campaigns.group(key, mode);
    }
    (server, campaigns)
}

/// A rule that takes so much off the first line.
pub(crate) fn rule(saving: Saving) -> Vec<u8> {
    let name = match saving {
        Saving::Amount(amount) => format!("amount-{amount}"),
        Saving::Rate(rate) => format!("rate-{rate}"),
    };
    PromotionGuest {
        name,
        offers: vec![(0, saving, 0)],
        ..PromotionGuest::default()
    }
    .build()
}

/// A customer known by a member number.
pub(crate) fn customer(client: &Client, member: &str) -> String {
    let body = json!({"identities": [{"kind": "member_no", "value": member}], "name": member});
    client.post("/api/v1/customers", &body).expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn booking(kind: &str, id: &str, member: &str, data: Value) -> Value {
    let mut data = data;
    data["booking_id"] = "B-1".into();
    event(kind, id, "2026-01-15T09:00:00+08:00", &[("member_no", member)], data)
}

fn id(quote: &Value) -> &str {
    quote["id"].as_str().expect("an id")
}

fn confirm(client: &Client, quote: &Value, booking: &str) -> posthouse_tests::Answer {
    let path = format!("/api/v1/quotes/{}/confirm", id(quote));
    client.post(&path, &json!({"booking_id": booking}))
}

fn release(client: &Client, quote: &Value) -> posthouse_tests::Answer {
    client.send("POST", &format!("/api/v1/quotes/{}/release", id(quote)), "", &[])
}

fn a_quote_is_held_confirmed_and_given_back(database: Database) {
    let (mut server, mut shop) = start(database);
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({"needs_coupon": true}));
    let campaign = shop.run("spring", &plan);
    let guest = customer(&shop.client, "M1");
    let made = json!({"label": "Spring fair", "count": 2});
    let made = shop
        .client
        .post(&format!("/api/v1/campaigns/{campaign}/coupons"), &made)
        .expect(201);
    let code = made["codes"][0]["code"].as_str().unwrap().to_owned();
    let look_up = |shop: &Campaigns| {
        let found = shop
            .client
            .post("/api/v1/coupons/look-up", &json!({"code": code}))
            .expect(200);
        (found["held"].as_i64().unwrap(), found["used"].as_i64().unwrap())
    };

    let without = shop.quote(Some(&guest), 500_000, &[]);
    assert_eq!(
        (without["price"].as_i64(), traced(&without, "spring").as_str()),
        (Some(500_000), "coupon_needed")
    );
    // however it is typed
    let quote = shop.quote(Some(&guest), 500_000, &[&code.to_lowercase().replace('-', " ")]);
    assert_eq!(
        (quote["list_price"].as_i64(), quote["price"].as_i64()),
        (Some(500_000), Some(450_000))
    );
    assert_eq!(
        (quote["state"].as_str(), quote["currency"].as_str()),
        (Some("open"), Some("CNY"))
    );
    assert_eq!(quote["expires_at"], "2026-01-15T04:30:00.000Z");
    let adjustment = &quote["adjustments"][0];
    assert_eq!(
        (adjustment["off"].as_i64(), adjustment["reason"]["text"]["en"].as_str()),
        (Some(50_000), Some("0 trips"))
    );
    assert_eq!(quote["coupons"][0]["state"], "held");
    assert_eq!(traced(&quote, "spring"), "applied");
    assert_eq!((shop.budget(&campaign), look_up(&shop)), ((50_000, 0), (1, 0)));
    // a single-use coupon that is held cannot be held again
    let second = shop.quote(Some(&guest), 500_000, &[&code]);
    assert_eq!(second["coupons"][0]["state"], "coupon_used_up");
    assert_eq!(second["price"], 500_000);

    for _ in 0..2 {
        let confirmed = confirm(&shop.client, &quote, "B-1").expect(200);
        assert_eq!(
            (confirmed["state"].as_str(), confirmed["booking_id"].as_str()),
            (Some("confirmed"), Some("B-1"))
        );
    }
    assert_eq!((shop.budget(&campaign), look_up(&shop)), ((0, 50_000), (0, 1)));
    assert_eq!(confirm(&shop.client, &quote, "B-2").problem(409), "quote_confirmed");
    assert_eq!(release(&shop.client, &quote).problem(409), "quote_confirmed");

    // the booking is told, then called off: everything comes back, once
    shop.client
        .events(&[booking("booking.confirmed", "e1", "M1", json!({"amount": 450_000}))]);
    shop.client
        .events(&[booking("booking.cancelled", "e2", "M1", json!({}))]);
    let returned = eventually("the budget comes back", Duration::from_secs(30), || {
        let quote = shop.client.get(&format!("/api/v1/quotes/{}", id(&quote))).expect(200);
        (quote["returned"] == 50_000).then_some(quote)
    });
    assert_eq!(returned["state"], "confirmed");
    assert_eq!((shop.budget(&campaign), look_up(&shop)), ((0, 0), (0, 0)));
    assert_eq!(shop.sum_of_entries(&campaign), (0, 0));
    shop.client
        .events(&[booking("booking.cancelled", "e3", "M1", json!({}))]);
    // and the coupon can be used again
    let again = shop.quote(Some(&guest), 500_000, &[&code]);
    assert_eq!(again["price"], 450_000);
    assert_eq!(confirm(&shop.client, &again, "B-1").problem(409), "booking_cancelled");
    for _ in 0..2 {
        assert_eq!(release(&shop.client, &again).expect(200)["state"], "released");
    }
    assert_eq!(confirm(&shop.client, &again, "B-9").problem(409), "quote_released");
    assert_eq!((shop.budget(&campaign), look_up(&shop)), ((0, 0), (0, 0)));

    let decisions = shop.replay_all();
    assert_eq!(decisions, 2, "the rule was asked where a coupon was there");
    // the same bytes after another rule came into force, and after a restart
    shop.amend(&campaign, &rule(Saving::Rate(2_000)));
    assert_eq!(shop.quote(Some(&guest), 500_000, &[&code])["price"], 400_000);
    server.restart();
    shop.move_to(&server.base);
    assert_eq!(shop.replay_all(), 3);
}

fn what_is_paid_back_in_part_gives_back_its_share(database: Database) {
    let (_server, shop) = start(database);
    let plan = shop.plan(
        &rule(Saving::Amount(10_000)),
        1,
        json!({"needs_coupon": true, "keeps_coupons": true}),
    );
    let campaign = shop.run("spring", &plan);
    customer(&shop.client, "M1");
    let made = json!({"label": "Fair", "count": 1});
    let made = shop
        .client
        .post(&format!("/api/v1/campaigns/{campaign}/coupons"), &made)
        .expect(201);
    let code = made["codes"][0]["code"].as_str().unwrap();
    let quote = shop.quote(None, 100_000, &[code]);
    confirm(&shop.client, &quote, "B-1").expect(200);
    shop.client
        .events(&[booking("booking.confirmed", "e1", "M1", json!({"amount": 90_000}))]);
    let spent = |spent: i64| {
        eventually("the share comes back", Duration::from_secs(30), || {
            (shop.budget(&campaign) == (0, spent)).then_some(())
        });
    };
    shop.client
        .events(&[booking("booking.refunded", "e2", "M1", json!({"amount": 30_000}))]);
    spent(10_000 - 3_333);
    shop.client
        .events(&[booking("booking.refunded", "e3", "M1", json!({"amount": 30_000}))]);
    spent(10_000 - 6_666);
    shop.client
        .events(&[booking("booking.refunded", "e4", "M1", json!({}))]);
    spent(0);
    assert_eq!(shop.sum_of_entries(&campaign), (0, 0));
    let found = shop
        .client
        .post("/api/v1/coupons/look-up", &json!({"code": code}))
        .expect(200);
    assert_eq!(
        (found["used"].as_i64(), found["state"].as_str()),
        (Some(1), Some("coupon_used_up")),
        "the plan keeps coupons"
    );
}

fn holds_end_by_themselves(database: Database) {
    let (mut server, mut shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let first = shop.quote(None, 10_000, &[]);
    let mut longer = basket(None, 10_000, &[]);
    longer["hold_minutes"] = 120.into();
    let longer = shop.client.post("/api/v1/quotes", &longer).expect(201);
    assert_eq!(shop.budget(&campaign), (1_400, 0));
    server.restart_at("fixed:2026-01-15T04:29:59Z");
    shop.move_to(&server.base);
    assert_eq!(
        confirm(&shop.client, &first, "B-1").status,
        200,
        "a moment before its end"
    );
    let second = shop.quote(None, 10_000, &[]);
    server.restart_at("fixed:2026-01-15T04:59:59Z");
    shop.move_to(&server.base);
    eventually("the hold ends", Duration::from_secs(30), || {
        (shop.budget(&campaign) == (700, 700)).then_some(())
    });
    assert_eq!(confirm(&shop.client, &second, "B-2").problem(409), "quote_expired");
    assert_eq!(release(&shop.client, &second).expect(200)["state"], "expired");
    assert_eq!(confirm(&shop.client, &longer, "B-3").expect(200)["state"], "confirmed");
    assert_eq!(
        (shop.budget(&campaign), shop.sum_of_entries(&campaign)),
        ((0, 1_400), (0, 1_400))
    );
}

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

fn coupons_from_batch_to_revocation(database: Database) {
    let (mut server, mut shop) = start(database);
    let campaign = shop.run(
        "spring",
        &shop.plan(&rule(Saving::Amount(700)), 1, json!({"needs_coupon": true})),
    );
    let open = shop.run("open", &shop.plan(&rule(Saving::Amount(5)), 2, json!({})));
    let (one, other) = (customer(&shop.client, "M1"), customer(&shop.client, "M2"));
    let path = format!("/api/v1/campaigns/{campaign}/coupons");
    let batch = shop
        .client
        .post(&path, &json!({"label": "Fair", "count": 100_000, "uses": 2}))
        .expect(201);
    let codes: Vec<&str> = batch["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code["code"].as_str().unwrap())
        .collect();
    let mut distinct = codes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((codes.len(), distinct.len()), (100_000, 100_000));
    // told once: what is kept does not give them back
    let kept = shop.client.get(&path);
    assert!(!kept.text.contains(codes[0]) && kept.json()["items"][0].get("codes").is_none());
    let worth = |shop: &Campaigns, who: &str, codes: &[&str]| {
        let quote = shop.quote(Some(who), 10_000, codes);
        (quote["coupons"][0]["state"].as_str().unwrap().to_owned(), quote)
    };
    let held = |who: &str, code: &str| worth(&shop, who, &[code]).0;
    assert_eq!(
        [held(&one, codes[0]), held(&other, codes[0]), held(&one, codes[0])],
        ["held", "held", "coupon_used_up"],
        "two uses"
    );
    let both = worth(&shop, &one, &[codes[1], codes[2]]).1;
    assert_eq!(
        (
            both["coupons"][0]["state"].as_str(),
            both["coupons"][1]["state"].as_str()
        ),
        (Some("held"), Some("coupon_needless"))
    );
    assert_eq!(held(&one, "0000-0000-0000-0000"), "coupon_unknown");
    assert_eq!(held(&one, "'; DROP TABLE coupon; --"), "coupon_unknown");
    // personal ones are theirs alone
    let personal = json!({"label": "For regulars", "customers": [one], "expires_at": "2026-01-16T00:00:00+08:00"});
    let personal = shop.client.post(&path, &personal).expect(201);
    assert_eq!(personal["codes"][0]["customer_id"].as_str(), Some(one.as_str()));
    let mine = personal["codes"][0]["code"].as_str().unwrap();
    assert_eq!(
        [held(&other, mine), held(&one, mine)],
        ["coupon_of_another_customer", "held"]
    );
    // revoked, one and all; holds stay
    let quote = worth(&shop, &one, &[codes[3]]).1;
    shop.client
        .post("/api/v1/coupons/revoke", &json!({"code": codes[3]}))
        .expect(200);
    assert_eq!(held(&one, codes[3]), "coupon_revoked");
    confirm(&shop.client, &quote, "B-1").expect(200);
    let id = batch["id"].as_str().unwrap();
    for _ in 0..2 {
        let revoked = shop
            .client
            .send("POST", &format!("{path}/{id}/revoke"), "", &[])
            .expect(200);
        assert_eq!(
            (revoked["state"].as_str(), revoked["used"].as_i64()),
            (Some("revoked"), Some(1))
        );
    }
    assert_eq!(held(&one, codes[9]), "coupon_revoked");
    for (body, code) in [
        (json!({"label": "x"}), "bad_batch"),
        (json!({"label": "x", "count": 100_001}), "bad_batch"),
        (json!({"label": "x", "count": 1, "uses": 0}), "bad_batch"),
        (json!({"label": " ", "count": 1}), "bad_batch"),
        (
            json!({"label": "x", "count": 1, "expires_at": "2026-01-01T00:00:00Z"}),
            "bad_batch",
        ),
        (
            json!({"label": "x", "customers": ["00000000-0000-7000-8000-000000000000"]}),
            "unknown_customer",
        ),
        (json!({"label": "x", "segment": "rfm.champions"}), "unknown_segment"),
    ] {
        assert_eq!(shop.client.post(&path, &body).problem(422), code, "{body}");
    }
    let refused = shop.client.post(
        &format!("/api/v1/campaigns/{open}/coupons"),
        &json!({"label": "x", "count": 1}),
    );
    assert_eq!(refused.problem(409), "campaign_takes_no_coupons");
    let fresh = shop
        .client
        .post(
            &path,
            &json!({"label": "Late", "count": 1, "expires_at": "2026-01-16T00:00:00+08:00"}),
        )
        .expect(201);
    server.restart_at("fixed:2026-01-15T16:00:00Z");
    shop.move_to(&server.base);
    let fresh = fresh["codes"][0]["code"].as_str().unwrap();
    assert_eq!(worth(&shop, &one, &[fresh]).0, "coupon_expired");
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
    let refused = shop
        .client
        .post("/api/v1/campaigns/spring/amendments", &json!({"plan": plan}));
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

fn another_customers_booking_gives_nothing_back(database: Database) {
    let (_server, shop) = start(database);
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let guest = customer(&shop.client, "M1");
    customer(&shop.client, "M2");
    let quote = shop.quote(Some(&guest), 10_000, &[]);
    confirm(&shop.client, &quote, "B-1").expect(200);
    shop.client
        .events(&[booking("booking.confirmed", "e1", "M2", json!({"amount": 9_300}))]);
    shop.client
        .events(&[booking("booking.cancelled", "e2", "M2", json!({}))]);
    let other = shop.quote(Some(&guest), 10_000, &[]);
    assert_eq!(
        confirm(&shop.client, &other, "B-1").problem(409),
        "booking_of_another_customer"
    );
    // whatever is settled is settled in order, so that the budget has been looked at when a later return is there
    let second = shop.quote(Some(&guest), 10_000, &[]);
    confirm(&shop.client, &second, "B-2").expect(200);
    let tell = |kind: &str, id: &str| {
        let data = json!({"booking_id": "B-2"});
        event(kind, id, "2026-01-15T09:00:00+08:00", &[("member_no", "M1")], data)
    };
    shop.client.events(&[tell("booking.confirmed", "e3")]);
    shop.client.events(&[tell("booking.cancelled", "e4")]);
    eventually("their own booking gives back", Duration::from_secs(30), || {
        let quote = shop.client.get(&format!("/api/v1/quotes/{}", id(&second))).expect(200);
        (quote["returned"] == 700).then_some(())
    });
    let first = shop.client.get(&format!("/api/v1/quotes/{}", id(&quote))).expect(200);
    assert_eq!(first["returned"], 0);
    let effect = shop
        .client
        .get(&format!("/api/v1/campaigns/{campaign}/effect"))
        .expect(200);
    assert_eq!(
        effect["uptake"]["sales"], 0,
        "somebody else's trip is not this campaign's"
    );
}
