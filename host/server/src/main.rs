//! `posthouse`: the HTTP API, the command line, configuration and telemetry. Thin: parse, call the app, render.

mod api;
mod cli;
mod config;
mod demo;
mod house;
mod serve;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
