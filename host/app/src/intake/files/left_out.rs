//! Cells that cannot be read, and without which their row lands.

use super::headers::Plan;
use super::spelling::Spelling;
use super::unknown::says_nothing;
use super::{Cell, RawRow};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::record::Body;
use posthouse_domain::row::is_optional;
use posthouse_domain::{Record, Rejection, Words, words};

/// Longest header and cell that a warning shows, in characters.
const SHOWN: usize = 80;

/// A cell that is left out.
#[derive(Debug, Clone)]
pub(crate) struct Warning {
    /// The header of its column.
    pub(crate) header: String,
    /// What it says, cut if it is long.
    pub(crate) cell: String,
    /// What is wrong with it.
    pub(crate) why: Rejection,
    /// How it is put right.
    what_to_do: Words,
    /// Where its column stands.
    index: Option<usize>,
}

/// A column of an attribute that the agency has defined.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) index: usize,
    /// The key of its values.
    pub(super) key: String,
    pub(super) def: AttributeDef,
}

/// Whether a row lands without a cell of `field` that cannot be spelt. It does not where the file itself is misread: cells that cannot
/// be decoded, and days of trips in an order that a mapping has to say. Read with that mapping it would land differently, and a booking
/// that is known by its content would land twice.
pub(super) fn lands_without(field: &str, why: &Rejection) -> bool {
    let misread = why.code == "bad_encoding" || (why.code == "bad_date" && matches!(field, "departs" | "returns"));
    is_optional(field) && !misread
}

/// The value of an attribute of the agency's own in the spelling of its kind; empty if the cell says that it is not known.
pub(super) fn own_attribute(
    spelling: &Spelling<'_>,
    plan: &Plan,
    index: usize,
    def: &AttributeDef,
    cell: &Cell,
) -> Result<String, Rejection> {
    let header = &plan.header[index];
    // of a text nobody knows what its words mean: no allergies are something to know
    if def.kind != FactKind::Text && says_nothing(header, &cell.text) {
        return Ok(String::new());
    }
    let text = spelling.attribute(header, plan.units[index], def.kind, cell)?;
    if text.is_empty() {
        return Ok(text);
    }
    def.normalise(&text).map_err(|problem| {
        Rejection::new(
            "bad_attribute",
            words!(
                "attribute {key} {text:?} {problem}",
                "属性 {key} 的 {text:?}：{problem}",
                key = def.key
            ),
        )
    })
}

/// Where the column of a field stands, or that of the attribute with this key of its values.
pub(super) fn place(plan: &Plan, field: &str) -> Option<usize> {
    let of_field = plan.fields.iter().position(|known| *known == Some(field));
    of_field.or_else(|| plan.own.iter().find(|(_, key)| key == field).map(|(index, _)| *index))
}

impl Warning {
    pub(super) fn new(plan: &Plan, row: &RawRow, index: Option<usize>, field: &str, why: Rejection) -> Self {
        let short = |text: &str| -> String { text.trim().chars().take(SHOWN).collect() };
        let header = index.and_then(|index| plan.header.get(index));
        let cell = index.and_then(|index| row.cells.get(index));
        Self {
            // a constant of the mapping stands under no header
            header: short(header.map_or(field, |header| header)),
            cell: cell.map(|cell| short(&cell.text)).unwrap_or_default(),
            why,
            what_to_do: Words::default(),
            index,
        }
    }

    /// What is wrong, and what to do.
    pub(crate) fn reason(&self) -> Words {
        let (problem, what_to_do) = (&self.why.detail, &self.what_to_do);
        words!(
            "{problem}. The row lands without it. {what_to_do}",
            "{problem}。该行入库时不含这一项。{what_to_do}"
        )
    }
}

/// Puts the warnings of a row in order, each with what to do.
pub(super) fn settle(warnings: &mut [Warning], record: &Record, own_id: bool) {
    if warnings.is_empty() {
        return;
    }
    warnings.sort_by_key(|warning| warning.index);
    let what_to_do = what_to_do(record, own_id);
    for warning in warnings {
        warning.what_to_do.clone_from(&what_to_do);
    }
}

/// How a cell that was left out is put right. A row that is sent again lands if it is known by what it says, and a booking without any
/// id would then be a second one.
fn what_to_do(record: &Record, own_id: bool) -> Words {
    match &record.body {
        Body::Booking(booking) if own_id => words!(
            "This row is known by its external_id from now on; send an event for booking {id}, or the row with another external_id",
            "该行今后按其 external_id 视为已知；请为订单 {id} 发送事件，或换一个 external_id 再导入该行",
            id = booking.booking_id
        ),
        Body::Booking(booking) if booking.booking_id == record.external_id => words!(
            "The row has no id of its own: corrected and sent again it would be a second booking. Send an event for booking {id}",
            "该行没有自己的编号，改正后再导入会成为另一个订单；请为订单 {id} 发送事件",
            id = booking.booking_id
        ),
        _ if own_id => words!(
            "This row is known by its external_id from now on; correct the customer's profile, or send the row with another external_id",
            "该行今后按其 external_id 视为已知；请修改客户资料，或换一个 external_id 再导入该行"
        ),
        _ => words!("Correct the cell and import the row again", "改正后重新导入该行即可"),
    }
}
