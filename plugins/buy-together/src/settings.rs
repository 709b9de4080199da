use posthouse_sdk::prelude::*;

/// What goes together, and what is saved then.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// Kinds of products that all have to be in the basket.
    #[setting(en = "Bought together", zh = "搭配的产品类型", about_zh = "购物篮中须同时有这些类型的产品。")]
    #[setting(length(max = 10), default = vec![ProductKind::Hotel, ProductKind::Flight])]
    pub(crate) together: Vec<ProductKind>,
    /// Kinds of products that are cheaper then.
    #[setting(en = "Cheaper together", zh = "优惠的产品类型", about_zh = "搭配时哪些类型的产品优惠。")]
    #[setting(length(max = 10), default = vec![ProductKind::Hotel])]
    pub(crate) off: Vec<ProductKind>,
    /// What is saved on them. With 0 nothing is cheaper together.
    #[setting(en = "Rate together", zh = "搭配优惠比例", about_zh = "0 即关闭此项。", default = Rate::percent(5))]
    pub(crate) rate: Rate,
    /// Of every so many travellers of a line one goes for less. With 0 nobody does.
    #[setting(en = "Every nth traveller", zh = "每几位旅客")]
    #[setting(about_zh = "每行每满多少位旅客，其中一位享特价；0 即关闭此项。")]
    #[setting(range(min = 0, max = 100), default = 4)]
    pub(crate) every_nth_traveller: u32,
    /// What this traveller saves of an equal share of the line's price; who saves all of it goes for nothing.
    #[setting(en = "Rate of the nth traveller", zh = "该旅客的优惠比例")]
    #[setting(about_zh = "按每行人均价的万分之一计：10000 即免费。")]
    #[setting(range(min = 1), default = Rate::percent(50))]
    pub(crate) nth_rate: Rate,
    /// Kinds of products whose travellers are counted.
    #[setting(en = "Kinds for the nth traveller", zh = "按人优惠的产品类型")]
    #[setting(about_zh = "哪些类型的产品按旅客人数优惠。")]
    #[setting(length(min = 1, max = 10), default = vec![ProductKind::Tour])]
    pub(crate) nth_of: Vec<ProductKind>,
    /// Kinds of products of which the cheapest line in the basket is a gift.
    #[setting(en = "Gifts", zh = "赠品类型", about_zh = "购物篮中这些类型里最便宜的一行免费。")]
    #[setting(length(max = 10), default = vec![ProductKind::Transfer])]
    pub(crate) free: Vec<ProductKind>,
    /// What everything else in the basket has to come to for a gift. Without it nothing is a gift.
    #[setting(en = "Gift from", zh = "满额", about_zh = "购物篮其余产品满多少即赠；不填即关闭此项。", range(min = 1))]
    pub(crate) free_from: Option<Money>,
}

impl Settings {
    /// Whether the basket has something of every kind that belongs together.
    pub(crate) fn has_all_together(&self, basket: &Basket) -> bool {
        let has = |kind| basket.lines.iter().any(|line| line.kind == kind);
        self.together.iter().all(|kind| has(*kind))
    }

    /// What the line's travellers save of whom every nth goes for less. Each counts as an equal share of the line's price, and what
    /// is not a whole minor unit in the end is not saved.
    pub(crate) fn nth_traveller(&self, line: &Line) -> Option<Money> {
        let lucky = line.travellers.checked_div(self.every_nth_traveller)?;
        if lucky == 0 || !self.nth_of.contains(&line.kind) {
            return None;
        }
        let points = u64::from(lucky) * u64::from(self.nth_rate.points());
        let all = u64::from(line.travellers) * u64::from(Rate::ALL.points());
        let share = i128::from(line.total().0) * i128::from(points) / i128::from(all);
        i64::try_from(share).ok().map(Money)
    }

    /// The place of the line that is a gift.
    pub(crate) fn gift(&self, basket: &Basket) -> Option<usize> {
        let free = |line: &&Line| self.free.contains(&line.kind);
        let rest = basket.lines.iter().filter(|line| !free(line));
        let rest = rest.fold(0_i64, |sum, line| sum.saturating_add(line.total().0));
        if Money(rest) < self.free_from? {
            return None;
        }
        let gift = basket.lines.iter().filter(free).min_by_key(|line| line.total());
        gift.map(|line| line.place)
    }

    /// Refuses settings under which nothing is ever saved, or under which it is not what their names say.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        let together = self.rate > Rate::NONE;
        let others = |kind: &ProductKind| self.together.iter().any(|other| other != kind);
        if together && !self.together.first().is_some_and(others) {
            problems.at(
                "/together",
                "together 应有两种不同的产品；如不需要组合优惠，请将 rate 设为 0",
                "together needs two different kinds of products, or rate 0 to switch it off",
            );
        }
        if together && self.off.is_empty() {
            problems.at(
                "/off",
                "off 没有指定产品类型，组合购买时没有可优惠的产品；请至少写一种，或将 rate 设为 0",
                "off names no kind of product, so nothing is cheaper together; name one, or set rate to 0",
            );
        }
        if self.every_nth_traveller == 1 {
            problems.at(
                "/every_nth_traveller",
                "every_nth_traveller 为 1，即每位出行人；请设为 2 或以上，或设为 0 表示不用",
                "every_nth_traveller is 1, which is every traveller; set it to 2 or more, or to 0 for none",
            );
        }
        if self.free_from.is_some() && self.free.is_empty() {
            problems.at(
                "/free",
                "已设置 free_from，但 free 没有指定免费的产品类型",
                "free_from is set, but free names no kind of product to give away",
            );
        }
        if !together && self.every_nth_traveller == 0 && self.free_from.is_none() {
            problems.overall(
                "各项优惠都已关闭：rate 和 every_nth_traveller 为 0，free_from 未设置",
                "everything is switched off: rate and every_nth_traveller are 0, and free_from is not set",
            );
        }
    }
}
