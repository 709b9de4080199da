use posthouse_sdk::prelude::*;

/// What members of each tier save.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The tiers, by the keys they have in the membership programme.
    #[setting(en = "Tiers", zh = "会员等级", about_zh = "各等级的优惠，等级用会员制度中的键。")]
    #[setting(length(min = 1, max = 20), default = vec![tier("silver", 3), tier("gold", 5), tier("platinum", 8)])]
    pub(crate) tiers: Vec<Tier>,
    /// What customers save who have no tier, or another one. Nobody saves it who is not named.
    #[setting(en = "Rate of other customers", zh = "其他客户的比例")]
    #[setting(about_zh = "没有等级或等级不在表中的客户；未指明客户时不优惠。")]
    pub(crate) others: Rate,
    /// The most a line may save; without it there is no limit.
    #[setting(en = "Most per line", zh = "每行上限", about_zh = "每行最多优惠多少；不填即不限。", range(min = 1))]
    pub(crate) most: Option<Money>,
    /// What has member prices.
    #[setting(en = "Kinds of products", zh = "适用产品类型", about_zh = "哪些类型的产品有会员价。")]
    #[setting(length(min = 1, max = 10), default = vec![ProductKind::Tour, ProductKind::Hotel, ProductKind::Cruise])]
    pub(crate) kinds: Vec<ProductKind>,
}

/// One tier.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Tier {
    /// Its key.
    #[setting(en = "Tier", zh = "等级", about_zh = "等级的键。", length(min = 1, max = 64))]
    pub(crate) tier: String,
    /// What is saved.
    #[setting(en = "Rate", zh = "优惠比例")]
    pub(crate) rate: Rate,
}

fn tier(tier: &str, percent: u32) -> Tier {
    Tier {
        tier: tier.to_owned(),
        rate: Rate::percent(percent),
    }
}

impl Settings {
    /// What members of this tier save, if it has a price of its own.
    pub(crate) fn rate_of(&self, tier: &str) -> Option<Rate> {
        let found = self.tiers.iter().find(|known| known.tier == tier);
        found.map(|found| found.rate)
    }

    /// Refuses two rates for one tier, and members who save less than others.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (place, tier) in self.tiers.iter().enumerate() {
            if self.tiers[..place].iter().any(|other| other.tier == tier.tier) {
                problems.at(
                    format!("/tiers/{place}/tier"),
                    format!("等级 {:?} 有两个比例，请去掉一个", tier.tier),
                    format!("the tier {:?} has two rates; leave one out", tier.tier),
                );
            }
            if tier.rate < self.others {
                let (rate, others) = (tier.rate.points(), self.others.points());
                problems.at(
                    format!("/tiers/{place}/rate"),
                    format!("等级 {:?} 优惠 {rate} 个基点，而无等级的客人优惠 {others}；会员优惠不能更少", tier.tier),
                    format!(
                        "the tier {:?} saves {rate} basis points, but customers without a tier {others}; members may not save less",
                        tier.tier
                    ),
                );
            }
        }
    }
}
