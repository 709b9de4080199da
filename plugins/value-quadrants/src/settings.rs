use posthouse_sdk::prelude::*;

/// Percentiles come in steps of this many hundredths.
pub(crate) const STEPS: i32 = 5;
/// The longest silence of somebody who booked a trip in the last 24 months, in days.
const LONGEST: i32 = 729;

/// Where small ends and large begins, and who is loyal.
#[settings]
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// From which percentile of spend in 24 months on a customer is large, in steps of 5.
    #[setting(en = "Percentile of a large customer", zh = "大规模百分位")]
    #[setting(about_zh = "近 24 个月消费额达到第几百分位算大规模，以 5 为一档。")]
    #[setting(range(min = 5, max = 95), extend("multipleOf" = 5), default = 80)]
    pub(crate) large_percentile: i32,
    /// How many trips in 24 months make a customer loyal.
    #[setting(en = "Trips of a loyal customer", zh = "忠诚客户出行次数", about_zh = "近 24 个月出行多少次算忠诚。")]
    #[setting(range(min = 1, max = 100), default = 2)]
    pub(crate) loyal_trips: i32,
    /// How many days ago a loyal customer booked last, at most.
    #[setting(en = "Days since a loyal customer's latest booking", zh = "忠诚客户最近预订天数")]
    #[setting(about_zh = "忠诚客户最近一次预订最多在多少天前。")]
    #[setting(range(min = 1, max = 730), default = 365)]
    pub(crate) loyal_days: i32,
}

impl Settings {
    /// Refuses settings under which everyone in a quadrant is loyal.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if self.loyal_trips <= 1 && self.loyal_days >= LONGEST {
            let Self {
                loyal_trips,
                loyal_days,
                ..
            } = self;
            problems.at(
                "/loyal_days",
                format!(
                    "loyal_trips 为 {loyal_trips}、loyal_days 为 {loyal_days} 时，24 个月内出行过的客人都算忠诚；请要求 2 次出行，或要求 {LONGEST} 天以内有预订"
                ),
                format!(
                    "with loyal_trips {loyal_trips} and loyal_days {loyal_days} everyone who travelled in 24 months is loyal; ask for 2 trips, or for a booking in less than {LONGEST} days"
                ),
            );
        }
    }
}
