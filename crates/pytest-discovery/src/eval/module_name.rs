//! `__name__`: what a module is imported by.
//!
//! Python has a module for each name that a file is imported by, and executes the file for each. Here they are one, which
//! is right as long as nobody sees the name.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use camino::Utf8Path;
use test_catalog::{Reason, SourceSpan};

use super::Interpreter;
use super::value::{Arguments, Doubt, Module, Value};
use crate::imports::INIT;

/// The name of a module.
#[derive(Debug)]
pub(crate) struct ModuleName {
    text: RefCell<Rc<str>>,
    /// How often somebody was told the name, and may have kept it.
    told: Cell<u32>,
    /// Why the name is not known: it is imported by several.
    several: RefCell<Option<Doubt>>,
}

impl ModuleName {
    pub(super) fn new(text: Rc<str>) -> Self {
        Self { text: text.into(), told: Cell::new(0), several: RefCell::new(None) }
    }

    /// The name, for what pytest makes of it: pytest's own where pytest imported the module.
    pub(crate) fn text(&self) -> Rc<str> {
        self.text.borrow().clone()
    }

    /// The name that the code of the tree sees.
    ///
    /// # Errors
    /// It is imported by several.
    pub(crate) fn known(&self) -> Result<Rc<str>, Doubt> {
        self.told.set(self.told.get() + 1);
        self.several.borrow().clone().map_or_else(|| Ok(self.text()), Err)
    }

    /// The same as a value.
    pub(super) fn told(&self) -> Value {
        self.known().map_or_else(Value::Unknown, |name| Value::str(&*name))
    }

    /// Evaluates what does not keep the name.
    pub(super) fn without_telling<T>(&self, evaluate: impl FnOnce() -> T) -> T {
        let told = self.told.get();
        let value = evaluate();
        self.told.set(told);
        value
    }

    /// `logging.getLogger(__name__)`: a logger by any name is the same to the tests.
    pub(super) fn given_to_logger(&self, arguments: &Arguments) {
        let is_name = |value: &Value| value.as_str() == Some(&*self.text());
        if arguments.positional.first().is_some_and(|one| is_name(&one.value)) {
            self.told.set(self.told.get().saturating_sub(1));
        }
    }
}

impl Module {
    /// Somebody imports it by that name, maybe not the first one.
    pub(super) fn imported_by(&self, name: &str) {
        let known = self.name.text();
        if *known != *name {
            let text = format!("it is imported as `{known}` and as `{name}`, and is another module for each");
            let at = SourceSpan::line(self.file.path.clone(), 1);
            self.name.several.borrow_mut().get_or_insert_with(|| Reason { text, at }.into());
        }
    }

    /// Why the module is not the one that an import by that name gives: it was imported by another one, and told it.
    pub(super) fn is_another_by(&self, name: Option<&str>) -> Option<Doubt> {
        let is_another = name.is_some_and(|name| *name != *self.name.text()) && self.name.told.get() > 0;
        self.name.several.borrow().clone().filter(|_| is_another)
    }

    /// pytest imported it by that name: its tests are of the module that has it. Why that is not known to be this one.
    pub(crate) fn collected_by(&self, name: &str) -> Option<Doubt> {
        let doubt = self.is_another_by(Some(name));
        self.name.text.replace(name.into());
        doubt
    }
}

impl Interpreter<'_> {
    /// The name by which an import that stands in the file of `from` imports a module; `None` where the file itself was not
    /// imported as a part of packages.
    pub(super) fn imported_name<'d>(&self, from: &Utf8Path, level: u32, dotted: &'d str) -> Option<Cow<'d, str>> {
        if level == 0 {
            return Some(dotted.into());
        }
        let own = self.modules.get(from.as_str())?.name.text();
        let above = level as usize - usize::from(from.file_name() == Some(INIT));
        let mut package = &*own;
        for _ in 0..above {
            package = package.rsplit_once('.')?.0;
        }
        Some(if dotted.is_empty() { package.to_owned() } else { format!("{package}.{dotted}") }.into())
    }
}
