//! What a campaign brought, beside sums that this test keeps for itself while customers ask, book and call off.

use super::intake::event;
use super::quotes::{rule, start};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Database, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(the_effect_is_what_customers_did, the_one_before_stands_beside_it);

const PRICE: i64 = 100_000;

/// What this test knows of one arm.
#[derive(Default)]
struct Tally {
    customers: i64,
    bookings: i64,
    costed: i64,
    sales: i64,
    margin: i64,
}

fn customers(shop: &Campaigns, count: usize) -> Vec<(String, String)> {
    let one = |number: usize| {
        let member = format!("G{number}");
        let body = json!({"identities": [{"kind": "member_no", "value": member}]});
        let made = shop.client.post("/api/v1/customers", &body).expect(201);
        (made["id"].as_str().unwrap().to_owned(), member)
    };
    (0..count).map(one).collect()
}

fn booked(member: &str, booking: &str, at: &str, data: Value) -> Value {
    let mut data = data;
    data["booking_id"] = booking.into();
    let id = format!("e-{booking}");
    event("booking.confirmed", &id, at, &[("member_no", member)], data)
}

fn confirm(shop: &Campaigns, quote: &Value, booking: &str) {
    let path = format!("/api/v1/quotes/{}/confirm", quote["id"].as_str().unwrap());
    shop.client.post(&path, &json!({"booking_id": booking})).expect(200);
}

fn check_arm(found: &Value, expected: &Tally) {
    for (field, value) in [
        ("customers", expected.customers),
        ("buyers", expected.bookings),
        ("bookings", expected.bookings),
        ("costed", expected.costed),
        ("sales", expected.sales),
        ("margin", expected.margin),
    ] {
        assert_eq!(found[field], value, "{field} of {found}");
    }
}

fn the_effect_is_what_customers_did(database: Database) {
    let (_server, shop) = start(database);
    let goal = json!({"purpose": "More bookings", "targets": [
        {"measure": "participants", "figure": 50}, {"measure": "bookings", "figure": 50}, {"measure": "sales", "figure": 5_000_000},
        {"measure": "margin", "figure": 400_000}, {"measure": "discount", "figure": 600_000}, {"measure": "smiles", "figure": 9}]});
    let changes = json!({"goal": goal, "holdout": 4_000, "budget": {"total": 100_000_000}});
    let id = shop.run("measured", &shop.plan(&rule(Saving::Rate(1_000)), 1, changes));
    let path = format!("/api/v1/campaigns/{id}/effect");
    let guests = customers(&shop, 120);
    let (mut treatment, mut holdout) = (Tally::default(), Tally::default());
    let (mut participants, mut discount, mut called_off) = (0, 0, None);
    for (number, (guest, member)) in guests.iter().enumerate() {
        // what they booked before they asked is none of the campaign's doing
        if number % 7 == 0 {
            let before = booked(
                member,
                &format!("old-{number}"),
                "2026-01-12T09:00:00+08:00",
                json!({"amount": 777_777}),
            );
            shop.client.events(&[before]);
        }
        let quote = shop.quote(Some(guest), PRICE, &[]);
        let price = quote["price"].as_i64().unwrap();
        let treated = price < PRICE;
        let arm = if treated { &mut treatment } else { &mut holdout };
        arm.customers += 1;
        if arm.customers % if treated { 2 } else { 4 } != 0 {
            continue;
        }
        let booking = format!("B-{number}");
        confirm(&shop, &quote, &booking);
        let mut data = json!({"amount": price});
        if number % 3 > 0 {
            data["cost"] = (80_000 + number as i64).into();
            arm.costed += 1;
            arm.margin += price - 80_000 - number as i64;
        }
        shop.client
            .events(&[booked(member, &booking, "2026-01-15T09:00:00+08:00", data.clone())]);
        arm.bookings += 1;
        arm.sales += price;
        if treated {
            participants += 1;
            discount += PRICE - price;
            called_off = Some((member, booking, price, data["cost"].as_i64()));
        }
    }
    // chance may not decide whether this test says anything
    assert!(
        treatment.customers >= 40 && holdout.customers >= 30,
        "{} {}",
        treatment.customers,
        holdout.customers
    );
    // one of those who took part calls it off, and the discount comes back
    let (member, booking, price, cost) = called_off.expect("somebody took part");
    let at = "2026-01-15T10:00:00+08:00";
    let cancelled = event(
        "booking.cancelled",
        "e-off",
        at,
        &[("member_no", member)],
        json!({"booking_id": booking}),
    );
    shop.client.events(&[cancelled]);
    treatment.bookings -= 1;
    treatment.sales -= price;
    if let Some(cost) = cost {
        treatment.costed -= 1;
        treatment.margin -= price - cost;
    }
    discount -= PRICE - price;
    let effect = eventually("the discount comes back", Duration::from_secs(30), || {
        let effect = shop.client.get(&path).expect(200);
        (effect["uptake"]["discount"] == discount).then_some(effect)
    });
    check_arm(&effect["treatment"], &treatment);
    check_arm(&effect["holdout"], &holdout);
    let uptake = json!({
        "quotes": treatment.customers, "quoted_customers": treatment.customers, "confirmed": participants,
        "participants": participants, "bookings": treatment.bookings, "costed": treatment.costed,
        "sales": treatment.sales, "margin": treatment.margin, "discount": discount});
    assert_eq!(effect["uptake"], uptake);
    let reached: Vec<&Value> = effect["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| &target["reached"])
        .collect();
    let expected = json!([
        participants,
        treatment.bookings,
        treatment.sales,
        treatment.margin,
        discount,
        null
    ]);
    assert_eq!(json!(reached), expected);
    assert_eq!(
        (&effect["at"], &effect["through"]),
        (&json!("2026-01-15T04:00:00.000Z"), &json!("2026-01-15"))
    );
    // the difference: shares, and money for one and for all
    let lift = &effect["lift"];
    assert_eq!((&lift["enough"], &lift["why"]), (&json!(true), &json!(null)));
    let share = |arm: &Tally| arm.bookings as f64 / arm.customers as f64;
    let conversion = lift["conversion"]["estimate"].as_f64().unwrap();
    assert!((conversion - (share(&treatment) - share(&holdout))).abs() < 1e-12);
    for (what, sum) in [
        ("sales", (|arm| arm.sales) as fn(&Tally) -> i64),
        ("margin", |arm| arm.margin),
    ] {
        let mean = |arm: &Tally| sum(arm) as f64 / arm.customers as f64;
        let difference = mean(&treatment) - mean(&holdout);
        let gain = &lift[what];
        assert_eq!(gain["per_customer"]["estimate"], difference.round() as i64, "{what}");
        let all = (difference * treatment.customers as f64).round() as i64;
        assert_eq!(gain["in_all"]["estimate"], all, "{what}");
        for of in ["per_customer", "in_all"] {
            let bound = |name: &str| gain[of][name].as_i64().unwrap();
            assert!(
                bound("low") < bound("estimate") && bound("estimate") < bound("high"),
                "{gain}"
            );
        }
    }
}

fn the_one_before_stands_beside_it(database: Database) {
    let (_server, shop) = start(database);
    let rule = rule(Saving::Amount(5_000));
    let guests = customers(&shop, 3);
    let mut earlier = Vec::new();
    for (place, key) in ["older", "old", "present"].into_iter().enumerate() {
        let id = shop.run(key, &shop.plan(&rule, 1, json!({})));
        let path = format!("/api/v1/campaigns/{id}");
        for (number, (guest, _)) in guests.iter().take(place + 1).enumerate() {
            let quote = shop.quote(Some(guest), PRICE, &[]);
            confirm(&shop, &quote, &format!("{key}-{number}"));
        }
        let effect = shop.client.get(&format!("{path}/effect")).expect(200);
        assert_eq!(effect["uptake"]["discount"], 5_000 * (place as i64 + 1));
        assert_eq!(effect["lift"]["why"]["code"], "no_holdout");
        earlier.push(effect["earlier"].clone());
        if key != "present" {
            shop.step(&id, "end");
        }
        if key == "older" {
            let body = json!({"judgement": "Quiet.", "lessons": "Tell more people."});
            let evaluated = shop.client.post(&format!("{path}/evaluate"), &body).expect(200);
            assert_eq!(evaluated["evaluation"]["figures"]["uptake"], effect["uptake"]);
        }
    }
    assert_eq!(earlier[0], json!(null));
    // the first was evaluated, the second only ended: its figures are measured now
    for (place, key, evaluated, participants) in [(1, "older", true, 1), (2, "old", false, 2)] {
        let found = &earlier[place];
        assert_eq!((&found["key"], &found["evaluated"]), (&json!(key), &json!(evaluated)));
        assert_eq!(found["figures"]["uptake"]["participants"], participants, "{found}");
    }
}
