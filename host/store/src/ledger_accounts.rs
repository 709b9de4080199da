//! What the ledger is told: whose account moves, why, and by how much.

use posthouse_domain::ledger::Part;
use std::borrow::Cow;
use uuid::Uuid;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// What is kept: each kind has its own unit.
    pub kind: Cow<'static, str>,
    /// Whose it is: a campaign, a customer.
    pub owner: Uuid,
}

impl Account {
    /// The account of this kind and owner.
    pub fn new(kind: &'static str, owner: Uuid) -> Self {
        Self {
            kind: Cow::Borrowed(kind),
            owner,
        }
    }
}

/// Why something moves: a quote, an order, a booking that earns. A cause begins once on each account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// What kind of cause.
    pub kind: &'static str,
    /// Which of them.
    pub id: Uuid,
}

/// A movement of one account. A call has one for each account at most.
#[derive(Debug, Clone)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// How much of it moves, zero or more.
    pub amount: i64,
    /// The condition, if the movement leaves less than before: most that may be used and set aside beyond what came in. `None` for no
    /// limit; a budget has its own; zero where nothing may be used that did not come in.
    pub at_most: Option<i64>,
    /// The parts that move with it, each once.
    pub parts: Vec<Part>,
}

/// What a cause moves, and when.
#[derive(Debug, Clone, Copy)]
pub struct Moving<'p> {
    /// The cause.
    pub cause: Cause,
    /// When, in ms since 1970 of business time.
    pub at: i64,
    /// One for each account at most.
    pub postings: &'p [Posting],
}
