use crate::Rule;
use crate::facts::Value;

/// A table of quantiles that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantiles {
    /// Key of the fact.
    pub fact: String,
    /// Number of equal parts; there is one edge less.
    pub buckets: u16,
    /// Only rows where this fact is above zero make the population.
    pub among: Option<String>,
}

/// Such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Key of the fact.
    pub fact: String,
    /// The edges, rising; none of an empty population.
    pub edges: Vec<i64>,
}

/// The edges of `buckets` equal parts: edge `j` is the smallest value for which at least `j / buckets` of the population is not above
/// it. Empty when the population is empty.
pub fn edges(mut population: Vec<i64>, buckets: u16) -> Vec<i64> {
    if population.is_empty() {
        return Vec::new();
    }
    population.sort_unstable();
    let parts = usize::from(buckets);
    let edge = |j: usize| population[(j * population.len()).div_ceil(parts) - 1];
    (1..parts).map(edge).collect()
}

/// The tables a rule asks for, with these rows as the population.
pub(crate) fn tables(rule: &Rule, rows: &[Vec<Value>]) -> Vec<Table> {
    let place = |key: &str| rule.facts.iter().position(|fact| fact.key == key);
    let int = |row: &[Value], place: usize| match row[place] {
        Value::Int(value) => Some(value),
        _ => None,
    };
    let table = |request: &Quantiles| {
        let fact = place(&request.fact);
        let among = request.among.as_deref().map(place);
        let counts = |row: &&Vec<Value>| match among {
            None => true,
            Some(among) => among.and_then(|among| int(row, among)).is_some_and(|value| value > 0),
        };
        let population = rows.iter().filter(counts);
        let population = population.filter_map(|row| fact.and_then(|fact| int(row, fact)));
        Table {
            fact: request.fact.clone(),
            edges: edges(population.collect(), request.buckets),
        }
    };
    rule.quantiles.iter().map(table).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Fact, Kind};

    #[test]
    fn edges_are_the_smallest_values_that_hold_their_share() {
        let fact = |key: &str| Fact {
            key: key.to_owned(),
            kind: Kind::Count,
            nullable: true,
        };
        let rule = Rule {
            facts: vec![fact("value"), fact("trips")],
            quantiles: vec![Quantiles {
                fact: "value".into(),
                buckets: 5,
                among: Some("trips".into()),
            }],
        };
        let row = |value: Option<i64>, trips: i64| vec![value.map_or(Value::Null, Value::Int), Value::Int(trips)];
        let mut rows: Vec<_> = (1..=10).map(|value| row(Some(value), 1)).collect();
        rows.extend([row(Some(-50), 0), row(None, 3)]);
        let edges = |rows: &[Vec<Value>]| tables(&rule, rows).remove(0).edges;
        assert_eq!(edges(&rows), [2, 4, 6, 8]);
        assert_eq!(edges(&rows[..3]), [1, 2, 2, 3]);
        assert_eq!(edges(&rows[10..]), [0_i64; 0]);
    }
}
