//! Seeing beforehand what another rule would do: it and the rule in force are played over what happened to every member in the last days. Nothing is
//! written to anybody's account.
//!
//! Both begin with what members had on the evening before, and meet the same bookings as they turned out, the same tiers by hand and the same points
//! of other rules. What members spent is left out: points are compared as they were given.

mod job;
mod play;
mod read;
mod sums;

pub(crate) use job::Play;
pub use sums::{Change, Foreseen, InForce, MemberChange, MonthChange};

use super::counter::Deed;
use super::point::Loyalty as Point;
use crate::Loyalty;
use crate::error::{AppError, Result, Soon, retrying, soon};
use crate::jobs::{self, Job, JobClock, Lane, NewJob};
use crate::labels::{Label, labels};
use crate::rules::bindings::check_binding_name;
use crate::rules::grants::{self, ungranted};
use crate::team::{Caller, Mask};
use posthouse_domain::{Day, Instant, Words, words};
use posthouse_store::loyalty::{self as store, PreviewRow};
use posthouse_store::{Access, attributes, intake, plugins};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Most days that are played.
const LONGEST: Day = 730;
/// How long a preview is kept, in ms.
const KEPT_MILLIS: i64 = 7 * 24 * 3_600_000;
/// Previews that are listed.
const LISTED: i64 = 20;

/// A rule to be tried.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// The binding it would be put into.
    pub binding: String,
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// Over how many days, today included.
    pub days: Day,
}

/// A preview, under way or over.
#[derive(Debug, Clone)]
pub struct PreviewView {
    /// Id.
    pub id: Uuid,
    /// The binding.
    pub binding: String,
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// The first day that is played.
    pub from: Day,
    /// The last.
    pub to: Day,
    /// `waiting`, `running`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// How many members there are.
    pub members: i64,
    /// How many of them were played.
    pub done: i64,
    /// How many occasions the rule was asked about.
    pub occasions: i64,
    /// What came of it.
    pub result: Option<Foreseen>,
    /// By what people recognise those who are shown.
    pub labels: HashMap<Uuid, Label>,
    /// Facts the plugin reads that are not granted to the binding: its activation has to grant them.
    pub grant_needed: Vec<String>,
    /// Why it failed.
    pub problem: Option<Words>,
    /// Who asked.
    pub asked_by: Uuid,
    /// When, in ms since 1970.
    pub asked_at: Instant,
}

fn is_open(row: &PreviewRow) -> bool {
    ["waiting", "running"].contains(&row.state.as_str())
}

impl Loyalty<'_> {
    /// Has a rule played over the last days, in the background.
    ///
    /// # Errors
    /// `data_masked`; `no_programme`; `bad_days`; `preview_running`; a plugin that is not there or of another extension point; `bad_config`;
    /// `unknown_fact`.
    pub fn begin_preview<'s>(&'s self, caller: &'s Caller, request: &'s PreviewRequest) -> Soon<'s, PreviewView> {
        soon(self.check_and_begin(caller, request))
    }

    async fn check_and_begin(&self, caller: &Caller, request: &PreviewRequest) -> Result<PreviewView> {
        caller.must_see(&[Mask::Money])?;
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
        check_binding_name(&request.binding)?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let asked = (request.binding.as_str(), request.digest.as_str(), &request.config);
        let rule = self
            .app
            .plugins()
            .trial_rule::<Point>(&mut tx, agency, asked, &own)
            .await?;
        drop(tx);
        let id = retrying!(self.try_begin_preview(caller, request, &rule.config))?;
        self.app.job_waiting.notify_waiters();
        self.preview(caller, id).await
    }

    async fn try_begin_preview(&self, caller: &Caller, request: &PreviewRequest, config: &str) -> Result<Uuid> {
        let (agency, machine) = (caller.room.id, self.app.machine.now());
        let (mut tx, _) = self.begin(caller).await?;
        let today = self.moment(caller).today;
        store::forget_previews(&mut tx, agency, machine - KEPT_MILLIS).await?;
        let latest = store::previews(&mut tx, agency, LISTED).await?;
        if let Some(open) = latest.iter().find(|row| is_open(row)) {
            return Err(AppError::conflict(
                "preview_running",
                words!(
                    "the preview {id} is under way; wait for it, or cancel it",
                    "试算 {id} 正在进行；请等它完成，或先取消",
                    id = open.id
                ),
            ));
        }
        let programme = store::programme(&mut tx, agency).await?;
        let row = PreviewRow {
            id: self.app.entropy.id(machine),
            binding: request.binding.clone(),
            digest: request.digest.clone(),
            config: config.to_owned(),
            from_on: today.saturating_sub(request.days - 1),
            to_on: today,
            state: "waiting".to_owned(),
            members: programme.map_or(0, |programme| programme.members),
            done: 0,
            occasions: 0,
            result: None,
            problem: None,
            asked_by: caller.actor,
            asked_at: machine,
        };
        store::insert_preview(&mut tx, agency, &row).await?;
        let key = row.id.to_string();
        let job = NewJob {
            kind: Play::KIND,
            key: &key,
            lane: Lane::Work,
            clock: JobClock::Machine,
            due: 0,
        };
        jobs::put(&mut tx, agency, job).await?;
        let deed = Deed {
            action: "loyalty.preview",
            subject: format!("binding/{}/{}", super::LOYALTY, row.binding),
            detail: json!({"preview": row.id, "digest": row.digest, "days": request.days}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        Ok(row.id)
    }

    /// A preview with how far it has come, and what came of it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such preview, or it is older than a week; `data_masked`.
    pub fn preview<'s>(&'s self, caller: &'s Caller, id: Uuid) -> Soon<'s, PreviewView> {
        soon(self.read_preview(caller, id))
    }

    async fn read_preview(&self, caller: &Caller, id: Uuid) -> Result<PreviewView> {
        caller.must_see(&[Mask::Money])?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::preview(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("preview"))?;
        let result: Option<Foreseen> = match &row.result {
            Some(text) => Some(serde_json::from_str(text).map_err(AppError::corrupt("preview"))?),
            None => None,
        };
        let shown = result.iter().flat_map(|result| &result.sample);
        let shown: Vec<Uuid> = shown.map(|one| one.customer).collect();
        let customers = intake::customers(&mut tx, agency, &shown).await?;
        let labels = labels(&mut tx, caller, &customers).await?;
        let bound = plugins::binding(&mut tx, agency, super::LOYALTY, &row.binding).await?;
        let granted = plugins::granted(&mut tx, agency, super::LOYALTY, &row.binding).await?;
        drop(tx);
        // a first activation grants what the plugin declares
        let grant_needed = match bound {
            Some(_) => match self.app.plugins().open(agency, &row.digest).await {
                Ok(plugin) => ungranted(&grants::reads(plugin.description()), &granted),
                Err(_) => Vec::new(),
            },
            None => Vec::new(),
        };
        Ok(PreviewView {
            id: row.id,
            binding: row.binding,
            digest: row.digest,
            config: serde_json::from_str(&row.config).map_err(AppError::corrupt("settings"))?,
            from: row.from_on,
            to: row.to_on,
            state: row.state,
            members: row.members,
            done: row.done,
            occasions: row.occasions,
            result,
            labels,
            grant_needed,
            problem: row.problem.as_deref().map(Words::from_stored),
            asked_by: row.asked_by,
            asked_at: row.asked_at,
        })
    }

    /// Ends a preview that is under way. One that is over stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub fn cancel_preview<'s>(&'s self, caller: &'s Caller, id: Uuid) -> Soon<'s, PreviewView> {
        soon(self.check_and_cancel(caller, id))
    }

    async fn check_and_cancel(&self, caller: &Caller, id: Uuid) -> Result<PreviewView> {
        caller.must_see(&[Mask::Money])?;
        retrying!(self.try_cancel_preview(caller, id))?;
        self.preview(caller, id).await
    }

    async fn try_cancel_preview(&self, caller: &Caller, id: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let (mut tx, _) = self.begin(caller).await?;
        let row = store::preview(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("preview"))?;
        store::end_preview(&mut tx, agency, id, "cancelled", (None, None)).await?;
        let deed = Deed {
            action: "loyalty.unpreview",
            subject: format!("binding/{}/{}", super::LOYALTY, row.binding),
            detail: json!({"preview": id}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await
    }
}
