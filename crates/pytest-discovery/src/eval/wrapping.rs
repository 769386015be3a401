//! `functools.wraps`: what a function shows of another.

use std::rc::Rc;

use super::define::NOT_FOLLOWED;
use super::value::{Binding, Doubt, Function, Value};

/// Deeper than this nobody wraps functions.
const MOST_WRAPPED: usize = 50;

/// The function shows the name, marks and parameters of the one that it wraps.
pub(super) fn wrap(function: &Rc<Function>, inner: &Rc<Function>) {
    if Rc::ptr_eq(function, inner) {
        return;
    }
    function.set_wrapped(inner);
    if inner.is_abstract() {
        function.set_abstract();
    }
    inner.adopt_marks();
    function.marks.borrow_mut().extend(inner.marks.borrow().iter().cloned());
    if let Some(doubt) = &inner.open() {
        function.may_have_marks(doubt);
    }
    if let Some(doubt) = &inner.signature_doubt() {
        function.may_have_parameters(doubt);
    }
    function.patch(inner.patches());
    if let (Some(drawn), None) = (inner.drawn(), function.drawn()) {
        function.draw(drawn);
    }
    let held = inner.attributes.borrow().clone();
    function.attributes.borrow_mut().extend(held.into_iter().filter(|(name, _)| &**name != NOT_FOLLOWED));
}

/// What wraps a class, or what a library has, has its name.
pub(super) fn show_name(function: &Function, name: &str) {
    let name = Binding { value: Value::str(name), doubt: None };
    function.attributes.borrow_mut().insert("__name__".into(), name);
}

/// The same of one of several, of which it is not known which: it shows what all of them have.
pub(super) fn wrap_one_of_several(function: &Rc<Function>, doubt: &Doubt) {
    let functions = doubt.candidates().iter().filter_map(|one| match one {
        Value::Function(one) => Some(one),
        _ => None,
    });
    let functions: Vec<&Rc<Function>> = functions.collect();
    functions.iter().for_each(|one| one.adopt_marks());
    match functions.split_first() {
        Some((first, rest)) if rest.iter().all(|one| are_alike(first, one)) => wrap(function, first),
        _ => {
            function.may_have_parameters(doubt);
            if functions.iter().any(|one| !one.marks.borrow().is_empty() || one.open().is_some()) {
                function.may_have_marks(doubt);
            }
        }
    }
}

/// Whether both have the same marks, and show the same parameters.
fn are_alike(one: &Rc<Function>, other: &Rc<Function>) -> bool {
    let (marks, others) = (one.marks.borrow(), other.marks.borrow());
    let are_known = one.open().is_none() && other.open().is_none();
    let is_same =
        marks.len() == others.len() && marks.iter().zip(others.iter()).all(|(one, other)| Rc::ptr_eq(one, other));
    are_known && is_same && shows(one) == shows(other)
}

/// The names of the parameters that a function shows: those of the innermost that it wraps.
fn shows(function: &Rc<Function>) -> Vec<Rc<str>> {
    let mut shown = function.clone();
    for _ in 0..MOST_WRAPPED {
        let Some(inner) = shown.wrapped() else { break };
        shown = inner;
    }
    shown.def.parameters.iter().map(|one| Rc::from(&*one.name)).collect()
}
