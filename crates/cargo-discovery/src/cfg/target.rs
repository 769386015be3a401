//! What rustc sets for the machine that is built for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Predicate, Truth, is_builtin};

/// The configuration that rustc sets for a target: `unix`, `target_os = "linux"` and their like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCfg {
    /// Its name, such as `x86_64-unknown-linux-gnu`.
    triple: Option<String>,
    names: BTreeSet<String>,
    values: BTreeMap<String, BTreeSet<String>>,
    /// Names that may be set, with a value or without.
    unknown: BTreeSet<String>,
    /// Names that flags of rustc set.
    flags: BTreeSet<String>,
}

/// Names that only a nightly rustc takes, under a feature of the language.
pub(super) const GATED: [&str; 15] = [
    "overflow_checks",
    "relocation_model",
    "ub_checks",
    "sanitize",
    "sanitizer_cfi_normalize_integers",
    "sanitizer_cfi_generalize_pointers",
    "target_thread_local",
    "target_has_atomic_load_store",
    "target_has_atomic_equal_alignment",
    "target_has_reliable_f16",
    "target_has_reliable_f16_math",
    "target_has_reliable_f128",
    "target_has_reliable_f128_math",
    "contract_checks",
    "fmt_debug",
];

impl TargetCfg {
    /// The machine that this crate was built for, in the `dev` profile: what `rustc --print cfg` says there.
    #[must_use]
    pub fn host() -> Self {
        let mut target = Self {
            triple: None,
            names: BTreeSet::new(),
            values: BTreeMap::new(),
            unknown: GATED.iter().map(|&name| name.to_owned()).collect(),
            flags: BTreeSet::new(),
        };
        for (name, set) in [("unix", cfg!(unix)), ("windows", cfg!(windows)), ("debug_assertions", true)] {
            if set {
                target = target.with_name(name);
            }
        }
        let environment = [
            ("gnu", cfg!(target_env = "gnu")),
            ("musl", cfg!(target_env = "musl")),
            ("msvc", cfg!(target_env = "msvc")),
        ];
        let environment = environment.iter().find(|(_, set)| *set).map_or("", |(name, _)| *name);
        let vendor = if cfg!(target_vendor = "apple") {
            "apple"
        } else if cfg!(windows) {
            "pc"
        } else {
            "unknown"
        };
        for (name, value) in [
            ("target_os", std::env::consts::OS),
            ("target_arch", std::env::consts::ARCH),
            ("target_family", std::env::consts::FAMILY),
            ("target_env", environment),
            ("target_abi", ""),
            ("target_vendor", vendor),
            ("target_endian", if cfg!(target_endian = "big") { "big" } else { "little" }),
            ("target_pointer_width", if cfg!(target_pointer_width = "32") { "32" } else { "64" }),
            ("panic", "unwind"),
        ] {
            target = target.with_value(name, value);
        }
        for (width, has) in [
            ("8", cfg!(target_has_atomic = "8")),
            ("16", cfg!(target_has_atomic = "16")),
            ("32", cfg!(target_has_atomic = "32")),
            ("64", cfg!(target_has_atomic = "64")),
            ("128", cfg!(target_has_atomic = "128")),
            ("ptr", cfg!(target_has_atomic = "ptr")),
        ] {
            if has {
                target = target.with_value("target_has_atomic", width);
            }
        }
        if cfg!(target_arch = "x86_64") {
            for feature in ["fxsr", "sse", "sse2"] {
                target = target.with_value("target_feature", feature);
            }
        } else {
            target = target.with_unknown("target_feature");
        }
        if cfg!(target_os = "linux") && !environment.is_empty() {
            target.triple = Some(format!("{}-unknown-linux-{environment}", std::env::consts::ARCH));
        }
        target
    }

    /// The same with `--cfg name`.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.names.insert(name.to_owned());
        self
    }

    /// The same with `--cfg name="value"`.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: &str) -> Self {
        self.values.entry(name.to_owned()).or_default().insert(value.to_owned());
        self
    }

    /// The same where a flag of rustc set that name.
    pub(crate) fn by_flag(mut self, name: &str) -> Self {
        self.flags.insert(name.to_owned());
        self
    }

    /// Whether a flag of rustc set that name: rustdoc is not given those.
    pub(super) fn is_by_flag(&self, name: &str) -> bool {
        self.flags.contains(name)
    }

    /// The same where it is not known what is set of that name besides.
    pub(crate) fn with_unknown(mut self, name: &str) -> Self {
        self.unknown.insert(name.to_owned());
        self
    }

    /// The same where nothing is set of that name.
    pub(crate) fn without_name(mut self, name: &str) -> Self {
        self.names.remove(name);
        self
    }

    /// The same where it is not known whether a name is set that is.
    pub(crate) fn with_doubt(self, name: &str) -> Self {
        self.without_name(name).with_unknown(name)
    }

    /// The same for a target of that name, of which nothing more is known where it is another.
    pub(crate) fn for_triple(self, triple: &str) -> Self {
        if self.triple.as_deref() == Some(triple) {
            return self;
        }
        let names = self.names.iter().chain(self.values.keys()).chain(&self.unknown).cloned();
        let set_by_rustc = names.chain(["windows".to_owned()]).filter(|name| is_builtin(name)).collect();
        let kept = |name: &String| !is_builtin(name);
        Self {
            triple: Some(triple.to_owned()),
            names: self.names.into_iter().filter(kept).collect(),
            values: self.values.into_iter().filter(|(name, _)| kept(name)).collect(),
            unknown: set_by_rustc,
            flags: self.flags,
        }
    }

    /// Whether a dependency table of that key (`cfg(unix)`, or a target triple) applies.
    pub(crate) fn takes(&self, key: &str) -> Truth {
        let key = key.trim();
        let Some(inner) = key.strip_prefix("cfg(").and_then(|rest| rest.strip_suffix(')')) else {
            return self.triple.as_ref().map_or(Truth::Unknown, |triple| (triple == key).into());
        };
        // The reader of tokens recurses.
        if inner.len() > 4096 {
            return Truth::Unknown;
        }
        inner
            .parse()
            .map_or(Truth::Unknown, |tokens| Predicate::parse(tokens).evaluate(&|name, value| self.sets(name, value)))
    }

    /// The target's name, as far as its configuration tells it.
    pub(crate) fn triple(&self) -> String {
        if let Some(triple) = &self.triple {
            return triple.clone();
        }
        let value = |name: &str| self.values.get(name).and_then(|values| values.first()).map_or("", String::as_str);
        let system = match value("target_os") {
            "macos" => "darwin",
            system => system,
        };
        let parts = [value("target_arch"), value("target_vendor"), system, value("target_env")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    pub(super) fn sets(&self, name: &str, value: Option<&str>) -> Truth {
        let is_set = match value {
            None => self.names.contains(name),
            Some(value) => self.values.get(name).is_some_and(|values| values.contains(value)),
        };
        match is_set {
            true => Truth::Yes,
            false if self.unknown.contains(name) => Truth::Unknown,
            false => Truth::No,
        }
    }
}

impl Default for TargetCfg {
    fn default() -> Self {
        Self::host()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_known_by_its_name_and_another_is_not_known() {
        let target = TargetCfg::host();
        let Some(triple) = target.triple.clone() else { return };
        assert_eq!((target.takes(&triple), target.takes("wasm32-unknown-unknown")), (Truth::Yes, Truth::No));
        let other = target.with_name("own").for_triple("wasm32-unknown-unknown");
        assert_eq!((other.takes(&triple), other.takes("wasm32-unknown-unknown")), (Truth::No, Truth::Yes));
        assert_eq!((other.takes("cfg(unix)"), other.takes("cfg(own)")), (Truth::Unknown, Truth::Yes));
    }

    /// Needs rustc, as every test of this crate does that is built by it.
    #[test]
    fn the_host_is_what_rustc_prints() {
        let output = std::process::Command::new("rustc").args(["--print", "cfg"]).output().unwrap();
        let printed: BTreeSet<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        let host = TargetCfg::host();
        let pairs = host.values.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let pairs = pairs.map(|(name, value)| format!("{name}={value:?}"));
        let ours: BTreeSet<String> = host.names.iter().cloned().chain(pairs).collect();
        assert_eq!(ours, printed);
        let version = std::process::Command::new("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let triple = version.lines().find_map(|line| line.strip_prefix("host: "));
        assert!(host.triple.is_none() || host.triple.as_deref() == triple, "{:?} is not {triple:?}", host.triple);
    }
}
