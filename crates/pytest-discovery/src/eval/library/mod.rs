//! What calls of the standard library give, by the dotted name of what is called.

mod builtins;
pub(super) mod constants;
mod containers;
mod files;
mod functional;
mod introspection;
mod iterables;
mod itertools;
mod json;
mod listings;
mod numbers;
pub(super) mod paths;
mod presence;
mod refusals;
mod special;
mod strings;
pub(super) mod times;
mod yaml;

pub(super) use files::{ReadBefore, is_file};
pub(super) use introspection::{NamesOfFrame, NamesOfScope, is_callable, type_of};
pub(super) use presence::{
    is_below_plain_module, is_of_python_2, lacks_module, lacks_name, may_lack_module, may_lack_name,
};

use std::rc::Rc;

use super::class::DataclassOptions;
use super::doubt::Why;
use super::patching::Patch;
use super::value::{Arguments, Binding, Partial, Value};
use super::{Frame, Interpreter, stdlib, truth};
use crate::syntax::ast::Range;

impl Interpreter<'_> {
    /// A function of a library whose result is known; `None` where it is not.
    pub(super) fn external(&mut self, path: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        if let Some(name) = path.strip_prefix("builtins.") {
            if stdlib::is_exception(name) {
                let args = arguments.positional.iter().map(|arg| arg.value.clone()).collect();
                return Some(Value::Exception(Rc::new((name.into(), args))));
            }
            if name == "__import__" {
                return self.import_builtin(arguments, frame, range);
            }
            return self.builtin(name, arguments, frame, range);
        }
        if path == "sys.path.insert" {
            self.insert_path(arguments, frame, range);
            return Some(Value::None);
        }
        let time = times::made_by(path);
        if (time.is_some() || stdlib::is_opaque_constructor(path)) && refusals::may_refuse(path, arguments) {
            self.note_risk(&self.doubt(frame, range, Why::NotKnown));
        }
        if let Some(time) = time {
            return Some(Value::Time(time));
        }
        if stdlib::is_opaque_constructor(path) {
            if path.starts_with("unittest.mock.") && may_have_name(path, arguments) {
                return None;
            }
            return Some(Value::Opaque);
        }
        if path == "logging.getLogger" {
            return Some(Value::external(stdlib::LOGGER));
        }
        if stdlib::gives_none(path) {
            self.logged(path, frame, range);
            return Some(Value::None);
        }
        if stdlib::is_attrs(path) {
            // Without an `__init__` it is what it was before.
            if arguments.keyword("init").is_some_and(|init| truth(init) != Some(true)) {
                return None;
            }
            return match arguments.positional.first().map(|arg| &arg.value) {
                Some(value @ Value::Class(class)) => {
                    class.made_by_library.set(true);
                    Some(value.clone())
                }
                Some(_) => None,
                None => Some(Value::external("attrs.<class>")),
            };
        }
        let (module, name) = path.rsplit_once('.')?;
        match module {
            "itertools" => self.itertools(name, arguments, frame, range),
            "itertools.chain" if name == "from_iterable" => self.chain_from(arguments, frame, range),
            "pytest.MonkeyPatch" if name == "context" => Some(super::patching::monkey_patch()),
            "inspect" if matches!(name, "getmembers" | "getmembers_static") => self.members_of(arguments, frame, range),
            "abc" if name == "abstractmethod" => match &arguments.positional[..] {
                [function] => {
                    super::define::set_abstract(&function.value);
                    Some(function.value.clone())
                }
                _ => None,
            },
            "abc" if name == "update_abstractmethods" => match &arguments.plain()?[..] {
                [class @ Value::Class(_)] => Some((*class).clone()),
                _ => None,
            },
            "functools" | "operator" | "collections" | "copy" | "types" | "typing" | "abc" | "contextlib" => {
                self.functional(module, name, arguments, frame, range)
            }
            "dataclasses" => self.dataclasses(name, arguments, frame, range),
            "enum" => match name {
                "auto" if arguments.positional.is_empty() => Some(Value::external(super::enums::AUTO)),
                "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" => {
                    self.enum_from_call(path, arguments, frame, range)
                }
                "unique" => {
                    let class = arguments.positional.first()?.value.clone();
                    if super::enums::has_alias(&class) {
                        return Some(self.fail(
                            "ValueError",
                            "an enum with two names for a member".to_owned(),
                            frame,
                            range,
                        ));
                    }
                    Some(class)
                }
                _ => None,
            },
            "pytest" => self.pytest(name, arguments, frame, range),
            "hypothesis" => match name {
                "given" => Some(Value::Partial(Rc::new(Partial {
                    function: Value::external(super::drawing::GIVEN),
                    arguments: arguments.clone(),
                }))),
                _ => stdlib::is_transparent(path).then_some(Value::Transparent),
            },
            "hypothesis.<given>" => None,
            "math" | "json" | "re" | "textwrap" | "string" => self.numbers(module, name, arguments),
            "yaml" if name == "safe_load" => match &arguments.plain()?[..] {
                [stream] => {
                    let text = match stream {
                        Value::Str(text) => text.as_str()?.to_owned(),
                        file => self.rest_of_file(file)?,
                    };
                    self.yaml(&text)
                }
                _ => None,
            },
            "sys" if name == "exit" => Some(self.outcome("SystemExit", frame, range)),
            "glob" | "os" | "os.path" | "pathlib" | "os.environ" | "shutil" | "platform" | "sys" => {
                self.system(module, name, arguments, frame, range)
            }
            "io" if name == "open" => self.builtin("open", arguments, frame, range),
            "sysconfig" if name == "get_config_var" => match arguments.get(0, "name")?.as_str()? {
                // CPython with its lock, which the variable says from 3.13 on.
                "Py_GIL_DISABLED" if self.python >= (crate::PythonVersion { major: 3, minor: 13 }) => {
                    Some(Value::int(0))
                }
                "Py_GIL_DISABLED" => Some(Value::None),
                _ => None,
            },
            "importlib" | "importlib.util" => self.importing_call(name, arguments, frame, range),
            "runpy" if name == "run_path" => {
                let file = path_of(arguments.get(0, "path_name")?)?;
                let doubt = self.doubt(frame, range, "a file that is executed");
                self.execute_perhaps(&self.tree.join(file), &doubt);
                None
            }
            "sys.modules" if name == "setdefault" => {
                let [name, value] = &arguments.plain()?[..] else { return None };
                let name = name.as_str()?.to_owned();
                // What has been imported stays.
                if self.module_named(&name, frame).is_none() && !self.put_modules.contains_key(&name) {
                    self.put_module(&name, (*value).clone());
                }
                None
            }
            "sys.modules" if name == "get" => {
                let module = self.module_named(arguments.positional.first()?.value.as_str()?, frame)?;
                Some(Value::Module(module))
            }
            "sys.modules" if name == "pop" => {
                let key = arguments.positional.first()?.value.clone();
                self.unloaded(&key, frame, range);
                None
            }
            "unittest" if matches!(name, "skip" | "expectedFailure") && lone_function(arguments).is_some() => {
                lone_function(arguments)
            }
            "unittest" if matches!(name, "skip" | "skipIf" | "skipUnless" | "expectedFailure") => {
                Some(Value::Transparent)
            }
            _ if path.starts_with("unittest.mock.patch") => patch(path, arguments),
            "<dataclass>" | "<exception>" => self.bound_init(path, arguments, frame, range),
            "builtins.object" => self.object_method(name, arguments),
            _ if stdlib::is_transparent(path) => Some(Value::Transparent),
            _ => None,
        }
    }

    /// What is logged may be handed to handlers of the tree.
    fn logged(&mut self, path: &str, frame: &Frame, range: Range) {
        if self.log_handlers.is_empty() || !path.starts_with("logging.") {
            return;
        }
        let doubt = self.doubt(frame, range, "what a handler of the log does");
        for class in self.log_handlers.clone() {
            for name in ["filter", "handle", "emit", "format"] {
                if let Some(Binding { value: Value::Function(function), .. }) = class.in_tree(name) {
                    self.may_run(&function, None, &doubt);
                }
            }
        }
    }

    fn object_method(&mut self, name: &str, arguments: &Arguments) -> Option<Value> {
        match (name, &arguments.plain()?[..]) {
            ("__init__" | "__init_subclass__", _) => Some(Value::None),
            ("__setattr__", [Value::Instance(instance), name, value]) => {
                let instance = instance.clone();
                let name = name.as_str()?.to_owned();
                self.put_attribute(&instance, &name, (*value).clone());
                Some(Value::None)
            }
            _ => None,
        }
    }

    fn dataclasses(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "dataclass" => {
                let flag = |name: &str, default: bool| match arguments.keyword(name) {
                    Some(value) => truth(value),
                    None => Some(default),
                };
                let options = DataclassOptions {
                    init: flag("init", true)?,
                    repr: flag("repr", true)?,
                    eq: flag("eq", true)?,
                    order: flag("order", false)?,
                    frozen: flag("frozen", false)?,
                    kw_only: flag("kw_only", false)?,
                };
                if let [super::value::Argument { value: value @ Value::Class(_), .. }] = &arguments.positional[..] {
                    return Some(self.make_dataclass(value.clone(), options, frame, range));
                }
                Some(Value::DataclassMaker(options))
            }
            "field" => Some(Value::Partial(Rc::new(Partial {
                function: Value::external("dataclasses.field"),
                arguments: arguments.clone(),
            }))),
            "replace" => self.replace(arguments, frame, range),
            "asdict" | "astuple" => match &arguments.plain()?[..] {
                [one @ Value::Instance(_)] => self.fields_of(one, name == "asdict", 0),
                _ => None,
            },
            "is_dataclass" => match &arguments.plain()?[..] {
                [Value::Instance(one)] => Some(Value::Bool(super::dataclass::is_dataclass(&one.class))),
                [Value::Class(class)] => Some(Value::Bool(super::dataclass::is_dataclass(class))),
                _ => None,
            },
            "fields" => {
                let class = match &arguments.plain()?[..] {
                    [Value::Instance(one)] => one.class.clone(),
                    [Value::Class(class)] => (*class).clone(),
                    _ => return None,
                };
                let mut found = Vec::new();
                for field in super::dataclass::fields_as_defined(&class)?.iter().filter(|field| !field.is_handed()) {
                    let mut given = self.arguments(Vec::new(), frame, range);
                    let source = super::value::Source::of(frame, range);
                    given
                        .keywords
                        .push(("name".into(), super::value::Argument { value: Value::str(&*field.name), source }));
                    found.push(self.namespace(&given, frame, range)?);
                }
                Some(Value::tuple(found))
            }
            _ => None,
        }
    }

    fn pytest(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "importorskip" => {
                let module = arguments.get(0, "modname")?.as_str()?.to_owned();
                if self.is_absent(&module) {
                    return Some(self.outcome("Skipped", frame, range));
                }
                self.import_or_skip(&module, arguments, frame, range)
            }
            "skip" => {
                let allowed = arguments.keyword("allow_module_level").is_some_and(|flag| truth(flag) == Some(true));
                let at_import = !self.importing.is_empty();
                // Without the flag it is an error of the module.
                let class = if allowed || !at_import { "Skipped" } else { "pytest.skip without allow_module_level" };
                Some(self.outcome(class, frame, range))
            }
            "fail" => Some(self.outcome("Failed", frame, range)),
            "xfail" => Some(self.outcome("Failed", frame, range)),
            "exit" => Some(self.outcome("Exit", frame, range)),
            "MonkeyPatch" if arguments.positional.is_empty() => Some(super::patching::monkey_patch()),
            "hookimpl" | "register_assert_rewrite" => Some(Value::Transparent),
            _ => None,
        }
    }

    /// `pytest.importorskip(MODULE)`, which is run where it is in the tree.
    fn import_or_skip(&mut self, module: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        let outer = self.guard(&Rc::from([Some(Value::external("builtins.ImportError"))]));
        let value = self.imported_or_raise(&frame.module, 0, module, frame, range);
        let (risk, _) = self.unguard(outer);
        if self.raised.as_ref().is_some_and(|raised| super::exceptions::is_kind_of(&raised.class, "ImportError")) {
            self.raised = None;
            return Some(self.outcome("Skipped", frame, range));
        }
        let is_of_tree = matches!(value, Value::Module(_) | Value::Namespace(_));
        if risk.is_some() || !is_of_tree || arguments.get(1, "minversion").is_some() {
            self.condition(range, frame);
        }
        Some(value)
    }

    /// Notes that the module that is being imported may be left out.
    fn condition(&mut self, range: Range, frame: &Frame) {
        let condition =
            test_catalog::Condition { text: frame.module.file.one_line(range), at: frame.module.file.span(range) };
        let module = self.importing.last().unwrap_or(&frame.module);
        module.conditions.borrow_mut().push(condition);
    }

    fn importing_call(&mut self, name: &str, arguments: &Arguments, frame: &Frame, range: Range) -> Option<Value> {
        match name {
            "find_spec" => {
                let module = arguments.get(0, "name")?.as_str()?.to_owned();
                if let Some((parent, _)) = module.rsplit_once('.')
                    && self.is_absent(parent)
                {
                    return Some(self.fail("ModuleNotFoundError", format!("no module named `{parent}`"), frame, range));
                }
                // A library is taken to be importable.
                Some(if self.is_absent(&module) { Value::None } else { Value::external("importlib.machinery.SPEC") })
            }
            "import_module" => self.import_by_name(arguments, frame, range),
            "spec_from_file_location" => {
                let file = path_of(arguments.get(1, "location")?)?;
                let doubt = self.doubt(frame, range, "a file that may be executed as a module");
                self.execute_perhaps(&self.tree.join(file), &doubt);
                None
            }
            "reload" => match &arguments.plain()?[..] {
                [Value::Module(module)] => {
                    let doubt = self.doubt(frame, range, "the module is executed again");
                    self.reloaded(module, &doubt);
                    Some(Value::Module(module.clone()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A method of a built-in value; `None` where it is not followed.
    pub(super) fn builtin_method(
        &mut self,
        method: &(Value, Rc<str>),
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let (object, name) = method;
        match object {
            Value::Object(object) => {
                Some(object.call(name, arguments, self, frame, range).unwrap_or_else(|| self.not_known(frame, range)))
            }
            Value::Mark(mark) if &**name == "with_args" => {
                // Never put on anything, whatever it is given.
                let mut given = arguments.clone();
                let source = super::value::Source::of(frame, range);
                given.keywords.push(("".into(), super::value::Argument { value: Value::None, source }));
                let Value::Mark(made) = self.mark(mark, given, None, frame, range) else { return None };
                let kwargs = made.kwargs.iter().filter(|(name, _)| !name.is_empty()).cloned().collect();
                Some(Value::Mark(Rc::new(super::value::Mark {
                    name: made.name.clone(),
                    args: made.args.clone(),
                    kwargs,
                    at: made.at.clone(),
                    doubt: made.doubt.clone(),
                })))
            }
            Value::List(_) | Value::Dict(_) | Value::Set(_) if name.starts_with("__") => {
                self.special_method(object, name, arguments, frame, range)
            }
            Value::Patch(patch) => self.patch_method(patch, name, frame, range),
            Value::Str(text) => self.string_method(text.as_str()?, name, arguments, frame, range),
            Value::Bytes(bytes) => strings::bytes_method(bytes, name, arguments),
            Value::List(list) => self.list_method(list, name, arguments, frame, range),
            Value::Tuple(_) | Value::Range(_) => self.sequence_method(object, name, arguments, frame, range),
            Value::Dict(dict) => self.dict_method(dict, name, arguments, frame, range),
            Value::Set(_) | Value::FrozenSet(_) => self.set_method(object, name, arguments, frame, range),
            Value::Path(path) => self.path_method(path, name, arguments, frame, range),
            Value::Time(time) => times::method(*time, name).map(Value::Time),
            file @ Value::Iterator(_) if files::is_file(file) && &**name != "__next__" => {
                self.file_method(file, name, arguments)
            }
            Value::Iterator(iterator) if &**name == "__next__" => self.next_of(iterator, None, frame, range),
            Value::Instance(instance) if matches!(&**name, "__setattr__" | "__delattr__") => {
                self.change_attribute(instance, name, arguments, frame, range)
            }
            Value::Instance(instance) => super::named_tuple::tuple_method(instance, name, arguments),
            // Which of them still live is not known, nor which others there are.
            Value::Class(class) if &**name == "__subclasses__" => {
                let derived = self.subclasses.iter().filter(|one| !Rc::ptr_eq(one, class) && one.derives_from(class));
                let derived: Vec<Value> = derived.cloned().map(Value::Class).collect();
                Some(Value::Unknown(self.doubt(frame, range, "the classes that derive from it").among(&derived)))
            }
            Value::Class(class) if &**name == "_make" => {
                let [items] = &arguments.plain()?[..] else { return None };
                let values = self.iterate(items, frame, range).ok()?;
                let arguments = self.arguments(values, frame, range);
                self.instantiate(class, &arguments, frame, range)
            }
            Value::Int(_) | Value::Float(_) | Value::Bool(_) => numbers::method(object, name, arguments),
            _ => None,
        }
    }
}

/// `mock.patch(...)`.
fn patch(path: &str, arguments: &Arguments) -> Option<Value> {
    let injects = injects(path, arguments)?;
    Some(Value::Patch(Rc::new(Patch { injects, path: path.into(), arguments: arguments.clone() })))
}

/// The path that a text or a `pathlib` path is.
fn path_of(value: &Value) -> Option<String> {
    match value {
        Value::Path(path) => Some(path.to_string()),
        other => other.as_str().map(ToOwned::to_owned),
    }
}

/// Whether a `mock.patch` passes the function that it decorates an argument; `None` where it is not known.
fn injects(path: &str, arguments: &Arguments) -> Option<bool> {
    let new_at = match path {
        "unittest.mock.patch" => 1,
        "unittest.mock.patch.object" => 2,
        "unittest.mock.patch.dict" => return Some(false),
        // It passes keywords, which fixtures of those names would have to give.
        "unittest.mock.patch.multiple" => return None,
        _ => return None,
    };
    match arguments.get(new_at, "new") {
        None => Some(true),
        Some(Value::External(path)) if path.ends_with("mock.DEFAULT") => Some(true),
        Some(_) => Some(false),
    }
}

/// Whether a mock may have a `__name__`, or be of a class that it imitates. An asynchronous one has a name in some
/// releases of Python.
fn may_have_name(path: &str, arguments: &Arguments) -> bool {
    path.ends_with(".AsyncMock")
        || !arguments.positional.is_empty()
        || !arguments.only(&["name", "return_value", "side_effect"])
}

/// The function that is the only argument: a decorator that is called with it gives it back.
fn lone_function(arguments: &Arguments) -> Option<Value> {
    match arguments.plain()?[..] {
        [function @ Value::Function(_)] => Some(function.clone()),
        _ => None,
    }
}
