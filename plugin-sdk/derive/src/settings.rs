use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Result};

use crate::names;

pub(crate) fn expand(arguments: &TokenStream, item: &DeriveInput) -> Result<TokenStream> {
    match arguments.to_string().as_str() {
        "" => whole(item),
        "part" => part(item),
        _ => Err(Error::new_spanned(
            arguments,
            "`#[settings]` stands alone above the settings, `#[settings(part)]` above a type that stands in them",
        )),
    }
}

/// The settings themselves: what is missing has its default.
fn whole(item: &DeriveInput) -> Result<TokenStream> {
    names::fields(item, "settings")?;
    Ok(quote! {
        #[derive(::posthouse_sdk::private::serde::Deserialize, ::posthouse_sdk::private::schemars::JsonSchema)]
        #[serde(crate = "::posthouse_sdk::private::serde", default, deny_unknown_fields)]
        #[schemars(crate = "::posthouse_sdk::private::schemars")]
        #item
    })
}

/// A type inside them: an entry of a list with fields that are all needed, or one of some words. It can be written as well, so
/// that the schema shows the defaults it stands in.
fn part(item: &DeriveInput) -> Result<TokenStream> {
    let shape = if matches!(item.data, Data::Enum(_)) {
        names::variants(item, "choices")?;
        quote!(rename_all = "kebab-case")
    } else {
        names::fields(item, "settings")?;
        quote!(deny_unknown_fields)
    };
    Ok(quote! {
        #[derive(
            ::posthouse_sdk::private::serde::Deserialize,
            ::posthouse_sdk::private::serde::Serialize,
            ::posthouse_sdk::private::schemars::JsonSchema,
        )]
        #[serde(crate = "::posthouse_sdk::private::serde", #shape)]
        #[schemars(crate = "::posthouse_sdk::private::schemars", inline)]
        #item
    })
}
