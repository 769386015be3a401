//! Assertions that something took no longer than so.

use foldhash::HashSet;
use test_catalog::ObservationKind;

use super::names::Names;
use super::{Body, Words};
use crate::syntax::ast::{BinaryOp, CompareOp, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::visit::{Node, walk, walk_expression};

/// What tells how late it is.
const CLOCKS: [&str; 8] = [
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
];

/// Words of files whose clocks may be no clocks.
const CONTROLLED: [&str; 4] = ["freezegun", "freeze_time", "time_machine", "travel_to"];

/// Whether a test can have any.
pub(super) fn may_be_in(test: &str) -> bool {
    static ASSERTS: Words<1> = Words::new(["assert"]);
    static CLOCKS: Words<5> = Words::new(["time(", "time_ns(", "monotonic", "perf_counter", "now("]);
    ASSERTS.any_in(test) && CLOCKS.any_in(test)
}

pub(super) fn asserted(body: &mut Body<'_, '_>) {
    let patches = ["patch", "setattr"].iter().any(|word| body.text().contains(word)) && body.text().contains("time");
    if patches || CONTROLLED.iter().any(|word| body.seen.file.text().is_some_and(|text| text.contains(word))) {
        return;
    }
    let mut clocks = Clocks { names: body.names, elapsed: HashSet::default() };
    let mut found = Vec::new();
    walk(body.def.body(), &mut |node| match node {
        Node::Statement(statement) => {
            match &statement.kind {
                StmtKind::Assign { targets, value } if clocks.is_elapsed(value) => {
                    clocks.elapsed.extend(targets.iter().filter_map(|target| match &target.kind {
                        ExprKind::Name(name) => Some(&**name),
                        _ => None,
                    }));
                }
                StmtKind::Assert(test) if clocks.is_bounded_above(test) => found.push(test.range),
                _ => {}
            }
            !matches!(statement, Stmt { kind: StmtKind::Function(_) | StmtKind::Class(_), .. })
        }
        Node::Expression(_) => false,
    });
    for range in found {
        let text = body.seen.quoted(range);
        body.add(ObservationKind::WallClock, text, range);
    }
}

/// What is known to be a stretch of time.
struct Clocks<'a> {
    names: &'a Names<'a>,
    elapsed: HashSet<&'a str>,
}

impl Clocks<'_> {
    /// Whether it is the clock less something, `time.time() - start`, or was assigned that.
    fn is_elapsed(&self, expression: &Expr) -> bool {
        match &expression.kind {
            ExprKind::Name(name) => self.elapsed.contains(&**name),
            ExprKind::Binary(left, BinaryOp::Sub, _) => self.asks_clock(left),
            // In other units.
            ExprKind::Binary(left, BinaryOp::Mult | BinaryOp::Div, _) => self.is_elapsed(left),
            ExprKind::Call(call) => {
                // `(now() - start).total_seconds()`
                matches!(&call.function.kind, ExprKind::Attribute(of, name) if &**name == "total_seconds" && self.is_elapsed(of))
            }
            _ => false,
        }
    }

    fn asks_clock(&self, expression: &Expr) -> bool {
        let mut asks = false;
        walk_expression(expression, &mut |node| {
            if let Node::Expression(Expr { kind: ExprKind::Call(call), .. }) = node {
                asks |= self.names.path(&call.function).is_some_and(|path| CLOCKS.contains(&&*path));
            }
            true
        });
        asks
    }

    fn is_bounded_above(&self, test: &Expr) -> bool {
        match &test.kind {
            ExprKind::Bool(_, all) => all.iter().any(|one| self.is_bounded_above(one)),
            ExprKind::Compare(first, others) => {
                let mut left = &**first;
                others.iter().any(|(op, right)| {
                    let (one, other) = (left, right);
                    left = right;
                    match op {
                        CompareOp::Lt | CompareOp::LtE => self.is_elapsed(one) && !self.is_elapsed(other),
                        CompareOp::Gt | CompareOp::GtE => self.is_elapsed(other) && !self.is_elapsed(one),
                        _ => false,
                    }
                })
            }
            _ => false,
        }
    }
}
