//! By what words a customer is found: names as written, in pinyin and by initials, parts of telephone numbers, the beginnings of
//! e-mail addresses and member numbers.

use crate::identity::{IdentityKind, half_width};
use pinyin::ToPinyinMulti;
use std::collections::{BTreeMap, BTreeSet};

/// The words of a customer, each with whether it only lies inside a name or a number; otherwise the name or number begins with it.
pub type Terms = BTreeMap<String, bool>;

/// Most characters and words of a name that are searched from.
const MOST_STARTS: usize = 8;
/// Most characters and words of a name that a term reaches over.
const MOST_UNITS: usize = 16;
/// Most ways to read one name: every reading of every character, as long as there are not more.
const MOST_READINGS: usize = 8;
/// Longest term, in characters.
const LONGEST_TERM: usize = 64;
/// Shortest end of a telephone number that is searched, in digits.
const SHORTEST_END: usize = 3;

/// A character of Chinese or a word in letters, with the ways to say it.
struct Unit {
    /// Where it begins in the name.
    at: usize,
    text: String,
    readings: Vec<String>,
}

/// The words by which a customer of these names and identities is found. Documents are not searched.
pub fn terms<'t>(
    names: impl IntoIterator<Item = &'t str>,
    identities: impl IntoIterator<Item = (IdentityKind, &'t str)>,
) -> Terms {
    let mut terms = Terms::new();
    for name in names {
        name_terms(&squeezed(name), &mut terms);
    }
    for (kind, value) in identities {
        match kind {
            IdentityKind::Phone => {
                let digits = value.strip_prefix("+86").unwrap_or(value).trim_start_matches('+');
                let ends = 0..=digits.len().saturating_sub(SHORTEST_END);
                ends.filter_map(|start| Some((start, digits.get(start..)?)))
                    .for_each(|(start, end)| add(&mut terms, end.to_owned(), start > 0));
            }
            IdentityKind::Email | IdentityKind::MemberNo => add(&mut terms, value.to_lowercase(), false),
            _ => {}
        }
    }
    terms
}

/// The ways in which a text may be one of the words: in lower case as it is written, without what separates its words, and a number
/// without the prefix of mainland China.
pub fn spellings(q: &str) -> BTreeSet<String> {
    let q = &half_width(q);
    let written = squeezed(q);
    let joined: String = written.chars().filter(|c| !separates(*c)).collect();
    let mut spellings = BTreeSet::from([written]);
    let typed = q.trim();
    if let Some(national) = typed.strip_prefix("+86").or_else(|| typed.strip_prefix("0086")) {
        let national: String = national.chars().filter(|c| !separates(*c)).collect();
        if national.bytes().all(|b| b.is_ascii_digit()) {
            spellings.insert(national);
        }
    }
    spellings.insert(joined);
    spellings.retain(|spelling| !spelling.is_empty());
    spellings
        .into_iter()
        .map(|spelling| spelling.chars().take(LONGEST_TERM).collect())
        .collect()
}

/// What people put between the parts of a name or number. Other signs are part of what is looked for.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '+' | '.' | '(' | ')' | '\'' | '’' | '·')
}

fn squeezed(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A term that begins something stays so, wherever else it lies.
fn add(terms: &mut Terms, term: String, inside: bool) {
    let term = match term.char_indices().nth(LONGEST_TERM) {
        Some((end, _)) => term[..end].to_owned(),
        None => term,
    };
    if !term.is_empty() {
        let known = terms.entry(term).or_insert(inside);
        *known &= inside;
    }
}

fn name_terms(name: &str, terms: &mut Terms) {
    add(terms, name.to_owned(), false);
    let units = units(name);
    for (start, first) in units.iter().take(MOST_STARTS).enumerate() {
        let rest = &units[start..units.len().min(start + MOST_UNITS)];
        let inside = start > 0;
        add(terms, name[first.at..].to_owned(), inside);
        add(terms, rest.iter().map(|unit| unit.text.as_str()).collect(), inside);
        for reading in readings(rest) {
            if reading.len() > 1 {
                let initials = reading.iter().filter_map(|syllable| syllable.chars().next());
                add(terms, initials.collect(), inside);
            }
            add(terms, reading.concat(), inside);
        }
    }
    // passports put the family name first, people often the given name
    if let [first, second] = units.as_slice()
        && first.text.is_ascii()
        && second.text.is_ascii()
    {
        add(terms, format!("{} {}", second.text, first.text), true);
        add(terms, format!("{}{}", second.text, first.text), true);
    }
}

fn units(name: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut in_word = false;
    for (at, c) in name.char_indices() {
        let readings = plain(c);
        if !readings.is_empty() {
            let text = c.to_string();
            units.push(Unit { at, text, readings });
            in_word = false;
        } else if !c.is_alphanumeric() {
            in_word = false;
        } else if let Some(word) = units.last_mut().filter(|_| in_word) {
            word.text.push(c);
            word.readings[0].push(c);
        } else {
            let text = c.to_string();
            units.push(Unit {
                at,
                readings: vec![text.clone()],
                text,
            });
            in_word = true;
        }
    }
    units
}

/// Every way to say a character, without tones; `ü` as it is typed. Nothing for what is not Chinese.
fn plain(c: char) -> Vec<String> {
    let mut readings = Vec::new();
    for reading in c.to_pinyin_multi().into_iter().flatten() {
        let reading = reading.plain();
        let typed = if reading.contains('ü') {
            vec![reading.replace('ü', "v"), reading.replace('ü', "u")]
        } else {
            vec![reading.to_owned()]
        };
        for typed in typed {
            if !readings.contains(&typed) {
                readings.push(typed);
            }
        }
    }
    readings
}

/// The ways to say these together, as long as there are not too many; then the usual reading of each further character.
fn readings(units: &[Unit]) -> Vec<Vec<&str>> {
    let mut found: Vec<Vec<&str>> = vec![Vec::new()];
    for unit in units {
        let wide = found.len() * unit.readings.len() <= MOST_READINGS;
        let choices = &unit.readings[..if wide { unit.readings.len() } else { 1 }];
        found = found
            .iter()
            .flat_map(|so_far| {
                choices.iter().map(|choice| {
                    let mut longer = so_far.clone();
                    longer.push(choice);
                    longer
                })
            })
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_name(name: &str) -> Terms {
        terms([name], [])
    }

    #[test]
    fn a_chinese_name_by_its_parts_pinyin_and_initials() {
        let found = of_name("王小明");
        for (term, inside) in [
            ("王小明", false),
            ("小明", true),
            ("明", true),
            ("wangxiaoming", false),
            ("xiaoming", true),
            ("ming", true),
            ("wxm", false),
            ("xm", true),
        ] {
            assert_eq!(found.get(term), Some(&inside), "{term} in {found:?}");
        }
    }

    #[test]
    fn every_reading_of_a_character_up_to_a_bound() {
        for (name, readings) in [
            ("曾乐", &["zengle", "cengle", "zengyue", "zy"][..]),
            ("单雄", &["shanxiong", "danxiong"]),
            ("吕布", &["lvbu", "lubu"]),
        ] {
            let found = of_name(name);
            for reading in readings {
                assert!(found.contains_key(*reading), "{reading} in {found:?}");
            }
        }
        assert!(of_name(&"乐".repeat(200)).len() < 400);
    }

    #[test]
    fn a_latin_name_in_any_order() {
        let found = of_name("LI  Wei-Ming");
        for term in ["li wei-ming", "liweiming", "wei-ming", "ming", "lwm"] {
            assert!(found.contains_key(term), "{term} in {found:?}");
        }
        assert_eq!(of_name("LI WEI").get("wei li"), Some(&true));
    }

    #[test]
    fn numbers_and_addresses() {
        let found = terms(
            [],
            [
                (IdentityKind::Phone, "+8613800138000"),
                (IdentityKind::Email, "Li.Wei@example.com"),
                (IdentityKind::Passport, "hash"),
            ],
        );
        assert_eq!(found.get("13800138000"), Some(&false));
        assert_eq!(found.get("8000"), Some(&true));
        assert_eq!(found.get("li.wei@example.com"), Some(&false));
        assert_eq!(found.len(), 10, "{found:?}");
    }

    #[test]
    fn a_question_in_its_spellings() {
        let cases = [
            ("Li  Wei", &["li wei", "liwei"][..]),
            ("138-0013", &["138-0013", "1380013"]),
            ("+86 138", &["+86 138", "138", "86138"]),
            ("0086138", &["0086138", "138"]),
            ("0013", &["0013"]),
            ("００１３", &["0013"]),
            ("+1 650", &["+1 650", "1650"]),
            ("0%_", &["0%_"]),
        ];
        for (q, expected) in cases {
            let expected: BTreeSet<String> = expected.iter().map(|s| (*s).to_owned()).collect();
            assert_eq!(spellings(q), expected, "{q}");
        }
    }
}
