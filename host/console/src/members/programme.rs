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
use posthouse_app::team::{Caller, Scope, Session};
use posthouse_domain::money::{major_text, parse_major};
use posthouse_domain::time::parse_day;
use posthouse_domain::{Localized, Words, words};
use serde::Deserialize;

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
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name_zh: String,
    name_en: String,
    enrol: String,
    worth: String,
    grace: String,
    transfers: String,
    referrals: String,
    since: String,
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
            },
        }
    }

    /// The terms; limits of roles, which are no part of the form, stay as they are.
    fn read(&self, ui: Ui, before: Option<&Programme>) -> Result<Programme, Words> {
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
            adjust_limits: before.map(|terms| terms.adjust_limits.clone()).unwrap_or_default(),
            referrals_per_year: self
                .referrals
                .trim()
                .parse()
                .map_err(|_| words!("referrals a year are a whole number", "每年推荐上限应为整数"))?,
            since: parse_day(self.since.trim())
                .ok_or_else(|| words!("choose the day from which on bookings earn", "请选择从哪一天起积分"))?,
            updated_at: 0,
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
    Ok(Page {
        ui,
        shell: Shell::new(session, ui, "members"),
        tabs: tabs("programme"),
        is_new: terms.is_none(),
        typed: typed.unwrap_or_else(|| Typed::of(terms.as_ref(), ui)),
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
    Form(typed): Form<Typed>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    caller.may(Scope::Campaigns)?;
    let (ui, loyalty) = (Ui::from(bare), desk.app().loyalty());
    let before = loyalty.programme(caller).await?;
    let is_new = before.is_none();
    let wrong = match typed.read(ui, before.as_ref()) {
        Ok(terms) => match loyalty.put_programme(caller, &terms).await {
            Ok(_) => {
                let done = if is_new { "begun" } else { "changed" };
                return Ok(said(
                    "/members/programme",
                    &ui.say_of("members-terms-", done).to_string(),
                ));
            }
            Err(AppError::Invalid(why)) => why.detail.get(ui.language).to_owned(),
            Err(error) => return Err(error.into()),
        },
        Err(why) => ui.words(&why).to_owned(),
    };
    again(&drawn(&desk, &session, ui, Some(typed), Some(wrong)).await?)
}
