use posthouse_sdk::prelude::*;

/// Who is to be won back, and with what.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Keys of the segments of the binding `lifecycle` whose customers are to be won back; none leaves it to the days of silence.
    #[schemars(title = "Segments", length(max = 20), inner(length(min = 1, max = 64)))]
    #[schemars(extend("x-zh-CN" = {"title": "阶段", "description": "绑定 lifecycle 中需要召回的阶段的键；不填则只看静默天数。"}))]
    pub(crate) segments: Vec<String>,
    /// After how many days without a booking somebody is to be won back, whatever the segment.
    #[schemars(title = "Days of silence", range(min = 30, max = 3650))]
    #[schemars(extend("x-zh-CN" = {"title": "静默天数", "description": "多少天没有预订即需召回，不论处于哪个阶段。"}))]
    pub(crate) silent_days: i32,
    /// From which spend in 24 months on somebody is worth an offer, in minor units of the agency's currency.
    #[schemars(title = "Spend in 24 months", range(min = 0))]
    #[schemars(extend("x-zh-CN" = {"title": "24 个月消费", "description": "24 个月内至少消费多少才给优惠，以货币最小单位计。"}))]
    pub(crate) spend_from: i64,
    /// What is saved, in basis points: 1000 is 10 %.
    #[schemars(title = "Rate", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "优惠比例", "description": "以万分之一计：1000 即 10%。"}))]
    pub(crate) rate: Rate,
    /// The most a line may save, in minor units of the agency's currency; `null` sets no limit.
    #[schemars(title = "Most per line", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "每行上限", "description": "每行最多优惠多少，以货币最小单位计；填 null 即不限。"}))]
    pub(crate) most: Option<i64>,
    /// What the offer is for.
    #[schemars(title = "Kinds of products", length(min = 1, max = 10))]
    #[schemars(extend("x-zh-CN" = {"title": "适用产品类型", "description": "优惠适用于哪些类型的产品。"}))]
    pub(crate) kinds: Vec<ProductKind>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            segments: vec!["at-risk".to_owned(), "lost".to_owned()],
            silent_days: 365,
            spend_from: 0,
            rate: Rate::percent(10),
            most: Some(100_000),
            kinds: vec![ProductKind::Tour, ProductKind::Hotel, ProductKind::Cruise],
        }
    }
}

impl Settings {
    /// Refuses what no segment can be called, and spend that those who are silent cannot have.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        let key = |word: &str| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        for (place, word) in self.segments.iter().enumerate() {
            if !key(word) {
                problems.at(
                    format!("/segments/{place}"),
                    format!("{word:?} 不是分群的键；键只含小写字母、数字和连字符"),
                    format!("{word:?} is not the key of a segment, which has lower-case letters, digits and hyphens"),
                );
            }
        }
        if self.segments.is_empty() && self.silent_days >= TWO_YEARS && self.spend_from > 0 {
            let days = self.silent_days;
            problems.at(
                "/spend_from",
                format!("{days} 天没有预订的客人近 24 个月没有消费；请将 spend_from 设为 0，或将 silent_days 设为小于 {TWO_YEARS}"),
                format!(
                    "who has not booked for {days} days has spent nothing in 24 months; set spend_from to 0, or silent_days below {TWO_YEARS}"
                ),
            );
        }
    }
}

/// The days that spend is counted for.
const TWO_YEARS: i32 = 730;
