//! What lanes say of each other, and of the tests that there are: expressions that select nothing, and lanes that run only
//! what another runs.

use std::collections::{BTreeSet, HashMap};

use marker_expr::MarkExpr;
use marker_expr::reason::{Groups, implies, is_satisfiable};
use test_catalog::{Obstacle, Reach};

use super::{Lane, Lanes};

/// A lane whose expressions select no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleLane<'l> {
    /// The first of the lanes that have these expressions at that place.
    pub lane: &'l Lane,
    /// How many others there are: other combinations of a matrix.
    pub more: usize,
    /// Whether its marker expression contradicts itself, so that no test could match it, whatever its markers.
    pub is_contradiction: bool,
}

/// A lane that runs only tests which another one runs in the same run of CI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainedLane<'l> {
    /// The lane.
    pub lane: &'l Lane,
    /// The other one.
    pub other: &'l Lane,
    /// How many tests it runs, or may run.
    pub tests: usize,
    /// Whether both run the same.
    pub are_equal: bool,
}

impl Lanes {
    /// The lanes whose `-m` and `-k` select none of the tests that they are about, each place and expression once.
    ///
    /// One of which something is not known is not among them, nor is one that runs no tests for another reason.
    #[must_use]
    pub fn selecting_nothing(&self) -> Vec<IdleLane<'_>> {
        let mut found: Vec<IdleLane<'_>> = Vec::new();
        for (lane, reach) in self.iter() {
            let has_expression = lane.marks.is_some() || lane.keywords.is_some();
            if !has_expression || lane.doubt.is_some() || lane.refused.is_some() {
                continue;
            }
            let left_out = |reach: &Reach| matches!(reach, Reach::Not(Obstacle::Markers | Obstacle::Name));
            if !reach.iter().all(Reach::is_not) || !reach.iter().any(left_out) {
                continue;
            }
            let is_same = |idle: &&mut IdleLane<'_>| {
                let first = idle.lane;
                first.at == lane.at && first.marks == lane.marks && first.keywords == lane.keywords
            };
            match found.iter_mut().find(is_same) {
                Some(idle) => idle.more += 1,
                None => {
                    let marks = lane.marks.as_deref().and_then(|marks| MarkExpr::parse(marks).ok());
                    let is_contradiction = marks
                        .as_ref()
                        .and_then(MarkExpr::expr)
                        .is_some_and(|expr| is_satisfiable(expr, &Groups::default()) == Ok(false));
                    found.push(IdleLane { lane, more: 0, is_contradiction });
                }
            }
        }
        found
    }

    /// The lanes of Python whose marker expression implies that of another lane of the same stage, folder, machine and
    /// variables, and which run no test that the other does not run as well. Of lanes that run the same, the later is told.
    #[must_use]
    pub fn in_another(&self) -> Vec<ContainedLane<'_>> {
        let mut implied: HashMap<(&str, &str), bool> = HashMap::new();
        let mut told = BTreeSet::new();
        let mut found = Vec::new();
        for (index, (lane, reach)) in self.iter().enumerate() {
            for (place, (other, others)) in self.iter().enumerate() {
                if index == place || told.contains(lane.family.as_str()) || !may_contain(other, lane) {
                    continue;
                }
                let (Some(marks), Some(wider)) = (&lane.marks, &other.marks) else { continue };
                let implies = *implied.entry((marks.as_str(), wider.as_str())).or_insert_with(|| {
                    let (Ok(premise), Ok(conclusion)) = (MarkExpr::parse(marks), MarkExpr::parse(wider)) else {
                        return false;
                    };
                    let (Some(premise), Some(conclusion)) = (premise.expr(), conclusion.expr()) else { return false };
                    implies(premise, conclusion, &Groups::default()) == Ok(true)
                });
                let runs = |reach: &Reach| *reach == Reach::Runs;
                let tests = reach.iter().filter(|reach| !reach.is_not()).count();
                let is_in = |(own, other): (&Reach, &Reach)| own.is_not() || runs(other);
                if !implies || tests == 0 || !reach.iter().zip(others).all(is_in) {
                    continue;
                }
                let are_equal = others.iter().zip(reach).all(|(other, own)| other.is_not() || runs(own));
                if are_equal && index < place && lane.runs_with(other) {
                    continue;
                }
                told.insert(lane.family.as_str());
                found.push(ContainedLane { lane, other, tests, are_equal });
            }
        }
        found
    }
}

/// Whether a lane runs at the same place whenever `lane` does.
fn may_contain(other: &Lane, lane: &Lane) -> bool {
    let are_known = [lane, other].iter().all(|one| one.doubt.is_none() && one.refused.is_none());
    are_known
        && lane.stage.is_some()
        && lane.stage == other.stage
        && lane.folder == other.folder
        && lane.machine.is_some()
        && lane.machine == other.machine
        // Under other variables the same tests may test something else.
        && lane.variables == other.variables
        && lane.family != other.family
        && other.runs_with(lane)
}
