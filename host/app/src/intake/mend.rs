//! Rejected rows one by one: shown with their cells, mended, and sent again as an import of their own.

use super::files::{ERROR_COLUMNS, Reading};
use super::imports::{ImportStatus, NewImport, Sent};
use crate::Intake;
use crate::error::{AppError, Result, retrying};
use crate::sheet::Sheet;
use crate::team::{Caller, Mask};
use posthouse_domain::row::FileKind;
use posthouse_domain::{Words, canonical, words};
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, import_notes as notes};
use serde_json::json;
use uuid::Uuid;

/// Longest row that is shown with its cells, in characters of JSON.
const LONGEST_ROW: i64 = 20_000;
/// Longest cell that is sent, in characters.
const LONGEST_CELL: usize = 20_000;
/// Longest word for a status that is asked about, in characters, and most of them.
const LONGEST_WORD: usize = 40;
const MOST_WORDS: usize = 8;
/// Most rows that are mended at once.
pub const MOST_MENDED: usize = 200;
/// Most rows of a page.
const MOST_SHOWN: i64 = 200;

/// A rejected row.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Row of the file, the first being 1.
    pub row: i64,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: Words,
    /// Its cells, as many as there are headers; none if they are too long to be mended here.
    pub cells: Option<Vec<String>>,
    /// What stands beyond the headers, or that cells are missing.
    pub surplus: Words,
    /// The import in which it was sent again.
    pub sent_in: Option<Uuid>,
}

/// A page of rejected rows.
#[derive(Debug, Clone)]
pub struct RejectedPage {
    /// The headers of the file.
    pub header: Vec<String>,
    /// Its rows, in the order of the file.
    pub rows: Vec<Rejected>,
    /// Behind which row the next page begins, if there is one.
    pub next: Option<i64>,
}

/// A row as it is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// Which row it was.
    pub row: i64,
    /// Its cells, one for each header.
    pub cells: Vec<String>,
    /// What is still beyond the headers: with anything there it is rejected again.
    pub surplus: String,
}

/// A cell that was left out, or a telephone of two people.
#[derive(Debug, Clone)]
pub struct Warned {
    /// Row of the file, the first being 1.
    pub row: i64,
    /// Which one of the row's, from 1.
    pub place: i32,
    /// The header of its column.
    pub column: String,
    /// What it says.
    pub cell: String,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: Words,
}

fn header_of(job: &ImportRow) -> Result<Vec<String>> {
    serde_json::from_str(&job.header).map_err(AppError::corrupt("headers"))
}

impl Intake<'_> {
    async fn job(&self, caller: &Caller, id: Uuid) -> Result<ImportRow> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        store::get(&mut tx, caller.room.id, id)
            .await?
            .ok_or(AppError::NotFound("import"))
    }

    /// Rejected rows behind row `after`, at most `limit`: those that nobody has sent again, or `all`.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked` for whoever does not see everything of everybody.
    pub async fn rejected_rows(
        &self,
        caller: &Caller,
        id: Uuid,
        (after, all): (i64, bool),
        limit: i64,
    ) -> Result<RejectedPage> {
        caller.must_see(&Mask::ALL)?;
        let job = self.job(caller, id).await?;
        let limit = limit.clamp(1, MOST_SHOWN);
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let found = notes::rejected(&mut tx, caller.room.id, id, (after, all), (limit + 1, LONGEST_ROW)).await?;
        drop(tx);
        if after == 0 {
            self.app
                .audit()
                .note_look(caller, "import.read-errors", &format!("import/{id}"), &json!({}))
                .await?;
        }
        let header = header_of(&job)?;
        let mut rows = Vec::new();
        for row in found {
            let (mut cells, mut surplus) = (None, Words::default());
            if !row.cells.is_empty() {
                let mut all: Vec<String> = serde_json::from_str(&row.cells).map_err(AppError::corrupt("cells"))?;
                all.resize(header.len() + 1, String::new());
                surplus = all.pop().map(|text| Words::from_stored(&text)).unwrap_or_default();
                cells = Some(all);
            }
            rows.push(Rejected {
                row: row.row_no,
                code: row.code,
                detail: Words::from_stored(&row.detail),
                cells,
                surplus,
                sent_in: row.sent_in,
            });
        }
        let more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(RejectedPage {
            header,
            next: rows.last().filter(|_| more).map(|row| row.row),
            rows,
        })
    }

    /// Words for statuses that are not known, of the first rejected rows, in their order. Nothing for whoever does not see what rows say.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn unknown_statuses(&self, caller: &Caller, id: Uuid) -> Result<Vec<String>> {
        if caller.must_see(&Mask::ALL).is_err() {
            return Ok(Vec::new());
        }
        let job = self.job(caller, id).await?;
        let reading = Reading::of(&job)?;
        let column = reading.columns.iter().find(|column| column.field == "status");
        let header = header_of(&job)?;
        let Some(place) = column.and_then(|column| header.iter().position(|header| *header == column.header)) else {
            return Ok(Vec::new());
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = notes::rejected(&mut tx, caller.room.id, id, (0, false), (MOST_SHOWN, LONGEST_ROW)).await?;
        drop(tx);
        let mut words = Vec::new();
        for row in rows
            .into_iter()
            .filter(|row| row.code == "bad_status" && !row.cells.is_empty())
        {
            let cells: Vec<String> = serde_json::from_str(&row.cells).map_err(AppError::corrupt("cells"))?;
            let word = cells.get(place).map(|cell| cell.trim().to_owned()).unwrap_or_default();
            if !word.is_empty() && word.chars().count() <= LONGEST_WORD && !words.contains(&word) {
                words.push(word);
            }
        }
        words.truncate(MOST_WORDS);
        Ok(words)
    }

    /// Cells that were left out, behind the one at `after` (its row, and its place among the row's), at most `limit`.
    ///
    /// # Errors
    /// As for [`Intake::rejected_rows`].
    pub async fn warned_cells(
        &self,
        caller: &Caller,
        id: Uuid,
        after: (i64, i32),
        limit: i64,
    ) -> Result<(Vec<Warned>, Option<(i64, i32)>)> {
        caller.must_see(&Mask::ALL)?;
        self.job(caller, id).await?;
        let limit = limit.clamp(1, MOST_SHOWN);
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = notes::warnings(&mut tx, caller.room.id, id, after, limit + 1).await?;
        drop(tx);
        if after == (0, 0) {
            self.app
                .audit()
                .note_look(caller, "import.read-warnings", &format!("import/{id}"), &json!({}))
                .await?;
        }
        let more = rows.len() as i64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| (row.row_no, row.place));
        let warned = rows.into_iter().map(|row| Warned {
            row: row.row_no,
            place: row.place,
            column: row.header,
            cell: row.cell,
            code: row.code,
            detail: Words::from_stored(&row.detail),
        });
        Ok((warned.collect(), next))
    }

    /// Sends rejected rows again as they are mended: as a file of their own with the same mapping, so that each is the row that it was to be. A row
    /// that is sent twice is known the second time.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `nothing_mended`; `bad_rows` if cells and headers do not match; those of [`Intake::start_import`].
    pub async fn send_again(&self, caller: &Caller, id: Uuid, mended: &[Mended]) -> Result<ImportStatus> {
        caller.must_see(&Mask::ALL)?;
        let job = self.job(caller, id).await?;
        if mended.is_empty() {
            return Err(AppError::invalid(
                "nothing_mended",
                words!(
                    "no row was changed; mend one, or tick one that is right by now",
                    "没有改动任何一行；请先改正，或勾选现已无误的行"
                ),
            ));
        }
        let header = header_of(&job)?;
        let fits = |row: &Mended| {
            row.cells.len() == header.len()
                && row
                    .cells
                    .iter()
                    .chain([&row.surplus])
                    .all(|cell| cell.chars().count() <= LONGEST_CELL)
        };
        if job.finished_at.is_none() || mended.len() > MOST_MENDED || !mended.iter().all(fits) {
            return Err(AppError::invalid(
                "bad_rows",
                words!(
                    "rows are mended once their import is done, at most {MOST_MENDED} at a time, each with one cell for each of the {headers} headers and no \
                     more than {LONGEST_CELL} characters in a cell",
                    "导入结束后才能改正；一次最多 {MOST_MENDED} 行，每行须有 {headers} 个单元格，每格不超过 {LONGEST_CELL} 个字符",
                    headers = header.len()
                ),
            ));
        }
        let file = as_file(&job, header, mended)?;
        let kind = FileKind::parse(&job.kind)
            .ok_or_else(|| AppError::Internal(format!("unknown kind of file {}", job.kind)))?;
        let stem = job
            .file_name
            .rsplit_once('.')
            .map_or(job.file_name.as_str(), |(stem, _)| stem);
        let stem = stem.strip_suffix(".mended").unwrap_or(stem);
        let new = NewImport {
            kind,
            name: &format!("{stem}.mended.csv"),
            file: Sent::Bytes(&file),
            digest: &canonical::digest(&file),
            size: file.len() as u64,
            mapping: job.mapping.as_deref(),
            encoding: None,
            sheet: None,
            dry_run: false,
            look: false,
            mends: Some(id),
        };
        let sent = self.start_import(caller, new).await?;
        let rows: Vec<i64> = mended.iter().map(|row| row.row).collect();
        retrying!(self.note_sent(caller, id, sent.id, &rows))?;
        Ok(sent)
    }

    async fn note_sent(&self, caller: &Caller, id: Uuid, sent_in: Uuid, rows: &[i64]) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(caller.room.id)).await?;
        notes::note_sent(&mut tx, caller.room.id, id, sent_in, rows).await?;
        Ok(tx.commit().await?)
    }
}

/// Mended rows as a file that came back: its first row says so, wherever the headers stood before, and its mark that it is UTF-8, whatever the mapping
/// says of the first file.
fn as_file(job: &ImportRow, mut header: Vec<String>, mended: &[Mended]) -> Result<Vec<u8>> {
    let delimiter = Reading::of(job)?.delimiter.and_then(|c| u8::try_from(c).ok());
    let mut file = Sheet::new(delimiter.unwrap_or(b','), b"\xef\xbb\xbf");
    header.extend(ERROR_COLUMNS.map(str::to_owned));
    header.iter().try_for_each(|name| file.text(name))?;
    file.end_row()?;
    for row in mended {
        row.cells.iter().try_for_each(|cell| file.text(cell))?;
        file.text(&row.surplus)?;
        file.own(row.row.to_string())?;
        file.own("")?;
        file.own("")?;
        file.end_row()?;
    }
    file.bytes()
}
