//! `posthouse doctor` and `posthouse migrate`.

use super::output::{Output, table};
use super::{Failure, Settings, block_on};
use crate::house;
use posthouse_engine::Engine;
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

/// Checks everything a server needs, and says what to do about what is missing.
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
    let database = block_on(async {
        // looking must not make one
        if let Some(file) = house::embedded_file(&config.database).filter(|file| !file.exists()) {
            return Ok(Ok(format!(
                "{} is not there yet; the first start makes it",
                file.display()
            )));
        }
        Ok(match house::open_store(&config).await {
            Err(error) => Err(error.to_string()),
            Ok(store) => {
                let answers = store.ping().await.map_err(|e| e.to_string());
                store.close().await;
                answers.map(|()| format!("{}, tables up to date", config.database_shown()))
            }
        })
    })?;
    checks.push(Check::of("database", database));
    let cache = config.in_data(&config.cache);
    let engine =
        Engine::new(config.engine()).map(|_| format!("wasmtime is ready, compiled plugins in {}", cache.display()));
    checks.push(Check::of("sandbox", engine.map_err(|e| e.to_string())));
    let well = checks.iter().all(|check| check.ok);
    output.answer(&serde_json::json!({ "ok": well, "checks": checks }), || {
        let row = |check: &Check| {
            vec![
                if check.ok { "ok" } else { "FAILED" }.to_owned(),
                check.what.to_owned(),
                check.detail.clone(),
            ]
        };
        table(&checks.iter().map(row).collect::<Vec<_>>())
    })?;
    if well { Ok(()) } else { Err(Failure::told()) }
}

fn writable(folder: &Path) -> Result<String, String> {
    let tried = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    match tried {
        Ok(_) => Ok(format!("{} can be written", folder.display())),
        Err(error) => Err(format!(
            "{} cannot be written: {error}; give it to the server's user or set `data`",
            folder.display()
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
