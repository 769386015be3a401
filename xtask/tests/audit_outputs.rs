//! `audit-markers` in all its forms, into files, against baselines and since revisions: the real program on real trees.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Answer, answer, xtask};

/// Names that would break out of one form or another.
const HOSTILE: [&str; 7] = [
    "test_a\n::error::b.py",
    "test_::set-output name=a::b.py",
    "test_%0A::error::b%25.py",
    "test_a,line=1,title=b.py",
    "test_<script>alert(1)<b>]]>.py",
    "test_\u{1b}[2J\u{7}\u{202e}.py",
    "test_[a](https:b) | `c` \"d'.py",
];

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/outputs")
}

/// An empty folder outside of this repository, so that it is no part of it.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn audit(tree: &Path, arguments: &[&str]) -> Answer {
    let tree = tree.to_str().unwrap();
    answer(xtask(&["audit-markers", "--tree", tree]).args(arguments).env_remove("GITHUB_STEP_SUMMARY"))
}

/// A policy with one rule.
fn policy() -> String {
    let others = marker_policy::rules::ALL.iter().filter(|rule| rule.code.as_str() != "missing-lifecycle");
    let off: String = others.map(|rule| format!("{} = \"off\"\n", rule.code)).collect();
    format!("extends = \"dynamo-2025-10\"\n[rules]\n{off}")
}

const TEST: &str = "import pytest\n\n\n@pytest.mark.unit\n@pytest.mark.gpu_0\ndef test_a(): ...\n";

/// A tree whose tests all lack a lifecycle.
fn unmarked(files: &[&str]) -> tempfile::TempDir {
    let folder = folder();
    fs::write(folder.path().join("test-policy.toml"), policy()).unwrap();
    fs::write(folder.path().join("pytest.ini"), "[pytest]\n").unwrap();
    for file in files {
        fs::write(folder.path().join(file), TEST).unwrap();
    }
    folder
}

/// Without what differs from run to run, and without the rules that have nothing to do with the tree.
fn steady(form: &str, text: &str) -> String {
    match form {
        "sarif" => {
            let mut document: serde_json::Value = serde_json::from_str(text).unwrap();
            let driver = &mut document["runs"][0]["tool"]["driver"];
            assert!(driver["rules"].as_array().unwrap().len() > 10);
            driver["rules"] = "all".into();
            for result in document["runs"][0]["results"].as_array_mut().unwrap() {
                assert!(result.as_object_mut().unwrap().remove("ruleIndex").is_some());
            }
            serde_json::to_string_pretty(&document).unwrap() + "\n"
        }
        "junit" => {
            // A case for each rule: of interest are those that the tree breaks.
            let cases = text.split_inclusive("</testcase>").flat_map(|part| part.split_inclusive("/>\n"));
            cases.filter(|case| case.contains("<failure")).map(|case| case.trim_start().to_owned() + "\n").collect()
        }
        _ => {
            let mut out = String::new();
            for part in text.split_inclusive(" s;") {
                match part.rsplit_once(" in ") {
                    Some((before, _)) if part.ends_with(" s;") => out.push_str(&format!("{before} in TIME;")),
                    _ => out.push_str(part),
                }
            }
            out
        }
    }
}

#[test]
fn every_form_is_as_recorded() {
    let (tree, expected) = (fixture().join("tree"), fixture().join("expected"));
    for form in ["text", "json", "sarif", "github", "junit"] {
        let answer = audit(&tree, &["--format", form]);
        assert_eq!(answer.code, 1, "{form}: {}", answer.stderr);
        let written = steady(form, &answer.stdout);
        let file = expected.join(format!("{form}.txt"));
        if std::env::var_os("RECORD").is_some() {
            fs::write(&file, &written).unwrap();
        }
        let recorded = fs::read_to_string(&file).unwrap();
        assert_eq!(written, recorded, "{form}: record it with RECORD=1, and look at the difference");
    }
}

#[test]
fn no_name_of_a_file_breaks_out_of_a_form() {
    let tree = unmarked(&HOSTILE);
    for form in ["text", "json", "sarif", "github", "junit"] {
        let answer = audit(tree.path(), &["--format", form]);
        assert_eq!(answer.code, 1, "{form}: {}", answer.stderr);
        let obeyed = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        if form != "json" {
            assert!(!answer.stdout.contains(obeyed), "{form}: {:?}", answer.stdout);
        }
        let commands = answer.stdout.lines().filter(|line| line.trim_start().starts_with("::")).count();
        assert_eq!(commands, if form == "github" { HOSTILE.len() } else { 0 }, "{form}: {}", answer.stdout);
        match form {
            "json" | "sarif" => {
                let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
                let results = if form == "json" { &document["findings"] } else { &document["runs"][0]["results"] };
                assert_eq!(results.as_array().unwrap().len(), HOSTILE.len());
            }
            "junit" => assert!(!answer.stdout.contains("<script"), "{}", answer.stdout),
            _ => {}
        }
    }
    let summary = tree.path().join("summary.md");
    fs::write(&summary, "what another step wrote\n").unwrap();
    let mut command = xtask(&["audit-markers", "--format", "github", "--tree", tree.path().to_str().unwrap()]);
    assert_eq!(answer(command.env("GITHUB_STEP_SUMMARY", &summary)).code, 1);
    let summary = fs::read_to_string(&summary).unwrap();
    assert!(summary.starts_with("what another step wrote\n## audit-markers\n"), "{summary}");
    assert!(!summary.contains("<script>") && !summary.contains("](https"), "{summary}");
}

#[test]
fn what_is_to_be_written_is_in_the_words_of_its_file() {
    let tree = unmarked(&[]);
    for (file, import, mark) in [
        ("test_a.py", "import pytest as pt", "pt.mark"),
        ("test_b.py", "from pytest import mark", "mark"),
        ("test_c.py", "import pytest", "pytest.mark"),
    ] {
        let text = TEST.replace("import pytest", import).replace("@pytest.mark", &format!("@{mark}"));
        fs::write(tree.path().join(file), text).unwrap();
    }
    let answer = audit(tree.path(), &["--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let of = |key: fn(&serde_json::Value) -> &serde_json::Value| -> Vec<String> {
        document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| key(finding).as_str().unwrap().to_owned())
            .collect()
    };
    for (help, mark) in of(|finding| &finding["help"]).iter().zip(["pt.mark", "mark", "pytest.mark"]) {
        assert!(help.starts_with(&format!("add `pytestmark = [{mark}.<lifecycle>]` above line 2")), "{help}");
    }
}

/// A name of `-m` that nothing has is no mistake to pytest, and easily one of who wrote it.
#[test]
fn a_name_of_an_expression_that_no_test_has_is_told() {
    let tree = unmarked(&["test_a.py"]);
    let told = |command: &str, expression: &str| {
        let tree = tree.path().to_str().unwrap();
        answer(&mut xtask(&[command, "--tree", tree, "-m", expression])).stderr
    };
    let expected = "warning: -m, column 9: none of 1 test has the marker `untt`; did you mean `unit`?\n";
    for command in ["list", "audit-markers", "plan", "gpus"] {
        assert_eq!(told(command, "unit or untt"), expected, "{command}");
        assert!(!told(command, "unit or nightly").contains("nightly"), "the policy knows it: {command}");
    }
    assert!(told("list", "untt").contains("did you mean `unit`?"));

    // Declared, it may well be on no test today; and a hook that cannot be followed may give it.
    assert!(told("list", "not zebra").contains("the marker `zebra`"));
    fs::write(tree.path().join("pytest.ini"), "[pytest]\nmarkers =\n    zebra: striped\n").unwrap();
    assert_eq!(told("list", "not zebra"), "");
    fs::write(tree.path().join("pytest.ini"), "[pytest]\n").unwrap();
    let hook = "import somewhere\n\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        \
                item.add_marker(somewhere.marker())\n";
    fs::write(tree.path().join("conftest.py"), hook).unwrap();
    assert_eq!(told("list", "not zebra"), "");
    assert!(
        told("list", "not untt").contains("none of 1 test is known to have the marker `untt`; did you mean `unit`?")
    );
}

#[test]
fn a_file_is_written_as_a_whole_or_not_at_all() {
    let tree = unmarked(&["test_a.py"]);
    let out = folder();
    let path = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    let to = |name: &str| audit(tree.path(), &["--format", "sarif", "--output", &path(name)]);

    let answer = to("a.sarif");
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(
        answer.stdout.starts_with("1 test in 1 file breaks the policy: missing-lifecycle 1\n"),
        "{}",
        answer.stdout
    );
    serde_json::from_str::<serde_json::Value>(&fs::read_to_string(path("a.sarif")).unwrap()).unwrap();

    fs::write(path("read-only.sarif"), "as it was").unwrap();
    let mut permissions = fs::metadata(path("read-only.sarif")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path("read-only.sarif"), permissions).unwrap();
    fs::create_dir(path("folder")).unwrap();
    for (name, said) in [
        ("read-only.sarif", "it is read-only"),
        ("folder", "directory"),
        ("none/a.sarif", "there is no folder "),
        ("a.sarif/b", "is no folder: name another place"),
    ] {
        let answer = to(name);
        assert_eq!(answer.code, 2, "{name}: {}", answer.stderr);
        assert!(answer.stderr.contains("nothing was written to ") && answer.stderr.contains(said), "{}", answer.stderr);
        assert_eq!(answer.stdout, "", "{name}");
    }
    assert_eq!(fs::read_to_string(path("read-only.sarif")).unwrap(), "as it was");

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(path("a.sarif"), path("link")).unwrap();
        fs::write(path("a.sarif"), "old").unwrap();
        assert_eq!(to("link").code, 1);
        assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
        assert_ne!(fs::read_to_string(path("a.sarif")).unwrap(), "old");
    }
    let left: Vec<_> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".audit-")), "{left:?}");
}

#[test]
fn a_baseline_holds_what_was_there_and_only_shrinks() {
    let tree = unmarked(&["test_a.py", "test_b.py"]);
    let file = tree.path().join("baseline.toml");
    let name = file.to_str().unwrap();
    let lines = || fs::read_to_string(&file).unwrap().lines().filter(|line| line.contains("::")).count();

    let written = audit(tree.path(), &["--write-baseline", name]);
    assert_eq!((written.code, lines()), (0, 2), "{}", written.stderr);
    let held = audit(tree.path(), &["--baseline", name]);
    assert_eq!(held.code, 0, "{}", held.stdout);
    assert!(held.stdout.contains("the baseline has 2 more findings\n"), "{}", held.stdout);

    // One is repaired, another is new, a third moves down.
    fs::write(tree.path().join("test_a.py"), TEST.replace("unit", "unit\n@pytest.mark.pre_merge")).unwrap();
    fs::write(tree.path().join("test_b.py"), format!("'''Further down.'''\n\n{TEST}")).unwrap();
    fs::write(tree.path().join("test_c.py"), TEST).unwrap();
    let held = audit(tree.path(), &["--baseline", name]);
    assert_eq!(held.code, 1);
    assert!(held.stdout.contains("--> test_c.py:2:1") && !held.stdout.contains("test_b.py"), "{}", held.stdout);
    assert!(
        held.stdout.contains("1 entry of the baseline found less than before: take it out with --write-baseline\n")
    );

    let shrunk = audit(tree.path(), &["--write-baseline", name]);
    assert_eq!((shrunk.code, lines()), (1, 1), "what is new is a finding still: {}", shrunk.stdout);
    assert!(
        shrunk.stdout.contains("test_c.py") && shrunk.stderr.contains("has 1 finding, 2 before"),
        "{}",
        shrunk.stderr
    );
    let grown = audit(tree.path(), &["--write-baseline", name, "--grow"]);
    assert_eq!((grown.code, lines()), (0, 2), "{}", grown.stdout);
}

#[test]
fn wrong_usage_of_a_baseline_is_exit_2_and_changes_nothing() {
    let tree = unmarked(&["test_a.py"]);
    let file = tree.path().join("baseline.toml");
    let name = file.to_str().unwrap();
    let bad = "version = 1\n\n[missing-lifecycel]\n\"a\" = 1\n";
    fs::write(&file, bad).unwrap();
    let missing = format!("{name}.not");
    for (arguments, expected) in [
        (
            &["--baseline", name][..],
            "baseline.toml:3:2: no rule is named `missing-lifecycel`; did you mean `missing-lifecycle`?",
        ),
        (&["--write-baseline", name], "baseline.toml:3:2: "),
        (&["--baseline", &missing], "there is no baseline "),
        (&["--write-baseline", &missing, "test_a.py"], "the whole tree"),
        (&["--write-baseline", &missing, "-m", "unit"], "the whole tree"),
        (&["--write-baseline", &missing, "--since", "HEAD"], "the whole tree"),
        (
            &["--write-baseline", "/no/such/folder/baseline.toml"],
            "nothing was written to /no/such/folder/baseline.toml",
        ),
        (&["--grow"], "--write-baseline"),
        (&["--write-baseline", name, "--baseline", name], "cannot be used with"),
        (&["--explain", "missing-lifecycel"], "did you mean missing-lifecycle?"),
    ] {
        let answer = audit(tree.path(), arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(expected), "{arguments:?}: {expected:?} is not in {:?}", answer.stderr);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), bad);
    assert!(!Path::new(&missing).exists());
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=t", "-c", "user.email=t@t.example"]).args(arguments);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The files with findings since a revision.
fn since(tree: &Path, revision: &str) -> Vec<String> {
    let answer = audit(tree, &["--format", "json", "--since", revision]);
    assert!(answer.code < 2, "{}", answer.stderr);
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let files =
        document["findings"].as_array().unwrap().iter().map(|finding| finding["file"].as_str().unwrap().to_owned());
    files.collect()
}

#[test]
fn since_a_revision_only_what_changed_is_reported() {
    let odd = "test_é \"quoted\"\t.py";
    let tree = unmarked(&["test_old.py", "test_edited.py", "test_committed.py", odd]);
    let path = tree.path();
    git(path, &["init", "-q", "-b", "main"]);
    git(path, &["add", "test_old.py", "test_edited.py", "pytest.ini", "test-policy.toml"]);
    git(path, &["commit", "-q", "-m", "base"]);
    git(path, &["branch", "base"]);
    git(path, &["add", "test_committed.py"]);
    git(path, &["commit", "-q", "-m", "more"]);
    fs::write(path.join("test_edited.py"), format!("{TEST}\n")).unwrap();
    assert_eq!(since(path, "base"), ["test_committed.py", "test_edited.py", odd]);
    assert_eq!(since(path, "main"), ["test_edited.py", odd]);

    // What happened on the other branch since is not this branch's change.
    git(path, &["checkout", "-q", "base", "--", "."]);
    git(path, &["commit", "-q", "--allow-empty", "-m", "x"]);
    fs::write(path.join("test_edited.py"), format!("{TEST}\n")).unwrap();
    git(path, &["stash", "-q"]);
    git(path, &["checkout", "-q", "base"]);
    fs::write(path.join("test_old.py"), format!("{TEST}\n\n")).unwrap();
    git(path, &["commit", "-q", "-am", "elsewhere"]);
    git(path, &["checkout", "-q", "main"]);
    assert_eq!(since(path, "base"), ["test_committed.py", odd]);

    // A hook of git has variables set that mean another index.
    let mut command =
        xtask(&["audit-markers", "--format", "json", "--since", "base", "--tree", path.to_str().unwrap()]);
    let answer = answer(command.env("GIT_DIR", "/nowhere").env("GIT_INDEX_FILE", "/nowhere"));
    assert_eq!(answer.code, 1, "{}", answer.stderr);

    for (revision, expected) in
        [("nosuch", "no such revision"), ("--output=x", "no such revision"), ("HEAD:pytest.ini", "no such revision")]
    {
        let argument = format!("--since={revision}");
        let answer = audit(path, &[&argument]);
        assert_eq!(answer.code, 2, "{revision}: {}", answer.stderr);
        assert!(answer.stderr.contains(expected), "{}", answer.stderr);
    }
    assert!(!path.join("x").exists());
}

#[test]
fn a_tree_within_a_repository_and_a_change_that_reaches_others() {
    let repository = folder();
    let tree = repository.path().join("sub");
    fs::create_dir(&tree).unwrap();
    let policy = policy();
    for (name, text) in
        [("test-policy.toml", &*policy), ("pytest.ini", "[pytest]\n"), ("test_a.py", TEST), ("test_b.py", TEST)]
    {
        fs::write(tree.join(name), text).unwrap();
    }
    git(repository.path(), &["init", "-q"]);
    git(repository.path(), &["add", "."]);
    git(repository.path(), &["commit", "-q", "-m", "base"]);
    fs::write(tree.join("test_a.py"), format!("{TEST}\n")).unwrap();
    fs::write(tree.join("conftest.py"), "").unwrap();
    assert_eq!(since(&tree, "HEAD"), ["test_a.py"]);
    let answer = audit(&tree, &["--format", "github", "--since", "HEAD"]);
    assert!(answer.stdout.starts_with("::error file=sub/test_a.py,line=2,"), "{}", answer.stdout);
    assert!(answer.stderr.contains("conftest.py changed, too"), "{}", answer.stderr);
}

#[test]
fn without_a_repository_or_git_since_is_exit_2() {
    let tree = unmarked(&["test_a.py"]);
    let answer_of =
        |command: &mut Command| answer(command.env("GIT_CEILING_DIRECTORIES", tree.path().parent().unwrap()));
    let arguments = ["audit-markers", "--since", "HEAD", "--tree", tree.path().to_str().unwrap()];
    let answer = answer_of(&mut xtask(&arguments));
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("does not take") && answer.stderr.contains("not a git repository"),
        "{}",
        answer.stderr
    );
    let answer = answer_of(xtask(&arguments).env("PATH", tree.path()));
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("git, which cannot be started"), "{}", answer.stderr);
}

#[cfg(unix)]
#[test]
fn nothing_that_a_repository_names_is_executed() {
    use std::os::unix::fs::PermissionsExt;

    let tree = unmarked(&["test_a.py", "test_b.py"]);
    let path = tree.path();
    git(path, &["init", "-q"]);
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "base"]);
    let (trap, sprung) = (path.join("trap.sh"), path.join("sprung"));
    fs::write(&trap, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", sprung.display())).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let hooks = path.join("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::copy(&trap, hooks.join("post-index-change")).unwrap();
    fs::write(path.join(".gitattributes"), "*.py filter=a.b=c diff=trap\n").unwrap();
    let trap = trap.to_str().unwrap();
    for (key, value) in [
        ("core.fsmonitor", trap),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("filter.a.b=c.clean", trap),
        ("filter.a.b=c.required", "true"),
        ("filter.other.process", trap),
        ("diff.external", trap),
        ("diff.trap.command", trap),
        ("diff.trap.textconv", trap),
        ("core.pager", trap),
        ("core.sshCommand", trap),
    ] {
        git(path, &["config", key, value]);
    }
    // The same length and the same text at another time: git has to read it to know.
    fs::write(path.join("test_a.py"), TEST).unwrap();
    fs::write(path.join("test_b.py"), format!("{TEST}\n")).unwrap();
    let _ = fs::remove_file(&sprung);
    assert_eq!(since(path, "HEAD"), ["test_b.py"]);
    assert_eq!(fs::read_to_string(&sprung).unwrap_or_default(), "");
    // The trap works.
    git(path, &["add", "test_b.py"]);
    assert_ne!(fs::read_to_string(&sprung).unwrap_or_default(), "");
}

#[test]
fn a_rule_is_explained_and_the_pages_are_current() {
    let explained = answer(&mut xtask(&["audit-markers", "--explain", "missing-lifecycle"]));
    assert_eq!(explained.code, 0);
    assert!(explained.stdout.contains("\nseverity  error\n"), "{}", explained.stdout);

    let written = folder();
    let to = written.path().join("rules");
    assert_eq!(answer(&mut xtask(&["policy", "rules", "--write", to.to_str().unwrap()])).code, 0);
    let pages = |folder: &Path| {
        let mut pages: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()))
            .collect();
        pages.sort();
        pages
    };
    let current = pages(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rules"));
    assert!(
        pages(&to) == current,
        "write them anew: cargo xtask policy rules --write docs/rules, without pages of rules that are gone"
    );
}

#[test]
fn listing_audit_and_lines_count_the_same_tests_inexact() {
    let tree = folder();
    let module = "import pytest, unseen\n\
                  @pytest.mark.parametrize('x', unseen.values())\ndef test_values(x): pass\n\
                  @unseen.mark\ndef test_marks(): pass\n\
                  class TestOpen:\n    pytestmark = unseen.marks()\n    def test_open(self): pass\n\
                  def test_exact(): pass\n";
    fs::write(tree.path().join("test_a.py"), module).unwrap();
    let root = tree.path().to_str().unwrap();
    let lines = answer(&mut xtask(&["list", "--format", "jsonl", "--tree", root])).stdout;
    let of_lines = lines.matches("\"certainty\":\"inexact\"").count();
    let listed = answer(&mut xtask(&["list", "--tree", root])).stdout;
    let audited = audit(tree.path(), &["--inexact"]).stdout;
    assert!(of_lines > 1, "{lines}");
    assert!(listed.trim_end().ends_with(&format!("; {of_lines} inexact")), "{listed}");
    assert_eq!(listed.matches("  inexact: ").count(), of_lines, "{listed}");
    assert!(audited.contains(&format!("; {of_lines} inexact")), "{audited}");
    let explained = audited.lines().filter(|line| line.starts_with("test_a.py:") && line.contains(": 1 test: "));
    assert_eq!(explained.count(), of_lines, "{audited}");
}
