//! Texts that are stored compressed: what is written once, read seldom and says the same things over and over. LZ4, with the length of the text
//! before it.

use crate::{Result, StoreError};

/// A text as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Compressed(Vec<u8>);

impl Compressed {
    /// Compresses a text. It takes longer than to write it, so it is done before a transaction begins.
    pub fn of(text: &str) -> Self {
        Self(lz4_flex::compress_prepend_size(text.as_bytes()))
    }

    /// Its bytes, as they are stored.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text; `what` it is, for the error.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if it is none.
    pub fn text(&self, what: &'static str) -> Result<String> {
        let corrupt = |problem: String| StoreError::Corrupt { what, problem };
        let text = lz4_flex::decompress_size_prepended(&self.0).map_err(|error| corrupt(error.to_string()))?;
        String::from_utf8(text).map_err(|error| corrupt(error.to_string()))
    }
}
