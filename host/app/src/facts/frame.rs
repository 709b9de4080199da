//! The fact frame: the catalogue's columns of every customer, in memory, indexed by ordinal.
//!
//! What counts from a day is kept as that day, so that a new day changes no column by itself; columns that nothing feeds take
//! no room. After the catalogue's columns come those of the attributes the agency has defined.

use super::cells::{Bits, Cells};
use posthouse_domain::Day;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::catalogue::{self, ALL, CLV, FactKind, Value, View};
use posthouse_domain::clv::{Model, Purchases};
use posthouse_domain::contribution::Contributed;
use posthouse_domain::facts::FactRow;

/// Every customer's facts up to one change.
#[derive(Debug)]
pub struct Frame {
    /// The last change it has seen.
    pub(crate) change: i64,
    /// The day for which everyone's facts hold; unknown if they were read while a day was being turned.
    pub(crate) day: Option<Day>,
    /// The fit by which lifetime values are worked out.
    pub(crate) fit: i64,
    len: usize,
    columns: Vec<Cells>,
    attributes: Vec<Attribute>,
    /// The model behind the fact [`CLV`], which is worked out and not stored.
    model: Option<Model>,
}

/// A column of the agency's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Key among the facts.
    pub(crate) key: String,
    pub(crate) kind: FactKind,
    /// Key of its values.
    stored: String,
}

impl Attribute {
    /// The column of a fact `attr.KEY`.
    pub(crate) fn of(key: &str, kind: FactKind) -> Self {
        Self {
            key: key.to_owned(),
            kind,
            stored: attribute::stored_key(key.strip_prefix(attribute::PREFIX).unwrap_or(key)),
        }
    }

    fn defined(definition: &AttributeDef) -> Self {
        Self::of(&definition.fact_key(), definition.kind)
    }
}

impl Default for Frame {
    fn default() -> Self {
        let columns = ALL
            .iter()
            .map(|fact| Cells::Constant { zero: !fact.nullable })
            .collect();
        Self {
            change: 0,
            day: None,
            fit: 0,
            len: 0,
            columns,
            attributes: Vec::new(),
            model: None,
        }
    }
}

impl Frame {
    /// A frame of these columns, each of `len` rows: those of the catalogue in its order, then those of `attributes`.
    pub(crate) fn of(change: i64, len: usize, columns: Vec<Cells>, attributes: Vec<Attribute>) -> Self {
        Self {
            change,
            day: None,
            fit: 0,
            len,
            columns,
            attributes,
            model: None,
        }
    }

    /// The keys of values that columns for these attributes have to be filled with, as the frame has none of them yet.
    pub(crate) fn missing(&self, definitions: &[AttributeDef]) -> Vec<String> {
        let wanted = definitions.iter().map(Attribute::defined);
        let missing = wanted.filter(|wanted| !self.attributes.contains(wanted));
        missing.map(|attribute| attribute.stored).collect()
    }

    /// Keeps columns for these attributes and no others. A new one is unknown of everyone until it is put.
    pub(crate) fn define(&mut self, definitions: &[AttributeDef]) {
        let wanted: Vec<Attribute> = definitions.iter().map(Attribute::defined).collect();
        let mut old: Vec<Option<Cells>> = self.columns.drain(ALL.len()..).map(Some).collect();
        for attribute in &wanted {
            let known = self.attributes.iter().position(|known| known == attribute);
            let cells = known.and_then(|position| old[position].take());
            self.columns.push(cells.unwrap_or(Cells::Constant { zero: false }));
        }
        self.attributes = wanted;
    }

    /// Whether its columns are those of these attributes.
    pub(crate) fn has(&self, definitions: &[AttributeDef]) -> bool {
        self.attributes.len() == definitions.len()
            && definitions.iter().zip(&self.attributes).all(|(definition, own)| {
                definition.kind == own.kind && own.key.strip_prefix(attribute::PREFIX) == Some(definition.key.as_str())
            })
    }

    /// The position of a fact, of the catalogue or of the agency's own.
    pub(crate) fn position(&self, key: &str) -> Option<usize> {
        catalogue::position(key).or_else(|| {
            let own = self.attributes.iter().position(|own| own.key == key)?;
            Some(ALL.len() + own)
        })
    }

    /// Every fact in the order of the columns: key and kind.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&str, FactKind)> {
        let own = self.attributes.iter().map(|own| (own.key.as_str(), own.kind));
        ALL.iter().map(|fact| (fact.key, fact.kind)).chain(own)
    }

    /// The kind of the fact at `position`, and how it is seen on a day.
    pub(crate) fn kind(&self, position: usize) -> (FactKind, View) {
        match ALL.get(position) {
            Some(fact) => (fact.kind, fact.view),
            None => (self.attributes[position - ALL.len()].kind, View::AsIs),
        }
    }

    /// How many customers it holds.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The column of the fact at `position` in the catalogue.
    pub(crate) fn cells(&self, position: usize) -> &Cells {
        &self.columns[position]
    }

    /// Makes room for ordinals below `rows`.
    pub fn grow(&mut self, rows: usize) {
        if rows <= self.len {
            return;
        }
        for (position, column) in self.columns.iter_mut().enumerate() {
            column.grow(rows);
            if ALL.get(position).is_some_and(|fact| !fact.nullable) {
                // a row that is not put yet counts as zero, not as unknown
                let old = self.len;
                if let Cells::Narrow { valid, .. } | Cells::Wide { valid, .. } | Cells::Numbers { valid, .. } = column {
                    (old..rows).for_each(|row| valid.put(row, true));
                }
            }
        }
        self.len = rows;
    }

    /// Puts one customer's facts, as far as they are folded from records.
    pub fn put(&mut self, ordinal: usize, row: &FactRow) {
        self.grow(ordinal + 1);
        let worth = self.worth(row).map_or(Value::Unknown, Value::Whole);
        for (position, fact) in ALL.iter().enumerate() {
            match fact.base {
                Some(_) if fact.key == CLV => self.set(position, ordinal, worth),
                Some(base) => self.set(position, ordinal, base(row)),
                // whoever contributes it puts it
                None => {}
            }
        }
        for own in 0..self.attributes.len() {
            let Attribute { kind, stored, .. } = &self.attributes[own];
            let told = row.attributes.get(stored);
            let value = told.map_or(Value::Unknown, |text| attribute::value(*kind, text));
            self.set(ALL.len() + own, ordinal, value);
        }
    }

    /// Puts what a capability contributes to one customer's facts: a value for each of `facts`, which are its own.
    pub(crate) fn contribute(&mut self, ordinal: usize, facts: &[&str], values: &Contributed) {
        self.grow(ordinal + 1);
        for position in facts.iter().filter_map(|key| catalogue::position(key)) {
            self.set(position, ordinal, ALL[position].among(values));
        }
    }

    /// Puts one value into a column, which begins to take room with the first that is not its constant.
    fn set(&mut self, position: usize, ordinal: usize, value: Value<'_>) {
        let (kind, len) = (self.kind(position).0, self.len);
        let column = &mut self.columns[position];
        if let Cells::Constant { zero } = *column {
            let constant = if zero { Value::Whole(0) } else { Value::Unknown };
            if value == constant {
                return;
            }
            *column = Cells::made(kind, zero, len);
        }
        column.put(ordinal, value);
    }
}

impl Frame {
    /// What the model expects a customer to spend, by their row of facts.
    pub(crate) fn worth(&self, row: &FactRow) -> Option<i64> {
        self.model?.worth(&Purchases::of(row)?)
    }

    /// What the model needs to know of a customer, by ordinal.
    pub(crate) fn purchases(&self) -> impl Fn(usize) -> Option<Purchases> {
        let columns = [
            "booking-days",
            "first-trip-days",
            "recency-days",
            "spend-total",
            "repeat-spend",
        ]
        .map(catalogue::position);
        move |row| {
            let [days, first, last, spend, repeat_spend] = columns.map(|position| match self.stored(position?, row) {
                Value::Whole(n) => Some(n),
                _ => None,
            });
            Some(Purchases {
                repeats: (days? - 1).max(0) as u32,
                first_on: first? as Day,
                last_on: last? as Day,
                spend: spend?,
                repeat_spend: repeat_spend?,
            })
        }
    }

    /// Takes over a new model, or none, with what everyone is worth by it, by ordinal.
    pub(crate) fn put_model(&mut self, fit: i64, model: Option<Model>, worths: &[Option<i64>]) {
        self.fit = fit;
        self.model = model;
        let Some(position) = catalogue::position(CLV) else {
            return;
        };
        let mut column = Cells::made(ALL[position].kind, false, self.len);
        for (row, worth) in worths.iter().enumerate() {
            column.put(row, worth.map_or(Value::Unknown, Value::Whole));
        }
        self.columns[position] = column;
    }

    /// One fact of one customer, as stored.
    pub(crate) fn stored(&self, position: usize, row: usize) -> Value<'_> {
        let known = |valid: &Bits, value| if valid.get(row) { value } else { Value::Unknown };
        match &self.columns[position] {
            Cells::Constant { zero: true } => Value::Whole(0),
            Cells::Constant { zero: false } => Value::Unknown,
            Cells::Narrow { values, valid } => known(valid, Value::Whole(values[row].into())),
            Cells::Wide { values, valid } => known(valid, Value::Whole(values[row])),
            Cells::Numbers { values, valid } => known(valid, Value::Number(values[row])),
            Cells::Flags { values, valid } => known(valid, Value::Flag(values.get(row))),
            Cells::Texts {
                codes,
                valid,
                dictionary,
            } => known(valid, Value::Text(dictionary.text(codes[row]))),
        }
    }

    /// One fact of one customer, seen on `today`.
    pub(crate) fn value(&self, position: usize, row: usize, today: Day) -> Value<'_> {
        match self.stored(position, row) {
            Value::Whole(stored) => Value::Whole(self.kind(position).1.apply(stored, today)),
            other => other,
        }
    }

    /// The same; unknown where the fact stands nowhere.
    pub(crate) fn value_at(&self, position: Option<usize>, row: usize, today: Day) -> Value<'_> {
        position.map_or(Value::Unknown, |position| self.value(position, row, today))
    }
}
