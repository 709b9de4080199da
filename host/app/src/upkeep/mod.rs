//! What has to be done once to the rows that earlier builds wrote, and SQL cannot do alike on both engines.
//!
//! Each step goes through the rows of one agency in pages, a transaction each that also writes down how far it has come: a host that dies
//! goes on from there, and of several hosts each page is one's. Steps that matching depends on are done before the server answers;
//! the words of searches follow in the background.

mod forms;
mod identities;
mod words;

use crate::error::{Result, retrying};
use crate::team::{Caller, Mask};
use crate::{App, Upkeep};
use posthouse_store::forms::{self as store, ClashRow};
use posthouse_store::{Access, Tx};
use uuid::Uuid;

/// Rows of one page.
const PAGE: i64 = 500;

/// What a step works on.
struct Page<'p> {
    app: &'p App,
    agency: Uuid,
    /// The country of the agency, by whose habits numbers are read.
    country: &'p str,
    /// Where the page before ended, as JSON; empty at the beginning.
    place: &'p str,
    /// Machine time.
    now: i64,
}

impl Page<'_> {
    /// The place as what it was made of.
    fn from<T: serde::de::DeserializeOwned + Default>(&self) -> T {
        serde_json::from_str(self.place).unwrap_or_default()
    }
}

/// A place in a list.
fn place(of: impl serde::Serialize) -> String {
    serde_json::to_string(&of).unwrap_or_default()
}

impl Upkeep<'_> {
    /// Brings whatever identifies into its normal form, in every agency, where an earlier build wrote it otherwise. What would now be one
    /// stays apart and is reported.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn bring_to_form(&self) -> Result<()> {
        for (agency, slug, country) in self.agencies().await? {
            // mostly there is nothing left to do, and of very many agencies to ask for each step takes seconds
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            let done = store::steps_done(&mut tx, agency).await?;
            let is_left = |step: &&str| *step != words::STEP && !done.iter().any(|done| done == step);
            let left: Vec<&str> = store::STEPS.into_iter().filter(is_left).collect();
            if !left.is_empty() {
                drop(tx);
                for step in left {
                    while retrying!(self.take_step(agency, &country, step))? {}
                }
                tx = self.app.store.read(Access::Agency(agency)).await?;
            }
            let found = store::clashes_from(&mut tx, agency, ("", "", ""), PAGE).await?;
            if !found.is_empty() {
                tracing::warn!(
                    agency = %slug,
                    clashes = found.len(),
                    "rows of an earlier build have one normal form and stay apart; GET /api/v1/clashes and `posthouse doctor` list them"
                );
            }
        }
        Ok(())
    }

    /// Brings the words of searches up to date, in the background.
    pub(crate) async fn renew_words(&self) {
        let Ok(agencies) = self.agencies().await else {
            return;
        };
        for (agency, slug, country) in agencies {
            loop {
                if self.app.stopping.is_cancelled() {
                    return;
                }
                match retrying!(self.take_step(agency, &country, words::STEP)) {
                    Ok(true) => tokio::task::yield_now().await,
                    Ok(false) => break,
                    Err(error) => {
                        tracing::error!(%error, agency = %slug, "the words of searches are not up to date; the next start goes on");
                        break;
                    }
                }
            }
        }
    }

    async fn agencies(&self) -> Result<Vec<(Uuid, String, String)>> {
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let rows = posthouse_store::team::agencies(&mut tx).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.slug, row.country)).collect())
    }

    /// Takes the next page of a step; `false` if there is none.
    async fn take_step(&self, agency: Uuid, country: &str, step: &str) -> Result<bool> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        if store::step(&mut tx, agency, step).await?.is_some_and(|(_, done)| done) {
            return Ok(false);
        }
        drop(tx);
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        // a change, so that nobody writes what was worked out before it
        posthouse_store::intake::next_change(&mut tx, agency).await?;
        // only under the lock: another host may have taken this page
        let (place, done) = store::step(&mut tx, agency, step).await?.unwrap_or_default();
        if done {
            return Ok(false);
        }
        let page = Page {
            app: self.app,
            agency,
            country,
            place: &place,
            now: self.app.machine.now(),
        };
        let next = match step {
            "identities" => identities::take(&page, &mut tx).await?,
            "bookings" => forms::take_bookings(&page, &mut tx).await?,
            "records" => forms::take_records(&page, &mut tx).await?,
            "waiting" => forms::take_waiting(&page, &mut tx).await?,
            "quotes" => forms::take_quotes(&page, &mut tx).await?,
            "assignees" => forms::take_assignees(&page, &mut tx).await?,
            _ => words::take(&page, &mut tx).await?,
        };
        let more = next.is_some();
        store::put_step(&mut tx, agency, step, &next.unwrap_or_default(), !more).await?;
        tx.commit().await?;
        Ok(more)
    }

    /// Rows that have one normal form and stay apart, after a cursor.
    ///
    /// # Errors
    /// A cursor of another list; failures of the database.
    pub async fn clashes(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<ClashRow>, Option<String>)> {
        caller.must_see(&Mask::ALL)?;
        let (kind, form, was): (String, String, String) = match cursor {
            None => Default::default(),
            Some(text) => hex::decode(text)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .ok_or_else(crate::AppError::bad_cursor)?,
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let more = limit as i64 + 1;
        let mut rows = store::clashes_from(&mut tx, caller.room.id, (&kind, &form, &was), more).await?;
        let next = (rows.len() > limit).then(|| {
            rows.truncate(limit);
            rows.last()
                .map(|row| hex::encode(place((&row.kind, &row.form, &row.was))))
        });
        Ok((rows.into_iter().map(hide_documents).collect(), next.flatten()))
    }
}

/// Keyed hashes of documents tell nobody anything.
fn hide_documents(row: ClashRow) -> ClashRow {
    use posthouse_domain::identity::IdentityKind;
    if !row.kind.parse().is_ok_and(IdentityKind::is_document) {
        return row;
    }
    ClashRow {
        form: String::new(),
        was: String::new(),
        value: String::new(),
        ..row
    }
}

/// Writes down that two rows have one form. Each is reached by what it was known as.
async fn note_clash(tx: &mut Tx, page: &Page<'_>, kind: &str, form: &str, rows: &[(&str, &str, Uuid)]) -> Result<()> {
    let rows: Vec<ClashRow> = rows
        .iter()
        .map(|(was, value, customer_id)| ClashRow {
            kind: kind.to_owned(),
            form: form.to_owned(),
            was: (*was).to_owned(),
            value: (*value).to_owned(),
            customer_id: *customer_id,
            noted_at: page.now,
        })
        .collect();
    Ok(store::put_clashes(tx, page.agency, &rows).await?)
}
