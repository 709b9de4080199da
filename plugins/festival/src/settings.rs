use posthouse_sdk::prelude::*;

/// Longest holiday anybody has; a longer one is a mistaken year.
const LONGEST: i32 = 60;

/// A calendar of holidays, and what is saved around them.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The holidays, with their first and last day.
    #[schemars(title = "Holidays", length(min = 1, max = 60))]
    #[schemars(extend("x-zh-CN" = {"title": "节假日", "description": "每个节假日的第一天和最后一天。"}))]
    pub(crate) holidays: Vec<Holiday>,
    /// How many days before a holiday its prices begin.
    #[schemars(title = "Days before", range(min = 0, max = 90))]
    #[schemars(extend("x-zh-CN" = {"title": "节前天数", "description": "节日优惠在节前多少天开始。"}))]
    pub(crate) days_before: i32,
    /// How many days after a holiday its prices end.
    #[schemars(title = "Days after", range(min = 0, max = 90))]
    #[schemars(extend("x-zh-CN" = {"title": "节后天数", "description": "节日优惠在节后多少天结束。"}))]
    pub(crate) days_after: i32,
    /// What has to lie around a holiday: the departure of the line, or the day of booking.
    #[schemars(title = "What has to lie around a holiday")]
    #[schemars(extend("x-zh-CN" = {"title": "按出发还是按预订", "description": "departure：出发日期在节日前后；booking：预订当天在节日前后。"}))]
    pub(crate) applies_to: AppliesTo,
    /// What is saved, in basis points: 1000 is 10 %.
    #[schemars(title = "Rate", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "优惠比例", "description": "以万分之一计：1000 即 10%。"}))]
    pub(crate) rate: Rate,
    /// Which kinds of products; none means all.
    #[schemars(title = "Kinds of products", length(max = 10))]
    #[schemars(extend("x-zh-CN" = {"title": "适用产品类型", "description": "哪些类型的产品；不填即全部。"}))]
    pub(crate) kinds: Vec<ProductKind>,
    /// Which themes, whatever the case of their Latin letters; none means all, also products without a theme.
    #[schemars(title = "Themes", length(max = 20), inner(length(min = 1, max = 60)))]
    #[schemars(extend("x-zh-CN" = {"title": "适用主题", "description": "哪些主题的产品；不填即全部，含未标主题的产品。"}))]
    pub(crate) themes: Vec<String>,
}

/// One holiday.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Holiday {
    /// What it is called, for those who read the settings.
    #[schemars(title = "Name")]
    #[schemars(extend("x-zh-CN" = {"title": "名称", "description": "节日名称，供查看设置的人参考。"}))]
    pub(crate) name: Option<Name>,
    /// Its first day.
    #[schemars(title = "First day")]
    #[schemars(extend("x-zh-CN" = {"title": "第一天", "description": "放假第一天。"}))]
    pub(crate) from: Day,
    /// Its last day.
    #[schemars(title = "Last day")]
    #[schemars(extend("x-zh-CN" = {"title": "最后一天", "description": "放假最后一天。"}))]
    pub(crate) to: Day,
}

/// A name in both languages.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Name {
    #[schemars(title = "Chinese", length(max = 60))]
    pub(crate) zh: String,
    #[schemars(title = "English", length(max = 60))]
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

impl Default for Settings {
    fn default() -> Self {
        let day = |(month, day): Date| Day::of(2026, month, day).unwrap_or_default();
        let holiday = |(zh, en, from, to): (&str, &str, Date, Date)| Holiday {
            name: Some(Name {
                zh: zh.to_owned(),
                en: en.to_owned(),
            }),
            from: day(from),
            to: day(to),
        };
        Self {
            holidays: HOLIDAYS.map(holiday).into(),
            days_before: 3,
            days_after: 3,
            applies_to: AppliesTo::Departure,
            rate: Rate::percent(5),
            kinds: vec![ProductKind::Tour],
            themes: Vec::new(),
        }
    }
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
