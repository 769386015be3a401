//! The search for an assignment that satisfies clauses (Davis, Putnam, Logemann and Loveland).

use std::mem;

use super::TooHard;
use super::clauses::{Clauses, Literal};

/// The steps that a question may still take. Counting them instead of time makes an answer the same on every machine.
pub(super) struct Budget {
    steps: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 10_000_000 }
    }
}

impl Budget {
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), TooHard> {
        self.steps = self.steps.checked_sub(steps).ok_or(TooHard)?;
        Ok(())
    }
}

pub(super) fn is_satisfiable(clauses: &Clauses, budget: &mut Budget) -> Result<bool, TooHard> {
    let mut search = Search::new(clauses, budget);
    for clause in &clauses.clauses {
        let consistent = match clause.as_slice() {
            [] => false,
            [literal] => search.assign(*literal),
            _ => true,
        };
        if !consistent {
            return Ok(false);
        }
    }
    search.run()
}

struct Search<'a> {
    clauses: &'a [Vec<Literal>],
    /// The clauses with a variable, and the value that it has to have to satisfy each.
    occurrences: Vec<Vec<(usize, bool)>>,
    values: Vec<Option<bool>>,
    /// For each clause, how many of its literals are true, and how many are false.
    satisfied: Vec<usize>,
    falsified: Vec<usize>,
    /// What was assigned, in order; of that, what has already been followed up.
    trail: Vec<Literal>,
    propagated: usize,
    decisions: Vec<Decision>,
    budget: &'a mut Budget,
}

struct Decision {
    literal: Literal,
    /// The length of the trail before it.
    trail: usize,
    /// The other value has been tried.
    is_last: bool,
}

impl<'a> Search<'a> {
    fn new(clauses: &'a Clauses, budget: &'a mut Budget) -> Self {
        let mut occurrences = vec![Vec::new(); clauses.variables];
        for (index, clause) in clauses.clauses.iter().enumerate() {
            for literal in clause {
                occurrences[literal.variable].push((index, literal.value));
            }
        }
        Self {
            clauses: &clauses.clauses,
            occurrences,
            values: vec![None; clauses.variables],
            satisfied: vec![0; clauses.clauses.len()],
            falsified: vec![0; clauses.clauses.len()],
            trail: Vec::new(),
            propagated: 0,
            decisions: Vec::new(),
            budget,
        }
    }

    fn run(&mut self) -> Result<bool, TooHard> {
        loop {
            if !self.propagate()? {
                if !self.try_the_other_value() {
                    return Ok(false);
                }
            } else if let Some(variable) = self.next_open()? {
                // Most tests lack most markers.
                self.decide(Literal { variable, value: false });
            } else {
                return Ok(true);
            }
        }
    }

    /// The first variable without a value. Those before the latest decision's have theirs.
    fn next_open(&mut self) -> Result<Option<usize>, TooHard> {
        let start = self.decisions.last().map_or(0, |decision| decision.literal.variable);
        let open = self.values[start..].iter().position(Option::is_none);
        self.budget.spend(open.unwrap_or(0))?;
        Ok(open.map(|offset| start + offset))
    }

    /// Follows up what was assigned: where all but one literal of a clause are false, that one is true. False if some
    /// clause has only false ones.
    fn propagate(&mut self) -> Result<bool, TooHard> {
        let mut consistent = true;
        while consistent && self.propagated < self.trail.len() {
            let assigned = self.trail[self.propagated];
            self.propagated += 1;
            let occurrences = mem::take(&mut self.occurrences[assigned.variable]);
            self.budget.spend(occurrences.len() + 1)?;
            for &(clause, satisfying) in &occurrences {
                if satisfying == assigned.value {
                    self.satisfied[clause] += 1;
                    continue;
                }
                self.falsified[clause] += 1;
                let open = self.clauses[clause].len() - self.falsified[clause];
                if self.satisfied[clause] == 0 && open <= 1 {
                    consistent &= self.complete(clause)?;
                }
            }
            self.occurrences[assigned.variable] = occurrences;
        }
        Ok(consistent)
    }

    /// Makes a clause true by its last open literal, unless it is true already. False if there is none.
    fn complete(&mut self, clause: usize) -> Result<bool, TooHard> {
        let clause = &self.clauses[clause];
        self.budget.spend(clause.len())?;
        let last = clause.iter().find(|literal| self.values[literal.variable] != Some(!literal.value));
        Ok(last.is_some_and(|literal| self.assign(*literal)))
    }

    /// False if the variable has the other value.
    fn assign(&mut self, literal: Literal) -> bool {
        match self.values[literal.variable] {
            Some(value) => value == literal.value,
            None => {
                self.values[literal.variable] = Some(literal.value);
                self.trail.push(literal);
                true
            }
        }
    }

    fn decide(&mut self, literal: Literal) {
        self.decisions.push(Decision { literal, trail: self.trail.len(), is_last: false });
        self.assign(literal);
    }

    /// Takes back the latest decision that has another value to try, with all that followed, and tries it. False if
    /// there is none.
    fn try_the_other_value(&mut self) -> bool {
        while let Some(decision) = self.decisions.pop() {
            self.take_back(decision.trail);
            if !decision.is_last {
                let literal = !decision.literal;
                self.decisions.push(Decision { literal, is_last: true, ..decision });
                self.assign(literal);
                return true;
            }
        }
        false
    }

    fn take_back(&mut self, length: usize) {
        for (index, literal) in self.trail.drain(length..).enumerate() {
            self.values[literal.variable] = None;
            if length + index < self.propagated {
                for &(clause, satisfying) in &self.occurrences[literal.variable] {
                    if satisfying == literal.value {
                        self.satisfied[clause] -= 1;
                    } else {
                        self.falsified[clause] -= 1;
                    }
                }
            }
        }
        self.propagated = length;
    }
}
