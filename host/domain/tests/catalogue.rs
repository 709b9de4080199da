//! The catalogue holds what data.md promises, no less and no more.

use posthouse_domain::catalogue::{self, ALL, FactKind, NO_SOURCE, Value};
use posthouse_domain::facts::FactRow;
use std::collections::HashSet;

/// The keys of data.md's table with their kinds, in its order.
const TABLE: [(&str, FactKind); 17] = [
    ("kind gender home-city language", FactKind::Text),
    ("age days-to-birthday customer-since-days", FactKind::Count),
    ("birth-date", FactKind::Day),
    (
        "trips-total trips-12m trips-24m recency-days first-trip-days next-departure-days days-since-return cancellations-12m lead-time-days party-size",
        FactKind::Count,
    ),
    ("favourite-destination favourite-theme main-channel", FactKind::Text),
    (
        "spend-total spend-12m spend-24m margin-12m booking-value",
        FactKind::Money,
    ),
    ("points-balance points-expiring-90d", FactKind::Count),
    ("tier", FactKind::Text),
    ("tier-days referrals-12m", FactKind::Count),
    (
        "open-complaints complaints-12m badly-resolved-12m last-complaint-days",
        FactKind::Count,
    ),
    ("nps", FactKind::Count),
    ("csat-12m", FactKind::Number),
    ("reviews-12m", FactKind::Count),
    (
        "last-contact-days contacts-90d opens-90d views-30d searches-30d",
        FactKind::Count,
    ),
    ("consent-marketing", FactKind::Flag),
    ("completeness booking-days", FactKind::Count),
    ("repeat-spend clv-24m", FactKind::Money),
];

/// Counts and sums, which are never null; `kind` and `completeness` are always known.
const NEVER_NULL: &str = "kind trips-total trips-12m trips-24m cancellations-12m spend-total spend-12m spend-24m margin-12m points-balance \
    points-expiring-90d referrals-12m open-complaints complaints-12m badly-resolved-12m reviews-12m contacts-90d opens-90d views-30d searches-30d completeness \
    booking-days repeat-spend";

/// What records of later rooms will feed.
const WITHOUT_SOURCE: &str = "nps csat-12m opens-90d";

#[test]
fn every_fact_of_the_table_is_there_with_its_kind() {
    let expected: Vec<(&str, FactKind)> = TABLE
        .iter()
        .flat_map(|(keys, kind)| keys.split(' ').map(|key| (key, *kind)))
        .collect();
    let found: Vec<(&str, FactKind)> = ALL.iter().map(|fact| (fact.key, fact.kind)).collect();
    assert_eq!(found, expected);
}

#[test]
fn keys_are_unique_kebab_case_and_can_be_found() {
    let mut seen = HashSet::new();
    for (position, fact) in ALL.iter().enumerate() {
        let words = fact.key.split('-');
        let good = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(
            words.clone().all(good) && fact.key.starts_with(|c: char| c.is_ascii_lowercase()),
            "{}",
            fact.key
        );
        assert!(seen.insert(fact.key), "{} is there twice", fact.key);
        assert_eq!(catalogue::position(fact.key), Some(position));
        assert_eq!(catalogue::find(fact.key).map(|found| found.key), Some(fact.key));
    }
    assert!(catalogue::position("trips").is_none() && catalogue::find("").is_none());
}

#[test]
fn every_fact_is_explained_in_both_languages() {
    for fact in &ALL {
        let (zh_cn, en) = fact.meaning;
        assert!(!zh_cn.is_ascii(), "{} has no Chinese meaning", fact.key);
        assert!(!en.is_empty() && en.is_ascii(), "{} has no English meaning", fact.key);
        assert!(!fact.source.is_empty());
        let needs_unit = matches!(fact.kind, FactKind::Count | FactKind::Money) && fact.key != "nps";
        assert_eq!(fact.unit.is_some(), needs_unit, "unit of {}", fact.key);
    }
}

#[test]
fn of_a_stranger_counts_are_zero_and_the_rest_is_unknown() {
    let never_null: HashSet<&str> = NEVER_NULL.split_whitespace().collect();
    let without_source: HashSet<&str> = WITHOUT_SOURCE.split_whitespace().collect();
    let stranger = FactRow::default();
    for fact in &ALL {
        assert_eq!(!fact.nullable, never_null.contains(fact.key), "{}", fact.key);
        assert_eq!(
            fact.source == NO_SOURCE,
            without_source.contains(fact.key),
            "{}",
            fact.key
        );
        let expected = match fact.key {
            "kind" => Value::Text("person"),
            _ if fact.nullable => Value::Unknown,
            _ => Value::Whole(0),
        };
        assert_eq!(fact.value(&stranger, 20_000), expected, "{}", fact.key);
    }
}
