//! Built-in functions and classes about objects as such.

use std::rc::Rc;

use super::super::value::{Arguments, Dict, DictKind, Names, Value};
use super::super::{Frame, Interpreter, expr, stdlib};
use super::introspection::{NamesOfScope, is_callable, is_instance, is_subclass, type_of};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    pub(super) fn builtin(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "print" => return Some(Value::None),
            "sorted" => return self.sorted(arguments, frame, range),
            "min" | "max" => return self.extreme(name == "max", arguments, frame, range),
            "zip" => return self.zip(arguments, frame, range),
            "enumerate" | "sum" | "int" | "str" | "pow" | "round" => {}
            "dict" => return self.new_dict(arguments, frame, range),
            "dict.fromkeys" => return self.new_dict_of_keys(arguments, frame, range),
            "open" => {
                let path = super::paths::text_of(arguments.get(0, "file")?)?.to_owned();
                return self.opened(&path, arguments, 1);
            }
            "super" => return self.super_call(arguments, frame),
            "type" if arguments.positional.len() == 3 => return self.new_type(arguments, frame, range),
            _ if !arguments.keywords.is_empty() => return None,
            _ => {}
        }
        let values: Vec<&Value> = arguments.positional.iter().map(|arg| &arg.value).collect();
        if let Some(found) = self.objects(name, &values, frame, range) {
            return found;
        }
        if let Some(found) = super::numbers::builtin(name, arguments) {
            return match found {
                Ok(value) => Some(value),
                Err(message) => Some(self.fail("ValueError", message, frame, range)),
            };
        }
        self.iterables(name, arguments, &values, frame, range)
    }

    /// Functions about objects as such; `Some(None)` where the answer is not known.
    fn objects(&mut self, name: &str, values: &[&Value], frame: &Frame, range: Range) -> Option<Option<Value>> {
        let flag = |answer: Option<bool>| Some(answer.map(Value::Bool));
        match (name, values) {
            ("isinstance", [value, class]) => {
                self.may_ask_metaclasses(class, "__instancecheck__", frame, range);
                flag(is_instance(value, class))
            }
            ("issubclass", [class, other]) => {
                self.may_ask_metaclasses(other, "__subclasscheck__", frame, range);
                flag(is_subclass(class, other))
            }
            ("callable", [value]) => flag(is_callable(value)),
            ("type", [value]) => Some(type_of(value)),
            ("bool", []) => Some(Some(Value::Bool(false))),
            ("bool", [value]) => flag(self.test(value, frame, range)),
            ("repr", [value]) => Some(self.text(value, true, frame, range).map(Value::str)),
            ("ascii", [value]) => {
                Some(self.text(value, true, frame, range).filter(|text| text.is_ascii()).map(Value::str))
            }
            ("format", [value]) => Some(self.formatted(value, None, "", frame, range).map(Value::str)),
            ("format", [value, spec]) => {
                Some(spec.as_str().and_then(|spec| self.formatted(value, None, spec, frame, range)).map(Value::str))
            }
            ("getattr", [object, name, default @ ..]) if name.as_str().is_none() && default.len() < 2 => {
                Some(Some(self.attribute_in_doubt(object, default, frame, range)))
            }
            ("getattr", [object, name]) => Some(name.as_str().map(|name| self.attribute(object, name, frame, range))),
            ("getattr", [object, name, default]) => {
                Some(name.as_str().and_then(|name| self.attribute_or(object, name, default, frame, range)))
            }
            ("hasattr", [object, name]) => {
                let found = name.as_str().and_then(|name| self.has_attribute(object, name, frame, range));
                Some(found.map(Value::Bool))
            }
            ("setattr", [object, name, value]) => match name.as_str() {
                Some(name) => {
                    self.set_attribute(object, name, (*value).clone(), frame, range);
                    Some(Some(Value::None))
                }
                None => {
                    let doubt = self.doubt(frame, range, "an attribute whose name is not known");
                    self.taint(object, &doubt);
                    Self::has_other_names(object, &doubt);
                    Self::has_other_data(object, &doubt);
                    Some(Some(Value::None))
                }
            },
            ("delattr", [holder @ (Value::Module(_) | Value::Class(_)), name]) if name.as_str().is_some() => {
                self.delete_attribute(holder, name.as_str().unwrap_or_default(), frame, range);
                Some(Some(Value::None))
            }
            ("delattr", [holder, _]) => {
                let doubt = self.doubt(frame, range, "a name of it is deleted");
                Self::has_other_names(holder, &doubt);
                None
            }
            ("vars", [Value::Module(module)]) => Some(Some(Value::Object(Rc::new(NamesOfScope::of_module(module))))),
            ("vars", [Value::Class(class)]) => {
                Some(Some(Value::Object(Rc::new(super::super::held::NamesOfClass(class.clone())))))
            }
            ("vars", [Value::External(path)]) => {
                self.note_dictionary_of_library(path, frame, range);
                None
            }
            ("globals", []) => Some(Some(Value::Object(Rc::new(NamesOfScope::of_module(&frame.module))))),
            ("locals" | "vars", []) if Rc::ptr_eq(&frame.scope, &frame.module.scope) => {
                Some(Some(Value::Object(Rc::new(NamesOfScope::of_module(&frame.module)))))
            }
            ("locals" | "vars", []) if frame.scope.kind == super::super::value::ScopeKind::Class => {
                let names = NamesOfScope { module: frame.module.clone(), scope: frame.scope.clone() };
                Some(Some(Value::Object(Rc::new(names))))
            }
            ("vars", [Value::Instance(instance)]) if instance.doubt.borrow().is_none() && instance.class.is_plain() => {
                Some(Some(self.vars_of(instance, frame, range)))
            }
            ("exec" | "eval", [code, names @ ..]) => {
                self.run_text(code, names.first().copied(), frame, range);
                Some(None)
            }
            ("object", []) => Some(Some(Value::Opaque)),
            ("bytearray" | "memoryview", _) => Some(Some(Value::Opaque)),
            ("property", [getter]) => Some(Some(super::super::define::property((*getter).clone()))),
            ("staticmethod", [function]) => Some(Some(Value::StaticMethod(Rc::new((*function).clone())))),
            ("classmethod", [function]) => Some(Some(Value::ClassMethod(Rc::new((*function).clone())))),
            ("slice", [stop]) => Some(Some(Value::Slice(Rc::new([Value::None, (*stop).clone(), Value::None])))),
            ("slice", [start, stop]) => {
                Some(Some(Value::Slice(Rc::new([(*start).clone(), (*stop).clone(), Value::None]))))
            }
            ("slice", [start, stop, step]) => {
                Some(Some(Value::Slice(Rc::new([(*start).clone(), (*stop).clone(), (*step).clone()]))))
            }
            ("str.join", [text, items]) => {
                let given = self.arguments(vec![(*items).clone()], frame, range);
                Some(
                    text.as_str()
                        .map(str::to_owned)
                        .and_then(|text| self.string_method(&text, "join", &given, frame, range)),
                )
            }
            // A method of a built-in class, with its object as first argument.
            (name, [object, rest @ ..]) if name.contains('.') => {
                Some(self.method_of_built_in(name, object, rest, frame, range))
            }
            _ => None,
        }
    }

    /// `list.append(object, ...)`.
    fn method_of_built_in(
        &mut self,
        name: &str,
        object: &Value,
        rest: &[&Value],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let (class, method) = name.split_once('.')?;
        if is_instance(object, &Value::external(format!("builtins.{class}"))) != Some(true) {
            return None;
        }
        // Not what a class that derives from it has under that name.
        let value = match object {
            Value::Instance(instance) => instance.class.payload_value(instance)?,
            other => other.clone(),
        };
        if method.starts_with("__") && stdlib::has_method(&value, method) != Some(true) {
            return None;
        }
        let given = self.arguments(rest.iter().map(|one| (*one).clone()).collect(), frame, range);
        let found = self.attribute(&value, method, frame, range);
        Some(self.apply(&found, given, None, frame, range))
    }

    /// `getattr(object, name)` with a name that is not known.
    fn attribute_in_doubt(&mut self, object: &Value, default: &[&Value], frame: &Frame, range: Range) -> Value {
        let doubt = self.doubt(frame, range, "an attribute whose name is not known");
        self.note_risk(&doubt);
        let doubt = doubt.among(default.iter().copied());
        self.any_attribute(object, &doubt)
    }

    /// The pairs of `dict(...)` and `update(...)`.
    pub(super) fn pairs_of(
        &mut self,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Vec<(Value, Value)>> {
        let mut pairs = match &arguments.positional[..] {
            [] => Vec::new(),
            [one] => match expr::payload_dict(&one.value) {
                Some(dict) => dict.pairs()?,
                None => {
                    let mut pairs = Vec::new();
                    for item in self.iterate(&one.value, frame, range).ok()? {
                        let [key, value] = &self.iterate(&item, frame, range).ok()?[..] else { return None };
                        pairs.push((key.clone(), value.clone()));
                    }
                    pairs
                }
            },
            _ => return None,
        };
        pairs.extend(arguments.keywords.iter().map(|(name, arg)| (Value::str(&**name), arg.value.clone())));
        Some(pairs)
    }

    fn new_dict(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let pairs = self.pairs_of(arguments, frame, range)?;
        dict_of(pairs, DictKind::Plain)
    }

    pub(super) fn new_dict_of_keys(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let keys = self.iterate(arguments.get(0, "iterable")?, frame, range).ok()?;
        let value = arguments.get(1, "value").cloned().unwrap_or(Value::None);
        dict_of(keys.into_iter().map(|key| (key, value.clone())).collect(), DictKind::Plain)
    }

    fn super_call(&mut self, arguments: &Arguments, frame: &Frame) -> Option<Value> {
        match &arguments.plain()?[..] {
            [] => self.zero_super(frame),
            [Value::Class(class), object] => Some(Value::Super(Rc::new((class.clone(), (*object).clone())))),
            _ => None,
        }
    }

    fn new_type(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let [name, Value::Tuple(bases), Value::Dict(dict)] = &arguments.plain()?[..] else { return None };
        let known = |base: &Value| match base {
            Value::Class(_) => true,
            Value::External(path) => !stdlib::is_enum(path) && !path.starts_with("typing."),
            _ => false,
        };
        if !bases.iter().all(known) {
            return None;
        }
        let mut names = Names::default();
        for (key, value) in dict.pairs()? {
            names.insert(key.as_str()?.into(), super::super::Binding { value, doubt: None });
        }
        let class = self.made_class(name.as_str()?, bases, names, Vec::new(), frame, range)?;
        self.announce(&class, &[], frame, range);
        Some(Value::Class(class))
    }
}

/// A dictionary of pairs, later ones over earlier ones.
pub(super) fn dict_of(pairs: Vec<(Value, Value)>, kind: DictKind) -> Option<Value> {
    let dict = Dict::new(Ok(Vec::with_capacity(pairs.len())), kind);
    for (key, value) in pairs {
        if !dict.insert(key, value) {
            return None;
        }
    }
    Some(Value::Dict(Rc::new(dict)))
}
