//! Cases as people see them.

use super::file::CaseFile;
use super::house::House;
use super::open::Contact;
use crate::Complaints;
use crate::error::{AppError, Result};
use crate::rules::Reason;
use crate::team::{Caller, Mask, Rows};
use posthouse_domain::clocks::State as ClockState;
use posthouse_domain::complaints::{ClockKind, Objection, State, Step};
use posthouse_domain::{Day, Instant, Words};
use posthouse_store::complaints::{self as store, CaseRow, EntryRow, Wanted};
use posthouse_store::{Access, profiles};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// A clock of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// What it runs against.
    pub kind: ClockKind,
    /// When it began, in ms since 1970.
    pub started_at: Instant,
    /// When it is over; none while it stands still, and once it is met.
    pub due_at: Option<Instant>,
    /// Minutes used up: working minutes, or of a time of the law minutes.
    pub used_minutes: i64,
    /// Minutes left, negative once it is breached.
    pub left_minutes: Option<i64>,
    /// How it stands.
    pub state: ClockState,
}

/// Why a case is where it is.
#[derive(Debug, Clone, Default)]
pub struct Why {
    /// The rule's reason; none without a rule.
    pub reason: Option<Reason>,
    /// Why the rule's word was not followed in full.
    pub objections: Vec<Objection>,
    /// How the rule failed.
    pub fault: Option<Words>,
    /// The decision.
    pub decision: Option<Uuid>,
}

/// Something that happened to a case.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// Counts from 1.
    pub nth: i64,
    /// When, in ms since 1970.
    pub at: Instant,
    /// What: a step, `opened`, `routed`, `warned`, `breached`, `file`, `compensation`.
    pub kind: String,
    /// `staff`, `host` or `customer`.
    pub told_by: String,
    /// Who, of staff.
    pub actor: Option<Uuid>,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// What was said; nothing for those who do not see how to reach customers, as it may say that.
    pub text: Option<String>,
    /// More about it.
    pub data: Value,
    /// Why it went where it went.
    pub why: Option<Why>,
    /// Whether the customer sees it.
    pub is_public: bool,
}

/// A case.
#[derive(Debug, Clone)]
pub struct CaseView {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// Whose it is.
    pub customer: Option<Uuid>,
    /// Who complains, where they told; nothing for those who do not see how to reach customers.
    pub contact: Option<Contact>,
    /// The booking.
    pub booking: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The departure.
    pub departs: Option<Day>,
    /// Whose service.
    pub supplier: Option<String>,
    /// Who guided the trip.
    pub guide: Option<String>,
    /// What somebody has to say.
    pub kind: String,
    /// What it is about.
    pub cause: Option<String>,
    /// The agency's own word below that.
    pub cause_detail: Option<String>,
    /// How it came.
    pub channel: String,
    /// What was said; nothing for those who do not see how to reach customers.
    pub text: Option<String>,
    /// When in a trip.
    pub phase: String,
    /// From 1, the gravest, to 4.
    pub severity: i32,
    /// Whether a person said so.
    pub severity_by_person: bool,
    /// Who is answerable.
    pub liability: Option<String>,
    /// Why it happened.
    pub root_cause: Option<String>,
    /// What was done about it.
    pub rectification: Option<String>,
    /// What was made of a suggestion.
    pub assessment: Option<String>,
    /// Where it stands.
    pub state: State,
    /// What can be done.
    pub possible: Vec<Step>,
    /// Key of the desk.
    pub desk: String,
    /// Who has it.
    pub person: Option<Uuid>,
    /// Since when.
    pub assigned_at: Option<Instant>,
    /// When it came.
    pub opened_at: Instant,
    /// When the customer first heard something.
    pub first_response_at: Option<Instant>,
    /// When it was resolved.
    pub resolved_at: Option<Instant>,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// How often it was opened again.
    pub reopened: i32,
    /// From 1 to 5.
    pub rating: Option<i32>,
    /// What the customer said with it.
    pub rating_text: Option<String>,
    /// Whether something promised was not done in time.
    pub breached: bool,
    /// How often it has gone from one desk to another.
    pub hops: i32,
    /// Its clocks.
    pub clocks: Vec<ClockView>,
    /// When the next running clock is over.
    pub due_at: Option<Instant>,
    /// Why it is where it is; in lists it is left out.
    pub why: Option<Why>,
    /// The crisis it belongs to.
    pub crisis: Option<Uuid>,
    /// How many entries and files it has.
    pub entries: i64,
    /// The same of files.
    pub files: i32,
    /// What putting it right has cost; nothing for those who see no money.
    pub cost: Option<i64>,
    /// When it last changed.
    pub updated_at: Instant,
    /// For `If-Match`.
    pub version: i64,
}

/// Which cases are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those that are open, or are not.
    pub open: Option<bool>,
    /// Only those of this desk.
    pub desk: Option<String>,
    /// Only those that the caller has.
    pub mine: bool,
    /// Only those where something promised was not done in time.
    pub breached: bool,
    /// Only those of this customer.
    pub customer: Option<Uuid>,
    /// Only those of this crisis.
    pub crisis: Option<Uuid>,
    /// Only those in which this stands: a number, or words.
    pub q: Option<String>,
    /// What is due first first, of open ones; the latest first otherwise.
    pub by_due: bool,
}

fn clocks(file: &CaseFile, house: &House, now: Instant) -> Vec<ClockView> {
    let hours = house.hours(&file.row.desk);
    let view = |one: &posthouse_domain::complaints::CaseClock| {
        let calendar = if one.kind.is_statutory() { hours.law } else { hours.desk };
        ClockView {
            kind: one.kind,
            started_at: one.clock.started_at,
            due_at: one.clock.due(calendar),
            used_minutes: one.clock.used_minutes(now, calendar),
            left_minutes: one.clock.left_minutes(now, calendar),
            state: one.clock.state(now, calendar),
        }
    };
    file.clocks.0.iter().map(view).collect()
}

/// A case as a caller sees it.
pub(super) fn view(row: CaseRow, house: &House, caller: &Caller, now: Instant) -> Result<CaseView> {
    let file = CaseFile::open(row)?;
    let clocks = clocks(&file, house, now);
    let state = file.state();
    let row = file.row;
    let reaches = !caller.is_masked(Mask::Contact);
    let contact = row.contact.filter(|_| reaches).map(|text| serde_json::from_str(&text));
    Ok(CaseView {
        id: row.id,
        number: row.number,
        customer: row.customer_id,
        contact: contact.transpose().map_err(AppError::corrupt("contact"))?,
        booking: row.booking_id,
        product: row.product,
        departs: row.departs_on,
        supplier: row.supplier,
        guide: row.guide,
        kind: row.kind,
        cause: row.cause,
        cause_detail: row.cause_detail,
        channel: row.channel,
        text: reaches.then_some(row.text),
        phase: row.phase,
        severity: row.severity,
        severity_by_person: row.severity_by_person,
        liability: row.liability,
        root_cause: row.root_cause,
        rectification: row.rectification,
        assessment: row.assessment,
        state,
        possible: Step::ALL
            .into_iter()
            .filter(|step| state.after(*step).is_ok())
            .collect(),
        desk: row.desk,
        person: row.person_id,
        assigned_at: row.assigned_at,
        opened_at: row.opened_at,
        first_response_at: row.first_response_at,
        resolved_at: row.resolved_at,
        closed_at: row.closed_at,
        reopened: row.reopened,
        rating: row.rating,
        rating_text: row.rating_text.filter(|_| reaches),
        breached: row.breached,
        hops: row.hops,
        clocks,
        due_at: row.due_at,
        why: None,
        crisis: row.crisis_id,
        entries: row.entries,
        files: row.files,
        cost: (!caller.is_masked(Mask::Money)).then_some(row.cost),
        updated_at: row.updated_at,
        version: row.version,
    })
}

/// Why a case went where it went, as an entry keeps it.
fn why_of(data: &Value, decision: Option<Uuid>) -> Why {
    let read = |value: &Value| serde_json::from_value(value.clone()).ok();
    Why {
        reason: read(&data["reason"]),
        objections: serde_json::from_value(data["objections"].clone()).unwrap_or_default(),
        fault: data["fault"].as_str().map(Words::from_stored),
        decision,
    }
}

fn entry(row: EntryRow, caller: &Caller) -> Result<EntryView> {
    let mut data: Value = serde_json::from_str(&row.data).map_err(AppError::corrupt("data"))?;
    let reaches = !caller.is_masked(Mask::Contact);
    if let Value::Object(fields) = &mut data {
        // a file is called whatever somebody wanted to say
        fields.retain(|field, _| reaches || field != "name");
        fields.retain(|field, _| !caller.is_masked(Mask::Money) || !["amount", "cost"].contains(&field.as_str()));
    }
    Ok(EntryView {
        why: (row.kind == "routed").then(|| why_of(&data, row.decision_id)),
        nth: row.nth,
        at: row.at,
        kind: row.kind,
        told_by: row.told_by,
        actor: row.actor_id,
        from: row.from_state,
        to: row.to_state,
        text: row.text.filter(|_| reaches),
        data,
        is_public: row.is_public,
    })
}

/// Entries looked through for the last that says why.
const BACK: i64 = 200;

impl Complaints<'_> {
    pub(super) async fn must_see_customer(&self, caller: &Caller, customer: Uuid) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = profiles::customer(&mut tx, caller.room.id, customer).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("customer"))?;
        self.app.profiles().must_see(caller, &row).await
    }

    /// Whether a caller sees a case: those of customers they see, those that they have, and with everybody's customers all of them.
    async fn sees(&self, caller: &Caller, rows: &[CaseRow]) -> Result<Vec<bool>> {
        if caller.rows == Rows::All {
            return Ok(vec![true; rows.len()]);
        }
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.customer_id).collect();
        let visible = self.app.profiles().visible(caller).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let customers = posthouse_store::intake::customers(&mut tx, caller.room.id, &ids).await?;
        let ordinals: HashMap<Uuid, i64> = customers.into_iter().map(|row| (row.id, row.ordinal)).collect();
        let sees = |row: &CaseRow| {
            let own = row.customer_id.and_then(|id| ordinals.get(&id));
            row.person_id == Some(caller.actor) || own.is_some_and(|ordinal| visible.has(*ordinal))
        };
        Ok(rows.iter().map(sees).collect())
    }

    /// A case by its id or number, that the caller sees.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub(super) async fn must_see_case(&self, caller: &Caller, name: &str) -> Result<CaseRow> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = match Uuid::try_parse(name) {
            Ok(id) => store::case(&mut tx, agency, id).await?,
            Err(_) if name.len() <= 40 && !name.contains('\0') => store::numbered(&mut tx, agency, name).await?,
            Err(_) => None,
        };
        drop(tx);
        let row = row.ok_or(AppError::NotFound("complaint"))?;
        match self.sees(caller, std::slice::from_ref(&row)).await?.first() {
            Some(true) => Ok(row),
            _ => Err(AppError::NotFound("complaint")),
        }
    }

    /// A case, by its id or number.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn case(&self, caller: &Caller, name: &str) -> Result<CaseView> {
        let row = self.must_see_case(caller, name).await?;
        let (agency, id) = (caller.room.id, row.id);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let house = House::read(&mut tx, agency, &caller.room.terms).await?;
        let entries = store::entries(&mut tx, agency, id, i64::MAX, BACK).await?;
        let routed = entries.iter().find(|entry| entry.kind == "routed");
        let why = match routed {
            Some(entry) => {
                let data: Value = serde_json::from_str(&entry.data).map_err(AppError::corrupt("data"))?;
                Some(why_of(&data, entry.decision_id))
            }
            None => None,
        };
        Ok(CaseView {
            why,
            ..view(row, &house, caller, self.app.clock.now())?
        })
    }

    /// What happened to a case before an entry, the latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn entries(
        &self,
        caller: &Caller,
        name: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<EntryView>> {
        let row = self.must_see_case(caller, name).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let before = before.unwrap_or(i64::MAX);
        let rows = store::entries(&mut tx, caller.room.id, row.id, before, limit as i64).await?;
        rows.into_iter().map(|row| entry(row, caller)).collect()
    }

    /// The files of a case.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn files(&self, caller: &Caller, name: &str) -> Result<Vec<super::FileView>> {
        let row = self.must_see_case(caller, name).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = store::files(&mut tx, caller.room.id, row.id).await?;
        let mut files: Vec<super::FileView> = rows.into_iter().map(Into::into).collect();
        if caller.is_masked(Mask::Contact) {
            // a file is called whatever somebody wanted to say
            files.iter_mut().for_each(|file| file.name = file.nth.to_string());
        }
        Ok(files)
    }

    /// Cases behind a cursor, and where the next page begins.
    ///
    /// # Errors
    /// `bad_cursor`; `bad_state`.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &CaseFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CaseView>, Option<String>)> {
        if let Some(state) = filter.state.as_deref().filter(|state| State::parse(state).is_none()) {
            let shown: String = state.chars().take(40).collect();
            return Err(AppError::invalid(
                "bad_state",
                posthouse_domain::words!("{shown:?} is no state of a case", "{shown:?} 不是案件状态"),
            ));
        }
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let q = filter
            .q
            .as_deref()
            .map(super::open::sought)
            .filter(|q| !q.is_empty() && !q.contains('\0'));
        let wanted = Wanted {
            state: filter.state.as_deref(),
            open: filter.open,
            desk: filter.desk.as_deref(),
            person: filter.mine.then_some(caller.actor),
            breached: filter.breached,
            customer: filter.customer,
            crisis: filter.crisis,
            q: q.as_deref(),
            before: caller.is_masked(Mask::Contact).then_some(super::open::SAID),
        };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let house = House::read(&mut tx, agency, &caller.room.terms).await?;
        let most = limit as i64 + 1;
        let mut rows = match filter.by_due {
            true => {
                let after = cursor
                    .map(|cursor| place(cursor).ok_or_else(AppError::bad_cursor))
                    .transpose()?;
                store::due_first(&mut tx, agency, &wanted, after, most).await?
            }
            false => {
                let before = cursor.map(|cursor| Uuid::try_parse(cursor).map_err(|_| AppError::bad_cursor()));
                store::latest(&mut tx, agency, &wanted, before.transpose()?, most).await?
            }
        };
        drop(tx);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| match filter.by_due {
            true => format!("{}.{}", row.due_at.unwrap_or(i64::MAX), row.id),
            false => row.id.to_string(),
        });
        let seen = self.sees(caller, &rows).await?;
        let rows = rows.into_iter().zip(seen).filter(|(_, seen)| *seen);
        let views = rows.map(|(row, _)| view(row, &house, caller, now));
        Ok((views.collect::<Result<_>>()?, next))
    }
}

fn place(cursor: &str) -> Option<(i64, Uuid)> {
    let (due, id) = cursor.split_once('.')?;
    Some((due.parse().ok()?, Uuid::try_parse(id).ok()?))
}
