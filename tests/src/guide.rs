//! Guides as tests: the commands of a document are run as they stand there, in one shell from beginning to end, and what the
//! document shows below them is compared with what came.
//!
//! `POSTHOUSE_UPDATE_DOCS=1` has the document show what came instead. In what is shown `…` stands for anything. Ids, keys, digests, codes, instants, days and measured figures differ with every run and
//! only have to be there.

use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

/// Commands, and what the document shows that they answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line of the first command.
    pub line: usize,
    /// The block of commands.
    pub commands: String,
    /// The block of output right below it.
    pub shown: Option<String>,
}

/// The steps of a document from one heading to another, each named by its whole line; from its beginning or to its end without one.
///
/// # Panics
/// If a heading is not there.
pub fn steps(document: &str, from: Option<&str>, to: Option<&str>) -> Vec<Step> {
    let lines: Vec<&str> = document.lines().collect();
    let place = |heading: &str| {
        let found = lines.iter().position(|line| *line == heading);
        found.unwrap_or_else(|| panic!("the document has no heading {heading:?}"))
    };
    let (from, to) = (from.map_or(0, place), to.map_or(lines.len(), place));
    let mut steps: Vec<Step> = Vec::new();
    let mut at = from;
    // where the block of the last step ended, if nothing stood between
    let mut ended = None;
    while at < to {
        let Some(kind) = lines[at].strip_prefix("```") else {
            if !lines[at].is_empty() {
                ended = None;
            }
            at += 1;
            continue;
        };
        let end = (at + 1..lines.len()).find(|line| lines[*line] == "```").unwrap_or(to);
        let text = lines[at + 1..end].join("\n");
        match kind {
            "sh" => {
                steps.push(Step {
                    line: at + 2,
                    commands: text,
                    shown: None,
                });
                ended = Some(steps.len() - 1);
            }
            "text" => {
                if let Some(step) = ended.take() {
                    steps[step].shown = Some(text);
                }
            }
            _ => ended = None,
        }
        at = end + 1;
    }
    steps
}

/// What differs with every run, and what stands for it in the comparison.
static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"ph_[0-9a-f]{32}_(?:…|[0-9a-f]{64})", "<key>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
        (r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b", "<digest>"),
        (r"…[0-9A-Z]{4}\b", "<last of a code>"),
        (r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b", "<code>"),
        (
            r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?",
            "<instant>",
        ),
        (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
        // a new customer may be in the holdout of any campaign
        (
            r"Its rule offers nothing for this basket|The customer is in the holdout: the campaign is kept from some so that its effect can be seen",
            "<nothing, or kept out>",
        ),
        (
            r"规则对此购物篮没有优惠|客户属于对照组，活动对其不开放，以便衡量效果",
            "<nothing, or kept out>",
        ),
        // what the compiler and the machine make of it
        (r"(?m)^((?:passed|通过) .*\S) +\d+ +\d+$", "$1 <fuel> <time>"),
        (r"\b\d+ (bytes|fuel|a row|ms|µs|KiB)", "<number> $1"),
        (r"\bfuel +\d+", "fuel <number>"),
        (r"\b\d+ rows tried", "<number> rows tried"),
        (r"(燃料|每行|试过) *\d+", "$1 <number>"),
        (r"\b\d+ (字节|毫秒)", "<number> $1"),
    ]
    .map(|(pattern, mark)| (Regex::new(pattern).expect("a pattern"), mark))
    .into()
});

fn masked(text: &str) -> String {
    MASKS.iter().fold(text.trim().to_owned(), |text, (pattern, mark)| {
        pattern.replace_all(&text, *mark).into_owned()
    })
}

/// A pattern for what is shown: words as they stand, any width between two columns, lines that may be broken for the reader.
fn pattern(shown: &str) -> String {
    let mut pattern = String::new();
    for (number, piece) in shown.split('…').enumerate() {
        if number > 0 {
            pattern += "(?s:.*?)";
        }
        for (number, line) in piece.split('\n').enumerate() {
            if number > 0 {
                pattern += r"\s*";
            }
            let words: Vec<String> = line
                .split(' ')
                .filter(|word| !word.is_empty())
                .map(regex::escape)
                .collect();
            let between = if line.trim().is_empty() { "" } else { r"[ \t]+" };
            if line.starts_with(' ') && !words.is_empty() {
                pattern += r"\s*";
            }
            pattern += &words.join(between);
            if line.ends_with(' ') && !words.is_empty() {
                pattern += r"\s*";
            }
        }
    }
    pattern
}

/// Compares what a document shows with what came.
///
/// # Errors
/// What is shown and did not come.
pub fn compare(shown: &str, came: &str) -> Result<(), String> {
    let (shown, came) = (masked(shown), masked(came));
    let fits = |shown: &str, end: &str| {
        let pattern = format!(r"^\s*{}\s*{end}", pattern(shown));
        Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(&came))
    };
    if fits(&shown, "$") {
        return Ok(());
    }
    // the longest beginning that fits says where it went apart
    let lines: Vec<&str> = shown.lines().collect();
    let good = (1..=lines.len())
        .rfind(|count| fits(&lines[..*count].join("\n"), ""))
        .unwrap_or(0);
    let apart = lines
        .get(good)
        .copied()
        .unwrap_or("(nothing further is shown, but more came)");
    Err(format!("shown, from where they differ:\n  {apart}\nwhat came:\n{came}"))
}

/// Has a document show what came in the place of what it showed. What is too long for a reader is then cut with `…` by hand.
fn show(name: &str, shown: &str, came: &str) {
    let path = crate::root().join(name);
    let block = |text: &str| format!("```text\n{}\n```\n", text.trim_end());
    let document = std::fs::read_to_string(&path).expect("the document");
    let document = document.replacen(&block(shown), &block(came), 1);
    std::fs::write(&path, document).expect("the document is written");
}

/// A shell in which a guide is followed.
#[derive(Debug)]
pub struct Shell {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Texts of the guide and what stands for them in this run: addresses, databases.
    places: Vec<(String, String)>,
    /// Keys by the variable that the guide puts them into as `NAME=ph_…`.
    keys: BTreeMap<String, String>,
    /// The key that was printed last.
    last_key: Option<String>,
    /// All that came, for whoever writes the guide.
    record: String,
}

const MARK: &str = "=== the step is done";

impl Shell {
    /// A shell in `folder`.
    ///
    /// # Panics
    /// If there is no bash.
    pub fn start(folder: &Path, places: &[(&str, &str)], keys: &[(&str, &str)], env: &[(&str, &str)]) -> Self {
        let mut child = Command::new("bash")
            .args(["--norc", "--noprofile"])
            .current_dir(folder)
            .env_remove("POSTHOUSE_URL")
            .env_remove("POSTHOUSE_API_KEY")
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let mut shell = Self {
            input: child.stdin.take().expect("a pipe"),
            output: BufReader::new(child.stdout.take().expect("a pipe")),
            child,
            places: owned(places),
            keys: owned(keys).into_iter().collect(),
            last_key: None,
            record: String::new(),
        };
        shell.run("set -E; trap 'failed=1' ERR");
        shell
    }

    /// Follows every step.
    ///
    /// # Panics
    /// If something else came than is shown, or a command failed of which nothing is shown.
    pub fn follow(&mut self, name: &str, steps: &[Step]) {
        assert!(!steps.is_empty(), "{name} has no commands");
        for step in steps {
            let (came, failed) = self.run(&step.commands);
            let _ = write!(
                self.record,
                "### line {}\n{}\n--- came\n{came}\n",
                step.line, step.commands
            );
            match &step.shown {
                Some(shown) => {
                    if let Err(difference) = compare(shown, &came) {
                        if std::env::var_os("POSTHOUSE_UPDATE_DOCS").is_none() {
                            self.give_up(name, step, &difference);
                        }
                        show(name, shown, &came);
                    }
                }
                None if failed => self.give_up(name, step, &format!("a command failed:\n{came}")),
                None => {}
            }
        }
    }

    fn give_up(&self, name: &str, step: &Step, problem: &str) -> ! {
        panic!(
            "{name}, line {}\n{}\n\n{problem}\n\n=== everything up to here ===\n{}",
            step.line, step.commands, self.record
        );
    }

    /// What came, and whether a command failed.
    fn run(&mut self, commands: &str) -> (String, bool) {
        let commands = self.here(commands);
        let script =
            format!("failed=0\n{{\n{commands}\n}} </dev/null 2>&1\nprintf '\\n%s %s\\n' '{MARK}' \"$failed\"\n");
        self.input.write_all(script.as_bytes()).expect("bash listens");
        self.input.flush().expect("bash listens");
        let (mut came, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            assert!(
                self.output.read_line(&mut line).is_ok_and(|read| read > 0),
                "the shell ended in\n{commands}\nafter\n{came}"
            );
            if let Some(failed) = line.strip_prefix(MARK) {
                let came = self
                    .places
                    .iter()
                    .fold(came, |came, (there, here)| came.replace(here, there));
                return (came, failed.trim() != "0");
            }
            static KEY: LazyLock<Regex> =
                LazyLock::new(|| Regex::new("ph_[0-9a-f]{32}_[0-9a-f]{64}").expect("a pattern"));
            if let Some(key) = KEY.find(&line) {
                self.last_key = Some(key.as_str().to_owned());
            }
            came += &line;
        }
    }

    /// The commands of the guide for this run: its addresses, its keys, and a server that does not keep the shell.
    fn here(&self, commands: &str) -> String {
        static KEYS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(\w+)=ph_…").expect("a pattern"));
        let commands = self.places.iter().fold(commands.to_owned(), |commands, (there, here)| {
            commands.replace(there, here)
        });
        let commands = KEYS.replace_all(&commands, |found: &Captures<'_>| {
            let key = self.keys.get(&found[1]).or(self.last_key.as_ref());
            format!("{}={}", &found[1], key.map_or("", String::as_str))
        });
        let line = |line: &str| match line.strip_prefix("posthouse serve ") {
            Some(flags) => format!(
                "posthouse serve {flags} >server.log 2>&1 &\nserver=$!\nuntil grep -q '^listening' server.log || ! kill -0 $server; do sleep 0.05; done\n"
            ),
            None => format!("{line}\n"),
        };
        commands.lines().map(line).collect()
    }
}

impl Drop for Shell {
    /// The server that the guide started ends with its shell.
    fn drop(&mut self) {
        let _ = self.input.write_all(b"kill ${server:-} 2>/dev/null; wait; exit\n");
        let _ = self.input.flush();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_output_belong_to_the_commands_above_them() {
        let document =
            "# A\n```sh\none\n```\n```text\n1\n```\n\n## B\n```sh\ntwo\nthree\n```\nWords.\n```text\nnot of it\n```\n";
        let step = |line, commands: &str, shown: Option<&str>| Step {
            line,
            commands: commands.into(),
            shown: shown.map(str::to_owned),
        };
        let all = [step(3, "one", Some("1")), step(11, "two\nthree", None)];
        assert_eq!(steps(document, None, None), all);
        assert_eq!(steps(document, Some("## B"), None), all[1..]);
        assert_eq!(steps(document, None, Some("## B")), all[..1]);
    }

    #[test]
    fn what_is_shown_has_to_come() {
        let came = "54 rows. 54 landed.\nloyal    0   5\nat-risk  0   3\n{\"id\":\"019bbf61-8d00-7bcd-8ee7-ff61bc2f3b5f\",\"sum\":1200}\n";
        for shown in [
            "54 rows. 54 landed.\nloyal 0 5\nat-risk 0 3\n{\"id\":\"01a206ae-7de2-7b74-983e-ac6305d9752d\",\n\"sum\":1200}",
            "54 rows. 54 landed.\n…",
            "…\nat-risk  0    3\n…",
            "…,\"sum\":1200}",
        ] {
            assert_eq!(compare(shown, came), Ok(()), "{shown}");
        }
        for shown in [
            "54 rows. 54 landed.",
            "54 rows. 53 landed.\n…",
            "…\nat-risk  0    4\n…",
            "…\nloyal 0\n…\nloyal 0\n…",
            "loyal 0 5\n…",
            "…\"sum\":12}",
        ] {
            assert!(compare(shown, came).is_err(), "{shown}");
        }
    }

    #[test]
    fn keys_are_put_in_and_failures_are_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut shell = Shell::start(folder.path(), &[(":7300", ":1")], &[("A", "ph_a")], &[]);
        assert_eq!(
            shell.run("export A=ph_… B=2\necho $A $B at :7300"),
            ("ph_a 2 at :7300\n\n".into(), false)
        );
        assert!(shell.run("false\ntrue").1);
        assert!(!shell.run("if false; then :; fi; f() { echo x; }").1);
        assert_eq!(shell.run("f; echo $B").0, "x\n2\n\n");
    }
}
