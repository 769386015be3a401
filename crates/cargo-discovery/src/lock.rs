//! `Cargo.lock`: the releases of the libraries whose attributes name tests.

use camino::Utf8Path;

use crate::sources;

/// Major and minor number, where the lock file has one release of the library.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Releases {
    pub rstest: Option<(u64, u64)>,
    pub test_case: Option<(u64, u64)>,
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
        Self { rstest: release(text, "rstest"), test_case: release(text, "test-case") }
    }
}

/// Whether the lock file of a workspace has a package; `None` where there is no file that can be read.
pub(crate) fn has_package(tree: &Utf8Path, workspace: &Utf8Path, name: &str) -> Option<bool> {
    let file = workspace.join("Cargo.lock");
    if !tree.join(&file).is_file() {
        return None;
    }
    let text = sources::read(tree, &file).ok()?;
    let line = format!("name = \"{name}\"");
    Some(text.lines().any(|one| one == line))
}

/// The release of a package. cargo writes the file itself, a key a line, so that it need not be parsed: lock files are
/// long.
fn release(text: &str, package: &str) -> Option<(u64, u64)> {
    let name = format!("name = \"{package}\"");
    let mut versions = text.match_indices(&name).filter_map(|(at, _)| {
        let is_line = text[..at].is_empty() || text[..at].ends_with('\n');
        let version = text[at + name.len()..].trim_start().strip_prefix("version = \"")?;
        is_line.then_some(version)
    });
    let first = versions.next()?;
    versions.next().is_none().then_some(())?;
    let mut numbers = first.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
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
        let others = "[[package]]\nname = \"rstest_reuse\"\nversion = \"0.7.0\"\ndependencies = [\n \"rstest\",\n]\n";
        assert_eq!(Releases::locked(others), Releases::default());
        assert_eq!(Releases::locked("name = \"rstest\"\nversion = 1"), Releases::default());
    }
}
