//! A quote's life: held, confirmed or let go, and given back with its booking.

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
    another_customers_booking_gives_nothing_back,
);

pub(crate) const CLOCK: Option<&str> = Some("fixed:2026-01-15T04:00:00Z");

/// A server with an agency whose groups are there.
pub(crate) fn start(database: Database) -> (Server, Campaigns) {
    start_with(database, Vec::new())
}

/// [`start`] with these settings.
pub(super) fn start_with(database: Database, env: Vec<(&'static str, String)>) -> (Server, Campaigns) {
    let server = Server::start(database, Options { clock: CLOCK, env });
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

pub(crate) fn confirm(client: &Client, quote: &Value, booking: &str) -> posthouse_tests::Answer {
    let path = format!("/api/v1/quotes/{}/confirm", id(quote));
    client.post(&path, &json!({"booking_id": booking}))
}

pub(crate) fn release(client: &Client, quote: &Value) -> posthouse_tests::Answer {
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
