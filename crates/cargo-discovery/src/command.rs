//! The commands that run tests of Rust, as they stand in a script: `cargo test`, `cargo nextest run`, `cargo llvm-cov`.
//!
//! The options are those of cargo 1.95 ("cargo test" in the Cargo book), nextest 0.9 and cargo-llvm-cov 0.6.

mod options;
mod tool;

use camino::{Utf8Path, Utf8PathBuf};
use glob::Pattern;
use test_catalog::{CargoTarget, TargetKind};

use crate::FeatureSelection;
use crate::cfg::Truth;
use crate::target::normal;
pub(crate) use tool::subcommand;
use tool::{Tool, tool};

/// A word of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument<'a> {
    /// As the program is given it.
    Known(&'a str),
    /// One that only a run tells, by its text in the script.
    Unknown(&'a str),
}

/// A command that builds tests and runs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCommand {
    /// The folder whose manifest it is about, relative to the tree; `None` where that is not known.
    pub(crate) folder: Option<Utf8PathBuf>,
    pub(crate) packages: PackageChoice,
    pub(crate) features: FeatureSelection,
    /// Each adds to the others.
    pub(crate) targets: Vec<TargetChoice>,
    pub(crate) tests: TestChoice,
    /// Whether it may be for another machine, for another profile than `dev`, or with flags of its own for rustc.
    pub(crate) has_other_cfg: bool,
    /// What nextest's own configuration adds, where nextest runs the tests.
    pub(crate) nextest: Option<NextestFilter>,
    /// What of it is not known; then it may build and run anything.
    pub(crate) doubt: Option<String>,
}

/// Which default filter of nextest's configuration applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NextestFilter {
    /// The profile; empty where it is one that is not known, `None` where none is given.
    pub(crate) profile: Option<String>,
    /// `--ignore-default-filter`.
    pub(crate) is_ignored: bool,
}

/// The packages whose tests are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum PackageChoice {
    /// What cargo takes in that folder: the package, or the default members of the workspace.
    #[default]
    Here,
    /// The members of these names, which may be patterns.
    Named(Vec<String>),
    /// All members but these.
    Workspace { without: Vec<String> },
}

/// Targets of the packages that are built. Names may be patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TargetChoice {
    /// All that have `test = true`.
    Tested,
    /// All.
    All,
    Library,
    Programs(Option<String>),
    Test(String),
    Examples(Option<String>),
    /// A benchmark, or everything that has `bench = true`.
    Benches(Option<String>),
    Documentation,
}

/// The tests that are run of those that are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TestChoice {
    pub(crate) ignored: Ignored,
    /// Parts of names, or whole ones, one of which a test's name must have; none for all tests.
    pub(crate) names: Vec<String>,
    /// Parts of names, or whole ones, that are left out.
    pub(crate) skipped: Vec<String>,
    /// Whether `names` and `skipped` are whole names.
    pub(crate) is_exact: bool,
    /// Whether something else narrows the choice, such as a filterset of nextest.
    pub(crate) is_narrowed: bool,
}

/// What becomes of `#[ignore]`d tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ignored {
    #[default]
    LeftOut,
    Only,
    Included,
}

impl TestCommand {
    /// Reads a command; `None` where it runs no tests of Rust: another program, `cargo build`, `cargo test --no-run`.
    ///
    /// `folder` is the one that it runs in, relative to the tree, where that is known, and `environment` names the
    /// variables that are set for it. What cannot be known makes a command that may run anything: see
    /// [`doubt`](Self::doubt).
    #[must_use]
    pub fn parse(words: &[Argument<'_>], folder: Option<&Utf8Path>, environment: &[&str]) -> Option<Self> {
        let (tool, words, doubt) = tool(words)?;
        let mut read = options::Options::default();
        let doubt = read.read(words).err().or(doubt);
        if read.runs_nothing {
            return None;
        }
        let folder = match &read.manifest {
            _ if read.moved => None,
            None => folder.map(Utf8Path::to_owned),
            Some(manifest) => folder.and_then(|folder| normal(folder.join(manifest).parent()?)),
        };
        let mut targets = read.targets;
        if targets.is_empty() {
            targets.push(TargetChoice::Tested);
            targets.extend(matches!(tool, Tool::Test | Tool::OtherCompiler).then_some(TargetChoice::Documentation));
        }
        let packages = match (read.is_workspace, read.packages.is_empty()) {
            (true, _) => PackageChoice::Workspace { without: read.excluded },
            (false, false) => PackageChoice::Named(read.packages),
            (false, true) => PackageChoice::Here,
        };
        let is_of_dev = |profile: &String| matches!(profile.as_str(), "dev" | "test");
        let nextest = (tool == Tool::Nextest)
            .then(|| NextestFilter { profile: read.profile.clone(), is_ignored: read.ignores_default_filter });
        let profile = read.cargo_profile.or(read.profile.filter(|_| tool != Tool::Nextest));
        let has_other_cfg = matches!(tool, Tool::Coverage | Tool::OtherCompiler)
            || read.has_other_machine
            || profile.is_some_and(|profile| !is_of_dev(&profile))
            || environment.iter().any(|name| changes_cfg(name));
        Some(Self {
            folder,
            packages,
            features: read.features,
            targets,
            tests: read.tests,
            has_other_cfg,
            nextest,
            doubt,
        })
    }

    /// The same command where `NEXTEST_PROFILE` is set: to that, or to what is not known.
    #[must_use]
    pub fn with_nextest_profile(mut self, profile: Option<&str>) -> Self {
        if let Some(nextest) = &mut self.nextest
            && nextest.profile.is_none()
        {
            nextest.profile = Some(profile.unwrap_or_default().to_owned());
        }
        self
    }

    /// The same command where it may run on another system than the one that is asked about.
    #[must_use]
    pub fn elsewhere(mut self) -> Self {
        self.has_other_cfg = true;
        self
    }

    /// The same command where something else about it is not known, such as what starts it.
    #[must_use]
    pub fn doubtful(mut self, doubt: &str) -> Self {
        self.doubt.get_or_insert_with(|| doubt.to_owned());
        self
    }

    /// What of the command is not known, so that it may build and run anything.
    #[must_use]
    pub fn doubt(&self) -> Option<&str> {
        match &self.doubt {
            None if self.folder.is_none() => Some("the folder that it runs in is not known"),
            doubt => doubt.as_deref(),
        }
    }

    /// Whether it builds a target of a package that it builds, if that target's features are on.
    pub(crate) fn takes(&self, target: &CargoTarget) -> Truth {
        self.targets.iter().map(|choice| choice.takes(target)).max().unwrap_or(Truth::No)
    }
}

impl TargetChoice {
    /// The catalog lists targets that are tested, and documentation that is.
    fn takes(&self, target: &CargoTarget) -> Truth {
        let of_kind = |kind, name: &Option<String>| {
            target.kind == kind && name.as_ref().is_none_or(|name| is_match(&target.name, name))
        };
        match self {
            Self::Tested | Self::All => (target.kind != TargetKind::Doc).into(),
            Self::Library => (target.kind == TargetKind::Lib).into(),
            Self::Programs(name) => of_kind(TargetKind::Bin, name).into(),
            Self::Test(name) => (target.kind == TargetKind::Test && is_match(&target.name, name)).into(),
            Self::Examples(name) => of_kind(TargetKind::Example, name).into(),
            // What has `bench = true` is not in the catalog: libraries and programs have by default.
            Self::Benches(None) => match target.kind {
                TargetKind::Bench => Truth::Yes,
                TargetKind::Doc => Truth::No,
                _ => Truth::Unknown,
            },
            Self::Benches(name) => of_kind(TargetKind::Bench, name).into(),
            Self::Documentation => (target.kind == TargetKind::Doc).into(),
        }
    }
}

impl TestChoice {
    /// Whether a test of that name is run, ignored or not.
    pub(crate) fn takes(&self, name: &str) -> Truth {
        let is = |text: &String| if self.is_exact { name == text } else { name.contains(text.as_str()) };
        let chosen = (self.names.is_empty() || self.names.iter().any(is)) && !self.skipped.iter().any(is);
        if chosen && self.is_narrowed { Truth::Unknown } else { chosen.into() }
    }
}

/// Whether a name is meant by one of the command line, which may be a pattern.
pub(crate) fn is_match(name: &str, written: &str) -> bool {
    written == name || Pattern::new(written).is_ok_and(|pattern| pattern.matches(name))
}

/// Whether a variable of the environment changes what rustc is told, or for which machine.
fn changes_cfg(name: &str) -> bool {
    matches!(name, "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS" | "CARGO_BUILD_TARGET" | "CARGO_BUILD_RUSTFLAGS")
        || name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS")
        || name.starts_with("CARGO_PROFILE_")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
