//! Reading what many short tests say without waking up for each word of it.
//!
//! libtest writes a line a test, in several pieces. A reader that takes each piece as it comes is woken up for it, has others woken
//! up in turn, and takes from the tests the processors that they run on.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// The least time between two reads that find little.
const REST: Duration = Duration::from_millis(2);
/// How long there is no rest after a read that found much: who writes that much must not wait for room.
const FLOOD: Duration = Duration::from_millis(20);

/// A pipe whose reader rests after a read that found little, until the other end is closed: what comes meanwhile lies in the pipe,
/// and is read together. What comes after a longer silence is read at once.
pub(crate) struct Paced<P> {
    pipe: P,
    pace: Pace,
}

impl<P: Read + AsFd> Paced<P> {
    pub(crate) fn new(pipe: P) -> Self {
        Self { pipe, pace: Pace::default() }
    }
}

impl<P: Read + AsFd> Paced<P> {
    /// What is there after the rest, waited for so long at most: `None` where nothing is, no bytes where nobody can write any more.
    pub(crate) fn read_within(&mut self, buffer: &mut [u8], most: Duration) -> io::Result<Option<usize>> {
        // No event is asked for: what is told all the same is that nobody can write any more. Interrupted, the rest is shorter.
        let _ = self.wait(PollFlags::empty(), self.pace.rest(Instant::now()));
        if !self.wait(PollFlags::POLLIN, most)? {
            return Ok(None);
        }
        let count = self.pipe.read(buffer)?;
        self.pace.found(count, buffer.len(), Instant::now());
        Ok(Some(count))
    }

    /// Whether one of these events, or the end, has come within that time.
    fn wait(&self, events: PollFlags, most: Duration) -> io::Result<bool> {
        let Ok(most @ 1..) = u16::try_from(most.as_micros().div_ceil(1000)) else { return Ok(false) };
        match poll(&mut [PollFd::new(self.pipe.as_fd(), events)], PollTimeout::from(most)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// When the next read may be.
#[derive(Debug, Default)]
struct Pace {
    rests_until: Option<Instant>,
    flows_until: Option<Instant>,
}

impl Pace {
    /// How long to wait now.
    fn rest(&self, now: Instant) -> Duration {
        self.rests_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// So much was read where there was room for so much.
    fn found(&mut self, count: usize, room: usize, now: Instant) {
        if count >= room / 2 {
            self.flows_until = Some(now + FLOOD);
        }
        let flows = self.flows_until.is_some_and(|until| now < until);
        self.rests_until = (!flows).then(|| now + REST);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;

    use super::*;

    #[test]
    fn it_rests_after_little_and_not_in_a_flood() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        assert_eq!(pace.rest(began), Duration::ZERO);
        pace.found(10, 1000, began);
        assert_eq!(pace.rest(began + REST / 2), REST / 2);
        assert_eq!(pace.rest(began + REST), Duration::ZERO);
        pace.found(1000, 1000, began);
        pace.found(10, 1000, began + FLOOD / 2);
        assert_eq!(pace.rest(began + FLOOD / 2), Duration::ZERO);
        pace.found(10, 1000, began + FLOOD);
        assert_eq!(pace.rest(began + FLOOD), REST);
    }

    #[test]
    fn what_comes_in_pieces_is_read_together_to_the_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut reader = Paced::new(reader);
        let pieces = std::thread::spawn(move || {
            for _ in 0..1000 {
                writer.write_all(b"a piece\n").unwrap();
            }
        });
        let (mut buffer, mut reads, mut total, began) = ([0; 64 << 10], 0, 0, Instant::now());
        loop {
            match reader.read_within(&mut buffer, Duration::from_secs(60)).unwrap() {
                Some(0) => break,
                Some(count) => (reads, total) = (reads + 1, total + count),
                None => {}
            }
        }
        pieces.join().unwrap();
        assert_eq!(total, 8000);
        // One for each rest that fits into the time, and one each before the first and after the last.
        assert!(reads <= began.elapsed().as_millis() / REST.as_millis() + 2, "{reads}");
    }
}
