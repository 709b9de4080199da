//! What is done with one member by hand: points given, taken, passed on and spent, a tier, an end.

use super::record;
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::led::{Done, led};
use crate::parts::dialog;
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::loyalty::{Adjust, MemberState};
use posthouse_app::team::Scope;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::time::parse_day;
use posthouse_domain::{Day, Words, words};
use serde::Deserialize;
use uuid::Uuid;

/// What is wrong, in the dialog that was sent: also that it cannot be done as things stand.
pub(super) fn refused(error: AppError, scripted: Scripted, ui: Ui) -> Answer {
    match error {
        AppError::Conflict(why) | AppError::Denied(why) => dialog::refused(AppError::Invalid(why), scripted, ui),
        error => dialog::refused(error, scripted, ui),
    }
}

fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_adjustment", detail)
}

/// A number of points as it is typed; thousands may stand apart.
pub(super) fn points(typed: &str) -> Result<i64, AppError> {
    let digits: String = typed.chars().filter(|sign| !matches!(sign, ',' | '，' | ' ')).collect();
    let digits = digits.replace('−', "-");
    digits.parse().map_err(|_| {
        bad(words!(
            "points are a whole number, as 500, or -500 to take them away",
            "积分应为整数，如 500；扣减写 -500"
        ))
    })
}

fn day(typed: &str) -> Result<Option<Day>, AppError> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let read = parse_day(typed.trim());
    read.map(Some)
        .ok_or_else(|| bad(words!("that is no day", "日期不正确")))
}

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
        let wallet = Wallet::parse(&sent.wallet).unwrap_or(Wallet::Points);
        let what = Adjust::Wallet(wallet, points(&sent.points)?, day(&sent.expires)?);
        desk.app()
            .loyalty()
            .adjust(&session.caller, id, &what, &sent.reason)
            .await
    };
    match put.await {
        Ok(_) => Ok(led(scripted, &place(id), &Done::said(ui.say("members-asked")))),
        Err(error) => refused(error, scripted, ui),
    }
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
        let what = Adjust::Tier(sent.tier, until);
        desk.app()
            .loyalty()
            .adjust(&session.caller, id, &what, &sent.reason)
            .await
    };
    match put.await {
        Ok(_) => Ok(led(scripted, &place(id), &Done::said(ui.say("members-asked")))),
        Err(error) => refused(error, scripted, ui),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Passed {
    other: String,
    points: String,
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
        desk.app().loyalty().transfer(&session.caller, id, other, points).await
    };
    match put.await {
        Ok(done) => {
            let said = ui.say("members-passed-on").count("count", done.points);
            Ok(led(scripted, &place(id), &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ordered {
    reward: String,
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
    match desk.app().loyalty().redeem(&session.caller, id, &sent.reward).await {
        Ok(order) => match order.code {
            Some(code) => {
                let page = record::drawn(&desk, &session, ui, id, &record::Asked::default(), Some(code)).await?;
                Ok(dialog::instead(page, &place(id)))
            }
            None => Ok(led(scripted, &place(id), &Done::said(ui.say("members-ordered")))),
        },
        Err(error) => refused(error, scripted, ui),
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
    match put.await {
        Ok(member) => {
            let said = ui.say_of("members-now-", &member.state);
            Ok(led(scripted, &place(id), &Done::said(said)))
        }
        Err(error) => refused(error, scripted, ui),
    }
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn points_are_typed_as_people_write_them() {
        assert_eq!(points(" 1,500 ").ok(), Some(1_500));
        assert_eq!(points("−20").ok(), Some(-20));
        assert_eq!(points("-20").ok(), Some(-20));
        for wrong in ["", "many", "1.5", "--1", "9999999999999999999"] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }
}
