//! Which features of a package are on, and which the rest of its workspace may turn on.

use std::collections::BTreeSet;

use crate::FeatureSelection;
use crate::manifest::{Dependency, Manifest};

/// The features of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// On, whichever packages are built beside this one.
    pub on: BTreeSet<String>,
    /// On where a package that asks for them is built in the same run: cargo unifies features.
    pub maybe: BTreeSet<String>,
}

/// Resolves the features of `package`. `asked_by_others` are those that packages of its workspace ask of it.
pub(crate) fn resolve(
    package: &str,
    manifest: &Manifest,
    dependencies: &[Dependency],
    selection: &FeatureSelection,
    asked_by_others: impl IntoIterator<Item = String>,
) -> Features {
    let optional = implicit(manifest, dependencies);
    let mut seeds: Vec<String> = Vec::new();
    if selection.all {
        seeds.extend(manifest.features.keys().cloned());
        seeds.extend(optional.iter().cloned());
    }
    if !selection.no_default {
        seeds.push("default".to_owned());
    }
    for text in selection.features.iter().flat_map(|text| text.split([',', ' '])) {
        match text.split_once('/') {
            Some((name, feature)) if name == package => seeds.push(feature.to_owned()),
            Some(_) => {}
            None => seeds.push(text.to_owned()),
        }
    }
    // A package that depends on itself in its tests has these features whenever its tests are built.
    let of_itself = dependencies.iter().filter(|one| one.dev && one.package == package && one.target.is_none());
    seeds.extend(of_itself.flat_map(|one| one.features.iter().cloned()));
    let on = closure(manifest, &optional, seeds);
    let mut maybe = closure(manifest, &optional, asked_by_others);
    maybe.retain(|feature| !on.contains(feature));
    Features { on, maybe }
}

/// What a package asks of others in any feature set: pairs of a package's name and a feature.
pub(crate) fn asked_of_others(manifest: &Manifest, dependencies: &[Dependency]) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for dependency in dependencies {
        asked.extend(dependency.features.iter().map(|feature| (dependency.package.clone(), feature.clone())));
    }
    for entry in manifest.features.values().flatten() {
        let Some((key, feature)) = entry.split_once('/') else { continue };
        let key = key.trim_end_matches('?');
        let named = dependencies.iter().filter(|dependency| dependency.key == key);
        asked.extend(named.map(|dependency| (dependency.package.clone(), feature.to_owned())));
    }
    asked
}

/// Features that optional dependencies make: those that no `dep:` names.
fn implicit(manifest: &Manifest, dependencies: &[Dependency]) -> BTreeSet<String> {
    let named: BTreeSet<&str> =
        manifest.features.values().flatten().filter_map(|entry| entry.strip_prefix("dep:")).collect();
    let optional = dependencies.iter().filter(|dependency| dependency.optional);
    optional.map(|dependency| dependency.key.clone()).filter(|key| !named.contains(key.as_str())).collect()
}

fn closure(
    manifest: &Manifest,
    optional: &BTreeSet<String>,
    seeds: impl IntoIterator<Item = String>,
) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut open: Vec<String> = seeds.into_iter().collect();
    while let Some(feature) = open.pop() {
        let implied = manifest.features.get(&feature);
        if (implied.is_none() && !optional.contains(&feature)) || !on.insert(feature) {
            continue;
        }
        for entry in implied.into_iter().flatten() {
            match entry.split_once('/') {
                // `name?/feature` turns nothing on in this package, `name/feature` the dependency.
                Some((name, _)) if name.ends_with('?') => {}
                Some((name, _)) => open.push(name.to_owned()),
                None => open.push(entry.clone()),
            }
        }
    }
    on
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn on(text: &str, selection: &FeatureSelection) -> Vec<String> {
        let manifest: Manifest = toml::from_str(text).unwrap();
        let dependencies = manifest.dependencies(None);
        resolve("p", &manifest, &dependencies, selection, []).on.into_iter().collect()
    }

    const P: &str = "
        [features]\ndefault = [\"a\"]\na = [\"b\"]\nb = [\"dep:d\", \"e/x\", \"f?/x\"]\nc = []
        [dependencies]\nd = { version = \"1\", optional = true }\ne = { version = \"1\", optional = true }
        f = { version = \"1\", optional = true }";

    #[test]
    fn features_imply_features_and_optional_dependencies() {
        assert_eq!(on(P, &FeatureSelection::default()), ["a", "b", "default", "e"]);
    }

    #[test]
    fn a_selection_holds_where_the_package_has_the_feature() {
        let selection = |features: &[&str]| FeatureSelection {
            features: features.iter().map(|&feature| feature.to_owned()).collect(),
            all: false,
            no_default: true,
        };
        assert_eq!(on(P, &selection(&["c", "unheard-of", "q/a"])), ["c"]);
        assert_eq!(on(P, &selection(&["p/c"])), ["c"]);
        let all = FeatureSelection { all: true, ..FeatureSelection::default() };
        assert_eq!(on(P, &all), ["a", "b", "c", "default", "e", "f"]);
    }

    #[test]
    fn what_another_package_asks_for_is_only_possible() {
        let manifest: Manifest = toml::from_str("[features]\na = []\nb = [\"a\"]").unwrap();
        let features = resolve("p", &manifest, &[], &FeatureSelection::default(), ["b".to_owned()]);
        assert!(features.on.is_empty());
        assert_eq!(features.maybe.into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_package_that_tests_itself_with_a_feature_has_it() {
        let text = "[features]\ntesting = []\n[dev-dependencies]\np = { path = \".\", features = [\"testing\"] }";
        assert_eq!(on(text, &FeatureSelection::default()), ["testing"]);
    }
}
