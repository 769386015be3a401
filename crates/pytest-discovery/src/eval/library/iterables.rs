//! Built-in functions and classes that take or make what can be iterated.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::super::candidates::identity;
use super::super::compare::{integer, order, set_items};
use super::super::doubt::Why;
use super::super::iterator::{Feed, length_of_range};
use super::super::lazy::Make;
use super::super::several;
use super::super::value::{Arguments, Doubt, Iterator, List, Value};
use super::super::{Frame, Interpreter, MOST_ELEMENTS, expr, truth};
use crate::syntax::ast::Range;

/// What the elements of a row come from.
enum Column {
    Of(std::vec::IntoIter<Value>),
    Iterator(Rc<Iterator>),
}

impl Column {
    fn next(&mut self, interpreter: &mut Interpreter<'_>) -> Result<Option<Value>, Doubt> {
        match self {
            Self::Of(items) => Ok(items.next()),
            Self::Iterator(iterator) => interpreter.pull(iterator),
        }
    }
}

impl Interpreter<'_> {
    pub(super) fn iterables(
        &mut self,
        name: &str,
        arguments: &Arguments,
        values: &[&Value],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match (name, values) {
            ("list", []) => Some(Value::list(Vec::new())),
            ("list", [one]) if self.is_unordered_list(one) => {
                let items = self.in_any_order(one)?;
                let doubt = self.doubt(frame, range, "an order that is not known");
                Some(self.list_in_any_order(items, &doubt))
            }
            ("list", [one]) => Some(match self.iterate(one, frame, range) {
                Ok(items) => Value::list(items),
                Err(doubt) => Value::List(Rc::new(List(Err(doubt).into()))),
            }),
            ("tuple", []) => Some(Value::Tuple(Rc::from([]))),
            ("tuple", [one]) => Some(Value::tuple(self.iterate(one, frame, range).ok()?)),
            ("set", []) => Some(Value::set(Vec::new())),
            ("frozenset", []) => Some(Value::FrozenSet(Rc::from([]))),
            ("set" | "frozenset", [one]) => {
                let items = match set_items(one) {
                    Some(items) => items,
                    None if self.is_unordered_list(one) => expr::distinct(self.in_any_order(one)?)?,
                    None => expr::distinct(self.iterate(one, frame, range).ok()?)?,
                };
                Some(if name == "set" { Value::set(items) } else { Value::FrozenSet(items.into()) })
            }
            ("len", [one]) => self.length(one, frame, range),
            ("str", []) => Some(Value::str("")),
            ("str", [one]) if arguments.keywords.is_empty() => self.text(one, false, frame, range).map(Value::str),
            ("bytes", []) => Some(Value::Bytes(Vec::new().into())),
            ("bytes", [Value::Bytes(bytes)]) => Some(Value::Bytes(bytes.clone())),
            ("bytes", [Value::Str(text), Value::Str(encoding)]) => {
                let encoding = encoding.as_str()?.to_ascii_lowercase();
                matches!(&*encoding, "utf-8" | "utf8").then_some(Value::Bytes(text.as_str()?.as_bytes().into()))
            }
            ("bytes", [Value::Int(count)]) => {
                let count = count.to_usize().filter(|count| *count <= MOST_ELEMENTS)?;
                Some(Value::Bytes(vec![0; count].into()))
            }
            ("bytes", [Value::List(_) | Value::Tuple(_) | Value::Range(_)]) => {
                let items = self.iterate(values[0], frame, range).ok()?;
                let bytes: Option<Vec<u8>> = items.iter().map(|item| integer(item)?.to_u8()).collect();
                Some(Value::Bytes(bytes?.into()))
            }
            ("range", bounds) => new_range(bounds),
            ("enumerate", [one, ..]) => {
                let start = match arguments.get(1, "start") {
                    Some(start) => integer(start)?,
                    None => BigInt::from(0),
                };
                if let Some(lazy) = self.lazily(Make::Enumerate(start.clone()), &[one], frame, range) {
                    return Some(lazy);
                }
                if self.raised.is_some() {
                    return None;
                }
                let items = self.iterate(one, frame, range).ok()?;
                let mut several = None;
                let pair = |(index, item): (usize, Value)| {
                    several = several.take().or_else(|| several::of(&item));
                    let index = several.clone().map_or_else(|| Value::Int(&start + index), Value::Unknown);
                    Value::Tuple(Rc::from([index, item]))
                };
                Some(Iterator::of(items.into_iter().enumerate().map(pair).collect()))
            }
            ("reversed", [one]) => {
                if matches!(one, Value::Instance(_) | Value::Set(_) | Value::FrozenSet(_) | Value::Iterator(_)) {
                    return None;
                }
                if let Value::List(list) = one
                    && let Some(items) = list.0.borrow().as_ref().ok().filter(|items| several::among(items).is_none())
                {
                    return Some(Iterator::value(Feed::Backwards(list.clone(), items.len())));
                }
                Some(Iterator::of(several::reversed(self.iterate(one, frame, range).ok()?)))
            }
            ("map", [function, columns @ ..]) if !columns.is_empty() => {
                if let Some(lazy) = self.lazily(Make::Map((*function).clone()), columns, frame, range) {
                    return Some(lazy);
                }
                let rows = self.rows(columns, false, frame, range)?;
                let mut found = Vec::with_capacity(rows.len());
                let mut are_several = false;
                for row in rows {
                    let one = row.first().cloned().unwrap_or(Value::None);
                    let made =
                        self.for_each_of(&one, |interpreter| interpreter.call_plain(function, row, frame, range));
                    // The object itself says that it is several; what is made of it does not.
                    are_several |= several::within(&one).is_some_and(|(_, one)| identity(&one) != identity(&made));
                    found.push(made);
                    if self.raised.is_some() {
                        return None;
                    }
                }
                (!are_several).then(|| Iterator::of(found))
            }
            ("filter", [function, one]) => {
                let by = Some((*function).clone()).filter(|function| !matches!(function, Value::None));
                if let Some(lazy) = self.lazily(Make::Filter(by), &[one], frame, range) {
                    return Some(lazy);
                }
                let mut found = Vec::new();
                for item in self.iterate(one, frame, range).ok()? {
                    let verdict = match function {
                        Value::None => item.clone(),
                        function => self.for_each_of(&item, |interpreter| {
                            interpreter.call_plain(function, vec![item.clone()], frame, range)
                        }),
                    };
                    // One of which it is not known what it stands for may as well be there.
                    if self.test(&verdict, frame, range).or_else(|| several::is_vague(&item).then_some(true))? {
                        found.push(item);
                    }
                    if self.raised.is_some() {
                        return None;
                    }
                }
                Some(Iterator::of(found))
            }
            ("any" | "all", [one]) => {
                let wanted = name == "any";
                if let Value::Iterator(iterator) = one {
                    return self.any_of(iterator, wanted, frame, range);
                }
                let items = match self.in_any_order(one) {
                    Some(items) => items,
                    None => self.iterate(one, frame, range).ok()?,
                };
                let mut unknown = false;
                for item in items {
                    match self.test(&item, frame, range) {
                        Some(truth) if truth == wanted && several::of(&item).is_none() => {
                            return Some(Value::Bool(wanted));
                        }
                        Some(truth) if truth == wanted => unknown = true,
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                (!unknown).then_some(Value::Bool(!wanted))
            }
            ("sum", [one, ..]) => {
                let mut total = arguments.get(1, "start").cloned().unwrap_or_else(|| Value::int(0));
                let items = match set_items(one).filter(|items| items.iter().all(|one| integer(one).is_some())) {
                    Some(items) => items,
                    None => self.iterate(one, frame, range).ok()?,
                };
                // From 3.12 on the sum of floats is compensated.
                if items.iter().filter(|item| matches!(item, Value::Float(_))).count() > 1 {
                    return None;
                }
                for item in items {
                    total = self.binary(&total, crate::syntax::ast::BinaryOp::Add, &item, frame, range);
                }
                (!total.is_unknown()).then_some(total)
            }
            ("iter", [Value::Iterator(_)]) => Some(values[0].clone()),
            ("iter", [one]) => match one {
                Value::Instance(_) => None,
                other => self.source(other, frame, range).map(Value::Iterator),
            },
            ("next", [Value::Iterator(iterator), rest @ ..]) => {
                self.next_of(iterator, rest.first().copied(), frame, range)
            }
            _ => None,
        }
    }

    /// `any` of an iterator, which has the rest for others; `all` where false ones are wanted.
    fn any_of(&mut self, iterator: &Rc<Iterator>, wanted: bool, frame: &Frame, range: Range) -> Option<Value> {
        let mut unknown: Option<Doubt> = None;
        loop {
            let next = match unknown.clone() {
                None => self.pull(iterator),
                // It may not be asked any more.
                Some(doubt) => self.perhaps(&doubt, |interpreter| interpreter.pull(iterator)).unwrap_or(Ok(None)),
            };
            let Some(item) = next.ok()? else { break };
            match self.test(&item, frame, range) {
                Some(truth) if truth == wanted && several::of(&item).is_none() => match unknown {
                    None => return Some(Value::Bool(wanted)),
                    Some(_) => break,
                },
                Some(truth) if truth != wanted => {}
                _ => drop(unknown.get_or_insert_with(|| self.doubt(frame, range, Why::NotKnown))),
            }
        }
        // Where it may have ended before, it is not known what is left.
        match unknown {
            Some(doubt) => {
                iterator.forget(&doubt);
                None
            }
            None => self.raised.is_none().then_some(Value::Bool(!wanted)),
        }
    }

    /// `next(iterator)`, with a default or without.
    pub(super) fn next_of(
        &mut self,
        iterator: &Rc<Iterator>,
        default: Option<&Value>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if let Some(first) = self.first_of(iterator, frame, range) {
            return Some(first);
        }
        if self.raised.is_some() {
            return None;
        }
        if let Some(doubt) = self.current_doubt() {
            iterator.forget(doubt);
        }
        match (self.pull(iterator), default) {
            _ if self.raised.is_some() => None,
            (Ok(Some(value)), default) => Some(match several::of(&value) {
                None => value,
                Some(doubt) => {
                    iterator.forget(&doubt);
                    let left = self.pull(iterator).err().unwrap_or(doubt);
                    Value::Unknown(left.among([&value]).among(default))
                }
            }),
            (Ok(None), Some(default)) => Some(default.clone()),
            (Ok(None), None) => Some(self.fail("StopIteration", "nothing is left".to_owned(), frame, range)),
            (Err(doubt), _) => Some(Value::Unknown(doubt)),
        }
    }

    fn length(&mut self, value: &Value, frame: &Frame, range: Range) -> Option<Value> {
        let count = match value {
            Value::Str(text) => text.chars(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Tuple(items) | Value::FrozenSet(items) if several::among(items).is_some() => return None,
            Value::Tuple(items) | Value::FrozenSet(items) => items.len(),
            Value::List(_) if self.is_unordered_list(value) => self.in_any_order(value)?.len(),
            Value::List(list) | Value::Set(list) => {
                let items = list.0.borrow();
                let items = items.as_ref().ok()?;
                if several::among(items).is_some() {
                    return None;
                }
                items.len()
            }
            Value::Dict(dict) | Value::View(dict, _) => dict.0.borrow().as_ref().ok()?.len(),
            Value::Range(bounds) => return Some(Value::int(length_of_range(bounds))),
            Value::Class(class) if class.is_enum => super::super::elements(&Value::Class(class.clone())).ok()?.len(),
            Value::Instance(instance) => {
                if let Some(found) = self.special(value, "__len__", Vec::new(), frame, range) {
                    return Some(found);
                }
                return match &instance.value {
                    Value::None => None,
                    inner if instance.class.payload().is_some() => self.length(&inner.clone(), frame, range),
                    _ => None,
                };
            }
            _ => return None,
        };
        Some(Value::int(count))
    }

    /// Tuples of the first, the second, ... elements.
    pub(super) fn rows(
        &mut self,
        columns: &[&Value],
        strict: bool,
        frame: &Frame,
        range: Range,
    ) -> Option<Vec<Vec<Value>>> {
        let endless = |value: &&Value| matches!(value, Value::Iterator(one) if matches!(&*one.0.borrow(), Feed::Count(..) | Feed::Repeat(_) | Feed::Cycle(_)));
        if columns.iter().all(endless) {
            return columns.is_empty().then(Vec::new);
        }
        let mut sources = Vec::with_capacity(columns.len());
        for column in columns {
            sources.push(match column {
                Value::Iterator(iterator) => Column::Iterator(iterator.clone()),
                other => Column::Of(self.iterate(other, frame, range).ok()?.into_iter()),
            });
        }
        let mut rows = Vec::new();
        // Two columns may be one iterator, and what is taken of the first ones for a row that the others end is gone.
        while rows.len() <= MOST_ELEMENTS {
            let mut row = Vec::with_capacity(sources.len());
            for source in &mut sources {
                match source.next(self).ok()? {
                    Some(item) if columns.len() > 1 && several::of(&item).is_some() => return None,
                    Some(item) => row.push(item),
                    None => break,
                }
            }
            if row.len() < sources.len() {
                let is_uneven = strict
                    && (!row.is_empty() || sources[1..].iter_mut().any(|one| !matches!(one.next(self), Ok(None))));
                return if is_uneven { None } else { Some(rows) };
            }
            self.charge(1);
            rows.push(row);
        }
        None
    }

    pub(super) fn zip(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        if !arguments.only(&["strict"]) {
            return None;
        }
        let strict = arguments.keyword("strict").map_or(Some(false), truth)?;
        let columns: Vec<&Value> = arguments.positional.iter().map(|arg| &arg.value).collect();
        if !strict && let Some(lazy) = self.lazily(Make::Zip, &columns, frame, range) {
            return Some(lazy);
        }
        let rows = self.rows(&columns, strict, frame, range)?;
        Some(Iterator::of(rows.into_iter().map(Value::tuple).collect()))
    }

    pub(super) fn sorted(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        if !arguments.only(&["key", "reverse"]) {
            return None;
        }
        let [one] = &arguments.positional[..] else { return None };
        let unordered = self.in_any_order(&one.value);
        let is_set = unordered.is_some();
        let items = match unordered {
            Some(items) => items,
            None => self.iterate(&one.value, frame, range).ok()?,
        };
        let reverse = arguments.keyword("reverse").map_or(Some(false), truth)?;
        let key = arguments.keyword("key").cloned();
        self.sort(items, key.as_ref(), reverse, is_set, frame, range).map(Value::list)
    }

    /// Sorts; `None` where the order is not known. Of a set those that are equal come in no known order.
    pub(super) fn sort(
        &mut self,
        items: Vec<Value>,
        key: Option<&Value>,
        reverse: bool,
        unordered: bool,
        frame: &Frame,
        range: Range,
    ) -> Option<Vec<Value>> {
        self.charge(items.len());
        let mut keyed = Vec::with_capacity(items.len());
        // Where one comes to stand of which it is not known what it stands for is of no matter to the order of the others. In front of
        // them it keeps their places from being told.
        let mut vague = Vec::new();
        for item in items {
            let by = match key {
                None | Some(Value::None) => item.clone(),
                Some(key) => self.call_plain(key, vec![item.clone()], frame, range),
            };
            if self.raised.is_some() {
                return None;
            }
            if several::is_vague(&item) && order(&by, &by).is_none() {
                vague.push(item);
            } else {
                keyed.push((by, item));
            }
        }
        // Classes of the tree compare themselves.
        let odd = |value: &Value| matches!(value, Value::Instance(one) if one.class.in_tree("__lt__").is_some());
        if keyed.iter().any(|(by, _)| odd(by)) {
            return None;
        }
        let mut known = true;
        let mut ties = false;
        if let [(by, _)] = &keyed[..] {
            known = !by.is_unknown();
        }
        keyed.sort_by(|(one, _), (other, _)| match order(one, other) {
            Some(order) => {
                let order = if reverse { order.reverse() } else { order };
                ties |= order == std::cmp::Ordering::Equal;
                order
            }
            None => {
                known = false;
                std::cmp::Ordering::Equal
            }
        });
        (known && !(ties && unordered))
            .then(|| vague.into_iter().chain(keyed.into_iter().map(|(_, item)| item)).collect())
    }

    pub(super) fn extreme(
        &mut self,
        largest: bool,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if !arguments.only(&["key", "default"]) {
            return None;
        }
        let items = match &arguments.positional[..] {
            [one] => match set_items(&one.value).filter(|_| arguments.keyword("key").is_none()) {
                Some(items) => items,
                None => self.iterate(&one.value, frame, range).ok()?,
            },
            many => many.iter().map(|arg| arg.value.clone()).collect(),
        };
        if several::among(&items).is_some() {
            return None;
        }
        let key = arguments.keyword("key").cloned();
        let mut best: Option<(Value, Value)> = None;
        for item in items {
            let by = match &key {
                None | Some(Value::None) => item.clone(),
                Some(key) => self.call_plain(key, vec![item.clone()], frame, range),
            };
            let wins = match &best {
                None => !by.is_unknown(),
                Some((known, _)) => {
                    let order = order(&by, known)?;
                    order == if largest { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less }
                }
            };
            if best.is_none() && !wins {
                return None;
            }
            if wins {
                best = Some((by, item));
            }
        }
        match (best, arguments.keyword("default")) {
            (Some((_, item)), _) => Some(item),
            (None, Some(default)) => Some(default.clone()),
            (None, None) => Some(self.fail("ValueError", "nothing to choose from".to_owned(), frame, range)),
        }
    }
}

fn new_range(bounds: &[&Value]) -> Option<Value> {
    let bounds: Option<Vec<i64>> = bounds.iter().map(|bound| integer(bound)?.to_i64()).collect();
    let bounds = match bounds?[..] {
        [stop] => [0, stop, 1],
        [start, stop] => [start, stop, 1],
        [start, stop, step] if step != 0 => [start, stop, step],
        _ => return None,
    };
    Some(Value::Range(Rc::new(bounds)))
}
