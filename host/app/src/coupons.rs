//! Coupons: codes made in batches for a campaign. Only hashes are kept; the codes themselves are told once, in the answer that made
//! them.

mod abandon;
mod making;
mod said;

pub(crate) use abandon::Abandon;
pub use making::{Bearers, LARGEST_BATCH, MadeCode, NewBatch};

use crate::Coupons;
use crate::campaigns::find;
use crate::error::{AppError, Result, retrying};
use crate::quotes::{Worth, ending, hash};
use crate::team::Caller;
use posthouse_domain::promotion::coupon;
use posthouse_store::coupons::{self as store, BatchRow, BatchUse};
use posthouse_store::{Access, Tx};
use serde_json::json;
use uuid::Uuid;

/// A batch as it stands.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// Id.
    pub id: Uuid,
    /// The campaign it opens.
    pub campaign_id: Uuid,
    /// For people.
    pub label: String,
    /// Whether each code belongs to one customer.
    pub personal: bool,
    /// How many codes.
    pub count: i64,
    /// How often each can be used.
    pub uses: i32,
    /// When they end, in ms since 1970.
    pub expires_at: Option<i64>,
    /// `making`, `ready` or `revoked`.
    pub state: String,
    /// Uses held by open quotes.
    pub held: i64,
    /// Uses that were redeemed and did not come back.
    pub used: i64,
    /// Codes that were revoked one by one.
    pub revoked: i64,
    /// When it was made, in ms since 1970.
    pub created_at: i64,
}

/// A code as it stands.
#[derive(Debug, Clone)]
pub struct CouponView {
    /// Its last letters.
    pub code: String,
    /// Its batch.
    pub batch_id: Uuid,
    /// The campaign it opens.
    pub campaign_id: Uuid,
    /// Whose it is.
    pub customer_id: Option<Uuid>,
    /// `good`, `coupon_revoked`, `coupon_expired` or `coupon_used_up`.
    pub state: &'static str,
    /// Uses held by open quotes.
    pub held: i32,
    /// Uses that were redeemed and did not come back.
    pub used: i32,
    /// How often it can be used.
    pub uses: i32,
    /// When it ends, in ms since 1970.
    pub expires_at: Option<i64>,
    /// What was done with it: quote, `hold`, `redeem`, `release` or `return`, when.
    pub history: Vec<(Uuid, String, i64)>,
}

impl BatchView {
    fn of(row: BatchRow, used: BatchUse) -> Self {
        Self {
            id: row.id,
            campaign_id: row.campaign_id,
            label: row.label,
            personal: row.personal,
            count: row.count,
            uses: row.uses,
            expires_at: row.expires_at,
            state: row.state,
            held: used.held,
            used: used.used,
            revoked: used.revoked,
            created_at: row.created_at,
        }
    }
}

impl Coupons<'_> {
    /// Batches of a campaign before `before`, the newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn batches(
        &self,
        caller: &Caller,
        campaign: &str,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<BatchView>, Option<Uuid>)> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let campaign = find(&mut tx, agency, campaign).await?.id;
        let before = before.unwrap_or(Uuid::max());
        let mut rows = store::batches(&mut tx, agency, campaign, before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id);
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let used = store::batch_use(&mut tx, agency, row.id).await?;
            views.push(BatchView::of(row, used));
        }
        Ok((views, next))
    }

    /// Revokes every code of a batch; what open quotes hold of it they keep. The same again answers the same.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn revoke_batch(&self, caller: &Caller, campaign: &str, batch: Uuid) -> Result<BatchView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let campaign = find(&mut tx, agency, campaign).await?.id;
        drop(tx);
        retrying!(self.try_revoke_batch(caller, campaign, batch))?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::batch(&mut tx, agency, campaign, batch).await?;
        let used = store::batch_use(&mut tx, agency, batch).await?;
        Ok(BatchView::of(row.ok_or(AppError::NotFound("coupon batch"))?, used))
    }

    async fn try_revoke_batch(&self, caller: &Caller, campaign: Uuid, batch: Uuid) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        if store::batch(&mut tx, agency, campaign, batch).await?.is_none() {
            return Err(AppError::NotFound("coupon batch"));
        }
        let mut revoked = false;
        for state in ["ready", "making"] {
            revoked |= store::set_batch_state(&mut tx, agency, batch, state, "revoked").await?;
        }
        if revoked {
            let subject = format!("campaign/{campaign}");
            self.app
                .audit()
                .note(&mut tx, caller, "coupons.revoke", &subject, json!({ "batch": batch }))
                .await?;
        }
        Ok(tx.commit().await?)
    }

    /// What is known of a code.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for what cannot be a code.
    pub async fn get(&self, caller: &Caller, code: &str) -> Result<CouponView> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        self.view(&mut tx, caller.room.id, code).await
    }

    async fn view(&self, tx: &mut Tx, agency: Uuid, code: &str) -> Result<CouponView> {
        let hash = hash(&coupon::normalise(code).ok_or(AppError::NotFound("coupon"))?);
        let row = store::coupons(tx, agency, std::slice::from_ref(&hash)).await?.pop();
        let row = row.ok_or(AppError::NotFound("coupon"))?;
        let history = store::redemptions(tx, agency, &hash).await?;
        Ok(CouponView {
            code: ending(code),
            batch_id: row.batch_id,
            campaign_id: row.campaign_id,
            customer_id: row.customer_id,
            state: Worth::of(&row, row.customer_id, self.app.clock.now()).code(),
            held: row.held,
            used: row.used,
            uses: row.uses,
            expires_at: row.expires_at,
            history: history
                .into_iter()
                .map(|row| (row.quote_id, row.kind, row.at))
                .collect(),
        })
    }

    /// Revokes one code; what an open quote holds of it that quote keeps. The same again answers the same.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn revoke(&self, caller: &Caller, code: &str) -> Result<CouponView> {
        retrying!(self.try_revoke(caller, code))
    }

    async fn try_revoke(&self, caller: &Caller, code: &str) -> Result<CouponView> {
        let agency = caller.room.id;
        let hash = hash(&coupon::normalise(code).ok_or(AppError::NotFound("coupon"))?);
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::revoke(&mut tx, agency, &hash, self.app.clock.now()).await?;
        let view = self.view(&mut tx, agency, code).await?;
        let subject = format!("campaign/{}", view.campaign_id);
        let detail = json!({"batch": view.batch_id, "code": view.code});
        self.app
            .audit()
            .note(&mut tx, caller, "coupon.revoke", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(view)
    }
}
