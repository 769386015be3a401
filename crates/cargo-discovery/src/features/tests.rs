use super::*;
use crate::manifest;
use camino::Utf8Path;

/// Hands over the resolution of one package by itself.
fn resolved<R>(text: &str, steps: u64, look: impl FnOnce(&Resolution<'_, '_>) -> R) -> R {
    let manifest = manifest::read(Utf8Path::new("Cargo.toml"), text.to_owned()).unwrap();
    let dependencies = manifest.dependencies(None);
    let itself = |one: &Dependency| (one.package == "p").then_some(0);
    let node = Node::new("p", &manifest.manifest, &dependencies, &TargetCfg::host(), itself);
    let selection = FeatureSelection::default();
    let graph = Graph::new(BTreeMap::from([(0, node)]));
    graph.steps_left.set(steps);
    let build = Build { resolver: Resolver::Two, patches: BTreeMap::new() };
    look(&graph.resolve(&build, BTreeSet::from([0]), &selection))
}

fn features(text: &str, steps: u64) -> (Vec<String>, Vec<String>) {
    resolved(text, steps, |resolution| {
        let Features { on, maybe } = resolution.features(0, For::Target);
        (on.into_iter().collect(), maybe.into_iter().collect())
    })
}

#[test]
fn a_package_that_tests_itself_with_a_feature_has_it() {
    let text = "[package]\nname = \"p\"\n[features]\ntesting = []\n\
                [dev-dependencies]\np = { path = \".\", features = [\"testing\"] }";
    assert_eq!(features(text, MOST_STEPS), (vec!["testing".to_owned()], vec![]));
}

#[test]
fn features_that_imply_each_other_end() {
    let text = "[package]\nname = \"p\"\n[features]\ndefault = [\"a\"]\na = [\"b\"]\nb = [\"a\"]\nc = []";
    assert_eq!(features(text, MOST_STEPS), (["a", "b", "default"].map(String::from).to_vec(), vec![]));
}

#[test]
fn where_the_steps_do_not_suffice_nothing_is_ruled_out() {
    let text = "[package]\nname = \"p\"\n[features]\ndefault = [\"a\"]\na = []\nb = []";
    assert_eq!(features(text, 0).1.len(), 3, "nothing was done");
    assert_eq!(features(text, 1_000), (["a", "default"].map(String::from).to_vec(), vec![]));
}

#[test]
fn what_hangs_on_an_unknown_condition_is_only_possible() {
    let text = "[package]\nname = \"p\"\n[features]\na = []\n\
                [target.'cfg(overflow_checks)'.dev-dependencies]\np = { path = \".\", features = [\"a\"] }";
    assert_eq!(features(text, MOST_STEPS), (vec![], vec!["a".to_owned()]));
}

#[test]
fn entries_that_name_nothing_are_told() {
    let text = "[package]\nname = \"p\"\n[features]\na = [\"a\", \"gone\", \"dep:d\", \"e/x\", \"d/x\", \"b\"]\nb = []\n\
                [dependencies]\nd = \"1\"";
    let manifest = manifest::read(Utf8Path::new("Cargo.toml"), text.to_owned()).unwrap();
    let dependencies = manifest.dependencies(None);
    let node = Node::new("p", &manifest.manifest, &dependencies, &TargetCfg::host(), |_| None);
    assert_eq!(node.dangling(), [("a", "a"), ("a", "gone"), ("a", "d"), ("a", "e")]);
}
