//! LCOV's form, in which both languages' tools tell what ran: records from `SF:file` to `end_of_record`, a line
//! `DA:number,count` for each line that can run. <https://github.com/linux-test-project/lcov>, geninfo(1).

use std::collections::{BTreeMap, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::TreePath;

use super::Lines;
use crate::RunSettings;

/// What tells the tree's files from others.
pub(super) struct Place {
    tree: Utf8PathBuf,
    rootdir: Utf8PathBuf,
    /// Of runs: plugins, builds, environments.
    state_dir: Utf8PathBuf,
}

impl Place {
    pub(super) fn new(settings: &RunSettings) -> Self {
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
        Self { tree: real(&settings.tree), rootdir: real(&settings.rootdir), state_dir: real(&settings.state_dir) }
    }

    /// A file by its name in the tree; `None` of one that is none of the tree's. coverage.py names files from the folder that it is
    /// run in, LLVM from the root.
    fn of(&self, name: &str) -> Option<TreePath> {
        let path = self.rootdir.join(name);
        let path = path.canonicalize_utf8().unwrap_or(path);
        let is_own = !path.starts_with(&self.state_dir);
        path.strip_prefix(&self.tree).ok().filter(|_| is_own).map(TreePath::new)
    }
}

/// The lines of the tree's files. Their records are added to `merged`, each under the file's name in the tree.
///
/// A file may have several records: a line of it ran where one of them says so.
pub(super) fn of_tree(text: &str, place: &Place, merged: &mut String) -> BTreeMap<TreePath, Lines> {
    let mut files: BTreeMap<TreePath, HashMap<u64, bool>> = BTreeMap::new();
    let mut record: Option<(TreePath, &mut HashMap<u64, bool>)> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("SF:") {
            record = None;
            if let Some(path) = place.of(name) {
                merged.push_str(&format!("SF:{path}\n"));
                record = Some((path.clone(), files.entry(path).or_default()));
            }
            continue;
        }
        let Some((_, lines)) = &mut record else { continue };
        merged.push_str(line);
        merged.push('\n');
        if line == "end_of_record" {
            record = None;
        } else if let Some((number, ran)) = line.strip_prefix("DA:").and_then(counted) {
            *lines.entry(number).or_default() |= ran;
        }
    }
    files
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(path, lines)| {
            let covered = lines.values().filter(|ran| **ran).count();
            (path, Lines { covered: covered as u64, all: lines.len() as u64 })
        })
        .collect()
}

/// `12,3` or `12,3,checksum`: the line, and whether it ran.
fn counted(text: &str) -> Option<(u64, bool)> {
    let mut fields = text.split(',');
    let number = fields.next()?.parse().ok()?;
    let count = fields.next()?.trim();
    Some((number, count.bytes().any(|digit| digit.is_ascii_digit() && digit != b'0') && !count.starts_with('-')))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_files_of_the_tree_count_and_a_line_ran_where_any_record_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        let settings = RunSettings { rootdir: tree.join("py"), ..RunSettings::new(tree.clone(), tree.join("target")) };
        let text = format!(
            "TN:\nSF:a.py\nDA:1,1\nDA:2,0\nDA:3,0,abc\nLH:1\nend_of_record\n\
             SF:{tree}/src/lib.rs\nFN:1,f\nDA:1,0\nDA:x\nDA:2,-1\nDA:3,1e3\nend_of_record\n\
             SF:/usr/lib/b.py\nDA:1,1\nend_of_record\n\
             SF:{tree}/target/plugin.py\nDA:1,1\nend_of_record\n\
             SF:empty.py\nend_of_record\n\
             DA:9,9\n\
             SF:../py/a.py\nDA:2,5\nDA:3,0\nend_of_record\n"
        );
        std::fs::create_dir(tree.join("py")).unwrap();
        std::fs::write(tree.join("py/a.py"), "").unwrap();
        let mut merged = String::new();
        let found = of_tree(&text, &Place::new(&settings), &mut merged);
        let lines = |covered, all| Lines { covered, all };
        let expected = [("py/a.py", lines(2, 3)), ("src/lib.rs", lines(1, 3))];
        assert_eq!(found, expected.map(|(path, lines)| (TreePath::new(path), lines)).into());
        assert!(merged.contains("SF:src/lib.rs\nFN:1,f\n") && !merged.contains("usr"), "{merged}");
    }
}
