//! Programs that run what a file of the tree says, in a language that is not read: `make test`, `nox -s unit`.

use super::super::text::Text;
use super::builtin::base_name;
use super::follow::Follower;
use super::launcher::{Launch, outside};

/// A program that runs what a file says.
struct Runner {
    names: &'static [&'static str],
    /// Its own word that runs something, where it has others beside.
    subcommand: Option<&'static str>,
    /// Where that stands, unless an option names another file: the first of these that there is.
    files: &'static [&'static str],
    /// Options that name a folder, and a file.
    folder: &'static [&'static str],
    file: &'static [&'static str],
}

/// GNU make 4, just 1.40, nox 2025, tox 4, Invoke 2, Task 3, Poe 0.34, Bazel 8, pre-commit 4.
const RUNNERS: &[Runner] = &[
    Runner {
        names: &["make", "gmake"],
        subcommand: None,
        files: &["GNUmakefile", "makefile", "Makefile"],
        folder: &["-C", "--directory"],
        file: &["-f", "--file", "--makefile"],
    },
    Runner {
        names: &["just"],
        subcommand: None,
        files: &["justfile", "Justfile", ".justfile"],
        folder: &["-d", "--working-directory"],
        file: &["-f", "--justfile"],
    },
    Runner { names: &["nox"], subcommand: None, files: &["noxfile.py"], folder: &[], file: &["-f", "--noxfile"] },
    Runner { names: &["tox"], subcommand: None, files: &["tox.ini"], folder: &[], file: &["-c", "--conf"] },
    Runner {
        names: &["invoke", "inv"],
        subcommand: None,
        files: &["tasks.py"],
        folder: &["-r", "--search-root"],
        file: &[],
    },
    Runner {
        names: &["task"],
        subcommand: None,
        files: &["Taskfile.yml", "Taskfile.yaml"],
        folder: &["-d", "--dir"],
        file: &["-t", "--taskfile"],
    },
    Runner { names: &["poe"], subcommand: None, files: &["pyproject.toml"], folder: &["-C"], file: &[] },
    Runner { names: &["bazel", "bazelisk"], subcommand: Some("test"), files: &[], folder: &[], file: &[] },
    Runner {
        names: &["pre-commit"],
        subcommand: Some("run"),
        files: &[".pre-commit-config.yaml"],
        folder: &[],
        file: &["-c", "--config"],
    },
];

/// How lines of such a file begin that lead to further files, and what within a line does.
const LEADS_ON: ([&str; 6], [&str; 4]) =
    (["include ", "-include ", "sinclude ", "import ", "from ", "mod "], [".sh", "$(MAKE) -C", "make -C", "scripts/"]);

/// Whether a file leads to others, which may run tests.
fn leads_on(text: &str) -> bool {
    let (starts, signs) = LEADS_ON;
    let starts_so = |line: &str| starts.iter().any(|start| line.trim_start().starts_with(start));
    text.lines().any(starts_so) || signs.iter().any(|sign| text.contains(sign))
}

/// Whether this is one of these programs.
pub(super) fn is_runner(name: &str) -> bool {
    RUNNERS.iter().any(|runner| runner.names.contains(&name))
}

impl Follower<'_> {
    /// Tells of a command that runs what is not read: a shell whose commands are not known, or a program that reads a file.
    pub(super) fn tell_of(&mut self, launched: &Launch, start: usize) {
        let line = || launched.words.iter().map(Text::to_string).collect::<Vec<_>>().join(" ");
        if launched.reads_input {
            self.unseen(&line(), format!("runs `{}`, a shell whose commands are not known", line()), start);
            return;
        }
        let Some(name) = launched.words.first().and_then(Text::as_known).map(base_name) else { return };
        let Some(runner) = RUNNERS.iter().find(|runner| runner.names.contains(&name)) else { return };
        let words = launched.words.get(1..).unwrap_or_default();
        let has = |word: &str| words.iter().any(|one| one.as_known() == Some(word));
        if runner.subcommand.is_some_and(|subcommand| !has(subcommand)) || has("--version") || has("--help") {
            return;
        }
        let mut directory = launched.directory.clone();
        for folder in values(words, runner.folder) {
            directory = outside(directory.join(&folder), &launched.mounts);
        }
        let mut named = values(words, runner.file);
        if named.is_empty() {
            named = runner.files.iter().copied().map(Text::known).collect();
        }
        let found = named.iter().find_map(|name| self.scripts.file(&directory.join(name)).ok());
        let why = match found {
            None => "whose file is not in this tree, or not known".to_owned(),
            Some(file) => {
                let text = &file.source.text;
                match self.scripts.mentioned_in(text) {
                    Some(program) => format!("whose file is not read and names `{program}` ({})", file.path),
                    None if leads_on(text) => format!("whose file is not read and leads to others ({})", file.path),
                    // Nothing that it could run runs tests.
                    None => return,
                }
            }
        };
        self.unseen(&line(), format!("runs `{}`, {why}", line()), start);
    }
}

/// The values of options, in the next word, behind `=`, or in the same word.
fn values(words: &[Text], options: &[&str]) -> Vec<Text> {
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        for option in options {
            if word.as_known() == Some(option) {
                found.extend(words.get(place + 1).cloned());
            } else if let Some(value) = word.strip_prefix(option) {
                let value = if option.starts_with("--") { value.strip_prefix("=") } else { Some(value) };
                found.extend(value);
            }
        }
    }
    found
}
