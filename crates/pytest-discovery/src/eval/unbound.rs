//! Names that may not be bound.
//!
//! What is bound under a doubt may not be there at all. Whoever asks whether it is gets no answer, and within `try` reading it is a
//! risk.

use std::rc::Rc;

use super::Interpreter;
use super::value::{Binding, Class, Doubt, Elsewhere, Scope, ScopeKind, Value};

/// A name that a block has bound for certain, with its scope and what it was bound to before.
pub(super) type Bound = (Rc<Scope>, Rc<str>, Option<Binding>);

impl Interpreter<'_> {
    /// Why a name may not be bound, for what runs now.
    pub(super) fn may_lack(&self, binding: &Binding) -> Option<Doubt> {
        binding.doubt.clone().filter(|doubt| !self.doubts.are_under(doubt))
    }

    /// A name is read: where it may not be bound, that may raise, and whoever asks for its presence is told.
    pub(super) fn reads(&mut self, binding: &Binding) {
        if let Some(doubt) = self.may_lack(binding) {
            self.note_risk(&doubt);
            self.absence.get_or_insert(doubt);
        }
    }

    /// The value of a class attribute that may not be bound, where a base may have another one.
    pub(super) fn or_inherited(&self, class: &Rc<Class>, name: &str, binding: &Binding) -> Option<Value> {
        let doubt = self.may_lack(binding).filter(|_| class.names.borrow().contains_key(name))?;
        match class.lookup_behind(class, name) {
            Ok(None) => None,
            Ok(Some(other)) => Some(Value::Unknown(doubt.among([&binding.value, &other.value]))),
            Err(_) => Some(Value::Unknown(doubt.among([&binding.value]))),
        }
    }

    /// Evaluates something; with it, why what it found may not be there.
    pub(super) fn with_absence<T>(&mut self, find: impl FnOnce(&mut Self) -> T) -> (T, Option<Doubt>) {
        let outer = self.absence.take();
        let found = find(self);
        (found, std::mem::replace(&mut self.absence, outer))
    }

    /// Names that every branch of several has bound, one of which ran, are bound as surely as those were reached. Functions and
    /// classes have no certain place among the others all the same.
    pub(super) fn confirm(&self, bound: &[Bound]) {
        for (scope, name, _) in bound {
            self.doubts.confirms(scope, name);
            let mut names = match scope.kind {
                ScopeKind::Function => {
                    scope.bound.set(scope.bound.get().wrapping_add(1));
                    scope.names.borrow_own()
                }
                ScopeKind::Module | ScopeKind::Class => scope.names.borrow_mut(),
            };
            if let Some(binding) = names.get_mut(name)
                && !has_place(&binding.value)
            {
                binding.doubt = self.current_doubt().cloned();
            }
        }
    }

    /// The scope that a name is bound in by a statement of another one; `None` where there is none.
    pub(super) fn owner_of(scope: &Rc<Scope>, name: &str) -> Option<Rc<Scope>> {
        let declared = scope.elsewhere.borrow().iter().find(|(one, _)| **one == *name).map(|(_, kind)| *kind);
        let Some(kind) = declared else { return Some(scope.clone()) };
        let mut around = scope.parent.clone();
        while let Some(here) = around {
            let is_it = match kind {
                Elsewhere::Global => here.kind == ScopeKind::Module,
                Elsewhere::Nonlocal => here.kind == ScopeKind::Function && here.names.borrow().contains_key(name),
            };
            if is_it {
                return Some(here);
            }
            around = here.parent.clone();
        }
        None
    }

    /// Takes a name away, under the doubt that all is under now. Whether it may have been there.
    pub(super) fn unbind(&mut self, scope: &Rc<Scope>, name: &str, gone: &Doubt) -> bool {
        if self.current_doubt().is_none() {
            return scope.names.borrow_mut().shift_remove(name).is_some();
        }
        let before = scope.names.borrow().get(name).cloned();
        let Some(before) = before else { return false };
        self.doubts.unbinds(scope, name, &before, gone);
        let value = Value::Unknown(gone.among([&before.value]));
        scope.names.borrow_mut().insert(name.into(), Binding { value, doubt: Some(gone.clone()) });
        true
    }
}

/// Whether a value is collected where its name stands.
fn has_place(value: &Value) -> bool {
    let is_one = |value: &Value| matches!(value, Value::Function(_) | Value::Class(_));
    match value {
        Value::Unknown(doubt) => doubt.candidates().iter().any(is_one),
        value => is_one(value),
    }
}
