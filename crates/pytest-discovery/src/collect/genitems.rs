//! In which order pytest makes tests of what a module or a class holds, and tells hooks of them.
//!
//! Source of the rules: pytest's `Session.genitems`.

use std::rc::Rc;

use super::alike::Calls;
use super::item::Item;
use super::{Collection, Lost};
use crate::eval::value::Value;

/// Tests that were searched for, which the session comes to later.
pub(super) struct Untold {
    /// The node of the session that stands for them.
    pub(super) node: usize,
    /// The hooks that are told of them.
    pub(super) calls: Vec<Calls>,
    pub(super) items: Vec<Rc<Item>>,
}

impl Collection<'_, '_> {
    /// Tells hooks of what was searched for, up to that node of the session.
    pub(crate) fn tell_of(&mut self, node: usize) {
        for Untold { calls, items, .. } in self.untold.extract_if(.., |one| one.node <= node).collect::<Vec<_>>() {
            self.told = calls;
            items.iter().for_each(|item| self.tell(item));
        }
    }

    /// What a module or a class holds: first all of its functions, then in its order each test as it is and each class
    /// with what that holds in turn. Hooks that remember what they saw can tell.
    pub(super) fn children(&mut self, collect: impl FnOnce(&mut Self) -> Result<(), Lost>) -> Result<(), Lost> {
        let before = self.items.len();
        let around = std::mem::take(&mut self.nodes);
        let outcome = collect(self);
        let nodes = std::mem::replace(&mut self.nodes, around);
        if outcome.is_err() {
            self.items.truncate(before);
            return outcome;
        }
        let mut own = self.items.split_off(before).into_iter();
        let mut taken = 0;
        for node in nodes {
            for item in own.by_ref().take(node.place - before - taken) {
                self.tell(&item);
                self.items.push(item);
            }
            taken = node.place - before;
            self.class_node(&node);
        }
        for item in own {
            self.tell(&item);
            self.items.push(item);
        }
        Ok(())
    }

    /// `pytest_itemcollected` of the conftests around.
    pub(super) fn tell(&mut self, item: &Rc<Item>) {
        for calls in &mut self.told {
            if calls.hook.wraps {
                calls.hook.may_call(self.interpreter, &[("item", Value::Object(item.clone()))]);
                item.doubt(&calls.hook.not_followed("pytest_itemcollected").into());
            } else {
                let object = Value::Object(item.clone());
                self.interpreter.for_each_of(&object, |interpreter| calls.tell(item, interpreter));
            }
        }
    }
}
