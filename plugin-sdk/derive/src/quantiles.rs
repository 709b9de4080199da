use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Error, Ident, LitInt, Path, Result};

use crate::names;

#[derive(Default, Clone)]
struct Wanted {
    of: Option<Path>,
    buckets: Option<u16>,
    among: Option<Ident>,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let mut common = Wanted::default();
    read(&input.attrs, "quantiles", &mut common)?;
    let Some(of) = common.of.clone() else {
        return Err(Error::new_spanned(
            name,
            "say of which facts these are quantiles: `#[quantiles(of = Guest, buckets = 5)]`",
        ));
    };

    let mut requests = Vec::new();
    let mut idents = Vec::new();
    let mut proofs = Vec::new();
    let mut rooms = Vec::new();
    for (place, (ident, field)) in names::fields(input, "quantiles")?.into_iter().enumerate() {
        let mut wanted = common.clone();
        read(&field.attrs, "quantile", &mut wanted)?;
        let Some(buckets) = wanted.buckets else {
            return Err(Error::new_spanned(
                &ident,
                "say into how many parts: `buckets = 5` in `#[quantiles(…)]` for all or `#[quantile(…)]` for this one",
            ));
        };
        let label = ident.to_string();
        let among = match &wanted.among {
            None => quote!(::core::option::Option::None),
            Some(among) => {
                let label = among.to_string();
                // A field that does not exist is an error at the author's word.
                proofs.push(quote!(let _ = &facts.#among;));
                quote!(::core::option::Option::Some(::posthouse_sdk::private::field_key(
                    <#of as ::posthouse_sdk::Facts>::USES,
                    #label,
                )))
            }
        };
        requests.push(quote! {
            ::posthouse_sdk::QuantileUse {
                fact: ::posthouse_sdk::private::field_key(<#of as ::posthouse_sdk::Facts>::USES, #label),
                buckets: #buckets,
                among: #among,
            }
        });
        let ty = &field.ty;
        proofs.push(quote_spanned!(ty.span()=> ::posthouse_sdk::private::fits::<_, #ty>(&facts.#ident);));
        rooms.push(quote_spanned!(ty.span()=> ::posthouse_sdk::private::has_room::<#ty>(#buckets);));
        let place = syn::Index::from(place);
        idents.push(quote!(#ident: tables.next(&<Self as ::posthouse_sdk::Quantiles>::USES[#place])?));
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Quantiles for #name {
            const USES: &'static [::posthouse_sdk::QuantileUse] = &[#(#requests),*];

            fn tables(
                tables: &mut ::posthouse_sdk::private::Tables,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                ::core::result::Result::Ok(Self { #(#idents),* })
            }
        }

        const _: () = { #(#rooms)* };
        const _: fn(&#of) = |facts| { let _ = facts; #(#proofs)* };
    })
}

fn read(attributes: &[Attribute], name: &str, into: &mut Wanted) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        attribute.parse_nested_meta(|meta| one(&meta, name == "quantiles", into))?;
    }
    Ok(())
}

fn one(meta: &ParseNestedMeta<'_>, of_all: bool, into: &mut Wanted) -> Result<()> {
    if of_all && meta.path.is_ident("of") {
        into.of = Some(meta.value()?.parse()?);
    } else if meta.path.is_ident("buckets") {
        let number: LitInt = meta.value()?.parse()?;
        let buckets = number
            .base10_parse()
            .ok()
            .filter(|buckets| (2..=1000).contains(buckets));
        into.buckets = Some(buckets.ok_or_else(|| Error::new(number.span(), "between 2 and 1000 parts"))?);
    } else if meta.path.is_ident("among") {
        into.among = Some(meta.value()?.parse()?);
    } else {
        let known = if of_all {
            "`of`, `buckets` and `among`"
        } else {
            "`buckets` and `among`"
        };
        return Err(meta.error(format!("not known here; there are {known}")));
    }
    Ok(())
}
