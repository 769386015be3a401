//! The commands of pytest in CI, each under the configuration that pytest would take for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use marker_policy::workflow::{Directory, Text};
use marker_policy::{OtherConfiguration, PytestCommand};
use pytest_discovery::{Config, ConfigError, Invocation, PytestVersion, split_words};
use test_catalog::{Catalog, PytestFacts};

/// A command, and what it was read from.
#[derive(Debug)]
pub(super) struct PythonLane {
    /// The program, then its arguments, those of `PYTEST_ADDOPTS` in front.
    words: Vec<Text>,
    directory: Directory,
    command: PytestCommand,
}

impl PythonLane {
    /// Reads a command; `None` where it runs no tests of Python.
    pub(super) fn read(words: &[Text], directory: Directory, environment: &[(String, Text)]) -> Option<Self> {
        PytestCommand::parse(words, &directory)?;
        let (program, arguments) = words.split_first()?;
        let added = environment.iter().find(|(name, _)| name == "PYTEST_ADDOPTS").map(|(_, value)| value);
        let split = added.map(|value| value.as_known().and_then(|text| split_words(text).ok()));
        let more = split.clone().flatten().unwrap_or_default().into_iter().map(Text::known);
        let words: Vec<Text> = std::iter::once(program.clone()).chain(more).chain(arguments.iter().cloned()).collect();
        let command = PytestCommand::parse(&words, &directory)?;
        // What is not known may choose among the tests.
        let command = if split == Some(None) { command.narrowed() } else { command };
        Some(Self { words, directory, command })
    }

    /// The command.
    pub(super) fn command(&self) -> &PytestCommand {
        &self.command
    }

    /// The same lane where something else about it is not known.
    pub(super) fn doubtful(self, doubt: &str) -> Self {
        Self { command: self.command.doubtful(doubt), ..self }
    }

    /// The command with what its configuration adds.
    pub(super) fn configured(self, configurations: Option<&Configurations>) -> PytestCommand {
        let Some(configurations) = configurations else { return self.command };
        match configurations.other(&self) {
            // pytest may refuse it, or take another configuration.
            Err(_) => self.command.in_tree(&configurations.facts).narrowed(),
            Ok(None) => self.command.in_tree(&configurations.facts),
            Ok(Some(config)) => {
                let (program, arguments) = self.words.split_at(1.min(self.words.len()));
                let addopts = config.addopts.iter().map(Text::known);
                let words: Vec<Text> =
                    program.iter().cloned().chain(addopts).chain(arguments.iter().cloned()).collect();
                let other = configurations.describe(&config);
                match PytestCommand::parse(&words, &self.directory) {
                    Some(command) => command.under(&other),
                    None => self.command.under(&other),
                }
            }
        }
    }
}

/// The configurations of pytest in a tree.
#[derive(Debug)]
pub(super) struct Configurations {
    tree: Utf8PathBuf,
    pytest: PytestVersion,
    facts: PytestFacts,
    /// The one that the catalog was read with.
    own: Config,
    /// Those of lanes so far, by the folder and the words that matter.
    located: Mutex<HashMap<(String, Vec<String>), Located>>,
}

type Located = Result<Arc<Config>, Arc<ConfigError>>;

impl Configurations {
    /// Those of a tree; `None` where nothing of Python was read of it.
    pub(super) fn of(tree: &Utf8Path, catalog: &Catalog) -> Option<Self> {
        let facts = catalog.pytest.clone()?;
        let pytest = facts.version.parse().unwrap_or_default();
        let own = Config::locate(&invocation(tree, Vec::new(), pytest)).ok()?;
        Some(Self { tree: tree.to_owned(), pytest, facts, own, located: Mutex::default() })
    }

    /// The configuration of a lane, where it is another one than the tree's.
    fn other(&self, lane: &PythonLane) -> Result<Option<Arc<Config>>, Arc<ConfigError>> {
        let Directory::Tree(folder) = &lane.directory else { return Ok(None) };
        let place = |path: &str| self.tree.join(path).into_string();
        let Some(words) = lane.command.configuration_words(place) else { return Ok(None) };
        let config = self.locate(folder, words)?;
        let is_other = config.file != self.own.file || lane.command.names_configuration();
        Ok(is_other.then_some(config))
    }

    /// What pytest takes for its configuration in a folder with these words. The steps of a workflow differ mostly in
    /// what they select, which does not matter here.
    fn locate(&self, folder: &str, words: Vec<String>) -> Located {
        let key = (folder.to_owned(), words.clone());
        let known = |located: &Mutex<HashMap<_, Located>>| located.lock().ok()?.get(&key).cloned();
        if let Some(located) = known(&self.located) {
            return located;
        }
        let located = Config::locate(&invocation(&self.tree.join(folder), words, self.pytest));
        let located = located.map(Arc::new).map_err(Arc::new);
        if let Ok(mut all) = self.located.lock() {
            all.insert(key, located.clone());
        }
        located
    }

    fn describe(&self, config: &Config) -> OtherConfiguration {
        let inside = config.arguments.iter().filter_map(|argument| argument.path.strip_prefix(&self.tree).ok());
        let mut above = config.confcutdir.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.tree));
        let (one, own) = (&config.ini, &self.own.ini);
        OtherConfiguration {
            paths: inside.map(ToString::to_string).collect(),
            collects_alike: one.python_files == own.python_files
                && one.python_classes == own.python_classes
                && one.python_functions == own.python_functions,
            has_all_hooks: !above.any(|folder| folder.join("conftest.py").is_file()),
        }
    }
}

fn invocation(folder: &Utf8Path, args: Vec<String>, pytest: PytestVersion) -> Invocation {
    Invocation { tree: folder.to_owned(), args, env: BTreeMap::new(), pytest, overrides: Vec::new() }
}
