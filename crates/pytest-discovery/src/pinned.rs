//! The release of pytest that a tree pins.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{PytestVersion, read};

/// Where a tree says which pytest it is tested with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedPytest {
    /// The release.
    pub version: PytestVersion,
    /// The file that says so.
    pub file: Utf8PathBuf,
    /// Its line, from 1.
    pub line: u32,
}

impl PinnedPytest {
    /// Looks in the tree's own folder: a lock file (`uv.lock`, `poetry.lock`, `pdm.lock`), else a `requirements*.txt`
    /// with `pytest==...`, the first by name. A range of releases pins none.
    #[must_use]
    pub fn of(tree: &Utf8Path) -> Option<Self> {
        let locks = ["uv.lock", "poetry.lock", "pdm.lock"].map(|name| tree.join(name));
        locks.into_iter().find_map(|file| locked(&file)).or_else(|| {
            let mut files: Vec<Utf8PathBuf> = tree
                .read_dir_utf8()
                .ok()?
                .flatten()
                .filter(|entry| {
                    let name = entry.file_name();
                    (name.starts_with("requirements") || name.ends_with("requirements.txt")) && name.ends_with(".txt")
                })
                .map(|entry| entry.into_path())
                .collect();
            files.sort();
            files.into_iter().find_map(|file| required(&file))
        })
    }
}

/// The `version` of the package table that is named `pytest`.
fn locked(file: &Utf8Path) -> Option<PinnedPytest> {
    let text = read::text(file).ok()?;
    let mut named = false;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.starts_with('[') {
            named = false;
        } else if line == "name = \"pytest\"" {
            named = true;
        } else if let (true, Some(value)) = (named, line.strip_prefix("version = ")) {
            let version = value.trim_matches('"').parse().ok()?;
            return Some(PinnedPytest { version, file: file.to_owned(), line: number });
        }
    }
    None
}

fn required(file: &Utf8Path) -> Option<PinnedPytest> {
    let text = read::text(file).ok()?;
    text.lines().zip(1..).find_map(|(line, number)| {
        let line = line.split(['#', ';']).next().unwrap_or_default().replace(' ', "");
        let version = line.strip_prefix("pytest==")?.split("--").next()?.trim_end_matches('\\').parse().ok()?;
        Some(PinnedPytest { version, file: file.to_owned(), line: number })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn pinned(files: &[(&str, &str)]) -> Option<(String, String, u32)> {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8Path::from_path(folder.path()).unwrap();
        for (name, text) in files {
            fs::write(tree.join(name), text).unwrap();
        }
        let found = PinnedPytest::of(tree)?;
        Some((found.version.to_string(), found.file.file_name().unwrap().to_owned(), found.line))
    }

    #[test]
    fn a_lock_file_decides_before_requirements() {
        let lock = "[[package]]\nname = \"pytest-xdist\"\nversion = \"3.8.0\"\n\n[[package]]\nname = \"pytest\"\nversion = \
                    \"8.3.5\"\n";
        let files = [("uv.lock", lock), ("requirements.txt", "pytest==7.4.4\n")];
        assert_eq!(pinned(&files), Some(("8.3.5".to_owned(), "uv.lock".to_owned(), 7)));
    }

    #[test]
    fn requirements_pin_with_two_equals_signs_only() {
        let files = [
            ("requirements-dev.txt", "pytest>=8\npytest-cov==5\n"),
            ("requirements-test.txt", "# why\npytest == 8.4.2 ; python_version > \"3.9\"\n"),
        ];
        assert_eq!(pinned(&files), Some(("8.4.2".to_owned(), "requirements-test.txt".to_owned(), 2)));
        assert_eq!(pinned(&[("requirements.txt", "pytest\n")]), None);
    }
}
