//! What becomes of what tests print, and how rounds are told.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Tree, python, result, run};
use test_runner::Outcome;

const MIB: u64 = 1 << 20;

#[test]
fn what_a_failed_test_printed_is_in_a_file_and_that_of_a_flood_is_bounded() {
    let tree = Tree::new(&[(
        "test_a.py",
        "def test_fails():\n    print('some words')\n    assert 0\n\
         def test_floods():\n    for _ in range(50000): print('x' * 200)\n    assert 0\n\
         def test_quiet(): print('nothing to see')\n",
    )]);
    let names = ["test_fails", "test_floods", "test_quiet"];
    let outcome = run(names.map(|name| python("test_a.py", name, 60)).to_vec(), &tree.settings());
    let file = |name| result(&outcome, name).output_file.clone();
    assert!(std::fs::read_to_string(file("test_fails").unwrap()).unwrap().contains("some words"));
    assert!(std::fs::metadata(file("test_floods").unwrap()).unwrap().len() < 2 * MIB + 1000);
    assert!(std::fs::read_to_string(file("test_floods").unwrap()).unwrap().contains("bytes left out"));
    assert_eq!(file("test_quiet"), None);
    assert!(result(&outcome, "test_floods").output.len() < 100_000);
}

#[test]
fn a_process_that_floods_and_dies_leaves_a_bounded_file_with_its_end() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import os, sys\n\
         def test_dies(capfd):\n    with capfd.disabled():\n        \
         for _ in range(50000): os.write(2, b'y' * 200 + b'\\n')\n        \
         os.write(2, b'last words')\n        os._exit(4)\n",
    )]);
    let outcome = run(vec![python("test_a.py", "test_dies", 60)], &tree.settings());
    let result = result(&outcome, "test_dies");
    assert_eq!(result.outcome, Outcome::Crashed { how: "exit code 4".to_owned() });
    assert!(result.output.ends_with("last words"));
    let text = std::fs::read_to_string(result.output_file.as_ref().unwrap()).unwrap();
    assert!((text.len() as u64) < 2 * MIB + 1000 && text.contains("bytes left out"));
}

#[test]
fn each_round_gives_each_test_a_result() {
    let tree = Tree::new(&[("test_a.py", "import os\ndef test_passes(): pass\ndef test_dies(): os._exit(1)\n")]);
    let mut settings = tree.settings();
    settings.repeat = 3;
    let outcome = run(["test_passes", "test_dies"].map(|name| python("test_a.py", name, 60)).to_vec(), &settings);
    let mut told: Vec<_> =
        outcome.results.iter().map(|result| (result.round, result.id.as_str(), result.outcome.as_str())).collect();
    told.sort_unstable();
    let of_round = |round| [(round, "test_a.py::test_dies", "crashed"), (round, "test_a.py::test_passes", "passed")];
    assert_eq!(told, [of_round(0), of_round(1), of_round(2)].concat());
}

#[test]
fn each_round_of_what_cannot_be_prepared_is_labelled() {
    let tree = Tree::new(&[("test_a.py", "def test_a(): pass\n")]);
    let mut settings = tree.settings();
    settings.python.interpreter = Some(tree.path.join("no-python"));
    settings.repeat = 2;
    let outcome = run(vec![python("test_a.py", "test_a", 60)], &settings);
    assert_eq!(outcome.results.iter().map(|result| result.round).collect::<Vec<_>>(), [0, 1]);
    assert!(outcome.results.iter().all(|result| !result.outcome.has_run()));
}

/// A test that fails in its third process.
#[test]
fn until_fail_ends_with_the_first_failure_and_the_test_is_flaky() {
    let source = "import pathlib\ndef test_a():\n\
        \x20   told = pathlib.Path(__file__).with_name('told')\n\
        \x20   before = told.read_text() if told.exists() else ''\n\
        \x20   told.write_text(before + '.')\n\
        \x20   assert len(before) < 2\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let mut settings = tree.settings();
    settings.until_fail = true;
    let outcome = run(vec![python("test_a.py", "test_a", 60)], &settings);
    let told: Vec<_> = outcome.results.iter().map(|result| (result.round, result.outcome.as_str())).collect();
    assert_eq!(told, [(0, "passed"), (1, "passed"), (2, "failed")]);
    let flaky: Vec<String> = outcome.flaky().values().map(ToString::to_string).collect();
    assert_eq!(flaky, ["passed 2 of 3 times"]);
    std::fs::write(tree.path.join("told"), "").unwrap();
    settings.repeat = 2;
    let outcome = run(vec![python("test_a.py", "test_a", 60)], &settings);
    assert_eq!((outcome.results.len(), outcome.flaky().len()), (2, 0));
}

#[test]
fn of_a_test_that_hangs_or_dies_it_is_kept_what_it_and_its_programs_printed() {
    let source = "import os, subprocess, sys, time, pytest\n\
        def test_before(): print('of another test')\n\
        def test_dies():\n    print('words of its own')\n    print('and loud ones', file=sys.stderr)\n    \
            subprocess.run(['echo', 'words of a program'])\n    sys.stdout.flush()\n    os._exit(4)\n\
        @pytest.fixture\n\
        def server():\n    print('the server starts')\n    time.sleep(60)\n\
        def test_hangs(server): pass\n\
        @pytest.fixture\n\
        def ready():\n    print('the fixture is ready')\n    yield\n    print('it goes')\n    os._exit(5)\n\
        def test_dies_late(ready): print('of its call')\n\
        def test_dies_ready(ready): os._exit(6)\n\
        def test_after(): os._exit(7)\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let demand = |name| python("test_a.py", name, if name == "test_hangs" { 3 } else { 60 });
    let names = ["test_before", "test_dies", "test_hangs", "test_dies_late", "test_dies_ready", "test_after"];
    let outcome = run(names.map(demand).to_vec(), &tree.settings());
    let both = |name, words: &[&str]| {
        let result = result(&outcome, name);
        let file = std::fs::read_to_string(result.output_file.as_ref().unwrap()).unwrap();
        for word in words {
            assert!(result.output.contains(word) && file.contains(word), "{name}: {word}: {}", result.output);
        }
        assert!(!file.contains("of another test"), "{file}");
        result.outcome.as_str()
    };
    assert_eq!(both("test_dies", &["words of its own", "and loud ones", "words of a program"]), "crashed");
    assert_eq!(both("test_hangs", &["the server starts"]), "timed-out");
    // Of the phases before as well.
    assert_eq!(both("test_dies_late", &["the fixture is ready", "of its call", "it goes"]), "crashed");
    assert_eq!(both("test_dies_ready", &["the fixture is ready"]), "crashed");
    assert!(!result(&outcome, "test_after").output.contains("the fixture is ready"));
}

#[test]
fn a_flood_costs_no_memory_and_no_disk_whether_its_test_fails_or_not() {
    let source = "def flood():\n    for _ in range(4000): print('x' * 99_999)\n\
        def test_passes(): flood()\n\
        def test_fails():\n    print('the beginning')\n    flood()\n    print('the end')\n    assert 0\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    let outcome =
        run(["test_passes", "test_fails"].map(|name| python("test_a.py", name, 120)).to_vec(), &tree.settings());
    for name in ["test_passes", "test_fails"] {
        let usage = result(&outcome, name).usage.unwrap();
        assert!(usage.peak_memory.unwrap() < 200 * MIB, "{name}: {usage:?}");
    }
    let text = std::fs::read_to_string(result(&outcome, "test_fails").output_file.as_ref().unwrap()).unwrap();
    assert!(text.contains("the beginning\nxxx") && text.ends_with("xxx\nthe end\n\n"), "{}", text.len());
    assert!(text.contains("bytes left out") && !text.contains('\0') && (text.len() as u64) < 2 * MIB + 1000);
}

#[test]
fn what_tests_write_into_temporary_folders_is_kept_where_one_failed() {
    let source = "def test_passes(tmp_path): (tmp_path / 'file').write_text('x')\n\
        def test_fails(tmp_path):\n    (tmp_path / 'file').write_text('x')\n    assert 0\n";
    let tree = Tree::new(&[("test_a.py", source)]);
    for (name, is_kept) in [("test_passes", false), ("test_fails", true)] {
        let outcome = run(vec![python("test_a.py", name, 60)], &tree.settings());
        let step = std::fs::read_dir(&outcome.folder).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap();
        assert_eq!(step.path().join("tmp").exists(), is_kept, "{name}");
    }
}
