//! Points in a quote: an order of money off, of the quote's own id. They are set aside when it is made, spent when it is confirmed, free when it is
//! released or over its time, and come back when its booking is called off.

use super::counter::{may_spend, short};
use super::orders::{End, parts, why};
use super::rewards::{RewardKind, RewardView};
use super::sheet::Sheet;
use crate::Loyalty;
use crate::error::{AppError, Result, Soon};
use crate::quotes::QUOTE;
use crate::rules::Moment;
use crate::webhooks::Told;
use posthouse_domain::loyalty::{Short, Wallet};
use posthouse_domain::words;
use posthouse_store::loyalty::{self as store, RedemptionRow};
use posthouse_store::{StoreError, Tx};
use serde_json::json;
use uuid::Uuid;

/// Points that somebody wants to use, and what they take off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PointsOffer {
    /// The reward that says so.
    pub(crate) reward: String,
    /// How many points are used at once.
    pub(crate) price: i64,
    /// Minor units that so many take off.
    pub(crate) worth: i64,
    /// How many points are to be used at most.
    pub(crate) asked: i64,
}

impl PointsOffer {
    /// How many points are used of a price that can go down by `room`, and how much they take off.
    pub(crate) fn taking(&self, room: i64) -> (i64, i64) {
        let times = (self.asked / self.price).min(room.max(0) / self.worth);
        (times * self.price, times * self.worth)
    }
}

/// Whether a member has used a reward as often as members may.
async fn is_used_up(tx: &mut Tx, agency: Uuid, customer: Uuid, reward: &RewardView) -> Result<bool> {
    Ok(match reward.terms.per_member {
        Some(most) => store::redeemed(tx, agency, customer, &reward.key).await? >= most,
        None => false,
    })
}

impl Loyalty<'_> {
    /// What points take off a quote for a member: by the reward that is named, or the one that gives most.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the member; `member_suspended`, `member_closed`; `no_money_off`, `not_enough_points`.
    pub(crate) fn points_offer<'s>(
        &'s self,
        tx: &'s mut Tx,
        (agency, customer): (Uuid, Uuid),
        moment: Moment,
        wanted: (i64, Option<&'s str>),
    ) -> Soon<'s, PointsOffer> {
        Box::pin(self.offer(tx, (agency, customer), moment, wanted))
    }

    async fn offer(
        &self,
        tx: &mut Tx,
        (agency, customer): (Uuid, Uuid),
        moment: Moment,
        (points, named): (i64, Option<&str>),
    ) -> Result<PointsOffer> {
        let member = store::member(tx, agency, customer).await?;
        let member = member.ok_or(AppError::NotFound("member"))?;
        may_spend(&member)?;
        let mut sheet = Sheet::new(member, store::lots(tx, agency, &[customer]).await?, moment);
        sheet.turn(self.app);
        let (member, available) = (&sheet.member, sheet.account.available(Wallet::Points));
        let mut best: Option<PointsOffer> = None;
        for row in store::rewards(tx, agency).await? {
            if named.is_some_and(|named| named != row.key) || row.kind != RewardKind::MoneyOff.as_str() {
                continue;
            }
            let reward = RewardView::try_from(row)?;
            let (price, worth) = (reward.price(member.tier.as_deref()), reward.terms.worth);
            let (Some(price), Some(worth)) = (price.filter(|_| reward.is_open(moment.today)), worth) else {
                continue;
            };
            let gives_more = |best: &PointsOffer| {
                i128::from(worth) * i128::from(best.price) > i128::from(best.worth) * i128::from(price)
            };
            if is_used_up(tx, agency, customer, &reward).await? {
                continue;
            }
            if reward.left() != Some(0) && best.as_ref().is_none_or(gives_more) {
                best = Some(PointsOffer {
                    reward: reward.key,
                    price,
                    worth,
                    asked: points,
                });
            }
        }
        let offer = best.ok_or_else(|| {
            AppError::conflict(
                "no_money_off",
                words!(
                    "points take nothing off a quote today: no reward of kind money_off is open to this member",
                    "目前不能用积分抵扣：没有对该会员开放的 money_off 奖励"
                ),
            )
        })?;
        match points <= available {
            true => Ok(offer),
            false => Err(short(points)(Short { available })),
        }
    }

    /// Sets points aside for a quote that is being written; what there is to be told, by whoever ends the transaction. It has the lock of the
    /// agency's changes.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if the member has spent them meanwhile, or somebody has the last piece: then the quote is worked out again.
    pub(crate) fn set_aside<'s>(
        &'s self,
        tx: &'s mut Tx,
        who: (Uuid, Uuid),
        moment: Moment,
        whose: (Uuid, Uuid),
        what: (&'s PointsOffer, i64),
    ) -> Soon<'s, Vec<Told>> {
        Box::pin(self.hold_for_quote(tx, who, moment, whose, what))
    }

    async fn hold_for_quote(
        &self,
        tx: &mut Tx,
        (agency, actor): (Uuid, Uuid),
        moment: Moment,
        (quote, customer): (Uuid, Uuid),
        (offer, points): (&PointsOffer, i64),
    ) -> Result<Vec<Told>> {
        let mut sheet = Sheet::lock(self.app, tx, agency, customer, moment).await?;
        let held = sheet.account.hold(points);
        let reward = store::reward(tx, agency, &offer.reward).await?;
        let is_open = match reward.map(RewardView::try_from).transpose()? {
            Some(reward) => !is_used_up(tx, agency, customer, &reward).await?,
            None => false,
        };
        let there =
            may_spend(&sheet.member).is_ok() && is_open && store::take_piece(tx, agency, &offer.reward, 1).await?;
        let (true, Ok(moved)) = (there, held) else {
            return Err(StoreError::Overtaken.into());
        };
        sheet.note(
            self.app,
            Wallet::Points,
            &moved,
            why("set_aside", (QUOTE, quote), Some(actor)),
        );
        let order = RedemptionRow {
            id: quote,
            customer_id: customer,
            reward: offer.reward.clone(),
            points,
            parts: json!(parts(&moved)).to_string(),
            state: "requested".to_owned(),
            coupon: None,
            task_id: None,
            requested_by: actor,
            requested_at: moment.now,
            decided_by: None,
            decided_at: None,
            note: None,
        };
        store::insert_redemption(tx, agency, &order).await?;
        self.keep(tx, agency, moment, vec![sheet]).await
    }

    /// Ends what a quote set aside, if it is still to be ended so; what there is to be told, by whoever ends the transaction. It has the lock of
    /// the agency's changes.
    pub(crate) async fn end_of_quote(
        &self,
        tx: &mut Tx,
        (agency, actor): (Uuid, Option<Uuid>),
        moment: Moment,
        quote: Uuid,
        end: End,
    ) -> Result<Vec<Told>> {
        let order = store::redemption(tx, agency, quote).await?;
        let Some(order) = order.filter(|order| order.state == end.from()) else {
            return Ok(Vec::new());
        };
        let order = RedemptionRow {
            state: if end == End::Spend { "fulfilled" } else { "cancelled" }.to_owned(),
            decided_by: actor,
            decided_at: Some(moment.now),
            ..order
        };
        let sheet = self.end_order(tx, agency, moment, (QUOTE, end), &order).await?;
        self.keep(tx, agency, moment, vec![sheet]).await
    }
}

#[cfg(test)]
mod tests {
    use super::PointsOffer;

    #[test]
    fn whole_pieces_are_taken_off_down_to_the_floor() {
        let offer = |asked| PointsOffer {
            reward: "cash".into(),
            price: 100,
            worth: 90,
            asked,
        };
        assert_eq!(offer(1_099).taking(i64::MAX), (1_000, 900));
        assert_eq!(offer(1_099).taking(899), (900, 810));
        assert_eq!(offer(1_099).taking(89), (0, 0));
        assert_eq!(offer(1_099).taking(-5), (0, 0));
        assert_eq!(offer(99).taking(1_000), (0, 0));
    }
}
