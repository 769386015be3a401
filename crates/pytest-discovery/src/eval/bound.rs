//! Which names statements bind, by their text alone.

use std::rc::Rc;

use test_catalog::Condition;

use super::compare::equal;
use super::library::NamesOfScope;
use super::value::{Doubt, Raised, Scope, ScopeKind, Value};
use super::{Frame, Interpreter};
use crate::syntax::ast::{Range, Stmt};
use crate::syntax::{self, bindings};

impl Interpreter<'_> {
    /// Goes on behind a statement of a module or class that raised, though not for certain: what evaluation itself came
    /// to is more likely its own gap. Nothing of the module is certain any more.
    pub(super) fn go_on(&mut self, raised: &Raised, statement: &Stmt, frame: &Frame) -> Doubt {
        let text = format!("raises `{}` as far as it can be read", raised.class);
        let doubt = Doubt::from(test_catalog::Reason { text, at: raised.at.clone() });
        frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let text = format!("importing `{}` does not raise `{}`", frame.module.file.path, raised.class);
        frame.module.conditions.borrow_mut().push(Condition { text, at: raised.at.clone() });
        frame.module.hazards.borrow_mut().push(raised.clone());
        self.bind_unread(std::slice::from_ref(statement), &doubt, frame);
        doubt
    }

    /// A name that is not known is bound or deleted in a module or a class.
    pub(super) fn has_other_names(holder: &Value, doubt: &Doubt) {
        let more = match holder {
            Value::Module(module) => &module.open,
            Value::Class(class) => &class.more,
            _ => return,
        };
        more.borrow_mut().get_or_insert_with(|| doubt.clone());
    }

    /// One of them is bound again: of a class, any that is neither a method nor a class.
    pub(super) fn has_other_data(holder: &Value, doubt: &Doubt) {
        let names = match holder {
            Value::Class(class) => &class.names,
            Value::Module(module) => &module.scope.names,
            _ => return,
        };
        let is_data = |value: &Value| {
            !matches!(
                value,
                Value::Function(_)
                    | Value::StaticMethod(_)
                    | Value::ClassMethod(_)
                    | Value::Class(_)
                    | Value::Fixture(_)
                    | Value::Module(_)
                    | Value::External(_)
            )
        };
        for binding in names.borrow_mut().values_mut().filter(|one| is_data(&one.value)) {
            binding.value = Value::Unknown(doubt.among([&binding.value]));
        }
    }

    /// A call is not followed because of those around it: Python may refuse it as well, and with it the modules that
    /// are being imported.
    pub(super) fn may_be_too_deep(&self, frame: &Frame, range: Range) {
        let Some((innermost, outer)) = self.importing.split_last().filter(|_| self.current_doubt().is_none()) else {
            return;
        };
        let doubt = self.doubt(frame, range, "calls that nest too deeply to be followed");
        innermost.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let text = format!("importing `{}` does not raise `RecursionError`", innermost.file.path);
        for module in outer {
            module.conditions.borrow_mut().push(Condition { text: text.clone(), at: doubt.at.clone() });
        }
    }

    /// `exec(code)` and `eval(code)`: it is not run. Nothing of the module is certain any more; the names that a known
    /// text binds are bound. `names` is the dictionary that it runs over, those of the scope where there is none.
    pub(super) fn run_text(&mut self, code: &Value, names: Option<&Value>, frame: &Frame, range: Range) {
        let doubt = self.doubt(frame, range, "code that is made when the module runs");
        let frame = match names {
            None => frame.clone(),
            Some(given) => match given.downcast::<NamesOfScope>() {
                Some(held) => Frame { scope: held.scope.clone(), module: held.module.clone() },
                // A dictionary of its own; what the code does elsewhere is not known all the same.
                None => {
                    frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                    self.taint(given, &doubt);
                    return;
                }
            },
        };
        frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        let Some(text) = code.as_str() else { return };
        if let Ok(made) = syntax::parse_held(&frame.module.file.path, text, self.python) {
            self.bind_unread(&made.body, &doubt, &frame);
        }
    }

    /// Binds the names of statements that were not evaluated, so that none is lost in silence.
    pub(super) fn bind_unread(&mut self, statements: &[Stmt], doubt: &Doubt, frame: &Frame) {
        for name in bindings::of(statements) {
            self.bind(&frame.scope, name, Value::Unknown(doubt.clone()));
        }
    }

    /// The value of a name that a class's body may have bound: where it did not, that of the scopes around.
    pub(super) fn or_outside(
        &mut self,
        name: &str,
        value: Value,
        doubt: &Doubt,
        class: &Rc<Scope>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let Some(parent) = class.behind(name).cloned().filter(|_| !self.doubts.are_under(doubt)) else { return value };
        let around = Frame { scope: parent, module: frame.module.clone() };
        match self.perhaps(doubt, |interpreter| interpreter.lookup(&around, name, range)) {
            Some(outside) if equal(&outside, &value) != Some(true) => Value::Unknown(doubt.among([&value, &outside])),
            _ => value,
        }
    }

    /// A name that a function binds is read before it does: no scope around it is asked.
    pub(super) fn unbound_local(&mut self, name: &str, owner: &Rc<Scope>, frame: &Frame, range: Range) -> Value {
        let mut here = &frame.scope;
        while let (true, Some(parent)) = (here.is_comprehension(), &here.parent) {
            here = parent;
        }
        let class = if Rc::ptr_eq(here, owner) { "UnboundLocalError" } else { "NameError" };
        let value = self.fail(class, format!("`{name}` is not bound yet"), frame, range);
        let is_certain = self.current_doubt().is_none();
        if let Some(raised) = &mut self.raised {
            raised.certain |= is_certain;
        }
        value
    }

    /// Whether a name that is not bound can be bound nowhere: neither elsewhere in its module nor by other means.
    pub(super) fn is_bound_nowhere(&self, name: &str, frame: &Frame) -> bool {
        let mut scope = Some(&frame.scope);
        while let Some(here) = scope {
            if here.kind == ScopeKind::Function && !here.is_comprehension() {
                return false;
            }
            scope = here.parent.as_ref();
        }
        let file = &frame.module.file;
        let names = bindings::of(&file.body);
        let by_other_means = ["globals(", "locals(", "vars(", "exec(", "setattr(", "global "];
        name != "_"
            && !names.contains(&name)
            && file.text().is_some_and(|text| {
                !by_other_means.iter().any(|means| text.contains(means))
                    && !text.contains(&format!("{name} :="))
                    && !text.contains(&format!("{name}:="))
            })
    }
}
