//! A tree as it is in a revision, copied out of git's objects. The working tree is not touched, nor git's index, and nothing
//! of the tree is executed: blobs are written as they are, without the filters that a checkout would run.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;
use crate::git;

/// Larger files are there, and empty: nobody reads tests from them.
const LARGEST_FILE: usize = 4 << 20;

/// The copy, which is removed with this value.
#[derive(Debug)]
pub(crate) struct Snapshot {
    folder: tempfile::TempDir,
    left_out: LeftOut,
}

/// What of the revision is not in the copy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Links that lead out of the tree, or nowhere that is known.
    pub(crate) links: usize,
    /// Other repositories within this one.
    pub(crate) submodules: usize,
}

/// A file of the revision.
struct Entry {
    object: String,
    path: Utf8PathBuf,
    is_link: bool,
}

impl Snapshot {
    /// Copies the tree `tree` as it is in the revision `revision`.
    pub(crate) fn take(tree: &Utf8Path, revision: &str) -> Result<Self, Error> {
        let (entries, submodules) = entries(tree, revision)?;
        let folder = tempfile::tempdir().map_err(Error::TemporaryFolder)?;
        let mut snapshot = Self { folder, left_out: LeftOut { submodules, links: 0 } };
        snapshot.left_out.links = snapshot.write(tree, revision, &entries)?;
        Ok(snapshot)
    }

    /// What of the revision is not in the copy.
    pub(crate) fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Where the copy is.
    pub(crate) fn path(&self) -> Result<&Utf8Path, Error> {
        let path = self.folder.path();
        Utf8Path::from_path(path).ok_or_else(|| Error::NotUtf8(path.to_string_lossy().into_owned()))
    }

    /// Writes files and links, and says how many links were left out.
    fn write(&self, tree: &Utf8Path, revision: &str, entries: &[Entry]) -> Result<usize, Error> {
        let failed = |why: String| Error::Revision { revision: revision.to_owned(), why };
        let mut child = git::command(tree)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let written = self.write_blobs(&mut child, entries).map_err(|error| failed(error.to_string()));
        // Whatever came before, nothing is left running.
        let _ = child.kill();
        let _ = child.wait();
        written
    }

    fn write_blobs(&self, child: &mut Child, entries: &[Entry]) -> std::io::Result<usize> {
        let root = self.folder.path();
        let (Some(mut asked), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("git has no pipes"));
        };
        thread::scope(|scope| {
            // git answers while it is still asked: both at once, or the pipes fill up.
            let asking = scope.spawn(move || entries.iter().try_for_each(|entry| writeln!(asked, "{}", entry.object)));
            let mut answers = BufReader::new(answers);
            let mut head = String::new();
            let mut links = Vec::new();
            for entry in entries {
                head.clear();
                answers.read_line(&mut head)?;
                let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
                let size = size.ok_or_else(|| std::io::Error::other(lacking(&entry.path)))?;
                let mut text = Vec::new();
                (&mut answers).take(size + 1).read_to_end(&mut text)?;
                text.pop();
                if text.len() > LARGEST_FILE {
                    text.clear();
                }
                if entry.is_link {
                    links.push((&entry.path, String::from_utf8(text).ok()));
                    continue;
                }
                let file = root.join(&entry.path);
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(file, text)?;
            }
            asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            // Behind all files, so that nothing is written through one.
            let made = |(path, target): &(&Utf8PathBuf, Option<String>)| {
                target.as_deref().is_some_and(|target| stays_inside(path, target) && link(root, path, target).is_ok())
            };
            let mut left_out = links.iter().filter(|one| !made(one)).count();
            // Through another link, it may lead out all the same.
            for (path, _) in &links {
                let place = root.join(path);
                if fs::canonicalize(&place)
                    .is_ok_and(|led| !fs::canonicalize(root).is_ok_and(|root| led.starts_with(root)))
                {
                    fs::remove_file(&place)?;
                    left_out += 1;
                }
            }
            Ok(left_out)
        })
    }
}

/// Of a blob that is missing. In a partial clone git fetches it where it can.
fn lacking(path: &Utf8Path) -> String {
    format!(
        "git does not have {path}, as in a clone with `--filter`, and cannot fetch it: `git fetch --refetch --no-filter` \
         fetches all that is missing"
    )
}

/// Whether a link leads to something of the tree.
fn stays_inside(path: &Utf8Path, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') {
        return false;
    }
    let mut depth = path.parent().map_or(0, |parent| parent.components().count());
    target.split('/').all(|part| match part {
        "" | "." => true,
        ".." => depth.checked_sub(1).map(|less| depth = less).is_some(),
        _ => {
            depth += 1;
            true
        }
    })
}

fn link(root: &Path, path: &Utf8Path, target: &str) -> std::io::Result<()> {
    let place = root.join(path);
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(target, place);
    #[cfg(not(unix))]
    return Err(std::io::Error::other(format!("no link to {target} can be made at {}", place.display())));
}

/// The files and links of the tree in a revision, and how many submodules it has, which are not in this repository.
fn entries(tree: &Utf8Path, revision: &str) -> Result<(Vec<Entry>, usize), Error> {
    let failed = |why: String| Error::Revision { revision: revision.to_owned(), why };
    // A revision that begins with `-` would be an option.
    let commit =
        output(tree, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")]);
    let commit = commit.map_err(|why| {
        failed(if why.is_empty() {
            "git knows no such revision: name a branch, a tag or a commit (a shallow clone has only its newest: fetch it first)"
                .to_owned()
        } else {
            why
        })
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let prefix = output(tree, &["rev-parse", "--show-prefix"]).map_err(failed)?;
    let prefix = String::from_utf8_lossy(&prefix).trim().trim_end_matches('/').to_owned();
    let listed =
        output(tree, &["ls-tree", "-r", "-z", "--full-tree", &format!("{commit}:{prefix}")]).map_err(failed)?;
    let entry = |line: &[u8]| {
        let line = std::str::from_utf8(line).ok()?;
        let (head, path) = line.split_once('\t')?;
        let mut words = head.split(' ');
        let mode = words.next()?;
        let is_link = mode == "120000";
        let is_file = (is_link || mode.starts_with("100")) && words.next()? == "blob";
        let object = words.next()?.to_owned();
        // Paths of git's own tools have no `..`; those of others are not followed out of the copy.
        let is_inside = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        (is_file && is_inside).then(|| Entry { object, path: path.into(), is_link })
    };
    let lines = || listed.split(|byte| *byte == 0);
    let submodules = lines().filter(|line| line.starts_with(b"160000 ")).count();
    Ok((lines().filter_map(entry).collect(), submodules))
}

/// What git prints; the error is what it says otherwise.
fn output(folder: &Utf8Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output =
        git::command(folder).args(arguments).output().map_err(|error| format!("git cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("fatal: ").to_owned())
}
