//! Calls.

use std::rc::Rc;

use super::comprehension::Until;
use super::define::NOT_FOLLOWED;
use super::doubt::Why;
use super::exec::{Flow, Perhaps};
use super::generator::Waiting;
use super::value::{Argument, Arguments, Binding, Class, Doubt, Function, Iterator, Scope, ScopeKind, Source, Value};
use super::{Frame, Interpreter, MOST_CALLS, several, stdlib};
use crate::syntax::ast::{self, Call, ComprehensionKind, ExprKind, ParameterKind, Range};

impl Interpreter<'_> {
    pub(super) fn call(&mut self, call: &Call, frame: &Frame, range: Range) -> Value {
        let mut function = self.eval(&call.function, frame);
        if let Some(value) = self.early(&function, call, frame, range) {
            return value;
        }
        let file = &frame.module.file;
        let mut arguments = Arguments { positional: Vec::with_capacity(call.args.len()), ..Arguments::default() };
        let mut spread: Option<Doubt> = None;
        for arg in &call.args {
            if let ExprKind::Starred(inner) = &arg.kind {
                let value = self.eval(inner, frame);
                match self.iterate(&value, frame, arg.range) {
                    Ok(items) => {
                        let source = Source::new(file, inner.range);
                        let items = items.into_iter().map(|value| Argument { value, source: source.clone() });
                        arguments.positional.extend(items);
                    }
                    Err(doubt) => spread = Some(and(spread, doubt)),
                }
                continue;
            }
            let value = self.eval(arg, frame);
            arguments.positional.push(Argument { value, source: Source::new(file, arg.range) });
        }
        for (name, value) in &call.keywords {
            let source = Source::new(file, value.range);
            let evaluated = self.eval(value, frame);
            let Some(name) = name else {
                let pairs = super::expr::payload_dict(&evaluated).and_then(|dict| dict.pairs());
                for (key, value) in pairs.into_iter().flatten() {
                    match key.as_str() {
                        Some(key) => arguments.keywords.push((key.into(), Argument { value, source: source.clone() })),
                        None => {
                            let doubt = self.doubt(frame, range, "`**` with a key that is no string");
                            spread = Some(and(spread, doubt));
                        }
                    }
                }
                if super::expr::payload_dict(&evaluated).is_none_or(|dict| dict.0.borrow().is_err()) {
                    let doubt = evaluated.doubt().cloned();
                    let doubt = doubt
                        .unwrap_or_else(|| self.doubt(frame, range, "`**` of what is not known").among([&evaluated]));
                    spread = Some(and(spread, doubt));
                }
                continue;
            };
            arguments.keywords.push(((&**name).into(), Argument { value: evaluated, source }));
        }
        if self.raised.is_some() {
            return self.not_known(frame, range);
        }
        if let Value::Unknown(doubt) = &function {
            self.changes_by_method(&call.function, doubt, frame);
            function = Value::Unknown(self.call_candidates(call, &doubt.clone(), &arguments, frame, range));
        }
        self.apply(&function, arguments, spread, frame, range)
    }

    /// `any`, `all` and `next` leave a generator expression before its end.
    fn early(&mut self, function: &Value, call: &Call, frame: &Frame, range: Range) -> Option<Value> {
        let Value::External(path) = function else { return None };
        let until = match &**path {
            "builtins.any" => Until::True,
            "builtins.all" => Until::False,
            "builtins.next" => Until::First,
            _ => return None,
        };
        let (first, rest) = call.args.split_first()?;
        let ExprKind::Comprehension(comprehension) = &first.kind else { return None };
        if comprehension.kind != ComprehensionKind::Generator || !call.keywords.is_empty() {
            return None;
        }
        let default = rest.first().map(|default| self.eval(default, frame));
        let found = self.generate(comprehension, until, frame, range);
        if self.raised.is_some() {
            return Some(self.not_known(frame, range));
        }
        let (items, left) = match found {
            Ok(found) => found,
            Err(doubt) => return Some(Value::Unknown(doubt)),
        };
        Some(match until {
            Until::First if let Some(doubt) = items.first().and_then(several::of) => {
                Value::Unknown(doubt.among(items.iter().chain(&default)))
            }
            Until::First => match (items.into_iter().next(), default) {
                (Some(first), _) => first,
                (None, Some(default)) => default,
                (None, None) => self.fail("StopIteration", "nothing is left".to_owned(), frame, range),
            },
            _ if left => Value::Bool(until == Until::True),
            _ if items.iter().all(|item| super::truth(item).is_some()) => Value::Bool(until == Until::False),
            _ => self.not_known(frame, range),
        })
    }

    /// A call with plain values, for callers outside of evaluation.
    pub(crate) fn call_value(
        &mut self,
        function: &Value,
        args: Vec<Value>,
        kwargs: Vec<(Rc<str>, Value)>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        let mut arguments = self.arguments(args, frame, range);
        let source = Source::of(frame, range);
        arguments.keywords =
            kwargs.into_iter().map(|(name, value)| (name, Argument { value, source: source.clone() })).collect();
        self.on_behalf(|interpreter| {
            let value = interpreter.apply(function, arguments, None, frame, range);
            interpreter.settle(&value);
            value
        })
    }

    /// Calls what `ids=` names with one parameter.
    pub(crate) fn call_for_id(&mut self, callable: &Value, value: &Value, frame: &Frame) -> Value {
        self.call_value(callable, vec![value.clone()], Vec::new(), frame, Range { start: 0, end: 0 })
    }

    /// A call with positional values.
    pub(super) fn call_plain(&mut self, function: &Value, args: Vec<Value>, frame: &Frame, range: Range) -> Value {
        let arguments = self.arguments(args, frame, range);
        self.apply_value(function, arguments, None, frame, range)
    }

    /// A call of a value, which may be one of several.
    fn apply_value(
        &mut self,
        function: &Value,
        arguments: Arguments,
        spread: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        match function {
            Value::Unknown(doubt) => {
                let doubt = self.call_one_of(doubt, &arguments, frame, range);
                self.apply(&Value::Unknown(doubt), arguments, spread, frame, range)
            }
            known => self.apply(known, arguments, spread, frame, range),
        }
    }

    /// A method of the tree's class under a special name; `None` where it has none of the tree.
    pub(super) fn special(
        &mut self,
        object: &Value,
        name: &str,
        args: Vec<Value>,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let Value::Instance(instance) = object else { return None };
        let found = instance.class.in_tree(name)?;
        let mut all = vec![object.clone()];
        all.extend(args);
        match &found.value {
            function @ Value::Function(_) => Some(self.call_plain(function, all, frame, range)),
            Value::ClassMethod(inner) => {
                all[0] = Value::Class(instance.class.clone());
                Some(self.call_plain(inner, all, frame, range))
            }
            Value::StaticMethod(inner) => {
                all.remove(0);
                Some(self.call_plain(inner, all, frame, range))
            }
            _ => None,
        }
    }

    pub(super) fn apply(
        &mut self,
        function: &Value,
        mut arguments: Arguments,
        spread: Option<Doubt>,
        frame: &Frame,
        range: Range,
    ) -> Value {
        if self.raised.is_some() || self.is_exhausted() {
            return self.not_known(frame, range);
        }
        if super::generator::takes_all(function) {
            let ((), changes) =
                super::shared::changes_others(|| arguments.values().for_each(|value| self.settle(value)));
            if self.raised.is_some() {
                return self.not_known(frame, range);
            }
            // A list that grows by a generator grows while that runs.
            if let Value::BuiltinMethod(method) = function
                && changes
                && !stdlib::is_pure_method(&method.0, &method.1)
            {
                let doubt = self.doubt(frame, range, "a generator that changes others meanwhile");
                self.taint_only(&method.0, &doubt);
            }
        }
        let known = match function {
            Value::Mark(mark) => return self.mark(mark, arguments, spread, frame, range),
            Value::FixtureMaker(options) => match &arguments.positional[..] {
                [Argument { value, .. }] => return self.fixture(options, value.clone(), frame, range),
                _ => None,
            },
            Value::External(path) => match &**path {
                "pytest.param" => return super::marking::param_set(arguments, spread, frame.module.file.span(range)),
                "pytest.fixture" | "pytest_asyncio.fixture" => {
                    return match &arguments.positional[..] {
                        [Argument { value: function @ Value::Function(_), .. }] => {
                            let function = function.clone();
                            arguments.positional.clear();
                            let options = super::marking::fixture_options(&arguments, spread);
                            self.fixture(&options, function, frame, range)
                        }
                        // Once the scope could be given by position.
                        [Argument { value: text @ Value::Str(_), .. }] => {
                            let text = text.clone();
                            self.fixture(&Default::default(), text, frame, range)
                        }
                        _ => super::marking::fixture_maker(&arguments, spread),
                    };
                }
                path if spread.is_none() => self.external(path, &arguments, frame, range),
                _ => None,
            },
            Value::BuiltinMethod(method) if spread.is_none() => self.builtin_method(method, &arguments, frame, range),
            Value::Method(method) => {
                let source = Source::of(frame, range);
                arguments.positional.insert(0, Argument { value: method.0.clone(), source });
                return self.apply(&method.1, arguments, spread, frame, range);
            }
            Value::Partial(partial) if matches!(&partial.function, Value::External(path) if &**path == super::drawing::GIVEN) => {
                match &arguments.positional[..] {
                    [Argument { value: value @ Value::Function(drawing), .. }] => {
                        self.given(drawing, &partial.arguments, frame, range);
                        Some(value.clone())
                    }
                    _ => None,
                }
            }
            Value::Partial(partial) if super::dataclass::class_default(function).is_none() => {
                let mut all = partial.arguments.clone();
                all.positional.append(&mut arguments.positional);
                for (name, value) in arguments.keywords {
                    all.keywords.retain(|(one, _)| *one != name);
                    all.keywords.push((name, value));
                }
                return self.apply_value(&partial.function, all, spread, frame, range);
            }
            Value::Function(called) if spread.is_none() => self.function_call(called, &arguments, frame, range),
            Value::StaticMethod(inner) => return self.apply(inner, arguments, spread, frame, range),
            Value::Class(class) if spread.is_none() => {
                let made = self.instantiate(class, &arguments, frame, range);
                if let (Some(object), true) = (&made, class.in_tree("__del__").is_some()) {
                    let doubt = self.doubt(frame, range, "`__del__` of an object");
                    self.may_ask(object, &["__del__"], &doubt);
                }
                made
            }
            Value::Instance(instance) if spread.is_none() => match instance.class.in_tree("__call__") {
                Some(Binding { value: callee @ Value::Function(_), .. }) => {
                    let source = Source::of(frame, range);
                    arguments.positional.insert(0, Argument { value: function.clone(), source });
                    return self.apply(&callee, arguments, spread, frame, range);
                }
                _ => None,
            },
            Value::Transparent | Value::Patch(_) => arguments.positional.first().map(|one| one.value.clone()),
            Value::Wraps(inner) => arguments.positional.first().map(|one| {
                self.wrap(&one.value, inner);
                one.value.clone()
            }),
            Value::DataclassMaker(options) => {
                let given = arguments.positional.first().map(|one| one.value.clone());
                given.map(|one| self.make_dataclass(one, *options, frame, range))
            }
            _ => None,
        };
        if let Some(value) = known {
            self.may_use(function, &arguments, frame, range);
            return value;
        }
        if self.raised.is_some() {
            return self.not_known(frame, range);
        }
        let unknown = match (function, &spread) {
            (Value::Unknown(doubt), _) => doubt.clone(),
            (_, Some(spread)) => spread.clone(),
            _ => self.doubt(frame, range, Why::NotKnown),
        };
        let spread = spread.map(Value::Unknown);
        if let Value::External(path) = function
            && stdlib::is_pure(path)
        {
            if !stdlib::is_safe(path) {
                self.note_risk(&unknown);
            }
            for value in arguments.values().chain(&spread) {
                self.may_call(value, &unknown);
                if let Value::Iterator(iterator) = value {
                    iterator.forget(&unknown);
                }
            }
            let unknown = unknown.apart();
            return Value::Unknown(if stdlib::may_give(path) { unknown.among(arguments.values()) } else { unknown });
        }
        self.note_risk(&unknown);
        // Whoever is called may change what it is given.
        let doubt = match function {
            Value::BuiltinMethod(method) => {
                let doubt = self.doubt(frame, range, Why::Method((&*method.1).into()));
                if !stdlib::is_pure_method(&method.0, &method.1) {
                    self.taint_only(&method.0, &doubt);
                }
                self.may_use(function, &arguments, frame, range);
                doubt
            }
            _ => self.doubt(frame, range, Why::Passed),
        };
        for value in arguments.values().chain(&spread) {
            self.may_call(value, &doubt);
            self.taint(value, &doubt);
        }
        // One of the tree that is not followed runs all the same.
        let made = match function {
            Value::Class(class) => {
                self.may_ask_class(class, "__call__", &doubt);
                self.may_make(class, &arguments, &doubt, frame, range)
            }
            _ => None,
        };
        self.may_call(function, &doubt);
        Value::Unknown(unknown.among(arguments.values().chain(&made)))
    }

    /// A function of the tree, followed into its body; `None` where it is not.
    fn function_call(
        &mut self,
        function: &Rc<Function>,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        if function.signature_doubt().is_some() || function.attributes.borrow().contains_key(NOT_FOLLOWED) {
            return None;
        }
        if self.calls >= MOST_CALLS {
            self.charge_depth();
            self.may_be_too_deep(frame, range);
            return None;
        }
        let scope = Scope::of_call(ScopeKind::Function, Some(function.scope.clone()), Some(function.clone()));
        self.bind_parameters(function, arguments, &scope)?;
        let inner = Frame { scope, module: function.module.clone() };
        self.remembered(function, arguments, frame, range, |interpreter| {
            interpreter.run_bound(function, &inner, frame, range)
        })
    }

    /// Gives a call's arguments to the parameters; `None` where they do not fit.
    fn bind_parameters(&self, function: &Function, arguments: &Arguments, scope: &Scope) -> Option<()> {
        let mut positional = arguments.positional.iter();
        let mut taken: Vec<&str> = Vec::new();
        let mut names = scope.names.borrow_own();
        let defaults = function.defaults.iter().chain(std::iter::repeat(&None));
        for (parameter, default) in function.def.parameters.iter().zip(defaults) {
            let by_name = || arguments.keyword(&parameter.name).cloned();
            let value = match parameter.kind {
                ParameterKind::PositionalOnly => positional.next().map(|arg| arg.value.clone()),
                ParameterKind::Positional | ParameterKind::KeywordOnly => {
                    let first = match parameter.kind {
                        ParameterKind::Positional => positional.next().map(|arg| arg.value.clone()),
                        _ => None,
                    };
                    match (first, by_name()) {
                        // Given twice.
                        (Some(_), Some(_)) => return None,
                        (Some(value), None) => Some(value),
                        (None, Some(value)) => {
                            taken.push(&parameter.name);
                            Some(value)
                        }
                        (None, None) => None,
                    }
                }
                ParameterKind::Rest => Some(Value::Tuple(positional.by_ref().map(|arg| arg.value.clone()).collect())),
                ParameterKind::RestKeywords => {
                    let rest = arguments.keywords.iter().filter(|(name, _)| !taken.contains(&&**name));
                    let pairs = rest.map(|(name, arg)| (Value::str(&**name), arg.value.clone())).collect();
                    taken = arguments.keywords.iter().map(|(name, _)| &**name).collect();
                    Some(Value::dict(pairs))
                }
            };
            let value = value.or_else(|| default.clone())?;
            names.insert(self.known_names.name(&parameter.name), Binding { value, doubt: None });
        }
        (positional.next().is_none() && taken.len() == arguments.keywords.len()).then_some(())
    }

    /// Runs a function whose parameters are bound.
    fn run_bound(&mut self, function: &Rc<Function>, inner: &Frame, frame: &Frame, range: Range) -> Option<Value> {
        if function.def.is_async {
            // Nothing runs until somebody waits for it.
            let doubt = self.doubt(frame, range, Why::NotKnown);
            self.run_perhaps(function, inner, &doubt);
            return Some(Value::Unknown(doubt));
        }
        if function.def.is_generator {
            let doubt = self.doubt(frame, range, "a generator");
            return Some(Iterator::waiting(Waiting::Function(function.clone(), inner.clone()), doubt));
        }
        Some(self.body_of(function, inner))
    }

    /// Runs a function's body where its parameters are bound: what it returns.
    pub(super) fn body_of(&mut self, function: &Rc<Function>, inner: &Frame) -> Value {
        let def = &function.def;
        self.calls += 1;
        let value = match lambda_body(def) {
            Some(body) => self.eval(body, inner),
            None => match self.block(def.body(), inner) {
                Flow::Return(value) => value,
                Flow::Perhaps(Perhaps { returns: Some(returned), .. }) => Value::Unknown(returned),
                Flow::Ended(raised) => {
                    self.raised = Some(raised);
                    self.not_known(inner, def.range)
                }
                _ => Value::None,
            },
        };
        self.calls -= 1;
        value
    }

    /// `super()` where a function of the tree is running.
    pub(super) fn zero_super(&self, frame: &Frame) -> Option<Value> {
        let mut scope = Some(frame.scope.clone());
        while let Some(here) = scope {
            if let Some(function) = &here.call {
                let owner = function.owner.borrow().clone()?;
                let first = function.def.parameters.first()?;
                let object = here.names.borrow().get(&first.name)?.value.clone();
                return Some(Value::Super(Rc::new((owner, object))));
            }
            scope = here.parent.clone();
        }
        None
    }
}

impl Scope {
    /// The class in whose body the function is defined that runs here: `__class__`.
    pub(super) fn class_of_method(&self) -> Option<Rc<Class>> {
        match &self.call {
            Some(function) => function.owner.borrow().clone(),
            None => self.parent.as_ref()?.class_of_method(),
        }
    }
}

/// A doubt about what is spread from one value, and from another.
fn and(spread: Option<Doubt>, doubt: Doubt) -> Doubt {
    match spread {
        Some(spread) => spread.among(doubt.candidates()),
        None => doubt,
    }
}

/// A lambda's body is its value.
fn lambda_body(def: &ast::Function) -> Option<&ast::Expr> {
    if &*def.name != "<lambda>" {
        return None;
    }
    match &def.body().first()?.kind {
        ast::StmtKind::Return(Some(value)) | ast::StmtKind::Expr(value) => Some(value),
        _ => None,
    }
}
