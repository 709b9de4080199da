use posthouse_sdk::prelude::*;

/// What is new, and what is saved on it.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The numbers of new products.
    #[setting(en = "New products", zh = "新品编号", about_zh = "新产品的编号。")]
    #[setting(length(max = 500), inner(length(min = 1, max = 100)))]
    pub(crate) products: Vec<String>,
    /// Destinations where every product is new, whatever the case of their Latin letters.
    #[setting(en = "New destinations", zh = "新目的地", about_zh = "这些目的地的全部产品都算新品。")]
    #[setting(length(max = 100), inner(length(min = 1, max = 60)))]
    pub(crate) destinations: Vec<String>,
    /// What customers save whose favourite theme or destination is the product's.
    #[setting(en = "Rate of those who like it", zh = "喜好者的优惠比例")]
    #[setting(about_zh = "最常选的主题或最常去的目的地与新品相同的客户。")]
    #[setting(range(min = 1), default = Rate::percent(10))]
    pub(crate) rate: Rate,
    /// What others save.
    #[setting(en = "Rate of others", zh = "其他客户的优惠比例", about_zh = "其他客户。")]
    pub(crate) others: Rate,
    /// What anybody saves at least on a line of a new product.
    #[setting(en = "Introduction", zh = "推广立减", about_zh = "任何人每行新品至少优惠多少。")]
    pub(crate) introduction: Money,
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
