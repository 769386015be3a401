//! Instances of the tree's classes: how they are made, dataclasses and named tuples.

use std::rc::Rc;

use super::class::{Class, Instance, Payload};
use super::value::{Argument, Arguments, Binding, Doubt, Names, Partial, Source, Value};
use super::{Frame, Interpreter, elements, stdlib, truth};
use crate::syntax::ast::Range;

/// A field of a dataclass.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: Rc<str>,
    default: Option<Value>,
    factory: Option<Value>,
    /// Whether `__init__` takes it.
    init: bool,
    kw_only: bool,
    /// Whether `repr` shows it.
    pub(super) repr: bool,
    compare: bool,
    /// Handed to `__post_init__` and not kept.
    init_only: bool,
}

impl Field {
    /// What an instance has in it; its class's default where `__init__` does not take it.
    pub(super) fn held_by(&self, instance: &Instance) -> Option<Value> {
        let own = instance.attributes.borrow().get(&self.name).map(|one| one.value.clone());
        own.or_else(|| self.default.clone().filter(|_| !self.init))
    }

    /// Whether it is handed to `__post_init__`, and not kept.
    pub(super) fn is_handed(&self) -> bool {
        self.init_only
    }
}

/// How instances of a class are initialized.
enum Init {
    /// By a function of the tree.
    Function(Value),
    /// By what `dataclass` makes for this class.
    Dataclass(Rc<Class>),
    /// As exceptions are: the arguments are kept.
    Exception,
    /// Not at all.
    Nothing,
    Unknown,
}

/// The dotted name under which `__init__` of a dataclass is called.
pub(super) const DATACLASS_INIT: &str = "<dataclass>.__init__";
/// The same of an exception.
pub(super) const EXCEPTION_INIT: &str = "<exception>.__init__";

impl Interpreter<'_> {
    /// `CLASS(...)`; `None` where what it gives is not known.
    pub(super) fn instantiate(
        &mut self,
        class: &Rc<Class>,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if class.is_enum {
            return self.member_of_value(class, arguments, frame, range);
        }
        if class.doubt.borrow().is_some() || class.in_tree("__new__").is_some() {
            return None;
        }
        if class.mro.iter().any(|base| matches!(base, Value::Class(base) if base.doubt.borrow().is_some())) {
            return None;
        }
        if class.is_made_by_library() {
            let doubt = self.doubt(frame, range, "what attrs makes of its fields");
            // A converter or a validator may refuse.
            self.note_risk(&doubt);
            let instance = Instance::new(class, None, Value::None);
            instance.doubt.replace(Some(doubt));
            return class.payload().is_none().then(|| Value::Instance(Rc::new(instance)));
        }
        let is_known = self.log_handlers.iter().any(|one| Rc::ptr_eq(one, class));
        if !is_known && class.has_external(|path| path.starts_with("logging.")) {
            self.log_handlers.push(class.clone());
        }
        if class.is_abc() && !class.abstract_methods().is_empty() {
            return Some(self.fail("TypeError", "an abstract class has no instances".to_owned(), frame, range));
        }
        if class.has_external(|path| matches!(path, "typing.TypedDict" | "typing_extensions.TypedDict")) {
            let pairs = arguments.keywords.iter().map(|(name, arg)| (Value::str(&**name), arg.value.clone()));
            return arguments.positional.is_empty().then(|| Value::dict(pairs.collect()));
        }
        let value = match class.payload() {
            None => Value::None,
            Some(Payload::Tuple) if class.has_external(|path| path == "typing.NamedTuple") => {
                Value::Tuple(self.tuple_values(class, arguments)?.into())
            }
            // What `__init__` takes is not what the built-in class takes.
            Some(_) if class.in_tree("__init__").is_some() => return None,
            Some(payload) => {
                let builtin = match payload {
                    Payload::Str => "builtins.str",
                    Payload::Int => "builtins.int",
                    Payload::Float => "builtins.float",
                    Payload::Tuple => "builtins.tuple",
                    Payload::List => "builtins.list",
                    Payload::Dict => "builtins.dict",
                    Payload::Bytes | Payload::Set | Payload::Other => return None,
                };
                self.external(builtin, arguments, frame, range).filter(|value| !value.is_unknown())?
            }
        };
        let foreign = class.mro.iter().find_map(|base| match base {
            Value::External(path)
                if !stdlib::is_plain_base(path)
                    && !stdlib::is_value_base(path)
                    && class.payload().is_none()
                    && !path.strip_prefix("builtins.").is_some_and(stdlib::is_exception) =>
            {
                Some(path.clone())
            }
            _ => None,
        });
        let instance = Rc::new(Instance::new(class, None, value));
        let object = Value::Instance(instance.clone());
        if let Some(path) = foreign {
            // An object, but of what is in it nothing is known.
            if !stdlib::is_nameless_base(&path) {
                return None;
            }
            let doubt = self.doubt(frame, range, format!("its class derives from `{path}`"));
            instance.doubt.replace(Some(doubt.clone()));
            for arg in arguments.positional.iter().chain(arguments.keywords.iter().map(|(_, arg)| arg)) {
                self.taint(&arg.value, &doubt);
            }
            return Some(object);
        }
        if class.payload().is_some() {
            return Some(object);
        }
        match self.init_of(class, None) {
            Init::Function(function) => {
                if class.is_exception() {
                    self.keep_arguments(&instance, arguments);
                }
                let mut all = arguments.clone();
                all.positional.insert(0, self.passed(object.clone(), frame, range));
                let answer = self.apply(&function, all, None, frame, range);
                if let Value::Unknown(doubt) = answer {
                    instance.doubt.borrow_mut().get_or_insert(doubt);
                }
            }
            Init::Dataclass(of) => {
                if !self.dataclass_init(&instance, &of, arguments, frame, range)? {
                    instance.doubt.borrow_mut().get_or_insert_with(|| self.doubt(frame, range, "its `__post_init__`"));
                }
            }
            Init::Exception => self.keep_arguments(&instance, arguments),
            Init::Nothing if arguments.positional.is_empty() && arguments.keywords.is_empty() => {}
            Init::Nothing | Init::Unknown => return None,
        }
        Some(object)
    }

    /// What `__new__` and `__init__` of the tree change where it is not known what they make; an instance that it may be.
    pub(super) fn may_make(
        &mut self,
        class: &Rc<Class>,
        arguments: &Arguments,
        doubt: &Doubt,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if class.is_enum {
            return None;
        }
        let instance = Instance::new(class, None, Value::None);
        instance.doubt.replace(Some(doubt.clone()));
        let object = Value::Instance(Rc::new(instance));
        for (method, first) in [("__new__", Value::Class(class.clone())), ("__init__", object.clone())] {
            if let Some(Binding { value: Value::Function(function), .. }) = class.in_tree(method) {
                let mut all = arguments.clone();
                all.positional.insert(0, self.passed(first, frame, range));
                let called = Value::Function(function.clone());
                self.follow(&function, doubt, |one| one.apply(&called, all, None, frame, range));
            }
        }
        Some(object)
    }

    fn passed(&self, value: Value, frame: &Frame, range: Range) -> Argument {
        Argument { value, source: Source { file: frame.module.file.clone(), range } }
    }

    /// What initializes instances of a class, or would if the search began behind another one.
    fn init_of(&self, class: &Rc<Class>, behind: Option<&Rc<Class>>) -> Init {
        let own = Value::Class(class.clone());
        let mut searching = behind.is_none();
        for base in std::iter::once(&own).chain(&class.mro) {
            if !searching {
                searching = matches!((base, behind), (Value::Class(base), Some(behind)) if Rc::ptr_eq(base, behind));
                continue;
            }
            match base {
                Value::Class(base) => {
                    if let Some(binding) = base.names.borrow().get("__init__") {
                        return match (&binding.value, &binding.doubt) {
                            (function @ Value::Function(_), None) => Init::Function(function.clone()),
                            _ => Init::Unknown,
                        };
                    }
                    if base.dataclass.get() && base.options.get().init {
                        return Init::Dataclass(base.clone());
                    }
                }
                Value::External(path) if stdlib::is_plain_base(path) => {}
                Value::External(path) if path.strip_prefix("builtins.").is_some_and(stdlib::is_exception) => {
                    return Init::Exception;
                }
                _ => return Init::Unknown,
            }
        }
        Init::Nothing
    }

    /// `super().__init__`.
    pub(super) fn init_behind(
        &mut self,
        class: &Rc<Class>,
        behind: &Rc<Class>,
        object: &Value,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let bound = |path: &str, values: Vec<Value>| {
            let arguments = self.arguments(values, frame, range);
            Value::Partial(Rc::new(Partial { function: Value::external(path), arguments }))
        };
        match self.init_of(class, Some(behind)) {
            Init::Function(function) => Value::Method(Rc::new((object.clone(), function))),
            Init::Dataclass(of) => bound(DATACLASS_INIT, vec![object.clone(), Value::Class(of)]),
            Init::Exception => bound(EXCEPTION_INIT, vec![object.clone()]),
            Init::Nothing => Value::external("builtins.object.__init__"),
            // A base that is not known: what it sets is not known either.
            Init::Unknown => {
                let doubt = self.doubt(frame, range, "a base class that is not known sets attributes");
                if let Value::Instance(instance) = object
                    && instance.class.payload().is_none()
                {
                    instance.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
                }
                Value::Unknown(doubt)
            }
        }
    }

    /// Calls of the two above.
    pub(super) fn bound_init(
        &mut self,
        path: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let (first, rest) = arguments.positional.split_first()?;
        let Value::Instance(instance) = &first.value else { return None };
        if path == EXCEPTION_INIT {
            let rest = Arguments { positional: rest.to_vec(), keywords: arguments.keywords.clone() };
            self.keep_arguments(instance, &rest);
            return Some(Value::None);
        }
        let (second, rest) = rest.split_first()?;
        let Value::Class(of) = &second.value else { return None };
        let rest = Arguments { positional: rest.to_vec(), keywords: arguments.keywords.clone() };
        self.dataclass_init(instance, of, &rest, frame, range)?.then_some(Value::None)
    }

    fn keep_arguments(&mut self, instance: &Instance, arguments: &Arguments) {
        let args = Value::Tuple(arguments.positional.iter().map(|arg| arg.value.clone()).collect());
        self.put_attribute(instance, "args", args);
    }

    /// The `__init__` that `dataclass` makes; `None` where the arguments do not fit, false where a part is not known.
    fn dataclass_init(
        &mut self,
        instance: &Rc<Instance>,
        of: &Rc<Class>,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<bool> {
        let fields = fields(of)?;
        let mut positional = arguments.positional.iter();
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        for (field, value) in fields.iter().zip(&mut values) {
            if field.init && !field.kw_only {
                *value = positional.next().map(|arg| arg.value.clone());
            }
        }
        if positional.next().is_some() {
            return None;
        }
        for (name, arg) in &arguments.keywords {
            let at = fields.iter().position(|field| field.init && field.name == *name)?;
            if values[at].replace(arg.value.clone()).is_some() {
                return None;
            }
        }
        let mut handed = Vec::new();
        for (field, value) in fields.iter().zip(values) {
            let value = match (value, &field.default, &field.factory) {
                (Some(value), _, _) => value,
                // It stays the class's.
                (None, Some(_), _) if !field.init => continue,
                (None, Some(default), _) => default.clone(),
                (None, None, Some(factory)) => self.call_plain(&factory.clone(), Vec::new(), frame, range),
                (None, None, None) if field.init => return None,
                (None, None, None) => continue,
            };
            if field.init_only { handed.push(value) } else { self.put_attribute(instance, &field.name, value) }
        }
        let object = Value::Instance(instance.clone());
        match self.special(&object, "__post_init__", handed, frame, range) {
            Some(Value::Unknown(_)) if self.raised.is_none() => Some(false),
            _ => Some(true),
        }
    }

    fn tuple_values(&mut self, class: &Rc<Class>, arguments: &Arguments) -> Option<Vec<Value>> {
        let fields = tuple_fields(class);
        let mut positional = arguments.positional.iter();
        let mut taken = 0;
        let mut values = Vec::with_capacity(fields.len());
        for (name, default) in &fields {
            let value = positional.next().map(|arg| arg.value.clone()).or_else(|| {
                let value = arguments.keyword(name).cloned();
                taken += usize::from(value.is_some());
                value
            });
            values.push(value.or_else(|| default.clone())?);
        }
        (positional.next().is_none() && taken == arguments.keywords.len()).then_some(values)
    }

    /// `dataclasses.replace(object, ...)`.
    pub(super) fn replace(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let [Argument { value: Value::Instance(instance), .. }] = &arguments.positional[..] else { return None };
        if instance.doubt.borrow().is_some() {
            return None;
        }
        let class = instance.class.clone();
        let mut all = Arguments { positional: Vec::new(), keywords: arguments.keywords.clone() };
        for field in fields(&class)? {
            if !field.init {
                continue;
            }
            if all.keyword(&field.name).is_none() {
                if field.init_only {
                    return None;
                }
                let value = instance.attributes.borrow().get(&field.name).map(|one| one.value.clone())?;
                all.keywords.push((field.name.clone(), self.passed(value, frame, range)));
            }
        }
        self.instantiate(&class, &all, frame, range)
    }

    /// `dataclasses.asdict` and `astuple`.
    pub(super) fn fields_of(&mut self, value: &Value, as_dict: bool, depth: u32) -> Option<Value> {
        if depth > 20 || !self.step() {
            return None;
        }
        match value {
            Value::Instance(instance) if instance.member.is_none() && is_dataclass(&instance.class) => {
                if instance.doubt.borrow().is_some() {
                    return None;
                }
                let mut pairs = Vec::new();
                for field in fields_as_defined(&instance.class)?.iter().filter(|field| !field.init_only) {
                    let value = field.held_by(instance)?;
                    pairs.push((Value::str(&*field.name), self.fields_of(&value, as_dict, depth + 1)?));
                }
                Some(if as_dict {
                    Value::dict(pairs)
                } else {
                    Value::Tuple(pairs.into_iter().map(|(_, value)| value).collect())
                })
            }
            Value::List(_) | Value::Tuple(_) => {
                let items = elements(value).ok()?;
                let items: Option<Vec<Value>> =
                    items.iter().map(|item| self.fields_of(item, as_dict, depth + 1)).collect();
                Some(if matches!(value, Value::List(_)) { Value::list(items?) } else { Value::tuple(items?) })
            }
            Value::Dict(dict) => {
                let mut pairs = Vec::new();
                for (key, value) in dict.pairs()? {
                    pairs.push((key, self.fields_of(&value, as_dict, depth + 1)?));
                }
                Some(Value::dict(pairs))
            }
            other => self.deep_copy(other, depth),
        }
    }

    /// `copy.deepcopy`.
    pub(super) fn deep_copy(&mut self, value: &Value, depth: u32) -> Option<Value> {
        if depth > 20 || !self.step() {
            return None;
        }
        match value {
            Value::List(list) => {
                let items = list.0.borrow().clone().ok()?;
                let items: Option<Vec<Value>> = items.iter().map(|item| self.deep_copy(item, depth + 1)).collect();
                Some(Value::list(items?))
            }
            Value::Tuple(items) => {
                let items: Option<Vec<Value>> = items.iter().map(|item| self.deep_copy(item, depth + 1)).collect();
                Some(Value::tuple(items?))
            }
            Value::Dict(dict) => {
                let mut pairs = Vec::new();
                for (key, value) in dict.pairs()? {
                    pairs.push((key, self.deep_copy(&value, depth + 1)?));
                }
                Some(Value::Dict(Rc::new(super::value::Dict::new(Ok(pairs), dict.1.clone()))))
            }
            Value::Set(list) => Some(Value::set(list.0.borrow().clone().ok()?)),
            Value::Instance(instance) if instance.member.is_none() => {
                let hooks = ["__deepcopy__", "__reduce__", "__getstate__", "__setstate__", "__reduce_ex__"];
                if hooks.iter().any(|name| instance.class.in_tree(name).is_some()) {
                    return None;
                }
                let inner = self.deep_copy(&instance.value, depth + 1)?;
                let copy = Instance::new(&instance.class, None, inner);
                copy.doubt.replace(instance.doubt.borrow().clone());
                let held: Names = instance.attributes.borrow().clone();
                for (name, binding) in held {
                    let value = self.deep_copy(&binding.value, depth + 1)?;
                    copy.attributes.borrow_mut().insert(name, Binding { value, doubt: binding.doubt });
                }
                Some(Value::Instance(Rc::new(copy)))
            }
            Value::Iterator(_) | Value::Object(_) => None,
            // What cannot change is its own copy.
            other => Some(other.clone()),
        }
    }

    /// An object with nothing but attributes: `types.SimpleNamespace(...)`.
    pub(super) fn namespace(&mut self, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        if !arguments.positional.is_empty() {
            return None;
        }
        let base = Value::external("types.SimpleNamespace");
        let class = self.made_class("SimpleNamespace", &[base], Names::default(), Vec::new(), frame, range)?;
        let instance = Instance::new(&class, None, Value::None);
        for (name, arg) in &arguments.keywords {
            self.put_attribute(&instance, name, arg.value.clone());
        }
        Some(Value::Instance(Rc::new(instance)))
    }
}

pub(super) fn is_dataclass(class: &Class) -> bool {
    class.dataclass.get() || class.mro.iter().any(|base| matches!(base, Value::Class(base) if base.dataclass.get()))
}

/// The fields that `==` and `hash` look at.
pub(super) fn compared_fields(class: &Rc<Class>) -> Option<Vec<Field>> {
    Some(fields(class)?.into_iter().filter(|field| field.compare && !field.init_only).collect())
}

/// The fields of a dataclass in the order of its `__init__`; `None` where they are not known.
pub(super) fn fields(class: &Rc<Class>) -> Option<Vec<Field>> {
    let mut found = fields_as_defined(class)?;
    // Keyword-only fields come behind the others, where their place matters.
    found.sort_by_key(|field| field.kw_only);
    Some(found)
}

/// The same in the order of their definition.
pub(super) fn fields_as_defined(class: &Rc<Class>) -> Option<Vec<Field>> {
    let mut found: Vec<Field> = Vec::new();
    let own = Value::Class(class.clone());
    for base in class.mro.iter().rev().chain([&own]) {
        let Value::Class(base) = base else { continue };
        if !base.dataclass.get() {
            continue;
        }
        if base.doubt.borrow().is_some() {
            return None;
        }
        let mut kw_only = base.options.get().kw_only;
        for (name, annotation) in &base.annotations {
            let annotation = annotation.trim_matches(['"', '\'', ' ']);
            let head = annotation.split('[').next().unwrap_or_default().rsplit('.').next().unwrap_or_default().trim();
            match head {
                "ClassVar" => continue,
                "KW_ONLY" => {
                    kw_only = true;
                    continue;
                }
                _ => {}
            }
            let mut field = Field {
                name: name.clone(),
                default: None,
                factory: None,
                init: true,
                kw_only,
                repr: true,
                compare: true,
                init_only: head == "InitVar",
            };
            // Its own, or an attribute that a base has under that name.
            if let Some(binding) = base.in_tree(name) {
                if binding.doubt.is_some() {
                    return None;
                }
                read_default(&binding.value, &mut field)?;
            }
            match found.iter_mut().find(|one| one.name == field.name) {
                Some(old) => *old = field,
                None => found.push(field),
            }
        }
    }
    Some(found)
}

/// What a class body gives a field: a default, or `field(...)`.
fn read_default(value: &Value, field: &mut Field) -> Option<()> {
    let Some(partial) = field_call(value) else {
        if matches!(value, Value::Property(_)) {
            return None;
        }
        field.default = Some(value.clone());
        return Some(());
    };
    let flag = |name: &str, default: bool| match partial.arguments.keyword(name) {
        Some(value) => truth(value),
        None => Some(default),
    };
    let is_missing = |value: &&Value| !matches!(value, Value::External(path) if path.ends_with("MISSING"));
    field.default = partial.arguments.keyword("default").filter(is_missing).cloned();
    field.factory = partial.arguments.keyword("default_factory").filter(is_missing).cloned();
    field.init = flag("init", true)?;
    field.repr = flag("repr", true)?;
    field.compare = flag("compare", true)?;
    field.kw_only = flag("kw_only", field.kw_only)?;
    Some(())
}

/// `dataclasses.field(...)`.
fn field_call(value: &Value) -> Option<&Partial> {
    match value {
        Value::Partial(partial) if matches!(&partial.function, Value::External(path) if &**path == "dataclasses.field") => {
            Some(partial)
        }
        _ => None,
    }
}

/// What is left of `dataclasses.field(...)` as a class attribute: its default, or nothing.
pub(super) fn class_default(value: &Value) -> Option<Option<Value>> {
    field_call(value).map(|partial| partial.arguments.keyword("default").cloned())
}

/// The names of a named tuple, and their defaults.
pub(super) fn tuple_fields(class: &Class) -> Vec<(Rc<str>, Option<Value>)> {
    let own = |class: &Class| -> Vec<(Rc<str>, Option<Value>)> {
        let names = class.names.borrow();
        class.annotations.iter().map(|(name, _)| (name.clone(), names.get(name).map(|one| one.value.clone()))).collect()
    };
    if names_fields(class) {
        return own(class);
    }
    let base = class.mro.iter().find_map(|base| match base {
        Value::Class(base) if names_fields(base) => Some(own(base)),
        _ => None,
    });
    base.unwrap_or_default()
}

/// Whether the body of a class gives the fields of a named tuple.
fn names_fields(class: &Class) -> bool {
    matches!(class.mro.first(), Some(Value::External(path)) if &**path == "typing.NamedTuple")
}

/// The place of a field of a named tuple, unless a class in front of it binds the name.
fn place_of_field(class: &Class, name: &str) -> Option<usize> {
    let bases = class.mro.iter().filter_map(|base| match base {
        Value::Class(base) => Some(&**base),
        _ => None,
    });
    for class in std::iter::once(class).chain(bases) {
        if names_fields(class) {
            break;
        }
        if class.names.borrow().contains_key(name) {
            return None;
        }
    }
    tuple_fields(class).iter().position(|(one, _)| &**one == name)
}

/// Whether the name is that of a field of a named tuple.
pub(super) fn is_tuple_field(class: &Class, name: &str) -> bool {
    class.payload() == Some(Payload::Tuple) && place_of_field(class, name).is_some()
}

/// A field of a named tuple's instance, unless a class in front of it binds the name.
pub(super) fn tuple_attribute(instance: &Instance, name: &str) -> Option<Value> {
    let at = place_of_field(&instance.class, name)?;
    match &instance.value {
        Value::Tuple(items) => items.get(at).cloned(),
        _ => None,
    }
}

/// `_replace` and `_asdict` of a named tuple.
pub(super) fn tuple_method(instance: &Instance, name: &str, arguments: &Arguments) -> Option<Value> {
    let fields = tuple_fields(&instance.class);
    let Value::Tuple(items) = &instance.value else { return None };
    match name {
        "_asdict" => Some(Value::dict(
            fields.iter().zip(items.iter()).map(|((name, _), value)| (Value::str(&**name), value.clone())).collect(),
        )),
        "_replace" if arguments.positional.is_empty() => {
            let mut items = items.to_vec();
            for (name, arg) in &arguments.keywords {
                let at = fields.iter().position(|(one, _)| one == name)?;
                items[at] = arg.value.clone();
            }
            Some(Value::Instance(Rc::new(Instance::new(&instance.class, None, Value::tuple(items)))))
        }
        _ => None,
    }
}
