//! `[ci]` and `[[lanes]]`: where lanes are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::category::Category;
use crate::ci::{PolicyAction, PolicyLane};

use super::{Defined, Reader, Reference, texts};

impl Reader<'_, '_> {
    pub(super) fn ci(&mut self) {
        let Some(section) = self.document.section("ci") else { return };
        if let Some(files) = section.words("workflows") {
            self.policy.ci.workflows = texts(files);
        }
        if let Some(folders) = section.words("checkouts") {
            self.policy.ci.checkouts = texts(folders);
        }
        if let Some(names) = section.words("runs-no-tests") {
            self.policy.ci.runs_no_tests = texts(names);
        }
        if let Some(files) = section.words("hooks") {
            self.policy.ci.hooks = texts(files);
        }
        if let Some(stages) = section.section("stages") {
            let mut stage_of: BTreeMap<String, String> = BTreeMap::new();
            for (stage, files) in stages.named_words() {
                for file in &files {
                    if let Some(other) = stage_of.insert(file.text.clone(), stage.text.clone()) {
                        let message = format!("`{}` is a workflow of {other} and of {}", file.text, stage.text);
                        stages.mistake(&file.span, message);
                    }
                }
                self.policy.ci.stages.insert(stage.text.clone(), texts(files));
                self.references.push(Reference { name: stage, to: Defined::MemberOf(Category::Lifecycle) });
            }
        }
        let Some(actions) = section.sections("actions") else { return };
        self.policy.ci.actions.clear();
        for entry in actions {
            let (Some(uses), Some(run)) = (entry.string("uses"), entry.string("run")) else { continue };
            if self.policy.action(&uses.text).is_some() {
                entry.mistake(&uses.span, format!("there are two actions `{}`", uses.text));
            }
            let line = self.document.line_of(entry.span());
            self.policy.ci.actions.push(PolicyAction { uses: uses.text, run: run.text, line });
        }
    }

    pub(super) fn lanes(&mut self) {
        let Some(entries) = self.document.sections("lanes") else { return };
        self.policy.ci.lanes.clear();
        let mut names: BTreeSet<String> = BTreeSet::new();
        for entry in entries {
            let name = entry.string("name");
            if let Some(name) = &name
                && !names.insert(name.text.clone())
            {
                entry.mistake(&name.span, format!("there are two lanes `{}`", name.text));
            }
            let (Some(name), Some(run)) = (name, entry.string("run")) else { continue };
            let folder = entry.string("folder").map(|folder| folder.text).filter(|folder| folder != ".");
            let line = self.document.line_of(entry.span());
            let folder = folder.unwrap_or_default();
            self.policy.ci.lanes.push(PolicyLane { name: name.text, folder, run: run.text, line });
        }
    }
}
