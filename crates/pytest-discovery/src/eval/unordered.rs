//! Loops over sets and folders, whose order is not known: what does not depend on the order is known all the same.
//!
//! Each turn runs under a doubt of its own kind, so that whatever it binds or changes is unknown afterwards, and to
//! the other turns. The exception is a list that turns add to: which elements it has in the end is known, though not
//! in which order. To everybody who asks for its elements it is unknown; sorting and counting ask here.

use std::rc::Rc;

use super::compare::set_items;
use super::exec::{Flow, Perhaps};
use super::value::{Doubt, List, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS};
use crate::syntax::ast::{Expr, Stmt};

/// Lists whose elements are known, but for their order.
#[derive(Debug, Default)]
pub(super) struct Unordered {
    /// How many of the current doubts are about the order alone.
    loops: usize,
    lists: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    list: Rc<List>,
    /// What the list says: any other doubt came later, and is about more than the order.
    doubt: Doubt,
    items: Vec<Value>,
    /// Turns still add to it.
    growing: bool,
}

impl Unordered {
    /// The lists, to be changed.
    fn changed(&mut self) -> &mut Vec<Entry> {
        super::shared::changed();
        &mut self.lists
    }
}

impl Interpreter<'_> {
    /// Whether all doubts are about the order of turns alone.
    pub(super) fn doubts_order_only(&self) -> bool {
        self.doubts.len() == self.unordered.loops
    }

    /// The elements of a set, or of a list of which only the order is not known.
    pub(super) fn in_any_order(&self, value: &Value) -> Option<Vec<Value>> {
        let Value::List(list) = value else { return set_items(value) };
        let entry = self.unordered.lists.iter().find(|one| Rc::ptr_eq(&one.list, list))?;
        let valid = !entry.growing && matches!(&*list.0.borrow(), Err(doubt) if doubt.is_same(&entry.doubt));
        valid.then(|| entry.items.clone())
    }

    /// A list of these elements in an order that is not known.
    pub(super) fn list_in_any_order(&mut self, items: Vec<Value>, doubt: &Doubt) -> Value {
        let list = Rc::new(List(Err(doubt.clone()).into()));
        self.unordered.changed().push(Entry { list: list.clone(), doubt: doubt.clone(), items, growing: false });
        Value::List(list)
    }

    /// Adds to a list of which the order is not known, or no longer is; false where that is not followed.
    pub(super) fn add_in_any_order(&mut self, list: &Rc<List>, more: Vec<Value>) -> bool {
        if !self.doubts_order_only() {
            return false;
        }
        let growing = self.unordered.loops > 0;
        if let Some(entry) = self.unordered.changed().iter_mut().find(|one| Rc::ptr_eq(&one.list, list)) {
            let valid = matches!(&*list.0.borrow(), Err(doubt) if doubt.is_same(&entry.doubt));
            if !valid || entry.items.len() + more.len() > MOST_ELEMENTS {
                return false;
            }
            entry.growing |= growing;
            list.forget(&entry.doubt, &more);
            entry.items.extend(more);
            return true;
        }
        let Some(doubt) = self.current_doubt().cloned() else { return false };
        let held = list.0.borrow().clone();
        let Ok(mut items) = held else { return false };
        list.forget(&doubt, &more);
        items.extend(more);
        self.unordered.changed().push(Entry { list: list.clone(), doubt, items, growing });
        true
    }

    /// Whether it is a list of which only the order is not known.
    pub(super) fn is_unordered_list(&self, value: &Value) -> bool {
        matches!(value, Value::List(_)) && self.in_any_order(value).is_some()
    }

    /// `list.append` and `list.extend` where an order is not known: the list's, that of what is added, or that of the
    /// turns that add it.
    pub(super) fn extend_in_any_order(&mut self, list: &Rc<List>, more: Vec<Value>, added: &Value) -> bool {
        let held = list.0.borrow().clone();
        let why = match added {
            Value::List(other) => other.0.borrow().as_ref().err().cloned(),
            _ => None,
        };
        if let (Ok(items), Some(doubt), None) = (held, why, self.current_doubt()) {
            // From here on its order is not known either.
            list.forget(&doubt, &more);
            let items = items.into_iter().chain(more).collect();
            let entry = Entry { list: list.clone(), doubt, items, growing: false };
            self.unordered.changed().retain(|one| !Rc::ptr_eq(&one.list, list));
            self.unordered.changed().push(entry);
            return true;
        }
        self.add_in_any_order(list, more)
    }

    /// A list is changed in a way that its order decides, or a dictionary that may be an object's.
    pub(super) fn will_change(&mut self, value: &Value) {
        match value {
            Value::List(list) => self.unordered.changed().retain(|one| !Rc::ptr_eq(&one.list, list)),
            Value::Dict(dict) => self.may_change_object(dict),
            _ => {}
        }
    }

    /// A loop over elements whose order is not known.
    pub(super) fn repeat_in_any_order(
        &mut self,
        target: &Expr,
        items: Vec<Value>,
        body: &[Stmt],
        orelse: &[Stmt],
        doubt: &Doubt,
        frame: &Frame,
    ) -> Flow {
        let doubts = self.doubts.len();
        let any = doubt.among(&items);
        self.doubts.push(doubt);
        self.unordered.loops += 1;
        let mut end = Flow::Next;
        for item in items {
            if !self.step() {
                break;
            }
            // What another turn bound is unknown to this one.
            self.end_turn(doubt, frame);
            self.assign(target, item, frame);
            match self.block(body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Ended(raised) => {
                    end = Flow::Ended(raised);
                    break;
                }
                // Which turns there are depends on the order.
                left => {
                    let (returns, breaks) = match left {
                        Flow::Return(value) => (Some(doubt.among([&value])), false),
                        Flow::Perhaps(perhaps) => (perhaps.returns, perhaps.breaks),
                        _ => (None, true),
                    };
                    end = Flow::Perhaps(Perhaps { doubt: doubt.clone(), returns, breaks, stays: false });
                    break;
                }
            }
            if self.raised.is_some() {
                break;
            }
        }
        self.unordered.loops -= 1;
        self.doubts.truncate(doubts);
        if matches!(end, Flow::Perhaps(_)) {
            self.unordered.changed().retain(|one| !one.growing);
            // Turns that were not run may do what these did not.
            let rest = self.repeat_unknown(Some(target), body, &any, frame);
            let Flow::Perhaps(perhaps) = end else { return rest };
            end = match rest {
                Flow::Perhaps(more) => Flow::Perhaps(more.and(Some(&perhaps))),
                _ => Flow::Perhaps(perhaps),
            };
        }
        if self.unordered.loops == 0 {
            self.unordered.changed().iter_mut().for_each(|one| one.growing = false);
        }
        self.end_turn(doubt, frame);
        match end {
            Flow::Ended(raised) => Flow::Ended(raised),
            end if self.raised.is_some() => end,
            end => self.after_loop(end, orelse, frame),
        }
    }

    /// What a turn bound is nothing that is known outside of it.
    fn end_turn(&mut self, doubt: &Doubt, frame: &Frame) {
        for binding in frame.scope.names.borrow_mut().values_mut() {
            if binding.doubt.as_ref().is_some_and(|one| one.is_same(doubt)) {
                binding.value = Value::Unknown(doubt.among([&binding.value]));
            }
        }
    }

    /// Evaluates what stands for any turn, with what it changes under the doubt.
    pub(super) fn as_a_turn<T>(&mut self, doubt: &Doubt, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let doubts = self.doubts.len();
        self.doubts.push(doubt);
        self.unordered.loops += 1;
        let found = evaluate(self);
        self.unordered.loops -= 1;
        self.doubts.truncate(doubts);
        if self.unordered.loops == 0 {
            self.unordered.changed().iter_mut().for_each(|one| one.growing = false);
        }
        found
    }
}
