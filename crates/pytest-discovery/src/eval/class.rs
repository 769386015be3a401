//! Classes of the tree and their instances.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::shared::Shared;
use super::stdlib;
use super::value::{Binding, Doubt, Names, Value};
use crate::syntax::SourceFile;
use crate::syntax::ast;

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: Rc<str>,
    pub(crate) def: Arc<ast::Class>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) names: Shared<Names>,
    /// Method resolution order without this class; libraries' classes are [`Value::External`].
    pub(crate) mro: Vec<Value>,
    /// Why the bases are not all known.
    pub(crate) doubt: Shared<Option<Doubt>>,
    pub(crate) open: Shared<Option<Doubt>>,
    /// Why it may have other names than its body and what is seen to be assigned give it.
    pub(crate) more: Shared<Option<Doubt>>,
    pub(crate) dataclass: Shared<bool>,
    /// Whether a library makes its `__init__`, of its fields: what its instances hold is not known.
    pub(crate) made_by_library: Shared<bool>,
    /// How `dataclass(...)` was asked to make it.
    pub(crate) options: Shared<DataclassOptions>,
    /// What its body annotates: name and annotation.
    pub(super) annotations: Vec<(Rc<str>, Rc<str>)>,
    /// The metaclass, its own or inherited, where that is a class of the tree.
    pub(super) metaclass: Shared<Option<Rc<Self>>>,
    pub(crate) is_enum: bool,
    /// Of an enum: the members by name, aliases included; `Err` where they are not all known.
    pub(super) members: Shared<Result<Members, Option<Doubt>>>,
    /// The dotted name of its module and the classes and functions around it, for `repr`.
    pub(super) qualname: Rc<str>,
    /// The `__name__` that it was assigned. One that its body binds is another: its instances have it, and it has not.
    pub(crate) renamed: Shared<Option<Value>>,
}

/// The members of an enum by name, aliases included.
pub(super) type Members = IndexMap<Rc<str>, Value, foldhash::fast::RandomState>;

/// The parameters of `dataclasses.dataclass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataclassOptions {
    pub(crate) init: bool,
    pub(crate) repr: bool,
    pub(crate) eq: bool,
    pub(crate) order: bool,
    pub(crate) frozen: bool,
    pub(crate) kw_only: bool,
}

impl Default for DataclassOptions {
    fn default() -> Self {
        Self { init: true, repr: true, eq: true, order: false, frozen: false, kw_only: false }
    }
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) class: Rc<Class>,
    /// The member's name where the class is an enum.
    pub(crate) member: Option<Rc<str>>,
    /// What the member was assigned; of an instance of a class that derives from a built-in one, that part of it.
    pub(crate) value: Value,
    /// What was assigned to its attributes.
    pub(crate) attributes: Shared<Names>,
    /// Set where it may have changed in ways that reading did not follow.
    pub(crate) doubt: Shared<Option<Doubt>>,
}

/// `property` and `functools.cached_property`.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) getter: Value,
    pub(super) setter: Option<Value>,
    /// Whether it is known to have no setter.
    pub(super) refuses: bool,
}

impl Property {
    /// Whether what is assigned to it is what an object has: `functools.cached_property`.
    pub(super) fn is_shadowed(&self) -> bool {
        self.setter.is_none() && !self.refuses
    }
}

/// A kind of built-in value that a class derives from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload {
    Str,
    Int,
    Float,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Other,
}

impl Class {
    /// Whether a library makes its `__init__`, or that of a base.
    pub(crate) fn is_made_by_library(&self) -> bool {
        self.made_by_library.get()
            || self.mro.iter().any(|base| matches!(base, Value::Class(base) if base.made_by_library.get()))
    }

    /// Whether `dataclass` makes it a method of that name, in front of what its bases have.
    fn makes(&self, name: &str) -> bool {
        let options = self.options.get();
        self.dataclass.get()
            && match name {
                "__repr__" => options.repr,
                "__eq__" => options.eq,
                "__lt__" | "__le__" | "__gt__" | "__ge__" => options.order,
                _ => false,
            }
    }

    /// The dataclass whose method of that name, which was made for it, its instances have.
    pub(super) fn maker<'c>(self: &'c Rc<Self>, name: &str) -> Option<&'c Rc<Self>> {
        let bases = self.mro.iter().filter_map(|base| match base {
            Value::Class(base) => Some(base),
            _ => None,
        });
        let first =
            std::iter::once(self).chain(bases).find(|one| one.names.borrow().contains_key(name) || one.makes(name))?;
        (!first.names.borrow().contains_key(name)).then_some(first)
    }

    /// The class's attribute by the resolution order; `Err` where a base that is not known may have it.
    pub(crate) fn lookup(&self, name: &str) -> Result<Option<Binding>, Option<Doubt>> {
        if let Some(found) = self.names.borrow().get(name) {
            return Ok(Some(found.clone()));
        }
        if self.makes(name) {
            return Err(None);
        }
        Self::lookup_in(&self.mro, name, &self.doubt)
    }

    /// The same among the classes behind `behind`, or among all where that is none of them.
    pub(super) fn lookup_behind(&self, behind: &Rc<Self>, name: &str) -> Result<Option<Binding>, Option<Doubt>> {
        let at = self.mro.iter().position(|base| matches!(base, Value::Class(base) if Rc::ptr_eq(base, behind)));
        Self::lookup_in(self.mro.get(at.map_or(0, |at| at + 1)..).unwrap_or_default(), name, &self.doubt)
    }

    fn lookup_in(mro: &[Value], name: &str, doubt: &Shared<Option<Doubt>>) -> Result<Option<Binding>, Option<Doubt>> {
        for base in mro {
            match base {
                Value::Class(base) => {
                    if let Some(found) = base.names.borrow().get(name) {
                        return Ok(Some(found.clone()));
                    }
                    if base.makes(name) {
                        return Err(None);
                    }
                }
                Value::External(path) if stdlib::has_no_such(path, name) => {}
                _ => return Err(doubt.borrow().clone()),
            }
        }
        if doubt.borrow().is_some() { Err(doubt.borrow().clone()) } else { Ok(None) }
    }

    /// What a class body binds to that name, of the first class that has it. Where it is not bound there for certain, it
    /// may be that of the next one.
    pub(crate) fn settled(&self, name: &str) -> Option<Binding> {
        settled(self.names.borrow().get(name).cloned(), &self.mro, name)
    }

    /// Whether an instance's attribute of that name cannot be assigned: `__slots__` of each class name all that there are.
    pub(super) fn has_no_place_for(&self, name: &str) -> bool {
        let is_other = |class: &Self, slot: &Value| {
            let slot = slot.as_str().map(|slot| super::private::in_class(slot, &class.name));
            slot.is_some_and(|slot| slot != name && slot != "__dict__")
        };
        let has_no_slot = |class: &Self| match class.names.borrow().get("__slots__") {
            Some(Binding { value: slot @ Value::Str(_), doubt: None }) => is_other(class, slot),
            Some(Binding { value, doubt: None }) => {
                super::elements(value).is_ok_and(|slots| slots.iter().all(|slot| is_other(class, slot)))
            }
            _ => false,
        };
        let has_setter = || self.in_tree(name).is_some_and(|binding| !matches!(binding.value, Value::Function(_)));
        has_no_slot(self)
            && self.is_plain()
            && !has_setter()
            && self.mro.iter().all(|base| match base {
                Value::Class(base) => has_no_slot(base),
                Value::External(path) => matches!(&**path, "builtins.object" | "abc.ABC" | "typing.Generic"),
                _ => false,
            })
    }

    /// Whether its metaclass answers for it by a method of that name.
    pub(super) fn is_asked_by_metaclass(&self, name: &str) -> bool {
        self.metaclass.borrow().as_ref().is_some_and(|metaclass| metaclass.in_tree(name).is_some())
    }

    /// What a class body of the tree binds to that name: this one's, or of one of its bases.
    pub(super) fn in_tree(&self, name: &str) -> Option<Binding> {
        if let Some(found) = self.names.borrow().get(name) {
            return Some(found.clone());
        }
        if self.makes(name) {
            return None;
        }
        for base in &self.mro {
            let Value::Class(base) = base else { continue };
            if let Some(found) = base.names.borrow().get(name) {
                return Some(found.clone());
            }
            if base.makes(name) {
                return None;
            }
        }
        None
    }

    /// The tree's `__str__`, `__repr__` or `__format__`, unless a library's class in front of it has one of its own.
    pub(super) fn text_method(&self, name: &str) -> Option<Binding> {
        if let Some(found) = self.names.borrow().get(name) {
            return Some(found.clone());
        }
        if self.makes(name) {
            return None;
        }
        for base in &self.mro {
            match base {
                Value::Class(base) => {
                    if let Some(found) = base.names.borrow().get(name) {
                        return Some(found.clone());
                    }
                    if base.makes(name) {
                        return None;
                    }
                }
                Value::External(path) if stdlib::is_plain_base(path) || has_no_text_method(path, name) => {}
                _ => return None,
            }
        }
        None
    }

    /// Whether a library's class of this dotted name is among its bases.
    pub(crate) fn has_external(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.mro.iter().any(|base| matches!(base, Value::External(path) if wanted(path)))
    }

    /// Whether all of its bases are of the tree, or known to add nothing to an instance.
    pub(super) fn is_plain(&self) -> bool {
        self.doubt.borrow().is_none()
            && !self.is_made_by_library()
            && self.mro.iter().all(|base| match base {
                Value::Class(base) => base.doubt.borrow().is_none(),
                Value::External(path) => stdlib::is_plain_base(path),
                _ => false,
            })
    }

    /// Whether it derives from an exception.
    pub(super) fn is_exception(&self) -> bool {
        self.has_external(|path| path.strip_prefix("builtins.").is_some_and(stdlib::is_exception))
    }

    /// Whether its instances are strings.
    pub(super) fn is_str(&self) -> bool {
        self.payload() == Some(Payload::Str)
    }

    /// The built-in class of which its instances are values.
    pub(super) fn payload(&self) -> Option<Payload> {
        self.mro.iter().find_map(|base| match base {
            Value::External(path) => Some(match &**path {
                "builtins.str" | "enum.StrEnum" => Payload::Str,
                "builtins.int" | "enum.IntEnum" | "enum.IntFlag" => Payload::Int,
                "builtins.float" => Payload::Float,
                "builtins.bytes" => Payload::Bytes,
                "builtins.tuple" | "typing.NamedTuple" => Payload::Tuple,
                "builtins.list" => Payload::List,
                "builtins.dict" | "collections.OrderedDict" | "typing.TypedDict" => Payload::Dict,
                "typing_extensions.TypedDict" => Payload::Dict,
                "builtins.set" | "builtins.frozenset" => Payload::Set,
                "builtins.complex"
                | "builtins.bytearray"
                | "collections.defaultdict"
                | "collections.Counter"
                | "collections.UserDict"
                | "collections.UserList"
                | "collections.UserString"
                | "collections.deque" => Payload::Other,
                _ => return None,
            }),
            _ => None,
        })
    }

    /// Whether its instances are strings or bytes.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.payload(), Some(Payload::Str | Payload::Bytes))
    }

    /// The built-in value that an instance of it is.
    pub(crate) fn payload_value(&self, instance: &Instance) -> Option<Value> {
        match (self.payload(), &instance.value) {
            (None, _) | (_, Value::None) => None,
            (Some(_), value) => Some(value.clone()),
        }
    }

    pub(super) fn derives_from(&self, other: &Rc<Self>) -> bool {
        std::ptr::eq(self, Rc::as_ptr(other))
            || self.mro.iter().any(|base| matches!(base, Value::Class(base) if Rc::ptr_eq(base, other)))
    }

    /// Whether it has no instances: it has methods that `abc.abstractmethod` marks and that no class in front overrides,
    /// and minds that. `Err` where it may.
    pub(crate) fn is_abstract(&self) -> Result<bool, Doubt> {
        if !self.is_abc() {
            return Ok(false);
        }
        let bases = self.mro.iter().filter_map(|base| if let Value::Class(base) = base { Some(&**base) } else { None });
        let all: Vec<&Self> = std::iter::once(self).chain(bases).collect();
        // One who assigns it says what there is.
        if let Some(said) = self.names.borrow().get("__abstractmethods__") {
            match (super::elements(&said.value), &said.doubt) {
                (Ok(names), None) => return Ok(!names.is_empty()),
                (_, Some(doubt)) => return Err(doubt.clone()),
                (Err(Some(doubt)), None) => return Err(doubt),
                (Err(None), None) => {}
            }
        }
        let mut doubt = None;
        for class in &all {
            for (name, binding) in class.names.borrow().iter() {
                if is_abstract(&binding.value) == Some(false) {
                    continue;
                }
                let Some(found) = self.settled(name) else { continue };
                match (is_abstract(&found.value), found.doubt) {
                    (Some(true), None) => return self.minds_abstract_methods(),
                    (Some(false), _) => {}
                    (_, why) => doubt = doubt.or(why).or_else(|| found.value.doubt().cloned()),
                }
            }
        }
        doubt.map_or(Ok(false), Err)
    }

    /// Of one that has some: whether its metaclass is `ABCMeta` for certain.
    fn minds_abstract_methods(&self) -> Result<bool, Doubt> {
        if self.has_external(is_abc) || self.has_tree_abc_meta() {
            return Ok(true);
        }
        let bases = self.mro.iter().filter_map(|base| if let Value::Class(base) = base { Some(&**base) } else { None });
        let metaclasses = std::iter::once(self).chain(bases).flat_map(|class| {
            let named = class.def.keywords.iter().filter(|(name, _)| name.as_deref() == Some("metaclass"));
            named.map(move |(_, value)| (class, value))
        });
        match metaclasses.into_iter().next() {
            Some((class, value)) if !matches!(value.kind, ast::ExprKind::Name(_) | ast::ExprKind::Attribute(..)) => {
                Err(Doubt::new(&class.file, value.range, super::Why::NotKnown))
            }
            _ => Ok(true),
        }
    }

    /// Whether its metaclass is a class of the tree that derives from `ABCMeta`.
    fn has_tree_abc_meta(&self) -> bool {
        let metaclass = self.metaclass.borrow();
        metaclass.as_ref().is_some_and(|one| one.has_external(|path| path == "abc.ABCMeta"))
    }

    /// Whether having abstract methods keeps it from having instances.
    pub(crate) fn is_abc(&self) -> bool {
        let abc_meta = |class: &Self| {
            class.def.keywords.iter().any(|(name, value)| {
                name.as_deref() == Some("metaclass") && value.last_name().is_some_and(|name| name.contains("ABCMeta"))
            })
        };
        self.has_external(is_abc)
            || self.has_tree_abc_meta()
            || abc_meta(self)
            || self.mro.iter().any(|base| matches!(base, Value::Class(base) if abc_meta(base)))
    }
}

/// See [`Class::settled`]: what one class binds, and the classes behind it.
pub(crate) fn settled(own: Option<Binding>, behind: &[Value], name: &str) -> Option<Binding> {
    let Some(own) = own else {
        let (at, found) = behind.iter().enumerate().find_map(|(at, base)| match base {
            Value::Class(base) => Some((at, base.names.borrow().get(name).cloned()?)),
            _ => None,
        })?;
        return settled(Some(found), &behind[at + 1..], name);
    };
    let Some(doubt) = &own.doubt else { return Some(own) };
    let Some(inherited) = settled(None, behind, name) else { return Some(own) };
    let either = doubt.apart().among([&own.value, &inherited.value]);
    Some(Binding { value: Value::Unknown(either), doubt: inherited.doubt })
}

/// Whether a built-in class leaves that to `object`, whose `__str__` is `__repr__`.
fn has_no_text_method(path: &str, name: &str) -> bool {
    const BY_REPR: [&str; 7] = ["int", "float", "tuple", "list", "dict", "set", "frozenset"];
    let is_built_in = path.strip_prefix("builtins.").is_some_and(|class| BY_REPR.contains(&class));
    name == "__str__" && (is_built_in || path == "typing.NamedTuple")
}

/// Whether a library's class has `ABCMeta` for its metaclass.
fn is_abc(path: &str) -> bool {
    matches!(path, "abc.ABC" | "typing.Protocol" | "typing_extensions.Protocol")
}

/// `__isabstractmethod__`; `None` where it may be either.
fn is_abstract(value: &Value) -> Option<bool> {
    match value {
        Value::Function(function) => Some(function.is_abstract()),
        Value::StaticMethod(inner) | Value::ClassMethod(inner) => is_abstract(inner),
        // pytest's fixture shows what its function has.
        Value::Fixture(fixture) => is_abstract(&fixture.function),
        Value::Property(property) if property.is_cached() => Some(false),
        Value::Property(property) => {
            let setter = property.setter.as_ref().map_or(Some(false), is_abstract);
            Some(is_abstract(&property.getter)? || setter?)
        }
        Value::Unknown(doubt) => {
            let may_be = |one: &Value| is_abstract(one) != Some(false);
            if doubt.candidates().iter().any(may_be) { None } else { Some(false) }
        }
        _ => Some(false),
    }
}

impl Property {
    /// Whether `functools.cached_property` makes it, which shows nothing of its function's.
    fn is_cached(&self) -> bool {
        matches!(&self.getter, Value::Function(function) if function.memo.borrow().as_ref().is_some_and(|memo| memo.is_of_objects()))
    }
}

impl Instance {
    /// Whether it can be called, and may have the `__wrapped__` that makes it a test for pytest.
    pub(crate) fn may_wrap(&self) -> bool {
        let class = &self.class;
        let may_have = |name: &str| class.lookup(name).map_or(true, |found| found.is_some());
        may_have("__call__")
            && (self.attributes.borrow().contains_key("__wrapped__")
                || self.doubt.borrow().is_some()
                || ["__wrapped__", "__getattr__", "__getattribute__"].into_iter().any(may_have))
    }

    /// Whether it may be a string, as far as its class is known.
    pub(crate) fn may_be_text(&self) -> bool {
        self.class.is_str() || !(self.class.is_plain() || self.class.payload().is_some() || self.class.is_enum)
    }

    pub(super) fn new(class: &Rc<Class>, member: Option<Rc<str>>, value: Value) -> Self {
        Self { class: class.clone(), member, value, attributes: Shared::default(), doubt: None.into() }
    }
}

/// The method resolution order behind a class with these bases (C3); `None` where there is none. Libraries' classes
/// come behind those of the tree.
pub(crate) fn linearize(bases: &[Value]) -> Option<Vec<Value>> {
    match bases {
        [] => return Some(Vec::new()),
        [Value::Class(class)] => return Some([&bases[..1], &class.mro[..]].concat()),
        [_] => return Some(bases.to_vec()),
        _ => {}
    }
    let same = |one: &Value, other: &Value| match (one, other) {
        (Value::Class(one), Value::Class(other)) => Rc::ptr_eq(one, other),
        (Value::External(one), Value::External(other)) => one == other,
        _ => false,
    };
    let mut lists: Vec<Vec<Value>> = bases
        .iter()
        .map(|base| match base {
            Value::Class(class) => std::iter::once(base.clone()).chain(class.mro.iter().cloned()).collect(),
            other => vec![other.clone()],
        })
        .collect();
    lists.push(bases.to_vec());
    let mut order = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return Some(order);
        }
        let next = lists
            .iter()
            .map(|list| &list[0])
            .find(|head| lists.iter().all(|list| !list[1..].iter().any(|one| same(one, head))))?
            .clone();
        for list in &mut lists {
            list.retain(|one| !same(one, &next));
        }
        order.push(next);
    }
}
