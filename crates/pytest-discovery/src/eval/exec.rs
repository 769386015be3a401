//! Statements.

use std::rc::Rc;

use test_catalog::Condition;

use super::doubt::Why;
use super::shared::Shared;
use super::value::{Binding, Doubt, Elsewhere, Names, Raised, ScopeKind, Source, Value};
use super::{Frame, Interpreter, MOST_DEPTH};
use crate::syntax::ast::{Annotation, Expr, ExprKind, Range, Stmt, StmtKind};

/// How a block ends.
pub(crate) enum Flow {
    Next,
    Return(Value),
    Break,
    Continue,
    Ended(Raised),
    /// It may have been left at some place, under this doubt, or goes on.
    Perhaps(Perhaps),
}

/// How a block may have been left.
#[derive(Clone)]
pub(crate) struct Perhaps {
    pub(super) doubt: Doubt,
    /// By `return`: the doubt what was returned.
    pub(super) returns: Option<Doubt>,
    /// By `break` or `continue`.
    pub(super) breaks: bool,
    /// By `continue` and nothing else: the loop around goes on.
    pub(super) stays: bool,
}

impl Perhaps {
    /// The same, or left by `return` with that value.
    pub(super) fn returning(self, value: &Value) -> Self {
        let returned = self.returns.as_ref().unwrap_or(&self.doubt).among([value]);
        Self { returns: Some(returned), ..self }
    }

    /// Nothing is left but to return: so it does for certain, unless the loop around may go on.
    pub(super) fn returned(self) -> Flow {
        match self.returns {
            Some(returned) if !self.breaks => Flow::Return(Value::Unknown(returned)),
            _ => Flow::Perhaps(self),
        }
    }

    /// Both of them may be.
    pub(super) fn and(self, other: Option<&Self>) -> Self {
        match other {
            None => self,
            Some(other) => Self {
                doubt: other.doubt.clone(),
                returns: match (self.returns, &other.returns) {
                    (Some(one), Some(other)) => Some(one.among(other.candidates())),
                    (one, other) => one.or_else(|| other.clone()),
                },
                breaks: self.breaks || other.breaks,
                stays: self.stays && other.stays,
            },
        }
    }
}

impl Interpreter<'_> {
    pub(crate) fn block(&mut self, body: &[Stmt], frame: &Frame) -> Flow {
        if self.depth >= MOST_DEPTH {
            self.exhaust();
            return Flow::Next;
        }
        self.depth += 8;
        let doubts = self.doubts.len();
        let flow = self.statements(body, frame);
        self.doubts.truncate(doubts);
        self.depth -= 8;
        flow
    }

    fn statements(&mut self, body: &[Stmt], frame: &Frame) -> Flow {
        let mut perhaps: Option<Perhaps> = None;
        let mut risky = false;
        let listed = frame.scope.kind != ScopeKind::Function;
        for (index, stmt) in body.iter().enumerate() {
            if !self.step() {
                let here = self.too_long(frame, stmt.range);
                let doubt = self.exhausted.get_or_insert(here).clone();
                if listed {
                    self.bind_unread(&body[index..], &doubt, frame);
                }
                break;
            }
            let flow = self.statement(stmt, frame);
            match self.raised.take().map_or(flow, Flow::Ended) {
                Flow::Next => {}
                Flow::Ended(raised) if listed && !raised.certain && self.guarded == 0 => {
                    let doubt = self.go_on(&raised, stmt, frame);
                    self.doubts.push(&doubt);
                }
                // The rest is under the doubt whether it is reached.
                Flow::Perhaps(more) => {
                    self.doubts.push_branch(&more.doubt);
                    perhaps = Some(more.and(perhaps.as_ref()));
                }
                flow => return self.join(perhaps, flow, frame),
            }
            // Within `try`, what follows an unknown call may not be reached.
            if !risky && let Some(risk) = self.present_risk() {
                self.doubts.push(&risk);
                risky = true;
            }
        }
        perhaps.map_or(Flow::Next, Flow::Perhaps)
    }

    /// How a block ends that ends so, unless it was left before.
    pub(super) fn join(&mut self, perhaps: Option<Perhaps>, flow: Flow, frame: &Frame) -> Flow {
        let Some(perhaps) = perhaps else { return flow };
        match flow {
            Flow::Return(value) => perhaps.returning(&value).returned(),
            Flow::Continue => Flow::Perhaps(Perhaps { breaks: true, ..perhaps }),
            Flow::Break => Flow::Perhaps(Perhaps { breaks: true, stays: false, ..perhaps }),
            Flow::Perhaps(more) => Flow::Perhaps(more.and(Some(&perhaps))),
            Flow::Ended(raised) => {
                self.may_raise(raised, &perhaps.doubt, frame);
                Flow::Perhaps(perhaps)
            }
            Flow::Next => Flow::Perhaps(perhaps),
        }
    }

    /// An exception under a doubt: a condition of the module that is being imported, and no more than that. One that a hook raises ends
    /// the session, and needs nobody to say so.
    pub(super) fn may_raise(&mut self, raised: Raised, doubt: &Doubt, frame: &Frame) {
        self.note_risk_of(&raised, doubt);
        let of_module = frame.scope.kind == ScopeKind::Module;
        // Within `try` it may be caught; and what evaluation itself comes to may be its own gap.
        if !of_module && &*raised.class != "Skipped" && (self.guarded > 0 || !raised.certain) {
            return;
        }
        if self.is_caught(&raised) == Some(true) {
            return;
        }
        // What is not followed may raise without anybody saying so, and so may what it calls back.
        if !self.may_run.is_empty() && &*raised.class != "Skipped" {
            return;
        }
        let condition = Condition { text: raised.message.to_string(), at: raised.at.clone() };
        let Some(module) = (if of_module { Some(&frame.module) } else { self.importing.last() }) else { return };
        let mut conditions = module.conditions.borrow_mut();
        if !conditions.contains(&condition) {
            conditions.push(condition);
            module.hazards.borrow_mut().push(raised);
        }
    }

    fn statement(&mut self, stmt: &Stmt, frame: &Frame) -> Flow {
        match &stmt.kind {
            StmtKind::Function(def) => self.define(def, frame),
            StmtKind::Class(def) => {
                let class = self.class(def, frame);
                if self.raised.is_none() {
                    self.bind(&frame.scope, &def.name, class);
                }
            }
            StmtKind::Return(value) => {
                let value = value.as_ref().map_or(Value::None, |value| self.eval(value, frame));
                return Flow::Return(value);
            }
            StmtKind::Delete(targets) => targets.iter().for_each(|target| self.delete(target, frame)),
            StmtKind::Assign { targets, value } => {
                let value = self.eval(value, frame);
                self.under_risk(|interpreter| {
                    targets.iter().for_each(|target| interpreter.assign(target, value.clone(), frame));
                });
            }
            StmtKind::AugAssign { target, op, value } => {
                self.augment(target, *op, value, frame, stmt.range);
            }
            StmtKind::AnnAssign { target, annotation, value } => {
                if let (ScopeKind::Class, ExprKind::Name(name)) = (frame.scope.kind, &target.kind) {
                    self.annotate(name, annotation, frame);
                }
                if let Some(value) = value {
                    let value = self.eval(value, frame);
                    self.under_risk(|interpreter| interpreter.assign(target, value, frame));
                }
                if frame.scope.kind != ScopeKind::Function {
                    self.annotations(std::slice::from_ref(&annotation.value), frame);
                }
            }
            StmtKind::If { test, body, orelse } => return self.branch(test, body, orelse, frame),
            StmtKind::For(one) => return self.repeat(one, frame),
            StmtKind::While { test, body, orelse } => return self.repeat_while(test, body, orelse, frame),
            StmtKind::With { items, body } => return self.with(items, body, frame),
            StmtKind::Match { subject, cases } => return self.choose(subject, cases, frame, stmt.range),
            StmtKind::Raise(exception) => self.raise(exception.as_ref(), frame, stmt.range),
            StmtKind::Try { body, handlers, orelse, finally } => {
                return self.attempt(body, handlers, orelse, finally, frame);
            }
            StmtKind::Import(names) => {
                for name in names {
                    self.import(name, frame, stmt.range);
                    if self.raised.is_some() {
                        break;
                    }
                }
            }
            StmtKind::ImportFrom { level, module, names } => {
                self.import_from(*level, module.as_deref().unwrap_or_default(), names, frame, stmt.range);
            }
            StmtKind::Expr(value) => {
                self.eval(value, frame);
            }
            StmtKind::TypeAlias(name) => self.bind(&frame.scope, name, Value::Opaque),
            StmtKind::Global(names) => self.bind_elsewhere(names, Elsewhere::Global, frame),
            StmtKind::Nonlocal(names) => self.bind_elsewhere(names, Elsewhere::Nonlocal, frame),
            StmtKind::Break => return Flow::Break,
            StmtKind::Continue => return Flow::Continue,
            StmtKind::Assert(test) => {
                let value = self.eval(test, frame);
                match self.test(&value, frame, test.range) {
                    Some(false) if self.raised.is_none() => {
                        self.fail("AssertionError", "an assertion".to_owned(), frame, test.range);
                    }
                    None if self.raised.is_none() => {
                        let doubt = self.doubt(frame, test.range, Why::NotKnown);
                        self.fail("AssertionError", Source::of(frame, stmt.range), frame, stmt.range);
                        if let Some(raised) = self.raised.take() {
                            self.may_raise(Raised { certain: true, ..raised }, &doubt, frame);
                        }
                    }
                    _ => {}
                }
            }
            StmtKind::Pass => {}
        }
        Flow::Next
    }

    /// Binds what an expression gave, unless that raised; under a doubt where it may have.
    pub(super) fn under_risk(&mut self, bind: impl FnOnce(&mut Self)) {
        if self.raised.is_some() {
            return;
        }
        let doubts = self.doubts.len();
        if let Some(risk) = self.present_risk() {
            self.doubts.push(&risk);
        }
        bind(self);
        self.doubts.truncate(doubts);
    }

    fn annotate(&mut self, name: &str, annotation: &Annotation, frame: &Frame) {
        let text: Rc<str> = (&*annotation.text).into();
        let name = &*frame.private(name);
        let mut annotations = frame.scope.annotations.borrow_mut();
        match annotations.iter_mut().find(|(one, _)| **one == *name) {
            Some((_, old)) => *old = text,
            None => annotations.push((name.into(), text)),
        }
    }

    fn bind_elsewhere(&mut self, names: &[Box<str>], kind: Elsewhere, frame: &Frame) {
        if frame.scope.kind == ScopeKind::Module {
            return;
        }
        let mut elsewhere = frame.scope.elsewhere.borrow_mut();
        elsewhere.extend(names.iter().map(|name| (name.clone(), kind)));
    }

    /// `target = value`.
    pub(super) fn assign(&mut self, target: &Expr, value: Value, frame: &Frame) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(&frame.scope, name, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => self.unpack(targets, &value, frame, target.range),
            ExprKind::Starred(inner) => self.assign(inner, value, frame),
            ExprKind::Attribute(object, name) => {
                let held = self.eval(object, frame);
                if let Value::Unknown(doubt) = &held {
                    self.changes_part(object, doubt, frame);
                }
                if matches!(&held, Value::External(path) if &**path == "sys") && &**name == "path" {
                    let other = self.not_known(frame, target.range);
                    self.put_in_front(&other, frame, target.range);
                }
                // What has a name has it as its id.
                if let (Value::Opaque, "__name__", ExprKind::Name(holder)) = (&held, &**name, &object.kind) {
                    let doubt = self.doubt(frame, target.range, "a library's object that is given a name");
                    self.bind(&frame.scope, holder, Value::Unknown(doubt));
                    return;
                }
                if self.raised.is_none() {
                    self.set_attribute(&held, &frame.private(name), value, frame, target.range);
                }
            }
            ExprKind::Subscript(holder, key) => {
                let object = self.eval(holder, frame);
                if let Value::Unknown(doubt) = &object {
                    self.changes_part(holder, doubt, frame);
                }
                if let ExprKind::Slice(parts) = &key.kind {
                    self.set_slice(&object, parts, &value, frame, target.range);
                    return;
                }
                let key = self.eval(key, frame);
                // In a module that is imported it is the dictionary of the built-in names.
                if let (ExprKind::Name(holder), Some(name)) = (&holder.kind, key.as_str())
                    && &**holder == "__builtins__"
                {
                    let value = self.current_doubt().cloned().map_or(value, Value::Unknown);
                    self.put_in_library("builtins", name, value);
                    return;
                }
                if self.raised.is_none() {
                    self.set_item(&object, key, value, frame, target.range);
                }
            }
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: &Value, frame: &Frame, range: Range) {
        let items = match self.iterate(value, frame, range) {
            Ok(items) => items,
            Err(doubt) => {
                targets.iter().for_each(|target| self.assign(target, Value::Unknown(doubt.clone()), frame));
                return;
            }
        };
        let starred = targets.iter().position(|target| matches!(target.kind, ExprKind::Starred(_)));
        let fits = match starred {
            Some(_) => items.len() + 1 >= targets.len(),
            None => items.len() == targets.len(),
        };
        if !fits {
            let text = format!("{} values for {} names", items.len(), targets.len());
            self.fail("ValueError", text, frame, range);
            return;
        }
        let many = items.len() + 1 - targets.len().min(items.len() + 1);
        let mut items = items.into_iter();
        for (index, target) in targets.iter().enumerate() {
            let part = if starred == Some(index) {
                Value::list(items.by_ref().take(many).collect())
            } else {
                // As many items as targets, by what was checked above.
                items.next().unwrap_or(Value::None)
            };
            self.assign(target, part, frame);
        }
    }

    fn delete_name(&mut self, name: &str, frame: &Frame, range: Range) {
        let scope = &frame.scope;
        let name = match scope.kind {
            ScopeKind::Class => &*frame.private(name),
            ScopeKind::Module | ScopeKind::Function => name,
        };
        let gone = self.doubt(frame, range, "a name that may be deleted");
        let was_bound = Self::owner_of(scope, name).is_some_and(|owner| self.unbind(&owner, name, &gone));
        let is_known = scope.kind != ScopeKind::Function && frame.module.open.borrow().is_none();
        if !was_bound && is_known && self.current_doubt().is_none() {
            self.fail("NameError", format!("`{name}` is not bound"), frame, range);
        }
    }

    fn delete(&mut self, target: &Expr, frame: &Frame) {
        match (&target.kind, self.current_doubt().cloned()) {
            (ExprKind::Name(name), _) => self.delete_name(name, frame, target.range),
            (ExprKind::Tuple(targets) | ExprKind::List(targets), _) => {
                targets.iter().for_each(|target| self.delete(target, frame));
            }
            (ExprKind::Subscript(object, key), doubt) => {
                let object = self.eval(object, frame);
                let key = match &key.kind {
                    ExprKind::Slice(parts) if matches!(object, Value::List(_)) => {
                        return self.set_slice(&object, parts, &Value::list(Vec::new()), frame, target.range);
                    }
                    ExprKind::Slice(_) => self.not_known(frame, key.range),
                    _ => self.eval(key, frame),
                };
                if matches!(&object, Value::External(path) if &**path == "sys.modules") {
                    self.unloaded(&key, frame, target.range);
                    return;
                }
                if self.raised.is_none() && (doubt.is_some() || !self.delete_item(&object, &key, frame, target.range)) {
                    let doubt = self.doubt(frame, target.range, "a part of it is deleted");
                    self.taint(&object, &doubt);
                }
            }
            (ExprKind::Attribute(object, name), _) => {
                let object = self.eval(object, frame);
                let name = &*frame.private(name);
                if self.deleted_by_method(&object, name, frame, target.range) || self.raised.is_some() {
                    return;
                }
                self.delete_attribute(&object, name, frame, target.range);
            }
            _ => {}
        }
    }

    /// `del object.name`, which no method of the tree does.
    pub(super) fn delete_attribute(&mut self, object: &Value, name: &str, frame: &Frame, range: Range) {
        let doubt = self.doubt(frame, range, "a part of it is deleted");
        let is_certain = self.current_doubt().is_none();
        let is_known = match object {
            Value::Module(module) => self.unbind(&module.scope, name, &doubt),
            Value::Instance(instance) if instance.class.is_plain() && is_certain => {
                instance.attributes.borrow_mut().shift_remove(name).is_some()
            }
            Value::Class(class) if !class.is_enum && class.metaclass.borrow().is_none() => match is_certain {
                true => class.names.borrow_mut().shift_remove(name).is_some(),
                false => may_be_gone(&class.names, name, &doubt),
            },
            _ => false,
        };
        if is_known {
            return;
        }
        if let Value::Class(class) = object
            && let Some(binding) = class.names.borrow_mut().get_mut(name)
        {
            binding.value = Value::Unknown(doubt.among([&binding.value]));
        }
        self.taint(object, &doubt);
    }
}

/// A name of a class may be taken away. Whether it had it.
fn may_be_gone(names: &Shared<Names>, name: &str, gone: &Doubt) -> bool {
    let mut names = names.borrow_mut();
    let Some(binding) = names.get_mut(name) else { return false };
    *binding = Binding { value: Value::Unknown(gone.among([&binding.value])), doubt: Some(gone.clone()) };
    true
}
