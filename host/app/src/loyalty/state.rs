//! Memberships that are suspended, closed and opened again.

use super::MemberView;
use super::counter::Deed;
use super::sheet::{Sheet, Why, by_hand};
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::long;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::words;
use posthouse_store::loyalty as store;
use posthouse_store::{intake, reviews};
use serde_json::json;
use uuid::Uuid;

/// Whether somebody takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// Earns and spends.
    Active,
    /// Earns, and spends nothing.
    Suspended,
    /// Neither; what there was is forfeited.
    Closed,
}

impl MemberState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Closed];

    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl Loyalty<'_> {
    /// Suspends a membership, closes it, or makes it active again. What is so already changes nothing. Whoever leaves forfeits what is left;
    /// whoever comes back begins with nothing and earns on what was booked meanwhile.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `bad_note`; `member_has_orders`.
    pub async fn set_state(
        &self,
        caller: &Caller,
        customer: Uuid,
        state: MemberState,
        reason: Option<&str>,
    ) -> Result<MemberView> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        let reason = long(&words!("reason", "原因"), reason)?;
        retrying!(self.try_set_state(caller, customer, state, reason.as_deref()))?;
        self.member(caller, customer, None).await
    }

    async fn try_set_state(
        &self,
        caller: &Caller,
        customer: Uuid,
        state: MemberState,
        reason: Option<&str>,
    ) -> Result<()> {
        let agency = caller.room.id;
        let (mut tx, _) = self.begin(caller).await?;
        let moment = self.moment(caller);
        let mut sheet = Sheet::lock(self.app, &mut tx, agency, customer, moment).await?;
        let before = std::mem::replace(&mut sheet.member.state, state.as_str().to_owned());
        if before == sheet.member.state {
            return Ok(());
        }
        if state == MemberState::Closed {
            if sheet.member.held > 0 {
                return Err(AppError::conflict(
                    "member_has_orders",
                    words!(
                        "{held} points are set aside for orders or quotes; fulfil, confirm or call them off first",
                        "尚有 {held} 积分冻结在兑换单或报价中；请先办结或取消",
                        held = sheet.member.held
                    ),
                ));
            }
            for wallet in Wallet::ALL {
                let moved = sheet.account.forfeit(wallet);
                let why = Why {
                    kind: "forfeited",
                    about_kind: "member",
                    // of this change of the member, which is never again
                    about: sheet.member.version.to_string(),
                    reason: reason.map(by_hand),
                    actor: Some(caller.actor),
                    ..Why::default()
                };
                sheet.note(self.app, wallet, &moved, why);
            }
        }
        if before == MemberState::Closed.as_str() {
            let bookings = intake::bookings_of(&mut tx, agency, &[customer]).await?;
            store::touch(&mut tx, agency, &bookings).await?;
            reviews::follow_again(&mut tx, agency, &[customer]).await?;
            store::follow_soon(&mut tx, agency).await?;
        }
        let deed = Deed {
            action: "member.state",
            subject: format!("customer/{customer}"),
            detail: json!({"from": before, "to": state.as_str()}),
        };
        self.finish(tx, caller, vec![sheet], deed, Vec::new()).await
    }
}
