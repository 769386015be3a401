//! Findings that the policy lets stay for a while.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::{Baseline, Exempted, Finding, Judged, Lanes, NaiveDate, Policy, audit, exempt, resolve};
use support::{catalog, python_at};
use test_catalog::TreePath;

const FILE: &str = "components/src/dynamo/planner/tests/test_planner_scaling.py";
const OTHER: &str = "components/src/dynamo/router/tests/test_router_modes.py";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn policy(entries: &str) -> Policy {
    Policy::parse("test-policy.toml", &format!("extends = \"dynamo-2025-10\"\n{entries}")).unwrap()
}

/// An entry at line 2 of the policy.
fn entry(rules: &str, tests: &str) -> String {
    format!(
        "[[exemptions]]\nrules = {rules}\ntests = {tests}\nowner = \"@ai-dynamo/planner\"\n\
         reason = \"moves with the new planner\"\nexpires = 2027-03-31\nticket = \"DYN-1\"\n"
    )
}

/// Three tests without a lifecycle, for one reason, and one without a type.
fn findings(policy: &Policy) -> Vec<Finding> {
    let full = ["pre_merge", "unit", "gpu_0", "router"];
    let tree = catalog(vec![
        python_at(&format!("{FILE}::TestA::test_a"), 20, &["unit", "gpu_0", "planner"]),
        python_at(&format!("{FILE}::TestA::test_b[1/2]"), 20, &["unit", "gpu_0", "planner"]),
        python_at(&format!("{FILE}::test_c[x]"), 20, &["unit", "gpu_0", "planner"]),
        python_at(&format!("{OTHER}::test_d"), 30, &["pre_merge", "gpu_0", "router"]),
        python_at(&format!("{OTHER}::test_e"), 40, &full),
    ]);
    audit(policy, &tree, &resolve(policy, &tree), &Lanes::none())
}

fn on(policy: &Policy, today: &str, whole_tree: bool) -> Exempted {
    let lanes = Lanes::none();
    let judged = Judged { policy, lanes: &lanes, whole_tree };
    exempt(&judged, &TreePath::new("test-policy.toml"), day(today), findings(policy))
}

/// Each finding as its rule, and how many tests it is about.
fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.rule, finding.cases.len())).collect()
}

#[test]
fn an_exempt_finding_is_not_reported_and_counted() {
    assert_eq!(said(&on(&policy(""), "2027-01-01", true).findings), ["missing-lifecycle 3", "missing-type 1"]);
    for (tests, left, held) in [
        (format!("[\"{FILE}\"]"), "", 3),
        ("[\"components\"]".to_owned(), "", 3),
        ("[\"components/**/test_planner_*.py\"]".to_owned(), "", 3),
        ("[\"**/test_planner_*.py\"]".to_owned(), "", 3),
        (format!("[\"{FILE}::TestA\"]"), "missing-lifecycle 1", 2),
        (format!("[\"{FILE}::TestA\", \"{FILE}::test_c[x]\"]"), "", 3),
        (format!("[\"{FILE}::TestA::test_b[1/2]\"]"), "missing-lifecycle 2", 1),
        (format!("[\"{FILE}::TestA::test_b\"]"), "missing-lifecycle 2", 1),
        (format!("[\"{FILE}::*::test_b\"]"), "missing-lifecycle 2", 1),
        (format!("[\"{FILE}::test_?\"]"), "missing-lifecycle 2", 1),
    ] {
        let exempted = on(&policy(&entry("[\"missing-lifecycle\"]", &tests)), "2027-03-31", true);
        let expected: Vec<&str> = [left, "missing-type 1"].into_iter().filter(|said| !said.is_empty()).collect();
        assert_eq!(said(&exempted.findings), expected, "{tests}");
        let cases: usize = exempted.exempt.iter().map(|exempt| exempt.finding.cases.len()).sum();
        assert_eq!(cases, held, "{tests}");
        assert_eq!(exempted.exempt[0].exemption.owner, "@ai-dynamo/planner");
        assert_eq!(exempted.exempt[0].at.start.line, 2);
    }
}

#[test]
fn what_remains_of_a_finding_says_so() {
    let tests = format!("[\"{FILE}::TestA\"]");
    let exempted = on(&policy(&entry("[\"missing-lifecycle\"]", &tests)), "2027-01-01", true);
    assert!(exempted.findings[0].note.as_ref().unwrap().contains("2 of its tests are exempt"), "{exempted:#?}");
}

#[test]
fn from_the_day_after_its_last_it_holds_nothing_and_is_a_finding() {
    let policy = policy(&entry("[\"missing-lifecycle\"]", "[\"components\"]"));
    assert!(on(&policy, "2027-03-31", true).findings.iter().all(|one| one.rule.as_str() != "expired-exemption"));
    for whole_tree in [true, false] {
        let exempted = on(&policy, "2027-04-01", whole_tree);
        let rules = said(&exempted.findings);
        assert_eq!(rules, ["missing-lifecycle 3", "missing-type 1", "expired-exemption 0"], "{whole_tree}");
        let expired = &exempted.findings[2];
        assert_eq!(
            expired.message,
            "the exemption of `@ai-dynamo/planner` from `missing-lifecycle` expired on 2027-03-31"
        );
        assert_eq!((expired.at.file.as_str(), expired.at.start.line), ("test-policy.toml", 2));
        assert_eq!(expired.help, "repair the finding that is back, or agree with @ai-dynamo/planner on another day");
        assert_eq!(expired.note.as_deref(), Some("its reason: moves with the new planner (DYN-1)"));
        assert!(exempted.exempt.is_empty());
    }
    let gone = self::policy(&entry("[\"missing-hardware\"]", "[\"components\"]"));
    let exempted = on(&gone, "2027-04-01", true);
    assert_eq!(exempted.findings[2].help, "nothing is left that it would hold back: take it out");
    assert_eq!(said(&on(&gone, "2027-04-01", false).findings).len(), 2, "a part of the tree does not tell");
}

#[test]
fn no_baseline_takes_in_what_has_expired() {
    let policy = policy(&entry("[\"missing-lifecycle\"]", "[\"components\"]"));
    let exempted = on(&policy, "2027-04-01", true);
    let baseline = Baseline::of(&exempted.findings);
    let lanes = Lanes::none();
    let judged = Judged { policy: &policy, lanes: &lanes, whole_tree: true };
    assert_eq!(said(&baseline.compare(exempted.findings, &judged).new), ["expired-exemption 0"]);
}

#[test]
fn one_that_has_nothing_to_exempt_is_a_finding_as_far_as_the_audit_could_tell() {
    let unused = |rules: &str, tests: &str, whole_tree: bool| -> Vec<String> {
        let found = on(&policy(&entry(rules, tests)), "2027-01-01", whole_tree).findings.into_iter();
        found.filter(|finding| finding.rule.as_str() == "unused-exemption").map(|finding| finding.message).collect()
    };
    let who = "the exemption of `@ai-dynamo/planner`";
    let nothing = [format!("{who} from `missing-type` has nothing to exempt")];
    assert_eq!(unused("[\"missing-type\"]", "[\"tests\"]", true), nothing);
    assert!(unused("[\"missing-type\"]", "[\"tests\"]", false).is_empty());
    assert!(unused("[\"case-in-no-lane\"]", "[\"tests\"]", true).is_empty(), "a rule that is off finds nothing");
    assert!(unused("[\"feature-in-no-lane\"]", "[\"tests\"]", true).is_empty(), "without lanes it could not look");
    let both = unused("[\"missing-type\", \"missing-hardware\"]", "[\"components\", \"tests\"]", true);
    assert_eq!(
        both,
        [
            format!("{who} has nothing to exempt for `missing-hardware`"),
            format!("{who} has nothing to exempt for `tests`")
        ]
    );
}

#[test]
fn two_that_hold_the_same_are_both_in_use() {
    let one = entry("[\"missing-lifecycle\"]", "[\"components\"]");
    let exempted = on(&policy(&(one.clone() + &one)), "2027-01-01", true);
    assert_eq!(said(&exempted.findings), ["missing-type 1"]);
    assert_eq!(exempted.exempt.len(), 1);
}

#[test]
fn a_pattern_is_about_whole_names() {
    let policy = policy(&entry("[\"missing-lifecycle\"]", "[\"components/src/dynamo/plan\", \"components/*.py\"]"));
    assert_eq!(
        said(&on(&policy, "2027-01-01", true).findings),
        ["missing-lifecycle 3", "missing-type 1", "unused-exemption 0"]
    );
}

#[test]
fn an_exemption_has_someone_who_answers_for_it_and_an_end() {
    let text = "extends = \"dynamo-2025-10\"\n[[exemptions]]\nrules = [\"missing-typ\", \"expired-exemption\"]\ntests = []\n\
                owner = \"\"\nexpires = \"2027-02-30\"\n[[exemptions]]\n";
    let found = Policy::parse("p", text).unwrap_err().to_string();
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "p:2:1: `reason` in `exemptions` is missing",
            "p:3:10: `rules` in `exemptions` has `missing-typ`; did you mean `missing-type`?",
            "p:3:25: nothing is exempt from `expired-exemption`",
            "p:4:9: `tests` in `exemptions` names nothing",
            "p:5:9: `owner` in `exemptions` is an empty string",
            "p:6:11: `expires` in `exemptions` is the string \"2027-02-30\", expected a day, such as 2027-03-31",
            "p:7:1: `expires` in `exemptions` is missing",
            "p:7:1: `owner` in `exemptions` is missing",
            "p:7:1: `reason` in `exemptions` is missing",
            "p:7:1: `rules` in `exemptions` is missing",
            "p:7:1: `tests` in `exemptions` is missing",
        ]
    );
}
