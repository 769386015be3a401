//! What evaluation knows of a value.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;
use test_catalog::{Condition, Reason, SourceSpan};

use super::{Frame, Interpreter};
use crate::syntax::SourceFile;
use crate::syntax::ast::{self, Range, Text};

/// Why a value is not known. Cheap to clone.
pub(crate) type Doubt = Rc<Reason>;

/// A value of Python, as far as reading can know it.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    None,
    Ellipsis,
    Bool(bool),
    Int(BigInt),
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    Str(Text),
    Bytes(Arc<[u8]>),
    Tuple(Rc<[Value]>),
    List(Rc<List>),
    Dict(Rc<Dict>),
    /// A set, in the order in which it was built.
    Set(Rc<List>),
    Function(Rc<Function>),
    /// A method of a built-in type, bound: the object and the method's name.
    BuiltinMethod(Rc<(Value, Box<str>)>),
    Class(Rc<Class>),
    Instance(Rc<Instance>),
    Module(Rc<Module>),
    /// Something of a library, by its dotted name; `builtins.len` for a built-in.
    External(Rc<str>),
    /// A folder of the tree without `__init__.py`, by its path.
    Namespace(Rc<str>),
    /// A decorator that gives back what it gets, as far as collection can tell.
    Transparent,
    /// `dataclass(...)`, still without its class.
    DataclassMaker,
    Mark(Rc<Mark>),
    ParamSet(Rc<ParamSet>),
    /// `pytest.fixture(...)`, still without its function.
    FixtureMaker(Rc<FixtureOptions>),
    Fixture(Rc<Fixture>),
    /// What pytest passes to a hook, or another object whose behaviour is written in Rust.
    Object(Rc<dyn Object>),
    /// Its function is called when it is read, which is not followed.
    Property,
    StaticMethod(Rc<Value>),
    ClassMethod(Rc<Value>),
    /// An object that has no name and is no string or number: its id is the argument's name and its index.
    Opaque,
    Unknown(Doubt),
}

/// A list whose elements are known, or why they are not.
#[derive(Debug)]
pub(crate) struct List(pub(crate) RefCell<Result<Vec<Value>, Doubt>>);

/// A dictionary in insertion order.
#[derive(Debug)]
pub(crate) struct Dict(pub(crate) RefCell<Result<Vec<(Value, Value)>, Doubt>>);

/// A name's value, and whether the name is bound for certain.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) value: Value,
    pub(crate) doubt: Option<Doubt>,
}

pub(crate) type Names = IndexMap<Rc<str>, Binding>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) names: RefCell<Names>,
    pub(crate) parent: Option<Rc<Scope>>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) def: Arc<ast::Function>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) module: Rc<Module>,
    pub(crate) defaults: Vec<Option<Value>>,
    pub(crate) marks: RefCell<Vec<Rc<Mark>>>,
    /// Set where a decorator may have added marks.
    pub(crate) open: RefCell<Option<Doubt>>,
    /// Set where a decorator may have changed the parameters.
    pub(crate) signature_doubt: RefCell<Option<Doubt>>,
}

#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) name: Rc<str>,
    pub(crate) def: Arc<ast::Class>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) names: RefCell<Names>,
    /// Method resolution order without this class; libraries' classes are [`Value::External`].
    pub(crate) mro: Vec<Value>,
    /// Why the bases are not all known.
    pub(crate) doubt: RefCell<Option<Doubt>>,
    pub(crate) marks: RefCell<Vec<Rc<Mark>>>,
    pub(crate) open: RefCell<Option<Doubt>>,
    pub(crate) dataclass: Cell<bool>,
    /// The mixin and kind of an enum.
    pub(crate) is_enum: bool,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) class: Rc<Class>,
    /// The member's name where the class is an enum.
    pub(crate) member: Option<Rc<str>>,
    /// What the member was assigned.
    pub(crate) value: Value,
    /// Set where it may have changed in ways that reading did not follow.
    pub(crate) doubt: RefCell<Option<Doubt>>,
}

#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) conditions: RefCell<Vec<Condition>>,
    /// Set where the module may bind more, or other, names than reading saw.
    pub(crate) open: RefCell<Option<Doubt>>,
    pub(crate) ended: RefCell<Option<Raised>>,
}

/// An exception that evaluation followed.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    /// The class, such as `ImportError`, or `Skipped`.
    pub(crate) class: Rc<str>,
    pub(crate) message: String,
    pub(crate) at: SourceSpan,
}

/// An object whose behaviour is known here and not read from the tree: what pytest passes to hooks.
///
/// Each answer is `None` where it is not known; evaluation then gives [`Value::Unknown`].
pub(crate) trait Object: std::fmt::Debug {
    /// For [`Value::downcast`].
    fn as_any(&self) -> &dyn std::any::Any;

    /// `object.name`, where that is no method.
    fn attribute(&self, name: &str, interpreter: &mut Interpreter<'_>) -> Option<Value>;

    /// `object.name(...)`.
    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value>;

    /// `object.name = value`. Most of what hooks keep on pytest's objects matters to nobody.
    fn assign(&self, _name: &str, _value: &Value) {}

    /// `object[key]`.
    fn item(&self, _key: &Value) -> Option<Value> {
        None
    }

    /// `value in object`.
    fn contains(&self, _value: &Value) -> Option<bool> {
        None
    }

    /// The object may have been changed by what is not followed.
    fn taint(&self, _doubt: &Doubt) {}
}

/// What a call passes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    pub(crate) positional: Vec<Argument>,
    pub(crate) keywords: Vec<(Rc<str>, Argument)>,
}

impl Arguments {
    /// The argument that may be given by position or by name.
    pub(crate) fn get(&self, position: usize, name: &str) -> Option<&Value> {
        self.positional.get(position).map(|argument| &argument.value).or_else(|| self.keyword(name))
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<&Value> {
        self.keywords.iter().find(|(key, _)| &**key == name).map(|(_, argument)| &argument.value)
    }
}

/// A mark's argument and its source.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) value: Value,
    pub(crate) source: Rc<str>,
}

#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) name: Rc<str>,
    pub(crate) args: Vec<Argument>,
    pub(crate) kwargs: Vec<(Rc<str>, Argument)>,
    pub(crate) at: SourceSpan,
    /// Set where arguments were spread from something unknown.
    pub(crate) doubt: Option<Doubt>,
}

/// `pytest.param(...)`.
#[derive(Debug)]
pub(crate) struct ParamSet {
    pub(crate) values: Vec<Value>,
    pub(crate) marks: Result<Vec<Rc<Mark>>, Doubt>,
    pub(crate) id: Value,
    pub(crate) at: SourceSpan,
    pub(crate) doubt: Option<Doubt>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FixtureOptions {
    /// `name=`.
    pub(crate) name: Option<Value>,
    /// `scope=`.
    pub(crate) scope: Option<Value>,
    /// `params=`, unless it is `None`.
    pub(crate) params: Option<Value>,
    /// `ids=`.
    pub(crate) ids: Option<Value>,
    /// `autouse=`.
    pub(crate) autouse: Option<Value>,
    /// Set where its arguments are not all known.
    pub(crate) doubt: Option<Doubt>,
}

#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) options: FixtureOptions,
    pub(crate) function: Value,
    /// Where it is defined.
    pub(crate) at: SourceSpan,
}

impl Value {
    pub(crate) fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into().into())
    }

    pub(crate) fn int(number: impl Into<BigInt>) -> Self {
        Self::Int(number.into())
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(List(RefCell::new(Ok(items)))))
    }

    pub(crate) fn dict(items: Vec<(Self, Self)>) -> Self {
        Self::Dict(Rc::new(Dict(RefCell::new(Ok(items)))))
    }

    pub(crate) fn external(path: impl AsRef<str>) -> Self {
        Self::External(path.as_ref().into())
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => text.as_str(),
            _ => None,
        }
    }

    /// The object as what it is, if it is one of that kind.
    pub(crate) fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn doubt(&self) -> Option<&Doubt> {
        match self {
            Self::Unknown(doubt) => Some(doubt),
            _ => None,
        }
    }
}

impl Scope {
    pub(crate) fn new(kind: ScopeKind, parent: Option<Rc<Self>>) -> Rc<Self> {
        Rc::new(Self { kind, names: RefCell::default(), parent })
    }
}

impl Class {
    /// The class's attribute by the resolution order; `Err` where a base that is not known may have it.
    pub(crate) fn lookup(&self, name: &str) -> Result<Option<Binding>, Option<Doubt>> {
        if let Some(found) = self.names.borrow().get(name) {
            return Ok(Some(found.clone()));
        }
        for base in &self.mro {
            match base {
                Value::Class(base) => {
                    if let Some(found) = base.names.borrow().get(name) {
                        return Ok(Some(found.clone()));
                    }
                }
                Value::External(path) if crate::eval::stdlib::is_plain_base(path) => {}
                _ => return Err(self.doubt.borrow().clone()),
            }
        }
        if self.doubt.borrow().is_some() { Err(self.doubt.borrow().clone()) } else { Ok(None) }
    }

    /// Whether a library's class of this dotted name is among its bases.
    pub(crate) fn has_external(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.mro.iter().any(|base| matches!(base, Value::External(path) if wanted(path)))
    }
}

/// The method resolution order behind a class with these bases (C3); `None` where there is none. Libraries' classes
/// come behind those of the tree.
pub(crate) fn linearize(bases: &[Value]) -> Option<Vec<Value>> {
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
