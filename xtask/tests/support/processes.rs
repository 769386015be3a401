//! The table of processes, as a test sees it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The processes that have not ended and are of a tree: by the run in their environment, by their folder, or by their
/// command line. Those that have the tree's path because they were told of it, such as the runner, are among them.
pub(crate) fn of_tree(tree: &Path) -> BTreeSet<String> {
    let tree = tree.to_str().unwrap();
    let runs: BTreeSet<String> = fs::read_dir(Path::new(tree).join("target/xtask/runs"))
        .map(|runs| runs.flatten().map(|run| run.file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', " ");
        let (environment, command) = (read("environ"), text(&read("cmdline")));
        let session = environment.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(b"TEST_RUNNER_SESSION="));
        let folder = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if session.is_some_and(|run| runs.contains(&text(run))) || folder.starts_with(tree) || command.contains(tree) {
            found.insert(format!("{} {command}", entry.file_name().display()));
        }
    }
    found
}

/// How long it takes until none is left; the error has those that are left after that time.
pub(crate) fn gone(tree: &Path, limit: Duration) -> Result<Duration, BTreeSet<String>> {
    let began = Instant::now();
    loop {
        let left = of_tree(tree);
        if left.is_empty() {
            return Ok(began.elapsed());
        }
        if began.elapsed() > limit {
            return Err(left);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
