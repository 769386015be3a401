//! What the audit found.

use test_catalog::{EditForm, NodeId, PytestNames, SourceSpan};

use crate::evidence::Evidence;
use crate::rules::{Rule, RuleCode, Severity};

/// One cause that breaks the policy, and everything that it affects.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleCode,
    /// How much it weighs, as the policy has it.
    pub severity: Severity,
    /// What is wrong, such as `22 tests have no lifecycle marker`. What it has in backquotes are names of what it is about:
    /// with the rule and the place, they make it the same finding in another revision.
    pub message: String,
    /// The place of the cause.
    pub at: SourceSpan,
    /// What to say at that place, such as `all 22 tests of this module take their markers from here`.
    pub label: Option<String>,
    /// The tests that it affects, in the catalog's order; none where a file could not be read.
    pub cases: Vec<NodeId>,
    /// What is there already: names of authored markers.
    pub has: Vec<String>,
    /// What would satisfy the rule: markers, folders, or a file's name. One of them is enough.
    pub needs: Vec<String>,
    /// What follows from it, where that is not plain.
    pub effect: Option<String>,
    /// What to do, with the very line to write.
    pub help: String,
    /// The line to write, where the rule knows one.
    pub insertion: Option<Insertion>,
    /// What speaks for the marker that is proposed; where it speaks for several, none is.
    pub evidence: Vec<Evidence>,
    /// More that the reader may need, such as further places.
    pub note: Option<String>,
}

impl Finding {
    /// A finding that says no more than what is wrong and where: the rest is for the rule to fill in.
    pub(crate) fn new(rule: &Rule, message: String, at: SourceSpan) -> Self {
        Self {
            rule: rule.code,
            severity: rule.severity,
            message,
            at,
            label: None,
            cases: Vec::new(),
            has: Vec::new(),
            needs: Vec::new(),
            effect: None,
            help: String::new(),
            insertion: None,
            evidence: Vec::new(),
            note: None,
        }
    }

    /// Has what is to be written say `pytest.mark` as the file's own code does there: `pt.mark` behind `import pytest as pt`.
    /// It stays as it is where the file has no name for it yet.
    pub fn in_words_of(&mut self, names: &PytestNames) {
        let at = self.insertion.as_ref().map_or(&self.at, |insertion| &insertion.at).start;
        let Some(mark) = names.marks_at(at).next().filter(|mark| *mark != "pytest.mark") else { return };
        let said = |text: &str| text.replace("pytest.mark.", &format!("{mark}."));
        self.help = said(&self.help);
        if let Some(insertion) = &mut self.insertion {
            insertion.text = said(&insertion.text);
        }
    }
}

/// A line to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insertion {
    /// How it becomes a part of what stands there.
    pub form: EditForm,
    /// Where.
    pub at: SourceSpan,
    /// The marker, as it stands behind `pytest.mark.`: `unit`, `timeout(180)`.
    pub marker: String,
    /// What to write, ready to paste: `pytest.mark.post_merge,` or `@pytest.mark.unit`.
    pub text: String,
    /// Whether it can be written without anybody looking at it.
    pub safety: Safety,
}

/// Whether a marker changes what a test is selected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Safety {
    /// The tests have the marker already in the end, from a hook or from a default of the policy: writing it changes nothing
    /// that runs.
    Safe,
    /// It is a proposal, inferred from evidence: from imports, folders, neighbours, measured times.
    Proposal,
}
