use posthouse_sdk::prelude::*;

/// Complaints are known for this many days.
const REMEMBERED: i32 = 365;

/// Thresholds of the stages, in days and trips.
#[settings]
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// For how many days from the first booking on a customer is new.
    #[setting(en = "Days of being new", zh = "新客户天数", about_zh = "自首次预订起，多少天内算新客户。")]
    #[setting(range(min = 7, max = 365), default = 90)]
    pub(crate) new_days: i32,
    /// From how many trips on a customer can be mature.
    #[setting(en = "Trips of a mature customer", zh = "成熟客户出行次数", about_zh = "至少出行多少次才算成熟客户。")]
    #[setting(range(min = 2, max = 100), default = 4)]
    pub(crate) mature_trips: i32,
    /// How many days have to lie between the first and the latest booking of a mature customer.
    #[setting(en = "Days from first to latest booking of a mature customer", zh = "成熟客户往来天数")]
    #[setting(about_zh = "成熟客户首次与最近一次预订至少相隔多少天。")]
    #[setting(range(min = 0, max = 3650), default = 730)]
    pub(crate) mature_span_days: i32,
    /// After how many days without a booking a customer is at risk.
    #[setting(en = "Days of silence until at risk", zh = "流失风险静默天数")]
    #[setting(about_zh = "多少天没有预订即有流失风险。")]
    #[setting(range(min = 30, max = 1825), default = 365)]
    pub(crate) at_risk_days: i32,
    /// After how many days without a booking a customer is lost.
    #[setting(en = "Days of silence until lost", zh = "流失静默天数", about_zh = "多少天没有预订即视为已流失。")]
    #[setting(range(min = 60, max = 3650), default = 730)]
    pub(crate) lost_days: i32,
    /// For how many days a badly resolved complaint keeps a customer at risk who does not book again.
    #[setting(en = "Days a badly resolved complaint counts", zh = "投诉影响天数")]
    #[setting(about_zh = "投诉处理不满意且此后没有预订的客户，多少天内算有流失风险。")]
    #[setting(range(min = 7, max = 358), default = 180)]
    pub(crate) complaint_days: i32,
    /// How many days a customer stays in a stage at least, as long as nothing but time goes by.
    #[setting(en = "Days to stay at least", zh = "最少停留天数")]
    #[setting(about_zh = "没有新记录时，客户在一个阶段至少停留多少天。")]
    #[setting(range(min = 7, max = 180), default = 30)]
    pub(crate) stay_days: i32,
}

impl Settings {
    /// Refuses thresholds between which nobody could stay for `stay_days`.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        let Self {
            new_days,
            at_risk_days,
            lost_days,
            complaint_days,
            stay_days,
            ..
        } = *self;
        if new_days < stay_days {
            problems.at(
                "/stay_days",
                format!("在一个阶段至少停留 {stay_days} 天，而 new_days 为 {new_days}；stay_days 不能超过 {new_days}"),
                format!(
                    "new_days is {new_days}, but nobody may leave a stage before {stay_days} days; set stay_days to {new_days} at most"
                ),
            );
        }
        if at_risk_days < new_days + stay_days {
            let least = new_days + stay_days;
            problems.at(
                "/at_risk_days",
                format!("at_risk_days 为 {at_risk_days}；不能小于 new_days 与 stay_days 之和 {least}"),
                format!(
                    "at_risk_days is {at_risk_days}; it has to be new_days and stay_days together, {least}, or more"
                ),
            );
        }
        if lost_days < at_risk_days + stay_days {
            let least = at_risk_days + stay_days;
            problems.at(
                "/lost_days",
                format!("lost_days 为 {lost_days}；不能小于 at_risk_days 与 stay_days 之和 {least}"),
                format!("lost_days is {lost_days}; it has to be at_risk_days and stay_days together, {least}, or more"),
            );
        }
        if complaint_days < new_days {
            problems.at(
                "/complaint_days",
                format!("complaint_days 为 {complaint_days}；不能小于 {new_days}，否则客人投诉后会再次成为新客"),
                format!(
                    "complaint_days is {complaint_days}; it has to be {new_days} or more, so that nobody is new again after a complaint"
                ),
            );
        }
        if complaint_days + stay_days > REMEMBERED {
            let days = complaint_days + stay_days;
            problems.at(
                "/complaint_days",
                format!("complaint_days 与 stay_days 共 {days} 天；投诉只保留 {REMEMBERED} 天"),
                format!("complaint_days and stay_days come to {days} days; complaints are known for {REMEMBERED}"),
            );
        }
    }
}
