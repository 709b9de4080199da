use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Field, Lit, LitStr, Meta, Result, Token, parse_quote};

use crate::names;

pub(crate) fn expand(arguments: &TokenStream, item: DeriveInput) -> Result<TokenStream> {
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
fn whole(mut item: DeriveInput) -> Result<TokenStream> {
    names::fields(&item, "settings")?;
    let name = item.ident.clone();
    let mut given = false;
    let mut values = Vec::new();
    for (place, field) in fields(&mut item).enumerate() {
        let setting = Setting::take(field)?;
        setting.describe(field, place);
        let ident = &field.ident;
        given |= setting.default.is_some();
        values.push(match setting.default {
            Some(value) => quote!(#ident: #value),
            None => quote!(#ident: ::core::default::Default::default()),
        });
    }
    // whoever writes no default here has written `Default` otherwise
    let default = given.then(|| {
        quote! {
            impl ::core::default::Default for #name {
                fn default() -> Self {
                    Self { #(#values),* }
                }
            }
        }
    });
    Ok(quote! {
        #[derive(::posthouse_sdk::private::serde::Deserialize, ::posthouse_sdk::private::schemars::JsonSchema)]
        #[serde(crate = "::posthouse_sdk::private::serde", default, deny_unknown_fields)]
        #[schemars(crate = "::posthouse_sdk::private::schemars")]
        #item
        #default
    })
}

/// A type inside them: an entry of a list with fields that are all needed, or one of some words. It can be written as well, so
/// that the schema shows the defaults it stands in.
fn part(mut item: DeriveInput) -> Result<TokenStream> {
    let shape = if matches!(item.data, Data::Enum(_)) {
        names::variants(&item, "choices")?;
        quote!(rename_all = "kebab-case")
    } else {
        names::fields(&item, "settings")?;
        for (place, field) in fields(&mut item).enumerate() {
            let setting = Setting::take(field)?;
            if let Some(value) = &setting.default {
                let text = "a part has no defaults: its fields are all needed, unless they are an `Option`";
                return Err(Error::new_spanned(value, text));
            }
            setting.describe(field, place);
        }
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

fn fields(item: &mut DeriveInput) -> impl Iterator<Item = &mut Field> {
    let fields = match &mut item.data {
        Data::Struct(data) => Some(data.fields.iter_mut()),
        _ => None,
    };
    fields.into_iter().flatten()
}

/// What `#[setting(…)]` says of a field.
#[derive(Default)]
struct Setting {
    zh: Option<LitStr>,
    en: Option<LitStr>,
    about_zh: Option<LitStr>,
    default: Option<Expr>,
    /// Bounds and whatever else is the schema's.
    schema: Vec<Meta>,
}

impl Setting {
    /// Takes the attributes off a field.
    fn take(field: &mut Field) -> Result<Self> {
        let mut setting = Self::default();
        let (taken, left): (Vec<Attribute>, Vec<Attribute>) = field
            .attrs
            .drain(..)
            .partition(|attribute| attribute.path().is_ident("setting"));
        field.attrs = left;
        for attribute in taken {
            for meta in attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
                setting.one(meta)?;
            }
        }
        let lacking = match (&setting.zh, &setting.en, &setting.about_zh) {
            (Some(zh), None, _) => Some((zh, "the title in English: add `en = \"…\"`")),
            (None, Some(en), _) => Some((en, "the title in Chinese: add `zh = \"…\"`")),
            (None, None, Some(about)) => Some((about, "its titles: add `zh = \"…\"` and `en = \"…\"`")),
            _ => None,
        };
        match lacking {
            Some((text, what)) => Err(Error::new(text.span(), format!("the setting lacks {what}"))),
            None => Ok(setting),
        }
    }

    fn one(&mut self, meta: Meta) -> Result<()> {
        let Meta::NameValue(pair) = &meta else {
            self.schema.push(meta);
            return Ok(());
        };
        let text = || match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text), ..
            }) if !text.value().trim().is_empty() => Ok(text.clone()),
            other => Err(Error::new_spanned(
                other,
                "a text is needed here, as in `zh = \"天数\"`",
            )),
        };
        let before = match pair.path.get_ident().map(ToString::to_string).as_deref() {
            Some("zh") => self.zh.replace(text()?).is_some(),
            Some("en") => self.en.replace(text()?).is_some(),
            Some("about_zh") => self.about_zh.replace(text()?).is_some(),
            Some("default") => self.default.replace(pair.value.clone()).is_some(),
            _ => {
                self.schema.push(meta);
                return Ok(());
            }
        };
        match before {
            true => Err(Error::new_spanned(&meta, "this is said twice")),
            false => Ok(()),
        }
    }

    /// Says it to the schema: titles and descriptions, bounds, in which unit money and shares are, and its place, as the names of an object's
    /// fields have no order.
    fn describe(&self, field: &mut Field, place: usize) {
        let mut say = |attribute: Attribute| field.attrs.push(attribute);
        say(parse_quote!(#[schemars(extend("x-order" = #place))]));
        if let (Some(zh), Some(en)) = (&self.zh, &self.en) {
            let about = self.about_zh.as_ref().map(|about| quote!(, "description": #about));
            say(parse_quote!(#[schemars(title = #en, extend("x-zh-CN" = {"title": #zh #about}))]));
        }
        let schema = &self.schema;
        if !schema.is_empty() {
            say(parse_quote!(#[schemars(#(#schema),*)]));
        }
        say(parse_quote!(#[schemars(transform = ::posthouse_sdk::private::tell_unit)]));
    }
}
