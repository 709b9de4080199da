//! One quote: its price, what became of every campaign on the way to it, and what becomes of it.

use super::state_class;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::quotes::{CampaignTrace, CodeTrace, Confirmation, PointsTrace, QuoteView};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::promotion::Mode;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// A saving on a line.
struct Saving {
    campaign: Uuid,
    name: String,
    reason: String,
    off: i64,
    /// What the rule asked for, where a floor was in the way.
    asked: Option<i64>,
    decision: Uuid,
}

/// A line with its savings.
struct Line {
    sku: String,
    kind: String,
    destination: Option<String>,
    departs: Option<String>,
    travellers: i32,
    quantity: i32,
    list_price: i64,
    price: i64,
    savings: Vec<Saving>,
}

/// What became of a campaign.
struct Traced {
    id: Uuid,
    name: String,
    priority: i32,
    is_applied: bool,
    /// Whether its rule made an offer that another one of them kept from applying.
    is_beaten: bool,
    said: String,
    off: i64,
    decision: Option<Uuid>,
}

/// A stacking group in its turn: what stood before it, and what it left.
struct Lane {
    title: String,
    mode: &'static str,
    said: String,
    campaigns: Vec<Traced>,
    off: i64,
    left: i64,
}

#[derive(Template)]
#[template(path = "quotes/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    id: Uuid,
    state: String,
    class: &'static str,
    customer: Option<(Uuid, String)>,
    channel: String,
    list_price: i64,
    price: i64,
    returned: i64,
    at: i64,
    expires_at: i64,
    booking: Option<String>,
    closed_at: Option<i64>,
    lines: Vec<Line>,
    codes: Vec<CodeTrace>,
    /// What points took off.
    points: Option<PointsTrace>,
    lanes: Vec<Lane>,
    may_quote: bool,
    may_read: bool,
}

impl Record {
    fn off(&self) -> i64 {
        self.list_price - self.price
    }

    fn is_open(&self) -> bool {
        self.state == "open"
    }

    fn share(&self) -> String {
        let share = if self.list_price > 0 {
            self.off() as f64 / self.list_price as f64
        } else {
            0.0
        };
        self.ui.percent(&share)
    }

    fn minutes_left(&self) -> i64 {
        (self.expires_at - self.ui.now).max(0) / 60_000
    }
}

/// Groups take their turn by the priority of their first campaign that applies, or else of their first.
fn lanes(trace: Vec<CampaignTrace>, list_price: i64, titles: &HashMap<String, String>, ui: Ui) -> Vec<Lane> {
    let mut groups: Vec<(String, Vec<CampaignTrace>)> = Vec::new();
    for campaign in trace {
        match groups.iter_mut().find(|(group, _)| *group == campaign.group) {
            Some((_, together)) => together.push(campaign),
            None => groups.push((campaign.group.clone(), vec![campaign])),
        }
    }
    let turn = |together: &[CampaignTrace]| {
        let first = |applied: bool| {
            let those = together.iter().filter(|one| one.applied || !applied);
            those.map(|one| one.priority).min()
        };
        (first(true).is_none(), first(true).or_else(|| first(false)))
    };
    groups.sort_by_key(|(_, together)| turn(together));
    let mut left = list_price;
    groups
        .into_iter()
        .map(|(group, mut together)| {
            together.sort_by_key(|one| one.priority);
            let mode = together.first().and_then(|one| Mode::parse(&one.mode));
            let off = together.iter().map(|one| one.off).sum();
            left -= off;
            let traced = |one: CampaignTrace| Traced {
                id: one.campaign.id,
                name: one.campaign.name,
                priority: one.priority,
                is_applied: one.applied,
                is_beaten: matches!(one.code.as_str(), "outranked" | "not_best"),
                // how much stands beside it
                said: match one.applied {
                    true => ui.say("quotes-applies").to_string(),
                    false => ui.local(&one.text).to_owned(),
                },
                off: one.off,
                decision: one.decision,
            };
            Lane {
                title: titles.get(&group).cloned().unwrap_or(group),
                mode: mode.map_or("stackable", Mode::as_str),
                said: mode.map_or_else(String::new, |mode| mode.in_words().get(ui.language).to_owned()),
                campaigns: together.into_iter().map(traced).collect(),
                off,
                left,
            }
        })
        .collect()
}

fn lines(view: &QuoteView, ui: Ui) -> Vec<Line> {
    let savings = |place: usize| {
        let own = view
            .answer
            .adjustments
            .iter()
            .filter(move |one| one.line as usize == place);
        own.map(|one| Saving {
            campaign: one.campaign.id,
            name: one.campaign.name.clone(),
            reason: ui.local(&one.reason.text).to_owned(),
            off: one.off,
            asked: Some(one.asked).filter(|asked| *asked > one.off),
            decision: one.decision,
        })
        .collect()
    };
    let both = view.basket.lines.iter().zip(&view.answer.lines).enumerate();
    both.map(|(place, (line, priced))| Line {
        sku: line.sku.clone(),
        kind: crate::parts::schema::word(ui, &line.kind.as_str().into()),
        destination: line.destination.clone(),
        departs: line.departs.map(|day| ui.day(&day)),
        travellers: line.travellers,
        quantity: line.quantity,
        list_price: priced.list_price,
        price: priced.price,
        savings: savings(place),
    })
    .collect()
}

/// Passes who may look at quotes.
fn may_look(caller: &Caller) -> Answer<()> {
    if caller.may(Scope::Quotes).is_ok() {
        return Ok(());
    }
    Ok(caller.may(Scope::Read)?)
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<Uuid>,
) -> Answer {
    let caller = &session.caller;
    may_look(caller)?;
    let ui = Ui::from(bare);
    let view = desk.app().quotes().get(caller, id).await?;
    let may_read = caller.may(Scope::Read).is_ok();
    let customer = match view.customer_id.filter(|_| may_read) {
        Some(id) => {
            let labels = desk.app().profiles().labels(caller, &[id]).await?;
            labels.get(&id).map(|label| (id, label.label.clone()))
        }
        None => None,
    };
    let groups = desk.app().stacking_groups().list(caller).await?;
    let titles = groups
        .into_iter()
        .map(|group| (group.key, ui.local(&group.title).to_owned()))
        .collect();
    let lines = lines(&view, ui);
    page(&Record {
        ui,
        shell: Shell::new(&session, ui, "quotes"),
        id,
        class: state_class(&view.state),
        customer,
        channel: view.basket.channel,
        list_price: view.list_price,
        price: view.price,
        returned: view.returned,
        at: view.at,
        expires_at: view.expires_at,
        booking: view.booking_id,
        closed_at: view.closed_at,
        lines,
        codes: view.answer.coupons,
        points: view.answer.points.filter(|points| points.used > 0),
        lanes: lanes(view.answer.trace, view.list_price, &titles, ui),
        may_quote: caller.may(Scope::Quotes).is_ok(),
        may_read,
        state: view.state,
    })
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    booking: String,
}

pub(super) async fn confirm(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Quotes)?;
    let with = Confirmation {
        booking_id: sent.booking.trim().to_owned(),
    };
    let view = desk.app().quotes().confirm(&session.caller, id, with).await?;
    let ui = Ui::from(bare);
    let said = ui.say("quotes-confirmed").with("price", ui.money(view.price));
    Ok(led(scripted, &format!("/quotes/{id}"), &Done::said(said)))
}

pub(super) async fn release(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
) -> Answer {
    session.caller.may(Scope::Quotes)?;
    desk.app().quotes().release(&session.caller, id).await?;
    let done = Done::said(Ui::from(bare).say("quotes-released"));
    Ok(led(scripted, &format!("/quotes/{id}"), &done))
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_app::quotes::Named;
    use posthouse_domain::{Language, Localized};

    fn traced(group: &str, mode: &str, priority: i32, off: i64) -> CampaignTrace {
        let name = format!("{group}-{priority}");
        CampaignTrace {
            campaign: Named {
                id: Uuid::from_u128(priority.unsigned_abs().into()),
                key: name.clone(),
                name,
            },
            group: group.into(),
            mode: mode.into(),
            priority,
            applied: off > 0,
            code: if off > 0 { "applied" } else { "not_best" }.into(),
            text: Localized::new("中", "en"),
            off,
            decision: None,
        }
    }

    #[test]
    fn groups_take_their_turn_and_leave_what_is_left() {
        let trace = vec![
            traced("alone", "exclusive", 1, 0),
            traced("season", "best-of", 10, 0),
            traced("personal", "stackable", 15, 500),
            traced("season", "best-of", 20, 1_000),
        ];
        let lanes = lanes(trace, 10_000, &HashMap::new(), Ui::of_test(Language::En));
        let order: Vec<(&str, i64)> = lanes.iter().map(|lane| (lane.title.as_str(), lane.left)).collect();
        assert_eq!(order, [("personal", 9_500), ("season", 8_500), ("alone", 8_500)]);
        let season: Vec<(i32, bool)> = lanes[1]
            .campaigns
            .iter()
            .map(|one| (one.priority, one.is_beaten))
            .collect();
        assert_eq!(season, [(10, true), (20, false)]);
    }
}
