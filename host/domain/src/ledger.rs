//! The arithmetic of the ledger. An account is moved by entries only, and is at every moment their sum; so is each of its parts: what a
//! budget gave to one customer, what is left of one lot of points.
//!
//! ```text
//! reserve ─► commit ─► return, return, …        credit        debit
//!        └─► release
//! ```
//!
//! Whatever is counted is a whole number of its unit: minor units of money, points.

use serde::{Deserialize, Serialize};

/// What a movement does with its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Sets it aside.
    Reserve,
    /// What was set aside is used.
    Commit,
    /// What was set aside is free again.
    Release,
    /// What was used is there again.
    Return,
    /// It comes in.
    Credit,
    /// It goes out, without having been set aside.
    Debit,
}

impl Movement {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Reserve,
        Self::Commit,
        Self::Release,
        Self::Return,
        Self::Credit,
        Self::Debit,
    ];

    /// What it is called wherever it is kept or shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Return => "return",
            Self::Credit => "credit",
            Self::Debit => "debit",
        }
    }

    /// The movement of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|movement| movement.as_str() == name)
    }

    /// Whether it leaves less than there was, so that it has a condition to meet.
    pub fn takes(self) -> bool {
        matches!(self, Self::Reserve | Self::Debit)
    }

    /// What it changes of a counter.
    pub fn of(self, amount: i64) -> Change {
        let (credited, debited, held) = match self {
            Self::Reserve => (0, 0, amount),
            Self::Commit => (0, amount, -amount),
            Self::Release => (0, 0, -amount),
            Self::Return => (0, -amount, 0),
            Self::Credit => (amount, 0, 0),
            Self::Debit => (0, amount, 0),
        };
        Change {
            credited,
            debited,
            held,
        }
    }
}

/// By how much the sums of an account, or of a part of it, move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    /// What came in.
    pub credited: i64,
    /// What was used, less what came back.
    pub debited: i64,
    /// What is set aside.
    pub held: i64,
}

/// A part of an account that a movement touches beside the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Part {
    /// What kind of part: `day`, `customer`, `lot`.
    pub scope: String,
    /// Which of them.
    pub subject: String,
    /// Whether it is the account's own, as a lot of points is. A day or a customer is a part that many accounts have.
    pub own: bool,
    /// How much of it, zero or more. The parts of one scope may share the amount of the movement, as lots do; parts of different scopes are
    /// each a view of all of it, as day and customer are.
    pub amount: i64,
    /// The condition on a movement that takes: most that may be used and set aside beyond what came in. It is not kept.
    pub at_most: Option<i64>,
}

/// A part as it is written down: its scope, its subject, its amount, and `true` if it is the account's own.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Shared(String, String, i64),
    Own(String, String, i64, bool),
}

impl From<Kept> for Part {
    fn from(kept: Kept) -> Self {
        let (scope, subject, amount, own) = match kept {
            Kept::Shared(scope, subject, amount) => (scope, subject, amount, false),
            Kept::Own(scope, subject, amount, own) => (scope, subject, amount, own),
        };
        Self {
            scope,
            subject,
            own,
            amount,
            at_most: None,
        }
    }
}

impl From<Part> for Kept {
    fn from(part: Part) -> Self {
        match part.own {
            true => Self::Own(part.scope, part.subject, part.amount, true),
            false => Self::Shared(part.scope, part.subject, part.amount),
        }
    }
}

/// What one movement did to one account. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which of the entries that its cause made on the account: see [`OPENING`], [`SETTLING`].
    pub entry: i64,
    /// What was done.
    pub movement: Movement,
    /// What it changed of the account as a whole.
    pub change: Change,
    /// The parts it touched.
    pub parts: Vec<Part>,
    /// When, in ms since 1970 of business time.
    pub at: i64,
}

/// The entry that a cause begins with: a reservation, a credit or a debit. Only one of them can be the first.
pub const OPENING: i64 = 1;
/// The entry that ends a reservation: a commitment or a release, never both. What comes back follows it.
pub const SETTLING: i64 = 2;

/// What a cause has set aside on an account, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// How much was set aside.
    pub amount: i64,
    /// Of which parts.
    pub parts: Vec<Part>,
    /// [`Movement::Commit`] or [`Movement::Release`], once it is one of them.
    pub settled: Option<Movement>,
    /// How much of what was used came back.
    pub returned: i64,
    /// The entry that comes next.
    pub next: i64,
}

impl Hold {
    /// What the entries of one cause on one account come to, in their order; nothing if they set nothing aside.
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let (first, later) = entries.split_first()?;
        if first.movement != Movement::Reserve {
            return None;
        }
        let mut hold = Self {
            amount: first.change.held,
            parts: first.parts.clone(),
            settled: None,
            returned: 0,
            next: first.entry + 1,
        };
        for entry in later {
            match entry.movement {
                Movement::Commit | Movement::Release => hold.settled = Some(entry.movement),
                Movement::Return => hold.returned -= entry.change.debited,
                Movement::Reserve | Movement::Credit | Movement::Debit => {}
            }
            hold.next = entry.entry + 1;
        }
        Some(hold)
    }

    /// How much of it is used and may still come back.
    pub fn used(&self) -> i64 {
        match self.settled {
            Some(Movement::Commit) => self.amount - self.returned,
            _ => 0,
        }
    }

    /// Its parts, each with this amount instead of its own: what comes back of parts that are views of the whole.
    pub fn parts_with(&self, amount: i64) -> Vec<Part> {
        let part = |part: &Part| Part { amount, ..part.clone() };
        self.parts.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(entry: i64, movement: Movement, amount: i64) -> Entry {
        Entry {
            entry,
            movement,
            change: movement.of(amount),
            parts: vec![Kept::Shared("day".into(), "20468".into(), amount).into()],
            at: 1,
        }
    }

    #[test]
    fn movements_are_what_their_names_say() {
        for movement in Movement::ALL {
            assert_eq!(Movement::parse(movement.as_str()), Some(movement));
            let Change {
                credited,
                debited,
                held,
            } = movement.of(5);
            assert_eq!(movement.takes(), debited + held > credited, "{movement:?}");
        }
        assert_eq!(Movement::parse("Reserve"), None);
    }

    #[test]
    fn what_was_set_aside_is_used_once_and_comes_back_in_pieces() {
        use Movement::{Commit, Release, Reserve, Return};
        let mut entries = vec![entry(1, Reserve, 700)];
        let hold = |entries: &[Entry]| {
            let hold = Hold::of(entries).expect("a hold");
            (hold.amount, hold.settled, hold.returned, hold.used(), hold.next)
        };
        assert_eq!(hold(&entries), (700, None, 0, 0, 2));
        assert_eq!(
            hold(&[entries[0].clone(), entry(2, Release, 700)]),
            (700, Some(Release), 0, 0, 3)
        );
        entries.push(entry(2, Commit, 700));
        assert_eq!(hold(&entries), (700, Some(Commit), 0, 700, 3));
        entries.extend([entry(3, Return, 200), entry(4, Return, 499)]);
        assert_eq!(hold(&entries), (700, Some(Commit), 699, 1, 5));
        // nothing is left over when all of it came back
        entries.push(entry(5, Return, 1));
        let sum = entries.iter().fold(Change::default(), |sum, entry| Change {
            credited: sum.credited + entry.change.credited,
            debited: sum.debited + entry.change.debited,
            held: sum.held + entry.change.held,
        });
        assert_eq!((sum, hold(&entries).3), (Change::default(), 0));
    }

    #[test]
    fn what_sets_nothing_aside_is_no_hold() {
        assert_eq!(Hold::of(&[]), None);
        assert_eq!(Hold::of(&[entry(1, Movement::Credit, 5)]), None);
    }

    #[test]
    fn parts_are_kept_short_and_without_their_condition() {
        let day = Part {
            scope: "day".into(),
            subject: "20410".into(),
            own: false,
            amount: 5,
            at_most: Some(9),
        };
        let lot = Part {
            scope: "lot".into(),
            subject: "a".into(),
            own: true,
            ..day.clone()
        };
        let text = serde_json::to_string(&[&day, &lot]).expect("JSON");
        assert_eq!(text, r#"[["day","20410",5],["lot","a",5,true]]"#);
        let read: Vec<Part> = serde_json::from_str(&text).expect("parts");
        assert_eq!(read, [day, lot].map(|part| Part { at_most: None, ..part }));
    }
}
