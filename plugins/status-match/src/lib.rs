//! Status match: whoever has a tier in another club gets the status that the agency finds it worth, for a while.
//!
//! Staff tell of it by hand, as an event `status-match` with the other club's `tier`. Status that the member has counts towards it, so
//! nobody gets more than the difference.

use posthouse_sdk::prelude::*;

mod settings;
use settings::Settings;

/// The name of the event.
const EVENT: &str = "status-match";

#[derive(Reasons)]
#[rustfmt::skip]
enum Reason {
    #[reason(zh = "匹配他社等级：{tier}", en = "Matched with {tier} of another club")]
    Matched { tier: Text },
}

#[derive(Rule)]
#[rule(settings = Settings, validate = Settings::validate, reasons = Reason)]
#[rule(
    zh = "等级匹配",
    summary_zh = "客人出示其他会员计划的等级后，补足成长值到对应门槛，默认有效 12 个月；会员已有的成长值计算在内。"
)]
#[rule(
    en = "Status match",
    summary_en = "Whoever shows a tier of another club gets the status it is worth, by default for 12 months; what the member has counts towards it."
)]
struct StatusMatch;

impl Loyalty for StatusMatch {
    type Tier = NoTiers;

    fn earn(occasion: &Occasion, member: &Member<NoTiers>, (): (), ctx: &Context<Settings>) -> Postings<Reason> {
        let set = &ctx.settings;
        let mut postings = Postings::new();
        let Happening::Other(event) = &occasion.what else {
            return postings;
        };
        let told = event.text("tier").filter(|_| event.name == EVENT);
        if let Some(found) = told.and_then(|tier| set.of_tier(tier)) {
            let lacking = found.status - member.status_of_days(set.status_days, ctx.today);
            // a reason's text lives as long as the call
            let tier = Text(found.tier.clone().leak());
            let posting = Posting::status(lacking).for_months(set.months);
            postings.add(posting, Reason::Matched { tier });
        }
        postings
    }
}

posthouse_sdk::export_loyalty!(StatusMatch);

#[cfg(test)]
mod tests;
