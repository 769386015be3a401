//! What is left by a shim that was itself killed, while the runner goes on.
//!
//! The runner is a subreaper as well: what loses its shim becomes its child. Everything under a shim is in another session than
//! the runner, since a shim leads one and no process can join a session that it was not born into. So a child of the
//! runner that is in another session and is no shim was under one.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getsid};

use super::processes::{children, read};

/// How long KILL may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The shims of this process that are not known to have ended.
static SHIMS: Mutex<Option<HashSet<i32>>> = Mutex::new(None);

/// Makes this process the one that gets what its shims lose.
pub(crate) fn adopt() {
    // It cannot fail on a kernel that can run the shim, which says so where it does.
    let _ = set_child_subreaper(true);
}

/// Starts a shim and remembers it, with nobody looking in between.
pub(super) fn remembering<E>(spawn: impl FnOnce() -> Result<std::process::Child, E>) -> Result<std::process::Child, E> {
    let mut shims = shims();
    let child = spawn()?;
    shims.get_or_insert_default().insert(child.id().cast_signed());
    Ok(child)
}

pub(super) fn forget(shim: u32) {
    if let Some(shims) = shims().as_mut() {
        shims.remove(&shim.cast_signed());
    }
}

/// Ends what shims that were killed have left to this process: KILL, since what killed them waited for nobody, and
/// again, since each that ends leaves its own children here. It gives the names.
pub(crate) fn sweep() -> Vec<String> {
    let Ok(session) = getsid(None) else { return Vec::new() };
    let mut names = Vec::new();
    let until = Instant::now() + LIMIT;
    loop {
        let orphans = orphans(session.as_raw());
        if orphans.is_empty() || Instant::now() > until {
            return names;
        }
        for (process, name) in orphans {
            // A child's number is its own until this process waits for it.
            let process = Pid::from_raw(process);
            let _ = kill(process, Signal::SIGKILL);
            if !names.contains(&name) {
                names.push(name);
            }
            let _ = waitpid(process, Some(WaitPidFlag::WNOHANG));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn orphans(session: i32) -> Vec<(i32, String)> {
    let shims = shims();
    let is_shim = |id: &i32| shims.as_ref().is_some_and(|shims| shims.contains(id));
    let those = children(std::process::id().cast_signed()).into_iter().filter(|id| !is_shim(id)).filter_map(read);
    those.filter(|process| process.session != session).map(|process| (process.id, process.name)).collect()
}

fn shims() -> MutexGuard<'static, Option<HashSet<i32>>> {
    SHIMS.lock().unwrap_or_else(PoisonError::into_inner)
}
