//! The words of searches, by the rules of this build.

use super::{PAGE, Page, place};
use crate::error::Result;
use crate::intake::renew_terms;
use posthouse_store::{Tx, profiles};

/// Its name among the steps.
pub(super) const STEP: &str = "words";

/// A page of customers.
pub(super) async fn take(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let rows = profiles::customers_from(tx, page.agency, page.from(), PAGE).await?;
    let next = super::forms::next(&rows, |row| place(row.ordinal + 1));
    renew_terms(tx, page.agency, rows).await?;
    Ok(next)
}
