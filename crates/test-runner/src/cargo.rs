//! Builds test binaries with cargo, and gives each the environment that cargo would run it in.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;

use camino::{Utf8Path, Utf8PathBuf};
use duct::Expression;
use execution_plan::{CargoFeatures, RustBuild};
use serde::Deserialize;
use test_catalog::{CargoTarget, TargetKind};

use crate::executor::Job;
use crate::output::tail;

/// Which test executable, built how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    manifest: Utf8PathBuf,
    kind: &'static str,
    name: String,
    features: CargoFeatures,
}

impl Key {
    pub(crate) fn of(job: &Job<'_>, target: &CargoTarget, features: &CargoFeatures) -> Self {
        let kind = match target.kind {
            TargetKind::Bin => "bin",
            TargetKind::Test => "test",
            TargetKind::Example => "example",
            TargetKind::Bench => "bench",
            TargetKind::Lib | TargetKind::Doc => "lib",
        };
        Self::new(&target.manifest.in_tree(&job.settings.tree), kind, &target.name, features)
    }

    /// cargo names a library `a_b` where its manifest says `a-b`, and knows files by their real paths.
    fn new(manifest: &Utf8Path, kind: &'static str, name: &str, features: &CargoFeatures) -> Self {
        let manifest = manifest.canonicalize_utf8().unwrap_or_else(|_| manifest.to_owned());
        Self { manifest, kind, name: name.replace('-', "_"), features: features.clone() }
    }
}

/// A test executable with its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) executable: Utf8PathBuf,
    pub(crate) env: Vec<(String, String)>,
}

pub(crate) type Binaries = HashMap<Key, Binary>;

/// A command line that can be run to its end (`duct`) or supervised line by line.
pub(crate) struct Invocation {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: Utf8PathBuf,
    pub(crate) env: Vec<(String, String)>,
}

impl Invocation {
    pub(crate) fn expression(&self, more: &[&str]) -> Expression {
        let arguments = self.arguments.iter().map(String::as_str).chain(more.iter().copied());
        let expression = duct::cmd(self.program.as_str(), arguments).dir(&self.folder);
        self.env.iter().fold(expression, |expression, (name, value)| expression.env(name, value))
    }

    pub(crate) fn command(&self, more: impl IntoIterator<Item = impl AsRef<OsStr>>) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).args(more).current_dir(&self.folder).envs(self.env.iter().cloned());
        command
    }
}

/// `cargo test` with features, in a target folder of the runner's own.
pub(crate) fn cargo_test(job: &Job<'_>, folder: &Utf8Path, features: &CargoFeatures) -> Invocation {
    let mut arguments = vec!["test".to_owned()];
    arguments.extend(features.all.then(|| "--all-features".to_owned()));
    arguments.extend(features.no_default.then(|| "--no-default-features".to_owned()));
    if !features.names.is_empty() {
        arguments.push(format!("--features={}", features.names.join(",")));
    }
    Invocation { program: "cargo".to_owned(), arguments, folder: folder.to_owned(), env: vec![target_folder(job)] }
}

fn target_folder(job: &Job<'_>) -> (String, String) {
    ("CARGO_TARGET_DIR".to_owned(), job.settings.state_dir.join("cargo").into_string())
}

/// Builds; the error is what the compiler says.
pub(crate) fn build(job: &Job<'_>, build: &RustBuild) -> Result<Binaries, String> {
    if build.targets.iter().all(|target| target.kind == TargetKind::Doc) {
        return Ok(Binaries::new());
    }
    let folder = build.workspace.in_tree(&job.settings.tree);
    let mut cargo = cargo_test(job, &folder, &build.features);
    cargo.arguments.extend(["--no-run", "--message-format=json-render-diagnostics"].map(str::to_owned));
    cargo.arguments.extend(packages(build));
    // Several packages may have a library: cargo takes `--lib` once, and each name once.
    let mut chosen = BTreeSet::new();
    for target in &build.targets {
        let option = match target.kind {
            TargetKind::Lib => "--lib",
            TargetKind::Bin => "--bin",
            TargetKind::Test => "--test",
            TargetKind::Example => "--example",
            TargetKind::Bench => "--bench",
            TargetKind::Doc => continue,
        };
        let name = (target.kind != TargetKind::Lib).then(|| target.name.clone());
        if chosen.insert((option, name.clone())) {
            cargo.arguments.push(option.to_owned());
            cargo.arguments.extend(name);
        }
    }
    let messages = output_of(job, "cargo test --no-run", &cargo.expression(&[]))?;
    let metadata = Invocation {
        arguments: ["metadata", "--no-deps", "--format-version=1"].map(str::to_owned).to_vec(),
        ..cargo_test(job, &folder, &build.features)
    };
    let metadata = output_of(job, "cargo metadata", &metadata.expression(&[]))?;
    let metadata = serde_json::from_str(&metadata).map_err(|error| format!("cannot read cargo metadata: {error}"))?;
    let sysroot = output_of(job, "rustc", &duct::cmd!("rustc", "--print=sysroot").dir(&folder))?;
    let inherited = std::env::var(LIBRARY_PATH).ok();
    let messages: Vec<Message> = messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(binaries(&messages, &metadata, Utf8Path::new(sysroot.trim()), inherited.as_deref(), &build.features))
}

/// The packages that are built: they share the features that they ask of each other.
fn packages(build: &RustBuild) -> Vec<String> {
    if build.features.workspace {
        return vec!["--workspace".to_owned()];
    }
    let packages: BTreeSet<_> = build.targets.iter().map(|target| &target.package).collect();
    packages.into_iter().flat_map(|package| ["-p".to_owned(), package.clone()]).collect()
}

/// What a tool prints on its standard output; the error is the end of what it says otherwise.
fn output_of(job: &Job<'_>, name: &str, expression: &Expression) -> Result<String, String> {
    let output = job.supervision(None).run(expression).map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(tail(&output.stderr))
}

/// How this system's loader is told of libraries.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };

/// What of `cargo build --message-format=json` matters here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
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
struct ArtifactTarget {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    authors: Vec<String>,
    description: Option<String>,
    homepage: Option<String>,
    repository: Option<String>,
    license: Option<String>,
    license_file: Option<String>,
    readme: Option<String>,
    rust_version: Option<String>,
    manifest_path: Utf8PathBuf,
}

/// Test executables, each with the environment of "Environment variables Cargo sets" in cargo's reference.
fn binaries(
    messages: &[Message],
    metadata: &Metadata,
    sysroot: &Utf8Path,
    inherited: Option<&str>,
    features: &CargoFeatures,
) -> Binaries {
    let mut binaries = Binaries::new();
    for message in messages {
        let Message::CompilerArtifact { package_id, manifest_path, target, profile, executable } = message else {
            continue;
        };
        let (Some(executable), true) = (executable, profile.test) else { continue };
        let kind = match target.kind.first().map(String::as_str) {
            Some("bin") => "bin",
            Some("test") => "test",
            Some("example") => "example",
            Some("bench") => "bench",
            _ => "lib",
        };
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
        // `target/debug/deps/name-hash`: libraries lie beside it and one folder up.
        libraries.extend(executable.ancestors().skip(1).take(2).map(|folder| folder.as_str().to_owned()));
        libraries.push(sysroot.join("lib").into_string());
        libraries.extend(inherited.map(str::to_owned));
        env.push((LIBRARY_PATH.to_owned(), libraries.join(":")));
        let key = Key::new(manifest_path, kind, &target.name, features);
        binaries.insert(key, Binary { executable: executable.clone(), env });
    }
    binaries
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

    use test_catalog::TreePath;

    use super::*;

    /// The folders of the loader's path, in cargo's order: build scripts', the binary's, one up, rustc's, inherited.
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
        let features = CargoFeatures::default();
        let none = Metadata { packages: Vec::new() };
        let binaries = binaries(&messages, &none, Utf8Path::new("/rust"), Some("/usr/lib/x"), &features);
        let key = Key::new(Utf8Path::new("/tree/Cargo.toml"), "lib", "my-lib", &features);
        let path = "/t/debug/build/dep/out:/t/debug/deps:/t/debug:/rust/lib:/usr/lib/x";
        assert_eq!(binaries[&key].env, [(LIBRARY_PATH.to_owned(), path.to_owned())]);
        let other = CargoFeatures { all: true, ..features };
        assert!(!binaries.contains_key(&Key { features: other, ..key }), "built otherwise, it is another binary");
    }

    #[test]
    fn packages_are_built_together_as_was_asked() {
        let target = |package: &str| {
            std::sync::Arc::new(CargoTarget {
                binary: package.to_owned(),
                package: package.to_owned(),
                manifest: TreePath::new("Cargo.toml"),
                workspace: TreePath::new(""),
                kind: TargetKind::Lib,
                name: package.to_owned(),
                root: TreePath::new("src/lib.rs"),
                harness: true,
                required_features: Vec::new(),
                enabled: true,
            })
        };
        let targets = vec![target("b"), target("a"), target("b")];
        let mut build = RustBuild { workspace: TreePath::new(""), features: CargoFeatures::default(), targets };
        assert_eq!(packages(&build), ["-p", "a", "-p", "b"]);
        build.features.workspace = true;
        assert_eq!(packages(&build), ["--workspace"]);
    }
}
