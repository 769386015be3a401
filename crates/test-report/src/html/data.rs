//! The document in the page: every test with its markers, lanes and findings.
//!
//! It is a table of columns, because a tree has tens of thousands of tests: what many tests share is written once, and
//! named by its place in a list, from 0. Texts are as a reader sees them: controls of terminals and of the direction of
//! writing are escaped. Fields may be added; a reader that would misread a change sees another [`VERSION`].

use serde::Serialize;

/// The version of the document.
pub const VERSION: u32 = 1;

/// The place of an entry in one of the lists of [`Report`].
pub type Index = u32;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`VERSION`].
    pub report: u32,
    /// The tree's name.
    pub title: String,
    /// What the caller wants beside it: a date, a commit.
    pub label: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// The release of pytest that ids are given for; none where the tree has no Python.
    pub pytest: Option<String>,
    /// The release of Python.
    pub python: Option<String>,
    /// The policy's categories of markers.
    pub categories: Vec<Category>,
    /// Every file that something is said of.
    pub files: Vec<String>,
    /// What the names of tests begin with.
    pub scopes: Vec<Scope>,
    /// The texts of markers, such as `timeout(120)`. Long ones are cut.
    pub texts: Vec<String>,
    /// Markers with where they come from.
    pub markers: Vec<Marker>,
    /// Sets of markers that tests have, by their places in `markers`, the closest first.
    pub marker_sets: Vec<Vec<Index>>,
    /// The commands of CI that run tests.
    pub lanes: Vec<Lane>,
    /// What could not be read of the workflows: lanes may be missing.
    pub lane_problems: Vec<Note>,
    /// Sets of lanes that run tests.
    pub reaches: Vec<Reach>,
    /// What keeps the nearest lane from a test.
    pub causes: Vec<String>,
    /// What a reader has to know of tests.
    pub notes: Vec<Note>,
    /// The tests, in the catalog's order.
    pub tests: Tests,
    /// All rules, in the audit's order.
    pub rules: Vec<Rule>,
    /// What the audit found, in the order of the places.
    pub findings: Vec<Finding>,
    /// Who owns the files; none where the tree has no CODEOWNERS.
    pub owners: Option<Owners>,
    /// How the findings changed; none without a baseline.
    pub trend: Option<Trend>,
    /// What an earlier run gave; none where none was named.
    pub run: Option<Run>,
    /// A machine and what would run there; none where that was not asked for.
    pub plan: Option<Plan>,
}

/// A category of markers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category {
    /// `lifecycle`, `type`, `hardware`, `component` or `other`.
    pub name: &'static str,
    /// Its markers, in the policy's order.
    pub members: Vec<String>,
}

/// What the ids of some tests begin with: a file and `::`, or a test binary and a space.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Scope {
    /// The text.
    pub text: String,
    /// `python` or `rust`.
    pub language: &'static str,
}

/// A marker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Marker {
    /// Its text, in `texts`.
    pub text: Index,
    /// Where it comes from.
    pub from: Origin,
}

/// Where a marker comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// An author wrote it: the file and the line.
    Source(Index, u32),
    /// A hook of the tree adds it: the file and the line.
    Hook(Index, u32),
    /// The policy gives it, by this entry.
    Policy(String),
}

/// A command of CI that runs tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// The same for all lanes that differ in the combination of a matrix only.
    pub family: String,
    /// Where it is written.
    pub file: Index,
    /// The line there.
    pub line: u32,
    /// The stage that it belongs to, where the policy says.
    pub stage: Option<String>,
    /// The folder that it runs in: empty for the tree itself, none where it is not known.
    pub folder: Option<String>,
    /// The command.
    pub command: String,
    /// The marker expression that it selects by.
    pub marks: Option<String>,
    /// How long it may take, in seconds.
    pub limit_s: Option<u64>,
    /// What of it is not known, so that it may run anything.
    pub doubt: Option<String>,
    /// Why it runs nothing.
    pub refused: Option<String>,
    /// What must hold for it to run, where only CI knows whether it does.
    pub condition: Option<String>,
    /// What its tests took in the run that is shown; none where none of them was measured.
    pub measured: Option<Measured>,
}

/// What tests took, one after another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// How many of them were measured.
    pub tests: u32,
    /// What these took in all, in milliseconds.
    pub took_ms: u64,
}

/// An earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Where its results are from.
    pub source: String,
    /// Outcomes, each with how many results have it; those that were tried again count for that alone.
    pub outcomes: Vec<(&'static str, u32)>,
    /// What all of it took, one after another, in milliseconds.
    pub took_ms: u64,
    /// How many results are of no test of the tree as it is now.
    pub absent: u32,
    /// What failed, timed out or crashed, and what the run fails by though it did not run, in the order of the run.
    pub failures: Vec<RunResult>,
    /// What took longest.
    pub slowest: Vec<RunResult>,
    /// What ran where and when, where the results tell.
    pub timeline: Option<Timeline>,
    /// Tests that passed and failed in this run.
    pub flaky: Vec<FlakyTest>,
    /// The policy's budgets for what ran.
    pub budgets: Vec<BudgetUse>,
}

/// A test with both outcomes in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlakyTest {
    /// Its id.
    pub id: String,
    /// How often it passed.
    pub passed: u32,
    /// How often it failed.
    pub failed: u32,
}

/// What tests took, one after another, of what the policy gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetUse {
    /// What it is for.
    pub name: String,
    /// What they took, in milliseconds.
    pub used_ms: u64,
    /// What they may take.
    pub limit_ms: u64,
}

/// What ran where and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// From the start of the run to the end of its last test, in milliseconds.
    pub whole_ms: u64,
    /// GPUs, then the CPU.
    pub devices: Vec<Device>,
}

/// A device with what ran on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// `GPU 0`, `CPU`.
    pub name: String,
    /// What ran side by side, a row each.
    pub rows: Vec<Vec<Bar>>,
    /// How many results found no row.
    pub left_out: u32,
    /// From each moment on, in milliseconds, how many bytes the tests that run took at most. Empty where that was not
    /// measured.
    pub memory: Vec<(u64, u64)>,
}

/// A test that ran, or several that were too short to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// When it began, in milliseconds.
    pub start_ms: u64,
    /// How long it took.
    pub took_ms: u64,
    /// The id of the first.
    pub name: String,
    /// What came of the first, or that it is planned.
    pub outcome: &'static str,
    /// Whether a run fails by it.
    pub is_failure: bool,
    /// How many there are.
    pub count: u32,
}

/// A machine, what fits it, and what would run there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Its GPUs and CPU slots.
    pub machine: String,
    /// The stage that is planned; none for all tests.
    pub stage: Option<String>,
    /// Whether it is the plan of the run that is shown.
    pub is_of_run: bool,
    /// How many tests run, an inexact function counting as one.
    pub tests: u32,
    /// How many of them on GPUs.
    pub on_gpus: u32,
    /// How long all of it is expected to take, in milliseconds.
    pub expected_ms: u64,
    /// What no plan can beat.
    pub bound_ms: u64,
    /// What that comes from.
    pub bound_by: String,
    /// What the steps take one after another.
    pub serial_ms: u64,
    /// Why the machine has no GPU, where it has none.
    pub why_no_gpu: Option<String>,
    /// The GPUs that the machine has, whether or not they may be used.
    pub gpus: Vec<Gpu>,
    /// What the tests need of GPUs, and whether the machine has it.
    pub fits: Vec<Fit>,
    /// Why tests do not run there, with how many each.
    pub not_run: Vec<(String, u32)>,
    /// What the policy's budgets come to.
    pub budgets: Vec<BudgetForecast>,
    /// What would run where; none for a plan that takes no time.
    pub timeline: Option<Timeline>,
}

/// A GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gpu {
    /// NVML's number.
    pub number: u32,
    /// Its model.
    pub name: String,
    /// Its memory in bytes; none where it is not known.
    pub memory: Option<u64>,
    /// How much of that nobody holds.
    pub free: Option<u64>,
    /// How many MIG instances it is divided into; 0 for a whole one.
    pub instances: u32,
    /// Who holds its memory.
    pub holders: Vec<String>,
    /// Why it cannot be used; none where it can.
    pub unusable: Option<String>,
}

/// Tests that need the same of GPUs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// What they need, in words.
    pub need: String,
    /// `now`, `later` (others hold the memory) or `never`.
    pub here: &'static str,
    /// Why never.
    pub reason: Option<String>,
    /// How many they are.
    pub tests: u32,
}

/// What tests are expected to take, of what the policy gives them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetForecast {
    /// What it is for.
    pub name: String,
    /// What its tests may take, in milliseconds.
    pub limit_ms: u64,
    /// What they are expected to take one after another.
    pub expected_ms: u64,
    /// The same with each at its ninth decile; none where no test has one.
    pub p90_ms: Option<u64>,
    /// When the last of them ends in the plan.
    pub ends_ms: u64,
    /// How many they are.
    pub tests: u32,
    /// The fewest that have to go for the rest to fit.
    pub too_many: u32,
}

/// One result of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunResult {
    /// The test; none where the tree has it no more.
    pub test: Option<Index>,
    /// Its id.
    pub id: String,
    /// What came of it.
    pub outcome: &'static str,
    /// Why, where the run says.
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What a failure said, and the end of what the test printed; bounded.
    pub output: Option<String>,
}

/// The lanes of a test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Reach {
    /// Those that run it.
    pub runs: Vec<Index>,
    /// Those that may run it.
    pub may_run: Vec<Index>,
}

/// Something that a reader has to know of a test.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Note {
    /// What kind of thing.
    pub kind: NoteKind,
    /// What, as a fragment.
    pub text: String,
    /// Where it is written: the file and the line.
    pub at: Option<(Index, u32)>,
}

/// What a [`Note`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Its id or its place in the order is not certain.
    Inexact,
    /// It may have more markers than could be seen: one that it is not seen to have is unknown, not absent.
    OpenMarkers,
    /// A hook of the tree may add markers to those that it has.
    HookMarkers,
    /// It runs only where this holds.
    Condition,
    /// The tree's own configuration leaves its file out.
    LeftOut,
    /// `#[ignore]`.
    Ignored,
    /// What it is compiled under.
    Compiled,
    /// A workflow could not be read.
    Workflow,
}

/// The tests: columns of one length, and lists of pairs for what few tests have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tests {
    /// What the id begins with, in `scopes`.
    pub scope: Vec<Index>,
    /// The rest of the id.
    pub name: Vec<String>,
    /// The file that it stands in.
    pub file: Vec<Index>,
    /// The line of its function.
    pub line: Vec<u32>,
    /// Its markers, in `marker_sets`.
    pub markers: Vec<Index>,
    /// Its lanes, in `reaches`.
    pub reach: Vec<Index>,
    /// Tests that no lane runs or may run, each with what keeps the nearest from it, in `causes`.
    pub causes: Vec<(Index, Index)>,
    /// Tests with what there is to know, in `notes`.
    pub notes: Vec<(Index, Index)>,
}

/// A rule of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name.
    pub code: &'static str,
    /// `error` or `warning` as the policy has it; none where it is off.
    pub severity: Option<&'static str>,
    /// What it asks for.
    pub summary: &'static str,
}

/// A finding: one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule, in `rules`.
    pub rule: Index,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// The file of the cause.
    pub file: Index,
    /// The line of the cause.
    pub line: u32,
    /// The tests that it affects.
    pub tests: Vec<Index>,
    /// Markers that are there.
    pub has: Vec<String>,
    /// What would satisfy the rule: one of these.
    pub needs: Vec<String>,
    /// What follows from it.
    pub effect: Option<String>,
    /// What to do.
    pub help: String,
    /// More places, and the like.
    pub note: Option<String>,
    /// Why a comment allows it; none where nothing does.
    pub allowed: Option<String>,
    /// Whether the baseline lacks it, or a part of it; none without a baseline.
    pub new: Option<bool>,
}

/// Who owns the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owners {
    /// The file that says so.
    pub file: String,
    /// Sets of owners; an empty one where a line takes the owners away, or none matches.
    pub sets: Vec<Vec<String>>,
    /// The set of each of `files`.
    pub of_file: Vec<Index>,
    /// Lines that GitHub skips: the line, and what is wrong with it.
    pub problems: Vec<(u32, String)>,
}

/// How the findings changed since the baseline was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// The baseline's file.
    pub baseline: String,
    /// Rule by rule.
    pub rules: Vec<Change>,
}

/// How the findings of a rule changed. Counts are of tests, or of files where a finding is about no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The rule, in `rules`.
    pub rule: Index,
    /// How many the baseline has.
    pub then: u64,
    /// How many there are.
    pub now: u64,
    /// How many of these the baseline lacks.
    pub new: u64,
    /// How many of the baseline's are no more.
    pub gone: u64,
    /// Whether all of the rule's findings were looked for.
    pub judged: bool,
}
