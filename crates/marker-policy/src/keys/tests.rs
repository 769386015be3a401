//! The table of keys held against its three readers: what is checked, the schema, and what the policy makes of a key.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::select;
use proptest::test_runner::Config;
use toml::Value;
use toml::de::DeTable;

use super::{DOCUMENT, Form, Names, Table, Takes, check, schema};
use crate::document::Mistakes;
use crate::effective::Effective;
use crate::policy::{Policy, RuleLevel};
use crate::rules;

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&schema()).expect("it is a schema"));

/// What strings of all forms are made of.
const PARTS: [&str; 33] = [
    "a",
    "test_",
    "Z",
    "_",
    "é",
    "x\u{301}",
    "²",
    "·",
    "1",
    "0",
    "60",
    "1000000000",
    " ",
    "  ",
    "s",
    "min",
    "h",
    "/",
    ".",
    "..",
    "-",
    "*",
    "?",
    "\\",
    "{",
    "}",
    "{component}",
    "{flow}",
    "{name}",
    "[",
    "::",
    "\n",
    "\t",
];

static PATTERNS: LazyLock<Vec<(Form, jsonschema::Validator)>> = LazyLock::new(|| {
    use Form::{AbsoluteFolder, Any, Duration, FileName, Folder, Marker, Module, Path, Tests};
    let forms = [Any, Marker, Module, Folder, Path, AbsoluteFolder, FileName, Duration, Tests];
    forms.map(|form| (form, jsonschema::draft202012::new(&super::schema::string(form)).unwrap())).into()
});

/// As tools read a policy file: JSON has no dates.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Datetime(time) => time.to_string().into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(entries) => {
            serde_json::Value::Object(entries.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
    }
}

fn mistakes_of_keys(text: &str) -> Vec<String> {
    let mistakes = Mistakes::new(text);
    check(&DeTable::parse(text).unwrap(), &mistakes);
    mistakes.into_list().into_iter().map(|mistake| mistake.message).collect()
}

fn schema_takes(document: &toml::Table) -> bool {
    SCHEMA.is_valid(&json(&Value::Table(document.clone())))
}

fn own_policy() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-policy.toml")).unwrap()
}

/// Policies that people have.
fn policies() -> Vec<(String, String)> {
    let presets = Policy::preset_names().map(|name| (name.to_owned(), Policy::preset_text(name).unwrap().to_owned()));
    presets.chain([("test-policy.toml".to_owned(), own_policy())]).collect()
}

#[test]
fn the_schema_takes_every_preset_and_this_repository_s_policy() {
    for (name, text) in policies() {
        assert!(schema_takes(&text.parse().unwrap()), "{name}");
    }
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

/// A source of choices that proptest can shrink.
struct Choices<'x> {
    numbers: &'x [u32],
    at: usize,
}

impl Choices<'_> {
    fn below(&mut self, end: usize) -> usize {
        let number = self.numbers.get(self.at).copied().unwrap_or(0) as usize;
        self.at += 1;
        number % end.max(1)
    }

    fn one<'o, T>(&mut self, of: &'o [T]) -> &'o T {
        &of[self.below(of.len())]
    }

    /// One in so many.
    fn rarely(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }
}

const TEXTS: [&str; 58] = [
    "unit",
    "",
    "a",
    "pre_merge",
    "gpu_1",
    "2x",
    "a b",
    "é",
    "_x",
    "x-y",
    "ª",
    "²",
    "x²",
    "tests",
    "tests/{component}/x",
    "{component}",
    "{component}/{component}",
    "../x",
    "..",
    "..a",
    "...",
    ".a",
    ".",
    "./a",
    "a/.",
    "a//b",
    "/abs",
    "/",
    "a/",
    "*.py",
    "a*",
    "a\\b",
    "test_{component}_{flow}.py",
    "{component}{flow}",
    "a/{component}_{flow}",
    "{flow}",
    "5 min",
    "5min",
    "05  h",
    "5 m",
    " 5 s",
    "5 s ",
    "999999999 h",
    "1000000000 s",
    "always",
    "error",
    "off",
    "missing-type",
    "dynamo-2025-10",
    "dynamo",
    "number",
    "suite",
    "2027-01-31",
    "2027-13-01",
    "27-1-1",
    "tests/**/a.py::T[x]",
    "a\nb",
    "a\u{7f}",
];

fn any_value(choices: &mut Choices<'_>) -> Value {
    match choices.below(8) {
        0 => Value::Integer(*choices.one(&[0, 1, 2, -1, i64::from(u32::MAX), i64::from(u32::MAX) + 1, i64::MAX])),
        // What is whole is not told from an integer in JSON.
        1 => Value::Float(*choices.one(&[0.15, 0.999, 1.5, -0.5, 1e-300])),
        2 => Value::Boolean(choices.rarely(2)),
        3 => Value::Array(vec![any_text(choices), any_text(choices)]),
        4 => Value::Array(vec![Value::Table(toml::Table::new()), any_text(choices)]),
        5 => Value::Table([(choices.one(&TEXTS).to_string(), any_text(choices))].into_iter().collect()),
        _ => any_text(choices),
    }
}

fn any_text(choices: &mut Choices<'_>) -> Value {
    Value::String((*choices.one(&TEXTS)).to_owned())
}

fn text_of(form: Form, choices: &mut Choices<'_>) -> Value {
    let words = form.words();
    if words.is_empty() || choices.rarely(8) {
        return any_text(choices);
    }
    Value::String(choices.one(&words).0.to_owned())
}

fn value_of(takes: &Takes, choices: &mut Choices<'_>) -> Value {
    if choices.rarely(12) {
        return any_value(choices);
    }
    match takes {
        Takes::Text(form) => text_of(*form, choices),
        Takes::Texts(form) => (0..choices.below(4)).map(|_| text_of(*form, choices)).collect::<Vec<_>>().into(),
        Takes::Version(version) => Value::Integer(i64::from(*version) + i64::from(choices.rarely(8))),
        Takes::Whole => Value::Integer(*choices.one(&[0, 1, 2, 8])),
        Takes::Number | Takes::Positive | Takes::Share => {
            [Value::Integer(0), Value::Float(0.5), Value::Integer(24)][choices.below(3)].clone()
        }
        Takes::Flag => Value::Boolean(choices.rarely(2)),
        Takes::Day if choices.rarely(2) => Value::Datetime("2027-03-31".parse().unwrap()),
        Takes::Day => Value::String((*choices.one(&["2027-03-31", "2028-02-29", "soon"])).to_owned()),
        Takes::Table(table) => Value::Table(table_of(table, choices)),
        Takes::Tables(table) => (0..choices.below(3)).map(|_| table_of(table, choices)).collect::<Vec<_>>().into(),
        Takes::TextOrTable(form, _) if choices.rarely(2) => text_of(*form, choices),
        Takes::TextOrTable(_, table) => Value::Table(table_of(table, choices)),
        Takes::TextsOrTables(form, table) => {
            let mut item = || {
                if choices.rarely(2) { text_of(*form, choices) } else { Value::Table(table_of(table, choices)) }
            };
            Value::Array(vec![item(), item()])
        }
    }
}

fn table_of(table: &Table, choices: &mut Choices<'_>) -> toml::Table {
    let mut found = toml::Table::new();
    for key in table.keys {
        // What is needed is nearly always there.
        if if key.required { !choices.rarely(16) } else { choices.rarely(3) } {
            found.insert(key.name.to_owned(), value_of(&key.takes, choices));
        }
    }
    if let Some(Names { form, takes, .. }) = table.names {
        for _ in 0..choices.below(3) {
            let Value::String(name) = text_of(*form, choices) else { continue };
            found.insert(name, value_of(takes, choices));
        }
    }
    if choices.rarely(20) {
        found.insert(choices.one(&TEXTS).to_string(), any_value(choices));
    }
    found
}

/// Changes one value of a document, removes it, or gives it another key.
fn mutate(found: &mut toml::Table, choices: &mut Choices<'_>) {
    let keys: Vec<String> = found.keys().cloned().collect();
    if keys.is_empty() {
        return;
    }
    let key = choices.one(&keys).clone();
    let deeper = |value: &mut Value| match value {
        Value::Table(_) => true,
        Value::Array(items) => items.iter().any(Value::is_table),
        _ => false,
    };
    let value = found.get_mut(&key).unwrap();
    if deeper(value) && !choices.rarely(5) {
        match value {
            Value::Table(inside) => mutate(inside, choices),
            Value::Array(items) => {
                let index = choices.below(items.len());
                if let Value::Table(inside) = &mut items[index] {
                    mutate(inside, choices);
                }
            }
            _ => {}
        }
        return;
    }
    match choices.below(4) {
        0 => drop(found.remove(&key)),
        1 => {
            let value = found.remove(&key).unwrap();
            found.insert(choices.one(&TEXTS).to_string(), value);
        }
        _ => *value = any_value(choices),
    }
}

/// A policy of people with some values changed, or one made of the table itself.
fn any_document(choices: &mut Choices<'_>) -> toml::Table {
    let policies = policies();
    let which = choices.below(policies.len() * 2);
    let Some((_, text)) = policies.get(which) else { return table_of(&DOCUMENT, choices) };
    let mut document: toml::Table = text.parse().unwrap();
    for _ in 0..choices.below(4) {
        mutate(&mut document, choices);
    }
    document
}

proptest! {
    #![proptest_config(Config { cases: 1_500, failure_persistence: None, ..Config::default() })]

    /// What the schema rejects, the parser rejects; what the parser rejects by looking at one key, the schema rejects.
    #[test]
    fn the_schema_takes_what_is_right_key_by_key(numbers in vec(any::<u32>(), 0..400)) {
        let document = any_document(&mut Choices { numbers: &numbers, at: 0 });
        let text = toml::to_string(&document).unwrap();
        let mistakes = mistakes_of_keys(&text);
        assert_eq!(schema_takes(&document), mistakes.is_empty(), "{mistakes:#?} in\n{text}");
    }

    /// The pattern of a form matches the strings that are written so, and no others.
    #[test]
    fn the_pattern_of_each_form_is_exact(parts in vec(select(&PARTS[..]), 0..7)) {
        let text = parts.concat();
        for (form, pattern) in &*PATTERNS {
            assert_eq!(pattern.is_valid(&text.as_str().into()), form.takes(&text), "{text:?} as {form:?}");
        }
    }

    /// What applies in the end is a policy file that says the same.
    #[test]
    fn what_is_shown_of_a_policy_reads_as_that_policy(numbers in vec(any::<u32>(), 0..400)) {
        let document = any_document(&mut Choices { numbers: &numbers, at: 0 });
        let text = toml::to_string(&document).unwrap();
        if let Ok(policy) = Policy::parse("p", &text) {
            same_when_read_again(&policy);
        }
    }
}

fn same_when_read_again(policy: &Policy) {
    let shown = Effective::of(policy).text();
    let again = Policy::parse("p", &shown).unwrap_or_else(|mistakes| panic!("{mistakes}\n{shown}"));
    assert_eq!(plain(again), plain(policy.clone()), "{shown}");
    assert!(schema_takes(&shown.parse().unwrap()), "{shown}");
}

/// Without what differs between a policy that builds on another and one that says all: places, and what is as if it were
/// not written.
fn plain(mut policy: Policy) -> Policy {
    policy.origins = Default::default();
    policy.exemptions.iter_mut().for_each(|exemption| exemption.line = 0);
    policy.ci.actions.iter_mut().for_each(|action| action.line = 0);
    policy.ci.lanes.iter_mut().for_each(|lane| lane.line = 0);
    for category in crate::Category::ALL {
        policy.categories.entry(category).or_default();
    }
    for kind in ["unit", "integration", "doc", "example", "bench"] {
        policy.rust.by_kind.entry(kind).or_default();
    }
    for rule in rules::ALL {
        policy.rules.entry(rule.code).or_insert(RuleLevel::On(rule.severity));
    }
    policy
}

#[test]
fn what_is_shown_of_every_preset_reads_as_that_preset() {
    for (name, text) in policies() {
        same_when_read_again(&Policy::parse(&name, &text).unwrap());
    }
}

#[test]
fn what_the_schema_cannot_tell() {
    // Everything else that the schema takes and the parser rejects is about names and entries beside each other.
    for (what, line) in [
        ("JSON has no dates of its own", "name = 2027-03-31"),
        ("JSON has no whole numbers of their own", "hardware.h100.gpus = 2.0"),
        (
            "a pattern does not know how long a month is",
            "exemptions = [{ rules = [], tests = [], owner = \"a\", reason = \"b\", expires = \"2027-02-30\" }]",
        ),
    ] {
        let text = format!("extends = \"dynamo-2025-10\"\n{line}\n");
        assert!(schema_takes(&text.parse().unwrap()), "{what}");
        assert_eq!(mistakes_of_keys(&text).len(), 1, "{what}");
    }
}

/// Where a table is in a document.
#[derive(Clone)]
enum Step {
    Key(String),
    First,
}

fn table_at<'d>(document: &'d mut toml::Table, path: &[Step]) -> &'d mut toml::Table {
    let mut table = document;
    let mut steps = path.iter().peekable();
    while let Some(step) = steps.next() {
        let Step::Key(key) = step else { unreachable!("a list is in a table") };
        let mut value = table.entry(key.clone()).or_insert_with(|| Value::Table(toml::Table::new()));
        if let Some(Step::First) = steps.peek() {
            steps.next();
            value = value.as_array_mut().unwrap().first_mut().unwrap();
        }
        table = value.as_table_mut().unwrap();
    }
    table
}

fn example(text: &str) -> Value {
    format!("x = {text}").parse::<toml::Table>().unwrap_or_else(|error| panic!("{text}: {error}")).remove("x").unwrap()
}

type Outcome = Result<Policy, Vec<crate::PolicyMistake>>;

fn outcome(document: &toml::Table) -> Outcome {
    let text = toml::to_string(document).unwrap();
    Policy::parse("p", &text).map(plain).map_err(|errors| errors.mistakes)
}

/// Each key with its example, in the example of what it stands in.
fn each_key(table: &Table, path: &[Step], base: &toml::Table, visit: &mut dyn FnMut(&str, &toml::Table, &toml::Table)) {
    for key in table.keys {
        let mut without = base.clone();
        table_at(&mut without, path).remove(key.name);
        let mut with = without.clone();
        table_at(&mut with, path).insert(key.name.to_owned(), example(key.example));
        visit(&format!("{}: {}", key.name, key.means), &with, &without);
        below(&key.takes, key.name, path, &with, visit);
    }
    let Some(names) = table.names else { return };
    let entries: toml::Table = names.example.parse().unwrap();
    for (name, value) in entries {
        let mut without = base.clone();
        table_at(&mut without, path).remove(&name);
        let mut with = without.clone();
        table_at(&mut with, path).insert(name.clone(), value);
        visit(&name, &with, &without);
        below(&names.takes, &name, path, &with, visit);
    }
}

fn below(
    takes: &Takes,
    name: &str,
    path: &[Step],
    base: &toml::Table,
    visit: &mut dyn FnMut(&str, &toml::Table, &toml::Table),
) {
    let Some(inside) = takes.table() else { return };
    let mut path = path.to_vec();
    path.push(Step::Key(name.to_owned()));
    if matches!(takes, Takes::Tables(_) | Takes::TextsOrTables(..)) {
        path.push(Step::First);
    }
    each_key(inside, &path, base, visit);
}

#[test]
fn every_key_has_an_example_and_changes_something() {
    let base: toml::Table = "extends = \"dynamo-2025-10\"".parse().unwrap();
    let mut visited = 0;
    let (mut idle, mut busy) = (BTreeSet::new(), BTreeSet::new());
    each_key(&DOCUMENT, &[], &base, &mut |name, with, without| {
        visited += 1;
        let text = toml::to_string(with).unwrap();
        assert_eq!(mistakes_of_keys(&text), [""; 0], "{name} in\n{text}");
        assert!(schema_takes(with), "{name} in\n{text}");
        if outcome(with) == outcome(without) {
            idle.insert(name.to_owned());
        } else {
            busy.insert(name.to_owned());
        }
    });
    // A key of several tables does nothing where it says what is so already.
    let idle: Vec<&String> = idle.difference(&busy).collect();
    // The version that every file may name is the only one.
    assert_eq!(idle, ["version: The version of this format."]);
    assert!(visited > 120, "{visited}");
}

#[test]
fn every_entry_of_the_document_has_an_example_that_is_a_policy() {
    for key in DOCUMENT.keys {
        let mut document: toml::Table = "extends = \"dynamo-2025-10\"".parse().unwrap();
        document.insert(key.name.to_owned(), example(key.example));
        outcome(&document).unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", key.name));
    }
}
