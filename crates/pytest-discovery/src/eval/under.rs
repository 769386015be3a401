//! What evaluation is in doubt of, and the names that are bound meanwhile.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;

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
    bound: RefCell<Bound>,
}

/// The names that were bound under a doubt and by no narrower one, with their scope and whether they had been bound before.
type Bound = HashMap<(*const Scope, Rc<str>), (Rc<Scope>, bool)>;

impl Doubts {
    pub(super) fn push(&mut self, doubt: Doubt) {
        self.0.push(Under { doubt, bound: RefCell::default() });
    }

    pub(super) fn last(&self) -> Option<&Doubt> {
        self.0.last().map(|under| &under.doubt)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A name was bound, `again` where it had been bound before.
    pub(super) fn binds(&self, scope: &Rc<Scope>, name: &str, again: bool) {
        let Some(under) = self.0.last() else { return };
        let of_scope = (Rc::as_ptr(scope), Rc::from(name));
        under.bound.borrow_mut().entry(of_scope).or_insert_with(|| (scope.clone(), again));
    }

    /// Ends all doubts but the first so many.
    pub(super) fn truncate(&mut self, length: usize) {
        while self.0.len() > length
            && let Some(Under { doubt, bound }) = self.0.pop()
        {
            let again = bound.into_inner().into_iter().filter(|(_, (_, again))| *again);
            for ((_, name), (scope, _)) in again {
                let mut names = match scope.kind {
                    ScopeKind::Function => scope.names.borrow_own(),
                    ScopeKind::Module | ScopeKind::Class => scope.names.borrow_mut(),
                };
                if let Some(binding) = names.get_mut(&name) {
                    *binding = Binding { value: Value::Unknown(doubt.clone()), doubt: Some(doubt.clone()) };
                }
            }
        }
    }
}
