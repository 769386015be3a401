//! The Rust half of the catalog held against real cargo, workspace by workspace.

use std::collections::{BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::CargoFeatures;
use test_catalog::comparison::cargo::compare;
use test_catalog::{Catalog, TargetKind, TestCase, TreePath};
use test_report::terminal::{Styles, printable};
use test_report::verify::cargo::{LeftOut, Part, Verified, VerifiedWorkspace, json, text};
use test_runner::cargo_listing::{
    Lister, Listing, ListingError, Package, Refused, Request, Tool, Workspace, doc_tests, tests, tool, workspaces,
};

use crate::cli::{Global, LanguageArg, ListerArg, MachineFormat, SelectionArgs, VerifyArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::progress::note;
use crate::subject::Subject;

use super::LINES;

pub(super) fn run(global: &Global, args: &VerifyArgs, environment: &Environment) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let tree = &subject.tree;
    let lister = args.rust.lister.map(|lister| match lister {
        ListerArg::Nextest => Lister::Nextest,
        ListerArg::Cargo => Lister::Cargo,
    });
    let tool = tool(lister, tree)?;
    let manifests: Vec<Utf8PathBuf> =
        cargo_discovery::manifests(tree)?.iter().map(|manifest| tree.join(manifest)).collect();
    let (workspaces, refused) = workspaces(&manifests)?;
    let wanted = Wanted::new(tree, args);
    let chosen = wanted.chosen(&workspaces, &refused)?;
    let features = &args.rust.features;
    // cargo builds the packages that are asked for together.
    let is_all = args.rust.packages.is_empty() && args.paths.is_empty();
    let together = chosen.iter().flat_map(|(_, packages)| packages).map(|package| package.name.clone());
    let everything_rust = SelectionArgs {
        language: Some(LanguageArg::Rust),
        features: features.clone(),
        workspace: is_all,
        package: if is_all { Vec::new() } else { together.collect() },
        ..SelectionArgs::default()
    };
    let catalog = subject.catalog(global, &everything_rust)?;
    crate::commands::test::warn_of_problems(&catalog);
    let verification = Verification {
        tree,
        catalog: &catalog,
        tool: &tool,
        features: CargoFeatures {
            names: features.names.clone(),
            all: features.all_features,
            no_default: features.no_default_features,
            workspace: is_all,
        },
        target_folder: target_folder(tree, args)?,
    };
    let mut verified = Verified { tool: &tool, workspaces: Vec::new(), not_built: Vec::new(), refused: Vec::new() };
    let mut error = None;
    for (workspace, packages) in &chosen {
        match verification.workspace(workspace, packages) {
            Ok(one) => verified.workspaces.push(one),
            Err(why @ ListingError::Build { .. }) => {
                let reason = why.to_string();
                verified.not_built.push(LeftOut { path: inside(tree, &workspace.root), reason });
                error.get_or_insert(why);
            }
            Err(why) => return Err(why.into()),
        }
    }
    let refused = refused.into_iter().filter(|refused| wanted.is_asked_for(&refused.manifest));
    verified.refused =
        refused.map(|refused| LeftOut { path: inside(tree, &refused.manifest), reason: refused.reason }).collect();
    show(&verified, args, environment)?;
    match error {
        // What was compared is shown; nothing can be said of the rest.
        Some(error) => Err(error.into()),
        None if verified.is_same() => Ok(Exit::Success),
        None => Ok(Exit::Failure),
    }
}

fn show(verified: &Verified<'_>, args: &VerifyArgs, environment: &Environment) -> Result<(), Error> {
    match args.format {
        MachineFormat::Json => {
            let text = json(verified).map_err(|error| Error::Internal(error.to_string()))?;
            output::write(&format!("{text}\n"))
        }
        MachineFormat::Text => {
            let most = (!args.all).then_some(LINES);
            output::write(&text(verified, most, &Styles::for_terminal(environment.colour)))
        }
    }
}

fn target_folder(tree: &Utf8Path, args: &VerifyArgs) -> Result<Utf8PathBuf, Error> {
    match &args.rust.target_dir {
        // cargo is started elsewhere.
        Some(folder) => camino::absolute_utf8(folder).map_err(|source| Error::Read { path: folder.clone(), source }),
        None => Ok(tree.join("target/xtask/cargo")),
    }
}

/// A path as the tree knows it; one outside of the tree as it is.
fn inside(tree: &Utf8Path, path: &Utf8Path) -> TreePath {
    TreePath::relative_to(path, tree).unwrap_or_else(|| TreePath::new(path))
}

/// The packages that the command line asks for.
struct Wanted<'a> {
    tree: &'a Utf8Path,
    args: &'a VerifyArgs,
    paths: Vec<Utf8PathBuf>,
}

impl<'a> Wanted<'a> {
    fn new(tree: &'a Utf8Path, args: &'a VerifyArgs) -> Self {
        let paths = args.paths.iter().map(|path| tree.join(path.trim_start_matches("./").trim_end_matches('/')));
        Self { tree, args, paths: paths.collect() }
    }

    /// The packages of each workspace, where any is asked for.
    fn chosen<'w>(
        &self,
        all: &'w [Workspace],
        refused: &[Refused],
    ) -> Result<Vec<(&'w Workspace, Vec<&'w Package>)>, Error> {
        // A workspace may have members outside of the tree.
        let in_tree = |package: &&Package| package.manifest.starts_with(self.tree);
        let of_tree: Vec<&Package> = all.iter().flat_map(|workspace| &workspace.packages).filter(in_tree).collect();
        let by_path = self.named_by_paths(&of_tree, refused)?;
        let names = &self.args.rust.packages;
        for name in names {
            if !of_tree.iter().any(|package| package.name == *name) {
                let why = self.and_refused("no workspace of the tree has such a package", refused);
                return Err(wrong("--package", name, &why));
            }
        }
        let takes = |package: &&Package| {
            in_tree(package)
                && (names.is_empty() || names.contains(&package.name))
                && by_path.as_ref().is_none_or(|manifests| manifests.contains(&package.manifest))
        };
        let chosen_of = |workspace: &'w Workspace| {
            let packages: Vec<&Package> = workspace.packages.iter().filter(takes).collect();
            (!packages.is_empty()).then_some((workspace, packages))
        };
        let chosen: Vec<_> = all.iter().filter_map(chosen_of).collect();
        if chosen.is_empty() {
            let nothing = format!("{} has no Rust package that cargo knows", self.tree);
            return Err(Error::NothingSelected(self.and_refused(&nothing, refused)));
        }
        for feature in &self.args.rust.features.names {
            if !chosen.iter().any(|(_, packages)| packages.iter().any(|package| package.has_feature(feature))) {
                return Err(wrong("--features", feature, "no package that is asked for has such a feature"));
            }
        }
        Ok(chosen)
    }

    /// Where a package is not known: that may be why.
    fn and_refused(&self, text: &str, refused: &[Refused]) -> String {
        let mut text = text.to_owned();
        for refused in refused {
            text.push_str(&format!("\n  cargo refuses {}: {}", inside(self.tree, &refused.manifest), refused.reason));
        }
        text
    }

    /// The manifests of the packages below each path, or of the innermost one around it; `None` without paths.
    fn named_by_paths(
        &self,
        packages: &[&Package],
        refused: &[Refused],
    ) -> Result<Option<BTreeSet<Utf8PathBuf>>, Error> {
        if self.paths.is_empty() {
            return Ok(None);
        }
        let mut manifests = BTreeSet::new();
        for (path, text) in self.paths.iter().zip(&self.args.paths) {
            let below = packages.iter().filter(|package| package.manifest.starts_with(path));
            let mut named: Vec<&Utf8PathBuf> = below.map(|package| &package.manifest).collect();
            if named.is_empty() && path.exists() {
                let around = packages.iter().filter(|package| path.starts_with(package.folder()));
                named.extend(around.max_by_key(|package| package.folder().as_str().len()).map(|one| &one.manifest));
            }
            if named.is_empty() {
                let why = self.and_refused("no Rust package lies there, or around it", refused);
                return Err(wrong("PATH", text, &why));
            }
            manifests.extend(named.into_iter().cloned());
        }
        Ok(Some(manifests))
    }

    /// Whether a manifest that cargo refuses is among what was asked for: the name of its package is not known.
    fn is_asked_for(&self, manifest: &Utf8Path) -> bool {
        self.args.rust.packages.is_empty()
            && (self.paths.is_empty() || self.paths.iter().any(|path| manifest.starts_with(path)))
    }
}

fn wrong(option: &'static str, text: &str, why: &str) -> Error {
    Error::Option { option, text: text.to_owned(), why: why.to_owned() }
}

/// What all workspaces are held against.
struct Verification<'a> {
    tree: &'a Utf8Path,
    catalog: &'a Catalog,
    tool: &'a Tool,
    features: CargoFeatures,
    target_folder: Utf8PathBuf,
}

impl Verification<'_> {
    fn workspace(&self, workspace: &Workspace, packages: &[&Package]) -> Result<VerifiedWorkspace, ListingError> {
        let folder = inside(self.tree, &workspace.root);
        let shown = if folder.as_str().is_empty() { "." } else { folder.as_str() };
        note(&format!("verify: {} in {}", self.tool.lister.as_str(), printable(shown)));
        let target_folder = &self.target_folder;
        let request = Request { workspace, packages, features: &self.features, target_folder };
        let (documented, of_binaries): (Vec<&TestCase>, Vec<&TestCase>) =
            self.cases_of(packages).into_iter().partition(|case| is_documentation(case));
        let listing = tests(self.tool.lister, &request)?;
        let of_rustdoc = doc_tests(&request)?;
        let has_documentation = !documented.is_empty() || of_rustdoc != Listing::default();
        let documentation = has_documentation.then(|| part(documented, of_rustdoc));
        let packages = packages.iter().map(|package| package.name.clone()).collect();
        Ok(VerifiedWorkspace { folder, packages, binaries: part(of_binaries, listing), documentation })
    }

    fn cases_of(&self, packages: &[&Package]) -> Vec<&TestCase> {
        let manifests: HashSet<&Utf8Path> = packages.iter().map(|package| package.manifest.as_path()).collect();
        let of_packages = |case: &&TestCase| {
            let manifest = case.as_rust().map(|rust| rust.target.manifest.in_tree(self.tree));
            manifest.is_some_and(|manifest| manifests.contains(manifest.as_path()))
        };
        self.catalog.cases.iter().filter(of_packages).collect()
    }
}

fn is_documentation(case: &TestCase) -> bool {
    case.as_rust().is_some_and(|rust| rust.target.kind == TargetKind::Doc)
}

fn part(cases: Vec<&TestCase>, listing: Listing) -> Part {
    let unseen: HashSet<&str> = listing.unseen.iter().map(|unseen| unseen.binary.as_str()).collect();
    let count = cases.len();
    let comparison = compare(cases, &listing.binaries, &unseen);
    Part { cases: count, comparison, listing }
}
