//! Whose a customer is and whom they belong to: the owner, links to other customers, and the number of a document for whoever may look.

use super::bulk::{chosen, link_kind, owner_of};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::shell::{said, said_with_undo};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::team::Scope;
use posthouse_domain::identity::IdentityKind;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub(super) struct Owned {
    /// Nobody's if it is empty.
    #[serde(default)]
    owner: String,
}

/// Gives the customer an owner, or none.
pub(super) async fn own(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(sent): Form<Owned>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let owner = owner_of(&sent.owner)?;
    let owner = desk.app().profiles().set_owner(&session.caller, &[id], owner).await?;
    let text = match owner {
        Some(owner) => ui.say("customers-owned").with("name", owner.name),
        None => ui.say("customers-disowned"),
    };
    Ok(said(
        &format!("/customers/{id}"),
        &text.count("count", 1_u64).to_string(),
    ))
}

#[derive(Debug, Deserialize)]
pub(super) struct Linked {
    kind: String,
    #[serde(default)]
    other: String,
}

/// Says what another customer is to this one.
pub(super) async fn link(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Linked>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let put = async {
        let (kind, other) = (link_kind(&sent.kind)?, chosen(Uuid::try_parse(&sent.other).ok())?);
        desk.app().profiles().link(&session.caller, id, kind, other).await
    };
    match put.await {
        Ok(_) => {
            let done = Done::said(ui.say("customers-linked").count("count", 1_u64));
            Ok(led(scripted, &format!("/customers/{id}"), &done))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

/// Takes a link away, with a way back. `id` is the one it is read from: the other is its `kind`.
pub(super) async fn unlink(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((id, kind, other)): Path<(Uuid, String, Uuid)>,
    Query(shown): Query<Shown>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let link = link_kind(&kind)?;
    desk.app().profiles().unlink(&session.caller, id, link, other).await?;
    let undo = format!(
        "/customers/{id}/links/{}/{other}/restore?page={}",
        link.as_str(),
        shown.page(id)
    );
    Ok(said_with_undo(
        &format!("/customers/{}", shown.page(id)),
        &ui.say("customers-unlinked").to_string(),
        (&ui.say("customers-undo").to_string(), &undo),
    ))
}

/// Puts a link back that was just taken away.
pub(super) async fn restore(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((id, kind, other)): Path<(Uuid, String, Uuid)>,
    Query(shown): Query<Shown>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let profiles = desk.app().profiles();
    profiles.link(&session.caller, id, link_kind(&kind)?, other).await?;
    Ok(said(
        &format!("/customers/{}", shown.page(id)),
        &ui.say("customers-linked").count("count", 1_u64).to_string(),
    ))
}

/// The customer on whose page a link is taken away, which need not be the one it is kept with.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    page: Option<Uuid>,
}

impl Shown {
    fn page(&self, own: Uuid) -> Uuid {
        self.page.unwrap_or(own)
    }
}

/// The number of a document, in the place of the button that asked for it.
#[derive(Template)]
#[template(path = "customers/number.html")]
struct Number {
    ui: Ui,
    number: String,
}

/// Shows the number of a document. The look is in the audit log before it is on the page.
pub(super) async fn document(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((id, kind)): Path<(Uuid, String)>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    caller.may(Scope::Documents)?;
    let kind: IdentityKind = kind.parse().map_err(|()| AppError::NotFound("document"))?;
    if !kind.is_document() {
        return Err(AppError::NotFound("document").into());
    }
    let number = desk.app().profiles().document(caller, id, kind).await?;
    page(&Number {
        ui: bare.into(),
        number,
    })
}
