//! `[locations]`, `[files]`, `[imports]` and `[audit]`: where tests stand and what shows what they are about, and where
//! the policy binds them.

use crate::category::Category;
use crate::evidence::EvidenceKind;
use crate::location::FileNamePattern;
use crate::policy::Proposals;

use super::{Defined, Reader, Reference, folder_patterns, texts};

impl Reader<'_, '_> {
    pub(super) fn locations(&mut self) {
        if let Some(section) = self.document.section("locations") {
            let locations = &mut self.policy.locations;
            if let Some(folders) = section.words("component") {
                locations.component = folder_patterns(&folders);
            }
            if let Some(folders) = section.words("cross-component") {
                locations.cross_component = folder_patterns(&folders);
            }
            if let Some(types) = section.section("types") {
                for (test_type, folders) in types.named_words() {
                    locations.by_type.insert(test_type.text.clone(), folder_patterns(&folders));
                    self.references.push(Reference { name: test_type, to: Defined::MemberOf(Category::Type) });
                }
            }
        }
        let name = self.document.section("files").and_then(|section| section.string("name"));
        if let Some(pattern) = name.and_then(|name| FileNamePattern::parse(&name.text).ok()) {
            self.policy.files = Some(pattern);
        }
    }

    pub(super) fn imports(&mut self) {
        let Some(section) = self.document.section("imports") else { return };
        for (package, marker) in section.named_strings(&[]) {
            self.policy.imports.insert(package.text, marker.text.clone());
            self.references.push(Reference { name: marker, to: Defined::Marker });
        }
    }

    pub(super) fn container(&mut self) {
        let Some(section) = self.document.section("container") else { return };
        let container = &mut self.policy.container;
        for (key, value) in [
            ("run", &mut container.run),
            ("build", &mut container.build),
            ("workspace", &mut container.workspace),
            ("engine", &mut container.engine),
        ] {
            if let Some(word) = section.string(key) {
                *value = word.text;
            }
        }
        for (key, values) in [("arguments", &mut container.arguments), ("environment", &mut container.environment)] {
            if let Some(words) = section.words(key) {
                *values = texts(words);
            }
        }
    }

    pub(super) fn audit(&mut self) {
        let Some(section) = self.document.section("audit") else { return };
        if let Some(words) = section.words("required-under") {
            self.policy.required_under = folder_patterns(&words);
        }
        if let Some(words) = section.words("tickets") {
            self.policy.tickets = texts(words);
        }
        if let Some(words) = section.words("proposals") {
            let kinds = words.iter().filter_map(|word| EvidenceKind::of_word(&word.text));
            self.policy.proposals = Proposals(kinds.collect());
        }
    }
}
