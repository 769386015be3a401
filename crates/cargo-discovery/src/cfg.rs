//! `#[cfg(...)]`: predicates, and what they come to for a feature set and a target.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What a predicate comes to. Unknown is what only a build script or rustc itself could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    pub(crate) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

/// What is set when rustdoc looks for tests: the library is not compiled as a test then.
const RUSTDOC: [(&str, bool); 3] = [("test", false), ("doc", true), ("doctest", true)];

/// A configuration predicate of the Rust reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predicate {
    Literal(bool),
    /// `unix`
    Name(String),
    /// `feature = "integration"`
    Pair(String, String),
    Not(Box<Predicate>),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    /// One that this crate does not know, as text.
    Other(String),
}

impl Predicate {
    /// Reads a predicate from the tokens between the parentheses of `cfg(...)`.
    pub(crate) fn parse(tokens: TokenStream) -> Self {
        let text = tokens.to_string();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        match tokens.as_slice() {
            [TokenTree::Ident(name)] if name == "true" || name == "false" => Self::Literal(name == "true"),
            [TokenTree::Ident(name)] => Self::Name(name.to_string()),
            [TokenTree::Ident(name), TokenTree::Punct(equals), TokenTree::Literal(value)]
                if equals.as_char() == '=' =>
            {
                match syn::parse_str::<syn::LitStr>(&value.to_string()) {
                    Ok(value) => Self::Pair(name.to_string(), value.value()),
                    Err(_) => Self::Other(text),
                }
            }
            [TokenTree::Ident(name), TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                let mut operands: Vec<_> = separated(group.stream()).into_iter().map(Self::parse).collect();
                match name.to_string().as_str() {
                    "all" => Self::All(operands),
                    "any" => Self::Any(operands),
                    "not" if operands.len() == 1 => {
                        operands.pop().map_or(Self::Other(text), |one| Self::Not(Box::new(one)))
                    }
                    _ => Self::Other(text),
                }
            }
            _ => Self::Other(text),
        }
    }

    /// What it comes to when `atom` answers for names and pairs.
    pub(crate) fn evaluate(&self, atom: &impl Fn(&str, Option<&str>) -> Truth) -> Truth {
        match self {
            Self::Literal(value) => (*value).into(),
            Self::Name(name) => atom(name, None),
            Self::Pair(name, value) => atom(name, Some(value)),
            Self::Not(operand) => operand.evaluate(atom).not(),
            Self::All(operands) => operands.iter().map(|one| one.evaluate(atom)).min().unwrap_or(Truth::Yes),
            Self::Any(operands) => operands.iter().map(|one| one.evaluate(atom)).max().unwrap_or(Truth::No),
            Self::Other(_) => Truth::Unknown,
        }
    }

    /// The same predicate where `test` is known to hold.
    pub(crate) fn under_test(&self) -> Self {
        self.knowing(&[("test", true)])
    }

    /// The same predicate where rustdoc looks for tests.
    pub(crate) fn under_rustdoc(&self) -> Self {
        self.knowing(&RUSTDOC)
    }

    /// The condition under which rustdoc tests an item with this one. It looks at conditions once more, without the names
    /// that it never shows: under `any(doc, feature = "a")` an item is tested only with the feature.
    pub(crate) fn of_tested_docs(&self) -> Self {
        Self::all([self.under_rustdoc()].into_iter().chain(self.without_hidden()))
    }

    fn without_hidden(&self) -> Option<Self> {
        match self {
            Self::Name(name) if RUSTDOC.iter().any(|(hidden, _)| hidden == name) => None,
            Self::Not(operand) => Some(Self::Not(Box::new(operand.without_hidden()?))),
            Self::All(operands) | Self::Any(operands) => {
                let mut left: Vec<_> = operands.iter().filter_map(Self::without_hidden).collect();
                match left.len() {
                    0 | 1 => left.pop(),
                    _ if matches!(self, Self::All(_)) => Some(Self::All(left)),
                    _ => Some(Self::Any(left)),
                }
            }
            other => Some(other.clone()),
        }
    }

    fn knowing(&self, known: &[(&str, bool)]) -> Self {
        match self {
            Self::Name(name) => match known.iter().find(|(one, _)| one == name) {
                Some((_, value)) => Self::Literal(*value),
                None => self.clone(),
            },
            Self::Not(operand) => match operand.knowing(known) {
                Self::Literal(value) => Self::Literal(!value),
                operand => Self::Not(Box::new(operand)),
            },
            Self::All(operands) => Self::all(operands.iter().map(|one| one.knowing(known))),
            Self::Any(operands) => {
                let mut left: Vec<_> = operands.iter().map(|one| one.knowing(known)).collect();
                if left.contains(&Self::Literal(true)) {
                    return Self::Literal(true);
                }
                left.retain(|one| *one != Self::Literal(false));
                match left.len() {
                    0 => Self::Literal(false),
                    1 => left.remove(0),
                    _ => Self::Any(left),
                }
            }
            other => other.clone(),
        }
    }

    /// Whether it cannot hold without `test`.
    pub(crate) fn needs_test(&self) -> bool {
        match self {
            Self::Name(name) => name == "test",
            Self::All(operands) => operands.iter().any(Self::needs_test),
            Self::Any(operands) => !operands.is_empty() && operands.iter().all(Self::needs_test),
            _ => false,
        }
    }

    /// All of them at once, as short as can be.
    pub(crate) fn all(operands: impl IntoIterator<Item = Self>) -> Self {
        let mut left: Vec<Self> = Vec::new();
        for operand in operands {
            match operand {
                Self::Literal(true) => {}
                Self::Literal(false) => return Self::Literal(false),
                Self::All(inner) => left.extend(inner),
                operand => left.push(operand),
            }
        }
        let mut distinct: Vec<Self> = Vec::new();
        for operand in left {
            if !distinct.contains(&operand) {
                distinct.push(operand);
            }
        }
        match distinct.len() {
            0 => Self::Literal(true),
            1 => distinct.remove(0),
            _ => Self::All(distinct),
        }
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, name: &str, operands: &[Self]| {
            write!(formatter, "{name}(")?;
            for (index, operand) in operands.iter().enumerate() {
                write!(formatter, "{}{operand}", if index > 0 { ", " } else { "" })?;
            }
            formatter.write_str(")")
        };
        match self {
            Self::Literal(value) => write!(formatter, "{value}"),
            Self::Name(name) => formatter.write_str(name),
            Self::Pair(name, value) => write!(formatter, "{name} = {value:?}"),
            Self::Not(operand) => write!(formatter, "not({operand})"),
            Self::All(operands) => list(formatter, "all", operands),
            Self::Any(operands) => list(formatter, "any", operands),
            Self::Other(text) => formatter.write_str(text),
        }
    }
}

/// The stretches between top-level commas; an empty one behind the last comma is left out.
pub(crate) fn separated(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = Vec::new();
    let mut part = TokenStream::new();
    for token in tokens {
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
            parts.push(std::mem::take(&mut part));
        } else {
            part.extend([token]);
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

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
const GATED: [&str; 15] = [
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

    fn sets(&self, name: &str, value: Option<&str>) -> Truth {
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

/// What is set when one package's tests are compiled.
#[derive(Debug, Clone)]
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

impl CrateCfg {
    /// What a predicate comes to where rustdoc looks for tests. It is not given the flags of rustc.
    pub(crate) fn evaluate_documented(&self, predicate: &Predicate) -> Truth {
        let known = predicate.under_rustdoc();
        known.evaluate(&|name, value| match value {
            _ if self.target.flags.contains(name) => Truth::Unknown,
            None => self.evaluate(&Predicate::Name(name.to_owned())),
            Some(value) => self.evaluate(&Predicate::Pair(name.to_owned(), value.to_owned())),
        })
    }
}

/// Names that rustc and its tools own, so that no build script sets them.
fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "unix",
        "windows",
        "debug_assertions",
        "panic",
        "proc_macro",
        "doc",
        "doctest",
        "miri",
        "clippy",
        "rustfmt",
        "feature",
        "test",
    ];
    name.starts_with("target_") || NAMES.contains(&name) || GATED.contains(&name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn predicate(text: &str) -> Predicate {
        Predicate::parse(text.parse().unwrap())
    }

    #[test]
    fn what_is_left_beside_test_is_the_condition_of_a_case() {
        let left = |text| predicate(text).under_test().to_string();
        assert_eq!(left("all(test, feature = \"a\")"), "feature = \"a\"");
        assert_eq!(left("any(test, feature = \"a\")"), "true");
        assert_eq!(left("not(test)"), "false");
        assert_eq!(left("any(all(test, unix), windows)"), "any(unix, windows)");
    }

    #[test]
    fn rustdoc_tests_nothing_for_the_sake_of_names_that_it_hides() {
        let left = |text| predicate(text).of_tested_docs().to_string();
        assert_eq!(left("any(doc, feature = \"a\")"), "feature = \"a\"");
        assert_eq!(left("any(doc, doctest)"), "true");
        assert_eq!(left("all(unix, doctest)"), "unix");
        assert_eq!(left("not(test)"), "true");
        assert_eq!(left("test"), "false");
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

    #[test]
    fn what_stable_rust_does_not_take_is_unknown() {
        let cfg = cfg(TargetCfg::host());
        for text in ["overflow_checks", "relocation_model = \"pic\"", "accessible(std::fmt)", "version(\"1.80\")"] {
            assert_eq!(cfg.evaluate(&predicate(text)), Truth::Unknown, "{text}");
        }
    }

    fn predicates() -> impl Strategy<Value = Predicate> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Predicate::Literal),
            prop::sample::select(vec!["a", "b", "c", "test"]).prop_map(|name| Predicate::Name(name.into())),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|one| Predicate::Not(Box::new(one))),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::All),
                prop::collection::vec(inner, 0..3).prop_map(Predicate::Any),
            ]
        })
    }

    proptest! {
        /// Kleene: what three values call known holds however the unknown name turns out.
        #[test]
        fn three_values_never_contradict_two(predicate in predicates(), a: bool, b: bool) {
            let with = |c: Truth| predicate.evaluate(&move |name, _| match name {
                "a" => a.into(), "b" => b.into(), "c" => c, _ => Truth::Yes,
            });
            match with(Truth::Unknown) {
                Truth::Unknown => {}
                known => prop_assert!(with(Truth::Yes) == known && with(Truth::No) == known),
            }
        }

        #[test]
        fn knowing_test_changes_no_value_and_printing_loses_nothing(predicate in predicates(), a: bool, b: bool, c: bool) {
            let value = |predicate: &Predicate| predicate.evaluate(&|name, _| match name {
                "a" => a.into(), "b" => b.into(), "c" => c.into(), _ => Truth::Yes,
            });
            prop_assert_eq!(value(&predicate), value(&predicate.under_test()));
            let read = Predicate::parse(predicate.to_string().parse().unwrap());
            prop_assert_eq!(value(&predicate), value(&read));
        }
    }
}
