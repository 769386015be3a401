//! Names of tests.

use std::fmt;
use std::sync::Arc;

use crate::TreePath;

/// The name of a case: pytest's node id (`file::Class::function[param]`), or for Rust nextest's binary id, a space
/// and the test's name (`dynamo-runtime::pipeline streaming::backpressure`).
///
/// Ids are not unique: pytest itself can give two cases one id. A case's key is its tree, its id and
/// [`TestCase::occurrence`](crate::TestCase::occurrence).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(Arc<str>);

impl From<NodeId> for Arc<str> {
    fn from(id: NodeId) -> Self {
        id.0
    }
}

impl NodeId {
    /// A pytest id from its parts: the file, the names below it, and the text in brackets.
    #[must_use]
    pub fn python<'a>(file: &TreePath, names: impl IntoIterator<Item = &'a str>, param: Option<&str>) -> Self {
        // Room for a name or two, too.
        let mut text = String::with_capacity(file.as_str().len() + param.map_or(0, str::len) + 80);
        text.push_str(file.as_str());
        for name in names {
            text.push_str("::");
            text.push_str(name);
        }
        if let Some(param) = param {
            text.push('[');
            text.push_str(param);
            text.push(']');
        }
        Self(text.into())
    }

    /// A Rust id: nextest's binary id and the name that libtest lists.
    #[must_use]
    pub fn rust(binary: &str, name: &str) -> Self {
        Self(format!("{binary} {name}").into())
    }

    /// An id as somebody wrote it.
    #[must_use]
    pub fn from_text(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A pytest id without its parameters. A path may contain `[`, names may not: the first bracket behind the
    /// first `::` opens them.
    #[must_use]
    pub fn without_param(&self) -> &str {
        let tail = self.0.find("::").unwrap_or(self.0.len());
        self.0[tail..].find('[').map_or(&*self.0, |bracket| &self.0[..tail + bracket])
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_in_the_path_opens_no_parameters() {
        assert_eq!(NodeId::from_text("a[1]/test_b.py::test_c[x::y]").without_param(), "a[1]/test_b.py::test_c");
        assert_eq!(NodeId::from_text("a[1]/test_b.py").without_param(), "a[1]/test_b.py");
    }
}
