//! What evaluation knows of a value.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;
use foldhash::HashMap;
use num_bigint::BigInt;
use test_catalog::{Condition, SourceSpan};

use super::alike::{Kind, Step, Watch};
pub(crate) use super::arguments::{Argument, Arguments};
pub(crate) use super::class::{Class, Instance, Property};
pub(crate) use super::doubt::Doubt;
pub(crate) use super::function::Function;
use super::guard::Risks;
pub(crate) use super::iterator::Iterator;
use super::shared::Shared;
pub(crate) use super::source::{Said, Source};
use super::{Frame, Interpreter};
use crate::syntax::ast::{self, Range, Text};
use crate::syntax::{SourceFile, bindings};

/// A namespace package.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) name: Rc<str>,
    pub(crate) folder: Utf8PathBuf,
}

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
    /// The keys, values or items of a dictionary, as they are when they are read.
    View(Rc<Dict>, ViewKind),
    /// A set without repetitions, in the order in which it was built.
    Set(Rc<List>),
    FrozenSet(Rc<[Value]>),
    /// Start, stop and step.
    Range(Rc<[i64; 3]>),
    /// `slice(start, stop, step)`.
    Slice(Rc<[Value; 3]>),
    /// What its first use exhausts.
    Iterator(Rc<Iterator>),
    Function(Rc<Function>),
    /// A method of a built-in type, bound: the object and the method's name.
    BuiltinMethod(Rc<(Value, Rc<str>)>),
    /// A function of the tree, bound: the object and the function.
    Method(Rc<(Value, Value)>),
    /// `functools.partial(...)`.
    Partial(Rc<Partial>),
    Class(Rc<Class>),
    Instance(Rc<Instance>),
    /// `super()`: the class behind which the search begins, and the object.
    Super(Rc<(Rc<Class>, Value)>),
    /// An instance of a built-in exception: the class's name and the arguments.
    Exception(Rc<(Rc<str>, Vec<Value>)>),
    Module(Rc<Module>),
    /// Something of a library, by its dotted name; `builtins.len` for a built-in.
    External(Rc<str>),
    /// A folder of the tree without `__init__.py`, that is imported.
    Namespace(Rc<Namespace>),
    /// A `pathlib` path.
    Path(Rc<str>),
    /// A compiled regular expression: its pattern.
    Regex(Text),
    /// A decorator that gives back what it gets, as far as collection can tell.
    Transparent,
    /// `mock.patch(...)` outside of a `with` statement.
    Patch(Rc<super::patching::Patch>),
    /// `functools.wraps(...)`: what it makes its function look like.
    Wraps(Rc<Value>),
    /// `dataclass(...)`, still without its class.
    DataclassMaker(super::class::DataclassOptions),
    Mark(Rc<Mark>),
    ParamSet(Rc<ParamSet>),
    /// `pytest.fixture(...)`, still without its function.
    FixtureMaker(Rc<FixtureOptions>),
    Fixture(Rc<Fixture>),
    /// What pytest passes to a hook, or another object whose behaviour is written in Rust.
    Object(Rc<dyn Object>),
    /// Its function is called when it is read.
    Property(Rc<Property>),
    StaticMethod(Rc<Value>),
    ClassMethod(Rc<Value>),
    /// A value of `datetime`, of which the type is known.
    Time(Temporal),
    /// An object that has no name and is no string or number: its id is the argument's name and its index.
    Opaque,
    Unknown(Doubt),
}

/// The types of `datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temporal {
    DateTime,
    Date,
    /// `time`.
    OfDay,
    /// `timedelta`.
    Delta,
    /// `timezone`.
    Zone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Keys,
    Values,
    Items,
}

/// A list whose elements are known, or why they are not.
#[derive(Debug)]
pub(crate) struct List(pub(crate) Shared<Result<Vec<Value>, Doubt>>);

/// A dictionary in insertion order.
#[derive(Debug)]
pub(crate) struct Dict(pub(crate) Shared<Result<Vec<(Value, Value)>, Doubt>>, pub(super) DictKind, pub(super) Index);

/// Which class a dictionary has.
#[derive(Debug, Clone)]
pub(crate) enum DictKind {
    Plain,
    Ordered,
    /// `defaultdict`, with what makes missing values.
    Default(Value),
    Counter,
}

/// Where a dictionary's keys are, by their hash; made when the dictionary is large, and again when it does not fit.
#[derive(Debug, Default)]
pub(crate) struct Index(pub(super) RefCell<(usize, HashMap<u64, Vec<usize>>)>);

/// A name's value, and whether the name is bound for certain.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) value: Value,
    pub(crate) doubt: Option<Doubt>,
}

pub(crate) use super::names::Names;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Class,
    Function,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) kind: ScopeKind,
    pub(crate) names: Shared<Names>,
    pub(crate) parent: Option<Rc<Scope>>,
    /// Names that `global` and `nonlocal` bind elsewhere.
    pub(super) elsewhere: Shared<Vec<(Box<str>, Elsewhere)>>,
    /// The function whose call this is, for `super()`.
    pub(super) call: Option<Rc<Function>>,
    /// Whether it is a comprehension's own.
    pub(super) comprehension: bool,
    /// How often a function's name was bound.
    pub(super) bound: Cell<u32>,
    /// What a class body annotates: name and annotation.
    pub(super) annotations: Shared<Vec<(Rc<str>, Rc<str>)>>,
    /// The class whose body this is.
    pub(super) class: Option<Arc<ast::Class>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Elsewhere {
    Global,
    Nonlocal,
}

/// `functools.partial(...)`.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) function: Value,
    pub(crate) arguments: Arguments,
}

#[derive(Debug)]
pub(crate) struct Module {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    /// `__name__`: what it was imported by.
    pub(crate) name: Rc<str>,
    /// The package that it is in.
    pub(super) package: Option<Rc<Module>>,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) scope: Rc<Scope>,
    pub(crate) conditions: Shared<Vec<Condition>>,
    /// The exceptions that those conditions rule out, as far as they are known: an importer may catch them.
    pub(super) hazards: Shared<Vec<Raised>>,
    /// Why its body may have raised, though it is taken not to.
    pub(super) risks: Shared<Risks>,
    /// Set where the module may bind more, or other, names than reading saw.
    pub(crate) open: Shared<Option<Doubt>>,
    pub(crate) ended: Shared<Option<Raised>>,
}

/// An exception that evaluation followed.
#[derive(Debug, Clone)]
pub(crate) struct Raised {
    /// The class, such as `ImportError`, or `Skipped`.
    pub(crate) class: Rc<str>,
    pub(crate) message: Said,
    pub(crate) at: SourceSpan,
    /// The exception.
    pub(crate) value: Value,
    /// Whether the source says so, by `raise` or an import of what is absent. What evaluation itself comes to may be
    /// its own gap.
    pub(crate) certain: bool,
}

/// An object whose behaviour is known here and not read from the tree: what pytest passes to hooks.
///
/// Each answer is `None` where it is not known; evaluation then gives [`Value::Unknown`].
pub(crate) trait Object: std::fmt::Debug {
    /// For [`Value::downcast`].
    fn as_any(&self) -> &dyn std::any::Any;

    /// `object.name`, where that is no method.
    fn attribute(self: Rc<Self>, _name: &str, _interpreter: &mut Interpreter<'_>) -> Option<Value> {
        None
    }

    /// Whether it has no attribute and no method of that name; `None` where that is not known.
    fn lacks(&self, _name: &str) -> Option<bool> {
        Some(false)
    }

    /// `object.name(...)`.
    fn call(
        &self,
        _name: &str,
        _arguments: &Arguments,
        _interpreter: &mut Interpreter<'_>,
        _frame: &Frame,
        _range: Range,
    ) -> Option<Value> {
        None
    }

    /// `object.name = value` at that place. Most of what hooks keep on pytest's objects matters to nobody.
    fn assign(&self, _name: &str, _value: &Value, _at: &SourceSpan) {}

    /// `object[key]`.
    fn item(&self, _key: &Value) -> Option<Value> {
        None
    }

    /// `bool(object)`.
    fn truth(&self) -> Option<bool> {
        None
    }

    /// `value in object`.
    fn contains(&self, _value: &Value) -> Option<bool> {
        None
    }

    /// Why it may stand for none, or for several, of what there is when the tree runs.
    fn stands_for_several(&self) -> Option<Doubt> {
        None
    }

    /// Whether it is not even known what it is called by whom it stands for. Then what is done with it alone makes it no less known:
    /// a list that it is in, or not, says the same of all others.
    fn is_vague(&self) -> bool {
        false
    }

    /// Of which kind it is, for functions that cannot tell it from others.
    fn kind(&self) -> Option<Kind> {
        None
    }

    /// What notes what calls do with it.
    fn watch(&self) -> Option<&Watch> {
        None
    }

    /// Takes the steps of a call again that was called with another of its kind, if it answers alike all the way. Otherwise it is as it
    /// was.
    fn repeats(&self, _steps: &[Step]) -> bool {
        false
    }

    /// `object == other`.
    fn equals(&self, _other: &dyn Object) -> Option<bool> {
        None
    }

    /// `object == text`.
    fn equals_text(&self, _text: &str) -> Option<bool> {
        None
    }

    /// The object may have been changed by what is not followed.
    fn taint(&self, _doubt: &Doubt) {}
}

#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) name: Arc<str>,
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
    /// `marks=`: a list is read when it is needed.
    pub(crate) marks: Option<Value>,
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
    /// What the function answered that `scope=` is, if it is one and was asked.
    pub(crate) asked_scope: Shared<Option<Value>>,
    pub(crate) function: Value,
    /// Where it is defined.
    pub(crate) at: SourceSpan,
}

impl Value {
    pub(crate) fn str(text: impl Into<Text>) -> Self {
        Self::Str(text.into())
    }

    pub(crate) fn int(number: impl Into<BigInt>) -> Self {
        Self::Int(number.into())
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(List(Shared::new(Ok(items)))))
    }

    pub(crate) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(items.into())
    }

    pub(crate) fn dict(items: Vec<(Self, Self)>) -> Self {
        Self::Dict(Rc::new(Dict::new(Ok(items), DictKind::Plain)))
    }

    pub(super) fn set(items: Vec<Self>) -> Self {
        Self::Set(Rc::new(List(Shared::new(Ok(items)))))
    }

    pub(super) fn namespace(name: &str, folder: Utf8PathBuf) -> Self {
        Self::Namespace(Rc::new(Namespace { name: name.into(), folder }))
    }

    pub(crate) fn external(path: impl AsRef<str>) -> Self {
        Self::External(path.as_ref().into())
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => text.as_str(),
            // A member or an instance of a class that derives from `str` is a string.
            Self::Instance(instance) if instance.class.is_str() => instance.value.as_str(),
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

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl List {
    /// The elements are no longer known: those that were there, and those.
    pub(super) fn forget<'v>(&self, doubt: &Doubt, more: impl IntoIterator<Item = &'v Value>) {
        let unknown = match self.0.replace(Err(doubt.clone())) {
            Ok(items) => doubt.among(&items).among(more),
            Err(before) => before.among(more),
        };
        *self.0.borrow_mut() = Err(unknown);
    }
}

impl Dict {
    pub(super) fn new(items: Result<Vec<(Value, Value)>, Doubt>, kind: DictKind) -> Self {
        Self(Shared::new(items), kind, Index::default())
    }

    /// Keys and values are no longer known: those that were there, and those.
    pub(super) fn forget<'v>(&self, doubt: &Doubt, more: impl IntoIterator<Item = &'v Value>) {
        let unknown = match self.0.replace(Err(doubt.clone())) {
            Ok(items) => doubt.among(items.iter().map(|(_, value)| value)).among(more),
            Err(before) => before.among(more),
        };
        *self.0.borrow_mut() = Err(unknown);
    }
}

impl Scope {
    /// A module's, of which each statement binds a name at most, but for a few.
    pub(super) fn of_module(statements: usize) -> Rc<Self> {
        Rc::new(Self { names: Shared::new(Names::with_capacity(statements)), ..Self::empty(ScopeKind::Module, None) })
    }

    pub(super) fn of_comprehension(parent: Rc<Self>) -> Rc<Self> {
        let mut scope = Self::empty(ScopeKind::Function, Some(parent));
        scope.comprehension = true;
        Rc::new(scope)
    }

    pub(super) fn is_comprehension(&self) -> bool {
        self.comprehension
    }

    fn empty(kind: ScopeKind, parent: Option<Rc<Self>>) -> Self {
        Self {
            kind,
            names: Shared::default(),
            parent,
            elsewhere: Shared::default(),
            call: None,
            comprehension: false,
            bound: Cell::new(0),
            annotations: Shared::default(),
            class: None,
        }
    }

    pub(super) fn of_class(parent: Rc<Self>, class: Arc<ast::Class>) -> Rc<Self> {
        Rc::new(Self { class: Some(class), ..Self::empty(ScopeKind::Class, Some(parent)) })
    }

    /// Where a name is looked for that this scope may bind and has not bound. What a class's body binds anywhere is never a function's
    /// around it, but the module's.
    pub(super) fn behind(&self, name: &str) -> Option<&Rc<Self>> {
        let mut around = self.parent.as_ref()?;
        let Some(class) = self.class.as_ref().filter(|_| around.kind != ScopeKind::Module) else { return Some(around) };
        if bindings::of_function(&class.body).contains(name) {
            while let Some(outer) = &around.parent {
                around = outer;
            }
        }
        Some(around)
    }

    pub(super) fn of_call(kind: ScopeKind, parent: Option<Rc<Self>>, call: Option<Rc<Function>>) -> Rc<Self> {
        Rc::new(Self { call, ..Self::empty(kind, parent) })
    }
}

/// Names of modules that cannot be imported, top-level or dotted.
pub(crate) type AbsentModules = BTreeSet<String>;
