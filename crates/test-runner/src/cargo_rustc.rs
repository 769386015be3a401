//! What cargo knows of its rustc, from the file that it keeps of that beside what it builds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

/// cargo's file. It is no documented interface: whatever is not as expected means that rustc is asked.
const FILE: &str = ".rustc_info.json";
/// The variable that has cargo neither read nor write the file (the cargo book, "Build cache").
const VARIABLE: &str = "CARGO_CACHE_RUSTC_INFO";

#[derive(Deserialize)]
struct Info {
    outputs: BTreeMap<String, Output>,
}

/// What rustc printed when cargo asked it.
#[derive(Deserialize)]
struct Output {
    stdout: String,
}

/// The folder that [`RUST_LIBRARIES`](crate::cargo_messages::RUST_LIBRARIES) makes rustc print, of the rustc that cargo has just built these
/// executables with, or found to have built them: cargo begins the file anew where rustc is another one. `None` where it does not say.
pub(crate) fn libraries(
    target_folder: &Utf8Path,
    mut executables: impl Iterator<Item = impl AsRef<Utf8Path>>,
) -> Option<String> {
    // A configured `build.build-dir` has the file, and the executables, elsewhere.
    if std::env::var_os(VARIABLE).is_some() || !executables.all(|one| one.as_ref().starts_with(target_folder)) {
        return None;
    }
    let info: Info = serde_json::from_str(&fs::read_to_string(target_folder.join(FILE)).ok()?).ok()?;
    let lines = || info.outputs.values().flat_map(|output| output.stdout.lines());
    let host = only(lines().filter_map(|line| line.strip_prefix("host: ")))?;
    // Of all that cargo has rustc print, `--print=sysroot` alone gives an absolute path.
    let sysroot = Utf8Path::new(only(lines().filter(|line| Utf8Path::new(line).is_absolute()))?);
    // Where cargo itself looks for what is linked.
    let libraries = sysroot.join("lib/rustlib").join(host).join("lib");
    libraries.is_dir().then(|| libraries.into_string())
}

/// The cargo of the toolchain whose libraries lie in this folder; `None` where it has none.
pub(crate) fn cargo_beside(libraries: &Utf8Path) -> Option<Utf8PathBuf> {
    // `lib/rustlib/HOST/lib` of the toolchain.
    let cargo = libraries.ancestors().nth(4)?.join("bin/cargo");
    cargo.is_file().then_some(cargo)
}

/// The one that all are.
fn only<'t>(all: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let mut all = all.collect::<BTreeSet<_>>().into_iter();
    all.next().filter(|_| all.next().is_none())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::Command;

    use super::*;
    use crate::cargo_messages::RUST_LIBRARIES;

    #[test]
    fn the_folder_is_that_which_rustc_prints() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        let target = root.join("target");
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join("src/lib.rs"), "").unwrap();
        fs::write(root.join("Cargo.toml"), "[package]\nname = \"tiny\"\nedition = \"2021\"\n").unwrap();
        let mut cargo = Command::new("cargo");
        cargo.arg("check").current_dir(&root).env("CARGO_TARGET_DIR", &target).env_remove(VARIABLE);
        assert!(cargo.output().unwrap().status.success());
        let said = Command::new("rustc").args(RUST_LIBRARIES).current_dir(&root).output().unwrap().stdout;
        assert_eq!(
            libraries(&target, [target.join("debug/deps/a")].iter()),
            Some(String::from_utf8(said).unwrap().trim().to_owned())
        );
        // What another folder has was not built by this cargo.
        assert_eq!(libraries(&target, [root.join("a")].iter()), None);
        fs::write(target.join(FILE), "{}").unwrap();
        assert_eq!(libraries(&target, [target.join("a")].iter()), None);
    }

    #[test]
    fn the_cargo_of_a_toolchain_is_found_by_its_libraries() {
        let said = |arguments: &[&str]| {
            let said = Command::new("rustc").args(arguments).output().unwrap().stdout;
            Utf8PathBuf::from(String::from_utf8(said).unwrap().trim())
        };
        let cargo = said(&["--print=sysroot"]).join("bin/cargo");
        assert_eq!(cargo_beside(&said(&RUST_LIBRARIES)), Some(cargo));
        assert_eq!(cargo_beside(Utf8Path::new("/lib")), None);
    }

    #[test]
    fn what_is_not_one_is_not_known() {
        assert_eq!(only(["a", "a"].into_iter()), Some("a"));
        assert_eq!(only(["a", "b"].into_iter()), None);
        assert_eq!(only(std::iter::empty()), None);
    }
}
