//! `[categories]`: the markers that say what a test is.

use std::collections::BTreeSet;

use crate::category::{Category, Requirement};
use crate::document::Word;

use super::{Defined, Reader, Reference, texts};

impl Reader<'_, '_> {
    pub(super) fn categories(&mut self) {
        let Some(categories) = self.document.section("categories") else { return };
        let shared_before = self.in_several_categories();
        let mut written: Vec<(Category, Word)> = Vec::new();
        for category in Category::ALL {
            let Some(section) = categories.section(category.as_str()) else { continue };
            let rules = self.policy.categories.entry(category).or_default();
            match section.string("required").as_ref().map(|word| &*word.text) {
                Some("always") => rules.required = Requirement::Always,
                Some("where-applicable") => rules.required = Requirement::WhereApplicable,
                Some("never") => rules.required = Requirement::Never,
                _ => {}
            }
            if let Some(at_most_one) = section.flag("at-most-one") {
                rules.at_most_one = at_most_one;
            }
            if let Some(markers) = section.words("markers") {
                rules.members = texts(markers.clone());
                written.extend(markers.into_iter().map(|marker| (category, marker)));
            }
            let members: BTreeSet<String> = rules.members.iter().cloned().collect();
            for marker in section.words("add").unwrap_or_default() {
                if members.contains(&marker.text) {
                    section.mistake(&marker.span, format!("`{}` is in {category} already", marker.text));
                } else {
                    rules.members.push(marker.text.clone());
                    written.push((category, marker));
                }
            }
            if rules.required == Requirement::Always && rules.members.is_empty() {
                section.mistake(section.span(), format!("every test needs a {category} marker, and there is none"));
            }
        }
        let shared = categories.words("shared").unwrap_or_default();
        let is_shared: BTreeSet<&str> = shared.iter().map(|word| &*word.text).collect();
        for (category, marker) in &written {
            let mut others = Category::ALL.into_iter().filter(|other| other != category);
            // Of two that are both written here, the later one is told.
            let before = |other: &Category| {
                other < category || !written.iter().any(|(written, word)| written == other && word.text == marker.text)
            };
            let elsewhere = others.find(|other| self.policy.is_member(*other, &marker.text) && before(other));
            let is_meant = is_shared.contains(&*marker.text) || shared_before.contains(&marker.text);
            if let (Some(other), false) = (elsewhere, is_meant) {
                let message = format!(
                    "`{}` is in {other} and in {category}; where that is meant, name it in `categories.shared`",
                    marker.text
                );
                categories.mistake(&marker.span, message);
            }
        }
        for marker in &shared {
            let mut categories_of = Category::ALL.into_iter().filter(|one| self.policy.is_member(*one, &marker.text));
            if let (Some(one), None) = (categories_of.next(), categories_of.next()) {
                categories.mistake(&marker.span, format!("`{}` is shared, and in {one} only", marker.text));
            }
        }
        self.references.extend(shared.into_iter().map(|name| Reference { name, to: Defined::Marker }));
    }
    /// Markers that the preset has in several categories: who writes one of these anew means the same.
    fn in_several_categories(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let members = self.policy.categories.values().flat_map(|rules| &rules.members);
        members.filter(|member| !seen.insert(*member)).cloned().collect()
    }
}
