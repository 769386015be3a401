//! SARIF 2.1.0: what code scanning and editors read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

mod fixes;

use std::collections::BTreeSet;

use marker_policy::{Exemption, Finding, Rule, rules};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use test_catalog::{NodeId, SourceSpan, TreePath};

use super::text::notes;
use super::{Audit, Identities};
use crate::terminal::printable;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What every path is relative to: whoever reads the file knows where the checkout is.
const ROOT: &str = "SRCROOT";

/// How many tests of a finding are named as its logical locations, and how many with their places.
const TESTS_NAMED: usize = 1_000;
const TESTS_SHOWN: usize = 20;

/// The document. Findings that comments allow or the policy exempts are results with a suppression; those of a baseline
/// are not in it.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn sarif(audit: &Audit<'_>) -> serde_json::Result<String> {
    let open = audit.findings.iter().map(|finding| (finding, None));
    let allowed = audit
        .allowed
        .iter()
        .map(|allowed| (&allowed.finding, Some(suppression(audit, "inSource", allowed.reason.clone(), &allowed.at))));
    let exempt = audit.exempt.iter().map(|exempt| {
        let Exemption { owner, reason, expires, .. } = &exempt.exemption;
        let reason = format!("{reason} ({owner}, until {expires})");
        (&exempt.finding, Some(suppression(audit, "external", reason, &exempt.at)))
    });
    let all: Vec<_> = open.chain(allowed).chain(exempt).collect();
    let identities = Identities::of(all.iter().map(|(finding, _)| *finding));
    // By the index of an open finding, and those come first: what is suppressed is meant as it is.
    let mut fixes = fixes::of(audit);
    let results = all.iter().zip(identities.iter()).enumerate().map(|(index, ((finding, suppression), identity))| {
        let mut result = result(audit, finding, identity);
        if let Some(fix) = fixes.remove(&index) {
            result.insert("fixes".to_owned(), json!([fix]));
        }
        if let Some(suppression) = suppression {
            result.insert("suppressions".to_owned(), json!([suppression]));
        }
        Value::Object(result)
    });
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dynamo-test-kit",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules::ALL.iter().map(described).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "audit-markers/" },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "the root of the repository" } } },
            "results": results.collect::<Vec<_>>(),
        }],
    });
    serde_json::to_string_pretty(&document)
}

fn suppression(audit: &Audit<'_>, kind: &str, reason: String, at: &SourceSpan) -> Value {
    let place = json!({ "physicalLocation": place(audit, at) });
    json!({ "kind": kind, "justification": printable(&reason), "location": place })
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.code.as_str(),
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.explanation },
        "help": { "text": rule.explanation, "markdown": rule.explanation },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

fn result(audit: &Audit<'_>, finding: &Finding, identity: &str) -> Map<String, Value> {
    let mut result = Map::new();
    let mut put = |key: &str, value: Value| result.insert(key.to_owned(), value);
    put("ruleId", finding.rule.as_str().into());
    if let Some(index) = rules::ALL.iter().position(|rule| rule.code == finding.rule) {
        put("ruleIndex", index.into());
    }
    put("level", finding.severity.as_str().into());
    put("message", json!({ "text": message(finding) }));
    let mut location = json!({ "physicalLocation": place(audit, &finding.at) });
    let tests = finding.cases.iter().take(TESTS_NAMED);
    let tests: Vec<Value> =
        tests.map(|case| json!({ "fullyQualifiedName": printable(case.as_str()), "kind": "function" })).collect();
    if let (Some(location), false) = (location.as_object_mut(), tests.is_empty()) {
        location.insert("logicalLocations".to_owned(), tests.into());
    }
    put("locations", json!([location]));
    put("partialFingerprints", json!({ "testKitIdentity/v1": identity }));
    let related = related(audit, finding);
    if !related.is_empty() {
        put("relatedLocations", related.into());
    }
    result
}

/// The finding as one text. A link in it would be the tree's, not ours: SARIF reads `[text](target)` in messages.
fn message(finding: &Finding) -> String {
    let notes = notes(finding).into_iter().map(|(word, note)| format!("\n{word}: {note}"));
    let text: String = std::iter::once(printable(&finding.message).into_owned()).chain(notes).collect();
    text.replace("](", "] (")
}

/// Where the finding's tests stand, and where its insertion goes, each place once.
fn related(audit: &Audit<'_>, finding: &Finding) -> Vec<Value> {
    let mut seen = BTreeSet::from([&finding.at]);
    let insertion = finding.insertion.iter().map(|insertion| (&insertion.at, "here a marker can be put".to_owned()));
    let test = |case: &NodeId| Some(((audit.test)(case)?, printable(case.as_str()).replace("](", "] (")));
    let tests = finding.cases.iter().filter_map(test);
    let places = insertion.chain(tests).filter(|(at, _)| seen.insert(at)).take(TESTS_SHOWN);
    let located = |(index, (at, text)): (usize, (&SourceSpan, String))| json!({ "id": index + 1, "physicalLocation": place(audit, at), "message": { "text": text } });
    places.enumerate().map(located).collect()
}

fn place(audit: &Audit<'_>, at: &SourceSpan) -> Value {
    let mut region = json!({ "startLine": at.start.line.max(1), "startColumn": at.start.column.max(1) });
    // A place without extent is the rest of its line.
    if let (Some(region), true) = (region.as_object_mut(), at.end > at.start) {
        region.insert("endLine".to_owned(), at.end.line.into());
        region.insert("endColumn".to_owned(), at.end.column.into());
    }
    json!({ "artifactLocation": artifact(audit, &at.file), "region": region })
}

fn artifact(audit: &Audit<'_>, file: &TreePath) -> Value {
    let path = audit.path(file);
    let encoded = utf8_percent_encode(&path, ENCODED);
    if file.as_path().is_absolute() {
        json!({ "uri": format!("file://{encoded}") })
    } else {
        json!({ "uri": encoded.to_string(), "uriBaseId": ROOT })
    }
}

/// All but RFC 3986's unreserved characters and the slash. A colon in a relative path would end a scheme.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
