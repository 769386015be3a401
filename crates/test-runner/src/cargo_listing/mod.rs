//! What real cargo lists of a workspace. This compiles the workspace, and starts its test binaries to ask them for their
//! tests; no test is run.

mod binaries;
mod command;
mod doc;
mod nextest;
mod workspace;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::CargoFeatures;
use test_catalog::comparison::cargo::ListedBinary;

pub use doc::doc_tests;
pub use workspace::{Package, Refused, Workspace, workspaces};

use command::Cargo;

/// What lists the tests of binaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lister {
    /// `cargo nextest list`.
    Nextest,
    /// `cargo test --no-run`, then each binary's own `--list`; nextest's ids are derived.
    Cargo,
}

impl Lister {
    /// The command, as people type it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nextest => "cargo nextest list",
            Self::Cargo => "cargo test --no-run",
        }
    }
}

/// A lister that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Which.
    pub lister: Lister,
    /// As it names itself: `cargo-nextest 0.9.143`.
    pub version: String,
}

/// What is asked of one workspace.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The workspace.
    pub workspace: &'r Workspace,
    /// Packages of it; all of them where they are as many.
    pub packages: &'r [&'r Package],
    /// The features to build with. Each name holds in the packages that have it.
    pub features: &'r CargoFeatures,
    /// Where cargo builds. It writes nothing else.
    pub target_folder: &'r Utf8Path,
}

/// What was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The binaries, in the order of their ids.
    pub binaries: Vec<ListedBinary>,
    /// Binaries that were built and could not say what they have.
    pub unseen: Vec<UnseenBinary>,
    /// Why another lister than the one that was asked for had to do it.
    pub instead: Option<String>,
}

impl Listing {
    /// How many tests there are.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.binaries.iter().map(|binary| binary.tests.len()).sum()
    }
}

/// A binary that could not say what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenBinary {
    /// nextest's id.
    pub binary: String,
    /// Why.
    pub reason: String,
}

/// Why cargo gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// The tool is not there, or does not start.
    #[error("`{tool}` cannot be run: {why}\n{remedy}")]
    NoTool {
        /// The command.
        tool: String,
        /// Why.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The workspace does not build here.
    #[error("the workspace {workspace} does not build here: `{command}` gave {how}:\n{output}")]
    Build {
        /// Its folder.
        workspace: Utf8PathBuf,
        /// The whole command.
        command: String,
        /// Its exit code or signal.
        how: String,
        /// The end of what it said.
        output: String,
    },
    /// What the tool says is not of the form that is known.
    #[error("what `{command}` says is not understood: {why}")]
    Answer {
        /// The whole command.
        command: String,
        /// Why.
        why: String,
    },
    /// A lock file cannot be read or put back.
    #[error("cannot use {path}: {why}")]
    File {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        why: String,
    },
}

/// The lister that is asked for, or else nextest where it is installed. Asked in the tree: it may name its toolchain.
///
/// # Errors
/// Where the one that is asked for, or cargo itself, is not there.
pub fn tool(asked_for: Option<Lister>, tree: &Utf8Path) -> Result<Tool, ListingError> {
    let nextest =
        || command::version(tree, &["nextest", "--version"], "install it: https://nexte.st, or use --lister cargo");
    let cargo = || command::version(tree, &["--version"], "install Rust: https://rustup.rs");
    let found = |lister: Lister| move |version: String| Tool { lister, version };
    match asked_for {
        Some(Lister::Nextest) => nextest().map(found(Lister::Nextest)),
        Some(Lister::Cargo) => cargo().map(found(Lister::Cargo)),
        None => nextest().map(found(Lister::Nextest)).or_else(|_| cargo().map(found(Lister::Cargo))),
    }
}

/// Builds the tests of a workspace, and lists them.
///
/// # Errors
/// Where it does not build. A binary that cannot say what it has is part of the result.
pub fn tests(lister: Lister, request: &Request<'_>) -> Result<Listing, ListingError> {
    let _lock = command::KeptLock::of(&request.workspace.root)?;
    let mut listing = match lister {
        Lister::Nextest => match nextest::list(request)? {
            nextest::Answer::Listed(listing) => listing,
            nextest::Answer::NotListed(why) => Listing { instead: Some(why), ..binaries::list(request)? },
        },
        Lister::Cargo => binaries::list(request)?,
    };
    listing.binaries.sort_by(|a, b| a.binary.cmp(&b.binary));
    Ok(listing)
}

impl Request<'_> {
    /// `cargo SUBCOMMAND` with the packages and features, in the workspace's folder.
    fn cargo(&self, subcommand: &[&str]) -> Cargo {
        let mut arguments: Vec<String> = subcommand.iter().map(|word| (*word).to_owned()).collect();
        if self.packages.len() == self.workspace.packages.len() {
            arguments.push("--workspace".to_owned());
        } else {
            // Ids, not names: a dependency may have a member's name.
            arguments.extend(self.packages.iter().flat_map(|package| ["-p".to_owned(), package.id.clone()]));
        }
        let names = self.feature_names();
        if self.features.all {
            arguments.push("--all-features".to_owned());
        }
        if self.features.no_default {
            arguments.push("--no-default-features".to_owned());
        }
        if !names.is_empty() {
            arguments.push(format!("--features={}", names.join(",")));
        }
        arguments.push("--color=never".to_owned());
        Cargo::new(arguments, self.workspace.root.clone()).env("CARGO_TARGET_DIR", self.target_folder.as_str())
    }

    /// The features that some package has: cargo refuses one that none of them has.
    fn feature_names(&self) -> Vec<&str> {
        let had = |name: &&str| self.packages.iter().any(|package| package.has_feature(name));
        self.features.names.iter().map(String::as_str).filter(had).collect()
    }
}
