//! Occasions as people see them: what an agency tells of by a name of its own, what waits, and what is for review.

use super::counter::{Deed, closed};
use super::happened::occasion_row;
use super::rules::asked;
use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::{Caller, Mask};
use posthouse_domain::loyalty::asked::check_event;
use posthouse_domain::loyalty::{AgencyEvent, Happening, Occasion};
use posthouse_domain::{Instant, Words, words};
use posthouse_store::Access;
use posthouse_store::loyalty::{self as store, OccasionRow, WAITING};
use serde_json::{Value, json};
use uuid::Uuid;

/// An occasion, for one binding.
#[derive(Debug, Clone)]
pub struct OccasionView {
    /// Id.
    pub id: Uuid,
    /// The member.
    pub customer: Uuid,
    /// What happened, as `booking-confirmed`.
    pub kind: String,
    /// What it is about, as `booking/B1`.
    pub about: Option<String>,
    /// Whose rule is asked.
    pub binding: String,
    /// `waiting`, `settled`, `review` or `undone`.
    pub state: String,
    /// What the rule is told.
    pub occasion: Value,
    /// How often it was asked in vain.
    pub attempts: i64,
    /// How it failed.
    pub problem: Option<Words>,
    /// The decision.
    pub decision: Option<Uuid>,
    /// When it was written down, in ms since 1970 of business time.
    pub created_at: Instant,
}

impl TryFrom<OccasionRow> for OccasionView {
    type Error = AppError;

    fn try_from(row: OccasionRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            customer: row.customer_id,
            kind: row.kind,
            about: (!row.about.is_empty()).then(|| format!("{}/{}", row.about_kind, row.about)),
            binding: row.binding,
            state: row.state,
            occasion: serde_json::from_str(&row.occasion).map_err(AppError::corrupt("occasion"))?,
            attempts: row.attempts,
            problem: row.problem.as_deref().map(Words::from_stored),
            decision: row.decision_id,
            created_at: row.created_at,
        })
    }
}

impl Loyalty<'_> {
    /// Tells of something that happened to a member, by a name of the agency's own: every rule in force is asked about it, in the background. Told
    /// twice it happened twice, unless the request has a key. The id of the event.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_event`; `member_closed`.
    pub async fn tell_of(&self, caller: &Caller, customer: Uuid, event: &AgencyEvent) -> Result<Uuid> {
        self.must_see(caller, customer).await?;
        check_event(event).map_err(|problem| AppError::invalid("bad_event", problem))?;
        retrying!(self.try_tell_of(caller, customer, event))
    }

    async fn try_tell_of(&self, caller: &Caller, customer: Uuid, event: &AgencyEvent) -> Result<Uuid> {
        let (agency, moment) = (caller.room.id, self.moment(caller));
        let (mut tx, _) = self.begin(caller).await?;
        let member = store::member(&mut tx, agency, customer).await?;
        let member = member.ok_or(AppError::NotFound("member"))?;
        if member.state == "closed" {
            return Err(closed(&member.member_no));
        }
        let id = self.app.entropy.id(self.app.machine.now());
        let occasion = Occasion {
            at: moment.now,
            on: moment.today,
            what: Happening::Other { event: event.clone() },
        };
        let rows: Vec<OccasionRow> = asked(&mut tx, agency)
            .await?
            .iter()
            .map(|binding| {
                occasion_row(
                    self.app,
                    customer,
                    ("event", id.to_string()),
                    binding,
                    &occasion,
                    moment,
                )
            })
            .collect();
        store::put_occasions(&mut tx, agency, &rows).await?;
        store::follow_soon(&mut tx, agency).await?;
        let deed = Deed {
            action: "member.event",
            subject: format!("customer/{customer}"),
            detail: json!({"event": id, "name": event.name}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        Ok(id)
    }

    /// Occasions in a state, the latest first: those that wait, or are for review.
    ///
    /// # Errors
    /// `data_masked`.
    pub async fn occasions(
        &self,
        caller: &Caller,
        state: &str,
        before: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<OccasionView>, Option<String>)> {
        // what happened to members is told with prices
        caller.must_see(&[Mask::Money])?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut rows = store::occasions(&mut tx, agency, state, before, limit as i64 + 1).await?;
        let next = super::counter::next(&mut rows, limit, |row| row.id);
        Ok((
            rows.into_iter().map(OccasionView::try_from).collect::<Result<_>>()?,
            next,
        ))
    }

    /// Has the rule asked again about an occasion that is for review, or that waits. What is settled stays so.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `occasion_settled`.
    pub async fn ask_again(&self, caller: &Caller, id: Uuid) -> Result<OccasionView> {
        caller.must_see(&[Mask::Money])?;
        retrying!(self.try_ask_again(caller, id))
    }

    async fn try_ask_again(&self, caller: &Caller, id: Uuid) -> Result<OccasionView> {
        let agency = caller.room.id;
        let (mut tx, _) = self.begin(caller).await?;
        let row = store::occasion(&mut tx, agency, id).await?;
        let row = row.ok_or(AppError::NotFound("occasion"))?;
        if ![WAITING, "review"].contains(&row.state.as_str()) {
            return Err(AppError::conflict(
                "occasion_settled",
                words!(
                    "the occasion is {state}; only one that waits or is for review is asked about again",
                    "此事的状态为 {state}；只有等待中或待处理的才能再次询问",
                    state = row.state
                ),
            ));
        }
        let row = OccasionRow {
            state: WAITING.to_owned(),
            attempts: 0,
            due_at: 0,
            ..row
        };
        store::put_occasions(&mut tx, agency, std::slice::from_ref(&row)).await?;
        store::follow_soon(&mut tx, agency).await?;
        let deed = Deed {
            action: "occasion.ask-again",
            subject: format!("customer/{}", row.customer_id),
            detail: json!({"occasion": id}),
        };
        self.finish(tx, caller, Vec::new(), deed, Vec::new()).await?;
        row.try_into()
    }
}
