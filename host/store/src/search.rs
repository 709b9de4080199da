//! By what words customers are found. `search_term` has them in order; `search_entry` says what it holds of each customer, so that a
//! change writes only what differs.

use crate::dialect::MOST_PARAMETERS;
use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// How many customers share a block of terms. New customers have the highest ordinals: their terms lie close together.
pub const BLOCK: i64 = 8_192;

/// The block of an ordinal.
fn block(ordinal: i64) -> i32 {
    (ordinal / BLOCK) as i32
}

/// What is searched of a customer.
#[derive(Debug, Clone, FromRow)]
pub struct EntryRow {
    /// Whose.
    pub ordinal: i64,
    /// The terms, one a line; those inside a name or number after a tab.
    pub terms: String,
}

/// What is searched of these customers now.
///
/// # Errors
/// Failures of the database.
pub async fn entries(tx: &mut Tx, agency: Uuid, ordinals: &[i64]) -> Result<Vec<EntryRow>> {
    let mut entries = Vec::with_capacity(ordinals.len());
    for ordinals in ordinals.chunks(MOST_PARAMETERS - 1) {
        entries.extend(fetch_built!(&mut *tx, EntryRow, |q| {
            q.push("SELECT ordinal, terms FROM search_entry WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND ordinal IN (");
            let mut list = q.separated(", ");
            for ordinal in ordinals {
                list.push_bind(*ordinal);
            }
            q.push(")");
        })?);
    }
    Ok(entries)
}

/// Writes down what is searched of customers, after their terms were written. No two rows may share an ordinal.
///
/// # Errors
/// Failures of the database.
pub async fn put_entries(tx: &mut Tx, agency: Uuid, rows: &[EntryRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        3,
        "INSERT INTO search_entry (agency_id, ordinal, terms)",
        |b, row| b.push_bind(agency).push_bind(row.ordinal).push_bind(&row.terms),
        "ON CONFLICT (agency_id, ordinal) DO UPDATE SET terms = excluded.terms"
    )
}

/// A word of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermRow {
    /// Whose.
    pub ordinal: i64,
    /// The word.
    pub term: String,
    /// Whether it only lies inside a name or number.
    pub inside: bool,
}

/// Adds words. No two rows may share ordinal and term.
///
/// # Errors
/// Failures of the database.
pub async fn put_terms(tx: &mut Tx, agency: Uuid, rows: &[TermRow]) -> Result<()> {
    write_rows!(
        tx,
        rows,
        5,
        "INSERT INTO search_term (agency_id, block, term, ordinal, inside)",
        |b, row| b
            .push_bind(agency)
            .push_bind(block(row.ordinal))
            .push_bind(&row.term)
            .push_bind(row.ordinal)
            .push_bind(i32::from(row.inside)),
        "ON CONFLICT (agency_id, block, term, ordinal) DO UPDATE SET inside = excluded.inside"
    )
}

/// Takes words away.
///
/// # Errors
/// Failures of the database.
pub async fn delete_terms(tx: &mut Tx, agency: Uuid, rows: &[(i64, String)]) -> Result<()> {
    for rows in rows.chunks(MOST_PARAMETERS / 3 - 1) {
        fetch_built!(&mut *tx, (i64,), |q| {
            q.push("DELETE FROM search_term WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND (block, term, ordinal) IN (");
            q.push_values(rows, |mut b, (ordinal, term)| {
                b.push_bind(block(*ordinal)).push_bind(term).push_bind(*ordinal);
            });
            q.push(") RETURNING ordinal");
        })?;
    }
    Ok(())
}

/// What to look for.
#[derive(Debug)]
pub struct Wanted<'q> {
    /// Spellings of an identity.
    pub identities: &'q [String],
    /// Spellings of a word. A single letter or digit is a whole word: it begins a good part of all others.
    pub spellings: &'q [String],
}

/// A place in what was found: the rank, and the ordinal there.
pub type Place = (i32, i64);

#[derive(FromRow)]
struct Found {
    rank: i32,
    ordinal: i64,
}

/// Who is found, from a place on, at most `limit`, the best first and those of one rank in the order of ordinals. Rank 0 has this
/// identity, 1 a name or number that is this word, 2 one that begins so, 3 one that has a word that begins so. Documents are not searched.
///
/// # Errors
/// Failures of the database.
pub async fn find(
    tx: &mut Tx,
    agency: Uuid,
    customers: i64,
    wanted: &Wanted<'_>,
    from: Place,
    limit: i64,
) -> Result<Vec<Place>> {
    let blocks: Vec<String> = (0..=block(customers.max(1) - 1)).map(|b| b.to_string()).collect();
    let blocks = blocks.join(", ");
    let found = fetch_built!(tx, Found, |q| {
        q.push(
            "SELECT rank, ordinal FROM (SELECT MIN(rank) AS rank, ordinal FROM (
                 SELECT 0 AS rank, c.ordinal AS ordinal FROM identity i JOIN customer c ON c.agency_id = i.agency_id AND c.id = i.customer_id
                 WHERE i.agency_id = ",
        );
        q.push_bind(agency);
        q.push(
            " AND i.kind IN ('phone', 'email', 'member_no', 'wechat_openid', 'ota_user', 'device') AND i.value IN (",
        );
        let mut list = q.separated(", ");
        for value in wanted.identities {
            list.push_bind(value.clone());
        }
        q.push(")");
        for spelling in wanted.spellings {
            q.push(" UNION ALL SELECT CASE WHEN inside = 1 THEN 3 WHEN term = ")
                .push_bind(spelling.clone())
                .push(" THEN 1 ELSE 2 END, ordinal FROM search_term WHERE agency_id = ")
                .push_bind(agency)
                .push(" AND block IN (")
                .push(&blocks)
                .push(") AND term >= ")
                .push_bind(spelling.clone())
                .push(" AND term <= ");
            let single = spelling.len() == 1;
            let last = if single { "" } else { "\u{10FFFF}" };
            q.push_bind(format!("{spelling}{last}"));
        }
        q.push(") AS hit GROUP BY ordinal) AS best WHERE rank > ")
            .push_bind(from.0)
            .push(" OR (rank = ")
            .push_bind(from.0)
            .push(" AND ordinal >= ")
            .push_bind(from.1)
            .push(") ORDER BY rank, ordinal LIMIT ")
            .push_bind(limit);
    })?;
    Ok(found.into_iter().map(|found| (found.rank, found.ordinal)).collect())
}

/// Who has a text of this `LIKE` pattern anywhere, `!` being the escape, from an ordinal on, at most `limit`. It looks at every customer.
///
/// # Errors
/// Failures of the database.
pub async fn find_anywhere(tx: &mut Tx, agency: Uuid, like: &str, ordinal: i64, limit: i64) -> Result<Vec<i64>> {
    let found = fetch_all!(
        tx,
        (i64,),
        "SELECT ordinal FROM search_entry WHERE agency_id = $1 AND ordinal >= $2 AND terms LIKE $3 ESCAPE '!' ORDER BY ordinal LIMIT $4",
        agency,
        ordinal,
        like,
        limit
    )?;
    Ok(found.into_iter().map(|(ordinal,)| ordinal).collect())
}
