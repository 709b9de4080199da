//! A member's own page: for whoever has the link, on a phone as well, without signing in. It shows what the member has and nothing of anybody else.

use super::statement::Entry;
use crate::Desk;
use crate::door::Bare;
use crate::fault::{Answer, page};
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::routing::get;
use posthouse_app::loyalty::{MemberView, OwnPage, Rung};
use serde::Deserialize;

/// Lines of a page.
const PAGE: usize = 20;
/// Days of the statement.
const DAYS: i32 = 730;

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/p/{agency}/m/{token}", get(open))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    after: i64,
}

/// What can be ordered.
struct Offer {
    title: String,
    kind: &'static str,
    points: i64,
    is_in_reach: bool,
}

/// The way to the next tier.
struct Way {
    title: String,
    have: i64,
    left: i64,
    percent: i64,
}

#[derive(Template)]
#[template(path = "members/own.html")]
struct Page {
    ui: Ui,
    agency: String,
    name: String,
    /// What points are called.
    points: String,
    member: MemberView,
    benefits: String,
    way: Option<Way>,
    ladder: Vec<Rung>,
    offers: Vec<Offer>,
    lines: Vec<Entry>,
    is_first: bool,
    /// The line behind which the next page begins.
    next: Option<i64>,
    expires_at: i64,
}

fn way(own: &OwnPage, ui: Ui) -> Option<Way> {
    let next = own.member.tier.as_ref()?.next.as_ref()?;
    let rung = own.ladder.iter().find(|rung| rung.key == next.key);
    Some(Way {
        title: rung.map_or_else(|| next.key.clone(), |rung| ui.local(&rung.title).to_owned()),
        have: next.have,
        left: (next.need - next.have).max(0),
        percent: (i128::from(next.have) * 100 / i128::from(next.need.max(1))).clamp(0, 100) as i64,
    })
}

async fn open(
    State(desk): State<Desk>,
    bare: Bare,
    Path((agency, token)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let own = desk
        .app()
        .loyalty()
        .own_page((&agency, &token), DAYS, asked.after, PAGE)
        .await?;
    let ui = Ui::of(&own.room.terms, Ui::from(bare).language, desk.app().now());
    let rung = own
        .member
        .tier
        .as_ref()
        .and_then(|tier| own.ladder.iter().find(|rung| rung.key == tier.key));
    let offers = own.rewards.iter().map(|(reward, points)| Offer {
        title: ui.local(&reward.terms.title).to_owned(),
        kind: reward.kind.as_str(),
        points: *points,
        is_in_reach: *points <= own.member.points.available,
    });
    let mut offers: Vec<Offer> = offers.collect();
    offers.sort_by_key(|offer| (!offer.is_in_reach, offer.points));
    let mut answer = page(&Page {
        benefits: rung.map_or_else(String::new, |rung| ui.local(&rung.benefits).to_owned()),
        way: way(&own, ui),
        points: ui.local(&own.programme.name).to_owned(),
        name: own.name.unwrap_or_else(|| own.member.member_no.clone()),
        lines: own
            .statement
            .lines
            .into_iter()
            .map(|line| Entry::of(line, ui))
            .collect(),
        is_first: asked.after == 0,
        next: own.statement.next,
        agency: own.agency,
        member: own.member,
        ladder: own.ladder,
        expires_at: own.expires_at,
        offers,
        ui,
    })?;
    let headers = answer.headers_mut();
    // the address is what opens it: it is kept nowhere, told to nobody and found by no search
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow"),
    );
    Ok(answer)
}
