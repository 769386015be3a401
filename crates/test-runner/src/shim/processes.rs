//! The kernel's table of processes, as far as a shim and those who clean up behind one need it.

use std::collections::HashSet;
use std::fs;

use nix::sys::signal::Signal;

/// How many processes, and how many threads of one, are described.
const SHOWN: usize = 20;

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: i32,
    /// The name that the kernel keeps, at most 15 bytes of it.
    pub(super) name: String,
    pub(super) parent: i32,
    /// The session that it is in, by the number of its leader.
    pub(super) session: i32,
    /// When it began, in clock ticks since the machine's start.
    pub(super) start: u64,
    /// The kernel's letter for what it does.
    pub(super) state: char,
}

impl Process {
    /// It has ended, and its parent has not waited for it.
    pub(super) fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }
}

/// Reads one; `None` where there is none.
pub(super) fn read(id: i32) -> Option<Process> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// `PID (NAME) STATE PPID PGRP SESSION ...` with the start as 22nd field, where the name can hold anything, parentheses and spaces too.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    let start = fields.nth(15)?.parse().ok()?;
    Some(Process { id: id.parse().ok()?, name: name.to_owned(), parent, session, start, state })
}

/// Whether a process has a handler for a signal, which would end it otherwise.
pub(super) fn handles(id: i32, signal: Signal) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { return false };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
    let caught = caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or_default();
    caught & 1 << (signal as u32 - 1) != 0
}

/// A process and all that descends from it, a line each: number, name, state and, where it has several, the names of its
/// threads with where in the kernel each waits. No command lines, which can hold secrets.
pub(super) fn overview(id: i32) -> String {
    let all: Vec<i32> = std::iter::once(id).chain(descendants(id)).collect();
    let mut text: String = all.iter().take(SHOWN).filter_map(|id| describe(*id)).collect();
    if all.len() > SHOWN {
        text.push_str(&format!("and {} more\n", all.len() - SHOWN));
    }
    text
}

fn describe(id: i32) -> Option<String> {
    let process = read(id)?;
    let folder = |thread: &str| format!("/proc/{id}/task/{thread}");
    let mut threads: Vec<String> = fs::read_dir(format!("/proc/{id}/task"))
        .ok()?
        .flatten()
        .filter_map(|thread| thread.file_name().into_string().ok())
        .collect();
    threads.sort();
    let of = |thread: &String| {
        let text = |name: &str| fs::read_to_string(format!("{}/{name}", folder(thread))).unwrap_or_default();
        let (name, wait) = (text("comm").trim().to_owned(), text("wchan"));
        if wait.is_empty() || wait == "0" { name } else { format!("{name} in {wait}") }
    };
    let shown: Vec<String> = threads.iter().take(SHOWN).map(of).collect();
    let more = if threads.len() > SHOWN { format!(", and {} more", threads.len() - SHOWN) } else { String::new() };
    Some(format!("{id} {} ({}): {}{more}\n", process.name, process.state, shown.join(", ")))
}

/// All processes that can be seen.
pub(super) fn all() -> Vec<Process> {
    ids().into_iter().filter_map(read).collect()
}

/// The numbers of all processes.
pub(super) fn ids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The children of a process, dead ones that nobody waited for among them.
pub(super) fn children(id: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(text) => found.extend(text.split_whitespace().filter_map(|id| id.parse::<i32>().ok())),
            // A thread that has ended, or a kernel without CONFIG_PROC_CHILDREN.
            Err(_) if fs::exists("/proc/self/stat").unwrap_or(false) && !has_children_files() => {
                return all().into_iter().filter(|process| process.parent == id).map(|process| process.id).collect();
            }
            Err(_) => {}
        }
    }
    found
}

fn has_children_files() -> bool {
    let this = std::process::id();
    fs::exists(format!("/proc/{this}/task/{this}/children")).unwrap_or(false)
}

/// All that a process has started and that still descends from it, parents before their children. Between the reading and the use of
/// it some may have ended and others begun: who needs all of them asks again.
pub(super) fn descendants(id: i32) -> Vec<i32> {
    let mut found = children(id);
    let mut seen: HashSet<i32> = found.iter().copied().collect();
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        next += 1;
        found.extend(children(parent).into_iter().filter(|child| seen.insert(*child)));
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let rest = "3 17 15 0 -1 4194304 84 0 0 0 0 0 0 0 20 0 1 0 123456 2867200";
        let of = |name: &str, state| {
            Some(Process { id: 17, name: name.to_owned(), parent: 3, session: 15, start: 123_456, state })
        };
        for (stat, expected) in [
            (format!("17 (sh) S {rest}"), of("sh", 'S')),
            (format!("17 (a b) R 9 (c) Z {rest}"), of("a b) R 9 (c", 'Z')),
            ("17 (sh) S 3 17".to_owned(), None),
            ("17 sh".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(parse(&stat), expected, "{stat}");
        }
    }

    #[test]
    fn the_children_of_children_are_found() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "sh -c 'sleep 61 & echo; wait'; true"]).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut byte).unwrap();
        let id = shell.id().cast_signed();
        let found = descendants(id);
        let parents: Vec<_> = found.iter().map(|id| read(*id).unwrap().parent).collect();
        assert_eq!(parents, [id, found[0]]);
        assert!(children(std::process::id().cast_signed()).contains(&id));
        for process in found {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = shell.kill();
        let _ = shell.wait();
    }
}
