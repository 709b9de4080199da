//! What is saved on a basket.

use crate::basket::Basket;
use crate::bindings::exports::posthouse::plugin::promotion as wire;
use crate::bindings::posthouse::plugin::types;
use crate::component::{self, Component};
use crate::context::Context;
use crate::facts::Facts;
use crate::offers::Offers;
use crate::problems::refusal;
use crate::reasons::Reasons;
use crate::rule::Rule;

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
///     #[setting(en = "Days", zh = "天数", range(min = 1, max = 730), default = 60)]
///     days: i32,
///     /// What is saved then.
///     #[setting(en = "Rate", zh = "优惠比例", default = Rate::percent(8))]
///     rate: Rate,
///     /// What a first trip costs less.
///     #[setting(en = "Welcome", zh = "首次出行立减", default = Money(20_000))]
///     welcome: Money,
/// }
///
/// #[derive(Rule)]
/// #[rule(facts = Guest, settings = Settings, reasons = Reason)]
/// #[rule(zh = "早鸟", summary_zh = "提前预订有优惠。")]
/// #[rule(en = "Early bird", summary_en = "Saves those who book early.")]
/// struct EarlyBird;
///
/// impl Promotion for EarlyBird {
///     fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
///         let mut offers = Offers::new();
///         for line in basket.lines.iter().filter(|line| line.kind == ProductKind::Tour) {
///             if guest.trips_total == 0 && guest.stage == Some(Text("prospect")) {
///                 offers.amount(line, ctx.settings.welcome, Reason::Welcome);
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
/// let offers = harness::<EarlyBird>()
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
pub trait Promotion: Rule {
    /// What it proposes for a basket. All facts are unknown where nobody is named, and those that cannot be unknown are zero.
    fn evaluate(basket: &Basket, facts: Self::Facts, ctx: &Context<Self::Settings>) -> Offers<Self::Reason>;
}

impl<P: Promotion> wire::Guest for Component<P> {
    fn evaluate(ctx: types::Context, request: wire::Request) -> Result<Vec<wire::Offer>, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let ctx = Context::read(ctx, ()).map_err(refusal)?;
        let facts = component::customer(request.facts)?;
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

/// Makes the rule the plugin of this crate, which proposes savings. Once per crate.
#[macro_export]
macro_rules! export_promotion {
    ($plugin:ty) => {
        $crate::export_rule!($plugin, check_promotion, export_promotion_plugin);
    };
}

/// A promotion under `cargo test`: a basket, and what is proposed for it.
#[cfg(not(target_family = "wasm"))]
pub(crate) mod trial {
    use std::ops::Deref;

    use posthouse_golden::{self as golden, Mismatch, PRODUCTS, PromotionCase, Proposed};
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::{Promotion, wire};
    use crate::basket::{Basket, Line, ProductKind};
    use crate::bindings::exports::posthouse::plugin::promotion::Guest as _;
    use crate::component::Component;
    use crate::harness::{Asked, Harness, refused};
    use crate::offers::Saving;
    use crate::reasons::Reasons;
    use crate::values::{Day, Money, Rate, Text};

    /// What somebody is about to buy, for a promotion to look at: an empty basket over the channel `app`, if nothing is said.
    #[derive(Debug, Clone)]
    pub struct Purchase(Basket);

    impl From<()> for Purchase {
        fn from((): ()) -> Self {
            Self(Basket::new("app", []))
        }
    }

    /// What the promotion proposes for one line.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Proposal {
        /// Place of the line in the basket.
        pub line: usize,
        /// What is saved.
        pub saving: Saving,
        /// Code of the reason.
        pub reason: String,
        /// The reason's text in Chinese with the customer's facts put in.
        pub because_zh: String,
        /// The reason's text in English with the customer's facts put in.
        pub because_en: String,
    }

    /// What the promotion proposes for the basket, and the lines it logged.
    #[derive(Debug, Clone, PartialEq, Default)]
    pub struct Proposals {
        proposals: Vec<Proposal>,
        /// `level: message`.
        pub logs: Vec<String>,
    }

    impl Proposals {
        /// What is saved on the line at this place.
        pub fn on(&self, line: usize) -> Option<Saving> {
            let proposal = self.proposals.iter().find(|proposal| proposal.line == line);
            proposal.map(|proposal| proposal.saving)
        }
    }

    impl Deref for Proposals {
        type Target = [Proposal];

        fn deref(&self) -> &[Proposal] {
            &self.proposals
        }
    }

    /// For a [`Promotion`].
    impl<P: Promotion, Q: Into<Purchase>> Harness<P, Q> {
        /// Where the customer buys.
        pub fn channel(self, channel: impl Into<Text>) -> Harness<P, Purchase> {
            let mut call = self.asking::<Purchase>();
            call.question.0.channel = channel.into();
            call
        }

        /// One more line in the basket.
        pub fn line(self, line: Line) -> Harness<P, Purchase> {
            let mut call = self.asking::<Purchase>();
            let lines = &mut call.question.0.lines;
            let place = lines.len();
            lines.push(Line { place, ..line });
            call
        }

        /// Asks the promotion, and asks once more to see that it says the same again.
        ///
        /// # Panics
        /// If it refuses the call, or says something else the second time.
        pub fn evaluate(self) -> Proposals {
            match self.try_evaluate() {
                Ok(proposals) => proposals,
                Err(refusal) => panic!("{refusal}"),
            }
        }

        /// Like [`Self::evaluate`], with the refusal as a sentence.
        ///
        /// # Errors
        /// Why the call was refused, or what it says the second time.
        pub fn try_evaluate(self) -> Result<Proposals, String> {
            self.asking::<Purchase>().answer()
        }
    }

    impl<P: Promotion> Asked<Purchase> for P {
        type Answer = Proposals;
        type Case = PromotionCase;

        fn ask(call: &Harness<Self, Purchase>) -> Result<Proposals, String> {
            let proposals = once(call)?;
            let logs = crate::log::native::take();
            let again = once(call)?;
            if again != proposals {
                return Err(format!(
                    "the same call gets different answers: first {proposals:?}, then {again:?}"
                ));
            }
            Ok(Proposals { proposals, logs })
        }

        fn case(case: &PromotionCase, rule: &golden::Rule) -> Result<Vec<Mismatch>, String> {
            let asked = case.read(rule)?;
            let call = Harness::<Self>::of_case((asked.today, asked.now, asked.seed), &asked.config);
            let mut call = call.about(asked.facts).channel(Text(asked.channel.leak()));
            for line in asked.lines {
                call = call.line(bought(line)?);
            }
            let proposals = call.answer()?;
            let proposals: Vec<Proposed<'_>> = proposals.iter().map(proposed).collect();
            Ok(case.compare(&proposals))
        }
    }

    fn once<P: Promotion>(call: &Harness<P, Purchase>) -> Result<Vec<Proposal>, String> {
        let request = wire::Request {
            basket: (&call.question.0).into(),
            facts: call.customer()?,
        };
        let offers = Component::<P>::evaluate(call.context(), request).map_err(refused)?;
        offers.into_iter().map(|offer| proposal(call, offer)).collect()
    }

    fn proposal<P: Promotion>(call: &Harness<P, Purchase>, offer: wire::Offer) -> Result<Proposal, String> {
        let line = offer.line as usize;
        if line >= call.question.0.lines.len() {
            return Err(format!("an offer is for line {line}, which the basket does not have"));
        }
        let def = &P::Reason::DEFS[usize::from(offer.reason.index)];
        let [because_zh, because_en] = call.told(def, offer.reason.arguments);
        Ok(Proposal {
            line,
            saving: match offer.saving {
                wire::Saving::Amount(amount) => Saving::Amount(Money(amount)),
                wire::Saving::Rate(points) => Saving::Rate(Rate::basis_points(points)),
            },
            reason: def.code.to_owned(),
            because_zh,
            because_en,
        })
    }

    fn bought(line: golden::Line) -> Result<Line, String> {
        let text = |text: String| Text(text.leak());
        let kind: StrDeserializer<'_, Error> = PRODUCTS[line.kind].into_deserializer();
        let kind = ProductKind::deserialize(kind).map_err(|error| error.to_string())?;
        Ok(Line {
            destination: line.destination.map(text),
            theme: line.theme.map(text),
            departs: line.departs.map(Day),
            travellers: line.travellers,
            unit_price: Money(line.unit_price),
            quantity: line.quantity,
            ..Line::new(kind, text(line.sku))
        })
    }

    fn proposed(proposal: &Proposal) -> Proposed<'_> {
        Proposed {
            line: proposal.line,
            saving: match proposal.saving {
                Saving::Rate(rate) => golden::Saving::Rate(rate.points()),
                Saving::Amount(amount) => golden::Saving::Amount(amount.0),
            },
            reason: Some(&proposal.reason),
        }
    }
}
