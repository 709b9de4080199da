//! Asking for a quote, the part that only reads: who asks, which coupons are good, which campaigns may offer, what is left of their budgets, and
//! what their rules say.

use super::NewQuote;
use super::codes::{Code, read_codes};
use super::standing::{Campaign, Standing};
use crate::campaigns::point::{Promotion, Request, Told};
use crate::error::Result;
use crate::facts::known::{Known, project};
use crate::loyalty::PointsOffer;
use crate::rules::budget::Budget;
use crate::rules::point::{Made, Rule, decide};
use crate::rules::{Moment, Why, in_turn};
use crate::{Quotes, Room};
use posthouse_domain::promotion::Basket;
use posthouse_domain::promotion::budget::Used;
use posthouse_domain::promotion::guard::{Asker, Barred, Occasion, admit};
use posthouse_domain::{Instant, Words};
use posthouse_engine::Proposed;
use posthouse_store::budgets::{self, UsedRow};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// What became of one campaign before prices.
pub(crate) enum Heard {
    /// Its rule was not asked.
    Barred(Barred),
    /// It has no rule that could be asked.
    NoRule(Words),
    /// Its rule was not asked: those before it had taken what a request may take.
    NotAsked,
    /// Its rule was not asked, as it is not for a while.
    SetAside(Why),
    /// Its rule was asked.
    Asked(Box<Asked>),
}

/// What a campaign's rule was asked, and what it said.
pub(crate) struct Asked {
    pub(crate) rule: Arc<Rule<Promotion>>,
    pub(crate) request: Request,
    pub(crate) made: Made<Proposed>,
}

/// Everything a quote is priced from, but budgets.
pub(crate) struct Gathered {
    pub(crate) standing: Arc<Standing>,
    pub(crate) customer: Option<Uuid>,
    pub(crate) basket: Basket,
    pub(crate) codes: Vec<Code>,
    /// One for each campaign of the standing.
    pub(crate) heard: Vec<Heard>,
    /// Campaigns to which the customer belongs from now on, and the arm of each.
    pub(crate) arms: Vec<(Uuid, &'static str)>,
    /// What is used by now of the budgets of campaigns in force.
    pub(crate) used: HashMap<Uuid, Used>,
    /// What the customer's points take off, if any are to be used.
    pub(crate) points: Option<PointsOffer>,
    pub(crate) moment: Moment,
}

impl Quotes<'_> {
    pub(crate) async fn gather(&self, room: &Arc<Room>, new: NewQuote) -> Result<Gathered> {
        let moment = self.app.segments().moment(room);
        if new.customer.is_some() {
            self.app.segments().ensure_loaded(room).await?;
        }
        let (mut tx, mut standing, segments) = self.standing(room).await?;
        if new.customer.is_some() && segments != room.segment_revisions() {
            // another host, or somebody here this moment, has brought other segments into force
            drop(tx);
            self.app.segments().look_again(room).await?;
            (tx, standing, _) = self.standing(room).await?;
        }
        let known = match new.customer {
            Some(id) => Some(
                self.app
                    .facts()
                    .known(room, &mut tx, id, standing.own.clone(), moment)
                    .await?,
            ),
            None => None,
        };
        let codes = read_codes(&mut tx, room.id, &new.codes, new.customer, moment.now).await?;
        let points = match (new.customer, new.points) {
            (Some(customer), Some(points)) => {
                let wanted = (points, new.reward.as_deref());
                let loyalty = self.app.loyalty();
                Some(
                    loyalty
                        .points_offer(&mut tx, (room.id, customer), moment, wanted)
                        .await?,
                )
            }
            _ => None,
        };
        let in_crisis = standing.is_in_crisis(&new.basket);
        let bars: Vec<Option<Barred>> = standing
            .campaigns
            .iter()
            .map(|campaign| {
                let occasion = Occasion {
                    now: moment.now,
                    channel: &new.basket.channel,
                    has_coupon: codes.iter().any(|code| code.opens(campaign.id)),
                    in_crisis,
                };
                let asker = known.as_ref().map(|known| known as &dyn Asker);
                admit(&campaign.plan, campaign.id, asker, occasion).err()
            })
            .collect();
        let open: Vec<usize> = (0..bars.len()).filter(|place| bars[*place].is_none()).collect();
        let (asked, told) = (standing.clone(), Arc::new(Told::new(&new.basket)));
        let budget = Budget::new(self.app.engine.limits());
        let machine = self.app.machine.now();
        let hearing = in_turn(&self.app.engine, room.id, open.len(), move |piece| {
            hear(
                &asked.campaigns[open[piece]],
                &told,
                known.as_ref(),
                (moment, machine),
                &budget,
            )
        });
        // what is left of the budgets is read while the rules are asked; the snapshot ends with that
        let reading = async {
            let mut tx = tx;
            match standing.campaigns.is_empty() {
                true => Ok(Vec::new()),
                false => budgets::used_in_force(&mut tx, room.id, new.customer, moment.today).await,
            }
        };
        let (rows, heard) = tokio::join!(reading, hearing);
        let (rows, mut said) = (rows?, heard?.into_iter());
        let heard = bars.iter().map(|bar| match bar {
            Some(bar) => Some(Heard::Barred(*bar)),
            None => said.next(),
        });
        let heard: Vec<Heard> = heard.flatten().collect();
        let arm = |(campaign, bar): (&Campaign, &Option<Barred>)| match bar {
            None => Some((campaign.id, "treatment")),
            Some(Barred::Holdout) => Some((campaign.id, "holdout")),
            Some(_) => None,
        };
        let assigned: HashSet<Uuid> = rows
            .iter()
            .filter(|row| row.assigned)
            .map(|row| row.campaign_id)
            .collect();
        let arms = match new.customer {
            Some(_) => standing.campaigns.iter().zip(&bars).filter_map(arm).collect(),
            None => Vec::new(),
        };
        let arms = arms
            .into_iter()
            .filter(|(campaign, _)| !assigned.contains(campaign))
            .collect();
        Ok(Gathered {
            standing,
            customer: new.customer,
            basket: new.basket,
            codes,
            heard,
            arms,
            used: rows.into_iter().map(|row| (row.campaign_id, used(&row))).collect(),
            points,
            moment,
        })
    }
}

fn used(row: &UsedRow) -> Used {
    Used {
        total: row.total,
        customer: row.customer,
        day: row.day,
    }
}

/// Asks the rule of a campaign that may make an offer. `machine` is the machine's time.
fn hear(
    campaign: &Campaign,
    told: &Arc<Told>,
    known: Option<&Known>,
    (moment, machine): (Moment, Instant),
    budget: &Budget,
) -> Heard {
    let rule = match &campaign.rule {
        Ok(rule) => rule.clone(),
        Err(why) => return Heard::NoRule(why.clone()),
    };
    if let Some(aside) = campaign.aside.filter(|aside| machine < aside.until) {
        return Heard::SetAside(aside.why);
    }
    if !budget.is_left() {
        return Heard::NotAsked;
    }
    let request = Request {
        basket: told.clone(),
        facts: project(rule.plugin.description(), rule.seed, known),
    };
    let made = decide(&rule, moment, &request);
    budget.take(made.usage());
    Heard::Asked(Box::new(Asked { rule, request, made }))
}
