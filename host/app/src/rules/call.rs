//! Asking a rule: when, in which threads, and what a fault means to whoever asked.

use crate::error::{AppError, Result};
use posthouse_domain::{Day, Instant, Rejection, Words, words};
use posthouse_engine::{Engine, Fault, FaultKind};

/// When a question is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) today: Day,
}

/// Begins the lines that a rule wrote itself, in either language.
const ITS_WORDS: [&str; 2] = ["; it logged: ", "；其日志："];

/// What a fault means to somebody, with whose facts brought it about, and the last lines of the rule's log where they may be seen.
pub(crate) fn told(fault: &Fault, blamed: &Words, its_words: bool) -> AppError {
    let log = &fault.receipt.log;
    // the last lines it logged, in their order: mostly the reason
    let last: Vec<&str> = log[log.len().saturating_sub(3)..]
        .iter()
        .map(|line| line.message.as_str())
        .collect();
    let logged = match last.is_empty() || !its_words {
        true => Words::default(),
        false => {
            let ([en, zh], lines) = (ITS_WORDS, last.join(" / "));
            words!("{en}{lines}", "{zh}{lines}")
        }
    };
    let rejection = Rejection {
        code: fault.code().to_owned(),
        detail: words!("{fault}{blamed}{logged}", "{fault}{blamed}{logged}"),
    };
    match fault.kind {
        // neither says anything about the rule, or about the request
        FaultKind::Deadline { .. } => AppError::Busy(rejection),
        FaultKind::Host { .. } => AppError::Unable(rejection),
        _ => AppError::Invalid(rejection),
    }
}

/// A reason as [`told`] tells it, without what the rule wrote itself: that may say anything about the customers it was asked about.
pub(crate) fn without_its_words(reason: &Words) -> Words {
    let cut = |text: &str| {
        let end = ITS_WORDS.iter().filter_map(|begin| text.find(begin)).min();
        text[..end.unwrap_or(text.len())].to_owned()
    };
    reason.map(cut)
}

/// Runs `work` in the engine's pool, away from the async workers.
pub(crate) async fn in_pool<R: Send + 'static>(
    engine: &Engine,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    engine.spawn(move || {
        // whoever asked may be gone
        let _ = answer.send(work());
    });
    // its panic is in the log
    answered
        .await
        .map_err(|_| AppError::Internal("asking a rule panicked".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_engine::Receipt;

    #[test]
    fn a_fault_is_told_by_whose_it_is() {
        let told = |kind| {
            let fault = Fault {
                kind,
                receipt: Box::<Receipt>::default(),
                row: None,
            };
            told(&fault, &Words::default(), true)
        };
        let slow = told(FaultKind::Deadline { limit_ms: 50 });
        assert!(matches!(slow, AppError::Busy(why) if why.code == "deadline"));
        let host = told(FaultKind::Host {
            message: Words::same("no row"),
        });
        assert!(matches!(host, AppError::Unable(why) if why.code == "host"));
        let loops = told(FaultKind::OutOfFuel { budget: 7 });
        assert!(matches!(loops, AppError::Invalid(why) if why.code == "out_of_fuel"));
    }
}
