//! Points that put right what went wrong, given in the transaction of whoever gives them.

use super::sheet::{Sheet, Why, by_hand};
use super::state::MemberState;
use crate::Loyalty;
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::webhooks::Told;
use posthouse_domain::loyalty::{Activation, Expiry, New, Wallet};
use posthouse_domain::words;
use posthouse_store::Tx;
use posthouse_store::loyalty as store;
use uuid::Uuid;

impl Loyalty<'_> {
    /// Gives a member points for what went wrong, without an end; what they are worth in the books, in minor units, and what there is to be told by
    /// whoever ends the transaction. It has the lock of the agency's changes.
    ///
    /// # Errors
    /// `not_a_member`; `member_closed`; `over_the_account`.
    pub(crate) async fn compensate(
        &self,
        tx: &mut Tx,
        (agency, actor): (Uuid, Uuid),
        moment: Moment,
        (customer, points): (Uuid, i64),
        (about_kind, about, reason): (&'static str, Uuid, &str),
    ) -> Result<(i64, Vec<Told>)> {
        let sheet = Sheet::lock(self.app, tx, agency, customer, moment).await;
        let mut sheet = match sheet {
            Err(AppError::NotFound(_)) => {
                return Err(AppError::conflict(
                    "not_a_member",
                    words!(
                        "the customer is no member of the loyalty programme, who alone can be given points",
                        "该客户不是会员，只有会员可获得积分"
                    ),
                ));
            }
            sheet => sheet?,
        };
        if sheet.member.state == MemberState::Closed.as_str() {
            return Err(super::counter::closed(&sheet.member.member_no));
        }
        if !sheet.account.has_room(Wallet::Points, points) {
            return Err(AppError::conflict(
                "over_the_account",
                words!("the account cannot hold {points} more", "账户容纳不下再增加 {points}"),
            ));
        }
        let new = New {
            id: self.app.entropy.id(moment.now),
            wallet: Wallet::Points,
            points,
            active: Activation::Now,
            expires: Expiry::Never,
        };
        sheet.by_hand(new.id);
        let moved = sheet.account.post(new, moment.today, None);
        let why = Why {
            kind: "adjusted",
            about_kind,
            about: about.to_string(),
            reason: Some(by_hand(reason)),
            actor: Some(actor),
            ..Why::default()
        };
        sheet.note(self.app, Wallet::Points, &moved, why);
        sheet.settle(self.app, &about.to_string());
        let told = self.keep(tx, agency, moment, vec![sheet]).await?;
        let value = store::programme(tx, agency)
            .await?
            .map_or(0, |programme| programme.value_of_100);
        let worth = i128::from(points) * i128::from(value) / 100;
        Ok((i64::try_from(worth).unwrap_or(i64::MAX), told))
    }
}
