//! Iterables: what `for`, `list` and their like take from a value.

use std::collections::VecDeque;
use std::rc::Rc;

use num_bigint::BigInt;

use super::generator::Waiting;
use super::lazy::Lazy;
use super::shared::Shared;
use super::subscript::held_by;
use super::value::{Dict, Doubt, List, Value, ViewKind};
use super::{Frame, Interpreter, MOST_ELEMENTS};
use crate::syntax::ast::Range;

/// What is left of an iterator: everybody who holds it sees what the others took.
#[derive(Debug)]
pub(crate) struct Iterator(pub(super) Shared<Feed>);

#[derive(Debug)]
pub(super) enum Feed {
    Items(VecDeque<Value>),
    /// The lines of a file that was opened.
    File(VecDeque<Value>),
    /// `itertools.count`: the next number and the step.
    Count(BigInt, BigInt),
    /// `itertools.repeat` without a number.
    Repeat(Value),
    /// `itertools.cycle`: the next is in front.
    Cycle(VecDeque<Value>),
    /// The elements of a list from that place on, as they are when they are asked for.
    List(Rc<List>, usize),
    /// The same of `reversed`: so many are before the last one that was given.
    Backwards(Rc<List>, usize),
    Groups(Groups),
    Lazy(Box<Lazy>),
    /// The element that a running generator has come to, and why there is no other one yet.
    One(Option<Value>, Doubt),
    /// A generator that nobody asked yet, and why it is not known what it has.
    Waiting(Box<Waiting>, Doubt),
    Unknown(Doubt),
}

/// `itertools.groupby`: a group ends when the next one is asked for, whether anybody has looked at it or not.
#[derive(Debug)]
pub(super) struct Groups {
    /// The keys and the elements of those that were not given yet.
    pub(super) left: VecDeque<(Value, Vec<Value>)>,
    pub(super) last: Option<Rc<Iterator>>,
}

impl Groups {
    fn next(&mut self) -> Option<Value> {
        if let Some(last) = self.last.take() {
            last.now(Feed::Items(VecDeque::new()));
        }
        let (key, items) = self.left.pop_front()?;
        let group = Rc::new(Iterator(Feed::Items(items.into()).into()));
        self.last = Some(group.clone());
        Some(Value::Tuple(Rc::from([key, Value::Iterator(group)])))
    }

    /// The keys and elements that it has not given.
    pub(super) fn values(&self) -> impl std::iter::Iterator<Item = &Value> {
        self.left.iter().flat_map(|(key, items)| std::iter::once(key).chain(items))
    }
}

impl Iterator {
    pub(super) fn value(feed: Feed) -> Value {
        Value::Iterator(Rc::new(Self(Shared::new(feed))))
    }

    pub(super) fn of(items: Vec<Value>) -> Value {
        Self::value(Feed::Items(items.into()))
    }

    /// What it has from now on; what it had.
    pub(super) fn now(&self, feed: Feed) -> Feed {
        std::mem::replace(&mut *self.0.borrow_asked(), feed)
    }

    /// It is not known any more what is left of it.
    pub(super) fn forget(&self, doubt: &Doubt) {
        let unknown = match self.now(Feed::Unknown(doubt.clone())) {
            Feed::Items(items) | Feed::File(items) | Feed::Cycle(items) => doubt.among(&items),
            Feed::Repeat(item) => doubt.among([&item]),
            Feed::Unknown(before) => before,
            Feed::List(list, _) | Feed::Backwards(list, _) => doubt.among([&Value::List(list)]),
            Feed::Groups(groups) => doubt.among(groups.values()),
            Feed::Lazy(lazy) => {
                lazy.sources.iter().for_each(|source| source.forget(doubt));
                doubt.clone()
            }
            Feed::Waiting(..) | Feed::One(..) => doubt.clone(),
            Feed::Count(..) => return,
        };
        self.now(Feed::Unknown(unknown));
    }

    /// The next element; `Ok(None)` at the end.
    pub(super) fn next(&self) -> Result<Option<Value>, Doubt> {
        match &mut *self.0.borrow_asked() {
            Feed::Items(items) | Feed::File(items) => Ok(items.pop_front()),
            Feed::Count(next, step) => {
                let found = next.clone();
                *next += &*step;
                Ok(Some(Value::Int(found)))
            }
            Feed::Repeat(value) => Ok(Some(value.clone())),
            Feed::Cycle(items) => {
                items.rotate_left(usize::from(!items.is_empty()));
                Ok(items.back().cloned())
            }
            Feed::List(list, at) => {
                *at += 1;
                list.0.borrow().as_ref().map(|items| items.get(*at - 1).cloned()).map_err(Clone::clone)
            }
            Feed::Backwards(list, left) => {
                let items = list.0.borrow();
                let items = items.as_ref().map_err(Clone::clone)?;
                let found = left.checked_sub(1).and_then(|at| items.get(at)).cloned();
                // A list that has become shorter ends it for good.
                *left = if found.is_some() { *left - 1 } else { 0 };
                Ok(found)
            }
            Feed::Groups(groups) => Ok(groups.next()),
            Feed::One(item, doubt) => item.take().map(Some).ok_or_else(|| doubt.clone()),
            // Only evaluation can ask it: see `pull`.
            Feed::Lazy(_) => Ok(None),
            Feed::Unknown(doubt) | Feed::Waiting(_, doubt) => Err(doubt.clone()),
        }
    }

    /// All that is left of it; `Err` where it has no end.
    fn drain(&self) -> Result<Vec<Value>, Option<Doubt>> {
        match &mut *self.0.borrow_asked() {
            Feed::Items(items) | Feed::File(items) => Ok(std::mem::take(items).into()),
            Feed::Cycle(items) if items.is_empty() => Ok(Vec::new()),
            Feed::Groups(groups) => Ok(std::iter::from_fn(|| groups.next()).collect()),
            Feed::Unknown(doubt) | Feed::Waiting(_, doubt) | Feed::One(_, doubt) => Err(Some(doubt.clone())),
            Feed::Count(..)
            | Feed::Repeat(_)
            | Feed::Cycle(_)
            | Feed::List(..)
            | Feed::Backwards(..)
            | Feed::Lazy(_) => Err(None),
        }
    }
}

/// The elements of what can be iterated, where they are known. It exhausts an iterator.
pub(crate) fn elements(value: &Value) -> Result<Vec<Value>, Option<Doubt>> {
    match value {
        Value::Tuple(items) => Ok(items.to_vec()),
        Value::List(list) => list.0.borrow().clone().map_err(Some),
        // The order of a set of strings changes from run to run.
        Value::Set(list) => match &*list.0.borrow() {
            Ok(items) if items.len() < 2 => Ok(items.clone()),
            Ok(_) => Err(None),
            Err(doubt) => Err(Some(doubt.clone())),
        },
        Value::FrozenSet(items) if items.len() < 2 => Ok(items.to_vec()),
        Value::Dict(dict) => view(dict, ViewKind::Keys),
        Value::View(dict, kind) => view(dict, *kind),
        Value::Str(text) => match text.as_str() {
            Some(text) if text.len() <= MOST_ELEMENTS => {
                Ok(text.chars().map(|character| Value::str(character.to_string())).collect())
            }
            _ => Err(None),
        },
        Value::Bytes(bytes) if bytes.len() <= MOST_ELEMENTS => Ok(bytes.iter().map(|byte| Value::int(*byte)).collect()),
        Value::Range(range) => {
            if length_of_range(range) > MOST_ELEMENTS as u64 {
                return Err(None);
            }
            Ok((0..length_of_range(range)).map(|index| Value::int(range[0] + index as i64 * range[2])).collect())
        }
        Value::Iterator(iterator) => iterator.drain(),
        Value::Class(class) if class.is_enum => super::enums::members(class),
        Value::Instance(instance) => {
            let overridden =
                ["__iter__", "__getitem__", "__len__"].iter().any(|name| instance.class.in_tree(name).is_some());
            match (&instance.member, &instance.value) {
                (_, Value::None) => Err(instance.doubt.borrow().clone()),
                (None, value) if !overridden && instance.class.payload().is_some() => elements(value),
                (Some(_), value @ Value::Str(_)) if !overridden && instance.class.is_str() => elements(value),
                _ => Err(instance.doubt.borrow().clone()),
            }
        }
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        _ => Err(None),
    }
}

fn view(dict: &Dict, kind: ViewKind) -> Result<Vec<Value>, Option<Doubt>> {
    match &*dict.0.borrow() {
        Ok(items) => Ok(items
            .iter()
            .map(|(key, value)| match kind {
                ViewKind::Keys => key.clone(),
                ViewKind::Values => value.clone(),
                ViewKind::Items => Value::Tuple(Rc::from([key.clone(), value.clone()])),
            })
            .collect()),
        Err(doubt) => Err(Some(doubt.clone())),
    }
}

/// Python's `len(range(...))`.
pub(super) fn length_of_range(range: &[i64; 3]) -> u64 {
    let [start, stop, step] = range.map(i128::from);
    let length = match step {
        0 => 0,
        step if step > 0 && start < stop => (stop - start - 1) / step + 1,
        step if step < 0 && start > stop => (start - stop - 1) / -step + 1,
        _ => 0,
    };
    u64::try_from(length).unwrap_or(u64::MAX)
}

impl Interpreter<'_> {
    /// What a loop over the value takes, methods of the tree's classes called where they decide.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn iterate(&mut self, value: &Value, frame: &Frame, range: Range) -> Result<Vec<Value>, Doubt> {
        self.settle(value);
        if self.raised.is_some() {
            return Err(self.doubt(frame, range, super::doubt::Why::NotKnown));
        }
        let found = match value {
            Value::Instance(instance) if instance.member.is_none() => {
                self.iterate_instance(value, instance, frame, range)
            }
            other => elements(other),
        };
        match found {
            Ok(items) => {
                self.charge(items.len() / 8);
                Ok(items)
            }
            Err(doubt) => {
                let doubt = doubt.unwrap_or_else(|| {
                    let doubt = self.doubt(frame, range, super::doubt::Why::NotKnown);
                    match value {
                        Value::Instance(_) => doubt.among([value]),
                        _ => doubt.among(&held_by(value)),
                    }
                });
                if matches!(value, Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
                    self.fail("TypeError", "what cannot be iterated".to_owned(), frame, range);
                    return Err(doubt);
                }
                // It may be nothing that can be iterated.
                if !matches!(value, Value::Set(_) | Value::FrozenSet(_)) {
                    self.note_risk(&doubt);
                }
                Err(doubt)
            }
        }
    }

    fn iterate_instance(
        &mut self,
        value: &Value,
        instance: &Rc<super::value::Instance>,
        frame: &Frame,
        range: Range,
    ) -> Result<Vec<Value>, Option<Doubt>> {
        if instance.class.in_tree("__iter__").is_none() {
            return elements(value);
        }
        let Some(answer) = self.special(value, "__iter__", Vec::new(), frame, range) else { return Err(None) };
        if let Value::Iterator(_) = answer {
            self.settle(&answer);
            return if self.raised.is_some() { Err(None) } else { elements(&answer) };
        }
        // An object of the tree: `__next__` until it stops.
        let mut items = Vec::new();
        while items.len() <= MOST_ELEMENTS && self.step() {
            let Some(item) = self.special(&answer, "__next__", Vec::new(), frame, range) else { return Err(None) };
            match &self.raised {
                Some(raised) if &*raised.class == "StopIteration" => {
                    self.raised = None;
                    return Ok(items);
                }
                Some(_) => return Err(None),
                None => items.push(item),
            }
        }
        Err(None)
    }
}
