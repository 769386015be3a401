//! How long the Rust half of a listing takes, and how long cargo takes to say the same of one crate.
//!
//! ```console
//! $ cargo bench --package xtask --bench rust_discovery -- --tree ../dynamo --package ../dynamo/lib/tokens
//! ```
//!
//! The crate is listed from its sources, then by `cargo nextest list` with an empty target folder (cargo has to build all
//! of it), then once more with nothing left to build. That executes build scripts and macros of the crate and of what it
//! depends on.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is what it prints")]

mod measured;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;

use measured::Table;

/// Times the listing of Rust tests beside cargo's.
#[derive(Debug, Parser)]
struct Arguments {
    /// The checkout.
    #[arg(long, default_value = "fixtures/dynamo")]
    tree: PathBuf,
    /// The folder of a package that builds here.
    #[arg(long, default_value = "fixtures/dynamo/lib/runtime")]
    package: PathBuf,
    /// Runs of what is quick.
    #[arg(long, default_value_t = 10)]
    runs: usize,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Benchmarks run in their package's folder; paths are meant from the workspace's.
    let from_root = |path: &PathBuf| {
        let path = [path.clone(), PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)];
        path.into_iter().find_map(|path| path.canonicalize().ok())
    };
    let (Some(tree), Some(package)) = (from_root(&arguments.tree), from_root(&arguments.package)) else {
        eprintln!("no such folder: name a checkout with --tree, and a package's folder with --package");
        return ExitCode::from(2);
    };
    let target = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("no temporary folder: {error}");
            return ExitCode::from(2);
        }
    };
    let listing = |folder: &PathBuf| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["list", "--language", "rust", "--format", "jsonl", "--tree"]).arg(folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let nextest = || {
        let mut command = Command::new("cargo");
        command.args(["nextest", "list", "--message-format", "json"]).current_dir(&package);
        command.env("CARGO_TARGET_DIR", target.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    println!("all of {}", tree.display());
    let mut table = Table::new();
    table.measure("xtask list --language rust", &mut listing(&tree), arguments.runs);
    table.peak_memory();
    println!("\n{}", package.display());
    let mut table = Table::new();
    table.measure("xtask list --language rust", &mut listing(&package), arguments.runs);
    table.measure("cargo nextest list, all to build", &mut nextest(), 1);
    table.measure("cargo nextest list, built", &mut nextest(), (arguments.runs / 3).max(1));
    ExitCode::SUCCESS
}
