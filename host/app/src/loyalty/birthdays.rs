//! Birthdays: each day, members whose birthday it is, as the facts have it.

use super::happened::occasion_row;
use super::rules::asked;
use crate::error::{Result, repeating};
use crate::{Loyalty, Room};
use posthouse_domain::catalogue::Value;
use posthouse_domain::loyalty::{Happening, Occasion};
use posthouse_domain::{Day, time};
use posthouse_store::loyalty::{self as store, MemberRow, OccasionRow};
use posthouse_store::{Access, intake, profiles};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Days that are made up for where no host was there.
const MISSED: Day = 31;
/// What the occasions are about: a birthday, by its day.
const BIRTHDAY: &str = "birthday";

impl Loyalty<'_> {
    /// Notes the birthdays since they were noted last, today's included. Of a programme that is new they begin with today.
    pub(super) async fn note_birthdays(&self, room: &Arc<Room>) -> Result<()> {
        let today = room.day_of(self.app.clock.now());
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let programme = store::programme(&mut tx, room.id).await?;
        drop(tx);
        let Some(programme) = programme else { return Ok(()) };
        let first = programme.birthdays_to.map_or(today, |day| day.saturating_add(1));
        let first = first.max(today - MISSED);
        if first > today {
            return Ok(());
        }
        self.app.segments().ensure_loaded(room).await?;
        let whose = birthdays(room, first, today);
        repeating!(self.try_note_birthdays(room, programme.birthdays_to, today, &whose))
    }

    async fn try_note_birthdays(
        &self,
        room: &Arc<Room>,
        noted: Option<Day>,
        today: Day,
        whose: &[(i64, Day)],
    ) -> Result<()> {
        let (agency, moment) = (room.id, self.app.segments().moment(room));
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        intake::lock(&mut tx, agency).await?;
        let programme = store::programme(&mut tx, agency).await?;
        // another host was first
        if programme.is_none_or(|programme| programme.birthdays_to != noted) {
            return Ok(());
        }
        let ordinals: Vec<i64> = whose.iter().map(|(ordinal, _)| *ordinal).collect();
        let customers = profiles::customers_at(&mut tx, agency, &ordinals).await?;
        let ids: Vec<_> = customers.iter().map(|row| row.id).collect();
        let members = store::members(&mut tx, agency, &ids).await?;
        let bindings = asked(&mut tx, agency).await?;
        let members: HashMap<Uuid, MemberRow> = members.into_iter().map(|row| (row.customer_id, row)).collect();
        let days: HashMap<i64, Day> = whose.iter().copied().collect();
        let mut occasions: Vec<OccasionRow> = Vec::new();
        for customer in &customers {
            let member = members.get(&customer.id).filter(|row| row.state != "closed");
            let day = days.get(&customer.ordinal);
            let Some((_, on)) = member.zip(day).filter(|(member, on)| **on > member.since_on) else {
                continue;
            };
            let occasion = Occasion {
                at: time::start_of_day(*on, room.terms.time_zone),
                on: *on,
                what: Happening::Birthday,
            };
            for binding in &bindings {
                let about = (BIRTHDAY, time::day_text(*on));
                occasions.push(occasion_row(self.app, customer.id, about, binding, &occasion, moment));
            }
        }
        store::put_occasions(&mut tx, agency, &occasions).await?;
        store::set_birthdays(&mut tx, agency, today).await?;
        if !occasions.is_empty() {
            store::follow_soon(&mut tx, agency).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Whose birthday it is on days from the first to the last, by their places in the frame. Who was born on 29 February has it on 1 March in other
/// years, as the facts do.
fn birthdays(room: &Room, first: Day, last: Day) -> Vec<(i64, Day)> {
    let frame = room.frame();
    let Some(position) = frame.position("birth-date") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for row in 0..frame.len() {
        let Value::Whole(born) = frame.value(position, row, last) else {
            continue;
        };
        let Ok(born) = Day::try_from(born) else { continue };
        let next = first + time::days_to_birthday(born, first);
        if next <= last {
            found.push((row as i64, next));
        }
    }
    found
}
