//! Referral rewards: points for whoever told of the agency, and for whoever came, when the first trip of the new customer is over.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "推荐的客人完成首次出行（近一年第 {nth} 位）", en = "A referred guest is back from the first trip, number {nth} in a year")]
    Referrer { nth: i32 },
    #[reason(zh = "欢迎，首次出行愉快", en = "Welcome, and thanks for the first trip")]
    Referred,
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "推荐有礼",
    summary_zh = "被推荐的客人首次行程结束后，推荐人得 500 分，新会员得 200 分；可设每年和总共的上限。"
)]
#[rule(
    en = "Referral rewards",
    summary_en = "When the first trip of a referred guest is over, the referrer gets 500 points and the new member 200. How many a year and in all is for the agency to say."
)]
struct ReferralRewards;

impl Loyalty for ReferralRewards {
    type Tier = NoTiers;

    fn earn(occasion: &Occasion, _: &Member<NoTiers>, (): (), ctx: &Context<Settings>) -> Postings<Reason> {
        let set = &ctx.settings;
        let lasting = |points: i64| Posting::points(points).for_months(set.expire_months);
        let mut postings = Postings::new();
        let Happening::ReferralCompleted(referral) = &occasion.what else {
            return postings;
        };
        match referral.side {
            Side::Referrer if set.has_room(referral) => {
                let nth = referral.earlier_12m.saturating_add(1).try_into().unwrap_or(i32::MAX);
                postings.add(lasting(set.referrer), Reason::Referrer { nth });
            }
            Side::Referrer => {}
            Side::Referred => postings.add(lasting(set.referred), Reason::Referred),
        }
        postings
    }
}

posthouse_sdk::export_loyalty!(ReferralRewards);

#[cfg(test)]
mod tests;
