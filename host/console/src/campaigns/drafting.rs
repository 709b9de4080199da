//! A plan as it is typed: major units, percent, days; and what of it cannot be read, field by field.

use super::days_of;
use super::told::{Fact, MEASURES};
use crate::ui::Ui;
use posthouse_app::campaigns::CampaignSummary;
use posthouse_domain::campaign::{Audience, CampaignRule, Condition, Goal, Plan, Stacking, Target, Window};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::money::{Currency, major_text, parse_major};
use posthouse_domain::promotion::budget::Budget;
use posthouse_domain::time::{day_text, parse_day, start_of_day};
use serde_json::{Value, json};

/// Most conditions that are typed.
const MOST: usize = 20;

/// A condition as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) fact: String,
    pub(super) least: String,
    pub(super) most: String,
    pub(super) is: String,
    pub(super) words: String,
}

/// Everything that is typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) key: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) purpose: String,
    /// Measures and their figures.
    pub(super) targets: Vec<(String, String)>,
    pub(super) segments: Vec<String>,
    pub(super) conditions: Vec<Asked>,
    pub(super) places: String,
    pub(super) from: String,
    pub(super) last: String,
    pub(super) total: String,
    pub(super) per_customer: String,
    pub(super) per_day: String,
    pub(super) price_floor: String,
    pub(super) margin_floor: String,
    pub(super) holdout: String,
    pub(super) group: String,
    pub(super) priority: String,
    pub(super) digest: String,
    pub(super) config: Value,
    pub(super) needs_coupon: bool,
    pub(super) keeps_coupons: bool,
    pub(super) despite_complaints: bool,
    pub(super) note: String,
    pub(super) as_written: Vec<String>,
    pub(super) version: Option<i64>,
}

/// A field that cannot be read, and which text says why.
pub(super) type Wrong = (&'static str, &'static str);

/// Hundredths are written like the cents of an amount.
fn hundredths() -> Currency {
    Currency::parse("CNY").unwrap_or_else(|| unreachable!("three letters"))
}

/// An amount without cents that are none.
fn short(text: &str) -> String {
    text.strip_suffix(".00").unwrap_or(text).to_owned()
}

fn percent(points: u32) -> String {
    match points {
        0 => String::new(),
        points => short(&major_text(points.into(), hundredths())),
    }
}

fn listed(text: &str) -> Vec<String> {
    let parts = text.split([',', '，', '、', '\n']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

impl Asked {
    fn of(condition: &Condition, facts: &[Fact], ui: Ui) -> Self {
        let kind = facts
            .iter()
            .find(|fact| fact.key == condition.fact)
            .map(|fact| fact.kind);
        let typed = |n: i64| match kind {
            Some(FactKind::Money) => short(&major_text(n, ui.currency)),
            Some(FactKind::Day) => i32::try_from(n).map_or_else(|_| n.to_string(), day_text),
            _ => n.to_string(),
        };
        Self {
            fact: condition.fact.clone(),
            least: condition.at_least.map(typed).unwrap_or_default(),
            most: condition.at_most.map(typed).unwrap_or_default(),
            is: condition
                .is
                .map(|is| if is { "yes" } else { "no" })
                .unwrap_or_default()
                .to_owned(),
            words: condition.one_of.join(", "),
        }
    }

    fn set(&mut self, key: &str, text: String) {
        match key {
            "fact" => self.fact = text,
            "least" => self.least = text,
            "most" => self.most = text,
            "is" => self.is = text,
            "words" => self.words = text,
            _ => {}
        }
    }

    fn read(&self, facts: &[Fact], ui: Ui) -> Option<Condition> {
        let kind = facts.iter().find(|fact| fact.key == self.fact)?.kind;
        let bound = |text: &str| match (text.trim(), kind) {
            ("", _) => Some(None),
            (text, FactKind::Money) => parse_major(text, ui.currency).ok().map(Some),
            (text, FactKind::Day) => parse_day(text).map(|day| Some(i64::from(day))),
            (text, _) => text.replace(',', "").parse().ok().map(Some),
        };
        let mut condition = Condition {
            fact: self.fact.clone(),
            at_least: None,
            at_most: None,
            is: None,
            one_of: Vec::new(),
        };
        match kind {
            FactKind::Flag => condition.is = Some(self.is != "no"),
            FactKind::Text => condition.one_of = listed(&self.words),
            _ => (condition.at_least, condition.at_most) = (bound(&self.least)?, bound(&self.most)?),
        }
        condition.check().ok()?;
        Some(condition)
    }
}

impl Draft {
    /// What a new plan begins with: a month from in two weeks, a floor, and a tenth to compare with.
    pub(super) fn blank(ui: Ui, priority: i32) -> Self {
        let today = ui.today();
        Self {
            kind: "price-or-gift".into(),
            from: day_text(today + 14),
            last: day_text(today + 43),
            price_floor: "80".into(),
            holdout: "10".into(),
            priority: priority.to_string(),
            targets: MEASURES.map(|measure| (measure.to_owned(), String::new())).into(),
            config: json!({}),
            ..Self::default()
        }
    }

    /// The plan of a campaign, to be changed.
    pub(super) fn of(campaign: &CampaignSummary, facts: &[Fact], ui: Ui) -> Self {
        let plan = &campaign.plan;
        let (first, last) = days_of(plan.window, ui);
        let amount = |minor| short(&major_text(minor, ui.currency));
        let figure = |target: &Target| match target.is_money() {
            true => amount(target.figure),
            false => target.figure.to_string(),
        };
        let known = MEASURES.map(|measure| {
            let set = plan.goal.targets.iter().find(|target| target.measure == measure);
            (measure.to_owned(), set.map(figure).unwrap_or_default())
        });
        let others = plan
            .goal
            .targets
            .iter()
            .filter(|target| !MEASURES.contains(&target.measure.as_str()));
        let others = others.map(|target| (target.measure.clone(), figure(target)));
        Self {
            key: campaign.key.clone(),
            kind: campaign.kind.as_str().into(),
            name: campaign.name.clone(),
            owner: campaign.owner.clone().unwrap_or_default(),
            purpose: plan.goal.purpose.clone(),
            targets: known.into_iter().chain(others).collect(),
            segments: plan.audience.segments.clone(),
            conditions: plan
                .audience
                .facts
                .iter()
                .map(|one| Asked::of(one, facts, ui))
                .collect(),
            places: plan.places.join(", "),
            from: day_text(first),
            last: day_text(last),
            total: amount(plan.budget.total),
            per_customer: plan.budget.per_customer.map(amount).unwrap_or_default(),
            per_day: plan.budget.per_day.map(amount).unwrap_or_default(),
            price_floor: percent(plan.price_floor),
            margin_floor: percent(plan.margin_floor),
            holdout: percent(plan.holdout),
            group: plan.stacking.group.clone(),
            priority: plan.stacking.priority.to_string(),
            digest: plan.rule.digest.clone(),
            config: plan.rule.config.clone(),
            needs_coupon: plan.needs_coupon,
            keeps_coupons: plan.keeps_coupons,
            despite_complaints: plan.despite_complaints,
            version: Some(campaign.version),
            ..Self::default()
        }
    }

    /// What was sent; the settings are read by whoever knows their schema.
    pub(super) fn sent(pairs: &[(String, String)]) -> Self {
        let mut draft = Self::default();
        for (name, text) in pairs {
            let text = text.clone();
            match name.as_str() {
                "key" => draft.key = text,
                "kind" => draft.kind = text,
                "name" => draft.name = text,
                "owner" => draft.owner = text,
                "purpose" => draft.purpose = text,
                "segment" => draft.segments.push(text),
                "places" => draft.places = text,
                "from" => draft.from = text,
                "last" => draft.last = text,
                "total" => draft.total = text,
                "per_customer" => draft.per_customer = text,
                "per_day" => draft.per_day = text,
                "price_floor" => draft.price_floor = text,
                "margin_floor" => draft.margin_floor = text,
                "holdout" => draft.holdout = text,
                "group" => draft.group = text,
                "priority" => draft.priority = text,
                "digest" => draft.digest = text,
                "needs_coupon" => draft.needs_coupon = true,
                "keeps_coupons" => draft.keeps_coupons = true,
                "despite_complaints" => draft.despite_complaints = true,
                "note" => draft.note = text,
                "as_written" => draft.as_written.push(text),
                "version" => draft.version = text.parse().ok(),
                _ => draft.set(name, text),
            }
        }
        draft.conditions.retain(|condition| !condition.fact.is_empty());
        draft
    }

    fn set(&mut self, name: &str, text: String) {
        if let Some(measure) = name.strip_prefix("target.") {
            self.targets.push((measure.to_owned(), text));
            return;
        }
        let Some((place, key)) = name.strip_prefix("c.").and_then(|rest| rest.split_once('.')) else {
            return;
        };
        let Some(place) = place.parse().ok().filter(|place: &usize| *place < MOST) else {
            return;
        };
        if self.conditions.len() <= place {
            self.conditions.resize(place + 1, Asked::default());
        }
        self.conditions[place].set(key, text);
    }

    /// Whom it is for; what cannot be read of it is left out.
    pub(super) fn audience(&self, facts: &[Fact], ui: Ui, wrong: &mut Vec<Wrong>) -> Audience {
        let read: Vec<Condition> = self
            .conditions
            .iter()
            .filter_map(|asked| asked.read(facts, ui))
            .collect();
        if read.len() < self.conditions.len() {
            wrong.push(("audience", "condition"));
        }
        Audience {
            segments: self.segments.clone(),
            facts: read,
        }
    }

    /// The plan.
    ///
    /// # Errors
    /// Every field that cannot be read.
    pub(super) fn plan(&self, facts: &[Fact], before: Option<&Plan>, ui: Ui) -> Result<Plan, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let audience = self.audience(facts, ui, &mut wrong);
        let mut refuse = |field, why| wrong.push((field, why));
        if self.purpose.trim().is_empty() {
            refuse("purpose", "missing");
        }
        if self.digest.is_empty() {
            refuse("rule", "missing");
        }
        if self.group.is_empty() {
            refuse("group", "missing");
        }
        let mut amount = |field, text: &str| {
            let read = parse_major(text.trim(), ui.currency).ok().filter(|minor| *minor >= 0);
            read.unwrap_or_else(|| {
                refuse(field, "amount");
                0
            })
        };
        let total = amount("total", &self.total);
        let mut some = |field, text: &str| (!text.trim().is_empty()).then(|| amount(field, text));
        let (per_customer, per_day) = (some("per_customer", &self.per_customer), some("per_day", &self.per_day));
        let mut share = |field, text: &str| {
            let text = text.trim().trim_end_matches(['%', '％']).trim();
            let points = match text {
                "" => Some(0),
                text => parse_major(text, hundredths())
                    .ok()
                    .and_then(|points| u32::try_from(points).ok()),
            };
            points.unwrap_or_else(|| {
                refuse(field, "percent");
                0
            })
        };
        let price_floor = share("price_floor", &self.price_floor);
        let margin_floor = share("margin_floor", &self.margin_floor);
        let holdout = share("holdout", &self.holdout);
        let priority = self.priority.trim().parse().unwrap_or_else(|_| {
            refuse("priority", "number");
            1
        });
        let mut targets = Vec::new();
        for (measure, text) in self.targets.iter().filter(|(_, text)| !text.trim().is_empty()) {
            let mut target = Target {
                measure: measure.clone(),
                figure: 0,
            };
            let read = match target.is_money() {
                true => parse_major(text.trim(), ui.currency).ok(),
                false => text.trim().replace(',', "").parse().ok(),
            };
            match read {
                Some(figure) => target.figure = figure,
                None => refuse("targets", "number"),
            }
            targets.push(target);
        }
        let (from, last) = (parse_day(self.from.trim()), parse_day(self.last.trim()));
        let window = match (from, last) {
            (Some(from), Some(last)) if from <= last => self.window(from, last, before, ui),
            (Some(_), Some(_)) => {
                refuse("window", "backwards");
                Window { from: 0, to: 1 }
            }
            _ => {
                refuse("window", "day");
                Window { from: 0, to: 1 }
            }
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Plan {
            goal: Goal {
                purpose: self.purpose.trim().to_owned(),
                targets,
            },
            audience,
            places: listed(&self.places),
            window,
            budget: Budget {
                total,
                per_customer,
                per_day,
            },
            stacking: Stacking {
                group: self.group.clone(),
                priority,
            },
            rule: CampaignRule {
                digest: self.digest.clone(),
                config: self.config.clone(),
            },
            holdout,
            price_floor,
            margin_floor,
            despite_complaints: self.despite_complaints,
            needs_coupon: self.needs_coupon,
            keeps_coupons: self.needs_coupon && self.keeps_coupons,
        })
    }

    /// Whole days; where the days are those of the plan before, its hours stay.
    fn window(&self, from: i32, last: i32, before: Option<&Plan>, ui: Ui) -> Window {
        let same = before.filter(|before| days_of(before.window, ui) == (from, last));
        same.map_or_else(
            || Window {
                from: start_of_day(from, ui.zone),
                to: start_of_day(last + 1, ui.zone),
            },
            |before| before.window,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;

    fn facts() -> Vec<Fact> {
        let fact = |key: &str, kind| Fact {
            key: key.into(),
            title: key.into(),
            kind,
            is_personal: false,
        };
        vec![fact("spend-24m", FactKind::Money), fact("consent", FactKind::Flag)]
    }

    fn sent(more: &[(&str, &str)]) -> Draft {
        let all = [
            ("purpose", "Fill the spring"),
            ("target.sales", "800,000"),
            ("target.participants", "120"),
            ("from", "2026-05-01"),
            ("last", "2026-05-31"),
            ("total", "50,000"),
            ("per_customer", "1,000.50"),
            ("price_floor", "80"),
            ("holdout", "12.5%"),
            ("group", "season"),
            ("priority", "10"),
            ("digest", "d"),
            ("c.0.fact", "spend-24m"),
            ("c.0.least", "30,000"),
            ("c.1.fact", ""),
            ("segment", "rfm.champions"),
        ];
        let pairs = all
            .iter()
            .chain(more)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Draft::sent(&pairs.collect::<Vec<_>>())
    }

    #[test]
    fn a_plan_is_typed_in_major_units_and_percent() {
        let ui = Ui::of_test(Language::En);
        let plan = sent(&[]).plan(&facts(), None, ui).expect("a plan");
        assert_eq!(
            (plan.budget.total, plan.budget.per_customer, plan.budget.per_day),
            (5_000_000, Some(100_050), None)
        );
        assert_eq!((plan.price_floor, plan.margin_floor, plan.holdout), (8_000, 0, 1_250));
        assert_eq!(plan.audience.facts[0].at_least, Some(3_000_000));
        assert_eq!(
            plan.window.to - plan.window.from,
            31 * 86_400_000,
            "the last day is included"
        );
        let figures: Vec<i64> = plan.goal.targets.iter().map(|target| target.figure).collect();
        assert_eq!(figures, [80_000_000, 120]);
    }

    #[test]
    fn every_field_that_cannot_be_read_is_named() {
        let ui = Ui::of_test(Language::En);
        let draft = sent(&[
            ("total", "much"),
            ("holdout", "ten"),
            ("last", "2026-04-01"),
            ("c.0.least", "rich"),
            ("purpose", " "),
        ]);
        let wrong = draft.plan(&facts(), None, ui).expect_err("no plan");
        assert_eq!(
            wrong,
            [
                ("audience", "condition"),
                ("purpose", "missing"),
                ("total", "amount"),
                ("holdout", "percent"),
                ("window", "backwards")
            ]
        );
    }
}
