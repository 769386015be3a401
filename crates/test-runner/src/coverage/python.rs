//! Python: pytest-cov writes a file for each process, and coverage.py puts them together.

use camino::{Utf8Path, Utf8PathBuf};

use super::{files, folder, printed};
use crate::RunSettings;
use crate::tool::Supervision;

/// How many files coverage.py is given at once: a command line has its limits.
const AT_ONCE: usize = 500;

/// What the processes of a run measured, as LCOV. coverage.py reads the configuration that is in pytest's rootdir, as
/// pytest-cov did.
pub(super) fn lcov(
    python: &Utf8Path,
    settings: &RunSettings,
    run: &Utf8Path,
    supervision: Supervision<'_>,
) -> Result<String, String> {
    let data = data(run);
    if data.is_empty() {
        return Err("no pytest process left data".to_owned());
    }
    let all = folder(run).join("python.coverage");
    let coverage = |words: &[&str], files: &[Utf8PathBuf]| {
        let mut command = supervision.launcher.command(python);
        command.current_dir(&settings.rootdir).args(["-m", "coverage"]).args(words);
        command.arg(format!("--data-file={all}")).args(files);
        printed(&format!("coverage {}", words[0]), &mut command, supervision)
    };
    for some in data.chunks(AT_ONCE) {
        coverage(&["combine", "--keep", "--quiet", "--append"], some)?;
    }
    let output = folder(run).join("python.lcov");
    // A part of the tests says nothing of the limit that all of them have to reach.
    coverage(&["lcov", "--quiet", "--ignore-errors", "--fail-under=0", "-o", output.as_str()], &[])?;
    std::fs::read(&output)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| format!("cannot read {output}: {error}"))
}

/// The files that `COVERAGE_FILE` of each process named; one that was ended leaves them under longer names.
fn data(run: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = run.read_dir_utf8() else { return Vec::new() };
    let steps = entries.flatten().filter(|entry| entry.file_name().starts_with("step-"));
    let is_data = |name: &str| name == "coverage" || name.starts_with("coverage.");
    let mut found: Vec<Utf8PathBuf> = steps.flat_map(|step| files(step.path(), is_data)).collect();
    found.sort();
    found
}
