//! Lines kept with the call: shown to the agency beside a fault, to the author by `posthouse plugin test` and the harness.
//! The host keeps a few short lines per call (32 of 1 KiB by default) and drops the rest.

/// Detail for the author.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message.as_ref());
}

/// Something worth knowing.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message.as_ref());
}

/// Something looks wrong; the answer stands.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message.as_ref());
}

/// Something is wrong.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message.as_ref());
}

use crate::bindings::posthouse::plugin::log::Level;

#[cfg(target_family = "wasm")]
use crate::bindings::posthouse::plugin::log::write;

#[cfg(not(target_family = "wasm"))]
use native::write;

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native {
    use super::Level;
    use std::cell::RefCell;

    thread_local! {
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn write(level: Level, message: &str) {
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        LINES.with_borrow_mut(|lines| lines.push(format!("{level}: {message}")));
    }

    /// The lines written by this thread since the last time.
    pub(crate) fn take() -> Vec<String> {
        LINES.take()
    }
}
