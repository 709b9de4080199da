//! The RFM map: how lately guests booked against how often they travelled.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::State;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::insights::Rfm as Found;
use posthouse_app::team::Scope;
use posthouse_domain::campaign::Condition;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::insights::rfm::{Bounds, SCORES};

/// Guests who booked and travelled alike.
struct Cell {
    customers: u64,
    spend: String,
    /// How full the cell is, in five steps.
    shade: u64,
    /// The same customers in the list.
    path: String,
}

/// Those who booked at the same time, the latest first.
struct Row {
    days: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "insights/rfm.html")]
struct Rfm {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    found: Found,
    /// Trips of each column, the most first.
    heads: Vec<String>,
    rows: Vec<Row>,
}

pub(super) async fn rfm(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let found = desk.app().insights().rfm(&session.caller).await?;
    let map = &found.map;
    let most = map.cells.iter().flatten().map(|cell| cell.customers).max().unwrap_or(0);
    let cell = |r: usize, f: usize| {
        let (cell, days, trips) = (map.cells[r][f], map.recency[r], map.frequency[f]);
        Cell {
            customers: cell.customers,
            spend: ui.whole(cell.spend),
            shade: shade(cell.customers, most),
            path: path(days, trips),
        }
    };
    // where many are alike, nobody can have the scores between
    let columns: Vec<usize> = (0..SCORES).rev().filter(|f| is_possible(map.frequency[*f])).collect();
    let rows = (0..SCORES).rev().filter(|r| is_possible(map.recency[*r])).map(|r| Row {
        days: between(ui, map.recency[r]),
        cells: columns.iter().map(|f| cell(r, *f)).collect(),
    });
    let heads = columns.iter().map(|f| between(ui, map.frequency[*f]));
    page(&Rfm {
        ui,
        shell: Shell::new(&session, ui, "insights"),
        tabs: tabs(&session.caller, "rfm"),
        rows: rows.collect(),
        heads: heads.collect(),
        found,
    })
}

/// Five steps from nobody to the fullest cell.
fn shade(customers: u64, most: u64) -> u64 {
    (customers * 5).div_ceil(most.max(1))
}

/// Whether anybody can be within these bounds.
fn is_possible((least, most): Bounds) -> bool {
    least.zip(most).is_none_or(|(least, most)| least <= most)
}

/// Bounds as people say them.
fn between(ui: Ui, (least, most): Bounds) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least == most => ui.number(least),
        (Some(least), Some(most)) => format!("{}–{}", ui.number(least), ui.number(most)),
        (Some(least), None) => format!("≥ {}", ui.number(least)),
        (None, Some(most)) => format!("≤ {}", ui.number(most)),
        (None, None) => "—".into(),
    }
}

/// The list of those who are within the bounds.
fn path(days: Bounds, trips: Bounds) -> String {
    let condition = |fact: &str, (at_least, at_most): Bounds| {
        let condition = Condition {
            fact: fact.into(),
            at_least,
            at_most,
            is: None,
            one_of: Vec::new(),
        };
        utf8_percent_encode(&condition.written(FactKind::Count), NON_ALPHANUMERIC).to_string()
    };
    let (days, trips) = (condition("recency-days", days), condition("trips-24m", trips));
    format!("/customers?fact={days}&fact={trips}&sort=-spend-24m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;

    #[test]
    fn cells_lead_to_their_customers() {
        let path = path((Some(31), Some(90)), (Some(3), None));
        assert_eq!(
            path,
            "/customers?fact=recency%2Ddays%3A31%2E%2E90&fact=trips%2D24m%3A3%2E%2E&sort=-spend-24m"
        );
        assert_eq!([shade(0, 9), shade(1, 9), shade(9, 9), shade(0, 0)], [0, 1, 5, 0]);
    }

    #[test]
    fn bounds_are_said_as_people_say_them() {
        let ui = Ui::of_test(Language::En);
        let said = [(Some(1), Some(1)), (Some(2), Some(4)), (Some(5), None), (None, Some(3))];
        assert!(said.into_iter().all(is_possible) && !is_possible((Some(4), Some(3))));
        let said = said.map(|bounds| between(ui, bounds));
        assert_eq!(said, ["1", "2–4", "≥ 5", "≤ 3"]);
    }
}
