//! Imports: a file is dropped, looked at and understood, its mapping mended by eye; it lands while one looks on, and what was rejected is mended
//! and sent again.

mod files;
mod form;
mod list;
mod look;
mod mappings;
mod mend;
mod record;
mod rejects;

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::Answer;
use crate::shell::said;
use crate::ui::Ui;
use crate::uploads::file_bytes;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::routing::{get, post};
use posthouse_app::intake::imports::ImportStatus;
use posthouse_app::team::Scope;
use uuid::Uuid;

pub(crate) fn routes(desk: &Desk) -> Router<Desk> {
    let upload = DefaultBodyLimit::max(file_bytes(desk));
    Router::new()
        .route("/imports", get(list::list).post(list::send).layer(upload))
        .route("/imports/mappings", get(mappings::list))
        .route("/imports/mappings/delete", post(mappings::delete))
        .route("/imports/{id}", get(of_id))
        .route("/imports/{id}/look", post(look::again))
        .route("/imports/{id}/use", post(look::use_kept))
        .route("/imports/{id}/keep", post(look::keep))
        .route("/imports/{id}/land", post(look::land))
        .route("/imports/{id}/end", post(end))
        .route("/imports/{id}/mend", post(mend::send))
        .route("/imports/{id}/errors.csv", get(files::errors))
        .route("/imports/{id}/warnings.csv", get(files::warnings))
}

fn address(id: Uuid) -> String {
    format!("/imports/{id}")
}

/// A file that is looked at, or what became of one.
async fn of_id(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
    Query(asked): Query<record::Asked>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let import = desk.app().intake().import_status(&session.caller, id).await?;
    if import.dry_run {
        return look::page_of(&desk, &session, ui, import).await;
    }
    record::page_of(&desk, &session, ui, import, &asked).await
}

async fn end(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, Path(id): Path<Uuid>) -> Answer {
    session.caller.may(Scope::Intake)?;
    desk.app().intake().end_import(&session.caller, id).await?;
    let text = Ui::from(bare).say("imports-ended").to_string();
    Ok(said(&address(id), &text))
}

/// Where an import stands, in a word that texts begin with, and how that is drawn.
fn stand(import: &ImportStatus) -> (&'static str, &'static str) {
    let is_over = is_over(import);
    match (&import.failure, import.state.as_str()) {
        (Some(failure), _) if failure.code == "import_ended" => ("ended", ""),
        (Some(_), _) => ("failed", "bad"),
        (None, "queued") => ("queued", "info"),
        _ if !is_over => ("running", "info"),
        _ if import.dry_run => ("looked", "acc"),
        _ if to_mend(import) > 0 => ("to-mend", "warn"),
        _ => ("done", "good"),
    }
}

fn is_over(import: &ImportStatus) -> bool {
    import.finished_at.is_some()
}

/// Rejected rows that nobody has sent again.
fn to_mend(import: &ImportStatus) -> i64 {
    if import.dry_run {
        return 0;
    }
    (import.rejected - import.sent_again).max(0)
}

/// How far a file is read, of a hundred.
fn progress(import: &ImportStatus) -> i64 {
    (import.bytes_done.saturating_mul(100) / import.bytes.max(1)).clamp(0, 100)
}

/// Bytes as people write them.
fn size(bytes: i64, ui: Ui) -> String {
    match bytes {
        ..1_000_000 => format!("{} kB", ui.number((bytes + 999) / 1_000)),
        _ => format!("{} MB", ui.number((bytes + 500_000) / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;

    #[test]
    fn sizes_are_rounded_to_what_matters() {
        let ui = Ui::of_test(Language::En);
        assert_eq!(
            [1, 999_001, 2_499_999].map(|bytes| size(bytes, ui)),
            ["1 kB", "1,000 kB", "2 MB"]
        );
    }
}
