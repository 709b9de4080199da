//! What waits, in words: what it is, why it is here, until when, and where it is done.

use crate::shell::Shell;
use crate::ui::Ui;
use posthouse_app::today::{Need, NeedKind};

/// Something that waits.
pub(super) struct Line {
    pub(super) tag: String,
    pub(super) tone: &'static str,
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) when: String,
    /// Until when it is due is over.
    pub(super) is_late: bool,
    /// What to do about it, and where; none while the room for it is not open to the reader.
    pub(super) action: Option<(String, String)>,
}

pub(super) fn line(need: &Need, shell: &Shell, ui: Ui) -> Line {
    let kind = need.kind.as_str();
    let is_late = need.due_at.is_some_and(|due| due < ui.now) || need.due_on.is_some_and(|due| due < ui.today());
    let when = match (need.due_at, need.due_on) {
        (Some(due), _) => ui.say("today-due").with("when", ui.moment(&due)).to_string(),
        (None, Some(due)) => ui.say("today-due").with("when", ui.day(&due)).to_string(),
        (None, None) => ui.moment(&need.at),
    };
    let title = ui
        .say_of("today-title-", kind)
        .with("name", &need.name)
        .count("count", need.count)
        .count("beside", need.beside);
    let mut detail: Vec<String> = Vec::new();
    detail.extend(
        need.who
            .as_ref()
            .filter(|_| {
                matches!(
                    need.kind,
                    NeedKind::Task
                        | NeedKind::Approval
                        | NeedKind::Amendment
                        | NeedKind::Adjustment
                        | NeedKind::Compensation
                )
            })
            .map(|who| ui.say_of("today-who-", kind).with("who", who).to_string()),
    );
    detail.extend(need.reason.as_ref().map(|reason| reason.get(ui.language).to_owned()));
    Line {
        tag: ui.say_of("today-kind-", kind).to_string(),
        tone: tone(need.kind),
        title: title.to_string(),
        detail: detail.join(" · "),
        when,
        is_late,
        action: place(need, shell).map(|path| (ui.say_of("today-do-", kind).to_string(), path)),
    }
}

fn tone(kind: NeedKind) -> &'static str {
    match kind {
        NeedKind::Approval | NeedKind::Amendment | NeedKind::Adjustment | NeedKind::Compensation => "acc",
        NeedKind::RuleFails | NeedKind::CampaignFails | NeedKind::RuleWentBack | NeedKind::Case => "warn",
        NeedKind::Webhook | NeedKind::Job => "bad",
        NeedKind::Import => "info",
        NeedKind::Task | NeedKind::Conflict => "",
    }
}

/// Where it is done, if that room is open to the reader.
fn place(need: &Need, shell: &Shell) -> Option<String> {
    let (thing, id) = need.subject.split_once('/')?;
    let (room, path) = match thing {
        "campaign" => ("campaigns", format!("/campaigns/{id}")),
        "binding" => ("plugins", format!("/plugins/bindings/{id}")),
        "import" => ("imports", format!("/imports/{id}")),
        "webhook" => ("plugins", format!("/webhooks/{id}")),
        "job" => ("plugins", "/jobs".into()),
        "adjustment" => ("members", "/members/adjustments".into()),
        "complaint" => ("complaints", format!("/complaints/{id}")),
        _ => return None,
    };
    shell.rooms.iter().any(|open| open.name == room).then_some(path)
}
