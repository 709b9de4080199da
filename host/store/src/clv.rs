//! What the model of customer lifetime value found, fit by fit.

use crate::{Result, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// A fit. The parameters are there if there is no reason why not.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct FitRow {
    /// Counts from 1 within the agency.
    pub fit: i64,
    /// The day up to which the history was looked at.
    pub day: i32,
    /// Business time.
    pub at: i64,
    /// Customers with a trip.
    pub customers: i64,
    /// Those of them who booked again.
    pub repeaters: i64,
    /// Why there are no parameters.
    pub unfit: Option<String>,
    /// Shape of the booking rates.
    pub r: Option<f64>,
    /// Scale of the booking rates, in weeks.
    pub alpha: Option<f64>,
    /// First parameter of the chances of being lost.
    pub a: Option<f64>,
    /// Second parameter of the chances of being lost.
    pub b: Option<f64>,
    /// Log-likelihood of the booking days.
    pub rate_log_likelihood: Option<f64>,
    /// Shape of one customer's values.
    pub p: Option<f64>,
    /// Shape of all customers' means.
    pub q: Option<f64>,
    /// Scale of all customers' means, in minor units.
    pub gamma: Option<f64>,
    /// Log-likelihood of the values.
    pub value_log_likelihood: Option<f64>,
}

/// The latest fit.
///
/// # Errors
/// Failures of the database.
pub async fn latest(tx: &mut Tx, agency: Uuid) -> Result<Option<FitRow>> {
    fetch_optional!(
        tx,
        FitRow,
        "SELECT fit, day, at, customers, repeaters, unfit, r, alpha, a, b, rate_log_likelihood, p, q, gamma, value_log_likelihood
         FROM clv_fit WHERE agency_id = $1 ORDER BY fit DESC LIMIT 1",
        agency
    )
}

/// The number of the latest fit; 0 if there is none.
///
/// # Errors
/// Failures of the database.
pub async fn latest_number(tx: &mut Tx, agency: Uuid) -> Result<i64> {
    let latest = fetch_optional!(
        tx,
        (i64,),
        "SELECT fit FROM clv_fit WHERE agency_id = $1 ORDER BY fit DESC LIMIT 1",
        agency
    )?;
    Ok(latest.map_or(0, |(fit,)| fit))
}

/// Keeps a fit; `false` if another host kept one of this number first.
///
/// # Errors
/// Failures of the database.
pub async fn insert(tx: &mut Tx, agency: Uuid, row: &FitRow) -> Result<bool> {
    let inserted = execute!(
        tx,
        "INSERT INTO clv_fit (agency_id, fit, day, at, customers, repeaters, unfit, r, alpha, a, b, rate_log_likelihood, p, q, gamma,
                              value_log_likelihood)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING",
        agency,
        row.fit,
        row.day,
        row.at,
        row.customers,
        row.repeaters,
        &row.unfit,
        row.r,
        row.alpha,
        row.a,
        row.b,
        row.rate_log_likelihood,
        row.p,
        row.q,
        row.gamma,
        row.value_log_likelihood
    )?;
    Ok(inserted == 1)
}
