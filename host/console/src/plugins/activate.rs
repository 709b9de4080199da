//! Putting a rule of loyalty or complaint routing into force from its plugin's page: the name it gets, its settings, and what it may read.

use super::binding_path;
use super::record::localized;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::parts::facts::{Fact, Facts};
use crate::parts::schema::readable;
use crate::parts::settings::{Settings, form, read};
use crate::shell::{Shell, said, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::complaints::{self, COMPLAINT_ROUTING};
use posthouse_app::loyalty::{LOYALTY, MAIN, PreviewRequest};
use posthouse_app::rules::{Activation, BindingView, PluginView};
use posthouse_app::team::{Scope, Session};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Days that a rule is played over unless somebody chooses others.
const DAYS: i32 = 365;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    name: String,
    /// A preview whose settings are taken.
    preview: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "plugins/activate.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    plugin: PluginView,
    title: String,
    summary: String,
    name: String,
    /// The revision in force under that name; 0 for none.
    revision: i64,
    /// The rule in whose place it comes, if that is another one.
    instead: Option<String>,
    /// What it is still to be granted.
    grants: Vec<Fact>,
    /// Whether that takes a right that the reader does not have.
    is_beyond: bool,
    settings: Settings,
    /// What it would have done with past cases.
    seen: Option<String>,
    wrong: Option<String>,
}

/// What is put into force, and what stands there.
struct Subject {
    plugin: PluginView,
    bindings: Vec<BindingView>,
    name: String,
    config: Value,
}

impl Subject {
    fn present(&self) -> Option<&BindingView> {
        self.bindings.iter().find(|binding| binding.name == self.name)
    }

    /// What the rule reads that its name is not granted.
    fn missing(&self) -> Vec<String> {
        let granted = self.present().map_or(&[][..], |binding| &binding.granted);
        let reads = self.plugin.facts.as_array().into_iter().flatten();
        let reads = reads.filter_map(|fact| fact["key"].as_str()).map(str::to_owned);
        reads.filter(|key| !granted.contains(key)).collect()
    }
}

async fn subject(desk: &Desk, session: &Session, digest: &str, name: &str) -> posthouse_app::Result<Subject> {
    let (app, caller) = (desk.app(), &session.caller);
    let plugin = app.plugins().get(caller, digest).await?;
    if ![LOYALTY, COMPLAINT_ROUTING].contains(&plugin.extension_point.as_str()) {
        return Err(AppError::NotFound("plugin"));
    }
    let mut bindings = app.bindings().list(caller).await?;
    bindings.retain(|binding| binding.extension_point == plugin.extension_point);
    let mut of_same = None;
    for binding in &bindings {
        let other = app.plugins().get(caller, &binding.digest).await?;
        if other.name == plugin.name && (name.is_empty() || binding.name == name) {
            of_same = Some(binding.clone());
            break;
        }
    }
    let has_main = bindings.iter().any(|binding| binding.name == MAIN);
    let name = match (&of_same, name) {
        (Some(binding), _) => binding.name.clone(),
        (None, "") if has_main => plugin.name.clone(),
        (None, "") => MAIN.to_owned(),
        (None, name) => name.to_owned(),
    };
    Ok(Subject {
        // settings go on with another version of the same rule
        config: of_same.map_or_else(|| json!({}), |binding| binding.config),
        plugin,
        bindings,
        name,
    })
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    subject: Subject,
    wrong: Option<String>,
) -> posthouse_app::Result<Page> {
    let (app, caller) = (desk.app(), &session.caller);
    let instead = match subject.present() {
        Some(binding) => {
            let present = app.plugins().get(caller, &binding.digest).await?;
            let title = ui.local(&localized(&present.title)).to_owned();
            (present.name != subject.plugin.name).then_some(title)
        }
        None => None,
    };
    let grants = Facts::of(desk, caller, ui).await?.all(&subject.missing());
    Ok(Page {
        shell: Shell::new(session, ui, "plugins"),
        title: ui.local(&localized(&subject.plugin.title)).to_owned(),
        summary: ui.local(&localized(&subject.plugin.summary)).to_owned(),
        revision: subject.present().map_or(0, |binding| binding.revision),
        instead,
        is_beyond: grants.iter().any(|fact| fact.is_personal) && caller.may(Scope::Grants).is_err(),
        grants,
        settings: form(ui, &subject.plugin.config_schema, &subject.config),
        name: subject.name,
        plugin: subject.plugin,
        seen: None,
        wrong,
        ui,
    })
}

pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(digest): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let mut subject = subject(&desk, &session, &digest, &asked.name).await?;
    if let Some(id) = asked.preview {
        let tried = desk.app().loyalty().preview(&session.caller, id).await?;
        if tried.digest == subject.plugin.digest {
            (subject.config, subject.name) = (tried.config, tried.binding);
        }
    }
    page(&drawn(&desk, &session, bare.into(), subject, None).await?)
}

/// What was sent under a name.
fn field(sent: &[(String, String)], name: &str) -> String {
    let found = sent.iter().find(|(sent, _)| sent == name);
    found.map_or("", |(_, text)| text.trim()).to_owned()
}

/// Puts the rule into force, unless what is in force under its name has changed since the page was drawn.
pub(super) async fn activate(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(digest): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let field = |name: &str| field(&sent, name);
    let (name, drawn_as) = (field("name"), field("drawn"));
    let mut subject = subject(&desk, &session, &digest, &name).await?;
    subject.config = read(&subject.plugin.config_schema, &sent, ui.currency);
    subject.name = name;
    let missing = subject.missing();
    let wrong = if subject.name != drawn_as && subject.present().is_some() {
        // what stands there is shown before anything takes its place
        Some(ui.say("plugins-name-taken").to_string())
    } else if !missing.is_empty() && field("agreed").is_empty() {
        Some(ui.say("plugins-not-agreed").to_string())
    } else {
        let expected = match subject.name == drawn_as {
            true => field("revision").parse().ok(),
            false => Some(0),
        };
        let activation = Activation {
            digest,
            config: subject.config.clone(),
            grant: Some(missing),
        };
        let (app, name) = (desk.app(), &subject.name);
        let activated = match subject.plugin.extension_point == COMPLAINT_ROUTING {
            true => app.complaints().activate(caller, name, &activation, expected).await,
            false => app.loyalty().activate(caller, name, &activation, expected).await,
        };
        match activated {
            Ok(view) => {
                let text = ui.say("plugins-put-into-force").with("name", &view.name).to_string();
                return Ok(said(&binding_path(&view.extension_point, &view.name), &text));
            }
            Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
                let schema = &subject.plugin.config_schema;
                Some(readable(ui, schema, why.detail.get(ui.language)))
            }
            Err(error) => return Err(error.into()),
        }
    };
    again(&drawn(&desk, &session, ui, subject, wrong).await?)
}

/// Has the rule played over past days, beside the one in force.
pub(super) async fn try_out(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(digest): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let field = |name: &str| field(&sent, name);
    let name = field("name");
    let mut subject = subject(&desk, &session, &digest, &name).await?;
    subject.config = read(&subject.plugin.config_schema, &sent, ui.currency);
    subject.name = name;
    if subject.plugin.extension_point == COMPLAINT_ROUTING {
        return foresee(&desk, &session, ui, subject, field("days").parse().unwrap_or(DAYS)).await;
    }
    let request = PreviewRequest {
        binding: subject.name.clone(),
        digest,
        config: subject.config.clone(),
        days: field("days").parse().unwrap_or(DAYS),
    };
    match desk.app().loyalty().begin_preview(caller, &request).await {
        Ok(preview) => Ok(whole_page(&format!("/members/previews/{}", preview.id))),
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let wrong = readable(ui, &subject.plugin.config_schema, why.detail.get(ui.language));
            again(&drawn(&desk, &session, ui, subject, Some(wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the rule would have done with the cases of past days, in a sentence above its settings.
async fn foresee(desk: &Desk, session: &Session, ui: Ui, subject: Subject, days: i32) -> Answer {
    let request = complaints::PreviewRequest {
        digest: subject.plugin.digest.clone(),
        config: subject.config.clone(),
        days,
    };
    match desk.app().complaints().preview(&session.caller, &request).await {
        Ok(view) => {
            let seen = ui
                .say("plugins-foreseen-cases")
                .count("cases", view.cases as u64)
                .count("desks", view.other_desk)
                .count("severities", view.other_severity)
                .count("deadlines", view.other_deadline)
                .count("now", view.before.breached)
                .count("then", view.after.breached);
            let mut drawn = drawn(desk, session, ui, subject, None).await?;
            drawn.seen = Some(seen.to_string());
            page(&drawn)
        }
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let wrong = readable(ui, &subject.plugin.config_schema, why.detail.get(ui.language));
            again(&drawn(desk, session, ui, subject, Some(wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}
