//! Facts by contribution: a capability folds its own fragment of a customer's facts and stores it by itself, in the transaction that
//! changes what the fragment is made of. Nothing else of the customer is read or folded for it.

use crate::beside::beside;
use crate::error::{AppError, Result, retrying};
use crate::rules::Moment;
use crate::segments::Span;
use crate::{Facts, Room};
use posthouse_domain::Day;
use posthouse_domain::catalogue;
use posthouse_domain::contribution::{Contributed, Fragment};
use posthouse_store::fragments::{self as store, FragmentRow};
use posthouse_store::{Access, Tx, intake};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;

/// What a capability contributes to the facts of customers.
pub(crate) trait Contribution: 'static {
    /// Its name in the table.
    const NAME: &'static str;
    /// The facts of the catalogue that it fills, and nobody else.
    const FACTS: &'static [&'static str];

    /// The fragments of these customers on `today`. Of whom it knows nothing it need not say anything.
    fn fold(
        tx: &mut Tx,
        agency: Uuid,
        customers: &[Uuid],
        today: Day,
    ) -> impl Future<Output = Result<HashMap<Uuid, Fragment>>> + Send;
}

type Folding<'f> = Pin<Box<dyn Future<Output = Result<HashMap<Uuid, Fragment>>> + Send + 'f>>;

/// A contribution, as the registry keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contributor {
    name: &'static str,
    facts: &'static [&'static str],
    fold: for<'f> fn(&'f mut Tx, Uuid, &'f [Uuid], Day) -> Folding<'f>,
}

fn fold<'f, C: Contribution>(tx: &'f mut Tx, agency: Uuid, customers: &'f [Uuid], today: Day) -> Folding<'f> {
    Box::pin(C::fold(tx, agency, customers, today))
}

/// The contributions that capabilities have registered, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contributions(BTreeMap<&'static str, Contributor>);

impl Contributions {
    /// Registers a contribution.
    ///
    /// # Panics
    /// If it fills a fact that is not in the catalogue, is folded from records, or is another's.
    pub(crate) fn with<C: Contribution>(mut self) -> Self {
        for key in C::FACTS {
            let free = catalogue::find(key).is_some_and(|fact| fact.base.is_none());
            assert!(free, "{}: {key} is not a fact that can be contributed", C::NAME);
            let other = self.0.values().find(|other| other.facts.contains(key));
            assert!(other.is_none(), "{}: {key} is contributed already", C::NAME);
        }
        let contributor = Contributor {
            name: C::NAME,
            facts: C::FACTS,
            fold: fold::<C>,
        };
        self.0.insert(C::NAME, contributor);
        self
    }

    /// Whether nobody contributes anything, so that nothing needs to be read.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The facts that a stored fragment fills; none if its capability is not there any more.
    pub(crate) fn facts_of(&self, name: &str) -> Option<&'static [&'static str]> {
        self.0.get(name).map(|contributor| contributor.facts)
    }
}

/// How many customers are folded again at once when the calendar moves their windows.
const SLICE: i64 = 500;

impl Contributor {
    /// Folds these customers' fragments and stores them under a change number.
    async fn store(self, tx: &mut Tx, agency: Uuid, customers: &[Uuid], change: i64, today: Day) -> Result<()> {
        let mut folded = (self.fold)(tx, agency, customers, today).await?;
        let mut rows = Vec::with_capacity(customers.len());
        for row in intake::customers(tx, agency, customers).await? {
            let mut fragment = folded.remove(&row.id).unwrap_or_default();
            fragment.as_of = today;
            self.check(&fragment.values)?;
            rows.push(FragmentRow {
                ordinal: row.ordinal,
                name: self.name.to_owned(),
                customer_id: row.id,
                change,
                fragment,
            });
        }
        rows.sort_unstable_by_key(|row| row.ordinal);
        Ok(store::put(tx, agency, &rows).await?)
    }

    /// Whether a fragment fills its own facts only, each by a value of its kind.
    fn check(self, values: &Contributed) -> Result<()> {
        let strange = values.iter().find(|(key, value)| {
            let own = self.facts.contains(&key.as_str());
            !own || catalogue::find(key).is_none_or(|fact| !value.is(fact.kind))
        });
        match strange {
            None => Ok(()),
            Some((key, value)) => {
                let detail = format!("{} contributes {value:?} as {key}", self.name);
                Err(AppError::Internal(detail))
            }
        }
    }
}

impl Facts<'_> {
    /// Folds a capability's fragments of these customers again, in the transaction that changed what they are made of. It takes the
    /// agency's next change number, whose lock orders commits: call it before rows are locked that intake may be waiting for. After
    /// the commit [`Room::woken`] is to be notified, so that segments follow.
    pub(crate) async fn contribute<C: Contribution>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        customers: &[Uuid],
        today: Day,
    ) -> Result<()> {
        let change = intake::next_change(tx, agency).await?.change;
        self.contribute_with::<C>(tx, agency, customers, change, today).await
    }

    /// The same under a change number that the transaction has taken already.
    pub(crate) async fn contribute_with<C: Contribution>(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        customers: &[Uuid],
        change: i64,
        today: Day,
    ) -> Result<()> {
        let contributor = self.app.contributions.0.get(C::NAME).copied();
        let contributor = contributor.ok_or_else(|| AppError::Internal(format!("{} is not registered", C::NAME)))?;
        contributor.store(tx, agency, customers, change, today).await
    }

    /// Folds those fragments again whose windows the calendar moved, up to today.
    pub(crate) async fn turn_fragments(&self, agency: Uuid, today: Day) -> Result<()> {
        for contributor in self.app.contributions.0.values() {
            while retrying!(self.turn_slice(agency, *contributor, today))? {}
        }
        Ok(())
    }

    /// How many fragments change by themselves on a day or before, those of each capability counted up to `limit`.
    pub(crate) async fn due_fragments(&self, tx: &mut Tx, agency: Uuid, today: Day, limit: i64) -> Result<usize> {
        let mut due = 0;
        for name in self.app.contributions.0.keys() {
            due += store::due(tx, agency, name, today, limit).await?.len();
        }
        Ok(due)
    }

    async fn turn_slice(&self, agency: Uuid, contributor: Contributor, today: Day) -> Result<bool> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::due(&mut tx, agency, contributor.name, today, 1)
            .await?
            .is_empty()
        {
            return Ok(false);
        }
        drop(tx);
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let change = intake::next_change(&mut tx, agency).await?.change;
        let due = store::due(&mut tx, agency, contributor.name, today, SLICE).await?;
        contributor.store(&mut tx, agency, &due, change, today).await?;
        tx.commit().await?;
        Ok(!due.is_empty())
    }

    /// Folds fragments again that were made for a day after today: the business clock was set back.
    pub(crate) async fn fold_fragments_again(&self, agency: Uuid, ahead: &[FragmentRow], today: Day) -> Result<()> {
        for contributor in self.app.contributions.0.values() {
            let own = ahead.iter().filter(|row| row.name == contributor.name);
            let customers: Vec<Uuid> = own.map(|row| row.customer_id).collect();
            for slice in customers.chunks(SLICE as usize) {
                retrying!(async {
                    let mut tx = self.app.store.write(Access::Agency(agency)).await?;
                    let change = intake::next_change(&mut tx, agency).await?.change;
                    contributor.store(&mut tx, agency, slice, change, today).await?;
                    tx.commit().await.map_err(AppError::from)
                })?;
            }
        }
        Ok(())
    }

    /// What capabilities contribute to a customer's facts today. A fragment whose windows have moved since is folded for this look.
    pub(crate) async fn contributed(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        whose: (i64, Uuid),
        today: Day,
    ) -> Result<Contributed> {
        let mut all = Contributed::new();
        if self.app.contributions.is_empty() {
            return Ok(all);
        }
        for row in store::of(tx, agency, whose.0).await? {
            let Some(contributor) = self.app.contributions.0.get(row.name.as_str()) else {
                continue;
            };
            if row.fragment.holds_on(today) {
                all.extend(row.fragment.values);
            } else {
                let mut folded = (contributor.fold)(tx, agency, &[whose.1], today).await?;
                all.extend(folded.remove(&whose.1).unwrap_or_default().values);
            }
        }
        Ok(all)
    }

    /// Puts everyone's fragments into the frame, as a start does. Returns those that were folded for a day after today.
    pub(crate) async fn read_fragments(
        &self,
        tx: &mut Tx,
        room: &Arc<Room>,
        moment: Moment,
        span: &mut Span,
    ) -> Result<Vec<FragmentRow>> {
        let mut ahead = Vec::new();
        if self.app.contributions.is_empty() {
            return Ok(ahead);
        }
        let mut place = (-1, String::new());
        loop {
            let rows = store::from(tx, room.id, (place.0, &place.1), PAGE).await?;
            let Some(last) = rows.last() else {
                return Ok(ahead);
            };
            place = (last.ordinal, last.name.clone());
            rows.iter()
                .for_each(|row| span.add(row.fragment.as_of, row.fragment.edge_on));
            let (app, asked) = (self.app.clone(), room.clone());
            let rows = beside(move || {
                app.facts().put_fragments(&asked, &rows);
                rows
            })
            .await?;
            ahead.extend(rows.into_iter().filter(|row| row.fragment.as_of > moment.today));
        }
    }

    /// Puts fragments into the frame.
    pub(crate) fn put_fragments(&self, room: &Room, rows: &[FragmentRow]) {
        let mut frame = room.frame_mut();
        for row in rows {
            if let Some(facts) = self.app.contributions.facts_of(&row.name) {
                frame.contribute(row.ordinal as usize, facts, &row.fragment.values);
            }
        }
    }
}

/// Fragments read at once when a frame is read from the database.
const PAGE: i64 = 20_000;
