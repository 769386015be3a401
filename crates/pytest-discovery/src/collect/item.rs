//! One test, as pytest's hooks see it and as the catalog lists it.

use std::any::Any;
use std::cell::{OnceCell, Ref};
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;
use test_catalog::{Certainty, Condition, EditSite, Markers, NodeId, Reason, SourceSpan, TestCase, TestKind, TreePath};

use super::alike;
use super::callspec::Parameter;
use super::config_object::ConfigObject;
use super::edit_sites;
use super::keywords::Keywords;
use super::marks::{self, MarkList, SharedMarkers};
use super::open_name::OpenName;
use super::own_marks::{OwnMark, OwnMarks};
use crate::eval::shared::Shared;
use crate::eval::value::{Arguments, Class, Doubt, Function, Mark, Module, Object, Value};
use crate::eval::{
    self,
    alike::{Kind, Step, Watch},
};
use crate::eval::{Frame, Interpreter, stdlib};
use crate::syntax::ast::{Range, Text};

/// The file that a test stands in, as a node.
#[derive(Debug)]
pub(crate) struct ModuleNode {
    /// Absolute.
    pub(crate) path: Utf8PathBuf,
    /// As node ids name it.
    pub(crate) node: TreePath,
    pub(crate) module: Rc<Module>,
    /// The option of the tree's configuration that leaves it out.
    pub(crate) ignored_by: Option<Condition>,
}

/// A class that a test stands in, under the name that it is bound to.
#[derive(Debug, Clone)]
pub(super) struct ClassNode {
    pub(super) name: Rc<str>,
    pub(super) class: Rc<Class>,
}

/// One test.
#[derive(Debug)]
pub(crate) struct Item {
    pub(super) module: Rc<ModuleNode>,
    pub(super) classes: Rc<[ClassNode]>,
    /// The name that it is bound to.
    pub(super) name: Rc<str>,
    /// What stands in brackets behind the name.
    pub(super) id: Option<Box<str>>,
    pub(super) node_id: NodeId,
    /// The node id without what stands in brackets.
    pub(super) function_id: NodeId,
    /// `None` for what may be a test.
    pub(super) function: Option<Rc<Function>>,
    pub(super) own: OwnMarks,
    /// The marks of the classes around, innermost first, then the module's.
    pub(super) chain: Rc<[MarkList]>,
    /// Why authors may have given it more marks.
    pub(super) open: Option<Doubt>,
    /// Why a hook may have given it more marks.
    pub(super) hooks: Shared<Option<Doubt>>,
    pub(super) fixtures: Rc<[Rc<str>]>,
    /// The list of their names that hooks were handed.
    pub(super) names: Shared<Option<Box<Value>>>,
    pub(super) parameters: Box<[Parameter]>,
    /// Of one that is inexact: the parameters of wider scopes that its tests may have, once for each combination.
    pub(super) shadow: Box<[Vec<Parameter>]>,
    pub(super) conditions: Shared<Vec<Condition>>,
    /// The first of them as a reason, once somebody asked: none is ever put in front of it.
    pub(super) several: OnceCell<Box<Doubt>>,
    /// Why it is not known what pytest collects for it.
    pub(super) doubt: Shared<Option<Doubt>>,
    pub(super) span: SourceSpan,
    pub(super) sites: Arc<[EditSite]>,
    /// Where its one `pytest.param(...)` stands.
    pub(super) param_at: Option<Box<SourceSpan>>,
    pub(super) config: Rc<ConfigObject>,
    /// What a hook asks and does, while it is watched.
    pub(super) watch: Watch,
}

/// What fixtures of pytest's own call that are made for these names, in modules and in classes.
///
/// Source: `_register_setup_module_fixture` and its like of `_pytest.python`, and of `_pytest.unittest`.
const SETUPS: [&str; 6] =
    ["setUpModule", "setup_function", "setup_module", "tearDownModule", "teardown_function", "teardown_module"];
const SETUPS_OF_CLASS: [&str; 6] =
    ["setup", "setup_class", "setup_method", "teardown", "teardown_class", "teardown_method"];

impl Item {
    /// Whether it may ask for such a fixture, or for those that a `TestCase` has.
    fn has_setups(&self) -> bool {
        let names = self.module.module.scope.names.borrow();
        let is_set_up = |node: &ClassNode| {
            let is_case = |base: &Value| matches!(base, Value::External(path) if stdlib::is_test_case(path));
            node.class.mro.iter().any(is_case)
                || SETUPS_OF_CLASS.iter().any(|name| !matches!(node.class.lookup(name), Ok(None)))
        };
        SETUPS.iter().any(|name| names.contains_key(name)) || self.classes.iter().any(is_set_up)
    }

    /// `TestA::TestB` of the classes around, as node ids have it.
    pub(super) fn class_path(&self) -> Option<String> {
        let names: Vec<&str> = self.classes.iter().map(|class| &*class.name).collect();
        (!names.is_empty()).then(|| names.join("::"))
    }

    /// Whether that is its full name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let id = name.strip_prefix(&*self.name);
        match &self.id {
            None => id == Some(""),
            Some(own) => id.and_then(|id| id.strip_prefix('[')?.strip_suffix(']')) == Some(&**own),
        }
    }

    pub(super) fn full_name(&self) -> String {
        self.id.as_ref().map_or_else(|| self.name.to_string(), |id| format!("{}[{id}]", self.name))
    }

    /// Whether it is a docstring or a text.
    fn is_doctest(&self) -> bool {
        self.function.is_none() && self.doubt.borrow().is_none()
    }

    /// Its own marks.
    pub(super) fn own(&self) -> Ref<'_, Vec<OwnMark>> {
        let (own, doubt) = self.own.now();
        if let Some(doubt) = doubt {
            self.more_marks_by_hook(&doubt);
        }
        own
    }

    /// Those of all its marks that an author wrote, in the same order.
    pub(super) fn authored<'m>(&'m self, own: &'m [OwnMark]) -> impl Iterator<Item = &'m Rc<Mark>> {
        let chain = self.chain.iter().flat_map(|list| list.marks.iter());
        own.iter().filter(|own| own.scope.is_some()).map(|own| &own.mark).chain(chain)
    }

    /// All its marks, its own first, in the order of `iter_markers`.
    fn marks<'m>(&'m self, own: &'m [OwnMark]) -> impl Iterator<Item = &'m Rc<Mark>> {
        let chain = self.chain.iter().flat_map(|list| list.marks.iter());
        own.iter().map(|own| &own.mark).chain(chain)
    }

    /// Why it may have more marks than these: one that is inexact has those of its parameters.
    pub(super) fn more_marks(&self) -> Option<Doubt> {
        let open = self.open.clone().or_else(|| self.chain.iter().find_map(|list| list.open.clone()));
        // What hooks did to its list of marks may be the reason.
        drop(self.own());
        open.or_else(|| self.hooks.borrow().clone()).or_else(|| self.doubt.borrow().clone())
    }

    pub(super) fn more_marks_by_hook(&self, doubt: &Doubt) {
        self.hooks.borrow_mut().get_or_insert_with(|| doubt.clone());
    }

    pub(super) fn add_condition(&self, condition: Condition) {
        let mut conditions = self.conditions.borrow_mut();
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }

    pub(super) fn doubt(&self, doubt: &Doubt) {
        self.doubt.borrow_mut().get_or_insert_with(|| doubt.clone());
    }

    /// Takes the mark away that it was given last.
    pub(super) fn take_mark(&self, at_end: bool) {
        self.change_marks(|own| {
            if at_end {
                own.pop();
            } else if !own.is_empty() {
                own.remove(0);
            }
        });
    }

    /// What the catalog says of it.
    pub(super) fn case(&self, shared: &mut SharedMarkers) -> TestCase {
        let own = self.own();
        let mut list: Vec<_> = own.iter().map(|own| shared.marker(&own.mark, own.scope)).collect();
        let around = shared.around(&self.chain);
        list.extend(around.markers.iter().cloned());
        let open = self.open.as_deref().or(around.open.as_ref()).cloned();
        let open = open.or_else(|| own.iter().find_map(|own| marks::doubtful_arguments(&own.mark)));
        let open = open.or_else(|| around.doubtful.clone());
        let skips = list.iter().filter(|marker| marker.name == "skipif").filter_map(|marker| match &marker.origin {
            test_catalog::Origin::Source(at) => Some(Condition { text: marker.to_string(), at: at.clone() }),
            _ => None,
        });
        let mut conditions = self.conditions.borrow().clone();
        conditions.extend(skips);
        let hooks = self.hooks.borrow().as_deref().cloned().map(Box::new);
        let markers = Markers { list, open: open.map(Box::new), hooks };
        let doubt = self.doubt.borrow().as_deref().cloned().map(Box::new);
        let certainty = doubt.map_or(Certainty::Exact, Certainty::Inexact);
        let edit_sites = match &self.param_at {
            Some(at) => edit_sites::with_param(&self.sites, at),
            None => self.sites.clone(),
        };
        TestCase {
            id: self.node_id.clone(),
            function: self.function_id.clone(),
            occurrence: 0,
            span: self.span.clone(),
            markers,
            certainty,
            conditions,
            ignored_by: self.module.ignored_by.clone().map(Box::new),
            edit_sites,
            kind: TestKind::Python,
        }
    }

    /// The mark of a name that `get_closest_marker` gives, of those that are known.
    pub(super) fn closest(&self, name: &str) -> Option<Rc<Mark>> {
        let own = self.own();
        self.marks(&own).find(|mark| &*mark.name == name).cloned()
    }

    /// Whether its own marks are all that are known.
    pub(super) fn lists_all(&self) -> bool {
        self.open.is_none() && self.hooks.borrow().is_none()
    }

    /// Its own marks, where they are all.
    fn listed(&self) -> Option<Vec<Rc<Mark>>> {
        self.lists_all().then(|| self.own().iter().map(|own| own.mark.clone()).collect())
    }

    /// All marks that it has, or those of a name.
    ///
    /// # Errors
    /// Why it may have more.
    fn iterated(&self, name: Option<&str>) -> Result<Vec<Rc<Mark>>, Doubt> {
        match self.more_marks() {
            Some(doubt) => Err(doubt),
            None => Ok(self.named(&self.own(), name).cloned().collect()),
        }
    }

    /// Those of all its marks that are called so.
    pub(super) fn named<'m>(&'m self, own: &'m [OwnMark], name: Option<&'m str>) -> impl Iterator<Item = &'m Rc<Mark>> {
        self.marks(own).filter(move |mark| name.is_none_or(|name| name == &*mark.name))
    }

    /// Gives it a mark.
    pub(super) fn add_mark(&self, mark: &Rc<Mark>, at_end: bool) {
        self.change_marks(|own| {
            let place = if at_end { own.len() } else { 0 };
            own.insert(place, OwnMark { mark: mark.clone(), scope: None });
        });
    }

    fn change_marks(&self, change: impl FnOnce(&mut Vec<OwnMark>)) {
        // Whoever has the list of them sees it elsewhere.
        if self.own.is_handed() { self.own.change(change) } else { eval::alike::mark(|| self.own.change(change)) }
    }
}

impl Object for Item {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        // These are the same for all tests of a file.
        match name {
            "path" | "fspath" | "module" | "config" | "get_closest_marker" | "iter_markers" | "add_marker" => {}
            "own_markers" => match self.listed() {
                Some(marks) => self.watch.note(|| Step::Listed(marks)),
                None => self.watch.lose(),
            },
            _ => self.watch.lose(),
        }
        // A doctest is no function, and stands in no class.
        if self.is_doctest() && matches!(name, "module" | "cls" | "originalname" | "fixturenames" | "obj") {
            return None;
        }
        Some(match name {
            "name" if self.is_vague() => OpenName::value(&self.name),
            "name" => Value::str(self.full_name()),
            "originalname" => Value::str(&*self.name),
            "nodeid" if self.is_vague() => OpenName::value(self.function_id.as_str()),
            "nodeid" => Value::Str(Text::Utf8(self.node_id.clone().into())),
            "path" | "fspath" => crate::eval::path_value(&self.module.path),
            "module" => Value::Module(self.module.module.clone()),
            "cls" => self.classes.last().map_or(Value::None, |node| Value::Class(node.class.clone())),
            "function" | "obj" => Value::Function(self.function.clone()?),
            "config" => Value::Object(self.config.clone()),
            // Fixtures of pytest's own call these, and are not followed.
            "fixturenames" if self.has_setups() => return None,
            "fixturenames" => {
                let list = || Value::list(self.fixtures.iter().map(|name| Value::str(&**name)).collect());
                let handed = self.names.borrow().clone().unwrap_or_else(|| Box::new(list()));
                self.names.replace(Some(handed.clone()));
                *handed
            }
            "own_markers" if self.lists_all() => self.own.list(),
            "parent" => Value::Object(Rc::new(Ancestor { config: self.config.clone(), at: self.span.clone() })),
            "keywords" => Value::Object(Rc::new(Keywords(self))),
            "callspec" if !self.parameters.is_empty() && !self.is_vague() => Value::Object(Rc::new(CallSpecView {
                id: self.id.as_deref().unwrap_or_default().to_owned(),
                params: self.parameters.iter().map(|one| (one.name.clone(), one.value.clone())).collect(),
            })),
            _ => return None,
        })
    }

    fn truth(&self) -> Option<bool> {
        Some(true)
    }

    fn lacks(&self, name: &str) -> Option<bool> {
        match name {
            "function" | "module" | "cls" | "originalname" | "callspec" if self.is_doctest() => Some(true),
            "fixturenames" if self.is_doctest() => None,
            "callspec" if self.is_vague() => None,
            "callspec" => Some(self.parameters.is_empty()),
            _ => Some(false),
        }
    }

    fn call(
        &self,
        name: &str,
        arguments: &Arguments,
        interpreter: &mut Interpreter<'_>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match name {
            "get_closest_marker" => {
                let wanted = arguments.get(0, "name")?.as_str()?;
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                let closest = self.closest(wanted);
                let more = if closest.is_none() { self.more_marks() } else { None };
                if more.is_some() {
                    self.watch.lose();
                }
                self.watch.note(|| Step::Asked(wanted.into(), closest.clone()));
                Some(closest.map(Value::Mark).or(more.map(Value::Unknown)).unwrap_or(default))
            }
            "iter_markers" => {
                let wanted = match arguments.get(0, "name") {
                    None | Some(Value::None) => None,
                    Some(name) => match name.as_str() {
                        Some(name) => Some(name),
                        None => {
                            self.watch.lose();
                            return None;
                        }
                    },
                };
                match self.iterated(wanted) {
                    Ok(marks) => {
                        self.watch.note(|| Step::Iterated(wanted.map(Into::into), marks.clone()));
                        Some(Value::Tuple(marks.into_iter().map(Value::Mark).collect()))
                    }
                    Err(doubt) => {
                        self.watch.lose();
                        Some(Value::Unknown(doubt))
                    }
                }
            }
            "add_marker" => {
                let mark = match arguments.get(0, "marker") {
                    Some(Value::Mark(mark)) => Some(mark.clone()),
                    Some(Value::Str(name)) => Some(Rc::new(Mark {
                        name: name.as_str()?.into(),
                        args: Vec::new(),
                        kwargs: Vec::new(),
                        at: frame.module.file.span(range),
                        doubt: None,
                    })),
                    _ => None,
                };
                let at_end = match arguments.get(1, "append") {
                    None => Some(true),
                    Some(append) => crate::eval::truth(append),
                };
                let sure = interpreter.is_certain_for(self);
                match (mark, at_end) {
                    (Some(mark), Some(at_end)) if sure => {
                        self.add_mark(&mark, at_end);
                        self.watch.note(|| Step::Added(mark, at_end));
                    }
                    _ => {
                        self.more_marks_by_hook(&interpreter.doubt(frame, range, "a hook may add a marker here"));
                    }
                }
                Some(Value::None)
            }
            "getparent" => {
                self.watch.lose();
                Some(Value::Object(Rc::new(Ancestor { config: self.config.clone(), at: self.span.clone() })))
            }
            "listchain" | "iter_parents" | "warn" | "addfinalizer" => {
                self.watch.lose();
                let ancestor = Ancestor { config: self.config.clone(), at: self.span.clone() };
                Some(Value::list(vec![Value::Object(Rc::new(ancestor))]))
            }
            _ => None,
        }
    }

    fn assign(&self, name: &str, _: &Value, _: &SourceSpan) {
        self.watch.lose();
        if matches!(name, "name" | "_nodeid" | "own_markers" | "callspec") {
            let text = format!("a hook changes its `{name}`");
            self.doubt(&Reason { text, at: self.span.clone() }.into());
        }
    }

    fn stands_for_several(&self) -> Option<Doubt> {
        if let Some(doubt) = &*self.doubt.borrow() {
            return Some(doubt.clone());
        }
        let conditions = self.conditions.borrow();
        let first = conditions.first()?;
        let reason =
            || Reason { text: format!("which tests there are depends on `{}`", first.text), at: first.at.clone() };
        Some((**self.several.get_or_init(|| Box::new(reason().into()))).clone())
    }

    fn is_vague(&self) -> bool {
        self.doubt.borrow().is_some()
    }

    fn kind(&self) -> Option<Kind> {
        let is_several = !self.conditions.borrow().is_empty();
        let has_function = self.function.is_some();
        (!self.is_vague()).then(|| Kind { among: Rc::as_ptr(&self.module).cast(), has_function, is_several })
    }

    fn watch(&self) -> Option<&Watch> {
        Some(&self.watch)
    }

    fn repeats(&self, steps: &[Step]) -> bool {
        alike::repeat(steps, self)
    }

    /// By identity. One of which it is not known what pytest collects for it stands for several.
    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        self.watch.lose();
        other.watch.lose();
        let is_same = std::ptr::eq(self, other);
        (!is_same || !self.is_vague()).then_some(is_same)
    }

    /// What is not followed may add markers; it cannot rename the test.
    fn taint(&self, doubt: &Doubt) {
        self.more_marks_by_hook(doubt);
    }
}

/// A node around a test. What a hook does to it is done to all tests below, which is not followed.
#[derive(Debug)]
pub(super) struct Ancestor {
    config: Rc<ConfigObject>,
    at: SourceSpan,
}

impl Ancestor {
    /// One of which it is not known which node it is.
    pub(super) fn value(config: &Rc<ConfigObject>, at: &SourceSpan) -> Value {
        Value::Object(Rc::new(Self { config: config.clone(), at: at.clone() }))
    }
}

impl Object for Ancestor {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        match name {
            "parent" => Some(Value::Object(Rc::new(Self { config: self.config.clone(), at: self.at.clone() }))),
            "config" => Some(Value::Object(self.config.clone())),
            // What is bound in a module or class may be a test.
            "obj" | "module" | "cls" => {
                let text = format!("a hook is handed the `{name}` of a node around tests");
                self.config.unfollowed.borrow_mut().get_or_insert(Reason { text, at: self.at.clone() });
                None
            }
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
        if !matches!(name, "get_closest_marker" | "iter_markers" | "getparent" | "listchain") {
            let doubt = interpreter.doubt(frame, range, format!("a hook calls `{name}` of a node around tests"));
            self.taint(&doubt);
        }
        None
    }

    fn taint(&self, doubt: &Doubt) {
        self.config.doubts.borrow_mut().get_or_insert_with(|| (**doubt).clone());
    }
}

/// `item.callspec`.
#[derive(Debug)]
struct CallSpecView {
    id: String,
    params: Vec<(Rc<str>, Value)>,
}

impl Object for CallSpecView {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn attribute(self: Rc<Self>, name: &str, _: &mut Interpreter<'_>) -> Option<Value> {
        match name {
            "id" => Some(Value::str(self.id.as_str())),
            "params" => {
                let params = self.params.iter().map(|(name, value)| (Value::str(&**name), value.clone()));
                Some(Value::dict(params.collect()))
            }
            _ => None,
        }
    }

    fn truth(&self) -> Option<bool> {
        Some(true)
    }
}
