//! A business clock that is moved by hand.

use super::intake::event;
use super::quotes::{customer, rule};
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Client, Database, Options, Server};
use serde_json::{Value, json};
use std::process::Command;

on_both_engines!(
    a_season_in_one_call_is_a_season_day_by_day,
    only_a_manual_clock_is_moved_and_only_by_owners,
    days_turn_at_midnight_wherever_the_agency_is,
);

fn serve(database: Database, clock: &'static str) -> Server {
    let options = Options {
        clock: Some(clock),
        ..Options::default()
    };
    Server::start(database, options)
}

fn move_by(client: &Client, by: &str) -> Value {
    client.post("/api/v1/clock", &json!({"advance": by})).expect(200)
}

/// An agency with customers whose segments change with time, a campaign that ends, and quotes that are held.
fn fill(server: &Server) -> (Campaigns, String, Vec<String>) {
    let shop = Campaigns::new(&server.agency("season"));
    let client = &shop.client;
    shop.group("season", "stackable");
    let lifecycle = client.admit(&posthouse_tests::plugins::packed("lifecycle"));
    client
        .put(
            "/api/v1/bindings/segmentation/lifecycle",
            &json!({"digest": lifecycle, "config": {}}),
        )
        .expect(200);
    let mut events = Vec::new();
    for number in 0..30 {
        let (member, id) = (format!("M{number}"), format!("B{number}"));
        let day = format!(
            "202{}-{:02}-{:02}T03:00:00Z",
            4 + number % 2,
            1 + number % 12,
            1 + number % 28
        );
        let data = json!({"amount": 1_000 + number});
        events.push(event("booking.completed", &id, &day, &[("member_no", &member)], data));
    }
    client.events(&events);
    let changes = json!({"window": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-20T09:30:00Z"}});
    let campaign = shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, changes));
    let who = customer(client, "Q1");
    let quotes = [30, 2_000]
        .map(|minutes| {
            let mut body = basket(Some(&who), 10_000, &[]);
            body["hold_minutes"] = minutes.into();
            client.post("/api/v1/quotes", &body).expect(201)["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .to_vec();
    (shop, campaign, quotes)
}

/// What can be seen of an agency after its season: segments, the campaign's steps with their times, quotes and budgets.
fn standing(shop: &Campaigns, campaign: &str, quotes: &[String]) -> Value {
    let client = &shop.client;
    let members: std::collections::BTreeMap<String, usize> = client
        .segments_by_customer("lifecycle")
        .into_values()
        .fold(Default::default(), |mut counts, segment| {
            *counts.entry(segment).or_default() += 1;
            counts
        });
    let steps = client.all(&format!("/api/v1/campaigns/{campaign}/history"));
    let steps: Vec<_> = steps
        .iter()
        .map(|step| json!([step["action"], step["to"], step["at"]]))
        .collect();
    let quotes: Vec<_> = quotes
        .iter()
        .map(|id| client.get(&format!("/api/v1/quotes/{id}")).expect(200))
        .map(|quote| json!([quote["state"], quote["expires_at"], quote["closed_at"]]))
        .collect();
    let segments = client.get("/api/v1/segments").expect(200);
    let as_of: Vec<_> = segments["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["as_of"].clone())
        .collect();
    json!({"members": members, "steps": steps, "quotes": quotes, "budget": shop.budget(campaign), "as_of": as_of})
}

fn a_season_in_one_call_is_a_season_day_by_day(database: Database) {
    const START: &str = "manual:2026-01-15T04:00:00Z";
    let (fast, slow) = (serve(database, START), serve(database, START));
    let (ours, campaign, quotes) = fill(&fast);
    let moved = move_by(&ours.client, "90d");
    assert_eq!(
        (&moved["from"], &moved["to"]),
        (&json!("2026-01-15T04:00:00.000Z"), &json!("2026-04-15T04:00:00.000Z"))
    );
    // ninety midnights, two holds, one end of a campaign
    assert!(moved["jobs"].as_u64().unwrap() >= 93, "{moved}");
    let after = standing(&ours, &campaign, &quotes);
    assert_eq!(
        after["steps"][0],
        json!(["end", "ended", "2026-02-20T09:30:00.000Z"]),
        "{after}"
    );
    assert_eq!(after["budget"], json!([0, 0]));
    assert_eq!(after["quotes"][0][0], "expired");

    let (theirs, campaign, quotes) = fill(&slow);
    for _ in 0..90 {
        move_by(&theirs.client, "1d");
    }
    assert_eq!(after, standing(&theirs, &campaign, &quotes));
}

fn only_a_manual_clock_is_moved_and_only_by_owners(database: Database) {
    let server = serve(database, "manual:2026-01-15T04:00:00Z");
    let client = server.agency("clock");
    let problem = |body: Value| client.post("/api/v1/clock", &body).problem(422);
    for body in [
        json!({}),
        json!({"advance": "3d", "set": "2026-02-01"}),
        json!({"advance": "3 days"}),
        json!({"advance": "-1d"}),
        json!({"advance": "4000d"}),
        json!({"set": "2026-01-01"}),
        json!({"set": "soon"}),
    ] {
        assert_eq!(problem(body.clone()), "bad_clock", "{body}");
    }
    let long = client.post("/api/v1/clock", &json!({"advance": "9".repeat(50_000)}));
    assert!(long.status == 422 && long.text.len() < 1_000, "{}", long.text);
    let reader = client
        .post("/api/v1/keys", &json!({"name": "r", "scopes": ["read"]}))
        .expect(201);
    let reader = Client::new(&server.base, reader["api_key"].as_str().unwrap());
    assert_eq!(reader.post("/api/v1/clock", &json!({"advance": "1d"})).status, 403);

    let command = |words: &[&str], language: &str| {
        let mut command: Command = server.command(words);
        let output = command
            .env("POSTHOUSE_URL", &server.base)
            .env("POSTHOUSE_API_KEY", &client.key)
            .env("LANG", language)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said = command(&["clock", "set", "2026-02-01"], "en_US.UTF-8");
    assert!(said.contains("from 2026-01-15 12:00 to 2026-02-01 00:00"), "{said}");
    let said = command(&["clock", "advance", "12h"], "zh_CN.UTF-8");
    assert!(said.contains("拨到 2026-02-01 12:00"), "{said}");
    // for whoever starts the server there again
    let said = command(&["clock", "show"], "en_US.UTF-8");
    assert!(
        said.contains("at 2026-02-01 12:00, which is 2026-02-01T04:00:00.000Z"),
        "{said}"
    );

    let fixed = serve(database, "fixed:2026-01-15T04:00:00Z");
    let client = fixed.agency("clock");
    let answer = client.post("/api/v1/clock", &json!({"advance": "1d"}));
    assert_eq!(answer.problem(409), "clock_not_manual");
}

/// Zones and the instants at which their days begin: where the clocks go forward in that night, where they do so at midnight itself, so that
/// there is none, and where it is a day ahead of everybody else.
const MIDNIGHTS: [(&str, &[(&str, &str)]); 4] = [
    (
        "America/New_York",
        &[
            ("2026-03-07T05:00:00.000Z", "2026-03-07"),
            ("2026-03-08T05:00:00.000Z", "2026-03-08"),
            ("2026-03-09T04:00:00.000Z", "2026-03-09"),
        ],
    ),
    (
        "Pacific/Kiritimati",
        &[
            ("2026-03-07T10:00:00.000Z", "2026-03-08"),
            ("2026-03-08T10:00:00.000Z", "2026-03-09"),
        ],
    ),
    ("Asia/Shanghai", &[("2026-03-06T16:00:00.000Z", "2026-03-07")]),
    (
        "Africa/Cairo",
        &[
            ("2026-04-22T22:00:00.000Z", "2026-04-23"),
            ("2026-04-23T22:00:00.000Z", "2026-04-24"),
            ("2026-04-24T21:00:00.000Z", "2026-04-25"),
        ],
    ),
];

fn days_turn_at_midnight_wherever_the_agency_is(database: Database) {
    let server = serve(database, "manual:2026-03-06T12:00:00Z");
    let mut turns = Vec::new();
    let mut clock = None;
    for (zone, midnights) in MIDNIGHTS {
        let slug = zone.rsplit('/').next().unwrap().to_lowercase().replace('_', "-");
        let client = server.agency_with(&slug, &["--time-zone", zone]);
        let rule = client.admit(&posthouse_tests::plugins::packed("lifecycle"));
        let body = json!({"digest": rule, "config": {}});
        client.put("/api/v1/bindings/segmentation/lifecycle", &body).expect(200);
        // by the agency's own calendar
        let seen = event(
            "site.viewed",
            "v1",
            "2026-03-06T11:00:00Z",
            &[("member_no", "M1")],
            json!({}),
        );
        client.events(&[seen]);
        let first = client.get("/api/v1/agency").expect(200)["today"].clone();
        assert_eq!(
            first,
            if zone.starts_with("Pacific") {
                "2026-03-07"
            } else {
                "2026-03-06"
            },
            "{zone}"
        );
        clock.get_or_insert_with(|| client.clone());
        turns.extend(midnights.iter().map(|(at, day)| (*at, *day, client.clone(), zone)));
    }
    turns.sort_by_key(|(at, ..)| *at);
    let clock = clock.unwrap();
    let ran = |client: &Client| client.get("/api/v1/segments").expect(200)["items"][0]["as_of"].clone();
    let today = |client: &Client| client.get("/api/v1/agency").expect(200)["today"].clone();
    for (at, day, client, zone) in turns {
        // a second before, and at the stroke
        let before = at.replace(":00:00.000Z", ":00:00Z");
        let set = |to: &str| clock.post("/api/v1/clock", &json!({"set": to})).expect(200);
        let (hour, rest) = before.split_at(11);
        let number: i64 = rest[..2].parse().unwrap();
        set(&format!("{hour}{:02}:59:59Z", number - 1));
        assert_ne!(today(&client), day, "{zone} before {at}");
        set(&before);
        assert_eq!((today(&client), ran(&client)), (json!(day), json!(at)), "{zone}");
    }
}
