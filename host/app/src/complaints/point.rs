//! Complaint routing as a decision: a case and the desks in, where it goes out.

use crate::rules::point::{Point, canonical_text, read_facts, write_arguments, write_facts};
use posthouse_domain::complaints::{Case, Desk};
use posthouse_domain::{Words, words};
use posthouse_engine::{CaseAsked, Description, Routed, Value as Fact};
use serde_json::{Value, json};

/// The extension point of rules that send cases to desks.
#[derive(Debug)]
pub(crate) enum ComplaintRouting {}

/// What such a rule is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) asked: CaseAsked,
    /// In the order of the description.
    pub(crate) facts: Vec<Fact>,
}

impl Point for ComplaintRouting {
    type Engine = posthouse_engine::ComplaintRouting;
    type Request = Request;

    fn asked(request: &Request) -> (&CaseAsked, &[Fact]) {
        (&request.asked, &request.facts)
    }

    fn write(request: &Request, description: &Description) -> String {
        let CaseAsked { case, desks } = &request.asked;
        canonical_text(&json!({"complaint": case, "desks": desks, "facts": write_facts(&request.facts, description)}))
    }

    fn read(written: &Value, description: &Description) -> Result<Request, Words> {
        let case: Case =
            serde_json::from_value(written["complaint"].clone()).map_err(|e| words!("the case: {e}", "案件：{e}"))?;
        let desks: Vec<Desk> =
            serde_json::from_value(written["desks"].clone()).map_err(|e| words!("the desks: {e}", "处理组：{e}"))?;
        Ok(Request {
            asked: CaseAsked { case, desks },
            facts: read_facts(&written["facts"], description)?,
        })
    }

    fn pin(said: &Routed, description: &Description) -> Value {
        let mut pinned = json!(said.routing);
        pinned["playbook"] = json!(said.playbook);
        let reason = description.reasons.get(usize::from(said.because.reason));
        pinned["reason"] = json!(reason.map(|reason| &reason.code));
        if let Some(reason) = reason.filter(|reason| !reason.arguments.is_empty()) {
            pinned["arguments"] = write_arguments(&said.because.arguments, &reason.arguments);
        }
        pinned
    }
}
