//! Stacking groups, drawn so that one sees which campaign beats which.

use super::{May, days_of, may_read, refusal, state_class};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, again, page};
use crate::led::{Done, led};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::campaigns::CampaignSummary;
use posthouse_app::team::{Scope, Session};
use posthouse_domain::Localized;
use posthouse_domain::campaign::State as Stand;
use posthouse_domain::promotion::Mode;
use serde::Deserialize;
use uuid::Uuid;

/// Most campaigns that are looked through.
const MOST: usize = 500;

struct Campaign {
    id: Uuid,
    name: String,
    priority: i32,
    state: &'static str,
    class: &'static str,
    is_live: bool,
    days: String,
}

struct Group {
    key: String,
    title: Localized,
    shown: String,
    mode: &'static str,
    said: String,
    campaigns: Vec<Campaign>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Sent {
    key: String,
    #[serde(default)]
    mode: String,
    #[serde(default)]
    zh: String,
    #[serde(default)]
    en: String,
}

#[derive(Template)]
#[template(path = "campaigns/groups.html")]
struct Groups {
    ui: Ui,
    shell: Shell,
    may: May,
    groups: Vec<Group>,
    modes: [(&'static str, String); 4],
    sent: Sent,
    wrong: Option<String>,
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, sent: Sent, wrong: Option<String>) -> Answer<Groups> {
    let (app, caller) = (desk.app(), &session.caller);
    let (campaigns, _) = app.campaigns().list(caller, (None, None), None, MOST).await?;
    let open: Vec<&CampaignSummary> = campaigns
        .iter()
        .filter(|campaign| !matches!(campaign.state, Stand::Ended | Stand::Evaluated))
        .collect();
    let found = app.stacking_groups().list(caller).await?;
    let mut groups: Vec<(i32, Group)> = found
        .into_iter()
        .map(|group| {
            let mut own: Vec<&&CampaignSummary> = open
                .iter()
                .filter(|campaign| campaign.plan.stacking.group == group.key)
                .collect();
            own.sort_by_key(|campaign| campaign.plan.stacking.priority);
            let campaign = |campaign: &&&CampaignSummary| {
                let (first, last) = days_of(campaign.plan.window, ui);
                Campaign {
                    id: campaign.id,
                    name: campaign.name.clone(),
                    priority: campaign.plan.stacking.priority,
                    state: campaign.state.as_str(),
                    class: state_class(campaign.state),
                    is_live: campaign.state.is_live(),
                    days: ui.days(&first, &last),
                }
            };
            let campaigns: Vec<Campaign> = own.iter().map(campaign).collect();
            let first = campaigns.first().map_or(i32::MAX, |campaign| campaign.priority);
            let group = Group {
                shown: ui.local(&group.title).to_owned(),
                mode: group.mode.as_str(),
                said: group.mode.in_words().get(ui.language).to_owned(),
                key: group.key,
                title: group.title,
                campaigns,
            };
            (first, group)
        })
        .collect();
    groups.sort_by_key(|(first, _)| *first);
    Ok(Groups {
        ui,
        shell: Shell::new(session, ui, "campaigns"),
        may: May::of(session),
        groups: groups.into_iter().map(|(_, group)| group).collect(),
        modes: Mode::ALL.map(|mode| (mode.as_str(), mode.in_words().get(ui.language).to_owned())),
        sent,
        wrong,
    })
}

pub(super) async fn groups(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    may_read(&session.caller)?;
    page(&drawn(&desk, &session, bare.into(), Sent::default(), None).await?)
}

/// Makes a group, or gives one there is another title or mode.
pub(super) async fn define(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let mode = Mode::parse(&sent.mode).unwrap_or(Mode::BestOf);
    let title = Localized::new(sent.zh.trim(), sent.en.trim());
    let put = desk
        .app()
        .stacking_groups()
        .put(&session.caller, sent.key.trim(), mode, &title)
        .await;
    match put {
        Ok(group) => {
            let said = ui.say("campaigns-group-kept").with("group", ui.local(&group.title));
            Ok(led(scripted, "/campaigns/groups", &Done::said(said)))
        }
        Err(error) => {
            let why = refusal(error)?.detail.get(ui.language).to_owned();
            again(&drawn(&desk, &session, ui, sent, Some(why)).await?)
        }
    }
}

pub(super) async fn delete(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(key): Path<String>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    desk.app().stacking_groups().delete(&session.caller, &key).await?;
    let done = Done::said(Ui::from(bare).say("campaigns-group-gone"));
    Ok(led(scripted, "/campaigns/groups", &done))
}
