//! Orders of rewards: points are set aside, and spent when the reward is handed out or free again when the order is called off.

use super::counter::{Deed, closed, next, short};
use super::orders::{End, parts, why};
use super::rewards::{RewardKind, RewardView};
use super::sheet::Sheet;
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::long;
use crate::webhooks::Told;
use crate::work::Workable;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Instant, words};
use posthouse_store::loyalty::{self as store, RedemptionRow};
use posthouse_store::work::Subject;
use posthouse_store::{Access, Tx};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// The kind of the task of whoever hands a reward out.
const FULFIL: &str = "fulfil";

/// What came of the task of an order that was called off without a word.
const CALLED_OFF: &str = "已取消 / called off";

/// The HTTP status of an order that is told again.
const CREATED: u16 = 201;

/// An order.
#[derive(Debug, Clone)]
pub struct RedemptionView {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer: Uuid,
    /// Key of the reward.
    pub reward: String,
    /// What it cost.
    pub points: i64,
    /// `requested`, `fulfilled` or `cancelled`.
    pub state: String,
    /// The code of a coupon, told this once.
    pub code: Option<String>,
    /// Whether it is of a coupon, whose code was told when it was ordered.
    pub is_coupon: bool,
    /// The task of whoever hands it out.
    pub task: Option<Uuid>,
    /// Who ordered it.
    pub requested_by: Uuid,
    /// When, in ms since 1970 of business time.
    pub requested_at: Instant,
    /// Who handed it out or called it off.
    pub decided_by: Option<Uuid>,
    /// When.
    pub decided_at: Option<Instant>,
    /// What there is to say about that.
    pub note: Option<String>,
}

impl RedemptionView {
    fn of(row: RedemptionRow) -> Self {
        Self {
            id: row.id,
            customer: row.customer_id,
            reward: row.reward,
            points: row.points,
            state: row.state,
            code: None,
            is_coupon: row.coupon.is_some(),
            task: row.task_id,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            note: row.note,
        }
    }
}

/// A title as it stands in a task: everybody reads the same words, so both languages.
fn in_both(zh: &str, en: &str) -> String {
    if zh == en {
        zh.to_owned()
    } else {
        format!("{zh} / {en}")
    }
}

/// Orders as things there is work about.
pub(crate) struct Ordered;

impl Workable for Ordered {
    const KIND: &'static str = "redemption";
    const TASK_KINDS: &'static [&'static str] = &[FULFIL];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        let id = Uuid::parse_str(name).map_err(|_| AppError::NotFound("redemption"))?;
        let row = store::redemption(tx, agency, id).await?;
        Ok(row.ok_or(AppError::NotFound("redemption"))?.id)
    }

    /// Nothing is to be done about what is handed out or called off.
    async fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        posthouse_store::intake::lock(tx, agency).await?;
        let row = store::redemption(tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("redemption"))?;
        match row.state.as_str() {
            "requested" => Ok(()),
            state => Err(AppError::conflict(
                "wrong_state",
                words!("the order is {state} already", "兑换单的状态已是 {state}"),
            )),
        }
    }

    async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let titles: HashMap<String, String> = store::rewards(tx, agency)
            .await?
            .into_iter()
            .map(|row| (row.key, in_both(&row.title_zh, &row.title_en)))
            .collect();
        let mut names = HashMap::new();
        for id in ids {
            if let Some(row) = store::redemption(tx, agency, *id).await? {
                let title = titles.get(&row.reward).cloned().unwrap_or(row.reward);
                names.insert(*id, title);
            }
        }
        Ok(names)
    }
}

impl Loyalty<'_> {
    /// Orders a reward for a member. A coupon is handed out at once, and its code is told this once; for anything else the points are set
    /// aside until somebody has handed it out, and a task says so. Ordered twice it is ordered twice, unless the request has a key.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the member or the reward; `data_masked`; `reward_not_open`, `reward_not_for_tier`, `reward_is_for_quotes`,
    /// `over_the_members_limit`, `out_of_stock`, `not_enough_points`; `member_suspended`, `member_closed`; `campaign_over`,
    /// `campaign_takes_no_coupons`.
    pub async fn redeem(&self, caller: &Caller, customer: Uuid, reward: &str) -> Result<RedemptionView> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        retrying!(self.try_redeem(caller, customer, reward))
    }

    async fn try_redeem(&self, caller: &Caller, customer: Uuid, reward: &str) -> Result<RedemptionView> {
        let agency = caller.room.id;
        // made before it is written: who asks again under a key hears of the same order
        let id = self.app.entropy.id(self.app.machine.now());
        let subject = format!("{}/{id}", Ordered::KIND);
        let (mut tx, _) = self.begin_on(caller, &subject, CREATED).await?;
        let moment = self.moment(caller);
        let row = store::reward(&mut tx, agency, reward).await?;
        let row = row.ok_or(AppError::NotFound("reward"))?;
        let (campaign, batch) = (row.campaign_id, row.batch_id);
        let reward = RewardView::try_from(row)?;
        let mut sheet = self.spender(&mut tx, caller, customer).await?;
        let points = self.price(&mut tx, caller, &reward, &sheet).await?;
        if !store::take_piece(&mut tx, agency, &reward.key, 1).await? {
            return Err(AppError::conflict(
                "out_of_stock",
                words!("no piece of {key} is left", "{key} 已兑完", key = reward.key),
            ));
        }
        let mut order = RedemptionRow {
            id,
            customer_id: customer,
            reward: reward.key.clone(),
            points,
            parts: String::new(),
            state: "requested".to_owned(),
            coupon: None,
            task_id: None,
            requested_by: caller.actor,
            requested_at: moment.now,
            decided_by: None,
            decided_at: None,
            note: None,
        };
        let mut code = None;
        let (kind, moved) = match (reward.kind, campaign, batch) {
            (RewardKind::Coupon, Some(campaign), Some(batch)) => {
                let (made, hash) = self
                    .app
                    .coupons()
                    .issue(&mut tx, agency, (campaign, batch), customer)
                    .await?;
                (code, order.coupon) = (Some(made), Some(hash));
                (order.state, order.decided_by, order.decided_at) =
                    ("fulfilled".to_owned(), Some(caller.actor), Some(moment.now));
                ("redeemed", sheet.account.spend(points))
            }
            _ => ("set_aside", sheet.account.hold(points)),
        };
        let moved = moved.map_err(short(points))?;
        order.parts = json!(parts(&moved)).to_string();
        sheet.note(
            self.app,
            Wallet::Points,
            &moved,
            why(kind, (Ordered::KIND, id), Some(caller.actor)),
        );
        if order.state == "requested" {
            // the order is there before the task about it
            let title = format!(
                "{} · {}",
                in_both(&reward.terms.title.zh_cn, &reward.terms.title.en),
                sheet.member.member_no
            );
            let subject = Subject {
                kind: Ordered::KIND,
                id,
            };
            order.task_id = Some(
                self.app
                    .tasks()
                    .write_down(&mut tx, caller, subject, FULFIL, &title)
                    .await?,
            );
        }
        store::insert_redemption(&mut tx, agency, &order).await?;
        let ordered = self.told(caller, &order, "reward.ordered");
        let deed = Deed {
            action: "reward.redeem",
            subject: format!("customer/{customer}"),
            detail: json!({"redemption": id, "reward": reward.key}),
        };
        self.finish(tx, caller, vec![sheet], deed, vec![ordered]).await?;
        Ok(RedemptionView {
            code,
            ..RedemptionView::of(order)
        })
    }

    /// What a reward costs a member who may have it.
    async fn price(&self, tx: &mut Tx, caller: &Caller, reward: &RewardView, sheet: &Sheet) -> Result<i64> {
        let conflict = |code, detail| Err(AppError::conflict(code, detail));
        let key = &reward.key;
        if reward.kind == RewardKind::MoneyOff {
            return conflict(
                "reward_is_for_quotes",
                words!(
                    "{key} is money off a quote: send points with POST /quotes",
                    "{key} 用于报价抵扣：请在 POST /quotes 中填写 points"
                ),
            );
        }
        if !reward.is_open(self.moment(caller).today) {
            return conflict(
                "reward_not_open",
                words!("{key} cannot be ordered today", "{key} 今日不可兑换"),
            );
        }
        let tier = sheet.member.tier.as_deref();
        let Some(points) = reward.price(tier) else {
            return conflict(
                "reward_not_for_tier",
                words!("{key} is not for members of this tier", "{key} 不对该等级开放"),
            );
        };
        if let Some(most) = reward.terms.per_member
            && store::redeemed(tx, caller.room.id, sheet.member.customer_id, key).await? >= most
        {
            return conflict(
                "over_the_members_limit",
                words!(
                    "a member orders {key} {most} times at most",
                    "每位会员最多兑换 {key} {most} 次"
                ),
            );
        }
        Ok(points)
    }

    /// Says that a reward was handed out: the points are spent. Said again it stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `redemption_decided`, `redemption_of_quote`; `bad_note`.
    pub async fn fulfil(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<RedemptionView> {
        self.must_see_redemption(caller, id).await?;
        let note = long(&words!("note", "备注"), note)?;
        retrying!(self.try_decide_redemption(caller, id, "fulfilled", note.as_deref()))
    }

    /// Calls an order off: the points come back into their lots, those that are over meanwhile for the programme's days of grace, and the piece
    /// is there again. A coupon can be returned as long as nobody has used it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `redemption_decided`, `redemption_of_quote`; `coupon_used`; `member_closed`; `bad_note`.
    pub async fn cancel(&self, caller: &Caller, id: Uuid, note: Option<&str>) -> Result<RedemptionView> {
        self.must_see_redemption(caller, id).await?;
        let note = long(&words!("note", "备注"), note)?;
        retrying!(self.try_decide_redemption(caller, id, "cancelled", note.as_deref()))
    }

    async fn try_decide_redemption(
        &self,
        caller: &Caller,
        id: Uuid,
        state: &'static str,
        note: Option<&str>,
    ) -> Result<RedemptionView> {
        let agency = caller.room.id;
        let (mut tx, _) = self.begin(caller).await?;
        let moment = self.moment(caller);
        let before = store::redemption(&mut tx, agency, id).await?;
        let before = before.ok_or(AppError::NotFound("redemption"))?;
        if before.state == state {
            return Ok(RedemptionView::of(before));
        }
        let takes_back = state == "cancelled" && before.state == "fulfilled" && before.coupon.is_some();
        if before.state != "requested" && !takes_back {
            return Err(AppError::conflict(
                "redemption_decided",
                words!(
                    "the order is {state} already",
                    "兑换单的状态已是 {state}",
                    state = before.state
                ),
            ));
        }
        if store::reward(&mut tx, agency, &before.reward)
            .await?
            .is_some_and(|reward| reward.kind == RewardKind::MoneyOff.as_str())
        {
            return Err(AppError::conflict(
                "redemption_of_quote",
                words!(
                    "these points are a quote's: confirm or release quote {id}",
                    "这些积分属于报价 {id}：请确认或释放该报价"
                ),
            ));
        }
        let order = RedemptionRow {
            state: state.to_owned(),
            decided_by: Some(caller.actor),
            decided_at: Some(moment.now),
            note: note.map(str::to_owned),
            ..before
        };
        if takes_back {
            let member = store::member(&mut tx, agency, order.customer_id).await?;
            if let Some(member) = member.filter(|member| member.state == "closed") {
                return Err(closed(&member.member_no));
            }
            if let Some(coupon) = &order.coupon {
                self.app.coupons().take_back(&mut tx, agency, coupon).await?;
            }
        }
        let end = match state {
            "fulfilled" => End::Spend,
            _ if takes_back => End::Return,
            _ => End::Free,
        };
        let sheet = self
            .end_order(&mut tx, agency, moment, (Ordered::KIND, end), &order)
            .await?;
        if let Some(task) = order.task_id {
            let called_off = (state == "cancelled").then_some(CALLED_OFF);
            self.app
                .tasks()
                .settle(&mut tx, caller, task, note.or(called_off))
                .await?;
        }
        let deed = Deed {
            action: if state == "fulfilled" {
                "reward.fulfil"
            } else {
                "reward.cancel"
            },
            subject: format!("customer/{}", order.customer_id),
            detail: json!({"redemption": id, "reward": order.reward}),
        };
        self.finish(tx, caller, vec![sheet], deed, Vec::new()).await?;
        Ok(RedemptionView::of(order))
    }

    async fn must_see_redemption(&self, caller: &Caller, id: Uuid) -> Result<()> {
        self.redemption(caller, id).await.map(drop)
    }

    /// One order.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub async fn redemption(&self, caller: &Caller, id: Uuid) -> Result<RedemptionView> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::redemption(&mut tx, caller.room.id, id).await?;
        drop(tx);
        let row = row.ok_or(AppError::NotFound("redemption"))?;
        let seen = self.must_see(caller, row.customer_id).await;
        seen.map_err(|_| AppError::NotFound("redemption"))?;
        caller.must_see_money()?;
        Ok(RedemptionView::of(row))
    }

    /// Orders, the latest first: of a state, of a member, or all.
    ///
    /// # Errors
    /// `data_masked`; [`AppError::NotFound`] for a customer whom the caller does not see.
    pub async fn redemptions(
        &self,
        caller: &Caller,
        (state, customer): (Option<&str>, Option<Uuid>),
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<RedemptionView>, Option<String>)> {
        self.must_see_list(caller, customer).await?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = store::redemptions(&mut tx, agency, (state, customer), before, limit as i64 + 1).await?;
        let next = next(&mut rows, limit, |row| row.id);
        Ok((rows.into_iter().map(RedemptionView::of).collect(), next))
    }

    fn told(&self, caller: &Caller, order: &RedemptionRow, kind: &'static str) -> Told {
        Told {
            kind,
            subject: format!("member/{}", order.customer_id),
            at: order.requested_at,
            data: json!({
                "redemption_id": order.id,
                "customer_id": order.customer_id,
                "reward": order.reward,
                "points": order.points,
                "state": order.state,
                "by": caller.actor,
            }),
        }
    }
}
