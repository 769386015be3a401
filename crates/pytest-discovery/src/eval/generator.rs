//! Generators: their bodies run when somebody asks for their elements.
//!
//! What a generator function or a generator expression gives waits until then. Who takes all of it has the body run to its end. In a
//! `for` statement the loop's body runs wherever the generator yields, so that both see what the other one changes, and a loop that is
//! left leaves the generator as well. `next` runs it to its first `yield`; what it would go on with is not known any more, since
//! nothing here stands still in the middle of a function.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::comprehension::Until;
use super::exec::{Flow, Perhaps};
use super::iterator::{Feed, Iterator};
use super::shared::changes_others;
use super::value::{Doubt, Function, Scope, Value};
use super::{Frame, Interpreter, MOST_ELEMENTS, several};
use crate::syntax::ast::{Comprehension, Expr, For, Range};

/// The exception that ends a generator that nobody asks any more.
const EXIT: &str = "GeneratorExit";

/// What runs when the first element is asked for.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The body of a function, with its parameters bound.
    Function(Rc<Function>, Frame),
    /// An expression, with what its first `for` takes, which is evaluated at once.
    Expression { comprehension: Arc<Comprehension>, frame: Frame, first: Value, range: Range },
}

/// A generator that runs.
pub(super) struct Yields {
    to: To,
    /// How many doubts there were when it began: those are not about what it yields.
    doubts: usize,
}

/// Where what it yields goes.
enum To {
    All(Vec<Value>),
    /// The first is enough.
    First(Option<Value>),
    Loop(Rc<Loop>),
}

/// A `for` statement over a generator.
struct Loop {
    statement: Arc<For>,
    frame: Frame,
    /// What the statement takes its elements from: the generator, or an iterator over it, such as `enumerate`.
    outer: Rc<Iterator>,
    root: Rc<Iterator>,
    state: RefCell<State>,
}

/// How far it has come.
#[derive(Default)]
struct State {
    turns: usize,
    /// How it may have been left.
    perhaps: Option<Perhaps>,
    /// The doubts whether it is still there.
    doubts: Vec<Doubt>,
    /// How it ended before the generator did.
    end: Option<Flow>,
    /// An iterator over the generator came to its end before.
    is_over: bool,
    /// How many `try` statements are around it, and what is known of them; the generator has its own.
    guarded: u32,
    risk: Option<Doubt>,
}

impl Iterator {
    pub(super) fn waiting(waiting: Waiting, doubt: Doubt) -> Value {
        Self::value(Feed::Waiting(Box::new(waiting), doubt))
    }

    /// What it waits with, if nobody asked before.
    fn take_waiting(&self) -> Option<Waiting> {
        if !matches!(&*self.0.borrow(), Feed::Waiting(..)) {
            return None;
        }
        match self.now(Feed::Items(Vec::new().into())) {
            Feed::Waiting(waiting, _) => Some(*waiting),
            _ => None,
        }
    }

    /// The same of a generator function.
    pub(super) fn take_generator(&self) -> Option<(Rc<Function>, Frame)> {
        if !matches!(&*self.0.borrow(), Feed::Waiting(waiting, _) if matches!(**waiting, Waiting::Function(..))) {
            return None;
        }
        match self.take_waiting() {
            Some(Waiting::Function(function, frame)) => Some((function, frame)),
            _ => None,
        }
    }
}

impl Interpreter<'_> {
    /// All elements of a generator that waits are asked for.
    pub(super) fn settle(&mut self, value: &Value) {
        let Value::Iterator(iterator) = value else { return };
        if self.raised.is_some() {
            return;
        }
        let found = match iterator.take_waiting() {
            None => return self.settle_lazy(iterator),
            Some(Waiting::Function(function, frame)) => self.all_of(&function, &frame),
            Some(Waiting::Expression { comprehension, frame, first, range }) => {
                self.iterated = comprehension.clauses.first().map(|clause| (clause.iter.range, first));
                self.generate(&comprehension, Until::End, &frame, range).map(|(items, _)| items)
            }
        };
        let feed = match found {
            Ok(items) => Feed::Items(items.into()),
            // It is over then.
            Err(_) if self.raised.is_some() => return,
            Err(doubt) => Feed::Unknown(doubt),
        };
        iterator.now(feed);
    }

    /// What a generator function yields.
    pub(super) fn all_of(&mut self, function: &Rc<Function>, frame: &Frame) -> Result<Vec<Value>, Doubt> {
        let (value, to) = self.generator_body(function, frame, To::All(Vec::new()));
        let To::All(items) = to else { return Ok(Vec::new()) };
        let is_unknown = matches!(value, Value::Unknown(_));
        match items.iter().find_map(|item| item.doubt().filter(|_| is_unknown)) {
            Some(doubt) => Err(doubt.clone()),
            None => Ok(items),
        }
    }

    /// All elements of a generator that somebody asks one by one, and not in a `for` statement. What its body changes, and reads, in
    /// between is not known then.
    pub(super) fn settle_for_steps(&mut self, iterator: &Rc<Iterator>) {
        let value = Value::Iterator(iterator.clone());
        let again = match &*iterator.0.borrow() {
            Feed::Waiting(waiting, doubt) => match &**waiting {
                Waiting::Function(function, frame) if function.def.can_change_others() => {
                    Some((function.clone(), copy_of(frame), doubt.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        let ((), changes) = changes_others(|| self.settle(&value));
        if let Some((function, frame, doubt)) = again.filter(|_| changes && self.raised.is_none()) {
            let _ = self.perhaps(&doubt, |interpreter| interpreter.all_of(&function, &frame));
            iterator.forget(&doubt);
        }
    }

    fn generator_body(&mut self, function: &Rc<Function>, frame: &Frame, to: To) -> (Value, To) {
        self.yields.push(Yields { to, doubts: self.doubts.len() });
        let value = self.body_of(function, frame);
        let to = self.yields.pop().map_or(To::First(None), |yields| yields.to);
        (value, to)
    }

    /// The first element of a generator that waits, where its body may change what others see; it is not known then what is left.
    pub(super) fn first_of(&mut self, iterator: &Rc<Iterator>, frame: &Frame, range: Range) -> Option<Value> {
        let changes =
            |waiting: &Waiting| matches!(waiting, Waiting::Function(function, _) if function.def.can_change_others());
        if !matches!(&*iterator.0.borrow(), Feed::Waiting(waiting, _) if changes(waiting)) {
            return None;
        }
        let (function, inner) = iterator.take_generator()?;
        let (_, to) = self.generator_body(&function, &inner, To::First(None));
        if self.raised.as_ref().is_some_and(|raised| &*raised.class == EXIT) {
            self.raised = None;
        }
        let To::First(Some(first)) = to else { return None };
        let doubt = self.doubt(frame, range, "what is left of a generator");
        iterator.now(Feed::Unknown(doubt));
        Some(first)
    }

    /// `yield`: what is yielded goes to whoever asked.
    pub(super) fn yielded(&mut self, items: Vec<Value>, frame: &Frame, expr: &Expr) -> Value {
        let Some(mut yields) = self.yields.pop() else { return self.sent(frame, expr) };
        let doubt = self.current_doubt().filter(|_| self.doubts.len() > yields.doubts).cloned();
        let mut is_over = false;
        match (&mut yields.to, doubt) {
            // How many there are is not known.
            (To::All(found), Some(doubt)) => found.push(Value::Unknown(doubt.among(&items))),
            (To::All(found), None) => found.extend(items),
            (To::First(first), doubt) => {
                let known = first.take();
                *first = match (known, doubt) {
                    (None, None) => items.into_iter().next(),
                    (None, Some(doubt)) => Some(Value::Unknown(doubt.among(&items))),
                    (Some(known), _) => {
                        let doubt = self.doubt(frame, expr.range, super::doubt::Why::NotKnown);
                        Some(Value::Unknown(doubt.among(&items).among([&known])))
                    }
                };
                is_over = first.is_some();
            }
            (To::Loop(turning), doubt) => {
                let turning = turning.clone();
                is_over = items.into_iter().any(|item| !self.turns_of(&turning, item, doubt.as_ref()));
            }
        }
        if matches!(&yields.to, To::All(found) if found.len() > MOST_ELEMENTS) {
            self.exhaust();
        }
        self.yields.push(yields);
        if is_over {
            self.fail(EXIT, "a generator that is left".to_owned(), frame, expr.range);
        }
        self.sent(frame, expr)
    }

    fn sent(&self, frame: &Frame, expr: &Expr) -> Value {
        self.unknown(frame, expr.range, "what a generator is sent")
    }

    /// `yield from`: another generator of the tree yields to the same loop.
    pub(super) fn yield_from(&mut self, value: &Value, frame: &Frame, expr: &Expr) -> Value {
        let turning = match self.yields.last() {
            Some(Yields { to: To::Loop(turning), doubts }) if *doubts == self.doubts.len() => Some(turning.clone()),
            _ => None,
        };
        if let (Some(turning), Value::Iterator(iterator)) = (turning, value)
            && let Some((function, inner)) = iterator.take_generator()
        {
            return self.generator_body(&function, &inner, To::Loop(turning)).0;
        }
        match self.iterate(value, frame, expr.range) {
            Ok(items) => self.yielded(items, frame, expr),
            Err(doubt) => self.yielded(vec![Value::Unknown(doubt)], frame, expr),
        }
    }

    /// A `for` statement over a generator function's generator.
    pub(super) fn repeat_within(
        &mut self,
        (function, inner): (Rc<Function>, Frame),
        (outer, root): (&Rc<Iterator>, &Rc<Iterator>),
        statement: &Arc<For>,
        frame: &Frame,
    ) -> Flow {
        let state = State { guarded: self.guarded, risk: self.risk.take(), ..State::default() };
        let (outer, root) = (outer.clone(), root.clone());
        let turning =
            Rc::new(Loop { statement: statement.clone(), frame: frame.clone(), outer, root, state: state.into() });
        self.generator_body(&function, &inner, To::Loop(turning.clone()));
        turning.root.now(Feed::Items(Vec::new().into()));
        let State { perhaps, doubts, end, risk, is_over, .. } = turning.state.take();
        self.risk = risk.or(self.risk.take());
        match self.raised.take() {
            Some(raised) if end.is_none() && !is_over => return self.leave_loop(perhaps, Flow::Ended(raised), frame),
            _ => {}
        }
        let before = self.doubts.len();
        doubts.iter().for_each(|doubt| self.doubts.push(doubt));
        let end = end.unwrap_or_else(|| self.block(&statement.orelse, frame));
        self.doubts.truncate(before);
        self.leave_loop(perhaps, end, frame)
    }

    /// The turns that come of an element of the generator; whether the loop goes on.
    fn turns_of(&mut self, turning: &Loop, item: Value, doubt: Option<&Doubt>) -> bool {
        if Rc::ptr_eq(&turning.outer, &turning.root) {
            return self.turn_within(turning, item, doubt);
        }
        let Loop { outer, root, frame, statement, .. } = turning;
        let paused = self.doubt(frame, statement.iter.range, "a generator that runs");
        root.now(Feed::One(Some(item), paused.clone()));
        loop {
            let before = self.paused.replace(paused.clone());
            let next = self.pull(outer);
            self.paused = before;
            let goes_on = match next {
                _ if self.raised.is_some() => {
                    let raised = self.raised.take();
                    turning.state.borrow_mut().end = raised.map(Flow::Ended);
                    false
                }
                Ok(Some(made)) => self.turn_within(turning, made, doubt),
                Ok(None) => {
                    turning.state.borrow_mut().is_over = true;
                    false
                }
                Err(doubt) if doubt.is_same(&paused) => return true,
                Err(unknown) => self.turn_within(turning, Value::Unknown(unknown.clone()), Some(&unknown)),
            };
            if !goes_on {
                return false;
            }
        }
    }

    /// A turn of such a loop; whether it goes on.
    fn turn_within(&mut self, turning: &Loop, item: Value, doubt: Option<&Doubt>) -> bool {
        let Loop { statement, frame, state, .. } = turning;
        let mut now = state.take();
        now.turns += 1;
        if now.turns > MOST_ELEMENTS || !self.step() {
            self.exhaust();
            now.end.get_or_insert(Flow::Next);
        }
        if now.end.is_some() || now.is_over {
            state.replace(now);
            return false;
        }
        let before = self.doubts.len();
        now.doubts.iter().for_each(|doubt| self.doubts.push(doubt));
        let (guarded, risk) = (self.guarded, std::mem::replace(&mut self.risk, now.risk.take()));
        self.guarded = now.guarded;
        self.assign(&statement.target, item.clone(), frame);
        let flow = match self.raised.take() {
            Some(raised) => Flow::Ended(raised),
            None => self.for_each_of(&item, |interpreter| interpreter.block(&statement.body, frame)),
        };
        self.guarded = guarded;
        now.risk = std::mem::replace(&mut self.risk, risk);
        self.doubts.truncate(before);
        let of_several = several::within(&item).map(|(doubt, _)| doubt);
        let flow = match doubt.or(of_several.as_ref()) {
            Some(doubt) => self.if_at_all(flow, doubt, frame),
            None => flow,
        };
        match flow {
            Flow::Next | Flow::Continue => {}
            Flow::Break => now.end = Some(Flow::Next),
            Flow::Perhaps(more) => {
                if !more.stays {
                    now.doubts.push(more.doubt.clone());
                    now.perhaps = Some(more.and(now.perhaps.as_ref()));
                }
            }
            flow => now.end = Some(flow),
        }
        if let Some(risk) = now.risk.as_ref().filter(|_| now.guarded > 0)
            && !now.doubts.iter().any(|doubt| doubt.is_same(risk))
        {
            now.doubts.push(risk.clone());
        }
        let goes_on = now.end.is_none();
        state.replace(now);
        goes_on
    }
}

/// The frame of a call, as it is now.
fn copy_of(frame: &Frame) -> Frame {
    let scope = Scope::of_call(frame.scope.kind, frame.scope.parent.clone(), frame.scope.call.clone());
    *scope.names.borrow_own() = frame.scope.names.borrow().clone();
    Frame { scope, module: frame.module.clone() }
}

/// Whether a function of the standard library takes all of a generator that it is handed. Those of `itertools` are among them: what
/// they read, they read at once here.
pub(super) fn takes_all(function: &Value) -> bool {
    match function {
        Value::BuiltinMethod(method) => matches!(
            &*method.1,
            "extend"
                | "join"
                | "update"
                | "union"
                | "intersection"
                | "difference"
                | "symmetric_difference"
                | "issubset"
                | "issuperset"
                | "isdisjoint"
                | "fromkeys"
        ),
        Value::External(path) => match path.strip_prefix("builtins.") {
            Some(name) => matches!(
                name,
                "list"
                    | "tuple"
                    | "set"
                    | "frozenset"
                    | "dict"
                    | "dict.fromkeys"
                    | "sum"
                    | "min"
                    | "max"
                    | "sorted"
                    | "bytes"
                    | "bytearray"
            ),
            // `params` and `ids` are copied at once.
            None if matches!(&**path, "pytest.fixture" | "pytest_asyncio.fixture") => true,
            None => ["itertools.", "collections.", "functools.reduce", "math.", "statistics.", "heapq."]
                .iter()
                .any(|module| path.starts_with(module)),
        },
        _ => false,
    }
}
