//! The walk of pytest before 8.0: a folder with `__init__.py` is one node, which collects what lies below it once all
//! arguments are looked through, and a file that was found in a folder is not found again.
//!
//! Source of the rules: `Session.collect` and `Package.collect` of pytest 7.4.

use std::ops::ControlFlow;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashSet;
use test_catalog::{Reason, SourceSpan, TreePath};

use super::ignoring::{FolderRules, Kept, Verdict};
use super::{Collector, ModuleFile, Session, Walker, canonical};
use crate::arguments::Argument;
use crate::folders::Kind;
use crate::imports::INIT;
use crate::paths::is_within;

/// What an argument or a package gives.
enum Node {
    File(ModuleFile),
    Package(Package),
}

impl Node {
    fn doubt(&mut self) -> &mut Option<Reason> {
        match self {
            Self::File(file) => &mut file.doubt,
            Self::Package(package) => &mut package.kept.doubt,
        }
    }

    /// Whether nothing may leave it out.
    fn is_certain(&self) -> bool {
        match self {
            Self::File(file) => file.conditions.is_empty() && file.doubt.is_none(),
            Self::Package(Package { kept, .. }) => kept.conditions.is_empty() && kept.doubt.is_none(),
        }
    }
}

/// A folder with `__init__.py`.
struct Package {
    folder: Utf8PathBuf,
    kept: Kept,
}

/// A file or folder that is come by.
struct Entry {
    path: Utf8PathBuf,
    is_dir: bool,
    /// Those of the folder that it is in.
    rules: Arc<FolderRules>,
    /// What is to be said of that folder.
    kept: Kept,
}

/// What is known of the arguments before.
#[derive(Default)]
struct Before {
    /// Folders whose files are collected by their package.
    packages: HashSet<Utf8PathBuf>,
    /// `__init__.py` above arguments.
    inits: HashSet<Utf8PathBuf>,
    /// The files that were found in folders.
    files: HashSet<Utf8PathBuf>,
    nodes: Vec<Node>,
}

impl<S: Session> Walker<'_, S> {
    /// Collects what the arguments give.
    pub(super) fn as_pytest_7(&mut self) {
        let mut before = Before::default();
        for argument in &self.config.arguments {
            let is_dir = argument.path.is_dir();
            let folder = if is_dir { Some(argument.path.as_path()) } else { argument.path.parent() };
            let Some(folder) = folder else { continue };
            let rules = self.enter_from_above(folder, &argument.path);
            self.packages_above(argument, &mut before);
            if is_dir {
                self.folder_of_argument(folder, &rules, &mut before);
            } else {
                self.file_of_argument(argument, &rules, &mut before);
            }
        }
        for (place, node) in std::mem::take(&mut before.nodes).into_iter().enumerate() {
            self.session.reaches(place);
            self.expand(node, place, &mut before.files);
        }
    }

    fn packages_above(&mut self, argument: &Argument, before: &mut Before) {
        let confcutdir = &self.config.confcutdir;
        let is_outside = confcutdir.starts_with(&argument.path) && *confcutdir != argument.path;
        if self.config.options.doctest_modules || is_outside {
            return;
        }
        for folder in argument.path.ancestors() {
            let init = folder.join(INIT);
            if !self.folders.has_file(folder, INIT) || before.inits.contains(&init) {
                continue;
            }
            let rules = self.rules.get(folder).cloned().unwrap_or_default();
            let found = self.collected(&init, &rules, &Kept::default(), None);
            if found.iter().any(|node| matches!(node, Node::Package(_))) {
                before.packages.insert(folder.to_owned());
            }
            if !found.is_empty() {
                before.inits.insert(init);
            }
        }
    }

    fn folder_of_argument(&mut self, folder: &Utf8Path, rules: &Arc<FolderRules>, before: &mut Before) {
        let mut seen: HashSet<Utf8PathBuf> = HashSet::default();
        let _ = self.visit(folder, rules, &Kept::default(), &mut vec![canonical(folder)], &mut |walker, entry| {
            if entry.is_dir {
                return ControlFlow::Continue(());
            }
            let folder = entry.path.parent().unwrap_or(&entry.path);
            if seen.insert(folder.to_owned()) && walker.folders.has_file(folder, INIT) {
                let init = folder.join(INIT);
                let found = walker.collected(&init, &entry.rules, &entry.kept, Some(&mut before.files));
                if found.iter().any(|node| matches!(node, Node::Package(_))) {
                    before.packages.insert(folder.to_owned());
                }
                before.nodes.extend(found);
            }
            let name = entry.path.file_name().unwrap_or_default();
            if name.ends_with(".py") && name != INIT && walker.has_modules && !walker.is_python_file(&entry.path) {
                walker.not_looked_for(&entry.path, name);
            }
            if !before.packages.contains(folder) {
                let found = walker.collected(&entry.path, &entry.rules, &entry.kept, Some(&mut before.files));
                before.nodes.extend(found);
            }
            ControlFlow::Continue(())
        });
    }

    fn file_of_argument(&mut self, argument: &Argument, rules: &Arc<FolderRules>, before: &mut Before) {
        let path = &argument.path;
        let mut found = self.collected(path, rules, &Kept::default(), None);
        if found.is_empty() && self.has_modules {
            // pytest says itself what becomes of a file that nothing collects.
            found.push(Node::File(self.module_file(path, Collector::Module, None, Kept::default())));
        }
        if !argument.names.is_empty() {
            // A package has none of the names.
            found.retain(|node| matches!(node, Node::File(_)));
            if found.is_empty() {
                self.walked.not_found.push(argument.clone());
            }
            // It is searched at once.
            for node in found.drain(..) {
                if let Node::File(file) = node {
                    let file = self.module_file(path, file.collector, Some(argument.clone()), Kept::default());
                    self.file(file, before.nodes.len());
                }
            }
        } else if let Some(Node::Package(package)) = found.first() {
            // For the `__init__.py` stands what its package collects first.
            found = self.of_package(package, &mut before.files, true);
        }
        before.nodes.extend(found);
    }

    /// Collects what a package holds, and those in it.
    fn expand(&mut self, node: Node, place: usize, files: &mut HashSet<Utf8PathBuf>) {
        match node {
            Node::File(file) => self.file(file, place),
            Node::Package(package) => {
                let found = self.of_package(&package, files, false);
                found.into_iter().for_each(|node| self.expand(node, place, files));
            }
        }
    }

    /// What a package collects, or only what it collects first; where it is not known what that is, all that may be.
    fn of_package(&mut self, package: &Package, files: &mut HashSet<Utf8PathBuf>, only_first: bool) -> Vec<Node> {
        let Package { folder, kept } = package;
        let mut nodes = Vec::new();
        let init = folder.join(INIT);
        if self.python_files.iter().any(|pattern| pattern.matches(&init)) {
            nodes.push(Node::File(self.module_file(&init, Collector::Module, None, kept.clone())));
        }
        if only_first && nodes.iter().any(Node::is_certain) {
            return nodes;
        }
        let rules = self.rules.get(folder).cloned().unwrap_or_default();
        let mut packages: Vec<Utf8PathBuf> = Vec::new();
        let _ = self.visit(folder, &rules, kept, &mut vec![canonical(folder)], &mut |walker, entry| {
            let of_other = |package: &Utf8PathBuf| is_within(&entry.path, package) && entry.path != package.join(INIT);
            if entry.path == init || packages.iter().any(of_other) {
                return ControlFlow::Continue(());
            }
            if !entry.is_dir {
                let found = walker.collected(&entry.path, &entry.rules, &entry.kept, Some(files));
                nodes.extend(found.into_iter().take(if only_first { 1 } else { usize::MAX }));
            } else if walker.folders.has_file(&entry.path, INIT) {
                packages.push(entry.path.clone());
            }
            let is_done = only_first && nodes.iter().any(Node::is_certain);
            if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if only_first && nodes.len() > 1 {
            let file = TreePath::relative_to(&init, self.tree).unwrap_or_else(|| TreePath::new(&init));
            let text = "which file pytest takes for the package is not known".to_owned();
            let reason = Reason { text, at: SourceSpan::line(file, 1) };
            nodes.iter_mut().for_each(|node| *node.doubt() = Some(reason.clone()));
        }
        nodes
    }

    /// What a file is collected as: nothing where it is left out, or is one of the files that were found before.
    fn collected(
        &mut self,
        path: &Utf8Path,
        rules: &FolderRules,
        folder: &Kept,
        before: Option<&mut HashSet<Utf8PathBuf>>,
    ) -> Vec<Node> {
        let kept = match self.verdict_in(folder, path, false, rules) {
            Verdict::Kept(own) => folder.and(own),
            Verdict::Ignored(why) => {
                self.pass_over(path, why);
                return Vec::new();
            }
        };
        let is_again = before.is_some_and(|files| !files.insert(path.to_owned()));
        if is_again && !self.config.options.keep_duplicates {
            return Vec::new();
        }
        let is_named = self.initial.contains(path.as_str());
        let doctest = self.doctest_files.collector(path, is_named);
        let is_package = self.has_modules && path.file_name() == Some(INIT);
        let is_module = !is_package && self.is_python_file(path);
        let other = if is_module || is_package { None } else { self.other_collector(path) };
        let files = doctest.into_iter().chain(is_module.then_some(Collector::Module)).chain(other);
        let mut nodes: Vec<Node> =
            files.map(|collector| Node::File(self.module_file(path, collector, None, kept.clone()))).collect();
        if is_package && let Some(folder) = path.parent() {
            nodes.push(Node::Package(Package { folder: folder.to_owned(), kept }));
        }
        nodes
    }

    /// What becomes of a child of a folder of which that is to be said.
    fn verdict_in(&mut self, folder: &Kept, path: &Utf8Path, is_dir: bool, rules: &FolderRules) -> Verdict {
        self.session.leaves_out(folder.ignored_by.is_some());
        let verdict = self.verdict(path, is_dir, rules);
        self.session.leaves_out(false);
        verdict
    }

    /// Tells of all that lies below a folder and is not left out with a folder: of what it holds, then of what its folders
    /// hold.
    fn visit(
        &mut self,
        folder: &Utf8Path,
        rules: &Arc<FolderRules>,
        kept: &Kept,
        above: &mut Vec<Utf8PathBuf>,
        tell: &mut dyn FnMut(&mut Self, &Entry) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(listing) = self.listing(folder) else { return ControlFlow::Continue(()) };
        for child in listing.children.iter().filter(|child| child.kind != Kind::Other) {
            let (path, is_dir) = (folder.join(&*child.name), child.kind == Kind::Folder);
            tell(self, &Entry { path, is_dir, rules: rules.clone(), kept: kept.clone() })?;
        }
        for child in listing.children.iter().filter(|child| child.kind == Kind::Folder) {
            let path = folder.join(&*child.name);
            let own = match self.verdict_in(kept, &path, true, rules) {
                Verdict::Kept(own) => own,
                Verdict::Ignored(why) => {
                    self.pass_over(&path, why);
                    continue;
                }
            };
            let Some(real) = self.real(&path, child.is_link, above) else { continue };
            let inner = kept.and(own);
            let inside = self.enter(&path, rules, &inner);
            above.push(real);
            self.visit(&path, &inside, &inner, above, tell)?;
            above.pop();
        }
        ControlFlow::Continue(())
    }
}
