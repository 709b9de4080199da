//! What is done in a crisis and after it, as tasks.

use super::{CRISIS, MOST};
use crate::complaints::COMPLAINT;
use crate::complaints::house::House;
use crate::error::{AppError, Result};
use crate::team::Caller;
use crate::work::{Assignee, Due, NewTask};
use crate::{Complaints, Room};
use posthouse_domain::{Day, Instant, words};
use posthouse_engine::{Playbook, PlaybookStep};
use posthouse_store::Tx;
use posthouse_store::complaints::{self as store, CrisisRow, Wanted};
use posthouse_store::work::Subject;
use std::collections::HashSet;
use uuid::Uuid;

/// What is done for everybody who was touched, once a crisis is over: kind of the task, within how many days, what.
const REPAIR: [(&str, Day, &str); 4] = [
    ("call", 2, "回访电话 / Call the customer"),
    ("survey", 7, "满意度调查 / Ask how they are now"),
    ("give-back", 14, "补偿与回馈 / Offer something back"),
    ("follow-up", 30, "后续跟进 / Follow up"),
];
/// Kinds of tasks of that.
pub(in crate::complaints) const REPAIR_KINDS: [&str; 4] = [REPAIR[0].0, REPAIR[1].0, REPAIR[2].0, REPAIR[3].0];

impl Complaints<'_> {
    /// The playbooks of the rule in force; none without one.
    ///
    /// # Errors
    /// What will pass: a database or compiler that is busy.
    pub(super) async fn playbooks(&self, room: &Room) -> Result<Vec<Playbook>> {
        Ok(match self.in_force(room.id).await? {
            Some(Ok(rule)) => rule.plugin.point().playbooks().to_vec(),
            _ => Vec::new(),
        })
    }

    /// What a playbook says is to be done, as tasks.
    pub(super) async fn begin_playbook(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        house: &House,
        crisis: &CrisisRow,
        playbook: Option<&Playbook>,
        now: Instant,
    ) -> Result<()> {
        let subject = Subject {
            kind: CRISIS,
            id: crisis.id,
        };
        for PlaybookStep { role, hours, text } in playbook.iter().flat_map(|playbook| &playbook.steps) {
            // rules write roles as they write all names, with hyphens
            let key = role.replace('-', "_");
            let mut able: Vec<Uuid> = house
                .people
                .iter()
                .filter(|(_, colleague)| colleague.is_active && colleague.role == key)
                .map(|(id, _)| *id)
                .collect();
            able.sort_unstable();
            let new = NewTask {
                kind: Some("playbook".to_owned()),
                title: format!("{} / {}", text.zh_cn, text.en).chars().take(200).collect(),
                assignee: match able.first() {
                    Some(person) => Assignee::Actor(*person),
                    None => Assignee::Named(role.clone()),
                },
                due: Due::At(now + i64::from(*hours) * 3_600_000),
            };
            self.app.tasks().write_down_whose(tx, caller, subject, &new).await?;
        }
        Ok(())
    }

    /// What is done for everybody who was touched, once a crisis is over: four tasks at their case.
    pub(super) async fn begin_repair(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        crisis: &CrisisRow,
        today: Day,
    ) -> Result<()> {
        let wanted = Wanted {
            crisis: Some(crisis.id),
            ..Wanted::default()
        };
        let mut seen = HashSet::new();
        for row in store::latest(tx, caller.room.id, &wanted, None, MOST).await? {
            if row.customer_id.is_some_and(|customer| !seen.insert(customer)) {
                continue;
            }
            let subject = Subject {
                kind: COMPLAINT,
                id: row.id,
            };
            for (kind, days, what) in REPAIR {
                let new = NewTask {
                    kind: Some(kind.to_owned()),
                    title: format!("{what} · {}", row.number),
                    assignee: row.person_id.map_or(Assignee::Nobody, Assignee::Actor),
                    due: Due::On(today + days),
                };
                self.app.tasks().write_down_whose(tx, caller, subject, &new).await?;
            }
        }
        Ok(())
    }
}

/// The playbook of this key; the one of the crisis's kind where none is named.
pub(super) fn named<'p>(playbooks: &'p [Playbook], key: Option<&str>, kind: &str) -> Result<Option<&'p Playbook>> {
    let of = |key: &str| playbooks.iter().find(|playbook| playbook.key == key);
    let Some(key) = key else {
        return Ok(of(kind).or_else(|| of(&kind.replace('_', "-"))));
    };
    of(key).map(Some).ok_or_else(|| {
        let known: Vec<&str> = playbooks.iter().map(|playbook| playbook.key.as_str()).collect();
        AppError::invalid(
            "unknown_playbook",
            words!(
                "the rule in force has no playbook {shown:?}; it has {known}",
                "当前规则没有预案 {shown:?}；现有 {known}",
                shown = key.chars().take(60).collect::<String>(),
                known = known.join(", ")
            ),
        )
    })
}
