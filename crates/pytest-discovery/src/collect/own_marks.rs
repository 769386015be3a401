//! The marks of a test's own, which hooks may be handed as a list: `item.own_markers`.

use std::cell::Ref;
use std::rc::Rc;

use test_catalog::Scope;

use crate::eval::shared::Shared;
use crate::eval::value::{Doubt, List, Mark, Value};

/// A mark of a test's own.
#[derive(Debug, Clone)]
pub(super) struct OwnMark {
    pub(super) mark: Rc<Mark>,
    /// How far it reaches as it is written; `None` where pytest, a plugin or a hook of the tree put it there.
    pub(super) scope: Option<Scope>,
}

#[derive(Debug, Default)]
pub(super) struct OwnMarks {
    marks: Shared<Vec<OwnMark>>,
    /// The list that hooks were handed: what they change in it counts.
    handed: Shared<Option<Rc<List>>>,
}

impl OwnMarks {
    pub(super) fn new(marks: Vec<OwnMark>) -> Self {
        Self { marks: Shared::new(marks), handed: Shared::default() }
    }

    /// The marks as they are now, or as far as they are known, with why that is not all.
    pub(super) fn now(&self) -> (Ref<'_, Vec<OwnMark>>, Option<Doubt>) {
        let doubt = self.handed.borrow().as_ref().and_then(|list| self.adopt(list));
        (self.marks.borrow(), doubt)
    }

    /// Takes over what was changed in the list.
    fn adopt(&self, list: &List) -> Option<Doubt> {
        let values = list.0.borrow();
        let values = match &*values {
            Ok(values) => values,
            Err(doubt) => return Some(doubt.clone()),
        };
        let is_same =
            |(own, value): (&OwnMark, &Value)| matches!(value, Value::Mark(mark) if Rc::ptr_eq(&own.mark, mark));
        let old = self.marks.borrow();
        if old.len() == values.len() && old.iter().zip(values).all(is_same) {
            return None;
        }
        let mut doubt = None;
        let mut new = Vec::new();
        for value in values {
            match value {
                Value::Mark(mark) => {
                    let known = old.iter().find(|own| Rc::ptr_eq(&own.mark, mark));
                    new.push(known.cloned().unwrap_or_else(|| OwnMark { mark: mark.clone(), scope: None }));
                }
                other => doubt = doubt.or_else(|| other.doubt().cloned()),
            }
        }
        drop(old);
        self.marks.replace(new);
        doubt
    }

    /// Changes them.
    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<OwnMark>)) {
        self.now();
        change(&mut self.marks.borrow_mut());
        if let Some(list) = &*self.handed.borrow()
            && let Ok(values) = &mut *list.0.borrow_mut()
        {
            *values = self.values();
        }
    }

    /// Whether somebody has the list of them.
    pub(super) fn is_handed(&self) -> bool {
        self.handed.borrow().is_some()
    }

    /// The one list of them.
    pub(super) fn list(&self) -> Value {
        let handed = self.handed.borrow().clone();
        let list = handed.unwrap_or_else(|| {
            let list = Rc::new(List(Shared::new(Ok(self.values()))));
            // Nobody sees that it was not there.
            *self.handed.borrow_own() = Some(list.clone());
            list
        });
        Value::List(list)
    }

    fn values(&self) -> Vec<Value> {
        self.marks.borrow().iter().map(|own| Value::Mark(own.mark.clone())).collect()
    }
}
