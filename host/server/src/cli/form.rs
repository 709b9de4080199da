//! Files that people write: plans and baskets, in TOML or JSON. Money stands in them in major units, shares in percent, days as days or
//! from today on. All mistakes of a file are found at once, each named with its line and field.

mod tree;
mod values;

use super::Failure;
use super::io_words::io_words;
use posthouse_domain::money::Currency;
use posthouse_domain::{Day, Words, words};
use std::cell::RefCell;
use std::io::Read;
use tree::{Held, Node};
use values::{Unit, amount, count, day, share};

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Most mistakes that are shown.
const SHOWN: usize = 20;

/// What amounts and days of a file are read by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trade {
    /// The agency's currency.
    pub(super) currency: Currency,
    /// The day it is for the agency.
    pub(super) today: Day,
}

/// A file, with the mistakes that were found in it so far.
pub(super) struct Form {
    name: String,
    root: Node,
    trade: Trade,
    mistakes: RefCell<Vec<(usize, Words)>>,
}

impl Form {
    /// Reads `path`, or standard input for `-`.
    ///
    /// # Errors
    /// A file that is not there, is too large, or is neither TOML nor JSON.
    pub(super) fn open(path: &str, trade: Trade) -> Result<Self, Failure> {
        let mut text = String::new();
        let read = match path {
            "-" => std::io::stdin().take(LARGEST + 1).read_to_string(&mut text),
            path => std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text)),
        };
        let name = match path {
            "-" => words!("standard input", "标准输入").to_string(),
            path => path.to_owned(),
        };
        read.map_err(|error| {
            let error = io_words(&error);
            Failure::usage(words!("{name} cannot be read: {error}", "{name} 无法读取：{error}"))
        })?;
        if text.len() as u64 > LARGEST {
            return Err(Failure::usage(words!(
                "{name} is larger than 1 MiB",
                "{name} 超过 1 MiB"
            )));
        }
        Self::parse(&name, &text, trade)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// `bad_file`: neither TOML nor JSON, with what is wrong in which line.
    pub(super) fn parse(name: &str, text: &str, trade: Trade) -> Result<Self, Failure> {
        let (root, mistakes) = tree::parse(text);
        let form = Self {
            name: name.to_owned(),
            root,
            trade,
            mistakes: RefCell::new(mistakes),
        };
        form.passed()?;
        Ok(form)
    }

    /// The file as a whole.
    pub(super) fn top(&self) -> Part<'_> {
        Part {
            form: self,
            path: String::new(),
            line: self.root.line,
            fields: self.root.fields(),
            asked: RefCell::default(),
            present: true,
        }
    }

    /// Passes a file without mistakes.
    ///
    /// # Errors
    /// `bad_file` with every mistake, in the order of their lines.
    pub(super) fn passed(&self) -> Result<(), Failure> {
        let mut mistakes = self.mistakes.borrow().clone();
        if mistakes.is_empty() {
            return Ok(());
        }
        mistakes.sort_by_key(|(line, _)| *line);
        let (count, name) = (mistakes.len(), &self.name);
        let mut lines: Vec<Words> = vec![match count {
            1 => words!("{name} has a mistake:", "{name} 有 1 处错误："),
            _ => words!("{name} has {count} mistakes:", "{name} 有 {count} 处错误："),
        }];
        lines.extend(mistakes.into_iter().take(SHOWN).map(|(line, problem)| match line {
            0 => words!("  {problem}", "  {problem}"),
            line => words!("  line {line}: {problem}", "  第 {line} 行：{problem}"),
        }));
        if count > SHOWN {
            let more = count - SHOWN;
            lines.push(words!("  and {more} more", "  另有 {more} 处"));
        }
        Err(Failure::coded("bad_file", Words::join(&lines, &Words::same("\n"))))
    }
}

/// A table of a file.
pub(super) struct Part<'f> {
    form: &'f Form,
    path: String,
    line: usize,
    fields: &'f [(String, usize, Node)],
    /// Fields that there can be.
    asked: RefCell<Vec<&'static str>>,
    /// Whether the file has it.
    present: bool,
}

impl<'f> Part<'f> {
    fn mistake(&self, line: usize, problem: Words) {
        self.form.mistakes.borrow_mut().push((line, problem));
    }

    /// The name of a field with what it stands in.
    fn name(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    fn find(&self, key: &'static str) -> Option<&'f Node> {
        self.asked.borrow_mut().push(key);
        let found = self.fields.iter().find(|(name, ..)| name == key);
        found.map(|(.., node)| node)
    }

    /// A field that has to be there.
    fn needed(&self, key: &'static str, example: &str) -> Option<&'f Node> {
        let found = self.find(key);
        if found.is_none() {
            let name = self.name(key);
            self.mistake(
                self.line,
                words!(
                    "{name} is missing; write it like {example}",
                    "缺少 {name}；写法如 {example}"
                ),
            );
        }
        found
    }

    fn wrong(&self, key: &str, node: &Node, wanted: Words) {
        let (name, shown) = (self.name(key), node.shown());
        self.mistake(
            node.line,
            words!("{name} is {shown}; {wanted}", "{name} 为 {shown}；{wanted}"),
        );
    }

    /// Whether a field is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(name, ..)| name == key)
    }

    /// Whether the file has this table.
    pub(super) fn is_present(&self) -> bool {
        self.present
    }

    /// Says something about a field that only the reader of the file knows.
    pub(super) fn doubt(&self, key: &str, problem: Words) {
        let line = self
            .fields
            .iter()
            .find(|(name, ..)| name == key)
            .map_or(self.line, |(_, line, _)| *line);
        let name = self.name(key);
        self.mistake(line, words!("{name} {problem}", "{name} {problem}"));
    }

    /// A text that has to be there.
    pub(super) fn text(&self, key: &'static str, example: &str) -> String {
        self.needed(key, example)
            .and_then(|node| self.text_of(key, node))
            .unwrap_or_default()
    }

    /// A text.
    pub(super) fn may_text(&self, key: &'static str) -> Option<String> {
        self.find(key).and_then(|node| self.text_of(key, node))
    }

    fn text_of(&self, key: &str, node: &Node) -> Option<String> {
        match &node.held {
            Held::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            _ => {
                self.wrong(key, node, words!("it is a text in quotes", "应为引号内的文字"));
                None
            }
        }
    }

    /// Texts in brackets.
    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(node) = self.find(key) else { return Vec::new() };
        let texts = node.items().map(|items| {
            let texts = items.iter().map(|item| match &item.held {
                Held::Text(text) if !text.trim().is_empty() => Some(text.clone()),
                _ => None,
            });
            texts.collect::<Option<Vec<_>>>()
        });
        texts.flatten().unwrap_or_else(|| {
            self.wrong(
                key,
                node,
                words!(
                    "write texts in brackets: [\"a\", \"b\"]",
                    "应为方括号内的文字列表：[\"a\", \"b\"]"
                ),
            );
            Vec::new()
        })
    }

    /// Yes or no.
    pub(super) fn may_flag(&self, key: &'static str) -> Option<bool> {
        let node = self.find(key)?;
        match node.held {
            Held::Flag(flag) => Some(flag),
            _ => {
                self.wrong(key, node, words!("write true or false", "应为 true 或 false"));
                None
            }
        }
    }

    /// Yes or no; no if it is left out.
    pub(super) fn flag(&self, key: &'static str) -> bool {
        self.may_flag(key).unwrap_or(false)
    }

    /// A whole number.
    pub(super) fn may_whole(&self, key: &'static str) -> Option<i64> {
        self.read(key, self.find(key)?, count)
    }

    /// A whole number that has to be there.
    pub(super) fn whole(&self, key: &'static str, example: &str) -> i64 {
        let node = self.needed(key, example);
        node.and_then(|node| self.read(key, node, count)).unwrap_or_default()
    }

    /// An amount in major units; as minor units.
    pub(super) fn may_amount(&self, key: &'static str) -> Option<i64> {
        let unit = Unit(self.form.trade.currency);
        self.read(key, self.find(key)?, |node| amount(node, unit))
    }

    /// An amount in major units that has to be there.
    pub(super) fn amount(&self, key: &'static str, example: &str) -> i64 {
        let unit = Unit(self.form.trade.currency);
        let node = self.needed(key, example);
        node.and_then(|node| self.read(key, node, |node| amount(node, unit)))
            .unwrap_or_default()
    }

    /// A share in percent; in basis points.
    pub(super) fn share(&self, key: &'static str) -> u32 {
        let node = self.find(key);
        node.and_then(|node| self.read(key, node, share)).unwrap_or_default()
    }

    /// A day, also from today on.
    pub(super) fn may_day(&self, key: &'static str) -> Option<Day> {
        let today = self.form.trade.today;
        self.read(key, self.find(key)?, |node| day(node, today))
    }

    /// A day that has to be there.
    pub(super) fn day(&self, key: &'static str, example: &str) -> Day {
        let today = self.form.trade.today;
        let node = self.needed(key, example);
        node.and_then(|node| self.read(key, node, |node| day(node, today)))
            .unwrap_or_default()
    }

    fn read<T>(&self, key: &str, node: &Node, read: impl FnOnce(&Node) -> Result<T, Words>) -> Option<T> {
        match read(node) {
            Ok(value) => Some(value),
            Err(wanted) => {
                self.wrong(key, node, wanted);
                None
            }
        }
    }

    /// A table inside; an empty one if it is left out.
    pub(super) fn part(&self, key: &'static str) -> Part<'f> {
        let node = self.find(key);
        if let Some(node) = node
            && !matches!(node.held, Held::Table(_))
        {
            let name = self.name(key);
            self.wrong(key, node, words!("it is a table: [{name}]", "应为表：[{name}]"));
        }
        self.inside(self.name(key), node)
    }

    /// A table inside that has to be there.
    pub(super) fn needed_part(&self, key: &'static str) -> Part<'f> {
        let part = self.part(key);
        if !part.present {
            let name = self.name(key);
            self.mistake(self.line, words!("the table [{name}] is missing", "缺少表 [{name}]"));
        }
        part
    }

    fn inside(&self, path: String, node: Option<&'f Node>) -> Part<'f> {
        Part {
            form: self.form,
            path,
            line: node.map_or(self.line, |node| node.line),
            fields: node.map_or(&[], Node::fields),
            asked: RefCell::default(),
            present: node.is_some(),
        }
    }

    /// Tables of a list: `[[key]]`.
    pub(super) fn parts(&self, key: &'static str) -> Vec<Part<'f>> {
        let Some(node) = self.find(key) else { return Vec::new() };
        let tables = node
            .items()
            .filter(|items| items.iter().all(|item| matches!(item.held, Held::Table(_))));
        let Some(tables) = tables else {
            let name = self.name(key);
            self.wrong(
                key,
                node,
                words!("write each as a table: [[{name}]]", "应逐个写成表：[[{name}]]"),
            );
            return Vec::new();
        };
        let tables = tables.iter().enumerate();
        tables
            .map(|(place, table)| {
                let number = place + 1;
                self.inside(format!("{}[{number}]", self.name(key)), Some(table))
            })
            .collect()
    }

    /// Every field of a table whose names are free.
    pub(super) fn names(&self) -> impl Iterator<Item = &'f str> {
        self.fields.iter().map(|(name, ..)| name.as_str())
    }

    /// An amount or a whole number by a name that is free.
    pub(super) fn figure(&self, key: &str, money: bool) -> Option<i64> {
        let node = self
            .fields
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(.., node)| node)?;
        let unit = Unit(self.form.trade.currency);
        self.read(key, node, |node| if money { amount(node, unit) } else { count(node) })
    }

    /// The table as JSON, read by nobody here.
    pub(super) fn json(&self, key: &'static str) -> serde_json::Value {
        self.find(key).map_or_else(|| serde_json::json!({}), Node::json)
    }

    /// Says what there is that nobody asked for.
    pub(super) fn close(self) {
        let asked = self.asked.borrow();
        for (name, line, _) in self.fields {
            if asked.contains(&name.as_str()) {
                continue;
            }
            let near = nearest(name, &asked);
            let (full, known) = (self.name(name), asked.join(", "));
            let problem = match near {
                Some(near) => words!(
                    "{full} is not known; did you mean {near}?",
                    "{full} 不能识别；是否想写 {near}？"
                ),
                None => words!(
                    "{full} is not known; there can be {known}",
                    "{full} 不能识别；可用的有 {known}"
                ),
            };
            self.mistake(*line, problem);
        }
    }
}

/// The name that was probably meant.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let closest = known.iter().map(|known| (strsim::jaro_winkler(name, known), *known));
    let closest = closest.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (closest.0 > 0.82).then_some(closest.1)
}

#[cfg(test)]
mod tests;
