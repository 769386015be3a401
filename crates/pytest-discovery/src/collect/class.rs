//! Classes: which are test classes, and their tests in pytest's order.
//!
//! Source of the rules: pytest's `PyCollector.collect`, `Class.collect` and `UnitTestCase.collect`.

use std::rc::Rc;

use foldhash::HashSet;
use test_catalog::{Observation, ObservationKind, Reason, SourceSpan};

use super::fixtures::Layer;
use super::item::ClassNode;
use super::{
    Collection, Lost, Place, bindings, dynamic_scope, edit_sites, foreign, marks, pytestmark_problem, switched,
};
use crate::PytestVersion;
use crate::eval::value::{Binding, Class, Doubt, Names, Value};
use crate::eval::{settled, stdlib, truth};
use crate::syntax::ast::ParameterKind;

/// Nested more deeply than this are only hostile classes.
const MOST_NESTED: usize = 30;
/// A class with abstract methods is left out; before, it was an error.
const ABSTRACT_SKIPPED: PytestVersion = PytestVersion::new(8, 3, 0);

/// A `TestCase` is instantiated when it is collected.
const INSTANTIATED: PytestVersion = PytestVersion::new(8, 2, 0);

/// An instance that cannot be hashed may be collected; before, it was an error.
const UNHASHABLE: PytestVersion = PytestVersion::new(9, 1, 0);

/// What pytest makes of a class.
enum Verdict {
    Collected,
    /// It is dropped without a word: why, where no author asks for it.
    LeftOut(Option<&'static str>),
    Doubtful(Doubt),
}

/// A class that is still to be collected.
pub(super) struct Node {
    /// How many tests are collected before it.
    pub(super) place: usize,
    name: Rc<str>,
    class: Rc<Class>,
    around: Place,
    inner: Place,
    unittest: bool,
}

impl Collection<'_, '_> {
    /// A name that holds a class.
    pub(super) fn class(&mut self, name: &Rc<str>, class: &Rc<Class>, binding: &Binding, place: &Place) {
        let is_case = class.has_external(stdlib::is_test_case);
        let has_cases = self.config.options.has_own_plugin("unittest");
        let known_case = is_case && has_cases;
        let by_pattern = known_case || self.filters.takes_class(name) || switched_on(class);
        let perhaps = if by_pattern || !has_cases { None } else { perhaps_test_case(class) };
        let unittest = known_case || perhaps.is_some();
        let wanted = by_pattern || perhaps.is_some();
        if !wanted || place.classes.len() > MOST_NESTED || place.unittest {
            return;
        }
        let mut doubt = place.doubt.clone().or_else(|| binding.doubt.clone());
        doubt = doubt.or_else(|| class.doubt.borrow().clone()).or(perhaps).or_else(|| other_names(class));
        let verdict = if is_case && !has_cases {
            Verdict::LeftOut(Some("has the `__init__` of `TestCase`, and `-p no:unittest` leaves it to be a class"))
        } else {
            judge(class, unittest, self.config.pytest)
        };
        if !matches!(verdict, Verdict::LeftOut(None)) {
            self.search.come_by(place.classes.iter().map(|node| &*node.name).chain([&**name]));
        }
        match verdict {
            Verdict::Collected => {}
            Verdict::LeftOut(why) => {
                if let (Some(why), true) = (why, doubt.is_none()) {
                    self.class_left_out(class, why, unittest, place);
                }
                return;
            }
            Verdict::Doubtful(why) => doubt = doubt.or(Some(why)),
        }
        let Ok(class_marks) = marks::of_class(class) else {
            self.problems.push(pytestmark_problem(&place.node.module));
            return;
        };
        for one in with_bases(class) {
            dynamic_scope::ask(&one.names, &place.node.module, &self.session.config, self.interpreter);
        }
        let layer = Layer::of_class(class, self.config.pytest);
        let is_instance = !unittest || self.config.pytest >= INSTANTIATED;
        if let (Some(problem), None, true) = (layer.refused(), &doubt, is_instance) {
            self.problems.push(problem);
            return;
        }
        let conditions = match layer.suspects() {
            [] => place.conditions.clone(),
            suspects => place.conditions.iter().chain(suspects).cloned().collect(),
        };
        let visible = Rc::new(place.visible.within(layer));
        let node = ClassNode { name: name.clone(), class: class.clone() };
        let classes: Rc<[ClassNode]> = place.classes.iter().cloned().chain([node]).collect();
        let inner = Place {
            node: place.node.clone(),
            sites: edit_sites::around(&place.node.module, &classes),
            classes,
            chain: std::iter::once(class_marks).chain(place.chain.iter().cloned()).collect(),
            visible,
            conditions,
            doubt,
            unittest,
        };
        let (name, class, around) = (name.clone(), class.clone(), place.clone());
        self.nodes.push(Node { place: self.items.len(), name, class, around, inner, unittest });
    }

    /// Collects a class.
    pub(super) fn class_node(&mut self, node: &Node) {
        let Node { class, inner, .. } = node;
        let before = self.items.len();
        let outer = std::mem::take(&mut self.suspects);
        let outcome = self.children(|here| {
            let listed = members(class, node.unittest);
            for (name, binding) in &listed {
                if node.unittest {
                    here.unittest_method(name, binding, inner)?;
                } else {
                    here.name(name, binding, inner)?;
                }
            }
            here.changed_by_hooks(before, &listed, &members(class, node.unittest), class_at(class));
            if !node.unittest {
                here.put_in_by_hooks(&listed, class, inner);
            }
            for (name, doubt) in here.perhaps_inherited(class, node.unittest) {
                here.inexact_name(&name, inner, &doubt);
            }
            // A `TestCase` without tests has the one that its `runTest` is.
            if node.unittest
                && here.items.len() == before
                && let Ok(Some(binding)) = class.lookup("runTest")
            {
                here.unittest_method(&"runTest".into(), &binding, inner)?;
            }
            Ok(())
        });
        if let Err(Lost(problem)) = outcome {
            self.problems.push(problem);
            self.suspects = outer;
            return;
        }
        self.suspect(before, outer);
        if let Some(doubt) = perhaps_more(class) {
            // Told of like any other.
            let _ = self.children(|here| {
                here.inexact_name(&node.name, &node.around, &doubt);
                Ok(())
            });
        }
    }

    /// The tests of classes that a base may be which is not known, and why.
    fn perhaps_inherited(&self, class: &Class, unittest: bool) -> Vec<(Rc<str>, Doubt)> {
        let mut known: HashSet<Rc<str>> = members(class, unittest).into_iter().map(|(name, _)| name).collect();
        let mut found = Vec::new();
        for doubt in doubts(class) {
            for base in doubt.candidates() {
                let Value::Class(base) = base else { continue };
                for (name, binding) in members(base, unittest) {
                    let is_test = matches!(binding.value, Value::Function(_));
                    if is_test && (unittest || self.filters.takes_function(&name)) && known.insert(name.clone()) {
                        found.push((name, doubt.clone()));
                    }
                }
            }
        }
        found
    }

    /// Tells of tests that nobody sees: those of a class that pytest leaves out. Where the class was imported, its own
    /// module tells.
    fn class_left_out(&mut self, class: &Class, why: &str, unittest: bool, place: &Place) {
        let is_test = |(name, one): &(Rc<str>, Binding)| {
            matches!(one.value, Value::Function(_)) && (unittest || self.filters.takes_function(name))
        };
        let tests = members(class, unittest).iter().filter(|one| is_test(one)).count();
        if tests == 0 || class.file.path != place.node.module.file.path {
            return;
        }
        let at = class.file.span(class.def.range);
        self.observations.push(Observation {
            kind: ObservationKind::ClassLeftOut,
            text: format!("`{}` {why}", class.name),
            at: SourceSpan::at(at.file, at.start),
            test: None,
        });
    }

    fn unittest_method(&mut self, name: &Rc<str>, binding: &Binding, place: &Place) -> Result<(), Lost> {
        match &binding.value {
            value if switched(value) == Some(false) => Ok(()),
            Value::Function(function) => self.function(name, function, binding, place, true),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => match &**inner {
                Value::Function(function) => {
                    self.function(name, function, binding, place, matches!(binding.value, Value::ClassMethod(_)))
                }
                inner => {
                    let held = Binding { value: inner.clone(), doubt: binding.doubt.clone() };
                    self.unittest_method(name, &held, place)
                }
            },
            Value::Unknown(doubt) => {
                self.inexact_name(name, place, &doubt.clone());
                Ok(())
            }
            // unittest takes whatever can be called. What has no attributes of its own fails.
            Value::Class(_) | Value::Instance(_) | Value::External(_) | Value::Partial(_) | Value::Method(_) => {
                let text = format!("`{name}` is no plain function");
                let at = place.node.module.file.span(place.classes[place.classes.len() - 1].class.def.range);
                if !matches!(binding.value, Value::Class(_)) {
                    self.suspect_refusal(name, SourceSpan::at(at.file.clone(), at.start));
                }
                self.inexact_name(name, place, &Reason { text, at }.into());
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Why a class whose name is no pattern's may be a `TestCase` all the same: by a base that is not known.
fn perhaps_test_case(class: &Class) -> Option<Doubt> {
    let has_tests = || members(class, true).iter().any(|(_, one)| matches!(one.value, Value::Function(_)));
    match foreign(class, foreign::may_be_case) {
        Some(path) if foreign::is_called_test(&path) || has_tests() => Some(not_read(class, &path)),
        Some(_) => None,
        None => doubts(class).find(|doubt| {
            let is_case = |base: &Value| matches!(base, Value::Class(base) if base.has_external(stdlib::is_test_case));
            foreign::hints_at_tests(&doubt.text) || has_tests() || doubt.candidates().iter().any(is_case)
        }),
    }
}

/// The class and those of its bases that are in the tree.
fn with_bases(class: &Class) -> impl Iterator<Item = &Class> {
    let inherited = class.mro.iter().filter_map(|base| match base {
        Value::Class(base) => Some(&**base),
        _ => None,
    });
    std::iter::once(class).chain(inherited)
}

/// Why its bases are not all known, or theirs.
fn doubts(class: &Class) -> impl Iterator<Item = Doubt> {
    with_bases(class).filter_map(|one| one.doubt.borrow().clone())
}

/// Why it may have other names than are seen, its own or inherited.
fn other_names(class: &Class) -> Option<Doubt> {
    with_bases(class).find_map(|one| one.more.borrow().clone())
}

/// Why a test class may have more tests than are seen: by a base that is not known, or names that are not.
fn perhaps_more(class: &Class) -> Option<Doubt> {
    if let Some(doubt) = other_names(class) {
        return Some(doubt);
    }
    match foreign(class, foreign::brings_tests) {
        Some(path) => Some(not_read(class, &path)),
        None => class.doubt.borrow().clone().filter(|doubt| foreign::hints_at_tests(&doubt.text)),
    }
}

/// The first library's class of that kind among its bases.
fn foreign(class: &Class, wanted: impl Fn(&str) -> bool) -> Option<Rc<str>> {
    class.mro.iter().find_map(|base| match base {
        Value::External(path) if wanted(path) => Some(path.clone()),
        _ => None,
    })
}

pub(super) fn class_at(class: &Class) -> SourceSpan {
    let at = class.file.span(class.def.range);
    SourceSpan::at(at.file, at.start)
}

fn not_read(class: &Class, path: &str) -> Doubt {
    let text = format!("the base class `{path}` is not in the tree, and may be a `TestCase`");
    Reason { text, at: class_at(class) }.into()
}

/// `__test__ = True` on a class whose name is no pattern's.
fn switched_on(class: &Class) -> bool {
    matches!(switch(class), Some(Value::Bool(true)))
}

/// `__test__` of the class or of the first base that has it: `TestCase` and its like have none.
fn switch(class: &Class) -> Option<Value> {
    let has_none = |path: &str| stdlib::is_plain_base(path) || stdlib::is_test_case(path);
    let bases = class.mro.iter().take_while(|base| !matches!(base, Value::External(path) if !has_none(path)));
    let bases = bases.filter_map(|base| if let Value::Class(base) = base { Some(&**base) } else { None });
    let flag = std::iter::once(class).chain(bases).find_map(|one| one.names.borrow().get("__test__").cloned())?;
    Some(flag.doubt.map_or(flag.value, Value::Unknown))
}

fn judge(class: &Rc<Class>, unittest: bool, pytest: PytestVersion) -> Verdict {
    // One that is not bound for certain is not known.
    let known = |attribute: &str| {
        let found = class.lookup(attribute).ok().flatten().and_then(|_| class.settled(attribute))?;
        Some(found.doubt.map_or(found.value, Value::Unknown))
    };
    match switch(class) {
        Some(flag) if truth(&flag) == Some(false) => return Verdict::LeftOut(None),
        Some(Value::Unknown(doubt)) => return Verdict::Doubtful(doubt),
        _ => {}
    }
    let doubtful = |text: String| {
        let at = class.file.span(class.def.range);
        Verdict::Doubtful(Reason { text, at: SourceSpan::at(at.file, at.start) }.into())
    };
    let foreign = class.mro.iter().find_map(|base| match base {
        Value::External(path) if !stdlib::is_plain_base(path) && !stdlib::is_test_case(path) => Some(path.clone()),
        _ => None,
    });
    // Without instances it is left out.
    let by_abstract_methods = || match class.is_abstract() {
        Ok(false) => Verdict::Collected,
        Ok(true) if pytest >= ABSTRACT_SKIPPED => Verdict::LeftOut(None),
        Ok(true) => doubtful("has abstract methods".to_owned()),
        Err(doubt) => Verdict::Doubtful(doubt),
    };
    // It may be that of `object`, which is none.
    let made = ["__init__", "__new__"].map(known);
    if let [Some(Value::Unknown(doubt)), _] | [_, Some(Value::Unknown(doubt))] = made {
        return Verdict::Doubtful(doubt);
    }
    if unittest {
        // pytest makes an instance with the name of a method.
        let takes_name = match known("__init__") {
            Some(Value::Function(function)) => function.def.parameters.iter().enumerate().any(|(index, parameter)| {
                let positional = matches!(parameter.kind, ParameterKind::Positional | ParameterKind::PositionalOnly);
                parameter.kind == ParameterKind::Rest || (index > 0 && positional)
            }),
            _ => true,
        };
        let takes_more = match known("__init__") {
            Some(Value::Function(function)) => function.def.parameters.iter().enumerate().any(|(index, parameter)| {
                let is_rest = matches!(parameter.kind, ParameterKind::Rest | ParameterKind::RestKeywords);
                let is_passed = index < 2 && parameter.kind != ParameterKind::KeywordOnly;
                !is_rest && !is_passed && parameter.default.is_none()
            }),
            _ => false,
        };
        if takes_more && pytest >= INSTANTIATED {
            return Verdict::LeftOut(Some("has an `__init__` that takes more than a method's name"));
        }
        if !takes_name && pytest >= INSTANTIATED {
            return Verdict::LeftOut(Some("has an `__init__` that takes no method's name"));
        }
        return match foreign {
            Some(path) => doubtful(format!("the base class `{path}` is not in the tree")),
            None => by_abstract_methods(),
        };
    }
    let dataclass = std::iter::once(class)
        .chain(class.mro.iter().filter_map(|base| if let Value::Class(base) = base { Some(base) } else { None }))
        .filter(|one| one.dataclass.get());
    let (mut gets_init, mut gets_eq) = (false, false);
    for one in dataclass {
        let options = one.options.get();
        gets_init |= options.init;
        gets_eq |= options.eq && !options.frozen;
    }
    let makes = |method: &str| known(method).is_some();
    let why = match () {
        () if class.is_enum => Some("is an enum"),
        () if class.is_made_by_library() => Some("has an `__init__`, which a library makes"),
        () if gets_init => Some("is a dataclass, which has an `__init__`"),
        () if makes("__init__") => Some("has an `__init__`"),
        () if makes("__new__") => Some("has a `__new__`"),
        () => None,
    };
    if why.is_some() {
        return Verdict::LeftOut(why);
    }
    // Its instance cannot be a key, which pytest makes of it.
    if gets_eq && pytest < UNHASHABLE {
        return Verdict::LeftOut(Some("has an `__eq__` and no `__hash__`"));
    }
    if let Some(path) = foreign {
        if path.starts_with("builtins.") || stdlib::is_value_base(&path) || &*path == "typing.NamedTuple" {
            return Verdict::LeftOut(Some("derives from a class with a `__new__`"));
        }
        return doubtful(format!("the base class `{path}` is not in the tree"));
    }
    if class.has_external(|path| path == "typing.Protocol") {
        return doubtful("derives from `typing.Protocol`".to_owned());
    }
    by_abstract_methods()
}

/// The names of a class in the order in which pytest collects them: those of the farthest base first; unittest's
/// sorted.
pub(super) fn members(class: &Class, unittest: bool) -> Vec<(Rc<str>, Binding)> {
    let mut seen = HashSet::default();
    let mut groups = Vec::new();
    let mut add = |names: &Names, behind: &[Value]| {
        let mut group = bindings(names);
        group.retain(|(name, _)| seen.insert(name.clone()));
        // One that is not overridden for certain may be the inherited one.
        for (name, binding) in group.iter_mut().filter(|(_, binding)| binding.doubt.is_some()) {
            *binding = settled(Some(binding.clone()), behind, name).unwrap_or_else(|| binding.clone());
        }
        groups.push(group);
    };
    add(&class.names.borrow(), &class.mro);
    for (at, base) in class.mro.iter().enumerate() {
        if let Value::Class(base) = base {
            add(&base.names.borrow(), &class.mro[at + 1..]);
        }
    }
    let mut all: Vec<_> = groups.into_iter().rev().flatten().collect();
    if unittest {
        all.retain(|(name, _)| name.starts_with("test"));
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    all
}
