//! The normal form of whatever identifies: numbers, codes, ids, names in a search. Two writings that look alike are one, wherever they
//! come in; what a person wrote is kept beside it where it is shown.
//!
//! Every form begins with [`text`]: compatibility forms (full-width letters, ligatures, circled digits) become the usual ones, what
//! cannot be seen goes, a dash is a dash, and any run of white space is one blank. What case and blanks mean is a matter of the kind.

use unicode_normalization::UnicodeNormalization;

/// Whether a character takes no room and only steers how others are shown, or is a filler: never part of what identifies.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// White space, and the Braille pattern without a dot, which looks the same.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// One sign for all dashes that programs put in the place of a typed one.
fn plain_dash(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        other => other,
    }
}

fn one_blank(chars: impl Iterator<Item = char>) -> String {
    let mut squeezed = String::new();
    let mut gap = false;
    for c in chars {
        if is_blank(c) {
            gap = !squeezed.is_empty();
        } else {
            if gap {
                squeezed.push(' ');
            }
            gap = false;
            squeezed.push(c);
        }
    }
    squeezed
}

/// What a person wrote, as it can be shown: without what cannot be seen, one blank for any run of white space.
pub fn visible(written: &str) -> String {
    one_blank(written.chars().filter(|c| !is_invisible(*c)))
}

/// Whether a character steers what is shown beside it: it controls, ends the line, or turns the direction of writing, by which a text reads
/// otherwise than it is.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is one of the common Chinese ones, which are their own normal form.
pub fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// Whether a character stands for a digit and more: a superscript, a circled number, a fraction. What people count, date and dial by is not
/// written with it, and to take it for a digit would make ten times as much of a price with a footnote.
pub fn is_marked_digit(c: char) -> bool {
    let is_full_width = matches!(c, '\u{ff10}'..='\u{ff19}');
    !c.is_ascii() && !is_ideograph(c) && !is_full_width && std::iter::once(c).nfkc().any(|c| c.is_ascii_digit())
}

/// The form that identifies, case as it is: ids of records and bookings, sources, product numbers, places of sale.
pub fn text(written: &str) -> String {
    // most of what comes in is in its form already
    if written.bytes().all(|b| b.is_ascii_graphic()) || !written.is_empty() && written.chars().all(is_ideograph) {
        return written.to_owned();
    }
    // a filler can hide inside a compatibility form, so what cannot be seen goes before and after
    let composed = written.chars().filter(|c| !is_invisible(*c)).nfkc();
    one_blank(composed.filter(|c| !is_invisible(*c)).map(plain_dash))
}

/// The form of what is compared without case.
pub fn caseless(written: &str) -> String {
    let form = text(written);
    if form.is_ascii() {
        return form.to_ascii_lowercase();
    }
    // a capital may have a small letter that is composed otherwise
    text(&form.to_lowercase())
}

/// The form of codes that people dictate: no case, no blanks.
pub fn code(written: &str) -> String {
    let mut code = caseless(written);
    code.retain(|c| c != ' ');
    if code.is_ascii() {
        return code;
    }
    // a mark that stood alone, after a blank, is by now one of the letter before
    text(&code)
}

/// The form of words in a search: no case, and letters without the marks above them, so that `josé`, `Jose` and `JOSÉ` are one word.
pub fn searched(written: &str) -> String {
    let form = caseless(written);
    if form.is_ascii() {
        return form;
    }
    // only marks that belong to Latin, Greek and Cyrillic letters: elsewhere a mark makes another letter
    let bare: String = form
        .nfd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .nfc()
        .collect();
    // where a mark stood alone, a blank is left
    text(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_with_more_to_them_are_known() {
        for c in "¹²⁴₁①⑴⒈½𝟏㋀㏠".chars() {
            assert!(is_marked_digit(c), "{c}");
        }
        for c in "1１一十廿aé".chars() {
            assert!(!is_marked_digit(c), "{c}");
        }
    }

    #[test]
    fn what_looks_alike_is_one() {
        for (written, expected) in [
            ("C15\u{2060}M", "C15M"),
            ("C15\u{200e}M", "C15M"),
            ("\u{202a}B-77\u{202c}", "B-77"),
            ("\u{2066}B-77\u{2069}", "B-77"),
            ("ＢＭ８", "BM8"),
            ("B\u{ad}M8", "BM8"),
            ("BM8\u{fe0f}", "BM8"),
            ("\u{feff}BM8", "BM8"),
            ("\u{180e}BM8\u{61c}", "BM8"),
            ("\u{3164}BM8\u{ffa0}", "BM8"),
            ("BM\u{2011}8", "BM-8"),
            ("BM–8", "BM-8"),
            ("BM－8", "BM-8"),
            (" BM \t\n 8\u{3000}", "BM 8"),
            ("BM\u{a0}8\u{2800}", "BM 8"),
            ("①②", "12"),
            ("e\u{301}", "é"),
            ("\u{200b}\u{2060} ", ""),
        ] {
            assert_eq!(text(written), expected, "{written:?}");
        }
        assert_eq!(text("bm8"), "bm8", "case is a matter of the kind");
    }

    #[test]
    fn what_is_shown_is_what_was_written() {
        assert_eq!(visible(" ＶＩＰ\u{202e}–０１ \n é"), "ＶＩＰ–０１ é");
    }

    #[test]
    fn a_mark_that_stood_alone_joins_its_letter_once_the_blank_is_gone() {
        assert_eq!((text("c´"), code("c´")), ("c \u{301}".to_owned(), "ć".to_owned()));
    }

    #[test]
    fn words_are_found_by_their_plain_letters() {
        for (written, expected) in [
            ("Jose\u{301}", "jose"),
            ("ＪＯＳＥ", "jose"),
            ("李\u{200b}伟", "李伟"),
            ("Nguyễn", "nguyen"),
            ("가나", "가나"),
            ("が", "が"),
            ("Łódź", "łodz"),
        ] {
            assert_eq!(searched(written), expected, "{written:?}");
        }
    }

    proptest! {
        #[test]
        fn a_form_is_its_own_form(written in "\\PC{0,24}|[\u{0}-\u{10ffff}]{0,12}") {
            for form in [text, caseless, code, searched, visible] {
                let once = form(&written);
                prop_assert_eq!(form(&once), once.clone());
                prop_assert!(!once.chars().any(is_invisible), "{:?}", once);
                prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
            }
        }
    }
}
