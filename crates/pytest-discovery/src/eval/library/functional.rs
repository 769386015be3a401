//! `functools`, `operator`, `collections`, `copy`, `types`, `typing` and `contextlib`.

use std::rc::Rc;

use super::super::compare::integer;
use super::super::memo::{self, Memo};
use super::super::value::{Arguments, DictKind, Names, Partial, Value};
use super::super::{Binding, Frame, Interpreter, stdlib, truth};
use super::builtins::dict_of;
use crate::syntax::ast::{BinaryOp, CompareOp, Range, UnaryOp};

impl Interpreter<'_> {
    pub(super) fn functional(
        &mut self,
        module: &str,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match module {
            "functools" => self.functools(name, arguments, frame, range),
            "operator" => self.operator(name, arguments, frame, range),
            "collections" => self.collections(name, arguments, frame, range),
            "copy" => {
                let [one] = &arguments.plain()?[..] else { return None };
                match name {
                    "deepcopy" => self.deep_copy(one),
                    "copy" => self.shallow_copy(one),
                    _ => None,
                }
            }
            "types" if name == "SimpleNamespace" => self.namespace(arguments, frame, range),
            "types" if name == "MappingProxyType" => match &arguments.plain()?[..] {
                [Value::Dict(_)] => Some(Value::Opaque),
                _ => None,
            },
            "typing" => match name {
                "cast" => arguments.get(1, "val").cloned(),
                "TYPE_CHECKING" => None,
                // Their `__name__` is the first argument.
                "NamedTuple" => self.named_tuple_of_pairs(arguments, frame, range),
                "final" | "override" | "overload" | "no_type_check" | "runtime_checkable" => {
                    arguments.positional.first().map(|arg| arg.value.clone())
                }
                _ => None,
            },
            _ if stdlib::is_transparent(&format!("{module}.{name}")) => match &arguments.positional[..] {
                [one] if matches!(one.value, Value::Function(_)) => Some(one.value.clone()),
                _ => Some(Value::Transparent),
            },
            _ => None,
        }
    }

    fn shallow_copy(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::List(list) => Some(Value::list(list.0.borrow().clone().ok()?)),
            Value::Dict(dict) => {
                Some(Value::Dict(Rc::new(super::super::value::Dict::new(Ok(dict.pairs()?), dict.1.clone()))))
            }
            Value::Set(list) => Some(Value::set(list.0.borrow().clone().ok()?)),
            Value::Instance(instance) if instance.member.is_none() => {
                if ["__copy__", "__reduce__", "__getstate__", "__setstate__"]
                    .iter()
                    .any(|name| instance.class.in_tree(name).is_some())
                {
                    return None;
                }
                let inner = self.shallow_copy(&instance.value)?;
                let copy = super::super::class::Instance::new(&instance.class, None, inner);
                copy.attributes.replace(instance.attributes.borrow().clone());
                copy.doubt.replace(instance.doubt.borrow().clone());
                Some(Value::Instance(Rc::new(copy)))
            }
            Value::Iterator(_) | Value::Object(_) | Value::Unknown(_) => None,
            other => Some(other.clone()),
        }
    }

    fn functools(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "partial" => {
                let (function, rest) = arguments.positional.split_first()?;
                Some(Value::Partial(Rc::new(Partial {
                    function: function.value.clone(),
                    arguments: Arguments { positional: rest.to_vec(), keywords: arguments.keywords.clone() },
                })))
            }
            "wraps" => {
                let function = &arguments.positional.first()?.value;
                // The decorator keeps what it gets.
                Some(match function {
                    Value::Function(_) | Value::Class(_) | Value::External(_) | Value::Unknown(_) => {
                        Value::Wraps(Rc::new(function.clone()))
                    }
                    Value::Method(method) => Value::Wraps(Rc::new(method.1.clone())),
                    _ => Value::Transparent,
                })
            }
            "update_wrapper" => match &arguments.plain()?[..] {
                [wrapper @ (Value::Function(_) | Value::Instance(_)), inner @ Value::Function(_)] => {
                    self.wrap(wrapper, inner);
                    Some((*wrapper).clone())
                }
                _ => None,
            },
            "reduce" => {
                let [function, items, rest @ ..] = &arguments.plain()?[..] else { return None };
                let mut items = self.iterate(items, frame, range).ok()?.into_iter();
                let mut total = match rest {
                    [start] => (*start).clone(),
                    _ => items.next()?,
                };
                for item in items {
                    total = self.call_plain(function, vec![total, item], frame, range);
                }
                (!total.is_unknown()).then_some(total)
            }
            "total_ordering" => match &arguments.plain()?[..] {
                [class @ Value::Class(_)] => Some((*class).clone()),
                _ => None,
            },
            "lru_cache" | "cache" => match &arguments.positional[..] {
                [one] if matches!(one.value, Value::Function(_)) => {
                    let memo = Memo::of_calls(arguments.keyword("maxsize"), arguments.keyword("typed"));
                    Some(memo::remembering(&one.value, memo))
                }
                // The decorator itself, with its arguments.
                given => {
                    let named = ["maxsize", "typed"].into_iter().zip(given);
                    let keywords = named
                        .map(|(name, one)| (name.into(), one.clone()))
                        .chain(arguments.keywords.iter().cloned())
                        .collect();
                    let arguments = Arguments { positional: Vec::new(), keywords };
                    Some(Value::Partial(Rc::new(Partial {
                        function: Value::external("functools.lru_cache"),
                        arguments,
                    })))
                }
            },
            _ => None,
        }
    }

    fn operator(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let values = arguments.plain()?;
        if matches!(name, "itemgetter" | "attrgetter" | "methodcaller") {
            return Some(Value::Partial(Rc::new(Partial {
                function: Value::external(format!("operator.<{name}>")),
                arguments: arguments.clone(),
            })));
        }
        if matches!(name, "<itemgetter>" | "<attrgetter>" | "<methodcaller>") {
            let (object, keys) = values.split_last()?;
            if name == "<methodcaller>" {
                let (method, rest) = keys.split_first()?;
                let method = self.attribute(object, method.as_str()?, frame, range);
                let args = rest.iter().map(|one| (*one).clone()).collect();
                return Some(self.call_plain(&method, args, frame, range));
            }
            let mut found = Vec::new();
            for key in keys {
                if name == "<itemgetter>" {
                    found.push(self.item(object, key, frame, range));
                    continue;
                }
                let mut value = (*object).clone();
                for part in key.as_str()?.split('.') {
                    value = self.attribute(&value, part, frame, range);
                }
                found.push(value);
            }
            return if found.len() == 1 { found.pop() } else { Some(Value::tuple(found)) };
        }
        let op = match name {
            "add" | "concat" => Some(BinaryOp::Add),
            "sub" => Some(BinaryOp::Sub),
            "mul" => Some(BinaryOp::Mult),
            "truediv" => Some(BinaryOp::Div),
            "floordiv" => Some(BinaryOp::FloorDiv),
            "mod" => Some(BinaryOp::Mod),
            "pow" => Some(BinaryOp::Pow),
            "and_" => Some(BinaryOp::BitAnd),
            "or_" => Some(BinaryOp::BitOr),
            "xor" => Some(BinaryOp::BitXor),
            "lshift" => Some(BinaryOp::LShift),
            "rshift" => Some(BinaryOp::RShift),
            _ => None,
        };
        if let ([one, other], Some(op)) = (&values[..], op) {
            return Some(self.binary(one, op, other, frame, range));
        }
        let compare = match name {
            "eq" => Some(CompareOp::Eq),
            "ne" => Some(CompareOp::NotEq),
            "lt" => Some(CompareOp::Lt),
            "le" => Some(CompareOp::LtE),
            "gt" => Some(CompareOp::Gt),
            "ge" => Some(CompareOp::GtE),
            "is_" => Some(CompareOp::Is),
            "is_not" => Some(CompareOp::IsNot),
            _ => None,
        };
        if let ([one, other], Some(op)) = (&values[..], compare) {
            return self.compare(one, op, other, frame, range).map(Value::Bool);
        }
        match (name, &values[..]) {
            ("neg", [one]) => Some(self.unary(UnaryOp::Minus, one, frame, range)),
            ("pos", [one]) => Some(self.unary(UnaryOp::Plus, one, frame, range)),
            ("not_", [one]) => Some(self.unary(UnaryOp::Not, one, frame, range)),
            ("truth", [one]) => self.test(one, frame, range).map(Value::Bool),
            ("contains", [one, other]) => self.contains(other, one, frame, range).map(Value::Bool),
            ("getitem", [one, other]) => Some(self.item(one, other, frame, range)),
            _ => None,
        }
    }

    fn collections(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "OrderedDict" => {
                let pairs = self.pairs_of(arguments, frame, range)?;
                dict_of(pairs, DictKind::Ordered)
            }
            "defaultdict" => {
                let mut rest = arguments.clone();
                let factory = if rest.positional.is_empty() { Value::None } else { rest.positional.remove(0).value };
                let pairs = self.pairs_of(&rest, frame, range)?;
                dict_of(pairs, DictKind::Default(factory))
            }
            "Counter" => {
                let counted = match &arguments.plain()?[..] {
                    [] => Vec::new(),
                    [Value::Dict(dict)] => dict.pairs()?,
                    [items] => {
                        let mut counted: Vec<(Value, Value)> = Vec::new();
                        for item in self.iterate(items, frame, range).ok()? {
                            let mut at = None;
                            for (index, (one, _)) in counted.iter().enumerate() {
                                if self.equals(one, &item, frame, range)? {
                                    at = Some(index);
                                    break;
                                }
                            }
                            self.charge(counted.len() / 8);
                            match at.and_then(|at| counted.get_mut(at)) {
                                Some((_, count)) => *count = Value::Int(integer(count)? + 1),
                                None => counted.push((item, Value::int(1))),
                            }
                        }
                        counted
                    }
                    _ => return None,
                };
                dict_of(counted, DictKind::Counter)
            }
            "namedtuple" => self.named_tuple(arguments, frame, range),
            _ => None,
        }
    }

    fn named_tuple(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        if !arguments.only(&["typename", "field_names", "defaults", "module"]) {
            return None;
        }
        let name = arguments.get(0, "typename")?.as_str()?.to_owned();
        let fields = arguments.get(1, "field_names")?;
        let fields: Vec<Rc<str>> = match fields.as_str() {
            Some(text) => text.replace(',', " ").split_whitespace().map(Into::into).collect(),
            None => {
                let items = self.iterate(fields, frame, range).ok()?;
                items.iter().map(|item| item.as_str().map(Into::into)).collect::<Option<_>>()?
            }
        };
        let defaults = match arguments.keyword("defaults") {
            None | Some(Value::None) => Vec::new(),
            Some(defaults) => self.iterate(defaults, frame, range).ok()?,
        };
        let from = fields.len().checked_sub(defaults.len())?;
        let mut names = Names::default();
        for (field, value) in fields.iter().skip(from).zip(defaults) {
            names.insert(field.clone(), Binding { value, doubt: None });
        }
        let base = Value::external("typing.NamedTuple");
        self.made_class(&name, &[base], names, fields, frame, range).map(Value::Class)
    }

    /// `typing.NamedTuple("NAME", [("field", type), ...])`.
    fn named_tuple_of_pairs(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let [name, pairs] = &arguments.plain()?[..] else { return None };
        let mut fields: Vec<Rc<str>> = Vec::new();
        for pair in self.iterate(pairs, frame, range).ok()? {
            fields.push(self.iterate(&pair, frame, range).ok()?.first()?.as_str()?.into());
        }
        let base = Value::external("typing.NamedTuple");
        self.made_class(name.as_str()?, &[base], Names::default(), fields, frame, range).map(Value::Class)
    }
}

/// Whether a flag is set, where it is given.
pub(super) fn flag(arguments: &Arguments, name: &str, default: bool) -> Option<bool> {
    arguments.keyword(name).map_or(Some(default), truth)
}
