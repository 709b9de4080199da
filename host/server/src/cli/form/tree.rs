//! A file as it is written, TOML and JSON alike, each value with its line.

use posthouse_domain::{Words, words};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Deepest nesting that is read.
const DEEPEST: usize = 16;

/// A value with its line, 0 where lines are not known.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) held: Held,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Held {
    /// In quotes, or a date.
    Text(String),
    /// As its digits were written.
    Number(String),
    /// Yes or no.
    Flag(bool),
    /// In brackets.
    List(Vec<Node>),
    /// Fields with their lines.
    Table(Vec<(String, usize, Node)>),
    /// JSON's `null`.
    Nothing,
}

impl Node {
    /// The fields of a table; none of anything else.
    pub(super) fn fields(&self) -> &[(String, usize, Node)] {
        match &self.held {
            Held::Table(fields) => fields,
            _ => &[],
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<&[Node]> {
        match &self.held {
            Held::List(items) => Some(items),
            _ => None,
        }
    }

    /// As messages show it.
    pub(super) fn shown(&self) -> String {
        let text = match &self.held {
            Held::Text(text) => format!("{text:?}"),
            Held::Number(number) => number.clone(),
            Held::Flag(flag) => flag.to_string(),
            Held::List(_) => "[…]".to_owned(),
            Held::Table(_) => "{…}".to_owned(),
            Held::Nothing => "null".to_owned(),
        };
        match text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// The value for somebody who reads JSON.
    pub(super) fn json(&self) -> Value {
        match &self.held {
            Held::Text(text) => text.as_str().into(),
            Held::Number(number) => serde_json::from_str(number).unwrap_or_else(|_| number.as_str().into()),
            Held::Flag(flag) => (*flag).into(),
            Held::List(items) => items.iter().map(Self::json).collect(),
            Held::Table(fields) => {
                let fields = fields.iter().map(|(name, _, node)| (name.clone(), node.json()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Held::Nothing => Value::Null,
        }
    }
}

/// Reads a text as TOML, or as JSON if it begins like that, with what is wrong in which line.
pub(super) fn parse(text: &str) -> (Node, Vec<(usize, Words)>) {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return parse_json(text);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = Lines(text);
    let mut mistakes: Vec<(usize, Words)> = errors
        .iter()
        .map(|error| {
            let (line, problem) = (lines.of(error.span().map_or(0, |span| span.start)), error.message());
            (
                line,
                words!("this is not TOML: {problem}", "不是有效的 TOML：{problem}"),
            )
        })
        .collect();
    let root = Node {
        line: 1,
        held: lines.table(table.get_ref(), 0, &mut mistakes),
    };
    (root, mistakes)
}

struct Lines<'t>(&'t str);

impl Lines<'_> {
    fn of(&self, at: usize) -> usize {
        let before = &self.0.as_bytes()[..at.min(self.0.len())];
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn table(&self, table: &DeTable<'_>, depth: usize, mistakes: &mut Vec<(usize, Words)>) -> Held {
        let fields = table.iter().map(|(key, value)| {
            let node = self.node(value, depth + 1, mistakes);
            (key.get_ref().to_string(), self.of(key.span().start), node)
        });
        Held::Table(fields.collect())
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize, mistakes: &mut Vec<(usize, Words)>) -> Node {
        let line = self.of(value.span().start);
        if depth > DEEPEST {
            mistakes.push((line, words!("this is nested too deeply", "嵌套层次过深")));
            return Node {
                line,
                held: Held::Nothing,
            };
        }
        let held = match value.get_ref() {
            DeValue::String(text) => Held::Text(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Held::Number(plain(number.as_str())),
            DeValue::Integer(number) => Held::Number(
                i64::from_str_radix(number.as_str(), number.radix())
                    .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()),
            ),
            DeValue::Float(number) => Held::Number(plain(number.as_str())),
            DeValue::Boolean(flag) => Held::Flag(*flag),
            DeValue::Datetime(moment) => Held::Text(moment.to_string()),
            DeValue::Array(items) => {
                Held::List(items.iter().map(|item| self.node(item, depth + 1, mistakes)).collect())
            }
            DeValue::Table(table) => self.table(table, depth, mistakes),
        };
        Node { line, held }
    }
}

/// A number without what only makes it readable.
fn plain(number: &str) -> String {
    number.trim_start_matches('+').replace('_', "")
}

fn parse_json(text: &str) -> (Node, Vec<(usize, Words)>) {
    match serde_json::from_str::<Box<serde_json::value::RawValue>>(text) {
        // numbers as their digits were written: amounts are never fractions of a binary number
        Ok(raw) => match json_node(raw.get(), 0) {
            Some(root) => (root, Vec::new()),
            None => (
                nothing(),
                vec![(1, words!("this is nested too deeply", "嵌套层次过深"))],
            ),
        },
        Err(error) => {
            let problem = words!("this is not JSON: {error}", "不是有效的 JSON：{error}");
            (nothing(), vec![(error.line(), problem)])
        }
    }
}

fn nothing() -> Node {
    Node {
        line: 0,
        held: Held::Nothing,
    }
}

fn json_node(raw: &str, depth: usize) -> Option<Node> {
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;
    if depth > DEEPEST {
        return None;
    }
    let raw = raw.trim();
    let inner = |value: &RawValue| json_node(value.get(), depth + 1);
    let held = match raw.as_bytes().first()? {
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
            let fields = fields.into_iter().map(|(name, value)| Some((name, 0, inner(value)?)));
            Held::Table(fields.collect::<Option<_>>()?)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            Held::List(items.into_iter().map(inner).collect::<Option<_>>()?)
        }
        b'"' => Held::Text(serde_json::from_str(raw).ok()?),
        b't' | b'f' => Held::Flag(raw == "true"),
        b'n' => Held::Nothing,
        _ => Held::Number(raw.to_owned()),
    };
    Some(Node { line: 0, held })
}
