//! Who does things, and the log of what they did.

use crate::{Access, Result, Store, StoreError, Tx};
use posthouse_domain::audit::Entry;
use sqlx::FromRow;
use uuid::Uuid;

/// Somebody who does things.
#[derive(Debug, Clone, FromRow)]
pub struct ActorRow {
    /// Id.
    pub id: Uuid,
    /// `staff`, `key` or `host`.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Whose a key is, in normal form.
    pub holder: Option<String>,
    /// Since when, in ms since 1970.
    pub created_at: i64,
}

/// Writes an actor down.
///
/// # Errors
/// Failures of the database.
pub async fn put_actor(tx: &mut Tx, agency: Uuid, row: &ActorRow) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO actor (agency_id, id, kind, name, holder, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        agency,
        row.id,
        &row.kind,
        &row.name,
        &row.holder,
        row.created_at
    )
    .map(drop)
}

/// The actor of this id.
///
/// # Errors
/// Failures of the database.
pub async fn actor(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<Option<ActorRow>> {
    fetch_optional!(
        tx,
        ActorRow,
        "SELECT id, kind, name, holder, created_at FROM actor WHERE agency_id = $1 AND id = $2",
        agency,
        id
    )
}

/// Ids and names of these actors.
///
/// # Errors
/// Failures of the database.
pub async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    fetch_listed!(
        tx,
        (Uuid, String),
        "SELECT id, name FROM actor WHERE agency_id = $1 AND id IN",
        [agency],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )
}

/// Begins an agency's log.
///
/// # Errors
/// Failures of the database.
pub async fn begin(tx: &mut Tx, agency: Uuid) -> Result<()> {
    execute!(
        tx,
        "INSERT INTO audit_head (agency_id, entry, hash) VALUES ($1, 0, '')",
        agency
    )
    .map(drop)
}

/// What is to be written in the log.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'d> {
    /// Who.
    pub actor: Uuid,
    /// What.
    pub action: &'d str,
    /// To what.
    pub subject: &'d str,
    /// More about it, as JSON.
    pub detail: &'d str,
}

/// Locks the log before something is told to webhooks, whose rows come after it: two transactions that take both in another order would
/// wait for each other.
///
/// # Errors
/// Failures of the database.
pub async fn lock(tx: &mut Tx, agency: Uuid) -> Result<()> {
    execute!(tx, "UPDATE audit_head SET hash = hash WHERE agency_id = $1", agency).map(drop)
}

/// Writes an entry. The log stays locked until the transaction ends, so this comes last.
///
/// # Errors
/// Failures of the database.
pub async fn append(tx: &mut Tx, agency: Uuid, deed: Deed<'_>, now: i64) -> Result<()> {
    // the lock comes with the count, before anything is read
    let (number, previous) = fetch_one!(
        &mut *tx,
        (i64, String),
        "UPDATE audit_head SET entry = entry + 1 WHERE agency_id = $1 RETURNING entry, hash",
        agency
    )?;
    let entry = Entry {
        entry: number,
        at: now,
        actor: deed.actor,
        action: deed.action.to_owned(),
        subject: deed.subject.to_owned(),
        detail: deed.detail.to_owned(),
    };
    let hash = entry.hash(&previous);
    execute!(
        &mut *tx,
        "INSERT INTO audit (agency_id, entry, at, actor_id, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        agency,
        number,
        now,
        deed.actor,
        deed.action,
        deed.subject,
        deed.detail,
        &hash
    )?;
    execute!(
        tx,
        "UPDATE audit_head SET hash = $2 WHERE agency_id = $1",
        agency,
        &hash
    )
    .map(drop)
}

/// Where a log ends, and what is outside of it.
#[derive(Debug, Clone, FromRow)]
pub struct Ends {
    /// Number of the last entry.
    pub last: i64,
    /// Its hash.
    pub hash: String,
    /// The first entry there is.
    pub first: Option<i64>,
    /// The first entry after the last.
    pub beyond: Option<i64>,
}

/// Where the log ends, in one snapshot; none if its head is missing.
///
/// # Errors
/// Failures of the database.
pub async fn ends(tx: &mut Tx, agency: Uuid) -> Result<Option<Ends>> {
    fetch_optional!(
        tx,
        Ends,
        "SELECT h.entry AS last, h.hash, (SELECT MIN(e.entry) FROM audit e WHERE e.agency_id = $1) AS first,
             (SELECT MIN(e.entry) FROM audit e WHERE e.agency_id = $1 AND e.entry > h.entry) AS beyond
         FROM audit_head h WHERE h.agency_id = $1",
        agency
    )
}

/// An entry as stored.
#[derive(Debug, Clone, FromRow)]
pub struct AuditRow {
    /// Its number.
    pub entry: i64,
    /// When, in ms since 1970.
    pub at: i64,
    /// Who.
    pub actor_id: Uuid,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More about it, as JSON.
    pub detail: String,
    /// Its hash.
    pub hash: String,
}

impl AuditRow {
    /// What is hashed of it.
    pub fn entry(&self) -> Entry {
        Entry {
            entry: self.entry,
            at: self.at,
            actor: self.actor_id,
            action: self.action.clone(),
            subject: self.subject.clone(),
            detail: self.detail.clone(),
        }
    }
}

/// How many bytes of details are read at once.
const PAGE_BYTES: i64 = 1 << 20;

/// Of how many entries, of whose details these are the lengths, the details are read at once: at least one's.
fn fitting(lengths: &[(i64,)]) -> i64 {
    let mut bytes = 0;
    let fits = |(length,): &&(i64,)| {
        bytes += length;
        bytes <= PAGE_BYTES
    };
    (lengths.iter().take_while(fits).count() as i64).max(1)
}

/// Entries after a number, in their order: how the log is verified. There may be more where these are fewer than `limit`.
///
/// # Errors
/// Failures of the database.
pub async fn entries_after(tx: &mut Tx, agency: Uuid, after: i64, limit: i64) -> Result<Vec<AuditRow>> {
    let lengths = fetch_all!(
        &mut *tx,
        (i64,),
        "SELECT CAST(OCTET_LENGTH(detail) AS BIGINT) FROM audit WHERE agency_id = $1 AND entry > $2 ORDER BY entry LIMIT $3",
        agency,
        after,
        limit
    )?;
    let limit = fitting(&lengths);
    fetch_all!(
        tx,
        AuditRow,
        "SELECT entry, at, actor_id, action, subject, detail, hash FROM audit
         WHERE agency_id = $1 AND entry > $2 ORDER BY entry LIMIT $3",
        agency,
        after,
        limit
    )
}

/// Which entries are looked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only what this one did.
    pub actor: Option<Uuid>,
    /// Only what was done to this.
    pub subject: Option<String>,
    /// Only from this entry on.
    pub from: Option<i64>,
}

/// The first entry that was written at or after an instant; none if there is none yet. The log's order counts: clocks of several hosts differ a little.
///
/// # Errors
/// Failures of the database.
pub async fn first_since(tx: &mut Tx, agency: Uuid, since: i64) -> Result<Option<i64>> {
    let found = fetch_optional!(
        tx,
        (i64,),
        "SELECT entry FROM audit WHERE agency_id = $1 AND at >= $2 ORDER BY at, entry LIMIT 1",
        agency,
        since
    )?;
    Ok(found.map(|(entry,)| entry))
}

/// An entry with who it was.
#[derive(Debug, Clone, FromRow)]
pub struct NamedRow {
    /// The entry.
    #[sqlx(flatten)]
    pub entry: AuditRow,
    /// What kind of actor.
    pub kind: String,
    /// What people call it.
    pub name: String,
}

/// Entries before a number, the latest first: `limit` at most, and fewer if their details are long; and whether there are more.
///
/// # Errors
/// Failures of the database.
pub async fn entries(
    tx: &mut Tx,
    agency: Uuid,
    filter: &Filter,
    before: i64,
    limit: i64,
) -> Result<(Vec<NamedRow>, bool)> {
    macro_rules! found {
        ($row:ty, $columns:literal, $limit:expr, $more:literal $(, $bind:expr)*) => {
            fetch_all!(
                &mut *tx,
                $row,
                concat!(
                    "SELECT ",
                    $columns,
                    " FROM audit e JOIN actor a ON a.agency_id = e.agency_id AND a.id = e.actor_id
                     WHERE e.agency_id = $1 AND e.entry < $2 ",
                    $more,
                    " ORDER BY e.entry DESC LIMIT $3"
                ),
                agency,
                before,
                $limit
                $(, $bind)*
            )
        };
    }
    macro_rules! filtered {
        ($row:ty, $columns:literal, $limit:expr) => {
            match (filter.actor, filter.subject.as_deref()) {
                (None, None) => found!($row, $columns, $limit, ""),
                (Some(actor), None) => found!($row, $columns, $limit, "AND e.actor_id = $4", actor),
                (None, Some(subject)) => found!($row, $columns, $limit, "AND e.subject = $4", subject),
                (Some(actor), Some(subject)) => {
                    found!(
                        $row,
                        $columns,
                        $limit,
                        "AND e.actor_id = $4 AND e.subject = $5",
                        actor,
                        subject
                    )
                }
            }
        };
    }
    let found = filtered!((i64, i64), "e.entry, CAST(OCTET_LENGTH(e.detail) AS BIGINT)", limit + 1)?;
    // the last of a page are the first of the log: where it begins costs no more than the page, and bounds no index away
    let first = filter.from.unwrap_or(i64::MIN);
    let wanted = found.into_iter().take_while(|(entry, _)| *entry >= first);
    let lengths: Vec<(i64,)> = wanted.map(|(_, length)| (length,)).collect();
    if lengths.is_empty() {
        return Ok((Vec::new(), false));
    }
    let many = fitting(&lengths).min(limit);
    let rows = filtered!(
        NamedRow,
        "e.entry, e.at, e.actor_id, e.action, e.subject, e.detail, e.hash, a.kind, a.name",
        many
    )?;
    Ok((rows, lengths.len() as i64 > many))
}

impl NamedRow {
    /// More about it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is no JSON.
    pub fn read_detail(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.entry.detail).map_err(StoreError::corrupt("detail"))
    }
}

/// Entries that are verified at once: so few that their hashes keep nobody waiting.
const PAGE: i64 = 250;

/// An entry that somebody has kept a hash of.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its number.
    pub entry: i64,
    /// Its hash.
    pub hash: String,
}

/// Whether a log is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many entries are linked from the first on.
    pub entries: i64,
    /// The hash of the last of them; to be kept elsewhere. Empty if there is none.
    pub hash: String,
    /// The first entry that is not what it was, is missing, or does not follow the one before, as none does before the first or after the
    /// last; 1 if nobody knows where the log ends.
    pub broken: Option<i64>,
}

/// Computes every hash of an agency's log again, and compares the one that somebody has kept. Each page is read in a transaction of its own:
/// entries never change, and whoever holds one for the whole log keeps a connection from everybody else.
///
/// # Errors
/// Failures of the database.
pub async fn verify(store: &Store, agency: Uuid, known: Option<&Known>) -> Result<Verified> {
    let read = || store.read(Access::Agency(agency));
    // what is written after this is for the next time
    let ends = ends(&mut read().await?, agency).await?;
    let mut verified = Verified {
        entries: 0,
        hash: String::new(),
        broken: None,
    };
    let broken = |verified: Verified| Verified {
        broken: Some(verified.entries + 1),
        ..verified
    };
    let Some(ends) = ends else {
        return Ok(broken(verified));
    };
    // what is listed and hangs on nothing
    if let Some(before) = ends.first.filter(|first| *first < 1) {
        return Ok(Verified {
            broken: Some(before),
            ..verified
        });
    }
    while verified.entries < ends.last {
        let page = entries_after(&mut read().await?, agency, verified.entries, PAGE).await?;
        if page.is_empty() {
            return Ok(broken(verified));
        }
        for row in page {
            if verified.entries == ends.last {
                break;
            }
            let follows = row.entry == verified.entries + 1 && row.hash == row.entry().hash(&verified.hash);
            let as_kept = known.is_none_or(|known| known.entry != row.entry || known.hash == row.hash);
            if !(follows && as_kept) {
                return Ok(broken(verified));
            }
            (verified.entries, verified.hash) = (row.entry, row.hash);
        }
    }
    let is_long_enough = known.is_none_or(|known| known.entry <= verified.entries);
    if verified.hash == ends.hash && is_long_enough {
        Ok(Verified {
            broken: ends.beyond,
            ..verified
        })
    } else {
        Ok(broken(verified))
    }
}
