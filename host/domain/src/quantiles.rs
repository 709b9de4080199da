//! Edges that cut a population into equal parts, and the score of a value between them.

/// The edges of `buckets` equal parts: edge `j` (1 ≤ j < buckets) is the smallest value for which at least
/// `j / buckets` of the population is not above it. Empty when the population is empty. Reorders `population`.
pub fn edges(population: &mut [i64], buckets: u16) -> Vec<i64> {
    if population.is_empty() {
        return Vec::new();
    }
    let (n, k) = (population.len(), usize::from(buckets));
    let mut from = 0;
    (1..k)
        .map(|j| {
            // the ⌈j·n/k⌉-th smallest value, counted from one
            let rank = (j * n).div_ceil(k) - 1;
            // everything left of `from` is already smaller or equal, so each selection only looks at the rest
            let (_, edge, _) = population[from..].select_nth_unstable(rank - from);
            let edge = *edge;
            from = rank;
            edge
        })
        .collect()
}

/// One more than the number of edges below `value`: 1 to `buckets`.
pub fn score(edges: &[i64], value: i64) -> u16 {
    1 + edges.partition_point(|edge| *edge < value) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_values_in_five_buckets() {
        let mut population = vec![10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
        assert_eq!(edges(&mut population, 5), [2, 4, 6, 8]);
        assert_eq!([1, 2, 3, 10, 11].map(|v| score(&[2, 4, 6, 8], v)), [1, 1, 2, 5, 5]);
        assert!(edges(&mut [], 5).is_empty());
    }

    proptest! {
        #[test]
        fn edges_fit_their_definition(mut population in prop::collection::vec(-20i64..20, 1..60), k in 2u16..9) {
            let found = edges(&mut population.clone(), k);
            population.sort_unstable();
            let expected: Vec<i64> = (1..k as usize)
                .map(|j| {
                    let enough = |v: &i64| population.iter().filter(|x| *x <= v).count() * k as usize >= j * population.len();
                    *population.iter().find(|v| enough(v)).expect("the largest value is above nobody")
                })
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
