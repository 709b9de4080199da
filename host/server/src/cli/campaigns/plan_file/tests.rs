use super::super::super::form::Trade;
use super::*;
use posthouse_domain::catalogue;
use posthouse_domain::money::Currency;
use posthouse_domain::words::{Language, speaking};

const SPRING: &str = r#"
key = "spring-2027"
type = "festival"
name = "Spring Festival 2027"
owner = "Ms Lin"
places = ["app", "shop-xuhui"]
holdout = "10 %"
price_floor = 80
margin_floor = "5.25%"

[goal]
purpose = "Fill the departures after the festival"
[goal.targets]
sales = "800,000.00"
participants = 120

[audience]
segments = ["rfm.champions"]
[[audience.facts]]
fact = "spend-24m"
at_least = 5000
[[audience.facts]]
fact = "birth-date"
at_most = 1970-02-01
[[audience.facts]]
fact = "consent-marketing"
is = true

[window]
first_day = "in 2 weeks"
last_day = 2027-03-03

[budget]
total = 50000
per_customer = "CNY 1,000"
per_day = "0.4万元"

[stacking]
group = "season"
priority = 10

[rule]
plugin = "early-bird"
[rule.settings]
days = 45
"#;

fn kind_of(fact: &str) -> Option<FactKind> {
    catalogue::find(fact).map(|fact| fact.kind)
}

fn trade() -> Trade {
    Trade {
        currency: Currency::parse("CNY").unwrap(),
        today: time::parse_day("2027-01-06").unwrap(),
    }
}

fn parsed(text: &str) -> Result<PlanFile, Failure> {
    read(&Form::parse("spring.toml", text, trade())?, &kind_of)
}

#[test]
fn a_file_becomes_the_plan_of_the_api() {
    let file = parsed(SPRING).unwrap();
    assert_eq!((file.key.as_str(), file.kind.as_str()), ("spring-2027", "festival"));
    assert_eq!(file.rule, RuleName::Name("early-bird".into(), None));
    assert_eq!(
        file.plan,
        json!({
            "goal": {"purpose": "Fill the departures after the festival", "targets": [
                {"measure": "participants", "figure": 120}, {"measure": "sales", "figure": 80_000_000}]},
            "audience": {"segments": ["rfm.champions"], "facts": [
                {"fact": "spend-24m", "at_least": 500_000}, {"fact": "birth-date", "at_most": 31}, {"fact": "consent-marketing", "is": true}]},
            "places": ["app", "shop-xuhui"], "window": {"from": "2027-01-20", "to": "2027-03-04"},
            "budget": {"total": 5_000_000, "per_customer": 100_000, "per_day": 400_000},
            "stacking": {"group": "season", "priority": 10}, "rule": {"config": {"days": 45}},
            "holdout": 1_000, "price_floor": 8_000, "margin_floor": 525,
            "needs_coupon": false, "keeps_coupons": false, "despite_complaints": false,
        })
    );
}

/// The file with a line changed, as it is refused in both languages.
fn refused(from: &str, to: &str) -> [String; 2] {
    assert!(SPRING.contains(from), "{from}");
    let text = SPRING.replacen(from, to, 1);
    [Language::En, Language::Zh].map(|language| speaking(language, || parsed(&text).expect_err(to).message.to_string()))
}

#[test]
fn every_mistake_is_named_with_its_line_and_field_in_both_languages() {
    for (from, to, en, zh) in [
        (
            "price_floor = 80\n",
            "price_floor = 8000\n",
            "line 8: price_floor is 8000; shares are in percent",
            "第 8 行：price_floor 为 8000；比例以百分比填写",
        ),
        (
            "price_floor = 80\n",
            "price_floor = 0.8\n",
            "line 8: price_floor is 0.8; shares are in percent; write \"80 %\" or \"0.8 %\", whichever is meant",
            "第 8 行：price_floor 为 0.8；比例以百分比填写；请写明 \"80%\" 或 \"0.8%\"",
        ),
        (
            "price_floor = 80",
            "price_flor = 80",
            "did you mean price_floor?",
            "是否想写 price_floor？",
        ),
        (
            "holdout = \"10 %\"",
            "holdout = \"一成\"",
            "line 7: holdout is \"一成\"",
            "第 7 行：holdout 为 \"一成\"",
        ),
        (
            "holdout = \"10 %\"",
            "holdout = \"10.123 %\"",
            "two decimals at most",
            "最多两位小数",
        ),
        (
            "total = 50000",
            "total = \"50000 USD\"",
            "line 34: budget.total is \"50000 USD\"; write an amount of CNY in major units",
            "第 34 行：budget.total 为 \"50000 USD\"；应为以 CNY 为单位的金额",
        ),
        (
            "total = 50000",
            "total = -5",
            "budget.total is -5; an amount is not below zero",
            "金额不能为负",
        ),
        (
            "total = 50000",
            "total = 0.001",
            "CNY has 2 decimals at most",
            "最多 2 位小数",
        ),
        (
            "total = 50000\n",
            "",
            "line 33: budget.total is missing",
            "第 33 行：缺少 budget.total",
        ),
        (
            "first_day = \"in 2 weeks\"",
            "first_day = \"soon\"",
            "line 30: window.first_day is \"soon\"; write a day like 2027-01-20",
            "第 30 行：window.first_day 为 \"soon\"；应为日期",
        ),
        (
            "last_day = 2027-03-03",
            "last_day = 2027-01-03",
            "line 31: window.last_day is 2027-01-03, before first_day with 2027-01-20",
            "早于 first_day 的 2027-01-20",
        ),
        (
            "last_day = 2027-03-03",
            "days = 0",
            "window.days has to be 1 or more",
            "应为 1 或更大",
        ),
        (
            "last_day = 2027-03-03\n",
            "",
            "window.last_day is missing",
            "window.last_day 缺失",
        ),
        (
            "fact = \"spend-24m\"",
            "fact = \"spent\"",
            "line 20: audience.facts[1].fact is \"spent\", which is not a fact",
            "第 20 行：audience.facts[1].fact 为 \"spent\"",
        ),
        (
            "at_least = 5000",
            "at_least = true",
            "audience.facts[1].at_least is true",
            "audience.facts[1].at_least 为 true",
        ),
        (
            "is = true",
            "is = \"yes\"",
            "line 27: audience.facts[3].is is \"yes\"",
            "第 27 行：audience.facts[3].is 为 \"yes\"",
        ),
        (
            "priority = 10",
            "priority = \"first\"",
            "stacking.priority is \"first\"; write a whole number",
            "应为整数",
        ),
        (
            "plugin = \"early-bird\"",
            "plugins = \"early-bird\"",
            "rule.plugins is not known; did you mean plugin?",
            "是否想写 plugin？",
        ),
        (
            "places = [\"app\", \"shop-xuhui\"]",
            "places = \"app\"",
            "line 6: places is \"app\"",
            "第 6 行：places 为 \"app\"",
        ),
        ("type = \"festival\"\n", "", "type is missing", "缺少 type"),
        (
            "[budget]",
            "[budgets]",
            "the table [budget] is missing",
            "缺少表 [budget]",
        ),
        (
            "name = \"Spring",
            "name = Spring",
            "line 4: this is not TOML",
            "第 4 行：不是有效的 TOML",
        ),
    ] {
        let said = refused(from, to);
        assert!(said[0].contains(en), "{to}: {}", said[0]);
        assert!(said[1].contains(zh), "{to}: {}", said[1]);
    }
}

#[test]
fn all_mistakes_are_found_at_once() {
    let text = SPRING
        .replace("total = 50000", "total = \"lots\"")
        .replace("is = true", "is = 1");
    let said = parsed(&text).unwrap_err().message.to_string();
    assert!(said.starts_with("spring.toml has 2 mistakes:\n  line 27: "), "{said}");
    assert!(said.contains("\n  line 34: budget.total is \"lots\""), "{said}");
}

#[test]
fn a_plan_in_json_is_one_too() {
    let text = r#"{"key": "a", "type": "member", "name": "A", "goal": {"purpose": "x"}, "window": {"first_day": "today", "days": 1},
        "budget": {"total": 1234.50}, "stacking": {"group": "g", "priority": 1}, "rule": {"digest": "9f2b6c"}}"#;
    let file = parsed(text).unwrap();
    assert_eq!(file.plan["budget"]["total"], 123_450);
    assert_eq!(file.plan["window"], json!({"from": "2027-01-06", "to": "2027-01-07"}));
    assert_eq!(file.rule, RuleName::Digest("9f2b6c".into()));
    let said = parsed(&text.replace("1234.50", "\"x\""))
        .unwrap_err()
        .message
        .to_string();
    assert!(
        said.contains("budget.total is \"x\"") && !said.contains("line"),
        "{said}"
    );
    let said = parsed("{\"key\": ").unwrap_err().message.to_string();
    assert!(said.contains("this is not JSON"), "{said}");
}

#[test]
fn days_are_days_or_from_today_on() {
    let first =
        |text: &str| parsed(&SPRING.replace("\"in 2 weeks\"", text)).map(|file| file.plan["window"]["from"].clone());
    for (text, day) in [
        ("2027-01-20", "2027-01-20"),
        ("\"2027-01-20\"", "2027-01-20"),
        ("\"today\"", "2027-01-06"),
        ("\"明天\"", "2027-01-07"),
        ("\"in 1 day\"", "2027-01-07"),
        ("\"14天后\"", "2027-01-20"),
        ("\"2 周后\"", "2027-01-20"),
    ] {
        assert_eq!(first(text).unwrap(), day, "{text}");
    }
    for text in [
        "\"in 9999 days\"",
        "\"yesterday\"",
        "\"2027-02-30\"",
        "\"in -1 days\"",
        "20270120",
    ] {
        assert!(first(text).is_err(), "{text}");
    }
}
