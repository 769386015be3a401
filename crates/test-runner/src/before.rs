//! What the run that is gone on with has results of.

use std::collections::{HashMap, HashSet};

use execution_plan::PlannedCase;
use test_catalog::NodeId;

use crate::RunSettings;

/// What the run that is gone on with has results of. Of tests that are neither repeated nor tried again nothing: the plan has only
/// those without a result.
#[derive(Default)]
pub(crate) struct Before {
    /// Of tests that are repeated the rounds that are over, each by the test and its number.
    rounds: HashSet<(NodeId, u32, u32)>,
    /// Of tests that were to be tried again how many tries are over.
    tries: HashMap<(NodeId, u32), u32>,
}

impl Before {
    pub(crate) fn of(settings: &RunSettings) -> Self {
        let mut before = Self::default();
        let is_repeated = settings.rounds() > 1;
        for result in settings.earlier.iter().flat_map(|earlier| &earlier.results) {
            let (id, occurrence) = (result.id.clone(), result.occurrence);
            if is_repeated {
                before.rounds.insert((id, occurrence, result.round));
            } else if result.retried {
                let tries = before.tries.entry((id, occurrence)).or_default();
                *tries = (*tries).max(result.round + 1);
            }
        }
        before
    }

    /// Whether this round of a repeated test is over.
    pub(crate) fn has_round(&self, case: &PlannedCase, round: u32) -> bool {
        !self.rounds.is_empty() && self.rounds.contains(&(case.id.clone(), case.occurrence, round))
    }

    /// How many tries of a test are over: its next result is that of the try behind them.
    pub(crate) fn tries(&self, case: &PlannedCase) -> u32 {
        if self.tries.is_empty() {
            return 0;
        }
        self.tries.get(&(case.id.clone(), case.occurrence)).copied().unwrap_or_default()
    }
}
