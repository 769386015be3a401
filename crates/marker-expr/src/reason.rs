//! What holds for every test there could be.
//!
//! The answers are about `-m` expressions, whose atoms are markers, and they are exact. A test may carry any marks, any
//! number of one name among them, except as [`Groups`] say. So
//!
//! - `mark(a=1)` implies `mark`, and `mark(a=1, b=2)` implies `mark(a=1)`, with values compared as Python does;
//! - `mark(a=1)` and `mark(a=2)` go together: a test may carry both;
//! - nothing else ties two atoms, unless a group does.
//!
//! Each question is one of satisfiability. It is put into clauses and searched by the method of Davis, Putnam, Logemann
//! and Loveland, in a number of steps that is bounded: a question that would take longer is [`TooHard`]. The expressions
//! of real lanes, with some 15 atoms, take some hundred steps of ten million.
//!
//! ```
//! use marker_expr::Expr;
//! use marker_expr::reason::{Groups, implies, is_satisfiable};
//!
//! let lifecycle = Groups::default().exactly_one(["pre_merge", "post_merge", "nightly"]);
//! assert!(!is_satisfiable(&Expr::parse("pre_merge and nightly")?, &lifecycle)?);
//! assert!(implies(&Expr::parse("not pre_merge")?, &Expr::parse("post_merge or nightly")?, &lifecycle)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clauses;
mod search;

use std::collections::BTreeSet;

use crate::expr::Expr;
use clauses::{Clauses, Encoder};
use search::Budget;

/// Sets of marker names of which a test has at most one, or exactly one.
///
/// A name counts as had if the test has a mark of that name, whatever its parameters. Groups may share names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    names: BTreeSet<String>,
    /// A test has one.
    required: bool,
}

impl Groups {
    /// Adds a group of which a test has none or one.
    #[must_use]
    pub fn at_most_one(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(names, false)
    }

    /// Adds a group of which every test has one. With no names, no test can be.
    #[must_use]
    pub fn exactly_one(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(names, true)
    }

    fn with(mut self, names: impl IntoIterator<Item = impl Into<String>>, required: bool) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        self.groups.push(Group { names, required });
        self
    }
}

/// The question was given up: answering it could take more than the steps it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the expression is too hard to reason about")]
pub struct TooHard;

/// Whether there could be a test that the expression selects.
///
/// # Errors
/// [`TooHard`].
pub fn is_satisfiable(expr: &Expr, groups: &Groups) -> Result<bool, TooHard> {
    satisfiable([(expr, true)], groups)
}

/// Whether every test that `premise` selects is selected by `conclusion`. One that can select none implies everything.
///
/// # Errors
/// [`TooHard`].
pub fn implies(premise: &Expr, conclusion: &Expr, groups: &Groups) -> Result<bool, TooHard> {
    satisfiable([(premise, true), (conclusion, false)], groups).map(|counterexample| !counterexample)
}

/// Whether there could be no test that both expressions select.
///
/// # Errors
/// [`TooHard`].
pub fn are_disjoint(left: &Expr, right: &Expr, groups: &Groups) -> Result<bool, TooHard> {
    satisfiable([(left, true), (right, true)], groups).map(|common| !common)
}

/// Whether some test gives each expression the value beside it.
fn satisfiable<const N: usize>(wanted: [(&Expr, bool); N], groups: &Groups) -> Result<bool, TooHard> {
    let mut budget = Budget::default();
    let mut encoder = Encoder::default();
    for (expr, value) in wanted {
        encoder.require(expr, value, &mut budget)?;
    }
    for group in &groups.groups {
        encoder.at_most_one(&group.names);
        if group.required {
            encoder.at_least_one(&group.names);
        }
    }
    let clauses: Clauses = encoder.finish(&mut budget)?;
    search::is_satisfiable(&clauses, &mut budget)
}
