//! `[rust]` and `[defaults]`: markers that tests get which nobody wrote.

use test_catalog::RustTestKind::{Bench, Doc, Example, Integration, Unit};

use crate::category::Category;
use crate::policy::Defaults;

use super::{Defined, Reader, Reference, folder_patterns};

impl Reader<'_, '_> {
    pub(super) fn rust(&mut self) {
        let Some(section) = self.document.section("rust") else { return };
        for kind in [Unit, Integration, Doc, Example, Bench] {
            if let Some(markers) = section.words(kind.as_str()) {
                let markers = self.marker_references(markers);
                self.policy.rust.by_kind.insert(kind.as_str(), markers);
            }
        }
        if let Some(markers) = section.words("ignored") {
            self.policy.rust.ignored = self.marker_references(markers);
        }
        if let Some(feature) = section.string("integration-feature") {
            self.policy.rust.integration_feature = Some(feature.text);
        }
        let Some(features) = section.section("features") else { return };
        for (feature, markers) in features.named_words() {
            let markers = self.marker_references(markers);
            self.policy.rust.by_feature.insert(feature.text, markers);
        }
    }

    pub(super) fn defaults(&mut self) {
        let Some(section) = self.document.section("defaults") else { return };
        let mut defaults = Defaults::default();
        for category in Category::ALL {
            if let Some(name) = self.member(&section, category.as_str(), category) {
                defaults.markers.insert(category, name);
            }
        }
        if let Some(name) = section.string("tell") {
            defaults.tell = Some(name.text.clone());
            self.references.push(Reference { name, to: Defined::Marker });
        }
        defaults.not_under = folder_patterns(&section.words("not-under").unwrap_or_default());
        self.policy.defaults = Some(defaults);
    }
}
