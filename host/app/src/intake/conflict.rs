//! What a record that nobody can be sure of is answered. Nobody is called wrong: families share a telephone, people get new numbers.

use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::{Rejection, Words, normal, words};
use uuid::Uuid;

const CODE: &str = "identity_conflict";

/// An identity in a message; document numbers are not repeated.
pub(super) fn shown(identity: &Identity) -> Words {
    let kind = kind(identity.kind);
    if identity.kind.is_document() {
        words!("the {kind}", "{kind}")
    } else {
        words!(
            "{kind} {value}",
            "{kind}“{value}”",
            value = normal::visible(&identity.written)
        )
    }
}

fn kind(kind: IdentityKind) -> Words {
    let name = kind.as_str();
    match kind {
        IdentityKind::Phone => words!("{name}", "手机号"),
        IdentityKind::Email => words!("{name}", "邮箱"),
        IdentityKind::MemberNo => words!("{name}", "会员号"),
        IdentityKind::Passport => words!("{name}", "护照"),
        IdentityKind::IdCard => words!("{name}", "身份证"),
        _ => Words::same(name),
    }
}

fn list(identities: &[&Identity]) -> Words {
    let all: Vec<Words> = identities.iter().map(|identity| shown(identity)).collect();
    Words::join(&all, &words!(" and ", "和"))
}

/// Of two kinds of identity, the one that people share.
fn shared<'i>(identities: &[&'i Identity]) -> Vec<&'i Identity> {
    let all = identities.iter().copied();
    all.filter(|identity| !identity.kind.is_exclusive()).collect()
}

const LINK: &str = "PUT /api/v1/customers/{id}/links/family/{other}";

/// Some identities belong to one customer and `other` to another.
pub(super) fn two_customers(one: &[&Identity], other: &Identity) -> Rejection {
    let (ones, others) = (list(one), shown(other));
    let both: Vec<&Identity> = one.iter().copied().chain([other]).collect();
    let shared = shared(&both);
    let detail = if shared.is_empty() {
        words!(
            "{ones} and {others} belong to two customers; send the record with those of one of them",
            "{ones}与{others}分属两位客户；请只写其中一位的"
        )
    } else {
        words!(
            "{ones} and {others} belong to two customers. If they share {what}, as families do, send the record without it and link the two ({LINK}); if they are one person, send it again once the two are one customer",
            "{ones}与{others}分属两位客户。如果是家人共用{what}，请去掉它再发送，并把两位客户关联为家人（{LINK}）；如果是同一个人，请在两位客户合并之后再发送",
            what = list(&shared[..1])
        )
    };
    Rejection::new(CODE, detail)
}

/// A booking is recorded for one customer, and `other` belongs to another.
pub(super) fn others_booking(booking: &str, other: &Identity) -> Rejection {
    Rejection::new(
        CODE,
        words!(
            "booking {booking} is recorded for another customer than {other}. Send it with that customer's identities, or with a booking_id of its own; who travels together can be linked ({LINK})",
            "订单 {booking} 记在另一位客户名下，而{other}属于别人。请写该客户的会员号或手机号，或者换一个 booking_id；同行的家人可以关联（{LINK}）",
            other = shown(other)
        ),
    )
}

/// Some identities belong to a customer who has another value of `new`'s kind, of which a customer has one.
pub(super) fn another_value(
    known: &[&Identity],
    booking: Option<&str>,
    new: &Identity,
    has: Option<&str>,
) -> Rejection {
    let (kind, new) = (kind(new.kind), shown(new));
    let has = match has {
        Some(value) => words!("{kind} {value}", "{kind}“{value}”"),
        None => words!("another {kind}", "另一个{kind}"),
    };
    let by = match booking {
        Some(booking) if known.is_empty() => words!("booking {booking}", "订单“{booking}”"),
        _ => list(known),
    };
    let shared = shared(known);
    let detail = if !known.is_empty() && shared.len() == known.len() {
        words!(
            "{by} belongs to a customer with {has}, and {new} is new. If two people share {by}, as families do, send the record without it and link the two customers ({LINK}); if it is the same person, send it without {new}",
            "{by}属于有{has}的客户，而{new}是新的。如果是家人共用{by}，请去掉它再发送，并把两位客户关联为家人（{LINK}）；如果是同一个人，请去掉{new}再发送"
        )
    } else {
        words!(
            "{by} belongs to a customer with {has}, and {new} is new; a customer has one {kind}. If it is the same person, send the record without {new}; if it is another, without {by}",
            "{by}属于有{has}的客户，而{new}是新的；一位客户只有一个{kind}。如果是同一个人，请去掉{new}再发送；如果是另一个人，请去掉{by}再发送"
        )
    };
    Rejection::new(CODE, detail)
}

/// An identity is written in one way by now, and belonged to several customers when it was not.
pub(super) fn one_of_several(identity: &Identity, customers: &[Uuid]) -> Rejection {
    let all: Vec<String> = customers.iter().map(Uuid::to_string).collect();
    let detail = words!(
        "{this} is written in one way by now and belongs to {count} customers: {all}; write it as it was written for one of them, or name the customer by another identity",
        "{this}归一后属于 {count} 位客户：{all}；请按其中一位原来的写法填写，或改用其他身份",
        this = shown(identity),
        count = all.len(),
        all = all.join(", ")
    );
    Rejection::new(CODE, detail)
}

/// A member number may be one that was recorded without its dashes.
pub(super) fn perhaps(identity: &Identity, customer: Uuid) -> Rejection {
    let detail = words!(
        "{this} may be that of customer {customer}, recorded when dashes did not count; name the customer by another identity as well, or give them this number with PATCH /api/v1/customers/{customer}",
        "{this}可能属于客户 {customer}（当时不计连字符）；请再提供该客户的另一项身份，或用 PATCH /api/v1/customers/{customer} 给其登记此号码",
        this = shown(identity)
    );
    Rejection::new(CODE, detail)
}

/// A second value of a kind is another's than the first one's.
pub(super) fn further(taken: &Identity, identities: &[Identity]) -> Rejection {
    let kind = kind(taken.kind);
    let main = identities.iter().find(|identity| identity.kind == taken.kind);
    let detail = words!(
        "{taken}, the second {kind} of this row, belongs to another customer than {main}. If it is shared, as in an office or a family, empty that cell, or name the one right column under [columns] in a mapping; if both are one person, move it to the first {kind}'s place",
        "该行第二个{kind}（{taken}）与{main}属于不同客户。如果是单位或家人共用，请清空这一格，或在映射的 [columns] 中指明正确的列；如果是同一个人，请把它写在第一个{kind}的位置",
        taken = shown(taken),
        main = main.map_or_else(|| words!("the first {kind}", "第一个{kind}"), shown)
    );
    Rejection::new(CODE, detail)
}
