//! Values that are of their kind and make no sense.

use super::{Config, ConfigError};
use posthouse_domain::words;

/// What the stack of a call may be: enough for any call at all, and no more than every thread can be given.
const STACK_BYTES: std::ops::RangeInclusive<usize> = 64 << 10..=64 << 20;

/// Rows of one call: the self-test of every upload calls with as many.
const MOST_ROWS: usize = 1 << 16;

impl Config {
    /// Passes what a server can be started with.
    ///
    /// # Errors
    /// The first setting whose value makes no sense.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let own = [
            ("database-connections", u64::from(self.database_connections)),
            ("campaigns.in-force", u64::from(self.campaigns.in_force)),
            ("imports.under-way", u64::from(self.imports.under_way)),
            ("plugins.revisions", u64::from(self.plugins.revisions)),
            ("plugins.stored-bytes", self.plugins.stored_bytes),
            ("plugins.log-days", u64::from(self.plugins.log_days)),
            ("plugins.limits.cpu-ms", self.plugins.limits.cpu_ms),
            ("plugins.limits.request-cpu-ms", self.plugins.limits.request_cpu_ms),
            ("plugins.limits.request-ms", self.plugins.limits.request_ms),
            ("plugins.compile-cpu-seconds", self.plugins.compile_cpu_seconds),
            ("plugins.compile-silence-seconds", self.plugins.compile_silence_seconds),
            ("imports.workbook-cpu-seconds", self.imports.workbook_cpu_seconds),
            (
                "imports.workbook-silence-seconds",
                self.imports.workbook_silence_seconds,
            ),
        ];
        let mut positive = own.into_iter().chain(self.http.positive());
        if let Some((setting, value)) = positive.find(|(_, value)| *value == 0) {
            return Err(ConfigError::Value {
                setting,
                value: value.to_string(),
                problem: words!("must be at least 1", "应不小于 1"),
            });
        }
        let rows = self.plugins.limits.chunk_rows;
        if !(8..=MOST_ROWS).contains(&rows) || !rows.is_multiple_of(8) {
            return Err(ConfigError::Value {
                setting: "plugins.limits.chunk-rows",
                value: rows.to_string(),
                problem: words!(
                    "must be a multiple of 8, at most {MOST_ROWS}",
                    "应为 8 的倍数，不超过 {MOST_ROWS}"
                ),
            });
        }
        let stack = self.plugins.limits.stack_bytes;
        if !STACK_BYTES.contains(&stack) {
            let (least, most) = (STACK_BYTES.start(), STACK_BYTES.end());
            return Err(ConfigError::Value {
                setting: "plugins.limits.stack-bytes",
                value: stack.to_string(),
                problem: words!("must be from {least} to {most}", "应在 {least} 到 {most} 之间"),
            });
        }
        self.oidc.check()?;
        self.http.check().map_err(|strange| ConfigError::Value {
            setting: strange.setting,
            value: strange.value,
            problem: strange.problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_would_answer_nothing_are_refused() {
        let mut config = Config::default();
        config.http.requests_per_second = 0;
        assert!(config.check().unwrap_err().to_string().contains("at least 1"));
        let mut config = Config::default();
        config.plugins.limits.cpu_ms = 0;
        let refused = config.check().unwrap_err().to_string();
        assert!(refused.contains("cpu-ms"), "{refused}");
    }

    #[test]
    fn chunks_are_made_of_whole_bytes_of_flags() {
        for (rows, fits) in [
            (0, false),
            (7, false),
            (8, true),
            (12, false),
            (8_192, true),
            (65_544, false),
        ] {
            let mut config = Config::default();
            config.plugins.limits.chunk_rows = rows;
            assert_eq!(config.check().is_ok(), fits, "{rows}");
        }
    }

    #[test]
    fn stacks_are_those_that_threads_can_have() {
        for (bytes, fits) in [
            (0, false),
            (64 << 10, true),
            (64 << 20, true),
            ((64 << 20) + 1, false),
            (usize::MAX, false),
        ] {
            let mut config = Config::default();
            config.plugins.limits.stack_bytes = bytes;
            assert_eq!(config.check().is_ok(), fits, "{bytes}");
        }
    }
}
