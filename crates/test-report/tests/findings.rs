//! The forms of an audit that other tools read: each says what was found, and no name in a tree breaks out of it.
#![allow(clippy::unwrap_used)]

use marker_policy::{Allowed, Finding, Insertion, Policy, Safety, rules};
use quick_junit::Report;
use serde_json::Value;
use test_catalog::{EditForm, ImportPlaces, MarkName, NodeId, Position, PytestNames, SourceSpan, TreePath};
use test_report::findings::{self, Audit, Audited};

/// What a hostile author may name a file, a test, a marker.
const HOSTILE: [&str; 9] = [
    "a\n::error::b",
    "::set-output name=a::b",
    "%0A::error::b%25",
    "a,line=1,title=b",
    "<script>alert(1)</script>]]>",
    "\u{1b}[2J\u{1b}]8;;https://a.example\u{7}",
    "[a](https://b.example)",
    "| `a` | \"b' \\",
    "\u{202e}\u{2028}\u{0}\u{ffff}é日本",
];

fn span(file: &str, (line, column): (u32, u32), (end_line, end_column): (u32, u32)) -> SourceSpan {
    let (start, end) = (Position { line, column }, Position { line: end_line, column: end_column });
    SourceSpan { file: TreePath::new(file), start, end }
}

/// A finding in which everything that a tree's author writes is `name`.
fn finding(rule: &str, name: &str) -> Finding {
    let file = format!("tests/{name}.py");
    let rule = rules::find(rule).unwrap();
    Finding {
        rule: rule.code,
        severity: rule.severity,
        message: format!("nothing declares the marker `{name}`"),
        at: span(&file, (2, 1), (2, 5)),
        label: Some(name.to_owned()),
        cases: vec![NodeId::from_text(format!("{file}::{name}")), NodeId::from_text(format!("{file}::test_b"))],
        has: vec![name.to_owned()],
        needs: vec![name.to_owned()],
        effect: Some(name.to_owned()),
        help: name.to_owned(),
        insertion: Some(Insertion {
            form: EditForm::Decorator,
            at: span(&file, (3, 1), (3, 1)),
            marker: name.to_owned(),
            text: format!("@pytest.mark.{name}"),
            safety: Safety::Proposal,
        }),
        evidence: Vec::new(),
        note: Some(name.to_owned()),
    }
}

/// What a format makes of one finding, or of an allowed one, for each hostile name.
fn written<T>(write: impl Fn(&Audit<'_>) -> T) -> Vec<T> {
    let policy = Policy::embedded();
    let places: Vec<SourceSpan> = HOSTILE.iter().map(|name| span(name, (7, 1), (7, 9))).collect();
    let audited = Audited::default();
    let mut all = Vec::new();
    for (name, place) in HOSTILE.iter().zip(&places) {
        let found = vec![finding("undeclared-marker", name)];
        let at = place.clone();
        let allowed = vec![Allowed { finding: finding("missing-type", name), reason: (*name).to_owned(), at }];
        let source = |_: &TreePath| Some("import pytest\nx = 1\ndef test_a(): ...\n");
        let names = |_: &TreePath| {
            let mark = MarkName { text: "pytest.mark".to_owned(), from: Position { line: 1, column: 14 } };
            Some(PytestNames { marks: vec![mark], import: ImportPlaces::At(Vec::new()) })
        };
        let test = |_: &NodeId| Some(place);
        let audit = Audit {
            findings: &found,
            allowed: &allowed,
            exempt: &[],
            policy: &policy,
            audited,
            folder: "sub/",
            source: &source,
            pytest_names: &names,
            test: &test,
        };
        all.push(write(&audit));
    }
    all
}

#[test]
fn sarif_is_valid_by_the_official_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../../fixtures/sarif/sarif-schema-2.1.0.json")).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    let documents = written(|audit| {
        let text = findings::sarif(audit).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
        document
    });
    // The schema is one that refuses.
    let mut broken = documents[0].clone();
    broken["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn sarif_tells_where_why_and_what_to_write() {
    for (document, name) in written(|audit| findings::sarif(audit).unwrap()).iter().zip(HOSTILE) {
        assert!(!document.contains('\u{1b}') && !document.contains('\u{202e}'), "{document}");
        let document: Value = serde_json::from_str(document).unwrap();
        let run = &document["runs"][0];
        let [open, allowed] = &run["results"].as_array().unwrap()[..] else { panic!("{run}") };
        assert_eq!(open["ruleId"], "undeclared-marker");
        let index = open["ruleIndex"].as_u64().unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index as usize]["id"], "undeclared-marker");
        let place = &open["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert_eq!(place["artifactLocation"]["uriBaseId"], "SRCROOT");
        let path = percent_encoding::percent_decode_str(uri).decode_utf8().unwrap();
        assert_eq!(path, format!("sub/tests/{name}.py"));
        assert!(uri.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/%".contains(c)), "{uri}");
        assert!(!open["message"]["text"].as_str().unwrap().contains("]("), "{open}");
        assert_eq!(
            open["relatedLocations"].as_array().unwrap().len(),
            2,
            "the insertion, and the one place of both tests"
        );
        if name.chars().any(char::is_control) {
            assert_eq!(open.get("fixes"), None, "nobody shall write that");
            continue;
        }
        let replacement = &open["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(replacement["deletedRegion"]["startLine"], 3);
        assert_eq!(open.get("suppressions"), None);
        assert_eq!(allowed["suppressions"][0]["kind"], "inSource");
    }
}

/// Each by itself would make a statement of its own.
#[test]
fn sarif_has_one_fix_for_all_that_goes_to_one_place() {
    let lacking = |rule: &str, marker: &str| {
        let mut finding = finding(rule, "a");
        let insertion = finding.insertion.as_mut().unwrap();
        insertion.form = EditForm::NewPytestmark;
        insertion.at = span("tests/a.py", (2, 1), (2, 1));
        marker.clone_into(&mut insertion.marker);
        finding.help = format!("add {marker}");
        finding
    };
    let found = [lacking("missing-lifecycle", "nightly"), lacking("missing-type", "unit")];
    let allowed = Allowed {
        finding: lacking("missing-hardware", "gpu_1"),
        reason: "meant".to_owned(),
        at: span("tests/a.py", (1, 1), (1, 9)),
    };
    let (source, mark) = (
        |_: &TreePath| Some("import pytest\ndef test_a(): ...\n"),
        MarkName { text: "pytest.mark".to_owned(), from: Position { line: 1, column: 14 } },
    );
    let document = findings::sarif(&Audit {
        findings: &found,
        allowed: &[allowed],
        exempt: &[],
        policy: &Policy::embedded(),
        audited: Audited::default(),
        folder: "",
        source: &source,
        pytest_names: &|_| Some(PytestNames { marks: vec![mark.clone()], import: ImportPlaces::At(Vec::new()) }),
        test: &|_| None,
    });
    let document: Value = serde_json::from_str(&document.unwrap()).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    let fixes: Vec<&Value> = results.iter().filter_map(|result| result.get("fixes")).collect();
    assert_eq!((results.len(), fixes.len()), (3, 1), "{document}");
    let fix = &results[0]["fixes"][0];
    assert_eq!(fix["description"]["text"], "add nightly\nadd unit");
    let replacements = fix["artifactChanges"][0]["replacements"].as_array().unwrap();
    assert_eq!(replacements.len(), 1);
    let written = replacements[0]["insertedContent"]["text"].as_str().unwrap();
    assert_eq!(written.trim(), "pytestmark = [pytest.mark.nightly, pytest.mark.unit]");
}

#[test]
fn an_identity_does_not_depend_on_lines_and_is_each_finding_s_own() {
    let identities =
        |findings: &[Finding]| findings::Identities::of(findings).iter().map(str::to_owned).collect::<Vec<_>>();
    let one = finding("undeclared-marker", "zebra");
    let mut moved = one.clone();
    moved.at = span(one.at.file.as_str(), (90, 1), (91, 1));
    let mut grown = one.clone();
    grown.cases.push(NodeId::from_text("tests/zebra.py::test_c"));
    let other = Finding { message: "nothing declares the marker `giraffe`".to_owned(), ..one.clone() };
    let all = identities(&[one, moved.clone(), other, grown.clone()]);
    let [first, second, third, fourth] = &all[..] else { panic!("{all:?}") };
    assert_eq!(identities(&[moved]), [&**first]);
    assert_eq!(identities(&[grown]), [&**first]);
    let hash = first.strip_suffix(":1").unwrap();
    assert_eq!([second, fourth], [&format!("{hash}:2"), &format!("{hash}:3")]);
    assert_ne!(first, third);
    // What a later release must not change.
    assert_eq!(first, "bd01ab82715a8d594a6e6b54e08a5c61:1");
}

#[test]
fn every_line_for_github_is_one_command_or_none() {
    for (text, name) in written(findings::github).iter().zip(HOSTILE) {
        let commands: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        let [command] = commands[..] else { panic!("{name:?}: {commands:#?}") };
        let (head, message) = command.strip_prefix("::error ").unwrap().split_once("::").unwrap();
        let properties: Vec<&str> = head.split(',').map(|property| property.split_once('=').unwrap().0).collect();
        assert_eq!(properties, ["file", "line", "col", "endColumn", "title"], "{name:?}");
        assert!(message.starts_with("nothing declares the marker `"), "{message}");
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
        assert!(!text.contains("##["), "{text}");
    }
}

#[test]
fn github_is_told_errors_first_and_that_it_shows_ten() {
    let mut found: Vec<Finding> = (0..12).map(|index| finding("unused-suppression", &format!("w{index}"))).collect();
    found.extend((0..11).map(|index| finding("missing-type", &format!("e{index}"))));
    let policy = Policy::embedded();
    let (source, test) = (|_: &TreePath| None, |_: &NodeId| None);
    let audited = Audited::default();
    let audit = Audit {
        findings: &found,
        allowed: &[],
        exempt: &[],
        policy: &policy,
        audited,
        folder: "",
        source: &source,
        pytest_names: &|_| None,
        test: &test,
    };
    let text = findings::github(&audit);
    let kinds: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("::")?.split(' ').next()).collect();
    assert_eq!(kinds, [vec!["error"; 11], vec!["warning"; 12], vec!["notice"]].concat());
    assert!(text.contains("GitHub shows 10 annotations of each kind, of 11 errors and 12 warnings;"), "{text}");
    let summary = findings::job_summary(&audit);
    assert!(
        summary.contains("| missing\\-type | error | 11 | 22 |")
            || summary.contains("| missing-type | error | 11 | 22 |"),
        "{summary}"
    );
}

#[test]
fn a_job_s_summary_has_no_markup_of_the_tree() {
    use pulldown_cmark::{Event, Options, Parser};
    for (text, name) in written(findings::job_summary).iter().zip(HOSTILE) {
        let events: Vec<Event<'_>> = Parser::new_ext(text, Options::all()).collect();
        let of_markup =
            events.iter().filter(|event| !matches!(event, Event::Text(_) | Event::Start(_) | Event::End(_)));
        assert_eq!(of_markup.collect::<Vec<_>>(), Vec::<&Event<'_>>::new(), "{name:?}");
        let links = events.iter().filter(|event| {
            matches!(event, Event::Start(pulldown_cmark::Tag::Link { .. } | pulldown_cmark::Tag::Image { .. }))
        });
        assert_eq!(links.count(), 0, "{name:?}");
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
    }
}

#[test]
fn junit_has_a_case_for_each_rule() {
    for (text, name) in written(|audit| findings::junit(audit).unwrap()).iter().zip(HOSTILE) {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("<script"), "{text}");
        let report = Report::deserialize_from_str(text).unwrap_or_else(|error| panic!("{name:?}: {error}: {text}"));
        let suite = &report.test_suites[0];
        assert_eq!((suite.tests, suite.failures), (rules::ALL.len(), 1));
    }
}
