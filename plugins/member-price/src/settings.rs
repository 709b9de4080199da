use posthouse_sdk::prelude::*;

/// What members of each tier save.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The tiers, by the keys they have in the membership programme.
    #[schemars(title = "Tiers", length(min = 1, max = 20))]
    #[schemars(extend("x-zh-CN" = {"title": "会员等级", "description": "各等级的优惠，等级用会员制度中的键。"}))]
    pub(crate) tiers: Vec<Tier>,
    /// What customers save who have no tier, or another one, in basis points. Nobody saves it who is not named.
    #[schemars(title = "Rate of other customers")]
    #[schemars(extend("x-zh-CN" = {"title": "其他客户的比例", "description": "没有等级或等级不在表中的客户，以万分之一计；未指明客户时不优惠。"}))]
    pub(crate) others: Rate,
    /// The most a line may save, in minor units of the agency's currency; without it there is no limit.
    #[schemars(title = "Most per line", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "每行上限", "description": "每行最多优惠多少，以货币最小单位计；不填即不限。"}))]
    pub(crate) most: Option<i64>,
    /// What has member prices.
    #[schemars(title = "Kinds of products", length(min = 1, max = 10))]
    #[schemars(extend("x-zh-CN" = {"title": "适用产品类型", "description": "哪些类型的产品有会员价。"}))]
    pub(crate) kinds: Vec<ProductKind>,
}

/// One tier.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Tier {
    /// Its key.
    #[schemars(title = "Tier", length(min = 1, max = 64))]
    #[schemars(extend("x-zh-CN" = {"title": "等级", "description": "等级的键。"}))]
    pub(crate) tier: String,
    /// What is saved, in basis points: 1000 is 10 %.
    #[schemars(title = "Rate")]
    #[schemars(extend("x-zh-CN" = {"title": "优惠比例", "description": "以万分之一计：1000 即 10%。"}))]
    pub(crate) rate: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        let tier = |tier: &str, percent| Tier {
            tier: tier.to_owned(),
            rate: Rate::percent(percent),
        };
        Self {
            tiers: vec![tier("silver", 3), tier("gold", 5), tier("platinum", 8)],
            others: Rate::NONE,
            most: None,
            kinds: vec![ProductKind::Tour, ProductKind::Hotel, ProductKind::Cruise],
        }
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
