//! This program's arguments, as they are said inside.

use camino::{Utf8Path, Utf8PathBuf};

use crate::cli::{Global, TestArgs};
use crate::error::Error;
use crate::subject::absolute;

/// Options that are for outside, each with whether a value follows.
const OUTSIDE: [(&str, bool); 4] = [("--container", true), ("--framework", true), ("--build", false), ("--tree", true)];

/// The tree, here and inside.
pub(super) struct Workspace<'t> {
    tree: &'t Utf8Path,
    inside: &'t Utf8Path,
    /// The working directory.
    here: Utf8PathBuf,
}

impl<'t> Workspace<'t> {
    pub(super) fn new(tree: &'t Utf8Path, inside: &'t str) -> Result<Self, Error> {
        Ok(Self { tree, inside: Utf8Path::new(inside), here: absolute(Utf8Path::new("."))? })
    }

    /// A path of the tree as it is inside; any other as it is.
    pub(super) fn inside(&self, path: &Utf8Path) -> Utf8PathBuf {
        match path.strip_prefix(self.tree) {
            Ok(below) if below.as_str().is_empty() => self.inside.to_owned(),
            Ok(below) => self.inside.join(below),
            Err(_) => path.to_owned(),
        }
    }

    /// The working directory inside: the same folder of the tree, or the tree itself.
    pub(super) fn folder(&self) -> Utf8PathBuf {
        if self.here.starts_with(self.tree) { self.inside(&self.here) } else { self.inside.to_owned() }
    }

    /// Whether the container sees the files that are named.
    ///
    /// # Errors
    /// At the first that it does not.
    pub(super) fn check(&self, global: &Global, args: &TestArgs) -> Result<(), Error> {
        let policy = global.policy.as_deref().map(Utf8Path::new).filter(|policy| policy.is_file());
        let (junit, html) = (args.junit.as_deref(), args.html.as_deref());
        let timings = args.division.timings.as_deref();
        [("--policy", policy), ("--junit", junit), ("--html", html), ("--timings", timings)]
            .into_iter()
            .filter_map(|(option, file)| Some((option, file?)))
            .try_for_each(|(option, file)| self.visible(option, file))
    }

    /// The arguments for the program in the container of that name.
    ///
    /// # Errors
    /// Where one is not UTF-8.
    pub(super) fn words(&self, container: &str) -> Result<Vec<String>, Error> {
        let given: Vec<String> = std::env::args_os()
            .skip(1)
            .map(|word| word.into_string().map_err(|word| Error::NotUtf8(word.display().to_string())))
            .collect::<Result<_, _>>()?;
        Ok(self.translated(&given, container))
    }

    /// A file that is read or written has to be one of the tree: all else is another file inside, or none.
    fn visible(&self, option: &'static str, file: &Utf8Path) -> Result<(), Error> {
        let folder = self.here.join(file);
        let folder = folder.parent().unwrap_or(&self.here);
        let is_visible = absolute(folder).is_ok_and(|folder| folder.starts_with(self.tree))
            && (file.is_absolute() || self.here.starts_with(self.tree));
        if is_visible {
            return Ok(());
        }
        let why = format!("the container sees only the tree: name a file in a folder of {} that is there", self.tree);
        Err(Error::Option { option, text: file.to_string(), why })
    }

    fn translated(&self, given: &[String], container: &str) -> Vec<String> {
        let behind = given.iter().position(|word| word == "--").unwrap_or(given.len());
        let (own, for_pytest) = given.split_at(behind);
        let mut words = Vec::new();
        let mut own = own.iter();
        while let Some(word) = own.next() {
            match OUTSIDE.iter().find(|(option, _)| word == option) {
                Some((_, true)) => {
                    own.next();
                }
                Some((_, false)) => {}
                None if OUTSIDE
                    .iter()
                    .any(|(option, _)| word.split_once('=').is_some_and(|(name, _)| name == *option)) => {}
                None => words.push(self.word(word)),
            }
        }
        words.extend(["--tree", self.inside.as_str(), "--inside", container].map(str::to_owned));
        words.extend(for_pytest.iter().cloned());
        words
    }

    /// A word, or the value behind its `=`, that is a path of the tree.
    fn word(&self, word: &str) -> String {
        if word.starts_with('/') {
            return self.inside(Utf8Path::new(word)).into_string();
        }
        match word.split_once('=') {
            Some((option, path)) if option.starts_with("--") && path.starts_with('/') => {
                format!("{option}={}", self.inside(Utf8Path::new(path)))
            }
            _ => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(here: &str, words: &[&str]) -> String {
        let (tree, inside) = (Utf8Path::new("/home/me/dynamo"), Utf8Path::new("/workspace"));
        let given: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Workspace { tree, inside, here: here.into() }.translated(&given, "c").join(" ")
    }

    #[test]
    fn what_is_for_outside_stays_outside_and_paths_are_those_inside() {
        for (given, expected) in [
            (
                &["test", "--container", "img:1", "--stage", "nightly"][..],
                "test --stage nightly --tree /workspace --inside c",
            ),
            (&["--tree", "/x", "test", "--framework=vllm", "--build", "-s"], "test -s --tree /workspace --inside c"),
            (&["test", "/home/me/dynamo/tests/a.py::t"], "test /workspace/tests/a.py::t --tree /workspace --inside c"),
            (&["test", "--junit=/home/me/dynamo/r.xml"], "test --junit=/workspace/r.xml --tree /workspace --inside c"),
            (&["test", "/home/me/dynamo2/a.py"], "test /home/me/dynamo2/a.py --tree /workspace --inside c"),
            (
                &["test", "-m", "a", "--", "--container", "/home/me/dynamo"],
                "test -m a --tree /workspace --inside c -- --container /home/me/dynamo",
            ),
        ] {
            assert_eq!(translated("/home/me/dynamo", given), expected);
        }
    }

    #[test]
    fn the_working_directory_is_the_same_folder() {
        let (tree, inside) = (Utf8Path::new("/d"), Utf8Path::new("/workspace"));
        for (here, expected) in [("/d", "/workspace"), ("/d/tests/a", "/workspace/tests/a"), ("/e", "/workspace")] {
            assert_eq!(Workspace { tree, inside, here: here.into() }.folder(), expected);
        }
    }
}
