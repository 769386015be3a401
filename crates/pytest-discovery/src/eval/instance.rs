//! Instances of the classes of the tree: how they are made and initialized, and copied.

use std::rc::Rc;

use super::class::{Class, Instance, Payload};
use super::value::{Argument, Arguments, Binding, Doubt, Names, Partial, Source, Value};
use super::{Frame, Interpreter, stdlib};
use crate::syntax::ast::Range;

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

/// What was copied, by where it lies.
type Copies = foldhash::HashMap<*const (), Value>;

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
            super::shared::changed_for_all();
        }
        match class.is_abstract() {
            Ok(false) => {}
            Ok(true) => {
                return Some(self.fail("TypeError", "an abstract class has no instances".to_owned(), frame, range));
            }
            Err(doubt) => self.note_risk(&doubt),
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
                    Payload::Dict if class.has_external(|path| path == "collections.OrderedDict") => {
                        "collections.OrderedDict"
                    }
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

    pub(super) fn passed(&self, value: Value, frame: &Frame, range: Range) -> Argument {
        Argument { value, source: Source::of(frame, range) }
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

    /// `copy.deepcopy`.
    pub(super) fn deep_copy(&mut self, value: &Value) -> Option<Value> {
        self.copy_within(value, &mut Copies::default(), 0)
    }

    /// The same of a part: what is in it twice is in its copy twice.
    fn copy_within(&mut self, value: &Value, copies: &mut Copies, depth: u32) -> Option<Value> {
        if depth > 20 || !self.step() {
            return None;
        }
        let place = super::candidates::identity(value);
        if let Some(copy) = place.and_then(|place| copies.get(&place)) {
            return Some(copy.clone());
        }
        let copy = self.copy_once(value, copies, depth)?;
        if let Some(place) = place {
            copies.insert(place, copy.clone());
        }
        Some(copy)
    }

    fn copy_once(&mut self, value: &Value, copies: &mut Copies, depth: u32) -> Option<Value> {
        match value {
            Value::List(list) => {
                let items = list.0.borrow().clone().ok()?;
                let items: Option<Vec<Value>> =
                    items.iter().map(|item| self.copy_within(item, copies, depth + 1)).collect();
                Some(Value::list(items?))
            }
            Value::Tuple(items) => {
                let items: Option<Vec<Value>> =
                    items.iter().map(|item| self.copy_within(item, copies, depth + 1)).collect();
                Some(Value::tuple(items?))
            }
            Value::Dict(dict) => {
                let mut pairs = Vec::new();
                for (key, value) in dict.pairs()? {
                    pairs.push((key, self.copy_within(&value, copies, depth + 1)?));
                }
                Some(Value::Dict(Rc::new(super::value::Dict::new(Ok(pairs), dict.1.clone()))))
            }
            Value::Set(list) => Some(Value::set(list.0.borrow().clone().ok()?)),
            Value::Instance(instance) if instance.member.is_none() => {
                let hooks = ["__deepcopy__", "__reduce__", "__getstate__", "__setstate__", "__reduce_ex__"];
                if hooks.iter().any(|name| instance.class.in_tree(name).is_some()) {
                    return None;
                }
                let inner = self.copy_within(&instance.value, copies, depth + 1)?;
                let copy = Instance::new(&instance.class, None, inner);
                copy.doubt.replace(instance.doubt.borrow().clone());
                let held: Names = instance.attributes.borrow().clone();
                for (name, binding) in held {
                    let value = self.copy_within(&binding.value, copies, depth + 1)?;
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
