//! What people do with a crisis: they open one, and take it on from state to state.

use super::playbooks::named;
use super::{CRISIS, CRISIS_KINDS, CrisisStep, CrisisView, MOST, NewCrisis};
use crate::Complaints;
use crate::complaints::file::{CaseFile, Who, write};
use crate::complaints::open::word;
use crate::error::{AppError, Result, retrying};
use crate::rules::Moment;
use crate::team::Caller;
use crate::texts::short;
use crate::webhooks::{Listeners, Told};
use posthouse_domain::{Instant, normal, words};
use posthouse_engine::Playbook;
use posthouse_store::Tx;
use posthouse_store::complaints::{self as store, CrisisRow};
use serde_json::json;
use uuid::Uuid;

impl Complaints<'_> {
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
        let product = word(&words!("product", "产品"), new.product.as_deref())?;
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

    async fn end_crisis_step(
        &self,
        mut tx: Tx,
        caller: &Caller,
        mut files: Vec<CaseFile>,
        (crisis, step): (&CrisisRow, &str),
        event: Option<&'static str>,
        moment: Moment,
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
}

/// What others are told of it.
pub(super) fn told(row: &CrisisRow, kind: &'static str, at: Instant) -> Told {
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

/// Every host reads again for which products nothing is offered, before its next quote.
async fn stops_or_starts(tx: &mut Tx, agency: Uuid, crisis: &CrisisRow) -> Result<()> {
    if crisis.product.is_some() {
        posthouse_store::campaigns::next_version(tx, agency).await?;
    }
    Ok(())
}
