//! An import that lands or has landed: how far it is, what became of its rows, what is to be mended.

use super::look;
use super::rejects::{self, Rejects};
use super::{address, is_over, progress, size, stand, to_mend};
use crate::Desk;
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use posthouse_app::intake::imports::ImportStatus;
use posthouse_app::intake::mend::Warned;
use posthouse_app::intake::report::{Group, Report, Total};
use posthouse_app::team::Session;
use serde::Deserialize;
use uuid::Uuid;

/// Warnings of a page.
const WARNINGS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    pub(super) after: i64,
    #[serde(default)]
    place: i32,
    /// Rows that were sent again are shown as well.
    #[serde(default)]
    pub(super) all: bool,
}

/// A page of warnings, and where the next one is.
struct Warnings {
    rows: Vec<Warned>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "imports/record.html")]
pub(super) struct Record {
    ui: Ui,
    shell: Shell,
    import: ImportStatus,
    state: &'static str,
    class: &'static str,
    is_over: bool,
    progress: i64,
    size: String,
    to_mend: i64,
    tab: &'static str,
    rejects: Option<Rejects>,
    warnings: Option<Warnings>,
    /// The name of the file whose rejected rows these were.
    mended: Option<(Uuid, String)>,
    pub(super) wrong: Option<(String, String)>,
}

impl Asked {
    /// The rejected rows from one on.
    pub(super) fn rejects(after: i64) -> Self {
        Self {
            tab: "rejects".into(),
            after,
            ..Self::default()
        }
    }
}

impl Record {
    fn path(&self) -> String {
        address(self.import.id)
    }

    fn sum(&self, total: &Total) -> String {
        look::sum(total)
    }

    fn groups<'r>(&self, report: &'r Report) -> Vec<(&'static str, &'r [Group])> {
        look::groups(report)
    }

    /// The tabs, with how many there are behind each.
    fn tabs(&self) -> Vec<(&'static str, i64)> {
        let mut tabs = vec![("overview", 0)];
        tabs.extend((self.import.rejected > 0).then_some(("rejects", self.to_mend)));
        let warned = self
            .import
            .report
            .as_ref()
            .map_or(0, |report| report.cells_left_out + report.contacts_shared);
        tabs.extend((warned > 0).then_some(("warnings", warned)));
        tabs
    }
}

/// The page, with a form about rejected rows as it was typed.
pub(super) async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    import: ImportStatus,
    (asked, typed): (&Asked, Option<&rejects::Typed>),
) -> posthouse_app::Result<Record> {
    let (is_over, to_mend) = (is_over(&import), to_mend(&import));
    let mut tab = match asked.tab.as_str() {
        "rejects" => "rejects",
        "warnings" => "warnings",
        "overview" => "overview",
        // whoever comes from what waits for them comes to mend
        _ if is_over && to_mend > 0 => "rejects",
        _ => "overview",
    };
    // what was not rejected cannot be mended
    if tab == "rejects" && import.rejected == 0 || !is_over {
        tab = "overview";
    }
    let mut shown = None;
    let mut warnings = None;
    if tab == "rejects" && import.shows_rows {
        let page = (asked.after, asked.all);
        shown = Some(rejects::rejects(desk, (&session.caller, ui), &import, page, typed).await?);
    }
    if tab == "warnings" && import.shows_rows {
        let after = (asked.after, asked.place);
        let (rows, next) = desk
            .app()
            .intake()
            .warned_cells(&session.caller, import.id, after, WARNINGS)
            .await?;
        warnings = Some(Warnings {
            rows,
            next: next.map(|(row, place)| format!("?tab=warnings&after={row}&place={place}")),
        });
    }
    let mended = match import.mends {
        None => None,
        Some(id) => {
            let first = desk.app().intake().import_status(&session.caller, id).await?;
            Some((id, first.file_name))
        }
    };
    let (state, class) = stand(&import);
    Ok(Record {
        ui,
        shell: Shell::new(session, ui, "imports"),
        state,
        class,
        is_over,
        progress: progress(&import),
        size: size(import.bytes, ui),
        to_mend,
        tab,
        rejects: shown,
        warnings,
        mended,
        import,
        wrong: None,
    })
}

pub(super) async fn page_of(desk: &Desk, session: &Session, ui: Ui, import: ImportStatus, asked: &Asked) -> Answer {
    page(&drawn(desk, session, ui, import, (asked, None)).await?)
}
