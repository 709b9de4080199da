//! Work that a server gives to a child of the same program, whose memory and time the system bounds. Nobody types these commands.

use super::Failure;
use clap::{Args, Subcommand};
use posthouse_app::intake::files::workbook;
use posthouse_child::{Limits, confine, stand_back};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

#[derive(Debug, Subcommand)]
pub(super) enum Confined {
    /// Read the workbook on standard input and write its rows to standard output.
    Workbook {
        #[command(flatten)]
        bounds: Bounds,
        /// The sheet; without it the first one that is not hidden.
        #[arg(long)]
        sheet: Option<String>,
    },
    /// Compile the component on standard input and write its machine code to standard output.
    Component {
        #[command(flatten)]
        bounds: Bounds,
        /// Most bytes of machine code.
        #[arg(long)]
        code_bytes: u64,
    },
}

#[derive(Debug, Args)]
pub(super) struct Bounds {
    /// Address space.
    #[arg(long)]
    memory_bytes: u64,
    /// Processor time.
    #[arg(long)]
    cpu_seconds: u64,
}

impl Bounds {
    fn keep(&self) -> Result<(), Failure> {
        let limits = Limits {
            memory_bytes: self.memory_bytes,
            cpu_seconds: self.cpu_seconds,
            // the parent's business
            silence_seconds: 0,
        };
        confine(&limits).map_err(Failure::failed)
    }
}

impl Confined {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Workbook { bounds, sheet } => {
                bounds.keep()?;
                workbook::read(input()?, sheet.as_deref(), io::stdout().lock()).map_err(Failure::failed)
            }
            Self::Component { bounds, code_bytes } => {
                bounds.keep()?;
                stand_back().map_err(Failure::failed)?;
                posthouse_engine::compile_confined(input()?, io::stdout().lock(), code_bytes).map_err(Failure::failed)
            }
        }
    }
}

/// Standard input as the file it is.
fn input() -> Result<File, Failure> {
    let input = io::stdin().as_fd().try_clone_to_owned().map_err(Failure::failed)?;
    Ok(File::from(input))
}
