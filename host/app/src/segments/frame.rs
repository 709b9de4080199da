//! The frame of an agency: read at the first look, brought to the last change at every other, saved when the server stops and when
//! the day has turned.

use super::live::Desk;
use crate::beside::beside;
use crate::error::{AppError, Result, retrying};
use crate::facts::saved::{self, Mark};
use crate::rules::Moment;
use crate::{Room, Segments};
use posthouse_domain::Day;
use posthouse_domain::attribute::AttributeDef;
use posthouse_store::fragments::FragmentRow;
use posthouse_store::intake::StoredFacts;
use posthouse_store::{Access, Tx, attributes, frames as store, profiles};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Rows of facts read at once when a frame is read from the database.
const PAGE: i64 = 20_000;

/// Rows put into the frame at once.
const PIECE: usize = 1_000;

/// Changes read at once when a frame is brought to the last one. Each may be that of a slice of an import.
const CHANGES: i64 = 5;

/// How long marks of saved frames are kept, in ms: a server that was down for longer reads everything anew.
const KEEP_MARKS: i64 = 90 * 86_400_000;

/// What was folded for a day after today.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Customers whose records were.
    pub(super) customers: Vec<Uuid>,
    /// What capabilities contributed.
    pub(super) fragments: Vec<FragmentRow>,
}

impl Segments<'_> {
    /// Brings the frame to the last committed change. While a day is being turned it stays on the last one that was: it stops before the first
    /// change that was folded for a later day.
    pub(super) async fn refresh_frame(&self, tx: &mut Tx, room: &Arc<Room>, last: Option<Day>) -> Result<()> {
        let mut seen = room.frame().change;
        let (change, _) = profiles::counter(tx, room.id).await?;
        while seen < change {
            let to = change.min(seen + CHANGES);
            let mut changed = self.app.facts().changed(tx, room, seen, to).await?;
            let stops = last.is_some_and(|last| changed.stop_after(last));
            self.app.facts().put_changed(room, changed).await?;
            if stops {
                break;
            }
            seen = to;
        }
        Ok(())
    }

    /// Reads the frame: from its file and what changed since, or everyone's facts. Returns what was folded for a day after today.
    pub(super) async fn load_frame(
        &self,
        room: &Arc<Room>,
        desk: &mut Desk,
        tx: &mut Tx,
        moment: Moment,
    ) -> Result<Ahead> {
        let began = Instant::now();
        let saved = self.load_saved(room, tx, moment.today).await?;
        let mut ahead = Ahead::default();
        if saved {
            desk.saved_change = Some(room.frame().change);
        } else {
            let mut span = Span::default();
            ahead.customers = read_everyone(tx, room, moment.today, &mut span).await?;
            ahead.fragments = self.app.facts().read_fragments(tx, room, moment, &mut span).await?;
            room.frame_mut().day = span.last_day(moment.today);
        }
        let (customers, ms) = (room.frame().len(), began.elapsed().as_millis() as u64);
        tracing::info!(agency = %room.slug, customers, ms, from_file = saved, "the frame is read");
        Ok(ahead)
    }

    /// Takes the frame from its file, if there is one that belongs to this database and is not ahead of the clock.
    async fn load_saved(&self, room: &Room, tx: &mut Tx, today: Day) -> Result<bool> {
        let Some(path) = self.frame_file(room).filter(|path| path.exists()) else {
            return Ok(false);
        };
        let refused = |why: &str| {
            tracing::warn!(agency = %room.slug, why, "the saved frame is not used");
            Ok(false)
        };
        let read = tokio::task::spawn_blocking(move || saved::read(&path))
            .await
            .unwrap_or_else(|e| Err(e.to_string()));
        let (frame, mark) = match read {
            Ok(read) => read,
            Err(why) => return refused(&why),
        };
        if !store::knows_mark(tx, room.id, mark.token, mark.change).await? {
            return refused("it was not saved from this database");
        }
        if mark.today > today {
            return refused("the business clock was set back");
        }
        *room.frame_mut() = frame;
        room.frame_mut().day = Some(mark.today);
        Ok(true)
    }

    /// Saves the frame if anything changed since it was saved. The caller holds the desk.
    pub(crate) async fn save_frame(&self, room: &Arc<Room>, desk: &mut Desk) -> Result<()> {
        let (change, day) = (room.frame().change, room.frame().day);
        let (Some(path), Some(today)) = (self.frame_file(room), day) else {
            return Ok(());
        };
        if desk.saved_change == Some(change) || !path.parent().is_none_or(|folder| self.app.may_spend(folder)) {
            return Ok(());
        }
        let now = self.app.machine.now();
        let mark = Mark {
            token: self.app.entropy.id(now),
            change,
            today,
        };
        retrying!(self.keep_mark(room.id, mark, now))?;
        let saving = room.clone();
        let written = tokio::task::spawn_blocking(move || saved::write(&saving.frame(), mark, &path)).await;
        match written {
            Ok(Ok(())) => desk.saved_change = Some(change),
            // the next start reads the database instead
            Ok(Err(error)) => tracing::warn!(%error, agency = %room.slug, "the frame could not be saved"),
            Err(error) => tracing::warn!(%error, agency = %room.slug, "the frame could not be saved"),
        }
        Ok(())
    }

    async fn keep_mark(&self, agency: Uuid, mark: Mark, now: i64) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::put_mark(&mut tx, agency, mark.token, mark.change, now, now - KEEP_MARKS).await?;
        tx.commit().await.map_err(AppError::from)
    }

    fn frame_file(&self, room: &Room) -> Option<PathBuf> {
        let folder = self.app.frames.as_ref()?;
        Some(folder.join(format!("{}.arrow", room.id.simple())))
    }
}

/// The days for which all of some facts hold: from the latest fold until the first edge.
#[derive(Debug)]
pub(crate) struct Span {
    folded: Day,
    edge: Day,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            folded: Day::MIN,
            edge: Day::MAX,
        }
    }
}

impl Span {
    /// Adds facts that were folded for a day and hold until another.
    pub(crate) fn add(&mut self, as_of: Day, edge_on: Option<Day>) {
        self.folded = self.folded.max(as_of);
        self.edge = self.edge.min(edge_on.unwrap_or(Day::MAX));
    }

    /// The last of these days that has come; none if there is none for which all of them hold.
    fn last_day(&self, today: Day) -> Option<Day> {
        let day = today.min(self.edge.saturating_sub(1));
        (self.folded <= day).then_some(day)
    }
}

/// Reads everyone's facts. Returns those that were folded for a day after `today`.
async fn read_everyone(tx: &mut Tx, room: &Arc<Room>, today: Day, span: &mut Span) -> Result<Vec<Uuid>> {
    let (change, customers) = profiles::counter(tx, room.id).await?;
    room.frame_mut().grow(customers as usize);
    let (mut from, mut ahead) = (0, Vec::new());
    loop {
        let rows = profiles::facts_from(tx, room.id, from, PAGE).await?;
        let Some(last) = rows.last() else { break };
        from = last.ordinal + 1;
        let folded_ahead = rows.iter().filter(|row| row.facts.as_of > today);
        ahead.extend(folded_ahead.map(|row| row.customer_id));
        rows.iter().for_each(|row| span.add(row.facts.as_of, row.facts.edge_on));
        put_rows(room, rows).await?;
    }
    room.frame_mut().change = change;
    Ok(ahead)
}

/// Puts rows of facts into the frame.
async fn put_rows(room: &Arc<Room>, rows: Vec<StoredFacts>) -> Result<()> {
    let room = room.clone();
    beside(move || {
        // whoever looks at the frame meanwhile waits for a piece
        for piece in rows.chunks(PIECE) {
            let mut frame = room.frame_mut();
            for row in piece {
                frame.put(row.ordinal as usize, &row.facts);
            }
        }
    })
    .await
}

/// Gives the frame the columns of these attributes, new ones filled with what was told before. Rows of a day that is still being turned come
/// when it is.
pub(super) async fn define_attributes(
    tx: &mut Tx,
    room: &Arc<Room>,
    definitions: &[AttributeDef],
    last: Option<Day>,
) -> Result<()> {
    if room.frame().has(definitions) {
        return Ok(());
    }
    // read before anything is defined: a column that is there counts as filled, also where the frame is saved
    let mut told = Vec::new();
    let missing = room.frame().missing(definitions);
    for stored_key in missing {
        told.extend(attributes::facts_with(tx, room.id, &stored_key).await?);
    }
    told.retain(|row: &StoredFacts| last.is_none_or(|last| row.facts.as_of <= last));
    let (room, definitions) = (room.clone(), definitions.to_vec());
    beside(move || {
        let mut frame = room.frame_mut();
        frame.define(&definitions);
        for row in &told {
            frame.put(row.ordinal as usize, &row.facts);
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};
    use posthouse_domain::Localized;
    use posthouse_domain::catalogue::{FactKind, Sensitivity, Value};
    use posthouse_store::{Store, intake};

    #[test]
    fn rows_hold_from_the_latest_fold_until_the_first_edge() {
        let span = |rows: &[(i32, Option<i32>)]| {
            let mut span = Span::default();
            rows.iter().for_each(|(as_of, edge)| span.add(*as_of, *edge));
            span
        };
        assert_eq!(span(&[]).last_day(20), Some(20), "of nobody any day");
        assert_eq!(span(&[(10, None), (12, Some(30))]).last_day(20), Some(20));
        assert_eq!(
            span(&[(10, Some(15)), (12, Some(30))]).last_day(20),
            Some(14),
            "not turned yet"
        );
        assert_eq!(
            span(&[(20, Some(25)), (12, Some(15))]).last_day(20),
            None,
            "half turned"
        );
        assert_eq!(
            span(&[(20, Some(25)), (12, Some(20))]).last_day(20),
            None,
            "half turned"
        );
        assert_eq!(span(&[(21, Some(25))]).last_day(20), None, "folded ahead");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_could_not_be_read_is_read_another_time() {
        let store = Store::open(&posthouse_tests::postgres::database())
            .await
            .expect("a database");
        let (app, _) = testing::host(&store, NOW);
        let (caller, customer) = testing::agency_with_a_trip(&app, "columns").await;
        let (agency, room) = (caller.room.id, &caller.room);
        let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
        let told = intake::AttributeRow {
            customer_id: customer,
            key: "vip".into(),
            at: NOW,
            source: "desk".into(),
            source_kind: "declared".into(),
            value: "7".into(),
            received: NOW,
        };
        intake::put_attributes(&mut tx, agency, &[told]).await.expect("a value");
        let mut rows = profiles::facts_from(&mut tx, agency, 0, 1).await.expect("facts");
        rows[0].facts.attributes.insert("vip".into(), "7".into());
        intake::put_facts(&mut tx, agency, 1, &rows).await.expect("facts");
        tx.commit().await.expect("a commit");
        let defined = [AttributeDef {
            key: "vip".into(),
            kind: FactKind::Count,
            title: Localized::default(),
            sensitivity: Sensitivity::Ordinary,
        }];
        // whoever runs jobs may not read facts
        let mut tx = store.read(Access::Jobs).await.expect("a transaction");
        define_attributes(&mut tx, room, &defined, None)
            .await
            .expect_err("it may not");
        drop(tx);
        let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
        define_attributes(&mut tx, room, &defined, None)
            .await
            .expect("the column");
        let frame = room.frame();
        let vip = frame.position("attr.vip").expect("the column");
        assert_eq!(frame.stored(vip, rows[0].ordinal as usize), Value::Whole(7));
    }

    /// Everyone's facts are megabytes of JSON. On a host with one worker its other work goes on while they are read.
    #[tokio::test]
    async fn others_go_on_while_everyone_is_read() {
        const CUSTOMERS: u128 = 20_000;
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("sqlite:{}", folder.path().join("frame.db").display());
        let store = Store::open(&address).await.expect("a database");
        let (app, _) = testing::host(&store, NOW);
        let (agency, key) = testing::agency(&store, "everyone").await;
        let caller = app.team().authenticate(&key).await.expect("a key");
        let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
        let people = (0..CUSTOMERS).map(|number| intake::CustomerRow {
            id: Uuid::from_u128(number + 1),
            ordinal: number as i64,
            profile: "{}".into(),
            since_on: 1,
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        });
        intake::put_customers(&mut tx, agency, &Vec::from_iter(people))
            .await
            .expect("customers");
        let facts = (0..CUSTOMERS).map(|number| StoredFacts {
            ordinal: number as i64,
            customer_id: Uuid::from_u128(number + 1),
            facts: Default::default(),
        });
        intake::put_facts(&mut tx, agency, 1, &Vec::from_iter(facts))
            .await
            .expect("facts");
        tx.commit().await.expect("a commit");
        let work = tokio::spawn(async move {
            let began = Instant::now();
            app.segments().list(&caller).await.expect("segments");
            assert_eq!(caller.room.frame().len(), CUSTOMERS as usize);
            began.elapsed()
        });
        let mut longest = std::time::Duration::ZERO;
        while !work.is_finished() {
            let began = Instant::now();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            longest = longest.max(began.elapsed());
        }
        let whole = work.await.expect("it ends");
        assert!(longest < whole / 2, "others waited {longest:?} of {whole:?}");
    }
}
