//! Reading a kept file row by row, with flat memory, from where the job stands.

use posthouse_domain::row::{FileKind, Layout};
use posthouse_domain::{AgencyTerms, Record, Rejection};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Store, StoreError};
use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, Read};
use std::rc::Rc;

/// Rows that are landed together.
pub(super) struct Slice {
    pub(super) rows: Vec<ReadRow>,
    /// Bytes of the file up to the end of the last row.
    pub(super) bytes_done: i64,
    /// The header row as a JSON list.
    pub(super) header: String,
    /// Headers not understood as a JSON list.
    pub(super) ignored: String,
}

/// A row that was read: a record, or why it is none.
pub(super) struct ReadRow {
    /// Row of the file, the header being 1.
    pub(super) row_no: i64,
    pub(super) record: Result<Record, Rejection>,
    /// The cells as a JSON list, for the error file; those beyond the headers joined to one.
    pub(super) cells: String,
}

/// Why reading ended early.
pub(super) enum ReadError {
    /// The file as a whole cannot be imported.
    File(Rejection),
    /// The database failed.
    Store(StoreError),
    /// Nobody listens any more.
    Gone,
}

/// Most headers: what one row costs grows with them.
const MOST_COLUMNS: usize = 1_000;
/// Bytes of cells landed together, in case rows are long.
const SLICE_BYTES: usize = 4 * 1024 * 1024;
/// Rows landed together: enough to share a transaction's costs, few enough that events land between them.
const SLICE: usize = 500;
/// Longest row. A quote that is never closed would otherwise swallow the rest of the file.
const LONGEST_ROW: u64 = 1024 * 1024;

/// A file to be read in a blocking thread.
pub(super) struct Source {
    pub(super) store: Store,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) terms: AgencyTerms,
    pub(super) job: ImportRow,
    pub(super) kind: FileKind,
}

impl Source {
    /// Sends the rows after those done already.
    pub(super) fn read(self, slices: &tokio::sync::mpsc::Sender<Slice>) -> Result<(), ReadError> {
        let row_began = Rc::new(Cell::new(0));
        let bytes = ChunkReader {
            store: &self.store,
            runtime: &self.runtime,
            job: &self.job,
            next: 0,
            chunk: io::Cursor::new(Vec::new()),
            given: 0,
            row_began: row_began.clone(),
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(bytes);
        let mut cells = csv::ByteRecord::new();
        if !next(&mut reader, &mut cells)? {
            return Err(ReadError::File(Rejection::new(
                "file_empty",
                "the file has no rows; it needs a first row with headers",
            )));
        }
        if cells.len() > MOST_COLUMNS {
            let detail = format!(
                "the first row has {} headers, at most {MOST_COLUMNS} are read; leave columns out",
                cells.len()
            );
            return Err(ReadError::File(Rejection::new("too_many_columns", detail)));
        }
        let header = text(&cells).ok_or_else(|| ReadError::File(encoding(1)))?;
        let layout = Layout::read(self.kind, header.iter().map(String::as_str)).map_err(ReadError::File)?;
        let (header_json, ignored) = (json(&header), json(&layout.ignored));
        let mut identical: HashMap<String, u32> = HashMap::new();
        let mut rows: Vec<ReadRow> = Vec::with_capacity(SLICE);
        let mut kept = 0;
        let mut row_no = 1;
        loop {
            row_began.set(reader.position().byte());
            let more = next(&mut reader, &mut cells)?;
            if rows.len() == SLICE || kept > SLICE_BYTES || (!more && !rows.is_empty()) {
                kept = 0;
                let bytes_done = row_began.get() as i64;
                let slice = Slice {
                    rows: std::mem::take(&mut rows),
                    bytes_done,
                    header: header_json.clone(),
                    ignored: ignored.clone(),
                };
                slices.blocking_send(slice).map_err(|_| ReadError::Gone)?;
            }
            if !more {
                return Ok(());
            }
            row_no += 1;
            let done = row_no - 1 <= self.job.rows_done;
            let Some(cells) = text(&cells) else {
                if !done {
                    let lossy = cells
                        .iter()
                        .map(|cell| String::from_utf8_lossy(cell).into_owned())
                        .collect();
                    let cells = json(&fold_surplus(lossy, header.len()));
                    kept += cells.len();
                    rows.push(ReadRow {
                        row_no,
                        record: Err(encoding(row_no)),
                        cells,
                    });
                }
                continue;
            };
            let cell = |index: usize| cells.get(index).map_or("", String::as_str);
            // rows without an id are told apart by their content and their count, so even rows that are done must be counted
            let mut content_id = layout.content_hash(cell);
            content_id.truncate(32);
            let count = identical.entry(content_id.clone()).or_default();
            *count += 1;
            if done {
                continue;
            }
            let record = if cells.len() == header.len() {
                layout.record(cell, &format!("{content_id}-{count}"), self.job.created_at, &self.terms)
            } else {
                let detail = format!(
                    "row {row_no} has {} cells, the first row has {}; look for a missing or an extra comma or quote",
                    cells.len(),
                    header.len()
                );
                Err(Rejection::new("wrong_cell_count", detail))
            };
            let cells = json(&fold_surplus(cells, header.len()));
            kept += cells.len();
            rows.push(ReadRow { row_no, record, cells });
        }
    }
}

fn next(reader: &mut csv::Reader<ChunkReader<'_>>, cells: &mut csv::ByteRecord) -> Result<bool, ReadError> {
    reader.read_byte_record(cells).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => match error.downcast::<StoreError>() {
            Ok(error) => ReadError::Store(error),
            Err(error) => ReadError::File(Rejection::new("row_too_long", error.to_string())),
        },
        other => ReadError::File(Rejection::new("bad_csv", format!("the file is not CSV: {other:?}"))),
    })
}

fn text(cells: &csv::ByteRecord) -> Option<Vec<String>> {
    cells
        .iter()
        .map(|cell| std::str::from_utf8(cell).ok().map(str::to_owned))
        .collect()
}

fn json(cells: &[String]) -> String {
    serde_json::to_string(cells).unwrap_or_else(|_| "[]".into())
}

/// The cells of a row, those beyond the headers joined to one.
fn fold_surplus(mut cells: Vec<String>, width: usize) -> Vec<String> {
    if cells.len() > width {
        let surplus = cells.split_off(width).join(",");
        cells.push(surplus);
    }
    cells
}

fn encoding(row_no: i64) -> Rejection {
    Rejection::new(
        "bad_encoding",
        format!("row {row_no} is not UTF-8; save the file as CSV UTF-8"),
    )
}

/// The bytes of a job's file, read piece by piece.
struct ChunkReader<'s> {
    store: &'s Store,
    runtime: &'s tokio::runtime::Handle,
    job: &'s ImportRow,
    next: i32,
    chunk: io::Cursor<Vec<u8>>,
    given: u64,
    row_began: Rc<Cell<u64>>,
}

impl Read for ChunkReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given.saturating_sub(self.row_began.get()) > LONGEST_ROW {
            return Err(io::Error::other(
                "a row is longer than 1 MiB; look for a quote that is opened and never closed",
            ));
        }
        let mut read = self.chunk.read(buffer)?;
        if read == 0 {
            let chunk = self.runtime.block_on(async {
                let mut tx = self.store.read(Access::Agency(self.job.agency_id)).await?;
                store::chunk(&mut tx, self.job.agency_id, self.job.id, self.next).await
            });
            if let Some(bytes) = chunk.map_err(io::Error::other)? {
                self.next += 1;
                self.chunk = io::Cursor::new(bytes);
                read = self.chunk.read(buffer)?;
            }
        }
        self.given += read as u64;
        Ok(read)
    }
}
