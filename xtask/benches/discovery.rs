//! How long the listing of a tree takes beside the tools that it replaces, as whole processes on the same tree.
//!
//! ```console
//! $ cargo bench --package xtask --bench discovery -- --tree ../dynamo --python .venv/bin/python tests components/src
//! ```
//!
//! prints a line a tool: the median time and processor time of several runs, and how many times the listing's that
//! is. `--python` names an interpreter that has pytest: with it real pytest collects the tree, and the tree's own
//! marker report runs where it has one; `--rtest` names that program. What does not end well is shown with its exit code:
//! a tool that gives up early is not fast.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is what it prints")]

mod measured;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;

use measured::Table;

/// Times the listing of a tree beside other tools.
#[derive(Debug, Parser)]
struct Arguments {
    /// The checkout.
    #[arg(long, default_value = "fixtures/dynamo")]
    tree: PathBuf,
    /// An interpreter with pytest.
    #[arg(long)]
    python: Option<PathBuf>,
    /// The program `rtest`.
    #[arg(long)]
    rtest: Option<PathBuf>,
    /// Runs of each tool; of the slow ones a fifth.
    #[arg(long, default_value_t = 10)]
    runs: usize,
    /// Files and folders, relative to the tree.
    paths: Vec<String>,
    /// What `cargo bench` adds.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let tree = match arguments.tree.canonicalize() {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("{}: {error}: name a checkout with --tree", arguments.tree.display());
            return ExitCode::from(2);
        }
    };
    let command = |program: PathBuf, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).args(&arguments.paths).current_dir(&tree);
        command.env("DYNAMO_PYTEST_NO_DEFAULT_MARKERS", "1").stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let listing = |words: &[&str]| {
        let mut command = command(PathBuf::from(env!("CARGO_BIN_EXE_xtask")), words);
        command.arg("--tree").arg(&tree);
        command
    };
    let mut tools = vec![
        (
            "xtask list --format jsonl",
            listing(&["list", "--format", "jsonl", "--env", "DYNAMO_PYTEST_NO_DEFAULT_MARKERS=1"]),
            arguments.runs,
        ),
        ("xtask audit-markers", listing(&["audit-markers"]), arguments.runs),
    ];
    let slow = (arguments.runs / 5).max(1);
    if let Some(rtest) = &arguments.rtest {
        tools.push(("rtest --collect-only", command(rtest.clone(), &["--collect-only"]), arguments.runs));
    }
    if let Some(python) = &arguments.python {
        let words = ["-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", "-o", "addopts="];
        tools.push(("pytest --collect-only", command(python.clone(), &words), slow));
        let report = "tests/report_pytest_markers.py";
        if tree.join(report).is_file() {
            tools.push(("the tree's marker report", command(python.clone(), &[report, "--tests"]), slow));
        }
    }
    let mut table = Table::new();
    for (name, mut command, runs) in tools {
        table.measure(name, &mut command, runs);
        if name.starts_with("xtask list") {
            table.peak_memory();
        }
    }
    ExitCode::SUCCESS
}
