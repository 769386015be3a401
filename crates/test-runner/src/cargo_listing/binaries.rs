//! `cargo test --no-run`, then each test binary is asked for its own list.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use test_catalog::comparison::cargo::ListedBinary;

use super::command::{Cargo, last_lines};
use super::{Listing, ListingError, Request, UnseenBinary};
use crate::cargo::Invocation;
use crate::cargo_messages::{Executable, Metadata, RUST_LIBRARIES, executables, messages};
use crate::libtest::listed;
use crate::process::Launcher;
use crate::stop::StopSignal;
use crate::tool::Supervision;

/// How long a binary may take to say what it has: one without libtest's harness may not know the question.
const LIMIT: Duration = Duration::from_mins(1);

pub(super) fn list(request: &Request<'_>) -> Result<Listing, ListingError> {
    let mut listing = Listing::default();
    for executable in built(request)? {
        let Some(package) = request.packages.iter().find(|package| package.id == executable.package) else { continue };
        let binary = binary_id(&package.name, &executable.kind, &executable.name);
        match ask(&executable) {
            Ok(listed) => listing.binaries.push(ListedBinary { binary, tests: listed }),
            Err(reason) => listing.unseen.push(UnseenBinary { binary, reason }),
        }
    }
    Ok(listing)
}

fn built(request: &Request<'_>) -> Result<Vec<Executable>, ListingError> {
    let cargo = request.cargo(&["test"]).args(&["--no-run", "--message-format=json-render-diagnostics"]);
    let output = cargo.run()?;
    if !output.status.success() {
        return Err(cargo.not_built(&output, &output.stderr));
    }
    let root = &request.workspace.root;
    let metadata_of = ["metadata", "--no-deps", "--format-version=1"].map(str::to_owned).to_vec();
    let metadata_of = Cargo::new(metadata_of, root.clone());
    let metadata: Metadata =
        serde_json::from_slice(&metadata_of.run()?.stdout).map_err(|error| metadata_of.not_understood(error))?;
    let rust = duct::cmd("rustc", RUST_LIBRARIES).dir(root).stderr_null().read();
    let rust = rust.map_err(|error| ListingError::NoTool {
        tool: "rustc".to_owned(),
        why: error.to_string(),
        remedy: "install Rust: https://rustup.rs",
    })?;
    Ok(executables(&messages(&String::from_utf8_lossy(&output.stdout)), &metadata, &rust))
}

/// nextest's id of a test binary (nextest's documentation, "Binary IDs").
fn binary_id(package: &str, kind: &str, name: &str) -> String {
    match kind {
        "lib" | "rlib" | "dylib" | "cdylib" | "staticlib" => package.to_owned(),
        "test" => format!("{package}::{name}"),
        kind => format!("{package}::{kind}/{name}"),
    }
}

/// Its tests, or why it does not say.
fn ask(executable: &Executable) -> Result<BTreeMap<String, bool>, String> {
    let names = output_of(executable, &["--list", "--format=terse"])?;
    let ignored: BTreeSet<String> =
        output_of(executable, &["--list", "--format=terse", "--ignored"])?.into_iter().collect();
    Ok(names.into_iter().map(|name| (name.clone(), ignored.contains(&name))).collect())
}

fn output_of(executable: &Executable, arguments: &[&str]) -> Result<Vec<String>, String> {
    let invocation = Invocation {
        program: executable.executable.as_str().to_owned(),
        arguments: Vec::new(),
        folder: executable.manifest.parent().unwrap_or(&executable.manifest).to_owned(),
        env: executable.env.clone(),
    };
    let (launcher, stop) = (Launcher::of_this_program(), StopSignal::default());
    let supervision =
        Supervision { launcher: &launcher, stop: &stop, grace: Duration::from_secs(2), limit: Some(LIMIT) };
    let output = supervision.run(&mut invocation.command(&launcher, arguments)).map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(listed(&String::from_utf8_lossy(&output.stdout)))
    } else {
        Err(format!("it gave {}: {}", output.status, last_lines(&output.stderr, 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_nextests() {
        let ids =
            [("lib", "p_q"), ("cdylib", "p_q"), ("test", "t"), ("bin", "b"), ("example", "e"), ("proc-macro", "m")]
                .map(|(kind, name)| binary_id("p-q", kind, name));
        assert_eq!(ids, ["p-q", "p-q", "p-q::t", "p-q::bin/b", "p-q::example/e", "p-q::proc-macro/m"]);
    }
}
