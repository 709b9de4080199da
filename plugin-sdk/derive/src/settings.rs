use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, Result};

use crate::names;

pub(crate) fn expand(arguments: &TokenStream, item: &DeriveInput) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "`#[settings]` takes no arguments"));
    }
    names::fields(item, "settings")?;
    Ok(quote! {
        #[derive(::posthouse_sdk::private::serde::Deserialize, ::posthouse_sdk::private::schemars::JsonSchema)]
        #[serde(crate = "::posthouse_sdk::private::serde", default, deny_unknown_fields)]
        #[schemars(crate = "::posthouse_sdk::private::schemars")]
        #item
    })
}
