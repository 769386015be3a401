//! Who asks a run, while it goes on, what it does: the signal `USR1`, and the key `t` on a terminal.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp};

use crate::progress::Asker;

/// How long a wait for a key lasts before it is looked whether there is still a terminal to read, in milliseconds.
const WAIT: u16 = 500;

/// The terminal as it is put back in the end.
pub(crate) struct Keys(Termios);

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
    tcsetattr(&stdin, SetArg::TCSANOW, &single).ok()?;
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
    Some(Keys(before))
}

impl Drop for Keys {
    fn drop(&mut self) {
        if in_foreground() {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
        }
    }
}

fn in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}
