//! Ports that the tests of a slot have for themselves, among all runs on the machine that use the same file.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{F_WRLCK, SEEK_SET, flock, off_t};

/// Which ports are given out, and how tests are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortSettings {
    /// The variable that tests read: `FIRST-LAST`.
    pub variable: String,
    /// The first port that is given out.
    pub first: u16,
    /// The last one.
    pub last: u16,
    /// How many a slot gets.
    pub each: u16,
    /// The file that all runs of the machine lock: its byte of a port's number is the port's. It is made where it is not
    /// there, for all users.
    pub file: Utf8PathBuf,
}

/// Ports that are nobody else's until this is dropped, or this process ends.
#[derive(Debug)]
pub(crate) struct Ports {
    variable: String,
    first: u16,
    last: u16,
    /// The lock is that of this handle: another one of the same process does not share it, and the kernel lets go of it.
    _lock: File,
}

impl PortSettings {
    /// The first ports that nobody has locked, and on which nobody listens.
    pub(crate) fn take(&self) -> Result<Ports, String> {
        let lock = open(&self.file).map_err(|error| format!("cannot open {}: {error}", self.file))?;
        let each = self.each.max(1);
        let blocks = (self.first..=self.last).step_by(usize::from(each));
        for first in blocks {
            let Some(last) = first.checked_add(each - 1).filter(|last| *last <= self.last) else { break };
            let is_mine =
                try_lock(&lock, first, each).map_err(|error| format!("cannot lock ports in {}: {error}", self.file))?;
            if is_mine && (first..=last).all(is_free) {
                return Ok(Ports { variable: self.variable.clone(), first, last, _lock: lock });
            }
            if is_mine {
                // Somebody who does not ask here has one of them.
                unlock(&lock, first, each);
            }
        }
        Err(format!(
            "no {each} ports are free from {} to {}: `[ports]` of the policy says which are given out",
            self.first, self.last
        ))
    }
}

impl Ports {
    /// The variable that tests read.
    pub(crate) fn variable(&self) -> (String, String) {
        (self.variable.clone(), format!("{}-{}", self.first, self.last))
    }
}

/// Without making it where it is there: what others made in a folder for all must not be opened so.
fn open(file: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match options.create_new(true).open(file) {
            Ok(made) => {
                made.set_permissions(Permissions::from_mode(0o666))?;
                Ok(made)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.create_new(false).open(file),
            Err(error) => Err(error),
        },
        opened => opened,
    }
}

fn range(first: u16, each: u16, kind: i32) -> flock {
    flock {
        l_type: i16::try_from(kind).unwrap_or_default(),
        l_whence: i16::try_from(SEEK_SET).unwrap_or_default(),
        l_start: off_t::from(first),
        l_len: off_t::from(each),
        l_pid: 0,
    }
}

/// `false` where another handle has one of them.
fn try_lock(file: &File, first: u16, each: u16) -> io::Result<bool> {
    match fcntl(file, FcntlArg::F_OFD_SETLK(&range(first, each, F_WRLCK))) {
        Ok(_) => Ok(true),
        Err(nix::Error::EAGAIN | nix::Error::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn unlock(file: &File, first: u16, each: u16) {
    // What cannot be unlocked stays locked until the handle is closed.
    let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&range(first, each, nix::libc::F_UNLCK)));
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    fn settings(folder: &tempfile::TempDir, first: u16, last: u16, each: u16) -> PortSettings {
        let file = Utf8PathBuf::try_from(folder.path().join("ports")).unwrap();
        PortSettings { variable: "PORTS".to_owned(), first, last, each, file }
    }

    #[test]
    fn no_port_is_given_out_twice_whatever_the_blocks_and_all_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = BTreeSet::new();
        let mut taken = Vec::new();
        // Policies differ in how they divide the same ports.
        for each in [7, 3, 10, 1, 5, 7, 2] {
            let ports = settings(&folder, 43_100, 43_190, each).take().unwrap();
            assert!((ports.first..=ports.last).all(|port| seen.insert(port)), "{ports:?} of {seen:?}");
            taken.push(ports);
        }
        let first = taken[0].first;
        assert_ne!(settings(&folder, 43_100, 43_190, 7).take().unwrap().first, first);
        drop(taken);
        assert_eq!(settings(&folder, 43_100, 43_190, 7).take().unwrap().first, first);
    }

    #[test]
    fn a_port_that_somebody_else_has_is_passed_over_and_none_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = busy.local_addr().unwrap().port();
        let error = settings(&folder, port, port, 1).take().unwrap_err();
        assert!(error.contains("[ports]"), "{error}");
        drop(busy);
        let ports = settings(&folder, port, port, 1).take().unwrap();
        assert_eq!(ports.variable(), ("PORTS".to_owned(), format!("{port}-{port}")));
        // A last block that is cut off is none.
        assert!(settings(&folder, port, port, 2).take().is_err());
        assert!(settings(&folder, 65_535, 65_535, 2).take().is_err());
    }
}
