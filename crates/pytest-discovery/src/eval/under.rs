//! What evaluation is in doubt of, and the names that are bound meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;

use super::candidates::identity;
use super::compare::equal;
use super::unbound::Bound;
use super::value::{Binding, Doubt, Scope, ScopeKind, Value};

/// The doubts that all that happens now is under, the narrowest last.
///
/// As long as a doubt lasts, names hold what was bound under it: a loop in a branch that may not be taken goes through its
/// elements like any other. After it, what was bound before it is not known any more.
#[derive(Debug, Default)]
pub(super) struct Doubts(Vec<Under>);

#[derive(Debug)]
struct Under {
    doubt: Doubt,
    bound: RefCell<BoundBefore>,
    of: About,
}

/// What a doubt is about.
#[derive(Debug)]
enum About {
    /// Whether all this happens.
    Whether,
    /// How often: once for each of those for which the object stands.
    TimesOf(Value),
    /// For which of those for which the object stands.
    WhichOf(Value),
}

impl About {
    fn object(&self) -> Option<&Value> {
        match self {
            Self::Whether => None,
            Self::TimesOf(object) | Self::WhichOf(object) => Some(object),
        }
    }
}

/// The names that were bound under a doubt and by no narrower one, with their scope and what they had been bound to before.
type BoundBefore = HashMap<(*const Scope, Rc<str>), (Rc<Scope>, Option<Binding>)>;

impl Doubts {
    /// All that happens from now on is under that doubt as well; what it is about is no matter to it.
    pub(super) fn push(&mut self, doubt: &Doubt) {
        self.push_about(doubt, About::Whether);
    }

    /// The same of what depends on a condition. Where that is asked of an object alone of which it is not known what it stands for,
    /// it may be another for each of those.
    pub(super) fn push_branch(&mut self, doubt: &Doubt) {
        let of = match self.0.last().and_then(|under| under.of.object()) {
            Some(Value::Object(object)) if object.is_vague() => About::WhichOf(Value::Object(object.clone())),
            _ => About::Whether,
        };
        self.push_about(doubt, of);
    }

    /// What happens from now on happens once for each of those for which an object stands, and that may be none.
    pub(super) fn push_times(&mut self, doubt: &Doubt, object: Value) {
        self.push_about(doubt, About::TimesOf(object));
    }

    fn push_about(&mut self, doubt: &Doubt, of: About) {
        self.0.push(Under { doubt: doubt.apart(), bound: RefCell::default(), of });
    }

    pub(super) fn last(&self) -> Option<&Doubt> {
        self.0.last().map(|under| &under.doubt)
    }

    /// The same of what is done with an object alone, such as putting it into a list: that says the same of all others.
    pub(super) fn last_for(&self, object: *const ()) -> Option<&Doubt> {
        let is_its = |under: &Under| under.of.object().and_then(identity) == Some(object);
        self.0.iter().rev().find(|under| !is_its(under)).map(|under| &under.doubt)
    }

    /// The same of what is done to an object: each for which it stands sees it once, if all of them do.
    pub(super) fn last_to(&self, object: *const ()) -> Option<&Doubt> {
        let is_once = |under: &Under| matches!(&under.of, About::TimesOf(one) if identity(one) == Some(object));
        self.0.iter().rev().find(|under| !is_once(under)).map(|under| &under.doubt)
    }

    /// The objects on whose presence alone it depends whether all this happens; `None` where it depends on anything else.
    pub(super) fn of_presence(&self) -> Option<Vec<Value>> {
        let depends = |under: &Under| !under.doubt.presence().is_empty();
        let is_all = !self.is_empty() && self.0.iter().all(depends);
        is_all.then(|| self.0.iter().flat_map(|under| under.doubt.presence()).cloned().collect())
    }

    /// Whether all that happens now is under that very doubt.
    pub(super) fn are_under(&self, doubt: &Doubt) -> bool {
        self.0.iter().any(|under| under.doubt.is_same(doubt))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name is bound, which was bound so before.
    pub(super) fn binds(&self, scope: &Rc<Scope>, name: &str, before: Option<&Binding>) {
        let Some(under) = self.0.last() else { return };
        let of_scope = (Rc::as_ptr(scope), Rc::from(name));
        under.bound.borrow_mut().entry(of_scope).or_insert_with(|| (scope.clone(), before.cloned()));
    }

    /// A name that was bound so may be taken away.
    pub(super) fn unbinds(&self, scope: &Rc<Scope>, name: &str, before: &Binding, gone: &Doubt) {
        let Some(under) = self.0.last() else { return };
        let mut bound = under.bound.borrow_mut();
        let of_scope = (Rc::as_ptr(scope), Rc::from(name));
        let (_, held) = bound.entry(of_scope).or_insert_with(|| (scope.clone(), Some(before.clone())));
        // It is no longer bound for certain when the doubt ends.
        if let Some(held) = held {
            held.doubt.get_or_insert_with(|| gone.clone());
        }
    }

    /// A name is bound whatever happened under the doubts that have ended.
    pub(super) fn confirms(&self, scope: &Rc<Scope>, name: &Rc<str>) {
        let Some(under) = self.0.last() else { return };
        under.bound.borrow_mut().entry((Rc::as_ptr(scope), name.clone())).or_insert_with(|| (scope.clone(), None));
    }

    /// The names that the narrowest doubt has bound for certain if all under it happens.
    pub(super) fn bound_for_certain(&self) -> Vec<Bound> {
        let Some(under) = self.0.last() else { return Vec::new() };
        let is_sure = |scope: &Scope, name: &str| {
            let names = scope.names.borrow();
            names.get(name).is_some_and(|one| one.doubt.as_ref().is_none_or(|doubt| doubt.is_same(&under.doubt)))
        };
        let bound = under.bound.borrow();
        let sure = bound.iter().filter(|((_, name), (scope, _))| is_sure(scope, name));
        sure.map(|((_, name), (scope, before))| (scope.clone(), name.clone(), before.clone())).collect()
    }

    /// Ends all doubts but the first so many.
    pub(super) fn truncate(&mut self, length: usize) {
        // Hardly ever is there any.
        if self.0.len() > length {
            self.end(length);
        }
    }

    fn end(&mut self, length: usize) {
        while self.0.len() > length
            && let Some(Under { doubt, bound, of }) = self.0.pop()
        {
            for ((_, name), (scope, before)) in bound.into_inner() {
                let Some(before) = before else { continue };
                let mut names = match scope.kind {
                    ScopeKind::Function => scope.names.borrow_own(),
                    ScopeKind::Module | ScopeKind::Class => scope.names.borrow_mut(),
                };
                if let Some(binding) = names.get_mut(&name)
                    && !(of.object().is_some() && equal(&before.value, &binding.value) == Some(true))
                {
                    let either = doubt.among([&before.value, &binding.value]);
                    // It is bound as surely as it was before.
                    *binding = Binding { value: Value::Unknown(either), doubt: before.doubt };
                }
            }
        }
    }
}
