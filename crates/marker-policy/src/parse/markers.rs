//! `[markers]`, `[plugin-markers]` and `[aliases]`: what markers there are beside those of the categories.

use crate::argument::{Argument, ArgumentKind};
use crate::category::Category;
use crate::document::{Item, Section, Word};
use crate::policy::{Alias, KnownMarker};

use super::{Defined, Reader, Reference, texts};

impl Reader<'_, '_> {
    pub(super) fn markers(&mut self) {
        if let Some(section) = self.document.section("markers") {
            for (name, entry) in section.named_sections() {
                let args = entry.has("args").then(|| arguments(&entry));
                let description = entry.string("description").map(|text| text.text);
                self.policy.markers.insert(name.text, KnownMarker { description, args });
            }
        }
        if let Some(section) = self.document.section("plugin-markers") {
            for (plugin, markers) in section.named_words() {
                self.policy.plugin_markers.insert(plugin.text, texts(markers));
            }
        }
        let Some(section) = self.document.section("aliases") else { return };
        let mut written: Vec<(Word, Word)> = Vec::new();
        for (old, new) in section.named_strings_and_sections() {
            let is_member = |category: Category| self.policy.is_member(category, &old.text);
            if Category::ALL.into_iter().any(is_member) {
                section.mistake(&old.span, format!("`{}` is a member of a category, and an alias", old.text));
            } else if self.policy.markers.contains_key(&old.text) {
                section.mistake(&old.span, format!("`{}` has an entry in `markers`, and is an alias", old.text));
            }
            let (name, note) = match new {
                Item::Word(name) => (Some(name), None),
                Item::Section(entry) => (entry.string("name"), entry.string("note").map(|note| note.text)),
            };
            let Some(name) = name else { continue };
            self.policy.aliases.insert(old.text.clone(), Alias { name: name.text.clone(), note });
            self.references.push(Reference { name: name.clone(), to: Defined::Marker });
            written.push((old, name));
        }
        // A name that was renamed itself is not the one to write; so there is no circle either.
        for (old, name) in written {
            let Some(newer) = self.policy.renamed(&name.text) else { continue };
            let message = match newer {
                _ if old.text == name.text => format!("`{}` is renamed to itself", old.text),
                newer if newer == old.text => {
                    format!("`{}` and `{}` are renamed to each other", old.text, name.text)
                }
                newer => format!("`{}` was renamed itself: write `{} = \"{newer}\"`", name.text, old.text),
            };
            section.mistake(&name.span, message);
        }
    }
}

fn arguments(entry: &Section<'_, '_>) -> Vec<Argument> {
    let items = entry.words_and_sections("args").unwrap_or_default();
    let last = items.len().saturating_sub(1);
    let mut arguments: Vec<Argument> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let (argument, at) = match item {
            Item::Word(word) => (Some(Argument::named(word.text)), word.span),
            Item::Section(section) => {
                let at = section.span().clone();
                (argument(&section, index == last), at)
            }
        };
        let Some(argument) = argument else { continue };
        if arguments.iter().any(|earlier| earlier.name == argument.name) {
            entry.mistake(&at, format!("`{}` stands twice in `args`", argument.name));
        }
        if !argument.optional && arguments.last().is_some_and(|earlier| earlier.optional) {
            let message =
                format!("`{}` follows an argument that may be left out, and may not be itself", argument.name);
            entry.mistake(&at, message);
        }
        arguments.push(argument);
    }
    arguments
}

fn argument(section: &Section<'_, '_>, is_last: bool) -> Option<Argument> {
    let word = section.string("type");
    let known = word.and_then(|word| ArgumentKind::ALL.into_iter().find(|kind| kind.as_str() == word.text));
    let kind = known.unwrap_or_default();
    let argument = Argument {
        name: section.string("name")?.text,
        kind,
        unit: section.string("unit").map(|unit| unit.text),
        min: section.real("min"),
        max: section.real("max"),
        optional: section.flag("optional").unwrap_or(false),
        many: section.flag("many").unwrap_or(false),
    };
    let wrong = |what: &str| section.mistake(section.span(), format!("`{}` {what}", argument.name));
    let counts = matches!(kind, ArgumentKind::Number | ArgumentKind::Integer);
    if !counts && (argument.min.is_some() || argument.max.is_some()) {
        wrong("has a limit and is no number: write `type = \"number\"`");
    }
    if let (Some(min), Some(max)) = (argument.min, argument.max)
        && min > max
    {
        wrong(&format!("has no value: it is at least {min} and at most {max}"));
    }
    if argument.many && !is_last {
        wrong("is followed by another, and cannot be `many`");
    }
    Some(argument)
}
