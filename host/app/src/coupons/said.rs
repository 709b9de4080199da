//! A batch of coupons in words.

use super::BatchView;
use posthouse_domain::{AgencyTerms, Words, time, words};

impl BatchView {
    /// What the batch is, in words.
    pub fn in_words(&self, terms: &AgencyTerms) -> Vec<Words> {
        let (count, uses) = (self.count, self.uses);
        let good = match uses {
            1 => words!("good once", "可用 1 次"),
            _ => words!("good {uses} times", "可用 {uses} 次"),
        };
        let mut said = vec![match (self.personal, count) {
            (true, 1) => words!(
                "1 code for one customer alone, {good}.",
                "1 个券码，仅限指定客户本人使用，{good}。"
            ),
            (true, _) => words!(
                "{count} codes, one for each customer alone, each {good}.",
                "{count} 个券码，每位指定客户一个，仅限本人使用，每码{good}。"
            ),
            (false, 1) => words!(
                "1 code for whoever brings it, {good}.",
                "1 个券码，任何人持码可用，{good}。"
            ),
            (false, _) => words!(
                "{count} codes for whoever brings one, each {good}.",
                "{count} 个券码，任何人持码可用，每码{good}。"
            ),
        }];
        said.push(match self.expires_at {
            None => words!("Good until the campaign ends.", "活动结束前有效。"),
            Some(end) => {
                let (end, zone) = (time::local_text(end, terms.time_zone), terms.time_zone);
                words!("Good until {end}, {zone}.", "有效期至 {end}（{zone}）。")
            }
        });
        said
    }
}
