//! A member: what they have, where they stand, what moved and why, and how it was on a past day.

use super::adjustments::what;
use super::may_enter;
use super::statement::{Asked, Entry, Shown};
use crate::Desk;
use crate::door::{Bare, Part, Staff};
use crate::fault::{Answer, page};
use crate::once;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Path, Query, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{
    Line, LinkView, MemberView, NextTierView, PastTier, Programme, RewardKind, RewardView, Rung, Turnover,
};
use posthouse_app::team::{Caller, Scope, Session};
use posthouse_domain::time::parse_day;
use std::pin::Pin;
use uuid::Uuid;

/// Lines of a page, and tiers of a page.
const PAGE: usize = 50;
/// Adjustments and orders beside a statement.
const BESIDE: usize = 10;
/// The width of the bar that shows the way to the next tier.
const BAR: i64 = 100;

/// The next lines of a statement.
#[derive(Template)]
#[template(path = "members/lines.html")]
struct Lines {
    ui: Ui,
    id: Uuid,
    lines: Vec<Entry>,
    more: Option<String>,
}

/// A past day: the member of then, or why there was none.
struct Past {
    day: String,
    member: Option<MemberView>,
    why_not: String,
}

/// What the reader may do with a member.
struct May {
    /// Adjust, pass on and spend.
    adjust: bool,
    /// Give a tier, suspend and close.
    stand: bool,
}

/// Something that was just made, and is told this once.
pub(super) enum Told {
    /// The code of a coupon.
    Code(String),
    /// A link to the member's own page.
    Link(String),
}

/// A reward that the member can be given.
struct Offer {
    key: String,
    title: String,
    kind: &'static str,
    points: i64,
    left: Option<i64>,
    is_in_reach: bool,
}

#[derive(Template)]
#[template(path = "members/record.html")]
struct Record {
    ui: Ui,
    shell: Shell,
    id: Uuid,
    name: String,
    member: MemberView,
    /// What points are called.
    points: String,
    /// What those that can be spent are worth in the books.
    worth: i64,
    /// What members of the tier get.
    benefits: String,
    next_title: String,
    tab: &'static str,
    shown: Shown,
    lines: Vec<Entry>,
    more: Option<String>,
    opening: i64,
    closing: i64,
    turnover: Turnover,
    tiers: Vec<PastTier>,
    older: Option<i64>,
    past: Option<Past>,
    today: String,
    may_see_rules: bool,
    may: May,
    ladder: Vec<Rung>,
    offers: Vec<Offer>,
    /// What waits for another person, in words.
    waiting: Vec<String>,
    /// Orders that are still to be handed out.
    orders: Vec<String>,
    /// Links to the member's own page that can be opened.
    links: Vec<LinkView>,
    /// What was just made, and is told this once.
    told: Option<Told>,
    /// Names the forms of the page.
    once: Uuid,
}

impl Record {
    /// How far the way to the next tier is gone, in hundredths.
    fn gone(&self, next: &NextTierView) -> i64 {
        let share = i128::from(next.have) * i128::from(BAR) / i128::from(next.need.max(1));
        share.clamp(0, BAR.into()) as i64
    }

    fn left(&self, next: &NextTierView) -> i64 {
        (next.need - next.have).max(0)
    }

    fn field(&self, day: &posthouse_domain::Day) -> String {
        self.ui.day_field(*day)
    }
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Part(is_part): Part,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let ui = Ui::from(bare);
    if let Some(after) = asked.after.filter(|_| is_part) {
        let shown = Shown::of(&asked, ui.today());
        let loyalty = desk.app().loyalty();
        let found = loyalty.statement(caller, id, &shown.filter(), after, PAGE).await?;
        return page(&Lines {
            ui,
            id,
            lines: found.lines.into_iter().map(|line| Entry::of(line, ui)).collect(),
            more: found.next.map(|after| shown.behind(id, after)),
        });
    }
    drawn(&desk, &session, ui, id, &asked, None).await
}

/// What the member can be given, what is in reach first; money off is named with a quote.
fn offers(rewards: Vec<RewardView>, member: &MemberView, ui: Ui) -> Vec<Offer> {
    let tier = member.tier.as_ref().map(|tier| tier.key.as_str());
    let open = rewards
        .into_iter()
        .filter(|reward| reward.kind != RewardKind::MoneyOff && reward.is_open(ui.today()) && reward.left() != Some(0));
    let mut offers: Vec<Offer> = open
        .filter_map(|reward| {
            let points = reward.price(tier)?;
            Some(Offer {
                title: ui.local(&reward.terms.title).to_owned(),
                kind: reward.kind.as_str(),
                left: reward.left(),
                is_in_reach: points <= member.points.available,
                points,
                key: reward.key,
            })
        })
        .collect();
    offers.sort_by_key(|offer| (!offer.is_in_reach, offer.points));
    offers
}

/// The page of a member, with what was just made for them.
pub(super) fn drawn<'d>(
    desk: &'d Desk,
    session: &'d Session,
    ui: Ui,
    id: Uuid,
    asked: &'d Asked,
    told: Option<Told>,
) -> Pin<Box<dyn Future<Output = Answer> + Send + 'd>> {
    Box::pin(draw(desk, session, ui, id, asked, told))
}

async fn draw(desk: &Desk, session: &Session, ui: Ui, id: Uuid, asked: &Asked, told: Option<Told>) -> Answer {
    let (caller, loyalty) = (&session.caller, desk.app().loyalty());
    let shown = Shown::of(asked, ui.today());
    let member = loyalty.member(caller, id, None).await?;
    let tab = match asked.tab.as_str() {
        "tiers" => "tiers",
        _ => shown.tab(),
    };
    let entries = |lines: Vec<Line>| lines.into_iter().map(|line| Entry::of(line, ui)).collect();
    let (mut lines, mut more, mut sums) = (Vec::new(), None, (0, 0, Turnover::default()));
    let (mut tiers, mut older) = (Vec::new(), None);
    if tab == "tiers" {
        (tiers, older) = loyalty.past_tiers(caller, id, asked.before, PAGE).await?;
    } else {
        let found = loyalty.statement(caller, id, &shown.filter(), 0, PAGE).await?;
        sums = (
            shown.sum(&found.opening),
            shown.sum(&found.closing),
            shown.turnover(found.points, found.status),
        );
        lines = entries(found.lines);
        more = found.next.map(|after| shown.behind(id, after));
    }
    let terms = loyalty.programme(caller).await?.ok_or(AppError::NotFound("member"))?;
    let ladder = loyalty.ladder(caller).await?;
    let rung = |key: &str| ladder.iter().find(|rung| rung.key == key);
    let said = |rung: Option<&Rung>, of: fn(&Rung) -> &posthouse_domain::Localized| {
        rung.map_or_else(String::new, |rung| ui.local(of(rung)).to_owned())
    };
    let tier = member.tier.as_ref();
    let next = tier.and_then(|tier| tier.next.as_ref());
    let titles: Vec<(String, String)> = ladder
        .iter()
        .map(|rung| (rung.key.clone(), ui.local(&rung.title).to_owned()))
        .collect();
    let rewards = loyalty.rewards(caller).await?;
    let named = |key: &str| {
        let reward = rewards.iter().find(|reward| reward.key == key);
        reward.map_or_else(|| key.to_owned(), |reward| ui.local(&reward.terms.title).to_owned())
    };
    let (waiting, _) = loyalty
        .adjustments(caller, (Some("waiting"), Some(id)), None, BESIDE)
        .await?;
    let (orders, _) = loyalty
        .redemptions(caller, (Some("requested"), Some(id)), None, BESIDE)
        .await?;
    let label = desk.app().profiles().labels(caller, &[id]).await?.remove(&id);
    let benefits = said(tier.and_then(|tier| rung(&tier.key)), |rung| &rung.benefits);
    let next_title = match next {
        Some(next) => match said(rung(&next.key), |rung| &rung.title) {
            title if title.is_empty() => next.key.clone(),
            title => title,
        },
        None => String::new(),
    };
    page(&Record {
        name: label.map_or_else(|| member.member_no.clone(), |label| label.label),
        points: ui.local(&terms.name).to_owned(),
        worth: worth(member.points.available, &terms),
        benefits,
        next_title,
        past: past(desk, caller, id, &asked.as_of, ui).await?,
        today: ui.day_field(ui.today()),
        may_see_rules: caller.may(Scope::Rules).is_ok(),
        shell: Shell::new(session, ui, "members"),
        may: May {
            adjust: caller.may(Scope::Intake).is_ok(),
            stand: caller.may(Scope::Campaigns).is_ok(),
        },
        offers: offers(rewards.clone(), &member, ui),
        waiting: waiting.iter().map(|row| what(&row.what, &titles, ui)).collect(),
        orders: orders.iter().map(|order| named(&order.reward)).collect(),
        links: loyalty.open_links(caller, id).await?,
        told,
        once: once::name(desk),
        ladder,
        ui,
        id,
        tab,
        shown,
        lines,
        more,
        opening: sums.0,
        closing: sums.1,
        turnover: sums.2,
        tiers,
        older,
        member,
    })
}

/// What points are worth in the books, in minor units, rounded down.
fn worth(points: i64, terms: &Programme) -> i64 {
    let minor = i128::from(points) * i128::from(terms.value_of_100) / 100;
    i64::try_from(minor).unwrap_or(i64::MAX)
}

/// The member on a past day; none for today, or what is no day.
async fn past(desk: &Desk, caller: &Caller, id: Uuid, as_of: &str, ui: Ui) -> posthouse_app::Result<Option<Past>> {
    let Some(day) = parse_day(as_of).filter(|day| *day != ui.today()) else {
        return Ok(None);
    };
    let (member, why_not) = match desk.app().loyalty().member(caller, id, Some(day)).await {
        Ok(member) => (Some(member), String::new()),
        Err(AppError::Missing(why)) => (None, ui.words(&why).to_owned()),
        Err(AppError::Invalid(why)) => (None, why.detail.get(ui.language).to_owned()),
        Err(error) => return Err(error),
    };
    Ok(Some(Past {
        day: ui.day_field(day),
        member,
        why_not,
    }))
}
