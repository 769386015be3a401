//! The lanes of a tree: the commands that its workflows and its policy say CI runs.

use std::collections::BTreeSet;
use std::fs;

use camino::Utf8Path;
use cargo_discovery::{Argument, RustLane, TestCommand};
use marker_policy::workflow::{self, Command, Directory, Work};
use marker_policy::{Lane, Lanes, Policy};
use test_catalog::{Catalog, Reason, SourceSpan, TreePath};

use crate::error::Error;

/// The largest workflow that is read. GitHub takes none of half that size.
const LARGEST_FILE: u64 = 1 << 20;

/// The programs that run tests.
const PROGRAMS: [&str; 1] = ["cargo"];

/// What CI runs, before anything is known of the tests.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// Those that run tests of Rust, each with its lane.
    pub(crate) rust: Vec<TestCommand>,
    lanes: Vec<Lane>,
    problems: Vec<Reason>,
}

impl Commands {
    /// Reads the workflows that the policy names, and the lanes that it lists.
    pub(crate) fn read(tree: &Utf8Path, policy: &Policy, policy_file: &str) -> Result<Self, Error> {
        let mut commands = Self::default();
        let files = |path: &TreePath| read(&path.in_tree(tree));
        let found = workflow::read(&workflows(tree, policy), &files);
        commands.problems = found.problems;
        for step in &found.steps {
            let Work::Run(run) = &step.work else { continue };
            match step.commands(&PROGRAMS) {
                Ok(of_step) => {
                    for command in &of_step {
                        let environment = run.environment();
                        let variables = environment.iter().chain(&command.assignments);
                        let variables: Vec<&str> = variables.map(|(name, _)| name.as_str()).collect();
                        commands.add(&step.title(), command, &variables);
                    }
                }
                Err(problem) => commands.problems.push(problem),
            }
        }
        let policy_file = Utf8Path::new(policy_file);
        let in_tree = policy_file.strip_prefix(tree).unwrap_or(policy_file);
        for lane in policy.lanes() {
            let at = SourceSpan::line(TreePath::new(in_tree), lane.line);
            let directory = Directory::Tree(lane.folder.clone());
            let of_lane = workflow::commands_of(&lane.run, &at, directory, &[], &PROGRAMS);
            let before = commands.rust.len();
            for command in of_lane.as_deref().unwrap_or_default() {
                let variables: Vec<&str> = command.assignments.iter().map(|(name, _)| name.as_str()).collect();
                commands.add(&lane.name, command, &variables);
            }
            if commands.rust.len() == before {
                let why = of_lane.err().map_or_else(
                    || "it runs no tests: write a command such as `cargo test --features integration`".to_owned(),
                    |problem| problem.text,
                );
                return Err(Error::Lane {
                    file: policy_file.to_string(),
                    line: lane.line,
                    name: lane.name.clone(),
                    why,
                });
            }
        }
        Ok(commands)
    }

    fn add(&mut self, name: &str, command: &Command, variables: &[&str]) {
        let sources: Vec<String> = command.words.iter().map(ToString::to_string).collect();
        let words = command.words.iter().zip(&sources);
        let words: Vec<Argument<'_>> =
            words.map(|(word, source)| word.as_known().map_or(Argument::Unknown(source), Argument::Known)).collect();
        let folder = match &command.directory {
            Directory::Tree(folder) => Some(folder.clone()),
            Directory::Unknown(_) => None,
            // It is about another tree.
            Directory::Outside(_) => return,
        };
        let Some(test) = TestCommand::parse(&words, folder.as_deref().map(Utf8Path::new), variables) else { return };
        self.lanes.push(Lane {
            name: name.to_owned(),
            at: command.at.clone(),
            command: command.to_string(),
            folder,
            doubt: test.doubt().map(str::to_owned),
        });
        self.rust.push(test);
    }

    /// The lanes, with what each runs of the cases of the catalog. `rust` are those of [`rust`](Self::rust), in their order.
    pub(crate) fn lanes(self, catalog: &Catalog, rust: &[RustLane]) -> Lanes {
        let mut lanes = Lanes::none();
        for (lane, tests) in self.lanes.into_iter().zip(rust) {
            lanes.add(lane, catalog.cases.iter().map(|case| tests.reach(case)).collect());
        }
        lanes.with_problems(self.problems)
    }
}

/// The workflows that the policy names: files, and those that lie in folders.
fn workflows(tree: &Utf8Path, policy: &Policy) -> Vec<TreePath> {
    let mut found = BTreeSet::new();
    for named in policy.workflows() {
        let path = tree.join(named);
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
    let is_small = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST_FILE);
    is_small.then(|| fs::read_to_string(path).ok())?
}
