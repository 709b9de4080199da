//! Cases in words: what happened, how long a clock has left.

use crate::ui::Ui;
use posthouse_app::complaints::{CaseView, ClockView, EntryView, objection_in_words};
use posthouse_domain::Instant;
use posthouse_domain::clocks::State as ClockState;
use posthouse_domain::complaints::ClockKind;
use std::collections::HashMap;
use uuid::Uuid;

/// Minutes in words that people plan by.
pub(super) fn minutes(ui: Ui, minutes: i64) -> String {
    let minutes = minutes.abs();
    match minutes {
        0..=119 => ui.say("complaints-minutes").count("count", minutes).to_string(),
        120..=2_879 => ui.say("complaints-hours").count("count", minutes / 60).to_string(),
        _ => ui.say("complaints-days").count("count", minutes / 1_440).to_string(),
    }
}

/// A clock as it is shown.
pub(super) struct Clock {
    pub(super) kind: &'static str,
    pub(super) tone: &'static str,
    /// How much of it is used up, in hundredths.
    pub(super) percent: i64,
    pub(super) due_at: Option<Instant>,
    /// How it stands, in words.
    pub(super) said: String,
    /// Whether it runs, and what is left changes by itself.
    pub(super) is_running: bool,
}

impl Clock {
    pub(super) fn of(ui: Ui, view: &ClockView) -> Self {
        let left = view.left_minutes.unwrap_or(0);
        let whole = (view.used_minutes + left).max(1);
        let percent = (view.used_minutes.saturating_mul(100) / whole).clamp(0, 100);
        let late = left < 0 || view.state == ClockState::Breached;
        let said = match view.state {
            ClockState::Met => ui.say("complaints-clock-met").to_string(),
            ClockState::Breached => ui
                .say("complaints-clock-late")
                .with("time", minutes(ui, left))
                .to_string(),
            ClockState::Paused => ui
                .say("complaints-clock-paused")
                .with("time", minutes(ui, left))
                .to_string(),
            ClockState::Running => ui
                .say("complaints-clock-left")
                .with("time", minutes(ui, left))
                .to_string(),
        };
        Self {
            kind: view.kind.as_str(),
            tone: match view.state {
                ClockState::Met => "good",
                _ if late => "bad",
                _ if percent >= 80 => "warn",
                _ => "",
            },
            percent: if late { 100 } else { percent },
            due_at: view.due_at,
            said,
            is_running: view.state == ClockState::Running,
        }
    }
}

/// The clock of a case that is over first: what a list shows of it.
pub(super) fn soonest(ui: Ui, case: &CaseView) -> Option<Clock> {
    let running = case.clocks.iter().filter(|clock| clock.due_at.is_some());
    let own = running.clone().filter(|clock| !clock.kind.is_statutory());
    let found = own.min_by_key(|clock| clock.due_at);
    found
        .or_else(|| running.min_by_key(|clock| clock.due_at))
        .map(|clock| Clock::of(ui, clock))
}

/// Something that happened, as it is shown.
pub(super) struct Entry {
    pub(super) at: Instant,
    pub(super) by: String,
    pub(super) title: String,
    pub(super) text: Option<String>,
    /// Why it went where it went.
    pub(super) why: Vec<String>,
    pub(super) decision: Option<Uuid>,
    pub(super) is_public: bool,
    pub(super) icon: &'static str,
}

fn icon(kind: &str) -> &'static str {
    match kind {
        "opened" => "scroll-text",
        "routed" | "assign" => "arrow-right",
        "warned" | "breached" => "triangle-alert",
        "compensation" | "propose" => "award",
        "wait_customer" | "wait_supplier" => "pause",
        "accept" | "resolve" | "close" => "circle-check",
        "reopen" | "withdraw" => "rotate-ccw",
        "file" => "upload",
        "joined" => "layers",
        _ => "pencil",
    }
}

/// What a key of the data of an entry is called where it is one of a closed set.
fn detail(ui: Ui, entry: &EntryView, desks: &HashMap<String, String>) -> String {
    let word = |key: &str| entry.data[key].as_str().unwrap_or_default().to_owned();
    let desk = |key: &str| {
        let key = word(key);
        desks.get(&key).cloned().unwrap_or(key)
    };
    match entry.kind.as_str() {
        "routed" => match entry.data["from"].as_str() {
            Some(from) if from != word("desk") => ui
                .say("complaints-entry-hop")
                .with("from", desk("from"))
                .with("to", desk("desk"))
                .to_string(),
            _ => ui.say("complaints-entry-at").with("desk", desk("desk")).to_string(),
        },
        "assign" if entry.data["desk"].is_string() => {
            ui.say("complaints-entry-at").with("desk", desk("desk")).to_string()
        }
        "warned" | "breached" => {
            let clock = ui.say_of("complaints-clock-kind-", &word("clock")).to_string();
            match entry.data["percent"].as_i64() {
                Some(percent) => format!("{clock} {percent}%"),
                None => clock,
            }
        }
        "compensation" => {
            let remedy = ui.say_of("complaints-remedy-", &word("remedy")).to_string();
            let amount = entry.data["amount"].as_i64().unwrap_or(0);
            let state = ui.say_of("complaints-compensation-", &word("state")).to_string();
            let amount = match word("remedy").as_str() {
                "apology" => String::new(),
                "points" => ui.number(amount),
                _ => ui.money(amount),
            };
            [remedy, amount, state]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ")
        }
        "severity" => ui
            .say("complaints-entry-severity")
            .with("from", entry.data["from"].as_i64().unwrap_or(0))
            .with("to", entry.data["severity"].as_i64().unwrap_or(0))
            .to_string(),
        "file" => word("name"),
        "joined" => word("number"),
        "rate" => format!("{} / 5", entry.data["rating"].as_i64().unwrap_or(0)),
        _ => String::new(),
    }
}

impl Entry {
    pub(super) fn of(ui: Ui, entry: EntryView, names: &HashMap<Uuid, String>, desks: &HashMap<String, String>) -> Self {
        let by = match entry.told_by.as_str() {
            "staff" => entry
                .actor
                .and_then(|actor| names.get(&actor))
                .cloned()
                .unwrap_or_default(),
            other => ui.say_of("complaints-by-", other).to_string(),
        };
        let kind = ui.say_of("complaints-entry-kind-", &entry.kind).to_string();
        let detail = detail(ui, &entry, desks);
        let mut why = Vec::new();
        let mut decision = None;
        if let Some(said) = &entry.why {
            why.extend(said.reason.as_ref().map(|reason| ui.local(&reason.text).to_owned()));
            why.extend(
                said.objections
                    .iter()
                    .map(|objection| ui.words(&objection_in_words(*objection)).to_owned()),
            );
            why.extend(said.fault.as_ref().map(|fault| ui.words(fault).to_owned()));
            decision = said.decision;
        }
        Self {
            at: entry.at,
            icon: icon(&entry.kind),
            title: if detail.is_empty() {
                kind
            } else {
                format!("{kind} · {detail}")
            },
            by,
            text: entry.text,
            why,
            decision,
            is_public: entry.is_public,
        }
    }
}

/// The kinds of clocks, in the order in which they are shown.
pub(super) const CLOCKS: [ClockKind; 6] = [
    ClockKind::FirstResponse,
    ClockKind::NextUpdate,
    ClockKind::Resolution,
    ClockKind::StatutoryAcceptance,
    ClockKind::StatutoryReply,
    ClockKind::StatutoryMediation,
];
