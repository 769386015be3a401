//! One line of what a failed test said: for places that show no more.

use test_runner::{CaseResult, Outcome};

/// What came of a test, and of a failure its exception or what it panicked with: `failed: AssertionError: expected 200, got 503`.
pub(crate) fn told(result: &CaseResult) -> String {
    match gist(&result.message) {
        Some(gist) if result.outcome == Outcome::Failed => format!("failed: {gist}"),
        _ => result.outcome.to_string(),
    }
}

/// Of a traceback of pytest the exception that it ends with, of a panic the line below its place.
fn gist(message: &str) -> Option<&str> {
    let mut found = None;
    let mut before = "";
    for line in message.lines() {
        let begins_exception = line.starts_with("E   ") && !before.starts_with('E');
        if begins_exception {
            found = line.strip_prefix("E   ");
        } else if before.starts_with("thread '") && before.contains(" panicked at ") {
            found = found.or(Some(line));
        }
        before = line;
    }
    found.map(str::trim).filter(|gist| !gist.is_empty())
}

#[cfg(test)]
mod tests {
    use super::gist;

    #[test]
    fn the_line_that_says_why_is_found() {
        for (message, expected) in [
            (
                "    def test_a():\n>       assert 0, 'boom'\nE       AssertionError: boom\nE       assert 0\n\na.py:1",
                "AssertionError: boom",
            ),
            ("E   KeyError: 'a'\n\nDuring handling of it:\n\nE   ValueError: no a\nE   two", "ValueError: no a"),
            ("thread 'tests::bad' (7) panicked at src/lib.rs:1:2:\nassertion failed\n  left: 2", "assertion failed"),
        ] {
            assert_eq!(gist(message), Some(expected));
        }
        for message in ["", "error[E0308]: mismatched types", "E   "] {
            assert_eq!(gist(message), None, "{message}");
        }
    }
}
