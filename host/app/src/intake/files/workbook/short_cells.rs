//! Cells of a binary workbook that leave out their column.
//!
//! The format has two ways to write a cell: with its column, as Excel writes it, and short, in the column after the last one. The library
//! passes over short cells without a word, so a workbook that has any is rejected.

use std::io::{self, BufReader, Read, Seek};
use zip::ZipArchive;

/// Records of short cells: `BrtShortBlank` to `BrtShortIsst`.
const SHORT: std::ops::RangeInclusive<u32> = 12..=18;

/// Whether any sheet of the workbook has a short cell.
pub(super) fn any(input: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut archive = ZipArchive::new(input)?;
    for index in 0..archive.len() {
        let part = archive.by_index(index)?;
        let name = part
            .name()
            .map_err(io::Error::other)?
            .replace('\\', "/")
            .to_ascii_lowercase();
        if name.contains("worksheets/") && name.ends_with(".bin") && in_part(BufReader::new(part))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn in_part(mut part: impl Read) -> io::Result<bool> {
    while let Some(kind) = number(&mut part, 2)? {
        if SHORT.contains(&kind) {
            return Ok(true);
        }
        let length = number(&mut part, 4)?.unwrap_or(0);
        io::copy(&mut (&mut part).take(length.into()), &mut io::sink())?;
    }
    Ok(false)
}

/// A number in groups of seven bits, at most so many; `None` at the end of the part.
fn number(part: &mut impl Read, most: u32) -> io::Result<Option<u32>> {
    let mut value = 0;
    for group in 0..most {
        let mut byte = [0];
        if part.read(&mut byte)? == 0 {
            return Ok(None);
        }
        value |= u32::from(byte[0] & 0x7f) << (7 * group);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    Ok(Some(value))
}
