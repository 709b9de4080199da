//! What the bytes of a file say of its encoding.

use super::super::meaning;
use super::super::{ReadError, quote, refuse};
use super::Expected;
use super::likeness::Likeness;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, GB18030, GBK, UTF_8, WINDOWS_1252};
use posthouse_domain::words;
use std::borrow::Cow;

/// Most bytes that are kept of the file: its first lines, and then lines with bytes beyond ASCII.
const SAMPLE: usize = 64 * 1024;
/// Lines among which headers may be.
const FIRST_LINES: usize = 10;
/// Longest piece of a line that is kept.
const LINE: usize = 4 * 1024;
/// Names shown of a reading.
const SHOWN: usize = 3;

/// What speaks for each encoding.
pub(super) struct Survey {
    utf8: Utf8,
    gb18030: Counted,
    /// Lines that say something of the encoding.
    sample: Vec<u8>,
    /// The line that is being read.
    line: Vec<u8>,
    lines: usize,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            utf8: Utf8::default(),
            gb18030: Counted::new(GB18030),
            sample: Vec::new(),
            line: Vec::new(),
            lines: 0,
        }
    }
}

/// One way to read the file.
struct Candidate<'s> {
    encoding: &'static Encoding,
    text: Cow<'s, str>,
    likeness: Likeness,
    /// Headers beyond ASCII that are understood.
    headers: usize,
}

impl Survey {
    pub(super) fn take(&mut self, piece: &[u8], last: bool) {
        self.utf8.take(piece, last);
        self.gb18030.take(piece, last);
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&line[..line.len().min(room)]);
            if line.ends_with(b"\n") {
                self.end_line();
            }
        }
        if last {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let wanted = self.lines < FIRST_LINES || !self.line.is_ascii();
        if wanted && self.sample.len() + self.line.len() <= SAMPLE {
            self.sample.extend_from_slice(&self.line);
            if !self.line.ends_with(b"\n") {
                self.sample.push(b'\n');
            }
        }
        self.line.clear();
        self.lines += 1;
    }

    /// The encoding that explains the file.
    ///
    /// # Errors
    /// `encoding_unclear`, with the readings.
    pub(super) fn encoding(&self, expected: Expected<'_>) -> Result<&'static Encoding, ReadError> {
        if self.utf8.invalid == 0 && self.utf8.pairs + self.utf8.long == 0 {
            return Ok(UTF_8); // plain ASCII
        }
        let mut candidates: Vec<Candidate<'_>> = Vec::new();
        for encoding in self.possible(expected.country) {
            let (text, _) = encoding.decode_without_bom_handling(&self.sample);
            if candidates.iter().any(|other| other.text == text) {
                continue;
            }
            candidates.push(Candidate {
                encoding,
                likeness: Likeness::of(&text, encoding),
                headers: understood(&text, expected),
                text,
            });
        }
        // three bytes that make one character are hardly ever anything else
        let lasting = |candidate: &&Candidate<'_>| candidate.encoding == UTF_8 && self.utf8.long > 0;
        if let Some(utf8) = candidates.iter().find(lasting)
            && (!utf8.likeness.is_bad() || !candidates.iter().any(|other| other.likeness.is_good()))
        {
            return Ok(UTF_8);
        }
        candidates.sort_by_key(|candidate| {
            let Likeness { likely, unlikely } = candidate.likeness;
            let weight = i64::from(likely) - 2 * i64::from(unlikely);
            std::cmp::Reverse((candidate.headers, weight))
        });
        match candidates.as_slice() {
            // nothing explains it; the cells that cannot be decoded are named
            [] => Ok(UTF_8),
            [only] if only.encoding == UTF_8 || !only.likeness.is_bad() => Ok(only.encoding),
            [only] => unclear(&[only]),
            [best, next, ..] => {
                let by_headers = best.headers > next.headers && !best.likeness.is_bad();
                // bytes that happen to be UTF-8 speak for themselves
                let beaten = next.likeness.is_bad() || (best.encoding == UTF_8 && !next.likeness.is_good());
                if by_headers || (best.likeness.is_good() && beaten) {
                    Ok(best.encoding)
                } else {
                    unclear(&[best, next])
                }
            }
        }
    }

    /// The encodings in which the file has no errors, or hardly any.
    fn possible(&self, country: &str) -> Vec<&'static Encoding> {
        let mut possible = Vec::new();
        // a byte that broke on the way does not change the encoding of the rest
        if self.utf8.invalid == 0 || self.utf8.long > 2 * self.utf8.invalid {
            possible.push(UTF_8);
        }
        if self.gb18030.errors == 0 || self.gb18030.characters > 10 * self.gb18030.errors {
            possible.push(GB18030);
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.sample, true);
        let country = country.to_ascii_lowercase();
        let domain = Some(country.as_bytes()).filter(|domain| domain.iter().all(u8::is_ascii_lowercase));
        for domain in [domain, None] {
            let guess = detector.guess(domain, Utf8Detection::Deny);
            // a Western reading of what is UTF-8 is never meant
            let fits = !(guess.is_single_byte() && possible.contains(&UTF_8))
                && guess != GBK
                && guess != GB18030
                && !guess.decode_without_bom_handling(&self.sample).1;
            // one Western encoding is much like another
            let western = WINDOWS_1252;
            if fits && guess.is_single_byte() && !possible.contains(&western) {
                possible.push(western);
            }
            if fits && !possible.contains(&guess) {
                possible.push(guess);
            }
        }
        possible
    }
}

/// How many cells beyond ASCII of the first lines are headers that are understood.
fn understood(text: &str, expected: Expected<'_>) -> usize {
    let cells = text
        .lines()
        .take(FIRST_LINES)
        .flat_map(|line| line.split([',', ';', '\t', '|']));
    cells
        .map(|cell| cell.trim_matches('"'))
        .filter(|cell| !cell.is_ascii() && meaning::field(expected.kind, cell).is_some())
        .count()
}

fn unclear(candidates: &[&Candidate<'_>]) -> Result<&'static Encoding, ReadError> {
    let readings: Vec<String> = candidates
        .iter()
        .map(|candidate| {
            let words = candidate.text.split(['\n', '\r', ',', ';', '\t', '|', '"']);
            let names: Vec<String> = words.filter(|word| !word.is_ascii()).take(SHOWN).map(quote).collect();
            format!("{} ({})", candidate.encoding.name(), names.join(", "))
        })
        .collect();
    let detail = words!(
        "it is not clear in which encoding the file is: {en}; name the one that reads right with --encoding, or save the file as CSV UTF-8",
        "无法确定文件的编码：{zh}；请用 --encoding 指定读得通的一种，或另存为 CSV UTF-8",
        en = readings.join(" or "),
        zh = readings.join("，或 ")
    );
    refuse("encoding_unclear", detail)
}

/// How the bytes fare as UTF-8.
#[derive(Default)]
struct Utf8 {
    /// Bytes at the end of the last piece that may belong to a character of the next.
    carried: Vec<u8>,
    invalid: u64,
    /// Characters of two bytes, and of three or four.
    pairs: u64,
    long: u64,
}

impl Utf8 {
    fn take(&mut self, piece: &[u8], last: bool) {
        let mut bytes = std::mem::take(&mut self.carried);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.count(text);
                    return;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.count(std::str::from_utf8(valid).unwrap_or_default());
                    match error.error_len() {
                        Some(length) => {
                            self.invalid += 1;
                            rest = &after[length..];
                        }
                        None if last => {
                            self.invalid += 1;
                            return;
                        }
                        None => {
                            self.carried = after.to_vec();
                            return;
                        }
                    }
                }
            }
        }
    }

    fn count(&mut self, text: &str) {
        if text.is_ascii() {
            return;
        }
        for byte in text.bytes() {
            match byte {
                0xc2..=0xdf => self.pairs += 1,
                0xe0.. => self.long += 1,
                _ => {}
            }
        }
    }
}

/// How the bytes fare in another encoding.
struct Counted {
    decoder: Decoder,
    scratch: Vec<u8>,
    errors: u64,
    characters: u64,
}

impl Counted {
    fn new(encoding: &'static Encoding) -> Self {
        Self {
            decoder: encoding.new_decoder_without_bom_handling(),
            scratch: vec![0; 16 * 1024],
            errors: 0,
            characters: 0,
        }
    }

    fn take(&mut self, mut piece: &[u8], last: bool) {
        loop {
            let (result, read, written) =
                self.decoder
                    .decode_to_utf8_without_replacement(piece, &mut self.scratch, last);
            // the first bytes of characters beyond ASCII
            self.characters += self.scratch[..written].iter().filter(|byte| **byte >= 0xc0).count() as u64;
            piece = &piece[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.errors += 1,
            }
        }
    }
}
