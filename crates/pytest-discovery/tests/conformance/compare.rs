//! A catalog beside what pytest recorded.

use serde_json::Value as Json;
use test_catalog::comparison::pytest::{Comparison, Listed, ListedMarker, compare};
use test_catalog::{Catalog, NodeId, Value};

/// How the catalog compares with the recorded tests. Nothing is left out: where pytest fails, there must be nothing.
pub(crate) fn compared(catalog: &Catalog, tests: &[Json]) -> Comparison {
    let listed: Vec<Listed> = tests.iter().map(listed).collect();
    compare(catalog, &listed, &[])
}

/// Each thing that discovery says and pytest does not, as a line.
pub(crate) fn lines(comparison: &Comparison) -> Vec<String> {
    let invented = comparison.invented.iter().map(|case| format!("{} is exact, and pytest has no such test", case.id));
    let moved = comparison.moved.iter().map(|moved| format!("{} stands elsewhere in pytest's order", moved.case.id));
    let markers = comparison.markers.iter().map(|other| {
        let (id, missing, invented) = (&other.case.id, other.missing.join(", "), other.invented.join(", "));
        format!("{id} has other markers: only pytest has [{missing}], only discovery [{invented}]")
    });
    let missing = comparison.missing.iter().map(|id| format!("{id} is missing"));
    invented.chain(moved).chain(markers).chain(missing).collect()
}

fn listed(test: &Json) -> Listed {
    let markers = test["marks"].as_array().unwrap().iter().map(|marker| ListedMarker {
        name: marker["name"].as_str().unwrap().to_owned(),
        args: marker["args"].as_array().unwrap().iter().map(value).collect(),
        kwargs: marker["kwargs"].as_object().unwrap().iter().map(|(name, json)| (name.clone(), value(json))).collect(),
    });
    Listed { id: NodeId::from_text(test["id"].as_str().unwrap()), markers: markers.collect() }
}

/// A literal as `fixtures/pytest/README.md` says it is written.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) if number.is_f64() => Value::Float(number.as_f64().unwrap()),
        // One that 64 bits cannot hold is an expression in a catalog, too.
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Expr(number.to_string()), Value::Int),
        Json::String(text) => Value::Str(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(form) => match form.iter().next().unwrap() {
            (kind, Json::Array(items)) if kind == "tuple" => Value::Tuple(items.iter().map(value).collect()),
            (kind, Json::Object(items)) if kind == "dict" => {
                Value::Dict(items.iter().map(|(key, json)| (Value::Str(key.clone()), value(json))).collect())
            }
            (_, text) => Value::Expr(text.as_str().unwrap().to_owned()),
        },
    }
}
