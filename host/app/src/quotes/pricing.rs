//! What a basket costs: what the rules offered, held against budgets, floors and stacking, and told campaign by campaign.

use super::gather::{Asked, Gathered, Heard};
use super::standing::Campaign;
use super::trace::{self, Adjustment, Answer, CampaignTrace, LinePrice, PointsTrace};
use crate::error::{AppError, Result};
use crate::rules::words::reason;
use crate::team::Caller;
use posthouse_domain::promotion::budget::BudgetScope;
use posthouse_domain::promotion::{Candidate, Offer, Outcome, Pricing, price};
use posthouse_engine::{Proposed, Value as Fact};
use uuid::Uuid;

/// Prices with what became of each campaign.
pub(super) struct Priced {
    pub(super) pricing: Pricing,
    /// The campaign behind each candidate, by its place in the standing.
    places: Vec<usize>,
    /// The tightest budget of each candidate.
    tightest: Vec<BudgetScope>,
}

/// A campaign whose rule offered something, on its way to a price.
struct Asking<'a> {
    /// Its place in the standing.
    place: usize,
    offers: &'a [Offer],
    floors: Vec<i64>,
    allowance: i64,
    /// The budget that allows no more.
    scope: BudgetScope,
}

impl Priced {
    /// Works out prices from what the rules said and what is left of the budgets.
    pub(super) fn new(gathered: &Gathered) -> Result<Self> {
        let campaigns = &gathered.standing.campaigns;
        let list: Vec<i64> = gathered.basket.lines.iter().map(|line| line.total()).collect();
        let mut asked: Vec<Asking<'_>> = Vec::new();
        for (place, heard) in gathered.heard.iter().enumerate() {
            let campaign = &campaigns[place];
            let Heard::Asked(asking) = heard else { continue };
            let Ok(Proposed { offers, .. }) = &asking.made.answer else {
                continue;
            };
            let floor = |line: &posthouse_domain::promotion::Line| campaign.plan.floor(line.total(), line.cost());
            let floors = gathered.basket.lines.iter().map(floor).collect();
            let used = gathered.used.get(&campaign.id).copied().unwrap_or_default();
            let (allowance, scope) = campaign.plan.budget.allowance(used);
            asked.push(Asking {
                place,
                offers,
                floors,
                allowance,
                scope,
            });
        }
        let candidates: Vec<Candidate<'_>> = asked
            .iter()
            .map(|asking| Candidate {
                priority: campaigns[asking.place].plan.stacking.priority,
                group: &campaigns[asking.place].plan.stacking.group,
                mode: campaigns[asking.place].mode,
                offers: asking.offers,
                floors: &asking.floors,
                allowance: asking.allowance,
            })
            .collect();
        let pricing = price(&list, &candidates).map_err(|same| AppError::Internal(same.to_string()))?;
        Ok(Self {
            pricing,
            places: asked.iter().map(|asking| asking.place).collect(),
            tightest: asked.iter().map(|asking| asking.scope).collect(),
        })
    }

    /// The outcome of a campaign and its tightest budget, if its offers were priced.
    fn outcome(&self, place: usize) -> Option<(Outcome, BudgetScope)> {
        let candidate = self.places.iter().position(|found| *found == place)?;
        Some((*self.pricing.outcomes.get(candidate)?, *self.tightest.get(candidate)?))
    }

    /// Campaigns that take something off, by their ids: whoever touches several budgets does it in this order.
    pub(super) fn applied<'g>(&self, gathered: &'g Gathered) -> impl Iterator<Item = (&'g Campaign, i64)> {
        let mut applied: Vec<(&Campaign, i64)> = self
            .places
            .iter()
            .zip(&self.pricing.outcomes)
            .filter_map(|(place, outcome)| match outcome {
                Outcome::Applied(off) => Some((&gathered.standing.campaigns[*place], *off)),
                Outcome::LeftOut(_) => None,
            })
            .collect();
        applied.sort_by_key(|(campaign, _)| campaign.id);
        applied.into_iter()
    }

    /// What points take off what campaigns leave: no line below its cost, where that is known.
    pub(super) fn points(&self, gathered: &Gathered) -> Option<PointsTrace> {
        let offer = gathered.points.as_ref()?;
        let lines = gathered.basket.lines.iter().zip(&self.pricing.prices);
        let room = lines
            .map(|(line, price)| (price - line.cost().unwrap_or_default()).max(0))
            .sum();
        let (used, off) = offer.taking(room);
        Some(PointsTrace {
            reward: offer.reward.clone(),
            asked: offer.asked,
            used,
            off,
        })
    }

    /// What the quote says.
    pub(super) fn answer(&self, gathered: &Gathered, asked: &[Option<Uuid>], caller: &Caller) -> Answer {
        let terms = &caller.room.terms;
        let campaigns = &gathered.standing.campaigns;
        let name = |candidate: usize| campaigns[self.places[candidate]].name.clone();
        let trace: Vec<CampaignTrace> = campaigns
            .iter()
            .enumerate()
            .map(|(place, campaign)| {
                let (code, text, off) =
                    trace::outcome(&gathered.heard[place], self.outcome(place), terms.currency, &name);
                CampaignTrace {
                    campaign: campaign.named(),
                    group: campaign.plan.stacking.group.clone(),
                    mode: campaign.mode.as_str().to_owned(),
                    priority: campaign.plan.stacking.priority,
                    applied: off > 0,
                    code: code.to_owned(),
                    text,
                    off,
                    decision: asked[place],
                }
            })
            .collect();
        let adjustment = |found: &posthouse_domain::promotion::Adjustment| {
            let place = self.places[found.candidate];
            let Heard::Asked(asking) = &gathered.heard[place] else {
                return None;
            };
            Some(Adjustment {
                campaign: campaigns[place].named(),
                line: found.line,
                off: found.off,
                asked: found.asked,
                reason: reason(
                    asking.rule.plugin.description(),
                    found.reason,
                    (&asking.request.facts, arguments(asking, found.line)),
                    terms,
                ),
                decision: asked[place]?,
            })
        };
        let lines = gathered.basket.lines.iter().zip(&self.pricing.prices);
        Answer {
            lines: lines
                .map(|(line, price)| LinePrice {
                    sku: line.sku.clone(),
                    list_price: line.total(),
                    price: *price,
                })
                .collect(),
            adjustments: self.pricing.adjustments.iter().filter_map(adjustment).collect(),
            coupons: gathered
                .codes
                .iter()
                .map(|code| {
                    trace::code(code, |campaign| {
                        trace.iter().any(|trace| trace.applied && trace.campaign.id == campaign)
                    })
                })
                .collect(),
            trace,
            points: self.points(gathered),
        }
    }
}

/// The arguments of the reason of the offer on this line; a line gets one offer of a rule.
fn arguments(asked: &Asked, line: u32) -> &[Fact] {
    let Ok(Proposed { offers, arguments }) = &asked.made.answer else {
        return &[];
    };
    let offer = offers.iter().position(|offer| offer.line == line);
    offer.and_then(|place| arguments.get(place)).map_or(&[], Vec::as_slice)
}
