//! Making a customer a member.

use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::parts::dialog::refused;
use crate::ui::Ui;
use axum::extract::{Form, State};
use posthouse_app::AppError;
use posthouse_app::team::Scope;
use posthouse_domain::words;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    /// The customer.
    #[serde(default)]
    other: String,
}

/// Who is a member already stays one.
pub(super) async fn enrol(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(chosen): Form<Chosen>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Intake)?;
    super::may_enter(caller)?;
    let ui = Ui::from(bare);
    let put = async {
        let customer = Uuid::try_parse(&chosen.other).map_err(|_| {
            let detail = words!("choose a customer from the list", "请从列表中选择一位客户");
            AppError::invalid("no_customer", detail)
        })?;
        desk.app().loyalty().enrol(caller, customer).await
    };
    match put.await {
        Ok((is_new, member)) => {
            let text = if is_new { "new" } else { "known" };
            let said = ui.say_of("members-enrolled-", text).with("number", &member.member_no);
            Ok(led(
                scripted,
                &format!("/members/{}", member.customer),
                &Done::said(said),
            ))
        }
        Err(error) => refused(error, scripted, ui),
    }
}
