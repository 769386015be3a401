//! Lanes, as the program reads them of workflows and of the policy.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use support::{Answer, answer, xtask};

const MANIFEST: &str =
    "[package]\nname = \"pool\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\ngpu = []\n\n[workspace]\n";
const LIBRARY: &str = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn drains() {}\n    #[cfg(feature = \"gpu\")]\n    #[test]\n    \
                       fn copies() {}\n}\n";
const WORKFLOW: &str = "on: push\njobs:\n  rust:\n    strategy:\n      matrix: { dir: ['.', lib/pool] }\n    steps:\n    \
                        - if: matrix.dir != '.'\n      working-directory: ${{ matrix.dir }}\n      run: |\n        \
                        cargo test --no-run\n        cargo test --locked\n";

fn tree(workflow: &str, policy: &str) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let files = [
        ("lib/pool/Cargo.toml", MANIFEST),
        ("lib/pool/src/lib.rs", LIBRARY),
        (".github/workflows/ci.yml", workflow),
        ("test-policy.toml", policy),
    ];
    for (file, text) in files {
        let path = tree.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    tree
}

fn run(tree: &Path, arguments: &[&str]) -> Answer {
    answer(xtask(arguments).arg("--tree").arg(tree))
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", answer.stdout, answer.stderr))
}

const POLICY: &str = "extends = \"dynamo-2025-10\"\n";

#[test]
fn the_lanes_of_a_workflow_are_its_commands_that_run_tests() {
    let tree = tree(WORKFLOW, POLICY);
    let found = json(&run(tree.path(), &["lanes", "--format", "json"]));
    let lanes = found["list"].as_array().unwrap();
    assert_eq!(lanes.len(), 1, "{found:#}");
    assert_eq!(lanes[0]["command"], "cargo test --locked");
    assert_eq!((&lanes[0]["folder"], &lanes[0]["line"]), (&"lib/pool".into(), &11.into()));
    assert_eq!((&lanes[0]["runs"], &lanes[0]["may_run"]), (&1.into(), &0.into()));
}

#[test]
fn a_feature_that_no_lane_turns_on_is_found_until_the_policy_lists_one() {
    let findings = |policy: &str| {
        let tree = tree(WORKFLOW, policy);
        let found = json(&run(tree.path(), &["audit-markers", "--format", "json"]));
        let codes = found["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(findings(POLICY), ["feature-in-no-lane"]);
    let lane =
        "[[lanes]]\nname = \"gpu\"\nfolder = \"lib/pool\"\nrun = \"RUST_TEST_THREADS=1 cargo test --features gpu\"\n";
    assert!(findings(&format!("{POLICY}{lane}")).is_empty());
    // Where no workflow is read, nothing is said.
    assert!(findings(&format!("{POLICY}[ci]\nworkflows = []\n")).is_empty());
}

#[test]
fn what_only_a_run_can_tell_finds_nothing_and_says_so() {
    let workflow = "on: push\njobs:\n  rust:\n    steps:\n    - run: cargo test --features ${{ vars.FEATURES }}\n";
    let tree = tree(workflow, POLICY);
    assert_eq!(run(tree.path(), &["audit-markers"]).code, 0);
    let answer = run(tree.path(), &["lanes"]);
    assert!(answer.stdout.contains(" unknown  "), "{}", answer.stdout);
    assert!(answer.stdout.contains("vars.FEATURES"), "{}", answer.stdout);
}

#[test]
fn why_names_the_lanes_of_a_test_or_what_is_in_their_way() {
    let tree = tree(WORKFLOW, POLICY);
    let why = |id| run(tree.path(), &["why", id]).stdout;
    assert!(
        why("pool tests::drains").contains("  lanes     ci.yml / rust (lib/pool) / line 7"),
        "{}",
        why("pool tests::drains")
    );
    assert!(
        why("pool tests::copies").contains("  lanes     none: no lane turns on gpu\n"),
        "{}",
        why("pool tests::copies")
    );
}

#[test]
fn a_workflow_that_cannot_be_read_is_a_finding() {
    let tree = tree("on: push\njobs:\n  rust: [\n", POLICY);
    let found = json(&run(tree.path(), &["audit-markers", "--format", "json"]));
    let finding = &found["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["file"]),
        (&"workflow".into(), &".github/workflows/ci.yml".into()),
        "{found:#}"
    );
    let answer = run(tree.path(), &["lanes"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains(".github/workflows/ci.yml"), "{}", answer.stderr);
}

#[test]
fn a_lane_of_the_policy_that_runs_no_tests_is_a_mistake_of_the_policy() {
    for run_text in ["cargo build", "cargo test --no-run", "pool-test", "cargo test \\\"", ""] {
        let tree = tree(WORKFLOW, &format!("{POLICY}[[lanes]]\nname = \"gpu\"\nrun = \"{run_text}\"\n"));
        let answer = run(tree.path(), &["lanes"]);
        assert_eq!(answer.code, 2, "{run_text}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains("test-policy.toml:"), "{run_text}: {}", answer.stderr);
    }
}

/// The lanes of a script that runs in the tree, as JSON.
fn lanes_of(script: &str, files: &[(&str, &str)]) -> serde_json::Value {
    let lines: String = script.lines().map(|line| format!("        {line}\n")).collect();
    let workflow = format!("on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n    - run: |\n{lines}");
    let tree = tree(&workflow, POLICY);
    for (file, text) in files {
        let path = tree.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    json(&run(tree.path(), &["lanes", "--format", "json"]))["list"].clone()
}

const UNIT: &str = "import pytest\n@pytest.mark.unit\ndef test_a(): pass\n@pytest.mark.e2e\ndef test_b(): pass\n";

#[test]
fn a_lane_is_under_the_configuration_that_pytest_takes_for_it() {
    let files = [
        ("pytest.ini", "[pytest]\naddopts = -m e2e --ignore-glob=own/*\n"),
        ("test_root.py", UNIT),
        ("own/pytest.ini", "[pytest]\naddopts = -m 'unit and not slow'\ntestpaths = tests\n"),
        ("own/tests/test_own.py", UNIT),
        ("with/conftest.py", ""),
        ("with/deep/pytest.ini", "[pytest]\n"),
        ("with/deep/test_deep.py", UNIT),
        ("other.ini", "[pytest]\naddopts = -k test_a\n"),
    ];
    let cases = [
        ("pytest", "e2e", (2, 0)),
        ("pytest test_root.py", "e2e", (1, 0)),
        ("cd own; pytest", "unit and not slow", (1, 0)),
        ("pytest -m unit with/deep", "unit", (0, 1)),
        ("pytest own/tests/test_own.py -m e2e", "e2e", (1, 0)),
        ("pytest -c other.ini test_root.py", "", (1, 0)),
        ("PYTEST_ADDOPTS='-m unit' pytest test_root.py", "unit", (1, 0)),
        ("export PYTEST_ADDOPTS=$(q)\npytest test_root.py", "e2e", (0, 1)),
        ("pytest -c \"$FILE\" test_root.py", "", (0, 2)),
    ];
    for (script, marks, (runs, may_run)) in cases {
        let list = lanes_of(script, &files);
        let lane = &list[0];
        assert_eq!(lane["marks"].as_str().unwrap_or_default(), marks, "{script}: {list:#}");
        assert_eq!((&lane["runs"], &lane["may_run"]), (&runs.into(), &may_run.into()), "{script}: {list:#}");
    }
}

#[test]
fn what_cargo_refuses_runs_nothing_and_aliases_and_profiles_count() {
    let files = [
        ("lib/pool/.cargo/config.toml", "[alias]\nunit = ['test', '--lib']\nall = 'unit --features gpu'\n"),
        ("lib/pool/Cargo.lock", "version = 4\n\n[[package]]\nname = \"pool\"\nversion = \"0.1.0\"\n"),
        ("lib/pool/.config/nextest.toml", "[profile.ci]\ndefault-filter = 'not test(slow)'\n"),
    ];
    let cases = [
        ("cargo test --features gone", (0, 0), "refused"),
        ("cargo test --features gpu", (2, 0), ""),
        ("cargo test -p gone", (0, 0), "refused"),
        ("cargo unit", (1, 0), ""),
        ("cargo all --locked", (2, 0), ""),
        ("cargo nextest run", (1, 0), ""),
        ("cargo nextest run -P ci", (0, 1), "narrowed"),
        ("NEXTEST_PROFILE=ci cargo nextest run", (0, 1), "narrowed"),
        ("cargo nextest run -P ci --ignore-default-filter", (1, 0), ""),
        ("export RUSTFLAGS='--cfg x'\ncargo test --features gpu", (2, 0), ""),
        ("cargo hack --each-feature test", (0, 2), "doubt"),
        ("make cargo test", (0, 2), "doubt"),
    ];
    for (command, (runs, may_run), told) in cases {
        let list = lanes_of(&format!("cd lib/pool\n{command}"), &files);
        let lane = &list[0];
        assert_eq!((&lane["runs"], &lane["may_run"]), (&runs.into(), &may_run.into()), "{command}: {list:#}");
        for reason in ["refused", "narrowed", "doubt"] {
            assert_eq!(lane[reason].is_string(), reason == told, "{command}: {list:#}");
        }
    }
}

#[test]
fn what_must_hold_for_a_lane_to_run_is_told() {
    let workflow = "on: push\njobs:\n  rust:\n    if: ${{ vars.ON }}\n    steps:\n    - working-directory: lib/pool\n      \
                    run: |\n        cargo doc && cargo test\n        if [ -d x ]; then cargo test --lib; fi\n";
    let tree = tree(workflow, POLICY);
    let found = json(&run(tree.path(), &["lanes", "--format", "json"]));
    let conditions = |index: usize| found["list"][index]["conditions"].clone();
    assert_eq!(conditions(0), serde_json::json!(["${{ vars.ON }}"]));
    assert_eq!(conditions(1)[1], "a branch of `if [ -d x ]; then cargo test --lib; fi`");
    let text = run(tree.path(), &["lanes"]).stdout;
    assert!(text.contains("may run: if vars.ON\n"), "{text}");
    let why = run(tree.path(), &["why", "pool tests::drains"]).stdout;
    assert!(why.contains("(.github/workflows/ci.yml:8:1), if vars.ON\n"), "{why}");
}

#[test]
fn a_missing_lane_is_told_where_an_answer_hangs_on_it() {
    let tree = tree("on: push\njobs:\n  rust: [\n", POLICY);
    fs::write(tree.path().join(".github/workflows/b.yml"), WORKFLOW).unwrap();
    let why = run(tree.path(), &["why", "pool tests::copies"]).stdout;
    assert!(why.contains("none: no lane turns on gpu\n") && why.contains("lanes may be missing: "), "{why}");
    let answer = run(tree.path(), &["lanes"]);
    assert!(answer.stdout.contains("  lanes may be missing: this YAML cannot be read"), "{}", answer.stdout);
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity =
        ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"];
    let output = std::process::Command::new("git").args(identity).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_change_of_a_lane_is_shown_as_tests_gained_and_lost() {
    let workflow = "on: push\njobs:\n  unit:\n    steps:\n    - name: Unit\n      run: pytest -m unit\n";
    let tree = tree(workflow, POLICY);
    let root = tree.path();
    let tests = "import pytest\n@pytest.mark.unit\ndef test_a(): pass\n@pytest.mark.e2e\ndef test_b(): pass\n";
    fs::write(root.join("test_pool.py"), tests).unwrap();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "before"]);
    fs::write(root.join(".github/workflows/ci.yml"), workflow.replace("-m unit", "-m e2e")).unwrap();
    let index = fs::read(root.join(".git/index")).unwrap();

    let found = json(&run(root, &["lanes", "diff", "HEAD", "--format", "json"]));
    assert_eq!(found["lanes"][0]["name"], "ci.yml / unit / Unit");
    assert_eq!(found["lanes"][0]["gained"], serde_json::json!(["test_pool.py::test_b"]));
    assert_eq!(found["lanes"][0]["lost"], serde_json::json!(["test_pool.py::test_a"]));
    assert_eq!(found["newly_in_no_lane"], serde_json::json!(["test_pool.py::test_a"]));
    let markdown = run(root, &["lanes", "diff", "main", "--format", "markdown"]).stdout;
    assert!(markdown.contains("| `ci.yml / unit / Unit` | 1 | 1 |"), "{markdown}");
    let named = "<summary><code>ci.yml / unit / Unit</code></summary>\n\n- gains `test_pool.py::test_b`\n- loses `test_pool.py::test_a`\n";
    assert!(markdown.contains(named), "{markdown}");
    let text = run(root, &["lanes", "diff", "main"]).stdout;
    assert!(text.contains("  + test_pool.py::test_b\n  - test_pool.py::test_a\n"), "{text}");
    // Nothing of the repository is written.
    assert_eq!(fs::read(root.join(".git/index")).unwrap(), index);

    // Nothing that is written above a step without a name changes the step.
    git(root, &["commit", "-qam", "after"]);
    let unnamed = workflow.replace("    - name: Unit\n      run:", "    - run:");
    fs::write(root.join(".github/workflows/ci.yml"), &unnamed).unwrap();
    git(root, &["commit", "-qam", "unnamed"]);
    fs::write(root.join(".github/workflows/ci.yml"), format!("# A\n\n{unnamed}")).unwrap();
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    assert!(text.starts_with("every lane runs the tests that it ran\n"), "{text}");
    fs::write(root.join(".github/workflows/ci.yml"), unnamed.replace("  unit:\n", "  unit:\n    if: vars.ON\n"))
        .unwrap();
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    assert!(text.contains("  + runs only if vars.ON\n"), "{text}");

    git(root, &["commit", "-qam", "conditional"]);
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    assert!(text.starts_with("every lane runs the tests that it ran\n"), "{text}");
}

#[test]
fn lanes_to_which_the_same_happens_are_shown_together() {
    let workflow = "on: push\njobs:\n  unit:\n    strategy:\n      matrix:\n        on: [a, b]\n    steps:\n    - name: Unit\n      \
                    run: pytest -m \"${{ matrix.on == 'a' && 'unit' || 'unit or unit' }}\"\n  all:\n    steps:\n    - run: pytest\n";
    let tree = tree(workflow, POLICY);
    let root = tree.path();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "before"]);
    let unit = "import pytest\n@pytest.mark.unit\ndef test_a(): pass\n";
    fs::write(root.join("test_pool.py"), format!("{unit}@pytest.mark.e2e\ndef test_b(): pass\n")).unwrap();
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    let units = "ci.yml / unit (a) / Unit\nci.yml / unit (b) / Unit\n  + test_pool.py::test_a\n";
    assert!(text.contains(units), "{text}");
    assert_eq!(text.matches("test_pool.py::test_a").count(), 2, "{text}");
    let markdown = run(root, &["lanes", "diff", "HEAD", "--format", "markdown"]).stdout;
    assert!(markdown.contains("| `ci.yml / unit (a) / Unit`<br>`ci.yml / unit (b) / Unit` | 1 | 0 |"), "{markdown}");
    assert!(markdown.contains("<code>ci.yml / unit (a) / Unit</code> and 1 more</summary>"), "{markdown}");
}

#[test]
fn what_comes_to_be_unread_is_shown_with_what_is_so_no_more() {
    let workflow = "on: push\njobs:\n  a:\n    steps:\n    - uses: org/one@v1\n    - uses: org/same@v1\n";
    let tree = tree(workflow, POLICY);
    let root = tree.path();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "before"]);
    // Only lines move: nothing is to be said.
    fs::write(root.join(".github/workflows/ci.yml"), format!("# A\n\n{workflow}")).unwrap();
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    assert!(!text.contains("not read"), "{text}");
    let changed = workflow.replace("org/one@v1", "org/two@v1") + "    - uses: org/same@v1\n";
    fs::write(root.join(".github/workflows/ci.yml"), changed).unwrap();
    let unseen = json(&run(root, &["lanes", "diff", "HEAD", "--format", "json"]))["unseen"].clone();
    let names = |key: &str| -> Vec<(String, u64)> {
        let one =
            |place: &serde_json::Value| (place["name"].as_str().unwrap().to_owned(), place["steps"].as_u64().unwrap());
        unseen[key].as_array().unwrap().iter().map(one).collect()
    };
    assert_eq!(names("appeared"), [("org/same".to_owned(), 1), ("org/two".to_owned(), 1)], "{unseen:#}");
    assert_eq!(names("gone"), [("org/one".to_owned(), 1)], "{unseen:#}");
    let text = run(root, &["lanes", "diff", "HEAD"]).stdout;
    assert!(
        text.contains("\nwhat CI runs that is not read, so that it may run tests:\n  + .github/workflows/ci.yml:"),
        "{text}"
    );
    assert!(text.contains("  - .github/workflows/ci.yml:5"), "{text}");
    let markdown = run(root, &["lanes", "diff", "HEAD", "--format", "markdown"]).stdout;
    assert!(
        markdown.contains("- gone: ``` .github/workflows/ci.yml:5")
            || markdown.contains("- gone: `` .github/workflows/ci.yml:5"),
        "{markdown}"
    );
}

#[cfg(unix)]
#[test]
fn links_are_in_both_revisions_and_one_that_leads_out_is_told_of() {
    let tree = tree("on: push\njobs:\n  unit:\n    steps:\n    - run: pytest\n", POLICY);
    let root = tree.path();
    fs::create_dir(root.join("tests")).unwrap();
    fs::write(root.join("tests/test_pool.py"), UNIT).unwrap();
    std::os::unix::fs::symlink("test_pool.py", root.join("tests/test_linked.py")).unwrap();
    std::os::unix::fs::symlink("../../..", root.join("tests/out")).unwrap();
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "before"]);
    fs::remove_file(root.join("tests/out")).unwrap();
    let answer = run(root, &["lanes", "diff", "HEAD"]);
    assert!(answer.stdout.starts_with("every lane runs the tests that it ran\n"), "{}", answer.stdout);
    assert!(answer.stderr.contains("links that lead out of the tree: 1 left out of HEAD"), "{}", answer.stderr);
}

#[test]
fn a_revision_that_is_none_is_told_of() {
    let tree = tree(WORKFLOW, POLICY);
    let outside = run(tree.path(), &["lanes", "diff", "HEAD"]);
    assert_eq!(outside.code, 2, "{}", outside.stderr);
    assert!(outside.stderr.contains("the revision `HEAD` cannot be read"), "{}", outside.stderr);
    git(tree.path(), &["init", "-q"]);
    for revision in ["gone", "--help", "HEAD; touch x", "HEAD:lib"] {
        let answer = answer(xtask(&["lanes", "diff", "--tree"]).arg(tree.path()).args(["--", revision]));
        assert_eq!(answer.code, 2, "{revision}: {}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains("cannot be read: git knows no such revision"), "{revision}: {}", answer.stderr);
    }
}

/// A clone without the files of earlier revisions, away from where it was cloned from.
#[test]
fn a_revision_of_which_files_are_missing_is_told_of() {
    let tree = tree(WORKFLOW, POLICY);
    let root = tree.path();
    git(root, &["init", "-q"]);
    git(root, &["config", "uploadpack.allowFilter", "true"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "before"]);
    fs::write(root.join("test-policy.toml"), format!("{POLICY}# changed\n")).unwrap();
    git(root, &["commit", "-qam", "after"]);
    let clones = tempfile::tempdir().unwrap();
    let clone = clones.path().join("clone");
    let from = format!("file://{}", root.display());
    git(clones.path(), &["clone", "-q", "--filter=blob:none", &from, "clone"]);
    git(&clone, &["remote", "set-url", "origin", "file:///gone"]);
    let lacking = run(&clone, &["lanes", "diff", "HEAD~1"]);
    assert_eq!(lacking.code, 2, "{}{}", lacking.stdout, lacking.stderr);
    let expected = "the revision `HEAD~1` cannot be read: git does not have test-policy.toml, as in a clone with `--filter`, and \
                    cannot fetch it: `git fetch --refetch --no-filter` fetches all that is missing\n";
    assert!(lacking.stderr.contains(expected), "{}", lacking.stderr);
    git(&clone, &["remote", "set-url", "origin", &from]);
    git(&clone, &["fetch", "-q", "--refetch", "--no-filter"]);
    git(&clone, &["remote", "set-url", "origin", "file:///gone"]);
    let whole = run(&clone, &["lanes", "diff", "HEAD~1"]);
    assert_eq!(whole.code, 0, "{}{}", whole.stdout, whole.stderr);
}

/// What CI runs that cannot be seen, by its name, with how many further steps come to it.
fn unseen(found: &serde_json::Value) -> Vec<(String, u64)> {
    let one = |one: &serde_json::Value| (one["name"].as_str().unwrap().to_owned(), one["more"].as_u64().unwrap());
    found["unseen"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_cannot_be_seen_is_told_beside_the_lanes_until_the_policy_says_that_it_runs_no_tests() {
    let workflow = format!(
        "{WORKFLOW}  shared:\n    uses: org/repo/.github/workflows/test.yml@v1\n  own:\n    strategy: {{matrix: {{os: [a, b]}}}}\n    \
         steps:\n    - uses: actions/checkout@v4\n    - uses: org/test@v2\n    - run: /opt/test.sh && . .venv/bin/activate\n"
    );
    let in_tree = tree(&workflow, POLICY);
    let found = json(&run(in_tree.path(), &["lanes", "--format", "json"]));
    let names = ["org/repo/.github/workflows/test.yml", "org/test", "/opt/test.sh"];
    let expected: Vec<_> = names.iter().map(|name| ((*name).to_owned(), 0)).collect();
    assert_eq!(unseen(&found), expected, "{found:#}");
    let text = run(in_tree.path(), &["lanes"]).stdout;
    assert!(text.contains("\n1 test is in no lane that can be seen\n"), "{text}");
    assert!(text.contains("at 3 places: whether it runs tests is not known"), "{text}");
    assert!(text.contains("calls `org/test@v2`, which is not in this tree (.github/workflows/ci.yml:18:"), "{text}");
    let why = run(in_tree.path(), &["why", "pool tests::copies"]).stdout;
    assert!(
        why.contains("none that can be seen: no lane turns on gpu\n") && why.contains("and 2 more such places"),
        "{why}"
    );
    let audit = run(in_tree.path(), &["audit-markers"]).stdout;
    assert!(
        audit.contains("no lane that can be seen runs it; 3 places of CI cannot be, the first of them .github/"),
        "{audit}"
    );

    let silent = format!("{POLICY}[ci]\nruns-no-tests = [\"actions/*\", \"org/*\", \"/opt/*\", \"*/activate\"]\n");
    let in_tree = tree(&workflow, &silent);
    assert!(unseen(&json(&run(in_tree.path(), &["lanes", "--format", "json"]))).is_empty());
    let text = run(in_tree.path(), &["lanes"]).stdout;
    assert!(text.contains("\n1 test is in no lane\n"), "{text}");
}

#[test]
fn scripts_of_the_tree_are_lanes_where_they_run_tests() {
    let files = [
        (
            "ci/test.sh",
            "#!/bin/bash\nset -e\ncd \"$(dirname \"$0\")/../lib/pool\"\n[ -n \"$1\" ] && cargo test \"$@\"\n",
        ),
        ("ci/lib.sh", "unit() { (cd lib/pool; cargo test --lib \"$@\"); }\n"),
    ];
    let list = lanes_of("ci/test.sh --features gpu\n. ci/lib.sh\nunit --locked\nmake x", &files);
    let shown = |index: usize| {
        let lane = &list[index];
        let from = &lane["called_from"][0];
        format!("{}:{} {}:{} {}", lane["file"], lane["line"], from["file"], from["line"], lane["command"])
            .replace('"', "")
    };
    assert_eq!(shown(0), "ci/test.sh:4 .github/workflows/ci.yml:7 cargo test --features gpu", "{list:#}");
    assert_eq!(shown(1), "ci/lib.sh:1 .github/workflows/ci.yml:9 cargo test --lib --locked", "{list:#}");
    assert_eq!((&list[0]["runs"], &list[1]["runs"]), (&2.into(), &1.into()), "{list:#}");
    assert_eq!(list[0]["conditions"], serde_json::json!(["[ -n \"$1\" ]"]));
}

#[test]
fn hooks_are_lanes_where_the_policy_names_their_file() {
    let workflow = "on: push\njobs:\n  lint:\n    steps:\n    - uses: pre-commit/action@v3\n    - run: pre-commit run --all-files\n";
    let hooks = "repos:\n- repo: https://github.com/psf/black\n  hooks: [{id: black}]\n- repo: https://github.com/org/tests\n  \
                 hooks: [{id: all}]\n- repo: local\n  hooks:\n  - {id: unit, language: system, entry: pytest -m 'unit and $X', \
                 pass_filenames: false}\n  - {id: changed, language: python, entry: pytest}\n  - {id: rust, language: system, \
                 entry: bash -c 'cd lib/pool && cargo test', pass_filenames: false, always_run: true}\n";
    let with = |policy: &str| {
        let tree = tree(workflow, policy);
        fs::write(tree.path().join(".pre-commit-config.yaml"), hooks).unwrap();
        fs::write(tree.path().join("test_a.py"), UNIT).unwrap();
        json(&run(tree.path(), &["lanes", "--format", "json"]))
    };
    let without = with(POLICY);
    assert_eq!(without["list"], serde_json::json!([]));
    let names: Vec<String> = unseen(&without).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["pre-commit/action", "pre-commit run --all-files"]);

    let found = with(&format!("{POLICY}[ci]\nhooks = [\".pre-commit-config.yaml\"]\n"));
    assert_eq!(unseen(&found), [("org/tests".to_owned(), 0)]);
    let lane = |index: usize| {
        let lane = &found["list"][index];
        format!("{} {} {}", lane["name"], lane["command"], lane["conditions"]).replace('"', "")
    };
    // No shell expands its words: pytest refuses this expression.
    assert_eq!(lane(0), ".pre-commit-config.yaml / unit pytest -m 'unit and $X' [files changed]");
    assert!(found["list"][0]["refused"].is_string(), "{found:#}");
    assert!(
        lane(1).starts_with(".pre-commit-config.yaml / changed pytest <") && found["list"][1]["doubt"].is_string(),
        "{found:#}"
    );
    assert_eq!(lane(2), ".pre-commit-config.yaml / rust cargo test []");
    assert_eq!(found["list"][2]["folder"], "lib/pool");

    let gone = run(tree(workflow, &format!("{POLICY}[ci]\nhooks = [\"gone.yaml\"]\n")).path(), &["lanes"]);
    assert!(gone.stderr.contains("gone.yaml:1:1: the hooks `gone.yaml` cannot be read"), "{}", gone.stderr);
}
