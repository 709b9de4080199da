//! A plan as its readers would tell it: money in major units, shares in percent, segments and facts by what people call them.

use super::days_of;
use crate::Desk;
use crate::fault::Answer;
use crate::parts::schema::described;
use crate::texts::Saying;
use crate::ui::Ui;
use posthouse_app::rules::PluginView;
use posthouse_app::segments::SegmentSummary;
use posthouse_app::team::Caller;
use posthouse_domain::Localized;
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::campaign::{Condition, Plan, State, Target};
use posthouse_domain::catalogue::{FactKind, readable};
use posthouse_domain::promotion::Mode;
use std::collections::HashMap;
use uuid::Uuid;

/// What people call an actor; the host where it was nobody.
pub(super) fn who(people: &HashMap<Uuid, String>, id: Option<Uuid>, ui: Ui) -> String {
    let host = || ui.say("campaigns-the-host").to_string();
    id.map_or_else(host, |id| people.get(&id).cloned().unwrap_or_else(|| id.to_string()))
}

/// The look of a state's tag.
pub(crate) fn state_class(state: State) -> &'static str {
    match state {
        State::Draft | State::Ended => "",
        State::Submitted | State::Paused => "warn",
        State::Approved | State::Preparing => "info",
        State::Running => "good",
        State::Evaluated => "acc",
    }
}

/// A fact that audiences can ask for.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) kind: FactKind,
    pub(super) is_personal: bool,
}

/// A stacking group by its names.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) mode: Mode,
}

/// What everything that plans name is called.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) segments: Vec<SegmentSummary>,
    pub(super) facts: Vec<Fact>,
    pub(super) groups: Vec<Group>,
    plugins: HashMap<String, PluginView>,
}

/// What a plan says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) field: &'static str,
    pub(super) lines: Vec<String>,
}

/// A title of a plugin, which keeps it as JSON.
pub(super) fn title_of(plugin: &PluginView, ui: Ui) -> String {
    serde_json::from_value::<Localized>(plugin.title.clone())
        .map_or_else(|_| plugin.name.clone(), |title| ui.local(&title).to_owned())
}

fn own_fact(own: AttributeDef, ui: Ui) -> Fact {
    Fact {
        key: own.fact_key(),
        title: ui.local(&own.title).to_owned(),
        kind: own.kind,
        is_personal: own.sensitivity == posthouse_domain::catalogue::Sensitivity::Personal,
    }
}

impl Names {
    /// Looks up what these plans name.
    pub(super) async fn of(desk: &Desk, caller: &Caller, ui: Ui, plans: &[&Plan]) -> Answer<Self> {
        let app = desk.app();
        let common = readable().map(|fact| Fact {
            key: fact.key.to_owned(),
            title: if ui.is_chinese() {
                fact.meaning.0
            } else {
                fact.meaning.1
            }
            .to_owned(),
            kind: fact.kind,
            is_personal: fact.sensitivity == posthouse_domain::catalogue::Sensitivity::Personal,
        });
        let own = app.attributes().list(caller).await?;
        let facts = common.chain(own.into_iter().map(|own| own_fact(own, ui))).collect();
        let groups = app.stacking_groups().list(caller).await?;
        let groups = groups.into_iter().map(|group| Group {
            title: ui.local(&group.title).to_owned(),
            key: group.key,
            mode: group.mode,
        });
        let mut plugins = HashMap::new();
        for plan in plans {
            let digest = &plan.rule.digest;
            if !plugins.contains_key(digest) {
                plugins.insert(digest.clone(), app.plugins().get(caller, digest).await?);
            }
        }
        Ok(Self {
            segments: app.segments().list(caller).await?,
            facts,
            groups: groups.collect(),
            plugins,
        })
    }

    /// What people call a segment, `binding.key`.
    pub(super) fn segment(&self, name: &str, ui: Ui) -> String {
        let named = |segment: &&SegmentSummary| {
            name.strip_prefix(segment.binding.as_str())
                .and_then(|rest| rest.strip_prefix('.'))
                == Some(segment.key.as_str())
        };
        let Some(known) = self.segments.iter().find(named) else {
            return name.to_owned();
        };
        let title = ui.local(&known.title);
        // what several sets of segments call alike says whose it is
        let alike = |other: &SegmentSummary| ui.local(&other.title) == title && other.binding != known.binding;
        match self.segments.iter().any(alike) {
            true => format!("{title} · {}", known.binding),
            false => title.to_owned(),
        }
    }

    /// What people call a fact.
    pub(super) fn fact(&self, key: &str) -> String {
        let known = self.facts.iter().find(|fact| fact.key == key);
        known.map_or_else(|| key.to_owned(), |fact| fact.title.clone())
    }

    /// Whether a fact says who customers are or what they spend.
    pub(super) fn is_personal(&self, key: &str) -> bool {
        self.facts.iter().any(|fact| fact.key == key && fact.is_personal)
    }

    fn kind(&self, key: &str) -> Option<FactKind> {
        self.facts.iter().find(|fact| fact.key == key).map(|fact| fact.kind)
    }

    /// Everything that a plan says, always in the same order.
    pub(super) fn rows(&self, plan: &Plan, ui: Ui) -> Vec<Row> {
        let row = |field, lines| Row { field, lines };
        let one = |said: Saying| vec![said.to_string()];
        let budget = &plan.budget;
        let (first, last) = days_of(plan.window, ui);
        let days = last - first + 1;
        let mut amounts = vec![
            ui.say("campaigns-at-most")
                .with("amount", ui.money(budget.total))
                .to_string(),
        ];
        amounts.extend(budget.per_customer.map(|minor| {
            let said = ui.say("campaigns-per-customer");
            said.with("amount", ui.money(minor)).to_string()
        }));
        amounts.extend(budget.per_day.map(|minor| {
            let said = ui.say("campaigns-per-day");
            said.with("amount", ui.money(minor)).to_string()
        }));
        let floor = match plan.price_floor {
            0 => ui.say("campaigns-no-price-floor"),
            share => ui.say("campaigns-price-floor").with("share", ui.share(&share)),
        };
        let margin = match plan.margin_floor {
            0 => ui.say("campaigns-no-margin-floor"),
            share => ui.say("campaigns-margin-floor").with("share", ui.share(&share)),
        };
        vec![
            row("goal", self.goal(plan, ui)),
            row("audience", self.audience(plan, ui)),
            row(
                "places",
                if plan.places.is_empty() {
                    one(ui.say("campaigns-everywhere"))
                } else {
                    plan.places.clone()
                },
            ),
            row(
                "window",
                vec![
                    ui.say("campaigns-lasts")
                        .with("days", ui.days(&first, &last))
                        .count("count", days)
                        .to_string(),
                ],
            ),
            row("budget", amounts),
            row("floor", vec![floor.to_string(), margin.to_string()]),
            row("rule", self.rule(plan, ui)),
            row("stacking", self.stacking(plan, ui)),
            row("holdout", vec![holdout(plan, ui)]),
            row(
                "coupons",
                one(match (plan.needs_coupon, plan.keeps_coupons) {
                    (false, _) => ui.say("campaigns-no-coupon"),
                    (true, false) => ui.say("campaigns-coupon-returns"),
                    (true, true) => ui.say("campaigns-coupon-stays"),
                }),
            ),
            row(
                "complaints",
                one(match plan.despite_complaints {
                    true => ui.say("campaigns-despite-complaints"),
                    false => ui.say("campaigns-not-despite-complaints"),
                }),
            ),
        ]
    }

    fn goal(&self, plan: &Plan, ui: Ui) -> Vec<String> {
        let targets = plan.goal.targets.iter().map(|target| target_said(target, ui));
        [plan.goal.purpose.clone()].into_iter().chain(targets).collect()
    }

    fn audience(&self, plan: &Plan, ui: Ui) -> Vec<String> {
        let audience = &plan.audience;
        if audience.is_everyone() {
            return vec![ui.say("campaigns-everyone").to_string()];
        }
        let mut lines = Vec::new();
        if !audience.segments.is_empty() {
            let titles: Vec<String> = audience.segments.iter().map(|name| self.segment(name, ui)).collect();
            let or = if ui.is_chinese() { "、" } else { ", " };
            lines.push(
                ui.say("campaigns-in-segments")
                    .with("segments", titles.join(or))
                    .to_string(),
            );
        }
        lines.extend(audience.facts.iter().map(|condition| self.condition(condition, ui)));
        lines
    }

    /// A condition as one would write it: `近 24 个月出行次数 ≥ 1`.
    pub(super) fn condition(&self, condition: &Condition, ui: Ui) -> String {
        let bound = |n: i64| match self.kind(&condition.fact) {
            Some(FactKind::Money) => ui.money(n),
            Some(FactKind::Day) => i32::try_from(n).map_or_else(|_| n.to_string(), |day| ui.day(&day)),
            _ => ui.number(n),
        };
        let said = match (
            condition.at_least.map(bound),
            condition.at_most.map(bound),
            condition.is,
        ) {
            (Some(least), Some(most), _) => format!("{least} – {most}"),
            (Some(least), None, _) => format!("≥ {least}"),
            (None, Some(most), _) => format!("≤ {most}"),
            (None, None, Some(flag)) => ui.say(if flag { "parts-yes" } else { "parts-no" }).to_string(),
            (None, None, None) => condition.one_of.join(" / "),
        };
        format!("{} {said}", self.fact(&condition.fact))
    }

    fn rule(&self, plan: &Plan, ui: Ui) -> Vec<String> {
        let Some(plugin) = self.plugins.get(&plan.rule.digest) else {
            return vec![plan.rule.digest.clone()];
        };
        let name = format!("{} · {} {}", title_of(plugin, ui), plugin.name, plugin.version);
        let colon = if ui.is_chinese() { "：" } else { ": " };
        let settings = described(ui, &plugin.config_schema, &plan.rule.config);
        let settings = settings
            .into_iter()
            .map(|(title, value)| format!("{title}{colon}{value}"));
        [name].into_iter().chain(settings).collect()
    }

    fn stacking(&self, plan: &Plan, ui: Ui) -> Vec<String> {
        let stacking = &plan.stacking;
        let known = self.groups.iter().find(|group| group.key == stacking.group);
        let title = known.map_or(stacking.group.as_str(), |group| group.title.as_str());
        let place = ui.say("campaigns-place-in-line").with("group", title);
        let mut lines = vec![place.count("priority", stacking.priority).to_string()];
        lines.extend(known.map(|group| group.mode.in_words().get(ui.language).to_owned()));
        lines
    }
}

fn holdout(plan: &Plan, ui: Ui) -> String {
    match plan.holdout {
        0 => ui.say("campaigns-no-holdout").to_string(),
        share => ui.say("campaigns-holdout").with("share", ui.share(&share)).to_string(),
    }
}

/// Measures that the host knows, and their texts.
pub(super) const MEASURES: [&str; 5] = ["participants", "bookings", "sales", "margin", "discount"];

/// A figure to reach, as people write it.
pub(super) fn figure(is_money: bool, figure: i64, ui: Ui) -> String {
    match is_money {
        true => ui.money(figure),
        false => ui.number(figure),
    }
}

/// What a measure is called.
pub(super) fn measure(name: &str, ui: Ui) -> String {
    match MEASURES.contains(&name) {
        true => ui.say_of("campaigns-measure-", name).to_string(),
        false => name.to_owned(),
    }
}

fn target_said(target: &Target, ui: Ui) -> String {
    let reached = figure(target.is_money(), target.figure, ui);
    format!("{} {reached}", measure(&target.measure, ui))
}
