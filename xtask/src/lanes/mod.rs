//! The lanes of a tree: the commands that its workflows and its policy say CI runs.

mod hooks;
mod pytest;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::time::Duration;

use camino::Utf8Path;
use cargo_discovery::{Argument, RustLane, TestCommand};
use indexmap::IndexMap;
use marker_policy::workflow::{self, Command, Directory, ScriptCommands, Scripts, Step, Text, Timeout, Unseen, Work};
use marker_policy::{Lane, LaneCondition, Lanes, MarkerSets, Policy, ResolvedCase, UnseenLane};
use rayon::prelude::*;
use test_catalog::{Catalog, Reach, Reason, SourceSpan, TreePath};

use crate::error::Error;
use pytest::{Configurations, PythonLane};

/// The programs that run tests.
const PROGRAMS: [&str; 3] = ["cargo", "pytest", "py.test"];

/// Aliases of cargo may stand for each other so many times.
const MOST_ALIASES: usize = 5;

/// What CI runs, before anything is known of the tests.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// Those that run tests of Rust, in the order of their lanes.
    pub(crate) rust: Vec<TestCommand>,
    lanes: Vec<(Lane, Tests)>,
    problems: Vec<Reason>,
    unseen: Vec<UnseenLane>,
}

/// What a lane runs.
#[derive(Debug)]
enum Tests {
    /// The command of that place among those of Rust.
    Rust(usize),
    Python(Box<PythonLane>),
}

/// What is the same for all commands of a step, or of a lane of the policy.
struct Origin<'o> {
    name: &'o str,
    family: &'o str,
    stage: Option<&'o str>,
    limit: Option<Duration>,
    conditions: Vec<LaneCondition>,
    /// The labels of the machine, where they are known.
    machine: Option<String>,
    /// Whether it may run on another system than the one that is assumed.
    is_elsewhere: bool,
}

impl Commands {
    /// Reads the workflows that the policy names, and the lanes that it lists.
    pub(crate) fn read(tree: &Utf8Path, policy: &Policy, policy_file: &str) -> Result<Self, Error> {
        let policy_file = Utf8Path::new(policy_file);
        let in_tree = TreePath::new(policy_file.strip_prefix(tree).unwrap_or(policy_file));
        let mut commands = Self::default();
        let files = |path: &TreePath| read(&path.in_tree(tree));
        let found = workflow::read(&workflows(tree, policy), &files);
        commands.problems = found.problems;
        let scripts = Scripts::new(&PROGRAMS, policy.checkouts(), &files);
        for step in &found.steps {
            commands.step(step, &scripts, policy, tree);
        }
        commands.hooks(policy, tree, &scripts, &files);
        for lane in policy.lanes() {
            let at = SourceSpan::line(in_tree.clone(), lane.line);
            let directory = Directory::Tree(lane.folder.clone());
            let of_lane = scripts.commands_of(&lane.run, &at, directory, &[]);
            let before = commands.lanes.len();
            for command in of_lane.iter().flat_map(|of_lane| &of_lane.commands) {
                let origin = Origin {
                    name: &lane.name,
                    family: &lane.name,
                    stage: None,
                    limit: None,
                    conditions: Vec::new(),
                    machine: None,
                    is_elsewhere: false,
                };
                commands.add(&origin, command, policy, tree);
            }
            let refused = commands.lanes[before..].iter().find_map(|(_, tests)| match tests {
                Tests::Python(python) => python.command().refused(),
                Tests::Rust(_) => None,
            });
            let why = match (refused, of_lane) {
                (Some(refused), _) => refused.to_owned(),
                (None, _) if commands.lanes.len() > before => continue,
                (None, Err(problem)) => problem.text,
                (None, Ok(_)) => {
                    "it runs no tests: write a command such as `cargo test --features integration`".to_owned()
                }
            };
            let (file, line, name) = (policy_file.to_string(), lane.line, lane.name.clone());
            return Err(Error::Lane { file, line, name, why });
        }
        Ok(commands)
    }

    /// How many commands of each workflow run tests.
    pub(crate) fn by_workflow(&self) -> BTreeMap<TreePath, usize> {
        let mut commands = BTreeMap::new();
        for (lane, _) in &self.lanes {
            let step = lane.called_from.first().unwrap_or(&lane.at);
            *commands.entry(step.file.clone()).or_default() += 1;
        }
        commands
    }

    fn step(&mut self, step: &Step, scripts: &Scripts<'_>, policy: &Policy, tree: &Utf8Path) {
        let of_step = match &step.work {
            Work::Run(_) => {
                // What the policy says of an action stands for its own scripts.
                if step.actions.iter().any(|call| says_all_of(policy, call.action.as_str())) {
                    return;
                }
                step.commands(scripts)
            }
            Work::Action(call) => {
                let Some(action) = policy.action(call.action.as_str()) else {
                    if !call.has_steps {
                        let name = call.action.to_string();
                        let text = format!("calls `{name}`, whose program is not read");
                        self.unseen(step, Unseen { name, text, at: call.at.clone() }, policy);
                    }
                    return;
                };
                let inputs: Vec<(String, Text)> =
                    call.inputs.iter().map(|input| (input.name.clone(), input.value.clone())).collect();
                scripts.commands_of(&action.run, &step.at, Directory::tree(), &inputs)
            }
            Work::Elsewhere(uses) => {
                if !step.actions.iter().any(|call| says_all_of(policy, call.action.as_str())) {
                    self.unseen(step, Unseen::elsewhere(uses, step.at.clone()), policy);
                }
                return;
            }
        };
        let entry = step.job.entry();
        let conditions: Vec<_> = step.conditions.iter().map(|one| LaneCondition::of_step(one, entry)).collect();
        let (name, family) = (step.title(), step.family());
        let labels = step.job.runs_on.iter().map(|label| label.as_known());
        let machine = labels.collect::<Option<Vec<_>>>().map(|labels| labels.join(", "));
        let is_elsewhere = !step.job.runs_on.iter().any(is_this_system);
        let limit = step.timeout.as_ref().or(step.job.timeout.as_ref()).and_then(minutes);
        match of_step {
            Ok(ScriptCommands { commands, unseen }) => {
                for one in unseen {
                    self.unseen(step, one, policy);
                }
                for command in &commands {
                    let origin = Origin {
                        name: &name,
                        family: &family,
                        stage: policy.stage_of_workflow(entry.file_name()),
                        limit,
                        conditions: conditions.clone(),
                        machine: machine.clone(),
                        is_elsewhere,
                    };
                    self.add(&origin, command, policy, tree);
                }
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    /// Notes what a step runs that is not read, where the policy does not say that it runs no tests. The combinations of a
    /// matrix run the same.
    fn unseen(&mut self, step: &Step, unseen: Unseen, policy: &Policy) {
        // The hooks are lanes of their own where the policy names their file.
        let are_hooks = unseen.name == "pre-commit/action" || unseen.name.starts_with("pre-commit ");
        if !(policy.runs_no_tests(&unseen.name) || are_hooks && !policy.hooks().is_empty()) {
            let Unseen { name, text, at } = unseen;
            self.unseen.push(UnseenLane { family: step.family(), more: 0, name, text, at });
        }
    }

    fn add(&mut self, origin: &Origin<'_>, command: &Command, policy: &Policy, tree: &Utf8Path) {
        let directory = in_checkout(&command.directory, policy, tree);
        let branches = command.branches.iter().filter_map(LaneCondition::of_branch);
        let conditions = origin.conditions.iter().cloned().chain(branches);
        let lane = Lane {
            name: origin.name.to_owned(),
            family: origin.family.to_owned(),
            at: command.at.clone(),
            called_from: command.called_from.clone(),
            command: command.to_string(),
            folder: match &directory {
                Directory::Tree(folder) => Some(folder.clone()),
                Directory::Unknown(_) | Directory::Outside(_) => None,
            },
            marks: None,
            keywords: None,
            machine: origin.machine.clone(),
            variables: variables_beside(command),
            stage: origin.stage.map(str::to_owned),
            conditions: conditions.collect(),
            limit: origin.limit,
            doubt: None,
            refused: None,
            narrowed: None,
        };
        if let Some(python) = PythonLane::read(&command.words, directory, &command.environment) {
            let python = command.doubt.iter().fold(python, |python, doubt| python.doubtful(doubt));
            let doubt = python.command().doubt().map(str::to_owned);
            self.lanes.push((Lane { doubt, ..lane }, Tests::Python(Box::new(python))));
            return;
        }
        let folder = lane.folder.as_deref().map(Utf8Path::new);
        let mut words: Vec<(String, bool)> =
            command.words.iter().map(|word| (word.to_string(), word.as_known().is_some())).collect();
        for _ in 0..MOST_ALIASES {
            let Some(alias) = folder.and_then(|folder| cargo_discovery::alias(tree, folder, &arguments(&words))) else {
                break;
            };
            words.splice(alias.place..=alias.place, alias.words.into_iter().map(|word| (word, true)));
        }
        let variables: Vec<&str> = command.environment.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(cargo) = TestCommand::parse(&arguments(&words), folder, &variables) {
            let cargo = if origin.is_elsewhere { cargo.elsewhere() } else { cargo };
            let profile = command.environment.iter().find(|(name, _)| name == "NEXTEST_PROFILE");
            let cargo =
                profile.into_iter().fold(cargo, |cargo, (_, value)| cargo.with_nextest_profile(value.as_known()));
            let cargo = command.doubt.iter().fold(cargo, |cargo, doubt| cargo.doubtful(doubt));
            let doubt = cargo.doubt().map(str::to_owned);
            self.lanes.push((Lane { doubt, ..lane }, Tests::Rust(self.rust.len())));
            self.rust.push(cargo);
        }
    }
}

/// What CI runs, and what it builds of the tree for it.
#[derive(Debug)]
pub(crate) struct Ci {
    pub(crate) commands: Commands,
    /// In the order of the commands of Rust; none where nothing of Rust was asked for.
    pub(crate) rust: Vec<RustLane>,
}

impl Ci {
    /// The lanes, with what each runs of the cases.
    pub(crate) fn lanes(
        self,
        tree: &Utf8Path,
        policy: &Policy,
        catalog: &Catalog,
        cases: &[ResolvedCase<'_>],
    ) -> Lanes {
        let rust = &self.rust;
        let configurations = Configurations::of(tree, catalog);
        let sets = MarkerSets::of(cases);
        // Each lane for itself, on all processors.
        let decided = self.commands.lanes.into_par_iter().filter_map(|(mut lane, tests)| {
            let reach = match tests {
                Tests::Python(command) => {
                    let command = command.configured(configurations.as_ref());
                    lane.marks = command.marks().map(|marks| marks.text().to_owned());
                    lane.keywords = command.keywords().map(|keywords| keywords.text().to_owned());
                    lane.refused = command.refused().map(str::to_owned);
                    let unlisted = command.unlisted(cases);
                    if !unlisted.is_empty() && lane.doubt.is_none() {
                        let paths = unlisted.join(", ");
                        lane.doubt = Some(format!("it names paths in which no test is listed: {paths}"));
                    }
                    command.reach_all(policy, cases, &sets)
                }
                Tests::Rust(place) => {
                    let rust = rust.get(place)?;
                    lane.refused = rust.refused().map(str::to_owned);
                    lane.narrowed = rust.narrowed().map(str::to_owned);
                    cases.iter().map(|case| rust.reach(case.case)).collect()
                }
            };
            Some((lane, reach))
        });
        let decided: Vec<(Lane, Vec<Reach>)> = decided.collect();
        let mut lanes = Lanes::none();
        for (lane, reach) in decided {
            lanes.add(lane, reach);
        }
        lanes.with_problems(self.commands.problems).with_unseen(by_place(self.commands.unseen))
    }
}

/// What is not seen, each place and program once: many jobs come to one step of a called workflow.
fn by_place(unseen: Vec<UnseenLane>) -> Vec<UnseenLane> {
    let mut places: IndexMap<(SourceSpan, String), (UnseenLane, HashSet<String>)> = IndexMap::new();
    for one in unseen {
        let program = one.name.split_whitespace().next().unwrap_or_default().to_owned();
        let family = one.family.clone();
        let (_, families) = places.entry((one.at.clone(), program)).or_insert_with(|| (one, HashSet::new()));
        families.insert(family);
    }
    places.into_values().map(|(one, families)| UnseenLane { more: families.len() - 1, ..one }).collect()
}

/// Whether the policy says what an action runs, or that it runs no tests.
fn says_all_of(policy: &Policy, action: &str) -> bool {
    policy.action(action).is_some() || policy.runs_no_tests(action)
}

/// The variables of a command whose values do not stand in it.
fn variables_beside(command: &Command) -> Vec<(String, String)> {
    let text = command.to_string();
    let shown = command.environment.iter().map(|(name, value)| (name.clone(), value.to_string()));
    let mut beside: Vec<_> = shown.filter(|(_, value)| value.is_empty() || !text.contains(value.as_str())).collect();
    beside.sort();
    beside
}

/// Words, each with whether it is known.
fn arguments(words: &[(String, bool)]) -> Vec<Argument<'_>> {
    words.iter().map(|(word, known)| if *known { Argument::Known(word) } else { Argument::Unknown(word) }).collect()
}

/// A folder of CI's machines as one of the tree, where it lies in a checkout.
///
/// One that the tree does not have is not known: CI makes it, or checks something out there.
fn in_checkout(directory: &Directory, policy: &Policy, tree: &Utf8Path) -> Directory {
    let inside = match directory {
        Directory::Tree(path) => Some(path.clone()),
        Directory::Outside(path) => {
            let checkouts = policy.checkouts().iter();
            let mut inside = checkouts.filter_map(|checkout| Utf8Path::new(path).strip_prefix(checkout).ok());
            inside.next().map(Utf8Path::to_string)
        }
        Directory::Unknown(_) => None,
    };
    match inside {
        Some(path) if tree.join(&path).is_dir() => Directory::Tree(path),
        Some(path) => Directory::Unknown(path),
        None => directory.clone(),
    }
}

/// Whether a label of `runs-on` is one of GitHub's machines like the one that discovery assumes.
fn is_this_system(label: &Text) -> bool {
    let is_like_it = |label: &str| label.starts_with("ubuntu-") && !label.ends_with("-arm");
    cfg!(all(target_os = "linux", target_arch = "x86_64")) && label.as_known().is_some_and(is_like_it)
}

fn minutes(timeout: &Timeout) -> Option<Duration> {
    match timeout {
        Timeout::Minutes(minutes) => Duration::try_from_secs_f64(minutes * 60.0).ok(),
        Timeout::Unknown(_) => None,
    }
}

/// The workflows that the policy names: files, and those that lie in folders.
fn workflows(tree: &Utf8Path, policy: &Policy) -> Vec<TreePath> {
    let mut found = BTreeSet::new();
    for named in policy.workflows() {
        let path = tree.join(named);
        // Most trees have workflows, and no policy says so. What it does say is looked for.
        if named == Policy::WORKFLOWS && !path.exists() {
            continue;
        }
        if !path.is_dir() {
            found.insert(TreePath::new(named));
            continue;
        }
        let entries = path.read_dir_utf8().into_iter().flatten().flatten();
        let files = entries.filter(|entry| matches!(entry.path().extension(), Some("yml" | "yaml")));
        found.extend(files.map(|entry| TreePath::new(format!("{named}/{}", entry.file_name()))));
    }
    found.into_iter().collect()
}

fn read(path: &Utf8Path) -> Option<String> {
    let is_small = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= workflow::LARGEST_FILE);
    is_small.then(|| fs::read_to_string(path).ok())?
}
