//! Trees of folders with conftests that leave things out, fail or reach further than their folder, and the arguments that
//! name some of it.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use crate::program::{Program, chance, pick, some};

const FOLDERS: [&str; 10] = ["a", "b", "c", "tests", "test_in", "build", ".hid", "x.y", "e", "venv"];

const TESTS: [&str; 9] = [
    "test_a.py",
    "test_b.py",
    "b_test.py",
    "test_c.py",
    "check_d.py",
    "Test_e.py",
    "other.py",
    "test.py",
    "test_f.txt",
];

/// Where no name of a file is another's.
#[derive(Default)]
struct Names {
    count: usize,
}

impl Names {
    fn of_file(&mut self, rng: &mut Rng) -> String {
        self.count += 1;
        let name = pick(rng, &TESTS);
        // The same base name twice is an error of its own wherever folders are no packages.
        if chance(rng, 90) {
            name.replacen('.', &format!("_{}.", self.count), 1).replace("b_test_", "b_")
        } else {
            name.to_owned()
        }
    }
}

const SETTINGS: [&str; 18] = [
    "python_files = *.py",
    "python_files = test_*.py check_*.py __init__.py",
    "python_files = b/*.py test_*.py",
    "python_files = _*.py",
    "norecursedirs = a .* b",
    "norecursedirs = ",
    "norecursedirs = */b",
    "testpaths = b a",
    "testpaths = a/*",
    "addopts = --ignore=a",
    "addopts = --ignore-glob=*/b*",
    "addopts = --import-mode=importlib",
    "addopts = --keep-duplicates",
    "addopts = --import-mode=append",
    "addopts = --doctest-modules",
    "addopts = --import-mode=importlib --doctest-modules",
    "consider_namespace_packages = true",
    "python_files = test_*.py __init__.py",
];

const CONFTESTS: [&str; 13] = [
    "",
    "",
    "collect_ignore = ['b']",
    "collect_ignore = []",
    "collect_ignore_glob = ['*b*']",
    "def pytest_ignore_collect(collection_path): return True if 'b' in collection_path.name else None",
    "def pytest_ignore_collect(collection_path): return False if collection_path.name in ('build', 'b', '.hid') else None",
    "def pytest_make_parametrize_id(config, val, argname): return f'{argname}_{val}'",
    "import pytest\n@pytest.fixture(autouse=True, params=[8, 9])\ndef around(request): pass",
    "def pytest_generate_tests(metafunc):\n    if 'g' in metafunc.fixturenames: metafunc.parametrize('g', [5])",
    "def pytest_itemcollected(item): item.add_marker('reached')",
    "def pytest_collection_modifyitems(items): items.reverse()",
    "import pytest\n@pytest.fixture(params=[6, 7])\ndef g(request): pass",
];

/// What few have: a program of nothing but failures would show nothing.
const FAILING: [&str; 3] =
    ["raise ValueError", "import pytest\npytest.skip('not here', allow_module_level=True)", "pytest_plugins = []"];

pub(crate) fn program(rng: &mut Rng) -> Program {
    let mut program = Program::default();
    if chance(rng, 60) {
        let settings: BTreeMap<&str, &str> = some(rng, &SETTINGS, 10)
            .into_iter()
            .map(|setting| (setting.split(' ').next().unwrap_or(setting), setting))
            .collect();
        let lines: Vec<&str> = settings.into_values().collect();
        program.file("pytest.ini", format!("[pytest]\n{}\n", lines.join("\n")));
    }
    let mut names = Names::default();
    folder(rng, &mut program, &mut names, "", 0);
    program.args = arguments(rng, &program);
    if chance(rng, 8) {
        by_name(rng, &mut program);
    }
    program
}

fn folder(rng: &mut Rng, program: &mut Program, names: &mut Names, at: &str, depth: usize) {
    if chance(rng, 40) && !at.is_empty() {
        program.file(&format!("{at}__init__.py"), if chance(rng, 40) { "def test_init(): pass\n" } else { "" });
    }
    if chance(rng, 35) {
        let text = if chance(rng, 6) { pick(rng, &FAILING) } else { pick(rng, &CONFTESTS) };
        program.file(&format!("{at}conftest.py"), format!("{text}\n"));
    }
    if at.ends_with("venv/") {
        program.file(&format!("{at}pyvenv.cfg"), "");
    }
    let files: BTreeSet<String> = (0..rng.usize(0..3)).map(|_| names.of_file(rng)).collect();
    for name in files {
        let text = if chance(rng, 1) { "raise ValueError\n" } else { pick(rng, &MODULES) };
        program.file(&format!("{at}{name}"), text);
    }
    for name in some(rng, &FOLDERS, if depth == 0 { 30 } else { 13 }) {
        if depth < 3 {
            folder(rng, program, names, &format!("{at}{name}/"), depth + 1);
        }
    }
}

const MODULES: [&str; 6] = [
    "def test_one(): pass\n",
    "def test_one(): pass\n",
    "def test_one(): pass\nclass TestC:\n    def test_two(self): pass\n",
    "import pytest\n@pytest.mark.parametrize('p', [1, 2])\ndef test_one(p): pass\n",
    "def test_one(g): pass\n",
    "'''>>> 1'''\ndef test_one(): pass\nclass TestC:\n    '''>>> 2'''\n",
];

const IDS: [&str; 5] = ["", "", "::test_one", "::test_one[1]", "::TestC"];

/// The same arguments by `--pyargs`: some as paths, some as names of modules.
fn by_name(rng: &mut Rng, program: &mut Program) {
    program.files.retain(|(path, _)| path != "pytest.ini");
    let more = pick(rng, &["", "consider_namespace_packages = true\n", "testpaths = a\n"]);
    program.files.insert(0, ("pytest.ini".to_owned(), format!("[pytest]\npythonpath = .\n{more}")));
    for argument in program.args.iter_mut().filter(|argument| !argument.starts_with('-')) {
        let (path, id) =
            argument.split_once("::").map_or((&**argument, String::new()), |(path, id)| (path, format!("::{id}")));
        let stem = path.trim_end_matches('/');
        let stem = stem.strip_suffix(".py").unwrap_or(stem);
        if chance(rng, 80) {
            *argument = format!("{}{id}", stem.strip_suffix("/__init__").unwrap_or(stem).replace('/', "."));
        }
    }
    program.args.insert(0, "--pyargs".to_owned());
}

/// Mostly none, or what there is.
fn arguments(rng: &mut Rng, program: &Program) -> Vec<String> {
    let mut args = Vec::new();
    if chance(rng, 40) {
        return args;
    }
    for option in some(rng, &["--ignore=b", "--ignore-glob=*c*", "--keep-duplicates", "--noconftest"], 6) {
        args.push(option.to_owned());
    }
    let sources: Vec<&str> =
        program.files.iter().map(|(path, _)| &**path).filter(|path| path.ends_with(".py")).collect();
    for _ in 0..rng.usize(1..4) {
        if sources.is_empty() {
            break;
        }
        let path = pick(rng, &sources);
        let above: Vec<&str> = path.match_indices('/').map(|(end, _)| &path[..end]).collect();
        let name = path.rsplit('/').next().unwrap_or(path);
        let argument = if chance(rng, 55) && !above.is_empty() {
            let folder = pick(rng, &above);
            if chance(rng, 10) { format!("{folder}/") } else { folder.to_owned() }
        } else if name.starts_with("conftest") {
            ".".to_owned()
        } else {
            let text = program.files.iter().find(|(file, _)| file == path).map_or("", |(_, text)| text);
            let is_there = |id: &&str| text.contains(id.trim_start_matches(':').split('[').next().unwrap_or_default());
            format!("{path}{}", Some(pick(rng, &IDS)).filter(is_there).unwrap_or_default())
        };
        args.push(argument);
    }
    args
}
