//! What complaints have in common.

use super::told::minutes;
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::complaints::{By, Report, ReportRow};
use posthouse_domain::time;
use serde::Deserialize;

/// Days that are looked at if nobody says.
const DAYS: i32 = 90;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    by: String,
    from: String,
    to: String,
}

#[derive(Template)]
#[template(path = "complaints/insight.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    report: Report,
    by: By,
    from: String,
    to: String,
}

impl Page {
    fn kinds(&self) -> [By; 5] {
        By::ALL
    }

    fn is_by(&self, by: &By) -> bool {
        *by == self.by
    }

    fn time(&self, taken: &Option<i64>) -> String {
        taken.map_or_else(|| "—".to_owned(), |taken| minutes(self.ui, taken))
    }

    fn name(&self, row: &ReportRow) -> String {
        match (&row.key, self.by) {
            (None, _) => self.ui.say("complaints-not-known").to_string(),
            (Some(cause), By::Cause) => self.ui.say_of("complaints-cause-", cause).to_string(),
            (Some(key), _) => key.clone(),
        }
    }

    fn width(&self, row: &ReportRow) -> i64 {
        let most = self.report.rows.first().map_or(1, |row| row.cases).max(1);
        row.cases * 100 / most
    }

    fn share(&self, row: &ReportRow) -> String {
        format!("{:.0}%", row.cumulative_percent)
    }

    fn rating(&self, row: &ReportRow) -> String {
        row.rating
            .map_or_else(|| "—".to_owned(), |rating| format!("{rating:.1}"))
    }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let ui = Ui::from(bare);
    let by = By::parse(&asked.by).unwrap_or(By::Cause);
    let to = time::parse_day(&asked.to).unwrap_or_else(|| ui.today());
    let from = time::parse_day(&asked.from).unwrap_or(to - DAYS + 1);
    let report = desk.app().complaints().report(caller, (from, to), by).await?;
    page(&Page {
        ui,
        shell: Shell::new(&session, ui, "complaints"),
        tabs: tabs("insight"),
        from: time::day_text(from),
        to: time::day_text(to),
        report,
        by,
    })
}
