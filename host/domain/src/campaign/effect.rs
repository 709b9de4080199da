//! What a campaign brought: those it was open to beside those it was kept from, and how sure the difference is.
//!
//! - Shares: the difference of two proportions with Newcombe's hybrid score interval (his method 10, from two Wilson intervals).
//! - Money: the difference of two means with Welch's interval: Student's t with the degrees of freedom of Welch and Satterthwaite.
//! - What the campaign brought in all is the difference for one customer times the customers it was open to.
//!
//! With few customers an interval is no more than a number that looks like one. So below [`FEWEST_CUSTOMERS`] in either arm nothing is
//! compared, and money only where [`FEWEST_BUYERS`] bought anything at all.

use super::intervals::{Moments, newcombe, welch};
use crate::{Day, Instant, Localized};
use serde::{Deserialize, Serialize};

pub use super::intervals::Interval;

/// Fewest customers of each arm that are compared.
pub const FEWEST_CUSTOMERS: i64 = 30;
/// Fewest buyers of both arms together whose money is compared.
pub const FEWEST_BUYERS: i64 = 10;

/// What one arm did: customers who were assigned to it, from the day of their assignment on. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Who was assigned.
    pub customers: i64,
    /// Who booked a trip.
    pub buyers: i64,
    /// Their trips.
    pub bookings: i64,
    /// Trips whose cost is known: the margin is theirs.
    pub costed: i64,
    /// Prices less what was paid back.
    pub sales: i64,
    /// Sales less costs, where they are known.
    pub margin: i64,
    /// Sum of the squares of each customer's sales.
    #[serde(skip)]
    pub sales_squares: f64,
    /// Sum of the squares of each customer's margin.
    #[serde(skip)]
    pub margin_squares: f64,
}

/// What became of the offers themselves. Money in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptake {
    /// Quotes with an offer of the campaign.
    pub quotes: i64,
    /// Customers who got one.
    pub quoted_customers: i64,
    /// Those of the quotes that were confirmed.
    pub confirmed: i64,
    /// Customers who confirmed one.
    pub participants: i64,
    /// Trips that were booked with it and are not called off.
    pub bookings: i64,
    /// Those of the trips whose cost is known: the margin is theirs.
    pub costed: i64,
    /// Prices of the trips less what was paid back.
    pub sales: i64,
    /// Sales less costs, where they are known.
    pub margin: i64,
    /// What it took off confirmed quotes and did not get back.
    pub discount: i64,
}

/// What a campaign brought, as far as was known at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The moment.
    pub at: Instant,
    /// The last booking day that counts: that of the moment, or the last of the window.
    pub through: Day,
    /// What became of the offers themselves.
    pub uptake: Uptake,
    /// Those it was open to.
    pub treatment: Arm,
    /// Those it was kept from.
    pub holdout: Arm,
    /// The one beside the other.
    pub lift: Lift,
}

impl Effect {
    /// Works out the difference; `planned` is whether the plan keeps the campaign from anybody.
    pub fn new((at, through): (Instant, Day), uptake: Uptake, (treatment, holdout): (Arm, Arm), planned: bool) -> Self {
        Self {
            at,
            through,
            uptake,
            treatment,
            holdout,
            lift: Lift::between(&treatment, &holdout, planned),
        }
    }

    /// What was reached of a target's measure; none if it is not measured.
    pub fn reached(&self, measure: &str) -> Option<i64> {
        match measure {
            "participants" => Some(self.uptake.participants),
            "bookings" => Some(self.uptake.bookings),
            "sales" => Some(self.uptake.sales),
            "margin" => Some(self.uptake.margin),
            "discount" => Some(self.uptake.discount),
            _ => None,
        }
    }
}

/// The difference that the campaign made to a sum of money, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// For one customer.
    pub per_customer: Interval<i64>,
    /// For all customers it was open to.
    pub in_all: Interval<i64>,
}

/// Why two arms are not compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooFew {
    /// The plan kept it from nobody.
    NoHoldout,
    /// Too few customers had it open to them.
    Treated,
    /// It was kept from too few customers.
    HeldOut,
    /// Too few bought anything.
    Buyers,
}

impl TooFew {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NoHoldout, Self::Treated, Self::HeldOut, Self::Buyers];

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoHoldout => "no_holdout",
            Self::Treated => "treated",
            Self::HeldOut => "held_out",
            Self::Buyers => "buyers",
        }
    }

    /// In words.
    pub fn text(self) -> Localized {
        let (customers, buyers) = (FEWEST_CUSTOMERS, FEWEST_BUYERS);
        match self {
            Self::NoHoldout => Localized::new(
                "活动没有设置对照组，无从比较；下次策划时请留出对照组",
                "The campaign is kept from nobody, so there is nobody to compare with; plan a holdout next time",
            ),
            Self::Treated => Localized::new(
                format!("询过价且活动对其开放的客户不足 {customers} 人"),
                format!("It was open to fewer than {customers} customers who asked for a price so far"),
            ),
            Self::HeldOut => Localized::new(
                format!("询过价的对照组客户不足 {customers} 人"),
                format!("It was kept from fewer than {customers} customers who asked for a price so far"),
            ),
            Self::Buyers => Localized::new(
                format!("两组中预订了行程的客户合计不足 {buyers} 人，金额没有可比性"),
                format!("Fewer than {buyers} customers of both arms booked a trip so far; sums would say nothing"),
            ),
        }
    }
}

/// The treated beside the held out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lift {
    /// What keeps some or all of it from being said.
    pub too_few: Option<TooFew>,
    /// Share of the treated who booked less share of the held out who did.
    pub conversion: Option<Interval<f64>>,
    /// Sales.
    pub sales: Option<Gain>,
    /// Margin, where costs are known.
    pub margin: Option<Gain>,
}

impl Lift {
    /// Compares two arms; `planned` is whether the plan keeps the campaign from anybody.
    pub fn between(treatment: &Arm, holdout: &Arm, planned: bool) -> Self {
        let refuse = |why| Self {
            too_few: Some(why),
            conversion: None,
            sales: None,
            margin: None,
        };
        if holdout.customers == 0 && !planned {
            return refuse(TooFew::NoHoldout);
        }
        if treatment.customers < FEWEST_CUSTOMERS {
            return refuse(TooFew::Treated);
        }
        if holdout.customers < FEWEST_CUSTOMERS {
            return refuse(TooFew::HeldOut);
        }
        let conversion = Some(newcombe(
            (treatment.buyers, treatment.customers),
            (holdout.buyers, holdout.customers),
        ));
        if treatment.buyers + holdout.buyers < FEWEST_BUYERS {
            return Self {
                conversion,
                ..refuse(TooFew::Buyers)
            };
        }
        let gain = |sum: fn(&Arm) -> (i64, f64)| {
            let difference = welch(
                Moments::of(treatment.customers, sum(treatment)),
                Moments::of(holdout.customers, sum(holdout)),
            );
            let all = treatment.customers as f64;
            Gain {
                per_customer: rounded(difference, 1.0),
                in_all: rounded(difference, all),
            }
        };
        Self {
            too_few: None,
            conversion,
            sales: Some(gain(|arm| (arm.sales, arm.sales_squares))),
            margin: (treatment.costed + holdout.costed > 0).then(|| gain(|arm| (arm.margin, arm.margin_squares))),
        }
    }
}

fn rounded(interval: Interval<f64>, times: f64) -> Interval<i64> {
    // a float that is too large for an i64 becomes its largest
    let whole = |n: f64| (n * times).round() as i64;
    Interval {
        estimate: whole(interval.estimate),
        low: whole(interval.low),
        high: whole(interval.high),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    fn arms() -> (Arm, Arm) {
        let treatment = Arm {
            customers: 40,
            buyers: 12,
            bookings: 13,
            costed: 13,
            sales: 1_434_900,
            margin: 123_890,
            sales_squares: 249_477_010_000.0,
            margin_squares: 2_494_770_100.0,
        };
        let holdout = Arm {
            customers: 35,
            buyers: 5,
            bookings: 5,
            costed: 5,
            sales: 490_000,
            margin: 37_000,
            sales_squares: 64_650_000_000.0,
            margin_squares: 646_500_000.0,
        };
        (treatment, holdout)
    }

    #[test]
    fn what_it_brought_is_the_difference_times_the_treated() {
        let (treatment, holdout) = arms();
        let lift = Lift::between(&treatment, &holdout, true);
        assert_eq!(lift.too_few, None);
        let conversion = lift.conversion.expect("shares");
        near(conversion.estimate, 0.157_142_857, 1e-9);
        near(conversion.low, -0.035_188_259, 1e-9);
        near(conversion.high, 0.331_066_364, 1e-9);
        // the customers' own figures, compared apart: 21872.5 from -4593.156 to 48338.156; 2040.107 from -687.440 to 4767.654
        let sales = lift.sales.expect("sales");
        let whole = |estimate, low, high| Interval { estimate, low, high };
        assert_eq!(sales.per_customer, whole(21_873, -4_593, 48_338));
        assert_eq!(sales.in_all, whole(874_900, -183_726, 1_933_526));
        let margin = lift.margin.expect("margins");
        assert_eq!(margin.per_customer, whole(2_040, -687, 4_768));
        assert_eq!(margin.in_all, whole(81_604, -27_498, 190_706));
    }

    #[test]
    fn too_few_are_not_compared() {
        let (treatment, holdout) = arms();
        let none = Arm::default();
        let few = Arm {
            customers: 29,
            ..holdout
        };
        for (one, other, why) in [
            (treatment, none, TooFew::NoHoldout),
            (few, holdout, TooFew::Treated),
            (treatment, few, TooFew::HeldOut),
        ] {
            let lift = Lift::between(&one, &other, why != TooFew::NoHoldout);
            assert_eq!((lift.too_few, lift.conversion, lift.sales), (Some(why), None, None));
            assert!(!why.text().zh_cn.is_empty() && why.text().en.len() > 20);
        }
        let quiet = Arm { buyers: 4, ..treatment };
        let lift = Lift::between(&quiet, &holdout, true);
        assert_eq!((lift.too_few, lift.sales), (Some(TooFew::Buyers), None));
        assert!(lift.conversion.is_some(), "shares are told with few buyers too");
    }

    #[test]
    fn a_target_has_its_measure() {
        let (treatment, holdout) = arms();
        let uptake = Uptake {
            participants: 1,
            bookings: 2,
            sales: 3,
            margin: 4,
            discount: 5,
            ..Uptake::default()
        };
        let effect = Effect::new((7, 8), uptake, (treatment, holdout), true);
        let measures = ["participants", "bookings", "sales", "margin", "discount", "fame"];
        let reached = measures.map(|measure| effect.reached(measure));
        assert_eq!(reached, [Some(1), Some(2), Some(3), Some(4), Some(5), None]);
        let kept: Effect = serde_json::from_str(&serde_json::to_string(&effect).expect("JSON")).expect("an effect");
        assert_eq!(
            (kept.lift, kept.uptake),
            (effect.lift, uptake),
            "a snapshot says what was said"
        );
    }

    #[test]
    fn equal_customers_differ_by_nothing() {
        let arm = Arm {
            customers: 50,
            buyers: 50,
            sales: 5_000,
            sales_squares: 500_000.0,
            ..Arm::default()
        };
        let sales = Lift::between(&arm, &arm, true).sales.expect("sales");
        assert_eq!((sales.per_customer.low, sales.per_customer.high), (0, 0));
    }
}
