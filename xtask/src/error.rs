//! Every way in which a command can fail, rendered once and mapped to its exit code in one match.

use std::io;

use camino::Utf8PathBuf;
use test_report::count;
use test_report::terminal::printable_lines;
use test_runner::cargo_listing::ListingError;
use test_runner::collection::CollectionError;

use crate::exit::Exit;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no test-policy.toml here or in a folder above: name the checkout with --tree DIR")]
    NoTree,
    #[error("{0}: there is no such folder")]
    NoSuchTree(Utf8PathBuf),
    #[error("{0:?} is not UTF-8, and paths have to be")]
    NotUtf8(String),
    #[error("cannot read {path}: {source}")]
    Read { path: Utf8PathBuf, source: io::Error },
    #[error("{path}:{line}: this is not UTF-8: save the file as UTF-8")]
    NotText { path: Utf8PathBuf, line: usize },
    #[error("{path}: {source}")]
    Results { path: Utf8PathBuf, source: test_runner::recorded::RecordedError },
    #[error("the history cannot be used: {0}")]
    History(#[from] test_runner::history::HistoryError),
    #[error("{path}: {source}")]
    Merge { path: Utf8PathBuf, source: test_runner::history::exchange::MergeError },
    #[error("nothing was run, since what was asked for is missing: {what}: {found}: {remedy}")]
    NotReady { what: String, found: String, remedy: String },
    #[error("nothing to continue: {0}")]
    Resume(String),
    #[error("{path}: {source}")]
    Timings { path: Utf8PathBuf, source: execution_plan::timings::TimingsError },
    #[error("{path} has more than {most} MiB, the most that is read of results")]
    TooLarge { path: Utf8PathBuf, most: usize },
    #[error("cannot write {path}: {source}")]
    Write { path: Utf8PathBuf, source: io::Error },
    #[error("cannot write the output: {0}")]
    Output(#[source] io::Error),
    #[error("the policy has {count}, nothing was done:\n{0}", count = mistakes(.0))]
    Policy(#[from] marker_policy::PolicyErrors),
    #[error("{path} cannot be written, so that no further file is: {source}; is the tree read-only?")]
    Fix { path: Utf8PathBuf, source: io::Error },
    #[error("the revision `{revision}` cannot be read: {why}")]
    Revision { revision: String, why: String },
    #[error("cannot make a temporary folder: {0}")]
    TemporaryFolder(#[source] io::Error),
    #[error("{file}:{line}: the lane `{name}`: {why}")]
    Lane { file: String, line: u32, name: String, why: String },
    #[error("the baseline has {count}, nothing was done:\n{0}", count = mistakes(.0))]
    Baseline(marker_policy::PolicyErrors),
    #[error("there is no baseline {0}: make one with --write-baseline {0}")]
    NoBaseline(Utf8PathBuf),
    #[error("--write-baseline writes that of the whole tree: leave out what chooses a part of it")]
    PartOfBaseline,
    #[error("nothing was written to {path}: {source}")]
    Target { path: Utf8PathBuf, source: io::Error },
    #[error(transparent)]
    Changed(#[from] crate::changed::ChangedError),
    #[error(
        "{path} is there already, and was left alone: --force replaces it, --output FILE or --stdout write elsewhere"
    )]
    AlreadyThere { path: Utf8PathBuf },
    #[error("no preset is named `{name}`{meant} (presets: {presets})")]
    NoSuchPreset { name: String, meant: String, presets: String },
    #[error("the policy says nothing under `{key}`{meant} (it does under {keys})")]
    NoSuchKey { key: String, meant: String, keys: String },
    #[error("no rule is named `{code}`; {meant}")]
    NoSuchRule { code: String, meant: String },
    #[error("`{name}` is neither a policy file nor a preset ({presets})")]
    NoSuchPolicy { name: String, presets: String },
    #[error("wrong expression for {option}, column {}:\n{}", .error.column(), .error.render())]
    Expression { option: &'static str, error: marker_expr::ParseError },
    #[error(transparent)]
    Select(#[from] marker_policy::SelectError),
    #[error("{option} {text}: {why}")]
    Option { option: &'static str, text: String, why: String },
    #[error(transparent)]
    Pytest(#[from] pytest_discovery::DiscoveryError),
    #[error(transparent)]
    Cargo(#[from] cargo_discovery::DiscoveryError),
    #[error("the GPUs cannot be looked at: {0}")]
    Inventory(#[from] gpu_inventory::InventoryError),
    #[error(transparent)]
    DescribedMachine(#[from] gpu_inventory::DescribeError),
    #[error(transparent)]
    Visible(#[from] gpu_inventory::VisibleError),
    #[error(transparent)]
    Run(#[from] test_runner::RunError),
    #[error(transparent)]
    Collection(#[from] CollectionError),
    #[error(transparent)]
    Listing(#[from] ListingError),
    #[error("{0}")]
    NoSuchTest(String),
    #[error("{0}")]
    NothingSelected(String),
    #[error("cannot find this program's own file: {0}")]
    OwnExecutable(#[source] io::Error),
    #[error("{0}")]
    Container(String),
    #[error("cannot listen for signals: {0}")]
    Signals(#[source] io::Error),
    #[error("internal error: {0}")]
    Internal(String),
}

fn mistakes(errors: &marker_policy::PolicyErrors) -> String {
    count::counted(errors.mistakes.len(), "mistake", "mistakes")
}

impl Error {
    /// What people read, without anything that a terminal would obey.
    pub(crate) fn render(&self) -> String {
        format!("error: {}", printable_lines(&self.to_string()))
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoTree
            | Self::NoSuchTree(_)
            | Self::NotUtf8(_)
            | Self::Read { .. }
            | Self::NotText { .. }
            | Self::Policy(_)
            | Self::Lane { .. }
            | Self::Revision { .. }
            | Self::Fix { .. }
            | Self::Results { .. }
            | Self::Merge { .. }
            | Self::Resume(_)
            | Self::Timings { .. }
            | Self::TooLarge { .. }
            | Self::Baseline(_)
            | Self::NoBaseline(_)
            | Self::PartOfBaseline
            | Self::Target { .. }
            | Self::Changed(_)
            | Self::NoSuchRule { .. }
            | Self::NoSuchPolicy { .. }
            | Self::AlreadyThere { .. }
            | Self::NoSuchPreset { .. }
            | Self::NoSuchKey { .. }
            | Self::Expression { .. }
            | Self::Select(_)
            | Self::Option { .. }
            | Self::Pytest(_)
            | Self::Cargo(_)
            | Self::DescribedMachine(_)
            | Self::Visible(_)
            | Self::Collection(CollectionError::Usage { .. })
            | Self::NoSuchTest(_) => Exit::Usage,
            Self::Inventory(_)
            | Self::History(_)
            | Self::Run(_)
            | Self::Collection(_)
            | Self::Listing(_)
            | Self::Write { .. }
            | Self::Output(_)
            | Self::TemporaryFolder(_)
            | Self::Container(_)
            | Self::NotReady { .. }
            | Self::Signals(_) => Exit::NotReady,
            Self::NothingSelected(_) => Exit::NothingSelected,
            Self::OwnExecutable(_) | Self::Internal(_) => Exit::Internal,
        }
    }
}
