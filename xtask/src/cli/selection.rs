//! What several commands take: which tests, and which machine.

use camino::Utf8PathBuf;
use clap::{Args, ValueEnum};

use super::path;

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
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) nvml: Option<Utf8PathBuf>,
    /// How many steps may run at once, those on GPUs among them [default: the cores of this machine]
    #[arg(short = 'j', long, value_name = "N", value_parser = jobs)]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Leave out tests that claim more memory of a GPU than this
    #[arg(long, value_name = "GIB", value_parser = gib, allow_negative_numbers = true)]
    pub(crate) max_vram_gib: Option<f64>,
    /// What else the machine has of what hardware markers ask for, such as k8s or xpu=2 (may be repeated): tests that need it
    /// run, one at a time
    #[arg(long, value_name = "RESOURCE[=N]", value_parser = resource)]
    pub(crate) has: Vec<(String, u32)>,
    /// How long to look for a shorter plan, such as 0.2s or 500ms [default: not at all: where times are guesses, largest
    /// first does better, and the plan is the same on every machine]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) plan_time: Option<std::time::Duration>,
}

/// Which part of a run, and what its times rest on.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Division")]
pub(crate) struct DivisionArgs {
    /// Only this part of the selected tests, such as 2/5: each test is in one part, and the parts take about as long
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<execution_plan::shard::Shard>,
    /// What tests took, as a JSON file; shards go by it, so that all machines of a run need the same [default: markers alone]
    #[arg(long, value_name = "FILE", value_parser = path)]
    pub(crate) timings: Option<Utf8PathBuf>,
    /// Expect times by markers and --timings alone, whatever earlier runs took: a plan that is the same everywhere
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Fail (exit 5) where the tests are expected to take longer than the policy's budgets, or took longer
    #[arg(long)]
    pub(crate) enforce_budget: bool,
}

/// Of `-j`.
fn jobs(text: &str) -> Result<std::num::NonZeroUsize, String> {
    text.parse().map_err(|_| "is no number of steps: write how many may run at once, 1 at least".to_owned())
}

/// Of `--max-vram-gib`.
fn gib(text: &str) -> Result<f64, String> {
    let gib = text.parse::<f64>().ok().filter(|gib| gib.is_finite() && *gib >= 0.0);
    gib.ok_or_else(|| "is no amount of memory: write GiB, as in 12 or 7.5".to_owned())
}

/// Of `--has`.
pub(crate) fn resource(text: &str) -> Result<(String, u32), String> {
    let (name, count) = text.split_once('=').unwrap_or((text, "1"));
    let count = count.parse().ok().filter(|count| *count > 0);
    let count = count.ok_or("is no number of a resource: write k8s, or xpu=2")?;
    if name.is_empty() {
        Err("names no resource: write k8s, or xpu=2".to_owned())
    } else {
        Ok((name.to_owned(), count))
    }
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
