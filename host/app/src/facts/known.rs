//! What is known of the customer a decision is about: the facts of today and the segments, each given to a rule only where it declares
//! to read it.

use super::frame::Frame;
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::{Facts, Room};
use posthouse_domain::catalogue::{self, FactKind, LOT, Value};
use posthouse_domain::facts::FactRow;
use posthouse_domain::lots::lot;
use posthouse_domain::promotion::guard::Asker;
use posthouse_domain::{Day, attribute};
use posthouse_engine::{Description, FactUse, Value as Fact};
use posthouse_store::{Tx, profiles as store};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// What stands before a binding's name among the facts.
pub(crate) const SEGMENT: &str = "segment.";

/// Everything that rules can be told of one customer.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: Uuid,
    /// The customer's number.
    ordinal: u32,
    facts: FactRow,
    today: Day,
    /// The kinds of the agency's own facts, by key.
    own: Arc<HashMap<String, FactKind>>,
    /// The key of the customer's segment, by binding.
    segments: HashMap<String, String>,
}

impl Known {
    /// A fact as a rule declares it: of the catalogue, of the agency's own, or a segment.
    fn value(&self, key: &str, kind: FactKind) -> Value<'_> {
        if let Some(binding) = key.strip_prefix(SEGMENT) {
            return self.segment(binding).map_or(Value::Unknown, Value::Text);
        }
        if let Some(own) = key.strip_prefix(attribute::PREFIX) {
            let told = self.facts.attributes.get(&attribute::stored_key(own));
            return told.map_or(Value::Unknown, |text| attribute::value(kind, text));
        }
        catalogue::find(key).map_or(Value::Unknown, |fact| fact.value(&self.facts, self.today))
    }
}

impl Asker for Known {
    fn id(&self) -> Uuid {
        self.id
    }

    fn fact(&self, key: &str) -> Value<'_> {
        let own = key.strip_prefix(attribute::PREFIX).and_then(|own| self.own.get(own));
        self.value(key, own.copied().unwrap_or(FactKind::Text))
    }

    fn segment(&self, binding: &str) -> Option<&str> {
        self.segments.get(binding).map(String::as_str)
    }
}

/// The declared facts of whoever asks, in their declared order, for a rule of this seed. Of nobody everything is unknown, or zero where that
/// cannot be.
pub(crate) fn project(description: &Description, seed: u64, known: Option<&Known>) -> Vec<Fact> {
    let fact = |fact: &FactUse| match known {
        Some(known) if fact.key == LOT.key => told(fact, Value::Whole(lot(seed, known.ordinal).into())),
        Some(known) => told(fact, known.value(&fact.key, fact.kind)),
        None => told(fact, Value::Unknown),
    };
    description.facts.iter().map(fact).collect()
}

/// The same of the customer at a place in the frame: for whoever asks about everyone.
pub(crate) fn project_row(
    description: &Description,
    seed: u64,
    room: &Room,
    frame: &Frame,
    (ordinal, today): (u32, Day),
) -> Vec<Fact> {
    let fact = |fact: &FactUse| {
        if fact.key == LOT.key {
            return told(fact, Value::Whole(lot(seed, ordinal).into()));
        }
        if let Some(binding) = fact.key.strip_prefix(SEGMENT) {
            let live = room.live();
            let live = live.get(binding);
            let segment = live.and_then(|live| live.key(live.class(ordinal as usize)));
            return told(fact, segment.map_or(Value::Unknown, Value::Text));
        }
        match (ordinal as usize) < frame.len() {
            true => told(fact, frame.value_at(frame.position(&fact.key), ordinal as usize, today)),
            false => told(fact, Value::Unknown),
        }
    };
    description.facts.iter().map(fact).collect()
}

fn told(fact: &FactUse, value: Value<'_>) -> Fact {
    match value {
        Value::Unknown if fact.nullable => Fact::Null,
        Value::Unknown => Fact::zero(fact.kind),
        Value::Whole(n) => Fact::Int(n),
        // plus zero: canonical JSON knows one zero only
        Value::Number(n) => Fact::Number(n + 0.0),
        Value::Flag(flag) => Fact::Flag(flag),
        Value::Text(text) => Fact::Text(text.to_owned()),
    }
}

impl Facts<'_> {
    /// Everything that rules can be told of a customer today. Segments must have been loaded.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such customer.
    pub(crate) async fn known(
        &self,
        room: &Arc<Room>,
        tx: &mut Tx,
        id: Uuid,
        own: Arc<HashMap<String, FactKind>>,
        moment: Moment,
    ) -> Result<Known> {
        let row = store::customer(tx, room.id, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        let facts = self.today(room, tx, &row, moment.today).await?;
        let place = |(binding, live): (&String, &crate::segments::Live)| {
            let class = live.class(row.ordinal as usize);
            live.key(class).map(|key| (binding.clone(), key.to_owned()))
        };
        let segments = room.live().iter().filter_map(place).collect();
        Ok(Known {
            id,
            ordinal: row.ordinal as u32,
            facts,
            today: moment.today,
            own,
            segments,
        })
    }
}
