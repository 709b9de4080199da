use posthouse_sdk::prelude::*;

use crate::Tier;

/// The whole, in per cent.
const WHOLE: i32 = 100;

/// What trips earn, and what tiers take.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// What a booking costs for each point.
    #[setting(en = "Price of a point", zh = "每积一分的金额", about_zh = "订单金额每满多少积一分。")]
    #[setting(range(min = 1), default = Money(100))]
    pub(crate) per_point: Money,
    /// What a booking costs for each point of status.
    #[setting(en = "Price of a point of status", zh = "每点成长值的金额", about_zh = "订单金额每满多少得一点成长值。")]
    #[setting(range(min = 1), default = Money(100))]
    pub(crate) per_status: Money,
    /// How many months after the one in which they became active points can be spent; 0 is without an end.
    #[setting(
        en = "Months of points",
        zh = "积分有效月数",
        about_zh = "积分生效当月之后多少个月内可用，到月末为止；0 表示长期有效。"
    )]
    #[setting(range(min = 0, max = 240), default = 24)]
    pub(crate) expire_months: u32,
    /// How much status a tier takes.
    #[setting(
        en = "Status for silver",
        zh = "银卡门槛",
        about_zh = "达到该等级所需的成长值。",
        range(min = 1),
        default = 20_000
    )]
    pub(crate) silver: i64,
    /// How much status a tier takes.
    #[setting(
        en = "Status for gold",
        zh = "金卡门槛",
        about_zh = "达到该等级所需的成长值。",
        range(min = 1),
        default = 60_000
    )]
    pub(crate) gold: i64,
    /// How much status a tier takes.
    #[setting(
        en = "Status for platinum",
        zh = "白金卡门槛",
        about_zh = "达到该等级所需的成长值。",
        range(min = 1),
        default = 150_000
    )]
    pub(crate) platinum: i64,
    /// Status of how many days up to today counts.
    #[setting(en = "Days of status", zh = "成长值计算天数", about_zh = "截至当天多少天内的成长值计入等级。")]
    #[setting(range(min = 30, max = 730), default = 365)]
    pub(crate) status_days: i32,
    /// What each tier earns of points, in per cent; what is less than a point is left out.
    #[setting(en = "Points by tier", zh = "各等级积分倍率", about_zh = "按百分比；不足一分的舍去。", default = Shares { member: 100, silver: 110, gold: 125, platinum: 150 })]
    pub(crate) multipliers: Shares,
    /// Themes whose trips earn more or fewer points.
    #[setting(en = "Themes", zh = "主题加倍", about_zh = "这些主题的行程按另一倍率积分。", length(max = 50))]
    pub(crate) themes: Vec<Theme>,
    /// Days on which bookings earn more or fewer points. Where several hold, the one with the most counts.
    #[setting(
        en = "Bonus days",
        zh = "加倍时段",
        about_zh = "这些日子预订的订单按另一倍率积分；重叠时取倍率最高的。",
        length(max = 50)
    )]
    pub(crate) windows: Vec<Window>,
    /// Points for a birthday; 0 is none.
    #[setting(
        en = "Birthday",
        zh = "生日积分",
        about_zh = "生日当天赠送的积分，0 为不送。",
        range(min = 0, max = 1_000_000),
        default = 0
    )]
    pub(crate) birthday: i64,
    /// Points for a review; 0 is none.
    #[setting(
        en = "Review",
        zh = "点评积分",
        about_zh = "每条点评赠送的积分，0 为不送。",
        range(min = 0, max = 1_000_000),
        default = 0
    )]
    pub(crate) review: i64,
}

/// A share for each tier, in per cent.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Shares {
    #[setting(en = "Member (%)", zh = "普通会员（%）", range(min = 0, max = 1000))]
    pub(crate) member: i32,
    #[setting(en = "Silver (%)", zh = "银卡（%）", range(min = 0, max = 1000))]
    pub(crate) silver: i32,
    #[setting(en = "Gold (%)", zh = "金卡（%）", range(min = 0, max = 1000))]
    pub(crate) gold: i32,
    #[setting(en = "Platinum (%)", zh = "白金卡（%）", range(min = 0, max = 1000))]
    pub(crate) platinum: i32,
}

/// A theme, and what its trips earn.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Theme {
    #[setting(en = "Theme", zh = "主题", length(min = 1, max = 60))]
    pub(crate) theme: String,
    #[setting(en = "Points (%)", zh = "积分倍率（%）", range(min = 0, max = 1000))]
    pub(crate) percent: i32,
}

/// Days, and what is booked on them earns.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Window {
    #[setting(en = "First day", zh = "第一天")]
    pub(crate) from: Day,
    #[setting(en = "Last day", zh = "最后一天")]
    pub(crate) to: Day,
    #[setting(en = "Points (%)", zh = "积分倍率（%）", range(min = 0, max = 1000))]
    pub(crate) percent: i32,
}

impl Settings {
    /// What a tier takes; the lowest takes nothing.
    pub(crate) fn threshold(&self, tier: Tier) -> i64 {
        match tier {
            Tier::Member => 0,
            Tier::Silver => self.silver,
            Tier::Gold => self.gold,
            Tier::Platinum => self.platinum,
        }
    }

    /// What a tier earns, in per cent.
    pub(crate) fn of_tier(&self, tier: Tier) -> i32 {
        match tier {
            Tier::Member => self.multipliers.member,
            Tier::Silver => self.multipliers.silver,
            Tier::Gold => self.multipliers.gold,
            Tier::Platinum => self.multipliers.platinum,
        }
    }

    /// What trips with this theme earn, in per cent, whatever the case of its Latin letters.
    pub(crate) fn of_theme(&self, theme: Option<Text>) -> i32 {
        let own = |entry: &&Theme| {
            theme.is_some_and(|theme| entry.theme.trim().to_lowercase() == theme.trim().to_lowercase())
        };
        self.themes.iter().find(own).map_or(WHOLE, |entry| entry.percent)
    }

    /// What is booked on this day earns, in per cent.
    pub(crate) fn of_day(&self, day: Day) -> i32 {
        let holding = self
            .windows
            .iter()
            .filter(|window| window.from <= day && day <= window.to);
        holding.map(|window| window.percent).max().unwrap_or(WHOLE)
    }

    /// Refuses tiers that do not rise, days that end before they begin, and themes named twice.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (path, one, next) in [
            ("/gold", self.silver, self.gold),
            ("/platinum", self.gold, self.platinum),
        ] {
            if next <= one {
                problems.at(
                    path,
                    format!("应高于下一级的门槛 {one}"),
                    format!("has to be more than the tier below takes, {one}"),
                );
            }
        }
        for (place, window) in self.windows.iter().enumerate() {
            if window.to < window.from {
                problems.at(
                    format!("/windows/{place}/to"),
                    format!("早于第一天 {}", window.from),
                    format!("is before the first day, {}", window.from),
                );
            }
        }
        for (place, theme) in self.themes.iter().enumerate() {
            let same = |other: &Theme| other.theme.trim().to_lowercase() == theme.theme.trim().to_lowercase();
            if self.themes[..place].iter().any(same) {
                problems.at(
                    format!("/themes/{place}/theme"),
                    "与前面的主题重复，请去掉一个",
                    "is named twice; leave one out",
                );
            }
        }
    }
}
