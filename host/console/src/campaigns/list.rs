//! Campaigns in a list: by state and type, with how their budgets burn and how many take part.

use super::{May, days_of, left, may_read, state_class};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::pictures::Meter;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::campaigns::{CampaignSummary, Figures};
use posthouse_domain::campaign::{CampaignType, State as Stand};
use serde::Deserialize;
use uuid::Uuid;

/// Campaigns of a page.
const PAGE: usize = 50;

/// States in the order in which one looks for them: what runs, what waits, what is over.
const STATES: [Stand; 8] = [
    Stand::Running,
    Stand::Submitted,
    Stand::Draft,
    Stand::Preparing,
    Stand::Approved,
    Stand::Paused,
    Stand::Ended,
    Stand::Evaluated,
];

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    r#type: String,
    cursor: Option<String>,
}

/// A choice with its address.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) is_chosen: bool,
}

/// A campaign in the list.
struct Row {
    id: Uuid,
    name: String,
    owner: Option<String>,
    kind: &'static str,
    state: &'static str,
    class: &'static str,
    days: String,
    left: Option<String>,
    total: i64,
    used: i64,
    meter: Meter,
    share: f64,
    participants: i64,
}

#[derive(Template)]
#[template(path = "campaigns/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    may: May,
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    rows: Vec<Row>,
    is_narrowed: bool,
    next: Option<String>,
}

impl List {
    fn is_of_a_state(&self) -> bool {
        self.states.iter().any(|state| state.is_chosen)
    }
}

impl Row {
    fn of(campaign: CampaignSummary, figures: Figures, ui: Ui) -> Self {
        let Figures {
            held,
            spent,
            participants,
        } = figures;
        let (first, last) = days_of(campaign.plan.window, ui);
        let total = campaign.plan.budget.total;
        Self {
            left: left(&campaign, ui),
            id: campaign.id,
            name: campaign.name,
            owner: campaign.owner,
            kind: campaign.kind.as_str(),
            state: campaign.state.as_str(),
            class: state_class(campaign.state),
            days: ui.days(&first, &last),
            total,
            used: spent.saturating_add(held),
            meter: Meter::new(spent, held, total),
            share: if total > 0 {
                spent.saturating_add(held) as f64 / total as f64
            } else {
                0.0
            },
            participants,
        }
    }
}

/// The address of the list, narrowed.
fn address(state: &str, kind: &str) -> String {
    let pairs: Vec<String> = [("state", state), ("type", kind)]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    match pairs.is_empty() {
        true => "/campaigns".into(),
        false => format!("/campaigns?{}", pairs.join("&")),
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    may_read(&session.caller)?;
    let ui = Ui::from(bare);
    let (state, kind) = (asked.state.as_str(), asked.r#type.as_str());
    let only = |text: &'static str, wanted: &str| wanted == text;
    let named = |text| Some(text).filter(|text: &&str| !text.is_empty());
    let campaigns = desk.app().campaigns();
    let (found, next) = campaigns
        .list(
            &session.caller,
            (named(state), named(kind)),
            asked.cursor.as_deref(),
            PAGE,
        )
        .await?;
    let ids: Vec<Uuid> = found.iter().map(|campaign| campaign.id).collect();
    let figures = campaigns.figures(&session.caller, &ids).await?;
    let states = STATES.map(Stand::as_str);
    let choice = |name: &'static str, path: String, is_chosen| Choice { name, path, is_chosen };
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "campaigns"),
        may: May::of(&session),
        states: states
            .iter()
            .map(|name| choice(name, address(name, kind), only(name, state)))
            .collect(),
        kinds: CampaignType::ALL
            .map(CampaignType::as_str)
            .iter()
            .map(|name| {
                let is_chosen = only(name, kind);
                choice(name, address(state, if is_chosen { "" } else { name }), is_chosen)
            })
            .collect(),
        rows: found
            .into_iter()
            .map(|campaign| {
                let of = figures.get(&campaign.id).copied().unwrap_or_default();
                Row::of(campaign, of, ui)
            })
            .collect(),
        is_narrowed: !state.is_empty() || !kind.is_empty(),
        next: next.map(|cursor| {
            let path = address(state, kind);
            let join = if path.contains('?') { '&' } else { '?' };
            format!("{path}{join}cursor={cursor}")
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_narrowing_has_an_address_of_its_own() {
        assert_eq!(address("", ""), "/campaigns");
        assert_eq!(address("running", ""), "/campaigns?state=running");
        assert_eq!(address("running", "member"), "/campaigns?state=running&type=member");
    }

    #[test]
    fn every_state_has_its_tab() {
        assert!(Stand::ALL.iter().all(|state| STATES.contains(state)));
    }
}
