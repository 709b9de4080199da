//! A case at work: what changes of it is gathered here, entry by entry, and written at once.

use super::COMPLAINT;
use super::house::House;
use crate::error::{AppError, Result};
use crate::jobs::{self, Job, JobClock, Lane, NewJob};
use crate::team::Caller;
use crate::webhooks::Told;
use posthouse_domain::complaints::{Cause, ClockKind, Clocks, Escalation, Happened, Kept, Kind, Refused, State, Step};
use posthouse_domain::{Day, Instant, Words, words};
use posthouse_store::Tx;
use posthouse_store::complaints::{self as store, CaseRow, CompensationRow, EntryRow};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who does something with a case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'c> {
    /// Somebody of the staff, or a key.
    Staff(&'c Caller),
    /// Whoever has the link to the case's page, or filled the form.
    Customer,
    /// The host by itself.
    Host,
}

impl Who<'_> {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Customer => "customer",
            Self::Host => "host",
        }
    }

    pub(super) fn actor(self) -> Option<Uuid> {
        match self {
            Self::Staff(caller) => Some(caller.actor),
            Self::Customer | Self::Host => None,
        }
    }
}

/// Something that is written on a case.
#[derive(Debug, Default)]
pub(super) struct Note<'n> {
    pub(super) kind: &'n str,
    pub(super) text: Option<String>,
    pub(super) data: Value,
    pub(super) decision: Option<Uuid>,
    /// Whether the customer sees it.
    pub(super) is_public: bool,
}

/// A case at work.
#[derive(Debug, Clone)]
pub(super) struct CaseFile {
    pub(super) row: CaseRow,
    pub(super) clocks: Clocks,
    pub(super) kept: Kept,
    pub(super) entries: Vec<EntryRow>,
    pub(super) told: Vec<Told>,
    pub(super) compensations: Vec<CompensationRow>,
    /// Whether the customer's facts are folded again.
    pub(super) moves_facts: bool,
    /// The version it was read at; none of a new one.
    pub(super) read_at: Option<i64>,
}

impl CaseFile {
    /// A case that comes.
    pub(super) fn new(row: CaseRow) -> Self {
        Self {
            row,
            clocks: Clocks::default(),
            kept: Kept::default(),
            entries: Vec::new(),
            told: Vec::new(),
            compensations: Vec::new(),
            moves_facts: true,
            read_at: None,
        }
    }

    /// A case as it is stored.
    pub(super) fn open(row: CaseRow) -> Result<Self> {
        Ok(Self {
            clocks: serde_json::from_str(&row.clocks).map_err(AppError::corrupt("clocks"))?,
            kept: serde_json::from_str(&row.kept).map_err(AppError::corrupt("kept"))?,
            read_at: Some(row.version),
            moves_facts: false,
            ..Self::new(row)
        })
    }

    pub(super) fn state(&self) -> State {
        State::parse(&self.row.state).unwrap_or(State::New)
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::parse(&self.row.kind).unwrap_or(Kind::Complaint)
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        self.row.cause.as_deref().and_then(Cause::parse)
    }

    /// Takes a step, if it can be taken; the clocks know of it.
    ///
    /// # Errors
    /// `wrong_state`, with what can be done instead.
    pub(super) fn step(&mut self, step: Step, now: Instant, house: &House) -> Result<()> {
        let before = self.state();
        let after = before.after(step).map_err(refused)?;
        self.row.state = after.as_str().to_owned();
        if self.row.is_open != after.is_open() {
            self.row.is_open = after.is_open();
            self.moves_facts = true;
        }
        let hours = house.hours(&self.row.desk);
        match (before.is_waiting(), after.is_waiting()) {
            (false, true) => self.clocks.pause(now, hours),
            (true, false) => self.clocks.resume(now),
            _ => {}
        }
        Ok(())
    }

    /// Writes something on it, on its way from a state.
    pub(super) fn note(&mut self, who: Who<'_>, at: Instant, from: State, note: Note<'_>) {
        self.row.entries += 1;
        self.entries.push(EntryRow {
            complaint_id: self.row.id,
            nth: self.row.entries,
            at,
            kind: note.kind.to_owned(),
            told_by: who.as_str().to_owned(),
            actor_id: who.actor(),
            from_state: from.as_str().to_owned(),
            to_state: self.row.state.clone(),
            text: note.text,
            data: match note.data {
                Value::Null => "{}".to_owned(),
                data => data.to_string(),
            },
            decision_id: note.decision,
            is_public: note.is_public,
        });
    }

    /// Tells those who want to know.
    pub(super) fn tell(&mut self, kind: &'static str, at: Instant, more: Value) {
        let row = &self.row;
        let mut data = json!({
            "case_id": row.id,
            "number": row.number,
            "customer_id": row.customer_id,
            "kind": row.kind,
            "cause": row.cause,
            "severity": row.severity,
            "state": row.state,
            "desk": row.desk,
            "person_id": row.person_id,
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut data, more) {
            all.extend(more);
        }
        self.told.push(Told {
            kind,
            subject: format!("{COMPLAINT}/{}", row.id),
            at,
            data,
        });
    }

    /// Writes down what the clocks have brought about by now; at which moments the rule is to be asked again.
    pub(super) fn happen(&mut self, now: Instant, house: &House) -> Vec<Escalation> {
        if !self.row.is_open {
            return Vec::new();
        }
        let (state, desk) = (self.state(), self.row.desk.clone());
        let happened = self.clocks.happen(now, house.hours(&desk), &self.kept.escalations);
        let mut escalations = Vec::new();
        for (at, what) in happened {
            match what {
                Happened::Warned(clock, percent) => {
                    let data = json!({"clock": clock, "percent": percent});
                    self.note(
                        Who::Host,
                        at,
                        state,
                        Note {
                            kind: "warned",
                            data,
                            ..Note::default()
                        },
                    );
                }
                Happened::Breached(clock) => {
                    self.row.breached = true;
                    let data = json!({"clock": clock});
                    self.note(
                        Who::Host,
                        at,
                        state,
                        Note {
                            kind: "breached",
                            data: data.clone(),
                            ..Note::default()
                        },
                    );
                    self.tell("case.breached", at, data);
                }
                Happened::Escalated(step) => escalations.push(step),
            }
        }
        escalations
    }

    /// It counts as resolved badly from today on.
    pub(super) fn is_bad(&mut self, today: Day) {
        if self.row.bad_on.is_none() {
            self.row.bad_on = Some(today);
            self.moves_facts = true;
        }
    }

    /// The customer has heard something.
    pub(super) fn answered(&mut self, now: Instant, house: &House) {
        let hours = house.hours(&self.row.desk);
        self.row.first_response_at.get_or_insert(now);
        self.clocks
            .meet(&[ClockKind::FirstResponse, ClockKind::StatutoryAcceptance], now, hours);
        // nobody promises to write again about what is over
        if self.row.is_open {
            self.clocks.restart(&[ClockKind::NextUpdate], now);
        }
        if self.state().is_waiting() {
            self.clocks.pause(now, hours);
        }
    }

    /// Nothing runs any more.
    pub(super) fn stop(&mut self, now: Instant, house: &House) {
        self.clocks.meet(ClockKind::ALL, now, house.hours(&self.row.desk));
    }

    /// The row as it is written, and when something happens next.
    fn settled(&mut self, now: Instant, house: &House) -> Option<Instant> {
        let hours = house.hours(&self.row.desk);
        self.row.clocks = json!(self.clocks).to_string();
        self.row.kept = json!(self.kept).to_string();
        self.row.due_at = self.clocks.due(hours).filter(|_| self.row.is_open);
        self.row.updated_at = now;
        self.row.version += 1;
        match self.row.is_open {
            true => self.clocks.next(hours, &self.kept.escalations),
            false => None,
        }
    }
}

/// Writes these cases with all that hangs on them, but facts, the audit log, and what others are told. The transaction has the lock of the agency's
/// changes.
pub(super) async fn write(
    tx: &mut Tx,
    agency: Uuid,
    files: &mut [CaseFile],
    now: Instant,
    house: &House,
) -> Result<()> {
    let next: Vec<(String, Option<Instant>)> = files
        .iter_mut()
        .map(|file| (file.row.id.to_string(), file.settled(now, house)))
        .collect();
    let rows: Vec<CaseRow> = files.iter().map(|file| file.row.clone()).collect();
    store::put(tx, agency, &rows).await?;
    let entries: Vec<EntryRow> = files.iter().flat_map(|file| file.entries.iter().cloned()).collect();
    store::insert_entries(tx, agency, &entries).await?;
    let compensations: Vec<CompensationRow> = files
        .iter()
        .flat_map(|file| file.compensations.iter().cloned())
        .collect();
    store::insert_compensations(tx, agency, &compensations).await?;
    let due: Vec<NewJob<'_>> = next
        .iter()
        .filter_map(|(key, due)| {
            Some(NewJob {
                kind: super::Clock::KIND,
                key,
                lane: Lane::Timers,
                clock: JobClock::Business,
                due: (*due)?,
            })
        })
        .collect();
    jobs::put_all(tx, agency, &due).await?;
    for (key, due) in &next {
        if due.is_none() {
            jobs::cancel(tx, agency, super::Clock::KIND, key).await?;
        }
    }
    Ok(())
}

/// What a step that cannot be taken says.
pub(super) fn refused(refused: Refused) -> AppError {
    let possible: Vec<&str> = refused.possible.iter().map(|step| step.as_str()).collect();
    AppError::conflict(
        "wrong_state",
        words!(
            "the case is {state}; what can be done: {en}",
            "案件状态为 {state}；可执行：{zh}",
            state = refused.state.as_str(),
            en = possible.join(", "),
            zh = possible.join("、")
        ),
    )
}

pub(super) fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_complaint", detail)
}
