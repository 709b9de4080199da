//! Rust's tokens: strings, groups, arguments, and macros with what they are given.

use proc_macro2::{Delimiter, Group, LineColumn, TokenStream, TokenTree};

pub(crate) type Tokens = Vec<TokenTree>;

/// A macro: the names of its parameters, the last of which may take what is left, and its body.
#[derive(Clone)]
pub(crate) struct Macro {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Tokens,
}

pub(crate) fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

pub(crate) fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

pub(crate) fn group(token: Option<&TokenTree>) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) => Some(group),
        _ => None,
    }
}

pub(crate) fn inside(group: &Group) -> Tokens {
    group.stream().into_iter().collect()
}

pub(crate) fn place(token: &TokenTree) -> (usize, usize) {
    let LineColumn { line, column } = token.span().start();
    (line, column)
}

pub(crate) fn written(tokens: &[TokenTree]) -> String {
    let text: TokenStream = tokens.iter().cloned().collect();
    text.to_string().replace(" . ", ".").replace(" :: ", "::")
}

/// The value of a token that is a string.
pub(crate) fn string(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else {
        return None;
    };
    let text = literal.to_string();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::new();
    let mut rest = inner.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match rest.next()? {
            'n' => value.push('\n'),
            't' => value.push('\t'),
            '\n' => while rest.next_if(|next| next.is_whitespace()).is_some() {},
            'u' => {
                let code: String = rest.by_ref().skip(1).take_while(|next| *next != '}').collect();
                value.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
            }
            same => value.push(same),
        }
    }
    Some(value)
}

/// Drops attributes, comments of documentation, and what is there for tests only.
pub(crate) fn without_attributes(tokens: Tokens) -> Tokens {
    let mut kept = Vec::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        if is_punct(Some(&token), '#') {
            if is_punct(rest.peek(), '!') {
                rest.next();
            }
            let attribute = rest.next().expect("an attribute").to_string();
            if attribute.replace(' ', "") == "[cfg(test)]" {
                let ends = |token: &TokenTree| {
                    is_punct(Some(token), ';')
                        || group(Some(token)).is_some_and(|group| group.delimiter() == Delimiter::Brace)
                };
                while rest.next().is_some_and(|token| !ends(&token)) {}
            }
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => regroup(&group, without_attributes(inside(&group))),
            other => other,
        });
    }
    kept
}

pub(crate) fn regroup(group: &Group, tokens: Tokens) -> TokenTree {
    let mut changed = Group::new(group.delimiter(), tokens.into_iter().collect());
    changed.set_span(group.span());
    changed.into()
}

/// Splits at the commas that are not between the bars of a closure.
pub(crate) fn arguments(tokens: &[TokenTree]) -> Vec<Tokens> {
    let mut all = vec![Vec::new()];
    let mut bars = false;
    for token in tokens {
        let last = all.last_mut().expect("one at least");
        if is_punct(Some(token), '|') && (bars || last.is_empty()) {
            bars = !bars;
        }
        if is_punct(Some(token), ',') && !bars {
            all.push(Vec::new());
        } else {
            last.push(token.clone());
        }
    }
    if all.last().is_some_and(Vec::is_empty) {
        all.pop();
    }
    all
}

/// What every `.push_bind(…)` is given.
pub(crate) fn bound(tokens: &[TokenTree]) -> Vec<String> {
    let mut given = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if ident(Some(token)).is_some_and(|name| name == "push_bind")
            && let Some(group) = group(tokens.get(at + 1))
        {
            given.push(written(&inside(group)));
        } else if let TokenTree::Group(group) = token
            && group.delimiter() == Delimiter::Brace
        {
            given.extend(bound(&inside(group)));
        }
    }
    given
}

/// The names of `$name:kind`, the last of which may repeat; `None` for any other pattern.
pub(crate) fn parameters(pattern: &[TokenTree]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut repeats = false;
    for (at, token) in pattern.iter().enumerate() {
        if !is_punct(Some(token), '$') {
            continue;
        }
        if repeats {
            return None;
        }
        match pattern.get(at + 1)? {
            TokenTree::Ident(name) => names.push(name.to_string()),
            TokenTree::Group(group) => {
                let [name] = <[String; 1]>::try_from(parameters(&inside(group))?).ok()?;
                names.push(name);
                repeats = true;
            }
            _ => return None,
        }
    }
    Some(names)
}

/// The body of a macro with what it is given; what repeats takes all that is left.
pub(crate) fn substitute(body: &[TokenTree], parameters: &[String], given: &[Tokens]) -> Tokens {
    let mut made = Vec::new();
    let mut at = 0;
    while let Some(token) = body.get(at) {
        at += 1;
        if is_punct(Some(token), '$') {
            match body.get(at) {
                Some(TokenTree::Ident(name)) => {
                    let number = parameters.iter().position(|known| name == known);
                    let number = number.unwrap_or_else(|| panic!("a parameter called {name}"));
                    made.extend(given.get(number).into_iter().flatten().cloned());
                    at += 1;
                    continue;
                }
                Some(TokenTree::Group(repeated)) => {
                    let (names, rest) = parameters.split_at(parameters.len() - 1);
                    for value in given.iter().skip(names.len()) {
                        made.extend(substitute(&inside(repeated), rest, std::slice::from_ref(value)));
                    }
                    at += 2;
                    continue;
                }
                _ => {}
            }
        }
        made.push(match token {
            TokenTree::Group(group) => regroup(group, substitute(&inside(group), parameters, given)),
            other => other.clone(),
        });
    }
    made
}
