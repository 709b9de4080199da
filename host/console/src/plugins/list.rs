//! Every revision that was let in, and letting in another.

use super::record;
use super::{binding_path, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::parts::tabs::Tab;
use crate::shell::{Shell, said, whole_page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Multipart, State};
use posthouse_app::AppError;
use posthouse_app::rules::{BindingView, PluginView};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::words;
use posthouse_web::{Problem, bodies};

/// More revisions than an agency keeps.
const ALL: usize = 1_000;

/// A revision of the list.
#[derive(Debug)]
struct Row {
    plugin: PluginView,
    title: String,
    /// The bindings that it decides now: their address and name.
    in_force: Vec<(String, String)>,
    /// Those that ended with it.
    ended: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "plugins/list.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    wrong: Option<(String, String)>,
}

/// The bindings whose last revision names a plugin: their address and name.
fn of(bindings: &[BindingView], plugin: &PluginView) -> Vec<(String, String)> {
    let those = bindings.iter().filter(|binding| binding.digest == plugin.digest);
    those
        .map(|binding| {
            (
                binding_path(&binding.extension_point, &binding.name),
                binding.name.clone(),
            )
        })
        .collect()
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, wrong: Option<(String, String)>) -> posthouse_app::Result<List> {
    let caller = &session.caller;
    let (mut plugins, _) = desk.app().plugins().list(caller, None, ALL).await?;
    plugins.reverse();
    let bindings = desk.app().bindings().list(caller).await?;
    let ended = desk.app().bindings().ended(caller).await?;
    let row = |plugin: PluginView| Row {
        title: ui.local(&record::localized(&plugin.title)).to_owned(),
        in_force: of(&bindings, &plugin),
        ended: of(&ended, &plugin),
        plugin,
    };
    Ok(List {
        ui,
        shell: Shell::new(session, ui, "plugins"),
        tabs: tabs(caller, "plugins"),
        rows: plugins.into_iter().map(row).collect(),
        wrong,
    })
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let ui = Ui::from(bare);
    let caller = &session.caller;
    // an operator of webhooks alone has the room, but not this tab
    if caller.may(Scope::Rules).is_err() && caller.may(Scope::Operations).is_ok() {
        return Ok(whole_page("/webhooks"));
    }
    caller.may(Scope::Rules)?;
    page(&drawn(&desk, &session, ui, None).await?)
}

/// Lets a plugin in, and shows what the self-test found; or says why it stays outside.
pub(super) async fn upload(State(desk): State<Desk>, Staff(session): Staff, bare: Bare, mut form: Multipart) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Rules)?;
    let ui = Ui::from(bare);
    let mut component = None;
    while let Some(field) = form.next_field().await.map_err(|_| bodies::broken_off())? {
        if field.name() == Some("component") {
            component = Some(field.bytes().await.map_err(|_| bodies::broken_off())?);
        }
    }
    let component = component.filter(|bytes| !bytes.is_empty()).ok_or_else(|| {
        let detail = words!(
            "choose a file that `posthouse plugin pack` has made",
            "请选择用 `posthouse plugin pack` 打包出的文件"
        );
        Problem::unprocessable("no_file", detail)
    })?;
    match desk.app().plugins().upload(caller, component).await {
        Ok((is_new, plugin)) => {
            let text = if is_new {
                ui.say("plugins-let-in")
            } else {
                ui.say("plugins-known")
            };
            Ok(said(&format!("/plugins/{}", plugin.digest), &text.to_string()))
        }
        Err(AppError::Invalid(why) | AppError::Conflict(why) | AppError::Busy(why)) => {
            let wrong = (why.detail.get(ui.language).to_owned(), why.code);
            again(&drawn(&desk, &session, ui, Some(wrong)).await?)
        }
        Err(error) => Err(error.into()),
    }
}

impl List {
    fn kilobytes(&self, bytes: &i64) -> String {
        format!("{} kB", self.ui.number((bytes + 999) / 1_000))
    }
}
