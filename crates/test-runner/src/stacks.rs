//! Where a process hangs, asked before it is ended.

use std::fs::File;
use std::io::Read as _;
use std::time::Duration;

use camino::Utf8Path;

use crate::clock::Instant;
use crate::process::{Group, TICK};

/// How long Python may take to write its stacks: it does so at once, or never.
const LIMIT: Duration = Duration::from_secs(1);
/// How much is taken of them, in bytes.
const SHOWN: u64 = 32 << 10;

/// What can be known: the Python stacks of all threads, where `stacks` is the file that the program writes them to, and its
/// processes with the names of their threads. Empty where nothing can be.
pub(crate) fn place(group: &mut Group, stacks: Option<&Utf8Path>) -> String {
    let overview = group.overview();
    let mut text = String::new();
    if let Some(stacks) = stacks {
        group.show_stacks();
        let written = written(stacks);
        if !written.is_empty() {
            text.push_str(&format!("\n--- where it was when its time was over ---\n{written}\n"));
        }
    }
    if !overview.is_empty() {
        text.push_str(&format!("\n--- processes (state): threads ---\n{overview}"));
    }
    text
}

/// Waits until the file has something, and then no more for a moment.
fn written(path: &Utf8Path) -> String {
    let began = Instant::now();
    let mut size = 0;
    loop {
        let now = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if now > 0 && now == size || began.elapsed() > LIMIT {
            break;
        }
        size = now;
        std::thread::sleep(2 * TICK);
    }
    let mut bytes = Vec::new();
    // What cannot be read is not shown.
    let _ = File::open(path).map(|file| file.take(SHOWN).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}
