//! Statements.

use std::rc::Rc;
use std::sync::Arc;

use test_catalog::Condition;

use super::value::{Class, FixtureOptions, Function, Names, Raised, Scope, ScopeKind, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, elements, stdlib, truth};
use crate::imports::Import;
use crate::syntax::ast::{self, Expr, ExprKind, Range, Stmt, StmtKind};

/// How a block ends.
pub(crate) enum Flow {
    Next,
    Return(Value),
    Break,
    Continue,
    Ended(Raised),
}

impl Interpreter<'_> {
    pub(crate) fn block(&mut self, body: &[Stmt], frame: &Frame) -> Flow {
        for (index, stmt) in body.iter().enumerate() {
            if !self.step() {
                return Flow::Next;
            }
            match self.statement(stmt, frame) {
                Flow::Next => {}
                // Under a doubt the block may have ended here, or not: the rest is under the same doubt.
                flow @ (Flow::Return(_) | Flow::Break | Flow::Continue) if self.maybe(stmt) => {
                    let doubt = self.doubt(frame, stmt.range, "may end the block here, under an unknown condition");
                    self.doubts.push(doubt.clone());
                    let rest = self.block(&body[index + 1..], frame);
                    self.doubts.pop();
                    // Either it ended above, or at the end of the rest.
                    self.doubtful_end.set(matches!(rest, Flow::Next));
                    return match (flow, rest) {
                        (Flow::Return(_), _) | (_, Flow::Return(_)) => Flow::Return(Value::Unknown(doubt)),
                        (flow, _) => flow,
                    };
                }
                flow => return flow,
            }
        }
        Flow::Next
    }

    /// Whether a statement that ended its block may as well not have: it is compound, and under a doubt of its own.
    fn maybe(&self, stmt: &Stmt) -> bool {
        self.doubtful_end.get() && !matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue)
    }

    fn statement(&mut self, stmt: &Stmt, frame: &Frame) -> Flow {
        match &stmt.kind {
            StmtKind::Function(def) => self.define(def, frame),
            StmtKind::Class(def) => {
                let class = self.class(def, frame);
                self.bind(&frame.scope, &def.name, class);
            }
            StmtKind::Return(value) => {
                self.doubtful_end.set(false);
                let value = value.as_ref().map_or(Value::None, |value| self.expr(value, frame));
                return Flow::Return(value);
            }
            StmtKind::Delete(targets) => targets.iter().for_each(|target| self.delete(target, frame)),
            StmtKind::Assign { targets, value } => {
                let value = self.expr(value, frame);
                targets.iter().for_each(|target| self.assign(target, value.clone(), frame));
            }
            StmtKind::AugAssign { target, op, value } => {
                let value = self.expr(value, frame);
                self.augment(target, *op, &value, frame, stmt.range);
            }
            StmtKind::AnnAssign { target, value, .. } => {
                if let Some(value) = value {
                    let value = self.expr(value, frame);
                    self.assign(target, value, frame);
                }
            }
            StmtKind::If { test, body, orelse } => return self.branch(test, body, orelse, frame),
            StmtKind::For { target, iter, body, orelse } => return self.repeat(target, iter, body, orelse, frame),
            StmtKind::While { body, orelse, .. } => {
                let doubt = self.doubt(frame, stmt.range, "a `while` loop");
                return self.either(&[body, orelse], &doubt, frame);
            }
            StmtKind::With { items, body } => {
                for (context, target) in items {
                    let value = self.expr(context, frame);
                    let raises = matches!(&value, Value::Unknown(doubt) if doubt.text.contains("pytest.raises"));
                    if let Some(target) = target {
                        let bound =
                            if raises { value } else { self.unknown(frame, context.range, "a context manager") };
                        self.assign(target, bound, frame);
                    }
                }
                return self.block(body, frame);
            }
            StmtKind::Match { subject, cases } => {
                self.expr(subject, frame);
                let doubt = self.doubt(frame, stmt.range, "a `match` statement");
                let bodies: Vec<&[Stmt]> = cases.iter().map(|case| &*case.body).collect();
                return self.either(&bodies, &doubt, frame);
            }
            StmtKind::Raise(exception) => {
                self.doubtful_end.set(false);
                let class = exception.as_ref().map_or("an exception", |raised| frame.module.file.slice(raised.range));
                return Flow::Ended(Raised {
                    class: class.split('(').next().unwrap_or_default().into(),
                    message: frame.module.file.slice(stmt.range).to_owned(),
                    at: frame.module.file.span(stmt.range),
                });
            }
            StmtKind::Try { body, handlers, orelse, finally } => {
                return self.attempt(body, handlers, orelse, finally, frame);
            }
            StmtKind::Import(names) => names.iter().for_each(|name| self.import(name, frame)),
            StmtKind::ImportFrom { level, module, names } => {
                self.import_from(*level, module.as_deref().unwrap_or_default(), names, frame, stmt.range);
            }
            StmtKind::Expr(value) => return self.expression_statement(value, frame),
            StmtKind::TypeAlias(name) => self.bind(&frame.scope, name, Value::Opaque),
            StmtKind::Global(names) | StmtKind::Nonlocal(names) => {
                // What the function does to them is not followed.
                let doubt = self.doubt(frame, stmt.range, "a `global` or `nonlocal` name");
                let scope = if matches!(stmt.kind, StmtKind::Global(_)) {
                    Some(frame.module.scope.clone())
                } else {
                    frame.scope.parent.clone()
                };
                for name in names {
                    if let Some(scope) = &scope {
                        self.doubts.push(doubt.clone());
                        self.bind(scope, name, Value::Unknown(doubt.clone()));
                        self.doubts.pop();
                    }
                }
            }
            StmtKind::Break => {
                self.doubtful_end.set(false);
                return Flow::Break;
            }
            StmtKind::Continue => {
                self.doubtful_end.set(false);
                return Flow::Continue;
            }
            StmtKind::Assert(_) | StmtKind::Pass => {}
        }
        Flow::Next
    }

    /// `pytest.skip(...)`, `pytest.importorskip(...)` at module level decide about the module; all else is evaluated
    /// for what it changes.
    fn expression_statement(&mut self, value: &Expr, frame: &Frame) -> Flow {
        if frame.scope.kind == ScopeKind::Module
            && let ExprKind::Call(call) = &value.kind
            && let Value::External(path) = self.expr(&call.function, frame)
            && &*path == "pytest.skip"
        {
            if self.current_doubt().is_some() {
                self.condition(value.range, frame);
                return Flow::Next;
            }
            return Flow::Ended(Raised {
                class: "Skipped".into(),
                message: frame.module.file.slice(value.range).to_owned(),
                at: frame.module.file.span(value.range),
            });
        }
        self.expr(value, frame);
        Flow::Next
    }

    /// Notes that a module may be left out when it is imported.
    pub(super) fn condition(&mut self, range: Range, frame: &Frame) {
        let condition = Condition {
            text: frame.module.file.slice(range).split_whitespace().collect::<Vec<_>>().join(" "),
            at: frame.module.file.span(range),
        };
        frame.module.conditions.borrow_mut().push(condition);
    }

    fn branch(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt], frame: &Frame) -> Flow {
        let value = self.expr(test, frame);
        match truth(&value) {
            Some(true) => self.block(body, frame),
            Some(false) => self.block(orelse, frame),
            None => {
                let text = format!("under `{}`, which is not known", frame.module.file.slice(test.range));
                let doubt = self.doubt(frame, test.range, text);
                self.either(&[body, orelse], &doubt, frame)
            }
        }
    }

    /// Blocks of which one, some or none may run.
    fn either(&mut self, bodies: &[impl AsRef<[Stmt]>], doubt: &super::Doubt, frame: &Frame) -> Flow {
        let mut end = Flow::Next;
        for body in bodies {
            self.doubts.push(doubt.clone());
            let flow = self.block(body.as_ref(), frame);
            self.doubts.pop();
            match flow {
                Flow::Next => {}
                // That it may raise is a condition of the module, and no more than that elsewhere.
                Flow::Ended(raised) => {
                    if frame.scope.kind == ScopeKind::Module {
                        frame.module.conditions.borrow_mut().push(Condition { text: raised.message, at: raised.at });
                    }
                }
                flow => end = flow,
            }
        }
        if !matches!(end, Flow::Next) {
            self.doubtful_end.set(true);
        }
        end
    }

    fn repeat(&mut self, target: &Expr, iter: &Expr, body: &[Stmt], orelse: &[Stmt], frame: &Frame) -> Flow {
        let value = self.expr(iter, frame);
        let items = match elements(&value) {
            Ok(items) if items.len() <= MOST_ELEMENTS => items,
            _ => {
                let doubt = self.doubt(frame, iter.range, "a loop over what is not known");
                self.doubts.push(doubt.clone());
                self.assign(target, Value::Unknown(doubt.clone()), frame);
                self.doubts.pop();
                return self.either(&[body, orelse], &doubt, frame);
            }
        };
        for item in items {
            self.assign(target, item, frame);
            match self.block(body, frame) {
                Flow::Next | Flow::Continue => {}
                Flow::Break if self.doubtful_end.get() => {
                    let doubt = self.doubt(frame, iter.range, "a loop that may end early");
                    return self.either(&[body], &doubt, frame);
                }
                Flow::Break => return Flow::Next,
                flow => return flow,
            }
        }
        self.block(orelse, frame)
    }

    /// The body is taken to succeed, unless it raises for certain; a handler then runs if it may be for that.
    fn attempt(
        &mut self,
        body: &[Stmt],
        handlers: &[ast::Handler],
        orelse: &[Stmt],
        finally: &[Stmt],
        frame: &Frame,
    ) -> Flow {
        let flow = match self.block(body, frame) {
            Flow::Ended(raised) => {
                let Some(handler) = handlers.first() else {
                    self.block(finally, frame);
                    return Flow::Ended(raised);
                };
                let range = handler.exception.as_ref().map_or(Range { start: 0, end: 0 }, |one| one.range);
                let doubt = self.doubt(frame, range, "an exception whose handler is not known");
                let bodies: Vec<&[Stmt]> = handlers.iter().map(|handler| &*handler.body).collect();
                self.either(&bodies, &doubt, frame)
            }
            Flow::Next => self.block(orelse, frame),
            flow => flow,
        };
        match self.block(finally, frame) {
            Flow::Next => flow,
            end => end,
        }
    }

    fn define(&mut self, def: &Arc<ast::Function>, frame: &Frame) {
        let function = Value::Function(self.function(def, frame));
        let decorators: Vec<_> = def.decorators.iter().map(|one| (self.expr(one, frame), one.range)).collect();
        let mut value = function;
        for (decorator, range) in decorators.into_iter().rev() {
            value = self.decorate(decorator, value, frame, range);
        }
        self.bind(&frame.scope, &def.name, value);
    }

    /// A function object, its defaults evaluated.
    pub(super) fn function(&mut self, def: &Arc<ast::Function>, frame: &Frame) -> Rc<Function> {
        let defaults = def.parameters.iter().map(|one| one.default.as_ref().map(|default| self.expr(default, frame)));
        let defaults = defaults.collect();
        Rc::new(Function {
            def: def.clone(),
            file: frame.module.file.clone(),
            scope: frame.scope.clone(),
            module: frame.module.clone(),
            defaults,
            marks: Vec::new().into(),
            open: None.into(),
            signature_doubt: None.into(),
        })
    }

    fn decorate(&mut self, decorator: Value, value: Value, frame: &Frame, range: Range) -> Value {
        match (&decorator, &value) {
            (Value::Mark(_), Value::Function(_) | Value::Class(_) | Value::StaticMethod(_) | Value::ClassMethod(_)) => {
                self.call_value(&decorator, vec![value.clone()], Vec::new(), frame, range)
            }
            // What it is put on is not known, and stays so.
            (Value::Mark(_), _) => value,
            (Value::FixtureMaker(options), _) => self.fixture(options, value.clone(), frame, range),
            (Value::External(path), _) => match &**path {
                "pytest.fixture" | "pytest_asyncio.fixture" => {
                    self.fixture(&FixtureOptions::default(), value.clone(), frame, range)
                }
                "builtins.staticmethod" => Value::StaticMethod(Rc::new(value.clone())),
                "builtins.classmethod" => Value::ClassMethod(Rc::new(value.clone())),
                "builtins.property" | "functools.cached_property" => Value::Property,
                path if stdlib::is_transparent(path) => value,
                "dataclasses.dataclass" => {
                    if let Value::Class(class) = &value {
                        class.dataclass.set(true);
                    }
                    value
                }
                _ => self.doubtful_decorator(value, frame, range),
            },
            (Value::Transparent, _) => value,
            (Value::DataclassMaker, Value::Class(class)) => {
                class.dataclass.set(true);
                value
            }
            _ => self.doubtful_decorator(value, frame, range),
        }
    }

    pub(super) fn fixture(&mut self, options: &FixtureOptions, function: Value, frame: &Frame, range: Range) -> Value {
        let at = frame.module.file.span(range);
        Value::Fixture(Rc::new(super::value::Fixture { options: options.clone(), function, at }))
    }

    /// It is taken to keep a function with these parameters; marks and parameters may be others.
    fn doubtful_decorator(&mut self, value: Value, frame: &Frame, range: Range) -> Value {
        let source: Vec<&str> = frame.module.file.slice(range).split_whitespace().collect();
        let text = format!("the decorator `{}` is not followed", source.join(" "));
        let doubt = self.doubt(frame, range, text);
        self.taint(&value, &doubt);
        value
    }

    fn class(&mut self, def: &Arc<ast::Class>, frame: &Frame) -> Value {
        let mut bases = Vec::new();
        let mut doubt = None;
        for base in &def.bases {
            let value = match self.expr(base, frame) {
                // `Generic[T]` and its like: the class itself.
                Value::Unknown(_) if matches!(&base.kind, ExprKind::Subscript(..)) => match &base.kind {
                    ExprKind::Subscript(generic, _) => self.expr(generic, frame),
                    _ => Value::None,
                },
                value => value,
            };
            match &value {
                Value::Class(_) | Value::External(_) => bases.push(value),
                _ => {
                    let text = format!("the base class `{}` is not known", frame.module.file.slice(base.range));
                    doubt.get_or_insert_with(|| self.doubt(frame, base.range, text));
                }
            }
        }
        let metaclass = def.keywords.iter().find(|(name, _)| name.as_deref() == Some("metaclass"));
        if let Some((_, metaclass)) = metaclass {
            let plain = matches!(self.expr(metaclass, frame), Value::External(path) if &*path == "abc.ABCMeta");
            if !plain {
                doubt.get_or_insert_with(|| self.doubt(frame, metaclass.range, "a metaclass"));
            }
        }
        let Some(mro) = super::value::linearize(&bases) else {
            return self.unknown(frame, def.range, "the order of its base classes");
        };
        let scope = Scope::new(ScopeKind::Class, Some(frame.scope.clone()));
        let inner = Frame { scope: scope.clone(), module: frame.module.clone() };
        self.block(&def.body, &inner);
        let is_enum = mro.iter().any(|base| match base {
            Value::External(path) => stdlib::is_enum(path),
            Value::Class(class) => class.is_enum,
            _ => false,
        });
        let names: Names = scope.names.take();
        let class = Rc::new(Class {
            name: (&*def.name).into(),
            def: def.clone(),
            file: frame.module.file.clone(),
            names: names.into(),
            mro,
            doubt: doubt.into(),
            marks: Vec::new().into(),
            open: None.into(),
            dataclass: false.into(),
            is_enum,
        });
        let decorators: Vec<_> = def.decorators.iter().map(|one| (self.expr(one, frame), one.range)).collect();
        let mut value = Value::Class(class);
        for (decorator, range) in decorators.into_iter().rev() {
            value = self.decorate(decorator, value, frame, range);
        }
        value
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Value, frame: &Frame) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(&frame.scope, name, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                let items = elements(&value).ok().filter(|items| items.len() == targets.len());
                let starred = targets.iter().any(|target| matches!(target.kind, ExprKind::Starred(_)));
                for (index, target) in targets.iter().enumerate() {
                    let known = items.as_ref().filter(|_| !starred).and_then(|items| items.get(index).cloned());
                    let item = known.unwrap_or_else(|| self.unknown(frame, target.range, "unpacked from the unknown"));
                    self.assign(target, item, frame);
                }
            }
            ExprKind::Starred(inner) => self.assign(inner, value, frame),
            ExprKind::Attribute(object, _) | ExprKind::Subscript(object, _) => {
                let doubt = self.doubt(frame, target.range, "changed by an assignment to a part of it");
                let object_value = self.expr(object, frame);
                if let (Value::Object(object), ExprKind::Attribute(_, name)) = (&object_value, &target.kind) {
                    object.assign(name, &value);
                    return;
                }
                if let (Value::Dict(dict), ExprKind::Subscript(_, key)) = (&object_value, &target.kind) {
                    let key = self.expr(key, frame);
                    if self.current_doubt().is_none() && super::expr::is_scalar(&key) {
                        super::methods::set_item(dict, key, value);
                        return;
                    }
                }
                self.taint(&object_value, &doubt);
            }
            _ => {}
        }
    }

    fn augment(&mut self, target: &Expr, op: ast::BinaryOp, value: &Value, frame: &Frame, range: Range) {
        let old = self.expr(target, frame);
        if let (Value::List(list), ast::BinaryOp::Add) = (&old, op) {
            // The very list changes: others that hold it see it.
            let added = elements(value);
            let doubt = self.current_doubt().cloned();
            let mut items = list.0.borrow_mut();
            *items = match (&mut *items, added, doubt) {
                (_, _, Some(doubt)) => Err(doubt),
                (Err(doubt), _, None) => Err(doubt.clone()),
                (Ok(items), Ok(added), None) if items.len() + added.len() <= MOST_ELEMENTS => {
                    Ok(items.iter().cloned().chain(added).collect())
                }
                _ => Err(self.doubt(frame, range, "extended by what is not known")),
            };
            return;
        }
        let new = self.binary(&old, op, value, frame, range);
        self.assign(target, new, frame);
    }

    fn delete(&mut self, target: &Expr, frame: &Frame) {
        match (&target.kind, self.current_doubt().cloned()) {
            (ExprKind::Name(name), None) => {
                frame.scope.names.borrow_mut().shift_remove(&**name);
            }
            (ExprKind::Name(name), Some(doubt)) => self.bind(&frame.scope, name, Value::Unknown(doubt)),
            (ExprKind::Attribute(object, _) | ExprKind::Subscript(object, _), _) => {
                let doubt = self.doubt(frame, target.range, "a part of it is deleted");
                let object = self.expr(object, frame);
                self.taint(&object, &doubt);
            }
            _ => {}
        }
    }

    fn import(&mut self, name: &ast::Alias, frame: &Frame) {
        let from = self.path_of(&frame.module);
        let top = name.name.split('.').next().unwrap_or_default();
        let (wanted, bound) = match &name.as_name {
            Some(alias) => (&*name.name, &**alias),
            None => (top, top),
        };
        // `import a.b` runs both, and binds `a`.
        self.imported(&from, 0, &name.name);
        let value = self.imported(&from, 0, wanted);
        self.bind(&frame.scope, bound, value);
    }

    /// What `import DOTTED` gives: a module of the tree, or something of a library.
    pub(super) fn imported(&mut self, from: &camino::Utf8Path, level: u32, dotted: &str) -> Value {
        match self.imports.resolve(from, level, dotted) {
            Import::File(path) => match self.module(&path) {
                Ok(module) => Value::Module(module),
                Err(problem) => Value::Unknown(Rc::new(test_catalog::Reason {
                    text: format!("`{dotted}` {}", problem.message),
                    at: problem.at,
                })),
            },
            Import::Namespace(path) => Value::Namespace(path.as_str().into()),
            Import::Outside => Value::external(dotted),
        }
    }

    fn import_from(&mut self, level: u32, dotted: &str, names: &[ast::Alias], frame: &Frame, range: Range) {
        let from = self.path_of(&frame.module);
        let module = self.imported(&from, level, dotted);
        for name in names {
            if &*name.name == "*" {
                self.import_star(&module, frame, range);
                continue;
            }
            let value = match &module {
                Value::External(path) => super::expr::external_attribute(path, &name.name),
                _ => self.attribute(&module, &name.name, frame, range),
            };
            let value = match value {
                // A submodule that nobody imported yet.
                Value::Unknown(doubt) => {
                    let below =
                        if dotted.is_empty() { name.name.to_string() } else { format!("{dotted}.{}", name.name) };
                    match self.imported(&from, level, &below) {
                        module @ (Value::Module(_) | Value::Namespace(_)) => module,
                        _ => Value::Unknown(doubt),
                    }
                }
                value => value,
            };
            self.bind(&frame.scope, name.as_name.as_deref().unwrap_or(&name.name), value);
        }
    }

    fn import_star(&mut self, module: &Value, frame: &Frame, range: Range) {
        let Value::Module(module) = module else {
            let doubt = self.doubt(frame, range, "a star import of what is not in the tree");
            frame.module.open.borrow_mut().get_or_insert(doubt);
            return;
        };
        if let Some(doubt) = &*module.open.borrow() {
            frame.module.open.borrow_mut().get_or_insert_with(|| doubt.clone());
        }
        let all = module.scope.names.borrow().get("__all__").map(|binding| elements(&binding.value));
        let names: Vec<Rc<str>> = match all {
            Some(Ok(items)) => items.iter().filter_map(|item| item.as_str().map(Into::into)).collect(),
            Some(Err(_)) => {
                let doubt = self.doubt(frame, range, "a star import whose `__all__` is not known");
                frame.module.open.borrow_mut().get_or_insert(doubt);
                return;
            }
            None => module.scope.names.borrow().keys().filter(|name| !name.starts_with('_')).cloned().collect(),
        };
        for name in names {
            let value = self.attribute(&Value::Module(module.clone()), &name, frame, range);
            self.bind(&frame.scope, &name, value);
        }
    }
}
