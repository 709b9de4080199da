use crate::description::{FactKind, FactUse, ReasonDef};
use crate::store::Cell;
use crate::values::Day;

/// A reason's text with the row's facts, and what it tells itself, put in. Money appears in major units, unknown values as a dash.
pub(super) fn render(text: &str, (uses, row): (&[FactUse], &[Cell]), (def, told): (&ReasonDef, &[Cell])) -> String {
    let mut rendered = text.to_owned();
    let facts = uses.iter().map(|fact| (fact.key, fact.kind)).zip(row);
    let arguments = def.arguments.iter().map(|argument| (argument.name, argument.kind));
    for ((name, kind), cell) in facts.chain(arguments.zip(told)) {
        let value = match (cell, kind) {
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
        rendered = rendered.replace(&format!("{{{name}}}"), &value);
    }
    rendered
}
