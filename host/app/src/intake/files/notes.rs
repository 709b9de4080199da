//! What stands in a header beside its name: units, formats, marks of mandatory columns. A note that is none of these changes what the
//! column is.

use super::dates::DateOrder;
use super::formats::{date_format, zone};
use super::units::Money;
use super::words::{CURRENCIES, FLAGS, GENDERS, KINDS, STATUSES};
use chrono_tz::Tz;
use posthouse_domain::catalogue::FactKind;

/// What the cells of a column are, as far as reading them goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Id,
    Phone,
    Email,
    /// A day, whatever the hour.
    Day,
    /// A day or an instant.
    Moment,
    Money,
    /// A whole number.
    Count,
    /// One of a few words.
    Choice,
    /// Anything.
    Words,
}

impl Sort {
    pub(super) fn of(field: &str) -> Self {
        match field {
            "external_id" | "booking_id" | "member_no" | "customer_member_no" => Self::Id,
            "phone" | "customer_phone" => Self::Phone,
            "email" | "customer_email" => Self::Email,
            "departs" | "returns" | "birth_date" | "since" => Self::Day,
            "booked_at" => Self::Moment,
            "amount" | "cost" | "amount_base" => Self::Money,
            "travellers" => Self::Count,
            "currency" | "status" | "gender" | "kind" | "consent_marketing" => Self::Choice,
            _ => Self::Words,
        }
    }

    /// That of an attribute of the agency's own.
    pub(super) fn of_kind(kind: FactKind) -> Self {
        match kind {
            FactKind::Money => Self::Money,
            FactKind::Day => Self::Day,
            FactKind::Count | FactKind::Number => Self::Count,
            FactKind::Flag => Self::Choice,
            FactKind::Text => Self::Words,
        }
    }
}

/// What a header says of the cells below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) money: Money,
    /// In which order dates are written.
    pub(super) order: Option<DateOrder>,
    /// On whose clocks times are.
    pub(super) zone: Option<Tz>,
}

impl Unit {
    /// What two notes of one header say together.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let (order, zone) = match (self.order.zip(other.order), self.zone.zip(other.zone)) {
            (None, None) => (self.order.or(other.order), self.zone.or(other.zone)),
            _ => return None,
        };
        let money = self.money.and(other.money)?;
        Some(Self { money, order, zone })
    }

    /// Reads the notes of a header for `field`. `same` says whether a note is but another name of the field. `None` if any of them is
    /// not understood.
    pub(super) fn read(sort: Sort, field: &str, notes: &[String], same: impl Fn(&str) -> bool) -> Option<Self> {
        let mut unit = Self::default();
        for note in notes {
            let note = note.trim();
            if let Some(whole) = one(sort, field, note, &same) {
                unit = unit.and(whole)?;
                continue;
            }
            let parts = note
                .split([',', '、', ';', '/', '|', '。', '+', '或', '·'])
                .flat_map(|part| {
                    // `k USD` is one unit
                    let whole = one(sort, field, part, &same).is_some();
                    part.split(move |c: char| !whole && c.is_whitespace())
                });
            for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
                unit = unit.and(one(sort, field, part, &same)?)?;
            }
        }
        Some(unit)
    }
}

/// One note, or part of one, in lower case and half-width.
fn one(sort: Sort, field: &str, note: &str, same: &impl Fn(&str) -> bool) -> Option<Unit> {
    let nothing = Some(Unit::default());
    if note.is_empty() || ALWAYS.contains(&note) || same(note) {
        return nothing;
    }
    if let Some(example) = EXAMPLES.iter().find_map(|before| note.strip_prefix(before)) {
        // an example may carry a unit
        let bare = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | ':');
        return nothing.filter(|_| sort != Sort::Money || example.chars().all(bare));
    }
    let listed: &[&str] = match sort {
        Sort::Money => {
            if let Some(money) = Money::parse(note) {
                return Some(Unit {
                    money,
                    ..Unit::default()
                });
            }
            MONEY
        }
        Sort::Day | Sort::Moment => {
            if let Some(order) = date_format(note) {
                return Some(Unit {
                    order,
                    ..Unit::default()
                });
            }
            if sort == Sort::Day {
                DAY
            } else if let Some(zone) = zone(note) {
                let zone = Some(zone);
                return Some(Unit {
                    zone,
                    ..Unit::default()
                });
            } else {
                MOMENT
            }
        }
        Sort::Id => ID,
        Sort::Phone => PHONE,
        Sort::Email => EMAIL,
        Sort::Count => COUNT,
        Sort::Choice => {
            let note = note.trim_start_matches("默认").trim_start_matches("default").trim();
            let known = |words: &[(&str, &[&str])]| {
                words
                    .iter()
                    .any(|(word, others)| word.to_lowercase() == note || others.contains(&note))
            };
            let vocabulary: &[(&str, &[&str])] = match field {
                "currency" => &CURRENCIES,
                "status" => &STATUSES,
                "gender" => &GENDERS,
                "kind" => &KINDS,
                _ => &FLAGS,
            };
            if known(vocabulary) {
                return nothing;
            }
            CHOICE
        }
        Sort::Words => match field {
            "name" | "customer_name" => NAME,
            "name_latin" => NAME_LATIN,
            "destination" | "home_city" => PLACE,
            _ => &[],
        },
    };
    let person = matches!(sort, Sort::Id | Sort::Phone | Sort::Email)
        || matches!(field, "name" | "customer_name" | "birth_date" | "gender");
    nothing.filter(|_| listed.contains(&note) || (person && OWN.contains(&note)))
}

/// In every column.
const ALWAYS: &[&str] = &[
    "必填",
    "必填项",
    "必须",
    "必须填写",
    "必输",
    "必选",
    "选填",
    "选填项",
    "可选",
    "可不填",
    "可空",
    "可为空",
    "非必填",
    "非空",
    "不能为空",
    "不可为空",
    "如有",
    "*",
    "文本",
    "文本格式",
    "required",
    "mandatory",
    "optional",
    "req",
    "req.",
    "opt",
    "opt.",
    "must",
    "if any",
    "text",
    "格式",
    "见说明",
    "★",
];

/// Behind these comes an example.
const EXAMPLES: &[&str] = &["例如", "例:", "如:", "示例", "举例", "e.g.", "eg:", "example"];

/// The customer.
const OWN: &[&str] = &[
    "本人",
    "客户",
    "客户本人",
    "会员",
    "会员本人",
    "预订人",
    "预定人",
    "下单人",
    "own",
    "self",
    "customer",
];

const MONEY: &[&str] = &[
    "含税",
    "总额",
    "总计",
    "合计",
    "整单",
    "单",
    "数字",
    "数值",
    "两位小数",
    "保留两位小数",
    "2位小数",
    "total",
    "number",
    "numeric",
    "incl. tax",
];

const DAY: &[&str] = &[
    "当地",
    "当地时间",
    "当地日期",
    "公历",
    "阳历",
    "精确到日",
    "日期",
    "日期格式",
    "local",
    "local time",
    "date",
];

const MOMENT: &[&str] = &[
    "公历",
    "阳历",
    "精确到日",
    "精确到秒",
    "日期",
    "日期格式",
    "24小时制",
    "date",
];

const ID: &[&str] = &[
    "唯一",
    "不重复",
    "不可重复",
    "数字",
    "字母数字",
    "系统生成",
    "自动生成",
    "卡号",
    "编号",
    "unique",
    "id",
    "number",
];

const PHONE: &[&str] = &[
    "11位",
    "11位数字",
    "11位手机号",
    "国内",
    "大陆",
    "中国",
    "中国大陆",
    "含区号",
    "带区号",
    "区号-号码",
    "含国家代码",
    "座机",
    "固话",
    "固定电话",
    "数字",
    "+86",
    "86",
    "landline",
    "mobile",
    "cell",
    "tel",
    "with country code",
];

const EMAIL: &[&str] = &["e-mail", "常用", "@", "常用邮箱"];

const COUNT: &[&str] = &[
    "人",
    "位",
    "名",
    "人次",
    "个",
    "数字",
    "整数",
    "总数",
    "总计",
    "合计",
    "含儿童",
    "含婴儿",
    "total",
    "persons",
    "people",
    "number",
    "integer",
];

const CHOICE: &[&str] = &[
    "下拉",
    "下拉选择",
    "单选",
    "选择",
    "枚举",
    "代码",
    "三位代码",
    "3位代码",
    "三字代码",
    "三字码",
    "iso",
    "iso4217",
    "iso 4217",
    "code",
];

const NAME: &[&str] = &[
    "全名",
    "全称",
    "真实姓名",
    "证件姓名",
    "与证件一致",
    "同证件",
    "中文",
    "汉字",
    "公司",
    "full name",
    "as in passport",
];

const NAME_LATIN: &[&str] = &[
    "拼音",
    "大写",
    "大写字母",
    "护照",
    "护照姓名",
    "同护照",
    "英文",
    "uppercase",
    "as in passport",
];

const PLACE: &[&str] = &["国家", "地区", "城市", "省市", "省", "市", "country", "region", "city"];
