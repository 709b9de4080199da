//! Making coupons: batches of codes, which are told once, in the answer that made them.

use super::BatchView;
use super::abandon::{ABANDONED, Abandon};
use crate::campaigns::find;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Job, JobClock, Lane, NewJob};
use crate::quotes::hash;
use crate::team::Caller;
use crate::{Coupons, Room};
use posthouse_domain::campaign::{Plan, State};
use posthouse_domain::normal::steers;
use posthouse_domain::promotion::coupon;
use posthouse_domain::{Instant, Words, words};
use posthouse_engine::NONE;
use posthouse_store::campaigns::CampaignRow;
use posthouse_store::coupons::{self as store, BatchRow, BatchUse, NewCoupon};
use posthouse_store::{Access, Tx, intake, profiles};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// Most codes of one batch.
pub const LARGEST_BATCH: usize = 100_000;
/// Most uses of one code.
const MOST_USES: i32 = 10_000;
/// Codes written in one transaction, so that nobody waits long for a large batch.
const CHUNK: usize = 5_000;

/// For whom the codes of a batch are.
#[derive(Debug, Clone)]
pub enum Bearers {
    /// For whoever brings one: so many codes.
    Anyone(usize),
    /// For these customers, a code each.
    Customers(Vec<Uuid>),
    /// For everyone who is in this segment (`binding.key`) now, a code each.
    Segment(String),
}

/// A batch to be made.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// For people.
    pub label: String,
    /// For whom.
    pub bearers: Bearers,
    /// How often each code can be used.
    pub uses: i32,
    /// When the codes end, in ms since 1970.
    pub expires_at: Option<Instant>,
}

/// A code, told this once.
#[derive(Debug, Clone)]
pub struct MadeCode {
    /// The code.
    pub code: String,
    /// Whose it is.
    pub customer_id: Option<Uuid>,
}

impl NewBatch {
    fn check(&self, now: Instant) -> Result<()> {
        let bad = |detail: Words| Err(AppError::invalid("bad_batch", detail));
        if self.label.trim().is_empty() || self.label.len() > 200 || self.label.chars().any(steers) {
            return bad(words!(
                "give the batch a label of 1 to 200 bytes",
                "请填写券批次名称，1 到 200 字节"
            ));
        }
        let count = match &self.bearers {
            Bearers::Anyone(count) => *count,
            Bearers::Customers(customers) => customers.len(),
            Bearers::Segment(_) => 1,
        };
        if !(1..=LARGEST_BATCH).contains(&count) {
            return bad(words!(
                "a batch has 1 to {LARGEST_BATCH} codes, this one would have {count}",
                "一批 1 到 {LARGEST_BATCH} 个券码，此批为 {count} 个"
            ));
        }
        if !(1..=MOST_USES).contains(&self.uses) {
            return bad(words!(
                "uses is {uses}; each code can be used 1 to {MOST_USES} times",
                "uses 为 {uses}；每个券码可用 1 到 {MOST_USES} 次",
                uses = self.uses
            ));
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return bad(words!("expires_at is in the past", "expires_at 已经过期"));
        }
        Ok(())
    }
}

impl Coupons<'_> {
    /// Makes a batch of codes for a campaign. The codes are in the answer and nowhere else: a batch whose answer was lost is revoked, and
    /// another one made.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_batch`, `campaign_takes_no_coupons`, `campaign_over`, `unknown_customer`, `unknown_segment`.
    pub async fn make(&self, caller: &Caller, campaign: &str, new: NewBatch) -> Result<(BatchView, Vec<MadeCode>)> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        new.check(now)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let campaign = find(&mut tx, agency, campaign).await?;
        takes_coupons(&campaign)?;
        let owners = self.owners_of(&caller.room, &mut tx, &new.bearers).await?;
        drop(tx);
        let codes: Vec<MadeCode> = owners
            .into_iter()
            .map(|customer_id| MadeCode {
                code: coupon::new(&*self.app.entropy),
                customer_id,
            })
            .collect();
        let row = BatchRow {
            // by the machine's time, so that lists stay in order where the business clock stands still
            id: self.app.entropy.id(self.app.machine.now()),
            campaign_id: campaign.id,
            label: new.label.trim().to_owned(),
            personal: !matches!(new.bearers, Bearers::Anyone(_)),
            count: codes.len() as i64,
            uses: new.uses,
            expires_at: new.expires_at,
            state: "making".into(),
            created_by: caller.actor,
            created_at: now,
        };
        retrying!(self.begin_batch(caller, &row))?;
        for chunk in codes.chunks(CHUNK) {
            let coupons: Vec<NewCoupon> = chunk
                .iter()
                .map(|made| NewCoupon {
                    hash: hash(&made.code.replace('-', "")),
                    customer_id: made.customer_id,
                })
                .collect();
            retrying!(self.write_codes(agency, row.id, &coupons))?;
        }
        // only now do they count: codes of a batch that was never finished are nobody's
        if !retrying!(self.finish_batch(caller, &row))? {
            let detail = words!(
                "the batch was revoked while its codes were being created; create another one",
                "生成券码期间此批次已被作废；请另建一批"
            );
            return Err(AppError::conflict("batch_revoked", detail));
        }
        let row = BatchRow {
            state: "ready".into(),
            ..row
        };
        tracing::info!(agency = %caller.room.slug, campaign = %campaign.key, count = row.count, "coupons made");
        Ok((BatchView::of(row, BatchUse::default()), codes))
    }

    /// Makes a batch without codes, which get into it one by one as they are earned, in somebody else's transaction; the campaign and the batch.
    pub(crate) async fn open_batch(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        campaign: &str,
        label: &str,
    ) -> Result<(Uuid, Uuid)> {
        let campaign = find(tx, caller.room.id, campaign).await?;
        takes_coupons(&campaign)?;
        let row = BatchRow {
            id: self.app.entropy.id(self.app.machine.now()),
            campaign_id: campaign.id,
            label: label.to_owned(),
            personal: true,
            count: 0,
            uses: 1,
            expires_at: None,
            state: "ready".into(),
            created_by: caller.actor,
            created_at: self.app.clock.now(),
        };
        store::insert_batch(tx, caller.room.id, &row).await?;
        Ok((campaign.id, row.id))
    }

    /// Makes a code of a batch for a customer, in somebody else's transaction; the code and its hash.
    ///
    /// # Errors
    /// `campaign_over`, `campaign_takes_no_coupons`, `batch_revoked`.
    pub(crate) async fn issue(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        (campaign, batch): (Uuid, Uuid),
        customer: Uuid,
    ) -> Result<(String, Vec<u8>)> {
        takes_coupons(&find(tx, agency, &campaign.to_string()).await?)?;
        if !store::grow_batch(tx, agency, batch, 1).await? {
            return Err(AppError::conflict(
                "batch_revoked",
                words!(
                    "the batch of these codes was revoked; make another reward for the campaign",
                    "该奖励的券批次已作废；请为活动另建奖励"
                ),
            ));
        }
        let code = coupon::new(&*self.app.entropy);
        let hash = hash(&code.replace('-', ""));
        let new = NewCoupon {
            hash: hash.clone(),
            customer_id: Some(customer),
        };
        store::insert(tx, agency, batch, &[new]).await?;
        Ok((code, hash))
    }

    /// Revokes a code that nobody has used, in somebody else's transaction.
    ///
    /// # Errors
    /// `coupon_used`.
    pub(crate) async fn take_back(&self, tx: &mut Tx, agency: Uuid, hash: &[u8]) -> Result<()> {
        // one statement, as quotes hold coupons without the lock that is held here
        if store::revoke_unused(tx, agency, hash, self.app.clock.now()).await? {
            return Ok(());
        }
        let there = store::coupons(tx, agency, &[hash.to_vec()]).await?;
        match there.iter().all(|coupon| coupon.used == 0 && coupon.held == 0) {
            // it was revoked by itself, or with its batch
            true => Ok(()),
            false => Err(AppError::conflict(
                "coupon_used",
                words!(
                    "the coupon was used, or a quote holds it; release the quote first",
                    "该券已使用，或被报价占用；请先释放报价"
                ),
            )),
        }
    }

    async fn begin_batch(&self, caller: &Caller, row: &BatchRow) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::insert_batch(&mut tx, agency, row).await?;
        let abandoned = NewJob {
            kind: Abandon::KIND,
            key: &row.id.to_string(),
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: self.app.machine.now() + ABANDONED,
        };
        jobs::put(&mut tx, agency, abandoned).await?;
        Ok(tx.commit().await?)
    }

    async fn write_codes(&self, agency: Uuid, batch: Uuid, coupons: &[NewCoupon]) -> Result<()> {
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::insert(&mut tx, agency, batch, coupons).await?;
        Ok(tx.commit().await?)
    }

    async fn finish_batch(&self, caller: &Caller, row: &BatchRow) -> Result<bool> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        jobs::cancel(&mut tx, agency, Abandon::KIND, &row.id.to_string()).await?;
        if !store::set_batch_state(&mut tx, agency, row.id, "making", "ready").await? {
            return Ok(false);
        }
        let subject = format!("campaign/{}", row.campaign_id);
        let detail = json!({"batch": row.id, "count": row.count, "uses": row.uses});
        self.app
            .audit()
            .note(&mut tx, caller, "coupons.make", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whose each code is; nobody's for codes of whoever brings them.
    async fn owners_of(&self, room: &Arc<Room>, tx: &mut Tx, bearers: &Bearers) -> Result<Vec<Option<Uuid>>> {
        let customers = match bearers {
            Bearers::Anyone(count) => return Ok(vec![None; *count]),
            Bearers::Customers(customers) => {
                let mut wanted = customers.clone();
                wanted.sort_unstable();
                wanted.dedup();
                let mut known: HashSet<Uuid> = HashSet::with_capacity(wanted.len());
                for chunk in wanted.chunks(CHUNK) {
                    let rows = intake::customers(tx, room.id, chunk).await?;
                    known.extend(rows.into_iter().map(|row| row.id));
                }
                if let Some(unknown) = wanted.iter().find(|id| !known.contains(id)) {
                    return Err(AppError::invalid(
                        "unknown_customer",
                        words!(
                            "there is no customer {unknown}; no code was created",
                            "没有客户 {unknown}；未生成任何券码"
                        ),
                    ));
                }
                wanted
            }
            Bearers::Segment(segment) => self.members_now(room, tx, segment).await?,
        };
        Ok(customers.into_iter().map(Some).collect())
    }

    async fn members_now(&self, room: &Arc<Room>, tx: &mut Tx, segment: &str) -> Result<Vec<Uuid>> {
        self.app.segments().ensure_loaded(room).await?;
        let unknown = || {
            AppError::invalid(
                "unknown_segment",
                words!(
                    "there is no segment {segment:?}; write it as BINDING.KEY, GET /segments lists them",
                    "没有分群 {segment:?}；请写成 BINDING.KEY，可用 GET /segments 查看"
                ),
            )
        };
        let (binding, key) = segment.split_once('.').ok_or_else(unknown)?;
        let ordinals: Vec<i64> = {
            let all = room.live();
            let live = all.get(binding).ok_or_else(unknown)?;
            let class = live.index(key).filter(|class| *class != NONE).ok_or_else(unknown)?;
            let members = live.classes.iter().enumerate().filter(|(_, found)| **found == class);
            members.map(|(ordinal, _)| ordinal as i64).collect()
        };
        if ordinals.is_empty() || ordinals.len() > LARGEST_BATCH {
            return Err(AppError::invalid(
                "bad_batch",
                words!(
                    "segment {segment} has {ordinals} members; a batch has 1 to {LARGEST_BATCH} codes",
                    "分群 {segment} 有 {ordinals} 人；一批 1 到 {LARGEST_BATCH} 个券码",
                    ordinals = ordinals.len()
                ),
            ));
        }
        let mut customers = Vec::with_capacity(ordinals.len());
        for chunk in ordinals.chunks(CHUNK) {
            let rows = profiles::customers_at(tx, room.id, chunk).await?;
            customers.extend(rows.into_iter().map(|row| row.id));
        }
        Ok(customers)
    }
}

/// Whether coupons can be made for a campaign.
fn takes_coupons(row: &CampaignRow) -> Result<()> {
    if matches!(State::parse(&row.state), Some(State::Ended | State::Evaluated)) {
        return Err(AppError::conflict(
            "campaign_over",
            words!(
                "campaign {key} is over; its coupons would open nothing",
                "活动 {key} 已结束；它的券不再有用",
                key = row.key
            ),
        ));
    }
    let plan: Plan = serde_json::from_str(&row.plan).map_err(AppError::corrupt("plan"))?;
    if !plan.needs_coupon {
        return Err(AppError::conflict(
            "campaign_takes_no_coupons",
            words!(
                "campaign {key} is open without coupons; set needs_coupon in its plan first",
                "活动 {key} 无需券码；请先在方案中设置 needs_coupon",
                key = row.key
            ),
        ));
    }
    Ok(())
}
