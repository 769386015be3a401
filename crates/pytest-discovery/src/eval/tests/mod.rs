//! Evaluation held against Python itself: what it calls known has the same `repr` and the same id in real Python.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod generate;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;

use camino::Utf8PathBuf;
use serde_json::Value as Json;

use super::value::Value;
use super::{Frame, Interpreter};
use crate::collect::ids;
use crate::config::{Config, Invocation};
use crate::imports::Imports;
use crate::read::Texts;
use crate::sources::Sources;
use crate::syntax::ast::Range;
use crate::{PytestVersion, PythonVersion};

/// What a program is evaluated to: the exception that ends it, and each name's `repr` and id, where they are known.
struct Evaluated {
    raised: Option<String>,
    names: Vec<(String, Option<String>, Option<String>)>,
    open: bool,
}

fn evaluate(text: &str) -> Evaluated {
    let folder = tempfile::tempdir().unwrap();
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    let file = tree.join("test_program.py");
    fs::write(&file, text).unwrap();
    let config = Config::locate(&Invocation { tree: tree.clone(), ..Invocation::default() }).unwrap();
    let imports = Imports::new(&config, &tree, [file.as_path()].into_iter(), Arc::default());
    let env = BTreeMap::new();
    let sources = Sources::new(&tree, PythonVersion::default(), Texts::Dropped, Arc::default());
    let mut interpreter = Interpreter::new(&tree, &imports, &sources, PythonVersion::default(), &env);
    let module = interpreter.module(&file).unwrap_or_else(|problem| panic!("{problem:?} in {text}"));
    let frame = Frame { scope: module.scope.clone(), module: module.clone() };
    let bindings: Vec<_> =
        module.scope.names.borrow().iter().map(|(name, binding)| (name.to_string(), binding.clone())).collect();
    let names = bindings
        .into_iter()
        .map(|(name, binding)| {
            if binding.doubt.is_some() {
                return (name, None, None);
            }
            let shown = interpreter.on_behalf(|inner| {
                let text = inner.text(&binding.value, true, &frame, Range { start: 0, end: 0 });
                text.map_or(Value::None, Value::str)
            });
            let id = ids::auto(&mut interpreter, &binding.value, "x", 0, PytestVersion::REFERENCE).ok();
            (name, shown.as_str().map(str::to_owned), id)
        })
        .collect();
    let raised = module.ended.borrow().as_ref().map(|raised| raised.class.to_string());
    let open = module.open.borrow().is_some();
    Evaluated { raised, names, open }
}

/// Evaluates programs here and runs them in Python; gives how many names are known, of how many.
fn compare(programs: &[String]) -> (usize, usize, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("programs.json");
    fs::write(&list, serde_json::to_string(programs).unwrap()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/eval/tests/oracle.py");
    let output = Command::new(oracle::python()).arg(script).arg(&list).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: Vec<(Option<String>, BTreeMap<String, Json>)> = serde_json::from_slice(&output.stdout).unwrap();
    let (mut known, mut all) = (0, 0);
    let mut wrong = Vec::new();
    for (index, (program, (raised, names))) in programs.iter().zip(&expected).enumerate() {
        if raised.as_deref() == Some("TookTooLong") {
            continue;
        }
        let found = evaluate(program);
        if found.raised.is_some() && found.raised != *raised && !found.open {
            wrong.push(format!("program {index}: ends by {:?}, in Python by {raised:?}", found.raised));
        }
        for (name, value) in names {
            // An operator that raises is not known, by design.
            let error = value[1].as_str().is_some_and(|id| id.ends_with("Error"));
            if name.starts_with('v') && !error {
                all += 1;
                let here = found.names.iter().find(|(one, ..)| one == name);
                known += usize::from(here.is_some_and(|(_, shown, id)| shown.is_some() || id.is_some()));
            }
            let Some((_, shown, id)) = found.names.iter().find(|(one, ..)| one == name) else {
                if raised.is_none() && !found.open && found.raised.is_none() {
                    wrong.push(format!("program {index}: `{name}` is not bound; in Python it is {value}"));
                }
                continue;
            };
            let same = |known: &Option<String>, real: &Json| match (known, real.as_str()) {
                (Some(known), Some(real)) => known == real,
                _ => true,
            };
            if !same(shown, &value[0]) || !same(id, &value[1]) {
                let line = program.lines().find(|line| line.contains(&format!("{name} = "))).unwrap_or_default();
                wrong.push(format!(
                    "program {index}: `{name}` is {shown:?} with id {id:?}; in Python {value}: {}",
                    line.trim()
                ));
            }
        }
        for (name, shown, _) in &found.names {
            if shown.is_some() && !names.contains_key(name) && raised.is_none() && !name.starts_with("__") {
                wrong.push(format!("program {index}: `{name}` is {shown:?}; in Python it is not bound"));
            }
        }
    }
    (known, all, wrong)
}

#[test]
fn written_programs_come_out_as_in_python() {
    let programs: Vec<String> = include_str!("programs.py").split("# ---\n").map(str::to_owned).collect();
    let (known, all, wrong) = compare(&programs);
    println!("{known} of {all} names of {} programs are known", programs.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(known * 100 >= all * 90, "only {known} of {all} names are known");
}

#[test]
fn generated_programs_come_out_as_in_python() {
    let mut random = fastrand::Rng::with_seed(7);
    let programs: Vec<String> = (0..400).map(|_| generate::program(&mut random)).collect();
    let (known, all, wrong) = compare(&programs);
    println!("{known} of {all} names of {} generated programs are known", programs.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(known * 100 >= all * 30, "only {known} of {all} names are known");
}

#[test]
fn a_hostile_program_ends_soon_and_is_not_known() {
    // With the stack that evaluation has.
    let thread = std::thread::Builder::new().stack_size(crate::syntax::STACK_BYTES).spawn(evaluate_hostile_programs);
    thread.unwrap().join().unwrap();
}

fn evaluate_hostile_programs() {
    let deep = "[".repeat(150) + &"]".repeat(150);
    for text in [
        "v = [i for i in range(10**9)]",
        "v = list(range(10**9))",
        "v = 0\nwhile True:\n    v += 1",
        "def f(n):\n    return g(n + 1)\ndef g(n):\n    return f(n + 1)\nv = f(0)",
        "v = 'x' * 10**9",
        "v = 10**10**10",
        "v = [1]\nfor i in range(100):\n    v += v",
        "v = [1]\nfor i in range(60):\n    v = [v, v]\nw = v == v[:]\nx = repr(v)",
        "v = 'ab'\nfor i in range(100):\n    v = v + v",
        "v = {}\nv['v'] = v\nw = repr(v) + str(v == v)",
        "v = 2\nfor i in range(100):\n    v = v * v",
        "import itertools\nv = list(itertools.count())\nw = list(itertools.product(range(100), repeat=20))",
        "def f():\n    while True:\n        yield 1\nv = list(f())",
        "f = lambda: f()\nv = f()",
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name + 'x')\nv = A().q",
        "v = [[[j for j in range(9999)] for i in range(9999)] for k in range(9999)]",
        "import importlib\nv = importlib.import_module('a.' * 200_000 + 'a')",
        &format!("v = {deep}"),
    ] {
        let begin = std::time::Instant::now();
        let found = evaluate(text);
        let took = begin.elapsed();
        let value = found.names.iter().find(|(name, ..)| name == "v");
        assert!(took.as_millis() < 3_000, "{took:?} for {}", &text[..text.len().min(60)]);
        if !text.contains("[[[[") && !text.contains("['v']") && !text.contains("[v, v]") {
            let shown = value.and_then(|(_, shown, _)| shown.as_ref());
            assert!(shown.is_none() || found.open, "{} is {shown:?}", &text[..text.len().min(60)]);
        }
    }
}
