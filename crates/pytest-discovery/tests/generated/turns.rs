//! Folders whose conftests and modules change what later ones see: a registry, the environment, `sys.path` and `sys.modules`; and the
//! arguments that choose in which order pytest comes to them.

use fastrand::Rng;

use crate::program::{Program, Source, chance, pick, some};

/// With the test module of each.
const FOLDERS: [(&str, &str); 5] =
    [("a", "test_a"), ("a/inner", "test_inner"), ("b", "test_b"), ("c", "test_c"), ("c/pkg", "test_pkg")];

/// Modules and packages of these names lie in many folders.
const HELPERS: [&str; 3] = ["shapes.py", "tools.py", "pkg/kinds.py"];

/// They hide what other folders have of their packages, or are named by those.
const NEEDED: [(&str, &str); 3] = [("a", "shapes.py"), ("c", "tools.py"), ("c", "pkg/kinds.py")];

const SETTINGS: [&str; 12] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "addopts = --import-mode=append",
    "addopts = --import-mode=importlib",
    "consider_namespace_packages = true",
    "addopts = --ignore=a/inner",
];

const ARGUMENTS: [&[&str]; 9] = [
    &[],
    &[],
    &["."],
    &["c", "a"],
    &["b", "a", "c"],
    &["a", "c/test_c.py::test_plain"],
    &["c/test_c.py", "a/inner/test_inner.py::test_plain", "b"],
    &["b/test_b.py::test_plain", "a/test_a.py"],
    &["a/inner", "a/test_a.py::test_plain", "c"],
];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut program = Program::default();
    let path = pick(rng, &[". src", "src ."]);
    let more = pick(rng, &SETTINGS);
    program.file("pytest.ini", format!("[pytest]\npythonpath = {path}\n{more}\n"));
    program.file("registry.py", "SEEN = []\n");
    program.file("conftest.py", conftest(rng, "", 50));
    for folder in ["src", "a", "a/inner", "b", "c", "elsewhere"] {
        for helper in HELPERS {
            // What is nowhere is taken for a library's.
            let is_needed = folder == "src" || NEEDED.contains(&(folder, helper));
            if is_needed || chance(rng, 30) {
                program.file(&format!("{folder}/{helper}"), helper_of(rng, folder));
            }
        }
    }
    for (folder, test) in FOLDERS {
        if chance(rng, 50) {
            program.file(&format!("{folder}/conftest.py"), conftest(rng, folder, 30));
        }
        if chance(rng, if folder == "c/pkg" { 60 } else { 15 }) {
            program.file(&format!("{folder}/__init__.py"), "");
        }
        program.file(&format!("{folder}/{test}.py"), test_of(rng, folder));
    }
    if chance(rng, 30) {
        program.file("src/pkg/__init__.py", "");
    }
    program.args = pick(rng, &ARGUMENTS).iter().map(ToString::to_string).collect();
    program
}

fn helper_of(rng: &mut Rng, folder: &str) -> String {
    let mut source = Source::default();
    source.line("import registry");
    source.line(format!("PLACE = '{folder}'"));
    if chance(rng, 60) {
        source.line(format!("registry.SEEN.append('helper of {folder} ' + __name__)"));
    }
    source.into_text()
}

fn conftest(rng: &mut Rng, folder: &str, hooks: u8) -> String {
    let mut source = Source::default();
    source.line("import os, sys, registry");
    let lines = [
        format!("registry.SEEN.append('conftest of {folder} ' + __name__)"),
        format!("os.environ['TURN'] = '{folder}'"),
        "os.environ.pop('TURN', None)".to_owned(),
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'elsewhere'))".to_owned(),
        "collect_ignore = ['inner']".to_owned(),
    ];
    for (line, percent) in lines.iter().zip([60, 30, 10, 10, 5]) {
        if chance(rng, percent) {
            source.line(line);
        }
    }
    if chance(rng, 30) {
        import(rng, &mut source);
    }
    if chance(rng, hooks) {
        let hook = pick(
            rng,
            &[
                "def pytest_ignore_collect(collection_path): registry.SEEN.append('asked of ' + collection_path.name)",
                "def pytest_make_parametrize_id(config, val, argname): return f'{argname}={val}, {len(registry.SEEN)}'",
                "def pytest_itemcollected(item): registry.SEEN.append(item.name)",
                "def pytest_generate_tests(metafunc): registry.SEEN.append('generated')",
            ],
        );
        source.line(hook);
    }
    source.into_text()
}

fn test_of(rng: &mut Rng, folder: &str) -> String {
    let mut source = Source::default();
    source.line("import os, pytest, registry");
    source.line("PLACE = 'nowhere'");
    for _ in 0..rng.usize(..3) {
        import(rng, &mut source);
    }
    if chance(rng, 50) {
        source.line(format!("registry.SEEN.append('module of {folder} ' + __name__)"));
    }
    let values = ["registry.SEEN", "list(registry.SEEN)", "[os.environ.get('TURN')]", "[PLACE]"];
    for (number, values) in some(rng, &values, 60).into_iter().enumerate() {
        source.line(format!("@pytest.mark.parametrize('value', {values})"));
        source.line(format!("def test_{number}(value): pass"));
    }
    source.line("def test_plain(): pass");
    if chance(rng, 30) {
        source.line(format!("os.environ['TURN'] = 'module of {folder}'"));
    }
    if chance(rng, 30) {
        source.line(format!("registry.SEEN.append('end of {folder}')"));
    }
    source.into_text()
}

/// An import of a helper, wherever it lies: mostly within `try`.
fn import(rng: &mut Rng, source: &mut Source) {
    let module = pick(rng, &["shapes", "tools", "pkg.kinds", "a.shapes", "c.tools"]);
    let statement = format!("from {module} import PLACE");
    if chance(rng, 5) {
        source.line(statement);
        return;
    }
    source.block("try:", |source| source.line(&statement));
    source.block("except ImportError:", |source| source.line("PLACE = 'not found'"));
}
