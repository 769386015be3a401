//! Findings that a comment allows, with a reason: `# test-kit: allow(missing-lifecycle) run by hand before a release`.

mod directive;

use test_catalog::{Comment, SourceSpan, TreePath};

use crate::finding::Finding;
use crate::judged::Judged;
use crate::policy::RuleLevel;
use crate::rules::{self, Rule, suppression as rule};
use directive::{Directive, Reach};

/// The findings that remain, and those that comments allow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suppressed {
    /// What no comment allows, and what is wrong with comments; in the order of their places.
    pub findings: Vec<Finding>,
    /// What comments allow, in the order of their places.
    pub allowed: Vec<Allowed>,
}

/// A finding that a comment allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// The finding.
    pub finding: Finding,
    /// Why it may stay, as the comment says.
    pub reason: String,
    /// The comment.
    pub at: SourceSpan,
}

/// A comment that allows something.
struct Allowance<'x> {
    file: &'x TreePath,
    comment: &'x Comment,
    directive: Directive,
    /// For each of its rules, whether there was a finding to allow.
    used: Vec<bool>,
}

/// Takes out the findings that comments allow.
///
/// A comment is `test-kit: allow(RULE, ...) REASON`. It allows the findings of those rules at its own line and at the
/// lines that it [is about](Comment::is_about). At the top of a file, `test-kit: allow-file(RULE, ...) REASON` allows those of the file.
/// Without a reason it allows nothing and is a finding itself, and so is one that cannot be understood or, as far as the
/// audit could tell, has nothing to allow. `comments` are those of every file that was looked at.
#[must_use]
pub fn suppress(judged: &Judged<'_>, findings: Vec<Finding>, comments: &[(TreePath, Vec<Comment>)]) -> Suppressed {
    let mut suppressed = Suppressed::default();
    let mut allowances = Vec::new();
    for (file, comment) in comments.iter().flat_map(|(file, list)| list.iter().map(move |comment| (file, comment))) {
        match Directive::parse(&comment.text) {
            None => {}
            Some(Err(wrong)) => {
                let help = "write `test-kit: allow(RULE) REASON`, or take the comment out";
                suppressed.report(judged, &rule::UNUSED, file, comment, wrong, help.to_owned());
            }
            Some(Ok(directive)) => {
                let used = vec![false; directive.rules.len()];
                allowances.push(Allowance { file, comment, directive, used });
            }
        }
    }
    for finding in findings {
        match allowance_for(&finding, &mut allowances) {
            Some((reason, at)) => suppressed.allowed.push(Allowed { finding, reason, at }),
            None => suppressed.findings.push(finding),
        }
    }
    for allowance in &allowances {
        suppressed.report_mistakes(judged, allowance);
    }
    suppressed.findings.sort_by(|one, other| one.at.cmp(&other.at));
    suppressed
}

/// The first comment that allows the finding. All that would are in use.
fn allowance_for(finding: &Finding, allowances: &mut [Allowance<'_>]) -> Option<(String, SourceSpan)> {
    let rule = rules::find(finding.rule.as_str()).filter(|rule| rule.can_be_allowed())?;
    let mut allowed = None;
    for allowance in allowances.iter_mut().filter(|allowance| allowance.reaches(finding)) {
        for (name, used) in allowance.directive.rules.iter().zip(&mut allowance.used) {
            *used |= name == rule.code.as_str();
        }
        let named = allowance.directive.rules.iter().any(|name| name == rule.code.as_str());
        if let (true, None, Some(reason)) = (named, &allowed, &allowance.directive.reason) {
            allowed = Some((reason.clone(), SourceSpan::at(allowance.file.clone(), allowance.comment.at)));
        }
    }
    allowed
}

impl Allowance<'_> {
    fn reaches(&self, finding: &Finding) -> bool {
        *self.file == finding.at.file
            && match self.directive.reach {
                // A place for something new may be the very line that the comment takes.
                Reach::Lines => {
                    let line = finding.at.start.line;
                    self.comment.is_about(line) || self.comment.at.line == line
                }
                Reach::File => self.comment.at_top,
            }
    }
}

impl Suppressed {
    fn report_mistakes(&mut self, judged: &Judged<'_>, allowance: &Allowance<'_>) {
        let Allowance { file, comment, directive, used } = allowance;
        if directive.reason.is_none() {
            let message = format!("nothing says why `{}` is allowed here", directive.rules.join(", "));
            let help = "write the reason behind the bracket: until then the comment allows nothing".to_owned();
            self.report(judged, &rule::WITHOUT_REASON, file, comment, message, help);
        }
        if directive.reach == Reach::File && !comment.at_top {
            let message = "`allow-file` stands below code, and allows nothing there".to_owned();
            let help = "put it above the first statement of the file".to_owned();
            return self.report(judged, &rule::UNUSED, file, comment, message, help);
        }
        for (name, _) in directive.rules.iter().zip(used).filter(|(_, used)| !**used) {
            match rules::find(name) {
                None => {
                    let known = rules::ALL.iter().map(|rule| rule.code.as_str());
                    let meant = crate::nearest::did_you_mean(&crate::nearest(name, known));
                    let help = "`cargo xtask policy rules` lists the rules".to_owned();
                    self.report(
                        judged,
                        &rule::UNUSED,
                        file,
                        comment,
                        format!("no rule is named `{name}`{meant}"),
                        help,
                    );
                }
                Some(found) if !found.can_be_allowed() => {
                    let message = format!("no comment can allow `{name}`");
                    let help =
                        "take it out: the policy can turn the rule off, and a baseline holds what is there".to_owned();
                    self.report(judged, &rule::UNUSED, file, comment, message, help);
                }
                Some(found) if judged.all_of(found.code) => {
                    let message = format!("there is no finding of `{name}` here to allow");
                    let help = match directive.reach {
                        Reach::Lines => "take it out, or put it at the line of the finding or right above it",
                        Reach::File => "take it out",
                    };
                    self.report(judged, &rule::UNUSED, file, comment, message, help.to_owned());
                }
                Some(_) => {}
            }
        }
    }

    fn report(
        &mut self,
        judged: &Judged<'_>,
        rule: &Rule,
        file: &TreePath,
        comment: &Comment,
        message: String,
        help: String,
    ) {
        let RuleLevel::On(severity) = judged.policy.level(rule) else { return };
        self.findings.push(Finding {
            rule: rule.code,
            severity,
            message,
            at: SourceSpan::at(file.clone(), comment.at),
            label: None,
            cases: Vec::new(),
            has: Vec::new(),
            needs: Vec::new(),
            effect: None,
            help,
            insertion: None,
            evidence: Vec::new(),
            note: None,
        });
    }
}
