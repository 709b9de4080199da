//! Cells in the one spelling that rows are read in.
//!
//! Only what is sure is rewritten. Anything else is handed on as it stands, and the reader of rows refuses it in its own words.

use super::dates::{self, Epoch, Told};
use super::notes::Unit;
use super::numbers::{id, lost_digits, phone, rounded, shown_short};
use super::traditional::simplified;
use super::units::{self, Mark, Money, canonical};
use super::words::{BROKEN, CURRENCIES, FLAGS, GENDERS, KINDS, STATUSES};
use super::{Cell, CellKind, Mapping, headers, quote};
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::money::{self, Currency};
use posthouse_domain::{AgencyTerms, Rejection, normal, row, time, words};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// How the cells of a file are spelt.
pub(super) struct Spelling<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) terms: &'m AgencyTerms,
    pub(super) epoch: Epoch,
    /// When the file came, in ms since 1970.
    pub(super) now: i64,
}

impl Spelling<'_> {
    /// The cell of `field` in normal spelling, below a header that says `unit`. `currency` is that of the row, if it is one.
    ///
    /// # Errors
    /// What cannot be right and could be taken for something else.
    pub(super) fn read(
        &self,
        field: &str,
        unit: Unit,
        cell: &Cell,
        currency: Option<Currency>,
    ) -> Result<String, Rejection> {
        let text = unwrapped(&cell.text);
        if text.is_empty() {
            return Ok(String::new());
        }
        if text.contains('\u{fffd}') {
            return Err(Rejection::new(
                "bad_encoding",
                words!(
                    "{field} has characters that cannot be decoded; save the file as CSV UTF-8, or say in the mapping which encoding it has",
                    "{field} 含有无法解码的字符；请把文件另存为 CSV UTF-8，或在映射中写明编码"
                ),
            ));
        }
        if cell.kind == CellKind::Unsaved {
            return Err(Rejection::new(
                "broken_cell",
                words!(
                    "{field} is the formula {formula}, whose result the file does not have; open it in a spreadsheet program, save it, and send that file",
                    "{field} 是公式 {formula}，文件里没有它的结果；请用表格软件打开、保存后再发",
                    formula = quote(text)
                ),
            ));
        }
        if BROKEN.iter().any(|broken| text.starts_with(broken)) {
            return Err(Rejection::new(
                "broken_cell",
                words!(
                    "{field} is {text}, which a spreadsheet shows where a value is missing or hidden; enter the value",
                    "{field} 为 {text}，表格软件在值缺失或显示不下时会这样显示；请填入实际的值",
                    text = quote(text)
                ),
            ));
        }
        if lost_digits(cell, text) {
            return Err(rounded(field, text));
        }
        match field {
            "external_id" | "booking_id" | "member_no" | "customer_member_no" => id(field, &half_width(text)),
            "phone" | "customer_phone" => phone(field, &half_width(text)),
            "email" | "customer_email" => Ok(half_width(text)),
            "booked_at" => self.moment(field, unit, &half_width(text)),
            "departs" | "returns" | "since" => self.day(field, unit, &half_width(text)),
            "birth_date" => self.whole_day(field, unit, &half_width(text)),
            "amount" | "cost" => self.money(field, unit.money, cell, text, currency),
            "amount_base" => self.money(field, unit.money, cell, text, Some(self.terms.currency)),
            "travellers" => Ok(people(&half_width(text))),
            "currency" => Ok(word(&CURRENCIES, text)),
            "status" => Ok(self.status(text)),
            "gender" => Ok(word(&GENDERS, text)),
            "kind" => Ok(word(&KINDS, text)),
            "consent_marketing" => Ok(word(&FLAGS, text)),
            _ if shown_short(text) => Err(rounded(field, text)),
            _ => Ok(text.to_owned()),
        }
    }

    /// The cell of an attribute of the agency's own, told as events tell it: money in minor units, days as `2026-01-15`.
    ///
    /// # Errors
    /// As [`Self::read`], and amounts that are none.
    pub(super) fn attribute(&self, header: &str, unit: Unit, kind: FactKind, cell: &Cell) -> Result<String, Rejection> {
        let text = self.read(header, unit, cell, None)?;
        if text.is_empty() {
            return Ok(text);
        }
        match kind {
            FactKind::Money => {
                let base = self.terms.currency;
                let amount = self.money(header, unit.money, cell, &text, Some(base))?;
                let (sign, amount) = amount.strip_prefix('-').map_or((1, amount.as_str()), |rest| (-1, rest));
                money::parse_major(amount, base)
                    .map(|minor| (sign * minor).to_string())
                    .map_err(|e| {
                        Rejection::new(
                            "bad_attribute",
                            words!("{header} {text} {e}", "{header} {text} {e}", text = quote(&text)),
                        )
                    })
            }
            FactKind::Day => self.whole_day(header, unit, &half_width(&text)),
            FactKind::Flag => Ok(word(&FLAGS, &text)),
            FactKind::Count | FactKind::Number => Ok(half_width(&text)),
            FactKind::Text => Ok(text),
        }
    }

    /// The currency of a row's amounts: what its own cell says, or else the header of its amounts, or else the agency's. `None` if its
    /// cell names none.
    pub(super) fn currency(&self, cell: Option<&Cell>, header: Option<Mark>) -> Option<Currency> {
        match cell.map(|cell| unwrapped(&cell.text)).filter(|text| !text.is_empty()) {
            Some(text) => Currency::parse(&word(&CURRENCIES, text)),
            None => header
                .and_then(|mark| mark.means(self.terms.currency))
                .or(Some(self.terms.currency)),
        }
    }

    fn status(&self, text: &str) -> String {
        let plain = headers::plain(text);
        let mapped = self.mapping.status.get(&plain).map(|status| status.as_str());
        let known = || {
            let found = STATUSES.iter().find(|(_, words)| words.contains(&plain.as_str()));
            found.map(|(status, _)| *status)
        };
        mapped.or_else(known).map_or_else(|| text.to_owned(), str::to_owned)
    }

    fn told(&self, field: &str, unit: Unit, text: &str) -> Result<Option<Told>, Rejection> {
        match dates::read(text, self.mapping.date_order.or(unit.order), self.epoch) {
            Some(Told::Ambiguous) => Err(Rejection::new(
                "bad_date",
                words!(
                    "{field} {text} may have its day or its month first; write it like 2026-01-15, or set date_order in a mapping",
                    "{field} {text} 分不清日和月哪个在前；请写成 2026-01-15 的形式，或在映射中设置 date_order",
                    text = quote(text)
                ),
            )),
            None if dates::is_nowhere(text) => Err(Rejection::new(
                "bad_date",
                words!(
                    "{field} {text} ends with a time difference that no place has; write one time, like 2026-01-15 10:00",
                    "{field} {text} 末尾的时差不存在；请只写一个时间，如 2026-01-15 10:00",
                    text = quote(text)
                ),
            )),
            other => Ok(other),
        }
    }

    /// A day as it is written, whatever the hour.
    fn day(&self, field: &str, unit: Unit, text: &str) -> Result<String, Rejection> {
        Ok(match self.told(field, unit, text)? {
            Some(Told::Day(day)) => day.to_string(),
            Some(Told::Time(at)) => at.date().to_string(),
            // what is RFC 3339 to the letter the reader of rows knows, and always has: rows without an id are known by this spelling
            _ => match dates::instant(text) {
                Some(at) if !dates::is_rfc3339(text) => self.day_at(&at),
                _ => text.to_owned(),
            },
        })
    }

    /// A day whatever its spelling; that of an instant is the agency's. Years of two digits are for births only.
    fn whole_day(&self, field: &str, unit: Unit, text: &str) -> Result<String, Rejection> {
        if let Some(at) = dates::instant(text) {
            return Ok(self.day_at(&at));
        }
        let zone = self.terms.time_zone;
        let today = time::date_from_day(time::day_of(self.now, zone));
        let short = (field == "birth_date")
            .then(|| dates::short_birth(text, self.mapping.date_order.or(unit.order), today))
            .flatten();
        match short {
            Some(Ok(day)) => Ok(day.to_string()),
            Some(Err([one, other])) => Err(Rejection::new(
                "bad_date",
                words!(
                    "{field} {text} may be in {one} or {other}; write the year with four digits",
                    "{field} 的 {text} 可能是 {one} 年，也可能是 {other} 年；请写四位数的年份",
                    text = quote(text)
                ),
            )),
            None => self.day(field, unit, text),
        }
    }

    fn day_at(&self, at: &chrono::DateTime<chrono::FixedOffset>) -> String {
        time::day_text(time::day_of(at.timestamp_millis(), self.terms.time_zone))
    }

    /// A day in the agency's time zone, or an instant from the clocks of the file's.
    fn moment(&self, field: &str, unit: Unit, text: &str) -> Result<String, Rejection> {
        Ok(match self.told(field, unit, text)? {
            Some(Told::Day(day)) => day.to_string(),
            Some(Told::Time(at)) => {
                // the agency's own clocks need no name
                let named = unit.zone.filter(|zone| *zone != self.terms.time_zone);
                local(at, self.mapping.time_zone.or(named))
            }
            _ => match dates::instant(text) {
                Some(at) if !dates::is_rfc3339(text) => time::instant_text(at.timestamp_millis()),
                _ => text.to_owned(),
            },
        })
    }

    fn money(
        &self,
        field: &str,
        unit: Money,
        cell: &Cell,
        text: &str,
        currency: Option<Currency>,
    ) -> Result<String, Rejection> {
        let spelt = half_width(text);
        let upper: String = spelt.to_uppercase().chars().map(simplified).collect();
        let (bare, marks) = unmarked(&upper);
        if let Some(currency) = currency {
            let differs = |mark: &&Mark| !mark.fits(currency, self.terms.currency);
            if let Some(mark) = unit.mark.as_ref().filter(differs) {
                return Err(Rejection::new(
                    "currency_differs",
                    words!(
                        "{field} {text} is in {sign} by its header, but the row's currency is {currency}; write one currency in both, as a code like USD",
                        "{field} {text} 按表头为“{sign}”，而该行的币种是 {currency}；请统一成一种币种，用 USD 这样的代码",
                        text = quote(text),
                        sign = mark.sign
                    ),
                ));
            }
            if let Some(mark) = marks.iter().find(differs) {
                let (text, sign) = (quote(text), mark.sign);
                let detail = match unit.mark {
                    Some(Mark { sign: header, .. }) => words!(
                        "{field} {text} is marked {sign}, but its header says {header}; write this amount in {header}, or take the currency out of the header and fill in the column currency",
                        "{field} {text} 标有“{sign}”，而表头写的是“{header}”；请改写成表头的币种，或去掉表头里的币种并填写 currency 列"
                    ),
                    None => words!(
                        "{field} {text} is marked {sign}, but the row's currency is {currency}; fill in the column currency",
                        "{field} {text} 标有“{sign}”，而该行的币种是 {currency}；请填写 currency 列"
                    ),
                };
                return Err(Rejection::new("currency_differs", detail));
            }
        }
        let (bare, own_tens) = units::scaled(bare);
        if unit.tens != 0 && (own_tens.is_some() || marks.iter().any(|mark| mark.counts())) {
            return Err(Rejection::new(
                "unit_differs",
                words!(
                    "{field} {text} has a unit of its own, and its header has another; write the number alone, in the header's unit",
                    "{field} {text} 自带单位，与表头的单位不一致；请只写数字，以表头的单位为准",
                    text = quote(text)
                ),
            ));
        }
        let tens = own_tens.unwrap_or(0) + unit.tens;
        let points = if self.mapping.decimal_comma && !cell.is_number() {
            let pointed = european(bare);
            pointed.ok_or_else(|| {
                Rejection::new(
                    "bad_amount",
                    words!(
                        "{field} {text} is not an amount as the mapping announces them; write it like 1.234,50",
                        "{field} {text} 不是映射所说的金额写法；请写成 1.234,50 的形式",
                        text = quote(text)
                    ),
                )
            })?
        } else {
            bare.to_owned()
        };
        let (sign, digits) = points
            .strip_prefix('-')
            .map_or(("", points.as_str()), |rest| ("-", rest));
        match canonical(digits, tens) {
            Some(amount) => Ok(format!("{sign}{amount}")),
            None if tens != 0 => Err(Rejection::new(
                "bad_amount",
                words!(
                    "{field} {text} is not an amount; write it like 1234.50 or 1,234.50",
                    "{field} {text} 不是金额；请写成 1234.50 或 1,234.50",
                    text = quote(text)
                ),
            )
            .with_hint(row::decimal_comma(bare))),
            // the sign is what the row reader looks at first
            None if !sign.is_empty() => Ok(points),
            None => Ok(spelt),
        }
    }
}

/// A local time as the row reader understands it; with its place in the world if the file has a zone of its own.
fn local(at: NaiveDateTime, zone: Option<Tz>) -> String {
    let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
    zone.and_then(|zone| time::parse_instant(&text, zone))
        .map_or(text, time::instant_text)
}

/// The cell without what exports put around texts so that spreadsheets leave them alone.
fn unwrapped(text: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}');
    let text = text.trim_matches(blank);
    text.strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .map_or(text, |rest| rest.trim_matches(blank))
}

/// Full-width digits, letters and signs as the usual ones, without a leading apostrophe. With a footnote mark or the like among its digits a
/// text stays as it is, and is no number.
pub(super) fn half_width(text: &str) -> String {
    let own_form =
        text.chars().all(|c| c.is_ascii() || normal::is_ideograph(c)) || text.chars().any(normal::is_marked_digit);
    let text: Cow<'_, str> = if own_form {
        text.into()
    } else {
        text.nfkc().collect::<String>().into()
    };
    text.trim().trim_start_matches(['\'', '`', '’']).trim().to_owned()
}

/// The normal word for a word, or the word itself.
fn word(words: &[(&str, &[&str])], text: &str) -> String {
    let text = half_width(text);
    let lower: String = text.to_lowercase().chars().map(simplified).collect();
    words
        .iter()
        .find(|(_, spellings)| spellings.contains(&lower.as_str()))
        .map_or(text, |(normal, _)| (*normal).to_owned())
}

/// `2`, `2.0` and `2人` are two people.
fn people(text: &str) -> String {
    let number = text.trim_end_matches(['人', '位', '名']).trim_end();
    match number.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole.to_owned(),
        _ => number.to_owned(),
    }
}

/// An amount without the signs, words and codes of currencies around it, and which those were.
fn unmarked(text: &str) -> (&str, Vec<Mark>) {
    let mut rest = text.trim();
    let mut marks = Vec::new();
    while let Some((mark, shorter)) = Mark::all().find_map(|mark| {
        let shorter = rest.strip_prefix(mark.sign).or_else(|| rest.strip_suffix(mark.sign))?;
        Some((mark, shorter))
    }) {
        marks.push(mark);
        rest = shorter.trim();
    }
    (rest, marks)
}

/// `1.234,50` with a point for the decimals.
fn european(text: &str) -> Option<String> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once(',').unwrap_or((text, ""));
    let separator = whole.chars().find(|c| !c.is_ascii_digit());
    let groups: Vec<&str> = match separator {
        Some(separator @ ('.' | ' ' | '\'')) => whole.split(separator).collect(),
        Some(_) => return None,
        None => vec![whole],
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let good = !groups[0].is_empty()
        && groups.iter().all(|group| digits(group))
        && (groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3)))
        && digits(fraction);
    good.then(|| {
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}", groups.concat())
    })
}

#[cfg(test)]
#[path = "spelling_tests.rs"]
mod tests;
