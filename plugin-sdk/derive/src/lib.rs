//! The derives of `posthouse-sdk`. Use them through that crate, where they are explained.

mod facts;
mod names;
mod quantiles;
mod rule;
mod settings;
mod variants;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// The fields of a struct as the facts a rule reads. The key is the field's name with hyphens; `#[fact("attr.visa")]` names
/// a field of the agency's own, `#[fact("segment.lifecycle")]` the customer's segment in a binding, which promotions and loyalty rules can read.
#[proc_macro_derive(Facts, attributes(fact))]
pub fn facts(input: TokenStream) -> TokenStream {
    finish(facts::derive(&parse_macro_input!(input as DeriveInput)))
}

/// The fields of a struct as quantiles of the facts of the same name: `#[quantiles(of = Guest, buckets = 5, among = trips_24m)]`.
#[proc_macro_derive(Quantiles, attributes(quantiles, quantile))]
pub fn quantiles(input: TokenStream) -> TokenStream {
    finish(quantiles::derive(&parse_macro_input!(input as DeriveInput)))
}

/// The variants of an enum as segments: `#[segment(zh = "…", en = "…", policy_zh = "…", policy_en = "…")]` on each; `key = "…"`
/// keeps a key when the variant is renamed.
#[proc_macro_derive(Segments, attributes(segment))]
pub fn segments(input: TokenStream) -> TokenStream {
    finish(variants::segments(&parse_macro_input!(input as DeriveInput)))
}

/// The variants of an enum as tiers, the lowest first: `#[tier(zh = "…", en = "…", benefits_zh = "…", benefits_en = "…")]` on each; `key =
/// "…"` keeps a key when the variant is renamed.
#[proc_macro_derive(Tiers, attributes(tier))]
pub fn tiers(input: TokenStream) -> TokenStream {
    finish(variants::tiers(&parse_macro_input!(input as DeriveInput)))
}

/// The variants of an enum as reasons: `#[reason(zh = "…", en = "…")]` on each; `code = "…"` keeps a code when the variant is
/// renamed.
#[proc_macro_derive(Reasons, attributes(reason))]
pub fn reasons(input: TokenStream) -> TokenStream {
    finish(variants::reasons(&parse_macro_input!(input as DeriveInput)))
}

/// What a rule is, reads and says: `#[rule(facts = Guest, settings = Settings, reasons = Reason, zh = "…", en = "…", summary_zh = "…",
/// summary_en = "…")]`. Without `facts`, `settings` or `reasons` it has none; `validate = Settings::validate` names the function that
/// looks at settings; name and version are those of the package, unless `name = "…"` is another.
#[proc_macro_derive(Rule, attributes(rule))]
pub fn rule(input: TokenStream) -> TokenStream {
    finish(rule::derive(&parse_macro_input!(input as DeriveInput)))
}

/// Makes a struct readable from JSON and describes it as JSON Schema. Unknown keys are refused, missing ones take their default, so that
/// `{}` is always valid. Doc comments on fields become their descriptions.
///
/// `#[setting(en = "…", zh = "…", about_zh = "…", range(min = 1, max = 90), default = 7)]` on a field says its title in both languages,
/// its description in Chinese, its bounds as `schemars` has them, and its default; all of it may be left out. Where no field has a
/// default here, the struct needs a `Default` of its own. In which unit an amount of money or a rate is, is added in both languages.
///
/// `#[settings(part)]` is for a type that stands inside the settings: the entries of a list, whose fields are all needed unless they
/// are an `Option`, or an enum of words, spelled in lower case with hyphens.
#[proc_macro_attribute]
pub fn settings(arguments: TokenStream, item: TokenStream) -> TokenStream {
    finish(settings::expand(
        &arguments.into(),
        parse_macro_input!(item as DeriveInput),
    ))
}

fn finish(written: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    written.unwrap_or_else(|error| error.to_compile_error()).into()
}
