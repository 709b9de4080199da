//! What the derives write and what the harness says, by a rule that reads one fact of every kind.

#![allow(clippy::unwrap_used)]

use posthouse_sdk::FactKind;
use posthouse_sdk::prelude::*;

#[derive(Facts)]
struct Guest {
    age: Option<i32>,
    spend_24m: Money,
    #[fact("csat-12m")]
    satisfaction: Option<f64>,
    consent_marketing: Option<bool>,
    birth_date: Option<Day>,
    home_city: Option<Text>,
    #[fact("attr.visa")]
    visa: Option<Text>,
    kind: Text,
}

#[derive(Quantiles)]
#[quantiles(of = Guest, buckets = 4)]
struct Parts {
    spend_24m: Quantile<Money>,
    #[quantile(buckets = 2, among = spend_24m)]
    age: Quantile<i32>,
}

#[derive(Segments)]
#[allow(dead_code)]
enum Segment {
    #[segment(zh = "甲", en = "First", policy_zh = "做甲", policy_en = "Do first")]
    FirstOfAll,
    #[segment(key = "other", zh = "乙", en = "Second", policy_zh = "做乙", policy_en = "Do second")]
    Second,
}

#[derive(Reasons)]
enum Reason {
    #[reason(
        zh = "{age} 岁，{home-city}，{spend-24m}，{birth-date}",
        en = "{age} from {home-city} with {attr.visa}, {csat-12m}, {consent-marketing}"
    )]
    Everything,
}

#[settings]
#[derive(Default)]
struct Wishes {
    /// Nobody younger.
    from_age: i32,
    refuse: bool,
}

#[derive(Rule)]
#[rule(name = "rule", facts = Guest, settings = Wishes, validate = Wishes::validate, reasons = Reason)]
#[rule(zh = "规则", en = "Rule", summary_zh = "测试", summary_en = "A test")]
struct Rule;

impl Wishes {
    fn validate(&self, problems: &mut Problems) {
        if self.refuse {
            problems.at("/refuse", "如您所愿", "as you wish");
        }
        if self.from_age == 99 {
            problems.at("from_age", "不是指针", "no pointer");
            problems.at("/form_age", "没有这项", "no such setting");
            problems.overall("过老", "too old");
        }
    }
}

impl Segmentation for Rule {
    type Quantiles = Parts;
    type Segment = Segment;

    fn classify(guest: Guest, ctx: &Context<Wishes, Parts>) -> Class<Segment, Reason> {
        match guest.age {
            Some(age) if age >= ctx.settings.from_age => {
                log::info(format!("{age}"));
                let score = 10 * ctx.quantiles.spend_24m.score(guest.spend_24m) + ctx.quantiles.age.score(age);
                Class::of(Segment::FirstOfAll)
                    .score(score as f32)
                    .because(Reason::Everything)
            }
            _ => Class::none(),
        }
    }
}

posthouse_sdk::export_segmentation!(Rule);

fn guest(age: Option<i32>, spend: i64) -> Guest {
    Guest {
        age,
        spend_24m: Money(spend),
        satisfaction: Some(4.5),
        consent_marketing: Some(true),
        birth_date: Day::parse("1990-05-01"),
        home_city: age.map(|_| Text("上海")),
        visa: Some(Text("EU")),
        kind: Text("person"),
    }
}

#[test]
fn a_struct_declares_its_facts() {
    let declared: Vec<_> = Guest::USES
        .iter()
        .map(|fact| (fact.key, fact.kind, fact.nullable))
        .collect();
    assert_eq!(
        declared,
        [
            ("age", FactKind::Count, true),
            ("spend-24m", FactKind::Money, false),
            ("csat-12m", FactKind::Number, true),
            ("consent-marketing", FactKind::Flag, true),
            ("birth-date", FactKind::Day, true),
            ("home-city", FactKind::Text, true),
            ("attr.visa", FactKind::Text, true),
            ("kind", FactKind::Text, false),
        ]
    );
    let asked: Vec<_> = Parts::USES
        .iter()
        .map(|quantile| (quantile.fact, quantile.buckets, quantile.among))
        .collect();
    assert_eq!(asked, [("spend-24m", 4, None), ("age", 2, Some("spend-24m"))]);
    assert_eq!(
        Segment::DEFS.iter().map(|segment| segment.key).collect::<Vec<_>>(),
        ["first-of-all", "other"]
    );
    assert_eq!((Segment::Second.index(), Reason::DEFS[0].code), (1, "everything"));
}

#[test]
fn every_kind_of_fact_comes_through_the_columns() {
    // More than eight rows, so that bitmaps have more than one byte; every third row is of an unknown age.
    let rows = (0..20).map(|row| guest((row % 3 > 0).then_some(30 + row), i64::from(row) * 100));
    let answers = harness::<Rule>().rows(rows).classify();
    for (row, answer) in answers.iter().enumerate() {
        assert_eq!(answer.segment.is_some(), row % 3 > 0, "row {row}");
    }
    assert_eq!(
        answers[1].because_zh.as_deref(),
        Some("31 岁，上海，CNY 1.00，1990-05-01")
    );
    assert_eq!(
        answers[1].because_en.as_deref(),
        Some("31 from 上海 with EU, 4.50, true")
    );
    assert_eq!((answers[1].score, answers[19].score), (Some(11.0), Some(42.0)));
    assert_eq!((answers.logs.len(), answers.logs[0].as_str()), (13, "info: 31"));
}

#[test]
fn settings_are_read_once_and_refusals_are_sentences() {
    let call = || harness::<Rule>().rows([guest(Some(20), 0)]);
    assert_eq!(call().settings(r#"{"from_age": 21}"#).classify()[0].segment, None);
    let refused = call().settings(r#"{"from_years": 21}"#).try_classify().unwrap_err();
    assert!(
        refused.starts_with("settings: /: there is no setting \"from_years\" among from_age, refuse"),
        "{refused}"
    );
    assert_eq!(
        call().settings(r#"{"refuse": true}"#).try_classify(),
        Err("settings: /refuse: as you wish".to_owned())
    );
    // what the schema says and what the rule says are told together, and a place that is none is a mistake
    let refused = call()
        .settings(r#"{"from_age": 99, "refuse": true, "vip": 1}"#)
        .try_classify();
    let said = refused.unwrap_err();
    assert!(said.starts_with("settings: /: there is no setting \"vip\""), "{said}");
    let both = call().settings(r#"{"from_age": 99}"#).try_classify().unwrap_err();
    assert_eq!(
        both,
        "validate: \"from_age\" is not a JSON Pointer, which begins with a slash; it says: no pointer; \
         validate: \"/form_age\" leads to no setting; did you mean \"from_age\"?; it says: no such setting; settings: too old"
    );
    let schema: serde_json::Value = serde_json::from_str(&call().description().config_schema).unwrap();
    assert_eq!(schema["properties"]["from_age"]["description"], "Nobody younger.");
    assert_eq!(
        (&schema["additionalProperties"], schema.get("required")),
        (&serde_json::Value::Bool(false), None)
    );
}

#[test]
fn golden_cases_name_every_difference() {
    let golden = |cases: &str| {
        let cases = cases.to_owned();
        let outcome = std::panic::catch_unwind(move || harness::<Rule>().golden(&cases));
        outcome
            .err()
            .and_then(|panic| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default()
    };
    let right = r#"[{"name": "n", "today": "2026-01-15", "rows": [{"age": 30, "attr.visa": "EU"}, {}],
        "expect": [{"segment": "first-of-all", "score": 11, "reason": "everything"}, {"segment": null, "reason": null}]}]"#;
    assert_eq!(golden(right), "");
    let wrong = right.replace("\"score\": 11", "\"score\": 12");
    let difference = "n: row 0: score is 11, expected 12";
    assert!(golden(&wrong).contains(difference), "{}", golden(&wrong));
    for (from, to, complaint) in [
        (
            r#""age": 30"#,
            r#""agee": 30"#,
            "row 0: \"agee\" is not among the facts the plugin declares; did you mean \"age\"?",
        ),
        (
            r#""age": 30"#,
            r#""age": "old""#,
            "row 0: age must be a whole number from -2147483648 to 2147483647, it is \"old\"",
        ),
        (
            "2026-01-15",
            "15.1.2026",
            "today \"15.1.2026\" is not a date like 2026-01-15",
        ),
        (
            r#"{"segment": null, "reason": null}"#,
            "",
            "golden cases: expected value at line 2",
        ),
        (r#", {}]"#, "]", "1 rows but 2 expected answers"),
        (
            r#""rows""#,
            r#""quantiles": {"age": [1, 2]}, "rows""#,
            "quantiles: \"age\" needs 1 rising edges, or none",
        ),
    ] {
        let said = golden(&right.replace(from, to));
        assert!(said.contains(complaint), "{to}: {said}");
    }
}

#[derive(Rule)]
#[rule(name = "peeking", facts = Guest)]
#[rule(zh = "规则", en = "Rule", summary_zh = "测试", summary_en = "A test")]
struct Peeking;

thread_local! {
    static SEEN: std::cell::Cell<f32> = const { std::cell::Cell::new(0.0) };
}

impl Segmentation for Peeking {
    type Quantiles = ();
    type Segment = Segment;

    fn classify(_: Guest, _: &Context<NoSettings>) -> Class<Segment> {
        SEEN.set(SEEN.get() + 1.0);
        Class::of(Segment::FirstOfAll).score(SEEN.get())
    }
}

#[test]
fn a_rule_that_looks_at_other_rows_is_caught() {
    let said = harness::<Peeking>()
        .rows([guest(None, 0), guest(None, 0)])
        .try_classify()
        .unwrap_err();
    assert!(
        said.starts_with("the answer for row 0 depends on the other rows"),
        "{said}"
    );
}

/// Says with its segment whether the age is known, and with its score everything else.
#[derive(Rule)]
#[rule(name = "mirror", facts = Guest)]
#[rule(zh = "规则", en = "Rule", summary_zh = "测试", summary_en = "A test")]
struct Mirror;

fn mirrored(guest: &Guest) -> f32 {
    let money = guest.spend_24m.0 as f32;
    let text = guest.home_city.map_or(0.0, |city| city.parse().unwrap_or(0.5));
    let flag = guest.consent_marketing.map_or(0.25, |flag| f32::from(u8::from(flag)));
    let day = guest.birth_date.map_or(0.125, |day| day.0 as f32);
    money * 64.0 + text * 8.0 + flag + day + guest.satisfaction.map_or(7.0, |number| number as f32)
}

impl Segmentation for Mirror {
    type Quantiles = ();
    type Segment = Segment;

    fn classify(guest: Guest, _: &Context<NoSettings>) -> Class<Segment> {
        let segment = match guest.age {
            Some(_) => Segment::FirstOfAll,
            None => Segment::Second,
        };
        Class::of(segment).score(mirrored(&guest))
    }
}

#[test]
fn rows_come_through_whole_wherever_a_block_ends() {
    const CITIES: [&str; 4] = ["0", "1", "2", "3"];
    let one = |row: i32| Guest {
        age: (row % 3 > 0).then_some(row),
        spend_24m: Money(row.into()),
        satisfaction: (row % 5 > 0).then_some(f64::from(row) / 2.0),
        consent_marketing: (row % 7 > 0).then_some(row % 2 > 0),
        birth_date: (row % 11 > 0).then_some(Day(row)),
        home_city: (row % 4 > 0).then_some(Text(CITIES[row as usize % 4])),
        visa: Some(Text("EU")),
        kind: Text("person"),
    };
    for rows in [1, 63, 64, 65, 200] {
        let answers = harness::<Mirror>().rows((0..rows).map(one)).classify();
        assert_eq!(answers.len(), rows as usize);
        for (row, answer) in (0..rows).zip(answers.iter()) {
            let segment = if row % 3 > 0 { "first-of-all" } else { "other" };
            assert_eq!(answer.segment.as_deref(), Some(segment), "row {row} of {rows}");
            assert_eq!(answer.score, Some(mirrored(&one(row))), "row {row} of {rows}");
        }
    }
}
