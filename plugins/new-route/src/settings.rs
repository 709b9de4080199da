use posthouse_sdk::prelude::*;

/// What is new, and what is saved on it.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The numbers of new products.
    #[schemars(title = "New products", length(max = 500), inner(length(min = 1, max = 100)))]
    #[schemars(extend("x-zh-CN" = {"title": "新品编号", "description": "新产品的编号。"}))]
    pub(crate) products: Vec<String>,
    /// Destinations where every product is new, whatever the case of their Latin letters.
    #[schemars(title = "New destinations", length(max = 100), inner(length(min = 1, max = 60)))]
    #[schemars(extend("x-zh-CN" = {"title": "新目的地", "description": "这些目的地的全部产品都算新品。"}))]
    pub(crate) destinations: Vec<String>,
    /// What customers save whose favourite theme or destination is the product's, in basis points: 1000 is 10 %.
    #[schemars(title = "Rate of those who like it", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "喜好者的优惠比例", "description": "最常选的主题或最常去的目的地与新品相同的客户，以万分之一计：1000 即 10%。"}))]
    pub(crate) rate: Rate,
    /// What others save, in basis points.
    #[schemars(title = "Rate of others")]
    #[schemars(extend("x-zh-CN" = {"title": "其他客户的优惠比例", "description": "其他客户，以万分之一计。"}))]
    pub(crate) others: Rate,
    /// What anybody saves at least on a line of a new product, in minor units of the agency's currency.
    #[schemars(title = "Introduction", range(min = 0))]
    #[schemars(extend("x-zh-CN" = {"title": "推广立减", "description": "任何人每行新品至少优惠多少，以货币最小单位计。"}))]
    pub(crate) introduction: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            products: Vec::new(),
            destinations: Vec::new(),
            rate: Rate::percent(10),
            others: Rate::NONE,
            introduction: 0,
        }
    }
}

impl Settings {
    /// Whether the line is of a new product.
    pub(crate) fn is_new(&self, line: &Line) -> bool {
        let place = |place: Text| self.destinations.iter().any(|word| word.eq_ignore_ascii_case(&place));
        self.products.iter().any(|sku| line.sku == *sku.as_str()) || line.destination.is_some_and(place)
    }

    /// Refuses words that no product has, and those who like it saving less than others.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (list, words) in [("products", &self.products), ("destinations", &self.destinations)] {
            for (place, word) in words.iter().enumerate() {
                if word.trim() != word.as_str() {
                    problems.at(
                        format!("/{list}/{place}"),
                        format!("{word:?} 首尾有空格，产品中不会这样写；请去掉空格"),
                        format!("{word:?} begins or ends with a space, which no product has; leave it out"),
                    );
                }
            }
        }
        if self.others > self.rate {
            let (others, rate) = (self.others.points(), self.rate.points());
            problems.at(
                "/others",
                format!("其他客人优惠 {others} 个基点，而偏好此类产品的客人只有 {rate}；后者优惠不能更少"),
                format!("others save {others} basis points, but those who like it only {rate}; they may not save less"),
            );
        }
    }
}
