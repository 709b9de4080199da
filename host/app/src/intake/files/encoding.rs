//! In which encoding a file without a declaration is, and its bytes as UTF-8.

use super::{ReadError, refuse};
use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read, Seek, SeekFrom};

/// The encoding of a file, and where its text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) encoding: &'static Encoding,
    /// Length of the byte order mark.
    pub(super) mark: u64,
}

/// Reads the whole file once, piece by piece. A byte order mark decides; then what the mapping says; then what the bytes allow: UTF-8,
/// or else GB18030 if it explains them better.
pub(super) fn detect(
    file: &mut (impl Read + Seek),
    forced: Option<&'static Encoding>,
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
            if forced.is_none_or(|encoding| encoding != UTF_16LE && encoding != UTF_16BE) && piece[..count].contains(&0)
            {
                return refuse(
                    "file_is_binary",
                    "the file is not a table of text: it has zero bytes; send CSV or XLSX",
                );
            }
            if let Some(encoding) = forced {
                return Ok(Found { encoding, mark: 0 });
            }
            first = false;
        }
        survey.take(&piece[..count], count < piece.len());
        if count < piece.len() {
            break;
        }
    }
    Ok(Found {
        encoding: survey.encoding(),
        mark: 0,
    })
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

/// What speaks for each encoding.
struct Survey {
    /// Bytes at the end of the last piece that may belong to a character of the next.
    carried: Vec<u8>,
    not_utf8: u64,
    gb18030: Decoder,
    not_gb18030: u64,
    scratch: Vec<u8>,
    /// Length of the run of bytes above 127 that is being read.
    run: u64,
    /// Runs of such bytes of even and odd length. Chinese characters are pairs of them; the accents of Western encodings stand alone.
    even: u64,
    odd: u64,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            carried: Vec::new(),
            not_utf8: 0,
            gb18030: GB18030.new_decoder_without_bom_handling(),
            not_gb18030: 0,
            scratch: vec![0; 16 * 1024],
            run: 0,
            even: 0,
            odd: 0,
        }
    }
}

impl Survey {
    fn take(&mut self, piece: &[u8], last: bool) {
        for byte in piece {
            if *byte >= 0x80 {
                self.run += 1;
            } else if self.run > 0 {
                self.end_run();
            }
        }
        if last && self.run > 0 {
            self.end_run();
        }
        self.utf8(piece, last);
        self.gb18030(piece, last);
    }

    fn end_run(&mut self) {
        if self.run.is_multiple_of(2) {
            self.even += 1;
        } else {
            self.odd += 1;
        }
        self.run = 0;
    }

    fn utf8(&mut self, piece: &[u8], last: bool) {
        let mut bytes = std::mem::take(&mut self.carried);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        while let Err(error) = std::str::from_utf8(rest) {
            match error.error_len() {
                Some(length) => {
                    self.not_utf8 += 1;
                    rest = &rest[error.valid_up_to() + length..];
                }
                None if last => {
                    self.not_utf8 += 1;
                    break;
                }
                None => {
                    self.carried = rest[error.valid_up_to()..].to_vec();
                    break;
                }
            }
        }
    }

    fn gb18030(&mut self, mut piece: &[u8], last: bool) {
        loop {
            let (result, read, _) = self
                .gb18030
                .decode_to_utf8_without_replacement(piece, &mut self.scratch, last);
            piece = &piece[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.not_gb18030 += 1,
            }
        }
    }

    fn encoding(&self) -> &'static Encoding {
        if self.not_utf8 > self.not_gb18030 && self.even >= self.odd {
            GB18030
        } else {
            UTF_8
        }
    }
}

/// A file's text as UTF-8. What cannot be decoded becomes U+FFFD, so that the cell it stands in can be named.
pub(super) struct Decoded<R> {
    file: R,
    decoder: Decoder,
    raw: Vec<u8>,
    pending: std::ops::Range<usize>,
    text: Vec<u8>,
    ready: std::ops::Range<usize>,
    ended: bool,
    done: bool,
}

impl<R: Read> Decoded<R> {
    /// Reads `file` from where it stands.
    pub(super) fn new(file: R, encoding: &'static Encoding) -> Self {
        Self {
            file,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; 32 * 1024],
            pending: 0..0,
            text: vec![0; 64 * 1024],
            ready: 0..0,
            ended: false,
            done: false,
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() && !self.done {
            if self.pending.is_empty() && !self.ended {
                let count = fill(&mut self.file, &mut self.raw)?;
                self.ended = count < self.raw.len();
                self.pending = 0..count;
            }
            let (result, read, written, _) =
                self.decoder
                    .decode_to_utf8(&self.raw[self.pending.clone()], &mut self.text, self.ended);
            self.pending.start += read;
            self.ready = 0..written;
            self.done = self.ended && result == CoderResult::InputEmpty;
        }
        let count = self.ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.text[self.ready.start..self.ready.start + count]);
        self.ready.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Rejection;
    use std::io::Cursor;

    fn found(bytes: &[u8]) -> Found {
        detect(&mut Cursor::new(bytes), None, || {
            ReadError::File(Rejection::new("unread", "cannot happen"))
        })
        .expect("an encoding")
    }

    fn decoded(bytes: &[u8]) -> String {
        let Found { encoding, mark } = found(bytes);
        let mut text = String::new();
        Decoded::new(&bytes[mark as usize..], encoding)
            .read_to_string(&mut text)
            .expect("UTF-8");
        text
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "姓名,手机\n李伟,13800138000\n".repeat(20_000);
        let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(order).collect() };
        let (gb, _, lossy) = GB18030.encode(&text);
        assert!(!lossy);
        let files: [(Vec<u8>, &Encoding); 6] = [
            (text.clone().into_bytes(), UTF_8),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), UTF_8),
            (gb.to_vec(), GB18030),
            ([b"\x84\x31\x95\x33", &*gb].concat(), GB18030),
            ([b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), UTF_16LE),
            ([b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), UTF_16BE),
        ];
        for (bytes, encoding) in files {
            assert_eq!(found(&bytes).encoding, encoding);
            assert!(decoded(&bytes) == text, "{}", encoding.name());
        }
    }

    #[test]
    fn a_broken_byte_does_not_change_the_encoding() {
        let mut bytes = "姓名,手机\n李伟,1\n王芳,2\n".as_bytes().to_vec();
        bytes[16] = 0xff;
        assert_eq!(found(&bytes).encoding, UTF_8);
        assert!(decoded(&bytes).contains('\u{fffd}'));
        // accents of a Western encoding are no Chinese
        assert_eq!(found(b"name,phone\nJos\xe9 Ren\xe9,1\nZo\xeb,2\n").encoding, UTF_8);
        assert_eq!(found(b"").encoding, UTF_8);
    }

    #[test]
    fn text_has_no_zero_bytes() {
        let refused = detect(&mut Cursor::new(b"a\0b"), None, || ReadError::Gone);
        assert!(matches!(refused, Err(ReadError::File(r)) if r.code == "file_is_binary"));
    }
}
