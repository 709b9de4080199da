//! Facts in lists and records: what they are called, and their values as people write them.

use crate::Desk;
use crate::fault::Answer;
use crate::show;
use crate::ui::Ui;
use posthouse_app::team::Caller;
use posthouse_domain::campaign::Condition;
use posthouse_domain::catalogue::ALL;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::contribution::Stored;
use posthouse_domain::money::{Currency, major_text, parse_major};
use posthouse_domain::time::{day_text, parse_day};
use serde_json::Value;

/// A fact that can be shown and filtered by.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) key: String,
    pub(super) kind: FactKind,
    pub(super) title: String,
}

impl Fact {
    /// Whether values stand at the right, as numbers do.
    pub(super) fn is_number(&self) -> bool {
        !matches!(self.kind, FactKind::Text | FactKind::Flag)
    }

    /// A value as people write it; a dash where it is unknown.
    pub(super) fn shown(&self, value: Option<&Stored>, ui: Ui) -> String {
        let unknown = || "—".to_owned();
        match (value, self.kind) {
            (None, _) => unknown(),
            (Some(Stored::Flag(flag)), _) => ui
                .say_of("customers-flag-", if *flag { "yes" } else { "no" })
                .to_string(),
            (Some(Stored::Whole(minor)), FactKind::Money) => ui.money(minor),
            (Some(Stored::Whole(day)), FactKind::Day) => {
                i32::try_from(*day).map_or_else(|_| unknown(), |day| ui.day(&day))
            }
            (Some(Stored::Whole(n)), _) => show::grouped(*n),
            (Some(Stored::Number(n)), _) => format!("{n:.2}"),
            (Some(Stored::Text(text)), _) => text.clone(),
        }
    }

    /// A value in a file for other programs: major units, ISO days, nothing where it is unknown.
    pub(super) fn in_a_file(&self, value: Option<&Stored>, currency: Currency) -> String {
        match (value, self.kind) {
            (None, _) => String::new(),
            (Some(Stored::Flag(flag)), _) => flag.to_string(),
            (Some(Stored::Whole(minor)), FactKind::Money) => major_text(*minor, currency),
            (Some(Stored::Whole(day)), FactKind::Day) => i32::try_from(*day).map(day_text).unwrap_or_default(),
            (Some(Stored::Whole(n)), _) => n.to_string(),
            (Some(Stored::Number(n)), _) => n.to_string(),
            (Some(Stored::Text(text)), _) => text.clone(),
        }
    }

    /// The same of a value as the profile has it.
    pub(super) fn shown_json(&self, value: &Value, ui: Ui) -> String {
        let stored = match value {
            Value::Bool(flag) => Some(Stored::Flag(*flag)),
            Value::Number(n) => n.as_i64().map(Stored::Whole).or_else(|| n.as_f64().map(Stored::Number)),
            Value::String(text) if self.kind == FactKind::Day => parse_day(text).map(|day| Stored::Whole(day.into())),
            Value::String(text) => Some(Stored::Text(text.clone())),
            _ => None,
        };
        self.shown(stored.as_ref(), ui)
    }
}

/// Every fact of an agency: those of the catalogue that have a source, then its own.
pub(super) async fn all(desk: &Desk, caller: &Caller, ui: Ui) -> Answer<Vec<Fact>> {
    let own = desk.app().attributes().list(caller).await?;
    let known = ALL.iter().map(|fact| Fact {
        key: fact.key.to_owned(),
        kind: fact.kind,
        title: title(ui, fact.key, fact.meaning),
    });
    let own = own.iter().map(|own| Fact {
        key: own.fact_key(),
        kind: own.kind,
        title: ui.local(&own.title).to_owned(),
    });
    Ok(known.chain(own).collect())
}

/// What heads a column: a short name where the catalogue's sentence is long.
fn title(ui: Ui, key: &str, (zh, en): (&str, &str)) -> String {
    let short = format!("customers-fact-{key}");
    if crate::texts::has(&short) {
        return ui.say_of("customers-fact-", key).to_string();
    }
    let meaning = if ui.is_chinese() { zh } else { en };
    let mut letters = meaning.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What somebody has typed as a condition on a fact.
#[derive(Debug, Default)]
pub(super) struct Typed {
    pub(super) least: String,
    pub(super) most: String,
    pub(super) is: String,
    pub(super) texts: String,
}

/// The condition, with money in major units and days as dates; none if nothing was typed or it cannot be read.
pub(super) fn condition(fact: &Fact, typed: &Typed, currency: Currency) -> Option<String> {
    let number = |text: &str| match (text.trim(), fact.kind) {
        ("", _) => Some(None),
        (text, FactKind::Money) => parse_major(text, currency).ok().map(Some),
        (text, FactKind::Day) => parse_day(text).map(|day| Some(day.into())),
        (text, _) => text.replace(',', "").parse().ok().map(Some),
    };
    let mut condition = Condition {
        fact: fact.key.clone(),
        at_least: None,
        at_most: None,
        is: None,
        one_of: Vec::new(),
    };
    match fact.kind {
        FactKind::Flag => condition.is = typed.is.parse().ok(),
        FactKind::Text => {
            let texts = typed
                .texts
                .split([',', '，', '、', '\n'])
                .map(str::trim)
                .filter(|text| !text.is_empty());
            condition.one_of = texts.map(str::to_owned).collect();
        }
        _ => (condition.at_least, condition.at_most) = (number(&typed.least)?, number(&typed.most)?),
    }
    condition.check().ok()?;
    Some(condition.written(fact.kind))
}

/// A condition in words, for its chip.
pub(super) fn said(fact: &Fact, condition: &Condition, ui: Ui) -> String {
    let value = |n: i64| match fact.kind {
        FactKind::Money => ui.money(n),
        FactKind::Day => i32::try_from(n).map(day_text).unwrap_or_default(),
        _ => show::grouped(n),
    };
    match (condition.at_least, condition.at_most, condition.is) {
        (Some(least), Some(most), _) if least == most => format!("= {}", value(least)),
        (Some(least), Some(most), _) => format!("{} – {}", value(least), value(most)),
        (Some(least), None, _) => format!("≥ {}", value(least)),
        (None, Some(most), _) => format!("≤ {}", value(most)),
        (None, None, Some(is)) => ui.say_of("customers-flag-", if is { "yes" } else { "no" }).to_string(),
        _ => condition.one_of.join(if ui.is_chinese() { "、" } else { ", " }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(key: &str, kind: FactKind) -> Fact {
        Fact {
            key: key.into(),
            kind,
            title: String::new(),
        }
    }

    #[test]
    fn conditions_are_typed_as_people_write() {
        let cny = Currency::parse("CNY").unwrap();
        let typed = |least: &str, most: &str| Typed {
            least: least.into(),
            most: most.into(),
            ..Typed::default()
        };
        let money = fact("spend-24m", FactKind::Money);
        assert_eq!(
            condition(&money, &typed("30,000", ""), cny).as_deref(),
            Some("spend-24m:3000000..")
        );
        assert_eq!(
            condition(&money, &typed("", "99.50"), cny).as_deref(),
            Some("spend-24m:..9950")
        );
        assert_eq!(condition(&money, &typed("a lot", ""), cny), None);
        assert_eq!(condition(&money, &typed("", ""), cny), None);
        let count = fact("trips-24m", FactKind::Count);
        assert_eq!(
            condition(&count, &typed("2", "4"), cny).as_deref(),
            Some("trips-24m:2..4")
        );
        assert_eq!(condition(&count, &typed("4", "2"), cny), None, "nobody meets it");
        let city = Typed {
            texts: "上海、苏州，杭州".into(),
            ..Typed::default()
        };
        assert_eq!(
            condition(&fact("home-city", FactKind::Text), &city, cny).as_deref(),
            Some("home-city:上海,苏州,杭州")
        );
        let yes = Typed {
            is: "true".into(),
            ..Typed::default()
        };
        assert_eq!(
            condition(&fact("consent-marketing", FactKind::Flag), &yes, cny).as_deref(),
            Some("consent-marketing:true")
        );
    }
}
