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

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use nix::sys::resource::{UsageWho, getrusage};

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

/// What one tool took.
struct Measured {
    name: &'static str,
    /// The median of the runs.
    time: Duration,
    processor: Duration,
    code: Option<i32>,
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
    let mut first = None;
    println!("{:<28} {:>10} {:>12} {:>8}  exit", "", "time", "processor", "ratio");
    for (name, mut command, runs) in tools {
        let Some(measured) = measure(name, &mut command, runs) else {
            println!("{name:<28} cannot be started");
            continue;
        };
        let base = *first.get_or_insert(measured.time);
        println!(
            "{:<28} {:>8.1?} {:>12.1?} {:>7.1}x  {}",
            measured.name,
            measured.time,
            measured.processor,
            measured.time.as_secs_f64() / base.as_secs_f64(),
            measured.code.map_or_else(|| "signal".to_owned(), |code| code.to_string()),
        );
        if name.starts_with("xtask list") {
            // Of all children so far: only the listing ran.
            let peak = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
            println!("{:<28} peak memory {} MiB", "", peak / 1024);
        }
    }
    ExitCode::SUCCESS
}

fn measure(name: &'static str, command: &mut Command, runs: usize) -> Option<Measured> {
    let mut times = Vec::new();
    let mut processor = Vec::new();
    let mut code = None;
    for _ in 0..runs {
        let before = processor_time();
        let start = Instant::now();
        code = command.status().ok()?.code();
        times.push(start.elapsed());
        processor.push(processor_time().saturating_sub(before));
    }
    times.sort();
    processor.sort();
    let middle = times.len() / 2;
    Some(Measured { name, time: *times.get(middle)?, processor: *processor.get(middle)?, code })
}

/// What all children that ended have taken.
fn processor_time() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Duration::ZERO };
    let part = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    part(usage.user_time()) + part(usage.system_time())
}
