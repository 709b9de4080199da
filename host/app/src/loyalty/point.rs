//! Loyalty as a decision: what happened to a member and what the member has in, postings or a tier out.

use crate::rules::point::{Point, canonical_text, read_facts, write_arguments, write_facts};
use posthouse_domain::loyalty::{Occasion, Posting, Standing};
use posthouse_domain::{Words, words};
use posthouse_engine::{Because, Description, MemberAsked, MemberSaid, PlacedIn, Value as Fact};
use serde_json::{Value, json};

/// The extension point of loyalty rules.
#[derive(Debug)]
pub(crate) enum Loyalty {}

/// What a loyalty rule is asked.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) asked: MemberAsked,
    /// In the order of the description.
    pub(crate) facts: Vec<Fact>,
}

impl Point for Loyalty {
    type Engine = posthouse_engine::Loyalty;
    type Request = Request;

    fn asked(request: &Request) -> (&MemberAsked, &[Fact]) {
        (&request.asked, &request.facts)
    }

    fn write(request: &Request, description: &Description) -> String {
        let MemberAsked { occasion, standing } = &request.asked;
        let mut written = json!({"facts": write_facts(&request.facts, description), "standing": standing});
        if let Some(occasion) = occasion {
            written["occasion"] = json!(occasion);
        }
        canonical_text(&written)
    }

    fn read(written: &Value, description: &Description) -> Result<Request, Words> {
        let standing: Standing = serde_json::from_value(written["standing"].clone())
            .map_err(|e| words!("the standing: {e}", "会员情况：{e}"))?;
        let occasion: Option<Occasion> = serde_json::from_value(written["occasion"].clone())
            .map_err(|e| words!("the occasion: {e}", "事件：{e}"))?;
        Ok(Request {
            asked: MemberAsked { occasion, standing },
            facts: read_facts(&written["facts"], description)?,
        })
    }

    fn pin(said: &MemberSaid, description: &Description) -> Value {
        match said {
            MemberSaid::Earned(earned) => {
                let posting = |(posting, because): &(Posting, Because)| {
                    let mut pinned = json!(posting);
                    pin_reason(&mut pinned, Some(because), description);
                    pinned
                };
                json!({"postings": earned.iter().map(posting).collect::<Vec<_>>()})
            }
            MemberSaid::Placed(PlacedIn {
                tier,
                valid_until,
                next,
                because,
            }) => {
                let next = next
                    .as_ref()
                    .map(|next| json!({"tier": next.tier, "have": next.have, "need": next.need, "unit": next.unit}));
                let mut pinned = json!({"tier": tier, "valid_until": valid_until, "next": next});
                pin_reason(&mut pinned, because.as_ref(), description);
                pinned
            }
        }
    }
}

fn pin_reason(pinned: &mut Value, because: Option<&Because>, description: &Description) {
    let reason = because.and_then(|because| description.reasons.get(usize::from(because.reason)));
    pinned["reason"] = json!(reason.map(|reason| &reason.code));
    if let (Some(because), Some(reason)) = (because, reason)
        && !reason.arguments.is_empty()
    {
        pinned["arguments"] = write_arguments(&because.arguments, &reason.arguments);
    }
}
