//! Findings that the policy lets stay for a while: `[[exemptions]]`, each with an owner, a reason and a last day.

use chrono::NaiveDate;
use globset::{GlobBuilder, GlobMatcher};
use test_catalog::{NodeId, SourceSpan, TreePath};

use crate::finding::Finding;
use crate::judged::Judged;
use crate::policy::RuleLevel;
use crate::rules::{Rule, RuleCode, exemption as rule};

/// An entry of `[[exemptions]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemption {
    /// The rules whose findings stay.
    pub rules: Vec<RuleCode>,
    /// Whose findings.
    pub tests: Vec<TestPattern>,
    /// Who answers for it.
    pub owner: String,
    /// Why they may stay.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: NaiveDate,
    /// Where the work is tracked.
    pub ticket: Option<String>,
    /// The line of the policy file.
    pub line: u32,
}

/// A test, a class, a file, a folder, or a pattern of such, and all that is in it: `tests/old`, `tests/a.py::TestA`,
/// `tests/**/test_legacy_*.py`.
///
/// `*` is anything within one folder, `**` any number of folders, `?` one character. Brackets are those of a parameter
/// set.
#[derive(Debug, Clone)]
pub struct TestPattern {
    text: String,
    glob: GlobMatcher,
}

/// Findings held against the exemptions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exempted {
    /// What no exemption holds back, and what is wrong with exemptions; in the order of their places.
    pub findings: Vec<Finding>,
    /// What they hold back. Of a finding for several tests each exemption has its part.
    pub exempt: Vec<Exempt>,
}

/// A finding, or the part of one, that an exemption holds back.
#[derive(Debug, Clone, PartialEq)]
pub struct Exempt {
    /// The finding, with the tests that are exempt.
    pub finding: Finding,
    /// The exemption.
    pub exemption: Exemption,
    /// Its place in the policy file.
    pub at: SourceSpan,
}

impl TestPattern {
    /// The pattern, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') || text.ends_with('/') || text.contains('\n') {
            return Err("write a test or a path as `a/b`, relative to the tree".to_owned());
        }
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '[' => escaped.push_str("[[]"),
                ']' => escaped.push_str("[]]"),
                '{' | '}' | '\\' => {
                    escaped.push('\\');
                    escaped.push(character);
                }
                other => escaped.push(other),
            }
        }
        let glob = GlobBuilder::new(&escaped).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        Ok(Self { text: text.to_owned(), glob: glob.compile_matcher() })
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a test's id or a path is what the pattern names, or lies in it.
    #[must_use]
    pub fn holds(&self, id: &str) -> bool {
        // Everything that holds it: `tests`, `tests/a.py`, `tests/a.py::TestA`, and the test without its parameters.
        let ends = id.match_indices(['/', '[']).map(|(end, _)| end);
        let ends = ends.chain(id.match_indices("::").map(|(end, _)| end)).chain([id.len()]);
        ends.filter_map(|end| id.get(..end)).any(|scope| self.glob.is_match(scope))
    }
}

impl PartialEq for TestPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Exemption {
    /// Whether it holds no more.
    #[must_use]
    pub fn is_expired(&self, today: NaiveDate) -> bool {
        today > self.expires
    }
}

/// What became of an exemption.
struct Used<'x> {
    exemption: &'x Exemption,
    rules: Vec<bool>,
    tests: Vec<bool>,
    /// How many findings it would hold back, where it has expired.
    back: usize,
}

impl Used<'_> {
    /// Whether it is about the finding, or about which of its tests. What it names is in use then.
    fn cases(&mut self, finding: &Finding) -> Vec<NodeId> {
        let mut cases = Vec::new();
        for (pattern, used) in self.exemption.tests.iter().zip(&mut self.tests) {
            if pattern.holds(finding.at.file.as_str()) {
                *used = true;
                cases.extend(finding.cases.iter().cloned());
            } else {
                let held = finding.cases.iter().filter(|case| pattern.holds(case.as_str()));
                let before = cases.len();
                cases.extend(held.cloned());
                *used |= cases.len() > before;
            }
        }
        cases
    }
}

/// Takes out the findings that the policy's exemptions hold back on that day.
///
/// One that has expired holds back nothing, and is a finding itself; so is one that, as far as the audit could tell, has
/// nothing to hold back. `policy_file` is where they stand.
#[must_use]
pub fn exempt(judged: &Judged<'_>, policy_file: &TreePath, today: NaiveDate, findings: Vec<Finding>) -> Exempted {
    let mut uses: Vec<Used<'_>> = judged
        .policy
        .exemptions()
        .iter()
        .map(|exemption| Used {
            exemption,
            rules: vec![false; exemption.rules.len()],
            tests: vec![false; exemption.tests.len()],
            back: 0,
        })
        .collect();
    let mut exempted = Exempted::default();
    for finding in findings {
        exempted.hold(finding, &mut uses, policy_file, today);
    }
    for used in &uses {
        exempted.findings.extend(mistakes(judged, used, policy_file, today));
    }
    exempted.findings.sort_by(|one, other| one.at.cmp(&other.at));
    exempted
}

impl Exempted {
    fn hold(&mut self, mut finding: Finding, uses: &mut [Used<'_>], policy_file: &TreePath, today: NaiveDate) {
        let is_about_file = finding.cases.is_empty();
        let all = finding.clone();
        let mut is_gone = false;
        for used in uses {
            let Some(place) = used.exemption.rules.iter().position(|rule| *rule == finding.rule) else { continue };
            let cases = used.cases(&all);
            let is_held = if is_about_file {
                used.exemption.tests.iter().any(|pattern| pattern.holds(all.at.file.as_str()))
            } else {
                !cases.is_empty()
            };
            if !is_held {
                continue;
            }
            if let Some(rule) = used.rules.get_mut(place) {
                *rule = true;
            }
            if used.exemption.is_expired(today) {
                used.back += 1;
                continue;
            }
            let (held, rest): (Vec<_>, Vec<_>) = finding.cases.drain(..).partition(|case| cases.contains(case));
            finding.cases = rest;
            // The first holds it back; that others would, too, is no mistake of theirs.
            if (held.is_empty() && !is_about_file) || is_gone {
                continue;
            }
            is_gone = finding.cases.is_empty();
            let at = SourceSpan::line(policy_file.clone(), used.exemption.line);
            let part = Finding { cases: held, ..finding.clone() };
            self.exempt.push(Exempt { finding: part, exemption: used.exemption.clone(), at });
        }
        if is_gone {
            return;
        }
        let held = all.cases.len() - finding.cases.len();
        if held > 0 {
            let more = format!("{held} of its tests are exempt by the policy, and not meant");
            finding.note = Some(finding.note.map_or_else(|| more.clone(), |note| format!("{note}; {more}")));
        }
        self.findings.push(finding);
    }
}

fn mistakes(judged: &Judged<'_>, used: &Used<'_>, file: &TreePath, today: NaiveDate) -> Vec<Finding> {
    let Used { exemption, rules, tests, back } = used;
    let Exemption { owner, expires, reason, .. } = exemption;
    let finding = |rule: &Rule, message: String, help: String| {
        let RuleLevel::On(severity) = judged.policy.level(rule) else { return None };
        let at = SourceSpan::line(file.clone(), exemption.line);
        let ticket = exemption.ticket.as_ref().map_or_else(String::new, |ticket| format!(" ({ticket})"));
        let note = Some(format!("its reason: {reason}{ticket}"));
        Some(Finding { severity, help, note, ..Finding::new(rule, message, at) })
    };
    let names = exemption.rules.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
    // What was not looked for cannot be missed.
    let all_judged = exemption.rules.iter().all(|code| judged.all_of(*code));
    let is_unused = rules.iter().all(|used| !used);
    if exemption.is_expired(today) {
        if is_unused && !all_judged {
            return Vec::new();
        }
        let message = format!("the exemption of `{owner}` from `{names}` expired on {expires}");
        let help = match back {
            0 => "nothing is left that it would hold back: take it out".to_owned(),
            1 => format!("repair the finding that is back, or agree with {owner} on another day"),
            back => format!("repair the {back} findings that are back, or agree with {owner} on another day"),
        };
        return finding(&rule::EXPIRED, message, help).into_iter().collect();
    }
    if is_unused {
        if !all_judged {
            return Vec::new();
        }
        let message = format!("the exemption of `{owner}` from `{names}` has nothing to exempt");
        return finding(&rule::UNUSED, message, "take it out".to_owned()).into_iter().collect();
    }
    let unused_rules = exemption.rules.iter().zip(rules).filter(|(code, used)| !**used && judged.all_of(**code));
    let unused_rules = unused_rules.map(|(code, _)| format!("`{code}`"));
    let unused_tests = exemption.tests.iter().zip(tests).filter(|(_, used)| all_judged && !**used);
    let unused_tests = unused_tests.map(|(pattern, _)| format!("`{}`", pattern.as_str()));
    unused_rules
        .chain(unused_tests)
        .filter_map(|name| {
            let message = format!("the exemption of `{owner}` has nothing to exempt for {name}");
            finding(&rule::UNUSED, message, format!("take {name} out of it"))
        })
        .collect()
}
