//! Plans and trees for tests of the runner.
#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod processes;

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{Capacity, Demand, Plan, PlanSettings, PlannedRust, plan_demands};
use test_catalog::{CargoTarget, NodeId, TargetKind, TreePath};
use test_runner::shim::Shim;
use test_runner::{CaseResult, Event, Interrupt, PythonSettings, RunOutcome, RunSettings};

/// A tree that is removed at the end.
pub(crate) struct Tree {
    pub(crate) path: Utf8PathBuf,
    _folder: tempfile::TempDir,
}

impl Tree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
        for (name, text) in files {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        Self { path, _folder: folder }
    }

    /// With real pytest, a shim and a short grace.
    pub(crate) fn settings(&self) -> RunSettings {
        let mut settings = RunSettings::new(self.path.clone(), self.path.join("target/xtask"));
        let interpreter = Some(Utf8PathBuf::try_from(oracle::python()).unwrap());
        settings.python = PythonSettings { interpreter, ..PythonSettings::default() };
        settings.shim = Some(shim());
        settings.grace = Duration::from_millis(500);
        settings
    }
}

/// The shim that this crate brings.
pub(crate) fn shim() -> Shim {
    Shim::program(env!("CARGO_BIN_EXE_test-runner-shim"))
}

fn demand(id: NodeId, file: &str, timeout: u64) -> Demand {
    let mut demand = Demand::new(id, TreePath::new(file));
    demand.case.timeout = Duration::from_secs(timeout);
    demand
}

pub(crate) fn python(file: &str, name: &str, timeout: u64) -> Demand {
    demand(NodeId::python(&TreePath::new(file), [name], None), file, timeout)
}

/// A target of the package `tiny` in the tree's root.
pub(crate) fn target(kind: TargetKind, name: &str, root: &str) -> Arc<CargoTarget> {
    let binary = if kind == TargetKind::Test { format!("tiny::{name}") } else { "tiny".to_owned() };
    Arc::new(CargoTarget {
        binary,
        package: "tiny".to_owned(),
        manifest: TreePath::new("Cargo.toml"),
        workspace: TreePath::new(""),
        kind,
        name: name.to_owned(),
        root: TreePath::new(root),
        harness: true,
        required_features: Vec::new(),
        enabled: true,
    })
}

pub(crate) fn library() -> Arc<CargoTarget> {
    target(TargetKind::Lib, "tiny", "src/lib.rs")
}

pub(crate) fn rust(target: &Arc<CargoTarget>, name: &str) -> Demand {
    let mut demand = demand(NodeId::rust(&target.binary, name), target.root.as_str(), 10);
    demand.case.rust = Some(PlannedRust { name: name.to_owned(), ignored: false });
    demand.target = Some(Arc::clone(target));
    demand
}

pub(crate) fn inexact(mut demand: Demand) -> Demand {
    demand.case.exact = false;
    demand
}

pub(crate) fn plan(demands: Vec<Demand>) -> Plan {
    let capacity = Capacity { units: Vec::new(), cpu_slots: 2, headroom: 0.15, ..Capacity::default() };
    plan_demands(demands, capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() })
}

pub(crate) fn run(demands: Vec<Demand>, settings: &RunSettings) -> RunOutcome {
    test_runner::run(&plan(demands), settings, &Interrupt::new(), |_| {}).unwrap()
}

/// Runs, and interrupts so often as soon as a test of that name begins.
pub(crate) fn run_interrupted(demands: Vec<Demand>, settings: &RunSettings, name: &str, times: u32) -> RunOutcome {
    let interrupt = Interrupt::new();
    let pauses = interrupt.clone();
    test_runner::run(&plan(demands), settings, &interrupt, |event| {
        if let Event::CaseStarted { id, .. } = event
            && id.as_str().ends_with(name)
        {
            let interrupt = pauses.clone();
            std::thread::spawn(move || {
                for _ in 0..times {
                    std::thread::sleep(Duration::from_millis(400));
                    interrupt.raise();
                }
            });
        }
    })
    .unwrap()
}

/// The result whose id ends so.
pub(crate) fn result<'o>(outcome: &'o RunOutcome, name: &str) -> &'o CaseResult {
    let mut found = outcome.results.iter().filter(|result| result.id.as_str().ends_with(name));
    let result = found.next().unwrap_or_else(|| panic!("no result of {name}: {:#?}", outcome.results));
    assert!(found.next().is_none(), "two results of {name}: {:#?}", outcome.results);
    result
}
