//! Machine code kept between starts.

use crate::runtime::lock;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};
use wasmtime::component::Component;

/// Compiled components in a directory only the server can enter. A file is named after the component and the compiler's
/// settings, and begins with the digest of its content: a torn or altered file is compiled again.
pub(crate) struct Cache {
    directory: PathBuf,
    compatibility: String,
    /// Digests of files that were read or written since the cache was tidied.
    used: Mutex<HashSet<String>>,
}

/// How long a compiled component is kept that nobody uses.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Age at which a file that is being written is nobody's any more.
const ABANDONED: Duration = Duration::from_hours(24);

const MAGIC: &[u8; 16] = b"posthouse-aot-1\n";
const HEADER: usize = MAGIC.len() + 32;

impl Cache {
    pub(crate) fn open(directory: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        restrict(directory)?;
        let mut hasher = Fingerprint(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = hex::encode(&hasher.0.finalize()[..16]);
        Ok(Self {
            directory: directory.to_owned(),
            compatibility,
            used: Mutex::default(),
        })
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.directory.join(format!("{digest}-{}.aot", self.compatibility))
    }

    /// The compiled component, if it is here and intact.
    #[allow(
        unsafe_code,
        reason = "deserialize runs what it is given as machine code; the proof is at the call"
    )]
    pub(crate) fn load(&self, engine: &wasmtime::Engine, digest: &str) -> Option<Component> {
        let file = fs::read(self.path(digest)).ok()?;
        let (header, code) = file.split_at_checked(HEADER)?;
        let (magic, stamp) = header.split_at(MAGIC.len());
        if magic != MAGIC || stamp != Sha256::digest(code).as_slice() {
            tracing::warn!(digest, "a file of the compile cache is damaged; compiling again");
            return None;
        }
        // SAFETY: `deserialize` needs bytes that `serialize` made for an engine with these settings. Only `store` writes
        // files into this directory, which nobody but the server's user can enter (0700, set at every start and a start
        // fails if it cannot be set); `store` writes what `serialize` returned; the digest shows that all of it and
        // nothing else is here; the name holds the compiler's compatibility hash, so other settings use other files.
        match unsafe { Component::deserialize(engine, code) } {
            Ok(component) => {
                lock(&self.used).insert(digest.to_owned());
                Some(component)
            }
            Err(error) => {
                tracing::warn!(digest, %error, "a file of the compile cache is not usable; compiling again");
                None
            }
        }
    }

    /// Keeps a compiled component. A cache that cannot be written costs time, not correctness: it is only reported.
    pub(crate) fn store(&self, digest: &str, component: &Component) {
        let written = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(digest, &code));
        if let Err(error) = written {
            tracing::warn!(digest, %error, directory = %self.directory.display(), "the compile cache cannot be written");
        }
    }

    fn write(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let temporary = self.directory.join(format!("{digest}.{}.tmp", std::process::id()));
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(MAGIC)?;
            file.write_all(&Sha256::digest(code))?;
            file.write_all(code)?;
            fs::rename(&temporary, self.path(digest))
        };
        write().inspect_err(|_| {
            // on a full disk a torso takes the last of the room
            let _ = fs::remove_file(&temporary);
        })?;
        lock(&self.used).insert(digest.to_owned());
        Ok(())
    }

    /// Deletes what other compilers and settings made, what nobody has used for [`KEPT`], and torsos of files. `loaded` are the
    /// digests that are in use without being read. A file's time of change says when it was used last. Returns how many went.
    pub(crate) fn tidy(&self, now: SystemTime, loaded: impl Iterator<Item = String>) -> io::Result<usize> {
        let mut used = std::mem::take(&mut *lock(&self.used));
        used.extend(loaded);
        for digest in used {
            // it may have been deleted by hand, which is allowed at any time
            if let Ok(file) = fs::File::options().append(true).open(self.path(&digest)) {
                file.set_modified(now)?;
            }
        }
        let ours = format!("-{}.aot", self.compatibility);
        let mut gone = 0;
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let Ok(changed) = entry.metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            let unused = now.duration_since(changed).unwrap_or_default();
            let useless = if name.ends_with(".aot") {
                !name.ends_with(&ours) || unused > KEPT
            } else {
                name.ends_with(".tmp") && unused > ABANDONED
            };
            if useless {
                match fs::remove_file(entry.path()) {
                    Ok(()) => gone += 1,
                    // another host tidies as well
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(gone)
    }
}

#[cfg(unix)]
fn restrict(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // only the owner may do this, so it also shows that the directory is ours
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// Feeds what is hashed into SHA-256, as the standard hashers differ between versions of the compiler.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
