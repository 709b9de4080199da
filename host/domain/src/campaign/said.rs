//! A plan in words: what was understood, as whoever agrees to it would say it.

use super::{Condition, Plan, Target, Window};
use crate::attribute::{self, AttributeDef};
use crate::catalogue::{self, FactKind};
use crate::money::with_currency;
use crate::{AgencyTerms, Instant, Words, time, words};
use serde_json::Value;

/// One thing that a plan says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The field of the plan that says it.
    pub field: &'static str,
    /// What it says.
    pub words: Words,
}

/// What has to be known of an agency to put its plans into words.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'s> {
    /// Its currency and its days.
    pub terms: &'s AgencyTerms,
    /// The attributes it has defined.
    pub own: &'s [AttributeDef],
    /// Name and version of the plan's plugin.
    pub plugin: (&'s str, &'s str),
}

/// What has become different from one plan to another.
pub fn changes(before: &[Said], after: &[Said]) -> Vec<Words> {
    let pairs = before.iter().zip(after);
    pairs
        .filter(|(before, after)| before.words != after.words)
        .map(|(before, after)| {
            let (was, will) = (&before.words, &after.words);
            words!("Now: {was} From then on: {will}", "现在：{was}变更后：{will}")
        })
        .collect()
}

/// Basis points as people write them.
pub fn share_text(points: u32) -> Words {
    let (whole, rest) = (points / 100, points % 100);
    let number = match rest {
        0 => whole.to_string(),
        rest => format!("{whole}.{rest:02}").trim_end_matches('0').to_owned(),
    };
    words!("{number} %", "{number}%")
}

/// An instant as the agency's clocks show it; a midnight is a day.
fn local(at: Instant, terms: &AgencyTerms) -> String {
    let day = time::day_of(at, terms.time_zone);
    if time::start_of_day(day, terms.time_zone) == at {
        return time::day_text(day);
    }
    time::local_text(at, terms.time_zone)
}

/// Texts one after the other, with what each language puts between them.
fn listed(all: &[Words]) -> Words {
    Words::join(all, &words!(", ", "、"))
}

impl Plan {
    /// What it says, field by field; always the same fields in the same order.
    pub fn in_words(&self, speaker: Speaker<'_>) -> Vec<Said> {
        let said = |field, words| Said { field, words };
        vec![
            said("goal", self.goal_in_words(speaker)),
            said("audience", self.audience_in_words(speaker)),
            said("places", self.places_in_words()),
            said("window", window_in_words(self.window, speaker.terms)),
            said("budget", self.budget_in_words(speaker)),
            said("price_floor", self.price_floor_in_words()),
            said("margin_floor", self.margin_floor_in_words()),
            said("rule", self.rule_in_words(speaker)),
            said("stacking", self.stacking_in_words()),
            said("holdout", self.holdout_in_words()),
            said("needs_coupon", self.coupons_in_words()),
            said("despite_complaints", self.complaints_in_words()),
        ]
    }

    fn goal_in_words(&self, speaker: Speaker<'_>) -> Words {
        let purpose = &self.goal.purpose;
        if self.goal.targets.is_empty() {
            return words!("Goal: {purpose}.", "目标：{purpose}。");
        }
        let targets: Vec<Words> = self.goal.targets.iter().map(|one| one.in_words(speaker)).collect();
        let targets = listed(&targets);
        words!(
            "Goal: {purpose}. To reach: {targets}.",
            "目标：{purpose}。目标值：{targets}。"
        )
    }

    fn audience_in_words(&self, speaker: Speaker<'_>) -> Words {
        let segments = self.audience.segments.join(", ");
        let conditions: Vec<Words> = self.audience.facts.iter().map(|one| one.in_words(speaker)).collect();
        let conditions = listed(&conditions);
        match (segments.is_empty(), conditions.is_empty()) {
            (true, true) => words!("For everyone.", "面向所有客户。"),
            (false, true) => words!("For everyone in {segments}.", "面向分群 {segments} 的客户。"),
            (true, false) => words!(
                "For everyone with {conditions}.",
                "面向满足以下条件的客户：{conditions}。"
            ),
            (false, false) => words!(
                "For everyone in {segments} with {conditions}.",
                "面向分群 {segments} 中满足以下条件的客户：{conditions}。"
            ),
        }
    }

    fn places_in_words(&self) -> Words {
        if self.places.is_empty() {
            return words!("In every channel and shop.", "不限渠道和门店。");
        }
        let places = self.places.join(", ");
        words!("Only in {places}.", "仅限渠道或门店：{places}。")
    }

    fn budget_in_words(&self, speaker: Speaker<'_>) -> Words {
        let amount = |minor| with_currency(minor, speaker.terms.currency);
        let total = amount(self.budget.total);
        let mut parts = vec![words!("at most {total} in all", "优惠总额不超过 {total}")];
        if let Some(minor) = self.budget.per_customer {
            let most = amount(minor);
            parts.push(words!("{most} for one customer", "每位客户不超过 {most}"));
        }
        if let Some(minor) = self.budget.per_day {
            let most = amount(minor);
            parts.push(words!("{most} on one day", "每天不超过 {most}"));
        }
        let parts = Words::join(&parts, &words!(", ", "，"));
        words!("Takes off {parts}.", "{parts}。")
    }

    fn price_floor_in_words(&self) -> Words {
        if self.price_floor == 0 {
            return words!("No lowest share of the list price.", "不设最低折后比例。");
        }
        let share = share_text(self.price_floor);
        words!("Never below {share} of the list price.", "折后价不低于原价的 {share}。")
    }

    fn margin_floor_in_words(&self) -> Words {
        if self.margin_floor == 0 {
            return words!(
                "Never below cost, where the cost is known.",
                "已知成本的，折后价不低于成本。"
            );
        }
        let share = share_text(self.margin_floor);
        words!(
            "Never below cost plus {share}, where the cost is known.",
            "已知成本的，折后价不低于成本加 {share}。"
        )
    }

    fn rule_in_words(&self, speaker: Speaker<'_>) -> Words {
        let (name, version) = speaker.plugin;
        let digest = self.rule.digest.get(..12).unwrap_or(&self.rule.digest);
        match &self.rule.config {
            Value::Object(settings) if !settings.is_empty() => {
                let settings = &self.rule.config;
                words!(
                    "Offers by {name} {version} ({digest}) with the settings {settings}.",
                    "优惠由插件 {name} {version}（{digest}）计算，设置为 {settings}。"
                )
            }
            _ => words!(
                "Offers by {name} {version} ({digest}) with its default settings.",
                "优惠由插件 {name} {version}（{digest}）按默认设置计算。"
            ),
        }
    }

    fn stacking_in_words(&self) -> Words {
        let (group, priority) = (&self.stacking.group, self.stacking.priority);
        words!(
            "Priority {priority}, in the stacking group {group}.",
            "优先级 {priority}，属于叠加组 {group}。"
        )
    }

    fn holdout_in_words(&self) -> Words {
        if self.holdout == 0 {
            return words!(
                "No holdout, so its effect cannot be measured.",
                "不设对照组，无法衡量活动效果。"
            );
        }
        let share = share_text(self.holdout);
        words!(
            "Kept from {share} of the audience, so that its effect can be seen.",
            "目标客户中的 {share} 作为对照组，不享受优惠。"
        )
    }

    fn coupons_in_words(&self) -> Words {
        match (self.needs_coupon, self.keeps_coupons) {
            (false, _) => words!("Takes no coupon.", "无需优惠券。"),
            (true, false) => words!(
                "Takes a coupon, which is good again when its booking is cancelled or wholly refunded.",
                "需要优惠券；订单取消或全额退款后，优惠券恢复可用。"
            ),
            (true, true) => words!(
                "Takes a coupon, which stays used when its booking is cancelled or wholly refunded.",
                "需要优惠券；订单取消或全额退款后，优惠券不再恢复。"
            ),
        }
    }

    fn complaints_in_words(&self) -> Words {
        if self.despite_complaints {
            words!(
                "Also for customers with an open complaint.",
                "有未处理完投诉的客户也可享受。"
            )
        } else {
            words!(
                "Not for customers with an open complaint.",
                "有未处理完投诉的客户不享受。"
            )
        }
    }
}

impl Target {
    fn in_words(&self, speaker: Speaker<'_>) -> Words {
        let figure = match self.is_money() {
            true => with_currency(self.figure, speaker.terms.currency),
            false => self.figure.to_string(),
        };
        let measure = match self.measure.as_str() {
            "participants" => words!("participants", "参与客户"),
            "bookings" => words!("bookings", "订单"),
            "sales" => words!("sales", "销售额"),
            "margin" => words!("margin", "毛利"),
            "discount" => words!("discount", "优惠额"),
            other => Words::same(other),
        };
        words!("{measure} {figure}", "{measure} {figure}")
    }

    /// Whether its figure is money.
    pub fn is_money(&self) -> bool {
        ["sales", "margin", "discount"].contains(&self.measure.as_str())
    }
}

/// The kind of a fact, if it is one.
fn kind_of(fact: &str, own: &[AttributeDef]) -> Option<FactKind> {
    match fact.strip_prefix(attribute::PREFIX) {
        Some(key) => own.iter().find(|definition| definition.key == key).map(|own| own.kind),
        None => catalogue::find(fact).map(|fact| fact.kind),
    }
}

impl Condition {
    fn in_words(&self, speaker: Speaker<'_>) -> Words {
        let fact = &self.fact;
        let kind = kind_of(fact, speaker.own);
        let bound = |n: i64| match kind {
            Some(FactKind::Money) => with_currency(n, speaker.terms.currency),
            Some(FactKind::Day) => i32::try_from(n).map_or_else(|_| n.to_string(), time::day_text),
            _ => n.to_string(),
        };
        match (self.at_least.map(bound), self.at_most.map(bound)) {
            (Some(least), Some(most)) => words!("{fact} from {least} to {most}", "{fact} 为 {least} 至 {most}"),
            (Some(least), None) => words!("{fact} at least {least}", "{fact} 不低于 {least}"),
            (None, Some(most)) => words!("{fact} at most {most}", "{fact} 不高于 {most}"),
            (None, None) => match self.is {
                Some(true) => words!("{fact} yes", "{fact} 为是"),
                Some(false) => words!("{fact} no", "{fact} 为否"),
                None => {
                    let texts = self.one_of.join(" / ");
                    words!("{fact} {texts}", "{fact} 为 {texts}")
                }
            },
        }
    }
}

fn window_in_words(window: Window, terms: &AgencyTerms) -> Words {
    let zone = terms.time_zone;
    let (first, after) = (time::day_of(window.from, zone), time::day_of(window.to, zone));
    let whole = time::start_of_day(first, zone) == window.from && time::start_of_day(after, zone) == window.to;
    if !whole {
        let (from, to) = (local(window.from, terms), local(window.to, terms));
        return words!("From {from} until {to}, {zone}.", "从 {from} 到 {to}（{zone}）。");
    }
    let (from, last, days) = (time::day_text(first), time::day_text(after - 1), after - first);
    match days {
        1 => words!("On {from}, {zone}.", "{from} 当天（{zone}）。"),
        _ => words!(
            "From {from} to {last}, both included: {days} days, {zone}.",
            "{from} 至 {last}，含首尾共 {days} 天（{zone}）。"
        ),
    }
}

#[cfg(test)]
mod tests;
