//! `[markers]`, `[plugin-markers]` and `[aliases]`: what markers there are beside those of the categories.

use crate::argument::{Argument, ArgumentKind};
use crate::category::Category;
use crate::document::{Item, Section};
use crate::nearest::{did_you_mean, nearest};
use crate::policy::{Alias, KnownMarker};

use super::{Defined, Reader, Reference, check_marker_name, required};

impl Reader<'_, '_> {
    pub(super) fn markers(&mut self) {
        if let Some(mut section) = self.document.section("markers") {
            for (name, mut entry) in section.named_sections() {
                check_marker_name(&section, &name);
                let args = entry.has("args").then(|| arguments(&mut entry));
                let marker = KnownMarker { description: entry.string("description").map(|text| text.text), args };
                entry.finish();
                self.policy.markers.insert(name.text, marker);
            }
        }
        if let Some(mut section) = self.document.section("plugin-markers") {
            for (plugin, markers) in section.named_words() {
                let names = markers.into_iter().map(|marker| marker.text).collect();
                self.policy.plugin_markers.insert(plugin.text, names);
            }
        }
        if let Some(mut section) = self.document.section("aliases") {
            for (old, new) in section.named_strings_and_sections() {
                check_marker_name(&section, &old);
                if Category::ALL.into_iter().any(|category| self.policy.is_member(category, &old.text)) {
                    section.mistake(&old.span, format!("`{}` is a member of a category, and an alias", old.text));
                }
                let (name, note) = match new {
                    Item::Word(name) => (Some(name), None),
                    Item::Section(mut entry) => {
                        let name = required(&mut entry, "name");
                        let note = entry.string("note").map(|note| note.text);
                        entry.finish();
                        (name, note)
                    }
                };
                let Some(name) = name else { continue };
                self.policy.aliases.insert(old.text, Alias { name: name.text.clone(), note });
                self.references.push(Reference { name, to: Defined::Marker });
            }
        }
    }
}

fn arguments(entry: &mut Section<'_, '_>) -> Vec<Argument> {
    let items = entry.words_and_sections("args").unwrap_or_default();
    let last = items.len().saturating_sub(1);
    let mut arguments: Vec<Argument> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let argument = match item {
            Item::Word(word) => Some(Argument::named(word.text)),
            Item::Section(section) => argument(section, index == last),
        };
        let Some(argument) = argument else { continue };
        if arguments.iter().any(|earlier| earlier.name == argument.name) {
            entry.mistake(&entry.span_of("args"), format!("`{}` stands twice in `args`", argument.name));
        }
        arguments.push(argument);
    }
    arguments
}

fn argument(mut section: Section<'_, '_>, is_last: bool) -> Option<Argument> {
    let name = required(&mut section, "name");
    let kind = section.string("type").map_or(ArgumentKind::Any, |word| {
        let known = ArgumentKind::ALL.into_iter().find(|kind| kind.as_str() == word.text);
        known.unwrap_or_else(|| {
            let words = ArgumentKind::ALL.map(ArgumentKind::as_str);
            let meant = did_you_mean(&nearest(&word.text, words));
            let known = words.join(", ");
            section.mistake(&word.span, format!("`{}` is no type of argument{meant} (types: {known})", word.text));
            ArgumentKind::Any
        })
    });
    let argument = Argument {
        name: name?.text,
        kind,
        unit: section.string("unit").map(|unit| unit.text),
        min: section.real("min"),
        max: section.real("max"),
        optional: section.flag("optional").unwrap_or(false),
        many: section.flag("many").unwrap_or(false),
    };
    let counts = matches!(kind, ArgumentKind::Number | ArgumentKind::Integer);
    if !counts && (argument.min.is_some() || argument.max.is_some()) {
        section.mistake(section.span(), format!("`{}` has a limit and is no number", argument.name));
    }
    if argument.many && !is_last {
        section.mistake(section.span(), format!("`{}` is followed by another, and cannot be `many`", argument.name));
    }
    section.finish();
    Some(argument)
}
