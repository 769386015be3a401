//! Comprehensions and generator expressions.

use std::rc::Rc;
use std::sync::Arc;

use super::candidates::identity;
use super::doubt::Why;
use super::expr::distinct;
use super::generator::Waiting;
use super::iterator::Feed;
use super::lazy::{Lazy, Make};
use super::value::{Dict, DictKind, Doubt, Iterator, List, Scope, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, several};
use crate::syntax::ast::{Clause, Comprehension, ComprehensionKind, Expr, ExprKind, Range};

/// When a generator expression is left before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Never.
    End,
    /// `next`.
    First,
    /// `any`: the first that is true.
    True,
    /// `all`: the first that is false.
    False,
}

/// Whether an element is taken.
enum Takes {
    Yes,
    No,
    Perhaps(Doubt),
}

/// A run of a comprehension.
struct Run<'c> {
    comprehension: &'c Comprehension,
    until: Until,
    found: Vec<(Value, Value)>,
    /// What it may have found besides.
    perhaps: Vec<Value>,
    /// It was left before its end.
    left: bool,
}

impl Interpreter<'_> {
    pub(super) fn comprehension(&mut self, comprehension: &Arc<Comprehension>, frame: &Frame, range: Range) -> Value {
        if let Some(found) = self.comprehension_in_any_order(comprehension, frame, range) {
            return found;
        }
        if comprehension.kind == ComprehensionKind::Generator
            && let Some(clause) = comprehension.clauses.first()
        {
            let first = match self.iterated.take() {
                Some((range, first)) if range == clause.iter.range => first,
                _ => self.eval(&clause.iter, frame),
            };
            if let ([clause], false) = (&comprehension.clauses[..], self.is_unordered_list(&first))
                && !clause.is_async
                && let Some(source) = self.source(&first, frame, clause.iter.range)
            {
                let frame = Frame { scope: Scope::of_comprehension(frame.scope.clone()), module: frame.module.clone() };
                let make = Make::Expression(comprehension.clone());
                return Iterator::value(Feed::Lazy(Box::new(Lazy {
                    make,
                    sources: vec![source],
                    row: Vec::new(),
                    frame,
                    range,
                })));
            }
            let waiting =
                Waiting::Expression { comprehension: comprehension.clone(), frame: frame.clone(), first, range };
            return Iterator::waiting(waiting, self.doubt(frame, range, "a generator"));
        }
        let (found, _) = match self.run(comprehension, Until::End, frame, range) {
            Ok(found) => found,
            Err(doubt) => return Value::Unknown(doubt),
        };
        match comprehension.kind {
            ComprehensionKind::Dict => {
                let dict = Rc::new(Dict::new(Ok(Vec::with_capacity(found.len())), DictKind::Plain));
                for (key, value) in &found {
                    if !dict.insert(key.clone(), value.clone()) {
                        let doubt = self.doubt(frame, range, Why::NotKnown);
                        return Value::Unknown(doubt.among(found.iter().flat_map(|(key, value)| [key, value])));
                    }
                }
                Value::Dict(dict)
            }
            ComprehensionKind::Generator => Iterator::of(found.into_iter().map(|(one, _)| one).collect()),
            ComprehensionKind::List => Value::list(found.into_iter().map(|(one, _)| one).collect()),
            ComprehensionKind::Set => {
                let found: Vec<Value> = found.into_iter().map(|(one, _)| one).collect();
                let items = distinct(found.clone());
                let items = items.ok_or_else(|| self.doubt(frame, range, Why::NotKnown).among(&found));
                Value::Set(Rc::new(List(items.into())))
            }
        }
    }

    /// A list or generator over what has no known order: a list of which the order is not known.
    fn comprehension_in_any_order(
        &mut self,
        comprehension: &Comprehension,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let [clause] = &comprehension.clauses[..] else { return None };
        let is_list = matches!(comprehension.kind, ComprehensionKind::List | ComprehensionKind::Generator);
        // Only names and calls can have no order; a look at them is all that others pay.
        if !is_list || clause.is_async || !matches!(clause.iter.kind, ExprKind::Name(_) | ExprKind::Call(_)) {
            return None;
        }
        let iter = self.eval(&clause.iter, frame);
        let known =
            if self.doubts_order_only() { self.in_any_order(&iter).filter(|items| items.len() > 1) } else { None };
        let items = match known {
            Some(items) => items,
            None => {
                self.iterated = Some((clause.iter.range, iter));
                return None;
            }
        };
        let doubt = self.doubt(frame, range, "an order that is not known");
        let inner = Frame { scope: Scope::of_comprehension(frame.scope.clone()), module: frame.module.clone() };
        let found = self.as_a_turn(&doubt.clone(), |interpreter| {
            let (mut found, mut is_known) = (Vec::new(), true);
            for item in items {
                interpreter.assign(&clause.target, item, &inner);
                match interpreter.takes(&clause.conditions, &inner) {
                    Takes::Yes => found.push(interpreter.eval(&comprehension.element, &inner)),
                    Takes::No => {}
                    Takes::Perhaps(doubt) => {
                        interpreter.eval_under(&comprehension.element, &doubt, &inner);
                        is_known = false;
                    }
                }
                if interpreter.raised.is_some() || !interpreter.step() {
                    return None;
                }
            }
            is_known.then_some(found)
        });
        let Some(found) = found else { return Some(Value::Unknown(doubt)) };
        Some(self.list_in_any_order(found, &doubt))
    }

    /// The elements of a generator expression until it is left, and whether it was.
    pub(super) fn generate(
        &mut self,
        comprehension: &Comprehension,
        until: Until,
        frame: &Frame,
        range: Range,
    ) -> Result<(Vec<Value>, bool), Doubt> {
        let (found, left) = self.run(comprehension, until, frame, range)?;
        Ok((found.into_iter().map(|(one, _)| one).collect(), left))
    }

    fn run(
        &mut self,
        comprehension: &Comprehension,
        until: Until,
        frame: &Frame,
        range: Range,
    ) -> Result<(Vec<(Value, Value)>, bool), Doubt> {
        let inner = Frame { scope: Scope::of_comprehension(frame.scope.clone()), module: frame.module.clone() };
        let mut run = Run { comprehension, until, found: Vec::new(), perhaps: Vec::new(), left: false };
        // The first iterable is evaluated outside: in a class body it sees the class's names.
        if let Err(doubt) = self.clauses(&mut run, &comprehension.clauses, Some(frame), &inner, range) {
            let found = run.found.iter().flat_map(|(key, value)| [key, value]);
            return Err(doubt.among(found.chain(&run.perhaps)));
        }
        if self.raised.is_some() {
            return Err(self.doubt(frame, range, Why::NotKnown));
        }
        Ok((run.found, run.left))
    }

    fn clauses(
        &mut self,
        run: &mut Run<'_>,
        clauses: &[Clause],
        outside: Option<&Frame>,
        frame: &Frame,
        range: Range,
    ) -> Result<(), Doubt> {
        let Some((clause, rest)) = clauses.split_first() else {
            let key = self.eval(&run.comprehension.element, frame);
            let value = run.comprehension.value.as_ref().map_or(Value::None, |value| self.eval(value, frame));
            if self.raised.is_some() {
                return Ok(());
            }
            let truth = match run.until {
                Until::End => None,
                // One that stands for several may be none: then it is the next.
                Until::First => Some(several::of(&key).is_none()),
                Until::True | Until::False => match self.test(&key, frame, range) {
                    Some(truth) => Some(truth == (run.until == Until::True)),
                    None => None,
                },
            };
            run.left = truth == Some(true);
            // `any` and `all` are not told what decides nothing.
            if truth != Some(false) || run.until == Until::First {
                run.found.push((key, value));
            }
            return if run.found.len() > MOST_ELEMENTS {
                Err(self.doubt(frame, range, "more elements than are followed"))
            } else {
                Ok(())
            };
        };
        if clause.is_async {
            return Err(self.doubt(frame, range, Why::NotKnown));
        }
        let iter = match self.iterated.take() {
            Some((range, iter)) if range == clause.iter.range && outside.is_some() => iter,
            _ => self.eval(&clause.iter, outside.unwrap_or(frame)),
        };
        if self.raised.is_some() {
            return Ok(());
        }
        // The order of a set is not known, and does not matter to all that is made of it.
        let unordered = match (&iter, run.until, run.comprehension.kind) {
            (Value::Set(list), Until::True | Until::False, _) | (Value::Set(list), _, ComprehensionKind::Set) => {
                list.0.borrow().clone().ok()
            }
            (Value::FrozenSet(items), Until::True | Until::False, _)
            | (Value::FrozenSet(items), _, ComprehensionKind::Set) => Some(items.to_vec()),
            _ => None,
        };
        let taken = match (&iter, run.until) {
            // Others may ask it as well, in the middle of this and behind it.
            (Value::Iterator(iterator), _) => Some(iterator.clone()),
            _ => None,
        };
        let items = match unordered {
            Some(items) => items,
            None if taken.is_some() => Vec::new(),
            None => match self.iterate(&iter, outside.unwrap_or(frame), clause.iter.range) {
                Err(doubt) if self.raised.is_none() => {
                    let element = Value::Unknown(doubt.clone());
                    self.perhaps_turn(run, (clause, element), rest, &doubt, (frame, range));
                    return Err(doubt);
                }
                items => items?,
            },
        };
        // What is found is not known then; what the other turns change is.
        let mut unknown: Option<Doubt> = None;
        let mut items = items.into_iter();
        loop {
            let item = match &taken {
                Some(iterator) => match self.pull(iterator) {
                    _ if self.raised.is_some() => return Ok(()),
                    Ok(item) => item,
                    Err(doubt) => {
                        let element = Value::Unknown(doubt.clone());
                        self.perhaps_turn(run, (clause, element), rest, &doubt, (frame, range));
                        return Err(doubt);
                    }
                },
                None => items.next(),
            };
            let Some(item) = item else { break };
            if !self.step() {
                return Err(self.doubt(frame, range, "the module takes too long to evaluate"));
            }
            // It may have been left before.
            if let (Some(doubt), true) = (&unknown, run.until != Until::End) {
                self.perhaps_turn(run, (clause, item), rest, &doubt.clone(), (frame, range));
                continue;
            }
            let several = several::within(&item);
            self.assign(&clause.target, item, frame);
            let found = match several {
                Some((doubt, object)) => self.turn_of_several(run, clause, (&doubt, &object), rest, (frame, range)),
                None => self.turn(run, clause, rest, (frame, range)),
            };
            if run.left || self.raised.is_some() {
                return Ok(());
            }
            if let Err(doubt) = found {
                unknown.get_or_insert(doubt);
            }
            if let (Some(doubt), true) = (&unknown, run.found.len() > MOST_ELEMENTS) {
                return Err(doubt.clone());
            }
        }
        unknown.map_or(Ok(()), Err)
    }

    fn turn(
        &mut self,
        run: &mut Run<'_>,
        clause: &Clause,
        rest: &[Clause],
        (frame, range): (&Frame, Range),
    ) -> Result<(), Doubt> {
        match self.takes(&clause.conditions, frame) {
            _ if self.raised.is_some() => Ok(()),
            Takes::Yes => self.clauses(run, rest, None, frame, range),
            Takes::No => Ok(()),
            Takes::Perhaps(doubt) => {
                self.perhaps_found(run, rest, &doubt, (frame, range));
                Err(doubt)
            }
        }
    }

    /// A turn that there may be none of, or several: of what it finds it is known how often that is there only where it is the
    /// object itself, which says the same.
    fn turn_of_several(
        &mut self,
        run: &mut Run<'_>,
        clause: &Clause,
        (doubt, object): (&Doubt, &Value),
        rest: &[Clause],
        (frame, range): (&Frame, Range),
    ) -> Result<(), Doubt> {
        let is_object = |value: &Value| identity(value) == identity(object);
        let before = run.found.len();
        let of_all = self.for_each_of(object, |interpreter| {
            let found = interpreter.turn(run, clause, rest, (frame, range));
            // Whether it is taken is of no matter to the others.
            let is_it = !run.perhaps.is_empty() && run.perhaps.iter().all(is_object);
            if found.is_err() && run.until == Until::End && several::is_vague(object) && is_it {
                run.found.extend(run.perhaps.drain(..).map(|one| (one, Value::None)));
                return Ok(());
            }
            found
        });
        of_all?;
        if run.found[before..].is_empty() {
            return Ok(());
        }
        let is_list = matches!(run.comprehension.kind, ComprehensionKind::List | ComprehensionKind::Generator);
        match run.until {
            Until::End if is_list && run.found[before..].iter().all(|(one, _)| is_object(one)) => Ok(()),
            // Who asks for the first sees that it may be none.
            Until::First if run.found[before..].iter().all(|(one, _)| is_object(one)) => Ok(()),
            // It decides nothing where there is none of it, and all where there is one that does.
            Until::True | Until::False if !std::mem::take(&mut run.left) => Ok(()),
            _ => Err(doubt.among(run.found[before..].iter().flat_map(|(key, value)| [key, value]))),
        }
    }

    /// What a generator expression of one `for` makes of an element; `None` where it leaves it out.
    pub(super) fn element_of(
        &mut self,
        comprehension: &Comprehension,
        item: Value,
        frame: &Frame,
        range: Range,
    ) -> Result<Option<Value>, Doubt> {
        let [clause] = &comprehension.clauses[..] else { return Err(self.doubt(frame, range, Why::NotKnown)) };
        self.assign(&clause.target, item, frame);
        match self.takes(&clause.conditions, frame) {
            _ if self.raised.is_some() => Ok(None),
            Takes::Yes => {
                let element = self.eval(&comprehension.element, frame);
                Ok(Some(element).filter(|_| self.raised.is_none()))
            }
            Takes::No => Ok(None),
            Takes::Perhaps(doubt) => {
                let element = self.eval_under(&comprehension.element, &doubt, frame);
                Err(doubt.among([&element]))
            }
        }
    }

    /// Whether the conditions hold. Those behind one that is not known are evaluated under that doubt.
    fn takes(&mut self, conditions: &[Expr], frame: &Frame) -> Takes {
        let mut perhaps = None;
        for condition in conditions {
            let value = match &perhaps {
                Some(doubt) => self.eval_under(condition, &Doubt::clone(doubt), frame),
                None => self.eval(condition, frame),
            };
            match self.test(&value, frame, condition.range) {
                Some(true) => {}
                Some(false) => return Takes::No,
                None => {
                    perhaps.get_or_insert_with(|| self.doubt(frame, condition.range, Why::Under));
                }
            }
            if self.raised.is_some() {
                return Takes::No;
            }
        }
        perhaps.map_or(Takes::Yes, Takes::Perhaps)
    }

    /// A turn that may not be taken, or not with this element.
    fn perhaps_turn(
        &mut self,
        run: &mut Run<'_>,
        (clause, element): (&Clause, Value),
        rest: &[Clause],
        doubt: &Doubt,
        (frame, range): (&Frame, Range),
    ) {
        // Nobody else sees what it takes: it is what this turn takes for certain.
        self.assign(&clause.target, element, frame);
        self.perhaps(doubt, |interpreter| {
            if !matches!(interpreter.takes(&clause.conditions, frame), Takes::No) {
                interpreter.perhaps_found(run, rest, doubt, (frame, range));
            }
        });
    }

    /// What a turn would find that may not be taken: evaluated for what it changes.
    fn perhaps_found(&mut self, run: &mut Run<'_>, rest: &[Clause], doubt: &Doubt, (frame, range): (&Frame, Range)) {
        let mut other = Run {
            comprehension: run.comprehension,
            until: Until::End,
            found: Vec::new(),
            perhaps: Vec::new(),
            left: false,
        };
        // That it cannot be known either changes nothing.
        let _ = self.perhaps(doubt, |interpreter| interpreter.clauses(&mut other, rest, None, frame, range));
        let is_dict = run.comprehension.value.is_some();
        run.perhaps
            .extend(other.found.into_iter().flat_map(|(key, value)| [Some(key), is_dict.then_some(value)]).flatten());
        run.perhaps.append(&mut other.perhaps);
    }
}
