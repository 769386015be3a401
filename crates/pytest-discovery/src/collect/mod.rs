//! From an evaluated module to its tests, as pytest's `Module`, `Class` and `Function` nodes give them.

mod edit_sites;
mod fixtures;
pub(crate) mod ids;
mod marks;
mod parametrize;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use test_catalog::{
    Certainty, Condition, EditSite, Markers, NodeId, Problem, ProblemKind, Reason, SourceSpan, TestCase, TreePath,
};

use crate::config::Config;
use crate::eval::value::{Binding, Class, Doubt, Function, Mark, Module, Names, Value};
use crate::eval::{Frame, Interpreter, stdlib, truth};
use crate::fnmatch::FnMatch;
use fixtures::Visible;
use marks::MarkList;

/// Items one function may give; more is a hostile file, or one that reading got wrong.
const MOST_ITEMS: usize = 20_000;

/// What hooks of the tree do to the tests of a module.
#[derive(Debug, Clone, Default)]
pub(crate) struct HookDoubts {
    /// They may add markers.
    pub(crate) marks: Option<Reason>,
    /// They may deselect tests.
    pub(crate) deselects: Option<Reason>,
    /// They may do more than that.
    pub(crate) other: Option<Reason>,
}

/// Which names are tests.
pub(crate) struct NameFilters {
    classes: Vec<NameFilter>,
    functions: Vec<NameFilter>,
}

enum NameFilter {
    Prefix(String),
    Glob(FnMatch),
}

impl NameFilter {
    fn new(text: &str) -> Self {
        if text.contains(['*', '?', '[']) { Self::Glob(FnMatch::new(text)) } else { Self::Prefix(text.to_owned()) }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::Glob(pattern) => pattern.matches(name),
        }
    }
}

impl NameFilters {
    pub(crate) fn new(config: &Config) -> Self {
        let filters = |texts: &[String]| texts.iter().map(|text| NameFilter::new(text)).collect();
        Self { classes: filters(&config.ini.python_classes), functions: filters(&config.ini.python_functions) }
    }
}

/// One module on its way into the catalog.
pub(crate) struct Collector<'c, 'i> {
    pub(crate) config: &'c Config,
    pub(crate) filters: &'c NameFilters,
    pub(crate) interpreter: &'c mut Interpreter<'i>,
    pub(crate) module: Rc<Module>,
    /// The file as node ids name it.
    pub(crate) node: TreePath,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) hooks: HookDoubts,
    pub(crate) cases: Vec<TestCase>,
    pub(crate) problems: Vec<Problem>,
}

/// Where in a module collection is.
struct Place {
    /// The names of the classes around, outermost first.
    names: Vec<String>,
    /// The marks of the classes around, innermost first, each as its node has them; the module's come last.
    chain: Vec<MarkList>,
    /// The classes around, outermost first.
    classes: Vec<Rc<Class>>,
    visible: Visible,
    doubt: Option<Doubt>,
    unittest: bool,
}

/// pytest fails to collect this node: its tests are lost.
struct Lost(Problem);

impl Collector<'_, '_> {
    /// Collects the module; `conftests` are those that reach it, outer ones first.
    pub(crate) fn collect(&mut self, conftests: &[Rc<Module>]) {
        self.conditions.extend(self.module.conditions.borrow().iter().cloned());
        let deselects = self.hooks.deselects.iter();
        self.conditions.extend(deselects.map(|reason| Condition { text: reason.text.clone(), at: reason.at.clone() }));
        if let Some(raised) = &*self.module.ended.borrow() {
            if &*raised.class != "Skipped" {
                self.problems.push(Problem {
                    kind: ProblemKind::Collection,
                    message: format!(
                        "raises `{}` when it is imported: pytest collects none of its tests",
                        raised.class
                    ),
                    at: raised.at.clone(),
                });
            }
            return;
        }
        let module = self.module.clone();
        let is_false = module.scope.names.borrow().get("__test__").is_some_and(|one| truth(&one.value) == Some(false));
        if is_false {
            return;
        }
        let module_marks = match marks::of_module(&module) {
            Ok(marks) => marks,
            Err(marks::NotMarks) => {
                self.lose_pytestmark();
                return;
            }
        };
        let mut visible = Visible::default();
        conftests.iter().for_each(|conftest| visible.add_module(conftest));
        visible.add_module(&module);
        let place = Place {
            names: Vec::new(),
            chain: vec![module_marks],
            classes: Vec::new(),
            visible,
            doubt: module.open.borrow().clone().or_else(|| self.unfollowed_option()),
            unittest: false,
        };
        let names: Vec<(Rc<str>, Binding)> =
            module.scope.names.borrow().iter().map(|(name, binding)| (name.clone(), binding.clone())).collect();
        let before = self.cases.len();
        for (name, binding) in names {
            if let Err(Lost(problem)) = self.name(&name, &binding, &place) {
                self.cases.truncate(before);
                self.problems.push(problem);
                return;
            }
        }
    }

    /// An option that changes which tests there are, or their ids, and that is not followed yet.
    fn unfollowed_option(&self) -> Option<Doubt> {
        let text = if !self.config.ini.collect_imported_tests {
            "the option `collect_imported_tests` is not followed"
        } else if self.config.ini.unescaped_ids {
            "the option that leaves ids unescaped is not followed"
        } else {
            return None;
        };
        let at = SourceSpan::line(self.module.file.path.clone(), 1);
        Some(Reason { text: text.to_owned(), at }.into())
    }

    fn lose_pytestmark(&mut self) {
        let text = &self.module.file.text;
        let line = text.lines().position(|line| line.trim_start().starts_with("pytestmark")).unwrap_or(0);
        self.problems.push(Problem {
            kind: ProblemKind::Collection,
            message: "`pytestmark` is neither a mark nor a list of marks: pytest collects none of these tests"
                .to_owned(),
            at: SourceSpan::line(self.module.file.path.clone(), u32::try_from(line + 1).unwrap_or(1)),
        });
    }

    fn name(&mut self, name: &str, binding: &Binding, place: &Place) -> Result<(), Lost> {
        if name.starts_with("__") && name.ends_with("__") {
            return Ok(());
        }
        match &binding.value {
            Value::Class(class) => {
                self.class(name, class, binding, place);
                Ok(())
            }
            value if !self.filters.functions.iter().any(|filter| filter.matches(name)) => {
                // A class of a library, or an unknown one, may be a test class.
                let may_be_class = self.filters.classes.iter().any(|filter| filter.matches(name));
                if let (true, Value::Unknown(doubt)) = (may_be_class, value) {
                    self.inexact_name(name, place, &doubt.clone());
                }
                Ok(())
            }
            Value::Function(function) => self.function(name, function, binding, place, true),
            Value::StaticMethod(inner) => match &**inner {
                Value::Function(function) => self.function(name, function, binding, place, false),
                _ => Ok(()),
            },
            Value::ClassMethod(inner) => match &**inner {
                Value::Function(function) => self.function(name, function, binding, place, true),
                _ => Ok(()),
            },
            Value::Unknown(doubt) => {
                self.inexact_name(name, place, &doubt.clone());
                Ok(())
            }
            Value::External(_) => {
                let at = SourceSpan::line(self.module.file.path.clone(), 1);
                let text = format!("`{name}` comes from a library, and may be a test");
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A name that may be a test, and about which no more is known.
    fn inexact_name(&mut self, name: &str, place: &Place, doubt: &Doubt) {
        let span = doubt.at.clone();
        let mut markers = self.markers(&MarkList::default(), &[], place);
        markers.open.get_or_insert_with(|| (**doubt).clone());
        let names = place.names.iter().map(String::as_str).chain([name]);
        let id = NodeId::python(&self.node, names, None);
        let mut case = TestCase::python(id, span, markers, Certainty::Inexact((**doubt).clone()));
        case.conditions.clone_from(&self.conditions);
        self.cases.push(case);
    }

    fn class(&mut self, name: &str, class: &Rc<Class>, binding: &Binding, place: &Place) {
        let unittest = class.has_external(stdlib::is_test_case);
        if !unittest && !self.filters.classes.iter().any(|filter| filter.matches(name)) {
            return;
        }
        // Nested too deeply to be anything but hostile.
        if place.names.len() > 30 || place.unittest {
            return;
        }
        let mut doubt = place.doubt.clone().or_else(|| binding.doubt.clone());
        doubt = doubt.or_else(|| class.doubt.borrow().clone());
        let known = |attribute: &str| class.lookup(attribute).ok().flatten();
        if known("__test__").is_some_and(|flag| truth(&flag.value) == Some(false)) {
            return;
        }
        if !unittest {
            let dataclass = class.dataclass.get()
                || class.mro.iter().any(|base| matches!(base, Value::Class(base) if base.dataclass.get()));
            if class.is_enum || dataclass || known("__init__").is_some() || known("__new__").is_some() {
                return;
            }
            let foreign = class.mro.iter().find_map(|base| match base {
                Value::External(path) if !stdlib::is_plain_base(path) => Some(path.clone()),
                _ => None,
            });
            // Whether a method is left abstract, and so the class out, is not followed.
            if let Some(path) =
                ["abc.ABC", "typing.Protocol"].into_iter().find(|path| class.has_external(|one| one == *path))
            {
                let at = class.file.span(class.def.range);
                doubt.get_or_insert_with(|| Reason { text: format!("derives from `{path}`"), at }.into());
            }
            if let Some(path) = foreign {
                if path.starts_with("builtins.") || stdlib::is_value_base(&path) || &*path == "typing.NamedTuple" {
                    return;
                }
                let at = class.file.span(class.def.range);
                doubt.get_or_insert_with(|| {
                    Reason { text: format!("the base class `{path}` is not in the tree"), at }.into()
                });
            }
        }
        let class_marks = match marks::of_class(class) {
            Ok(marks) => marks,
            Err(marks::NotMarks) => {
                self.lose_pytestmark();
                return;
            }
        };
        let mut visible = place.visible.clone();
        visible.add_class(class);
        let inner = Place {
            names: place.names.iter().cloned().chain([name.to_owned()]).collect(),
            chain: [class_marks].into_iter().chain(place.chain.iter().cloned()).collect(),
            classes: place.classes.iter().cloned().chain([class.clone()]).collect(),
            visible,
            doubt,
            unittest,
        };
        let before = self.cases.len();
        for (name, binding) in members(class, unittest) {
            let outcome = if unittest {
                self.unittest_method(&name, &binding, &inner)
            } else {
                self.name(&name, &binding, &inner)
            };
            if let Err(Lost(problem)) = outcome {
                self.cases.truncate(before);
                self.problems.push(problem);
                return;
            }
        }
    }

    fn unittest_method(&mut self, name: &str, binding: &Binding, place: &Place) -> Result<(), Lost> {
        match &binding.value {
            Value::Function(function) => self.function(name, function, binding, place, true),
            Value::Unknown(doubt) => {
                self.inexact_name(name, place, &doubt.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn function(
        &mut self,
        name: &str,
        function: &Rc<Function>,
        binding: &Binding,
        place: &Place,
        bound: bool,
    ) -> Result<(), Lost> {
        let def = &function.def;
        let span = function.file.span(def.range);
        if def.is_generator && !def.is_async && !place.unittest {
            return Err(Lost(Problem {
                kind: ProblemKind::Collection,
                message: format!("`{name}` has a `yield`: pytest refuses it and collects nothing beside it"),
                at: SourceSpan::at(span.file, span.start),
            }));
        }
        let own = MarkList { marks: function.marks.borrow().clone(), open: function.open.borrow().clone() };
        let is_method = bound && !place.names.is_empty();
        let requested = fixtures::requests(def, is_method);
        let doubt = binding
            .doubt
            .clone()
            .or_else(|| function.signature_doubt.borrow().clone())
            .or_else(|| function.open.borrow().clone())
            .or_else(|| place.doubt.clone());
        let items = match doubt {
            Some(doubt) => Err((*doubt).clone()),
            None if place.unittest => Ok(vec![Item::default()]),
            None => self.items(&own, &requested, place, &span),
        };
        let items = match (items, &self.hooks.other) {
            (_, Some(reason)) => Err(reason.clone()),
            (items, None) => items,
        };
        let names: Vec<&str> = place.names.iter().map(String::as_str).chain([name]).collect();
        let sites: Arc<[EditSite]> = self.sites(function, place, &names).into();
        let asyncio = self.config.ini.asyncio_auto && def.is_async && !place.unittest;
        match items {
            Ok(items) => {
                let base = NodeId::python(&self.node, names.iter().copied(), None);
                for item in items {
                    let mut markers = self.markers(&own, &item.marks, place);
                    if asyncio && markers.get("asyncio").is_none() {
                        let at = own.marks.len() + item.marks.len();
                        let marker = test_catalog::Marker::bare("asyncio", test_catalog::Origin::Hook(span.clone()));
                        markers.list.insert(at.min(markers.list.len()), marker);
                    }
                    if let Some(reason) = &item.empty {
                        let mut marker = test_catalog::Marker::bare("skip", test_catalog::Origin::Hook(span.clone()));
                        marker.kwargs.push(("reason".to_owned(), test_catalog::Value::Str(reason.clone())));
                        markers.list.insert(own.marks.len().min(markers.list.len()), marker);
                    }
                    let id = item
                        .id
                        .as_ref()
                        .map_or_else(|| base.clone(), |id| NodeId::python(&self.node, names.iter().copied(), Some(id)));
                    let doubtful = self.doubtful_argument(&own, &item.marks, place);
                    if let Some(reason) = doubtful {
                        markers.open.get_or_insert(reason);
                    }
                    let mut case = TestCase::python(id, span.clone(), markers, Certainty::Exact);
                    case.function = base.clone();
                    case.conditions = self.conditions_of(&case.markers);
                    case.edit_sites = match &item.at {
                        Some(at) => edit_sites::with_param(&sites, at, case.id.as_str()),
                        None => sites.clone(),
                    };
                    self.cases.push(case);
                }
            }
            Err(reason) => {
                let mut markers = self.markers(&own, &[], place);
                // Parameter sets that are not known may have marks of their own.
                markers.open.get_or_insert_with(|| reason.clone());
                let id = NodeId::python(&self.node, names, None);
                let mut case = TestCase::python(id, span, markers, Certainty::Inexact(reason));
                case.conditions = self.conditions_of(&case.markers);
                case.edit_sites = sites;
                self.cases.push(case);
            }
        }
        Ok(())
    }

    /// The items of a function: one for each combination of its parameter sets.
    fn items(
        &mut self,
        own: &MarkList,
        requested: &[String],
        place: &Place,
        span: &SourceSpan,
    ) -> Result<Vec<Item>, Reason> {
        let pytest = self.config.pytest;
        let chain = place.chain.iter().flat_map(|list| list.marks.iter());
        let all: Vec<Rc<Mark>> = own.marks.iter().chain(chain).cloned().collect();
        if let Some(doubt) = place.chain.iter().find_map(|list| list.open.as_ref()) {
            return Err((**doubt).clone());
        }
        let not_known = |mark: &Mark, error: parametrize::NotKnown| match error.doubt {
            Some(doubt) => Reason { text: format!("{}: {}", error.text, doubt.text), at: doubt.at.clone() },
            None => Reason { text: error.text, at: mark.at.clone() },
        };
        let calls: Vec<&Rc<Mark>> = all.iter().filter(|mark| &*mark.name == "parametrize").collect();
        let mut direct = BTreeSet::new();
        for mark in &calls {
            let (names, _) = parametrize::argnames(mark, pytest).map_err(|error| not_known(mark, error))?;
            let through = parametrize::indirect(mark, &names);
            if parametrize::has_scope(mark) || through.iter().any(|name| place.visible.is_wide(name)) {
                let text = "`parametrize` has a scope, which changes the order of tests".to_owned();
                return Err(Reason { text, at: mark.at.clone() });
            }
            if names.iter().any(|name| direct.contains(name)) {
                return Err(Reason { text: "an argument is parametrized twice".to_owned(), at: mark.at.clone() });
            }
            direct.extend(names);
        }
        if all.iter().any(|mark| &*mark.name == "anyio") {
            return Err(Reason { text: "takes the parameters of anyio's backends".to_owned(), at: span.clone() });
        }
        let uses = all.iter().filter(|mark| &*mark.name == "usefixtures");
        let uses = uses.flat_map(|mark| mark.args.iter().filter_map(|arg| arg.value.as_str().map(str::to_owned)));
        let requested: Vec<String> =
            requested.iter().cloned().chain(uses).chain(self.config.ini.usefixtures.iter().cloned()).collect();
        if let Some(effect) = place.visible.parameters_from(&requested, &direct) {
            let at = effect.doubt.as_ref().map_or_else(|| span.clone(), |doubt| doubt.at.clone());
            return Err(Reason { text: effect.text, at });
        }
        let frame = Frame { scope: self.module.scope.clone(), module: self.module.clone() };
        let mut items = vec![Item::default()];
        for mark in calls {
            let sets =
                parametrize::sets(self.interpreter, mark, &frame, pytest).map_err(|error| not_known(mark, error))?;
            if items.len().saturating_mul(sets.len()) > MOST_ITEMS {
                return Err(Reason { text: "more combinations than are listed".to_owned(), at: mark.at.clone() });
            }
            items = items.iter().flat_map(|item| sets.iter().map(|set| item.with(set))).collect();
        }
        if self.config.ini.strict_parametrization_ids {
            let ids: Vec<String> = items.iter().filter_map(|item| item.id.clone()).collect();
            if !ids::are_distinct(&ids) {
                return Err(Reason { text: "parameter ids repeat, and pytest is strict".to_owned(), at: span.clone() });
            }
        }
        Ok(items)
    }

    /// All markers of an item, in the order of `iter_markers`.
    fn markers(&self, own: &MarkList, added: &[Rc<Mark>], place: &Place) -> Markers {
        let chain = place.chain.iter().flat_map(|list| list.marks.iter());
        let list = own.marks.iter().chain(added).chain(chain).map(|mark| marks::marker(mark)).collect();
        let open = own.open.iter().chain(place.chain.iter().filter_map(|list| list.open.as_ref())).next();
        Markers { list, open: open.map(|doubt| (**doubt).clone()), hooks: self.hooks.marks.clone() }
    }

    fn doubtful_argument(&self, own: &MarkList, added: &[Rc<Mark>], place: &Place) -> Option<Reason> {
        let chain = place.chain.iter().flat_map(|list| list.marks.iter());
        own.marks.iter().chain(added).chain(chain).find_map(|mark| marks::doubtful_arguments(mark))
    }

    /// The module's conditions, and each `skipif`.
    fn conditions_of(&self, markers: &Markers) -> Vec<Condition> {
        let skips =
            markers.list.iter().filter(|marker| marker.name == "skipif").filter_map(|marker| match &marker.origin {
                test_catalog::Origin::Source(at) => Some(Condition { text: marker.to_string(), at: at.clone() }),
                _ => None,
            });
        self.conditions.iter().cloned().chain(skips).collect()
    }

    fn sites(&self, function: &Function, place: &Place, names: &[&str]) -> Vec<EditSite> {
        edit_sites::of(&self.module, function, &place.classes, &self.node, names)
    }
}

/// One test of a function.
#[derive(Debug, Clone, Default)]
struct Item {
    id: Option<String>,
    marks: Vec<Rc<Mark>>,
    at: Option<SourceSpan>,
    /// Why pytest skips it: a call without values.
    empty: Option<String>,
}

impl Item {
    fn with(&self, set: &parametrize::ParameterSet) -> Self {
        Self {
            id: Some(self.id.as_ref().map_or_else(|| set.id.clone(), |id| format!("{id}-{}", set.id))),
            marks: self.marks.iter().chain(&set.marks).cloned().collect(),
            // Which of several parameter sets would get a marker is the author's to decide.
            at: if self.id.is_none() { set.at.clone() } else { None },
            empty: self.empty.clone().or_else(|| set.empty.clone()),
        }
    }
}

/// The names of a class in the order in which pytest collects them: those of the farthest base first; unittest's
/// sorted.
fn members(class: &Class, unittest: bool) -> Vec<(Rc<str>, Binding)> {
    let mut seen = BTreeSet::new();
    let mut groups = Vec::new();
    let mut add = |names: &Names| {
        let group: Vec<_> = names
            .iter()
            .filter(|(name, _)| seen.insert((*name).clone()))
            .map(|(name, binding)| (name.clone(), binding.clone()))
            .collect();
        groups.push(group);
    };
    add(&class.names.borrow());
    for base in &class.mro {
        if let Value::Class(base) = base {
            add(&base.names.borrow());
        }
    }
    let mut all: Vec<_> = groups.into_iter().rev().flatten().collect();
    if unittest {
        all.retain(|(name, _)| name.starts_with("test"));
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    all
}
