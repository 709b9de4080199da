//! Finds a Rust compiler for WebAssembly, also where rustup cannot fetch one.

use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::project::ProjectError;
use posthouse_domain::{Words, words};

/// The target of every plugin.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";
/// Longest wait for rustup to fetch the target.
const RUSTUP_PATIENCE: Duration = Duration::from_secs(60);
/// Names one of `installed`, `rustup`, `debian` to use only that one.
const CHOICE: &str = "POSTHOUSE_WASM_TOOLCHAIN";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// Looks for one, for a project in a folder; the error says why it did not do.
type Way = fn(&Path) -> Result<Toolchain, Words>;

/// A compiler for WebAssembly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// The project's own rustc, which has the target.
    Installed {
        /// As it names itself.
        version: String,
        /// Whether rustup has just added the target.
        added: bool,
    },
    /// Debian's rustc-web, which builds the standard library from Debian's rust-web-src.
    Debian {
        /// As it names itself.
        version: String,
        /// The linker, from wherever there is one.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The first that works for a project in this folder: its rustc with the target installed; the same after `rustup target
    /// add`; Debian's rustc-web. `POSTHOUSE_WASM_TOOLCHAIN` (`installed`, `rustup`, `debian`) leaves no choice.
    pub(super) fn find(folder: &Path) -> Result<Self, ProjectError> {
        let choice = env::var(CHOICE).ok();
        let ways: [(&str, Way); 3] = [("installed", installed), ("rustup", rustup), ("debian", debian)];
        let mut tried = Vec::new();
        for (name, way) in ways {
            if choice.as_deref().is_some_and(|choice| choice != name) {
                continue;
            }
            match way(folder) {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(words!("  {name}: {reason}", "  {name}：{reason}")),
            }
        }
        if tried.is_empty() {
            tried.push(words!(
                "  {CHOICE} has to be `installed`, `rustup` or `debian`",
                "  {CHOICE} 应为 `installed`、`rustup` 或 `debian`"
            ));
        }
        Err(ProjectError::NoToolchain {
            tried: Words::join(&tried, &Words::same("\n")),
        })
    }

    /// What it is, in words for the author.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Installed { version, added: false } => {
                words!("{version} with {TARGET}", "{version}（目标 {TARGET}）")
            }
            Self::Installed { version, added: true } => words!(
                "{version} with {TARGET}, just added by rustup",
                "{version}（目标 {TARGET}，刚由 rustup 添加）"
            ),
            Self::Debian { version, .. } => words!(
                "Debian's rustc-web ({version}), building its own standard library",
                "Debian 的 rustc-web（{version}，自行构建标准库）"
            ),
        }
        .to_string()
    }

    /// Where to put what it builds, below cargo's usual folder. Two compilers in one folder would undo each other's work.
    pub(super) fn target_folder(&self, usual: &Path) -> PathBuf {
        match self {
            Self::Installed { .. } => usual.to_owned(),
            Self::Debian { .. } => usual.join("rustc-web"),
        }
    }

    /// Points one cargo command at it.
    pub(super) fn apply(&self, cargo: &mut Command) {
        if let Self::Debian { linker, .. } = self {
            // `RUSTC_BOOTSTRAP` opens `-Zbuild-std` to a stable compiler. It is set for this command and nothing else.
            cargo
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                .env_remove("RUSTC_WRAPPER")
                // Without the default features: backtraces need an unwinder that WebAssembly has not.
                .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
        }
    }
}

fn installed(folder: &Path) -> Result<Toolchain, Words> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let libraries = ask(&rustc, folder, &["--print", "target-libdir", "--target", TARGET])?;
    let version = version(&rustc, folder)?;
    let has_std = std::fs::read_dir(&libraries).is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
    });
    if !has_std {
        return Err(words!(
            "{version} has no standard library for {TARGET}",
            "{version} 没有 {TARGET} 的标准库"
        ));
    }
    Ok(Toolchain::Installed { version, added: false })
}

fn rustup(folder: &Path) -> Result<Toolchain, Words> {
    let mut command = Command::new("rustup");
    command
        .current_dir(folder)
        .args(["target", "add", TARGET])
        .env("RUST_BACKTRACE", "0");
    bounded(command, RUSTUP_PATIENCE).map_err(|reason| {
        words!(
            "`rustup target add {TARGET}`: {reason}",
            "`rustup target add {TARGET}`：{reason}"
        )
    })?;
    match installed(folder)? {
        Toolchain::Installed { version, .. } => Ok(Toolchain::Installed { version, added: true }),
        other => Ok(other),
    }
}

fn debian(folder: &Path) -> Result<Toolchain, Words> {
    let version =
        version(DEBIAN_RUSTC, folder).map_err(|_| words!("rustc-web is not installed", "未安装 rustc-web"))?;
    let sysroot = PathBuf::from(ask(DEBIAN_RUSTC, folder, &["--print", "sysroot"])?);
    if !sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file() {
        return Err(words!(
            "{version} is installed, but rust-web-src is not",
            "已安装 {version}，但未安装 rust-web-src"
        ));
    }
    let linker = linker(folder, &sysroot).ok_or_else(|| {
        words!(
            "no rust-lld or wasm-ld to link with; install Debian's lld",
            "没有可用于链接的 rust-lld 或 wasm-ld；请安装 Debian 的 lld"
        )
    })?;
    Ok(Toolchain::Debian { version, linker })
}

/// rust-lld of the project's rustc, of Debian's, or LLVM's wasm-ld.
fn linker(folder: &Path, debian: &Path) -> Option<PathBuf> {
    let own = ask("rustc", folder, &["--print", "sysroot"]).map(PathBuf::from).ok();
    let host = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let bundled = own.iter().map(PathBuf::as_path).chain([debian]);
    let bundled = bundled.map(|sysroot| sysroot.join("lib/rustlib").join(&host).join("bin/rust-lld"));
    let paths = env::var_os("PATH").unwrap_or_default();
    let loose = env::split_paths(&paths).flat_map(|path| [path.join("rust-lld"), path.join("wasm-ld")]);
    bundled.chain(loose.collect::<Vec<_>>()).find(|linker| linker.is_file())
}

/// `rustc 1.95.0`, without the commit.
fn version(rustc: &str, folder: &Path) -> Result<String, Words> {
    let said = ask(rustc, folder, &["--version"])?;
    Ok(said.split(" (").next().unwrap_or_default().to_owned())
}

/// The program's answer, trimmed.
fn ask(program: &str, folder: &Path, arguments: &[&str]) -> Result<String, Words> {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .output()
        .map_err(|error| words!("cannot run `{program}`: {error}", "无法运行 `{program}`：{error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(words!(
        "`{program} {arguments}`: {complaint}",
        "`{program} {arguments}`：{complaint}",
        arguments = arguments.join(" "),
        complaint = complaint(&output.stderr)
    ))
}

/// Runs a program that may wait for a network, for so long at most.
fn bounded(mut command: Command, patience: Duration) -> Result<(), Words> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_there(&error))?;
    let mut stderr = child.stderr.take();
    let said = std::thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(stderr) = &mut stderr {
            let _ = stderr.read_to_end(&mut said);
        }
        said
    });
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(complaint(&said.join().unwrap_or_default())),
            Ok(None) if began.elapsed() < patience => std::thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(words!(
                    "no answer within {seconds} s",
                    "{seconds} 秒内没有响应",
                    seconds = patience.as_secs()
                ));
            }
            Err(error) => return Err(Words::same(error.to_string())),
        }
    }
}

fn not_there(error: &io::Error) -> Words {
    if error.kind() == io::ErrorKind::NotFound {
        words!("there is no rustup", "没有 rustup")
    } else {
        Words::same(error.to_string())
    }
}

fn complaint(said: &[u8]) -> Words {
    let said = String::from_utf8_lossy(said);
    let error = said.lines().find(|line| line.starts_with("error"));
    let line = error.or_else(|| said.lines().rfind(|line| !line.trim().is_empty()));
    match line {
        Some(line) => Words::same(line.trim()),
        None => words!("it failed without a word", "运行失败，没有任何输出"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_given_up() {
        let mut sleep = Command::new("sleep");
        sleep.arg("30");
        let began = Instant::now();
        assert_eq!(
            bounded(sleep, Duration::from_millis(100)),
            Err(words!("no answer within 0 s", "0 秒内没有响应"))
        );
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo first >&2; echo could not fetch >&2; exit 1"]);
        assert_eq!(bounded(shell, RUSTUP_PATIENCE), Err(Words::same("could not fetch")));
        assert_eq!(
            bounded(Command::new("/nowhere/rustup"), RUSTUP_PATIENCE),
            Err(words!("there is no rustup", "没有 rustup"))
        );
    }
}
