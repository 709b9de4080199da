//! The parts of a campaign's page that are read: the plan, what it brought, its budget, its steps, its decisions.

use super::May;
use super::told::{Row, figure, measure, who};
use crate::Desk;
use crate::fault::Answer;
use crate::pictures::{Meter, Span};
use crate::ui::Ui;
use askama::Template;
use askama::filters::HtmlSafe;
use posthouse_app::campaigns::{CampaignView, EffectView};
use posthouse_app::quotes::BudgetView;
use posthouse_app::rules::{DecisionFilter, DecisionView};
use posthouse_app::team::Caller;
use posthouse_app::{AppError, Label};
use posthouse_domain::Localized;
use posthouse_domain::campaign::effect::Arm;
use std::collections::HashMap;
use std::fmt;
use uuid::Uuid;

/// Rows of a page.
const PAGE: usize = 50;

/// A part of a page that is drawn already, and escaped what it wrote.
#[derive(Debug)]
pub(super) struct Drawn(String);

impl Drawn {
    pub(super) fn of(template: &impl Template) -> Answer<Self> {
        Ok(Self(template.render()?))
    }
}

impl HtmlSafe for Drawn {}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Template)]
#[template(path = "campaigns/tab_plan.html")]
struct Plan {
    ui: Ui,
    rows: Vec<Row>,
}

pub(super) fn plan(ui: Ui, rows: Vec<Row>) -> Answer<Drawn> {
    Drawn::of(&Plan { ui, rows })
}

/// A figure of the goal beside what was reached of it.
struct Target {
    measure: String,
    wanted: String,
    reached: Option<String>,
    meter: Meter,
    share: f64,
}

/// One of the two that are compared.
struct Side {
    key: &'static str,
    arm: Arm,
    /// Share of them who booked.
    conversion: Option<f64>,
}

/// A difference that was measured, with the bounds between which it lies.
struct Difference {
    key: &'static str,
    estimate: String,
    low: String,
    high: String,
    span: Span,
}

/// The campaign of the same type before.
struct Earlier {
    id: Uuid,
    name: String,
    participants: i64,
    sales: i64,
    discount: i64,
}

#[derive(Template)]
#[template(path = "campaigns/tab_effect.html")]
struct Effect<'v> {
    ui: Ui,
    view: &'v EffectView,
    targets: Vec<Target>,
    sides: [Side; 2],
    differences: Vec<Difference>,
    /// Why some or all of it cannot be said.
    too_few: Option<String>,
    earlier: Option<Earlier>,
}

/// What a campaign brought.
pub(super) fn effect(ui: Ui, campaign: &CampaignView, found: Option<&EffectView>) -> Answer<Drawn> {
    let view = found.ok_or(AppError::NotFound("campaign"))?;
    let wanted = &campaign.campaign.plan.goal.targets;
    let targets = view.targets.iter().zip(wanted).map(|(target, planned)| {
        let written = |number| figure(planned.is_money(), number, ui);
        let reached = target.reached.unwrap_or_default();
        Target {
            measure: measure(&target.measure, ui),
            wanted: written(target.figure),
            reached: target.reached.map(written),
            meter: Meter::new(reached, 0, target.figure),
            share: if target.figure > 0 {
                reached as f64 / target.figure as f64
            } else {
                0.0
            },
        }
    });
    let side = |key, arm: Arm| Side {
        key,
        arm,
        conversion: (arm.customers > 0).then(|| arm.buyers as f64 / arm.customers as f64),
    };
    let lift = view.effect.lift;
    let mut differences = Vec::new();
    differences.extend(lift.conversion.map(|found| {
        Difference {
            key: "conversion",
            estimate: ui
                .say("campaigns-points")
                .with("points", ui.points(&found.estimate))
                .to_string(),
            low: ui.points(&found.low),
            high: ui.points(&found.high),
            span: Span::new(found.low, found.estimate, found.high),
        }
    }));
    for (key, gain) in [("sales", lift.sales), ("margin", lift.margin)] {
        differences.extend(gain.map(|gain| {
            let found = gain.in_all;
            Difference {
                key,
                estimate: ui.change(found.estimate),
                low: ui.change(found.low),
                high: ui.change(found.high),
                span: Span::new(found.low as f64, found.estimate as f64, found.high as f64),
            }
        }));
    }
    Drawn::of(&Effect {
        ui,
        view,
        targets: targets.collect(),
        sides: [
            side("treatment", view.effect.treatment),
            side("holdout", view.effect.holdout),
        ],
        differences,
        too_few: lift.too_few.map(|why| ui.local(&why.text()).to_owned()),
        earlier: view.earlier.as_ref().map(|earlier| Earlier {
            id: earlier.campaign_id,
            name: earlier.name.clone(),
            participants: earlier.effect.uptake.participants,
            sales: earlier.effect.uptake.sales,
            discount: earlier.effect.uptake.discount,
        }),
    })
}

#[derive(Template)]
#[template(path = "campaigns/tab_budget.html")]
struct Budget {
    ui: Ui,
    id: Uuid,
    budget: BudgetView,
    meter: Meter,
    labels: HashMap<Uuid, Label>,
}

impl Budget {
    fn left(&self) -> i64 {
        self.budget.total - self.budget.held - self.budget.spent
    }

    fn customer(&self, id: &Option<Uuid>) -> Option<&str> {
        Some(self.labels.get(id.as_ref()?)?.label.as_str())
    }
}

/// What of a budget is held, spent and left, and every movement of it.
pub(super) async fn budget(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    may: May,
    view: &CampaignView,
    cursor: Option<&str>,
) -> Answer<Drawn> {
    let id = view.campaign.id;
    let budget = desk
        .app()
        .quotes()
        .budget(caller, &id.to_string(), cursor, PAGE)
        .await?;
    let customers: Vec<Uuid> = budget.entries.iter().filter_map(|entry| entry.customer_id).collect();
    let labels = match may.read {
        true => desk.app().profiles().labels(caller, &customers).await?,
        false => HashMap::new(),
    };
    Drawn::of(&Budget {
        ui,
        id,
        meter: Meter::new(budget.spent, budget.held, budget.total),
        budget,
        labels,
    })
}

/// A step that was taken.
struct Step {
    action: String,
    class: &'static str,
    who: String,
    note: Option<String>,
    at: i64,
    /// The plan it was taken with, by the beginning of its hash.
    plan: String,
}

#[derive(Template)]
#[template(path = "campaigns/tab_steps.html")]
struct Steps {
    ui: Ui,
    id: Uuid,
    steps: Vec<Step>,
    next: Option<i64>,
}

fn look_of(action: &str) -> &'static str {
    match action {
        "approve" | "start" | "resume" | "amend" => "good",
        "reject" | "breaker" | "reject-amendment" => "bad",
        "pause" | "rollback" => "warn",
        "end" | "evaluate" | "submit" => "acc",
        _ => "",
    }
}

/// Every step with who and why, the newest first.
pub(super) async fn steps(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    view: &CampaignView,
    cursor: Option<&str>,
) -> Answer<Drawn> {
    let id = view.campaign.id;
    let before = match cursor {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| AppError::NotFound("page"))?),
    };
    let mut found = desk
        .app()
        .campaigns()
        .history(caller, &id.to_string(), before, PAGE as i64 + 1)
        .await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|step| step.step);
    let actors: Vec<Uuid> = found.iter().filter_map(|step| step.by).collect();
    let people = desk.app().audit().names(caller, &actors).await?;
    let step = |step: posthouse_app::campaigns::StepView| Step {
        class: look_of(&step.action),
        who: who(&people, step.by, ui),
        note: step.note.map(|note| note.get(ui.language).to_owned()),
        at: step.at,
        plan: step.plan_hash.chars().take(8).collect(),
        action: step.action,
    };
    Drawn::of(&Steps {
        ui,
        id,
        steps: found.into_iter().map(step).collect(),
        next,
    })
}

/// What a rule decided.
struct Decision {
    id: Uuid,
    at: i64,
    customer: Option<(Uuid, String)>,
    is_answered: bool,
    said: String,
    off: i64,
}

#[derive(Template)]
#[template(path = "campaigns/tab_decisions.html")]
struct Decisions {
    ui: Ui,
    id: Uuid,
    decisions: Vec<Decision>,
    next: Option<Uuid>,
}

/// What became of a decision, in words.
fn became(decision: &DecisionView, ui: Ui) -> String {
    let text = serde_json::from_value::<Localized>(decision.effect["text"].clone());
    text.map_or_else(|_| decision.outcome.clone(), |text| ui.local(&text).to_owned())
}

/// The latest decisions of the campaign's rule.
pub(super) async fn decisions(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    view: &CampaignView,
    cursor: Option<&str>,
) -> Answer<Drawn> {
    let before = match cursor {
        None => None,
        Some(text) => Some(Uuid::try_parse(text).map_err(|_| AppError::NotFound("page"))?),
    };
    let filter = DecisionFilter {
        binding: Some((posthouse_app::campaigns::PROMOTION.into(), view.campaign.key.clone())),
        ..DecisionFilter::default()
    };
    let (found, next) = desk.app().decisions().list(caller, filter, before, PAGE).await?;
    let customers: Vec<Uuid> = found.iter().filter_map(|decision| decision.customer_id).collect();
    let labels = desk.app().profiles().labels(caller, &customers).await?;
    let decision = |decision: DecisionView| Decision {
        said: became(&decision, ui),
        id: decision.id,
        at: decision.at,
        customer: decision
            .customer_id
            .and_then(|id| labels.get(&id).map(|label| (id, label.label.clone()))),
        is_answered: decision.outcome == "answered",
        off: decision.effect["off"].as_i64().unwrap_or_default(),
    };
    Drawn::of(&Decisions {
        ui,
        id: view.campaign.id,
        decisions: found.into_iter().map(decision).collect(),
        next,
    })
}
