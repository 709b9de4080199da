//! Work that takes long beside the async workers: nobody's request waits for it.

use crate::error::{AppError, Result};

/// Does something that takes long, as whatever looks at all customers of an agency does.
pub(crate) async fn beside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| AppError::Internal(format!("work beside failed: {error}")))
}
