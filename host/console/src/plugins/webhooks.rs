//! Webhooks: an agency's systems that are told what happens, what became of it, and telling them again.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::parts::tabs::Tab;
use crate::shell::{Shell, said, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::team::{Scope, Session};
use posthouse_app::webhooks::{DeliveryView, NewWebhook, WebhookChange, WebhookView, unanswered};
use posthouse_domain::webhook::EVENT_TYPES;
use serde::Deserialize;
use uuid::Uuid;

/// Deliveries of a page.
const PAGE: i64 = 50;

/// A type of event that can be chosen.
#[derive(Debug)]
struct Kind {
    name: &'static str,
    meaning: &'static str,
    is_chosen: bool,
}

fn kinds(ui: Ui, chosen: &[String]) -> Vec<Kind> {
    let kind = |kind: &posthouse_domain::webhook::EventType| Kind {
        name: kind.name,
        meaning: if ui.is_chinese() { kind.zh } else { kind.en },
        is_chosen: chosen.iter().any(|one| one == kind.name),
    };
    EVENT_TYPES.iter().map(kind).collect()
}

#[derive(Template)]
#[template(path = "plugins/webhooks.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<WebhookView>,
    kinds: Vec<Kind>,
    may_make: bool,
    typed: Sent,
    wrong: Option<String>,
}

/// What a form of a webhook says.
#[derive(Debug, Default)]
struct Sent {
    url: String,
    note: String,
    types: Vec<String>,
    does: String,
}

impl Sent {
    fn of(fields: Vec<(String, String)>) -> Self {
        let mut sent = Self::default();
        for (name, text) in fields {
            match name.as_str() {
                "url" => sent.url = text.trim().to_owned(),
                "note" => sent.note = text.trim().to_owned(),
                "type" => sent.types.push(text),
                "does" => sent.does = text,
                _ => {}
            }
        }
        sent
    }
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    typed: Sent,
    wrong: Option<String>,
) -> posthouse_app::Result<List> {
    Ok(List {
        ui,
        shell: Shell::new(session, ui, "plugins"),
        tabs: tabs(&session.caller, "webhooks"),
        rows: desk.app().webhooks().list(&session.caller).await?,
        kinds: kinds(ui, &typed.types),
        may_make: session.caller.may(Scope::Operations).is_ok(),
        typed,
        wrong,
    })
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Operations)?;
    page(&drawn(&desk, &session, bare.into(), Sent::default(), None).await?)
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Operations)?;
    let (ui, sent) = (Ui::from(bare), Sent::of(fields));
    let new = NewWebhook {
        url: sent.url.clone(),
        note: sent.note.clone(),
        types: sent.types.clone(),
    };
    match desk.app().webhooks().create(&session.caller, &new).await {
        Ok(view) => {
            let path = address(view.id);
            let mut response = draw(&desk, &session, ui, view, Asked::default()).await?;
            if let Ok(path) = path.parse() {
                response.headers_mut().insert("hx-push-url", path);
            }
            Ok(response)
        }
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let wrong = why.detail.get(ui.language).to_owned();
            again(&drawn(&desk, &session, ui, sent, Some(wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn address(id: Uuid) -> String {
    format!("/webhooks/{id}")
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    state: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "plugins/webhook.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    webhook: WebhookView,
    state: String,
    deliveries: Vec<DeliveryView>,
    next: Option<i64>,
}

impl Record {
    /// The word on the chip of a state; none stands for all.
    fn chip<'s>(&self, state: &'s str) -> &'s str {
        if state.is_empty() { "all" } else { state }
    }

    fn is_state(&self, state: &str) -> bool {
        self.state == state
    }

    /// What the receiver said, or why it said nothing.
    fn answer(&self, delivery: &DeliveryView) -> String {
        let said = delivery.answer.as_deref().unwrap_or_default();
        match delivery.status {
            Some(status) => format!("{status} {said}"),
            None => unanswered(said).into_text(self.ui.language),
        }
    }
}

async fn draw(desk: &Desk, session: &Session, ui: Ui, webhook: WebhookView, asked: Asked) -> Answer {
    let state = Some(asked.state.as_str()).filter(|state| !state.is_empty());
    let webhooks = desk.app().webhooks();
    let mut deliveries = webhooks
        .deliveries(&session.caller, webhook.id, state, asked.before, PAGE + 1)
        .await?;
    let more = deliveries.len() as i64 > PAGE;
    deliveries.truncate(PAGE as usize);
    page(&Record {
        ui,
        shell: Shell::new(session, ui, "plugins"),
        next: deliveries.last().filter(|_| more).map(|one| one.seq),
        deliveries,
        state: asked.state,
        webhook,
    })
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Operations)?;
    let webhook = desk.app().webhooks().get(&session.caller, id).await?;
    draw(&desk, &session, bare.into(), webhook, asked).await
}

/// Pauses it, takes it up again, or gives it another secret.
pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Operations)?;
    let ui = Ui::from(bare);
    let sent = Sent::of(fields);
    let change = WebhookChange {
        url: None,
        note: None,
        types: None,
        active: match sent.does.as_str() {
            "pause" => Some(false),
            "resume" => Some(true),
            _ => None,
        },
        rotate: sent.does == "rotate",
    };
    let view = desk.app().webhooks().change(&session.caller, id, None, &change).await?;
    // a secret is in this answer alone
    if view.secret.is_some() {
        return draw(&desk, &session, ui, view, Asked::default()).await;
    }
    Ok(said(&address(id), &ui.say("plugins-hook-changed").to_string()))
}

pub(super) async fn test(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Path(id): Path<Uuid>) -> Answer {
    session.caller.may(Scope::Operations)?;
    let ui = Ui::from(bare);
    desk.app().webhooks().test(&session.caller, id).await?;
    Ok(said(&address(id), &ui.say("plugins-hook-tested").to_string()))
}

#[derive(Debug, Deserialize)]
pub(super) struct Replaying {
    /// Only this one; all that were given up if left out.
    delivery: Option<i64>,
}

pub(super) async fn replay(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(replaying): Form<Replaying>,
) -> Answer {
    session.caller.may(Scope::Operations)?;
    let ui = Ui::from(bare);
    let only = replaying.delivery.map(|one| vec![one]);
    let replayed = desk
        .app()
        .webhooks()
        .replay(&session.caller, id, only.as_deref())
        .await?;
    let text = ui.say("plugins-hook-replayed").count("count", replayed);
    Ok(said(&address(id), &text.to_string()))
}

pub(super) async fn delete(State(desk): State<Desk>, Staff(session): Staff, Path(id): Path<Uuid>) -> Answer {
    session.caller.may(Scope::Operations)?;
    desk.app().webhooks().delete(&session.caller, id).await?;
    Ok(whole_page("/webhooks"))
}
