//! Calls.

use std::rc::Rc;

use super::value::{
    Argument, Arguments, Class, Doubt, FixtureOptions, Function, Instance, Mark, ParamSet, Scope, ScopeKind, Value,
};
use super::{Frame, Interpreter, MOST_CALLS, elements, exec::Flow, stdlib};
use crate::syntax::ast::{Call, ExprKind, ParameterKind, Range};

/// An argument with its source text, which a marker keeps where its value is not known.
type Passed = Argument;

impl Interpreter<'_> {
    pub(super) fn call(&mut self, call: &Call, frame: &Frame, range: Range) -> Value {
        let function = self.expr(&call.function, frame);
        let mut args: Vec<Passed> = Vec::new();
        let mut kwargs: Vec<(Rc<str>, Passed)> = Vec::new();
        let mut spread: Option<Doubt> = None;
        for arg in &call.args {
            let (value, source) = match &arg.kind {
                ExprKind::Starred(inner) => {
                    let value = self.expr(inner, frame);
                    match elements(&value) {
                        Ok(items) => {
                            let source: Rc<str> = frame.module.file.slice(inner.range).into();
                            args.extend(items.into_iter().map(|value| Passed { value, source: source.clone() }));
                        }
                        Err(why) => {
                            let doubt = why.unwrap_or_else(|| self.doubt(frame, arg.range, "`*` of what is not known"));
                            spread.get_or_insert(doubt);
                        }
                    }
                    continue;
                }
                _ => (self.expr(arg, frame), frame.module.file.slice(arg.range)),
            };
            args.push(Passed { value, source: source.into() });
        }
        for (name, value) in &call.keywords {
            let source: Rc<str> = frame.module.file.slice(value.range).into();
            let evaluated = self.expr(value, frame);
            match (name, &evaluated) {
                (Some(name), _) => kwargs.push(((&**name).into(), Passed { value: evaluated, source })),
                (None, Value::Dict(dict)) if dict.0.borrow().is_ok() => {
                    let pairs = dict.0.borrow().clone().unwrap_or_default();
                    for (key, value) in pairs {
                        match key.as_str() {
                            Some(key) => kwargs.push((key.into(), Passed { value, source: source.clone() })),
                            None => {
                                spread.get_or_insert(self.doubt(frame, range, "`**` with a key that is no string"));
                            }
                        }
                    }
                }
                (None, _) => {
                    spread.get_or_insert(self.doubt(frame, range, "`**` of what is not known"));
                }
            }
        }
        self.apply(&function, args, kwargs, spread, frame, range)
    }

    /// A call with plain values.
    pub(crate) fn call_value(
        &mut self,
        function: &Value,
        args: Vec<Value>,
        kwargs: Vec<(Rc<str>, Value)>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let source: Rc<str> = frame.module.file.slice(range).into();
        let passed = |value| Passed { value, source: source.clone() };
        let args = args.into_iter().map(passed).collect();
        let kwargs = kwargs.into_iter().map(|(name, value)| (name, passed(value))).collect();
        self.apply(function, args, kwargs, None, frame, range)
    }

    fn apply(
        &mut self,
        function: &Value,
        args: Vec<Passed>,
        kwargs: Vec<(Rc<str>, Passed)>,
        spread: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        match function {
            Value::Mark(mark) => return self.mark(mark, args, kwargs, spread, frame, range),
            Value::FixtureMaker(options) => {
                if let [Passed { value, .. }] = &args[..] {
                    return self.fixture(options, value.clone(), frame, range);
                }
            }
            Value::External(path) => match &**path {
                "pytest.param" => return param_set(args, kwargs, spread, frame.module.file.span(range)),
                "pytest.fixture" | "pytest_asyncio.fixture" => {
                    return match &args[..] {
                        [Passed { value: function @ Value::Function(_), .. }] => {
                            self.fixture(&FixtureOptions::default(), function.clone(), frame, range)
                        }
                        _ => fixture_maker(&args, &kwargs, spread),
                    };
                }
                path => {
                    if spread.is_none()
                        && let Some(value) = self.external(path, &args, &kwargs, frame, range)
                    {
                        return value;
                    }
                    if stdlib::is_pure(path) {
                        return self.not_known(frame, range);
                    }
                }
            },
            Value::BuiltinMethod(method) if spread.is_none() => {
                let (object, name) = &**method;
                if let Value::Object(object) = object {
                    let arguments = Arguments { positional: args, keywords: kwargs };
                    return match object.call(name, &arguments, self, frame, range) {
                        Some(value) => value,
                        None => self.not_known(frame, range),
                    };
                }
                if let Some(value) = self.method(object, name, &args, &kwargs, frame, range) {
                    return value;
                }
                let doubt = self.doubt(frame, range, format!("`.{name}(...)` is not followed"));
                self.taint(object, &doubt);
            }
            Value::Function(called) if spread.is_none() => {
                if let Some(value) = self.function_call(called, &args, &kwargs, range, frame) {
                    return value;
                }
            }
            Value::Class(class) => {
                if let Some(value) = instance(class) {
                    return value;
                }
            }
            _ => {}
        }
        // Whoever is called may change what it is given.
        let doubt = self.doubt(frame, range, format!("passed to `{}`", self.short(frame, range)));
        for arg in args.iter().chain(kwargs.iter().map(|(_, value)| value)) {
            self.taint(&arg.value, &doubt);
        }
        match function {
            Value::Unknown(doubt) => Value::Unknown(doubt.clone()),
            _ => self.not_known(frame, range),
        }
    }

    fn short(&self, frame: &Frame, range: Range) -> String {
        frame.module.file.slice(range).split('(').next().unwrap_or_default().chars().take(60).collect()
    }

    /// `mark(...)`: with a lone function or class it is put on that; else a mark with more arguments.
    fn mark(
        &mut self,
        mark: &Rc<Mark>,
        args: Vec<Passed>,
        kwargs: Vec<(Rc<str>, Passed)>,
        spread: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        if let ([Passed { value, .. }], true, None) = (&args[..], kwargs.is_empty(), &spread) {
            match value {
                Value::Function(function) if &*function.def.name != "<lambda>" => {
                    self.put_mark(&function.marks, &function.open, mark);
                    return value.clone();
                }
                Value::Class(class) => {
                    self.put_mark(&class.marks, &class.open, mark);
                    return value.clone();
                }
                // From 8.4 on the mark lands on the function within.
                Value::StaticMethod(inner) | Value::ClassMethod(inner) => {
                    if let Value::Function(function) = &**inner {
                        self.put_mark(&function.marks, &function.open, mark);
                    }
                    return value.clone();
                }
                Value::Fixture(_) => return value.clone(),
                _ => {}
            }
        }
        Value::Mark(Rc::new(Mark {
            name: mark.name.clone(),
            args: mark.args.iter().cloned().chain(args).collect(),
            kwargs: mark.kwargs.iter().cloned().chain(kwargs).collect(),
            // The call as a whole: `pytest.mark.timeout(30)`.
            at: frame.module.file.span(range),
            doubt: mark.doubt.clone().or(spread),
        }))
    }

    fn put_mark(
        &self,
        marks: &std::cell::RefCell<Vec<Rc<Mark>>>,
        open: &std::cell::RefCell<Option<Doubt>>,
        mark: &Rc<Mark>,
    ) {
        match self.current_doubt() {
            Some(doubt) => {
                open.borrow_mut().get_or_insert_with(|| doubt.clone());
            }
            None => marks.borrow_mut().push(mark.clone()),
        }
    }

    /// A function of the tree, followed into its body.
    fn function_call(
        &mut self,
        function: &Rc<Function>,
        args: &[Passed],
        kwargs: &[(Rc<str>, Passed)],
        range: Range,
        frame: &Frame,
    ) -> Option<Value> {
        let def = &function.def;
        if def.is_async || def.is_generator || self.calls >= MOST_CALLS || function.signature_doubt.borrow().is_some() {
            return None;
        }
        let scope = Scope::new(ScopeKind::Function, Some(function.scope.clone()));
        let mut positional = args.iter();
        let mut taken = 0;
        for (parameter, default) in def.parameters.iter().zip(&function.defaults) {
            let by_name =
                || kwargs.iter().find(|(name, _)| **name == *parameter.name).map(|(_, arg)| arg.value.clone());
            let value = match parameter.kind {
                ParameterKind::PositionalOnly => positional.next().map(|arg| arg.value.clone()),
                ParameterKind::Positional => positional.next().map(|arg| arg.value.clone()).or_else(|| {
                    let value = by_name();
                    taken += usize::from(value.is_some());
                    value
                }),
                ParameterKind::KeywordOnly => {
                    let value = by_name();
                    taken += usize::from(value.is_some());
                    value
                }
                ParameterKind::Rest => Some(Value::Tuple(positional.by_ref().map(|arg| arg.value.clone()).collect())),
                ParameterKind::RestKeywords => return None,
            };
            let value = value.or_else(|| default.clone())?;
            scope.names.borrow_mut().insert((&*parameter.name).into(), super::value::Binding { value, doubt: None });
        }
        if positional.next().is_some() || taken != kwargs.len() {
            return None;
        }
        let inner = Frame { scope, module: function.module.clone() };
        self.calls += 1;
        let outer_end = self.doubtful_end.replace(false);
        let value = match def.body().first() {
            // A lambda's body is its value.
            Some(stmt) if &*def.name == "<lambda>" => match &stmt.kind {
                crate::syntax::ast::StmtKind::Return(Some(value)) | crate::syntax::ast::StmtKind::Expr(value) => {
                    self.expr(value, &inner)
                }
                _ => self.not_known(frame, range),
            },
            _ => match self.block(def.body(), &inner) {
                Flow::Return(value) if self.doubtful_end.get() => match value {
                    Value::Unknown(doubt) => Value::Unknown(doubt),
                    _ => self.not_known(frame, range),
                },
                Flow::Return(value) => value,
                Flow::Ended(_) => self.not_known(frame, range),
                _ => Value::None,
            },
        };
        self.doubtful_end.set(outer_end);
        self.calls -= 1;
        Some(value)
    }
}

fn param_set(
    args: Vec<Passed>,
    kwargs: Vec<(Rc<str>, Passed)>,
    mut doubt: Option<Doubt>,
    at: test_catalog::SourceSpan,
) -> Value {
    let mut marks = Ok(Vec::new());
    let mut id = Value::None;
    for (name, arg) in kwargs {
        match &*name {
            "marks" => marks = marks_of(&arg.value),
            "id" => id = arg.value,
            _ => {
                let text = format!("`pytest.param` has no argument `{name}`");
                doubt.get_or_insert(Rc::new(test_catalog::Reason { text, at: at.clone() }));
            }
        }
    }
    let marks = marks.map_err(|doubt| {
        let text = "marks that are not known".to_owned();
        doubt.unwrap_or_else(|| Rc::new(test_catalog::Reason { text, at: at.clone() }))
    });
    let values = args.into_iter().map(|arg| arg.value).collect();
    Value::ParamSet(Rc::new(ParamSet { values, marks, id, at, doubt }))
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

fn fixture_maker(args: &[Passed], kwargs: &[(Rc<str>, Passed)], doubt: Option<Doubt>) -> Value {
    let mut doubt = doubt;
    if let [first, ..] = args {
        // Only the scope could once be given by position.
        let at = first.value.doubt().cloned();
        doubt = doubt.or(at);
    }
    let get = |wanted: &str| kwargs.iter().find(|(name, _)| &**name == wanted).map(|(_, arg)| arg.value.clone());
    Value::FixtureMaker(Rc::new(FixtureOptions {
        name: get("name").filter(|name| !matches!(name, Value::None)),
        scope: get("scope"),
        params: get("params").filter(|params| !matches!(params, Value::None)),
        ids: get("ids").filter(|ids| !matches!(ids, Value::None)),
        autouse: get("autouse"),
        doubt,
    }))
}

/// An instance of a class of the tree, if it is sure to be an object without a name that is no string or number.
fn instance(class: &Rc<Class>) -> Option<Value> {
    let plain = class.mro.iter().all(|base| match base {
        Value::External(path) => super::expr::is_plain(path),
        Value::Class(base) => !base.is_enum && base.doubt.borrow().is_none(),
        _ => false,
    });
    let named = |class: &Class| {
        ["__name__", "__getattr__", "__new__"].iter().any(|name| class.names.borrow().contains_key(*name))
    };
    let odd = named(class) || class.mro.iter().any(|base| matches!(base, Value::Class(base) if named(base)));
    (plain && !odd && !class.is_enum && class.doubt.borrow().is_none()).then(|| {
        Value::Instance(Rc::new(Instance {
            class: class.clone(),
            member: None,
            value: Value::None,
            doubt: None.into(),
        }))
    })
}
