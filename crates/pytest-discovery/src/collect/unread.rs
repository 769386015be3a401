//! What the text tells of classes that evaluation did not come to, since their module takes too long.

use std::rc::Rc;

use foldhash::{HashSet, HashSetExt};

use super::Collection;
use crate::eval::value::{Module, Value};
use crate::syntax::ast::{ExprKind, StmtKind};

/// Whether it is a class with bases, of which one may be a `TestCase`.
pub(super) fn may_be_case(class: &str, module: &Module) -> bool {
    module.file.body.iter().any(|statement| match &statement.kind {
        StmtKind::Class(def) => *def.name == *class && !def.bases.is_empty(),
        _ => false,
    })
}

impl Collection<'_, '_> {
    /// The tests of a class that evaluation did not come to: those in its text, and those of its bases.
    pub(super) fn unread_methods(&self, class: &str, module: &Module) -> Vec<Rc<str>> {
        let mut names: Vec<Rc<str>> = Vec::new();
        for statement in &module.file.body {
            let StmtKind::Class(def) = &statement.kind else { continue };
            if *def.name != *class {
                continue;
            }
            names.extend(def.body.iter().filter_map(|statement| match &statement.kind {
                StmtKind::Function(def) => Some((&*def.name).into()),
                _ => None,
            }));
            for base in &def.bases {
                let ExprKind::Name(base) = &base.kind else { continue };
                let bound = module.scope.names.borrow().get(base).map(|binding| binding.value.clone());
                let Some(Value::Class(base)) = bound else { continue };
                names.extend(base.names.borrow().keys().cloned());
                for above in &base.mro {
                    let Value::Class(above) = above else { continue };
                    names.extend(above.names.borrow().keys().cloned());
                }
            }
        }
        let mut seen = HashSet::new();
        names.retain(|name| (self.filters.takes_function(name) || **name == *"runTest") && seen.insert(name.clone()));
        names
    }
}
