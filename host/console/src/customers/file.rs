//! A list of customers as a file.

use super::facts::Fact;
use super::segments::{Bindings, bindings};
use crate::Desk;
use crate::fault::Answer;
use crate::ui::Ui;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use posthouse_app::AppError;
use posthouse_app::profiles::{Browse, FoundRow};
use posthouse_app::sheet::Sheet;
use posthouse_app::team::Caller;

/// Everybody of a list as a file.
pub(super) async fn of(desk: &Desk, caller: &Caller, browse: &Browse, facts: &[Fact], ui: Ui) -> Answer {
    let columns: Vec<Fact> = browse
        .columns
        .iter()
        .filter_map(|key| facts.iter().find(|fact| fact.key == *key))
        .cloned()
        .collect();
    let bindings = bindings(desk, caller, ui).await?;
    let browse = Browse {
        contacts: true,
        ..browse.clone()
    };
    let all = desk.app().profiles().browse_all(caller, &browse).await?;
    let first = head(&columns, ui)?;
    let state = (all, bindings, columns, Some(first));
    let pieces = futures_util::stream::unfold(Some(state), move |state| async move {
        let (mut all, bindings, columns, first) = state?;
        if let Some(first) = first {
            return Some((Ok(first), Some((all, bindings, columns, None))));
        }
        let page = all
            .page()
            .await
            .and_then(|page| page.map(|rows| lines(&rows, &bindings, &columns, ui)).transpose());
        match page {
            Ok(Some(lines)) => Some((Ok(lines), Some((all, bindings, columns, None)))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"customers.csv\""),
    ];
    Ok::<Response, _>((headers, Body::from_stream(pieces)).into_response())
}

/// One customer as a row of a file.
fn put(sheet: &mut Sheet, row: &FoundRow, bindings: &Bindings, columns: &[Fact], ui: Ui) -> Result<(), AppError> {
    let label = &row.summary.label;
    let segments: Vec<String> = row
        .summary
        .segments
        .iter()
        .map(|segment| bindings.title(segment))
        .collect();
    sheet.text(&label.label)?;
    sheet.text(label.member_no.as_deref().unwrap_or_default())?;
    sheet.text(&row.contacts.phones.join("; "))?;
    sheet.text(&row.contacts.emails.join("; "))?;
    sheet.text(&segments.join("; "))?;
    for (fact, value) in columns.iter().zip(&row.values) {
        let value = fact.in_a_file(value.as_ref(), ui.currency);
        if fact.is_number() {
            sheet.own(value)?
        } else {
            sheet.text(&value)?
        }
    }
    sheet.end_row()
}

/// The head of a file, and what says that it is UTF-8.
fn head(columns: &[Fact], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', "\u{feff}".as_bytes());
    for key in [
        "customers-customer",
        "customers-member-no",
        "customers-field-phone",
        "customers-field-email",
        "customers-segments",
    ] {
        sheet.text(&crate::texts::Saying::new(ui.language, key).to_string())?;
    }
    for fact in columns {
        sheet.text(&fact.title)?;
    }
    sheet.end_row()?;
    sheet.bytes()
}

fn lines(rows: &[FoundRow], bindings: &Bindings, columns: &[Fact], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', b"");
    for row in rows {
        put(&mut sheet, row, bindings, columns, ui)?;
    }
    sheet.bytes()
}
