//! The facts a rule can read, without a server: the catalogue is in the program.

use crate::output::Failure;
use crate::output::{Output, table};
use posthouse_domain::catalogue::{FactDef, NO_SOURCE, readable};
use posthouse_domain::words::spoken;
use posthouse_domain::{Language, Words, words};
use serde_json::json;

pub(super) fn facts(words: &[String], markdown: bool, output: Output) -> Result<(), Failure> {
    let found: Vec<&FactDef> = readable().filter(|fact| has(fact, words)).collect();
    let document = json!({ "facts": found.iter().map(|fact| document(fact)).collect::<Vec<_>>() });
    output.answer(&document, || match (found.is_empty(), markdown) {
        (true, _) => words!(
            "No fact has {words} in it. `posthouse plugin facts` lists all {all}.",
            "没有包含 {words} 的事实。`posthouse plugin facts` 列出全部 {all} 个。",
            words = words.join(" "),
            all = readable().count()
        )
        .to_string(),
        (false, true) => as_markdown(&found),
        (false, false) => as_table(&found),
    })
}

/// Whether each of the words is somewhere in what is said of the fact.
fn has(fact: &FactDef, words: &[String]) -> bool {
    let (zh, en) = fact.meaning;
    let said = [fact.key, fact.kind.as_str(), fact.unit.unwrap_or(""), zh, en];
    let said = said.join("\n").to_lowercase();
    words.iter().all(|word| said.contains(&word.to_lowercase()))
}

fn document(fact: &FactDef) -> serde_json::Value {
    json!({
        "key": fact.key, "kind": fact.kind.as_str(), "unit": fact.unit, "nullable": fact.nullable,
        "meaning": {"zh-CN": fact.meaning.0, "en": fact.meaning.1}, "source": fact.source,
    })
}

/// How a field for the fact is written.
fn field(fact: &FactDef) -> String {
    use posthouse_domain::catalogue::FactKind;
    let plain = match fact.kind {
        FactKind::Count => "i32",
        FactKind::Money => "Money",
        FactKind::Number => "f64",
        FactKind::Flag => "bool",
        FactKind::Day => "Day",
        FactKind::Text => "Text",
    };
    match fact.nullable {
        true => format!("Option<{plain}>"),
        false => plain.to_owned(),
    }
}

fn as_table(facts: &[&FactDef]) -> String {
    let mut rows = vec![
        [
            words!("fact", "事实"),
            words!("kind", "类型"),
            words!("field in Rust", "Rust 字段"),
            words!("unit", "单位"),
            words!("meaning", "含义"),
            Words::default(),
        ]
        .map(|word| word.to_string())
        .to_vec(),
    ];
    rows.extend(facts.iter().map(|fact| {
        let unfed = if fact.source == NO_SOURCE {
            words!(" (nothing feeds it yet)", "（尚无数据来源）")
        } else {
            Words::default()
        };
        let (zh, en) = fact.meaning;
        // the reader's own language first
        let (meaning, other) = match spoken() {
            Language::En => (en, zh),
            Language::Zh => (zh, en),
        };
        vec![
            fact.key.to_owned(),
            fact.kind.as_str().to_owned(),
            field(fact),
            fact.unit.unwrap_or("").to_owned(),
            format!("{meaning}{unfed}"),
            other.to_owned(),
        ]
    }));
    words!(
        "{rows}\nA field that is an Option can be unknown. An agency's own fields are facts as well, attr.NAME; GET /api/v1/facts lists both.",
        "{rows}\nOption 类型的字段可能未知。旅行社自定义的属性也是事实，写作 attr.NAME；GET /api/v1/facts 一并列出。",
        rows = table(&rows)
    )
    .to_string()
}

/// The table of the guides, which is the same in both languages: each meaning stands there in both.
fn as_markdown(facts: &[&FactDef]) -> String {
    let mut lines = vec![
        "| fact | kind | field | unit | meaning | 含义 |".to_owned(),
        "| --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    lines.extend(facts.iter().map(|fact| {
        let unfed = if fact.source == NO_SOURCE { " \\*" } else { "" };
        let (zh, en) = fact.meaning;
        format!(
            "| `{}`{unfed} | {} | `{}` | {} | {en} | {zh} |",
            fact.key,
            fact.kind.as_str(),
            field(fact),
            fact.unit.unwrap_or("")
        )
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn words_find_facts_in_either_language() {
        let found = |words: &[&str]| -> Vec<&str> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            readable()
                .filter(|fact| has(fact, &words))
                .map(|fact| fact.key)
                .collect()
        };
        assert_eq!(found(&[]).len(), readable().count());
        assert_eq!(found(&["RETURN"]), ["days-since-return"]);
        assert_eq!(found(&["消费", "365"]), ["spend-12m"]);
        assert_eq!(found(&["flag"]), ["consent-marketing"]);
        assert!(found(&["shoe"]).is_empty());
    }

    /// The table of a guide stands between these lines.
    const BEGIN: &str = "<!-- posthouse plugin facts --markdown -->\n";
    const END: &str = "<!-- end of facts -->\n";

    #[test]
    fn the_guides_have_the_facts_there_are() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plugins");
        let all: Vec<&FactDef> = readable().collect();
        for file in ["README.md", "README.zh-CN.md"] {
            let guide = std::fs::read_to_string(folder.join(file)).expect("the guide is there");
            let (before, rest) = guide.split_once(BEGIN).expect("the guide has a table of facts");
            let (table, after) = rest.split_once(END).expect("the table of facts has an end");
            let wanted = format!("{}\n", as_markdown(&all));
            if table != wanted && std::env::var_os("POSTHOUSE_UPDATE_DOCS").is_some() {
                let guide = [before, BEGIN, &wanted, END, after].concat();
                std::fs::write(folder.join(file), guide).unwrap();
                continue;
            }
            assert_eq!(
                table, wanted,
                "the facts in {file} are others; POSTHOUSE_UPDATE_DOCS=1 cargo test -p posthouse the_guides writes them"
            );
        }
    }
}
