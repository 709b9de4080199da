//! The list of members: by what they have, narrowed by tier, by what expires, and by what is owed.

use super::wanted::{SOON, Wanted};
use super::{may_enter, programme, tabs};
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::loyalty::{Enrol, LOYALTY, MemberCounts, MemberView, Rung};
use posthouse_app::team::{Caller, Scope};

/// Members of a page.
const PAGE: usize = 40;

/// Something that can narrow the list, and the address with it or without it.
struct Chip {
    title: String,
    count: Option<u64>,
    path: String,
    is_on: bool,
}

/// A member in the list.
struct Row {
    name: String,
    member: MemberView,
}

/// Only the rows and where they go on: what is added at the end of a list.
#[derive(Template)]
#[template(path = "members/rows.html")]
struct Rows {
    ui: Ui,
    rows: Vec<Row>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "members/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    wanted: Wanted,
    /// What points are called.
    points: String,
    counts: Option<MemberCounts>,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    more: Option<String>,
    is_automatic: bool,
    /// Whether a rule posts points, and where that is set up.
    has_rule: bool,
    may_enrol: bool,
    may_export: bool,
    may_bind: bool,
}

impl List {
    /// The list in the other order.
    fn sorted(&self, by_joining: bool) -> String {
        self.wanted.with(|wanted| wanted.by_joining = by_joining)
    }

    fn is_by(&self, by_joining: bool) -> bool {
        self.wanted.is_sorted() && self.wanted.by_joining == by_joining
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Part(is_part): Part,
    Query(fields): Query<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let ui = Ui::from(bare);
    let loyalty = desk.app().loyalty();
    let Some(terms) = loyalty.programme(caller).await? else {
        return programme::begin(&desk, &session, ui).await;
    };
    let wanted = Wanted::read(fields);
    let filter = wanted.filter(ui.today());
    let (found, next) = loyalty.members(caller, &filter, wanted.cursor.as_deref(), PAGE).await?;
    let ids: Vec<_> = found.iter().map(|member| member.customer).collect();
    let mut labels = desk.app().profiles().labels(caller, &ids).await?;
    let row = |member: MemberView| Row {
        name: labels
            .remove(&member.customer)
            .map_or_else(|| member.member_no.clone(), |label| label.label),
        member,
    };
    let rows: Vec<Row> = found.into_iter().map(row).collect();
    let more = next.map(|next| wanted.page(&next));
    if is_part && wanted.cursor.is_some() {
        return page(&Rows { ui, rows, more });
    }
    let counts = loyalty.member_counts(caller, ui.today().saturating_add(SOON)).await?;
    let ladder = loyalty.ladder(caller).await?;
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("members"),
        points: ui.local(&terms.name).to_owned(),
        chips: chips(&wanted, counts.as_ref(), &ladder, ui),
        counts,
        rows,
        more,
        is_automatic: terms.enrol == Enrol::Automatic,
        has_rule: has_rule(&desk, caller).await?,
        may_enrol: caller.may(Scope::Intake).is_ok(),
        may_export: caller.may(Scope::Exports).is_ok(),
        may_bind: caller.may(Scope::Rules).is_ok(),
        wanted,
    })
}

/// Whether any rule of loyalty is in force.
pub(super) async fn has_rule(desk: &Desk, caller: &Caller) -> posthouse_app::Result<bool> {
    let bindings = desk.app().bindings().list(caller).await?;
    Ok(bindings.iter().any(|binding| binding.extension_point == LOYALTY))
}

/// Tiers from the lowest, then what expires, what is owed, and who does not take part any more. What nobody is, is only there while it narrows.
fn chips(wanted: &Wanted, counts: Option<&MemberCounts>, ladder: &[Rung], ui: Ui) -> Vec<Chip> {
    let of_tier = |key: &str| {
        let found = |counts: &MemberCounts| {
            let known = counts.tiers.iter().find(|(tier, _)| tier.as_deref() == Some(key));
            known.map_or(0, |(_, count)| *count)
        };
        counts.map(found)
    };
    let mut tiers: Vec<(String, String)> = ladder
        .iter()
        .map(|rung| (rung.key.clone(), ui.local(&rung.title).to_owned()))
        .collect();
    // tiers of a rule before, which somebody still has
    let had = counts.iter().flat_map(|counts| &counts.tiers);
    for key in had.filter_map(|(tier, _)| tier.as_ref()).chain([&wanted.tier]) {
        if !key.is_empty() && tiers.iter().all(|(known, _)| known != key) {
            tiers.push((key.clone(), key.clone()));
        }
    }
    let mut chips: Vec<Chip> = Vec::new();
    for (key, title) in tiers {
        let is_on = wanted.tier == key;
        chips.push(Chip {
            title,
            count: of_tier(&key),
            path: wanted.with(|wanted| wanted.tier = if is_on { String::new() } else { key }),
            is_on,
        });
    }
    let (expiring, owed) = (counts.map(|counts| counts.expiring), counts.map(|counts| counts.owed));
    if wanted.expiring || expiring != Some(0) {
        chips.push(Chip {
            title: ui.say("members-expiring-soon").count("days", SOON).to_string(),
            count: expiring,
            path: wanted.with(|wanted| wanted.expiring = !wanted.expiring),
            is_on: wanted.expiring,
        });
    }
    if wanted.owed || owed != Some(0) {
        chips.push(Chip {
            title: ui.say("members-owing").to_string(),
            count: owed,
            path: wanted.with(|wanted| wanted.owed = !wanted.owed),
            is_on: wanted.owed,
        });
    }
    for state in ["suspended", "closed"] {
        let found = |counts: &MemberCounts| {
            counts
                .states
                .iter()
                .find(|(known, _)| known == state)
                .map_or(0, |found| found.1)
        };
        let (count, is_on) = (counts.map(found), wanted.state == state);
        if is_on || count != Some(0) {
            chips.push(Chip {
                title: ui.say_of("members-state-", state).to_string(),
                count,
                path: wanted.with(|wanted| wanted.state = if is_on { String::new() } else { state.to_owned() }),
                is_on,
            });
        }
    }
    chips
}
