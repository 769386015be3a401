//! Releases of pytest and Python, and the releases at which collection changed.

use std::fmt;
use std::str::FromStr;

/// A release of pytest. Releases order as their numbers do, so `version >= PytestVersion::NORMALISED_ARGUMENTS`
/// asks for a behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PytestVersion {
    /// The first number: 9 of `9.2.0`.
    pub major: u16,
    /// The second number.
    pub minor: u16,
    /// The third number; 0 where the text has none.
    pub patch: u16,
}

impl PytestVersion {
    /// The release that this crate follows where nothing else is asked for.
    pub const REFERENCE: Self = Self::new(9, 2, 0);
    /// Files and folders of a folder are visited in one order, by name; before, files came first.
    pub const INTERLEAVED_WALK: Self = Self::new(8, 0, 0);
    /// A `pyproject.toml` without pytest's table still fixes the rootdir.
    pub const BARE_PYPROJECT_ROOT: Self = Self::new(8, 1, 0);
    /// `@file` on the command line stands for the lines of the file.
    pub const ARGUMENT_FILES: Self = Self::new(8, 2, 0);
    /// A virtual environment is known by `pyvenv.cfg`; before, by its activation scripts.
    pub const PYVENV_CFG: Self = Self::new(8, 3, 0);
    /// A conda environment is known by `conda-meta/history`.
    pub const CONDA_META: Self = Self::new(8, 3, 2);
    /// `collect_imported_tests` exists.
    pub const COLLECT_IMPORTED_TESTS: Self = Self::new(8, 4, 0);
    /// `pythonpath` counts before plugins are loaded that `-p` names.
    pub const EARLY_PYTHONPATH: Self = Self::new(8, 4, 0);
    /// `pytest.toml`, native `[tool.pytest]` tables, an empty `.pytest.ini` that counts, and `strict`.
    pub const NATIVE_TOML: Self = Self::new(9, 0, 0);
    /// Overlapping arguments are normalised.
    pub const NORMALISED_ARGUMENTS: Self = Self::new(9, 0, 0);
    /// `--strict-markers` in `addopts` works again; 9.0 alone ignores it.
    pub const STRICT_MARKERS_IN_ADDOPTS: Self = Self::new(9, 1, 0);
    /// `--config-file` must name a file of a known form, and an option of several choices is checked.
    pub const CHECKED_CONFIG_FILE: Self = Self::new(9, 2, 0);

    /// A release by its numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl Default for PytestVersion {
    fn default() -> Self {
        Self::REFERENCE
    }
}

impl fmt::Display for PytestVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for PytestVersion {
    type Err = VersionError;

    /// Reads `9.2`, `9.2.0`, and a pre-release such as `9.3.0rc1` as the release that it leads to.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let [major, minor, patch] = numbers(text)?;
        Ok(Self { major, minor, patch })
    }
}

/// A release of Python, as far as the language and its library depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PythonVersion {
    /// The first number: 3 of `3.11`.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl PythonVersion {
    /// The release that this crate follows where nothing else is asked for.
    pub const REFERENCE: Self = Self::new(3, 11);

    /// The latest release that is out.
    pub(crate) const LATEST: Self = Self::new(3, 14);

    /// A release by its numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl Default for PythonVersion {
    fn default() -> Self {
        Self::REFERENCE
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for PythonVersion {
    type Err = VersionError;

    /// Reads `3.11` and `3.11.7`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let [major, minor, _] = numbers(text)?;
        Ok(Self { major, minor })
    }
}

/// A text that is no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a release: write two or three numbers with dots between, such as 9.2 or 3.11")]
pub struct VersionError(String);

/// Up to three numbers; what follows the digits of one, as in `0rc1`, does not count.
fn numbers(text: &str) -> Result<[u16; 3], VersionError> {
    let wrong = || VersionError(text.to_owned());
    let mut found = [0; 3];
    let mut parts = text.trim().split('.');
    for (place, number) in found.iter_mut().enumerate() {
        let Some(part) = parts.next() else {
            if place < 2 {
                return Err(wrong());
            }
            break;
        };
        let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
        *number = part[..digits].parse().map_err(|_| wrong())?;
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn releases_order_by_number_and_not_by_text() {
        let old: PytestVersion = "8.4.2".parse().unwrap();
        let new: PytestVersion = "10.0".parse().unwrap();
        assert!(old < new);
        assert!(old < PytestVersion::NORMALISED_ARGUMENTS);
    }

    #[test]
    fn a_pre_release_reads_as_its_release() {
        assert_eq!("9.3.0rc1".parse(), Ok(PytestVersion::new(9, 3, 0)));
    }

    #[test]
    fn what_is_no_release_is_an_error() {
        for text in ["", "9", "nine.two", "9.", "99999999.1"] {
            assert!(text.parse::<PytestVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_release_prints_as_it_is_read() {
        for text in ["7.4.4", "9.2.0"] {
            assert_eq!(text.parse::<PytestVersion>().unwrap().to_string(), text);
        }
        assert_eq!("3.11.7".parse::<PythonVersion>().unwrap().to_string(), "3.11");
    }
}
