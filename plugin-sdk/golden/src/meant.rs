//! What a misspelt word was probably meant to be.

use crate::Said;
use crate::said::said;

/// `; did you mean "…"?`, if one of these is near enough.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Said {
    // a hostile word need not be compared
    if word.len() > 100 {
        return Said::default();
    }
    known
        .into_iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(word, known), known))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(Said::default, |(_, known)| {
            said!("; did you mean {known:?}?", "；是否指 {known:?}？")
        })
}
