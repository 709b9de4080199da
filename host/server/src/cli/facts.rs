//! `posthouse facts`: what is known of all customers, in a file.

use super::Failure;
use super::client::Client;
use crate::cli::io_words::io_words;
use crate::output::Output;
use clap::Subcommand;
use posthouse_domain::words;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Facts of all customers.
#[derive(Debug, Subcommand)]
pub(super) enum Facts {
    /// Write the facts of all customers, a row each, as of the day that the server says.
    Export {
        /// As which kind of file.
        #[arg(long, default_value = "csv", value_parser = ["csv", "jsonl", "arrow"])]
        format: String,
        /// Where to; standard output if left out.
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

impl Facts {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let Self::Export { format, out } = self;
        let client = Client::from_environment()?;
        // all of it before the file is touched: an export that breaks off leaves the old one as it was
        let mut facts = Vec::new();
        client.download(&format!("/facts/export?format={format}"), &mut facts)?;
        let Some(file) = out else {
            let mut stdout = std::io::stdout().lock();
            return stdout
                .write_all(&facts)
                .and_then(|()| stdout.flush())
                .map_err(Failure::failed);
        };
        std::fs::write(&file, &facts).map_err(|error| {
            let (file, error) = (file.display(), io_words(&error));
            Failure::failed(words!("{file} cannot be written: {error}", "{file} 无法写入：{error}"))
        })?;
        output.answer(&json!({ "file": file, "format": format, "bytes": facts.len() }), || {
            words!(
                "{file}: {bytes} bytes.",
                "{file}：{bytes} 字节。",
                file = file.display(),
                bytes = facts.len()
            )
            .to_string()
        })
    }
}
