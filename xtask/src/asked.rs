//! Who asks a run, while it goes on, what it does: the signal `USR1`, and the key `t` on a terminal.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp};

use crate::error::Error;
use crate::progress::{Asker, note};

/// How long a wait for a key lasts before it is looked whether there is still a terminal to read, in milliseconds.
const WAIT: u16 = 500;

/// Who answers the signal; nobody before the run begins.
pub(crate) struct Questions(Arc<Mutex<Option<Asker>>>);

impl Questions {
    /// From now on the signal `USR1` ends nothing.
    pub(crate) fn listen() -> Result<Self, Error> {
        let mut signals =
            signal_hook::iterator::Signals::new([signal_hook::consts::SIGUSR1]).map_err(Error::Signals)?;
        let asked = Self(Arc::new(Mutex::new(None)));
        let shared = Arc::clone(&asked.0);
        std::thread::spawn(move || {
            for _ in signals.forever() {
                match &*locked(&shared) {
                    Some(asker) => asker.say(),
                    None => note("the run has not begun: the tree is read and a plan is made"),
                }
            }
        });
        Ok(asked)
    }

    /// From now on this one answers.
    pub(crate) fn answered_by(&self, asker: Asker) {
        *locked(&self.0) = Some(asker);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal as it is put back in the end, while keys are listened for.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Keys are listened for until this is dropped.
pub(crate) struct Keys(());

/// Has the key `t` answered where stdin is a terminal that this process may read; `None` elsewhere. Keys are neither shown
/// nor kept for whole lines until this value is dropped; Ctrl-C does what it does.
pub(crate) fn listen_for_keys(asker: Asker) -> Option<Keys> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !in_foreground() {
        return None;
    }
    let before = tcgetattr(&stdin).ok()?;
    let mut single = before.clone();
    single.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
    *locked(&BEFORE) = Some(before);
    if tcsetattr(&stdin, SetArg::TCSANOW, &single).is_err() {
        give_terminal_back();
        return None;
    }
    std::thread::spawn(move || {
        loop {
            let ready = {
                let stdin = io::stdin();
                poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::from(WAIT))
            };
            // A process in the background that reads its terminal is stopped for it.
            if !matches!(ready, Ok(1..)) || !in_foreground() {
                std::thread::sleep(std::time::Duration::from_millis(20));
                continue;
            }
            let mut keys = [0_u8; 64];
            match read(io::stdin(), &mut keys) {
                // The terminal is gone.
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    if keys[..count].iter().any(|key| key.eq_ignore_ascii_case(&b't')) {
                        asker.say();
                    }
                }
            }
        }
    });
    Some(Keys(()))
}

impl Drop for Keys {
    fn drop(&mut self) {
        give_terminal_back();
    }
}

/// Puts the terminal back as it was before keys were listened for, if they are.
pub(crate) fn give_terminal_back() {
    if let Some(before) = locked(&BEFORE).take()
        && in_foreground()
    {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &before);
    }
}

fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}
