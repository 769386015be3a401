//! The command line: what can be asked, as plain data. Nothing here looks at the machine.

// These comments are the text of `--help`, where `[default: ...]` is no link.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod selection;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

pub(crate) use arguments::{
    AuditArgs, AuditFormat, ChangesFormat, CiArgs, ContainerArgs, DoctorArgs, GpusArgs, HistoryArgs, HistoryCommand,
    LanesArgs, LanesCommand, ListArgs, ListFormat, ListerArg, MachineFormat, MessageFormat, PlanArgs, PlanFormat,
    PolicyArgs, PolicyCommand, PolicyInitArgs, ReportArgs, TestArgs, VerifyArgs, WhyArgs,
};
pub(crate) use selection::{DivisionArgs, FeatureArgs, LanguageArg, MachineArgs, SelectionArgs};

const EXIT_CODES: &str = "\
Exit codes: 0 success · 1 tests failed, findings, or a difference · 2 wrong usage or configuration · 3 the machine is not ready
            4 nothing selected · 5 over budget (--enforce-budget) · 70 internal error · 130 interrupted";

/// Finds, audits, plans and runs the Python and Rust tests of a Dynamo checkout.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 120, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The checkout under test [default: what the nearest test-policy.toml above names]
    #[arg(long, global = true, value_name = "DIR", value_parser = path)]
    pub(crate) tree: Option<Utf8PathBuf>,
    /// A policy file, or a preset: dynamo-2025-10, dynamo-2026-04, dynamo-2026-08
    #[arg(long, global = true, value_name = "FILE|PRESET")]
    pub(crate) policy: Option<String>,
    /// What import-time code of the tree sees as its environment; nothing else of this machine's is shown to it
    #[arg(long = "env", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) environment: Vec<(String, String)>,
    /// A module that import-time code cannot import, such as vllm or dynamo._core (may be repeated); all others it can
    #[arg(long, global = true, value_name = "MODULE")]
    pub(crate) absent: Vec<String>,
    /// The release of pytest that ids and order are given for [default: what the tree's lock file or requirements pin,
    /// else 9.2]
    #[arg(long, global = true, value_name = "X.Y")]
    pub(crate) pytest_version: Option<String>,
    /// The release of Python that ids are given for
    #[arg(long, global = true, value_name = "X.Y", default_value = "3.11")]
    pub(crate) python_version: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Discover, select, plan, run and report
    #[command(after_help = "\
Examples:
  cargo xtask test --stage pre_merge
  cargo xtask test --stage nightly -m \"vllm and gpu_1\" --junit results.xml
  cargo xtask test --stage pre_merge --dry-run
  cargo xtask test --stage pre_merge --resume
  cargo xtask test --failed
  cargo xtask test --framework vllm --stage nightly
  cargo xtask test tests/serve/test_serve_health.py -- --tb=long
  cargo xtask test --language rust --features integration")]
    Test(TestArgs),
    /// Hold the tree's markers against the policy
    #[command(after_help = "\
Examples:
  cargo xtask audit-markers
  cargo xtask audit-markers --tree ../dynamo --policy dynamo-2026-08
  cargo xtask audit-markers --format json components/src/dynamo/planner
  cargo xtask audit-markers --fix
  cargo xtask audit-markers --fix --unsafe tests/router
  cargo xtask audit-markers --since origin/main --format github
  cargo xtask audit-markers --format sarif --output audit-markers.sarif
  cargo xtask audit-markers --write-baseline markers-baseline.toml
  cargo xtask audit-markers --baseline markers-baseline.toml
  cargo xtask audit-markers --explain missing-lifecycle")]
    AuditMarkers(AuditArgs),
    /// List the tests without running any code of the tree
    #[command(after_help = "\
Examples:
  cargo xtask list --stage pre_merge --component planner
  cargo xtask list --format jsonl tests components/src > catalog.jsonl
  cargo xtask list -p dynamo-llm --features integration")]
    List(ListArgs),
    /// Explain a test: its file, folder, markers and where each comes from, stages, lanes, where it would run
    ///
    /// Of a name that no test has it tells why: a file that pytest passes over, a class that it leaves out, a slip.
    #[command(after_help = "\
Examples:
  cargo xtask why 'tests/serve/test_vllm_chat.py::test_chat[aggregated]'
  cargo xtask why tests/serve/test_vllm_chat.py:42
  cargo xtask why --gpus 2xL4 tests/serve/test_vllm_chat.py")]
    Why(WhyArgs),
    /// Show what CI runs: the commands in the tree's workflows and those that the policy lists, with their tests
    ///
    /// These are `pytest`, `cargo test`, `cargo nextest run` and `cargo llvm-cov`, in workflows, in what these call, and in
    /// actions of which the policy says what they run.
    #[command(after_help = "\
Examples:
  cargo xtask lanes
  cargo xtask lanes --tree ../dynamo --policy dynamo-2026-08
  cargo xtask lanes --format json
  cargo xtask lanes diff origin/main
  cargo xtask lanes diff HEAD~1 --format markdown > comment.md")]
    Lanes(LanesArgs),
    /// Write one page that shows the whole tree: counts, lanes, findings by owner, every test
    ///
    /// It is one HTML file that needs no server and loads nothing. Without --label it is the same for the same tree.
    #[command(after_help = "\
Examples:
  cargo xtask report
  cargo xtask report --tree ../dynamo --policy dynamo-2026-08 --output dynamo.html
  cargo xtask report --baseline markers-baseline.toml --label \"$(git rev-parse --short HEAD)\"")]
    Report(ReportArgs),
    /// Show what would run where, without running it
    #[command(after_help = "\
Examples:
  cargo xtask plan --stage pre_merge
  cargo xtask plan --stage nightly --gpus 2xL4
  cargo xtask plan --stage pre_merge --shard 2/5 --timings timings.json
  cargo xtask plan --stage pre_merge --gpus 8xH100:79GiB --format html > plan.html")]
    Plan(PlanArgs),
    /// Show which tests are flaky, slow, slower than before, or skipped for long, by the results of earlier runs
    #[command(after_help = "\
Examples:
  cargo xtask history
  cargo xtask history --format json
  cargo xtask history markers
  cargo xtask history export --output history.json
  cargo xtask history export --timings --output timings.json
  cargo xtask history merge history-*.json")]
    History(HistoryArgs),
    /// Show whether this machine has what the selected tests need, and what to do where it has not
    ///
    /// Python and pytest's plugins, cargo, models and the token to download them, etcd and NATS, room on the disk: only
    /// what a selected test needs. Nothing is installed.
    #[command(after_help = "\
Examples:
  cargo xtask doctor
  cargo xtask doctor --stage pre_merge
  cargo xtask doctor tests/serve/test_vllm_chat.py")]
    Doctor(DoctorArgs),
    /// Show the GPUs of this machine, or of a described one: what each holds, how they are linked, which tests fit
    #[command(after_help = "\
Examples:
  cargo xtask gpus
  cargo xtask gpus --watch=5
  cargo xtask gpus --fits tests/serve/test_vllm_chat.py
  cargo xtask gpus --fits --stage nightly -m gpu_2
  cargo xtask gpus --gpus 2xL4+8xH100:79GiB --format json")]
    Gpus(GpusArgs),
    /// Hold the listing against real pytest, or real cargo
    ///
    /// Unlike every other command that finds tests, this one executes code of the tree. No test is run.
    ///
    /// Python: `pytest --collect-only`, which imports the tree's modules and conftests. Ids, order and markers are read
    /// for the releases of that Python and that pytest.
    ///
    /// Rust (`--language rust`): `cargo nextest list`, or without nextest `cargo test --no-run` and each binary's own
    /// list. It compiles the tree with its build scripts. Ids and what is ignored are held against each other, workspace
    /// by workspace.
    #[command(after_help = "\
Examples:
  cargo xtask verify
  cargo xtask verify --tree ../dynamo --python ../dynamo/.venv/bin/python tests/planner
  cargo xtask verify --format json > verify.json
  cargo xtask verify -- -W ignore
  cargo xtask verify --language rust --all-features
  cargo xtask verify --language rust --tree ../dynamo -p dynamo-runtime -p dynamo-tokens

Exit codes: 0 the same · 1 it differs · 2 wrong usage or configuration
            3 no Python, no pytest, or it ended early; no cargo, or a workspace does not build here")]
    Verify(VerifyArgs),
    /// Show the policy that applies
    Policy(PolicyArgs),
    /// Check this repository as its CI does: format, lints, tests, documentation, packages, the fixture
    Ci(CiArgs),
}

/// A file or a folder. Without a name it would be the working directory to some, and nothing to others.
fn path(text: &str) -> Result<Utf8PathBuf, String> {
    match text {
        "" => Err("it is empty: name a file or a folder".to_owned()),
        _ => Ok(text.into()),
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected KEY=VALUE".to_owned())
}
