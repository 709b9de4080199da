//! Lists of customers kept under a name.

use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::shell::said;
use crate::ui::Ui;
use axum::extract::{Form, Path, Query, State};
use axum::http::Uri;
use posthouse_app::views::{NewView, ViewList};
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub(super) struct Kept {
    title: String,
    /// What the list's address says behind its `?`.
    query: String,
    #[serde(default)]
    shared: String,
}

/// Keeps the list that is shown.
pub(super) async fn save(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(kept): Form<Kept>,
) -> Answer {
    let ui = Ui::from(bare);
    // written anew, so that the list is recognised by its address
    let list = format!("/customers?{}", kept.query).parse::<Uri>().ok();
    let fields = list.and_then(|list| Query::try_from_uri(&list).ok());
    let wanted = Wanted::read(fields.map_or_else(Vec::new, |Query(fields)| fields));
    let new = NewView {
        list: ViewList::Customers,
        title: &kept.title,
        query: &wanted.query(),
        is_shared: !kept.shared.is_empty(),
    };
    match desk.app().views().save(&session.caller, &new).await {
        Ok(view) => {
            let done = Done::said(ui.say("customers-view-kept").with("title", view.title));
            Ok(led(scripted, &wanted.address(), &done))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

/// Deletes a view; the customers in it stay.
pub(super) async fn delete(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    let ui = Ui::from(bare);
    desk.app().views().delete(&session.caller, id).await?;
    Ok(said("/customers", &ui.say("customers-view-deleted").to_string()))
}
