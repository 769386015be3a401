//! What the runner and a shim tell each other over the shim's standard input: the runner a byte, the shim lines.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The runner's bytes.
pub(super) mod order {
    /// TERM, the grace, KILL.
    pub(in crate::shim) const STOP: u8 = b't';
    /// USR1 to the program, if it handles it: Python tells its stacks then.
    pub(in crate::shim) const SHOW: u8 = b's';
    /// KILL now.
    pub(in crate::shim) const KILL: u8 = b'k';
}

/// A line of a shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// The program runs, as this process.
    Started { process: i32 },
    /// The program cannot be started: the system's error number, and its words.
    Failed { error: Option<i32>, words: String },
    /// The program has ended, with this status of `waitpid`. Others may be left.
    Exited { status: i32 },
    /// Nothing is left, but for `stuck`.
    Over {
        usage: Usage,
        /// What was there when the program had ended by itself: names of processes.
        left: Vec<String>,
        /// What KILL does not end: names of processes.
        stuck: Vec<String>,
    },
}

/// What a program took, with all that it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Time on processors, in the programs and in the kernel for them, all of them together.
    pub processor_time: Duration,
    /// The most memory that one of the processes held (resident set), in bytes. Not the sum of all.
    pub peak_memory: u64,
}

impl Message {
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for message in [
            Message::Started { process: 17 },
            Message::Failed { error: Some(2), words: "two\nlines".to_owned() },
            Message::Exited { status: 139 },
            Message::Over {
                usage: Usage { processor_time: Duration::from_millis(1500), peak_memory: 1 << 40 },
                left: vec!["etcd".to_owned()],
                stuck: Vec::new(),
            },
        ] {
            let line = message.line();
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(serde_json::from_slice::<Message>(&line).unwrap(), message);
        }
    }
}
