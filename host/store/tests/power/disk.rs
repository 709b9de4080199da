//! A disk that forgets: what was written and not synced may be there after a power cut, or not, or half of it.

use std::collections::BTreeMap;
use std::path::Path;

/// A disk writes as much at once, whole or not at all.
const SECTOR: usize = 512;

/// What of the writes that were not synced is there after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// Any of their sectors, in no order.
    Some,
    /// Everything, as after `kill -9`.
    Everything,
}

/// What a power cut leaves behind.
#[derive(Debug)]
pub(crate) struct Image {
    files: BTreeMap<String, Vec<u8>>,
    /// How much had been acknowledged at that moment.
    pub(crate) acknowledged: u64,
}

impl Image {
    /// The files and their lengths.
    pub(crate) fn shown(&self) -> String {
        let files = self.files.iter();
        let shown: Vec<String> = files
            .map(|(name, content)| format!("{name} {}", content.len()))
            .collect();
        shown.join(", ")
    }

    /// Puts the files into a folder.
    pub(crate) fn write(&self, folder: &Path) {
        for (name, content) in &self.files {
            std::fs::write(folder.join(name), content).expect("a file of the image");
        }
    }
}

#[derive(Debug)]
enum Change {
    Wrote(usize, Vec<u8>),
    Truncated(usize),
    Removed,
}

#[derive(Debug, Default)]
struct File {
    /// What is there for good; `None` if nothing says that the file is.
    synced: Option<Vec<u8>>,
    /// What came after, in order.
    unsynced: Vec<Change>,
}

/// What a disk does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It takes everything.
    None,
    /// There is no room for a file to grow.
    Full,
    /// Nothing can be written.
    Writes,
    /// What was written cannot be synced.
    Syncs,
}

/// The files of one folder, by name.
#[derive(Debug)]
pub(crate) struct Disk {
    files: BTreeMap<String, File>,
    /// Whether a sync does what it says.
    is_honest: bool,
    random: u64,
    /// After how many more operations the power is cut, and what is kept then.
    cut: Option<(u64, Kept)>,
    image: Option<Image>,
    /// What is not taken at present.
    pub(crate) trouble: Trouble,
    /// How much has been acknowledged so far.
    pub(crate) acknowledged: u64,
}

impl Disk {
    pub(crate) fn new(is_honest: bool, seed: u64) -> Self {
        Self {
            files: BTreeMap::new(),
            is_honest,
            random: seed,
            cut: None,
            image: None,
            trouble: Trouble::None,
            acknowledged: 0,
        }
    }

    /// A number below `end`, the same in every run.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    /// Has the power cut after so many operations.
    pub(crate) fn cut_after(&mut self, operations: u64, kept: Kept) {
        self.cut = Some((operations, kept));
    }

    /// What the cut left, if it has come.
    pub(crate) fn image(&mut self) -> Option<Image> {
        self.image.take()
    }

    /// Each operation begins with this: the cut comes before it or never in the middle of it. What tears a write is that only some of its
    /// sectors are kept.
    fn step(&mut self) {
        match &mut self.cut {
            None => {}
            Some((0, kept)) => {
                let kept = *kept;
                self.cut = None;
                self.image = Some(self.now(kept));
            }
            Some((left, _)) => *left -= 1,
        }
    }

    /// What would be there if the power were cut now.
    fn now(&mut self, kept: Kept) -> Image {
        let now = std::mem::take(&mut self.files);
        let mut files = BTreeMap::new();
        for (name, file) in &now {
            let mut content = file.synced.clone();
            for change in &file.unsynced {
                self.keep(&mut content, change, kept);
            }
            if let Some(content) = content {
                files.insert(name.clone(), content);
            }
        }
        self.files = now;
        Image {
            files,
            acknowledged: self.acknowledged,
        }
    }

    fn is_kept(&mut self, kept: Kept) -> bool {
        match kept {
            Kept::Nothing => false,
            Kept::Some => self.below(2) == 0,
            Kept::Everything => true,
        }
    }

    fn keep(&mut self, content: &mut Option<Vec<u8>>, change: &Change, kept: Kept) {
        match change {
            Change::Removed if self.is_kept(kept) => *content = None,
            Change::Truncated(length) if self.is_kept(kept) => content.get_or_insert_default().resize(*length, 0),
            Change::Wrote(at, bytes) => {
                let mut from = 0;
                while from < bytes.len() {
                    let until = (((at + from) / SECTOR + 1) * SECTOR - at).min(bytes.len());
                    if self.is_kept(kept) {
                        wrote(content, at + from, &bytes[from..until]);
                    }
                    from = until;
                }
            }
            _ => {}
        }
    }

    /// A file is opened that has this content, if nobody has opened it before.
    pub(crate) fn opened(&mut self, name: &str, content: impl FnOnce() -> Vec<u8>) {
        self.step();
        self.files.entry(name.to_owned()).or_insert_with(|| {
            let content = content();
            File {
                // an empty file was just made
                synced: (!content.is_empty()).then_some(content),
                unsynced: Vec::new(),
            }
        });
    }

    pub(crate) fn wrote(&mut self, name: &str, at: usize, bytes: &[u8]) {
        self.changed(name, Change::Wrote(at, bytes.to_vec()));
    }

    pub(crate) fn truncated(&mut self, name: &str, length: usize) {
        self.changed(name, Change::Truncated(length));
    }

    /// A file is removed; `for_good` if its folder is synced as well.
    pub(crate) fn removed(&mut self, name: &str, for_good: bool) {
        self.changed(name, Change::Removed);
        if for_good {
            self.sync(name);
        }
    }

    fn changed(&mut self, name: &str, change: Change) {
        self.step();
        self.files.entry(name.to_owned()).or_default().unsynced.push(change);
    }

    /// A file is synced; `folder` if its folder is as well, and with it what was removed from there.
    pub(crate) fn synced(&mut self, name: &str, folder: bool) {
        self.step();
        self.sync(name);
        if folder {
            let is_removed = |file: &File| matches!(file.unsynced.as_slice(), [.., Change::Removed]);
            let files = self.files.iter().filter(|(_, file)| is_removed(file));
            for removed in files.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                self.sync(&removed);
            }
        }
    }

    fn sync(&mut self, name: &str) {
        if !self.is_honest {
            return;
        }
        let Some(mut file) = self.files.remove(name) else {
            return;
        };
        for change in std::mem::take(&mut file.unsynced) {
            self.keep(&mut file.synced, &change, Kept::Everything);
        }
        self.files.insert(name.to_owned(), file);
    }
}

fn wrote(content: &mut Option<Vec<u8>>, at: usize, bytes: &[u8]) {
    let content = content.get_or_insert_default();
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

#[test]
fn what_was_not_synced_may_be_gone() {
    let mut disk = Disk::new(true, 7);
    let content = |disk: &mut Disk, kept| disk.now(kept).files.get("a").cloned();
    disk.opened("a", Vec::new);
    disk.wrote("a", 2, b"xy");
    assert_eq!(content(&mut disk, Kept::Nothing), None);
    assert_eq!(content(&mut disk, Kept::Everything).as_deref(), Some(&b"\0\0xy"[..]));
    disk.synced("a", false);
    disk.truncated("a", 3);
    disk.wrote("a", 0, b"z");
    assert_eq!(content(&mut disk, Kept::Nothing).as_deref(), Some(&b"\0\0xy"[..]));
    assert_eq!(content(&mut disk, Kept::Everything).as_deref(), Some(&b"z\0x"[..]));
    disk.synced("a", false);
    // three sectors, and every one of them alone
    disk.wrote("a", 500, &[1; 1_000]);
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let content = content(&mut disk, Kept::Some).expect("it was synced");
        let at = |place: usize| content.get(place).copied().unwrap_or_default();
        assert_eq!((at(500), at(512), at(1_024)), (at(511), at(1_023), at(1_499)));
        ways.insert((at(500), at(512), at(1_024)));
    }
    assert_eq!(ways.len(), 8);
    disk.removed("a", false);
    assert!(content(&mut disk, Kept::Nothing).is_some());
    assert_eq!(content(&mut disk, Kept::Everything), None);
    disk.synced("b", false);
    assert!(content(&mut disk, Kept::Nothing).is_some());
    disk.synced("b", true);
    assert_eq!(content(&mut disk, Kept::Nothing), None);
}

#[test]
fn the_power_is_cut_once_and_before_an_operation() {
    let mut disk = Disk::new(true, 7);
    disk.opened("a", Vec::new);
    disk.cut_after(1, Kept::Everything);
    disk.wrote("a", 0, b"1");
    disk.acknowledged = 5;
    assert!(disk.image().is_none());
    disk.wrote("a", 1, b"2");
    disk.wrote("a", 2, b"3");
    let image = disk.image().expect("the cut has come");
    assert_eq!((&*image.files["a"], image.acknowledged), (&b"1"[..], 5));
    assert!(disk.image().is_none());
}
