//! Folders in which commands run.

use std::fmt;

use super::text::{Part, Text};

/// A folder, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Directory {
    /// In the tree: a path without `.` and `..`, with `/`; empty for the tree itself.
    Tree(String),
    /// Elsewhere on the runner: an absolute path.
    Outside(String),
    /// Only CI knows. What it comes from, as written.
    Unknown(String),
}

impl Directory {
    /// The tree itself, where steps run unless they say otherwise.
    #[must_use]
    pub fn tree() -> Self {
        Self::Tree(String::new())
    }

    /// Where `path` leads from here.
    pub(crate) fn join(&self, path: &Text) -> Self {
        match path.parts() {
            [] => self.clone(),
            [Part::Known(path)] => self.join_known(path),
            [Part::Workspace] => Self::tree(),
            [Part::Workspace, Part::Known(rest)] if rest.starts_with('/') => {
                Self::tree().join_known(rest.trim_start_matches('/'))
            }
            _ => Self::unknown(path),
        }
    }

    /// A folder that `path` would name, were it known.
    pub(super) fn unknown(path: &Text) -> Self {
        match path.parts() {
            [Part::Unknown { source, .. }] => Self::Unknown(source.clone()),
            _ => Self::Unknown(path.to_string()),
        }
    }

    fn join_known(&self, path: &str) -> Self {
        // A drive of Windows, a home folder, a variable that nothing expands.
        if path.contains(['\\', '~', '$', ':']) {
            return Self::Unknown(path.to_owned());
        }
        if path.starts_with('/') {
            return Self::Outside(normal("/", path).unwrap_or_else(|| "/".to_owned()));
        }
        match self {
            // Above the tree, its own name would be needed to come back.
            Self::Tree(from) => normal(from, path).map_or_else(|| Self::Unknown(path.to_owned()), Self::Tree),
            Self::Outside(from) => Self::Outside(normal(from, path).unwrap_or_else(|| "/".to_owned())),
            Self::Unknown(from) => Self::Unknown(format!("{from}/{path}")),
        }
    }
}

/// `from/path` without `.` and `..`; `None` where it leads above what `from` begins with.
fn normal(from: &str, path: &str) -> Option<String> {
    let mut components: Vec<&str> = Vec::new();
    for component in from.split('/').chain(path.split('/')) {
        match component {
            "" | "." => {}
            ".." => {
                components.pop()?;
            }
            name => components.push(name),
        }
    }
    let root = if from.starts_with('/') { "/" } else { "" };
    Some(format!("{root}{}", components.join("/")))
}

/// `.` for the tree itself; what is not known stands in `<` and `>`.
impl fmt::Display for Directory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree(path) if path.is_empty() => formatter.write_str("."),
            Self::Tree(path) | Self::Outside(path) => formatter.write_str(path),
            Self::Unknown(source) => write!(formatter, "<{source}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_should() {
        let rooted = |rest: &str| Text::from_iter([Part::Workspace, Part::Known(rest.to_owned())]);
        let cases = [
            (Text::known("."), "lib/llm"),
            (Text::known("src/./x/.."), "lib/llm/src"),
            (Text::known("../runtime/"), "lib/runtime"),
            (Text::known("../.."), "."),
            (Text::known("../../.."), "<../../..>"),
            (Text::known("/workspace/../x"), "/x"),
            (rooted(""), "."),
            (rooted("/deploy//x"), "deploy/x"),
            (rooted("-other"), "<<github.workspace>-other>"),
            (Text::unknown("matrix.dir"), "<matrix.dir>"),
            (Text::known("~/x"), "<~/x>"),
        ];
        for (path, expected) in cases {
            assert_eq!(Directory::Tree("lib/llm".to_owned()).join(&path).to_string(), expected, "{path}");
        }
    }
}
