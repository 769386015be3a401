//! The name of a test of which the parameters are not known, as hooks see it: its function's, and perhaps something in brackets.

use std::any::Any;

use crate::eval::Interpreter;
use crate::eval::value::{Arguments, Object, Value};
use crate::syntax::ast::Range;

/// A name, or a node id, of which the beginning is known: nothing follows it, or what stands in brackets.
#[derive(Debug)]
pub(super) struct OpenName(String);

impl OpenName {
    pub(super) fn value(known: &str) -> Value {
        Value::Object(std::rc::Rc::new(Self(known.to_owned())))
    }

    /// `name.startswith(text)`; `None` where what follows decides.
    fn starts_with(&self, text: &str) -> Option<bool> {
        match text.strip_prefix(self.0.as_str()) {
            Some("") => Some(true),
            Some(more) => (!more.starts_with('[')).then_some(false),
            None => Some(self.0.starts_with(text)),
        }
    }
}

impl Object for OpenName {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        _: &mut Interpreter<'_>,
        _: &crate::eval::Frame,
        _: Range,
    ) -> Option<Value> {
        let ("startswith", [wanted]) = (name, &arguments.plain()?[..]) else { return None };
        let starts = match wanted {
            Value::Tuple(all) => {
                let answers: Vec<_> = all.iter().map(|one| self.starts_with(one.as_str()?)).collect();
                match answers.contains(&Some(true)) {
                    true => Some(true),
                    false => answers.iter().all(Option::is_some).then_some(false),
                }
            }
            wanted => self.starts_with(wanted.as_str()?),
        };
        starts.map(Value::Bool)
    }

    fn truth(&self) -> Option<bool> {
        Some(true)
    }

    fn contains(&self, value: &Value) -> Option<bool> {
        self.0.contains(value.as_str()?).then_some(true)
    }

    fn equals_text(&self, text: &str) -> Option<bool> {
        // Where it does not even begin as this one does, or ends otherwise.
        let is_other = match text.strip_prefix(self.0.as_str()) {
            None => true,
            Some(more) => !(more.is_empty() || more.starts_with('[') && more.ends_with(']')),
        };
        is_other.then_some(false)
    }
}
