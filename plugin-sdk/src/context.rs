use crate::bindings::posthouse::plugin::types as wire;
use crate::settings::Settings;
use crate::values::Day;

/// Everything an answer may depend on besides the facts of the row. The same context and facts give the same answer.
#[derive(Debug, Clone)]
pub struct Context<S, Q = ()> {
    /// Milliseconds since 1970-01-01T00:00Z.
    pub now: i64,
    /// Today in the agency's time zone.
    pub today: Day,
    /// Constant for a binding, so that a rule can draw the same lot for the same customer every day.
    pub seed: u64,
    /// What the agency has set, or the defaults.
    pub settings: S,
    /// What was asked of the whole population.
    pub quantiles: Q,
}

impl<S: Settings, Q> Context<S, Q> {
    /// Reads what the host sent. Errors are sentences for the agency.
    pub(crate) fn read(sent: wire::Context, quantiles: Q) -> Result<Self, String> {
        Ok(Self {
            now: sent.now,
            today: Day(sent.today),
            seed: sent.seed,
            settings: S::parse(&sent.config)?,
            quantiles,
        })
    }
}
