//! Asking for a quote: what was gathered is priced, and all that it comes to is worked out before anything is written. Others wait while somebody
//! writes.

use super::gather::{Gathered, Heard};
use super::hold::Prepared;
use super::pricing::Priced;
use super::purse::Purse;
use super::read::QuoteView;
use super::trace::Answer;
use super::{NewQuote, QUOTE};
use crate::Quotes;
use crate::error::{AppError, Result, repeating};
use crate::rules::point::{About, Subject};
use crate::team::Caller;
use posthouse_domain::canonical;
use posthouse_store::compressed::Compressed;
use posthouse_store::decision_sets::{self, DecisionSet};
use posthouse_store::quotes::{self as store, Assigned, QuoteRow};
use posthouse_store::{Access, StoreError, unique};
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
        caller.must_see_money()?;
        if let Some(customer) = new.customer {
            self.app.profiles().must_see_all(caller, &[customer]).await?;
        }
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
        let (prepared, answer) = self.prepare(caller, id, &gathered, i64::from(new.hold_minutes) * 60_000)?;
        let held = self.hold(prepared).await;
        *in_doubt |= held.as_ref().is_err_and(AppError::is_in_doubt);
        match held {
            // the attempt in doubt was under way when it was looked for, and was waited for here
            Err(error) if *in_doubt && error.is_duplicate_of(unique::QUOTE_ID) => Err(StoreError::Overtaken.into()),
            held => Ok((QuoteView::of(held?, gathered.basket.clone(), answer), Some(gathered))),
        }
    }

    /// Prices what was gathered, to be held for `hold` ms: all there is to write, and what is answered.
    fn prepare(&self, caller: &Caller, id: Uuid, gathered: &Gathered, hold: i64) -> Result<(Prepared, Answer)> {
        let Gathered { moment, basket, .. } = gathered;
        let priced = Priced::new(gathered)?;
        let mut ids = decision_sets::ids(|| self.app.entropy.id(self.app.machine.now()));
        let asked: Vec<Option<Uuid>> = gathered
            .heard
            .iter()
            .map(|heard| match heard {
                Heard::Asked(..) => ids.next(),
                Heard::Barred(..) | Heard::NoRule(..) | Heard::NotAsked | Heard::SetAside(..) => None,
            })
            .collect();
        let answer = priced.answer(gathered, &asked, caller);
        let decided = decided(gathered, id, &asked, &answer)?;
        let points = gathered.points.clone().zip(
            answer
                .points
                .as_ref()
                .filter(|points| points.used > 0)
                .map(|points| points.used),
        );
        let off = answer.points.as_ref().map_or(0, |points| points.off);
        let text = serde_json::to_string(&answer).map_err(AppError::corrupt("answer"))?;
        let row = QuoteRow {
            id,
            customer_id: gathered.customer,
            state: "open".into(),
            basket: canonical::to_string(basket).map_err(AppError::corrupt("basket"))?,
            list_price: basket.total(),
            price: priced.pricing.prices.iter().sum::<i64>() - off,
            answer: String::new(),
            document: Some(Compressed::of(&text)),
            day: moment.today,
            at: moment.now,
            expires_at: moment.now + hold,
            booking_id: None,
            closed_at: None,
            points: points.as_ref().map(|(_, used)| *used),
        };
        let assigned = gathered.customer.into_iter().flat_map(|customer| {
            gathered.arms.iter().map(move |(campaign, arm)| Assigned {
                customer,
                campaign: *campaign,
                arm,
                day: moment.today,
                at: moment.now,
            })
        });
        let purse = Purse::new(gathered.customer, moment.today);
        let prepared = Prepared {
            caller: caller.clone(),
            version: gathered.standing.version,
            assigned: assigned.collect(),
            decided,
            taking: priced
                .applied(gathered)
                .map(|(campaign, off)| purse.taking(campaign.id, off, &campaign.plan.budget))
                .collect(),
            coupons: coupons(gathered, &priced),
            points,
            row,
        };
        Ok((prepared, answer))
    }
}

/// The coupons whose campaigns take something off, by their hash, and how often each may be used.
fn coupons(gathered: &Gathered, priced: &Priced) -> Vec<(Vec<u8>, i32)> {
    let applied: Vec<Uuid> = priced.applied(gathered).map(|(campaign, _)| campaign.id).collect();
    let opening = gathered
        .codes
        .iter()
        .filter(|code| applied.iter().any(|campaign| code.opens(*campaign)));
    opening
        .filter_map(|code| code.coupon.as_ref())
        .map(|coupon| (coupon.hash.clone(), coupon.uses))
        .collect()
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
