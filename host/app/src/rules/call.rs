//! Asking a rule: when, in which threads, and what a fault means to whoever asked.

use crate::error::{AppError, Result};
use crate::team::Caller;
use posthouse_domain::{Day, Instant, Rejection, Words, words};
use posthouse_engine::{Engine, Fault, FaultKind};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// When a question is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) today: Day,
}

/// Begins the lines that a rule wrote itself, in either language.
const ITS_WORDS: [&str; 2] = ["; it logged: ", "；其日志："];

/// How the host begins to tell of what a rule has shaped, and what is left of that for whoever may not read customers.
const SHAPED: [[&str; 2]; 6] = [
    [
        "the plugin's answer is not usable: ",
        "the plugin's answer is not usable",
    ],
    ["the plugin refused the call: ", "the plugin refused the call"],
    [
        "the plugin asked for ",
        "the plugin wanted more memory than it may have",
    ],
    ["插件的结果无法使用：", "插件的结果无法使用"],
    ["插件拒绝了调用：", "插件拒绝了调用"],
    ["插件请求的", "插件要的内存超过上限"],
];

/// How the host tells that a rule stopped, and how it begins to name the functions it stopped in.
const STOPPED: [[&str; 2]; 2] = [["the plugin stopped: ", " (in "], ["插件中止：", "（位于 "]];

/// How it is told that one customer's facts bring a fault about, whom the log names.
pub(crate) fn of_one_customer() -> Words {
    words!(
        "; the facts of one customer bring it about, whom the binding's log names",
        "；由某位客户的事实引起，绑定的日志中写明是谁"
    )
}

/// What a fault means to somebody, with whose facts brought it about, and what the rule wrote and said where that may be seen.
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
    let mut said = Words::of(fault);
    if !its_words {
        said = without_its_words(&said);
    }
    let rejection = Rejection {
        code: fault.code().to_owned(),
        detail: words!("{said}{blamed}{logged}", "{said}{blamed}{logged}"),
    };
    match fault.kind {
        // neither says anything about the rule, or about the request
        FaultKind::Deadline { .. } => AppError::Busy(rejection),
        FaultKind::Host { .. } => AppError::Unable(rejection),
        _ => AppError::Invalid(rejection),
    }
}

/// A reason as [`told`] tells it, without anything that the rule has shaped: what it wrote, said, answered or asked for, and in which of its
/// functions it stopped, may say anything about the customers it was asked about.
pub(crate) fn without_its_words(reason: &Words) -> Words {
    let blamed = of_one_customer();
    let cut = |text: &str, blamed: &str| {
        let end = ITS_WORDS.iter().filter_map(|begin| text.find(begin)).min();
        let text = &text[..end.unwrap_or(text.len())];
        let (fault, blamed) = match text.strip_suffix(blamed) {
            Some(fault) => (fault, blamed),
            None => (text, ""),
        };
        // before the sentence stand words of the host's at most
        let first = |all: &[[&'static str; 2]]| {
            let found = all
                .iter()
                .filter_map(|[begin, rest]| Some((fault.find(begin)?, *begin, *rest)));
            found.min_by_key(|(at, ..)| *at)
        };
        match (first(&SHAPED), first(&STOPPED)) {
            (Some((at, _, left)), stopped) if stopped.is_none_or(|(other, ..)| at < other) => {
                format!("{before}{left}{blamed}", before = &fault[..at])
            }
            (_, Some((at, begin, functions))) => {
                let (before, message) = fault.split_at(at + begin.len());
                let message = message.split(functions).next().unwrap_or_default();
                format!("{before}{message}{blamed}")
            }
            _ => format!("{fault}{blamed}"),
        }
    };
    Words {
        en: cut(&reason.en, &blamed.en),
        zh: cut(&reason.zh, &blamed.zh),
    }
}

/// A stored reason as this caller may read it.
pub(crate) fn reason_for(caller: &Caller, stored: &str) -> Words {
    let reason = Words::from_stored(stored);
    match caller.reads_everything() {
        true => reason,
        false => without_its_words(&reason),
    }
}

/// What a rule's failure tells a caller: see [`without_its_words`].
pub(crate) fn failure_for(caller: &Caller, error: AppError) -> AppError {
    let told = |rejection: Rejection| Rejection {
        detail: without_its_words(&rejection.detail),
        ..rejection
    };
    match error {
        error if caller.reads_everything() => error,
        AppError::Busy(rejection) => AppError::Busy(told(rejection)),
        AppError::Unable(rejection) => AppError::Unable(told(rejection)),
        AppError::Invalid(rejection) => AppError::Invalid(told(rejection)),
        other => other,
    }
}

/// Does what goes over an agency's population in the engine's threads for that, when its turn comes. Rayon's parallel iterators inside use
/// several.
pub(crate) async fn in_pool<R: Send + 'static>(
    engine: &Engine,
    agency: Uuid,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R> {
    let (answer, answered) = tokio::sync::oneshot::channel();
    engine.run(agency.as_u128(), move || {
        // whoever asked may be gone
        let _ = answer.send(work());
    });
    answered.await.map_err(|_| panicked())
}

/// Asks what somebody waits for, in pieces, in the engine's threads for that: the answers in the order of the pieces. Agencies take turns.
/// What is not begun when nobody waits any more is left.
pub(crate) async fn in_turn<R: Send + 'static>(
    engine: &Engine,
    agency: Uuid,
    pieces: usize,
    ask: impl Fn(usize) -> R + Send + Sync + 'static,
) -> Result<Vec<R>> {
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    engine.ask(agency.as_u128(), pieces, move |piece| {
        if !said.is_closed() {
            let _ = said.send((piece, ask(piece)));
        }
    });
    let mut answers: Vec<Option<R>> = std::iter::repeat_with(|| None).take(pieces).collect();
    for _ in 0..pieces {
        let (piece, answer) = heard.recv().await.ok_or_else(panicked)?;
        answers[piece] = Some(answer);
    }
    answers.into_iter().collect::<Option<_>>().ok_or_else(panicked)
}

/// [`in_turn`] for what is one piece.
pub(crate) async fn at_once<R: Send + 'static>(
    engine: &Engine,
    agency: Uuid,
    ask: impl FnOnce() -> R + Send + 'static,
) -> Result<R> {
    let ask = Mutex::new(Some(ask));
    let take = move |_| ask.lock().unwrap_or_else(PoisonError::into_inner).take();
    let answers = in_turn(engine, agency, 1, move |piece| take(piece).map(|ask| ask())).await?;
    answers.into_iter().flatten().next().ok_or_else(panicked)
}

/// The panic itself is in the log.
fn panicked() -> AppError {
    AppError::Internal("asking a rule panicked".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_engine::{EngineConfig, Receipt};

    /// Everything that a rule can put into a fault is this.
    const SECRET: &str = "8613800000001";

    #[test]
    fn what_a_rule_has_shaped_is_cut_from_a_fault_in_both_languages() {
        let line = posthouse_engine::LogLine {
            level: posthouse_engine::LogLevel::Error,
            message: SECRET.into(),
        };
        let number: u64 = SECRET.parse().unwrap();
        let secret = || Words::same(SECRET);
        let kinds = [
            FaultKind::OutOfFuel { budget: 7 },
            FaultKind::Deadline { limit_ms: 50 },
            FaultKind::Memory {
                what: "memory",
                unit: "bytes",
                asked: number,
                limit: 1,
            },
            FaultKind::Memory {
                what: "a table",
                unit: "elements",
                asked: number,
                limit: 1,
            },
            FaultKind::Trap {
                message: "wasm `unreachable` instruction executed".into(),
                functions: vec![SECRET.into(), format!("f) {SECRET}")],
            },
            FaultKind::BadOutput {
                field: SECRET.into(),
                problem: secret(),
            },
            FaultKind::Refused { message: secret() },
            FaultKind::Host {
                message: Words::same("no row"),
            },
        ];
        for kind in kinds {
            let fault = Fault {
                kind,
                receipt: Box::new(Receipt {
                    log: vec![line.clone()],
                    ..Receipt::default()
                }),
                row: None,
            };
            let detail = |its_words| match told(&fault, &of_one_customer(), its_words) {
                AppError::Busy(why) | AppError::Unable(why) | AppError::Invalid(why) => why.detail,
                other => panic!("{other}"),
            };
            let (whole, cut) = (detail(true), detail(false));
            assert!(whole.en.contains(SECRET) && whole.zh.contains(SECRET), "{whole:?}");
            // also where it was kept as a whole, and with its code
            let code = fault.code();
            let kept = words!("{code}: {whole}", "{code}: {whole}").to_stored();
            for cut in [cut, without_its_words(&Words::from_stored(&kept))] {
                assert!(!cut.en.contains(SECRET) && !cut.zh.contains(SECRET), "{cut:?}");
                assert!(cut.en.ends_with(&of_one_customer().en), "{cut:?}");
                assert!(cut.zh.ends_with(&of_one_customer().zh), "{cut:?}");
                assert!(cut.en.len() > of_one_customer().en.len(), "how it failed: {cut:?}");
            }
        }
    }

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
        let dear = told(FaultKind::OutOfTime { limit_ms: 7 });
        assert!(matches!(dear, AppError::Invalid(why) if why.code == "out_of_time"));
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_pieces() {
        let engine = Engine::new(EngineConfig::default()).expect("an engine");
        let agency = Uuid::from_u128(1);
        let squares = in_turn(&engine, agency, 100, |n| n * n).await.expect("no panic");
        assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(in_turn(&engine, agency, 0, |n| n).await.expect("nothing"), [0; 0]);
        assert_eq!(at_once(&engine, agency, || "once").await.expect("no panic"), "once");
        assert_eq!(
            in_pool(&engine, agency, || "over all").await.expect("no panic"),
            "over all"
        );
        let broken = in_turn(&engine, agency, 9, |n| assert!(n < 5, "this one is broken")).await;
        assert!(matches!(broken, Err(AppError::Internal(_))));
        assert!(matches!(
            at_once(&engine, agency, || panic!("so is this")).await,
            Err::<(), _>(AppError::Internal(_))
        ));
        assert!(matches!(
            in_pool(&engine, agency, || panic!("and this")).await,
            Err::<(), _>(AppError::Internal(_))
        ));
    }
}
