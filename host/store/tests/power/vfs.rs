//! SQLite's files on a [`Disk`]: a layer over the system's own, which is told everything that is written and synced.
//!
//! What SQLite reads is in the system's files, as always. The disk only keeps account of what a power cut would leave of them; to sync is
//! therefore to tell the disk, and takes no time.

#![allow(
    unsafe_code,
    reason = "SQLite takes its files as C functions; each block has its proof"
)]

use crate::disk::{Disk, Trouble};
use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// The name of the layer, as in `sqlite:PATH?vfs=forgetful`.
pub(crate) const NAME: &CStr = c"forgetful";

/// The folders that have a disk.
static DISKS: Mutex<Vec<(PathBuf, Arc<Mutex<Disk>>)>> = Mutex::new(Vec::new());

/// Has the files of a folder lie on a disk, if they are opened through the layer.
pub(crate) fn mount(folder: &Path, disk: Disk) -> Arc<Mutex<Disk>> {
    static REGISTERED: OnceLock<()> = OnceLock::new();
    REGISTERED.get_or_init(register);
    let disk = Arc::new(Mutex::new(disk));
    let folder = folder.canonicalize().expect("the folder is there");
    DISKS.lock().expect("nobody panicked").push((folder, disk.clone()));
    disk
}

/// The system's own layer.
fn system() -> *mut ffi::sqlite3_vfs {
    // SAFETY: a null name asks for the default layer. It is registered once, before any call returns, and never removed.
    let system = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!system.is_null(), "SQLite has files");
    system
}

fn register() {
    let system = system();
    // SAFETY: `system` points to a structure that lives as long as the process and that nobody writes to.
    let mut layer = unsafe { *system };
    layer.zName = NAME.as_ptr();
    layer.pNext = std::ptr::null_mut();
    layer.szOsFile += size_of::<Opened>() as c_int;
    // What is not replaced is the system's function, which is handed this copy instead of the original: of it the functions read
    // `mxPathname` and `pAppData` only, and both are the same.
    layer.xOpen = Some(open);
    layer.xDelete = Some(delete);
    // SAFETY: the structure is leaked, so it lives as long as the process; SQLite alone writes to its `pNext`. The default stays.
    let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 0) };
    assert_eq!(registered, ffi::SQLITE_OK);
}

/// A file of the layer, in memory that SQLite gives; the system's own file lies behind it in the same memory.
#[repr(C)]
struct Opened {
    base: ffi::sqlite3_file,
    entry: *mut Entry,
}

/// Where a file belongs.
struct Entry {
    disk: Arc<Mutex<Disk>>,
    name: String,
    /// Whether the next sync is of the folder too: the system's layer does so once for each journal and log that it may have made.
    syncs_folder: AtomicBool,
}

impl Entry {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().expect("nobody panicked")
    }
}

/// The disk and the name of a file.
fn entry(name: *const c_char) -> Option<Entry> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite passes null, which is ruled out, or a text that ends with zero and lives as long as this call.
    let path = Path::new(unsafe { CStr::from_ptr(name) }.to_str().ok()?);
    let disks = DISKS.lock().expect("nobody panicked");
    let (_, disk) = disks.iter().find(|(folder, _)| path.parent() == Some(folder))?;
    Some(Entry {
        disk: disk.clone(),
        name: path.file_name()?.to_str()?.to_owned(),
        syncs_folder: AtomicBool::new(false),
    })
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let system = system();
    // SAFETY: the system's layer lives as long as the process, and every layer can open.
    let open_system = unsafe { (*system).xOpen }.expect("every layer opens files");
    let Some(mut entry) = entry(name) else {
        // SAFETY: SQLite's own arguments. `file` has room for more than the system's file, which is then used without the layer.
        return unsafe { open_system(system, name, file, flags, flags_out) };
    };
    let journals = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;
    *entry.syncs_folder.get_mut() = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
    let opened = file.cast::<Opened>();
    let mut disk = entry.disk();
    // SAFETY: `file` points to `szOsFile` bytes, which are those of `Opened` and of the system's file behind it; the size of `Opened`
    // is a multiple of its alignment, that of a pointer, which is all that the system's file needs.
    let done = unsafe { open_system(system, name, opened.add(1).cast(), flags, flags_out) };
    if done == ffi::SQLITE_OK {
        // SAFETY: `name` is not null, or there were no entry.
        let path = unsafe { CStr::from_ptr(name) }.to_str().expect("an entry has a name");
        disk.opened(&entry.name, || std::fs::read(path).unwrap_or_default());
    }
    drop(disk);
    // SAFETY: as above; SQLite calls no method of a file whose `pMethods` is null, and `close` otherwise frees the entry, once.
    unsafe {
        opened.write(if done == ffi::SQLITE_OK {
            Opened {
                base: ffi::sqlite3_file { pMethods: &METHODS },
                entry: Box::into_raw(Box::new(entry)),
            }
        } else {
            Opened {
                base: ffi::sqlite3_file {
                    pMethods: std::ptr::null(),
                },
                entry: std::ptr::null_mut(),
            }
        });
    }
    done
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let entry = entry(name);
    let mut disk = entry.as_ref().map(Entry::disk);
    let system = system();
    // SAFETY: SQLite's own arguments; the folder need not be synced, as the disk keeps account.
    let done = unsafe { (*system).xDelete.expect("every layer deletes files")(system, name, 0) };
    if done == ffi::SQLITE_OK
        && let (Some(entry), Some(disk)) = (&entry, &mut disk)
    {
        disk.removed(&entry.name, sync_folder != 0);
    }
    done
}

/// The system's file behind a file of the layer, and its methods.
///
/// # Safety
/// `file` was opened by [`open`] with an entry and is not closed.
unsafe fn behind<'f>(file: *mut ffi::sqlite3_file) -> (*mut ffi::sqlite3_file, &'f ffi::sqlite3_io_methods) {
    // SAFETY: behind `Opened` lies the system's file, which `open` has opened: its methods are there and constant.
    unsafe {
        let system = file.cast::<Opened>().add(1).cast::<ffi::sqlite3_file>();
        (system, &*(*system).pMethods)
    }
}

/// Where a file of the layer belongs.
///
/// # Safety
/// As for [`behind`].
unsafe fn entry_of<'f>(file: *mut ffi::sqlite3_file) -> &'f Entry {
    // SAFETY: `open` has put an entry there, and only `close` takes it away.
    unsafe { &*(*file.cast::<Opened>()).entry }
}

/// Methods that are the system's own.
macro_rules! same {
    ($($name:ident = $method:ident($($argument:ident: $kind:ty),*)),+ $(,)?) => {
        $(unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $argument: $kind)*) -> c_int {
            // SAFETY: SQLite calls methods of files that are open, with arguments that fit the method; the system's file has each
            // method that this layer has, as it is of version 2 at least.
            unsafe {
                let (system, methods) = behind(file);
                methods.$method.expect("a file has this method")(system $(, $argument)*)
            }
        })+
    };
}

same! {
    read = xRead(buffer: *mut c_void, amount: c_int, at: ffi::sqlite3_int64),
    size = xFileSize(size: *mut ffi::sqlite3_int64),
    lock = xLock(level: c_int),
    unlock = xUnlock(level: c_int),
    is_reserved = xCheckReservedLock(reserved: *mut c_int),
    control = xFileControl(operation: c_int, argument: *mut c_void),
    sector_size = xSectorSize(),
    characteristics = xDeviceCharacteristics(),
    map_shared = xShmMap(page: c_int, size: c_int, extend: c_int, mapped: *mut *mut c_void),
    lock_shared = xShmLock(offset: c_int, count: c_int, flags: c_int),
    unmap_shared = xShmUnmap(delete: c_int),
}

unsafe extern "C" fn barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: as for the methods above.
    unsafe {
        let (system, methods) = behind(file);
        methods.xShmBarrier.expect("a file has this method")(system);
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once and uses it no more; the entry came from a box.
    unsafe {
        drop(Box::from_raw((*file.cast::<Opened>()).entry));
        let (system, methods) = behind(file);
        methods.xClose.expect("a file has this method")(system)
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is open, and `buffer` has `amount` bytes.
    unsafe {
        let entry = entry_of(file);
        let mut disk = entry.disk();
        let (system, methods) = behind(file);
        match disk.trouble {
            Trouble::Full => {
                let mut size = 0;
                methods.xFileSize.expect("a file has this method")(system, &mut size);
                if at + ffi::sqlite3_int64::from(amount) > size {
                    return ffi::SQLITE_FULL;
                }
            }
            Trouble::Writes => return ffi::SQLITE_IOERR_WRITE,
            Trouble::None | Trouble::Syncs => {}
        }
        let done = methods.xWrite.expect("a file has this method")(system, buffer, amount, at);
        if done == ffi::SQLITE_OK {
            let bytes = std::slice::from_raw_parts(buffer.cast::<u8>(), amount as usize);
            disk.wrote(&entry.name, at as usize, bytes);
        }
        done
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        let entry = entry_of(file);
        let mut disk = entry.disk();
        let (system, methods) = behind(file);
        let done = methods.xTruncate.expect("a file has this method")(system, length);
        if done == ffi::SQLITE_OK {
            disk.truncated(&entry.name, length as usize);
        }
        done
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is open.
    let entry = unsafe { entry_of(file) };
    let mut disk = entry.disk();
    if disk.trouble == Trouble::Syncs {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    disk.synced(&entry.name, entry.syncs_folder.swap(false, Ordering::Relaxed));
    ffi::SQLITE_OK
}

/// Version 2: without mapped files, so that whatever is written goes through [`write`].
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(is_reserved),
    xFileControl: Some(control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(map_shared),
    xShmLock: Some(lock_shared),
    xShmBarrier: Some(barrier),
    xShmUnmap: Some(unmap_shared),
    xFetch: None,
    xUnfetch: None,
};
