//! Huge pages: none for the runner while it waits for tests, or for a whole process, and for the tests what they would have without it.
//!
//! An allocator may ask for huge pages, and the kernel then fills such a page again and again though the parts of it that are free
//! were given back: a long run of many tests held a quarter more memory by that. A process says that it wants none (`prctl(2)`,
//! `PR_SET_THP_DISABLE`), and what it starts inherits that. So each shim takes it back before it starts a test.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::prctl::{get_thp_disable, set_thp_disable};

/// Whether this process had huge pages and does without them now.
static FORGONE: AtomicBool = AtomicBool::new(false);

/// A shim's argument: its program is to have what the runner did without.
const TAKEN_BACK: &str = "huge-pages";
/// A shim's argument: its program inherits what there is.
const INHERITED: &str = "-";

/// Lets this process do without huge pages from now on. Where whoever started it said so already, tests inherit that.
pub fn forgo() {
    // A kernel that does not know of it has nothing to take back.
    if get_thp_disable() == Ok(false) && set_thp_disable(true).is_ok() {
        FORGONE.store(true, Ordering::SeqCst);
    }
}

/// What a shim of this process is told.
pub(super) fn argument() -> &'static str {
    if FORGONE.load(Ordering::SeqCst) { TAKEN_BACK } else { INHERITED }
}

/// Does in a shim what its argument says.
pub(super) fn obey(argument: &OsStr) {
    if argument == TAKEN_BACK {
        // It has no way to fail where `forgo` had none.
        let _ = set_thp_disable(false);
    }
}
