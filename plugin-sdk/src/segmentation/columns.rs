use crate::bindings::exports::posthouse::plugin::segmentation::{Column, Texts, Values};
use crate::description::{FactKind, FactUse};
use crate::store::Cell;

/// The rows as the host would send them.
pub(super) fn columns(uses: &[FactUse], rows: &[&[Cell]]) -> Result<Vec<Column>, String> {
    uses.iter()
        .enumerate()
        .map(|(place, fact)| column(fact, rows.iter().map(|row| &row[place])))
        .collect()
}

fn column<'a>(fact: &FactUse, cells: impl Iterator<Item = &'a Cell> + Clone) -> Result<Column, String> {
    let known = |cell: &Cell| !matches!(cell, Cell::Null);
    let valid = (!cells.clone().all(known)).then(|| bits(cells.clone().map(known)));
    if valid.is_some() && !fact.nullable {
        return Err(format!(
            "`{}` is unknown in a row, but the rule declares it known",
            fact.key
        ));
    }
    let whole = |cell: &Cell| if let Cell::Whole(value) = cell { *value } else { 0 };
    let values = match fact.kind {
        FactKind::Count | FactKind::Day => Values::S32s(
            cells
                .map(whole)
                .map(|value| i32::try_from(value).map_err(|_| format!("{value} is too large for `{}`", fact.key)))
                .collect::<Result<_, _>>()?,
        ),
        FactKind::Money => Values::S64s(cells.map(whole).collect()),
        FactKind::Number => Values::F64s(
            cells
                .map(|cell| if let Cell::Number(value) = cell { *value } else { 0.0 })
                .collect(),
        ),
        FactKind::Flag => Values::Bits(bits(cells.map(|cell| *cell == Cell::Flag(true)))),
        FactKind::Text => Values::Strings(texts(
            cells.map(|cell| if let Cell::Text(text) = cell { text.as_str() } else { "" }),
        )),
    };
    Ok(Column { values, valid })
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bits = Vec::new();
    for (place, flag) in flags.enumerate() {
        if place % 8 == 0 {
            bits.push(0);
        }
        if let Some(last) = bits.last_mut() {
            *last |= u8::from(flag) << (place % 8);
        }
    }
    bits
}

fn texts<'a>(rows: impl Iterator<Item = &'a str>) -> Texts {
    let mut known: Vec<&str> = Vec::new();
    let mut texts = Texts {
        codes: Vec::new(),
        offsets: vec![0],
        bytes: Vec::new(),
    };
    for text in rows {
        let code = known.iter().position(|other| *other == text).unwrap_or_else(|| {
            known.push(text);
            texts.bytes.extend_from_slice(text.as_bytes());
            texts.offsets.push(texts.bytes.len() as u32);
            known.len() - 1
        });
        texts.codes.push(code as u32);
    }
    texts
}
