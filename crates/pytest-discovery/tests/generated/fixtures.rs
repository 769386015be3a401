//! Fixture graphs: definitions in conftests, modules and classes that override and request each other, with
//! parameters, scopes, `autouse`, `usefixtures` and parametrization by the tests.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick, some};

const NAMES: [&str; 5] = ["fa", "fb", "fc", "fd", "fe"];

const SCOPES: [&str; 5] = ["function", "class", "module", "package", "session"];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut program = Program::default();
    if chance(rng, 15) {
        program.file("pytest.ini", format!("[pytest]\nusefixtures = {}\n", pick(rng, &NAMES)));
    }
    for (path, percent) in [("conftest.py", 70), ("sub/conftest.py", 40)] {
        if chance(rng, percent) {
            let mut source = Source::default();
            source.line("import pytest");
            definitions(rng, &mut source, "", 40);
            program.file(path, source.into_text());
        }
    }
    program.file("sub/test_inner.py", module(rng));
    if chance(rng, 50) {
        program.file("test_outer.py", module(rng));
    }
    program
}

fn module(rng: &mut Rng) -> String {
    let mut source = Source::default();
    source.line("import pytest");
    if chance(rng, 15) {
        source.line(format!("pytestmark = pytest.mark.usefixtures('{}')", pick(rng, &NAMES)));
    }
    definitions(rng, &mut source, "", 25);
    for number in 0..1 + rng.usize(..3) {
        test(rng, &mut source, &format!("test_{number}"), "");
    }
    if chance(rng, 60) {
        if chance(rng, 30) {
            source.line(format!("@pytest.mark.usefixtures('{}')", pick(rng, &NAMES)));
        }
        source.block("class TestC:", |source| {
            definitions(rng, source, "self", 25);
            test(rng, source, "test_0", "self");
            test(rng, source, "test_1", "self");
        });
        if chance(rng, 40) {
            source.block("class TestD(TestC):", |source| {
                definitions(rng, source, "self", 25);
                test(rng, source, "test_1", "self");
            });
        }
    }
    source.into_text()
}

/// Each name with the given chance, in an order of chance: pytest's is that of the alphabet.
fn definitions(rng: &mut Rng, source: &mut Source, first: &str, percent: u8) {
    for name in some(rng, &NAMES, percent) {
        let mut requested = some(rng, &NAMES, 20);
        // A request of its own name is one of the definition that this one overrides.
        if !chance(rng, 40) {
            requested.retain(|other| *other != name);
        }
        let mut options = Vec::new();
        if chance(rng, 35) {
            options.push(format!("scope='{}'", pick(rng, &SCOPES)));
        }
        if chance(rng, 40) {
            options.push(params(rng, name));
        }
        if chance(rng, 12) {
            options.push("autouse=True".to_owned());
        }
        let mut attribute = name.to_owned();
        if chance(rng, 10) {
            options.push(format!("name='{name}'"));
            attribute = format!("{}_{name}", pick(rng, &["a", "z"]));
        }
        let decorator = if options.is_empty() {
            "@pytest.fixture".to_owned()
        } else {
            format!("@pytest.fixture({})", options.join(", "))
        };
        source.line(decorator);
        source.line(format!("def {attribute}({}): pass", arguments(first, &requested)));
    }
}

fn params(rng: &mut Rng, name: &str) -> String {
    let count = match rng.u8(..12) {
        0 => 0,
        1..4 => 1,
        _ => 2,
    };
    let values: Vec<String> = (0..count)
        .map(|number| match rng.u8(..6) {
            0 => format!("pytest.param({number}, id='{name}-own', marks=pytest.mark.of_{name})"),
            1 => "[1]".to_owned(),
            2 => format!("{number}"),
            _ => format!("'{name}{number}'"),
        })
        .collect();
    let ids = match rng.u8(..8) {
        0 if count > 0 => format!(", ids=['i'{}]", ", None".repeat(count - 1)),
        1 => ", ids=lambda value: f'<{value}>'".to_owned(),
        _ => String::new(),
    };
    format!("params=[{}]{ids}", values.join(", "))
}

fn test(rng: &mut Rng, source: &mut Source, name: &str, first: &str) {
    let mut requested = some(rng, &NAMES, 30);
    if chance(rng, 20) {
        source.line(format!("@pytest.mark.usefixtures({})", quoted(&some(rng, &NAMES, 30))));
    }
    if chance(rng, 25) {
        let direct = pick(rng, &NAMES);
        if !requested.contains(&direct) && chance(rng, 85) {
            requested.push(direct);
        }
        let options = pick(rng, &["", "", ", indirect=True", ", indirect=True, scope='module'", ", ids=['p', 'q']"]);
        source.line(format!("@pytest.mark.parametrize('{direct}', ['{direct}-x', 2]{options})"));
    }
    source.line(format!("def {name}({}): pass", arguments(first, &requested)));
}

fn arguments(first: &str, rest: &[&str]) -> String {
    let first = Some(first).filter(|first| !first.is_empty());
    first.into_iter().chain(rest.iter().copied()).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
