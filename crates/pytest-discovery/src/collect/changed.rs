//! Modules and classes that hooks change while they are collected.

use std::rc::Rc;

use foldhash::HashMap;
use test_catalog::{Reason, SourceSpan};

use super::class::{class_at, members};
use super::{Collection, Place};
use crate::eval::value::{Binding, Class, Value};

/// What stands in a module or class.
type Listed = [(Rc<str>, Binding)];

impl Collection<'_, '_> {
    /// Tests are not known any more where hooks took away, or replaced, a function of the module or class: pytest asks for
    /// it once more.
    pub(super) fn changed_by_hooks(&mut self, before: usize, listed: &Listed, now: &Listed, at: SourceSpan) {
        let Some(name) = first_lost(listed, now) else { return };
        let text = format!("a hook changes `{name}` while it is collected");
        let doubt = Reason { text, at }.into();
        self.items[before..].iter().for_each(|item| item.doubt(&doubt));
    }

    /// pytest looks twice at what stands in a class: it sees what hooks put there while its functions were collected.
    pub(super) fn put_in_by_hooks(&mut self, listed: &Listed, class: &Class, place: &Place) {
        let is_listed = |name: &str| listed.iter().any(|(one, _)| **one == *name);
        for (name, _) in members(class, false) {
            if self.filters.takes_function(&name) && !is_listed(&name) {
                let text = format!("a hook puts `{name}` into the class while it is collected");
                self.inexact_name(&name, place, &Reason { text, at: class_at(class) }.into());
            }
        }
    }
}

/// The first function that is no longer there, or another one.
fn first_lost<'l>(listed: &'l Listed, now: &Listed) -> Option<&'l Rc<str>> {
    // Mostly nothing happened.
    let mut pairs = listed.iter().zip(now);
    if listed.len() <= now.len() && pairs.all(|(was, one)| was.0 == one.0 && is_kept(&was.1, &one.1)) {
        return None;
    }
    let now: HashMap<&str, &Binding> = now.iter().map(|(name, one)| (&**name, one)).collect();
    let is_there = |name: &str, was: &Binding| match now.get(name) {
        Some(one) => is_kept(was, one),
        None => !matches!(was.value, Value::Function(_)),
    };
    listed.iter().find(|(name, was)| !is_there(name, was)).map(|(name, _)| name)
}

fn is_kept(was: &Binding, one: &Binding) -> bool {
    match (&was.value, &one.value) {
        (Value::Function(was), Value::Function(one)) => Rc::ptr_eq(was, one),
        (was, _) => !matches!(was, Value::Function(_)),
    }
}
