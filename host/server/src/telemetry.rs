//! Logs and metrics.

mod lines;

use crate::config::{Log, LogFormat};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use posthouse_domain::{Words, words};
use posthouse_web::observe::REQUEST_SECONDS;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Of requests: answers within a millisecond and previews of seconds both have their buckets.
const BUCKETS: [f64; 13] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// The histogram of attempts to tell a webhook, which may take 15 s.
const WEBHOOK_SECONDS: &str = "posthouse_webhook_seconds";
const WEBHOOK_BUCKETS: [f64; 8] = [0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// Begins to log to standard error. Panics are logged as well.
///
/// # Errors
/// A filter that is not understood.
pub(crate) fn start_logs(log: &Log) -> Result<(), Words> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|e| {
        words!(
            "log.filter {filter:?} is not understood: {e}",
            "log.filter {filter:?} 无法识别：{e}",
            filter = log.filter
        )
    })?;
    let terminal = std::io::stderr().is_terminal();
    let human = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| lines::Lines)
        // they would be written where no line can be
        .log_internal_errors(false)
        .with_target(false);
    let begun = if human {
        builder.with_ansi(terminal).try_init()
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    // in tests it may have begun before
    if begun.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            let said = panic.payload_as_str().unwrap_or("no words");
            tracing::error!(place, said, "panicked");
        }));
    }
    Ok(())
}

/// Begins to count.
///
/// # Errors
/// Only if counting has begun already.
pub(crate) fn start_metrics() -> Result<PrometheusHandle, Words> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(WEBHOOK_SECONDS.to_owned()), &WEBHOOK_BUCKETS))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|e| words!("metrics cannot be counted: {e}", "指标无法统计：{e}"))
        .inspect(|_| describe())
}

fn describe() {
    metrics::describe_histogram!(
        REQUEST_SECONDS,
        metrics::Unit::Seconds,
        "Time until an answer began, by path, method and status."
    );
    metrics::describe_counter!("posthouse_events_accepted_total", "Events that landed.");
    metrics::describe_counter!("posthouse_events_duplicate_total", "Events that were known before.");
    metrics::describe_counter!("posthouse_events_rejected_total", "Events that were rejected.");
    metrics::describe_counter!("posthouse_import_rows_total", "Rows of files that were decided.");
    metrics::describe_counter!(
        "posthouse_breaker_trips_total",
        "Rules that kept failing and gave way to an earlier revision."
    );
    metrics::describe_counter!(
        "posthouse_rule_fuel_total",
        "Fuel that calls of plugins burnt, self-tests included."
    );
    metrics::describe_counter!(
        "posthouse_rule_cpu_microseconds_total",
        "Processor time that calls of plugins took, in microseconds: over the fuel, what a unit costs on this machine."
    );
    metrics::describe_counter!(
        "posthouse_rules_set_aside_total",
        "Times a rule was set aside that kept failing or costing, without an earlier revision to give way to."
    );
    metrics::describe_counter!(
        "posthouse_storage_full_total",
        "Times something could not be written for want of room on the disk."
    );
    metrics::describe_counter!(
        "posthouse_log_lines_dropped_total",
        "Lines of the log that could not be written."
    );
    metrics::describe_counter!(
        "posthouse_jobs_total",
        "Jobs and timers that ran, failed ones included."
    );
    metrics::describe_counter!(
        "posthouse_jobs_given_up_total",
        "Jobs that kept failing and are not tried any more."
    );
    metrics::describe_counter!(
        "posthouse_customers_turned_total",
        "Customers whose facts were folded again because a day began."
    );
    metrics::describe_gauge!(
        "posthouse_customers_to_turn",
        "Customers whose facts are still to be folded for the day that is being turned."
    );
    metrics::describe_counter!(
        "posthouse_rate_limited_total",
        "Requests turned away because their key asked too often."
    );
    metrics::describe_counter!(
        "posthouse_overloaded_total",
        "Requests turned away because too many were at work, or too many large bodies in memory."
    );
    metrics::describe_counter!(
        "posthouse_wrong_keys_total",
        "Requests with a wrong key, those included whose key was not looked up any more."
    );
    metrics::describe_counter!(
        "posthouse_sign_ins_total",
        "Attempts to sign in, by outcome: granted, refused, locked_out, failed."
    );
    metrics::describe_gauge!("posthouse_connections", "Open connections.");
    metrics::describe_counter!(
        "posthouse_connections_refused_total",
        "Connections turned away because there were too many, in all or from one address."
    );
    metrics::describe_counter!(
        "posthouse_connections_closed_total",
        "Connections closed by the server: headers, unread, made_way."
    );
    metrics::describe_counter!(
        "posthouse_segment_moves_total",
        "Customers who entered another segment because of what was recorded of them; full runs are not counted."
    );
    metrics::describe_counter!(
        "posthouse_rule_faults_total",
        "Times a rule in force failed while following what was recorded of customers, or when it was asked about a single case."
    );
    metrics::describe_counter!(
        "posthouse_decisions_total",
        "Single cases that rules were asked about, failed ones included."
    );
    metrics::describe_counter!(
        "posthouse_quotes_total",
        "Quotes by what became of them: made, confirmed, released, expired."
    );
    metrics::describe_counter!(
        "posthouse_webhook_deliveries_total",
        "What webhooks were told, by outcome: delivered, failed, dead."
    );
    metrics::describe_histogram!(
        WEBHOOK_SECONDS,
        metrics::Unit::Seconds,
        "Time of one attempt to tell a webhook, by outcome: answered, unanswered."
    );
    metrics::describe_counter!(
        "posthouse_plugins_compiled_total",
        "Components compiled since the start."
    );
    metrics::describe_counter!(
        "posthouse_plugins_from_cache_total",
        "Components taken from the cache of compiled ones since the start."
    );
    metrics::describe_gauge!("posthouse_plugins_loaded", "Plugins ready in memory.");
    metrics::describe_gauge!(
        "posthouse_clock_offset_milliseconds",
        "By how much the database's clock is ahead of this host's; beyond two seconds it runs no timers."
    );
    metrics::describe_gauge!(
        "posthouse_open_agencies",
        "Agencies in memory; those that nobody uses are put away."
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::with_local_recorder;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Every metric that the sources of these crates count, with the kind its macro says.
    fn counted() -> BTreeMap<String, &'static str> {
        let mut found = BTreeMap::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut folders: Vec<_> = ["api", "app", "domain", "engine", "server", "store", "web"]
            .iter()
            .map(|krate| root.join(krate).join("src"))
            .collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(path).unwrap();
                    for kind in ["counter", "gauge", "histogram"] {
                        for call in text.split(&format!("metrics::{kind}!(")).skip(1) {
                            let name = call
                                .trim_start()
                                .strip_prefix('"')
                                .and_then(|name| name.split('"').next());
                            found.insert(name.unwrap_or(REQUEST_SECONDS).to_owned(), kind);
                        }
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_metric_is_described_and_named_after_its_kind() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let counted = counted();
        assert!(counted.len() > 8, "{counted:?}");
        with_local_recorder(&recorder, || {
            describe();
            for (name, kind) in &counted {
                match *kind {
                    "counter" => metrics::counter!(name.clone()).increment(1),
                    "gauge" => metrics::gauge!(name.clone()).set(1.0),
                    _ => metrics::histogram!(name.clone()).record(1.0),
                }
            }
        });
        let shown = handle.render();
        for (name, kind) in &counted {
            assert!(
                shown.contains(&format!("# HELP {name} ")),
                "{name} has no description in\n{shown}"
            );
            assert_eq!(*kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        }
    }
}
