//! Catalogs built by hand.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use marker_policy::{Finding, Lanes, Policy, audit, resolve};
use test_catalog::{
    CargoTarget, Catalog, Certainty, EditForm, EditSite, Ignored, Marker, Markers, NodeId, Origin, Position, Reason,
    RustCase, RustTestKind, Scope, SourceSpan, TargetKind, TestCase, TreePath, Value,
};

pub fn line(file: &str, line: u32) -> SourceSpan {
    SourceSpan::line(TreePath::new(file), line)
}

/// A Python case at line 10 with authored markers, those of its module at line 3.
pub fn python(id: &str, markers: &[&str]) -> TestCase {
    let (file, _) = id.split_once("::").unwrap();
    let list = markers.iter().map(|name| Marker::bare(*name, Origin::Source(line(file, 3))));
    let mut case = TestCase::python(NodeId::from_text(id), line(file, 10), Markers::known(list), Certainty::Exact);
    case.edit_sites = Arc::new([
        EditSite { scope: Scope::Function, at: line(file, 10), form: EditForm::Decorator },
        EditSite { scope: Scope::Module, at: line(file, 3), form: EditForm::ListElement },
    ]);
    case
}

/// The same on another line, so that two functions of a file have places of their own.
pub fn python_at(id: &str, at: u32, markers: &[&str]) -> TestCase {
    let mut case = python(id, markers);
    case.span = line(case.span.file.as_str(), at);
    let mut sites = case.edit_sites.to_vec();
    sites[0].at = case.span.clone();
    case.edit_sites = sites.into();
    case
}

pub fn open(mut case: TestCase) -> TestCase {
    let at = case.span.clone();
    case.markers.open = Some(Box::new(Reason { text: "markers come from `load()`".to_owned(), at }));
    case
}

pub fn with_marker(mut case: TestCase, name: &str, kwargs: Vec<(String, Value)>) -> TestCase {
    let origin = Origin::Source(case.span.clone());
    case.markers.list.push(Marker { kwargs, ..Marker::bare(name, origin) }.into());
    case
}

pub fn with_args(mut case: TestCase, name: &str, args: Vec<Value>) -> TestCase {
    let origin = Origin::Source(case.span.clone());
    case.markers.list.push(Marker { args, ..Marker::bare(name, origin) }.into());
    case
}

/// The same with a closer marker on a line of its own.
pub fn at_line(mut case: TestCase, name: &str, at: u32) -> TestCase {
    let origin = Origin::Source(line(case.span.file.as_str(), at));
    case.markers.list.insert(0, Marker::bare(name, origin).into());
    case
}

pub fn hooked(mut case: TestCase, name: &str) -> TestCase {
    case.markers.list.push(Marker::bare(name, Origin::Hook(line("conftest.py", 116))).into());
    case
}

pub fn rust(name: &str, kind: RustTestKind, cfg: Option<&str>) -> TestCase {
    let integration = kind == RustTestKind::Integration;
    let target = CargoTarget {
        binary: "runtime".to_owned(),
        package: "runtime".to_owned(),
        manifest: "lib/runtime/Cargo.toml".into(),
        workspace: "".into(),
        kind: if integration { TargetKind::Test } else { TargetKind::Lib },
        name: "pipeline".to_owned(),
        root: "lib/runtime/tests/pipeline.rs".into(),
        harness: true,
        required_features: Vec::new(),
        enabled: true,
    };
    let case = RustCase {
        name: name.to_owned(),
        kind,
        ignored: None,
        cfg: cfg.map(str::to_owned),
        enabled: true,
        target: Arc::new(target),
    };
    let at = SourceSpan::at("lib/runtime/tests/pipeline.rs".into(), Position { line: 5, column: 1 });
    TestCase::rust(case, at, Certainty::Exact)
}

pub fn edit_rust(mut case: TestCase, edit: impl FnOnce(&mut RustCase)) -> TestCase {
    if let test_catalog::TestKind::Rust(rust) = &mut case.kind {
        edit(rust);
    }
    case
}

pub fn ignored(case: TestCase) -> TestCase {
    edit_rust(case, |rust| rust.ignored = Some(Ignored { reason: None }))
}

pub fn catalog(cases: Vec<TestCase>) -> Catalog {
    Catalog { cases, ..Catalog::default() }
}

/// What one rule finds.
pub fn findings(policy: &Policy, catalog: &Catalog, rule: &str) -> Vec<Finding> {
    let cases = resolve(policy, catalog);
    audit(policy, catalog, &cases, &Lanes::none()).into_iter().filter(|finding| finding.rule.as_str() == rule).collect()
}
