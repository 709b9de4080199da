//! What the sender of a row that lands is warned of: cells that cannot be read and are left out, telephones of two people.

use super::headers::Plan;
use super::seen::Shared;
use super::spelling::Spelling;
use super::unknown::says_nothing;
use super::{Cell, RawRow};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::record::Body;
use posthouse_domain::row::is_optional;
use posthouse_domain::{Record, Rejection, Words, words};

/// Longest header and cell that a warning shows, in characters.
const SHOWN: usize = 80;

/// A cell that is left out, or that belongs to two people.
#[derive(Debug, Clone)]
pub(crate) struct Warning {
    /// The header of its column.
    pub(crate) header: String,
    /// What it says, cut if it is long.
    pub(crate) cell: String,
    /// What is wrong with it.
    pub(crate) why: Rejection,
    /// Whether the row lands without it.
    pub(crate) left_out: bool,
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
        // a NUL cannot be kept everywhere
        let short = |text: &str| -> String { text.trim().replace('\0', "\u{fffd}").chars().take(SHOWN).collect() };
        let header = index.and_then(|index| plan.header.get(index));
        let cell = index.and_then(|index| row.cells.get(index));
        Self {
            // a constant of the mapping stands under no header
            header: short(header.map_or(field, |header| header)),
            cell: cell.map(|cell| short(&cell.text)).unwrap_or_default(),
            why,
            left_out: true,
            what_to_do: Words::default(),
            index,
        }
    }

    /// One for a telephone or an address that the file gives to somebody else as well.
    pub(super) fn shared(plan: &Plan, row: &RawRow, index: Option<usize>, shared: &Shared) -> Self {
        let Shared {
            written, earlier_row, ..
        } = shared;
        let (contact, own) = match shared.kind {
            IdentityKind::Email => (words!("e-mail address", "邮箱"), words!("an address", "邮箱")),
            _ => (words!("telephone", "电话"), words!("a telephone", "电话")),
        };
        let differs: Vec<Words> = shared.differs.iter().map(|field| told(field)).collect();
        let differs = Words::join(&differs, &words!(" and ", "、"));
        let why = Rejection::new(
            "contact_shared",
            words!(
                "row {earlier_row} has the same {contact} {written} with another {differs}, and no member numbers tell the two apart: they become one customer, with what the later row says",
                "第 {earlier_row} 行有同一个{contact}“{written}”，但{differs}不同，又没有会员号区分：两行会归为同一位客户，以后面一行为准"
            ),
        );
        Self {
            left_out: false,
            what_to_do: words!(
                "If they are two people, change this row after a dry run, before the import itself: give it a member number or {own} of its own instead, and link the two customers afterwards; if they are one person, there is nothing to do",
                "如果是两个人，请在试运行之后、正式导入之前，把该行的{contact}换成本人的{own}或会员号，入库后再把两位客户关联起来；如果是同一个人，无需处理"
            ),
            ..Self::new(plan, row, index, shared.kind.as_str(), why)
        }
    }

    /// What is wrong, and what to do.
    pub(crate) fn reason(&self) -> Words {
        let (problem, what_to_do) = (&self.why.detail, &self.what_to_do);
        if !self.left_out {
            return words!("{problem}. {what_to_do}", "{problem}。{what_to_do}");
        }
        words!(
            "{problem}. The row lands without it. {what_to_do}",
            "{problem}。该行入库时不含这一项。{what_to_do}"
        )
    }
}

/// What two people differ in.
fn told(field: &str) -> Words {
    match field {
        "name" => words!("name", "姓名"),
        "birth_date" => words!("date of birth", "生日"),
        _ => words!("gender", "性别"),
    }
}

/// Puts the warnings of a row in order, each with what to do.
pub(super) fn settle(warnings: &mut [Warning], record: &Record, own_id: bool) {
    if warnings.is_empty() {
        return;
    }
    warnings.sort_by_key(|warning| warning.index);
    let what_to_do = what_to_do(record, own_id);
    for warning in warnings.iter_mut().filter(|warning| warning.left_out) {
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
