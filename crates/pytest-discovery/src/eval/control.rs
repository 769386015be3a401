//! Statements that decide what runs: conditions, loops and `try`.

use std::rc::Rc;
use std::sync::Arc;

use super::alike::Turns;
use super::doubt::Why;
use super::exec::{Flow, Perhaps};
use super::unbound::Bound;
use super::value::{Binding, Doubt, Iterator, List, Raised, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, several};
use crate::syntax::ast::{Expr, ExprKind, For, Handler, Range, Stmt, UnaryOp};

/// How many turns of a `while` are followed that may be none.
const TURNS_IN_DOUBT: u32 = 2;

/// What a loop takes its elements from. A list and an iterator may change while it runs.
enum Items {
    Of(std::vec::IntoIter<Value>),
    List(Rc<List>, usize),
    Iterator(Rc<Iterator>),
}

impl Items {
    fn next(&mut self, interpreter: &mut Interpreter<'_>) -> Result<Option<Value>, Doubt> {
        match self {
            Self::Of(items) => Ok(items.next()),
            Self::List(list, at) => {
                *at += 1;
                list.0.borrow().as_ref().map(|items| items.get(*at - 1).cloned()).map_err(Clone::clone)
            }
            Self::Iterator(iterator) => interpreter.pull(iterator),
        }
    }
}

impl Interpreter<'_> {
    pub(super) fn branch(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt], frame: &Frame) -> Flow {
        if let ExprKind::Unary(UnaryOp::Not, inner) = &test.kind {
            return self.branch(inner, orelse, body, frame);
        }
        let value = self.eval(test, frame);
        if self.raised.is_some() {
            return Flow::Next;
        }
        match self.test(&value, frame, test.range) {
            Some(true) => self.block(body, frame),
            Some(false) => self.block(orelse, frame),
            None => {
                let doubt = Doubt::of_presence(&frame.module.file, test.range, Why::Under, several::alone(&value));
                self.either(&[body, orelse], true, &doubt, frame)
            }
        }
    }

    /// Blocks of which one or none may run; one for certain where they are `complete`.
    pub(super) fn either(&mut self, bodies: &[&[Stmt]], complete: bool, doubt: &Doubt, frame: &Frame) -> Flow {
        let (flow, bound) = self.one_of(bodies, complete, doubt, frame);
        if complete {
            self.confirm(&bound);
        }
        flow
    }

    /// The same, and the names that whichever of them ran has bound.
    fn one_of(&mut self, bodies: &[&[Stmt]], complete: bool, doubt: &Doubt, frame: &Frame) -> (Flow, Vec<Bound>) {
        let mut perhaps: Option<Perhaps> = None;
        let mut goes_on = !complete;
        let mut returns: Option<Doubt> = None;
        let (mut breaks, mut continues) = (false, false);
        let mut bound: Option<Vec<Bound>> = None;
        for body in bodies {
            let doubts = self.doubts.len();
            self.doubts.push_branch(doubt);
            let flow = self.block(body, frame);
            let names = match flow {
                Flow::Next => self.doubts.bound_for_certain(),
                _ => Vec::new(),
            };
            self.doubts.truncate(doubts);
            let is_among = |one: &Bound, names: &[Bound]| {
                names.iter().any(|other| Rc::ptr_eq(&one.0, &other.0) && one.1 == other.1)
            };
            // What raises does not come to what follows, unless it is caught.
            if !matches!(flow, Flow::Ended(_)) || !self.catching.is_empty() {
                match &mut bound {
                    Some(bound) => bound.retain(|one| is_among(one, &names)),
                    None => bound = Some(names),
                }
            }
            match flow {
                Flow::Next => goes_on = true,
                // It is taken not to happen: the others are what is left.
                Flow::Ended(raised) => self.may_raise(raised, doubt, frame),
                Flow::Return(value) => returns = Some(returns.as_ref().unwrap_or(doubt).among([&value])),
                Flow::Break => breaks = true,
                Flow::Continue => continues = true,
                Flow::Perhaps(more) => {
                    goes_on = true;
                    perhaps = Some(more.and(perhaps.as_ref()));
                }
            }
        }
        let bound = bound.unwrap_or_default();
        if let (Some(returned), false, false, false) = (&returns, breaks, continues, goes_on) {
            return (Flow::Return(Value::Unknown(returned.clone())), bound);
        }
        if returns.is_some() || breaks || continues {
            let stays = returns.is_none() && !breaks;
            let here = Perhaps { doubt: doubt.clone(), returns, breaks: breaks || continues, stays };
            return (Flow::Perhaps(here.and(perhaps.as_ref())), bound);
        }
        (perhaps.map_or(Flow::Next, Flow::Perhaps), bound)
    }

    /// How a block ends that ends so if it runs.
    pub(super) fn if_at_all(&mut self, flow: Flow, doubt: &Doubt, frame: &Frame) -> Flow {
        let left = Perhaps { doubt: doubt.clone(), returns: None, breaks: false, stays: false };
        match flow {
            Flow::Return(value) => Flow::Perhaps(left.returning(&value)),
            Flow::Break => Flow::Perhaps(Perhaps { breaks: true, ..left }),
            Flow::Ended(raised) => {
                self.may_raise(raised, doubt, frame);
                Flow::Next
            }
            flow => flow,
        }
    }

    /// A loop of which it is not known how often it runs, or over what.
    pub(super) fn repeat_unknown(
        &mut self,
        target: Option<&Expr>,
        body: &[Stmt],
        doubt: &Doubt,
        frame: &Frame,
    ) -> Flow {
        let doubts = self.doubts.len();
        self.doubts.push(doubt);
        let mut perhaps = None;
        // The second turn finds what the first one left unknown.
        for _ in 0..2 {
            if let Some(target) = target {
                self.assign(target, Value::Unknown(doubt.clone()), frame);
            }
            if let Flow::Perhaps(more) = self.either(&[body], false, doubt, frame) {
                perhaps = Some(more.and(perhaps.as_ref()));
            }
        }
        self.doubts.truncate(doubts);
        perhaps.map_or(Flow::Next, Flow::Perhaps)
    }

    pub(super) fn repeat(&mut self, statement: &Arc<For>, frame: &Frame) -> Flow {
        let For { target, iter, body, orelse } = &**statement;
        let value = self.eval(iter, frame);
        if self.raised.is_some() {
            return Flow::Next;
        }
        if let Value::Iterator(iterator) = &value
            && let Some(root) = self.root(iterator)
            && let Some(generator) = root.take_generator()
        {
            return self.repeat_within(generator, (iterator, &root), statement, frame);
        }
        if self.doubts_order_only()
            && let Some(items) = self.in_any_order(&value).filter(|items| items.len() > 1)
        {
            let doubt = self.doubt(frame, iter.range, "a loop whose order is not known");
            return self.repeat_in_any_order(target, items, body, orelse, &doubt, frame);
        }
        let mut items = match &value {
            Value::List(list) => Items::List(list.clone(), 0),
            Value::Iterator(iterator) => Items::Iterator(iterator.clone()),
            other => match self.iterate(other, frame, iter.range) {
                Ok(items) => Items::Of(items.into_iter()),
                Err(_) if self.raised.is_some() => return Flow::Next,
                Err(why) => {
                    let doubt = self.doubt(frame, iter.range, "a loop over what is not known");
                    let doubt = doubt.among(why.candidates());
                    let first = self.repeat_unknown(Some(target), body, &doubt, frame);
                    return self.after_loop(first, orelse, frame);
                }
            },
        };
        // Adding to a dictionary, or taking from it, ends a loop over it.
        let size = |value: &Value| match value {
            Value::Dict(dict) | Value::View(dict, _) => dict.0.borrow().as_ref().ok().map(Vec::len),
            _ => None,
        };
        let before = size(&value);
        let mut turns = Turns::default();
        self.turns(frame, orelse, |interpreter| {
            if size(&value) != before {
                let text = "a dictionary that changes while a loop runs over it".to_owned();
                interpreter.fail("RuntimeError", text, frame, iter.range);
                return Turn::Last;
            }
            match items.next(interpreter) {
                _ if interpreter.raised.is_some() => Turn::Last,
                Ok(Some(item)) => {
                    interpreter.assign(target, item.clone(), frame);
                    if interpreter.raised.is_some() {
                        return Turn::Last;
                    }
                    let flow = interpreter.for_each_of(&item, |interpreter| {
                        interpreter.unless_alike(&mut turns, &item, frame, |interpreter| interpreter.block(body, frame))
                    });
                    Turn::Flow(match several::within(&item) {
                        Some((doubt, _)) => interpreter.if_at_all(flow, &doubt, frame),
                        None => flow,
                    })
                }
                Ok(None) => Turn::Last,
                Err(doubt) => Turn::Flow(interpreter.repeat_unknown(Some(target), body, &doubt, frame)).and_last(),
            }
        })
    }

    pub(super) fn repeat_while(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt], frame: &Frame) -> Flow {
        let mut in_doubt = 0;
        let doubts = self.doubts.len();
        self.turns(frame, orelse, |interpreter| {
            // Once it may have been left, what further turns change is not known either: a few of them show it all.
            if interpreter.doubts.len() > doubts {
                in_doubt += 1;
                if in_doubt > TURNS_IN_DOUBT {
                    return Turn::Left;
                }
            }
            let value = interpreter.eval(test, frame);
            if interpreter.raised.is_some() {
                return Turn::Last;
            }
            match interpreter.test(&value, frame, test.range) {
                Some(true) => Turn::Flow(interpreter.block(body, frame)),
                Some(false) => Turn::Last,
                None => {
                    let doubt = interpreter.doubt(frame, test.range, Why::Under);
                    Turn::Flow(interpreter.repeat_unknown(None, body, &doubt, frame)).and_last()
                }
            }
        })
    }

    /// Runs a loop turn by turn. Once it may have been left, the rest of it is under that doubt.
    fn turns(&mut self, frame: &Frame, orelse: &[Stmt], mut turn: impl FnMut(&mut Self) -> Turn) -> Flow {
        let doubts = self.doubts.len();
        let mut perhaps: Option<Perhaps> = None;
        let mut risky = false;
        let mut count = 0;
        let end = loop {
            count += 1;
            if count > MOST_ELEMENTS + 1 || !self.step() {
                self.exhaust();
                break None;
            }
            let (flow, last) = match turn(self) {
                Turn::Last if self.raised.is_some() => break None,
                Turn::Last => break Some(self.block(orelse, frame)),
                Turn::Left => break None,
                Turn::Flow(flow) => (flow, false),
                Turn::LastFlow(flow) => (flow, true),
            };
            match flow {
                Flow::Next | Flow::Continue => {}
                Flow::Break => break None,
                Flow::Perhaps(more) if more.stays => {}
                Flow::Perhaps(more) => {
                    self.doubts.push(&more.doubt);
                    perhaps = Some(more.and(perhaps.as_ref()));
                }
                flow => break Some(flow),
            }
            if last {
                break Some(self.block(orelse, frame));
            }
            if !risky && let Some(risk) = self.present_risk() {
                self.doubts.push(&risk);
                risky = true;
            }
        };
        self.doubts.truncate(doubts);
        // Nothing where the loop was left by `break`, or an exception is still on its way.
        let end = end.unwrap_or(Flow::Next);
        self.leave_loop(perhaps, end, frame)
    }

    pub(super) fn after_loop(&mut self, flow: Flow, orelse: &[Stmt], frame: &Frame) -> Flow {
        let Flow::Perhaps(perhaps) = flow else { return self.block(orelse, frame) };
        let doubts = self.doubts.len();
        self.doubts.push(&perhaps.doubt);
        let end = self.block(orelse, frame);
        self.doubts.truncate(doubts);
        self.leave_loop(Some(perhaps), end, frame)
    }

    /// How a loop ends whose last turn, or what follows it, ends so, and which may have been left before.
    pub(super) fn leave_loop(&mut self, perhaps: Option<Perhaps>, end: Flow, frame: &Frame) -> Flow {
        let Some(perhaps) = perhaps else { return end };
        let left = Perhaps { breaks: false, stays: false, ..perhaps.clone() };
        match end {
            Flow::Ended(raised) => self.may_raise(raised, &perhaps.doubt, frame),
            Flow::Return(value) if perhaps.breaks => return Flow::Perhaps(left.returning(&value)),
            Flow::Return(value) => return left.returning(&value).returned(),
            Flow::Break | Flow::Continue => return Flow::Perhaps(Perhaps { breaks: true, ..left }),
            Flow::Perhaps(more) => return Flow::Perhaps(more.and(Some(&left))),
            Flow::Next => {}
        }
        if left.returns.is_some() { Flow::Perhaps(left) } else { Flow::Next }
    }

    pub(super) fn attempt(
        &mut self,
        body: &[Stmt],
        handlers: &[Handler],
        orelse: &[Stmt],
        finally: &[Stmt],
        frame: &Frame,
    ) -> Flow {
        let caught: Rc<[Option<Value>]> =
            handlers.iter().map(|one| one.exception.as_ref().map(|expr| self.eval(expr, frame))).collect();
        // An exception's name that is not bound is of no matter until it is needed.
        self.raised = None;
        let outer = self.guard(&caught);
        let flow = self.block(body, frame);
        let (risk, of_import) = self.unguard(outer);
        let mut certain = true;
        let mut flow = match (flow, &risk) {
            // Something else may have been raised before it: any handler may be the one.
            (Flow::Ended(raised), Some(doubt)) => {
                certain = false;
                self.may_raise(raised, &doubt.clone(), frame);
                Flow::Next
            }
            (flow, _) => flow,
        };
        flow = match flow {
            Flow::Ended(raised) => self.handle(raised, handlers, &caught, frame),
            Flow::Next if certain => self.else_under(risk.as_ref(), orelse, frame),
            Flow::Perhaps(perhaps) => {
                let end = self.else_under(Some(&perhaps.doubt), orelse, frame);
                self.join(Some(perhaps), end, frame)
            }
            flow => flow,
        };
        if let Some(risk) = risk {
            if !of_import && !caught.iter().any(|value| value.as_ref().is_none_or(super::exceptions::is_catch_all)) {
                self.note_risk(&risk);
            }
            let bodies: Vec<&[Stmt]> = handlers
                .iter()
                .zip(caught.iter())
                .filter(|(_, value)| !certain || of_import || super::guard::is_wide(value.as_ref()))
                .map(|(one, _)| &*one.body)
                .collect();
            for handler in handlers {
                if let Some(name) = &handler.name {
                    let doubts = self.doubts.len();
                    self.doubts.push(&risk);
                    self.bind(&frame.scope, name, Value::Unknown(risk.clone()));
                    self.doubts.truncate(doubts);
                }
            }
            let (handled, bound) = self.one_of(&bodies, false, &risk, frame);
            let in_body = |before: &Option<Binding>| {
                before.as_ref().is_some_and(|one| one.doubt.as_ref().is_none_or(|doubt| doubt.is_same(&risk)))
            };
            let bound: Vec<Bound> = bound.into_iter().filter(|(_, _, before)| !certain || in_body(before)).collect();
            self.confirm(&bound);
            self.forget_exceptions(handlers, &risk, frame);
            flow = match (flow, handled) {
                (flow, Flow::Next) => flow,
                (Flow::Next, handled) => handled,
                (Flow::Return(value), Flow::Perhaps(perhaps)) if !perhaps.breaks => {
                    Flow::Perhaps(perhaps.returning(&value))
                }
                (flow, Flow::Perhaps(perhaps)) => self.join(Some(perhaps), flow, frame),
                (flow, _) => flow,
            };
        }
        match self.block(finally, frame) {
            Flow::Next => flow,
            end => end,
        }
    }

    fn else_under(&mut self, doubt: Option<&Doubt>, orelse: &[Stmt], frame: &Frame) -> Flow {
        let doubts = self.doubts.len();
        if let Some(doubt) = doubt {
            self.doubts.push(doubt);
        }
        let flow = self.block(orelse, frame);
        self.doubts.truncate(doubts);
        flow
    }

    /// The handler for an exception that is raised for certain.
    fn handle(&mut self, raised: Raised, handlers: &[Handler], caught: &[Option<Value>], frame: &Frame) -> Flow {
        let mut may: Vec<&[Stmt]> = Vec::new();
        let mut for_certain = false;
        for (handler, value) in handlers.iter().zip(caught) {
            match super::exceptions::catches(value.as_ref(), &raised) {
                Some(false) => {}
                Some(true) if may.is_empty() => return self.run_handler(raised, handler, frame),
                Some(true) => {
                    may.push(&handler.body);
                    for_certain = true;
                    break;
                }
                None => may.push(&handler.body),
            }
        }
        if may.is_empty() {
            return Flow::Ended(raised);
        }
        let range = handlers[0].exception.as_ref().map_or(Range { start: 0, end: 0 }, |one| one.range);
        let doubt = self.doubt(frame, range, "an exception whose handler is not known");
        for handler in handlers {
            if let Some(name) = &handler.name {
                self.bind(&frame.scope, name, Value::Unknown(doubt.clone()));
            }
        }
        if !for_certain {
            self.may_raise(raised, &doubt, frame);
        }
        let flow = self.either(&may, for_certain, &doubt, frame);
        self.forget_exceptions(handlers, &doubt, frame);
        flow
    }

    /// A handler that ran takes its exception's name away.
    fn forget_exceptions(&mut self, handlers: &[Handler], doubt: &Doubt, frame: &Frame) {
        for name in handlers.iter().filter_map(|one| one.name.as_ref()) {
            self.perhaps(doubt, |interpreter| interpreter.unbind(&frame.scope, name, doubt));
        }
    }

    fn run_handler(&mut self, raised: Raised, handler: &Handler, frame: &Frame) -> Flow {
        if let Some(name) = &handler.name {
            self.bind(&frame.scope, name, raised.value.clone());
        }
        self.handling.push(raised);
        let flow = self.block(&handler.body, frame);
        self.handling.pop();
        if let Some(name) = &handler.name {
            let gone = self.doubt(
                frame,
                handler.exception.as_ref().map_or(Range { start: 0, end: 0 }, |one| one.range),
                "a handler's exception",
            );
            self.unbind(&frame.scope, name, &gone);
        }
        flow
    }
}

/// One turn of a loop.
enum Turn {
    Flow(Flow),
    /// The same, and there is no further one.
    LastFlow(Flow),
    /// There was none.
    Last,
    /// There may be more of them.
    Left,
}

impl Turn {
    fn and_last(self) -> Self {
        match self {
            Self::Flow(flow) => Self::LastFlow(flow),
            other => other,
        }
    }
}
