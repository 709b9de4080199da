use std::marker::PhantomData;

use crate::basket::Basket;
use crate::bindings::exports::posthouse::plugin::{descriptor, promotion as wire};
use crate::bindings::posthouse::plugin::types;
use crate::component;
use crate::context::Context;
use crate::description::Description;
use crate::facts::{Facts, Values};
use crate::offers::Offers;
use crate::problems::{Problems, refusal};
use crate::reasons::Reasons;
use crate::settings::Settings;

/// A rule that proposes savings on what a customer is about to buy.
///
/// The host prices what all campaigns propose, and holds it to budgets, floors, coupons and stacking groups. A rule never sees
/// what other campaigns do, nor what a product costs the agency.
///
/// ```
/// use posthouse_sdk::prelude::*;
///
/// /// What it reads of the customer. `segment.lifecycle` is the customer's segment in the binding `lifecycle`, by its key.
/// #[derive(Facts, Default)]
/// struct Guest {
///     trips_total: i32,
///     #[fact("segment.lifecycle")]
///     stage: Option<Text>,
/// }
///
/// #[derive(Reasons)]
/// enum Reason {
///     #[reason(zh = "提前 {days-ahead} 天预订", en = "Booked {days-ahead} days ahead")]
///     Early { days_ahead: i32 },
///     #[reason(zh = "首次出行礼遇", en = "Welcome on the first trip")]
///     Welcome,
/// }
///
/// #[settings]
/// struct Settings {
///     /// How many days before the departure is early.
///     days: i32,
///     /// What is saved then, in basis points of the price: 1000 is 10 %.
///     rate: Rate,
///     /// What a first trip costs less, in minor units of the agency's currency.
///     welcome: i64,
/// }
///
/// impl Default for Settings {
///     fn default() -> Self {
///         Self { days: 60, rate: Rate::percent(8), welcome: 20_000 }
///     }
/// }
///
/// struct EarlyBird;
///
/// impl Promotion for EarlyBird {
///     type Facts = Guest;
///     type Settings = Settings;
///     type Reason = Reason;
///
///     fn describe() -> Description {
///         Description {
///             name: "early-bird",
///             version: env!("CARGO_PKG_VERSION"),
///             title: Localized { zh: "早鸟", en: "Early bird" },
///             summary: Localized { zh: "提前预订有优惠。", en: "Saves those who book early." },
///         }
///     }
///
///     fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
///         let mut offers = Offers::new();
///         for line in basket.lines.iter().filter(|line| line.kind == ProductKind::Tour) {
///             if guest.trips_total == 0 && guest.stage == Some(Text("prospect")) {
///                 offers.amount(line, Money(ctx.settings.welcome), Reason::Welcome);
///             } else if let Some(days_ahead) = line.departs.map(|day| day.since(ctx.today))
///                 && days_ahead >= ctx.settings.days
///             {
///                 offers.rate(line, ctx.settings.rate, Reason::Early { days_ahead });
///             }
///         }
///         offers
///     }
/// }
///
/// posthouse_sdk::export_promotion!(EarlyBird);
///
/// let offers = promotion_harness::<EarlyBird>()
///     .today("2026-01-15")
///     .facts(Guest { trips_total: 3, ..Guest::default() })
///     .line(Line::tour("YN-7").price(Money(500_000)).departs("2026-04-01"))
///     .evaluate();
/// assert_eq!(offers[0].saving, Saving::Rate(Rate::percent(8)));
/// assert_eq!(offers[0].because_en, "Booked 76 days ahead");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a promotion",
    label = "`Promotion` is not implemented for this type",
    note = "write `impl Promotion for {Self} {{ … }}`; the page of the trait has one in full"
)]
pub trait Promotion: 'static {
    /// What it reads of the customer; `()` for nothing.
    type Facts: Facts;
    /// What an agency may set; [`NoSettings`](crate::NoSettings) for nothing.
    type Settings: Settings;
    /// Why there is an offer. Every offer has a reason, so there is at least one.
    type Reason: Reasons;

    /// What it is.
    fn describe() -> Description;

    /// What it proposes for a basket. All facts are unknown where nobody is named, and those that cannot be unknown are zero.
    fn evaluate(basket: &Basket, facts: Self::Facts, ctx: &Context<Self::Settings>) -> Offers<Self::Reason>;

    /// Says what is wrong with settings that their schema allows. Called when they are written, so that whoever writes them is told.
    fn validate(_settings: &Self::Settings, _problems: &mut Problems) {}
}

/// What the host sees of a promotion.
#[derive(Debug)]
pub struct PromotionComponent<P>(PhantomData<P>);

impl<P: Promotion> descriptor::Guest for PromotionComponent<P> {
    fn describe() -> descriptor::Description {
        component::describe::<P::Facts, P::Settings, P::Reason>(&P::describe())
    }

    fn validate(config: String) -> Result<(), Vec<types::Problem>> {
        component::validate(&config, P::validate)
    }
}

impl<P: Promotion> wire::Guest for PromotionComponent<P> {
    fn evaluate(ctx: types::Context, request: wire::Request) -> Result<Vec<wire::Offer>, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let ctx = Context::read(ctx, ()).map_err(refusal)?;
        let mut values = Values::new(request.facts, P::Facts::USES).map_err(refusal)?;
        let facts = P::Facts::values(&mut values).map_err(refusal)?;
        let basket = Basket::read(request.basket);
        Ok(P::evaluate(&basket, facts, &ctx).send())
    }
}

/// Refuses at compile time what the host would refuse at upload.
pub const fn check<P: Promotion>() {
    assert!(
        !P::Reason::DEFS.is_empty(),
        "a promotion needs at least one reason, because every offer has one"
    );
    component::check_reasons::<P::Reason>(P::Facts::USES);
}
