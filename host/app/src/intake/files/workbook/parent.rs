//! The server's side: a child is started for a workbook, and its rows are taken as they come.

use super::super::dates::Epoch;
use super::super::{Cause, RawRow, ReadError, Reading, quote};
use super::frames::Frame;
use super::{Head, Sheet};
use posthouse_child::{Child, End, Limits};
use posthouse_domain::{Rejection, Words, words};
use posthouse_store::StoreError;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How workbooks are read: by which program, within which limits.
#[derive(Debug, Clone)]
pub struct Workbooks {
    program: PathBuf,
    folder: PathBuf,
    limits: Limits,
}

impl Workbooks {
    /// `program` is run with the words of `Self::arguments` and has to call [`super::read`]; copies of workbooks lie in `folder` for as
    /// long as they are read.
    pub fn new(program: PathBuf, folder: PathBuf, limits: Limits) -> Self {
        Self {
            program,
            folder,
            limits,
        }
    }

    /// No workbooks at all, for houses without a program of their own.
    pub fn nowhere() -> Self {
        let limits = Limits {
            memory_bytes: 0,
            cpu_seconds: 0,
            silence_seconds: 0,
        };
        Self::new(PathBuf::new(), std::env::temp_dir(), limits)
    }

    /// The words that start the program as a reader of workbooks.
    fn arguments(&self, sheet: Option<&str>) -> Vec<OsString> {
        let mut words: Vec<OsString> = ["confined", "workbook", "--memory-bytes"].map(Into::into).into();
        words.push(self.limits.memory_bytes.to_string().into());
        words.push("--cpu-seconds".into());
        words.push(self.limits.cpu_seconds.to_string().into());
        if let Some(sheet) = sheet {
            words.push(format!("--sheet={sheet}").into());
        }
        words
    }

    fn start(&self, file: File, sheet: Option<&str>) -> io::Result<Child> {
        posthouse_child::start(&self.program, self.arguments(sheet), file, &self.limits)
    }

    fn refused(&self, end: End) -> Rejection {
        let too_large = |what: Words| {
            let detail = words!(
                "reading the workbook takes more than {what}, which is what a workbook may use; save the table as CSV, or split it",
                "读取这个工作簿需要的资源超过上限（{what}）；请另存为 CSV，或拆成几个文件"
            );
            Rejection::new("workbook_too_large", detail)
        };
        let (memory, cpu, silence) = (
            self.limits.memory_bytes >> 20,
            self.limits.cpu_seconds,
            self.limits.silence_seconds,
        );
        match end {
            End::Memory => too_large(words!("{memory} MiB of memory", "内存 {memory} MiB")),
            End::Processor => too_large(words!("{cpu} s of processor time", "处理器时间 {cpu} 秒")),
            End::Silence => too_large(words!("{silence} s for its next row", "等待下一行 {silence} 秒")),
            End::Done | End::Failed(_) => {
                let how = if let End::Failed(how) = end { how } else { String::new() };
                tracing::warn!(how, "the reader of a workbook failed");
                Rejection::new(
                    "bad_workbook",
                    words!(
                        "the workbook is damaged; open it in a spreadsheet program, save it again, and send that file",
                        "工作簿已损坏；请用表格软件打开、另存后再发"
                    ),
                )
            }
        }
    }
}

/// The sheets of a workbook in words, and which of them was read.
pub(super) fn listed(sheets: &[Sheet], read: Option<&str>) -> Words {
    let name = |sheet: &Sheet| {
        let name = quote(&sheet.name);
        if sheet.hidden {
            words!("{name} (hidden)", "{name}（隐藏）")
        } else {
            Words::same(name)
        }
    };
    let names: Vec<Words> = sheets.iter().take(30).map(name).collect();
    let joined = |separator: &str, half: fn(&Words) -> &String| -> String {
        names
            .iter()
            .map(|words| half(words).as_str())
            .collect::<Vec<_>>()
            .join(separator)
    };
    let names = Words {
        en: joined(", ", |words| &words.en),
        zh: joined("、", |words| &words.zh),
    };
    match (sheets, read) {
        ([], _) => words!("it has no sheet with cells", "其中没有工作表"),
        ([_], Some(_)) => words!("its only sheet {names} was read", "读取的是唯一的工作表 {names}"),
        (_, Some(read)) => words!(
            "of its sheets {names} the sheet {read} was read; name another with --sheet",
            "其中有工作表 {names}，读取的是 {read}；用 --sheet 指定另一张",
            read = quote(read)
        ),
        (_, None) => words!(
            "its sheets are {names}; name one with --sheet",
            "其中有工作表 {names}；用 --sheet 指定一张"
        ),
    }
}

/// A workbook that a child has opened and is reading.
pub(in super::super) struct Workbook<'w> {
    workbooks: &'w Workbooks,
    frames: BufReader<Child>,
    head: Head,
    cause: Cause,
}

impl<'w> Workbook<'w> {
    /// Opens the sheet with this name, or the first one that is not hidden.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(in super::super) fn open(
        workbooks: &'w Workbooks,
        mut file: impl Read,
        sheet: Option<&str>,
        cause: &Cause,
    ) -> Result<Self, ReadError> {
        let copy = copied(&mut file, &workbooks.folder).map_err(|error| unreadable(error, cause))?;
        let child = workbooks.start(copy, sheet).map_err(|error| unreadable(error, cause))?;
        let mut frames = BufReader::with_capacity(64 * 1024, child);
        match Frame::read(&mut frames) {
            Ok(Frame::Head(head)) => Ok(Self {
                workbooks,
                frames,
                head,
                cause: cause.clone(),
            }),
            Ok(Frame::Refused(rejection)) => Err(ReadError::File(rejection)),
            _ => Err(ended(workbooks, frames, cause)),
        }
    }

    /// How the workbook is read.
    pub(in super::super) fn reading(&self) -> Reading {
        Reading {
            format: self.head.format.clone(),
            sheet: Some(self.head.sheet.clone()),
            sheets: self.head.sheets.clone(),
            marked: true,
            ..Reading::default()
        }
    }

    pub(in super::super) fn epoch(&self) -> Epoch {
        self.head.epoch()
    }

    /// Gives every row that is not empty to `each`, and how far into the file reading has come to `at`.
    pub(in super::super) fn rows(
        mut self,
        at: &dyn Fn(u64),
        each: &mut dyn FnMut(RawRow) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        loop {
            match Frame::read(&mut self.frames) {
                Ok(Frame::Row(row)) => each(row)?,
                Ok(Frame::At(bytes)) => at(bytes),
                Ok(Frame::End) => return Ok(()),
                Ok(Frame::Refused(rejection)) => return Err(ReadError::File(rejection)),
                _ => return Err(ended(self.workbooks, self.frames, &self.cause)),
            }
        }
    }
}

fn ended(workbooks: &Workbooks, frames: BufReader<Child>, cause: &Cause) -> ReadError {
    match frames.into_inner().end() {
        Ok(end) => ReadError::File(workbooks.refused(end)),
        Err(error) => unreadable(error, cause),
    }
}

fn unreadable(error: io::Error, cause: &Cause) -> ReadError {
    // it is not the file's fault, and goes on when there is room for the copy
    if let Some(full) = StoreError::of_file(&error) {
        return ReadError::Store(full);
    }
    cause.or(|| {
        tracing::error!(%error, "a workbook cannot be read on this host");
        super::super::unreadable()
    })
}

/// A refusal that says which sheets the workbook has and which of them was read.
pub(in super::super) fn named(error: ReadError, reading: &Reading) -> ReadError {
    match (error, &reading.sheet) {
        (ReadError::File(rejection), Some(sheet)) => {
            let (why, sheets) = (&rejection.detail, listed(&reading.sheets, Some(sheet)));
            let detail = words!("{why}; {sheets}", "{why}；{sheets}");
            ReadError::File(Rejection { detail, ..rejection })
        }
        (other, _) => other,
    }
}

/// A copy of the file that has no name and is gone with its last handle.
fn copied(file: &mut impl Read, folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let mut copy = tempfile::tempfile_in(folder)?;
    io::copy(file, &mut copy)?;
    copy.seek(SeekFrom::Start(0))?;
    Ok(copy)
}
