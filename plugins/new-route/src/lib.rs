//! New routes: an introduction for those who like what they are about.
//!
//! The agency names its new products, or the destinations where all products are new. Customers whose favourite theme or destination
//! is the product's save a rate; others save another rate, or nothing. An amount can be saved at least, whoever buys.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Facts)]
struct Guest {
    favourite_theme: Option<Text>,
    favourite_destination: Option<Text>,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "您喜欢的“{favourite-theme}”主题上新", en = "Something new on the theme {favourite-theme}")]
    FavouriteTheme,
    #[reason(zh = "您常去的{favourite-destination}上新", en = "Something new in {favourite-destination}")]
    FavouriteDestination,
    #[reason(zh = "新品推广价", en = "Price to introduce a new product")]
    Introduction,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "新线路推广",
    summary_zh = "向喜欢该主题或目的地的客户推广新品，默认优惠 10%；在设置中列出新品编号或新目的地，未列出时不优惠。"
)]
#[rule(
    en = "New routes",
    summary_en = "Introduces new products to customers who like their theme or destination, by default with 10 per cent. List the products or destinations that are new; without a list nothing is."
)]
struct NewRoute;

impl Promotion for NewRoute {
    fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let mut offers = Offers::new();
        for line in basket.lines.iter().filter(|line| set.is_new(line)) {
            let (rate, reason) = if same(line.theme, guest.favourite_theme) {
                (set.rate, Reason::FavouriteTheme)
            } else if same(line.destination, guest.favourite_destination) {
                (set.rate, Reason::FavouriteDestination)
            } else {
                (set.others, Reason::Introduction)
            };
            let introduction = Saving::Amount(set.introduction);
            if introduction.of(line.total()) > rate.of(line.total()) {
                offers.put(line, introduction, Reason::Introduction);
            } else {
                offers.rate(line, rate, reason);
            }
        }
        offers
    }
}

/// Whether both are known and the same, whatever the case of their Latin letters.
fn same(product: Option<Text>, favourite: Option<Text>) -> bool {
    product.is_some_and(|product| favourite.is_some_and(|favourite| product.eq_ignore_ascii_case(&favourite)))
}

posthouse_sdk::export_promotion!(NewRoute);

#[cfg(test)]
mod tests;
