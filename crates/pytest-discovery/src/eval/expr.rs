//! Expressions.

use std::rc::Rc;

use super::dictionary::is_key;
use super::doubt::Why;
use super::value::{Dict, DictKind, Doubt, List, Value};
use super::{Frame, Interpreter, MOST_DEPTH, MOST_TEXT};
use crate::syntax::ast::{BoolOp, Constant, Expr, ExprKind, Interpolation};

impl Interpreter<'_> {
    pub(super) fn eval(&mut self, expr: &Expr, frame: &Frame) -> Value {
        if self.raised.is_some() {
            return self.not_known(frame, expr.range);
        }
        if self.depth >= MOST_DEPTH {
            self.exhaust();
        }
        if !self.step() {
            let here = self.too_long(frame, expr.range);
            return Value::Unknown(self.exhausted.get_or_insert(here).clone());
        }
        self.depth += 1;
        let value = self.eval_kind(expr, frame);
        self.depth -= 1;
        // What is not known may have raised: an operator that its operands do not have, as well as a call.
        if self.is_watched() && self.raised.is_none() && !matches!(expr.kind, ExprKind::Name(_) | ExprKind::Constant(_))
        {
            let doubt = match &value {
                Value::Unknown(doubt) => Some(doubt.clone()),
                Value::List(list) | Value::Set(list) => list.0.borrow().as_ref().err().cloned(),
                Value::Dict(dict) => dict.0.borrow().as_ref().err().cloned(),
                _ => None,
            };
            if let Some(doubt) = doubt {
                self.note_risk(&doubt);
            }
        }
        value
    }

    fn eval_kind(&mut self, expr: &Expr, frame: &Frame) -> Value {
        match &expr.kind {
            ExprKind::Constant(constant) => literal(constant),
            ExprKind::Name(name) => self.lookup(frame, name, expr.range),
            ExprKind::Attribute(object, name) => {
                let object = self.eval(object, frame);
                self.attribute(&object, &frame.private(name), frame, expr.range)
            }
            ExprKind::Subscript(object, key) => {
                let object = self.eval(object, frame);
                if let ExprKind::Slice(parts) = &key.kind {
                    let parts = self.slice_of(parts, frame);
                    return self.slice(&object, &parts, frame, expr.range);
                }
                let key = self.eval(key, frame);
                if self.raised.is_some() {
                    return key;
                }
                self.item(&object, &key, frame, expr.range)
            }
            ExprKind::Call(call) => self.call(call, frame, expr.range),
            ExprKind::Tuple(items) => match self.items(items, frame) {
                Ok(items) => Value::Tuple(items.into()),
                Err(doubt) => Value::Unknown(doubt),
            },
            ExprKind::List(items) => {
                let items = self.items(items, frame);
                Value::List(Rc::new(List(items.into())))
            }
            ExprKind::Set(items) => {
                let items = self.items(items, frame);
                items.iter().flatten().for_each(|item| self.may_hash(item, frame, expr.range));
                let found =
                    items.and_then(|items| distinct(items).ok_or_else(|| self.doubt(frame, expr.range, Why::NotKnown)));
                Value::Set(Rc::new(List(found.into())))
            }
            ExprKind::Dict(pairs) => self.dictionary(pairs, frame),
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(operand, frame);
                self.unary(*op, &operand, frame, expr.range)
            }
            ExprKind::Binary(left, op, right) => {
                let left = self.eval(left, frame);
                let right = self.eval(right, frame);
                if self.raised.is_some() {
                    return right;
                }
                self.binary(&left, *op, &right, frame, expr.range)
            }
            ExprKind::Bool(op, operands) => self.bool_operation(*op, operands, frame),
            ExprKind::Compare(first, rest) => self.comparison(first, rest, frame, expr.range),
            ExprKind::Conditional { test, body, orelse } => {
                let value = self.eval(test, frame);
                match self.test(&value, frame, test.range) {
                    _ if self.raised.is_some() => value,
                    Some(true) => self.eval(body, frame),
                    Some(false) => self.eval(orelse, frame),
                    None => {
                        // Either is evaluated for what it changes.
                        let doubt = self.doubt(frame, test.range, Why::Under);
                        let one = self.eval_under(body, &doubt, frame);
                        let other = self.eval_under(orelse, &doubt, frame);
                        match (one, other) {
                            // Whichever it is, it is no name, string or number.
                            (Value::Opaque, Value::Opaque) => Value::Opaque,
                            (Value::Time(one), Value::Time(other)) if one == other => Value::Time(one),
                            (one, other) => {
                                Value::Unknown(self.doubt(frame, expr.range, Why::NotKnown).among([&one, &other]))
                            }
                        }
                    }
                }
            }
            ExprKind::Lambda(def) => Value::Function(self.function(def, frame)),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, frame, expr.range),
            ExprKind::Interpolated(parts) => match self.interpolated(parts, frame) {
                Ok(text) => Value::str(text),
                Err(Some(doubt)) => Value::Unknown(doubt.apart()),
                Err(None) => self.not_known(frame, expr.range),
            },
            ExprKind::Walrus(target, value) => {
                let value = self.eval(value, frame);
                if self.raised.is_none() {
                    self.assign(target, value.clone(), &around_comprehensions(frame));
                }
                value
            }
            ExprKind::Yield(value) => {
                let value = value.as_ref().map_or(Value::None, |value| self.eval(value, frame));
                self.yielded(vec![value], frame, expr)
            }
            ExprKind::YieldFrom(value) => {
                let value = self.eval(value, frame);
                self.yield_from(&value, frame, expr)
            }
            ExprKind::Slice(parts) => {
                let parts = self.slice_of(parts, frame);
                Value::Slice(Rc::new(parts))
            }
            ExprKind::Starred(_) | ExprKind::Await(_) | ExprKind::Template(_) => self.not_known(frame, expr.range),
        }
    }

    /// An expression that may not be evaluated at all: what it changes is under the doubt.
    pub(super) fn eval_under(&mut self, expr: &Expr, doubt: &Doubt, frame: &Frame) -> Value {
        self.perhaps(doubt, |interpreter| interpreter.eval(expr, frame))
            .unwrap_or_else(|| Value::Unknown(doubt.clone()))
    }

    /// What may not be evaluated at all: what it changes is under the doubt. `None` where it raises.
    pub(crate) fn perhaps<T>(&mut self, doubt: &Doubt, evaluate: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let doubts = self.begin_perhaps(doubt);
        let value = evaluate(self);
        self.end_perhaps(doubts);
        if let Some(raised) = self.raised.take() {
            self.note_risk_of(&raised, doubt);
            return None;
        }
        Some(value)
    }

    /// What is evaluated from now on may not be. What this gives ends it.
    pub(crate) fn begin_perhaps(&mut self, doubt: &Doubt) -> usize {
        let doubts = self.doubts.len();
        self.doubts.push_branch(doubt);
        doubts
    }

    /// What is evaluated from now on is again, as it was when that began.
    pub(crate) fn end_perhaps(&mut self, doubts: usize) {
        self.doubts.truncate(doubts);
    }

    /// `and` and `or`.
    fn bool_operation(&mut self, op: BoolOp, operands: &[Expr], frame: &Frame) -> Value {
        let mut last = Value::None;
        for (index, operand) in operands.iter().enumerate() {
            last = self.eval(operand, frame);
            if self.raised.is_some() || index + 1 == operands.len() {
                return last;
            }
            match self.test(&last, frame, operand.range) {
                Some(truth) if truth == (op == BoolOp::Or) => return last,
                Some(_) => {}
                None => {
                    let doubt = match &last {
                        Value::Unknown(doubt) => doubt.clone(),
                        _ => self.doubt(frame, operand.range, Why::NotKnown),
                    };
                    let mut any = vec![last];
                    // The others are evaluated for what they change.
                    for rest in &operands[index + 1..] {
                        any.push(self.eval_under(rest, &doubt, frame));
                    }
                    let (first, last) = (operands[0].range, operands[operands.len() - 1].range);
                    let whole = crate::syntax::ast::Range { start: first.start, end: last.end };
                    return Value::Unknown(self.doubt(frame, whole, Why::NotKnown).among(&any));
                }
            }
        }
        last
    }

    fn items(&mut self, items: &[Expr], frame: &Frame) -> Result<Vec<Value>, Doubt> {
        let mut values = Vec::with_capacity(items.len());
        let mut unknown = None;
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let value = self.eval(inner, frame);
                match self.iterate(&value, frame, item.range) {
                    Ok(spread) => values.extend(spread),
                    Err(doubt) => {
                        unknown.get_or_insert(doubt);
                    }
                }
                if values.len() > super::MOST_ELEMENTS.saturating_mul(4) {
                    self.exhaust();
                }
            } else {
                values.push(self.eval(item, frame));
            }
        }
        match unknown {
            None => Ok(values),
            Some(doubt) => Err(doubt.among(&values)),
        }
    }

    fn dictionary(&mut self, pairs: &[(Option<Expr>, Expr)], frame: &Frame) -> Value {
        let dict = Rc::new(Dict::new(Ok(Vec::with_capacity(pairs.len())), DictKind::Plain));
        for (key, value) in pairs {
            match key {
                Some(key) => {
                    let key_value = self.eval(key, frame);
                    self.may_hash(&key_value, frame, key.range);
                    let value = self.eval(value, frame);
                    if !is_key(&key_value) || !dict.insert(key_value, value.clone()) {
                        let doubt = self.doubt(frame, key.range, Why::NotKnown);
                        dict.forget(&doubt, [&value]);
                    }
                }
                None => {
                    let spread = self.eval(value, frame);
                    let pairs = match payload_dict(&spread) {
                        Some(other) => other.0.borrow().clone(),
                        None => Err(match spread {
                            Value::Unknown(doubt) => doubt,
                            _ => self.doubt(frame, value.range, Why::NotKnown),
                        }),
                    };
                    match pairs {
                        Ok(pairs) => {
                            self.charge(pairs.len() / 8);
                            for (key, value) in pairs {
                                dict.insert(key, value);
                            }
                        }
                        Err(doubt) => {
                            self.note_risk(&doubt);
                            dict.forget(&doubt, []);
                        }
                    }
                }
            }
        }
        Value::Dict(dict)
    }

    /// The text of an f-string's parts.
    fn interpolated(&mut self, parts: &[Interpolation], frame: &Frame) -> Result<String, Option<Doubt>> {
        let mut text = String::new();
        let mut unknown: Option<Option<Doubt>> = None;
        for part in parts {
            match part {
                Interpolation::Literal(literal) => text.push_str(literal.as_str().ok_or(None)?),
                Interpolation::Value { value, conversion, format } => {
                    let found = self.eval(value, frame);
                    if self.raised.is_some() {
                        return Err(None);
                    }
                    let spec = self.interpolated(format, frame)?;
                    match self.formatted(&found, *conversion, &spec, frame, value.range) {
                        Some(part) => text.push_str(&part),
                        None => {
                            self.ask_one_of(&found, &["__format__", "__str__", "__repr__"]);
                            unknown.get_or_insert(found.doubt().cloned());
                        }
                    }
                }
            }
            if text.len() > MOST_TEXT {
                return Err(None);
            }
        }
        unknown.map_or(Ok(text), Err)
    }

    /// A value as an f-string shows it.
    pub(super) fn formatted(
        &mut self,
        value: &Value,
        conversion: Option<char>,
        spec: &str,
        frame: &Frame,
        range: crate::syntax::ast::Range,
    ) -> Option<String> {
        let value = match conversion {
            None => value.clone(),
            Some('s') => Value::str(self.text(value, false, frame, range)?),
            // Plain texts are their own ASCII.
            Some('a') => Value::str(self.text(value, true, frame, range).filter(|text| text.is_ascii())?),
            Some(_) => Value::str(self.text(value, true, frame, range)?),
        };
        if let Value::Instance(instance) = &value {
            if instance.class.text_method("__format__").is_some() {
                let answer = self.special(&value, "__format__", vec![Value::str(spec)], frame, range)?;
                return answer.as_str().map(str::to_owned);
            }
            if instance.member.is_some() {
                return self.format_member(instance, spec, frame, range);
            }
            if instance.class.payload().is_some() && instance.class.text_method("__str__").is_none() && !spec.is_empty()
            {
                return super::format::format(&instance.value, spec);
            }
        }
        if spec.is_empty() { self.text(&value, false, frame, range) } else { super::format::format(&value, spec) }
    }
}

/// A comprehension's scope is its own, but for `:=`.
fn around_comprehensions(frame: &Frame) -> Frame {
    let mut scope = frame.scope.clone();
    while scope.is_comprehension()
        && let Some(parent) = scope.parent.clone()
    {
        scope = parent;
    }
    Frame { scope, module: frame.module.clone() }
}

/// The dictionary that a value is.
pub(super) fn payload_dict(value: &Value) -> Option<&Rc<Dict>> {
    match value {
        Value::Dict(dict) => Some(dict),
        Value::Instance(instance) if instance.member.is_none() => match &instance.value {
            Value::Dict(dict) => Some(dict),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of a set: each once. `None` where it is not known which are equal.
pub(super) fn distinct(items: Vec<Value>) -> Option<Vec<Value>> {
    let dict = Dict::new(Ok(Vec::with_capacity(items.len())), DictKind::Plain);
    for item in items {
        // The first of those that are equal stays.
        if dict.find(&item)?.is_none() {
            dict.insert(item, Value::None);
        }
    }
    let pairs = dict.0.into_inner().ok()?;
    Some(pairs.into_iter().map(|(item, _)| item).collect())
}

fn literal(constant: &Constant) -> Value {
    match constant {
        Constant::None => Value::None,
        Constant::Ellipsis => Value::Ellipsis,
        Constant::Bool(flag) => Value::Bool(*flag),
        Constant::Int(number) => Value::Int(number.clone()),
        Constant::Float(number) => Value::Float(*number),
        Constant::Imaginary(number) => Value::Complex(0.0, *number),
        Constant::Str(text) => Value::Str(text.clone()),
        Constant::Bytes(bytes) => Value::Bytes(bytes.clone()),
    }
}
