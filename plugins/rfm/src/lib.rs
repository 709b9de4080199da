//! Recency, frequency, money: who travels lately, often and with a full purse. Each is scored 1 to 5 among the guests who
//! travelled in the last 24 months.

use posthouse_sdk::prelude::*;

#[derive(Facts)]
struct Guest {
    recency_days: Option<i32>,
    trips_total: i32,
    trips_24m: i32,
    spend_24m: Money,
}

#[derive(Quantiles)]
#[quantiles(of = Guest, buckets = 5, among = trips_24m)]
struct Fifths {
    recency_days: Quantile<i32>,
    trips_24m: Quantile<i32>,
    spend_24m: Quantile<Money>,
}

#[derive(Segments)]
#[rustfmt::skip]
enum Segment {
    #[segment(zh = "核心贵宾", en = "Champions",
        policy_zh = "专人维护，新线路优先体验，不靠打折。", policy_en = "Give them a personal adviser and first choice of new tours; no discounts needed.")]
    Champions,
    #[segment(zh = "忠实常客", en = "Loyal",
        policy_zh = "用会员权益和升舱升房答谢，请他们推荐亲友。", policy_en = "Thank them with member benefits and upgrades, and ask them to bring friends.")]
    Loyal,
    #[segment(zh = "新客", en = "New",
        policy_zh = "返程后回访，三个月内推荐合适的第二次出行。", policy_en = "Call after the trip and suggest a fitting second one within three months.")]
    New,
    #[segment(zh = "潜力客", en = "Promising",
        policy_zh = "按目的地偏好推荐产品，促成更频繁的出行。", policy_en = "Suggest trips by their favourite destinations, so that they travel more often.")]
    Promising,
    #[segment(zh = "流失预警", en = "At risk",
        policy_zh = "顾问在两周内致电，了解原因并给出专属方案。", policy_en = "Have their adviser call within two weeks, ask why, and make a personal offer.")]
    AtRisk,
    #[segment(zh = "沉睡客", en = "Hibernating",
        policy_zh = "旺季前低成本唤醒，无回应则减少打扰。", policy_en = "Wake them cheaply before the season; if they stay silent, write less.")]
    Hibernating,
    #[segment(zh = "平稳客", en = "Steady",
        policy_zh = "保持常规联系，留意提升机会。", policy_en = "Keep in touch as usual and watch for a chance to do more.")]
    Steady,
    #[segment(zh = "已流失", en = "Lapsed",
        policy_zh = "每年一次大促召回，其余时间不打扰。", policy_en = "Win them back with one strong offer a year; otherwise leave them in peace.")]
    Lapsed,
    #[segment(zh = "意向客", en = "Prospects",
        policy_zh = "跟进咨询，促成首次出行。", policy_en = "Follow up on their questions and win the first trip.")]
    Prospect,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "近 24 个月出行 {trips-24m} 次，消费 {spend-24m}，最近一次在 {recency-days} 天前，三项均居前列",
        en = "{trips-24m} trips and {spend-24m} spent in 24 months, the latest {recency-days} days ago: among the best in all three")]
    BestInAll,
    #[reason(zh = "近 24 个月出行 {trips-24m} 次，多于大多数客人", en = "{trips-24m} trips in 24 months, more than most guests")]
    TravelsOften,
    #[reason(zh = "首次出行在 {recency-days} 天前", en = "First trip booked {recency-days} days ago")]
    FirstTrip,
    #[reason(zh = "最近一次预订在 {recency-days} 天前，但次数还不多", en = "Booked {recency-days} days ago, but not often yet")]
    RecentTrip,
    #[reason(zh = "近 24 个月出行 {trips-24m} 次，却已 {recency-days} 天没有预订", en = "{trips-24m} trips in 24 months, but no booking for {recency-days} days")]
    OftenButSilent,
    #[reason(zh = "已 {recency-days} 天没有预订", en = "No booking for {recency-days} days")]
    LongSilence,
    #[reason(zh = "各项居中", en = "In the middle of the field")]
    Middling,
    #[reason(zh = "共出行 {trips-total} 次，近 24 个月没有", en = "{trips-total} trips in all, none in the last 24 months")]
    NoneIn24Months,
    #[reason(zh = "还没有出行过", en = "No trip yet")]
    NoTripYet,
}

#[derive(Rule)]
#[rule(facts = Guest, reasons = Reason)]
#[rule(zh = "RFM 客户价值分层", summary_zh = "按最近预订时间、近 24 个月出行次数和消费额，把客人分成九类。")]
#[rule(
    en = "RFM value segments",
    summary_en = "Sorts guests into nine segments by how lately they booked, and how often and for how much they travelled in 24 months."
)]
struct Rfm;

impl Segmentation for Rfm {
    type Quantiles = Fifths;
    type Segment = Segment;

    fn score_title() -> Option<Localized> {
        Some(Localized::new(
            "RFM 得分（三位依次为 R、F、M）",
            "RFM score, a digit each",
        ))
    }

    fn classify(guest: Guest, ctx: &Context<NoSettings, Fifths>) -> Class<Segment, Reason> {
        if guest.trips_total == 0 {
            return Class::of(Segment::Prospect).score(0.0).because(Reason::NoTripYet);
        }
        let Some(recency_days) = guest.recency_days.filter(|_| guest.trips_24m > 0) else {
            return Class::of(Segment::Lapsed).score(0.0).because(Reason::NoneIn24Months);
        };
        let r = 6 - ctx.quantiles.recency_days.score(recency_days);
        let f = ctx.quantiles.trips_24m.score(guest.trips_24m);
        let m = ctx.quantiles.spend_24m.score(guest.spend_24m);
        let (segment, reason) = match (r, f, m) {
            (4.., 4.., 4..) => (Segment::Champions, Reason::BestInAll),
            (_, 4.., _) => (Segment::Loyal, Reason::TravelsOften),
            (4.., ..) if guest.trips_total == 1 => (Segment::New, Reason::FirstTrip),
            (4.., ..) => (Segment::Promising, Reason::RecentTrip),
            (..=2, 3.., _) => (Segment::AtRisk, Reason::OftenButSilent),
            (..=2, ..) => (Segment::Hibernating, Reason::LongSilence),
            _ => (Segment::Steady, Reason::Middling),
        };
        Class::of(segment).score((100 * r + 10 * f + m) as f32).because(reason)
    }
}

posthouse_sdk::export_segmentation!(Rfm);

#[cfg(test)]
mod tests;
