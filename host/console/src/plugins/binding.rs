//! A binding as an operator sees it: the rule in force with its settings and grants, how it fares, and what it wrote.

use super::binding_path;
use super::record::localized;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, Fault, page};
use crate::parts::facts::{Fact, Facts};
use crate::parts::schema::described;
use crate::shell::{Shell, said};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::complaints::COMPLAINT_ROUTING;
use posthouse_app::loyalty::LOYALTY;
use posthouse_app::rules::{BindingView, LogEntry, PluginView};
use posthouse_app::segments::SEGMENTATION;
use posthouse_app::team::Scope;
use posthouse_web::Problem;
use serde::Deserialize;

/// Lines of a page.
const PAGE: i64 = 100;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "plugins/binding.html")]
struct Binding {
    ui: Ui,
    shell: Shell,
    binding: BindingView,
    plugin: PluginView,
    title: String,
    settings: Vec<(String, String)>,
    granted: Vec<Fact>,
    lines: Vec<LogEntry>,
    next: Option<i64>,
    reads: bool,
    /// How many customers are in its segments.
    members: u64,
}

pub(super) async fn binding(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((point, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let binding = app.bindings().get(caller, &point, &name).await?;
    let plugin = app.plugins().get(caller, &binding.digest).await?;
    let mut lines = app
        .bindings()
        .log(caller, &point, &name, asked.before, PAGE + 1)
        .await?;
    let more = lines.len() as i64 > PAGE;
    lines.truncate(PAGE as usize);
    let facts = Facts::of(&desk, caller, ui).await?;
    let segments = app.segments().list(caller).await?.into_iter();
    let members = segments.filter(|segment| point == SEGMENTATION && segment.binding == name);
    page(&Binding {
        ui,
        shell: Shell::new(&session, ui, "plugins"),
        title: ui.local(&localized(&plugin.title)).to_owned(),
        settings: described(ui, &plugin.config_schema, &binding.config),
        granted: facts.all(&binding.granted),
        next: lines.last().filter(|_| more).map(|line| line.line),
        lines,
        reads: caller.may(Scope::Read).is_ok(),
        members: members.map(|segment| segment.count).sum(),
        plugin,
        binding,
    })
}

/// Has a rule that was set aside asked at once.
pub(super) async fn ask_again(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((point, name)): Path<(String, String)>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let view = desk.app().bindings().ask_again(&session.caller, &point, &name).await?;
    let text = Ui::from(bare).say("plugins-asked-again").to_string();
    Ok(said(&binding_path(&view.extension_point, &view.name), &text))
}

#[derive(Debug, Deserialize)]
pub(super) struct Present {
    /// The revision that whoever asks has looked at.
    revision: i64,
}

/// Takes a rule that decides by itself out of force.
pub(super) async fn end(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((point, name)): Path<(String, String)>,
    Form(present): Form<Present>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let (caller, expected) = (&session.caller, Some(present.revision));
    let view = match point.as_str() {
        SEGMENTATION => desk.app().segments().end(caller, &name, expected).await?,
        LOYALTY => desk.app().loyalty().end(caller, &name, expected).await?,
        COMPLAINT_ROUTING => desk.app().complaints().end(caller, &name, expected).await?,
        _ => return Err(by_campaigns()),
    };
    let moved = view.diff.as_ref().map_or(0, |diff| diff.changed);
    let text = Ui::from(bare).say("plugins-ended").count("count", moved).to_string();
    Ok(said(&binding_path(&point, &name), &text))
}

/// Puts the rule of a binding that has ended back into force.
pub(super) async fn restore(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path((point, name)): Path<(String, String)>,
    Form(present): Form<Present>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let (caller, expected) = (&session.caller, Some(present.revision));
    let view = match point.as_str() {
        SEGMENTATION => desk.app().segments().roll_back(caller, &name, None, expected).await?,
        LOYALTY => desk.app().loyalty().roll_back(caller, &name, None, expected).await?,
        COMPLAINT_ROUTING => desk.app().complaints().roll_back(caller, &name, None, expected).await?,
        _ => return Err(by_campaigns()),
    };
    let moved = view.diff.as_ref().map_or(0, |diff| diff.changed);
    let text = Ui::from(bare).say("plugins-restored").count("count", moved).to_string();
    Ok(said(&binding_path(&point, &name), &text))
}

/// Rules of campaigns end and come back with them.
fn by_campaigns() -> Fault {
    Problem::not_found("binding").into()
}

impl Binding {
    /// Whether it can be ended here.
    fn may_end(&self) -> bool {
        (self.is_sorting() || self.is_alone()) && self.binding.ended_at.is_none()
    }

    /// Whether it comes into force from its plugin's page.
    fn is_alone(&self) -> bool {
        self.is_loyal() || self.binding.extension_point == COMPLAINT_ROUTING
    }

    fn is_loyal(&self) -> bool {
        self.binding.extension_point == LOYALTY
    }

    fn is_sorting(&self) -> bool {
        self.binding.extension_point == SEGMENTATION
    }

    fn tone(&self, level: &str) -> &'static str {
        match level {
            "fault" | "error" => " bad",
            "warn" => " warn",
            "about" => " info",
            _ => "",
        }
    }
}
