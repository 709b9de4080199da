//! What the log says, in words: what was done, to what by its name, and where that is looked at.

use crate::Desk;
use crate::shell::Shell;
use crate::texts;
use crate::ui::Ui;
use posthouse_app::audit::AuditEntry;
use posthouse_app::team::{Caller, Scope};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Campaigns whose names are known.
const CAMPAIGNS: usize = 500;
/// Longest detail that is shown, in characters.
const DETAIL: usize = 160;

/// Names of what the entries of a page are about, as far as their reader may know them.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    pub(super) async fn of(
        desk: &Desk,
        caller: &Caller,
        ui: Ui,
        entries: &[AuditEntry],
    ) -> Result<Self, posthouse_app::AppError> {
        let app = desk.app();
        let is_about = |kind: &str| {
            let mut subjects = entries.iter().filter_map(|entry| entry.subject.split_once('/'));
            subjects.any(|(own, _)| own == kind)
        };
        let mut names = HashMap::new();
        // whoever reads the log may know who its people are
        for person in app.team().staff(caller).await? {
            names.insert(format!("staff/{}", person.id), person.name);
        }
        for key in app.team().keys(caller).await? {
            names.insert(format!("key/{}", key.id), key.name);
        }
        for role in app.team().roles(caller).await? {
            names.insert(format!("role/{}", role.key), ui.local(&role.title).to_owned());
        }
        for branch in app.team().branches(caller).await? {
            names.insert(format!("branch/{}", branch.id), branch.name);
        }
        if is_about("campaign") && caller.may(Scope::Read).is_ok() {
            let (campaigns, _) = app.campaigns().list(caller, (None, None), None, CAMPAIGNS).await?;
            let named = campaigns.into_iter();
            names.extend(named.map(|campaign| (format!("campaign/{}", campaign.id), campaign.name)));
        }
        if caller.may(Scope::Read).is_ok() {
            let customers: Vec<Uuid> = entries
                .iter()
                .filter_map(|entry| entry.subject.strip_prefix("customer/"))
                .filter_map(|id| Uuid::try_parse(id).ok())
                .collect();
            let labels = app.profiles().labels(caller, &customers).await?;
            names.extend(
                labels
                    .into_iter()
                    .map(|(id, label)| (format!("customer/{id}"), label.label)),
            );
        }
        Ok(Self(names))
    }

    /// By what people know a subject: its name, or its id.
    pub(super) fn named(&self, subject: &str) -> String {
        let id = subject.split_once('/').map_or(subject, |(_, id)| id);
        self.0.get(subject).cloned().unwrap_or_else(|| shortened(id))
    }
}

/// The end of a long id; what people have chosen is shown whole.
fn shortened(id: &str) -> String {
    let is_id = Uuid::try_parse(id).is_ok() || (id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if is_id {
        format!("…{}", &id[id.len() - 8..])
    } else {
        id.to_owned()
    }
}

/// What was done, in words; one that a later build wrote keeps its code.
pub(super) fn deed(action: &str, ui: Ui) -> String {
    let key = format!("team-did-{}", action.replace('.', "-"));
    if texts::has(&key) {
        ui.say_of("team-did-", action).to_string()
    } else {
        action.to_owned()
    }
}

/// What kind of thing it was done to.
pub(super) fn kind(subject: &str, ui: Ui) -> String {
    let kind = subject.split_once('/').map_or(subject, |(kind, _)| kind);
    if texts::has(&format!("team-thing-{kind}")) {
        ui.say_of("team-thing-", kind).to_string()
    } else {
        kind.to_owned()
    }
}

/// Where it is looked at, if that room is open to the reader.
pub(super) fn place(subject: &str, caller: &Caller, shell: &Shell) -> Option<String> {
    let (kind, id) = subject.split_once('/')?;
    let team = |path: String| ("team", Scope::Team, path);
    let (room, scope, path) = match kind {
        "staff" => team(format!("/team/people/{id}")),
        "role" => team(format!("/team/roles/{id}")),
        "key" => team("/team/keys".into()),
        "branch" => team("/team/branches".into()),
        "agency" => ("settings", Scope::Owner, "/settings/agency".into()),
        "attribute" => ("settings", Scope::Rules, "/settings/attributes".into()),
        "campaign" => ("campaigns", Scope::Read, format!("/campaigns/{id}")),
        "stacking-group" => ("campaigns", Scope::Read, "/campaigns/groups".into()),
        "customer" => ("customers", Scope::Read, format!("/customers/{id}")),
        "quote" => ("quotes", Scope::Read, format!("/quotes/{id}")),
        "job" => ("plugins", Scope::Operations, "/jobs".into()),
        "import" => ("imports", Scope::Intake, format!("/imports/{id}")),
        "binding" => ("plugins", Scope::Rules, format!("/plugins/bindings/{id}")),
        "plugin" => ("plugins", Scope::Rules, format!("/plugins/{id}")),
        "webhook" => ("plugins", Scope::Operations, format!("/webhooks/{id}")),
        _ => return None,
    };
    let is_open = shell.rooms.iter().any(|open| open.name == room) && caller.may(scope).is_ok();
    is_open.then_some(path)
}

/// More about it on one line: names of fields and things, as the log has them.
pub(super) fn detail(detail: &Value) -> String {
    let members = detail.as_object().into_iter().flatten();
    let said = members.filter(|(_, value)| !value.is_null()).map(|(name, value)| {
        let text = match value {
            Value::String(text) => shortened(text),
            Value::Array(list) => {
                let words = list
                    .iter()
                    .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
                words.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        format!("{name}: {text}")
    });
    let line = said.collect::<Vec<_>>().join(" · ");
    match line.char_indices().nth(DETAIL) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn sources(folder: &Path, found: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(path).unwrap();
                found.push_str(text.split("#[cfg(test)]").next().unwrap());
            }
        }
    }

    /// Every action that the app writes down by its name has words.
    #[test]
    fn what_the_app_writes_down_is_said_in_words() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/src"), &mut text);
        let call =
            Regex::new(r#"(?s)(?:note|note_by|note_look|audit::write)\([^;]{0,160}?"([a-z-]+\.[a-z-]+)""#).unwrap();
        let actions: BTreeSet<String> = call.captures_iter(&text).map(|found| found[1].to_owned()).collect();
        assert!(actions.len() > 30, "{actions:?}");
        let silent: Vec<_> = actions
            .iter()
            .filter(|action| !texts::has(&format!("team-did-{}", action.replace('.', "-"))))
            .collect();
        assert_eq!(silent, Vec::<&String>::new(), "say in team/texts what these are");
    }

    #[test]
    fn a_detail_is_one_short_line() {
        let told = json!({"fields": ["role", "branch"], "role": "sales", "branch": null, "disabled": false});
        assert_eq!(detail(&told), "disabled: false · fields: role, branch · role: sales");
        let long = detail(&json!({"text": "长".repeat(400)}));
        assert!(long.chars().count() == DETAIL + 1 && long.ends_with('…'), "{long}");
        assert_eq!(detail(&json!({})), "");
    }

    #[test]
    fn only_long_ids_are_shortened() {
        assert_eq!(shortened("01a204a1-193a-70a2-bedf-baa8a47b6e03"), "…a47b6e03");
        assert_eq!(shortened(&"ab".repeat(32)), "…abababab");
        assert_eq!(shortened("segmentation/rfm"), "segmentation/rfm");
    }
}
