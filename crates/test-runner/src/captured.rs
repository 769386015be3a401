//! What pytest captures of the test that runs: the files that it captures into, held open from here.
//!
//! They have no name, and go with pytest's process. Of a test that crashes or is ended they have what it said, and of one that
//! floods them the middle can be given back to the disk while it runs.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::time::Duration;

use nix::fcntl::{FallocateFlags, fallocate};

use crate::clock::Instant;
use crate::output::{KEPT, left_out};

/// How often it is looked whether a file has grown large.
const PAUSE: Duration = Duration::from_millis(100);
/// How much of the disk a file may take, in bytes, before its middle is given back.
const LARGE: u64 = 32 << 20;
/// The unit that the kernel counts a file's blocks in, in bytes.
const BLOCK: u64 = 512;

/// The files of one pytest process.
#[derive(Default)]
pub(crate) struct Captured {
    /// What the test said in the phases that are over, as pytest tells it.
    said: String,
    files: Vec<Stream>,
    looked: Option<Instant>,
}

struct Stream {
    /// As pytest names it.
    name: &'static str,
    file: File,
    /// The test that wrote into it when it was looked at last, and how far it had come.
    seen: Option<(usize, u64)>,
}

impl Captured {
    /// The files that a process has under these numbers. What cannot be opened, or is no file without a name, is left out.
    pub(crate) fn open(process: u32, out: Option<u32>, err: Option<u32>) -> Self {
        let open = |(name, number): (&'static str, Option<u32>)| {
            let file =
                OpenOptions::new().read(true).write(true).open(format!("/proc/{process}/fd/{}", number?)).ok()?;
            let metadata = file.metadata().ok()?;
            (metadata.is_file() && metadata.nlink() == 0).then_some(Stream { name, file, seen: None })
        };
        let files = [("stdout", out), ("stderr", err)].into_iter().filter_map(open).collect();
        Self { said: String::new(), files, looked: None }
    }

    /// The test that runs said that in the phases that are over.
    pub(crate) fn said(&mut self, text: String) {
        self.said = text;
    }

    /// What is there of the test that runs, the beginning and the end of it: of the phases that are over, and of the one that is not.
    pub(crate) fn text(&self) -> String {
        let text = self.files.iter().filter_map(|stream| {
            let text = both_ends(&stream.file).ok().filter(|text| !text.is_empty())?;
            Some(format!("--- Captured {} ---\n{}\n", stream.name, String::from_utf8_lossy(&text)))
        });
        std::iter::once(self.said.clone()).chain(text).collect()
    }

    /// Gives back to the disk what nobody will read of a flood, while that test runs.
    pub(crate) fn trim(&mut self, test: usize) {
        if self.looked.is_some_and(|looked| looked.elapsed() < PAUSE) {
            return;
        }
        self.looked = Some(Instant::now());
        for stream in &mut self.files {
            let Ok(metadata) = stream.file.metadata() else { continue };
            let (size, kept) = (metadata.len(), KEPT as u64);
            // pytest empties the file when a test is over: only what this very test had written a while ago is surely its own.
            let before =
                stream.seen.filter(|(of, before)| *of == test && *before <= size).map_or(0, |(_, before)| before);
            stream.seen = Some((test, size));
            let (from, to) = (kept, before.saturating_sub(kept));
            if metadata.blocks() * BLOCK > LARGE
                && from < to
                && let (Ok(from), Ok(length)) = (i64::try_from(from), i64::try_from(to - from))
            {
                // Not every file system can: then it is as large as what was printed.
                let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
                let _ = fallocate(&stream.file, hole, from, length);
            }
        }
    }
}

fn both_ends(file: &File) -> std::io::Result<Vec<u8>> {
    let (size, kept) = (file.metadata()?.len(), KEPT as u64);
    let read = |from: u64, length: u64| {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(KEPT)];
        let mut read = 0;
        while let count @ 1.. = file.read_at(&mut bytes[read..], from + read as u64)? {
            read += count;
        }
        bytes.truncate(read);
        Ok::<_, std::io::Error>(bytes)
    };
    if size <= 2 * kept {
        return read(0, size);
    }
    let note = left_out(size - 2 * kept);
    Ok([read(0, kept)?, note.into_bytes(), read(size - kept, kept)?].concat())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    use super::*;

    fn of_this_process(file: &File) -> Captured {
        Captured::open(std::process::id(), Some(file.as_raw_fd().cast_unsigned()), None)
    }

    #[test]
    fn of_a_flood_the_disk_has_the_ends_and_the_rest_is_counted() {
        let mut file = tempfile::tempfile().unwrap();
        let mut captured = of_this_process(&file);
        file.write_all(b"first\n").unwrap();
        let mut most = 0;
        for _ in 0..100 {
            file.write_all(&[b'x'; 1 << 20]).unwrap();
            captured.looked = None;
            captured.trim(7);
            most = most.max(file.metadata().unwrap().blocks() * BLOCK);
        }
        file.write_all(b"last").unwrap();
        let text = captured.text();
        assert!(text.starts_with("--- Captured stdout ---\nfirst\nxx") && text.ends_with("xxlast\n"));
        assert!(text.contains(&left_out((100 << 20) + 10 - 2 * KEPT as u64)) && !text.contains('\0'));
        assert!(most < LARGE + (4 << 20), "{most}");
        // Of another test that has begun over nothing is taken away.
        file.set_len(0).unwrap();
        let mut file = OpenOptions::new().write(true).open(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
        file.write_all(&vec![b'y'; 40 << 20]).unwrap();
        captured.looked = None;
        captured.trim(8);
        assert!(file.metadata().unwrap().blocks() * BLOCK > LARGE);
    }

    #[test]
    fn a_file_that_has_a_name_is_left_alone() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"somebody's").unwrap();
        assert_eq!(of_this_process(file.as_file()).text(), "");
        assert_eq!(Captured::open(std::process::id(), Some(12345), None).text(), "");
    }
}
