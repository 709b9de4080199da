use crate::description::{FactKind, FactUse};
use crate::store::Cell;
use crate::values::Day;

/// A reason's text with the row's facts put in. Money appears in major units, unknown values as a dash.
pub(super) fn render(text: &str, uses: &[FactUse], row: &[Cell]) -> String {
    let mut rendered = text.to_owned();
    for (fact, cell) in uses.iter().zip(row) {
        let value = match (cell, fact.kind) {
            (Cell::Null, _) => "–".to_owned(),
            (Cell::Whole(minor), FactKind::Money) => {
                let sign = if *minor < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
            }
            (Cell::Whole(days), FactKind::Day) => Day(i32::try_from(*days).unwrap_or_default()).to_string(),
            (Cell::Whole(value), _) => value.to_string(),
            (Cell::Number(value), _) => value.to_string(),
            (Cell::Flag(value), _) => value.to_string(),
            (Cell::Text(value), _) => value.clone(),
        };
        rendered = rendered.replace(&format!("{{{}}}", fact.key), &value);
    }
    rendered
}
