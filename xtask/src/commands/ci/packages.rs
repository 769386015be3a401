//! Whether each crate that is published compiles from what is packaged of it, and nothing else.
//!
//! `cargo package` can verify that itself, but builds each crate with all that it depends on, in a profile of its own
//! choice. Checking what was unpacked says the same of a package, and takes a fraction of the time.

use std::{fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use duct::cmd;

use super::{PROFILE, has_succeeded};

/// How the crates are checked once they are packed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Each {
    /// In one build, as in the workspace.
    Together,
    /// Each with no feature that only another one turns on, which compiles most dependencies several times.
    Alone,
}

/// Packs all crates that are published, and checks them.
pub(super) fn check(cargo: &str, root: &Utf8Path, each: Each) -> io::Result<bool> {
    let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| root.join("target"), |folder| root.join(folder));
    let packed = target.join("package");
    let unpacked = packed.join("unpacked");
    for folder in [&packed, &unpacked] {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let names = published(root)?;
    let mut pack: Vec<&str> = vec!["package", "--no-verify", "--allow-dirty", "--quiet"];
    for name in &names {
        pack.extend(["--package", name]);
    }
    if !has_succeeded(cmd(cargo, pack).dir(root))? {
        return Ok(false);
    }
    fs::create_dir_all(&unpacked)?;
    for name in &names {
        let archive = packed.join(format!("{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        if !has_succeeded(cmd!("tar", "-xzf", archive, "-C", &unpacked))? {
            return Ok(false);
        }
    }
    // The same releases of everything as in the workspace: they are here and built already.
    fs::copy(root.join("Cargo.lock"), unpacked.join("Cargo.lock"))?;
    fs::write(unpacked.join("Cargo.toml"), manifest(&names))?;
    let selections = match each {
        Each::Together => vec![vec!["--workspace"]],
        Each::Alone => names.iter().map(|name| vec!["--package", name]).collect(),
    };
    for selection in selections {
        let words = ["check", "--quiet"].iter().chain(&selection).chain(&PROFILE);
        if !has_succeeded(cmd(cargo, words).dir(&unpacked).env("CARGO_TARGET_DIR", &target))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the crates that are published, which are those of their folders.
fn published(root: &Utf8Path) -> io::Result<Vec<String>> {
    root.join("crates").read_dir_utf8()?.map(|entry| Ok(entry?.file_name().to_owned())).collect()
}

/// A workspace in which each crate depends on the others as they were packaged.
fn manifest(names: &[String]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let folders = names.iter().map(|name| (name, Utf8PathBuf::from(format!("{name}-{version}"))));
    let mut members = String::new();
    let mut patches = String::new();
    for (name, folder) in folders {
        members.push_str(&format!("    \"{folder}\",\n"));
        patches.push_str(&format!("{name} = {{ path = \"{folder}\" }}\n"));
    }
    format!("[workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n\n[patch.crates-io]\n{patches}")
}
