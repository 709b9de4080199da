//! Every segment of every binding: how many, and how many came and went in a week.

use super::{bar, localized};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::State;
use posthouse_app::days::FactsDay;
use posthouse_app::rules::BindingView;
use posthouse_app::segments::{Flow, SEGMENTATION, SegmentSummary};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::time::{day_text, instant_text};
use std::collections::HashMap;

/// The days of a trend.
const TREND: i32 = 7;

/// A segment of the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) title: String,
    pub(super) policy: String,
    pub(super) count: u64,
    /// Of 72.
    pub(super) bar: u64,
    pub(super) share: String,
    /// Who came and who went in the days of the trend; none while it is not known.
    pub(super) moved: Option<Moved>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    pub(super) entered: u64,
    pub(super) left: u64,
}

impl Moved {
    pub(super) fn net(&self) -> i64 {
        self.entered.cast_signed() - self.left.cast_signed()
    }

    pub(super) fn is_any(&self) -> bool {
        self.entered + self.left > 0
    }

    pub(super) fn tone(&self) -> &'static str {
        tone(self.net())
    }
}

/// How a difference is coloured.
pub(super) fn tone(difference: i64) -> &'static str {
    match difference.signum() {
        1 => "up",
        -1 => "dn",
        _ => "",
    }
}

/// A binding with its segments.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) rows: Vec<Row>,
    /// Who is in none.
    pub(super) outside: u64,
    /// Since when the rule fails, and how.
    pub(super) stale: Option<(i64, String)>,
}

#[derive(Template)]
#[template(path = "segments/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    groups: Vec<Group>,
    day: FactsDay,
    may_try: bool,
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Read)?;
    let ui = Ui::from(bare);
    let groups = groups(&desk, caller, ui, None).await?;
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "segments"),
        groups,
        day: desk.app().days().of_facts(caller).await?,
        may_try: caller.may(Scope::Rules).is_ok(),
    })
}

/// The bindings with their segments, all or this one.
pub(super) async fn groups(
    desk: &Desk,
    caller: &Caller,
    ui: Ui,
    only: Option<&str>,
) -> posthouse_app::Result<Vec<Group>> {
    let app = desk.app();
    let mut of: HashMap<String, Vec<SegmentSummary>> = HashMap::new();
    for segment in app.segments().list(caller).await? {
        of.entry(segment.binding.clone()).or_default().push(segment);
    }
    let mut bindings = app.bindings().list(caller).await?;
    bindings.retain(|binding| binding.extension_point == SEGMENTATION && only.is_none_or(|only| only == binding.name));
    let mut groups = Vec::with_capacity(bindings.len());
    for binding in bindings {
        let plugin = app.plugins().get(caller, &binding.digest).await?;
        let now = instant_text(ui.now);
        let flow = app
            .segments()
            .flow(caller, &binding.name, &day_text(ui.today() - TREND), &now)
            .await?;
        let segments = of.remove(&binding.name).unwrap_or_default();
        groups.push(Group {
            title: ui.local(&localized(&plugin.title)).to_owned(),
            summary: ui.local(&localized(&plugin.summary)).to_owned(),
            ..group(ui, binding, &segments, &flow)
        });
    }
    Ok(groups)
}

fn group(ui: Ui, binding: BindingView, segments: &[SegmentSummary], flow: &Flow) -> Group {
    let inside: u64 = segments.iter().map(|segment| segment.count).sum();
    let customers = flow.customers.max(inside);
    // a rule of this week has no trend yet: everybody has just come
    let has_trend = flow.from.revision.is_some();
    let row = |segment: &SegmentSummary| Row {
        key: segment.key.clone(),
        title: ui.local(&segment.title).to_owned(),
        policy: ui.local(&segment.policy).to_owned(),
        count: segment.count,
        bar: bar(segment.count, customers),
        share: share(segment.count, customers),
        moved: flow
            .segments
            .iter()
            .find(|moved| has_trend && moved.key == segment.key)
            .map(|moved| Moved {
                entered: moved.entering,
                left: moved.leaving,
            }),
    };
    Group {
        rows: segments.iter().map(row).collect(),
        outside: customers - inside,
        stale: binding.stale_since.map(|since| {
            let reason = binding.stale_reason.map(|reason| reason.into_text(ui.language));
            (since, reason.unwrap_or_default())
        }),
        name: binding.name,
        title: String::new(),
        summary: String::new(),
    }
}

/// A share in per cent: whole, or below ten with a digit behind the point.
pub(super) fn share(count: u64, all: u64) -> String {
    let tenths = (count * 1_000 + all / 2) / all.max(1);
    match tenths {
        0 if count > 0 => "<0.1%".into(),
        tenths if tenths < 100 && !tenths.is_multiple_of(10) => format!("{}.{}%", tenths / 10, tenths % 10),
        tenths => format!("{}%", (tenths + 5) / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_as_exact_as_they_matter() {
        let shown =
            [(0, 10), (1, 10_000), (1, 30), (1, 20), (1, 3), (7, 7), (0, 0)].map(|(count, all)| share(count, all));
        assert_eq!(shown, ["0%", "<0.1%", "3.3%", "5%", "33%", "100%", "0%"]);
    }
}
