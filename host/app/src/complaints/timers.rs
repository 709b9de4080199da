//! Clocks that come to something: somebody is warned, what was promised is not done in time, the rule is asked again. Each once, whoever looks and when.

use super::COMPLAINT;
use super::file::{CaseFile, Who, write};
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobRow, Together};
use crate::{App, Complaints};
use posthouse_domain::complaints::Trigger;
use posthouse_store::complaints as store;
use posthouse_store::{Access, StoreError};
use serde_json::json;
use uuid::Uuid;

/// What a case's clocks bring about.
pub(crate) struct Clock;

impl Job for Clock {
    const KIND: &'static str = "complaints.clock";
    /// A case is not forgotten.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        retrying!(app.complaints().tick(job))
    }
}

impl Together for Clock {
    async fn run_all(app: &App, jobs: &[JobRow]) -> Result<()> {
        retrying!(app.complaints().tick_all(jobs))
    }
}

fn case_of(job: &JobRow) -> Result<Uuid> {
    Uuid::try_parse(&job.key).map_err(|_| AppError::Internal(format!("a clock of {:?}", job.key)))
}

impl Complaints<'_> {
    /// What the clocks of one case have come to. Writing the case schedules its next moment, or takes this job away.
    async fn tick(&self, job: &JobRow) -> Result<Done> {
        let room = self.app.room(job.agency_id).await?;
        let (agency, id, moment) = (room.id, case_of(job)?, self.app.segments().moment(&room));
        let house = self.app.house(&room).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::case(&mut tx, agency, id).await?;
        drop(tx);
        let Some(row) = row else { return Ok(Done::Over) };
        let mut file = CaseFile::open(row)?;
        let escalations = file.happen(moment.now, &house);
        // several at once are asked about once: what the rule says to the last of them is its word
        let heard = match escalations.last() {
            Some(step) => {
                let why = (Trigger::Escalation, Some(*step));
                Some(self.ask(&room, &house, &file, why, moment).await?)
            }
            None => None,
        };
        let mut tx = self.begin(&room, Who::Host).await?;
        let present = store::case(&mut tx, agency, id).await?;
        if present.map(|row| row.version) != file.read_at {
            return Err(StoreError::Overtaken.into());
        }
        let detail = json!({"clock": true});
        if let Some(heard) = &heard {
            self.route(&mut tx, agency, &mut file, heard, &house, moment).await?;
            let audit = self.app.audit();
            let subject = format!("{COMPLAINT}/{id}");
            audit
                .note_by(
                    &mut tx,
                    agency,
                    None,
                    "complaint.escalate",
                    &subject,
                    json!({"desk": file.row.desk}),
                )
                .await?;
        }
        let mut files = vec![file];
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        let decision = heard.and_then(|heard| heard.decision);
        self.finish(tx, &room, Who::Host, files, decision, ("clock", detail), moment)
            .await?;
        Ok(Done::Finished)
    }

    /// The same of many in one transaction. Those about which the rule is asked again are asked about one by one.
    async fn tick_all(&self, all: &[JobRow]) -> Result<()> {
        let Some(first) = all.first() else { return Ok(()) };
        let room = self.app.room(first.agency_id).await?;
        let (agency, moment) = (room.id, self.app.segments().moment(&room));
        let house = self.app.house(&room).await?;
        let ids = all.iter().map(case_of).collect::<Result<Vec<_>>>()?;
        let mut tx = self.begin(&room, Who::Host).await?;
        let (mut files, mut asked) = (Vec::new(), Vec::new());
        for row in store::cases(&mut tx, agency, &ids).await? {
            let id = row.id;
            let mut file = CaseFile::open(row)?;
            match file.happen(moment.now, &house).is_empty() {
                true => files.push(file),
                false => asked.push(id),
            }
        }
        let there: Vec<Uuid> = files
            .iter()
            .map(|file| file.row.id)
            .chain(asked.iter().copied())
            .collect();
        let gone: Vec<JobRow> = all
            .iter()
            .zip(&ids)
            .filter(|(_, id)| !there.contains(id))
            .map(|(job, _)| job.clone())
            .collect();
        write(&mut tx, agency, &mut files, moment.now, &house).await?;
        jobs::finish_all(&mut tx, agency, self.app.host, Clock::KIND, &gone).await?;
        self.finish(tx, &room, Who::Host, files, None, ("clock", json!({})), moment)
            .await?;
        for (job, id) in all.iter().zip(&ids) {
            if asked.contains(id) {
                retrying!(self.tick(job))?;
            }
        }
        Ok(())
    }
}
