//! How much room things may take: what one agency may have, and what stays free on the disk.

use std::path::PathBuf;

/// What an operator grants.
#[derive(Debug, Clone)]
pub struct Allowances {
    /// Bytes that stay free on a disk: below, nothing is written there that can be done without.
    pub disk_reserve: u64,
    /// The folder of an embedded database; none for one on a server, whose disk is its own.
    pub database_folder: Option<PathBuf>,
    /// Plugin revisions of an agency.
    pub plugin_revisions: u32,
    /// Bytes of an agency's plugin revisions.
    pub plugin_bytes: u64,
    /// Days for which lines that rules log are kept.
    pub log_days: u32,
    /// Imports of an agency that are not over.
    pub imports: u32,
    /// Bytes of their files.
    pub import_bytes: u64,
    /// Rejected rows of an import that are kept.
    pub rejected_rows: u32,
    /// Bytes of them, beside as many as the file has.
    pub rejected_bytes: u64,
}

impl Default for Allowances {
    fn default() -> Self {
        Self {
            disk_reserve: 256 << 20,
            database_folder: None,
            plugin_revisions: 500,
            plugin_bytes: 256 << 20,
            log_days: 90,
            imports: 20,
            import_bytes: 2 << 30,
            rejected_rows: 100_000,
            rejected_bytes: 1 << 20,
        }
    }
}
