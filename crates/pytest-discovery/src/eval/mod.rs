//! Abstract interpretation of module-level code: what names are bound to when a module has been imported, without
//! importing it.
//!
//! A value that cannot be known is [`Value::Unknown`] with a [`Doubt`]. Code under a condition that cannot be known
//! is evaluated all the same, with the doubt on everything that it binds or changes. Everything of a library is
//! [`Value::External`], by its dotted name; a library is taken to be importable. Steps and depth are bounded: a
//! hostile file ends in doubts.

mod ask;
mod call;
mod exec;
mod expr;
mod methods;
pub(crate) mod stdlib;
pub(crate) mod value;

pub(crate) use ask::path_value;
pub(crate) use call::marks_of;
pub(crate) use expr::scalar_eq as same_scalar;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Problem, Reason};

use crate::PythonVersion;
use crate::imports::Imports;
use crate::syntax::SourceFile;
use crate::syntax::ast::Range;
use value::{Binding, Doubt, Module, Scope, ScopeKind, Value};

/// What one module may take: a file that needs more is generated or hostile.
const MOST_STEPS: u32 = 300_000;
/// How deeply functions of the tree may call each other.
const MOST_CALLS: u32 = 40;
/// How many elements a value may get.
const MOST_ELEMENTS: usize = 10_000;

/// Parsed files of the tree: those read ahead, and those that imports lead to.
pub(crate) type Sources = HashMap<Utf8PathBuf, Result<Arc<SourceFile>, Problem>>;

/// Evaluates modules of one tree, each once.
pub(crate) struct Interpreter<'a> {
    pub(crate) tree: &'a Utf8Path,
    pub(crate) imports: &'a Imports,
    pub(crate) sources: Sources,
    pub(crate) python: PythonVersion,
    pub(crate) env: &'a BTreeMap<String, String>,
    modules: HashMap<Utf8PathBuf, Rc<Module>>,
    doubts: Vec<Doubt>,
    steps: u32,
    calls: u32,
    /// Whether the block that ended last did so under a doubt.
    doubtful_end: std::cell::Cell<bool>,
}

/// Where evaluation is: names are looked up in the scope, places are in the module's file.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) scope: Rc<Scope>,
    pub(crate) module: Rc<Module>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(
        tree: &'a Utf8Path,
        imports: &'a Imports,
        sources: Sources,
        python: PythonVersion,
        env: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            tree,
            imports,
            sources,
            python,
            env,
            modules: HashMap::new(),
            doubts: Vec::new(),
            steps: 0,
            calls: 0,
            doubtful_end: false.into(),
        }
    }

    /// The module of a file, evaluated the first time. While its own imports lead back to it, what it has so far.
    ///
    /// # Errors
    /// The file cannot be read, or does not parse.
    pub(crate) fn module(&mut self, path: &Utf8Path) -> Result<Rc<Module>, Problem> {
        if let Some(module) = self.modules.get(path) {
            return Ok(module.clone());
        }
        let file = self.source(path)?;
        let module = Rc::new(Module {
            file,
            scope: Scope::new(ScopeKind::Module, None),
            conditions: Vec::new().into(),
            open: None.into(),
            ended: None.into(),
        });
        self.modules.insert(path.to_owned(), module.clone());
        let frame = Frame { scope: module.scope.clone(), module: module.clone() };
        // A module that is imported under a doubt is the same for everybody else.
        let doubts = std::mem::take(&mut self.doubts);
        let steps = std::mem::take(&mut self.steps);
        let file = module.file.clone();
        if let exec::Flow::Ended(raised) = self.block(&file.body, &frame) {
            module.ended.replace(Some(raised));
        }
        if self.steps > MOST_STEPS {
            let doubt = self.doubt(&frame, Range { start: 0, end: 0 }, "the module takes too long to evaluate");
            module.open.replace(Some(doubt));
        }
        (self.doubts, self.steps) = (doubts, steps);
        Ok(module)
    }

    /// The parsed file.
    fn source(&mut self, path: &Utf8Path) -> Result<Arc<SourceFile>, Problem> {
        let tree = self.tree;
        self.sources.entry(path.to_owned()).or_insert_with(|| crate::read::source(path, tree)).clone()
    }

    pub(crate) fn doubt(&self, frame: &Frame, range: Range, text: impl Into<String>) -> Doubt {
        Rc::new(Reason { text: text.into(), at: frame.module.file.span(range) })
    }

    fn unknown(&self, frame: &Frame, range: Range, text: impl Into<String>) -> Value {
        Value::Unknown(self.doubt(frame, range, text))
    }

    /// Takes a step; false when there are none left.
    fn step(&mut self) -> bool {
        self.steps = self.steps.saturating_add(1);
        self.steps <= MOST_STEPS
    }

    /// The doubt that all that happens now is under.
    fn current_doubt(&self) -> Option<&Doubt> {
        self.doubts.last()
    }

    /// Binds a name. What was bound before under no doubt, and is bound again under one, is no longer known.
    fn bind(&self, scope: &Scope, name: &str, value: Value) {
        let mut names = scope.names.borrow_mut();
        let binding = match (self.current_doubt(), names.get(name)) {
            (None, _) => Binding { value, doubt: None },
            (Some(doubt), None) => Binding { value, doubt: Some(doubt.clone()) },
            (Some(doubt), Some(_)) => Binding { value: Value::Unknown(doubt.clone()), doubt: Some(doubt.clone()) },
        };
        names.insert(name.into(), binding);
    }

    /// A name by the scopes around it, then the built-in ones.
    fn lookup(&self, frame: &Frame, name: &str, range: Range) -> Value {
        let mut scope = Some(&frame.scope);
        let mut innermost = true;
        while let Some(here) = scope {
            if (innermost || here.kind != ScopeKind::Class)
                && let Some(binding) = here.names.borrow().get(name)
            {
                return binding.value.clone();
            }
            innermost = false;
            scope = here.parent.as_ref();
        }
        match name {
            "__name__" => Value::str(crate::imports::module_name(&self.path_of(&frame.module))),
            "__file__" => Value::str(self.path_of(&frame.module).as_str()),
            _ if stdlib::is_builtin(name) => Value::external(format!("builtins.{name}")),
            _ => match &*frame.module.open.borrow() {
                Some(doubt) => Value::Unknown(doubt.clone()),
                None => self.unknown(frame, range, format!("`{name}` is not bound by what can be read")),
            },
        }
    }

    pub(crate) fn path_of(&self, module: &Module) -> Utf8PathBuf {
        module.file.path.in_tree(self.tree)
    }

    /// What is no longer known after something unknown may have changed it.
    fn taint(&mut self, value: &Value, doubt: &Doubt) {
        match value {
            Value::List(list) | Value::Set(list) => *list.0.borrow_mut() = Err(doubt.clone()),
            Value::Dict(dict) => *dict.0.borrow_mut() = Err(doubt.clone()),
            Value::Function(function) => {
                function.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                function.signature_doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
            }
            Value::Class(class) => {
                class.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                class.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
            }
            Value::Instance(instance) if instance.member.is_none() => {
                instance.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
            }
            Value::Object(object) => object.taint(doubt),
            _ => {}
        }
    }
}

/// Python's truth of a value, where it is known.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    use num_traits::Zero;
    match value {
        Value::None => Some(false),
        Value::Bool(flag) => Some(*flag),
        Value::Int(number) => Some(!number.is_zero()),
        Value::Float(number) => Some(*number != 0.0),
        Value::Complex(real, imaginary) => Some(*real != 0.0 || *imaginary != 0.0),
        Value::Str(text) => Some(text.chars() > 0),
        Value::Bytes(bytes) => Some(!bytes.is_empty()),
        Value::Tuple(items) => Some(!items.is_empty()),
        Value::List(list) | Value::Set(list) => list.0.borrow().as_ref().ok().map(|items| !items.is_empty()),
        Value::Dict(dict) => dict.0.borrow().as_ref().ok().map(|items| !items.is_empty()),
        Value::Ellipsis | Value::Function(_) | Value::Class(_) | Value::Module(_) => Some(true),
        Value::External(path) if &**path == "typing.TYPE_CHECKING" => Some(false),
        _ => None,
    }
}

/// The elements of what can be iterated, where they are known.
pub(crate) fn elements(value: &Value) -> Result<Vec<Value>, Option<Doubt>> {
    match value {
        Value::Tuple(items) => Ok(items.to_vec()),
        Value::List(list) => list.0.borrow().clone().map_err(Some),
        // The order of a set of strings changes from run to run.
        Value::Set(list) => match &*list.0.borrow() {
            Ok(items) if items.len() < 2 => Ok(items.clone()),
            Ok(_) => Err(None),
            Err(doubt) => Err(Some(doubt.clone())),
        },
        Value::Dict(dict) => match &*dict.0.borrow() {
            Ok(items) => Ok(items.iter().map(|(key, _)| key.clone()).collect()),
            Err(doubt) => Err(Some(doubt.clone())),
        },
        Value::Str(text) => match text.as_str() {
            Some(text) => Ok(text.chars().map(|character| Value::str(character.to_string())).collect()),
            None => Err(None),
        },
        Value::Class(class) if class.is_enum => expr::enum_members(class),
        Value::Unknown(doubt) => Err(Some(doubt.clone())),
        _ => Err(None),
    }
}
