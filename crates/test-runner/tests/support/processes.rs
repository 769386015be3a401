//! The table of processes, as a test sees it.

use std::fs;

use test_runner::shim::SESSION_VARIABLE;

/// The processes of a session that have not ended, as `PID COMMAND`.
pub(crate) fn alive(session: &str) -> Vec<String> {
    let wanted = format!("{SESSION_VARIABLE}={session}");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        if read("environ").split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()) {
            let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            found.push(format!("{} {command}", entry.file_name().display()));
        }
    }
    found
}

/// The parent of a process.
pub(crate) fn parent(process: i32) -> i32 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
}
