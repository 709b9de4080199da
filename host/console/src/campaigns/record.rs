//! A campaign's page: where it stands first, what can be done with it, and everything from its plan to its lessons.

use super::tabs::{self, Drawn};
use super::told::{Names, state_class, who};
use super::{May, amendments, coupons, days_of, left, may_read, work};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::pictures::Meter;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use posthouse_app::campaigns::{CampaignView, EffectView, Lesson};
use posthouse_app::team::Session;
use posthouse_domain::campaign::State as Stand;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    tab: String,
    pub(super) cursor: Option<String>,
}

/// Parts of the page, in their order.
const TABS: [&str; 7] = [
    "plan",
    "effect",
    "budget",
    "coupons",
    "amendments",
    "steps",
    "decisions",
];

/// What can be done with a campaign as it stands, by whoever looks.
#[derive(Debug, Clone, Copy, Default)]
struct Actions {
    edit: bool,
    submit: bool,
    approve: bool,
    reject: bool,
    start: bool,
    pause: bool,
    resume: bool,
    amend: bool,
    end: bool,
    evaluate: bool,
}

impl Actions {
    fn of(view: &CampaignView, may: May, is_own: bool) -> Self {
        let state = view.campaign.state;
        let plans = |states: &[Stand]| may.plan && states.contains(&state);
        let agrees = may.approve && state == Stand::Submitted;
        let in_force = plans(&[Stand::Running, Stand::Paused]);
        Self {
            edit: plans(&[Stand::Draft, Stand::Submitted, Stand::Approved, Stand::Preparing]),
            submit: plans(&[Stand::Draft]),
            approve: agrees && !is_own,
            reject: agrees,
            start: plans(&[Stand::Approved, Stand::Preparing]),
            pause: plans(&[Stand::Running]),
            resume: plans(&[Stand::Paused]),
            amend: in_force && view.open_amendment.is_none(),
            end: in_force,
            evaluate: plans(&[Stand::Ended]),
        }
    }
}

/// A part of the page.
struct Tab {
    name: &'static str,
    is_now: bool,
}

/// Something that has to be known before anything else.
struct Notice {
    class: &'static str,
    text: String,
    /// Where more is said of it: address and text.
    link: Option<(String, String)>,
}

/// A fact that starting grants the rule.
struct Grant {
    title: String,
    is_personal: bool,
}

/// What came of it, in four figures.
struct Headline {
    used: i64,
    meter: Meter,
    participants: i64,
    quoted: i64,
    sales: i64,
    bookings: i64,
    lift: Result<(String, String), String>,
}

/// What was agreed to.
struct Agreed {
    by: String,
    at: i64,
    note: Option<String>,
    holds: bool,
}

#[derive(Template)]
#[template(path = "campaigns/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    live: String,
    version: i64,
    may: May,
    view: CampaignView,
    class: &'static str,
    days: String,
    left: Option<String>,
    notices: Vec<Notice>,
    actions: Actions,
    headline: Option<Headline>,
    grants: Vec<Grant>,
    reach: Option<u64>,
    tabs: Vec<Tab>,
    body: Drawn,
    tasks: Vec<work::Task>,
    agreed: Option<Agreed>,
    lessons: Vec<Lesson>,
    /// Names of actors.
    people: HashMap<Uuid, String>,
}

impl Record {
    fn is_over(&self) -> bool {
        matches!(self.view.campaign.state, Stand::Ended | Stand::Evaluated)
    }

    fn who(&self, id: &Uuid) -> String {
        who(&self.people, Some(*id), self.ui)
    }

    fn has_open_tasks(&self) -> bool {
        self.view.open_tasks > 0
    }

    fn has_personal_grants(&self) -> bool {
        self.grants.iter().any(|grant| grant.is_personal)
    }
}

fn headline(view: &CampaignView, effect: &EffectView, ui: Ui) -> Headline {
    let uptake = effect.effect.uptake;
    let lift = effect.effect.lift;
    Headline {
        used: view.held.saturating_add(view.spent),
        meter: Meter::new(view.spent, view.held, view.campaign.plan.budget.total),
        participants: uptake.participants,
        quoted: uptake.quoted_customers,
        sales: uptake.sales,
        bookings: uptake.bookings,
        lift: match lift.conversion {
            Some(found) => Ok((
                ui.points(&found.estimate),
                format!("{} – {}", ui.points(&found.low), ui.points(&found.high)),
            )),
            None => Err(lift
                .too_few
                .map_or_else(String::new, |why| ui.local(&why.text()).to_owned())),
        },
    }
}

fn notices(view: &CampaignView, actions: Actions, is_own: bool, people: &HashMap<Uuid, String>, ui: Ui) -> Vec<Notice> {
    let mut notices = Vec::new();
    let campaign = &view.campaign;
    let tab = |tab: &str| format!("/campaigns/{}?tab={tab}", campaign.id);
    if let Some(why) = view.rule_in_force.as_ref().and_then(|rule| rule.failing.as_ref()) {
        notices.push(Notice {
            class: "bad",
            text: ui
                .say("campaigns-rule-fails")
                .with("why", why.get(ui.language))
                .to_string(),
            link: Some((tab("decisions"), ui.say("campaigns-see-decisions").to_string())),
        });
    }
    if view.rule_in_force.as_ref().is_some_and(|rule| !rule.as_planned) {
        notices.push(Notice {
            class: "warn",
            text: ui.say("campaigns-rule-not-planned").to_string(),
            link: Some((tab("steps"), ui.say("campaigns-see-steps").to_string())),
        });
    }
    if view.open_amendment.is_some() {
        notices.push(Notice {
            class: "warn",
            text: ui.say("campaigns-amendment-waits").to_string(),
            link: Some((tab("amendments"), ui.say("campaigns-see-amendment").to_string())),
        });
    }
    if campaign.state == Stand::Submitted && !actions.approve {
        let by = who(people, campaign.submitted_by, ui);
        let text = match is_own {
            true => ui.say("campaigns-waits-for-another"),
            false => ui.say("campaigns-waits").with("by", by),
        };
        notices.push(Notice {
            class: "warn",
            text: text.to_string(),
            link: None,
        });
    }
    notices
}

/// The version that there is by now, for a page that is open.
pub(super) async fn version(State(desk): State<Desk>, Staff(session): Staff, Path(id): Path<String>) -> Answer {
    may_read(&session.caller)?;
    let version = desk.app().campaigns().version(&session.caller, &id).await?;
    Ok(version.to_string().into_response())
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    may_read(&session.caller)?;
    let view = desk.app().campaigns().get(&session.caller, &id).await?;
    drawn(&desk, &session, bare.into(), view, &asked).await
}

/// Draws the page.
async fn drawn(desk: &Desk, session: &Session, ui: Ui, view: CampaignView, asked: &Asked) -> Answer {
    let (app, caller, may) = (desk.app(), &session.caller, May::of(session));
    let campaign = &view.campaign;
    let id = campaign.id.to_string();
    let names = Names::of(desk, caller, ui, &[&campaign.plan]).await?;
    let has_begun = view.rule_in_force.is_some();
    let tabs: Vec<&'static str> = TABS
        .into_iter()
        .filter(|tab| match *tab {
            "effect" | "budget" => has_begun,
            "coupons" => campaign.plan.needs_coupon,
            "amendments" => has_begun,
            "decisions" => has_begun && may.read,
            _ => true,
        })
        .collect();
    let tab = tabs.iter().find(|tab| **tab == asked.tab).copied().unwrap_or("plan");
    let effect = match has_begun && matches!(tab, "plan" | "effect") {
        true => Some(app.campaigns().effect(caller, &id).await?),
        false => None,
    };
    let actors = [campaign.submitted_by, Some(campaign.created_by)]
        .into_iter()
        .chain([view.approval.as_ref().and_then(|approval| approval.by)])
        .chain(view.lessons.iter().map(|lesson| Some(lesson.by)))
        .chain(view.evaluation.iter().map(|lesson| Some(lesson.by)));
    let people = app.audit().names(caller, &actors.flatten().collect::<Vec<_>>()).await?;
    let is_own = campaign.submitted_by == Some(caller.actor);
    let actions = Actions::of(&view, may, is_own);
    let reach = match actions.start || actions.submit || actions.approve {
        true => app.campaigns().reach(caller, &campaign.plan.audience).await.ok(),
        false => None,
    };
    let body = match tab {
        "effect" => tabs::effect(ui, &view, effect.as_ref())?,
        "budget" => tabs::budget(desk, caller, ui, may, &view, asked.cursor.as_deref()).await?,
        "coupons" => coupons::tab(desk, session, ui, may, &view, asked.cursor.as_deref()).await?,
        "amendments" => amendments::tab(desk, session, ui, may, &view).await?,
        "steps" => tabs::steps(desk, caller, ui, &view, asked.cursor.as_deref()).await?,
        "decisions" => tabs::decisions(desk, caller, ui, &view, asked.cursor.as_deref()).await?,
        _ => tabs::plan(ui, names.rows(&campaign.plan, ui))?,
    };
    let (first, last) = days_of(campaign.plan.window, ui);
    let grant = |fact: &String| Grant {
        title: names.fact(fact),
        is_personal: names.is_personal(fact),
    };
    let lessons = view.lessons.clone();
    page(&Record {
        ui,
        shell: Shell::new(session, ui, "campaigns"),
        live: format!("/campaigns/{}/version", campaign.id),
        version: campaign.version,
        may,
        class: state_class(campaign.state),
        days: ui.days(&first, &last),
        left: left(campaign, ui),
        notices: notices(&view, actions, is_own, &people, ui),
        actions,
        headline: effect.as_ref().map(|effect| headline(&view, effect, ui)),
        grants: view
            .facts
            .iter()
            .filter(|fact| !view.granted.contains(fact))
            .map(grant)
            .collect(),
        reach: reach.map(|reach| reach.customers),
        tabs: tabs
            .into_iter()
            .map(|name| Tab {
                name,
                is_now: name == tab,
            })
            .collect(),
        body,
        tasks: work::tasks(desk, caller, ui, campaign.id).await?,
        agreed: view.approval.as_ref().map(|approval| Agreed {
            by: who(&people, approval.by, ui),
            at: approval.at,
            note: approval.note.clone(),
            holds: approval.holds,
        }),
        lessons,
        people,
        view,
    })
}
