//! Icons, drawn into the page. Their list is `assets/icons.json`.

use askama::filters::HtmlSafe;
use std::fmt;

include!(concat!(env!("OUT_DIR"), "/icons.rs"));

/// An icon as markup. It says nothing to who hears a page read: a word stands beside it, or in the label around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Icon(&'static str);

impl HtmlSafe for Icon {}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>"#,
            self.0
        )
    }
}

/// The icon of this name; an empty one if there is none, which a test finds.
pub(crate) fn icon(name: &str) -> Icon {
    let found = DRAWINGS.binary_search_by(|(known, _)| (*known).cmp(name));
    Icon(found.map_or("", |place| DRAWINGS[place].1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::tests::sources;
    use regex::Regex;
    use std::collections::BTreeSet;

    #[test]
    fn every_icon_is_there_and_used() {
        let asked = Regex::new(r#"icon(?:: |\()"([a-z0-9-]+)""#).unwrap();
        let asked: BTreeSet<String> = sources()
            .iter()
            .flat_map(|text| asked.captures_iter(text).map(|found| found[1].to_owned()))
            .collect();
        let there: BTreeSet<String> = DRAWINGS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(
            asked.difference(&there).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "not in assets/icons.json"
        );
        assert_eq!(
            there.difference(&asked).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "nobody draws them"
        );
    }
}
