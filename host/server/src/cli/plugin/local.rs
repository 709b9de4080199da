//! What an author does without a server: new, build, check, test, pack. The sandbox is the server's own.

use super::build::build_core_module;
use super::new::{World, new_project};
use super::project::{Project, ProjectError};
use crate::cli::Failure;
use crate::cli::output::{Output, counted, table};
use crate::config::{Config, Flags};
use posthouse_engine::golden::{self, Case};
use posthouse_engine::{
    Admitted, Engine, EngineConfig, LoadError, LogLine, Plugin, SelfTest, Usage, digest, pack as packing,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The file of a project's golden cases.
const GOLDEN: &str = "golden.json";

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        Self::coded("project", error)
    }
}

/// A component that was just built.
struct Built {
    component: Vec<u8>,
    crate_name: String,
    toolchain: String,
}

fn make(dir: &Path) -> Result<Built, Failure> {
    let core = build_core_module(dir, &mut std::io::stderr())?;
    let component = packing::componentize(&core.bytes).map_err(|e| Failure::coded("not_componentized", e))?;
    Ok(Built {
        component,
        crate_name: core.crate_name,
        toolchain: core.toolchain,
    })
}

/// The component with the project's golden cases and where it comes from.
fn with_sections(dir: &Path, built: &Built) -> Result<Vec<u8>, Failure> {
    let meta = json!({ "crate": built.crate_name, "toolchain": built.toolchain, "packed-by": concat!("posthouse ", env!("CARGO_PKG_VERSION")) });
    let cases = read_cases(dir)?;
    let cases = cases.as_ref().map(|cases| cases.json.as_slice());
    packing::attach(&built.component, cases, Some(meta.to_string().as_bytes()))
        .map_err(|e| Failure::coded("not_packed", e))
}

/// A project's golden cases.
struct Cases {
    /// The file as it is.
    json: Vec<u8>,
    /// What it says.
    parsed: Vec<Case>,
}

/// The golden cases of a project; `None` if it has no such file.
fn read_cases(dir: &Path) -> Result<Option<Cases>, Failure> {
    let file = dir.join(GOLDEN);
    let json = match std::fs::read(&file) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::failed(format!("{} cannot be read: {error}", file.display()))),
    };
    let parsed =
        golden::parse(&json).map_err(|e| Failure::coded("bad_golden_cases", format!("{}: {e}", file.display())))?;
    Ok(Some(Cases { json, parsed }))
}

/// A sandbox with the limits of the configuration, without a cache.
pub(super) fn sandbox() -> Result<Engine, Failure> {
    let config = Config::load(None, &Flags::default())?;
    Engine::new(EngineConfig {
        cache_dir: None,
        ..config.engine()
    })
    .map_err(Failure::failed)
}

/// The component of a file, or of a project.
pub(super) fn component(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        return with_sections(path, &make(path)?);
    }
    std::fs::read(path).map_err(|e| {
        Failure::usage(format!(
            "{} cannot be read: {e}; name a .wasm file or a project's folder",
            path.display()
        ))
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::failed(format!("{} cannot be written: {e}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

pub(super) fn new(name: &str, world: World, parent: &Path, output: Output) -> Result<(), Failure> {
    let folder = new_project(name, world, parent)?;
    output.answer(&json!({ "folder": folder }), || {
        let folder = folder.display();
        format!("{folder} created. The rule is in src/lib.rs, the cases it must pass are in golden.json.\n\n  cd {folder}\n  cargo test\n  posthouse plugin test\n  posthouse plugin pack")
    })
}

pub(super) fn build(dir: &Path, out: Option<&Path>, output: Output) -> Result<(), Failure> {
    let built = make(dir)?;
    let path = out.map_or_else(
        || dir.join("target/plugin").join(format!("{}.wasm", built.crate_name)),
        PathBuf::from,
    );
    write(&path, &built.component)?;
    let document = json!({ "file": path, "size": built.component.len(), "toolchain": built.toolchain, "digest": digest(&built.component) });
    output.answer(&document, || {
        format!(
            "{}: {} bytes, built with {}. `posthouse plugin pack` adds the golden cases.",
            path.display(),
            built.component.len(),
            built.toolchain
        )
    })
}

fn admit(component: &[u8]) -> Result<Admitted, Failure> {
    sandbox()?.admit(component).map_err(|error| match error {
        LoadError::Refused(refusal) => {
            Failure::coded(refusal.code, format!("refused ({}): {}", refusal.code, refusal.detail))
        }
        other => Failure::coded(other.code(), other),
    })
}

fn admitted_document(admitted: &Admitted) -> serde_json::Value {
    json!({
        "digest": admitted.digest, "size": admitted.size, "extension_point": admitted.plugin.extension_point().as_str(),
        "description": admitted.description, "segments": admitted.segments, "self_test": admitted.self_test,
    })
}

pub(super) fn check(path: &Path, output: Output) -> Result<(), Failure> {
    let admitted = admit(&component(path)?)?;
    output.answer(&admitted_document(&admitted), || explain(&admitted))
}

fn explain(admitted: &Admitted) -> String {
    let description = &admitted.description;
    let codes = |codes: Vec<&str>| codes.join(", ");
    let facts = codes(description.facts.iter().map(|fact| fact.key.as_str()).collect());
    let answers = match &admitted.plugin {
        Plugin::Segmentation(_) => {
            let segments = admitted.segments.iter().map(|segment| segment.key.as_str());
            format!("segments  {}", codes(segments.collect()))
        }
        Plugin::Promotion(_) => {
            let reasons = description.reasons.iter().map(|reason| reason.code.as_str());
            format!("reasons   {}", codes(reasons.collect()))
        }
    };
    let golden = match admitted.self_test.golden_cases() {
        0 => "no golden cases travel with it; `posthouse plugin pack` adds those of golden.json".to_owned(),
        1 => "1 golden case passes".to_owned(),
        count => format!("{count} golden cases pass"),
    };
    format!(
        "{} {} would be accepted as a {}.\n  {} · {}\n  digest    {}\n  size      {} bytes\n  reads     {facts}\n  {answers}\n  \
         self-test {golden}; {}\n",
        description.name,
        description.version,
        admitted.plugin.extension_point(),
        description.title.en,
        description.title.zh_cn,
        admitted.digest,
        admitted.size,
        tried(&admitted.self_test),
    )
}

/// What was tried beside the golden cases, and what it cost.
fn tried(test: &SelfTest) -> String {
    let used = |usage: &Usage| format!("{} µs and {} KiB of memory", usage.micros, usage.peak_memory / 1024);
    match test {
        SelfTest::Segmentation(test) => format!(
            "{} rows tried, each decided by itself\n  cost      {} fuel a call and {} a row; a full chunk takes {}",
            test.rows_tried,
            test.fuel_per_call,
            test.fuel_per_row,
            used(&test.full_chunk)
        ),
        SelfTest::Promotion(test) => format!(
            "{} baskets tried\n  cost      {} fuel a call with one line and {} a further line; a full basket takes {}",
            test.baskets_tried,
            test.fuel_per_call,
            test.fuel_per_line,
            used(&test.full_basket)
        ),
    }
}

pub(super) fn test(path: &Path, output: Output) -> Result<(), Failure> {
    let (component, cases) = if path.is_dir() {
        let cases = read_cases(path)?.ok_or_else(|| {
            Failure::coded(
                "no_golden_cases",
                format!(
                    "{} has no {GOLDEN}; write the cases the rule must pass there",
                    path.display()
                ),
            )
        })?;
        (make(path)?.component, cases.parsed)
    } else {
        let component = component(path)?;
        let cases = packing::golden_cases(&component).map_err(|e| Failure::coded("bad_golden_cases", e))?;
        (component, cases)
    };
    let plugin = sandbox()?
        .open(&digest(&component), &component)
        .map_err(|e| Failure::coded(e.code(), e))?;
    let results = golden::run(&plugin, &cases);
    let passed = results.iter().filter(|result| result.passed).count();
    let document =
        json!({ "digest": digest(&component), "cases": results, "passed": passed, "failed": results.len() - passed });
    output.answer(&document, || {
        let mut rows = vec![["", "case", "fuel", "µs"].map(str::to_owned).to_vec()];
        rows.extend(results.iter().map(|result| {
            let word = if result.passed { "passed" } else { "FAILED" };
            vec![
                word.to_owned(),
                result.name.clone(),
                result.usage.fuel.to_string(),
                result.usage.micros.to_string(),
            ]
        }));
        let mut words = table(&rows);
        for result in results.iter().filter(|result| !result.passed) {
            words += &format!("\n{}\n", result.name);
            if let Some(error) = &result.error {
                words += &fault(error, result.asked.as_deref(), &result.log)
                    .map(|line| format!("  {line}\n"))
                    .collect::<String>();
                continue;
            }
            for mismatch in &result.mismatches {
                words += &format!("  {mismatch}\n");
            }
            for line in &result.log {
                words += &format!("  log: {}\n", line.message);
            }
        }
        words + &format!("\n{passed} of {} passed.", counted(results.len() as u64, "golden case"))
    })?;
    if passed == results.len() {
        Ok(())
    } else {
        Err(Failure::told())
    }
}

/// How a call ended, in lines: what the rule logged last, where the SDK puts what a panic says; the fault; the row or basket that brought
/// it about; what was logged before.
pub(super) fn fault(fault: &str, asked: Option<&str>, log: &[LogLine]) -> impl Iterator<Item = String> {
    let said = |line: &LogLine| format!("log: {}", line.message);
    let (last, before) = match log.split_last() {
        Some((last, before)) => (Some(said(last)), before),
        None => (None, log),
    };
    let before: Vec<String> = before.iter().map(said).collect();
    let asked = asked.map(|asked| format!("asked about {asked}"));
    last.into_iter().chain([fault.to_owned()]).chain(asked).chain(before)
}

pub(super) fn pack(dir: &Path, out: Option<&Path>, output: Output) -> Result<(), Failure> {
    packed(dir, out, output).inspect_err(|_| {
        let path = match out {
            Some(out) => Some(out.to_owned()),
            None => Project::open(dir)
                .ok()
                .map(|project| dir.join(format!("{}.wasm", project.crate_name))),
        };
        if let Some(path) = path.filter(|path| path.is_file()) {
            output.say(format!("{} is unchanged; nothing new was packed", path.display()));
        }
    })
}

fn packed(dir: &Path, out: Option<&Path>, output: Output) -> Result<(), Failure> {
    let (path, toolchain, admitted) = pack_into(dir, out)?;
    let mut document = admitted_document(&admitted);
    document["file"] = json!(path);
    document["toolchain"] = toolchain.into();
    output.answer(&document, || format!("{}\n{}", path.display(), explain(&admitted)))
}

/// The packed component of a project, made now.
pub(super) fn pack_project(dir: &Path) -> Result<PathBuf, Failure> {
    pack_into(dir, None).map(|(path, ..)| path)
}

fn pack_into(dir: &Path, out: Option<&Path>) -> Result<(PathBuf, String, Admitted), Failure> {
    // a mistake in the cases need not wait for the compiler
    read_cases(dir)?;
    let built = make(dir)?;
    let packed = with_sections(dir, &built)?;
    // what would be refused at upload is not worth packing
    let admitted = admit(&packed)?;
    let path = out.map_or_else(|| dir.join(format!("{}.wasm", built.crate_name)), PathBuf::from);
    write(&path, &packed)?;
    Ok((path, built.toolchain, admitted))
}
