//! Referrals: who brought whom, and why some are none.

use super::counter::Deed;
use super::members;
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::rules::Moment;
use crate::team::{Caller, Rows};
use posthouse_domain::link::LinkKind;
use posthouse_domain::{Day, Instant, words};
use posthouse_store::links::{self, LinkRow};
use posthouse_store::loyalty::{self as store, ReferralRow};
use posthouse_store::{Access, Tx, intake};
use serde_json::json;
use uuid::Uuid;

/// Days of a year of referrals.
pub(super) const YEAR: Day = 365;
/// How many referrals up the chain are followed.
const MOST_HOPS: usize = 50;
/// A day, in ms.
const DAY_MILLIS: i64 = 86_400_000;

/// Who brought whom.
#[derive(Debug, Clone)]
pub struct ReferralView {
    /// Id.
    pub id: Uuid,
    /// The member who brought somebody; none for those who do not see them.
    pub referrer: Option<Uuid>,
    /// Whom.
    pub customer: Uuid,
    /// `registered`, `first_trip`, `rewarded` or `rejected`.
    pub state: String,
    /// Why it was rejected: `oneself`, `family`, `ring`, `over_the_cap` or `old_customer`.
    pub why: Option<String>,
    /// When it was written down, in ms since 1970 of business time.
    pub registered_at: Instant,
    /// The booking whose trip completed it.
    pub booking: Option<String>,
    /// The day on which that was over.
    pub completed_on: Option<Day>,
    /// When both sides were rewarded.
    pub rewarded_at: Option<Instant>,
}

impl From<ReferralRow> for ReferralView {
    fn from(row: ReferralRow) -> Self {
        Self {
            id: row.id,
            referrer: Some(row.referrer_id),
            customer: row.customer_id,
            state: row.state,
            why: row.why,
            registered_at: row.registered_at,
            booking: row.booking_id,
            completed_on: row.completed_on,
            rewarded_at: row.rewarded_at,
        }
    }
}

impl Loyalty<'_> {
    /// Writes down that a customer was brought by whoever has this code, and makes them a member. A referral that cannot be one is written down
    /// as rejected, with the reason.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `unknown_code`; `already_referred`, `no_programme`.
    pub async fn refer(&self, caller: &Caller, code: &str, customer: Uuid) -> Result<ReferralView> {
        self.must_see(caller, customer).await?;
        let code: String = code
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .take(20)
            .collect::<String>()
            .to_ascii_uppercase();
        let view = retrying!(self.try_refer(caller, &code, customer))?;
        let seen = match view.referrer {
            Some(referrer) => self.must_see(caller, referrer).await.is_ok(),
            None => false,
        };
        Ok(ReferralView {
            referrer: view.referrer.filter(|_| seen),
            ..view
        })
    }

    async fn try_refer(&self, caller: &Caller, code: &str, customer: Uuid) -> Result<ReferralView> {
        let agency = caller.room.id;
        let (mut tx, programme) = self.begin(caller).await?;
        let moment = self.moment(caller);
        let Some(referrer) = store::member_by_code(&mut tx, agency, code).await? else {
            return Err(AppError::invalid(
                "unknown_code",
                words!("no member has the code {code:?}", "没有会员使用推荐码 {code:?}"),
            ));
        };
        if let Some(known) = store::referrals_of(&mut tx, agency, &[customer]).await?.pop() {
            // the same said again is the same
            if known.referrer_id == referrer {
                return Ok(known.into());
            }
            return Err(AppError::conflict(
                "already_referred",
                words!(
                    "the customer was brought by another member on {day}",
                    "该客户已于 {day} 由另一位会员推荐",
                    day = posthouse_domain::time::day_text(caller.room.day_of(known.registered_at))
                ),
            ));
        }
        let why = self
            .objection(&mut tx, agency, (referrer, customer), &programme, moment)
            .await?;
        let row = ReferralRow {
            id: self.app.entropy.id(self.app.machine.now()),
            referrer_id: referrer,
            customer_id: customer,
            code: code.to_owned(),
            state: if why.is_some() { "rejected" } else { "registered" }.to_owned(),
            why: why.map(str::to_owned),
            booking_id: None,
            registered_at: moment.now,
            completed_on: None,
            rewarded_at: None,
        };
        store::put_referral(&mut tx, agency, &row).await?;
        if why.is_none() {
            let bookings = intake::bookings_of(&mut tx, agency, &[customer]).await?;
            store::touch(&mut tx, agency, &bookings).await?;
            let link = LinkRow {
                customer_id: referrer,
                kind: LinkKind::Referrer.as_str().to_owned(),
                other_id: customer,
                source: "loyalty".to_owned(),
                at: moment.now,
            };
            links::put_link(&mut tx, agency, &link).await?;
            members::enrol(self.app, &mut tx, &caller.room, &[customer], moment).await?;
            self.app
                .facts()
                .contribute::<super::Standing>(&mut tx, agency, &[customer], moment.today)
                .await?;
        }
        let deed = Deed {
            action: "referral.register",
            subject: format!("customer/{customer}"),
            detail: json!({"referral": row.id, "state": row.state}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        Ok(row.into())
    }

    /// Why a referral is none.
    async fn objection(
        &self,
        tx: &mut Tx,
        agency: Uuid,
        (referrer, customer): (Uuid, Uuid),
        programme: &super::Programme,
        moment: Moment,
    ) -> Result<Option<&'static str>> {
        if referrer == customer {
            return Ok(Some("oneself"));
        }
        for (one, other) in [(referrer, customer), (customer, referrer)] {
            let links = links::links_of(tx, agency, one).await?;
            let is_family = |link: &LinkRow| link.kind == LinkKind::Family.as_str() && link.other_id == other;
            if links.iter().any(is_family) {
                return Ok(Some("family"));
            }
        }
        let mut above = referrer;
        for _ in 0..MOST_HOPS {
            let Some(row) = store::referrals_of(tx, agency, &[above]).await?.pop() else {
                break;
            };
            if row.referrer_id == customer {
                return Ok(Some("ring"));
            }
            above = row.referrer_id;
        }
        let bookings = intake::bookings_of(tx, agency, &[customer]).await?;
        let is_old = bookings
            .iter()
            .any(|row| row.booking.status.is_trip() && row.booking.booked_on() < moment.today);
        if is_old {
            return Ok(Some("old_customer"));
        }
        // as many as were brought, whether they have travelled by now or not
        let since = moment.now - i64::from(YEAR) * DAY_MILLIS;
        if store::registered_since(tx, agency, referrer, since).await? >= i64::from(programme.referrals_per_year) {
            return Ok(Some("over_the_cap"));
        }
        Ok(None)
    }

    /// Referrals, the latest first: of a state, by a member, or all.
    ///
    /// # Errors
    /// `data_masked`; [`AppError::NotFound`] for a customer whom the caller does not see.
    pub async fn referrals(
        &self,
        caller: &Caller,
        (state, referrer): (Option<&str>, Option<Uuid>),
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<ReferralView>, Option<String>)> {
        self.must_see_list(caller, referrer).await?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = store::referrals(&mut tx, agency, (state, referrer), before, limit as i64 + 1).await?;
        let next = super::counter::next(&mut rows, limit, |row| row.id);
        drop(tx);
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            // whoever sees a member need not see whom they brought
            if caller.rows == Rows::All || self.must_see(caller, row.customer_id).await.is_ok() {
                views.push(row.into());
            }
        }
        Ok((views, next))
    }
}
