//! `metafunc`: a function on its way to its tests, as `pytest_generate_tests` sees it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use test_catalog::SourceSpan;

use super::callspec::CallSpecs;
use super::config_object::ConfigObject;
use super::fixtures::Closure;
use super::item::{Ancestor, ClassNode};
use super::marks::MarkList;
use super::parameter_sets::{IdRules, MadeIds, SetMaker};
use super::parametrize::{Call, Failure};
use crate::PytestVersion;
use crate::eval::value::{Arguments, Doubt, Function, Module, Object, Value};
use crate::eval::{Frame, Interpreter};
use crate::syntax::ast::Range;

/// What parametrizing needs to know of the session.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) pytest: PytestVersion,
    pub(super) rules: IdRules,
    /// `pytest_make_parametrize_id` of the conftests, the one that is asked first in front.
    pub(super) id_hooks: Rc<[Value]>,
    pub(super) config: Rc<ConfigObject>,
    pub(super) made_ids: Rc<MadeIds>,
}

/// One function and the calls that parametrize it.
#[derive(Debug)]
pub(super) struct Metafunc {
    pub(super) session: Session,
    pub(super) name: Rc<str>,
    pub(super) function: Rc<Function>,
    pub(super) module: Rc<Module>,
    pub(super) class: Option<ClassNode>,
    pub(super) closure: Rc<Closure>,
    /// `fixturenames`, which hooks may change: what it names can be parametrized. The list is empty until a hook is handed it.
    pub(super) names: RefCell<Value>,
    /// Whether one was; before, all is as the closure names it.
    pub(super) handed: Cell<bool>,
    /// Its own marks, then those around it.
    pub(super) marks: Vec<MarkList>,
    pub(super) calls: RefCell<CallSpecs>,
    /// Why it is not known, or refused, what it gives, and where.
    pub(super) failure: RefCell<Option<(Failure, Option<SourceSpan>)>>,
    /// Whether pytest may refuse it, beside what is not known.
    pub(super) may_be_refused: Cell<bool>,
}

impl Metafunc {
    /// One more call.
    pub(super) fn parametrize(&self, call: &Call, interpreter: &mut Interpreter<'_>, frame: &Frame) {
        if matches!(&*self.failure.borrow(), Some((Failure::Refused(_), _))) {
            // pytest goes on: a generator that other tests share is used up.
            if let Value::Iterator(_) = &call.argvalues {
                interpreter.settled(&call.argvalues);
                let _ = crate::eval::elements(&call.argvalues);
            }
            return;
        }
        let mut maker = SetMaker {
            interpreter,
            frame,
            pytest: self.session.pytest,
            rules: self.session.rules,
            id_hooks: &self.session.id_hooks,
            config: &self.session.config,
            made_ids: &self.session.made_ids,
        };
        let mut calls = self.calls.borrow_mut();
        let outcome = match self.names() {
            Ok(names) => calls.parametrize(call, &self.function, &names, &self.closure, &mut maker),
            Err(doubt) => Err(Failure::names_not_known(doubt)),
        };
        if let Err(failure) = outcome {
            calls.hide(call, &self.function, &self.closure, self.session.pytest);
            drop(calls);
            self.fail(failure, Some(call.at.clone()));
        }
    }

    /// What is not followed may parametrize anything.
    pub(super) fn fail_unfollowed(&self, doubt: Doubt) {
        if let Ok(mut calls) = self.calls.try_borrow_mut() {
            calls.hide_all(&self.function, Rc::as_ptr(&self.function) as usize);
        }
        let text = "a hook that is not followed".to_owned();
        self.fail(Failure::Unknown { text, doubt: Some(doubt), bare: false }, None);
    }

    pub(super) fn fail(&self, failure: Failure, at: Option<SourceSpan>) {
        let mut first = self.failure.borrow_mut();
        if first.is_some() && matches!(failure, Failure::Refused(_)) {
            self.may_be_refused.set(true);
        }
        first.get_or_insert((failure, at));
    }

    /// The names that can be parametrized, as they are now.
    pub(super) fn names(&self) -> Result<Vec<Rc<str>>, Option<Doubt>> {
        if !self.handed.get() {
            return Ok(self.closure.names.clone());
        }
        let names = crate::eval::elements(&self.names.borrow())?;
        names.iter().map(|name| name.as_str().map(Rc::from).ok_or_else(|| name.doubt().cloned())).collect()
    }

    fn handed_names(&self) -> Value {
        let names = self.names.borrow();
        if let (false, Value::List(list)) = (self.handed.replace(true), &*names) {
            // Nobody sees that they were not there.
            *list.0.borrow_own() = Ok(self.closure.names.iter().map(|name| Value::str(&**name)).collect());
        }
        names.clone()
    }

    fn marks(&self, wanted: Option<&str>) -> Option<Vec<Value>> {
        if self.marks.iter().any(|list| list.open.is_some()) {
            return None;
        }
        let marks = self.marks.iter().flat_map(|list| list.marks.iter());
        let marks = marks.filter(|mark| wanted.is_none_or(|wanted| wanted == &*mark.name));
        Some(marks.cloned().map(Value::Mark).collect())
    }
}

/// `metafunc`, and `metafunc.definition`, which is the same to those who ask for marks and names.
#[derive(Debug)]
pub(super) struct MetafuncObject(pub(super) Rc<Metafunc>);

impl Object for MetafuncObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        let metafunc = &*self.0;
        Some(match name {
            "fixturenames" => metafunc.handed_names(),
            "function" | "obj" => Value::Function(metafunc.function.clone()),
            "module" => Value::Module(metafunc.module.clone()),
            "cls" => metafunc.class.as_ref().map_or(Value::None, |node| Value::Class(node.class.clone())),
            "config" => Value::Object(metafunc.session.config.clone()),
            "definition" => Value::Object(Rc::new(Self(self.0.clone()))),
            "name" | "originalname" => Value::str(&*metafunc.name),
            "parent" => {
                let at = metafunc.function.module.file.span(metafunc.function.def.range);
                Ancestor::value(&metafunc.session.config, &at)
            }
            _ => return None,
        })
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
            "parametrize" => {
                if !interpreter.is_certain() {
                    let doubt = interpreter.doubt(frame, range, "parametrized under a condition that is not known");
                    self.taint(&doubt);
                    return Some(Value::None);
                }
                let at = frame.module.file.span(range);
                // Values that cannot be compared are told apart by where the hook stands.
                let origin = Rc::as_ptr(&frame.module) as usize ^ range.start as usize;
                match Call::of_arguments(arguments, at.clone(), origin, self.0.session.pytest) {
                    Ok(call) => self.0.parametrize(&call, interpreter, frame),
                    Err(failure) => self.0.fail(failure, Some(at)),
                }
                Some(Value::None)
            }
            "get_closest_marker" => {
                let wanted = arguments.get(0, "name")?.as_str()?;
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                Some(self.0.marks(Some(wanted))?.into_iter().next().unwrap_or(default))
            }
            "iter_markers" => {
                let wanted = match arguments.get(0, "name") {
                    None | Some(Value::None) => None,
                    Some(name) => Some(name.as_str()?.to_owned()),
                };
                Some(Value::Tuple(self.0.marks(wanted.as_deref())?.into()))
            }
            _ => None,
        }
    }

    fn assign(&self, name: &str, value: &Value, _: &SourceSpan) {
        if name == "fixturenames" {
            self.0.handed.set(true);
            self.0.names.replace(value.clone());
        }
    }

    fn taint(&self, doubt: &Doubt) {
        self.0.fail_unfollowed(doubt.clone());
    }
}
