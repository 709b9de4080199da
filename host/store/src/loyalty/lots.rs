//! What each posting gave a member, and what became of it.

use crate::{Result, StoreError, Tx};
use posthouse_domain::loyalty::{Lot, Waiting, Wallet};
use sqlx::FromRow;
use uuid::Uuid;

/// Where a lot comes from; nothing of what was given by hand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LotSource {
    /// The occasion that earned it.
    pub occasion: Option<Uuid>,
    /// The binding whose rule posted it.
    pub binding: String,
    /// The day of the occasion.
    pub earned_on: Option<i32>,
}

/// A lot, whose it is and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotRow {
    /// The member.
    pub customer_id: Uuid,
    /// Where it comes from.
    pub source: LotSource,
    /// The lot.
    pub lot: Lot,
}

#[derive(FromRow)]
struct Stored {
    customer_id: Uuid,
    id: Uuid,
    wallet: String,
    issued: i64,
    waits: Option<String>,
    active_on: Option<i32>,
    expires: String,
    until_on: Option<i32>,
    rest: i64,
    held: i64,
    reversed: i64,
    expired: i64,
    charged: i64,
    notices: i32,
    occasion_id: Option<Uuid>,
    binding: String,
    earned_on: Option<i32>,
}

impl Stored {
    fn read(self) -> Result<LotRow> {
        let strange = |problem: &str| StoreError::Corrupt {
            what: "lot",
            problem: problem.to_owned(),
        };
        let waits = match (self.waits.as_deref(), self.active_on) {
            (None, _) => None,
            (Some("trip"), _) => Some(Waiting::Trip),
            (Some("day"), Some(day)) => Some(Waiting::Until(day)),
            (Some(other), _) => return Err(strange(other)),
        };
        Ok(LotRow {
            customer_id: self.customer_id,
            source: LotSource {
                occasion: self.occasion_id,
                binding: self.binding,
                earned_on: self.earned_on,
            },
            lot: Lot {
                id: self.id,
                wallet: Wallet::parse(&self.wallet).ok_or_else(|| strange(&self.wallet))?,
                issued: self.issued,
                since: self.active_on.filter(|_| waits.is_none()),
                waits,
                expires: serde_json::from_str(&self.expires).map_err(StoreError::corrupt("lot"))?,
                until: self.until_on,
                left: self.rest,
                held: self.held,
                reversed: self.reversed,
                expired: self.expired,
                charged: self.charged,
                // there are two at most
                notices: self.notices as u8,
            },
        })
    }
}

macro_rules! lot_columns {
    () => {
        "customer_id, id, wallet, issued, waits, active_on, expires, until_on, rest, held, reversed, expired, charged, notices, occasion_id, \
         binding, earned_on"
    };
}

/// The lots of these members that something is left of or set aside.
///
/// # Errors
/// Failures of the database.
pub async fn lots(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<LotRow>> {
    let rows = fetch_listed!(
        tx,
        Stored,
        concat!(
            "SELECT ",
            lot_columns!(),
            " FROM points_lot WHERE agency_id = $1 AND is_open AND customer_id IN"
        ),
        [agency],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.into_iter().map(Stored::read).collect()
}

/// Every lot that these occasions earned, also those of which nothing is left.
///
/// # Errors
/// Failures of the database.
pub async fn lots_of_occasions(tx: &mut Tx, agency: Uuid, occasions: &[Uuid]) -> Result<Vec<LotRow>> {
    let rows = fetch_listed!(
        tx,
        Stored,
        concat!(
            "SELECT ",
            lot_columns!(),
            " FROM points_lot WHERE agency_id = $1 AND occasion_id IN"
        ),
        [agency],
        occasions,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.into_iter().map(Stored::read).collect()
}

/// These lots of a member, also those of which nothing is left.
///
/// # Errors
/// Failures of the database.
pub async fn lots_named(tx: &mut Tx, agency: Uuid, customer: Uuid, ids: &[Uuid]) -> Result<Vec<LotRow>> {
    let rows = fetch_listed!(
        tx,
        Stored,
        concat!(
            "SELECT ",
            lot_columns!(),
            " FROM points_lot WHERE agency_id = $1 AND customer_id = $2 AND id IN"
        ),
        [agency, customer],
        ids,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.into_iter().map(Stored::read).collect()
}

/// The lots of these members that another rule in a binding's place would not have made otherwise: those of other bindings, and what was earned
/// before a day.
///
/// # Errors
/// Failures of the database.
pub async fn lots_apart_from(
    tx: &mut Tx,
    agency: Uuid,
    (binding, from): (&str, i32),
    customers: &[Uuid],
) -> Result<Vec<LotRow>> {
    let rows = fetch_listed!(
        tx,
        Stored,
        concat!(
            "SELECT ",
            lot_columns!(),
            " FROM points_lot WHERE agency_id = $1 AND (binding <> $2 OR earned_on < $3) AND customer_id IN"
        ),
        [agency, binding, from],
        customers,
        1,
        |b, id| b.push_bind(*id),
        ""
    )?;
    rows.into_iter().map(Stored::read).collect()
}

/// Writes lots, new or changed. No two may be the same.
///
/// # Errors
/// Failures of the database.
pub async fn put_lots(tx: &mut Tx, agency: Uuid, rows: &[LotRow]) -> Result<()> {
    let rows: Vec<(&LotRow, String)> = rows
        .iter()
        .map(|row| Ok((row, serde_json::to_string(&row.lot.expires)?)))
        .collect::<serde_json::Result<_>>()
        .map_err(StoreError::corrupt("lot"))?;
    write_rows!(
        tx,
        rows,
        19,
        "INSERT INTO points_lot (agency_id, customer_id, id, wallet, issued, waits, active_on, expires, until_on, rest, held, reversed, expired, \
         charged, notices, is_open, occasion_id, binding, earned_on)",
        |b, row| {
            let (
                LotRow {
                    customer_id,
                    source,
                    lot,
                },
                expires,
            ) = row;
            let (waits, active_on) = match lot.waits {
                None => (None, lot.since),
                Some(Waiting::Trip) => (Some("trip"), None),
                Some(Waiting::Until(day)) => (Some("day"), Some(day)),
            };
            b.push_bind(agency)
                .push_bind(*customer_id)
                .push_bind(lot.id)
                .push_bind(lot.wallet.as_str())
                .push_bind(lot.issued)
                .push_bind(waits)
                .push_bind(active_on)
                .push_bind(expires)
                .push_bind(lot.until)
                .push_bind(lot.left)
                .push_bind(lot.held)
                .push_bind(lot.reversed)
                .push_bind(lot.expired)
                .push_bind(lot.charged)
                .push_bind(i32::from(lot.notices))
                .push_bind(lot.is_open())
                .push_bind(source.occasion)
                .push_bind(&source.binding)
                .push_bind(source.earned_on)
        },
        "ON CONFLICT (agency_id, customer_id, id) DO UPDATE SET waits = excluded.waits, active_on = excluded.active_on, \
         until_on = excluded.until_on, rest = excluded.rest, held = excluded.held, reversed = excluded.reversed, expired = excluded.expired, \
         charged = excluded.charged, notices = excluded.notices, is_open = excluded.is_open"
    )
}
