//! Lanes: what CI runs at one place, and which of the tests that is.

mod analysis;
mod condition;
mod marker_sets;
mod pytest;

use std::time::Duration;

use test_catalog::{Obstacle, Reach, Reason, SourceSpan};

use crate::category::Category;
use crate::policy::Policy;
use crate::resolve::ResolvedCase;

pub use analysis::{ContainedLane, IdleLane};
pub use condition::LaneCondition;
pub use marker_sets::MarkerSets;
pub use pytest::{OtherConfiguration, PytestCommand};

/// A command of CI that runs tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// What people call it, such as `pre-merge / rust-tests / Run Unit Tests (dir: .)`.
    pub name: String,
    /// The same for all lanes that differ only in the combination of a matrix: they run the same tests elsewhere.
    pub family: String,
    /// Where it is written.
    pub at: SourceSpan,
    /// Where the scripts of the tree are run that it stands in, the outermost first. Empty where it stands in the step itself.
    pub called_from: Vec<SourceSpan>,
    /// The command, as a script writes it.
    pub command: String,
    /// The folder that it runs in, relative to the tree: empty for the tree itself, `None` where it is not known.
    pub folder: Option<String>,
    /// The expression that it selects tests of Python by, where it has one.
    pub marks: Option<String>,
    /// The expression that it selects tests of Python by their names by, where it has one.
    pub keywords: Option<String>,
    /// The labels of the machine that it runs on, as CI has them.
    pub machine: Option<String>,
    /// What is set for it and does not show in its command: variables, and inputs of an action that the policy describes.
    pub variables: Vec<(String, String)>,
    /// The stage of the pipeline that it belongs to, where the policy says.
    pub stage: Option<String>,
    /// What must hold for it to run, where only CI knows whether it does. Empty where it runs whenever its workflow does, as
    /// long as nothing fails.
    pub conditions: Vec<LaneCondition>,
    /// How long it may take, where CI says.
    pub limit: Option<Duration>,
    /// What of it is not known, so that it may run anything.
    pub doubt: Option<String>,
    /// Why it runs nothing: its program refuses the command.
    pub refused: Option<String>,
    /// Why it may run fewer tests than its command says.
    pub narrowed: Option<String>,
}

impl Lane {
    /// What must hold for it to run, for people; `None` where nothing is known to be needed.
    #[must_use]
    pub fn condition(&self) -> Option<String> {
        let plain = |text: &str| {
            let inside = text.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
            let text = inside.filter(|inside| !inside.contains("${{")).unwrap_or(text);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let texts: Vec<String> = self.conditions.iter().map(|one| plain(&one.text)).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// Whether it runs in each run of CI in which `other` does.
    #[must_use]
    pub fn runs_with(&self, other: &Self) -> bool {
        LaneCondition::follow_from(&self.conditions, &other.conditions)
    }

    /// Whether there is a run of CI for sure in which both run.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.runs_with(other) || other.runs_with(self)
    }
}

/// Something that CI runs and that is not read, so that it may be a lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnseenLane {
    /// The step or job, without the combination of its matrix: `ci.yml / gpu / Run tests`. Where several come to this place,
    /// the first.
    pub family: String,
    /// How many further steps or jobs come to this place.
    pub more: usize,
    /// What it is, by which a policy can say that it runs no tests: see [`Policy::runs_no_tests`].
    pub name: String,
    /// What is known of it, a fragment: ``calls `org/action@v1`, which is not in this tree``.
    pub text: String,
    /// Where it is run.
    pub at: SourceSpan,
}

/// Lanes, and what each runs of the cases of one catalog.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    list: Vec<(Lane, Vec<Reach>)>,
    problems: Vec<Reason>,
    unseen: Vec<UnseenLane>,
}

impl Lanes {
    /// No lanes: nothing is said of what CI runs.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a lane. `reach` tells of every case of the catalog, in its order; of those behind its end nothing is known.
    pub fn add(&mut self, lane: Lane, reach: Vec<Reach>) {
        self.list.push((lane, reach));
    }

    /// The same, with what of the workflows could not be read.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<Reason>) -> Self {
        self.problems = problems;
        self
    }

    /// What of the workflows could not be read: lanes may be missing.
    #[must_use]
    pub fn problems(&self) -> &[Reason] {
        &self.problems
    }

    /// The same, with what CI runs that is not read.
    #[must_use]
    pub fn with_unseen(mut self, unseen: Vec<UnseenLane>) -> Self {
        self.unseen = unseen;
        self
    }

    /// What CI runs that is not read: whether it runs tests is not known.
    #[must_use]
    pub fn unseen(&self) -> &[UnseenLane] {
        &self.unseen
    }

    /// What it means for tests that no lane runs them, whom a sentence calls `them`: that they never run is only known where all
    /// of CI is seen.
    #[must_use]
    pub(crate) fn effect_of_no_lane(&self, them: &str) -> String {
        match (self.problems(), self.unseen()) {
            ([], []) => format!("CI never runs {them}"),
            ([problem, ..], _) => {
                format!("no lane that could be read runs {them}; some may be missing ({})", problem.at)
            }
            ([], [one]) => format!("no lane that can be seen runs {them}; one place of CI cannot be ({})", one.at),
            ([], [first, ..]) => {
                let places = self.unseen().len();
                format!(
                    "no lane that can be seen runs {them}; {places} places of CI cannot be, the first of them {}",
                    first.at
                )
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The lanes, and what each runs of the cases.
    pub fn iter(&self) -> impl Iterator<Item = (&Lane, &[Reach])> {
        self.list.iter().map(|(lane, reach)| (lane, reach.as_slice()))
    }

    /// What each lane makes of the case at that place of the catalog.
    pub fn of_case(&self, index: usize) -> impl Iterator<Item = (&Lane, &Reach)> {
        self.list.iter().map(move |(lane, reach)| (lane, reach.get(index).unwrap_or(&Reach::Maybe)))
    }

    /// What keeps the lane that comes nearest from running the case at that place of the catalog; `None` where some lane
    /// runs it or may run it, and where there are no lanes.
    #[must_use]
    pub fn obstacle(&self, index: usize) -> Option<&Obstacle> {
        let obstacles: Option<Vec<&Obstacle>> = self
            .of_case(index)
            .map(|(_, reach)| match reach {
                Reach::Not(obstacle) => Some(obstacle),
                Reach::Runs | Reach::Maybe => None,
            })
            .collect();
        obstacles?.into_iter().max()
    }
}

/// What keeps the nearest lane from a case, for people.
#[must_use]
pub fn why_in_no_lane(obstacle: &Obstacle, case: &ResolvedCase<'_>, policy: &Policy) -> String {
    match obstacle {
        Obstacle::Language => "no lane runs tests of its language".to_owned(),
        Obstacle::Path => match &case.case.ignored_by {
            Some(option) => format!("{} leaves the file out, and no lane names it", option.text),
            None => "no lane runs this file".to_owned(),
        },
        Obstacle::Package => "no lane builds the package".to_owned(),
        Obstacle::Target => "no lane builds the target, or tests its documentation".to_owned(),
        Obstacle::Features(sets) => {
            let sets: Vec<String> = sets.iter().map(|set| set.join(" and ")).collect();
            format!("no lane turns on {}", sets.join(", or "))
        }
        Obstacle::Condition => "its condition does not hold where CI builds".to_owned(),
        Obstacle::Ignored => "ignored, and no lane runs ignored tests".to_owned(),
        Obstacle::Name => "no lane selects its name".to_owned(),
        Obstacle::Vram => {
            "every lane leaves out what claims so much memory of a GPU, or does not say how much".to_owned()
        }
        Obstacle::Markers => {
            let of = |category| policy.members_of(category, case);
            let markers = [Category::Lifecycle, Category::Hardware, Category::Component].into_iter().flat_map(of);
            format!("no lane selects {}", markers.collect::<Vec<_>>().join(", "))
        }
    }
}

/// The cases with what the lanes make of each.
pub(crate) fn with_reach<'x>(
    cases: &'x [ResolvedCase<'x>],
    lanes: &'x Lanes,
) -> impl Iterator<Item = (&'x ResolvedCase<'x>, Vec<(&'x Lane, &'x Reach)>)> {
    cases.iter().enumerate().map(|(index, case)| (case, lanes.of_case(index).collect()))
}
