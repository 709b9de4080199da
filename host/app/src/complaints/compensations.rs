//! What puts a case right: promised by a rule or a person, agreed to by another one above the limit of their role, and booked once.

use super::COMPLAINT;
use super::file::{CaseFile, Note, Who, bad, write};
use super::house::House;
use crate::error::{AppError, Result, retrying};
use crate::rules::Moment;
use crate::team::{Caller, Scope, is_same_person};
use crate::texts::long;
use crate::{Complaints, Room};
use posthouse_domain::complaints::{Compensation, Limit, Remedy, State, check_compensation};
use posthouse_domain::{Instant, Rejection, words};
use posthouse_store::complaints::{self as store, CompensationRow};
use posthouse_store::work::Subject;
use posthouse_store::{Access, StoreError, Tx};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// The kinds of tasks that carry a promise out.
pub(super) const REFUND: &str = "refund";
pub(super) const GIFT: &str = "gift";

/// What somebody promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promised {
    /// What, and how much.
    pub what: Compensation,
    /// Why.
    pub reason: Option<String>,
    /// The campaign and the batch of a coupon.
    pub coupon: Option<(Uuid, Uuid)>,
}

/// What was promised, and what became of it.
#[derive(Debug, Clone)]
pub struct CompensationView {
    /// Id.
    pub id: Uuid,
    /// The case.
    pub case: Uuid,
    /// What, and how much.
    pub what: Compensation,
    /// Why.
    pub reason: Option<String>,
    /// `waiting`, `approved` or `rejected`.
    pub state: String,
    /// Who promised it; none if a rule proposes it.
    pub proposed_by: Option<Uuid>,
    /// The rule's decision.
    pub decision: Option<Uuid>,
    /// When, in ms since 1970.
    pub proposed_at: Instant,
    /// Who said yes or no.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<Instant>,
    /// What they said.
    pub note: Option<String>,
    /// The task of whoever carries it out.
    pub task: Option<Uuid>,
    /// The code of a coupon, told this once.
    pub code: Option<String>,
    /// What it has cost, in minor units.
    pub cost: i64,
}

impl TryFrom<CompensationRow> for CompensationView {
    type Error = AppError;

    fn try_from(row: CompensationRow) -> Result<Self> {
        let remedy = Remedy::parse(&row.remedy);
        let remedy = remedy.ok_or_else(|| AppError::Internal(format!("the remedy {:?}", row.remedy)))?;
        let outcome: Value = serde_json::from_str(&row.outcome).map_err(AppError::corrupt("outcome"))?;
        Ok(Self {
            id: row.id,
            case: row.complaint_id,
            what: Compensation {
                remedy,
                amount: row.amount,
            },
            reason: row.reason,
            state: row.state,
            proposed_by: row.proposed_by,
            decision: row.decision_id,
            proposed_at: row.proposed_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            note: row.note,
            task: outcome["task"].as_str().and_then(|id| id.parse().ok()),
            code: None,
            cost: row.cost,
        })
    }
}

/// Whether somebody of this role promises it by themselves. A key that may do everything has the owner's limit, and any other key none.
fn is_within(house: &House, caller: &Caller, what: Compensation) -> bool {
    let role = match house.people.get(&caller.actor) {
        Some(colleague) => Some(colleague.role.as_str()),
        None if caller.scopes.contains(&Scope::Owner) => Some("owner"),
        None => None,
    };
    let limit = role.and_then(|role| house.terms.limits.get(role)).copied();
    let Limit { money, points } = limit.unwrap_or(Limit { money: 0, points: 0 });
    match what.remedy {
        Remedy::Apology => true,
        Remedy::Points => what.amount <= points,
        _ => what.amount <= money,
    }
}

impl Complaints<'_> {
    /// Promises something for a case. Within the limit of the caller's role it is carried out at once, above it waits for another person. Promised twice
    /// it is promised twice, unless the request has a key.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_complaint`, `bad_note`; `data_masked`; `customer_missing`, `coupon_missing`, `not_a_member`, `member_closed`,
    /// `over_the_account`, `campaign_over`, `campaign_takes_no_coupons`, `batch_revoked`; `wrong_state` of a case that was withdrawn.
    pub async fn promise(&self, caller: &Caller, case: &str, promised: &Promised) -> Result<CompensationView> {
        caller.must_see_money()?;
        let row = self.must_see_case(caller, case).await?;
        check_compensation(&promised.what).map_err(|problem| bad(words!("amount {problem}", "amount {problem}")))?;
        retrying!(self.try_promise(caller, row.id, promised))
    }

    async fn try_promise(&self, caller: &Caller, case: Uuid, promised: &Promised) -> Result<CompensationView> {
        let (room, who) = (&caller.room, Who::Staff(caller));
        let moment = self.app.segments().moment(room);
        let house = self.app.house(room).await?;
        let mut tx = self.begin(room, who).await?;
        let row = store::case(&mut tx, room.id, case)
            .await?
            .ok_or(AppError::NotFound("complaint"))?;
        let mut file = CaseFile::open(row)?;
        not_withdrawn(&file)?;
        file.happen(moment.now, &house);
        let new = CompensationRow {
            id: self.app.entropy.id(self.app.machine.now()),
            complaint_id: case,
            remedy: promised.what.remedy.as_str().to_owned(),
            amount: promised.what.amount,
            reason: long(&words!("reason", "原因"), promised.reason.as_deref())?,
            state: "waiting".to_owned(),
            campaign_id: promised.coupon.map(|(campaign, _)| campaign),
            batch_id: promised.coupon.map(|(_, batch)| batch),
            proposed_by: Some(caller.actor),
            decision_id: None,
            proposed_at: moment.now,
            decided_by: None,
            decided_at: None,
            note: None,
            outcome: "{}".to_owned(),
            cost: 0,
        };
        let new = self
            .settle_within_limit(&mut tx, room, who, &mut file, new, &house, moment)
            .await?;
        let code = taken_code(&new);
        let kept = without_code(new);
        file.compensations.push(kept.clone());
        let mut files = vec![file];
        write(&mut tx, room.id, &mut files, moment.now, &house).await?;
        let detail = json!({"compensation": kept.id, "remedy": kept.remedy, "state": kept.state});
        self.finish(tx, room, who, files, None, ("compensate", detail), moment)
            .await?;
        Ok(CompensationView {
            code,
            ..kept.try_into()?
        })
    }

    /// Carries a promise out if whoever makes it may do so alone, and writes on the case what was promised. Nothing of what is not stored yet is stored.
    #[expect(clippy::too_many_arguments, reason = "one place where promises are carried out")]
    pub(super) async fn settle_within_limit(
        &self,
        tx: &mut Tx,
        room: &Arc<Room>,
        who: Who<'_>,
        file: &mut CaseFile,
        row: CompensationRow,
        house: &House,
        moment: Moment,
    ) -> Result<CompensationRow> {
        let what = CompensationView::try_from(row.clone())?.what;
        let (Who::Staff(caller), false) = (who, row.proposed_by.is_none()) else {
            return Ok(row);
        };
        let row = match is_within(house, caller, what) {
            true => {
                let decided = CompensationRow {
                    state: "approved".to_owned(),
                    decided_by: Some(caller.actor),
                    decided_at: Some(moment.now),
                    ..row
                };
                self.carry_out(tx, room, caller, file, decided, moment).await?
            }
            false => row,
        };
        self.written_on(file, who, &row, moment.now);
        Ok(row)
    }

    fn written_on(&self, file: &mut CaseFile, who: Who<'_>, row: &CompensationRow, now: Instant) {
        let data = json!({"compensation": row.id, "remedy": row.remedy, "amount": row.amount, "state": row.state, "cost": row.cost});
        let note = Note {
            kind: "compensation",
            text: row.note.clone().or(row.reason.clone()),
            data,
            ..Note::default()
        };
        file.note(who, now, file.state(), note);
    }

    /// Does what was promised: points are booked, a coupon is made, and what somebody has to do is a task.
    async fn carry_out(
        &self,
        tx: &mut Tx,
        room: &Arc<Room>,
        caller: &Caller,
        file: &mut CaseFile,
        row: CompensationRow,
        moment: Moment,
    ) -> Result<CompensationRow> {
        let (agency, view) = (room.id, CompensationView::try_from(row.clone())?);
        let customer = || {
            file.row.customer_id.ok_or_else(|| {
                AppError::conflict(
                    "customer_missing",
                    words!(
                        "nobody knows whose case this is; link it with a customer first",
                        "案件尚未关联客户；请先关联客户"
                    ),
                )
            })
        };
        let (cost, outcome) = match view.what.remedy {
            Remedy::Apology => (0, json!({})),
            Remedy::Points => {
                let why = row.reason.clone().unwrap_or_else(|| file.row.number.clone());
                let whose = (customer()?, row.amount);
                let (worth, told) = self
                    .app
                    .loyalty()
                    .compensate(
                        tx,
                        (agency, caller.actor),
                        moment,
                        whose,
                        ("compensation", row.id, &why),
                    )
                    .await?;
                file.told.extend(told);
                (worth, json!({}))
            }
            Remedy::Discount => {
                let (Some(campaign), Some(batch)) = (row.campaign_id, row.batch_id) else {
                    return Err(AppError::invalid(
                        "coupon_missing",
                        words!(
                            "a discount is a coupon: name the campaign and the batch it is of",
                            "折扣以优惠券发放：请指明活动和券批次"
                        ),
                    ));
                };
                let coupons = self.app.coupons();
                let (code, _) = coupons.issue(tx, agency, (campaign, batch), customer()?).await?;
                (row.amount, json!({"code": code}))
            }
            Remedy::Refund | Remedy::Gift => {
                let kind = if view.what.remedy == Remedy::Refund {
                    REFUND
                } else {
                    GIFT
                };
                let subject = Subject {
                    kind: COMPLAINT,
                    id: file.row.id,
                };
                // how much stands with the case, for those who see money
                let title = match view.what.remedy {
                    Remedy::Refund => format!("退款 / refund · {}", file.row.number),
                    _ => format!("礼品 / gift · {}", file.row.number),
                };
                let task = self.app.tasks().write_down(tx, caller, subject, kind, &title).await?;
                (row.amount, json!({"task": task}))
            }
        };
        file.row.cost = file.row.cost.saturating_add(cost);
        Ok(CompensationRow {
            cost,
            outcome: outcome.to_string(),
            ..row
        })
    }

    /// Agrees to what was promised or proposed, which is carried out at once; what was agreed to before stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `compensation_decided`; `own_compensation` above the limit of the caller's role; the scope `approvals` is needed above it;
    /// whatever [`Complaints::promise`] says of what cannot be carried out.
    pub async fn approve(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<CompensationView> {
        self.decide(caller, id, "approved", note).await
    }

    /// Says no to it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `compensation_decided`.
    pub async fn reject(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<CompensationView> {
        self.decide(caller, id, "rejected", note).await
    }

    async fn decide(&self, caller: &Caller, id: Uuid, state: &str, note: Option<&str>) -> Result<CompensationView> {
        caller.must_see_money()?;
        let note = long(&words!("note", "备注"), note)?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::compensation(&mut tx, caller.room.id, id).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("compensation"))?;
        let seen = self.must_see_case(caller, &row.complaint_id.to_string()).await;
        seen.map_err(|_| AppError::NotFound("compensation"))?;
        retrying!(self.try_decide(caller, id, state, note.as_deref()))
    }

    async fn try_decide(&self, caller: &Caller, id: Uuid, state: &str, note: Option<&str>) -> Result<CompensationView> {
        let (room, who) = (&caller.room, Who::Staff(caller));
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let house = self.app.house(room).await?;
        let mut tx = self.begin(room, who).await?;
        let row = store::compensation(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("compensation"))?;
        if row.state == state {
            tx.commit().await?;
            return without_code(row).try_into();
        }
        if row.state != "waiting" {
            return Err(AppError::conflict(
                "compensation_decided",
                words!(
                    "the compensation is {state} already",
                    "补偿的状态已是 {state}",
                    state = row.state
                ),
            ));
        }
        let case = store::case(&mut tx, agency, row.complaint_id).await?;
        let mut file = CaseFile::open(case.ok_or(AppError::NotFound("complaint"))?)?;
        file.happen(moment.now, &house);
        let what = CompensationView::try_from(row.clone())?.what;
        let is_alone = is_within(&house, caller, what);
        let mut row = CompensationRow {
            state: state.to_owned(),
            decided_by: Some(caller.actor),
            decided_at: Some(moment.now),
            note: note.map(str::to_owned),
            ..row
        };
        if state == "approved" {
            not_withdrawn(&file)?;
            if !is_alone {
                caller.may(Scope::Approvals)?;
                if let Some(by) = row.proposed_by
                    && is_same_person(&mut tx, caller, by).await?
                {
                    return Err(AppError::Conflict(Rejection::new(
                        "own_compensation",
                        words!(
                            "this is above your limit: another person than the one who promised it agrees",
                            "超出您的限额：须由承诺人以外的人批准"
                        ),
                    )));
                }
            }
            row = self.carry_out(&mut tx, room, caller, &mut file, row, moment).await?;
        }
        let code = taken_code(&row);
        let row = without_code(row);
        if !store::decide_compensation(&mut tx, agency, &row).await? {
            return Err(StoreError::Overtaken.into());
        }
        self.written_on(&mut file, who, &row, moment.now);
        let mut files = vec![file];
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        let deed = if state == "approved" {
            "approve-compensation"
        } else {
            "reject-compensation"
        };
        let detail = json!({"compensation": id, "remedy": row.remedy});
        self.finish(tx, room, who, files, None, (deed, detail), moment).await?;
        Ok(CompensationView {
            code,
            ..row.try_into()?
        })
    }

    /// What was promised for a case.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub async fn compensations(&self, caller: &Caller, case: &str) -> Result<Vec<CompensationView>> {
        caller.must_see_money()?;
        let row = self.must_see_case(caller, case).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = store::compensations(&mut tx, caller.room.id, row.id).await?;
        rows.into_iter().map(CompensationView::try_from).collect()
    }
}

/// Nothing is promised for what was taken back, and nothing carried out.
fn not_withdrawn(file: &CaseFile) -> Result<()> {
    match file.state() {
        State::Withdrawn => Err(AppError::conflict(
            "wrong_state",
            words!("the case was withdrawn; reopen it first", "案件已撤回；请先重新打开"),
        )),
        _ => Ok(()),
    }
}

/// The code of a coupon, which is told once and kept nowhere.
fn taken_code(row: &CompensationRow) -> Option<String> {
    let outcome: Value = serde_json::from_str(&row.outcome).ok()?;
    outcome["code"].as_str().map(str::to_owned)
}

pub(super) fn without_code(row: CompensationRow) -> CompensationRow {
    match taken_code(&row) {
        Some(_) => CompensationRow {
            outcome: "{}".to_owned(),
            ..row
        },
        None => row,
    }
}
