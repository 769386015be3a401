//! A tree as it is in a revision, copied out of git's objects. The working tree is not touched, nor git's index, and nothing
//! of the tree is executed: blobs are written as they are, without the filters that a checkout would run.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::Error;

/// Larger files are there, and empty: nobody reads tests from them.
const LARGEST_FILE: usize = 4 << 20;

/// The copy, which is removed with this value.
#[derive(Debug)]
pub(crate) struct Snapshot {
    folder: tempfile::TempDir,
}

/// A file of the revision.
struct Entry {
    object: String,
    path: Utf8PathBuf,
}

impl Snapshot {
    /// Copies the tree `tree` as it is in the revision `revision`.
    pub(crate) fn take(tree: &Utf8Path, revision: &str) -> Result<Self, Error> {
        let entries = entries(tree, revision)?;
        let folder = tempfile::tempdir().map_err(Error::TemporaryFolder)?;
        let snapshot = Self { folder };
        snapshot.write(tree, revision, &entries)?;
        Ok(snapshot)
    }

    /// Where the copy is.
    pub(crate) fn path(&self) -> Result<&Utf8Path, Error> {
        let path = self.folder.path();
        Utf8Path::from_path(path).ok_or_else(|| Error::NotUtf8(path.to_string_lossy().into_owned()))
    }

    fn write(&self, tree: &Utf8Path, revision: &str, entries: &[Entry]) -> Result<(), Error> {
        let failed = |why: String| Error::Revision { revision: revision.to_owned(), why };
        let mut child = git(tree, &["cat-file", "--batch"])
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

    fn write_blobs(&self, child: &mut Child, entries: &[Entry]) -> std::io::Result<()> {
        let root = self.folder.path();
        let (Some(mut asked), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("git has no pipes"));
        };
        thread::scope(|scope| {
            // git answers while it is still asked: both at once, or the pipes fill up.
            let asking = scope.spawn(move || entries.iter().try_for_each(|entry| writeln!(asked, "{}", entry.object)));
            let mut answers = BufReader::new(answers);
            let mut head = String::new();
            for entry in entries {
                head.clear();
                answers.read_line(&mut head)?;
                let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
                let size = size.ok_or_else(|| std::io::Error::other(format!("git does not have {}", entry.path)))?;
                let mut text = Vec::new();
                (&mut answers).take(size + 1).read_to_end(&mut text)?;
                text.pop();
                if text.len() > LARGEST_FILE {
                    text.clear();
                }
                let file = root.join(&entry.path);
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(file, text)?;
            }
            asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// The files of the tree in a revision. Links are left out: where they lead need not be in the tree.
fn entries(tree: &Utf8Path, revision: &str) -> Result<Vec<Entry>, Error> {
    let failed = |why: String| Error::Revision { revision: revision.to_owned(), why };
    // A revision that begins with `-` would be an option.
    let commit =
        output(tree, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")]);
    let commit = commit.map_err(|why| {
        failed(if why.is_empty() {
            "git knows no such revision: name a branch, a tag or a commit".to_owned()
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
        let is_file = words.next()?.starts_with("100") && words.next()? == "blob";
        let object = words.next()?.to_owned();
        // Paths of git's own tools have no `..`; those of others are not followed out of the copy.
        let is_inside = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        (is_file && is_inside).then(|| Entry { object, path: path.into() })
    };
    Ok(listed.split(|byte| *byte == 0).filter_map(entry).collect())
}

/// git in a folder, without anything that the repository's own configuration would have it start.
fn git(folder: &Utf8Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]).args(arguments).current_dir(folder);
    command
}

/// What git prints; the error is what it says otherwise.
fn output(folder: &Utf8Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = git(folder, arguments).output().map_err(|error| format!("git cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().trim_start_matches("fatal: ").to_owned())
}
