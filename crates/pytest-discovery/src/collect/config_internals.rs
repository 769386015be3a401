//! What `config` keeps of its settings and arguments, as hooks get hold of it.

use std::any::Any;
use std::rc::Rc;

use test_catalog::SourceSpan;

use super::config_object::ConfigObject;
use crate::eval::value::{Arguments, Doubt, Object, Value};
use crate::eval::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// Attributes of `config` that pytest collects by.
const KEPT: [&str; 4] = ["_inicache", "_inicfg", "args", "inicfg"];
/// Methods that only look.
const LOOKS: [&str; 8] = ["copy", "count", "get", "index", "items", "keys", "values", "__contains__"];

/// A list or a dictionary of pytest's: nothing is known of what is in it, but a hook that changes it changes what pytest
/// collects.
#[derive(Debug)]
pub(super) struct Internals {
    config: Rc<ConfigObject>,
    what: Box<str>,
    /// Whether what is handed on is taken to be changed: lists are mostly looked at.
    is_dictionary: bool,
}

impl Internals {
    pub(super) fn value(config: Rc<ConfigObject>, what: &str) -> Value {
        let is_dictionary = what != "args" && !what.starts_with("getini");
        Value::Object(Rc::new(Self { config, what: what.into(), is_dictionary }))
    }

    fn changed(&self, at: SourceSpan) {
        self.config.not_follow(format!("a hook changes `{}`", self.what), at);
    }
}

/// Whether it is one of these attributes.
pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

impl Object for Internals {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(&self, name: &str, _: &Arguments, _: &mut Interpreter<'_>, frame: &Frame, range: Range) -> Option<Value> {
        if !LOOKS.contains(&name) {
            self.changed(frame.module.file.span(range));
        }
        None
    }

    fn assign(&self, _: &str, _: &Value, at: &SourceSpan) {
        self.changed(at.clone());
    }

    fn taint(&self, doubt: &Doubt) {
        if self.is_dictionary {
            self.changed(doubt.at.clone());
        }
    }
}
