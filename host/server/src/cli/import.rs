//! `posthouse import`: sends a file, waits until all its rows are decided, and fetches those that were rejected.

use super::Failure;
use super::client::{Client, Trouble};
use super::io_words::io_words;
use crate::output::{Output, counted};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_domain::{Words, words};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod found;

/// Imports a file.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What the rows are.
    kind: Kind,
    /// A CSV, XLSX, XLS, XLSB or ODS file with a row of headers.
    file: PathBuf,
    /// What the file's headers and words mean, in TOML.
    #[arg(long, value_name = "MAP.toml")]
    mapping: Option<PathBuf>,
    /// A mapping that the agency keeps, by its name.
    #[arg(long, value_name = "NAME", conflicts_with = "mapping")]
    kept: Option<String>,
    /// The encoding of a text file, where it cannot be told from its bytes: utf-8, gb18030, big5, …
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The sheet of a workbook; without it the first one that is not hidden.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Report what would be imported, and import nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Customers,
    Bookings,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Bookings => "bookings",
        }
    }
}

/// Pause between two questions for progress: short at first, so that small files are quick.
const POLL: [u64; 4] = [20, 50, 100, 200];

impl Import {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let length = std::fs::metadata(&self.file).and_then(|metadata| {
            if metadata.is_file() {
                Ok(metadata.len())
            } else {
                Err(std::io::Error::other(
                    words!("it is not a file", "它不是文件").to_string(),
                ))
            }
        });
        let length = length.map_err(|e| Failure::usage(unreadable(&self.file, &e)))?;
        let mapping = self.mapping.as_ref();
        let mapping =
            mapping.map(|path| std::fs::read_to_string(path).map_err(|e| Failure::usage(unreadable(path, &e))));
        let mapping = mapping.transpose()?;
        let job = self
            .upload(&client, length, mapping.as_deref())
            .and_then(|job| follow(&client, job))
            .map_err(|failure| self.resume(&client, failure))?;
        self.finish(&client, &job, output)
    }

    /// Sends the file, again from its beginning when the connection breaks: the same file joins its job.
    fn upload(&self, client: &Client, length: u64, mapping: Option<&str>) -> Result<Value, Failure> {
        let bar = bar(length, words!("sending  ", "正在发送"));
        let name = self
            .file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let job = client.patiently(|| {
            bar.set_position(0);
            let file =
                File::open(&self.file).map_err(|e| Trouble::Refused(Failure::failed(unreadable(&self.file, &e))))?;
            let dry_run = if self.dry_run { "&dry_run=true" } else { "" };
            let said = |key: &str, value: &Option<String>| {
                let value = value
                    .as_deref()
                    .map(|value| utf8_percent_encode(value, NON_ALPHANUMERIC));
                value.map_or_else(String::new, |value| format!("&{key}={value}"))
            };
            let path = format!(
                "/imports?kind={}{dry_run}{}{}{}",
                self.kind.as_str(),
                said("mapping", &self.kept),
                said("encoding", &self.encoding),
                said("sheet", &self.sheet)
            );
            client.send_file(&path, &name, bar.wrap_read(BufReader::new(file)), length, mapping)
        });
        bar.finish_and_clear();
        job
    }

    fn resume(&self, client: &Client, failure: Failure) -> Failure {
        if failure.code != "server_away" {
            return failure;
        }
        let mut again = format!("posthouse import {} {}", self.kind.as_str(), self.file.display());
        if let Some(mapping) = &self.mapping {
            again += &format!(" --mapping {}", mapping.display());
        }
        for (flag, value) in [
            ("kept", &self.kept),
            ("encoding", &self.encoding),
            ("sheet", &self.sheet),
        ] {
            if let Some(value) = value {
                again += &format!(" --{flag} {value:?}");
            }
        }
        if self.dry_run {
            again += " --dry-run";
        }
        let message = words!(
            "{message}\nNothing that landed is lost. When the server at {url} is back, resume with\n\n  {again}\n\nRows that landed already are known and change nothing.",
            "{message}\n已入库的内容不会丢失。待 {url} 的服务器恢复后，请运行以下命令继续\n\n  {again}\n\n已入库的行会识别为已有，不会重复。",
            message = failure.message,
            url = client.url()
        );
        Failure::coded(failure.code, message)
    }

    fn finish(&self, client: &Client, job: &Value, output: Output) -> Result<(), Failure> {
        let count = |key: &str| job[key].as_i64().unwrap_or(0);
        let rejected = count("rejected") > 0;
        let fetched = |there: bool, name: &str| -> Result<Option<PathBuf>, Failure> {
            let first = beside(&self.file, name, 1);
            if there {
                let path = format!("/imports/{}/{name}.csv", job["id"].as_str().unwrap_or(""));
                return fetch(client, &path, &self.file, name).map(Some);
            }
            if first.exists() {
                let place = first.display();
                output.say(words!("{place} is from an earlier import", "{place} 属于以前的导入"));
            }
            Ok(None)
        };
        let errors = fetched(rejected, "errors")?;
        let warnings = fetched(count("warned") > 0, "warnings")?;
        let mut document = job.clone();
        document["error_file"] = json!(errors);
        document["warning_file"] = json!(warnings);
        output.answer(&document, || self.words(job, errors.as_deref(), warnings.as_deref()))?;
        if rejected || job["state"] != "done" {
            Err(Failure::told())
        } else {
            Ok(())
        }
    }

    fn words(&self, job: &Value, errors: Option<&Path>, warnings: Option<&Path>) -> String {
        let count = |key: &str| job[key].as_i64().unwrap_or(0);
        let name = self.file.display();
        let (accepted, known) = (count("accepted"), count("duplicates"));
        let (rejected, warned, passed_over) = (count("rejected"), count("warned"), count("passed_over"));
        let rows = counted(job["rows"].as_u64().unwrap_or(0), "row");
        let mut said = if job["state"] == "failed" && count("rows") == 0 {
            Words::default()
        } else if self.dry_run {
            words!(
                "{name}: {rows}. {accepted} would land, {known} known before, {rejected} would be rejected. Nothing was written.\n",
                "{name}：共 {rows}。{accepted} 行可以入库，{known} 行已有，{rejected} 行未通过。没有写入任何数据。\n"
            )
        } else {
            words!(
                "{name}: {rows}. {accepted} landed, {known} known before, {rejected} rejected.\n",
                "{name}：共 {rows}。{accepted} 行已入库，{known} 行已有，{rejected} 行未通过。\n"
            )
        }
        .to_string();
        if warned > 0 {
            said += &words!("Rows with a warning: {warned}.\n", "其中 {warned} 行有提示。\n").to_string();
        }
        if passed_over > 0 {
            said += &words!(
                "Rows that only add up others, passed over: {passed_over}.\n",
                "另有 {passed_over} 行只是合计，已跳过。\n"
            )
            .to_string();
        }
        if let Some(detail) = job["failure"]["detail"].as_str() {
            said += &words!("The file was rejected: {detail}\n", "文件无法导入：{detail}\n").to_string();
        }
        // a file that brought nothing is known already
        if self.dry_run || accepted + rejected > 0 || job["state"] != "done" {
            said += &found::words(job);
        }
        if let Some(file) = errors.map(Path::display) {
            said += &words!(
                "\n{file} has the rejected rows, each with its reason. Correct them and import that file.\n",
                "\n未通过的行及原因在 {file} 中，改正后导入该文件即可。\n"
            )
            .to_string();
        }
        if let Some(file) = warnings.map(Path::display) {
            said += &words!(
                "\n{file} has the warnings, each with its reason and what to do.\n",
                "\n各条提示及其原因和办法见 {file}。\n"
            )
            .to_string();
        }
        said
    }
}

/// Waits until every row is decided.
fn follow(client: &Client, mut job: Value) -> Result<Value, Failure> {
    let bar = bar(job["bytes"].as_u64().unwrap_or(0), words!("importing", "正在导入"));
    let path = format!(
        "/imports/{}",
        job["id"]
            .as_str()
            .ok_or_else(|| Failure::failed(words!("the server names no import", "服务器没有给出导入编号")))?
    );
    let mut polls = POLL.iter().chain(std::iter::repeat(&200));
    while !matches!(job["state"].as_str(), Some("done" | "failed")) {
        bar.set_position(job["bytes_done"].as_u64().unwrap_or(0));
        let rows = counted(job["rows"].as_u64().unwrap_or(0), "row");
        let rejected = &job["rejected"];
        bar.set_message(words!("{rows}, {rejected} rejected", "{rows}，{rejected} 行未通过").to_string());
        std::thread::sleep(Duration::from_millis(*polls.next().unwrap_or(&200)));
        job = client.get(&path)?;
    }
    bar.finish_and_clear();
    Ok(job)
}

/// Where the `errors` or `warnings` of a file go; the second time and later under another name.
fn beside(file: &Path, name: &str, time: u32) -> PathBuf {
    PathBuf::from(match time {
        1 => format!("{}.{name}.csv", file.display()),
        _ => format!("{}.{name}-{time}.csv", file.display()),
    })
}

/// Fetches the `errors` or `warnings` of `file`; they appear whole or not at all. What is there already may have been corrected by hand,
/// so it stays unless it is the same.
fn fetch(client: &Client, path: &str, file: &Path, name: &str) -> Result<PathBuf, Failure> {
    let to = beside(file, name, 1);
    let folder = to
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let failed = |e: std::io::Error| {
        let (to, e) = (to.display(), io_words(&e));
        Failure::failed(words!("{to} cannot be written: {e}", "{to} 无法写入：{e}"))
    };
    let mut fetched = tempfile::Builder::new()
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(failed)?;
    client.download(path, &mut fetched)?;
    let text = std::fs::read(fetched.path()).map_err(failed)?;
    let to = (1..)
        .map(|time| beside(file, name, time))
        .find(|place| std::fs::read(place).map_or(!place.exists(), |there| there == text))
        .unwrap_or_else(|| to.clone());
    fetched.persist(&to).map_err(|e| failed(e.error))?;
    Ok(to)
}

fn unreadable(file: &Path, error: &std::io::Error) -> Words {
    let (file, error) = (file.display(), io_words(error));
    words!("{file} cannot be read: {error}", "{file} 无法读取：{error}")
}

/// As for any new file; the user's umask takes away what it should not have.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

/// A progress bar, on a terminal only.
fn bar(length: u64, what: Words) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_prefix(what.to_string());
    let template = ProgressStyle::with_template("{prefix} [{bar:30}] {bytes}/{total_bytes} {eta} {msg}");
    bar.with_style(
        template
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    )
}
