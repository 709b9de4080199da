//! Complaints that have something in common are joined.

use super::moves::told;
use super::{MOST, kind_of};
use crate::complaints::file::{CaseFile, Note, Who, write};
use crate::complaints::house::House;
use crate::error::{Result, retrying};
use crate::{Complaints, Room};
use posthouse_domain::complaints::{Cause, Kept};
use posthouse_domain::{Day, Instant, time};
use posthouse_store::complaints::{self as store, CrisisRow};
use posthouse_store::{Access, Tx};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

impl Complaints<'_> {
    /// Joins a case with those it has something in common with, if they are many; that it was not possible is logged, and the next case tries again.
    pub(in crate::complaints) async fn look_for_crises(&self, room: &Arc<Room>, house: &House, case: Uuid) {
        if let Err(error) = retrying!(self.try_join(room, house, case)) {
            tracing::error!(%error, agency = %room.slug, %case, "whether the case belongs to a crisis could not be found out");
        }
    }

    async fn try_join(&self, room: &Arc<Room>, house: &House, case: Uuid) -> Result<()> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let since = moment.now - i64::from(house.terms.joint_days) * 86_400_000;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::case(&mut tx, agency, case).await?;
        let Some(row) = row.filter(|row| row.is_open && row.crisis_id.is_none()) else {
            return Ok(());
        };
        let Some(alike) = row.alike else { return Ok(()) };
        let others = store::alike(&mut tx, agency, &alike, case, since).await?;
        let there = store::crisis_of(&mut tx, agency, &alike).await?;
        drop(tx);
        let is_joint = others + 1 >= i64::from(house.terms.joint_count);
        if there.is_none() && !is_joint {
            return Ok(());
        }
        let mut tx = self.begin(room, Who::Host).await?;
        let all = store::all_alike(&mut tx, agency, &alike, since, MOST).await?;
        let mut news = Vec::new();
        let crisis = match store::crisis_of(&mut tx, agency, &alike).await? {
            Some(crisis) => crisis,
            None => {
                let Some(first) = all.first().filter(|_| all.len() >= house.terms.joint_count as usize) else {
                    return Ok(());
                };
                let cause = first.cause.as_deref().and_then(Cause::parse);
                let crisis = CrisisRow {
                    id: self.app.entropy.id(self.app.machine.now()),
                    number: self.crisis_number(&mut tx, agency, moment.today).await?,
                    kind: kind_of(cause).to_owned(),
                    title: first.product.clone().unwrap_or_default(),
                    product: first.product.clone(),
                    departs_on: first.departs_on,
                    cause: first.cause.clone(),
                    alike: Some(alike),
                    state: "watch".to_owned(),
                    is_open: true,
                    playbook: serde_json::from_str::<Kept>(&row.kept)
                        .ok()
                        .and_then(|kept| kept.playbook),
                    opened_by: None,
                    opened_at: moment.now,
                    closed_at: None,
                    version: 1,
                };
                store::put_crisis(&mut tx, agency, &crisis).await?;
                news.push(told(&crisis, "crisis.opened", moment.now));
                crisis
            }
        };
        let mut files = Vec::new();
        for row in all.into_iter().filter(|row| row.crisis_id.is_none()) {
            let mut file = CaseFile::open(row)?;
            file.happen(moment.now, house);
            self.joined(&mut file, Who::Host, &crisis, moment.now);
            files.push(file);
        }
        write(&mut tx, agency, &mut files, moment.now, house).await?;
        if let Some(first) = files.first_mut() {
            first.told.extend(news);
        }
        self.finish(tx, room, Who::Host, files, None, ("join", json!({})), moment)
            .await
    }

    pub(super) fn joined(&self, file: &mut CaseFile, who: Who<'_>, crisis: &CrisisRow, now: Instant) {
        file.row.crisis_id = Some(crisis.id);
        let note = Note {
            kind: "joined",
            data: json!({"crisis": crisis.id, "number": crisis.number}),
            ..Note::default()
        };
        file.note(who, now, file.state(), note);
    }

    pub(super) async fn crisis_number(&self, tx: &mut Tx, agency: Uuid, today: Day) -> Result<String> {
        let month = time::date_from_day(today).format("%y%m").to_string();
        let numbered = store::next_number(tx, agency, month.parse().unwrap_or_default()).await?;
        Ok(format!("K{month}-{numbered:04}"))
    }
}
