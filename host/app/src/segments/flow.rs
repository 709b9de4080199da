//! Who moved where between two days: the intersections of two divisions.

use super::as_of::PastBinding;
use super::past::{Division, InForce, cut, division, in_force};
use crate::Segments;
use crate::error::{AppError, Result};
use crate::rules::MoveCount;
use crate::rules::pointer::find;
use crate::team::Caller;
use posthouse_domain::{Localized, words};
use posthouse_store::{Access, history};
use serde::Serialize;

/// A segment at both ends of a flow.
#[derive(Debug, Clone, Serialize)]
pub struct FlowSegment {
    /// Its key. Segments of the same key are the same segment, whatever rule made them.
    pub key: String,
    /// Its title, by the later rule that has it.
    pub title: Localized,
    /// Members at the earlier end.
    pub from: u64,
    /// Members at the later end.
    pub to: u64,
    /// Who was not in it at the earlier end and is at the later.
    pub entering: u64,
    /// Who was in it at the earlier end and is not at the later.
    pub leaving: u64,
}

/// Who moved where between two days.
#[derive(Debug, Clone, Serialize)]
pub struct Flow {
    /// The binding.
    pub binding: String,
    /// The earlier end.
    pub from: PastBinding,
    /// The later end.
    pub to: PastBinding,
    /// Customers at the later end.
    pub customers: u64,
    /// Those of them who came after the earlier end.
    pub newcomers: u64,
    /// How many are in another segment than before, or in one where they were in none, or in none any more.
    pub changed: u64,
    /// The segments of both rules, in the order of the later one.
    pub segments: Vec<FlowSegment>,
    /// Customers by where they were and where they are; pairs of nobody are left out.
    pub cells: Vec<MoveCount>,
}

impl Segments<'_> {
    /// Who moved where between two days or instants.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such binding; `bad_as_of`; `as_of_in_future`; `bad_range`.
    pub async fn flow(&self, caller: &Caller, binding: &str, from: &str, to: &str) -> Result<Flow> {
        let agency = caller.room.id;
        let (earlier, later) = (self.as_of(&caller.room, from)?, self.as_of(&caller.room, to)?);
        if earlier > later {
            return Err(AppError::invalid(
                "bad_range",
                words!("from is later than to; swap them", "from 晚于 to；请对调"),
            ));
        }
        // both ends from one snapshot
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        find(&mut tx, agency, super::SEGMENTATION, binding).await?;
        let mut ends = Vec::with_capacity(2);
        for at in [earlier, later] {
            let cut = cut(&mut tx, agency, binding, at).await?;
            let rule = in_force(&mut tx, agency, binding, cut).await?;
            let found = division(&mut tx, agency, binding, cut, None).await?;
            let customers = history::customers_by(&mut tx, agency, at).await? as u64;
            ends.push((rule, found, customers));
        }
        drop(tx);
        let (Some((new_rule, new, customers)), Some((old_rule, old, before))) = (ends.pop(), ends.pop()) else {
            return Err(AppError::Internal("a flow has two ends".into()));
        };
        let (segments, cells) = compare(&titles(&new_rule, &old_rule), &old, &new, customers);
        Ok(Flow {
            binding: binding.to_owned(),
            from: PastBinding::new(earlier, old_rule.as_ref()),
            to: PastBinding::new(later, new_rule.as_ref()),
            customers,
            newcomers: customers.saturating_sub(before),
            changed: cells
                .iter()
                .filter(|cell| cell.from != cell.to)
                .map(|cell| cell.count)
                .sum(),
            segments,
            cells,
        })
    }
}

/// The segments of both rules: those of the later one in its order, then what only the earlier one has.
fn titles(new: &Option<InForce>, old: &Option<InForce>) -> Vec<(String, Localized)> {
    let mut titles: Vec<(String, Localized)> = Vec::new();
    for def in [new, old].into_iter().flatten().flat_map(|rule| &rule.segments) {
        if !titles.iter().any(|(key, _)| *key == def.key) {
            titles.push((def.key.clone(), def.title.clone()));
        }
    }
    titles
}

fn compare(
    titles: &[(String, Localized)],
    old: &Division,
    new: &Division,
    customers: u64,
) -> (Vec<FlowSegment>, Vec<MoveCount>) {
    let size = |division: &Division, key: &str| division.get(key).map_or(0, |members| members.len());
    let mut cells = Vec::new();
    let mut cell = |from: Option<&str>, to: Option<&str>, count: u64| {
        if count > 0 {
            cells.push(MoveCount {
                from: from.map(str::to_owned),
                to: to.map(str::to_owned),
                count,
            });
        }
    };
    let mut segments: Vec<FlowSegment> = titles
        .iter()
        .map(|(key, title)| FlowSegment {
            key: key.clone(),
            title: title.clone(),
            from: size(old, key),
            to: size(new, key),
            entering: size(new, key),
            leaving: size(old, key),
        })
        .collect();
    let mut arrived = vec![0u64; titles.len()];
    let mut placed = 0u64;
    for (row, (from, _)) in titles.iter().enumerate() {
        let mut departed = 0;
        for (column, (to, _)) in titles.iter().enumerate() {
            let both = match (old.get(from), new.get(to)) {
                (Some(before), Some(after)) => before.intersection_len(after),
                _ => 0,
            };
            departed += both;
            arrived[column] += both;
            if row == column {
                segments[row].entering -= both;
                segments[row].leaving -= both;
            }
            cell(Some(from), Some(to), both);
        }
        cell(Some(from), None, size(old, from) - departed);
        placed += size(old, from);
    }
    for (column, (to, _)) in titles.iter().enumerate() {
        let from_none = size(new, to) - arrived[column];
        cell(None, Some(to), from_none);
        placed += from_none;
    }
    cell(None, None, customers.saturating_sub(placed));
    (segments, cells)
}
