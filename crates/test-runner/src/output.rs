//! What a process prints, bounded: its beginning and its end are kept.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much is kept of the beginning, and as much again of the end, in bytes.
pub(crate) const KEPT: usize = 1 << 20;
/// How much of a text stands in a result, in bytes.
const SHOWN: usize = 65_536;

/// The beginning and the end of some output.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Kept {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..over);
        self.left_out += over as u64;
    }

    /// What is kept, with a line that says how much is not.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        if self.left_out > 0 {
            bytes.extend_from_slice(left_out(self.left_out).as_bytes());
        }
        bytes.extend(&self.tail);
        bytes
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

/// The line that stands for what is not kept.
pub(crate) fn left_out(bytes: u64) -> String {
    format!("\n... {bytes} bytes left out ...\n")
}

/// The output of a process, read by a thread of its own so that the process never waits for a reader.
pub(crate) struct Output {
    kept: Arc<Mutex<Kept>>,
    reader: std::thread::JoinHandle<()>,
}

impl Output {
    pub(crate) fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0_u8; 8192];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                locked(&shared).push(&buffer[..count]);
            }
        });
        Self { kept, reader }
    }

    /// What is kept, once the process has ended. A daemon that holds the pipe is waited for but shortly.
    pub(crate) fn settled(&self) -> Vec<u8> {
        let until = Instant::now() + Duration::from_millis(500);
        while !self.reader.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        locked(&self.kept).bytes()
    }
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of a text, as much as stands in a result.
pub(crate) fn tail(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(SHOWN)..]).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let mut kept = Kept::default();
        kept.push(b"first");
        for _ in 0..40 {
            kept.push(&[b'x'; 100_000]);
        }
        kept.push(b"last");
        let text = kept.text();
        let left_out = 4_000_009 - 2 * KEPT;
        assert!(text.starts_with("first") && text.ends_with("last"));
        assert!(text.contains(&format!("\n... {left_out} bytes left out ...\n")));
        assert!(text.len() < 2 * KEPT + 64);
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!(String::from_utf8(Output::of(&b"all of it"[..]).settled()).unwrap(), "all of it");
    }
}
