//! What the commands of the trade share: whose agency it is, and how amounts and texts of answers are shown.

use super::Failure;
use super::client::Client;
use super::form::Trade;
use posthouse_domain::money::{self, Currency};
use posthouse_domain::{AgencyTerms, Day, Instant, Words, time, words};
use serde_json::Value;

/// The agency of the key.
pub(super) struct House {
    pub(super) terms: AgencyTerms,
    pub(super) today: Day,
}

impl House {
    /// One in Shanghai, for tests.
    #[cfg(test)]
    pub(super) fn in_shanghai() -> Self {
        Self {
            terms: AgencyTerms {
                currency: Currency::parse("CNY").unwrap(),
                time_zone: "Asia/Shanghai".parse().unwrap(),
                country: "CN".to_owned(),
            },
            today: 20_468,
        }
    }

    /// Asks the server.
    ///
    /// # Errors
    /// What the server says.
    pub(super) fn ask(client: &Client) -> Result<Self, Failure> {
        let agency = client.get("/agency")?;
        let unknown = || {
            Failure::failed(words!(
                "the server does not say whose key this is",
                "服务器未说明密钥所属机构"
            ))
        };
        Ok(Self {
            terms: AgencyTerms {
                currency: Currency::parse(text(&agency, "currency")).ok_or_else(unknown)?,
                time_zone: text(&agency, "time_zone").parse().map_err(|_| unknown())?,
                country: text(&agency, "country").to_owned(),
            },
            today: time::parse_day(text(&agency, "today")).ok_or_else(unknown)?,
        })
    }

    /// What amounts and days of files are read by.
    pub(super) fn trade(&self) -> Trade {
        Trade {
            currency: self.terms.currency,
            today: self.today,
        }
    }

    /// An amount of an answer, without its currency: `1,234.50`.
    pub(super) fn amount(&self, value: &Value) -> String {
        value
            .as_i64()
            .map(|minor| money::major_text(minor, self.terms.currency))
            .unwrap_or_default()
    }

    /// An amount with its currency.
    pub(super) fn money(&self, minor: i64) -> String {
        money::with_currency(minor, self.terms.currency)
    }

    /// An instant of an answer as the agency's clocks show it.
    pub(super) fn clock(&self, value: &Value) -> String {
        let told = |at| time::local_text(at, self.terms.time_zone);
        self.instant(value).map(told).unwrap_or_default()
    }

    /// The same to the second.
    pub(super) fn second(&self, value: &Value) -> String {
        let told = |at| time::local_second_text(at, self.terms.time_zone);
        self.instant(value).map(told).unwrap_or_default()
    }

    /// The day of an instant of an answer.
    pub(super) fn day(&self, value: &Value) -> String {
        let told = |at| time::day_text(time::day_of(at, self.terms.time_zone));
        self.instant(value).map(told).unwrap_or_default()
    }

    fn instant(&self, value: &Value) -> Option<Instant> {
        time::parse_instant(value.as_str()?, self.terms.time_zone)
    }

    /// An instant of an answer by itself, with its zone.
    pub(super) fn moment(&self, value: &Value) -> String {
        format!("{} {}", self.clock(value), self.terms.time_zone.name())
    }

    /// The head of a column of instants, with the zone in which they are told.
    pub(super) fn head(&self, head: &Words) -> Words {
        let zone = self.terms.time_zone.name();
        words!("{head} ({zone})", "{head}（{zone}）")
    }
}

/// A text of an answer; empty if there is none.
pub(super) fn text<'v>(document: &'v Value, key: &str) -> &'v str {
    document[key].as_str().unwrap_or("")
}

/// The items of a list.
pub(super) fn items<'v>(document: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    document[key].as_array().into_iter().flatten()
}

/// A text of an answer in both languages, shown in the reader's.
pub(super) fn said(value: &Value) -> String {
    serde_json::from_value::<Words>(value.clone())
        .unwrap_or_default()
        .to_string()
}

/// Sentences of an answer, a line each.
pub(super) fn sentences(list: &Value) -> String {
    let lines = list
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| format!("  {}\n", said(one)));
    lines.collect()
}

/// A part of a path or query as it may stand in an address.
pub(super) fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

/// A row of a table.
pub(super) fn row<const N: usize>(cells: [impl Into<String>; N]) -> Vec<String> {
    cells.map(Into::into).to_vec()
}

/// A label and what stands behind it, as lines of what is shown of one thing.
pub(super) fn lines(pairs: &[(Words, String)]) -> String {
    let shown = pairs.iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<Vec<String>> = shown
        .map(|(label, value)| vec![format!("  {label}"), value.clone()])
        .collect();
    crate::output::table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_any_text() {
        assert_eq!(encoded("李 8001?&/"), "%E6%9D%8E%208001%3F%26%2F");
        assert_eq!(encoded("rfm.champions_1~-"), "rfm.champions_1~-");
    }
}
