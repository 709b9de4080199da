//! Every fact of the catalogue.

use super::{CLV, FactDef, FactKind, NO_SOURCE, Value, View};
use crate::Day;

fn text(value: Option<&str>) -> Value<'_> {
    value.map_or(Value::Unknown, Value::Text)
}

fn day(value: Option<Day>) -> Value<'static> {
    value.map_or(Value::Unknown, |day| Value::Whole(day.into()))
}

fn optional(value: Option<i32>) -> Value<'static> {
    value.map_or(Value::Unknown, |n| Value::Whole(n.into()))
}

fn count(value: i32) -> Value<'static> {
    Value::Whole(value.into())
}

/// Every fact, in the order of the export.
pub static ALL: [FactDef; 48] = [
    FactDef::known("kind", FactKind::Text, "profile", |row| {
        text(row.profile.kind.as_deref().or(Some("person")))
    })
    .means("个人、公司或团体", "person, company or group")
    .personal(),
    FactDef::maybe("gender", FactKind::Text, "profile", |row| {
        text(row.profile.gender.as_deref())
    })
    .means("性别", "gender")
    .personal(),
    FactDef::maybe("home-city", FactKind::Text, "profile", |row| {
        text(row.profile.home_city.as_deref())
    })
    .means("居住城市", "city of residence")
    .personal(),
    FactDef::maybe("language", FactKind::Text, "profile", |row| {
        text(row.profile.language.as_deref())
    })
    .means("沟通语言", "language of correspondence")
    .personal(),
    FactDef::maybe("age", FactKind::Count, "profile", |row| day(row.profile.birth_date))
        .means("周岁", "age in whole years")
        .unit("years")
        .personal()
        .seen(View::Age),
    FactDef::maybe("days-to-birthday", FactKind::Count, "profile", |row| {
        day(row.profile.birth_date)
    })
    .means("距下次生日的天数", "days to the next birthday, 0 on the day")
    .unit("days")
    .personal()
    .seen(View::DaysToBirthday),
    FactDef::maybe("customer-since-days", FactKind::Count, "records", |row| {
        day(row.since_on)
    })
    .means("距首条记录的天数", "days since the first record")
    .unit("days")
    .seen(View::DaysSince),
    FactDef::maybe("birth-date", FactKind::Day, "profile", |row| {
        day(row.profile.birth_date)
    })
    .means("出生日期", "day of birth")
    .personal(),
    FactDef::known("trips-total", FactKind::Count, "bookings", |row| count(row.trips_total))
        .means("出行订单总数", "trips ever, by booking day")
        .unit("trips"),
    FactDef::known("trips-12m", FactKind::Count, "bookings", |row| count(row.trips_12m))
        .means("近365天的出行订单数", "trips booked in the last 365 days")
        .unit("trips"),
    FactDef::known("trips-24m", FactKind::Count, "bookings", |row| count(row.trips_24m))
        .means("近730天的出行订单数", "trips booked in the last 730 days")
        .unit("trips"),
    FactDef::maybe("recency-days", FactKind::Count, "bookings", |row| day(row.last_trip_on))
        .means("距最近一次下单的天数", "days since the last booking day of a trip")
        .unit("days")
        .seen(View::DaysSince),
    FactDef::maybe("first-trip-days", FactKind::Count, "bookings", |row| {
        day(row.first_trip_on)
    })
    .means("距首次下单的天数", "days since the first booking day of a trip")
    .unit("days")
    .seen(View::DaysSince),
    FactDef::maybe("next-departure-days", FactKind::Count, "bookings", |row| {
        day(row.next_departure_on)
    })
    .means("距下次出发的天数", "days to the nearest departure, 0 on the day")
    .unit("days")
    .seen(View::DaysUntil),
    FactDef::maybe("days-since-return", FactKind::Count, "bookings", |row| {
        day(row.last_return_on)
    })
    .means("距最近一次返程的天数", "days since the last return, 0 on the day")
    .unit("days")
    .seen(View::DaysSince),
    FactDef::known("cancellations-12m", FactKind::Count, "bookings", |row| {
        count(row.cancellations_12m)
    })
    .means(
        "近365天取消的订单数",
        "bookings cancelled in the last 365 days, by cancellation day",
    )
    .unit("bookings"),
    FactDef::maybe("lead-time-days", FactKind::Count, "bookings", |row| {
        optional(row.lead_time_days)
    })
    .means(
        "近730天订单提前预订天数的下中位数",
        "lower median of days between booking and departure over trips-24m",
    )
    .unit("days"),
    FactDef::maybe("party-size", FactKind::Count, "bookings", |row| {
        optional(row.party_size)
    })
    .means(
        "近730天订单出行人数的下中位数",
        "lower median of travellers over trips-24m",
    )
    .unit("people"),
    FactDef::maybe("favourite-destination", FactKind::Text, "bookings", |row| {
        text(row.favourite_destination.as_deref())
    })
    .means(
        "近730天最常去的目的地",
        "most frequent destination in trips-24m, of several the latest",
    ),
    FactDef::maybe("favourite-theme", FactKind::Text, "bookings", |row| {
        text(row.favourite_theme.as_deref())
    })
    .means(
        "近730天最常选的主题",
        "most frequent theme in trips-24m, of several the latest",
    ),
    FactDef::maybe("main-channel", FactKind::Text, "bookings", |row| {
        text(row.main_channel.as_deref())
    })
    .means(
        "近730天最常用的渠道",
        "most frequent channel in trips-24m, of several the latest",
    ),
    FactDef::known("spend-total", FactKind::Money, "bookings", |row| {
        Value::Whole(row.spend_total)
    })
    .means("消费总额（扣除退款）", "spend on trips ever, less refunds")
    .unit("minor units")
    .personal(),
    FactDef::known("spend-12m", FactKind::Money, "bookings", |row| {
        Value::Whole(row.spend_12m)
    })
    .means(
        "近365天消费额（扣除退款）",
        "spend on trips booked in the last 365 days, less refunds",
    )
    .unit("minor units")
    .personal(),
    FactDef::known("spend-24m", FactKind::Money, "bookings", |row| {
        Value::Whole(row.spend_24m)
    })
    .means(
        "近730天消费额（扣除退款）",
        "spend on trips booked in the last 730 days, less refunds",
    )
    .unit("minor units")
    .personal(),
    FactDef::known("margin-12m", FactKind::Money, "bookings", |row| {
        Value::Whole(row.margin_12m)
    })
    .means(
        "近365天毛利，成本未知的订单不计",
        "spend less cost of trips booked in the last 365 days; a booking of unknown cost adds nothing",
    )
    .unit("minor units")
    .personal(),
    FactDef::maybe("booking-value", FactKind::Money, "bookings", |row| {
        row.booking_value().map_or(Value::Unknown, Value::Whole)
    })
    .means(
        "近730天平均每单消费额，向下取整",
        "spend-24m divided by trips-24m, cut off",
    )
    .unit("minor units")
    .personal(),
    FactDef::contributed("points-balance", FactKind::Count, false, "loyalty")
        .means("积分余额", "points that can be spent")
        .unit("points")
        .personal(),
    FactDef::contributed("points-expiring-90d", FactKind::Count, false, "loyalty")
        .means("未来90天到期的积分", "points that expire within 90 days")
        .unit("points")
        .personal(),
    FactDef::contributed("tier", FactKind::Text, true, "loyalty").means("会员等级", "membership tier"),
    FactDef::contributed("tier-days", FactKind::Count, true, "loyalty")
        .means("处于当前等级的天数", "days in the present tier")
        .unit("days")
        .seen(View::DaysSince),
    FactDef::contributed("referrals-12m", FactKind::Count, false, "loyalty")
        .means("近365天推荐的客户数", "customers referred in the last 365 days")
        .unit("people"),
    FactDef::contributed("open-complaints", FactKind::Count, false, "complaints")
        .means("未结投诉数", "complaints not yet closed")
        .unit("cases"),
    FactDef::contributed("complaints-12m", FactKind::Count, false, "complaints")
        .means("近365天投诉数", "complaints made in the last 365 days")
        .unit("cases"),
    FactDef::contributed("badly-resolved-12m", FactKind::Count, false, "complaints")
        .means(
            "近365天处理不满意的投诉数",
            "complaints resolved badly in the last 365 days",
        )
        .unit("cases"),
    FactDef::contributed("last-complaint-days", FactKind::Count, true, "complaints")
        .means("距最近一次投诉的天数", "days since the last complaint")
        .unit("days")
        .seen(View::DaysSince),
    FactDef::contributed("nps", FactKind::Count, true, NO_SOURCE)
        .means("最近一次推荐意愿评分", "latest willingness to recommend, 0 to 10"),
    FactDef::contributed("csat-12m", FactKind::Number, true, NO_SOURCE)
        .means("近365天满意度均值", "mean satisfaction in the last 365 days"),
    FactDef::contributed("reviews-12m", FactKind::Count, false, "reviews")
        .means("近365天评价数", "reviews written in the last 365 days")
        .unit("reviews"),
    FactDef::maybe("last-contact-days", FactKind::Count, "contacts", |row| {
        day(row.last_contact_on)
    })
    .means("距最近一次联系的天数", "days since the last contact")
    .unit("days")
    .seen(View::DaysSince),
    FactDef::known("contacts-90d", FactKind::Count, "contacts", |row| {
        count(row.contacts_90d)
    })
    .means("近90天联系次数", "contacts in the last 90 days")
    .unit("contacts"),
    FactDef::contributed("opens-90d", FactKind::Count, false, NO_SOURCE)
        .means("近90天打开的消息数", "messages opened in the last 90 days")
        .unit("messages"),
    FactDef::known("views-30d", FactKind::Count, "site", |row| count(row.views_30d))
        .means("近30天浏览次数", "pages looked at in the last 30 days")
        .unit("views"),
    FactDef::known("searches-30d", FactKind::Count, "site", |row| count(row.searches_30d))
        .means("近30天搜索次数", "searches in the last 30 days")
        .unit("searches"),
    FactDef::maybe("consent-marketing", FactKind::Flag, "profile", |row| {
        row.profile.consent_marketing.map_or(Value::Unknown, Value::Flag)
    })
    .means("是否同意接收营销信息", "whether the customer agreed to hear of offers")
    .personal(),
    FactDef::known("completeness", FactKind::Count, "profile", |row| {
        count(row.completeness)
    })
    .means("资料完整度", "how much of the customer file is filled, 0 to 100")
    .unit("percent"),
    FactDef::known("booking-days", FactKind::Count, "bookings", |row| {
        count(row.booking_days)
    })
    .means("有出行订单的下单天数", "days on which trips were booked, ever")
    .unit("days"),
    FactDef::known("repeat-spend", FactKind::Money, "bookings", |row| {
        Value::Whole(row.repeat_spend)
    })
    .means(
        "首个下单日之后的消费总额（扣除退款）",
        "spend on trips booked after the first booking day, less refunds",
    )
    .unit("minor units")
    .personal(),
    FactDef::maybe(CLV, FactKind::Money, "model", |row| {
        row.clv_24m.map_or(Value::Unknown, Value::Whole)
    })
    .means(
        "模型预测的未来730天消费额",
        "spend to be expected in the next 730 days, by the model fitted last night; unknown without trips or model",
    )
    .unit("minor units")
    .personal(),
];

/// The lot that the customer has drawn in the rule's binding; see [`crate::lots::lot`]. It is nobody's fact by itself, so no file and no
/// export has it. Unknown of a visitor who is no customer.
pub static LOT: FactDef = FactDef::contributed("lot", FactKind::Count, true, "binding").means(
    "0 到 9,999 的抽签号，同一客户在同一绑定中始终不变",
    "lot drawn, 0 to 9,999: always the same for a customer in a binding",
);

/// What somebody has written in the case that a rule of complaint routing is asked about. To read it is granted like a fact, and no other rule has it.
pub static CASE_TEXT: FactDef = FactDef::contributed("case-text", FactKind::Text, true, "complaints")
    .means(
        "案件原文，仅供投诉分派规则读取",
        "the words of the case; for rules of complaint routing only",
    )
    .personal();
