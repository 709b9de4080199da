//! Coupons of a campaign: batches, whose codes leave once as a file, and single codes looked up.

use super::tabs::Drawn;
use super::{May, refusal};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, again, page};
use crate::led::{Done, led};
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use posthouse_app::campaigns::CampaignView;
use posthouse_app::coupons::{Bearers, CouponView, MadeCode, NewBatch};
use posthouse_app::team::{Caller, Scope, Session};
use posthouse_app::{AppError, Label};
use posthouse_domain::time::{parse_day, start_of_day};
use posthouse_domain::words;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt::Write;
use uuid::Uuid;

/// Batches of a page.
const PAGE: usize = 30;

struct Batch {
    id: Uuid,
    label: String,
    said: Vec<String>,
    state: &'static str,
    class: &'static str,
    count: i64,
    held: i64,
    used: i64,
    revoked: i64,
    at: i64,
}

impl Batch {
    fn is_revoked(&self) -> bool {
        self.state == "revoked"
    }
}

/// A segment for which codes can be made.
struct Choice {
    value: String,
    title: String,
    count: u64,
}

#[derive(Template)]
#[template(path = "campaigns/tab_coupons.html")]
struct Coupons {
    ui: Ui,
    id: Uuid,
    csrf: String,
    may: May,
    is_over: bool,
    batches: Vec<Batch>,
    segments: Vec<Choice>,
    next: Option<Uuid>,
}

/// The batches of a campaign, the newest first.
pub(super) async fn tab(
    desk: &Desk,
    session: &Session,
    ui: Ui,
    may: May,
    view: &CampaignView,
    cursor: Option<&str>,
) -> Answer<Drawn> {
    let (app, caller, id) = (desk.app(), &session.caller, view.campaign.id);
    let before = match cursor {
        None => None,
        Some(text) => Some(Uuid::try_parse(text).map_err(|_| AppError::NotFound("page"))?),
    };
    let (found, next) = app.coupons().batches(caller, &id.to_string(), before, PAGE).await?;
    let terms = &caller.room.terms;
    let batch = |batch: posthouse_app::coupons::BatchView| {
        let (state, class) = match batch.state.as_str() {
            "ready" => ("ready", "good"),
            "making" => ("making", "info"),
            _ => ("revoked", "bad"),
        };
        let said = batch.in_words(terms);
        Batch {
            id: batch.id,
            said: said.iter().map(|words| words.get(ui.language).to_owned()).collect(),
            label: batch.label,
            state,
            class,
            count: batch.count,
            held: batch.held,
            used: batch.used,
            revoked: batch.revoked,
            at: batch.created_at,
        }
    };
    let segments = match may.read {
        true => app.segments().list(caller).await?,
        false => Vec::new(),
    };
    let state = view.campaign.state;
    Drawn::of(&Coupons {
        ui,
        id,
        csrf: session.csrf.clone(),
        may,
        is_over: matches!(
            state,
            posthouse_domain::campaign::State::Ended | posthouse_domain::campaign::State::Evaluated
        ),
        batches: found.into_iter().map(batch).collect(),
        segments: segments
            .into_iter()
            .map(|segment| Choice {
                value: format!("{}.{}", segment.binding, segment.key),
                title: ui.local(&segment.title).to_owned(),
                count: segment.count,
            })
            .collect(),
        next,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    label: String,
    #[serde(default)]
    bearers: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    segment: String,
    #[serde(default)]
    uses: String,
    /// The last day on which they are good.
    #[serde(default)]
    last: String,
}

impl Sent {
    fn read(self, ui: Ui) -> Result<NewBatch, AppError> {
        let number = |text: &str| {
            let digits = text.trim().replace(',', "");
            digits
                .parse()
                .map_err(|_| AppError::invalid("bad_batch", words!("{text:?} is not a number", "{text:?} 不是数字")))
        };
        let uses = match self.uses.trim() {
            "" => 1,
            text => number(text)?,
        };
        let expires_at = match self.last.trim() {
            "" => None,
            text => {
                let day = parse_day(text).ok_or_else(|| {
                    AppError::invalid("bad_day", words!("{text:?} is not a day", "{text:?} 不是日期"))
                })?;
                Some(start_of_day(day + 1, ui.zone))
            }
        };
        Ok(NewBatch {
            label: self.label,
            bearers: match self.bearers.as_str() {
                "segment" => Bearers::Segment(self.segment),
                _ => Bearers::Anyone(usize::try_from(number(&self.count)?).unwrap_or_default()),
            },
            uses,
            expires_at,
        })
    }
}

/// Makes a batch. Its codes are in the file that is answered, and nowhere else.
pub(super) async fn make(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let caller = &session.caller;
    let new = sent.read(bare.into())?;
    let (batch, codes) = desk.app().coupons().make(caller, &id, new).await?;
    let owners: Vec<Uuid> = codes.iter().filter_map(|made| made.customer_id).collect();
    let labels = match caller.may(Scope::Read).is_ok() {
        true => desk.app().profiles().labels(caller, &owners).await?,
        false => HashMap::new(),
    };
    Ok(file(&format!("coupons-{}.csv", batch.id), &csv(&codes, &labels)))
}

fn csv(codes: &[MadeCode], labels: &HashMap<Uuid, Label>) -> String {
    // spreadsheets take a file for UTF-8 if it begins so
    let mut text = String::from("\u{feff}code,customer_id,member_no,name\r\n");
    for made in codes {
        let label = made.customer_id.and_then(|id| labels.get(&id));
        let id = made.customer_id.map(|id| id.to_string()).unwrap_or_default();
        let member = label.and_then(|label| label.member_no.as_deref()).unwrap_or_default();
        let name = label.and_then(|label| label.name.as_deref()).unwrap_or_default();
        let _ = write!(text, "{},{id},{},{}\r\n", made.code, cell(member), cell(name));
    }
    text
}

/// A text that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn file(name: &str, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text.to_owned()).into_response()
}

pub(super) async fn revoke_batch(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, batch)): Path<(String, Uuid)>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let view = desk.app().coupons().revoke_batch(&session.caller, &id, batch).await?;
    let done = Done::said(Ui::from(bare).say("campaigns-batch-revoked").with("label", view.label));
    Ok(led(scripted, &format!("/campaigns/{id}?tab=coupons"), &done))
}

/// What is known of a code.
struct Found {
    code: String,
    state: &'static str,
    coupon: CouponView,
    campaign: String,
    customer: Option<(Uuid, String)>,
}

impl Found {
    fn is_good(&self) -> bool {
        self.state == "good"
    }
}

#[derive(Template)]
#[template(path = "campaigns/codes.html")]
struct Codes {
    ui: Ui,
    shell: Shell,
    may: May,
    code: String,
    found: Option<Found>,
    wrong: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Code {
    code: String,
}

pub(super) async fn ask(Staff(session): Staff, bare: Bare) -> Answer {
    session.caller.may(Scope::Quotes)?;
    let ui = Ui::from(bare);
    page(&Codes {
        ui,
        shell: Shell::new(&session, ui, "campaigns"),
        may: May::of(&session),
        code: String::new(),
        found: None,
        wrong: None,
    })
}

async fn find(desk: &Desk, caller: &Caller, may: May, code: &str) -> Result<Found, AppError> {
    let app = desk.app();
    let coupon = app.coupons().get(caller, code).await?;
    let campaign = app
        .campaigns()
        .get(caller, &coupon.campaign_id.to_string())
        .await?
        .campaign;
    let labels = match coupon.customer_id.filter(|_| may.read) {
        Some(id) => app.profiles().labels(caller, &[id]).await?,
        None => HashMap::new(),
    };
    let named = |id: Uuid| labels.get(&id).map(|label| (id, label.label.clone()));
    Ok(Found {
        code: code.to_owned(),
        state: coupon.state,
        customer: coupon.customer_id.and_then(named),
        campaign: campaign.name,
        coupon,
    })
}

/// Looks a code up. It stands in a form and not in the address, as addresses are written into logs.
pub(super) async fn look_up(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Form(sent): Form<Code>,
) -> Answer {
    session.caller.may(Scope::Quotes)?;
    let (ui, may) = (Ui::from(bare), May::of(&session));
    let mut codes = Codes {
        ui,
        shell: Shell::new(&session, ui, "campaigns"),
        may,
        code: sent.code.trim().to_owned(),
        found: None,
        wrong: None,
    };
    match find(&desk, &session.caller, may, &codes.code).await {
        Ok(found) => codes.found = Some(found),
        Err(AppError::NotFound(_)) => {
            codes.wrong = Some(ui.say("campaigns-code-unknown").to_string());
            return again(&codes);
        }
        Err(error) => {
            codes.wrong = Some(refusal(error)?.detail.get(ui.language).to_owned());
            return again(&codes);
        }
    }
    page(&codes)
}

pub(super) async fn revoke(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Code>,
) -> Answer {
    session.caller.may(Scope::Campaigns)?;
    let view = desk.app().coupons().revoke(&session.caller, &sent.code).await?;
    let done = Done::said(Ui::from(bare).say("campaigns-code-revoked").with("code", view.code));
    Ok(led(scripted, "/campaigns/codes", &done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_leave_as_a_file_that_no_spreadsheet_runs() {
        let id = Uuid::from_u128(7);
        let label = Label {
            name: Some("=HYPERLINK(\"x\")".into()),
            member_no: Some("VIP1".into()),
            label: "x".into(),
        };
        let made = |customer_id| MadeCode {
            code: "7XQ2-M4KD".into(),
            customer_id,
        };
        let text = csv(&[made(Some(id)), made(None)], &HashMap::from([(id, label)]));
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split("\r\n").collect();
        assert_eq!(lines[1], format!("7XQ2-M4KD,{id},\"VIP1\",\"'=HYPERLINK(\"\"x\"\")\""));
        assert_eq!(lines[2], "7XQ2-M4KD,,\"\",\"\"");
    }
}
