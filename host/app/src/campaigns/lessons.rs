//! What was learned from campaigns that are over, found again when the next like one is planned.

use super::life::campaign_type;
use crate::Campaigns;
use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_domain::Instant;
use posthouse_domain::campaign::CampaignType;
use posthouse_domain::campaign::effect::Effect;
use posthouse_store::Access;
use posthouse_store::campaign_changes::{self as store, EvaluationRow};
use uuid::Uuid;

/// How a campaign went, and what was learned.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// The campaign.
    pub campaign_id: Uuid,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: CampaignType,
    /// The effect as it was measured then.
    pub effect: Effect,
    /// How it went, in the words of those who know.
    pub judgement: String,
    /// What to do again and what not.
    pub lessons: String,
    /// The key that wrote it down.
    pub by: Uuid,
    /// When, in ms since 1970.
    pub at: Instant,
}

/// The place before which every evaluation comes.
pub(super) const NEWEST: (i64, Uuid) = (i64::MAX, Uuid::max());

impl Lesson {
    pub(super) fn read(row: EvaluationRow) -> Result<Self> {
        let kind = CampaignType::parse(&row.kind)
            .ok_or_else(|| AppError::Internal(format!("campaign {} is a {:?}", row.key, row.kind)))?;
        Ok(Self {
            campaign_id: row.campaign_id,
            key: row.key,
            name: row.name,
            kind,
            effect: serde_json::from_str(&row.effect).map_err(AppError::corrupt("effect"))?,
            judgement: row.judgement,
            lessons: row.lessons,
            by: row.evaluated_by,
            at: row.at,
        })
    }
}

impl Campaigns<'_> {
    /// What was learned, the newest first; from campaigns of one type if it is named.
    ///
    /// # Errors
    /// `bad_type`, `bad_cursor`; failures of the database.
    pub async fn lessons(
        &self,
        caller: &Caller,
        kind: Option<&str>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Lesson>, Option<String>)> {
        if let Some(kind) = kind {
            campaign_type(kind)?;
        }
        let before = match cursor {
            None => NEWEST,
            Some(text) => text
                .split_once('.')
                .and_then(|(at, id)| Some((at.parse().ok()?, Uuid::try_parse(id).ok()?)))
                .ok_or_else(AppError::bad_cursor)?,
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::evaluations(&mut tx, caller.room.id, kind, before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| format!("{}.{}", row.at, row.campaign_id));
        Ok((rows.into_iter().map(Lesson::read).collect::<Result<_>>()?, next))
    }
}
