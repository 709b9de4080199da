//! What every call gets besides what it is asked about.

/// Everything a call depends on besides its rows or its basket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// Days since 1970-01-01 in the agency's time zone.
    pub today: i32,
    /// Constant for a binding.
    pub seed: u64,
    /// Settings as canonical JSON, valid under the plugin's schema.
    pub config: String,
    /// One table per request of the description, in its order.
    pub quantiles: Vec<QuantileTable>,
}

impl Context {
    /// Bytes that cross into the guest.
    pub(crate) fn size(&self) -> usize {
        let edges: usize = self.quantiles.iter().map(|table| size_of_val(&*table.edges)).sum();
        self.config.len() + edges
    }
}

/// The answer to one quantile request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QuantileTable {
    /// The fact the table cuts.
    pub fact: String,
    /// `buckets - 1` edges, or none if the population is empty.
    pub edges: Vec<i64>,
}
