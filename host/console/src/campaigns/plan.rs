//! The plan as a form: written new, changed before it starts, amended while it is in force; checked while one types.

use super::amendments::{Pair, pairs};
use super::drafting::{Asked, Draft, Wrong};
use super::refusal;
use super::told::{Fact, Names, title_of};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, again, page};
use crate::led::{Done, led};
use crate::parts::schema::readable;
use crate::parts::settings::{self, Settings};
use crate::shell::Shell;
use crate::texts::Saying;
use crate::ui::Ui;
use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Form as Sent, Path, State};
use posthouse_app::AppError;
use posthouse_app::campaigns::{CampaignChange, CampaignSummary, Lesson, NewCampaign, PROMOTION, Proposal, Reach};
use posthouse_app::rules::PluginView;
use posthouse_app::team::{Scope, Session};
use posthouse_domain::campaign::{CampaignType, MEANT, Plan, State as Stand};
use posthouse_domain::catalogue::FactKind;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Plugins that are looked through.
const PLUGINS: usize = 500;
/// Lessons that stand beside the form.
const LESSONS: usize = 3;

/// Something to choose.
struct Choice {
    value: String,
    title: String,
    more: String,
    is_chosen: bool,
}

/// Segments of one binding.
struct Binding {
    name: String,
    segments: Vec<Choice>,
}

impl Binding {
    /// Whether any of them is chosen.
    fn is_open(&self) -> bool {
        self.segments.iter().any(|segment| segment.is_chosen)
    }
}

/// A condition with what is typed of its kind of fact.
struct Row {
    asked: Asked,
    /// `number`, `money`, `day`, `flag`, `text`, or nothing as long as no fact is chosen.
    kind: &'static str,
}

/// What is wrong with a field, or strange about it.
#[derive(Template)]
#[template(path = "campaigns/told.html")]
struct Told {
    field: &'static str,
    why: Option<Saying>,
    doubt: Option<(&'static str, Saying)>,
    is_meant: bool,
}

/// It escapes what it writes itself.
impl HtmlSafe for Told {}

#[derive(Template)]
#[template(path = "campaigns/plan.html")]
struct Form {
    ui: Ui,
    shell: Shell,
    /// `new`, `edit` or `amend`.
    way: &'static str,
    id: Option<Uuid>,
    title: String,
    action: String,
    draft: Draft,
    kinds: [&'static str; 5],
    targets: Vec<(String, String, String)>,
    bindings: Vec<Binding>,
    rows: Vec<Row>,
    facts: Vec<Fact>,
    groups: Vec<Choice>,
    group_said: String,
    plugins: Vec<Choice>,
    plugin_said: String,
    settings: Settings,
    wrong: Vec<Wrong>,
    doubts: Vec<&'static str>,
    refused: Option<String>,
    reach: Option<Reach>,
    pairs: Vec<Pair>,
    said: Vec<super::told::Row>,
    taken: String,
    lessons: Vec<Lesson>,
}

impl Form {
    fn told(&self, field: &'static str, doubtful: &str) -> Told {
        let why = self.wrong.iter().find(|(name, _)| *name == field);
        // a tick stays to be seen, and taken back
        let doubt = MEANT
            .iter()
            .find(|name| **name == doubtful && (self.doubts.contains(name) || self.is_meant(name)));
        Told {
            field,
            why: why.map(|(_, why)| self.ui.say_of("campaigns-wrong-", why)),
            doubt: doubt.map(|name| (*name, self.ui.say("campaigns-doubt"))),
            is_meant: self.is_meant(doubtful),
        }
    }

    fn is_meant(&self, doubtful: &str) -> bool {
        self.draft.as_written.iter().any(|meant| meant == doubtful)
    }

    fn is_bad(&self, field: &str) -> bool {
        self.wrong.iter().any(|(name, _)| *name == field)
    }

    fn is_new(&self) -> bool {
        self.way == "new"
    }
}

fn kind_of(asked: &Asked, facts: &[Fact]) -> &'static str {
    match facts.iter().find(|fact| fact.key == asked.fact).map(|fact| fact.kind) {
        None => "",
        Some(FactKind::Flag) => "flag",
        Some(FactKind::Text) => "text",
        Some(FactKind::Day) => "day",
        Some(FactKind::Money) => "money",
        Some(FactKind::Count | FactKind::Number) => "number",
    }
}

/// What a form is drawn and read with.
struct Room {
    names: Names,
    plugins: Vec<PluginView>,
    in_force: Vec<CampaignSummary>,
}

impl Room {
    async fn of(desk: &Desk, session: &Session, ui: Ui, before: Option<&CampaignSummary>) -> Answer<Self> {
        let (app, caller) = (desk.app(), &session.caller);
        let plans: Vec<&Plan> = before.iter().map(|before| &before.plan).collect();
        let (plugins, _) = app.plugins().list(caller, None, PLUGINS).await?;
        let mut plugins: Vec<PluginView> = plugins
            .into_iter()
            .filter(|plugin| plugin.extension_point == PROMOTION)
            .collect();
        // the newest of each first
        plugins.sort_by(|a, b| (&a.name, b.created_at).cmp(&(&b.name, a.created_at)));
        let mut in_force = Vec::new();
        for state in ["running", "paused"] {
            in_force.extend(
                app.campaigns()
                    .list(caller, (Some(state), None), None, PLUGINS)
                    .await?
                    .0,
            );
        }
        Ok(Self {
            names: Names::of(desk, caller, ui, &plans).await?,
            plugins,
            in_force,
        })
    }

    fn schema(&self, digest: &str) -> Option<&Value> {
        let found = self.plugins.iter().find(|plugin| plugin.digest == digest);
        found.map(|plugin| &plugin.config_schema)
    }

    /// A place in line that nobody has.
    fn next_priority(&self) -> i32 {
        let last = self.in_force.iter().map(|one| one.plan.stacking.priority).max();
        last.unwrap_or_default().saturating_add(10)
    }
}

/// The way in which a campaign is changed as it stands.
fn way_of(campaign: Option<&CampaignSummary>) -> &'static str {
    match campaign.map(|campaign| campaign.state) {
        None => "new",
        Some(Stand::Running | Stand::Paused) => "amend",
        Some(_) => "edit",
    }
}

/// Draws the form; `is_checked` says whether what is wrong is told.
async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    (draft, room, before): (Draft, &Room, Option<&CampaignSummary>),
    is_checked: bool,
) -> Answer<Form> {
    let (app, caller, names) = (desk.app(), &session.caller, &room.names);
    let read = draft.plan(&names.facts, before.map(|before| &before.plan), ui);
    let mut unreadable = Vec::new();
    let audience = draft.audience(&names.facts, ui, &mut unreadable);
    let (mut wrong, mut doubts, mut refused) = (Vec::new(), Vec::new(), None);
    let (mut said, mut differ) = (Vec::new(), Vec::new());
    match &read {
        Err(why) if is_checked => wrong.clone_from(why),
        Err(_) => {}
        Ok(plan) => {
            let fields = plan.doubts(caller.room.terms.currency);
            doubts = fields.into_iter().map(|doubt| doubt.field).collect();
            doubts.retain(|doubt| !draft.as_written.iter().any(|meant| meant == doubt));
            doubts.dedup();
            let whole = Names::of(desk, caller, ui, &[plan]).await;
            if let Ok(whole) = whole {
                said = whole.rows(plan, ui);
                if let Some(before) = before {
                    differ = pairs(names.rows(&before.plan, ui), said.clone());
                }
            }
            if is_checked && doubts.is_empty() && before.is_none() {
                refused = rehearsed(desk, session, ui, room, &draft, plan).await?;
            }
        }
    }
    let reach = app.campaigns().reach(caller, &audience).await.ok();
    let way = way_of(before);
    let (lessons, _) = app
        .campaigns()
        .lessons(
            caller,
            CampaignType::parse(&draft.kind).map(CampaignType::as_str),
            None,
            LESSONS,
        )
        .await?;
    let others = room
        .in_force
        .iter()
        .filter(|one| before.is_none_or(|before| before.id != one.id));
    let taken: Vec<String> = others
        .map(|one| format!("{} {}", one.plan.stacking.priority, one.name))
        .collect();
    let empty = json!({"type": "object"});
    let schema = room.schema(&draft.digest).unwrap_or(&empty);
    let asked = draft.conditions.iter().cloned().chain([Asked::default()]);
    Ok(Form {
        ui,
        shell: Shell::new(session, ui, "campaigns"),
        way,
        id: before.map(|before| before.id),
        title: before.map_or_else(|| ui.say("campaigns-new").to_string(), |before| before.name.clone()),
        action: before.map_or_else(
            || "/campaigns".into(),
            |before| format!("/campaigns/{}/plan", before.id),
        ),
        kinds: CampaignType::ALL.map(CampaignType::as_str),
        targets: draft
            .targets
            .iter()
            .map(|(measure, text)| (measure.clone(), super::told::measure(measure, ui), text.clone()))
            .collect(),
        bindings: bindings(names, &draft, ui),
        rows: asked
            .map(|asked| Row {
                kind: kind_of(&asked, &names.facts),
                asked,
            })
            .collect(),
        facts: names.facts.clone(),
        groups: names
            .groups
            .iter()
            .map(|group| Choice {
                value: group.key.clone(),
                title: group.title.clone(),
                more: String::new(),
                is_chosen: group.key == draft.group,
            })
            .collect(),
        group_said: names
            .groups
            .iter()
            .find(|group| group.key == draft.group)
            .map_or_else(String::new, |group| group.mode.in_words().get(ui.language).to_owned()),
        plugins: room
            .plugins
            .iter()
            .map(|plugin| Choice {
                value: plugin.digest.clone(),
                title: title_of(plugin, ui),
                more: format!("{} {}", plugin.name, plugin.version),
                is_chosen: plugin.digest == draft.digest,
            })
            .collect(),
        plugin_said: room
            .plugins
            .iter()
            .find(|plugin| plugin.digest == draft.digest)
            .and_then(|plugin| serde_json::from_value(plugin.summary.clone()).ok())
            .map_or_else(String::new, |summary: posthouse_domain::Localized| {
                ui.local(&summary).to_owned()
            }),
        settings: settings::form(ui, schema, &draft.config),
        wrong,
        doubts: if is_checked { doubts } else { Vec::new() },
        refused,
        reach,
        pairs: differ,
        said,
        taken: taken.join(" · "),
        lessons,
        draft,
    })
}

fn bindings(names: &Names, draft: &Draft, ui: Ui) -> Vec<Binding> {
    let mut bindings: Vec<Binding> = Vec::new();
    for segment in &names.segments {
        let value = format!("{}.{}", segment.binding, segment.key);
        let choice = Choice {
            is_chosen: draft.segments.contains(&value),
            value,
            title: ui.local(&segment.title).to_owned(),
            more: ui.number(segment.count),
        };
        match bindings.iter_mut().find(|binding| binding.name == segment.binding) {
            Some(binding) => binding.segments.push(choice),
            None => bindings.push(Binding {
                name: segment.binding.clone(),
                segments: vec![choice],
            }),
        }
    }
    bindings
}

fn new_campaign(draft: &Draft, plan: Plan) -> NewCampaign {
    NewCampaign {
        key: draft.key.trim().to_owned(),
        kind: draft.kind.clone(),
        name: draft.name.clone(),
        owner: Some(draft.owner.clone()),
        plan,
        as_written: draft.as_written.clone(),
    }
}

/// Why the host would not take it, in the reader's words.
fn said(error: AppError, room: &Room, draft: &Draft, ui: Ui) -> Answer<String> {
    let why = refusal(error)?;
    let text = why.detail.get(ui.language);
    Ok(match room.schema(&draft.digest) {
        Some(schema) if why.code == "bad_config" => readable(ui, schema, text),
        _ => text.to_owned(),
    })
}

async fn rehearsed(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    room: &Room,
    draft: &Draft,
    plan: &Plan,
) -> Answer<Option<String>> {
    if draft.key.trim().is_empty() || draft.name.trim().is_empty() {
        // they are asked for where they are typed
        return Ok(None);
    }
    let new = new_campaign(draft, plan.clone());
    match desk.app().campaigns().rehearse(&session.caller, &new).await {
        Ok(_) => Ok(None),
        Err(error) => said(error, room, draft, ui).map(Some),
    }
}

async fn campaign(desk: &Desk, session: &Session, id: &str) -> Answer<CampaignSummary> {
    Ok(desk.app().campaigns().get(&session.caller, id).await?.campaign)
}

pub(super) async fn new(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let room = Room::of(&desk, &session, ui, None).await?;
    let mut draft = Draft::blank(ui, room.next_priority());
    draft.group = room
        .names
        .groups
        .first()
        .map(|group| group.key.clone())
        .unwrap_or_default();
    draft.digest = room
        .plugins
        .first()
        .map(|plugin| plugin.digest.clone())
        .unwrap_or_default();
    page(&drawn(&desk, &session, ui, (draft, &room, None), false).await?)
}

pub(super) async fn edit(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<String>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let before = campaign(&desk, &session, &id).await?;
    let room = Room::of(&desk, &session, ui, Some(&before)).await?;
    let draft = Draft::of(&before, &room.names.facts, ui);
    page(&drawn(&desk, &session, ui, (draft, &room, Some(&before)), true).await?)
}

/// Settings with what stands where nobody set anything.
fn complete(schema: &Value, set: &Value) -> Value {
    let mut whole = Map::new();
    for (key, field) in schema["properties"].as_object().into_iter().flatten() {
        let value = set.get(key).unwrap_or(&field["default"]);
        if !value.is_null() {
            whole.insert(key.clone(), value.clone());
        }
    }
    Value::Object(whole)
}

/// The draft that was sent, with its settings.
fn received(pairs: &[(String, String)], room: &Room, before: Option<&CampaignSummary>, ui: Ui) -> Draft {
    let mut draft = Draft::sent(pairs);
    let planned = before.map(|before| &before.plan.rule);
    let planned = planned.filter(|rule| rule.digest == draft.digest);
    let unset = planned.map_or_else(|| json!({}), |rule| rule.config.clone());
    // another plugin begins with its own settings
    let is_another = pairs
        .iter()
        .any(|(name, digest)| name == "set_of" && *digest != draft.digest);
    draft.config = match room.schema(&draft.digest) {
        Some(schema) if !is_another => {
            let read = settings::read(schema, pairs, ui.currency);
            // what a form shows and nobody touches stays unset: the plan is the same
            match complete(schema, &read) == complete(schema, &unset) {
                true => unset,
                false => read,
            }
        }
        _ => json!({}),
    };
    draft
}

/// The same form with what is to say about it; nothing is kept.
pub(super) async fn check(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let id = pairs.iter().find(|(name, _)| name == "id").map(|(_, id)| id);
    let before = match id {
        Some(id) => Some(campaign(&desk, &session, id).await?),
        None => None,
    };
    let room = Room::of(&desk, &session, ui, before.as_ref()).await?;
    let draft = received(&pairs, &room, before.as_ref(), ui);
    page(&drawn(&desk, &session, ui, (draft, &room, before.as_ref()), true).await?)
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let room = Room::of(&desk, &session, ui, None).await?;
    let draft = received(&pairs, &room, None, ui);
    let form = |draft| drawn(&desk, &session, ui, (draft, &room, None), true);
    let Ok(plan) = draft.plan(&room.names.facts, None, ui) else {
        return again(&form(draft).await?);
    };
    match desk
        .app()
        .campaigns()
        .create(&session.caller, new_campaign(&draft, plan))
        .await
    {
        Ok(view) => {
            let told = ui.say("campaigns-written").with("name", view.campaign.name.as_str());
            Ok(led(
                scripted,
                &format!("/campaigns/{}", view.campaign.id),
                &Done::said(told),
            ))
        }
        Err(error) => {
            let why = said(error, &room, &draft, ui)?;
            let mut form = form(draft).await?;
            form.refused.get_or_insert(why);
            again(&form)
        }
    }
}

/// Changes a plan that has not started, or proposes to amend one that is in force.
pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<String>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let before = campaign(&desk, &session, &id).await?;
    let room = Room::of(&desk, &session, ui, Some(&before)).await?;
    let draft = received(&pairs, &room, Some(&before), ui);
    let form = |draft| drawn(&desk, &session, ui, (draft, &room, Some(&before)), true);
    let Ok(plan) = draft.plan(&room.names.facts, Some(&before.plan), ui) else {
        return again(&form(draft).await?);
    };
    let done = match way_of(Some(&before)) {
        "amend" => propose(&desk, &session, &before, &draft, plan).await.map(|()| {
            let told = ui.say("campaigns-proposed");
            (format!("/campaigns/{}?tab=amendments", before.id), told)
        }),
        _ => rewrite(&desk, &session, &before, &draft, plan).await.map(|()| {
            let told = ui.say("campaigns-changed").with("name", draft.name.as_str());
            (format!("/campaigns/{}", before.id), told)
        }),
    };
    match done {
        Ok((path, told)) => Ok(led(scripted, &path, &Done::said(told))),
        Err(error) => {
            let why = said(error, &room, &draft, ui)?;
            let mut form = form(draft).await?;
            form.refused = Some(why);
            again(&form)
        }
    }
}

async fn rewrite(
    desk: &Desk,
    session: &Session,
    before: &CampaignSummary,
    draft: &Draft,
    plan: Plan,
) -> Result<(), AppError> {
    let change = CampaignChange {
        name: Some(draft.name.clone()),
        owner: Some(draft.owner.clone()),
        plan: Some(plan),
        as_written: draft.as_written.clone(),
    };
    let campaigns = desk.app().campaigns();
    campaigns
        .change(&session.caller, &before.id.to_string(), &change, draft.version)
        .await
        .map(drop)
}

/// Proposes another plan; a rule that reads more is granted what it reads, as whoever starts a campaign grants it.
async fn propose(
    desk: &Desk,
    session: &Session,
    before: &CampaignSummary,
    draft: &Draft,
    plan: Plan,
) -> Result<(), AppError> {
    let (app, caller, id) = (desk.app(), &session.caller, before.id.to_string());
    let reads = app.plugins().get(caller, &plan.rule.digest).await?.facts;
    let granted = app.campaigns().get(caller, &id).await?.granted;
    let keys = reads.as_array().into_iter().flatten();
    let keys = keys.filter_map(|fact| fact["key"].as_str().map(str::to_owned));
    let grant: Vec<String> = keys.filter(|key| !granted.contains(key)).collect();
    let note = Some(draft.note.trim()).filter(|note| !note.is_empty());
    let proposal = Proposal::Plan(Box::new(plan), draft.as_written.clone());
    app.amendments()
        .propose(caller, &id, &proposal, &grant, note)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_nobody_touched_are_the_same() {
        let schema = json!({"properties": {"rate": {"default": 500}, "from": {"default": null}, "kinds": {"default": ["tour"]}}});
        let shown = json!({"rate": 500, "from": null, "kinds": ["tour"]});
        assert_eq!(complete(&schema, &shown), complete(&schema, &json!({})));
        assert_ne!(complete(&schema, &json!({"rate": 600})), complete(&schema, &json!({})));
    }
}
