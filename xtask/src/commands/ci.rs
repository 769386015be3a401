//! `ci`: what CI runs on this repository.

use std::time::{Duration, Instant};

use camino::{Utf8DirEntry, Utf8Path, Utf8PathBuf};
use duct::cmd;

use crate::cli::CiArgs;
use crate::error::Error;
use crate::exit::Exit;

/// Checks that build in another target folder, or run this tool itself, come last: the cheapest answer first.
fn checks(cargo: &str, this: &Utf8Path, root: &Utf8Path) -> Vec<(&'static str, duct::Expression)> {
    let example = root.join("examples/stage-sizes/Cargo.toml");
    let mut package: Vec<String> = ["package", "--workspace", "--allow-dirty", "--quiet"].map(str::to_owned).into();
    for not_published in ["xtask", "oracle", "fake-nvml"] {
        package.extend(["--exclude".to_owned(), not_published.to_owned()]);
    }
    for own in packages(root) {
        // Each is a dependency of others there, and dependencies are optimized, which takes longer than it saves here.
        package.extend(["--config".to_owned(), format!("profile.dev.package.{own}.opt-level=0")]);
    }
    vec![
        ("format", cmd!(cargo, "fmt", "--all", "--", "--check")),
        ("lints", cmd!(cargo, "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings")),
        ("tests", cmd!(cargo, "test", "--workspace", "--no-fail-fast")),
        ("documentation", cmd!(cargo, "doc", "--workspace", "--no-deps", "--quiet").env("RUSTDOCFLAGS", "-D warnings")),
        ("packages", cmd(cargo, package)),
        (
            "example",
            cmd!(cargo, "test", "--quiet", "--manifest-path", &example).env("CARGO_TARGET_DIR", root.join("target")),
        ),
        ("audit of the fixture", cmd!(this.as_std_path(), "audit-markers")),
        ("tests of the fixture", cmd!(this.as_std_path(), "test", "--stage", "pre_merge", "--no-require-all")),
    ]
}

fn folders(path: Utf8PathBuf) -> impl Iterator<Item = Utf8DirEntry> {
    path.read_dir_utf8().into_iter().flatten().flatten()
}

/// The names of the packages that are published, which are those of their folders.
fn packages(root: &Utf8Path) -> Vec<String> {
    folders(root.join("crates")).map(|package| package.file_name().to_owned()).collect()
}

/// Removes the packages that cargo unpacked and built when it verified them before. It does so once for a version, so
/// that a crate would be verified against the state of others in which they were first packaged.
fn forget_packages(root: &Utf8Path) {
    let home = std::env::var("CARGO_HOME").map(Utf8PathBuf::from);
    let home = home.or_else(|_| std::env::var("HOME").map(|home| Utf8PathBuf::from(home).join(".cargo")));
    let Ok(home) = home else { return };
    // What is unpacked of no registry of a name is a workspace's own.
    let own = folders(home.join("registry/src")).filter(|entry| entry.file_name().starts_with('-'));
    for unpacked in own {
        for package in packages(root) {
            let folder = format!("{package}-{}", env!("CARGO_PKG_VERSION"));
            // One that is not there is as good as removed; another that stays shows in the check.
            let _ = std::fs::remove_dir_all(unpacked.path().join(folder));
        }
    }
    let names: Vec<String> = packages(root).into_iter().map(|package| format!("{package}-")).collect();
    let built = folders(root.join("target/debug/.fingerprint"));
    for one in built.filter(|one| names.iter().any(|name| one.file_name().starts_with(name))) {
        let _ = std::fs::remove_dir_all(one.path());
    }
}

/// Runs every check and says at the end which failed.
pub(crate) fn run(args: &CiArgs) -> Result<Exit, Error> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let this = std::env::current_exe().map_err(Error::OwnExecutable)?;
    let this = Utf8PathBuf::from_path_buf(this).map_err(|path| Error::NotUtf8(path.display().to_string()))?;
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    let mut checks = checks(&cargo, &this, &root);
    if args.full {
        // The tests ask the newest release only: the others take a virtual environment each.
        checks.push(("records of pytest", cmd!("python3", root.join("fixtures/pytest/record.py"), "--check")));
        // It takes cargo-nextest, which nothing else here needs.
        let with_nextest = cmd!(&cargo, "test", "--package", "xtask", "--test", "verify_cargo", "--", "--ignored");
        checks.push(("verify with nextest", with_nextest));
    }
    for (name, check) in checks {
        if name == "packages" {
            forget_packages(&root);
        }
        crate::progress::note(&format!("ci: {name}"));
        let start = Instant::now();
        let result = check.dir(&root).unchecked().run();
        let passed = match &result {
            Ok(output) => output.status.success(),
            Err(error) => {
                crate::progress::note(&format!("ci: {name}: cannot be started: {error}"));
                false
            }
        };
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
