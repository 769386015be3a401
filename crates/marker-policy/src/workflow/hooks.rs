//! The hooks of pre-commit: what `.pre-commit-config.yaml` says that they run.
//!
//! Source: pre-commit's documentation, "Adding pre-commit plugins to your project" and "Repository local hooks".

use test_catalog::{Reason, SourceSpan, TreePath};

use super::unseen::Unseen;
use super::yaml::{self, Node};

/// The hooks of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hooks {
    /// Those that are written in the file itself (`repo: local`) and run a program.
    pub local: Vec<Hook>,
    /// The repositories that others come from, and hooks that run in an image.
    pub unseen: Vec<Unseen>,
    /// What could not be read.
    pub problems: Vec<Reason>,
}

/// A hook that is written in the file itself. It runs in the tree, and no shell reads its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its `id`.
    pub id: String,
    /// Its `entry`.
    pub at: SourceSpan,
    /// The program and its arguments, as they are written: pre-commit splits them like a shell, and expands nothing.
    pub entry: String,
    /// Further arguments: `args`.
    pub arguments: Vec<String>,
    /// Whether the files that changed come behind these.
    pub takes_files: bool,
    /// What must hold for it to run, for people: it is about some files only, or runs in some stages only.
    pub conditions: Vec<String>,
}

/// The hooks in the text of a file.
#[must_use]
pub fn read_hooks(path: &TreePath, text: &str) -> Hooks {
    let mut hooks = Hooks::default();
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let at = SourceSpan::at(path.clone(), error.at);
            hooks.problems.push(Reason { text: format!("this YAML cannot be read: {error}"), at });
            return hooks;
        }
    };
    for repository in root.get("repos").map(|repositories| repositories.list()).unwrap_or_default() {
        let Some(url) = repository.get("repo") else { continue };
        match text_of(url).as_str() {
            "meta" => {}
            "local" => {
                for hook in repository.get("hooks").map(|hooks| hooks.list()).unwrap_or_default() {
                    hooks.add(path, hook);
                }
            }
            elsewhere => {
                let name = elsewhere.trim_end_matches(".git");
                let name = name.split_once("://").map_or(name, |(_, rest)| rest);
                let name = name.strip_prefix("github.com/").unwrap_or(name).to_owned();
                let text = format!("runs hooks of `{elsewhere}`, which is not in this tree");
                hooks.unseen.push(Unseen { name, text, at: SourceSpan::at(path.clone(), url.at) });
            }
        }
    }
    hooks
}

impl Hooks {
    fn add(&mut self, path: &TreePath, hook: &Node) {
        let value = |key: &str| hook.get(key).map(|node| text_of(node)).filter(|text| !text.is_empty());
        let (Some(id), Some(entry)) = (value("id"), hook.get("entry")) else { return };
        let at = SourceSpan::at(path.clone(), entry.at);
        let mut entry = text_of(entry);
        match value("language").as_deref().unwrap_or_default() {
            // These look at text only.
            "pygrep" | "fail" => return,
            "docker" | "docker_image" => {
                let text = format!("runs the hook `{id}` in an image, which is not read");
                self.unseen.push(Unseen { name: id, text, at });
                return;
            }
            // Its entry is a file of the tree.
            "script" | "unsupported_script" if !entry.starts_with(['/', '.']) => entry.insert_str(0, "./"),
            _ => {}
        }
        let is = |key: &str, default: bool| value(key).map_or(default, |text| text == "true");
        let mut conditions = Vec::new();
        if !is("always_run", false) {
            match value("files").or_else(|| value("types")).or_else(|| value("types_or")) {
                Some(pattern) => conditions.push(format!("files that match `{pattern}` changed")),
                None => conditions.push("files changed".to_owned()),
            }
        }
        let stages = words_of(hook, "stages");
        if !stages.is_empty() {
            conditions.push(format!("pre-commit runs at {}", stages.join(", ")));
        }
        let (arguments, takes_files) = (words_of(hook, "args"), is("pass_filenames", true));
        self.local.push(Hook { id, at, entry, arguments, takes_files, conditions });
    }
}

fn text_of(node: &Node) -> String {
    match node.scalar() {
        Some(scalar) => scalar.text.to_string(),
        None => words(node).join(", "),
    }
}

fn words_of(node: &Node, key: &str) -> Vec<String> {
    node.get(key).map(|list| words(list)).unwrap_or_default()
}

fn words(node: &Node) -> Vec<String> {
    node.list().iter().filter_map(|word| word.scalar()).map(|word| word.text.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_are_read_as_pre_commit_does() {
        let text = "repos:\n- repo: meta\n  hooks: [{id: check-hooks-apply}]\n- repo: https://github.com/psf/black.git\n  hooks: \
                    [{id: black}]\n- repo: local\n  hooks:\n  - {id: unit, language: system, entry: pytest -m 'unit', args: [-x], \
                    pass_filenames: false, always_run: true}\n  - {id: own, language: script, entry: ci/own.sh, files: ^lib/, stages: \
                    [pre-push]}\n  - {id: words, language: pygrep, entry: cargo test}\n  - {id: image, language: docker_image, entry: \
                    x pytest}\n  - {id: broken}\n";
        let found = read_hooks(&TreePath::new("hooks.yaml"), text);
        let local: Vec<_> = found
            .local
            .iter()
            .map(|hook| (hook.entry.as_str(), hook.takes_files, hook.conditions.join("; ")))
            .collect();
        let own = "files that match `^lib/` changed; pre-commit runs at pre-push".to_owned();
        assert_eq!(local, [("pytest -m 'unit'", false, String::new()), ("./ci/own.sh", true, own)]);
        assert_eq!(found.local[0].arguments, ["-x"]);
        let unseen: Vec<_> = found.unseen.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(unseen, ["psf/black", "image"]);
        assert_eq!(read_hooks(&TreePath::new("hooks.yaml"), "repos: [").problems.len(), 1);
        assert_eq!(read_hooks(&TreePath::new("hooks.yaml"), "[1, {repos: 2}]"), Hooks::default());
    }
}
