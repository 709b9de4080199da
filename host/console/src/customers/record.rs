//! One customer: everything that is known of them.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, State};
use posthouse_app::profiles::CustomerView;
use posthouse_app::team::Scope;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "customers/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    name: String,
    customer: CustomerView,
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let customer = desk.app().profiles().get(&session.caller, id).await?;
    let name = customer.profile.get("name").and_then(|name| name.as_str());
    let name = name.map_or_else(|| ui.say("customers-nameless").to_string(), str::to_owned);
    page(&Record {
        ui,
        shell: Shell::new(&session, ui, "customers"),
        name,
        customer,
    })
}
