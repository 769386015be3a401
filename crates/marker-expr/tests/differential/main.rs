//! The crate held against the installed pytest: what is selected, the message of every error, and its column.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod generator;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use generator::Generator;
use marker_expr::{Atom, ErrorKind, Expr, KeywordExpr, Keywords, MarkExpr, ParseError, Truth, Value};
use serde_json::{Value as Json, json};

const CASES: usize = 100_000;
const SEED: u64 = 20_260_801;

#[test]
fn verdict_message_and_column_are_those_of_pytest() {
    let mut generator = Generator::new(SEED);
    let cases: Vec<Json> = (0..CASES)
        .map(|index| match index % 5 {
            // pytest stops at the first test that reaches call parameters, so that one test a case says most.
            0 => json!({"option": "-k", "text": generator.text(), "tests": [generator.test()]}),
            _ => {
                let tests: Vec<Json> = (0..2).map(|_| generator.test()).collect();
                json!({"option": "-m", "text": generator.text(), "tests": tests})
            }
        })
        .collect();
    let answers = pytests_answers(&cases);

    let (mut valid, mut erroneous, mut crashing, mut selected) = (0, 0, 0, 0);
    let mut differing = Vec::new();
    for (case, pytests) in cases.iter().zip(&answers) {
        if answer(case) != comparable(pytests) {
            differing.push(format!("{case}\n  pytest: {pytests}\n  here:   {}", answer(case)));
        }
        if let Some(tests) = pytests["selected"].as_array() {
            valid += 1;
            selected += tests.iter().filter(|test| **test == json!(true)).count();
        } else if pytests["error"].is_string() {
            erroneous += 1;
        } else {
            crashing += 1;
        }
    }
    println!(
        "{CASES} cases: {valid} valid (selecting {selected} tests), {erroneous} with an error, {crashing} that crash \
         pytest; {} differ",
        differing.len()
    );
    assert!(differing.is_empty(), "{}", differing[..differing.len().min(20)].join("\n"));
    // A generator that finds nothing valid, or nothing invalid, would show nothing.
    assert!(valid > CASES / 3 && erroneous > CASES / 5 && crashing > 100 && selected > CASES / 5);
}

fn pytests_answers(cases: &[Json]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/oracle.py");
    let mut pytest =
        Command::new(oracle::python()).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = pytest.stdin.take().unwrap();
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = pytest.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers: Vec<Json> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// pytest's answer; of a crash only that it is one.
fn comparable(pytests: &Json) -> Json {
    if pytests["crash"].is_string() { json!("crash") } else { pytests.clone() }
}

/// This crate's answer, as the oracle would put it.
fn answer(case: &Json) -> Json {
    let text = case["text"].as_str().unwrap();
    let tests = case["tests"].as_array().unwrap();
    if case["option"] == "-m" {
        match MarkExpr::parse(text) {
            Err(error) => refusal("-m", &error),
            Ok(option) => {
                assert_prints_back(option.expr());
                let selected: Vec<bool> = tests.iter().map(|test| is_marked(&option, test)).collect();
                json!({"selected": selected})
            }
        }
    } else {
        match KeywordExpr::parse(text) {
            Err(error) => refusal("-k", &error),
            Ok(option) => {
                assert_prints_back(option.expr());
                let names = tests[0]["names"].as_array().unwrap().iter();
                let marks = tests[0]["marks"].as_array().unwrap().iter().map(|mark| &mark[0]);
                let keywords = Keywords::new(names.chain(marks).map(|name| name.as_str().unwrap()));
                match option.evaluate(&mut |word| Truth::from(keywords.contain(word))) {
                    Ok(truth) => json!({"selected": [truth == Truth::Yes]}),
                    Err(error) => json!({"error": error.to_string()}),
                }
            }
        }
    }
}

fn refusal(option: &str, error: &ParseError) -> Json {
    let text = match error.kind() {
        ErrorKind::Crash => return json!("crash"),
        ErrorKind::Compiler => "None",
        _ => error.text(),
    };
    let (column, message) = (error.column(), error.message());
    json!({"error": format!("Wrong expression passed to '{option}': {text}: at column {column}: {message}")})
}

fn assert_prints_back(expr: Option<&Expr>) {
    if let Some(expr) = expr {
        assert_eq!(&Expr::parse(&expr.to_string()).unwrap(), expr);
    }
}

fn is_marked(option: &MarkExpr, test: &Json) -> bool {
    let satisfies = |atom: &Atom| {
        test["marks"].as_array().unwrap().iter().any(|mark| {
            let has =
                |key: &str, value: &Value| Truth::from(mark[1].get(key).is_some_and(|given| equals(given, value)));
            atom.matches_mark(mark[0].as_str().unwrap(), has) == Truth::Yes
        })
    };
    option.evaluate(&mut |atom| Truth::from(satisfies(atom))) == Truth::Yes
}

fn equals(given: &Json, value: &Value) -> bool {
    match given {
        Json::Null => value.python_eq(&Value::None),
        Json::Bool(given) => value.python_eq(&Value::from(*given)),
        Json::String(given) => value.python_eq(&Value::from(given.as_str())),
        Json::Number(given) => match given.as_i64() {
            Some(given) => value.python_eq(&Value::from(given)),
            None => value.python_eq_float(given.as_f64().unwrap()),
        },
        Json::Array(_) | Json::Object(_) => unreachable!("the generator makes none"),
    }
}
