//! What a campaign is to reach, for whom, when, where, for how much and by which rule: all that an approval agrees to.

use super::Audience;
use crate::promotion::WHOLE;
use crate::promotion::budget::Budget;
use crate::rejection::{check_id, quote};
use crate::{Instant, Rejection, Words, canonical, normal, words};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest free text of a plan, in bytes.
const LONGEST_TEXT: usize = 4_000;
/// Most target figures and most places.
const MOST_ITEMS: usize = 50;

/// The five types of campaigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CampaignType {
    /// Makes a new product known.
    NewProduct,
    /// A lower price, or a gift.
    PriceOrGift,
    /// On the occasion of a festival.
    Festival,
    /// For members.
    Member,
    /// In shops and online together, or with a partner.
    Joint,
}

impl CampaignType {
    /// Every type.
    pub const ALL: [Self; 5] = [
        Self::NewProduct,
        Self::PriceOrGift,
        Self::Festival,
        Self::Member,
        Self::Joint,
    ];

    /// The name used in the database and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewProduct => "new-product",
            Self::PriceOrGift => "price-or-gift",
            Self::Festival => "festival",
            Self::Member => "member",
            Self::Joint => "joint",
        }
    }

    /// The type of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What the campaign is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// In words.
    pub purpose: String,
    /// Figures to reach, each with the name of its measure: `participants`, `sales`, `margin`, …. Money in minor units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
}

/// One figure to reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is measured.
    pub measure: String,
    /// How much of it.
    pub figure: i64,
}

/// From when until when, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl Window {
    /// Whether `now` lies inside.
    pub fn holds(&self, now: Instant) -> bool {
        self.from <= now && now < self.to
    }
}

/// Where it stands among other campaigns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stacking {
    /// The agency's stacking group.
    pub group: String,
    /// Its place in line; 1 is first, and no two running campaigns share one.
    pub priority: i32,
}

/// Which rule makes its offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignRule {
    /// Digest of the component.
    pub digest: String,
    /// Its settings.
    pub config: Value,
}

/// All that an approval agrees to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Why.
    pub goal: Goal,
    /// For whom.
    #[serde(default)]
    pub audience: Audience,
    /// In which channels or shops; anywhere if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// When.
    pub window: Window,
    /// For how much.
    pub budget: Budget,
    /// Beside which others.
    pub stacking: Stacking,
    /// By which rule.
    pub rule: CampaignRule,
    /// Share of the audience that gets nothing, so that the effect can be seen; in basis points.
    #[serde(default)]
    pub holdout: u32,
    /// The lowest share of a line's list price that may be left, in basis points.
    #[serde(default)]
    pub price_floor: u32,
    /// The lowest margin on a line's cost that may be left where the cost is known, in basis points of the cost.
    #[serde(default)]
    pub margin_floor: u32,
    /// Whether customers with an open complaint get it too.
    #[serde(default)]
    pub despite_complaints: bool,
    /// Whether it takes a coupon to get it.
    #[serde(default)]
    pub needs_coupon: bool,
    /// Whether a coupon stays used when its booking is called off or wholly refunded. Otherwise it can be used again.
    #[serde(default)]
    pub keeps_coupons: bool,
}

impl Plan {
    /// Holds it against its bounds. What it names, the host has to look up.
    ///
    /// # Errors
    /// `bad_plan` or `bad_audience` with what to do.
    pub fn check(&self) -> Result<(), Rejection> {
        // what an approval agrees to has one spelling, and another plan another one
        if !serde_json::to_value(self).is_ok_and(|plan| canonical::is_exact(&plan)) {
            return bad(words!(
                "a figure is beyond 9,007,199,254,740,992, which no JSON keeps exactly; write smaller figures in budget, targets, audience and settings",
                "有数字超过 9,007,199,254,740,992，JSON 无法精确保存；请在预算、目标、受众和设置中使用较小的数字"
            ));
        }
        let purpose = &self.goal.purpose;
        if !is_legible(purpose) || purpose.len() > LONGEST_TEXT {
            return bad(words!(
                "write the purpose of the goal in 1 to {LONGEST_TEXT} bytes without control characters",
                "请写明活动目的（goal.purpose），1 到 {LONGEST_TEXT} 字节，不含控制字符"
            ));
        }
        if self.goal.targets.len() > MOST_ITEMS || self.places.len() > MOST_ITEMS {
            return bad(words!(
                "a plan has up to {MOST_ITEMS} targets and places",
                "方案最多 {MOST_ITEMS} 个目标和 {MOST_ITEMS} 个渠道"
            ));
        }
        for target in &self.goal.targets {
            check_id("measure", &target.measure)?;
        }
        let mut places = Vec::new();
        for place in &self.places {
            let form = check_id("place", place)?;
            if places.contains(&form) {
                return bad(words!(
                    "places names {place} twice, as full-width forms and what cannot be seen make no other place; leave one out",
                    "places 中的 {place} 重复：全角字符和看不见的字符不区分渠道；请去掉其中一个",
                    place = quote(place)
                ));
            }
            places.push(form);
        }
        self.audience.check()?;
        if self.window.from >= self.window.to {
            return bad(words!(
                "the window ends before it begins; `to` is the first instant after it",
                "活动期结束早于开始；`to` 是结束后的第一个时刻"
            ));
        }
        let Budget {
            total,
            per_customer,
            per_day,
        } = self.budget;
        if total < 0 || per_customer.is_some_and(|n| n < 0) || per_day.is_some_and(|n| n < 0) {
            return bad(words!(
                "a budget is not below zero; it is in minor units",
                "预算不能小于零；单位为最小货币单位（如分）"
            ));
        }
        check_id("stacking group", &self.stacking.group)?;
        if self.stacking.priority < 1 {
            return bad(words!(
                "the priority is {priority}; it is 1 or more, and 1 is first",
                "优先级为 {priority}；应为 1 或以上，1 最先",
                priority = self.stacking.priority
            ));
        }
        for (name, share) in [("holdout", self.holdout), ("price_floor", self.price_floor)] {
            if share > WHOLE {
                return bad(words!(
                    "{name} is {share} basis points, more than the whole ({WHOLE})",
                    "{name} 为 {share} 个基点，超过全部（{WHOLE}）"
                ));
            }
        }
        if self.margin_floor > 100 * WHOLE {
            return bad(words!(
                "margin_floor is in basis points of the cost, 1500 for 15 %; a hundred times the cost is the most",
                "margin_floor 以成本的基点计，15% 写作 1500；最多为成本的一百倍"
            ));
        }
        Ok(())
    }

    /// What an approval is bound to: another plan has another hash.
    ///
    /// # Errors
    /// A plan that has no JSON form, which none has that came as JSON.
    pub fn hash(&self) -> serde_json::Result<String> {
        Ok(canonical::digest(canonical::to_string(self)?))
    }

    /// The lowest price of a line that lists at `total` and costs `cost`, in minor units; rounded up.
    pub fn floor(&self, total: i64, cost: Option<i64>) -> i64 {
        let share = |of: i64, share: u32| {
            let exact = i128::from(of) * i128::from(share);
            i64::try_from((exact + i128::from(WHOLE) - 1) / i128::from(WHOLE)).unwrap_or(i64::MAX)
        };
        let by_cost = cost.map_or(0, |cost| share(cost, WHOLE + self.margin_floor));
        // what lists below its floor stays as it is listed
        share(total, self.price_floor).max(by_cost).min(total)
    }
}

/// Whether people can read a text: something of it is seen, and but for the ends of lines and tabs nothing steers where it is shown.
pub(super) fn is_legible(text: &str) -> bool {
    let steers = |c: char| normal::steers(c) && c != '\n' && c != '\t';
    !normal::visible(text).is_empty() && !text.chars().any(steers)
}

fn bad<T>(detail: Words) -> Result<T, Rejection> {
    Err(Rejection::new("bad_plan", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan() -> Value {
        json!({
            "goal": {"purpose": "Fill the spring departures", "targets": [{"measure": "sales", "figure": 50_000_000}]},
            "window": {"from": 0, "to": 86_400_000},
            "budget": {"total": 1_000_000},
            "stacking": {"group": "season", "priority": 1},
            "rule": {"digest": "d", "config": {}},
        })
    }

    fn read(changes: &[(&str, Value)]) -> Plan {
        let mut value = plan();
        for (pointer, change) in changes {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            value.pointer_mut(parent).expect("a parent")[key] = change.clone();
        }
        serde_json::from_value(value).expect("a plan")
    }

    #[test]
    fn a_plan_that_cannot_be_carried_out_is_refused() {
        assert_eq!(read(&[]).check(), Ok(()));
        for (pointer, change, part) in [
            ("/goal/purpose", json!(" "), "purpose"),
            ("/goal/purpose", json!("\u{200b}\u{3164}\u{2800}"), "purpose"),
            ("/goal/purpose", json!("Fill\0"), "control characters"),
            ("/goal/purpose", json!("Fill\u{1b}[2J"), "control characters"),
            ("/places", json!(["app", "ａｐｐ"]), "\"ａｐｐ\" twice"),
            ("/places", json!(["app", "a\u{200b}pp"]), "twice"),
            ("/window/to", json!(0), "ends before"),
            ("/budget/per_day", json!(-1), "below zero"),
            ("/stacking/priority", json!(0), "1 is first"),
            ("/holdout", json!(10_001), "holdout"),
            ("/budget/total", json!(i64::MAX), "no JSON keeps exactly"),
            (
                "/rule/config",
                json!({"extra": 9_007_199_254_740_993_i64}),
                "no JSON keeps exactly",
            ),
            ("/price_floor", json!(10_001), "price_floor"),
            ("/margin_floor", json!(1_000_001), "margin_floor"),
            ("/audience", json!({"segments": ["x"]}), "BINDING.KEY"),
        ] {
            let refused = read(&[(pointer, change)]).check().expect_err(part);
            assert!(refused.detail.en.contains(part), "{refused}");
        }
        for (pointer, change) in [
            ("/goal/purpose", json!("Fill the departures:\n\t- spring\n\t- autumn")),
            // where customers buy is told apart by case
            ("/places", json!(["app", "App"])),
        ] {
            assert_eq!(read(&[(pointer, change)]).check(), Ok(()), "{pointer}");
        }
    }

    #[test]
    fn every_part_of_a_plan_is_in_its_hash() {
        let hash = |plan: Plan| plan.hash().expect("a hash");
        let before = hash(read(&[]));
        assert_eq!(
            before,
            hash(read(&[("/holdout", json!(0))])),
            "what is left out is what it defaults to"
        );
        let changes = [
            ("/goal/purpose", json!("Fill the autumn departures")),
            ("/goal/targets", json!([])),
            ("/audience", json!({"segments": ["rfm.champions"]})),
            ("/places", json!(["app"])),
            ("/window/to", json!(86_400_001)),
            ("/budget/total", json!(1_000_001)),
            ("/budget/per_customer", json!(1)),
            ("/stacking/group", json!("member")),
            ("/stacking/priority", json!(2)),
            ("/rule/digest", json!("e")),
            ("/rule/config", json!({"days": 30})),
            ("/holdout", json!(500)),
            ("/price_floor", json!(1)),
            ("/margin_floor", json!(1)),
            ("/despite_complaints", json!(true)),
            ("/needs_coupon", json!(true)),
            ("/keeps_coupons", json!(true)),
        ];
        let mut hashes: Vec<String> = changes.map(|change| hash(read(&[change]))).to_vec();
        hashes.push(before);
        let all = hashes.len();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), all);
    }

    #[test]
    fn floors_are_rounded_up_and_never_above_the_list_price() {
        let floor = |changes: &[(&str, Value)], total, cost| read(changes).floor(total, cost);
        assert_eq!(floor(&[], 999, None), 0);
        assert_eq!(floor(&[], 999, Some(700)), 700, "never below cost where it is known");
        assert_eq!(floor(&[("/margin_floor", json!(1_000))], 999, Some(701)), 772);
        assert_eq!(floor(&[("/price_floor", json!(8_500))], 999, Some(700)), 850);
        assert_eq!(floor(&[], 999, Some(1_200)), 999);
    }
}
