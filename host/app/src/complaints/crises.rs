//! Crises: complaints of one product and cause that are joined, or what somebody has opened. A playbook is carried out as tasks.

use super::COMPLAINT;
use super::file::{CaseFile, Note, Who, write};
use super::house::House;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::short;
use crate::webhooks::{Listeners, Told};
use crate::work::{Assignee, Due, NewTask, Workable};
use crate::{Complaints, Room};
use posthouse_domain::complaints::Cause;
use posthouse_domain::{Day, Instant, normal, time, words};
use posthouse_engine::{Playbook, PlaybookStep};
use posthouse_store::complaints::{self as store, CrisisRow, Wanted};
use posthouse_store::work::Subject;
use posthouse_store::{Access, Tx, intake};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// The kind of subjects that are crises.
pub(crate) const CRISIS: &str = "crisis";
/// The kinds of crises.
pub const CRISIS_KINDS: [&str; 5] = ["service_failure", "product", "information", "emergency", "malicious"];
/// Cases that are joined at once at most.
const MOST: i64 = 500;
/// What is done for everybody who was touched, once a crisis is over: kind of the task, within how many days, what.
const REPAIR: [(&str, Day, &str); 4] = [
    ("call", 2, "回访电话 / Call the customer"),
    ("survey", 7, "满意度调查 / Ask how they are now"),
    ("give-back", 14, "补偿与回馈 / Offer something back"),
    ("follow-up", 30, "后续跟进 / Follow up"),
];
/// Kinds of tasks of that.
pub(super) const REPAIR_KINDS: [&str; 4] = [REPAIR[0].0, REPAIR[1].0, REPAIR[2].0, REPAIR[3].0];

/// Which crises are asked for.
#[derive(Debug, Clone, Default)]
pub struct CrisisFilter {
    /// Those that are not over, or those that are.
    pub open: Option<bool>,
}

/// What becomes of a crisis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrisisStep {
    /// It is one: the playbook is carried out, and nothing is offered for the product.
    Open,
    /// It grows no more.
    Contain,
    /// What it has done is put right.
    Repair,
    /// It is over.
    Close,
}

impl CrisisStep {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Contain, Self::Repair, Self::Close];

    /// The name used in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Contain => "contain",
            Self::Repair => "repair",
            Self::Close => "close",
        }
    }

    /// The state after it, and those it can be taken in.
    fn leads(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Open => ("open", &["watch"]),
            Self::Contain => ("contained", &["open"]),
            Self::Repair => ("repair", &["open", "contained"]),
            Self::Close => ("closed", &["watch", "open", "contained", "repair"]),
        }
    }

    fn possible(state: &str) -> Vec<&'static str> {
        let can = Self::ALL.into_iter().filter(|step| step.leads().1.contains(&state));
        can.map(Self::as_str).collect()
    }
}

/// A crisis that a person opens.
#[derive(Debug, Clone)]
pub struct NewCrisis {
    /// What kind.
    pub kind: String,
    /// What it is about, in words.
    pub title: String,
    /// The product, if it is about one.
    pub product: Option<String>,
    /// What it is about.
    pub cause: Option<Cause>,
    /// Key of a playbook of the rule in force; the one of the kind's name if left out.
    pub playbook: Option<String>,
    /// Cases that belong to it, by id or number.
    pub cases: Vec<String>,
}

/// A crisis.
#[derive(Debug, Clone)]
pub struct CrisisView {
    /// Id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// What kind.
    pub kind: String,
    /// What it is about, in words.
    pub title: String,
    /// The product.
    pub product: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// `watch`, `open`, `contained`, `repair` or `closed`.
    pub state: String,
    /// The steps that can be taken.
    pub possible: Vec<&'static str>,
    /// Key of the playbook.
    pub playbook: Option<String>,
    /// Who opened it; none if complaints were joined.
    pub opened_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub opened_at: Instant,
    /// When it was over.
    pub closed_at: Option<Instant>,
    /// How many cases belong to it.
    pub cases: i64,
    /// Moves with every change.
    pub version: i64,
}

/// What kind of crisis complaints of a cause are.
fn kind_of(cause: Option<Cause>) -> &'static str {
    match cause {
        Some(Cause::Product) => "product",
        Some(Cause::Information | Cause::Price) => "information",
        Some(Cause::ForceMajeure | Cause::Safety) => "emergency",
        Some(Cause::Malicious) => "malicious",
        _ => "service_failure",
    }
}

async fn view(tx: &mut Tx, agency: Uuid, row: CrisisRow) -> Result<CrisisView> {
    let wanted = Wanted {
        crisis: Some(row.id),
        ..Wanted::default()
    };
    let cases = store::states(tx, agency, &wanted)
        .await?
        .into_iter()
        .map(|(_, count)| count)
        .sum();
    Ok(CrisisView {
        id: row.id,
        number: row.number,
        kind: row.kind,
        title: row.title,
        product: row.product,
        cause: row.cause,
        possible: CrisisStep::possible(&row.state),
        state: row.state,
        playbook: row.playbook,
        opened_by: row.opened_by,
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        cases,
        version: row.version,
    })
}

fn told(row: &CrisisRow, kind: &'static str, at: Instant) -> Told {
    Told {
        kind,
        subject: format!("{CRISIS}/{}", row.id),
        at,
        data: json!({
            "crisis_id": row.id,
            "number": row.number,
            "kind": row.kind,
            "title": row.title,
            "product": row.product,
            "cause": row.cause,
            "state": row.state,
        }),
    }
}

impl Complaints<'_> {
    /// Joins a case with those it has something in common with, if they are many; that it was not possible is logged, and the next case tries again.
    pub(super) async fn look_for_crises(&self, room: &Arc<Room>, house: &House, case: Uuid) {
        if let Err(error) = retrying!(self.try_join(room, house, case)) {
            tracing::error!(%error, agency = %room.slug, %case, "whether the case belongs to a crisis could not be found out");
        }
    }

    async fn try_join(&self, room: &Arc<Room>, house: &House, case: Uuid) -> Result<()> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let since = moment.now - i64::from(house.terms.joint_days) * 86_400_000;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::case(&mut tx, agency, case).await?;
        let Some(row) = row.filter(|row| row.is_open && row.crisis_id.is_none()) else {
            return Ok(());
        };
        let Some(alike) = row.alike else { return Ok(()) };
        let others = store::alike(&mut tx, agency, &alike, case, since).await?;
        let there = store::crisis_of(&mut tx, agency, &alike).await?;
        drop(tx);
        let is_joint = others + 1 >= i64::from(house.terms.joint_count);
        if there.is_none() && !is_joint {
            return Ok(());
        }
        let mut tx = self.begin(room, Who::Host).await?;
        let all = store::all_alike(&mut tx, agency, &alike, since, MOST).await?;
        let mut news = Vec::new();
        let crisis = match store::crisis_of(&mut tx, agency, &alike).await? {
            Some(crisis) => crisis,
            None => {
                let Some(first) = all.first().filter(|_| all.len() >= house.terms.joint_count as usize) else {
                    return Ok(());
                };
                let cause = first.cause.as_deref().and_then(Cause::parse);
                let crisis = CrisisRow {
                    id: self.app.entropy.id(self.app.machine.now()),
                    number: self.crisis_number(&mut tx, agency, moment.today).await?,
                    kind: kind_of(cause).to_owned(),
                    title: first.product.clone().unwrap_or_default(),
                    product: first.product.clone(),
                    departs_on: first.departs_on,
                    cause: first.cause.clone(),
                    alike: Some(alike),
                    state: "watch".to_owned(),
                    is_open: true,
                    playbook: serde_json::from_str::<posthouse_domain::complaints::Kept>(&row.kept)
                        .ok()
                        .and_then(|kept| kept.playbook),
                    opened_by: None,
                    opened_at: moment.now,
                    closed_at: None,
                    version: 1,
                };
                store::put_crisis(&mut tx, agency, &crisis).await?;
                news.push(told(&crisis, "crisis.opened", moment.now));
                crisis
            }
        };
        let mut files = Vec::new();
        for row in all.into_iter().filter(|row| row.crisis_id.is_none()) {
            let mut file = CaseFile::open(row)?;
            file.happen(moment.now, house);
            self.joined(&mut file, Who::Host, &crisis, moment.now);
            files.push(file);
        }
        write(&mut tx, agency, &mut files, moment.now, house).await?;
        if let Some(first) = files.first_mut() {
            first.told.extend(news);
        }
        self.finish(tx, room, Who::Host, files, None, ("join", json!({})), moment)
            .await
    }

    fn joined(&self, file: &mut CaseFile, who: Who<'_>, crisis: &CrisisRow, now: Instant) {
        file.row.crisis_id = Some(crisis.id);
        let note = Note {
            kind: "joined",
            data: json!({"crisis": crisis.id, "number": crisis.number}),
            ..Note::default()
        };
        file.note(who, now, file.state(), note);
    }

    async fn crisis_number(&self, tx: &mut Tx, agency: Uuid, today: Day) -> Result<String> {
        let month = time::date_from_day(today).format("%y%m").to_string();
        let numbered = store::next_number(tx, agency, month.parse().unwrap_or_default()).await?;
        Ok(format!("K{month}-{numbered:04}"))
    }

    /// Opens a crisis that a person sees. Asked for twice there are two, unless the request has a key.
    ///
    /// # Errors
    /// `bad_crisis`, `bad_name`; [`AppError::NotFound`] for a case that the caller does not see; `in_another_crisis`.
    pub async fn open_crisis(&self, caller: &Caller, new: &NewCrisis) -> Result<CrisisView> {
        if !CRISIS_KINDS.contains(&new.kind.as_str()) {
            return Err(AppError::invalid(
                "bad_crisis",
                words!(
                    "kind is one of {known}",
                    "kind 应为 {known} 之一",
                    known = CRISIS_KINDS.join(", ")
                ),
            ));
        }
        if new.cases.len() > MOST as usize {
            return Err(AppError::invalid(
                "bad_crisis",
                words!(
                    "a crisis begins with {MOST} cases at most",
                    "一次最多关联 {MOST} 个案件"
                ),
            ));
        }
        let title = short(&words!("title", "标题"), &new.title)?;
        let product = super::open::word(&words!("product", "产品"), new.product.as_deref())?;
        let mut cases = Vec::new();
        for name in &new.cases {
            cases.push(self.must_see_case(caller, name).await?.id);
        }
        let playbooks = self.playbooks(&caller.room).await?;
        let playbook = named(&playbooks, new.playbook.as_deref(), &new.kind)?;
        let id = retrying!(self.try_open_crisis(caller, new, (&title, product.as_deref()), playbook, &cases))?;
        self.crisis(caller, &id.to_string()).await
    }

    async fn try_open_crisis(
        &self,
        caller: &Caller,
        new: &NewCrisis,
        (title, product): (&str, Option<&str>),
        playbook: Option<&Playbook>,
        cases: &[Uuid],
    ) -> Result<Uuid> {
        let (room, moment) = (&caller.room, self.app.segments().moment(&caller.room));
        let house = self.app.house(room).await?;
        let mut tx = self.begin(room, Who::Staff(caller)).await?;
        let crisis = CrisisRow {
            id: self.app.entropy.id(self.app.machine.now()),
            number: self.crisis_number(&mut tx, room.id, moment.today).await?,
            kind: new.kind.clone(),
            title: title.to_owned(),
            product: product.map(str::to_owned),
            departs_on: None,
            cause: new.cause.map(|cause| cause.as_str().to_owned()),
            alike: match (product, new.cause) {
                (Some(product), Some(cause)) => Some(format!("{} {}", cause.as_str(), normal::caseless(product))),
                _ => None,
            },
            state: "open".to_owned(),
            is_open: true,
            playbook: playbook.map(|playbook| playbook.key.clone()),
            opened_by: Some(caller.actor),
            opened_at: moment.now,
            closed_at: None,
            version: 1,
        };
        store::put_crisis(&mut tx, room.id, &crisis).await?;
        stops_or_starts(&mut tx, room.id, &crisis).await?;
        let mut files = Vec::new();
        for row in store::cases(&mut tx, room.id, cases).await? {
            if row.crisis_id.is_some_and(|other| other != crisis.id) {
                return Err(AppError::conflict(
                    "in_another_crisis",
                    words!(
                        "case {number} is in another crisis",
                        "案件 {number} 已属于另一危机",
                        number = row.number
                    ),
                ));
            }
            let mut file = CaseFile::open(row)?;
            file.happen(moment.now, &house);
            self.joined(&mut file, Who::Staff(caller), &crisis, moment.now);
            files.push(file);
        }
        write(&mut tx, room.id, &mut files, moment.now, &house).await?;
        self.begin_playbook(&mut tx, caller, &house, &crisis, playbook, moment.now)
            .await?;
        self.end_crisis_step(tx, caller, files, (&crisis, "open"), Some("crisis.opened"), moment)
            .await?;
        Ok(crisis.id)
    }

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
    async fn begin_playbook(
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
    async fn begin_repair(&self, tx: &mut Tx, caller: &Caller, crisis: &CrisisRow, today: Day) -> Result<()> {
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

    async fn end_crisis_step(
        &self,
        mut tx: Tx,
        caller: &Caller,
        mut files: Vec<CaseFile>,
        (crisis, step): (&CrisisRow, &str),
        event: Option<&'static str>,
        moment: crate::rules::Moment,
    ) -> Result<()> {
        let (agency, subject) = (caller.room.id, format!("{CRISIS}/{}", crisis.id));
        let detail = json!({"state": crisis.state, "playbook": crisis.playbook});
        self.app
            .audit()
            .note(&mut tx, caller, &format!("crisis.{step}"), &subject, detail)
            .await?;
        let event = event.map(|kind| told(crisis, kind, moment.now));
        match files.first_mut() {
            Some(first) => {
                first.told.extend(event);
                self.finish(
                    tx,
                    &caller.room,
                    Who::Staff(caller),
                    files,
                    None,
                    ("join", json!({})),
                    moment,
                )
                .await
            }
            None => {
                let listeners = Listeners::of(&mut tx, agency).await?;
                listeners
                    .tell(self.app, &mut tx, agency, event.into_iter().collect())
                    .await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// Takes a crisis on. What was taken before is taken.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state`; `version_changed` if `expected` is not its version; `unknown_playbook`.
    pub async fn move_crisis(
        &self,
        caller: &Caller,
        name: &str,
        step: CrisisStep,
        playbook: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CrisisView> {
        let id = self.find_crisis(caller, name).await?.id;
        let playbooks = match step {
            CrisisStep::Open => self.playbooks(&caller.room).await?,
            _ => Vec::new(),
        };
        retrying!(self.try_move_crisis(caller, id, step, (playbook, &playbooks), expected))?;
        self.crisis(caller, &id.to_string()).await
    }

    async fn try_move_crisis(
        &self,
        caller: &Caller,
        id: Uuid,
        step: CrisisStep,
        (playbook, playbooks): (Option<&str>, &[Playbook]),
        expected: Option<i64>,
    ) -> Result<()> {
        let (room, moment) = (&caller.room, self.app.segments().moment(&caller.room));
        let house = self.app.house(room).await?;
        let mut tx = self.begin(room, Who::Staff(caller)).await?;
        let before = store::crisis(&mut tx, room.id, id)
            .await?
            .ok_or(AppError::NotFound(CRISIS))?;
        let (after, from) = step.leads();
        if before.state == after {
            return Ok(tx.commit().await?);
        }
        if let Some(expected) = expected.filter(|expected| *expected != before.version) {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the crisis is at version {version}, not {expected}; look at it again before changing it",
                    "危机当前为版本 {version}，不是 {expected}；请重新读取后再操作",
                    version = before.version
                ),
            ));
        }
        if !from.contains(&before.state.as_str()) {
            let possible = CrisisStep::possible(&before.state);
            return Err(AppError::conflict(
                "wrong_state",
                words!(
                    "the crisis is {state}; what can be done: {en}",
                    "危机状态为 {state}；可执行：{zh}",
                    state = before.state,
                    en = possible.join(", "),
                    zh = possible.join("、")
                ),
            ));
        }
        let was_watched = before.state == "watch";
        let mut crisis = CrisisRow {
            state: after.to_owned(),
            is_open: after != "closed",
            closed_at: (after == "closed").then_some(moment.now),
            version: before.version + 1,
            ..before
        };
        match step {
            CrisisStep::Open => {
                let wanted = playbook.or(crisis.playbook.as_deref()).map(str::to_owned);
                let chosen = named(
                    playbooks,
                    wanted.as_deref().filter(|_| playbook.is_some()),
                    &crisis.kind,
                )?;
                let chosen = chosen.or_else(|| playbooks.iter().find(|one| Some(&one.key) == wanted.as_ref()));
                crisis.playbook = chosen.map(|one| one.key.clone());
                self.begin_playbook(&mut tx, caller, &house, &crisis, chosen, moment.now)
                    .await?;
            }
            CrisisStep::Close if !was_watched => self.begin_repair(&mut tx, caller, &crisis, moment.today).await?,
            _ => {}
        }
        store::put_crisis(&mut tx, room.id, &crisis).await?;
        stops_or_starts(&mut tx, room.id, &crisis).await?;
        let event = (step == CrisisStep::Close).then_some("crisis.closed");
        self.end_crisis_step(tx, caller, Vec::new(), (&crisis, step.as_str()), event, moment)
            .await
    }

    async fn find_crisis(&self, caller: &Caller, name: &str) -> Result<CrisisRow> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let id = InCrisis::find(&mut tx, caller.room.id, name).await?;
        store::crisis(&mut tx, caller.room.id, id)
            .await?
            .ok_or(AppError::NotFound(CRISIS))
    }

    /// A crisis, by its id or number.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn crisis(&self, caller: &Caller, name: &str) -> Result<CrisisView> {
        let row = self.find_crisis(caller, name).await?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        view(&mut tx, caller.room.id, row).await
    }

    /// Crises behind a cursor, the latest first, and where the next page begins.
    ///
    /// # Errors
    /// `bad_cursor`.
    pub async fn crises(
        &self,
        caller: &Caller,
        filter: &CrisisFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CrisisView>, Option<String>)> {
        let before = cursor.map(|cursor| Uuid::try_parse(cursor).map_err(|_| AppError::bad_cursor()));
        let before = before.transpose()?;
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::crises(&mut tx, caller.room.id, filter.open, before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        let mut views = Vec::new();
        for row in rows {
            views.push(view(&mut tx, caller.room.id, row).await?);
        }
        Ok((views, next))
    }
}

/// Every host reads again for which products nothing is offered, before its next quote.
async fn stops_or_starts(tx: &mut Tx, agency: Uuid, crisis: &CrisisRow) -> Result<()> {
    if crisis.product.is_some() {
        posthouse_store::campaigns::next_version(tx, agency).await?;
    }
    Ok(())
}

/// The playbook of this key; the one of the crisis's kind where none is named.
fn named<'p>(playbooks: &'p [Playbook], key: Option<&str>, kind: &str) -> Result<Option<&'p Playbook>> {
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

/// Crises as things there is work about.
pub(crate) struct InCrisis;

impl Workable for InCrisis {
    const KIND: &'static str = CRISIS;
    const TASK_KINDS: &'static [&'static str] = &["playbook"];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        if let Ok(id) = Uuid::try_parse(name) {
            let row = store::crisis(tx, agency, id).await?;
            return row.map(|row| row.id).ok_or(AppError::NotFound(CRISIS));
        }
        let fits = name.len() <= 40 && !name.contains('\0');
        let row = match fits {
            true => store::crisis_numbered(tx, agency, name).await?,
            false => None,
        };
        row.map(|row| row.id).ok_or(AppError::NotFound(CRISIS))
    }

    async fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        intake::lock(tx, agency).await?;
        store::crisis(tx, agency, id)
            .await?
            .map(drop)
            .ok_or(AppError::NotFound(CRISIS))
    }

    async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let mut names = HashMap::new();
        for id in ids {
            if let Some(row) = store::crisis(tx, agency, *id).await? {
                names.insert(*id, row.number);
            }
        }
        Ok(names)
    }
}
