//! Trying a rule: plugin, binding and settings as a form, and beside it what they would change. Nothing is changed by it.

use super::binding::plugin_title;
use super::sorting;
use super::tried::{Tried, tried};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::parts::facts::{Fact, Facts};
use crate::parts::schema::readable;
use crate::parts::settings::{Settings, form, read};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use posthouse_app::AppError;
use posthouse_app::rules::{BindingView, PluginView};
use posthouse_app::segments::SEGMENTATION;
use posthouse_app::team::{Scope, Session};
use serde::Deserialize;
use serde_json::{Value, json};

/// Stands for a binding that is to be made.
const NEW: &str = "+";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    digest: String,
    #[serde(default)]
    name: String,
    restore: Option<i64>,
}

/// A plugin that can be chosen.
#[derive(Debug)]
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "segments/trial.html")]
struct Trial {
    ui: Ui,
    shell: Shell,
    plugins: Vec<Choice>,
    bindings: Vec<Choice>,
    /// The name of the binding; of a new one as far as it is typed.
    name: String,
    is_new: bool,
    digest: String,
    title: String,
    summary: String,
    /// The revision whose rule it is.
    restore: Option<i64>,
    reads: Vec<Fact>,
    settings: Settings,
    /// The rule in whose place it would come, if that is another one.
    instead: Option<String>,
    tried: Option<Tried>,
    wrong: Option<String>,
}

/// What is tried.
struct Subject {
    plugins: Vec<PluginView>,
    bindings: Vec<BindingView>,
    chosen: usize,
    /// None for a new one.
    binding: Option<BindingView>,
    name: String,
    restore: Option<i64>,
    config: Value,
}

impl Subject {
    fn plugin(&self) -> &PluginView {
        &self.plugins[self.chosen]
    }
}

/// The subject that an address names; none if there is no rule that sorts customers.
async fn subject(desk: &Desk, session: &Session, asked: Asked) -> posthouse_app::Result<Option<Subject>> {
    let (app, caller) = (desk.app(), &session.caller);
    let plugins = sorting(desk, caller).await?;
    let mut bindings = app.bindings().list(caller).await?;
    bindings.retain(|binding| binding.extension_point == SEGMENTATION);
    let named = bindings.iter().find(|binding| binding.name == asked.name).cloned();
    let nothing_said = asked.name.is_empty() && asked.digest.is_empty();
    let first = bindings.first().filter(|_| nothing_said).cloned();
    let mut binding = named.or(first);
    // a plugin alone is tried where it is in force
    if binding.is_none() && asked.name.is_empty() {
        binding = bindings.iter().find(|binding| binding.digest == asked.digest).cloned();
    }
    let restored = match (asked.restore, &binding) {
        (Some(number), Some(binding)) => {
            let history = app
                .bindings()
                .history(caller, SEGMENTATION, &binding.name, Some(number + 1), 1)
                .await?;
            let found = history.into_iter().find(|one| one.revision == number);
            Some(found.ok_or(AppError::NotFound("binding"))?)
        }
        _ => None,
    };
    let digest = match (&restored, &binding) {
        (Some(restored), _) => restored.digest.clone(),
        (None, Some(binding)) if asked.digest.is_empty() => binding.digest.clone(),
        _ => asked.digest,
    };
    let chosen = plugins.iter().position(|plugin| plugin.digest == digest);
    let Some(chosen) = chosen.or((!plugins.is_empty() && digest.is_empty()).then_some(0)) else {
        return match plugins.is_empty() {
            true => Ok(None),
            false => Err(AppError::NotFound("plugin")),
        };
    };
    // settings go on with another version of the same rule
    let plugin = &plugins[chosen];
    let is_same_rule = |binding: &&BindingView| {
        let present = plugins.iter().find(|plugin| plugin.digest == binding.digest);
        present.is_some_and(|present| present.name == plugin.name)
    };
    let config = match (&restored, binding.as_ref().filter(is_same_rule)) {
        (Some(restored), _) => restored.config.clone(),
        (None, Some(binding)) => binding.config.clone(),
        (None, None) => json!({}),
    };
    Ok(Some(Subject {
        name: match &binding {
            Some(binding) => binding.name.clone(),
            None => free_name(&plugin.name, &bindings),
        },
        restore: restored.map(|one| one.revision),
        plugins,
        bindings,
        chosen,
        binding,
        config,
    }))
}

/// A name for a new binding that no other has.
fn free_name(plugin: &str, bindings: &[BindingView]) -> String {
    let is_free = |name: &String| bindings.iter().all(|binding| binding.name != *name);
    let numbered = (2..).map(|number| format!("{plugin}-{number}"));
    let mut names = [plugin.to_owned()].into_iter().chain(numbered);
    names.find(is_free).unwrap_or_default()
}

pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    match subject(&desk, &session, asked).await? {
        Some(subject) => page(&drawn(&desk, &session, ui, subject, None, None).await?),
        None => page(&NoRules {
            ui,
            shell: Shell::new(&session, ui, "segments"),
        }),
    }
}

#[derive(Template)]
#[template(path = "segments/no_rules.html")]
struct NoRules {
    ui: Ui,
    shell: Shell,
}

pub(super) async fn preview(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let said = |name: &str| {
        let found = sent.iter().find(|(sent, _)| sent == name);
        found.map(|(_, text)| text.trim().to_owned()).unwrap_or_default()
    };
    let asked = Asked {
        digest: said("digest"),
        name: said("name"),
        restore: said("restore").parse().ok(),
    };
    let subject = subject(&desk, &session, asked).await?;
    let mut subject = subject.ok_or(AppError::NotFound("plugin"))?;
    if subject.binding.is_none() {
        subject.name = said("new_name");
    }
    // what an older revision had is restored as it was
    if subject.restore.is_none() {
        subject.config = read(&subject.plugin().config_schema, &sent, ui.currency);
    }
    let name = subject.name.clone();
    let (plugin, binding) = (subject.plugin(), subject.binding.as_ref());
    let outcome = tried(
        &desk,
        &session.caller,
        ui,
        (plugin, binding),
        (&name, &subject.config, subject.restore),
    )
    .await;
    match outcome {
        Ok(tried) => page(&drawn(&desk, &session, ui, subject, Some(tried), None).await?),
        Err(AppError::Invalid(rejection)) => {
            let wrong = readable(ui, &subject.plugin().config_schema, rejection.detail.get(ui.language));
            again(&drawn(&desk, &session, ui, subject, None, Some(wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    subject: Subject,
    tried: Option<Tried>,
    wrong: Option<String>,
) -> posthouse_app::Result<Trial> {
    let plugin = subject.plugin();
    let facts = Facts::of(desk, &session.caller, ui).await?;
    let reads = plugin.facts.as_array().into_iter().flatten();
    let reads = reads
        .filter_map(|fact| fact["key"].as_str())
        .map(|key| facts.named(key));
    let choice = |one: &PluginView| Choice {
        value: one.digest.clone(),
        label: format!(
            "{} · {} {} · {}",
            plugin_title(ui, one),
            one.name,
            one.version,
            &one.digest[..8]
        ),
        is_chosen: one.digest == plugin.digest,
    };
    let mut bindings: Vec<_> = subject
        .bindings
        .iter()
        .map(|one| Choice {
            value: one.name.clone(),
            label: one.name.clone(),
            is_chosen: subject.binding.is_some() && one.name == subject.name,
        })
        .collect();
    bindings.push(Choice {
        value: NEW.into(),
        label: ui.say("segments-new-binding").to_string(),
        is_chosen: subject.binding.is_none(),
    });
    let present = subject.binding.as_ref().and_then(|binding| {
        let all = subject.plugins.iter();
        all.clone().find(|one| one.digest == binding.digest)
    });
    Ok(Trial {
        instead: present
            .filter(|present| present.name != plugin.name)
            .map(|present| plugin_title(ui, present)),
        ui,
        shell: Shell::new(session, ui, "segments"),
        plugins: subject.plugins.iter().map(choice).collect(),
        bindings,
        is_new: subject.binding.is_none(),
        digest: plugin.digest.clone(),
        title: plugin_title(ui, plugin),
        summary: ui.local(&super::localized(&plugin.summary)).to_owned(),
        restore: subject.restore,
        reads: reads.collect(),
        settings: form(ui, &plugin.config_schema, &subject.config),
        name: subject.name,
        tried,
        wrong,
    })
}
