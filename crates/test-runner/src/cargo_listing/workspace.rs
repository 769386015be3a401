//! Workspaces and packages as cargo sees them: `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::ListingError;
use super::command::{Cargo, error_line};

/// A workspace, or a package that is in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its folder.
    pub root: Utf8PathBuf,
    /// Its members.
    pub packages: Vec<Package>,
}

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// As cargo's `-p` takes it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest: Utf8PathBuf,
    /// Its features.
    pub features: BTreeSet<String>,
    /// The name of its library, where it has one with documentation tests.
    pub documented_library: Option<String>,
}

impl Package {
    /// Whether `feature` or `package/feature` means a feature of this package.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((package, feature)) => package == self.name && self.features.contains(feature),
            None => self.features.contains(name),
        }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        self.manifest.parent().unwrap_or(&self.manifest)
    }
}

/// A manifest that cargo refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The manifest.
    pub manifest: Utf8PathBuf,
    /// What cargo says.
    pub reason: String,
}

/// The workspaces of these manifests, each once, and the manifests that cargo refuses. Nothing is built.
///
/// # Errors
/// Where cargo is not there, or says what is not understood.
pub fn workspaces(manifests: &[Utf8PathBuf]) -> Result<(Vec<Workspace>, Vec<Refused>), ListingError> {
    let mut in_order: Vec<&Utf8PathBuf> = manifests.iter().collect();
    // A workspace's own manifest before those of its members: it answers for them.
    in_order.sort_by_key(|manifest| (manifest.components().count(), *manifest));
    let mut known: BTreeSet<Utf8PathBuf> = BTreeSet::new();
    let (mut workspaces, mut refused) = (Vec::new(), Vec::new());
    for manifest in in_order {
        if known.contains(manifest) {
            continue;
        }
        let folder = manifest.parent().unwrap_or(manifest);
        let cargo = ["metadata", "--no-deps", "--format-version=1", "--color=never", "--manifest-path"];
        let cargo = Cargo::new(cargo.map(str::to_owned).to_vec(), folder.to_owned()).args(&[manifest.as_str()]);
        let output = cargo.run()?;
        if !output.status.success() {
            refused.push(Refused { manifest: manifest.clone(), reason: error_line(&output.stderr) });
            continue;
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| cargo.not_understood(error))?;
        let workspace = Workspace {
            root: metadata.workspace_root,
            packages: metadata.packages.into_iter().map(MetadataPackage::package).collect(),
        };
        known.insert(manifest.clone());
        known.insert(workspace.root.join("Cargo.toml"));
        known.extend(workspace.packages.iter().map(|package| package.manifest.clone()));
        workspaces.push(workspace);
    }
    Ok((workspaces, refused))
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: Utf8PathBuf,
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    id: String,
    name: String,
    manifest_path: Utf8PathBuf,
    features: BTreeMap<String, Vec<String>>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    doctest: bool,
}

impl MetadataPackage {
    fn package(self) -> Package {
        // Only libraries can have documentation tests.
        let library = self.targets.into_iter().find(|target| target.doctest);
        Package {
            id: self.id,
            name: self.name,
            manifest: self.manifest_path,
            features: self.features.into_keys().collect(),
            documented_library: library.map(|target| target.name.replace('-', "_")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_a_packages_own_or_named_with_it() {
        let package = Package {
            id: "path+file:///p#0.1.0".to_owned(),
            name: "p".to_owned(),
            manifest: "/p/Cargo.toml".into(),
            features: BTreeSet::from(["slow".to_owned()]),
            documented_library: None,
        };
        assert!(package.has_feature("slow") && package.has_feature("p/slow"));
        assert!(!package.has_feature("fast") && !package.has_feature("q/slow"));
    }
}
