//! What is done with one member by hand: points given, taken, passed on and spent, a tier, an end.

use super::record::{self, Told};
use super::statement::Asked;
use super::typed::{bad, day, done, points, refused};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff, origin};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::once;
use crate::parts::dialog;
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use axum::http::request::Parts;
use posthouse_app::loyalty::{Adjust, MemberState};
use posthouse_app::team::Scope;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::words;
use serde::Deserialize;
use uuid::Uuid;

fn place(id: Uuid) -> String {
    format!("/members/{id}")
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Adjusted {
    wallet: String,
    points: String,
    expires: String,
    tier: String,
    until: String,
    reason: String,
    once: String,
}

/// Asks for points or status, which wait for another person.
pub(super) async fn adjust(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Adjusted>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let put = async {
        let wallet = Wallet::parse(&sent.wallet);
        let wallet = wallet.ok_or_else(|| bad(words!("choose points or status", "请选择积分或成长值")))?;
        let what = Adjust::Wallet(wallet, points(&sent.points)?, day(&sent.expires)?);
        let caller = once::caller(&desk, &session, ("adjust", &sent.once), &(id, &sent));
        desk.app().loyalty().adjust(&caller, id, &what, &sent.reason).await
    };
    done(put.await, scripted, &place(id), ui, |_| ui.say("members-asked"))
}

/// Asks for a tier, which waits for another person as well.
pub(super) async fn tier(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Adjusted>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let put = async {
        let until = day(&sent.until)?;
        let until = until.ok_or_else(|| bad(words!("say until when the tier is valid", "请填写等级有效至哪天")))?;
        let what = Adjust::Tier(sent.tier.clone(), until);
        let caller = once::caller(&desk, &session, ("tier", &sent.once), &(id, &sent));
        desk.app().loyalty().adjust(&caller, id, &what, &sent.reason).await
    };
    done(put.await, scripted, &place(id), ui, |_| ui.say("members-asked"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Passed {
    other: String,
    points: String,
    once: String,
}

/// Passes points on to another member.
pub(super) async fn transfer(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Passed>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let put = async {
        let other = Uuid::try_parse(&sent.other)
            .map_err(|_| bad(words!("choose a member from the list", "请从列表中选择一位会员")))?;
        let points = points(&sent.points)?;
        let caller = once::caller(&desk, &session, ("transfer", &sent.once), &(id, &sent));
        desk.app().loyalty().transfer(&caller, id, other, points).await
    };
    done(put.await, scripted, &place(id), ui, |passed| {
        ui.say("members-passed-on").count("count", passed.points)
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ordered {
    reward: String,
    once: String,
}

/// Orders a reward. The code of a coupon is told this once, so it stands on the page that comes.
pub(super) async fn redeem(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Ordered>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let caller = once::caller(&desk, &session, ("redeem", &sent.once), &(id, &sent));
    match desk.app().loyalty().redeem(&caller, id, &sent.reward).await {
        Ok(order) => match order.code {
            Some(code) => {
                let told = Told::Code(code);
                let page = record::drawn(&desk, &session, ui, id, &Asked::default(), Some(told)).await?;
                Ok(dialog::instead(page, &place(id)))
            }
            None => Ok(led(scripted, &place(id), &Done::said(ui.say("members-ordered")))),
        },
        Err(error) => refused(error, scripted, &place(id), ui),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stands {
    state: String,
    reason: String,
}

/// Suspends a membership, closes it, or makes it active again.
pub(super) async fn stand(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    Form(sent): Form<Stands>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let ui = Ui::from(bare);
    let put = async {
        let state = MemberState::parse(&sent.state);
        let state = state.ok_or_else(|| bad(words!("choose what is to be", "请选择操作")))?;
        let reason = Some(sent.reason.as_str()).filter(|reason| !reason.trim().is_empty());
        desk.app().loyalty().set_state(&session.caller, id, state, reason).await
    };
    done(put.await, scripted, &place(id), ui, |member| {
        ui.say_of("members-now-", &member.state)
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Lasting {
    days: String,
    once: String,
}

/// Makes a link to the member's own page. It is told this once, so it stands on the page that comes.
pub(super) async fn link(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<Uuid>,
    parts: Parts,
    Form(sent): Form<Lasting>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let made = async {
        let days = sent.days.trim().parse();
        let days = days.map_err(|_| bad(words!("the days are a whole number", "有效天数应为整数")))?;
        let caller = once::caller(&desk, &session, ("link", &sent.once), &(id, &sent));
        desk.app().loyalty().make_link(&caller, id, days).await
    };
    match made.await {
        Ok((_, path)) => {
            let told = Told::Link(format!("{}{path}", origin(&desk, &parts)));
            let page = record::drawn(&desk, &session, ui, id, &Asked::default(), Some(told)).await?;
            Ok(dialog::instead(page, &place(id)))
        }
        Err(error) => refused(error, scripted, &place(id), ui),
    }
}

/// Takes a link back.
pub(super) async fn unlink(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, link)): Path<(Uuid, Uuid)>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let revoked = desk.app().loyalty().revoke_link(&session.caller, id, link).await;
    done(revoked, scripted, &place(id), ui, |()| ui.say("members-link-revoked"))
}
