//! The words and signs that offices write in cells, and what each stands for.

/// What a workbook shows where a formula failed, or a column is too narrow to be saved as text.
pub(super) const BROKEN: [&str; 8] = [
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "####",
];

/// Signs and words of money, with the currencies they may stand for.
pub(super) const MARKS: [(&str, &[&str]); 15] = [
    ("US$", &["USD"]),
    ("HK$", &["HKD"]),
    ("NT$", &["TWD"]),
    ("S$", &["SGD"]),
    ("A$", &["AUD"]),
    ("人民币", &["CNY"]),
    ("RMB", &["CNY"]),
    ("CN¥", &["CNY"]),
    ("¥", &["CNY", "JPY"]),
    ("元", &["CNY"]),
    ("圆", &["CNY", "JPY"]),
    ("$", &["USD", "HKD", "TWD", "SGD", "AUD", "CAD", "NZD"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("฿", &["THB"]),
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
