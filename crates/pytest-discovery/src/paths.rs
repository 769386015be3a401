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

/// Whether a path leads into a folder, or is it. Both are as [`absolute`] makes them: their texts tell, and taking them apart takes longer.
pub(crate) fn is_within(path: &Utf8Path, folder: &Utf8Path) -> bool {
    let inside = path.as_str().strip_prefix(folder.as_str().trim_end_matches('/'));
    inside.is_some_and(|inside| inside.is_empty() || inside.starts_with('/'))
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
    fn what_begins_with_a_folder_s_letters_need_not_be_in_it() {
        for (path, folder) in
            [("/a/b", "/a"), ("/a", "/a"), ("/ab", "/a"), ("/b/a", "/a"), ("/a", "/"), ("/", "/"), ("/", "/a")]
        {
            let (path, folder) = (Utf8Path::new(path), Utf8Path::new(folder));
            assert_eq!(is_within(path, folder), path.starts_with(folder), "{path} in {folder}");
        }
    }

    #[test]
    fn the_common_ancestor_goes_by_parts_and_not_by_letters() {
        assert_eq!(common_ancestor("/a/bc".into(), "/a/bd".into()), "/a");
        assert_eq!(common_ancestor("/a/b".into(), "/a/b/c".into()), "/a/b");
    }
}
