//! What cargo says while it builds, and the environment that it would run each executable in.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

/// How this system's loader is told of libraries.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// What of `cargo build --message-format=json` matters here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(crate) enum Message {
    CompilerArtifact {
        package_id: String,
        manifest_path: Utf8PathBuf,
        target: ArtifactTarget,
        profile: Profile,
        executable: Option<Utf8PathBuf>,
    },
    BuildScriptExecuted {
        package_id: String,
        linked_paths: Vec<String>,
        env: Vec<(String, String)>,
        out_dir: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) struct ArtifactTarget {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
pub(crate) struct Profile {
    test: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) authors: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) license_file: Option<String>,
    pub(crate) readme: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) manifest_path: Utf8PathBuf,
}

impl Metadata {
    /// The packages of the test executables that were built in this workspace, as far as their manifests say it all.
    pub(crate) fn read(messages: &[Message], workspace: &Utf8Path) -> Option<Self> {
        let tested = messages.iter().filter_map(|message| match message {
            Message::CompilerArtifact { package_id, manifest_path, profile: Profile { test: true }, .. } => {
                Some((package_id, manifest_path))
            }
            _ => None,
        });
        let packages = tested.collect::<BTreeSet<_>>().into_iter();
        let packages = packages.map(|(id, manifest)| Package::read(id, manifest, workspace));
        Some(Self { packages: packages.collect::<Option<_>>()? })
    }
}

/// What rustc is asked for: the folder of the libraries that it links with.
pub(crate) const RUST_LIBRARIES: [&str; 1] = ["--print=target-libdir"];

/// The messages of what cargo printed. Lines of another form are of compilers and build scripts.
pub(crate) fn messages(text: &str) -> Vec<Message> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A test executable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executable {
    /// The id of its package in cargo's metadata.
    pub(crate) package: String,
    pub(crate) manifest: Utf8PathBuf,
    /// cargo's word for the target: `lib`, `rlib`, `proc-macro`, `bin`, `test`, `example`, `bench`.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) executable: Utf8PathBuf,
    pub(crate) env: Vec<(String, String)>,
}

/// Test executables, each with the environment of "Environment variables Cargo sets" in cargo's reference.
///
/// `rust` is what [`RUST_LIBRARIES`] makes rustc print.
pub(crate) fn executables(messages: &[Message], metadata: &Metadata, rust: &str) -> Vec<Executable> {
    let inherited = std::env::var(LIBRARY_PATH).ok();
    executables_with(messages, metadata, rust, inherited.as_deref())
}

fn executables_with(messages: &[Message], metadata: &Metadata, rust: &str, inherited: Option<&str>) -> Vec<Executable> {
    let mut built = Vec::new();
    for message in messages {
        let Message::CompilerArtifact { package_id, manifest_path, target, profile, executable } = message else {
            continue;
        };
        let (Some(executable), true) = (executable, profile.test) else { continue };
        let kind = target.kind.first().map_or("lib", String::as_str);
        let mut env = Vec::new();
        if let Some(package) = metadata.packages.iter().find(|package| package.id == *package_id) {
            env.extend(package_env(package));
        }
        if kind == "test" || kind == "bench" {
            env.extend(programs_of(package_id, messages));
        }
        let mut libraries: Vec<String> = Vec::new();
        for message in messages {
            let Message::BuildScriptExecuted { package_id: of, linked_paths, env: set, out_dir } = message else {
                continue;
            };
            if of == package_id {
                env.extend(set.iter().cloned());
                env.push(("OUT_DIR".to_owned(), out_dir.clone()));
            }
            libraries.extend(
                linked_paths.iter().map(|path| path.split_once('=').map_or(path.as_str(), |(_, path)| path).to_owned()),
            );
        }
        // `target/debug/deps/name-hash`: libraries lie one folder up and beside it.
        let folders: Vec<&Utf8Path> = executable.ancestors().skip(1).take(2).collect();
        libraries.extend(folders.iter().rev().map(|folder| folder.to_string()));
        // The tests of a proc macro are linked with a shared `std`.
        libraries.push(rust.trim().to_owned());
        libraries.extend(inherited.map(str::to_owned));
        env.push((LIBRARY_PATH.to_owned(), libraries.join(":")));
        built.push(Executable {
            package: package_id.clone(),
            manifest: manifest_path.clone(),
            kind: kind.to_owned(),
            name: target.name.clone(),
            executable: executable.clone(),
            env,
        });
    }
    built
}

/// All programs that were built, tests and those that tests may start.
pub(crate) fn programs(messages: &[Message]) -> BTreeSet<Utf8PathBuf> {
    let program = |message: &Message| match message {
        Message::CompilerArtifact { executable, .. } => executable.clone(),
        _ => None,
    };
    messages.iter().filter_map(program).collect()
}

/// `CARGO_BIN_EXE_*`: the programs of the package that an integration test may start.
fn programs_of<'m>(package: &'m str, messages: &'m [Message]) -> impl Iterator<Item = (String, String)> + 'm {
    messages.iter().filter_map(move |message| match message {
        Message::CompilerArtifact { package_id, target, profile, executable: Some(executable), .. }
            if package_id == package && !profile.test && target.kind.iter().any(|kind| kind == "bin") =>
        {
            Some((format!("CARGO_BIN_EXE_{}", target.name), executable.as_str().to_owned()))
        }
        _ => None,
    })
}

fn package_env(package: &Package) -> Vec<(String, String)> {
    let (numbers, _) = package.version.split_once('+').unwrap_or((&package.version, ""));
    let (numbers, pre) = numbers.split_once('-').unwrap_or((numbers, ""));
    let mut numbers = numbers.split('.');
    let mut number = || numbers.next().unwrap_or_default().to_owned();
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        ("CARGO_MANIFEST_DIR", folder.as_str().to_owned()),
        ("CARGO_MANIFEST_PATH", package.manifest_path.as_str().to_owned()),
        ("CARGO_PKG_NAME", package.name.clone()),
        ("CARGO_PKG_VERSION", package.version.clone()),
        ("CARGO_PKG_VERSION_MAJOR", number()),
        ("CARGO_PKG_VERSION_MINOR", number()),
        ("CARGO_PKG_VERSION_PATCH", number()),
        ("CARGO_PKG_VERSION_PRE", pre.to_owned()),
        ("CARGO_PKG_AUTHORS", package.authors.join(":")),
        ("CARGO_PKG_DESCRIPTION", or_empty(&package.description)),
        ("CARGO_PKG_HOMEPAGE", or_empty(&package.homepage)),
        ("CARGO_PKG_REPOSITORY", or_empty(&package.repository)),
        ("CARGO_PKG_LICENSE", or_empty(&package.license)),
        ("CARGO_PKG_LICENSE_FILE", or_empty(&package.license_file)),
        ("CARGO_PKG_README", or_empty(&package.readme)),
        ("CARGO_PKG_RUST_VERSION", or_empty(&package.rust_version)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The folders of the loader's path, in cargo's order: build scripts', one above the binary's, its own, rustc's, inherited.
    #[test]
    fn libraries_are_looked_for_where_cargo_would() {
        let messages = [
            serde_json::json!({
                "reason": "build-script-executed", "package_id": "dep", "linked_libs": [],
                "linked_paths": ["native=/t/debug/build/dep/out"], "cfgs": [], "env": [], "out_dir": "/t/dep",
            }),
            serde_json::json!({
                "reason": "compiler-artifact", "package_id": "tiny", "manifest_path": "/tree/Cargo.toml",
                "target": {"name": "my-lib", "kind": ["lib"]}, "profile": {"test": true},
                "executable": "/t/debug/deps/my_lib-0123",
            }),
            serde_json::json!({"reason": "build-finished", "success": true}),
        ];
        let messages: Vec<Message> =
            messages.into_iter().map(|message| serde_json::from_value(message).unwrap()).collect();
        let none = Metadata { packages: Vec::new() };
        let built = executables_with(&messages, &none, "/rust/lib/rustlib/x/lib\n", Some("/usr/lib/x"));
        let path = "/t/debug/build/dep/out:/t/debug:/t/debug/deps:/rust/lib/rustlib/x/lib:/usr/lib/x";
        assert_eq!(built[0].env, [(LIBRARY_PATH.to_owned(), path.to_owned())]);
    }
}
