//! From a project folder to a core WebAssembly module. Making a component of it is the engine's business.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use posthouse_domain::words;
use serde::Deserialize;

use super::project::{Doing, Project, ProjectError, cargo, get_rust};
use super::toolchain::{TARGET, Toolchain};

/// Optimised whole, without debugging information but with the names of functions, so that a trap can say where it happened. Arithmetic
/// that overflows ends the call instead of going on with another number; the SDK's own is known not to, and is left as quick as it is.
const PROFILE: [&str; 8] = [
    "profile.release.opt-level=3",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.debug=false",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=\"debuginfo\"",
    "profile.release.overflow-checks=true",
    "profile.release.package.posthouse-sdk.overflow-checks=false",
];

/// Vectors of 128 bits, which every sandbox of this contract has and which compute the same everywhere; and as many rows in one as
/// the narrowest value allows, not the widest: without that a rule that reads money would still be decided row by row.
const VECTORS: &str = r#"target.wasm32-unknown-unknown.rustflags=["-Ctarget-feature=+simd128", "-Cllvm-args=-vectorizer-maximize-bandwidth"]"#;

/// A plugin as the compiler leaves it.
#[derive(Debug, Clone)]
pub(super) struct CoreModule {
    /// The WebAssembly module, with the contract it was compiled against in custom sections.
    pub(super) bytes: Vec<u8>,
    /// Which compiler made it, in words.
    pub(super) toolchain: String,
    /// Name of the package.
    pub(super) crate_name: String,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// Builds a plugin's project. Cargo's progress and the compiler's messages go to `out` as they come, so that a mistake is shown at
/// the author's line.
pub(super) fn build_core_module(project: &Path, out: &mut dyn Write) -> Result<CoreModule, ProjectError> {
    let project = Project::open(project)?;
    let toolchain = Toolchain::find(&project.folder)?;
    tell(
        out,
        words!(
            "Building {crate_name} with {toolchain}\n",
            "正在用 {toolchain}构建 {crate_name}\n",
            crate_name = project.crate_name,
            toolchain = toolchain.name()
        )
        .to_string()
        .as_bytes(),
    )?;

    let mut command = cargo(&project.folder);
    command.args([
        "rustc",
        "--release",
        "--lib",
        "--crate-type",
        "cdylib",
        "--target",
        TARGET,
        "--package",
        &project.crate_name,
    ]);
    command.args(["--message-format", "json-render-diagnostics", "--target-dir"]);
    command.arg(toolchain.target_folder(&project.target));
    // what a project's own profile says of its package would go before the profile's
    let own = format!("profile.release.package.{}.overflow-checks=true", project.crate_name);
    for setting in PROFILE.into_iter().chain([VECTORS, &own]) {
        command.args(["--config", setting]);
    }
    toolchain.apply(&mut command);

    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| ProjectError::Program {
            program: "cargo".to_owned(),
            hint: get_rust(),
            source,
        })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let manifest = project.folder.join("Cargo.toml");
    let found = std::thread::spawn(move || stdout.and_then(|stdout| module_among(stdout, &manifest)));
    let told = stderr.map_or(Ok(()), |stderr| copy(stderr, out));
    let status = child.wait().map_err(|source| ProjectError::Program {
        program: "cargo".to_owned(),
        hint: words!("try again", "请重试"),
        source,
    })?;
    told?;
    match found.join().ok().flatten() {
        Some(path) if status.success() => {
            let bytes = std::fs::read(&path).map_err(|source| ProjectError::Io {
                doing: Doing::Read,
                path: path.clone(),
                source,
            })?;
            Ok(CoreModule {
                bytes,
                toolchain: toolchain.name(),
                crate_name: project.crate_name,
            })
        }
        _ => Err(ProjectError::Build {
            crate_name: project.crate_name,
        }),
    }
}

/// The module that cargo's messages say was built from this manifest.
fn module_among(messages: impl Read, manifest: &Path) -> Option<PathBuf> {
    let mut found = None;
    for line in BufReader::new(messages).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Message>(&line) else {
            continue;
        };
        if message.reason == "compiler-artifact" && message.manifest_path == manifest {
            found = message
                .filenames
                .into_iter()
                .find(|file| file.extension().is_some_and(|end| end == "wasm"))
                .or(found);
        }
    }
    found
}

/// Passes a program's words on as they come. A reader that has gone away does not stop the program.
fn copy(mut from: impl Read, out: &mut dyn Write) -> Result<(), ProjectError> {
    let mut buffer = [0; 4096];
    let mut outcome = Ok(());
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return outcome,
            Ok(read) if outcome.is_ok() => outcome = tell(out, &buffer[..read]),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(ProjectError::Program {
                    program: "cargo".to_owned(),
                    hint: words!("try again", "请重试"),
                    source,
                });
            }
        }
    }
}

fn tell(out: &mut dyn Write, words: &[u8]) -> Result<(), ProjectError> {
    out.write_all(words)
        .and_then(|()| out.flush())
        .map_err(|source| ProjectError::Io {
            doing: Doing::Write,
            path: PathBuf::from(words!("the build's messages", "构建输出").to_string()),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_the_one_of_the_projects_own_manifest() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","manifest_path":"/other/Cargo.toml","filenames":["/t/other.wasm"]}"#,
            "\nnot json\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/p/Cargo.toml","filenames":["/t/libp.rlib","/t/p.wasm"]}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = |manifest| module_among(messages.as_bytes(), Path::new(manifest));
        assert_eq!(found("/p/Cargo.toml"), Some(PathBuf::from("/t/p.wasm")));
        assert_eq!(found("/q/Cargo.toml"), None);
    }
}
