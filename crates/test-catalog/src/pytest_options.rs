//! The options of pytest's command line: which there are, which take a value, and which decide what tests are run.
//!
//! They are those of pytest 9.1, and of plugins that are often installed: asyncio, timeout, xdist, cov, rerunfailures,
//! benchmark, html, mypy, repeat, random-order, allure, forked, testmon, split, shard. Older and newer releases of pytest have
//! the same for what is asked here. Whoever reads a command line, to collect tests or to tell what a lane of CI runs, asks
//! this table.
//!
//! ```
//! use test_catalog::pytest_options::{Owner, Takes, find};
//!
//! let maxfail = find("--maxfail").unwrap();
//! assert_eq!((maxfail.takes, maxfail.owner, maxfail.chooses), (Takes::Value, Owner::Pytest, false));
//! assert!(find("--last-failed").unwrap().chooses);
//! assert_eq!(find("--mystery"), None);
//! ```

/// What stands behind an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A value.
    Value,
    /// A value, or nothing: the next word is the value unless it is an option.
    MaybeValue,
}

/// Who has an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// pytest itself, which knows it while it looks for its configuration.
    Pytest,
    /// A plugin.
    Plugin,
}

/// An option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PytestOption {
    /// What it takes.
    pub takes: Takes,
    /// Who has it.
    pub owner: Owner,
    /// Whether it decides which tests are run, or which configuration holds.
    pub chooses: bool,
}

/// Options that have all of this in common, each with its dashes.
type Row = (Owner, Takes, bool, &'static [&'static str]);

/// Whether options decide which tests are run.
const CHOOSES: bool = true;

/// All of them.
const OPTIONS: &[Row] = &[
    (
        Owner::Pytest,
        Takes::Nothing,
        !CHOOSES,
        &[
            "--cache-clear",
            "--collect-in-virtualenv",
            "--continue-on-collection-errors",
            "--disable-plugin-autoload",
            "--disable-pytest-warnings",
            "--disable-warnings",
            "--doctest-continue-on-failure",
            "--doctest-ignore-import-errors",
            "--doctest-modules",
            "--exitfirst",
            "--failed-first",
            "--ff",
            "--force-short-summary",
            "--full-trace",
            "--fulltrace",
            "--keep-duplicates",
            "--keepduplicates",
            "-l",
            "--new-first",
            "--nf",
            "--no-fold-skipped",
            "--no-header",
            "--no-showlocals",
            "--no-summary",
            "--pdb",
            "-q",
            "--quiet",
            "--runxfail",
            "-s",
            "--setup-show",
            "--setupshow",
            "--showlocals",
            "--strict",
            "--strict-config",
            "--strict-markers",
            "--trace",
            "--trace-config",
            "--traceconfig",
            "-v",
            "--verbose",
            "-x",
            "--xfail-tb",
        ],
    ),
    (
        Owner::Pytest,
        Takes::Nothing,
        CHOOSES,
        &[
            "--co",
            "--collect-only",
            "--collectonly",
            "--fixtures",
            "--fixtures-per-test",
            "--funcargs",
            "-h",
            "--help",
            "--last-failed",
            "--lf",
            "--markers",
            "--noconftest",
            "--pyargs",
            "--setup-only",
            "--setup-plan",
            "--setuponly",
            "--setupplan",
            "--stepwise",
            "--stepwise-reset",
            "--stepwise-skip",
            "--sw",
            "--sw-reset",
            "--sw-skip",
            "-V",
            "--version",
        ],
    ),
    (
        Owner::Pytest,
        Takes::Value,
        !CHOOSES,
        &[
            "--assert",
            "--basetemp",
            "--capture",
            "--code-highlight",
            "--color",
            "--doctest-glob",
            "--doctest-report",
            "--durations",
            "--durations-min",
            "--import-mode",
            "--junit-prefix",
            "--junit-xml",
            "--junitprefix",
            "--junitxml",
            "--log-auto-indent",
            "--log-cli-date-format",
            "--log-cli-format",
            "--log-cli-level",
            "--log-date-format",
            "--log-disable",
            "--log-file",
            "--log-file-date-format",
            "--log-file-format",
            "--log-file-level",
            "--log-file-mode",
            "--log-format",
            "--log-level",
            "--max-warnings",
            "--maxfail",
            "--pastebin",
            "--pdbcls",
            "--pythonwarnings",
            "-r",
            "--report-chars",
            "--show-capture",
            "--tb",
            "--verbosity",
            "-W",
        ],
    ),
    (
        Owner::Pytest,
        Takes::Value,
        CHOOSES,
        &[
            "-c",
            "--confcutdir",
            "--config-file",
            "--deselect",
            "--ignore",
            "--ignore-glob",
            "-k",
            "--last-failed-no-failures",
            "--lfnf",
            "-m",
            "-o",
            "--override-ini",
            "-p",
            "--rootdir",
        ],
    ),
    (Owner::Pytest, Takes::MaybeValue, !CHOOSES, &["--debug"]),
    (Owner::Pytest, Takes::MaybeValue, CHOOSES, &["--cache-show"]),
    (
        Owner::Plugin,
        Takes::Nothing,
        !CHOOSES,
        &[
            "--asyncio-debug",
            "--benchmark-disable",
            "--benchmark-enable",
            "--cov-append",
            "--cov-branch",
            "--cov-reset",
            "-d",
            "-f",
            "--forked",
            "--looponfail",
            "--mypy",
            "--no-cov",
            "--no-cov-on-fail",
            "--no-loadscope-reorder",
            "--random-order",
            "--self-contained-html",
            "--timeout-disable-debugger-detection",
        ],
    ),
    (Owner::Plugin, Takes::Nothing, CHOOSES, &["--benchmark-only", "--benchmark-skip", "--testmon"]),
    (
        Owner::Plugin,
        Takes::Value,
        !CHOOSES,
        &[
            "--alluredir",
            "--asyncio-mode",
            "--benchmark-columns",
            "--benchmark-group-by",
            "--benchmark-json",
            "--benchmark-max-time",
            "--benchmark-min-rounds",
            "--count",
            "--cov-config",
            "--cov-context",
            "--cov-fail-under",
            "--cov-report",
            "--css",
            "--dist",
            "--html",
            "--max-worker-restart",
            "--maxprocesses",
            "--maxschedchunk",
            "-n",
            "--numprocesses",
            "--only-rerun",
            "--random-order-bucket",
            "--random-order-seed",
            "--repeat-scope",
            "--rerun-except",
            "--reruns",
            "--reruns-delay",
            "--rsyncdir",
            "--rsyncignore",
            "--session-timeout",
            "--timeout",
            "--timeout-method",
            "--timeout_method",
            "--tx",
        ],
    ),
    (Owner::Plugin, Takes::Value, CHOOSES, &["--group", "--num-shards", "--shard-id", "--splits"]),
    (Owner::Plugin, Takes::MaybeValue, !CHOOSES, &["--cov"]),
];

/// The option of that name, which is written with its dashes: `-m`, `--maxfail`.
#[must_use]
pub fn find(name: &str) -> Option<PytestOption> {
    let (owner, takes, chooses, _) = OPTIONS.iter().find(|(.., names)| names.contains(&name))?;
    Some(PytestOption { takes: *takes, owner: *owner, chooses: *chooses })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_stands_once_and_has_its_dashes() {
        let mut names: Vec<&str> = OPTIONS.iter().flat_map(|(.., names)| names.iter().copied()).collect();
        assert!(names.iter().all(|name| name.starts_with("--") != (name.len() == 2) && name.starts_with('-')));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
