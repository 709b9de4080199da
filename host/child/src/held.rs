//! Bytes as a file that a child can read.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

/// A file of these bytes that is in no folder and is gone with its last handle; in memory where the system can do that, so that a full
/// disk keeps nobody from it.
///
/// # Errors
/// No room for it.
pub fn held(bytes: &[u8]) -> io::Result<File> {
    let mut file = nameless()?;
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(target_os = "linux")]
fn nameless() -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    Ok(File::from(memfd_create("posthouse", MemfdFlags::CLOEXEC)?))
}

#[cfg(not(target_os = "linux"))]
fn nameless() -> io::Result<File> {
    tempfile::tempfile()
}
