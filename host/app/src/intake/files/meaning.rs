//! What one header means: a field, and what it says of the cells below it.

use super::notes::{Sort, Unit};
use super::synonyms::{BOOKINGS, CUSTOMERS};
use super::traditional::simplified;
use super::units::Money;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::row::FileKind;
use unicode_normalization::UnicodeNormalization;

/// Longest header that is understood, in characters: what is asked of one takes more than its length in time.
pub(super) const LONGEST_HEADER: usize = 200;
/// Longest name of a field before its unit, in bytes.
const LONGEST_NAME: usize = 60;

/// Whether a header is longer than any that is understood.
pub(super) fn is_too_long(header: &str) -> bool {
    header.chars().nth(LONGEST_HEADER).is_some()
}

/// A header in the spelling that is looked up; none if it is too long.
pub(super) fn looked_up(header: &str) -> Option<String> {
    (!is_too_long(header)).then(|| plain(header))
}

/// A header without what people vary: full-width forms, traditional characters, case, spaces, underscores, dashes, quotes, stars of
/// mandatory columns.
pub(super) fn plain(header: &str) -> String {
    let varies = |c: &char| {
        c.is_whitespace()
            || matches!(
                c,
                '_' | '-' | '*' | ':' | '"' | '\'' | '“' | '”' | '★' | '\u{feff}' | '\u{200b}'
            )
    };
    if header.is_ascii() {
        let lower = header.chars().map(|c| c.to_ascii_lowercase());
        return lower.filter(|c| !varies(c)).collect();
    }
    header
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(simplified)
        .filter(|c| !varies(c))
        .collect()
}

/// The field that a header means by itself.
pub(super) fn field(kind: FileKind, header: &str) -> Option<&'static str> {
    understand(kind, header).map(|(field, _)| field)
}

/// The field that has this name, in the spelling of [`plain`].
fn named(kind: FileKind, name: &str) -> Option<&'static str> {
    let synonyms = match kind {
        FileKind::Bookings => BOOKINGS,
        FileKind::Customers => CUSTOMERS,
    };
    // the spelling of a field is its name without the dashes
    let same = |known: &&str| known.bytes().filter(|byte| *byte != b'_').eq(name.bytes());
    let known = kind.headers().iter().copied().find(same);
    known.or_else(|| {
        let (field, _) = synonyms
            .iter()
            .find(|(_, others)| others.split(' ').any(|other| other == name))?;
        Some(*field)
    })
}

/// The field that a header means, and what it says of the cells below it. A note beside the name is a unit, or says nothing that
/// matters; any other makes it another column.
pub(super) fn understand(kind: FileKind, header: &str) -> Option<(&'static str, Unit)> {
    let whole = looked_up(header)?;
    if let Some(field) = named(kind, &whole) {
        return Some((field, Unit::default()));
    }
    let (name, mut notes) = split(header)?;
    let mut name = plain(&name);
    // 时间（下单） is 下单时间
    if let [note] = notes.as_slice() {
        let note = plain(note);
        let found = named(kind, &format!("{note}{name}")).or_else(|| named(kind, &format!("{name}{note}")));
        if let Some(field) = found.filter(|_| !note.is_empty()) {
            return Some((field, Unit::default()));
        }
    }
    let mut field = named(kind, &name);
    if field.is_none()
        && let Some((before, after)) = name.split_once(['/', '|'])
    {
        // 金额/万元, 姓名/name
        field = named(kind, before);
        notes.push(after.to_owned());
        name = before.to_owned();
    }
    if let Some(field) = field {
        let sort = Sort::of(field);
        let same = |note: &str| named(kind, &plain(note)) == Some(field);
        return Unit::read(sort, field, &notes, same).map(|unit| (field, unit));
    }
    // 金额万元, amount in USD
    let starts = (1..name.len().min(LONGEST_NAME + 1))
        .rev()
        .filter(|at| name.is_char_boundary(*at));
    let (field, money) = starts
        .filter_map(|at| {
            let (before, unit) = name.split_at(at);
            let field = named(kind, before.trim_end_matches(',')).filter(|field| Sort::of(field) == Sort::Money)?;
            Some((field, Money::parse(unit.trim_start_matches(','))?))
        })
        .next()?;
    let unit = Unit::read(Sort::Money, field, &notes, |_| false)?;
    let money = unit.money.and(money)?;
    Some((field, Unit { money, ..unit }))
}

/// A header's name and the notes in brackets beside it, in half-width, simplified and lower case. `None` if its brackets do not match.
pub(super) fn split(header: &str) -> Option<(String, Vec<String>)> {
    let (mut name, mut notes) = (String::new(), Vec::new());
    let mut open = Vec::new();
    let mut note = String::new();
    let mut closed = false;
    for c in header.nfkc().flat_map(char::to_lowercase).map(simplified) {
        if let Some((_, close)) = BRACKETS.iter().find(|(bracket, _)| *bracket == c) {
            if !open.is_empty() {
                note.push(c);
            }
            open.push(*close);
        } else if BRACKETS.iter().any(|(_, close)| *close == c) {
            if open.pop() != Some(c) {
                return None;
            }
            if open.is_empty() {
                notes.push(std::mem::take(&mut note));
                closed = true;
            } else {
                note.push(c);
            }
        } else if open.is_empty() {
            // two words stay two
            if closed && c.is_ascii_alphanumeric() && name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
                name.push(' ');
            }
            closed = false;
            name.push(c);
        } else {
            note.push(c);
        }
    }
    open.is_empty().then_some((name, notes))
}

const BRACKETS: [(char, char); 6] = [
    ('(', ')'),
    ('[', ']'),
    ('【', '】'),
    ('〔', '〕'),
    ('{', '}'),
    ('<', '>'),
];

/// The name of an attribute's column without its notes, and what they say.
pub(super) fn own_column(header: &str, defined: &[AttributeDef]) -> Option<(String, Unit)> {
    if is_too_long(header) {
        return None;
    }
    if attribute::of_header(header).is_some() {
        return Some((header.to_owned(), Unit::default()));
    }
    let (name, notes) = split(header)?;
    let key = attribute::of_header(&name)?;
    let known = defined.iter().find(|own| attribute::stored_key(&own.key) == key);
    // what an unknown attribute's unit means cannot be said
    let sort = known.map_or(Sort::Words, |own| Sort::of_kind(own.kind));
    let unit = Unit::read(sort, &name, &notes, |_| false)?;
    Some((name, unit))
}

#[cfg(test)]
mod tests {
    use super::super::mapped_units::mapped_unit;
    use super::*;
    use posthouse_domain::catalogue::FactKind;
    use proptest::prelude::*;

    #[test]
    fn headers_are_understood_however_they_are_written() {
        let bookings = [
            ("订单号", "booking_id"),
            ("\u{feff}手机号码", "customer_phone"),
            ("金额（元）", "amount"),
            ("订单金额(CNY)", "amount"),
            ("*出发 日期", "departs"),
            ("Booked At", "booked_at"),
            ("ＢＯＯＫＥＤ＿ＡＴ", "booked_at"),
            ("E-Mail", "customer_email"),
            ("【必填】手机号（11位）", "customer_phone"),
            ("*手机(必填，11位数字)", "customer_phone"),
            ("姓名（本人）", "customer_name"),
            ("姓名/Name", "customer_name"),
            ("手机/电话", "customer_phone"),
            ("时间（下单）", "booked_at"),
            ("电话（客户）", "customer_phone"),
            ("人数（人）", "travellers"),
            ("人数（含儿童）", "travellers"),
            ("人数/人", "travellers"),
            ("出发日期（yyyy-mm-dd）", "departs"),
            ("下单时间(北京时间)", "booked_at"),
            ("预订日期（必填）（年/月/日）", "booked_at"),
            ("状态（已付款/已取消）", "status"),
            ("状态(下拉选择)", "status"),
            ("币种（默认CNY）", "currency"),
            ("目的地（国家/城市）", "destination"),
            ("amount (required)", "amount"),
            ("金额（例：1234.50）", "amount"),
            ("订单号（唯一）", "booking_id"),
            ("訂單編號", "booking_id"),
            ("聯絡電話", "customer_phone"),
            ("預訂日期（必填）", "booked_at"),
            ("訂單金額（萬元）", "amount"),
            ("聯繫電話", "customer_phone"),
            ("電子郵件", "customer_email"),
            ("旅遊目的地", "destination"),
            ("訂單狀態", "status"),
        ];
        for (header, known) in bookings {
            assert_eq!(field(FileKind::Bookings, header), Some(known), "{header}");
        }
        for (header, known) in [
            ("手机", Some("phone")),
            ("會員編號", Some("member_no")),
            ("手機號碼", Some("phone")),
            ("性別（男/女）", Some("gender")),
            ("註冊日期", Some("since")),
            ("姓名（拼音）", Some("name_latin")),
            ("性别（男/女）", Some("gender")),
            ("性别(M/F)", Some("gender")),
            ("接受营销(是/否)", Some("consent_marketing")),
            ("类型（个人/企业）", Some("kind")),
            ("生日（公历）", Some("birth_date")),
            ("生日（农历）", None),
            ("金额", None),
            ("()", None),
            ("手机(", None),
            ("手机)(", None),
        ] {
            assert_eq!(field(FileKind::Customers, header), known, "{header}");
        }
    }

    #[test]
    fn a_note_may_make_it_another_column() {
        for header in [
            "手机(紧急联系人)",
            "手机（家属）",
            "电话(同行人)",
            "手机/紧急联系人",
            "人数（儿童）",
            "人数(成人)",
            "金额（定金）",
            "金额（不含税）",
            "金额（元/人）",
            "金额（元）/人",
            "金额（已退）",
            "成本(人均)",
            "金额（桶）",
            "金额（积分）",
            "金额(m)",
            "金额（万人）",
            "金额/人",
            "金额（例：1.28万元）",
            "姓名（同行人）",
            "姓名/手机",
            "出发日期（去程航班）",
            "下单时间（CST）",
            "订单号（渠道）",
            "状态（财务）",
        ] {
            assert_eq!(field(FileKind::Bookings, header), None, "{header}");
        }
    }

    #[test]
    fn a_header_longer_than_any_name_is_not_looked_at() {
        let long = |rest: usize| format!("金额{}", "，".repeat(rest));
        assert_eq!(field(FileKind::Bookings, &long(1_000_000)), None);
        assert_eq!(own_column(&format!("attr.deposit{}", "(".repeat(1_000_000)), &[]), None);
        let padded = |blanks: usize| field(FileKind::Bookings, &format!("金额{}", " ".repeat(blanks)));
        assert_eq!((padded(198), padded(199)), (Some("amount"), None));
    }

    #[test]
    fn units_are_part_of_what_a_header_means() {
        for (header, known, tens, sign) in [
            ("订单金额（万元）", "amount", 4, Some("元")),
            ("*订单金额(单位：万元)(必填)", "amount", 4, Some("元")),
            ("金额（千元，必填）", "amount", 3, Some("元")),
            ("金额（百元）", "amount", 2, Some("元")),
            ("金额(万)", "amount", 4, None),
            ("金额（分）", "amount", -2, Some("元")),
            ("金额（美元）", "amount", 0, Some("美元")),
            ("金额（万美元）", "amount", 4, Some("美元")),
            ("金额($)", "amount", 0, Some("$")),
            ("amount (k USD)", "amount", 3, Some("USD")),
            ("Amount in USD", "amount", 0, Some("USD")),
            ("amount, EUR", "amount", 0, Some("EUR")),
            ("Order Amount (in thousands)", "amount", 3, None),
            ("金额/万元", "amount", 4, Some("元")),
            ("金额:元", "amount", 0, Some("元")),
            ("金额－万元", "amount", 4, Some("元")),
            ("金额 万元", "amount", 4, Some("元")),
            ("成本（千港币）", "cost", 3, Some("港币")),
            ("本币金额（万元）", "amount_base", 4, Some("元")),
            ("金额", "amount", 0, None),
        ] {
            let (field, unit) = understand(FileKind::Bookings, header).expect(header);
            let found = (field, unit.money.tens, unit.money.mark.map(|mark| mark.sign));
            assert_eq!(found, (known, tens, sign), "{header}");
        }
        let mapped =
            |header| mapped_unit("amount", header).map(|unit| (unit.money.tens, unit.money.mark.map(|mark| mark.sign)));
        for (header, expected) in [
            ("实付（万元）", (4, Some("元"))),
            ("实付万元", (4, Some("元"))),
            ("实付/千元", (3, Some("元"))),
            ("Price CNY", (0, Some("CNY"))),
            ("Paid (k USD)", (3, Some("USD"))),
            ("Price", (0, None)),
            ("Column K", (0, None)),
            ("K Price", (0, None)),
            ("Column M N", (0, None)),
            ("实付（定金）", (0, None)),
            ("实付（部分）", (0, None)),
            ("部分 USD", (0, Some("USD"))),
            ("积分元宝", (0, None)),
            ("总积分", (0, None)),
            ("K计划实付", (0, None)),
            ("Décaissement", (0, None)),
            ("USD Price", (0, Some("USD"))),
            ("USD Amount", (0, Some("USD"))),
            ("US$ Price", (0, Some("US$"))),
            ("Total USD amount", (0, Some("USD"))),
            ("Price(deposit)USD", (0, Some("USD"))),
            ("Price (USD", (0, Some("USD"))),
            ("Amount k USD", (3, Some("USD"))),
            ("USD Price (k)", (3, Some("USD"))),
            ("美元实付", (0, Some("美元"))),
            ("USD实付", (0, Some("USD"))),
            ("实付千USD", (3, Some("USD"))),
            ("万元实付", (4, Some("元"))),
            ("实付 元", (0, Some("元"))),
            ("应付人民币金额", (0, Some("人民币"))),
            ("人民币实付（元）", (0, Some("人民币"))),
            ("实付 人民币/CNY", (0, Some("人民币"))),
        ] {
            assert_eq!(mapped(header), Ok(expected), "{header}");
        }
        for header in [
            "实付（万两）",
            "实付/万两",
            "实付（元/人）",
            "实付 元/人",
            "美元/人",
            "美元每人",
            "实付（$ 百分）",
            "Price (USD per person)",
            "Paid (USD, deposit)",
            "Paid (USD)(EUR)",
            "USD Price (EUR)",
            "USD Price EUR",
            "USD 万两",
            "实付USD万两",
            "实付万 美元",
            "USD per person",
            "Price USD/pp",
            "Thousand price",
            "港币实付（元）",
        ] {
            assert_eq!(mapped(header).expect_err(header).code, "unknown_unit");
        }
        assert!(mapped_unit("departs", "USD Price (EUR)").is_ok(), "no money");
    }

    proptest! {
        #[test]
        fn nothing_panics(header in ".{0,40}", likely in "[a-zUSDk万元千实付 /()$¥é-]{0,30}") {
            for header in [header, likely] {
                let _ = (mapped_unit("amount", &header), mapped_unit("departs", &header));
                let _ = understand(FileKind::Bookings, &header);
            }
        }
    }

    #[test]
    fn attributes_have_units_as_well() {
        let defined = |kind| {
            [AttributeDef {
                key: "deposit".into(),
                kind,
                title: posthouse_domain::Localized::new("定金", "deposit"),
                sensitivity: posthouse_domain::catalogue::Sensitivity::Ordinary,
            }]
        };
        let (name, unit) = own_column("attr.deposit（万元）", &defined(FactKind::Money)).expect("understood");
        assert_eq!((name.as_str(), unit.money.tens), ("attr.deposit", 4));
        assert_eq!(own_column("attr.deposit（桶）", &defined(FactKind::Money)), None);
        assert_eq!(own_column("attr.deposit（万元）", &defined(FactKind::Number)), None);
        assert_eq!(
            own_column("attr.deposit（万元）", &[]),
            None,
            "nobody knows what it will be"
        );
        assert!(own_column("attr.deposit（必填）", &[]).is_some());
        assert!(own_column("attr.deposit", &[]).is_some());
    }

    #[test]
    fn no_name_has_two_meanings() {
        for (kind, synonyms) in [(FileKind::Bookings, BOOKINGS), (FileKind::Customers, CUSTOMERS)] {
            let mut seen = std::collections::HashSet::new();
            for (known, names) in synonyms {
                assert!(kind.headers().contains(known));
                for name in names.split(' ') {
                    assert!(seen.insert(name), "{name} twice");
                    assert_eq!(plain(name), name, "in the spelling that is looked up");
                    assert!(name.len() <= LONGEST_NAME, "{name}");
                }
            }
        }
    }
}
