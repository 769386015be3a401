//! Abstract interpretation of module-level code: what names are bound to when a module has been imported, without
//! importing it.
//!
//! A value that cannot be known is [`Value::Unknown`] with a [`Doubt`]. Code under a condition that cannot be known
//! is evaluated all the same, with the doubt on everything that it binds or changes. Everything of a library is
//! [`Value::External`], by its dotted name; a library is taken to be importable unless it is named as absent. Steps
//! and depth are bounded: a hostile file ends in doubts.
//!
//! An exception that is raised for certain waits in [`Interpreter::raised`] until the statement ends; what is
//! evaluated until then is nothing. That an unknown call may raise is a [`Interpreter::risk`], which matters within
//! `try`, there or where the module is imported.

pub(crate) mod alike;
mod annotation;
mod arguments;
mod ask;
mod asked;
mod attribute;
mod attribute_set;
mod augment;
mod behind;
mod bound;
mod builtin_names;
mod call;
mod callback;
mod candidates;
mod class;
mod compare;
mod comparison;
mod comprehension;
mod context;
mod control;
mod dataclass;
mod define;
mod dictionary;
mod doubt;
mod drawing;
mod dynamic;
mod enums;
mod exceptions;
mod exec;
mod expr;
mod format;
mod function;
mod generator;
mod guard;
mod held;
mod holder;
mod importing;
mod instance;
mod iterator;
mod lazy;
mod library;
mod make_class;
mod marking;
mod matching;
pub(crate) mod memo;
mod module;
mod named_tuple;
mod names;
mod one_of;
mod operators;
mod patching;
mod private;
mod pytest_changes;
mod search_path;
mod several;
pub(crate) mod shared;
mod source;
pub(crate) mod stdlib;
mod subscript;
pub(crate) mod sys;
#[cfg(test)]
mod tests;
mod text;
mod unbound;
mod under;
mod unordered;
pub(crate) mod value;
mod vars;
mod wrapping;

pub(crate) use ask::path_value;
pub(crate) use class::settled;
pub(crate) use compare::truth;
pub(crate) use iterator::elements;
pub(crate) use marking::marks_of;
pub(crate) use text::plain as plain_text;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::{HashMap, HashSet};
use test_catalog::Reason;

use crate::imports::Imports;
use crate::sources::Sources;
use crate::syntax::ast::Range;
use crate::{PytestVersion, PythonVersion};
use doubt::Why;
use sys::Sys;
use value::{AbsentModules, Binding, Doubt, Module, Names, Raised, Scope, ScopeKind, Value};

/// What one module may take: a file that needs more is generated or hostile.
const MOST_STEPS: u32 = 1_000_000;
/// Why a module that needs more is not known.
pub(crate) const TOO_LONG: &str = "the module takes too long to evaluate";
/// What calls from outside may take together: hooks and `ids=` run once for each test.
const MOST_OUTSIDE_STEPS: u64 = 20_000_000;
/// How often modules that raised are executed again: each of them may try the next one twice.
const MOST_TRIES_AGAIN: u32 = 2_000;
/// How deeply functions of the tree may call each other.
const MOST_CALLS: u32 = 60;
/// How deeply expressions and blocks may nest, calls included: each level takes stack.
const MOST_DEPTH: u32 = 8_000;
/// How many elements a value may get.
const MOST_ELEMENTS: usize = 100_000;
/// How many bytes a text may get.
const MOST_TEXT: usize = 1 << 20;

/// Evaluates modules of one tree, each once for each name that it is imported by.
pub(crate) struct Interpreter<'a> {
    pub(crate) tree: &'a Utf8Path,
    pub(crate) imports: &'a Imports,
    pub(crate) sources: &'a Sources<'a>,
    pub(crate) python: PythonVersion,
    pub(crate) pytest: PytestVersion,
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Modules that cannot be imported.
    pub(crate) absent: AbsentModules,
    /// By the path of the file: as it was imported first.
    modules: HashMap<Box<str>, Rc<Module>>,
    /// By the name, those whose files were imported by another one before: Python has a module for each name.
    copies: HashMap<Box<str>, Rc<Module>>,
    /// How often a module that had raised was executed again.
    tries_again: u32,
    /// The names of namespace packages in packages that were imported.
    namespaces: HashSet<Box<str>>,
    known_names: names::KnownNames,
    read_before: library::ReadBefore,
    doubts: under::Doubts,
    steps: u32,
    outside_steps: u64,
    calls: u32,
    depth: u32,
    /// The modules that are being evaluated, one within the other.
    importing: Vec<Rc<Module>>,
    /// The doubt that the innermost of them is imported under, if any: it may not be imported there at all.
    in_doubt: Option<module::InDoubt>,
    /// An exception on its way out of the expression.
    raised: Option<Raised>,
    /// Something unknown was called since the innermost `try` began: it may have raised.
    risk: Option<Doubt>,
    /// How many `try` statements are around that catch more than failed imports.
    guarded: u32,
    /// The same of an import that may fail, for a `try` that catches nothing else.
    import_risk: Option<Doubt>,
    /// What the handlers of the `try` statements around take.
    catching: Vec<Rc<[Option<Value>]>>,
    /// Why something that was read may not be there.
    absence: Option<Doubt>,
    /// `sys.modules` and `sys.path`.
    pub(crate) sys: Sys,
    /// What import-time code put into `sys.modules`, by the dotted name, and under which doubt.
    put_modules: HashMap<String, (Value, Option<Doubt>)>,
    /// Functions on the stack that others may call, and that are followed for what they change.
    may_run: Vec<Rc<value::Function>>,
    /// The steps that were taken for them.
    steps_of_others: u32,
    /// The classes whose methods were followed because somebody may ask them.
    asked: HashMap<*const class::Class, Rc<class::Class>>,
    /// Why an iterator has no element now: the generator at its root runs, and has not come to the next one.
    paused: Option<Doubt>,
    /// The generators that run, one within the other.
    yields: Vec<generator::Yields>,
    /// Exceptions that handlers around are handling, for a bare `raise`.
    handling: Vec<Raised>,
    /// What the first `for` of a comprehension takes, which was evaluated already.
    iterated: Option<(Range, Value)>,
    /// Loops and lists of which only the order is not known.
    unordered: unordered::Unordered,
    /// Environment variables that import-time code sets; `None` for those that it takes away.
    environ: HashMap<String, Option<Value>>,
    /// Classes that derive from others of the tree.
    subclasses: Vec<Rc<value::Class>>,
    /// Classes of handlers and filters of the log that have instances.
    log_handlers: Vec<Rc<value::Class>>,
    /// Some paths are no `PosixPath`.
    has_pure_paths: bool,
    /// Objects whose dictionaries somebody has.
    handed: vars::Handed,
    /// What was set on objects of libraries, by their dotted names and the names of the attributes: `builtins` and `open`,
    /// `pytest` and `fixture`.
    replaced: HashMap<Box<str>, HashMap<Box<str>, Value>>,
    /// Why pytest may collect otherwise than it does by itself.
    pub(crate) changed_pytest: Option<Reason>,
    /// What was last evaluated on behalf of collection ended with an exception.
    failed: bool,
    /// Where the steps of the module ended.
    exhausted: Option<Doubt>,
    /// Paths without links, as far as they were asked for.
    real_paths: RefCell<HashMap<String, Option<Utf8PathBuf>>>,
    /// What `path.resolve()` gave: hooks ask it of the same files once a test.
    resolved_paths: RefCell<HashMap<Rc<str>, Option<Rc<str>>>>,
}

/// Where evaluation is: names are looked up in the scope, places are in the module's file.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) scope: Rc<Scope>,
    pub(crate) module: Rc<Module>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(
        tree: &'a Utf8Path,
        imports: &'a Imports,
        sources: &'a Sources<'a>,
        python: PythonVersion,
        env: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            tree,
            imports,
            sources,
            python,
            pytest: PytestVersion::default(),
            env,
            absent: AbsentModules::new(),
            modules: HashMap::default(),
            copies: HashMap::default(),
            tries_again: 0,
            namespaces: HashSet::default(),
            known_names: names::KnownNames::default(),
            read_before: library::ReadBefore::default(),
            doubts: under::Doubts::default(),
            steps: 0,
            outside_steps: 0,
            calls: 0,
            depth: 0,
            importing: Vec::new(),
            in_doubt: None,
            raised: None,
            risk: None,
            guarded: 0,
            import_risk: None,
            catching: Vec::new(),
            absence: None,
            sys: Sys::new(imports),
            put_modules: HashMap::default(),
            may_run: Vec::new(),
            steps_of_others: 0,
            asked: HashMap::default(),
            paused: None,
            yields: Vec::new(),
            handling: Vec::new(),
            iterated: None,
            unordered: unordered::Unordered::default(),
            environ: HashMap::default(),
            subclasses: Vec::new(),
            log_handlers: Vec::new(),
            has_pure_paths: false,
            handed: vars::Handed::default(),
            replaced: HashMap::default(),
            changed_pytest: None,
            failed: false,
            exhausted: None,
            real_paths: RefCell::default(),
            resolved_paths: RefCell::default(),
        }
    }

    /// Evaluates something on behalf of collection: with steps of its own, and with exceptions turned into doubts.
    fn on_behalf(&mut self, evaluate: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.importing.is_empty() || self.calls > 0 {
            return evaluate(self);
        }
        let limit = MOST_OUTSIDE_STEPS.saturating_sub(self.outside_steps).min(u64::from(MOST_STEPS));
        self.steps = MOST_STEPS - u32::try_from(limit).unwrap_or(MOST_STEPS);
        let before = self.steps;
        let value = evaluate(self);
        self.outside_steps += u64::from(self.steps.saturating_sub(before));
        self.steps = 0;
        self.failed = self.raised.is_some();
        match self.raised.take() {
            Some(raised) => Value::Unknown(Doubt::from(test_catalog::Reason {
                text: format!("{}{}`", ask::RAISES, raised.class),
                at: raised.at,
            })),
            None => value,
        }
    }

    pub(crate) fn doubt(&self, frame: &Frame, range: Range, why: impl Into<Why>) -> Doubt {
        Doubt::new(&frame.module.file, range, why.into())
    }

    fn unknown(&self, frame: &Frame, range: Range, why: impl Into<Why>) -> Value {
        Value::Unknown(self.doubt(frame, range, why))
    }

    fn not_known(&self, frame: &Frame, range: Range) -> Value {
        self.unknown(frame, range, Why::NotKnown)
    }

    /// Takes a step; false when there are none left.
    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_add(1);
        self.steps <= MOST_STEPS
    }

    /// Takes as many steps as something costs that is not evaluated piece by piece.
    fn charge(&mut self, steps: usize) {
        self.steps = self.steps.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
    }

    /// What calls itself without an end that is seen costs much, and ends soon.
    fn charge_depth(&mut self) {
        self.charge(1_000);
    }

    fn too_long(&self, frame: &Frame, range: Range) -> Doubt {
        self.doubt(frame, range, TOO_LONG)
    }

    fn is_exhausted(&self) -> bool {
        self.steps > MOST_STEPS
    }

    /// Ends evaluation: what would follow costs more than any test does.
    fn exhaust(&mut self) {
        self.steps = u32::MAX;
    }

    /// The doubt that all that happens now is under.
    fn current_doubt(&self) -> Option<&Doubt> {
        self.doubts.last()
    }

    /// Binds a name where its scope says.
    fn bind(&self, scope: &Rc<Scope>, name: &str, value: Value) {
        let name = match scope.kind {
            ScopeKind::Class => &*private::in_scope(name, scope),
            ScopeKind::Module | ScopeKind::Function => name,
        };
        let of_turn = self.doubts_order_only() && self.current_doubt().is_some();
        if scope.elsewhere.borrow().is_empty() {
            self.bind_here(scope, name, value, of_turn);
            return;
        }
        match Self::owner_of(scope, name) {
            Some(owner) if Rc::ptr_eq(&owner, scope) => self.bind_here(scope, name, value, of_turn),
            Some(owner) => self.bind_in(&owner, name, value),
            None => {}
        }
    }

    /// Binds a name of a scope around.
    fn bind_in(&self, scope: &Rc<Scope>, name: &str, value: Value) {
        self.bind_among(scope, &mut scope.names.borrow_mut(), name, value, false);
    }

    /// The same here; what a turn of a loop binds that has no known order is known until the turn ends.
    fn bind_here(&self, scope: &Rc<Scope>, name: &str, value: Value, of_turn: bool) {
        let mut names = match scope.kind {
            // Nobody sees a call's names before it or after it.
            ScopeKind::Function => {
                scope.bound.set(scope.bound.get().wrapping_add(1));
                scope.names.borrow_own()
            }
            ScopeKind::Module | ScopeKind::Class => scope.names.borrow_mut(),
        };
        self.bind_among(scope, &mut names, name, value, of_turn);
    }

    fn bind_among(&self, scope: &Rc<Scope>, names: &mut Names, name: &str, value: Value, of_turn: bool) {
        let known = names.get_mut(name);
        let doubt = self.current_doubt().or_else(|| match (&value, &known) {
            // A test that may have been there before is bound for certain, but its place among the others is not known.
            (Value::Function(_) | Value::Class(_), Some(before)) if scope.kind != ScopeKind::Function => {
                before.doubt.as_ref()
            }
            _ => None,
        });
        let binding = Binding { value, doubt: doubt.cloned() };
        if !of_turn {
            self.doubts.binds(scope, name, known.as_deref());
        }
        match known {
            Some(known) => *known = binding,
            None => drop(names.insert(self.known_names.name(name), binding)),
        }
    }

    /// A name by the scopes around it, then the built-in ones.
    fn lookup(&mut self, frame: &Frame, name: &str, range: Range) -> Value {
        let name = match frame.scope.kind {
            ScopeKind::Class => &*frame.private(name),
            ScopeKind::Module | ScopeKind::Function => name,
        };
        let mut scope = Some(&frame.scope);
        let mut innermost = true;
        while let Some(here) = scope {
            if innermost || here.kind != ScopeKind::Class {
                let found = here.names.borrow().get(name).cloned();
                match found {
                    Some(Binding { value, doubt: Some(doubt) }) if here.kind == ScopeKind::Class => {
                        return self.or_outside(name, value, &doubt, here, frame, range);
                    }
                    Some(binding) => {
                        self.reads(&binding);
                        return binding.value;
                    }
                    None => {}
                }
            }
            if here.call.as_ref().is_some_and(|function| function.def.is_local(name)) {
                return self.unbound_local(name, here, frame, range);
            }
            scope = if innermost { here.behind(name) } else { here.parent.as_ref() };
            innermost = false;
        }
        match name {
            "__class__" if let Some(class) = frame.scope.class_of_method() => return Value::Class(class),
            "__name__" => return Value::str(&*frame.module.name),
            "__file__" => return Value::str(frame.module.path.as_str()),
            "__debug__" => return Value::Bool(true),
            "Ellipsis" => return Value::Ellipsis,
            "__doc__" | "__spec__" | "__loader__" | "__package__" | "__path__" | "__builtins__" | "__annotations__" => {
                return self.not_known(frame, range);
            }
            _ => {}
        }
        if let Some(value) = self.replaced_at("builtins", name) {
            return value;
        }
        if let Some(path) = stdlib::builtin(name) {
            return Value::External(path);
        }
        if let Some(doubt) = &*frame.module.open.borrow() {
            return Value::Unknown(doubt.clone());
        }
        if stdlib::is_any_builtin(name) {
            return self.not_known(frame, range);
        }
        let certain = self.is_bound_nowhere(name, frame);
        let value = self.fail("NameError", format!("`{name}` is not bound"), frame, range);
        if let Some(raised) = &mut self.raised {
            raised.certain |= certain;
        }
        value
    }

    /// What is no longer known after something unknown may have changed it.
    fn taint(&mut self, value: &Value, doubt: &Doubt) {
        candidates::taint(value, doubt);
    }

    fn taint_all<'v>(&mut self, values: impl IntoIterator<Item = &'v Value>, doubt: &Doubt) {
        candidates::taint_all(values, doubt);
    }
}
