//! What segments should be, computed without the product: plain maps over the rows that were sent.

use std::collections::BTreeMap;

/// One purchase: customer, day since 1970, amount in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) customer: String,
    pub(crate) day: i64,
    pub(crate) amount: i64,
}

/// Facts of one customer as far as RFM needs them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) total: i64,
    pub(crate) in_12m: i64,
    pub(crate) in_24m: i64,
    pub(crate) spend: i64,
    pub(crate) spend_12m: i64,
    pub(crate) spend_24m: i64,
    pub(crate) recency: Option<i64>,
    pub(crate) first: Option<i64>,
}

/// Facts on `today`.
pub(crate) fn facts(purchases: &[Purchase], today: i64) -> BTreeMap<String, Expected> {
    let mut all: BTreeMap<String, Expected> = BTreeMap::new();
    for purchase in purchases {
        let row = all.entry(purchase.customer.clone()).or_default();
        if purchase.day > today {
            continue;
        }
        let age = today - purchase.day;
        row.total += 1;
        row.spend += purchase.amount;
        if age < 365 {
            row.in_12m += 1;
            row.spend_12m += purchase.amount;
        }
        if age < 730 {
            row.in_24m += 1;
            row.spend_24m += purchase.amount;
        }
        row.recency = Some(row.recency.map_or(age, |recency| recency.min(age)));
        row.first = Some(row.first.map_or(age, |first| first.max(age)));
    }
    all
}

/// The edges of five equal parts: edge `j` is the smallest value that at least `j/5` of the population does not exceed.
fn edges(population: &[i64]) -> Vec<i64> {
    let enough = |v: i64, j: usize| population.iter().filter(|x| **x <= v).count() * 5 >= j * population.len();
    (1..5)
        .filter_map(|j| population.iter().copied().find(|v| enough(*v, j)))
        .collect()
}

/// Score 1 to 5: one more than the number of edges below the value.
fn fifth(edges: &[i64], value: i64) -> i64 {
    1 + edges.iter().filter(|edge| **edge < value).count() as i64
}

/// The RFM segment and score of everyone.
pub(crate) fn rfm(all: &BTreeMap<String, Expected>) -> BTreeMap<String, (&'static str, i64)> {
    let travelled: Vec<&Expected> = all.values().filter(|row| row.in_24m > 0).collect();
    let sorted = |pick: fn(&Expected) -> i64| {
        let mut values: Vec<i64> = travelled.iter().map(|row| pick(row)).collect();
        values.sort_unstable();
        edges(&values)
    };
    let recencies = sorted(|row| row.recency.unwrap_or_default());
    let (trips, spends) = (sorted(|row| row.in_24m), sorted(|row| row.spend_24m));
    let mut classes = BTreeMap::new();
    for (customer, row) in all {
        let class = if row.total == 0 {
            ("prospect", 0)
        } else if row.in_24m == 0 {
            ("lapsed", 0)
        } else {
            let r = 6 - fifth(&recencies, row.recency.unwrap_or_default());
            let f = fifth(&trips, row.in_24m);
            let m = fifth(&spends, row.spend_24m);
            let segment = if r >= 4 && f >= 4 && m >= 4 {
                "champions"
            } else if f >= 4 {
                "loyal"
            } else if r >= 4 && row.total == 1 {
                "new"
            } else if r >= 4 {
                "promising"
            } else if r <= 2 && f >= 3 {
                "at-risk"
            } else if r <= 2 {
                "hibernating"
            } else {
                "steady"
            };
            (segment, 100 * r + 10 * f + m)
        };
        classes.insert(customer.clone(), class);
    }
    classes
}

/// Compares the product's facts and segments with the computation above, for every customer.
pub(crate) fn compare(client: &posthouse_tests::Client, binding: &str, purchases: &[Purchase], today: i64) {
    let expected = facts(purchases, today);
    let exported = super::intake::facts(client);
    assert_eq!(exported.len(), expected.len());
    let mut ids = BTreeMap::new();
    for (member, row) in &exported {
        let e = &expected[member];
        let number = |key: &str| row[key].parse::<i64>().ok();
        let found = Expected {
            total: number("trips-total").unwrap(),
            in_12m: number("trips-12m").unwrap(),
            in_24m: number("trips-24m").unwrap(),
            spend: number("spend-total").unwrap(),
            spend_12m: number("spend-12m").unwrap(),
            spend_24m: number("spend-24m").unwrap(),
            recency: number("recency-days"),
            first: number("first-trip-days"),
        };
        assert_eq!(&found, e, "{member}");
        ids.insert(row["customer_id"].clone(), member.clone());
    }
    let classes = rfm(&expected);
    let mut counted = 0;
    for segment in client.get("/api/v1/segments").expect(200)["items"].as_array().unwrap() {
        if segment["binding"] != binding {
            continue;
        }
        let key = segment["key"].as_str().unwrap();
        let members = client.all(&format!("/api/v1/segments/{binding}.{key}/members"));
        assert_eq!(segment["count"].as_u64(), Some(members.len() as u64), "{key}");
        for member in members {
            let name = &ids[member["customer_id"].as_str().unwrap()];
            let (segment, score) = classes[name];
            assert_eq!(
                (key, member["score"].as_f64()),
                (segment, Some(score as f64)),
                "{name} {:?}",
                expected[name]
            );
            assert!(
                member["reason"]["code"].is_string() && !member["since"].is_null(),
                "{member}"
            );
            counted += 1;
        }
    }
    assert_eq!(counted, classes.len(), "everyone is in exactly one segment");
}
