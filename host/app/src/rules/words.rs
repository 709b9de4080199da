//! What a rule says, in words for people: its reasons with the facts that it was told.

use posthouse_domain::catalogue::{FactKind, Value};
use posthouse_domain::{AgencyTerms, Localized};
use posthouse_engine::{Description, Value as Fact};
use serde::{Deserialize, Serialize};

/// Why a rule decided as it did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// In words, with the customer's facts filled in.
    pub text: Localized,
}

/// A fact in a sentence.
pub(crate) fn spoken(kind: FactKind, value: Value<'_>, terms: &AgencyTerms) -> String {
    value.spoken(kind, terms.currency)
}

/// Replaces `{key}` by the fact of that name; braces around anything else stay.
pub(crate) fn fill(template: &str, fact: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        text.push_str(before);
        match after.find('}').and_then(|close| Some((close, fact(&after[1..close])?))) {
            Some((close, value)) => {
                text.push_str(&value);
                rest = &after[close + 1..];
            }
            None => {
                text.push('{');
                rest = &after[1..];
            }
        }
    }
    text + rest
}

/// A reason in words, with the facts that the rule was told and its own arguments.
pub(crate) fn reason(
    description: &Description,
    index: u16,
    (facts, arguments): (&[Fact], &[Fact]),
    terms: &AgencyTerms,
) -> Reason {
    let Some(reason) = description.reasons.get(usize::from(index)) else {
        // an answer whose reasons are none of the rule's is refused before it comes here
        return Reason {
            code: String::new(),
            text: Localized::default(),
        };
    };
    let spoken = |key: &str| {
        if let Some(place) = reason.arguments.iter().position(|argument| argument.name == key) {
            return Some(spoken(
                reason.arguments[place].kind,
                known(arguments.get(place)?),
                terms,
            ));
        }
        let place = description.facts.iter().position(|fact| fact.key == key)?;
        Some(spoken(description.facts[place].kind, known(facts.get(place)?), terms))
    };
    Reason {
        code: reason.code.clone(),
        text: reason.text.map(|template| fill(template, spoken)),
    }
}

fn known(fact: &Fact) -> Value<'_> {
    match fact {
        Fact::Null => Value::Unknown,
        Fact::Int(n) => Value::Whole(*n),
        Fact::Number(n) => Value::Number(*n),
        Fact::Flag(flag) => Value::Flag(*flag),
        Fact::Text(text) => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn facts_are_filled_into_reasons() {
        let fact = |key: &str| (key == "recency-days").then(|| "400".to_owned());
        assert_eq!(fill("no trip for {recency-days} days", fact), "no trip for 400 days");
        assert_eq!(fill("{other} {recency-days}{", fact), "{other} 400{");
        assert_eq!(fill("已{recency-days}天", fact), "已400天");
    }
}
