//! The programme: its terms as a form, and the rules that give points and tiers.

use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, again, page};
use crate::parts::tabs::Tab;
use crate::shell::{Shell, said};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{Enrol, LOYALTY, MAIN, Programme};
use posthouse_app::rules::PluginView;
use posthouse_app::team::{Caller, Role, Scope, Session};
use posthouse_domain::money::{major_text, parse_major};
use posthouse_domain::time::parse_day;
use posthouse_domain::{Localized, Words, words};
use std::collections::BTreeMap;

/// More revisions than an agency keeps.
const ALL: usize = 1_000;
/// What a hundred points are worth where nobody has said it yet: one of the currency.
const WORTH: i64 = 100;
/// For how many days points come back whose lot is over, where nobody has said it yet.
const GRACE: i32 = 30;
/// How many points a member passes on in a day where nobody has said it yet: none.
const TRANSFERS: i64 = 0;
/// How many guests a member brings in a year where nobody has said it yet.
const REFERRALS: i32 = 20;

/// The terms as they are typed.
#[derive(Debug, Default)]
pub(super) struct Typed {
    name_zh: String,
    name_en: String,
    enrol: String,
    worth: String,
    grace: String,
    transfers: String,
    referrals: String,
    since: String,
    /// The version of the terms that were seen; 0 before there were any.
    version: i64,
    /// The most that somebody of a role adjusts at once, by the role's key; empty without a limit.
    limits: BTreeMap<String, String>,
}

/// The code of terms that somebody has changed meanwhile.
const VERSION_CHANGED: &str = "version_changed";

/// Begins the names of the fields with a role's limit.
const LIMIT: &str = "limit.";

/// A role, and the field with its limit.
struct Limit {
    key: String,
    title: String,
    value: String,
}

/// A rule of loyalty: one in force, or one that could be.
struct Rule {
    name: String,
    title: String,
    version: String,
    path: String,
}

#[derive(Template)]
#[template(path = "members/programme.html")]
struct Page {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    is_new: bool,
    typed: Typed,
    wrong: Option<String>,
    today: String,
    in_force: Vec<Rule>,
    /// Those that were let in, to be put into force where none is.
    there: Vec<Rule>,
    limits: Vec<Limit>,
    may_change: bool,
    may_bind: bool,
}

impl Page {
    fn has_main(&self) -> bool {
        self.in_force.iter().any(|rule| rule.name == MAIN)
    }
}

impl Typed {
    fn of(terms: Option<&Programme>, ui: Ui) -> Self {
        let money = |minor| major_text(minor, ui.currency);
        match terms {
            Some(terms) => Self {
                name_zh: terms.name.zh_cn.clone(),
                name_en: terms.name.en.clone(),
                enrol: terms.enrol.as_str().to_owned(),
                worth: money(terms.value_of_100),
                grace: terms.return_grace_days.to_string(),
                transfers: terms.transfer_per_day.to_string(),
                referrals: terms.referrals_per_year.to_string(),
                since: ui.day_field(terms.since),
                version: terms.version,
                limits: terms
                    .adjust_limits
                    .iter()
                    .map(|(role, points)| (role.clone(), points.to_string()))
                    .collect(),
            },
            None => Self {
                name_zh: "积分".to_owned(),
                name_en: "points".to_owned(),
                enrol: Enrol::Automatic.as_str().to_owned(),
                worth: money(WORTH),
                grace: GRACE.to_string(),
                transfers: TRANSFERS.to_string(),
                referrals: REFERRALS.to_string(),
                since: ui.day_field(ui.today()),
                ..Self::default()
            },
        }
    }

    /// What a form has sent.
    fn of_form(sent: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, value) in sent {
            match name.as_str() {
                "name_zh" => typed.name_zh = value,
                "name_en" => typed.name_en = value,
                "enrol" => typed.enrol = value,
                "worth" => typed.worth = value,
                "grace" => typed.grace = value,
                "transfers" => typed.transfers = value,
                "referrals" => typed.referrals = value,
                "since" => typed.since = value,
                "version" => typed.version = value.parse().unwrap_or_default(),
                name => {
                    if let Some(role) = name.strip_prefix(LIMIT) {
                        typed.limits.insert(role.to_owned(), value);
                    }
                }
            }
        }
        typed
    }

    /// The most that each role adjusts at once, of those that have a limit.
    fn read_limits(&self) -> Result<BTreeMap<String, i64>, Words> {
        let typed = self.limits.iter().filter(|(_, points)| !points.trim().is_empty());
        let read = |(role, points): (&String, &String)| match super::typed::points(points) {
            Ok(points) => Ok((role.clone(), points)),
            Err(_) => Err(words!(
                "a limit of adjustments is a whole number of points, or empty for none",
                "调整上限应为整数；不设上限请留空"
            )),
        };
        typed.map(read).collect()
    }

    fn read(&self, ui: Ui) -> Result<Programme, Words> {
        Ok(Programme {
            name: Localized::new(self.name_zh.trim(), self.name_en.trim()),
            enrol: Enrol::parse(&self.enrol)
                .ok_or_else(|| words!("choose how customers become members", "请选择入会方式"))?,
            value_of_100: parse_major(self.worth.trim(), ui.currency).map_err(|_| {
                words!(
                    "the value of 100 is an amount of money such as 1.00",
                    "100 分的价值应为金额，如 1.00"
                )
            })?,
            return_grace_days: self.grace.trim().parse().map_err(|_| {
                words!(
                    "the days of grace are a whole number from 0 to 365",
                    "宽限天数应为 0 到 365 的整数"
                )
            })?,
            transfer_per_day: super::typed::points(&self.transfers)
                .map_err(|_| words!("transfers a day are a whole number of points", "每日转赠上限应为整数"))?,
            adjust_limits: self.read_limits()?,
            referrals_per_year: self
                .referrals
                .trim()
                .parse()
                .map_err(|_| words!("referrals a year are a whole number", "每年推荐上限应为整数"))?,
            since: parse_day(self.since.trim())
                .ok_or_else(|| words!("choose the day from which on bookings earn", "请选择从哪一天起积分"))?,
            updated_at: 0,
            version: 0,
        })
    }
}

fn titled(ui: Ui, plugin: &PluginView) -> String {
    let title: Localized = serde_json::from_value(plugin.title.clone()).unwrap_or_default();
    ui.local(&title).to_owned()
}

async fn rules(desk: &Desk, caller: &Caller, ui: Ui) -> posthouse_app::Result<(Vec<Rule>, Vec<Rule>)> {
    let app = desk.app();
    let (mut plugins, _) = app.plugins().list(caller, None, ALL).await?;
    plugins.retain(|plugin| plugin.extension_point == LOYALTY);
    let rule = |name: &str, plugin: &PluginView, path: String| Rule {
        name: name.to_owned(),
        title: titled(ui, plugin),
        version: format!("{} {}", plugin.name, plugin.version),
        path,
    };
    let bindings = app.bindings().list(caller).await?;
    let own = bindings.iter().filter(|binding| binding.extension_point == LOYALTY);
    let in_force = own.filter_map(|binding| {
        let plugin = plugins.iter().find(|plugin| plugin.digest == binding.digest)?;
        let path = format!("/plugins/bindings/{LOYALTY}/{}", binding.name);
        Some(rule(&binding.name, plugin, path))
    });
    let in_force: Vec<Rule> = in_force.collect();
    let is_used = |plugin: &&PluginView| bindings.iter().any(|binding| binding.digest == plugin.digest);
    let there = plugins.iter().filter(|plugin| !is_used(plugin));
    let there = there.map(|plugin| rule("", plugin, format!("/plugins/{}/activate", plugin.digest)));
    Ok((in_force, there.collect()))
}

async fn drawn(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    typed: Option<Typed>,
    wrong: Option<String>,
) -> posthouse_app::Result<Page> {
    let caller = &session.caller;
    let terms = desk.app().loyalty().programme(caller).await?;
    let (in_force, there) = rules(desk, caller, ui).await?;
    let typed = typed.unwrap_or_else(|| Typed::of(terms.as_ref(), ui));
    let roles = desk.app().team().roles(caller).await?;
    let limit = |role: &Role| Limit {
        key: role.key.clone(),
        title: ui.local(&role.title).to_owned(),
        value: typed.limits.get(&role.key).cloned().unwrap_or_default(),
    };
    // who may not ask for an adjustment needs no limit
    let asks = |role: &&Role| {
        let may = [Scope::Intake, Scope::Owner, Scope::Approvals];
        may.iter().any(|scope| role.permissions.contains(scope)) || typed.limits.contains_key(&role.key)
    };
    Ok(Page {
        limits: roles.iter().filter(asks).map(limit).collect(),
        ui,
        shell: Shell::new(session, ui, "members"),
        tabs: tabs("programme"),
        is_new: terms.is_none(),
        typed,
        wrong,
        today: ui.day_field(ui.today()),
        in_force,
        there,
        may_change: caller.may(Scope::Campaigns).is_ok(),
        may_bind: caller.may(Scope::Rules).is_ok(),
    })
}

/// The room of an agency that has no programme yet: the form that makes it.
pub(super) async fn begin(desk: &Desk, session: &Session, ui: Ui) -> Answer {
    page(&drawn(desk, session, ui, None, None).await?)
}

pub(super) async fn open(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    may_enter(&session.caller)?;
    page(&drawn(&desk, &session, bare.into(), None, None).await?)
}

/// Makes the programme, or changes its terms.
pub(super) async fn put(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    caller.may(Scope::Campaigns)?;
    let (ui, loyalty, mut typed) = (Ui::from(bare), desk.app().loyalty(), Typed::of_form(sent));
    let is_new = typed.version == 0;
    let wrong = match typed.read(ui) {
        Ok(terms) => match loyalty.put_programme(caller, &terms, Some(typed.version)).await {
            Ok(_) => {
                let done = if is_new { "begun" } else { "changed" };
                return Ok(said(
                    "/members/programme",
                    &ui.say_of("members-terms-", done).to_string(),
                ));
            }
            Err(AppError::Conflict(why)) if why.code == VERSION_CHANGED => {
                // what is sent next replaces what the reader has been told of
                let present = loyalty.programme(caller).await?;
                typed.version = present.map_or(0, |terms| terms.version);
                ui.say("members-terms-moved").to_string()
            }
            Err(AppError::Invalid(why) | AppError::Conflict(why)) => why.detail.get(ui.language).to_owned(),
            Err(error) => return Err(error.into()),
        },
        Err(why) => ui.words(&why).to_owned(),
    };
    again(&drawn(&desk, &session, ui, Some(typed), Some(wrong)).await?)
}
