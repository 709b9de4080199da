//! A file's bytes as UTF-8.

use super::fill;
use encoding_rs::{CoderResult, Decoder, Encoding};
use std::io::{self, Read};

/// A file's text as UTF-8. What cannot be decoded becomes U+FFFD, so that the cell it stands in can be named.
pub(in super::super) struct Decoded<R> {
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
    pub(in super::super) fn new(file: R, encoding: &'static Encoding) -> Self {
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
