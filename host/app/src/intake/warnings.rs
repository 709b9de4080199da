//! Cells that an import left out, as a file.

use super::files::{Reading, WARNING_COLUMNS};
use crate::Intake;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask};
use posthouse_domain::{Language, Words};
use posthouse_store::{Access, import_notes as notes, imports as store};
use uuid::Uuid;

/// Cells of a page.
const PAGE: i64 = 2_000;

impl Intake<'_> {
    /// The next cells that a job left out, behind the one at `after` (its row, and its place among the row's), as CSV, their reasons in
    /// `language`; the first page begins with the headers. `None` at the end.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the agency has no such job.
    pub async fn import_warnings(
        &self,
        caller: &Caller,
        id: Uuid,
        after: Option<(i64, i32)>,
        language: Language,
    ) -> Result<Option<((i64, i32), Vec<u8>)>> {
        let agency = caller.room.id;
        caller.must_see(&Mask::ALL)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let job = store::get(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("import"))?;
        let mut last = after.unwrap_or((0, 0));
        let rows = notes::warnings(&mut tx, agency, id, last, PAGE).await?;
        drop(tx);
        if after.is_none() {
            let nothing = serde_json::json!({});
            self.app
                .audit()
                .note_look(caller, "import.read-warnings", &format!("import/{id}"), &nothing)
                .await?;
        }
        if after.is_some() && rows.is_empty() {
            return Ok(None);
        }
        let mut file = Reading::of(&job)?.writer(after.is_none());
        if after.is_none() {
            WARNING_COLUMNS.iter().try_for_each(|column| file.own(column))?;
            file.end_row()?;
        }
        for row in rows {
            file.own(row.row_no.to_string())?;
            file.text(&row.header)?;
            file.text(&row.cell)?;
            file.own(&row.code)?;
            file.text(&Words::from_stored(&row.detail).into_text(language))?;
            file.end_row()?;
            last = (row.row_no, row.place);
        }
        let bytes = file.bytes()?;
        Ok(Some((last, bytes)))
    }
}
