//! In which encoding a text file is, and its bytes as UTF-8.
//!
//! A byte order mark decides; then what is said beside the file; then what the bytes allow. Names in GB18030 may be valid UTF-8 by chance,
//! and names in Big5 are mostly valid GB18030, so every encoding that fits is read, and the likelier text is taken if it is clearly
//! likelier. Otherwise the file is rejected with its readings: a name is not guessed.

mod decoded;
mod likeness;
mod survey;

pub(super) use decoded::Decoded;

use super::{ReadError, refuse};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use posthouse_domain::row::FileKind;
use posthouse_domain::words;
use std::io::{self, Read, Seek, SeekFrom};
use survey::Survey;

/// The encoding of a file, and where its text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub(super) mark: u64,
}

/// What is known of a file before its bytes are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'e> {
    pub(super) kind: FileKind,
    /// The agency's country, which says what its old programs write.
    pub(super) country: &'e str,
    /// The encoding that was said beside the file.
    pub(super) forced: Option<&'static Encoding>,
}

/// Reads the whole file once, piece by piece.
///
/// # Errors
/// `file_is_binary`; `encoding_unclear` with both readings.
pub(super) fn detect(
    file: &mut (impl Read + Seek),
    expected: Expected<'_>,
    failed: impl Fn() -> ReadError,
) -> Result<Found, ReadError> {
    let mut survey = Survey::default();
    let mut piece = vec![0; 64 * 1024];
    let mut first = true;
    file.seek(SeekFrom::Start(0)).map_err(|_| failed())?;
    loop {
        let count = fill(file, &mut piece).map_err(|_| failed())?;
        if first {
            if let Some(found) = marked(&piece[..count]) {
                return Ok(found);
            }
            let wide = |encoding| encoding == UTF_16LE || encoding == UTF_16BE;
            if !expected.forced.is_some_and(wide) && piece[..count].contains(&0) {
                return refuse(
                    "file_is_binary",
                    words!(
                        "the file is not a table of text: it has zero bytes; send CSV or a workbook, or name its encoding with --encoding if it is UTF-16",
                        "文件不是文本表格：其中有零字节；请发送 CSV 或工作簿；如果是 UTF-16，请用 --encoding 指定"
                    ),
                );
            }
            if let Some(encoding) = expected.forced {
                return Ok(Found { encoding, mark: 0 });
            }
            first = false;
        }
        survey.take(&piece[..count], count < piece.len());
        if count < piece.len() {
            break;
        }
    }
    let encoding = survey.encoding(expected)?;
    Ok(Found { encoding, mark: 0 })
}

/// Fills `piece` as far as the file reaches.
fn fill(file: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match file.read(&mut piece[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn marked(bytes: &[u8]) -> Option<Found> {
    let marks: [(&[u8], &'static Encoding); 4] = [
        (b"\xef\xbb\xbf", UTF_8),
        (b"\xff\xfe", UTF_16LE),
        (b"\xfe\xff", UTF_16BE),
        (b"\x84\x31\x95\x33", GB18030),
    ];
    marks
        .iter()
        .find(|(mark, _)| bytes.starts_with(mark))
        .map(|(mark, encoding)| Found {
            encoding,
            mark: mark.len() as u64,
        })
}

#[cfg(test)]
mod tests;
