//! What is read of manifests against what real cargo says of the same: targets, members and features.
//!
//! Generated trees, few by default: `PROPTEST_CASES=2000` makes more. Nothing is compiled but in [`compiled`].

mod compiled;
mod features;
mod targets;
mod workspaces;

use std::collections::BTreeMap;
use std::process::{Command, Output};

use camino::Utf8PathBuf;
use proptest::prelude::ProptestConfig;
use serde_json::Value;
use tempfile::TempDir;
use test_catalog::Problem;

use crate::Settings;
use crate::package::{BuiltPackage, Manifests, Packages};
use crate::sources::{self, Disk};
use crate::workspace::{self, Tree as _};

struct Tree {
    _folder: TempDir,
    root: Utf8PathBuf,
}

impl Tree {
    fn of(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        for (file, text) in files {
            let path = root.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { _folder: folder, root }
    }

    fn cargo(&self, folder: &str, arguments: &[&str]) -> Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" || name == "RUSTFLAGS" {
                command.env_remove(name);
            }
        }
        command.env("CARGO_TARGET_DIR", self.root.join("target"));
        command.arg("--offline").args(arguments).current_dir(self.root.join(folder)).output().unwrap()
    }

    /// What `cargo metadata` says in a folder, or its error.
    fn metadata(&self, folder: &str) -> Result<Value, String> {
        let output = self.cargo(folder, &["metadata", "--no-deps", "--format-version=1"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(serde_json::from_slice(&output.stdout).unwrap()) } else { Err(said) }
    }

    /// Hands over what is read of the tree.
    fn read<R>(&self, settings: Settings, look: impl FnOnce(&[BuiltPackage<'_, '_>], &[Problem]) -> R) -> R {
        let tree = Disk { tree: &settings.tree };
        let walk = sources::walk(&settings.tree);
        let mut manifests = Vec::new();
        let mut problems = Vec::new();
        for file in &walk.manifests {
            match tree.manifest(file) {
                Ok(manifest) => manifests.push(manifest),
                Err(problem) => problems.push(problem),
            }
        }
        problems.extend(workspace::add_named(&mut manifests, &tree));
        let (manifests, wrong) = Manifests::read(&manifests, &tree);
        problems.extend(wrong);
        let (packages, wrong) = Packages::find(&manifests, &tree, &settings);
        problems.extend(wrong);
        look(&packages.in_build(&settings.features, &settings.build), &problems)
    }

    fn settings(&self) -> Settings {
        Settings::new(self.root.clone())
    }
}

fn cases() -> ProptestConfig {
    let few =
        ProptestConfig { cases: 12, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()) {
        Some(cases) => ProptestConfig { cases, ..few },
        None => few,
    }
}
