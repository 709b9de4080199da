//! Points, status and tiers given or taken by hand: somebody asks and says why, and another person says yes or no.

use super::counter::{Deed, closed, short};
use super::sheet::{Sheet, Why, by_hand};
use super::state::MemberState;
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::{Caller, is_same_person};
use crate::texts::{long, needed};
use posthouse_domain::loyalty::{Activation, Expiry, LARGEST_POINTS, New, Wallet};
use posthouse_domain::{Day, Instant, words};
use posthouse_store::loyalty::{self as store, AdjustmentRow};
use posthouse_store::{Access, Tx, staff};
use serde_json::json;
use uuid::Uuid;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub enum Adjust {
    /// Points or status, less than nothing to take away, and the last day of what is given.
    Wallet(Wallet, i64, Option<Day>),
    /// A tier, by its key, and the last day on which it is not lowered.
    Tier(String, Day),
}

/// What somebody asked for, and what became of it.
#[derive(Debug, Clone)]
pub struct AdjustmentView {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer: Uuid,
    /// What is asked for.
    pub what: Adjust,
    /// Why, in somebody's words.
    pub reason: String,
    /// `waiting`, `approved` or `rejected`.
    pub state: String,
    /// Who asked for it.
    pub asked_by: Uuid,
    /// When, in ms since 1970 of business time.
    pub asked_at: Instant,
    /// Who said yes or no.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<Instant>,
    /// What they said.
    pub note: Option<String>,
}

impl TryFrom<AdjustmentRow> for AdjustmentView {
    type Error = AppError;

    fn try_from(row: AdjustmentRow) -> Result<Self> {
        let wallet = row.wallet.as_deref().and_then(Wallet::parse);
        let what = match (wallet, row.points, row.tier, row.until_on) {
            (Some(wallet), Some(points), _, _) => Adjust::Wallet(wallet, points, row.expires_on),
            (None, _, Some(tier), Some(until)) => Adjust::Tier(tier, until),
            _ => return Err(AppError::Internal("an adjustment of nothing".into())),
        };
        Ok(Self {
            id: row.id,
            customer: row.customer_id,
            what,
            reason: row.reason,
            state: row.state,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            note: row.note,
        })
    }
}

fn bad(detail: posthouse_domain::Words) -> AppError {
    AppError::invalid("bad_adjustment", detail)
}

impl Adjust {
    fn check(&self, today: Day) -> Result<()> {
        match self {
            Self::Wallet(_, points, _) if *points == 0 || points.saturating_abs() > LARGEST_POINTS => Err(bad(words!(
                "points is {points}; give 1 to {LARGEST_POINTS}, or take as many away",
                "points 为 {points}；增加应为 1 到 {LARGEST_POINTS}，扣减同理"
            ))),
            Self::Wallet(_, points, Some(_)) if *points < 0 => Err(bad(words!(
                "expires is of what is given; leave it out to take points away",
                "expires 只用于增加；扣减时请勿填写"
            ))),
            Self::Wallet(_, _, Some(day)) if *day < today => {
                Err(bad(words!("expires is in the past", "expires 已经过去")))
            }
            Self::Tier(_, until) if *until < today => {
                Err(bad(words!("valid_until is in the past", "valid_until 已经过去")))
            }
            _ => Ok(()),
        }
    }
}

impl Loyalty<'_> {
    /// Asks for an adjustment, which waits for another person. Asked for twice it is asked for twice, unless the request has a key.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `bad_adjustment`, `note_missing`, `bad_note`, `unknown_tier`, `tier_is_lower`; `over_your_limit`;
    /// `member_closed`, `not_enough_points`.
    pub async fn adjust(&self, caller: &Caller, customer: Uuid, what: &Adjust, reason: &str) -> Result<AdjustmentView> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        what.check(self.moment(caller).today)?;
        let reason = needed(&words!("reason", "原因"), Some(reason))?;
        retrying!(self.try_adjust(caller, customer, what, &reason))
    }

    async fn try_adjust(&self, caller: &Caller, customer: Uuid, what: &Adjust, reason: &str) -> Result<AdjustmentView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let (mut tx, programme) = self.begin(caller).await?;
        let sheet = Sheet::lock(self.app, &mut tx, agency, customer, self.moment(caller)).await?;
        let (mut wallet, mut points, mut expires_on, mut tier, mut until_on) = (None, None, None, None, None);
        match what {
            Adjust::Wallet(which, by, until) => {
                self.within_limit(&mut tx, caller, &programme, *by).await?;
                (wallet, points, expires_on) = (Some(which.as_str().to_owned()), Some(*by), *until);
            }
            Adjust::Tier(key, until) => (tier, until_on) = (Some(key.clone()), Some(*until)),
        }
        let row = AdjustmentRow {
            id: self.app.entropy.id(self.app.machine.now()),
            customer_id: customer,
            wallet,
            points,
            expires_on,
            tier,
            until_on,
            reason: reason.to_owned(),
            state: "waiting".to_owned(),
            asked_by: caller.actor,
            asked_at: now,
            decided_by: None,
            decided_at: None,
            note: None,
        };
        // what could not be done now is not asked for
        self.carry_out(
            &mut tx,
            &mut sheet.clone(),
            agency,
            &AdjustmentView::try_from(row.clone())?,
            caller,
        )
        .await?;
        store::insert_adjustment(&mut tx, agency, &row).await?;
        let deed = Deed {
            action: "adjustment.ask",
            subject: format!("customer/{customer}"),
            detail: json!({"adjustment": row.id}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        row.try_into()
    }

    /// Passes what somebody of the caller's role may adjust at once.
    async fn within_limit(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        programme: &super::Programme,
        points: i64,
    ) -> Result<()> {
        let Some(person) = staff::person(tx, caller.room.id, caller.actor).await? else {
            return Ok(());
        };
        match programme.adjust_limits.get(&person.role) {
            Some(limit) if points.saturating_abs() > *limit => Err(AppError::conflict(
                "over_your_limit",
                words!(
                    "your role may adjust at most {limit} at once; ask somebody who may do more",
                    "您的角色单次最多调整 {limit}；请联系权限更高的同事"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Does what was asked for.
    async fn carry_out(
        &self,
        tx: &mut Tx,
        sheet: &mut Sheet,
        agency: Uuid,
        asked: &AdjustmentView,
        caller: &Caller,
    ) -> Result<()> {
        if sheet.member.state == MemberState::Closed.as_str() {
            return Err(closed(&sheet.member.member_no));
        }
        let today = self.moment(caller).today;
        match &asked.what {
            Adjust::Wallet(wallet, points, until) => {
                let (wallet, points) = (*wallet, *points);
                let moved = if points > 0 {
                    if !sheet.account.has_room(wallet, points) {
                        return Err(bad(words!(
                            "the account cannot hold {points} more",
                            "账户容纳不下再增加 {points}"
                        )));
                    }
                    let new = New {
                        id: self.app.entropy.id(self.app.clock.now()),
                        wallet,
                        points,
                        active: Activation::Now,
                        expires: until.map_or(Expiry::Never, Expiry::On),
                    };
                    sheet.by_hand(new.id);
                    sheet.account.post(new, today, None)
                } else {
                    sheet.account.take(wallet, -points).map_err(short(-points))?
                };
                let why = Why {
                    kind: "adjusted",
                    about_kind: "adjustment",
                    about: asked.id.to_string(),
                    reason: Some(by_hand(&asked.reason)),
                    actor: Some(caller.actor),
                    ..Why::default()
                };
                sheet.note(self.app, wallet, &moved, why);
                sheet.settle(self.app, &asked.id.to_string());
                if wallet == Wallet::Status {
                    sheet.look_again();
                }
            }
            Adjust::Tier(key, until) => {
                self.must_rise(tx, agency, sheet, key).await?;
                sheet.give_tier(key, *until, by_hand(&asked.reason));
            }
        }
        Ok(())
    }

    /// Passes a tier that the rule in force has, and that is not below the member's.
    async fn must_rise(&self, tx: &mut Tx, agency: Uuid, sheet: &Sheet, key: &str) -> Result<()> {
        let tiers = self.tiers_in_force(tx, agency).await?;
        let level = |key: &str| tiers.iter().position(|(own, _)| own == key);
        let Some(wanted) = level(key) else {
            let shown: String = key.chars().take(100).collect();
            let known: Vec<&str> = tiers.iter().map(|(key, _)| key.as_str()).collect();
            return Err(AppError::invalid(
                "unknown_tier",
                words!(
                    "there is no tier {shown:?}; the rule in force has: {known}",
                    "没有等级 {shown:?}；当前规则的等级有：{known}",
                    known = known.join(", ")
                ),
            ));
        };
        let has = sheet.member.tier.as_deref();
        match has.and_then(level) {
            Some(has) if wanted < has => Err(AppError::conflict(
                "tier_is_lower",
                words!(
                    "the member stands in a higher tier; it is lowered by the rule when its validity ends",
                    "会员现有等级更高，到期后由规则下调"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Agrees to an adjustment, which is carried out at once; what was agreed to before stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `own_adjustment` if the caller asked for it; `adjustment_decided`; `over_your_limit`; whatever
    /// [`Loyalty::adjust`] says of what has become impossible since.
    pub async fn approve(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<AdjustmentView> {
        let note = long(&words!("note", "备注"), note)?;
        self.must_see_adjustment(caller, id).await?;
        retrying!(self.try_decide(caller, id, "approved", note.as_deref()))
    }

    /// Says no to an adjustment.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `adjustment_decided`.
    pub async fn reject(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<AdjustmentView> {
        let note = long(&words!("note", "备注"), note)?;
        self.must_see_adjustment(caller, id).await?;
        retrying!(self.try_decide(caller, id, "rejected", note.as_deref()))
    }

    async fn must_see_adjustment(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::adjustment(&mut tx, caller.room.id, id).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("adjustment"))?;
        self.must_see(caller, row.customer_id).await?;
        caller.must_see_money()
    }

    async fn try_decide(&self, caller: &Caller, id: Uuid, state: &str, note: Option<&str>) -> Result<AdjustmentView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let (mut tx, programme) = self.begin(caller).await?;
        let row = store::adjustment(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("adjustment"))?;
        if row.state == state {
            return row.try_into();
        }
        if row.state != "waiting" {
            return Err(AppError::conflict(
                "adjustment_decided",
                words!(
                    "the adjustment is {state} already",
                    "调整单的状态已是 {state}",
                    state = row.state
                ),
            ));
        }
        let mut sheets = Vec::new();
        let row = AdjustmentRow {
            state: state.to_owned(),
            decided_by: Some(caller.actor),
            decided_at: Some(now),
            note: note.map(str::to_owned),
            ..row
        };
        if state == "approved" {
            if is_same_person(&mut tx, caller, row.asked_by).await? {
                return Err(AppError::conflict(
                    "own_adjustment",
                    words!(
                        "an adjustment is approved by another person than the one who asked for it",
                        "调整须由申请人以外的人批准"
                    ),
                ));
            }
            if let Some(points) = row.points {
                self.within_limit(&mut tx, caller, &programme, points).await?;
            }
            let mut sheet = Sheet::lock(self.app, &mut tx, agency, row.customer_id, self.moment(caller)).await?;
            let asked = AdjustmentView::try_from(row.clone())?;
            // days that were to come when it was asked for may be over
            asked.what.check(self.moment(caller).today)?;
            self.carry_out(&mut tx, &mut sheet, agency, &asked, caller).await?;
            sheets.push(sheet);
        }
        if !store::decide_adjustment(&mut tx, agency, &row).await? {
            return Err(AppError::NotFound("adjustment"));
        }
        let deed = Deed {
            action: if state == "approved" {
                "adjustment.approve"
            } else {
                "adjustment.reject"
            },
            subject: format!("customer/{}", row.customer_id),
            detail: json!({"adjustment": id}),
        };
        self.finish(tx, caller, sheets, deed, Vec::new()).await?;
        row.try_into()
    }

    /// Adjustments, the latest first: of a state, of a member, or all.
    ///
    /// # Errors
    /// `data_masked`; [`AppError::NotFound`] for a customer whom the caller does not see.
    pub async fn adjustments(
        &self,
        caller: &Caller,
        (state, customer): (Option<&str>, Option<Uuid>),
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<AdjustmentView>, Option<String>)> {
        self.must_see_list(caller, customer).await?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = store::adjustments(&mut tx, agency, (state, customer), before, limit as i64 + 1).await?;
        let next = super::counter::next(&mut rows, limit, |row| row.id);
        Ok((
            rows.into_iter().map(AdjustmentView::try_from).collect::<Result<_>>()?,
            next,
        ))
    }
}
