//! The command line. Results go to standard output, as words or with `--json` as one document; everything else goes to standard
//! error. Exit codes: 0 fine, 1 failed, 2 used wrongly.

mod agency;
mod audit;
mod campaigns;
mod client;
mod clock;
mod confined;
mod coupons;
mod customers;
mod doctor;
mod explain;
mod facts;
mod form;
mod help;
mod help_texts;
mod help_words;
mod import;
mod imports;
mod io_words;
mod jobs;
mod language;
mod members;
pub(crate) mod plugin;
mod quote;
mod replay;
mod segments;
mod staff;
mod start;
mod tasks;
mod trade;
mod webhooks;

use crate::output::{Failure, Output, print};

use crate::config::{Config, Flags};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use posthouse_domain::words::speaking;
use posthouse_domain::{Language, Words, words};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use uuid::Uuid;

/// Customers, segments and campaigns of travel agencies, decided by plugins you can swap while it runs.
#[derive(Debug, Parser)]
#[command(name = "posthouse", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    /// Print one JSON document on standard output instead of words.
    #[arg(long, global = true)]
    json: bool,
    /// Language of all output, `en` or `zh-CN`; otherwise LC_ALL, LC_MESSAGES or LANG decides.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language::parse)]
    lang: Option<Language>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API; migrates the database on start.
    Serve(Serving),
    /// Serve a made-up agency with realistic data and the reference plugins.
    Demo(start::Demo),
    /// Agencies of this installation, and their keys.
    #[command(subcommand)]
    Agency(agency::Agency),
    /// People of an agency: invite them, list them, let them in again.
    #[command(subcommand, after_help = LINKS)]
    Staff(staff::Staff),
    /// Import a file through the server.
    #[command(after_help = VARIABLES)]
    Import(import::Import),
    /// List imports, or end one.
    #[command(after_help = VARIABLES)]
    Imports(imports::Imports),
    /// Write, test and activate plugins.
    #[command(subcommand, after_help = VARIABLES)]
    Plugin(plugin::Plugin),
    /// List segments with their sizes, or the members of one, or draw some of them.
    #[command(after_help = VARIABLES)]
    Segments(segments::Segments),
    /// Facts of all customers.
    #[command(subcommand, after_help = VARIABLES)]
    Facts(facts::Facts),
    /// Find customers, or show all that is known of one.
    #[command(after_help = VARIABLES)]
    Customers(customers::Customers),
    /// List campaigns; plan, approve, run and amend them.
    #[command(after_help = VARIABLES)]
    Campaigns(campaigns::Campaigns),
    /// List members of the loyalty programme; show one, and what is done by hand.
    #[command(after_help = VARIABLES)]
    Members(members::Members),
    /// List tasks; write them down, and say that they are done.
    #[command(after_help = VARIABLES)]
    Tasks(tasks::Tasks),
    /// Coupons of campaigns.
    #[command(subcommand, after_help = VARIABLES)]
    Coupons(coupons::Coupons),
    /// Price a basket with every campaign in force, and hold the price for a while.
    #[command(after_help = quote::BASKET)]
    Quote(quote::Quote),
    /// Confirm a quote with its booking: what it held is spent, its coupons are redeemed.
    #[command(after_help = VARIABLES)]
    Confirm(quote::Confirm),
    /// Let a quote go: what it held is free again.
    #[command(after_help = VARIABLES)]
    Release(quote::Release),
    /// Make a past decision again, with the plugin, settings and input of then: the same bytes, or the first difference.
    #[command(after_help = VARIABLES)]
    Replay(replay::Replay),
    /// List webhooks; create and change them, and see what was sent.
    #[command(after_help = VARIABLES)]
    Webhooks(webhooks::Webhooks),
    /// List work that falls due by itself, and try again what was given up.
    #[command(after_help = VARIABLES)]
    Jobs(jobs::Jobs),
    /// Show who did what, or verify that the log of it is whole.
    #[command(after_help = VARIABLES)]
    Audit(audit::Audit),
    /// Move the business clock of a server started with `serve --clock manual:INSTANT`.
    #[command(subcommand, after_help = VARIABLES)]
    Clock(clock::Clock),
    /// Check that everything a server needs is there, without changing anything.
    Doctor(Settings),
    /// Bring the database's tables up to date.
    Migrate(Settings),
    /// The configuration.
    #[command(subcommand)]
    Config(explain::Configuration),
    /// Work that a server gives to a process of its own.
    #[command(subcommand, hide = true)]
    Confined(confined::Confined),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// What commands that talk to a server take from the environment.
const VARIABLES: &str = "Environment, for commands that talk to a server:
  POSTHOUSE_URL      The server's address [default: http://127.0.0.1:7300]
  POSTHOUSE_API_KEY  A key of the agency; `posthouse agency create` and `posthouse agency key` print one";

/// What commands that print a link take from the environment.
const LINKS: &str = "Environment:
  POSTHOUSE_URL      The server's address, with which links begin [default: http://127.0.0.1:7300]";

/// Where settings come from.
#[derive(Debug, Clone, Args)]
struct Settings {
    /// Configuration file; `posthouse.toml` is read if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite:PATH` or `postgres://USER@HOST/NAME`.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,
}

/// Settings of a server.
#[derive(Debug, Clone, Args)]
struct Serving {
    #[command(flatten)]
    settings: Settings,
    /// Address and port; port 0 takes a free one and prints it.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address and port of `/metrics` alone; without one they are at --listen, unless that can be reached from other machines.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// Business clock: `system`, or `fixed:` or `manual:` and an instant as in fixed:2026-01-15T10:00:00Z; a manual one is moved by
    /// `posthouse clock`.
    #[arg(long, value_name = "CLOCK")]
    clock: Option<String>,
}

impl Settings {
    fn flags(&self) -> Flags {
        Flags {
            database: self.database.clone(),
            ..Flags::default()
        }
    }

    fn load(&self) -> Result<Config, Failure> {
        let config = Config::load(self.config.as_deref(), &self.flags())?;
        for strange in crate::config::strange_variables() {
            let _ = writeln!(std::io::stderr(), "{}", words!("warning: {strange}", "警告：{strange}"));
        }
        Ok(config)
    }
}

impl Serving {
    fn flags(&self) -> Flags {
        Flags {
            listen: self.listen.clone(),
            metrics_listen: self.metrics_listen.clone(),
            clock: self.clock.clone(),
            ..self.settings.flags()
        }
    }

    fn load(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.settings.config.as_deref(), &self.flags())?)
    }
}

/// Parses the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let language = language::chosen(std::env::args_os(), |name| std::env::var(name).ok());
    speaking(language, || match parsed(language) {
        Ok(cli) => perform(cli, language),
        Err(code) => code,
    })
}

/// The command line, or the exit code once help or what is wrong with it has been said.
fn parsed(language: Language) -> Result<Cli, ExitCode> {
    let read = help::in_language(Cli::command(), language)
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| {
        let mistake = (language == Language::Zh).then(|| help::mistake(&error)).flatten();
        match mistake {
            // nobody is left to hear it if this fails
            Some(text) => drop(write!(std::io::stderr(), "{text}")),
            None => drop(error.print()),
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

fn perform(cli: Cli, language: Language) -> ExitCode {
    let output = Output { json: cli.json };
    let done = match cli.command {
        Command::Serve(serving) => start::serve(&serving),
        Command::Demo(demo) => start::demo(&demo),
        Command::Agency(agency) => agency.run(output),
        Command::Staff(staff) => staff.run(output),
        Command::Import(import) => import.run(output),
        Command::Imports(imports) => imports.run(output),
        Command::Plugin(plugin) => plugin.run(output),
        Command::Segments(segments) => segments.run(output),
        Command::Facts(facts) => facts.run(output),
        Command::Customers(customers) => customers.run(output),
        Command::Campaigns(campaigns) => campaigns.run(output),
        Command::Members(members) => members.run(output),
        Command::Tasks(tasks) => tasks.run(output),
        Command::Coupons(coupons) => coupons.run(output),
        Command::Webhooks(webhooks) => webhooks.run(output),
        Command::Jobs(jobs) => jobs.run(output),
        Command::Audit(audit) => audit.run(output),
        Command::Quote(quote) => quote.run(output),
        Command::Confirm(confirm) => confirm.run(output),
        Command::Release(release) => release.run(output),
        Command::Replay(replay) => replay.run(output),
        Command::Clock(clock) => clock.run(output),
        Command::Doctor(settings) => doctor::doctor(&settings, output),
        Command::Migrate(settings) => doctor::migrate(&settings, output),
        Command::Config(configuration) => configuration.run(output),
        Command::Confined(confined) => confined.run(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            let mut command = help::in_language(Cli::command(), language);
            clap_complete::generate(shell, &mut command, "posthouse", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure),
    }
}

/// An id as an argument.
fn id(text: &str) -> Result<Uuid, Words> {
    text.parse()
        .map_err(|_| words!("not an id (a UUID)", "不是编号（UUID）"))
}

/// Runs asynchronous work of a command.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let done = runtime.block_on(work);
    // a thread that reads a file, which is resumed at the next start, is not waited for
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn json_may_stand_behind_the_command() {
        let cli = Cli::try_parse_from([
            "posthouse",
            "agency",
            "create",
            "silk",
            "--name",
            "Silk Road",
            "--json",
            "--database",
            "sqlite:x",
        ])
        .unwrap();
        assert!(cli.json);
        assert!(
            Cli::try_parse_from([
                "posthouse",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--clock",
                "fixed:2026-01-15"
            ])
            .is_ok()
        );
        assert_eq!(
            Cli::try_parse_from(["posthouse", "import", "trains", "x.csv"])
                .unwrap_err()
                .exit_code(),
            2
        );
    }
}
