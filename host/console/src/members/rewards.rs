//! Rewards: what points are spent on, made and changed.

use super::typed::{points, refused};
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::led::{Done, led};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{NewReward, RewardKind, RewardTerms, RewardView, Rung};
use posthouse_app::team::{Scope, Session};
use posthouse_domain::money::{major_text, parse_major};
use posthouse_domain::time::parse_day;
use posthouse_domain::{Day, Localized, Words, words};
use std::collections::BTreeMap;

const HERE: &str = "/members/rewards";
/// The names of prices of tiers begin with this in a form.
const PRICE: &str = "price.";
/// What stands for a tier that does not get a reward.
const NONE: &str = "-";

#[derive(Template)]
#[template(path = "members/rewards.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    rewards: Vec<RewardView>,
    ladder: Vec<Rung>,
    may_change: bool,
}

impl List {
    /// Prices of tiers that have their own, in words.
    fn prices(&self, reward: &RewardView) -> Vec<String> {
        let own = self.ladder.iter().filter_map(|rung| {
            let price = reward.terms.tier_points.get(&rung.key)?;
            let price = match price {
                Some(points) => self.ui.number(*points),
                None => self.ui.say("members-not-for-tier").to_string(),
            };
            Some(format!("{} {price}", self.ui.local(&rung.title)))
        });
        own.collect()
    }

    fn is_open(&self, reward: &RewardView) -> bool {
        reward.is_open(self.ui.today())
    }
}

/// The form of a reward.
#[derive(Template)]
#[template(path = "members/reward.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    reward: Option<RewardView>,
    ladder: Vec<Rung>,
    kinds: [&'static str; 6],
}

impl Record {
    fn text(&self, of: impl Fn(&RewardTerms) -> Option<String>) -> String {
        let terms = self.reward.as_ref().map(|reward| &reward.terms);
        terms.and_then(of).unwrap_or_default()
    }

    fn title_zh(&self) -> String {
        self.text(|terms| Some(terms.title.zh_cn.clone()))
    }

    fn title_en(&self) -> String {
        self.text(|terms| Some(terms.title.en.clone()))
    }

    fn points(&self) -> String {
        self.text(|terms| Some(terms.points.to_string()))
    }

    fn price(&self, tier: &str) -> String {
        self.text(|terms| {
            let own = terms.tier_points.get(tier)?;
            Some(own.map_or_else(|| NONE.to_owned(), |points| points.to_string()))
        })
    }

    fn stock(&self) -> String {
        self.text(|terms| terms.stock.map(|count| count.to_string()))
    }

    fn per_member(&self) -> String {
        self.text(|terms| terms.per_member.map(|count| count.to_string()))
    }

    fn from(&self) -> String {
        self.text(|terms| terms.from.map(|day| self.ui.day_field(day)))
    }

    fn until(&self) -> String {
        self.text(|terms| terms.until.map(|day| self.ui.day_field(day)))
    }

    fn worth(&self) -> String {
        self.text(|terms| terms.worth.map(|minor| major_text(minor, self.ui.currency)))
    }

    fn is_offered(&self) -> bool {
        self.reward.as_ref().is_none_or(|reward| reward.terms.is_offered)
    }

    fn has_worth(&self) -> bool {
        self.reward
            .as_ref()
            .is_none_or(|reward| reward.kind == RewardKind::MoneyOff)
    }
}

pub(super) async fn list(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let (ui, loyalty) = (Ui::from(bare), desk.app().loyalty());
    page(&List {
        ui,
        shell: Shell::new(&session, ui, "members"),
        tabs: tabs("rewards"),
        rewards: loyalty.rewards(caller).await?,
        ladder: loyalty.ladder(caller).await?,
        may_change: caller.may(Scope::Campaigns).is_ok(),
    })
}

async fn form(desk: &Desk, session: &Session, ui: Ui, key: Option<&str>) -> Answer {
    let (caller, loyalty) = (&session.caller, desk.app().loyalty());
    may_enter(caller)?;
    caller.may(Scope::Campaigns)?;
    let reward = match key {
        Some(key) => Some(loyalty.reward(caller, key).await?),
        None => None,
    };
    page(&Record {
        ui,
        shell: Shell::new(session, ui, "members"),
        reward,
        ladder: loyalty.ladder(caller).await?,
        kinds: RewardKind::ALL.map(RewardKind::as_str),
    })
}

pub(super) async fn new(State(desk): State<Desk>, Staff(session): Staff, bare: Bare) -> Answer {
    form(&desk, &session, bare.into(), None).await
}

pub(super) async fn open(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(key): Path<String>,
) -> Answer {
    form(&desk, &session, bare.into(), Some(&key)).await
}

/// What was typed.
struct Typed(Vec<(String, String)>);

fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_reward", detail)
}

impl Typed {
    fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(sent, _)| sent == name);
        found.map_or("", |(_, text)| text.trim())
    }

    fn count(&self, name: &str) -> Result<Option<i64>, AppError> {
        match self.text(name) {
            "" => Ok(None),
            text => points(text).map(Some),
        }
    }

    fn day(&self, name: &str) -> Result<Option<Day>, AppError> {
        match self.text(name) {
            "" => Ok(None),
            text => parse_day(text)
                .map(Some)
                .ok_or_else(|| bad(words!("that is no day", "日期不正确"))),
        }
    }

    fn terms(&self, ui: Ui) -> Result<RewardTerms, AppError> {
        let mut tier_points = BTreeMap::new();
        for (name, text) in &self.0 {
            let Some(tier) = name.strip_prefix(PRICE) else { continue };
            match text.trim() {
                "" => {}
                NONE => drop(tier_points.insert(tier.to_owned(), None)),
                text => drop(tier_points.insert(tier.to_owned(), Some(points(text)?))),
            }
        }
        let worth = match self.text("worth") {
            "" => None,
            text => Some(parse_major(text, ui.currency).map_err(|_| {
                bad(words!(
                    "what it takes off is an amount of money such as 50.00",
                    "抵减金额应为金额，如 50.00"
                ))
            })?),
        };
        Ok(RewardTerms {
            title: Localized::new(self.text("title_zh"), self.text("title_en")),
            points: points(self.text("points"))?,
            tier_points,
            stock: self.count("stock")?,
            per_member: self.count("per_member")?,
            from: self.day("from")?,
            until: self.day("until")?,
            worth,
            is_offered: self.text("offered") == "1",
        })
    }
}

/// Makes a reward.
pub(super) async fn create(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Campaigns)?;
    let (ui, typed) = (Ui::from(bare), Typed(sent));
    let put = async {
        let kind = RewardKind::parse(typed.text("kind"));
        let new = NewReward {
            key: typed.text("key").to_owned(),
            kind: kind.ok_or_else(|| bad(words!("choose what kind of reward it is", "请选择奖励的种类")))?,
            campaign: Some(typed.text("campaign").to_owned()).filter(|key| !key.is_empty()),
            terms: typed.terms(ui)?,
        };
        desk.app().loyalty().create_reward(caller, &new).await
    };
    match put.await {
        Ok(_) => Ok(led(scripted, HERE, &Done::said(ui.say("members-reward-kept")))),
        Err(error) => refused(error, scripted, HERE, ui),
    }
}

/// Changes the terms of one.
pub(super) async fn change(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(key): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    caller.may(Scope::Campaigns)?;
    let (ui, typed) = (Ui::from(bare), Typed(sent));
    let put = async {
        let (terms, seen) = (typed.terms(ui)?, typed.text("version").parse().ok());
        desk.app().loyalty().change_reward(caller, &key, &terms, seen).await
    };
    match put.await {
        Ok(_) => Ok(led(scripted, HERE, &Done::said(ui.say("members-reward-kept")))),
        Err(error) => refused(error, scripted, HERE, ui),
    }
}
