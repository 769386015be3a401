//! The JSON Schema of a policy file, from the table of keys.

use serde_json::{Map, Value, json};

use super::{DOCUMENT, Form, Names, Table, Takes};

/// The schema that policy files are written to, for editors: JSON Schema, draft 2020-12, of the file as JSON. A day may be
/// written as TOML's own date, which tools turn into a string.
///
/// It takes every file that [`Policy::parse`](crate::Policy::parse) takes. What it cannot tell is whether names that a file
/// uses are defined, and whether its entries go together.
#[must_use]
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy for test markers: test-policy.toml",
        "description": "What `cargo xtask` holds the tests of a tree against. Written by `cargo xtask policy schema`.",
    });
    let document = table(&DOCUMENT);
    if let (Some(schema), Value::Object(document)) = (schema.as_object_mut(), document) {
        schema.extend(document);
        // Without anything to build on, a policy has its own.
        schema.insert("anyOf".to_owned(), json!([{ "required": ["extends"] }, { "required": ["categories"] }]));
    }
    schema
}

fn table(of: &Table) -> Value {
    let mut properties = Map::new();
    for key in of.keys {
        properties.insert(key.name.to_owned(), described(value(&key.takes), key.means));
    }
    let mut schema = json!({ "type": "object" });
    if let Some(names) = of.names {
        named(&mut schema, &mut properties, names);
    } else {
        set(&mut schema, "additionalProperties", false.into());
    }
    if !properties.is_empty() {
        set(&mut schema, "properties", properties.into());
    }
    let required: Vec<&str> = of.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        set(&mut schema, "required", required.into());
    }
    schema
}

fn named(schema: &mut Value, properties: &mut Map<String, Value>, names: &Names) {
    let words = names.form.words();
    if words.is_empty() {
        set(schema, "additionalProperties", described(value(&names.takes), names.means));
        // The table's own keys are such names too.
        set(schema, "propertyNames", string(names.form));
        return;
    }
    for (word, meaning) in words {
        properties.insert(word.to_owned(), described(value(&names.takes), meaning));
    }
    set(schema, "additionalProperties", false.into());
}

fn value(takes: &Takes) -> Value {
    match takes {
        Takes::Text(form) => string(*form),
        Takes::Texts(form) => json!({ "type": "array", "items": string(*form), "uniqueItems": true }),
        Takes::Version(version) => json!({ "const": version }),
        Takes::Whole => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Takes::Number => json!({ "type": "number" }),
        Takes::Positive => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Takes::Share => json!({ "type": "number", "minimum": 0, "exclusiveMaximum": 1 }),
        Takes::Flag => json!({ "type": "boolean" }),
        Takes::Day => json!({
            "type": "string",
            "format": "date",
            "pattern": "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$",
        }),
        Takes::Table(inside) => table(inside),
        Takes::Tables(inside) => json!({ "type": "array", "items": table(inside) }),
        Takes::TextOrTable(form, inside) => json!({ "anyOf": [string(*form), table(inside)] }),
        Takes::TextsOrTables(form, inside) => {
            json!({ "type": "array", "items": { "anyOf": [string(*form), table(inside)] } })
        }
    }
}

pub(super) fn string(form: Form) -> Value {
    let words = form.words();
    if !words.is_empty() {
        // A constant each, so that an editor shows what it means.
        let constants: Vec<Value> =
            words.into_iter().map(|(word, meaning)| json!({ "const": word, "description": meaning })).collect();
        return json!({ "type": "string", "oneOf": constants });
    }
    let mut schema = json!({ "type": "string", "minLength": 1 });
    if let Some(pattern) = form.pattern() {
        set(&mut schema, "pattern", pattern.into());
    }
    schema
}

fn described(schema: Value, means: &str) -> Value {
    let mut schema = schema;
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), means.into());
    }
    schema
}

fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
}
