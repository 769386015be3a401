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
    Table { value: Option<String>, force: Option<bool>, relative: Option<bool> },
}

/// What the files say of a variable, each part by the nearest that says it.
#[derive(Default)]
struct Merged {
    /// With the folder that it is relative to, if it is.
    value: Option<(String, Utf8PathBuf)>,
    force: Option<bool>,
    relative: Option<bool>,
}

/// The variables of `[env]` for what cargo runs in a folder, less those that this process has already and that are not forced.
/// `home` is cargo's own folder (`CARGO_HOME`).
///
/// A file that cargo cannot read is passed over: a build has failed by it before.
pub(crate) fn variables(folder: &Utf8Path, home: Option<&Utf8Path>) -> Vec<(String, String)> {
    let mut variables: BTreeMap<String, Merged> = BTreeMap::new();
    let homes = home.into_iter().map(|home| (home.parent().unwrap_or(home), home.to_owned()));
    let folders = folder.ancestors().map(|above| (above, above.join(".cargo"))).chain(homes);
    for (base, folder) in folders {
        for (name, entry) in read(&folder).into_iter().flat_map(|config| config.env) {
            let (value, force, relative) = match entry {
                Entry::Value(value) => (Some(value), None, None),
                Entry::Table { value, force, relative } => (value, force, relative),
            };
            let known = variables.entry(name).or_default();
            known.value = known.value.take().or_else(|| Some((value?, base.to_owned())));
            (known.force, known.relative) = (known.force.or(force), known.relative.or(relative));
        }
    }
    let resolved = variables.into_iter().filter_map(|(name, Merged { value, force, relative })| {
        let (value, base) = value?;
        let is_set = force == Some(true) || std::env::var_os(&name).is_none();
        is_set.then(|| (name, if relative == Some(true) { base.join(value).into_string() } else { value }))
    });
    resolved.collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What cargo makes of the same files is asked of a program that it runs.
    #[test]
    fn files_are_put_together_as_cargo_does() {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(root.path().canonicalize().unwrap()).unwrap();
        let write = |name: &str, text: &str| {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        };
        let names = ["NEAR", "HOME", "LANG", "BASE", "FAR"];
        write(
            ".cargo/config.toml",
            "[env]\nHOME = { value = \"far\", force = true }\nLANG = { value = \"far\", force = true }\n\
             BASE = { value = \"far\", relative = true }\nFAR = { value = \"a/b\", relative = true }\nNEAR = \"far\"\n",
        );
        write(
            "in/.cargo/config.toml",
            "[env]\nHOME = { value = \"near\" }\nLANG = { value = \"near\", force = false }\nBASE = { value = \"near\" }\n\
             NEAR = \"near\"\n",
        );
        write("in/Cargo.toml", "[package]\nname = \"tell\"\nedition = \"2021\"\n[workspace]\n");
        let print = "fn main() { for n in std::env::args().skip(1) { println!(\"{:?}\", std::env::var(n).ok()); } }";
        write("in/src/main.rs", print);
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--quiet", "--"]).args(names).current_dir(root.join("in")).env_remove("CARGO_TARGET_DIR");
        let said = cargo.output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let ours: BTreeMap<String, String> = variables(&root.join("in"), None).into_iter().collect();
        let found = names.map(|name| ours.get(name).cloned().or_else(|| std::env::var(name).ok()));
        let found: Vec<String> = found.iter().map(|value| format!("{value:?}")).collect();
        assert_eq!(found, String::from_utf8(said.stdout).unwrap().lines().collect::<Vec<_>>());
    }
}
