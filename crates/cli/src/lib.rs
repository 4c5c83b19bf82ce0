//! The program: arguments into the pipeline, results onto stdout, everything else onto stderr.
//!
//! `pipeline.rs` is the way the data goes; `stages/` has one file for each of its arrows; `commands/` has one file for
//! each verb. No other crate of the workspace prints, exits, or reads the environment.

#![allow(
    unreachable_pub,
    reason = "nobody uses this crate but its binaries: `pub` marks what a module offers the others"
)]

mod args;
mod clock;
mod clustering;
mod commands;
mod facts;
mod failure;
mod output;
mod pipeline;
mod progress;
mod run_dir;
mod seeds;
mod stages;
mod summary;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use crate::args::{Cli, Command};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::{Progress, Verbosity};

/// Training allocates and frees the same temporaries in every step; this allocator keeps them, which halves the step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = if cli.json { Output::Json } else { Output::Text };
    let verbosity = if cli.quiet { Verbosity::Quiet } else { Verbosity::Normal };
    let mut progress = Progress::new(verbosity);
    match dispatch(&cli.command, output, &mut progress) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            drop(progress);
            tell(&failure, output);
            failure.exit().into()
        }
    }
}

fn dispatch(command: &Command, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => commands::init::write(args, output, progress),
        Command::Plan(args) => commands::plan::show(args, output, progress),
        Command::Run(args) => commands::run::run(args, output, progress),
        Command::Rerun(args) => commands::run::rerun(args, output, progress),
        Command::Report(args) => commands::report::write(args, output),
        Command::Compare(args) => commands::compare::show(args, output),
        Command::Compress(args) => commands::compress::run(args, output, progress),
        Command::Inspect(args) => commands::bundle::inspect(args, output),
        Command::Verify(args) => commands::bundle::verify(args, output),
        Command::Sign(args) => commands::sign::run(args, output),
        Command::Export(args) => commands::export::run(args, output),
        Command::Score(args) => commands::score::run(args, output, progress),
        Command::Doctor => Ok(doctor(output, progress)),
        Command::Bench(args) => commands::bench::run(args, output, progress),
        Command::Synth(args) => commands::synth::make(args, output, progress),
        Command::Explain(args) => explain(args, output),
        Command::Schema => {
            let schema = tenure_config::schema();
            output.result(|| format!("{schema:#}\n"), || schema.clone());
            Ok(Exit::Done)
        }
        Command::Completions(args) => {
            let script = commands::man::completions(args.shell);
            // A closed pipe is the reader's choice, not an error.
            let _ = io::stdout().write_all(&script);
            Ok(Exit::Done)
        }
        Command::Man(args) => {
            let pages = commands::man::write_pages(&args.output)?;
            output.result(|| format!("{}\n", pages.join("\n")), || json!({ "pages": pages }));
            Ok(Exit::Done)
        }
    }
}

fn doctor(output: Output, progress: &mut Progress) -> Exit {
    let findings = commands::doctor::examine(progress);
    output.result(|| findings.render(), || json!(findings));
    if findings.healthy() { Exit::Done } else { Exit::Device }
}

fn explain(args: &args::Explain, output: Output) -> Result<Exit, Failure> {
    match &args.code {
        Some(code) => {
            let page = commands::explain::page(code)?;
            output.result(|| format!("{}\n", page.trim_end()), || json!({ "code": code, "page": page }));
        }
        None => {
            let codes = commands::explain::list();
            let line = |(code, headline): &(&str, String)| format!("{code}  {headline}\n");
            output.result(|| codes.iter().map(line).collect(), || json!(codes));
        }
    }
    Ok(Exit::Done)
}

fn tell(failure: &Failure, output: Output) {
    match output {
        Output::Text => anstream::eprint!("{}", failure.render(io::stderr().is_terminal())),
        Output::Json => anstream::println!("{}", failure.to_json()),
    }
}
