//! Files of customers and bookings: uploaded whole, landed row by row, what was rejected returned as a file.

use super::calls::Calls;
use super::extract::{Auth, Path, Query, require_type};
use super::fixed;
use super::page::Page;
use super::{Front, idempotency};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use posthouse_app::AppError;
use posthouse_app::intake::imports::{NewImport, Sent};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::row::FileKind;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use posthouse_web::uploads::{self, Expected};
use posthouse_web::{bodies, reader};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

mod looks;
mod mappings;
mod report;
mod shapes;

use shapes::Import;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(list, start))
        .open_to(&[Scope::Intake], routes!(status, end))
        .open_to(&[Scope::Intake], routes!(errors))
        .open_to(&[Scope::Intake], routes!(warnings))
}

/// Calls around files that have no file in them.
pub(super) fn plain_routes() -> Calls {
    looks::routes().merge(mappings::routes())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StartQuery {
    /// `customers` or `bookings`.
    #[param(value_type = fixed::FileKind, example = "bookings")]
    kind: String,
    /// Report what would be imported, and import nothing.
    #[serde(default)]
    dry_run: bool,
    /// The same as `dry_run`, and keep the file for a day: it can be looked at with another mapping (`POST /imports/{id}/look`), and land
    /// (`POST /imports/{id}/land`).
    #[serde(default)]
    look: bool,
    /// The name of a mapping that the agency keeps, in the place of the part `mapping`.
    #[param(example = "erp")]
    mapping: Option<String>,
    /// The encoding of a text file, where it cannot be told from its bytes.
    #[param(example = "gb18030")]
    encoding: Option<String>,
    /// The sheet of a workbook to read.
    sheet: Option<String>,
}

/// What the rows of a file are about.
fn kind_of(text: &str) -> Answer<FileKind> {
    FileKind::parse(text).ok_or_else(|| {
        Problem::unprocessable(
            "bad_kind",
            words!(
                "kind {kind:?} is not known; use customers or bookings",
                "kind {kind:?} 无法识别；可用 customers、bookings",
                kind = text
            ),
        )
    })
}

/// The parts of an upload.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the multipart body")]
struct Upload {
    /// The file: a workbook (XLSX, XLSM, XLSB, XLS, ODS), or CSV in UTF-8, GB18030, UTF-16 or another encoding.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The mapping in TOML, if the file needs one: what its headers and words mean. At most 256 KiB.
    mapping: Option<String>,
}

/// Import a file.
///
/// The job goes on by itself; ask for it until its `state` is `done` or `failed`. The same file sent again with the same mapping while
/// it is being imported joins its job; sent later it changes nothing, as every row is known.
///
/// With `dry_run=true` the job counts what would land, and `report` says more; nothing but the job itself is written.
#[utoipa::path(post, path = "/imports", tag = "intake", operation_id = "startImport", params(StartQuery),
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 202, description = "The job, new or joined.", body = Import)))]
async fn start(
    State(front): State<Front>,
    Query(query): Query<StartQuery>,
    Auth(caller): Auth,
    request: Request,
) -> Answer<Response> {
    let kind = kind_of(&query.kind)?;
    require_type(request.headers(), &["multipart/form-data"])?;
    let most = front.http().upload_bytes;
    if bodies::announced(request.headers()).is_some_and(|length| length > most as u64 + uploads::ENVELOPE as u64) {
        return Err(Problem::too_large(most));
    }
    let key = idempotency::key(request.headers())?;
    let expected = Expected {
        http: front.http(),
        folder: front.uploads(),
        texts: &["mapping"],
    };
    let upload = uploads::receive(expected, request).await?;
    let sent = upload.texts.get("mapping");
    let named = match (&query.mapping, sent) {
        (Some(_), Some(_)) => {
            return Err(Problem::unprocessable(
                "bad_mapping",
                words!(
                    "the request names a mapping and sends one as well; leave one of the two out",
                    "请求既指定了映射名称，又附带了映射；请去掉其中一个"
                ),
            ));
        }
        (Some(name), None) => match front.app().intake().mapping(&caller, kind, name).await {
            Ok(kept) => Some(kept.mapping),
            Err(AppError::NotFound(_)) => {
                return Err(Problem::unprocessable(
                    "bad_mapping",
                    words!(
                        "no mapping of {kind} is kept as {name:?}; GET /imports/mappings lists those that are",
                        "没有名为 {name:?} 的 {kind} 映射；可用 GET /imports/mappings 查看",
                        kind = kind.as_str(),
                        name = posthouse_web::shown(name)
                    ),
                ));
            }
            Err(error) => return Err(error.into()),
        },
        (None, _) => None,
    };
    let mapping = sent.or(named.as_ref()).map(String::as_str);
    let work = async |caller: Caller| {
        let started = front
            .app()
            .intake()
            .start_import(
                &caller,
                NewImport {
                    kind,
                    name: &upload.name,
                    file: Sent::File(&upload.file),
                    digest: &upload.digest,
                    size: upload.size,
                    mapping,
                    encoding: query.encoding.as_deref(),
                    sheet: query.sheet.as_deref(),
                    dry_run: query.dry_run,
                    look: query.look,
                    mends: None,
                },
            )
            .await;
        match started.map_err(Problem::from) {
            Ok(job) => {
                let location = [(header::LOCATION, format!("/api/v1/imports/{}", job.id))];
                (StatusCode::ACCEPTED, location, axum::Json(Import::from(job))).into_response()
            }
            Err(problem) => problem.into_response(),
        }
    };
    match key {
        None => Ok(work(caller).await),
        Some(key) => {
            let parts: [&[u8]; 7] = [
                b"POST /api/v1/imports",
                kind.as_str().as_bytes(),
                upload.digest.as_bytes(),
                mapping.unwrap_or_default().as_bytes(),
                match (query.look, query.dry_run) {
                    (true, _) => b"look",
                    (false, true) => b"dry run",
                    (false, false) => b"",
                },
                query.encoding.as_deref().unwrap_or_default().as_bytes(),
                query.sheet.as_deref().unwrap_or_default().as_bytes(),
            ];
            let mark = idempotency::fingerprint(&caller, &parts);
            idempotency::perform(&front, &caller, (&key, &mark), true, work).await
        }
    }
}

/// How an import stands.
#[utoipa::path(get, path = "/imports/{id}", tag = "intake", operation_id = "getImport", params(("id" = Uuid, Path, description = "Id of the import.")),
    responses((status = 200, description = "Progress and counts.", body = Import)))]
async fn status(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Import>> {
    Ok(axum::Json(
        front.app().intake().import_status(&caller, id).await?.into(),
    ))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Every import, the newest first.
#[utoipa::path(get, path = "/imports", tag = "intake", operation_id = "listImports", params(ListQuery),
    responses((status = 200, description = "A page of imports.", body = Page<Import>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<Import>>> {
    let limit = front.limit(query.limit)?;
    let cursor = query.cursor.as_deref();
    Ok(axum::Json(Page::of(
        front.app().intake().imports(&caller, cursor, limit).await?,
    )))
}

/// End an import.
///
/// Rows that have landed stay; its `failure` is `import_ended` then. One that is over stays as it is.
#[utoipa::path(delete, path = "/imports/{id}", tag = "intake", operation_id = "endImport", params(("id" = Uuid, Path, description = "Id of the import.")),
    responses((status = 200, description = "The import, which is over.", body = Import)))]
async fn end(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<axum::Json<Import>> {
    Ok(axum::Json(front.app().intake().end_import(&caller, id).await?.into()))
}

/// The rows that were rejected.
///
/// CSV, whatever the file was: the file's own columns, then `surplus`, `row` (the first row being 1), `code` and `reason`. Put them
/// right and import this file with the same mapping: columns that are not understood are left out. At most the first 100,000, and no more
/// bytes of them than the file and another mebibyte have; a last row of the code `rows_left_out` says how many are missing.
/// Reasons are in the language of `Accept-Language`; codes and headers are not translated.
#[utoipa::path(get, path = "/imports/{id}/errors.csv", tag = "intake", operation_id = "getImportErrors",
    params(("id" = Uuid, Path, description = "Id of the import.")),
    responses((status = 200, description = "CSV.", body = String, content_type = "text/csv")))]
async fn errors(
    State(front): State<Front>,
    Auth(caller): Auth,
    method: Method,
    Path(id): Path<Uuid>,
) -> Answer<Response> {
    // whoever only asks what there is takes nothing away
    if method == Method::HEAD {
        front.app().intake().import_status(&caller, id).await?;
        return Ok(file_headers("errors.csv").into_response());
    }
    front.exports().check(caller.actor)?;
    let (app, language) = (front.app().clone(), reader::language());
    let first = app.intake().import_errors(&caller, id, None, language).await?;
    let next = move |after| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.intake().import_errors(&caller, id, Some(after), language).await }
    };
    Ok(file("errors.csv", id, first, next))
}

/// The cells that were left out.
///
/// CSV, whatever the file was: `row` (the first row being 1), `column` (its header), `cell`, `code` and `reason`. Their rows have landed,
/// or were known, without them. At most the first 100,000; the job's `report` counts all.
///
/// Reasons are in the language of `Accept-Language`; codes and headers are not translated.
#[utoipa::path(get, path = "/imports/{id}/warnings.csv", tag = "intake", operation_id = "getImportWarnings",
    params(("id" = Uuid, Path, description = "Id of the import.")),
    responses((status = 200, description = "CSV.", body = String, content_type = "text/csv")))]
async fn warnings(
    State(front): State<Front>,
    Auth(caller): Auth,
    method: Method,
    Path(id): Path<Uuid>,
) -> Answer<Response> {
    // whoever only asks what there is takes nothing away
    if method == Method::HEAD {
        front.app().intake().import_status(&caller, id).await?;
        return Ok(file_headers("warnings.csv").into_response());
    }
    front.exports().check(caller.actor)?;
    let (app, language) = (front.app().clone(), reader::language());
    let first = app.intake().import_warnings(&caller, id, None, language).await?;
    let next = move |after| {
        let (app, caller) = (app.clone(), caller.clone());
        async move { app.intake().import_warnings(&caller, id, Some(after), language).await }
    };
    Ok(file("warnings.csv", id, first, next))
}

/// A part of a file, with where the next one begins.
type Part<C> = Option<(C, Vec<u8>)>;

/// A file about an import, page after page, the first of which is known. It is sent when its request has left the task that knows the
/// reader.
fn file<C, N, F>(name: &'static str, id: Uuid, first: Part<C>, next: N) -> Response
where
    C: Send + 'static,
    N: Fn(C) -> F + Send + 'static,
    F: Future<Output = posthouse_app::Result<Part<C>>> + Send,
{
    let pages = futures_util::stream::unfold(Some((first, next)), move |state| async move {
        let (page, next) = state?;
        let (last, bytes) = page?;
        match next(last).await {
            Ok(page) => Some((Ok(Bytes::from(bytes)), Some((page, next)))),
            Err(error) => {
                tracing::error!(%error, import = %id, "{name} broke off");
                Some((Err(std::io::Error::other("the file broke off")), None))
            }
        }
    });
    (file_headers(name), Body::from_stream(pages)).into_response()
}

/// The headers of a file about an import.
fn file_headers(name: &str) -> [(HeaderName, String); 3] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CONTENT_LANGUAGE, reader::language().tag().to_owned()),
    ]
}
