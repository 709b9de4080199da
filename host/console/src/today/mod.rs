//! Today: what needs me, each with its one next action; what happened; who departs and returns.

mod needs;

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use needs::Line;
use posthouse_app::samples::CUSTOMERS;
use posthouse_app::team::Scope;
use posthouse_app::today::{CampaignSpend, FirstStep, TodayView, Travelling, TripToday};

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/", get(today))
}

#[derive(Template)]
#[template(path = "today/today.html")]
struct Today {
    ui: Ui,
    shell: Shell,
    /// Which part of the day it is where the agency is.
    greeting: &'static str,
    person: String,
    view: TodayView,
    lines: Vec<Line>,
    /// More of a kind than are listed, in words.
    more: Vec<String>,
    waiting: usize,
    /// What a new agency still has to do.
    first: Vec<FirstLine>,
    /// Whether samples can be loaded, and how many customers those are.
    samples: Option<u32>,
}

/// A step of a new agency.
struct FirstLine {
    step: &'static str,
    help: &'static str,
    is_done: bool,
    /// Where it is done, in rooms that are open to the reader.
    ways: Vec<(&'static str, &'static str)>,
}

fn first_line((step, is_done): (FirstStep, bool), has_plugin: bool, shell: &Shell) -> FirstLine {
    let is_open = |room: &str| shell.rooms.iter().any(|open| open.name == room);
    let (help, ways): (_, &[(&str, &str, &str)]) = match step {
        FirstStep::Customers => (
            "customers-help",
            &[
                ("imports", "imports", "/imports"),
                ("customers", "customers", "/customers/new"),
            ],
        ),
        FirstStep::Rule if has_plugin => ("rule-next", &[("segments", "segments", "/segments")]),
        FirstStep::Rule => ("rule-help", &[("plugins", "rule", "/plugins")]),
        FirstStep::Campaign => ("campaign-help", &[("campaigns", "campaign", "/campaigns/new")]),
        FirstStep::Colleague => ("colleague-help", &[("team", "colleague", "/team")]),
    };
    let ways = ways.iter().filter(|(room, ..)| is_open(room) && !is_done);
    FirstLine {
        step: step.as_str(),
        help,
        is_done,
        ways: ways.map(|(_, word, path)| (*word, *path)).collect(),
    }
}

impl Today {
    /// Whose trips begin, and whose end.
    fn travelling(&self) -> [(&'static str, &Travelling); 2] {
        [("departs", &self.view.departs), ("returns", &self.view.returns)]
    }

    fn trip(&self, trip: &TripToday) -> String {
        let what = trip.product.clone().or_else(|| trip.destination.clone());
        let people = trip.travellers.filter(|travellers| *travellers > 1);
        let people = people.map(|people| self.ui.say("today-travellers").count("count", people).to_string());
        let parts: Vec<String> = [what, people].into_iter().flatten().collect();
        parts.join(" · ")
    }

    /// How much of a budget is gone, in hundredths of the width of its meter.
    fn burnt(&self, campaign: &CampaignSpend) -> i64 {
        if campaign.budget <= 0 {
            return 0;
        }
        (i128::from(campaign.used) * 100 / i128::from(campaign.budget)).clamp(0, 100) as i64
    }

    fn net(&self, entering: &u64, leaving: &u64) -> i64 {
        *entering as i64 - *leaving as i64
    }

    fn signed(&self, net: i64) -> String {
        let number = crate::show::grouped(net);
        if net > 0 { format!("+{number}") } else { number }
    }
}

async fn today(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let ui = Ui::from(bare);
    let view = desk.app().today().of(&session.caller).await?;
    let shell = Shell::new(&session, ui, "today");
    let lines: Vec<Line> = view.needs.iter().map(|need| needs::line(need, &shell, ui)).collect();
    let beginning = desk.app().today().beginning(&session.caller).await?;
    let is_empty = beginning.as_ref().is_some_and(|beginning| beginning.is_empty);
    let may_load = is_empty && session.caller.may(Scope::Owner).is_ok();
    let first = beginning.into_iter().flat_map(|beginning| {
        let has_plugin = beginning.has_plugin;
        let lines = beginning.steps.into_iter();
        lines
            .map(|step| first_line(step, has_plugin, &shell))
            .collect::<Vec<_>>()
    });
    let first = first.collect();
    let more = view.more.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| {
        let kind = ui.say_of("today-kind-", kind.as_str()).to_string();
        ui.say("today-more")
            .count("count", *count)
            .with("kind", kind)
            .to_string()
    });
    page(&Today {
        ui,
        greeting: greeting(ui.hour()),
        person: session.person.name.clone(),
        waiting: lines.len() + view.more.iter().map(|(_, count)| *count as usize).sum::<usize>(),
        more: more.collect(),
        first,
        samples: may_load.then_some(CUSTOMERS),
        lines,
        shell,
        view,
    })
}

/// The part of the day.
fn greeting(hour: u32) -> &'static str {
    match hour {
        5..=11 => "morning",
        12..=17 => "afternoon",
        _ => "evening",
    }
}
