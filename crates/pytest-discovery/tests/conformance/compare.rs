//! A catalog beside what pytest recorded.

use std::collections::HashMap;

use serde_json::Value as Json;
use test_catalog::{Catalog, Marker, TestCase, Value};

/// Exact, with markers that are all known.
fn is_exact(case: &TestCase) -> bool {
    case.certainty.is_exact() && case.markers.doubt().is_none()
}

/// How many of pytest's tests are exact cases.
pub(crate) fn exact_of(catalog: &Catalog, tests: &[Json]) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for case in catalog.cases.iter().filter(|case| is_exact(case)) {
        *left.entry(case.id.as_str()).or_default() += 1;
    }
    tests
        .iter()
        .filter(|test| {
            left.get_mut(test["id"].as_str().unwrap()).is_some_and(|count| {
                let some = *count > 0;
                *count = count.saturating_sub(1);
                some
            })
        })
        .count()
}

/// Each thing that discovery says and pytest does not, as a line.
pub(crate) fn compare(catalog: &Catalog, tests: &[Json]) -> Vec<String> {
    let mut differences = Vec::new();
    // Each exact case takes one of pytest's tests of its id: ids are not unique.
    let mut taken = vec![false; tests.len()];
    let mut last = None;
    for case in catalog.cases.iter().filter(|case| is_exact(case)) {
        let place = (0..tests.len()).find(|place| !taken[*place] && tests[*place]["id"] == case.id.as_str());
        let Some(place) = place else {
            if case.conditions.is_empty() && case.ignored_by.is_none() {
                differences.push(format!("{} is exact, and pytest has no such test", case.id));
            }
            continue;
        };
        taken[place] = true;
        if last.is_some_and(|last| place < last) {
            differences.push(format!("{} stands elsewhere in pytest's order", case.id));
        }
        last = Some(place);
        differences.extend(compare_markers(case, &tests[place]["marks"]));
    }
    for (test, taken) in tests.iter().zip(taken) {
        let id = test["id"].as_str().unwrap();
        let covered = || catalog.cases.iter().any(|case| !is_exact(case) && covers(case, id));
        if !taken && !covered() {
            differences.push(format!("{id} is missing"));
        }
    }
    differences
}

/// An inexact case stands for its function, or for all of its file.
fn covers(case: &TestCase, id: &str) -> bool {
    let function = case.function.as_str();
    let rest = id.strip_prefix(function);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('[') || rest.starts_with("::"))
}

fn compare_markers(case: &TestCase, expected: &Json) -> Option<String> {
    let expected = expected.as_array().unwrap();
    let here = &case.markers.list;
    if case.markers.open.is_some() {
        // What is known must be there in pytest's order; there may be more.
        let mut rest = expected.iter();
        return (!here.iter().all(|marker| rest.any(|expected| same_marker(marker, expected))))
            .then(|| format!("{}: pytest lacks some of {here:?}", case.id));
    }
    let same = here.len() == expected.len()
        && here.iter().zip(expected).all(|(marker, expected)| same_marker(marker, expected));
    (!same).then(|| {
        let here: Vec<String> = here.iter().map(ToString::to_string).collect();
        format!("{}: markers are {}, here {}", case.id, Json::from(expected.clone()), here.join(" "))
    })
}

fn same_marker(marker: &Marker, expected: &Json) -> bool {
    let args = expected["args"].as_array().unwrap();
    let kwargs = expected["kwargs"].as_object().unwrap();
    expected["name"] == marker.name.as_str()
        && marker.args.len() == args.len()
        && marker.args.iter().zip(args).all(|(here, expected)| same_value(here, expected))
        && marker.kwargs.len() == kwargs.len()
        && marker
            .kwargs
            .iter()
            .zip(kwargs)
            .all(|((name, here), (expected_name, expected))| name == expected_name && same_value(here, expected))
}

/// Where one side is no literal, there is nothing to hold the other against.
fn same_value(here: &Value, expected: &Json) -> bool {
    if expected.get("expr").is_some() {
        return true;
    }
    let same_items = |items: &[Value], expected: &Json| {
        expected.as_array().is_some_and(|expected| {
            items.len() == expected.len()
                && items.iter().zip(expected).all(|(here, expected)| same_value(here, expected))
        })
    };
    match here {
        Value::Expr(_) => true,
        Value::None => expected.is_null(),
        Value::Bool(value) => expected == value,
        Value::Int(value) => expected == value,
        Value::Float(value) => expected.is_f64() && expected == value,
        Value::Str(value) => expected == value,
        Value::List(items) => same_items(items, expected),
        Value::Tuple(items) => same_items(items, &expected["tuple"]),
        Value::Dict(items) => expected["dict"].as_object().is_some_and(|expected| {
            items.len() == expected.len()
                && items.iter().all(|(key, value)| {
                    key.as_str().and_then(|key| expected.get(key)).is_some_and(|expected| same_value(value, expected))
                })
        }),
    }
}
