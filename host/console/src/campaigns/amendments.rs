//! Changes to what is in force: now beside then, what that would have done to the latest quotes, and who decides.

use super::May;
use super::tabs::Drawn;
use super::told::{Names, Row, who};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::campaigns::{AmendmentView, CampaignView};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::Words;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Amendments that are shown.
const SHOWN: i64 = 20;

/// What a plan says of one thing, now and then.
pub(super) struct Pair {
    pub(super) field: &'static str,
    pub(super) now: Vec<String>,
    pub(super) then: Vec<String>,
}

/// What two plans say differently.
pub(super) fn pairs(now: Vec<Row>, then: Vec<Row>) -> Vec<Pair> {
    let both = now.into_iter().zip(then);
    let different = both.filter(|(now, then)| now != then);
    different
        .map(|(now, then)| Pair {
            field: now.field,
            now: now.lines,
            then: then.lines,
        })
        .collect()
}

/// A quote before and after.
#[derive(Deserialize)]
struct Sample {
    quote_id: Uuid,
    list_price: i64,
    now: i64,
    then: i64,
}

/// What a change would have done to the latest quotes.
#[derive(Deserialize)]
struct Preview {
    quotes: usize,
    now: i64,
    then: i64,
    more: usize,
    less: usize,
    failed: usize,
    #[serde(default)]
    sample: Vec<Sample>,
    #[serde(default)]
    changes: Vec<Words>,
}

struct Amendment {
    number: i64,
    state: &'static str,
    class: &'static str,
    by: String,
    at: i64,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    note: Option<String>,
    /// Of the one that waits: what differs from the plan in force.
    pairs: Vec<Pair>,
    /// Of those that are decided: what was to become different, in sentences.
    changes: Vec<String>,
    preview: Option<Preview>,
    grants: Vec<String>,
    may_approve: bool,
    may_reject: bool,
}

impl Amendment {
    fn is_open(&self) -> bool {
        self.state == "proposed"
    }
}

#[derive(Template)]
#[template(path = "campaigns/tab_amendments.html")]
struct Amendments {
    ui: Ui,
    id: Uuid,
    version: i64,
    csrf: String,
    may_read: bool,
    amendments: Vec<Amendment>,
}

fn state_of(state: &str) -> (&'static str, &'static str) {
    match state {
        "approved" => ("approved", "good"),
        "rejected" => ("rejected", "bad"),
        _ => ("proposed", "warn"),
    }
}

fn preview_of(preview: Value) -> Option<Preview> {
    serde_json::from_value(preview).ok()
}

/// The changes of a campaign, the newest first.
pub(super) async fn tab(desk: &Desk, session: &Session, ui: Ui, may: May, view: &CampaignView) -> Answer<Drawn> {
    let (caller, campaign) = (&session.caller, &view.campaign);
    let found = desk
        .app()
        .amendments()
        .list(caller, &campaign.id.to_string(), None, SHOWN)
        .await?;
    let waiting = found.iter().filter(|one| one.state == "proposed").map(|one| &one.plan);
    let plans: Vec<_> = [&campaign.plan].into_iter().chain(waiting).collect();
    let names = Names::of(desk, caller, ui, &plans).await?;
    let actors = found.iter().flat_map(|one| [Some(one.proposed_by), one.decided_by]);
    let people = desk
        .app()
        .audit()
        .names(caller, &actors.flatten().collect::<Vec<_>>())
        .await?;
    let amendment = |one: AmendmentView| {
        let (state, class) = state_of(&one.state);
        let is_open = state == "proposed";
        let preview = preview_of(one.preview);
        let said = |words: &Words| words.get(ui.language).to_owned();
        Amendment {
            number: one.amendment,
            state,
            class,
            by: who(&people, Some(one.proposed_by), ui),
            at: one.proposed_at,
            decided_by: one.decided_at.map(|_| who(&people, one.decided_by, ui)),
            decided_at: one.decided_at,
            note: one.note,
            pairs: match is_open {
                true => pairs(names.rows(&campaign.plan, ui), names.rows(&one.plan, ui)),
                false => Vec::new(),
            },
            changes: preview
                .iter()
                .flat_map(|preview| preview.changes.iter().map(said))
                .collect(),
            preview,
            grants: one.grant.iter().map(|fact| names.fact(fact)).collect(),
            may_approve: is_open && may.approve && one.proposed_by != caller.actor,
            may_reject: is_open && may.approve,
        }
    };
    Drawn::of(&Amendments {
        ui,
        id: campaign.id,
        version: campaign.version,
        csrf: session.csrf.clone(),
        may_read: may.read,
        amendments: found.into_iter().map(amendment).collect(),
    })
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    note: String,
    version: Option<i64>,
}

pub(super) async fn decide(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, number, decision)): Path<(String, i64, String)>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Approvals)?;
    let ui = Ui::from(bare);
    let note = Some(sent.note.trim()).filter(|note| !note.is_empty());
    let (caller, amendments) = (&session.caller, desk.app().amendments());
    let said = match decision.as_str() {
        "approve" => {
            amendments.approve(caller, (&id, number), note, sent.version).await?;
            ui.say("campaigns-amended")
        }
        "reject" => {
            amendments.reject(caller, (&id, number), note).await?;
            ui.say("campaigns-not-amended")
        }
        _ => return Err(AppError::NotFound("amendment").into()),
    };
    Ok(led(
        scripted,
        &format!("/campaigns/{id}?tab=amendments"),
        &Done::said(said),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_stands_side_by_side() {
        let row = |field, line: &str| Row {
            field,
            lines: vec![line.to_owned()],
        };
        let pairs = pairs(
            vec![row("budget", "¥1,000"), row("window", "May")],
            vec![row("budget", "¥2,000"), row("window", "May")],
        );
        assert_eq!(pairs.len(), 1);
        assert_eq!((pairs[0].field, pairs[0].then[0].as_str()), ("budget", "¥2,000"));
    }
}
