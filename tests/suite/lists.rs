//! Customers in lists, filtered, in an order and page by page, against a slow computation from the export of facts.

use super::insights::file;
use super::intake::facts;
use super::segments::{CLOCK, bind};
use posthouse_tests::{Client, Database, Options, Server, eventually, plugins};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

on_both_engines!(
    lists_equal_a_slow_computation,
    a_page_goes_on_behind_its_last_customer_whatever_changes,
    what_a_list_cannot_do_is_said,
);

const NAMES: [&str; 4] = ["李伟", "王芳", "赵一鸣", "Anna Müller"];
const CITIES: [&str; 3] = ["上海", "苏州, 园区", ""];
const CUSTOMERS: usize = 150;

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("lists");
    (server, client)
}

/// What a test knows of everyone: facts by member number, and members by segment.
struct Known {
    facts: BTreeMap<String, BTreeMap<String, String>>,
    members: BTreeMap<String, BTreeSet<String>>,
}

/// A list that is asked for: the text, segments, facts with their bounds, the order.
#[derive(Default)]
struct Asked<'a> {
    q: Option<&'a str>,
    segments: &'a [&'a str],
    facts: &'a [(&'a str, &'a str)],
    sort: Option<&'a str>,
}

fn number(member: &str) -> usize {
    member[1..].parse().unwrap()
}

impl Known {
    fn read(client: &Client) -> Self {
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let segments = client.get("/api/v1/segments").expect(200);
        for segment in segments["items"].as_array().unwrap() {
            let name = format!(
                "{}.{}",
                segment["binding"].as_str().unwrap(),
                segment["key"].as_str().unwrap()
            );
            let found = client.all(&format!("/api/v1/segments/{name}/members"));
            let found = found
                .iter()
                .map(|member| member["member_no"].as_str().unwrap().to_owned());
            members.insert(name, found.collect());
        }
        Self {
            facts: facts(client),
            members,
        }
    }

    fn holds(&self, member: &str, (fact, asked): (&str, &str)) -> bool {
        let value = self.facts[member][fact].as_str();
        if value.is_empty() {
            return false;
        }
        match asked.split_once("..") {
            Some((least, most)) => {
                let value: i64 = value.parse().unwrap();
                (least.is_empty() || value >= least.parse().unwrap())
                    && (most.is_empty() || value <= most.parse().unwrap())
            }
            None => asked
                .replace("\\,", "\u{1}")
                .split(',')
                .any(|one| one.replace('\u{1}', ",") == value),
        }
    }

    /// Who is asked for, in order.
    fn expected(&self, asked: &Asked<'_>) -> Vec<String> {
        let mut found: Vec<String> = (0..CUSTOMERS).map(|n| format!("C{n}")).collect();
        found.retain(|member| {
            let named = asked.q.is_none_or(|q| NAMES[number(member) % NAMES.len()] == q);
            let bindings: BTreeSet<&str> = asked
                .segments
                .iter()
                .map(|one| one.split('.').next().unwrap())
                .collect();
            let placed = bindings.into_iter().all(|binding| {
                let mut of = asked
                    .segments
                    .iter()
                    .filter(|one| one.starts_with(&format!("{binding}.")));
                of.any(|segment| self.members[*segment].contains(member))
            });
            named && placed && asked.facts.iter().all(|fact| self.holds(member, *fact))
        });
        match asked.sort {
            Some(sort) => {
                let fact = sort.trim_start_matches('-');
                // the newest first, and what is unknown last
                found.sort_by_key(|member| std::cmp::Reverse(number(member)));
                found.sort_by_key(|member| match self.facts[member][fact].parse::<i64>() {
                    Err(_) => (1, 0),
                    Ok(n) if sort.starts_with('-') => (0, -n),
                    Ok(n) => (0, n),
                });
            }
            None if asked.q.is_some() => {}
            None => found.reverse(),
        }
        found
    }
}

impl Asked<'_> {
    fn path(&self, more: &str) -> String {
        let mut path = format!("/api/v1/customers?{more}");
        path += &self.q.map(|q| format!("&q={}", encoded(q))).unwrap_or_default();
        self.segments
            .iter()
            .for_each(|segment| path += &format!("&segment={segment}"));
        self.facts
            .iter()
            .for_each(|(fact, asked)| path += &format!("&fact={fact}:{}", encoded(asked)));
        path + &self.sort.map(|sort| format!("&sort={sort}")).unwrap_or_default()
    }
}

/// Everyone of a list from a place on, read page by page.
fn paged_from(client: &Client, path: &str, next: Option<&str>) -> (Vec<Value>, u64) {
    let (mut all, mut next) = (Vec::new(), next.map(str::to_owned));
    loop {
        let cursor = next.map(|next| format!("&cursor={next}")).unwrap_or_default();
        let page = client.get(&format!("{path}{cursor}")).expect(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
        if next.is_none() {
            return (all, page["total"].as_u64().unwrap());
        }
    }
}

fn paged(client: &Client, path: &str) -> (Vec<Value>, u64) {
    paged_from(client, path, None)
}

fn members(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .map(|item| item["member_no"].as_str().unwrap().to_owned())
        .collect()
}

fn seeded(client: &Client) {
    // one after the other, so that it is known who is newer
    for n in 0..CUSTOMERS {
        let attributes = match CITIES[n % CITIES.len()] {
            "" => json!({}),
            city => json!({ "home_city": city }),
        };
        let person = json!({"identities": [{"kind": "member_no", "value": format!("C{n}")}], "name": NAMES[n % NAMES.len()],
            "attributes": attributes});
        client.post("/api/v1/customers", &person).expect(201);
    }
    let bookings = file();
    let theirs = bookings.lines().filter(|line| {
        let member = line.split(',').next().unwrap();
        member
            .strip_prefix('C')
            .is_none_or(|n| n.parse().is_ok_and(|n: usize| n < CUSTOMERS))
    });
    client.import("bookings", theirs.collect::<Vec<_>>().join("\n").as_bytes());
}

fn lists_equal_a_slow_computation(database: Database) {
    let (_server, client) = start(database);
    seeded(&client);
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    bind(&client, "life", &plugins::packed("lifecycle"), json!({}));
    let known = Known::read(&client);
    let some: Vec<&str> = known
        .members
        .iter()
        .filter(|(_, of)| of.len() > 5)
        .map(|(name, _)| name.as_str())
        .collect();
    let (rfm, life) = some.iter().partition::<Vec<&str>, _>(|name| name.starts_with("rfm."));
    assert!(rfm.len() > 2 && life.len() > 1, "{some:?}");
    let lists = [
        Asked::default(),
        Asked {
            q: Some("王芳"),
            ..Asked::default()
        },
        Asked {
            sort: Some("-spend-24m"),
            ..Asked::default()
        },
        Asked {
            sort: Some("recency-days"),
            ..Asked::default()
        },
        Asked {
            sort: Some("-recency-days"),
            facts: &[("trips-24m", "..3")],
            ..Asked::default()
        },
        Asked {
            segments: &rfm[..2],
            ..Asked::default()
        },
        Asked {
            segments: &[rfm[0], rfm[1], life[0]],
            sort: Some("spend-total"),
            ..Asked::default()
        },
        Asked {
            facts: &[("spend-24m", "1..200000"), ("home-city", "上海,苏州\\, 园区")],
            ..Asked::default()
        },
        Asked {
            facts: &[("home-city", "苏州\\, 园区")],
            q: Some("赵一鸣"),
            ..Asked::default()
        },
        Asked {
            q: Some("Anna Müller"),
            segments: &rfm[1..3],
            facts: &[("trips-24m", "1..")],
            sort: Some("-trips-24m"),
        },
        Asked {
            q: Some("王芳"),
            sort: Some("margin-12m"),
            ..Asked::default()
        },
        Asked {
            q: Some("nobody here"),
            facts: &[("trips-24m", "1..")],
            ..Asked::default()
        },
    ];
    for asked in &lists {
        let expected = known.expected(asked);
        let path = asked.path("limit=7&columns=spend-24m,home-city,nps");
        let (items, total) = paged(&client, &path);
        assert_eq!(members(&items), expected, "{path}");
        assert_eq!(total, expected.len() as u64, "{path}");
        for item in &items {
            let told = &known.facts[item["member_no"].as_str().unwrap()];
            let city = Some(told["home-city"].as_str()).filter(|city| !city.is_empty());
            let spend: i64 = told["spend-24m"].parse().unwrap();
            assert_eq!(
                item["facts"],
                json!({"spend-24m": spend, "home-city": city, "nps": null})
            );
        }
    }
    let empty = lists.iter().filter(|asked| known.expected(asked).is_empty()).count();
    assert_eq!(empty, 1, "the other lists have somebody");
    let plain = client.get("/api/v1/customers?limit=1").expect(200);
    assert!(plain["items"][0].get("facts").is_none(), "{plain}");
}

fn a_page_goes_on_behind_its_last_customer_whatever_changes(database: Database) {
    let (_server, client) = start(database);
    seeded(&client);
    let known = Known::read(&client);
    let asked = Asked {
        sort: Some("-spend-24m"),
        ..Asked::default()
    };
    let expected = known.expected(&asked);
    let first = client.get(&asked.path("limit=10")).expect(200);
    assert_eq!(members(first["items"].as_array().unwrap()), expected[..10]);
    // the last of the page rises to the top, and one of the pages to come as well
    let risen = [&expected[9], &expected[20]];
    for (place, member) in risen.iter().enumerate() {
        let event = json!({"source": "shop", "external_id": format!("E{place}"), "type": "booking.confirmed",
            "occurred_at": "2026-01-14T08:00:00Z", "customer": {"identities": [{"kind": "member_no", "value": member}]},
            "data": {"booking_id": format!("E{place}"), "amount": 90_000_000_000_i64}});
        client.post("/api/v1/events", &json!({"events": [event]})).expect(200);
    }
    eventually("the frame follows", Duration::from_secs(20), || {
        let top = client.get(&asked.path("limit=2")).expect(200);
        let top: BTreeSet<String> = members(top["items"].as_array().unwrap()).into_iter().collect();
        (top == risen.iter().map(|member| (*member).clone()).collect()).then_some(())
    });
    let next = first["next"].as_str().unwrap();
    let (rest, _) = paged_from(&client, &asked.path("limit=50"), Some(next));
    let left: Vec<String> = expected[10..]
        .iter()
        .filter(|member| *member != risen[1])
        .cloned()
        .collect();
    assert_eq!(
        members(&rest),
        left,
        "nobody twice, and nobody left out who has not risen"
    );
    // newcomers come before the page that was read
    let page = client.get("/api/v1/customers?limit=3").expect(200);
    client
        .post(
            "/api/v1/customers",
            &json!({"identities": [{"kind": "member_no", "value": "C999"}]}),
        )
        .expect(201);
    let next = page["next"].as_str().unwrap();
    let second = client
        .get(&format!("/api/v1/customers?limit=3&cursor={next}"))
        .expect(200);
    assert_eq!(members(second["items"].as_array().unwrap()), ["C146", "C145", "C144"]);
    let newest = client.get("/api/v1/customers?limit=1").expect(200);
    assert_eq!(members(newest["items"].as_array().unwrap()), ["C999"]);
}

fn what_a_list_cannot_do_is_said(database: Database) {
    let (_server, client) = start(database);
    seeded(&client);
    let get = |query: &str| client.get(&format!("/api/v1/customers?{query}"));
    for (query, code, part) in [
        ("fact=shoe-size:3", "unknown_fact", "\"shoe-size\""),
        ("sort=-lot", "unknown_fact", "\"lot\""),
        ("columns=spend-24m,attr.none", "unknown_fact", "\"attr.none\""),
        ("fact=spend-24m:much", "bad_condition", "FACT:2..4"),
        ("fact=spend-24m:5..3", "bad_condition", "by nobody"),
        ("fact=consent-marketing:1", "bad_condition", "FACT:true"),
        ("segment=rfm.gold", "unknown_segment", "\"rfm.gold\""),
        ("segment=rfm", "unknown_segment", "\"rfm.\""),
        ("limit=3&limit=4", "bad_query", "limit"),
    ] {
        let answer = get(query);
        let said = answer.text.replace("\\\"", "\"");
        assert!(said.contains(part), "{query}: {said}");
        let status = if code == "bad_query" { 400 } else { 422 };
        assert_eq!(answer.problem(status), code, "{query}");
    }
    let many = vec!["fact=trips-24m:1.."; 21].join("&");
    assert_eq!(get(&many).problem(422), "too_many_items");
    // a cursor is of its order
    let next = |query: &str| get(query).expect(200)["next"].as_str().unwrap().to_owned();
    let by_spend = next("limit=1&sort=spend-24m");
    for query in [
        "limit=1",
        "limit=1&sort=-spend-24m",
        "limit=1&sort=trips-24m",
        "limit=1&q=C1",
    ] {
        assert_eq!(
            get(&format!("{query}&cursor={by_spend}")).problem(422),
            "bad_cursor",
            "{query}"
        );
    }
    assert_eq!(get("limit=1&sort=spend-24m&cursor=00").problem(422), "bad_cursor");
}
