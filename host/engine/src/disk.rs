//! How much room a disk has.

use std::path::Path;

/// Bytes that this process may still write on the disk of `path`, which need not be there yet; unknown where the system does not tell.
#[cfg(unix)]
pub fn free_bytes(path: &Path) -> Option<u64> {
    let path = std::path::absolute(path).ok()?;
    let disk = path.ancestors().find_map(|there| rustix::fs::statvfs(there).ok())?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that this process may still write on the disk of `path`; unknown where the system does not tell.
#[cfg(not(unix))]
pub fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_around_it() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(free_bytes(folder.path()).is_some_and(|free| free > 0));
        assert!(free_bytes(&folder.path().join("a/b")).is_some());
        assert!(free_bytes(Path::new("not-there-yet")).is_some());
    }
}
