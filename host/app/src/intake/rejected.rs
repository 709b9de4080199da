//! Rows that an import rejected, as a file.

use super::files::{ERROR_COLUMNS, ROWS_LEFT_OUT, Reading};
use super::report::Report;
use crate::Intake;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask};
use posthouse_domain::{Language, Words, words};
use posthouse_store::{Access, import_notes as notes, imports as store};
use serde_json::json;
use uuid::Uuid;

/// Rows of an error file that are read at once, and characters after which no further one is: a row may have a megabyte.
const ERROR_PAGE: (i64, i64) = (1_000, 1_000_000);

impl Intake<'_> {
    /// The next rows of a job's error file after row `after`, as CSV, their reasons in `language`; the first page begins with the
    /// headers. `None` at the end.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such job.
    pub async fn import_errors(
        &self,
        caller: &Caller,
        id: Uuid,
        after: Option<i64>,
        language: Language,
    ) -> Result<Option<(i64, Vec<u8>)>> {
        let agency = caller.room.id;
        caller.must_see(&Mask::ALL)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let job = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        let rows = notes::errors(&mut tx, agency, id, after.unwrap_or(0), ERROR_PAGE).await?;
        drop(tx);
        if after.is_none() {
            self.app
                .audit()
                .note_look(caller, "import.read-errors", &format!("import/{id}"), &json!({}))
                .await?;
        }
        let mut file = Reading::of(&job)?.writer(after.is_none());
        let mut header: Vec<String> = serde_json::from_str(&job.header).map_err(AppError::corrupt("headers"))?;
        let width = header.len();
        if after.is_none() {
            header.extend(ERROR_COLUMNS.map(str::to_owned));
            header.iter().try_for_each(|name| file.text(name))?;
            file.end_row()?;
        } else if rows.is_empty() && after == Some(i64::MAX) {
            return Ok(None);
        }
        let mut last = after.unwrap_or(0);
        let kept = job.report.as_deref().map(serde_json::from_str::<Report>);
        let kept = kept.transpose().map_err(AppError::corrupt("report"))?;
        // the last page of a file that is cut says so, once
        let cut = kept.filter(|report| report.rejected_full && last < i64::MAX);
        let is_last = rows.is_empty();
        for row in rows {
            let mut cells: Vec<String> = serde_json::from_str(&row.cells).map_err(AppError::corrupt("cells"))?;
            cells.resize(width + 1, String::new());
            // what marks a torn row has both languages
            if let Some(surplus) = cells.last_mut() {
                *surplus = Words::from_stored(surplus).into_text(language);
            }
            cells.iter().try_for_each(|cell| file.text(cell))?;
            file.own(row.row_no.to_string())?;
            file.own(&row.code)?;
            file.text(&Words::from_stored(&row.detail).into_text(language))?;
            file.end_row()?;
            last = row.row_no;
        }
        if is_last {
            last = i64::MAX;
            if let Some(report) = cut {
                let left_out = job.rejected - report.rejected_kept;
                let reason = words!(
                    "{left_out} further rows were rejected and are not kept; put these right first, then import the whole file again, which rejects the \
                     others with their reasons",
                    "另有 {left_out} 行未通过，未保存；请先改正以上各行，再重新导入整个文件，其余各行及原因届时列出"
                );
                (0..=width).try_for_each(|_| file.text(""))?;
                file.own("")?;
                file.own(ROWS_LEFT_OUT)?;
                file.text(&reason.into_text(language))?;
                file.end_row()?;
            }
        }
        let bytes = file.bytes()?;
        Ok(Some((last, bytes)))
    }
}
