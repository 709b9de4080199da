//! The steps of a case's life: which can be taken in which state, and where they lead.

use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At a desk, with nobody yet.
    New,
    /// With somebody who has not begun.
    Assigned,
    /// Somebody is at work on it.
    Investigating,
    /// The customer has to say something.
    WaitingCustomer,
    /// A supplier has to say something.
    WaitingSupplier,
    /// The customer was offered something.
    Proposed,
    /// What was to be done is done.
    Resolved,
    /// Nobody has anything more to do.
    Closed,
    /// It was resolved or closed, and was not over.
    Reopened,
    /// The customer has taken it back.
    Withdrawn,
}

/// What somebody does with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Give it to a desk, and perhaps a person.
    Assign,
    /// Write something down that the customer does not see.
    Note,
    /// Tell the customer something.
    Reply,
    /// Wait for the customer.
    WaitCustomer,
    /// Wait for a supplier.
    WaitSupplier,
    /// The customer, or a supplier through staff, has said something.
    Answer,
    /// Offer the customer something.
    Propose,
    /// The customer takes what was offered.
    Accept,
    /// Say that what was to be done is done.
    Resolve,
    /// Say that nobody has anything more to do.
    Close,
    /// Take it up again.
    Reopen,
    /// Take it back.
    Withdraw,
    /// Give it another severity.
    Severity,
    /// Say what it is about: customer, booking, cause, supplier, liability.
    Link,
    /// The customer says how it went.
    Rate,
}

/// That a step cannot be taken in a state, and which can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The state.
    pub state: State,
    /// What can be done instead.
    pub possible: Vec<Step>,
}

impl State {
    /// Each of them, in the order of a life.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Assigned,
        Self::Investigating,
        Self::WaitingCustomer,
        Self::WaitingSupplier,
        Self::Proposed,
        Self::Resolved,
        Self::Closed,
        Self::Reopened,
        Self::Withdrawn,
    ];

    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Assigned => "assigned",
            Self::Investigating => "investigating",
            Self::WaitingCustomer => "waiting_customer",
            Self::WaitingSupplier => "waiting_supplier",
            Self::Proposed => "proposed",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether somebody has still something to do.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed | Self::Withdrawn)
    }

    /// Whether the agency waits, and its own clocks stand still.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::WaitingCustomer | Self::WaitingSupplier)
    }

    /// Where a step leads.
    ///
    /// # Errors
    /// That it leads nowhere from here.
    pub fn after(self, step: Step) -> Result<Self, Refused> {
        self.leads(step).ok_or_else(|| Refused {
            state: self,
            possible: Step::ALL
                .into_iter()
                .filter(|step| self.leads(*step).is_some())
                .collect(),
        })
    }

    fn leads(self, step: Step) -> Option<Self> {
        let open = self.is_open();
        // whoever does something about a case is at work on it; what waits or was offered goes on doing so
        let at_work = match self {
            Self::New | Self::Assigned | Self::Reopened => Self::Investigating,
            state => state,
        };
        match step {
            Step::Assign if matches!(self, Self::New | Self::Reopened) => Some(Self::Assigned),
            Step::Assign | Step::Severity if open => Some(self),
            Step::Note => Some(if open { at_work } else { self }),
            Step::Link => Some(self),
            Step::Reply if open => Some(at_work),
            // a customer can be told something at any time
            Step::Reply => Some(self),
            Step::WaitCustomer if open => Some(Self::WaitingCustomer),
            Step::WaitSupplier if open => Some(Self::WaitingSupplier),
            Step::Answer if self.is_waiting() || self == Self::Proposed => Some(Self::Investigating),
            Step::Answer if open => Some(self),
            Step::Propose if open => Some(Self::Proposed),
            Step::Accept if self == Self::Proposed => Some(Self::Resolved),
            Step::Resolve if open => Some(Self::Resolved),
            Step::Close if self == Self::Resolved => Some(Self::Closed),
            Step::Reopen if !open => Some(Self::Reopened),
            Step::Withdraw if open => Some(Self::Withdrawn),
            Step::Rate if matches!(self, Self::Resolved | Self::Closed) => Some(self),
            _ => None,
        }
    }
}

impl Step {
    /// Each of them.
    pub const ALL: [Self; 15] = [
        Self::Assign,
        Self::Note,
        Self::Reply,
        Self::WaitCustomer,
        Self::WaitSupplier,
        Self::Answer,
        Self::Propose,
        Self::Accept,
        Self::Resolve,
        Self::Close,
        Self::Reopen,
        Self::Withdraw,
        Self::Severity,
        Self::Link,
        Self::Rate,
    ];

    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Note => "note",
            Self::Reply => "reply",
            Self::WaitCustomer => "wait_customer",
            Self::WaitSupplier => "wait_supplier",
            Self::Answer => "answer",
            Self::Propose => "propose",
            Self::Accept => "accept",
            Self::Resolve => "resolve",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Withdraw => "withdraw",
            Self::Severity => "severity",
            Self::Link => "link",
            Self::Rate => "rate",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_comes_to_its_end_and_back() {
        let mut state = State::New;
        for (step, then) in [
            (Step::Assign, State::Assigned),
            (Step::Note, State::Investigating),
            (Step::WaitCustomer, State::WaitingCustomer),
            (Step::Note, State::WaitingCustomer),
            (Step::Answer, State::Investigating),
            (Step::WaitSupplier, State::WaitingSupplier),
            (Step::Propose, State::Proposed),
            (Step::Answer, State::Investigating),
            (Step::Propose, State::Proposed),
            (Step::Accept, State::Resolved),
            (Step::Rate, State::Resolved),
            (Step::Close, State::Closed),
            (Step::Reopen, State::Reopened),
            (Step::Reply, State::Investigating),
            (Step::Withdraw, State::Withdrawn),
        ] {
            state = state.after(step).expect("a step of this life");
            assert_eq!(state, then, "after {step:?}");
        }
    }

    #[test]
    fn what_cannot_be_done_says_what_can() {
        let refused = State::Closed.after(Step::Resolve).expect_err("it is over");
        assert_eq!(
            refused.possible,
            [Step::Note, Step::Reply, Step::Reopen, Step::Link, Step::Rate]
        );
        assert!(State::New.after(Step::Accept).is_err() && State::New.after(Step::Rate).is_err());
        // from every state there is a way on, and an open case can always be resolved
        for state in State::ALL {
            assert!(state.after(Step::Link).is_ok());
            assert_eq!(state.after(Step::Resolve).is_ok(), state.is_open(), "{state:?}");
            assert_eq!(state.after(Step::Reopen).is_err(), state.is_open(), "{state:?}");
        }
    }
}
