//! The files of a tree that changed since a revision, as git knows them.

use std::collections::BTreeSet;
use std::io;
use std::process::Output;

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::TreePath;

use crate::git;

/// Files, and folders that are repositories of their own, relative to the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    paths: BTreeSet<String>,
}

/// Why git could not tell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangedError {
    #[error("--since asks git, which cannot be started: {0}")]
    NoGit(#[source] io::Error),
    #[error("--since asks git, which does not take {tree} for a part of a repository: {said}")]
    NoRepository { tree: Utf8PathBuf, said: String },
    #[error("--since {revision}: no such revision in {tree} (a shallow clone has only its newest: fetch it first)")]
    NoRevision { revision: String, tree: Utf8PathBuf },
    #[error("--since {revision}: it has no common ancestor with HEAD (a shallow clone knows none: fetch more of it)")]
    NoAncestor { revision: String },
    #[error("--since {revision}: git failed: {said}")]
    Failed { revision: String, said: String },
}

impl Changed {
    /// What differs between the working tree and the last common ancestor of HEAD and `revision`, and what git does not
    /// track and does not ignore.
    ///
    /// git is kept from executing what the repository's configuration names: hooks, file system monitors, filters,
    /// external and textual diffs.
    ///
    /// # Errors
    /// Where there is no git, no repository, no such revision.
    pub(crate) fn since(tree: &Utf8Path, revision: &str) -> Result<Self, ChangedError> {
        let mut git = Git { tree, filters: Vec::new() };
        let inside = git.run(&["rev-parse", "--show-prefix"])?;
        if !inside.status.success() {
            return Err(ChangedError::NoRepository { tree: tree.to_owned(), said: said(&inside) });
        }
        git.filters = git.filters()?;
        let no_revision = || ChangedError::NoRevision { revision: revision.to_owned(), tree: tree.to_owned() };
        // What begins with a dash is an option to some release of git or other, and what has a NUL is no argument.
        if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
            return Err(no_revision());
        }
        let commit = git.run(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])?;
        let commit = line(&commit).ok_or_else(no_revision)?;
        let ancestor = git.run(&["merge-base", &commit, "HEAD"])?;
        let ancestor = line(&ancestor).ok_or_else(|| ChangedError::NoAncestor { revision: revision.to_owned() })?;
        let diff = [
            "diff",
            "--name-only",
            "-z",
            "--relative",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--ignore-submodules=dirty",
            &ancestor,
            "--",
        ];
        let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
        let mut paths = BTreeSet::new();
        for arguments in [&diff[..], &untracked[..]] {
            let output = git.run(arguments)?;
            if !output.status.success() {
                return Err(ChangedError::Failed { revision: revision.to_owned(), said: said(&output) });
            }
            // The catalog's paths are UTF-8: a name that is not belongs to no file of it.
            let names = output.stdout.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
            paths.extend(names.filter(|name| !name.is_empty()).map(|name| name.trim_end_matches('/').to_owned()));
        }
        Ok(Self { paths })
    }

    /// Whether the file changed, or a repository of its own that it lies in.
    pub(crate) fn has(&self, file: &TreePath) -> bool {
        file.as_path().ancestors().any(|part| self.paths.contains(part.as_str()))
    }

    /// Those that decide about tests in other files: conftests, configuration, manifests, policies.
    pub(crate) fn reaching_others(&self) -> impl Iterator<Item = &str> {
        const NAMES: [&str; 8] = [
            "conftest.py",
            "pytest.ini",
            ".pytest.ini",
            "pyproject.toml",
            "tox.ini",
            "setup.cfg",
            "Cargo.toml",
            "test-policy.toml",
        ];
        self.paths
            .iter()
            .map(String::as_str)
            .filter(|path| Utf8Path::new(path).file_name().is_some_and(|name| NAMES.contains(&name)))
    }
}

/// The commit that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its name.
    pub(crate) revision: String,
    /// Whether the tree is that commit, with nothing changed and nothing beside it but this tool's own folder.
    pub(crate) clean: bool,
}

impl Head {
    /// That of a tree; `None` where git cannot tell.
    pub(crate) fn of(tree: &Utf8Path) -> Option<Self> {
        let git = Git { tree, filters: Vec::new() };
        let revision = line(&git.run(&["rev-parse", "--verify", "--quiet", "HEAD"]).ok()?)?;
        let changed = Changed::since(tree, &revision).ok();
        let own = |path: &String| Utf8Path::new(path).starts_with("target/xtask");
        Some(Self { revision, clean: changed.is_some_and(|changed| changed.paths.iter().all(own)) })
    }
}

/// git in a tree.
struct Git<'x> {
    tree: &'x Utf8Path,
    /// The names of the filters that the configuration has.
    filters: Vec<String>,
}

impl Git<'_> {
    fn run(&self, arguments: &[&str]) -> Result<Output, ChangedError> {
        let mut command = git::command(self.tree);
        command.args(arguments).env("GIT_NO_LAZY_FETCH", "1");
        // By variables, because the name of a filter may hold any character.
        let off = [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")];
        let overrides: Vec<(String, &str)> =
            self.filters.iter().flat_map(|filter| off.map(|(key, value)| (format!("{filter}.{key}"), value))).collect();
        command.env("GIT_CONFIG_COUNT", overrides.len().to_string());
        for (index, (key, value)) in overrides.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), key).env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command.output().map_err(ChangedError::NoGit)
    }

    /// The sections `filter.NAME` of its configuration. Without any, git says so by its exit code.
    fn filters(&self) -> Result<Vec<String>, ChangedError> {
        let output = self.run(&["config", "-z", "--name-only", "--get-regexp", "^filter\\."])?;
        let names = output.stdout.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
        let sections = names.filter_map(|name| name.rsplit_once('.').map(|(section, _)| section.to_owned()));
        Ok(sections.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

/// The one line that a command that succeeded printed.
fn line(output: &Output) -> Option<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty())?;
    output.status.success().then(|| line.to_owned())
}

/// What git said of its failure.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    match text.trim() {
        "" => output.status.to_string(),
        said => said.to_owned(),
    }
}
