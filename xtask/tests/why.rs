//! `why`: a test explained, and a name explained that no test has.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{Answer, answer, xtask};

const FILES: [(&str, &str); 9] = [
    (
        "test-policy.toml",
        "extends = \"dynamo-2025-10\"\n[[budgets]]\ntype = \"e2e\"\nstage = \"nightly\"\nper = \"run\"\nlimit = \"20 min\"\n",
    ),
    ("pytest.ini", "[pytest]\ntestpaths = tests\nnorecursedirs = old\n"),
    ("tests/conftest.py", "collect_ignore = ['serve/test_ignored_file.py']\n"),
    (
        "tests/serve/test_serve_chat.py",
        "import pytest\n\
         pytestmark = [pytest.mark.e2e, pytest.mark.gpu_1]\n\n\
         @pytest.mark.nightly\n\
         class TestChat:\n\
         \x20   @pytest.mark.timeout(90)\n\
         \x20   @pytest.mark.parametrize('size', [1, pytest.param(2, marks=pytest.mark.profiled_vram_gib(4))])\n\
         \x20   def test_answers(self, size):\n\
         \x20       assert size\n",
    ),
    ("tests/serve/checks.py", "def test_never(): ...\n"),
    ("tests/serve/test_serve_state.py", "class TestState:\n    def __init__(self): ...\n    def test_x(self): ...\n"),
    ("tests/serve/test_ignored_file.py", "def test_a(): ...\ndef test_b(): ...\n"),
    ("tests/serve/test_broken_file.py", "def test_a(:\n"),
    ("tests/old/test_old_chat.py", "def test_a(): ...\n"),
];

fn why(arguments: &[&str]) -> Answer {
    let tree = tempfile::tempdir().unwrap();
    for (file, text) in FILES {
        let path = tree.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    answer(xtask(&["why"]).args(arguments).arg("--tree").arg(tree.path()))
}

#[test]
fn a_test_is_explained_from_its_file_to_its_budget() {
    let answer = why(&["tests/serve/test_serve_chat.py::TestChat::test_answers[2]", "--gpus", "2xL4", "-j", "4"]);
    let expected = "\
tests/serve/test_serve_chat.py::TestChat::test_answers[2]
  found     tests/serve/test_serve_chat.py:8:5
  file      test_serve_chat.py is named as `test_{component}_{flow}.py` asks
  folder    tests/serve is a place of e2e tests
  markers   parametrize(\"size\", [1, pytest.param(2, marks=pytest.mark.pr...  function       tests/serve/test_serve_chat.py:7:6
            timeout(90)                                                      function       tests/serve/test_serve_chat.py:6:6
            profiled_vram_gib(4)                                             parameter set  tests/serve/test_serve_chat.py:7:64
            nightly                                                          class          tests/serve/test_serve_chat.py:4:2
            e2e                                                              module         tests/serve/test_serve_chat.py:2:15
            gpu_1                                                            module         tests/serve/test_serve_chat.py:2:32
  stages    pre_merge no   post_merge no   nightly yes   weekly yes   release yes
  here      GPU 0 (4.0 GiB) of 2x NVIDIA L4 (22.5 GiB), 4 CPU slots
  takes     30 s (a third of its time-out), at most 1 min 30 s
  budget    20 min for all e2e tests of a run in nightly
";
    assert_eq!(answer.stdout, expected, "{}", answer.stderr);
    assert_eq!(answer.code, 0);
}

#[test]
fn a_name_can_be_that_of_a_file_a_class_a_function_or_a_line() {
    let file = "tests/serve/test_serve_chat.py";
    for name in ["", "::TestChat", "::TestChat::test_answers", ":9"] {
        let answer = why(&[&format!("{file}{name}")]);
        assert_eq!(answer.stdout.matches("\n  found ").count(), 2, "{name}: {}{}", answer.stdout, answer.stderr);
    }
    assert_eq!(why(&[&format!("{file}:3")]).code, 2);
}

#[test]
fn a_name_that_no_test_has_is_explained_too() {
    let cases = [
        (
            "tests/serve/test_serve_chat.py::TestChat::test_answer",
            "test_serve_chat.py has 2 tests:\n    tests/serve/test_serve_chat.py::TestChat::test_answers[1]\n",
        ),
        ("tests/serve", "tests/serve is a folder: `cargo xtask list tests/serve` shows its tests"),
        ("tests/test_serve_chat.py", "  the nearest: tests/serve/test_serve_chat.py\n"),
        (
            "tests/serve/test_serve_chat.py:3",
            "has 2 tests: tests/serve/test_serve_chat.py::TestChat::test_answers (lines 8 to 9)",
        ),
        ("tests/serve/test_server_chat.py::test_x", "tests/serve/test_server_chat.py: there is no such file in "),
        ("tests/serve/checks.py::test_never", "tests/serve/checks.py has a name that `python_files` does not look for"),
        ("tests/serve/checks.py::test_never", "a run that names the file has this test"),
        (
            "tests/serve/test_serve_state.py::TestState::test_x",
            "`TestState` has an `__init__`, and pytest does not run it",
        ),
        ("tests/serve/test_ignored_file.py::test_a", "is left out by `collect_ignore` of a conftest"),
        ("tests/serve/test_ignored_file.py::test_c", "a run that names the file has 2 tests"),
        ("tests/serve/test_broken_file.py::test_a", "tests/serve/test_broken_file.py:1"),
        ("tests/old/test_old_chat.py::test_a", "tests/old is not entered: `norecursedirs` has `old`"),
    ];
    for (id, expected) in cases {
        let answer = why(&[id]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{id}");
        assert!(answer.stderr.contains(expected), "{id}: {expected:?} is not in {}", answer.stderr);
    }
}

#[test]
fn what_is_found_is_told_beside_what_is_not() {
    let answer = why(&["tests/serve/test_serve_chat.py::TestChat::test_answers[1]", "tests/none.py"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stdout.contains("  found "), "{}", answer.stdout);
    assert!(answer.stderr.contains("no test has the id `tests/none.py`"), "{}", answer.stderr);
}
