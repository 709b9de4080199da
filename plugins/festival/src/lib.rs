//! Festival prices: around public holidays, those who travel then or those who book then save.
//!
//! When holidays are is settled by the government a year at a time, so the calendar stands in the settings. By default it is the
//! one of 2026, from the notice of the General Office of the State Council of 4 November 2025 (国务院办公厅关于2026年部分节假日安排的通知).

use posthouse_sdk::prelude::*;

mod settings;
use settings::{AppliesTo, Settings};

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "节假日前后出发，享节日优惠", en = "Departs around a public holiday")]
    DepartsAroundHoliday,
    #[reason(zh = "节日期间预订，享节日优惠", en = "Booked around a public holiday")]
    BookedAroundHoliday,
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "节日促销",
    summary_zh = "节假日前后出发或预订可享优惠；日历在设置中，默认为 2026 年国务院公布的放假安排，节前 3 天至节后 3 天出发的线路优惠 5%。"
)]
#[rule(
    en = "Festival prices",
    summary_en = "Saves those who travel, or who book, around public holidays. The calendar is a setting, by default China's of 2026: 5 per cent off tours that depart from 3 days before a holiday to 3 days after it."
)]
struct Festival;

impl Promotion for Festival {
    fn evaluate(basket: &Basket, (): (), ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let mut offers = Offers::new();
        for line in basket.lines.iter().filter(|line| set.is_for(line)) {
            match set.applies_to {
                AppliesTo::Departure if line.departs.is_some_and(|day| set.around_holiday(day)) => {
                    offers.rate(line, set.rate, Reason::DepartsAroundHoliday);
                }
                AppliesTo::Booking if set.around_holiday(ctx.today) => {
                    offers.rate(line, set.rate, Reason::BookedAroundHoliday);
                }
                AppliesTo::Departure | AppliesTo::Booking => {}
            }
        }
        offers
    }
}

posthouse_sdk::export_promotion!(Festival);

#[cfg(test)]
mod tests;
