//! The tree under test: where it is, which policy binds it, and its catalog.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_discovery::{Discovery, TestCommand};
use marker_expr::{KeywordExpr, MarkExpr};
use marker_policy::{Policy, Selector};
use pytest_discovery::{PinnedPytest, PytestVersion, Running};
use test_catalog::{Catalog, Language, PytestFacts, TestCase, TreePath};

use crate::cli::{Global, LanguageArg, SelectionArgs};
use crate::error::Error;
use crate::input;
use crate::lanes::{Ci, Commands};

/// The name of a policy file.
pub(crate) const POLICY_FILE: &str = "test-policy.toml";

/// A tree and the policy that binds it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The tree, an absolute path.
    pub(crate) tree: Utf8PathBuf,
    /// The policy.
    pub(crate) policy: Policy,
    /// Where the policy comes from, as people name it.
    pub(crate) policy_source: String,
}

impl Subject {
    /// Finds the tree and reads the policy: what `--tree` and `--policy` name, else the nearest policy file above.
    pub(crate) fn locate(global: &Global) -> Result<Self, Error> {
        let (tree, mut found) = match &global.tree {
            Some(tree) => {
                let tree = absolute(tree)?;
                let file = tree.join(POLICY_FILE);
                (tree, is_there(&file).then_some(file))
            }
            None => {
                let here = absolute(Utf8Path::new("."))?;
                let file = here.ancestors().map(|folder| folder.join(POLICY_FILE)).find(|file| is_there(file));
                let file = file.ok_or(Error::NoTree)?;
                (here_of(&file)?, Some(file))
            }
        };
        // Without --tree, a policy file may name a tree below it, and that tree may have its own policy file.
        let tree = match (&global.tree, &found) {
            (None, Some(file)) => match read_policy(file)?.tree() {
                Some(named) => {
                    let named = absolute(&tree.join(named))?;
                    let own = named.join(POLICY_FILE);
                    if is_there(&own) {
                        found = Some(own);
                    }
                    named
                }
                None => tree,
            },
            _ => tree,
        };
        let (policy, policy_source) = match (&global.policy, found) {
            (Some(name), _) => named_policy(name)?,
            (None, Some(file)) => (read_policy(&file)?, file.to_string()),
            (None, None) => (Policy::embedded(), "the embedded default (the written guidelines)".to_owned()),
        };
        Ok(Self { tree, policy, policy_source })
    }

    /// The policy file as findings name it: from the tree where it lies there.
    pub(crate) fn policy_file(&self) -> TreePath {
        let file = Utf8Path::new(&self.policy_source);
        let absolute = file.canonicalize_utf8().unwrap_or_else(|_| file.to_owned());
        TreePath::new(absolute.strip_prefix(&self.tree).unwrap_or(&absolute))
    }

    /// The same tree as it is in another folder: under its own policy there, or under this one where it has none.
    pub(crate) fn elsewhere(&self, global: &Global, tree: &Utf8Path) -> Result<Self, Error> {
        let located = Self::locate(&Global { tree: Some(tree.to_owned()), ..global.clone() })?;
        if global.policy.is_some() || is_there(&tree.join(POLICY_FILE)) {
            return Ok(located);
        }
        Ok(Self { policy: self.policy.clone(), policy_source: self.policy_source.clone(), ..located })
    }

    /// Reads the tree: both languages, or the one that is asked for, side by side.
    pub(crate) fn catalog(&self, global: &Global, selection: &SelectionArgs) -> Result<Catalog, Error> {
        self.read(global, selection)?.finish()
    }

    /// Begins to read the tree: Python's half goes on while this is used.
    pub(crate) fn read(&self, global: &Global, selection: &SelectionArgs) -> Result<Reading, Error> {
        Ok(self.discover(global, selection, false, || Ok(Commands::default()))?.0)
    }

    /// The same, with what CI runs.
    pub(crate) fn catalog_and_ci(&self, global: &Global, selection: &SelectionArgs) -> Result<(Catalog, Ci), Error> {
        self.with_ci(global, selection, false)
    }

    /// The same with what the policy's rules judge beside the tests.
    pub(crate) fn audited(&self, global: &Global, selection: &SelectionArgs) -> Result<(Catalog, Ci), Error> {
        self.with_ci(global, selection, self.policy.needs_observations())
    }

    fn with_ci(&self, global: &Global, selection: &SelectionArgs, observe: bool) -> Result<(Catalog, Ci), Error> {
        let commands = || Commands::read(&self.tree, &self.policy, &self.policy_source);
        let (reading, ci) = self.discover(global, selection, observe, commands)?;
        Ok((reading.finish()?, ci))
    }

    /// The tests of both languages side by side. Only what is found of Rust depends on what CI runs.
    fn discover(
        &self,
        global: &Global,
        selection: &SelectionArgs,
        observe: bool,
        commands: impl FnOnce() -> Result<Commands, Error>,
    ) -> Result<(Reading, Ci), Error> {
        let wanted = |language| selection.language.is_none_or(|only| only == language);
        // A package is cargo's: who names one asks for nothing of Python.
        let wants_python = wanted(LanguageArg::Python) && selection.package.is_empty();
        // Python's evaluation takes longest, on threads of its own: Rust is read meanwhile.
        let python = if wants_python { self.start_python(global, selection, observe, &[])? } else { None };
        let commands = commands()?;
        let rust = wanted(LanguageArg::Rust).then(|| self.rust(selection, &commands.rust)).transpose()?;
        let rust = rust.unwrap_or_default();
        Ok((Reading { python, rust: rust.catalog }, Ci { commands, rust: rust.lanes }))
    }

    /// What pytest collects of the tree, with why it passes a file over.
    pub(crate) fn sought(&self, global: &Global, file: &str) -> Result<Catalog, Error> {
        let python = self.start_python(global, &SelectionArgs::default(), false, &[file])?;
        Ok(python.map(Running::finish).transpose()?.unwrap_or_default())
    }

    /// `None` where nothing of Python is asked for.
    fn start_python(
        &self,
        global: &Global,
        selection: &SelectionArgs,
        observe: bool,
        sought: &[&str],
    ) -> Result<Option<Running>, Error> {
        let wrong = |option, text: &str, why: String| Error::Option { option, text: text.to_owned(), why };
        let pytest = match &global.pytest_version {
            Some(version) => version.parse().map_err(|error| wrong("--pytest-version", version, format!("{error}")))?,
            None => PinnedPytest::of(&self.tree).map_or_else(PytestVersion::default, |pinned| pinned.version),
        };
        let version = &global.python_version;
        let python = version.parse().map_err(|error| wrong("--python-version", version, format!("{error}")))?;
        let settings = pytest_discovery::Settings {
            args: selection.paths.iter().filter(|path| !is_rust_path(path)).cloned().collect(),
            pytest,
            python,
            env: global.environment.iter().cloned().collect(),
            absent_modules: global.absent.iter().cloned().collect(),
            observe,
            sought: sought.iter().map(ToString::to_string).collect(),
            ..pytest_discovery::Settings::new(self.tree.clone())
        };
        // Only Rust paths were asked for: no path at all would mean everything.
        if settings.args.is_empty() && !selection.paths.is_empty() {
            return Ok(None);
        }
        Ok(Some(pytest_discovery::start(&settings)?))
    }

    fn rust(&self, selection: &SelectionArgs, commands: &[TestCommand]) -> Result<Discovery, Error> {
        let settings = cargo_discovery::Settings {
            paths: selection.paths.clone(),
            features: cargo_discovery::FeatureSelection {
                features: selection.features.names.clone(),
                all: selection.features.all_features,
                no_default: selection.features.no_default_features,
            },
            build: match (selection.workspace, selection.package.is_empty()) {
                (true, _) => cargo_discovery::Build::Workspace,
                (false, false) => cargo_discovery::Build::Packages(selection.package.clone()),
                (false, true) => cargo_discovery::Build::Unknown,
            },
            ..cargo_discovery::Settings::new(self.tree.clone())
        };
        Ok(cargo_discovery::discover_with_lanes(&settings, commands)?)
    }
}

/// A tree of which Python's half may still be read.
#[derive(Debug)]
pub(crate) struct Reading {
    python: Option<Running>,
    rust: Catalog,
}

impl Reading {
    /// What Python's half is read for, if it is.
    pub(crate) fn facts(&self) -> Option<&PytestFacts> {
        self.python.as_ref().map(Running::facts)
    }

    /// Waits until it is known whether the tree can be listed.
    pub(crate) fn wait(self) -> Result<Self, Error> {
        Ok(Self { python: self.python.map(Running::wait).transpose()?, ..self })
    }

    /// Waits for the next tests, in the order of the catalog. `None` when there are no more.
    pub(crate) fn next_cases(&mut self) -> Option<Vec<TestCase>> {
        let of_rust = || Some(std::mem::take(&mut self.rust.cases)).filter(|cases| !cases.is_empty());
        self.python.as_mut().and_then(Running::next_cases).or_else(of_rust)
    }

    /// Waits for the catalog, with the tests that were not taken.
    pub(crate) fn finish(self) -> Result<Catalog, Error> {
        let python = self.python.map(Running::finish).transpose()?;
        Ok(python.unwrap_or_default().merge(self.rust))
    }
}

/// What the selecting options ask for.
pub(crate) fn selector(selection: &SelectionArgs) -> Result<Selector, Error> {
    let marks = selection.marks.as_deref().map(MarkExpr::parse).transpose();
    let keywords = selection.keywords.as_deref().map(KeywordExpr::parse).transpose();
    Ok(Selector {
        stage: selection.stage.clone(),
        marks: marks.map_err(|error| Error::Expression { option: "-m", error })?,
        keywords: keywords.map_err(|error| Error::Expression { option: "-k", error })?,
        components: selection.component.clone(),
        types: selection.test_type.clone(),
        language: selection.language.map(|language| match language {
            LanguageArg::Python => Language::Python,
            LanguageArg::Rust => Language::Rust,
        }),
        ignored: selection.ignored,
    })
}

/// A path that pytest would not know what to do with: a Rust file.
fn is_rust_path(path: &str) -> bool {
    Utf8Path::new(path).extension() == Some("rs")
}

fn named_policy(name: &str) -> Result<(Policy, String), Error> {
    if let Some(policy) = Policy::preset(name) {
        return Ok((policy, format!("the preset {name}")));
    }
    let file = Utf8Path::new(name);
    if !file.is_file() {
        let presets = Policy::preset_names().collect::<Vec<_>>().join(", ");
        return Err(Error::NoSuchPolicy { name: name.to_owned(), presets });
    }
    Ok((read_policy(file)?, name.to_owned()))
}

fn read_policy(file: &Utf8Path) -> Result<Policy, Error> {
    // One that is found, not named, can be anything, and reading a device need not end.
    if file.exists() && !file.is_file() {
        let source = io::Error::other("a policy is a file: put one there, or name another with --policy");
        return Err(Error::Read { path: file.to_owned(), source });
    }
    Ok(Policy::parse(file.as_str(), &input::text(file, Policy::LARGEST_FILE)?)?)
}

/// Whether something has that name, be it what it may: a policy that cannot be read must not count as none.
fn is_there(file: &Utf8Path) -> bool {
    file.symlink_metadata().is_ok()
}

fn here_of(file: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    file.parent().map(Utf8Path::to_owned).ok_or(Error::NoTree)
}

pub(crate) fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    if !path.is_dir() {
        return Err(Error::NoSuchTree(path.to_owned()));
    }
    path.canonicalize_utf8().map_err(|source| Error::Read { path: path.to_owned(), source })
}
