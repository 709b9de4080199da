//! An author's sources in the form of the present SDK. Whole items are moved as they are; what they mean is nobody's business here.

use std::ops::Range;

/// What the base of a rule has, which stood with the extension point before.
const BASE: [&str; 5] = [
    "type Facts",
    "type Settings",
    "type Reason",
    "fn describe",
    "fn validate",
];

/// A source as the present SDK wants it; as it is where it is so already.
pub(super) fn brought_over(source: &str) -> String {
    let mut text = source.to_owned();
    while let Some((old, new)) = old_impl(&text) {
        text.replace_range(old, &new);
    }
    for (old, new) in [("promotion_harness", "harness"), ("PromotionHarness", "Harness")] {
        while let Some(place) = words(&code(&text), old).next() {
            text.replace_range(place..place + old.len(), new);
        }
    }
    text
}

/// The lines of functions `check` in implementations of an extension point, as rules had them before `validate`.
pub(super) fn checks(source: &str) -> impl Iterator<Item = usize> {
    let code = code(source);
    let lines: Vec<usize> = impls(&code)
        .flat_map(|found| items(&code, found.body))
        .filter(|item| head(&code[item.clone()]).starts_with("fn check"))
        .map(|item| {
            let begin = item.start + code[item.clone()].find("fn check").unwrap_or(0);
            1 + code[..begin].matches('\n').count()
        })
        .collect();
    lines.into_iter()
}

/// An implementation of an extension point.
struct Impl {
    /// Where `impl` stands.
    start: usize,
    /// The name of the trait, with the path before it.
    point: Range<usize>,
    /// What is between the braces.
    body: Range<usize>,
    /// For whom.
    rule: String,
}

/// The first implementation that has what belongs to the base, and what stands there instead.
fn old_impl(text: &str) -> Option<(Range<usize>, String)> {
    let code = code(text);
    impls(&code).find_map(|found| {
        let (base, own): (Vec<_>, Vec<_>) = items(&code, found.body.clone())
            .partition(|item| BASE.iter().any(|known| is(head(&code[item.clone()]), known)));
        if base.is_empty() {
            return None;
        }
        let prelude = code.contains("posthouse_sdk::prelude::*") && !is_named_rule(&code);
        let rule = if prelude { "Rule" } else { "posthouse_sdk::Rule" };
        let together = |items: Vec<Range<usize>>| {
            let items: String = items.into_iter().map(|item| &text[item]).collect();
            items.trim_start_matches('\n').trim_end().to_owned()
        };
        let end = items(&code, found.body.clone()).last()?.end;
        let own = together(own) + text[end..found.body.end].trim_end();
        let new = format!(
            "impl {rule} for {name} {{\n{base}\n}}\n\nimpl {point} for {name} {{\n{own}\n}}",
            name = found.rule,
            base = together(base),
            point = &text[found.point.clone()],
        );
        Some((found.start..found.body.end + 1, new))
    })
}

/// Whether a type of this source has the name of the trait.
fn is_named_rule(code: &str) -> bool {
    ["struct", "enum"]
        .iter()
        .any(|kind| words(code, &format!("{kind} Rule")).next().is_some())
}

fn impls(code: &str) -> impl Iterator<Item = Impl> {
    words(code, "impl").filter_map(|start| {
        let open = start + code[start..].find('{')?;
        let header: Vec<&str> = code[start..open].split_whitespace().collect();
        let ["impl", point, "for", rule] = header[..] else {
            return None;
        };
        if !["Segmentation", "Promotion"].contains(&point.rsplit("::").next()?) {
            return None;
        }
        let named = start + code[start..open].find(point)?;
        Some(Impl {
            start,
            point: named..named + point.len(),
            body: open + 1..closing(code, open)?,
            rule: rule.to_owned(),
        })
    })
}

/// Where the brace that opens there is closed.
fn closing(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(open + place);
        }
    }
    None
}

/// The items between two braces, each with the attributes and comments above it.
fn items(code: &str, body: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let (mut begin, mut depth) = (body.start, 0_usize);
    let mut found = Vec::new();
    for (place, c) in code[body.clone()].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(c, ';' | '}') {
            let end = body.start + place + 1;
            found.push(begin..end);
            begin = end;
        }
    }
    found.into_iter()
}

/// An item from its first word on, behind its attributes.
fn head(item: &str) -> &str {
    let mut rest = item.trim_start();
    while let Some(attribute) = rest.strip_prefix("#[") {
        let mut depth = 1_usize;
        let end = attribute.find(|c| {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        rest = end.map_or("", |end| attribute[end + 1..].trim_start());
    }
    rest
}

/// Whether an item begins with these words, and not with longer ones.
fn is(item: &str, known: &str) -> bool {
    let after = item.strip_prefix(known);
    after.is_some_and(|after| !after.starts_with(in_word))
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where these words stand whole.
fn words<'a>(code: &'a str, sought: &'a str) -> impl Iterator<Item = usize> + use<'a> {
    code.match_indices(sought)
        .map(|(place, _)| place)
        .filter(move |place| !code[..*place].ends_with(in_word) && !code[place + sought.len()..].starts_with(in_word))
}

/// The source with nothing but blanks where comments, texts and characters stand, byte for byte.
fn code(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest {
            [b'/', b'/', ..] => line(rest),
            [b'/', b'*', ..] => comment(rest),
            [b'"', ..] => text(rest),
            [b'r', b'"' | b'#', ..] if at == 0 || !in_word(char::from(bytes[at - 1])) => raw_text(rest),
            [b'\'', b'\\', ..] => {
                2 + rest[2..]
                    .iter()
                    .skip(1)
                    .position(|byte| *byte == b'\'')
                    .map_or(0, |end| end + 2)
            }
            [b'\'', ..] => character(&source[at..]),
            _ => 0,
        };
        let end = (at + length).min(bytes.len());
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        if length == 0 && !bytes[at].is_ascii() {
            code[at] = b' ';
        }
        at = end.max(at + 1);
    }
    String::from_utf8(code).unwrap_or_default()
}

fn line(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

/// Comments can stand in each other.
fn comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
            (b'*', b'/') if depth == 1 => return at + 2,
            (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    rest.len()
}

fn text(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"` and `r#"…"#`; nothing where it is a name, as `r#type`.
fn raw_text(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let inside = &rest[2 + hashes..];
    let found = inside.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |found| 2 + hashes + found + end.len())
}

/// `'x'`; nothing where it is a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(2);
    match chars.next() {
        Some((end, '\'')) => end + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r##"use posthouse_sdk::prelude::*;

// impl Segmentation for Nobody { type Facts = (); }
const TEXT: &str = r#"impl Promotion for "Nobody" {"#;
const BRACE: char = '{';

impl Segmentation for Rfm {
    type Facts = Guest;
    type Quantiles = Fifths<'static>;
    type Settings = NoSettings;
    type Segment = Segment;
    /// Why.
    #[doc(alias = "type [Segment")]
    type Reason = Reason;

    fn describe() -> Description {
        say("a brace } in a text", '}', '\'', "消费")
    }

    fn check(ctx: &Context<Settings>) -> Result<(), String> {
        Err("never".to_owned())
    }

    // Decides.
    fn classify(guest: Guest) -> Class<Segment> {
        match guest { Guest { .. } => Class::none() }
    }
}

fn call() -> PromotionHarness<Rfm> {
    promotion_harness::<Rfm>().settings("promotion_harness")
}
"##;

    const NEW: &str = r##"use posthouse_sdk::prelude::*;

// impl Segmentation for Nobody { type Facts = (); }
const TEXT: &str = r#"impl Promotion for "Nobody" {"#;
const BRACE: char = '{';

impl Rule for Rfm {
    type Facts = Guest;
    type Settings = NoSettings;
    /// Why.
    #[doc(alias = "type [Segment")]
    type Reason = Reason;

    fn describe() -> Description {
        say("a brace } in a text", '}', '\'', "消费")
    }
}

impl Segmentation for Rfm {
    type Quantiles = Fifths<'static>;
    type Segment = Segment;

    fn check(ctx: &Context<Settings>) -> Result<(), String> {
        Err("never".to_owned())
    }

    // Decides.
    fn classify(guest: Guest) -> Class<Segment> {
        match guest { Guest { .. } => Class::none() }
    }
}

fn call() -> Harness<Rfm> {
    harness::<Rfm>().settings("promotion_harness")
}
"##;

    #[test]
    fn what_every_rule_has_is_moved_as_it_stands() {
        assert_eq!(brought_over(OLD), NEW);
        assert_eq!(brought_over(NEW), NEW);
        assert_eq!(checks(NEW).collect::<Vec<_>>(), [23]);
    }

    #[test]
    fn a_trait_with_its_path_gets_one_beside_it() {
        let old = "impl posthouse_sdk::Promotion for Rule {\n    type Facts = ();\n    fn evaluate() {}\n}";
        let new = "impl posthouse_sdk::Rule for Rule {\n    type Facts = ();\n}\n\nimpl posthouse_sdk::Promotion for Rule {\n    fn evaluate() {}\n}";
        assert_eq!(brought_over(old), new);
        let named = format!(
            "use posthouse_sdk::prelude::*;\nstruct Rule;\n{}",
            old.replace("posthouse_sdk::P", "P")
        );
        assert!(brought_over(&named).contains("impl posthouse_sdk::Rule for Rule {"));
    }

    #[test]
    fn what_cannot_be_read_stays_as_it_is() {
        for odd in [
            "",
            "impl Segmentation for",
            "impl Segmentation for X {",
            "impl Promotion for X { type Facts = \"",
            "'",
            "r#",
            "/* /*",
            "impl<T> Promotion for X<T> { type Facts = (); }",
        ] {
            assert_eq!(brought_over(odd), odd);
        }
    }
}
