//! The lines that the plugin writes, read with bounds: a test can write to the same pipe.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, sync_channel};

use serde::Deserialize;

/// How long a line may be, in bytes: four texts of 64 KiB with every character escaped, and room.
const LINE_LIMIT: u64 = 4 << 20;

/// One line.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line {
    /// The process captures what tests print into files that it has under these numbers.
    Capturing {
        process: u32,
        out: Option<u32>,
        err: Option<u32>,
    },
    /// A test will run. Items are numbered in the order in which they are told, from 0.
    Item {
        planned: usize,
        id: String,
        occurrence: u32,
    },
    /// A planned case has no test.
    Absent {
        planned: usize,
        cause: String,
        reason: String,
    },
    Collected,
    Start {
        item: usize,
    },
    /// What the test that runs said in the phases that are over: its set-up, its call.
    Said {
        output: String,
    },
    /// A plugin of the tree runs the test again: it failed so.
    Retried {
        item: usize,
        message: String,
        output: String,
    },
    End {
        item: usize,
        outcome: String,
        reason: String,
        message: String,
        output: String,
        /// Seconds on processors.
        #[serde(default)]
        cpu: Option<f64>,
        /// The peak of the process while the test ran, and before it, in bytes.
        #[serde(default)]
        memory: Option<u64>,
        #[serde(default)]
        before: Option<u64>,
    },
    /// Whether a file is still this process's to run is asked; the answer is 1 or 0.
    Claim {
        file: usize,
    },
    /// pytest runs no further test.
    Stopping {
        reason: String,
    },
    Finished,
}

/// Reads lines in a thread of its own, until the pipe closes or nobody listens.
pub(crate) fn lines(pipe: impl Read + Send + 'static) -> Receiver<Line> {
    let (sender, lines) = sync_channel(1024);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        while let Some(line) = next(&mut reader) {
            if let Some(line) = line
                && sender.send(line).is_err()
            {
                break;
            }
        }
    });
    lines
}

/// The next line; `Some(None)` for one that is none of the plugin's or too long, `None` at the end.
#[expect(clippy::option_option, reason = "a line to skip is not the end")]
fn next(reader: &mut impl BufRead) -> Option<Option<Line>> {
    let mut line = Vec::new();
    let count = reader.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line).ok()?;
    if count == 0 {
        return None;
    }
    if !line.ends_with(b"\n") {
        reader.skip_until(b'\n').ok()?;
        return Some(None);
    }
    Some(serde_json::from_slice(&line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_and_endless_lines_cost_only_themselves() {
        let mut text = b"{\"event\": \"collected\"}\n\xff\xfe\nno json\n".to_vec();
        text.extend(vec![b'x'; usize::try_from(LINE_LIMIT).unwrap_or(0) * 2 + 5]);
        text.extend(b"\n{\"event\": \"finished\"}\n");
        let found: Vec<_> = lines(std::io::Cursor::new(text)).iter().collect();
        assert_eq!(found, [Line::Collected, Line::Finished]);
    }
}
