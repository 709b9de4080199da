use std::collections::BTreeMap;

use crate::bindings::posthouse::plugin::types::QuantileTable;
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
    let mut population: Vec<i64> = rows
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
    if population.is_empty() {
        return Vec::new();
    }
    population.sort_unstable();
    let buckets = usize::from(request.buckets);
    // At least j/k of the population is not above its ⌈j·n/k⌉-th smallest value, and of no smaller one.
    (1..buckets)
        .map(|j| population[(j * population.len()).div_ceil(buckets) - 1])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::FactKind;

    fn use_of(key: &'static str) -> FactUse {
        FactUse {
            field: key,
            key,
            kind: FactKind::Count,
            nullable: true,
        }
    }

    #[test]
    fn edges_are_the_smallest_values_that_hold_their_share() {
        let request = QuantileUse {
            fact: "value",
            buckets: 5,
            among: Some("trips"),
        };
        let uses = [use_of("value"), use_of("trips")];
        let row = |value: Option<i64>, trips: i64| vec![value.map_or(Cell::Null, Cell::Whole), Cell::Whole(trips)];
        let mut rows: Vec<_> = (1..=10).map(|value| row(Some(value), 1)).collect();
        rows.extend([row(Some(-50), 0), row(None, 3)]);
        assert_eq!(edges(&request, &uses, &rows), [2, 4, 6, 8]);
        assert_eq!(edges(&request, &uses, &rows[..3]), [1, 2, 2, 3]);
        assert_eq!(edges(&request, &uses, &rows[10..]), [0_i64; 0]);
    }
}
