//! `posthouse import`: sends a file, waits until all its rows are decided, and fetches those that were sent back.

use super::Failure;
use super::client::{Client, Trouble};
use super::output::Output;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Imports a file.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What the rows are.
    kind: Kind,
    /// A CSV or XLSX file with a row of headers.
    file: PathBuf,
    /// What the file's headers and words mean, in TOML.
    #[arg(long, value_name = "MAP.toml")]
    mapping: Option<PathBuf>,
    /// The encoding of a text file, where it cannot be told from its bytes: utf-8, gb18030, big5, …
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// The sheet of a workbook; without it the first one that is not hidden.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Say what would land, and land nothing.
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
const POLL: [u64; 5] = [20, 50, 100, 200, 500];

impl Import {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let client = Client::from_environment()?;
        let length = std::fs::metadata(&self.file).and_then(|metadata| {
            if metadata.is_file() {
                Ok(metadata.len())
            } else {
                Err(std::io::Error::other("it is not a file"))
            }
        });
        let length = length.map_err(|e| Failure::usage(format!("{} cannot be read: {e}", self.file.display())))?;
        let mapping = self.mapping.as_ref().map(|path| {
            std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{} cannot be read: {e}", path.display())))
        });
        let mapping = mapping.transpose()?;
        let job = self
            .upload(&client, length, mapping.as_deref())
            .and_then(|job| follow(&client, job))
            .map_err(|failure| self.resume(&client, failure))?;
        self.finish(&client, &job, output)
    }

    /// Sends the file, again from its beginning when the connection breaks: the same file joins its job.
    fn upload(&self, client: &Client, length: u64, mapping: Option<&str>) -> Result<Value, Failure> {
        let bar = bar(length, "sending  ");
        let name = self
            .file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let job = client.patiently(|| {
            bar.set_position(0);
            let file = File::open(&self.file).map_err(|e| {
                Trouble::Refused(Failure::failed(format!("{} cannot be read: {e}", self.file.display())))
            })?;
            let dry_run = if self.dry_run { "&dry_run=true" } else { "" };
            let said = |key: &str, value: &Option<String>| {
                let value = value
                    .as_deref()
                    .map(|value| utf8_percent_encode(value, NON_ALPHANUMERIC));
                value.map_or_else(String::new, |value| format!("&{key}={value}"))
            };
            let path = format!(
                "/imports?kind={}{dry_run}{}{}",
                self.kind.as_str(),
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
        for (flag, value) in [("encoding", &self.encoding), ("sheet", &self.sheet)] {
            if let Some(value) = value {
                again += &format!(" --{flag} {value:?}");
            }
        }
        if self.dry_run {
            again += " --dry-run";
        }
        let message = format!(
            "{}\nNothing that landed is lost. When the server at {} is back, resume with\n\n  {again}\n\nRows that landed already are known and change nothing.",
            failure.message,
            client.url()
        );
        Failure::coded(failure.code, message)
    }

    fn finish(&self, client: &Client, job: &Value, output: Output) -> Result<(), Failure> {
        let count = |key: &str| job[key].as_i64().unwrap_or(0);
        let rejected = count("rejected") > 0;
        let error_file = if rejected {
            let path = format!("/imports/{}/errors.csv", job["id"].as_str().unwrap_or(""));
            fetch(client, &path, &self.file)?
        } else {
            error_file(&self.file, 1)
        };
        if !rejected && error_file.exists() {
            output.say(format!("{} is of an earlier import", error_file.display()));
        }
        let mut document = job.clone();
        document["error_file"] = if rejected { json!(error_file) } else { Value::Null };
        output.answer(&document, || self.words(job, rejected.then_some(&error_file)))?;
        if rejected || job["state"] != "done" {
            Err(Failure::told())
        } else {
            Ok(())
        }
    }

    fn words(&self, job: &Value, error_file: Option<&PathBuf>) -> String {
        let count = |key: &str| job[key].as_i64().unwrap_or(0);
        let name = self.file.display();
        let (rows, accepted, known) = (count("rows"), count("accepted"), count("duplicates"));
        let rejected = count("rejected");
        let mut words = if self.dry_run {
            format!(
                "{name}: {rows} rows. {accepted} would land, {known} are known, {rejected} would be sent back. Nothing was written.\n"
            ) + &rehearsed(job)
        } else {
            format!("{name}: {rows} rows. {accepted} landed, {known} known before, {rejected} sent back.\n")
        };
        let ignored: Vec<&str> = job["ignored_columns"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !ignored.is_empty() {
            words += &format!(
                "Columns that are not understood were left out: {}.\n",
                ignored.join(", ")
            );
        }
        if let Some(detail) = job["failure"]["detail"].as_str() {
            words += &format!("The file was refused: {detail}\n");
        }
        if let Some(file) = error_file {
            words += &format!(
                "{} has the rows that {} sent back, each with its reason. Put them right and import that file.\n",
                file.display(),
                if self.dry_run { "would be" } else { "were" }
            );
        }
        words
    }
}

/// What a dry run found.
fn rehearsed(job: &Value) -> String {
    let mut words = String::new();
    let reading = &job["reading"];
    if let Some(format) = reading["format"].as_str() {
        let how: Vec<String> = [("encoding", "in"), ("delimiter", "separated by"), ("sheet", "sheet")]
            .iter()
            .filter_map(|(key, word)| Some(format!("{word} {}", shown(key, reading[*key].as_str()?))))
            .collect();
        words += &format!(
            "Read as {} {}, headers in row {}:\n",
            format.to_uppercase(),
            how.join(", "),
            reading["header_row"]
        );
        for column in reading["columns"].as_array().into_iter().flatten() {
            words += &format!(
                "  {} is {}\n",
                column["header"].as_str().unwrap_or(""),
                column["field"].as_str().unwrap_or("")
            );
        }
    }
    let report = &job["report"];
    if report.is_object() {
        words += &format!(
            "{} new customers, {} known ones joined; {} new bookings, {} changed.\n",
            report["customers_new"], report["customers_joined"], report["bookings_new"], report["bookings_changed"]
        );
    }
    for group in report["rejections"].as_array().into_iter().flatten() {
        words += &format!("{} rows: {}\n", group["rows"], group["code"].as_str().unwrap_or(""));
        for example in group["examples"].as_array().into_iter().flatten() {
            words += &format!(
                "  row {}: {}\n",
                example["row"],
                example["detail"].as_str().unwrap_or("")
            );
        }
    }
    words
}

fn shown(key: &str, value: &str) -> String {
    match (key, value) {
        ("delimiter", "\t") => "tabs".into(),
        ("delimiter", ",") => "commas".into(),
        ("delimiter", ";") => "semicolons".into(),
        ("delimiter", _) => "bars".into(),
        _ => value.to_owned(),
    }
}

/// Waits until every row is decided.
fn follow(client: &Client, mut job: Value) -> Result<Value, Failure> {
    let bar = bar(job["bytes"].as_u64().unwrap_or(0), "importing");
    let path = format!(
        "/imports/{}",
        job["id"]
            .as_str()
            .ok_or_else(|| Failure::failed("the server names no import"))?
    );
    let mut polls = POLL.iter().chain(std::iter::repeat(&500));
    while !matches!(job["state"].as_str(), Some("done" | "failed")) {
        bar.set_position(job["bytes_done"].as_u64().unwrap_or(0));
        bar.set_message(format!("{} rows, {} sent back", job["rows"], job["rejected"]));
        std::thread::sleep(Duration::from_millis(*polls.next().unwrap_or(&500)));
        job = client.get(&path)?;
    }
    bar.finish_and_clear();
    Ok(job)
}

/// Fetches a file; it appears whole or not at all.
/// Where the rows of a file go that were sent back; the second time and later under another name.
fn error_file(file: &Path, time: u32) -> PathBuf {
    PathBuf::from(match time {
        1 => format!("{}.errors.csv", file.display()),
        _ => format!("{}.errors-{time}.csv", file.display()),
    })
}

/// Fetches the rows of `file` that were sent back. What lies there already may have been corrected by hand, so it stays unless it is the same.
fn fetch(client: &Client, path: &str, file: &Path) -> Result<PathBuf, Failure> {
    let to = error_file(file, 1);
    let folder = to
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let failed = |e: std::io::Error| Failure::failed(format!("{} cannot be written: {e}", to.display()));
    let mut fetched = tempfile::Builder::new()
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(failed)?;
    client.download(path, &mut fetched)?;
    let text = std::fs::read(fetched.path()).map_err(failed)?;
    let to = (1..)
        .map(|time| error_file(file, time))
        .find(|place| std::fs::read(place).map_or(!place.exists(), |there| there == text))
        .unwrap_or_else(|| to.clone());
    fetched.persist(&to).map_err(|e| failed(e.error))?;
    Ok(to)
}

/// As for any new file; the user's umask takes away what it should not have.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o666)
}

/// A progress bar, on a terminal only.
fn bar(length: u64, what: &'static str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(length), target).with_prefix(what);
    let template = ProgressStyle::with_template("{prefix} [{bar:30}] {bytes}/{total_bytes} {eta} {msg}");
    bar.with_style(
        template
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    )
}
