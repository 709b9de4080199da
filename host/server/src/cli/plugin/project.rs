//! A plugin's project folder, and what can go wrong with one.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use posthouse_domain::{Words, words};
use serde::Deserialize;

/// Why a project could not be made or built. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    /// The name is no name for a plugin.
    #[error("{}", words!(
        "`{name}` cannot be the name of a plugin: use lower-case words joined by hyphens, as in `welcome-home`, and no word of Rust itself",
        "`{name}` 不能用作插件名：请用小写单词加连字符，如 `welcome-home`，且不能是 Rust 的关键字"
    ))]
    Name {
        /// What was asked for.
        name: String,
    },
    /// Something is there already.
    #[error("{}", words!("{path} exists already; choose another name or remove it", "{path} 已存在；请换一个名称或先删除", path = path.display()))]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is not a plugin's project.
    #[error("{}", words!("{path} is not a plugin project: {reason}", "{path} 不是插件项目：{reason}", path = path.display()))]
    NotAProject {
        /// The folder.
        path: PathBuf,
        /// What is missing and how to add it.
        reason: Words,
    },
    /// Rust cannot compile for WebAssembly here.
    #[error("{}", words!(
        "no Rust toolchain here compiles for WebAssembly.\n{tried}\nRun `scripts/setup` of Posthouse, or one of\n  rustup target add wasm32-unknown-unknown\n  apt-get install --no-install-recommends rustc-web rust-web-src   (Debian)",
        "这里没有能编译到 WebAssembly 的 Rust 工具链。\n{tried}\n请运行 Posthouse 的 `scripts/setup`，或以下命令之一\n  rustup target add wasm32-unknown-unknown\n  apt-get install --no-install-recommends rustc-web rust-web-src   （Debian）"
    ))]
    NoToolchain {
        /// What was tried and why it did not do, a line each.
        tried: Words,
    },
    /// Cargo found mistakes; it has said which.
    #[error("{}", words!("`{crate_name}` does not compile; the messages above say where", "`{crate_name}` 编译失败；出错位置见上面的输出"))]
    Build {
        /// The package.
        crate_name: String,
    },
    /// A program could not be run.
    #[error("{}", words!("cannot run `{program}`: {source}; {hint}", "无法运行 `{program}`：{source}；{hint}"))]
    Program {
        /// The program.
        program: String,
        /// How to get it.
        hint: Words,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("{}", words!("cannot {doing} {path}: {source}", "无法{doing} {path}：{source}", doing = doing.words(), path = path.display()))]
    Io {
        /// What was done with it.
        doing: Doing,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// What is done with a file or folder.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Doing {
    Read,
    Write,
    Create,
}

impl Doing {
    fn words(self) -> Words {
        match self {
            Self::Read => words!("read", "读取"),
            Self::Write => words!("write", "写入"),
            Self::Create => words!("create", "创建"),
        }
    }
}

/// A folder with a `Cargo.toml` whose library can become a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Project {
    /// The folder, absolute.
    pub(super) folder: PathBuf,
    /// Name of the package.
    pub(super) crate_name: String,
    /// Where cargo puts what it builds.
    pub(super) target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Project {
    /// Asks cargo about the folder.
    pub(super) fn open(folder: &Path) -> Result<Self, ProjectError> {
        let folder = folder.canonicalize().map_err(|source| ProjectError::Io {
            doing: Doing::Read,
            path: folder.to_owned(),
            source,
        })?;
        let not = |reason: Words| ProjectError::NotAProject {
            path: folder.clone(),
            reason,
        };
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(not(words!(
                "it has no Cargo.toml; `posthouse plugin new NAME` creates a project",
                "其中没有 Cargo.toml；可用 `posthouse plugin new NAME` 新建项目"
            )));
        }
        let output = cargo(&folder)
            .args(["metadata", "--no-deps", "--format-version", "1", "--quiet"])
            .output()
            .map_err(|source| ProjectError::Program {
                program: "cargo".to_owned(),
                hint: get_rust(),
                source,
            })?;
        if !output.status.success() {
            return Err(not(Words::same(String::from_utf8_lossy(&output.stderr).trim())));
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| {
            not(words!(
                "what cargo says of it is not understood: {error}",
                "cargo 的描述无法识别：{error}"
            ))
        })?;
        let package = metadata
            .packages
            .into_iter()
            .find(|package| package.manifest_path == manifest)
            .ok_or_else(|| {
                not(words!(
                    "its Cargo.toml has no [package]; name the folder of one plugin",
                    "其 Cargo.toml 中没有 [package]；请指定单个插件的目录"
                ))
            })?;
        let library = |target: &Target| {
            target
                .crate_types
                .iter()
                .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "cdylib"))
        };
        if !package.targets.iter().any(library) {
            return Err(not(words!(
                "it is not a library: the rule belongs into src/lib.rs",
                "它不是库：规则应写在 src/lib.rs"
            )));
        }
        Ok(Self {
            folder,
            crate_name: package.name,
            target: metadata.target_directory,
        })
    }
}

/// How to get Rust.
pub(super) fn get_rust() -> Words {
    words!(
        "install Rust 1.95 or newer from https://rustup.rs",
        "请从 https://rustup.rs 安装 Rust 1.95 或更新版本"
    )
}

/// Cargo in a project's folder, free of flags that a shell or a surrounding build set for the host.
pub(super) fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder);
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(variable);
    }
    cargo
}
