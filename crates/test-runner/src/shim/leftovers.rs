//! What is left by earlier runs that were killed with a shim of theirs.
//!
//! A process is ended only if it is surely of such a run: the run's id is in its environment, the run was in this state
//! folder and nobody holds its lock, the process is this user's, and it began after the run. What threw away its environment is not found.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use nix::unistd::{SysconfVar, geteuid, sysconf};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::processes::{ids, read};
use super::{ARGUMENT, SESSION_VARIABLE};
use crate::history::Life;

/// How long a shim may take beyond its grace, and what is killed may take to be gone.
const ROOM: Duration = Duration::from_secs(5);
/// The longest grace of a shim that is waited for.
const LONGEST_GRACE: Duration = Duration::from_mins(1);
/// How far the clock may have been set while a run went on.
const CLOCK: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// A process of a run that is over.
#[derive(Debug)]
struct Leftover {
    process: i32,
    name: String,
    /// The grace, if it is a shim.
    shim: Option<Duration>,
}

/// Ends what killed runs of this state folder have left, and gives the names; the error has those that do not end.
/// Shims that are about to end theirs are waited for, unless `hurry` says that there is no time.
pub(crate) fn sweep(state_dir: &Utf8Path, hurry: impl Fn() -> bool) -> Result<BTreeSet<String>, BTreeSet<String>> {
    let began = Instant::now();
    let mut ended = BTreeSet::new();
    loop {
        let left = find(state_dir);
        if left.is_empty() {
            return Ok(ended);
        }
        let grace = left.iter().filter_map(|one| one.shim).max();
        let is_waited_for = grace.is_some_and(|grace| began.elapsed() < grace + ROOM) && !hurry();
        if !is_waited_for {
            if began.elapsed() > grace.unwrap_or_default() + 2 * ROOM {
                return Err(left.into_iter().map(|one| one.name).collect());
            }
            for one in left {
                kill(state_dir, &one);
                ended.insert(one.name);
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// The descriptor holds on to the process, whatever becomes of its number; what it is is asked after it is opened.
fn kill(state_dir: &Utf8Path, one: &Leftover) {
    let Some(id) = Pid::from_raw(one.process) else { return };
    let Ok(process) = pidfd_open(id, PidfdFlags::empty()) else { return };
    if leftover(state_dir, one.process).is_some() {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
}

fn find(state_dir: &Utf8Path) -> Vec<Leftover> {
    ids().into_iter().filter_map(|process| leftover(state_dir, process)).collect()
}

fn leftover(state_dir: &Utf8Path, id: i32) -> Option<Leftover> {
    if fs::metadata(format!("/proc/{id}")).ok()?.uid() != geteuid().as_raw() {
        return None;
    }
    let environment = fs::read(format!("/proc/{id}/environ")).ok()?;
    let run = run_of(&environment)?;
    let process = read(id)?;
    let started = Duration::from_millis(run.split('-').next()?.parse().ok()?);
    if process.is_zombie() || Life::of(state_dir, run) != Life::Over || began(process.start)? + CLOCK < started {
        return None;
    }
    let command = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let mut words = command.split(|byte| *byte == 0).skip(1);
    let is_shim = words.next() == Some(ARGUMENT.as_bytes());
    let grace = words.next().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok()).map(Duration::from_millis);
    let shim = is_shim.then(|| grace.unwrap_or_default().min(LONGEST_GRACE));
    Some(Leftover { process: id, name: process.name, shim })
}

/// The run's id in an environment.
fn run_of(environment: &[u8]) -> Option<&str> {
    let mut variables = environment.split(|byte| *byte == 0).filter_map(|variable| std::str::from_utf8(variable).ok());
    variables.find_map(|variable| variable.strip_prefix(SESSION_VARIABLE)?.strip_prefix('='))
}

/// When a process began, since 1970, from the clock ticks between the machine's start and it.
fn began(ticks: u64) -> Option<Duration> {
    let per_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok().filter(|ticks| *ticks > 0)?;
    let text = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(Duration::from_secs(boot) + Duration::from_millis(ticks.saturating_mul(1000) / per_second))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::{Child, Command, Stdio};
    use std::time::{SystemTime, UNIX_EPOCH};

    use camino::Utf8PathBuf;

    use super::*;
    use crate::history::claim;

    fn now() -> u128 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()
    }

    /// A process that says that it is of this run.
    fn sleeper(run: &str) -> Child {
        let mut sleeper = Command::new("sleep");
        sleeper.arg("100").env(SESSION_VARIABLE, run).stdin(Stdio::null()).spawn().unwrap()
    }

    #[test]
    fn only_what_is_surely_of_a_run_that_is_over_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let state = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let run = |name: String| {
            let folder = state.join("runs").join(&name);
            fs::create_dir_all(&folder).unwrap();
            (name, claim(&folder).unwrap())
        };
        let (over, lock) = run(format!("{}-1-0000", now()));
        let (later, later_lock) = run(format!("{}-1-0000", now() + 3_600_000));
        let (running, _held) = run(format!("{}-2-0000", now()));
        drop((lock, later_lock));
        let elsewhere = format!("{}-3-0000", now());
        let odd = ["", "..", "../runs", "x-1", "-"].map(str::to_owned);
        let mut spared: Vec<Child> =
            [&running, &later, &elsewhere].into_iter().chain(&odd).map(|run| sleeper(run)).collect();
        let mut ended = [sleeper(&over), sleeper(&over)];
        assert_eq!(sweep(&state, || false), Ok(BTreeSet::from(["sleep".to_owned()])));
        for child in &mut ended {
            assert!(!child.wait().unwrap().success());
        }
        for child in &mut spared {
            assert!(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(sweep(&state, || false), Ok(BTreeSet::new()));
    }

    #[test]
    fn a_process_that_just_began_began_just_now() {
        let mut child = sleeper("x");
        let start = read(child.id().cast_signed()).unwrap().start;
        child.kill().unwrap();
        child.wait().unwrap();
        let began = began(start).unwrap().as_millis();
        assert!(began.abs_diff(now()) < 10_000, "{began}");
    }
}
