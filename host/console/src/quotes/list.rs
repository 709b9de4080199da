//! The latest quotes.

use super::state_class;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use posthouse_app::quotes::{QuoteFilter, QuoteView};
use posthouse_app::team::Scope;
use serde::Deserialize;
use uuid::Uuid;

/// Quotes of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    customer: Option<Uuid>,
    cursor: Option<Uuid>,
}

struct Row {
    id: Uuid,
    what: String,
    more: usize,
    customer: Option<String>,
    state: String,
    class: &'static str,
    list_price: i64,
    price: i64,
    at: i64,
}

impl Row {
    fn off(&self) -> i64 {
        self.list_price - self.price
    }
}

#[derive(Template)]
#[template(path = "quotes/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    may_quote: bool,
    customer: Option<(Uuid, String)>,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    let may_quote = caller.may(Scope::Quotes).is_ok();
    if caller.may(Scope::Read).is_err() && may_quote {
        // who may price and not read begins with a price
        return Ok(Redirect::to("/quotes/new").into_response());
    }
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let filter = QuoteFilter {
        customer: asked.customer,
    };
    let (found, next) = desk.app().quotes().list(caller, filter, asked.cursor, PAGE).await?;
    let ids: Vec<Uuid> = found
        .iter()
        .filter_map(|quote| quote.customer_id)
        .chain(asked.customer)
        .collect();
    let labels = desk.app().profiles().labels(caller, &ids).await?;
    let label = |id: Uuid| labels.get(&id).map(|label| label.label.clone());
    let row = |quote: QuoteView| Row {
        id: quote.id,
        what: quote.basket.lines.first().map_or_else(String::new, |line| {
            line.destination.clone().unwrap_or_else(|| line.sku.clone())
        }),
        more: quote.basket.lines.len().saturating_sub(1),
        customer: quote.customer_id.and_then(label),
        class: state_class(&quote.state),
        state: quote.state,
        list_price: quote.list_price,
        price: quote.price,
        at: quote.at,
    };
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "quotes"),
        may_quote,
        customer: asked.customer.and_then(|id| label(id).map(|name| (id, name))),
        rows: found.into_iter().map(row).collect(),
        next: next.map(|cursor| match asked.customer {
            Some(customer) => format!("/quotes?customer={customer}&cursor={cursor}"),
            None => format!("/quotes?cursor={cursor}"),
        }),
    })
}
