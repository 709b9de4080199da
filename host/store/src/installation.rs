//! What is true of the whole installation.

use crate::{Access, Result, Store};

/// Keeps `key_check` if nothing is kept yet. Returns what is kept.
///
/// # Errors
/// Failures of the database.
pub async fn key_check(store: &Store, key_check: &str) -> Result<String> {
    let mut tx = store.write(Access::Jobs).await?;
    execute!(
        &mut tx,
        "INSERT INTO installation (id, key_check) VALUES (1, $1) ON CONFLICT DO NOTHING",
        key_check
    )?;
    let (kept,) = fetch_one!(&mut tx, (String,), "SELECT key_check FROM installation WHERE id = 1")?;
    tx.commit().await?;
    Ok(kept)
}
