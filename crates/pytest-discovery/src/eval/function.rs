//! A function of the tree, and what decorators made of it.

use std::cell::RefMut;
use std::rc::Rc;
use std::sync::Arc;

use super::memo::Memo;
use super::shared::Shared;
use super::value::{Class, Doubt, List, Mark, Module, Names, Scope, Value};
use crate::syntax::ast;

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) def: Arc<ast::Function>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) module: Rc<Module>,
    /// Of its parameters, as far as any has one.
    pub(crate) defaults: Box<[Option<Value>]>,
    pub(crate) marks: Shared<Vec<Rc<Mark>>>,
    /// The class whose body defines it.
    pub(crate) owner: Shared<Option<Rc<Class>>>,
    /// Attributes that it was given.
    pub(crate) attributes: Shared<Names>,
    /// What it gave so far, where it remembers that.
    pub(super) memo: Shared<Option<Box<Memo>>>,
    /// Of most functions there is nothing.
    changed: Shared<Option<Box<Changed>>>,
}

/// What was done with a function since it was defined.
#[derive(Debug, Default)]
struct Changed {
    handed: Option<Rc<List>>,
    open: Option<Doubt>,
    signature_doubt: Option<Doubt>,
    patches: usize,
    drawn: Option<Rc<[Rc<str>]>>,
    is_abstract: bool,
    wrapped: Option<Rc<Function>>,
}

impl Function {
    /// As its definition makes it, before any decorator.
    pub(super) fn new(
        def: Arc<ast::Function>,
        scope: Rc<Scope>,
        module: Rc<Module>,
        defaults: Box<[Option<Value>]>,
    ) -> Self {
        Self {
            def,
            scope,
            module,
            defaults,
            marks: Vec::new().into(),
            owner: None.into(),
            attributes: Names::default().into(),
            memo: None.into(),
            changed: None.into(),
        }
    }

    fn changed<T>(&self, of: impl FnOnce(&Changed) -> Option<T>) -> Option<T> {
        self.changed.borrow().as_deref().and_then(of)
    }

    fn change(&self) -> RefMut<'_, Changed> {
        RefMut::map(self.changed.borrow_mut(), |changed| &mut **changed.get_or_insert_default())
    }

    /// Why a decorator may have added marks.
    pub(crate) fn open(&self) -> Option<Doubt> {
        self.changed(|changed| changed.open.clone())
    }

    /// It may have been given more marks.
    pub(super) fn may_have_marks(&self, doubt: &Doubt) {
        self.change().open.get_or_insert_with(|| doubt.clone());
    }

    /// Why a decorator may have changed the parameters.
    pub(crate) fn signature_doubt(&self) -> Option<Doubt> {
        self.changed(|changed| changed.signature_doubt.clone())
    }

    /// Its parameters may be others.
    pub(super) fn may_have_parameters(&self, doubt: &Doubt) {
        self.change().signature_doubt.get_or_insert_with(|| doubt.clone());
    }

    /// How many layers of `mock.patch` pass it an argument of their own.
    pub(crate) fn patches(&self) -> usize {
        self.changed(|changed| Some(changed.patches)).unwrap_or(0)
    }

    pub(super) fn patch(&self, layers: usize) {
        self.change().patches += layers;
    }

    /// The arguments that hypothesis draws, where it runs the function.
    pub(crate) fn drawn(&self) -> Option<Rc<[Rc<str>]>> {
        self.changed(|changed| changed.drawn.clone())
    }

    pub(super) fn draw(&self, arguments: Rc<[Rc<str>]>) {
        self.change().drawn = Some(arguments);
    }

    /// Whether `abc.abstractmethod` marks it.
    pub(super) fn is_abstract(&self) -> bool {
        self.changed(|changed| Some(changed.is_abstract)).unwrap_or(false)
    }

    pub(super) fn set_abstract(&self) {
        self.change().is_abstract = true;
    }

    /// `__wrapped__`: whose name and parameters it shows.
    pub(crate) fn wrapped(&self) -> Option<Rc<Self>> {
        self.changed(|changed| changed.wrapped.clone())
    }

    pub(super) fn set_wrapped(&self, inner: &Rc<Self>) {
        self.change().wrapped = Some(inner.clone());
    }

    /// `pytestmark`, where somebody has got the list: what is changed in it counts.
    pub(super) fn handed(&self) -> Option<Rc<List>> {
        self.changed(|changed| changed.handed.clone())
    }

    pub(super) fn hand(&self, list: Option<Rc<List>>) {
        self.change().handed = list;
    }

    /// Takes over what was changed in the list of its marks.
    pub(crate) fn adopt_marks(&self) {
        let Some(list) = self.handed() else { return };
        match super::marks_of(&Value::List(list.clone())) {
            Ok(marks) => drop(self.marks.replace(marks)),
            Err(doubt) => {
                let doubt = doubt.or_else(|| list.0.borrow().as_ref().err().cloned());
                doubt.iter().for_each(|doubt| self.may_have_marks(doubt));
            }
        }
    }

    /// pytest binds a new list; who has got the one before changes nothing with it any more.
    pub(super) fn add_mark(&self, mark: &Rc<Mark>) {
        self.adopt_marks();
        if self.handed().is_some() {
            self.hand(None);
        }
        self.marks.borrow_mut().push(mark.clone());
    }

    /// The list of its marks, the same for everybody until it gets another mark.
    pub(super) fn list_of_marks(&self) -> Value {
        let made = || {
            let marks = self.marks.borrow().iter().map(|mark| Value::Mark(mark.clone())).collect();
            Rc::new(List(Shared::new(Ok(marks))))
        };
        let list = self.handed().unwrap_or_else(made);
        self.hand(Some(list.clone()));
        Value::List(list)
    }

    /// `__name__`: that of the function that it wraps.
    pub(crate) fn name(&self) -> Rc<str> {
        match self.wrapped() {
            Some(inner) => inner.name(),
            None => (&*self.def.name).into(),
        }
    }
}
