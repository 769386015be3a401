//! Iterators over iterators: `map`, `filter`, `enumerate`, `zip`, and generator expressions of one `for`.
//!
//! Each takes from its source when it is asked itself, so that what their functions change, and what their sources hold by then, is
//! what Python has.

use std::rc::Rc;
use std::sync::Arc;

use num_bigint::BigInt;

use super::doubt::Why;
use super::iterator::{Feed, Iterator};
use super::value::{Doubt, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, several};
use crate::syntax::ast::{Comprehension, Range};

/// How an iterator makes an element of those of its sources.
#[derive(Debug)]
pub(super) struct Lazy {
    pub(super) make: Make,
    pub(super) sources: Vec<Rc<Iterator>>,
    /// What it has taken already for the element that it makes next.
    pub(super) row: Vec<Value>,
    pub(super) frame: Frame,
    pub(super) range: Range,
}

#[derive(Debug)]
pub(super) enum Make {
    Map(Value),
    /// `None` where elements are asked themselves.
    Filter(Option<Value>),
    /// The next number.
    Enumerate(BigInt),
    Zip,
    /// An expression; its frame has a scope of its own.
    Expression(Arc<Comprehension>),
}

impl Lazy {
    /// Whether one of its sources has no end, as far as that is known.
    fn is_endless(&self) -> bool {
        let is_endless = |source: &Rc<Iterator>| match &*source.0.borrow() {
            Feed::Count(..) | Feed::Repeat(_) | Feed::Cycle(_) => true,
            Feed::Lazy(lazy) => lazy.is_endless(),
            _ => false,
        };
        match self.make {
            Make::Zip | Make::Map(_) => !self.sources.is_empty() && self.sources.iter().all(is_endless),
            _ => self.sources.iter().any(is_endless),
        }
    }
}

impl Interpreter<'_> {
    /// What takes the elements of a value one by one; `None` where they are not known, or several of them may be one.
    pub(super) fn source(&mut self, value: &Value, frame: &Frame, range: Range) -> Option<Rc<Iterator>> {
        if let Value::Iterator(iterator) = value {
            return Some(iterator.clone());
        }
        let has_several = |items: &[Value]| several::among(items).is_some();
        if let Value::List(list) = value {
            let is_plain = list.0.borrow().as_ref().is_ok_and(|items| !has_several(items));
            return is_plain.then(|| Rc::new(Iterator(Feed::List(list.clone(), 0).into())));
        }
        let items = self.iterate(value, frame, range).ok().filter(|items| !has_several(items))?;
        Some(Rc::new(Iterator(Feed::Items(items.into()).into())))
    }

    /// `map`, `filter`, `enumerate`, `zip` over such values; `None` where a source is not known.
    pub(super) fn lazily(&mut self, make: Make, values: &[&Value], frame: &Frame, range: Range) -> Option<Value> {
        let mut sources = Vec::with_capacity(values.len());
        for value in values {
            sources.push(self.source(value, frame, range)?);
        }
        Some(Iterator::value(Feed::Lazy(Box::new(Lazy {
            make,
            sources,
            row: Vec::new(),
            frame: frame.clone(),
            range,
        }))))
    }

    /// The next element of any iterator; `Ok(None)` at the end, and where an exception is raised.
    pub(super) fn pull(&mut self, iterator: &Rc<Iterator>) -> Result<Option<Value>, Doubt> {
        if matches!(&*iterator.0.borrow(), Feed::Waiting(..)) {
            self.settle_for_steps(iterator);
        }
        if self.raised.is_some() {
            return Ok(None);
        }
        if !matches!(&*iterator.0.borrow(), Feed::Lazy(_)) {
            return iterator.next();
        }
        // Its function may ask it again, and finds it over.
        let Feed::Lazy(mut lazy) = iterator.now(Feed::Items(Vec::new().into())) else { return Ok(None) };
        let found = self.make(&mut lazy);
        let waits = matches!((&found, &self.paused), (Err(doubt), Some(paused)) if doubt.is_same(paused));
        if matches!(found, Ok(Some(_))) || self.raised.is_some() || waits {
            iterator.now(Feed::Lazy(lazy));
        } else if let Err(doubt) = &found {
            iterator.now(Feed::Unknown(doubt.clone()));
        }
        found
    }

    fn make(&mut self, lazy: &mut Lazy) -> Result<Option<Value>, Doubt> {
        loop {
            if !self.step() {
                return Err(self.doubt(&lazy.frame, lazy.range, super::TOO_LONG));
            }
            while let Some(source) = lazy.sources.get(lazy.row.len()) {
                match self.pull(source)? {
                    Some(item) if several::within(&item).is_some() => {
                        let doubt = self.doubt(&lazy.frame, lazy.range, Why::NotKnown);
                        return Err(doubt.among(&lazy.row).among([&item]));
                    }
                    Some(item) => lazy.row.push(item),
                    None => return Ok(None),
                }
            }
            let row = std::mem::take(&mut lazy.row);
            if let Some(made) = self.made_of(lazy, row)? {
                return Ok(Some(made));
            }
            if self.raised.is_some() {
                return Ok(None);
            }
        }
    }

    /// What is made of elements; `None` where nothing is.
    fn made_of(&mut self, lazy: &mut Lazy, mut row: Vec<Value>) -> Result<Option<Value>, Doubt> {
        let Lazy { make, frame, range, .. } = lazy;
        let made = match make {
            Make::Zip => Value::Tuple(row.into()),
            Make::Map(function) => self.call_plain(function, row, frame, *range),
            Make::Enumerate(next) => {
                let number = next.clone();
                *next += 1;
                row.insert(0, Value::Int(number));
                Value::Tuple(row.into())
            }
            Make::Filter(function) => {
                let Some(item) = row.pop() else { return Ok(None) };
                let verdict = match function {
                    None => item.clone(),
                    Some(function) => self.call_plain(function, vec![item.clone()], frame, *range),
                };
                match self.test(&verdict, frame, *range) {
                    Some(true) => item,
                    Some(false) => return Ok(None),
                    None => return Err(self.doubt(frame, *range, Why::NotKnown).among([&item])),
                }
            }
            Make::Expression(comprehension) => {
                let Some(item) = row.pop() else { return Ok(None) };
                return self.element_of(&comprehension.clone(), item, frame, *range);
            }
        };
        Ok(Some(made).filter(|_| self.raised.is_none()))
    }

    /// The generator function's generator that an iterator takes its elements from in the end, and what holds it.
    pub(super) fn root(&self, iterator: &Rc<Iterator>) -> Option<Rc<Iterator>> {
        match &*iterator.0.borrow() {
            Feed::Waiting(..) => Some(iterator.clone()),
            Feed::Lazy(lazy) => lazy.sources.iter().find_map(|source| self.root(source)),
            _ => None,
        }
    }

    /// All that is left of such an iterator.
    pub(super) fn settle_lazy(&mut self, iterator: &Rc<Iterator>) {
        let endless = match &*iterator.0.borrow() {
            Feed::Lazy(lazy) if lazy.is_endless() => Some((lazy.frame.clone(), lazy.range)),
            Feed::Lazy(_) | Feed::List(..) | Feed::Backwards(..) => None,
            _ => return,
        };
        if let Some((frame, range)) = endless {
            let doubt = self.doubt(&frame, range, Why::NotKnown);
            iterator.now(Feed::Unknown(doubt));
            return;
        }
        let mut items = Vec::new();
        loop {
            match self.pull(iterator) {
                Ok(Some(item)) => items.push(item),
                Ok(None) if self.raised.is_some() => return,
                Ok(None) => break drop(iterator.now(Feed::Items(items.into()))),
                Err(doubt) => break drop(iterator.now(Feed::Unknown(doubt.among(&items)))),
            }
            if items.len() > MOST_ELEMENTS {
                self.exhaust();
                break;
            }
        }
    }
}
