//! Every import, and sending another file.

use super::{address, is_over, progress, size, stand, to_mend};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::shell::{Shell, whole_page};
use crate::ui::Ui;
use crate::uploads::file_bytes;
use askama::Template;
use axum::extract::{Query, Request, State};
use posthouse_app::AppError;
use posthouse_app::intake::imports::{ImportStatus, NewImport, Sent};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::row::FileKind;
use posthouse_domain::words;
use posthouse_web::uploads::{self, Expected};
use posthouse_web::{Problem, bodies};
use serde::Deserialize;

/// Imports of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

struct Row {
    import: ImportStatus,
    path: String,
    state: &'static str,
    class: &'static str,
    is_over: bool,
    progress: i64,
    to_mend: i64,
    size: String,
}

#[derive(Template)]
#[template(path = "imports/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    rows: Vec<Row>,
    next: Option<String>,
    is_live: bool,
    most: String,
    kind: String,
    wrong: Option<(String, String)>,
}

impl Row {
    fn of(import: ImportStatus, ui: Ui) -> Self {
        let (state, class) = stand(&import);
        Self {
            path: address(import.id),
            state,
            class,
            is_over: is_over(&import),
            progress: progress(&import),
            to_mend: to_mend(&import),
            size: size(import.bytes, ui),
            import,
        }
    }
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    cursor: Option<&str>,
    (kind, wrong): (String, Option<(String, String)>),
) -> posthouse_app::Result<List> {
    let (imports, next) = desk.app().intake().imports(&session.caller, cursor, PAGE).await?;
    let rows: Vec<Row> = imports.into_iter().map(|import| Row::of(import, ui)).collect();
    let most = i64::try_from(desk.doors().http().upload_bytes).unwrap_or(i64::MAX);
    Ok(List {
        ui,
        shell: Shell::new(session, ui, "imports"),
        is_live: rows.iter().any(|row| !row.is_over),
        rows,
        next,
        most: size(most, ui),
        kind,
        wrong,
    })
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let nothing = ("bookings".to_owned(), None);
    page(&drawn(&desk, &session, bare.into(), asked.cursor.as_deref(), nothing).await?)
}

/// Takes a file, and looks at it.
pub(super) async fn send(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, request: Request) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let most = file_bytes(&desk);
    if bodies::announced(request.headers()).is_some_and(|length| length > most as u64) {
        return Err(Problem::too_large(desk.doors().http().upload_bytes).into());
    }
    let expected = Expected {
        http: desk.doors().http(),
        folder: desk.uploads(),
        texts: &["kind", "encoding", "sheet"],
    };
    let upload = uploads::receive(expected, request).await?;
    let text = |name: &str| {
        upload
            .texts
            .get(name)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let kind = text("kind").and_then(FileKind::parse).ok_or_else(|| {
        let detail = words!(
            "say whether the file has bookings or customers",
            "请选择文件内容是订单还是客户"
        );
        Problem::unprocessable("bad_kind", detail)
    })?;
    let new = NewImport {
        kind,
        name: &upload.name,
        file: Sent::File(&upload.file),
        digest: &upload.digest,
        size: upload.size,
        mapping: None,
        encoding: text("encoding"),
        sheet: text("sheet"),
        dry_run: true,
        look: true,
        mends: None,
    };
    match desk.app().intake().start_import(&session.caller, new).await {
        Ok(import) => Ok(whole_page(&address(import.id))),
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let wrong = Some((why.detail.get(ui.language).to_owned(), why.code));
            again(&drawn(&desk, &session, ui, None, (kind.as_str().to_owned(), wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}
