//! Arguments that name a class or a test of a module.
//!
//! Source of the rules: `Session.collect`.

use camino::Utf8PathBuf;
use foldhash::HashSet;
use test_catalog::NodeId;

use super::{Collection, Item};
use crate::PytestVersion;
use crate::arguments::Argument;
use crate::walk::ModuleFile;

/// What arguments name, and what of it is found.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The class that the argument for this module may name.
    class: Vec<String>,
    is_found: bool,
    /// The tests that were found for arguments so far: of which file, how often that was made anew, and which.
    found: HashSet<(Utf8PathBuf, usize, NodeId)>,
}

impl Search {
    pub(super) fn begin(&mut self, argument: Option<&Argument>) {
        self.class.clear();
        self.is_found = false;
        let names = argument.filter(|argument| argument.param.is_none()).map(|argument| &argument.names);
        self.class.extend(names.into_iter().flatten().cloned());
    }

    /// Hears of a class that is collected: it need not have a test.
    pub(super) fn come_by<'n>(&mut self, class: impl Iterator<Item = &'n str>) {
        self.is_found |= !self.class.is_empty() && class.eq(self.class.iter().map(String::as_str));
    }

    /// Whether there is what the argument names.
    pub(super) fn is_found(&self) -> bool {
        self.is_found
    }
}

impl Collection<'_, '_> {
    /// Leaves only what the argument's names select, those of classes and of a function, and nothing that an argument
    /// before selected: it is the same test.
    pub(super) fn narrow(&mut self, before: usize, file: &ModuleFile, argument: &Argument) {
        let new = self.items.split_off(before).into_iter().filter(|item| is_selected(item, argument));
        let key = |item: &Item| (file.path.clone(), file.made_anew, item.node_id.clone());
        let selected: Vec<_> = new.map(|item| (key(&item), item)).collect();
        self.search.is_found |= !selected.is_empty();
        // Before, a class that is named again was collected again.
        let is_node = |item: &Item| {
            self.config.pytest >= PytestVersion::INTERLEAVED_WALK || item.classes.len() + 1 == argument.names.len()
        };
        let first = selected.iter().filter(|(key, item)| !(is_node(item) && self.search.found.contains(key)));
        self.items.extend(first.map(|(_, item)| item.clone()));
        self.search.found.extend(selected.into_iter().map(|(key, _)| key));
    }
}

fn is_selected(item: &Item, argument: &Argument) -> bool {
    let names: Vec<&str> = item.classes.iter().map(|node| &*node.name).chain([&*item.name]).collect();
    let within =
        names.len() >= argument.names.len() && names.iter().zip(&argument.names).all(|(one, other)| one == other);
    let param = item.id.as_ref().map(|id| format!("[{id}]")).unwrap_or_default();
    // A class that is not known may hold the test that is asked for.
    let holds = item.function.is_none()
        && argument.names.iter().map(String::as_str).take(names.len()).eq(names.iter().copied());
    // An inexact case may hold the parameters that are asked for.
    holds || within && argument.param.as_ref().is_none_or(|wanted| param == *wanted || item.doubt.borrow().is_some())
}
