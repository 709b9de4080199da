//! `posthouse doctor` and `posthouse migrate`.

use super::output::{Output, counted, table};
use super::{Failure, Settings, block_on};
use crate::config::Config;
use crate::house;
use posthouse_app::StoreError;
use posthouse_app::standing::{self, Standing};
use posthouse_engine::{Engine, EngineConfig};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    detail: String,
}

impl Check {
    fn of(what: &'static str, result: Result<String, String>) -> Self {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        Self { what, ok, detail }
    }
}

/// Checks everything a server needs, and says what to do about what is missing. It only looks.
pub(super) fn doctor(settings: &Settings, output: Output) -> Result<(), Failure> {
    let config = settings.load()?;
    let mut checks = vec![Check::of(
        "configuration",
        Ok(settings.config.as_deref().map_or_else(
            || {
                if Path::new(crate::config::FILE).is_file() {
                    crate::config::FILE.to_owned()
                } else {
                    "defaults and environment".to_owned()
                }
            },
            |file| file.display().to_string(),
        )),
    )];
    checks.push(Check::of(
        "clock",
        house::clock(&config.clock)
            .map(|_| config.clock.clone())
            .map_err(|e| e.to_string()),
    ));
    checks.push(Check::of("data folder", writable(&config.data)));
    checks.push(Check::of("secret", secret(&config)));
    let database = block_on(async { Ok(standing::standing(&config.database).await) })?;
    checks.push(Check::of("database", database_words(&config, database)));
    let clashes = block_on(async { Ok(standing::clashes(&config.database).await.unwrap_or_default()) })?;
    // without its cache, as making that would be a change
    let sandbox = EngineConfig {
        cache_dir: None,
        ..config.engine()
    };
    let engine = Engine::new(sandbox).map(|_| "wasmtime is ready".to_owned());
    checks.push(Check::of("sandbox", engine.map_err(|e| e.to_string())));
    checks.push(Check::of("plugin cache", writable(&config.in_data(&config.cache))));
    let well = checks.iter().all(|check| check.ok);
    let listed: Vec<_> = clashes.iter().map(clash_json).collect();
    output.answer(
        &serde_json::json!({ "ok": well, "checks": checks, "clashes": listed }),
        || {
            let row = |check: &Check| {
                vec![
                    if check.ok { "ok" } else { "FAILED" }.to_owned(),
                    check.what.to_owned(),
                    check.detail.clone(),
                ]
            };
            table(&checks.iter().map(row).collect::<Vec<_>>()) + &clash_words(&clashes)
        },
    )?;
    if well { Ok(()) } else { Err(Failure::told()) }
}

fn clash_json(clash: &standing::Clash) -> serde_json::Value {
    serde_json::json!({
        "agency": clash.slug, "kind": clash.kind, "written": clash.was, "customer_id": clash.customer_id,
    })
}

/// What earlier builds took in under spellings that are one by now. Nothing is wrong with the server then, so no check fails.
fn clash_words(clashes: &[standing::Clash]) -> String {
    if clashes.is_empty() {
        return String::new();
    }
    let head = ["agency", "kind", "written", "customer"].map(str::to_owned).to_vec();
    let row = |clash: &standing::Clash| {
        vec![
            clash.slug.clone(),
            clash.kind.clone(),
            format!("{:?}", clash.was),
            clash.customer_id.to_string(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(clashes.iter().map(row)).collect();
    format!(
        "\nEarlier builds took these rows for different ones. They are written alike by now and stay apart; nothing was merged:\n\n{}",
        table(&rows)
    )
}

/// Whether the installation's secret can be read, or is still to be made.
fn secret(config: &Config) -> Result<String, String> {
    let path = config.in_data(&config.secret_file);
    let environment = std::env::var("POSTHOUSE_SECRET").ok();
    match house::present_secret(&path, environment.as_deref()) {
        Ok(Some(_)) if environment.is_some() => Ok("POSTHOUSE_SECRET can be read".into()),
        Ok(Some(_)) => Ok(format!("{} can be read", path.display())),
        Ok(None) => Ok(format!("{} is missing; the first start makes it", path.display())),
        Err(error) => Err(error.to_string()),
    }
}

/// How the database stands, and what to do about it.
fn database_words(config: &Config, standing: Result<Standing, StoreError>) -> Result<String, String> {
    let shown = config.database_shown();
    match standing {
        Err(error) => Err(format!("{shown} cannot be looked at: {error}")),
        Ok(Standing::Missing) => Ok(format!("{shown} is missing; the first start makes it")),
        Ok(Standing::There { unfit, .. }) if !unfit.is_empty() => Err(format!(
            "{shown} was made by another build of Posthouse ({} not of this one); use that build or a newer one",
            if unfit.len() == 1 {
                format!("migration {} is", unfit[0])
            } else {
                format!("migrations {unfit:?} are")
            }
        )),
        Ok(Standing::There { pending, .. }) if pending.is_empty() => Ok(format!("{shown}, tables up to date")),
        Ok(Standing::There { pending, .. }) => Ok(format!(
            "{shown}, {} pending ({}); the next start or `posthouse migrate` runs them",
            counted(pending.len() as u64, "migration"),
            pending.join(", ")
        )),
    }
}

/// Whether a folder, or the nearest that is there above it, takes files. Nothing is left behind.
fn writable(folder: &Path) -> Result<String, String> {
    let there = folder.is_dir();
    let mut nearest = folder;
    while !nearest.is_dir() {
        nearest = match nearest.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    match tempfile::tempfile_in(nearest) {
        Ok(_) if there => Ok(format!("{} can be written", folder.display())),
        Ok(_) => Ok(format!("{} is missing; the first start makes it", folder.display())),
        Err(error) => Err(format!(
            "{} cannot be written: {error}; give it to the server's user or name another in the configuration",
            nearest.display()
        )),
    }
}

/// Opening the database migrates it.
pub(super) fn migrate(settings: &Settings, output: Output) -> Result<(), Failure> {
    let config = settings.load()?;
    block_on(async {
        house::open_store(&config).await?.close().await;
        Ok(())
    })?;
    let database = config.database_shown();
    output.answer(&serde_json::json!({ "database": database, "migrated": true }), || {
        format!("The tables of {database} are up to date.")
    })
}
