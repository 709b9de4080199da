//! Write a Posthouse plugin in Rust: a struct of facts, a rule, golden cases. Nothing about WebAssembly or WIT.
//!
//! ```
//! use posthouse_sdk::prelude::*;
//!
//! /// The facts the rule reads, one field each: `days_since_return` reads the fact `days-since-return`.
//! #[derive(Facts)]
//! struct Guest {
//!     days_since_return: Option<i32>,
//!     spend_24m: Money,
//! }
//!
//! #[derive(Segments)]
//! enum Segment {
//!     #[segment(zh = "刚回来", en = "Just back", policy_zh = "三天内致电问候。", policy_en = "Call within three days.")]
//!     JustBack,
//! }
//!
//! #[derive(Reasons)]
//! enum Reason {
//!     #[reason(zh = "{days-since-return} 天前回来", en = "Came back {days-since-return} days ago")]
//!     Returned,
//! }
//!
//! /// What an agency may set. Every field needs a default.
//! #[settings]
//! struct Settings {
//!     /// How long after the return a guest counts as just back, in days.
//!     #[setting(en = "Days", zh = "天数", about_zh = "返程后多少天内算刚回来。", range(min = 1, max = 90), default = 7)]
//!     within_days: i32,
//! }
//!
//! #[derive(Rule)]
//! #[rule(facts = Guest, settings = Settings, reasons = Reason)]
//! #[rule(zh = "返程关怀", summary_zh = "找出刚回来的客人。")]
//! #[rule(en = "Welcome back", summary_en = "Finds guests who have just come back.")]
//! struct Returned;
//!
//! impl Segmentation for Returned {
//!     type Quantiles = ();
//!     type Segment = Segment;
//!
//!     fn classify(guest: Guest, ctx: &Context<Settings>) -> Class<Segment, Reason> {
//!         match guest.days_since_return {
//!             Some(days) if days <= ctx.settings.within_days => {
//!                 Class::of(Segment::JustBack).score(guest.spend_24m.0 as f32).because(Reason::Returned)
//!             }
//!             _ => Class::none(),
//!         }
//!     }
//! }
//!
//! posthouse_sdk::export_segmentation!(Returned);
//!
//! let answers = harness::<Returned>()
//!     .rows([Guest { days_since_return: Some(2), spend_24m: Money(120_000) }])
//!     .classify();
//! assert_eq!(answers[0].segment.as_deref(), Some("just-back"));
//! ```
//!
//! | field | kind of fact | values |
//! | --- | --- | --- |
//! | `i32` | count | |
//! | [`Money`] | money | minor units of the agency's base currency |
//! | `f64` | number | |
//! | `bool` | flag | |
//! | [`Day`] | day | days since 1970-01-01 in the agency's time zone |
//! | [`Text`] | text | |
//!
//! `Option` around any of them takes an unknown value as `None`; a fact that can be unknown must be declared so.
//! `#[fact("attr.passport-country")]` names a fact whose key is not the field's name.
//!
//! A plugin exports one extension point. The one above is a [`Segmentation`], which puts customers into segments; a [`Promotion`]
//! proposes savings on what a customer is about to buy, a [`Loyalty`] rule posts points to members and says in which tier they
//! stand, and a rule of [`ComplaintRouting`] sends cases to desks. Their pages have one in full.

// So that what the derives write, `::posthouse_sdk::…`, also works in here.
extern crate self as posthouse_sdk;

#[cfg(target_family = "wasm")]
#[allow(unsafe_code)]
mod arena;
mod basket;
#[allow(unsafe_code, missing_docs, unreachable_pub, dead_code, clippy::all, clippy::unwrap_used)]
#[doc(hidden)]
#[rustfmt::skip]
pub mod bindings;
mod complaint_routing;
mod component;
mod context;
mod description;
mod facts;
#[cfg(not(target_family = "wasm"))]
pub mod harness;
pub mod log;
mod loyalty;
mod offers;
mod problems;
mod promotion;
mod quantiles;
mod reasons;
mod rule;
mod segmentation;
mod settings;
mod store;
mod values;

pub use basket::{Basket, Line, ProductKind};
pub use complaint_routing::{
    Case, CaseBooking, CaseKind, Cause, ClockKind, ComplaintRouting, Desk, Desks, Liability, Person, Phase, Playbook,
    PlaybookStep, Remedy, Route, Trigger,
};
pub use context::Context;
pub use description::{
    ArgumentDef, Description, FactKind, FactUse, Localized, QuantileUse, ReasonDef, SegmentDef, TierDef,
};
pub use facts::{Fact, Facts};
pub use loyalty::{
    Active, AgencyEvent, Booking, Happening, InTier, Lasts, Loyalty, Member, NoTiers, Occasion, Placement, Posting,
    Postings, Referral, Side, Tiers, Wallet,
};
pub use offers::{Offers, Saving};
pub use posthouse_sdk_derive::{Facts, Quantiles, Reasons, Rule, Segments, Tiers, settings};
pub use problems::{Problem, Problems};
pub use promotion::Promotion;
pub use quantiles::{Quantile, Quantiles, Ranked};
pub use reasons::{NoReason, Reasons};
pub use rule::Rule;
pub use segmentation::{Class, Segmentation, Segments};
pub use settings::{NoSettings, Settings};
pub use values::{Day, Money, Rate, Text};

/// What the derives and macros name in the code they write. Not for authors.
#[doc(hidden)]
pub mod private {
    pub use crate::complaint_routing::check as check_complaint_routing;
    pub use crate::component::Component;
    pub use crate::description::{declares, field_key};
    pub use crate::facts::{Columns, Fact, Values, holds_a_segment};
    pub use crate::loyalty::check as check_loyalty;
    pub use crate::promotion::check as check_promotion;
    pub use crate::quantiles::{Tables, fits, has_room};
    pub use crate::segmentation::check as check_segmentation;
    pub use crate::settings::tell_unit;
    pub use crate::store::Cell;
    pub use {schemars, serde};
}

/// Everything a plugin needs: `use posthouse_sdk::prelude::*;`
pub mod prelude {
    #[cfg(not(target_family = "wasm"))]
    pub use crate::harness::harness;
    pub use crate::{
        Active, AgencyEvent, Basket, Booking, Case, CaseBooking, CaseKind, Cause, Class, ClockKind, ComplaintRouting,
        Context, Day, Description, Desk, Desks, Facts, Happening, InTier, Lasts, Liability, Line, Localized, Loyalty,
        Member, Money, NoReason, NoSettings, NoTiers, Occasion, Offers, Person, Phase, Placement, Playbook,
        PlaybookStep, Posting, Postings, Problems, ProductKind, Promotion, Quantile, Quantiles, Rate, Reasons,
        Referral, Remedy, Route, Rule, Saving, Segmentation, Segments, Side, Text, Tiers, Trigger, Wallet, log,
        settings,
    };
}
