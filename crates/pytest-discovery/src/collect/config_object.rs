//! `config`, `parser` and `session`, as hooks of the tree see them.

use std::any::Any;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use test_catalog::{Condition, DeclaredMarker, Problem, Reason, SourceSpan};

use super::config_internals::{self, Internals};
use crate::PytestVersion;
use crate::config::{Config, OwnSettings, OwnValue};
use crate::eval::shared::Shared;
use crate::eval::value::{Arguments, Names, Object, Value};
use crate::eval::{Frame, Interpreter, elements};
use crate::syntax::ast::Range;

/// A setting without a value and a default is what its type has for nothing.
const TYPED_DEFAULTS: PytestVersion = PytestVersion::new(8, 0, 0);

/// Settings that decide what is collected, and what its tests are.
const SETTINGS_OF_COLLECTION: [&str; 6] =
    ["python_functions", "python_classes", "python_files", "norecursedirs", "usefixtures", "collect_imported_tests"];
/// Options that do.
const OPTIONS_OF_COLLECTION: [&str; 6] =
    ["ignore", "ignore_glob", "file_or_dir", "keepduplicates", "noconftest", "collect_in_virtualenv"];

/// What a hook may ask of pytest's configuration, and tell it.
#[derive(Debug)]
pub(crate) struct ConfigObject {
    this: Weak<Self>,
    pub(super) rootdir: camino::Utf8PathBuf,
    pub(super) pytest: PytestVersion,
    /// The options that were given, by their names on the command line.
    given: Vec<(String, Option<String>)>,
    /// By destination.
    options: Shared<HashMap<String, Value>>,
    /// The destination of each option's name.
    destinations: Shared<HashMap<String, String>>,
    own: OwnSettings,
    /// What a setting that a conftest declares reads as, by its name.
    declared_settings: Shared<HashMap<String, Option<Value>>>,
    /// What hooks keep on it.
    attributes: Shared<HashMap<String, Value>>,
    pub(super) declared: Shared<Vec<DeclaredMarker>>,
    /// Why hooks may have given any test more marks.
    pub(super) doubts: Shared<Option<Reason>>,
    /// Why hooks that are not followed may do anything with the tests.
    pub(super) unfollowed: Shared<Option<Reason>>,
    /// The expressions of `-m` and `-k` that hooks set: tests that they do not select are deselected.
    pub(super) narrowed: Shared<Vec<Condition>>,
    /// Where a hook told that it deselects tests.
    pub(super) deselected: Shared<Option<SourceSpan>>,
    /// Which hook raises once all is collected, and why that ends pytest.
    pub(super) ended: Shared<Option<Problem>>,
}

impl ConfigObject {
    pub(crate) fn new(config: &Config) -> Rc<Self> {
        let text = |value: &Option<String>| Value::str(value.clone().unwrap_or_default());
        let options = [
            ("markexpr", text(&config.options.mark_expression)),
            ("keyword", text(&config.options.keyword_expression)),
        ];
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            rootdir: config.rootdir.clone(),
            pytest: config.pytest,
            given: config.options.given.clone(),
            options: Shared::new(options.map(|(name, value)| (name.to_owned(), value)).into()),
            destinations: Shared::default(),
            own: config.own.clone(),
            declared_settings: Shared::default(),
            attributes: Shared::default(),
            declared: Shared::default(),
            doubts: Shared::default(),
            unfollowed: Shared::default(),
            narrowed: Shared::default(),
            deselected: Shared::default(),
            ended: Shared::default(),
        })
    }

    /// `parser.addoption(...)`: its default, or what the command line gives.
    fn add_option(&self, arguments: &Arguments) {
        let names: Vec<&str> = arguments.positional.iter().filter_map(|one| one.value.as_str()).collect();
        let long = names.iter().find(|name| name.starts_with("--")).or(names.first());
        let destination = match arguments.keyword("dest").and_then(Value::as_str) {
            Some(destination) => destination.to_owned(),
            None => match long {
                Some(name) => name.trim_start_matches('-').replace('-', "_"),
                None => return,
            },
        };
        // `BooleanOptionalAction` has a `--no-NAME` for each `--NAME`.
        let is_negated =
            |name: &str| name.strip_prefix("--no-").is_some_and(|rest| names.contains(&&*format!("--{rest}")));
        let given = self.given.iter().filter(|(name, _)| names.contains(&name.as_str()) || is_negated(name));
        let given: Vec<Option<&str>> = given.map(|(_, value)| value.as_deref()).collect();
        let value = option_value(arguments, &given);
        for name in names {
            self.destinations.borrow_mut().insert(name.to_owned(), destination.clone());
        }
        if let Some(value) = value {
            self.options.borrow_mut().entry(destination).or_insert(value);
        }
    }

    /// `parser.addini(...)`.
    fn add_setting(&self, arguments: &Arguments) {
        if let Some(name) = arguments.get(0, "name").and_then(Value::as_str) {
            let value = self.setting(name, arguments);
            self.declared_settings.borrow_mut().insert(name.to_owned(), value);
        }
    }

    fn setting(&self, name: &str, arguments: &Arguments) -> Option<Value> {
        let kind = match arguments.get(2, "type") {
            None | Some(Value::None) => "string",
            Some(kind) => kind.as_str()?,
        };
        if arguments.keyword("aliases").is_some() {
            return None;
        }
        if self.own.has(name) {
            return Some(match self.own.value(name, kind)? {
                OwnValue::Text(text) => Value::str(text),
                OwnValue::Bool(flag) => Value::Bool(flag),
                OwnValue::List(items) => Value::list(items.into_iter().map(Value::str).collect()),
            });
        }
        match (arguments.get(3, "default"), kind) {
            (Some(Value::None), _) if self.pytest < TYPED_DEFAULTS => None,
            (Some(default), _) => Some(default.clone()),
            (None, "string") if arguments.get(2, "type").is_none() => Some(Value::str("")),
            (None, "args" | "linelist" | "paths" | "pathlist") => Some(Value::list(Vec::new())),
            (None, "bool") if self.pytest >= TYPED_DEFAULTS => Some(Value::Bool(false)),
            _ => None,
        }
    }

    /// A hook does what is not followed: it may change anything of any test.
    pub(super) fn not_follow(&self, text: String, at: SourceSpan) {
        self.unfollowed.borrow_mut().get_or_insert(Reason { text, at });
    }

    /// `pluginmanager`, as some hooks are passed it by itself.
    pub(super) fn plugin_manager(self: &Rc<Self>) -> Value {
        Value::Object(Rc::new(PluginManager(self.clone())))
    }

    fn option(&self, name: &str) -> Option<Value> {
        let destinations = self.destinations.borrow();
        let destination = destinations.get(name).map_or(name, String::as_str);
        self.options.borrow().get(destination.trim_start_matches('-')).cloned()
    }
}

/// What an option comes to that was given so often, each time with or without a value.
///
/// Source of the rules: `argparse`'s actions, and its `type=`, which a text that is the default goes through as well.
fn option_value(arguments: &Arguments, given: &[Option<&str>]) -> Option<Value> {
    // Of an action that is a class the default is known.
    let action = arguments.keyword("action").map_or("store", |action| action.as_str().unwrap_or_default());
    let kind = arguments.keyword("type").filter(|kind| !matches!(kind, Value::None));
    let default = match (arguments.keyword("default"), action) {
        (Some(default), _) => match default.as_str() {
            Some(text) => converted(text, kind)?,
            None => default.clone(),
        },
        (None, "store_true") => Value::Bool(false),
        (None, "store_false") => Value::Bool(true),
        (None, "store" | "append" | "store_const" | "append_const" | "count") => Value::None,
        (None, _) => return None,
    };
    let Some(last) = given.last() else { return Some(default) };
    match action {
        "store_true" => Some(Value::Bool(true)),
        "store_false" => Some(Value::Bool(false)),
        "store" if arguments.keyword("nargs").is_none() => chosen((*last)?, kind, arguments),
        "append" if arguments.keyword("nargs").is_none() => {
            let mut all = match default {
                Value::None => Vec::new(),
                default => elements(&default).ok()?,
            };
            for text in given {
                all.push(chosen((*text)?, kind, arguments)?);
            }
            Some(Value::list(all))
        }
        _ => None,
    }
}

/// A value that is given, if `choices=` has it: pytest ends where it does not.
fn chosen(text: &str, kind: Option<&Value>, arguments: &Arguments) -> Option<Value> {
    let value = converted(text, kind)?;
    let Some(choices) = arguments.keyword("choices").filter(|choices| !matches!(choices, Value::None)) else {
        return Some(value);
    };
    let shown = crate::eval::plain_text(&value)?;
    let is_it = |one: &Value| {
        std::mem::discriminant(one) == std::mem::discriminant(&value)
            && crate::eval::plain_text(one).as_deref() == Some(&*shown)
    };
    elements(choices).ok()?.iter().any(is_it).then_some(value)
}

/// A text by `type=`.
fn converted(text: &str, kind: Option<&Value>) -> Option<Value> {
    match kind {
        None => Some(Value::str(text)),
        Some(Value::External(path)) => match &**path {
            "builtins.str" => Some(Value::str(text)),
            "builtins.int" => text.parse::<i64>().ok().map(Value::int),
            "builtins.float" => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
            _ => None,
        },
        Some(_) => None,
    }
}

impl Object for ConfigObject {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        if let Some(value) = self.attributes.borrow().get(name) {
            return Some(value.clone());
        }
        Some(match name {
            "rootpath" | "rootdir" => crate::eval::path_value(&self.rootdir),
            "option" => Value::Object(Rc::new(Options(self.this.upgrade()?))),
            "hook" => Value::Object(Rc::new(HookCaller(self.this.upgrade()?))),
            "pluginmanager" => Value::Object(Rc::new(PluginManager(self.this.upgrade()?))),
            name if config_internals::is_kept(name) => Internals::value(self, name),
            _ => return None,
        })
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        _: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match name {
            "getoption" | "getvalue" => {
                let wanted = arguments.get(0, "name")?.as_str()?;
                let default = arguments.get(1, "default").cloned();
                let skips = arguments.get(2, "skip").is_some();
                self.option(wanted).or(default).filter(|_| !skips)
            }
            "getini" => {
                let wanted = arguments.get(0, "name")?.as_str()?;
                if SETTINGS_OF_COLLECTION.contains(&wanted) {
                    return Some(Internals::value(self.this.upgrade()?, &format!("getini({wanted:?})")));
                }
                self.declared_settings.borrow().get(wanted).cloned().flatten()
            }
            "addinivalue_line" => {
                let setting = arguments.get(0, "name").and_then(Value::as_str);
                if setting.is_none_or(|name| SETTINGS_OF_COLLECTION.contains(&name)) {
                    let text = format!("a hook changes the setting `{}`", setting.unwrap_or("?"));
                    self.not_follow(text, frame.module.file.span(range));
                }
                if setting == Some("markers")
                    && let Some(line) = arguments.get(1, "line").and_then(Value::as_str)
                {
                    let name = line.split(':').next().unwrap_or_default().split('(').next().unwrap_or_default();
                    self.declared
                        .borrow_mut()
                        .push(DeclaredMarker { name: name.trim().to_owned(), at: Some(frame.module.file.span(range)) });
                }
                Some(Value::None)
            }
            _ => None,
        }
    }

    fn assign(&self, name: &str, value: &Value, at: &SourceSpan) {
        if config_internals::is_kept(name) || matches!(name, "getini" | "hook" | "pluginmanager") {
            self.not_follow(format!("a hook changes `{name}` of the configuration"), at.clone());
        }
        self.attributes.borrow_mut().insert(name.to_owned(), value.clone());
    }
}

/// `config.option`.
#[derive(Debug)]
struct Options(Rc<ConfigObject>);

impl Object for Options {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        if name == "__dict__" {
            return Some(Internals::value(self.0.clone(), "option.__dict__"));
        }
        self.0.options.borrow().get(name).cloned()
    }

    fn assign(&self, name: &str, value: &Value, at: &SourceSpan) {
        self.0.options.borrow_mut().insert(name.to_owned(), value.clone());
        if OPTIONS_OF_COLLECTION.contains(&name) {
            self.0.not_follow(format!("a hook changes the option `{name}`"), at.clone());
        }
        let option = match name {
            "markexpr" => "-m",
            "keyword" => "-k",
            "deselect" => "--deselect",
            _ => return,
        };
        let text = match value.as_str() {
            Some("") => return,
            Some(text) => format!("`{option} \"{text}\"`, which a hook sets, keeps it"),
            None => format!("`{option}`, which a hook sets, keeps it"),
        };
        self.0.narrowed.borrow_mut().push(Condition { text, at: at.clone() });
    }
}

/// `config.hook`.
#[derive(Debug)]
struct HookCaller(Rc<ConfigObject>);

impl Object for HookCaller {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(&self, name: &str, _: &Arguments, _: &mut Interpreter<'_>, frame: &Frame, range: Range) -> Option<Value> {
        if name == "pytest_deselected" {
            self.0.deselected.borrow_mut().get_or_insert_with(|| frame.module.file.span(range));
            return Some(Value::None);
        }
        None
    }
}

/// `config.pluginmanager`.
#[derive(Debug)]
struct PluginManager(Rc<ConfigObject>);

/// Hooks by which a plugin can change which tests there are, their ids, order or marks.
const OF_COLLECTION: [&str; 8] = [
    "pytest_collect",
    "pytest_pycollect",
    "pytest_generate_tests",
    "pytest_itemcollected",
    "pytest_ignore_collect",
    "pytest_make_parametrize_id",
    "pytest_deselected",
    "pytest_configure",
];

impl Object for PluginManager {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if name == "import_plugin" {
            let plugin = arguments.get(0, "modname").and_then(Value::as_str).map(str::to_owned);
            // One of a library is as if it were installed.
            let of_tree =
                plugin.as_ref().is_none_or(|name| interpreter.module_of_tree(&frame.module.path, name).is_some());
            if of_tree {
                let text = format!("a hook loads the plugin `{}`", plugin.as_deref().unwrap_or("?"));
                self.0.not_follow(text, frame.module.file.span(range));
            }
            return Some(Value::None);
        }
        if name != "register" {
            return None;
        }
        let matters = |names: &Names| names.keys().any(|name| OF_COLLECTION.iter().any(|hook| name.starts_with(hook)));
        let harmless = match arguments.get(0, "plugin") {
            Some(Value::Instance(instance)) => {
                let class = &instance.class;
                let bases = class.mro.iter().all(|base| match base {
                    Value::Class(base) => !matters(&base.names.borrow()),
                    _ => true,
                });
                bases && !matters(&class.names.borrow())
            }
            _ => false,
        };
        if !harmless {
            let doubt = interpreter.doubt(frame, range, "a plugin that a hook registers");
            self.0.unfollowed.borrow_mut().get_or_insert_with(|| (*doubt).clone());
        }
        Some(Value::None)
    }
}

/// `parser`, and the groups of options that it gives.
#[derive(Debug)]
pub(crate) struct Parser(pub(crate) Rc<ConfigObject>);

impl Object for Parser {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        _: &Frame,
        _: Range,
    ) -> Option<Value> {
        match name {
            "addoption" | "_addoption" => {
                if interpreter.is_certain() {
                    self.0.add_option(arguments);
                }
                Some(Value::None)
            }
            "addini" => {
                if interpreter.is_certain() {
                    self.0.add_setting(arguments);
                }
                Some(Value::None)
            }
            "getgroup" => Some(Value::Object(Rc::new(Self(self.0.clone())))),
            _ => None,
        }
    }
}

/// `session`.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: Value,
    /// The list of tests.
    pub(super) items: Shared<Value>,
}

impl Session {
    pub(super) fn new(config: &Rc<ConfigObject>, items: Value) -> Rc<Self> {
        Rc::new(Self { config: Value::Object(config.clone()), items: items.into() })
    }
}

impl Object for Session {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        match name {
            "config" => Some(self.config.clone()),
            "items" => Some(self.items.borrow().clone()),
            _ => None,
        }
    }

    fn call(
        &self,
        name: &str,
        _: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if name == "add_marker"
            && let Some(config) = self.config.downcast::<ConfigObject>()
        {
            let doubt = interpreter.doubt(frame, range, "a hook marks the session, and with it all tests");
            config.doubts.borrow_mut().get_or_insert_with(|| (*doubt).clone());
            return Some(Value::None);
        }
        None
    }

    fn assign(&self, name: &str, value: &Value, _: &SourceSpan) {
        if name == "items" {
            self.items.replace(value.clone());
        }
    }
}
