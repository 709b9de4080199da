use posthouse_sdk::prelude::*;

/// From how many days before the departure on how much is saved.
#[settings]
#[derive(Debug)]
pub(crate) struct Settings {
    /// The steps. Of those that are reached, the one with the most days counts.
    #[setting(en = "Steps", zh = "早鸟档位", about_zh = "达到的档位中，取天数最多的一档。")]
    #[setting(length(min = 1, max = 20), default = vec![step(90, 12), step(60, 8), step(30, 5)])]
    pub(crate) steps: Vec<Step>,
    /// What is cheaper for the early.
    #[setting(en = "Kinds of products", zh = "适用产品类型", about_zh = "哪些类型的产品有早鸟优惠。")]
    #[setting(length(min = 1, max = 10), default = vec![ProductKind::Tour, ProductKind::Cruise])]
    pub(crate) kinds: Vec<ProductKind>,
}

/// One step.
#[settings(part)]
#[derive(Debug)]
pub(crate) struct Step {
    /// From how many days before the departure on.
    #[setting(en = "Days before the departure", zh = "提前天数", about_zh = "距出发至少多少天。")]
    #[setting(range(min = 1, max = 730))]
    pub(crate) days: i32,
    /// What is saved.
    #[setting(en = "Rate", zh = "优惠比例", range(min = 1))]
    pub(crate) rate: Rate,
}

/// So much from so many days before the departure on.
fn step(days: i32, percent: u32) -> Step {
    Step {
        days,
        rate: Rate::percent(percent),
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
