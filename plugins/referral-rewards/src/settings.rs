use posthouse_sdk::prelude::*;

/// What a referral is worth, and how many are.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Points for whoever told of the agency.
    #[setting(en = "For the referrer", zh = "推荐人得分", range(min = 0, max = 1_000_000), default = 500)]
    pub(crate) referrer: i64,
    /// Points for whoever came.
    #[setting(en = "For the new member", zh = "新会员得分", range(min = 0, max = 1_000_000), default = 200)]
    pub(crate) referred: i64,
    /// How many referrals of a member are rewarded in 365 days; 0 is without a limit.
    #[setting(en = "Most in a year", zh = "每年上限", about_zh = "近 365 天内最多奖励多少次推荐；0 表示不限。")]
    #[setting(range(min = 0, max = 10_000), default = 20)]
    pub(crate) most_a_year: u32,
    /// How many referrals of a member are rewarded in all; 0 is without a limit.
    #[setting(en = "Most in all", zh = "总上限", about_zh = "总共最多奖励多少次推荐；0 表示不限。")]
    #[setting(range(min = 0, max = 10_000), default = 0)]
    pub(crate) most: u32,
    /// How many months after this one points can be spent; 0 is without an end.
    #[setting(
        en = "Months of points",
        zh = "积分有效月数",
        about_zh = "得分当月之后多少个月内可用，到月末为止；0 表示长期有效。"
    )]
    #[setting(range(min = 0, max = 240), default = 24)]
    pub(crate) expire_months: u32,
}

impl Settings {
    /// Whether one more referral is rewarded.
    pub(crate) fn has_room(&self, referral: &Referral) -> bool {
        let below = |earlier: u32, most: u32| most == 0 || earlier < most;
        below(referral.earlier_12m, self.most_a_year) && below(referral.earlier, self.most)
    }

    /// Refuses limits of which one can never be reached, and rewards of nothing.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if self.most > 0 && self.most_a_year > self.most {
            problems.at(
                "/most_a_year",
                format!("高于总上限 {}，不会起作用", self.most),
                format!("is more than the limit of all, {}, and never counts", self.most),
            );
        }
        if self.referrer == 0 && self.referred == 0 {
            problems.overall(
                "referrer 和 referred 都为 0，没有奖励；请至少设置一项",
                "referrer and referred are both 0, so nothing is ever given; set one of them",
            );
        }
    }
}
