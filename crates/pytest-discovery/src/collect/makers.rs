//! Hooks that make nodes in the place of pytest.
//!
//! Source of the rules: `PyCollector.collect`, which asks `pytest_pycollect_makeitem` of every name.

use std::rc::Rc;

use test_catalog::Reason;

use super::plugins::Hook;
use super::{Collection, ModuleNode};
use crate::eval::value::{Doubt, Value};

/// Hooks that are not followed: the tests that they reach are inexact.
pub(super) const NOT_FOLLOWED: [&str; 4] =
    ["pytest_pycollect_makemodule", "pytest_collect_directory", "pytest_pyfunc_make", "pytest_make_collect_report"];

const MAKE_ITEM: &str = "pytest_pycollect_makeitem";

impl Collection<'_, '_> {
    /// Takes the hooks that are asked of every name of a module. One that wraps the others is not followed: why, then.
    pub(super) fn take_item_makers(&mut self, node: &ModuleNode) -> Option<Doubt> {
        let hooks = self.plugins.hooks(MAKE_ITEM, Some(&node.path));
        let wrapping = hooks.iter().find(|hook| hook.wraps).map(|hook| hook.not_followed(MAKE_ITEM).into());
        self.item_makers = hooks.into_iter().filter(|hook| !hook.wraps).collect();
        wrapping
    }

    /// Why what a name holds may be collected in another way than pytest's own: a hook answers anything but nothing.
    pub(super) fn made_otherwise(&mut self, name: &Rc<str>, value: &Value) -> Option<Doubt> {
        let hooks: Rc<[Hook]> = self.item_makers.clone();
        hooks.iter().find_map(|hook| {
            let collector = Reason { text: "the node of a module or class".to_owned(), at: hook.at.clone() };
            let arguments = [
                ("collector", Value::Unknown(collector.into())),
                ("name", Value::str(&**name)),
                ("obj", value.clone()),
            ];
            let answer = hook.call(self.interpreter, &arguments);
            let is_left = matches!(answer, Value::None) && !self.interpreter.has_failed();
            (!is_left).then(|| hook.not_followed(MAKE_ITEM).into())
        })
    }
}
