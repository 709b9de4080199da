//! Work that takes long on what was read: beside the async workers, as nobody else's request waits for megabytes of JSON.

use crate::{Result, StoreError};

/// Most rows of facts that are read where they come in: to hand them over takes as long.
const FEW: usize = 64;

/// Does something that takes long.
pub(crate) async fn beside<R: Send + 'static>(work: impl FnOnce() -> Result<R> + Send + 'static) -> Result<R> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(StoreError::Database(sqlx::Error::Io(std::io::Error::other(error)))))
}

/// Reads what rows mean: beside the async workers if there are many.
pub(crate) async fn read<T, R>(rows: Vec<T>, meaning: impl Fn(T) -> Result<R> + Send + 'static) -> Result<Vec<R>>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let few = rows.len() <= FEW;
    let work = move || rows.into_iter().map(meaning).collect();
    if few { work() } else { beside(work).await }
}
