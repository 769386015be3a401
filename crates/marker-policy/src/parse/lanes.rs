//! `[ci]` and `[[lanes]]`: where lanes are written.

use crate::document::Word;
use crate::location::FolderPattern;
use crate::policy::{PolicyAction, PolicyLane};

use super::{Defined, Reader, Reference, required};
use crate::category::Category;

impl Reader<'_, '_> {
    pub(super) fn lanes(&mut self) {
        if let Some(mut section) = self.document.section("ci") {
            if let Some(files) = section.words("workflows") {
                for file in &files {
                    check_path(file, |wrong| section.mistake(&file.span, wrong));
                }
                self.policy.ci.workflows = files.into_iter().map(|file| file.text).collect();
            }
            for folder in section.words("checkouts").unwrap_or_default() {
                if folder.text.starts_with('/') {
                    self.policy.ci.checkouts.push(folder.text);
                } else {
                    let wrong = format!("`{}`: write an absolute folder of CI's machines: `/workspace`", folder.text);
                    section.mistake(&folder.span, wrong);
                }
            }
            if let Some(mut stages) = section.section("stages") {
                for (stage, files) in stages.named_words() {
                    let files = files.into_iter().map(|file| file.text).collect();
                    self.policy.ci.stages.insert(stage.text.clone(), files);
                    self.references.push(Reference { name: stage, to: Defined::MemberOf(Category::Lifecycle) });
                }
            }
            if let Some(actions) = section.sections("actions") {
                self.policy.ci.actions.clear();
                for mut entry in actions {
                    let uses = required(&mut entry, "uses");
                    if let Some(uses) = &uses {
                        check_path(uses, |wrong| entry.mistake(&uses.span, wrong));
                    }
                    let run = required(&mut entry, "run");
                    let line = self.document.line_of(entry.span());
                    entry.finish();
                    if let (Some(uses), Some(run)) = (uses, run) {
                        self.policy.ci.actions.push(PolicyAction { uses: uses.text, run: run.text, line });
                    }
                }
            }
            section.finish();
        }
        let Some(entries) = self.document.sections("lanes") else { return };
        self.policy.ci.lanes.clear();
        for mut entry in entries {
            let name = required(&mut entry, "name");
            let run = required(&mut entry, "run");
            let folder = entry.string("folder");
            if let Some(folder) = &folder {
                check_path(folder, |wrong| entry.mistake(&folder.span, wrong));
            }
            let line = self.document.line_of(entry.span());
            entry.finish();
            if let (Some(name), Some(run)) = (name, run) {
                if self.policy.ci.lanes.iter().any(|lane| lane.name == name.text) {
                    self.document.mistake(&name.span, format!("there are two lanes `{}`", name.text));
                }
                let folder = folder.map(|folder| folder.text).filter(|folder| folder != ".").unwrap_or_default();
                self.policy.ci.lanes.push(PolicyLane { name: name.text, folder, run: run.text, line });
            }
        }
    }
}

/// A file or folder of the tree: the same words as for a folder pattern, relative and below.
fn check_path(path: &Word, mistake: impl FnOnce(String)) {
    if path.text == "." {
        return;
    }
    if let Err(wrong) = FolderPattern::parse(&path.text) {
        mistake(format!("`{}`: {wrong}", path.text));
    }
}
