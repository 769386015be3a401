//! `ci`: what CI runs on this repository.

mod packages;

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use duct::cmd;

use crate::cli::CiArgs;
use crate::error::Error;
use crate::exit::Exit;

use packages::Each;

/// What is built is built in the profile of the alias: where `.ci/run` has set what [`CHECKED`] says before, the tool and
/// its dependencies are built once.
const PROFILE: [&str; 2] = ["--profile", "kit"];
/// That profile as its packages are tested: with the checks that the compiler can put into a program. The workspace's own
/// packages are not optimized, which takes ten times as long for their tests.
const CHECKED: [(&str, &str); 3] = [
    ("CARGO_PROFILE_KIT_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_KIT_DEBUG_ASSERTIONS", "true"),
    ("CARGO_PROFILE_KIT_OVERFLOW_CHECKS", "true"),
];

/// Runs a command in the repository's root; whether it succeeded.
type Check = Box<dyn Fn(&Utf8Path) -> std::io::Result<bool>>;

fn succeeds(command: duct::Expression) -> Check {
    Box::new(move |root| has_succeeded(command.dir(root)))
}

/// Runs a command under [`CHECKED`]; whether it succeeded.
fn has_succeeded(command: duct::Expression) -> std::io::Result<bool> {
    let command = CHECKED.iter().fold(command, |command, (name, value)| command.env(name, value));
    Ok(command.unchecked().run()?.status.success())
}

/// The checks that `cargo xtask ci` makes, the cheapest answer first.
fn checks(cargo: &str, this: &Utf8Path, each: Each) -> Vec<(&'static str, Check)> {
    let cargo_with = |words: &[&str], behind: &[&str]| cmd(cargo, words.iter().chain(&PROFILE).chain(behind));
    let own_cargo = cargo.to_owned();
    vec![
        ("format", succeeds(cmd!(cargo, "fmt", "--all", "--", "--check"))),
        (
            "lints",
            succeeds(cargo_with(&["clippy", "--workspace", "--all-targets", "--quiet"], &["--", "-D", "warnings"])),
        ),
        ("tests", succeeds(cargo_with(&["test", "--workspace", "--no-fail-fast"], &[]))),
        (
            "documentation",
            succeeds(
                cargo_with(&["doc", "--workspace", "--no-deps", "--quiet"], &[]).env("RUSTDOCFLAGS", "-D warnings"),
            ),
        ),
        ("packages", Box::new(move |root| packages::check(&own_cargo, root, each))),
        ("audit of the fixture", succeeds(cmd!(this.as_std_path(), "audit-markers"))),
        (
            "tests of the fixture",
            succeeds(cmd!(this.as_std_path(), "test", "--stage", "pre_merge", "--no-require-all")),
        ),
    ]
}

/// Runs every check and says at the end which failed.
pub(crate) fn run(args: &CiArgs) -> Result<Exit, Error> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let this = std::env::current_exe().map_err(Error::OwnExecutable)?;
    let this = Utf8PathBuf::from_path_buf(this).map_err(|path| Error::NotUtf8(path.display().to_string()))?;
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    let mut checks = checks(&cargo, &this, if args.full { Each::Alone } else { Each::Together });
    if args.full {
        // The tests ask the newest release only: the others take a virtual environment each.
        let records = cmd!("python3", root.join("fixtures/pytest/record.py"), "--check");
        checks.push(("records of pytest", succeeds(records)));
        // It takes cargo-nextest, which nothing else here needs.
        let words = ["test", "--package", "xtask", "--test", "verify_cargo"];
        let with_nextest = cmd(&cargo, words.iter().chain(&PROFILE).chain(&["--", "--ignored"]));
        checks.push(("verify with nextest", succeeds(with_nextest)));
    }
    for (name, check) in checks {
        crate::progress::note(&format!("ci: {name}"));
        let start = Instant::now();
        let passed = check(&root).unwrap_or_else(|error| {
            crate::progress::note(&format!("ci: {name}: cannot be started: {error}"));
            false
        });
        if !passed {
            failed.push(name);
        }
        rows.push((name, passed, start.elapsed()));
    }
    crate::progress::note(&table(&rows));
    Ok(if failed.is_empty() { Exit::Success } else { Exit::Failure })
}

fn table(rows: &[(&str, bool, Duration)]) -> String {
    let mut text = String::from("ci:\n");
    for (name, passed, time) in rows {
        let verdict = if *passed { "passed" } else { "FAILED" };
        text.push_str(&format!("  {verdict}  {name:<22} {:>6.1} s\n", time.as_secs_f64()));
    }
    text
}
