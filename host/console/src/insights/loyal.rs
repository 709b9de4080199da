//! Loyal customers by five indicators.

use super::tabs;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::insights::{IndicatorCount, Loyal as Found, LoyalRequest};
use posthouse_app::team::Scope;
use serde::Deserialize;

/// Customers of a page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    at_least: Option<usize>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "insights/loyal.html")]
struct Loyal {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    found: Found,
}

pub(super) async fn loyal(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let request = LoyalRequest {
        thresholds: [None; 5],
        at_least: asked.at_least,
    };
    let cursor = asked.cursor.as_deref();
    let found = desk
        .app()
        .insights()
        .loyal(&session.caller, request, cursor, PAGE)
        .await?;
    page(&Loyal {
        ui,
        shell: Shell::new(&session, ui, "insights"),
        tabs: tabs(&session.caller, "loyal"),
        found,
    })
}

impl Loyal {
    fn is_least(&self, count: &usize) -> bool {
        self.found.at_least == *count
    }

    /// From how many on an indicator counts.
    fn from(&self, one: &IndicatorCount) -> String {
        match one.indicator.as_str() {
            "spend" => self.ui.money(one.threshold as i64),
            _ => one.threshold.to_string(),
        }
    }

    fn bar(&self, count: &u64) -> u64 {
        72 * count / self.found.customers.max(1)
    }
}
