//! Marks of the evaluator as markers of the catalog.

use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;
use num_traits::ToPrimitive;
use test_catalog::{Marker, Origin, Reason, Scope, Value as CatalogValue};

use crate::PytestVersion;
use crate::eval::value::{Argument, Binding, Class, Doubt, Mark, Module, Value};
use crate::eval::{elements, marks_of};

/// Marks in order, and why they may not be all.
#[derive(Debug, Clone, Default)]
pub(crate) struct MarkList {
    pub(crate) marks: Vec<Rc<Mark>>,
    pub(crate) open: Option<Doubt>,
}

impl MarkList {
    pub(crate) fn extend(&mut self, other: &Self) {
        self.marks.extend(other.marks.iter().cloned());
        self.open = self.open.take().or_else(|| other.open.clone());
    }
}

/// A `pytestmark` that pytest refuses.
#[derive(Debug)]
pub(crate) struct NotMarks;

/// What a `pytestmark` gives. pytest takes a mark or a list; anything else loses the module or class.
fn pytestmark(value: &Value, binding_doubt: Option<&Doubt>) -> Result<MarkList, NotMarks> {
    if let Some(doubt) = binding_doubt {
        return Ok(MarkList { marks: Vec::new(), open: Some(doubt.clone()) });
    }
    match value {
        Value::Mark(mark) => Ok(MarkList { marks: vec![mark.clone()], open: None }),
        Value::List(_) => match marks_of(value) {
            Ok(marks) => Ok(MarkList { marks, open: None }),
            Err(doubt) => {
                // What is known of it is kept.
                let known = elements(value).unwrap_or_default();
                let marks =
                    known.iter().filter_map(|one| if let Value::Mark(mark) = one { Some(mark.clone()) } else { None });
                let doubt = doubt.or_else(|| match value {
                    Value::List(list) => list.0.borrow().as_ref().err().cloned(),
                    _ => None,
                });
                match doubt {
                    Some(doubt) => Ok(MarkList { marks: marks.collect(), open: Some(doubt) }),
                    None => Err(NotMarks),
                }
            }
        },
        Value::Unknown(doubt) => Ok(MarkList { marks: Vec::new(), open: Some(doubt.clone()) }),
        _ => Err(NotMarks),
    }
}

/// A module whose `pytestmark` is `None` has no marks; before, it was an error.
const NONE_OF_MODULE: PytestVersion = PytestVersion::new(9, 1, 0);

/// The marks of a module's `pytestmark`.
pub(crate) fn of_module(module: &Module, pytest: PytestVersion) -> Result<MarkList, NotMarks> {
    match module.scope.names.borrow().get("pytestmark") {
        Some(Binding { value: Value::None, doubt: None }) if pytest >= NONE_OF_MODULE => Ok(MarkList::default()),
        Some(binding) => pytestmark(&binding.value, binding.doubt.as_ref()),
        None => Ok(MarkList::default()),
    }
}

/// The marks of a class node: of each class in reversed method resolution order. Its decorators' are in its own
/// `pytestmark`, behind its body's.
pub(crate) fn of_class(class: &Class) -> Result<MarkList, NotMarks> {
    let mut list = MarkList::default();
    let add = |class: &Class, list: &mut MarkList| -> Result<(), NotMarks> {
        if let Some(binding) = class.names.borrow().get("pytestmark") {
            list.extend(&pytestmark(&binding.value, binding.doubt.as_ref())?);
        }
        let open = class.open.borrow().clone().or_else(|| class.doubt.borrow().clone());
        list.open = list.open.take().or(open);
        Ok(())
    };
    for base in class.mro.iter().rev() {
        if let Value::Class(base) = base {
            add(base, &mut list)?;
        }
    }
    add(class, &mut list)?;
    Ok(list)
}

/// Marks as the catalog keeps them. What shares a mark shares its marker: a function's `parametrize` may be long, and
/// each of its cases has it.
#[derive(Debug, Default)]
pub(crate) struct SharedMarkers {
    own: Made,
    /// Those of the classes and the module around, likewise by address: most tests of a module share them.
    around: HashMap<*const MarkList, (Rc<[MarkList]>, Around)>,
}

/// By the mark's address, which counts as long as the mark is held here, and how far it reaches: one mark can be in a
/// module's `pytestmark` and decorate a function as well.
type Made = HashMap<(*const Mark, Option<Scope>), (Rc<Mark>, Arc<Marker>)>;

/// The markers of what is around a test.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) markers: Vec<Arc<Marker>>,
    /// Why they may not be all.
    pub(crate) open: Option<Reason>,
    /// Why their arguments are not all known.
    pub(crate) doubtful: Option<Reason>,
}

impl SharedMarkers {
    /// One that an author wrote, with how far it reaches; or, without, one that a hook, pytest or a plugin put on a
    /// test.
    pub(crate) fn marker(&mut self, mark: &Rc<Mark>, scope: Option<Scope>) -> Arc<Marker> {
        shared(&mut self.own, mark, scope)
    }

    /// Those of a chain of classes and their module.
    pub(crate) fn around(&mut self, chain: &Rc<[MarkList]>) -> &Around {
        let Self { own, around } = self;
        let make = || {
            // The module's are the last.
            let scope = |index| if index + 1 == chain.len() { Scope::Module } else { Scope::Class };
            let marks =
                || chain.iter().enumerate().flat_map(|(index, list)| list.marks.iter().map(move |mark| (index, mark)));
            let around = Around {
                markers: marks().map(|(index, mark)| shared(own, mark, Some(scope(index)))).collect(),
                open: chain.iter().find_map(|list| list.open.as_deref().cloned()),
                doubtful: marks().find_map(|(_, mark)| doubtful_arguments(mark)),
            };
            (chain.clone(), around)
        };
        &around.entry(chain.as_ptr()).or_insert_with(make).1
    }
}

fn shared(made: &mut Made, mark: &Rc<Mark>, scope: Option<Scope>) -> Arc<Marker> {
    let make = || (mark.clone(), Arc::new(marker(mark, scope)));
    made.entry((Rc::as_ptr(mark), scope)).or_insert_with(make).1.clone()
}

fn marker(mark: &Mark, scope: Option<Scope>) -> Marker {
    let origin = if scope.is_some() { Origin::Source } else { Origin::Hook };
    Marker {
        name: mark.name.to_string(),
        args: mark.args.iter().map(argument).collect(),
        kwargs: mark.kwargs.iter().map(|(name, value)| (name.to_string(), argument(value))).collect(),
        origin: origin(mark.at.clone()),
        scope,
    }
}

/// Why a mark's arguments are not all known, where a reader of the catalog would take a wrong value from them.
/// `parametrize` speaks for itself in the ids.
pub(crate) fn doubtful_arguments(mark: &Mark) -> Option<Reason> {
    if &*mark.name == "parametrize" {
        return None;
    }
    if let Some(doubt) = &mark.doubt {
        return Some((**doubt).clone());
    }
    mark.args
        .iter()
        .chain(mark.kwargs.iter().map(|(_, value)| value))
        .find_map(|argument| argument.value.doubt().map(|doubt| (**doubt).clone()))
}

fn argument(argument: &Argument) -> CatalogValue {
    literal(&argument.value, 0).unwrap_or_else(|| CatalogValue::Expr(argument.source.to_string()))
}

/// A value that is a literal; nesting is bounded.
fn literal(value: &Value, depth: u32) -> Option<CatalogValue> {
    if depth > 20 {
        return None;
    }
    let all = |items: &[Value]| items.iter().map(|item| literal(item, depth + 1)).collect::<Option<Vec<_>>>();
    match value {
        Value::None => Some(CatalogValue::None),
        Value::Bool(flag) => Some(CatalogValue::Bool(*flag)),
        Value::Int(number) => number.to_i64().map(CatalogValue::Int),
        Value::Float(number) => Some(CatalogValue::Float(*number)),
        Value::Str(text) => text.as_str().map(|text| CatalogValue::Str(text.to_owned())),
        Value::Tuple(items) => all(items).map(CatalogValue::Tuple),
        Value::List(list) => all(list.0.borrow().as_ref().ok()?).map(CatalogValue::List),
        Value::Dict(dict) => {
            let pairs = dict.0.borrow();
            let pairs = pairs
                .as_ref()
                .ok()?
                .iter()
                .map(|(key, value)| Some((literal(key, depth + 1)?, literal(value, depth + 1)?)));
            pairs.collect::<Option<Vec<_>>>().map(CatalogValue::Dict)
        }
        _ => None,
    }
}
