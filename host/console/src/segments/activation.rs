//! Putting a rule into force as it was tried, and going back.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::Answer;
use crate::shell::{said, said_with_undo};
use crate::ui::Ui;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::rules::Activation;
use posthouse_app::rules::BindingView;
use posthouse_app::team::Scope;
use posthouse_domain::words;
use posthouse_web::Problem;
use serde::Deserialize;
use serde_json::Value;

/// What was tried, and agreed to.
#[derive(Debug, Default)]
struct Tried {
    name: String,
    digest: String,
    config: String,
    expected: Option<i64>,
    restore: Option<i64>,
    grant: Vec<String>,
    is_agreed: bool,
}

impl Tried {
    fn of(sent: Vec<(String, String)>) -> Self {
        let mut tried = Self::default();
        for (name, text) in sent {
            match name.as_str() {
                "name" => tried.name = text,
                "digest" => tried.digest = text,
                "config" => tried.config = text,
                "expected" => tried.expected = text.parse().ok(),
                "restore" => tried.restore = text.parse().ok(),
                "grant" => tried.grant.push(text),
                "agreed" => tried.is_agreed = true,
                _ => {}
            }
        }
        tried
    }
}

/// Puts what was tried into force, unless something else has come into force meanwhile.
pub(super) async fn activate(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let tried = Tried::of(sent);
    if !tried.grant.is_empty() && !tried.is_agreed {
        let detail = words!(
            "this rule asks to read facts; agree to it by the tick above the button",
            "这条规则需要读取客户资料；请先勾选按钮上方的同意"
        );
        return Err(Problem::unprocessable("grant_needed", detail).into());
    }
    let segments = desk.app().segments();
    let view = match tried.restore {
        Some(number) => {
            segments
                .roll_back(caller, &tried.name, Some(number), tried.expected)
                .await?
        }
        None => {
            let config: Value = serde_json::from_str(&tried.config).unwrap_or_default();
            let activation = Activation {
                digest: tried.digest,
                config,
                grant: Some(tried.grant),
            };
            segments
                .activate(caller, &tried.name, activation, tried.expected)
                .await?
        }
    };
    done(ui, &view)
}

#[derive(Debug, Deserialize)]
pub(super) struct Undoing {
    /// The revision that is to be undone.
    revision: i64,
}

/// Goes back to what stood before a revision, if that is still in force.
pub(super) async fn undo(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(name): Path<String>,
    Query(undoing): Query<Undoing>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let segments = desk.app().segments();
    let view = segments
        .roll_back(caller, &name, Some(undoing.revision - 1), Some(undoing.revision))
        .await?;
    done(bare.into(), &view)
}

/// Leads to the binding, with a word on what happened and a way back.
fn done(ui: Ui, view: &BindingView) -> Answer {
    let diff = view.diff.clone().unwrap_or_default();
    let text = ui.say("segments-done");
    let text = text
        .count("count", diff.customers)
        .count("moved", diff.changed)
        .to_string();
    let path = format!("/segments/{}", view.name);
    let undo = format!("{path}/undo?revision={}", view.revision);
    Ok(match view.revision {
        1 => said(&path, &text),
        _ => said_with_undo(&path, &text, (&ui.say("segments-undo").to_string(), &undo)),
    })
}
