//! Rejected rows that were mended in the page are sent again.

use super::address;
use super::record::{self, Asked};
use super::rejects::Typed;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again};
use crate::shell::said;
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::intake::mend::MOST_MENDED;
use posthouse_app::team::Scope;
use uuid::Uuid;

/// Sends the rows that were mended.
pub(super) async fn send(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let (ui, caller) = (Ui::from(bare), &session.caller);
    let typed = Typed::read(fields);
    let intake = desk.app().intake();
    // everybody's rows from the first of the page on, however many were sent again meanwhile
    let most = i64::try_from(MOST_MENDED).unwrap_or(1);
    let page = intake.rejected_rows(caller, id, (typed.after, false), most).await?;
    let mended = typed.mended(&page, ui);
    match intake.send_again(caller, id, &mended).await {
        Ok(sent) => {
            let text = ui.say("imports-sent-again").count("count", mended.len()).to_string();
            Ok(said(&address(sent.id), &text))
        }
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let import = intake.import_status(caller, id).await?;
            let asked = Asked::rejects(typed.after);
            let mut drawn = record::drawn(&desk, &session, ui, import, (&asked, Some(&typed))).await?;
            drawn.wrong = Some((why.detail.get(ui.language).to_owned(), why.code));
            again(&drawn)
        }
        Err(error) => Err(error.into()),
    }
}
