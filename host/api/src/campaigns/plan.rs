//! A plan as it is sent and shown: as the domain has it, with instants that people can read.

use super::super::page::At;
use posthouse_domain::campaign::{self as domain, Plan};
use posthouse_domain::promotion::budget::Budget;
use posthouse_domain::{AgencyTerms, Instant, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a campaign is for, for whom, when, where, for how much and by which rule: all that an approval agrees to. Shares are in basis
/// points (8000 is 80 %), money is in minor units of the agency's currency (5000000 is CNY 50,000.00). Figures that are hardly meant so
/// are refused as `implausible` unless `as_written` names their fields; `understood` of every answer says the plan back in words.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignPlan, example = json!({
    "goal": {"purpose": "Fill the departures of the Spring Festival", "targets": [{"measure": "sales", "figure": 80_000_000}]},
    "audience": {"segments": ["rfm.champions"], "facts": [{"fact": "consent-marketing", "is": true}]},
    "places": ["app"],
    "window": {"from": "2026-01-20", "to": "2026-03-04"},
    "budget": {"total": 5_000_000, "per_customer": 100_000},
    "stacking": {"group": "season", "priority": 10},
    "rule": {"digest": "9f2b6c…", "config": {}},
    "holdout": 1000,
    "price_floor": 8000
}))]
pub(crate) struct PlanBody {
    /// Why.
    goal: Goal,
    /// For whom; everyone if left out.
    #[serde(default)]
    audience: Audience,
    /// In which channels or shops; anywhere if left out.
    #[serde(default)]
    places: Vec<String>,
    /// When.
    window: Window,
    /// For how much.
    budget: BudgetBody,
    /// Beside which other campaigns.
    stacking: Stacking,
    /// By which rule.
    rule: RuleBody,
    /// Share of the audience that it is kept from, so that its effect can be seen; in basis points, 1000 for 10 %.
    #[schema(maximum = 10000, example = 1000)]
    #[serde(default)]
    holdout: u32,
    /// Lowest share of a line's list price that may be left; in basis points, 8000 for 80 %.
    #[schema(maximum = 10000, example = 8000)]
    #[serde(default)]
    price_floor: u32,
    /// Lowest margin on a line's cost that may be left where the cost is known; in basis points of the cost, 500 for 5 %.
    #[schema(maximum = 1000000, example = 500)]
    #[serde(default)]
    margin_floor: u32,
    /// Whether customers with an open complaint get it too.
    #[serde(default)]
    despite_complaints: bool,
    /// Whether it takes a coupon to get it.
    #[serde(default)]
    needs_coupon: bool,
    /// Whether a coupon stays used when its booking is called off or wholly refunded.
    #[serde(default)]
    keeps_coupons: bool,
}

/// What a campaign is to reach.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignGoal)]
struct Goal {
    /// In words.
    purpose: String,
    /// Figures to reach.
    #[serde(default)]
    targets: Vec<Target>,
}

/// A figure to reach.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignTarget)]
struct Target {
    /// `participants`, `bookings`, `sales`, `margin` and `discount` are measured; others are kept and shown.
    #[schema(example = "sales")]
    measure: String,
    /// How much of it; `sales`, `margin` and `discount` in minor units, 80000000 for CNY 800,000.00.
    #[schema(example = 80_000_000)]
    figure: i64,
}

/// Everyone in one of the segments (anyone, if none is named) who meets every condition.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignAudience)]
struct Audience {
    /// `binding.key` each.
    #[serde(default)]
    segments: Vec<String>,
    /// What has to be so.
    #[serde(default)]
    facts: Vec<Condition>,
}

/// What has to be so of one fact: `at_least` and `at_most` of a number, money or day, `is` of a flag, or `one_of` of a text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignCondition)]
struct Condition {
    /// Key of the fact.
    #[schema(example = "trips-24m")]
    fact: String,
    /// Lowest number that will do: money in minor units, days as days since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<i64>,
    /// Highest number that will do: money in minor units, days as days since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_most: Option<i64>,
    /// Yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is: Option<bool>,
    /// Texts, one of which it has to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    one_of: Vec<String>,
}

/// From when until when, the end not included. A day means its first instant in the agency's zone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignWindow)]
struct Window {
    /// The first instant, as RFC 3339 or as a day.
    #[schema(example = "2026-01-20")]
    from: String,
    /// The first instant after it.
    #[schema(example = "2026-03-04")]
    to: String,
}

/// What may be taken off, in minor units of the agency's currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignBudget)]
struct BudgetBody {
    /// In all, in minor units: 5000000 for CNY 50,000.00.
    #[schema(example = 5_000_000)]
    total: i64,
    /// From one customer's bookings, in minor units: 100000 for CNY 1,000.00.
    per_customer: Option<i64>,
    /// On one day of the agency, in minor units: 400000 for CNY 4,000.00.
    per_day: Option<i64>,
}

/// Where a campaign stands among others.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignStacking)]
struct Stacking {
    /// The stacking group.
    group: String,
    /// Place in line; 1 is first, and no two campaigns in force share one.
    priority: i32,
}

/// Which rule makes the offers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignRule)]
pub(crate) struct RuleBody {
    /// The plugin.
    digest: String,
    /// Its settings; `{}` takes the plugin's defaults.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

impl RuleBody {
    pub(crate) fn new(digest: String, config: Map<String, Value>) -> Self {
        Self { digest, config }
    }

    /// The rule in the domain's words.
    ///
    /// # Errors
    /// 404 for a digest that no plugin has.
    pub(crate) fn read(self) -> Answer<domain::CampaignRule> {
        Ok(domain::CampaignRule {
            digest: super::super::extract::plugin_digest(&self.digest)?,
            config: Value::Object(self.config),
        })
    }
}

impl Window {
    fn read(&self, terms: &AgencyTerms) -> Answer<domain::Window> {
        let instant = |text: &str| -> Answer<Instant> {
            time::parse_instant(text, terms.time_zone).ok_or_else(|| {
                let shown: String = text.chars().take(100).collect();
                let detail = words!("the window has {shown:?}, which is neither a day like 2026-01-15 nor an instant like 2026-01-15T10:30:00+08:00", "活动期中的 {shown:?} 既不是 2026-01-15 这样的日期，也不是 2026-01-15T10:30:00+08:00 这样的时刻");
                Problem::unprocessable("bad_window", detail)
            })
        };
        Ok(domain::Window {
            from: instant(&self.from)?,
            to: instant(&self.to)?,
        })
    }
}

impl PlanBody {
    /// The plan in the domain's words.
    ///
    /// # Errors
    /// `bad_window`; 404 for a digest that no plugin has.
    pub(crate) fn read(self, terms: &AgencyTerms) -> Answer<Plan> {
        let condition = |condition: Condition| domain::Condition {
            fact: condition.fact,
            at_least: condition.at_least,
            at_most: condition.at_most,
            is: condition.is,
            one_of: condition.one_of,
        };
        let target = |target: Target| domain::Target {
            measure: target.measure,
            figure: target.figure,
        };
        Ok(Plan {
            goal: domain::Goal {
                purpose: self.goal.purpose,
                targets: self.goal.targets.into_iter().map(target).collect(),
            },
            audience: domain::Audience {
                segments: self.audience.segments,
                facts: self.audience.facts.into_iter().map(condition).collect(),
            },
            places: self.places,
            window: self.window.read(terms)?,
            budget: Budget {
                total: self.budget.total,
                per_customer: self.budget.per_customer,
                per_day: self.budget.per_day,
            },
            stacking: domain::Stacking {
                group: self.stacking.group,
                priority: self.stacking.priority,
            },
            rule: self.rule.read()?,
            holdout: self.holdout,
            price_floor: self.price_floor,
            margin_floor: self.margin_floor,
            despite_complaints: self.despite_complaints,
            needs_coupon: self.needs_coupon,
            keeps_coupons: self.keeps_coupons,
        })
    }
}

impl From<Plan> for PlanBody {
    fn from(plan: Plan) -> Self {
        let condition = |condition: domain::Condition| Condition {
            fact: condition.fact,
            at_least: condition.at_least,
            at_most: condition.at_most,
            is: condition.is,
            one_of: condition.one_of,
        };
        let target = |target: domain::Target| Target {
            measure: target.measure,
            figure: target.figure,
        };
        Self {
            goal: Goal {
                purpose: plan.goal.purpose,
                targets: plan.goal.targets.into_iter().map(target).collect(),
            },
            audience: Audience {
                segments: plan.audience.segments,
                facts: plan.audience.facts.into_iter().map(condition).collect(),
            },
            places: plan.places,
            window: Window {
                from: time::instant_text(plan.window.from),
                to: time::instant_text(plan.window.to),
            },
            budget: BudgetBody {
                total: plan.budget.total,
                per_customer: plan.budget.per_customer,
                per_day: plan.budget.per_day,
            },
            stacking: Stacking {
                group: plan.stacking.group,
                priority: plan.stacking.priority,
            },
            rule: RuleBody {
                digest: plan.rule.digest,
                config: match plan.rule.config {
                    Value::Object(settings) => settings,
                    _ => Map::new(),
                },
            },
            holdout: plan.holdout,
            price_floor: plan.price_floor,
            margin_floor: plan.margin_floor,
            despite_complaints: plan.despite_complaints,
            needs_coupon: plan.needs_coupon,
            keeps_coupons: plan.keeps_coupons,
        }
    }
}

/// A campaign's window in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignTimes)]
pub(crate) struct Times {
    /// The first instant.
    from: At,
    /// The first instant after it.
    to: At,
}

impl From<domain::Window> for Times {
    fn from(window: domain::Window) -> Self {
        Self {
            from: window.from.into(),
            to: window.to.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::money::Currency;
    use serde_json::json;

    fn shanghai() -> AgencyTerms {
        AgencyTerms {
            time_zone: "Asia/Shanghai".parse().unwrap(),
            currency: Currency::parse("CNY").unwrap(),
            country: "CN".into(),
        }
    }

    #[test]
    fn a_plan_is_shown_as_it_was_sent() {
        let sent = json!({
            "goal": {"purpose": "Fill the departures", "targets": [{"measure": "sales", "figure": 5}]},
            "audience": {"segments": ["rfm.champions"], "facts": [
                {"fact": "trips-24m", "at_least": 1, "at_most": 3}, {"fact": "consent-marketing", "is": false},
                {"fact": "tier", "one_of": ["gold"]}]},
            "places": ["app"],
            "window": {"from": "2026-01-20", "to": "2026-03-04T10:00:00+08:00"},
            "budget": {"total": 9, "per_customer": 4, "per_day": 5},
            "stacking": {"group": "season", "priority": 10},
            "rule": {"digest": "a".repeat(64), "config": {"days": 30}},
            "holdout": 1, "price_floor": 2, "margin_floor": 3,
            "despite_complaints": true, "needs_coupon": true, "keeps_coupons": true
        });
        let body: PlanBody = serde_json::from_value(sent.clone()).unwrap();
        let plan = body.read(&shanghai()).unwrap();
        let shown = serde_json::to_value(PlanBody::from(plan.clone())).unwrap();
        let mut expected = sent.clone();
        expected["window"] = json!({"from": "2026-01-19T16:00:00.000Z", "to": "2026-03-04T02:00:00.000Z"});
        assert_eq!(shown, expected);
        // what is shown can be sent again
        let again: PlanBody = serde_json::from_value(shown).unwrap();
        assert_eq!(again.read(&shanghai()).unwrap(), plan);
    }

    #[test]
    fn a_window_that_is_none_is_refused() {
        let window = |from: &str| Window {
            from: from.into(),
            to: "2026-03-04".into(),
        };
        for bad in ["", "soon", "2026-02-30"] {
            let problem = window(bad).read(&shanghai()).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code.as_str()), (422, "bad_window"));
        }
    }
}
