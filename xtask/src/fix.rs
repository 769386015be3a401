//! Writes the markers that findings ask for into the tree's files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use marker_policy::{Finding, Insertion, Safety, fix};
use test_catalog::TreePath;
use test_report::count;
use test_report::terminal::printable;

use crate::error::Error;
use crate::{output, progress};

/// What was written, and what was left alone.
#[derive(Debug, Default)]
pub(crate) struct Fixed {
    /// Files that were written.
    pub(crate) files: usize,
    /// Markers that were put into them.
    pub(crate) markers: usize,
    /// Proposals that nobody asked to write.
    pub(crate) proposals: usize,
    /// Files that were left alone, each with the reason.
    pub(crate) left: Vec<(TreePath, String)>,
}

impl Fixed {
    /// Says what was written, and what was not and why.
    pub(crate) fn tell(&self) {
        let markers = count::counted(self.markers, "marker", "markers");
        progress::note(&format!("wrote {markers} into {}", count::files(self.files)));
        for (file, why) in &self.left {
            progress::note(&format!("left alone: {}: {why}", printable(file.as_str())));
        }
        if self.proposals > 0 {
            let proposals = count::counted(self.proposals, "proposal", "proposals");
            progress::note(&format!("{proposals} not written: look at what is proposed, and write it with --unsafe"));
        }
    }
}

/// A file with its new text.
struct Change {
    path: Utf8PathBuf,
    text: String,
    markers: usize,
}

/// Writes the markers of the findings, proposals only where they are asked for. `started` is when the tree was begun to be
/// read: a file that was written since is left alone. Each file is written whole or not at all, and where the first cannot
/// be written none is. `read` are the files of the tests where not all of the tree's were read: others may give their markers
/// to tests that nobody looked at.
pub(crate) fn write(
    tree: &Utf8Path,
    findings: &[Finding],
    started: SystemTime,
    with_proposals: bool,
    read: Option<&BTreeSet<TreePath>>,
) -> Result<Fixed, Error> {
    let mut fixed = Fixed::default();
    let mut by_file: BTreeMap<&TreePath, Vec<&Insertion>> = BTreeMap::new();
    for insertion in findings.iter().filter_map(|finding| finding.insertion.as_ref()) {
        if insertion.safety == Safety::Safe || with_proposals {
            by_file.entry(&insertion.at.file).or_default().push(insertion);
        } else {
            fixed.proposals += 1;
        }
    }
    let mut changes = Vec::new();
    for (file, insertions) in by_file {
        if read.is_some_and(|read| !read.contains(file)) {
            let why = "tests that were not read may take markers from it, too: audit the whole tree".to_owned();
            fixed.left.push((file.clone(), why));
            continue;
        }
        match change(tree, file, &insertions, started) {
            Ok(change) => changes.push(change),
            Err(why) => fixed.left.push((file.clone(), why)),
        }
    }
    for change in changes {
        replace(&change.path, &change.text)?;
        fixed.files += 1;
        fixed.markers += change.markers;
    }
    Ok(fixed)
}

fn change(tree: &Utf8Path, file: &TreePath, insertions: &[&Insertion], started: SystemTime) -> Result<Change, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    // A link is followed, and what it leads to is written; outside of the tree nothing is.
    let path = file.in_tree(tree).canonicalize_utf8().map_err(unreadable)?;
    if !path.starts_with(tree) {
        return Err(format!("it is a link to {path}, outside of the tree"));
    }
    let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(unreadable)?;
    if modified > started {
        return Err("it was written while the tree was audited: run again".to_owned());
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    let names = pytest_discovery::pytest_names(&text).ok_or("it does not parse as Python")?;
    let text = fix::apply(&text, &names, insertions).map_err(|refusal| refusal.to_string())?;
    Ok(Change { path, text, markers: insertions.len() })
}

/// Writes a file beside the old one and puts it in its place.
fn replace(path: &Utf8Path, text: &str) -> Result<(), Error> {
    let failed = |source: std::io::Error| Error::Fix { path: path.to_owned(), source };
    let permissions = fs::metadata(path).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::PermissionDenied)));
    }
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(output::without_name(&error)))?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
