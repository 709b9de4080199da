//! Win-back: an offer for customers who are leaving, by their segment or by their silence.
//!
//! The segment is that of the binding `lifecycle`, where the reference plugin `lifecycle` or one with the same keys is in force.
//! Without such a binding the segment is unknown and the days of silence decide. The host keeps offers from customers with an open
//! complaint; this rule need not.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Facts)]
struct Guest {
    #[fact("segment.lifecycle")]
    stage: Option<Text>,
    recency_days: Option<i32>,
    spend_24m: Money,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "处于待召回阶段（{segment.lifecycle}）", en = "In a stage to be won back: {segment.lifecycle}")]
    Stage,
    #[reason(zh = "已 {recency-days} 天没有预订，欢迎回来", en = "No booking for {recency-days} days; welcome back")]
    Silent,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "流失召回",
    summary_zh = "给有流失风险、已流失或久未预订的客户专属优惠；默认一年没有预订即算，优惠 10%，每行最多 1000 元。"
)]
#[rule(
    en = "Win back",
    summary_en = "Makes an offer to customers who are at risk, lost, or have not booked for long: by default after a year, 10 per cent and at most 1,000.00 per line."
)]
struct WinBack;

impl Promotion for WinBack {
    fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let mut offers = Offers::new();
        let leaving = guest
            .stage
            .is_some_and(|stage| set.segments.iter().any(|key| *key == *stage));
        let silent = guest.recency_days.is_some_and(|days| days >= set.silent_days);
        if !(leaving || silent) || guest.spend_24m < set.spend_from {
            return offers;
        }
        for line in basket.of_kinds(&set.kinds) {
            let reason = if leaving { Reason::Stage } else { Reason::Silent };
            offers.rate_up_to(line, set.rate, set.most, reason);
        }
        offers
    }
}

posthouse_sdk::export_promotion!(WinBack);

#[cfg(test)]
mod tests;
