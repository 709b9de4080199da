//! The words and signs that offices write in cells, and what each stands for.

/// What a workbook shows where a formula failed, or a column is too narrow to be saved as text.
pub(super) const BROKEN: [&str; 8] = [
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "####",
];

/// Signs and words of money, with the currencies they may stand for; the longer before those they end with.
pub(super) const MARKS: [(&str, &[&str]); 53] = [
    ("US$", &["USD"]),
    ("HK$", &["HKD"]),
    ("NT$", &["TWD"]),
    ("NZ$", &["NZD"]),
    ("CA$", &["CAD"]),
    ("AU$", &["AUD"]),
    ("S$", &["SGD"]),
    ("A$", &["AUD"]),
    ("C$", &["CAD"]),
    ("人民币", &["CNY"]),
    ("RMB", &["CNY"]),
    ("CN¥", &["CNY"]),
    ("JP¥", &["JPY"]),
    ("¥", &["CNY", "JPY"]),
    ("$", &["USD", "HKD", "TWD", "SGD", "AUD", "CAD", "NZD"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("฿", &["THB"]),
    ("₩", &["KRW"]),
    ("₫", &["VND"]),
    ("₱", &["PHP"]),
    ("₹", &["INR"]),
    ("₽", &["RUB"]),
    ("美元", &["USD"]),
    ("美金", &["USD"]),
    ("港元", &["HKD"]),
    ("港币", &["HKD"]),
    ("日元", &["JPY"]),
    ("日圆", &["JPY"]),
    ("日币", &["JPY"]),
    ("欧元", &["EUR"]),
    ("英镑", &["GBP"]),
    ("泰铢", &["THB"]),
    ("新加坡元", &["SGD"]),
    ("新加坡币", &["SGD"]),
    ("新币", &["SGD"]),
    ("新台币", &["TWD"]),
    ("台币", &["TWD"]),
    ("澳门元", &["MOP"]),
    ("澳门币", &["MOP"]),
    ("澳元", &["AUD"]),
    ("澳币", &["AUD"]),
    ("加拿大元", &["CAD"]),
    ("加元", &["CAD"]),
    ("加币", &["CAD"]),
    ("新西兰元", &["NZD"]),
    ("纽币", &["NZD"]),
    ("韩元", &["KRW"]),
    ("韩币", &["KRW"]),
    ("越南盾", &["VND"]),
    ("瑞士法郎", &["CHF"]),
    ("元", &["CNY"]),
    ("圆", &["CNY", "JPY"]),
];

/// Codes of ISO 4217 that are understood in headers and beside numbers.
pub(super) const ISO_CODES: [&str; 44] = [
    "CNY", "USD", "HKD", "TWD", "MOP", "EUR", "GBP", "JPY", "KRW", "THB", "SGD", "MYR", "VND", "IDR", "PHP", "INR",
    "AUD", "CAD", "NZD", "CHF", "SEK", "NOK", "DKK", "RUB", "TRY", "AED", "SAR", "QAR", "KWD", "BHD", "OMR", "JOD",
    "EGP", "ZAR", "KES", "MAD", "BRL", "MXN", "LKR", "NPR", "MVR", "KHR", "LAK", "MMK",
];

/// Words by which numbers are multiplied, as powers of ten; the longer before those they begin or end with.
pub(super) const SCALES: [(&str, i32); 33] = [
    ("十万", 5),
    ("百万", 6),
    ("千万", 7),
    ("十亿", 9),
    ("百亿", 10),
    ("千亿", 11),
    ("万亿", 12),
    ("拾万", 5),
    ("佰万", 6),
    ("仟万", 7),
    ("十", 1),
    ("拾", 1),
    ("百", 2),
    ("佰", 2),
    ("千", 3),
    ("仟", 3),
    ("万", 4),
    ("亿", 8),
    ("分", -2),
    ("角", -1),
    ("CENTS", -2),
    ("CENT", -2),
    ("THOUSANDS", 3),
    ("THOUSAND", 3),
    ("000S", 3),
    ("000", 3),
    ("K", 3),
    ("MILLIONS", 6),
    ("MILLION", 6),
    ("MIO", 6),
    ("MN", 6),
    ("BILLION", 9),
    ("BN", 9),
];

pub(super) const CURRENCIES: [(&str, &[&str]); 10] = [
    ("CNY", &["人民币", "rmb", "元", "¥", "人民币元"]),
    ("USD", &["美元", "美金", "us$"]),
    ("HKD", &["港币", "港元", "hk$"]),
    ("JPY", &["日元", "日圆"]),
    ("EUR", &["欧元", "€"]),
    ("GBP", &["英镑", "£"]),
    ("THB", &["泰铢"]),
    ("SGD", &["新加坡元", "新币"]),
    ("TWD", &["新台币", "台币", "nt$"]),
    ("MOP", &["澳门元", "澳门币"]),
];

pub(super) const STATUSES: [(&str, &[&str]); 10] = [
    ("inquiry", &["询价", "咨询", "咨询中", "意向"]),
    ("quote", &["报价", "已报价"]),
    (
        "confirmed",
        &[
            "已确认",
            "确认",
            "预订成功",
            "预定成功",
            "已预订",
            "已预定",
            "已下单",
            "待付款",
            "待支付",
            "未付款",
        ],
    ),
    ("contracted", &["已签约", "已签合同", "签约"]),
    (
        "paid",
        &["已付款", "已支付", "已付", "已付全款", "付款成功", "支付成功"],
    ),
    ("in_trip", &["出行中", "行程中", "进行中", "已出发", "出团中", "intrip"]),
    (
        "completed",
        &["已完成", "完成", "已结束", "已出行", "已回团", "交易成功"],
    ),
    ("settled", &["已结算", "结算"]),
    (
        "cancelled",
        &["已取消", "取消", "已作废", "作废", "交易关闭", "canceled"],
    ),
    ("refunded", &["已退款", "退款", "已全额退款"]),
];

pub(super) const FLAGS: [(&str, &[&str]); 2] = [
    (
        "true",
        &["是", "y", "yes", "1", "true", "同意", "愿意", "接受", "√", "t"],
    ),
    (
        "false",
        &[
            "否",
            "n",
            "no",
            "0",
            "false",
            "不同意",
            "不愿意",
            "不接受",
            "拒绝",
            "拒收",
            "退订",
            "已退订",
            "不接收",
            "勿扰",
            "unsubscribed",
            "×",
            "f",
        ],
    ),
];

pub(super) const GENDERS: [(&str, &[&str]); 4] = [
    ("male", &["男", "先生", "男性", "m", "male", "mr", "mr."]),
    (
        "female",
        &["女", "女士", "女性", "小姐", "f", "female", "ms", "ms.", "mrs", "mrs."],
    ),
    ("other", &["其他", "x", "other"]),
    ("", &["未知", "保密", "不详"]),
];

pub(super) const KINDS: [(&str, &[&str]); 3] = [
    ("person", &["个人", "散客", "个人客户", "person"]),
    ("company", &["公司", "企业", "单位", "企业客户", "公司客户", "company"]),
    ("group", &["团体", "团队", "团队客户", "group"]),
];
