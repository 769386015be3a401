//! The Rust half of a catalog beside what real cargo lists.
//!
//! The rule: an exact case that the asked features compile is one of cargo's, as much `#[ignore]`d as there; each of
//! cargo's tests is such a case, or covered by an inexact one of its binary: by its very name, as the function or module
//! around it, as a macro's call (`module::name!`) in a module around it, or as a binary without libtest's harness. A
//! case that the features do not compile is not compared, unless cargo lists its name. Where a binary could not say what
//! it has, nothing is compared.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Place;
use crate::{NodeId, RustCase, TestCase, lies_within, named_around};

/// What one test binary lists: each name, and whether it is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedBinary {
    /// nextest's binary id; the package's name for documentation tests.
    pub binary: String,
    /// The names. A name that several tests share stands here once: libtest cannot tell them apart either.
    pub tests: BTreeMap<String, bool>,
}

/// What agrees and what does not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// How many of cargo's tests are exact cases that are right.
    pub exact: usize,
    /// How many of cargo's tests are covered by inexact cases.
    pub covered: usize,
    /// Cases that the asked features do not compile, and cargo does not list.
    pub not_compiled: usize,
    /// Exact cases of binaries that could not say what they have.
    pub left_out: usize,
    /// Tests that no case accounts for, in cargo's order.
    pub missing: Vec<Missing>,
    /// Exact cases that cargo does not list, in the catalog's order.
    pub invented: Vec<Place>,
    /// Exact cases that are ignored on one side only, in cargo's order.
    pub ignored: Vec<OtherIgnored>,
}

impl Comparison {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.wrong() == 0
    }

    /// How many tests are wrong in some way.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.missing.len() + self.invented.len() + self.ignored.len()
    }
}

/// A test that only cargo has.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// Its id.
    pub id: NodeId,
    /// The case of this id that the catalog holds to be compiled with other features only.
    pub not_compiled: Option<Place>,
}

/// A case that is ignored on one side only.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherIgnored {
    /// The case.
    pub case: Place,
    /// Whether cargo ignores it; the catalog says the opposite.
    pub by_cargo: bool,
}

/// Holds cases against what cargo lists for the same packages and features. `unseen` are binaries that were built and
/// could not say what they have.
#[must_use]
pub fn compare<'c>(
    cases: impl IntoIterator<Item = &'c TestCase>,
    listed: &[ListedBinary],
    unseen: &HashSet<&str>,
) -> Comparison {
    let known = Known::of(cases);
    let names: HashMap<&str, &BTreeMap<String, bool>> =
        listed.iter().map(|binary| (binary.binary.as_str(), &binary.tests)).collect();
    let is_listed =
        |case: &RustCase| names.get(case.target.binary.as_str()).is_some_and(|tests| tests.contains_key(&case.name));
    let mut comparison = Comparison::default();
    for (case, rust) in &known.exact {
        if is_listed(rust) {
            continue;
        } else if unseen.contains(rust.target.binary.as_str()) {
            comparison.left_out += 1;
        } else {
            comparison.invented.push(Place::of(case));
        }
    }
    comparison.not_compiled = known.not_compiled.iter().filter(|(_, rust)| !is_listed(rust)).count();
    for binary in listed {
        let of_binary = known.of_binary(&binary.binary);
        for (name, ignored) in &binary.tests {
            of_binary.judge(name, *ignored, &mut comparison);
        }
    }
    comparison
}

type Case<'c> = (&'c TestCase, &'c RustCase);

/// The cases by what the catalog claims of them, each list in the catalog's order.
#[derive(Default)]
struct Known<'c> {
    exact: Vec<Case<'c>>,
    inexact: Vec<Case<'c>>,
    not_compiled: Vec<Case<'c>>,
}

impl<'c> Known<'c> {
    fn of(cases: impl IntoIterator<Item = &'c TestCase>) -> Self {
        let mut known = Self::default();
        for (case, rust) in cases.into_iter().filter_map(|case| Some((case, case.as_rust()?))) {
            let list = match (rust.enabled, case.certainty.is_exact()) {
                (false, _) => &mut known.not_compiled,
                (true, true) => &mut known.exact,
                (true, false) => &mut known.inexact,
            };
            list.push((case, rust));
        }
        known
    }

    fn of_binary<'b>(&self, binary: &'b str) -> OfBinary<'c, 'b> {
        let of = |cases: &[Case<'c>]| {
            let those = cases.iter().filter(|(_, rust)| rust.target.binary == binary);
            those.copied().collect::<Vec<_>>()
        };
        // Of several cases of one name, the first one stands for all.
        let by_name = |cases: Vec<Case<'c>>| cases.into_iter().rev().map(|one| (one.1.name.as_str(), one)).collect();
        OfBinary {
            binary,
            exact: by_name(of(&self.exact)),
            inexact: of(&self.inexact),
            not_compiled: by_name(of(&self.not_compiled)),
        }
    }
}

/// The cases of one binary.
struct OfBinary<'c, 'b> {
    binary: &'b str,
    exact: HashMap<&'c str, Case<'c>>,
    inexact: Vec<Case<'c>>,
    not_compiled: HashMap<&'c str, Case<'c>>,
}

impl OfBinary<'_, '_> {
    /// Counts one of cargo's tests.
    fn judge(&self, name: &str, ignored: bool, comparison: &mut Comparison) {
        if let Some((case, rust)) = self.exact.get(name) {
            if rust.ignored.is_some() == ignored {
                comparison.exact += 1;
            } else {
                comparison.ignored.push(OtherIgnored { case: Place::of(case), by_cargo: ignored });
            }
            return;
        }
        let itself = self.inexact.iter().any(|(_, rust)| rust.name == name);
        let claimed_absent = self.not_compiled.get(name).filter(|_| !itself);
        if let Some((case, _)) = claimed_absent {
            comparison.missing.push(Missing { id: case.id.clone(), not_compiled: Some(Place::of(case)) });
        } else if itself || self.inexact.iter().any(|(_, rust)| covers(rust, name)) {
            comparison.covered += 1;
        } else {
            comparison.missing.push(Missing { id: NodeId::rust(self.binary, name), not_compiled: None });
        }
    }
}

/// Whether an inexact case stands for the tests around or below a name.
fn covers(case: &RustCase, name: &str) -> bool {
    if !case.target.harness {
        return true;
    }
    let around = named_around(&case.name);
    around.is_empty() || lies_within(name, around)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{CargoTarget, Certainty, Ignored, Position, Reason, RustTestKind, SourceSpan, TargetKind, TreePath};

    fn span() -> SourceSpan {
        SourceSpan::at(TreePath::new("src/lib.rs"), Position { line: 3, column: 1 })
    }

    fn target(binary: &str, harness: bool) -> Arc<CargoTarget> {
        Arc::new(CargoTarget {
            binary: binary.to_owned(),
            package: "p".to_owned(),
            manifest: TreePath::new("Cargo.toml"),
            workspace: TreePath::new(""),
            kind: TargetKind::Lib,
            name: "p".to_owned(),
            root: TreePath::new("src/lib.rs"),
            harness,
            required_features: Vec::new(),
            enabled: true,
        })
    }

    fn of(target: Arc<CargoTarget>, name: &str) -> TestCase {
        let name = name.to_owned();
        let rust = RustCase { name, kind: RustTestKind::Unit, ignored: None, cfg: None, enabled: true, target };
        TestCase::rust(rust, span(), Certainty::Exact)
    }

    fn exact(name: &str) -> TestCase {
        of(target("p", true), name)
    }

    fn inexact(name: &str) -> TestCase {
        let reason = Reason { text: "a macro".to_owned(), at: span() };
        TestCase { certainty: Certainty::Inexact(Box::new(reason)), ..exact(name) }
    }

    fn changed(mut case: TestCase, change: impl FnOnce(&mut RustCase)) -> TestCase {
        if let crate::TestKind::Rust(rust) = &mut case.kind {
            change(rust);
        }
        case
    }

    fn not_compiled(case: TestCase) -> TestCase {
        changed(case, |rust| rust.enabled = false)
    }

    fn binary(binary: &str, tests: &[&str]) -> ListedBinary {
        let test = |name: &&str| (name.trim_end_matches(" ignored").to_owned(), name.ends_with(" ignored"));
        ListedBinary { binary: binary.to_owned(), tests: tests.iter().map(test).collect() }
    }

    fn compared(cases: &[TestCase], tests: &[&str]) -> Comparison {
        compare(cases, &[binary("p", tests)], &HashSet::new())
    }

    fn missing(comparison: &Comparison) -> Vec<&str> {
        comparison.missing.iter().map(|missing| missing.id.as_str()).collect()
    }

    #[test]
    fn what_agrees_is_counted_and_nothing_is_said() {
        let comparison = compared(&[exact("m::a"), inexact("m::b")], &["m::a", "m::b::case_1"]);
        assert_eq!(comparison, Comparison { exact: 1, covered: 1, ..Comparison::default() });
        assert!(comparison.is_same());
    }

    #[test]
    fn a_test_that_no_case_accounts_for_is_missing_and_an_exact_one_too_many_is_invented() {
        let comparison = compared(&[exact("m::a")], &["m::ab"]);
        assert_eq!(missing(&comparison), ["p m::ab"]);
        assert_eq!(comparison.invented, [Place { id: NodeId::rust("p", "m::a"), occurrence: 0, span: span() }]);
        assert_eq!((comparison.exact, comparison.wrong()), (0, 2));
    }

    #[test]
    fn the_same_name_in_another_binary_is_another_test() {
        let comparison = compare(&[exact("a")], &[binary("p::t", &["a"])], &HashSet::new());
        assert_eq!((missing(&comparison), comparison.invented.len()), (vec!["p::t a"], 1));
    }

    #[test]
    fn an_inexact_case_covers_its_own_name_and_what_lies_below_it() {
        let comparison = compared(&[inexact("m::b")], &["m::b", "m::b::case_1", "m::bc", "m", "n::b"]);
        assert_eq!(comparison.covered, 2);
        assert_eq!(missing(&comparison), ["p m", "p m::bc", "p n::b"]);
    }

    #[test]
    fn a_macros_call_covers_the_tests_of_its_module_and_below() {
        let comparison = compared(&[inexact("m::cases!")], &["m::a", "m::n::b", "m", "mm::a", "c"]);
        assert_eq!(comparison.covered, 2);
        assert_eq!(missing(&comparison), ["p c", "p m", "p mm::a"]);
        let at_the_root = compared(&[inexact("cases!")], &["a", "m::n::b"]);
        assert_eq!((at_the_root.covered, at_the_root.wrong()), (2, 0));
    }

    #[test]
    fn an_inexact_file_or_item_covers_the_documentation_in_it() {
        let tests = ["src/a.rs - (line 1)", "src/b.rs - m::f (line 2)", "src/b.rs - m::f::g (line 3)"];
        let other = ["src/b.rs - m::fg (line 4)", "src/b.rs - n (line 5)"];
        let comparison = compared(&[inexact("src/a.rs"), inexact("src/b.rs - m::f")], &[&tests[..], &other].concat());
        assert_eq!(comparison.covered, 3);
        assert_eq!(missing(&comparison), ["p src/b.rs - m::fg (line 4)", "p src/b.rs - n (line 5)"]);
    }

    #[test]
    fn a_binary_without_libtests_harness_is_covered_as_a_whole_and_alone() {
        let case = TestCase { certainty: inexact("x").certainty, ..of(target("p::ui", false), "ui") };
        let listed = [binary("p::ui", &["compile/fail.rs"]), binary("p", &["a"])];
        let comparison = compare(&[case], &listed, &HashSet::new());
        assert_eq!((comparison.covered, missing(&comparison)), (1, vec!["p a"]));
    }

    #[test]
    fn a_case_that_is_ignored_on_one_side_only_is_wrong() {
        let ignored = |case| changed(case, |rust| rust.ignored = Some(Ignored { reason: None }));
        let cases = [exact("a"), ignored(exact("b")), ignored(exact("c")), inexact("d")];
        let comparison = compared(&cases, &["a ignored", "b", "c ignored", "d ignored"]);
        let said: Vec<_> = comparison.ignored.iter().map(|other| (other.case.id.as_str(), other.by_cargo)).collect();
        assert_eq!(said, [("p a", true), ("p b", false)]);
        assert_eq!((comparison.exact, comparison.covered, comparison.wrong()), (1, 1, 2));
    }

    #[test]
    fn what_the_features_do_not_compile_is_not_compared_unless_cargo_lists_it() {
        let cases = [not_compiled(exact("a")), not_compiled(exact("b")), inexact("anything!")];
        let comparison = compared(&cases, &["b"]);
        assert_eq!((comparison.not_compiled, comparison.wrong()), (1, 1));
        assert_eq!(comparison.missing[0].id.as_str(), "p b");
        assert!(comparison.missing[0].not_compiled.is_some(), "the catalog's own place is told");
    }

    #[test]
    fn of_two_definitions_of_a_name_the_one_that_is_compiled_counts() {
        for compiled in [exact("a"), inexact("a")] {
            let comparison = compared(&[not_compiled(exact("a")), compiled], &["a"]);
            assert_eq!((comparison.exact + comparison.covered, comparison.wrong()), (1, 0));
        }
    }

    #[test]
    fn where_a_binary_could_not_say_what_it_has_nothing_is_compared() {
        let comparison = compare(&[exact("a"), of(target("p::t", true), "b")], &[], &HashSet::from(["p"]));
        assert_eq!((comparison.left_out, comparison.invented.len()), (1, 1));
        assert_eq!(comparison.invented[0].id.as_str(), "p::t b");
    }
}
