use super::*;
use crate::money::Currency;
use serde_json::json;

fn terms() -> AgencyTerms {
    AgencyTerms {
        time_zone: chrono_tz::Asia::Shanghai,
        currency: Currency::parse("CNY").expect("a currency"),
        country: "CN".into(),
    }
}

fn plan(changes: Value) -> Plan {
    let day = |text: &str| time::start_of_day(time::parse_day(text).expect("a day"), chrono_tz::Asia::Shanghai);
    let mut plan = json!({
        "goal": {"purpose": "Fill the departures", "targets": [{"measure": "sales", "figure": 80_000_000}, {"measure": "participants", "figure": 120}]},
        "window": {"from": day("2026-01-20"), "to": day("2026-03-04")},
        "budget": {"total": 5_000_000}, "stacking": {"group": "season", "priority": 10},
        "rule": {"digest": "9f2b6c1d00aa11bb22cc", "config": {}}, "price_floor": 8_000,
    });
    for (key, value) in changes.as_object().expect("changes") {
        plan[key] = value.clone();
    }
    serde_json::from_value(plan).expect("a plan")
}

fn said(plan: &Plan) -> Vec<Said> {
    let terms = terms();
    let own = [AttributeDef {
        key: "deposit".into(),
        kind: FactKind::Money,
        title: crate::Localized::new("押金", "Deposit"),
        sensitivity: catalogue::Sensitivity::Ordinary,
    }];
    plan.in_words(Speaker {
        terms: &terms,
        own: &own,
        plugin: ("early-bird", "1.0.0"),
    })
}

fn of<'s>(all: &'s [Said], field: &str) -> (&'s str, &'s str) {
    let found = all.iter().find(|said| said.field == field).expect("said");
    (&found.words.en, &found.words.zh)
}

#[test]
fn a_plan_says_back_what_was_understood() {
    let plain = said(&plan(json!({})));
    for (field, en, zh) in [
        (
            "goal",
            "Goal: Fill the departures. To reach: sales CNY 800,000.00, participants 120.",
            "目标：Fill the departures。目标值：销售额 CNY 800,000.00、参与客户 120。",
        ),
        ("audience", "For everyone.", "面向所有客户。"),
        (
            "window",
            "From 2026-01-20 to 2026-03-03, both included: 43 days, Asia/Shanghai.",
            "2026-01-20 至 2026-03-03，含首尾共 43 天（Asia/Shanghai）。",
        ),
        (
            "budget",
            "Takes off at most CNY 50,000.00 in all.",
            "优惠总额不超过 CNY 50,000.00。",
        ),
        (
            "price_floor",
            "Never below 80 % of the list price.",
            "折后价不低于原价的 80%。",
        ),
        (
            "rule",
            "Offers by early-bird 1.0.0 (9f2b6c1d00aa) with its default settings.",
            "优惠由插件 early-bird 1.0.0（9f2b6c1d00aa）按默认设置计算。",
        ),
    ] {
        assert_eq!(of(&plain, field), (en, zh));
    }
    let audience = json!({"segments": ["rfm.champions"], "facts": [
        {"fact": "spend-24m", "at_least": 500_000}, {"fact": "attr.deposit", "at_most": 100},
        {"fact": "birth-date", "at_least": 0, "at_most": 31}, {"fact": "consent-marketing", "is": true},
        {"fact": "home-city", "one_of": ["上海", "苏州"]}]});
    let full = said(&plan(json!({
        "audience": audience, "places": ["app"], "margin_floor": 525, "holdout": 1_000, "needs_coupon": true,
        "budget": {"total": 5_000_000, "per_customer": 100_000, "per_day": 400_050},
    })));
    assert_eq!(
        of(&full, "audience").0,
        "For everyone in rfm.champions with spend-24m at least CNY 5,000.00, attr.deposit at most CNY 1.00, birth-date from \
         1970-01-01 to 1970-02-01, consent-marketing yes, home-city 上海 / 苏州."
    );
    assert_eq!(
        of(&full, "budget"),
        (
            "Takes off at most CNY 50,000.00 in all, CNY 1,000.00 for one customer, CNY 4,000.50 on one day.",
            "优惠总额不超过 CNY 50,000.00，每位客户不超过 CNY 1,000.00，每天不超过 CNY 4,000.50。"
        )
    );
    assert_eq!(
        of(&full, "margin_floor").0,
        "Never below cost plus 5.25 %, where the cost is known."
    );
    assert_eq!(of(&full, "holdout").1, "目标客户中的 10% 作为对照组，不享受优惠。");
}

#[test]
fn an_hour_in_a_window_is_said_and_a_day_alone_is_one() {
    let hour = 3_600_000;
    let from = 1_768_838_400_000_i64; // 2026-01-20 in Shanghai
    let window = |from, to| said(&plan(json!({"window": {"from": from, "to": to}})));
    let some = window(from + 10 * hour, from + 24 * hour);
    assert_eq!(
        of(&some, "window").0,
        "From 2026-01-20 10:00 until 2026-01-21, Asia/Shanghai."
    );
    assert_eq!(
        of(&window(from, from + 24 * hour), "window").0,
        "On 2026-01-20, Asia/Shanghai."
    );
}

#[test]
fn a_change_says_what_it_was_and_will_be() {
    let before = said(&plan(json!({})));
    assert_eq!(changes(&before, &before), []);
    let after = said(&plan(json!({"budget": {"total": 8_000_000}, "price_floor": 0})));
    let changes = changes(&before, &after);
    assert_eq!(
        changes.iter().map(|one| one.en.as_str()).collect::<Vec<_>>(),
        [
            "Now: Takes off at most CNY 50,000.00 in all. From then on: Takes off at most CNY 80,000.00 in all.",
            "Now: Never below 80 % of the list price. From then on: No lowest share of the list price.",
        ]
    );
    assert_eq!(
        changes[0].zh,
        "现在：优惠总额不超过 CNY 50,000.00。变更后：优惠总额不超过 CNY 80,000.00。"
    );
}

#[test]
fn shares_are_percent() {
    for (points, text) in [
        (8_000, "80 %"),
        (80, "0.8 %"),
        (1_250, "12.5 %"),
        (5, "0.05 %"),
        (0, "0 %"),
    ] {
        assert_eq!(share_text(points).en, text);
    }
}
