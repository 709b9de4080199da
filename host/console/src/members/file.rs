//! Members, and the statement of one, as files.

use super::may_enter;
use super::statement::Shown;
use super::wanted::Wanted;
use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::Answer;
use crate::texts::Saying;
use crate::ui::Ui;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use posthouse_app::loyalty::{Line, MemberView};
use posthouse_app::sheet::Sheet;
use posthouse_app::team::Scope;
use posthouse_app::{AppError, Label};
use posthouse_domain::time::{day_of, day_text};
use uuid::Uuid;

/// Lines of a statement that are read at once.
const LINES: usize = 1_000;

const MARK: &[u8] = "\u{feff}".as_bytes();

fn sent(name: &'static str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, body).into_response()
}

/// A stream of a file: its head, then a piece for each page until there is none.
fn pieces<S, F>(head: Vec<u8>, state: S, next: impl Fn(S) -> F + Send + 'static) -> Body
where
    S: Send + 'static,
    F: Future<Output = Result<Option<(Vec<u8>, S)>, AppError>> + Send,
{
    let pieces = futures_util::stream::unfold((Some(head), Some(state), next), |(head, state, next)| async move {
        if let Some(head) = head {
            return Some((Ok(head), (None, state, next)));
        }
        match next(state?).await {
            Ok(Some((piece, state))) => Some((Ok(piece), (None, Some(state), next))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "a file broke off");
                Some((Err(std::io::Error::other("the file broke off")), (None, None, next)))
            }
        }
    });
    Body::from_stream(pieces)
}

fn head(titles: &[Saying]) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', MARK);
    for title in titles {
        sheet.text(&title.to_string())?;
    }
    sheet.end_row()?;
    sheet.bytes()
}

fn members_of(page: &[(MemberView, Option<Label>)], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', b"");
    for (member, label) in page {
        let (points, tier) = (&member.points, member.tier.as_ref());
        sheet.text(label.as_ref().map_or("", |label| &label.label))?;
        sheet.text(&member.member_no)?;
        sheet.text(tier.map_or("", |tier| ui.local(&tier.title)))?;
        for number in [points.available, points.pending, points.owed] {
            sheet.own(number.to_string())?;
        }
        let first = points.expiring.first();
        sheet.own(first.map_or_else(String::new, |first| day_text(first.on)))?;
        sheet.own(first.map_or_else(String::new, |first| first.points.to_string()))?;
        sheet.own(member.status.to_string())?;
        sheet.own(day_text(member.since))?;
        sheet.text(&ui.say_of("members-state-", &member.state).to_string())?;
        sheet.end_row()?;
    }
    sheet.bytes()
}

/// Everybody of a list as a file.
pub(super) async fn members(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(fields): Query<Vec<(String, String)>>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    caller.may(Scope::Exports)?;
    let ui = Ui::from(bare);
    let filter = Wanted::read(fields).filter(ui.today());
    let all = desk.app().loyalty().all_members(caller, &filter).await?;
    let head = head(&[
        ui.say("members-member"),
        ui.say("members-number"),
        ui.say("members-tier"),
        ui.say("members-available"),
        ui.say("members-pending"),
        ui.say("members-owed"),
        ui.say("members-next-expiry"),
        ui.say("members-expires-then"),
        ui.say("members-status"),
        ui.say("members-since"),
        ui.say("members-state"),
    ])?;
    let body = pieces(head, all, move |mut all| async move {
        let page = all.page().await?;
        page.map(|page| Ok((members_of(&page, ui)?, all))).transpose()
    });
    Ok(sent("attachment; filename=\"members.csv\"", body))
}

fn lines_of(lines: &[Line], ui: Ui) -> Result<Vec<u8>, AppError> {
    let mut sheet = Sheet::new(b',', b"");
    for line in lines {
        sheet.own(day_text(day_of(line.at, ui.zone)))?;
        sheet.text(&super::statement::title(line, ui))?;
        sheet.text(line.booking.as_deref().unwrap_or_default())?;
        sheet.text(line.reason.as_ref().map_or("", |reason| ui.local(&reason.text)))?;
        sheet.text(line.binding.as_deref().unwrap_or_default())?;
        let [pending, available, _, owed] = line.moved;
        for number in [pending, available, owed, line.after[1]] {
            sheet.own(number.to_string())?;
        }
        sheet.end_row()?;
    }
    sheet.bytes()
}

/// The lines of a statement that are shown, all of them.
pub(super) async fn statement(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(customer): Path<Uuid>,
    Query(asked): Query<super::statement::Asked>,
) -> Answer {
    let caller = session.caller;
    may_enter(&caller)?;
    let ui = Ui::from(bare);
    let filter = Shown::of(&asked, ui.today()).filter();
    // who may not see it, or is no member, is told before a file begins
    desk.app().loyalty().statement(&caller, customer, &filter, 0, 1).await?;
    let head = head(&[
        ui.say("members-day"),
        ui.say("members-detail"),
        ui.say("members-booking"),
        ui.say("members-reason"),
        ui.say("members-rule"),
        ui.say("members-pending"),
        ui.say("members-moved"),
        ui.say("members-owed"),
        ui.say("members-balance"),
    ])?;
    let app = desk.app().clone();
    let body = pieces(head, Some(0), move |after: Option<i64>| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let loyalty = app.loyalty();
            let found = loyalty.statement(&caller, customer, &filter, after, LINES).await?;
            Ok(Some((lines_of(&found.lines, ui)?, found.next)))
        }
    });
    Ok(sent("attachment; filename=\"statement.csv\"", body))
}
