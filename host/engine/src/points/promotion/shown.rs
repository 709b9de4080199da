//! A basket in the words of a golden case.

use crate::shown::question;
use crate::text::printable;
use posthouse_domain::promotion::{Basket, Line};
use posthouse_domain::{Words, time, words};
use posthouse_golden as format;
use serde_json::{Value as Json, json};

/// Lines of a basket that are shown.
const LINES: usize = 3;

/// A basket without its end, if it is long, and without whose it is.
pub fn shown_basket(basket: &Basket) -> Words {
    question(&members(basket), None)
}

/// The members that a golden case has for a basket.
pub(super) fn members(basket: &Basket) -> Words {
    let lines: Vec<String> = basket.lines.iter().take(LINES).map(line).collect();
    let more = match basket.lines.len().saturating_sub(LINES) {
        0 => Words::default(),
        more => words!(" and {more} more", " 等，另有 {more} 行"),
    };
    let told = format!(
        "\"channel\": {}, \"lines\": [{}]",
        Json::from(printable(&basket.channel, 80)),
        lines.join(", ")
    );
    words!("{told}{more}", "{told}{more}")
}

fn line(line: &Line) -> String {
    let text = |text: &str| Json::from(printable(text, 80));
    let mut pairs = vec![("sku", text(&line.sku)), ("kind", line.kind.as_str().into())];
    for (name, value) in [("destination", &line.destination), ("theme", &line.theme)] {
        if let Some(value) = value {
            pairs.push((name, text(value)));
        }
    }
    if let Some(day) = line.departs {
        // a day beyond the calendar is a number
        let date = time::day_text(day);
        pairs.push((
            "departs",
            if format::day(&date) == Some(day) {
                date.into()
            } else {
                day.into()
            },
        ));
    }
    pairs.extend([
        ("travellers", json!(line.travellers)),
        ("unit_price", json!(line.unit_price)),
        ("quantity", json!(line.quantity)),
    ]);
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::Value;
    use crate::description::{Description, FactUse};
    use posthouse_domain::catalogue::FactKind;
    use posthouse_domain::promotion::ProductKind;

    #[test]
    fn a_long_basket_is_cut_and_facts_are_shown_where_they_may_be() {
        let line = |departs| Line {
            sku: "YN-7".into(),
            kind: ProductKind::Tour,
            destination: Some("云南".into()),
            theme: None,
            departs,
            travellers: 2,
            unit_price: 500_000,
            unit_cost: Some(400_000),
            quantity: 1,
        };
        let few = Basket {
            channel: "app".into(),
            lines: vec![line(Some(20_468)), line(Some(i32::MAX))],
        };
        assert_eq!(
            shown_basket(&few).en,
            "\"channel\": \"app\", \"lines\": [\
             {\"sku\": \"YN-7\", \"kind\": \"tour\", \"destination\": \"云南\", \"departs\": \"2026-01-15\", \"travellers\": 2, \"unit_price\": 500000, \"quantity\": 1}, \
             {\"sku\": \"YN-7\", \"kind\": \"tour\", \"destination\": \"云南\", \"departs\": 2147483647, \"travellers\": 2, \"unit_price\": 500000, \"quantity\": 1}]",
            "what it costs the agency is not told"
        );
        let many = Basket {
            lines: vec![line(None); 100],
            ..few
        };
        assert!(shown_basket(&many).en.ends_with("] and 97 more"));
        let said = posthouse_domain::Localized {
            zh_cn: "规则".into(),
            en: "Rule".into(),
        };
        let description = Description {
            facts: vec![FactUse {
                key: "tier".into(),
                kind: FactKind::Text,
                nullable: true,
            }],
            name: "rule".into(),
            version: "1.0.0".into(),
            title: said.clone(),
            summary: said,
            quantiles: Vec::new(),
            config_schema: "{}".into(),
            reasons: Vec::new(),
        };
        let told = question(&members(&many), Some((&description, &[Value::Text("gold".into())])));
        assert!(
            told.en.starts_with(r#""facts": {"tier": "gold"}, "channel": "app""#),
            "{told}"
        );
    }
}
