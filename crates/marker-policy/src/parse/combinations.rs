//! `[conflicts]`, `[coexist]` and `[companions]`: which markers may stand together.

use crate::combinations::Companions;
use crate::document::Word;

use super::{Defined, Reader, Reference};

impl Reader<'_, '_> {
    pub(super) fn combinations(&mut self) {
        if let Some(mut section) = self.document.section("conflicts") {
            for (name, markers) in section.named_words() {
                if markers.len() == 1 {
                    section.mistake(&name.span, format!("`{}` names one marker, which conflicts with none", name.text));
                }
                let markers = self.marker_references(markers);
                self.policy.combinations.conflicts.insert(name.text, markers);
            }
        }
        if let Some(mut section) = self.document.section("coexist") {
            for (name, markers) in section.named_words() {
                let markers = self.marker_references(markers);
                self.policy.combinations.coexist.insert(name.text, markers);
            }
        }
        let Some(mut section) = self.document.section("companions") else { return };
        for (name, mut entry) in section.named_sections() {
            let of = entry.words("of").unwrap_or_default();
            let exactly = entry.words("exactly-one");
            let at_least = entry.words("at-least-one");
            let wrong = match (&exactly, &at_least) {
                _ if of.is_empty() => Some("`of` names no marker"),
                (Some(_), Some(_)) => Some("it has `exactly-one` and `at-least-one`, of which one is meant"),
                (None, None) => Some("it has neither `exactly-one` nor `at-least-one`"),
                _ => None,
            };
            if let Some(wrong) = wrong {
                entry.mistake(&name.span, format!("`{}` in `companions`: {wrong}", name.text));
            }
            let companions = Companions {
                of: self.marker_references(of),
                exactly: exactly.is_some(),
                one_of: self.marker_references(exactly.or(at_least).unwrap_or_default()),
            };
            entry.finish();
            self.policy.combinations.companions.insert(name.text, companions);
        }
    }

    pub(super) fn marker_references(&mut self, words: Vec<Word>) -> Vec<String> {
        let names = words.iter().map(|word| word.text.clone()).collect();
        self.references.extend(words.into_iter().map(|name| Reference { name, to: Defined::Marker }));
        names
    }
}
