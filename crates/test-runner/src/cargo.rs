//! Builds test binaries with cargo, and gives each the environment that cargo would run it in.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use execution_plan::{CargoFeatures, RustBuild};
use test_catalog::{CargoTarget, TargetKind, TreePath};

use crate::cargo_messages::{Metadata, RUST_LIBRARIES, executables, messages, programs};
use crate::coverage;
use crate::executor::Job;
use crate::output::tail;
use crate::process::Launcher;
use crate::tool::Supervision;
use crate::{cargo_config, cargo_rustc};

/// The variable with the cargo that runs a program.
const CARGO: &str = "CARGO";
/// What cargo is asked for: the packages of the workspace.
const METADATA: [&str; 3] = ["metadata", "--no-deps", "--format-version=1"];
/// No further arguments.
const NOTHING_MORE: [&str; 0] = [];

/// Which test executable, built how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    manifest: Utf8PathBuf,
    kind: &'static str,
    name: String,
    features: CargoFeatures,
}

impl Key {
    pub(crate) fn of(job: &Job<'_, '_>, target: &CargoTarget, features: &CargoFeatures) -> Self {
        let kind = match target.kind {
            TargetKind::Bin => "bin",
            TargetKind::Test => "test",
            TargetKind::Example => "example",
            TargetKind::Bench => "bench",
            TargetKind::Lib | TargetKind::Doc => "lib",
        };
        Self::new(&target.manifest.in_tree(&job.settings.tree), kind, &target.name, features)
    }

    /// cargo names a library `a_b` where its manifest says `a-b`.
    fn new(manifest: &Utf8Path, kind: &'static str, name: &str, features: &CargoFeatures) -> Self {
        Self { manifest: real(manifest), kind, name: name.replace('-', "_"), features: features.clone() }
    }
}

/// cargo knows files by their real paths.
fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}

/// A test executable with its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binary {
    pub(crate) executable: Utf8PathBuf,
    pub(crate) env: Vec<(String, String)>,
}

pub(crate) type Binaries = HashMap<Key, Binary>;

/// A command line that can be run to its end or supervised line by line.
pub(crate) struct Invocation {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: Utf8PathBuf,
    pub(crate) env: Vec<(String, String)>,
}

impl Invocation {
    pub(crate) fn command(&self, launcher: &Launcher, more: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = launcher.command(&self.program);
        command.args(&self.arguments).args(more).current_dir(&self.folder).envs(self.env.iter().cloned());
        command
    }
}

/// `cargo test` with features, in a target folder of the runner's own.
fn cargo_test(job: &Job<'_, '_>, folder: &Utf8Path, features: &CargoFeatures) -> Invocation {
    let mut arguments = vec!["test".to_owned()];
    arguments.extend(features.all.then(|| "--all-features".to_owned()));
    arguments.extend(features.no_default.then(|| "--no-default-features".to_owned()));
    if !features.names.is_empty() {
        arguments.push(format!("--features={}", features.names.join(",")));
    }
    Invocation { program: "cargo".to_owned(), arguments, folder: folder.to_owned(), env: vec![target_variable(job)] }
}

fn target_folder(job: &Job<'_, '_>) -> Utf8PathBuf {
    job.settings.state_dir.join("cargo")
}

fn target_variable(job: &Job<'_, '_>) -> (String, String) {
    ("CARGO_TARGET_DIR".to_owned(), target_folder(job).into_string())
}

/// What was built: the test binaries, and all programs, among them those that tests start.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) binaries: Binaries,
    pub(crate) programs: BTreeSet<Utf8PathBuf>,
}

/// Builds; the error is what the compiler says.
pub(crate) fn build(job: &Job<'_, '_>, build: &RustBuild) -> Result<Built, String> {
    if build.targets.iter().all(|target| target.kind == TargetKind::Doc) {
        return Ok(Built::default());
    }
    let folder = build.workspace.in_tree(&job.settings.tree);
    let coverage = match &job.settings.coverage {
        Some(coverage) if coverage.llvm.is_some() => coverage::build_environment(&job.settings.state_dir, &job.folder)?,
        _ => Vec::new(),
    };
    let compile = |packages| {
        let mut cargo = cargo_build(job, &folder, build, packages);
        cargo.env.extend(coverage.iter().cloned());
        output_of(job.supervision(None), "cargo test --no-run", &cargo)
    };
    // cargo is asked for its names of the packages only where what is presumed of them is not enough, or the build fails.
    let presumed = presumed_packages(build, &job.settings.tree);
    let (said, asked) = match presumed.clone().map(&compile) {
        Some(Ok(said)) => (said, None),
        failed => {
            let metadata = metadata(job, &folder)?;
            let packages = packages(build, &job.settings.tree, &metadata)?;
            let is_as_presumed = presumed.is_some_and(|presumed| are_same(&presumed, &packages));
            let said = failed.filter(|_| is_as_presumed).unwrap_or_else(|| compile(packages))?;
            (said, Some(metadata))
        }
    };
    let messages = messages(&said);
    let metadata = match asked.or_else(|| Metadata::read(&messages, &folder)) {
        Some(metadata) => metadata,
        None => metadata(job, &folder)?,
    };
    let programs = programs(&messages);
    let rust = match cargo_rustc::libraries(&target_folder(job), programs.iter()) {
        Some(rust) => rust,
        None => rust_libraries(job, &folder)?,
    };
    let built = executables(&messages, &metadata, &rust);
    // A cargo that started this program is named already, and cargo itself leaves it at that.
    let cargo = std::env::var_os(CARGO).is_none().then(|| cargo_rustc::cargo_beside(rust.trim().into())).flatten();
    let configured = cargo_config::variables(&folder, cargo_config::home().as_deref());
    let keyed = built.into_iter().map(|mut one| {
        one.env.extend(cargo.iter().map(|cargo| (CARGO.to_owned(), cargo.to_string())));
        // What cargo itself sets goes before.
        let is_new = |(name, _): &&(String, String)| !one.env.iter().any(|(known, _)| known == name);
        let new: Vec<_> = configured.iter().filter(is_new).cloned().collect();
        one.env.extend(new);
        let kind = match one.kind.as_str() {
            "bin" => "bin",
            "test" => "test",
            "example" => "example",
            "bench" => "bench",
            _ => "lib",
        };
        let key = Key::new(&one.manifest, kind, &one.name, &build.features);
        (key, Binary { executable: one.executable, env: one.env })
    });
    Ok(Built { binaries: keyed.collect(), programs })
}

/// `cargo test --no-run` of all targets of a build. `packages` says which packages are built.
fn cargo_build(job: &Job<'_, '_>, folder: &Utf8Path, build: &RustBuild, packages: Vec<String>) -> Invocation {
    let mut cargo = cargo_test(job, folder, &build.features);
    cargo.arguments.extend(["--no-run", "--message-format=json-render-diagnostics"].map(str::to_owned));
    cargo.arguments.extend(packages);
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
    cargo
}

/// The packages that are built as cargo most probably names them, before it was asked: by their folders and names. `None`
/// where a folder has letters that a URL writes otherwise.
fn presumed_packages(build: &RustBuild, tree: &Utf8Path) -> Option<Vec<String>> {
    if build.features.workspace {
        return Some(vec!["--workspace".to_owned()]);
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/_.-".contains(letter);
    let known: BTreeSet<_> = build.targets.iter().map(|target| (&target.manifest, &target.package)).collect();
    let ids = known.into_iter().map(|(manifest, package)| {
        let manifest = real(&manifest.in_tree(tree));
        let folder = manifest.parent().filter(|folder| folder.as_str().chars().all(is_plain))?;
        Some(["-p".to_owned(), format!("path+file://{folder}#{package}")])
    });
    ids.collect::<Option<Vec<_>>>().map(|words| words.concat())
}

/// Whether what was presumed of packages is what cargo says of them: the same folders and names, and no version, which is not
/// known before.
fn are_same(presumed: &[String], packages: &[String]) -> bool {
    let is_same = |(presumed, said): (&String, &String)| {
        let Some((folder, name)) = presumed.split_once('#') else { return presumed == said };
        // A package that has its folder's name has only a version behind it.
        said.split_once('#').is_some_and(|(of, what)| {
            of == folder
                && what.split_once('@').map_or_else(|| folder.rsplit('/').next() == Some(name), |(of, _)| of == name)
        })
    };
    presumed.len() == packages.len() && presumed.iter().zip(packages).all(is_same)
}

/// The packages that are built: they share the features that they ask of each other.
fn packages(build: &RustBuild, tree: &Utf8Path, metadata: &Metadata) -> Result<Vec<String>, String> {
    if build.features.workspace {
        return Ok(vec!["--workspace".to_owned()]);
    }
    let manifests: BTreeSet<_> = build.targets.iter().map(|target| &target.manifest).collect();
    let ids = manifests.into_iter().map(|manifest| package_id(manifest, tree, metadata));
    ids.map(|id| Ok(["-p".to_owned(), id?.to_owned()])).collect::<Result<Vec<_>, _>>().map(|words| words.concat())
}

/// The package of a manifest, as `-p` takes it. Its name would not do: a dependency may have the same.
fn package_id<'m>(manifest: &TreePath, tree: &Utf8Path, metadata: &'m Metadata) -> Result<&'m str, String> {
    let path = real(&manifest.in_tree(tree));
    let package = metadata.packages.iter().find(|package| real(&package.manifest_path) == path);
    package.map(|package| package.id.as_str()).ok_or_else(|| {
        format!("cargo has no package of {manifest} in its workspace: see the `members` and `exclude` of the workspace")
    })
}

/// `cargo test --doc` of the library of a target.
pub(crate) fn doc_test(
    job: &Job<'_, '_>,
    folder: &Utf8Path,
    target: &CargoTarget,
    features: &CargoFeatures,
) -> Result<Invocation, String> {
    let metadata = metadata(job, folder)?;
    let mut cargo = cargo_test(job, folder, features);
    let package = package_id(&target.manifest, &job.settings.tree, &metadata)?;
    cargo.arguments.extend(["--doc", "-p", package, "--"].map(str::to_owned));
    Ok(cargo)
}

/// The folder of the libraries that rustc links with, by its own word.
fn rust_libraries(job: &Job<'_, '_>, folder: &Utf8Path) -> Result<String, String> {
    let rustc = Invocation {
        program: "rustc".to_owned(),
        arguments: RUST_LIBRARIES.map(str::to_owned).to_vec(),
        folder: folder.to_owned(),
        env: vec![target_variable(job)],
    };
    output_of(job.supervision(None), "rustc", &rustc)
}

/// The members of the workspace around a folder.
fn metadata(job: &Job<'_, '_>, folder: &Utf8Path) -> Result<Metadata, String> {
    let arguments = METADATA.map(str::to_owned).to_vec();
    let cargo = Invocation { arguments, ..cargo_test(job, folder, &CargoFeatures::default()) };
    let said = output_of(job.supervision(None), "cargo metadata", &cargo)?;
    serde_json::from_str(&said).map_err(|error| format!("cannot read cargo metadata: {error}"))
}

/// What a tool prints on its standard output; the error is the end of what it says otherwise.
fn output_of(supervision: Supervision<'_>, name: &str, tool: &Invocation) -> Result<String, String> {
    let mut command = tool.command(supervision.launcher, NOTHING_MORE);
    let output = supervision.run(&mut command).map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(tail(&output.stderr))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn built_with_other_features_it_is_another_binary() {
        let key = |features: &CargoFeatures| Key::new(Utf8Path::new("/tree/Cargo.toml"), "lib", "my-lib", features);
        let usual = CargoFeatures::default();
        assert_eq!(key(&usual), Key::new(Utf8Path::new("/tree/Cargo.toml"), "lib", "my_lib", &usual));
        assert_ne!(key(&usual), key(&CargoFeatures { all: true, ..usual }));
    }

    #[test]
    fn what_is_presumed_of_a_package_is_held_against_what_cargo_says() {
        let same = |presumed: &str, said: &str| are_same(&[presumed.to_owned()], &[said.to_owned()]);
        for (said, expected) in [
            ("path+file:///t/a#0.1.0", true),
            ("path+file:///t/a#a@0.1.0", true),
            ("path+file:///t/a#b@0.1.0", false),
            ("path+file:///t/b#a@0.1.0", false),
            ("path+file:///u/a#0.1.0", false),
            ("a 0.1.0 (path+file:///t/a)", false),
        ] {
            assert_eq!(same("path+file:///t/a#a", said), expected, "{said}");
        }
        assert!(!same("path+file:///t/a#b", "path+file:///t/a#0.1.0"));
        assert!(same("--workspace", "--workspace"));
    }

    #[test]
    fn packages_are_built_together_as_was_asked() {
        let target = |package: &str| {
            std::sync::Arc::new(CargoTarget {
                binary: package.to_owned(),
                package: package.to_owned(),
                manifest: TreePath::new(format!("{package}/Cargo.toml")),
                workspace: TreePath::new(""),
                kind: TargetKind::Lib,
                name: package.to_owned(),
                root: TreePath::new(format!("{package}/src/lib.rs")),
                harness: true,
                required_features: Vec::new(),
                enabled: true,
            })
        };
        let package = |name: &str| {
            serde_json::json!({
                "id": format!("path+file:///t/{name}#0.1.0"), "name": name, "version": "0.1.0", "authors": [],
                "manifest_path": format!("/t/{name}/Cargo.toml"),
            })
        };
        let members = ["a", "b", "c"].map(package);
        let metadata: Metadata = serde_json::from_value(serde_json::json!({ "packages": members })).unwrap();
        let of = |targets, workspace| {
            let features = CargoFeatures { workspace, ..CargoFeatures::default() };
            packages(&RustBuild { workspace: TreePath::new(""), features, targets }, Utf8Path::new("/t"), &metadata)
        };
        let presumed = |targets| {
            let build = RustBuild { workspace: TreePath::new(""), features: CargoFeatures::default(), targets };
            presumed_packages(&build, Utf8Path::new("/t"))
        };
        let targets = || vec![target("b"), target("a"), target("b")];
        assert!(are_same(&presumed(targets()).unwrap(), &of(targets(), false).unwrap()));
        assert!(!are_same(&presumed(vec![target("a")]).unwrap(), &of(targets(), false).unwrap()));
        assert!(!are_same(&presumed(vec![target("a")]).unwrap(), &of(vec![target("b")], false).unwrap()));
        assert_eq!(presumed(vec![target("a b")]), None);
        let two = of(targets(), false);
        assert_eq!(two.unwrap(), ["-p", "path+file:///t/a#0.1.0", "-p", "path+file:///t/b#0.1.0"]);
        assert_eq!(of(vec![target("a")], true).unwrap(), ["--workspace"]);
        assert!(of(vec![target("d")], false).unwrap_err().contains("d/Cargo.toml"));
    }
}
