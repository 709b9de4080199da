//! Who is in a segment, since when and why; today, or on a past day.

use super::list::groups;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::AppError;
use posthouse_app::segments::{MemberPage, Sort};
use posthouse_app::team::{Rows, Scope};
use serde::Deserialize;

/// Members of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    sort: String,
    #[serde(default)]
    as_of: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "segments/members.html")]
struct Members {
    ui: Ui,
    shell: Shell,
    /// The binding's title.
    of: String,
    binding: String,
    key: String,
    title: String,
    policy: String,
    /// How many are in it today.
    count: u64,
    is_stale: bool,
    sort: Sort,
    as_of: String,
    found: MemberPage,
    /// What the scores count.
    score_title: Option<String>,
    /// Whether a page before this one was looked at.
    goes_on: bool,
    may_sample: bool,
    /// Whether it is everybody's members that are shown.
    sees_all: bool,
}

pub(super) async fn members(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    (binding, key): (&str, &str),
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let segments = desk.app().segments();
    let group = groups(&desk, caller, ui, Some(binding)).await?.pop();
    let group = group.ok_or(AppError::NotFound("segment"))?;
    let sort: Sort = asked.sort.parse().unwrap_or_default();
    let cursor = asked.cursor.as_deref();
    let found = match asked.as_of.as_str() {
        "" => segments.members(caller, (binding, key), sort, cursor, PAGE).await?,
        day => {
            segments
                .members_as_of(caller, (binding, key), day, cursor, PAGE)
                .await?
        }
    };
    // a segment of an earlier rule has members of past days only
    let row = group.rows.iter().find(|row| row.key == key);
    page(&Members {
        ui,
        shell: Shell::new(&session, ui, "segments"),
        of: group.title.clone(),
        title: row.map_or_else(|| key.to_owned(), |row| row.title.clone()),
        policy: row.map_or_else(String::new, |row| row.policy.clone()),
        count: row.map_or(0, |row| row.count),
        is_stale: group.stale.is_some(),
        score_title: found.score_title.as_ref().map(|title| ui.local(title).to_owned()),
        binding: binding.to_owned(),
        key: key.to_owned(),
        sort,
        as_of: asked.as_of,
        goes_on: asked.cursor.is_some(),
        sees_all: caller.rows == Rows::All,
        may_sample: caller.may(Scope::Exports).is_ok(),
        found,
    })
}

impl Members {
    fn path(&self) -> String {
        format!("/segments/{}.{}", self.binding, self.key)
    }

    fn sorts(&self) -> [Sort; 4] {
        Sort::ALL
    }

    fn is_by(&self, sort: &Sort) -> bool {
        self.sort == *sort
    }

    /// A score as people read it: whole ones without a point.
    fn score(&self, score: &f32) -> String {
        match score.fract() == 0.0 {
            true => self.ui.number(*score as i64),
            false => format!("{score:.2}"),
        }
    }
}
