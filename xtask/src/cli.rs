//! The command line: what can be asked, as plain data. Nothing here looks at the machine.

// These comments are the text of `--help`, where `[default: ...]` is no link.
#![allow(rustdoc::broken_intra_doc_links)]

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes: 0 success · 1 tests failed, findings, or a difference · 2 wrong usage or configuration · 3 the machine is not ready
            4 nothing selected · 70 internal error · 130 interrupted";

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
    #[arg(long, global = true, value_name = "DIR")]
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
  cargo xtask plan --stage pre_merge --gpus 8xH100:79GiB --format json")]
    Plan(PlanArgs),
    /// Show the GPUs of this machine, or of a described one
    #[command(after_help = "\
Examples:
  cargo xtask gpus
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

/// Which tests. These mean the same in every command that takes them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Files, folders or ids, relative to the tree [default: all]
    #[arg(value_name = "PATH|ID")]
    pub(crate) paths: Vec<String>,
    /// Tests of this stage and of every earlier one, such as pre_merge or nightly
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// A marker expression, as pytest's -m
    #[arg(short = 'm', long = "markers", value_name = "EXPR")]
    pub(crate) marks: Option<String>,
    /// A keyword expression, as pytest's -k
    #[arg(short = 'k', long = "keywords", value_name = "EXPR")]
    pub(crate) keywords: Option<String>,
    /// Tests of this component (may be repeated: any of them)
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Vec<String>,
    /// Tests of this type, such as unit or e2e (may be repeated: any of them)
    #[arg(long = "type", value_name = "NAME")]
    pub(crate) test_type: Vec<String>,
    /// Only Python or only Rust tests
    #[arg(long)]
    pub(crate) language: Option<LanguageArg>,
    #[command(flatten)]
    pub(crate) features: FeatureArgs,
    /// Build all packages of a cargo workspace together, as cargo's --workspace: they share the features that they ask
    /// of each other [default: not known, so that what differs is inexact]
    #[arg(long, conflicts_with = "package")]
    pub(crate) workspace: bool,
    /// Only Rust tests of this package, as cargo's -p (may be repeated: built together; may be a pattern)
    #[arg(short = 'p', long, value_name = "NAME")]
    pub(crate) package: Vec<String>,
    /// Also Rust tests with #[ignore]
    #[arg(long)]
    pub(crate) ignored: bool,
}

impl SelectionArgs {
    /// Whether nothing narrows the tests but where they are looked for.
    pub(crate) fn asks_for_nothing(&self) -> bool {
        self.stage.is_none()
            && self.marks.is_none()
            && self.keywords.is_none()
            && self.component.is_empty()
            && self.test_type.is_empty()
    }
}

/// The features that cargo builds with.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FeatureArgs {
    /// Cargo features to enable, where a package has them
    #[arg(long = "features", value_delimiter = ',', value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Enable every cargo feature
    #[arg(long)]
    pub(crate) all_features: bool,
    /// Do not enable default cargo features
    #[arg(long)]
    pub(crate) no_default_features: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LanguageArg {
    Python,
    Rust,
}

/// Which machine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Machine")]
pub(crate) struct MachineArgs {
    /// Where NVML is, in place of libnvidia-ml.so.1
    #[arg(long, value_name = "FILE")]
    pub(crate) nvml: Option<Utf8PathBuf>,
    /// How many steps may run at once on the CPU [default: the cores]
    #[arg(short = 'j', long, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Leave out tests that claim more memory of a GPU than this
    #[arg(long, value_name = "GIB")]
    pub(crate) max_vram_gib: Option<f64>,
    /// How long to look for a shorter plan, such as 0.2s or 500ms [default: not at all: where times are guesses, largest
    /// first does better, and the plan is the same on every machine]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) plan_time: Option<std::time::Duration>,
}

/// Of `--plan-time`: a number with `s` or `ms`, an hour at most.
fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or_default(), 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit);
    let seconds = seconds.filter(|seconds| (0.0..=3600.0).contains(seconds));
    let time = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "is no time: write it as 0.2s or 500ms, an hour at most".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Use only these GPUs of the machine: indices or UUIDs, as CUDA_VISIBLE_DEVICES takes them
    #[arg(long, value_name = "LIST", help_heading = "Machine")]
    pub(crate) gpus: Option<String>,
    /// The Python that runs pytest [default: $VIRTUAL_ENV, the tree's .venv, python3]
    #[arg(long, value_name = "FILE", help_heading = "Machine")]
    pub(crate) python: Option<Utf8PathBuf>,
    /// Show the plan and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<Utf8PathBuf>,
    /// Stop at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Show the tests' output as it comes, one step at a time
    #[arg(short = 's', long)]
    pub(crate) no_capture: bool,
    /// Fail (exit 3) where this machine cannot run a selected test [default where CI is set]
    #[arg(long, overrides_with = "no_require_all")]
    pub(crate) require_all: bool,
    /// Report what this machine cannot run, and go on
    #[arg(long)]
    pub(crate) no_require_all: bool,
    /// Further options for pytest
    #[arg(last = true, value_name = "PYTEST_ARGS")]
    pub(crate) pytest_args: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// How to write the findings
    #[arg(long, default_value = "text")]
    pub(crate) format: AuditFormat,
    /// Write them to a file, all of it or nothing; the counts still go to stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Report only findings that are not in this file
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Write the findings to a baseline file and report none of them; of one that is there only take out what is repaired
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<Utf8PathBuf>,
    /// Let the baseline take in what is new
    #[arg(long, requires = "write_baseline")]
    pub(crate) grow: bool,
    /// Report only findings in files that changed since HEAD and this revision parted, or of tests in such files
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// What tests took: a run's results.jsonl (may be repeated). Time-outs and stages are proposed by it
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Vec<Utf8PathBuf>,
    /// The day on which exemptions of the policy are judged [default: today, in UTC]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) today: Option<String>,
    /// Explain a rule, and stop
    #[arg(long, value_name = "RULE")]
    pub(crate) explain: Option<String>,
    /// Show why tests are inexact
    #[arg(long)]
    pub(crate) inexact: bool,
    /// Write markers that tests have in the end already, from a hook or a default: nothing else runs for it
    #[arg(long)]
    pub(crate) fix: bool,
    /// Write proposals too: what imports, folders, neighbours or measured times suggest
    #[arg(long, requires = "fix")]
    pub(crate) r#unsafe: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    /// For people, each with its source lines
    Text,
    /// This tool's own document
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations of a GitHub Actions run, and the job's summary where GITHUB_STEP_SUMMARY names its file
    Github,
    /// JUnit XML, a test case for each rule
    Junit,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// A tree for people, or JSON lines for tools
    #[arg(long, default_value = "text")]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Text,
    Jsonl,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The test's id; or a function, a class, a file, or `FILE:LINE`
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// A machine that is not here, such as 2xL4 or 8xH100
    #[arg(long, value_name = "MACHINE", help_heading = "Machine")]
    pub(crate) gpus: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LanesCommand {
    /// Show which tests each lane gains and loses since a revision; the working tree is not touched
    Diff {
        /// What to compare with: a branch, a tag, a commit
        #[arg(value_name = "REV")]
        revision: String,
        /// How to write the changes
        #[arg(long, default_value = "text")]
        format: ChangesFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangesFormat {
    Text,
    /// For a comment under a pull request
    Markdown,
    Json,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LanesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LanesCommand>,
    /// How to write the lanes
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The file to write, all of it or nothing
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    pub(crate) output: Utf8PathBuf,
    /// Show what became of the findings of this file, which audit-markers --write-baseline wrote
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Show what a run gave, and what the tests of each lane took: its results.jsonl (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Vec<Utf8PathBuf>,
    /// What to print beside the title, such as a date or a commit
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Plan for a machine that is not here, such as 2xL4 or 8xH100:79GiB
    #[arg(long, value_name = "MACHINE", help_heading = "Machine")]
    pub(crate) gpus: Option<String>,
    /// How to write the plan
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
}

#[derive(Debug, Args)]
pub(crate) struct GpusArgs {
    /// Where NVML is, in place of libnvidia-ml.so.1
    #[arg(long, value_name = "FILE")]
    pub(crate) nvml: Option<Utf8PathBuf>,
    /// A machine that is not here, such as 2xL4 or 8xH100:79GiB
    #[arg(long, value_name = "MACHINE")]
    pub(crate) gpus: Option<String>,
    /// How to write the inventory
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MachineFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Files, folders or ids, relative to the tree; for Rust each stands for the packages below or around it
    /// [default: all]
    #[arg(value_name = "PATH|ID")]
    pub(crate) paths: Vec<String>,
    /// Which half of the catalog
    #[arg(long, default_value = "python")]
    pub(crate) language: LanguageArg,
    /// Show every line that differs
    #[arg(long)]
    pub(crate) all: bool,
    /// How to write the differences
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
    #[command(flatten)]
    pub(crate) python: VerifyPythonArgs,
    #[command(flatten)]
    pub(crate) rust: VerifyRustArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Python")]
pub(crate) struct VerifyPythonArgs {
    /// The Python that has pytest [default: the tree's .venv or venv, python3]
    #[arg(long = "python", value_name = "FILE")]
    pub(crate) interpreter: Option<Utf8PathBuf>,
    /// Further options for pytest alone, such as `-W ignore`
    #[arg(last = true, value_name = "PYTEST_ARGS")]
    pub(crate) pytest_args: Vec<String>,
}

impl VerifyPythonArgs {
    /// Whether any of these options is given.
    pub(crate) fn asks_for_something(&self) -> bool {
        self.interpreter.is_some() || !self.pytest_args.is_empty()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rust")]
pub(crate) struct VerifyRustArgs {
    #[command(flatten)]
    pub(crate) features: FeatureArgs,
    /// Only this package (may be repeated)
    #[arg(short = 'p', long = "package", value_name = "NAME")]
    pub(crate) packages: Vec<String>,
    /// What lists the tests [default: nextest where it is installed, else cargo]
    #[arg(long)]
    pub(crate) lister: Option<ListerArg>,
    /// Where cargo builds [default: target/xtask/cargo in the tree, as `test` does]
    #[arg(long, value_name = "DIR")]
    pub(crate) target_dir: Option<Utf8PathBuf>,
}

impl VerifyRustArgs {
    /// Whether any of these options is given.
    pub(crate) fn asks_for_something(&self) -> bool {
        let FeatureArgs { names, all_features, no_default_features } = &self.features;
        *all_features
            || *no_default_features
            || !names.is_empty()
            || !self.packages.is_empty()
            || self.lister.is_some()
            || self.target_dir.is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListerArg {
    /// cargo nextest list
    Nextest,
    /// cargo test --no-run, then each binary's --list
    Cargo,
}

#[derive(Debug, Args)]
pub(crate) struct CiArgs {
    /// Also ask every release of pytest that is followed whether the recorded cases hold, and cargo-nextest
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write a commented test-policy.toml for the tree: --tree, or the working directory
    ///
    /// What was found there stands in comments, and so does what that may mean.
    #[command(after_help = "\
Examples:
  cargo xtask policy init --tree ../dynamo
  cargo xtask policy init --preset dynamo-2026-08 --stdout")]
    Init(PolicyInitArgs),
    /// What applies here in the end, as a policy file, and where each value comes from
    #[command(after_help = "\
Examples:
  cargo xtask policy show
  cargo xtask policy show rules --policy dynamo-2026-08")]
    Show {
        /// Only what it says under this key, such as categories or rules
        #[arg(value_name = "KEY")]
        key: Option<String>,
    },
    /// The JSON Schema of policy files, for editors
    Schema {
        /// Write it to a file
        #[arg(long, value_name = "FILE")]
        output: Option<Utf8PathBuf>,
    },
    /// Every key of policy files, explained, as Markdown
    Keys {
        /// Write them to a file
        #[arg(long, value_name = "FILE")]
        output: Option<Utf8PathBuf>,
    },
    /// The rules of audit-markers
    Rules {
        /// Write a page for each rule into this folder
        #[arg(long, value_name = "DIR")]
        write: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PolicyInitArgs {
    /// The preset to build on [default: the one that knows most of the tree's markers]
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Write to this file, and not to the tree's test-policy.toml
    #[arg(long, value_name = "FILE", conflicts_with = "stdout")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Print it, and write nothing
    #[arg(long)]
    pub(crate) stdout: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected KEY=VALUE".to_owned())
}
