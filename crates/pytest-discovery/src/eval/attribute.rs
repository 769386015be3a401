//! Reading `object.name`.

use std::rc::Rc;

use super::doubt::Why;
use super::library::NamesOfScope;
use super::value::{Binding, Class, Dict, DictKind, Doubt, Function, Instance, Module, Namespace, Raised, Value};
use super::{Frame, Interpreter, stdlib};
use crate::imports::Import;
use crate::syntax::ast::{Range, Text};

/// What looking for an attribute finds.
pub(super) enum Found {
    Value(Value),
    /// It has none of that name, for certain.
    Missing,
    Unknown(Option<Doubt>),
}

impl From<Option<Value>> for Found {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Unknown(None), Self::Value)
    }
}

impl Interpreter<'_> {
    pub(crate) fn attribute(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> Value {
        match self.find_attribute(object, name, frame, range) {
            Found::Value(value) => value,
            Found::Missing if self.raised.is_some() => self.not_known(frame, range),
            Found::Missing => self.fail("AttributeError", format!("no attribute `{name}`"), frame, range),
            Found::Unknown(Some(doubt)) => Value::Unknown(doubt),
            Found::Unknown(None) => self.not_known(frame, range),
        }
    }

    /// What a library lacks in the release that is followed may be there in another one that is installed.
    fn taken_to_be_there(&mut self, path: &str, name: &str, frame: &Frame, range: Range) {
        let text = format!("`{path}` has `{name}`");
        self.fail("AttributeError", text.clone(), frame, range);
        if let Some(raised) = self.raised.take() {
            let doubt = self.doubt(frame, range, text);
            self.may_raise(Raised { certain: true, ..raised }, &doubt, frame);
        }
    }

    /// A method that is not the tree's.
    fn method_of(&self, object: &Value, name: &str) -> Found {
        Found::Value(Value::BuiltinMethod(Rc::new((object.clone(), self.known_names.name(name)))))
    }

    pub(super) fn find_attribute(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> Found {
        match object {
            Value::Unknown(_) | Value::External(_) if matches!(name, "f_locals" | "f_globals") => {
                Found::Value(Value::Object(Rc::new(super::library::NamesOfFrame(self.importing.clone()))))
            }
            Value::External(path) if let Some(value) = self.replaced_at(path, name) => Found::Value(value),
            Value::External(path) if &**path == "pytest.mark" => self.mark_called(name, frame, range),
            Value::External(path) if &**path == "sys.version_info" => match name {
                "major" => Found::Value(Value::int(u32::from(self.python.major))),
                "minor" => Found::Value(Value::int(u32::from(self.python.minor))),
                _ => Found::Unknown(None),
            },
            Value::External(path) => match name {
                "__name__" => stdlib::name_of(path).map(Value::str).into(),
                _ if stdlib::is_container_method(path, name) => Found::Value(Value::external(format!("{path}.{name}"))),
                _ if name.starts_with("__") => {
                    if name == "__dict__" {
                        self.note_dictionary_of_library(path, frame, range);
                    }
                    Found::Unknown(None)
                }
                _ if super::library::lacks_name(path, name, self.python) => {
                    if !self.catching.is_empty() {
                        return Found::Missing;
                    }
                    self.taken_to_be_there(path, name, frame, range);
                    Found::Value(external_attribute(path, name))
                }
                _ => {
                    if super::library::may_lack_name(path, name, self.python) {
                        self.note_risk(&self.doubt(frame, range, format!("whether `{path}` has `{name}`")));
                    }
                    Found::Value(external_attribute(path, name))
                }
            },
            Value::Namespace(namespace) => self.submodule(namespace, name),
            Value::Module(module) => self.module_attribute(module, name),
            Value::Class(class) => self.class_attribute(class, name, frame, range),
            Value::Instance(instance) => self.instance_attribute(object, instance, name, frame, range),
            Value::Super(parts) => self.super_attribute(&parts.0, &parts.1, name, frame, range),
            Value::Function(function) => self.function_attribute(function, name),
            Value::Method(parts) => match (name, &parts.1) {
                ("__self__", _) => Found::Value(parts.0.clone()),
                ("__func__", _) => Found::Value(parts.1.clone()),
                (_, Value::Function(function)) => self.function_attribute(function, name),
                _ => Found::Unknown(None),
            },
            Value::Exception(exception) => match name {
                "args" => Found::Value(Value::tuple(exception.1.clone())),
                "__class__" => Found::Value(Value::external(format!("builtins.{}", exception.0))),
                "name" | "msg" | "code" | "errno" | "path" | "value" => Found::Unknown(None),
                _ if name.starts_with("__") || name == "add_note" || name == "with_traceback" => Found::Unknown(None),
                _ => Found::Missing,
            },
            Value::Mark(mark) => match name {
                "name" => Found::Value(Value::Str(Text::Utf8(mark.name.clone()))),
                "args" if mark.doubt.is_none() => {
                    Found::Value(Value::Tuple(mark.args.iter().map(|one| one.value.clone()).collect()))
                }
                "kwargs" if mark.doubt.is_none() => Found::Value(Value::dict(
                    mark.kwargs.iter().map(|(name, one)| (Value::str(&**name), one.value.clone())).collect(),
                )),
                "with_args" => self.method_of(object, name),
                "mark" => Found::Value(object.clone()),
                _ => Found::Unknown(None),
            },
            Value::ParamSet(set) if set.doubt.is_none() => match (name, &set.marks()) {
                ("values", _) => Found::Value(Value::tuple(set.values.clone())),
                ("id", _) => Found::Value(set.id.clone()),
                ("marks", Ok(marks)) => {
                    Found::Value(Value::Tuple(marks.iter().map(|mark| Value::Mark(mark.clone())).collect()))
                }
                _ => Found::Unknown(None),
            },
            Value::Partial(partial) => match name {
                "func" => Found::Value(partial.function.clone()),
                _ => Found::Unknown(None),
            },
            Value::Range(range) => match name {
                "start" => Found::Value(Value::int(range[0])),
                "stop" => Found::Value(Value::int(range[1])),
                "step" => Found::Value(Value::int(range[2])),
                "count" | "index" => self.method_of(object, name),
                _ if name.starts_with("__") => Found::Unknown(None),
                _ => Found::Missing,
            },
            Value::Slice(parts) => match name {
                "start" => Found::Value(parts[0].clone()),
                "stop" => Found::Value(parts[1].clone()),
                "step" => Found::Value(parts[2].clone()),
                _ => Found::Unknown(None),
            },
            Value::Time(time) if super::library::times::has_method(*time, name) => self.method_of(object, name),
            Value::Path(path) => match super::library::paths::attribute(path, name) {
                Some(value) => Found::Value(value),
                None => self.method_of(object, name),
            },
            Value::Regex(pattern) => match name {
                "pattern" => Found::Value(Value::Str(pattern.clone())),
                _ => self.method_of(object, name),
            },
            Value::Patch(_) if matches!(name, "start" | "stop" | "__enter__" | "__exit__") => {
                self.method_of(object, name)
            }
            Value::Property(_) => self.method_of(object, name),
            Value::Complex(real, imaginary) => match name {
                "real" => Found::Value(Value::Float(*real)),
                "imag" => Found::Value(Value::Float(*imaginary)),
                "conjugate" => self.method_of(object, name),
                _ if name.starts_with("__") => Found::Unknown(None),
                _ => Found::Missing,
            },
            Value::Str(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::View(..)
            | Value::Tuple(_)
            | Value::Set(_)
            | Value::FrozenSet(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Bool(_)
            | Value::Iterator(_)
            | Value::None => {
                if name == "__class__" {
                    return super::library::type_of(object).into();
                }
                if matches!(name, "default_factory" | "real" | "imag" | "numerator" | "denominator" | "mapping") {
                    return Found::Unknown(None);
                }
                if super::library::is_file(object) && matches!(name, "read" | "readlines" | "close" | "flush") {
                    return self.method_of(object, name);
                }
                match stdlib::has_method(object, name) {
                    Some(true) => self.method_of(object, name),
                    Some(false) => Found::Missing,
                    None => Found::Unknown(None),
                }
            }
            Value::Object(held) => match held.clone().attribute(name, self) {
                Some(value) => Found::Value(value),
                None => match held.lacks(name) {
                    Some(true) => Found::Missing,
                    // A method, or what is not known of it: calling it tells.
                    Some(false) => self.method_of(object, name),
                    None => Found::Unknown(None),
                },
            },
            Value::Unknown(doubt) => Found::Unknown(Some(self.attribute_of_one(doubt, name, frame, range))),
            _ => Found::Unknown(None),
        }
    }

    /// What lies in a namespace package has been imported by its name, or is not there.
    fn submodule(&self, namespace: &Namespace, name: &str) -> Found {
        let dotted = format!("{}.{name}", namespace.name);
        match self.sys.find(&dotted, self.imports) {
            Ok(Import::File(file)) => self.module_of(&file, &dotted).map(Value::Module).into(),
            Ok(Import::Namespace(folder)) => Found::Value(Value::namespace(&dotted, folder)),
            Ok(Import::Outside) => Found::Unknown(None),
            Err(doubt) => Found::Unknown(Some(doubt)),
        }
    }

    fn module_attribute(&mut self, module: &Rc<Module>, name: &str) -> Found {
        let bound = module.scope.names.borrow().get(name).cloned();
        if let Some(binding) = bound {
            self.reads(&binding);
            return Found::Value(binding.value);
        }
        let path = &module.path;
        match name {
            "__name__" => return Found::Value(Value::str(&*module.name)),
            "__file__" => return Found::Value(Value::str(path.as_str())),
            "__dict__" => return Found::Value(Value::Object(Rc::new(NamesOfScope::of_module(module)))),
            _ => {}
        }
        // It may be compiled, generated, or set from elsewhere; a module in a package, imported by what is not followed.
        Found::Unknown(module.open.borrow().clone())
    }

    fn class_attribute(&mut self, class: &Rc<Class>, name: &str, frame: &Frame, range: Range) -> Found {
        match name {
            "__name__" => {
                let assigned = class.renamed.borrow().clone();
                return Found::Value(assigned.unwrap_or_else(|| Value::str(&*class.name)));
            }
            "__qualname__" if !class.qualname.is_empty() => return Found::Value(Value::str(&*class.qualname)),
            "__subclasses__" => {
                return self.method_of(&Value::Class(class.clone()), name);
            }
            "__dict__" if class.metaclass.borrow().is_none() => {
                return Found::Value(Value::Object(Rc::new(super::held::NamesOfClass(class.clone()))));
            }
            "__members__" if class.is_enum => {
                return match &*class.members.borrow() {
                    Ok(members) => {
                        let pairs = members.iter().map(|(name, member)| (Value::str(&**name), member.clone()));
                        // It shows itself as no plain dictionary does.
                        let dict = Dict::new(Ok(pairs.collect()), DictKind::Ordered);
                        Found::Value(Value::Dict(Rc::new(dict)))
                    }
                    Err(doubt) => Found::Unknown(doubt.clone()),
                };
            }
            // A decorator that is not followed may have put a mark on it.
            "pytestmark" if class.open.borrow().is_some() => return Found::Unknown(class.open.borrow().clone()),
            "_fields" if class.payload() == Some(super::class::Payload::Tuple) => {
                return Found::Value(Value::Tuple(
                    super::named_tuple::tuple_fields(class).iter().map(|(name, _)| Value::str(&**name)).collect(),
                ));
            }
            _ => {}
        }
        if class.is_enum
            && let Some(member) = super::enums::member(class, name)
        {
            return Found::Value(member);
        }
        // What reads it from an instance.
        if super::named_tuple::is_tuple_field(class, name) {
            return Found::Unknown(None);
        }
        match class.lookup(name) {
            Ok(Some(binding)) => {
                if let Some(either) = self.or_inherited(class, name, &binding) {
                    return Found::Value(either);
                }
                self.reads(&binding);
                if class.is_enum && super::enums::is_member_binding(class, name, &binding.value) {
                    return Found::Unknown(binding.doubt);
                }
                match &binding.value {
                    Value::StaticMethod(function) => Found::Value((**function).clone()),
                    Value::ClassMethod(function) => {
                        Found::Value(Value::Method(Rc::new((Value::Class(class.clone()), (**function).clone()))))
                    }
                    value => match super::dataclass::class_default(value) {
                        Some(Some(default)) => Found::Value(default),
                        Some(None) => Found::Missing,
                        None => self.described(value, &Value::None, class, frame, range),
                    },
                }
            }
            Ok(None) if name.starts_with("__") || matches!(name, "mro") => Found::Unknown(None),
            Ok(None) if class.open.borrow().is_some() => Found::Unknown(class.open.borrow().clone()),
            Ok(None) => Found::Missing,
            Err(doubt) => {
                if let Some(doubt) = &doubt {
                    self.may_ask_class(class, "__getattr__", doubt);
                }
                // A method of the built-in class that it derives from.
                match class.payload() {
                    Some(super::class::Payload::Tuple) if name == "_make" => {
                        self.method_of(&Value::Class(class.clone()), name)
                    }
                    _ => Found::Unknown(doubt),
                }
            }
        }
    }

    /// A class attribute that may be a descriptor, of an object or of the class itself.
    fn described(&mut self, value: &Value, object: &Value, class: &Rc<Class>, frame: &Frame, range: Range) -> Found {
        match value {
            Value::Instance(instance) if instance.class.in_tree("__get__").is_some() => {
                self.special(value, "__get__", vec![object.clone(), Value::Class(class.clone())], frame, range).into()
            }
            other => Found::Value(other.clone()),
        }
    }

    fn instance_attribute(
        &mut self,
        object: &Value,
        instance: &Rc<Instance>,
        name: &str,
        frame: &Frame,
        range: Range,
    ) -> Found {
        let class = &instance.class;
        match name {
            "__class__" => return Found::Value(Value::Class(class.clone())),
            "__dict__" => {
                // Who has it can change the object.
                let doubt = self.doubt(frame, range, "its `__dict__` is used");
                self.taint_only(object, &doubt);
                return Found::Unknown(Some(doubt));
            }
            _ => {}
        }
        if class.in_tree("__getattribute__").is_some() {
            let found = self.special(object, "__getattribute__", vec![Value::str(name)], frame, range);
            return match self.raised.take() {
                Some(_) => Found::Unknown(None),
                None => found.into(),
            };
        }
        let on_class = class.lookup(name);
        if let Ok(Some(binding)) = &on_class
            && let Value::Property(property) = &binding.value
        {
            let own = instance.attributes.borrow().get(name).filter(|_| property.is_shadowed()).cloned();
            if let Some(own) = own {
                return Found::Value(own.value);
            }
            let getter = property.getter.clone();
            let found = Found::Value(self.call_plain(&getter, vec![object.clone()], frame, range));
            return self.or_answered(found, object, name, frame, range);
        }
        if let Ok(Some(Binding { value: value @ Value::Instance(descriptor), .. })) = &on_class
            && descriptor.class.in_tree("__set__").is_some()
        {
            let found = self.described(value, object, class, frame, range);
            return self.or_answered(found, object, name, frame, range);
        }
        if let Some(member) = &instance.member {
            match name {
                "name" | "_name_" if class.in_tree("name").is_none() => return Found::Value(Value::str(&**member)),
                "value" | "_value_" => {
                    let set = instance.attributes.borrow().get("_value_").map(|one| one.value.clone());
                    return Found::Value(set.unwrap_or_else(|| instance.value.clone()));
                }
                _ => {}
            }
        }
        // With a base that is not known only what the tree defines is certain, and that hardly.
        if on_class.is_err() && !self.has_plain_attributes(class) {
            let doubt = on_class.err().flatten();
            if class.payload().is_some() && !instance.attributes.borrow().contains_key(name) {
                return self.built_in_attribute(object, name, doubt, frame, range);
            }
            return Found::Unknown(match instance.attributes.borrow().get(name) {
                Some(own) => Some(doubt.unwrap_or_else(|| self.doubt(frame, range, Why::NotKnown)).among([&own.value])),
                None => doubt,
            });
        }
        // Too many candidates of a doubt would be tainted, and this instance with them.
        let changed = instance.doubt.borrow().clone();
        if let Some(doubt) = changed
            && !matches!(&on_class, Ok(Some(binding)) if matches!(binding.value, Value::Function(_) | Value::ClassMethod(_) | Value::StaticMethod(_)))
        {
            let own = instance.attributes.borrow();
            let inherited = on_class.as_ref().ok().and_then(Option::as_ref);
            let held = own.get(name).or(inherited).map(|binding| &binding.value);
            return Found::Unknown(Some(doubt.among(held)));
        }
        let own = instance.attributes.borrow().get(name).cloned();
        if let Some(binding) = own {
            self.reads(&binding);
            return Found::Value(binding.value);
        }
        // A field of a named tuple; its default stands in the class's body under the same name.
        let is_tuple = class.payload() == Some(super::class::Payload::Tuple) && class.doubt.borrow().is_none();
        if let Some(value) = super::named_tuple::tuple_attribute(instance, name).filter(|_| is_tuple) {
            return Found::Value(value);
        }
        if let Ok(Some(binding)) = on_class {
            if let Some(either) = self.or_inherited(class, name, &binding) {
                return Found::Value(either);
            }
            self.reads(&binding);
            return match &binding.value {
                function @ (Value::Function(_) | Value::Fixture(_)) => {
                    Found::Value(Value::Method(Rc::new((object.clone(), function.clone()))))
                }
                Value::Partial(_) if super::dataclass::class_default(&binding.value).is_some() => {
                    super::dataclass::class_default(&binding.value).flatten().map_or(Found::Missing, Found::Value)
                }
                Value::StaticMethod(_) | Value::ClassMethod(_) => self.class_attribute(class, name, frame, range),
                value => {
                    if class.is_enum && super::enums::is_member_binding(class, name, value) {
                        return self.class_attribute(class, name, frame, range);
                    }
                    let found = self.described(value, object, class, frame, range);
                    self.or_answered(found, object, name, frame, range)
                }
            };
        }
        if is_tuple && name.starts_with('_') {
            return self.method_of(object, name);
        }
        if class.payload().is_some() && !matches!(instance.value, Value::None) {
            match self.find_attribute(&instance.value.clone(), name, frame, range) {
                Found::Missing => {}
                found => return found,
            }
        }
        if class.in_tree("__getattr__").is_some() {
            return self.answered(object, name, frame, range);
        }
        if name.starts_with("__") || class.open.borrow().is_some() {
            return Found::Unknown(class.open.borrow().clone());
        }
        let known = class.is_plain() || class.payload().is_some() || class.is_enum || class.is_exception();
        if known && class.doubt.borrow().is_none() { Found::Missing } else { Found::Unknown(None) }
    }

    /// What `__getattr__` of an object answers.
    fn answered(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) -> Found {
        match self.special(object, "__getattr__", vec![Value::str(name)], frame, range) {
            // It says so itself that there is none.
            Some(_) if self.lacks_attribute() => {
                self.raised = None;
                Found::Missing
            }
            found => found.into(),
        }
    }

    /// What a property or a descriptor gave: where it says that there is no such attribute, `__getattr__` is asked.
    fn or_answered(&mut self, found: Found, object: &Value, name: &str, frame: &Frame, range: Range) -> Found {
        match object {
            Value::Instance(instance) if self.lacks_attribute() && instance.class.in_tree("__getattr__").is_some() => {
                self.raised = None;
                self.answered(object, name, frame, range)
            }
            _ => found,
        }
    }

    fn lacks_attribute(&self) -> bool {
        self.raised.as_ref().is_some_and(|raised| &*raised.class == "AttributeError")
    }

    /// Whether what is assigned to an attribute of an instance is what is read from it, whatever else its bases have.
    fn has_plain_attributes(&self, class: &Class) -> bool {
        class.doubt.borrow().is_none()
            && class.mro.iter().all(|base| match base {
                Value::Class(base) => base.doubt.borrow().is_none(),
                Value::External(path) => {
                    stdlib::is_plain_base(path)
                        || stdlib::is_value_base(path)
                        || path.strip_prefix("builtins.").is_some_and(stdlib::is_exception)
                        || matches!(&**path, "builtins.tuple" | "builtins.list" | "builtins.dict" | "typing.NamedTuple")
                }
                _ => false,
            })
    }

    fn function_attribute(&mut self, function: &Rc<Function>, name: &str) -> Found {
        let own = function.attributes.borrow().get(name).cloned();
        if let Some(binding) = own {
            self.reads(&binding);
            return Found::Value(binding.value);
        }
        match name {
            "__name__" => Found::Value(Value::str(&*function.name())),
            "__module__" => Found::Value(Value::str(&*function.module.name)),
            "__globals__" => Found::Value(Value::Object(Rc::new(NamesOfScope::of_module(&function.module)))),
            "__wrapped__" => match function.wrapped() {
                Some(inner) => Found::Value(Value::Function(inner)),
                None => Found::Missing,
            },
            "pytestmark" => {
                function.adopt_marks();
                match &function.open() {
                    Some(doubt) => Found::Unknown(Some(doubt.clone())),
                    None if function.marks.borrow().is_empty() && function.handed().is_none() => Found::Missing,
                    None => Found::Value(function.list_of_marks()),
                }
            }
            "cache_clear" => {
                self.forget_calls(function);
                Found::Unknown(None)
            }
            _ if name.starts_with("__") || name == "cache_info" => Found::Unknown(None),
            _ => match function.open() {
                Some(doubt) => Found::Unknown(Some(doubt)),
                None => Found::Missing,
            },
        }
    }

    /// What is set on an object of a library is what everybody reads from it afterwards.
    pub(super) fn put_in_library(&mut self, path: &str, name: &str, value: Value) {
        self.replaced.entry(path.into()).or_default().insert(name.into(), value);
        super::shared::changed_for_all();
    }

    /// What was set on an object of a library under that name, if anything was.
    pub(super) fn replaced_at(&self, path: &str, name: &str) -> Option<Value> {
        // Hardly any tree sets anything there.
        if self.replaced.is_empty() {
            return None;
        }
        self.replaced.get(path)?.get(name).cloned()
    }
}

/// What `MODULE.NAME` of a library is: a constant, or something by its dotted name.
pub(super) fn external_attribute(path: &str, name: &str) -> Value {
    let whole = stdlib::canonical(&[path, ".", name].concat());
    super::library::constants::constant(&whole).unwrap_or(Value::External(whole))
}
