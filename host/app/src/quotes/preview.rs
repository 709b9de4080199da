//! What another plan would do: the plan in force and the new one on the agency's own latest quotes, side by side.

use crate::campaigns::PROMOTION;
use crate::campaigns::point::{Promotion, Request, Told};
use crate::error::{AppError, Result};
use crate::facts::known::{Known, project};
use crate::rules::point::{Rule, RuleName, decide};
use crate::rules::preview::{self, Answers, side_by_side};
use crate::rules::{Moment, in_pool};
use crate::{Quotes, Room};
use posthouse_domain::campaign::Plan;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::guard::{Asker, Occasion, admit};
use posthouse_domain::promotion::{Basket, Candidate, Line, Mode, Outcome, price};
use posthouse_domain::{Localized, Words};
use posthouse_store::campaigns::CampaignRow;
use posthouse_store::plugins as bindings;
use posthouse_store::quotes as store;
use posthouse_store::{Access, attributes};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Quotes that are looked at.
const LATEST: i64 = 200;
/// Lines of baskets after which no further quote is looked at: rules run on the threads that quotes need.
const MOST_LINES: usize = 1_000;
/// Changed quotes that are shown.
const SHOWN: usize = 10;

/// What a change of plan would do to the latest quotes. Each plan is asked alone, with the facts of today, without budgets, other
/// campaigns and coupons: what is compared is what the two plans offer.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PlanPreview {
    /// How many quotes were asked about.
    pub quotes: usize,
    /// What the plan in force takes off them, in minor units.
    pub now: i64,
    /// What the new one would.
    pub then: i64,
    /// Quotes that would get more.
    pub more: usize,
    /// Quotes that would get less.
    pub less: usize,
    /// Quotes for which a rule failed.
    pub failed: usize,
    /// Some of those that would change, the largest change first.
    pub sample: Vec<QuoteChange>,
    /// What of the plan becomes different, in words.
    pub changes: Vec<Words>,
    /// In words.
    pub summary: Localized,
}

/// One quote before and after.
#[derive(Debug, Clone, Serialize)]
pub struct QuoteChange {
    /// Which.
    pub quote_id: Uuid,
    /// For whom.
    pub customer_id: Option<Uuid>,
    /// Its list price, in minor units.
    pub list_price: i64,
    /// What the plan in force takes off.
    pub now: i64,
    /// What the new one would.
    pub then: i64,
}

/// A quote as both plans are asked about it.
struct Case {
    quote: Uuid,
    list_price: i64,
    basket: Basket,
    known: Option<Known>,
}

/// A plan with its rule opened.
struct Side {
    campaign: Uuid,
    plan: Plan,
    /// None if it does not open, as quotes meet it: it takes nothing off.
    rule: Option<Rule<Promotion>>,
}

impl preview::Side<Case> for Side {
    /// What the plan alone would take off, in minor units.
    type Said = i64;

    fn ask(&self, case: &Case, moment: Moment) -> Option<i64> {
        let Case { basket, known, .. } = case;
        let Some(rule) = &self.rule else { return Some(0) };
        let occasion = Occasion {
            // the plan is asked as if its time had come
            now: moment.now.clamp(self.plan.window.from, self.plan.window.to - 1),
            channel: &basket.channel,
            has_coupon: true,
            in_crisis: false,
        };
        let asker = known.as_ref().map(|known| known as &dyn Asker);
        if admit(&self.plan, self.campaign, asker, occasion).is_err() {
            return Some(0);
        }
        let request = Request {
            basket: Arc::new(Told::new(basket)),
            facts: project(rule.plugin.description(), rule.seed, known.as_ref()),
        };
        let proposed = decide(rule, moment, &request).answer.ok()?;
        let list: Vec<i64> = basket.lines.iter().map(Line::total).collect();
        let floor = |line: &Line| self.plan.floor(line.total(), line.cost());
        let alone = Candidate {
            priority: 1,
            group: "alone",
            mode: Mode::Stackable,
            offers: &proposed.offers,
            floors: &basket.lines.iter().map(floor).collect::<Vec<_>>(),
            allowance: i64::MAX,
        };
        match price(&list, &[alone]).ok()?.outcomes[..] {
            [Outcome::Applied(off)] => Some(off),
            _ => Some(0),
        }
    }
}

impl Quotes<'_> {
    /// Asks the plan in force and a new one about the latest quotes.
    ///
    /// # Errors
    /// A rule that cannot be opened, settings that do not fit.
    pub(crate) async fn preview(&self, room: &Arc<Room>, campaign: &CampaignRow, new: Plan) -> Result<PlanPreview> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        self.app.segments().ensure_loaded(room).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let bound = bindings::binding(&mut tx, agency, PROMOTION, &campaign.key)
            .await?
            .ok_or(AppError::NotFound("binding"))?;
        drop(tx);
        // to open a plugin can take its compilation; no connection is held meanwhile
        let digests = [bound.digest.clone(), new.rule.digest.clone()];
        self.app.plugins().open_all(agency, digests.into()).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let plugins = self.app.plugins();
        // what does not open any more is there to be replaced
        let in_force = match plugins.rule(&mut tx, agency, RuleName::in_force(&bound), &own).await {
            Err(AppError::Unable(_)) => None,
            opened => Some(opened?),
        };
        let now = Side {
            campaign: campaign.id,
            plan: serde_json::from_str(&campaign.plan).map_err(AppError::corrupt("plan"))?,
            rule: in_force,
        };
        let proposed = (campaign.key.as_str(), new.rule.digest.as_str(), &new.rule.config);
        let then = Side {
            campaign: campaign.id,
            rule: Some(plugins.trial_rule(&mut tx, agency, proposed, &own).await?),
            plan: new,
        };
        let kinds: HashMap<String, FactKind> = own.into_iter().map(|own| (own.key, own.kind)).collect();
        let kinds = Arc::new(kinds);
        let (mut asked, mut lines) = (Vec::new(), 0);
        for row in store::latest(&mut tx, agency, Uuid::max(), LATEST).await? {
            let basket: Basket = serde_json::from_str(&row.basket).map_err(AppError::corrupt("basket"))?;
            let known = match row.customer_id {
                Some(id) => Some(self.app.facts().known(room, &mut tx, id, kinds.clone(), moment).await?),
                None => None,
            };
            lines += basket.lines.len();
            asked.push(Case {
                quote: row.id,
                list_price: row.list_price,
                basket,
                known,
            });
            if lines >= MOST_LINES {
                break;
            }
        }
        drop(tx);
        in_pool(&self.app.engine, room.id, move || {
            let answers = side_by_side(&asked, &now, &then, moment);
            let change = |(case, answers): (&Case, Option<Answers<i64>>)| {
                let Answers { now, then } = answers?;
                Some(QuoteChange {
                    quote_id: case.quote,
                    customer_id: case.known.as_ref().map(|known| known.id),
                    list_price: case.list_price,
                    now,
                    then,
                })
            };
            summed(asked.iter().zip(answers).map(change).collect())
        })
        .await
    }
}

fn summed(found: Vec<Option<QuoteChange>>) -> PlanPreview {
    let quotes = found.len();
    let mut asked: Vec<QuoteChange> = found.into_iter().flatten().collect();
    let (now, then) = (
        asked.iter().map(|quote| quote.now).sum(),
        asked.iter().map(|quote| quote.then).sum(),
    );
    let more = asked.iter().filter(|quote| quote.then > quote.now).count();
    let less = asked.iter().filter(|quote| quote.then < quote.now).count();
    let failed = quotes - asked.len();
    asked.retain(|quote| quote.now != quote.then);
    asked.sort_by_key(|quote| std::cmp::Reverse((quote.then - quote.now).abs()));
    asked.truncate(SHOWN);
    let summary = match quotes {
        0 => Localized::new("还没有报价可供对比", "There are no quotes yet to compare the plans on"),
        _ => Localized::new(
            format!("最近 {quotes} 份报价中，{more} 份优惠增加，{less} 份减少"),
            format!("Of the latest {quotes} quotes {more} would get more and {less} less"),
        ),
    };
    PlanPreview {
        quotes,
        now,
        then,
        more,
        less,
        failed,
        sample: asked,
        changes: Vec::new(),
        summary,
    }
}
