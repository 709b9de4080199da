//! What people do with a member's points by hand: always under the lock of the agency's changes, on the member as they are then.

use super::programme::Programme;
use super::sheet::{Sheet, tell};
use crate::Loyalty;
use crate::error::{AppError, Result, Soon};
use crate::rules::Moment;
use crate::team::{Caller, Mask};
use crate::webhooks::Told;
use posthouse_domain::loyalty::Short;
use posthouse_domain::words;
use posthouse_store::loyalty::{self as store, MemberRow};
use posthouse_store::{Tx, intake};
use serde_json::Value;
use uuid::Uuid;

/// What goes into the audit log beside a change of members: the action, its subject and more about it.
pub(super) struct Deed<'d> {
    pub(super) action: &'d str,
    pub(super) subject: String,
    pub(super) detail: Value,
}

impl Loyalty<'_> {
    /// The moment by which a caller's agency lives.
    pub(super) fn moment(&self, caller: &Caller) -> Moment {
        self.app.segments().moment(&caller.room)
    }

    /// Passes whoever may see a list of what members have: of one they see, or of everybody's.
    pub(super) async fn must_see_list(&self, caller: &Caller, customer: Option<Uuid>) -> Result<()> {
        match customer {
            Some(customer) => {
                self.must_see(caller, customer).await?;
                caller.must_see_money()
            }
            // a list of balances cannot be had in parts
            None => caller.must_see(&[Mask::Money]),
        }
    }

    /// Begins a change by hand; the programme it is under. The moment is asked for behind this: lines of a statement stand in the order of their days.
    ///
    /// # Errors
    /// `no_programme`.
    pub(super) async fn begin(&self, caller: &Caller) -> Result<(Tx, Programme)> {
        let tx = self.app.idempotency().begin(caller).await?;
        self.begun(tx, caller).await
    }

    /// The same for what makes something that answers for itself, with this HTTP status, when the request is sent again.
    ///
    /// # Errors
    /// `no_programme`.
    pub(super) async fn begin_on(&self, caller: &Caller, subject: &str, status: u16) -> Result<(Tx, Programme)> {
        let tx = self.app.idempotency().begin_on(caller, subject, status).await?;
        self.begun(tx, caller).await
    }

    async fn begun(&self, mut tx: Tx, caller: &Caller) -> Result<(Tx, Programme)> {
        let agency = caller.room.id;
        intake::lock(&mut tx, agency).await?;
        let programme = store::programme(&mut tx, agency).await?;
        let programme = programme.ok_or_else(super::programme::none_yet)?;
        Ok((tx, Programme::try_from(programme)?))
    }

    /// A member who may spend points.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `member_suspended`, `member_closed`.
    pub(super) async fn spender(&self, tx: &mut Tx, caller: &Caller, customer: Uuid) -> Result<Sheet> {
        let sheet = Sheet::lock(self.app, tx, caller.room.id, customer, self.moment(caller)).await?;
        may_spend(&sheet.member)?;
        Ok(sheet)
    }

    /// Writes these members, whose facts change with them, then the audit log, and tells those who want to know.
    pub(super) fn finish<'s>(
        &'s self,
        tx: Tx,
        caller: &'s Caller,
        sheets: Vec<Sheet>,
        deed: Deed<'s>,
        more: Vec<Told>,
    ) -> Soon<'s, ()> {
        Box::pin(self.write_down(tx, caller, sheets, deed, more))
    }

    async fn write_down(
        &self,
        mut tx: Tx,
        caller: &Caller,
        sheets: Vec<Sheet>,
        deed: Deed<'_>,
        more: Vec<Told>,
    ) -> Result<()> {
        let (agency, moment) = (caller.room.id, self.moment(caller));
        let mut told = self.keep(&mut tx, agency, moment, sheets).await?;
        told.extend(more);
        self.app
            .audit()
            .note(&mut tx, caller, deed.action, &deed.subject, deed.detail)
            .await?;
        tell(self.app, &mut tx, agency, told).await?;
        tx.commit().await?;
        caller.room.woken.notify_one();
        Ok(())
    }
}

/// Passes a member who may spend points.
pub(super) fn may_spend(member: &MemberRow) -> Result<()> {
    match member.state.as_str() {
        "suspended" => Err(AppError::conflict(
            "member_suspended",
            words!(
                "the membership {number} is suspended: it earns, and spends nothing; make it active first",
                "会员 {number} 已暂停：照常积分，但不能使用；请先恢复",
                number = member.member_no
            ),
        )),
        "closed" => Err(closed(&member.member_no)),
        _ => Ok(()),
    }
}

/// That a membership has ended.
pub(super) fn closed(number: &str) -> AppError {
    AppError::conflict(
        "member_closed",
        words!(
            "the membership {number} is closed; open it again first",
            "会员 {number} 已注销；请先重新开通"
        ),
    )
}

/// That there are not as many points.
pub(super) fn short(points: i64) -> impl Fn(Short) -> AppError {
    move |Short { available }| {
        AppError::conflict(
            "not_enough_points",
            words!(
                "this takes {points}, and {available} can be spent",
                "需要 {points}，可用 {available}"
            ),
        )
    }
}

/// Cuts rows that were read one beyond a page; where the next page begins.
pub(super) fn next<T>(rows: &mut Vec<T>, limit: usize, id: impl Fn(&T) -> Uuid) -> Option<String> {
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(|row| id(row).to_string())
}
