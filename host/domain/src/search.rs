//! By what words a customer is found: names as written, in pinyin and by initials, parts of telephone numbers, the beginnings of
//! e-mail addresses and member numbers.

mod surname;

use crate::identity::IdentityKind;
use crate::normal;
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
        let written = normal::searched(name);
        name_terms(&written, &mut terms);
        // `Lü Bu` is typed as it is keyed in
        let keyed = normal::searched(&keyed(&normal::caseless(name)));
        if keyed != written {
            name_terms(&keyed, &mut terms);
        }
    }
    for (kind, value) in identities {
        match kind {
            IdentityKind::Phone => phone_terms(value, &mut terms),
            IdentityKind::Email => add(&mut terms, normal::searched(value), false),
            IdentityKind::MemberNo => member_terms(&normal::searched(value), &mut terms),
            _ => {}
        }
    }
    terms
}

/// A number from each digit on as long as three are left, and whole with its extension.
fn phone_terms(value: &str, terms: &mut Terms) {
    let value = value.strip_prefix("+86").unwrap_or(value).trim_start_matches('+');
    let (digits, extension) = value.split_once(";ext=").unwrap_or((value, ""));
    let ends = 0..=digits.len().saturating_sub(SHORTEST_END);
    ends.filter_map(|start| Some((start, digits.get(start..)?)))
        .for_each(|(start, end)| add(terms, end.to_owned(), start > 0));
    if !extension.is_empty() {
        add(terms, format!("{digits}{extension}"), false);
    }
}

/// A member number with and without its dashes, and the digits at its end.
fn member_terms(value: &str, terms: &mut Terms) {
    add(terms, value.to_owned(), false);
    add(terms, value.replace('-', ""), false);
    let head = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &value[head.len()..];
    if !head.is_empty() && digits.len() >= SHORTEST_END {
        add(terms, digits.to_owned(), true);
    }
}

/// A question taken apart: each of its words has to fit, or all of them together as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The ways in which the whole text may be one word.
    pub whole: BTreeSet<String>,
    /// Where there are several words, the ways in which each may be written.
    pub words: Vec<BTreeSet<String>>,
}

/// Most words of a question.
pub const MOST_WORDS: usize = 6;

/// Takes a question apart; `None` if it has more than [`MOST_WORDS`] words.
pub fn question(q: &str) -> Option<Question> {
    let form = normal::searched(q);
    let words: Vec<&str> = form.split(' ').filter(|word| !word.is_empty()).collect();
    let digits = form.chars().filter(char::is_ascii_digit).count();
    // `138 0013 8000` is one number
    let one_number = digits >= 7 && form.chars().all(|c| c.is_ascii_digit() || separates(c));
    if words.len() > MOST_WORDS && !one_number {
        return None;
    }
    let several = words.len() > 1 && !one_number;
    Some(Question {
        whole: spellings(&form),
        words: if several {
            words.iter().map(|word| spellings(word)).collect()
        } else {
            Vec::new()
        },
    })
}

/// The ways in which a text in its normal form may be one of the words: as it is, without what separates its parts, a number as it is
/// dialled at home, and pinyin as it is keyed in.
fn spellings(form: &str) -> BTreeSet<String> {
    let joined: String = form.chars().filter(|c| !separates(*c)).collect();
    let mut spellings = BTreeSet::from([form.to_owned(), keyed(&joined)]);
    if let Some(national) = form.strip_prefix("+86").or_else(|| form.strip_prefix("0086")) {
        let national: String = national.chars().filter(|c| !separates(*c)).collect();
        if national.bytes().all(|b| b.is_ascii_digit()) {
            spellings.insert(national);
        }
    } else if let Some(area) = joined.strip_prefix('0')
        && area.len() >= 6
        && area.bytes().all(|b| b.is_ascii_digit())
    {
        // 010-6552…: a number is kept without the digit that is dialled before its area
        spellings.insert(area.to_owned());
    }
    spellings.insert(joined);
    spellings.retain(|spelling| !spelling.is_empty());
    spellings
        .into_iter()
        .map(|spelling| spelling.chars().take(LONGEST_TERM).collect())
        .collect()
}

/// `ü` as it is keyed in: passports write it `yu`, keyboards `v`.
fn keyed(text: &str) -> String {
    if !text.contains(['ü', 'y']) {
        return text.to_owned();
    }
    ["lü", "lyu"]
        .iter()
        .fold(text.to_owned(), |text, written| text.replace(written, "lv"))
        .replace("nü", "nv")
        .replace("nyu", "nv")
}

/// What people put between the parts of a name or number. Other signs are part of what is looked for.
fn separates(c: char) -> bool {
    c == ' ' || matches!(c, '-' | '+' | '.' | '(' | ')' | '\'' | '’' | '·')
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
    let mut units = units(name);
    let family = surname::put_first(name, &mut units);
    for (start, first) in units.iter().take(MOST_STARTS).enumerate() {
        let rest = &units[start..units.len().min(start + MOST_UNITS)];
        let inside = start > 0;
        add(terms, name[first.at..].to_owned(), inside);
        add(terms, rest.iter().map(|unit| unit.text.as_str()).collect(), inside);
        for reading in readings(rest) {
            // a family name read as no family name is
            let inside = inside
                || !family
                    .iter()
                    .zip(&reading)
                    .all(|(known, read)| known.iter().any(|said| said == *read));
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
            ("费玉", &["feiyu", "biyu", "fy", "by"]),
            ("仇英", &["qiuying", "chouying"]),
            ("查良", &["zhaliang", "chaliang"]),
            ("区桃", &["outao", "qutao"]),
            ("解珍", &["xiezhen", "jiezhen"]),
            ("盖勇", &["geyong", "gaiyong"]),
            ("任飞", &["renfei"]),
            ("华佗", &["huatuo"]),
            ("朴信", &["piaoxin", "puxin"]),
            ("尉迟恭", &["yuchigong", "ycg"]),
            ("万俟卨", &["moqi"]),
        ] {
            let found = of_name(name);
            for reading in readings {
                let begins = found.keys().any(|term| term.starts_with(*reading));
                assert!(begins, "{reading} in {found:?}");
            }
        }
        // somebody whose family name is read so comes before one whose is not
        for (name, first, second) in [("曾乐", "zengle", "cengle"), ("单雄", "shanxiong", "danxiong")] {
            let found = of_name(name);
            assert_eq!(
                (found.get(first), found.get(second)),
                (Some(&false), Some(&true)),
                "{name}"
            );
        }
        // the given name keeps all its readings
        assert_eq!(of_name("王曾").get("wangceng"), Some(&false));
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
    fn a_name_by_its_plain_spelling() {
        for (written, plain) in [
            ("李\u{200b}伟", "李伟"),
            ("ＬＩ　ＷＥＩ", "li wei"),
            ("Jose\u{301} Díaz", "jose diaz"),
            ("\u{202a}王芳\u{202c}", "王芳"),
        ] {
            assert_eq!(of_name(written), of_name(plain), "{written:?}");
        }
        for keyed in ["lubu", "lvbu", "lu bu"] {
            assert!(of_name("Lü Bu").contains_key(keyed), "{keyed}");
        }
    }

    #[test]
    fn numbers_and_addresses() {
        let found = terms(
            [],
            [
                (IdentityKind::Phone, "+8613800138000"),
                (IdentityKind::Email, "li.wei@example.com"),
                (IdentityKind::Passport, "hash"),
            ],
        );
        assert_eq!(found.get("13800138000"), Some(&false));
        assert_eq!(found.get("8000"), Some(&true));
        assert_eq!(found.get("li.wei@example.com"), Some(&false));
        assert_eq!(found.len(), 10, "{found:?}");
        let found = terms(
            [],
            [
                (IdentityKind::Phone, "+861065529988;ext=101"),
                (IdentityKind::MemberNo, "vip-8001"),
            ],
        );
        for (term, inside) in [
            ("1065529988", false),
            ("1065529988101", false),
            ("9988", true),
            ("vip-8001", false),
            ("vip8001", false),
            ("8001", true),
        ] {
            assert_eq!(found.get(term), Some(&inside), "{term} in {found:?}");
        }
    }

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|s| (*s).to_owned()).collect()
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
            ("010-6552", &["010-6552", "0106552", "106552"]),
            ("Lü Bu", &["lu bu", "lubu"]),
            ("LYU BU", &["lyu bu", "lyubu", "lvbu"]),
            ("C15\u{2060}M", &["c15m"]),
        ];
        for (q, expected) in cases {
            assert_eq!(question(q).expect("few words").whole, set(expected), "{q}");
        }
    }

    #[test]
    fn a_question_of_several_words() {
        let words = |q: &str| question(q).expect("few words").words;
        assert_eq!(words("李伟 8001"), [set(&["李伟"]), set(&["8001"])]);
        assert_eq!(words("lw　8001"), [set(&["lw"]), set(&["8001"])]);
        assert_eq!(words("li wei"), [set(&["li"]), set(&["wei"])]);
        assert_eq!(words("王 vip-01"), [set(&["王"]), set(&["vip-01", "vip01"])]);
        for one in ["李伟", "138 0013 8000", "+86 138-0013-8000", " 8001 "] {
            assert_eq!(words(one), Vec::<BTreeSet<String>>::new(), "{one}");
        }
        assert_eq!(question("a b c d e f g"), None);
    }
}
