//! What becomes of a quote: confirmed with a booking, let go, over its time, or given back with its booking. Each is done once, however
//! often and by how many it is asked for: whoever changes the quote's row moves budgets and coupons with it.

use super::purse;
use super::read::QuoteView;
use crate::error::{AppError, Result, Soon, repeating, retrying};
use crate::intake::meant;
use crate::jobs::{self, Done, Job, JobRow, Together};
use crate::loyalty::{self, End};
use crate::team::Caller;
use crate::webhooks::Told;
use crate::{App, Quotes};
use posthouse_domain::campaign::Plan;
use posthouse_domain::promotion::returns::Undone;
use posthouse_domain::words;
use posthouse_store::quotes::{self as store, QuoteRow};
use posthouse_store::{Access, Tx, campaigns, coupons, forms, intake, ledger};
use serde_json::{Value, json};
use uuid::Uuid;

/// With which booking a quote is confirmed.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The agency's id of the booking; it need not have been told yet.
    pub booking_id: String,
}

/// Spends or frees everything that a quote held: its savings, its coupons, then points; what there is to be told of these.
async fn settle(
    app: &App,
    tx: &mut Tx,
    (agency, actor): (Uuid, Option<Uuid>),
    quote: &QuoteRow,
    spend: bool,
    now: i64,
) -> Result<Vec<Told>> {
    let cause = purse::cause(quote.id);
    let (kind, used) = if spend {
        ledger::commit(tx, agency, cause, now).await?;
        ("redeem", 1)
    } else {
        ledger::release(tx, agency, cause, now).await?;
        ("release", 0)
    };
    for (hash, _) in coupons::of_quote(tx, agency, quote.id).await? {
        if coupons::redeem(tx, agency, quote.id, &hash, kind, now).await? {
            coupons::shift(tx, agency, &hash, -1, used).await?;
        }
    }
    let end = if spend { End::Spend } else { End::Free };
    match quote.points {
        Some(_) => end_points(app, tx, (agency, actor), quote.id, end).await,
        None => Ok(Vec::new()),
    }
}

/// Ends what a quote set aside of its customer's points. A quote seldom has any: whoever settles one does not carry this with them.
fn end_points<'s>(
    app: &'s App,
    tx: &'s mut Tx,
    (agency, actor): (Uuid, Option<Uuid>),
    quote: Uuid,
    end: End,
) -> Soon<'s, Vec<Told>> {
    Box::pin(async move {
        let room = app.room(agency).await?;
        let moment = app.segments().moment(&room);
        let told = app
            .loyalty()
            .end_of_quote(tx, (agency, actor), moment, quote, end)
            .await?;
        room.woken.notify_one();
        Ok(told)
    })
}

/// Takes the lock of the agency's changes for a quote that set points aside, before any row that whoever has it waits for.
async fn lock_points(tx: &mut Tx, agency: Uuid, quotes: &[Uuid]) -> Result<Vec<Uuid>> {
    let with_points = store::with_points(tx, agency, quotes).await?;
    if !with_points.is_empty() {
        intake::lock(tx, agency).await?;
    }
    Ok(with_points)
}

impl Quotes<'_> {
    /// Confirms a quote with its booking: what it held is spent. The same again answers the same.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `quote_expired`, `quote_released`, `quote_confirmed` with another booking, `booking_cancelled`,
    /// `booking_of_another_customer`, `booking_conflict`.
    pub async fn confirm(&self, caller: &Caller, id: Uuid, with: Confirmation) -> Result<QuoteView> {
        let booking = posthouse_domain::booking::check_booking_id(&with.booking_id)?;
        self.must_see(caller, id).await?;
        repeating!(self.try_confirm(caller, id, &booking, &with.booking_id))
    }

    async fn try_confirm(&self, caller: &Caller, id: Uuid, booking: &str, written: &str) -> Result<QuoteView> {
        let (agency, subject) = (caller.room.id, format!("quote/{id}"));
        let mut tx = self.app.idempotency().begin_on(caller, &subject, 200).await?;
        // what lands about the booking lands before or after this, and knows then whose quotes have to follow
        intake::lock(&mut tx, agency).await?;
        let now = self.app.clock.now();
        let clashes = forms::clashes(&mut tx, agency, &[(forms::BOOKING, booking)]).await?;
        let booking = match clashes.is_empty() {
            true => booking.to_owned(),
            false => meant(&clashes, written)?,
        };
        let booking = booking.as_str();
        let known = intake::bookings(&mut tx, agency, &[booking]).await?.pop();
        let quote = store::quote(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("quote"))?;
        if quote.state == "open"
            && let Some(known) = &known
        {
            fits(&quote, booking, known)?;
        }
        if store::confirm(&mut tx, agency, id, booking, now).await? {
            jobs::cancel(&mut tx, agency, store::EXPIRE, &id.to_string()).await?;
            if known.is_some() {
                store::have_followed(&mut tx, agency, &[booking]).await?;
            }
            let moved = settle(self.app, &mut tx, (agency, Some(caller.actor)), &quote, true, now).await?;
            let view = self.closed_view(&mut tx, agency, id).await?;
            let more = json!({
                "booking_id": booking,
                "list_price": quote.list_price,
                "price": quote.price,
                "currency": caller.room.terms.currency.as_str(),
            });
            self.app
                .audit()
                .note(
                    &mut tx,
                    caller,
                    "quote.confirm",
                    &subject,
                    json!({ "booking_id": booking }),
                )
                .await?;
            self.app
                .webhooks()
                .tell(&mut tx, agency, told("quote.confirmed", &quote, now, more))
                .await?;
            loyalty::tell(self.app, &mut tx, agency, moved).await?;
            tx.commit().await?;
            metrics::counter!("posthouse_quotes_total", "became" => "confirmed").increment(1);
            return Ok(view);
        }
        let there = store::quote(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("quote"))?;
        match (there.state.as_str(), there.booking_id.as_deref()) {
            ("confirmed", Some(with)) if with == booking => {
                let view = QuoteView::whole(&mut tx, agency, there).await?;
                // only the key
                tx.commit().await?;
                Ok(view)
            }
            ("confirmed", with) => Err(AppError::conflict(
                "quote_confirmed",
                words!(
                    "quote {id} was confirmed with booking {with}; ask for another quote",
                    "报价 {id} 已随订单 {with} 确认；请重新报价",
                    with = with.unwrap_or_default()
                ),
            )),
            ("released", _) => Err(AppError::conflict(
                "quote_released",
                words!(
                    "quote {id} was released; ask for another quote",
                    "报价 {id} 已释放；请重新报价"
                ),
            )),
            _ => Err(AppError::conflict(
                "quote_expired",
                words!(
                    "quote {id} held its price until {expires_at}; ask for another quote",
                    "报价 {id} 的有效期至 {expires_at}；请重新报价",
                    expires_at = posthouse_domain::time::instant_text(there.expires_at)
                ),
            )),
        }
    }

    /// Lets a quote go: what it held is free again. The same again answers the same, and one whose time was over is free already.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `quote_confirmed`.
    pub async fn release(&self, caller: &Caller, id: Uuid) -> Result<QuoteView> {
        self.must_see(caller, id).await?;
        repeating!(self.try_release(caller, id))
    }

    async fn try_release(&self, caller: &Caller, id: Uuid) -> Result<QuoteView> {
        let (agency, now, subject) = (caller.room.id, self.app.clock.now(), format!("quote/{id}"));
        let mut tx = self.app.idempotency().begin_on(caller, &subject, 200).await?;
        lock_points(&mut tx, agency, &[id]).await?;
        let closed = close(self.app, &mut tx, (agency, Some(caller.actor)), id, "released", now);
        if let Some(moved) = closed.await? {
            jobs::cancel(&mut tx, agency, store::EXPIRE, &id.to_string()).await?;
            let view = self.closed_view(&mut tx, agency, id).await?;
            self.app
                .audit()
                .note(&mut tx, caller, "quote.release", &subject, json!({}))
                .await?;
            loyalty::tell(self.app, &mut tx, agency, moved).await?;
            tx.commit().await?;
            metrics::counter!("posthouse_quotes_total", "became" => "released").increment(1);
            return Ok(view);
        }
        let view = self.closed_view(&mut tx, agency, id).await?;
        if view.state != "confirmed" {
            // only the key
            tx.commit().await?;
            return Ok(view);
        }
        Err(AppError::conflict(
            "quote_confirmed",
            words!(
                "quote {id} was confirmed; cancel its booking to give back what it took",
                "报价 {id} 已确认；如要归还占用，请取消其订单"
            ),
        ))
    }

    async fn closed_view(&self, tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<QuoteView> {
        let row = store::quote(tx, agency, id).await?.ok_or(AppError::NotFound("quote"))?;
        QuoteView::whole(tx, agency, row).await
    }

    /// Gives back what a confirmed quote took, as far as its booking was called off or paid back.
    async fn follow_booking(&self, job: &JobRow, id: Uuid) -> Result<Done> {
        let (agency, now) = (job.agency_id, self.app.clock.now());
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let with_points = lock_points(&mut tx, agency, &[id]).await?;
        // first of all: whoever is at work on the same quote comes before this or after it
        if !jobs::finish(&mut tx, self.app.host, job).await? {
            return Ok(Done::Finished);
        }
        let quote = store::quote(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("quote"))?;
        let booking = quote.booking_id.as_deref().unwrap_or_default();
        let known = intake::bookings(&mut tx, agency, &[booking]).await?.pop();
        // a booking that turned out to be somebody else's gives nothing back
        let own = known.filter(|row| quote.customer_id.is_none_or(|customer| customer == row.customer_id));
        let undone = own.map_or(Undone::Not, |row| Undone::of(&row.booking));
        let (mut given_back, mut coming_back) = (Vec::new(), Vec::new());
        let savings = purse::savings(&mut tx, agency, id).await?;
        for saving in &savings {
            // what came back stays back, whatever becomes of the booking later
            let more = undone.share_of(saving.hold.amount) - saving.hold.returned;
            if more > 0 {
                coming_back.push(saving.coming_back(more));
                given_back.push(json!({"campaign_id": saving.campaign, "amount": more}));
            }
        }
        ledger::give_back(&mut tx, agency, purse::cause(id), now, &coming_back).await?;
        let mut coupons_returned = 0;
        if undone == Undone::Wholly {
            for (hash, campaign) in coupons::of_quote(&mut tx, agency, id).await? {
                let row = campaigns::campaign(&mut tx, agency, campaign).await?;
                let keeps = match row {
                    Some(row) => {
                        serde_json::from_str::<Plan>(&row.plan)
                            .map_err(AppError::corrupt("plan"))?
                            .keeps_coupons
                    }
                    None => true,
                };
                if !keeps && coupons::redeem(&mut tx, agency, id, &hash, "return", now).await? {
                    coupons::shift(&mut tx, agency, &hash, 0, -1).await?;
                    coupons_returned += 1;
                }
            }
        }
        let mut moved = Vec::new();
        if undone == Undone::Wholly && !with_points.is_empty() {
            moved = end_points(self.app, &mut tx, (agency, None), id, End::Return).await?;
        }
        if !given_back.is_empty() || coupons_returned > 0 {
            let more = json!({"booking_id": booking, "campaigns": given_back, "coupons": coupons_returned});
            self.app
                .webhooks()
                .tell(&mut tx, agency, told("quote.returned", &quote, now, more))
                .await?;
        }
        loyalty::tell(self.app, &mut tx, agency, moved).await?;
        tx.commit().await?;
        Ok(Done::Finished)
    }

    /// Frees what quotes hold whose time is over.
    async fn expire_all(&self, jobs: &[JobRow]) -> Result<()> {
        let Some(agency) = jobs.first().map(|job| job.agency_id) else {
            return Ok(());
        };
        let ids: Vec<Uuid> = jobs.iter().map(quote_of).collect::<Result<_>>()?;
        let now = self.app.clock.now();
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let with_points = lock_points(&mut tx, agency, &ids).await?;
        let expired = store::expire(&mut tx, agency, &ids, now).await?;
        let causes: Vec<_> = expired.iter().map(|id| purse::cause(*id)).collect();
        ledger::release_all(&mut tx, agency, &causes, now).await?;
        for (quote, hash) in coupons::of_quotes(&mut tx, agency, &expired).await? {
            if coupons::redeem(&mut tx, agency, quote, &hash, "release", now).await? {
                coupons::shift(&mut tx, agency, &hash, -1, 0).await?;
            }
        }
        let mut moved = Vec::new();
        for id in expired.iter().filter(|id| with_points.contains(id)) {
            moved.extend(end_points(self.app, &mut tx, (agency, None), *id, End::Free).await?);
        }
        jobs::finish_all(&mut tx, agency, self.app.host, store::EXPIRE, jobs).await?;
        loyalty::tell(self.app, &mut tx, agency, moved).await?;
        tx.commit().await?;
        metrics::counter!("posthouse_quotes_total", "became" => "expired").increment(expired.len() as u64);
        Ok(())
    }

    /// Frees what a quote holds whose time is over.
    async fn expire(&self, job: &JobRow, id: Uuid) -> Result<Done> {
        let mut tx = self.app.store.write(Access::Agency(job.agency_id)).await?;
        lock_points(&mut tx, job.agency_id, &[id]).await?;
        let expired = close(
            self.app,
            &mut tx,
            (job.agency_id, None),
            id,
            "expired",
            self.app.clock.now(),
        )
        .await?;
        jobs::finish(&mut tx, self.app.host, job).await?;
        let has_expired = expired.is_some();
        loyalty::tell(self.app, &mut tx, job.agency_id, expired.unwrap_or_default()).await?;
        tx.commit().await?;
        if has_expired {
            metrics::counter!("posthouse_quotes_total", "became" => "expired").increment(1);
        }
        Ok(Done::Finished)
    }
}

/// What others are told of a quote, with `more` about it.
fn told(kind: &'static str, quote: &QuoteRow, at: i64, more: Value) -> Told {
    let mut data = json!({"quote_id": quote.id, "customer_id": quote.customer_id});
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    Told {
        kind,
        subject: format!("quote/{}", quote.id),
        at,
        data,
    }
}

/// Frees what a quote holds once its time is over.
pub(crate) struct Expire;

impl Job for Expire {
    const KIND: &'static str = store::EXPIRE;
    /// Money is held until it is done.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id = quote_of(job)?;
        retrying!(app.quotes().expire(job, id))
    }
}

impl Together for Expire {
    async fn run_all(app: &App, jobs: &[JobRow]) -> Result<()> {
        retrying!(app.quotes().expire_all(jobs))
    }
}

/// Gives back what a confirmed quote took once its booking was called off or paid back.
pub(crate) struct Return;

impl Job for Return {
    const KIND: &'static str = store::RETURN;
    /// Money is held until it is done.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id = quote_of(job)?;
        retrying!(app.quotes().follow_booking(job, id))
    }
}

fn quote_of(job: &JobRow) -> Result<Uuid> {
    Uuid::try_parse(&job.key).map_err(|_| AppError::Internal(format!("a job on the quote {:?}", job.key)))
}

/// Closes an open quote and frees what it held; what there is to be told of points, if this call did it.
async fn close(
    app: &App,
    tx: &mut Tx,
    (agency, actor): (Uuid, Option<Uuid>),
    id: Uuid,
    state: &str,
    now: i64,
) -> Result<Option<Vec<Told>>> {
    if !store::close(tx, agency, id, state, now).await? {
        return Ok(None);
    }
    let quote = store::quote(tx, agency, id).await?.ok_or(AppError::NotFound("quote"))?;
    settle(app, tx, (agency, actor), &quote, false, now).await.map(Some)
}

/// Whether a booking can be that of a quote.
fn fits(quote: &QuoteRow, booking: &str, known: &intake::BookingRow) -> Result<()> {
    if quote.customer_id.is_some_and(|customer| customer != known.customer_id) {
        return Err(AppError::conflict(
            "booking_of_another_customer",
            words!(
                "booking {booking} belongs to another customer than quote {id}",
                "订单 {booking} 与报价 {id} 不属于同一客户",
                id = quote.id
            ),
        ));
    }
    if Undone::of(&known.booking) == Undone::Wholly {
        return Err(AppError::conflict(
            "booking_cancelled",
            words!(
                "booking {booking} is cancelled or wholly refunded; confirm the quote with a booking that stands",
                "订单 {booking} 已取消或全额退款；请用有效的订单确认报价"
            ),
        ));
    }
    Ok(())
}
