//! Loyal customers by five indicators: how often they book, how much they spend, how satisfied they are, whether they bring others, and
//! whether they tell the agency what they think.

/// The indicators, in their order.
pub const INDICATORS: [Indicator; 5] = [
    Indicator::Frequency,
    Indicator::Spend,
    Indicator::Satisfaction,
    Indicator::WordOfMouth,
    Indicator::Feedback,
];

/// A sign of loyalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indicator {
    /// Trips of two years.
    Frequency,
    /// Spend of two years.
    Spend,
    /// Mean satisfaction of a year.
    Satisfaction,
    /// Customers referred in a year.
    WordOfMouth,
    /// Reviews written in a year.
    Feedback,
}

impl Indicator {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Frequency,
        Self::Spend,
        Self::Satisfaction,
        Self::WordOfMouth,
        Self::Feedback,
    ];

    /// The name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Frequency => "frequency",
            Self::Spend => "spend",
            Self::Satisfaction => "satisfaction",
            Self::WordOfMouth => "word-of-mouth",
            Self::Feedback => "feedback",
        }
    }

    /// The fact it looks at.
    pub fn fact(self) -> &'static str {
        match self {
            Self::Frequency => "trips-24m",
            Self::Spend => "spend-24m",
            Self::Satisfaction => "csat-12m",
            Self::WordOfMouth => "referrals-12m",
            Self::Feedback => "reviews-12m",
        }
    }
}

/// Which of the indicators a customer meets: each whose fact is known and not below its threshold.
pub fn met(facts: [Option<f64>; 5], thresholds: [f64; 5]) -> [bool; 5] {
    std::array::from_fn(|i| facts[i].is_some_and(|value| value >= thresholds[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn what_is_unknown_is_not_met() {
        let thresholds = [2.0, 100.0, 4.0, 1.0, 1.0];
        let facts = [Some(2.0), Some(99.0), None, Some(0.0), Some(3.0)];
        assert_eq!(met(facts, thresholds), [true, false, false, false, true]);
        assert_eq!(met([None; 5], [0.0; 5]), [false; 5]);
    }

    #[test]
    fn every_indicator_has_its_fact() {
        for indicator in INDICATORS {
            assert!(catalogue::find(indicator.fact()).is_some(), "{indicator:?}");
        }
    }
}
