//! The commands that run tests of Python, as they stand in a script: `pytest`, `python -m pytest`.

mod read;

use marker_expr::{Atom, KeywordExpr, MarkExpr, Truth};
use test_catalog::{Condition, Obstacle, PytestFacts, Reach, Value};

use read::{read_keywords, read_marks};

use super::marker_sets::MarkerSets;
use crate::keywords;
use crate::policy::Policy;
use crate::resolve::ResolvedCase;
use crate::workflow::{Directory, Text};

/// A command that collects tests and runs those that its options select.
#[derive(Debug, Clone)]
pub struct PytestCommand {
    marks: Option<MarkExpr>,
    keywords: Option<KeywordExpr>,
    /// Whether `-m` and `-k` are given, be it without an expression.
    gives_marks: bool,
    gives_keywords: bool,
    /// Files, folders and ids, relative to the tree; none for all that pytest collects by itself.
    paths: Vec<String>,
    /// Whether the command itself names them.
    names_paths: bool,
    /// Whether it names the configuration itself, which is not looked at yet.
    names_configuration: bool,
    /// Whether one of the options that decide about the configuration is not known.
    configuring_is_unknown: bool,
    /// The options that say where pytest's configuration is, and what of it is overridden.
    configuring: Vec<String>,
    /// Whether the options of the tree's own configuration that leave files out count.
    keeps_ignores: bool,
    /// `--ignore`: files and folders.
    ignored: Vec<String>,
    /// `--deselect`: what ids of the tree's rootdir begin with.
    deselected: Vec<String>,
    max_vram_gib: Option<f64>,
    /// Whether the tree's own options do not count: another configuration does, or `addopts` is overridden.
    is_without_addopts: bool,
    /// `--noconftest`: hooks of the tree add no markers.
    is_without_conftests: bool,
    /// Whether more narrows the choice that is not known here.
    is_narrowed: bool,
    /// What of it is not known; then it may run anything.
    doubt: Option<String>,
    /// Why pytest refuses it; then it runs nothing.
    refused: Option<String>,
}

/// A configuration of pytest that a command runs under and that is not the tree's own.
#[derive(Debug, Clone, Default)]
pub struct OtherConfiguration {
    /// What is collected where the command names nothing, relative to the tree: `testpaths`, or the folder that it runs in.
    pub paths: Vec<String>,
    /// Whether it takes the same files, classes and functions for tests.
    pub collects_alike: bool,
    /// Whether all of the tree's conftests count, which may add markers.
    pub has_all_hooks: bool,
}

/// Why the options of a command say no more.
enum Stop {
    Doubt(String),
    Refused(String),
}

impl PytestCommand {
    /// Reads a command that runs in `directory`; `None` where it runs no tests of Python: another program, or
    /// `pytest --collect-only`.
    #[must_use]
    pub fn parse(words: &[Text], directory: &Directory) -> Option<Self> {
        let words = behind_pytest(words)?;
        let mut command = Self {
            marks: None,
            keywords: None,
            gives_marks: false,
            gives_keywords: false,
            paths: Vec::new(),
            names_paths: false,
            names_configuration: false,
            configuring_is_unknown: false,
            configuring: Vec::new(),
            keeps_ignores: true,
            ignored: Vec::new(),
            deselected: Vec::new(),
            max_vram_gib: None,
            is_without_addopts: false,
            is_without_conftests: false,
            is_narrowed: false,
            doubt: None,
            refused: None,
        };
        // Whatever the rest comes to, it only shows.
        let shows = |word: &Text| {
            word.as_known().is_some_and(|word| {
                matches!(
                    word,
                    "--collect-only" | "--co" | "--help" | "-h" | "--version" | "-V" | "--markers" | "--fixtures"
                )
            })
        };
        if words.iter().any(shows) {
            return None;
        }
        let read = command.read(words, directory);
        command.names_paths = !command.paths.is_empty();
        match read {
            // Without a path pytest takes the folder that it is started in.
            Ok(()) if command.paths.is_empty() => match directory {
                Directory::Tree(folder) if !folder.is_empty() => command.paths.push(folder.clone()),
                Directory::Tree(_) => {}
                elsewhere => command.doubt = Some(format!("the folder that it runs in is not known: {elsewhere}")),
            },
            Ok(()) => {}
            Err(Stop::Doubt(doubt)) => command.doubt = Some(doubt),
            Err(Stop::Refused(why)) => command.refused = Some(why),
        }
        Some(command)
    }

    /// Why pytest refuses the command, so that it runs nothing.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// What of the command is not known, so that it may run any test.
    #[must_use]
    pub fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }

    /// The expression of `-m`.
    #[must_use]
    pub fn marks(&self) -> Option<&MarkExpr> {
        self.marks.as_ref()
    }

    /// The same command in a tree: it has the `-m` and `-k` of the tree's own `addopts` where it gives none itself.
    #[must_use]
    pub fn in_tree(mut self, facts: &PytestFacts) -> Self {
        let configured = |text: &Option<String>, given: bool| {
            text.clone().filter(|_| !given && !self.is_without_addopts && !self.names_configuration)
        };
        let marks = configured(&facts.mark_expression, self.gives_marks).map(|text| read_marks(&text));
        let keywords = configured(&facts.keyword_expression, self.gives_keywords).map(|text| read_keywords(&text));
        match (marks.transpose(), keywords.transpose()) {
            (Ok(marks), Ok(keywords)) => {
                self.marks = self.marks.or(marks.flatten());
                self.keywords = self.keywords.or(keywords.flatten());
            }
            (Err(Stop::Refused(why) | Stop::Doubt(why)), _) | (_, Err(Stop::Refused(why) | Stop::Doubt(why))) => {
                self.refused = Some(why);
            }
        }
        self
    }

    /// The expression of `-k`.
    #[must_use]
    pub fn keywords(&self) -> Option<&KeywordExpr> {
        self.keywords.as_ref()
    }

    /// What decides which configuration pytest takes, as its own words: the paths, as `place` names them, and options such as
    /// `-c`. `None` where that is not known.
    #[must_use]
    pub fn configuration_words(&self, place: impl Fn(&str) -> String) -> Option<Vec<String>> {
        if self.doubt.is_some() || self.refused.is_some() || self.configuring_is_unknown {
            return None;
        }
        let paths = self.paths.iter().filter(|_| self.names_paths).map(|path| place(path));
        Some(self.configuring.iter().cloned().chain(paths).collect())
    }

    /// Whether it names its configuration: `-c`. What that says counts where the command is read [under](Self::under) it.
    #[must_use]
    pub fn names_configuration(&self) -> bool {
        self.names_configuration
    }

    /// The same command under another configuration than the catalog was read with. Its `addopts` stand among the words that
    /// were read.
    #[must_use]
    pub fn under(mut self, configuration: &OtherConfiguration) -> Self {
        self.is_without_addopts = true;
        self.names_configuration = false;
        self.keeps_ignores = false;
        if !self.names_paths && !configuration.paths.is_empty() {
            self.paths.clone_from(&configuration.paths);
        }
        let selects = self.marks.is_some() || self.keywords.is_some();
        self.is_narrowed |= !configuration.collects_alike || !configuration.has_all_hooks && selects;
        // Ids begin at the rootdir.
        self.is_narrowed |= !self.deselected.is_empty();
        self
    }

    /// The same command where something else chooses among the tests, such as `PYTEST_ADDOPTS`.
    #[must_use]
    pub fn narrowed(mut self) -> Self {
        self.is_narrowed = true;
        self
    }

    /// The same command where something else about it is not known, such as what starts it.
    #[must_use]
    pub fn doubtful(mut self, doubt: &str) -> Self {
        self.doubt.get_or_insert_with(|| doubt.to_owned());
        self
    }

    /// The paths that it names and in which none of the cases lies: what it runs there is not listed.
    #[must_use]
    pub fn unlisted(&self, cases: &[ResolvedCase<'_>]) -> Vec<&str> {
        let has_case = |path: &&String| cases.iter().any(|case| is_below(case.case.id.as_str(), path));
        self.paths.iter().filter(|path| !has_case(path)).map(String::as_str).collect()
    }

    /// Whether it runs each of the cases, and the first thing that keeps it from doing so. The sets are those of the cases.
    #[must_use]
    pub fn reach_all(&self, policy: &Policy, cases: &[ResolvedCase<'_>], sets: &MarkerSets) -> Vec<Reach> {
        let Some(marks) = &self.marks else {
            return cases.iter().map(|case| self.reach_where(policy, case, || Truth::Yes)).collect();
        };
        let truth = sets.answers(|case| selects(marks, &cases[case]));
        cases.iter().enumerate().map(|(index, case)| self.reach_where(policy, case, || truth(index))).collect()
    }

    /// Whether it runs a case, and the first thing that keeps it from doing so.
    #[must_use]
    pub fn reach(&self, policy: &Policy, case: &ResolvedCase<'_>) -> Reach {
        self.reach_where(policy, case, || self.marks.as_ref().map_or(Truth::Yes, |marks| selects(marks, case)))
    }

    /// The same where it is known what `-m` says of the case.
    fn reach_where(&self, policy: &Policy, case: &ResolvedCase<'_>, marks: impl FnOnce() -> Truth) -> Reach {
        if case.case.as_rust().is_some() {
            return Reach::Not(Obstacle::Language);
        }
        if self.doubt.is_some() {
            return Reach::Maybe;
        }
        if self.refused.is_some() {
            return Reach::Not(Obstacle::Path);
        }
        let collects = self.collects(case);
        if collects == Truth::No {
            return Reach::Not(Obstacle::Path);
        }
        let marks = marks();
        let words = self.keywords.as_ref().map_or(Truth::Yes, |words| {
            let names = keywords::names(case);
            // Call parameters are an error of pytest's: it runs nothing, and says so.
            words.evaluate(&mut |word| names.truth_of(word)).unwrap_or(Truth::Unknown)
        });
        for (truth, obstacle) in
            [(marks, Obstacle::Markers), (words, Obstacle::Name), (self.vram_allows(policy, case), Obstacle::Vram)]
        {
            if truth == Truth::No {
                return Reach::Not(obstacle);
            }
        }
        let is_certain = collects.and(marks).and(words) == Truth::Yes && !self.is_narrowed && !self.names_configuration;
        if is_certain && self.vram_allows(policy, case) == Truth::Yes { Reach::Runs } else { Reach::Maybe }
    }

    /// Whether the paths of the command hold the case, and nothing leaves it out again.
    fn collects(&self, case: &ResolvedCase<'_>) -> Truth {
        let id = case.case.id.as_str();
        // An inexact case stands for tests of its function, whichever of them is named.
        let may_be_named = |path: &String| {
            !case.case.certainty.is_exact() && path.strip_prefix(id).is_some_and(|rest| rest.starts_with(['[', ':']))
        };
        let named = match self.paths.is_empty() || self.paths.iter().any(|path| is_below(id, path)) {
            true => Truth::Yes,
            false if self.paths.iter().any(may_be_named) => Truth::Unknown,
            false => return Truth::No,
        };
        if self.deselected.iter().any(|prefix| id.starts_with(prefix.as_str())) {
            return Truth::No;
        }
        // A file that is named is collected, whatever ignores it; what lies below a folder may not be.
        let file = case.case.file().as_str();
        if self.paths.iter().any(|path| path.split("::").next() == Some(file)) {
            return named;
        }
        let is_option = |ignored: &Condition| ignored.text.starts_with("--ignore");
        let by_the_tree = case.case.ignored_by.as_ref().is_some_and(|one| self.keeps_ignores || !is_option(one));
        let is_ignored = by_the_tree || self.ignored.iter().any(|path| is_below(id, path));
        match is_ignored {
            true if self.paths.iter().all(String::is_empty) && !self.is_without_addopts => Truth::No,
            true => Truth::Unknown,
            false => named,
        }
    }

    /// `--max-vram-gib N` leaves tests out that claim more, and those that say nothing of it.
    fn vram_allows(&self, policy: &Policy, case: &ResolvedCase<'_>) -> Truth {
        let Some(most) = self.max_vram_gib else { return Truth::Yes };
        let name = policy.vram_marker();
        match case.marker(name).map(|marker| marker.args.first()) {
            Some(Some(Value::Int(gib))) => {
                gib.to_string().parse::<f64>().map_or(Truth::Unknown, |gib| (gib <= most).into())
            }
            Some(Some(Value::Float(gib))) => (*gib <= most).into(),
            Some(_) => Truth::Unknown,
            None => case.has(name),
        }
    }
}

/// What an expression of `-m` says of a case.
fn selects(marks: &MarkExpr, case: &ResolvedCase<'_>) -> Truth {
    marks.evaluate(&mut |atom: &Atom| case.truth_of(atom))
}

/// The words behind `pytest`.
fn behind_pytest(words: &[Text]) -> Option<&[Text]> {
    let name = |index: usize| words.get(index)?.as_known();
    let program = name(0)?.rsplit('/').next()?;
    if program == "pytest" || program == "py.test" {
        return words.get(1..);
    }
    let is_python =
        program.strip_prefix("python").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'));
    (is_python && name(1) == Some("-m") && name(2) == Some("pytest")).then(|| words.get(3..))?
}

/// Whether an id lies in what a path or another id names.
fn is_below(id: &str, path: &str) -> bool {
    path.is_empty()
        || id.strip_prefix(path).is_some_and(|rest| {
            ["", "/", "::", "["].iter().any(
                |sign| {
                    if sign.is_empty() { rest.is_empty() } else { rest.starts_with(sign) }
                },
            )
        })
}
