//! One decision of a campaign's rule: what it was told, what it said, what became of it, and the same again.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, State};
use posthouse_app::rules::{DecisionView, Replay};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::Localized;
use posthouse_domain::catalogue::{FactKind, readable};
use serde_json::Value;
use uuid::Uuid;

/// What a rule was told of the customer.
struct Told {
    title: String,
    value: String,
}

#[derive(Template)]
#[template(path = "quotes/decision.html")]
struct Decision {
    ui: Ui,
    shell: Shell,
    decision: DecisionView,
    became: String,
    is_answered: bool,
    customer: Option<(Uuid, String)>,
    quote: Option<Uuid>,
    facts: Vec<Told>,
    log: Vec<String>,
    output: String,
    may_replay: bool,
    replay: Option<Replay>,
}

fn fact(key: &str, value: &Value, ui: Ui) -> Told {
    let known = readable().find(|fact| fact.key == key);
    let title = known.map_or(key, |fact| {
        if ui.is_chinese() {
            fact.meaning.0
        } else {
            fact.meaning.1
        }
    });
    let value = match (known.map(|fact| fact.kind), value) {
        (_, Value::Null) => "—".to_owned(),
        (Some(FactKind::Money), Value::Number(minor)) => ui.money(minor.as_i64().unwrap_or_default()),
        (Some(FactKind::Day), Value::Number(day)) => {
            let day = day.as_i64().and_then(|day| i32::try_from(day).ok());
            day.map_or_else(|| "—".to_owned(), |day| ui.day(&day))
        }
        (_, Value::Number(number)) if number.is_i64() => ui.number(number.as_i64().unwrap_or_default()),
        (_, Value::Bool(true)) => ui.say("parts-yes").to_string(),
        (_, Value::Bool(false)) => ui.say("parts-no").to_string(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    };
    Told {
        title: title.to_owned(),
        value,
    }
}

fn became(decision: &DecisionView, ui: Ui) -> String {
    let text = serde_json::from_value::<Localized>(decision.effect["text"].clone());
    text.map_or_else(|_| decision.outcome.clone(), |text| ui.local(&text).to_owned())
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, id: Uuid, replay: Option<Replay>) -> Answer {
    let caller = &session.caller;
    let decision = desk.app().decisions().get(caller, id).await?;
    let labels = match decision.customer_id {
        Some(id) => desk.app().profiles().labels(caller, &[id]).await?,
        None => Default::default(),
    };
    let facts = decision.input["facts"].as_object().into_iter().flatten();
    let log = decision.log.as_array().into_iter().flatten();
    page(&Decision {
        ui,
        shell: Shell::new(session, ui, "quotes"),
        became: became(&decision, ui),
        is_answered: decision.outcome == "answered",
        customer: decision
            .customer_id
            .and_then(|id| labels.get(&id).map(|label| (id, label.label.clone()))),
        quote: decision.subject.as_ref().map(|(_, id)| *id),
        facts: facts.map(|(key, value)| fact(key, value, ui)).collect(),
        log: log
            .map(|line| {
                line["text"]
                    .as_str()
                    .or(line.as_str())
                    .map_or_else(|| line.to_string(), str::to_owned)
            })
            .collect(),
        output: serde_json::to_string_pretty(&decision.output).unwrap_or_default(),
        may_replay: caller.may(Scope::Rules).is_ok(),
        decision,
        replay,
    })
}

pub(super) async fn decision(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    drawn(&desk, &session, bare.into(), id, None).await
}

/// Asks the rule again, with what it was told then. Nothing is changed.
pub(super) async fn replay(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    session.caller.may(Scope::Rules)?;
    let replay = desk.app().decisions().replay(&session.caller, id).await?;
    drawn(&desk, &session, bare.into(), id, Some(replay)).await
}

impl Decision {
    /// The beginning of the plugin's digest.
    fn digest(&self) -> &str {
        self.decision.digest.get(..12).unwrap_or(&self.decision.digest)
    }
}
