//! The books: what is outstanding and what it is worth, when it ends, what of it nobody will spend, and what moved in a period.

use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::months::{Month, Months};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::texts::has;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{Liability, Movement, Movements};
use posthouse_domain::Day;
use posthouse_domain::time::{day_text, first_of_month, parse_day};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    from: String,
    to: String,
}

/// What ends in a month, in all and by tier.
struct Row {
    month: String,
    points: i64,
    value: i64,
    by_tier: Vec<i64>,
}

#[derive(Template)]
#[template(path = "members/books.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    liability: Liability,
    /// Titles of the tiers that have anything.
    tiers: Vec<String>,
    rows: Vec<Row>,
    by_month: Months,
    movements: Movements,
    from: String,
    to: String,
}

impl Page {
    fn kind(&self, row: &Movement) -> String {
        let name = format!("members-line-{}", row.kind.replace('_', "-"));
        match has(&name) {
            true => self.ui.say(&name).to_string(),
            false => row.kind.clone(),
        }
    }

    /// The share of what ended unspent, in hundredths of a per cent.
    fn rate(&self) -> Option<String> {
        let rate = self.liability.breakage.rate?;
        Some(format!("{}.{:02} %", rate / 100, rate % 100))
    }
}

fn rows(found: &Liability, tiers: &[Option<String>], ui: Ui) -> Vec<Row> {
    let mut months: BTreeMap<Option<Day>, Row> = BTreeMap::new();
    for one in &found.rows {
        // what has no end comes last
        let row = months.entry(one.month).or_insert_with(|| Row {
            month: match &one.month {
                Some(day) => day_text(*day)[..7].to_owned(),
                None => ui.say("members-without-end").to_string(),
            },
            points: 0,
            value: 0,
            by_tier: vec![0; tiers.len()],
        });
        // sums of many accounts at their limit, as they are told by the books themselves
        let points = one.available.saturating_add(one.pending);
        row.points = row.points.saturating_add(points);
        row.value = row.value.saturating_add(one.value);
        if let Some(place) = tiers.iter().position(|tier| *tier == one.tier) {
            row.by_tier[place] = row.by_tier[place].saturating_add(points);
        }
    }
    let endless = months.remove(&None);
    months.into_values().chain(endless).collect()
}

pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let (caller, ui) = (&session.caller, Ui::from(bare));
    may_enter(caller)?;
    let loyalty = desk.app().loyalty();
    if loyalty.programme(caller).await?.is_none() {
        return Err(AppError::NotFound("programme").into());
    }
    let today = ui.today();
    let to = parse_day(&asked.to).unwrap_or(today);
    let from = parse_day(&asked.from).unwrap_or_else(|| first_of_month(to)).min(to);
    let liability = loyalty.liability(caller, None).await?;
    let movements = loyalty.movements(caller, (from, to)).await?;
    let ladder = loyalty.ladder(caller).await?;
    let place = |key: &str| ladder.iter().position(|rung| rung.key == key).unwrap_or(ladder.len());
    let mut tiers: Vec<Option<String>> = liability.rows.iter().map(|row| row.tier.clone()).collect();
    tiers.sort_by_key(|tier| tier.as_deref().map(|key| (place(key), key.to_owned())));
    tiers.dedup();
    let title = |tier: &Option<String>| match tier {
        None => ui.say("members-no-tier").to_string(),
        Some(key) => match ladder.iter().find(|rung| rung.key == *key) {
            Some(rung) => ui.local(&rung.title).to_owned(),
            None => key.clone(),
        },
    };
    let rows = rows(&liability, &tiers, ui);
    let bars: Vec<Month> = rows.iter().map(|row| (row.month.clone(), 0, row.points)).collect();
    page(&Page {
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("books"),
        by_month: Months::new(ui.say("members-ends-by-month").to_string(), &bars, |sum| ui.number(sum)),
        tiers: tiers.iter().map(title).collect(),
        rows,
        liability,
        movements,
        from: ui.day_field(from),
        to: ui.day_field(to),
        ui,
    })
}
