//! One finding a cause: cases that lack the same thing are gathered at the place where it would be put for all of them.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};
use test_catalog::{EditForm, EditSite, NodeId, Scope, SourceSpan};

use crate::finding::{Insertion, Safety};
use crate::resolve::ResolvedCase;

/// Cases that lack the same thing, and the widest place where an author can give it to all of them and to nobody else.
pub(crate) struct Group<'x> {
    pub(crate) site: Site,
    pub(crate) cases: Vec<&'x ResolvedCase<'x>>,
}

/// A place where a marker can be put.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Site {
    pub(crate) scope: Scope,
    pub(crate) at: SourceSpan,
    pub(crate) form: EditForm,
    pub(crate) others: Others,
}

/// Tests that get the marker with those that lack it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Others {
    /// There are none.
    None,
    /// There are, and no better place, and they may not be meant to have it: a test has one stage.
    Spared,
    /// There are, and no better place, and it is no harm to them: a test may well be of two types.
    Marked,
}

/// Groups the cases that `lacks` names, in the order of their places.
pub(crate) fn group<'x>(cases: &'x [ResolvedCase<'x>], lacks: impl Fn(&ResolvedCase<'x>) -> bool) -> Vec<Group<'x>> {
    let lacking: Vec<bool> = cases.iter().map(lacks).collect();
    if !lacking.contains(&true) {
        return Vec::new();
    }
    let mut reached: HashMap<&EditSite, (usize, usize)> = HashMap::default();
    for (case, lacks) in cases.iter().zip(&lacking) {
        for site in &*case.case.edit_sites {
            let (all, without) = reached.entry(site).or_default();
            *all += 1;
            *without += usize::from(*lacks);
        }
    }
    let lacked_by_all = |site: &&EditSite| reached.get(*site).is_some_and(|(all, without)| all == without);
    let mut groups: BTreeMap<(SourceSpan, Scope), Group<'x>> = BTreeMap::new();
    for (case, _) in cases.iter().zip(&lacking).filter(|(_, lacks)| **lacks) {
        let site = case.case.edit_sites.iter().rev().find(lacked_by_all).map_or_else(
            || Site {
                scope: Scope::Function,
                at: case.case.span.clone(),
                form: EditForm::Decorator,
                others: Others::Spared,
            },
            |site| Site { scope: site.scope, at: site.at.clone(), form: site.form, others: Others::None },
        );
        let key = (site.at.clone(), site.scope);
        groups.entry(key).or_insert_with(|| Group { site, cases: Vec::new() }).cases.push(case);
    }
    groups.into_values().collect()
}

/// The same, where of a group only some were measured: of those each that can have a marker without the others is apart, so that
/// one test that was not measured does not keep all of its module from a proposal.
pub(crate) fn group_measured<'x>(
    cases: &'x [ResolvedCase<'x>],
    lacks: impl Fn(&ResolvedCase<'x>) -> bool,
    is_measured: impl Fn(&ResolvedCase<'x>) -> bool,
) -> Vec<Group<'x>> {
    fn key<'c>(case: &'c ResolvedCase<'_>) -> (&'c NodeId, u32) {
        (&case.case.id, case.case.occurrence)
    }
    let all = group(cases, &lacks);
    let mixed = all.iter().filter(|group| !group.cases.iter().all(|case| is_measured(case)));
    let measured: HashSet<_> =
        mixed.flat_map(|group| &group.cases).filter(|case| is_measured(case)).map(|case| key(case)).collect();
    let mut apart = group(cases, |case| measured.contains(&key(case)));
    apart.retain(|group| group.site.others == Others::None);
    if apart.is_empty() {
        return all;
    }
    let of_own: HashSet<_> = apart.iter().flat_map(|group| &group.cases).map(|case| key(case)).collect();
    apart.extend(group(cases, |case| lacks(case) && !of_own.contains(&key(case))));
    apart
}

/// Cases by the place of what is wrong and by what is wrong there: those that get it from one place are one finding.
pub(crate) fn by_cause<'x, K: Ord>(
    cases: &'x [ResolvedCase<'x>],
    cause: impl Fn(&'x ResolvedCase<'x>) -> Option<(&'x SourceSpan, K)>,
) -> BTreeMap<(&'x SourceSpan, K), Vec<&'x ResolvedCase<'x>>> {
    let mut causes: BTreeMap<(&SourceSpan, K), Vec<&ResolvedCase<'x>>> = BTreeMap::new();
    for case in cases {
        if let Some(cause) = cause(case) {
            causes.entry(cause).or_default().push(case);
        }
    }
    causes
}

/// The ids of cases.
pub(crate) fn ids(cases: &[&ResolvedCase<'_>]) -> Vec<NodeId> {
    cases.iter().map(|case| case.case.id.clone()).collect()
}

/// `` `a`, `b` and `c` ``: names as a sentence has them.
pub(crate) fn listed(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &*quoted {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., one] => format!("{} {last} {one}", first.join(", ")),
    }
}

impl Site {
    /// What to write there for a marker, ready to paste.
    fn line(&self, marker: &str) -> String {
        match self.form {
            EditForm::Decorator => format!("@pytest.mark.{marker}"),
            EditForm::ListElement => format!("pytest.mark.{marker},"),
            EditForm::WrapInList => format!(", pytest.mark.{marker}]"),
            EditForm::NewPytestmark => format!("pytestmark = [pytest.mark.{marker}]"),
            EditForm::ParamMarks => format!("marks=pytest.mark.{marker}"),
        }
    }

    /// The same as a sentence: what to write where.
    pub(crate) fn instruction(&self, marker: &str) -> String {
        let (line, number) = (self.line(marker), self.at.start.line);
        match self.others {
            Others::None => {}
            Others::Spared => {
                return format!(
                    "give `pytest.mark.{marker}` to these tests alone, such as by `marks=` of a `pytest.param(...)`: at line \
                     {number} it would reach others, too"
                );
            }
            Others::Marked => return format!("add `{line}` above line {number}, where it reaches other tests, too"),
        }
        match self.form {
            EditForm::Decorator => format!("add `{line}` above line {number}"),
            EditForm::ListElement => format!("add `{line}` to the list at line {number}"),
            EditForm::WrapInList => format!("put the mark at line {number} into `[...`, followed by `{line}`"),
            EditForm::NewPytestmark => format!("add `{line}` above line {number}"),
            EditForm::ParamMarks => format!("add `{line}` to `pytest.param(...)` at line {number}"),
        }
    }

    /// The same for a marker that does other tests no harm.
    pub(crate) fn with_others(mut self) -> Self {
        if self.others == Others::Spared {
            self.others = Others::Marked;
        }
        self
    }

    /// What `--fix` writes for a marker; nothing where it would reach tests that must not have it.
    pub(crate) fn insertion(&self, marker: &str, safety: Safety) -> Option<Insertion> {
        let safety = match self.others {
            Others::None => safety,
            Others::Spared => return None,
            Others::Marked => Safety::Proposal,
        };
        let (form, at) = (self.form, self.at.clone());
        Some(Insertion { form, at, text: self.line(marker), safety, marker: marker.to_owned() })
    }

    /// What the place reaches, said of so many tests.
    pub(crate) fn label(&self, tests: usize) -> String {
        let what = match self.scope {
            Scope::Param => return format!("{} this parameter set", counted(tests, "test has", "tests have")),
            Scope::Function => "function",
            Scope::Class => "class",
            Scope::Module => "module",
        };
        match tests {
            _ if self.others != Others::None => {
                format!("{} of this {what}, but not all", counted(tests, "test", "tests"))
            }
            1 => format!("the one test of this {what}"),
            _ => format!("all {tests} tests of this {what} take their markers from here"),
        }
    }
}

/// `1 test has` or `3 tests have`.
pub(crate) fn counted(number: usize, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}
