//! `target += value`: what the target names is found once, before the value is.

use std::borrow::Cow;

use super::value::Value;
use super::{Frame, Interpreter};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Range};

/// A target whose parts are evaluated.
enum Place<'e> {
    /// A name, or a slice: nothing of it is evaluated, or it is again.
    Target(&'e Expr),
    Attribute(Value, Cow<'e, str>),
    Item(Value, Value),
}

impl Interpreter<'_> {
    pub(super) fn augment(&mut self, target: &Expr, op: BinaryOp, value: &Expr, frame: &Frame, range: Range) {
        let place = self.place(target, frame);
        if self.raised.is_some() {
            return;
        }
        let old = match &place {
            Place::Target(target) => self.eval(target, frame),
            Place::Attribute(held, name) => self.attribute(held, name, frame, target.range),
            Place::Item(held, key) => self.item(held, key, frame, target.range),
        };
        if self.raised.is_some() {
            return;
        }
        let value = self.eval(value, frame);
        self.under_risk(|interpreter| {
            if let Value::Unknown(doubt) = &old {
                interpreter.taint(&old, doubt);
            }
            let new = match interpreter.augment_in_place(&old, op, &value, frame, range) {
                Some(same) => same,
                None => interpreter.binary(&old, op, &value, frame, range),
            };
            if interpreter.raised.is_none() {
                interpreter.put(target, place, new, frame);
            }
        });
    }

    fn place<'e>(&mut self, target: &'e Expr, frame: &Frame) -> Place<'e> {
        match &target.kind {
            ExprKind::Attribute(held, name) => Place::Attribute(self.eval(held, frame), frame.private(name)),
            ExprKind::Subscript(held, key) if !matches!(key.kind, ExprKind::Slice(_)) => {
                let held = self.eval(held, frame);
                Place::Item(held, self.eval(key, frame))
            }
            _ => Place::Target(target),
        }
    }

    fn put(&mut self, target: &Expr, place: Place<'_>, value: Value, frame: &Frame) {
        if let Place::Attribute(Value::Unknown(doubt), _) | Place::Item(Value::Unknown(doubt), _) = &place
            && let ExprKind::Attribute(held, _) | ExprKind::Subscript(held, _) = &target.kind
        {
            self.changes_part(held, doubt, frame);
        }
        match place {
            Place::Target(target) => self.assign(target, value, frame),
            Place::Attribute(held, name) => self.set_attribute(&held, &name, value, frame, target.range),
            Place::Item(held, key) => self.set_item(&held, key, value, frame, target.range),
        }
    }
}
