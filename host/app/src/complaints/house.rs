//! All that cases go by: the agency's terms, its desks with their people, and its calendars. What nobody has set up is there all the same.

use crate::App;
use crate::error::{AppError, Result};
use crate::team::{RowScope, Scope, role};
use chrono_tz::Tz;
use posthouse_domain::clocks::{Calendar, Exception, Holidays, Span, Week};
use posthouse_domain::complaints::{Hours, Terms};
use posthouse_domain::{AgencyTerms, Day, Localized};
use posthouse_store::complaints::{self as store, CalendarRow, DeskRow};
use posthouse_store::{Tx, staff};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The key of the desk that every agency has.
pub(crate) const DEFAULT_DESK: &str = "default";
/// The key of the calendar that every agency has.
pub(crate) const STANDARD: &str = "standard";
/// Hours of the standard calendar, in minutes.
const STANDARD_HOURS: Span = Span { from: 540, to: 1_080 };

/// Somebody of a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The person.
    pub person: Uuid,
    /// Whether they work now.
    pub on_duty: bool,
}

/// A desk as it is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskView {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub title: Localized,
    /// Key of its calendar.
    pub calendar: String,
    /// What it can do.
    pub skills: Vec<String>,
    /// Its people.
    pub people: Vec<Seat>,
    /// Moves with every change; 0 for the default desk that nobody has set up.
    pub version: i64,
}

/// A calendar as it is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarView {
    /// Its key.
    pub key: String,
    /// A time zone of its own.
    pub zone: Option<Tz>,
    /// Hours of a week.
    pub week: Week,
    /// Whose public holidays.
    pub holidays: Holidays,
    /// The agency's own days.
    pub exceptions: BTreeMap<Day, Exception>,
    /// Moves with every change; 0 for the standard one that nobody has set up.
    pub version: i64,
}

impl CalendarView {
    /// The one that every agency has.
    pub(super) fn standard(terms: &AgencyTerms) -> Self {
        Self {
            key: STANDARD.to_owned(),
            zone: None,
            week: Week::workdays(STANDARD_HOURS),
            holidays: match terms.country.as_str() {
                "CN" => Holidays::China,
                _ => Holidays::None,
            },
            exceptions: BTreeMap::new(),
            version: 0,
        }
    }

    /// As clocks go by it.
    pub(super) fn calendar(&self, terms: &AgencyTerms) -> Calendar {
        Calendar {
            zone: self.zone.unwrap_or(terms.time_zone),
            week: self.week.clone(),
            holidays: self.holidays,
            exceptions: self.exceptions.clone(),
        }
    }
}

impl TryFrom<CalendarRow> for CalendarView {
    type Error = AppError;

    fn try_from(row: CalendarRow) -> Result<Self> {
        let zone = row.zone.map(|zone| zone.parse::<Tz>());
        let zone = zone
            .transpose()
            .map_err(|error| AppError::Internal(format!("a calendar's zone: {error}")))?;
        Ok(Self {
            key: row.key,
            zone,
            week: serde_json::from_str(&row.week).map_err(AppError::corrupt("week"))?,
            holidays: serde_json::from_value(row.holidays.into()).map_err(AppError::corrupt("holidays"))?,
            exceptions: serde_json::from_str(&row.exceptions).map_err(AppError::corrupt("exceptions"))?,
            version: row.version,
        })
    }
}

impl TryFrom<DeskRow> for DeskView {
    type Error = AppError;

    fn try_from(row: DeskRow) -> Result<Self> {
        Ok(Self {
            key: row.key,
            title: Localized::new(row.title_zh, row.title_en),
            calendar: row.calendar,
            skills: serde_json::from_str(&row.skills).map_err(AppError::corrupt("skills"))?,
            people: serde_json::from_str(&row.people).map_err(AppError::corrupt("people"))?,
            version: row.version,
        })
    }
}

/// All that cases go by.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) terms: Terms,
    /// Whether somebody has set the terms, and their version.
    pub(crate) version: i64,
    /// The default desk among them.
    pub(crate) desks: Vec<DeskView>,
    calendars: BTreeMap<String, Calendar>,
    law: Calendar,
    /// The staff, by id.
    pub(crate) people: HashMap<Uuid, Colleague>,
}

/// Somebody of the staff, as far as cases go.
#[derive(Debug, Clone)]
pub(crate) struct Colleague {
    pub(crate) name: String,
    /// Key of the role.
    pub(crate) role: String,
    /// Whether they can sign in.
    pub(crate) is_active: bool,
    /// Whether they see cases of everybody.
    pub(crate) sees_all: bool,
}

/// The staff, by id.
async fn colleagues(tx: &mut Tx, agency: Uuid) -> Result<HashMap<Uuid, Colleague>> {
    let mut sees: HashMap<String, bool> = HashMap::new();
    let mut people = HashMap::new();
    for row in staff::staff(tx, agency).await? {
        let sees_all = match sees.get(&row.role) {
            Some(known) => *known,
            None => {
                let role = role(tx, agency, &row.role).await?;
                let reads = role
                    .permissions
                    .iter()
                    .any(|one| matches!(one, Scope::Owner | Scope::Read));
                let sees_all = reads && role.rows == RowScope::All;
                sees.insert(row.role.clone(), sees_all);
                sees_all
            }
        };
        let colleague = Colleague {
            name: row.name,
            role: row.role,
            is_active: row.disabled_at.is_none(),
            sees_all,
        };
        people.insert(row.id, colleague);
    }
    Ok(people)
}

impl House {
    pub(crate) async fn read(tx: &mut Tx, agency: Uuid, terms: &AgencyTerms) -> Result<Self> {
        let (own, version) = match store::terms(tx, agency).await? {
            Some((text, version)) => (
                serde_json::from_str(&text).map_err(AppError::corrupt("terms"))?,
                version,
            ),
            None => (Terms::standard(&terms.country), 0),
        };
        let rows = store::desks(tx, agency).await?.into_iter().map(DeskView::try_from);
        let mut desks = rows.collect::<Result<Vec<_>>>()?;
        if desks.iter().all(|desk| desk.key != DEFAULT_DESK) {
            desks.insert(
                0,
                DeskView {
                    key: DEFAULT_DESK.to_owned(),
                    title: Localized::new("客服组", "Customer service"),
                    calendar: STANDARD.to_owned(),
                    skills: Vec::new(),
                    people: Vec::new(),
                    version: 0,
                },
            );
        }
        let mut calendars = BTreeMap::new();
        for view in calendars_of(tx, agency, terms).await? {
            calendars.insert(view.key.clone(), view.calendar(terms));
        }
        let law = calendars[STANDARD].clone();
        Ok(Self {
            terms: own,
            version,
            desks,
            calendars,
            law,
            people: colleagues(tx, agency).await?,
        })
    }

    /// The desk of this key.
    pub(crate) fn desk(&self, key: &str) -> Option<&DeskView> {
        self.desks.iter().find(|desk| desk.key == key)
    }

    /// The place of a desk; that of the default one for a desk that is there no more.
    pub(crate) fn place(&self, key: &str) -> u16 {
        let of = |key: &str| self.desks.iter().position(|desk| desk.key == key);
        of(key).or_else(|| of(DEFAULT_DESK)).unwrap_or_default() as u16
    }

    /// By which calendars the clocks of a case at this desk go.
    pub(crate) fn hours(&self, desk: &str) -> Hours<'_> {
        let own = self.desk(desk).and_then(|desk| self.calendars.get(&desk.calendar));
        Hours {
            desk: own.unwrap_or(&self.law),
            law: &self.law,
        }
    }

    /// Whether somebody of a desk can be given cases now.
    pub(crate) fn takes_cases(&self, seat: &Seat) -> bool {
        let colleague = self.people.get(&seat.person);
        seat.on_duty && colleague.is_some_and(|colleague| colleague.is_active && colleague.sees_all)
    }

    pub(crate) fn calendar(&self, key: &str) -> Option<&Calendar> {
        self.calendars.get(key)
    }
}

/// Every calendar, the standard one among them.
pub(super) async fn calendars_of(tx: &mut Tx, agency: Uuid, terms: &AgencyTerms) -> Result<Vec<CalendarView>> {
    let rows = store::calendars(tx, agency)
        .await?
        .into_iter()
        .map(CalendarView::try_from);
    let mut views = rows.collect::<Result<Vec<_>>>()?;
    if views.iter().all(|view| view.key != STANDARD) {
        views.insert(0, CalendarView::standard(terms));
    }
    Ok(views)
}

impl App {
    /// What cases of an agency go by, in a transaction of its own.
    pub(super) async fn house(&self, room: &crate::Room) -> Result<House> {
        let mut tx = self.store.read(posthouse_store::Access::Agency(room.id)).await?;
        House::read(&mut tx, room.id, &room.terms).await
    }
}
