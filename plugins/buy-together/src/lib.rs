//! Buy together: what goes with each other in one basket costs less.
//!
//! There are three ways, each of which can be switched off. A hotel is cheaper beside a flight; of every few travellers of a tour one
//! travels for less; a transfer is a gift when the rest of the basket is large enough. Where two ways meet at one line, the one that
//! saves more counts.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Reasons, Clone, Copy)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "搭配购买更优惠", en = "Cheaper together with the rest of the basket")]
    Together,
    #[reason(zh = "多人同行，有一人享特价", en = "One in every few travellers goes for less")]
    NthTraveller,
    #[reason(zh = "满额赠送", en = "A gift with a large basket")]
    Gift,
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "组合优惠",
    summary_zh = "机票加酒店时酒店优惠 5%；线路每 4 位旅客中有 1 位半价；还可设置满额赠送接送机。各项可单独关闭。"
)]
#[rule(
    en = "Buy together",
    summary_en = "Saves 5 per cent on a hotel beside a flight, and half the price of one in every 4 travellers of a tour. A transfer can be a gift with a large basket. Each can be switched off."
)]
struct BuyTogether;

impl Promotion for BuyTogether {
    fn evaluate(basket: &Basket, (): (), ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let together = set.has_all_together(basket);
        let gift = set.gift(basket);
        let mut offers = Offers::new();
        for line in &basket.lines {
            let mut ways = [None; 3];
            if gift == Some(line.place) {
                ways[0] = Some((Saving::Rate(Rate::ALL), Reason::Gift));
            }
            if together && set.off.contains(&line.kind) {
                ways[1] = Some((Saving::Rate(set.rate), Reason::Together));
            }
            if let Some(amount) = set.nth_traveller(line) {
                ways[2] = Some((Saving::Amount(amount), Reason::NthTraveller));
            }
            // Of equals the first: `max_by_key` alone would take the last.
            let best = ways
                .into_iter()
                .flatten()
                .rev()
                .max_by_key(|(saving, _)| saving.of(line.total()));
            if let Some((saving, reason)) = best {
                offers.put(line, saving, reason);
            }
        }
        offers
    }
}

posthouse_sdk::export_promotion!(BuyTogether);

#[cfg(test)]
mod tests;
