//! Setting up what cases go by: the agency's terms, desks, calendars; and what a clock would say.

use super::house::{CalendarView, DEFAULT_DESK, DeskView, House, STANDARD, calendars_of};
use crate::Complaints;
use crate::error::{AppError, Result, retrying};
use crate::team::{self, Caller};
use crate::texts::short;
use posthouse_domain::complaints::Terms;
use posthouse_domain::complaints::asked::{MOST_DESKS, MOST_PEOPLE, MOST_PEOPLE_IN_ALL};
use posthouse_domain::{Instant, Localized, Words, words};
use posthouse_store::complaints::{self as store, CalendarRow, DeskRow};
use posthouse_store::{Access, intake};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// Most calendars of an agency.
const MOST_CALENDARS: usize = 50;
/// Most skills of a desk.
const MOST_SKILLS: usize = 30;
/// Most minutes that can be asked about: a year of days of 24 hours.
const MOST_MINUTES: i64 = 366 * 1_440;

/// What a clock would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkingTime {
    /// From when on, in ms since 1970.
    pub from: Instant,
    /// How many working minutes.
    pub minutes: i64,
    /// When they have passed.
    pub due_at: Instant,
}

fn bad(code: &'static str, detail: Words) -> AppError {
    AppError::invalid(code, detail)
}

/// Lower-case words joined by hyphens.
fn check_key(code: &'static str, what: &Words, key: &str) -> Result<()> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if key.len() <= 64 && key.split('-').all(word) {
        return Ok(());
    }
    let shown: String = key.chars().take(80).collect();
    Err(bad(
        code,
        words!(
            "the {what} {shown:?} must be 1 to 64 bytes: lower-case words joined by hyphens, as supplier-relations",
            "{what} {shown:?} 应为 1 到 64 字节的小写单词，用连字符连接，如 supplier-relations"
        ),
    ))
}

fn changed(what: &Words, version: i64) -> AppError {
    AppError::conflict(
        "version_changed",
        words!(
            "the {what} is at version {version}; read it again before changing it",
            "{what}当前为版本 {version}；请重新读取后再修改"
        ),
    )
}

impl Complaints<'_> {
    /// The agency's terms, and their version: 0 before anybody has set any.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn terms(&self, caller: &Caller) -> Result<(Terms, i64)> {
        let house = self.app.house(&caller.room).await?;
        Ok((house.terms, house.version))
    }

    /// Sets the agency's terms, for cases from then on; clocks that run keep what they have. The same put twice is the same.
    ///
    /// # Errors
    /// `bad_terms`, `unknown_role`; `version_changed` if `expected` is not their version.
    pub async fn put_terms(&self, caller: &Caller, new: &Terms, expected: Option<i64>) -> Result<(Terms, i64)> {
        new.check().map_err(|detail| bad("bad_terms", detail))?;
        retrying!(self.try_put_terms(caller, new, expected))?;
        self.terms(caller).await
    }

    async fn try_put_terms(&self, caller: &Caller, new: &Terms, expected: Option<i64>) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let house = House::read(&mut tx, agency, &caller.room.terms).await?;
        if expected.is_some_and(|expected| expected != house.version) {
            return Err(changed(&words!("terms", "条款"), house.version));
        }
        if *new == house.terms && house.version > 0 {
            return Ok(tx.commit().await?);
        }
        for role in new.limits.keys() {
            team::role(&mut tx, agency, role).await?;
        }
        let now = self.app.clock.now();
        store::put_terms(&mut tx, agency, &json!(new).to_string(), house.version + 1, now).await?;
        let audit = self.app.audit();
        audit
            .note(
                &mut tx,
                caller,
                "complaint.terms",
                "complaint/terms",
                json!({"version": house.version + 1}),
            )
            .await?;
        Ok(tx.commit().await?)
    }

    /// Those of the staff who can be given cases: they can sign in, and see every customer. By name.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn colleagues(&self, caller: &Caller) -> Result<Vec<(Uuid, String)>> {
        let house = self.app.house(&caller.room).await?;
        let able = house
            .people
            .into_iter()
            .filter(|(_, colleague)| colleague.is_active && colleague.sees_all);
        let mut able: Vec<(Uuid, String)> = able.map(|(id, colleague)| (id, colleague.name)).collect();
        able.sort_by(|one, other| one.1.cmp(&other.1));
        Ok(able)
    }

    /// Every desk, the default one among them.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn desks(&self, caller: &Caller) -> Result<Vec<DeskView>> {
        Ok(self.app.house(&caller.room).await?.desks)
    }

    /// One desk.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn desk(&self, caller: &Caller, key: &str) -> Result<DeskView> {
        let mut desks = self.desks(caller).await?.into_iter();
        desks.find(|desk| desk.key == key).ok_or(AppError::NotFound("desk"))
    }

    /// Makes a desk, or changes it; whether it is new. The same put twice is the same. A desk stays: cases may be there.
    ///
    /// # Errors
    /// `bad_desk`, `bad_name`; `unknown_calendar`, `unknown_assignee`; `too_many_desks`; `version_changed` if `expected` is not its version, 0 before it is
    /// there.
    pub async fn put_desk(&self, caller: &Caller, new: &DeskView, expected: Option<i64>) -> Result<(DeskView, bool)> {
        check_key("bad_desk", &words!("desk", "处理组"), &new.key)?;
        let title = words!("title", "名称");
        let named = Localized::new(short(&title, &new.title.zh_cn)?, short(&title, &new.title.en)?);
        if new.skills.len() > MOST_SKILLS || new.people.len() > MOST_PEOPLE {
            return Err(bad(
                "bad_desk",
                words!(
                    "a desk has {MOST_SKILLS} skills and {MOST_PEOPLE} people at most",
                    "每组最多 {MOST_SKILLS} 项技能、{MOST_PEOPLE} 人"
                ),
            ));
        }
        for skill in &new.skills {
            check_key("bad_desk", &words!("skill", "技能"), skill)?;
        }
        let mut seen = HashSet::new();
        if new.people.iter().any(|seat| !seen.insert(seat.person)) {
            return Err(bad("bad_desk", words!("somebody is there twice", "成员重复")));
        }
        let new = DeskView {
            title: named,
            ..new.clone()
        };
        let is_new = retrying!(self.try_put_desk(caller, &new, expected))?;
        Ok((self.desk(caller, &new.key).await?, is_new))
    }

    async fn try_put_desk(&self, caller: &Caller, new: &DeskView, expected: Option<i64>) -> Result<bool> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let house = House::read(&mut tx, agency, &caller.room.terms).await?;
        let before = house.desk(&new.key);
        let version = before.map_or(0, |desk| desk.version);
        if expected.is_some_and(|expected| expected != version) {
            return Err(changed(&words!("desk", "处理组"), version));
        }
        if house.calendar(&new.calendar).is_none() {
            return Err(bad(
                "unknown_calendar",
                words!(
                    "there is no calendar {calendar:?}; GET /calendars lists them",
                    "没有日历 {calendar:?}；可用 GET /calendars 查看",
                    calendar = new.calendar.chars().take(64).collect::<String>()
                ),
            ));
        }
        if let Some(seat) = new.people.iter().find(|seat| !house.people.contains_key(&seat.person)) {
            return Err(bad(
                "unknown_assignee",
                words!(
                    "{person} is nobody of the staff; GET /staff lists them",
                    "{person} 不是本旅行社的员工；可用 GET /staff 查看",
                    person = seat.person
                ),
            ));
        }
        let others = house.desks.iter().filter(|desk| desk.key != new.key);
        let people: usize = others.clone().map(|desk| desk.people.len()).sum();
        if (before.is_none() && house.desks.len() >= MOST_DESKS) || people + new.people.len() > MOST_PEOPLE_IN_ALL {
            return Err(AppError::conflict(
                "too_many_desks",
                words!(
                    "an agency has {MOST_DESKS} desks with {MOST_PEOPLE_IN_ALL} people at most",
                    "旅行社最多 {MOST_DESKS} 个处理组、共 {MOST_PEOPLE_IN_ALL} 人"
                ),
            ));
        }
        if before.is_some_and(|before| DeskView { version, ..new.clone() } == *before) && version > 0 {
            tx.commit().await?;
            return Ok(false);
        }
        let row = DeskRow {
            key: new.key.clone(),
            title_zh: new.title.zh_cn.clone(),
            title_en: new.title.en.clone(),
            calendar: new.calendar.clone(),
            skills: json!(new.skills).to_string(),
            people: json!(new.people).to_string(),
            version: version + 1,
            updated_at: self.app.clock.now(),
        };
        store::put_desk(&mut tx, agency, &row).await?;
        let (subject, detail) = (format!("desk/{}", new.key), json!({"version": row.version}));
        self.app
            .audit()
            .note(&mut tx, caller, "desk.put", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(version == 0 && new.key != DEFAULT_DESK)
    }

    /// Every calendar, the standard one among them.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn calendars(&self, caller: &Caller) -> Result<Vec<CalendarView>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        calendars_of(&mut tx, caller.room.id, &caller.room.terms).await
    }

    /// One calendar.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn calendar(&self, caller: &Caller, key: &str) -> Result<CalendarView> {
        let mut views = self.calendars(caller).await?.into_iter();
        views.find(|view| view.key == key).ok_or(AppError::NotFound("calendar"))
    }

    /// Makes a calendar, or changes it; whether it is new. Clocks that run go by it from then on. The same put twice is the same.
    ///
    /// # Errors
    /// `bad_calendar`; `too_many_calendars`; `version_changed` if `expected` is not its version, 0 before it is there.
    pub async fn put_calendar(
        &self,
        caller: &Caller,
        new: &CalendarView,
        expected: Option<i64>,
    ) -> Result<(CalendarView, bool)> {
        check_key("bad_calendar", &words!("calendar", "日历"), &new.key)?;
        let checked = new.calendar(&caller.room.terms).check();
        checked.map_err(|detail| bad("bad_calendar", detail))?;
        let is_new = retrying!(self.try_put_calendar(caller, new, expected))?;
        Ok((self.calendar(caller, &new.key).await?, is_new))
    }

    async fn try_put_calendar(&self, caller: &Caller, new: &CalendarView, expected: Option<i64>) -> Result<bool> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let known = calendars_of(&mut tx, agency, &caller.room.terms).await?;
        let before = known.iter().find(|view| view.key == new.key);
        let version = before.map_or(0, |view| view.version);
        if expected.is_some_and(|expected| expected != version) {
            return Err(changed(&words!("calendar", "日历"), version));
        }
        if before.is_none() && known.len() >= MOST_CALENDARS {
            return Err(AppError::conflict(
                "too_many_calendars",
                words!(
                    "an agency has {MOST_CALENDARS} calendars at most",
                    "旅行社最多 {MOST_CALENDARS} 份日历"
                ),
            ));
        }
        if before.is_some_and(|before| CalendarView { version, ..new.clone() } == *before) && version > 0 {
            tx.commit().await?;
            return Ok(false);
        }
        let row = CalendarRow {
            key: new.key.clone(),
            zone: new.zone.map(|zone| zone.name().to_owned()),
            week: json!(new.week).to_string(),
            holidays: json!(new.holidays).as_str().unwrap_or_default().to_owned(),
            exceptions: json!(new.exceptions).to_string(),
            version: version + 1,
            updated_at: self.app.clock.now(),
        };
        store::put_calendar(&mut tx, agency, &row).await?;
        let (subject, detail) = (format!("calendar/{}", new.key), json!({"version": row.version}));
        self.app
            .audit()
            .note(&mut tx, caller, "calendar.put", &subject, detail)
            .await?;
        tx.commit().await?;
        Ok(version == 0 && new.key != STANDARD)
    }

    /// When so many working minutes have passed by a calendar: what a clock would say.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_minutes`; `never_open` where the calendar does not open often enough within ten years.
    pub async fn working_time(&self, caller: &Caller, key: &str, from: Instant, minutes: i64) -> Result<WorkingTime> {
        if !(0..=MOST_MINUTES).contains(&minutes) {
            return Err(bad(
                "bad_minutes",
                words!("minutes is 0 to {MOST_MINUTES}", "minutes 应为 0 到 {MOST_MINUTES}"),
            ));
        }
        let view = self.calendar(caller, key).await?;
        let calendar = view.calendar(&caller.room.terms);
        let after = crate::beside::beside(move || calendar.after(from, minutes * 60_000)).await?;
        let due_at = after.ok_or_else(|| {
            AppError::conflict(
                "never_open",
                words!(
                    "the calendar does not open often enough for that within ten years",
                    "该日历十年内的工作时间不足"
                ),
            )
        })?;
        Ok(WorkingTime { from, minutes, due_at })
    }
}
