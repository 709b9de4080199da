//! Contacts with a customer, as staff tell of them.

use crate::Profiles;
use crate::error::{Result, retrying};
use crate::team::Caller;
use crate::texts::{needed, short};
use posthouse_domain::event;
use posthouse_domain::record::{ActivityKind, Body};
use posthouse_domain::{Record, words};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A contact with a customer.
#[derive(Debug, Clone)]
pub struct Note {
    /// Names the note: one that is sent twice is kept once.
    pub once: Uuid,
    /// By what they were reached: `phone`, `wechat`, `store`, `email`, or a word of the agency's own.
    pub channel: String,
    /// What was said.
    pub text: String,
}

impl Profiles<'_> {
    /// Notes a contact with a customer: it counts as `contact.made`, and its text is on the timeline.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`]; `note_missing`, `bad_note`, `bad_name` of the channel.
    pub async fn note(&self, caller: &Caller, id: Uuid, note: &Note) -> Result<()> {
        let record = self.noted(caller, note)?;
        retrying!(self.try_change(caller, id, None, record.clone(), "customer.note"))?;
        caller.room.woken.notify_one();
        Ok(())
    }

    fn noted(&self, caller: &Caller, note: &Note) -> Result<Record> {
        let text = needed(&words!("note", "联系内容"), Some(&note.text))?;
        let channel = short(&words!("channel of the contact", "联系方式"), &note.channel)?;
        let now = self.app.clock.now();
        let data = [("channel", channel), ("note", text)];
        Ok(Record {
            source: event::BY_HAND.into(),
            external_id: note.once.to_string(),
            kind: "contact.made".into(),
            occurred_at: now,
            on: caller.room.day_of(now),
            identities: Vec::new(),
            further: Vec::new(),
            attributes: Vec::new(),
            preferences: Vec::new(),
            customer_since: None,
            body: Body::Activity(ActivityKind::Contact),
            data: Map::from_iter(data.map(|(key, value)| (key.to_owned(), Value::from(value)))),
        })
    }
}
