//! What is set when a package's tests are compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Predicate, TargetCfg, Truth, is_builtin};

/// What is set when one package's tests are compiled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrateCfg {
    /// With what the tree's own configuration of cargo sets.
    pub target: Arc<TargetCfg>,
    pub features: BTreeSet<String>,
    /// Features that are on in some of the builds that are meant.
    pub possible_features: BTreeSet<String>,
    /// `dependency/feature`, for those that a target of the package requires.
    pub dependency_features: BTreeMap<String, Truth>,
    pub build_script: BuildScript,
}

/// What a build script may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BuildScript {
    /// These names, with a value or without. Nothing where the list is empty.
    Names(BTreeSet<String>),
    /// Names that reading does not tell.
    Anything,
}

impl CrateCfg {
    /// Whether a feature of the package is on.
    pub(crate) fn feature(&self, feature: &str) -> Truth {
        if self.features.contains(feature) {
            return Truth::Yes;
        }
        let is_possible = self.possible_features.contains(feature);
        let otherwise = if is_possible { Truth::Unknown } else { self.build_script.sets("feature") };
        otherwise.max(self.target.sets("feature", Some(feature)))
    }

    /// Whether an entry of a target's `required-features` is on.
    pub(crate) fn required(&self, entry: &str) -> Truth {
        if entry.contains('/') {
            return self.dependency_features.get(entry).copied().unwrap_or(Truth::No);
        }
        // cargo does not ask the compiler's flags.
        match (self.features.contains(entry), self.possible_features.contains(entry)) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::Unknown,
            (false, false) => Truth::No,
        }
    }

    /// What a predicate comes to in a test build of the package.
    pub(crate) fn evaluate(&self, predicate: &Predicate) -> Truth {
        predicate.evaluate(&|name, value| match (name, value) {
            ("test", None) => Truth::Yes,
            ("feature", Some(feature)) => self.feature(feature),
            _ => self.target.sets(name, value).max(self.build_script.sets(name)),
        })
    }

    /// What a predicate comes to where rustdoc looks for tests. It is not given the flags of rustc.
    pub(crate) fn evaluate_documented(&self, predicate: &Predicate) -> Truth {
        let known = predicate.under_rustdoc();
        known.evaluate(&|name, value| match value {
            _ if self.target.is_by_flag(name) => Truth::Unknown,
            None => self.evaluate(&Predicate::Name(name.to_owned())),
            Some(value) => self.evaluate(&Predicate::Pair(name.to_owned(), value.to_owned())),
        })
    }
}

impl BuildScript {
    fn sets(&self, name: &str) -> Truth {
        let may_be_set = match self {
            Self::Names(names) => names.contains(name),
            Self::Anything => !is_builtin(name),
        };
        if may_be_set { Truth::Unknown } else { Truth::No }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn predicate(text: &str) -> Predicate {
        Predicate::parse(text.parse().unwrap())
    }

    fn cfg(target: TargetCfg) -> CrateCfg {
        CrateCfg {
            target: Arc::new(target),
            features: BTreeSet::new(),
            possible_features: BTreeSet::new(),
            dependency_features: BTreeMap::new(),
            build_script: BuildScript::Names(BTreeSet::new()),
        }
    }

    #[test]
    fn a_name_that_a_build_script_may_set_is_unknown() {
        let mut cfg = cfg(TargetCfg::host());
        cfg.build_script = BuildScript::Anything;
        assert_eq!(cfg.evaluate(&predicate("all(test, stubs)")), Truth::Unknown);
        assert_eq!(cfg.evaluate(&predicate("all(feature = \"x\", stubs)")), Truth::No);
        cfg.build_script = BuildScript::Names(BTreeSet::from(["stubs".to_owned()]));
        assert_eq!(cfg.evaluate(&predicate("stubs")), Truth::Unknown);
        assert_eq!(cfg.evaluate(&predicate("stubs = \"x\"")), Truth::Unknown);
        assert_eq!(cfg.evaluate(&predicate("others")), Truth::No);
        cfg.build_script = BuildScript::Names(BTreeSet::new());
        assert_eq!(cfg.evaluate(&predicate("not(stubs)")), Truth::Yes);
        cfg.possible_features.insert("y".to_owned());
        assert_eq!(cfg.evaluate(&predicate("feature = \"y\"")), Truth::Unknown);
    }

    #[test]
    fn a_flag_sets_a_feature_for_the_compiler_and_not_for_cargo() {
        let cfg = cfg(TargetCfg::host().with_value("feature", "x"));
        assert_eq!(cfg.evaluate(&predicate("feature = \"x\"")), Truth::Yes);
        assert_eq!(cfg.required("x"), Truth::No);
    }

    #[test]
    fn what_stable_rust_does_not_take_is_unknown() {
        let cfg = cfg(TargetCfg::host());
        for text in ["overflow_checks", "relocation_model = \"pic\"", "accessible(std::fmt)", "version(\"1.80\")"] {
            assert_eq!(cfg.evaluate(&predicate(text)), Truth::Unknown, "{text}");
        }
    }
}
