//! What is asked of cargo and rustc before it is known what runs, so that a build need not wait for them.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cargo::Workspace;
use crate::process::{Launcher, TICK};
use crate::stop::{Stop, StopSignal};
use crate::tool::Supervision;

/// What cargo and rustc say of the workspace in a folder, asked while the tree is still read: each of them takes as long as it takes to
/// start, and a build needs both. Nothing of the tree is executed for it.
///
/// A run that builds in another folder, or again, asks for itself. Dropped, it ends what it started.
#[derive(Debug)]
pub struct AskedAhead {
    folder: Utf8PathBuf,
    stop: Arc<StopSignal>,
    answer: Mutex<Receiver<Workspace>>,
    asking: Option<JoinHandle<()>>,
}

impl AskedAhead {
    /// Begins to ask, under this program as its own shim where it is one.
    #[must_use]
    pub fn of(folder: &Utf8Path) -> Self {
        let (sender, answer) = channel();
        let stop = Arc::new(StopSignal::default());
        let asking = std::thread::spawn({
            let (folder, stop) = (folder.to_owned(), Arc::clone(&stop));
            move || {
                let launcher = Launcher::of_this_program();
                let supervision =
                    Supervision { launcher: &launcher, stop: &stop, grace: Supervision::GRACE, limit: None };
                // What failed is asked again by who needs it, and said there.
                if let Ok(workspace) = Workspace::ask_in_turn(supervision, &folder) {
                    let _ = sender.send(workspace);
                }
            }
        });
        Self { folder: folder.to_owned(), stop, answer: Mutex::new(answer), asking: Some(asking) }
    }

    /// The answer, waited for unless the run stops; `None` where another folder was asked for, and to all but the first who ask.
    pub(crate) fn take(&self, folder: &Utf8Path, stop: &StopSignal) -> Option<Workspace> {
        if folder != self.folder {
            return None;
        }
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match answer.recv_timeout(TICK) {
                Ok(workspace) => return Some(workspace),
                Err(RecvTimeoutError::Timeout) if !stop.is_raised() => {}
                Err(_) => return None,
            }
        }
    }
}

impl Drop for AskedAhead {
    fn drop(&mut self) {
        self.stop.raise_to(Stop::AtOnce);
        if let Some(asking) = self.asking.take() {
            // It has nothing to say any more.
            let _ = asking.join();
        }
    }
}
