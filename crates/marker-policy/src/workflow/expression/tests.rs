use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn inputs(values: &[(&str, Value)], more: bool) -> Contexts {
    let entries = values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let mut contexts = Contexts::default();
    contexts.set("inputs", Object { entries, more: more.then(|| "inputs".into()) }.into());
    contexts
}

fn value_of(expression: &str) -> Value {
    let values = [
        ("text", Value::text("Vllm")),
        ("list", list([Value::Number(1.0), Value::text("B")])),
        ("yes", Value::Bool(true)),
    ];
    Expression::parse(expression).expect("parses").evaluate(&inputs(&values, false))
}

/// As people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => format!("'{text}'"),
        Value::Unknown(Unknown { source, truth: None, .. }) => format!("? {source}"),
        Value::Unknown(Unknown { source, truth: Some(truth), .. }) => format!("? {source} ({truth})"),
        other => other.to_text().expect("is known").to_string(),
    }
}

#[test]
fn expressions_are_what_github_says() {
    let cases = [
        // Operators give their operands.
        ("'a' && 'b'", "'b'"),
        ("'' && 'b'", "''"),
        ("'' || 0 || 'c' || 'd'", "'c'"),
        ("inputs.yes && format('({0}) and x', inputs.text) || inputs.text", "'(Vllm) and x'"),
        ("!inputs.yes || !''", "true"),
        ("1 < 2 == true", "true"),
        // Loose comparison.
        ("'VLLM' == inputs.text", "true"),
        ("null == ''", "true"),
        ("null == 0", "true"),
        ("true == 1", "true"),
        ("'0x10' == 16", "true"),
        ("' 1.50 ' == 1.5", "true"),
        ("'a' == 0", "false"),
        ("'' == false", "true"),
        ("'true' == true", "false"),
        ("'b' > 'A'", "true"),
        ("'a' >= 1", "false"),
        ("inputs.list == 1", "false"),
        // Members.
        ("inputs.TEXT", "'Vllm'"),
        ("inputs['text']", "'Vllm'"),
        ("inputs.none", "null"),
        ("inputs.none.deeper", "null"),
        ("inputs.list[1]", "'B'"),
        ("inputs.list[2]", "null"),
        ("fromJSON('{\"a\": [true]}').a[0]", "true"),
        // Functions.
        ("contains(inputs.text, 'LL')", "true"),
        ("contains(inputs.list, 'b')", "true"),
        ("contains(inputs.list, '1')", "true"),
        ("contains(inputs.list, 'x')", "false"),
        ("startsWith('13.0', 13)", "true"),
        ("endsWith('x', '')", "true"),
        ("format('{{{0}}} {1}', 1.0, true)", "'{1} true'"),
        ("join(inputs.list)", "'1,B'"),
        ("join(inputs.list, ' or ')", "'1 or B'"),
        ("join('x')", "'x'"),
        ("fromJSON('[\"amd64\"]')[0]", "'amd64'"),
        ("toJSON('a')", "'\"a\"'"),
        ("case(false, 'a', inputs.yes, 'b', 'c')", "'b'"),
        ("always()", "true"),
        // Numbers as text.
        ("format('{0}', 13.0)", "'13'"),
        ("format('{0}', 3.10)", "'3.1'"),
        ("format('{0}', 0.1)", "'0.1'"),
        ("format('{0}', -2.5)", "'-2.5'"),
        ("format('{0}', 123456789.123456789)", "'123456789.123457'"),
        // What only CI knows.
        ("secrets.X", "? secrets.X"),
        ("vars.X == 'a'", "? vars.X == 'a'"),
        ("needs.changed-files.outputs.rust", "? needs.changed-files.outputs.rust"),
        ("needs.*.result", "? needs.*.result"),
        ("success()", "? success()"),
        ("!cancelled() && inputs.none", "? !cancelled() && inputs.none (false)"),
        ("secrets.X && false", "? secrets.X && false (false)"),
        ("!(secrets.X && false)", "true"),
        ("secrets.X || 'a'", "? secrets.X || 'a' (true)"),
        ("false && secrets.X", "false"),
        ("true || secrets.X", "true"),
        ("contains(fromJSON(vars.LIST), 'a')", "? contains(fromJSON(vars.LIST), 'a')"),
        ("inputs.list == inputs.list", "? inputs.list == inputs.list"),
        ("format('{0', 1)", "? format('{0', 1)"),
        ("'ä' == 'Ä'", "? 'ä' == 'Ä'"),
        ("hashFiles('**/Cargo.lock')", "? hashFiles('**/Cargo.lock')"),
    ];
    for (expression, expected) in cases {
        assert_eq!(shown(&value_of(expression)), expected, "{expression}");
    }
}

#[test]
fn what_github_refuses_is_refused() {
    for text in ["", "a b", "'a", "foo()", "contains('a')", "a &", "1.2.3", "\"a\"", "(", "a["] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}

#[test]
fn hostile_expressions_end() {
    for text in ["(", "!", "a[", "a.", "fromJSON(", "a&&", "a==", "1<", "''"] {
        for count in [49, 99, 6_000, 100_000] {
            if let Ok(expression) = Expression::parse(&format!("{}1", text.repeat(count))) {
                expression.evaluate(&Contexts::default());
            }
            let closed =
                format!("{}1{}", text.repeat(count), if text.ends_with('[') { "]" } else { ")" }.repeat(count));
            let _ = Expression::parse(&closed);
        }
    }
}

fn literal() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "''",
        "'a'",
        "'A'",
        "'ab'",
        "'1'",
        "'0'",
        "'true'",
        "'[1, \"a\"]'",
        "0",
        "1",
        "1.5",
        "true",
        "false",
        "null",
        "'{0}-{1}'",
        "'ä'",
    ])
    .prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => literal(),
        3 => prop::sample::select(NAMES.to_vec()).prop_map(|name| format!("inputs.{name}")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (two.clone(), prop::sample::select(vec!["&&", "||", "==", "!=", "<", "<=", ">", ">="]))
                .prop_map(|((left, right), operator)| format!("({left}) {operator} ({right})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) && ({b}) || ({c})")),
            inner.clone().prop_map(|of| format!("!({of})")),
            inner.clone().prop_map(|of| format!("fromJSON({of})")),
            inner.clone().prop_map(|of| format!("toJSON({of})")),
            inner.clone().prop_map(|of| format!("({of})[0]")),
            (two.clone(), prop::sample::select(vec!["contains", "startsWith", "endsWith", "join", "format"]))
                .prop_map(|((left, right), name)| format!("{name}({left}, {right})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("case({a}, {b}, {c})")),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::Number(0.0),
        Value::Number(1.0),
        Value::text(""),
        Value::text("a"),
        Value::text("AB"),
        Value::text("Ä"),
        list([Value::Number(1.0), Value::text("a")]),
        object([("a".into(), Value::text("b"))]),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// Whatever an unknown part turns out to be, what was said to be known stays right.
    #[test]
    fn unknown_is_sound(
        text in expression(),
        values in prop::array::uniform3(value()),
        known in prop::array::uniform3(any::<bool>()),
    ) {
        let expression = Expression::parse(&text).expect("is an expression");
        let all: Vec<_> = NAMES.into_iter().zip(values).collect();
        let some: Vec<_> = all.iter().zip(known).filter(|(_, known)| *known).map(|(entry, _)| entry.clone()).collect();
        let truth = expression.evaluate(&inputs(&all, false));
        match expression.evaluate(&inputs(&some, true)) {
            Value::Unknown(Unknown { truth: Some(said), .. }) => {
                prop_assert!(truth.truth().is_none_or(|truth| truth == said), "{text}: {truth:?}");
            }
            Value::Unknown(_) => {}
            said => prop_assert!(matches!(truth, Value::Unknown(_)) || truth == said, "{text}: {said:?}, {truth:?}"),
        }
    }

    #[test]
    fn any_text_is_an_expression_or_refused(text in ".{0,40}|[a-c0-9'(),.!&|=<>\\[\\]* ]{0,40}") {
        if let Ok(expression) = Expression::parse(&text) {
            expression.evaluate(&Contexts::default());
        }
    }
}
