//! The variables that a tree's configuration of cargo has for what cargo runs.
//!
//! The cargo book, "Configuration", "`[env]`" and "Hierarchical structure". Cargo applies them to what it runs itself; here the
//! test binaries are run without it.

use std::collections::BTreeMap;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    env: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Value(String),
    Table {
        value: String,
        #[serde(default)]
        force: bool,
        #[serde(default)]
        relative: bool,
    },
}

/// The variables of `[env]` for what cargo runs in a folder, less those that this process has already and that are not forced.
/// `home` is cargo's own folder (`CARGO_HOME`).
///
/// A file that cargo cannot read is passed over: a build has failed by it before.
pub(crate) fn variables(folder: &Utf8Path, home: Option<&Utf8Path>) -> Vec<(String, String)> {
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let homes = home.into_iter().map(|home| (home, home.to_owned()));
    let folders = folder.ancestors().map(|above| (above, above.join(".cargo"))).chain(homes);
    // The nearest file decides.
    for (base, folder) in folders {
        let Some(config) = read(&folder) else { continue };
        for (name, entry) in config.env {
            let (value, is_forced) = match entry {
                Entry::Value(value) => (value, false),
                Entry::Table { value, force, relative: true } => (base.join(value).into_string(), force),
                Entry::Table { value, force, relative: false } => (value, force),
            };
            if is_forced || std::env::var_os(&name).is_none() {
                variables.entry(name).or_insert(value);
            }
        }
    }
    variables.into_iter().collect()
}

/// Where both files are, cargo takes the one without a suffix.
fn read(folder: &Utf8Path) -> Option<Config> {
    let file = ["config", "config.toml"].into_iter().map(|name| folder.join(name)).find(|file| file.is_file())?;
    toml::from_str(&fs::read_to_string(file).ok()?).ok()
}

/// Cargo's own folder, as it finds it.
pub(crate) fn home() -> Option<Utf8PathBuf> {
    let set = std::env::var("CARGO_HOME").ok().map(Utf8PathBuf::from);
    set.or_else(|| Some(Utf8PathBuf::from(std::env::var("HOME").ok()?).join(".cargo")))
}
