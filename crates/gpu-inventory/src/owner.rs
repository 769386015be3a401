//! Who a process is of, and what it was started as: what the kernel tells under `/proc`.

use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use nix::unistd::{Uid, User};

/// Whose a process is. Both texts are of other people's making: make them safe before a terminal gets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user's name, or `uid N` for one without a name here.
    pub user: String,
    /// The command with its arguments, at most [`LONGEST_COMMAND`] bytes of it.
    pub command: String,
}

/// The most that is read of a command.
pub const LONGEST_COMMAND: u64 = 4096;

/// Why it is not known whose a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerUnknown {
    /// This process has a PID namespace of its own, as in a container: the driver's ids may be those of other
    /// processes here.
    OtherNamespace,
    /// There is no such process any more, or it may not be seen (`hidepid`).
    NotThere,
    /// The kernel does not tell.
    NotReadable(String),
}

impl fmt::Display for OwnerUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherNamespace => f.write_str("not known in a container: the id is of the host"),
            Self::NotThere => f.write_str("has ended, or is hidden from this user"),
            Self::NotReadable(why) => write!(f, "cannot be looked at: {why}"),
        }
    }
}

/// Looks processes up by the driver's ids.
pub(crate) struct Owners {
    same_ids: bool,
}

/// The first PID namespace has this number on every Linux (`PROC_PID_INIT_INO`).
const FIRST_NAMESPACE: &str = "pid:[4026531836]";

impl Owners {
    /// Finds out whether the driver's ids mean the same here.
    pub(crate) fn here() -> Self {
        let namespace = fs::read_link("/proc/self/ns/pid").ok();
        Self { same_ids: namespace.is_some_and(|namespace| namespace == Path::new(FIRST_NAMESPACE)) }
    }

    pub(crate) fn of(&self, pid: u32) -> Result<Owner, OwnerUnknown> {
        if !self.same_ids {
            return Err(OwnerUnknown::OtherNamespace);
        }
        let uid =
            uid(&read(pid, "status")?).ok_or_else(|| OwnerUnknown::NotReadable("its status has no user".to_owned()))?;
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        let command = match command(&read(pid, "cmdline")?) {
            // Threads of the kernel and processes that are ending have a name alone.
            command if command.is_empty() => command_name(&read(pid, "comm")?),
            command => command,
        };
        Ok(Owner { user: user.map_or_else(|| format!("uid {uid}"), |user| user.name), command })
    }
}

fn read(pid: u32, file: &str) -> Result<Vec<u8>, OwnerUnknown> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{pid}/{file}"))
        .and_then(|file| file.take(LONGEST_COMMAND).read_to_end(&mut bytes))
        .map_err(|error| match (error.kind(), error.raw_os_error()) {
            (ErrorKind::NotFound, _) | (_, Some(nix::libc::ESRCH)) => OwnerUnknown::NotThere,
            _ => OwnerUnknown::NotReadable(error.to_string()),
        })?;
    Ok(bytes)
}

/// The real user in the text of `/proc/PID/status`.
fn uid(status: &[u8]) -> Option<u32> {
    let status = String::from_utf8_lossy(status);
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().next()?.parse().ok()
}

/// The words of `/proc/PID/cmdline`, with blanks between them.
fn command(cmdline: &[u8]) -> String {
    let words: Vec<_> = cmdline.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    words.join(" ").trim_end().to_owned()
}

/// The text of `/proc/PID/comm` as `ps` shows it.
fn command_name(comm: &[u8]) -> String {
    format!("[{}]", String::from_utf8_lossy(comm).trim_end())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read_as_they_are_written() {
        assert_eq!(uid(b"Name:\tpython\nUid:\t1000\t0\t0\t0\nGid:\t1\n"), Some(1000));
        for status in [&b""[..], b"Uid:\n", b"Uid:\tx\n", b"Gid: 1\n", b"\xff\xfe"] {
            assert_eq!(uid(status), None);
        }
        assert_eq!(command(b"python\0-m\0a b\0"), "python -m a b");
        assert_eq!(command(b""), "");
        assert_eq!(command(b"\xff\0"), "\u{fffd}");
        assert_eq!(command_name(b"kworker/0:1\n"), "[kworker/0:1]");
    }

    #[test]
    fn this_process_is_found_and_one_that_cannot_be_is_not_there() {
        let owners = Owners { same_ids: true };
        let owner = owners.of(std::process::id()).unwrap();
        assert!(owner.command.contains("gpu_inventory"), "{owner:?}");
        assert!(!owner.user.is_empty());
        assert_eq!(owners.of(u32::MAX), Err(OwnerUnknown::NotThere));
        assert_eq!(Owners { same_ids: false }.of(1), Err(OwnerUnknown::OtherNamespace));
    }
}
