//! Asking rules about what waits, and bringing members to a new day: many at once. What rules say is written in one transaction, for those who
//! are as they were when they were asked; the others are asked again.

use super::LOYALTY;
use super::asking::{Asking, Case, Heard, put_off};
use super::follow::SLICE;
use super::happened::REFERRAL;
use super::sheet::{Sheet, tell};
use super::written::write;
use crate::error::{AppError, Result, repeating};
use crate::rules::point::{About, Subject};
use crate::rules::{Moment, in_turn};
use crate::{Loyalty, Room};
use posthouse_domain::{Words, words};
use posthouse_store::loyalty::{self as store, LotRow, OccasionRow, WAITING};
use posthouse_store::{Access, Tx, attributes, decisions, intake};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Occasions that are asked about at once: twice what is followed meanwhile, as a booking is confirmed and completed.
const BATCH: i64 = 2 * SLICE;

impl Loyalty<'_> {
    /// Asks about the occasions that wait the longest; whether there were any.
    pub(super) async fn ask_some(&self, room: &Arc<Room>) -> Result<bool> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let rows = store::waiting(&mut tx, room.id, self.app.machine.now(), BATCH).await?;
        drop(tx);
        if rows.is_empty() {
            return Ok(false);
        }
        self.settle(room, rows, &[]).await?;
        Ok(true)
    }

    /// Asks about occasions and posts the answers, and brings members to today. Somebody else may have done so meanwhile: then nothing of it is
    /// written.
    pub(super) async fn settle(&self, room: &Arc<Room>, rows: Vec<OccasionRow>, turning: &[Uuid]) -> Result<()> {
        self.app.segments().ensure_loaded(room).await?;
        let (asking, cases) = self.prepare(room, rows, turning).await?;
        let moment = asking.moment;
        let asked = cases.len();
        let hear = move |place: usize| asking.hear(&cases[place]);
        let heard = in_turn(&self.app.engine, room.id, asked, hear).await?;
        match repeating!(self.write_heard(room, &heard, moment)) {
            Err(error) if !error.will_pass() && heard.len() > 1 => {
                tracing::warn!(%error, agency = %room.slug, "members could not be written together; each is by itself");
            }
            done => return done,
        }
        for one in heard {
            let one = std::slice::from_ref(&one);
            if let Err(error) = repeating!(self.write_heard(room, one, moment)) {
                let [Heard { occasions, before, .. }] = one else {
                    continue;
                };
                if error.will_pass() || occasions.is_empty() {
                    return Err(error);
                }
                tracing::error!(%error, agency = %room.slug, customer = %before.customer_id, "what a rule said cannot be posted");
                let problem = words!("it cannot be posted: {error}", "无法入账：{error}");
                for (row, _) in occasions {
                    self.put_off(room, row, &problem).await?;
                }
            }
        }
        Ok(())
    }

    /// Members with what rules are told of them, and the rules.
    pub(super) async fn prepare(
        &self,
        room: &Arc<Room>,
        rows: Vec<OccasionRow>,
        turning: &[Uuid],
    ) -> Result<(Asking, Vec<Case>)> {
        let agency = room.id;
        let rules = self.in_force(agency).await?;
        let mut waiting: BTreeMap<Uuid, Vec<OccasionRow>> = turning.iter().map(|id| (*id, Vec::new())).collect();
        let mut abouts = Vec::new();
        for row in &rows {
            waiting.entry(row.customer_id).or_default().push(row.clone());
            if row.about_kind == "booking" {
                abouts.push(row.about.as_str());
            }
        }
        abouts.sort_unstable();
        abouts.dedup();
        let customers: Vec<Uuid> = waiting.keys().copied().collect();
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let members = store::members(&mut tx, agency, &customers).await?;
        // behind what was read: lines of a statement stand in the order of their days
        let moment = self.app.segments().moment(room);
        let mut lots: HashMap<Uuid, Vec<LotRow>> = HashMap::new();
        for row in store::lots(&mut tx, agency, &customers).await? {
            lots.entry(row.customer_id).or_default().push(row);
        }
        let bookings = intake::bookings(&mut tx, agency, &abouts).await?;
        let bookings = bookings
            .into_iter()
            .map(|row| (row.id, (row.booking.paid_back(), row.booking.over_on())));
        let bookings = bookings.collect();
        let own = attributes::definitions(&mut tx, agency).await?;
        let kinds = Arc::new(
            own.into_iter()
                .map(|own| (own.key, own.kind))
                .collect::<HashMap<_, _>>(),
        );
        let mut cases = Vec::with_capacity(members.len());
        for before in members {
            let customer = before.customer_id;
            let known = match rules.read_facts() {
                true => Some(
                    self.app
                        .facts()
                        .known(room, &mut tx, customer, kinds.clone(), moment)
                        .await?,
                ),
                false => None,
            };
            cases.push(Case {
                lots: lots.remove(&customer).unwrap_or_default(),
                known,
                occasions: waiting.remove(&customer).unwrap_or_default(),
                turns: turning.contains(&customer),
                before,
            });
        }
        let asking = Asking {
            app: self.app.clone(),
            room: room.clone(),
            rules,
            bookings,
            moment,
        };
        Ok((asking, cases))
    }

    /// Writes what came of asking, for those who are as they were then.
    pub(super) async fn write_heard(&self, room: &Arc<Room>, heard: &[Heard], moment: Moment) -> Result<()> {
        let agency = room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        intake::lock(&mut tx, agency).await?;
        let standing = self.still_stand(&mut tx, agency, heard).await?;
        if standing.is_empty() {
            return Ok(());
        }
        let moved: Vec<&Heard> = standing.iter().copied().filter(|one| one.is_moved).collect();
        let customers: Vec<Uuid> = moved.iter().map(|one| one.before.customer_id).collect();
        store::lock_all(&mut tx, agency, &customers).await?;
        let decided: Vec<_> = moved.iter().flat_map(|one| decisions_of(one, moment)).collect();
        decisions::insert(&mut tx, agency, &decided).await?;
        let sheets: Vec<&Sheet> = moved.iter().map(|one| &one.sheet).collect();
        let mut told = write(&mut tx, agency, &sheets).await?;
        let becomes: Vec<OccasionRow> = standing
            .iter()
            .flat_map(|one| &one.occasions)
            .map(|(_, becomes)| becomes.clone())
            .collect();
        store::put_occasions(&mut tx, agency, &becomes).await?;
        let is_over = |row: &&OccasionRow| row.about_kind == REFERRAL && ["settled", "undone"].contains(&&*row.state);
        for row in becomes.iter().filter(is_over) {
            told.extend(self.rewarded(&mut tx, room, &row.about, moment).await?);
        }
        if !customers.is_empty() {
            self.app
                .facts()
                .contribute::<super::Standing>(&mut tx, agency, &customers, moment.today)
                .await?;
        }
        tell(self.app, &mut tx, agency, told).await?;
        tx.commit().await?;
        room.woken.notify_one();
        let failed = becomes.iter().filter(|row| row.problem.is_some()).count();
        metrics::counter!("posthouse_decisions_total", "extension_point" => LOYALTY).increment(decided.len() as u64);
        metrics::counter!("posthouse_rule_faults_total", "extension_point" => LOYALTY).increment(failed as u64);
        // what is not written is asked about again, and counts then
        self.note_health(room, &standing, moment).await;
        Ok(())
    }

    /// Those whose member is as rules were told, and whose occasions still wait. Under the lock of the agency's changes that stays so.
    async fn still_stand<'h>(&self, tx: &mut Tx, agency: Uuid, heard: &'h [Heard]) -> Result<Vec<&'h Heard>> {
        let customers: Vec<Uuid> = heard.iter().map(|one| one.before.customer_id).collect();
        let members = store::members(tx, agency, &customers).await?;
        let versions: HashMap<Uuid, i64> = members.into_iter().map(|row| (row.customer_id, row.version)).collect();
        let asked = heard.iter().flat_map(|one| &one.occasions).map(|(row, _)| row);
        let asked: Vec<Uuid> = asked.map(|row| row.id).collect();
        let now = store::occasions_named(tx, agency, &asked).await?;
        let now: HashMap<Uuid, OccasionRow> = now.into_iter().map(|row| (row.id, row)).collect();
        let waits = |row: &OccasionRow| {
            now.get(&row.id)
                .is_some_and(|now| now.state == WAITING && (&now.basis, now.attempts) == (&row.basis, row.attempts))
        };
        let stands = |one: &&Heard| {
            versions.get(&one.before.customer_id) == Some(&one.before.version)
                && one.occasions.iter().all(|(row, _)| waits(row))
        };
        Ok(heard.iter().filter(stands).collect())
    }

    pub(super) async fn put_off(&self, room: &Room, row: &OccasionRow, problem: &Words) -> Result<()> {
        let later = put_off(row, problem, false, self.app.machine.now());
        repeating!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            intake::lock(&mut tx, room.id).await?;
            if store::still_waits(&mut tx, room.id, row).await? {
                store::put_occasions(&mut tx, room.id, std::slice::from_ref(&later)).await?;
            }
            tx.commit().await.map_err(AppError::from)
        })
    }
}

fn decisions_of(heard: &Heard, moment: Moment) -> Vec<decisions::DecisionRow> {
    let row = |decision: &super::asking::Decision| {
        let subject = decision.occasion.map(|id| Subject { kind: "occasion", id });
        let about = About {
            customer: Some(heard.before.customer_id),
            subject,
            at: moment.now,
        };
        decision.made.row(decision.id, &decision.rule, about, &json!({}))
    };
    heard.made.iter().map(row).collect()
}
