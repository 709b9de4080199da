//! Crises: complaints of one product and cause that are joined, or what somebody has opened. A playbook is carried out as tasks.

mod joined;
mod moves;
mod playbooks;

pub(super) use playbooks::REPAIR_KINDS;

use crate::Complaints;
use crate::error::{AppError, Result};
use crate::team::Caller;
use crate::work::Workable;
use posthouse_domain::Instant;
use posthouse_domain::complaints::Cause;
use posthouse_store::complaints::{self as store, CrisisRow, Wanted};
use posthouse_store::{Access, Tx, intake};
use std::collections::HashMap;
use uuid::Uuid;

/// The kind of subjects that are crises.
pub(crate) const CRISIS: &str = "crisis";
/// The kinds of crises.
pub const CRISIS_KINDS: [&str; 5] = ["service_failure", "product", "information", "emergency", "malicious"];
/// Cases that are joined at once at most.
const MOST: i64 = 500;
/// Which crises are asked for.
#[derive(Debug, Clone, Default)]
pub struct CrisisFilter {
    /// Those that are not over, or those that are.
    pub open: Option<bool>,
}

/// What becomes of a crisis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrisisStep {
    /// It is one: the playbook is carried out, and nothing is offered for the product.
    Open,
    /// It grows no more.
    Contain,
    /// What it has done is put right.
    Repair,
    /// It is over.
    Close,
}

impl CrisisStep {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Contain, Self::Repair, Self::Close];

    /// The name used in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Contain => "contain",
            Self::Repair => "repair",
            Self::Close => "close",
        }
    }

    /// The state after it, and those it can be taken in.
    fn leads(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Open => ("open", &["watch"]),
            Self::Contain => ("contained", &["open"]),
            Self::Repair => ("repair", &["open", "contained"]),
            Self::Close => ("closed", &["watch", "open", "contained", "repair"]),
        }
    }

    fn possible(state: &str) -> Vec<&'static str> {
        let can = Self::ALL.into_iter().filter(|step| step.leads().1.contains(&state));
        can.map(Self::as_str).collect()
    }
}

/// A crisis that a person opens.
#[derive(Debug, Clone)]
pub struct NewCrisis {
    /// What kind.
    pub kind: String,
    /// What it is about, in words.
    pub title: String,
    /// The product, if it is about one.
    pub product: Option<String>,
    /// What it is about.
    pub cause: Option<Cause>,
    /// Key of a playbook of the rule in force; the one of the kind's name if left out.
    pub playbook: Option<String>,
    /// Cases that belong to it, by id or number.
    pub cases: Vec<String>,
}

/// A crisis.
#[derive(Debug, Clone)]
pub struct CrisisView {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// What kind.
    pub kind: String,
    /// What it is about, in words.
    pub title: String,
    /// The product.
    pub product: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// `watch`, `open`, `contained`, `repair` or `closed`.
    pub state: String,
    /// The steps that can be taken.
    pub possible: Vec<&'static str>,
    /// Key of the playbook.
    pub playbook: Option<String>,
    /// Who opened it; none if complaints were joined.
    pub opened_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub opened_at: Instant,
    /// When it was over.
    pub closed_at: Option<Instant>,
    /// How many cases belong to it.
    pub cases: i64,
    /// Moves with every change.
    pub version: i64,
}

/// What kind of crisis complaints of a cause are.
fn kind_of(cause: Option<Cause>) -> &'static str {
    match cause {
        Some(Cause::Product) => "product",
        Some(Cause::Information | Cause::Price) => "information",
        Some(Cause::ForceMajeure | Cause::Safety) => "emergency",
        Some(Cause::Malicious) => "malicious",
        _ => "service_failure",
    }
}

async fn view(tx: &mut Tx, agency: Uuid, row: CrisisRow) -> Result<CrisisView> {
    let wanted = Wanted {
        crisis: Some(row.id),
        ..Wanted::default()
    };
    let cases = store::states(tx, agency, &wanted)
        .await?
        .into_iter()
        .map(|(_, count)| count)
        .sum();
    Ok(CrisisView {
        id: row.id,
        number: row.number,
        kind: row.kind,
        title: row.title,
        product: row.product,
        cause: row.cause,
        possible: CrisisStep::possible(&row.state),
        state: row.state,
        playbook: row.playbook,
        opened_by: row.opened_by,
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        cases,
        version: row.version,
    })
}

impl Complaints<'_> {
    /// A crisis by its id or number.
    async fn find_crisis(&self, caller: &Caller, name: &str) -> Result<CrisisRow> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let id = InCrisis::find(&mut tx, caller.room.id, name).await?;
        store::crisis(&mut tx, caller.room.id, id)
            .await?
            .ok_or(AppError::NotFound(CRISIS))
    }

    /// A crisis, by its id or number.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn crisis(&self, caller: &Caller, name: &str) -> Result<CrisisView> {
        let row = self.find_crisis(caller, name).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        view(&mut tx, caller.room.id, row).await
    }

    /// Crises behind a cursor, the latest first, and where the next page begins.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn crises(
        &self,
        caller: &Caller,
        filter: &CrisisFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CrisisView>, Option<String>)> {
        let before = cursor.map(|cursor| Uuid::try_parse(cursor).map_err(|_| AppError::bad_cursor()));
        let before = before.transpose()?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::crises(&mut tx, caller.room.id, filter.open, before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let mut views = Vec::new();
        for row in rows {
            views.push(view(&mut tx, caller.room.id, row).await?);
        }
        Ok((views, next))
    }
}

/// Crises as things there is work about.
pub(crate) struct InCrisis;

impl Workable for InCrisis {
    const KIND: &'static str = CRISIS;
    const TASK_KINDS: &'static [&'static str] = &["playbook"];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        if let Ok(id) = Uuid::try_parse(name) {
            let row = store::crisis(tx, agency, id).await?;
            return row.map(|row| row.id).ok_or(AppError::NotFound(CRISIS));
        }
        let fits = name.len() <= 40 && !name.contains('\0');
        let row = match fits {
            true => store::crisis_numbered(tx, agency, name).await?,
            false => None,
        };
        row.map(|row| row.id).ok_or(AppError::NotFound(CRISIS))
    }

    async fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        intake::lock(tx, agency).await?;
        store::crisis(tx, agency, id)
            .await?
            .map(drop)
            .ok_or(AppError::NotFound(CRISIS))
    }

    async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let mut names = HashMap::new();
        for id in ids {
            if let Some(row) = store::crisis(tx, agency, *id).await? {
                names.insert(*id, row.number);
            }
        }
        Ok(names)
    }
}
