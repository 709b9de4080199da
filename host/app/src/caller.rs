//! Who asks, and what they may do and see.

use crate::Room;
use crate::error::{AppError, Result};
use crate::ticket::Ticket;
use posthouse_domain::{Rejection, Words, words};
use posthouse_store::Tx;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use uuid::Uuid;

/// What somebody may do: the words of keys and of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything the agency may.
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
    /// Take many customers' data away as a file: exports and samples. With `read`.
    Exports,
    /// Look at the number of a document, each time with an entry in the audit log. With `read`.
    Documents,
    /// People, roles, branches and keys, as far as one's own rights go.
    Team,
    /// Read and verify the audit log.
    Audit,
    /// What an operator does: webhooks and the clock.
    Operations,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 13] = [
        Self::Owner,
        Self::Intake,
        Self::Read,
        Self::Rules,
        Self::Campaigns,
        Self::Approvals,
        Self::Quotes,
        Self::Grants,
        Self::Exports,
        Self::Documents,
        Self::Team,
        Self::Audit,
        Self::Operations,
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
            Self::Exports => "exports",
            Self::Documents => "documents",
            Self::Team => "team",
            Self::Audit => "audit",
            Self::Operations => "operations",
        }
    }
}

/// What somebody does not see of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// How to reach them: telephone numbers, e-mail addresses, names on platforms.
    Contact,
    /// What they spend and what they bring.
    Money,
    /// When they were born.
    Birth,
}

impl Mask {
    /// Every mask.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Money, Self::Birth];

    /// These masks, each once and in the order of [`Self::ALL`].
    pub fn each_once(masks: &[Self]) -> Vec<Self> {
        Self::ALL.into_iter().filter(|mask| masks.contains(mask)).collect()
    }

    /// The name used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Money => "money",
            Self::Birth => "birth",
        }
    }
}

/// Whose customers somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowScope {
    /// Those they own.
    Own,
    /// Those that somebody of their branch owns. Who is of no branch sees their own.
    Branch,
    /// Everybody's.
    All,
}

impl RowScope {
    /// Every scope, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Own, Self::Branch, Self::All];

    /// The name used in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Branch => "branch",
            Self::All => "all",
        }
    }
}

/// Whose customers a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Everybody's.
    All,
    /// Those this person owns.
    Of(Uuid),
    /// Those that somebody of this branch owns.
    OfBranch(Uuid),
}

/// Who asks: a key of an agency, or a person of its staff.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The agency, with its terms.
    pub room: Arc<Room>,
    /// The key or the person, as every `…_by` and the audit log name them.
    pub actor: Uuid,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// What they do not see of customers.
    pub masks: Vec<Mask>,
    /// Whose customers they see.
    pub rows: Rows,
    /// Whose a key is, if that was said, and a person's e-mail address, in normal form.
    pub holder: Option<String>,
    /// The attempt at a request that carries an idempotency key.
    pub ticket: Option<Arc<Ticket>>,
}

impl Caller {
    /// Whether they may do this.
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

    /// Whether this is kept from them.
    pub fn is_masked(&self, mask: Mask) -> bool {
        self.masks.contains(&mask)
    }

    /// Whether they have all of these rights themselves: nobody gives away, or takes from others, what they do not have.
    pub fn covers(&self, scopes: &[Scope], masks: &[Mask], rows: RowScope) -> bool {
        scopes.iter().all(|scope| self.may(*scope).is_ok())
            && self.masks.iter().all(|mask| masks.contains(mask))
            && rows <= self.row_scope()
    }

    /// Whose customers they see, as roles say it.
    pub fn row_scope(&self) -> RowScope {
        match self.rows {
            Rows::All => RowScope::All,
            Rows::OfBranch(_) => RowScope::Branch,
            Rows::Of(_) => RowScope::Own,
        }
    }

    /// Passes rights that the caller has.
    ///
    /// # Errors
    /// `not_yours_to_give`.
    pub(crate) fn may_give(&self, scopes: &[Scope], masks: &[Mask], rows: RowScope) -> Result<()> {
        if self.covers(scopes, masks, rows) {
            return Ok(());
        }
        let missing: Vec<_> = scopes.iter().filter(|scope| self.may(**scope).is_err()).collect();
        let names: Vec<_> = missing.iter().map(|scope| scope.as_str()).collect();
        let what = match names.is_empty() {
            true => words!("data that you do not see", "您看不到的数据"),
            false => Words::same(names.join(", ")),
        };
        Err(AppError::Denied(Rejection::new(
            "not_yours_to_give",
            words!(
                "this takes rights that you do not have yourself ({what}); ask an owner",
                "此操作涉及您自己没有的权限（{what}）；请联系所有者"
            ),
        )))
    }

    /// Who that is as a person: the actor, and the holder whose other keys are the same person ([`is_same_person`]).
    pub(crate) fn person(&self) -> (Uuid, Option<&str>) {
        (self.actor, self.holder.as_deref())
    }
}

/// Whether the caller is the person behind this actor: the same actor, or another one of the same holder. A person of the staff holds the
/// keys that name their e-mail address.
pub(crate) async fn is_same_person(tx: &mut Tx, caller: &Caller, actor: Uuid) -> Result<bool> {
    if actor == caller.actor {
        return Ok(true);
    }
    let Some(holder) = &caller.holder else { return Ok(false) };
    let other = posthouse_store::audit::actor(tx, caller.room.id, actor).await?;
    Ok(other.is_some_and(|other| other.holder.as_ref() == Some(holder)))
}
