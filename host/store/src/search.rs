//! By what words customers are found. `search_term` has them in order; `search_entry` says what it holds of each customer, so that a
//! change writes only what differs.

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
    fetch_listed!(
        tx,
        EntryRow,
        "SELECT ordinal, terms FROM search_entry WHERE agency_id = $1 AND ordinal IN",
        [agency],
        ordinals,
        1,
        |b, ordinal| b.push_bind(*ordinal),
        ""
    )
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

/// Adds words that their customers do not have yet. No two rows may share ordinal and term.
///
/// There are many, and to look for each before it is added costs a server as much again as to add it.
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
        ""
    )
}

/// Takes words away.
///
/// # Errors
/// Failures of the database.
pub async fn delete_terms(tx: &mut Tx, agency: Uuid, rows: &[(i64, String)]) -> Result<()> {
    fetch_listed!(
        tx,
        (i64,),
        "DELETE FROM search_term WHERE agency_id = $1 AND (block, term, ordinal) IN",
        [agency],
        rows,
        3,
        |b, (ordinal, term)| b.push_bind(block(*ordinal)).push_bind(term).push_bind(*ordinal),
        "RETURNING ordinal"
    )
    .map(drop)
}

/// How well a spelling fits, as `fit`, and whom: a column and a half of a query that continues the word `SELECT`.
macro_rules! push_hits {
    ($q:ident, $agency:expr, $blocks:expr, $spelling:expr) => {{
        let spelling: &String = $spelling;
        $q.push("CASE WHEN term = ")
            .push_bind(spelling.clone())
            .push(" THEN 1 + 2 * inside ELSE 2 + 2 * inside END AS fit, ordinal FROM search_term WHERE agency_id = ")
            .push_bind($agency)
            .push(" AND block IN (")
            .push($blocks)
            .push(") AND term >= ")
            .push_bind(spelling.clone())
            .push(" AND term <= ");
        let single = spelling.chars().count() == 1 && spelling.is_ascii();
        let last = if single { "" } else { "\u{10FFFF}" };
        $q.push_bind(format!("{spelling}{last}"));
    }};
}

/// What to look for.
#[derive(Debug)]
pub struct Wanted<'q> {
    /// Forms of an identity.
    pub identities: &'q [String],
    /// Spellings of one word. A single letter or digit is a whole word: it begins a good part of all others.
    pub whole: &'q [String],
    /// Spellings of several words, each of which has to be there; or none.
    pub words: &'q [Vec<String>],
}

/// A place in what was found: the rank, and the ordinal there.
pub type Place = (i32, i64);

/// The rank of those who have every word of several, each as well as can be.
const WORDS: i32 = 5;

#[derive(FromRow)]
struct Found {
    rank: i32,
    ordinal: i64,
    total: i64,
}

/// Who is found, from a place on, at most `limit`, the best first and those of one rank in the order of ordinals. Rank 0 has this
/// identity, 1 a name or number that is this word, 2 one that begins so, 3 one that ends so, 4 one that has it inside. From 5 on come those
/// who have every word of several: the better each of these fits, the sooner. Documents are not searched. With it comes how many are found in
/// all, before the place as well; 0 if nobody is found from there on.
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
) -> Result<(Vec<Place>, i64)> {
    let blocks: Vec<String> = (0..=block(customers.max(1) - 1)).map(|b| b.to_string()).collect();
    let blocks = blocks.join(", ");
    let found = fetch_built!(tx, Found, |q| {
        q.push(
            "SELECT rank, ordinal, total FROM (SELECT CAST(MIN(rank) AS INTEGER) AS rank, ordinal, COUNT(*) OVER () AS total FROM (
                 SELECT 0 AS rank, c.ordinal AS ordinal FROM identity i JOIN customer c ON c.agency_id = i.agency_id AND c.id = i.customer_id
                 WHERE i.agency_id = ",
        );
        q.push_bind(agency);
        q.push(
            " AND i.kind IN ('phone', 'email', 'member_no', 'wechat_openid', 'ota_user', 'device') AND i.value IN (",
        );
        // nobody has the identity NULL; a list may not be empty
        q.push("NULL");
        for value in wanted.identities {
            q.push(", ").push_bind(value.clone());
        }
        q.push(")");
        for spelling in wanted.whole {
            q.push(" UNION ALL SELECT ");
            push_hits!(q, agency, &blocks, spelling);
        }
        if !wanted.words.is_empty() {
            let best = WORDS - wanted.words.len() as i32;
            q.push(" UNION ALL SELECT ")
                .push_bind(best)
                .push(" + SUM(fit) AS rank, ordinal FROM (SELECT word, MIN(fit) AS fit, ordinal FROM (");
            let spellings = wanted.words.iter().enumerate();
            let spellings =
                spellings.flat_map(|(word, spellings)| spellings.iter().map(move |spelling| (word, spelling)));
            for (place, (word, spelling)) in spellings.enumerate() {
                q.push(if place == 0 { "SELECT " } else { " UNION ALL SELECT " });
                q.push(word.to_string()).push(" AS word, ");
                push_hits!(q, agency, &blocks, spelling);
            }
            q.push(") AS one GROUP BY ordinal, word) AS each_word GROUP BY ordinal HAVING COUNT(*) = ")
                .push_bind(wanted.words.len() as i64);
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
    let total = found.first().map_or(0, |found| found.total);
    Ok((
        found.into_iter().map(|found| (found.rank, found.ordinal)).collect(),
        total,
    ))
}

/// Who has a text of each of these `LIKE` patterns anywhere, `!` being the escape, in the order of ordinals. It looks at every customer.
///
/// # Errors
/// Failures of the database.
pub async fn find_anywhere(tx: &mut Tx, agency: Uuid, patterns: &[String]) -> Result<Vec<i64>> {
    let found = fetch_built!(tx, (i64,), |q| {
        q.push("SELECT ordinal FROM search_entry WHERE agency_id = ")
            .push_bind(agency);
        for pattern in patterns {
            q.push(" AND terms LIKE ")
                .push_bind(pattern.clone())
                .push(" ESCAPE '!'");
        }
        q.push(" ORDER BY ordinal");
    })?;
    Ok(found.into_iter().map(|(ordinal,)| ordinal).collect())
}
