//! The derives of `posthouse-sdk`. Use them through that crate, where they are explained.

mod facts;
mod names;
mod quantiles;
mod settings;
mod variants;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// The fields of a struct as the facts a rule reads. The key is the field's name with hyphens; `#[fact("attr.visa")]` names
/// a field of the agency's own, `#[fact("segment.lifecycle")]` the customer's segment in a binding, which only a promotion can read.
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

/// The variants of an enum as reasons: `#[reason(zh = "…", en = "…")]` on each; `code = "…"` keeps a code when the variant is
/// renamed.
#[proc_macro_derive(Reasons, attributes(reason))]
pub fn reasons(input: TokenStream) -> TokenStream {
    finish(variants::reasons(&parse_macro_input!(input as DeriveInput)))
}

/// Makes a struct readable from JSON and describes it as JSON Schema. Unknown keys are refused, missing ones take their value from
/// the struct's `Default`, so that `{}` is always valid. Doc comments on fields become their descriptions.
///
/// `#[settings(part)]` is for a type that stands inside the settings: the entries of a list, whose fields are all needed unless they
/// are an `Option`, or an enum of words, spelled in lower case with hyphens.
#[proc_macro_attribute]
pub fn settings(arguments: TokenStream, item: TokenStream) -> TokenStream {
    finish(settings::expand(
        &arguments.into(),
        &parse_macro_input!(item as DeriveInput),
    ))
}

fn finish(written: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    written.unwrap_or_else(|error| error.to_compile_error()).into()
}
