//! `Cargo.lock`: the releases of the libraries whose attributes name tests.

use camino::Utf8Path;
use serde::Deserialize;

use crate::sources;

/// Major and minor number, where the lock file has one release of the library.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Releases {
    pub rstest: Option<(u64, u64)>,
    pub test_case: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

impl Releases {
    /// Those of the lock file of a workspace; none where there is no file, or it cannot be read.
    pub(crate) fn of(tree: &Utf8Path, workspace: &Utf8Path) -> Self {
        let file = workspace.join("Cargo.lock");
        if !tree.join(&file).is_file() {
            return Self::default();
        }
        sources::read(tree, &file).map_or_else(|_| Self::default(), |text| Self::locked(&text))
    }

    fn locked(text: &str) -> Self {
        // Most trees have neither, and their lock files are long.
        if !text.contains("\"rstest\"") && !text.contains("\"test-case\"") {
            return Self::default();
        }
        let Ok(lock) = toml::from_str::<Lock>(text) else { return Self::default() };
        let only = |name: &str| {
            let mut found = lock.package.iter().filter(|package| package.name == name);
            let first = found.next()?;
            found.next().is_none().then_some(())?;
            let mut numbers = first.version.split('.').map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        Self { rstest: only("rstest"), test_case: only("test-case") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_known_where_there_is_one_only() {
        let one = "[[package]]\nname = \"rstest\"\nversion = \"0.26.1\"\n";
        assert_eq!(Releases::locked(one), Releases { rstest: Some((0, 26)), test_case: None });
        let two = format!("{one}[[package]]\nname = \"rstest\"\nversion = \"0.18.2\"\n");
        assert_eq!(Releases::locked(&two), Releases::default());
        assert_eq!(Releases::locked("\"rstest\" no toml"), Releases::default());
    }
}
