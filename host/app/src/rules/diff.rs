//! What a change of rules moves, where rules divide customers into classes.

use serde::{Deserialize, Serialize};

/// One class of customers before and after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClassChange {
    /// Its key.
    pub key: String,
    /// Members by the old rule.
    pub now: u64,
    /// Members by the new rule.
    pub then: u64,
    /// Who would enter.
    pub entering: u64,
    /// Who would leave.
    pub leaving: u64,
}

/// How many move from one class to another; `null` means none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveCount {
    /// The old class.
    pub from: Option<String>,
    /// The new class.
    pub to: Option<String>,
    /// How many.
    pub count: u64,
}

/// What a change of rules moves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Diff {
    /// How many customers there are.
    pub customers: u64,
    /// Every class of either rule.
    #[serde(rename = "segments")]
    pub classes: Vec<ClassChange>,
    /// Every move that happens, the largest first.
    pub moves: Vec<MoveCount>,
    /// How many move in all.
    pub changed: u64,
}
