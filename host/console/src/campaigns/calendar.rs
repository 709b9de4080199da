//! Campaigns side by side in the months in which they are held.

use super::{May, days_of, may_read, state_class};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::pictures::{Bar, Months6};
use crate::shell::Shell;
use crate::show::year_of;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use chrono::{Datelike, Months};
use posthouse_app::campaigns::CampaignSummary;
use posthouse_domain::Day;
use posthouse_domain::time::{date_from_day, day_from_date, parse_day};
use serde::Deserialize;
use uuid::Uuid;

/// Most campaigns that are looked through for those of some months.
const MOST: usize = 500;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    from: String,
}

/// A month in the head of the calendar, with its year where that begins.
struct Month {
    name: String,
    year: Option<i32>,
}

/// A campaign in the calendar.
struct Row {
    id: Uuid,
    name: String,
    state: &'static str,
    class: &'static str,
    days: String,
    bar: Bar,
}

#[derive(Template)]
#[template(path = "campaigns/calendar.html")]
struct Calendar {
    ui: Ui,
    shell: Shell,
    may: May,
    months: Vec<Month>,
    rows: Vec<Row>,
    earlier: String,
    later: String,
    is_now: bool,
}

/// The first of the month so many months away.
fn month_away(day: Day, months: i32) -> Day {
    let first = date_from_day(day).with_day(1).unwrap_or_default();
    let by = Months::new(months.unsigned_abs());
    let moved = if months < 0 {
        first.checked_sub_months(by)
    } else {
        first.checked_add_months(by)
    };
    moved.map_or(day, day_from_date)
}

pub(super) async fn calendar(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    may_read(&session.caller)?;
    let ui = Ui::from(bare);
    let present = month_away(ui.today(), -1);
    let first = parse_day(&asked.from).map_or(present, |day| month_away(day, 0));
    let months = Months6::from(first);
    let (found, _) = desk
        .app()
        .campaigns()
        .list(&session.caller, (None, None), None, MOST)
        .await?;
    let mut shown: Vec<((Day, Day), CampaignSummary)> = found
        .into_iter()
        .map(|campaign| (days_of(campaign.plan.window, ui), campaign))
        .filter(|((from, last), _)| *last >= first && *from < months.end())
        .collect();
    shown.sort_by_key(|(days, campaign)| (*days, campaign.plan.stacking.priority));
    let row = |((from, last), campaign): ((Day, Day), CampaignSummary)| Row {
        id: campaign.id,
        name: campaign.name,
        state: campaign.state.as_str(),
        class: state_class(campaign.state),
        days: ui.days(&from, &last),
        bar: months.bar((from, last + 1), ui.today(), state_class(campaign.state)),
    };
    page(&Calendar {
        ui,
        shell: Shell::new(&session, ui, "campaigns"),
        may: May::of(&session),
        months: months
            .firsts()
            .map(|day| Month {
                name: ui.month(&day),
                year: (year_of(day) != year_of(day - 1)).then(|| year_of(day)),
            })
            .collect(),
        rows: shown.into_iter().map(row).collect(),
        earlier: ui.day_field(month_away(first, -3)),
        later: ui.day_field(month_away(first, 3)),
        is_now: first == present,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_left_through_from_their_first_day() {
        let away = |text: &str, months| posthouse_domain::time::day_text(month_away(parse_day(text).unwrap(), months));
        assert_eq!(away("2026-11-28", 0), "2026-11-01");
        assert_eq!(away("2026-11-28", 3), "2027-02-01");
        assert_eq!(away("2026-01-31", -1), "2025-12-01");
    }
}
