//! Modules that import each other by one name or several, in packages and in folders that are none, and that may raise when
//! they are imported, where somebody catches it or nobody does.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick, some};

/// Files of the program that tests import, with their folders; nothing imports what stands behind it, but in a circle.
const HELPERS: [&str; 6] = [
    "src/app/inner/leaf.py",
    "src/app/inner/__init__.py",
    "src/app/kinds.py",
    "src/app/__init__.py",
    "src/app/tools/plain.py",
    "helpers.py",
];

const TESTS: [&str; 4] = ["tests/test_a.py", "tests/test_b.py", "tests/deep/test_c.py", "src/app/test_d.py"];

/// What is on `sys.path`: each of these makes other names for the same files.
const PATHS: [&str; 4] = [". src", "src .", ". src src/app", ". src src/app/inner"];

const RAISED: [&str; 4] = ["ValueError", "ImportError", "KeyError", "ModuleNotFoundError"];

const HANDLERS: [&str; 6] = [
    "except ImportError:",
    "except ValueError:",
    "except Exception:",
    "except (KeyError, ImportError):",
    "except (ValueError, KeyError):",
    "except:",
];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut program = Program::default();
    let path = pick(rng, &PATHS);
    let namespaces = if chance(rng, 15) { "consider_namespace_packages = true\n" } else { "" };
    program.file("pytest.ini", format!("[pytest]\npythonpath = {path}\n{namespaces}"));
    program.file("registry.py", "SEEN = []\n");
    let helpers: Vec<&str> =
        HELPERS.into_iter().filter(|file| !file.ends_with("__init__.py") || chance(rng, 60)).collect();
    let tree = Tree { path, helpers };
    for file in tree.helpers.clone() {
        program.file(file, tree.helper(rng, file));
    }
    for file in TESTS {
        if file == "tests/test_a.py" || chance(rng, 60) {
            program.file(file, tree.test(rng, file));
        }
    }
    if chance(rng, 20) {
        program.file("tests/__init__.py", "");
    }
    program
}

struct Tree {
    path: &'static str,
    helpers: Vec<&'static str>,
}

impl Tree {
    fn helper(&self, rng: &mut Rng, file: &str) -> String {
        let mut source = Source::default();
        source.line("import registry");
        source.line("NAMES, STATE = [__name__], []");
        source.block("class Kind:", |source| source.line("pass"));
        if chance(rng, 70) {
            source.line("registry.SEEN.append(__name__)");
        }
        let place = self.helpers.iter().position(|one| *one == file).unwrap_or_default();
        for _ in 0..rng.usize(..3) {
            self.import(rng, &mut source, file, place);
        }
        if chance(rng, 6) {
            source.line(format!("raise {}", pick(rng, &RAISED)));
        }
        if chance(rng, 30) {
            source.line("registry.SEEN.append('behind')");
        }
        source.into_text()
    }

    fn test(&self, rng: &mut Rng, file: &str) -> String {
        let mut source = Source::default();
        source.line("import pytest, registry");
        source.line("NAMES, STATE, Kind, OTHER = ['none'], [], None, None");
        let all = self.helpers.len();
        for _ in 0..1 + rng.usize(..3) {
            self.import(rng, &mut source, file, all);
        }
        if chance(rng, 40) {
            source.line("STATE.append(len(STATE))");
        }
        if chance(rng, 30) {
            source.line("registry.SEEN.append(__name__)");
        }
        for (number, values) in
            some(rng, &["registry.SEEN", "NAMES", "STATE", "[__name__]", "[Kind is OTHER]"], 60).into_iter().enumerate()
        {
            source.line(format!("@pytest.mark.parametrize('value', list({values}))"));
            source.line(format!("def test_{number}(value): pass"));
        }
        source.line("def test_plain(): pass");
        source.into_text()
    }

    /// An import of one of the first so many helpers, which may be within `try`.
    fn import(&self, rng: &mut Rng, source: &mut Source, file: &str, helpers: usize) {
        let Some(helper) = (helpers > 0).then(|| pick(rng, &self.helpers[..helpers])) else { return };
        let module = match relative(file, helper) {
            Some(module) if chance(rng, 40) => module,
            _ => pick_name(rng, &self.names(helper)),
        };
        let statement = match rng.u8(..5) {
            0 if !module.starts_with('.') => format!("import {module}"),
            1 => format!("from {module} import Kind as OTHER"),
            2 => format!("from {module} import *"),
            _ => format!("from {module} import NAMES, STATE, Kind"),
        };
        if chance(rng, 15) {
            source.line(statement);
            return;
        }
        source.block("try:", |source| source.line(&statement));
        source.block(pick(rng, &HANDLERS), |source| source.line("NAMES, STATE = ['handled'], ['handled']"));
        if chance(rng, 25) {
            source.block("else:", |source| source.line("registry.SEEN.append('else')"));
        }
        if chance(rng, 15) {
            source.block("finally:", |source| source.line("registry.SEEN.append('finally')"));
        }
    }

    /// All names that a file has.
    fn names(&self, file: &str) -> Vec<String> {
        let node = file.trim_end_matches(".py").trim_end_matches("/__init__");
        let below = |root: &str| match root {
            "." => Some(node.replace('/', ".")),
            root => Some(node.strip_prefix(root)?.strip_prefix('/')?.replace('/', ".")),
        };
        self.path.split(' ').filter_map(below).collect()
    }
}

fn pick_name(rng: &mut Rng, names: &[String]) -> String {
    names[rng.usize(..names.len())].clone()
}

/// How a file of the package names another one that lies in it.
fn relative(from: &str, file: &str) -> Option<String> {
    let (from, file) = (from.strip_prefix("src/app/")?, file.strip_prefix("src/app/")?);
    let dots = ".".repeat(1 + from.matches('/').count());
    let node = file.trim_end_matches(".py").trim_end_matches("__init__").trim_end_matches('/');
    (!node.is_empty()).then(|| format!("{dots}{}", node.replace('/', ".")))
}
