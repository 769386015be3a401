//! `item.keywords`: the names of the test and of what is around it, its marks, and its function's attributes.
//!
//! Source of the rules: pytest's `NodeKeywords`, and `Function.__init__`, which adds the function's `__dict__`.

use std::any::Any;
use std::rc::Rc;

use super::item::Item;
use crate::PytestVersion;
use crate::eval::value::{Arguments, Doubt, Mark, Object, Value};
use crate::eval::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// From here on each folder is a node of its own, from the rootdir down; before, only packages were.
const FOLDERS_ARE_NODES: PytestVersion = PytestVersion::INTERLEAVED_WALK;

#[derive(Debug)]
pub(super) struct Keywords(pub(super) Rc<Item>);

impl Keywords {
    fn holds(&self, name: &str) -> Option<bool> {
        let item = &*self.0;
        let has_mark = |mark: &Rc<Mark>| &*mark.name == name;
        let found = item.own().iter().any(|own| has_mark(&own.mark))
            || item.chain.iter().flat_map(|list| list.marks.iter()).any(has_mark)
            || item.classes.iter().any(|class| &*class.name == name)
            || item.is_called(name)
            || item.id.as_deref() == Some(name)
            || self.is_attribute(name);
        if found { Some(true) } else { self.is_around(name) }
    }

    /// A class's `pytestmark` is no key: only the function's own attributes are.
    fn is_attribute(&self, name: &str) -> bool {
        self.0.function.as_ref().is_some_and(|function| {
            function.attributes.borrow().contains_key(name)
                || (name == "pytestmark" && !function.marks.borrow().is_empty())
        })
    }

    /// Whether a file or folder is called so, or the session: it has the empty name, and before that of the rootdir.
    fn is_around(&self, name: &str) -> Option<bool> {
        let config = &self.0.config;
        let node = self.0.module.node.as_str();
        let by_folders = config.pytest >= FOLDERS_ARE_NODES;
        // Taking the path apart costs more than a look at its end.
        let is_rootdir = || config.rootdir.as_str().ends_with(name) && config.rootdir.file_name() == Some(name);
        if name.is_empty() || is_rootdir() {
            return Some(by_folders || !name.is_empty());
        }
        let is_part = node.as_bytes().split(|byte| *byte == b'/').any(|one| one == name.as_bytes());
        if by_folders || !node.contains('/') {
            return Some(is_part);
        }
        // It depends on the packages around.
        (!is_part && !node.ends_with(name)).then_some(false)
    }
}

impl Object for Keywords {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match name {
            "get" => {
                let key = arguments.get(0, "key")?;
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                // What it holds for a name is a node or a mark, and true.
                Some(if self.contains(key)? { Value::Bool(true) } else { default })
            }
            "update" | "setdefault" => {
                self.taint(&interpreter.doubt(frame, range, "a hook gives it keywords"));
                None
            }
            _ => None,
        }
    }

    fn contains(&self, value: &Value) -> Option<bool> {
        if self.holds(value.as_str()?)? {
            return Some(true);
        }
        self.0.more_marks().is_none().then_some(false)
    }

    /// A key that a hook sets may decide what the next one does.
    fn taint(&self, doubt: &Doubt) {
        self.0.taint(doubt);
    }
}
