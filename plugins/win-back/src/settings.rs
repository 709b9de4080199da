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
    pub(crate) fn check(&self) -> Result<(), String> {
        let key = |word: &str| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if let Some(word) = self.segments.iter().find(|word| !key(word)) {
            return Err(format!(
                "{word:?} is not the key of a segment, which has lower-case letters, digits and hyphens"
            ));
        }
        if self.segments.is_empty() && self.silent_days >= TWO_YEARS && self.spend_from > 0 {
            return Err(format!(
                "who has not booked for {} days has spent nothing in 24 months; set spend_from to 0, or silent_days below {TWO_YEARS}",
                self.silent_days
            ));
        }
        Ok(())
    }
}

/// The days that spend is counted for.
const TWO_YEARS: i32 = 730;
