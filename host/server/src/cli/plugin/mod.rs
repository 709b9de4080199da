//! `posthouse plugin`: from an empty folder to a rule in force. `new`, `build`, `check`, `test`, `bench`, `pack` and `facts` work alone,
//! the rest talks to a server.

mod author;
mod bench;
mod binding;
mod build;
mod facts;
mod local;
mod new;
mod points;
mod project;
mod remote;
mod sources;
mod toolchain;
mod upgrade;
mod which;
mod words;

use super::{Failure, VARIABLES};
use crate::output::Output;
use binding::Binding;
use clap::{Args, Subcommand};
use points::Point;
use std::path::PathBuf;
pub(in crate::cli) use words::aside;

/// Plugins.
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Make the project of a new plugin.
    New {
        /// Lower-case words joined by hyphens.
        name: String,
        /// What the plugin decides.
        #[arg(long, value_parser = new::worlds(), default_value = points::POINTS[0].name)]
        world: &'static Point,
        /// Folder in which the project's folder is made.
        #[arg(long, value_name = "DIR", default_value = ".")]
        parent: PathBuf,
    },
    /// Bring a project of an earlier release over to this one.
    Upgrade {
        /// The project's folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Compile a project to a component.
    Build(Building),
    /// Put a component or a project through everything an upload goes through.
    Check {
        #[command(flatten)]
        source: Source,
        /// Draw the self-test from the number that a refusal names; left out, it goes by the component.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Run the golden cases in the sandbox and print what each took.
    Test(Source),
    /// Measure fuel and time of calls in the sandbox, over made-up rows or baskets.
    Bench {
        #[command(flatten)]
        source: Source,
        /// Where the made-up input comes from: the same number, the same input.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Make one .wasm with golden cases and metadata inside, as `push` takes it.
    Pack(Building),
    /// List the facts a rule can read, with kind, unit and meaning; no server is asked.
    Facts {
        /// Only those that have these words in key, kind, unit or meaning.
        words: Vec<String>,
        /// As the table of the plugin guides.
        #[arg(long, hide = true)]
        markdown: bool,
    },
    /// Upload a packed component, or pack a project and upload that.
    #[command(after_help = VARIABLES)]
    Push(Source),
    /// Show what a plugin would change if it were activated: who would move, or of a loyalty rule what it would have posted in the past.
    #[command(after_help = VARIABLES)]
    Preview {
        #[command(flatten)]
        rule: remote::RuleArgs,
        /// List everyone who would move, however many.
        #[arg(long)]
        all: bool,
        /// Over how many days a rule of loyalty or complaint routing is played, today included.
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=730))]
        days: u32,
    },
    /// Activate a plugin.
    #[command(after_help = VARIABLES)]
    Activate {
        #[command(flatten)]
        rule: remote::RuleArgs,
        /// Facts granted beyond those granted before.
        #[arg(long, value_delimiter = ',', value_name = "FACT,…")]
        grant: Option<Vec<String>>,
    },
    /// Activate an earlier revision of a binding again.
    #[command(after_help = VARIABLES)]
    Rollback {
        /// The binding, or promotion/KEY for the rule of a campaign.
        binding: Binding,
        /// The revision. Left out, it is the one before the present; repeated, the command walks further back.
        #[arg(long, value_name = "REVISION")]
        to: Option<i64>,
    },
    /// End a binding: everyone leaves its segments, and its rule is not asked any more. `rollback` puts it back.
    #[command(after_help = VARIABLES)]
    End {
        /// The binding.
        binding: Binding,
    },
    /// Ask a campaign's rule again that was set aside because it kept failing or costing.
    #[command(after_help = VARIABLES)]
    AskAgain {
        /// The binding, promotion/KEY for the rule of a campaign.
        binding: Binding,
    },
    /// List the revisions of a binding, the newest first: when each was activated, why, and with which settings.
    #[command(after_help = VARIABLES)]
    History {
        /// The binding, or promotion/KEY for the rule of a campaign.
        binding: Binding,
        /// How many revisions, the last ones.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        revisions: u16,
    },
    /// Print what the rules of a binding logged lately, and how they failed.
    #[command(after_help = VARIABLES)]
    Logs {
        /// The binding, or promotion/KEY for the rule of a campaign.
        binding: Binding,
        /// How many lines, the last ones.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        lines: u16,
    },
    /// List revisions and what is bound.
    #[command(after_help = VARIABLES)]
    List,
    /// Delete a revision that no binding names, nor did.
    #[command(after_help = VARIABLES)]
    Delete {
        /// The revision's digest or its beginning.
        digest: String,
    },
}

/// What to build.
#[derive(Debug, Args)]
pub(super) struct Building {
    /// The project's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where to write the component.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A component, or a project to make one of.
#[derive(Debug, Args)]
pub(super) struct Source {
    /// A .wasm file or a project's folder.
    #[arg(default_value = ".", value_name = "FILE|DIR")]
    path: PathBuf,
}

impl Plugin {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New { name, world, parent } => local::new(&name, world, &parent, output),
            Self::Upgrade { dir } => local::upgrade(&dir, output),
            Self::Build(building) => local::build(&building.dir, building.out.as_deref(), output),
            Self::Check { source, seed } => local::check(&source.path, seed, output),
            Self::Test(source) => local::test(&source.path, output),
            Self::Bench { source, seed } => bench::bench(&source.path, seed, output),
            Self::Pack(building) => local::pack(&building.dir, building.out.as_deref(), output),
            Self::Facts { words, markdown } => facts::facts(&words, markdown, output),
            Self::Push(source) => remote::push(&source.path, output),
            Self::Preview { rule, all, days } => remote::preview(&rule, all, days, output),
            Self::Activate { rule, grant } => remote::activate(&rule, grant, output),
            Self::Rollback { binding, to } => remote::rollback(&binding, to, output),
            Self::End { binding } => remote::end(&binding, output),
            Self::AskAgain { binding } => remote::ask_again(&binding, output),
            Self::History { binding, revisions } => remote::history(&binding, revisions, output),
            Self::Logs { binding, lines } => remote::logs(&binding, lines, output),
            Self::List => remote::list(output),
            Self::Delete { digest } => remote::delete(&digest, output),
        }
    }
}
