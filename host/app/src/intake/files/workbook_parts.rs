//! The parts of a workbook around its sheets: their names, the texts that cells share, which formats show dates.

use super::super::ReadError;
use super::super::dates::Epoch;
use super::super::xml::{Xml, attribute, bad, reference};
use quick_xml::events::Event;
use std::collections::HashMap;

/// Most sheets, styles and the like; the format itself has fewer.
const MOST: usize = 100_000;

/// What a workbook says of itself.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) epoch: Epoch,
    pub(super) sheets: Vec<Sheet>,
}

/// A sheet that a workbook lists.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) relation: String,
    pub(super) hidden: bool,
}

/// Reads the list of sheets.
pub(super) fn contents(xml: &mut Xml<'_>) -> Result<Contents, ReadError> {
    let mut contents = Contents::default();
    loop {
        match xml.next()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                b"workbookPr" => {
                    let system = attribute(&tag, "date1904");
                    contents.epoch = match system.as_deref() {
                        Some("1" | "true" | "on") => Epoch::Y1904,
                        _ => Epoch::Y1900,
                    };
                }
                b"sheet" if contents.sheets.len() < MOST => {
                    if let (Some(name), Some(relation)) = (attribute(&tag, "name"), attribute(&tag, "id")) {
                        let hidden = attribute(&tag, "state").is_some_and(|state| state != "visible");
                        contents.sheets.push(Sheet { name, relation, hidden });
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok(contents),
            _ => {}
        }
    }
}

/// Reads which part each relation means.
pub(super) fn targets(xml: &mut Xml<'_>) -> Result<HashMap<String, String>, ReadError> {
    let mut targets = HashMap::new();
    loop {
        match xml.next()? {
            Event::Start(tag) | Event::Empty(tag) if targets.len() < MOST => {
                if let (Some(id), Some(target)) = (attribute(&tag, "Id"), attribute(&tag, "Target")) {
                    targets.insert(id, target);
                }
            }
            Event::Eof => return Ok(targets),
            _ => {}
        }
    }
}

/// The name of a part in the archive from what a relation of the workbook calls it.
pub(super) fn path(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("xl/{}", target.trim_start_matches("./")),
    }
}

/// Reads which cell formats show dates.
pub(super) fn dates(xml: &mut Xml<'_>) -> Result<Vec<bool>, ReadError> {
    let mut own: HashMap<u32, bool> = HashMap::new();
    let mut formats = Vec::new();
    let mut in_cells = false;
    loop {
        match xml.next()? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                b"numFmt" if own.len() < MOST => {
                    let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                    if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")) {
                        own.insert(id, shows_date(&code));
                    }
                }
                b"cellXfs" => in_cells = true,
                b"xf" if in_cells && formats.len() < MOST => {
                    let id: u32 = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    formats.push(own.get(&id).copied().unwrap_or_else(|| built_in_date(id)));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == b"cellXfs" => in_cells = false,
            Event::Eof => return Ok(formats),
            _ => {}
        }
    }
}

/// Formats that every workbook has, those of Chinese and Japanese versions included.
fn built_in_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format has a part of a date or time outside of quotes and brackets.
fn shows_date(code: &str) -> bool {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    for c in code.chars() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' | '_' | '*' if !quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            // the first section decides
            ';' if !quoted => return false,
            _ if quoted || bracketed => {}
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => return true,
            'G' | 'g' if code.starts_with("General") => return false,
            _ => {}
        }
    }
    false
}

/// The texts that cells share, one after the other.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(super) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.all.get(start..end)
    }

    pub(super) fn read(xml: &mut Xml<'_>) -> Result<Self, ReadError> {
        let mut texts = Self::default();
        let mut text = String::new();
        let (mut collecting, mut phonetic) = (false, false);
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    b"si" => text.clear(),
                    b"t" => collecting = !phonetic,
                    b"rPh" => phonetic = true,
                    _ => {}
                },
                Event::Empty(tag) if tag.local_name().as_ref() == b"si" => texts.push(""),
                Event::End(tag) => match tag.local_name().as_ref() {
                    b"si" => texts.push(&unescaped(&text)),
                    b"t" => collecting = false,
                    b"rPh" => phonetic = false,
                    _ => {}
                },
                Event::Text(part) if collecting => {
                    text.push_str(&part.xml10_content().map_err(|e| ReadError::File(bad(e)))?);
                }
                Event::CData(part) if collecting => {
                    text.push_str(&part.xml10_content().map_err(|e| ReadError::File(bad(e)))?);
                }
                Event::GeneralRef(entity) if collecting => text.push_str(&reference(&entity).unwrap_or_default()),
                Event::Eof => return Ok(texts),
                _ => {}
            }
        }
    }

    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
    }
}

/// A text with characters that XML cannot hold, which workbooks write as `_x000D_`.
pub(super) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        plain.push_str(&rest[..at]);
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.as_bytes().get(at + 6) == Some(&b'_'));
        match code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
        {
            Some(c) => {
                plain.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_that_show_dates() {
        for code in [
            "yyyy-mm-dd",
            "yyyy\"年\"m\"月\"d\"日\"",
            "[$-804]m/d",
            "h:mm",
            "[Red]yyyy;@",
            "mm:ss.0",
        ] {
            assert!(shows_date(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0.00\"day\"",
            "[Red]0",
            "\\d0",
            "0;\"m\"",
            "_d0",
            "@",
        ] {
            assert!(!shows_date(code), "{code}");
        }
    }

    #[test]
    fn escaped_characters() {
        assert_eq!(unescaped("a_x000D_b_x005F_x_x12"), "a\rb_x_x12");
        assert_eq!(unescaped("_xD800_ 李_x_"), "_xD800_ 李_x_");
        assert_eq!(path("worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(path("/xl/worksheets/a.xml"), "xl/worksheets/a.xml");
    }
}
