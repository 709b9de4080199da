//! Files of a case.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Path, require_type};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use posthouse_app::complaints::{FileView, LARGEST_FILE};
use posthouse_app::team::Scope;
use posthouse_web::problem::{Answer, Problem};
use posthouse_web::uploads::{self, Expected};
use serde::Serialize;
use std::io::{Read, Seek};
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Read], routes!(read))
}

/// Calls that take files.
pub(super) fn file_routes() -> Calls {
    Calls::new().open_to(&[Scope::Intake], routes!(attach))
}

/// The parts of an upload.
#[derive(ToSchema)]
#[schema(as = AttachmentUpload)]
#[allow(dead_code, reason = "describes the multipart body")]
struct Upload {
    /// A JPEG, PNG or WebP picture or a PDF, at most 10 MiB, by its content and not by its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A file of a case.
#[derive(Debug, Serialize, ToSchema)]
struct Attachment {
    /// Counts from 1.
    nth: i32,
    /// What whoever sent it called it.
    name: String,
    /// What it is by its content.
    #[schema(example = "image/jpeg")]
    media_type: String,
    /// Its size.
    bytes: i64,
    /// Who sent it.
    #[schema(value_type = fixed::CaseTeller)]
    told_by: String,
    /// When it came.
    at: At,
}

impl From<FileView> for Attachment {
    fn from(view: FileView) -> Self {
        Self {
            nth: view.nth,
            name: view.name,
            media_type: view.media,
            bytes: view.bytes,
            told_by: view.told_by,
            at: view.at.into(),
        }
    }
}

/// Add a file to a case.
///
/// The same file again is there once. A case has 20 at most.
#[utoipa::path(post, path = "/complaints/{id}/attachments", tag = "complaints", operation_id = "attachToCase",
    params(("id" = String, Path, description = "Id or number of the case.")),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 201, description = "The file.", body = Attachment)))]
async fn attach(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    request: Request,
) -> Answer<(StatusCode, axum::Json<Attachment>)> {
    require_type(request.headers(), &["multipart/form-data"])?;
    let expected = Expected {
        http: front.http(),
        folder: front.uploads(),
        texts: &[],
    };
    let upload = uploads::receive(expected, request).await?;
    let content = content_of(upload.file, upload.size)?;
    let view = front
        .app()
        .complaints()
        .attach(&caller, &id, &upload.name, content)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(view.into())))
}

/// What was received, unless it is larger than any file of a case.
fn content_of(mut file: std::fs::File, size: u64) -> Answer<Vec<u8>> {
    if size > LARGEST_FILE as u64 {
        return Err(Problem::too_large(LARGEST_FILE));
    }
    let mut content = Vec::with_capacity(size as usize);
    let read = file.rewind().and_then(|()| file.read_to_end(&mut content));
    read.map_err(|error| {
        tracing::error!(%error, "a received file could not be read");
        Problem::internal()
    })?;
    Ok(content)
}

/// The files of a case.
#[utoipa::path(get, path = "/complaints/{id}/attachments", tag = "complaints", operation_id = "listAttachments",
    params(("id" = String, Path, description = "Id or number of the case.")),
    responses((status = 200, description = "In the order in which they came.", body = Page<Attachment>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Answer<axum::Json<Page<Attachment>>> {
    Ok(axum::Json(Page::whole(
        front.app().complaints().files(&caller, &id).await?,
    )))
}

/// A file of a case with its content.
///
/// A browser saves it and shows it nowhere on this server.
#[utoipa::path(get, path = "/complaints/{id}/attachments/{nth}", tag = "complaints", operation_id = "getAttachment",
    params(("id" = String, Path, description = "Id or number of the case."), ("nth" = i32, Path, description = "Which one, from 1.")),
    responses((status = 200, description = "Its content.", body = described::Bytes, content_type = "application/octet-stream")))]
async fn read(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, nth)): Path<(String, i32)>,
) -> Answer<Response> {
    let (_, content) = front.app().complaints().attachment(&caller, &id, nth).await?;
    // what it is stands in the list; here it is bytes that no browser takes for a page
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, content).into_response())
}
