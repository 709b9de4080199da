//! Bookings, records, quotes and assignees into their normal forms.

use super::{PAGE, Page, note_clash, place};
use crate::error::Result;
use posthouse_domain::normal;
use posthouse_store::forms::{self as store, BOOKING, RECORD};
use posthouse_store::{Tx, intake, work};
use std::collections::HashMap;
use uuid::Uuid;

/// A page of bookings. One whose form another booking has keeps its id, and is reached by it as it is written.
pub(super) async fn take_bookings(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let agency = page.agency;
    let rows = store::bookings_from(tx, agency, &page.from::<String>(), PAGE).await?;
    let changed: Vec<(&str, String, Uuid)> = rows
        .iter()
        .map(|(id, customer)| (id.as_str(), normal::text(id), *customer))
        .filter(|(id, form, _)| !form.is_empty() && id != form)
        .collect();
    let forms: Vec<&str> = changed.iter().map(|(_, form, _)| form.as_str()).collect();
    let mut owners: HashMap<String, Uuid> = intake::bookings(tx, agency, &forms)
        .await?
        .into_iter()
        .map(|row| (row.id, row.customer_id))
        .collect();
    // under what those were known that have moved here
    let mut moved: HashMap<String, String> = HashMap::new();
    for (id, form, customer) in changed {
        let Some(other) = owners.get(&form) else {
            store::move_booking(tx, agency, id, &form).await?;
            moved.insert(form.clone(), id.to_owned());
            owners.insert(form, customer);
            continue;
        };
        let was = moved.get(&form).unwrap_or(&form);
        let both = [(was.as_str(), form.as_str(), *other), (id, id, customer)];
        note_clash(tx, page, BOOKING, &form, &both).await?;
    }
    Ok(next(&rows, |(id, _)| place(id)))
}

/// A page of records. One whose form another record has keeps its id: both have landed, and neither does again.
pub(super) async fn take_records(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let (source, id): (String, String) = page.from();
    let rows = store::records_from(tx, page.agency, (&source, &id), PAGE).await?;
    for (source, id, customer) in &rows {
        let form = (normal::text(source), normal::text(id));
        if form.0.is_empty() || form.1.is_empty() || (&form.0, &form.1) == (source, id) {
            continue;
        }
        let to = (form.0.as_str(), form.1.as_str());
        if intake::known_events(tx, page.agency, &[to]).await?.is_empty() {
            store::move_record(tx, page.agency, (source, id), to).await?;
        } else {
            let was = format!("{source} {id}");
            let form = format!("{} {}", form.0, form.1);
            note_clash(tx, page, RECORD, &form, &[(&was, &was, *customer)]).await?;
        }
    }
    Ok(next(&rows, |(source, id, _)| place((source, id))))
}

/// A page of records that wait for their customer.
pub(super) async fn take_waiting(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let (source, id): (String, String) = page.from();
    let rows = store::waiting_from(tx, page.agency, (&source, &id), PAGE).await?;
    for (source, id) in &rows {
        let form = (normal::text(source), normal::text(id));
        if (&form.0, &form.1) != (source, id) {
            store::move_waiting(tx, page.agency, (source, id), (&form.0, &form.1)).await?;
        }
    }
    Ok(next(&rows, |(source, id)| place((source, id))))
}

/// A page of confirmed quotes: each goes on naming the booking that it named.
pub(super) async fn take_quotes(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let agency = page.agency;
    let rows = store::quotes_from(tx, agency, page.from(), PAGE).await?;
    for (quote, booking) in &rows {
        let form = normal::text(booking);
        if form.is_empty() {
            continue;
        }
        let clashes = store::clashes(tx, agency, &[(BOOKING, &form)]).await?;
        let meant = clashes
            .into_iter()
            .find(|row| row.was == *booking)
            .map_or(form, |row| row.value);
        if meant != *booking {
            store::set_booking_of_quote(tx, agency, *quote, &meant).await?;
        }
    }
    Ok(next(&rows, |(quote, _)| place(quote)))
}

/// A page of tasks: by the form of its assignee a person finds what is theirs.
pub(super) async fn take_assignees(page: &Page<'_>, tx: &mut Tx) -> Result<Option<String>> {
    let rows = work::assignees_from(tx, page.agency, page.from(), PAGE).await?;
    for (task, assignee) in &rows {
        if let Some(assignee) = assignee {
            work::set_assignee_form(tx, page.agency, *task, &normal::caseless(assignee)).await?;
        }
    }
    Ok(next(&rows, |(task, _)| place(task)))
}

/// Where the next page begins; nowhere after the last.
pub(super) fn next<T>(rows: &[T], of: impl Fn(&T) -> String) -> Option<String> {
    (rows.len() as i64 == PAGE).then(|| rows.last().map(of)).flatten()
}
