//! Which share of the customers brings which share of the money.

use super::{sees_spend, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::{Shell, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::insights::{Measure, Pareto as Found, Window};
use posthouse_app::team::Scope;
use serde::Deserialize;

/// The shares of customers that the table has a line for.
const STEPS: [u8; 9] = [1, 5, 10, 20, 30, 40, 60, 80, 100];

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    window: String,
    #[serde(default)]
    by: String,
}

/// A line of the table.
#[derive(Debug)]
struct Row {
    percent: u8,
    customers: u64,
    money: i64,
    share: i64,
}

#[derive(Template)]
#[template(path = "insights/pareto.html")]
struct Pareto {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    window: &'static str,
    by: &'static str,
    found: Found,
    rows: Vec<Row>,
    /// The curve, in a square of a hundred.
    path: String,
    /// Of a hundred customers so many bring four fifths.
    four_fifths: Option<u64>,
}

/// What a part is of a whole, in tenths of a per cent.
fn tenths(part: i64, whole: i64) -> i64 {
    let tenths = i128::from(part) * 1_000 / i128::from(whole.max(1));
    i64::try_from(tenths).unwrap_or(i64::MAX)
}

/// The same in per cent.
fn share(part: i64, whole: i64) -> i64 {
    tenths(part, whole) / 10
}

pub(super) async fn pareto(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    // who does not see what all customers spend begins with what they see
    if !sees_spend(&session.caller) {
        return Ok(whole_page("/insights/stages"));
    }
    let ui = Ui::from(bare);
    let (window, name) = match asked.window.as_str() {
        "24m" => (Window::TwoYears, "24m"),
        "total" => (Window::Total, "total"),
        _ => (Window::Year, "12m"),
    };
    // margins are known of a year only
    let (by, by_name) = match asked.by.as_str() {
        "margin" if window == Window::Year => (Measure::Margin, "margin"),
        _ => (Measure::Spend, "spend"),
    };
    let found = desk.app().insights().pareto(&session.caller, window, by).await?;
    let curve = &found.curve;
    let points = curve.points.iter().map(|point| {
        let down = 1_000 - tenths(point.ranked, curve.ranked).clamp(0, 1_000);
        format!("L{} {}.{}", point.percent, down / 10, down % 10)
    });
    let path = std::iter::once("M0 100".to_owned()).chain(points).collect();
    let rows = curve.points.iter().filter(|point| STEPS.contains(&point.percent));
    let rows = rows.map(|point| Row {
        percent: point.percent,
        customers: point.customers,
        money: point.ranked,
        share: share(point.ranked, curve.ranked),
    });
    page(&Pareto {
        ui,
        shell: Shell::new(&session, ui, "insights"),
        tabs: tabs(&session.caller, "pareto"),
        window: name,
        by: by_name,
        rows: rows.collect(),
        path,
        four_fifths: curve
            .four_fifths
            .map(|best| (best * 100).div_ceil(curve.customers.max(1))),
        found,
    })
}

impl Pareto {
    fn address(&self, window: &str, by: &str) -> String {
        format!("/insights?window={window}&by={by}")
    }

    fn is_window(&self, window: &str) -> bool {
        self.window == window
    }
}

#[cfg(test)]
mod tests {
    use super::{share, tenths};

    #[test]
    fn shares_of_large_sums_do_not_overflow() {
        assert_eq!(tenths(i64::MAX / 2, i64::MAX), 499);
        assert_eq!((share(0, 0), share(3, 4), share(-1, 4)), (0, 75, -25));
    }
}
