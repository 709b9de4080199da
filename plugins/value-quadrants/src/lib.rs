//! Four quadrants, scale by loyalty, each with the policy that staff act on.
//!
//! Large is who spent at or above a percentile of all who travelled in the last 24 months; loyal is who travelled often enough
//! in that time and booked lately enough. Whoever has not travelled in 24 months is in no quadrant: the percentile is taken
//! among the others, and there is nothing to be large or loyal with; stages are `lifecycle`'s to tell.

use posthouse_sdk::prelude::*;

mod settings;
use settings::{STEPS, Settings};

#[derive(Facts)]
struct Guest {
    trips_24m: i32,
    recency_days: Option<i32>,
    spend_24m: Money,
}

/// What a plugin asks of the population is settled in its description, before any settings are known. So it asks for parts
/// of 5 %, and the settings choose among their edges.
#[derive(Quantiles)]
#[quantiles(of = Guest, buckets = 20, among = trips_24m)]
struct Twentieths {
    spend_24m: Quantile<Money, 19>,
}

#[derive(Segments)]
#[rustfmt::skip]
enum Quadrant {
    #[segment(zh = "大规模高忠诚度", en = "Large and loyal",
        policy_zh = "配专属客户经理，优先服务，管理人员定期拜访，推出新线路前先听取他们的意见。",
        policy_en = "Give them an account manager and priority, have management visit them, and hear their opinion before a new tour is launched.")]
    LargeLoyal,
    #[segment(zh = "大规模低忠诚度", en = "Large, not loyal",
        policy_zh = "了解还在哪家旅行社订购及原因，给出个性化方案和回头权益，争取成为首选。",
        policy_en = "Find out where else they book and why; win them with tailor-made tours and a benefit for coming back.")]
    LargeOccasional,
    #[segment(zh = "小规模高忠诚度", en = "Small and loyal",
        policy_zh = "用积分和礼品答谢，邀请带亲友同行，推荐升级线路，逐步扩大消费。",
        policy_en = "Thank them with points and gifts, invite them to bring family and friends, and suggest better tours step by step.")]
    SmallLoyal,
    #[segment(zh = "小规模低忠诚度", en = "Small, not loyal",
        policy_zh = "提供标准服务，以群发活动保持联系；随机抽样电话回访，发放意见卡，发现潜力。",
        policy_en = "Serve them by the standard and keep in touch by general offers; call a random sample and hand out feedback cards to find promise.")]
    SmallOccasional,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "近 24 个月消费 {spend-24m}，出行 {trips-24m} 次，最近一次预订在 {recency-days} 天前",
        en = "{spend-24m} spent on {trips-24m} trips in 24 months, the latest booked {recency-days} days ago")]
    OftenAndLately,
    #[reason(zh = "近 24 个月消费 {spend-24m}，只出行 {trips-24m} 次", en = "{spend-24m} spent in 24 months, but on too few trips: {trips-24m}")]
    TooSeldom,
    #[reason(zh = "近 24 个月消费 {spend-24m}，出行 {trips-24m} 次，但已 {recency-days} 天没有预订",
        en = "{spend-24m} spent on {trips-24m} trips in 24 months, but no booking for {recency-days} days")]
    TooLongAgo,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "规模与忠诚度四象限",
    summary_zh = "按近 24 个月的消费规模和忠诚度，把客户分到四个象限，每个象限有一条维护策略；24 个月内没有出行的客户不入象限。"
)]
#[rule(
    en = "Scale and loyalty",
    summary_en = "Puts customers into four quadrants by how much they spent in 24 months and how loyal they are, each with its policy; those without a trip in that time are in none."
)]
struct ValueQuadrants;

impl Segmentation for ValueQuadrants {
    type Quantiles = Twentieths;
    type Segment = Quadrant;

    fn score_title() -> Option<Localized> {
        Some(Localized::new(
            "近 24 个月消费（最小货币单位）",
            "spent in 24 months, in minor units",
        ))
    }

    fn classify(guest: Guest, ctx: &Context<Settings, Twentieths>) -> Class<Quadrant, Reason> {
        let Some(silent) = guest.recency_days.filter(|_| guest.trips_24m > 0) else {
            return Class::none();
        };
        let set = &ctx.settings;
        // A score counts the edges below a value. One minor unit more than was spent is above every edge that was reached.
        let reached = ctx
            .quantiles
            .spend_24m
            .score(Money(guest.spend_24m.0.saturating_add(1)))
            - 1;
        let large = reached >= set.large_percentile / STEPS;
        let reason = if guest.trips_24m < set.loyal_trips {
            Reason::TooSeldom
        } else if silent > set.loyal_days {
            Reason::TooLongAgo
        } else {
            Reason::OftenAndLately
        };
        let quadrant = match (large, matches!(reason, Reason::OftenAndLately)) {
            (true, true) => Quadrant::LargeLoyal,
            (true, false) => Quadrant::LargeOccasional,
            (false, true) => Quadrant::SmallLoyal,
            (false, false) => Quadrant::SmallOccasional,
        };
        // Inside a quadrant those who spent most come first.
        Class::of(quadrant).score(guest.spend_24m.0 as f32).because(reason)
    }
}

posthouse_sdk::export_segmentation!(ValueQuadrants);

#[cfg(test)]
mod tests;
