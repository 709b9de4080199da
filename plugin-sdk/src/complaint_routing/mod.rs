//! Where cases go, how grave they are, and by when they are answered.

mod case;
mod route;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod trial;

pub use case::{Case, CaseBooking, CaseKind, Cause, ClockKind, Desk, Desks, Liability, Person, Phase, Remedy, Trigger};
pub use route::{Playbook, PlaybookStep, Route};

use crate::bindings::exports::posthouse::plugin::complaint_routing as wire;
use crate::bindings::posthouse::plugin::facts::Value;
use crate::bindings::posthouse::plugin::types;
use crate::component::{self, Component};
use crate::context::Context;
use crate::facts::Facts;
use crate::problems::refusal;
use crate::reasons::Reasons;
use crate::rule::Rule;

/// A rule that sends cases to desks.
///
/// The host keeps the cases, runs their clocks and pays: a rule says where a case goes, how grave it is, by when it is answered, and what would put it
/// right. People are told without names, and what is written in the case only to a rule that declares the fact `case-text` and was granted it. A case
/// is never without a desk: where a rule fails, it goes to the default one.
///
/// ```
/// use posthouse_sdk::prelude::*;
///
/// #[derive(Facts, Default)]
/// struct Guest {
///     tier: Option<Text>,
/// }
///
/// #[derive(Reasons)]
/// enum Reason {
///     #[reason(zh = "客人仍在途中", en = "The customer is still on the trip")]
///     OnTheWay,
///     #[reason(zh = "{tier}会员", en = "A {tier} member")]
///     Member,
///     #[reason(zh = "按常规处理", en = "As usual")]
///     Usual,
/// }
///
/// #[derive(Rule)]
/// #[rule(facts = Guest, reasons = Reason)]
/// #[rule(zh = "在途优先", summary_zh = "途中的投诉先处理，金卡会员交资深组。")]
/// #[rule(en = "Travellers first", summary_en = "Whoever is on the way comes first, gold members go to the senior desk.")]
/// struct TravellersFirst;
///
/// impl ComplaintRouting for TravellersFirst {
///     fn route(case: &Case, desks: &Desks, guest: Guest, _: &Context<NoSettings>) -> Route<Reason> {
///         if case.phase == Phase::InTrip {
///             return Route::to_or_default(desks.with_skill("in-trip"), Reason::OnTheWay)
///                 .severity(1)
///                 .within(ClockKind::FirstResponse, 15)
///                 .ask_again(ClockKind::FirstResponse, 100);
///         }
///         match guest.tier {
///             Some(Text("gold")) => Route::to_or_default(desks.with_skill("senior"), Reason::Member),
///             _ => Route::to_default(Reason::Usual),
///         }
///     }
/// }
///
/// posthouse_sdk::export_complaint_routing!(TravellersFirst);
///
/// let routed = harness::<TravellersFirst>()
///     .case(Case { phase: Phase::InTrip, ..Case::default() })
///     .desk("default", &[])
///     .desk("duty", &["in-trip"])
///     .route();
/// assert_eq!((routed.desk.as_deref(), routed.severity), (Some("duty"), Some(1)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rule of complaint routing",
    label = "`ComplaintRouting` is not implemented for this type",
    note = "write `impl ComplaintRouting for {Self} {{ … }}`; the page of the trait has one in full"
)]
pub trait ComplaintRouting: Rule {
    /// What to do in a crisis; nothing for a rule that only routes.
    const PLAYBOOKS: &'static [Playbook] = &[];

    /// Where the case goes. All facts are unknown where nobody is known, and those that cannot be unknown are zero.
    fn route(case: &Case, desks: &Desks, facts: Self::Facts, ctx: &Context<Self::Settings>) -> Route<Self::Reason>;
}

impl<P: ComplaintRouting> wire::Guest for Component<P> {
    fn playbooks() -> Vec<wire::Playbook> {
        P::PLAYBOOKS.iter().map(Playbook::send).collect()
    }

    fn route(
        ctx: types::Context,
        complaint: wire::Complaint,
        trigger: wire::Trigger,
        desks: Vec<wire::Desk>,
        facts: Vec<Value>,
    ) -> Result<wire::Routing, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let ctx = Context::read(ctx, ()).map_err(refusal)?;
        let facts = component::customer(facts)?;
        let (case, desks) = (Case::read(complaint, trigger), Desks::read(desks));
        Ok(P::route(&case, &desks, facts, &ctx).send(P::PLAYBOOKS))
    }
}

/// Refuses at compile time what the host would refuse at upload.
pub const fn check<P: ComplaintRouting>() {
    assert!(
        !P::Reason::DEFS.is_empty(),
        "a rule of complaint routing needs at least one reason, because every routing has one"
    );
    component::check_reasons::<P::Reason>(P::Facts::USES);
}

/// Makes the rule the plugin of this crate, which sends cases to desks. Once per crate.
#[macro_export]
macro_rules! export_complaint_routing {
    ($plugin:ty) => {
        $crate::export_rule!($plugin, check_complaint_routing, export_complaint_routing_plugin);
    };
}
