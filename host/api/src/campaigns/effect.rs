//! What a campaign brought, as it is shown.

use super::super::described;
use super::super::fixed;
use super::super::page::At;
use posthouse_app::campaigns as app;
use posthouse_domain::Localized;
use posthouse_domain::campaign::effect as domain;
use posthouse_domain::time;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What became of a campaign's offers. Money in minor units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignUptake)]
struct Uptake {
    /// Quotes with an offer of the campaign.
    quotes: i64,
    /// Customers who got one.
    quoted_customers: i64,
    /// Those of the quotes that were confirmed.
    confirmed: i64,
    /// Customers who confirmed one.
    participants: i64,
    /// Trips that were booked with it and are not called off.
    bookings: i64,
    /// Those of the trips whose cost is known: the margin is theirs.
    costed: i64,
    /// Prices of the trips less what was paid back.
    sales: i64,
    /// Sales less costs, where they are known.
    margin: i64,
    /// What it took off confirmed quotes and did not get back.
    discount: i64,
}

/// What the customers of one arm booked, each from the day on which they first asked for a price. Money in minor units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignArm)]
struct Arm {
    /// Who was assigned to it.
    customers: i64,
    /// Who booked a trip, with an offer or without.
    buyers: i64,
    /// Their trips.
    bookings: i64,
    /// Those of the trips whose cost is known: the margin is theirs.
    costed: i64,
    /// Prices less what was paid back.
    sales: i64,
    /// Sales less costs, where they are known.
    margin: i64,
}

/// A sum of money and the bounds between which it lies with 95 %, in minor units.
#[derive(Debug, Serialize, ToSchema)]
struct MoneyInterval {
    /// The best guess.
    estimate: i64,
    /// The lower bound.
    low: i64,
    /// The upper bound.
    high: i64,
}

/// A difference of shares and the bounds between which it lies with 95 %; 0.05 is five of a hundred.
#[derive(Debug, Serialize, ToSchema)]
struct ShareInterval {
    /// The best guess.
    estimate: f64,
    /// The lower bound.
    low: f64,
    /// The upper bound.
    high: f64,
}

/// The difference a campaign made to a sum of money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignGain)]
struct Gain {
    /// For one customer, by Welch's interval.
    per_customer: MoneyInterval,
    /// For all customers it was open to.
    in_all: MoneyInterval,
}

/// Why something is not said.
#[derive(Debug, Serialize, ToSchema)]
struct Unsaid {
    /// `no_holdout`, `treated`, `held_out` or `buyers`: of whom there are too few.
    #[schema(value_type = fixed::TooFewOf, example = "held_out")]
    code: String,
    /// In words.
    #[schema(value_type = described::Localized)]
    text: Localized,
}

/// Those it was open to beside those it was kept from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignLift)]
struct Lift {
    /// Whether there are enough customers to say all of it.
    enough: bool,
    /// What keeps it from being said.
    why: Option<Unsaid>,
    /// Share of the treated who booked less share of the held out who did, by Newcombe's interval.
    conversion: Option<ShareInterval>,
    /// Sales.
    sales: Option<Gain>,
    /// Margin, where costs are known.
    margin: Option<Gain>,
}

/// What a campaign brought, as far as was known at one moment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignFigures)]
pub(crate) struct Figures {
    /// The moment.
    at: At,
    /// The last booking day that counts.
    #[schema(format = Date, example = "2026-03-03")]
    through: String,
    /// What became of the offers themselves.
    uptake: Uptake,
    /// Those it was open to.
    treatment: Arm,
    /// Those it was kept from.
    holdout: Arm,
    /// The one beside the other.
    lift: Lift,
}

/// A figure of the goal, and what was reached of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignReached)]
struct Reached {
    /// What is measured.
    measure: String,
    /// What was to be reached.
    figure: i64,
    /// What was; null if nothing measures it.
    reached: Option<i64>,
    /// Whether something measures it.
    measured: bool,
}

/// The campaign before, of the same type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarlierCampaign)]
struct Earlier {
    /// Its id.
    campaign_id: Uuid,
    /// Its key.
    key: String,
    /// Its name.
    name: String,
    /// Whether the figures are those that were kept when it was evaluated; otherwise they are measured now.
    evaluated: bool,
    /// What it brought.
    figures: Figures,
}

/// How content customers were.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignSatisfaction)]
struct Satisfaction {
    /// Always null as long as there is no source.
    value: Option<f64>,
    /// `no_source`: there are no surveys yet.
    source: &'static str,
}

/// What a campaign brought, beside its goal and the campaign before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignEffect {
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// The goal's figures in their order.
    targets: Vec<Reached>,
    /// How content customers were.
    satisfaction: Satisfaction,
    /// The latest campaign of the same type that is over and was written down before this one.
    earlier: Option<Earlier>,
}

impl From<domain::Uptake> for Uptake {
    fn from(uptake: domain::Uptake) -> Self {
        Self {
            quotes: uptake.quotes,
            quoted_customers: uptake.quoted_customers,
            confirmed: uptake.confirmed,
            participants: uptake.participants,
            bookings: uptake.bookings,
            costed: uptake.costed,
            sales: uptake.sales,
            margin: uptake.margin,
            discount: uptake.discount,
        }
    }
}

impl From<domain::Arm> for Arm {
    fn from(arm: domain::Arm) -> Self {
        Self {
            customers: arm.customers,
            buyers: arm.buyers,
            bookings: arm.bookings,
            costed: arm.costed,
            sales: arm.sales,
            margin: arm.margin,
        }
    }
}

impl From<domain::Interval<i64>> for MoneyInterval {
    fn from(interval: domain::Interval<i64>) -> Self {
        Self {
            estimate: interval.estimate,
            low: interval.low,
            high: interval.high,
        }
    }
}

impl From<domain::Gain> for Gain {
    fn from(gain: domain::Gain) -> Self {
        Self {
            per_customer: gain.per_customer.into(),
            in_all: gain.in_all.into(),
        }
    }
}

impl From<domain::Lift> for Lift {
    fn from(lift: domain::Lift) -> Self {
        let why = |why: domain::TooFew| Unsaid {
            code: why.as_str().to_owned(),
            text: why.text(),
        };
        Self {
            enough: lift.too_few.is_none(),
            why: lift.too_few.map(why),
            conversion: lift.conversion.map(|share| ShareInterval {
                estimate: share.estimate,
                low: share.low,
                high: share.high,
            }),
            sales: lift.sales.map(Gain::from),
            margin: lift.margin.map(Gain::from),
        }
    }
}

impl From<domain::Effect> for Figures {
    fn from(effect: domain::Effect) -> Self {
        Self {
            at: effect.at.into(),
            through: time::day_text(effect.through),
            uptake: effect.uptake.into(),
            treatment: effect.treatment.into(),
            holdout: effect.holdout.into(),
            lift: effect.lift.into(),
        }
    }
}

impl From<app::EffectView> for CampaignEffect {
    fn from(view: app::EffectView) -> Self {
        let reached = |target: app::TargetView| Reached {
            measured: target.reached.is_some(),
            measure: target.measure,
            figure: target.figure,
            reached: target.reached,
        };
        let earlier = |earlier: app::EarlierEffect| Earlier {
            campaign_id: earlier.campaign_id,
            key: earlier.key,
            name: earlier.name,
            evaluated: earlier.evaluated,
            figures: earlier.effect.into(),
        };
        Self {
            figures: view.effect.into(),
            targets: view.targets.into_iter().map(reached).collect(),
            satisfaction: Satisfaction {
                value: None,
                source: "no_source",
            },
            earlier: view.earlier.map(earlier),
        }
    }
}
