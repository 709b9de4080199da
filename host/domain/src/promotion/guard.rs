//! Who may be offered a campaign at all, before its rule is asked.

use super::holdout;
use crate::Instant;
use crate::campaign::{Audience, Plan};
use crate::catalogue::Value;
use crate::normal;
use uuid::Uuid;

/// The fact that silences offers.
pub const OPEN_COMPLAINTS: &str = "open-complaints";

/// What is known of the customer who asks.
pub trait Asker {
    /// Who it is.
    fn id(&self) -> Uuid;
    /// The value of a fact.
    fn fact(&self, key: &str) -> Value<'_>;
    /// The key of the customer's segment in a binding.
    fn segment(&self, binding: &str) -> Option<&str>;
}

/// Why a campaign's rule is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// Not now.
    OutsideWindow,
    /// Not here.
    Elsewhere,
    /// Something in the basket is in a crisis: nothing is offered with it until that is over.
    ProductInCrisis,
    /// It takes a known customer: the campaign has an audience, a budget for each customer, or leaves some out to see its effect.
    Unknown,
    /// Not for this customer.
    NotInAudience,
    /// Kept from this customer, so that the effect can be seen.
    Holdout,
    /// The customer has a complaint that is not settled.
    OpenComplaint,
    /// It takes a coupon.
    NeedsCoupon,
}

/// Where, when and with what somebody asks.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The present.
    pub now: Instant,
    /// Where the customer buys.
    pub channel: &'a str,
    /// Whether a coupon of this campaign is there and can be used.
    pub has_coupon: bool,
    /// Whether something in the basket is in a crisis.
    pub in_crisis: bool,
}

impl Audience {
    /// Whether the customer belongs to it.
    pub fn holds(&self, asker: &dyn Asker) -> bool {
        let member = |segment: &String| {
            let parts = segment.split_once('.');
            parts.is_some_and(|(binding, key)| asker.segment(binding) == Some(key))
        };
        (self.segments.is_empty() || self.segments.iter().any(member))
            && self
                .facts
                .iter()
                .all(|condition| condition.holds(asker.fact(&condition.fact)))
    }

    /// Whether it is everyone, known or not.
    pub fn is_everyone(&self) -> bool {
        self.segments.is_empty() && self.facts.is_empty()
    }
}

/// Whether the rule of `campaign` may be asked. What is hardest to change comes first, so that the reason given is the one that would
/// stand if the others were mended; the holdout comes after all that make somebody part of the campaign, as it is drawn from those.
///
/// # Errors
/// Why not.
pub fn admit(plan: &Plan, campaign: Uuid, asker: Option<&dyn Asker>, occasion: Occasion<'_>) -> Result<(), Barred> {
    if !plan.window.holds(occasion.now) {
        return Err(Barred::OutsideWindow);
    }
    if !plan.places.is_empty()
        && !plan
            .places
            .iter()
            .any(|place| normal::text(place) == normal::text(occasion.channel))
    {
        return Err(Barred::Elsewhere);
    }
    if occasion.in_crisis {
        return Err(Barred::ProductInCrisis);
    }
    match asker {
        None if plan.holdout > 0 || plan.budget.per_customer.is_some() || !plan.audience.is_everyone() => {
            return Err(Barred::Unknown);
        }
        None => {}
        Some(asker) => {
            if !plan.audience.holds(asker) {
                return Err(Barred::NotInAudience);
            }
            if !plan.despite_complaints && matches!(asker.fact(OPEN_COMPLAINTS), Value::Whole(1..)) {
                return Err(Barred::OpenComplaint);
            }
            if plan.needs_coupon && !occasion.has_coupon {
                return Err(Barred::NeedsCoupon);
            }
            if holdout::keeps_out(campaign, asker.id(), plan.holdout) {
                return Err(Barred::Holdout);
            }
        }
    }
    if plan.needs_coupon && !occasion.has_coupon {
        return Err(Barred::NeedsCoupon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    struct Guest {
        complaints: i64,
        stage: Option<&'static str>,
    }

    impl Asker for Guest {
        fn id(&self) -> Uuid {
            Uuid::from_u128(5)
        }

        fn fact(&self, key: &str) -> Value<'_> {
            match key {
                OPEN_COMPLAINTS => Value::Whole(self.complaints),
                "trips-24m" => Value::Whole(3),
                _ => Value::Unknown,
            }
        }

        fn segment(&self, binding: &str) -> Option<&str> {
            self.stage.filter(|_| binding == "lifecycle")
        }
    }

    fn plan(changes: &[(&str, Json)]) -> Plan {
        let mut value = json!({
            "goal": {"purpose": "Win them back"}, "window": {"from": 10, "to": 20}, "budget": {"total": 1},
            "stacking": {"group": "open", "priority": 1}, "rule": {"digest": "d", "config": {}},
        });
        for (key, change) in changes {
            value[*key] = change.clone();
        }
        serde_json::from_value(value).expect("a plan")
    }

    #[test]
    fn each_bar_has_its_reason() {
        let occasion = Occasion {
            now: 10,
            channel: "app",
            has_coupon: false,
            in_crisis: false,
        };
        let guest = |complaints, stage| Guest { complaints, stage };
        let calm = guest(0, Some("active"));
        let ask = |changes: &[(&str, Json)], asker: Option<&dyn Asker>| {
            admit(&plan(changes), Uuid::from_u128(7), asker, occasion)
        };
        assert_eq!(ask(&[], Some(&calm)), Ok(()));
        assert_eq!(ask(&[], None), Ok(()), "everyone may, known or not");
        let lapsed = json!({"segments": ["lifecycle.lapsed", "lifecycle.at-risk"]});
        let often = json!({"facts": [{"fact": "trips-24m", "at_least": 4}]});
        for (changes, asker, expected) in [
            (
                vec![("window", json!({"from": 11, "to": 20}))],
                Some(&calm),
                Barred::OutsideWindow,
            ),
            (
                vec![("window", json!({"from": 1, "to": 10}))],
                Some(&calm),
                Barred::OutsideWindow,
            ),
            (vec![("places", json!(["shop"]))], Some(&calm), Barred::Elsewhere),
            (vec![("holdout", json!(1))], None, Barred::Unknown),
            (
                vec![("budget", json!({"total": 9, "per_customer": 9}))],
                None,
                Barred::Unknown,
            ),
            (vec![("audience", lapsed.clone())], None, Barred::Unknown),
            (vec![("audience", lapsed.clone())], Some(&calm), Barred::NotInAudience),
            (vec![("audience", often)], Some(&calm), Barred::NotInAudience),
            (vec![], Some(&guest(1, None)), Barred::OpenComplaint),
            (vec![("needs_coupon", json!(true))], Some(&calm), Barred::NeedsCoupon),
            (vec![("needs_coupon", json!(true))], None, Barred::NeedsCoupon),
            (vec![("holdout", json!(10_000))], Some(&calm), Barred::Holdout),
        ] {
            let asker = asker.map(|asker| asker as &dyn Asker);
            assert_eq!(ask(&changes, asker), Err(expected), "{changes:?}");
        }
        assert_eq!(ask(&[("audience", lapsed)], Some(&guest(0, Some("at-risk")))), Ok(()));
        assert_eq!(
            ask(&[("despite_complaints", json!(true))], Some(&guest(2, None))),
            Ok(())
        );
        let with = Occasion {
            has_coupon: true,
            in_crisis: false,
            ..occasion
        };
        assert_eq!(
            admit(&plan(&[("needs_coupon", json!(true))]), Uuid::nil(), None, with),
            Ok(())
        );
    }
}
