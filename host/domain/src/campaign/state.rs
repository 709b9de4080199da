//! From draft to lessons, one step at a time.

use crate::{Words, words};
use serde::{Deserialize, Serialize};

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being planned.
    Draft,
    /// Waits for somebody else to agree.
    Submitted,
    /// Agreed to, and nothing is left to prepare.
    Approved,
    /// Agreed to; staff are trained and materials made.
    Preparing,
    /// In force inside its window.
    Running,
    /// Stopped for a while: offers nothing, keeps what it has promised.
    Paused,
    /// Over.
    Ended,
    /// Over, and what was learned is written down.
    Evaluated,
}

/// What people do with a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Change the plan.
    Change,
    /// Ask for approval.
    Submit,
    /// Agree; another person than the one who submitted.
    Approve,
    /// Send back with a reason.
    Reject,
    /// Put into force.
    Start,
    /// Stop for a while.
    Pause,
    /// Go on.
    Resume,
    /// Close for good.
    End,
    /// Write down how it went and what was learned.
    Evaluate,
}

impl State {
    /// Every state, in the order of a campaign's life.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::Submitted,
        Self::Approved,
        Self::Preparing,
        Self::Running,
        Self::Paused,
        Self::Ended,
        Self::Evaluated,
    ];

    /// The name used in the database, JSON and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::Evaluated => "evaluated",
        }
    }

    /// The name that people read.
    pub fn title(self) -> Words {
        match self {
            Self::Draft => words!("draft", "草稿"),
            Self::Submitted => words!("submitted", "待审批"),
            Self::Approved => words!("approved", "已批准"),
            Self::Preparing => words!("preparing", "筹备中"),
            Self::Running => words!("running", "进行中"),
            Self::Paused => words!("paused", "已暂停"),
            Self::Ended => words!("ended", "已结束"),
            Self::Evaluated => words!("evaluated", "已评估"),
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether its rule is asked when somebody wants a price.
    pub fn is_live(self) -> bool {
        self == Self::Running
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Change,
        Self::Submit,
        Self::Approve,
        Self::Reject,
        Self::Start,
        Self::Pause,
        Self::Resume,
        Self::End,
        Self::Evaluate,
    ];

    /// The name used in the database, paths and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Submit => "submit",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::End => "end",
            Self::Evaluate => "evaluate",
        }
    }

    /// What a campaign is then, in a sentence.
    fn done(self) -> Words {
        match self {
            Self::Change => words!("changed", "修改"),
            Self::Submit => words!("submitted", "提交"),
            Self::Approve => words!("approved", "批准"),
            Self::Reject => words!("rejected", "驳回"),
            Self::Start => words!("started", "开始"),
            Self::Pause => words!("paused", "暂停"),
            Self::Resume => words!("resumed", "恢复"),
            Self::End => words!("ended", "结束"),
            Self::Evaluate => words!("evaluated", "评估"),
        }
    }
}

/// What decides besides state and action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Tasks of its preparation that are not done.
    pub open_tasks: usize,
    /// Whether whoever acts is the one who submitted the plan, or wrote it.
    pub by_submitter: bool,
    /// Whether the window is over.
    pub is_over: bool,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Not from here.
    #[error("{}", words!("a campaign that is {state} cannot be {done}", "{state}的活动不能{done}", state = .0.title(), done = .1.done()))]
    State(State, Action),
    /// One's own plan.
    #[error("{}", words!("a plan is approved by another person than the one who wrote or submitted it", "方案须由编写或提交者以外的人批准"))]
    OwnPlan,
    /// Something is not ready.
    #[error("{}", words!("its preparation has open tasks: {open}", "筹备任务还有 {open} 项未完成", open = .0))]
    OpenTasks(usize),
    /// Too late.
    #[error("{}", words!("its window is over; change the plan, and have it approved again", "活动期已过；请修改方案并重新送批"))]
    Over,
}

/// The state after `action`. A changed plan is a draft again, whoever had approved it; what is in force is not changed but amended,
/// see `docs/decisions`.
///
/// # Errors
/// [`Wrong`] says why not.
pub fn next(state: State, action: Action, situation: Situation) -> Result<State, Wrong> {
    let Situation {
        open_tasks,
        by_submitter,
        is_over,
    } = situation;
    match (state, action) {
        (State::Draft | State::Submitted | State::Approved | State::Preparing, Action::Change) => Ok(State::Draft),
        (State::Draft, Action::Submit) if is_over => Err(Wrong::Over),
        (State::Draft, Action::Submit) => Ok(State::Submitted),
        (State::Submitted, Action::Approve) if by_submitter => Err(Wrong::OwnPlan),
        (State::Submitted, Action::Approve) if open_tasks > 0 => Ok(State::Preparing),
        (State::Submitted, Action::Approve) => Ok(State::Approved),
        (State::Submitted, Action::Reject) => Ok(State::Draft),
        (State::Approved | State::Preparing, Action::Start) if open_tasks > 0 => Err(Wrong::OpenTasks(open_tasks)),
        (State::Approved | State::Preparing | State::Paused, Action::Start | Action::Resume) if is_over => {
            Err(Wrong::Over)
        }
        (State::Approved | State::Preparing, Action::Start) => Ok(State::Running),
        (State::Running, Action::Pause) => Ok(State::Paused),
        (State::Paused, Action::Resume) => Ok(State::Running),
        (State::Running | State::Paused, Action::End) => Ok(State::Ended),
        (State::Ended, Action::Evaluate) => Ok(State::Evaluated),
        _ => Err(Wrong::State(state, action)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Situation = Situation {
        open_tasks: 0,
        by_submitter: false,
        is_over: false,
    };

    #[test]
    fn from_draft_to_lessons() {
        use Action::*;
        let mut state = State::Draft;
        let mut way = vec![];
        for action in [Submit, Reject, Submit, Approve, Start, Pause, Resume, End, Evaluate] {
            state = next(state, action, READY).expect("the usual way");
            way.push(state.as_str());
        }
        assert_eq!(
            way,
            [
                "submitted",
                "draft",
                "submitted",
                "approved",
                "running",
                "paused",
                "running",
                "ended",
                "evaluated"
            ]
        );
        assert!(
            Action::ALL
                .into_iter()
                .all(|action| next(State::Evaluated, action, READY).is_err())
        );
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).expect("a name"), state.as_str());
        }
    }

    #[test]
    fn what_stands_in_the_way() {
        let tasks = Situation { open_tasks: 2, ..READY };
        let own = Situation {
            by_submitter: true,
            ..READY
        };
        let over = Situation { is_over: true, ..READY };
        assert_eq!(next(State::Submitted, Action::Approve, own), Err(Wrong::OwnPlan));
        assert_eq!(next(State::Submitted, Action::Approve, tasks), Ok(State::Preparing));
        assert_eq!(next(State::Preparing, Action::Start, tasks), Err(Wrong::OpenTasks(2)));
        assert_eq!(next(State::Preparing, Action::Start, READY), Ok(State::Running));
        for (state, action) in [
            (State::Draft, Action::Submit),
            (State::Approved, Action::Start),
            (State::Paused, Action::Resume),
        ] {
            assert_eq!(next(state, action, over), Err(Wrong::Over));
        }
        for state in [State::Submitted, State::Approved, State::Preparing] {
            assert_eq!(
                next(state, Action::Change, READY),
                Ok(State::Draft),
                "a changed plan is not approved"
            );
        }
        assert_eq!(
            next(State::Running, Action::Change, READY),
            Err(Wrong::State(State::Running, Action::Change))
        );
        assert_eq!(
            next(State::Draft, Action::Start, READY)
                .expect_err("not yet")
                .to_string(),
            "a campaign that is draft cannot be started"
        );
    }

    #[test]
    fn nothing_runs_that_nobody_approved() {
        // every way of six steps that ends running went through an approval by another person after the last change
        let own = Situation {
            by_submitter: true,
            ..READY
        };
        let mut ways = vec![(State::Draft, false)];
        for _ in 0..6 {
            let step = |(state, approved): &(State, bool)| {
                let mut after = vec![];
                for action in Action::ALL {
                    for situation in [READY, own] {
                        if let Ok(then) = next(*state, action, situation) {
                            let approved = match action {
                                Action::Approve => !situation.by_submitter,
                                Action::Change | Action::Reject => false,
                                _ => *approved,
                            };
                            after.push((then, approved));
                        }
                    }
                }
                after
            };
            ways = ways.iter().flat_map(step).collect();
            assert!(ways.iter().all(|(state, approved)| *approved || !state.is_live()));
        }
        assert!(ways.iter().any(|(state, _)| state.is_live()));
    }
}
