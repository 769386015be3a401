//! Aliases of cargo: `[alias]` of the tree's own configuration ("Configuration" of the Cargo book).

use camino::Utf8Path;
use toml::{Table, Value};

use crate::command::{Argument, subcommand};
use crate::sources;

/// An alias that a command calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Which word of the command it is.
    pub place: usize,
    /// What stands for it.
    pub words: Vec<String>,
}

/// Subcommands that cargo itself has, of which no alias may be made.
const BUILT_IN: [&str; 34] = [
    "add",
    "b",
    "bench",
    "build",
    "c",
    "check",
    "clean",
    "d",
    "doc",
    "fetch",
    "fix",
    "generate-lockfile",
    "help",
    "info",
    "init",
    "install",
    "locate-project",
    "login",
    "metadata",
    "new",
    "package",
    "pkgid",
    "publish",
    "r",
    "remove",
    "run",
    "rustc",
    "rustdoc",
    "search",
    "t",
    "test",
    "tree",
    "update",
    "vendor",
];

/// The alias that stands in a command as cargo's subcommand, where the tree's configuration in or above `folder` has it.
#[must_use]
pub fn alias(tree: &Utf8Path, folder: &Utf8Path, words: &[Argument<'_>]) -> Option<Alias> {
    let place = subcommand(words)?;
    let Argument::Known(name) = words[place] else { return None };
    if BUILT_IN.contains(&name) {
        return None;
    }
    let configured = folder.ancestors().find_map(|folder| {
        let files = [".cargo/config", ".cargo/config.toml"].map(|file| folder.join(file));
        let file = files.into_iter().find(|file| tree.join(file).is_file())?;
        let table = toml::from_str::<Table>(&sources::read(tree, &file).ok()?).ok()?;
        table.get("alias")?.get(name).cloned()
    })?;
    let words = match configured {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    Some(Alias { place, words })
}
