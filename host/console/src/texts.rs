//! Every text of the console, in both languages: a file for each room and language, which the room's texts begin with the name of.

use crate::show::Counted;
use askama::FastWritable;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use posthouse_domain::Language;
use std::fmt;
use std::sync::LazyLock;

type Bundle = FluentBundle<FluentResource>;

/// A room's texts, in Chinese and in English.
macro_rules! rooms {
    ($($room:literal),* $(,)?) => {
        const ROOMS: &[(&str, [&str; 2])] = &[$((
            $room,
            [
                include_str!(concat!($room, "/texts.zh-CN.ftl")),
                include_str!(concat!($room, "/texts.en.ftl")),
            ],
        )),*];
    };
}

rooms![
    "shell",
    "parts",
    "sign_in",
    "second_factor",
    "today",
    "customers",
    "segments",
    "campaigns",
    "quotes",
    "members",
    "complaints",
    "insights",
    "imports",
    "plugins",
    "team",
    "settings"
];

static CHINESE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Zh));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En));

fn bundle(language: Language) -> Bundle {
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // names stand in an element of their own that keeps directions apart; marks in the text would be copied along
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(crate::show::grouped(number.value as i64)),
        _ => None,
    }));
    for (room, texts) in ROOMS {
        let text = texts[usize::from(language == Language::En)];
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(resource, errors)| {
            debug_assert!(false, "{room}: {errors:?}");
            resource
        });
        if let Err(errors) = bundle.add_resource(resource) {
            debug_assert!(false, "{room}: {errors:?}");
        }
    }
    bundle
}

/// A text, and what is put into it.
#[derive(Debug)]
pub(crate) struct Saying {
    language: Language,
    key: String,
    values: FluentArgs<'static>,
}

impl Saying {
    pub(crate) fn new(language: Language, key: impl Into<String>) -> Self {
        Self {
            language,
            key: key.into(),
            values: FluentArgs::new(),
        }
    }

    /// With a word put in.
    pub(crate) fn with(mut self, name: &'static str, word: impl fmt::Display) -> Self {
        self.values.set(name, word.to_string());
        self
    }

    /// With a number put in, by which the text may choose its plural.
    pub(crate) fn count(mut self, name: &'static str, number: impl Counted) -> Self {
        self.values.set(name, number.counted());
        self
    }
}

impl fmt::Display for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundle = match self.language {
            Language::Zh => &CHINESE,
            Language::En => &ENGLISH,
        };
        let Some(pattern) = bundle.get_message(&self.key).and_then(|message| message.value()) else {
            debug_assert!(false, "there is no text {}", self.key);
            return f.write_str(&self.key);
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&self.values), &mut errors);
        debug_assert!(errors.is_empty(), "{}: {errors:?}", self.key);
        f.write_str(&text)
    }
}

/// Whether there is such a text.
pub(crate) fn has(key: &str) -> bool {
    CHINESE.has_message(key)
}

impl FastWritable for Saying {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(dest, "{self}")?)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use regex::Regex;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, end, found);
            } else if path.to_str().unwrap().ends_with(end) {
                found.push(path);
            }
        }
    }

    fn read(end: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), end, &mut found);
        found
            .into_iter()
            .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
            .collect()
    }

    /// Templates and handlers, without the tests in them.
    pub(crate) fn sources() -> Vec<String> {
        let all = read(".html").into_iter().chain(read(".rs"));
        all.map(|(_, text)| text.split("#[cfg(test)]").next().unwrap().to_owned())
            .collect()
    }

    fn keys(language: usize) -> BTreeSet<String> {
        let texts = ROOMS
            .iter()
            .flat_map(|(room, texts)| texts[language].lines().map(move |line| (room, line)));
        let key = Regex::new("^([a-z][a-z0-9-]*) =").unwrap();
        let mut found = BTreeSet::new();
        for (room, line) in texts {
            let Some(key) = key.captures(line) else { continue };
            assert!(key[1].starts_with(&room.replace('_', "-")), "{room}: {}", &key[1]);
            assert!(found.insert(key[1].to_owned()), "twice: {}", &key[1]);
        }
        found
    }

    #[test]
    fn both_languages_have_every_text() {
        assert_eq!(keys(0), keys(1));
    }

    /// A key that is put together begins as it is written, and every text that begins so is used.
    #[test]
    fn every_text_that_is_asked_for_is_there_and_every_other_is_gone() {
        let whole =
            Regex::new(r#"(?:say|text): ?\(?"([a-z0-9-]+)"|(?:say|saying|Saying::new)\((?:[a-z.]+, )?"([a-z0-9-]+)""#)
                .unwrap();
        let part = Regex::new(r#"say_of\("([a-z0-9-]+-)""#).unwrap();
        let (mut asked, mut parts) = (BTreeSet::new(), BTreeSet::new());
        for text in sources() {
            asked.extend(
                whole
                    .captures_iter(&text)
                    .map(|found| found.get(1).or(found.get(2)).unwrap().as_str().to_owned()),
            );
            parts.extend(part.captures_iter(&text).map(|found| found[1].to_owned()));
        }
        let there = keys(0);
        assert_eq!(
            asked.difference(&there).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "asked for and not there"
        );
        let unused: Vec<_> = there
            .difference(&asked)
            .filter(|key| !parts.iter().any(|part| key.starts_with(part)))
            .collect();
        assert_eq!(unused, Vec::<&String>::new(), "there and not asked for");
    }

    #[test]
    fn templates_hold_no_text() {
        let markup =
            Regex::new(r"(?s)<!--.*?-->|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<kbd[^>]*>[^<]*</kbd>|<[^>]*>").unwrap();
        let spoken = Regex::new(r#"(?:title|placeholder|aria-label|alt)="[^"{]*\p{L}[^"]*""#).unwrap();
        for (path, text) in read(".html") {
            let left = markup.replace_all(&text, " ");
            let words: Vec<_> = left
                .split_whitespace()
                .filter(|word| word.chars().any(char::is_alphabetic))
                .collect();
            assert_eq!(words, Vec::<&str>::new(), "{}", path.display());
            assert_eq!(
                spoken.find(&text).map(|found| found.as_str()),
                None,
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn numbers_choose_their_plural_and_are_grouped() {
        let say = |language, number: i64| {
            Saying::new(language, "customers-count")
                .count("count", number)
                .to_string()
        };
        assert_eq!(say(Language::En, 1), "1 customer");
        assert_eq!(say(Language::En, 12_480), "12,480 customers");
        assert_eq!(say(Language::Zh, 12_480), "12,480 位客户");
    }
}
