//! What tests need of a machine, by their markers. Pure.

use std::collections::{BTreeMap, BTreeSet};

use marker_policy::{Category, Policy, ResolvedCase};
use test_catalog::Value;

/// Markers that a plugin of pytest gives a meaning to, with the module of the plugin and what installs it.
const PLUGINS: [(&str, &str, &str); 5] = [
    ("timeout", "pytest_timeout", "pytest-timeout"),
    ("asyncio", "pytest_asyncio", "pytest-asyncio"),
    ("forked", "pytest_forked", "pytest-forked"),
    ("benchmark", "pytest_benchmark", "pytest-benchmark"),
    ("order", "pytest_order", "pytest-order"),
];
/// The marker that names a model which a test loads.
const MODEL: &str = "model";
/// The type of tests that start no service.
const UNIT: &str = "unit";

/// What tests need, each with how many of them do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Tests of pytest.
    pub(crate) python: usize,
    /// Tests that cargo builds.
    pub(crate) rust: usize,
    /// Tests of other types than unit, which may start etcd and NATS.
    pub(crate) services: usize,
    /// Plugins of pytest: the module, and what installs it.
    pub(crate) plugins: BTreeMap<(&'static str, &'static str), usize>,
    /// Models by their ids.
    pub(crate) models: BTreeMap<String, usize>,
    /// Whether it is measured which lines they run.
    pub(crate) coverage: bool,
    /// Tests that load a model whose id reading does not tell.
    pub(crate) unknown_models: usize,
}

impl Needs {
    /// Of these tests.
    pub(crate) fn of<'c, 'x: 'c>(policy: &Policy, cases: impl IntoIterator<Item = &'c ResolvedCase<'x>>) -> Self {
        let mut needs = Self::default();
        for case in cases {
            if case.case.as_rust().is_some() {
                needs.rust += 1;
                continue;
            }
            needs.python += 1;
            let types = policy.members_of(Category::Type, case);
            needs.services += usize::from(types.iter().any(|one| *one != UNIT));
            for (_, module, package) in PLUGINS.iter().filter(|(marker, ..)| case.marker(marker).is_some()) {
                *needs.plugins.entry((module, package)).or_default() += 1;
            }
            let mut models = BTreeSet::new();
            let mut unknown = false;
            for marker in case.effective.iter().filter(|marker| marker.name == MODEL) {
                match marker.args.first() {
                    Some(Value::Str(id)) => drop(models.insert(id)),
                    _ => unknown = true,
                }
            }
            needs.unknown_models += usize::from(unknown);
            for model in models {
                *needs.models.entry(model.clone()).or_default() += 1;
            }
        }
        needs
    }
}
