//! `posthouse doctor` and `posthouse migrate`.

use super::{Failure, Settings, block_on};
use crate::config::Config;
use crate::house;
use crate::output::{Output, counted, table};
use posthouse_app::StoreError;
use posthouse_app::database::{self, DatabaseStatus};
use posthouse_domain::{Words, time, words};
use posthouse_engine::{Engine, EngineConfig};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Check {
    #[serde(serialize_with = "english")]
    what: Words,
    ok: bool,
    detail: String,
}

/// Programs know a check by its English name.
fn english<S: serde::Serializer>(words: &Words, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&words.en)
}

impl Check {
    fn of(what: Words, result: Result<String, String>) -> Self {
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
        words!("configuration", "配置"),
        Ok(settings.config.as_deref().map_or_else(
            || {
                if Path::new(crate::config::FILE).is_file() {
                    crate::config::FILE.to_owned()
                } else {
                    words!("defaults and environment", "默认值和环境变量").to_string()
                }
            },
            |file| file.display().to_string(),
        )),
    )];
    checks.push(Check::of(
        words!("clock", "时钟"),
        house::clock(&config.clock)
            .map(|_| config.clock.clone())
            .map_err(|e| e.to_string()),
    ));
    checks.push(Check::of(words!("data folder", "数据目录"), writable(&config.data)));
    checks.push(Check::of(words!("secret", "密钥"), secret(&config)));
    let database = block_on(async { Ok(database::status(&config.database).await) })?;
    checks.push(Check::of(
        words!("database", "数据库"),
        database_words(&config, database),
    ));
    let troubles = block_on(async { Ok(database::troubles(&config.database).await.unwrap_or_default()) })?;
    checks.push(Check::of(
        words!("rules in force", "生效中的规则"),
        rules_open(&troubles),
    ));
    let clashes = block_on(async { Ok(database::clashes(&config.database).await.unwrap_or_default()) })?;
    // without its cache, as making that would be a change
    let sandbox = EngineConfig {
        cache_dir: None,
        ..config.engine().map_err(Failure::failed)?
    };
    let engine = Engine::new(sandbox).map(|_| words!("wasmtime is ready", "wasmtime 就绪").to_string());
    checks.push(Check::of(words!("sandbox", "沙箱"), engine.map_err(|e| e.to_string())));
    checks.push(Check::of(
        words!("plugin cache", "插件缓存"),
        writable(&config.in_data(&config.cache)),
    ));
    let well = checks.iter().all(|check| check.ok);
    let listed: Vec<_> = clashes.iter().map(clash_json).collect();
    let failing: Vec<_> = troubles.iter().map(trouble_json).collect();
    output.answer(
        &serde_json::json!({ "ok": well, "checks": checks, "rules": failing, "clashes": listed }),
        || {
            let row = |check: &Check| {
                vec![
                    if check.ok {
                        words!("ok", "正常")
                    } else {
                        words!("FAILED", "失败")
                    }
                    .to_string(),
                    check.what.to_string(),
                    check.detail.clone(),
                ]
            };
            table(&checks.iter().map(row).collect::<Vec<_>>()) + &trouble_words(&troubles) + &clash_words(&clashes)
        },
    )?;
    if well { Ok(()) } else { Err(Failure::told()) }
}

/// Whether all rules in force open: one that does not is a matter of this server, its limits or its version.
fn rules_open(troubles: &[database::Trouble]) -> Result<String, String> {
    let unopened = troubles.iter().filter(|trouble| trouble.unopened.is_some()).count() as u64;
    match (unopened, troubles.is_empty()) {
        (0, true) => Ok(words!("all of them open and answer", "全部能打开，运行正常").to_string()),
        (0, false) => Ok(words!("all of them open; some fail, see below", "全部能打开；部分出错，见下").to_string()),
        (unopened, _) => Err(words!(
            "{rules} not opened, see below",
            "{rules}打不开，见下",
            rules = counted(unopened, "rule")
        )
        .to_string()),
    }
}

fn trouble_json(trouble: &database::Trouble) -> serde_json::Value {
    serde_json::json!({
        "agency": trouble.slug, "extension_point": trouble.extension_point, "binding": trouble.name,
        "not_opened": trouble.unopened.as_deref().map(|why| Words::from_stored(why).en),
        "set_aside_until": trouble.set_aside_until.map(time::instant_text),
        "stale_since": trouble.stale_since.map(time::instant_text),
    })
}

/// Rules in force that do not decide as they should. What was wrong with them the agency finds with `posthouse plugin list`.
fn trouble_words(troubles: &[database::Trouble]) -> String {
    if troubles.is_empty() {
        return String::new();
    }
    let head = [
        words!("agency", "旅行社"),
        words!("binding", "绑定"),
        words!("how it stands", "状况"),
    ];
    let head = head.map(|word| word.to_string()).to_vec();
    let row = |trouble: &database::Trouble| {
        let stands = match trouble {
            database::Trouble {
                unopened: Some(why), ..
            } => {
                words!("not opened: {why}", "打不开：{why}", why = Words::from_stored(why))
            }
            database::Trouble {
                set_aside_until: Some(until),
                ..
            } => words!(
                "set aside until {until}",
                "暂停询问至 {until}",
                until = time::instant_text(*until)
            ),
            _ => words!(
                "fails since {since}",
                "自 {since} 起出错",
                since = time::instant_text(trouble.stale_since.unwrap_or_default())
            ),
        };
        vec![
            trouble.slug.clone(),
            format!("{}/{}", trouble.extension_point, trouble.name),
            stands.to_string(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(troubles.iter().map(row)).collect();
    words!(
        "\nThese rules do not decide as they should; `posthouse plugin logs BINDING` with a key of the agency says more:\n\n{rows}",
        "\n以下规则没有正常运行；用该旅行社的密钥执行 `posthouse plugin logs BINDING` 可了解详情：\n\n{rows}",
        rows = table(&rows)
    )
    .to_string()
}

fn clash_json(clash: &database::Clash) -> serde_json::Value {
    serde_json::json!({
        "agency": clash.slug, "kind": clash.kind, "written": clash.was, "customer_id": clash.customer_id,
    })
}

/// What earlier builds took in under spellings that are one by now. Nothing is wrong with the server then, so no check fails.
fn clash_words(clashes: &[database::Clash]) -> String {
    if clashes.is_empty() {
        return String::new();
    }
    let head = [
        words!("agency", "旅行社"),
        words!("kind", "类别"),
        words!("written", "写法"),
        words!("customer", "客户"),
    ];
    let head = head.map(|word| word.to_string()).to_vec();
    let row = |clash: &database::Clash| {
        vec![
            clash.slug.clone(),
            clash.kind.clone(),
            format!("{:?}", clash.was),
            clash.customer_id.to_string(),
        ]
    };
    let rows: Vec<_> = std::iter::once(head).chain(clashes.iter().map(row)).collect();
    words!(
        "\nEarlier builds took these rows for different ones. They are written alike by now and stay apart; nothing was merged:\n\n{rows}",
        "\n早期版本把以下各行当作不同的记录，如今归一后写法相同。它们仍各自独立，没有合并：\n\n{rows}",
        rows = table(&rows)
    )
    .to_string()
}

/// Whether the installation's secret can be read, or is still to be made.
fn secret(config: &Config) -> Result<String, String> {
    let path = config.in_data(&config.secret_file);
    let environment = std::env::var("POSTHOUSE_SECRET").ok();
    match house::present_secret(&path, environment.as_deref()) {
        Ok(Some(_)) if environment.is_some() => {
            Ok(words!("POSTHOUSE_SECRET can be read", "POSTHOUSE_SECRET 可读").to_string())
        }
        Ok(Some(_)) => Ok(words!("{path} can be read", "{path} 可读", path = path.display()).to_string()),
        Ok(None) => Ok(words!(
            "{path} is missing; the first start creates it",
            "{path} 不存在；首次启动时创建",
            path = path.display()
        )
        .to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// How the database stands, and what to do about it.
fn database_words(config: &Config, status: Result<DatabaseStatus, StoreError>) -> Result<String, String> {
    let shown = config.database_shown();
    match status {
        Err(error) => Err(words!(
            "{shown} cannot be looked at: {problem}",
            "{shown} 无法检查：{problem}",
            problem = house::database_problem(&error)
        )
        .to_string()),
        Ok(DatabaseStatus::Missing) => Ok(words!(
            "{shown} is missing; the first start creates it",
            "{shown} 不存在；首次启动时创建"
        )
        .to_string()),
        Ok(DatabaseStatus::There { unfit, .. }) if !unfit.is_empty() => Err(words!(
            "{shown} was made by another build of Posthouse ({which} not of this one); use that build or a newer one",
            "{shown} 由另一版本的 Posthouse 创建（{which}不属于此版本）；请使用那个版本或更新的版本",
            which = match unfit[..] {
                [one] => words!("migration {one} is", "迁移 {one} "),
                _ => words!("migrations {unfit:?} are", "迁移 {unfit:?} "),
            }
        )
        .to_string()),
        Ok(DatabaseStatus::There { pending, .. }) if pending.is_empty() => {
            Ok(words!("{shown}, tables up to date", "{shown}，数据表为最新").to_string())
        }
        Ok(DatabaseStatus::There { pending, .. }) => Ok(words!(
            "{shown}, {migrations} pending ({names}); the next start or `posthouse migrate` runs them",
            "{shown}，{migrations}待执行（{names}）；下次启动或 `posthouse migrate` 时执行",
            migrations = counted(pending.len() as u64, "migration"),
            names = pending.join(", ")
        )
        .to_string()),
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
        Ok(_) if there => Ok(words!("{folder} can be written", "{folder} 可写", folder = folder.display()).to_string()),
        Ok(_) => Ok(words!("{folder} is missing; the first start creates it", "{folder} 不存在；首次启动时创建", folder = folder.display()).to_string()),
        Err(error) => Err(words!("{nearest} cannot be written: {error}; make the server's user its owner or name another in the configuration", "{nearest} 不可写：{error}；请把它交给运行服务器的用户，或在配置中指定其他目录", nearest = nearest.display()).to_string()),
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
        words!(
            "The tables of {database} are up to date.",
            "{database} 的数据表为最新。"
        )
        .to_string()
    })
}
