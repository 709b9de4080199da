//! Mapping files: what a file's headers and words mean, in TOML.

use super::dates::DateOrder;
use super::delimited::DELIMITERS;
use super::headers::plain;
use super::meaning::{LONGEST_HEADER, is_too_long, looked_up};
use super::quote;
use chrono_tz::Tz;
use encoding_rs::Encoding;
use posthouse_domain::booking::BookingStatus;
use posthouse_domain::row::FileKind;
use posthouse_domain::{Rejection, Words, canonical, event, normal, words};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest mapping in bytes.
const LONGEST: usize = 256 * 1024;
/// Furthest row that may have the headers.
pub(super) const LAST_HEADER_ROW: i64 = 100;
/// Longest name of a sheet, in characters. Excel allows 31, other programs more.
const LONGEST_SHEET: usize = 255;
/// Longest word that is compared with those that are known, in bytes.
const LONGEST_WORD: usize = 100;
const KEYS: [&str; 13] = [
    "kind",
    "source",
    "encoding",
    "delimiter",
    "sheet",
    "header_row",
    "time_zone",
    "date_order",
    "decimal",
    "ignore",
    "columns",
    "constants",
    "status",
];

/// What a mapping file says. Nothing, if there is none.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pub(super) source: Option<String>,
    pub(super) encoding: Option<&'static Encoding>,
    pub(super) delimiter: Option<char>,
    pub(super) sheet: Option<String>,
    pub(super) header_row: Option<i64>,
    pub(super) time_zone: Option<Tz>,
    pub(super) date_order: Option<DateOrder>,
    /// Amounts are written `1.234,50`.
    pub(super) decimal_comma: bool,
    /// The header of each field.
    pub(super) columns: BTreeMap<&'static str, String>,
    /// Headers that are left out, in the spelling of [`plain`].
    pub(super) ignore: Vec<String>,
    /// What each field is where a row says nothing.
    pub(super) constants: BTreeMap<&'static str, String>,
    /// The meaning of words, in the spelling of [`plain`].
    pub(super) status: HashMap<String, BookingStatus>,
}

impl Mapping {
    /// Reads a mapping for files of `kind`.
    ///
    /// # Errors
    /// `bad_mapping`: what is wrong in which line.
    pub fn parse(kind: FileKind, text: &str) -> Result<Self, Rejection> {
        if text.len() > LONGEST {
            return Err(Rejection::new(
                "bad_mapping",
                words!("the mapping is longer than 256 KiB", "映射超过 256 KiB"),
            ));
        }
        let text = text.trim_start_matches('\u{feff}');
        let file = File { text, kind };
        let table =
            DeTable::parse(text).map_err(|error| file.bad(error.span().unwrap_or(0..0), not_toml(error.message())))?;
        let mut mapping = Self::default();
        for (key, value) in table.get_ref() {
            file.take(&mut mapping, key, value)?;
        }
        let both = mapping.columns.values().find(|header| mapping.leaves_out(header));
        if let Some(header) = both {
            let at = table.get_ref().get("ignore").map_or(0..0, Spanned::span);
            let header = quote(header);
            return Err(file.bad(
                at,
                words!(
                    "{header} is left out by ignore, and named under [columns]",
                    "{header} 既在 ignore 中，又在 [columns] 中；请去掉其中一个"
                ),
            ));
        }
        Ok(mapping)
    }

    /// The text of a mapping file with what was said beside it: the encoding of a text file, the sheet of a workbook. `None` if
    /// nothing was said at all.
    ///
    /// # Errors
    /// `bad_mapping`: what is wrong, or said twice.
    pub fn completed(
        kind: FileKind,
        text: Option<&str>,
        encoding: Option<&str>,
        sheet: Option<&str>,
    ) -> Result<Option<String>, Rejection> {
        let file = text
            .map(|text| Self::parse(kind, text))
            .transpose()?
            .unwrap_or_default();
        let mut whole = String::new();
        for (key, beside, inside) in [
            ("encoding", encoding, file.encoding.is_some()),
            ("sheet", sheet, file.sheet.is_some()),
        ] {
            let Some(beside) = beside else { continue };
            if inside {
                let detail = words!(
                    "the mapping names the {key}, and so does the request; leave one of the two out",
                    "映射和请求都指定了 {key}；请去掉其中一个"
                );
                return Err(Rejection::new("bad_mapping", detail));
            }
            // a string of JSON is one of TOML
            let quoted = serde_json::Value::from(beside).to_string();
            let line = format!("{key} = {quoted}\n");
            Self::parse(kind, &line).map_err(|rejection| {
                // who names it beside the file has no lines
                let detail = Words {
                    en: rejection.detail.en.trim_start_matches("mapping, line 1: ").to_owned(),
                    zh: rejection.detail.zh.trim_start_matches("映射第 1 行：").to_owned(),
                };
                Rejection { detail, ..rejection }
            })?;
            whole += &line;
        }
        whole += text.unwrap_or_default().trim_start_matches('\u{feff}');
        Ok((text.is_some() || !whole.is_empty()).then_some(whole))
    }

    /// Whether a header is left out although it would be understood.
    pub(super) fn leaves_out(&self, header: &str) -> bool {
        !self.ignore.is_empty() && looked_up(header).is_some_and(|header| self.ignore.contains(&header))
    }

    /// What tells this mapping's text from others; empty for none.
    pub fn digest(text: Option<&str>) -> String {
        text.map(canonical::digest).unwrap_or_default()
    }
}

struct File<'t> {
    text: &'t str,
    kind: FileKind,
}

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

impl File<'_> {
    fn bad(&self, at: Range<usize>, problem: Words) -> Rejection {
        let before = &self.text.as_bytes()[..at.start.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Rejection::new(
            "bad_mapping",
            words!("mapping, line {line}: {problem}", "映射第 {line} 行：{problem}"),
        )
    }

    fn take(&self, mapping: &mut Mapping, key: &Key<'_>, value: &Value<'_>) -> Result<(), Rejection> {
        let name = key.get_ref().as_ref();
        let bad = |problem: Words| self.bad(value.span(), problem);
        match name {
            "kind" => {
                let kind = self.string(name, value)?;
                if kind != self.kind.as_str() {
                    return Err(bad(words!(
                        "the mapping is for {kind}, but the file was sent as {sent}",
                        "映射用于 {kind}，而文件是按 {sent} 发送的",
                        kind = quote(&kind),
                        sent = self.kind.as_str()
                    )));
                }
            }
            "source" => mapping.source = Some(self.source(value)?),
            "encoding" => {
                let label = self.string(name, value)?;
                let found = Encoding::for_label(label.as_bytes()).filter(|e| *e != encoding_rs::REPLACEMENT);
                let found = found.ok_or_else(|| {
                    bad(words!(
                        "encoding {label} is not known; use utf-8, gb18030 or utf-16le",
                        "编码 {label} 无法识别；可用 utf-8、gb18030、utf-16le",
                        label = quote(&label)
                    ))
                })?;
                // what is called GBK in files has characters beyond it
                mapping.encoding = Some(if found == encoding_rs::GBK {
                    encoding_rs::GB18030
                } else {
                    found
                });
            }
            "delimiter" => {
                let text = self.string(name, value)?;
                let delimiter = DELIMITERS.into_iter().find(|known| text == known.to_string());
                mapping.delimiter = Some(delimiter.ok_or_else(|| {
                    bad(words!(
                        "delimiter must be \",\", \";\", \"\\t\" or \"|\"",
                        "delimiter 应为 \",\"、\";\"、\"\\t\" 或 \"|\""
                    ))
                })?);
            }
            "sheet" => mapping.sheet = Some(self.sheet(value)?),
            "header_row" => {
                let row = match value.get_ref() {
                    DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
                    _ => None,
                };
                let row = row.filter(|row| (1..=LAST_HEADER_ROW).contains(row));
                mapping.header_row = Some(row.ok_or_else(|| {
                    bad(words!(
                        "header_row must be a number from 1 to {LAST_HEADER_ROW}",
                        "header_row 应为 1 到 {LAST_HEADER_ROW} 的数字"
                    ))
                })?);
            }
            "time_zone" => {
                let zone = self.string(name, value)?;
                let zone: Result<Tz, _> = zone.parse();
                mapping.time_zone = Some(zone.map_err(|_| {
                    bad(words!(
                        "time_zone must be a name like Asia/Shanghai",
                        "time_zone 应写成 Asia/Shanghai 的形式"
                    ))
                })?);
            }
            "date_order" => {
                let order = DateOrder::parse(&self.string(name, value)?);
                mapping.date_order = Some(order.ok_or_else(|| {
                    bad(words!(
                        "date_order must be \"ymd\", \"dmy\" or \"mdy\"",
                        "date_order 应为 \"ymd\"、\"dmy\" 或 \"mdy\""
                    ))
                })?);
            }
            "decimal" => match self.string(name, value)?.as_str() {
                "." => mapping.decimal_comma = false,
                "," => mapping.decimal_comma = true,
                _ => {
                    return Err(bad(words!(
                        "decimal must be \".\" or \",\"",
                        "decimal 应为 \".\" 或 \",\""
                    )));
                }
            },
            "ignore" => mapping.ignore = self.ignored(value)?,
            "columns" => {
                mapping.columns = self.fields(name, value)?;
                self.one_field_each(&mapping.columns, value)?;
            }
            "constants" => {
                mapping.constants = self.fields(name, value)?;
                // every row would be the same record, and all but the first known
                let id = ["external_id", "booking_id"]
                    .into_iter()
                    .find(|id| mapping.constants.contains_key(id));
                if let Some(id) = id {
                    return Err(bad(words!(
                        "{id} tells rows apart and cannot be the same for all; leave it out",
                        "{id} 用来区分各行，不能全部相同；请去掉"
                    )));
                }
            }
            "status" => mapping.status = self.statuses(value)?,
            other => {
                let near = near(other, KEYS.iter().copied());
                let other = quote(other);
                return Err(self.bad(
                    key.span(),
                    words!("{other} is not known{near}", "{other} 无法识别{near}"),
                ));
            }
        }
        Ok(())
    }

    fn string(&self, name: &str, value: &Value<'_>) -> Result<String, Rejection> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() || name == "delimiter" => Ok(text.to_string()),
            _ => Err(self.bad(
                value.span(),
                words!("{name} must be a text in quotes", "{name} 应为带引号的文本"),
            )),
        }
    }

    fn ignored(&self, value: &Value<'_>) -> Result<Vec<String>, Rejection> {
        let DeValue::Array(list) = value.get_ref() else {
            return Err(self.bad(
                value.span(),
                words!(
                    "ignore must be a list of headers: [\"Notes\"]",
                    "ignore 应为表头的列表，如 [\"备注\"]"
                ),
            ));
        };
        list.iter()
            .map(|header| Ok(plain(&self.string("ignore", header)?)))
            .collect()
    }

    fn sheet(&self, value: &Value<'_>) -> Result<String, Rejection> {
        let sheet = self.string("sheet", value)?;
        if sheet.chars().nth(LONGEST_SHEET).is_some() || sheet.chars().any(char::is_control) {
            return Err(self.bad(
                value.span(),
                words!(
                    "sheet {sheet} is longer than {LONGEST_SHEET} characters or has control characters; write the name as the workbook shows it",
                    "工作表名 {sheet} 超过 {LONGEST_SHEET} 个字符或含有控制字符；请照工作簿中显示的名称填写",
                    sheet = quote(&sheet)
                ),
            ));
        }
        Ok(sheet)
    }

    fn source(&self, value: &Value<'_>) -> Result<String, Rejection> {
        let source = normal::text(&self.string("source", value)?);
        let bad = |problem: Words| {
            self.bad(
                value.span(),
                words!(
                    "source {source} {problem}",
                    "source {source} {problem}",
                    source = quote(&source)
                ),
            )
        };
        if source.len() > 200 || source.chars().any(char::is_control) {
            return Err(bad(words!(
                "is longer than 200 bytes or has control characters",
                "超过 200 字节或含有控制字符"
            )));
        }
        // what staff enter by hand
        if event::OWN_SOURCES.contains(&source.as_str()) {
            return Err(bad(words!(
                "is the server's own; choose another name",
                "是服务器自用的名称；请换一个"
            )));
        }
        Ok(source)
    }

    fn table<'v, 't>(&self, name: &str, value: &'v Value<'t>) -> Result<&'v DeTable<'t>, Rejection> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.bad(
                value.span(),
                words!("{name} must be a table: [{name}]", "{name} 应为表：[{name}]"),
            )),
        }
    }

    fn fields(&self, name: &str, value: &Value<'_>) -> Result<BTreeMap<&'static str, String>, Rejection> {
        let mut fields = BTreeMap::new();
        for (key, value) in self.table(name, value)? {
            let wanted = key.get_ref().as_ref();
            let known = self.kind.headers().iter().copied().find(|known| *known == wanted);
            let known = known.ok_or_else(|| {
                let near = near(wanted, self.kind.headers().iter().copied());
                self.bad(
                    key.span(),
                    words!(
                        "{wanted} is not a field of {kind}{near}",
                        "{kind} 没有字段 {wanted}{near}",
                        wanted = quote(wanted),
                        kind = self.kind.as_str()
                    ),
                )
            })?;
            let text = self.string(known, value)?;
            if name == "columns" && is_too_long(&text) {
                return Err(self.bad(
                    value.span(),
                    words!(
                        "the header of {known} is longer than {LONGEST_HEADER} characters, and no longer ones are understood; shorten it in the file and here",
                        "{known} 的表头超过 {LONGEST_HEADER} 个字符，过长的表头无法识别；请在文件和映射中改短"
                    ),
                ));
            }
            fields.insert(known, text);
        }
        Ok(fields)
    }

    /// A column is one field: of two that are under one header, one would be lost.
    fn one_field_each(&self, columns: &BTreeMap<&'static str, String>, value: &Value<'_>) -> Result<(), Rejection> {
        let mut fields = HashMap::new();
        for (field, header) in columns {
            if let Some(other) = fields.insert(plain(header), field) {
                return Err(self.bad(
                    value.span(),
                    words!(
                        "{other} and {field} are both under {header}; a column is one field, leave one of them out",
                        "{other} 和 {field} 都指定了 {header} 列；一列只能是一个字段，请去掉其中一个",
                        header = quote(header)
                    ),
                ));
            }
        }
        Ok(())
    }

    fn statuses(&self, value: &Value<'_>) -> Result<HashMap<String, BookingStatus>, Rejection> {
        let mut statuses = HashMap::new();
        for (key, value) in self.table("status", value)? {
            let word = quote(key.get_ref());
            let meaning = self.string(&word, value)?;
            let status = meaning.parse().map_err(|()| {
                let known = BookingStatus::ALL.map(BookingStatus::as_str);
                let near = near(&meaning, known.into_iter());
                self.bad(
                    value.span(),
                    words!(
                        "{meaning} is not a status{near}; known are {en}",
                        "{meaning} 不是状态{near}；可用的有 {zh}",
                        meaning = quote(&meaning),
                        en = known.join(", "),
                        zh = known.join("、")
                    ),
                )
            })?;
            if statuses
                .insert(plain(key.get_ref()), status)
                .is_some_and(|other| other != status)
            {
                return Err(self.bad(
                    key.span(),
                    words!(
                        "{word} is given two meanings, as case, blanks and the form of characters do not tell words apart; leave one out",
                        "{word} 有两种含义：大小写、空格和繁简写法不区分词语；请去掉其中一个"
                    ),
                ));
            }
        }
        Ok(statuses)
    }
}

/// Why a text is not TOML: what the parser says, and in Chinese what most often leads to it.
fn not_toml(message: &str) -> Words {
    let zh = if message.starts_with("duplicate key") {
        "同一项写了两次"
    } else if message.contains("string") && !message.contains("must be quoted") {
        "文本的引号不完整，或其中的反斜杠没有写两次"
    } else if message.contains("key") && !message.contains("value") {
        "这一项的名称写法有误；名称中有汉字、空格等字符时要加引号"
    } else if message.contains("unclosed") || message.contains("missing array") {
        "缺少右括号"
    } else if message.contains("assignment") {
        "每项应写成“名称 = 值”"
    } else {
        "值的写法有误；文本要加引号"
    };
    words!("{message}", "{zh}")
}

/// A question about the nearest known word, if one is near.
fn near<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Words {
    if word.len() > LONGEST_WORD {
        return Words::default();
    }
    known
        .map(|other| {
            let part = word.len() > 2 && other.contains(word);
            let likeness = if part {
                0.8
            } else {
                strsim::normalized_damerau_levenshtein(word, other)
            };
            (likeness, other)
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .map_or_else(Words::default, |(_, other)| {
            words!("; did you mean {other:?}?", "；是否指 {other:?}？")
        })
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
