//! The steps of a case's life, each by somebody who may take it: what changes, which clocks stop or begin, and whether the rule is asked again.

use super::file::{CaseFile, Note, Who, bad, write};
use super::house::House;
use super::open::{found_by, phase, word};
use super::routing::least_loaded;
use super::{CaseView, Promised};
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::{long, needed};
use crate::{Complaints, Room};
use posthouse_domain::complaints::{
    Cause, ClockKind, Kept, Kind, Liability, Remedy, SEVERITIES, Step, Trigger, check_compensation,
};
use posthouse_domain::{Instant, words};
use posthouse_store::complaints::{self as store, CompensationRow};
use posthouse_store::intake::{self, BookingRow};
use posthouse_store::{Access, StoreError};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Whom the agency waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// The customer.
    Customer,
    /// Whoever it buys from.
    Supplier,
}

/// What a case is about, where that becomes known. What is none stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Whose it is.
    pub customer: Option<Uuid>,
    /// The booking.
    pub booking: Option<String>,
    /// Whose service.
    pub supplier: Option<String>,
    /// Who guided the trip.
    pub guide: Option<String>,
    /// What it is about.
    pub cause: Option<Cause>,
    /// The agency's own word below that.
    pub cause_detail: Option<String>,
    /// Who is answerable.
    pub liability: Option<Liability>,
}

/// What becomes of a case that is resolved or closed. What is none stays as it was said before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Why it happened.
    pub root_cause: Option<String>,
    /// What was done so that it does not happen again.
    pub rectification: Option<String>,
    /// What was made of a suggestion; its author is told.
    pub assessment: Option<String>,
    /// What the customer is told.
    pub text: Option<String>,
}

/// Something that is done with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// It goes to a desk, a person, or both.
    Assign(Option<String>, Option<Uuid>, Option<String>),
    /// Something is written down that the customer does not see.
    Note(String),
    /// The customer is told something.
    Reply(String),
    /// The agency waits.
    Wait(WaitFor, Option<String>),
    /// The customer, or a supplier, has said something.
    Answer(String),
    /// The customer is offered something, with what the agency promises.
    Propose(String, Vec<Promised>),
    /// The customer takes it.
    Accept(Option<String>),
    /// What was to be done is done.
    Resolve(Outcome),
    /// Nobody has anything more to do.
    Close(Outcome),
    /// It is taken up again.
    Reopen(String),
    /// It is taken back.
    Withdraw(Option<String>),
    /// It is more or less grave.
    Severity(i32, Option<String>),
    /// It becomes known what it is about.
    Link(Links),
    /// The customer says how it went, from 1 to 5.
    Rate(i32, Option<String>),
}

impl Deed {
    /// The step it is.
    pub fn step(&self) -> Step {
        match self {
            Self::Assign(..) => Step::Assign,
            Self::Note(_) => Step::Note,
            Self::Reply(_) => Step::Reply,
            Self::Wait(WaitFor::Customer, _) => Step::WaitCustomer,
            Self::Wait(WaitFor::Supplier, _) => Step::WaitSupplier,
            Self::Answer(_) => Step::Answer,
            Self::Propose(..) => Step::Propose,
            Self::Accept(_) => Step::Accept,
            Self::Resolve(_) => Step::Resolve,
            Self::Close(_) => Step::Close,
            Self::Reopen(_) => Step::Reopen,
            Self::Withdraw(_) => Step::Withdraw,
            Self::Severity(..) => Step::Severity,
            Self::Link(_) => Step::Link,
            Self::Rate(..) => Step::Rate,
        }
    }
}

/// What a deed has to be known for.
#[derive(Debug, Default)]
struct Looked {
    booking: Option<BookingRow>,
}

impl Complaints<'_> {
    /// Does something with a case; how it stands then. Done twice it is done twice, unless the request has a key.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state` with what can be done instead; `version_changed` if `expected` is not its version; `bad_complaint`, `note_missing`,
    /// `bad_note`, `unknown_desk`, `unknown_assignee`, `outcome_missing`, `compensations_waiting`; `booking_of_another_customer`.
    pub async fn act(&self, caller: &Caller, id: &str, deed: &Deed, expected: Option<i64>) -> Result<CaseView> {
        if matches!(deed, Deed::Propose(_, promised) if !promised.is_empty()) {
            caller.must_see_money()?;
        }
        let row = self.must_see_case(caller, id).await?;
        if let Deed::Link(Links {
            customer: Some(customer),
            ..
        }) = deed
        {
            self.must_see_customer(caller, *customer).await?;
        }
        self.act_by(&caller.room, Who::Staff(caller), row.id, deed, expected)
            .await?;
        self.case(caller, &row.id.to_string()).await
    }

    /// The same of whoever does it.
    pub(super) async fn act_by(
        &self,
        room: &Arc<Room>,
        who: Who<'_>,
        id: Uuid,
        deed: &Deed,
        expected: Option<i64>,
    ) -> Result<()> {
        retrying!(self.try_act(room, who, id, deed, expected))?;
        Ok(())
    }

    async fn try_act(
        &self,
        room: &Arc<Room>,
        who: Who<'_>,
        id: Uuid,
        deed: &Deed,
        expected: Option<i64>,
    ) -> Result<()> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::case(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("complaint"))?;
        if let Some(expected) = expected.filter(|expected| *expected != row.version) {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the case is at version {version}, not {expected}; look at it again before changing it",
                    "案件当前为版本 {version}，不是 {expected}；请重新读取后再操作",
                    version = row.version
                ),
            ));
        }
        let house = House::read(&mut tx, agency, &room.terms).await?;
        let booking = match deed {
            Deed::Link(Links { booking: Some(id), .. }) => intake::bookings(&mut tx, agency, &[id.trim()]).await?.pop(),
            _ => None,
        };
        let waiting = match deed {
            Deed::Close(_) => store::compensations(&mut tx, agency, id).await?,
            _ => Vec::new(),
        };
        drop(tx);
        // words cost nothing, and wait for nobody
        let counts = |row: &CompensationRow| row.state == "waiting" && row.remedy != Remedy::Apology.as_str();
        if waiting.iter().any(counts) {
            return Err(AppError::conflict(
                "compensations_waiting",
                words!(
                    "somebody has still to say yes or no to a compensation; decide on it before the case is closed",
                    "还有补偿待审批；请先处理再结案"
                ),
            ));
        }
        let mut file = CaseFile::open(row)?;
        file.happen(moment.now, &house);
        let looked = Looked { booking };
        let trigger = self.done(&mut file, who, deed, &house, &looked, (moment.now, moment.today))?;
        let heard = match trigger {
            Some(trigger) => Some(self.ask(room, &house, &file, (trigger, None), moment).await?),
            None => None,
        };
        let mut tx = self.begin(room, who).await?;
        let present = store::case(&mut tx, agency, id).await?;
        if present.map(|row| row.version) != file.read_at {
            // somebody else has done something with it meanwhile
            return Err(StoreError::Overtaken.into());
        }
        if let Some(heard) = &heard {
            self.route(&mut tx, agency, &mut file, heard, &house, moment).await?;
        }
        if matches!(deed, Deed::Assign(..)) && file.row.person_id.is_none() {
            // who has least to do is known here alone, where nobody else gives anything to anybody
            let person = least_loaded(&mut tx, agency, &house, &file.row.desk).await?;
            (file.row.person_id, file.row.assigned_at) = (person, person.map(|_| moment.now));
        }
        let promised = std::mem::take(&mut file.compensations);
        for row in promised {
            let row = self
                .settle_within_limit(&mut tx, room, who, &mut file, row, &house, moment)
                .await?;
            file.compensations.push(super::compensations::without_code(row));
        }
        let mut files = vec![file];
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        let decision = heard.and_then(|heard| heard.decision);
        let step = deed.step().as_str();
        self.finish(tx, room, who, files, decision, (step, json!({})), moment)
            .await?;
        if matches!(deed, Deed::Link(_)) {
            self.look_for_crises(room, &house, id).await;
        }
        Ok(())
    }

    /// Does it to the file; why the rule is asked again, if it is.
    fn done(
        &self,
        file: &mut CaseFile,
        who: Who<'_>,
        deed: &Deed,
        house: &House,
        looked: &Looked,
        (now, today): (Instant, i32),
    ) -> Result<Option<Trigger>> {
        let from = file.state();
        let step = deed.step();
        file.step(step, now, house)?;
        let (mut text, mut data, mut is_public, mut trigger) = (None, Value::Null, false, None);
        let hours = house.hours(&file.row.desk.clone());
        let words_of = |said: &str| needed(&words!("text", "内容"), Some(said));
        let maybe = |said: &Option<String>| long(&words!("text", "内容"), said.as_deref());
        match deed {
            Deed::Assign(desk, person, said) => {
                text = maybe(said)?;
                data = json!({"from": file.row.desk, "desk": desk, "person": person});
                self.assigned(file, desk.as_deref(), *person, house, now)?;
            }
            Deed::Note(said) => text = Some(words_of(said)?),
            Deed::Reply(said) => {
                (text, is_public) = (Some(words_of(said)?), true);
                file.answered(now, house);
            }
            Deed::Wait(_, said) => (text, is_public) = (maybe(said)?, false),
            Deed::Answer(said) => {
                (text, is_public, trigger) = (Some(words_of(said)?), true, Some(Trigger::Answered));
            }
            Deed::Propose(said, promised) => {
                (text, is_public) = (Some(words_of(said)?), true);
                file.answered(now, house);
                file.clocks.meet(&[ClockKind::StatutoryReply], now, hours);
                for one in promised {
                    file.compensations.push(self.promised(file, who, one, now)?);
                }
            }
            Deed::Accept(said) => {
                (text, is_public) = (maybe(said)?, true);
                self.resolved(file, house, now, today);
            }
            Deed::Resolve(outcome) | Deed::Close(outcome) => {
                take_outcome(file, outcome)?;
                is_public = outcome.text.is_some() || outcome.assessment.is_some();
                text = long(
                    &words!("text", "内容"),
                    outcome.text.as_deref().or(outcome.assessment.as_deref()),
                )?;
                data = json!({"root_cause": file.row.root_cause, "rectification": file.row.rectification});
                if step == Step::Close {
                    may_close(file)?;
                    file.row.closed_at = Some(now);
                } else {
                    if is_public {
                        file.row.first_response_at.get_or_insert(now);
                    }
                    self.resolved(file, house, now, today);
                }
            }
            Deed::Reopen(said) => {
                text = Some(words_of(said)?);
                is_public = matches!(who, Who::Customer);
                file.row.reopened += 1;
                (file.row.resolved_at, file.row.closed_at) = (None, None);
                (file.row.person_id, file.row.assigned_at) = (None, None);
                file.kept = Kept::default();
                file.clocks.restart(&ClockKind::OF_RULES, now);
                file.tell("case.reopened", now, json!({}));
                trigger = Some(Trigger::Reopened);
            }
            Deed::Withdraw(said) => {
                (text, is_public) = (maybe(said)?, matches!(who, Who::Customer));
                file.stop(now, house);
            }
            Deed::Severity(severity, said) => {
                if !SEVERITIES.contains(severity) {
                    return Err(bad(words!("severity is 1 to 4", "severity 应为 1 到 4")));
                }
                text = maybe(said)?;
                data = json!({"from": file.row.severity, "severity": severity});
                let own = house.terms.targets_of(*severity);
                let targets = ClockKind::OF_RULES.map(|clock| posthouse_domain::complaints::TargetSet {
                    clock,
                    minutes: own.of(clock),
                });
                file.clocks.change(now, hours, &targets);
                (file.row.severity, file.row.severity_by_person) = (*severity, true);
                trigger = Some(Trigger::SeverityChanged);
            }
            Deed::Link(links) => {
                let before = file.row.cause.clone();
                data = linked(file, links, looked, today)?;
                let is_news = file.row.cause != before && file.row.is_open;
                trigger = is_news.then_some(Trigger::CauseChanged);
            }
            Deed::Rate(rating, said) => {
                if !(1..=5).contains(rating) {
                    return Err(bad(words!("rating is 1 to 5", "rating 应为 1 到 5")));
                }
                (text, is_public) = (maybe(said)?, true);
                data = json!({"rating": rating});
                (file.row.rating, file.row.rating_text) = (Some(*rating), text.clone());
                if *rating <= 2 {
                    file.is_bad(today);
                }
            }
        }
        let note = Note {
            kind: step.as_str(),
            text,
            data,
            is_public,
            ..Note::default()
        };
        file.note(who, now, from, note);
        Ok(trigger)
    }

    /// A person has said where it goes: rules begin anew.
    fn assigned(
        &self,
        file: &mut CaseFile,
        desk: Option<&str>,
        person: Option<Uuid>,
        house: &House,
        now: Instant,
    ) -> Result<()> {
        if desk.is_none() && person.is_none() {
            return Err(bad(words!(
                "say to which desk or person it goes",
                "请指明处理组或处理人"
            )));
        }
        if let Some(key) = desk {
            if house.desk(key).is_none() {
                let known: Vec<&str> = house.desks.iter().map(|desk| desk.key.as_str()).collect();
                let shown: String = key.chars().take(60).collect();
                return Err(AppError::invalid(
                    "unknown_desk",
                    words!(
                        "there is no desk {shown:?}; there are {known}",
                        "没有处理组 {shown:?}；现有 {known}",
                        known = known.join(", ")
                    ),
                ));
            }
            if key != file.row.desk {
                // what was counted by the hours of the one before stays
                file.clocks.change(now, house.hours(&file.row.desk.clone()), &[]);
                file.row.desk = key.to_owned();
                file.row.hops += 1;
                (file.row.person_id, file.row.assigned_at) = (None, None);
            }
        }
        if let Some(person) = person {
            let colleague = house
                .people
                .get(&person)
                .filter(|colleague| colleague.is_active && colleague.sees_all);
            if colleague.is_none() {
                return Err(AppError::invalid(
                    "unknown_assignee",
                    words!(
                        "{person} is nobody of the staff who can sign in and sees every customer",
                        "{person} 不是可登录且能查看全部客户的员工"
                    ),
                ));
            }
            (file.row.person_id, file.row.assigned_at) = (Some(person), Some(now));
        }
        file.kept = Kept {
            playbook: file.kept.playbook.take(),
            ..Kept::default()
        };
        Ok(())
    }

    /// What was to be done is done.
    fn resolved(&self, file: &mut CaseFile, house: &House, now: Instant, today: i32) {
        file.stop(now, house);
        file.row.resolved_at = Some(now);
        if file.row.breached || file.row.reopened > 0 {
            file.is_bad(today);
        }
        file.tell("case.resolved", now, json!({}));
    }

    /// Something that somebody promises.
    fn promised(&self, file: &CaseFile, who: Who<'_>, one: &Promised, now: Instant) -> Result<CompensationRow> {
        check_compensation(&one.what).map_err(|problem| bad(words!("amount {problem}", "amount {problem}")))?;
        Ok(CompensationRow {
            id: self.app.entropy.id(self.app.machine.now()),
            complaint_id: file.row.id,
            remedy: one.what.remedy.as_str().to_owned(),
            amount: one.what.amount,
            reason: long(&words!("reason", "原因"), one.reason.as_deref())?,
            state: "waiting".to_owned(),
            campaign_id: one.coupon.map(|(campaign, _)| campaign),
            batch_id: one.coupon.map(|(_, batch)| batch),
            proposed_by: who.actor(),
            decision_id: None,
            proposed_at: now,
            decided_by: None,
            decided_at: None,
            note: None,
            outcome: "{}".to_owned(),
            cost: 0,
        })
    }
}

fn take_outcome(file: &mut CaseFile, outcome: &Outcome) -> Result<()> {
    let taken = |what, said: &Option<String>| long(&what, said.as_deref());
    if let Some(text) = taken(words!("root cause", "根本原因"), &outcome.root_cause)? {
        file.row.root_cause = Some(text);
    }
    if let Some(text) = taken(words!("rectification", "整改措施"), &outcome.rectification)? {
        file.row.rectification = Some(text);
    }
    if let Some(text) = taken(words!("assessment", "评估意见"), &outcome.assessment)? {
        file.row.assessment = Some(text);
    }
    Ok(())
}

/// Passes what can be closed: a complaint that the agency is answerable for says why it happened and what was done about that, and the author of a
/// suggestion was told what was made of it.
fn may_close(file: &CaseFile) -> Result<()> {
    let row = &file.row;
    let of_agency = file.kind() == Kind::Complaint && row.liability.as_deref() == Some(Liability::Agency.as_str());
    let missing = match file.kind() {
        _ if of_agency && row.root_cause.is_none() => words!("its root cause (root_cause)", "根本原因（root_cause）"),
        _ if of_agency && row.rectification.is_none() => {
            words!("what was done about it (rectification)", "整改措施（rectification）")
        }
        Kind::Suggestion if row.assessment.is_none() => {
            words!(
                "what was made of the suggestion (assessment)",
                "对建议的评估意见（assessment）"
            )
        }
        _ => return Ok(()),
    };
    Err(AppError::conflict(
        "outcome_missing",
        words!(
            "the case is closed once {missing} is written down",
            "结案前请填写{missing}"
        ),
    ))
}

/// Takes over what becomes known; what that was.
fn linked(file: &mut CaseFile, links: &Links, looked: &Looked, today: i32) -> Result<Value> {
    let mut fields: Vec<&str> = Vec::new();
    let row = &mut file.row;
    let mut customer = links.customer;
    if let Some(id) = word(&words!("booking number", "订单号"), links.booking.as_deref())? {
        if let Some(booking) = &looked.booking {
            let owner = customer.or(row.customer_id);
            if owner.is_some_and(|owner| owner != booking.customer_id) {
                return Err(AppError::conflict(
                    "booking_of_another_customer",
                    words!("booking {id} is another customer's", "订单 {id} 属于其他客户"),
                ));
            }
            customer = Some(booking.customer_id);
            row.product.clone_from(&booking.booking.details.product);
            row.departs_on = booking.booking.details.departs_on;
            row.phase = phase(Some(booking), today).as_str().to_owned();
        }
        row.booking_id = Some(id);
        fields.push("booking");
    }
    if let Some(customer) = customer.filter(|customer| row.customer_id != Some(*customer)) {
        if row.customer_id.is_some() {
            // whose it was said to be counts it no more: their facts are folded when theirs change next
            return Err(AppError::conflict(
                "customer_is_known",
                words!(
                    "the case is another customer's already; open a new one for this customer",
                    "案件已属于另一位客户；请为该客户另立案件"
                ),
            ));
        }
        row.customer_id = Some(customer);
        file.moves_facts = true;
        fields.push("customer");
    }
    let row = &mut file.row;
    for (field, what, new, old) in [
        (
            "supplier",
            words!("supplier", "供应商"),
            &links.supplier,
            &mut row.supplier,
        ),
        ("guide", words!("guide", "导游"), &links.guide, &mut row.guide),
        (
            "cause_detail",
            words!("detail of the cause", "细分原因"),
            &links.cause_detail,
            &mut row.cause_detail,
        ),
    ] {
        if let Some(new) = word(&what, new.as_deref())? {
            *old = Some(new);
            fields.push(field);
        }
    }
    if let Some(cause) = links.cause {
        row.cause = Some(cause.as_str().to_owned());
        fields.push("cause");
    }
    if let Some(liability) = links.liability {
        row.liability = Some(liability.as_str().to_owned());
        fields.push("liability");
    }
    if fields.is_empty() {
        return Err(bad(words!(
            "say what becomes known: customer, booking, supplier, guide, cause or liability",
            "请填写要补充的内容：客户、订单、供应商、导游、原因或责任方"
        )));
    }
    row.alike = super::alike(row);
    row.search = found_by(row);
    Ok(json!({"fields": fields, "cause": row.cause, "liability": row.liability}))
}
