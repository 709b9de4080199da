//! A mapping as a form has it: every key by itself, read from TOML and written as TOML.

use super::headers::plain;
use super::mapping::Mapping;
use super::meaning::{field, is_too_long};
use posthouse_domain::row::{self, FileKind};
use posthouse_domain::{Rejection, attribute, canonical};
use std::collections::BTreeMap;
use std::fmt::Write;
use toml::de::{DeTable, DeValue};

/// What a mapping says, key by key. Nothing is checked until it is a [`Mapping`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingDraft {
    /// The keys that have one value each, with it: `source`, `encoding`, `delimiter`, `sheet`, `header_row`, `time_zone`, `date_order`, `decimal`.
    pub says: BTreeMap<String, String>,
    /// The header of each field.
    pub columns: BTreeMap<String, String>,
    /// Headers that are left out although they would be understood.
    pub ignore: Vec<String>,
    /// What each field is where a row says nothing.
    pub constants: BTreeMap<String, String>,
    /// The status that each word stands for.
    pub status: BTreeMap<String, String>,
}

impl MappingDraft {
    /// What a mapping for files of `kind` says.
    ///
    /// # Errors
    /// `bad_mapping`, as for [`Mapping::parse`].
    pub fn read(kind: FileKind, text: &str) -> Result<Self, Rejection> {
        Mapping::parse(kind, text)?;
        let mut draft = Self::default();
        // it was read a moment ago
        let Ok(table) = DeTable::parse(text.trim_start_matches('\u{feff}')) else {
            return Ok(draft);
        };
        for (key, value) in table.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("kind", _) => {}
                ("columns", DeValue::Table(table)) => draft.columns = texts(table),
                ("constants", DeValue::Table(table)) => draft.constants = texts(table),
                ("status", DeValue::Table(table)) => draft.status = texts(table),
                ("ignore", DeValue::Array(list)) => {
                    draft.ignore = list.iter().filter_map(|value| one(value.get_ref())).collect();
                }
                (name, value) => draft.says.extend(one(value).map(|text| (name.to_owned(), text))),
            }
        }
        Ok(draft)
    }

    /// The same as a mapping file; nothing if it says nothing.
    ///
    /// # Errors
    /// `bad_mapping`: what is wrong.
    pub fn write(&self, kind: FileKind) -> Result<Option<String>, Rejection> {
        if *self == Self::default() {
            return Ok(None);
        }
        let mut text = format!("kind = {}\n", quoted(kind.as_str()));
        for (key, value) in &self.says {
            let is_number = key == "header_row" && value.bytes().all(|byte| byte.is_ascii_digit());
            let value = if is_number { value.clone() } else { quoted(value) };
            let _ = writeln!(text, "{key} = {value}");
        }
        if !self.ignore.is_empty() {
            let list: Vec<String> = self.ignore.iter().map(|header| quoted(header)).collect();
            let _ = writeln!(text, "ignore = [{}]", list.join(", "));
        }
        for (name, table) in [
            ("columns", &self.columns),
            ("constants", &self.constants),
            ("status", &self.status),
        ] {
            if table.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n[{name}]");
            for (key, value) in table {
                let _ = writeln!(text, "{} = {}", quoted(key), quoted(value));
            }
        }
        Mapping::parse(kind, &text)?;
        Ok(Some(text))
    }
}

impl MappingDraft {
    /// The field that a header means with this mapping.
    pub fn field_of(&self, kind: FileKind, header: &str) -> Option<String> {
        let name = plain(header);
        let named = self.columns.iter().find(|(_, wanted)| plain(wanted) == name);
        if let Some((field, _)) = named {
            return Some(field.clone());
        }
        let by_itself = means(kind, header).filter(|field| !self.columns.contains_key(*field));
        let left_out = self.ignore.iter().any(|other| plain(other) == name);
        by_itself.filter(|_| !left_out).map(str::to_owned)
    }

    /// Has each header mean the field that was chosen for it, or none. What they mean by themselves need not be said.
    ///
    /// # Errors
    /// A field that was chosen for two columns and can have one only.
    pub fn choose(&mut self, kind: FileKind, chosen: &[(String, Option<String>)]) -> Result<(), String> {
        self.columns.clear();
        self.ignore.clear();
        for (header, field) in chosen {
            let by_itself = means(kind, header);
            match field {
                Some(field) if by_itself == Some(field) => {}
                Some(field) => {
                    let before = self.columns.insert(field.clone(), header.clone());
                    if before.is_some() {
                        return Err(field.clone());
                    }
                }
                // an attribute of the agency's own has no field, and is understood by itself
                None if by_itself.is_some() || attribute::of_header(header).is_some() => {
                    self.ignore.push(header.clone())
                }
                None => {}
            }
        }
        let twice = |field: &str| {
            let of_field = chosen
                .iter()
                .filter(|(_, chosen)| chosen.as_deref() == Some(field))
                .count();
            of_field > 1 && (self.columns.contains_key(field) || !row::may_repeat(field))
        };
        let mut fields = chosen.iter().filter_map(|(_, field)| field.as_deref());
        fields
            .find(|field| twice(field))
            .map_or(Ok(()), |field| Err(field.to_owned()))
    }
}

/// The field that a header means by itself, whatever a mapping says.
pub fn means(kind: FileKind, header: &str) -> Option<&'static str> {
    field(kind, header).filter(|_| !is_too_long(header))
}

/// What tells a header row from others: its headers without what people vary, in their order.
pub fn header_mark<'h>(headers: impl IntoIterator<Item = &'h str>) -> String {
    let mut plain: Vec<String> = headers.into_iter().map(plain).collect();
    while plain.last().is_some_and(String::is_empty) {
        plain.pop();
    }
    canonical::digest(plain.join("\n"))
}

fn one(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        _ => None,
    }
}

fn texts(table: &DeTable<'_>) -> BTreeMap<String, String> {
    let pairs = table.iter();
    pairs
        .filter_map(|(key, value)| Some((key.get_ref().to_string(), one(value.get_ref())?)))
        .collect()
}

/// A string of JSON is one of TOML, but for the character that ends what is printed.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}kind = \"bookings\"\nsource = \"erp\"\nheader_row = 0x3\ndate_order = \"dmy\"\nignore = [\"备注\", \"a\\\"b\"]\n\
                        [columns]\namount = \"Price\"\n[constants]\nchannel = \"partner\"\n[status]\n\"已出票\" = \"paid\"\n";

    #[test]
    fn what_a_mapping_says_is_the_same_after_a_form() {
        let draft = MappingDraft::read(FileKind::Bookings, TEXT).expect("a mapping");
        assert_eq!(draft.says["header_row"], "3");
        assert_eq!(draft.says["source"], "erp");
        assert_eq!(draft.ignore, ["备注", "a\"b"]);
        assert_eq!(draft.columns["amount"], "Price");
        assert_eq!(draft.status["已出票"], "paid");
        let written = draft.write(FileKind::Bookings).expect("good").expect("something");
        assert_eq!(MappingDraft::read(FileKind::Bookings, &written).expect("good"), draft);
        assert_eq!(MappingDraft::default().write(FileKind::Bookings), Ok(None));
    }

    #[test]
    fn what_is_wrong_in_a_form_is_said_as_in_a_file() {
        let mut draft = MappingDraft::default();
        draft.says.insert("header_row".into(), "three".into());
        let refused = draft.write(FileKind::Bookings).expect_err("no number");
        assert_eq!(refused.code, "bad_mapping");
        assert!(refused.detail.en.contains("header_row"), "{refused}");
        let both = "ignore = [\"Price\"]\n[columns]\namount = \"price\"";
        assert!(
            Mapping::parse(FileKind::Bookings, both).is_err(),
            "left out and imported"
        );
    }

    #[test]
    fn headers_mean_what_was_chosen_for_them() {
        let kind = FileKind::Bookings;
        let mut draft = MappingDraft::default();
        let choose = |draft: &mut MappingDraft, chosen: &[(&str, &str)]| {
            let owned = |(header, field): &(&str, &str)| {
                ((*header).to_owned(), (!field.is_empty()).then(|| (*field).to_owned()))
            };
            draft.choose(kind, &chosen.iter().map(owned).collect::<Vec<_>>())
        };
        let chosen = [
            ("手机", "customer_phone"),
            ("电话", ""),
            ("下单日期", "booked_at"),
            ("实收", "amount"),
            ("金额", ""),
            ("备注", ""),
            ("attr.vip", ""),
        ];
        choose(&mut draft, &chosen).expect("each field once");
        assert_eq!(draft.columns, BTreeMap::from([("amount".into(), "实收".into())]));
        assert_eq!(
            draft.ignore,
            ["电话", "金额", "attr.vip"],
            "what is understood by itself is left out"
        );
        for (header, field) in chosen {
            assert_eq!(draft.field_of(kind, header).unwrap_or_default(), field, "{header}");
        }
        draft.write(kind).expect("a good mapping");
        choose(&mut draft, &[("手机", "customer_phone"), ("电话", "customer_phone")])
            .expect("telephones may be several");
        assert_eq!(draft, MappingDraft::default());
        let twice = choose(&mut draft, &[("金额", "amount"), ("实收", "amount")]);
        assert_eq!(twice, Err("amount".to_owned()));
        let more = choose(&mut draft, &[("手机", "customer_phone"), ("备用", "customer_phone")]);
        assert_eq!(more, Err("customer_phone".to_owned()), "a mapping names one");
    }

    #[test]
    fn a_header_row_is_known_again_however_it_is_written() {
        let mark = header_mark(["订单 金额", "Phone", ""]);
        assert_eq!(mark, header_mark(["*订单金额", "phone"]));
        assert_ne!(mark, header_mark(["phone", "订单金额"]));
        assert_eq!(means(FileKind::Bookings, "*订单 金额"), Some("amount"));
        assert_eq!(means(FileKind::Customers, "*订单 金额"), None);
    }
}
