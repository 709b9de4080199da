//! A statement that is put together, put together.

use crate::sources::Reader;
use crate::tokens::{arguments, group, ident, inside, is_punct, place, written};
use proc_macro2::{Delimiter, TokenTree};
use std::collections::BTreeMap;

/// Puts a statement together as its block does.
#[derive(Default)]
pub(crate) struct Builder {
    place: String,
    pub(crate) text: String,
    pub(crate) given: Vec<String>,
    /// Which conditions are true, a bit for each in the order of their appearance.
    taken: u32,
    pub(crate) decisions: Vec<(usize, usize)>,
    /// How often a text that depends on a condition was added.
    added: BTreeMap<(usize, usize), usize>,
    /// What adds a separator before each value but the first: its name, the separator, and whether there was one.
    separated: BTreeMap<String, (String, bool)>,
}

impl Builder {
    /// One for the statement at a place, with these conditions true.
    pub(crate) fn new(place: &str, taken: u32) -> Self {
        Self {
            place: place.to_owned(),
            taken,
            ..Self::default()
        }
    }

    pub(crate) fn run(&mut self, tokens: &[TokenTree], reader: &mut Reader<'_>) {
        let next_block = |from: usize| {
            let is_block = |token: &TokenTree| group(Some(token)).is_some_and(|g| g.delimiter() == Delimiter::Brace);
            let block = tokens[from..].iter().position(is_block).expect("a block");
            (
                inside(group(tokens.get(from + block)).expect("a block")),
                from + block + 1,
            )
        };
        let mut receiver = String::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            let after_dot = at > 1 && is_punct(tokens.get(at - 2), '.');
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => self.run(&inside(group), reader),
                TokenTree::Ident(name) if !after_dot && is_punct(tokens.get(at), '.') => receiver = name.to_string(),
                TokenTree::Ident(name) => match (name.to_string().as_str(), group(tokens.get(at))) {
                    ("for", _) => {
                        let (body, end) = next_block(at);
                        self.run(&body, reader);
                        self.run(&body, reader);
                        at = end;
                    }
                    ("if", _) => {
                        let decision = self.decisions.iter().position(|known| *known == place(token));
                        let decision = decision.unwrap_or_else(|| {
                            self.decisions.push(place(token));
                            self.decisions.len() - 1
                        });
                        let (body, mut end) = next_block(at);
                        let mut otherwise = Vec::new();
                        if ident(tokens.get(end)).as_deref() == Some("else") {
                            assert_ne!(
                                ident(tokens.get(end + 1)).as_deref(),
                                Some("if"),
                                "{}: `else if`",
                                self.place
                            );
                            (otherwise, end) = next_block(end);
                        }
                        let is_taken = self.taken >> decision & 1 == 1;
                        self.run(if is_taken { &body } else { &otherwise }, reader);
                        at = end;
                    }
                    ("separated", Some(by)) if after_dot => {
                        let by = reader.known_text(&self.place, &inside(by));
                        let equals = tokens[..at].iter().rposition(|token| is_punct(Some(token), '='));
                        let list = ident(tokens.get(equals.expect("a name for it") - 1)).expect("a name");
                        self.separated.insert(list, (by, false));
                    }
                    ("push", Some(text)) if after_dot => self.push(&inside(text), reader),
                    ("push_bind", Some(value)) if after_dot => self.push_bind(&receiver, &inside(value)),
                    ("push_values", Some(rows)) if after_dot => {
                        let rows = arguments(&inside(rows));
                        let closure = rows.last().expect("a closure");
                        let body = inside(group(closure.last()).expect("a block"));
                        let row = closure.iter().filter_map(|token| ident(Some(token)));
                        let row = row.into_iter().find(|name| name != "mut").expect("a name");
                        self.separated.insert(row, (", ".to_owned(), false));
                        self.text.push_str("VALUES (");
                        self.run(&body, reader);
                        self.text.push(')');
                    }
                    (push, Some(_)) if after_dot && push.starts_with("push") => {
                        panic!("{}: `{push}` is not understood", self.place)
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn push(&mut self, text: &[TokenTree], reader: &mut Reader<'_>) {
        if let [
            TokenTree::Ident(condition),
            ..,
            TokenTree::Group(first),
            _,
            TokenTree::Group(later),
        ] = text
            && condition == "if"
        {
            let times = self.added.entry(place(&text[0])).or_default();
            *times += 1;
            let texts = [first, later].map(|text| reader.known_text(&self.place, &inside(text)));
            self.text.push_str(&texts[usize::from(*times > 1)]);
            return;
        }
        match reader.text(text) {
            Some(text) => self.text.push_str(&text),
            None => {
                let hidden = format!("{} push {}", reader.file, written(text));
                reader.sources.hidden.insert(hidden);
                self.text.push('1');
            }
        }
    }

    fn push_bind(&mut self, receiver: &str, value: &[TokenTree]) {
        if let Some((by, begun)) = self.separated.get_mut(receiver) {
            if *begun {
                self.text.push_str(by);
            }
            *begun = true;
        }
        self.given.push(written(value));
        let number = self.given.len();
        self.text.push_str(&format!("${number}"));
    }
}
