//! `[[exemptions]]`: findings that stay for a while.

use crate::exemption::{Exemption, TestPattern};
use crate::rules;

use super::Reader;

impl Reader<'_, '_> {
    pub(super) fn exemptions(&mut self) {
        let Some(entries) = self.document.sections("exemptions") else { return };
        for entry in entries {
            let mut rules = Vec::new();
            let (names, tests) = (entry.words("rules"), entry.words("tests"));
            for (key, list) in [("rules", &names), ("tests", &tests)] {
                if list.as_ref().is_some_and(Vec::is_empty) {
                    entry.mistake(&entry.span_of(key), format!("`{key}` in `exemptions` names nothing"));
                }
            }
            for name in names.into_iter().flatten() {
                let Some(rule) = rules::find(&name.text) else { continue };
                if rule.can_be_exempt() {
                    rules.push(rule.code);
                } else {
                    entry.mistake(&name.span, format!("nothing is exempt from `{}`", name.text));
                }
            }
            let texts = ["owner", "reason"].map(|key| entry.string(key).map(|word| word.text));
            let ([Some(owner), Some(reason)], Some(expires)) = (texts, entry.day("expires")) else { continue };
            self.policy.exemptions.push(Exemption {
                rules,
                tests: tests.iter().flatten().filter_map(|test| TestPattern::parse(&test.text).ok()).collect(),
                owner,
                reason,
                expires,
                ticket: entry.string("ticket").map(|word| word.text),
                line: self.document.line_of(entry.span()),
            });
        }
    }
}
