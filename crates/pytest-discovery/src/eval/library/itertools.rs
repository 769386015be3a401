//! `itertools`.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::super::compare::integer;
use super::super::iterator::{Feed, Groups};
use super::super::value::{Arguments, Iterator, Value};
use super::super::{Frame, Interpreter, MOST_ELEMENTS, several, truth};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    pub(super) fn itertools(
        &mut self,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let columns = |interpreter: &mut Self| -> Option<Vec<Vec<Value>>> {
            arguments.positional.iter().map(|arg| interpreter.iterate(&arg.value, frame, range).ok()).collect()
        };
        let first = |interpreter: &mut Self| {
            let value = &arguments.positional.first()?.value;
            interpreter.iterate(value, frame, range).ok()
        };
        let tuples = |rows: Vec<Vec<Value>>| Iterator::of(rows.into_iter().map(Value::tuple).collect());
        match name {
            "product" if arguments.only(&["repeat"]) => {
                let repeat = match arguments.keyword("repeat") {
                    None => 1,
                    Some(repeat) => integer(repeat)?.to_usize().filter(|times| *times <= 20)?,
                };
                let columns = columns(self)?;
                let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
                for _ in 0..repeat {
                    for column in &columns {
                        if rows.len().saturating_mul(column.len()) > MOST_ELEMENTS {
                            return None;
                        }
                        rows = rows.iter().flat_map(|row| column.iter().map(move |item| with(row, item))).collect();
                    }
                }
                self.charge(rows.len());
                Some(tuples(rows))
            }
            "chain" => {
                let found: Vec<Value> = columns(self)?.into_iter().flatten().collect();
                (found.len() <= MOST_ELEMENTS).then(|| Iterator::of(found))
            }
            "from_iterable" => self.chain_from(arguments, frame, range),
            "combinations" | "permutations" | "combinations_with_replacement" => {
                let items = first(self)?;
                let size = match arguments.get(1, "r") {
                    None | Some(Value::None) if name == "permutations" => items.len(),
                    None => return None,
                    Some(size) => integer(size)?.to_usize()?,
                };
                let rows = arrangements(&items, size, name)?;
                self.charge(rows.len());
                Some(tuples(rows))
            }
            "repeat" => match &arguments.plain()?[..] {
                [one] => Some(Iterator::value(Feed::Repeat((*one).clone()))),
                [one, times] => {
                    let times = integer(times)?.to_usize().filter(|times| *times <= MOST_ELEMENTS)?;
                    Some(Iterator::of(vec![(*one).clone(); times]))
                }
                _ => None,
            },
            "count" => {
                let start = arguments.get(0, "start").map_or(Some(BigInt::from(0)), integer)?;
                let step = arguments.get(1, "step").map_or(Some(BigInt::from(1)), integer)?;
                Some(Iterator::value(Feed::Count(start, step)))
            }
            "cycle" => Some(Iterator::value(Feed::Cycle(first(self)?.into()))),
            "islice" => self.islice(arguments, frame, range),
            "starmap" => {
                let [function, rows] = &arguments.plain()?[..] else { return None };
                let mut found = Vec::new();
                for row in self.iterate(rows, frame, range).ok()? {
                    let args = self.iterate(&row, frame, range).ok()?;
                    found.push(self.call_plain(function, args, frame, range));
                }
                Some(Iterator::of(found))
            }
            "zip_longest" if arguments.only(&["fillvalue"]) => {
                let columns = columns(self)?;
                let fill = arguments.keyword("fillvalue").cloned().unwrap_or(Value::None);
                let length = columns.iter().map(Vec::len).max().unwrap_or(0);
                let row = |index: usize| {
                    columns.iter().map(|column| column.get(index).cloned().unwrap_or_else(|| fill.clone())).collect()
                };
                Some(tuples((0..length).map(row).collect()))
            }
            "accumulate" => {
                let [items, rest @ ..] = &arguments.plain()?[..] else { return None };
                let mut found: Vec<Value> = Vec::new();
                for item in self.iterate(items, frame, range).ok()? {
                    let next = match (found.last().cloned(), rest.first()) {
                        (None, _) => item,
                        (Some(total), None | Some(Value::None)) => {
                            self.binary(&total, crate::syntax::ast::BinaryOp::Add, &item, frame, range)
                        }
                        (Some(total), Some(function)) => self.call_plain(function, vec![total, item], frame, range),
                    };
                    found.push(next);
                }
                Some(Iterator::of(found))
            }
            "groupby" => {
                let items = first(self)?;
                let key = arguments.get(1, "key").cloned().unwrap_or(Value::None);
                let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
                for item in items {
                    let by = match &key {
                        Value::None => item.clone(),
                        key => self.call_plain(key, vec![item.clone()], frame, range),
                    };
                    match groups.last_mut() {
                        Some((known, group)) if self.equals(known, &by, frame, range)? => group.push(item),
                        _ => groups.push((by, vec![item])),
                    }
                }
                Some(Iterator::value(Feed::Groups(Groups { left: groups.into(), last: None })))
            }
            "takewhile" | "dropwhile" | "filterfalse" => {
                let [function, items] = &arguments.plain()?[..] else { return None };
                let mut found = Vec::new();
                let mut holds = true;
                let source = match items {
                    // What is behind the first that does not hold stays there.
                    Value::Iterator(iterator) => iterator.clone(),
                    other => Rc::new(Iterator(Feed::Items(self.iterate(other, frame, range).ok()?.into()).into())),
                };
                while let Some(item) = self.pull(&source).ok()? {
                    if name == "filterfalse" || holds {
                        let verdict = match function {
                            Value::None => item.clone(),
                            function => self.call_plain(function, vec![item.clone()], frame, range),
                        };
                        holds = self.test(&verdict, frame, range)?;
                        if name == "takewhile" && !holds {
                            break;
                        }
                    }
                    if (name == "takewhile") || !holds {
                        found.push(item);
                    }
                }
                Some(Iterator::of(found))
            }
            "pairwise" => {
                let items = first(self)?;
                Some(tuples(items.windows(2).map(<[Value]>::to_vec).collect()))
            }
            "compress" => {
                let [items, selectors] = &arguments.plain()?[..] else { return None };
                let items = self.iterate(items, frame, range).ok()?;
                let selectors = self.iterate(selectors, frame, range).ok()?;
                let mut found = Vec::new();
                for (item, selector) in items.into_iter().zip(selectors) {
                    if truth(&selector)? {
                        found.push(item);
                    }
                }
                Some(Iterator::of(found))
            }
            _ => None,
        }
    }

    pub(super) fn chain_from(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let [outer] = &arguments.plain()?[..] else { return None };
        let mut found = Vec::new();
        for inner in self.iterate(outer, frame, range).ok()? {
            found.extend(self.iterate(&inner, frame, range).ok()?);
            if found.len() > MOST_ELEMENTS {
                return None;
            }
        }
        Some(Iterator::of(found))
    }

    fn islice(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let values = arguments.plain()?;
        let (source, bounds) = values.split_first()?;
        let number = |value: &Value| match value {
            Value::None => Some(None),
            other => integer(other)?.to_usize().filter(|one| *one <= MOST_ELEMENTS).map(Some),
        };
        let (start, stop, step) = match bounds {
            [stop] => (0, number(stop)?, 1),
            [start, stop] => (number(start)?.unwrap_or(0), number(stop)?, 1),
            [start, stop, step] => {
                (number(start)?.unwrap_or(0), number(stop)?, number(step)?.filter(|step| *step > 0).unwrap_or(1))
            }
            _ => return None,
        };
        let mut taken = Vec::new();
        match (source, stop) {
            (Value::Iterator(iterator), Some(stop)) => {
                // It takes no more from an iterator than it gives.
                for _ in 0..stop {
                    match self.pull(iterator).ok()? {
                        Some(item) => taken.push(item),
                        None => break,
                    }
                }
            }
            (source, stop) => {
                taken = self.iterate(source, frame, range).ok()?;
                taken.truncate(stop.unwrap_or(usize::MAX));
            }
        }
        if several::among(&taken).is_some() {
            return None;
        }
        Some(Iterator::of(taken.into_iter().skip(start).step_by(step).collect()))
    }
}

fn with(row: &[Value], item: &Value) -> Vec<Value> {
    row.iter().chain([item]).cloned().collect()
}

/// Choices of that many elements, in the order of `itertools`; `None` where there are too many.
fn arrangements(items: &[Value], size: usize, kind: &str) -> Option<Vec<Vec<Value>>> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    if size > items.len() && kind != "combinations_with_replacement" {
        return Some(Vec::new());
    }
    for _ in 0..size {
        let mut longer = Vec::new();
        for row in &rows {
            let from = match (kind, row.last()) {
                ("combinations", Some(last)) => last + 1,
                ("combinations_with_replacement", Some(last)) => *last,
                _ => 0,
            };
            for index in from..items.len() {
                if kind == "permutations" && row.contains(&index) {
                    continue;
                }
                let mut next = row.clone();
                next.push(index);
                longer.push(next);
                if longer.len() > MOST_ELEMENTS {
                    return None;
                }
            }
        }
        rows = longer;
    }
    Some(rows.into_iter().map(|row| row.into_iter().filter_map(|index| items.get(index).cloned()).collect()).collect())
}
