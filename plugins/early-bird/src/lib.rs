//! Early bird: the longer before the departure somebody books, the more is saved.
//!
//! The days are counted from today to the day on which the line begins. A line without such a day gets nothing, and neither does
//! one that begins today or has begun.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "提前 {days-ahead} 天预订，享早鸟价", en = "Booked {days-ahead} days ahead")]
    Early { days_ahead: i32 },
    #[reason(zh = "提前 {days-ahead} 天预订，享最优早鸟价", en = "Booked {days-ahead} days ahead, early enough for the best price")]
    Earliest { days_ahead: i32 },
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "早鸟优惠",
    summary_zh = "按距出发的天数分档优惠，订得越早优惠越多；默认提前 90、60、30 天分别优惠 12%、8%、5%，适用于线路和邮轮。"
)]
#[rule(
    en = "Early bird",
    summary_en = "Saves more the earlier a trip is booked: by default 12, 8 and 5 per cent from 90, 60 and 30 days before the departure, for tours and cruises."
)]
struct EarlyBird;

impl Promotion for EarlyBird {
    fn evaluate(basket: &Basket, (): (), ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let earliest = set.steps.iter().map(|step| step.days).max();
        let mut offers = Offers::new();
        for line in basket.of_kinds(&set.kinds) {
            let Some(days_ahead) = line.departs.map(|day| day.since(ctx.today)) else {
                continue;
            };
            let reached = set.steps.iter().filter(|step| days_ahead >= step.days);
            if let Some(step) = reached.max_by_key(|step| step.days) {
                let best = set.steps.len() > 1 && earliest == Some(step.days);
                let reason = match best {
                    true => Reason::Earliest { days_ahead },
                    false => Reason::Early { days_ahead },
                };
                offers.rate(line, step.rate, reason);
            }
        }
        offers
    }
}

posthouse_sdk::export_promotion!(EarlyBird);

#[cfg(test)]
mod tests;
