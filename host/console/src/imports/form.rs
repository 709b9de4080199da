//! What a form says of a file: what each header means, how its cells are written.

use posthouse_app::intake::files::{Glimpse, MappingDraft, header_mark};
use posthouse_domain::row::FileKind;
use std::collections::BTreeMap;

/// Keys of a mapping that a form has a field for.
pub(super) const SAYS: [&str; 8] = [
    "encoding",
    "delimiter",
    "sheet",
    "header_row",
    "date_order",
    "decimal",
    "time_zone",
    "source",
];

/// What a form says.
#[derive(Debug, Clone, Default)]
pub(super) struct Typed {
    pub(super) kind: Option<FileKind>,
    pub(super) draft: MappingDraft,
    /// The headers that the page had are others than those of the file by now.
    pub(super) is_stale: bool,
    /// The field that was chosen for two columns.
    pub(super) twice: Option<String>,
    /// What was chosen for each column.
    pub(super) chosen: Vec<Option<String>>,
}

impl Typed {
    /// Reads a form about a file that was read so, with what its mapping said before.
    pub(super) fn read(fields: &[(String, String)], glimpse: &Glimpse, before: MappingDraft) -> Self {
        let one = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, text)| text.trim());
        let headers = glimpse.headers();
        let mut typed = Self {
            kind: one("kind").and_then(FileKind::parse),
            is_stale: one("mark").is_some_and(|mark| mark != mark_of(glimpse)),
            draft: before,
            ..Self::default()
        };
        for key in SAYS {
            let Some(text) = one(key) else { continue };
            let found = match key {
                "sheet" => glimpse.reading.sheet.clone(),
                "header_row" => Some(glimpse.reading.header_row.to_string()),
                _ => None,
            };
            // what is so by itself need not be said
            let is_so = !typed.draft.says.contains_key(key) && found.as_deref() == Some(text);
            if text.is_empty() {
                typed.draft.says.remove(key);
            } else if !is_so {
                // a tab cannot be typed
                let text = if key == "delimiter" && text == "tab" {
                    "\t"
                } else {
                    text
                };
                typed.draft.says.insert(key.to_owned(), text.to_owned());
            }
        }
        let pairs = |names: &str, values: &str| -> BTreeMap<String, String> {
            let of = |names: &str| -> Vec<&str> {
                let of_name = fields.iter().filter(|(key, _)| key == names);
                of_name.map(|(_, text)| text.trim()).collect()
            };
            let both = of(names).into_iter().zip(of(values));
            let filled = both.filter(|(name, value)| !name.is_empty() && !value.is_empty());
            filled
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        typed.draft.constants = pairs("constant", "value");
        typed.draft.status = pairs("word", "status");
        if let (Some(kind), false) = (typed.kind, headers.is_empty() || typed.is_stale) {
            let known = kind.headers();
            let chosen = |place: usize| {
                let field = one(&format!("c{place}"))?;
                known
                    .iter()
                    .find(|known| **known == field)
                    .map(|known| (*known).to_owned())
            };
            typed.chosen = (0..headers.len()).map(chosen).collect();
            let each: Vec<_> = headers
                .iter()
                .cloned()
                .zip(typed.chosen.iter().cloned())
                .enumerate()
                // a column of the agency's own stays unless it is left out
                .filter(|(place, (header, _))| !header.is_empty() && one(&format!("c{place}")) != Some("own"))
                .map(|(_, pair)| pair)
                .collect();
            typed.twice = typed.draft.choose(kind, &each).err();
        }
        typed
    }
}

/// What tells the headers that a page shows from others.
pub(super) fn mark_of(glimpse: &Glimpse) -> String {
    header_mark(glimpse.headers().iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_app::intake::files::GlimpsedRow;

    fn glimpse() -> Glimpse {
        let mut glimpse = Glimpse::default();
        glimpse.reading.header_row = 2;
        glimpse.reading.sheet = Some("订单".into());
        glimpse.rows.push(GlimpsedRow {
            number: 2,
            cells: ["手机", "实收", "attr.vip", "备注"].map(str::to_owned).to_vec(),
        });
        glimpse
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_form_says_only_what_is_not_so_by_itself() {
        let mark = mark_of(&glimpse());
        let sent = fields(&[
            ("kind", "bookings"),
            ("mark", &mark),
            ("sheet", "订单"),
            ("header_row", "2"),
            ("encoding", ""),
            ("delimiter", "tab"),
            ("date_order", "dmy"),
            ("c0", "customer_phone"),
            ("c1", "amount"),
            ("c2", "own"),
            ("c3", ""),
            ("constant", "channel"),
            ("value", "partner"),
            ("constant", ""),
            ("value", "nobody"),
            ("word", "已出票"),
            ("status", "paid"),
        ]);
        let mut before = MappingDraft::default();
        before.says.insert("encoding".into(), "gb18030".into());
        let typed = Typed::read(&sent, &glimpse(), before);
        assert!(!typed.is_stale && typed.twice.is_none());
        let says: Vec<_> = typed
            .draft
            .says
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(says, [("date_order", "dmy"), ("delimiter", "\t")]);
        assert_eq!(typed.draft.columns, BTreeMap::from([("amount".into(), "实收".into())]));
        assert!(typed.draft.ignore.is_empty());
        assert_eq!(
            typed.draft.constants,
            BTreeMap::from([("channel".into(), "partner".into())])
        );
        assert_eq!(typed.draft.status, BTreeMap::from([("已出票".into(), "paid".into())]));
    }

    #[test]
    fn a_form_of_other_headers_changes_none() {
        let sent = fields(&[("kind", "bookings"), ("mark", "other"), ("c0", "amount")]);
        let mut before = MappingDraft::default();
        before.columns.insert("amount".into(), "实收".into());
        let typed = Typed::read(&sent, &glimpse(), before.clone());
        assert!(typed.is_stale);
        assert_eq!(typed.draft.columns, before.columns);
    }
}
