//! Which lines of the tree its tests ran: each process leaves data of its own, which is put together when all are over.
//!
//! `python` has coverage.py read what pytest-cov wrote, `rust` builds with counters and has LLVM's tools read what programs
//! left; both give LCOV, which is added up here.

mod lcov;
mod python;
mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{Plan, StepKind};
use test_catalog::{Language, TargetKind, TreePath};

use crate::RunSettings;
use crate::tool::Supervision;

pub use rust::LlvmTools;
pub(crate) use rust::{build_environment, profile_file};

/// The package that measures Python: the module that pytest loads, and what installs it.
pub const PYTHON_PACKAGE: (&str, &str) = ("pytest_cov", "pytest-cov");
/// How many folders of a path name the part of the tree that a Python file is in.
const PART_DEPTH: usize = 3;

/// What measuring takes beyond pytest-cov.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageSettings {
    /// What reads the counters of Rust programs; without it, Rust is not measured, and that is said.
    pub llvm: Option<LlvmTools>,
}

/// Which lines of the tree the tests of a run ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The files of the tree that have lines to run, by language and path.
    pub files: Vec<FileCoverage>,
    /// The folder with the raw data, and what was made of it.
    pub folder: Utf8PathBuf,
    /// Both languages in one file in the form of LCOV; `None` where nothing was measured.
    pub lcov: Option<Utf8PathBuf>,
    /// What is not in it, and why.
    pub missing: Vec<String>,
}

/// The lines of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// The language that it is written in.
    pub language: Language,
    /// The file.
    pub path: TreePath,
    /// The part of the tree that it is counted in: the folder of its package for Rust, its folder to a depth of three for Python.
    pub part: TreePath,
    /// Its lines.
    pub lines: Lines,
}

/// Lines that can run, and those of them that did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many ran.
    pub covered: u64,
    /// How many there are.
    pub all: u64,
}

impl std::ops::AddAssign for Lines {
    fn add_assign(&mut self, other: Self) {
        self.covered = self.covered.saturating_add(other.covered);
        self.all = self.all.saturating_add(other.all);
    }
}

impl Lines {
    /// Tenths of a percent, rounded down: 1,000 only where every line ran. `None` of no lines.
    #[must_use]
    pub fn per_mille(self) -> Option<u64> {
        u64::try_from(u128::from(self.covered) * 1000 / u128::from(self.all).max(1)).ok().filter(|_| self.all > 0)
    }
}

impl Coverage {
    /// The lines of each part of the tree, by language and folder.
    #[must_use]
    pub fn parts(&self) -> BTreeMap<(Language, &TreePath), Lines> {
        let mut parts: BTreeMap<_, Lines> = BTreeMap::new();
        for file in &self.files {
            *parts.entry((file.language, &file.part)).or_default() += file.lines;
        }
        parts
    }

    /// The lines of each language.
    #[must_use]
    pub fn languages(&self) -> BTreeMap<Language, Lines> {
        let mut languages: BTreeMap<_, Lines> = BTreeMap::new();
        for file in &self.files {
            *languages.entry(file.language).or_default() += file.lines;
        }
        languages
    }
}

/// Where a run keeps it.
pub(crate) fn folder(run: &Utf8Path) -> Utf8PathBuf {
    run.join("coverage")
}

/// What was made of the plan that says how each language was measured.
pub(crate) struct Measured<'r> {
    pub(crate) python: Option<Utf8PathBuf>,
    /// Programs with counters.
    pub(crate) programs: &'r BTreeSet<Utf8PathBuf>,
}

/// Puts together what the processes of a run left. What cannot be, costs what it is of.
pub(crate) fn collect(
    plan: &Plan,
    settings: &RunSettings,
    run: &Utf8Path,
    measured: &Measured<'_>,
    supervision: Supervision<'_>,
) -> Coverage {
    let mut found = Coverage { folder: folder(run), ..Coverage::default() };
    if let Err(error) = fs::create_dir_all(&found.folder) {
        found.missing.push(format!("nothing is measured: cannot write {}: {error}", found.folder));
        return found;
    }
    let mut texts = Vec::new();
    let mut take = |language, text: Result<String, String>| match text {
        Ok(text) => texts.push((language, text)),
        Err(why) => found.missing.push(format!("{} is not measured: {why}", name(language))),
    };
    let is_python = |kind: &StepKind| matches!(kind, StepKind::PythonBatch | StepKind::PythonGpu);
    if plan.steps().any(|step| is_python(&step.kind)) {
        let text = measured.python.as_ref().ok_or_else(|| "no Python was prepared".to_owned());
        let text = text.and_then(|python| python::lcov(python, settings, run, supervision));
        take(Language::Python, text);
    }
    let is_rust = |kind: &StepKind, doc: bool| match kind {
        StepKind::RustBinary { target, .. } => (target.kind == TargetKind::Doc) == doc,
        _ => false,
    };
    if plan.steps().any(|step| is_rust(&step.kind, false)) {
        let tools = settings.coverage.as_ref().and_then(|coverage| coverage.llvm.as_ref());
        let tools = tools.ok_or_else(|| "LLVM's tools are not there".to_owned());
        take(Language::Rust, tools.and_then(|tools| rust::lcov(tools, run, measured.programs, supervision)));
    }
    if plan.steps().any(|step| is_rust(&step.kind, true)) {
        found.missing.push("documentation tests are not measured: rustdoc keeps no programs".to_owned());
    }
    add_up(&mut found, settings, &texts);
    found
}

/// The files of the tree, and the one file with all of them.
fn add_up(found: &mut Coverage, settings: &RunSettings, texts: &[(Language, String)]) {
    let place = lcov::Place::new(settings);
    let mut merged = String::new();
    for (language, text) in texts {
        for (path, lines) in lcov::of_tree(text, &place, &mut merged) {
            let part = part(*language, &path, &settings.tree);
            found.files.push(FileCoverage { language: *language, path, part, lines });
        }
    }
    if merged.is_empty() {
        return;
    }
    let file = found.folder.join("lcov.info");
    match fs::write(&file, merged) {
        Ok(()) => found.lcov = Some(file),
        Err(error) => found.missing.push(format!("cannot write {file}: {error}")),
    }
}

/// A language as people write it.
fn name(language: Language) -> &'static str {
    match language {
        Language::Python => "Python",
        Language::Rust => "Rust",
    }
}

fn part(language: Language, path: &TreePath, tree: &Utf8Path) -> TreePath {
    let folder = path.as_path().parent().unwrap_or(Utf8Path::new(""));
    match language {
        Language::Python => TreePath::new(folder.components().take(PART_DEPTH).collect::<Utf8PathBuf>()),
        Language::Rust => {
            let package = folder.ancestors().find(|folder| tree.join(folder).join("Cargo.toml").is_file());
            TreePath::new(package.unwrap_or(folder))
        }
    }
}

/// Files of a folder whose names are taken, in order; none where it cannot be read.
fn files(folder: &Utf8Path, is_taken: impl Fn(&str) -> bool) -> Vec<Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else { return Vec::new() };
    let taken = entries.flatten().filter(|entry| is_taken(entry.file_name()) && entry.path().is_file());
    let mut files: Vec<Utf8PathBuf> = taken.map(|entry| entry.path().to_owned()).collect();
    files.sort();
    files
}

/// What a tool printed; the error is the end of what it says otherwise.
fn printed(name: &str, command: &mut std::process::Command, supervision: Supervision<'_>) -> Result<Vec<u8>, String> {
    let output = supervision.run(command).map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    let how = crate::process::how(output.status);
    Err(format!("{name} ended with {how}: {}", crate::output::tail(said).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_said_only_where_every_line_ran() {
        for (covered, all, expected) in
            [(0, 0, None), (0, 3, Some(0)), (2, 3, Some(666)), (9_999, 10_000, Some(999)), (7, 7, Some(1000))]
        {
            assert_eq!(Lines { covered, all }.per_mille(), expected, "{covered} of {all}");
        }
        assert_eq!(Lines { covered: u64::MAX, all: u64::MAX }.per_mille(), Some(1000));
    }
}
