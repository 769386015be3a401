//! The cases that are made of the tests in their final order.

use std::rc::Rc;

use foldhash::{HashMap, HashSet};
use test_catalog::{Condition, TestCase, TreePath};

use super::item::Item;
use super::marks::SharedMarkers;
use crate::eval::stdlib;

/// Makes cases of tests, one after the other. Each test is given back as its case is made: there may be a hundred thousand of both.
pub(crate) struct Cases {
    items: std::vec::IntoIter<Rc<Item>>,
    markers: SharedMarkers,
}

impl Cases {
    pub(super) fn new(items: Vec<Rc<Item>>) -> Self {
        Self { items: items.into_iter(), markers: SharedMarkers::default() }
    }

    /// The files that pytest would lose where it is strict: those with a marker that nothing registers. A plugin that is not part of the
    /// tree may register it: so the tests stay, under that condition.
    pub(crate) fn unregistered(&self, registered: &HashSet<&str>) -> HashMap<TreePath, Condition> {
        // Most tests share theirs with others.
        let mut known = HashMap::default();
        let mut lost: HashMap<TreePath, Condition> = HashMap::default();
        for item in self.items.as_slice() {
            for mark in item.authored(&item.own()) {
                let is_registered = || registered.contains(&*mark.name) || stdlib::is_plugin_marker(&mark.name);
                if !*known.entry(Rc::as_ptr(mark)).or_insert_with(is_registered) {
                    let text = format!("the marker `{}` is registered", mark.name);
                    lost.entry(item.span.file.clone()).or_insert_with(|| Condition { text, at: mark.at.clone() });
                }
            }
        }
        lost
    }
}

impl Iterator for Cases {
    type Item = TestCase;

    fn next(&mut self) -> Option<TestCase> {
        self.items.next().map(|item| item.case(&mut self.markers))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Cases {}
