//! Parameters of scopes wider than the function: they regroup the tests of several files by their values.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick, some};

/// Equal values of one type are one group; 1, 1.0 and True are three; what has no hash goes by its place.
const VALUES: [&str; 12] = ["1", "2", "3", "1.0", "True", "'a'", "'b'", "None", "(1, 2)", "[1]", "[2]", "{'k': 1}"];

const FIXTURES: [&str; 4] = ["of_session", "of_package", "of_module", "of_class"];

const SCOPES: [&str; 5] = ["session", "package", "module", "class", "function"];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut program = Program::default();
    let mut conftest = Source::default();
    conftest.line("import pytest");
    for name in FIXTURES {
        let scope = name.trim_start_matches("of_");
        let mut options = format!("scope='{scope}'");
        if chance(rng, 70) {
            options += &format!(", params={}", values(rng));
        }
        let other = pick(rng, &FIXTURES);
        let requested = if chance(rng, 25) && other != name { other } else { "" };
        conftest.line(format!("@pytest.fixture({options})"));
        conftest.line(format!("def {name}({requested}): pass"));
    }
    conftest.line("@pytest.fixture");
    conftest.line("def passed(request): pass");
    program.file("conftest.py", conftest.into_text());
    for path in ["pkg/test_a.py", "pkg/test_b.py", "pkg/sub/test_c.py", "test_d.py"] {
        if chance(rng, 65) || path == "test_d.py" {
            program.file(path, module(rng));
        }
    }
    for folder in ["pkg", "pkg/sub"] {
        if chance(rng, 60) {
            program.file(&format!("{folder}/__init__.py"), "");
        }
    }
    program
}

fn module(rng: &mut Rng) -> String {
    let mut source = Source::default();
    source.line("import pytest");
    if chance(rng, 15) {
        source.line(format!("pytestmark = pytest.mark.usefixtures('{}')", pick(rng, &FIXTURES)));
    }
    if chance(rng, 20) {
        // An override with parameters and a scope of its own.
        source.line(format!("@pytest.fixture(scope='{}', params={})", pick(rng, &SCOPES), values(rng)));
        source.line(format!("def {}(): pass", pick(rng, &FIXTURES)));
    }
    for number in 0..2 + rng.usize(..3) {
        test(rng, &mut source, &format!("test_{number}"), &[]);
    }
    if chance(rng, 50) {
        source.block("class TestC:", |source| {
            for number in 0..1 + rng.usize(..3) {
                test(rng, source, &format!("test_{number}"), &["self"]);
            }
        });
    }
    source.into_text()
}

fn test(rng: &mut Rng, source: &mut Source, name: &str, first: &[&str]) {
    let mut arguments = first.to_vec();
    arguments.extend(some(rng, &FIXTURES, 20));
    for argument in ["x", "y"] {
        if chance(rng, 30) {
            let scope = pick(rng, &SCOPES);
            source.line(format!("@pytest.mark.parametrize('{argument}', {}, scope='{scope}')", values(rng)));
            arguments.push(argument);
        }
    }
    if chance(rng, 10) {
        source.line(format!("@pytest.mark.parametrize('passed', {}, indirect=True, scope='module')", values(rng)));
        arguments.push("passed");
    } else if chance(rng, 10) && !arguments.contains(&"of_module") {
        // Without a scope of its own it is the fixture's.
        source.line(format!("@pytest.mark.parametrize('of_module', {}, indirect=['of_module'])", values(rng)));
        arguments.push("of_module");
    }
    source.line(format!("def {name}({}): pass", arguments.join(", ")));
}

fn values(rng: &mut Rng) -> String {
    let values: Vec<&str> = (0..1 + rng.usize(..3)).map(|_| pick(rng, &VALUES)).collect();
    format!("[{}]", values.join(", "))
}
