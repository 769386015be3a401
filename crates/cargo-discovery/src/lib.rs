//! Finds the tests that `cargo test` would list, without cargo and without compiling.
//!
//! [`discover`] reads the manifests and the Rust files of a tree and gives the Rust half of a
//! [`Catalog`](test_catalog::Catalog): each test with nextest's binary id, its name, its condition, and whether the
//! [`Settings`] asked for compile it. Data flows `manifest` → `workspace` → `features` and `target` → `package` →
//! `module_tree` → `discover`; `syntax` is the only module that parses files.
//!
//! A case is exact where its name and its existence are certain. It is inexact, with the reason, where a macro makes
//! the test, where an attribute names its tests itself, where a build script may decide the condition, and where the
//! feature that it needs is turned on by another package of the workspace, unless [`Build`] says which packages are
//! built together: cargo unifies features, so that `cargo test --workspace` can compile what `cargo test -p package`
//! does not.
//!
//! Where cargo refuses a manifest, that is a [`Problem`](test_catalog::Problem), and the tests are listed as it is most
//! likely meant. Packages outside of the tree are taken not to depend on those in it.
//!
//! Documentation tests are cases of a target of their own, under the names that rustdoc gives them.
//!
//! Not listed: tests of a macro from outside the tree whose call shows no sign of a test. Of profiles only
//! `debug-assertions` counts, and the environment (`RUSTFLAGS`) does not, nor does a configuration of cargo above the
//! tree.
//!
//! ```
//! use cargo_discovery::{Settings, discover};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::create_dir(folder.path().join("src"))?;
//! std::fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"queue\"\nedition = \"2024\"\n")?;
//! std::fs::write(folder.path().join("src/lib.rs"), "#[cfg(test)] mod tests { #[test] fn it_drains() {} }")?;
//!
//! let tree = camino::Utf8PathBuf::try_from(folder.path().to_owned())?;
//! let catalog = discover(&Settings::new(tree))?;
//! assert_eq!(catalog.cases[0].id.as_str(), "queue tests::it_drains");
//! assert!(catalog.cases[0].certainty.is_exact());
//! # Ok(())
//! # }
//! ```

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod against_cargo;
mod alias;
mod applied;
mod attribute;
mod build_script;
mod cfg;
mod command;
mod comments;
mod configuration;
mod discover;
mod doc_test;
mod features;
mod generated;
mod lane;
mod lock;
mod macro_rules;
mod macros;
mod manifest;
mod module_tree;
mod nextest;
mod orphan;
mod package;
mod pasted;
mod search;
mod skim;
mod sources;
mod syntax;
mod target;
mod workspace;

use camino::Utf8PathBuf;

pub use alias::{Alias, alias};
pub use cfg::TargetCfg;
pub use command::{Argument, TestCommand};
pub use comments::comments;
pub use discover::{Discovery, DiscoveryError, discover, discover_with_lanes, manifests};
pub use lane::RustLane;

/// What to look for, and for which build.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tree's folder.
    pub tree: Utf8PathBuf,
    /// Files and folders, relative to the tree, to which the cases are limited; none for the whole tree. A text with
    /// `::` is a pytest id and matches nothing here.
    pub paths: Vec<String>,
    /// The features that the build is asked for.
    pub features: FeatureSelection,
    /// Which packages are built together.
    pub build: Build,
    /// The machine that the build is for.
    pub target: TargetCfg,
}

impl Settings {
    /// The whole tree with default features, for the machine that this crate was built for.
    #[must_use]
    pub fn new(tree: Utf8PathBuf) -> Self {
        Self {
            tree,
            paths: Vec::new(),
            features: FeatureSelection::default(),
            build: Build::default(),
            target: TargetCfg::host(),
        }
    }
}

/// Which packages are built together: cargo unifies the features that they ask of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Build {
    /// Not known: each package by itself, or its whole workspace. What differs between the two is inexact.
    #[default]
    Unknown,
    /// Each package by itself: `cargo test -p NAME`.
    EachPackage,
    /// Each whole workspace: `cargo test --workspace`.
    Workspace,
    /// In each workspace those that `cargo test` in its folder takes: `default-members`.
    DefaultMembers,
    /// In each workspace those of these names, together: `cargo test -p NAME -p NAME`. A name may be a pattern. The
    /// cases of all others are left out.
    Packages(Vec<String>),
}

/// cargo's `--features`, `--all-features` and `--no-default-features`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeatureSelection {
    /// Features by name, or as `package/feature`; each holds in the packages that have it.
    pub features: Vec<String>,
    /// All features of every package.
    pub all: bool,
    /// No `default` feature.
    pub no_default: bool,
}
