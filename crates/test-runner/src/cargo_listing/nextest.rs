//! `cargo nextest list`.

use std::collections::BTreeMap;

use serde::Deserialize;
use test_catalog::comparison::cargo::ListedBinary;

use super::command::error_line;
use super::{Listing, ListingError, Request, UnseenBinary};

/// nextest's exit code where all is built and a binary's list is not of libtest's form.
const LIST_FAILED: i32 = 104;

pub(super) enum Answer {
    Listed(Listing),
    /// It was built, and nextest gives up over one binary: why.
    NotListed(String),
}

pub(super) fn list(request: &Request<'_>) -> Result<Answer, ListingError> {
    // A filter of the tree's profile would hide tests that it has.
    let cargo = request.cargo(&["nextest", "list"]).args(&["--message-format=json", "--ignore-default-filter"]);
    let output = cargo.run()?;
    match output.status.code() {
        Some(0) => read(&output.stdout).map(Answer::Listed).map_err(|error| cargo.not_understood(error)),
        Some(LIST_FAILED) => Ok(Answer::NotListed(error_line(&output.stderr))),
        _ => Err(cargo.not_built(&output, &output.stderr)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    rust_suites: BTreeMap<String, Suite>,
}

#[derive(Deserialize)]
struct Suite {
    status: String,
    testcases: BTreeMap<String, TestCase>,
}

#[derive(Deserialize)]
struct TestCase {
    ignored: bool,
}

fn read(text: &[u8]) -> Result<Listing, serde_json::Error> {
    let document: Document = serde_json::from_slice(text)?;
    let mut listing = Listing::default();
    for (binary, suite) in document.rust_suites {
        if suite.status == "listed" {
            let tests = suite.testcases.into_iter().map(|(name, test)| (name, test.ignored)).collect();
            listing.binaries.push(ListedBinary { binary, tests });
        } else {
            listing.unseen.push(UnseenBinary { binary, reason: format!("nextest says `{}`", suite.status) });
        }
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn nextests_suites_are_binaries_with_names_and_what_is_ignored() {
        let text = br#"{"rust-build-meta":{},"test-count":2,"rust-suites":{
            "p::t":{"binary-id":"p::t","status":"listed","testcases":{
                "b":{"kind":"test","ignored":true,"filter-match":{"status":"mismatch","reason":"ignored"}},
                "a::c":{"kind":"test","ignored":false,"filter-match":{"status":"matches"}}}},
            "q":{"binary-id":"q","status":"skipped-default-filter","testcases":{}}}}"#;
        let listing = read(text).unwrap();
        let tests = BTreeMap::from([("a::c".to_owned(), false), ("b".to_owned(), true)]);
        assert_eq!(listing.binaries, [ListedBinary { binary: "p::t".to_owned(), tests }]);
        assert_eq!(listing.unseen[0].binary, "q");
    }
}
