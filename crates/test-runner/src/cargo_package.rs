//! A package as its manifest has it: what cargo tells a package's tests of it.
//!
//! `cargo metadata` says the same, and takes as long as a build that has nothing to do. Where a manifest leaves anything to be found
//! out, cargo is asked.

use std::fs;

use camino::Utf8Path;
use serde::Deserialize;

use crate::cargo_messages::Package;

/// What cargo takes for a package's readme where none is named (the cargo book, "The `readme` field").
const READMES: [&str; 3] = ["README.md", "README.txt", "README"];

#[derive(Deserialize)]
struct Manifest {
    package: Option<Fields>,
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Workspace {
    package: Option<Fields>,
}

/// `[package]` or `[workspace.package]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Fields {
    name: Option<String>,
    version: Option<Field<String>>,
    authors: Option<Field<Vec<String>>>,
    description: Option<Field<String>>,
    homepage: Option<Field<String>>,
    repository: Option<Field<String>>,
    license: Option<Field<String>>,
    rust_version: Option<Field<String>>,
    license_file: Option<String>,
    readme: Option<Readme>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Field<T> {
    Own(T),
    Inherited { workspace: bool },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Readme {
    Named(String),
    IsThere(bool),
}

impl Package {
    /// The package with this id and manifest, which inherits from the workspace in that folder. `None` where only cargo can say: paths
    /// that are inherited, and whatever is not as usual.
    pub(crate) fn read(id: &str, manifest: &Utf8Path, workspace: &Utf8Path) -> Option<Self> {
        let package = parse(manifest)?.package?;
        let root = parse(&workspace.join("Cargo.toml")).and_then(|root| root.workspace?.package);
        let root = root.as_ref();
        Some(Self {
            id: id.to_owned(),
            name: package.name?,
            version: value(package.version, || root?.version.clone())?.map_or_else(|| "0.0.0".to_owned(), trimmed),
            authors: value(package.authors, || root?.authors.clone())?.unwrap_or_default(),
            description: value(package.description, || root?.description.clone())?,
            homepage: value(package.homepage, || root?.homepage.clone())?,
            repository: value(package.repository, || root?.repository.clone())?,
            license: value(package.license, || root?.license.clone())?,
            license_file: package.license_file,
            readme: match package.readme {
                Some(Readme::Named(name)) => Some(name),
                Some(Readme::IsThere(true)) => Some(READMES[0].to_owned()),
                Some(Readme::IsThere(false)) => None,
                None => READMES.into_iter().find(|name| manifest.with_file_name(name).is_file()).map(str::to_owned),
            },
            rust_version: value(package.rust_version, || root?.rust_version.clone())?,
            manifest_path: manifest.to_owned(),
        })
    }
}

fn parse(manifest: &Utf8Path) -> Option<Manifest> {
    toml::from_str(&fs::read_to_string(manifest).ok()?).ok()
}

/// A field's own value or the inherited one. The outer `None` is for one that is inherited and not there.
fn value<T>(field: Option<Field<T>>, inherited: impl FnOnce() -> Option<Field<T>>) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(Field::Own(value)) => Some(Some(value)),
        Some(Field::Inherited { workspace: true }) => match inherited()? {
            Field::Own(value) => Some(Some(value)),
            Field::Inherited { .. } => None,
        },
        Some(Field::Inherited { workspace: false }) => None,
    }
}

fn trimmed(version: String) -> String {
    version.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::Command;

    use camino::Utf8PathBuf;

    use super::*;
    use crate::cargo_messages::Metadata;

    /// Packages with what cargo shall be asked for, and files beside the manifest.
    const PACKAGES: [(&str, &str, bool, &[&str]); 7] = [
        ("least", "name = \"least\"\nedition = \"2021\"", true, &["README", "README.txt"]),
        (
            "named",
            "name = \"named\"\nversion = \"1.0.0\"\nreadme = \"docs/../READ.md\"\nlicense-file = \"../LICENSE\"",
            true,
            &[],
        ),
        (
            "own",
            "name = \"own\"\nversion = \" 1.2.3-rc.1+b5 \"\nauthors = [\"a <a@b.c>\", \"b\"]\nreadme = true\n\
             description = \"\"\"\n  some\nwords \"\"\"\nhomepage = \" h\"\nrepository = \"r\"\nlicense = \"MIT\"\nrust-version = \"1.70\"",
            true,
            &["README.md"],
        ),
        (
            "unread",
            "name = \"unread\"\nreadme = false\nversion = \"0.1.0\"\nauthors = []\ndescription = \"\"",
            true,
            &["README.md"],
        ),
        (
            "inherits",
            "name = \"inherits\"\nversion.workspace = true\nauthors = { workspace = true }\ndescription.workspace = true\n\
             homepage.workspace = true\nrepository.workspace = true\nlicense.workspace = true\nrust-version.workspace = true",
            true,
            &[],
        ),
        ("path", "name = \"path\"\nversion.workspace = true\nreadme.workspace = true", false, &[]),
        ("licensed", "name = \"licensed\"\nversion.workspace = true\nlicense-file.workspace = true", false, &[]),
    ];
    const WORKSPACE: &str = "[workspace]\nresolver = \"2\"\nmembers = [\"*\"]\n[workspace.package]\nversion = \"4.5.6\"\n\
                             authors = [\"w\"]\ndescription = \"of all\"\nhomepage = \"wh\"\nrepository = \"wr\"\n\
                             license = \"Apache-2.0\"\nlicense-file = \"LICENSE\"\nreadme = \"README.md\"\nrust-version = \"1.71.1\"\n";

    #[test]
    fn a_package_is_read_as_cargo_has_it_or_left_to_cargo() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        fs::write(root.join("Cargo.toml"), WORKSPACE).unwrap();
        for (name, text, _, files) in PACKAGES {
            fs::create_dir_all(root.join(name).join("src")).unwrap();
            fs::write(root.join(name).join("Cargo.toml"), format!("[package]\n{text}\n")).unwrap();
            for file in ["src/lib.rs"].iter().chain(files) {
                fs::write(root.join(name).join(file), "").unwrap();
            }
        }
        let mut cargo = Command::new("cargo");
        let said = cargo.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(&root).output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        let metadata: Metadata = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(metadata.packages.len(), PACKAGES.len());
        for package in metadata.packages {
            let (.., is_read, _) = PACKAGES.into_iter().find(|(name, ..)| *name == package.name).unwrap();
            let read = Package::read(&package.id, &package.manifest_path, &root);
            assert_eq!(read, is_read.then_some(package));
        }
    }

    #[test]
    fn what_is_inherited_from_nowhere_is_left_to_cargo() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let manifest = root.join("Cargo.toml");
        let read = |text: &str| {
            fs::write(&manifest, text).unwrap();
            Package::read("", &manifest, root).is_some()
        };
        assert!(read("[package]\nname = \"a\"\n"));
        for text in [
            "[package]\nname = \"a\"\nversion.workspace = true\n",
            "[package]\nname = \"a\"\nversion.workspace = true\n[workspace]\n",
            "[package]\nname = \"a\"\nauthors = \"one\"\n",
            "[package]\n",
            "[project]\nname = \"a\"\n",
            "no manifest",
        ] {
            assert!(!read(text), "{text}");
        }
    }
}
