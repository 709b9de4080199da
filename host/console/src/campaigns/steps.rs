//! Taking a campaign a step on.

use super::May;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::campaigns::Evaluation;
use posthouse_app::team::Scope;
use posthouse_domain::campaign::Action;
use posthouse_domain::words;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    note: String,
    /// The campaign's key, typed by who ends it.
    #[serde(default)]
    typed: String,
    #[serde(default)]
    judgement: String,
    #[serde(default)]
    lessons: String,
    /// The version that was on the page: nobody agrees to what they have not seen.
    version: Option<i64>,
}

pub(super) async fn step(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, action)): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Answer {
    let ui = Ui::from(bare);
    let known = Action::ALL.into_iter().find(|known| known.as_str() == action);
    let action = known
        .filter(|action| *action != Action::Change)
        .ok_or(AppError::NotFound("campaign"))?;
    let caller = &session.caller;
    caller.may(match action {
        Action::Approve | Action::Reject => Scope::Approvals,
        _ => Scope::Campaigns,
    })?;
    let note = Some(sent.note.trim()).filter(|note| !note.is_empty());
    let campaigns = desk.app().campaigns();
    let view = match action {
        Action::Start => campaigns.start(caller, &id, note, sent.version).await?,
        Action::Evaluate => {
            let evaluation = Evaluation {
                judgement: sent.judgement,
                lessons: sent.lessons,
            };
            campaigns.evaluate(caller, &id, &evaluation, sent.version).await?
        }
        Action::End => {
            let key = campaigns.get(caller, &id).await?.campaign.key;
            if sent.typed.trim() != key {
                return Err(AppError::invalid(
                    "bad_key",
                    words!("type {key} to end this campaign", "请输入 {key} 以确认结束此活动"),
                )
                .into());
            }
            campaigns.step(caller, &id, action, note, sent.version).await?
        }
        _ => campaigns.step(caller, &id, action, note, sent.version).await?,
    };
    let path = format!("/campaigns/{}", view.campaign.id);
    let mut done = Done::said(
        ui.say_of("campaigns-did-", action.as_str())
            .with("name", view.campaign.name.as_str()),
    );
    let back = match action {
        Action::Pause => Some("resume"),
        Action::Resume => Some("pause"),
        _ => None,
    };
    if let Some(back) = back.filter(|_| May::of(&session).plan) {
        done = done.undone_by(ui.say("campaigns-undo"), format!("{path}/steps/{back}"));
    }
    Ok(led(scripted, &path, &done))
}
