//! The first look at an upload: format, limits, imports and exports, before anything is compiled.

mod code;

use crate::contract::{PACKAGE, SPOKEN};
use crate::limits::Limits;
use crate::points::{LATER, Points};
use crate::refusal::Refusal;
use posthouse_domain::{Words, words};
use semver::Version;
use wasmparser::{Encoding, MemoryType, Parser, Payload, TableType, TypeRef, Validator, WasmFeatures};

/// Interfaces a plugin may import. All but `log` have no functions; toolchains import them to name their records.
const IMPORTS: [&str; 5] = ["log", "types", "facts", "reasons", "commerce"];

const WASM: &[u8] = b"\0asm";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const MODULE: &[u8] = b"\0asm\x01\0\0\0";

/// Passes a component that may be compiled.
pub(crate) fn inspect(bytes: &[u8], limits: &Limits, points: &Points) -> Result<(), Refusal> {
    if bytes.starts_with(b"\x7fELF") || wasmtime::Engine::detect_precompiled(bytes).is_some() {
        let detail = words!(
            "the file holds machine code; upload the component (.wasm) itself, this host compiles it",
            "文件是机器码；请上传组件（.wasm）本身，由服务器编译"
        );
        return Err(Refusal::new("precompiled_refused", detail));
    }
    if bytes.len() > limits.component_bytes {
        let (size, limit) = (bytes.len(), limits.component_bytes);
        let detail = words!(
            "{size} bytes, {limit} are allowed: build with optimisation for size and strip debug info",
            "有 {size} 字节，上限为 {limit}：请按体积优化构建，并去掉调试信息"
        );
        return Err(Refusal::new("too_large", detail));
    }
    check_header(bytes)?;
    let mut seen = Seen::new(limits);
    for payload in Parser::new(0).parse_all(bytes) {
        seen.payload(&payload.map_err(|error| broken(&error))?)?;
    }
    seen.check_names(points)?;
    Validator::new_with_features(features())
        .validate_all(bytes)
        .map(|_| ())
        .map_err(|error| broken(&error))
}

/// What guests may use of WebAssembly: everything deterministic that compilers make today.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::TAIL_CALL | WasmFeatures::EXTENDED_CONST | WasmFeatures::COMPONENT_MODEL
}

fn check_header(bytes: &[u8]) -> Result<(), Refusal> {
    let short = bytes.len() < COMPONENT.len();
    if short && !bytes.is_empty() && (COMPONENT.starts_with(bytes) || MODULE.starts_with(bytes)) {
        return Err(truncated(bytes.len()));
    }
    if bytes.starts_with(MODULE) {
        let detail = words!(
            "this is a core module; make a component of it with `posthouse plugin build` or `wasm-tools component new`",
            "这是核心模块；请用 `posthouse plugin build` 或 `wasm-tools component new` 做成组件"
        );
        return Err(Refusal::new("not_a_component", detail));
    }
    if bytes.starts_with(COMPONENT) {
        return Ok(());
    }
    let detail = if bytes.starts_with(WASM) {
        words!(
            "the version in the file's header is not that of a WebAssembly component",
            "文件头的版本不是 WebAssembly 组件的版本"
        )
    } else {
        words!(
            "the file does not begin like a WebAssembly component",
            "文件开头不是 WebAssembly 组件"
        )
    };
    Err(Refusal::new("not_a_component", detail))
}

fn truncated(at: usize) -> Refusal {
    Refusal::new(
        "truncated",
        words!(
            "the file ends in the middle, after {at} bytes; upload it again",
            "文件在 {at} 字节处中断；请重新上传"
        ),
    )
}

fn broken(error: &wasmparser::BinaryReaderError) -> Refusal {
    let message = error.message();
    if message.contains("unexpected end") {
        return truncated(error.offset());
    }
    let code = if message.contains("threads") || message.contains("shared") {
        "threads"
    } else if message.contains("memory64") {
        "memory64"
    } else {
        "invalid"
    };
    let at = error.offset();
    Refusal::new(code, words!("{message} (at byte {at})", "{message}（位于字节 {at}）"))
}

/// What has been seen of the component so far.
struct Seen<'a> {
    limits: &'a Limits,
    depth: u32,
    functions: u64,
    memories: u64,
    memory_bytes: u64,
    imports: Vec<String>,
    exports: Vec<String>,
    code: code::Counted,
}

impl<'a> Seen<'a> {
    fn new(limits: &'a Limits) -> Self {
        let (imports, exports) = (Vec::new(), Vec::new());
        Self {
            limits,
            depth: 0,
            functions: 0,
            memories: 0,
            memory_bytes: 0,
            imports,
            exports,
            code: code::Counted::default(),
        }
    }

    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        self.code.payload(payload, self.limits)?;
        match payload {
            Payload::Version { encoding, .. } if self.depth == 0 && *encoding != Encoding::Component => {
                return Err(Refusal::new(
                    "not_a_component",
                    words!("this is a core module", "这是核心模块"),
                ));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.depth += 1;
                if self.depth > self.limits.nesting {
                    let limit = self.limits.nesting;
                    let detail = words!(
                        "components are nested deeper than {limit}; link them into one",
                        "组件嵌套超过 {limit} 层；请合并为一个"
                    );
                    return Err(Refusal::new("too_deep", detail));
                }
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.memory(&memory.map_err(|error| broken(&error))?, true)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.table(&table.map_err(|error| broken(&error))?.ty)?;
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    match import.map_err(|error| broken(&error))?.ty {
                        TypeRef::Memory(memory) => self.memory(&memory, false)?,
                        TypeRef::Table(table) => self.table(&table)?,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                self.functions += u64::from(section.count());
                if self.functions > u64::from(self.limits.functions) {
                    let (found, limit) = (self.functions, self.limits.functions);
                    let detail = words!(
                        "{found} functions or more, {limit} are allowed: leave out what is not used",
                        "至少 {found} 个函数，上限为 {limit}：请去掉用不到的"
                    );
                    return Err(Refusal::new("too_many_functions", detail));
                }
            }
            Payload::ComponentImportSection(section) if self.depth == 0 => {
                for import in section.clone() {
                    self.imports
                        .push(import.map_err(|error| broken(&error))?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if self.depth == 0 => {
                for export in section.clone() {
                    self.exports
                        .push(export.map_err(|error| broken(&error))?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn memory(&mut self, memory: &MemoryType, defined: bool) -> Result<(), Refusal> {
        if memory.memory64 {
            return Err(Refusal::new(
                "memory64",
                words!(
                    "a memory has 64-bit addresses; build for wasm32",
                    "内存使用 64 位地址；请构建为 wasm32"
                ),
            ));
        }
        if memory.shared {
            return Err(Refusal::new(
                "threads",
                words!(
                    "a memory is shared between threads; build without threads",
                    "内存在线程间共享；请不带线程构建"
                ),
            ));
        }
        if !defined {
            return Ok(());
        }
        self.memories += 1;
        let page = 1u64 << memory.page_size_log2.unwrap_or(16).min(16);
        self.memory_bytes = self.memory_bytes.saturating_add(memory.initial.saturating_mul(page));
        let (found, limit) = (self.memory_bytes, self.limits.memory_bytes as u64);
        if found > limit {
            let detail = words!(
                "the memories begin with {found} bytes, {limit} are allowed",
                "内存初始共 {found} 字节，上限为 {limit}"
            );
            return Err(Refusal::new("memory_too_large", detail));
        }
        if self.memories > u64::from(self.limits.memories) {
            let detail = words!(
                "{found} memories or more, {limit} are allowed",
                "至少 {found} 个内存，上限为 {limit}",
                found = self.memories,
                limit = self.limits.memories
            );
            return Err(Refusal::new("too_many_memories", detail));
        }
        Ok(())
    }

    fn table(&self, table: &TableType) -> Result<(), Refusal> {
        if table.table64 {
            return Err(Refusal::new(
                "memory64",
                words!(
                    "a table has 64-bit indices; build for wasm32",
                    "表使用 64 位索引；请构建为 wasm32"
                ),
            ));
        }
        let (found, limit) = (table.initial, self.limits.table_elements as u64);
        if found > limit {
            let detail = words!(
                "a table begins with {found} elements, {limit} are allowed",
                "表初始有 {found} 个元素，上限为 {limit}"
            );
            return Err(Refusal::new("table_too_large", detail));
        }
        Ok(())
    }

    fn check_names(&self, points: &Points) -> Result<(), Refusal> {
        for name in &self.imports {
            check_import(name)?;
        }
        self.check_version("descriptor")?;
        self.check_extension_point(points)
    }

    /// Versions of an interface that the component exports.
    fn exported(&self, wanted: &str) -> Vec<Version> {
        let exports = self.exports.iter().filter_map(|name| split(name));
        exports
            .filter(|(interface, _)| *interface == wanted)
            .map(|(_, version)| version)
            .collect()
    }

    fn check_extension_point(&self, points: &Points) -> Result<(), Refusal> {
        let spoken: Vec<&str> = points.names().collect();
        let served: Vec<&str> = spoken
            .iter()
            .copied()
            .chain(LATER)
            .filter(|point| !self.exported(point).is_empty())
            .collect();
        match served[..] {
            [] => {
                let wanted: Vec<String> = spoken.into_iter().map(full).collect();
                Err(self.missing(&words!(
                    "{en}",
                    "{zh}",
                    en = wanted.join(" or "),
                    zh = wanted.join(" 或 ")
                )))
            }
            [point] if spoken.contains(&point) => self.check_version(point),
            [point] => {
                let detail = words!(
                    "the component serves the extension point {point}, which this host does not speak yet; it speaks {en}",
                    "组件提供扩展点 {point}，本服务器尚不支持；支持的有 {zh}",
                    en = listed(&spoken),
                    zh = spoken.join("、")
                );
                Err(Refusal::new("unsupported_contract", detail))
            }
            _ => {
                let detail = words!(
                    "the component serves {en}; a plugin serves exactly one extension point: make a component for each",
                    "组件提供了 {zh}；一个插件只能提供一个扩展点：请分成多个组件",
                    en = listed(&served),
                    zh = served.join("、")
                );
                Err(Refusal::new("several_extension_points", detail))
            }
        }
    }

    /// Passes an interface that is exported in a version this host speaks.
    fn check_version(&self, wanted: &str) -> Result<(), Refusal> {
        let found = self.exported(wanted);
        if found.iter().any(speaks) {
            return Ok(());
        }
        let Some(version) = found.first() else {
            return Err(self.missing(&Words::same(full(wanted))));
        };
        let (major, minor) = SPOKEN;
        let newer = (version.major, version.minor) > SPOKEN;
        let advice = if newer {
            words!("update the host or build against", "请升级服务器，或按此版本构建：")
        } else {
            words!("build against", "请按此版本构建：")
        };
        let detail = words!(
            "the component exports {PACKAGE}/{wanted}@{version}; this host speaks {major}.{minor}: {advice} {major}.{minor}",
            "组件导出 {PACKAGE}/{wanted}@{version}，本服务器支持 {major}.{minor}；{advice}{major}.{minor}"
        );
        Err(Refusal::new("unsupported_contract", detail))
    }

    fn missing(&self, wanted: &Words) -> Refusal {
        let others: Vec<&str> = self
            .exports
            .iter()
            .map(String::as_str)
            .filter(|name| name.len() < 100)
            .collect();
        let others = if others.is_empty() {
            words!("the component exports nothing", "组件没有导出任何内容")
        } else {
            let others = others.join(", ");
            words!("the component exports {others}", "组件导出的是 {others}")
        };
        let detail = words!(
            "the export {wanted} is missing; {others}. A plugin exports its descriptor and the extension point it serves",
            "缺少导出 {wanted}；{others}。插件须导出 descriptor 和它提供的扩展点"
        );
        Refusal::new("unsupported_contract", detail)
    }
}

/// The full name of an interface in the version this host speaks.
fn full(interface: &str) -> String {
    let (major, minor) = SPOKEN;
    format!("{PACKAGE}/{interface}@{major}.{minor}.0")
}

fn check_import(name: &str) -> Result<(), Refusal> {
    if name.starts_with("wasi:") {
        let detail = words!(
            "the component imports {name}; plugins have no files, clock, network or randomness. Build for wasm32-unknown-unknown, or stub WASI when componentizing",
            "组件导入了 {name}；插件没有文件、时钟、网络和随机数。请构建为 wasm32-unknown-unknown，或在组件化时去掉 WASI"
        );
        return Err(Refusal::new("wasi_import", detail));
    }
    match split(name) {
        Some((interface, version)) if IMPORTS.contains(&interface) && speaks(&version) => Ok(()),
        Some((interface, version)) if IMPORTS.contains(&interface) => {
            let (major, minor) = SPOKEN;
            let detail = words!(
                "the component imports {PACKAGE}/{interface}@{version}; this host speaks {major}.{minor}",
                "组件导入了 {PACKAGE}/{interface}@{version}；本服务器支持 {major}.{minor}"
            );
            Err(Refusal::new("unsupported_contract", detail))
        }
        _ => {
            let detail = words!(
                "the component imports {name}; the only import allowed is {PACKAGE}/log",
                "组件导入了 {name}；只允许导入 {PACKAGE}/log"
            );
            Err(Refusal::new("unknown_import", detail))
        }
    }
}

/// `posthouse:plugin/log@1.0.0` as `log` and its version.
fn split(name: &str) -> Option<(&str, Version)> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@')?;
    Some((interface, Version::parse(version).ok()?))
}

fn speaks(version: &Version) -> bool {
    version.major == SPOKEN.0 && version.minor <= SPOKEN.1 && version.pre.is_empty()
}

/// Names in an English sentence: `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., one, last] => [first, &[&format!("{one} and {last}")]].concat().join(", "),
        names => names.concat(),
    }
}
