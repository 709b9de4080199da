//! From the cells of a row to its record: each in one spelling, without those that say nothing or cannot be read.

use super::cells::{OneOfSeveral, as_written, check_count, columns_of_several};
use super::headers::Plan;
use super::left_out::{self, Own, Warning};
use super::notes::Unit;
use super::seen::{Seen, Shared};
use super::slice::Slicing;
use super::spelling::Spelling;
use super::unknown::says_nothing;
use super::{Cell, RawRow};
use posthouse_domain::attribute;
use posthouse_domain::booking::BookingStatus;
use posthouse_domain::money::Currency;
use posthouse_domain::profile::AttributeValue;
use posthouse_domain::record::Body;
use posthouse_domain::row::LeftOut;
use posthouse_domain::{Record, Rejection, Words, normal};
use std::borrow::Cow;

/// What a row says, and what its sender is warned of.
pub(super) struct Understood {
    pub(super) record: Record,
    pub(super) warnings: Vec<Warning>,
    pub(super) columns: Vec<OneOfSeveral>,
}

impl Slicing<'_> {
    /// The record of a row, with what its sender is warned of. Of rows that are done only the count is taken.
    pub(super) fn record(
        &self,
        plan: &Plan,
        own: &[Own],
        raw: &RawRow,
        done: bool,
        before: &mut Seen,
    ) -> Result<Understood, Rejection> {
        check_count(&self.reading, plan, raw)?;
        let spelling = Spelling {
            mapping: self.mapping,
            terms: self.terms,
            epoch: self.epoch,
            now: self.now,
        };
        let row = Row { plan, raw, spelling };
        let mut spelt = row.spelt()?;
        let own_id = row
            .place("external_id")
            .is_some_and(|index| !spelt.cell(index).is_empty());
        let read = plan.layout.record(|index| spelt.cell(index), "", self.now, self.terms);
        let shared = match &read {
            Ok((record, _)) => before.owners.note(record, raw.number),
            Err(_) => None,
        };
        let columns = columns_of_several(self.kind, plan, |index| spelt.cell(index));
        if let Ok((_, not_read)) = &read {
            // a row that comes again without the cells that it landed without is the same row
            for LeftOut { field, .. } in not_read {
                if let Some(index) = left_out::place(plan, field) {
                    spelt.cells[index].clear();
                }
            }
        }
        let Spelt {
            cells, mut warnings, ..
        } = spelt;
        // rows without an id are told apart by their content and their count, so even rows that are done must be counted. Words that
        // say nothing are part of the content, as they were when they passed for values
        let content_id = if own_id {
            String::new()
        } else {
            let mut hash = plan
                .layout
                .content_hash(|index| cells.get(index).map_or("", String::as_str));
            hash.truncate(32);
            let count = before.repeats.count(&hash);
            format!("{hash}-{count}")
        };
        if done {
            return Err(Rejection::new("done", Words::default()));
        }
        let (mut record, not_read) = read?;
        if let Some(shared) = &shared {
            warnings.push(row.shared(self.kind.known_as(shared.kind), &cells, shared));
        }
        if !own_id {
            if let Body::Booking(booking) = &mut record.body
                && booking.booking_id.is_empty()
            {
                booking.booking_id.clone_from(&content_id);
            }
            record.external_id = content_id;
        }
        for LeftOut { field, why } in not_read {
            warnings.push(Warning::new(plan, raw, left_out::place(plan, &field), &field, why));
        }
        // after the hash, which may not change because an attribute is defined later
        record
            .attributes
            .retain_mut(|value| row.keeps(value, own, &mut warnings));
        if let Some(source) = &self.mapping.source {
            record.source.clone_from(source);
        }
        left_out::settle(&mut warnings, &record, own_id);
        Ok(Understood {
            record,
            warnings,
            columns,
        })
    }
}

/// A row below its headers.
struct Row<'r> {
    plan: &'r Plan,
    raw: &'r RawRow,
    spelling: Spelling<'r>,
}

/// The cells of a row in one spelling.
struct Spelt {
    cells: Vec<String>,
    /// Which of them say nothing, and the constants that speak instead.
    unknown: Vec<(usize, String)>,
    warnings: Vec<Warning>,
}

impl Spelt {
    fn cell(&self, index: usize) -> &str {
        match self.unknown.iter().find(|(other, _)| *other == index) {
            Some((_, instead)) => instead,
            None => self.cells.get(index).map_or("", String::as_str),
        }
    }
}

impl Row<'_> {
    /// A cell as it was written; behind the columns of the file stand the constants.
    fn told(&self, index: usize) -> Cow<'_, Cell> {
        let width = self.plan.header.len();
        let cell = if index < width {
            self.raw.cells.get(index).filter(|cell| !cell.is_blank())
        } else {
            self.plan.constants.get(index - width)
        };
        cell.map_or_else(Cow::default, as_written)
    }

    /// A cell of a field. Where all its columns are empty, its constant speaks.
    fn cell(&self, index: usize, field: &str) -> Cow<'_, Cell> {
        let cell = self.told(index);
        let constant = || {
            let constant = self.spelling.mapping.constants.get(field);
            constant.filter(|_| self.plan.places(field).all(|place| self.told(place).is_blank()))
        };
        match cell.is_blank().then(constant).flatten() {
            Some(constant) => Cow::Owned(Cell::text(constant)),
            None => cell,
        }
    }

    fn place(&self, field: &str) -> Option<usize> {
        self.plan.places(field).next()
    }

    /// What the header of a column says; nothing of a constant, which has none.
    fn unit(&self, index: usize) -> Unit {
        self.plan.units.get(index).copied().unwrap_or_default()
    }

    /// The currency of its amounts. The header of the amount says in which currency a row is that says nothing itself.
    fn currency(&self) -> Option<Currency> {
        let priced = self.place("amount").or_else(|| self.place("cost"));
        let header_mark = priced.and_then(|index| self.unit(index).money.mark);
        let said = self.place("currency").map(|index| self.cell(index, "currency"));
        self.spelling.currency(said.as_deref(), header_mark)
    }

    fn is_refund(&self) -> bool {
        let Some(index) = self.place("status") else {
            return false;
        };
        let cell = self.cell(index, "status");
        let status = self.spelling.read("status", Unit::default(), &cell, None);
        status.is_ok_and(|status| status.eq_ignore_ascii_case(BookingStatus::Refunded.as_str()))
    }

    /// Its cells, each in one spelling.
    fn spelt(&self) -> Result<Spelt, Rejection> {
        let currency = self.currency();
        let mut spelt = Spelt {
            cells: vec![String::new(); self.plan.fields.len()],
            unknown: Vec::new(),
            warnings: Vec::new(),
        };
        for (index, field) in self.plan.fields.iter().enumerate() {
            match *field {
                Some(field) => self.spell(&mut spelt, index, field, currency)?,
                None if index < self.plan.header.len() => self.spell_other(&mut spelt, index)?,
                None => {}
            }
        }
        let cells = &mut spelt.cells;
        let priced = ["amount", "cost"].into_iter().filter_map(|name| self.place(name));
        if let (Some(index), Some(currency)) = (self.place("currency"), currency)
            && cells[index].is_empty()
            && currency != self.spelling.terms.currency
            && priced.into_iter().any(|place| !cells[place].is_empty())
        {
            cells[index] = currency.to_string();
        }
        Ok(spelt)
    }

    fn spell(
        &self,
        spelt: &mut Spelt,
        index: usize,
        field: &'static str,
        currency: Option<Currency>,
    ) -> Result<(), Rejection> {
        let cell = self.cell(index, field);
        let says_nothing = says_nothing(field, &cell.text)
            // nothing was paid back, or everything? an empty cell means everything
            && !(matches!(field, "amount" | "amount_base") && self.is_refund());
        if says_nothing {
            let constant = self.spelling.mapping.constants.get(field).map(Cell::text);
            let instead = constant.map(|cell| self.spelling.read(field, Unit::default(), &cell, currency));
            spelt.unknown.push((index, instead.transpose()?.unwrap_or_default()));
        }
        match self.spelling.read(field, self.unit(index), &cell, currency) {
            Ok(text) => spelt.cells[index] = text,
            Err(_) if says_nothing => {}
            Err(why) => self.leave_out(spelt, index, field, why)?,
        }
        Ok(())
    }

    /// A column that is no field of a row: an attribute of the agency's own, or one that is not understood.
    fn spell_other(&self, spelt: &mut Spelt, index: usize) -> Result<(), Rejection> {
        let header = &self.plan.header[index];
        let cell = self.told(index);
        if attribute::of_header(header).is_none() {
            spelt.cells[index].clone_from(&cell.text);
            return Ok(());
        }
        // kept whether or not it is defined; what cannot be read of it is left out, as of any optional cell
        match self.spelling.read(header, self.unit(index), &cell, None) {
            Ok(text) => spelt.cells[index] = text,
            Err(why) => self.leave_out(spelt, index, header, why)?,
        }
        Ok(())
    }

    /// A cell that cannot be read is left out with a warning, or rejects the row.
    fn leave_out(&self, spelt: &mut Spelt, index: usize, field: &str, why: Rejection) -> Result<(), Rejection> {
        if !left_out::lands_without(field, &why) {
            return Err(why);
        }
        let warning = Warning::new(self.plan, self.raw, Some(index), field, why);
        spelt.warnings.push(warning);
        Ok(())
    }

    /// The warning that a telephone or an address, in one of the columns of `field`, is somebody else's as well.
    fn shared(&self, field: &str, cells: &[String], shared: &Shared) -> Warning {
        let mut columns = self.plan.places(field);
        let column = columns.find(|index| normal::visible(&cells[*index]) == shared.written);
        Warning::shared(self.plan, self.raw, column, shared)
    }

    /// Whether the value of an attribute stays. That of one which the agency has defined is brought into the spelling of its kind.
    fn keeps(&self, value: &mut AttributeValue, own: &[Own], warnings: &mut Vec<Warning>) -> bool {
        let Some(Own { index, key, def }) = own.iter().find(|own| own.key == value.key) else {
            return true;
        };
        match left_out::own_attribute(&self.spelling, self.plan, *index, def, &self.told(*index)) {
            Ok(spelt) => value.value = spelt,
            Err(why) => {
                warnings.push(Warning::new(self.plan, self.raw, Some(*index), key, why));
                return false;
            }
        }
        !value.value.is_empty()
    }
}
