//! Asking for a quote, the part that writes: budgets and stacking make a price of what the rules said, and all it takes is held, in one
//! transaction.

use super::gather::{Gathered, Heard};
use super::purse::{self, Purse};
use super::read::QuoteView;
use super::standing::Campaign;
use super::trace::{self, Adjustment, Answer, CampaignTrace, LinePrice};
use super::{NewQuote, QUOTE};
use crate::Quotes;
use crate::error::{AppError, Result, repeating};
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::rules::point::{About, Subject};
use crate::team::Caller;
use posthouse_domain::canonical;
use posthouse_domain::promotion::budget::BudgetScope;
use posthouse_domain::promotion::{Candidate, Offer, Outcome, Pricing, price};
use posthouse_store::decision_sets::{self, DecisionSet};
use posthouse_store::ledger::{self, Posting};
use posthouse_store::quotes::{self as store, QuoteRow};
use posthouse_store::{Access, StoreError, Tx, campaigns, coupons};
use serde_json::json;
use uuid::Uuid;

impl Quotes<'_> {
    /// Prices a basket and holds what that takes.
    ///
    /// # Errors
    /// `bad_basket`; [`AppError::NotFound`] if there is no such customer.
    pub async fn make(&self, caller: &Caller, new: NewQuote) -> Result<QuoteView> {
        let new = NewQuote {
            basket: new.basket.in_form(),
            ..new
        };
        new.check()?;
        // the id goes by the machine's time, so that lists stay in order where the business clock stands still
        let id = self.app.entropy.id(self.app.machine.now());
        let mut in_doubt = false;
        let (view, gathered) = repeating!(self.try_make(caller, id, &new, &mut in_doubt))?;
        if let Some(gathered) = gathered {
            self.note_health(&caller.room, &gathered);
        }
        metrics::counter!("posthouse_quotes_total", "became" => "made").increment(1);
        Ok(view)
    }

    /// Makes the quote of this id, or finds it made if an attempt before ended in doubt.
    async fn try_make(
        &self,
        caller: &Caller,
        id: Uuid,
        new: &NewQuote,
        in_doubt: &mut bool,
    ) -> Result<(QuoteView, Option<Gathered>)> {
        if *in_doubt {
            let agency = caller.room.id;
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            if let Some(row) = store::quote(&mut tx, agency, id).await? {
                return Ok((QuoteView::whole(&mut tx, agency, row).await?, None));
            }
        }
        let gathered = self.gather(&caller.room, new.clone()).await?;
        let held = self
            .hold(caller, id, &gathered, i64::from(new.hold_minutes) * 60_000)
            .await;
        *in_doubt |= held.as_ref().is_err_and(AppError::is_in_doubt);
        match held {
            // the attempt in doubt was under way when it was looked for, and was waited for here
            Err(AppError::Store(StoreError::Duplicate { .. })) if *in_doubt => Err(StoreError::Overtaken.into()),
            held => Ok((held?, Some(gathered))),
        }
    }

    /// Prices what was gathered and holds what that takes for `hold` ms. All that is worked out is worked out before the transaction: others
    /// wait for that.
    async fn hold(&self, caller: &Caller, id: Uuid, gathered: &Gathered, hold: i64) -> Result<QuoteView> {
        let agency = caller.room.id;
        let Gathered { moment, basket, .. } = gathered;
        let priced = Priced::new(gathered)?;
        let mut ids = decision_sets::ids(|| self.app.entropy.id(self.app.machine.now()));
        let asked: Vec<Option<Uuid>> = gathered
            .heard
            .iter()
            .map(|heard| match heard {
                Heard::Asked(..) => ids.next(),
                Heard::Barred(..) | Heard::NoRule(..) => None,
            })
            .collect();
        let answer = priced.answer(gathered, &asked, caller);
        let decided = decided(gathered, id, &asked, &answer)?;
        let row = QuoteRow {
            id,
            customer_id: gathered.customer,
            state: "open".into(),
            basket: canonical::to_string(basket).map_err(AppError::corrupt("basket"))?,
            list_price: basket.total(),
            price: priced.pricing.prices.iter().sum(),
            answer: serde_json::to_string(&answer).map_err(AppError::corrupt("answer"))?,
            day: moment.today,
            at: moment.now,
            expires_at: moment.now + hold,
            booking_id: None,
            closed_at: None,
        };
        let expiry = NewJob {
            kind: store::EXPIRE,
            key: &id.to_string(),
            lane: Lane::Timers,
            clock: JobClock::Business,
            due: row.expires_at,
        };
        let mut tx = self
            .app
            .idempotency()
            .begin_on(caller, &format!("quote/{id}"), 201)
            .await?;
        if campaigns::version(&mut tx, agency).await? != gathered.standing.version {
            // what is in force has changed since rules were asked
            return Err(StoreError::Overtaken.into());
        }
        store::insert(&mut tx, agency, &row).await?;
        jobs::put(&mut tx, agency, expiry).await?;
        if let Some(customer) = gathered.customer {
            store::assign(&mut tx, agency, customer, &gathered.arms, moment.today, moment.now).await?;
        }
        for set in &decided {
            decision_sets::insert(&mut tx, agency, set).await?;
        }
        // budgets and coupons last: their rows are what others wait for
        let applied: Vec<(&Campaign, i64)> = priced.applied(gathered).collect();
        take(&mut tx, agency, &row, &applied, gathered).await?;
        self.hold_coupons(&mut tx, agency, &row, gathered, &priced).await?;
        tx.commit().await?;
        Ok(QuoteView::of(row, basket.clone(), answer))
    }

    async fn hold_coupons(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        quote: &QuoteRow,
        gathered: &Gathered,
        priced: &Priced,
    ) -> Result<()> {
        let applied: Vec<Uuid> = priced.applied(gathered).map(|(campaign, _)| campaign.id).collect();
        let mut held: Vec<_> = gathered
            .codes
            .iter()
            .filter(|code| applied.iter().any(|campaign| code.opens(*campaign)))
            .filter_map(|code| code.coupon.as_ref())
            .collect();
        held.sort_by(|a, b| a.hash.cmp(&b.hash));
        for coupon in held {
            if !coupons::hold(tx, agency, &coupon.hash, coupon.uses, quote.at).await? {
                // another quote took it, or it was revoked: the price is without it
                return Err(StoreError::Overtaken.into());
            }
            coupons::redeem(tx, agency, quote.id, &coupon.hash, "hold", quote.at).await?;
        }
        Ok(())
    }
}

/// The decisions of a quote under these ids, with what became of each.
fn decided(gathered: &Gathered, quote: Uuid, ids: &[Option<Uuid>], answer: &Answer) -> Result<Vec<DecisionSet>> {
    let about = About {
        customer: gathered.customer,
        subject: Some(Subject { kind: QUOTE, id: quote }),
        at: gathered.moment.now,
    };
    let mut rows = Vec::new();
    for ((heard, id), trace) in gathered.heard.iter().zip(ids).zip(&answer.trace) {
        if let (Heard::Asked(asked), Some(id)) = (heard, id) {
            let effect = json!({"code": trace.code, "off": trace.off, "text": trace.text});
            rows.push(asked.made.row(*id, &asked.rule, about, &effect));
        }
    }
    Ok(DecisionSet::of(&rows)?)
}

/// Sets aside what campaigns give. Whoever was faster with it has it: then everything is worked out again.
async fn take(
    tx: &mut Tx,
    agency: Uuid,
    quote: &QuoteRow,
    applied: &[(&Campaign, i64)],
    gathered: &Gathered,
) -> Result<()> {
    let purse = Purse::new(gathered.customer, gathered.moment.today);
    let taking = |(campaign, off): &(&Campaign, i64)| purse.taking(campaign.id, *off, &campaign.plan.budget);
    let postings: Vec<Posting> = applied.iter().map(taking).collect();
    ledger::reserve(tx, agency, purse::cause(quote.id), quote.at, &postings).await?;
    Ok(())
}

/// Prices with what became of each campaign.
struct Priced {
    pricing: Pricing,
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
    fn new(gathered: &Gathered) -> Result<Self> {
        let campaigns = &gathered.standing.campaigns;
        let list: Vec<i64> = gathered.basket.lines.iter().map(|line| line.total()).collect();
        let mut asked: Vec<Asking<'_>> = Vec::new();
        for (place, heard) in gathered.heard.iter().enumerate() {
            let campaign = &campaigns[place];
            let Heard::Asked(asking) = heard else { continue };
            let Ok(offers) = &asking.made.answer else { continue };
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
    fn applied<'g>(&self, gathered: &'g Gathered) -> impl Iterator<Item = (&'g Campaign, i64)> {
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

    /// What the quote says.
    fn answer(&self, gathered: &Gathered, asked: &[Option<Uuid>], caller: &Caller) -> Answer {
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
                reason: trace::reason(
                    asking.rule.plugin.description(),
                    found.reason,
                    &asking.request.facts,
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
        }
    }
}
