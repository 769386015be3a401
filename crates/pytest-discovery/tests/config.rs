//! The configuration held against real pytest over generated trees: rootdir, configuration file, options, arguments.

// The counts are what a reader of the test wants to see.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use fastrand::Rng;
use pytest_discovery::config::EmptyParameterSet;
use pytest_discovery::options::ImportMode;
use pytest_discovery::{Config, Invocation};
use serde_json::{Value as Json, json};

const TREES: usize = 400;
const SEED: u64 = 20_260_901;

const FOLDERS: [&str; 8] = ["", "a", "a/b", "build", "c", "c/tests", "src", "tests"];

/// Options as an ini file writes them; some are wrong.
const INI_OPTIONS: [&str; 38] = [
    "python_files = check_*.py test_*.py",
    "python_files =\n    a_*.py\n    # not these\n    b_*.py",
    "python_files=tests/*.py",
    "python_classes = Test Check*",
    "python_classes =",
    "python_functions : check_ *_case",
    "testpaths = a c",
    "testpaths = tests [b-z]* a",
    "testpaths = nowhere",
    "testpaths = **/tests",
    "testpaths =\n    c/tests\n\n    a/*\n",
    "norecursedirs = data .* 'two words' \"and \\\" more\"",
    "norecursedirs =",
    "addopts = -q --ignore=a/b",
    "addopts = a",
    "addopts = -m slow # note",
    "addopts = -k 'x and y' --ignore-glob=*_slow.py",
    "addopts = -m \"not slow\"\n    --deselect a/test_x.py::test\n    ; not this\n    -p no:doctest",
    "addopts = --strict-markers --import-mode=importlib",
    "addopts = -o python_files=o_*.py",
    "addopts = --rootdir=c",
    "addopts = 'unclosed",
    "addopts = --import-mode=other",
    "markers =\n    slow: takes long\n    gpu(n): GPUs\n    bare",
    "markers = one",
    "usefixtures = fx fy",
    "pythonpath = src a/b",
    "empty_parameter_set_mark = xfail",
    "empty_parameter_set_mark = other",
    "collect_imported_tests = no",
    "collect_imported_tests = maybe",
    "consider_namespace_packages = TRUE",
    "strict = yes",
    "strict_markers = 0",
    "strict_parametrization_ids = on",
    "minversion = 7.0",
    "minversion = 99.0",
    "no separator here",
];

/// Options as TOML writes them; some are wrong in one of its tables.
const TOML_OPTIONS: [&str; 19] = [
    "python_files = [\"check_*.py\", \"a b.py\"]",
    "python_files = \"a_*.py 'b c.py'\"",
    "python_classes = []",
    "python_functions = [\"check\", \"*_case\"]",
    "testpaths = [\"c\", \"a\"]",
    "testpaths = \"c a/b\"",
    "norecursedirs = [\"data\"]",
    "addopts = [\"-q\", \"--ignore=a/b\", \"-m\", \"not slow\"]",
    "addopts = \"-m slow a\"",
    "markers = [\"slow: takes long\", \"gpu(n)\"]",
    "markers = \"one: a\\ntwo\"",
    "usefixtures = [\"fx\"]",
    "pythonpath = [\"src\", \"a\"]",
    "empty_parameter_set_mark = \"fail_at_collect\"",
    "collect_imported_tests = false",
    "collect_imported_tests = \"false\"",
    "strict = true",
    "strict_markers = 1",
    "minversion = \"8.0\"",
];

/// Words of a command line.
const ARGUMENTS: [&[&str]; 34] = [
    &["a"],
    &["a/b"],
    &["c"],
    &["c", "a"],
    &["."],
    &[".", "build/test_x.py"],
    &["a/test_x.py"],
    &["a/test_x.py::test"],
    &["a/test_x.py::TestA::test", "a/test_x.py::TestA"],
    &["a/test_x.py::test[x::y]", "a/test_x.py::test"],
    &["tests/../a/./b"],
    &["missing"],
    &["a::test"],
    &["a[1]"],
    &["a/b/test_x.py", "c/test_x.py"],
    &["--rootdir=c"],
    &["--rootdir", "nowhere"],
    &["--rootdir=$WHERE"],
    &["-c", "c/pytest.ini"],
    &["--config-file=setup.cfg"],
    &["-o", "python_files=o_*.py p_*.py"],
    &["-o", "testpaths=c"],
    &["-o", "broken"],
    &["-otestpaths=a", "-o", "testpaths=tests"],
    &["--ignore=a", "--ignore", "c/tests"],
    &["-m", "fast"],
    &["-mfast", "-k=x"],
    &["--keep-duplicates", "a", "a/b", "a"],
    &["--strict-markers"],
    &["--strict"],
    &["-qvx", "a"],
    &["--", "c"],
    &["@arguments.txt"],
    &["--ignore"],
];

const ENVIRONMENTS: [&str; 7] =
    ["-m env", "c", "--ignore='x y' -q", "--rootdir=a", "-o usefixtures=env", "'unclosed", "a/test_x.py::test -k env"];

#[test]
fn configuration_and_arguments_are_those_of_pytest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
    let mut rng = Rng::with_seed(SEED);
    let calls: Vec<Invocation> =
        (0..TREES).map(|number| generate(&mut rng, folder.join(format!("tree-{number}")))).collect();
    let answers = pytests_answers(&calls);

    let (mut configured, mut erroneous) = (0, 0);
    let mut differing = Vec::new();
    for (call, pytests) in calls.iter().zip(&answers) {
        let here = Config::locate(call);
        let same = match &here {
            Ok(config) => *pytests == answer(config),
            Err(_) => pytests["error"].is_string(),
        };
        configured += usize::from(pytests["file"].is_string());
        erroneous += usize::from(pytests["error"].is_string());
        if !same {
            differing.push(difference(call, pytests, &here.map(|config| answer(&config)).map_err(|e| e.to_string())));
        }
    }
    println!("{TREES} trees: {configured} with a configuration, {erroneous} with an error; {} differ", differing.len());
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    // A generator of nothing but errors, or of nothing but defaults, would show nothing.
    assert!(configured > TREES / 3 && erroneous > TREES / 10 && erroneous < TREES / 2);
}

fn generate(rng: &mut Rng, tree: Utf8PathBuf) -> Invocation {
    for folder in FOLDERS {
        fs::create_dir_all(tree.join(folder)).unwrap();
        fs::write(tree.join(folder).join("test_x.py"), "def test(): pass\n").unwrap();
        if rng.u8(..8) == 0 {
            fs::write(tree.join(folder).join("setup.py"), "").unwrap();
        }
        let files = match folder {
            "" => rng.usize(..3),
            _ => usize::from(rng.u8(..6) == 0),
        };
        for _ in 0..files {
            let (name, text) = configuration_file(rng);
            fs::write(tree.join(folder).join(name), text).unwrap();
        }
    }
    fs::write(tree.join("arguments.txt"), "c\n-m\nfrom_file\n").unwrap();
    let mut call = Invocation { tree, ..Invocation::default() };
    for _ in 0..[0, 0, 1, 1, 2][rng.usize(..5)] {
        if call.args.iter().any(|word| word == "--") {
            // What argparse makes of options behind it depends on Python's release.
            break;
        }
        call.args.extend(rng.choice(ARGUMENTS).unwrap().iter().map(|word| (*word).to_owned()));
    }
    call.env.insert("WHERE".to_owned(), "a".to_owned());
    if rng.u8(..6) == 0 {
        call.env.insert("PYTEST_ADDOPTS".to_owned(), rng.choice(ENVIRONMENTS).unwrap().to_owned());
    }
    call
}

fn configuration_file(rng: &mut Rng) -> (&'static str, String) {
    let (name, header, options): (_, _, &[&str]) = match rng.u8(..15) {
        0..3 => ("pytest.ini", "[pytest]", &INI_OPTIONS),
        3 => ("pytest.ini", "", &[]),
        4 => (".pytest.ini", "# nothing", &[]),
        5 => ("tox.ini", "[tox]\nenvlist = x\n[pytest]", &INI_OPTIONS),
        6 => ("tox.ini", "[tox]", &INI_OPTIONS[..3]),
        7 => ("setup.cfg", "[tool:pytest]", &INI_OPTIONS),
        8 => ("setup.cfg", ["[metadata]", "[pytest]"][rng.usize(..2)], &INI_OPTIONS[..3]),
        9 => ("pytest.toml", "[pytest]", &TOML_OPTIONS),
        10 => (".pytest.toml", ["[pytest]", "# nothing"][rng.usize(..2)], &[]),
        11 => ("pyproject.toml", "[tool.pytest]", &TOML_OPTIONS),
        12 => ("pyproject.toml", "[project]\nname = \"x\"", &[]),
        13 => ("pyproject.toml", "[tool.pytest]\nusefixtures = [\"native\"]\n[tool.pytest.ini_options]", &TOML_OPTIONS),
        _ => ("pyproject.toml", "[tool.pytest.ini_options]", &TOML_OPTIONS),
    };
    let mut lines = vec![header];
    for _ in 0..rng.usize(..4).min(options.len()) {
        // An option twice is an error too, but a rarer one than chance would make it.
        let line = *rng.choice(options).unwrap();
        let key = line.split([' ', '=']).next().unwrap();
        if rng.u8(..10) == 0 || !lines.iter().any(|other| other.starts_with(key)) {
            lines.push(line);
        }
    }
    (name, lines.join("\n") + "\n")
}

fn pytests_answers(calls: &[Invocation]) -> Vec<Json> {
    let calls: Vec<Json> =
        calls.iter().map(|call| json!({"tree": call.tree, "args": call.args, "env": call.env})).collect();
    let mut pytest = Command::new(oracle::python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config_oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // pytest reads all calls before it answers the first.
    serde_json::to_writer(pytest.stdin.take().unwrap(), &calls).unwrap();
    let output = pytest.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), calls.len());
    answers
}

/// This crate's answer, as the oracle would put it.
fn answer(config: &Config) -> Json {
    let (ini, options) = (&config.ini, &config.options);
    let arguments: Vec<Json> =
        config.arguments.iter().map(|argument| json!([argument.path, argument.names, argument.param])).collect();
    json!({
        "rootdir": config.rootdir,
        "file": config.file,
        "python_files": ini.python_files,
        "python_classes": ini.python_classes,
        "python_functions": ini.python_functions,
        "testpaths": ini.testpaths,
        "norecursedirs": ini.norecursedirs,
        "usefixtures": ini.usefixtures,
        "pythonpath": ini.pythonpath,
        "markers": ini.markers.iter().map(|marker| &marker.name).collect::<Vec<_>>(),
        "empty_parameter_set_mark": match ini.empty_parameter_set_mark {
            EmptyParameterSet::Skip => "skip",
            EmptyParameterSet::Xfail => "xfail",
            EmptyParameterSet::FailAtCollect => "fail_at_collect",
        },
        "collect_imported_tests": ini.collect_imported_tests,
        "consider_namespace_packages": ini.consider_namespace_packages,
        "strict_markers": ini.strict_markers,
        "strict_parametrization_ids": ini.strict_parametrization_ids,
        "texts": config.argument_texts,
        "arguments": arguments,
        "ignore": options.ignore,
        "ignore_glob": options.ignore_glob,
        // What is not given is an empty text for pytest.
        "mark_expression": options.mark_expression.as_deref().unwrap_or_default(),
        "keyword_expression": options.keyword_expression.as_deref().unwrap_or_default(),
        "deselect": options.deselect,
        "import_mode": match options.import_mode {
            ImportMode::Prepend => "prepend",
            ImportMode::Append => "append",
            ImportMode::Importlib => "importlib",
        },
    })
}

fn difference(call: &Invocation, pytests: &Json, here: &Result<Json, String>) -> String {
    let mut text = format!("{:?} {:?} in\n", call.args, call.env);
    for folder in FOLDERS {
        describe(&call.tree, folder, &mut text);
    }
    match here {
        Err(error) => text += &format!("  pytest: {pytests}\n  here: error {error}\n"),
        Ok(here) if pytests["error"].is_string() => text += &format!("  pytest: {pytests}\n  here: {here}\n"),
        Ok(here) => {
            for (name, pytests) in pytests.as_object().unwrap().iter().filter(|(name, value)| here[*name] != **value) {
                text += &format!("  {name}: pytest {pytests}\n  {name}: here   {}\n", here[name]);
            }
        }
    }
    text
}

fn describe(tree: &Utf8Path, folder: &str, into: &mut String) {
    for entry in tree.join(folder).read_dir_utf8().unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if entry.path().is_file() && name != "test_x.py" && name != "arguments.txt" {
            *into += &format!("  {}: {:?}\n", tree.join(folder).join(name), fs::read_to_string(entry.path()).unwrap());
        }
    }
}
