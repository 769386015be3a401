//! `audit-markers --fix`, on trees of its own and against real pytest.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Answer, answer, xtask};

const POLICY: &str = "extends = \"dynamo-2025-10\"\n\n[defaults]\nlifecycle = \"pre_merge\"\nhardware = \"gpu_0\"\n\n[rules]\n\
                      file-name = \"off\"\nmisplaced-type = \"off\"\nundeclared-marker = \"off\"\n";

/// Every place in which a marker can be put.
const FILES: [(&str, &str); 5] = [
    (
        "tests/test_list.py",
        "import pytest\n\npytestmark = [\n    pytest.mark.unit,  # quick\n]\n\n\ndef test_a():\n    pass\n",
    ),
    ("tests/test_single.py", "import pytest\n\npytestmark = pytest.mark.unit\n\n\ndef test_a(): pass\n"),
    (
        "tests/test_function.py",
        "import pytest\n\n\n@pytest.mark.unit\ndef test_a(): pass\n\n\n@pytest.mark.unit\n@pytest.mark.nightly\n@pytest.mark.gpu_0\ndef test_b(): pass\n",
    ),
    (
        "tests/test_class.py",
        "import pytest\n\n\nclass TestA:\n    pytestmark = [pytest.mark.unit]\n\n    def test_a(self): pass\n\n\n@pytest.mark.unit\n@pytest.mark.weekly\n@pytest.mark.gpu_0\ndef test_b(): pass\n",
    ),
    (
        "tests/test_param.py",
        "import pytest\n\npytestmark = [pytest.mark.unit, pytest.mark.gpu_0]\n\n\n@pytest.mark.parametrize(\"x\", [\n    pytest.param(1, marks=pytest.mark.nightly),\n    pytest.param(2),  # two\n])\ndef test_a(x): pass\n",
    ),
];

fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir(tree.path().join("tests")).unwrap();
    fs::write(tree.path().join("test-policy.toml"), POLICY).unwrap();
    for (file, text) in FILES {
        fs::write(tree.path().join(file), text).unwrap();
    }
    tree
}

fn audit(tree: &Path, arguments: &[&str]) -> Answer {
    answer(xtask(&["audit-markers", "--tree"]).arg(tree).args(arguments))
}

fn texts(tree: &Path) -> BTreeMap<&'static str, String> {
    FILES.iter().map(|(file, _)| (*file, fs::read_to_string(tree.join(file)).unwrap())).collect()
}

/// What real pytest collects.
fn collected(tree: &Path) -> String {
    let output = Command::new(oracle::python())
        .args(["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"])
        .current_dir(tree)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| line.contains("::")).collect::<Vec<_>>().join("\n")
}

#[test]
fn markers_that_a_default_gives_are_written_and_nothing_else_changes() {
    let tree = tree();
    let before = collected(tree.path());
    assert!(before.contains("::"), "{before}");
    assert_eq!(audit(tree.path(), &[]).code, 1);
    let fixed = audit(tree.path(), &["--fix"]);
    assert_eq!(fixed.code, 0, "{}{}", fixed.stdout, fixed.stderr);
    assert_eq!(collected(tree.path()), before);
    let once = texts(tree.path());
    for (file, text) in FILES {
        // Every line that was there still is, but for the ones that a marker went into.
        let kept = text.lines().filter(|line| once[file].contains(line.trim())).count();
        assert!(kept + 2 >= text.lines().count(), "{file}: {}", once[file]);
    }
    assert!(once["tests/test_list.py"].contains("    pytest.mark.unit,  # quick\n"), "{}", once["tests/test_list.py"]);
    // A second time there is nothing to do.
    assert_eq!(audit(tree.path(), &["--fix"]).code, 0);
    assert_eq!(texts(tree.path()), once);
}

#[test]
fn a_proposal_is_written_only_where_that_is_asked_for() {
    let tree = tree();
    fs::write(
        tree.path().join("tests/test_typeless.py"),
        "import pytest\n\n\n@pytest.mark.gpu_0\n@pytest.mark.nightly\ndef test_a(): pass\n",
    )
    .unwrap();
    let fixed = audit(tree.path(), &["--fix"]);
    assert_eq!(fixed.code, 1, "{}", fixed.stdout);
    assert!(fixed.stderr.contains("1 proposal") && fixed.stderr.contains("--unsafe"), "{}", fixed.stderr);
    assert_eq!(audit(tree.path(), &["--fix", "--unsafe"]).code, 0);
    let text = fs::read_to_string(tree.path().join("tests/test_typeless.py")).unwrap();
    assert!(text.contains("pytest.mark.unit"), "{text}");
}

#[test]
fn a_file_whose_marks_are_no_list_is_left_alone_with_the_reason() {
    let tree = tree();
    let text = "import pytest\n\nMARKS = [pytest.mark.unit]\npytestmark = MARKS\n\n\ndef test_a(): pass\n";
    fs::write(tree.path().join("tests/test_named.py"), text).unwrap();
    let fixed = audit(tree.path(), &["--fix"]);
    assert_eq!(fixed.code, 1, "{}", fixed.stdout);
    assert!(fixed.stderr.contains("tests/test_named.py"), "{}", fixed.stderr);
    assert_eq!(fs::read_to_string(tree.path().join("tests/test_named.py")).unwrap(), text);
}

#[test]
fn proposals_that_follow_from_others_are_written_in_the_same_run() {
    let tree = tempfile::tempdir().unwrap();
    let policy = "extends = \"dynamo-2025-10\"\nrules.file-name = \"off\"\naudit.proposals = [\"neighbours\"]\n";
    fs::write(tree.path().join("test-policy.toml"), policy).unwrap();
    for (name, markers) in [
        ("a", "pytest.mark.unit, pytest.mark.pre_merge, pytest.mark.gpu_0"),
        ("b", "pytest.mark.unit, pytest.mark.pre_merge, pytest.mark.gpu_0"),
        // Which stage it needs shows once it has a type.
        ("c", "pytest.mark.gpu_0"),
    ] {
        let text = format!("import pytest\n\npytestmark = [{markers}]\n\n\ndef test_a(): pass\n");
        fs::write(tree.path().join(format!("test_{name}.py")), text).unwrap();
    }
    audit(tree.path(), &["--fix", "--unsafe"]);
    let written = fs::read_to_string(tree.path().join("test_c.py")).unwrap();
    assert!(written.contains("pytestmark = [pytest.mark.gpu_0, pytest.mark.unit, pytest.mark.pre_merge]"), "{written}");
    audit(tree.path(), &["--fix", "--unsafe"]);
    assert_eq!(fs::read_to_string(tree.path().join("test_c.py")).unwrap(), written);
}

/// Places that reach tests which have a marker of their own, and would have a second one.
#[test]
fn no_marker_is_written_where_it_would_reach_other_tests() {
    let head = "import pytest\n\n\n";
    for (name, text) in [
        (
            "a parameter set that is none",
            "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.nightly), 2])\ndef test_a(x): pass\n",
        ),
        (
            "a parameter set of several tests",
            "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.nightly), 2])\n\
             @pytest.mark.parametrize('y', [pytest.param(3)])\ndef test_a(x, y): pass\n",
        ),
        (
            "a class that another one extends",
            "class TestA:\n    def test_a(self): pass\n\n\n@pytest.mark.nightly\nclass TestB(TestA): pass\n",
        ),
        (
            "a function of two classes",
            "class Base:\n    def test_a(self): pass\n\n\n@pytest.mark.nightly\nclass TestA(Base): pass\n\n\n\
             class TestB(Base):\n    @pytest.mark.weekly\n    def test_b(self): pass\n",
        ),
    ] {
        let tree = tempfile::tempdir().unwrap();
        fs::write(
            tree.path().join("test-policy.toml"),
            format!("{POLICY}missing-type = \"off\"\nmissing-hardware = \"off\"\n"),
        )
        .unwrap();
        let file = tree.path().join("test_a.py");
        fs::write(&file, format!("{head}{text}")).unwrap();
        let answer = audit(tree.path(), &["--fix", "--unsafe"]);
        assert_eq!(answer.code, 1, "{name}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stdout.contains("would reach others, too"), "{name}: {}", answer.stdout);
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("{head}{text}"), "{name}");
    }
}

/// Who names one test asks about that test; its neighbours still tell where its marker can go.
#[test]
fn a_test_that_is_named_is_fixed_without_its_neighbours() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(
        tree.path().join("test-policy.toml"),
        format!("{POLICY}missing-type = \"off\"\nmissing-hardware = \"off\"\n"),
    )
    .unwrap();
    let file = tree.path().join("test_a.py");
    let text =
        "import pytest\n\n\ndef test_a(): pass\n\n\n@pytest.mark.nightly\ndef test_b(): pass\n\n\ndef test_c(): pass\n";
    fs::write(&file, text).unwrap();
    let answer = audit(tree.path(), &["--fix", "test_a.py::test_a"]);
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.starts_with("no finding: audited 1 test in 1 file"), "{}", answer.stdout);
    let fixed = text.replace("def test_a", "@pytest.mark.pre_merge\ndef test_a");
    assert_eq!(fs::read_to_string(&file).unwrap(), fixed);
    assert_eq!(audit(tree.path(), &["test_a.py::test_gone"]).code, 2);
}

/// A test may be of two types: that is proposed, and never written without being asked for.
#[test]
fn a_type_that_would_reach_other_tests_is_a_proposal() {
    let tree = tempfile::tempdir().unwrap();
    fs::create_dir_all(tree.path().join("tests/unit")).unwrap();
    fs::write(tree.path().join("test-policy.toml"), format!("{POLICY}missing-hardware = \"off\"\n")).unwrap();
    let file = tree.path().join("tests/unit/test_a.py");
    let test = "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.stress), 2])\ndef test_a(x): pass\n";
    let head = "import pytest\n\npytestmark = [pytest.mark.nightly]\n\n\n";
    fs::write(&file, format!("{head}{test}")).unwrap();
    let answer = audit(tree.path(), &["--fix"]);
    assert!(
        answer.stdout.contains("add `@pytest.mark.unit` above line 7, where it reaches other tests, too"),
        "{}",
        answer.stdout
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{head}{test}"));
    let answer = audit(tree.path(), &["--fix", "--unsafe"]);
    assert_eq!(answer.code, 0, "{}", answer.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{head}{test}").replace("def ", "@pytest.mark.unit\ndef "));
}

/// What is written there would not count, and be written again each time.
#[test]
fn nothing_is_written_where_a_later_statement_takes_it_back() {
    for text in [
        "import pytest\n\nif True:\n    pytestmark = [pytest.mark.unit]\n\n\ndef test_a(): pass\n",
        "import pytest\n\npytestmark = [pytest.mark.unit]\ndel pytestmark\n\n\ndef test_a(): pass\n",
    ] {
        let tree = tempfile::tempdir().unwrap();
        fs::write(
            tree.path().join("test-policy.toml"),
            format!("{POLICY}missing-type = \"off\"\nmissing-hardware = \"off\"\n"),
        )
        .unwrap();
        let file = tree.path().join("test_a.py");
        fs::write(&file, text).unwrap();
        let answer = audit(tree.path(), &["--fix"]);
        assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
        assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("def ", "@pytest.mark.pre_merge\ndef "));
    }
}

/// Who names one file asks about that file: a base class beside it may have tests of others.
#[test]
fn a_file_whose_tests_were_not_read_is_left_alone() {
    let tree = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(tree.path().join(name), text).unwrap();
    put("test-policy.toml", &format!("{POLICY}missing-type = \"off\"\nmissing-hardware = \"off\"\n"));
    let base = "class Base:\n    def test_a(self): pass\n";
    put("common.py", base);
    let test = "import pytest\nfrom common import Base\n\n\nclass TestA(Base):\n    @pytest.mark.weekly\n    def test_b(self): pass\n";
    put("test_a.py", test);
    put("test_b.py", "import pytest\nfrom common import Base\n\n\n@pytest.mark.nightly\nclass TestB(Base): pass\n");
    let answer = audit(tree.path(), &["--fix", "test_a.py"]);
    assert_eq!(answer.code, 1, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stderr.contains("left alone: common.py: tests that were not read may"), "{}", answer.stderr);
    assert_eq!(fs::read_to_string(tree.path().join("common.py")).unwrap(), base);
    assert_eq!(fs::read_to_string(tree.path().join("test_a.py")).unwrap(), test);
}
