//! The Dynamo test kit on the command line: `cargo xtask COMMAND`.
//!
//! Dispatch only. [`cli`] says what can be asked, [`environment`] looks at the machine, [`subject`] reads the tree and
//! its policy, and each command is one module of [`commands`].

mod allocator;
mod asked;
mod changed;
mod cli;
mod commands;
mod container;
mod environment;
mod error;
mod exit;
mod fix;
mod git;
mod gpu_memory;
mod huge_pages;
mod inexact;
mod input;
mod judgement;
mod lanes;
mod measured;
mod output;
mod panics;
mod past;
mod progress;
mod readiness;
mod results;
mod selected;
mod signals;
mod snapshot;
mod sources;
mod subject;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, PolicyCommand};
use crate::environment::Environment;
use crate::exit::Exit;

/// Reading a tree is allocation above all: measured in `docs/decisions/0008-allocator.md`.
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

fn main() -> ExitCode {
    // `test` runs this program again for each process that it starts.
    if let Some(exit) = test_runner::shim::entered() {
        return exit;
    }
    panics::end_the_process();
    // Memory that is there already is as it is.
    huge_pages::forgo_where_dear();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // `--help` and `--version` come this way too, and are no mistakes.
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            // Nobody is left to tell that stderr is closed.
            let _ = error.print();
            return exit.into();
        }
    };
    let environment = Environment::of_this_process();
    match run(&cli, &environment) {
        Ok(exit) => exit.into(),
        Err(error) => {
            progress::note(&error.render());
            error.exit().into()
        }
    }
}

fn run(cli: &Cli, environment: &Environment) -> Result<Exit, error::Error> {
    match &cli.command {
        Command::Test(args) => commands::test::run(&cli.global, args, environment),
        Command::AuditMarkers(args) => commands::audit_markers::run(&cli.global, args, environment),
        Command::List(args) => commands::list::run(&cli.global, args, environment),
        Command::Why(args) => commands::why::run(&cli.global, args, environment),
        Command::Plan(args) => commands::plan::run(&cli.global, args, environment),
        Command::Lanes(args) => commands::lanes::run(&cli.global, args, environment),
        Command::Report(args) => commands::report::run(&cli.global, args, environment),
        Command::History(args) => commands::history::run(&cli.global, args, environment),
        Command::Doctor(args) => commands::doctor::run(&cli.global, args, environment),
        Command::Gpus(args) => commands::gpus::run(&cli.global, args, environment),
        Command::Verify(args) => commands::verify::run(&cli.global, args, environment),
        Command::Policy(args) => match &args.command {
            PolicyCommand::Init(args) => commands::policy::init(&cli.global, args),
            PolicyCommand::Show { key } => commands::policy::show(&cli.global, key.as_deref()),
            PolicyCommand::Schema { output } => commands::policy::schema(output.as_deref()),
            PolicyCommand::Keys { output } => commands::policy::keys(output.as_deref()),
            PolicyCommand::Rules { write } => commands::policy::rules(write.as_deref()),
        },
        Command::Ci(args) => commands::ci::run(args),
    }
}
