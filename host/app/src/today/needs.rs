//! What waits for whoever looks. Each kind is bounded; of what the caller could not open there is nothing.

use crate::Today;
use crate::campaigns::PROMOTION;
use crate::error::Result;
use crate::labels::labels;
use crate::rules::Moment;
use crate::rules::call::without_its_words;
use crate::team::{Caller, Mask, Rows, Scope, is_same_person};
use posthouse_domain::{Day, Instant, Words, time};
use posthouse_store::complaints::{self, CaseRow, Wanted};
use posthouse_store::today::{self as store, AlarmRow, WaitingRow};
use posthouse_store::work::{Filter, Progress, tasks};
use posthouse_store::{Access, Tx, audit, intake, jobs, loyalty, webhooks};
use std::collections::HashMap;
use uuid::Uuid;

/// Listed of each kind.
const SHOWN: usize = 8;
/// Most of a kind that are counted.
const COUNTED: i64 = 100;
/// How far back files and rules that gave way are told of, in ms.
const WEEK: i64 = 7 * 86_400_000;

/// A day, in ms: cases that are due within it are told of.
const DAY: Instant = 86_400_000;
/// Cases that are looked through for those of the caller, what is due first first.
const DUE_CASES: i64 = 500;

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedKind {
    /// A task is due, of the caller or of nobody.
    Task,
    /// A campaign waits for approval.
    Approval,
    /// A change to a campaign waits for approval.
    Amendment,
    /// Points, status or a tier by hand wait for approval.
    Adjustment,
    /// A case is due within a day, of the caller or of nobody.
    Case,
    /// A compensation waits for another person.
    Compensation,
    /// A rule of segments fails.
    RuleFails,
    /// A campaign's rule fails.
    CampaignFails,
    /// A rule failed so often that an earlier one is in force again.
    RuleWentBack,
    /// A file failed, or rows of it were sent back.
    Import,
    /// A record belongs to several people.
    Conflict,
    /// A webhook was not told something for good.
    Webhook,
    /// Work in the background failed for good.
    Job,
}

impl NeedKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Task,
        Self::Approval,
        Self::Amendment,
        Self::Adjustment,
        Self::Case,
        Self::Compensation,
        Self::RuleFails,
        Self::CampaignFails,
        Self::RuleWentBack,
        Self::Import,
        Self::Conflict,
        Self::Webhook,
        Self::Job,
    ];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Approval => "approval",
            Self::Amendment => "amendment",
            Self::Adjustment => "adjustment",
            Self::Case => "case",
            Self::Compensation => "compensation",
            Self::RuleFails => "rule_fails",
            Self::CampaignFails => "campaign_fails",
            Self::RuleWentBack => "rule_went_back",
            Self::Import => "import",
            Self::Conflict => "conflict",
            Self::Webhook => "webhook",
            Self::Job => "job",
        }
    }
}

/// Something that waits.
#[derive(Debug, Clone)]
pub struct Need {
    /// What kind of thing.
    pub kind: NeedKind,
    /// What it is about: `task/ID`, `campaign/ID`, `binding/POINT/NAME`, `import/ID`, `record/SOURCE/ID`, `webhook/ID`, `job/KIND/KEY`, `adjustment/ID`, `complaint/ID`.
    pub subject: String,
    /// What people call that.
    pub name: String,
    /// Who asked for it, or is to do it.
    pub who: Option<String>,
    /// Since when, in ms since 1970.
    pub at: Instant,
    /// Until which day.
    pub due_on: Option<Day>,
    /// Until when on that day, in ms since 1970.
    pub due_at: Option<Instant>,
    /// Number of the amendment or revision, rows sent back, things not told, attempts.
    pub count: i64,
    /// Of files, the rows that landed.
    pub beside: i64,
    /// Why, in the host's words.
    pub reason: Option<Words>,
}

impl Need {
    fn new(kind: NeedKind, subject: String, name: String, at: Instant) -> Self {
        Self {
            kind,
            subject,
            name,
            who: None,
            at,
            due_on: None,
            due_at: None,
            count: 0,
            beside: 0,
            reason: None,
        }
    }

    fn alarm(kind: NeedKind, row: AlarmRow) -> Self {
        let subject = format!("binding/{}/{}", row.extension_point, row.name);
        let reason = row
            .reason
            .as_deref()
            .map(|reason| without_its_words(&Words::from_stored(reason)));
        Self {
            count: row.revision,
            reason,
            ..Self::new(kind, subject, row.name, row.at)
        }
    }

    fn waiting(kind: NeedKind, row: WaitingRow) -> Self {
        Self {
            who: row.asked_by_name,
            count: row.amendment,
            ..Self::new(kind, format!("campaign/{}", row.campaign_id), row.name, row.at)
        }
    }
}

/// What waits, and how many more of a kind there are.
type Needs = (Vec<Need>, Vec<(NeedKind, u64)>);

impl Today<'_> {
    pub(super) async fn needs(&self, caller: &Caller, moment: Moment) -> Result<Needs> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let mut all = Vec::new();
        if caller.may(Scope::Read).is_ok() {
            all.extend(self.due(&mut tx, caller, moment).await?);
            all.extend(self.cases(&mut tx, caller, moment).await?);
            let failing = store::failing(&mut tx, agency, COUNTED).await?;
            all.extend(failing.into_iter().map(|row| {
                let kind = match row.extension_point == PROMOTION {
                    true => NeedKind::CampaignFails,
                    false => NeedKind::RuleFails,
                };
                Need::alarm(kind, row)
            }));
            let back = store::went_back(&mut tx, agency, moment.now - WEEK, COUNTED).await?;
            all.extend(back.into_iter().map(|row| Need::alarm(NeedKind::RuleWentBack, row)));
        }
        if caller.may(Scope::Approvals).is_ok() {
            let mine = caller.person();
            let others = |row: &WaitingRow| {
                row.asked_by != Some(mine.0) && (mine.1.is_none() || row.holder.as_deref() != mine.1)
            };
            let submitted = store::submitted(&mut tx, agency, COUNTED).await?;
            let proposed = store::proposed(&mut tx, agency, COUNTED).await?;
            all.extend(
                submitted
                    .into_iter()
                    .filter(others)
                    .map(|row| Need::waiting(NeedKind::Approval, row)),
            );
            all.extend(
                proposed
                    .into_iter()
                    .filter(others)
                    .map(|row| Need::waiting(NeedKind::Amendment, row)),
            );
        }
        if caller.may(Scope::Approvals).is_ok() && caller.must_see(&[Mask::Money]).is_ok() {
            all.extend(self.asked(&mut tx, caller).await?);
            all.extend(self.promised(&mut tx, caller).await?);
        }
        if caller.may(Scope::Intake).is_ok() {
            // rows that were rejected show whatever a file has
            let to_mend = match caller.reads_everything() {
                true => store::to_mend(&mut tx, agency, moment.now - WEEK, COUNTED).await?,
                false => Vec::new(),
            };
            for row in to_mend {
                all.push(Need {
                    count: row.rejected,
                    beside: row.accepted,
                    ..Need::new(NeedKind::Import, format!("import/{}", row.id), row.file_name, row.at)
                });
            }
            for row in store::unassigned(&mut tx, agency, COUNTED).await? {
                let subject = format!("record/{}/{}", row.source, row.external_id);
                all.push(Need {
                    who: Some(row.source),
                    reason: Some(Words::from_stored(&row.detail)),
                    ..Need::new(NeedKind::Conflict, subject, row.external_id, row.at)
                });
            }
        }
        if caller.may(Scope::Operations).is_ok() {
            for row in webhooks::webhooks(&mut tx, agency).await? {
                let dead = webhooks::waiting(&mut tx, agency, row.id).await?.dead;
                if dead > 0 {
                    let name = if row.note.is_empty() { row.url } else { row.note };
                    all.push(Need {
                        count: dead,
                        ..Need::new(NeedKind::Webhook, format!("webhook/{}", row.id), name, row.created_at)
                    });
                }
            }
            for row in jobs::dead(&mut tx, agency, COUNTED).await? {
                let subject = format!("job/{}/{}", row.kind, row.key);
                all.push(Need {
                    count: row.attempts,
                    ..Need::new(NeedKind::Job, subject, row.kind, row.dead_at)
                });
            }
        }
        Ok(shown(all, caller, moment))
    }

    /// What others have asked for members by hand.
    async fn asked(&self, tx: &mut Tx, caller: &Caller) -> Result<Vec<Need>> {
        let agency = caller.room.id;
        let waiting = loyalty::adjustments(tx, agency, (Some("waiting"), None), None, COUNTED).await?;
        let people: Vec<Uuid> = waiting.iter().map(|row| row.asked_by).collect();
        let names: HashMap<Uuid, String> = audit::names(tx, agency, &people).await?.into_iter().collect();
        let customers: Vec<Uuid> = waiting.iter().map(|row| row.customer_id).collect();
        let rows = intake::customers(tx, agency, &customers).await?;
        let labels = labels(tx, caller, &rows).await?;
        let mut needs = Vec::new();
        for row in waiting {
            if is_same_person(tx, caller, row.asked_by).await? {
                continue;
            }
            let label = labels.get(&row.customer_id);
            let name = label.map_or_else(String::new, |label| label.label.clone());
            needs.push(Need {
                who: names.get(&row.asked_by).cloned(),
                ..Need::new(
                    NeedKind::Adjustment,
                    format!("adjustment/{}", row.id),
                    name,
                    row.asked_at,
                )
            });
        }
        Ok(needs)
    }

    /// Cases that are due within a day, of the caller or of nobody.
    async fn cases(&self, tx: &mut Tx, caller: &Caller, moment: Moment) -> Result<Vec<Need>> {
        // whoever sees some customers only has their own cases
        let mine = |row: &CaseRow| match row.person_id {
            Some(person) => person == caller.actor,
            None => caller.rows == Rows::All,
        };
        let wanted = Wanted {
            open: Some(true),
            ..Wanted::default()
        };
        let rows = complaints::due_first(tx, caller.room.id, &wanted, None, DUE_CASES).await?;
        let soon = |row: &CaseRow| row.due_at.is_some_and(|due| due <= moment.now + DAY);
        let need = |row: CaseRow| Need {
            due_at: row.due_at,
            count: row.severity.into(),
            ..Need::new(
                NeedKind::Case,
                format!("complaint/{}", row.id),
                row.number,
                row.opened_at,
            )
        };
        Ok(rows.into_iter().filter(soon).filter(mine).map(need).collect())
    }

    /// Compensations that wait for another person than the one who promised them.
    async fn promised(&self, tx: &mut Tx, caller: &Caller) -> Result<Vec<Need>> {
        let agency = caller.room.id;
        let waiting = complaints::compensations_waiting(tx, agency, COUNTED).await?;
        let cases: Vec<Uuid> = waiting.iter().map(|row| row.complaint_id).collect();
        let numbers = complaints::cases(tx, agency, &cases).await?;
        let numbers: HashMap<Uuid, String> = numbers.into_iter().map(|row| (row.id, row.number)).collect();
        let people: Vec<Uuid> = waiting.iter().filter_map(|row| row.proposed_by).collect();
        let names: HashMap<Uuid, String> = audit::names(tx, agency, &people).await?.into_iter().collect();
        let mut needs = Vec::new();
        for row in waiting {
            if let Some(by) = row.proposed_by
                && is_same_person(tx, caller, by).await?
            {
                continue;
            }
            let number = numbers.get(&row.complaint_id).cloned().unwrap_or_default();
            needs.push(Need {
                who: row.proposed_by.and_then(|by| names.get(&by)).cloned(),
                ..Need::new(
                    NeedKind::Compensation,
                    format!("complaint/{}", row.complaint_id),
                    number,
                    row.proposed_at,
                )
            });
        }
        Ok(needs)
    }

    /// Tasks that are due by the end of the day, of the caller or of nobody.
    async fn due(&self, tx: &mut Tx, caller: &Caller, moment: Moment) -> Result<Vec<Need>> {
        let filter = Filter {
            progress: Some(Progress::Overdue(moment.today, i64::MAX)),
            person: Some(caller.person()),
            or_nobody: true,
            ..Filter::default()
        };
        let rows = tasks(tx, caller.room.id, &filter, None, COUNTED).await?;
        let views = self.app.tasks().views(tx, caller, rows).await?;
        let need = |view: crate::work::TaskView| Need {
            who: view.assignee,
            due_on: view.due_on,
            due_at: view.due_at,
            ..Need::new(NeedKind::Task, format!("task/{}", view.id), view.title, view.created_at)
        };
        Ok(views.into_iter().map(need).collect())
    }
}

/// A few of each kind, what is due first first: what is due at no time comes as if it were due now.
fn shown(all: Vec<Need>, caller: &Caller, moment: Moment) -> Needs {
    let due = |need: &Need| match (need.due_on, need.due_at) {
        (_, Some(at)) => at,
        (Some(day), None) => time::start_of_day(day + 1, caller.room.terms.time_zone) - 1,
        (None, None) => moment.now,
    };
    let (mut shown, mut more) = (Vec::new(), Vec::new());
    for kind in NeedKind::ALL {
        let mut of_kind: Vec<Need> = all.iter().filter(|need| need.kind == kind).cloned().collect();
        if kind == NeedKind::Task {
            of_kind.sort_by_key(due);
        }
        let left = of_kind.len().saturating_sub(SHOWN) as u64;
        more.extend((left > 0).then_some((kind, left)));
        shown.extend(of_kind.into_iter().take(SHOWN));
    }
    shown.sort_by_key(|need| (due(need), need.kind));
    (shown, more)
}
