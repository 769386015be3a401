//! The options of the commands that run tests.

use std::ffi::OsString;

use lexopt::{Arg, Parser};

use super::{Argument, Ignored, TargetChoice, TestChoice};
use crate::FeatureSelection;

/// What the options of a command say.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) manifest: Option<String>,
    /// Whether it runs in another folder, which `-C` names.
    pub(super) moved: bool,
    pub(super) packages: Vec<String>,
    pub(super) is_workspace: bool,
    pub(super) excluded: Vec<String>,
    pub(super) features: FeatureSelection,
    pub(super) targets: Vec<TargetChoice>,
    pub(super) profile: Option<String>,
    pub(super) cargo_profile: Option<String>,
    pub(super) has_other_machine: bool,
    pub(super) tests: TestChoice,
    pub(super) ignores_default_filter: bool,
    pub(super) runs_nothing: bool,
}

/// Marks a word that is not known: a character that Unicode will never assign. A script that writes it itself only
/// makes a word unknown that is not.
const UNKNOWN: char = '\u{10FFFF}';

/// Options without a value that change nothing of what is built and run.
const FLAGS: [&str; 45] = [
    "branch",
    "cargo-quiet",
    "cargo-verbose",
    "cobertura",
    "codecov",
    "coverage-target-only",
    "disable-default-ignore-filename-regex",
    "extract-overwrite",
    "fail-fast",
    "frozen",
    "future-incompat-report",
    "hide-instantiations",
    "hide-progress-bar",
    "html",
    "ignore-run-fail",
    "ignore-rust-version",
    "include-build-script",
    "include-ffi",
    "json",
    "lcov",
    "locked",
    "mcdc",
    "no-capture",
    "no-clean",
    "no-fail-fast",
    "no-input-handler",
    "no-output-indent",
    "no-pager",
    "no-report",
    "nocapture",
    "offline",
    "open",
    "override-version-check",
    "profraw-only",
    "quiet",
    "remap-path-prefix",
    "show-instantiations",
    "show-missing-lines",
    "show-output",
    "skip-functions",
    "summary-only",
    "text",
    "timings",
    "unit-graph",
    "verbose",
];

/// Options with a value that change nothing of it either.
const VALUES: [&str; 40] = [
    "build-jobs",
    "cargo-message-format",
    "color",
    "config-file",
    "dep-coverage",
    "exclude-from-report",
    "fail-under-functions",
    "fail-under-lines",
    "fail-under-regions",
    "fail-uncovered-functions",
    "fail-uncovered-lines",
    "fail-uncovered-regions",
    "failure-mode",
    "failure-output",
    "final-status-level",
    "flaky-result",
    "format",
    "ignore-filename-regex",
    "jobs",
    "lockfile-path",
    "logfile",
    "max-fail",
    "max-progress-running",
    "message-format",
    "message-format-version",
    "no-tests",
    "output-dir",
    "output-path",
    "retries",
    "show-progress",
    "shuffle-seed",
    "status-level",
    "stress-count",
    "stress-duration",
    "success-output",
    "target-dir",
    "test-threads",
    "tool-config-file",
    "tracer",
    "user-config-file",
];

impl Options {
    /// Reads what stands behind the name of the tool. The error says what of it is not known; then what was read so far
    /// is kept, and `runs_nothing` still holds if it stands anywhere.
    pub(super) fn read(&mut self, words: Vec<Argument<'_>>) -> Result<(), String> {
        // Whatever the rest comes to, the command then builds tests and runs none.
        self.runs_nothing =
            words.iter().take_while(|word| !is_separator(word)).any(|word| *word == Argument::Known("--no-run"));
        let behind = words.iter().position(is_separator);
        let (own, of_harness) = words.split_at(behind.unwrap_or(words.len()));
        self.read_harness(of_harness.get(1..).unwrap_or_default());
        let mut parser = Parser::from_args(own.iter().map(as_word));
        while let Some(option) = parser.next().map_err(refused)? {
            match option {
                Arg::Short(flag) => self.short(flag, &mut parser)?,
                Arg::Long(name) => {
                    let name = name.to_owned();
                    self.long(&name, &mut parser)?;
                }
                Arg::Value(name) => self.tests.names.push(known(name)?),
            }
        }
        Ok(())
    }

    fn short(&mut self, flag: char, parser: &mut Parser) -> Result<(), String> {
        match flag {
            'p' => self.packages.push(value(parser)?),
            'F' => self.features.features.push(value(parser)?),
            'r' => self.cargo_profile = Some("release".to_owned()),
            'E' => {
                any_value(parser)?;
                self.tests.is_narrowed = true;
            }
            'C' => {
                any_value(parser)?;
                self.moved = true;
            }
            'P' => self.profile = Some(known_or_empty(parser)?),
            'j' | 'Z' => any_value(parser)?,
            'q' | 'v' => {}
            'h' | 'V' => self.runs_nothing = true,
            other => return Err(format!("the option `-{other}` is not known")),
        }
        Ok(())
    }

    fn long(&mut self, name: &str, parser: &mut Parser) -> Result<(), String> {
        match name {
            "package" => self.packages.push(value(parser)?),
            "workspace" | "all" => self.is_workspace = true,
            "exclude" | "exclude-from-test" => self.excluded.push(value(parser)?),
            "features" => self.features.features.push(value(parser)?),
            "all-features" => self.features.all = true,
            "no-default-features" => self.features.no_default = true,
            "lib" => self.targets.push(TargetChoice::Library),
            "bins" => self.targets.push(TargetChoice::Programs(None)),
            "bin" => self.targets.push(TargetChoice::Programs(Some(value(parser)?))),
            "tests" => self.targets.push(TargetChoice::Tested),
            "test" => self.targets.push(TargetChoice::Test(value(parser)?)),
            "examples" => self.targets.push(TargetChoice::Examples(None)),
            "example" => self.targets.push(TargetChoice::Examples(Some(value(parser)?))),
            "benches" => self.targets.push(TargetChoice::Benches(None)),
            "bench" => self.targets.push(TargetChoice::Benches(Some(value(parser)?))),
            "all-targets" => self.targets.push(TargetChoice::All),
            "doc" => self.targets.push(TargetChoice::Documentation),
            "doctests" => self.targets.extend([TargetChoice::Tested, TargetChoice::Documentation]),
            "manifest-path" => self.manifest = Some(value(parser)?),
            "release" => self.cargo_profile = Some("release".to_owned()),
            "profile" => self.profile = Some(value(parser)?),
            "cargo-profile" => self.cargo_profile = Some(value(parser)?),
            "target" => {
                any_value(parser)?;
                self.has_other_machine = true;
            }
            "ignored" | "include-ignored" | "exact" | "skip" | "run-ignored" => self.of_tests(name, parser)?,
            "filterset" | "filter-expr" | "partition" => {
                any_value(parser)?;
                self.tests.is_narrowed = true;
            }
            "ignore-default-filter" => self.ignores_default_filter = true,
            "no-run" | "help" | "version" => self.runs_nothing = true,
            _ if FLAGS.contains(&name) => {
                // Some take a value behind `=`.
                parser.optional_value();
            }
            _ if VALUES.contains(&name) => any_value(parser)?,
            // `--config` may set flags and profiles, and an archive holds what was built elsewhere.
            other => return Err(format!("what the option `--{other}` does is not known")),
        }
        Ok(())
    }

    fn of_tests(&mut self, name: &str, parser: &mut Parser) -> Result<(), String> {
        match name {
            "ignored" => self.tests.ignored = Ignored::Only,
            "include-ignored" => self.tests.ignored = Ignored::Included,
            "exact" => self.tests.is_exact = true,
            "skip" => self.tests.skipped.push(value(parser)?),
            _ => {
                self.tests.ignored = match &*value(parser)? {
                    "only" | "ignored-only" => Ignored::Only,
                    "all" => Ignored::Included,
                    _ => Ignored::LeftOut,
                }
            }
        }
        Ok(())
    }

    /// What stands behind `--` is libtest's: it chooses among what is built.
    fn read_harness(&mut self, words: &[Argument<'_>]) {
        let mut parser = Parser::from_args(words.iter().map(as_word));
        loop {
            let read = match parser.next() {
                Ok(None) => return,
                Ok(Some(Arg::Value(name))) => known(name).map(|name| self.tests.names.push(name)),
                Ok(Some(Arg::Long("list" | "help"))) => {
                    self.runs_nothing = true;
                    Ok(())
                }
                Ok(Some(Arg::Long(name))) => match name.to_owned().as_str() {
                    name @ ("ignored" | "include-ignored" | "exact" | "skip") => self.of_tests(name, &mut parser),
                    name if VALUES.contains(&name) => any_value(&mut parser),
                    _ => {
                        parser.optional_value();
                        Ok(())
                    }
                },
                Ok(Some(Arg::Short('q' | 'v'))) => Ok(()),
                Ok(Some(Arg::Short('Z'))) => any_value(&mut parser),
                Ok(Some(Arg::Short(other))) => Err(other.to_string()),
                Err(error) => Err(refused(error)),
            };
            if read.is_err() {
                self.tests.is_narrowed = true;
                return;
            }
        }
    }
}

/// Where the name of the subcommand stands: behind options.
pub(super) fn subcommand(words: &[Argument<'_>]) -> Option<usize> {
    let mut takes_value = false;
    words.iter().position(|word| {
        let Argument::Known(word) = word else { return !std::mem::take(&mut takes_value) };
        if std::mem::take(&mut takes_value) {
            return false;
        }
        takes_value = matches!(*word, "--config" | "--color" | "--manifest-path" | "-Z" | "-C");
        !word.starts_with('-')
    })
}

fn is_separator(word: &Argument<'_>) -> bool {
    *word == Argument::Known("--")
}

fn as_word(argument: &Argument<'_>) -> OsString {
    match argument {
        Argument::Known(text) => (*text).into(),
        Argument::Unknown(text) => format!("{UNKNOWN}{text}").into(),
    }
}

fn known(word: OsString) -> Result<String, String> {
    let text = word.to_string_lossy();
    match text.find(UNKNOWN) {
        None => Ok(text.into_owned()),
        Some(_) => Err(format!("what `{}` stands for is not known", text.replace(UNKNOWN, ""))),
    }
}

fn value(parser: &mut Parser) -> Result<String, String> {
    known(parser.value().map_err(refused)?)
}

/// A value, or nothing where it is not known.
fn known_or_empty(parser: &mut Parser) -> Result<String, String> {
    Ok(known(parser.value().map_err(refused)?).unwrap_or_default())
}

/// A value that nothing depends on: it need not be known.
fn any_value(parser: &mut Parser) -> Result<(), String> {
    parser.value().map(drop).map_err(refused)
}

#[allow(clippy::needless_pass_by_value)]
fn refused(error: lexopt::Error) -> String {
    format!("its options cannot be read: {}", error.to_string().replace(UNKNOWN, ""))
}
