//! Dataclasses: their fields, what `dataclass` makes of them, and the functions of `dataclasses`.

use super::class::{Class, DataclassOptions, Instance};
use super::value::{Argument, Arguments, Partial, Value};
use super::{Frame, Interpreter, elements, truth};
use crate::syntax::ast::Range;
use std::rc::Rc;

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

impl Interpreter<'_> {
    /// What `dataclass` makes of a class, which it may refuse.
    pub(super) fn make_dataclass(
        &mut self,
        value: Value,
        options: DataclassOptions,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let Value::Class(class) = &value else { return value };
        class.dataclass.set(true);
        class.options.set(options);
        match refusal(class) {
            Some(exception) => self.fail(exception, "fields that a dataclass cannot have".to_owned(), frame, range),
            None => value,
        }
    }

    /// The `__init__` that `dataclass` makes; `None` where the arguments do not fit, false where a part is not known.
    pub(super) fn dataclass_init(
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
            other => self.deep_copy(other),
        }
    }
}

/// What `dataclass` raises because of the bases, of which all are frozen or none, or because of the fields: a default of its own that can
/// be changed, or none behind one.
fn refusal(class: &Rc<Class>) -> Option<&'static str> {
    let frozen = class.mro.iter().filter_map(|base| match base {
        Value::Class(base) if base.dataclass.get() => Some(base.options.get().frozen),
        _ => None,
    });
    let (with, without): (Vec<bool>, Vec<bool>) = frozen.partition(|frozen| *frozen);
    let is_frozen = class.options.get().frozen;
    if (!is_frozen && !with.is_empty()) || (is_frozen && with.is_empty() && !without.is_empty()) {
        return Some("TypeError");
    }
    let fields = fields(class)?;
    let is_own = |field: &Field| class.annotations.iter().any(|(name, _)| *name == field.name);
    let is_mutable = |value: &Value| matches!(value, Value::List(_) | Value::Dict(_) | Value::Set(_));
    if fields.iter().any(|field| is_own(field) && field.default.as_ref().is_some_and(is_mutable)) {
        return Some("ValueError");
    }
    let taken = fields.iter().filter(|field| field.init && !field.kw_only);
    let with_default = taken.map(|field| field.default.is_some() || field.factory.is_some());
    (class.options.get().init && !with_default.is_sorted()).then_some("TypeError")
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
