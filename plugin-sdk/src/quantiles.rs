use std::marker::PhantomData;

use crate::bindings::posthouse::plugin::types::QuantileTable;
use crate::description::QuantileUse;
use crate::facts::Fact;
use crate::values::{Day, Money};

/// What a rule wants to know of the whole population: into which of `buckets` equal parts a value falls. Derive it:
///
/// ```
/// # use posthouse_sdk::prelude::*;
/// # #[derive(Facts)]
/// # struct Guest { recency_days: Option<i32>, trips_24m: i32, spend_24m: Money }
/// /// Fifths among the guests who travelled in the last 24 months.
/// #[derive(Quantiles)]
/// #[quantiles(of = Guest, buckets = 5, among = trips_24m)]
/// struct Fifths {
///     recency_days: Quantile<i32>,
///     spend_24m: Quantile<Money>,
/// }
/// ```
///
/// Each field is named like a field of the facts. `#[quantile(buckets = 10, among = trips_24m)]` on a field settles it for
/// that field. The tables are looked up once per call; then `ctx.quantiles.spend_24m.score(guest.spend_24m)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which quantiles it wants",
    label = "not a struct of quantiles",
    note = "write `#[derive(Quantiles)]` above a struct of `Quantile<…>` fields, or use `()` for none"
)]
pub trait Quantiles: Sized + 'static {
    /// The requests, in the order of the fields.
    const USES: &'static [QuantileUse];

    /// Finds the tables of a call.
    #[doc(hidden)]
    fn tables(tables: &mut Tables) -> Result<Self, String>;
}

impl Quantiles for () {
    const USES: &'static [QuantileUse] = &[];

    fn tables(_: &mut Tables) -> Result<Self, String> {
        Ok(())
    }
}

/// A fact with whole values, which can be ranked: `i32`, [`Money`], [`Day`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be ranked",
    label = "quantiles are for whole values",
    note = "use `i32`, `Money` or `Day`, without `Option`: unknown values have no rank"
)]
pub trait Ranked: Fact + Copy {
    /// The value as the host ranks it.
    fn rank(self) -> i64;
}

impl Ranked for i32 {
    fn rank(self) -> i64 {
        i64::from(self)
    }
}

impl Ranked for Money {
    fn rank(self) -> i64 {
        self.0
    }
}

impl Ranked for Day {
    fn rank(self) -> i64 {
        i64::from(self.0)
    }
}

/// The edges that cut the population into equal parts by one fact.
#[derive(Debug, Clone, Default)]
pub struct Quantile<T> {
    // Four at a time, filled up with a value that nothing exceeds: counting without branches is what makes a row cheap.
    edges: Vec<[i64; 4]>,
    of: PhantomData<fn(T)>,
}

impl<T: Ranked> Quantile<T> {
    fn new(edges: &[i64]) -> Self {
        let edges = edges
            .chunks(4)
            .map(|some| std::array::from_fn(|i| some.get(i).copied().unwrap_or(i64::MAX)))
            .collect();
        Self { edges, of: PhantomData }
    }

    /// In which part the value falls: from 1 for the lowest to the number of buckets for the highest. One more than the
    /// number of edges below the value, so equal values score equally; always 1 while the population is empty.
    #[inline(always)]
    pub fn score(&self, value: T) -> i32 {
        let value = value.rank();
        let below = |[a, b, c, d]: &[i64; 4]| {
            i32::from(*a < value) + i32::from(*b < value) + i32::from(*c < value) + i32::from(*d < value)
        };
        match self.edges.as_slice() {
            // Fifths, the usual case.
            [only] => 1 + below(only),
            some => 1 + some.iter().map(below).sum::<i32>(),
        }
    }
}

/// The tables of a call on their way into the plugin, in the order of the requests.
#[derive(Debug)]
pub struct Tables {
    tables: std::vec::IntoIter<QuantileTable>,
}

impl Tables {
    /// The tables as the host sent them.
    pub(crate) fn new(tables: Vec<QuantileTable>) -> Self {
        Self {
            tables: tables.into_iter(),
        }
    }

    /// The next one, for this request.
    pub fn next<T: Ranked>(&mut self, request: &QuantileUse) -> Result<Quantile<T>, String> {
        let wanted = usize::from(request.buckets).saturating_sub(1);
        match self.tables.next() {
            Some(QuantileTable { fact, edges })
                if fact == request.fact && (edges.is_empty() || edges.len() == wanted) =>
            {
                Ok(Quantile::new(&edges))
            }
            _ => Err(format!(
                "the quantiles of `{}` are not what the plugin asked for",
                request.fact
            )),
        }
    }
}

/// A field of the facts that the quantile `Q` can be of.
#[diagnostic::on_unimplemented(
    message = "the quantile and its fact are of different types",
    label = "the fact of this name is `{Self}`",
    note = "write `Quantile<i32>`, `Quantile<Money>` or `Quantile<Day>` like the fact's field, without `Option`; other kinds have no rank"
)]
pub trait Holds<Q> {}

impl<T: Ranked> Holds<Quantile<T>> for T {}
impl<T: Ranked> Holds<Quantile<T>> for Option<T> {}

/// Proof for the compiler that a quantile fits its fact.
pub const fn fits<F: Holds<Q>, Q>(_: &F) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile(edges: &[i64]) -> Quantile<i32> {
        Quantile::new(edges)
    }

    #[test]
    fn a_score_is_one_more_than_the_edges_below() {
        let fifths = quantile(&[10, 20, 20, 40]);
        let scores: Vec<i32> = [5, 10, 11, 20, 21, 40, 41].map(|value| fifths.score(value)).to_vec();
        assert_eq!(scores, [1, 1, 2, 2, 4, 4, 5]);
        assert_eq!(quantile(&[]).score(7), 1);
        let hundredths = quantile(&(1..100).collect::<Vec<_>>());
        assert_eq!(
            (hundredths.score(0), hundredths.score(50), hundredths.score(1_000)),
            (1, 50, 100)
        );
    }
}
