//! Asking the rule where a case goes, outside of any transaction; and what becomes of the case by its word, or without it.

use super::file::{CaseFile, Note, Who};
use super::house::{DEFAULT_DESK, House};
use super::point::{ComplaintRouting as Point, Request};
use super::{COMPLAINT, COMPLAINT_ROUTING, MAIN};
use crate::error::Result;
use crate::facts::known::{Known, project};
use crate::rules::log::{Call, DECISION};
use crate::rules::point::{About, Rule, RuleName, Subject, decide};
use crate::rules::words::reason;
use crate::rules::{Moment, Reason, at_once};
use crate::{Complaints, Room};
use posthouse_domain::catalogue::{CASE_TEXT, FactKind};
use posthouse_domain::complaints::{
    Booked, Case, ClockKind, Desk, Escalation, Liability, Objection, Person, Phase, State, Step, TargetSet, Trigger,
    place,
};
use posthouse_domain::{Words, words};
use posthouse_engine::{CaseAsked, Description, Routed, Value as Fact};
use posthouse_store::complaints::{self as store, CompensationRow, LoadRow};
use posthouse_store::decisions::DecisionRow;
use posthouse_store::{Access, Tx, attributes, intake, plugins};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Why a rule is asked, and of an escalation of which.
pub(super) type Why = (Trigger, Option<Escalation>);

/// What a rule said, or why it said nothing.
pub(super) struct Heard {
    pub(super) asked: CaseAsked,
    pub(super) said: Option<Routed>,
    pub(super) why: Option<Reason>,
    pub(super) fault: Option<Words>,
    pub(super) decision: Option<DecisionRow>,
    /// Whose word it is: binding, revision, digest.
    pub(super) rule: Option<(String, i64, String)>,
    /// Remedies that a rule has proposed before.
    proposed: Vec<String>,
}

/// The rule that sends cases to desks, if one is in force; why not, if it cannot be opened.
pub(super) type InForce = Option<std::result::Result<Arc<Rule<Point>>, Words>>;

/// The desks as a rule is told of them.
pub(super) fn desks(house: &House, loads: &[LoadRow], now: i64) -> Vec<Desk> {
    let desk = |view: &super::DeskView| {
        let own = loads.iter().filter(|load| load.desk == view.key);
        let hours = house.hours(&view.key);
        let person = |seat: &super::Seat| {
            let own = loads.iter().filter(|load| load.person_id == Some(seat.person));
            let last = own.clone().filter_map(|load| load.last_at).max();
            Person {
                on_duty: house.takes_cases(seat),
                open_cases: own.map(|load| load.open_cases).sum::<i64>() as u32,
                idle_minutes: last.map_or(u32::MAX, |last| ((now - last).max(0) / 60_000) as u32),
            }
        };
        Desk {
            key: view.key.clone(),
            skills: view.skills.clone(),
            within_hours: hours.desk.after(now, 0) == Some(now),
            open_cases: own.map(|load| load.open_cases).sum::<i64>() as u32,
            people: view.people.iter().map(person).collect(),
        }
    };
    house.desks.iter().map(desk).collect()
}

/// A case as a rule sees it.
fn seen(file: &CaseFile, house: &House, booking: Option<Booked>, alike: u32, (trigger, escalation): Why) -> Case {
    let row = &file.row;
    let is_new = file.read_at.is_none();
    Case {
        kind: file.kind(),
        cause: file.cause(),
        cause_detail: row.cause_detail.clone(),
        channel: row.channel.clone(),
        phase: Phase::parse(&row.phase).unwrap_or(Phase::Post),
        severity: (!is_new || row.severity_by_person).then_some(row.severity),
        severity_by_person: row.severity_by_person,
        liability: row.liability.as_deref().and_then(Liability::parse),
        opened_at: row.opened_at,
        booking,
        supplier: row.supplier.clone(),
        reopened: row.reopened.unsigned_abs(),
        hops: row.hops.unsigned_abs(),
        breached: row.breached,
        alike,
        desk: (!is_new).then(|| house.place(&row.desk)),
        trigger,
        escalation,
    }
}

impl Complaints<'_> {
    /// The rule that sends cases to desks.
    ///
    /// # Errors
    /// What will pass: a database or compiler that is busy.
    pub(super) async fn in_force(&self, agency: Uuid) -> Result<InForce> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = plugins::binding(&mut tx, agency, COMPLAINT_ROUTING, MAIN).await?;
        let Some(row) = row.filter(|row| !row.is_ended()) else {
            return Ok(None);
        };
        drop(tx);
        // to open a plugin can take its compilation; no connection is held meanwhile
        self.app.plugins().open_all(agency, [row.digest.clone()].into()).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let plugins = self.app.plugins();
        let rule = plugins
            .rule::<Point>(&mut tx, agency, RuleName::in_force(&row), &own)
            .await;
        match rule {
            Err(error) if error.will_pass() => Err(error),
            Err(error) => Ok(Some(Err(Words::of(&error)))),
            Ok(rule) => Ok(Some(Ok(Arc::new(rule)))),
        }
    }

    /// What there is to ask of a case: it, the desks, and what is known of the customer.
    pub(super) async fn question(
        &self,
        room: &Arc<Room>,
        house: &House,
        file: &CaseFile,
        why: Why,
        moment: Moment,
    ) -> Result<(CaseAsked, Option<Known>, Vec<String>)> {
        let agency = room.id;
        if file.row.customer_id.is_some() {
            self.app.segments().ensure_loaded(room).await?;
        }
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let loads = store::loads(&mut tx, agency).await?;
        let since = moment.now - i64::from(house.terms.joint_days) * 86_400_000;
        let alike = match &file.row.alike {
            Some(what) => store::alike(&mut tx, agency, what, file.row.id, since).await?,
            None => 0,
        };
        let booking = match &file.row.booking_id {
            Some(id) => intake::bookings(&mut tx, agency, &[id.as_str()]).await?.pop(),
            None => None,
        };
        let booking = booking.as_ref().map(booked);
        let known = match file.row.customer_id {
            Some(customer) => {
                let own = attributes::definitions(&mut tx, agency).await?;
                let kinds: HashMap<String, FactKind> = own.into_iter().map(|own| (own.key, own.kind)).collect();
                Some(
                    self.app
                        .facts()
                        .known(room, &mut tx, customer, Arc::new(kinds), moment)
                        .await?,
                )
            }
            None => None,
        };
        let proposed = store::compensations(&mut tx, agency, file.row.id).await?;
        let proposed = proposed
            .into_iter()
            .filter(|row| row.decision_id.is_some())
            .map(|row| row.remedy);
        let asked = CaseAsked {
            case: seen(file, house, booking, alike as u32, why),
            desks: desks(house, &loads, moment.now),
        };
        Ok((asked, known, proposed.collect()))
    }

    /// Asks the rule where a case goes. One that fails says nothing, and how it fares is noted.
    pub(super) async fn ask(
        &self,
        room: &Arc<Room>,
        house: &House,
        file: &CaseFile,
        why: Why,
        moment: Moment,
    ) -> Result<Heard> {
        let (asked, known, proposed) = self.question(room, house, file, why, moment).await?;
        let nothing = |asked, fault| Heard {
            asked,
            said: None,
            why: None,
            fault,
            decision: None,
            rule: None,
            proposed: Vec::new(),
        };
        let rule = match self.in_force(room.id).await? {
            None => return Ok(nothing(asked, None)),
            Some(Err(problem)) => return Ok(nothing(asked, Some(problem))),
            Some(Ok(rule)) => rule,
        };
        let request = Request {
            facts: facts(&rule, known.as_ref(), &file.row.text),
            asked,
        };
        let (asking, asked) = (rule.clone(), request.clone());
        let at = self.app.machine.now();
        let made = at_once(&self.app.engine, room.id, move || decide(&asking, moment, &asked)).await?;
        room.spend(&rule.digest, &made.usage());
        let call = Call {
            extension_point: COMPLAINT_ROUTING,
            binding: &rule.binding,
            digest: &rule.digest,
            cause: DECISION,
            moment,
        };
        let fault = match &made.answer {
            Ok(_) => {
                room.log(call, &made.log);
                None
            }
            Err(fault) => {
                room.log_fault(call, fault, None);
                Some(Words::of(fault))
            }
        };
        let counted = made
            .answer
            .as_ref()
            .err()
            .is_none_or(|fault| fault.counts_against_plugin());
        if counted {
            self.note_health(room, &rule, (at, fault.as_ref()), moment).await;
        }
        let about = About {
            customer: file.row.customer_id,
            subject: Some(Subject {
                kind: COMPLAINT,
                id: file.row.id,
            }),
            at: moment.now,
        };
        let effect = json!({"number": file.row.number, "trigger": why.0});
        let decision = made.row(self.app.entropy.id(self.app.machine.now()), &rule, about, &effect);
        let told = made.answer.as_ref().ok().map(|said| {
            let given = (&*request.facts, &*said.because.arguments);
            reason(rule.plugin.description(), said.because.reason, given, &room.terms)
        });
        Ok(Heard {
            asked: request.asked,
            said: made.answer.ok(),
            why: told,
            fault,
            decision: Some(decision),
            rule: Some((rule.binding.clone(), rule.revision, rule.digest.clone())),
            proposed,
        })
    }

    /// Sends a case where the rule said, or where it goes without one, and gives it to somebody. The transaction has the lock of the agency's changes,
    /// so that no two of them take somebody for idle.
    pub(super) async fn route(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        file: &mut CaseFile,
        heard: &Heard,
        house: &House,
        moment: Moment,
    ) -> Result<()> {
        let now = moment.now;
        let (before, from, severity) = (file.row.desk.clone(), file.state(), file.row.severity);
        let default = (house.place(DEFAULT_DESK), house.terms.severity);
        let routing = heard.said.as_ref().map(|said| &said.routing);
        let mut placed = place(&heard.asked.case, &mut file.kept, routing, &heard.asked.desks, default);
        if heard.fault.is_some() {
            placed.objections.push(Objection::RuleFailed);
        }
        // desks are never taken away, and the default one is always there
        let desk = house
            .desks
            .get(usize::from(placed.desk))
            .unwrap_or(&house.desks[usize::from(default.0)]);
        let is_new = file.read_at.is_none();
        let mut targets: Vec<TargetSet> = Vec::new();
        if is_new || placed.severity != severity {
            let own = house.terms.targets_of(placed.severity);
            targets.extend(ClockKind::OF_RULES.map(|clock| TargetSet {
                clock,
                minutes: own.of(clock),
            }));
        }
        for set in &placed.targets {
            let minutes = self.lawful(file, house, &desk.key, *set, now);
            if minutes < set.minutes {
                placed.objections.push(Objection::LaterThanTheLaw);
            }
            targets.retain(|other| other.clock != set.clock);
            targets.push(TargetSet { minutes, ..*set });
        }
        file.clocks.change(now, house.hours(&before), &targets);
        (file.row.severity, file.row.cause) = (placed.severity, placed.cause.map(|cause| cause.as_str().to_owned()));
        file.row.alike = super::alike(&file.row);
        if placed.is_hop {
            file.row.hops += 1;
            (file.row.person_id, file.row.assigned_at) = (None, None);
        }
        file.row.desk.clone_from(&desk.key);
        if let Some(said) = &heard.said {
            file.kept.playbook.clone_from(&said.playbook);
        }
        let named = placed.person.and_then(|place| desk.people.get(usize::from(place)));
        if named.is_some_and(|seat| !house.takes_cases(seat)) {
            placed.objections.push(Objection::MayNotSee);
        }
        let named = named.filter(|seat| house.takes_cases(seat)).map(|seat| seat.person);
        let person = match (named, file.row.person_id) {
            (Some(named), _) => Some(named),
            (None, Some(has)) => Some(has),
            (None, None) => least_loaded(tx, agency, house, &desk.key).await?,
        };
        if person != file.row.person_id {
            (file.row.person_id, file.row.assigned_at) = (person, person.map(|_| now));
        }
        if person.is_some() && matches!(file.state(), State::New | State::Reopened) {
            file.step(Step::Assign, now, house)?;
        }
        let decision = heard.decision.as_ref().map(|row| row.id);
        let data = json!({
            "trigger": heard.asked.case.trigger,
            "from": (!is_new).then_some(&before),
            "desk": file.row.desk,
            "person": file.row.person_id,
            "severity": file.row.severity,
            "cause": file.row.cause,
            "reason": heard.why,
            "objections": placed.objections,
            "fault": heard.fault.as_ref().map(Words::to_stored),
            "rule": heard.rule.as_ref().map(|(binding, revision, digest)| json!({"binding": binding, "revision": revision, "digest": digest})),
        });
        file.note(
            Who::Host,
            now,
            from,
            Note {
                kind: "routed",
                data,
                decision,
                ..Note::default()
            },
        );
        for one in placed
            .compensations
            .iter()
            .filter(|one| !heard.proposed.iter().any(|had| had == one.remedy.as_str()))
        {
            file.compensations.push(CompensationRow {
                id: self.app.entropy.id(self.app.machine.now()),
                complaint_id: file.row.id,
                remedy: one.remedy.as_str().to_owned(),
                amount: one.amount,
                reason: None,
                state: "waiting".to_owned(),
                campaign_id: None,
                batch_id: None,
                proposed_by: None,
                decision_id: decision,
                proposed_at: now,
                decided_by: None,
                decided_at: None,
                note: None,
                outcome: "{}".to_owned(),
                cost: 0,
            });
        }
        if is_new || placed.is_hop {
            file.tell(
                "case.routed",
                now,
                json!({"from": (!is_new).then_some(before), "reason": heard.why}),
            );
        }
        Ok(())
    }

    /// A target that is over before the law's time is.
    fn lawful(&self, file: &CaseFile, house: &House, desk: &str, set: TargetSet, now: i64) -> u32 {
        let law = match set.clock {
            ClockKind::FirstResponse => ClockKind::StatutoryAcceptance,
            _ => ClockKind::StatutoryMediation,
        };
        let hours = house.hours(desk);
        let due = file.clocks.of(law).and_then(|one| one.clock.due(hours.law));
        let (Some(due), Some(own)) = (due, file.clocks.of(set.clock)) else {
            return set.minutes;
        };
        let used = own.clock.used_minutes(now, hours.desk);
        let most = used + hours.desk.worked(now, due) / 60_000;
        u32::try_from(most.max(1)).map_or(set.minutes, |most| set.minutes.min(most))
    }
}

/// A booking as a rule is told of it.
pub(super) fn booked(row: &intake::BookingRow) -> Booked {
    let details = &row.booking.details;
    Booked {
        product: details.product.clone(),
        destination: details.destination.clone(),
        theme: details.theme.clone(),
        departs: details.departs_on,
        returns: details.returns_on,
        travellers: details.travellers.and_then(|people| u32::try_from(people).ok()),
        amount: details.amount.filter(|amount| *amount >= 0),
    }
}

/// The facts that a rule is told of: those it declares, and what is written in the case if that is one of them.
pub(super) fn facts(rule: &Rule<Point>, known: Option<&Known>, text: &str) -> Vec<Fact> {
    let description = rule.plugin.description();
    facts_of(description, project(description, rule.seed, known), text)
}

/// The same of facts that were projected.
pub(super) fn facts_of(description: &Description, mut facts: Vec<Fact>, text: &str) -> Vec<Fact> {
    let place = description.facts.iter().position(|fact| fact.key == CASE_TEXT.key);
    if let Some(place) = place {
        facts[place] = Fact::Text(text.to_owned());
    }
    facts
}

/// Who of a desk has the fewest cases of those who can be given one now, and of several whoever has had none for longest.
pub(super) async fn least_loaded(tx: &mut Tx, agency: Uuid, house: &House, desk: &str) -> Result<Option<Uuid>> {
    let Some(desk) = house.desk(desk) else { return Ok(None) };
    let able = || desk.people.iter().filter(|seat| house.takes_cases(seat));
    if able().next().is_none() {
        return Ok(None);
    }
    let loads = store::loads(tx, agency).await?;
    let load = |person: Uuid| {
        let own = || loads.iter().filter(move |load| load.person_id == Some(person));
        let open: i64 = own().map(|load| load.open_cases).sum();
        (
            open,
            own().filter_map(|load| load.last_at).max().unwrap_or(i64::MIN),
            person,
        )
    };
    Ok(able().map(|seat| seat.person).min_by_key(|person| load(*person)))
}

/// Why a rule's word was not followed, in words.
pub fn objection_in_words(objection: Objection) -> Words {
    match objection {
        Objection::TooManyHops => words!(
            "it had gone from desk to desk ten times, and stays at the default one until a person sends it on",
            "流转已达十次，留在默认处理组，由人工转出"
        ),
        Objection::Loop => words!(
            "it had been there before for the same reason, and stays at the default desk until a person sends it on",
            "曾因同样原因到过该组，留在默认处理组，由人工转出"
        ),
        Objection::NotOnDuty => words!("whoever the rule named is not on duty", "规则指定的人未在岗"),
        Objection::SeverityStands => words!("a person has said that it is graver", "人工定的严重程度更高，予以保留"),
        Objection::CauseStands => words!("a person has said what it is about", "原因已由人工确定，予以保留"),
        Objection::LaterThanTheLaw => words!("the rule's time was later than the law's", "规则给的期限晚于法定期限"),
        Objection::RuleFailed => words!(
            "the rule failed: the case has the default desk and the agency's own times",
            "规则出错：按默认处理组和旅行社自定期限处理"
        ),
        Objection::MayNotSee => words!(
            "whoever the rule named may not see the case",
            "规则指定的人无权查看此案件"
        ),
    }
}
