//! Where the lines of a text begin.

/// The places of line ends.
#[derive(Debug)]
pub(super) struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self { ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    /// The line of a byte, from 1.
    pub(super) fn of_byte(&self, byte: usize) -> u32 {
        let before = self.ends.partition_point(|&end| end < byte);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}
