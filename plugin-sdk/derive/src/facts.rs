use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Ident, LitStr, Result};

use crate::names::{self, Keys};

/// What the segments of other rules live under.
const SEGMENT: &str = "segment.";

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let fields = names::fields(input, "facts")?;
    if fields.is_empty() {
        return Err(Error::new_spanned(
            name,
            "no fact is read: name one in a field; a promotion that reads nothing of the customer leaves `facts` out of its `#[rule(…)]`",
        ));
    }
    let mut keys = Keys::default();
    let mut uses = Vec::new();
    let mut stores = Vec::new();
    let mut takes = Vec::new();
    let mut turns = Vec::new();
    let mut blocks = Vec::new();
    let mut cuts = Vec::new();
    let mut reads = Vec::new();
    let mut values = Vec::new();
    let mut cells = Vec::new();
    let mut proofs = Vec::new();
    for (place, (ident, field)) in fields.iter().enumerate() {
        let key = key(ident, field)?;
        keys.add(&key, ident.span())?;
        let (ty, place) = (&field.ty, syn::Index::from(place));
        let label = ident.to_string();
        // Everything that mentions the type has its place, so that the compiler points at the author's word; names are this macro's own,
        // so that the struct may itself come from a macro.
        let at = proc_macro2::Span::call_site().located_at(ty.span());
        let kind = quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::KIND);
        let nullable = quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::NULLABLE);
        uses.push(quote! {
            ::posthouse_sdk::FactUse { field: #label, key: #key, kind: #kind, nullable: #nullable }
        });
        stores.push(quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::Column));
        takes.push(quote_spanned!(at=> columns.next::<#ty>(#key)?));
        blocks.push(quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::Block<'c>));
        cuts.push(quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::block(&columns.#place, from, rows)));
        turns.push(quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::turn(&mut columns.#place, to.clone())));
        let read = quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::read(block.#place, row));
        reads.push(quote!(#ident: #read));
        let value = quote_spanned!(at=> values.next::<#ty>(#key)?);
        values.push(quote!(#ident: #value));
        if key.starts_with(SEGMENT) {
            proofs.push(quote_spanned!(at=> ::posthouse_sdk::private::holds_a_segment::<#ty>();));
        }
        cells.push(quote_spanned!(at=> <#ty as ::posthouse_sdk::Fact>::cell(&self.#ident)));
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Facts for #name {
            const USES: &'static [::posthouse_sdk::FactUse] = &[#(#uses),*];
            type Columns = (#(#stores,)*);
            type Block<'c> = (#(#blocks,)*);

            fn columns(
                columns: &mut ::posthouse_sdk::private::Columns,
            ) -> ::core::result::Result<Self::Columns, ::std::string::String> {
                ::core::result::Result::Ok((#(#takes,)*))
            }

            #[inline(always)]
            fn turn(columns: &mut Self::Columns, to: ::core::ops::Range<usize>) {
                #(#turns;)*
            }

            #[inline(always)]
            fn block(columns: &Self::Columns, from: usize, rows: usize) -> Self::Block<'_> {
                (#(#cuts,)*)
            }

            #[inline(always)]
            fn row(block: Self::Block<'_>, row: usize) -> Self {
                Self { #(#reads),* }
            }

            fn values(
                values: &mut ::posthouse_sdk::private::Values,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                ::core::result::Result::Ok(Self { #(#values),* })
            }

            fn cells(&self) -> ::std::vec::Vec<::posthouse_sdk::private::Cell> {
                ::std::vec![#(#cells),*]
            }
        }

        const _: () = { #(#proofs)* };
    })
}

fn key(ident: &Ident, field: &Field) -> Result<String> {
    let mut key = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("fact")) {
        let text: LitStr = attribute.parse_args().map_err(|error| {
            Error::new(
                error.span(),
                "write the fact's key as a text: `#[fact(\"attr.passport-country\")]`",
            )
        })?;
        if key.replace(text).is_some() {
            return Err(Error::new_spanned(attribute, "the fact has two keys"));
        }
    }
    let Some(text) = key else {
        let key = names::kebab(ident);
        names::check_key(&key, ident.span())?;
        return Ok(key);
    };
    let key = text.value();
    // An agency's own fields live under `attr.` and are named by the agency.
    match (key.strip_prefix("attr."), key.strip_prefix(SEGMENT)) {
        (Some(""), _) => Err(Error::new(
            text.span(),
            "`attr.` needs the field's name behind it: `attr.passport-country`",
        )),
        (Some(_), _) => Ok(key),
        (None, Some(binding)) if names::is_binding(binding) => Ok(key),
        (None, Some(_)) => Err(Error::new(
            text.span(),
            "`segment.` needs a binding's name behind it, in lower-case letters, digits and hyphens: `segment.lifecycle`",
        )),
        (None, None) => names::check_key(&key, text.span()).map(|()| key),
    }
}
