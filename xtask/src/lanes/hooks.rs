//! The hooks of pre-commit that run tests, where the policy names their files.

use camino::Utf8Path;
use marker_policy::workflow::{self, Directory, Hook, Scripts};
use marker_policy::{LaneCondition, Policy, UnseenLane};
use pytest_discovery::split_words;
use test_catalog::{Reason, SourceSpan, TreePath};

use super::{Commands, Origin};

impl Commands {
    /// Reads the files of pre-commit that the policy names; `files` gives their texts.
    pub(super) fn hooks(
        &mut self,
        policy: &Policy,
        tree: &Utf8Path,
        scripts: &Scripts<'_>,
        files: &dyn Fn(&TreePath) -> Option<String>,
    ) {
        for named in policy.hooks() {
            let path = TreePath::new(named);
            let Some(text) = files(&path) else {
                let text = format!(
                    "the hooks `{named}` cannot be read: that has to be a file of UTF-8 text, and no large one"
                );
                self.problems.push(Reason { text, at: SourceSpan::line(path, 1) });
                continue;
            };
            let found = workflow::read_hooks(&path, &text);
            self.problems.extend(found.problems);
            for one in found.unseen.into_iter().filter(|one| !policy.runs_no_tests(&one.name)) {
                let (name, text, at) = (one.name, one.text, one.at);
                self.unseen.push(UnseenLane { family: named.clone(), more: 0, name, text, at });
            }
            for hook in &found.local {
                self.hook(named, hook, policy, tree, scripts);
            }
        }
    }

    fn hook(&mut self, file: &str, hook: &Hook, policy: &Policy, tree: &Utf8Path, scripts: &Scripts<'_>) {
        let name = format!("{file} / {}", hook.id);
        let script = as_script(hook);
        match scripts.commands_of(&script, &hook.at, Directory::tree(), &[]) {
            Ok(found) => {
                for one in found.unseen.into_iter().filter(|one| !policy.runs_no_tests(&one.name)) {
                    let (name, text, at) = (one.name, one.text, one.at);
                    self.unseen.push(UnseenLane { family: format!("{file} / {}", hook.id), more: 0, name, text, at });
                }
                let conditions = hook.conditions.iter().map(|text| LaneCondition::of_hook(text, &hook.at));
                let conditions: Vec<_> = conditions.collect();
                for command in &found.commands {
                    let origin = Origin {
                        name: &name,
                        family: &name,
                        stage: None,
                        limit: None,
                        conditions: conditions.clone(),
                        machine: None,
                        is_elsewhere: true,
                    };
                    self.add(&origin, command, policy, tree);
                }
            }
            Err(problem) => self.problems.push(problem),
        }
    }
}

/// The words of a hook for a shell that expands none of them, and `"$@"` for the files that changed.
fn as_script(hook: &Hook) -> String {
    let words = split_words(&hook.entry).unwrap_or_else(|_| vec![hook.entry.clone()]);
    let quoted = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
    let files = hook.takes_files.then(|| "\"$@\"".to_owned());
    words.iter().chain(&hook.arguments).map(quoted).chain(files).collect::<Vec<_>>().join(" ")
}
