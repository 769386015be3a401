//! Expressions.

use std::rc::Rc;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::value::{Class, Doubt, Instance, Mark, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, elements, stdlib, truth};
use crate::syntax::ast::{self, BinaryOp, BoolOp, CompareOp, Constant, Expr, ExprKind, Interpolation, Range, UnaryOp};

impl Interpreter<'_> {
    pub(crate) fn expr(&mut self, expr: &Expr, frame: &Frame) -> Value {
        if !self.step() {
            return self.unknown(frame, expr.range, "the module takes too long to evaluate");
        }
        match &expr.kind {
            ExprKind::Constant(constant) => literal(constant),
            ExprKind::Name(name) => self.lookup(frame, name, expr.range),
            ExprKind::Attribute(object, name) => {
                let object = self.expr(object, frame);
                self.attribute(&object, name, frame, expr.range)
            }
            ExprKind::Subscript(object, key) => {
                let object = self.expr(object, frame);
                if let ExprKind::Slice(parts) = &key.kind {
                    return self.slice(&object, parts, frame, expr.range);
                }
                let key = self.expr(key, frame);
                self.item(&object, &key, frame, expr.range)
            }
            ExprKind::Call(call) => self.call(call, frame, expr.range),
            ExprKind::Tuple(items) => match self.items(items, frame) {
                Ok(items) => Value::Tuple(items.into()),
                Err(doubt) => Value::Unknown(doubt),
            },
            ExprKind::List(items) => {
                let items = self.items(items, frame);
                Value::List(Rc::new(super::value::List(items.into())))
            }
            ExprKind::Set(items) => {
                let items = self.items(items, frame);
                Value::Set(Rc::new(super::value::List(items.into())))
            }
            ExprKind::Dict(pairs) => self.dictionary(pairs, frame),
            ExprKind::Unary(op, operand) => {
                let operand = self.expr(operand, frame);
                self.unary(*op, &operand, frame, expr.range)
            }
            ExprKind::Binary(left, op, right) => {
                let left = self.expr(left, frame);
                let right = self.expr(right, frame);
                self.binary(&left, *op, &right, frame, expr.range)
            }
            ExprKind::Bool(op, operands) => {
                let mut last = Value::None;
                for operand in operands {
                    last = self.expr(operand, frame);
                    match truth(&last) {
                        Some(truth) if truth == (*op == BoolOp::Or) => return last,
                        Some(_) => {}
                        None => return self.unknown(frame, expr.range, self.slice_text(frame, expr.range)),
                    }
                }
                last
            }
            ExprKind::Compare(first, rest) => self.comparison(first, rest, frame, expr.range),
            ExprKind::Conditional { test, body, orelse } => match truth(&self.expr(test, frame)) {
                Some(true) => self.expr(body, frame),
                Some(false) => self.expr(orelse, frame),
                None => self.unknown(frame, expr.range, self.slice_text(frame, expr.range)),
            },
            ExprKind::Lambda(def) => Value::Function(self.function(def, frame)),
            ExprKind::Comprehension(comprehension) => self.comprehension(comprehension, frame, expr.range),
            ExprKind::Interpolated(parts) => self.interpolated(parts, frame, expr.range),
            ExprKind::Walrus(target, value) => {
                let value = self.expr(value, frame);
                self.assign(target, value.clone(), frame);
                value
            }
            ExprKind::Starred(_)
            | ExprKind::Slice(_)
            | ExprKind::Template(_)
            | ExprKind::Await(_)
            | ExprKind::Yield(_)
            | ExprKind::YieldFrom(_) => self.unknown(frame, expr.range, self.slice_text(frame, expr.range)),
        }
    }

    /// The source of an expression as a reason: `` `load_cases()` is not known``, one line, bounded.
    fn slice_text(&self, frame: &Frame, range: Range) -> String {
        let text: String = frame.module.file.slice(range).split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = text.chars().take(80).collect();
        format!("`{short}{}` is not known", if short.len() < text.len() { "..." } else { "" })
    }

    pub(super) fn not_known(&self, frame: &Frame, range: Range) -> Value {
        self.unknown(frame, range, self.slice_text(frame, range))
    }

    fn items(&mut self, items: &[Expr], frame: &Frame) -> Result<Vec<Value>, Doubt> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            if let ExprKind::Starred(inner) = &item.kind {
                let value = self.expr(inner, frame);
                let spread = elements(&value).map_err(|why| {
                    why.unwrap_or_else(|| self.doubt(frame, item.range, self.slice_text(frame, item.range)))
                })?;
                values.extend(spread);
            } else {
                values.push(self.expr(item, frame));
            }
        }
        Ok(values)
    }

    fn dictionary(&mut self, pairs: &[(Option<Expr>, Expr)], frame: &Frame) -> Value {
        let dict = Rc::new(super::value::Dict(Ok(Vec::new()).into()));
        for (key, value) in pairs {
            match key {
                Some(key) => {
                    let key_value = self.expr(key, frame);
                    let value = self.expr(value, frame);
                    if !is_scalar(&key_value) {
                        let doubt = self.doubt(frame, key.range, self.slice_text(frame, key.range));
                        *dict.0.borrow_mut() = Err(doubt);
                        break;
                    }
                    super::methods::set_item(&dict, key_value, value);
                }
                None => {
                    let spread = self.expr(value, frame);
                    let pairs = match &spread {
                        Value::Dict(other) => other.0.borrow().clone(),
                        _ => Err(self.doubt(frame, value.range, self.slice_text(frame, value.range))),
                    };
                    match pairs {
                        Ok(pairs) => {
                            pairs.into_iter().for_each(|(key, value)| super::methods::set_item(&dict, key, value))
                        }
                        Err(doubt) => *dict.0.borrow_mut() = Err(doubt),
                    }
                }
            }
        }
        Value::Dict(dict)
    }

    pub(crate) fn attribute(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> Value {
        match object {
            Value::External(path) if &**path == "pytest.mark" => Value::Mark(Rc::new(Mark {
                name: name.into(),
                args: Vec::new(),
                kwargs: Vec::new(),
                at: frame.module.file.span(range),
                doubt: None,
            })),
            Value::External(path) if &**path == "sys.platform" => {
                Value::BuiltinMethod(Rc::new((Value::str("linux"), name.into())))
            }
            Value::External(path) => external_attribute(path, name),
            Value::Namespace(path) => {
                let below = camino::Utf8Path::new(&**path).join(name);
                for file in [below.join("__init__.py"), camino::Utf8PathBuf::from(format!("{below}.py"))] {
                    if file.is_file() {
                        return self.module(&file).map_or_else(|_| self.not_known(frame, range), Value::Module);
                    }
                }
                if below.is_dir() { Value::Namespace(below.as_str().into()) } else { self.not_known(frame, range) }
            }
            Value::Module(module) => {
                if let Some(binding) = module.scope.names.borrow().get(name) {
                    return binding.value.clone();
                }
                let path = self.path_of(module);
                if path.file_name() == Some("__init__.py")
                    && let module @ Value::Module(_) = self.imported(&path, 1, name)
                {
                    return module;
                }
                self.not_known(frame, range)
            }
            Value::Class(class) if name == "__name__" => Value::str(&*class.name),
            Value::Class(class) => match class.lookup(name) {
                Ok(Some(binding)) => match member(class, name, &binding.value) {
                    Some(member) => member,
                    None => match binding.value {
                        Value::StaticMethod(function) => (*function).clone(),
                        Value::ClassMethod(_) | Value::Property => self.not_known(frame, range),
                        value => value,
                    },
                },
                _ => self.not_known(frame, range),
            },
            Value::Instance(instance) if instance.member.is_some() && (name == "value" || name == "name") => {
                if name == "name" {
                    return instance.member.as_ref().map_or(Value::None, |member| Value::str(&**member));
                }
                instance.value.clone()
            }
            Value::Function(function) if name == "__name__" => Value::str(&*function.def.name),
            Value::Str(_) | Value::List(_) | Value::Dict(_) | Value::Tuple(_) | Value::Set(_) | Value::Mark(_) => {
                if let (Value::Mark(mark), "name") = (object, name) {
                    return Value::str(&*mark.name);
                }
                Value::BuiltinMethod(Rc::new((object.clone(), name.into())))
            }
            Value::Object(held) => match held.attribute(name, self) {
                Some(value) => value,
                // A method, or what is not known of it: calling it tells.
                None => Value::BuiltinMethod(Rc::new((object.clone(), name.into()))),
            },
            Value::Unknown(doubt) => Value::Unknown(doubt.clone()),
            _ => self.not_known(frame, range),
        }
    }

    fn item(&mut self, object: &Value, key: &Value, frame: &Frame, range: Range) -> Value {
        match (object, key) {
            (Value::Object(held), key) => held.item(key).unwrap_or_else(|| self.not_known(frame, range)),
            (Value::Dict(dict), key) if is_scalar(key) => {
                let found = dict.0.borrow().as_ref().ok().and_then(|pairs| {
                    pairs.iter().find(|(one, _)| scalar_eq(one, key) == Some(true)).map(|(_, value)| value.clone())
                });
                found.unwrap_or_else(|| self.not_known(frame, range))
            }
            (Value::External(path), _) if &**path == "os.environ" => {
                match key.as_str().and_then(|key| self.env.get(key)) {
                    Some(value) => Value::str(value),
                    None => self.not_known(frame, range),
                }
            }
            (Value::External(path), Value::Int(index)) if &**path == "sys.version_info" => {
                let (major, minor) = (u32::from(self.python.major), u32::from(self.python.minor));
                match index.to_u32() {
                    Some(0) => Value::int(major),
                    Some(1) => Value::int(minor),
                    _ => self.not_known(frame, range),
                }
            }
            (Value::Class(class), key) if class.is_enum => match key.as_str() {
                Some(name) => self.attribute(object, name, frame, range),
                None => self.not_known(frame, range),
            },
            (Value::List(_) | Value::Tuple(_) | Value::Str(_), Value::Int(index)) => {
                let Ok(items) = elements(object) else { return self.not_known(frame, range) };
                let length = BigInt::from(items.len());
                let index = if index.is_negative() { index + length } else { index.clone() };
                let item = index.to_usize().and_then(|index| items.get(index).cloned());
                item.unwrap_or_else(|| self.not_known(frame, range))
            }
            (Value::Unknown(doubt), _) => Value::Unknown(doubt.clone()),
            _ => self.not_known(frame, range),
        }
    }

    fn slice(&mut self, object: &Value, parts: &[Option<Box<Expr>>; 3], frame: &Frame, range: Range) -> Value {
        let bounds: Vec<Option<Value>> =
            parts.iter().map(|part| part.as_ref().map(|part| self.expr(part, frame))).collect();
        let Ok(items) = elements(object) else { return self.not_known(frame, range) };
        let length = items.len() as i64;
        let bound = |value: &Option<Value>, default: i64| match value {
            None | Some(Value::None) => Some(default),
            Some(Value::Int(number)) => {
                number.to_i64().map(|number| if number < 0 { number.saturating_add(length) } else { number })
            }
            _ => None,
        };
        let (Some(start), Some(end), None) = (bound(&bounds[0], 0), bound(&bounds[1], length), &bounds[2]) else {
            return self.not_known(frame, range);
        };
        let clamp = |bound: i64| usize::try_from(bound.clamp(0, length)).unwrap_or(0);
        let (start, end) = (clamp(start), clamp(end));
        let part: Vec<Value> = items.get(start..end.max(start)).unwrap_or_default().to_vec();
        match object {
            Value::Tuple(_) => Value::Tuple(part.into()),
            Value::List(_) => Value::list(part),
            Value::Str(_) => Value::str(part.iter().filter_map(Value::as_str).collect::<String>()),
            _ => self.not_known(frame, range),
        }
    }

    fn unary(&mut self, op: UnaryOp, operand: &Value, frame: &Frame, range: Range) -> Value {
        match (op, operand) {
            (UnaryOp::Not, _) => match truth(operand) {
                Some(truth) => Value::Bool(!truth),
                None => self.not_known(frame, range),
            },
            (UnaryOp::Minus, Value::Int(number)) => Value::Int(-number),
            (UnaryOp::Minus, Value::Float(number)) => Value::Float(-number),
            (UnaryOp::Minus, Value::Complex(real, imaginary)) => Value::Complex(-real, -imaginary),
            (UnaryOp::Plus, Value::Int(_) | Value::Float(_)) => operand.clone(),
            (UnaryOp::Invert, Value::Int(number)) => Value::Int(!number),
            _ => self.not_known(frame, range),
        }
    }

    pub(super) fn binary(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Value {
        use BinaryOp as Op;
        let number = |value: &Value| match value {
            Value::Bool(flag) => Some(BigInt::from(u8::from(*flag))),
            Value::Int(number) => Some(number.clone()),
            _ => None,
        };
        if let (Some(one), Some(other)) = (number(left), number(right)) {
            let small = |number: &BigInt| number.to_u32().filter(|number| *number <= 4096);
            let result = match op {
                Op::Add => Some(one + other),
                Op::Sub => Some(one - other),
                Op::Mult if one.bits() + other.bits() < 10_000 => Some(one * other),
                Op::FloorDiv if !other.is_zero() && !one.is_negative() && other.is_positive() => Some(one / other),
                Op::Mod if !one.is_negative() && other.is_positive() => Some(one % other),
                Op::Pow if one.bits() <= 64 => small(&other).map(|exponent| one.pow(exponent)),
                Op::LShift => small(&other).filter(|_| one.bits() <= 4096).map(|count| one << count),
                Op::RShift => small(&other).map(|count| one >> count),
                _ => None,
            };
            return result.map_or_else(|| self.float(left, op, right, frame, range), Value::Int);
        }
        match (left, op, right) {
            (Value::Str(one), Op::Add, Value::Str(other)) => match (one.as_str(), other.as_str()) {
                (Some(one), Some(other)) if one.len() + other.len() < 1 << 20 => Value::str(format!("{one}{other}")),
                _ => self.not_known(frame, range),
            },
            (Value::Str(text), Op::Mult, Value::Int(count)) | (Value::Int(count), Op::Mult, Value::Str(text)) => {
                let count = if count.is_negative() { Some(0) } else { count.to_usize() };
                match (text.as_str(), count) {
                    (Some(text), Some(count)) if text.len().saturating_mul(count) < 1 << 20 => {
                        Value::str(text.repeat(count))
                    }
                    _ => self.not_known(frame, range),
                }
            }
            (Value::List(_), Op::Add, Value::List(_)) | (Value::Tuple(_), Op::Add, Value::Tuple(_)) => {
                match (elements(left), elements(right)) {
                    (Ok(mut one), Ok(other)) if one.len() + other.len() <= MOST_ELEMENTS => {
                        one.extend(other);
                        if matches!(left, Value::List(_)) { Value::list(one) } else { Value::Tuple(one.into()) }
                    }
                    _ => self.not_known(frame, range),
                }
            }
            (Value::List(_) | Value::Tuple(_), Op::Mult, Value::Int(count)) => match (elements(left), count.to_usize())
            {
                (Ok(items), Some(count)) if items.len().saturating_mul(count) <= MOST_ELEMENTS => {
                    let items: Vec<Value> = items.iter().cloned().cycle().take(items.len() * count).collect();
                    if matches!(left, Value::List(_)) { Value::list(items) } else { Value::Tuple(items.into()) }
                }
                _ => self.not_known(frame, range),
            },
            (Value::Float(_) | Value::Int(_), _, Value::Float(_) | Value::Int(_)) => {
                self.float(left, op, right, frame, range)
            }
            (Value::Unknown(doubt), _, _) | (_, _, Value::Unknown(doubt)) => Value::Unknown(doubt.clone()),
            _ => self.not_known(frame, range),
        }
    }

    fn float(&mut self, left: &Value, op: BinaryOp, right: &Value, frame: &Frame, range: Range) -> Value {
        let number = |value: &Value| match value {
            Value::Float(number) => Some(*number),
            // Python refuses what does not fit; within 2^53 the conversion is exact.
            Value::Int(number) => number.to_i64().filter(|number| number.abs() < 1 << 53).map(|number| number as f64),
            _ => None,
        };
        match (number(left), op, number(right)) {
            (Some(one), BinaryOp::Add, Some(other)) => Value::Float(one + other),
            (Some(one), BinaryOp::Sub, Some(other)) => Value::Float(one - other),
            (Some(one), BinaryOp::Mult, Some(other)) => Value::Float(one * other),
            (Some(one), BinaryOp::Div, Some(other)) if other != 0.0 => Value::Float(one / other),
            _ => self.not_known(frame, range),
        }
    }

    fn comparison(&mut self, first: &Expr, rest: &[(CompareOp, Expr)], frame: &Frame, range: Range) -> Value {
        let mut left = self.expr(first, frame);
        for (op, right) in rest {
            let right = self.expr(right, frame);
            match self.compare(&left, *op, &right) {
                Some(true) => left = right,
                Some(false) => return Value::Bool(false),
                None => return self.not_known(frame, range),
            }
        }
        Value::Bool(true)
    }

    fn compare(&self, left: &Value, op: CompareOp, right: &Value) -> Option<bool> {
        use std::cmp::Ordering;
        let version = |value: &Value| match value {
            Value::External(path) if &**path == "sys.version_info" => {
                Some(vec![u32::from(self.python.major), u32::from(self.python.minor)])
            }
            Value::Tuple(items) => items
                .iter()
                .map(|item| match item {
                    Value::Int(number) => number.to_u32(),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let is_version = |value: &Value| matches!(value, Value::External(path) if &**path == "sys.version_info");
        let platform = |value: &Value| match value {
            Value::External(path) if &**path == "sys.platform" => Value::str("linux"),
            other => other.clone(),
        };
        let (left, right) = (&platform(left), &platform(right));
        match op {
            CompareOp::Is | CompareOp::IsNot => {
                let same = match (left, right) {
                    (Value::None, other) | (other, Value::None) => match other {
                        Value::None => true,
                        Value::External(_) | Value::Unknown(_) => return None,
                        _ => false,
                    },
                    (Value::Bool(one), Value::Bool(other)) => one == other,
                    _ => return None,
                };
                Some(same == (op == CompareOp::Is))
            }
            CompareOp::In | CompareOp::NotIn => {
                let found = match (left.as_str(), right.as_str()) {
                    (Some(part), Some(text)) => text.contains(part),
                    _ if matches!(right, Value::Object(_)) => match right {
                        Value::Object(held) => held.contains(left)?,
                        _ => return None,
                    },
                    _ => {
                        let items = match right {
                            Value::Set(list) => list.0.borrow().clone().ok()?,
                            _ => elements(right).ok()?,
                        };
                        let answers: Vec<Option<bool>> = items.iter().map(|item| scalar_eq(item, left)).collect();
                        if answers.contains(&Some(true)) {
                            true
                        } else if answers.contains(&None) {
                            return None;
                        } else {
                            false
                        }
                    }
                };
                Some(found == (op == CompareOp::In))
            }
            CompareOp::Eq | CompareOp::NotEq if !is_version(left) && !is_version(right) => {
                Some(scalar_eq(left, right)? == (op == CompareOp::Eq))
            }
            _ => {
                let order = match (version(left), version(right)) {
                    (Some(one), Some(other)) if is_version(left) || is_version(right) => {
                        // `version_info` has five parts: what is beyond the minor release is not known.
                        let depth = one.len().min(other.len());
                        match one[..depth].cmp(&other[..depth]) {
                            // (3, 11) against (3, 11, x): the longer is the greater.
                            Ordering::Equal if is_version(left) => Ordering::Greater,
                            Ordering::Equal => Ordering::Less,
                            order => order,
                        }
                    }
                    _ => match (left, right) {
                        (Value::Int(one), Value::Int(other)) => one.cmp(other),
                        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other)?,
                        (Value::Str(_), Value::Str(_)) => left.as_str()?.cmp(right.as_str()?),
                        _ => return None,
                    },
                };
                Some(match op {
                    CompareOp::Lt => order == Ordering::Less,
                    CompareOp::LtE => order != Ordering::Greater,
                    CompareOp::Gt => order == Ordering::Greater,
                    CompareOp::GtE => order != Ordering::Less,
                    CompareOp::Eq => order == Ordering::Equal,
                    _ => order != Ordering::Equal,
                })
            }
        }
    }

    fn comprehension(&mut self, comprehension: &ast::Comprehension, frame: &Frame, range: Range) -> Value {
        let scope = super::Scope::new(super::ScopeKind::Function, Some(frame.scope.clone()));
        let inner = Frame { scope, module: frame.module.clone() };
        let mut found = Vec::new();
        if let Err(doubt) = self.clauses(comprehension, &comprehension.clauses, &inner, &mut found) {
            return Value::Unknown(doubt.unwrap_or_else(|| self.doubt(frame, range, self.slice_text(frame, range))));
        }
        match comprehension.kind {
            ast::ComprehensionKind::Dict => {
                if !found.iter().all(|(key, _)| is_scalar(key)) {
                    return self.not_known(frame, range);
                }
                let dict = Rc::new(super::value::Dict(Ok(Vec::new()).into()));
                found.into_iter().for_each(|(key, value)| super::methods::set_item(&dict, key, value));
                Value::Dict(dict)
            }
            // A generator is exhausted by its first use, which a list is not.
            ast::ComprehensionKind::Generator => Value::Tuple(found.into_iter().map(|(one, _)| one).collect()),
            ast::ComprehensionKind::List => Value::list(found.into_iter().map(|(one, _)| one).collect()),
            ast::ComprehensionKind::Set => {
                let items = found.into_iter().map(|(one, _)| one).collect();
                Value::Set(Rc::new(super::value::List(Ok(items).into())))
            }
        }
    }

    fn clauses(
        &mut self,
        comprehension: &ast::Comprehension,
        clauses: &[ast::Clause],
        frame: &Frame,
        found: &mut Vec<(Value, Value)>,
    ) -> Result<(), Option<Doubt>> {
        let Some((clause, rest)) = clauses.split_first() else {
            let key = self.expr(&comprehension.element, frame);
            let value = comprehension.value.as_ref().map_or(Value::None, |value| self.expr(value, frame));
            found.push((key, value));
            return if found.len() > MOST_ELEMENTS { Err(None) } else { Ok(()) };
        };
        if clause.is_async {
            return Err(None);
        }
        let iter = self.expr(&clause.iter, frame);
        for item in elements(&iter)? {
            if !self.step() {
                return Err(None);
            }
            self.assign(&clause.target, item, frame);
            let mut taken = true;
            for condition in &clause.conditions {
                match truth(&self.expr(condition, frame)) {
                    Some(true) => {}
                    Some(false) => {
                        taken = false;
                        break;
                    }
                    None => return Err(None),
                }
            }
            if taken {
                self.clauses(comprehension, rest, frame, found)?;
            }
        }
        Ok(())
    }

    fn interpolated(&mut self, parts: &[Interpolation], frame: &Frame, range: Range) -> Value {
        let mut text = String::new();
        for part in parts {
            match part {
                Interpolation::Literal(literal) => match literal.as_str() {
                    Some(literal) => text.push_str(literal),
                    None => return self.not_known(frame, range),
                },
                Interpolation::Value { value, conversion: None, format } if format.is_empty() => {
                    let value = self.expr(value, frame);
                    match super::methods::text_of(&value) {
                        Some(part) => text.push_str(&part),
                        None => return self.not_known(frame, range),
                    }
                }
                Interpolation::Value { .. } => return self.not_known(frame, range),
            }
        }
        Value::str(text)
    }
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

/// What `MODULE.NAME` of a library is called; well-known re-exports by one name.
pub(super) fn external_attribute(path: &str, name: &str) -> Value {
    match (path, name) {
        ("pytest", "param" | "fixture" | "mark" | "skip" | "importorskip") => Value::external(format!("pytest.{name}")),
        _ => Value::external(format!("{path}.{name}")),
    }
}

/// The enum's member of that name, if the binding is one.
pub(super) fn member(class: &Rc<Class>, name: &str, value: &Value) -> Option<Value> {
    let is_member = class.is_enum
        && !name.starts_with('_')
        && class.names.borrow().contains_key(name)
        && !matches!(
            value,
            Value::Function(_) | Value::Property | Value::StaticMethod(_) | Value::ClassMethod(_) | Value::Class(_)
        );
    is_member.then(|| {
        Value::Instance(Rc::new(Instance {
            class: class.clone(),
            member: Some(name.into()),
            value: value.clone(),
            doubt: None.into(),
        }))
    })
}

/// The members of an enum in the order of their definition, aliases left out.
pub(super) fn enum_members(class: &Rc<Class>) -> Result<Vec<Value>, Option<Doubt>> {
    let names: Vec<(Rc<str>, Value)> =
        class.names.borrow().iter().map(|(name, binding)| (name.clone(), binding.value.clone())).collect();
    let mut members: Vec<(Value, Value)> = Vec::new();
    for (name, value) in names {
        let Some(found) = member(class, &name, &value) else { continue };
        if !is_scalar(&value) {
            return Err(None);
        }
        if !members.iter().any(|(_, other)| scalar_eq(other, &value) == Some(true)) {
            members.push((found, value));
        }
    }
    Ok(members.into_iter().map(|(member, _)| member).collect())
}

/// Whether a value can be compared with others by looking at it.
pub(super) fn is_scalar(value: &Value) -> bool {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bytes(_) => true,
        Value::Tuple(items) => items.iter().all(is_scalar),
        Value::Instance(instance) => instance.member.is_some(),
        Value::Class(_) | Value::Function(_) => true,
        _ => false,
    }
}

/// Python's `==` for scalars; `None` where it is not known.
pub(crate) fn scalar_eq(one: &Value, other: &Value) -> Option<bool> {
    let number = |value: &Value| match value {
        Value::Bool(flag) => Some(BigInt::from(u8::from(*flag))),
        Value::Int(number) => Some(number.clone()),
        _ => None,
    };
    if let (Some(one), Some(other)) = (number(one), number(other)) {
        return Some(one == other);
    }
    match (one, other) {
        (Value::None, Value::None) => Some(true),
        (Value::Float(one), Value::Float(other)) => Some(one == other),
        (Value::Float(one), other) | (other, Value::Float(one)) => match number(other).and_then(|one| one.to_f64()) {
            Some(other) => Some(*one == other),
            None => is_scalar(other).then_some(false).filter(|_| !matches!(other, Value::Instance(_))),
        },
        (Value::Str(one), Value::Str(other)) => Some(one == other),
        (Value::Bytes(one), Value::Bytes(other)) => Some(one == other),
        (Value::Tuple(one), Value::Tuple(other)) => {
            if one.len() != other.len() {
                return Some(false);
            }
            let answers: Vec<_> = one.iter().zip(other.iter()).map(|(one, other)| scalar_eq(one, other)).collect();
            if answers.contains(&Some(false)) {
                Some(false)
            } else {
                answers.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        (Value::Instance(one), Value::Instance(other)) if Rc::ptr_eq(&one.class, &other.class) => {
            (one.member.is_some() && other.member.is_some()).then(|| one.member == other.member)
        }
        (Value::Class(one), Value::Class(other)) => Some(Rc::ptr_eq(one, other)),
        (Value::Function(one), Value::Function(other)) => Some(Rc::ptr_eq(one, other)),
        // A mixin makes a member equal to its value: not decided here.
        (Value::Instance(_), _) | (_, Value::Instance(_)) => None,
        (one, other) => (is_scalar(one) && is_scalar(other)).then_some(false),
    }
}

/// Whether a library's class gives its subclasses nothing that matters to an id.
pub(super) fn is_plain(path: &str) -> bool {
    stdlib::is_plain_base(path) || stdlib::is_exception(path.trim_start_matches("builtins."))
}
