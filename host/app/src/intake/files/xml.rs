//! XML of strangers: read as it comes, within bounds.

use super::{Cause, ReadError};
use posthouse_domain::Rejection;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::{self, BufReader, Read};

/// Longest stretch without a tag. The longest text of a cell has 32,767 characters.
const LONGEST_STRETCH: u64 = 1024 * 1024;
/// Deepest nesting; workbooks have less than ten levels.
const DEEPEST: usize = 64;

pub(super) fn bad(problem: impl std::fmt::Display) -> Rejection {
    Rejection::new(
        "bad_workbook",
        format!("the workbook is damaged: {problem}; open it in a spreadsheet program and save it again as XLSX"),
    )
}

/// A part of a workbook.
pub(super) struct Xml<'p> {
    reader: Reader<BufReader<Bounded<'p>>>,
    buffer: Vec<u8>,
    depth: usize,
    cause: Cause,
}

impl<'p> Xml<'p> {
    /// Reads `part`, which may have `most` bytes.
    pub(super) fn new(part: &'p mut dyn Read, most: u64, cause: &Cause) -> Self {
        let bounded = Bounded {
            part,
            left: most,
            stretch: 0,
            cause: cause.clone(),
        };
        Self {
            reader: Reader::from_reader(BufReader::with_capacity(32 * 1024, bounded)),
            buffer: Vec::with_capacity(1024),
            depth: 0,
            cause: cause.clone(),
        }
    }

    /// The next tag or text.
    pub(super) fn next(&mut self) -> Result<Event<'_>, ReadError> {
        self.buffer.clear();
        let event = self
            .reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| self.cause.or(|| bad(error)))?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEEPEST {
            return Err(bad("its tags are nested too deeply").into());
        }
        Ok(event)
    }
}

/// The value of an attribute, whatever prefix it has.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name.as_bytes())?;
    found
        .normalized_value(XmlVersion::Implicit1_0)
        .ok()
        .map(|value| value.into_owned())
}

/// What `&…;` stands for.
pub(super) fn reference(entity: &BytesRef<'_>) -> Option<String> {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return Some(c.to_string());
    }
    let name = entity.decode().ok()?;
    quick_xml::escape::resolve_xml_entity(&name).map(str::to_owned)
}

/// Ends reading where a part is longer than any honest one.
struct Bounded<'p> {
    part: &'p mut dyn Read,
    left: u64,
    stretch: u64,
    cause: Cause,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.part.read(buffer)?;
        let bytes = &buffer[..count];
        self.left = match self.left.checked_sub(count as u64) {
            Some(left) => left,
            None => return Err(self.cause.leave(ReadError::File(too_large()))),
        };
        let first = bytes.iter().position(|byte| *byte == b'<').unwrap_or(count);
        if self.stretch + first as u64 > LONGEST_STRETCH {
            return Err(self.cause.leave(ReadError::File(bad("one cell is longer than 1 MiB"))));
        }
        self.stretch = match bytes.iter().rposition(|byte| *byte == b'<') {
            Some(last) => (count - last) as u64,
            None => self.stretch + count as u64,
        };
        Ok(count)
    }
}

fn too_large() -> Rejection {
    Rejection::new(
        "workbook_too_large",
        "the workbook unpacks to more than is read; save the sheet as CSV and import that",
    )
}
