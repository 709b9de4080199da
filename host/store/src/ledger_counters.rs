//! What accounts and their parts come to: the sums of their entries, kept beside them.
//!
//! A counter stands where those are that move with it. A day, a customer or the whole is a view that many accounts share, so the counters
//! of one day stand beside each other, one for each account: a quote moves those of ten campaigns in one place. A lot of points is its account's
//! own, so an account's lots stand beside each other.

use crate::ledger_accounts::{Account, Posting};
use crate::{Result, Tx, dialect};
use posthouse_domain::ledger::{Change, Movement, Part};
use sqlx::FromRow;
use uuid::Uuid;

/// The part of an account that is all of it.
pub const TOTAL: &str = "total";

/// Where a counter stands, and which it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: String,
    place: String,
    owner: Uuid,
    part: String,
}

impl Place {
    fn total(account: &Account) -> Self {
        Self::shared(account, TOTAL, "")
    }

    fn shared(account: &Account, scope: &str, subject: &str) -> Self {
        Self {
            kind: account.kind.to_string(),
            place: format!("{scope}/{subject}"),
            owner: account.owner,
            part: String::new(),
        }
    }

    fn of(account: &Account, part: &Part) -> Self {
        if !part.own {
            return Self::shared(account, &part.scope, &part.subject);
        }
        Self {
            kind: account.kind.to_string(),
            place: account.owner.to_string(),
            owner: account.owner,
            part: format!("{}/{}", part.scope, part.subject),
        }
    }
}

/// A movement of one counter.
pub(crate) struct Move {
    place: Place,
    change: Change,
    at_most: Option<i64>,
}

impl Move {
    /// Those of an account's whole and of its parts.
    pub(crate) fn of(movement: Movement, posting: &Posting) -> Vec<Self> {
        let of = |place, amount, at_most: Option<i64>| Self {
            place,
            change: movement.of(amount),
            at_most: at_most.filter(|_| movement.takes()),
        };
        let account = &posting.account;
        let mut moves = vec![of(Place::total(account), posting.amount, posting.at_most)];
        for part in &posting.parts {
            debug_assert!(part.amount >= 0, "{part:?}");
            moves.push(of(Place::of(account, part), part.amount, part.at_most));
        }
        moves
    }

    /// This and another movement of the same counter in one, under both conditions.
    fn and(self, other: Self) -> Self {
        let most = [self.at_most, other.at_most];
        Self {
            change: Change {
                credited: self.change.credited.saturating_add(other.change.credited),
                debited: self.change.debited.saturating_add(other.change.debited),
                held: self.change.held.saturating_add(other.change.held),
            },
            at_most: most.into_iter().flatten().min(),
            place: self.place,
        }
    }
}

/// Each counter once, in the order of their keys.
fn merged(mut moves: Vec<Move>) -> Vec<Move> {
    moves.sort_by(|one, next| one.place.cmp(&next.place));
    let mut merged: Vec<Move> = Vec::with_capacity(moves.len());
    for each in moves {
        match merged.pop() {
            Some(last) if last.place == each.place => merged.push(last.and(each)),
            last => merged.extend(last.into_iter().chain([each])),
        }
    }
    merged
}

/// Moves counters in the order of their keys; whether each had its condition met. A counter begins with the first movement that a counter of
/// nothing can bear. It keeps the limit that it was last moved under: only what is in the row can be compared with it in one pass.
pub(crate) async fn shift(tx: &mut Tx, agency: Uuid, moves: Vec<Move>) -> Result<bool> {
    for moves in merged(moves).chunks(dialect::MOST_ROWS) {
        let rows = dialect::filled_up(moves);
        let moved = execute_built!(&mut *tx, rows.len(), |q| {
            q.push("WITH moved (kind, place, owner, part, credited, debited, held, at_most) AS (");
            q.push_values(&rows, |mut b, row| {
                b.push_bind(row.map(|row| row.place.kind.as_str()))
                    .push_bind(row.map(|row| row.place.place.as_str()))
                    .push_bind(row.map(|row| row.place.owner))
                    .push_bind(row.map(|row| row.place.part.as_str()))
                    .push_bind(row.map(|row| row.change.credited))
                    .push_bind(row.map(|row| row.change.debited))
                    .push_bind(row.map(|row| row.change.held))
                    .push_bind(row.map(|row| row.at_most.unwrap_or(i64::MAX)));
            });
            q.push(") INSERT INTO ledger_counter (agency_id, kind, place, owner, part, credited, debited, held, at_most) SELECT ")
                .push_bind(agency);
            // no EXISTS: for that PostgreSQL may read the whole table
            q.push(
                ", m.kind, m.place, m.owner, m.part, m.credited, m.debited, m.held, m.at_most FROM moved m
                 WHERE m.kind IS NOT NULL AND ((m.debited >= 0 AND m.held >= 0 AND m.debited + m.held - m.credited <= m.at_most)
                    OR (SELECT c.held FROM ledger_counter c WHERE c.agency_id = ",
            );
            q.push_bind(agency).push(
                " AND c.kind = m.kind AND c.place = m.place AND c.owner = m.owner AND c.part = m.part) IS NOT NULL)
                 ON CONFLICT (agency_id, kind, place, owner, part) DO UPDATE SET
                    credited = ledger_counter.credited + excluded.credited,
                    debited = ledger_counter.debited + excluded.debited,
                    held = ledger_counter.held + excluded.held,
                    at_most = excluded.at_most
                 WHERE ledger_counter.debited + excluded.debited >= 0 AND ledger_counter.held + excluded.held >= 0
                   AND ledger_counter.debited + excluded.debited + ledger_counter.held + excluded.held
                        - ledger_counter.credited - excluded.credited <= excluded.at_most",
            );
        })?;
        if moved != moves.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A counter of a part of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRow {
    /// Which part it counts.
    pub subject: String,
    /// What it comes to.
    pub sums: Change,
}

#[derive(FromRow)]
struct SumsRow {
    part: String,
    credited: i64,
    debited: i64,
    held: i64,
}

impl SumsRow {
    fn sums(&self) -> Change {
        Change {
            credited: self.credited,
            debited: self.debited,
            held: self.held,
        }
    }
}

/// The account as a whole.
///
/// # Errors
/// Failures of the database.
pub async fn total(tx: &mut Tx, agency: Uuid, account: &Account) -> Result<Change> {
    shared(tx, agency, account, TOTAL, "").await
}

/// A part that many accounts have, as a day of a budget.
///
/// # Errors
/// Failures of the database.
pub async fn shared(tx: &mut Tx, agency: Uuid, account: &Account, scope: &str, subject: &str) -> Result<Change> {
    let Place {
        kind,
        place,
        owner,
        part,
    } = Place::shared(account, scope, subject);
    let row = fetch_optional!(
        tx,
        SumsRow,
        "SELECT part, credited, debited, held FROM ledger_counter
         WHERE agency_id = $1 AND kind = $2 AND place = $3 AND owner = $4 AND part = $5",
        agency,
        kind,
        place,
        owner,
        part
    )?;
    Ok(row.map_or_else(Change::default, |row| row.sums()))
}

/// The parts of one scope that are the account's own, as lots of points, by their subjects.
///
/// # Errors
/// Failures of the database.
pub async fn own(tx: &mut Tx, agency: Uuid, account: &Account, scope: &str) -> Result<Vec<CounterRow>> {
    // every subject stands between the scope with a slash and with the character after that
    let (from, to) = (format!("{scope}/"), format!("{scope}0"));
    let rows = fetch_all!(
        tx,
        SumsRow,
        "SELECT part, credited, debited, held FROM ledger_counter
         WHERE agency_id = $1 AND kind = $2 AND place = $3 AND owner = $4 AND part >= $5 AND part < $6 ORDER BY part",
        agency,
        &*account.kind,
        account.owner.to_string(),
        account.owner,
        &from,
        to
    )?;
    let row = |row: SumsRow| CounterRow {
        sums: row.sums(),
        subject: row.part[from.len()..].to_owned(),
    };
    Ok(rows.into_iter().map(row).collect())
}
