//! What members earn, and in which tier they stand.

mod member;
mod occasion;
mod placement;
mod postings;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod trial;

pub use member::{InTier, Member};
pub use occasion::{AgencyEvent, Booking, Happening, Occasion, Referral, Side};
pub use placement::Placement;
pub use postings::{Active, Lasts, Posting, Postings, Wallet};

use crate::bindings::exports::posthouse::plugin::loyalty as wire;
use crate::bindings::posthouse::plugin::facts::Value;
use crate::bindings::posthouse::plugin::types;
use crate::component::{self, Component};
use crate::context::Context;
use crate::description::{Localized, TierDef};
use crate::facts::Facts;
use crate::problems::refusal;
use crate::reasons::Reasons;
use crate::rule::Rule;

/// A rule that posts points for what happens to a member, and may name tiers.
///
/// The host keeps the points: in lots that become active and expire, held while they are about to be spent, taken back when a booking is
/// refunded. A rule never sees another member.
///
/// ```
/// use posthouse_sdk::prelude::*;
///
/// #[derive(Tiers, Debug, Clone, Copy, PartialEq, Eq)]
/// enum Tier {
///     #[tier(zh = "普卡", en = "Member", benefits_zh = "积分累积。", benefits_en = "Earns points.")]
///     Member,
///     #[tier(zh = "金卡", en = "Gold", benefits_zh = "优先候补。", benefits_en = "First on the waiting list.")]
///     Gold,
/// }
///
/// #[derive(Reasons)]
/// enum Reason {
///     #[reason(zh = "订单累积", en = "Earned with a booking")]
///     Booking,
///     #[reason(zh = "近一年成长值 {status}", en = "{status} status in a year")]
///     Reached { status: i32 },
/// }
///
/// #[settings]
/// struct Settings {
///     /// What it takes to be gold, in status of the last 365 days.
///     #[setting(en = "Gold from", zh = "金卡门槛", range(min = 1), default = 60_000)]
///     gold: i64,
/// }
///
/// #[derive(Rule)]
/// #[rule(settings = Settings, reasons = Reason)]
/// #[rule(zh = "两级会员", summary_zh = "每消费一元积一分，达到门槛即为金卡。")]
/// #[rule(en = "Two tiers", summary_en = "A point for each yuan, and gold from a threshold on.")]
/// struct TwoTiers;
///
/// impl Loyalty for TwoTiers {
///     type Tier = Tier;
///
///     fn earn(occasion: &Occasion, _: &Member<Tier>, (): (), _: &Context<Settings>) -> Postings<Reason> {
///         let mut postings = Postings::new();
///         if let Happening::BookingConfirmed(booking) = &occasion.what {
///             let points = booking.amount.0 / 100;
///             postings.add(Posting::points(points).when_completed().for_months(24), Reason::Booking);
///             postings.add(Posting::status(points).when_completed(), Reason::Booking);
///         }
///         postings
///     }
///
///     fn place(member: &Member<Tier>, (): (), ctx: &Context<Settings>) -> Placement<Tier, Reason> {
///         let status = member.status_of_days(365, ctx.today);
///         let tier = if status >= ctx.settings.gold { Tier::Gold } else { Tier::Member };
///         Placement::in_tier(tier).because(Reason::Reached { status: status as i32 })
///     }
/// }
///
/// posthouse_sdk::export_loyalty!(TwoTiers);
///
/// let earned = harness::<TwoTiers>().happening(Happening::BookingConfirmed(Booking::of(Money(500_000)))).earn();
/// assert_eq!((earned[0].points, earned.len()), (5_000, 2));
/// let placed = harness::<TwoTiers>().status("2025-11-02", 61_000).place();
/// assert_eq!(placed.tier.as_deref(), Some("gold"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a loyalty rule",
    label = "`Loyalty` is not implemented for this type",
    note = "write `impl Loyalty for {Self} {{ … }}`; the page of the trait has one in full"
)]
pub trait Loyalty: Rule {
    /// The tiers it names; [`NoTiers`] for a rule that only posts. The binding `main` alone gives tiers.
    type Tier: Tiers;

    /// What the member earns on an occasion.
    fn earn(
        occasion: &Occasion,
        member: &Member<Self::Tier>,
        facts: Self::Facts,
        ctx: &Context<Self::Settings>,
    ) -> Postings<Self::Reason>;

    /// In which tier the member stands: asked behind every occasion, and on the day after a tier's validity.
    fn place(
        _member: &Member<Self::Tier>,
        _facts: Self::Facts,
        _ctx: &Context<Self::Settings>,
    ) -> Placement<Self::Tier, Self::Reason> {
        Placement::none()
    }
}

/// The tiers of a rule, the lowest first. Derive it for an enum: `#[derive(Tiers, Clone, Copy)]`, with
/// `#[tier(zh = "…", en = "…", benefits_zh = "…", benefits_en = "…")]` on each variant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name tiers",
    label = "not an enum of tiers",
    note = "write `#[derive(Tiers, Clone, Copy)]` above an enum with one variant per tier, or use `NoTiers`"
)]
pub trait Tiers: Copy + 'static {
    /// The tiers in the order of their indices.
    const DEFS: &'static [TierDef];
    /// The tiers themselves, in the same order.
    const ALL: &'static [Self];
    /// Index into [`Self::DEFS`].
    fn index(self) -> u32;

    /// The one of this key.
    fn of_key(key: &str) -> Option<Self> {
        let place = Self::DEFS.iter().position(|def| def.key == key)?;
        Self::ALL.get(place).copied()
    }
}

/// The tiers of a rule that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTiers {}

impl Tiers for NoTiers {
    const DEFS: &'static [TierDef] = &[];
    const ALL: &'static [Self] = &[];

    fn index(self) -> u32 {
        match self {}
    }
}

impl<P: Loyalty> wire::Guest for Component<P> {
    fn tiers() -> Vec<wire::TierDef> {
        let tier = |def: &TierDef| wire::TierDef {
            key: def.key.to_owned(),
            title: Localized::into(def.title),
            benefits: Localized::into(def.benefits),
        };
        P::Tier::DEFS.iter().map(tier).collect()
    }

    fn earn(
        ctx: types::Context,
        occasion: wire::Occasion,
        standing: wire::Standing,
        facts: Vec<Value>,
    ) -> Result<Vec<wire::Posting>, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let ctx = Context::read(ctx, ()).map_err(refusal)?;
        let facts = component::customer(facts)?;
        let occasion = Occasion::read(occasion).map_err(refusal)?;
        Ok(P::earn(&occasion, &Member::read(standing), facts, &ctx).send())
    }

    fn place(
        ctx: types::Context,
        standing: wire::Standing,
        facts: Vec<Value>,
    ) -> Result<wire::Placement, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let ctx = Context::read(ctx, ()).map_err(refusal)?;
        let facts = component::customer(facts)?;
        Ok(P::place(&Member::read(standing), facts, &ctx).send())
    }
}

/// Refuses at compile time what the host would refuse at upload.
pub const fn check<P: Loyalty>() {
    assert!(
        !P::Reason::DEFS.is_empty(),
        "a loyalty rule needs at least one reason, because every posting has one"
    );
    component::check_reasons::<P::Reason>(P::Facts::USES);
}

/// Makes the rule the plugin of this crate, which posts points. Once per crate.
#[macro_export]
macro_rules! export_loyalty {
    ($plugin:ty) => {
        $crate::export_rule!($plugin, check_loyalty, export_loyalty_plugin);
    };
}
