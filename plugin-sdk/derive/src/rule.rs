use proc_macro2::TokenStream;
use quote::quote;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{DeriveInput, Error, Ident, LitStr, Path, Result, Type};

use crate::names;

/// What `#[rule(…)]` says.
#[derive(Default)]
struct Said {
    facts: Option<Type>,
    settings: Option<Type>,
    reasons: Option<Type>,
    validate: Option<Path>,
    name: Option<LitStr>,
    zh: Option<LitStr>,
    en: Option<LitStr>,
    summary_zh: Option<LitStr>,
    summary_en: Option<LitStr>,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let rule = &input.ident;
    let mut said = Said::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("rule")) {
        attribute.parse_nested_meta(|meta| said.one(&meta))?;
    }
    let zh = needed(&said.zh, rule, "zh", "the title in Chinese")?;
    let en = needed(&said.en, rule, "en", "the title in English")?;
    let summary_zh = needed(&said.summary_zh, rule, "summary_zh", "what it is good for, in Chinese")?;
    let summary_en = needed(&said.summary_en, rule, "summary_en", "what it is good for, in English")?;
    let name = match &said.name {
        Some(name) => {
            names::check_key(&name.value(), name.span())?;
            quote!(#name)
        }
        // of the author's package: this is expanded there
        None => quote!(::core::env!("CARGO_PKG_NAME")),
    };
    let facts = said.facts.map_or_else(|| quote!(()), |facts| quote!(#facts));
    let settings = said
        .settings
        .map_or_else(|| quote!(::posthouse_sdk::NoSettings), |settings| quote!(#settings));
    let reasons = said
        .reasons
        .map_or_else(|| quote!(::posthouse_sdk::NoReason), |reasons| quote!(#reasons));
    let validate = said.validate.map(|validate| {
        quote! {
            fn validate(settings: &Self::Settings, problems: &mut ::posthouse_sdk::Problems) {
                #validate(settings, problems);
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Rule for #rule {
            type Facts = #facts;
            type Settings = #settings;
            type Reason = #reasons;

            fn describe() -> ::posthouse_sdk::Description {
                ::posthouse_sdk::Description {
                    name: #name,
                    version: ::core::env!("CARGO_PKG_VERSION"),
                    title: ::posthouse_sdk::Localized::new(#zh, #en),
                    summary: ::posthouse_sdk::Localized::new(#summary_zh, #summary_en),
                }
            }

            #validate
        }
    })
}

impl Said {
    fn one(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match word.as_str() {
            "facts" => put(meta, &mut self.facts),
            "settings" => put(meta, &mut self.settings),
            "reasons" => put(meta, &mut self.reasons),
            "validate" => put(meta, &mut self.validate),
            "name" => put(meta, &mut self.name),
            "zh" => put(meta, &mut self.zh),
            "en" => put(meta, &mut self.en),
            "summary_zh" => put(meta, &mut self.summary_zh),
            "summary_en" => put(meta, &mut self.summary_en),
            _ => Err(meta.error(
                "not known here; there are `facts`, `settings`, `reasons`, `validate`, `name`, `zh`, `en`, `summary_zh` and `summary_en`",
            )),
        }
    }
}

fn put<T: Parse>(meta: &ParseNestedMeta<'_>, place: &mut Option<T>) -> Result<()> {
    match place.replace(meta.value()?.parse()?) {
        None => Ok(()),
        Some(_) => Err(meta.error("this is said twice")),
    }
}

fn needed<'a>(text: &'a Option<LitStr>, rule: &Ident, word: &str, meaning: &str) -> Result<&'a LitStr> {
    match text {
        Some(text) if text.value().trim().is_empty() => Err(Error::new(text.span(), format!("`{word}` is empty"))),
        Some(text) => Ok(text),
        None => Err(Error::new(
            rule.span(),
            format!("`{rule}` lacks {meaning}: add `{word} = \"…\"` to `#[rule(…)]`"),
        )),
    }
}
