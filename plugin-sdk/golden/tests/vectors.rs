//! The vectors: what any reader of golden cases has to come to, in whatever language it is written. This one is held against them here.

use posthouse_golden::{
    Active, Answer, Fact, Form, Happening, Kind, Lasts, LoyaltyCase, MemberRequest, Mismatch, PRODUCTS, Placed, Posted,
    PromotionCase, Proposed, Quantiles, Rule, Said, Saving, SegmentationCase, Value, Wallet, day, edges, parse,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use std::path::Path;

fn vectors<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let text = std::fs::read(&file).expect("the vectors are there");
    let all: Vec<T> = serde_json::from_slice(&text).expect("the vectors have their form");
    assert!(all.len() > 9, "{name}");
    all
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    text: String,
    day: Option<i32>,
}

#[test]
fn days() {
    for Day { text, day: wanted } in vectors("days.json") {
        assert_eq!(day(&text), wanted, "{text:?}");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    population: Vec<i64>,
    buckets: u16,
    edges: Vec<i64>,
}

#[test]
fn quantiles() {
    for vector in vectors::<Parts>("quantiles.json") {
        let found = edges(vector.population.clone(), vector.buckets);
        assert_eq!(found, vector.edges, "{:?} in {}", vector.population, vector.buckets);
    }
}

/// A case, and either a part of what its refusal says, or what it asks and how these answers to it compare.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    what: String,
    rule: Declared,
    case: Json,
    refused: Option<String>,
    asked: Option<Json>,
    answers: Option<Vec<Class>>,
    offers: Option<Vec<Offer>>,
    posted: Option<Vec<Json>>,
    placed: Option<Json>,
    mismatches: Option<Vec<Json>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    facts: Vec<DeclaredFact>,
    quantiles: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredFact {
    key: String,
    kind: String,
    nullable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    fact: String,
    buckets: u16,
    among: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    segment: Option<String>,
    score: f32,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offer {
    line: usize,
    amount: Option<i64>,
    rate: Option<u32>,
    reason: Option<String>,
}

impl Declared {
    fn rule(&self) -> Rule {
        let kinds = [
            Kind::Count,
            Kind::Money,
            Kind::Number,
            Kind::Flag,
            Kind::Day,
            Kind::Text,
        ];
        let fact = |fact: &DeclaredFact| Fact {
            key: fact.key.clone(),
            kind: *kinds.iter().find(|kind| kind.as_str() == fact.kind).expect("a kind"),
            nullable: fact.nullable,
        };
        let table = |request: &Request| Quantiles {
            fact: request.fact.clone(),
            buckets: request.buckets,
            among: request.among.clone(),
        };
        Rule {
            facts: self.facts.iter().map(fact).collect(),
            quantiles: self.quantiles.iter().map(table).collect(),
        }
    }
}

fn values(values: &[Value]) -> Json {
    let value = |value: &Value| match value {
        Value::Null => Json::Null,
        Value::Int(value) => json!(value),
        Value::Number(value) => json!(value),
        Value::Flag(value) => json!(value),
        Value::Text(value) => json!(value),
    };
    values.iter().map(value).collect()
}

impl Vector {
    /// Holds what this crate makes of the case against the vector.
    fn hold<F: Form, A>(
        &self,
        read: impl Fn(&F, &Rule) -> Result<A, Said>,
        asked: impl Fn(&A) -> Json,
        compare: impl Fn(&F) -> Option<Vec<Mismatch>>,
    ) {
        let what = &self.what;
        let rule = self.rule.rule();
        let file = json!([self.case]).to_string();
        let case = parse::<F>(file.as_bytes()).map(|mut cases| cases.remove(0));
        let read = case.and_then(|case| Ok((read(&case, &rule)?, case)));
        let (found, case) = match (read, &self.refused) {
            (Err(said), Some(part)) => {
                assert!(said.en.contains(part.as_str()), "{what}: {}", said.en);
                assert!(!said.zh.is_empty() && said.zh != said.en, "{what}: {}", said.zh);
                return;
            }
            (Ok(_), Some(_)) => panic!("{what}: it is read"),
            (Err(said), None) => panic!("{what}: {said}"),
            (Ok(read), None) => read,
        };
        if let Some(wanted) = &self.asked {
            assert_eq!(asked(&found), *wanted, "{what}");
        }
        let mismatches = compare(&case).map(|found| found.iter().map(|mismatch| json!(mismatch)).collect::<Vec<_>>());
        assert_eq!(mismatches, self.mismatches, "{what}");
        assert!(
            self.asked.is_some() || self.mismatches.is_some(),
            "{what}: nothing is held"
        );
    }
}

#[test]
fn segmentation() {
    for vector in vectors::<Vector>("segmentation.json") {
        vector.hold(
            |case: &SegmentationCase, rule| case.read(rule),
            |rows| {
                let table = |table: &posthouse_golden::Table| json!({"fact": table.fact, "edges": table.edges});
                json!({
                    "today": rows.today, "now": rows.now, "seed": rows.seed, "config": rows.config,
                    "rows": rows.rows.iter().map(|row| values(row)).collect::<Json>(),
                    "tables": rows.tables.iter().map(table).collect::<Json>(),
                })
            },
            |case| {
                fn answer(class: &Class) -> Answer<'_> {
                    Answer {
                        segment: class.segment.as_deref(),
                        score: class.score,
                        reason: class.reason.as_deref(),
                    }
                }
                let answers = vector.answers.as_deref()?;
                let answers: Vec<Answer<'_>> = answers.iter().map(answer).collect();
                Some(case.compare(&answers))
            },
        );
    }
}

#[test]
fn promotion() {
    for vector in vectors::<Vector>("promotion.json") {
        vector.hold(
            |case: &PromotionCase, rule| case.read(rule),
            |request| {
                let line = |line: &posthouse_golden::Line| {
                    json!({
                        "sku": line.sku, "kind": PRODUCTS[line.kind], "destination": line.destination, "theme": line.theme,
                        "departs": line.departs, "travellers": line.travellers, "unit_price": line.unit_price, "quantity": line.quantity,
                    })
                };
                json!({
                    "today": request.today, "now": request.now, "seed": request.seed, "config": request.config,
                    "channel": request.channel, "lines": request.lines.iter().map(line).collect::<Json>(),
                    "facts": values(&request.facts),
                })
            },
            |case| {
                fn offer(offer: &Offer) -> Proposed<'_> {
                    let saving = match (offer.amount, offer.rate) {
                        (Some(amount), None) => Saving::Amount(amount),
                        (None, Some(rate)) => Saving::Rate(rate),
                        _ => panic!("an offer has an amount or a rate"),
                    };
                    Proposed {
                        line: offer.line,
                        saving,
                        reason: offer.reason.as_deref(),
                    }
                }
                let offers: Vec<Proposed<'_>> = vector.offers.as_deref()?.iter().map(offer).collect();
                Some(case.compare(&offers))
            },
        );
    }
}

/// An occasion as a vector has it.
fn happening(what: &Happening) -> Json {
    match what {
        Happening::Joined => json!({"kind": "joined"}),
        Happening::Other { name, data } => json!({"kind": "other", "name": name, "data": data}),
        other => panic!("no vector asks about {other:?}"),
    }
}

fn member(asked: &MemberRequest) -> Json {
    let standing = &asked.standing;
    let tier = standing.tier.as_ref();
    let mut occasion = asked
        .occasion
        .as_ref()
        .map_or(Json::Null, |occasion| happening(&occasion.what));
    if let Some(when) = &asked.occasion {
        (occasion["at"], occasion["on"]) = (when.at.into(), when.on.into());
    }
    json!({
        "today": asked.today, "now": asked.now, "seed": asked.seed, "config": asked.config, "facts": values(&asked.facts),
        "standing": {
            "member_since": standing.member_since, "available": standing.available, "pending": standing.pending,
            "tier": tier.map(|tier| json!([tier.tier, tier.since, tier.valid_until, tier.by_hand])),
            "status": standing.status,
        },
        "occasion": occasion,
    })
}

fn posted(said: &Json) -> Posted<'_> {
    let date = |said: &Json| said.as_str().and_then(day).expect("a day");
    Posted {
        wallet: match said["wallet"].as_str() {
            Some("status") => Wallet::Status,
            _ => Wallet::Points,
        },
        points: said["points"].as_i64().expect("points"),
        active: match said["active"].as_str() {
            Some("now") => Active::Now,
            Some("completed") => Active::Completed,
            _ => Active::On(date(&said["active"])),
        },
        expires: match &said["expires"] {
            Json::Object(lasts) => match (lasts.get("days"), lasts.get("months")) {
                (Some(days), _) => Lasts::Days(days.as_u64().expect("days") as u32),
                (_, months) => Lasts::Months(months.and_then(Json::as_u64).expect("months") as u32),
            },
            never if never == "never" => Lasts::Forever,
            until => Lasts::Until(date(until)),
        },
        reason: said["reason"].as_str(),
    }
}

#[test]
fn loyalty() {
    for vector in vectors::<Vector>("loyalty.json") {
        vector.hold(
            |case: &LoyaltyCase, rule| case.read(rule),
            member,
            |case| {
                if let Some(all) = &vector.posted {
                    return Some(case.compare_postings(&all.iter().map(posted).collect::<Vec<_>>()));
                }
                let placed = vector.placed.as_ref()?;
                let next = placed["next"].as_array().map(|next| {
                    let number = |at: usize| next[at].as_i64().expect("a number");
                    (next[0].as_str().expect("a tier"), number(1), number(2))
                });
                Some(case.compare_placement(&Placed {
                    tier: placed["tier"].as_str(),
                    valid_until: placed["valid_until"].as_i64().map(|day| day as i32),
                    next,
                    reason: placed["reason"].as_str(),
                }))
            },
        );
    }
}
