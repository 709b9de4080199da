//! The command line in Chinese: commands and options explained, and mistakes named.
//!
//! English stands where a command is defined. Its Chinese stands in [`CHINESE`], and a test finds what is missing there.

use super::help_words::CHINESE;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use posthouse_domain::Language;

/// The command line as it explains itself in this language.
pub(super) fn in_language(mut command: Command, language: Language) -> Command {
    if language == Language::En {
        return command;
    }
    // only now do help and version stand among the options
    command.build();
    in_chinese(command)
}

const TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";

fn in_chinese(command: Command) -> Command {
    let about = command.get_about().map(|text| chinese(&text.to_string()));
    let long = command.get_long_about().map(|text| chinese(&text.to_string()));
    let after = command.get_after_help().map(|text| chinese(&text.to_string()));
    let mut command = command
        .help_template(TEMPLATE)
        .subcommand_help_heading("命令")
        .mut_args(explained)
        .mut_subcommands(in_chinese);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    command
}

/// An option with its help, its default and what it can be.
fn explained(arg: Arg) -> Arg {
    let mut help = arg
        .get_help()
        .map(|text| chinese(&text.to_string()))
        .unwrap_or_default();
    let long = arg.get_long_help().map(|text| chinese(&text.to_string()));
    let defaults: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .filter(|value| !value.is_empty())
        .collect();
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let choices: Vec<_> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    if takes && !defaults.is_empty() {
        help += &format!("（默认：{}）", defaults.join("、"));
    }
    if takes && !choices.is_empty() {
        help += &format!("（可用：{}）", choices.join("、"));
    }
    let heading = if arg.is_positional() { "参数" } else { "选项" };
    let arg = arg
        .help(help)
        .help_heading(heading)
        .hide_default_value(true)
        .hide_possible_values(true);
    match long {
        Some(long) => arg.long_help(long),
        None => arg,
    }
}

fn chinese(english: &str) -> String {
    found(english).unwrap_or(english).to_owned()
}

fn found(english: &str) -> Option<&'static str> {
    let found = CHINESE.iter().find(|(en, _)| *en == english);
    found.map(|(_, zh)| *zh)
}

/// What is wrong with a command line, in Chinese; none for what is no mistake, and for what clap says best itself.
pub(super) fn mistake(error: &clap::Error) -> Option<String> {
    let said = |kind| error.get(kind).map(ContextValue::to_string).unwrap_or_default();
    let arg = said(ContextKind::InvalidArg).replace(", ", "、");
    let value = said(ContextKind::InvalidValue);
    let problem = match error.kind() {
        ErrorKind::UnknownArgument => format!("无法识别的参数 {arg}"),
        ErrorKind::InvalidSubcommand => format!("没有命令 {}", said(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("缺少参数：{arg}"),
        ErrorKind::MissingSubcommand => format!("{} 需要一个子命令", said(ContextKind::InvalidSubcommand)),
        ErrorKind::InvalidValue if value.is_empty() => format!("{arg} 需要一个值"),
        ErrorKind::InvalidValue => format!("{arg} 的值 {value:?} 不可用"),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("{arg} 的值 {value:?} 不可用：{why}")
        }
        ErrorKind::NoEquals => format!("{arg} 须写成 {arg}=值"),
        ErrorKind::TooManyValues => format!("{arg} 不接受值 {value:?}"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{arg} 的值个数不对"),
        ErrorKind::ArgumentConflict => match said(ContextKind::PriorArg) {
            other if other.is_empty() || other == arg => format!("{arg} 只能出现一次"),
            other => format!("{arg} 不能与 {other} 同时使用"),
        },
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8".to_owned(),
        _ => return None,
    };
    let mut text = format!("错误：{problem}\n");
    let choices = said(ContextKind::ValidValue).replace(", ", "、");
    let choices = if choices.is_empty() {
        said(ContextKind::ValidSubcommand).replace(", ", "、")
    } else {
        choices
    };
    if !choices.is_empty() {
        text += &format!("  可用：{choices}\n");
    }
    let meant = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    if let Some(meant) = meant.into_iter().map(said).find(|meant| !meant.is_empty()) {
        // the nearest comes last
        let meant = meant.rsplit(", ").next().unwrap_or_default();
        text += &format!("  是否想用 {meant}？\n");
    }
    text += "\n更多说明请加 --help。\n";
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Cli;
    use super::*;
    use clap::CommandFactory;

    /// Every text that the command line explains itself with.
    fn texts(command: &Command, found: &mut Vec<String>) {
        let own = [command.get_about(), command.get_long_about(), command.get_after_help()];
        found.extend(own.into_iter().flatten().map(ToString::to_string));
        for arg in command.get_arguments() {
            let own = [arg.get_help(), arg.get_long_help()];
            found.extend(own.into_iter().flatten().map(ToString::to_string));
        }
        for below in command.get_subcommands() {
            texts(below, found);
        }
    }

    #[test]
    fn every_command_and_option_has_its_chinese() {
        let mut command = Cli::command();
        command.build();
        let mut said = Vec::new();
        texts(&command, &mut said);
        said.sort();
        said.dedup();
        let missing: Vec<&String> = said.iter().filter(|text| found(text).is_none()).collect();
        assert!(missing.is_empty(), "without Chinese: {missing:#?}");
        let unused: Vec<&str> = CHINESE
            .iter()
            .map(|(en, _)| *en)
            .filter(|en| !said.iter().any(|text| text == en))
            .collect();
        assert!(unused.is_empty(), "of no command any more: {unused:#?}");
        for (en, zh) in CHINESE {
            assert!(zh.chars().any(|c| c > '\u{2e80}'), "{en}: {zh}");
        }
    }

    #[test]
    fn the_command_line_is_the_same_in_both_languages() {
        let command = in_language(Cli::command(), Language::Zh);
        command.clone().debug_assert();
        let words = ["posthouse", "import", "customers", "a.csv", "--dry-run", "--json"];
        assert!(command.try_get_matches_from(words).is_ok());
    }

    #[test]
    fn help_is_chinese_all_through() {
        let help = |words: &[&str]| {
            let error = in_language(Cli::command(), Language::Zh)
                .try_get_matches_from(words)
                .unwrap_err();
            error.to_string()
        };
        let all = help(&["posthouse", "--help"]);
        for part in ["用法：", "命令:", "选项:", "--json", "导入"] {
            assert!(all.contains(part), "{part}: {all}");
        }
        for english in ["Usage", "Commands", "Options", "Print"] {
            assert!(!all.contains(english), "{english}: {all}");
        }
        let import = help(&["posthouse", "import", "--help"]);
        for part in ["参数:", "（可用：customers、bookings）", "POSTHOUSE_API_KEY"] {
            assert!(import.contains(part), "{part}: {import}");
        }
        assert!(!import.contains("possible values"), "{import}");
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |words: &[&str]| {
            let error = in_language(Cli::command(), Language::Zh)
                .try_get_matches_from(words)
                .unwrap_err();
            mistake(&error).unwrap_or_else(|| error.to_string())
        };
        for (words, part) in [
            (&["posthouse", "imprt"][..], "没有命令 imprt\n"),
            (&["posthouse", "imprt"], "是否想用 import？"),
            (&["posthouse", "segments", "--limt", "3"], "无法识别的参数 --limt"),
            (&["posthouse", "segments", "--limit"], "需要一个值"),
            (&["posthouse", "segments", "--limit", "0"], "\"0\" 不可用："),
            (&["posthouse", "import", "trains", "x.csv"], "可用：customers、bookings"),
            (&["posthouse", "import", "customers"], "缺少参数：<FILE>"),
            (&["posthouse", "--lang", "fr", "doctor"], "不可用："),
        ] {
            let said = wrong(words);
            assert!(said.contains(part) && said.starts_with("错误："), "{words:?}: {said}");
        }
    }
}
