//! In which language the command line speaks: what `--lang` says, otherwise the environment.

use posthouse_domain::Language;
use std::ffi::OsString;

/// The variables that name a language, the strongest first.
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// The language of this call. It is found before the command line is parsed, for help and mistakes are words as well.
pub(super) fn chosen(
    arguments: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    if let Some(language) = of_flag(arguments) {
        return language;
    }
    let set = VARIABLES
        .iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    set.and_then(|locale| Language::of_locale(&locale)).unwrap_or_default()
}

fn of_flag(arguments: impl IntoIterator<Item = OsString>) -> Option<Language> {
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let argument = argument.to_string_lossy();
        if argument == "--" {
            return None;
        }
        if argument == "--lang" {
            return Language::of_tag(arguments.next()?.to_str()?);
        }
        if let Some(tag) = argument.strip_prefix("--lang=") {
            return Language::of_tag(tag);
        }
    }
    None
}

/// The value of `--lang`.
pub(super) fn parse(text: &str) -> Result<Language, String> {
    Language::of_tag(text).ok_or_else(|| posthouse_domain::words!("use en or zh-CN", "可用 en 或 zh-CN").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen_by(arguments: &[&str], environment: &[(&str, &str)]) -> Language {
        let find = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        chosen(arguments.iter().map(OsString::from), find)
    }

    #[test]
    fn the_flag_is_stronger_than_the_environment() {
        let zh = [("LANG", "zh_CN.UTF-8")];
        assert_eq!(chosen_by(&["posthouse", "segments"], &zh), Language::Zh);
        assert_eq!(chosen_by(&["posthouse", "--lang", "en", "segments"], &zh), Language::En);
        assert_eq!(chosen_by(&["posthouse", "segments", "--lang=zh-CN"], &[]), Language::Zh);
        assert_eq!(
            chosen_by(&["posthouse", "import", "--", "--lang=zh-CN"], &[]),
            Language::En
        );
        assert_eq!(chosen_by(&["posthouse", "--lang"], &zh), Language::Zh);
    }

    #[test]
    fn the_environment_is_read_as_everywhere() {
        let both = [("LC_ALL", ""), ("LC_MESSAGES", "zh_CN"), ("LANG", "en_US.UTF-8")];
        assert_eq!(chosen_by(&[], &both), Language::Zh);
        assert_eq!(
            chosen_by(&[], &[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]),
            Language::En,
            "the strongest that is set counts"
        );
        assert_eq!(chosen_by(&[], &[("LANG", "de_DE.UTF-8")]), Language::En);
        assert_eq!(chosen_by(&[], &[]), Language::En);
    }
}
