//! The schema of a plugin's settings, as forms and sentences need it.

use crate::texts::has;
use crate::ui::Ui;
use posthouse_domain::Language;
use posthouse_domain::money::{Currency, major_text, parse_major};
use posthouse_domain::promotion::WHOLE;
use serde_json::{Map, Value};

/// How a value is typed by people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'s> {
    Flag,
    Whole,
    Number,
    /// An amount: minor units in the settings, major units on the page.
    Money,
    /// A share: basis points in the settings, per cent on the page.
    Share,
    Day,
    Text,
    /// One of these words.
    One(&'s [Value]),
    /// Several of these words.
    Several(&'s [Value]),
    /// A list of what one can type in a line.
    Lines(Part<'s>),
    /// Things that are alike, each with fields of its own.
    Things(Part<'s>),
    /// Fields of its own.
    Object,
}

/// A part of a schema, with the whole that its references point into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'s> {
    root: &'s Value,
    pub(super) here: &'s Value,
}

impl<'s> Part<'s> {
    pub(super) fn whole(root: &'s Value) -> Self {
        Self { root, here: root }
    }

    fn at(self, here: &'s Value) -> Self {
        let referred = here["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
        let referred = referred.and_then(|path| self.root.pointer(path));
        Self {
            root: self.root,
            here: referred.unwrap_or(here),
        }
    }

    /// Its fields, in the order in which the author wrote them; those of which it is not known come last, by their names.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'s String, Self)> {
        let fields = self.here["properties"].as_object();
        let mut fields: Vec<(&String, &Value)> = fields.into_iter().flatten().collect();
        fields.sort_by_key(|(_, part)| part["x-order"].as_u64().unwrap_or(u64::MAX));
        fields.into_iter().map(move |(key, part)| (key, self.at(part)))
    }

    fn is(self, kind: &str) -> bool {
        match &self.here["type"] {
            Value::String(one) => one == kind,
            Value::Array(several) => several.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// Whether nothing at all may stand there.
    pub(super) fn may_be_null(self) -> bool {
        self.is("null")
    }

    pub(super) fn shape(self) -> Shape<'s> {
        let format = self.here["format"].as_str().unwrap_or_default();
        if let Some(words) = self.here["enum"].as_array() {
            return Shape::One(words);
        }
        match () {
            () if self.is("object") => Shape::Object,
            () if self.is("array") => {
                let item = self.at(&self.here["items"]);
                match item.shape() {
                    Shape::One(words) => Shape::Several(words),
                    Shape::Object => Shape::Things(item),
                    _ => Shape::Lines(item),
                }
            }
            () if self.is("boolean") => Shape::Flag,
            () if self.is("integer") || self.is("number") => match format {
                "money" => Shape::Money,
                "rate" => Shape::Share,
                // what cannot be more than the whole is a share of it
                _ if self.here["maximum"] == WHOLE => Shape::Share,
                _ if self.is("integer") => Shape::Whole,
                _ => Shape::Number,
            },
            () if format == "date" => Shape::Day,
            () => Shape::Text,
        }
    }

    /// What it is called, in the reader's language.
    pub(super) fn title(self, ui: Ui, key: &str) -> String {
        self.said(ui, "title").unwrap_or_else(|| key.replace(['_', '-'], " "))
    }

    /// What the author says of it, without the unit in which it is kept: people type amounts and per cent.
    pub(super) fn about(self, ui: Ui) -> String {
        let said = self.said(ui, "description").unwrap_or_default();
        if !matches!(self.here["format"].as_str(), Some("money" | "rate")) {
            return said;
        }
        let kept = UNITS.iter().fold(said, |said, unit| said.replace(unit, ""));
        kept.trim().to_owned()
    }

    fn said(self, ui: Ui, what: &str) -> Option<String> {
        let chinese = (ui.language == Language::Zh).then(|| self.here["x-zh-CN"][what].as_str());
        let said = chinese.flatten().or_else(|| self.here[what].as_str())?;
        Some(said.to_owned())
    }

    /// What stands there where nothing was set.
    pub(super) fn value<'v>(self, set: &'v Value, key: &str) -> &'v Value
    where
        's: 'v,
    {
        set.get(key).unwrap_or(&self.here["default"])
    }

    /// A bound of it, as it is typed.
    pub(super) fn bound(self, which: &str, currency: Currency) -> String {
        match &self.here[which] {
            Value::Null => String::new(),
            bound => typed(&self.shape(), bound, currency),
        }
    }
}

/// What the SDK adds to descriptions of amounts and rates.
const UNITS: [&str; 4] = [
    "In minor units of the agency's currency.",
    "以货币最小单位计。",
    "In basis points: 1000 is 10 %.",
    "以万分之一计：1000 即 10%。",
];

/// Hundredths are written like the cents of an amount.
fn hundredths() -> Currency {
    Currency::parse("CNY").unwrap_or_else(|| unreachable!("three letters"))
}

/// A plain value as people type it.
pub(super) fn typed(shape: &Shape<'_>, value: &Value, currency: Currency) -> String {
    let short = |text: String| match text.split_once('.') {
        Some((whole, rest)) if rest.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => text,
    };
    match (shape, value) {
        (_, Value::Null) => String::new(),
        (Shape::Money, Value::Number(minor)) => minor
            .as_i64()
            .map_or_else(|| minor.to_string(), |minor| short(major_text(minor, currency))),
        (Shape::Share, Value::Number(points)) => points.as_i64().map_or_else(
            || points.to_string(),
            |points| {
                let text = major_text(points, hundredths()).replace(',', "");
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            },
        ),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// What somebody typed, as a value. What cannot be read stays as it is, and the schema says what is wrong with it.
pub(super) fn value(part: Part<'_>, text: &str, currency: Currency) -> Option<Value> {
    let text = text.trim();
    let shape = part.shape();
    if text.is_empty() && shape != Shape::Text {
        return part.may_be_null().then_some(Value::Null);
    }
    if text.is_empty() && part.may_be_null() {
        return Some(Value::Null);
    }
    let read = match shape {
        Shape::Whole => text.replace(',', "").parse::<i64>().ok().map(Value::from),
        Shape::Number => text.parse::<f64>().ok().map(Value::from),
        Shape::Money => parse_major(text, currency).ok().map(Value::from),
        Shape::Share => parse_major(text.trim_end_matches(['%', '％']), hundredths())
            .ok()
            .map(Value::from),
        Shape::Flag => Some(Value::Bool(text == "1")),
        _ => None,
    };
    Some(read.unwrap_or_else(|| text.into()))
}

/// What a word of the settings is called: those that the house knows have a name.
pub(crate) fn word(ui: Ui, word: &Value) -> String {
    let plain = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
    let key = plain.replace('_', "-");
    let is_plain = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    match is_plain && has(&format!("parts-word-{key}")) {
        true => ui.say_of("parts-word-", &key).to_string(),
        false => plain,
    }
}

/// A value in words.
fn spoken(ui: Ui, part: Part<'_>, value: &Value) -> String {
    let between = if ui.is_chinese() { "、" } else { ", " };
    let list = |item: &dyn Fn(&Value) -> String| {
        let all = value.as_array().into_iter().flatten();
        all.map(item).collect::<Vec<_>>().join(between)
    };
    let said = match part.shape() {
        Shape::Flag if value == &Value::Bool(true) => ui.say("parts-yes").to_string(),
        Shape::Flag => ui.say("parts-no").to_string(),
        Shape::One(_) => word(ui, value),
        Shape::Several(_) => list(&|item| word(ui, item)),
        Shape::Lines(item) => list(&|line| spoken(ui, item, line)),
        Shape::Things(item) => list(&|thing| spoken(ui, item, thing)),
        Shape::Object => {
            let fields = part
                .fields()
                .map(|(key, field)| spoken(ui, field, &value[key.as_str()]));
            fields.filter(|said| said != "—").collect::<Vec<_>>().join(" ")
        }
        Shape::Money => value.as_i64().map_or_else(String::new, |minor| ui.money(minor)),
        shape @ Shape::Share if !value.is_null() => format!("{}%", typed(&shape, value, ui.currency)),
        shape => typed(&shape, value, ui.currency),
    };
    if said.is_empty() { "—".into() } else { said }
}

/// A setting that is another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) title: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The settings in words, each with its title.
pub(crate) fn described(ui: Ui, schema: &Value, set: &Value) -> Vec<(String, String)> {
    let fields = Part::whole(schema).fields();
    let said = fields.map(|(key, part)| (part.title(ui, key), spoken(ui, part, part.value(set, key))));
    said.collect()
}

/// The settings that are others than before.
pub(crate) fn changed(ui: Ui, schema: &Value, before: &Value, after: &Value) -> Vec<Changed> {
    let fields = Part::whole(schema).fields();
    let all = fields.map(|(key, part)| Changed {
        title: part.title(ui, key),
        before: spoken(ui, part, part.value(before, key)),
        after: spoken(ui, part, part.value(after, key)),
    });
    all.filter(|one| one.before != one.after).collect()
}

/// What is wrong with settings, with fields called as the form calls them instead of by their places.
pub(crate) fn readable(ui: Ui, schema: &Value, said: &str) -> String {
    let mut fields: Vec<_> = Part::whole(schema).fields().collect();
    // the longer first, so that none is taken for the beginning of another
    fields.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
    fields.into_iter().fold(said.to_owned(), |said, (key, part)| {
        let title = part.title(ui, key);
        let title = if ui.is_chinese() {
            format!("「{title}」")
        } else {
            format!("“{title}”")
        };
        said.replace(&format!("/{key}"), &title)
    })
}

/// An object of what is there.
pub(super) fn object(fields: impl IntoIterator<Item = (String, Option<Value>)>) -> Value {
    let there = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Value::Object(there.collect::<Map<_, _>>())
}
