//! What the loyalty programme says of a customer.

use crate::Desk;
use crate::ui::Ui;
use posthouse_app::AppError;
use posthouse_app::team::{Caller, Mask};
use uuid::Uuid;

/// Where a customer stands with the programme.
#[derive(Debug, Default)]
pub(super) struct Membership {
    /// None for who is no member.
    pub(super) member: Option<Standing>,
}

/// Where a member stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) number: String,
    pub(super) tier: Option<String>,
    pub(super) points: i64,
    /// What points are called.
    pub(super) called: String,
}

/// None where there is no programme, and for whoever does not see what customers have.
pub(super) async fn membership(
    desk: &Desk,
    caller: &Caller,
    id: Uuid,
    ui: Ui,
) -> posthouse_app::Result<Option<Membership>> {
    if caller.is_masked(Mask::Money) {
        return Ok(None);
    }
    let loyalty = desk.app().loyalty();
    let Some(terms) = loyalty.programme(caller).await? else {
        return Ok(None);
    };
    let member = match loyalty.member(caller, id, None).await {
        Ok(member) => Some(Standing {
            tier: member.tier.map(|tier| ui.local(&tier.title).to_owned()),
            points: member.points.available,
            number: member.member_no,
            called: ui.local(&terms.name).to_owned(),
        }),
        Err(AppError::NotFound("member")) => None,
        Err(error) => return Err(error),
    };
    Ok(Some(Membership { member }))
}
