//! A plugin's project folder, and what can go wrong with one.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// Why a project could not be made or built. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    /// The name is no name for a plugin.
    #[error(
        "`{name}` cannot be the name of a plugin: use lower-case words joined by hyphens, as in `welcome-home`, and no word of Rust itself"
    )]
    Name {
        /// What was asked for.
        name: String,
    },
    /// Something is there already.
    #[error("{} exists already; choose another name or remove it", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is not a plugin's project.
    #[error("{} is not a plugin project: {reason}", path.display())]
    NotAProject {
        /// The folder.
        path: PathBuf,
        /// What is missing and how to add it.
        reason: String,
    },
    /// Rust cannot compile for WebAssembly here.
    #[error(
        "no Rust toolchain here compiles for WebAssembly.\n{tried}\nRun `scripts/setup` of Posthouse, or one of\n  \
         rustup target add wasm32-unknown-unknown\n  apt-get install --no-install-recommends rustc-web rust-web-src   (Debian)"
    )]
    NoToolchain {
        /// What was tried and why it did not do, a line each.
        tried: String,
    },
    /// Cargo found mistakes; it has said which.
    #[error("`{crate_name}` does not compile; the messages above say where")]
    Build {
        /// The package.
        crate_name: String,
    },
    /// A program could not be run.
    #[error("cannot run `{program}`: {source}; {hint}")]
    Program {
        /// The program.
        program: String,
        /// How to get it.
        hint: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
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
            doing: "read",
            path: folder.to_owned(),
            source,
        })?;
        let not = |reason: String| ProjectError::NotAProject {
            path: folder.clone(),
            reason,
        };
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Err(not(
                "it has no Cargo.toml; `posthouse plugin new NAME` makes a project".to_owned()
            ));
        }
        let output = cargo(&folder)
            .args(["metadata", "--no-deps", "--format-version", "1", "--quiet"])
            .output()
            .map_err(|source| ProjectError::Program {
                program: "cargo".to_owned(),
                hint: GET_RUST,
                source,
            })?;
        if !output.status.success() {
            return Err(not(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .map_err(|error| not(format!("cargo describes it oddly: {error}")))?;
        let package = metadata
            .packages
            .into_iter()
            .find(|package| package.manifest_path == manifest)
            .ok_or_else(|| not("its Cargo.toml has no [package]; name the folder of one plugin".to_owned()))?;
        let library = |target: &Target| {
            target
                .crate_types
                .iter()
                .any(|kind| matches!(kind.as_str(), "lib" | "rlib" | "cdylib"))
        };
        if !package.targets.iter().any(library) {
            return Err(not("it is not a library: the rule belongs into src/lib.rs".to_owned()));
        }
        Ok(Self {
            folder,
            crate_name: package.name,
            target: metadata.target_directory,
        })
    }
}

/// How to get Rust.
pub(super) const GET_RUST: &str = "install Rust 1.95 or newer from https://rustup.rs";

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
