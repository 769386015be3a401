//! What each command takes.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};

use super::{DivisionArgs, FeatureArgs, LanguageArg, MachineArgs, SelectionArgs, path};

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    #[command(flatten)]
    pub(crate) division: DivisionArgs,
    /// Use only these GPUs of the machine: indices or UUIDs, as CUDA_VISIBLE_DEVICES takes them
    #[arg(long, value_name = "LIST", help_heading = "Machine")]
    pub(crate) gpus: Option<String>,
    /// The Python that runs pytest [default: $VIRTUAL_ENV, the tree's .venv, python3]
    #[arg(long, value_name = "FILE", help_heading = "Machine", value_parser = path)]
    pub(crate) python: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    /// Show the plan and stop
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Continue the last run with these options, which was interrupted or killed, with what is missing
    #[arg(long, conflicts_with = "failed")]
    pub(crate) resume: bool,
    /// Of these tests only those that failed when they ran last
    #[arg(long)]
    pub(crate) failed: bool,
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) junit: Option<Utf8PathBuf>,
    /// Write the report, with this run in it, as one HTML page
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", value_parser = path)]
    pub(crate) html: Option<Utf8PathBuf>,
    /// What stdout has: text for people, or events as JSON lines; people then read stderr
    #[arg(long, value_name = "FORMAT", default_value = "text", conflicts_with_all = ["no_capture", "dry_run"])]
    pub(crate) message_format: MessageFormat,
    /// Stop at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Run each test so often; one that passes and fails is called flaky
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: Option<u32>,
    /// Run each test again and again until one fails, at most --repeat times [default: 1000]
    #[arg(long)]
    pub(crate) until_fail: bool,
    /// Measure which lines the tests run: Python with pytest-cov, Rust with the component llvm-tools of rustup
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) coverage: bool,
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

/// In which container the tests run, if in any.
#[derive(Debug, Args)]
pub(crate) struct ContainerArgs {
    /// Run in a container of this image, which the tree's own script starts: `container` of the policy
    #[arg(long, value_name = "IMAGE", help_heading = "Container")]
    pub(crate) container: Option<String>,
    /// Run in a container of the image that the tree's own script takes for this framework: vllm, sglang, trtllm
    #[arg(long, value_name = "NAME", help_heading = "Container", conflicts_with = "container")]
    pub(crate) framework: Option<String>,
    /// Build the framework's image first
    #[arg(long, help_heading = "Container", requires = "framework", conflicts_with = "container")]
    pub(crate) build: bool,
    /// The name of the container that this is the command of
    #[arg(long, value_name = "NAME", hide = true)]
    pub(crate) inside: Option<String>,
}

impl ContainerArgs {
    /// Whether the tests run in a container.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.container.is_some() || self.framework.is_some()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// The summary at the end
    Text,
    /// One object a line as things happen: docs/events.schema.json describes them
    Jsonl,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// How to write the findings
    #[arg(long, default_value = "text")]
    pub(crate) format: AuditFormat,
    /// Write them to a file, all of it or nothing; the counts still go to stdout
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Report only findings that are not in this file
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline", value_parser = path)]
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Write the findings to a baseline file and report none of them; of one that is there only take out what is repaired
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) write_baseline: Option<Utf8PathBuf>,
    /// Let the baseline take in what is new
    #[arg(long, requires = "write_baseline")]
    pub(crate) grow: bool,
    /// Report only findings in files that changed since HEAD and this revision parted, or of tests in such files
    #[arg(long, value_name = "REV", value_parser = revision)]
    pub(crate) since: Option<String>,
    /// What tests took: a run's results.jsonl (may be repeated). Time-outs and stages are proposed by it
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) results: Vec<Utf8PathBuf>,
    /// Also propose by what tests took in this machine's earlier runs: times, and memory of GPUs
    #[arg(long)]
    pub(crate) measured: bool,
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
    #[arg(long, value_name = "MACHINE", help_heading = "Machine", conflicts_with = "nvml")]
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
    /// Leave out what earlier runs measured: times come from markers alone
    #[arg(long)]
    pub(crate) no_history: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The file to write, all of it or nothing
    #[arg(long, value_name = "FILE", default_value = "report.html", value_parser = path)]
    pub(crate) output: Utf8PathBuf,
    /// Show what became of the findings of this file, which audit-markers --write-baseline wrote
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) baseline: Option<Utf8PathBuf>,
    /// Show what a run gave, and what the tests of each lane took: its results.jsonl (may be repeated) [default: the tree's
    /// last run, where there is one]
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) results: Vec<Utf8PathBuf>,
    /// Show this run: its name, which is that of its folder in target/xtask/runs
    #[arg(long, value_name = "NAME", conflicts_with = "results")]
    pub(crate) run: Option<String>,
    /// Show no run
    #[arg(long, conflicts_with_all = ["results", "run"])]
    pub(crate) no_run: bool,
    /// Show this machine, which tests fit it, and what would run where
    #[arg(long)]
    pub(crate) plan: bool,
    /// The same for a machine that is not here, such as 2xL4 or 8xH100:79GiB
    #[arg(long, value_name = "MACHINE", conflicts_with = "nvml")]
    pub(crate) gpus: Option<String>,
    /// Plan the tests of this stage and of every earlier one, and hold a run against the budgets of this stage [default: all,
    /// and for a run of this tree the stage that it was of]
    #[arg(long)]
    pub(crate) stage: Option<String>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
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
    #[command(flatten)]
    pub(crate) division: DivisionArgs,
    /// Plan for a machine that is not here, such as 2xL4 or 8xH100:79GiB
    #[arg(long, value_name = "MACHINE", help_heading = "Machine", conflicts_with = "nvml")]
    pub(crate) gpus: Option<String>,
    /// How to write the plan
    #[arg(long, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// Hold the plan against what it was made for, by a judge that shares nothing with the planner; a plan that fails is exit 70
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// A table, and a line for each GPU
    Text,
    /// For tools: docs/plan.schema.json describes it
    Json,
    /// A picture: what runs where and when, and the memory of each GPU
    Svg,
    /// A page with that picture and the tables; it loads nothing
    Html,
    /// What waits for what, for Graphviz
    Dot,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HistoryArgs {
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,
    /// How many tests each list shows
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// How to write the lists; JSON has all of them
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Write all results as one JSON document, without what tests printed
    Export {
        /// Write only what each test takes, for `--timings` of `plan` and `test`
        #[arg(long)]
        timings: bool,
        /// Write it to a file, all of it or nothing
        #[arg(long, value_name = "FILE", value_parser = path)]
        output: Option<Utf8PathBuf>,
    },
    /// The markers that measured times and memory propose: time-outs, memory profiles, stages
    Markers,
    /// Take all but the latest runs out of the history, with what their tests printed
    ///
    /// A run that goes on stays.
    Prune {
        /// How many runs stay; nothing is asked of more than the latest 200
        #[arg(long, value_name = "N", default_value_t = test_runner::history::Store::KEPT)]
        keep: u32,
    },
    /// Take in what other machines exported; what is here already stays as it is
    Merge {
        /// Files that `history export` wrote
        #[arg(required = true, value_name = "FILE", value_parser = path)]
        files: Vec<Utf8PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    /// Also look for what `test --coverage` takes
    #[arg(long)]
    pub(crate) coverage: bool,
    /// The Python that is to run pytest [default: $VIRTUAL_ENV, the tree's .venv, python3]
    #[arg(long, value_name = "FILE", help_heading = "Machine", value_parser = path)]
    pub(crate) python: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct GpusArgs {
    /// Also show whether tests fit, and why not: the selected ones [default: all]. Tests that are named or selected ask
    /// for it too
    #[arg(long)]
    pub(crate) fits: bool,
    /// Show it again every so many seconds, until interrupted
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", require_equals = true,
          value_parser = pause, conflicts_with = "gpus")]
    pub(crate) watch: Option<std::time::Duration>,
    /// Where NVML is, in place of libnvidia-ml.so.1
    #[arg(long, value_name = "FILE", help_heading = "Machine", value_parser = path)]
    pub(crate) nvml: Option<Utf8PathBuf>,
    /// A machine that is not here, such as 2xL4 or 8xH100:79GiB
    #[arg(long, value_name = "MACHINE", help_heading = "Machine", conflicts_with = "nvml")]
    pub(crate) gpus: Option<String>,
    /// What else the machine has of what hardware markers ask for, such as k8s or xpu=2 (may be repeated)
    #[arg(long, value_name = "RESOURCE[=N]", help_heading = "Machine", value_parser = super::selection::resource)]
    pub(crate) has: Vec<(String, u32)>,
    /// How to write the inventory
    #[arg(long, default_value = "text")]
    pub(crate) format: MachineFormat,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
}

/// Of `--since`. What CI has for it is empty where nothing is to be merged.
fn revision(text: &str) -> Result<String, String> {
    match text {
        "" => Err("it is empty: name a branch, a tag or a commit, or leave the option out".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// Of `--watch`: seconds, a tenth at least and an hour at most.
fn pause(text: &str) -> Result<std::time::Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.1..=3600.0).contains(seconds));
    let pause = seconds.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    pause.ok_or_else(|| "is no pause: write seconds from 0.1 to 3600, as in --watch=2".to_owned())
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
    #[arg(long = "python", value_name = "FILE", value_parser = path)]
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
    #[arg(long, value_name = "DIR", value_parser = path)]
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
    /// Also ask every release of pytest that is followed whether the recorded cases hold, and cargo-nextest, and check
    /// each packaged crate by itself
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
        #[arg(long, value_name = "FILE", value_parser = path)]
        output: Option<Utf8PathBuf>,
    },
    /// Every key of policy files, explained, as Markdown
    Keys {
        /// Write them to a file
        #[arg(long, value_name = "FILE", value_parser = path)]
        output: Option<Utf8PathBuf>,
    },
    /// The rules of audit-markers
    Rules {
        /// Write a page for each rule into this folder
        #[arg(long, value_name = "DIR", value_parser = path)]
        write: Option<Utf8PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PolicyInitArgs {
    /// The preset to build on [default: the one that knows most of the tree's markers]
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<String>,
    /// Write to this file, and not to the tree's test-policy.toml
    #[arg(long, value_name = "FILE", conflicts_with = "stdout", value_parser = path)]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Print it, and write nothing
    #[arg(long)]
    pub(crate) stdout: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}
