//! `[conflicts]`, `[coexist]` and `[companions]`: which markers may stand together.

use crate::combinations::Companions;
use crate::document::{Section, Word};

use super::Reader;

impl<'d, 't> Reader<'d, 't> {
    pub(super) fn combinations(&mut self) {
        let mut written: Vec<Word> = Vec::new();
        if let Some(section) = self.document.section("conflicts") {
            for (name, markers) in section.named_words() {
                if markers.len() == 1 {
                    section.mistake(&name.span, format!("`{}` names one marker, which conflicts with none", name.text));
                }
                let markers = self.marker_references(markers);
                self.policy.combinations.conflicts.insert(name.text.clone(), markers);
                written.push(name);
            }
        }
        if let Some(section) = self.document.section("coexist") {
            for (name, markers) in section.named_words() {
                if markers.len() == 1 {
                    section.mistake(&name.span, format!("`{}` names one marker, and no other beside it", name.text));
                }
                let markers = self.marker_references(markers);
                self.policy.combinations.coexist.insert(name.text, markers);
            }
        }
        self.check_conflicts(&written);
        let Some(section) = self.document.section("companions") else { return };
        for (name, entry) in section.named_sections() {
            self.companions(name, &entry);
        }
    }

    /// A conflict that may coexist all the same says nothing.
    fn check_conflicts(&self, written: &[Word]) {
        let combinations = &self.policy.combinations;
        for name in written {
            let Some(markers) = combinations.conflicts.get(&name.text) else { continue };
            if let Some(group) = combinations.allowed_by(markers) {
                let message =
                    format!("`{}` in `conflicts` says nothing: `{group}` in `coexist` allows all of it", name.text);
                self.document.mistake(&name.span, message);
            }
        }
    }

    fn companions(&mut self, name: Word, entry: &Section<'d, 't>) {
        let wrong = |what: &str| entry.mistake(&name.span, format!("`{}` in `companions`: {what}", name.text));
        let of = entry.words("of").unwrap_or_default();
        let exactly = entry.words("exactly-one");
        let one_of = exactly.clone().or_else(|| entry.words("at-least-one")).unwrap_or_default();
        match (entry.has("exactly-one"), entry.has("at-least-one")) {
            (true, true) => wrong("it has `exactly-one` and `at-least-one`, of which one is meant"),
            (false, false) => wrong("it has neither `exactly-one` nor `at-least-one`"),
            _ if one_of.is_empty() => wrong("nothing stands beside the markers of `of`"),
            _ => {}
        }
        if entry.has("of") && of.is_empty() {
            wrong("`of` names no marker");
        }
        for marker in of.iter().filter(|marker| one_of.iter().any(|other| other.text == marker.text)) {
            entry.mistake(&marker.span, format!("`{}` stands on both sides, and needs nothing beside it", marker.text));
        }
        let companions = Companions {
            of: self.marker_references(of),
            exactly: exactly.is_some(),
            one_of: self.marker_references(one_of),
        };
        self.policy.combinations.companions.insert(name.text, companions);
    }
}
