//! The policy file that a tree starts with: what was found there, and what it can say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use test_catalog::{Catalog, Origin, TestCase, TreePath};

use crate::category::Category;
use crate::grouping::counted;
use crate::keys::Form;
use crate::nearest::nearest;
use crate::policy::Policy;
use crate::toml_text::{comment, key, list, string};

/// What is known of a tree.
#[derive(Debug, Clone, Copy)]
pub struct Survey<'x> {
    /// Its tests, and the markers that it declares.
    pub catalog: &'x Catalog,
    /// How many commands of each workflow run tests.
    pub workflows: &'x BTreeMap<TreePath, usize>,
    /// The preset to build on; the one that knows most of the tree's markers where nobody named one.
    pub preset: Option<&'x str>,
}

/// A marker of the tree that is none of pytest's or of a plugin's.
#[derive(Default)]
struct Found {
    /// Where the tree declares it.
    declared: Option<String>,
    /// How many tests have it.
    tests: usize,
}

/// The preset that knows most of the tree's markers, and how many of them each preset knows. The oldest of those that know
/// the same; `None` where none knows any.
#[must_use]
pub fn best_preset(catalog: &Catalog) -> (Option<&'static str>, Vec<(&'static str, usize)>) {
    let found = markers(catalog);
    let known: Vec<(&'static str, usize)> = Policy::preset_names()
        .filter_map(|name| Some((name, Policy::preset(name)?)))
        .map(|(name, policy)| (name, found.keys().filter(|marker| knows(&policy, marker)).count()))
        .collect();
    let most = known.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let best = known.iter().find(|(_, count)| *count == most && most > 0).map(|(name, _)| *name);
    (best, known)
}

/// A policy file for the tree, with comments that teach. What was found is in comments; what it may mean, too, for its
/// readers to decide.
#[must_use]
pub fn starter(survey: &Survey<'_>) -> String {
    let (best, known) = best_preset(survey.catalog);
    let preset = survey.preset.or(best).unwrap_or(crate::preset::DEFAULT);
    let policy = Policy::preset(preset).unwrap_or_else(Policy::embedded);
    let mut starter = Starter { survey, policy, found: markers(survey.catalog), text: HEAD.to_owned() };
    starter.preset(preset, best, &known);
    starter.categories();
    starter.markers();
    starter.places();
    starter.required_under();
    starter.rust();
    starter.ci();
    starter.text.push_str(TAIL);
    starter.text
}

const HEAD: &str = "\
# What the tests of this tree are held against: which markers a test needs, where it stands, what CI runs.
#
# `cargo xtask policy init` wrote this. What it found in the tree stands behind `found:`; what that may mean is commented
# out, for you to decide. What this file does not say is as the preset has it:
#
#   cargo xtask policy show       what applies in the end, and where each value comes from
#   cargo xtask policy keys       every key that can stand here
#   cargo xtask audit-markers     the tests held against it
#
# An editor completes and checks this file by its schema: `cargo xtask policy schema --output test-policy.schema.json`
# writes it, and `#:schema ./test-policy.schema.json` in the first line names it.
version = 1
";

const TAIL: &str = "
# ---- Rules ---------------------------------------------------------------------------------------------------------
# How much each weighs: \"error\", \"warning\" or \"off\". `cargo xtask policy rules` lists them, and
# `cargo xtask audit-markers --explain RULE` says what one is for. Where there are too many findings to repair at once,
# `audit-markers --write-baseline FILE` keeps those that are there, and `--baseline FILE` reports what is new.

# [rules]
# case-in-no-lane = \"warning\"

# ---- Exemptions ----------------------------------------------------------------------------------------------------
# Findings that stay for a while, each with somebody who answers for it. From the day after `expires` on they are
# reported again. What concerns one line is better allowed by a comment there: `# test-kit: allow(RULE) REASON`.

# [[exemptions]]
# rules = [\"missing-type\"]
# tests = [\"tests/legacy\", \"tests/test_a.py::test_b\", \"tests/**/test_old_*.py\"]
# owner = \"@our-team\"
# reason = \"moves with the new frontend\"
# expires = 2099-12-31
# ticket = \"ABC-123\"

# ---- Time ----------------------------------------------------------------------------------------------------------
# How long tests may take in all, by type and stage. A list takes the place of the preset's.

# [[budgets]]
# type = \"unit\"
# limit = \"5 min\"
";

/// So many places or names are listed of what there may be thousands of.
const MOST: usize = 8;

/// The folders with the most tests, by name: the first ones of a large tree would leave out those that matter.
fn with_most(folders: &BTreeMap<String, usize>) -> Vec<&String> {
    let mut most: Vec<(&String, &usize)> = folders.iter().collect();
    most.sort_by_key(|(_, count)| Reverse(**count));
    most.truncate(MOST);
    let mut most: Vec<&String> = most.into_iter().map(|(folder, _)| folder).collect();
    most.sort();
    most
}

/// Folders with the number of their tests, and how many folders there are beside them.
fn named(folders: &BTreeMap<String, usize>, most: &[&String]) -> String {
    let count = |folder: &&String| folders.get(*folder).copied().unwrap_or_default();
    let each =
        most.iter().map(|folder| format!("{} ({})", if folder.is_empty() { "." } else { folder }, count(folder)));
    let more = match folders.len() - most.len() {
        0 => None,
        more => Some(format!("and {}", counted(more, "more folder", "more folders"))),
    };
    each.chain(more).collect::<Vec<_>>().join(", ")
}

struct Starter<'x> {
    survey: &'x Survey<'x>,
    policy: Policy,
    found: BTreeMap<String, Found>,
    text: String,
}

impl Starter<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        let dashes = "-".repeat(117_usize.saturating_sub(heading.len() + 8));
        let _ = write!(self.text, "\n# ---- {heading} {dashes}\n");
    }

    /// What was seen: evidence, in a comment.
    fn saw(&mut self, text: &str) {
        self.line(&format!("# found: {}", comment(text)));
    }

    /// The tests of Python.
    fn python(&self) -> impl Iterator<Item = &TestCase> {
        self.survey.catalog.cases.iter().filter(|case| case.as_rust().is_none())
    }

    fn preset(&mut self, preset: &str, best: Option<&str>, known: &[(&'static str, usize)]) {
        self.line("\n# The preset that this builds on.");
        let tests = self.survey.catalog.cases.len();
        let rust = tests - self.python().count();
        let files: BTreeSet<&TreePath> = self.survey.catalog.cases.iter().map(|case| case.file()).collect();
        let files = counted(files.len(), "file", "files");
        self.saw(&match tests {
            0 => "no test".to_owned(),
            _ => format!("{} in {files}, {rust} of them of Rust", counted(tests, "test", "tests")),
        });
        if !self.survey.catalog.problems.is_empty() {
            let problems = counted(self.survey.catalog.problems.len(), "problem", "problems");
            self.saw(&format!(
                "{problems} with reading files: `audit-markers` names them; their tests are not counted"
            ));
        }
        let markers = self.found.len();
        match markers {
            0 => self.saw("no marker of the tree's own"),
            _ => {
                let each: Vec<String> = known.iter().map(|(name, count)| format!("{name} knows {count}")).collect();
                let all = counted(markers, "marker is declared or used", "markers are declared or used");
                self.saw(&format!("{all}: {}", each.join(", ")));
            }
        }
        match (best, self.survey.preset) {
            (_, Some(_)) => self.saw("this preset was asked for"),
            (None, None) => self.saw("that tells nothing of the preset: this is the default"),
            (Some(_), None) => {}
        }
        for (name, about) in crate::preset::ABOUT {
            self.line(&format!("#   {name}  {about}"));
        }
        self.line(&format!("extends = {}", string(preset)));
    }

    fn categories(&mut self) {
        self.heading("Categories");
        self.line("# What each category has, by the preset, and how many of the tests are marked so:");
        self.line("#");
        for category in Category::ALL {
            let members: Vec<String> = self
                .policy
                .members(category)
                .iter()
                .map(|member| match self.found.get(member).map_or(0, |found| found.tests) {
                    0 => member.clone(),
                    tests => format!("{member} ({tests})"),
                })
                .collect();
            self.line(&format!("#   {:<10} {}", category.as_str(), members.join(", ")));
        }
        self.line("#");
        self.line("# `add` adds to them, `markers` takes their place. `required` is \"always\", \"where-applicable\" or \"never\".");
        self.line("");
        self.line("# [categories.component]");
        // What nothing declares may be misspelt.
        let declared = self.unknown().filter(|(_, found)| found.declared.is_some());
        let unknown: Vec<&str> = declared.map(|(name, _)| name).take(MOST).collect();
        let proposal = if unknown.is_empty() { list(&["our_component"]) } else { list(&unknown) };
        let which = if unknown.is_empty() { "" } else { "  # those of these that name a component" };
        self.line(&format!("# add = {proposal}{which}"));
    }

    /// Markers that the preset does not know.
    fn unknown(&self) -> impl Iterator<Item = (&str, &Found)> {
        let unknown = self.found.iter().filter(|(name, _)| !self.policy.known_markers().contains(&name.as_str()));
        unknown.map(|(name, found)| (name.as_str(), found))
    }

    fn markers(&mut self) {
        self.heading("Markers of no category");
        let declared: Vec<(String, String)> = self
            .unknown()
            .filter(|(name, _)| Form::Marker.takes(name))
            .filter_map(|(name, found)| Some((name, found.declared.as_ref()?, found.tests)))
            .map(|(name, at, tests)| {
                (key(name), format!("declared at {at}, {}", counted(tests, "test has it", "tests have it")))
            })
            .collect();
        if declared.is_empty() {
            self.line("# Every marker that the tree declares is known to the preset, or there is none.");
            self.line("");
            self.line("# [markers]");
            self.line("# network = { description = \"it needs the network\" }");
        } else {
            self.line("# The tree declares them. One that names a component, a type or a stage belongs in a category instead.");
            self.line("# `description` says what one is for, `args` what it takes:");
            self.line("#   { args = [{ name = \"gib\", type = \"number\", unit = \"GiB\", min = 0 }], description = \"...\" }");
            self.line("[markers]");
            for (name, evidence) in declared {
                self.line(&format!("{name} = {{}}  # found: {}", comment(&evidence)));
            }
            self.line("");
        }
        let known = self.policy.known_markers();
        let declared_names: Vec<&str> =
            self.found.iter().filter(|(_, found)| found.declared.is_some()).map(|(name, _)| name.as_str()).collect();
        let undeclared: Vec<String> = self
            .unknown()
            .filter(|(_, found)| found.declared.is_none())
            .map(|(name, found)| {
                let meant = nearest(name, known.iter().copied().chain(declared_names.iter().copied()));
                let meant = meant.first().map_or_else(String::new, |meant| format!("; `{meant}` may be meant"));
                format!("nothing declares `{name}`, {}{meant}", counted(found.tests, "test has it", "tests have it"))
            })
            .collect();
        for line in undeclared.iter().take(MOST) {
            self.saw(line);
        }
        if undeclared.len() > MOST {
            self.saw(&format!("and {} more that nothing declares", undeclared.len() - MOST));
        }
        if !undeclared.is_empty() {
            self.line("# `audit-markers` reports them, until pytest's configuration declares them or they stand here.");
        }
    }

    fn places(&mut self) {
        self.heading("Places");
        self.line("# Where tests of a type may stand: the folders, and all below. `{component}` is any one folder.");
        let mut proposals = Vec::new();
        for (test_type, folders) in &self.policy.locations().by_type {
            let mut inside = 0;
            let mut elsewhere: BTreeMap<String, usize> = BTreeMap::new();
            for case in self.python().filter(|case| case.markers.list.iter().any(|marker| marker.name == *test_type)) {
                if folders.iter().any(|folder| folder.contains(case.file().as_str())) {
                    inside += 1;
                } else {
                    *elsewhere.entry(folder_of(case.file())).or_default() += 1;
                }
            }
            if elsewhere.is_empty() {
                continue;
            }
            let total = inside + elsewhere.values().sum::<usize>();
            proposals.push((test_type.clone(), inside, total, elsewhere));
        }
        for (test_type, inside, total, elsewhere) in &proposals {
            let tests = counted(*total, "test is", "tests are");
            let preset: Vec<String> =
                self.policy.locations().by_type.get(test_type).into_iter().flatten().map(ToString::to_string).collect();
            self.saw(&format!(
                "{tests} {test_type}, {inside} where the preset has them ({}); the others: {}",
                preset.join(", "),
                named(elsewhere, &with_most(elsewhere))
            ));
        }
        self.line("");
        self.line("# [locations.types]");
        if proposals.is_empty() {
            self.line("# unit = [\"tests/unit\"]");
        }
        for (test_type, _, _, elsewhere) in &proposals {
            let folders: Vec<&String> =
                with_most(elsewhere).into_iter().filter(|folder| Form::Folder.takes(folder)).collect();
            self.line(&format!("# {} = {}", key(test_type), list(&folders)));
        }
        self.file_names();
    }

    fn file_names(&mut self) {
        let Some(pattern) = self.policy.file_names().cloned() else { return };
        let components: Vec<String> = self.policy.members(Category::Component).to_vec();
        let files: BTreeSet<&TreePath> = self.python().map(TestCase::file).collect();
        let named = files.iter().filter(|file| {
            let name = file.as_str().rsplit('/').next().unwrap_or_default();
            pattern.matches(name, components.iter().map(String::as_str))
        });
        let (named, all) = (named.count(), files.len());
        self.line("");
        self.line("# How files with tests are named; `file-name = \"off\"` in `[rules]` where any name will do.");
        if all > 0 {
            self.saw(&format!("{named} of {} named `{pattern}`", counted(all, "file is", "files are")));
        }
        self.line("");
        self.line("# [files]");
        self.line("# name = \"test_{component}_{flow}.py\"");
    }

    fn required_under(&mut self) {
        self.heading("Where the policy binds");
        self.line("# Where tests must have the markers that the policy requires; everywhere with `[]`. Others are audited by naming");
        self.line("# their path.");
        let bound = self.python().filter(|case| self.policy.binds(case.file().as_str())).count();
        let all = self.python().count();
        let mut folders: BTreeMap<String, usize> = BTreeMap::new();
        for case in self.python() {
            let file = case.file().as_str();
            let top = file.split_once('/').map_or("", |(top, _)| top);
            *folders.entry(top.to_owned()).or_default() += 1;
        }
        let most = with_most(&folders);
        if all > 0 {
            self.saw(&format!("tests of Python in {}", named(&folders, &most)));
        }
        if bound == 0 && all > 0 {
            self.saw("no test stands where the preset binds, so that it would ask for no marker anywhere");
            self.line("[audit]");
            self.line("required-under = []");
            return;
        }
        self.line("");
        self.line("# [audit]");
        let folders: Vec<&String> = most.into_iter().filter(|folder| Form::Folder.takes(folder)).collect();
        self.line(&format!("# required-under = {}", list(&folders)));
    }

    fn rust(&mut self) {
        self.heading("Rust");
        self.line("# Tests of Rust carry no markers. They get some by their kind, by the feature that they are compiled with, and by");
        self.line("# `#[ignore]`: `cargo xtask policy show rust`.");
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for rust in self.survey.catalog.cases.iter().filter_map(TestCase::as_rust) {
            *kinds.entry(rust.kind.as_str()).or_default() += 1;
        }
        if !kinds.is_empty() {
            let each: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            self.saw(&format!("tests of Rust: {}", each.join(", ")));
        }
        self.line("");
        self.line("# [rust.features]");
        self.line("# testing-cuda = [\"gpu_1\"]");
    }

    fn ci(&mut self) {
        self.heading("CI");
        self.line("# Lanes are read from the workflows: `cargo xtask lanes` shows them. The policy says which stage a workflow belongs");
        self.line("# to, what an action of the tree runs, and what no workflow shows.");
        let mut unassigned = Vec::new();
        if self.survey.workflows.is_empty() {
            self.saw("no workflow with a command that runs tests");
        }
        for (file, commands) in self.survey.workflows {
            let name = file.as_str().rsplit('/').next().unwrap_or_default();
            let stage = match self.policy.stage_of_workflow(name) {
                Some(stage) => format!("; the preset takes it for {stage}"),
                None => {
                    unassigned.push(name);
                    String::new()
                }
            };
            let commands = counted(*commands, "command runs tests", "commands run tests");
            let line = format!("{file}: {commands}{stage}");
            self.saw(&line);
        }
        self.line("");
        self.line("# [ci.stages]  # one line a stage, each workflow once");
        let first = self.policy.members(Category::Lifecycle).first().cloned().unwrap_or_else(|| "pre_merge".to_owned());
        let files = if unassigned.is_empty() { list(&["ci.yml"]) } else { list(&unassigned) };
        self.line(&format!("# {} = {files}", key(&first)));
        self.line("");
        self.line("# [[lanes]]");
        self.line("# name = \"nightly, on our own machine\"");
        self.line("# run = \"pytest -m 'nightly and gpu_2'\"");
    }
}

/// The markers that authors wrote or the tree declares, but for those that pytest and its plugins have.
fn markers(catalog: &Catalog) -> BTreeMap<String, Found> {
    let embedded = Policy::embedded();
    let built_in = |name: &str| {
        let is_member = Category::ALL.into_iter().any(|category| embedded.is_member(category, name));
        !is_member && embedded.plugin_markers.values().flatten().any(|marker| marker == name)
    };
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for declared in &catalog.declared_markers {
        if let (Some(at), false) = (&declared.at, built_in(&declared.name)) {
            let declared_at = &mut found.entry(declared.name.clone()).or_default().declared;
            declared_at.get_or_insert_with(|| format!("{}:{}", at.file, at.start.line));
        }
    }
    for case in &catalog.cases {
        let mut names: Vec<&str> = case
            .markers
            .list
            .iter()
            .filter(|marker| matches!(marker.origin, Origin::Source(_) | Origin::Hook(_)))
            .map(|marker| marker.name.as_str())
            .filter(|name| !built_in(name))
            .collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            found.entry(name.to_owned()).or_default().tests += 1;
        }
    }
    found
}

/// Whether the preset has it, beside what pytest and its plugins declare.
fn knows(policy: &Policy, marker: &str) -> bool {
    policy.category_of(marker).is_some() || policy.marker(marker).is_some() || policy.alias(marker).is_some()
}

fn folder_of(file: &TreePath) -> String {
    file.as_str().rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_that_matter_are_named_and_the_others_counted() {
        let mut folders: BTreeMap<String, usize> = (0..9).map(|number| (format!("a{number}"), 1)).collect();
        folders.insert("tests".to_owned(), 400);
        folders.insert(String::new(), 2);
        let most = with_most(&folders);
        assert_eq!(most.len(), MOST);
        let text = named(&folders, &most);
        assert!(text.starts_with(". (2), a0 (1), ") && text.ends_with(", tests (400), and 3 more folders"), "{text}");
        folders.retain(|folder, _| folder == "tests");
        assert_eq!(named(&folders, &with_most(&folders)), "tests (400)");
    }
}
