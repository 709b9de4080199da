//! The bytes of a job's file, from the pieces in which the database keeps it.

use super::{Cause, ReadError, unreadable};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Store};
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;
use uuid::Uuid;

/// Size of the pieces in which a file is kept while it is imported.
pub(crate) const CHUNK: usize = 256 * 1024;

/// A file that can be read from any place, holding one piece at a time.
pub(super) struct Chunks {
    store: Store,
    runtime: tokio::runtime::Handle,
    agency: Uuid,
    job: Uuid,
    size: u64,
    position: u64,
    piece: Option<(u64, Vec<u8>)>,
    /// How far into the file reading has come.
    furthest: Rc<Cell<u64>>,
    cause: Cause,
}

impl Chunks {
    pub(super) fn new(store: Store, runtime: tokio::runtime::Handle, job: &ImportRow, cause: Cause) -> Self {
        Self {
            store,
            runtime,
            agency: job.agency_id,
            job: job.id,
            size: u64::try_from(job.size).unwrap_or(0),
            position: 0,
            piece: None,
            furthest: Rc::default(),
            cause,
        }
    }

    pub(super) fn furthest(&self) -> Rc<Cell<u64>> {
        self.furthest.clone()
    }

    fn fetch(&mut self, index: u64) -> io::Result<&[u8]> {
        if self.piece.as_ref().is_none_or(|(held, _)| *held != index) {
            let found = self.runtime.block_on(async {
                let mut tx = self.store.read(Access::Agency(self.agency)).await?;
                store::chunk(&mut tx, self.agency, self.job, i32::try_from(index).unwrap_or(i32::MAX)).await
            });
            match found {
                Ok(Some(bytes)) => self.piece = Some((index, bytes)),
                // what is left of a file is not the file
                Ok(None) => return Err(self.cause.leave(ReadError::File(unreadable()))),
                Err(error) => return Err(self.cause.leave(ReadError::Store(error))),
            }
        }
        Ok(self.piece.as_ref().map_or(&[], |(_, bytes)| bytes.as_slice()))
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let (index, offset) = (self.position / CHUNK as u64, (self.position % CHUNK as u64) as usize);
        let piece = self.fetch(index)?;
        let rest = piece.get(offset..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        self.furthest.set(self.furthest.get().max(self.position));
        Ok(count)
    }
}

impl Seek for Chunks {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = place.ok_or_else(|| io::Error::other("before the beginning of the file"))?;
        Ok(self.position)
    }
}
