//! An expression and what ties its atoms, as clauses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Not;

use super::TooHard;
use super::search::Budget;
use crate::expr::{Atom, Expr};
use crate::value::Value;

/// A variable or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) variable: usize,
    pub(super) value: bool,
}

impl Not for Literal {
    type Output = Self;

    fn not(self) -> Self {
        Self { value: !self.value, ..self }
    }
}

/// A conjunction of disjunctions of literals.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    pub(super) variables: usize,
    pub(super) clauses: Vec<Vec<Literal>>,
}

impl Clauses {
    fn fresh(&mut self) -> Literal {
        self.variables += 1;
        Literal { variable: self.variables - 1, value: true }
    }

    fn add(&mut self, clause: impl IntoIterator<Item = Literal>) {
        self.clauses.push(clause.into_iter().collect());
    }

    fn add_implication(&mut self, premise: Literal, conclusion: Literal) {
        self.add([!premise, conclusion]);
    }
}

/// Parameters that one mark must have, each name once and with a value that stands for all that Python holds equal.
type Parameters = BTreeMap<String, Value>;

/// Makes the clauses that hold for just those assignments that some test realizes.
#[derive(Default)]
pub(super) struct Encoder {
    clauses: Clauses,
    /// The variable of each atom, by name. Having a mark of the name at all is having one with no parameters.
    /// Ordered, because the order of the clauses has a say in the number of steps.
    marks: BTreeMap<String, BTreeMap<Parameters, Literal>>,
}

impl Encoder {
    /// The expression has this value.
    pub(super) fn require(&mut self, expr: &Expr, value: bool, budget: &mut Budget) -> Result<(), TooHard> {
        let literal = self.expression(expr, budget)?;
        self.clauses.add([if value { literal } else { !literal }]);
        Ok(())
    }

    /// A test has no two of the names: walking along them, once one was there no other is.
    pub(super) fn at_most_one(&mut self, names: &BTreeSet<String>) {
        let mut seen_before: Option<Literal> = None;
        for name in names {
            let mark = self.mark(name, Parameters::new());
            let seen = self.clauses.fresh();
            self.clauses.add_implication(mark, seen);
            if let Some(seen_before) = seen_before {
                self.clauses.add_implication(seen_before, seen);
                self.clauses.add_implication(mark, !seen_before);
            }
            seen_before = Some(seen);
        }
    }

    /// A test has one of the names.
    pub(super) fn at_least_one(&mut self, names: &BTreeSet<String>) {
        let marks: Vec<Literal> = names.iter().map(|name| self.mark(name, Parameters::new())).collect();
        self.clauses.add(marks);
    }

    /// Ties the atoms of each name: a mark that has the parameters of one atom has those of every atom that asks for
    /// fewer. Nothing else ties them, because any set of atoms that is closed in this sense is realized by a test with
    /// one mark an atom, of just its parameters.
    pub(super) fn finish(mut self, budget: &mut Budget) -> Result<Clauses, TooHard> {
        for atoms in self.marks.values() {
            budget.spend(atoms.len() * atoms.len())?;
            for (more, premise) in atoms {
                for (fewer, conclusion) in atoms {
                    if fewer.len() < more.len() && fewer.iter().all(|(k, v)| more.get(k) == Some(v)) {
                        self.clauses.add_implication(*premise, *conclusion);
                    }
                }
            }
        }
        Ok(self.clauses)
    }

    /// A literal that has the value of the expression in every assignment (Tseitin's encoding).
    fn expression(&mut self, expr: &Expr, budget: &mut Budget) -> Result<Literal, TooHard> {
        budget.spend(1)?;
        match expr {
            Expr::Never => {
                let never = self.clauses.fresh();
                self.clauses.add([!never]);
                Ok(never)
            }
            Expr::Atom(atom) => Ok(self.atom(atom)),
            Expr::Not(operand) => Ok(!self.expression(operand, budget)?),
            Expr::And(operands) => self.joined(operands, true, budget),
            Expr::Or(operands) => Ok(!self.joined(operands, false, budget)?),
        }
    }

    /// A literal that is true if every operand has the value. A plain loop, because it stands in a deep recursion.
    fn joined(&mut self, operands: &[Expr], value: bool, budget: &mut Budget) -> Result<Literal, TooHard> {
        let mut literals = Vec::with_capacity(operands.len());
        for operand in operands {
            let literal = self.expression(operand, budget)?;
            literals.push(if value { literal } else { !literal });
        }
        Ok(self.conjunction(&literals))
    }

    fn conjunction(&mut self, operands: &[Literal]) -> Literal {
        let all = self.clauses.fresh();
        for operand in operands {
            self.clauses.add_implication(all, *operand);
        }
        self.clauses.add(operands.iter().map(|operand| !*operand).chain([all]));
        all
    }

    fn atom(&mut self, atom: &Atom) -> Literal {
        let parameters: Parameters =
            atom.kwargs.iter().map(|(name, value)| (name.clone(), value.canonical())).collect();
        let literal = self.mark(&atom.name, parameters.clone());
        // Only an atom that was made by hand asks one mark for two values of a parameter, which none has.
        if atom.kwargs.iter().any(|(name, value)| parameters[name] != value.canonical()) {
            let never = self.clauses.fresh();
            self.clauses.add([!never]);
            return never;
        }
        literal
    }

    fn mark(&mut self, name: &str, parameters: Parameters) -> Literal {
        if !self.marks.contains_key(name) {
            let any = self.clauses.fresh();
            self.marks.insert(name.to_owned(), BTreeMap::from([(Parameters::new(), any)]));
        }
        let atoms = self.marks.entry(name.to_owned()).or_default();
        *atoms.entry(parameters).or_insert_with(|| self.clauses.fresh())
    }
}
