//! `match` statements.

use super::compare::equal;
use super::doubt::Why;
use super::exec::Flow;
use super::value::Value;
use super::{Frame, Interpreter};
use crate::syntax::ast::{Case, Expr, Pattern, Range, Stmt};

impl Interpreter<'_> {
    pub(super) fn choose(&mut self, subject: &Expr, cases: &[Case], frame: &Frame, range: Range) -> Flow {
        let value = self.eval(subject, frame);
        if self.raised.is_some() {
            return Flow::Next;
        }
        for (index, case) in cases.iter().enumerate() {
            let matches = self.matches(&case.pattern, &value, frame);
            let guarded = match (&case.guard, matches) {
                (Some(guard), Some(true)) => {
                    let value = self.eval(guard, frame);
                    self.test(&value, frame, guard.range)
                }
                _ => matches,
            };
            if self.raised.is_some() {
                return Flow::Next;
            }
            match guarded {
                Some(true) => return self.block(&case.body, frame),
                Some(false) => {}
                None => {
                    // This one or any behind it.
                    let doubt = self.doubt(frame, range, "a `match` that is not decided");
                    let doubts = self.doubts.len();
                    self.doubts.push(&doubt);
                    cases[index..].iter().for_each(|case| self.capture_unknown(&case.pattern, &doubt, frame));
                    self.doubts.truncate(doubts);
                    let bodies: Vec<&[Stmt]> = cases[index..].iter().map(|case| &*case.body).collect();
                    let takes_all = |case: &Case| matches!(case.pattern, Pattern::Capture(_)) && case.guard.is_none();
                    let is_complete = cases.last().is_some_and(takes_all);
                    return self.either(&bodies, is_complete, &doubt, frame);
                }
            }
        }
        Flow::Next
    }

    fn matches(&mut self, pattern: &Pattern, value: &Value, frame: &Frame) -> Option<bool> {
        match pattern {
            Pattern::Value(expr) => {
                let wanted = self.eval(expr, frame);
                equal(&wanted, value)
            }
            Pattern::Capture(name) => {
                if let Some(name) = name {
                    self.bind(&frame.scope, name, value.clone());
                }
                Some(true)
            }
            Pattern::Or(patterns) => {
                for pattern in patterns {
                    match self.matches(pattern, value, frame) {
                        Some(false) => {}
                        decided => return decided,
                    }
                }
                Some(false)
            }
            Pattern::Structure(_) => {
                let doubt = self.doubt(frame, Range { start: 0, end: 0 }, Why::from("a pattern"));
                self.perhaps(&doubt, |one| one.capture_unknown(pattern, &doubt, frame));
                None
            }
        }
    }

    fn capture_unknown(&mut self, pattern: &Pattern, doubt: &super::Doubt, frame: &Frame) {
        match pattern {
            Pattern::Capture(Some(name)) => self.bind(&frame.scope, name, Value::Unknown(doubt.clone())),
            Pattern::Or(patterns) => patterns.iter().for_each(|one| self.capture_unknown(one, doubt, frame)),
            Pattern::Structure(names) => {
                names.iter().for_each(|name| self.bind(&frame.scope, name, Value::Unknown(doubt.clone())));
            }
            _ => {}
        }
    }
}
