//! What passes between the child that reads a workbook and the server: a tag, a length, and so many bytes.
//!
//! The server trusts the child no more than the file it reads: lengths are bounded, and what does not fit ends the reading.

use super::super::{Cell, CellKind, RawRow};
use super::Head;
use posthouse_domain::Rejection;
use std::io::{self, Read, Write};

/// Most bytes of one frame. A row of a workbook has at most a thousand cells that are read, and honest ones are far smaller.
pub(super) const LONGEST: usize = 4 << 20;

/// One message of the child.
#[derive(Debug)]
pub(super) enum Frame {
    /// The workbook is open.
    Head(Head),
    /// A row that is not empty.
    Row(RawRow),
    /// So many bytes of the file have been read.
    At(u64),
    /// The file as a whole cannot be read.
    Refused(Rejection),
    /// That was the last row.
    End,
}

const HEAD: u8 = b'h';
const ROW: u8 = b'r';
const AT: u8 = b'a';
const REFUSED: u8 = b'x';
const END: u8 = b'e';

impl Frame {
    /// Writes the frame.
    ///
    /// # Errors
    /// An output that is closed, and a frame that is longer than one may be: nothing is left out in silence.
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let (tag, body) = match self {
            Self::Head(head) => (HEAD, serde_json::to_vec(head)?),
            Self::Row(row) => (ROW, packed(row)),
            Self::At(bytes) => (AT, bytes.to_le_bytes().to_vec()),
            Self::Refused(rejection) => (REFUSED, serde_json::to_vec(rejection)?),
            Self::End => (END, Vec::new()),
        };
        if body.len() > LONGEST {
            return Err(io::Error::other("a frame is too long"));
        }
        output.write_all(&[tag])?;
        output.write_all(&(body.len() as u32).to_le_bytes())?;
        output.write_all(&body)
    }

    /// Reads the next frame.
    ///
    /// # Errors
    /// An input that ends, or says something else.
    pub(super) fn read(input: &mut impl Read) -> io::Result<Self> {
        let mut start = [0; 5];
        input.read_exact(&mut start)?;
        let [tag, length @ ..] = start;
        let length = u32::from_le_bytes(length) as usize;
        if length > LONGEST {
            return Err(strange());
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body)?;
        match tag {
            HEAD => Ok(Self::Head(serde_json::from_slice(&body)?)),
            ROW => unpacked(&body).map(Self::Row).ok_or_else(strange),
            AT => {
                let bytes = body.try_into().map_err(|_| strange())?;
                Ok(Self::At(u64::from_le_bytes(bytes)))
            }
            REFUSED => Ok(Self::Refused(serde_json::from_slice(&body)?)),
            END => Ok(Self::End),
            _ => Err(strange()),
        }
    }
}

fn strange() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the reader of workbooks says something strange",
    )
}

fn packed(row: &RawRow) -> Vec<u8> {
    let size: usize = row.cells.iter().map(|cell| cell.text.len() + 5).sum();
    let mut body = Vec::with_capacity(size + 12);
    body.extend_from_slice(&row.number.to_le_bytes());
    body.extend_from_slice(&(row.cells.len() as u32).to_le_bytes());
    for cell in &row.cells {
        body.push(match cell.kind {
            CellKind::Text => 0,
            CellKind::Number => 1,
            CellKind::Unsaved => 2,
        });
        body.extend_from_slice(&(cell.text.len() as u32).to_le_bytes());
        body.extend_from_slice(cell.text.as_bytes());
    }
    body
}

fn unpacked(body: &[u8]) -> Option<RawRow> {
    let (number, rest) = body.split_first_chunk()?;
    let (count, mut rest) = rest.split_first_chunk()?;
    let count = u32::from_le_bytes(*count) as usize;
    // every cell has at least its own five bytes
    if count > rest.len() / 5 {
        return None;
    }
    let mut cells = Vec::with_capacity(count);
    for _ in 0..count {
        let (kind, after) = rest.split_first()?;
        let (length, after) = after.split_first_chunk()?;
        let (text, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let kind = match kind {
            0 => CellKind::Text,
            1 => CellKind::Number,
            2 => CellKind::Unsaved,
            _ => return None,
        };
        let text = std::str::from_utf8(text).ok()?.to_owned();
        cells.push(Cell { text, kind });
        rest = after;
    }
    rest.is_empty().then(|| RawRow {
        number: i64::from_le_bytes(*number),
        count: cells.len(),
        cells,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> RawRow {
        let cells = vec![
            Cell::text("王玥"),
            Cell::default(),
            Cell::number("1234.5"),
            Cell {
                text: "=A1".into(),
                kind: CellKind::Unsaved,
            },
        ];
        RawRow {
            number: 7,
            count: cells.len(),
            cells,
        }
    }

    #[test]
    fn rows_pass_as_they_are() {
        let mut bytes = Vec::new();
        Frame::Row(row()).write(&mut bytes).expect("bytes");
        Frame::End.write(&mut bytes).expect("bytes");
        let mut input = bytes.as_slice();
        let Frame::Row(read) = Frame::read(&mut input).expect("a row") else {
            panic!("a row")
        };
        assert_eq!((read.number, read.cells, read.count), (7, row().cells, 4));
        assert!(matches!(Frame::read(&mut input), Ok(Frame::End)));
        assert!(Frame::read(&mut input).is_err(), "nothing follows");
    }

    #[test]
    fn a_row_that_is_too_long_is_not_left_out_in_silence() {
        let mut row = row();
        row.cells[0].text = "x".repeat(LONGEST + 1);
        assert!(Frame::Row(row).write(&mut Vec::new()).is_err());
    }

    #[test]
    fn what_a_child_says_is_not_believed() {
        let mut bytes = Vec::new();
        Frame::Row(row()).write(&mut bytes).expect("bytes");
        for at in 0..bytes.len() {
            assert!(Frame::read(&mut &bytes[..at]).is_err(), "cut at {at}");
            for flip in [0x01, 0x80, 0xff] {
                let mut strange = bytes.clone();
                strange[at] ^= flip;
                // whatever it is read as, nothing is held beyond the bytes that came
                if let Ok(Frame::Row(row)) = Frame::read(&mut strange.as_slice()) {
                    assert!(row.cells.len() <= bytes.len());
                }
            }
        }
        let long = [&[ROW][..], &u32::MAX.to_le_bytes()].concat();
        assert!(Frame::read(&mut long.as_slice()).is_err());
    }
}
