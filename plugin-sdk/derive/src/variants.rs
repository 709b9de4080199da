use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Error, Ident, LitStr, Result, Type, Variant};

use crate::names::{self, Keys};

pub(crate) fn segments(input: &DeriveInput) -> Result<TokenStream> {
    let named = Named {
        attribute: "segment",
        many: "segments",
        none: "a rule needs at least one segment",
        known: &["key", "zh", "en", "policy_zh", "policy_en"],
        more: "policy",
        means: "what the agency does for these customers",
        def: quote!(SegmentDef),
    };
    let name = &input.ident;
    let (variants, defs) = named.defs(input)?;
    let index = index(&variants);
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Segments for #name {
            const DEFS: &'static [::posthouse_sdk::SegmentDef] = &[#(#defs),*];
            #index
        }
    })
}

pub(crate) fn tiers(input: &DeriveInput) -> Result<TokenStream> {
    let named = Named {
        attribute: "tier",
        many: "tiers",
        none: "there is no tier: a rule that only posts has `type Tier = NoTiers`",
        known: &["key", "zh", "en", "benefits_zh", "benefits_en"],
        more: "benefits",
        means: "what members of the tier get",
        def: quote!(TierDef),
    };
    let name = &input.ident;
    let (variants, defs) = named.defs(input)?;
    let index = index(&variants);
    let all = variants.iter().map(|variant| &variant.ident);
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Tiers for #name {
            const DEFS: &'static [::posthouse_sdk::TierDef] = &[#(#defs),*];
            const ALL: &'static [Self] = &[#(Self::#all),*];
            #index
        }
    })
}

/// Things that a rule names, a variant each: a key, a title, and one more text.
struct Named {
    attribute: &'static str,
    many: &'static str,
    /// What to say where there is none.
    none: &'static str,
    known: &'static [&'static str],
    /// The other text, and what it means.
    more: &'static str,
    means: &'static str,
    def: TokenStream,
}

impl Named {
    fn defs(&self, input: &DeriveInput) -> Result<(Vec<Variant>, Vec<TokenStream>)> {
        let Self { more, means, def, .. } = self;
        let variants = names::variants(input, self.many)?;
        if variants.is_empty() {
            return Err(Error::new_spanned(&input.ident, self.none));
        }
        let mut keys = Keys::default();
        let mut defs = Vec::new();
        for variant in &variants {
            let said = Said::of(variant, self.attribute, self.known)?;
            let key = said.key("key", variant, &mut keys)?;
            let (zh, en) = (
                said.need("zh", "the title in Chinese")?,
                said.need("en", "the title in English")?,
            );
            let more_zh = said.need(&format!("{more}_zh"), &format!("{means}, in Chinese"))?;
            let more_en = said.need(&format!("{more}_en"), &format!("{means}, in English"))?;
            let field = Ident::new(more, input.ident.span());
            defs.push(quote! {
                ::posthouse_sdk::#def {
                    key: #key,
                    title: ::posthouse_sdk::Localized { zh: #zh, en: #en },
                    #field: ::posthouse_sdk::Localized { zh: #more_zh, en: #more_en },
                }
            });
        }
        Ok((variants, defs))
    }
}

pub(crate) fn reasons(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let variants = names::all_variants(input, "reasons")?;
    let mut keys = Keys::default();
    let mut defs = Vec::new();
    let mut named = Vec::new();
    let (mut values, mut known) = (Vec::new(), Vec::new());
    for variant in &variants {
        let said = Said::of(variant, "reason", &["code", "zh", "en"])?;
        let code = said.key("code", variant, &mut keys)?;
        let (zh, en) = (
            said.need("zh", "the text in Chinese")?,
            said.need("en", "the text in English")?,
        );
        let arguments = arguments(variant)?;
        for text in [zh, en] {
            for key in braces(text)? {
                if arguments.iter().any(|argument| argument.name == key) {
                    continue;
                }
                let complaint = format!(
                    "the text of the reason `{code}` names {{{key}}}, but the rule does not read the fact `{key}`, and the reason has no such field"
                );
                named.push(quote!((#key, #complaint)));
            }
        }
        let names = arguments.iter().map(|argument| &argument.name);
        let types: Vec<_> = arguments.iter().map(|argument| &argument.ty).collect();
        defs.push(quote! {
            ::posthouse_sdk::ReasonDef {
                code: #code,
                text: ::posthouse_sdk::Localized { zh: #zh, en: #en },
                arguments: &[#(::posthouse_sdk::ArgumentDef {
                    name: #names,
                    kind: <#types as ::posthouse_sdk::private::Fact>::KIND,
                }),*],
            }
        });
        for ty in &types {
            let complaint = format!("a field of the reason `{code}` is an `Option`; a reason tells only what is known");
            known.push(quote_spanned! {ty.span()=>
                assert!(!<#ty as ::posthouse_sdk::private::Fact>::NULLABLE, #complaint);
            });
        }
        let (ident, fields) = (&variant.ident, arguments.iter().map(|argument| &argument.field));
        let fields: Vec<_> = fields.collect();
        values.push(quote! {
            Self::#ident { #(#fields),* } => ::std::vec![#(::posthouse_sdk::private::Fact::cell(#fields)),*]
        });
    }
    let index = index(&variants);
    // an enum without variants has nothing to match
    let values = (!variants.is_empty()).then(|| {
        quote! {
            fn arguments(&self) -> ::std::vec::Vec<::posthouse_sdk::private::Cell> {
                match self { #(#values),* }
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl ::posthouse_sdk::Reasons for #name {
            const DEFS: &'static [::posthouse_sdk::ReasonDef] = &[#(#defs),*];
            const NAMED: &'static [(&'static str, &'static str)] = &[#(#named),*];
            #values
            #index
        }
        const _: () = { #(#known)* };
    })
}

fn index(variants: &[Variant]) -> TokenStream {
    let arms = variants.iter().enumerate().map(|(place, variant)| {
        let (ident, place) = (&variant.ident, place as u32);
        quote!(Self::#ident { .. } => #place)
    });
    quote! {
        #[inline(always)]
        fn index(self) -> u32 {
            match self { #(#arms),* }
        }
    }
}

/// A field of a reason.
struct Argument {
    field: Ident,
    name: String,
    ty: Type,
}

/// The arguments of a reason: the named fields of its variant.
fn arguments(variant: &Variant) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    for field in &variant.fields {
        let Some(ident) = &field.ident else {
            return Err(Error::new_spanned(
                field,
                format!(
                    "what a reason tells has a name: write `{} {{ days: i32 }}`",
                    variant.ident
                ),
            ));
        };
        let name = names::kebab(ident);
        names::check_key(&name, ident.span())?;
        arguments.push(Argument {
            field: ident.clone(),
            name,
            ty: field.ty.clone(),
        });
    }
    Ok(arguments)
}

/// What stands in braces in a reason's text.
fn braces(text: &LitStr) -> Result<Vec<String>> {
    let value = text.value();
    let mut keys = Vec::new();
    let mut rest = value.as_str();
    while let Some(open) = rest.find(['{', '}']) {
        let inner = rest[open..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
        match inner {
            Some((key, after)) if !key.is_empty() && !key.contains('{') => {
                keys.push(key.to_owned());
                rest = after;
            }
            _ => {
                return Err(Error::new(
                    text.span(),
                    "a brace without its partner: braces hold the key of a fact, {like-this}",
                ));
            }
        }
    }
    Ok(keys)
}

/// What an attribute on a variant says.
struct Said {
    attribute: &'static str,
    at: Ident,
    texts: Vec<(String, LitStr)>,
}

impl Said {
    fn of(variant: &Variant, attribute: &'static str, known: &[&str]) -> Result<Self> {
        let mut said = Self {
            attribute,
            at: variant.ident.clone(),
            texts: Vec::new(),
        };
        for found in variant.attrs.iter().filter(|found| found.path().is_ident(attribute)) {
            said.read(found, known)?;
        }
        Ok(said)
    }

    fn read(&mut self, attribute: &Attribute, known: &[&str]) -> Result<()> {
        attribute.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            if !known.contains(&word.as_str()) {
                return Err(meta.error(format!("not known here; there are `{}`", known.join("`, `"))));
            }
            if self.texts.iter().any(|(said, _)| *said == word) {
                return Err(meta.error(format!("`{word}` is said twice")));
            }
            let text: LitStr = meta.value()?.parse()?;
            if text.value().trim().is_empty() {
                return Err(Error::new(text.span(), format!("`{word}` is empty")));
            }
            self.texts.push((word, text));
            Ok(())
        })
    }

    fn get(&self, word: &str) -> Option<&LitStr> {
        self.texts.iter().find(|(said, _)| said == word).map(|(_, text)| text)
    }

    fn need(&self, word: &str, meaning: &str) -> Result<&LitStr> {
        self.get(word).ok_or_else(|| {
            let (at, attribute) = (&self.at, self.attribute);
            Error::new(
                at.span(),
                format!("`{at}` lacks {meaning}: add `{word} = \"…\"` to `#[{attribute}(…)]`"),
            )
        })
    }

    fn key(&self, word: &str, variant: &Variant, keys: &mut Keys) -> Result<String> {
        let (key, span) = match self.get(word) {
            Some(text) => (text.value(), text.span()),
            None => (names::kebab(&variant.ident), variant.ident.span()),
        };
        names::check_key(&key, span)?;
        keys.add(&key, span)?;
        Ok(key)
    }
}
