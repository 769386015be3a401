//! What was asked for: findings of the chosen tests, and of files that changed.

use std::collections::{BTreeSet, HashMap, HashSet};

use marker_policy::{Finding, Selection, Selector};
use test_catalog::{Catalog, NodeId, TestCase, TreePath};

use crate::changed::Changed;
use crate::cli::{AuditArgs, Global, SelectionArgs};
use crate::error::Error;
use crate::subject::Subject;

/// Whether every file of the tree is read, in both languages.
pub(super) fn is_whole_tree(selection: &SelectionArgs) -> bool {
    selection.paths.is_empty() && selection.language.is_none() && selection.package.is_empty()
}

/// Whether the options choose among the tests that are read.
pub(super) fn chooses_tests(selector: &Selector) -> bool {
    selector.stage.is_some()
        || selector.marks.is_some()
        || selector.keywords.is_some()
        || !selector.components.is_empty()
        || !selector.types.is_empty()
}

/// What is between a file and the name of a test in it.
const IN_PYTHON: &str = ".py::";

/// The same selection with the whole file of each test that it names: where a marker can be put hangs on the tests beside.
pub(super) fn whole_files(selection: &SelectionArgs) -> SelectionArgs {
    let file = |path: &String| match path.find(IN_PYTHON) {
        Some(at) => path[..at + ".py".len()].to_owned(),
        None => path.clone(),
    };
    SelectionArgs { paths: selection.paths.iter().map(file).collect(), ..selection.clone() }
}

/// The tests that are read for the selection; `None` where it names no more than files and folders.
///
/// # Errors
/// As those of reading the tree: where a test is named that is not there.
pub(super) fn named(
    subject: &Subject,
    global: &Global,
    selection: &SelectionArgs,
) -> Result<Option<HashSet<NodeId>>, Error> {
    if !selection.paths.iter().any(|path| path.contains(IN_PYTHON)) {
        return Ok(None);
    }
    let catalog = subject.catalog(global, selection)?;
    Ok(Some(catalog.cases.into_iter().map(|case| case.id).collect()))
}

/// The files that tests of Python are collected from, not those that the tests are inherited from.
pub(super) fn files_of_tests(catalog: &Catalog) -> BTreeSet<TreePath> {
    let Some(pytest) = &catalog.pytest else { return BTreeSet::new() };
    let files = catalog.cases.iter().filter_map(|case| case.id.as_str().split_once("::"));
    files.map(|(file, _)| TreePath::new(pytest.rootdir.as_path().join(file))).collect()
}

/// Which findings are reported.
pub(super) struct Narrow<'x> {
    /// The chosen tests; `None` for all.
    chosen: Option<HashSet<&'x NodeId>>,
    /// What changed, and the files of the tests by their ids; `None` where nobody asked.
    changed: Option<(Changed, HashMap<&'x NodeId, Vec<&'x TreePath>>)>,
}

impl<'x> Narrow<'x> {
    /// Reads the options. A case that the feature set does not compile is audited all the same: its markers are wrong or
    /// they are not.
    ///
    /// # Errors
    /// Where git cannot tell what changed.
    pub(super) fn of(
        args: &AuditArgs,
        (selector, selection): (&Selector, &Selection<'x, 'x>),
        named: Option<&HashSet<NodeId>>,
        subject: &Subject,
        catalog: &'x Catalog,
    ) -> Result<Self, Error> {
        let is_named = |id: &&NodeId| named.is_none_or(|named| named.contains(*id));
        let chosen = if chooses_tests(selector) {
            Some(selection.chosen.iter().map(|chosen| &chosen.case.case.id).filter(is_named).collect())
        } else {
            named.map(|_| catalog.cases.iter().map(|case| &case.id).filter(is_named).collect())
        };
        let changed = args.since.as_deref().map(|revision| Changed::since(&subject.tree, revision)).transpose()?;
        let changed = changed.map(|changed| {
            let mut files: HashMap<&NodeId, Vec<&TreePath>> = HashMap::new();
            for case in &catalog.cases {
                files.entry(&case.id).or_default().push(case.file());
            }
            (changed, files)
        });
        Ok(Self { chosen, changed })
    }

    /// Whether the finding is reported. Of one about several tests only those remain that are chosen.
    pub(super) fn keeps(&self, finding: &mut Finding) -> bool {
        if let Some(chosen) = &self.chosen {
            finding.cases.retain(|case| chosen.contains(case));
            if finding.cases.is_empty() {
                return false;
            }
        }
        self.changed.as_ref().is_none_or(|(changed, files)| {
            let mut tests = finding.cases.iter().filter_map(|case| files.get(case)).flatten();
            changed.has(&finding.at.file) || tests.any(|file| changed.has(file))
        })
    }

    /// Whether the test is one of those that were asked for.
    pub(super) fn has(&self, case: &TestCase) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(&case.id))
            && self.changed.as_ref().is_none_or(|(changed, _)| changed.has(case.file()))
    }

    /// What a reader of the narrowed findings has to know.
    pub(super) fn note(&self) -> Option<String> {
        let (changed, _) = self.changed.as_ref()?;
        let wide = changed.reaching_others().collect::<Vec<_>>();
        let first = wide.first()?;
        let more = if wide.len() > 1 { format!(" and {} more", wide.len() - 1) } else { String::new() };
        Some(format!("{first}{more} changed, too: what that does to tests in other files shows only without --since"))
    }
}
