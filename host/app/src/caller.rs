//! Who asks, and what they may do.

use crate::Room;
use crate::error::{AppError, Result};
use crate::ticket::Ticket;
use posthouse_store::Tx;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything the agency may, keys included.
    Owner,
    /// Send events, files and customers.
    Intake,
    /// Read customers, facts and segments, and what rules write and say of them.
    Read,
    /// Upload, preview and bind plugins, start runs, replay decisions.
    Rules,
    /// Plan campaigns, prepare and run them, make coupons.
    Campaigns,
    /// Agree to what others have planned.
    Approvals,
    /// Quote prices, confirm and release quotes.
    Quotes,
    /// Grant rules facts that say who customers are or what they spend, and declare attributes ordinary.
    Grants,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 8] = [
        Self::Owner,
        Self::Intake,
        Self::Read,
        Self::Rules,
        Self::Campaigns,
        Self::Approvals,
        Self::Quotes,
        Self::Grants,
    ];

    /// These scopes, each once and in the order of [`Self::ALL`].
    pub fn each_once(scopes: &[Self]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|scope| scopes.contains(scope)).collect()
    }

    /// The name used in JSON and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Intake => "intake",
            Self::Read => "read",
            Self::Rules => "rules",
            Self::Campaigns => "campaigns",
            Self::Approvals => "approvals",
            Self::Quotes => "quotes",
            Self::Grants => "grants",
        }
    }
}

/// Who asks: a key of an agency.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The agency, with its terms.
    pub room: Arc<Room>,
    /// The key.
    pub key: Uuid,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// Whose the key is, in normal form, if that was said.
    pub holder: Option<String>,
    /// The attempt at a request that carries an idempotency key.
    pub ticket: Option<Arc<Ticket>>,
}

impl Caller {
    /// Whether the key may do this.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] names the missing scope.
    pub fn may(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&Scope::Owner) || self.scopes.contains(&scope) {
            Ok(())
        } else {
            Err(AppError::Forbidden(scope.as_str()))
        }
    }

    /// Who that is as a person: the actor, and the holder whose other keys are the same person ([`is_same_person`]).
    pub(crate) fn person(&self) -> (Uuid, Option<&str>) {
        (self.key, self.holder.as_deref())
    }
}

/// Whether the caller is the person behind this actor: the same key, or another key of the same holder.
pub(crate) async fn is_same_person(tx: &mut Tx, caller: &Caller, actor: Uuid) -> Result<bool> {
    if actor == caller.key {
        return Ok(true);
    }
    let Some(holder) = &caller.holder else { return Ok(false) };
    let other = posthouse_store::audit::actor(tx, caller.room.id, actor).await?;
    Ok(other.is_some_and(|other| other.holder.as_ref() == Some(holder)))
}
