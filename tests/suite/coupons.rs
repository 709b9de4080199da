//! Coupons from batch to revocation.

use super::quotes::{confirm, customer, rule, start};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Database};
use serde_json::json;

on_both_engines!(coupons_from_batch_to_revocation);

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
    // more customers than a statement of either engine has parameters
    let many: Vec<String> = (0..70_000)
        .map(|n| format!("00000000-0000-7000-8000-{n:012}"))
        .collect();
    let many = json!({"label": "x", "customers": many});
    assert_eq!(shop.client.post(&path, &many).problem(422), "unknown_customer");
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
