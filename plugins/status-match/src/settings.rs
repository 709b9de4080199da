use posthouse_sdk::prelude::*;

/// What tiers of other clubs are worth.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Tiers of other clubs, and the status that a member with one has at least.
    #[setting(en = "Tiers", zh = "对应等级", about_zh = "其他会员计划的等级，及其对应的成长值。", length(min = 1, max = 100), default = usual())]
    pub(crate) tiers: Vec<Match>,
    /// How many months after this one the status counts; 0 is without an end.
    #[setting(
        en = "Months of status",
        zh = "成长值有效月数",
        about_zh = "匹配当月之后多少个月内有效，到月末为止；0 表示长期有效。"
    )]
    #[setting(range(min = 0, max = 60), default = 12)]
    pub(crate) months: u32,
    /// Status of how many days up to today the member has already.
    #[setting(
        en = "Days of status",
        zh = "成长值计算天数",
        about_zh = "截至当天多少天内的成长值算作已有，应与等级规则一致。"
    )]
    #[setting(range(min = 30, max = 730), default = 365)]
    pub(crate) status_days: i32,
}

/// A tier of another club.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Match {
    #[setting(en = "Tier there", zh = "他社等级", length(min = 1, max = 60))]
    pub(crate) tier: String,
    #[setting(en = "Status", zh = "成长值", range(min = 1, max = 1_000_000_000))]
    pub(crate) status: i64,
}

/// What the thresholds of `points-and-tiers` are.
fn usual() -> Vec<Match> {
    let tier = |tier: &str, status| Match {
        tier: tier.to_owned(),
        status,
    };
    vec![tier("silver", 20_000), tier("gold", 60_000), tier("platinum", 150_000)]
}

impl Settings {
    /// The entry for a tier, whatever the case of its Latin letters.
    pub(crate) fn of_tier(&self, tier: &str) -> Option<&Match> {
        self.tiers.iter().find(|entry| is(entry, tier))
    }

    /// Refuses tiers named twice.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (place, entry) in self.tiers.iter().enumerate() {
            if self.tiers[..place].iter().any(|other| is(other, &entry.tier)) {
                problems.at(
                    format!("/tiers/{place}/tier"),
                    "与前面的等级重复，请去掉一个",
                    "is named twice; leave one out",
                );
            }
        }
    }
}

fn is(entry: &Match, tier: &str) -> bool {
    entry.tier.trim().to_lowercase() == tier.trim().to_lowercase()
}
