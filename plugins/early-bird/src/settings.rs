use posthouse_sdk::prelude::*;

/// From how many days before the departure on how much is saved.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The steps. Of those that are reached, the one with the most days counts.
    #[schemars(title = "Steps", length(min = 1, max = 20))]
    #[schemars(extend("x-zh-CN" = {"title": "早鸟档位", "description": "达到的档位中，取天数最多的一档。"}))]
    pub(crate) steps: Vec<Step>,
    /// What is cheaper for the early.
    #[schemars(title = "Kinds of products", length(min = 1, max = 10))]
    #[schemars(extend("x-zh-CN" = {"title": "适用产品类型", "description": "哪些类型的产品有早鸟优惠。"}))]
    pub(crate) kinds: Vec<ProductKind>,
}

/// One step.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Step {
    /// From how many days before the departure on.
    #[schemars(title = "Days before the departure", range(min = 1, max = 730))]
    #[schemars(extend("x-zh-CN" = {"title": "提前天数", "description": "距出发至少多少天。"}))]
    pub(crate) days: i32,
    /// What is saved, in basis points: 1000 is 10 %.
    #[schemars(title = "Rate", range(min = 1))]
    #[schemars(extend("x-zh-CN" = {"title": "优惠比例", "description": "以万分之一计：1000 即 10%。"}))]
    pub(crate) rate: Rate,
}

impl Default for Settings {
    fn default() -> Self {
        let step = |days, percent| Step {
            days,
            rate: Rate::percent(percent),
        };
        Self {
            steps: vec![step(90, 12), step(60, 8), step(30, 5)],
            kinds: vec![ProductKind::Tour, ProductKind::Cruise],
        }
    }
}

impl Settings {
    /// Refuses steps that contradict each other, or make waiting cheaper.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        for (place, step) in self.steps.iter().enumerate() {
            for other in &self.steps[..place] {
                if other.days == step.days {
                    problems.at(
                        format!("/steps/{place}"),
                        format!("有两档都是提前 {} 天，请去掉一档", step.days),
                        format!("two of the steps are for {} days; leave one out", step.days),
                    );
                }
                let (early, late) = if other.days > step.days {
                    (other, step)
                } else {
                    (step, other)
                };
                if early.rate < late.rate {
                    problems.at(
                        format!("/steps/{place}/rate"),
                        format!(
                            "提前 {} 天优惠 {} 个基点，而提前 {} 天优惠 {}；订得更早优惠不能更少",
                            early.days,
                            early.rate.points(),
                            late.days,
                            late.rate.points()
                        ),
                        format!(
                            "{} days before the departure {} basis points are saved, but {} at {} days; who books earlier may not save less",
                            early.days,
                            early.rate.points(),
                            late.rate.points(),
                            late.days
                        ),
                    );
                }
            }
        }
    }
}
