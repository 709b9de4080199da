//! Points and tiers: a point and a point of status for each whole unit of a booking's amount, four tiers, and more points the higher the tier.
//!
//! Points show as pending from the confirmation and are active when the trip is over. A tier is reached by the status of the last 365 days
//! and valid until the end of the next calendar year; when its validity ends with less status, it goes down by one.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Tiers, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[rustfmt::skip]
pub(crate) enum Tier {
    #[tier(zh = "普通会员", en = "Member", benefits_zh = "累积积分，兑换奖励。", benefits_en = "Earns points and spends them on rewards.")]
    Member,
    #[tier(zh = "银卡会员", en = "Silver", benefits_zh = "积分 1.1 倍，会员价。", benefits_en = "Earns a tenth more, and has member prices.")]
    Silver,
    #[tier(zh = "金卡会员", en = "Gold", benefits_zh = "积分 1.25 倍，优先候补，专属热线。", benefits_en = "Earns a quarter more, is first on waiting lists, and has a hotline.")]
    Gold,
    #[tier(zh = "白金会员", en = "Platinum", benefits_zh = "积分 1.5 倍，专属顾问，免费升级视空位而定。", benefits_en = "Earns half more, has an adviser, and is upgraded where there is room.")]
    Platinum,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "订单金额 {amount}，按 {percent}% 积分", en = "{percent} % for a booking of {amount}")]
    Booking { amount: Money, percent: i32 },
    #[reason(zh = "订单金额 {amount} 的成长值", en = "Status for a booking of {amount}")]
    Status { amount: Money },
    #[reason(zh = "生日快乐", en = "Happy birthday")]
    Birthday,
    #[reason(zh = "感谢点评", en = "Thanks for the review")]
    Review,
    #[reason(zh = "近 {days} 天成长值 {status}", en = "{status} status in {days} days")]
    Reached { status: i32, days: i32 },
    #[reason(zh = "有效期内保留等级；近 {days} 天成长值 {status}", en = "Kept while it is valid; {status} status in {days} days")]
    Kept { status: i32, days: i32 },
    #[reason(zh = "有效期已过，降一级；近 {days} 天成长值 {status}", en = "One step down at the end of its validity; {status} status in {days} days")]
    Down { status: i32, days: i32 },
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "积分与等级",
    summary_zh = "订单每满一元积一分并得一点成长值，确认时待生效，行程结束后可用；按近一年成长值分普通、银卡、金卡、白金四级，等级越高积分越多。"
)]
#[rule(
    en = "Points and tiers",
    summary_en = "A point and a point of status for each whole unit of a booking, pending from the confirmation and active when the trip is over; member, silver, gold and platinum by the status of a year, with more points the higher the tier."
)]
struct PointsAndTiers;

/// Which tier this much status reaches.
fn reached(status: i64, set: &Settings) -> Tier {
    let open = Tier::ALL.iter().rev().find(|tier| status >= set.threshold(**tier));
    open.copied().unwrap_or(Tier::Member)
}

fn below(tier: Tier) -> Tier {
    Tier::ALL
        .iter()
        .rev()
        .copied()
        .find(|other| *other < tier)
        .unwrap_or(tier)
}

/// The last day of the next calendar year.
fn end_of_next_year(today: Day) -> Option<Day> {
    Day::of(today.date().0 + 1, 12, 31)
}

fn short(number: i64) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

impl Loyalty for PointsAndTiers {
    type Tier = Tier;

    fn earn(occasion: &Occasion, member: &Member<Tier>, (): (), ctx: &Context<Settings>) -> Postings<Reason> {
        let set = &ctx.settings;
        let lasting = |points: i64| Posting::points(points).for_months(set.expire_months);
        let mut postings = Postings::new();
        match &occasion.what {
            Happening::BookingConfirmed(booking) => {
                let amount = booking.amount;
                let tier = member.tier.and_then(|held| held.tier).unwrap_or(Tier::Member);
                let shares = [
                    set.of_tier(tier),
                    set.of_theme(booking.theme),
                    set.of_day(booking.booked),
                ];
                // three shares of a thousand per cent fit many times over
                let share: i128 = shares.into_iter().map(i128::from).product();
                let points = i128::from(amount.0 / set.per_point.0) * share / 1_000_000;
                let percent = short((share / 10_000) as i64);
                let points = i64::try_from(points).unwrap_or(i64::MAX);
                postings.add(lasting(points).when_completed(), Reason::Booking { amount, percent });
                let status = amount.0 / set.per_status.0;
                postings.add(Posting::status(status).when_completed(), Reason::Status { amount });
            }
            Happening::Birthday => postings.add(lasting(set.birthday), Reason::Birthday),
            Happening::Reviewed { .. } => postings.add(lasting(set.review), Reason::Review),
            _ => {}
        }
        postings
    }

    fn place(member: &Member<Tier>, (): (), ctx: &Context<Settings>) -> Placement<Tier, Reason> {
        let (set, days) = (&ctx.settings, ctx.settings.status_days);
        let have = member.status_of_days(days, ctx.today);
        let (earned, status) = (reached(have, set), short(have));
        let (held, valid_until) = match &member.tier {
            Some(held) => (held.tier.unwrap_or(Tier::Member), held.valid_until),
            None => (Tier::Member, None),
        };
        let is_valid = valid_until.is_none_or(|day| ctx.today <= day);
        let (tier, until, reason) = if earned >= held {
            (earned, end_of_next_year(ctx.today), Reason::Reached { status, days })
        } else if is_valid {
            (held, valid_until, Reason::Kept { status, days })
        } else {
            let down = below(held).max(earned);
            (down, end_of_next_year(ctx.today), Reason::Down { status, days })
        };
        // the lowest tier has no end
        let until = until.filter(|_| tier > Tier::Member);
        let placement = Placement::in_tier(tier).until(until).because(reason);
        match Tier::ALL.iter().copied().find(|next| *next > tier) {
            Some(next) => placement.next(next, have, set.threshold(next)),
            None => placement,
        }
    }
}

posthouse_sdk::export_loyalty!(PointsAndTiers);

#[cfg(test)]
mod tests;
