//! What an import left out, as files.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::Answer;
use crate::ui::Ui;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use posthouse_app::team::Scope;
use uuid::Uuid;

/// A part of a file, with where the next one begins.
type Part<C> = Option<(C, Vec<u8>)>;

pub(super) async fn errors(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let (app, caller, language) = (desk.app().clone(), session.caller, Ui::from(bare).language);
    let first = app.intake().import_errors(&caller, id, None, language).await?;
    Ok(file("errors.csv", first, move |after| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.intake().import_errors(&caller, id, Some(after), language).await }
    }))
}

pub(super) async fn warnings(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let (app, caller, language) = (desk.app().clone(), session.caller, Ui::from(bare).language);
    let first = app.intake().import_warnings(&caller, id, None, language).await?;
    Ok(file("warnings.csv", first, move |after| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.intake().import_warnings(&caller, id, Some(after), language).await }
    }))
}

/// A file in parts, the first of which is known.
fn file<C, N, F>(name: &'static str, first: Part<C>, next: N) -> Response
where
    C: Send + 'static,
    N: Fn(C) -> F + Send + 'static,
    F: Future<Output = posthouse_app::Result<Part<C>>> + Send,
{
    let parts = futures_util::stream::unfold(Some((first, next)), move |state| async move {
        let (part, next) = state?;
        let (last, bytes) = part?;
        match next(last).await {
            Ok(part) => Some((Ok(Bytes::from(bytes)), Some((part, next)))),
            Err(error) => {
                tracing::error!(%error, "{name} broke off");
                Some((Err(std::io::Error::other("the file broke off")), None))
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(parts)).into_response()
}
