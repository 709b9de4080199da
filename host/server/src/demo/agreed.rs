//! Taking campaigns from draft into force: one key plans, another agrees.

use super::campaigns::{Planned, Stage, TASKS, groups};
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::campaigns::{CampaignChange, CampaignView, NewCampaign};
use posthouse_app::team::Caller;
use posthouse_app::work::{Assignee, Due, NewTask, TaskChange};
use posthouse_domain::campaign::{Action, State};
use uuid::Uuid;

/// A campaign as what tasks are about.
fn subject(key: &str) -> String {
    format!("campaign/{key}")
}

/// Who plans and who agrees.
pub(super) struct Desk<'d> {
    pub(super) app: &'d App,
    pub(super) planner: &'d Caller,
    pub(super) approver: &'d Caller,
}

impl Desk<'_> {
    /// Makes the stacking groups.
    pub(super) async fn group(&self) -> Result<(), Failure> {
        let present = self.app.stacking_groups().list(self.planner).await?;
        for (key, mode, title) in groups() {
            if !present.iter().any(|group| group.key == key) {
                self.app.stacking_groups().put(self.planner, key, mode, &title).await?;
            }
        }
        Ok(())
    }

    /// Writes a campaign down, unless it is there, and takes it as far as it is to go. What an interrupted start has done is not done
    /// again; a plan whose time is over, or that is to run at once and waits for another time, is made anew. Returns its id.
    pub(super) async fn carry(&self, planned: Planned) -> Result<Uuid, Failure> {
        let (key, stage) = (planned.key.clone(), planned.stage);
        let mut view = match self.app.campaigns().get(self.planner, &key).await {
            Err(posthouse_app::AppError::NotFound(_)) => self.write_down(planned).await?,
            found => self.plan_again(found?, planned).await?,
        };
        loop {
            view = match (view.campaign.state, stage) {
                (State::Draft, Stage::Draft) | (State::Submitted, Stage::Submitted) => break,
                (State::Draft, _) => {
                    self.prepare(&key).await?;
                    self.step(self.planner, &key, Action::Submit, None).await?
                }
                (State::Submitted, _) => {
                    let note = "预算按周复核 · Look at the budget every week";
                    self.step(self.approver, &key, Action::Approve, Some(note)).await?
                }
                (State::Preparing | State::Approved, Stage::Running) => {
                    self.finish_tasks(&key).await?;
                    self.app.campaigns().start(self.planner, &key, None, None).await?
                }
                _ => break,
            };
        }
        Ok(view.campaign.id)
    }

    /// Gives a campaign that was not started the plan of this season, if its own is of another.
    async fn plan_again(&self, view: CampaignView, planned: Planned) -> Result<CampaignView, Failure> {
        let (campaign, now) = (&view.campaign, self.app.now());
        let (window, place) = (campaign.plan.window, campaign.plan.stacking.priority);
        let at_once = planned.stage == Stage::Running;
        let late = window.to <= now || (at_once && (window.from > now || place != planned.plan.stacking.priority));
        let waits = matches!(
            campaign.state,
            State::Draft | State::Submitted | State::Approved | State::Preparing
        );
        if !late || !waits {
            return Ok(view);
        }
        let change = CampaignChange {
            name: Some(planned.name),
            plan: Some(planned.plan),
            ..CampaignChange::default()
        };
        Ok(self
            .app
            .campaigns()
            .change(self.planner, &planned.key, &change, None)
            .await?)
    }

    async fn write_down(&self, planned: Planned) -> Result<CampaignView, Failure> {
        let new = NewCampaign {
            key: planned.key,
            kind: planned.kind.to_owned(),
            name: planned.name,
            owner: Some(planned.owner.to_owned()),
            plan: planned.plan,
            as_written: Vec::new(),
        };
        Ok(self.app.campaigns().create(self.planner, new).await?)
    }

    pub(super) async fn step(
        &self,
        caller: &Caller,
        key: &str,
        action: Action,
        note: Option<&str>,
    ) -> Result<CampaignView, Failure> {
        Ok(self.app.campaigns().step(caller, key, action, note, None).await?)
    }

    /// Writes down what has to be ready.
    async fn prepare(&self, key: &str) -> Result<(), Failure> {
        let (subject, today) = (subject(key), self.planner.room.day_of(self.app.now()));
        let there = self.app.tasks().of(self.planner, &subject).await?;
        for (kind, title, assignee, days) in TASKS {
            if !there.iter().any(|task| task.kind == kind) {
                let task = NewTask {
                    kind: Some(kind.to_owned()),
                    title: title.to_owned(),
                    assignee: Assignee::Named(assignee.to_owned()),
                    due: Due::On(today + days),
                };
                self.app.tasks().add(self.planner, Some(&subject), &task).await?;
            }
        }
        Ok(())
    }

    async fn finish_tasks(&self, key: &str) -> Result<(), Failure> {
        let done = TaskChange {
            done: Some(true),
            ..TaskChange::default()
        };
        for task in self.app.tasks().of(self.planner, &subject(key)).await? {
            if task.done_at.is_none() {
                self.app.tasks().change(self.planner, task.id, &done, None).await?;
            }
        }
        Ok(())
    }
}
