//! The statements of the store, read from its sources: where each stands, its text, and what is given for its parameters.
//!
//! A macro of a file is expanded here as the compiler does it. A statement that is put together is put together here as well: each value
//! becomes a parameter, each loop is gone through twice, and each way through its conditions is a statement of its own.

use crate::building::Builder;
use crate::tokens::{
    Macro, Tokens, arguments, bound, group, ident, inside, is_punct, parameters, place, regroup, string, substitute,
    without_attributes, written,
};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A statement as the store sends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// File and line.
    pub(crate) place: String,
    /// With parameters `$1`, `$2` and so on.
    pub(crate) text: String,
    /// What is given for them, as it is written in the source.
    pub(crate) given: Vec<String>,
}

/// What the sources say.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Each statement once, each way of it.
    pub(crate) statements: BTreeSet<Statement>,
    /// Texts that look like a statement and are part of none.
    pub(crate) unread: Vec<String>,
    /// What goes to the database and does not stand there as a text: file, function, and the expression. In a statement that is put together
    /// it counts as a number.
    pub(crate) hidden: BTreeSet<String>,
}

/// Reads every source file of a folder and of those in it, without its tests.
pub(crate) fn read(folder: &Path) -> Sources {
    let mut sources = Sources::default();
    let mut folders = vec![folder.to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).expect("the sources") {
            let path = file.expect("a file").path();
            match path.is_dir() {
                true => folders.push(path),
                false => paths.push(path),
            }
        }
    }
    for path in paths {
        let name = path.strip_prefix(folder).expect("it is in the folder");
        let name = name.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a source file");
        // the macros themselves, which say nothing to a database until they are used
        if name != "macros.rs" {
            read_file(&name, &text, &mut sources);
        }
    }
    sources
}

/// Reads one file.
pub(crate) fn read_file(name: &str, text: &str, sources: &mut Sources) {
    let tokens: Vec<TokenTree> = text
        .parse::<TokenStream>()
        .expect("a source file")
        .into_iter()
        .collect();
    let tokens = without_attributes(tokens);
    let mut reader = Reader {
        file: name,
        macros: BTreeMap::new(),
        constants: BTreeMap::new(),
        read: BTreeSet::new(),
        sources,
    };
    reader.definitions(&tokens);
    let expanded = reader.expand(&tokens);
    reader.sites(&expanded);
    let read = std::mem::take(&mut reader.read);
    unread(name, &tokens, &read, sources);
}

pub(crate) struct Reader<'s> {
    pub(crate) file: &'s str,
    macros: BTreeMap<String, Macro>,
    constants: BTreeMap<String, Tokens>,
    /// Where the texts stand that are part of a statement.
    read: BTreeSet<(usize, usize)>,
    pub(crate) sources: &'s mut Sources,
}

/// Texts that look like a statement and were not read.
fn unread(file: &str, tokens: &[TokenTree], read: &BTreeSet<(usize, usize)>, sources: &mut Sources) {
    for token in tokens {
        if let TokenTree::Group(group) = token {
            unread(file, &inside(group), read, sources);
        }
        let Some(text) = string(token) else { continue };
        let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "REPLACE "];
        if verbs.iter().any(|verb| text.trim_start().starts_with(verb)) && !read.contains(&place(token)) {
            sources.unread.push(format!("{file}:{} {text}", place(token).0));
        }
    }
}

impl Reader<'_> {
    /// Notes the macros and constants of a file.
    fn definitions(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            match ident(Some(token)).as_deref() {
                Some("macro_rules") => {
                    let (Some(name), Some(rules)) = (ident(tokens.get(at + 2)), group(tokens.get(at + 3))) else {
                        continue;
                    };
                    let rule = inside(rules);
                    let (Some(pattern), Some(body)) = (group(rule.first()), group(rule.get(3))) else {
                        continue;
                    };
                    // what is more than that is not expanded: a statement inside would count as unread
                    let Some(parameters) = parameters(&inside(pattern)) else {
                        continue;
                    };
                    let made = Macro {
                        parameters,
                        body: inside(body),
                    };
                    assert!(
                        self.macros.insert(name.clone(), made).is_none(),
                        "{}: two macros are called {name}",
                        self.file
                    );
                }
                Some("const" | "static") => {
                    let value = tokens[at..].iter().position(|token| is_punct(Some(token), '='));
                    let end = tokens[at..].iter().position(|token| is_punct(Some(token), ';'));
                    if let (Some(name), Some(value), Some(end)) = (ident(tokens.get(at + 1)), value, end)
                        && value < end
                    {
                        self.constants.insert(name, tokens[at + value + 1..at + end].to_vec());
                    }
                }
                _ => {}
            }
            if let TokenTree::Group(group) = token {
                self.definitions(&inside(group));
            }
        }
    }

    /// Puts the body of each macro of the file where it is used, and leaves the definitions out.
    fn expand(&self, tokens: &[TokenTree]) -> Tokens {
        let mut expanded = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let name = ident(Some(token));
            let given = group(tokens.get(at + 1)).filter(|_| is_punct(tokens.get(at), '!'));
            if name.as_deref() == Some("macro_rules") {
                at += 3;
            } else if let (Some(made), Some(given)) = (name.and_then(|name| self.macros.get(&name)), given) {
                at += 2;
                let given = arguments(&inside(given));
                expanded.extend(self.expand(&substitute(&made.body, &made.parameters, &given)));
            } else if let TokenTree::Group(group) = token {
                expanded.push(regroup(group, self.expand(&inside(group))));
            } else {
                expanded.push(token.clone());
            }
        }
        expanded
    }

    /// Reads every place where something is sent.
    fn sites(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.sites(&inside(group));
            }
            let Some(name) = ident(Some(token)) else { continue };
            if name == "QueryBuilder" {
                self.sources.hidden.insert(format!("{} QueryBuilder", self.file));
            }
            let given = group(tokens.get(at + 1 + usize::from(is_punct(tokens.get(at + 1), '!'))));
            let Some(given) = given.map(|group| arguments(&inside(group))) else {
                continue;
            };
            let where_it_is = format!("{}:{}", self.file, place(token).0);
            let is_macro = is_punct(tokens.get(at + 1), '!');
            let of_sqlx = at > 2 && ident(tokens.get(at - 3)).as_deref() == Some("sqlx");
            match name.as_str() {
                "execute" if is_macro => self.plain(where_it_is, &given, 1),
                "fetch_all" | "fetch_optional" | "fetch_one" if is_macro => self.plain(where_it_is, &given, 2),
                "write_rows" if is_macro => self.rows(where_it_is, &given),
                "fetch_listed" if is_macro => self.listed(where_it_is, &given),
                "fetch_built" | "execute_built" if is_macro => self.built(&where_it_is, &given[2]),
                _ if of_sqlx && (name.starts_with("query") || name == "raw_sql") => {
                    let Some(text) = self.text(&given[0]) else {
                        self.sources
                            .hidden
                            .insert(format!("{} {name} {}", self.file, written(&given[0])));
                        continue;
                    };
                    let mut values = Vec::new();
                    for (next, token) in tokens[at..].iter().enumerate() {
                        if is_punct(Some(token), ';') {
                            break;
                        }
                        if ident(Some(token)).as_deref() == Some("bind") {
                            let value = group(tokens.get(at + next + 1));
                            values.extend(value.map(|value| written(&inside(value))));
                        }
                    }
                    self.add(where_it_is, text, values);
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, place: String, text: String, given: Vec<String>) {
        self.sources.statements.insert(Statement { place, text, given });
    }

    /// The text that an expression is, if it stands in the source; it counts as read.
    pub(crate) fn text(&mut self, tokens: &[TokenTree]) -> Option<String> {
        match tokens {
            [text @ .., comma] if is_punct(Some(comma), ',') => self.text(text),
            [token @ TokenTree::Literal(_)] => {
                let value = string(token)?;
                self.read.insert(place(token));
                Some(value)
            }
            [TokenTree::Ident(name)] => {
                let value = self.constants.get(&name.to_string())?.clone();
                self.text(&value)
            }
            [TokenTree::Ident(name), sign, TokenTree::Group(parts)]
                if name == "concat" && is_punct(Some(sign), '!') =>
            {
                let parts = arguments(&inside(parts));
                parts.iter().map(|part| self.text(part)).collect()
            }
            _ => None,
        }
    }

    pub(crate) fn known_text(&mut self, place: &str, tokens: &[TokenTree]) -> String {
        self.text(tokens)
            .unwrap_or_else(|| panic!("{place}: this text cannot be read: {}", written(tokens)))
    }

    fn plain(&mut self, place: String, given: &[Tokens], sql: usize) {
        let text = self.known_text(&place, &given[sql]);
        let values = given[sql + 1..].iter().map(|value| written(value)).collect();
        self.add(place, text, values);
    }

    /// `write_rows!(tx, rows, columns, head, |…| push, tail)`.
    fn rows(&mut self, place: String, given: &[Tokens]) {
        let [_, _, columns, head, push, tail] = given else {
            panic!("{place}: six arguments are needed");
        };
        let values = bound(push);
        assert_eq!(written(columns), values.len().to_string(), "{place}: columns of a row");
        let list: Vec<String> = (1..=values.len()).map(|number| format!("${number}")).collect();
        let (head, tail) = (self.known_text(&place, head), self.known_text(&place, tail));
        self.add(place, format!("{head} VALUES ({}) {tail}", list.join(", ")), values);
    }

    /// `fetch_listed!(tx, Row, head, [parameters], keys, width, |…| push, tail)`.
    fn listed(&mut self, place: String, given: &[Tokens]) {
        let [_, _, head, parameters, _, width, push, tail] = given else {
            panic!("{place}: eight arguments are needed");
        };
        let parameters = group(parameters.first()).expect("a list of parameters");
        let mut values: Vec<String> = arguments(&inside(parameters))
            .iter()
            .map(|value| written(value))
            .collect();
        let keys = bound(push);
        assert_eq!(written(width), keys.len().to_string(), "{place}: columns of a key");
        let list: Vec<String> = (1..=keys.len()).map(|key| format!("${}", values.len() + key)).collect();
        let list = list.join(", ");
        values.extend(keys);
        let (head, tail) = (self.known_text(&place, head), self.known_text(&place, tail));
        let list = if written(width) == "1" {
            format!("({list})")
        } else {
            format!("(VALUES ({list}))")
        };
        self.add(place, format!("{head} {list} {tail}"), values);
    }

    /// `fetch_built!(tx, Row, |q| { … })`: every way through it.
    fn built(&mut self, place: &str, closure: &[TokenTree]) {
        let block = group(closure.last()).expect("a block");
        let block = inside(block);
        let mut ways = Vec::new();
        let mut taken = 0_u32;
        loop {
            let mut builder = Builder::new(place, taken);
            builder.run(&block, self);
            assert!(builder.decisions.len() <= 10, "{place}: too many ways through it");
            ways.push((builder.text, builder.given));
            taken += 1;
            if taken >> builder.decisions.len() > 0 {
                break;
            }
        }
        for (text, given) in ways {
            self.add(place.to_owned(), text, given);
        }
    }
}
