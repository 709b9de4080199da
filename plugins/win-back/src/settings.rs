use posthouse_sdk::prelude::*;

/// Who is to be won back, and with what.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Keys of the segments of the binding `lifecycle` whose customers are to be won back; none leaves it to the days of silence.
    #[setting(en = "Segments", zh = "阶段", about_zh = "绑定 lifecycle 中需要召回的阶段的键；不填则只看静默天数。")]
    #[setting(length(max = 20), inner(length(min = 1, max = 64)), default = vec!["at-risk".to_owned(), "lost".to_owned()])]
    pub(crate) segments: Vec<String>,
    /// After how many days without a booking somebody is to be won back, whatever the segment.
    #[setting(en = "Days of silence", zh = "静默天数", about_zh = "多少天没有预订即需召回，不论处于哪个阶段。")]
    #[setting(range(min = 30, max = 3650), default = 365)]
    pub(crate) silent_days: i32,
    /// From which spend in 24 months on somebody is worth an offer.
    #[setting(en = "Spend in 24 months", zh = "24 个月消费", about_zh = "24 个月内至少消费多少才给优惠。")]
    pub(crate) spend_from: Money,
    /// What is saved.
    #[setting(en = "Rate", zh = "优惠比例", range(min = 1), default = Rate::percent(10))]
    pub(crate) rate: Rate,
    /// The most a line may save; `null` sets no limit.
    #[setting(en = "Most per line", zh = "每行上限", about_zh = "每行最多优惠多少；填 null 即不限。")]
    #[setting(range(min = 1), default = Some(Money(100_000)))]
    pub(crate) most: Option<Money>,
    /// What the offer is for.
    #[setting(en = "Kinds of products", zh = "适用产品类型", about_zh = "优惠适用于哪些类型的产品。")]
    #[setting(length(min = 1, max = 10), default = vec![ProductKind::Tour, ProductKind::Hotel, ProductKind::Cruise])]
    pub(crate) kinds: Vec<ProductKind>,
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
        if self.segments.is_empty() && self.silent_days >= TWO_YEARS && self.spend_from > Money(0) {
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
