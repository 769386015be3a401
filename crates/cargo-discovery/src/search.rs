//! The modules of a package's targets, searched for tests under what is set in a build.

use std::collections::BTreeMap;

use camino::Utf8Path;
use test_catalog::TargetKind;

use crate::doc_test::{self, Declaring, Library};
use crate::lock::Releases;
use crate::macros::TreeMacros;
use crate::manifest::Edition;
use crate::module_tree::{self, FoundTest, ModuleTree, Surroundings};
use crate::package::{FoundPackage, PackageCfg};
use crate::sources::Sources;
use crate::target::Target;

/// What the packages of a tree are searched with, whatever is built of them.
pub(crate) struct Search<'t> {
    sources: &'t Sources<'t>,
    macros: TreeMacros<'t>,
    /// By the folder of the workspace.
    releases: BTreeMap<&'t Utf8Path, Releases>,
    declaring: Declaring,
}

impl<'t> Search<'t> {
    pub(crate) fn new(tree: &Utf8Path, packages: &'t [FoundPackage<'t>], sources: &'t Sources<'t>) -> Self {
        let mut releases = BTreeMap::new();
        for package in packages {
            releases.entry(package.workspace).or_insert_with(|| Releases::of(tree, package.workspace));
        }
        Self { sources, macros: TreeMacros::of(sources.walked()), releases, declaring: Declaring::default() }
    }

    /// The modules of a target, and the tests in them.
    pub(crate) fn modules(&self, package: &FoundPackage<'_>, cfg: &PackageCfg, target: &Target) -> ModuleTree {
        let surroundings = Surroundings {
            sources: self.sources,
            cfg: cfg.of(target.kind),
            macros: &self.macros,
            releases: self.releases.get(package.workspace).copied().unwrap_or_default(),
            package: &package.manifest.folder,
            edition: package.edition,
            generates_tests: package.generates_tests,
            is_of_tests: target.kind == TargetKind::Test,
        };
        module_tree::walk(&target.root, surroundings)
    }

    /// The tests in a library's documentation, which rustdoc builds and runs however the library itself is tested.
    pub(crate) fn documentation(
        &self,
        package: &FoundPackage<'_>,
        cfg: &PackageCfg,
        target: &Target,
        modules: &ModuleTree,
    ) -> Vec<FoundTest> {
        let library = Library {
            cfg: cfg.of(target.kind),
            workspace: package.workspace,
            package: &package.manifest.folder,
            is_recent: package.edition >= Edition::E2024,
        };
        doc_test::find(&library, modules, self.sources, &self.declaring)
    }
}
