use std::collections::BTreeMap;

use crate::bindings::exports::posthouse::plugin::segmentation::QuantileTable;
use crate::description::{FactUse, QuantileUse};
use crate::store::Cell;

/// The tables of a call: the edges given, else those of the rows.
pub(super) fn tables(
    requests: &[QuantileUse],
    uses: &[FactUse],
    rows: &[Vec<Cell>],
    given: &BTreeMap<String, Vec<i64>>,
) -> Result<Vec<QuantileTable>, String> {
    if let Some(fact) = given
        .keys()
        .find(|fact| requests.iter().all(|request| request.fact != fact.as_str()))
    {
        return Err(format!(
            "edges are given for `{fact}`, but the rule asks for no quantiles of it"
        ));
    }
    requests
        .iter()
        .map(|request| {
            let wanted = usize::from(request.buckets) - 1;
            let edges = match given.get(request.fact) {
                Some(edges) if edges.is_empty() || (edges.len() == wanted && edges.is_sorted()) => edges.clone(),
                Some(_) => return Err(format!("`{}` needs {wanted} rising edges, or none", request.fact)),
                None => edges(request, uses, rows),
            };
            Ok(QuantileTable {
                fact: request.fact.to_owned(),
                edges,
            })
        })
        .collect()
}

fn edges(request: &QuantileUse, uses: &[FactUse], rows: &[Vec<Cell>]) -> Vec<i64> {
    let place = |key: &str| uses.iter().position(|fact| fact.key == key);
    let Some(fact) = place(request.fact) else {
        return Vec::new();
    };
    let among = request.among.and_then(place);
    let population: Vec<i64> = rows
        .iter()
        .filter(|row| among.is_none_or(|among| matches!(&row[among], Cell::Whole(value) if *value > 0)))
        .filter_map(|row| {
            if let Cell::Whole(value) = row[fact] {
                Some(value)
            } else {
                None
            }
        })
        .collect();
    posthouse_golden::edges(population, request.buckets)
}
