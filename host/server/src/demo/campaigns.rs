//! The campaigns of the made-up agency: what each is to reach, for whom, and by which rule.

use super::calendar::{self, Holiday};
use super::plugins::Offers;
use posthouse_domain::campaign::Plan;
use posthouse_domain::promotion::Mode;
use posthouse_domain::{Day, Localized, time};
use serde_json::{Value, json};

/// How far a campaign is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Written down.
    Draft,
    /// Waits for somebody to agree.
    Submitted,
    /// Agreed to, with something left to prepare.
    Preparing,
    /// In force.
    Running,
}

/// A campaign to be written down.
pub(super) struct Planned {
    pub(super) key: String,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) owner: &'static str,
    pub(super) plan: Plan,
    pub(super) stage: Stage,
}

/// The campaign that takes coupons.
pub(super) const WITH_COUPONS: &str = "travel-fair";
/// Where products are new.
pub(super) const NEW_DESTINATIONS: [&str; 2] = ["Iceland", "Kenya"];

/// The stacking groups: key, mode and title.
pub(super) fn groups() -> [(&'static str, Mode, Localized); 4] {
    [
        (
            "season",
            Mode::BestOf,
            Localized::new("季节优惠（取最优）", "Seasonal offers, the best of them"),
        ),
        (
            "personal",
            Mode::Stackable,
            Localized::new("客户专享（可叠加）", "Personal offers, which add up"),
        ),
        (
            "basket",
            Mode::Ordered,
            Localized::new("组合优惠（依次计算）", "Combinations, one after the other"),
        ),
        (
            "alone",
            Mode::Exclusive,
            Localized::new("不与其他优惠同享", "Not together with other offers"),
        ),
    ]
}

/// What a campaign has to have ready before it starts: kind, title, who is to do it, and in how many days.
pub(super) const TASKS: [(&str, &str, &str, Day); 2] = [
    ("training", "门店与客服培训 · Train shops and service", "李敏 Li Min", 3),
    (
        "materials",
        "海报与小程序页面 · Posters and pages of the mini program",
        "陈浩 Chen Hao",
        5,
    ),
];

/// From the start of one day to the start of another, Shanghai time.
fn window(from: Day, to: Day) -> Value {
    let start = |day: Day| "Asia/Shanghai".parse().map_or(0, |zone| time::start_of_day(day, zone));
    json!({"from": start(from), "to": start(to)})
}

/// A plan, if the plugin of this name is there. `details` are put over what all plans have.
fn plan(offers: &Offers, plugin: &str, config: Value, details: Value) -> Option<Plan> {
    let mut plan = json!({"rule": {"digest": offers.get(plugin)?, "config": config}});
    for (key, value) in details.as_object()? {
        plan[key] = value.clone();
    }
    serde_json::from_value(plan).ok()
}

fn stacking(group: &str, priority: i32) -> Value {
    json!({"group": group, "priority": priority})
}

/// Money of the plans in yuan.
fn yuan(amount: i64) -> i64 {
    amount * 100
}

fn budget(total: i64, per_customer: i64, per_day: i64) -> Value {
    json!({"total": yuan(total), "per_customer": yuan(per_customer), "per_day": yuan(per_day)})
}

fn goal(purpose: &str, participants: i64, sales: i64) -> Value {
    json!({"purpose": purpose, "targets": [
        {"measure": "participants", "figure": participants}, {"measure": "sales", "figure": yuan(sales)}]})
}

/// A festival's prices for departures around it.
fn festival(offers: &Offers, holidays: &[Holiday], details: Value) -> Option<Plan> {
    let config = json!({"holidays": calendar::settings(holidays), "days_before": 12, "days_after": 7, "rate": 600});
    plan(offers, "festival", config, details)
}

/// The same festival a year ago: its holiday and what was planned then.
pub(super) fn last_year(offers: &Offers, today: Day) -> Option<(Holiday, Planned)> {
    let holiday = calendar::year_before(calendar::coming(today + 14).first()?)?;
    let details = json!({
        "goal": goal("节前六周卖出节日前后的团期 · Sell the departures around the holiday", 30, 600_000),
        "window": window(holiday.from - 42, holiday.to + 1), "budget": budget(150_000, 4_000, 20_000),
        "stacking": stacking("season", 20), "holdout": 2_500,
    });
    let planned = Planned {
        key: holiday.key.clone(),
        kind: "festival",
        name: format!("{}出游季 · {} getaways", holiday.zh, holiday.en),
        owner: "林晓 Lin Xiao",
        plan: festival(offers, std::slice::from_ref(&holiday), details)?,
        stage: Stage::Running,
    };
    Some((holiday, planned))
}

/// Everything that is planned or in force on the demo's day, as far as the plugins for it are there.
pub(super) fn all(offers: &Offers, segments: &[String], today: Day) -> Vec<Planned> {
    let year = &time::day_text(today)[..4];
    let holidays = calendar::coming(today + 14);
    let mut all = Vec::new();
    let mut put = |key: &str, kind, name: &str, owner, stage, plan: Option<Plan>| {
        all.extend(plan.map(|plan| Planned {
            key: key.to_owned(),
            kind,
            name: name.to_owned(),
            owner,
            plan,
            stage,
        }));
    };
    let details = json!({
        "goal": goal("让客户提早下单，淡季先锁定机位 · Have customers book early, and fill seats ahead", 200, 3_000_000),
        "window": window(today, today + 90), "budget": budget(400_000, 6_000, 30_000),
        "stacking": stacking("season", 10), "holdout": 1_000,
    });
    let name = format!("{year} 早鸟出游季 · Early bird {year}");
    put(
        "early-bird",
        "price-or-gift",
        &name,
        "林晓 Lin Xiao",
        Stage::Running,
        plan(offers, "early-bird", json!({}), details),
    );
    if let Some(next) = holidays.first() {
        let details = json!({
            "goal": goal("卖出节日前后的团期 · Sell the departures around the holiday", 120, 1_800_000),
            "window": window(today, next.to + 1), "budget": budget(200_000, 4_000, 20_000),
            "stacking": stacking("season", 20), "holdout": 1_000,
        });
        let name = format!("{}出游季 · {} getaways", next.zh, next.en);
        put(
            &next.key,
            "festival",
            &name,
            "林晓 Lin Xiao",
            Stage::Running,
            festival(offers, &holidays, details),
        );
    }
    let details = json!({
        "goal": goal("推广冰岛与肯尼亚新线 · Make the new tours to Iceland and Kenya known", 40, 1_200_000),
        "window": window(today, today + 60), "budget": budget(120_000, 8_000, 20_000),
        "stacking": stacking("season", 30), "price_floor": 8_000,
    });
    let config = json!({"destinations": NEW_DESTINATIONS, "others": 300, "introduction": yuan(200)});
    put(
        "new-routes",
        "new-product",
        "极光与草原新线 · New: aurora and savannah",
        "陈悦 Chen Yue",
        Stage::Running,
        plan(offers, "new-route", config, details),
    );
    let details = json!({
        "goal": goal("老客户再次出游 · Bring travellers of the last two years along again", 150, 2_000_000),
        "audience": {"facts": [{"fact": "trips-24m", "at_least": 1}]},
        "window": window(today, today + 45), "budget": budget(150_000, 2_000, 15_000),
        "stacking": stacking("personal", 40), "holdout": 1_000,
    });
    put(
        "member-days",
        "member",
        "会员日 · Member days",
        "周宁 Zhou Ning",
        Stage::Running,
        plan(offers, "member-price", json!({"others": 200}), details),
    );
    let leaving: Vec<&str> = ["lifecycle.at-risk", "lifecycle.lost"]
        .into_iter()
        .filter(|segment| segments.iter().any(|known| known == segment))
        .collect();
    if !leaving.is_empty() {
        let details = json!({
            "goal": goal("请久未出游的客户回来 · Have those come back who have not travelled for long", 40, 500_000),
            "audience": {"segments": leaving}, "window": window(today, today + 60),
            "budget": budget(60_000, 1_500, 6_000), "stacking": stacking("personal", 50), "holdout": 1_000, "price_floor": 8_000,
        });
        put(
            "welcome-back",
            "price-or-gift",
            "欢迎回来 · Welcome back",
            "周宁 Zhou Ning",
            Stage::Running,
            plan(offers, "win-back", json!({}), details),
        );
    }
    let details = json!({
        "goal": goal("旅展现场领券，线上线下都可用 · Hand out coupons at the fair, good in shops and online", 80, 900_000),
        "places": ["store", "wechat", "web", "app"],
        "window": window(today, today + 60), "budget": budget(50_000, 3_000, 8_000),
        "stacking": stacking("basket", 60), "needs_coupon": true,
    });
    put(
        WITH_COUPONS,
        "joint",
        "旅展结伴同行 · Travel fair: better together",
        "陈悦 Chen Yue",
        Stage::Running,
        plan(offers, "buy-together", json!({"rate": 1_000}), details),
    );
    let details = json!({
        "goal": goal("与酒店合作的暑期套餐 · Summer packages with partner hotels", 60, 700_000),
        "window": window(today + 30, today + 120), "budget": budget(80_000, 2_000, 8_000),
        "stacking": stacking("basket", 70), "holdout": 1_000,
    });
    put(
        "partner-hotels",
        "joint",
        "机酒同订 · Hotel with flight",
        "陈悦 Chen Yue",
        Stage::Preparing,
        plan(offers, "buy-together", json!({"every_nth_traveller": 0}), details),
    );
    if let Some(later) = holidays.get(1) {
        let details = json!({
            "goal": goal("提前六周开始 · Begin six weeks ahead", 120, 1_500_000),
            "window": window((later.from - 42).max(today), later.to + 1), "budget": budget(200_000, 4_000, 20_000),
            "stacking": stacking("season", 25), "holdout": 1_000,
        });
        let name = format!("{}出游季 · {} getaways", later.zh, later.en);
        put(
            &later.key,
            "festival",
            &name,
            "林晓 Lin Xiao",
            Stage::Submitted,
            festival(offers, std::slice::from_ref(later), details),
        );
    }
    let details = json!({
        "goal": goal("生日当月专享，不与其他优惠同享 · In the month of the birthday, instead of any other offer", 100, 800_000),
        "audience": {"facts": [{"fact": "days-to-birthday", "at_most": 30}]},
        "window": window(today + 14, today + 104), "budget": budget(80_000, 1_000, 5_000),
        "stacking": stacking("alone", 5), "holdout": 1_000,
    });
    put(
        "birthday",
        "member",
        "生日礼遇 · Birthday treat",
        "周宁 Zhou Ning",
        Stage::Draft,
        plan(
            offers,
            "member-price",
            json!({"others": 500, "tiers": [{"tier": "gold", "rate": 800}]}),
            details,
        ),
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_plan_can_be_approved_on_any_day() {
        let names = [
            "early-bird",
            "festival",
            "new-route",
            "member-price",
            "win-back",
            "buy-together",
        ];
        let offers: Offers = names.map(|name| (name.to_owned(), "a".repeat(64))).into();
        let segments = ["lifecycle.at-risk".to_owned(), "lifecycle.lost".to_owned()];
        let first = time::parse_day("2026-01-01").unwrap();
        for today in first..first + 400 {
            let planned = all(&offers, &segments, today);
            for one in &planned {
                one.plan
                    .check()
                    .unwrap_or_else(|e| panic!("{} on {}: {e}", one.key, time::day_text(today)));
                assert!(
                    one.plan.window.to > i64::from(today + 1) * time::DAY_MILLIS,
                    "{}",
                    one.key
                );
            }
            let running: Vec<&Planned> = planned.iter().filter(|one| one.stage == Stage::Running).collect();
            let kinds: HashSet<&str> = running.iter().map(|one| one.kind).collect();
            let priorities: HashSet<i32> = planned.iter().map(|one| one.plan.stacking.priority).collect();
            assert_eq!((running.len(), kinds.len(), priorities.len()), (6, 5, planned.len()));
            let (holiday, before) = last_year(&offers, today).expect("a festival a year ago");
            before.plan.check().unwrap();
            assert!(holiday.to + 30 < today, "{} on {}", holiday.key, time::day_text(today));
        }
    }

    #[test]
    fn without_a_plugin_its_campaigns_are_left_out() {
        let today = time::parse_day("2026-01-15").unwrap();
        assert!(all(&Offers::new(), &[], today).is_empty() && last_year(&Offers::new(), today).is_none());
    }
}
