//! Points that a member passes on to another.

use super::counter::{Deed, short};
use super::sheet::{Sheet, Why};
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::loyalty::{Activation, Expiry, LARGEST_POINTS, New, Wallet};
use posthouse_domain::{Day, words};
use posthouse_store::loyalty as store;
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Points that were passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// Id, which both statements name.
    pub id: Uuid,
    /// Whose they were.
    pub from: Uuid,
    /// Whose they are.
    pub to: Uuid,
    /// How many.
    pub points: i64,
}

impl Loyalty<'_> {
    /// Passes points on: both statements have them at once. They keep their last day. Sent twice they are passed on twice, unless the
    /// request has a key.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for either of them; `data_masked`; `bad_transfer`; `transfers_are_off`, `over_the_daily_cap`, `not_enough_points`,
    /// `member_suspended`, `member_closed`.
    pub async fn transfer(&self, caller: &Caller, from: Uuid, to: Uuid, points: i64) -> Result<Transfer> {
        self.must_see(caller, from).await?;
        self.must_see(caller, to).await?;
        caller.must_see_money()?;
        let bad = |detail| Err(AppError::invalid("bad_transfer", detail));
        if from == to {
            return bad(words!("points are passed on to somebody else", "积分只能转赠给他人"));
        }
        if !(1..=LARGEST_POINTS).contains(&points) {
            return bad(words!(
                "points is {points}; it is 1 to {LARGEST_POINTS}",
                "points 为 {points}；应为 1 到 {LARGEST_POINTS}"
            ));
        }
        retrying!(self.try_transfer(caller, from, to, points))
    }

    async fn try_transfer(&self, caller: &Caller, from: Uuid, to: Uuid, points: i64) -> Result<Transfer> {
        let agency = caller.room.id;
        let (mut tx, programme) = self.begin(caller).await?;
        let moment = self.moment(caller);
        // always in one order, so that two who send to each other do not wait for each other
        let (mut sender, mut receiver) = match from < to {
            true => {
                let sender = self.spender(&mut tx, caller, from).await?;
                (sender, self.spender(&mut tx, caller, to).await?)
            }
            false => {
                let receiver = self.spender(&mut tx, caller, to).await?;
                (self.spender(&mut tx, caller, from).await?, receiver)
            }
        };
        let cap = programme.transfer_per_day;
        if cap == 0 {
            return Err(AppError::conflict(
                "transfers_are_off",
                words!(
                    "members do not pass on points here; transfer_per_day of the programme says how many they may",
                    "本计划不支持转赠；可在计划中设置 transfer_per_day"
                ),
            ));
        }
        let sent = -store::moved_on(&mut tx, agency, from, "sent", moment.today).await?;
        if points > cap - sent {
            return Err(AppError::conflict(
                "over_the_daily_cap",
                words!(
                    "a member passes on {cap} points a day, and {sent} were passed on today",
                    "每位会员每日最多转赠 {cap}，今日已转赠 {sent}"
                ),
            ));
        }
        if !receiver.account.has_room(Wallet::Points, points) {
            return Err(AppError::invalid(
                "bad_transfer",
                words!("the account cannot hold {points} more", "账户容纳不下再增加 {points}"),
            ));
        }
        let id = self.app.entropy.id(self.app.machine.now());
        let why = |kind, about| Why {
            kind,
            about_kind: "transfer",
            about,
            actor: Some(caller.actor),
            ..Why::default()
        };
        let moved = sender.account.spend(points).map_err(short(points))?;
        let lasting = by_last_day(&sender, &moved.lots);
        sender.note(self.app, Wallet::Points, &moved, why("sent", id.to_string()));
        for (place, (until, points)) in lasting.into_iter().enumerate() {
            let new = New {
                id: self.app.entropy.id(moment.now),
                wallet: Wallet::Points,
                points,
                active: Activation::Now,
                expires: until.map_or(Expiry::Never, Expiry::On),
            };
            receiver.by_hand(new.id);
            let moved = receiver.account.post(new, moment.today, None);
            receiver.note(
                self.app,
                Wallet::Points,
                &moved,
                why("received", format!("{id}/{place}")),
            );
        }
        receiver.settle(self.app, &id.to_string());
        let deed = Deed {
            action: "points.transfer",
            subject: format!("customer/{from}"),
            detail: json!({"transfer": id, "to": to}),
        };
        self.finish(tx, caller, vec![sender, receiver], deed, Vec::new())
            .await?;
        Ok(Transfer { id, from, to, points })
    }
}

/// How many points went, by the last day of the lots they came from; those without one behind.
fn by_last_day(sheet: &Sheet, lots: &[(Uuid, i64)]) -> Vec<(Option<Day>, i64)> {
    let mut lasting: BTreeMap<(bool, Option<Day>), i64> = BTreeMap::new();
    for (id, points) in lots {
        let until = sheet
            .account
            .lots
            .iter()
            .find(|lot| lot.id == *id)
            .and_then(|lot| lot.until);
        *lasting.entry((until.is_none(), until)).or_default() -= points;
    }
    lasting
        .into_iter()
        .map(|((_, until), points)| (until, points))
        .collect()
}
