//! Customer lifetime values, against sums over grids instead of formulas.

use super::insights::{TODAY, file};
use super::intake::{event, facts};
use super::segments::date;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    lifetime_values_are_fitted_at_night,
    too_few_customers_have_no_lifetime_value,
);

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
