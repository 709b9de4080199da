//! How commands answer.

use posthouse_domain::{Words, words};
use serde::Serialize;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Why a command did not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable, for programs.
    pub(crate) code: String,
    /// In words, with what to do.
    pub(crate) message: String,
    /// 1 failed, 2 used wrongly.
    exit: u8,
    /// The document on standard output says it already.
    told: bool,
}

impl Failure {
    /// It did not work. [`Words`] and errors say why, for a string would have one language.
    pub(crate) fn failed(message: impl Error) -> Self {
        Self::coded("failed", message)
    }

    /// It did not work, for a reason that has a name.
    pub(crate) fn coded(code: impl Into<String>, message: impl Error) -> Self {
        Self {
            code: code.into(),
            message: message.to_string(),
            exit: 1,
            told: false,
        }
    }

    /// It was asked for in a way that cannot work.
    pub(crate) fn usage(message: impl Error) -> Self {
        Self {
            exit: 2,
            ..Self::coded("usage", message)
        }
    }

    /// The same, with what to do about it on the command line.
    pub(crate) fn with_hint(mut self, hint: Words) -> Self {
        let message = self.message.trim_end_matches(['.', '。']);
        self.message = words!("{message}. {hint}", "{message}。{hint}").to_string();
        self
    }

    /// What people read: the sentence, and the code that documents and programs know it by where it has one of its own.
    fn words(&self) -> Words {
        let Self { code, message, .. } = self;
        match code.as_str() {
            "failed" | "usage" => words!("error: {message}", "错误：{message}"),
            _ => words!("error: {message} [{code}]", "错误：{message} [{code}]"),
        }
    }

    /// The answer that was printed says it all; only the exit code is missing.
    pub(crate) fn told() -> Self {
        Self {
            told: true,
            ..Self::failed(Words::default())
        }
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self {
            exit: 2,
            ..Self::coded("bad_configuration", error)
        }
    }
}

impl From<crate::house::HouseError> for Failure {
    fn from(error: crate::house::HouseError) -> Self {
        let exit = if matches!(error, crate::house::HouseError::Clock(_)) {
            2
        } else {
            1
        };
        let code = match error {
            crate::house::HouseError::InUse(_) => "database_in_use",
            crate::house::HouseError::Full { .. } => "storage_full",
            _ => "failed",
        };
        Self {
            exit,
            ..Self::coded(code, error)
        }
    }
}

impl From<posthouse_app::AppError> for Failure {
    fn from(error: posthouse_app::AppError) -> Self {
        use posthouse_app::AppError::{Busy, Conflict, Invalid};
        match error {
            Invalid(rejection) | Conflict(rejection) | Busy(rejection) => Self::coded(rejection.code, rejection.detail),
            error if posthouse_app::is_full(&error) => {
                let full = posthouse_app::storage_full();
                Self::coded(full.code, full.detail)
            }
            other => Self::failed(other),
        }
    }
}

/// Words or a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// Prints the answer: `document` for programs, `words` for people.
    ///
    /// # Errors
    /// Standard output that is closed, a document that cannot be written.
    pub(crate) fn answer(self, document: &impl Serialize, words: impl FnOnce() -> String) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string_pretty(document).map_err(Failure::failed)?
        } else {
            words()
        };
        print(&format!("{}\n", text.trim_end()))
    }

    /// Says something on the way; nothing waits for it.
    pub(crate) fn say(self, words: Words) {
        let _ = writeln!(std::io::stderr(), "{words}");
    }

    /// Says why it failed.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        if !failure.told {
            if self.json {
                let document = serde_json::json!({ "error": { "code": failure.code, "detail": failure.message } });
                let _ = writeln!(std::io::stdout(), "{document:#}");
            }
            let _ = writeln!(std::io::stderr(), "{}", failure.words());
        }
        ExitCode::from(failure.exit)
    }
}

/// So many of something: `1 row`, `2 rows`, in Chinese `2 行`. `one` is the word for a single one and takes an s for more.
pub(crate) fn counted(number: u64, one: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    let zh = COUNTED.iter().find(|(en, _)| *en == one).map_or(one, |(_, zh)| zh);
    words!("{number} {one}{s}", "{number} {zh}").to_string()
}

/// What is counted, with its measure word.
const COUNTED: [(&str, &str); 13] = [
    ("basket", "个购物篮"),
    ("campaign", "个活动"),
    ("case", "个案件"),
    ("customer", "位客户"),
    ("event", "个事件"),
    ("golden case", "个用例"),
    ("made-up customer", "位虚构客户"),
    ("member", "位会员"),
    ("migration", "项迁移"),
    ("mover", "位变动客户"),
    ("occasion", "个事件"),
    ("row", "行"),
    ("rule", "条规则"),
];

/// A word of a shell's command line.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Writes to standard output.
///
/// # Errors
/// What the system says; not that a pipe was closed, for whoever reads has seen enough then.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failure::failed),
    }
}

/// A table with aligned columns, the first row being its head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| width_of(cell))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - width_of(cell) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text, or as much of it as takes `width` columns of a terminal.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if width_of(&text) <= width {
        return text;
    }
    let mut short = String::new();
    for c in text.chars() {
        if width_of(&short) + width_of(c.encode_utf8(&mut [0; 4])) >= width {
            break;
        }
        short.push(c);
    }
    short + "…"
}

/// Columns of a terminal: Chinese characters take two.
fn width_of(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}') { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        let rows = |number| counted(number, "row");
        assert_eq!([rows(0), rows(1), rows(2)], ["0 rows", "1 row", "2 rows"]);
    }

    #[test]
    fn a_refusal_is_told_with_its_code() {
        let said = |code: &str| Failure::coded(code, Words::same("no".to_owned())).words().to_string();
        assert_eq!(said("own_adjustment"), "error: no [own_adjustment]");
        assert_eq!(said("failed"), "error: no");
    }

    #[test]
    fn words_for_a_shell_are_quoted_when_they_have_to_be() {
        assert_eq!(shell_word("plugins/dist/rfm.wasm"), "plugins/dist/rfm.wasm");
        assert_eq!(shell_word(r#"{"a": 1}"#), r#"'{"a": 1}'"#);
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn long_texts_are_cut_where_they_are_wide() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("忠诚客户", 8), "忠诚客户");
        assert_eq!(cut("忠诚客户", 7), "忠诚客…");
        assert_eq!(cut("忠诚客户", 6), "忠诚…");
        assert_eq!(cut("a\nb\u{1b}[1m", 9), "a b [1m");
    }

    #[test]
    fn tables_are_aligned_in_both_languages() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            table(&[row(["key", "count"]), row(["忠诚客户", "12"]), row(["a", "3"])]),
            "key       count\n忠诚客户  12\na         3\n"
        );
    }
}
