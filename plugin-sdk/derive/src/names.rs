use proc_macro2::Span;
use syn::{Data, DeriveInput, Error, Field, Ident, Result, Variant};

/// `recency_days` and `LongSilence` as `recency-days` and `long-silence`; in a variant's name a number is a word of its own.
pub(crate) fn kebab(ident: &Ident) -> String {
    let name = ident.to_string();
    let name = name.trim_start_matches("r#");
    let camel = name.starts_with(char::is_uppercase);
    let mut key = String::new();
    let mut last = '-';
    for c in name.chars() {
        let starts_word = c.is_uppercase() || (camel && c.is_ascii_digit() && !last.is_ascii_digit());
        if starts_word && last != '-' {
            key.push('-');
        }
        last = if c == '_' { '-' } else { c };
        key.extend(last.to_lowercase());
    }
    key
}

/// Lower-case ASCII words and numbers joined by single hyphens.
pub(crate) fn is_key(key: &str) -> bool {
    key.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    }) && key.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether an agency can give a binding this name: at most 64 lower-case letters, digits and hyphens, no hyphen first.
pub(crate) fn is_binding(name: &str) -> bool {
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    letters && (1..=64).contains(&name.len()) && !name.starts_with('-')
}

/// Refuses a key that the host would refuse.
pub(crate) fn check_key(key: &str, span: Span) -> Result<()> {
    if is_key(key) {
        return Ok(());
    }
    Err(Error::new(
        span,
        format!("`{key}` is not a key: write lower-case words joined by hyphens, as in `long-silence`"),
    ))
}

/// Remembers keys and refuses the second of the same.
#[derive(Default)]
pub(crate) struct Keys(Vec<String>);

impl Keys {
    pub(crate) fn add(&mut self, key: &str, span: Span) -> Result<()> {
        if self.0.iter().any(|known| known == key) {
            return Err(Error::new(span, format!("`{key}` stands here twice")));
        }
        self.0.push(key.to_owned());
        Ok(())
    }
}

/// The named fields of a struct without type parameters.
pub(crate) fn fields(input: &DeriveInput, what: &str) -> Result<Vec<(Ident, Field)>> {
    plain(input, what)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            format!("{what} are the fields of a struct"),
        ));
    };
    data.fields
        .iter()
        .map(|field| match &field.ident {
            Some(ident) => Ok((ident.clone(), field.clone())),
            None => Err(Error::new_spanned(
                field,
                format!("{what} need names: write a struct with named fields"),
            )),
        })
        .collect()
}

/// The variants of an enum without values or type parameters.
pub(crate) fn variants(input: &DeriveInput, what: &str) -> Result<Vec<Variant>> {
    let variants = all_variants(input, what)?;
    for variant in &variants {
        if !variant.fields.is_empty() {
            return Err(Error::new_spanned(
                variant,
                format!("{what} carry no values: write `{}` alone", variant.ident),
            ));
        }
    }
    Ok(variants)
}

/// The variants of an enum without type parameters, whatever they carry.
pub(crate) fn all_variants(input: &DeriveInput, what: &str) -> Result<Vec<Variant>> {
    plain(input, what)?;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            format!("{what} are the variants of an enum"),
        ));
    };
    Ok(data.variants.iter().cloned().collect())
}

fn plain(input: &DeriveInput, what: &str) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(
        &input.generics,
        format!("{what} take no type parameters or lifetimes"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_become_keys() {
        for (name, key) in [
            ("recency_days", "recency-days"),
            ("trips_24m", "trips-24m"),
            ("LongSilence", "long-silence"),
            ("New", "new"),
            ("NoneIn24Months", "none-in-24-months"),
            ("nps", "nps"),
        ] {
            assert_eq!(kebab(&Ident::new(name, Span::call_site())), key);
            assert!(is_key(key));
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for key in ["", "-", "a-", "-a", "a--b", "A", "a_b", "24m", "é"] {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn bindings_have_names_that_can_stand_in_a_path() {
        assert!(is_binding("lifecycle") && is_binding("interest-2") && is_binding("7-"));
        for name in ["", "-a", "Value", "a.b", "a_b", &"a".repeat(65)] {
            assert!(!is_binding(name), "{name}");
        }
    }
}
