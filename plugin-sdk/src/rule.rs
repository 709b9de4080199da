use crate::description::Description;
use crate::facts::Facts;
use crate::problems::Problems;
use crate::reasons::Reasons;
use crate::settings::Settings;

/// What every rule has, whatever it decides. Derive it:
///
/// ```
/// # use posthouse_sdk::prelude::*;
/// # #[derive(Facts)]
/// # struct Guest { trips_24m: i32 }
/// # #[settings]
/// # #[derive(Default)]
/// # struct Settings { days: i32 }
/// # impl Settings { fn validate(&self, _: &mut Problems) {} }
/// # #[derive(Reasons)]
/// # enum Reason { #[reason(zh = "甲", en = "A")] A }
/// #[derive(Rule)]
/// #[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
/// #[rule(zh = "早鸟优惠", summary_zh = "提前预订有优惠。")]
/// #[rule(en = "Early bird", summary_en = "Saves those who book early.")]
/// struct EarlyBird;
/// ```
///
/// What is left out the rule does not have; its name and version are those of the package. What it decides says the trait of its
/// extension point: [`Segmentation`](crate::Segmentation), [`Promotion`](crate::Promotion), [`Loyalty`](crate::Loyalty),
/// [`ComplaintRouting`](crate::ComplaintRouting).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rule",
    label = "`Rule` is not implemented for this type",
    note = "write `#[derive(Rule)]` and `#[rule(…)]` above `{Self}`"
)]
pub trait Rule: 'static {
    /// What it reads of a customer; `()` for nothing.
    type Facts: Facts;
    /// What an agency may set; [`NoSettings`](crate::NoSettings) for nothing.
    type Settings: Settings;
    /// Why it decides as it does; [`NoReason`](crate::NoReason) if it never says.
    type Reason: Reasons;

    /// What it is.
    fn describe() -> Description;

    /// Says what is wrong with settings that their schema allows. Called when they are written, so that whoever writes them is told.
    fn validate(_settings: &Self::Settings, _problems: &mut Problems) {}
}
