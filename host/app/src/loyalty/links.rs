//! A member's own page: a link that the host has signed, that ends by itself and can be taken back, and what it shows.

use super::counter::{Deed, closed};
use super::programme::Programme;
use super::sheet::BY_HAND;
use super::{Line, MemberView, RewardKind, RewardView, Rung, Statement, StatementFilter};
use crate::error::{AppError, Result, Soon, retrying, soon};
use crate::team::{Caller, Rows, Scope};
use crate::{Loyalty, Room};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Day, Instant, words};
use posthouse_store::loyalty::{self as store, LinkRow};
use posthouse_store::{Access, profiles, team};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// Most days a link lasts.
const LONGEST: i64 = 366;
const DAY_MILLIS: i64 = 86_400_000;
/// How many of the latest lines of a statement its member can look at.
const NEWEST: usize = 1_000;
/// How often it is noted that a link was opened, in ms.
const SEEN_MILLIS: i64 = 3_600_000;
/// Links of a member that can be opened at once.
const MOST: i64 = 20;
/// Bytes of an id.
const ID: usize = 16;

/// A link to a member's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkView {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer: Uuid,
    /// Who made it.
    pub made_by: Uuid,
    /// When, in ms since 1970.
    pub made_at: Instant,
    /// When it ends.
    pub expires_at: Instant,
    /// When it was last opened, to the hour.
    pub seen_at: Option<Instant>,
}

impl From<LinkRow> for LinkView {
    fn from(row: LinkRow) -> Self {
        Self {
            id: row.id,
            customer: row.customer_id,
            made_by: row.made_by,
            made_at: row.made_at,
            expires_at: row.expires_at,
            seen_at: row.seen_at,
        }
    }
}

/// What a member sees of themselves.
#[derive(Debug)]
pub struct OwnPage {
    /// The agency.
    pub room: Arc<Room>,
    /// What the agency is called.
    pub agency: String,
    /// The name by which the member is greeted.
    pub name: Option<String>,
    /// What points are called, and the terms.
    pub programme: Programme,
    /// Balance, tier and code.
    pub member: MemberView,
    /// Every tier with what its members get, the lowest first.
    pub ladder: Vec<Rung>,
    /// What can be ordered now, with what it costs the member.
    pub rewards: Vec<(RewardView, i64)>,
    /// What moved.
    pub statement: Statement,
    /// When the link ends, in ms since 1970.
    pub expires_at: Instant,
}

fn nobody() -> AppError {
    AppError::Missing(words!(
        "this link is not valid any more; ask your travel agency for a new one",
        "此链接已失效；请向旅行社索取新的链接"
    ))
}

impl Loyalty<'_> {
    /// Makes a link to a member's own page, good for so many days; it, and its path on the server, which is shown this once.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`; `bad_days`; `member_closed`; `too_many_member_links`.
    pub fn make_link<'s>(&'s self, caller: &'s Caller, customer: Uuid, days: i64) -> Soon<'s, (LinkView, String)> {
        soon(self.check_and_make_link(caller, customer, days))
    }

    async fn check_and_make_link(&self, caller: &Caller, customer: Uuid, days: i64) -> Result<(LinkView, String)> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        if !(1..=LONGEST).contains(&days) {
            return Err(AppError::invalid(
                "bad_days",
                words!(
                    "days is {days}; a link lasts 1 to {LONGEST} days",
                    "days 为 {days}；链接有效期为 1 到 {LONGEST} 天"
                ),
            ));
        }
        let view = retrying!(self.try_make_link(caller, customer, days))?;
        let agency = caller.room.id;
        let token = [
            view.id.as_bytes().as_slice(),
            &self.app.documents.sign_link(agency, view.id),
        ];
        let token = URL_SAFE_NO_PAD.encode(token.concat());
        Ok((view, format!("/p/{}/m/{token}", caller.room.slug)))
    }

    async fn try_make_link(&self, caller: &Caller, customer: Uuid, days: i64) -> Result<LinkView> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let (mut tx, _) = self.begin(caller).await?;
        let member = store::member(&mut tx, agency, customer).await?;
        let member = member.ok_or(AppError::NotFound("member"))?;
        if member.state == "closed" {
            return Err(closed(&member.member_no));
        }
        if store::open_links(&mut tx, agency, customer, now, MOST).await?.len() as i64 == MOST {
            return Err(AppError::conflict(
                "too_many_member_links",
                words!(
                    "there are {MOST} links to this page that can be opened; take some back first",
                    "该页面已有 {MOST} 个有效链接；请先收回一些"
                ),
            ));
        }
        let row = LinkRow {
            id: self.app.entropy.id(now),
            customer_id: customer,
            made_by: caller.actor,
            made_at: now,
            expires_at: now + days * DAY_MILLIS,
            revoked_at: None,
            seen_at: None,
        };
        store::insert_link(&mut tx, agency, &row).await?;
        let deed = Deed {
            action: "member.link",
            subject: format!("customer/{customer}"),
            detail: json!({"link": row.id, "days": days}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        Ok(row.into())
    }

    /// The links to a member's own page that can be opened, the latest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub fn open_links<'s>(&'s self, caller: &'s Caller, customer: Uuid) -> Soon<'s, Vec<LinkView>> {
        soon(self.read_open_links(caller, customer))
    }

    async fn read_open_links(&self, caller: &Caller, customer: Uuid) -> Result<Vec<LinkView>> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let rows = store::open_links(&mut tx, agency, customer, now, MOST).await?;
        Ok(rows.into_iter().map(LinkView::from).collect())
    }

    /// Takes a link back: from then on it opens nothing. One that was taken back stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `data_masked`.
    pub fn revoke_link<'s>(&'s self, caller: &'s Caller, customer: Uuid, id: Uuid) -> Soon<'s, ()> {
        soon(self.check_and_revoke_link(caller, customer, id))
    }

    async fn check_and_revoke_link(&self, caller: &Caller, customer: Uuid, id: Uuid) -> Result<()> {
        self.must_see(caller, customer).await?;
        caller.must_see_money()?;
        retrying!(self.try_revoke_link(caller, customer, id))
    }

    async fn try_revoke_link(&self, caller: &Caller, customer: Uuid, id: Uuid) -> Result<()> {
        let (agency, now) = (caller.room.id, self.app.machine.now());
        let (mut tx, _) = self.begin(caller).await?;
        let row = store::link(&mut tx, agency, id).await?;
        if row.is_none_or(|row| row.customer_id != customer) {
            return Err(AppError::NotFound("link"));
        }
        store::revoke_link(&mut tx, agency, id, now).await?;
        let deed = Deed {
            action: "member.unlink",
            subject: format!("customer/{customer}"),
            detail: json!({"link": id}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await
    }

    /// What a link shows to whoever has it, with lines about points of so many days, today included, behind a line.
    ///
    /// # Errors
    /// [`AppError::Missing`], whatever is wrong with the link.
    pub fn own_page<'s>(&'s self, link: (&'s str, &'s str), days: Day, after: i64, limit: usize) -> Soon<'s, OwnPage> {
        soon(self.read_own_page(link, days, after, limit))
    }

    async fn read_own_page(&self, (slug, token): (&str, &str), days: Day, after: i64, limit: usize) -> Result<OwnPage> {
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| nobody())?;
        let (id, signature) = token.split_at_checked(ID).ok_or_else(nobody)?;
        let id = Uuid::from_slice(id).map_err(|_| nobody())?;
        let mut tx = self.app.store.read(Access::Jobs).await?;
        let agency = team::agency_of_slug(&mut tx, slug).await?;
        drop(tx);
        let agency = agency.ok_or_else(nobody)?;
        // nothing is looked up for whoever made it up
        if !self.app.documents.signs_link(agency, id, signature) {
            return Err(nobody());
        }
        let (room, now) = (self.app.room(agency).await?, self.app.machine.now());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let link = store::link(&mut tx, agency, id).await?;
        let link = link.filter(|link| link.revoked_at.is_none() && link.expires_at > now);
        let link = link.ok_or_else(nobody)?;
        let row = team::agency(&mut tx, agency).await?.ok_or_else(nobody)?;
        let customer = profiles::customer(&mut tx, agency, link.customer_id).await?;
        let programme = store::programme(&mut tx, agency).await?.ok_or_else(nobody)?;
        let ladder = self.defined(&mut tx, agency).await?;
        drop(tx);
        // what is shown is what they have themselves; nothing is asked about anybody else
        let own = Caller {
            room: room.clone(),
            actor: link.id,
            scopes: vec![Scope::Read],
            masks: Vec::new(),
            rows: Rows::All,
            holder: None,
            ticket: None,
        };
        let member = self.member(&own, link.customer_id, None).await?;
        if member.state == "closed" {
            return Err(nobody());
        }
        let today = self.moment(&own).today;
        let tier = member.tier.as_ref().map(|tier| tier.key.as_str());
        let rewards = self.rewards(&own).await?.into_iter();
        let rewards = rewards
            .filter(|reward| reward.kind != RewardKind::MoneyOff && reward.is_open(today) && reward.left() != Some(0))
            .filter_map(|reward| reward.price(tier).map(|price| (reward, price)));
        let rewards = rewards.collect();
        let lines = StatementFilter {
            wallet: Some(Wallet::Points),
            ..StatementFilter::of_days(today - (days - 1), today)
        };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let entries = store::member(&mut tx, agency, link.customer_id)
            .await?
            .map_or(0, |row| row.entries);
        drop(tx);
        let newest = (entries - NEWEST as i64).max(0);
        let mut statement = self.statement(&own, link.customer_id, &lines, newest, NEWEST).await?;
        latest_first(&mut statement, after, limit);
        self.note_seen(&room, &link, now);
        Ok(OwnPage {
            agency: row.name,
            name: customer.and_then(|row| crate::labels::shown_name(&row.profile)),
            programme: Programme::try_from(programme)?,
            member,
            ladder: ladder
                .into_iter()
                .map(|tier| Rung {
                    key: tier.key,
                    title: tier.title,
                    benefits: tier.benefits,
                })
                .collect(),
            rewards,
            statement,
            expires_at: link.expires_at,
            room,
        })
    }

    /// Notes beside the request, once an hour, that a link was opened: nobody waits for it, and what fails is only not known.
    fn note_seen(&self, room: &Room, link: &LinkRow, now: Instant) {
        if link.seen_at.is_some_and(|seen| now - seen < SEEN_MILLIS) {
            return;
        }
        let (store, agency, id) = (self.app.store.clone(), room.id, link.id);
        self.app.background.spawn(async move {
            let noted = async {
                let mut tx = store.write(Access::Agency(agency)).await?;
                store::touch_link(&mut tx, agency, id, (now, now - SEEN_MILLIS)).await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                tracing::debug!(%error, "it is not noted that a link was opened");
            }
        });
    }
}

/// A page of a statement for its member: the latest lines first, and without what colleagues wrote to each other.
fn latest_first(statement: &mut Statement, skipped: i64, limit: usize) {
    let skipped = usize::try_from(skipped).unwrap_or_default();
    let lines = std::mem::take(&mut statement.lines).into_iter().rev();
    let mut lines: Vec<Line> = lines.skip(skipped).take(limit + 1).collect();
    statement.next = (lines.len() > limit).then(|| (skipped + limit) as i64);
    lines.truncate(limit);
    for line in &mut lines {
        line.reason = line.reason.take().filter(|reason| reason.code != BY_HAND);
    }
    statement.lines = lines;
}
