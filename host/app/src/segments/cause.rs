//! Why everyone is classified again.

/// Why a full run happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Activation,
    Rollback,
    Breaker,
    Request,
    Midnight,
    Ending,
}

impl Cause {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Rollback => "rollback",
            Self::Breaker => crate::rules::pointer::BREAKER,
            Self::Request => "request",
            Self::Midnight => "midnight",
            Self::Ending => posthouse_store::plugins::ENDING,
        }
    }
}
