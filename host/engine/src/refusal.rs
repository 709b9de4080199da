//! Why a component is not let in.

use posthouse_domain::{Words, words};
use serde::Serialize;
use std::fmt;

/// Why an uploaded component is refused: a stable code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Stable, lower-case, words joined by underscores.
    pub code: &'static str,
    /// What is wrong, where, and what to do.
    pub detail: Words,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, detail: Words) -> Self {
        Self { code, detail }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refusal {}

/// Why a component could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Too many components wait for the compiler. Nothing is wrong with this one; try again later.
    #[error("{}", words!("{waiting} components wait for the compiler already; try again in a few seconds", "已有 {waiting} 个组件在等待编译；请几秒后再试"))]
    QueueFull {
        /// How many wait.
        waiting: usize,
    },
    /// This host cannot compile anything at the moment, or did not come to it in time. Nothing is wrong with the component; the log says
    /// what is with the host.
    #[error("{}", words!("this server could not compile the component, for a reason of its own; try again in a few seconds, and tell whoever operates it if it stays so", "服务器因自身原因未能编译该组件；请几秒后再试，若仍如此请联系运维"))]
    NoCompiler,
    /// The component is not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl LoadError {
    /// The refusal's code, `compile_queue_full` or `compiler_unavailable`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } => "compile_queue_full",
            Self::NoCompiler => "compiler_unavailable",
            Self::Refused(refusal) => refusal.code,
        }
    }
}
