//! Fragments of facts: what capabilities contribute beside the facts that are folded from records.

use crate::{Result, StoreError, Tx, beside, dialect};
use posthouse_domain::contribution::Fragment;
use sqlx::FromRow;
use uuid::Uuid;

/// One capability's fragment of one customer's facts.
#[derive(Debug, Clone, PartialEq)]
pub struct FragmentRow {
    /// Dense number of the customer.
    pub ordinal: i64,
    /// The capability that contributes it.
    pub name: String,
    /// Whose.
    pub customer_id: Uuid,
    /// The change that wrote it.
    pub change: i64,
    /// The facts.
    pub fragment: Fragment,
}

#[derive(FromRow)]
struct FragmentText {
    ordinal: i64,
    fragment: String,
    customer_id: Uuid,
    change: i64,
    as_of: i32,
    edge_on: Option<i32>,
    facts: String,
}

impl FragmentText {
    fn read(self) -> Result<FragmentRow> {
        Ok(FragmentRow {
            ordinal: self.ordinal,
            name: self.fragment,
            customer_id: self.customer_id,
            change: self.change,
            fragment: Fragment {
                as_of: self.as_of,
                edge_on: self.edge_on,
                values: serde_json::from_str(&self.facts).map_err(StoreError::corrupt("contributed facts"))?,
            },
        })
    }
}

async fn read(rows: Vec<FragmentText>) -> Result<Vec<FragmentRow>> {
    beside::read(rows, FragmentText::read).await
}

/// Writes fragments, each in the place of its capability's earlier one.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, rows: &[FragmentRow]) -> Result<()> {
    let rows: Vec<(&FragmentRow, String)> = rows
        .iter()
        .map(|row| {
            let text = serde_json::to_string(&row.fragment.values).map_err(StoreError::corrupt("contributed facts"))?;
            Ok((row, text))
        })
        .collect::<Result<_>>()?;
    write_rows!(
        tx,
        rows,
        8,
        "INSERT INTO fact_fragment (agency_id, ordinal, fragment, customer_id, change, as_of, edge_on, facts)",
        |b, (row, text)| b
            .push_bind(agency)
            .push_bind(row.ordinal)
            .push_bind(&row.name)
            .push_bind(row.customer_id)
            .push_bind(row.change)
            .push_bind(row.fragment.as_of)
            .push_bind(row.fragment.edge_on)
            .push_bind(text),
        "ON CONFLICT (agency_id, ordinal, fragment) DO UPDATE SET
         change = excluded.change, as_of = excluded.as_of, edge_on = excluded.edge_on, facts = excluded.facts"
    )
}

/// Every fragment after the place (ordinal, capability), in their order, at most `limit`: how a frame is loaded.
///
/// # Errors
/// Failures of the database.
pub async fn from(tx: &mut Tx, agency: Uuid, after: (i64, &str), limit: i64) -> Result<Vec<FragmentRow>> {
    read(fetch_all!(
        tx,
        FragmentText,
        "SELECT ordinal, fragment, customer_id, change, as_of, edge_on, facts FROM fact_fragment
         WHERE agency_id = $1 AND (ordinal, fragment) > ($2, $3) ORDER BY ordinal, fragment LIMIT $4",
        agency,
        after.0,
        after.1,
        limit
    )?)
    .await
}

/// Fragments written after change `change`, up to `to`: how a frame is refreshed.
///
/// # Errors
/// Failures of the database.
pub async fn after(tx: &mut Tx, agency: Uuid, change: i64, to: i64) -> Result<Vec<FragmentRow>> {
    let rows = fetch_all!(
        tx,
        FragmentText,
        "SELECT ordinal, fragment, customer_id, change, as_of, edge_on, facts FROM fact_fragment
         WHERE agency_id = $1 AND change > $2 AND change <= $3 ORDER BY change",
        agency,
        change,
        to
    )?;
    // who refreshes a frame may be about to write
    dialect::awake(tx, read(rows)).await?
}

/// Ordinals of those whose fragments were written after change `change`, up to `to`.
///
/// # Errors
/// Failures of the database.
pub async fn changed_after(tx: &mut Tx, agency: Uuid, change: i64, to: i64) -> Result<Vec<i64>> {
    let rows = fetch_all!(
        tx,
        (i64,),
        "SELECT ordinal FROM fact_fragment WHERE agency_id = $1 AND change > $2 AND change <= $3",
        agency,
        change,
        to
    )?;
    Ok(rows.into_iter().map(|(ordinal,)| ordinal).collect())
}

/// One customer's fragments.
///
/// # Errors
/// Failures of the database.
pub async fn of(tx: &mut Tx, agency: Uuid, ordinal: i64) -> Result<Vec<FragmentRow>> {
    read(fetch_all!(
        tx,
        FragmentText,
        "SELECT ordinal, fragment, customer_id, change, as_of, edge_on, facts FROM fact_fragment
         WHERE agency_id = $1 AND ordinal = $2",
        agency,
        ordinal
    )?)
    .await
}

/// Customers whose fragment of a capability changes by itself on `today` or before.
///
/// # Errors
/// Failures of the database.
pub async fn due(tx: &mut Tx, agency: Uuid, name: &str, today: i32, limit: i64) -> Result<Vec<Uuid>> {
    let rows = fetch_all!(
        tx,
        (Uuid,),
        "SELECT customer_id FROM fact_fragment WHERE agency_id = $1 AND fragment = $2 AND edge_on <= $3
         ORDER BY edge_on, ordinal LIMIT $4",
        agency,
        name,
        today,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
