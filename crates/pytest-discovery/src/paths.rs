//! Paths as pytest makes them: lexically, links kept.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// `text` from `base`, with `.` and `..` taken out of the text alone, as `os.path.abspath` does.
pub(crate) fn absolute(base: &Utf8Path, text: &str) -> Utf8PathBuf {
    let mut path = Utf8PathBuf::new();
    for component in base.join(text).components() {
        match component {
            Utf8Component::CurDir => {}
            // Above the root is the root.
            Utf8Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

/// The deepest folder that holds both, or is one of them.
pub(crate) fn common_ancestor(one: &Utf8Path, other: &Utf8Path) -> Utf8PathBuf {
    one.components().zip(other.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out_of_the_text() {
        assert_eq!(absolute("/a/b".into(), "../c/./d/../e"), "/a/c/e");
        assert_eq!(absolute("/a".into(), "../../.."), "/");
        assert_eq!(absolute("/a".into(), "/x//y"), "/x/y");
    }

    #[test]
    fn the_common_ancestor_goes_by_parts_and_not_by_letters() {
        assert_eq!(common_ancestor("/a/bc".into(), "/a/bd".into()), "/a");
        assert_eq!(common_ancestor("/a/b".into(), "/a/b/c".into()), "/a/b");
    }
}
