//! Seeing beforehand what another rule would do with cases: it and the rule in force are played over those that came in the last days. Nothing is written.
//!
//! Both meet every case as it came, with the facts and desks of today, and are asked again at the escalations that the case lived to see.

use super::house::{DEFAULT_DESK, House};
use super::point::ComplaintRouting as Point;
use super::routing::{desks, facts_of};
use super::{COMPLAINT_ROUTING, MAIN};
use crate::error::{AppError, Result, Soon, soon};
use crate::facts::known::project_row;
use crate::rules::call::in_turn;
use crate::rules::grants::{reads, ungranted};
use crate::rules::point::Rule;
use crate::rules::words::reason;
use crate::rules::{Moment, Reason};
use crate::team::{Caller, Rows};
use crate::{Complaints, Room};
use posthouse_domain::complaints::{
    Booked, Case, Cause, ClockKind, Desk, Kept, Kind, Liability, MOST_HOPS, Objection, Phase, Trigger, place,
};
use posthouse_domain::{Day, Instant, Words, words};
use posthouse_engine::{CaseAsked, Context, Value as Fact};
use posthouse_store::complaints::{self as store, CaseRow};
use posthouse_store::{Access, attributes, intake, plugins};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Most days that are played.
const LONGEST: Day = 730;
/// Most cases that are played: the latest of them.
const MOST: usize = 20_000;
/// Cases read at once.
const CHUNK: i64 = 2_000;
/// Cases asked about in one piece.
const PIECE: usize = 100;
/// Cases that are shown.
const SHOWN: usize = 200;

/// A rule to be tried.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// Over how many days, today included.
    pub days: Day,
}

/// What a rule makes of all cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreseen {
    /// Cases by desk.
    pub desks: BTreeMap<String, i64>,
    /// Cases by severity, from 1 to 4.
    pub severities: [i64; 4],
    /// Cases of which something promised would not have been done in time, had they been answered when they were.
    pub breached: i64,
    /// How often cases go from desk to desk.
    pub hops: i64,
    /// Cases that come to no end and stay at the default desk.
    pub loops: i64,
    /// How often the rule failed.
    pub failed: i64,
}

/// A case that would fare otherwise.
#[derive(Debug, Clone)]
pub struct Rerouted {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// The desk by the rule in force, and by the candidate.
    pub desk: (String, String),
    /// The severity.
    pub severity: (i32, i32),
    /// When it would have to be resolved, in ms since 1970.
    pub due_at: (Option<Instant>, Option<Instant>),
    /// Whether something would not be done in time.
    pub breached: (bool, bool),
    /// Why the candidate sends it there.
    pub reason: Option<Reason>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct PreviewView {
    /// The first day.
    pub from: Day,
    /// The last.
    pub to: Day,
    /// Cases that were played.
    pub cases: usize,
    /// Whether there are more than are played.
    pub is_cut: bool,
    /// By the rule in force; without one by the default desk and the agency's own times.
    pub before: Foreseen,
    /// By the candidate.
    pub after: Foreseen,
    /// Cases that would go to another desk.
    pub other_desk: i64,
    /// Cases that would have another severity.
    pub other_severity: i64,
    /// Cases that would have to be answered or resolved at another time.
    pub other_deadline: i64,
    /// Those that change, the latest first.
    pub rerouted: Vec<Rerouted>,
    /// Why the candidate failed, the first time.
    pub problem: Option<Words>,
    /// Facts the plugin reads that are not granted to the binding: its activation has to grant them.
    pub grant_needed: Vec<String>,
}

/// A case as it is played.
struct Past {
    row: CaseRow,
    case: Case,
    /// The customer's place in the frame.
    ordinal: Option<u32>,
}

/// What a rule makes of a case.
struct Played {
    desk: u16,
    severity: i32,
    first_response: Option<Instant>,
    resolution: Option<Instant>,
    breached: bool,
    hops: i64,
    looped: bool,
    reason: Option<Reason>,
    fault: Option<Words>,
}

/// What every case is played against.
struct Stage {
    room: Arc<Room>,
    house: House,
    desks: Vec<Desk>,
    present: Moment,
}

impl Stage {
    fn play(&self, rule: Option<&Rule<Point>>, past: &Past) -> Played {
        let (row, house) = (&past.row, &self.house);
        let known = rule.map(|rule| self.facts(rule, past)).unwrap_or_default();
        let default = (house.place(DEFAULT_DESK), house.terms.severity);
        let mut kept = Kept::default();
        let mut asked = CaseAsked {
            case: past.case.clone(),
            desks: self.desks.clone(),
        };
        let mut played = Played {
            desk: default.0,
            severity: row.severity,
            first_response: None,
            resolution: None,
            breached: false,
            hops: 0,
            looped: false,
            reason: None,
            fault: None,
        };
        let mut steps = Vec::new();
        for turn in 0..=MOST_HOPS {
            let routed = rule.and_then(|rule| match self.ask(rule, &asked, &known) {
                Ok(routed) => Some(routed),
                Err(fault) => {
                    played.fault.get_or_insert(fault);
                    None
                }
            });
            let placed = place(
                &asked.case,
                &mut kept,
                routed.as_ref().map(|(routing, _)| routing),
                &self.desks,
                default,
            );
            played.hops += i64::from(placed.is_hop);
            let ends = [Objection::Loop, Objection::TooManyHops];
            played.looped |= placed.objections.iter().any(|objection| ends.contains(objection));
            (played.desk, played.severity) = (placed.desk, placed.severity);
            if turn == 0 {
                played.reason = routed.and_then(|(_, reason)| reason);
                let own = house.terms.targets_of(placed.severity);
                let minutes = |kind: ClockKind| {
                    let set = placed.targets.iter().find(|set| set.clock == kind);
                    i64::from(set.map_or(own.of(kind), |set| set.minutes))
                };
                let hours = house.hours(&self.desks[usize::from(placed.desk)].key);
                let due = |kind| hours.desk.after(row.opened_at, minutes(kind) * 60_000);
                played.first_response = due(ClockKind::FirstResponse);
                played.resolution = due(ClockKind::Resolution);
                for step in &kept.escalations {
                    let (end, whole) = match step.clock {
                        ClockKind::FirstResponse => (row.first_response_at, minutes(step.clock)),
                        _ => (row.resolved_at, minutes(step.clock)),
                    };
                    let at = hours.desk.after(row.opened_at, whole * i64::from(step.percent) * 600);
                    if at.is_some_and(|at| at <= end.unwrap_or(self.present.now)) {
                        steps.push((at, *step));
                    }
                }
                steps.sort_unstable();
                steps.reverse();
            }
            let Some((_, step)) = steps.pop() else { break };
            asked.case = Case {
                severity: Some(placed.severity),
                cause: placed.cause,
                hops: played.hops as u32,
                desk: Some(placed.desk),
                trigger: Trigger::Escalation,
                escalation: Some(step),
                ..asked.case
            };
        }
        let late =
            |due: Option<Instant>, at: Option<Instant>| due.is_some_and(|due| at.unwrap_or(self.present.now) > due);
        played.breached = late(played.first_response, row.first_response_at.or(row.resolved_at))
            || late(played.resolution, row.resolved_at);
        played
    }

    fn facts(&self, rule: &Rule<Point>, past: &Past) -> Vec<Fact> {
        let description = rule.plugin.description();
        let ordinal = past.ordinal.unwrap_or(u32::MAX);
        let whose = (ordinal, self.present.today);
        let facts = project_row(description, rule.seed, &self.room, &self.room.frame(), whose);
        facts_of(description, facts, &past.row.text)
    }

    fn ask(
        &self,
        rule: &Rule<Point>,
        asked: &CaseAsked,
        facts: &[Fact],
    ) -> std::result::Result<(posthouse_domain::complaints::Routing, Option<Reason>), Words> {
        let context = Context {
            now: asked.case.opened_at,
            today: self.room.day_of(asked.case.opened_at),
            seed: rule.seed,
            config: rule.config.clone(),
            quantiles: Vec::new(),
        };
        let decided = rule
            .plugin
            .decide(&context, asked, facts)
            .map_err(|fault| Words::of(&fault))?;
        let said = decided.answer;
        let given = (facts, &*said.because.arguments);
        let why = reason(rule.plugin.description(), said.because.reason, given, &self.room.terms);
        Ok((said.routing, Some(why)))
    }
}

/// A case as it came.
fn came(row: &CaseRow, booking: Option<Booked>) -> Case {
    Case {
        kind: Kind::parse(&row.kind).unwrap_or(Kind::Complaint),
        cause: row.cause.as_deref().and_then(Cause::parse),
        cause_detail: row.cause_detail.clone(),
        channel: row.channel.clone(),
        phase: Phase::parse(&row.phase).unwrap_or(Phase::Post),
        severity: row.severity_by_person.then_some(row.severity),
        severity_by_person: row.severity_by_person,
        liability: row.liability.as_deref().and_then(Liability::parse),
        opened_at: row.opened_at,
        booking,
        supplier: row.supplier.clone(),
        reopened: 0,
        hops: 0,
        breached: false,
        alike: 0,
        desk: None,
        trigger: Trigger::Opened,
        escalation: None,
    }
}

impl Complaints<'_> {
    /// Plays a rule over the cases of the last days.
    ///
    /// # Errors
    /// `bad_days`; `data_masked` for those who do not see every customer; a plugin that is not there or of another extension point; `bad_config`;
    /// `unknown_fact`.
    pub fn preview<'s>(&'s self, caller: &'s Caller, request: &'s PreviewRequest) -> Soon<'s, PreviewView> {
        soon(self.foresee(caller, request))
    }

    async fn foresee(&self, caller: &Caller, request: &PreviewRequest) -> Result<PreviewView> {
        if !(1..=LONGEST).contains(&request.days) {
            return Err(AppError::invalid(
                "bad_days",
                words!(
                    "days is {days}; a rule is played over 1 to {LONGEST} days",
                    "days 为 {days}；试算范围为 1 到 {LONGEST} 天",
                    days = request.days
                ),
            ));
        }
        if caller.rows != Rows::All {
            return Err(AppError::Denied(posthouse_domain::Rejection::new(
                "data_masked",
                words!(
                    "a preview is about all customers, and you see your own only",
                    "预览涵盖全部客户，而您只能查看自己的客户"
                ),
            )));
        }
        let (agency, room) = (caller.room.id, caller.room.clone());
        self.app.segments().ensure_loaded(&room).await?;
        let present = self.app.segments().moment(&room);
        let from = present.today - (request.days - 1);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let asked = (MAIN, request.digest.as_str(), &request.config);
        let candidate = self
            .app
            .plugins()
            .trial_rule::<Point>(&mut tx, agency, asked, &own)
            .await?;
        let granted = plugins::granted(&mut tx, agency, COMPLAINT_ROUTING, MAIN).await?;
        let grant_needed = ungranted(&reads(candidate.plugin.description()), &granted);
        let house = House::read(&mut tx, agency, &room.terms).await?;
        let loads = store::loads(&mut tx, agency).await?;
        drop(tx);
        let before = match self.in_force(agency).await? {
            Some(Ok(rule)) => Some(rule),
            _ => None,
        };
        let (past, is_cut) = self.past(agency, from).await?;
        let stage = Stage {
            desks: desks(&house, &loads, present.now),
            room: room.clone(),
            house,
            present,
        };
        let count = past.len();
        let (stage, past) = (Arc::new(stage), Arc::new(past));
        let play = {
            let (stage, past) = (stage.clone(), past.clone());
            move |piece: usize| -> Vec<(Played, Played)> {
                let own = past.iter().skip(piece * PIECE).take(PIECE);
                own.map(|one| (stage.play(before.as_deref(), one), stage.play(Some(&candidate), one)))
                    .collect()
            }
        };
        let pieces = in_turn(&self.app.engine, agency, count.div_ceil(PIECE), play).await?;
        let mut view = PreviewView {
            from,
            to: present.today,
            cases: count,
            is_cut,
            before: Foreseen::default(),
            after: Foreseen::default(),
            other_desk: 0,
            other_severity: 0,
            other_deadline: 0,
            rerouted: Vec::new(),
            problem: None,
            grant_needed,
        };
        for (one, (before, after)) in past.iter().zip(pieces.into_iter().flatten()) {
            view.add(one, before, after, &stage.desks);
        }
        Ok(view)
    }

    /// The cases that came since a day, the latest first, and whether there are more.
    async fn past(&self, agency: Uuid, from: Day) -> Result<(Vec<Past>, bool)> {
        let (mut past, mut after) = (Vec::new(), None);
        loop {
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            let rows = store::since(&mut tx, agency, from, after, CHUNK).await?;
            let numbers: Vec<&str> = rows.iter().filter_map(|row| row.booking_id.as_deref()).collect();
            let bookings = intake::bookings(&mut tx, agency, &numbers).await?;
            let bookings: HashMap<&str, &intake::BookingRow> =
                bookings.iter().map(|row| (row.id.as_str(), row)).collect();
            let customers: Vec<Uuid> = rows.iter().filter_map(|row| row.customer_id).collect();
            let customers = intake::customers(&mut tx, agency, &customers).await?;
            let ordinals: HashMap<Uuid, u32> = customers.iter().map(|row| (row.id, row.ordinal as u32)).collect();
            drop(tx);
            let more = rows.len() == CHUNK as usize;
            after = rows.last().map(|row| (row.opened_on, row.id));
            for row in rows {
                let booking = row.booking_id.as_deref().and_then(|id| bookings.get(id).copied());
                past.push(Past {
                    case: came(&row, booking.map(super::routing::booked)),
                    ordinal: row.customer_id.and_then(|id| ordinals.get(&id)).copied(),
                    row,
                });
            }
            if !more {
                break;
            }
        }
        past.reverse();
        let is_cut = past.len() > MOST;
        past.truncate(MOST);
        Ok((past, is_cut))
    }
}

impl Foreseen {
    fn add(&mut self, played: &Played, desks: &[Desk]) {
        *self
            .desks
            .entry(desks[usize::from(played.desk)].key.clone())
            .or_default() += 1;
        self.severities[(played.severity.clamp(1, 4) - 1) as usize] += 1;
        self.breached += i64::from(played.breached);
        self.hops += played.hops;
        self.loops += i64::from(played.looped);
        self.failed += i64::from(played.fault.is_some());
    }
}

impl PreviewView {
    fn add(&mut self, past: &Past, before: Played, after: Played, desks: &[Desk]) {
        self.before.add(&before, desks);
        self.after.add(&after, desks);
        let due = |played: &Played| (played.first_response, played.resolution);
        let (desk, severity, deadline) = (
            before.desk != after.desk,
            before.severity != after.severity,
            due(&before) != due(&after),
        );
        self.other_desk += i64::from(desk);
        self.other_severity += i64::from(severity);
        self.other_deadline += i64::from(deadline);
        if (desk || severity || deadline || before.breached != after.breached) && self.rerouted.len() < SHOWN {
            let key = |place: u16| desks[usize::from(place)].key.clone();
            self.rerouted.push(Rerouted {
                id: past.row.id,
                number: past.row.number.clone(),
                desk: (key(before.desk), key(after.desk)),
                severity: (before.severity, after.severity),
                due_at: (before.resolution, after.resolution),
                breached: (before.breached, after.breached),
                reason: after.reason,
            });
        }
        if let Some(fault) = after.fault {
            self.problem.get_or_insert(fault);
        }
    }
}
