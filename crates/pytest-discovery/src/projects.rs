//! Where projects of a tree keep their packages: what an editable installation puts on `sys.path`.
//!
//! Source of the rules: the `pyproject.toml` tables of hatchling, setuptools, poetry, pdm and maturin.

use camino::{Utf8Path, Utf8PathBuf};
use foldhash::HashSet;
use toml::{Table, Value};

use crate::folders::Folders;
use crate::paths::is_within;
use crate::read;

/// What makes a folder a project.
const FILE: &str = "pyproject.toml";

/// The source roots of the projects whose folders hold the files, the innermost project first for each.
pub(crate) fn source_roots<'f>(
    tree: &Utf8Path,
    files: impl Iterator<Item = &'f Utf8Path>,
    folders: &Folders,
) -> Vec<Utf8PathBuf> {
    // By their paths as texts: paths compare part by part.
    let mut seen: HashSet<&str> = HashSet::default();
    let mut roots = Vec::new();
    for file in files {
        for folder in file.ancestors().skip(1).take_while(|folder| is_within(folder, tree)) {
            // Above one that was looked at, all was.
            if !seen.insert(folder.as_str()) {
                break;
            }
            if !folders.has_file(folder, FILE) {
                continue;
            }
            for root in of_project(folder) {
                if root.starts_with(tree) && !roots.contains(&root) {
                    roots.push(root);
                }
            }
        }
    }
    roots
}

/// The source roots that one `pyproject.toml` names; `src` where it names none and there is one. A file that cannot be
/// read names none: its problem is told where pytest's configuration is read.
fn of_project(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(text) = read::text(&folder.join(FILE)) else { return Vec::new() };
    let Ok(project) = text.parse::<Table>() else { return Vec::new() };
    let mut named: Vec<String> = Vec::new();
    // hatchling: packages by their folders.
    for package in texts(at(&project, &["tool", "hatch", "build", "targets", "wheel", "packages"])) {
        named.push(Utf8Path::new(&package).parent().map_or_else(String::new, |parent| parent.to_string()));
    }
    if let Some(root) = at(&project, &["tool", "setuptools", "package-dir", ""]).and_then(Value::as_str) {
        named.push(root.to_owned());
    }
    named.extend(texts(at(&project, &["tool", "setuptools", "packages", "find", "where"])));
    let poetry = at(&project, &["tool", "poetry", "packages"]).and_then(Value::as_array);
    for package in poetry.into_iter().flatten() {
        named.extend(package.get("from").and_then(Value::as_str).map(str::to_owned));
    }
    for path in [["tool", "pdm", "build", "package-dir"].as_slice(), &["tool", "maturin", "python-source"]] {
        named.extend(at(&project, path).and_then(Value::as_str).map(str::to_owned));
    }
    if named.is_empty() && folder.join("src").is_dir() {
        named.push("src".to_owned());
    }
    // Names are hostile input: none may lead elsewhere.
    let inside = named.iter().filter(|name| {
        let path = Utf8Path::new(name);
        path.is_relative() && path.components().all(|part| part.as_str() != "..")
    });
    inside.map(|name| if name.is_empty() { folder.to_owned() } else { folder.join(name) }).collect()
}

fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, name| value.get(name))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_build_backend_names_its_roots_in_its_own_way() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        let file = tree.join("lib/tests/test_a.py");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let cases = [
            ("[tool.hatch.build.targets.wheel]\npackages = ['components/src/kit', 'top']", vec!["components/src", ""]),
            ("[tool.setuptools]\npackage-dir = {'' = 'source'}", vec!["source"]),
            ("[tool.setuptools.packages.find]\nwhere = ['a', 'b']", vec!["a", "b"]),
            ("[tool.poetry]\npackages = [{include = 'kit', from = 'python'}, {include = 'other'}]", vec!["python"]),
            ("[tool.maturin]\npython-source = 'py'", vec!["py"]),
            ("[tool.maturin]\npython-source = '../out'", vec![]),
            ("[project]\nname = 'kit'", vec![]),
            ("no toml [", vec![]),
        ];
        for (text, roots) in cases {
            fs::write(tree.join("pyproject.toml"), text).unwrap();
            let expected: Vec<_> =
                roots.iter().map(|root| if root.is_empty() { tree.to_owned() } else { tree.join(root) }).collect();
            assert_eq!(source_roots(tree, [file.as_path()].into_iter(), &Folders::default()), expected, "{text}");
        }
    }
}
