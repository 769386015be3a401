//! Documentation tests: `cargo test --doc -- --list`.

use std::collections::{BTreeMap, BTreeSet};

use test_catalog::comparison::cargo::ListedBinary;

use super::command::KeptLock;
use super::{Listing, ListingError, Request, UnseenBinary};
use crate::libtest::listed;

/// Builds the libraries of a workspace, and lists their documentation tests, each under its package's name.
///
/// # Errors
/// Where a library does not build, or rustdoc cannot read it.
pub fn doc_tests(request: &Request<'_>) -> Result<Listing, ListingError> {
    // cargo refuses to look for them where there is no library.
    if request.packages.iter().all(|package| package.documented_library.is_none()) {
        return Ok(Listing::default());
    }
    let _lock = KeptLock::of(&request.workspace.root)?;
    let all = sections(request, &[])?;
    let ignored: BTreeMap<String, BTreeSet<String>> = sections(request, &["--ignored"])?
        .into_iter()
        .map(|(library, names)| (library, names.into_iter().collect()))
        .collect();
    let mut listing = Listing::default();
    for (library, names) in all {
        let is_ignored = |name: &String| ignored.get(&library).is_some_and(|ignored| ignored.contains(name));
        let tests = names.iter().map(|name| (name.clone(), is_ignored(name))).collect();
        let named = |package: &&&super::Package| package.documented_library.as_deref() == Some(library.as_str());
        let mut packages = request.packages.iter().filter(named).map(|package| &package.name);
        match (packages.next(), packages.next()) {
            (Some(package), None) => listing.binaries.push(ListedBinary { binary: package.clone(), tests }),
            (Some(package), Some(other)) => {
                let reason = format!("{package} and {other} both have the library `{library}`, which cargo names here");
                let unseen = [package, other].map(|package| package.clone()).into_iter();
                listing.unseen.extend(unseen.map(|binary| UnseenBinary { binary, reason: reason.clone() }));
            }
            (None, _) => {
                let reason = "no package of the workspace has this library".to_owned();
                listing.unseen.push(UnseenBinary { binary: library, reason });
            }
        }
    }
    listing.binaries.sort_by(|a, b| a.binary.cmp(&b.binary));
    Ok(listing)
}

/// The names under each library's heading.
fn sections(request: &Request<'_>, arguments: &[&str]) -> Result<Vec<(String, Vec<String>)>, ListingError> {
    let cargo = request.cargo(&["test", "--doc"]).args(&["--", "--list", "--format=terse"]).args(arguments);
    let output = cargo.run_merged()?;
    if !output.status.success() {
        return Err(cargo.not_built(&output, &output.stdout));
    }
    Ok(split(&String::from_utf8_lossy(&output.stdout)))
}

/// cargo prints a heading on its standard error, then rustdoc the names on its standard output: in one stream they stand
/// in that order.
fn split(text: &str) -> Vec<(String, Vec<String>)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(library) = line.strip_prefix("   Doc-tests ") {
            sections.push((library.to_owned(), String::new()));
        } else if let Some((_, names)) = sections.last_mut() {
            names.push_str(line);
            names.push('\n');
        }
    }
    sections.into_iter().map(|(library, names)| (library, listed(&names))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_under_the_heading_of_their_library() {
        let text = "   Compiling p v0.1.0\n    Finished `test` profile\n   Doc-tests p_q\n\
                    src/lib.rs - queue::Queue::push (line 12): test\nwarning: something\n   Doc-tests r\n";
        let expected = [
            ("p_q".to_owned(), vec!["src/lib.rs - queue::Queue::push (line 12)".to_owned()]),
            ("r".to_owned(), Vec::new()),
        ];
        assert_eq!(split(text), expected);
    }
}
