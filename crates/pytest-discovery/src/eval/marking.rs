//! Marks, parameter sets and fixtures, as calls of pytest's own names make them.

use std::rc::Rc;

use test_catalog::{Condition, Reason, SourceSpan};

use super::attribute::Found;
use super::value::{
    Argument, Arguments, Binding, Class, Doubt, Fixture, FixtureOptions, Function, Mark, ParamSet, ScopeKind, Value,
};
use super::{Frame, Interpreter, elements};
use crate::PytestVersion;
use crate::syntax::ast::Range;

/// Where pytest keeps the marks of a class.
const PYTESTMARK: &str = "pytestmark";
/// A mark on a static or class method lands on the function within.
const MARKS_WITHIN: PytestVersion = PytestVersion::new(8, 4, 0);
/// A mark on a fixture, which never had an effect, is a warning that is an error.
const MARKED_REFUSED: PytestVersion = PytestVersion::new(9, 0, 0);
const REMOVED: &str = "PytestRemovedIn9Warning";
/// It is an error in any case.
const MARKED_FOR_GOOD: PytestVersion = PytestVersion::new(9, 1, 0);

impl Interpreter<'_> {
    /// `mark(...)`: with a lone function or class it is put on that; else a mark with more arguments.
    pub(super) fn mark(
        &mut self,
        mark: &Rc<Mark>,
        arguments: Arguments,
        spread: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        if let ([Argument { value, .. }], true, None) =
            (&arguments.positional[..], arguments.keywords.is_empty(), &spread)
        {
            match value {
                Value::Function(function) if &*function.name() != "<lambda>" => {
                    self.put_mark(function, mark);
                    return value.clone();
                }
                Value::Class(class) => {
                    let held = class.names.borrow().get(PYTESTMARK).map(|binding| binding.value.clone());
                    if let Some(Value::Tuple(_) | Value::Set(_) | Value::Str(_) | Value::None) = held {
                        let text = "`pytestmark` is neither a mark nor a list of marks".to_owned();
                        return self.fail("TypeError", text, frame, range);
                    }
                    if let Some(Value::Unknown(_)) = held {
                        let text = "`pytestmark` is a mark or a list of marks".to_owned();
                        let condition = Condition { text, at: frame.module.file.span(range) };
                        frame.module.conditions.borrow_mut().push(condition);
                    }
                    self.put_class_mark(class, mark);
                    return value.clone();
                }
                // Of a class pytest asks the function within, which the mark does not land on before.
                Value::StaticMethod(_) if self.pytest < MARKS_WITHIN && frame.scope.kind == ScopeKind::Class => {
                    return value.clone();
                }
                // It cannot be called, and so is an argument of the mark.
                Value::ClassMethod(_) if self.pytest < MARKS_WITHIN => {}
                Value::StaticMethod(inner) | Value::ClassMethod(inner) => {
                    if let Value::Function(function) = &**inner {
                        self.put_mark(function, mark);
                    }
                    return value.clone();
                }
                // A test of its own, all of which is inexact.
                Value::Instance(instance) if instance.may_wrap() => return value.clone(),
                Value::Fixture(_) if self.pytest >= MARKED_REFUSED => {
                    return self.refuse(REMOVED, "a mark on a fixture", frame, range);
                }
                Value::Fixture(_) => return value.clone(),
                Value::Unknown(doubt) => {
                    for candidate in doubt.candidates().iter().filter(|one| is_marked(one)) {
                        let one = self.arguments(vec![candidate.clone()], frame, range);
                        self.perhaps(doubt, |interpreter| interpreter.mark(mark, one, None, frame, range));
                    }
                }
                _ => {}
            }
        }
        Value::Mark(Rc::new(Mark {
            name: mark.name.clone(),
            args: mark.args.iter().cloned().chain(arguments.positional).collect(),
            kwargs: merged(&mark.kwargs, arguments.keywords),
            // The call as a whole: `pytest.mark.timeout(30)`.
            at: frame.module.file.span(range),
            doubt: mark.doubt.clone().or(spread),
        }))
    }

    fn put_mark(&self, function: &Function, mark: &Rc<Mark>) {
        match self.current_doubt() {
            Some(doubt) => {
                function.may_have_marks(doubt);
            }
            None => function.add_mark(mark),
        }
    }

    /// Source of the rule: pytest's `store_mark`, which binds a new list: what the class itself has, then the mark.
    fn put_class_mark(&self, class: &Class, mark: &Rc<Mark>) {
        if let Some(doubt) = self.current_doubt() {
            class.open.borrow_mut().get_or_insert_with(|| doubt.clone());
            return;
        }
        let held = class.names.borrow().get(PYTESTMARK).cloned();
        let mut marks = match held {
            None => Vec::new(),
            Some(Binding { doubt: Some(doubt), .. }) => vec![Value::Unknown(doubt)],
            Some(Binding { value: Value::List(list), .. }) => match &*list.0.borrow() {
                Ok(items) => items.clone(),
                Err(doubt) => vec![Value::Unknown(doubt.clone())],
            },
            Some(Binding { value, .. }) => vec![value],
        };
        marks.push(Value::Mark(mark.clone()));
        class.names.borrow_mut().insert(PYTESTMARK.into(), Binding { value: Value::list(marks), doubt: None });
    }

    /// What `pytest.mark.NAME` gives, or how pytest refuses the name.
    pub(super) fn mark_called(&mut self, name: &str, frame: &Frame, range: Range) -> Found {
        if matches!(name, "parameterize" | "parametrise" | "parameterise") {
            return Found::Value(self.outcome("Failed", frame, range));
        }
        if name.starts_with('_') && !name.starts_with("__") {
            return Found::Value(self.refuse("AttributeError", "a mark whose name starts with `_`", frame, range));
        }
        Found::Value(bare_mark(name, frame, range))
    }

    /// An exception that pytest itself raises.
    fn refuse(&mut self, class: &str, text: &str, frame: &Frame, range: Range) -> Value {
        let value = self.fail(class, text.to_owned(), frame, range);
        if let Some(raised) = &mut self.raised {
            // A warning that is an error can be switched off.
            raised.certain = class != REMOVED || self.pytest >= MARKED_FOR_GOOD;
        }
        value
    }

    pub(super) fn fixture(&mut self, options: &FixtureOptions, function: Value, frame: &Frame, range: Range) -> Value {
        let refused = match &function {
            Value::Class(_) => Some(("ValueError", "a fixture that is a class")),
            Value::Fixture(_) => Some(("ValueError", "a fixture of a fixture")),
            Value::Str(_) => Some(("AttributeError", "a fixture that is a text")),
            Value::Function(function) if self.pytest >= MARKED_REFUSED && !function.marks.borrow().is_empty() => {
                Some((REMOVED, "a fixture with a mark"))
            }
            _ if matches!(options.params, Some(Value::Int(_) | Value::Bool(_) | Value::Float(_))) => {
                Some(("TypeError", "`params` that is no list"))
            }
            _ => None,
        };
        if let Some((class, text)) = refused {
            return self.refuse(class, text, frame, range);
        }
        let named = options.name.as_ref().map(|name| name.as_str() == Some("request"));
        if named.unwrap_or(matches!(&function, Value::Function(function) if &*function.name() == "request")) {
            return self.outcome("Failed", frame, range);
        }
        let at = frame.module.file.span(range);
        Value::Fixture(Rc::new(Fixture {
            options: options.clone(),
            asked_scope: super::shared::Shared::default(),
            function,
            at,
        }))
    }
}

/// Whether a mark that is called with it alone is put on it.
fn is_marked(value: &Value) -> bool {
    matches!(value, Value::Function(_) | Value::Class(_) | Value::StaticMethod(_) | Value::ClassMethod(_))
}

/// `pytest.mark.NAME`.
pub(super) fn bare_mark(name: &str, frame: &Frame, range: Range) -> Value {
    let at = frame.module.file.span(range);
    Value::Mark(Rc::new(Mark { name: name.into(), args: Vec::new(), kwargs: Vec::new(), at, doubt: None }))
}

/// `pytest.param(...)`.
pub(super) fn param_set(arguments: Arguments, mut doubt: Option<Doubt>, at: SourceSpan) -> Value {
    let mut marks = None;
    let mut id = Value::None;
    for (name, arg) in arguments.keywords {
        match &*name {
            "marks" => marks = Some(arg.value),
            "id" => id = arg.value,
            _ => {
                let text = format!("`pytest.param` has no argument `{name}`");
                doubt.get_or_insert(Reason { text, at: at.clone() }.into());
            }
        }
    }
    let values = arguments.positional.into_iter().map(|arg| arg.value).collect();
    Value::ParamSet(Rc::new(ParamSet { values, marks, id, at, doubt }))
}

impl ParamSet {
    pub(crate) fn marks(&self) -> Result<Vec<Rc<Mark>>, Doubt> {
        let Some(marks) = &self.marks else { return Ok(Vec::new()) };
        marks_of(marks).map_err(|doubt| {
            let text = "marks that are not known".to_owned();
            doubt.unwrap_or_else(|| Reason { text, at: self.at.clone() }.into())
        })
    }
}

/// One mark, or a collection of them.
pub(crate) fn marks_of(value: &Value) -> Result<Vec<Rc<Mark>>, Option<Doubt>> {
    match value {
        Value::Mark(mark) => Ok(vec![mark.clone()]),
        _ => elements(value)?
            .iter()
            .map(|item| match item {
                Value::Mark(mark) => Ok(mark.clone()),
                Value::Unknown(doubt) => Err(Some(doubt.clone())),
                _ => Err(None),
            })
            .collect(),
    }
}

/// `pytest.fixture(...)`.
pub(super) fn fixture_maker(arguments: &Arguments, doubt: Option<Doubt>) -> Value {
    Value::FixtureMaker(Rc::new(fixture_options(arguments, doubt)))
}

pub(super) fn fixture_options(arguments: &Arguments, mut doubt: Option<Doubt>) -> FixtureOptions {
    if let [first, ..] = &arguments.positional[..] {
        // Only the scope could once be given by position.
        doubt = doubt.or_else(|| first.value.doubt().cloned());
    }
    let get = |wanted: &str| arguments.keyword(wanted).cloned();
    // pytest makes tuples of them at once: what iterates once serves every test, and what changes later counts no more.
    let listed = |wanted: &str| {
        get(wanted).filter(|given| !matches!(given, Value::None)).map(|given| match &given {
            Value::Iterator(_) | Value::List(_) | Value::Dict(_) | Value::View(..) | Value::Set(_) => {
                match super::iterator::elements(&given) {
                    Ok(items) => Value::tuple(items),
                    Err(Some(doubt)) => Value::Unknown(doubt),
                    Err(None) => given,
                }
            }
            _ => given,
        })
    };
    FixtureOptions {
        name: get("name").filter(|name| !matches!(name, Value::None)),
        scope: get("scope"),
        params: listed("params"),
        ids: listed("ids"),
        autouse: get("autouse"),
        doubt,
    }
}

/// Keywords of a mark and more of them: of a name, the later value at the earlier place.
fn merged(old: &[(Rc<str>, Argument)], new: Vec<(Rc<str>, Argument)>) -> Vec<(Rc<str>, Argument)> {
    let mut merged = old.to_vec();
    for (name, argument) in new {
        match merged.iter_mut().find(|(one, _)| *one == name) {
            Some(held) => held.1 = argument,
            None => merged.push((name, argument)),
        }
    }
    merged
}
