//! Member prices: a rate for each tier of membership, and one for customers without a tier.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Facts)]
struct Guest {
    tier: Option<Text>,
    /// Known of every customer, and empty where nobody is named.
    kind: Text,
}

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "会员价（{tier}）", en = "Member price of the tier {tier}")]
    Member,
    #[reason(zh = "老客户价", en = "Price for known customers")]
    Known,
}

#[derive(Rule)]
#[rule(facts = Guest, settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "会员价",
    summary_zh = "按会员等级给优惠，默认白金 8%、黄金 5%、白银 3%；可给没有等级的客户另设比例，也可限制每行最多优惠多少。"
)]
#[rule(
    en = "Member prices",
    summary_en = "Saves members by their tier, by default 8 per cent for platinum, 5 for gold and 3 for silver. Customers without a tier can have a rate of their own, and a line can have a limit."
)]
struct MemberPrice;

impl Promotion for MemberPrice {
    fn evaluate(basket: &Basket, guest: Guest, ctx: &Context<Settings>) -> Offers<Reason> {
        let set = &ctx.settings;
        let mut offers = Offers::new();
        if guest.kind.is_empty() {
            return offers;
        }
        let member = guest.tier.and_then(|tier| set.rate_of(&tier));
        let rate = member.unwrap_or(set.others);
        for line in basket.of_kinds(&set.kinds) {
            let reason = if member.is_some() {
                Reason::Member
            } else {
                Reason::Known
            };
            offers.rate_up_to(line, rate, set.most, reason);
        }
        offers
    }
}

posthouse_sdk::export_promotion!(MemberPrice);

#[cfg(test)]
mod tests;
