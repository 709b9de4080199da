//! What is done with a case.

use super::typed::{bad, done, maybe, money};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::Answer;
use crate::once;
use crate::ui::Ui;
use axum::extract::{Form, Path, State};
use posthouse_app::AppError;
use posthouse_app::complaints::{Deed, Links, Outcome, Promised, WaitFor};
use posthouse_app::team::Scope;
use posthouse_domain::complaints::{Cause, Compensation, Liability, Remedy};
use posthouse_domain::words;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    text: String,
    desk: String,
    person: String,
    for_whom: String,
    severity: String,
    root_cause: String,
    rectification: String,
    assessment: String,
    other: String,
    booking: String,
    supplier: String,
    guide: String,
    cause: String,
    liability: String,
    remedy: String,
    amount: String,
    version: String,
    once: String,
    case: String,
}

impl Sent {
    fn outcome(&self) -> Outcome {
        Outcome {
            root_cause: maybe(&self.root_cause),
            rectification: maybe(&self.rectification),
            assessment: maybe(&self.assessment),
            text: maybe(&self.text),
        }
    }

    fn deed(&self, step: &str) -> Result<Deed, AppError> {
        let text = || self.text.clone();
        Ok(match step {
            "assign" => Deed::Assign(maybe(&self.desk), Uuid::try_parse(&self.person).ok(), maybe(&self.text)),
            "note" => Deed::Note(text()),
            "reply" => Deed::Reply(text()),
            "wait" if self.for_whom == "supplier" => Deed::Wait(WaitFor::Supplier, maybe(&self.text)),
            "wait" => Deed::Wait(WaitFor::Customer, maybe(&self.text)),
            "answer" => Deed::Answer(text()),
            "propose" => Deed::Propose(text(), Vec::new()),
            "accept" => Deed::Accept(maybe(&self.text)),
            "resolve" => Deed::Resolve(self.outcome()),
            "close" => Deed::Close(self.outcome()),
            "reopen" => Deed::Reopen(text()),
            "withdraw" => Deed::Withdraw(maybe(&self.text)),
            "severity" => {
                let severity = self.severity.parse();
                let severity = severity.map_err(|_| bad(words!("choose a severity", "请选择严重程度")))?;
                Deed::Severity(severity, maybe(&self.text))
            }
            "link" => Deed::Link(Links {
                customer: Uuid::try_parse(&self.other).ok(),
                booking: maybe(&self.booking),
                supplier: maybe(&self.supplier),
                guide: maybe(&self.guide),
                cause: Cause::parse(&self.cause),
                cause_detail: None,
                liability: Liability::parse(&self.liability),
            }),
            _ => return Err(AppError::NotFound("complaint")),
        })
    }
}

pub(super) async fn act(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, step)): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let put = async {
        let deed = sent.deed(&step)?;
        let caller = once::caller(&desk, &session, ("case", &sent.once), &(&id, &step, &sent));
        desk.app()
            .complaints()
            .act(&caller, &id, &deed, sent.version.parse().ok())
            .await
    };
    done(put.await, scripted, &format!("/complaints/{id}"), ui, |case| {
        ui.say_of("complaints-state-now-", case.state.as_str())
    })
}

pub(super) async fn promise(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Answer {
    session.caller.may(Scope::Intake)?;
    let ui = Ui::from(bare);
    let put = async {
        let remedy = Remedy::parse(&sent.remedy);
        let remedy = remedy.ok_or_else(|| bad(words!("choose what is promised", "请选择补偿方式")))?;
        let amount = match remedy {
            Remedy::Apology => 0,
            Remedy::Points => {
                let points = sent.amount.trim().parse();
                points.map_err(|_| bad(words!("points are a whole number", "积分应为整数")))?
            }
            _ => money(&sent.amount, session.caller.room.terms.currency)?,
        };
        let promised = Promised {
            what: Compensation { remedy, amount },
            reason: maybe(&sent.text),
            coupon: None,
        };
        let caller = once::caller(&desk, &session, ("compensate", &sent.once), &(&id, &sent));
        desk.app().complaints().promise(&caller, &id, &promised).await
    };
    done(put.await, scripted, &format!("/complaints/{id}"), ui, |one| {
        ui.say_of("complaints-promise-is-", &one.state)
    })
}

pub(super) async fn decide(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Path((id, verdict)): Path<(Uuid, String)>,
    Form(sent): Form<Sent>,
) -> Answer {
    let (caller, ui, complaints) = (&session.caller, Ui::from(bare), desk.app().complaints());
    let note = maybe(&sent.text);
    let decided = match verdict.as_str() {
        "approve" => complaints.approve(caller, id, note.as_deref()).await,
        "reject" => complaints.reject(caller, id, note.as_deref()).await,
        _ => Err(AppError::NotFound("compensation")),
    };
    let case = Uuid::try_parse(&sent.case).map_or_else(|_| "/complaints".to_owned(), |id| format!("/complaints/{id}"));
    done(decided, scripted, &case, ui, |one| {
        ui.say_of("complaints-promise-is-", &one.state)
    })
}
