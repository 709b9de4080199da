use crate::bindings::exports::posthouse::plugin::segmentation::QuantileTable;
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
/// that field; more than five buckets need room in the type, `Quantile<Money, 9>` for ten. The tables are looked up once per call; then `ctx.quantiles.spend_24m.score(guest.spend_24m)`.
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
pub trait Ranked: Fact + Copy + PartialOrd {
    /// Nothing is above it.
    #[doc(hidden)]
    const HIGHEST: Self;

    /// The value as the host ranks it.
    fn rank(self) -> i64;

    /// The value of a rank; `None` if the fact cannot have it.
    #[doc(hidden)]
    fn ranked(rank: i64) -> Option<Self>;
}

impl Ranked for i32 {
    const HIGHEST: Self = Self::MAX;

    fn rank(self) -> i64 {
        i64::from(self)
    }

    fn ranked(rank: i64) -> Option<Self> {
        rank.try_into().ok()
    }
}

impl Ranked for Money {
    const HIGHEST: Self = Self(i64::MAX);

    fn rank(self) -> i64 {
        self.0
    }

    fn ranked(rank: i64) -> Option<Self> {
        Some(Self(rank))
    }
}

impl Ranked for Day {
    const HIGHEST: Self = Self(i32::MAX);

    fn rank(self) -> i64 {
        i64::from(self.0)
    }

    fn ranked(rank: i64) -> Option<Self> {
        rank.try_into().ok().map(Self)
    }
}

/// The edges that cut the population into equal parts by one fact. There is room for four of them, which cut fifths;
/// `Quantile<Money, 9>` has room for tenths.
#[derive(Debug, Clone)]
pub struct Quantile<T, const EDGES: usize = 4> {
    /// Filled up with a value that nothing exceeds.
    edges: [T; EDGES],
}

impl<T: Ranked, const EDGES: usize> Quantile<T, EDGES> {
    /// `None` if there are too many, or values that the fact cannot have.
    fn new(edges: &[i64]) -> Option<Self> {
        let mut table = [T::HIGHEST; EDGES];
        for (place, edge) in edges.iter().enumerate() {
            *table.get_mut(place)? = T::ranked(*edge)?;
        }
        Some(Self { edges: table })
    }

    /// In which part the value falls: from 1 for the lowest to the number of buckets for the highest. One more than the
    /// number of edges below the value, so equal values score equally; always 1 while the population is empty.
    #[inline(always)]
    pub fn score(&self, value: T) -> i32 {
        if EDGES <= 16 {
            // Counting without branches is what makes a row cheap.
            1 + self.edges.iter().map(|edge| i32::from(*edge < value)).sum::<i32>()
        } else {
            1 + self.edges.partition_point(|edge| *edge < value) as i32
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
    pub fn next<T: Ranked, const EDGES: usize>(&mut self, request: &QuantileUse) -> Result<Quantile<T, EDGES>, String> {
        let wanted = usize::from(request.buckets).saturating_sub(1);
        self.tables
            .next()
            .filter(|table| table.fact == request.fact && (table.edges.is_empty() || table.edges.len() == wanted))
            .and_then(|table| Quantile::new(&table.edges))
            .ok_or_else(|| format!("the quantiles of `{}` are not what the plugin asked for", request.fact))
    }
}

/// A field of the facts that the quantile `Q` can be of.
#[diagnostic::on_unimplemented(
    message = "the quantile and its fact are of different types",
    label = "the fact of this name is `{Self}`",
    note = "write `Quantile<i32>`, `Quantile<Money>` or `Quantile<Day>` like the fact's field, without `Option`; other kinds have no rank"
)]
pub trait Holds<Q> {}

impl<T: Ranked, const EDGES: usize> Holds<Quantile<T, EDGES>> for T {}
impl<T: Ranked, const EDGES: usize> Holds<Quantile<T, EDGES>> for Option<T> {}

/// Proof for the compiler that a quantile fits its fact.
pub const fn fits<F: Holds<Q>, Q>(_: &F) {}

/// A table of edges, with how many it has room for.
pub trait Room {
    /// How many edges.
    const EDGES: usize;
}

impl<T, const EDGES: usize> Room for Quantile<T, EDGES> {
    const EDGES: usize = EDGES;
}

/// Refuses a table without room for the edges that it asks for.
pub const fn has_room<Q: Room>(buckets: u16) {
    assert!(
        buckets as usize <= Q::EDGES + 1,
        "more buckets than the quantile has room for: write their number less one behind the type, `Quantile<Money, 9>` for tenths"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantile<const EDGES: usize>(edges: &[i64]) -> Quantile<i32, EDGES> {
        Quantile::new(edges).expect("counts that fit")
    }

    #[test]
    fn a_score_is_one_more_than_the_edges_below() {
        let fifths = quantile::<4>(&[10, 20, 20, 40]);
        let scores: Vec<i32> = [5, 10, 11, 20, 21, 40, 41].map(|value| fifths.score(value)).to_vec();
        assert_eq!(scores, [1, 1, 2, 2, 4, 4, 5]);
        assert_eq!(quantile::<4>(&[]).score(7), 1);
        let hundredths = quantile::<99>(&(1..100).collect::<Vec<_>>());
        assert_eq!(
            (hundredths.score(0), hundredths.score(50), hundredths.score(1_000)),
            (1, 50, 100)
        );
    }
}
