//! Members: who takes part, what they have, and what they had on a past day.

use crate::error::{AppError, Result, retrying};
use crate::rules::{Moment, Reason};
use crate::team::Caller;
use crate::{App, Loyalty, Room};
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Day, Entropy, Localized, time, words};
use posthouse_store::loyalty::{self as store, LotRow, MemberRow};
use posthouse_store::{Access, Tx, intake, profiles, reviews};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Letters of referral codes: none that looks like another.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Days on which something expires that are told.
const TOLD: usize = 24;

/// What a member has of points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances {
    /// What can be spent.
    pub available: i64,
    /// What is still to become so.
    pub pending: i64,
    /// What is set aside.
    pub held: i64,
    /// What was taken back and already spent.
    pub owed: i64,
    /// What will be over, by its last day; nothing for a past day.
    pub expiring: Vec<Expiring>,
}

/// Points with a last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiring {
    /// The day.
    pub on: Day,
    /// How many.
    pub points: i64,
}

/// The way to a higher tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextTierView {
    /// Its key.
    pub key: String,
    /// What the member has.
    pub have: i64,
    /// What it takes.
    pub need: i64,
    /// What is counted.
    pub unit: String,
}

/// The tier a member stands in.
#[derive(Debug, Clone)]
pub struct TierView {
    /// Its key.
    pub key: String,
    /// What it is called, by the rule in force; the key if that does not know it.
    pub title: Localized,
    /// Since when.
    pub since: Day,
    /// The last day on which it is not lowered.
    pub valid_until: Option<Day>,
    /// Whether somebody gave it by hand.
    pub by_hand: bool,
    /// Why.
    pub reason: Option<Reason>,
    /// The way to a higher one; nothing for a past day.
    pub next: Option<NextTierView>,
}

/// A member.
#[derive(Debug, Clone)]
pub struct MemberView {
    /// The customer.
    pub customer: Uuid,
    /// The number on the card.
    pub member_no: String,
    /// `active`, `suspended` or `closed`.
    pub state: String,
    /// The day of joining.
    pub since: Day,
    /// The tier.
    pub tier: Option<TierView>,
    /// Points.
    pub points: Balances,
    /// Status that counts.
    pub status: i64,
    /// The code by which others are referred.
    pub referral_code: String,
}

/// Makes members of those of these customers who are none.
pub(super) async fn enrol(app: &App, tx: &mut Tx, room: &Room, customers: &[Uuid], moment: Moment) -> Result<()> {
    let agency = room.id;
    let mut new: Vec<Uuid> = customers.to_vec();
    new.sort_unstable();
    new.dedup();
    let known = store::members(tx, agency, &new).await?;
    new.retain(|id| known.iter().all(|row| row.customer_id != *id));
    if new.is_empty() {
        return Ok(());
    }
    let first = store::number_members(tx, agency, new.len() as i64).await?;
    let row = |(customer_id, number): (Uuid, i64)| MemberRow {
        customer_id,
        member_no: format!("{number:08}"),
        state: "active".to_owned(),
        since_on: moment.today,
        referral_code: code(&*app.entropy),
        tier: None,
        tier_since: None,
        tier_until: None,
        tier_by_hand: false,
        tier_reason: "null".to_owned(),
        tier_next: "null".to_owned(),
        available: 0,
        pending: 0,
        held: 0,
        owed: 0,
        status: 0,
        status_pending: 0,
        entries: 0,
        tiers: 0,
        due_on: None,
        version: 1,
        created_at: moment.now,
    };
    let rows: Vec<MemberRow> = new.iter().copied().zip(first..).map(row).collect();
    store::put(tx, agency, &rows).await?;
    reviews::follow_again(tx, agency, &new).await?;
    let mut occasions = Vec::new();
    for binding in super::rules::asked(tx, agency).await? {
        for customer in &new {
            occasions.push(super::happened::joined(app, *customer, &binding, moment));
        }
    }
    store::put_occasions(tx, agency, &occasions).await?;
    store::follow_soon(tx, agency).await?;
    Ok(())
}

/// A code that nobody guesses, and everybody can read aloud.
fn code(entropy: &dyn Entropy) -> String {
    let mut random = [0; 8];
    entropy.fill(&mut random);
    random
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]))
        .collect()
}

impl Loyalty<'_> {
    /// Makes a customer a member; whether they were none before. Their bookings are looked at in the background.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `no_programme`.
    pub async fn enrol(&self, caller: &Caller, customer: Uuid) -> Result<(bool, MemberView)> {
        let is_new = retrying!(self.try_enrol(caller, customer))?;
        Ok((is_new, self.member(caller, customer, None).await?))
    }

    async fn try_enrol(&self, caller: &Caller, customer: Uuid) -> Result<bool> {
        let (agency, moment) = (caller.room.id, self.app.segments().moment(&caller.room));
        self.must_see(caller, customer).await?;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        if store::programme(&mut tx, agency).await?.is_none() {
            return Err(super::programme::none_yet());
        }
        let is_new = store::member(&mut tx, agency, customer).await?.is_none();
        if is_new {
            let bookings = intake::bookings_of(&mut tx, agency, &[customer]).await?;
            store::touch(&mut tx, agency, &bookings).await?;
            enrol(self.app, &mut tx, &caller.room, &[customer], moment).await?;
            self.app
                .facts()
                .contribute::<super::Standing>(&mut tx, agency, &[customer], moment.today)
                .await?;
            let subject = format!("customer/{customer}");
            self.app
                .audit()
                .note(&mut tx, caller, "member.enrol", &subject, json!({}))
                .await?;
        }
        tx.commit().await?;
        caller.room.woken.notify_one();
        Ok(is_new)
    }

    pub(super) async fn must_see(&self, caller: &Caller, customer: Uuid) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = profiles::customer(&mut tx, caller.room.id, customer).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("customer"))?;
        self.app.profiles().must_see(caller, &row).await
    }

    /// A member, as they are or as they were on the evening of a past day.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked` for those who do not see what customers spend; `as_of_in_future`.
    pub async fn member(&self, caller: &Caller, customer: Uuid, as_of: Option<Day>) -> Result<MemberView> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        let (agency, today) = (caller.room.id, caller.room.day_of(self.app.clock.now()));
        if as_of.is_some_and(|day| day > today) {
            return Err(AppError::invalid(
                "as_of_in_future",
                words!(
                    "as_of is in the future; ask for today or a past day",
                    "as_of 在将来；请查询今天或过去的日期"
                ),
            ));
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::member(&mut tx, agency, customer).await?;
        let row = row.ok_or(AppError::NotFound("member"))?;
        let titles = self.titles(&mut tx, agency).await?;
        match as_of.filter(|day| *day < today) {
            Some(day) => past(&mut tx, agency, row, day, &titles).await,
            None => present(row, &store::lots(&mut tx, agency, &[customer]).await?, &titles),
        }
    }

    /// What tiers are called by the rule in force.
    pub(super) async fn titles(&self, tx: &mut Tx, agency: Uuid) -> Result<BTreeMap<String, Localized>> {
        Ok(self.tiers_in_force(tx, agency).await?.into_iter().collect())
    }
}

pub(super) fn title(titles: &BTreeMap<String, Localized>, key: &str) -> Localized {
    titles.get(key).cloned().unwrap_or_else(|| Localized::new(key, key))
}

pub(super) fn present(row: MemberRow, lots: &[LotRow], titles: &BTreeMap<String, Localized>) -> Result<MemberView> {
    let mut expiring: BTreeMap<Day, i64> = BTreeMap::new();
    for LotRow { lot, .. } in lots {
        if let (Wallet::Points, None, Some(day)) = (lot.wallet, lot.waits, lot.until)
            && lot.left > 0
        {
            *expiring.entry(day).or_default() += lot.left;
        }
    }
    let next: Value = serde_json::from_str(&row.tier_next).map_err(AppError::corrupt("tier"))?;
    let next = next["tier"].as_str().map(|key| NextTierView {
        key: key.to_owned(),
        have: next["have"].as_i64().unwrap_or_default(),
        need: next["need"].as_i64().unwrap_or_default(),
        unit: next["unit"].as_str().unwrap_or_default().to_owned(),
    });
    let tier = match &row.tier {
        Some(key) => Some(TierView {
            title: title(titles, key),
            key: key.clone(),
            since: row.tier_since.unwrap_or(row.since_on),
            valid_until: row.tier_until,
            by_hand: row.tier_by_hand,
            reason: serde_json::from_str(&row.tier_reason).map_err(AppError::corrupt("reason"))?,
            next,
        }),
        None => None,
    };
    Ok(MemberView {
        customer: row.customer_id,
        member_no: row.member_no,
        state: row.state,
        since: row.since_on,
        tier,
        points: Balances {
            available: row.available,
            pending: row.pending,
            held: row.held,
            owed: row.owed,
            expiring: expiring
                .into_iter()
                .take(TOLD)
                .map(|(on, points)| Expiring { on, points })
                .collect(),
        },
        status: row.status,
        referral_code: row.referral_code,
    })
}

async fn past(
    tx: &mut Tx,
    agency: Uuid,
    row: MemberRow,
    day: Day,
    titles: &BTreeMap<String, Localized>,
) -> Result<MemberView> {
    if day < row.since_on {
        return Err(AppError::Missing(words!(
            "the customer became a member on {since}",
            "该客户于 {since} 成为会员",
            since = time::day_text(row.since_on)
        )));
    }
    let customer = row.customer_id;
    let points = store::balance_on(tx, agency, customer, Wallet::Points.as_str(), day).await?;
    let status = store::balance_on(tx, agency, customer, Wallet::Status.as_str(), day).await?;
    let tier = match store::tier_on(tx, agency, customer, day).await? {
        Some(had) => match had.tier {
            Some(key) => Some(TierView {
                title: title(titles, &key),
                key,
                since: had.from_on,
                valid_until: had.until_on,
                by_hand: had.by_hand,
                reason: serde_json::from_str(&had.reason).map_err(AppError::corrupt("reason"))?,
                next: None,
            }),
            None => None,
        },
        None => None,
    };
    Ok(MemberView {
        customer,
        member_no: row.member_no,
        state: row.state,
        since: row.since_on,
        tier,
        points: points.map_or_else(Balances::default, |line| Balances {
            available: line.available_after,
            pending: line.pending_after,
            held: line.held_after,
            owed: line.owed_after,
            expiring: Vec::new(),
        }),
        status: status.map_or(0, |line| line.available_after),
        referral_code: row.referral_code,
    })
}
