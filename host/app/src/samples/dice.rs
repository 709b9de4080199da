//! A small generator, so that the same seed makes the same agency on every machine and in every version.

/// SplitMix64: a counter, well mixed.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one subject: each customer has its own, so that one's story does not depend on how many others there are.
    pub fn new(seed: u64, subject: u64) -> Self {
        let mut dice = Self(seed ^ subject.wrapping_mul(0xd6e8_feb8_6659_fd93));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between 0 and 1, never 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this likelihood happens.
    pub fn happens(&mut self, likelihood: f64) -> bool {
        self.fraction() < likelihood
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = (i64::from(high) - i64::from(low) + 1).max(1);
        low + (self.fraction() * width as f64) as i32
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = (self.fraction() * choices.len() as f64) as usize;
        &choices[index.min(choices.len() - 1)]
    }

    /// One of these, the heavier ones more often.
    pub fn weighted<'a, T>(&mut self, choices: &'a [T], weight: impl Fn(&T) -> f64) -> &'a T {
        let mut left = self.fraction() * choices.iter().map(&weight).sum::<f64>();
        for choice in choices {
            left -= weight(choice);
            if left < 0.0 {
                return choice;
            }
        }
        &choices[choices.len() - 1]
    }

    /// Exponentially distributed: waiting times.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.fraction()).ln()
    }

    /// Pareto distributed from `least` upwards: a few have most of it.
    pub fn heavy(&mut self, least: f64, exponent: f64) -> f64 {
        least / (1.0 - self.fraction()).powf(1.0 / exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_numbers() {
        let roll = |seed, subject| {
            let mut dice = Dice::new(seed, subject);
            (0..5).map(|_| dice.between(0, 1_000)).collect::<Vec<_>>()
        };
        assert_eq!(roll(1, 7), roll(1, 7));
        assert_ne!(roll(1, 7), roll(1, 8));
        assert_ne!(roll(1, 7), roll(2, 7));
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_its_ends() {
        let mut dice = Dice::new(3, 0);
        let rolled: std::collections::BTreeSet<i32> = (0..1_000).map(|_| dice.between(-2, 3)).collect();
        assert_eq!(rolled.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2, 3]);
        assert_eq!(
            *dice.weighted(&["never", "always"], |word| if *word == "always" { 1.0 } else { 0.0 }),
            "always"
        );
    }

    #[test]
    fn a_few_have_most() {
        let mut dice = Dice::new(4, 0);
        let mut rolled: Vec<f64> = (0..10_000).map(|_| dice.heavy(1.0, 1.3)).collect();
        rolled.sort_by(f64::total_cmp);
        let total: f64 = rolled.iter().sum();
        let top: f64 = rolled[8_000..].iter().sum();
        assert!(top > 0.5 * total, "{top} of {total}");
    }
}
