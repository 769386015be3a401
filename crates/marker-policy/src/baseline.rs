//! Findings that were there before: those of a baseline file are not reported, and it may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::Mistakes;
use crate::error::PolicyErrors;
use crate::finding::Finding;
use crate::grouping::counted;
use crate::judged::Judged;
use crate::nearest::{did_you_mean, nearest};
use crate::rules::exemption::EXPIRED;
use crate::rules::{self, RuleCode};

/// The version of the format that this crate reads and writes.
const VERSION: u32 = 1;

/// What a file begins with.
const HEAD: &str = "\
# Findings of `cargo xtask audit-markers` that were there when this was written: by rule, each test (or file) with the
# number of its findings. `--baseline` reports only what is not here. `--write-baseline` takes out what is repaired, and
# puts in nothing unless `--grow` is given.
";

/// Findings by rule and by what they are about: no line is part of it, so that code may move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<RuleCode, BTreeMap<String, u32>>,
}

/// Findings held against a baseline.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// What the baseline does not have. Of a finding for several tests only those remain that it does not have.
    pub new: Vec<Finding>,
    /// How many findings it has, the parts of others included.
    pub known: usize,
    /// How many entries of the baseline have fewer findings than it says.
    pub gone: usize,
}

/// What became of the findings of one rule since a baseline was written. All counts are a baseline's: of tests, or of
/// files where a finding is about no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The rule.
    pub rule: RuleCode,
    /// How many the baseline has.
    pub then: u64,
    /// How many there are.
    pub now: u64,
    /// How many of these the baseline does not have.
    pub new: u64,
    /// How many of the baseline's are no more.
    pub gone: u64,
    /// Whether all of the rule's findings were looked for; if not, the last three tell less than there is.
    pub judged: bool,
}

impl Baseline {
    /// The baseline with just these findings, but for exemptions that have expired: those shall not stay under another
    /// name.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let mut baseline = Self::counted(findings);
        baseline.entries.remove(&EXPIRED.code);
        baseline
    }

    fn counted(findings: &[Finding]) -> Self {
        let mut entries: BTreeMap<RuleCode, BTreeMap<String, u32>> = BTreeMap::new();
        for finding in findings {
            let subjects = entries.entry(finding.rule).or_default();
            for (subject, count) in finding.subjects() {
                let sum = subjects.entry(subject).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        Self { entries }
    }

    /// The largest baseline that is read, in bytes: a hundred thousand findings and more.
    pub const LARGEST_FILE: usize = 1 << 24;

    /// Reads a baseline file. `file_name` is for messages.
    ///
    /// # Errors
    /// All mistakes of the text, each with its line: TOML that does not parse, another version, a rule that is none, a
    /// number that is none.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, PolicyErrors> {
        let mistakes = Mistakes::new(text);
        if text.len() > Self::LARGEST_FILE {
            let most = Self::LARGEST_FILE >> 20;
            mistakes.add(&(0..0), format!("the file has more than {most} MiB, the most that is read of a baseline"));
            return Err(PolicyErrors { file: file_name.to_owned(), mistakes: mistakes.into_list() });
        }
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            mistakes.add(&error.span().unwrap_or_default(), format!("not TOML: {message}"));
        }
        let mut baseline = Self::default();
        if errors.is_empty() {
            if !document.get_ref().contains_key("version") {
                mistakes.add(&(0..0), format!("no `version = {VERSION}`: this is no baseline"));
            }
            for (key, value) in document.get_ref() {
                baseline.read(key, value, &mistakes);
            }
        }
        let mistakes = mistakes.into_list();
        if mistakes.is_empty() { Ok(baseline) } else { Err(PolicyErrors { file: file_name.to_owned(), mistakes }) }
    }

    fn read(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        mistakes: &Mistakes<'_>,
    ) {
        let name = &**key.get_ref();
        if name == "version" {
            if whole_number(value) != Some(VERSION) {
                let message = format!("this is not a baseline of version {VERSION}, the only one known here");
                mistakes.add(&value.span(), message);
            }
            return;
        }
        let Some(rule) = rules::find(name) else {
            let meant = did_you_mean(&nearest(name, rules::ALL.iter().map(|rule| rule.code.as_str())));
            return mistakes.add(&key.span(), format!("no rule is named `{name}`{meant}; if it is gone, take it out"));
        };
        let DeValue::Table(subjects) = value.get_ref() else {
            return mistakes.add(&value.span(), format!("`{name}` is no table of tests with their number of findings"));
        };
        let entries = self.entries.entry(rule.code).or_default();
        for (subject, count) in subjects {
            match whole_number(count).filter(|count| *count > 0) {
                Some(count) => {
                    entries.insert(subject.get_ref().to_string(), count);
                }
                None => mistakes.add(&count.span(), "the number of findings has to be a whole number from 1"),
            }
        }
    }

    /// The text of the file: sorted, a line for each entry.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = HEAD.to_owned();
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "version = {VERSION}");
        for (rule, subjects) in self.entries.iter().filter(|(_, subjects)| !subjects.is_empty()) {
            let table: toml::Table =
                subjects.iter().map(|(subject, count)| (subject.clone(), i64::from(*count).into())).collect();
            let _ = write!(text, "\n[{rule}]\n{table}");
        }
        text
    }

    /// How many findings it stands for.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.entries.values().flat_map(BTreeMap::values).map(|count| u64::from(*count)).sum()
    }

    /// Takes out the findings that it has. Where there are more of an entry than it says, all of them are new: which
    /// were there before, nobody knows.
    #[must_use]
    pub fn compare(&self, findings: Vec<Finding>, judged: &Judged<'_>) -> Compared {
        let now = Self::counted(&findings);
        let is_known = |rule: RuleCode, subject: &str| now.count(rule, subject) <= self.count(rule, subject);
        let mut compared = Compared::default();
        for finding in findings {
            match without_known(finding, is_known) {
                Ok((finding, is_whole)) => {
                    compared.known += usize::from(!is_whole);
                    compared.new.push(finding);
                }
                Err(()) => compared.known += 1,
            }
        }
        compared.gone = self
            .entries
            .iter()
            .filter(|(rule, _)| judged.all_of(**rule))
            .flat_map(|(rule, subjects)| subjects.iter().map(move |(subject, count)| (*rule, subject, *count)))
            .filter(|(rule, subject, count)| now.count(*rule, subject) < *count)
            .count();
        compared
    }

    /// What became of each rule's findings, in the order of the rules' names. Rules without any, then and now, are left out.
    #[must_use]
    pub fn changes(&self, now: &Self, judged: &Judged<'_>) -> Vec<Change> {
        let rules: BTreeSet<RuleCode> = self.entries.keys().chain(now.entries.keys()).copied().collect();
        let changes = rules.into_iter().map(|rule| Change {
            rule,
            then: self.of_rule(rule).map(|(_, count)| u64::from(count)).sum(),
            now: now.of_rule(rule).map(|(_, count)| u64::from(count)).sum(),
            new: now.more_than(self, rule),
            gone: self.more_than(now, rule),
            judged: judged.all_of(rule),
        });
        changes.filter(|change| change.then > 0 || change.now > 0).collect()
    }

    fn of_rule(&self, rule: RuleCode) -> impl Iterator<Item = (&str, u32)> {
        self.entries.get(&rule).into_iter().flatten().map(|(subject, count)| (subject.as_str(), *count))
    }

    /// How many findings of a rule it has above those that the other has of the same subjects.
    fn more_than(&self, other: &Self, rule: RuleCode) -> u64 {
        self.of_rule(rule).map(|(subject, count)| u64::from(count.saturating_sub(other.count(rule, subject)))).sum()
    }

    /// The baseline without what is repaired, and with nothing that is new. Of rules that were not judged it stays as it
    /// is.
    #[must_use]
    pub fn shrunk(&self, now: &Self, judged: &Judged<'_>) -> Self {
        let mut shrunk = self.clone();
        for (rule, subjects) in shrunk.entries.iter_mut().filter(|(rule, _)| judged.all_of(**rule)) {
            subjects.retain(|subject, count| {
                *count = (*count).min(now.count(*rule, subject));
                *count > 0
            });
        }
        shrunk
    }

    /// The baseline with all that there is now. Of rules that were not judged it stays as it is.
    #[must_use]
    pub fn grown(&self, now: &Self, judged: &Judged<'_>) -> Self {
        let mut grown = now.clone();
        for (rule, subjects) in self.entries.iter().filter(|(rule, _)| !judged.all_of(**rule)) {
            grown.entries.insert(*rule, subjects.clone());
        }
        grown
    }

    fn count(&self, rule: RuleCode, subject: &str) -> u32 {
        self.entries.get(&rule).and_then(|subjects| subjects.get(subject)).copied().unwrap_or(0)
    }
}

/// The finding with what is not known of it, and whether that is all of it; an error where all of it is known.
fn without_known(mut finding: Finding, is_known: impl Fn(RuleCode, &str) -> bool) -> Result<(Finding, bool), ()> {
    let rule = finding.rule;
    if finding.subjects().keys().all(|subject| is_known(rule, subject)) {
        return Err(());
    }
    let all = finding.cases.len();
    let cases = std::mem::take(&mut finding.cases);
    finding.cases = cases.into_iter().filter(|case| !is_known(rule, &finding.subject_of(case))).collect();
    let known = all - finding.cases.len();
    if known > 0 {
        let known = counted(known, "of its tests is", "of its tests are");
        let more = format!("{known} in the baseline; not in it: {}", examples(&finding));
        finding.note = Some(finding.note.map_or_else(|| more.clone(), |note| format!("{note}; {more}")));
    }
    Ok((finding, known == 0))
}

/// The first of its tests.
fn examples(finding: &Finding) -> String {
    const NAMED: usize = 3;
    let named: Vec<&str> = finding.cases.iter().take(NAMED).map(|case| case.as_str()).collect();
    match finding.cases.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn whole_number(value: &Spanned<DeValue<'_>>) -> Option<u32> {
    match value.get_ref() {
        DeValue::Integer(integer) => u32::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    }
}
