//! What a promotion gets, what becomes of its offers, and what the harness says of it.

#![allow(clippy::unwrap_used)]

use posthouse_sdk::prelude::*;

#[derive(Facts)]
struct Guest {
    age: Option<i32>,
    spend_24m: Money,
    csat_12m: Option<f64>,
    consent_marketing: Option<bool>,
    birth_date: Option<Day>,
    #[fact("attr.visa")]
    visa: Option<Text>,
    #[fact("segment.lifecycle")]
    stage: Option<Text>,
}

#[derive(Reasons)]
enum Reason {
    #[reason(
        zh = "{age} 岁，{spend-24m}，{segment.lifecycle}",
        en = "{age}, {csat-12m}, {consent-marketing}, {birth-date}, {attr.visa}"
    )]
    Everything,
    #[reason(zh = "便宜", en = "Cheap")]
    Cheap,
}

#[settings]
struct Settings {
    #[setting(default = vec![Step { quantity: 2, rate: Rate::percent(8) }])]
    steps: Vec<Step>,
    #[setting(default = AppliesTo::AllLines)]
    applies_to: AppliesTo,
    #[setting(default = vec![ProductKind::Tour])]
    kinds: Vec<ProductKind>,
    from: Option<Day>,
    /// The most that is saved.
    #[setting(en = "Most", zh = "上限", about_zh = "每行最多优惠多少。", range(min = 1))]
    most: Option<Money>,
    refuse: bool,
}

#[settings(part)]
struct Step {
    quantity: u32,
    /// What is saved.
    #[setting(en = "Rate", zh = "优惠比例")]
    rate: Rate,
}

#[settings(part)]
#[derive(PartialEq)]
enum AppliesTo {
    AllLines,
    DatedLines,
}

#[derive(Rule)]
#[rule(name = "rule", facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(zh = "规则", en = "Rule", summary_zh = "测试", summary_en = "A test")]
struct Rule;

impl Settings {
    fn validate(&self, problems: &mut Problems) {
        if self.refuse {
            problems.at("/refuse", "如您所愿", "as you wish");
        }
        for (place, step) in self.steps.iter().enumerate().filter(|(_, step)| step.quantity == 0) {
            let rate = step.rate.points();
            problems.at(
                format!("/steps/{place}/quantity"),
                format!("{rate} 没有数量"),
                format!("{rate} for nothing"),
            );
        }
    }
}

impl Promotion for Rule {
    fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let mut offers = Offers::new();
        for line in &basket.lines {
            if !set.kinds.contains(&line.kind) || (set.applies_to == AppliesTo::DatedLines && line.departs.is_none()) {
                continue;
            }
            offers.amount(line, Money(guest.spend_24m.0 / 100), Reason::Everything);
            if let Some(step) = set.steps.iter().find(|step| line.quantity >= step.quantity) {
                offers.rate(line, step.rate, Reason::Cheap);
            }
        }
        log::info(format!("{} offers to {:?}", basket.channel, guest.stage.as_deref()));
        offers
    }
}

posthouse_sdk::export_promotion!(Rule);

fn guest() -> Guest {
    Guest {
        age: Some(30),
        spend_24m: Money(12_345),
        csat_12m: Some(4.5),
        consent_marketing: Some(true),
        birth_date: Day::parse("1990-05-01"),
        visa: Some(Text("EU")),
        stage: Some(Text("at-risk")),
    }
}

#[test]
fn every_kind_of_fact_comes_through_the_values() {
    let offers = harness::<Rule>()
        .channel("shop")
        .facts(guest())
        .line(Line::tour("A").price(Money(500_000)))
        .evaluate();
    assert_eq!(offers.on(0), Some(Saving::Amount(Money(123))));
    assert_eq!(offers[0].because_zh, "30 岁，CNY 123.45，at-risk");
    assert_eq!(offers[0].because_en, "30, 4.50, true, 1990-05-01, EU");
    assert_eq!(offers.logs, [r#"info: shop offers to Some("at-risk")"#]);
}

#[test]
fn nobody_named_means_unknown_and_zero() {
    let offers = harness::<Rule>().line(Line::tour("A")).evaluate();
    // A hundredth of no spend is nothing, and nothing is no offer.
    assert!(offers.is_empty(), "{offers:?}");
    assert_eq!(offers.logs, ["info: app offers to None"]);
}

#[test]
fn a_line_gets_one_offer_the_latest() {
    let offers = harness::<Rule>()
        .facts(guest())
        .line(Line::tour("A").price(Money(500_000)).quantity(2))
        .line(Line::new(ProductKind::Hotel, "B"))
        .line(Line::tour("C").price(Money(500_000)))
        .evaluate();
    let codes: Vec<_> = offers.iter().map(|offer| (offer.line, offer.reason.as_str())).collect();
    assert_eq!(codes, [(0, "cheap"), (2, "everything")]);
    assert_eq!(offers.on(0), Some(Saving::Rate(Rate::basis_points(800))));
    assert_eq!(offers.on(1), None);
}

#[test]
fn settings_have_parts_and_their_defaults_stand_in_the_schema() {
    let call = || harness::<Rule>().facts(guest()).line(Line::tour("A").quantity(9));
    let settings =
        r#"{"steps": [{"quantity": 9, "rate": 10000}], "applies_to": "dated-lines", "kinds": ["tour", "cruise"]}"#;
    assert!(call().settings(settings).evaluate().is_empty());
    let dated = harness::<Rule>().line(Line::tour("A").quantity(9).departs("2026-03-01"));
    assert_eq!(dated.settings(settings).evaluate().on(0), Some(Saving::Rate(Rate::ALL)));
    for (settings, complaint) in [
        (
            r#"{"steps": [{"quantity": 9}]}"#,
            "settings: /steps/0: \"rate\" is missing",
        ),
        (
            r#"{"steps": [{"quantity": 9, "rate": 10001}]}"#,
            "/steps/0/rate: 10001 is more than the most, 10000",
        ),
        (
            r#"{"steps": [{"quantity": 9, "rate": 1, "days": 1}]}"#,
            "/steps/0: there is no setting \"days\" among quantity, rate",
        ),
        (
            r#"{"applies_to": "AllLines"}"#,
            "/applies_to: \"AllLines\" is not one of",
        ),
        (r#"{"kinds": ["Tour"]}"#, "/kinds/0: \"Tour\" is not one of"),
        (r#"{"from": "1.3.2026"}"#, "`1.3.2026` is not a date like 2026-01-15"),
        (r#"{"refuse": true}"#, "settings: /refuse: as you wish"),
        (
            r#"{"refuse": true, "kinds": ["cruise", "Tour"], "steps": [{"quantity": 0, "rate": 10001}]}"#,
            "/kinds/1: \"Tour\" is not one of",
        ),
        (
            r#"{"refuse": true, "steps": [{"quantity": 2, "rate": 1}, {"quantity": 0, "rate": 7}]}"#,
            "settings: /refuse: as you wish; settings: /steps/1/quantity: 7 for nothing",
        ),
        (r#"{"most": 0}"#, "settings: /most: 0 is less than the least, 1"),
        (
            r#"{"most": -5, "refuse": true}"#,
            "settings: /most: -5 is less than the least, 1",
        ),
    ] {
        let refused = call().settings(settings).try_evaluate().unwrap_err();
        assert!(refused.contains(complaint), "{settings}: {refused}");
    }
    let schema: serde_json::Value = serde_json::from_str(&call().description().config_schema).unwrap();
    let properties = &schema["properties"];
    assert_eq!(
        properties["steps"]["default"],
        serde_json::json!([{"quantity": 2, "rate": 800}])
    );
    assert_eq!(properties["steps"]["items"]["additionalProperties"], false);
    assert_eq!(properties["steps"]["items"]["properties"]["rate"]["maximum"], 10_000);
    assert_eq!(
        properties["applies_to"]["enum"],
        serde_json::json!(["all-lines", "dated-lines"])
    );
    assert_eq!(properties["kinds"]["default"], serde_json::json!(["tour"]));
    // titles in both languages, and the unit of what is money or a share
    assert_eq!(
        properties["most"],
        serde_json::json!({
            "title": "Most", "description": "The most that is saved. In minor units of the agency's currency.",
            "x-zh-CN": {"title": "上限", "description": "每行最多优惠多少。以货币最小单位计。"}, "x-order": 4,
            "type": ["integer", "null"], "format": "money", "minimum": 1, "maximum": 1_000_000_000_000_000_u64, "default": null,
        })
    );
    let rate = &properties["steps"]["items"]["properties"]["rate"];
    assert_eq!(rate["description"], "What is saved. In basis points: 1000 is 10 %.");
    assert_eq!(
        rate["x-zh-CN"],
        serde_json::json!({"title": "优惠比例", "description": "以万分之一计：1000 即 10%。"})
    );
    assert_eq!(schema.get("required"), None);
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
    let right = r#"[{"name": "n", "today": "2026-01-15", "config": {"applies_to": "dated-lines"}, "facts": {"spend-24m": 500},
        "lines": [{"unit_price": 500000, "departs": "2026-03-01", "quantity": 2}, {"unit_price": 1},
            {"sku": "B", "kind": "tour", "destination": "云南", "theme": "culture", "travellers": 2, "unit_price": 7, "departs": 20500}],
        "expect": [{"line": 2, "amount": 5, "reason": "everything"}, {"line": 0, "rate": 800, "reason": "cheap"}]}]"#;
    assert_eq!(golden(right), "");
    assert_eq!(golden(&right.replace(", \"reason\": \"cheap\"", "")), "");
    for (from, to, complaint) in [
        (
            "\"quantity\": 2",
            "\"quantity\": 0",
            "n: line 0: quantity is 0; it is 1 to 10000",
        ),
        (
            "\"unit_price\": 7",
            "\"unit_price\": -7",
            "n: line 2: unit_price is -7; it is 0 to",
        ),
        (
            "\"theme\": \"culture\"",
            "\"theme\": \" \"",
            "n: line 2: the theme is \" \"; write 1 to 200 bytes or leave it out",
        ),
        (
            ", \"reason\": \"cheap\"",
            ", \"reason\": \"dear\"",
            "n: line 0: reason is \"cheap\", expected \"dear\"",
        ),
        (
            "\"rate\": 800",
            "\"rate\": 900",
            "n: line 0: saving is rate 800, expected rate 900",
        ),
        (
            "\"line\": 2",
            "\"line\": 1",
            "n: line 1: offer is none, expected amount 5",
        ),
        (
            "\"line\": 2",
            "\"line\": 1",
            "n: line 2: offer is amount 5, expected none",
        ),
        ("\"line\": 2", "\"line\": 3", "expect: line 3, the basket has 3 lines"),
        (
            "\"line\": 2",
            "\"line\": 0",
            "expect: line 0 twice; a line gets one offer",
        ),
        ("\"amount\": 5, ", "", "expect: line 2 needs either an amount or a rate"),
        (
            "\"rate\": 800",
            "\"rate\": 20000",
            "a rate of 20000 basis points on line 0 is more than the whole price",
        ),
        (
            "\"spend-24m\"",
            "\"spend\"",
            "facts: \"spend\" is not among the facts the plugin declares",
        ),
        (
            "2026-03-01",
            "1 March",
            "line 0: departs must be a day like 2026-01-15, it is \"1 March\"",
        ),
        ("\"theme\"", "\"topic\"", "unknown field `topic`"),
        (
            "\"today\": \"2026-01-15\"",
            "\"today\": \"soon\"",
            "today \"soon\" is not a date like 2026-01-15",
        ),
    ] {
        let wrong = right.replacen(from, to, 1);
        assert_ne!(wrong, right, "{from}");
        assert!(golden(&wrong).contains(complaint), "{to}: {}", golden(&wrong));
    }
}

#[derive(Rule)]
#[rule(name = "forgetful", reasons = Reason)]
#[rule(zh = "规则", en = "Rule", summary_zh = "测试", summary_en = "A test")]
struct Forgetful;

thread_local! {
    static SEEN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl Promotion for Forgetful {
    fn evaluate(basket: &Basket, (): (), _: &Context<NoSettings>) -> Offers<Reason> {
        SEEN.set(SEEN.get() + 1);
        let mut offers = Offers::new();
        for line in &basket.lines {
            offers.rate(line, Rate::basis_points(SEEN.get()), Reason::Cheap);
        }
        offers
    }
}

#[test]
fn a_promotion_that_remembers_is_caught() {
    let call = harness::<Forgetful>().line(Line::tour("A"));
    let said = call.try_evaluate().unwrap_err();
    assert!(said.starts_with("the same call gets different answers"), "{said}");
}
