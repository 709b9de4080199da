//! What an author does without a server: new, build, check, test, pack. The sandbox is the server's own.

use super::build::build_core_module;
use super::new::new_project;
use super::points::{self, Point};
use super::project::{Project, ProjectError};
use super::upgrade::{Upgraded, outdated, upgrade_project};
use crate::cli::io_words::io_words;
use crate::config::{Config, Flags};
use crate::output::Failure;
use crate::output::{Output, counted, table};
use posthouse_domain::{Words, words};
use posthouse_engine::golden::{self, Case, CaseResult};
use posthouse_engine::{Admitted, Draws, Engine, EngineConfig, LoadError, LogLine, digest, pack as packing};
use serde_json::json;
use std::fmt::Display;
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
    let core = build_core_module(dir, &mut std::io::stderr());
    let behind = outdated(dir);
    if behind > 0 {
        // behind what the compiler said, where it is seen
        eprintln!(
            "{}",
            words!(
                "{sdk} is not the SDK of this posthouse ({files} differ); `posthouse plugin upgrade {dir}` brings the project over",
                "{sdk} 不是本版 posthouse 的 SDK（有 {behind} 个文件不同）；可用 `posthouse plugin upgrade {dir}` 升级项目",
                sdk = dir.join("sdk").display(),
                files = counted(behind as u64, "file"),
                dir = dir.display()
            )
        );
    }
    let core = core?;
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
        Err(error) => {
            return Err(Failure::failed(words!(
                "{file} cannot be read: {error}",
                "{file} 无法读取：{error}",
                file = file.display(),
                error = io_words(&error)
            )));
        }
    };
    let parsed = golden::parse(&json).map_err(|said| {
        let (file, problem) = (file.display(), golden::words(said));
        Failure::coded("bad_golden_cases", words!("{file}: {problem}", "{file}：{problem}"))
    })?;
    Ok(Some(Cases { json, parsed }))
}

/// A sandbox with the limits of the configuration, without a cache.
pub(super) fn sandbox() -> Result<Engine, Failure> {
    sandbox_that_draws(Draws::default())
}

/// The same, whose self-test is drawn from this.
fn sandbox_that_draws(draws: Draws) -> Result<Engine, Failure> {
    let config = Config::load(None, &Flags::default())?;
    Engine::new(EngineConfig {
        cache_dir: None,
        draws,
        ..config.engine().map_err(Failure::failed)?
    })
    .map_err(Failure::failed)
}

/// The component of a file, or of a project.
pub(super) fn component(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        return with_sections(path, &make(path)?);
    }
    std::fs::read(path).map_err(|e| {
        Failure::usage(words!(
            "{path} cannot be read: {e}; name a .wasm file or a project's folder",
            "{path} 无法读取：{e}；请指定 .wasm 文件或项目目录",
            path = path.display(),
            e = io_words(&e)
        ))
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        let (path, e) = (path.display(), io_words(&e));
        Failure::failed(words!("{path} cannot be written: {e}", "{path} 无法写入：{e}"))
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

pub(super) fn new(name: &str, world: &Point, parent: &Path, output: Output) -> Result<(), Failure> {
    let folder = new_project(name, world, parent)?;
    output.answer(&json!({ "folder": folder }), || {
        let folder = folder.display();
        words!("{folder} created. The rule is in src/lib.rs, the cases it must pass are in golden.json.\n\n  cd {folder}\n  cargo test\n  posthouse plugin test\n  posthouse plugin pack", "已创建 {folder}。规则写在 src/lib.rs，规则必须通过的用例在 golden.json。\n\n  cd {folder}\n  cargo test\n  posthouse plugin test\n  posthouse plugin pack").to_string()
    })
}

pub(super) fn upgrade(dir: &Path, output: Output) -> Result<(), Failure> {
    let Upgraded { changed, moved, left } = upgrade_project(dir)?;
    let places: Vec<String> = left
        .iter()
        .map(|(file, line)| format!("{}:{line}", file.display()))
        .collect();
    let document = json!({ "folder": dir, "changed": changed, "moved": moved, "left": places });
    output.answer(&document, || {
        let folder = dir.display();
        let mut told = match changed {
            0 => words!("{folder}: sdk/ is already up to date.", "{folder}：sdk/ 已是最新。"),
            _ => words!(
                "{folder}: sdk/ is up to date now; {files} changed.",
                "{folder}：sdk/ 已更新为本版本，有 {changed} 个文件变化。",
                files = counted(changed as u64, "file")
            ),
        };
        for file in &moved {
            told = words!(
                "{told}\n{file}: what every rule has is now in an `impl Rule`, and the harness has one name; look at the changes.",
                "{told}\n{file}：各类规则共有的部分已移到 `impl Rule`，测试环境已统一名称；请检查改动。",
                file = file.display()
            );
        }
        for place in &places {
            told = words!(
                "{told}\n{place}: write `validate` instead of `check`; the guide shows how, under Upgrading a project.",
                "{told}\n{place}：请将 `check` 改写为 `validate`，见指南“升级项目”。"
            );
        }
        match changed > 0 || !moved.is_empty() {
            true => words!(
                "{told}\nBuild and test; the guide lists what may no longer compile, under Upgrading a project.",
                "{told}\n请重新构建并测试；不能编译之处，见指南“升级项目”。"
            ),
            false => told,
        }
        .to_string()
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
        words!(
            "{path}: {size} bytes, built with {toolchain}. `posthouse plugin pack` adds the golden cases.",
            "{path}：{size} 字节，由 {toolchain}构建。`posthouse plugin pack` 会加入用例。",
            path = path.display(),
            size = built.component.len(),
            toolchain = built.toolchain
        )
        .to_string()
    })
}

fn admit(component: &[u8], draws: Draws) -> Result<Admitted, Failure> {
    sandbox_that_draws(draws)?
        .admit(component)
        .map_err(|error| match error {
            LoadError::Refused(refusal) => {
                let (code, detail) = (refusal.code, &refusal.detail);
                Failure::coded(
                    code,
                    words!("rejected ({code}): {detail}", "未通过（{code}）：{detail}"),
                )
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

pub(super) fn check(path: &Path, seed: Option<u64>, output: Output) -> Result<(), Failure> {
    let draws = seed.map_or_else(Draws::default, Draws::of_seed);
    let admitted = admit(&component(path)?, draws)?;
    output.answer(&admitted_document(&admitted), || explain(&admitted))
}

fn explain(admitted: &Admitted) -> String {
    let description = &admitted.description;
    let codes = |codes: Vec<&str>| codes.join(", ");
    let facts = match description.facts.is_empty() {
        true => words!("no facts of customers", "不读取客户的事实"),
        false => Words::same(codes(description.facts.iter().map(|fact| fact.key.as_str()).collect())),
    };
    let answers = match admitted.segments.is_empty() {
        false => {
            let segments = admitted.segments.iter().map(|segment| segment.key.as_str());
            words!(
                "segments  {segments}",
                "分群      {segments}",
                segments = codes(segments.collect())
            )
        }
        true => {
            let reasons = description.reasons.iter().map(|reason| reason.code.as_str());
            words!(
                "reasons   {reasons}",
                "理由      {reasons}",
                reasons = codes(reasons.collect())
            )
        }
    };
    let golden = match admitted.self_test.golden_cases {
        0 => words!(
            "no golden cases travel with it; `posthouse plugin pack` adds those of golden.json",
            "不含用例；`posthouse plugin pack` 会加入 golden.json 中的用例"
        ),
        1 => words!("1 golden case passes", "1 个用例通过"),
        count => words!("{count} golden cases pass", "{count} 个用例通过"),
    };
    let [tried, cost] = admitted.self_test.words();
    words!(
        "{name} {version} would be accepted as a {point}.\n  {en} · {zh}\n  digest    {digest}\n  size      {size} bytes\n  reads     {facts}\n  {answers}\n  self-test {golden}; {tried}\n  cost      {cost}\n",
        "{name} {version} 可以作为 {point} 上传。\n  {zh} · {en}\n  摘要      {digest}\n  大小      {size} 字节\n  读取      {facts}\n  {answers}\n  自检      {golden}；{tried}\n  开销      {cost}\n",
        name = description.name,
        version = description.version,
        point = points::named(admitted.plugin.extension_point().as_str()).map_or("rule", |point| point.rule),
        en = description.title.en,
        zh = description.title.zh_cn,
        digest = admitted.digest,
        size = admitted.size,
    )
    .to_string()
}

pub(super) fn test(path: &Path, output: Output) -> Result<(), Failure> {
    let (component, cases) = if path.is_dir() {
        let cases = read_cases(path)?.ok_or_else(|| {
            Failure::coded(
                "no_golden_cases",
                words!(
                    "{path} has no {GOLDEN}; write the cases the rule must pass there",
                    "{path} 中没有 {GOLDEN}；请在其中写下规则必须通过的用例",
                    path = path.display()
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
    let document = json!({ "digest": digest(&component), "cases": documents(&results), "passed": passed, "failed": results.len() - passed });
    output.answer(&document, || {
        let head = [
            Words::default(),
            words!("case", "用例"),
            words!("fuel", "燃料"),
            words!("µs", "µs"),
        ];
        let mut rows = vec![head.map(|word| word.to_string()).to_vec()];
        rows.extend(results.iter().map(|result| {
            let word = match result.passed {
                true => words!("passed", "通过"),
                false => words!("FAILED", "未通过"),
            };
            vec![
                word.to_string(),
                result.name.clone(),
                result.usage.fuel.to_string(),
                result.usage.micros.to_string(),
            ]
        }));
        let mut words = table(&rows);
        for result in results.iter().filter(|result| !result.passed) {
            words += &format!("\n{}\n", result.name);
            if let Some(error) = &result.error {
                words += &fault(error, result.asked.as_ref(), &result.log)
                    .map(|line| format!("  {line}\n"))
                    .collect::<String>();
                continue;
            }
            for mismatch in &result.mismatches {
                words += &format!("  {}\n", golden::words(mismatch.said()));
            }
            for line in &result.log {
                words += &format!("  {}\n", logged(line));
            }
        }
        let all = counted(results.len() as u64, "golden case");
        words + &words!("\n{passed} of {all} passed.", "\n{all}中 {passed} 个通过。").to_string()
    })?;
    if passed == results.len() {
        Ok(())
    } else {
        Err(Failure::told())
    }
}

/// How a call ended, in lines: what the rule logged last, where the SDK puts what a panic says; the fault; the row or basket that brought
/// it about; what was logged before.
pub(super) fn fault(fault: &impl Display, asked: Option<&Words>, log: &[LogLine]) -> impl Iterator<Item = String> {
    let (last, before) = match log.split_last() {
        Some((last, before)) => (Some(logged(last)), before),
        None => (None, log),
    };
    let fault = Words::of(fault);
    let before: Vec<Words> = before.iter().map(logged).collect();
    let asked = asked.map(|asked| words!("asked about {asked}", "当时询问的是 {asked}"));
    let lines = last.into_iter().chain([fault]).chain(asked).chain(before);
    lines.map(|line| line.to_string())
}

fn logged(line: &LogLine) -> Words {
    words!("log: {message}", "日志：{message}", message = line.message)
}

/// How cases went as programs read it, what is said in the language of the call.
fn documents(results: &[CaseResult]) -> Vec<serde_json::Value> {
    let document = |result: &CaseResult| {
        let mut document = json!(result);
        for (key, said) in [("error", &result.error), ("asked", &result.asked)] {
            document[key] = json!(said.as_ref().map(Words::to_string));
        }
        document
    };
    results.iter().map(document).collect()
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
            output.say(words!(
                "{path} is unchanged; nothing new was packed",
                "{path} 未改动；没有打包新的组件",
                path = path.display()
            ));
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
    let admitted = admit(&packed, Draws::default())?;
    let path = out.map_or_else(|| dir.join(format!("{}.wasm", built.crate_name)), PathBuf::from);
    write(&path, &packed)?;
    Ok((path, built.toolchain, admitted))
}
