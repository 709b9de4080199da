//! `posthouse`: the command line, configuration and telemetry. Thin: parse, call the app, render.

mod cli;
mod config;
mod demo;
mod house;
mod output;
mod serve;
mod telemetry;

use std::process::ExitCode;

/// Importing and deciding make and drop millions of small things on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    posthouse_engine::give_back_soon();
    cli::run()
}
