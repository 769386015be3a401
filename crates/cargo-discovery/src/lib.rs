//! Finds the tests that `cargo test` would list, without cargo and without compiling.
//!
//! [`discover`] reads the manifests and the Rust files of a tree and gives the Rust half of a
//! [`Catalog`](test_catalog::Catalog): each test with nextest's binary id, its name, its condition, and whether the
//! [`Settings`] asked for compile it. Data flows `manifest` → `target` → `features` → `module_tree` → `discover`;
//! `syntax` is the only module that names a parser.
//!
//! A case is exact where its name and its existence are certain. It is inexact, with the reason, where a macro makes
//! the test, where an attribute names its tests itself, where a build script may decide the condition, and where the
//! feature that it needs is turned on by another package of the workspace: cargo unifies features, so that
//! `cargo test --workspace` can compile what `cargo test -p package` does not.
//!
//! Documentation tests are cases of a target of their own, under the names that rustdoc gives them.
//!
//! Not listed: what an `include!` of generated code holds, and tests of a macro from outside the tree whose call shows
//! no sign of a test. The environment (`RUSTFLAGS`) and `[profile]` are not looked at.
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

mod attribute;
mod cfg;
mod discover;
mod doc_test;
mod features;
mod macros;
mod manifest;
mod module_tree;
mod naming;
mod orphan;
mod package;
mod skim;
mod sources;
mod syntax;
mod target;

use camino::Utf8PathBuf;

pub use cfg::TargetCfg;
pub use discover::{DiscoveryError, discover};

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
    /// The machine that the build is for.
    pub target: TargetCfg,
}

impl Settings {
    /// The whole tree with default features, for the machine that this crate was built for.
    #[must_use]
    pub fn new(tree: Utf8PathBuf) -> Self {
        Self { tree, paths: Vec::new(), features: FeatureSelection::default(), target: TargetCfg::host() }
    }
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
