//! What can be learnt of all customers together, against slow computations from the export of facts.

use super::intake::{event, facts};
use super::segments::date;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

on_both_engines!(
    the_pareto_view_equals_a_slow_computation,
    lifetime_values_are_fitted_at_night,
    too_few_customers_have_no_lifetime_value,
    loyal_customers_meet_the_indicators_that_are_known,
);

const TODAY: i64 = 20_468;

/// A few hundred customers with prices and, mostly, costs; some sell at a loss, some never booked.
fn file() -> String {
    let mut state = 0x853c_49e6_748f_ea9b_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut file = String::from("customer_member_no,booked_at,amount,cost,status\n");
    for customer in 0..333 {
        let wealth = 1 + next(20) * next(20);
        for _ in 0..next(5) {
            let amount = wealth * (1 + next(900));
            let cost = match next(4) {
                0 => String::new(),
                _ => (amount * (60 + next(50)) / 100).to_string(),
            };
            let status = if next(9) == 0 { "cancelled" } else { "paid" };
            let day = date(TODAY - next(1000) as i64);
            file += &format!("C{customer},{day},{amount},{cost},{status}\n");
        }
    }
    file
}

fn shares(found: &Value, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12, "{what}: {found} {expected}"),
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
}

fn the_pareto_view_equals_a_slow_computation(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("pareto");
    let empty = client.get("/api/v1/insights/pareto").expect(200);
    assert_eq!(
        (&empty["customers"], &empty["points"], &empty["four_fifths"]),
        (&json!(0), &json!([]), &Value::Null)
    );
    client.import("bookings", file().as_bytes());
    client.import("customers", b"member_no\nNEVER\n");
    let all = facts(&client);
    for (window, spend, margin) in [
        ("12m", "spend-12m", Some("margin-12m")),
        ("24m", "spend-24m", None),
        ("total", "spend-total", None),
    ] {
        compare(&client, &all, ("spend", window), (spend, margin), margin);
    }
    compare(
        &client,
        &all,
        ("margin", "12m"),
        ("margin-12m", Some("spend-12m")),
        Some("margin-12m"),
    );
    let get = |query: &str| client.get(&format!("/api/v1/insights/pareto?{query}"));
    assert_eq!(get("by=margin&window=24m").problem(422), "margin_window");
    assert_eq!(get("window=36m").problem(422), "bad_window");
    assert_eq!(get("by=luck").problem(422), "bad_measure");
}

fn compare(
    client: &Client,
    all: &BTreeMap<String, BTreeMap<String, String>>,
    (by, window): (&str, &str),
    (ranked, beside): (&str, Option<&str>),
    margin: Option<&str>,
) {
    let money =
        |row: &BTreeMap<String, String>, key: Option<&str>| key.map_or(0, |key| row[key].parse::<i64>().unwrap());
    let mut people: Vec<(i64, i64)> = all
        .values()
        .map(|row| (money(row, Some(ranked)), money(row, beside)))
        .collect();
    people.retain(|pair| *pair != (0, 0));
    people.sort_by_key(|pair| (-pair.0, -pair.1));
    let sum = |n: usize, pick: fn(&(i64, i64)) -> i64| people.iter().take(n).map(pick).sum::<i64>();
    let n = people.len();
    assert!(n > 100 && n < all.len());
    let view = client
        .get(&format!("/api/v1/insights/pareto?window={window}&by={by}"))
        .expect(200);
    assert_eq!(
        (&view["window"], &view["by"], &view["day"], &view["currency"]),
        (&json!(window), &json!(by), &json!("2026-01-15"), &json!("CNY"))
    );
    assert_eq!(
        (&view["customers"], &view["excluded"]),
        (&json!(n), &json!(all.len() - n))
    );
    let other = if by == "spend" { "margin" } else { "spend" };
    let points = view["points"].as_array().unwrap();
    assert_eq!(points.len(), 100);
    for (position, point) in points.iter().enumerate() {
        let customers = (n as f64 * (position + 1) as f64 / 100.0 - 1e-9).ceil() as usize;
        let what = format!("{by} {window} {point}");
        assert_eq!(
            (&point["percent"], &point["customers"]),
            (&json!(position + 1), &json!(customers)),
            "{what}"
        );
        assert_eq!(point[by], json!(sum(customers, |pair| pair.0)), "{what}");
        let known = margin.is_some();
        assert_eq!(
            point[other],
            json!(known.then(|| sum(customers, |pair| pair.1))),
            "{what}"
        );
        let part = |pick: fn(&(i64, i64)) -> i64| Some(sum(customers, pick) as f64 / sum(n, pick) as f64);
        shares(&point[format!("{by}_share")], part(|pair| pair.0), &what);
        shares(
            &point[format!("{other}_share")],
            if known { part(|pair| pair.1) } else { None },
            &what,
        );
    }
    shares(&view["top_fifth_share"], points[19][format!("{by}_share")].as_f64(), by);
    let enough = (1..=n)
        .find(|m| sum(*m, |pair| pair.0) as f64 >= 0.8 * sum(n, |pair| pair.0) as f64)
        .unwrap();
    assert_eq!(view["four_fifths"]["customers"], json!(enough), "{by} {window}");
    shares(&view["four_fifths"]["share"], Some(enough as f64 / n as f64), by);
}

/// Some hundred customers who book at rates of their own until they are lost, and spend around a mean of their own.
fn habits() -> String {
    let mut state = 0x1357_9bdf_2468_ace1_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut file = String::from("customer_member_no,booked_at,amount\n");
    for customer in 0..700 {
        let gap = [40, 90, 200, 500, 1200][next(5) as usize];
        let (lost, wealth) = (
            [3, 10, 40][next(3) as usize],
            [900, 2_000, 3_500, 7_000][next(4) as usize],
        );
        let mut day = TODAY - 60 - next(900) as i64;
        while day <= TODAY {
            file += &format!("C{customer},{},{}\n", date(day), wealth / 2 + next(wealth));
            if next(100) < lost {
                break;
            }
            // a geometric pause, as memoryless as bookings are taken to be
            day += 1;
            while next(gap) != 0 {
                day += 1;
            }
        }
    }
    file
}

/// The model of an agency, as the server tells.
struct Model {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    p: f64,
    q: f64,
    gamma: f64,
}

impl Model {
    fn read(fit: &Value) -> Self {
        let number = |model: &str, key: &str| {
            fit[model][key]
                .as_f64()
                .unwrap_or_else(|| panic!("{model} {key} in {fit}"))
        };
        Self {
            r: number("rate", "r"),
            alpha: number("rate", "alpha"),
            a: number("rate", "a"),
            b: number("rate", "b"),
            p: number("value", "p"),
            q: number("value", "q"),
            gamma: number("value", "gamma"),
        }
    }

    /// Expected spend of 730 days, slowly: bookings to come and value of each, averaged over what rate, chance of being lost and scale of
    /// values a customer may have, by how likely each is after what was seen. Sums over grids instead of formulas.
    fn worth(&self, repeats: i32, last: f64, age: f64, repeat_spend: f64) -> f64 {
        let x = f64::from(repeats);
        let (mut bookings, mut weight) = (0.0, 0.0);
        for i in 0..900 {
            let log = -50.0 + 58.0 * f64::from(i) / 900.0;
            let rate = log.exp();
            // relative to the likeliest rate, so that nothing overflows
            let likeliest = (self.r / self.alpha).ln();
            let prior = (self.r * (log - likeliest + 1.0) - self.alpha * rate).exp() * rate.powf(x);
            for j in 0..300 {
                let logit = -40.0 + 80.0 * f64::from(j) / 300.0;
                let (chance, rest) = (1.0 / (1.0 + (-logit).exp()), 1.0 / (1.0 + logit.exp()));
                let prior = prior * chance.powf(self.a) * rest.powf(self.b);
                let stayed = prior * rest.powf(x) * (-rate * age).exp();
                let lost = if repeats == 0 {
                    0.0
                } else {
                    prior * chance * rest.powf(x - 1.0) * (-rate * last).exp()
                };
                bookings += stayed * -(-rate * chance * 730.0 / 7.0).exp_m1() / chance;
                weight += stayed + lost;
            }
        }
        let (mut value, mut likelihood) = (0.0, 0.0);
        let shape = if repeat_spend > 0.0 { self.p * x } else { 0.0 };
        for i in 0..20_000 {
            let log = -60.0 + 90.0 * f64::from(i) / 20_000.0;
            let scale = log.exp() / self.gamma;
            let prior = ((self.q + shape) * log - scale * self.gamma - scale * repeat_spend).exp();
            value += prior * self.p / scale;
            likelihood += prior;
        }
        bookings / weight * value / likelihood
    }
}

fn lifetime_values_are_fitted_at_night(database: Database) {
    let mut server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-14T04:00:00Z"),
            ..Options::default()
        },
    );
    let mut client = server.agency("lifetime");
    assert_eq!(client.get("/api/v1/insights/clv").expect(200), json!({"latest": null}));
    client.import("bookings", habits().as_bytes());
    client.import("customers", b"member_no\nNEVER\n");
    assert!(
        facts(&client).values().all(|row| row["clv-24m"].is_empty()),
        "before the first night nobody knows"
    );
    let catalogue = client.get("/api/v1/facts").expect(200);
    let entry = catalogue["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fact| fact["key"] == "clv-24m")
        .unwrap();
    assert_eq!(
        (&entry["kind"], &entry["source"], &entry["nullable"]),
        (&json!("money"), &json!("model"), &json!(true))
    );
    // a rule may read it
    let reader = Guest {
        facts: vec![("trips-24m".into(), "count", false), ("clv-24m".into(), "money", true)],
        ..Guest::default()
    };
    super::segments::bind(&client, "reader", &reader.build(), json!({}));
    server.restart_at("fixed:2026-01-15T04:00:00Z");
    client.base.clone_from(&server.base);
    let latest = |client: &Client| client.get("/api/v1/insights/clv").expect(200)["latest"].clone();
    let fit = eventually("the night's fit", Duration::from_secs(30), || {
        Some(latest(&client)).filter(|fit| !fit.is_null())
    });
    assert_eq!(
        (&fit["fit"], &fit["day"], &fit["unfit"]),
        (&json!(1), &json!("2026-01-15"), &Value::Null)
    );
    let all = facts(&client);
    let booked = all.values().filter(|row| row["trips-total"] != "0").count();
    let again = all
        .values()
        .filter(|row| row["booking-days"].parse::<i64>().unwrap() > 1)
        .count();
    assert_eq!((&fit["customers"], &fit["repeaters"]), (&json!(booked), &json!(again)));
    let model = Model::read(&fit);
    for (position, (member, row)) in all.iter().enumerate() {
        let number = |key: &str| row[key].parse::<f64>().ok();
        let Some((first, last)) = number("first-trip-days").zip(number("recency-days")) else {
            assert_eq!(row["clv-24m"], "", "{member} never booked");
            continue;
        };
        let found = number("clv-24m").unwrap_or_else(|| panic!("{member} has no value"));
        // slow enough to ask for some only
        if position % 17 == 0 {
            let repeats = number("booking-days").unwrap() as i32 - 1;
            let expected = model.worth(
                repeats,
                (first - last) / 7.0,
                first / 7.0,
                number("repeat-spend").unwrap(),
            );
            assert!(
                (found - expected).abs() <= 1.0 + 2e-3 * expected,
                "{member}: {found}, slowly {expected}; {row:?}"
            );
        }
    }
    // one customer shown whole has the same value, and a booking changes it at once
    let view = |client: &Client| {
        client
            .get(&format!("/api/v1/customers/{}", all["C7"]["customer_id"]))
            .expect(200)["facts"]["clv-24m"]
            .clone()
    };
    assert_eq!(view(&client).to_string(), all["C7"]["clv-24m"]);
    let who = [("member_no", "C7")];
    client.events(&[event(
        "booking.confirmed",
        "new",
        "2026-01-15T01:00:00Z",
        &who,
        json!({"amount": 900_000}),
    )]);
    assert_ne!(view(&client).to_string(), all["C7"]["clv-24m"]);
    assert_eq!(view(&client).to_string(), facts(&client)["C7"]["clv-24m"]);
    // values are worked out, not stored: a server that starts again works out the same
    let before = facts(&client);
    server.restart();
    client.base.clone_from(&server.base);
    assert_eq!(facts(&client), before);
    assert_eq!(latest(&client), fit, "one fit a day");
    // but it can be asked for
    let second = client.post("/api/v1/insights/clv", &json!({})).expect(200);
    assert_eq!(second["fit"], json!(2));
    assert_ne!(second["rate"], fit["rate"], "the new booking counts");
    assert_eq!(latest(&client), second);
    assert_ne!(facts(&client)["C9"]["clv-24m"], before["C9"]["clv-24m"]);
    assert_eq!(
        client.get("/api/v1/segments").expect(200)["items"][0]["stale"],
        json!(false)
    );
}

fn too_few_customers_have_no_lifetime_value(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("few");
    let short: String = file().lines().take(150).map(|line| format!("{line}\n")).collect();
    client.import("bookings", short.as_bytes());
    let fit = client.post("/api/v1/insights/clv", &json!({})).expect(200);
    assert_eq!(
        (&fit["unfit"], &fit["rate"]),
        (&json!("too_few_repeaters"), &Value::Null)
    );
    assert!(facts(&client).values().all(|row| row["clv-24m"].is_empty()));
}

fn loyal_customers_meet_the_indicators_that_are_known(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("loyal");
    client.import("bookings", file().as_bytes());
    let all = facts(&client);
    let number = |row: &BTreeMap<String, String>, key: &str| row[key].parse::<i64>().unwrap();
    // the 80th percentile: the smallest spend that four of five travellers do not exceed
    let mut spends: Vec<i64> = all
        .values()
        .filter(|row| number(row, "trips-24m") > 0)
        .map(|row| number(row, "spend-24m"))
        .collect();
    spends.sort_unstable();
    let enough = |spend: &&i64| spends.iter().filter(|other| other <= spend).count() * 5 >= spends.len() * 4;
    let high = *spends.iter().find(enough).unwrap();
    for (query, trips, spend, at_least) in [
        ("", 2, high, 2),
        ("&at_least=1", 2, high, 1),
        ("&trips=3&spend=400000&at_least=1", 3, 400_000, 1),
        ("&at_least=3", 2, high, 3),
    ] {
        let mut expected = BTreeMap::new();
        let mut by_count = [0; 6];
        let mut met = [0, 0];
        for row in all.values() {
            let signs = [number(row, "trips-24m") >= trips, number(row, "spend-24m") >= spend];
            let names = ["frequency", "spend"]
                .into_iter()
                .zip(signs)
                .filter_map(|(name, met)| met.then_some(name));
            let names: Vec<&str> = names.collect();
            met = [met[0] + i32::from(signs[0]), met[1] + i32::from(signs[1])];
            by_count[names.len()] += 1;
            if names.len() >= at_least {
                expected.insert(row["customer_id"].clone(), names);
            }
        }
        let view = client
            .get(&format!("/api/v1/insights/loyal?limit=1{query}"))
            .expect(200);
        assert_eq!(
            (&view["customers"], &view["loyal"], &view["at_least"], &view["by_count"]),
            (
                &json!(all.len()),
                &json!(expected.len()),
                &json!(at_least),
                &json!(by_count)
            ),
            "{query}"
        );
        let indicators: Vec<(Value, Value, Value)> = view["indicators"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["threshold"].clone(), one["has_source"].clone(), one["met"].clone()))
            .collect();
        let unfed = |threshold: f64| (json!(threshold), json!(false), json!(0));
        assert_eq!(
            indicators,
            [
                (json!(trips as f64), json!(true), json!(met[0])),
                (json!(spend as f64), json!(true), json!(met[1])),
                unfed(4.0),
                unfed(1.0),
                unfed(1.0),
            ],
            "{query}"
        );
        let mut found = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page = client
                .get(&format!("/api/v1/insights/loyal?limit=7{query}{cursor}"))
                .expect(200);
            for customer in page["items"].as_array().unwrap() {
                found.insert(
                    customer["customer_id"].as_str().unwrap().to_owned(),
                    customer["met"].clone(),
                );
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let expected: BTreeMap<String, Value> = expected.into_iter().map(|(id, names)| (id, json!(names))).collect();
        assert_eq!(found, expected, "{query}");
        assert!(at_least == 3 || !found.is_empty());
    }
    let get = |query: &str| client.get(&format!("/api/v1/insights/loyal?{query}"));
    assert_eq!(get("trips=-1").problem(422), "bad_threshold");
    assert_eq!(get("satisfaction=NaN").problem(422), "bad_threshold");
    assert_eq!(get("at_least=6").problem(422), "bad_at_least");
    assert_eq!(get("cursor=x").problem(422), "bad_cursor");
}
