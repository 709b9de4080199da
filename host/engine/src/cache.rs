//! Machine code kept between starts.

use crate::disk::free_bytes;
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
/// settings, and begins with the digest of its content: a torn or altered file is compiled again. Together they have a bound, above which
/// those not used for longest go.
pub(crate) struct Cache {
    directory: PathBuf,
    compatibility: String,
    bounds: CacheBounds,
    /// One writes at a time: so nobody counts a file that another deletes, and a temporary file is one thread's.
    writing: Mutex<()>,
    /// Digests of files that were read or written since the cache was tidied.
    used: Mutex<HashSet<String>>,
}

/// How much room compiled components may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CacheBounds {
    /// Bytes of all files.
    pub(crate) most: u64,
    /// Bytes that stay free on the disk: below, nothing is written.
    pub(crate) spared: u64,
}

/// How long a compiled component is kept that nobody uses.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Age at which a file that is being written is nobody's any more.
const ABANDONED: Duration = Duration::from_hours(24);

const MAGIC: &[u8; 16] = b"posthouse-aot-1\n";
const HEADER: usize = MAGIC.len() + 32;

impl Cache {
    pub(crate) fn open(directory: &Path, bounds: CacheBounds, engine: &wasmtime::Engine) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        restrict(directory)?;
        let mut hasher = Fingerprint(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let compatibility = hex::encode(&hasher.0.finalize()[..16]);
        Ok(Self {
            directory: directory.to_owned(),
            compatibility,
            bounds,
            writing: Mutex::default(),
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

    /// Keeps a compiled component, and lets go of those not used for longest if there are too many bytes. `loaded` are the digests that
    /// are in use without being read. A cache that cannot be written costs time, not correctness: it is only reported.
    pub(crate) fn store(&self, digest: &str, component: &Component, loaded: impl Iterator<Item = String>) {
        let kept = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.keep(digest, &code, loaded));
        if let Err(error) = kept {
            tracing::warn!(digest, %error, directory = %self.directory.display(), "the compile cache cannot be written");
        }
    }

    fn keep(&self, digest: &str, code: &[u8], loaded: impl Iterator<Item = String>) -> io::Result<()> {
        let bytes = (HEADER + code.len()) as u64;
        if bytes > self.bounds.most {
            return Ok(());
        }
        let _alone = lock(&self.writing);
        if free_bytes(&self.directory).is_some_and(|free| free < self.bounds.spared.saturating_add(bytes)) {
            tracing::warn!(
                digest,
                "the disk is nearly full; the compiled plugin is not kept, and is compiled again at the next start"
            );
            return Ok(());
        }
        self.write(digest, code)?;
        // the file system's own clock has just been asked
        let now = fs::metadata(self.path(digest))?.modified()?;
        self.note_use(now, loaded)?;
        self.bound().map(drop)
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
        })
    }

    /// Lets go of a component that nobody needs any more.
    pub(crate) fn forget(&self, digest: &str) {
        lock(&self.used).remove(digest);
        if let Err(error) = remove(&self.path(digest)) {
            tracing::warn!(digest, %error, "a file of the compile cache cannot be deleted; it goes when it was not used for long");
        }
    }

    /// Deletes what other compilers and settings made, what nobody has used for [`KEPT`], torsos of files, and what is too much. `loaded` are
    /// the digests that are in use without being read. A file's time of change says when it was used last. Returns how many went.
    pub(crate) fn tidy(&self, now: SystemTime, loaded: impl Iterator<Item = String>) -> io::Result<usize> {
        let _alone = lock(&self.writing);
        self.note_use(now, loaded)?;
        let ours = format!("-{}.aot", self.compatibility);
        let mut gone = 0;
        for File { path, changed, .. } in self.files()? {
            let name = path.to_string_lossy();
            let unused = now.duration_since(changed).unwrap_or_default();
            let useless = if name.ends_with(".aot") {
                !name.ends_with(&ours) || unused > KEPT
            } else {
                name.ends_with(".tmp") && unused > ABANDONED
            };
            if useless {
                gone += remove(&path)?;
            }
        }
        Ok(gone + self.bound()?)
    }

    /// Gives the files of what is in use the time `now`.
    fn note_use(&self, now: SystemTime, loaded: impl Iterator<Item = String>) -> io::Result<()> {
        let mut used = std::mem::take(&mut *lock(&self.used));
        used.extend(loaded);
        for digest in used {
            // it may have been deleted by hand, which is allowed at any time
            if let Ok(file) = fs::File::options().append(true).open(self.path(&digest)) {
                file.set_modified(now)?;
            }
        }
        Ok(())
    }

    /// Deletes the files used longest ago until the rest is not too much; what other compilers made counts as well.
    fn bound(&self) -> io::Result<usize> {
        let mut files = self.files()?;
        files.retain(|file| file.path.extension().is_some_and(|extension| extension == "aot"));
        files.sort_unstable_by_key(|file| file.changed);
        let mut bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let mut gone = 0;
        for file in files {
            if bytes <= self.bounds.most {
                break;
            }
            gone += remove(&file.path)?;
            bytes -= file.bytes;
        }
        Ok(gone)
    }

    fn files(&self) -> io::Result<Vec<File>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // another host tidies as well
            let Ok(metadata) = entry.metadata() else { continue };
            if let (true, Ok(changed)) = (metadata.is_file(), metadata.modified()) {
                files.push(File {
                    path: entry.path(),
                    changed,
                    bytes: metadata.len(),
                });
            }
        }
        Ok(files)
    }
}

/// A file of the cache.
struct File {
    path: PathBuf,
    /// When it was used last.
    changed: SystemTime,
    bytes: u64,
}

/// How many files went: none if another host was first.
fn remove(path: &Path) -> io::Result<usize> {
    match fs::remove_file(path) {
        Ok(()) => Ok(1),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
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
