//! What the documents name has to be there, and what the server answers has to be in the documents.

use posthouse_tests::root;
use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every file below a folder whose name ends so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_str().is_some_and(|name| name.ends_with(end)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn documents() -> Vec<PathBuf> {
    let top = ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"];
    let mut all = files(&root().join("docs"), ".md");
    all.extend(top.map(|name| root().join(name)));
    all
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Outside of blocks, where a `#` begins a comment.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The anchors of a document's headings, as the usual readers make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    for document in documents() {
        let text = read(&document);
        for target in prose(&text)
            .flat_map(|line| link.captures_iter(line))
            .map(|found| found[1].to_owned())
        {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            if !path.exists() || !(anchor.is_empty() || anchors(&read(&path)).contains(anchor)) {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// All documents in one language for those who use the product.
fn guides(chinese: bool) -> String {
    let ours = documents().into_iter().filter(|path| {
        let name = path.to_str().unwrap();
        name.ends_with(".zh-CN.md") == chinese && !name.contains("/decisions/")
    });
    ours.map(|path| read(&path)).collect()
}

/// Sources without their tests.
fn sources(folder: &str) -> Vec<String> {
    let all = files(&root().join("host").join(folder).join("src"), ".rs");
    let ours = |path: &PathBuf| {
        !path
            .strip_prefix(root())
            .unwrap_or(path)
            .to_str()
            .unwrap()
            .contains("test")
    };
    let kept = all.into_iter().filter(ours);
    kept.map(|path| read(&path).split("#[cfg(test)]").next().unwrap().to_owned())
        .collect()
}

/// A Chinese sentence has the points of its own script. What is code, a word in backquotes or a figure keeps its own.
#[test]
fn chinese_sentences_have_chinese_points() {
    let made = Regex::new(r#"(?:words|said)!\(\s*"(?:[^"\\]|\\.)*",\s*"((?:[^"\\]|\\.)*)""#).unwrap();
    let code = Regex::new(r"`[^`]*`|\{[^}]*\}").unwrap();
    let foreign =
        Regex::new(r"\p{Han}[ ]?[.,;!?](?:[ ]|\\n|$|\p{Han})|[.;!?][ ]\p{Han}|[a-z0-9□][.;](?:[ ]□|$)|\p{Han}:[ □]")
            .unwrap();
    // a text that is put behind another one by a plain `format!` has the point of one language in both
    let joined = Regex::new(r#"format!\(\s*"(?:\{[^}]*\}[.;,] )+\{[^}]*\}""#).unwrap();
    let mut found = Vec::new();
    let host = ["api", "app", "domain", "engine", "server", "web"]
        .into_iter()
        .flat_map(sources);
    let shared = files(&root().join("plugin-sdk/golden/src"), ".rs");
    for text in host.chain(shared.iter().map(|file| read(file))) {
        for chinese in made.captures_iter(&text).map(|found| found[1].to_owned()) {
            let sentence = code.replace_all(&chinese, "□");
            if sentence.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) && foreign.is_match(&sentence) {
                found.push(chinese);
            }
        }
        found.extend(joined.find_iter(&text).map(|found| found.as_str().to_owned()));
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_code_is_explained_in_both_languages() {
    let made = Regex::new(concat!(
        r"\b(?:AppError::invalid|AppError::conflict|Rejection::new|Problem::bad|Problem::unprocessable|Self::unprocessable",
        r"|unauthorised|invalid|conflict|refuse|no|not_ready|StatusCode::[A-Z_]+,)\(?\s*",
        "\"([a-z]+(?:_[a-z]+)+)\""
    ))
    .unwrap();
    let mut codes = BTreeSet::new();
    for text in ["api", "app", "domain", "server", "web"].into_iter().flat_map(sources) {
        codes.extend(made.captures_iter(&text).map(|found| found[1].to_owned()));
    }
    assert!(codes.len() > 100, "{codes:?}");
    for chinese in [false, true] {
        let text = guides(chinese);
        let missing: Vec<&String> = codes
            .iter()
            .filter(|code| !text.contains(&format!("`{code}`")))
            .collect();
        assert!(missing.is_empty(), "chinese: {chinese}: {missing:?}");
    }
}

#[test]
fn every_metric_is_in_the_operators_guide() {
    let counted = Regex::new(r#""(posthouse_[a-z_]+)""#).unwrap();
    let mut names = BTreeSet::new();
    for text in ["api", "app", "engine", "server", "web"].into_iter().flat_map(sources) {
        names.extend(counted.captures_iter(&text).map(|found| found[1].to_owned()));
    }
    assert!(names.len() > 10, "{names:?}");
    for guide in ["docs/operating.md", "docs/operating.zh-CN.md"] {
        let text = read(&root().join(guide));
        let missing: Vec<&String> = names
            .iter()
            .filter(|name| !text.contains(&format!("`{name}`")))
            .collect();
        assert!(missing.is_empty(), "{guide}: {missing:?}");
    }
}

#[test]
fn both_languages_have_the_same_parts() {
    for chinese in documents() {
        let Some(name) = chinese.to_str().unwrap().strip_suffix(".zh-CN.md") else {
            continue;
        };
        // the depths of the headings, and how many rows the tables have
        let parts = |text: &str| -> (Vec<usize>, usize) {
            let headings = prose(text).filter(|line| line.starts_with('#'));
            let depths = headings.map(|line| line.chars().take_while(|c| *c == '#').count());
            (
                depths.collect(),
                prose(text).filter(|line| line.starts_with('|')).count(),
            )
        };
        let english = format!("{name}.md");
        assert_eq!(parts(&read(Path::new(&english))), parts(&read(&chinese)), "{english}");
    }
}

#[test]
fn both_plugin_guides_have_the_same_facts() {
    let table = |guide: &str| {
        let text = read(&root().join(guide));
        let begun = text
            .split_once("<!-- posthouse plugin facts --markdown -->")
            .map(|(_, rest)| rest.to_owned());
        begun.and_then(|rest| Some(rest.split_once("<!-- end of facts -->")?.0.to_owned()))
    };
    let english = table("docs/plugins/README.md");
    assert!(
        english.as_ref().is_some_and(|table| table.lines().count() > 40),
        "{english:?}"
    );
    assert_eq!(english, table("docs/plugins/README.zh-CN.md"));
}
