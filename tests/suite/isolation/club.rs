//! A loyalty programme with one of everything.

use crate::intake::event;
use posthouse_tests::guest::LoyaltyGuest;
use posthouse_tests::{Client, eventually};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn reward(key: &str, title: &str) -> Value {
    json!({"key": key, "kind": "gift", "title": {"zh-CN": "旅行枕", "en": title}, "points": 2})
}

/// What a programme has, by the names that paths and bodies use.
pub(super) struct Club {
    pub(super) digest: String,
    /// Adjustments that wait, and orders that do.
    pub(super) adjustments: [String; 2],
    pub(super) orders: [String; 2],
    pub(super) referral_code: String,
    /// An occasion whose rule fails.
    pub(super) occasion: String,
    /// A rule that was played over the past.
    pub(super) preview: String,
    /// A link to the first member's own page.
    pub(super) link: String,
}

/// A programme with a member who has earned and ordered something, another one, and one who is suspended.
pub(super) fn club(client: &Client, [customer, companion, stranger]: [&str; 3]) -> Club {
    // whose rule fails for one booking
    let guest = LoyaltyGuest {
        before_earn: LoyaltyGuest::at_amount(77_700, "(unreachable)"),
        ..LoyaltyGuest::default()
    };
    let digest = client.admit(&guest.build());
    client
        .put(
            "/api/v1/bindings/loyalty/main",
            &json!({"digest": digest, "config": {}}),
        )
        .expect(200);
    let programme =
        json!({"name": {"zh-CN": "里程", "en": "Marked miles"}, "enrol": "on_request", "since": "2026-01-01"});
    client.put("/api/v1/loyalty/programme", &programme).expect(200);
    client
        .post("/api/v1/members", &json!({"customer_id": customer}))
        .expect(201);
    // five for joining, five for each of two bookings, and five for a review
    eventually("it has earned", Duration::from_secs(30), || {
        let member = client.get(&format!("/api/v1/members/{customer}")).expect(200);
        (member["points"]["available"] == 20).then_some(())
    });
    let at = "2026-01-11T09:00:00+08:00";
    let failing = event(
        "booking.confirmed",
        "b-fails",
        at,
        &[("member_no", "M1")],
        json!({"amount": 77_700}),
    );
    client.events(&[failing]);
    let occasion = eventually("the rule fails", Duration::from_secs(30), || {
        let waiting = client.all("/api/v1/loyalty/occasions?state=waiting");
        Some(waiting.first()?["id"].as_str()?.to_owned())
    });
    client
        .post("/api/v1/rewards", &reward("pillow", "Marked pillow"))
        .expect(201);
    let body = json!({"name": "counter", "scopes": ["intake", "read"]});
    let made = client.post("/api/v1/keys", &body).expect(201);
    let counter = Client::new(&client.base, made["api_key"].as_str().unwrap());
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let ask = |points: i64| {
        let body = json!({"wallet": "points", "points": points, "reason": "Marked reason"});
        id(counter
            .post(&format!("/api/v1/members/{customer}/adjust"), &body)
            .expect(202))
    };
    let order = || {
        let body = json!({"reward": "pillow"});
        id(counter
            .post(&format!("/api/v1/members/{customer}/redeem"), &body)
            .expect(201))
    };
    let code = client.get(&format!("/api/v1/members/{customer}")).expect(200)["referral_code"]
        .as_str()
        .unwrap()
        .to_owned();
    // one of the family is no referral, but written down
    let told = json!({"code": code, "customer_id": companion});
    client.post("/api/v1/referrals", &told).expect(201);
    for other in [companion, stranger] {
        client
            .post("/api/v1/members", &json!({"customer_id": other}))
            .expect(201);
    }
    client
        .patch(&format!("/api/v1/members/{stranger}"), &json!({"state": "suspended"}))
        .expect(200);
    let tried = json!({"binding": "main", "digest": digest, "config": {}, "days": 30});
    let preview = id(client.post("/api/v1/loyalty/preview", &tried).expect(202));
    eventually("it was played", Duration::from_secs(30), || {
        let preview = client.get(&format!("/api/v1/loyalty/previews/{preview}")).expect(200);
        (preview["state"] == "done").then_some(())
    });
    let link = client.post(&format!("/api/v1/members/{customer}/links"), &json!({"days": 7}));
    let club = Club {
        adjustments: [ask(1), ask(2)],
        orders: [order(), order()],
        referral_code: code,
        link: id(link.expect(201)),
        occasion,
        preview,
        digest,
    };
    // whatever is asked in the background was asked, but for the rule that fails
    eventually("rules were asked", Duration::from_secs(30), || {
        (client.all("/api/v1/loyalty/occasions?state=waiting").len() == 1).then_some(())
    });
    club
}
