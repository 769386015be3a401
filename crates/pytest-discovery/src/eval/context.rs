//! `with`: context managers that are followed, and exceptions that others may keep to themselves.

use std::rc::Rc;

use super::exec::{Flow, Perhaps};
use super::patching::MonkeyPatch;
use super::shared::Shared;
use super::value::{Binding, Doubt, Names, Raised, Source, Value};
use super::{Frame, Interpreter};
use crate::PythonVersion;
use crate::syntax::ast::{Call, Expr, ExprKind, Range, Stmt};

/// How the calls end whose functions are looked at before they are called.
const FOLLOWED: [&str; 7] = ["suppress", "nullcontext", "raises", "patch", "object", "dict", "multiple"];

/// From this release on it is another exception where an object is no context manager.
const NO_MANAGER_REFUSED: PythonVersion = PythonVersion::new(3, 11);

impl Interpreter<'_> {
    pub(super) fn with(&mut self, items: &[(Expr, Option<Expr>)], body: &[Stmt], frame: &Frame) -> Flow {
        let Some(((context, target), rest)) = items.split_first() else { return self.block(body, frame) };
        if let ExprKind::Call(call) = &context.kind
            && call.function.last_name().is_some_and(|name| FOLLOWED.iter().any(|end| name.ends_with(end)))
            && let Value::External(path) = self.eval(&call.function, frame)
        {
            match (&*path, &call.args[..], target) {
                // `contextlib.suppress(...)` is a `try` whose handler does nothing.
                ("contextlib.suppress", caught, _) => {
                    let caught: Vec<Value> = caught.iter().map(|arg| self.eval(arg, frame)).collect();
                    return self.suppress(&Value::Tuple(caught.into()), rest, body, frame, None);
                }
                ("pytest.raises", [caught, ..], target) => {
                    let caught = self.eval(caught, frame);
                    if let Some(target) = target {
                        let info = self.unknown(frame, context.range, "a context manager");
                        self.assign(target, info, frame);
                    }
                    return self.suppress(&caught, rest, body, frame, Some(context.range));
                }
                (path, ..) if path.starts_with("unittest.mock.patch") => {
                    return self.patched(path, call, target.as_ref(), (rest, body), frame);
                }
                // It is what it is given.
                ("contextlib.nullcontext", [given], Some(target)) if call.keywords.is_empty() => {
                    let given = self.eval(given, frame);
                    if self.raised.is_some() {
                        return Flow::Next;
                    }
                    self.assign(target, given, frame);
                    return self.with(rest, body, frame);
                }
                _ => {}
            }
        }
        let value = self.eval(context, frame);
        if self.raised.is_some() {
            return Flow::Next;
        }
        let is_none = match &value {
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::List(_) | Value::Dict(_) => true,
            Value::Instance(instance) => {
                let has = |name: &str| instance.class.in_tree(name).is_some();
                instance.class.is_plain() && !has("__enter__") && !has("__exit__")
            }
            _ => false,
        };
        if is_none {
            let class = if self.python < NO_MANAGER_REFUSED { "AttributeError" } else { "TypeError" };
            self.fail(class, "no context manager".to_owned(), frame, context.range);
            return Flow::Next;
        }
        self.ask_one_of(&value, &["__enter__", "__exit__"]);
        if let Some(patch) = value.downcast::<MonkeyPatch>() {
            if let Some(target) = target {
                self.assign(target, value.clone(), frame);
            }
            let flow = self.with(rest, body, frame);
            patch.undo(self, frame, context.range);
            return flow;
        }
        if let Value::Patch(patch) = &value {
            let new = self.patch_method(patch, "start", frame, context.range);
            if let Some(target) = target {
                let new = new.unwrap_or_else(|| self.unknown(frame, context.range, "a context manager"));
                self.assign(target, new, frame);
            }
            let flow = self.with(rest, body, frame);
            self.patch_method(patch, "stop", frame, context.range);
            return flow;
        }
        let is_tree = matches!(&value, Value::Instance(instance) if instance.class.in_tree("__exit__").is_some());
        let entered = if is_tree { self.special(&value, "__enter__", Vec::new(), frame, context.range) } else { None };
        if self.raised.is_some() {
            return Flow::Next;
        }
        if let Some(target) = target {
            let bound = match (entered, value.doubt()) {
                (None, None) if super::library::is_file(&value) => value.clone(),
                (Some(entered), _) => entered,
                (None, Some(doubt)) => Value::Unknown(doubt.clone()),
                (None, None) => self.unknown(frame, context.range, "a context manager"),
            };
            self.assign(target, bound, frame);
        }
        let flow = self.with(rest, body, frame);
        if is_tree {
            return self.exit(&value, flow, frame, context.range);
        }
        match flow {
            Flow::Ended(raised) if may_swallow(&value) || is_stack(&value, context, frame) => {
                let doubt = self.doubt(frame, context.range, "a context manager that sees an exception");
                if !raised.certain {
                    frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                }
                self.may_raise(raised, &doubt, frame);
                Flow::Next
            }
            flow => flow,
        }
    }

    /// `__exit__` of an object of the tree, where the block ended so: it may keep the exception to itself.
    fn exit(&mut self, manager: &Value, flow: Flow, frame: &Frame, range: Range) -> Flow {
        let Flow::Ended(raised) = flow else {
            let nothing = vec![Value::None, Value::None, Value::None];
            self.special(manager, "__exit__", nothing, frame, range);
            return flow;
        };
        let doubt = self.doubt(frame, range, "a context manager that sees an exception");
        // What reading itself comes to may be its own gap.
        let doubts = self.doubts.len();
        if !raised.certain {
            self.doubts.push(&doubt);
        }
        let class = super::library::type_of(&raised.value).unwrap_or_else(|| Value::Unknown(doubt.clone()));
        let seen = vec![class, raised.value.clone(), Value::Opaque];
        let answer = self.special(manager, "__exit__", seen, frame, range);
        self.doubts.truncate(doubts);
        if self.raised.is_some() {
            return Flow::Next;
        }
        match answer.and_then(|answer| self.test(&answer, frame, range)) {
            Some(false) => Flow::Ended(raised),
            Some(true) if raised.certain => Flow::Next,
            // The block may go on where it was left.
            swallows => {
                frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
                if swallows.is_none() {
                    self.may_raise(raised, &doubt, frame);
                }
                Flow::Next
            }
        }
    }

    /// A `try` whose handler does nothing. That nothing is raised is an error where `expected` stands.
    fn suppress(
        &mut self,
        caught: &Value,
        rest: &[(Expr, Option<Expr>)],
        body: &[Stmt],
        frame: &Frame,
        expected: Option<Range>,
    ) -> Flow {
        let outer = self.guard(&Rc::from([Some(caught.clone())]));
        let flow = self.with(rest, body, frame);
        let flow = self.raised.take().map_or(flow, Flow::Ended);
        let (risk, _) = self.unguard(outer);
        match (flow, risk) {
            (Flow::Ended(raised), _) => match super::exceptions::catches(Some(caught), &raised) {
                Some(true) => Flow::Next,
                Some(false) => Flow::Ended(raised),
                None => {
                    let doubt =
                        Doubt::from(test_catalog::Reason { text: raised.message.to_string(), at: raised.at.clone() });
                    self.may_raise(raised, &doubt, frame);
                    Flow::Next
                }
            },
            (Flow::Return(value), Some(doubt)) => {
                let returns = Some(doubt.among([&value]));
                Flow::Perhaps(Perhaps { doubt, returns, breaks: false, stays: false })
            }
            (Flow::Break | Flow::Continue, Some(doubt)) => {
                Flow::Perhaps(Perhaps { doubt, returns: None, breaks: true, stays: false })
            }
            (Flow::Next, None) => {
                if let Some(range) = expected {
                    self.misses_exception(frame, range);
                }
                Flow::Next
            }
            (flow, _) => flow,
        }
    }

    /// What `pytest.raises` waits for was not seen to be raised, and may be all the same.
    fn misses_exception(&mut self, frame: &Frame, range: Range) {
        let doubt = self.doubt(frame, range, "an exception that is expected");
        self.fail("Failed", Source::of(frame, range), frame, range);
        if let Some(raised) = self.raised.take() {
            self.may_raise(Raised { certain: true, ..raised }, &doubt, frame);
        }
    }

    /// `with mock.patch(...)`: what it replaces is another thing while the body runs.
    fn patched(
        &mut self,
        path: &str,
        call: &Call,
        target: Option<&Expr>,
        (rest, body): (&[(Expr, Option<Expr>)], &[Stmt]),
        frame: &Frame,
    ) -> Flow {
        let args: Vec<Value> = call.args.iter().map(|arg| self.eval(arg, frame)).collect();
        let keywords: Vec<(&str, Value)> =
            call.keywords.iter().map(|(name, one)| (name.as_deref().unwrap_or("**"), self.eval(one, frame))).collect();
        if self.raised.is_some() {
            return Flow::Next;
        }
        let range = call.function.range;
        let doubt = self.doubt(frame, range, "replaced while a block runs");
        let keyword = |name: &str| keywords.iter().find(|(one, _)| *one == name).map(|(_, value)| value.clone());
        let given = |at: usize| args.get(at).cloned().or_else(|| keyword("new"));
        let place = match path {
            "unittest.mock.patch" => args.first().and_then(|target| self.place_of(target.as_str()?, frame, range)),
            "unittest.mock.patch.object" => match &args[..] {
                [holder, name, ..] => name.as_str().map(|name| (holder.clone(), name.to_owned())),
                _ => None,
            },
            "unittest.mock.patch.dict" => {
                let body = |one: &mut Self| one.with(rest, body, frame);
                return self.with_items(args, &keywords, body, &doubt, frame, range);
            }
            _ => None,
        };
        let new = given(if path == "unittest.mock.patch" { 1 } else { 2 });
        let new = new.filter(|_| !call.args.iter().any(|arg| matches!(arg.kind, ExprKind::Starred(_))));
        let new = new.unwrap_or_else(|| Value::Unknown(doubt.clone()));
        if let Some(target) = target {
            self.assign(target, new.clone(), frame);
        }
        let Some((holder, name)) = place else {
            return self.under(&doubt, |one| one.with(rest, body, frame));
        };
        let Some(names) = names_of(&holder, &name) else {
            // Nothing of a library is read here. What else it may be is not known any more.
            if !matches!(holder, Value::External(_) | Value::Opaque) {
                self.taint(&holder, &doubt);
            }
            return self.with(rest, body, frame);
        };
        let before = names.borrow_mut().insert(name.as_str().into(), Binding { value: new, doubt: None });
        let flow = self.with(rest, body, frame);
        match before {
            Some(before) => names.borrow_mut().insert(name.as_str().into(), before),
            None => names.borrow_mut().shift_remove(&name),
        };
        flow
    }

    /// The same of `mock.patch.dict(...)`.
    fn with_items(
        &mut self,
        args: Vec<Value>,
        keywords: &[(&str, Value)],
        body: impl FnOnce(&mut Self) -> Flow,
        doubt: &Doubt,
        frame: &Frame,
        range: Range,
    ) -> Flow {
        let is_environ = |value: &Value| matches!(value, Value::External(path) if &**path == "os.environ");
        let dict = match args.first() {
            Some(Value::Str(text)) if text.as_str() == Some("os.environ") => Value::external("os.environ"),
            Some(dict @ Value::Dict(_)) => dict.clone(),
            Some(dict) if is_environ(dict) => dict.clone(),
            // What a library has, such as `sys.modules`, is read from nowhere here.
            Some(Value::External(_)) => return body(self),
            Some(Value::Str(text)) if text.as_str().is_some_and(|name| name.starts_with("sys.")) => return body(self),
            _ => return self.under(doubt, body),
        };
        let given =
            args.get(1).cloned().or_else(|| keywords.iter().find(|one| one.0 == "values").map(|one| one.1.clone()));
        let pairs = match &given {
            None => Some(Vec::new()),
            Some(Value::Dict(given)) => given.pairs(),
            Some(_) => None,
        };
        let is_plain = args.len() < 3 && keywords.iter().all(|(name, _)| !matches!(*name, "clear" | "**"));
        let Some(pairs) = pairs.filter(|_| is_plain) else { return self.under(doubt, body) };
        let environ = self.environ.clone();
        let items = match &dict {
            Value::Dict(dict) => Some(dict.0.borrow().clone()),
            _ => None,
        };
        let named = keywords.iter().filter(|(name, _)| *name != "values");
        let named = named.map(|(name, value)| (Value::str(*name), value.clone()));
        for (key, value) in pairs.into_iter().chain(named) {
            self.set_item(&dict, key, value, frame, range);
        }
        let flow = body(self);
        match (&dict, items) {
            (Value::Dict(dict), Some(items)) => drop(dict.0.replace(items)),
            _ => {
                super::shared::changed_for_all();
                self.environ = environ;
            }
        }
        flow
    }

    /// Runs a block of which what it does is in doubt.
    fn under(&mut self, doubt: &Doubt, body: impl FnOnce(&mut Self) -> Flow) -> Flow {
        let doubts = self.doubts.len();
        self.doubts.push(doubt);
        let flow = body(self);
        self.doubts.truncate(doubts);
        flow
    }

    /// What a dotted name is an attribute of, and the attribute's name.
    pub(super) fn place_of(&mut self, dotted: &str, frame: &Frame, range: Range) -> Option<(Value, String)> {
        let (holder, name) = dotted.rsplit_once('.')?;
        let mut parts = holder.split('.');
        let mut path = parts.next()?.to_owned();
        let mut found = self.imported(&frame.module.path, &path);
        for part in parts {
            path = format!("{path}.{part}");
            found = match self.attribute(&found, part, frame, range) {
                Value::Unknown(_) => {
                    self.raised = None;
                    self.imported(&frame.module.path, &path)
                }
                found => found,
            };
        }
        Some((found, name.to_owned()))
    }
}

/// The names that an assignment to an attribute changes, where it does nothing else.
pub(super) fn names_of<'v>(holder: &'v Value, name: &str) -> Option<&'v Shared<Names>> {
    match holder {
        Value::Class(class) if !class.is_enum => Some(&class.names),
        Value::Module(module) => Some(&module.scope.names),
        Value::Instance(instance) if instance.member.is_none() => {
            let of_class = instance.class.in_tree(name).map(|binding| binding.value);
            let is_plain = instance.class.in_tree("__setattr__").is_none();
            (is_plain && !matches!(of_class, Some(Value::Property(_)))).then_some(&instance.attributes)
        }
        _ => None,
    }
}

/// Whether a context manager may keep an exception to itself, as one that is not known may.
fn may_swallow(value: &Value) -> bool {
    matches!(value, Value::Unknown(_) | Value::Instance(_))
}

/// Whether it is `ExitStack()`, which asks others.
fn is_stack(value: &Value, context: &Expr, frame: &Frame) -> bool {
    matches!(value, Value::Opaque) && {
        let text = frame.module.file.slice(context.range);
        text.is_none_or(|text| text.contains("ExitStack"))
    }
}
