//! The quote tester: a basket typed in, priced with every campaign in force.

use super::basket::{Form, MOST_LINES, Typed, Wrong};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, again, page};
use crate::led::{Done, led};
use crate::parts::schema::word;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form as Sent, Query, State};
use posthouse_app::AppError;
use posthouse_app::team::{Caller, Rows, Scope, Session};
use posthouse_domain::promotion::ProductKind;
use serde::Deserialize;
use uuid::Uuid;

/// Where customers buy, as agencies call it; others can be typed.
const CHANNELS: [&str; 5] = ["store", "phone", "wechat", "web", "app"];
/// How long a price can be held, in minutes.
const HOLDS: [u16; 4] = [30, 120, 1_440, 2_880];

#[derive(Template)]
#[template(path = "quotes/new.html")]
struct New {
    ui: Ui,
    shell: Shell,
    form: Form,
    /// Who the customer is, if one is chosen.
    customer: Option<String>,
    may_read: bool,
    channels: [&'static str; 5],
    holds: [u16; 4],
    kinds: Vec<(&'static str, String)>,
    wrong: Vec<Wrong>,
    refused: Option<String>,
}

impl New {
    fn wrong_at(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|(name, _)| name == field).map(|(_, why)| *why)
    }

    fn wrong_in(&self, line: &usize, key: &str) -> Option<&'static str> {
        self.wrong_at(&format!("line.{line}.{key}"))
    }

    fn has_one_line(&self) -> bool {
        self.form.lines.len() == 1
    }

    fn has_room(&self) -> bool {
        self.form.lines.len() < MOST_LINES
    }

    fn holds_for(&self, minutes: &u16) -> bool {
        self.form.hold == minutes.to_string()
    }
}

async fn label(desk: &Desk, caller: &Caller, customer: &str) -> Answer<Option<String>> {
    let Ok(id) = Uuid::try_parse(customer.trim()) else {
        return Ok(None);
    };
    if caller.may(Scope::Read).is_err() {
        return Ok(Some(id.to_string()));
    }
    let found = desk.app().profiles().labels(caller, &[id]).await?;
    Ok(found.get(&id).map(|label| label.label.clone()))
}

async fn form(desk: &Desk, session: &Session, ui: Ui, form: Form, wrong: Vec<Wrong>) -> Answer<New> {
    Ok(New {
        ui,
        shell: Shell::new(session, ui, "quotes"),
        customer: label(desk, &session.caller, &form.customer).await?,
        form,
        may_read: session.caller.may(Scope::Read).is_ok(),
        channels: CHANNELS,
        holds: HOLDS,
        kinds: ProductKind::ALL
            .map(|kind| (kind.as_str(), word(ui, &kind.as_str().into())))
            .into(),
        wrong,
        refused: None,
    })
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// The quote whose basket is to be priced again.
    from: Option<Uuid>,
    customer: Option<Uuid>,
}

pub(super) async fn new(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Quotes)?;
    let ui = Ui::from(bare);
    let filled = match asked.from {
        Some(id) => Form::of(&desk.app().quotes().get(&session.caller, id).await?, ui),
        None => Form {
            customer: asked.customer.map(|id| id.to_string()).unwrap_or_default(),
            ..Form::blank()
        },
    };
    page(&form(&desk, &session, ui, filled, Vec::new()).await?)
}

/// Prices the basket, or adds and takes away lines of it: which button was pressed says what.
pub(super) async fn price(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Sent(mut pairs): Sent<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Quotes)?;
    let ui = Ui::from(bare);
    let pressed = pairs.iter().position(|(name, _)| name == "more" || name == "less");
    let pressed = pressed.map(|place| pairs.remove(place));
    let mut sent = Form::sent(pairs);
    match pressed {
        Some((name, _)) if name == "more" => sent.lines.push(Typed::blank()),
        Some((_, place)) => {
            if let Some(place) = place.parse().ok().filter(|place: &usize| *place < sent.lines.len()) {
                sent.lines.remove(place);
            }
        }
        None => return made(&desk, &session, ui, scripted, sent).await,
    }
    page(&form(&desk, &session, ui, sent, Vec::new()).await?)
}

async fn made(desk: &Desk, session: &Session, ui: Ui, scripted: Scripted, sent: Form) -> Answer {
    let new = match sent.read(ui) {
        Ok(new) => new,
        Err(wrong) => return again(&form(desk, session, ui, sent, wrong).await?),
    };
    let (quotes, caller) = (desk.app().quotes(), &session.caller);
    if new.customer.is_none() && caller.rows != Rows::All {
        // they would not see the quote of nobody in particular
        let wrong = vec![("customer".into(), "own-customer")];
        return again(&form(desk, session, ui, sent, wrong).await?);
    }
    if let Ok(instead) = Uuid::try_parse(&sent.instead) {
        // what the one before holds is free for this one; one that was confirmed meanwhile stays
        match quotes.release(caller, instead).await {
            Ok(_) | Err(AppError::Conflict(_) | AppError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match quotes.make(caller, new).await {
        Ok(quote) => Ok(led(scripted, &format!("/quotes/{}", quote.id), &Done::default())),
        Err(AppError::NotFound(_)) => {
            let wrong = vec![("customer".into(), "bad-customer")];
            again(&form(desk, session, ui, sent, wrong).await?)
        }
        Err(AppError::Invalid(why)) => {
            let mut drawn = form(desk, session, ui, sent, Vec::new()).await?;
            drawn.refused = Some(why.detail.get(ui.language).to_owned());
            again(&drawn)
        }
        Err(error) => Err(error.into()),
    }
}
