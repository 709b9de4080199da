//! What becomes of points that are set aside, for an order or a quote: they are spent, free again, or come back.

use super::programme::Programme;
use super::sheet::{Sheet, Why};
use super::state::MemberState;
use super::written::write;
use crate::Loyalty;
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::webhooks::Told;
use posthouse_domain::loyalty::{Moved, Wallet};
use posthouse_store::loyalty::{self as store, RedemptionRow};
use posthouse_store::{StoreError, Tx};
use uuid::Uuid;

/// How points that are set aside, or were spent, go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// They are spent.
    Spend,
    /// They are free again.
    Free,
    /// They were spent, and come back.
    Return,
}

impl End {
    /// The state of the order before.
    pub(super) fn from(self) -> &'static str {
        match self {
            Self::Spend | Self::Free => "requested",
            Self::Return => "fulfilled",
        }
    }
}

/// What was taken of each lot.
pub(super) fn parts(moved: &Moved) -> Vec<(Uuid, i64)> {
    moved.lots.iter().map(|(lot, points)| (*lot, -points)).collect()
}

/// Why a line of an order, or of a quote, is on a statement.
pub(super) fn why(kind: &'static str, (about_kind, id): (&'static str, Uuid), actor: Option<Uuid>) -> Why {
    Why {
        kind,
        about_kind,
        about: id.to_string(),
        actor,
        ..Why::default()
    }
}

impl Loyalty<'_> {
    /// Ends an order in this way: its points, its piece and its row. The transaction has the lock of the agency's changes.
    pub(super) async fn end_order(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        moment: Moment,
        (about_kind, end): (&'static str, End),
        order: &RedemptionRow,
    ) -> Result<Sheet> {
        let programme = store::programme(tx, agency).await?;
        let programme = Programme::try_from(programme.ok_or(AppError::NotFound("member"))?)?;
        let grace = u32::try_from(programme.return_grace_days).unwrap_or_default();
        let parts: Vec<(Uuid, i64)> = serde_json::from_str(&order.parts).map_err(AppError::corrupt("parts"))?;
        let ids: Vec<Uuid> = parts.iter().map(|(lot, _)| *lot).collect();
        let mut sheet = Sheet::lock(self.app, tx, agency, order.customer_id, moment).await?;
        sheet.know(store::lots_named(tx, agency, order.customer_id, &ids).await?);
        let (kind, moved) = match end {
            End::Spend => ("redeemed", sheet.account.commit(&parts)),
            End::Free => ("released", sheet.account.release(&parts, moment.today, grace)),
            End::Return => ("returned", sheet.account.give_back(&parts, moment.today, grace)),
        };
        sheet.note(
            self.app,
            Wallet::Points,
            &moved,
            why(kind, (about_kind, order.id), order.decided_by),
        );
        if end == End::Return && sheet.member.state == MemberState::Closed.as_str() {
            // who has left forfeits what comes back as well
            let moved = sheet.account.forfeit(Wallet::Points);
            let forfeited = why("forfeited", (about_kind, order.id), order.decided_by);
            sheet.note(self.app, Wallet::Points, &moved, forfeited);
        }
        if end != End::Spend {
            sheet.settle(self.app, &order.id.to_string());
            store::take_piece(tx, agency, &order.reward, -1).await?;
        }
        match store::decide_redemption(tx, agency, order, end.from()).await? {
            true => Ok(sheet),
            false => Err(StoreError::Overtaken.into()),
        }
    }

    /// Writes these members, whose facts change with them; what there is to be told, by whoever ends the transaction.
    pub(super) async fn keep(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        moment: Moment,
        sheets: Vec<Sheet>,
    ) -> Result<Vec<Told>> {
        let customers: Vec<Uuid> = sheets.iter().map(|sheet| sheet.member.customer_id).collect();
        let looks_again = sheets.iter().any(Sheet::looks_again);
        let told = write(tx, agency, &sheets.iter().collect::<Vec<_>>()).await?;
        if looks_again {
            store::follow_soon(tx, agency).await?;
        }
        if !customers.is_empty() {
            self.app
                .facts()
                .contribute::<super::Standing>(tx, agency, &customers, moment.today)
                .await?;
        }
        Ok(told)
    }
}
