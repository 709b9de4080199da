//! Rejected rows with their cells, as a page shows them and as they were typed.

use crate::Desk;
use crate::ui::Ui;
use posthouse_app::intake::imports::ImportStatus;
use posthouse_app::intake::mend::{Mended, Rejected, RejectedPage};
use posthouse_app::team::Caller;
use std::collections::{BTreeMap, BTreeSet};

/// Cells of a page, and the fewest and most rows.
const CELLS: usize = 240;
const ROWS: (usize, usize) = (5, 25);
/// What stands for the place of the cells beyond the headers.
const SURPLUS: usize = 9_999;

/// A cell that can be mended.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) header: String,
    pub(super) text: String,
    /// It has lines of its own.
    pub(super) is_long: bool,
    /// The reason quotes it.
    pub(super) is_wrong: bool,
}

/// A rejected row.
pub(super) struct Row {
    pub(super) rejected: Rejected,
    pub(super) fields: Vec<Field>,
    pub(super) is_ticked: bool,
}

/// A page of rejected rows, and where the next one is.
pub(super) struct Rejects {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    pub(super) after: i64,
    pub(super) all: bool,
}

/// What was typed: the cells by row and place, and rows that are right as they are by now.
#[derive(Debug, Default)]
pub(super) struct Typed {
    cells: BTreeMap<(i64, usize), String>,
    ticked: BTreeSet<i64>,
    pub(super) after: i64,
}

impl Typed {
    pub(super) fn read(fields: Vec<(String, String)>) -> Self {
        let mut typed = Self::default();
        for (name, text) in fields {
            if let Some((row, place)) = name.strip_prefix('c').and_then(|name| name.split_once('.')) {
                if let (Ok(row), Ok(place)) = (row.parse(), place.parse()) {
                    // a form sends every end of a line as two characters
                    typed.cells.insert((row, place), text.replace("\r\n", "\n"));
                }
            } else if name == "tick" {
                typed.ticked.extend(text.parse::<i64>());
            } else if name == "after" {
                typed.after = text.parse().unwrap_or(0);
            }
        }
        typed
    }

    /// The rows that were changed or ticked, whole.
    pub(super) fn mended(&self, page: &RejectedPage, ui: Ui) -> Vec<Mended> {
        let mended = page.rows.iter().filter(|row| row.sent_in.is_none()).filter_map(|row| {
            let stored = row.cells.as_ref()?;
            let cells: Vec<String> = stored
                .iter()
                .enumerate()
                .map(|(place, stored)| self.cells.get(&(row.row, place)).unwrap_or(stored).clone())
                .collect();
            let beyond = row.surplus.get(ui.language);
            let surplus = self.cells.get(&(row.row, SURPLUS)).map_or(beyond, String::as_str);
            let is_changed = surplus != beyond || !cells.iter().zip(stored).all(|(now, before)| is_same(now, before));
            (is_changed || self.ticked.contains(&row.row)).then(|| Mended {
                row: row.row,
                cells,
                surplus: surplus.to_owned(),
            })
        });
        mended.collect()
    }
}

/// Whether a cell is as it was; a form may change how its lines end.
fn is_same(now: &str, before: &str) -> bool {
    now == before || now == before.replace("\r\n", "\n").replace('\r', "\n")
}

/// The columns that are worth a field: those that are understood, or all if none is known.
fn shown(import: &ImportStatus, header: &[String]) -> Vec<usize> {
    let read = import.reading.as_ref().map(|reading| &reading.columns);
    let is_known = |place: &usize| {
        let own = posthouse_domain::attribute::of_header(&header[*place]).is_some();
        own || read.is_none_or(|columns| columns.iter().any(|column| column.header == header[*place]))
    };
    (0..header.len()).filter(is_known).collect()
}

/// A page of rejected rows as they are, or as they were typed.
pub(super) async fn rejects(
    desk: &Desk,
    (caller, ui): (&Caller, Ui),
    import: &ImportStatus,
    (after, all): (i64, bool),
    typed: Option<&Typed>,
) -> posthouse_app::Result<Rejects> {
    let width = import
        .reading
        .as_ref()
        .map_or(1, |reading| reading.columns.len())
        .max(1);
    let most = (CELLS / width).clamp(ROWS.0, ROWS.1);
    let limit = i64::try_from(most).unwrap_or(1);
    let page = desk
        .app()
        .intake()
        .rejected_rows(caller, import.id, (after, all), limit)
        .await?;
    let places = shown(import, &page.header);
    let header = page.header;
    let rows = page.rows.into_iter().map(|rejected| {
        let text = |place: usize, stored: &str| {
            let typed = typed.and_then(|typed| typed.cells.get(&(rejected.row, place)));
            typed.map_or(stored, String::as_str).to_owned()
        };
        let field = |place: usize, header: &str, stored: &str| {
            let text = text(place, stored);
            Field {
                name: format!("c{}.{place}", rejected.row),
                header: header.to_owned(),
                is_long: text.contains('\n') || text.chars().count() > 80,
                // reasons quote what they are about
                is_wrong: !stored.is_empty() && rejected.detail.en.contains(&format!("{stored:?}")),
                text,
            }
        };
        let cells = rejected.cells.as_deref().unwrap_or_default();
        let mut fields: Vec<Field> = places
            .iter()
            .filter_map(|place| Some(field(*place, &header[*place], cells.get(*place)?)))
            .collect();
        let beyond = rejected.surplus.get(ui.language);
        if !cells.is_empty() && !beyond.is_empty() {
            fields.push(field(SURPLUS, "", beyond));
        }
        Row {
            fields,
            is_ticked: typed.is_some_and(|typed| typed.ticked.contains(&rejected.row)),
            rejected,
        }
    });
    let all_too = if all { "&all=true" } else { "" };
    Ok(Rejects {
        rows: rows.collect(),
        next: page.next.map(|next| format!("?tab=rejects&after={next}{all_too}")),
        after,
        all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::{Language, Words};

    fn page() -> RejectedPage {
        let row = |row, cells: &[&str], surplus: &str| Rejected {
            row,
            code: "bad_amount".into(),
            detail: Words::same("x"),
            cells: Some(cells.iter().map(|cell| (*cell).to_owned()).collect()),
            surplus: Words::same(surplus),
            sent_in: None,
        };
        RejectedPage {
            header: vec!["a".into(), "b".into()],
            rows: vec![
                row(2, &["1", "x\r\ny"], ""),
                row(3, &["2", "z"], ""),
                row(4, &["3", "z"], "left"),
                row(5, &["4", "z"], ""),
            ],
            next: None,
        }
    }

    #[test]
    fn only_rows_that_were_changed_or_ticked_are_sent() {
        let fields = [
            ("c2.0", "1"),
            ("c2.1", "x\r\ny"),
            ("c3.1", "zz"),
            ("c4.0", "3"),
            ("c4.9999", ""),
            ("tick", "5"),
            ("after", "1"),
            ("c9.x", "?"),
        ];
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
        let typed = Typed::read(fields);
        assert_eq!(typed.after, 1);
        let mended = typed.mended(&page(), Ui::of_test(Language::En));
        let rows: Vec<_> = mended
            .iter()
            .map(|row| (row.row, row.cells.join("|"), row.surplus.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                (3, "2|zz".to_owned(), ""),
                (4, "3|z".to_owned(), ""),
                (5, "4|z".to_owned(), "")
            ]
        );
    }
}
