//! What commands of pytest run of a catalog.
#![allow(clippy::unwrap_used)]

mod support;

use marker_policy::workflow::{Directory, Text};
use marker_policy::{Policy, PytestCommand, resolve};
use support::{catalog, open, python, rust};
use test_catalog::{Obstacle, PytestFacts, Reach, RustTestKind, TreePath};

const CHAT: &str = "tests/serve/test_vllm_chat.py::test_chat[aggregated]";

/// The words of a command: `<name>` is a word that is not known, and quotes keep blanks together.
fn words(text: &str) -> Vec<Text> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    let word = |word: String| {
        word.strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            .map_or_else(|| Text::known(&*word), Text::unknown)
    };
    words.into_iter().map(word).collect()
}

fn parse(text: &str) -> Option<PytestCommand> {
    PytestCommand::parse(&words(text), &Directory::tree())
}

fn reach(text: &str) -> Reach {
    let tree = catalog(vec![python(CHAT, &["pre_merge", "e2e", "gpu_1", "vllm"])]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    parse(text).unwrap().reach(&policy, &cases[0])
}

#[test]
fn commands_that_run_no_tests_of_python_are_none() {
    for text in [
        "cargo test",
        "python setup.py",
        "python -m pip install pytest",
        "pytest --collect-only -m unit",
        "pytest --help",
    ] {
        assert!(parse(text).is_none(), "{text}");
    }
    for text in ["pytest", "python -m pytest", "python3.11 -m pytest", "/usr/bin/pytest -x", "py.test"] {
        assert!(parse(text).is_some(), "{text}");
    }
}

#[test]
fn a_command_selects_as_pytest_does() {
    for text in [
        "pytest",
        "pytest -m 'pre_merge and vllm' -n auto --dist=loadscope -v --tb short",
        "pytest -m=vllm -k chat",
        "pytest -m unit -m vllm",
        "pytest tests/serve",
        "pytest ./tests/serve/test_vllm_chat.py tests/other",
        "pytest tests/serve/test_vllm_chat.py::test_chat",
        "pytest --basetemp <$DIR> --junitxml=<$DIR>/x.xml -m vllm",
    ] {
        assert_eq!(reach(text), Reach::Runs, "{text}");
    }
    for (text, obstacle) in [
        ("pytest -m 'vllm and gpu_2'", Obstacle::Markers),
        ("pytest -m 'vllm and not gpu_1'", Obstacle::Markers),
        ("pytest -k planner", Obstacle::Name),
        ("pytest tests/server", Obstacle::Path),
        ("pytest tests/serve/test_vllm_chat.py::test_cha", Obstacle::Path),
        ("pytest --ignore=tests/serve", Obstacle::Path),
        ("pytest --deselect tests/serve/test_vllm_chat.py::test_ch", Obstacle::Path),
        ("pytest --max-vram-gib=24", Obstacle::Vram),
        // What pytest refuses runs nothing.
        ("pytest -m ' and vllm'", Obstacle::Path),
    ] {
        assert_eq!(reach(text), Reach::Not(obstacle), "{text}");
    }
}

#[test]
fn what_is_not_known_may_run_anything() {
    for text in [
        "pytest <$ARGS>",
        "pytest -m <$MARKS>",
        "pytest --strange value tests/other",
        "pytest /elsewhere",
        "pytest --strange --also=1 -m vllm",
        "pytest --strange=value tests/serve",
        "pytest -c other.ini",
        "pytest -o python_files=x",
        "pytest -p no:python",
        "pytest --ignore=tests/serve tests/serve",
        "pytest --pyargs tests/serve",
        "pytest -k <$WORD>",
    ] {
        assert_eq!(reach(text), Reach::Maybe, "{text}");
    }
    // Whatever else is chosen, this is not.
    assert_eq!(reach("pytest -k <$WORD> -m gpu_2"), Reach::Not(Obstacle::Markers));
}

#[test]
fn a_case_whose_markers_are_not_all_known_may_be_selected() {
    let tree = catalog(vec![open(python(CHAT, &["vllm"])), rust("streams", RustTestKind::Unit, None)]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    let reach = |text, index: usize| parse(text).unwrap().reach(&policy, &cases[index]);
    assert_eq!(reach("pytest -m gpu_2", 0), Reach::Maybe);
    assert_eq!(reach("pytest -m vllm", 0), Reach::Runs);
    assert_eq!(reach("pytest", 1), Reach::Not(Obstacle::Language));
}

#[test]
fn a_path_without_cases_is_told_of() {
    let tree = catalog(vec![python(CHAT, &["vllm"])]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    let command = parse("pytest tests/serve .github/owners/test_owners.py").unwrap();
    assert_eq!(command.unlisted(&cases), [".github/owners/test_owners.py"]);
}

#[test]
fn paths_are_those_of_the_folder_that_it_runs_in() {
    let tree = catalog(vec![python(CHAT, &["vllm"])]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    let reach = |text, folder: &str| {
        let command = PytestCommand::parse(&words(text), &Directory::Tree(folder.to_owned())).unwrap();
        command.reach(&policy, &cases[0])
    };
    assert_eq!(reach("pytest serve", "tests"), Reach::Runs);
    // Without a path it is the folder itself.
    assert_eq!(reach("pytest", "tests"), Reach::Runs);
    assert_eq!(reach("pytest", "other"), Reach::Not(Obstacle::Path));
}

#[test]
fn the_trees_own_expression_holds_where_a_command_gives_none() {
    let tree = catalog(vec![python(CHAT, &["vllm"])]);
    let policy = Policy::embedded();
    let cases = resolve(&policy, &tree);
    let facts = PytestFacts {
        version: "9.2.0".to_owned(),
        python: "3.11".to_owned(),
        rootdir: TreePath::new(""),
        config_file: None,
        mark_expression: Some("not vllm".to_owned()),
        keyword_expression: None,
        has_timeout: false,
    };
    let reach = |text| parse(text).unwrap().in_tree(&facts).reach(&policy, &cases[0]);
    assert_eq!(reach("pytest"), Reach::Not(Obstacle::Markers));
    for text in ["pytest -m vllm", "pytest -m ''", "pytest -o addopts="] {
        assert_eq!(reach(text), Reach::Runs, "{text}");
    }
    for text in ["pytest --override-ini=addopts=-q", "pytest -c other.ini"] {
        assert_eq!(reach(text), Reach::Maybe, "{text}");
    }
}
