//! Figures of a plan that are surely another unit than whoever wrote them thought: percent for basis points, yuan for fen.
//!
//! They are legal, so they can be insisted on. They are asked about first, because nobody notices them until the money is gone.

use super::{Plan, share_text};
use crate::catalogue::{self, FactKind};
use crate::money::{Currency, with_currency};
use crate::promotion::WHOLE;
use crate::time::DAY_MILLIS;
use crate::{Rejection, Words, words};

/// Fields that can be doubted, as whoever insists names them.
pub const MEANT: [&str; 9] = [
    "price_floor",
    "margin_floor",
    "holdout",
    "budget.total",
    "budget.per_customer",
    "budget.per_day",
    "goal.targets",
    "audience.facts",
    "window",
];

/// Lowest floor of the price that keeps anything: below 10 % of the list price it is no floor.
const LEAST_FLOOR: u32 = 1_000;
/// Smallest holdout whose customers can be compared, and smallest margin worth a rule: 1 %.
const LEAST_SHARE: u32 = 100;
/// Largest holdout: half of the audience. More to compare with does not make the comparison better.
const MOST_HOLDOUT: u32 = WHOLE / 2;
/// Smallest budget that a campaign for travels can do something with, in major units: in all, on one day, for one customer.
const LEAST_TOTAL: i64 = 1_000;
const LEAST_DAY: i64 = 100;
const LEAST_CUSTOMER: i64 = 20;
/// Smallest sum of money that an audience is told apart by, in major units.
const LEAST_FACT: i64 = 100;
/// Longest window in days: two years.
const LONGEST: i64 = 731;

/// A figure that is hardly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The field, as whoever insists names it.
    pub field: &'static str,
    /// What it says as it is written, and what it should be instead.
    pub words: Words,
}

impl Plan {
    /// Figures that are hardly meant as they are written.
    pub fn doubts(&self, currency: Currency) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        let mut doubt = |field, words| doubts.push(Doubt { field, words });
        if let Some(words) = self.doubtful_floor() {
            doubt("price_floor", words);
        }
        if (1..LEAST_SHARE).contains(&self.margin_floor) || self.margin_floor > WHOLE {
            doubt("margin_floor", in_points("margin_floor", self.margin_floor));
        }
        if (1..LEAST_SHARE).contains(&self.holdout) {
            doubt("holdout", in_points("holdout", self.holdout));
        } else if self.holdout > MOST_HOLDOUT {
            let (points, share) = (self.holdout, share_text(self.holdout));
            doubt(
                "holdout",
                words!(
                    "holdout is {points} basis points: {share} of the audience would get nothing; it is the share that the campaign is kept from, 1000 for 10 %",
                    "holdout 为 {points} 个基点，即目标客户中的 {share} 不享受优惠；它是对照组的比例，10% 写作 1000"
                ),
            );
        }
        self.doubtful_budget(currency, &mut doubt);
        self.doubtful_targets(currency, &mut doubt);
        self.doubtful_audience(currency, &mut doubt);
        let days = (self.window.to - self.window.from) / DAY_MILLIS;
        if days > LONGEST {
            doubt(
                "window",
                words!(
                    "window lasts {days} days, more than two years; look at its years",
                    "window 长达 {days} 天，超过两年；请核对年份"
                ),
            );
        }
        doubts
    }

    /// Passes a plan whose figures are meant: plausible, or named in `as_written`.
    ///
    /// # Errors
    /// `implausible` with every figure that is hardly meant, what it should be, and how to insist; `bad_as_written` for a name that is none.
    pub fn check_meant(&self, currency: Currency, as_written: &[String]) -> Result<(), Rejection> {
        if let Some(other) = as_written.iter().find(|name| !MEANT.contains(&name.as_str())) {
            let (other, known) = (crate::rejection::shorten(other), MEANT.join(", "));
            return Err(Rejection::new(
                "bad_as_written",
                words!(
                    "as_written names {other:?}; it takes {known}",
                    "as_written 中的 {other:?} 不能识别；可用的有 {known}"
                ),
            ));
        }
        let mut doubts = self.doubts(currency);
        doubts.retain(|doubt| !as_written.iter().any(|meant| meant == doubt.field));
        if doubts.is_empty() {
            return Ok(());
        }
        let mut fields: Vec<&str> = doubts.iter().map(|doubt| doubt.field).collect();
        fields.dedup();
        let fields = fields
            .iter()
            .map(|field| format!("{field:?}"))
            .collect::<Vec<_>>()
            .join(", ");
        let doubts: Vec<Words> = doubts.into_iter().map(|doubt| doubt.words).collect();
        let doubts = Words::join(&doubts, &words!("; ", "；"));
        Err(Rejection::new(
            "implausible",
            words!(
                "{doubts}. If it is meant as it is written, send it with \"as_written\": [{fields}]",
                "{doubts}。如果确实如此，请附上 \"as_written\": [{fields}] 再提交"
            ),
        ))
    }

    fn doubtful_floor(&self) -> Option<Words> {
        let (points, share) = (self.price_floor, share_text(self.price_floor));
        match points {
            1..=100 => Some(in_points("price_floor", points)),
            101..LEAST_FLOOR => Some(words!(
                "price_floor is {points} basis points: prices may fall to {share} of the list price; it is the share that has to be left, 8000 for 80 %",
                "price_floor 为 {points} 个基点，即价格可以降到原价的 {share}；它是必须保留的比例，80% 写作 8000"
            )),
            WHOLE => Some(words!(
                "price_floor is 10000 basis points, the whole list price: the campaign can take nothing off; 8000 is 80 %",
                "price_floor 为 10000 个基点，即原价的 100%，活动不会有任何优惠；80% 写作 8000"
            )),
            _ => None,
        }
    }

    fn doubtful_budget(&self, currency: Currency, doubt: &mut impl FnMut(&'static str, Words)) {
        let total = self.budget.total;
        if let Some(words) = too_small("budget.total", total, LEAST_TOTAL, currency) {
            doubt("budget.total", words);
        }
        for (field, amount, least) in [
            ("budget.per_customer", self.budget.per_customer, LEAST_CUSTOMER),
            ("budget.per_day", self.budget.per_day, LEAST_DAY),
        ] {
            let Some(amount) = amount else { continue };
            if let Some(words) = too_small(field, amount, least, currency) {
                doubt(field, words);
            } else if amount > total {
                let (part, whole) = (with_currency(amount, currency), with_currency(total, currency));
                doubt(
                    field,
                    words!(
                        "{field} is {part}, more than budget.total with {whole}; all of them are in minor units",
                        "{field} 为 {part}，超过 budget.total 的 {whole}；三者都以最小货币单位（分）填写"
                    ),
                );
            }
        }
    }

    fn doubtful_targets(&self, currency: Currency, doubt: &mut impl FnMut(&'static str, Words)) {
        for target in self
            .goal
            .targets
            .iter()
            .filter(|target| target.is_money() && target.figure > 0)
        {
            let name = format!("goal.targets {}", target.measure);
            if let Some(words) = too_small(&name, target.figure, LEAST_TOTAL, currency) {
                doubt("goal.targets", words);
            } else if target.measure == "sales" && target.figure < self.budget.total {
                let (sales, budget) = (
                    with_currency(target.figure, currency),
                    with_currency(self.budget.total, currency),
                );
                doubt(
                    "goal.targets",
                    words!(
                        "goal.targets sales is {sales}, less than the {budget} that may be taken off; both are in minor units",
                        "goal.targets 的 sales 为 {sales}，低于优惠总额 {budget}；两者都以最小货币单位（分）填写"
                    ),
                );
            }
        }
    }

    fn doubtful_audience(&self, currency: Currency, doubt: &mut impl FnMut(&'static str, Words)) {
        let money = |fact: &str| catalogue::find(fact).is_some_and(|fact| fact.kind == FactKind::Money);
        for condition in self.audience.facts.iter().filter(|condition| money(&condition.fact)) {
            for (bound, name) in [(condition.at_least, "at_least"), (condition.at_most, "at_most")] {
                let name = format!("audience.facts {} {name}", condition.fact);
                let words = bound
                    .filter(|bound| *bound > 0)
                    .and_then(|bound| too_small(&name, bound, LEAST_FACT, currency));
                if let Some(words) = words {
                    doubt("audience.facts", words);
                }
            }
        }
    }
}

/// A share in basis points that looks like percent.
fn in_points(field: &str, points: u32) -> Words {
    let share = share_text(points);
    let percent = share_text(points.saturating_mul(100));
    let instead = points.saturating_mul(100);
    if points > WHOLE {
        return words!(
            "{field} is {points} basis points, {share}; 1500 is 15 %",
            "{field} 为 {points} 个基点，即 {share}；15% 写作 1500"
        );
    }
    words!(
        "{field} is {points} basis points, which is {share}; for {percent} write {instead}",
        "{field} 为 {points} 个基点，即 {share}；{percent} 写作 {instead}"
    )
}

/// An amount in minor units that looks like major ones. Where both are the same nobody takes one for the other.
fn too_small(field: &str, minor: i64, least: i64, currency: Currency) -> Option<Words> {
    let unit = 10_i64.pow(currency.digits());
    if minor == 0 {
        return Some(words!(
            "{field} is 0: the campaign can take nothing off",
            "{field} 为 0，活动不会有任何优惠"
        ));
    }
    if unit == 1 || minor >= least.saturating_mul(unit) {
        return None;
    }
    let (is, instead) = (with_currency(minor, currency), minor.saturating_mul(unit));
    let meant = with_currency(instead, currency);
    Some(words!(
        "{field} is {minor} minor units, which is {is}; for {meant} write {instead}",
        "{field} 为 {minor}（最小货币单位，分），即 {is}；{meant} 写作 {instead}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(changes: Value) -> Plan {
        let mut plan = json!({
            "goal": {"purpose": "Fill the departures", "targets": [{"measure": "sales", "figure": 80_000_000}]},
            "window": {"from": 0, "to": 60 * DAY_MILLIS},
            "budget": {"total": 5_000_000, "per_customer": 100_000, "per_day": 400_000},
            "stacking": {"group": "season", "priority": 1}, "rule": {"digest": "d", "config": {}},
            "holdout": 1_000, "price_floor": 8_000, "margin_floor": 500,
        });
        for (key, value) in changes.as_object().expect("changes") {
            plan[key] = value.clone();
        }
        serde_json::from_value(plan).expect("a plan")
    }

    fn cny() -> Currency {
        Currency::parse("CNY").expect("a currency")
    }

    #[test]
    fn a_figure_in_the_wrong_unit_is_asked_about() {
        assert_eq!(plan(json!({})).doubts(cny()), []);
        for (changes, field, en, zh) in [
            (
                json!({"price_floor": 80}),
                "price_floor",
                "price_floor is 80 basis points, which is 0.8 %; for 80 % write 8000",
                "price_floor 为 80 个基点，即 0.8%；80% 写作 8000",
            ),
            (
                json!({"budget": {"total": 50_000}}),
                "budget.total",
                "budget.total is 50000 minor units, which is CNY 500.00; for CNY 50,000.00 write 5000000",
                "budget.total 为 50000（最小货币单位，分），即 CNY 500.00；CNY 50,000.00 写作 5000000",
            ),
            // what is of their kind
            (
                json!({"price_floor": 1}),
                "price_floor",
                "for 1 % write 100",
                "1% 写作 100",
            ),
            (
                json!({"price_floor": 800}),
                "price_floor",
                "8 % of the list price",
                "原价的 8%",
            ),
            (
                json!({"price_floor": 10_000}),
                "price_floor",
                "take nothing off",
                "不会有任何优惠",
            ),
            (
                json!({"holdout": 10}),
                "holdout",
                "which is 0.1 %; for 10 % write 1000",
                "10% 写作 1000",
            ),
            (
                json!({"holdout": 9_000}),
                "holdout",
                "90 % of the audience would get nothing",
                "90% 不享受优惠",
            ),
            (
                json!({"margin_floor": 15}),
                "margin_floor",
                "for 15 % write 1500",
                "15% 写作 1500",
            ),
            (json!({"margin_floor": 15_000}), "margin_floor", "150 %", "150%"),
            (
                json!({"budget": {"total": 0}}),
                "budget.total",
                "take nothing off",
                "不会有任何优惠",
            ),
            (
                json!({"budget": {"total": 5_000_000, "per_customer": 1_000}}),
                "budget.per_customer",
                "which is CNY 10.00; for CNY 1,000.00 write 100000",
                "CNY 1,000.00 写作 100000",
            ),
            (
                json!({"budget": {"total": 5_000_000, "per_day": 4_000}}),
                "budget.per_day",
                "for CNY 4,000.00 write 400000",
                "CNY 4,000.00 写作 400000",
            ),
            (
                json!({"budget": {"total": 500_000, "per_day": 600_000}}),
                "budget.per_day",
                "CNY 6,000.00, more than budget.total with CNY 5,000.00",
                "超过 budget.total",
            ),
            (
                json!({"goal": {"purpose": "x", "targets": [{"measure": "sales", "figure": 80_000}]}}),
                "goal.targets",
                "for CNY 80,000.00 write 8000000",
                "CNY 80,000.00 写作 8000000",
            ),
            (
                json!({"goal": {"purpose": "x", "targets": [{"measure": "sales", "figure": 800_000}]}}),
                "goal.targets",
                "sales is CNY 8,000.00, less than the CNY 50,000.00",
                "低于优惠总额",
            ),
            (
                json!({"audience": {"facts": [{"fact": "spend-24m", "at_least": 5_000}]}}),
                "audience.facts",
                "spend-24m at_least is 5000 minor units, which is CNY 50.00; for CNY 5,000.00 write 500000",
                "CNY 5,000.00 写作 500000",
            ),
            (
                json!({"window": {"from": 0, "to": 800 * DAY_MILLIS}}),
                "window",
                "800 days",
                "800 天",
            ),
        ] {
            let doubts = plan(changes.clone()).doubts(cny());
            assert_eq!(doubts.len(), 1, "{changes}: {doubts:?}");
            assert_eq!(doubts[0].field, field);
            assert!(doubts[0].words.en.contains(en), "{doubts:?}");
            assert!(doubts[0].words.zh.contains(zh), "{doubts:?}");
            assert!(MEANT.contains(&field));
        }
    }

    #[test]
    fn what_is_plausible_is_not_asked_about() {
        for changes in [
            json!({"price_floor": 0, "holdout": 0, "margin_floor": 0}),
            json!({"price_floor": 1_000, "holdout": 100, "margin_floor": 100}),
            json!({"price_floor": 9_999, "holdout": 5_000, "margin_floor": 10_000}),
            json!({"budget": {"total": 100_000, "per_customer": 2_000, "per_day": 10_000}}),
            json!({"audience": {"facts": [{"fact": "spend-24m", "at_least": 0}, {"fact": "trips-24m", "at_least": 1}]}}),
        ] {
            assert_eq!(plan(changes.clone()).doubts(cny()), [], "{changes}");
        }
        // where the smallest unit is the only one, nobody takes one for the other
        let small = plan(json!({"budget": {"total": 50_000}, "goal": {"purpose": "x"}}));
        assert_eq!(small.doubts(Currency::parse("JPY").expect("a currency")), []);
        assert_eq!(small.doubts(Currency::parse("KWD").expect("a currency")).len(), 1);
    }

    #[test]
    fn it_can_be_insisted_on_by_name() {
        let odd = plan(json!({"price_floor": 80, "budget": {"total": 50_000}}));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let refused = odd.check_meant(cny(), &[]).expect_err("two doubts");
        assert_eq!(refused.code, "implausible");
        assert!(
            refused
                .to_string()
                .ends_with("send it with \"as_written\": [\"price_floor\", \"budget.total\"]"),
            "{refused}"
        );
        let refused = odd.check_meant(cny(), &names(&["price_floor"])).expect_err("one doubt");
        assert!(!refused.to_string().contains("price_floor"), "{refused}");
        assert_eq!(odd.check_meant(cny(), &names(&["price_floor", "budget.total"])), Ok(()));
        let refused = odd.check_meant(cny(), &names(&["floor"])).expect_err("no field");
        assert_eq!(refused.code, "bad_as_written");
    }
}
