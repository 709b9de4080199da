use posthouse_sdk::prelude::*;

/// Longest holiday anybody has; a longer one is a mistaken year.
const LONGEST: i32 = 60;

/// A calendar of holidays, and what is saved around them.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The holidays, with their first and last day.
    #[setting(en = "Holidays", zh = "节假日", about_zh = "每个节假日的第一天和最后一天。")]
    #[setting(length(min = 1, max = 60), default = holidays_of_2026())]
    pub(crate) holidays: Vec<Holiday>,
    /// How many days before a holiday its prices begin.
    #[setting(en = "Days before", zh = "节前天数", about_zh = "节日优惠在节前多少天开始。")]
    #[setting(range(min = 0, max = 90), default = 3)]
    pub(crate) days_before: i32,
    /// How many days after a holiday its prices end.
    #[setting(en = "Days after", zh = "节后天数", about_zh = "节日优惠在节后多少天结束。")]
    #[setting(range(min = 0, max = 90), default = 3)]
    pub(crate) days_after: i32,
    /// What has to lie around a holiday: the departure of the line, or the day of booking.
    #[setting(en = "What has to lie around a holiday", zh = "按出发还是按预订")]
    #[setting(about_zh = "departure：出发日期在节日前后；booking：预订当天在节日前后。")]
    #[setting(default = AppliesTo::Departure)]
    pub(crate) applies_to: AppliesTo,
    /// What is saved.
    #[setting(en = "Rate", zh = "优惠比例", range(min = 1), default = Rate::percent(5))]
    pub(crate) rate: Rate,
    /// Which kinds of products; none means all.
    #[setting(en = "Kinds of products", zh = "适用产品类型", about_zh = "哪些类型的产品；不填即全部。")]
    #[setting(length(max = 10), default = vec![ProductKind::Tour])]
    pub(crate) kinds: Vec<ProductKind>,
    /// Which themes, whatever the case of their Latin letters; none means all, also products without a theme.
    #[setting(en = "Themes", zh = "适用主题", about_zh = "哪些主题的产品；不填即全部，含未标主题的产品。")]
    #[setting(length(max = 20), inner(length(min = 1, max = 60)))]
    pub(crate) themes: Vec<String>,
}

/// One holiday.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Holiday {
    /// What it is called, for those who read the settings.
    #[setting(en = "Name", zh = "名称", about_zh = "节日名称，供查看设置的人参考。")]
    pub(crate) name: Option<Name>,
    /// Its first day.
    #[setting(en = "First day", zh = "第一天", about_zh = "放假第一天。")]
    pub(crate) from: Day,
    /// Its last day.
    #[setting(en = "Last day", zh = "最后一天", about_zh = "放假最后一天。")]
    pub(crate) to: Day,
}

/// A name in both languages.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Name {
    #[setting(en = "Chinese", zh = "中文", length(max = 60))]
    pub(crate) zh: String,
    #[setting(en = "English", zh = "英文", length(max = 60))]
    pub(crate) en: String,
}

/// What has to lie around a holiday.
#[settings(part)]
#[derive(Debug, Clone, Copy)]
pub(crate) enum AppliesTo {
    Departure,
    Booking,
}

/// Month and day.
type Date = (u32, u32);

/// The days off of 2026, as announced. Those of 2027 are to be added when they are.
#[rustfmt::skip]
const HOLIDAYS: [(&str, &str, Date, Date); 7] = [
    ("元旦", "New Year's Day", (1, 1), (1, 3)),
    ("春节", "Spring Festival", (2, 15), (2, 23)),
    ("清明节", "Qingming Festival", (4, 4), (4, 6)),
    ("劳动节", "Labour Day", (5, 1), (5, 5)),
    ("端午节", "Dragon Boat Festival", (6, 19), (6, 21)),
    ("中秋节", "Mid-Autumn Festival", (9, 25), (9, 27)),
    ("国庆节", "National Day", (10, 1), (10, 7)),
];

fn holidays_of_2026() -> Vec<Holiday> {
    let day = |(month, day): Date| Day::of(2026, month, day).unwrap_or_default();
    let holiday = |(zh, en, from, to): (&str, &str, Date, Date)| Holiday {
        name: Some(Name {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }),
        from: day(from),
        to: day(to),
    };
    HOLIDAYS.map(holiday).into()
}

impl Settings {
    /// Whether a product of the line's kind and theme has festival prices at all.
    pub(crate) fn is_for(&self, line: &Line) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&line.kind);
        let among = |theme: Text| self.themes.iter().any(|word| word.eq_ignore_ascii_case(&theme));
        kind && (self.themes.is_empty() || line.theme.is_some_and(among))
    }

    /// Whether the day lies in a holiday or close enough to it.
    pub(crate) fn around_holiday(&self, day: Day) -> bool {
        self.holidays
            .iter()
            .any(|holiday| day.since(holiday.from) >= -self.days_before && day.since(holiday.to) <= self.days_after)
    }

    /// Refuses holidays that end before they begin or are too long to be one, and themes that no product has.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (place, Holiday { from, to, .. }) in self.holidays.iter().enumerate() {
            if to < from {
                problems.at(
                    format!("/holidays/{place}/to"),
                    format!("节假日在 {to} 结束，早于开始日期 {from}"),
                    format!("a holiday ends on {to}, before it begins on {from}"),
                );
            } else if to.since(*from) >= LONGEST {
                problems.at(
                    format!("/holidays/{place}/to"),
                    format!("节假日从 {from} 到 {to}，达到或超过 {LONGEST} 天；请检查年份"),
                    format!("a holiday lasts from {from} to {to}, {LONGEST} days or more; look at the years"),
                );
            }
        }
        for (place, word) in self.themes.iter().enumerate() {
            if word.trim() != word.as_str() {
                problems.at(
                    format!("/themes/{place}"),
                    format!("{word:?} 首尾有空格，主题不会这样写；请去掉空格"),
                    format!("{word:?} begins or ends with a space, which no theme has; leave it out"),
                );
            }
        }
    }
}
